"""Forward: every kind with every activation, and the same bits however a batch is cut."""

import itertools

import numba
import numpy as np
import pytest

from growgraph import Graph
from growgraph.graph.store import aligned
from growgraph.kernels import _handle as h
from growgraph.kernels import codes, propagate, single
from tests.kernels.contract import check_close
from tests.material import ids, slots, small_graph, uniform
from tests.naive import propagate as naive
from tests.naive.model import Model

ROWS = 137 if not numba.config.DISABLE_JIT else 37
KINDS = sorted(set(codes.KINDS) - {"input"})
PROTOTYPES = ("match", "cosine")


def every_node(kind):
    """A node of this kind for each activation and for fan-ins 0 to 9, all of them outputs."""
    graph = Graph()
    x = graph.add_inputs(9)
    for number, act in enumerate(sorted(codes.ACTIVATIONS)):
        if act == "clip" and kind in PROTOTYPES:
            continue
        bounds = {"p0": -0.25, "p1": 0.5} if act == "clip" else {"p0": 1.25, "p1": 0.5}
        k = number % 10
        weights = uniform(1, k, seed=number, low=0.2, high=1.5)
        graph.add_outputs(1, kind=kind, activation=act, sources=x[:k], weights=weights,
                          bias=0.3, **bounds)  # fmt: skip
    return graph


def strips(graph, X, width, cuts=None):
    """Outputs by forward_strips, called once for each part of the batch."""
    bounds = [0, *(cuts or ()), X.shape[0]]
    wanted = slots(graph, graph.outputs)
    Y = np.full((X.shape[0], wanted.size), np.nan, np.float32)
    fed, head = slots(graph, graph.inputs), graph._store[h.HEAD]
    for a, b in itertools.pairwise(bounds):
        V = aligned((graph._store[h.N_SLOTS], width))
        V[:] = np.nan  # scratch is no state
        P = np.empty((0, width), np.float32)
        with np.errstate(all="ignore"):
            propagate.forward_strips(
                graph._store.H, X, fed, wanted, V, P, Y, head, -1, a, b
            )  # fmt: skip
    return Y


def twin(graph, X):
    """Outputs by the slow twin."""
    model = Model.of(graph._store)
    V = np.zeros((graph._store[h.N_SLOTS], X.shape[0]))
    V[slots(graph, graph.inputs)] = X.T
    naive.sweep(model, V, [])
    return V[slots(graph, graph.outputs)].T


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_with_every_activation(kind):
    graph = every_node(kind)
    X = uniform(ROWS, 9, seed=3, low=-2, high=2)
    X[0] = 0
    exact = twin(graph, X)
    tame = np.abs(exact) < 100  # 1/x near 0 magnifies what float32 rounds
    assert tame.mean() > 0.9
    check_close(kind, strips(graph, X, 16)[tame], exact[tame])


@pytest.mark.parametrize("kind", KINDS)
def test_one_sample_agrees(kind):
    graph = every_node(kind)
    x, wanted = uniform(9, seed=4), slots(graph, graph.outputs)
    y, V = np.zeros(wanted.size, np.float32), aligned((graph._store[h.N_SLOTS], 1))
    with np.errstate(all="ignore"):
        single.forward_one(
            graph._store.H, x, slots(graph, graph.inputs), wanted, V, V[:0], y, graph._store[h.HEAD]
        )  # fmt: skip
    check_close(kind, y, strips(graph, x[None], 16)[0])


@pytest.mark.parametrize("graph", [small_graph(), *map(every_node, KINDS)], ids=["small", *KINDS])
def test_width_and_cuts_change_no_bit(graph):
    X = uniform(ROWS, graph.inputs.size, seed=5, low=-3, high=3)
    whole = strips(graph, X, 16)
    assert np.isfinite(whole).mean() > 0.9
    for width in (32, 64, 16, 48, 7, 1):
        np.testing.assert_array_equal(strips(graph, X, width), whole)
    for cuts in ([1], [16, 17, 33], [5, 6, 7, 8, 30]):
        np.testing.assert_array_equal(strips(graph, X, 32, cuts), whole)


