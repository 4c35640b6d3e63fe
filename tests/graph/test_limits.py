"""Slots and ids near 2**31, places in the pools near 2**32, epochs near their end."""

import mmap
import sys

import numpy as np
import pytest

from growgraph import Graph
from growgraph.errors import GraphError
from growgraph.graph.store import Store
from growgraph.kernels import _handle as h
from growgraph.kernels import room
from tests.material import small_graph, uniform
from tests.naive.model import Model

MOST_PLACES, MOST_NODES = 2**32 - 1, 2**31 - 1
sparse_memory = pytest.mark.skipif(
    sys.platform != "linux" or sys.maxsize < 2**32, reason="needs memory that is not there"
)


def pretend(graph, **counters):
    """Let the store believe that so much is in use, and its arrays be just as large."""
    for name, value in counters.items():
        graph._store[h.COUNTERS[name]] = value


FULL = {
    "nodes": (
        {"N_SLOTS": MOST_NODES, "NODE_CAP": MOST_NODES},
        lambda g: g.add_node(),
        ["2147483647 nodes", "pack()", "2147483648"],
    ),
    "ids": (
        {"NEXT_ID": MOST_NODES, "ID_CAP": MOST_NODES},
        lambda g: g.add_nodes(3),
        ["2147483647 nodes", "never reused", "2147483650"],
    ),
    "weights": (
        {"POOL_USED": MOST_PLACES - 3, "POOL_CAP": MOST_PLACES - 3},
        lambda g: g.add_node([0, 1, 2, 3]),
        ["4294967295 weights", "4294967296"],
    ),
    "sources": (
        {"SPOOL_USED": MOST_PLACES - 1, "SPOOL_CAP": MOST_PLACES - 1},
        lambda g: g.connect([0, 1, 3], g.outputs[:1]),
        ["4294967295 sources"],
    ),
    "delayed edges": (
        {"DPOOL_USED": MOST_PLACES, "DPOOL_CAP": MOST_PLACES},
        lambda g: g.add_edge(5, 5, delay=1),
        ["4294967295 delayed edges"],
    ),
}


@pytest.mark.parametrize("what", FULL)
def test_a_full_graph_says_so_and_stays_as_it_was(what):
    counters, call, pieces = FULL[what]
    graph = small_graph(record=True)
    before, H = Model.of(graph._store), graph._store.H[: h.EVP_USED].copy()
    pretend(graph, **counters)
    with pytest.raises(GraphError) as caught:
        call(graph)
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)
    pretend(graph, **{name: H[h.COUNTERS[name]] for name in counters if "CAP" not in name})
    kept = [i for i in range(H.size) if i not in (h.MARK, h.ORDER_WORK)]
    np.testing.assert_array_equal(graph._store.H[: H.size][kept], H[kept])
    assert not Model.of(graph._store).differences(before, tolerance=0)


def test_growing_stops_at_the_limit_and_not_before(monkeypatch):
    """An array that would get half as much again gets what is left."""
    graph, asked = small_graph(), []
    pretend(graph, POOL_USED=MOST_PLACES - 10, POOL_CAP=MOST_PLACES - 10)
    monkeypatch.setattr(Store, "_sized", lambda store, name, size: asked.append(size))
    with pytest.raises(AttributeError):
        graph.add_node([0, 1, 2])
    assert asked == [MOST_PLACES, MOST_PLACES]


def unbacked(size, dtype):
    """An array of zeros of which only what is touched takes memory: never pass over all of it."""
    flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000  # MAP_NORESERVE
    return np.frombuffer(mmap.mmap(-1, size * np.dtype(dtype).itemsize, flags=flags), dtype)


def far_out(graph, cap, used):
    """The graph with the arrays of one capacity as large as may be, all but full."""
    store = graph._store
    most = MOST_NODES if cap == "ID_CAP" else MOST_PLACES
    fresh = {}
    for name, (_, code, governed) in h.ARRAYS.items():
        if governed == cap:
            fresh[name] = unbacked(most, h.DTYPES[code])
            n = store[h.COUNTERS[used]]
            fresh[name][:n] = store.arrays[name][:n]
    store._adopt(fresh, {cap: most})
    store[h.COUNTERS[used]] = most - 300
    return graph


