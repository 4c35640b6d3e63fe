"""Every invariant of a graph, and equality of two."""

import numpy as np

from growgraph.errors import GraphError
from growgraph.kernels import _handle as h
from growgraph.kernels import codes


def _require(true, message):
    if not true:
        raise GraphError(f"broken invariant: {message}")


def check(graph):
    """Raise GraphError naming the first invariant that does not hold."""
    store = graph._store
    n = store[h.N_SLOTS]
    alive = store.alive[:n].astype(bool)
    _check_ids(store, n, alive)
    order = _check_list(store, alive)
    _check_blocks(store, order)
    _check_lists(graph)


def _check_ids(store, n, alive):
    ids = store.id_of[:n][alive]
    _require(store[h.N_ALIVE] == alive.sum(), "N_ALIVE counts the living slots")
    _require((ids < store[h.NEXT_ID]).all() and (ids >= 0).all(), "ids were handed out")
    slot_of = store.slot_of[: store[h.NEXT_ID]]
    _require((slot_of[ids] == np.flatnonzero(alive)).all(), "slot_of is the inverse of id_of")
    _require((slot_of >= 0).sum() == alive.sum(), "only living ids have slots")


def _check_list(store, alive):
    slots, slot, before = [], store[h.HEAD], -1
    while slot >= 0:
        _require(alive[slot], "the order list holds living nodes")
        _require(store.prv[slot] == before, "prv is the inverse of nxt")
        _require(before < 0 or store.label[slot] > store.label[before], "labels increase")
        slots.append(slot)
        before, slot = slot, int(store.nxt[slot])
    _require(before == store[h.TAIL], "TAIL is the last of the list")
    _require(len(slots) == alive.sum(), "the order list holds all living nodes")
    _require(not slots or store.label[slots[0]] >= 0, "labels are not negative")
    _require(not slots or store.label[slots[-1]] < 1 << 62, "labels stay below 2**62")
    return slots


def _check_blocks(store, order):
    owner = np.zeros(store[h.POOL_USED], np.uint8)
    late_owner = np.zeros(store[h.DPOOL_USED], np.uint8)
    edges = delayed = 0
    for v in order:
        n, cap = int(store.length[v]), int(store.cap[v])
        a, s = int(store.start[v]), int(store.sstart[v])
        _require(0 <= n <= cap, "a block is not longer than its room")
        _require(a + cap <= store[h.POOL_USED] and a >= 0, "blocks lie in the pool")
        _require(s + n <= store[h.SPOOL_USED] and s >= 0, "source lists lie in the pool")
        _require(not owner[a : a + cap].any(), "no two blocks overlap")
        owner[a : a + cap] = 1
        sources = store.src[s : s + n]
        _require(n == 0 or store.kind[v] != codes.INPUT, "inputs have no in-edges")
        _require(np.unique(sources).size == n, "no edge is there twice")
        _require(store.alive[sources].all(), "sources live")
        _require((store.label[sources] < store.label[v]).all(), "edges go forward in the order")
        d, m, room = int(store.dstart[v]), int(store.dlen[v]), int(store.dcap[v])
        _require(0 <= m <= room and d + room <= store[h.DPOOL_USED], "delayed blocks lie inside")
        _require(not late_owner[d : d + room].any(), "no two delayed blocks overlap")
        late_owner[d : d + room] = 1
        _require(m == 0 or store.kind[v] != codes.INPUT, "inputs have no delayed in-edges")
        _require(store.alive[store.dsrc[d : d + m]].all(), "delayed sources live")
        _require(np.unique(store.dsrc[d : d + m]).size == m, "no delayed edge is there twice")
        for w, stab in ((store.w[a : a + n], store.stab[a : a + n]),
                        (store.dw[d : d + m], store.dstab[d : d + m])):  # fmt: skip
            _require(np.isfinite(w).all(), "weights are finite")
            _require((stab >= 0).all(), "stability is not negative")
        edges, delayed = edges + n, delayed + m
    _require(edges == store[h.N_EDGES], "N_EDGES counts the edges")
    _require(delayed == store[h.N_DELAYED], "N_DELAYED counts the delayed edges")
    _check_sharing(store, order)


