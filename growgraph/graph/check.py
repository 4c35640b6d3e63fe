"""Every invariant of a graph, and equality of two."""

import numpy as np

from growgraph._validation import as_ids
from growgraph.errors import GraphError
from growgraph.graph.convert import entries
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
    order = _check_list(store, n, alive)
    _check_places(store, order)
    _check_blocks(store, order, alive)
    _check_sharing(store, order)
    _check_lists(graph)


def _check_ids(store, n, alive):
    ids = store.id_of[:n][alive]
    _require(store[h.N_ALIVE] == alive.sum(), "N_ALIVE counts the living slots")
    _require((ids < store[h.NEXT_ID]).all() and (ids >= 0).all(), "ids were handed out")
    slot_of = store.slot_of[: store[h.NEXT_ID]]
    _require((slot_of[ids] == np.flatnonzero(alive)).all(), "slot_of is the inverse of id_of")
    _require((slot_of >= 0).sum() == alive.sum(), "only living ids have slots")


def _check_list(store, n, alive):
    """The slots in list order, walked in Python because nothing behind a handle is trusted yet."""
    nxt, slot = store.nxt[:n].tolist(), store[h.HEAD]
    walked: list[int] = []
    while 0 <= slot < n and len(walked) <= n:
        walked.append(slot)
        slot = nxt[slot]
    slots = np.array(walked, np.int64)
    _require(slot < n and alive[slots].all(), "the order list holds living nodes")
    before, label = np.append(-1, slots[:-1]), store.label[slots]
    _require((store.prv[slots] == before[: slots.size]).all(), "prv is the inverse of nxt")
    _require((label[1:] > label[:-1]).all(), "labels increase")
    _require((walked[-1] if walked else -1) == store[h.TAIL], "TAIL is the last of the list")
    _require(slots.size == alive.sum(), "the order list holds all living nodes")
    _require((label[:1] >= 0).all(), "labels are not negative")
    _require((label[-1:] < 1 << 62).all(), "labels stay below 2**62")
    return slots


def _check_places(store, order):
    """Blocks have room and lie in the pools, apart from each other."""
    n, cap, at, sat = (store.arrays[k][order].astype(np.int64) for k in
                       ("length", "cap", "start", "sstart"))  # fmt: skip
    _require(((n >= 0) & (n <= cap)).all(), "a block is not longer than its room")
    inside = (at >= 0) & (at <= store[h.POOL_USED] - cap)
    _require(inside.all(), "blocks lie in the pool")
    inside = (sat >= 0) & (sat <= store[h.SPOOL_USED] - _list_rooms(store, order))
    _require(inside.all(), "source lists lie in the pool")
    _require(_apart(at, cap), "no two blocks overlap")
    n, cap, at = (getattr(store, k)[order].astype(np.int64) for k in ("dlen", "dcap", "dstart"))
    inside = (n >= 0) & (n <= cap) & (at >= 0) & (at <= store[h.DPOOL_USED] - cap)
    _require(inside.all(), "delayed blocks lie inside")
    _require(_apart(at, cap), "no two delayed blocks overlap")


def _list_rooms(store, slots):
    """Entries of src that belong to each slot's list: a list that is its own has all the room."""
    shared = store.flags[slots] & codes.SHARED != 0
    return np.where(shared, store.length[slots], store.cap[slots]).astype(np.int64)


def _apart(first, size):
    """True if no two spans share an entry."""
    first, size = first[size > 0], size[size > 0]
    rank = np.argsort(first)
    first, end = first[rank], (first + size)[rank]
    return bool((first[1:] >= end[:-1]).all())


