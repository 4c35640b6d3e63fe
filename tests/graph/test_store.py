"""Memory: every array may run full at any call; ids outlive packing; events take whole rows."""

import tracemalloc

import numpy as np
import pytest

from growgraph import Graph
from growgraph.errors import GraphError
from growgraph.graph.store import Store, aligned
from growgraph.kernels import _handle as h
from tests.kernels.contract import without_room
from tests.material import small_graph, uniform
from tests.naive.model import Model


def test_growing_from_the_smallest_store_is_growing_with_room(monkeypatch):
    """Each array is enlarged by no more than asked: every call meets a full store."""
    roomy = small_graph(record=True)
    monkeypatch.setattr(Store, "_enlarged", staticmethod(lambda need, have: need))
    tight = small_graph(record=True)
    tight.check()
    assert tight._store[h.POOL_CAP] < 1.5 * tight._store[h.POOL_USED]
    assert not Model.of(tight._store).differences(Model.of(roomy._store), tolerance=0)
    X = uniform(20, 4)
    np.testing.assert_array_equal(tight.forward(X), roomy.forward(X))


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


def thirty_two_each(nodes=600):
    """A graph of inputs and nodes that read 32 sources each, built in one call."""
    graph = Graph()
    graph.add_inputs(32)
    below = 32 + np.arange(nodes)
    rows = (below[:, None] - 1 - np.arange(32)).astype(np.int64)
    graph.add_nodes(nodes, sources=rows[:, np.random.default_rng(0).permutation(32)])
    return graph


def test_an_edge_costs_at_most_fourteen_bytes_as_built_and_packed():
    graph = thirty_two_each()
    bare = 12 * graph.n_edges + graph._store.H.nbytes + 2**10  # room of the log, the empty pools
    for _ in range(2):
        assert (graph.nbytes - bare) / graph.n_nodes <= 61
        graph.pack()
    assert (61 + 12 * 32) / 32 <= 14


def test_delayed_edges_cost_nothing_until_there_is_one():
    graph = thirty_two_each()
    heads = ("dstart", "dlen", "dcap")
    assert not any(graph._store.arrays[name].size for name in heads)
    assert not any(getattr(graph._store, name).any() for name in heads)
    assert graph.delayed_sources(40)[0].size == 0
    plain = graph.nbytes
    graph.add_edge(50, 40, 0.5, delay=1)
    assert graph.nbytes >= plain + 12 * graph.n_nodes
    for twin in (graph, graph.copy(), Graph.from_state(graph.to_state())):
        twin.check()
        assert twin.delayed_sources(40)[0].tolist() == [50]
        twin.add_nodes(100, sources=[1])  # the heads grow with the nodes
        twin.add_edge(51, twin.nodes[-1], delay=1)
        twin.check()
    graph.remove_edge(50, 40, delay=1)
    graph.remove_edge(51, graph.nodes[-1], delay=1)
    graph.pack()
    assert not any(graph._store.arrays[name].size for name in heads)


def test_fragmentation_tells_when_to_pack():
    graph = Graph.layered([30, 40, 10])
    assert graph.fragmentation == 0  # built in running order
    assert not graph.pack(above=0.1)
    graph.add_nodes(2, sources=graph.inputs)
    assert graph.fragmentation == 60 / graph.n_edges
    graph.connect(graph.inputs[:2], graph.outputs)  # ten blocks move
    room = 10 * (65 - 42)  # of blocks that moved
    assert graph.fragmentation == (60 + 2 * 400 + room) / graph.n_edges
    assert graph.pack(above=0.1)
    assert graph.fragmentation == 0
    graph.connect(graph.inputs[:4], graph.inputs.size + np.arange(3), delay=1)
    graph.connect(graph.inputs[4:9], graph.inputs.size + np.arange(3), delay=1)
    late = graph._store[h.DPOOL_USED] - 27  # of delayed blocks that moved, and have room
    assert late > 12
    assert graph.fragmentation == late / graph.n_edges
    graph.remove_edge(0, 30, delay=1)
    assert graph.fragmentation == (late + 1) / graph.n_edges
    with pytest.raises(ValueError, match="above"):
        graph.pack(above=-1)


