"""Growth from settled tension: where it is felt, how wiring is rehearsed, when nothing grows."""

import numpy as np
import pytest

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.errors import DataError, GraphError
from growgraph.graph.settling import unsettled
from growgraph.growth import InsertRehearsed, Situation
from growgraph.growth.rehearsed import correlation_slope
from growgraph.growth.rules import rehearse


def signs(n=400, columns=8, seed=0):
    return np.random.default_rng(seed).choice([-1.0, 1.0], (n, columns))


def straight(columns, outputs=1):
    graph = Graph()
    graph.add_outputs(outputs, sources=graph.add_inputs(columns), weights=0.0)
    return graph


def situation(X, wanted, graph=None, seed=0):
    """What a rule is asked at the first output."""
    graph = straight(X.shape[1]) if graph is None else graph
    strip = graph._runner.activities(
        graph._store, X.astype(np.float32), graph._slots(graph._inputs)
    )
    return Situation(graph, int(graph.outputs[0]), strip, np.float32(wanted),
                     np.random.default_rng(seed))  # fmt: skip


# ---- the climb ----------------------------------------------------------------------------------
def test_the_slope_is_that_of_the_correlation():
    rng = np.random.default_rng(0)
    Z, W, e = rng.standard_normal((30, 4)), rng.standard_normal((4, 3)), rng.standard_normal(30)
    e = (e - e.mean()) / np.linalg.norm(e - e.mean())

    def height(W):
        return np.abs([np.corrcoef(np.tanh(Z @ w), e)[0, 1] for w in W.T])

    slope = correlation_slope(Z, W, e)
    for i in range(4):
        for j in range(3):
            step = np.zeros_like(W)
            step[i, j] = 1e-6
            found = (height(W + step)[j] - height(W - step)[j]) / 2e-6
            assert slope[i, j] == pytest.approx(found, abs=1e-6)


def test_what_is_missing_is_found_and_nothing_else_is_read():
    X = signs()
    (proposal,) = InsertRehearsed(fan_in=2).propose(situation(X, X[:, 2] * X[:, 5]))
    (node,) = proposal.nodes
    graph = straight(8)
    inputs = graph.inputs.tolist()
    assert [inputs.index(s) for s in node.sources] == [2, 5]
    assert proposal.gain > 0.1
    (a, b) = proposal.edges[0][:2]
    assert (a, b) == (-1, int(graph.outputs[0]))


def test_the_gain_is_that_on_rows_that_did_not_rehearse():
    X, rng = signs(200), np.random.default_rng(1)
    wanted = np.tanh(X[:, 0] + 2 * X[:, 1] * X[:, 3]) + rng.normal(0, 0.3, 200)
    asked = situation(X, wanted)
    (proposal,) = InsertRehearsed().propose(asked)
    (node,) = proposal.nodes
    read = asked.activity(np.array(node.sources)).astype(float)
    h = np.tanh(read @ np.array(node.weights) + node.bias)[:, None]
    basis = asked.activity(asked.sources())
    draw = np.random.default_rng(0).permutation(200)  # that of the situation
    taught, judged = np.sort(draw[::2]), np.sort(draw[1::2])
    gain, _, _ = rehearse(basis[judged], h[judged], wanted[judged])
    easier, _, _ = rehearse(basis[taught], h[taught], wanted[taught])
    assert proposal.gain == pytest.approx(gain[0], rel=1e-3)
    assert easier[0] != pytest.approx(gain[0], rel=1e-2)
    assert proposal.edges[0][2] == pytest.approx(wanted @ h[:, 0] / (h**2).sum(), rel=1e-3)


def test_samples_may_come_by_turns():
    """One class, then the other: a half that is every second row would see one class only."""
    X = signs(300)
    target = X[:, 2] * X[:, 5]
    turns = np.column_stack([np.flatnonzero(target == c)[:100] for c in (-1, 1)]).ravel()
    (proposal,) = InsertRehearsed(fan_in=2).propose(situation(X[turns], target[turns]))
    assert proposal.gain > 0.1


def test_noise_is_no_reason_to_grow():
    X, rng = signs(600), np.random.default_rng(0)
    noise = rng.standard_normal(600)
    (proposal,) = InsertRehearsed().propose(situation(X, noise))
    assert proposal.gain < 0.05
    graph = straight(8)
    controller = GrowthController([InsertRehearsed()], settle={}, patience=1, random_state=0)
    for _ in range(6):
        assert controller.step(graph, X, noise) == []


def test_sources_of_any_scale_are_read_alike():
    X, scale = signs(), 10.0 ** np.arange(-3, 5)
    wanted = X[:, 2] * X[:, 5]
    (a,) = InsertRehearsed(fan_in=2).propose(situation(X, wanted))
    (b,) = InsertRehearsed(fan_in=2).propose(situation(X * scale + scale, wanted))
    assert a.nodes[0].sources == b.nodes[0].sources
    assert b.gain == pytest.approx(a.gain, rel=1e-2)


