"""Streams: how they are cut changes no bit, the trees keep in order, the graph alone answers."""

import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from growgraph import ResoNet, load, save
from growgraph.graph.check import same_structure
from growgraph.kernels import _handle as h
from growgraph.kernels import council
from growgraph.kernels import question as q
from tests.models.groves import check_groves
from tests.models.material import differences, part

# not shrunk: an example costs half a second
LAW = settings(max_examples=8, deadline=None, derandomize=True, database=None,
               phases=[Phase.generate])  # fmt: skip
INFANCY = 64


def stream(n=240, seed=0, turn=160):
    """Numbers and categories with gaps, a question of two columns, a late class, a turn."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, n)).round(2)
    kind = rng.choice(["red", "green"], n).astype(object)
    kind[100:][rng.random(n - 100) < 0.2] = "late"
    kind[rng.random(n) < 0.05] = None
    holes = np.where(rng.random(n) < 0.1, np.nan, a - b)
    holes[:80] = a[:80]
    X = {"a": a, "b": b, "holes": holes, "kind": kind, "same": np.ones(n)}
    y = np.where((a * b > 0) ^ (np.arange(n) >= turn), 1, 0)
    y[120:][(b[120:] > 1) & (kind[120:] != "red")] = 2
    return X, y


def options():
    """Learners that differ in what they remember and may grow."""
    return st.fixed_dictionaries(
        {}, optional={"replay": st.sampled_from([0, 1, 5, 40, 200]),
                      "learning": st.sampled_from(["evidence", "resonance"]),
                      "max_nodes": st.sampled_from([330, 500]),
                      "max_bytes": st.sampled_from([700_000]),
                      "random_state": st.integers(0, 3)},
    )  # fmt: skip


def cuts(n):
    """Bounds of calls, single rows among them, and what happens after each."""
    near = st.integers(1, n - 1) | st.sampled_from([1, 63, 64, 65, 73, 74])
    bounds = st.lists(near, max_size=8)
    pauses = st.sampled_from(["", "", "predict", "state", "file", "pickle", "reflect"])
    return st.tuples(bounds, st.lists(pauses, min_size=20, max_size=20)).map(
        lambda drawn: (sorted({0, n, *drawn[0], *(min(i + 1, n) for i in drawn[0])}), drawn[1])
    )


def learnt(X, y, **params):
    return ResoNet(**params).partial_fit(X, y)


def interrupted(X, y, cut, folder, **params):
    """A model that met the rows in pieces."""
    (bounds, pauses), model = cut, ResoNet(**params)
    for a, b, pause in zip(bounds, bounds[1:], pauses):
        model.partial_fit(part(X, a, b), y[a:b])
        if pause == "state":
            model = ResoNet.from_state(model.to_state())
        elif pause == "pickle":
            model = pickle.loads(pickle.dumps(model))
        elif pause == "file":
            save(model, folder / "model.npz")
            model = load(folder / "model.npz")
        elif pause:
            getattr(model, pause)(part(X, 0, 2))
    return model


def of_graph(graph, core, rows, nodes):
    """What a graph alone says at its nodes."""
    return graph.forward(core.sense.values(graph, rows), inputs=core.sense.inputs(graph),
                         outputs=nodes)  # fmt: skip


@LAW
@given(cut=cuts(240), params=options(), seed=st.integers(0, 3))
def test_how_a_stream_is_cut_changes_no_bit(tmp_path_factory, cut, params, seed):
    X, y = stream(seed=seed)
    model = interrupted(X, y, cut, tmp_path_factory.mktemp("law"), **params)
    assert differences(model, learnt(X, y, **params)) == []


@settings(LAW, max_examples=5)
@given(params=options(), seed=st.integers(0, 9), every=st.integers(2, 9))
def test_trees_are_in_order_after_every_few_samples(params, seed, every):
    X, y = stream(200, seed=seed, turn=130)
    model = learnt(part(X, 0, INFANCY), y[:INFANCY], **params)
    for a in range(INFANCY, 200, every):
        model.partial_fit(part(X, a, min(a + every, 200)), y[a : a + every])
        check_groves(model._core)
        model._core.graph.check()


@LAW
@given(params=options(), seed=st.integers(0, 9), n=st.integers(1, 240))
def test_the_graph_says_what_the_council_says(params, seed, n):
    X, y = stream(seed=seed)
    core = learnt(part(X, 0, n), y[:n], **params)._answering()
    rows = core.sense.read(part(stream(seed=seed + 100)[0], 90, 150))
    said = core.scores(rows)
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(of_graph(core.graph, core, rows, core.answering), said, atol=1e-5)


@LAW
@given(params=options(), seed=st.integers(0, 9), n=st.integers(1, 240))
def test_the_log_rebuilds_the_graph(params, seed, n):
    X, y = stream(seed=seed)
    model = learnt(part(X, 0, n), y[:n], **params)
    assert same_structure(model.growth_log_.replay(), model.graph_)


def test_a_folded_log_rebuilds_the_graph(monkeypatch):
    X, y = stream()
    once = learnt(X, y)
    monkeypatch.setattr("growgraph.models._resonet.council._EVENTS", 600)
    model = learnt(X, y)
    assert model.growth_log_.folded > 0
    assert same_structure(model.growth_log_.replay(), model.graph_)
    assert model.predict_proba(X).tobytes() == once.predict_proba(X).tobytes()


@pytest.mark.parametrize("params", [{}, {"replay": 0}, {"learning": "resonance"}])
def test_statistics_serve_learning_alone(params):
    """Without them the graph, described by the sense, gives the same answers."""
    X, y = stream()
    model = learnt(X, y, **params)
    core, wanted = model._core, model.predict(X)
    rows, nodes = core.sense.read(X), core.answering
    bare = type(core.graph).from_state(model.graph_.to_state())
    labels = np.array(core.classes)[of_graph(bare, core, rows, nodes).argmax(axis=1)]
    np.testing.assert_array_equal(labels, wanted)


@pytest.mark.parametrize("params", [{}, {"replay": 0}, {"max_nodes": 400}])
def test_one_row_or_many_and_asking_changes_nothing(params):
    X, y = stream()
    model = learnt(X, y, **params)
    before = model.to_state()
    whole = model.predict_proba(X)
    single = np.vstack([model.predict_proba(part(X, i, i + 1)) for i in range(len(y))])
    assert single.tobytes() == whole.tobytes()
    model.reflect(X)
    after = model.to_state()
    assert before["plain"] == after["plain"]
    assert {k: v.tobytes() for k, v in before["arrays"].items()} == {
        k: v.tobytes() for k, v in after["arrays"].items()
    }


def test_same_seed_same_bits_other_seed_other_questions():
    X, y = stream()
    once = learnt(X, y, random_state=1)
    assert differences(once, learnt(X, y, random_state=1)) == []
    assert "council/node" in differences(once, learnt(X, y, random_state=2))


def test_the_drift_is_felt_and_the_late_class_learnt():
    """What the streams above are for does happen in them."""
    X, y = stream(400, turn=250)
    model = learnt(X, y)
    ctl = model._core.council.ctl
    assert ctl[council.ALARMS] == 1
    assert 250 <= ctl[council.LAST_ALARM] < 350
    assert set(model.classes_) == {0, 1, 2}
    assert len(model._core.graph.groups["born"]) >= 3


@pytest.mark.parametrize("limit", [{"max_nodes": 400}, {"max_bytes": 700_000}])
def test_limits_stop_growth_not_learning(limit):
    X, y = stream()
    model = learnt(part(X, 0, 200), y[:200], **limit)  # all classes and categories have come
    C, nodes = model._core.council, model.graph_.n_nodes
    assert C.ctl[council.FULL] == 1
    born = C.units.copy(), C.concepts.copy()
    model.partial_fit(part(X, 200, 240), y[200:])
    assert model.graph_.n_nodes == nodes
    assert all(np.array_equal(a, b) for a, b in zip(born, (C.units, C.concepts)))
    assert model.prequential_accuracy_ > 0.5


def test_nobody_is_right_about_a_class_before_it_came():
    X = {"a": np.arange(64.0)}
    model = learnt(X, np.arange(64))  # each row is a class of its own
    assert model.prequential_accuracy_ == 0


def test_a_column_that_is_empty_at_first_leaves_no_trace_of_the_cuts():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=200), rng.normal(5, 2, size=200)
    b[:100] = np.nan
    X, y = {"a": a, "b": b}, (a > 0).astype(int)
    whole, single = ResoNet().fit(X, y), ResoNet()
    for i in range(200):
        single.partial_fit({k: v[i : i + 1] for k, v in X.items()}, y[i : i + 1])
    one, other = (m.to_state()["arrays"] for m in (whole, single))
    assert [k for k in one if one[k].tobytes() != other[k].tobytes()] == []


def test_threads_may_ask_at_once():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(1500, 30))
    model = ResoNet(replay=0).fit(X, X[:, 0] > 0)
    wanted = model._core.features(model._core.sense.read(X))
    with ThreadPoolExecutor(2) as pool:
        asked = [pool.submit(model._core.features, model._core.sense.read(X)) for _ in range(40)]
        for found in asked:
            np.testing.assert_array_equal(found.result(), wanted)


def test_a_long_stream_needs_no_more_nodes_than_a_short_one():
    """What is pruned is asked again; a kept log, ids and nodes that only grow would show here.

    The first six concepts fill the ring of groves; what comes later takes the places of these.
    """
    rng, each, concepts = np.random.default_rng(0), 700, 16
    X = rng.normal(size=(each * concepts, 3))
    ways = [[1, 1, 0], [1, -1, 0], [0, 1, 1], [-1, 1, 0], [1, 0, -1], [0, -1, 1], [1, 1, 1]]
    turns = np.repeat([ways[i % 7] for i in range(concepts)], each, axis=0)
    y = ((X * turns).sum(axis=1) > 0) ^ (rng.random(len(X)) < 0.1)
    full = 6 * each
    model = ResoNet(replay=200).fit(X[:full], y[:full])
    nodes = model.graph_.n_nodes
    assert (model._core.council.edge >= 0).all()  # all groves are there
    model.partial_fit(X[full:], y[full:])
    assert model.n_drifts_ > 10
    assert model.graph_.n_nodes < 1.1 * nodes
    assert model.graph_._store[h.NEXT_ID] == model.graph_.n_nodes  # nobody was born in vain
    assert len(model.growth_log_) <= 6000


def test_trees_that_learn_by_turns_are_in_order_and_pass():
    """In a concept that lasts, trees without trust leave gaps in what they remember."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((2120, 6))
    y = (X.sum(axis=1) > 0).astype(int)
    model = ResoNet(replay=100).fit(X[:2050], y[:2050])
    for n in (2080, 2120):
        model.partial_fit(X[model.n_samples_seen_ : n], y[model.n_samples_seen_ : n])
        C = model._core.council
        assert (C.weight[council.STEADY :] < 0.02).all()
        check_groves(model._core)
        assert differences(ResoNet.from_state(model.to_state()), model) == []
    remembered = (C.place[:, q.LEAF] >= 0).sum(axis=2)
    assert remembered[1, :10].max() == 13
