"""A SelfCriticNet's laws: cuts, files, questions change no bit; rows held out are not learnt."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from growgraph import Graph, SelfCriticNet, load, save
from growgraph._random import uniform
from growgraph.models._selfcritic import learner as _learner
from growgraph.models._selfcritic.kept import Kept
from tests.models.material import SHAPE, differences, digits, part, table

LAW = settings(max_examples=8, deadline=None, derandomize=True, database=None,
               phases=[Phase.generate])  # fmt: skip
PAUSES = st.sampled_from(["", "", "predict", "reflect", "state", "file", "pickle", "explain"])
STATISTICS = ("_learner",)


def cuts(n):
    """Bounds of the calls with what happens after each."""
    bounds = st.lists(st.integers(1, n - 1) | st.sampled_from([1, 2, 63, 64, 65]), max_size=8)
    return st.tuples(bounds, st.lists(PAUSES, min_size=12, max_size=12)).map(
        lambda drawn: (sorted({0, n, *drawn[0]}), drawn[1])
    )


def interrupted(make, X, y, cut, folder):
    """A model that met the rows in pieces."""
    (bounds, pauses), model = cut, make()
    for a, b, pause in zip(bounds, bounds[1:], pauses):
        model.partial_fit(part(X, a, b), y[a:b])
        if pause == "state":
            model = SelfCriticNet.from_state(model.to_state())
        elif pause == "pickle":
            model = pickle.loads(pickle.dumps(model))
        elif pause == "file":
            save(model, folder / "model.npz")
            model = load(folder / "model.npz")
        elif pause:
            getattr(model, pause)(part(X, 0, 1))
    return model


def judged(model, X):
    """All that it says of rows, as bytes."""
    told = model.reflect(X)
    return [getattr(told, name).tobytes() for name in ("confidence", "novelty", "causes")]


def images(n=160):
    """Digits whose first row has a label, and of the rest a fifth none."""
    X, y, _, _ = digits()
    return X[:n], np.where((np.arange(n) % 5 == 4), -1, y[:n])


def make_images():
    return SelfCriticNet(random_state=3, image_shape=SHAPE, held_out=0.4, replay=50, unlabeled=-1)


def make_table():
    return SelfCriticNet(random_state=3, held_out=0.4, replay=60, unlabeled="?")


def unsure():
    X, y = table()
    return X, np.where(np.arange(220) % 7 == 6, "?", y)


@pytest.mark.parametrize(("make", "data"), [(make_images, images), (make_table, unsure)])
@LAW
@given(cut=cuts(160))
def test_no_cut_changes_a_bit(tmp_path_factory, make, data, cut):
    X, y = data()
    X, y = part(X, 0, 160), y[:160]
    model, whole = interrupted(make, X, y, cut, tmp_path_factory.mktemp("law")), make().fit(X, y)
    assert whole.n_held_out_ > 8
    assert differences(model, whole) == []
    assert judged(model, X) == judged(whole, X)


def test_rows_that_no_longer_fit_are_let_go_at_the_same_row(monkeypatch):
    monkeypatch.setattr(_learner, "HELD_MOST", 6)
    X, y = images()
    whole, pieces = make_images().fit(X, y), make_images()
    for a in range(0, 160, 7):
        pieces.partial_fit(X[a : a + 7], y[a : a + 7])
    assert whole.n_held_out_ == 6
    assert differences(pieces, whole) == []


def test_the_rows_of_the_least_keys_are_kept():
    kept, keys = Kept(5), np.random.default_rng(0).random(40)
    for a in range(0, 40, 3):
        some = np.arange(a, min(a + 3, 40))
        kept.add(some[:, None].astype(float), some, some, keys[some])
    least = np.sort(np.argsort(keys)[:5])
    assert kept.labels.tolist() == kept.index.tolist() == least.tolist()
    assert kept.rows[:, 0].tolist() == least.tolist()


def held_places(model, n):
    held = model._learner.held.index
    assert 8 <= held.size < n
    return held


@pytest.mark.parametrize(("make", "data"), [(make_images, images), (make_table, unsure)])
def test_rows_held_out_are_never_learnt(make, data):
    """Other rows in their place leave what was learnt as it was, bit for bit."""
    X, y = data()
    n = len(y)
    model = make().fit(X, y)
    held = held_places(model, n)
    other = {k: v.copy() for k, v in X.items()} if isinstance(X, dict) else X.copy()
    for i in held:
        like = (
            (i + 1 + int(np.flatnonzero(y[i + 1 :] == y[i])[0]))
            if (y[i + 1 :] == y[i]).any()
            else i
        )
        if isinstance(other, dict):
            for name in other:
                other[name][i] = X[name][like]
        else:
            other[i] = X[like]
    twin = make().fit(other, y)
    changed = differences(twin, model)
    assert "held/numbers" in changed
    assert [name for name in changed if not name.startswith("held/") and name != "marks"] == []
    mine = twin._learner
    assert mine.core.n + len(mine.held) + len(mine.unlabelled) <= n  # each row is one of the three
    assert not set(mine.held.index.tolist()) & set(mine.memory.index.tolist())


def test_which_rows_are_held_out_depends_on_seed_and_counter_alone():
    X, y = images()
    model = make_images().fit(X, y)
    draws = uniform(3, np.arange(160), "held out")
    met = {c: 0 for c in range(10)}
    expected = []
    for i, c in enumerate(y.tolist()):
        if c < 0:
            continue
        if met[c] >= 8 and draws[i] < 0.4:
            expected.append(i)
        met[c] += 1
    assert model._learner.held.index.tolist() == expected
    assert model._learner.core.n == int((y >= 0).sum()) - len(expected)


@pytest.mark.parametrize(("make", "data"), [(make_images, images), (make_table, unsure)])
def test_the_graph_alone_answers(make, data):
    X, y = data()
    model = make().fit(X, y)
    expected, scores = model.predict(X), model._scores(X)
    core = model._grown()
    rows, sense = core.sense.read(X), core.sense
    graph = Graph.from_state(model.graph_.to_state())
    asked, order = core.answering, model._order(core)
    said = graph.forward(sense.values(graph, rows), inputs=sense.inputs(graph), outputs=asked)
    np.testing.assert_allclose(said[:, order], scores, atol=1e-5)
    assert (model.classes_[said[:, order].argmax(axis=1)] == expected).all()


def test_without_its_statistics_it_answers_as_before():
    X, y = images()
    model = make_images().fit(X, y)
    expected = model.predict(X)
    bare = copy.deepcopy(model)
    bare._grown().derive()
    for kept in ("held", "memory", "unlabelled"):
        setattr(bare._learner, kept, None)
    assert bare.predict(X).tobytes() == expected.tobytes()


def test_the_critics_graph_alone_judges():
    X, y = images()
    model = make_images().fit(X, y)
    told = model.reflect(X[:40])
    heard, T, *_ = model._judge(X[:40])
    graph = Graph.from_state(model.critic_.to_state())
    out = graph.forward(np.column_stack([T, heard.strange])).astype(np.float64)
    np.testing.assert_allclose(1 / (1 + np.exp(-out[:, 0])), told.confidence, atol=1e-6)
    np.testing.assert_allclose(out[:, 1], told.novelty, rtol=1e-5, atol=1e-5)
    share = np.exp(out[:, 2:]) / np.exp(out[:, 2:]).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(share, told.causes, atol=1e-5)


def test_both_logs_replayed_are_the_structure():
    X, y = images()
    model = make_images().fit(X, y)
    from growgraph import GrowthLog

    for log, graph in (
        (model.growth_log_, model.graph_),
        (GrowthLog(model.critic_), model.critic_),
    ):
        again = log.replay()
        assert again.nodes.tolist() == graph.nodes.tolist()
        for node in graph.nodes.tolist():
            assert again.sources(node)[0].tolist() == graph.sources(node)[0].tolist()


def test_all_that_is_stored_is_listed():
    X, y = images()
    model = make_images().fit(X, y)
    listed = model.statistics()
    stored = model.to_state()["arrays"]
    own = {k for k in stored if not k.startswith(("graph/", "sense/"))}
    assert own <= listed.keys()
    assert model.nbytes_ >= sum(a.nbytes for a in listed.values())
    assert len(model._learner.memory) == 50
    assert len(model._learner.unlabelled) == 32