def bundle(size, *, delayed=False, mixed=False):
    """Nodes that read the same nine inputs, other nodes that read them; all of them outputs."""
    graph = Graph()
    x = graph.add_inputs(9)
    acts = ("identity", "relu", "tanh", "sigmoid") if mixed else ("identity",)
    made = [
        int(graph.add_outputs(
            1, sources=x, weights=uniform(1, 9, seed=i), bias=0.1 * i,
            activation=acts[i % len(acts)], kind="max" if mixed and i == 2 else "sum",
        )[0])
        for i in range(size)
    ]  # fmt: skip
    graph.add_outputs(1, sources=made, weights=uniform(1, size, seed=50))
    if delayed:
        graph.connect(x[:2], made[1:3], uniform(2, 2, seed=51), delay=1)
    graph.pack()
    shared = graph._store.flags[slots(graph, ids(*made))] & codes.SHARED
    assert (shared != 0).sum() >= size - 1  # of a prototype or a maximum the list is shared, too
    return graph


@pytest.mark.parametrize("size", [4, 5, 6, 7, 8, 9, 13])
@pytest.mark.parametrize("mixed", [False, True])
def test_bundles_equal_the_twin(size, mixed):
    graph = bundle(size, mixed=mixed)
    X = uniform(ROWS, 9, seed=3, low=-2, high=2)
    narrow = strips(graph, X, 16)
    check_close(f"bundle of {size}", narrow, twin(graph, X))
    for width in (64, 80, 128):
        np.testing.assert_array_equal(strips(graph, X, width), narrow)


@pytest.mark.parametrize("mixed", [False, True])
def test_bundles_remember_the_step_before(mixed):
    graph = bundle(9, delayed=True, mixed=mixed)
    n, X = graph._store[h.N_SLOTS], uniform(3, 64, 9, seed=4)
    A, B, Y = aligned((n, 64)), aligned((n, 64)), np.zeros((3, 64, 10), np.float32)
    A[:] = uniform(n, 64, seed=5)
    values = {k: v.astype(np.float64) for k, v in (("A", A), ("B", B), ("Y", Y))}
    ends = slots(graph, graph.inputs), slots(graph, graph.outputs)
    propagate.run_steps(graph._store.H, X, *ends, A, B, Y)
    naive.run_steps(Model.of(graph._store), X, *ends, values["A"], values["B"], values["Y"])
    check_close("steps", Y, values["Y"])


@pytest.mark.parametrize("last", range(9))
def test_a_sweep_may_end_inside_a_bundle(last):
    graph = bundle(9)
    X = uniform(64, 9, seed=6)
    listed = [n for n in graph.order().tolist() if n in graph.outputs][: last + 1]
    wanted, fed = slots(graph, ids(*listed)), slots(graph, graph.inputs)
    V, Y = aligned((graph._store[h.N_SLOTS], 64)), np.zeros((64, last + 1), np.float32)
    end = graph._store[h.HEAD], int(wanted[-1])
    propagate.forward_strips(graph._store.H, X, fed, wanted, V, V[:0], Y, *end, 0, 64)
    check_close("outputs", Y, twin(graph, X)[:, np.searchsorted(graph.outputs, listed)])


def test_nan_and_infinity_stay_in_their_column():
    graph = small_graph()
    X = uniform(40, 4, seed=6)
    whole = strips(graph, X, 16)
    X[3], X[20] = np.nan, np.inf
    spoilt = strips(graph, X, 16)
    rest = np.setdiff1d(np.arange(40), [3, 20])
    np.testing.assert_array_equal(spoilt[rest], whole[rest])
    assert np.isnan(spoilt[3]).all()


def steps(graph, X, state):
    """All steps in one call; returns outputs and the state after."""
    n = graph._store[h.N_SLOTS]
    A, B = aligned((n, X.shape[1])), aligned((n, X.shape[1]))
    A[:] = state
    Y = np.zeros((*X.shape[:2], graph.outputs.size), np.float32)
    ends = (slots(graph, graph.inputs), slots(graph, graph.outputs))
    propagate.run_steps(graph._store.H, X, *ends, A, B, Y)
    return Y, A if X.shape[0] % 2 == 0 else B


@pytest.mark.parametrize("cut", [1, 2, 5])
def test_steps_in_parts_are_the_same_steps(cut):
    graph = small_graph()
    X = uniform(7, 3, 4, seed=7)
    state = np.zeros((graph._store[h.N_SLOTS], 3), np.float32)
    whole, end = steps(graph, X, state)
    first, state = steps(graph, X[:cut], state)
    rest, state = steps(graph, X[cut:], state)
    np.testing.assert_array_equal(np.concatenate([first, rest]), whole)
    np.testing.assert_array_equal(state, end)
    assert np.abs(whole[1] - steps(graph, X[1:2], np.zeros_like(state))[0]).max() > 1e-3
