"""Cutting: edges, nodes, pruning, packing; each change told to the event buffer."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes, order
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels.room import (
    find_delayed,
    find_edge,
    has_events,
    has_room,
    own_block,
    record,
    record_parent,
    room_needed,
    slot_at,
)
from growgraph.kernels.status import DEAD_ID, NEED_SPACE, NO_EDGE, OK


@helper
def _drop_entry(H, v, at):
    """Take entry ``at`` out of v's own block: the last takes its place, or all move up for a gate.

    A gate's first source has a meaning of its own, so its block keeps its sequence.
    """
    w, stab, src = h.get_w(H), h.get_stab(H), h.get_src(H)
    first, sfirst = h.get_start(H)[v], h.get_sstart(H)[v]
    last = np.int64(h.get_length(H)[v]) - 1
    kind = h.get_kind(H)[v]
    if kind == codes.GATE or kind == codes.QUESTION:
        for i in range(at, last):
            w[first + i], stab[first + i] = w[first + i + 1], stab[first + i + 1]
            src[sfirst + i] = src[sfirst + i + 1]
    else:
        w[first + at], stab[first + at] = w[first + last], stab[first + last]
        src[sfirst + at] = src[sfirst + last]
    w[first + last], stab[first + last], src[sfirst + last] = 0, 0, 0
    h.get_length(H)[v] = last
    H[h.N_EDGES] -= 1
    H[h.WASTE] += 1


@helper
def _drop_delayed(H, v, at):
    """Take entry ``at`` out of v's delayed block."""
    dw, dstab, dsrc, dflag = h.get_dw(H), h.get_dstab(H), h.get_dsrc(H), h.get_dflag(H)
    first = h.get_dstart(H)[v]
    last = first + h.get_dlen(H)[v] - 1
    dw[first + at], dstab[first + at] = dw[last], dstab[last]
    dsrc[first + at], dflag[first + at] = dsrc[last], dflag[last]
    h.get_dlen(H)[v] -= 1
    H[h.N_DELAYED] -= 1


@kernel(writes=("H",))
def remove_edge(H, source, target, delayed):
    """Remove one edge.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    source, target : int64
        Public ids.
    delayed : int64
        1: look in the second store, else 0.

    Returns
    -------
    int64
        OK, or NEED_SPACE, DEAD_ID, NO_EDGE (nothing changed).
    """
    u, v = slot_at(H, source), slot_at(H, target)
    if u < 0 or v < 0:
        return np.int64(DEAD_ID)
    at = find_delayed(H, u, v) if delayed else find_edge(H, u, v)
    H[h.ERR_A], H[h.ERR_B] = source, target
    if at < 0:
        return np.int64(NO_EDGE)
    room = np.int64(0) if delayed else room_needed(H, v, 0)
    if not has_room(H, 0, room, room, 0, 1):
        return np.int64(NEED_SPACE)
    record(H, codes.OP_REMOVE_EDGE, target, source, 0, delayed, 0)
    if delayed:
        _drop_delayed(H, v, at)
    else:
        own_block(H, v, 0)
        _drop_entry(H, v, at)
    return np.int64(OK)


@helper
def _shared_room(H, epoch):
    """Pool entries for the shared blocks that lose a source, and so are copied before."""
    mark, src, alive = h.get_mark(H), h.get_src(H), h.get_alive(H)
    length, sstart, flags = h.get_length(H), h.get_sstart(H), h.get_flags(H)
    total = np.int64(0)
    for v in range(H[h.N_SLOTS]):
        if not alive[v] or not (flags[v] & codes.SHARED) or mark[v] == epoch:
            continue
        for e in range(sstart[v], sstart[v] + length[v]):
            if mark[src[e]] == epoch:
                total += room_needed(H, v, 0)
                break
    return total


