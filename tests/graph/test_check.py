"""check() sees each invariant broken once; equality sees each difference once."""

import numpy as np
import pytest

from growgraph import Graph
from growgraph.errors import GraphError
from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from tests.material import small_graph

# Each breaks one thing in the store s of a small graph; v and w are slots of two nodes of a
# bundle, whose sources are the four inputs in slots 0 to 3.
BROKEN = {
    "N_ALIVE counts": lambda g, s, v, w: s.H.__setitem__(h.N_ALIVE, s[h.N_ALIVE] + 1),
    "ids were handed out": lambda g, s, v, w: s.id_of.__setitem__(v, s[h.NEXT_ID]),
    "slot_of is the inverse": lambda g, s, v, w: s.slot_of.__setitem__(5, v),
    "only living ids have slots": lambda g, s, v, w: s.slot_of.__setitem__(8, 0),
    "holds living nodes": lambda g, s, v, w: kill(s, v),
    "prv is the inverse": lambda g, s, v, w: s.prv.__setitem__(v, w),
    "labels increase": lambda g, s, v, w: s.label.__setitem__(v, 0),
    "TAIL is the last": lambda g, s, v, w: s.H.__setitem__(h.TAIL, v),
    "holds all living": lambda g, s, v, w: unlink(s, v),
    "labels are not negative": lambda g, s, v, w: s.label.__setitem__(s[h.HEAD], -1),
    "labels stay below": lambda g, s, v, w: s.label.__setitem__(s[h.TAIL], 1 << 62),
    "not longer than its room": lambda g, s, v, w: s.cap.__setitem__(v, 3),
    "blocks lie in the pool": lambda g, s, v, w: s.start.__setitem__(v, s[h.POOL_USED] - 1),
    "source lists lie": lambda g, s, v, w: s.sstart.__setitem__(v, s[h.SPOOL_USED] - 1),
    "no two blocks overlap": lambda g, s, v, w: s.start.__setitem__(v, s.start[w] + 1),
    "inputs have no in-edges": lambda g, s, v, w: s.kind.__setitem__(v, codes.INPUT),
    "no edge is there twice": lambda g, s, v, w: s.src.__setitem__(s.sstart[v], 1),
    "sources live": lambda g, s, v, w: s.src.__setitem__(s.sstart[v], 8),
    "edges go forward": lambda g, s, v, w: s.src.__setitem__(s.sstart[v], s[h.TAIL]),
    "delayed blocks lie": lambda g, s, v, w: s.dstart.__setitem__(v, s[h.DPOOL_USED] + 1),
    "no two delayed": lambda g, s, v, w: s.dstart.__setitem__(late(s)[0], s.dstart[late(s)[1]]),
    "no delayed in-edges": lambda g, s, v, w: delay_an_input(s),
    "delayed sources live": lambda g, s, v, w: s.dsrc.__setitem__(s.dstart[late(s)[0]], 8),
    "no delayed edge is there twice": lambda g, s, v, w: repeat_delayed(s),
    "weights are finite": lambda g, s, v, w: s.w.__setitem__(s.start[v] + 1, np.nan),
    "stability is not": lambda g, s, v, w: s.dstab.__setitem__(s.dstart[late(s)[0]], -1),
    "N_EDGES counts": lambda g, s, v, w: s.H.__setitem__(h.N_EDGES, s[h.N_EDGES] - 1),
    "N_DELAYED counts": lambda g, s, v, w: s.H.__setitem__(h.N_DELAYED, 0),
    "only bundles share": lambda g, s, v, w: s.flags.__setitem__(v, 0),
    "inputs are the nodes": lambda g, s, v, w: setattr(g, "_inputs", g._inputs[1:]),
    "outputs are the nodes": lambda g, s, v, w: s.role.__setitem__(v, codes.ROLE_OUTPUT),
    "inputs are of kind": lambda g, s, v, w: s.kind.__setitem__(0, codes.SUM),
    "biases and parameters": lambda g, s, v, w: s.p1.__setitem__(v, np.inf),
    "names and groups": lambda g, s, v, w: g.names.__setitem__(8, "gone"),
    "each input has a shift": lambda g, s, v, w: setattr(g, "_shift", np.zeros(1)),
}


def late(s):
    return np.flatnonzero((s.dlen[: s[h.N_SLOTS]] > 1) & (s.alive[: s[h.N_SLOTS]] == 1))


def kill(s, v):
    s.alive[v] = 0
    s.slot_of[s.id_of[v]] = -1
    s[h.N_ALIVE] -= 1