def test_where_there_is_nothing_to_rehearse_with_nothing_is_proposed():
    rule, X = InsertRehearsed(), signs(40)
    assert rule.propose(situation(X[:7], np.ones(7))) == []
    assert rule.propose(situation(np.ones((40, 3)), X[:, 0])) == []
    graph = Graph()
    graph.add_inputs(2)
    graph.add_outputs(1, kind="max", sources=graph.inputs)
    assert rule.propose(situation(X[:, :2], X[:, 0], graph)) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [({"pool": 0}, "pool must be"), ({"fan_in": 1.5}, "fan_in must be"),
     ({"steps": 0}, "steps must be"), ({"rate": 2}, "rate must be")],
)  # fmt: skip
def test_bad_settings(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        InsertRehearsed(**options)


# ---- where tension is felt ----------------------------------------------------------------------
def chain():
    """An output that hears the inputs through one hidden node only, which reads one of them."""
    graph = Graph()
    x = graph.add_inputs(4)
    (hidden,) = graph.add_nodes(1, sources=x[:1], weights=[[1.0]])
    graph.add_outputs(1, sources=[hidden], weights=[[1.0]])
    return graph, int(hidden)


def test_what_is_felt_is_what_settling_leaves():
    graph, hidden = chain()
    X = signs(50, 4)
    V, E, own = unsettled(graph, X, X[:, 1], {"steps": 8})
    left = graph.settle(X, X[:, 1], steps=8, nodes=graph.nodes)
    slots = graph._slots(graph.nodes)
    np.testing.assert_array_equal(E[slots].T, left.tension)
    np.testing.assert_array_equal(V[slots].T, graph.activities(X))
    assert own[slots].tolist() == [0, 0, 0, 0, 1, 1]
    assert np.abs(E[graph._slot(hidden)]).mean() > 0.1


def test_a_hidden_node_grows_where_settled_tension_lasts():
    graph, hidden = chain()
    X = signs(300, 4)
    target = 2 * X[:, 1] * X[:, 2] + X[:, 0]
    alone = GrowthController(
        [InsertRehearsed(fan_in=2)], patience=1, threshold=0.02, random_state=0
    )
    assert alone._missing(graph, X, target)[2][graph._slot(hidden)] == 0  # else it has none itself
    controller = GrowthController([InsertRehearsed(fan_in=2)], settle={"steps": 12, "tol": 1e-4},
                                  patience=1, random_state=0)  # fmt: skip
    controller._lasting = lambda felt: [hidden] if controller.n_steps_ > 1 else []
    before = ((graph.forward(X)[:, 0] - target) ** 2).mean()
    for _ in range(2):
        born = controller.step(graph, X, target)
    assert len(born) == 1
    assert born[0] in graph.sources(hidden)[0]
    assert set(graph.sources(born[0])[0].tolist()) == set(graph.inputs[1:3].tolist())
    assert ((graph.forward(X)[:, 0] - target) ** 2).mean() < before
    told = GrowthLog(graph).table()
    last = told[told["rule"] == "InsertRehearsed"][-1]
    assert last["node"] == hidden
    _, E, _ = unsettled(graph, X, target, controller.settle)
    assert last["after"] == pytest.approx(np.abs(E[graph._slot(hidden)]).mean())
    assert last["after"] < last["tension"]


def test_a_net_grows_what_its_targets_need():
    X = signs(400)
    targets = np.column_stack([X[:, 0] * X[:, 1], X[:, 2] + X[:, 3], X[:, 4] * X[:, 5]])
    graph = straight(8, 3)
    controller = GrowthController([InsertRehearsed(fan_in=2)], settle={"steps": 8}, patience=2,
                                  budget=12, random_state=0)  # fmt: skip
    for _ in range(150):
        graph.settle(X, targets, learn=0.3, steps=8)
        controller.step(graph, X, targets)
    assert (np.sign(graph.forward(X)) == np.sign(targets))[:, [0, 2]].mean() > 0.95
    assert graph.n_nodes > 8 + 3
    read = graph.sources(graph.outputs[1])[0]
    assert set(read.tolist()) == set(graph.inputs.tolist())  # what is linear needs no node
    again = GrowthLog(graph).replay()
    for node in graph.nodes.tolist():
        assert again.sources(node)[0].tolist() == graph.sources(node)[0].tolist()


def test_the_same_seed_grows_the_same():
    def grown(seed):
        X, graph = signs(200), straight(8)
        controller = GrowthController([InsertRehearsed()], settle={}, patience=1, random_state=seed)
        for _ in range(6):
            controller.step(graph, X, X[:, 0] * X[:, 1])
        return graph

    assert grown(0) == grown(0)
    assert grown(0) != grown(1)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [({"steps": 0}, ValueError, "steps must be"), ({"free": [0]}, None, ""),
     ({"loss": "absolute"}, ValueError, "loss must be"), ({"pace": 3}, TypeError, "pace")],
)  # fmt: skip
def test_settle_takes_the_options_of_settling(options, error, message):
    X, graph = signs(20), straight(8)
    controller = GrowthController([InsertRehearsed()], settle=options)
    if error is None:
        assert controller.step(graph, X, X[:, 0]) == []
        return
    with pytest.raises(error, match=message):
        controller.step(graph, X, X[:, 0])
    assert controller.n_steps_ == 0
    assert not graph.records


def test_nodes_that_cannot_settle_are_named():
    graph = Graph()
    graph.add_outputs(1, kind="max", sources=graph.add_inputs(2))
    controller = GrowthController(settle={})
    with pytest.raises(GraphError, match='is of kind "max": only "sum" and "mean"'):
        controller.step(graph, [[0.0, 1.0]], [1.0])
    with pytest.raises(DataError, match="X must hold at least one sample"):
        controller.step(straight(2), np.empty((0, 2)), [])
