"""Memory: every array may run full at any call; ids outlive packing; events take whole rows."""

import numpy as np
import pytest

from growgraph import Graph
from growgraph.graph import store as store_module
from growgraph.graph.store import Store, aligned
from growgraph.kernels import _handle as h
from tests.kernels.contract import without_room
from tests.material import small_graph, uniform
from tests.naive.model import Model


def test_growing_from_the_smallest_store_is_growing_with_room(monkeypatch):
    """Each array is enlarged by no more than asked: every call meets a full store."""
    roomy = small_graph(record=True)
    monkeypatch.setattr(Store, "reserve", exactly)
    tight = small_graph(record=True)
    tight.check()
    assert tight._store[h.POOL_CAP] < 1.5 * tight._store[h.POOL_USED]
    assert not Model.of(tight._store).differences(Model.of(roomy._store), tolerance=0)
    X = uniform(20, 4)
    np.testing.assert_array_equal(tight.forward(X), roomy.forward(X))


def exactly(store, **more):
    for cap, extra in more.items():
        used, _, width = store_module._WANT[cap]
        need = (store[h.COUNTERS[used]] + extra) * width
        if need > store[h.COUNTERS[cap]]:
            store.H[h.COUNTERS[cap]] = need
            for name, (_, _, governed) in h.ARRAYS.items():
                if governed == cap:
                    store._allocate(name)
    store._point()


def test_every_cut_works_on_a_full_store():
    for cut in (
        lambda g: g.remove_nodes([5, 0]),
        lambda g: g.remove_edge(0, 4),
        lambda g: g.prune(0.5),
        lambda g: g.split_edge(0, 4),
        lambda g: g.pack(),
    ):
        roomy, tight = small_graph(record=True), small_graph(record=True)
        tight._store = without_room(tight._store)
        cut(roomy)
        cut(tight)
        tight.check()
        assert not Model.of(tight._store).differences(Model.of(roomy._store), tolerance=0)


def test_ids_outlive_packing_and_are_never_given_twice():
    graph, seen = Graph(), set()
    rng = np.random.default_rng(0)
    graph.add_inputs(2)
    for step in range(120):
        new = int(graph.add_node(rng.choice(graph.nodes, 2, replace=False)))
        assert new not in seen
        seen.add(new)
        if step % 3 == 0:
            graph.remove_node(rng.choice(np.setdiff1d(graph.nodes, graph.inputs)))
        if step % 10 == 0:
            kept = {i: [a.tolist() for a in graph.sources(i)] for i in graph.nodes.tolist()}
            graph.pack()
            graph.check()
            held = {i: [a.tolist() for a in graph.sources(i)] for i in graph.nodes.tolist()}
            assert held == kept


def test_packing_gives_memory_back():
    graph = Graph()
    x = graph.add_inputs(4)
    doomed = graph.add_nodes(2000, sources=x)
    graph.add_outputs(1, sources=doomed[:2])
    before = graph.nbytes
    graph.remove_nodes(doomed[2:])
    graph.pack()
    assert graph.nbytes < before / 5
    empty = Graph()
    empty.pack()
    empty.check()
    assert empty.n_nodes == 0


def test_a_bundle_stores_its_sources_once():
    graph = Graph()
    graph.add_nodes(500, sources=graph.add_inputs(200))
    assert graph._store[h.SPOOL_CAP] < 1000
    graph.pack()
    assert graph._store[h.SPOOL_USED] == 200
    per_edge = graph.nbytes / graph.n_edges
    assert per_edge < 9, f"{per_edge} bytes an edge"


def test_event_arrays_are_whole_rows():
    graph = small_graph(record=True)
    for _ in range(60):
        graph.add_node([0])
        assert graph._store.ev.size % h.EV_WIDTH == 0
        last = graph._store[h.EV_USED]
        graph.note_outcome(last - 1, last, after=0.5, paid_off=True)
    assert Graph()._store.ev.size % h.EV_WIDTH == 0
    assert Store.from_arrays(Graph()._store.to_arrays()).ev.size % h.EV_WIDTH == 0


def test_an_event_holds_its_cause_and_nothing_of_the_one_before():
    graph = small_graph(record=True)
    store = graph._store
    graph.set_cause("first", node=3, lasted=2, rule="r", intention="i", tension=0.5, step=7)
    graph.add_node([0], bias=2.5)
    graph.add_edge(1, int(graph.add_node([0])))
    rows, floats = (
        a.reshape(-1, h.EV_WIDTH)[store[h.EV_USED] - 3 :] for a in (store.ev, store.evf)
    )
    for row, values in zip(rows[:3].tolist(), floats[:3].tolist()):
        assert row[h.EV_CTX + h.CTX_STEP] == 7
        assert row[h.EV_CTX + h.CTX_NODE] == 3
        assert graph._words[row[h.EV_CTX + h.CTX_CAUSE]] == "first"
        assert values[h.EVF_CTX + h.CTXF_TENSION] == 0.5
    assert floats[0, h.EVF_BIAS] == 2.5
    before = store[h.EV_USED]
    with pytest.raises(ValueError, match="no edge"):
        graph.remove_edge(0, 1)
    graph.remove_nodes(graph.nodes[-1:])
    assert store[h.EV_USED] == before + 1
    assert not floats[-1, : h.EVF_CTX].any()


def test_a_copy_shares_no_memory():
    graph = small_graph(record=True)
    for twin in (graph._store.copy(), Store.from_arrays(graph.to_state()["arrays"])):
        for name, array in twin.arrays.items():
            assert not np.shares_memory(array, graph._store.arrays[name])
            assert twin.H[h.ARRAYS[name][0]] == array.ctypes.data
    state = graph.to_state()["arrays"]
    assert not any(
        np.shares_memory(state[n], graph._store.arrays[n]) for n in h.ARRAYS if n in state
    )


def test_memory_that_is_not_there_leaves_the_store_as_it_was(monkeypatch):
    graph = small_graph()
    before, held = graph.copy(), dict(graph._store.arrays)
    allocate, calls = Store._allocate, []

    def fails(store, name):
        calls.append(name)
        if len(calls) == 3:
            raise MemoryError
        allocate(store, name)

    monkeypatch.setattr(Store, "_allocate", fails)
    with pytest.raises(MemoryError):
        graph._store.reserve(NODE_CAP=10**4)
    monkeypatch.undo()
    assert all(graph._store.arrays[name] is array for name, array in held.items())
    assert graph == before
    graph.add_nodes(100)
    graph.check()


def test_aligned_rows_start_on_a_cache_line():
    for shape in ((3, 16), (1, 1), (0, 16), (5, 64)):
        array = aligned(shape)
        assert array.shape == shape
        assert array.ctypes.data % 64 == 0 or array.size == 0
        assert not array.any()


def test_unknown_name_of_an_array():
    with pytest.raises(AttributeError, match="wiegths"):
        _ = Graph()._store.wiegths
