"""Learning and tension against the rules as they are written down, in float64."""

import numpy as np
import pytest

from growgraph import Graph
from growgraph.errors import DataError, GraphError, UnknownNodeError
from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from tests.kernels.contract import check_close
from tests.material import small_graph, uniform
from tests.naive import activation, hebb, propagate, transpose
from tests.naive.model import Model

PROTOTYPES = (codes.MATCH, codes.COSINE)


def expectations(graph, X, T):
    """Model, activities V, expected minus observed E, and who expects something, by slot."""
    model, n = Model.of(graph._store), graph._store[h.N_SLOTS]
    V, own = np.zeros((n, len(X))), np.zeros(n, np.uint8)
    V[graph._slots(graph.inputs)] = X.T
    propagate.sweep(model, V, [])
    E = np.zeros_like(V)
    for node in model.nodes.values():
        if node.kind in PROTOTYPES:
            best = activation.activate(node.act, node.bias, node.p0, node.p1)
            E[node.slot], own[node.slot] = best - V[node.slot], 1
    if T is not None:
        outputs = graph._slots(graph.outputs)
        E[outputs], own[outputs] = T.T - V[outputs], 1
    transpose.send_back(model, E, own, np.zeros(n))
    return model, V, E, own


@pytest.mark.parametrize("with_targets", [False, True])
def test_tension_equals_its_twin(with_targets):
    graph, X = small_graph(), uniform(9, 4)
    T = uniform(9, 2, seed=1) if with_targets else None
    _, _, E, _ = expectations(graph, X, T)
    exact = np.abs(E[graph._slots(graph.nodes)].T)
    check_close("per sample", graph.tension(X, T, per_sample=True), exact)
    check_close("mean", graph.tension(X, T), exact.mean(axis=0))
    assert exact.max() > 0.1


@pytest.mark.parametrize("with_targets", [False, True])
def test_resonance_equals_its_twin(with_targets):
    graph, X = small_graph(), uniform(9, 4)
    T = uniform(9, 2, seed=1) if with_targets else None
    gate = {int(i): 0.25 + 0.5 * (i % 2) for i in graph.nodes if i not in graph.inputs}
    for _ in range(2):  # the second time stabilities have moved
        model, V, E, own = expectations(graph, X, T)
        S = V + np.where(own[:, None] == 1, E, 0)
        strength = np.zeros(len(V))
        for node in model.nodes.values():
            strength[node.slot] = gate.get(node.id, 0)
            if node.kind in PROTOTYPES:
                S[node.slot] = V[node.slot]
        hebb.resonate(model, V, S, strength, 0.3, 0.8)
        graph.learn(X, T, lr=0.3, gate=gate, decay=0.8)
        found = Model.of(graph._store).differences(model)
        assert not found, found
    graph.check()


def test_delta_equals_its_twin():
    graph, X, T = small_graph(), uniform(9, 4), uniform(9, 2, seed=1)
    model, V, E, _ = expectations(graph, X, T)
    strength = np.zeros(len(V))
    strength[graph._slots(graph.outputs)] = 1
    hebb.follow(model, V, V + E, strength, 0.4)
    before = Model.of(graph._store)
    assert graph.learn(X, T, rule="delta", lr=0.4) is graph
    found = Model.of(graph._store).differences(model)
    assert not found, found
    assert before.differences(model)


def test_delta_is_the_same_sample_by_sample():
    whole, single = (Graph.layered([3, 2], random_state=0) for _ in range(2))
    X, T = uniform(40, 3), uniform(40, 2, seed=1)
    whole.learn(X, T, rule="delta")
    for x, t in zip(X, T):
        single.learn([x], [t], rule="delta")
    X = uniform(5, 3, seed=2)
    np.testing.assert_allclose(whole.forward(X), single.forward(X), atol=1e-5)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_delta_with_an_activation_is_the_same_sample_by_sample(activation):
    whole = Graph.layered([3, 2], output=activation, random_state=0)
    single = whole.copy()
    X, T = uniform(60, 3, low=-3, high=3), uniform(60, 2, seed=1)
    whole.learn(X, T, rule="delta", lr=0.9)
    for x, t in zip(X, T):
        single.learn([x], [t], rule="delta", lr=0.9)
    X = uniform(5, 3, seed=2)
    np.testing.assert_allclose(whole.forward(X), single.forward(X), atol=1e-5)


def test_a_met_prototype_has_no_tension_whatever_its_activation():
    graph = Graph()
    x = graph.add_inputs(2)
    nodes = [
        graph.add_node(x, [[0.6, 0.8]], kind=kind, activation=act, bias=bias, p0=1.0)
        for kind in ("match", "cosine")
        for act, bias in (("exp", 0.0), ("exp", -1.0), ("identity", 0.0), ("tanh", 0.5))
    ]
    felt = dict(zip(graph.nodes.tolist(), graph.tension([[0.6, 0.8]]), strict=True))
    assert max(felt[n] for n in nodes) < 1e-6
    felt = dict(zip(graph.nodes.tolist(), graph.tension([[-1.0, 3.0]]), strict=True))
    assert min(felt[n] for n in nodes) > 0.1


def test_tiny_weights_are_not_blamed():
    graph = Graph.from_edges(2, [(0, 2, 1e-3), (1, 2, 1.0)])
    felt = graph.tension([[1.0, 1.0]], [[10.0]])
    assert felt[0] < 0.01 < felt[1]