def test_a_list_that_is_shared_is_copied_and_the_weights_stay():
    graph = Graph()
    made = graph.add_nodes(3, sources=graph.add_inputs(5))
    start = graph._store.start[graph._slots(made)].copy()
    graph.remove_edge(2, made[1])
    np.testing.assert_array_equal(graph._store.start[graph._slots(made)], start)
    assert graph._store[h.POOL_USED] == 15
    assert graph._store[h.SPOOL_USED] == 10
    graph.check()


def test_a_long_cycle_is_told_whole():
    """The array of the path is enlarged while the edge is refused."""
    graph = Graph()
    first = node = int(graph.add_nodes(1)[0])
    for _ in range(200):
        node = graph.add_node([node])
    before = graph.copy()
    with pytest.raises(GraphError) as caught:
        graph.add_edge(node, first)
    assert caught.value.cycle == [*range(first, node + 1), first]
    assert graph == before


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


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
def test_an_enlargement_cut_short_leaves_the_store_as_it_was(monkeypatch, error):
    graph = small_graph()
    before, held, H = graph.copy(), dict(graph._store.arrays), graph._store.H.copy()
    sized = Store._sized
    arrays = [name for name, (_, _, cap) in h.ARRAYS.items() if cap == "NODE_CAP"]
    for fatal in (0, 3, len(arrays) - 1):
        calls = []

        def fails(store, name, size, calls=calls, fatal=fatal):
            calls.append(name)
            if len(calls) > fatal:
                raise error
            return sized(store, name, size)

        monkeypatch.setattr(Store, "_sized", fails)
        with pytest.raises(error):
            graph._store.reserve(NODE_CAP=10**4)
        monkeypatch.undo()
        assert len(calls) == fatal + 1
        assert all(graph._store.arrays[name] is array for name, array in held.items())
        np.testing.assert_array_equal(graph._store.H, H)
    assert graph == before
    graph.add_nodes(100)
    graph.check()


class Unplaced(np.ndarray):
    """An array at whose address Ctrl-C waits."""

    @property
    def ctypes(self):
        raise KeyboardInterrupt


def test_arrays_come_into_use_all_at_once(monkeypatch):
    graph = small_graph()
    before, H = dict(graph._store.arrays), graph._store.H.copy()
    sized = Store._sized
    monkeypatch.setattr(
        Store,
        "_sized",
        lambda s, n, size: sized(s, n, size).view(Unplaced if n == "kind" else np.ndarray),
    )
    with pytest.raises(KeyboardInterrupt):
        graph._store.reserve(NODE_CAP=10**4)
    np.testing.assert_array_equal(graph._store.H, H)
    assert all(graph._store.arrays[name] is array for name, array in before.items())


def test_capacities_are_sizes_at_all_times():
    graph = small_graph(record=True)
    for _ in range(3):
        graph.add_nodes(200, sources=[0, 1])
        graph.pack()
        for name, (where, _, cap) in h.ARRAYS.items():
            array = graph._store.arrays[name]
            assert array.size == graph._store[h.COUNTERS[cap]]
            assert array.ctypes.data == graph._store[where]


def test_a_call_that_asks_for_nothing_ends_in_a_store_that_is_full_of_events():
    graph = small_graph(record=True)
    graph._store = without_room(graph._store)
    before = graph.copy()
    graph.remove_nodes([])
    graph.connect([], [])
    assert graph.prune(0) == 0
    assert graph == before


def test_removing_takes_no_memory():
    """Nothing is added for nodes that go, nor for bundles that lose no source."""
    graph = Graph.layered([200, 200, 10])
    before = graph.nbytes
    graph.remove_nodes(graph.outputs[-3:])
    assert graph.nbytes == before
    graph.remove_node(300)  # read by the outputs, which share one list: seven are copied
    assert graph.nbytes < before + 7 * 200 * 1.6 * 12 + 10**5
    graph.check()
    dag = Graph.random_dag(3000, 8, random_state=0)
    before = dag.nbytes
    dag.remove_nodes(dag.nodes[1000:])
    assert dag.nbytes == before


