"""Settling as a call: the same bits however it is cut, what it learns, what it refuses."""

import numpy as np
import pytest

from growgraph import Graph
from growgraph.errors import DataError, GraphError, UnknownNodeError
from tests.graph.settled import batch, net
from tests.material import small_graph, uniform

WHOLE = ("energy", "steps", "activities", "tension", "asked")


# ---- to the bit -----------------------------------------------------------------------------
def same(a, b, rows):
    for name in WHOLE:
        assert getattr(a, name)[rows].tobytes() == getattr(b, name).tobytes(), name
    assert a.course[:, rows].tobytes() == b.course.tobytes()


@pytest.mark.parametrize("loss", ["squared", "cross_entropy"])
@pytest.mark.parametrize("graph", [net(back=4), net((9, 40, 3), back=2, scale=2.0)], ids=str)
def test_a_sample_settles_the_same_in_any_company(graph, loss):
    X, Y = batch(graph, 150, scale=3.0)
    if loss == "cross_entropy":
        Y = np.exp(Y) / np.exp(Y).sum(axis=1, keepdims=True)
    options = {"steps": 12, "loss": loss, "tol": 1e-4}
    whole = graph.settle(X, Y, **options)
    assert len(set(whole.steps.tolist())) > 2
    for rows in (slice(0, 1), slice(3, 20), slice(20, 60), slice(64, 150), slice(None, None, -7)):
        same(whole, graph.settle(X[rows], Y[rows], **options), rows)
    same(whole, graph.copy().settle(X, Y, **options), slice(None))


def test_learning_twice_the_same_gives_the_same_bits():
    a, b = net(back=4), net(back=4)
    for _ in range(3):
        for graph in (a, b):
            graph.settle(*batch(graph, 100), steps=5, learn=0.1)
    assert a == b
    assert a._store.w.tobytes() == b._store.w.tobytes()


def test_a_graph_is_only_changed_to_learn():
    graph = net(back=4)
    before = graph.copy()
    graph.settle(*batch(graph))
    assert graph == before
    graph.settle(*batch(graph), learn=0.1)
    assert graph != before
    graph.check()


def test_a_grown_graph_settles_as_it_is_now():
    graph = net()
    X, Y = batch(graph)
    graph.settle(X, Y)
    node = graph.add_node([0, 7], [[0.5, -0.5]], activation="tanh")
    graph.add_edge(node, graph.outputs[0], 2.0)
    graph.remove_node(9)
    rest, copied = graph.settle(X, Y), graph.copy()
    copied.pack()
    fresh = copied.settle(X, Y)
    assert rest.nodes.tolist() == graph.nodes.tolist()
    np.testing.assert_allclose(rest.tension, fresh.tension, atol=1e-5)
    assert rest.tension[:, rest.nodes == node].all()


def test_nodes_that_are_returned():
    graph = net(back=2)
    X, Y = batch(graph)
    whole, few = graph.settle(X, Y), graph.settle(X, Y, nodes=[9, 0, 7])
    learnt = graph.copy().settle(X, Y, learn=0.1)
    for name in ("activities", "tension", "asked"):
        np.testing.assert_array_equal(getattr(few, name), getattr(whole, name)[:, [9, 0, 7]])
        assert getattr(learnt, name).shape == (6, 0)
    np.testing.assert_array_equal(learnt.energy, whole.energy)
    assert not whole.tension[:, graph.inputs].any()
    assert not whole.asked[:, graph.inputs].any()


def test_what_is_given_may_be_one_sample_or_one_output():
    graph = net((3, 4, 1))
    X, Y = batch(graph)
    one = graph.settle(X[0], Y[0])
    column, flat = graph.settle(X, Y), graph.settle(X, Y[:, 0])
    named = graph.settle(X, {int(graph.outputs[0]): Y[:, 0]})
    assert one.activities.shape == (1, graph.n_nodes)
    for other in (flat, named):
        same(column, other, slice(None))


# ---- learning -----------------------------------------------------------------------------------
@pytest.mark.parametrize("steps", [1, 8])
def test_xor_is_learnt(steps):
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    t = np.array([0, 1, 1, 0], np.float32)
    graph = Graph.layered([2, 6, 1], activation="tanh", random_state=0)
    for _ in range(1500):
        energy = graph.settle(X, t, steps=steps, learn=0.5).energy
    assert energy.max() < 1e-3
    np.testing.assert_allclose(graph.forward(X)[:, 0], t, atol=0.05)


def moons(n, seed):
    """Two half moons that reach into each other, and their classes."""
    rng = np.random.default_rng(seed)
    angle, c = rng.uniform(0, np.pi, n), rng.integers(0, 2, n)
    side = np.where(c, -1, 1)
    X = np.stack([side * np.cos(angle) + c - 0.5, side * np.sin(angle) + c / 2 - 0.25], axis=1)
    return (X + rng.normal(0, 0.1, X.shape)).astype(np.float32), c


@pytest.mark.parametrize(("steps", "rate", "epochs"), [(1, 0.3, 40), (6, 1.0, 150)])
def test_two_moons_are_learnt_through_skips_and_a_loop(steps, rate, epochs):
    graph = net((2, 12, 8, 2), back=4, seed=1, acts=("tanh",))
    X, c = moons(512, 0)
    T = np.eye(2, dtype=np.float32)[c]
    before = graph.settle(X, T, steps=1, loss="cross_entropy").energy.mean()
    for _ in range(epochs):
        for b in range(0, 512, 64):
            rows = slice(b, b + 64)
            graph.settle(X[rows], T[rows], steps=steps, loss="cross_entropy", learn=rate)
    fresh, truth = moons(500, 1)
    outputs = graph.settle(fresh, steps=1, sweeps=20, nodes=graph.outputs).activities
    assert (outputs.argmax(axis=1) == truth).mean() > 0.97
    assert before > 0.5