@kernel(writes=("H",))
def remove_nodes(H, nodes):
    """Remove nodes with all their edges, in and out, in one pass over the store.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    nodes : int64 [k]
        Public ids, each once.

    Returns
    -------
    int64
        OK, or NEED_SPACE, DEAD_ID (nothing changed).
    """
    mark = h.get_mark(H)
    H[h.MARK] += 1
    epoch = H[h.MARK]
    for i in range(nodes.size):
        slot = slot_at(H, nodes[i])
        if slot < 0 or mark[slot] == epoch:
            H[h.ERR_A] = nodes[i]
            return np.int64(DEAD_ID)
        mark[slot] = epoch
    room = _shared_room(H, epoch)
    enough = has_room(H, 0, room, room, 0, 0)
    if not (has_events(H, nodes.size) and enough):
        return np.int64(NEED_SPACE)
    slot_of, alive, length, dlen = (
        h.get_slot_of(H), h.get_alive(H), h.get_length(H), h.get_dlen(H),
    )  # fmt: skip
    for i in range(nodes.size):
        slot = np.int64(slot_of[nodes[i]])
        record(H, codes.OP_REMOVE_NODE, nodes[i], nodes.size, i, 0, 0)
        order.unlink(H, slot)
        alive[slot] = 0
        slot_of[nodes[i]] = -1
        H[h.N_ALIVE] -= 1
        H[h.N_EDGES] -= length[slot]
        H[h.N_DELAYED] -= dlen[slot]
        H[h.WASTE] += h.get_cap(H)[slot]
        for e in range(h.get_start(H)[slot], h.get_start(H)[slot] + length[slot]):
            h.get_w(H)[e], h.get_stab(H)[e] = 0, 0
        length[slot], dlen[slot] = 0, 0
        h.get_cap(H)[slot] = 0
        h.get_flags(H)[slot] = 0
    for v in range(H[h.N_SLOTS]):
        if alive[v]:
            _drop_marked(H, v, epoch)
    return np.int64(OK)


@helper
def _drop_marked(H, v, epoch):
    """Drop the edges of v whose source is marked, both stores; last to first, as replay does."""
    mark, src, dsrc = h.get_mark(H), h.get_src(H), h.get_dsrc(H)
    for at in range(h.get_length(H)[v] - 1, -1, -1):
        if mark[src[h.get_sstart(H)[v] + at]] == epoch:
            own_block(H, v, 0)
            _drop_entry(H, v, at)
    for at in range(h.get_dlen(H)[v] - 1, -1, -1):
        if mark[dsrc[h.get_dstart(H)[v] + at]] == epoch:
            _drop_delayed(H, v, at)


@kernel(writes=("H",))
def prune(H, threshold):
    """Remove the undelayed edges of |weight| < threshold from nodes that add or average.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    threshold : float32

    Returns
    -------
    int64
        The number of edges removed, or NEED_SPACE (nothing changed).
    """
    kind, length, start, sstart = (
        h.get_kind(H), h.get_length(H), h.get_start(H), h.get_sstart(H),
    )  # fmt: skip
    room, doomed, nodes = np.int64(0), np.int64(0), np.int64(0)
    for v in range(H[h.N_SLOTS]):
        weak = np.int64(0)
        if kind[v] == codes.SUM or kind[v] == codes.MEAN:
            for e in range(start[v], start[v] + length[v]):
                weak += abs(h.get_w(H)[e]) < threshold
        if weak > 0:
            room += room_needed(H, v, 0)
            doomed += weak
            nodes += 1
    enough = has_room(H, 0, room, room, 0, doomed)
    if not (has_events(H, nodes) and enough):
        return np.int64(NEED_SPACE)
    id_of, w, src = h.get_id_of(H), h.get_w(H), h.get_src(H)
    for v in range(H[h.N_SLOTS]):
        if not (kind[v] == codes.SUM or kind[v] == codes.MEAN):
            continue
        told = False
        for at in range(length[v] - 1, -1, -1):
            weight = w[start[v] + at]
            if not abs(weight) < threshold:
                continue
            if not told:
                own_block(H, v, 0)
                record(H, codes.OP_PRUNE, id_of[v], 0, 0, 0, 0)
                told = True
            record_parent(H, id_of[src[sstart[v] + at]], weight)
            _drop_entry(H, v, at)
    return doomed


@helper
def _share_sources(H, a, b):
    """True if two slots are of one bundle."""
    both = h.get_flags(H)[a] & h.get_flags(H)[b] & codes.SHARED
    return both != 0 and h.get_sstart(H)[a] == h.get_sstart(H)[b]