def live(graph):
    """Grow, split, cut; more than one block moves."""
    made = graph.add_nodes(3, sources=[0, 1, 2], weights=uniform(3, 3), activation="tanh")
    graph.connect(made[:1], graph.outputs, 0.25)
    graph.connect([3], made, 0.5)
    graph.split_edge(0, int(made[0]), activation="relu", w_in=0.5)
    graph.remove_edge(1, made[1])
    graph.connect(made, made[:1], 0.125, delay=1)
    graph.remove_edge(made[1], made[0], delay=1)
    graph.remove_node(made[2])
    return graph


@sparse_memory
@pytest.mark.parametrize(
    ("cap", "used"),
    [("POOL_CAP", "POOL_USED"), ("SPOOL_CAP", "SPOOL_USED"), ("DPOOL_CAP", "DPOOL_USED")],
)
def test_places_near_the_limit_are_places_like_others(cap, used):
    near, far = live(small_graph()), live(far_out(small_graph(), cap, used))
    assert far._store[h.COUNTERS[used]] > MOST_PLACES - 300
    far.check()
    assert not Model.of(far._store).differences(Model.of(near._store), tolerance=0)
    assert far == near
    X = uniform(70, 4)
    np.testing.assert_array_equal(far.forward(X), near.forward(X))
    np.testing.assert_array_equal(far.forward(X[0]), near.forward(X[0]))
    np.testing.assert_array_equal(far.run(X), near.run(X))
    np.testing.assert_array_equal(far.tension(X), near.tension(X))
    if cap != "POOL_CAP":  # learning keeps a copy of all weights, to put them back
        T = uniform(70, 2)
        assert far.learn(X, T) == near.learn(X, T)
        assert far.learn(X, T, rule="delta") == near.learn(X, T, rule="delta")
    far.pack()
    far.check()
    assert far == near
    assert far._store[h.COUNTERS[used]] < 300


@sparse_memory
def test_ids_near_the_limit_are_ids_like_others():
    graph = far_out(small_graph(), "ID_CAP", "NEXT_ID")
    first = MOST_NODES - 300
    made = graph.add_nodes(200, sources=[0, 1])
    assert made.tolist() == list(range(first, first + 200))
    graph.connect(made[:2], graph.outputs)
    assert graph.sources(graph.outputs[0])[0].tolist()[-2:] == made[:2].tolist()
    graph.remove_nodes(made[10:])
    graph.add_nodes(100)
    with pytest.raises(GraphError, match="never reused"):
        graph.add_node()
    with pytest.raises(GraphError, match=str(made[10])):
        graph.add_edge(made[10], graph.outputs[0])


def test_epochs_begin_anew_before_they_overflow():
    graph = small_graph()
    graph._store[h.MARK] = room.LAST_EPOCH - 2
    twin = small_graph()
    graph._store.mark[:] = np.arange(graph._store.mark.size) % 7  # what older epochs left behind
    for g in (graph, twin):
        live(g)
        for _ in range(4):
            g.add_node([0, 1, 2, 3])
        with pytest.raises(GraphError, match="twice"):
            g.add_node([0, 1, 0])
        g.check()
    assert 0 < graph._store[h.MARK] < 100
    assert graph == twin


def test_an_older_file_fits(tmp_path):
    """Older stores held int64 for what is narrower now, and heads for delayed blocks always."""
    for graph in (small_graph(record=True), Graph.layered([3, 4, 2])):
        state = graph.to_state()
        n = graph._store[h.N_SLOTS]
        for name in ("start", "sstart", "id_of"):
            state["arrays"][name] = state["arrays"][name].astype(np.int64)
        for name, dtype in (("dstart", np.int64), ("dlen", np.int32), ("dcap", np.int32)):
            held = state["arrays"][name]
            assert held.size in (0, n)
            state["arrays"][name] = held.astype(dtype) if held.size else np.zeros(n, dtype)
        twin = Graph.from_state(state)
        twin.check()
        assert twin == graph
        assert {k: a.dtype for k, a in twin.to_state()["arrays"].items()} == {
            k: a.dtype for k, a in graph.to_state()["arrays"].items()
        }
        for value in (-1, 2**32):
            state["arrays"]["start"][1] = value
            with pytest.raises(GraphError, match=f"array start must hold integers.*{value}"):
                Graph.from_state(state)