# ---- what is refused --------------------------------------------------------------------------
def of(kind="sum", activation="identity", outputs=2):
    graph = Graph()
    graph.add_outputs(outputs, kind=kind, activation=activation, sources=graph.add_inputs(3))
    return graph


X3, Y2 = np.ones((4, 3), np.float32), np.full((4, 2), 0.5, np.float32)
CHOICE = {"loss": "cross_entropy"}

REFUSED = [
    (of(), lambda g: g.settle(X3[:, :2], Y2), DataError, ["X", "3 columns", "(4, 2)"]),
    (of(), lambda g: g.settle(X3[:0], Y2[:0]), DataError, ["X", "at least one sample"]),
    (of(), lambda g: g.settle(X3 * np.nan, Y2), DataError, ["X", "NaN"]),
    (of(), lambda g: g.settle(X3, Y2[:, :1]), DataError, ["targets", "[4, 2]", "(4, 1)"]),
    (of(), lambda g: g.settle(X3, Y2 * np.inf), DataError, ["targets", "finite"]),
    (of(), lambda g: g.settle(X3, {3: [1, 2]}), ValueError, ["targets[3]", "(4,)"]),
    (of(), lambda g: g.settle(X3, {0: [1, 2, 3, 4]}), GraphError, ["targets", "inputs", "0"]),
    (of(), lambda g: g.settle(X3, {9: [1, 2, 3, 4]}), UnknownNodeError, ["9", "graph.nodes"]),
    (of(), lambda g: g.settle(X3, {"a": [1, 2, 3, 4]}), GraphError, ["targets", "'a'"]),
    (of(), lambda g: g.settle(X3, Y2, steps=0), ValueError, ["steps", "[1, inf]", "0"]),
    (of(), lambda g: g.settle(X3, Y2, steps=2.5), TypeError, ["steps", "integer"]),
    (of(), lambda g: g.settle(X3, Y2, sweeps=-1), ValueError, ["sweeps", "-1"]),
    (of(), lambda g: g.settle(X3, Y2, tol=-1), ValueError, ["tol", "-1"]),
    (of(), lambda g: g.settle(X3, Y2, precision=0), ValueError, ["precision", "0"]),
    (of(), lambda g: g.settle(X3, Y2, precision={3: -2}), ValueError, ["precision", "-2"]),
    (of(), lambda g: g.settle(X3, Y2, precision={9: 1}), UnknownNodeError, ["9"]),
    (of(), lambda g: g.settle(X3, Y2, loss="hinge"), ValueError, ["loss", "'squared'", "'hinge'"]),
    (of(), lambda g: g.settle(X3, Y2, learn=0), ValueError, ["learn", "above 0", "0"]),
    (of(), lambda g: g.settle(X3, Y2, learn=-1), ValueError, ["learn", "-1"]),
    (of(), lambda g: g.settle(X3, Y2, learn=0.1, gate={3: 2}), ValueError, ["gate", "[0, 1]"]),
    (of(), lambda g: g.settle(X3, Y2, learn=0.1, gate=[9]), UnknownNodeError, ["9"]),
    (of(), lambda g: g.settle(X3, Y2, nodes=[9]), UnknownNodeError, ["9"]),
    (of(), lambda g: g.settle(X3, Y2, free=[3]), GraphError, ["free", "inputs", "3"]),
    (of(), lambda g: g.settle(X3 * 3e38, Y2), DataError, ["energy", "sample 0", "scale X"]),
    (of(), lambda g: g.settle(X3, Y2 * 3, **CHOICE), DataError, ["targets", "sum to 1", "eye"]),
    (of(), lambda g: g.settle(X3, Y2 - [0.7, -0.7], **CHOICE), DataError, ["probabilities"]),
    (of(), lambda g: g.settle(X3, {3: [1] * 4}, **CHOICE), GraphError, ["at least two"]),
    (of(), lambda g: g.settle(X3, Y2, precision={3: 2}, **CHOICE), GraphError, ["one precision"]),
    (of(activation="tanh"), lambda g: g.settle(X3, Y2, **CHOICE), GraphError, ["3", "identity"]),
    (of(activation="step"), lambda g: g.settle(X3, Y2), GraphError, ["3", '"step"', "no slope"]),
    (of(activation="sign"), lambda g: g.settle(X3, Y2), GraphError, ["3", '"sign"', "no slope"]),
    (of(kind="max"), lambda g: g.settle(X3, Y2), GraphError, ["3", '"max"', "sum"]),
    (small_graph(), lambda g: g.settle(uniform(3, 4)), GraphError, ["is of kind", "mean"]),
    (of(), lambda g: g.settle(X3 * 1e15, Y2, learn=1e30), DataError, ["weight infinite"]),
]


@pytest.mark.parametrize(("graph", "call", "error", "pieces"), REFUSED)
def test_what_cannot_settle_changes_nothing(graph, call, error, pieces):
    before = graph.copy()
    with pytest.raises(error) as caught:
        call(graph)
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)
    assert graph == before