@pytest.mark.parametrize(
    ("change", "pieces"),
    [
        (lambda a: a["counters"].__setitem__(h.POOL_USED, 10**12), ["array w", "1000000000000"]),
        (lambda a: a["counters"].__setitem__(h.N_SLOTS, -5), ["array start", "-5"]),
        (lambda a: a["counters"].__setitem__(h.EV_USED, 10**11), ["array ev", "1600000000000"]),
        (lambda a: a.update(counters=a["counters"][:-1]), ["counters", "17", "(16,)"]),
        (lambda a: a.update(counters=a["counters"].astype(float)), ["counters", "int64"]),
        (lambda a: a.update(w=a["w"][:-1]), ["array w"]),
        (lambda a: a.update(src=a["src"].astype(np.int64)), ["array src", "uint32", "int64"]),
        (lambda a: a.update(bias=a["bias"][None]), ["array bias", "(1, "]),
        (lambda a: a.update(ctx=a["ctx"][:3]), ["array ctx", "8", "(3,)"]),
    ],
)
def test_arrays_that_contradict_their_counters_are_refused_before_memory_is_taken(change, pieces):
    arrays = small_graph(record=True).to_state()["arrays"]
    Store.from_arrays(arrays)
    change(arrays)
    tracemalloc.start()
    try:
        with pytest.raises(GraphError) as caught:
            Store.from_arrays(arrays)
        assert tracemalloc.get_traced_memory()[1] < 10**6
    finally:
        tracemalloc.stop()
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


def test_aligned_rows_start_on_a_cache_line():
    for shape in ((3, 16), (1, 1), (0, 16), (5, 64)):
        array = aligned(shape)
        assert array.shape == shape
        assert array.ctypes.data % 64 == 0 or array.size == 0
        assert not array.any()


def test_unknown_name_of_an_array():
    with pytest.raises(AttributeError, match="wiegths"):
        _ = Graph()._store.wiegths


def test_room_that_is_used_again_is_not_wasted_twice():
    graph = Graph.layered([5, 1])
    for _ in range(100):
        graph.remove_edge(4, 5)
        graph.add_edge(4, 5)
    assert graph.fragmentation == 0


@pytest.mark.parametrize("recorded", [False, True])
@pytest.mark.parametrize("delay", [0, 1])
def test_a_refused_call_leaves_every_byte_as_it_was(delay, recorded):
    """Of many targets the last is refused; the others' blocks had moved, and shared a list."""
    graph = Graph.layered([6, 8, 3])
    graph.connect(graph.inputs[:2], 6 + np.arange(3), delay=1)
    extra = graph.add_inputs(3)
    graph.connect(extra[:1], 6 + np.arange(4), delay=delay)  # now some have room, some share
    if recorded:
        graph.record()
    graph.connect(extra[1:2], [6, 10], delay=delay)
    before = graph.to_state()["arrays"]
    last = 15 if delay else 6
    sources = np.repeat(extra[2:], 9) if delay else np.array([*np.repeat(extra[2:], 8), 14])
    targets = np.array([*range(6, 14), last])
    if delay:  # named twice
        sources, targets = np.append(sources, extra[2]), np.append(targets, 15)
    else:  # 14 reads 6
        targets = np.array([*range(7, 14), 15, 6])
    with pytest.raises(GraphError):
        graph.connect(sources, targets, pairs=True, delay=delay)
    after = graph.to_state()["arrays"]
    work = [h.ORDER_WORK, h.MARK, *range(h.WANT_NODES, h.ERR_N + 1), h.WANT_PATH]
    for name, array in before.items():
        if name == "counters":
            kept = [i for i in range(array.size) if i not in work]
            np.testing.assert_array_equal(after[name][kept], array[kept])
        else:
            np.testing.assert_array_equal(after[name], array, err_msg=name)