@kernel(writes=("H", "F"))
def pack(H, F):
    """Copy the living store into fresh arrays, slots renumbered in list order, blocks exact.

    Shared source lists stay shared. Ids stay valid; the list keeps its sequence, with new labels.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        The old handle; its scratch is written (old slot -> new slot).
    F : int64 [HANDLE_SIZE]
        The handle of empty arrays with room for all that lives; everything but the ids'
        and the events' counters is written.

    Returns
    -------
    int64
        OK.
    """
    new_of, nxt = h.get_scratch(H), h.get_nxt(H)
    node, k = H[h.HEAD], np.int64(0)
    while node >= 0:
        new_of[node] = k
        k += 1
        node = np.int64(nxt[node])
    node = H[h.HEAD]
    previous = np.int64(-1)
    while node >= 0:
        shares = previous >= 0 and _share_sources(H, previous, node)
        _copy_node(H, F, node, np.int64(new_of[node]), new_of, shares)
        previous = node
        node = np.int64(nxt[node])
    F[h.N_SLOTS], F[h.N_ALIVE] = k, k
    F[h.N_EDGES], F[h.N_DELAYED] = H[h.N_EDGES], H[h.N_DELAYED]
    F[h.HEAD], F[h.TAIL] = (0, k - 1) if k else (-1, -1)
    F[h.WASTE], F[h.GROWN] = 0, 0
    return np.int64(OK)


@helper
def _copy_node(H, F, old, new, new_of, shares):
    """Copy one node and its blocks; ``shares``: its sources are those of the node before it."""
    h.get_kind(F)[new], h.get_act(F)[new] = h.get_kind(H)[old], h.get_act(H)[old]
    h.get_role(F)[new], h.get_flags(F)[new] = h.get_role(H)[old], h.get_flags(H)[old]
    h.get_bias(F)[new] = h.get_bias(H)[old]
    h.get_p0(F)[new], h.get_p1(F)[new] = h.get_p0(H)[old], h.get_p1(H)[old]
    h.get_alive(F)[new], h.get_mark(F)[new] = 1, 0
    h.get_prv(F)[new] = new - 1
    h.get_nxt(F)[new] = new_of[h.get_nxt(H)[old]] if h.get_nxt(H)[old] >= 0 else -1
    h.get_label(F)[new] = (new + 1) * order.GAP
    node = h.get_id_of(H)[old]
    h.get_id_of(F)[new] = node
    h.get_slot_of(F)[node] = new
    n, at, sat = np.int64(h.get_length(H)[old]), F[h.POOL_USED], F[h.SPOOL_USED]
    first, sfirst = h.get_start(H)[old], h.get_sstart(H)[old]
    h.get_start(F)[new], h.get_length(F)[new], h.get_cap(F)[new] = at, n, n
    for i in range(n):
        h.get_w(F)[at + i], h.get_stab(F)[at + i] = (
            h.get_w(H)[first + i],
            h.get_stab(H)[first + i],
        )
    F[h.POOL_USED] += n
    if shares:
        h.get_sstart(F)[new] = sat - n
    else:
        h.get_sstart(F)[new] = sat
        for i in range(n):
            h.get_src(F)[sat + i] = new_of[h.get_src(H)[sfirst + i]]
        F[h.SPOOL_USED] += n
    d, dat, dfirst = np.int64(h.get_dlen(H)[old]), F[h.DPOOL_USED], h.get_dstart(H)[old]
    h.get_dstart(F)[new], h.get_dlen(F)[new], h.get_dcap(F)[new] = dat, d, d
    for i in range(d):
        h.get_dw(F)[dat + i], h.get_dstab(F)[dat + i] = (
            h.get_dw(H)[dfirst + i],
            h.get_dstab(H)[dfirst + i],
        )
        h.get_dsrc(F)[dat + i] = new_of[h.get_dsrc(H)[dfirst + i]]
        h.get_dflag(F)[dat + i] = h.get_dflag(H)[dfirst + i]
    F[h.DPOOL_USED] += d