def unlink(s, v):
    s.nxt[s.prv[v]], s.prv[s.nxt[v]] = s.nxt[v], s.prv[v]


def delay_an_input(s):
    taken = late(s)[0]
    for name in ("dstart", "dlen", "dcap"):
        s.arrays[name][0] = s.arrays[name][taken]
    s.dlen[taken] = s.dcap[taken] = 0


def repeat_delayed(s):
    first = s.dstart[late(s)[0]]
    s.dsrc[first] = s.dsrc[first + 1]


def with_delays():
    graph = small_graph()
    graph.connect([4, 5], [4, 5], delay=1)
    return graph


@pytest.mark.parametrize("message", BROKEN)
def test_a_broken_invariant_is_named(message):
    graph = with_delays()
    graph.check()
    v, w = graph._slots([4, 6]).tolist()
    assert graph._store.flags[v] & graph._store.flags[w] & codes.SHARED
    BROKEN[message](graph, graph._store, v, w)
    with pytest.raises(GraphError, match="broken invariant") as caught:
        graph.check()
    assert message in str(caught.value)


def test_a_list_of_its_own_has_as_much_room_as_its_block():
    """Else growing into that room would write over another list, or past the end of all."""
    graph = Graph()
    x = graph.add_inputs(9)
    y = graph.add_outputs(1, sources=x[:2])
    graph.add_outputs(1, sources=x[2:5])
    s, v = graph._store, graph._slots(y)[0]
    s.reserve(POOL_CAP=100)
    s.start[v], s.cap[v] = s[h.POOL_USED], 8
    s.w[s.start[v] : s.start[v] + 2] = 1
    s[h.POOL_USED] += 8
    with pytest.raises(GraphError, match=r"source lists lie in the pool|share a source list"):
        graph.check()


CHANGES = {
    "bias": lambda g: g.set_nodes([4], bias=9),
    "p0": lambda g: g.set_nodes([4], p0=9),
    "p1": lambda g: g.set_nodes([4], p1=9),
    "weight": lambda g: g.set_weight(0, 4, 9),
    "stability": lambda g: g._store.stab.__setitem__(g._store.start[g._slot(4)], 9),
    "delayed weight": lambda g: g._store.dw.__setitem__(g._store.dstart[g._slot(4)], 9),
    "delayed stability": lambda g: g._store.dstab.__setitem__(g._store.dstart[g._slot(4)], 9),
    "delayed flag": lambda g: g._store.dflag.__setitem__(g._store.dstart[g._slot(4)], 1),
    "delayed edge": lambda g: g.add_edge(6, 4, delay=1),
    "edge": lambda g: g.remove_edge(0, 4),
    "node": lambda g: g.add_node(),
    "kind": lambda g: g._store.kind.__setitem__(g._slot(4), codes.MEAN),
    "activation": lambda g: g._store.act.__setitem__(g._slot(4), codes.SIN),
    "name": lambda g: g.names.update({4: "x"}),
    "group": lambda g: g.groups.update(a=np.array([4])),
    "members": lambda g: g.groups.update(b=np.array([4])),
    "scale": lambda g: g.set_input_scale(0, 1),
    "inputs": lambda g: setattr(g, "_inputs", g._inputs[::-1]),
    "outputs": lambda g: setattr(g, "_outputs", g._outputs[::-1]),
    "order": lambda g: g._store.relist(g._store.order()[[1, 0, *range(2, len(g))]]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_difference_is_seen(what):
    a, b = with_delays(), with_delays()
    a.groups["b"] = b.groups["b"] = np.array([5])
    assert a == b
    CHANGES[what](b)
    assert a != b
    assert b == b.copy()


def test_the_same_edges_shared_out_otherwise_are_a_difference():
    """Lists of all sources that are alike, node after node, at other fan-ins."""
    graphs = []
    for delay in (0, 1):
        for first in (1, 2):
            graph = Graph()
            graph.add_inputs(3)
            y = graph.add_nodes(2)
            graph.connect([0, 1, 2], [y[0]] * first + [y[1]] * (3 - first), pairs=True, delay=delay)
            graph._store.relist(np.arange(5))
            graphs.append(graph)
    assert graphs[0] != graphs[1]
    assert graphs[2] != graphs[3]


def test_equality_with_other_things():
    assert Graph() == Graph()
    assert Graph() != 1
    with pytest.raises(TypeError, match="unhashable"):
        hash(Graph())