@pytest.mark.parametrize("rule", ["resonance", "delta"])
def test_what_is_no_number_is_not_learnt(rule):
    graph = Graph()
    y = graph.add_outputs(1, sources=graph.add_inputs(1), activation="exp")
    before = graph.copy()
    with pytest.raises(DataError, match=f"node {y[0]} answers with infinity"):
        graph.learn([[100.0]], [1.0], rule=rule)
    huge = Graph.from_edges(1, [(0, 1, 1.0)])
    with pytest.raises(DataError, match="weight infinite"):
        huge.learn([[3e19]], [3e38], rule="resonance", lr=1.0)
    assert graph == before
    assert huge == Graph.from_edges(1, [(0, 1, 1.0)])


def test_delta_learns_a_line():
    graph = Graph.layered([2, 1], random_state=0)
    X = uniform(500, 2, low=-3, high=3)
    graph.learn(X, X @ [0.5, -2] + 1, rule="delta", lr=0.5)
    np.testing.assert_allclose(graph.forward([[0, 0], [1, 0], [0, 1]]).T, [[1, 1.5, -1]], atol=0.01)


def test_only_gated_nodes_change():
    graph, X, T = small_graph(), uniform(9, 4), uniform(9, 2, seed=1)
    chosen = int(graph.outputs[1])
    for gate in ([chosen], {chosen: 0.5}, chosen):
        before = {i: graph.sources(i)[1] for i in graph.nodes.tolist()}
        graph.learn(X, T, gate=gate)
        moved = {i for i, w in before.items() if not np.array_equal(graph.sources(i)[1], w)}
        assert moved == {chosen}
    before = graph.copy()
    assert graph.learn(X, T, gate=[]) == before
    assert graph.learn(X, T, gate={}) == before


def test_default_gates():
    X, T = uniform(9, 4), uniform(9, 2, seed=1)
    for targets in (None, T):
        graph = small_graph()
        reading = {i for i in graph.nodes.tolist() if graph.sources(i)[0].size}
        before = {i: graph.sources(i)[1] for i in reading}
        graph.learn(X, targets)
        moved = {i for i in reading if not np.array_equal(graph.sources(i)[1], before[i])}
        assert moved == (reading if targets is None else set(graph.outputs.tolist()))


def test_targets_of_a_single_output():
    graph = Graph.layered([2, 1], random_state=0)
    X = uniform(3, 2)
    a, b = graph.tension(X, [1, 2, 3]), graph.tension(X, [[1], [2], [3]])
    np.testing.assert_array_equal(a, b)


X4 = np.ones((3, 4))


def mean_output(_):
    graph = Graph()
    graph.add_outputs(1, kind="mean", sources=graph.add_inputs(1))
    return graph


@pytest.mark.parametrize(
    ("call", "error", "pieces"),
    [
        (lambda g: g.learn(X4[:, :2]), DataError, ["X", "4 columns", "(3, 2)"]),
        (lambda g: g.learn(X4[:0]), DataError, ["X", "at least one sample", "(0, 4)"]),
        (lambda g: g.tension(X4[:0]), DataError, ["X", "at least one sample"]),
        (lambda g: g.learn(X4, np.ones((3, 1))), DataError, ["targets", "[3, 2]", "(3, 1)"]),
        (lambda g: g.learn(X4, np.ones(3)), DataError, ["targets", "[3, 2]", "(3,)"]),
        (lambda g: g.tension(X4, X4 * np.nan), DataError, ["targets", "[3, 2]"]),
        (lambda g: g.tension(X4, X4[:, :2] * np.nan), DataError, ["targets", "finite"]),
        (lambda g: g.tension(X4, X4[:, :2] * 1e39), DataError, ["targets", "finite"]),
        (lambda g: g.learn(X4, rule="hebb"), ValueError, ["rule", "'resonance'", "'hebb'"]),
        (lambda g: g.learn(X4, lr=2), ValueError, ["lr", "[0, 1]", "2"]),
        (lambda g: g.learn(X4, lr="fast"), TypeError, ["lr", "number", "'fast'"]),
        (lambda g: g.learn(X4, decay=-1), ValueError, ["decay", "[0, inf]", "-1"]),
        (lambda g: g.learn(X4, gate=[99]), UnknownNodeError, ["99", "graph.nodes"]),
        (lambda g: g.learn(X4, gate=["a"]), GraphError, ["gate", "'a'"]),
        (lambda g: g.learn(X4, gate={6: 1.5}), ValueError, ["gate", "[0, 1]", "1.5"]),
        (lambda g: g.learn(X4, gate={"a": 1}), GraphError, ["gate", "'a'"]),
        (lambda g: mean_output(g).learn(X4[:, :1], [1, 1, 1], rule="delta"), GraphError, ["sum"]),
        (lambda g: g.learn(X4, rule="delta"), GraphError, ["delta", "targets="]),
        (
            lambda g: g.learn(X4, X4[:, :2], rule="delta", gate=[5]),
            GraphError,
            ["delta", "gated", "5"],
        ),
    ],
)
def test_what_cannot_be_learnt_changes_nothing(call, error, pieces):
    graph = small_graph()
    before = graph.copy()
    with pytest.raises(error) as caught:
        call(graph)
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)
    assert graph == before