def _check_sharing(store, order):
    """Source lists may overlap only between nodes that are marked as sharing them."""
    spans = sorted((int(store.sstart[v]), int(store.length[v]), v) for v in order)
    end, last = 0, -1
    for first, n, v in spans:
        if n == 0:
            continue
        if first < end:
            both = store.flags[v] & store.flags[last] & codes.SHARED
            _require(both, "only bundles share a source list")
        end, last = max(end, first + n), v


def _check_lists(graph):
    store = graph._store
    ids = graph.nodes
    slots = store.slot_of[ids]
    roles = store.role[slots]
    for name, members, role in (
        ("inputs", graph._inputs, codes.ROLE_INPUT),
        ("outputs", graph._outputs, codes.ROLE_OUTPUT),
    ):
        _require(
            np.array_equal(np.sort(members), ids[roles == role]),
            f"{name} are the nodes of that role",
        )
    _require(
        np.array_equal(store.kind[slots] == codes.INPUT, roles == codes.ROLE_INPUT),
        "inputs are of kind input",
    )
    finite = all(np.isfinite(store.arrays[n][slots]).all() for n in ("bias", "p0", "p1"))
    _require(finite, "biases and parameters are finite")
    for members in (np.array(list(graph.names), np.int64), *graph.groups.values()):
        _require(np.isin(members, ids).all(), "names and groups hold living nodes")
    if graph._shift is not None:
        _require(graph._shift.shape == graph._inputs.shape, "each input has a shift and scale")


def equal(a, b):
    """True if two graphs have the same nodes, order, edges, values, names and input scales."""
    return same_structure(a, b) and _same_values(a, b)


def same_structure(a, b):
    """True if ids, kinds, roles, order and edges in block order agree.

    Learnt values (weights, biases, parameters) are not compared.

    Parameters
    ----------
    a, b : Graph

    Returns
    -------
    bool
    """
    if not (
        np.array_equal(a.order(), b.order())
        and np.array_equal(a._inputs, b._inputs)
        and np.array_equal(a._outputs, b._outputs)
    ):
        return False
    return all(_same_node(a, b, node) for node in a.order())


def _same_node(a, b, node):
    s, t = a._store, b._store
    u, v = a._slot(node), b._slot(node)
    codes_agree = all(s.arrays[n][u] == t.arrays[n][v] for n in ("kind", "act", "role"))
    if not (codes_agree and np.array_equal(a.sources(node)[0], b.sources(node)[0])):
        return False
    x, y = a.delayed_sources(node), b.delayed_sources(node)
    return np.array_equal(x[0], y[0]) and np.array_equal(x[2], y[2])


def _same_values(a, b):
    if a.names != b.names or a.groups.keys() != b.groups.keys():
        return False
    if not all(np.array_equal(v, b.groups[k]) for k, v in a.groups.items()):
        return False
    for x, y in ((a._shift, b._shift), (a._scale, b._scale)):
        if (x is None) != (y is None) or (x is not None and not np.array_equal(x, y)):
            return False
    ids = a.nodes
    u, v = a._slots(ids), b._slots(ids)
    for name in ("bias", "p0", "p1"):
        if not np.array_equal(a._store.arrays[name][u], b._store.arrays[name][v]):
            return False
    for node in ids:
        x, y = a.sources(node), b.sources(node)
        if not (np.array_equal(x[1], y[1]) and np.array_equal(x[2], y[2])):
            return False
        x, y = (_delayed_values(g._store, g._slot(node)) for g in (a, b))
        if not np.array_equal(x, y):
            return False
    return True


def _delayed_values(store, v):
    first = int(store.dstart[v])
    last = first + int(store.dlen[v])
    return np.stack([store.dw[first:last], store.dstab[first:last]])