def _check_blocks(store, order, alive):
    """What stands in the blocks, both stores."""
    takes_none = store.kind[order] == codes.INPUT
    _require(not store.length[order][takes_none].any(), "inputs have no in-edges")
    _require(not store.dlen[order][takes_none].any(), "inputs have no delayed in-edges")
    target, at, sat = entries(store, order)
    sources = store.src[sat].astype(np.int64)
    _require(_distinct(target, sources), "no edge is there twice")
    _require(_live(sources, alive), "sources live")
    forward = store.label[sources] < store.label[target]
    _require(forward.all(), "edges go forward in the order")
    late_target, late, _ = entries(store, order, late=True)
    sources = store.dsrc[late].astype(np.int64)
    _require(_live(sources, alive), "delayed sources live")
    _require(_distinct(late_target, sources), "no delayed edge is there twice")
    finite = np.isfinite(store.w[at]).all() and np.isfinite(store.dw[late]).all()
    _require(finite, "weights are finite")
    stability = np.concatenate([store.stab[at], store.dstab[late]])
    steady = (stability >= 0) & np.isfinite(stability)
    _require(steady.all(), "stability is not negative and not infinite")
    _require(at.size == store[h.N_EDGES], "N_EDGES counts the edges")
    _require(late.size == store[h.N_DELAYED], "N_DELAYED counts the delayed edges")


def _distinct(target, source):
    pairs = np.sort(target << 32 | source)  # both are below 2**32
    return bool((pairs[1:] != pairs[:-1]).all())


def _live(slots, alive):
    return bool((slots < alive.size).all() and alive[slots].all())


def _check_sharing(store, order):
    """Source lists may overlap only between nodes that are marked as sharing them."""
    rooms = _list_rooms(store, order)
    held, n = order[rooms > 0], rooms[rooms > 0]
    first = store.sstart[held].astype(np.int64)
    rank = np.lexsort((held, n, first))
    slots, first, end = held[rank], first[rank], (first + n)[rank]
    overlap = first[1:] < np.maximum.accumulate(end)[:-1]
    shared = store.flags[slots[1:]] & store.flags[slots[:-1]] & codes.SHARED
    _require((shared[overlap] != 0).all(), "only bundles share a source list")


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
    named = {"the names": list(graph.names), **graph.groups}
    living = store.slot_of[: store[h.NEXT_ID]] >= 0
    for name, members in named.items():
        held = as_ids(name, members)
        inside = (held >= 0) & (held < living.size)
        _require(inside.all() and living[held].all(), "names and groups hold living nodes")
    if graph._shift is not None:
        _require(graph._shift.shape == graph._inputs.shape, "each input has a shift and scale")


# ---- equality -----------------------------------------------------------------------------------
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
    return all(
        np.array_equal(x, y)
        for x, y in zip(_structure(a._store), _structure(b._store), strict=True)
    )


def _structure(store):
    """Node by node in order: codes, fan-ins, ids of sources, flags of delayed edges."""
    order = store.order()
    for name in ("kind", "act", "role", "length", "dlen"):
        yield getattr(store, name)[order]
    yield store.id_of[store.src[entries(store, order)[2]]]
    late = entries(store, order, late=True)[1]
    yield store.id_of[store.dsrc[late]]
    yield store.dflag[late]


def _same_values(a, b):
    if a.names != b.names or a.groups.keys() != b.groups.keys():
        return False
    if not all(np.array_equal(v, b.groups[k]) for k, v in a.groups.items()):
        return False
    for x, y in ((a._shift, b._shift), (a._scale, b._scale)):
        if (x is None) != (y is None) or (x is not None and not np.array_equal(x, y)):
            return False
    return all(
        np.array_equal(x, y) for x, y in zip(_values(a._store), _values(b._store), strict=True)
    )


def _values(store):
    """Node by node in order: parameters, then weights and stabilities."""
    order = store.order()
    for name in ("bias", "p0", "p1"):
        yield store.arrays[name][order]
    at, late = entries(store, order)[1], entries(store, order, late=True)[1]
    for name, places in (("w", at), ("stab", at), ("dw", late), ("dstab", late)):
        yield store.arrays[name][places]
