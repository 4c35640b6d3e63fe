"""Concepts that return: what was learnt of one sleeps, wakes, and is told."""

import numpy as np
import pytest

from growgraph import ResoNet
from growgraph.graph.check import same_structure
from growgraph.kernels import council, dormant
from growgraph.kernels import question as q
from tests.models.groves import check_groves
from tests.models.material import differences, part
from tests.models.test_hostile import put
from tests.models.test_stream_law import interrupted, learnt, of_graph

EACH = 700  # rows of a concept
REPLAY = 300


def recurring(concepts, seed=0, each=EACH):
    """Boxes in two columns, whose labels another concept gives elsewhere; a third tells nothing."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(0, 4, (each * len(concepts), 3))
    a, b = X[:, 0].astype(int), X[:, 1].astype(int)
    tables = np.random.default_rng(9).permuted(np.tile([0, 1], (8, 8)), axis=1).reshape(8, 4, 4)
    return X, tables[np.repeat(concepts, each), a, b]


def right_a_row(model, X, y, a, b):
    """Share of rows a to b answered rightly before they are learnt."""
    before = model._learning().right
    model.partial_fit(X[a:b], y[a:b])
    return (model._learning().right - before) / (b - a)


@pytest.fixture(scope="module")
def returned():
    """A concept, another, and 120 rows of the first again."""
    X, y = recurring([0, 1, 0])
    model = ResoNet(replay=REPLAY).fit(X[: 2 * EACH], y[: 2 * EACH])
    asleep = ResoNet.from_state(model.to_state())
    return asleep, model.partial_fit(X[2 * EACH : 2 * EACH + 120], y[2 * EACH : 2 * EACH + 120])


def places(model):
    C = model._core.council
    return C, np.flatnonzero(C.kept[:, dormant.USED] >= 0), int(C.ctl[council.AWAKE])


def test_a_concept_that_returns_is_known_again():
    X, y = recurring([0, 1, 0])
    turn = 2 * EACH
    model = ResoNet(replay=REPLAY).fit(X[:EACH], y[:EACH])
    met = right_a_row(model, X, y, EACH, EACH + 200)  # never seen
    model.partial_fit(X[EACH + 200 : turn], y[EACH + 200 : turn])
    known = right_a_row(model, X, y, turn, turn + 200)
    assert model.n_drifts_ == 2
    assert model.n_returns_ == 1
    assert known > met + 0.1


def test_what_returned_is_told(returned):
    _, model = returned
    told = model.last_return_
    assert 2 * EACH < told["after"] <= 2 * EACH + 120
    assert told["since"] == 0
    assert abs(told["until"] - EACH) < 60
    causes = model.growth_log_.table()["cause"].tolist()
    assert causes.count("a concept that has returned") == len(model.classes_)
    assert "a concept that has passed" in causes


def test_nothing_returned_yet():
    X, y = recurring([0, 1])
    model = ResoNet(replay=REPLAY).fit(X, y)
    assert (model.n_drifts_, model.n_returns_, model.last_return_) == (1, 0, None)


def test_who_sleeps_keeps_its_questions_and_has_no_say(returned):
    model, _ = returned
    C, asleep, awake = places(model)
    assert asleep.tolist() == [1]
    assert awake == 0
    assert (C.up[1] >= 0).sum() > 20
    for answer in model.graph_.groups["answers"].tolist():
        weights = model.graph_.weights(answer)
        assert weights[C.edge[council.STEADY + 1]] == 0
        assert abs(weights.sum() - 1) < 1e-6


@pytest.mark.parametrize("which", [0, 1], ids=["asleep", "awake"])
def test_the_graph_says_what_the_council_says(returned, which):
    core = returned[which]._answering()
    assert (places(returned[which])[2] > 0) == bool(which)
    rows = core.sense.read(recurring([0], seed=5, each=300)[0])
    said = core.scores(rows)
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(of_graph(core.graph, core, rows, core.answering), said, atol=1e-5)


@pytest.mark.parametrize("which", [0, 1], ids=["asleep", "awake"])
def test_trees_are_in_order_and_files_hold_all(returned, which):
    model = returned[which]
    check_groves(model._core)
    model._core.graph.check()
    assert differences(ResoNet.from_state(model.to_state()), model) == []
    assert same_structure(model.growth_log_.replay(), model.graph_)


def test_who_is_awake_counts_on(returned):
    asleep, awake = returned
    C, _, g = places(awake)
    before, now = asleep._core.council.node[g, q.COUNT], C.node[g, q.COUNT]
    trees = slice(0, int(C.plan[g, q.TREES]))
    assert (now[trees] - before[trees] == 2 * EACH + 120 - C.ctl[council.RETURNED]).all()


@pytest.mark.parametrize("pause", ["", "state", "file", "pickle"])
def test_how_a_stream_is_cut_changes_no_bit(tmp_path, pause):
    X, y = recurring([0, 1, 0], each=450)
    X = {f"c{j}": X[:, j] for j in range(3)}
    n = len(y)
    rng = np.random.default_rng(1)
    near = [at + i for at in (450, 900) for i in range(5, 40)]  # one row at a time
    bounds = sorted({0, n, *near, *rng.integers(1, n, 8).tolist()})
    pauses = [pause if i % 9 == 0 or b in (460, 940) else "" for i, b in enumerate(bounds[1:])]
    whole = learnt(X, y, replay=200)
    assert whole.n_returns_ == 1
    assert differences(interrupted(X, y, (bounds, pauses), tmp_path, replay=200), whole) == []


def test_the_longest_unused_gives_way():
    X, y = recurring([0, 1, 2, 3, 4, 7, 2, 6, 5])

    def kept():
        C, asleep, _ = places(model)
        return sorted(np.round(C.kept[asleep, dormant.FIRST] / EACH).astype(int).tolist())

    seen = 5 * EACH + 50
    model = ResoNet(replay=REPLAY).fit(X[:seen], y[:seen])
    assert (model.n_drifts_, model.n_returns_) == (5, 0)
    assert kept() == [1, 2, 3, 4]  # the first is gone
    assert "a concept unused the longest" in model.growth_log_.table()["cause"]
    model.partial_fit(X[seen : 8 * EACH], y[seen : 8 * EACH])
    assert (model.n_returns_, round(model.last_return_["since"] / EACH)) == (1, 2)
    assert kept() == [2, 3, 4, 5]
    model.partial_fit(X[8 * EACH :], y[8 * EACH :])
    assert kept() == [2, 4, 5, 7]  # the third began later than the second, which was of use since
    check_groves(model._core)


def test_who_is_back_does_not_give_way():
    """Of five concepts in turn the one that returns is always the longest unused."""
    X, y = recurring([0, 1, 2, 3, 4, 0], each=500)
    model = ResoNet(replay=REPLAY).fit(X, y)
    assert model.n_drifts_ == 5
    assert (model.n_returns_, model.last_return_["since"]) == (1, 0)


def test_many_concepts_need_no_more_nodes_than_a_few():
    X, y = recurring([0, 1, 2, 3, 4, 7, 5, 6, 0, 1, 2, 3], each=600)
    model = ResoNet(replay=200).fit(X[:3600], y[:3600])
    nodes = model.graph_.n_nodes
    model.partial_fit(X[3600:], y[3600:])
    assert model.n_drifts_ > 8
    assert model.graph_.n_nodes < 1.2 * nodes
    assert len(model.growth_log_) <= 6000


def test_a_class_and_a_column_that_come_while_one_sleeps(returned):
    """The sleeping grove hears of both, and still wakes."""
    asleep = ResoNet.from_state(returned[0].to_state())
    X, y = recurring([1, 0], seed=3, each=200)
    X[:60, 2] = 40 + np.arange(60)  # new ground: an input is born
    y[:60:9] = 2
    asleep.partial_fit(X, y)
    check_groves(asleep._core)
    assert asleep.n_returns_ >= 1
    assert len(asleep.classes_) == 3
    assert differences(ResoNet.from_state(asleep.to_state()), asleep) == []


def test_limits_let_who_sleeps_give_way():
    X, y = recurring([0, 1, 2, 0], each=450)
    rows = {f"c{j}": X[:, j] for j in range(3)}
    once = learnt(part(rows, 0, 450), y[:450], replay=200)
    limit = once.graph_.n_nodes
    model = learnt(rows, y, replay=200, max_nodes=limit)
    assert model.n_drifts_ >= 2
    assert model.graph_.n_nodes <= limit
    check_groves(model._core)


def ctl(name, value):
    return "ctl", put(getattr(council, name), value)


@pytest.mark.parametrize(
    ("name", "change"),
    [ctl("NEWEST", 0), ctl("NEWEST", 1), ctl("NEWEST", 6), ctl("AWAKE", 2), ctl("AWAKE", 6),
     ctl("AWAKE", -1), ctl("RETURNS", -1), ctl("SINCE", 10**9), ctl("UNTIL", -2),
     ("kept", put((1, dormant.USED), 10**9)), ("kept", put((1, dormant.USED), -2)),
     ("kept", put((2, dormant.USED), 5)), ("kept", put((4, dormant.USED), 5)),
     ("kept", put((0, dormant.USED), 5)), ("right", put(1, 1.5)), ("right", lambda a: a * np.nan),
     ("told", lambda a: a[:-1].copy()), ("told", lambda a: a * np.nan),
     ("asleep", lambda a: a[:, :-1].copy()), ("asleep", lambda a: a * np.inf),
     ("edge", put(council.STEADY, 5)), ("edge", put(8, 7)), ("edge", put(6, -1)),
     ("weight", put(council.STEADY + 1, 0.1)), ("prior", put(council.STEADY + 1, 0.1)),
     ("prior", put(council.STEADY + 2, 0.0)),
     ("leaf", lambda a: a + (np.arange(6) == 1)[:, None, None].astype(a.dtype)),
     ("node", put((1, q.HEAD, 0), 3)), ("shares", lambda a: a[:, ::-1].copy())],
)  # fmt: skip
def test_a_wrong_sleeper_is_refused(returned, name, change):
    state = returned[0].to_state()
    held = state["arrays"][f"council/{name}"]
    with np.errstate(invalid="ignore"):
        state["arrays"][f"council/{name}"] = changed = np.ascontiguousarray(change(held))
    if held.shape == changed.shape:
        assert held.tobytes() != changed.tobytes(), "this case changes nothing"
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        ResoNet.from_state(state)
