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
    late_count,
    list_room,
    next_epoch,
    own_block,
    record,
    record_parent,
    slot_at,
)
from growgraph.kernels.status import DEAD_ID, NEED_SPACE, NO_EDGE, OK


@helper
def _drop_entry(H, v, at):
    """Take entry ``at`` out of v's own block: the last takes its place, or all move up for a gate.

    A gate's first source has a meaning of its own, so its block keeps its sequence.
    """
    w, stab, src = h.get_w(H), h.get_stab(H), h.get_src(H)
    first, sfirst = np.int64(h.get_start(H)[v]), np.int64(h.get_sstart(H)[v])
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


@helper
def _drop_delayed(H, v, at):
    """Take entry ``at`` out of v's delayed block."""
    dw, dstab, dsrc, dflag = h.get_dw(H), h.get_dstab(H), h.get_dsrc(H), h.get_dflag(H)
    first = np.int64(h.get_dstart(H)[v])
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
    lists = np.int64(0) if delayed else list_room(H, v, 0)
    if not has_room(H, 0, 0, lists, 0, 1):
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
    """Entries of src for the shared lists that lose a source, and so are copied before."""
    mark, src, alive = h.get_mark(H), h.get_src(H), h.get_alive(H)
    length, sstart, flags = h.get_length(H), h.get_sstart(H), h.get_flags(H)
    total = np.int64(0)
    for v in range(H[h.N_SLOTS]):
        if not alive[v] or not (flags[v] & codes.SHARED) or mark[v] == epoch:
            continue
        for e in range(sstart[v], sstart[v] + length[v]):
            if mark[src[e]] == epoch:
                total += list_room(H, v, 0)
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
    mark, epoch = h.get_mark(H), next_epoch(H)
    for i in range(nodes.size):
        slot = slot_at(H, nodes[i])
        if slot < 0 or mark[slot] == epoch:
            H[h.ERR_A] = nodes[i]
            return np.int64(DEAD_ID)
        mark[slot] = epoch
    enough = has_room(H, 0, 0, _shared_room(H, epoch), 0, 0)
    if not (has_events(H, nodes.size) and enough):
        return np.int64(NEED_SPACE)
    for i in range(nodes.size):
        record(H, codes.OP_REMOVE_NODE, nodes[i], nodes.size, i, 0, 0)
        _remove_slot(H, nodes[i])
    alive = h.get_alive(H)
    for v in range(H[h.N_SLOTS]):
        if alive[v]:
            _drop_marked(H, v, epoch)
    return np.int64(OK)


@helper
def _remove_slot(H, node):
    """Take a node out of the list and empty its blocks; what others read of it is left."""
    slot = np.int64(h.get_slot_of(H)[node])
    first, n = np.int64(h.get_start(H)[slot]), np.int64(h.get_length(H)[slot])
    order.unlink(H, slot)
    h.get_alive(H)[slot] = 0
    h.get_slot_of(H)[node] = -1
    H[h.N_ALIVE] -= 1
    H[h.N_EDGES] -= n
    for e in range(first, first + n):
        h.get_w(H)[e], h.get_stab(H)[e] = 0, 0
    h.get_length(H)[slot], h.get_cap(H)[slot], h.get_flags(H)[slot] = 0, 0, 0
    if H[h.DNODE_CAP] > 0:
        H[h.N_DELAYED] -= h.get_dlen(H)[slot]
        h.get_dlen(H)[slot], h.get_dcap(H)[slot] = 0, 0


@helper
def _drop_marked(H, v, epoch):
    """Drop the edges of v whose source is marked, both stores; last to first, as replay does."""
    mark, src, dsrc = h.get_mark(H), h.get_src(H), h.get_dsrc(H)
    for at in range(h.get_length(H)[v] - 1, -1, -1):
        if mark[src[h.get_sstart(H)[v] + at]] == epoch:
            own_block(H, v, 0)
            _drop_entry(H, v, at)
    for at in range(late_count(H, v) - 1, -1, -1):
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
    lists, doomed, nodes = np.int64(0), np.int64(0), np.int64(0)
    for v in range(H[h.N_SLOTS]):
        weak = np.int64(0)
        if kind[v] == codes.SUM or kind[v] == codes.MEAN:
            for e in range(start[v], start[v] + length[v]):
                weak += abs(h.get_w(H)[e]) < threshold
        if weak > 0:
            lists += list_room(H, v, 0)
            doomed += weak
            nodes += 1
    enough = has_room(H, 0, 0, lists, 0, doomed)
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


@kernel(writes=("F",))
def pack(H, F):
    """Copy the living store into fresh arrays, slots renumbered in list order, blocks exact.

    Neighbours in the list that read the same share one source list. Ids stay valid; the list
    keeps its sequence, with new labels.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        The old handle.
    F : int64 [HANDLE_SIZE]
        The handle of empty arrays with room for all that lives; everything but the ids'
        and the events' counters is written.

    Returns
    -------
    int64
        OK.
    """
    new_of, nxt, n = np.empty(H[h.N_SLOTS], np.uint32), h.get_nxt(H), np.uint64(H[h.N_ALIVE])
    old_of, node = np.empty(n, np.uint32), H[h.HEAD]
    for new in range(n):
        i = np.uint64(node)
        new_of[i], old_of[new] = new, i
        node = np.int64(nxt[i])
    _copy_nodes(H, F, old_of)
    _copy_blocks(H, F, old_of, new_of)
    if F[h.DNODE_CAP] > 0:
        _copy_late(H, F, old_of, new_of)
    F[h.N_SLOTS], F[h.N_ALIVE] = n, n
    F[h.N_EDGES], F[h.N_DELAYED] = H[h.N_EDGES], H[h.N_DELAYED]
    F[h.HEAD], F[h.TAIL] = (0, H[h.N_ALIVE] - 1) if n > 0 else (-1, -1)
    F[h.GROWN] = 0
    return np.int64(OK)


@helper
def _take(new, old, old_of):
    """new = old[old_of], as far as nodes go."""
    for k in range(np.uint64(old_of.size)):
        new[k] = old[old_of[k]]


@helper
def _copy_nodes(H, F, old_of):
    """Copy what nodes are, and enter them in the list."""
    _take(h.get_kind(F), h.get_kind(H), old_of)
    _take(h.get_act(F), h.get_act(H), old_of)
    _take(h.get_role(F), h.get_role(H), old_of)
    _take(h.get_alive(F), h.get_alive(H), old_of)
    _take(h.get_bias(F), h.get_bias(H), old_of)
    _take(h.get_p0(F), h.get_p0(H), old_of)
    _take(h.get_p1(F), h.get_p1(H), old_of)
    _take(h.get_id_of(F), h.get_id_of(H), old_of)
    _take(h.get_length(F), h.get_length(H), old_of)
    _take(h.get_cap(F), h.get_length(H), old_of)
    id_of, slot_of, flags, mark = h.get_id_of(F), h.get_slot_of(F), h.get_flags(F), h.get_mark(F)
    prv, nxt, label = h.get_prv(F), h.get_nxt(F), h.get_label(F)
    for k in range(np.uint64(old_of.size)):
        slot_of[np.uint64(id_of[k])] = k
        flags[k], mark[k] = 0, 0
        prv[k], nxt[k] = np.int64(k) - 1, k + np.uint64(1)
        label[k] = np.int64(k + np.uint64(1)) * order.GAP
    if old_of.size > 0:
        nxt[old_of.size - 1] = -1


@helper
def _same(src, a, b, n):
    """True if two source lists of n entries are the same."""
    if a == b:
        return True
    for e in range(n):
        if src[a + e] != src[b + e]:
            return False
    return True


@helper
def _copy_blocks(H, F, old_of, new_of):
    """Copy weights and stabilities node by node, and source lists where they are new."""
    start, sstart, length = h.get_start(H), h.get_sstart(H), h.get_length(H)
    w, stab, src = h.get_w(H), h.get_stab(H), h.get_src(H)
    new_start, new_sstart, flags = h.get_start(F), h.get_sstart(F), h.get_flags(F)
    new_w, new_stab, new_src = h.get_w(F), h.get_stab(F), h.get_src(F)
    at, sat, elder, held = np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0)
    for k in range(np.uint64(old_of.size)):
        i = np.uint64(old_of[k])
        a, s, n = np.uint64(start[i]), np.uint64(sstart[i]), np.uint64(length[i])
        for e in range(n):
            new_w[at + e] = w[a + e]
        for e in range(n):
            new_stab[at + e] = stab[a + e]
        if n > 0 and n == held and _same(src, elder, s, n):
            flags[k] |= np.uint8(codes.SHARED)
            flags[k - np.uint64(1)] |= np.uint8(codes.SHARED)
            new_sstart[k] = sat - n
        else:
            for e in range(n):
                new_src[sat + e] = new_of[src[s + e]]
            new_sstart[k] = sat
            sat += n
        new_start[k] = at
        at, elder, held = at + n, s, n
    F[h.POOL_USED], F[h.SPOOL_USED] = at, sat


@helper
def _copy_late(H, F, old_of, new_of):
    """Copy the delayed edges."""
    dstart, dlen, dcap = h.get_dstart(F), h.get_dlen(F), h.get_dcap(F)
    at = np.int64(0)
    for k in range(old_of.size):
        i = np.int64(old_of[k])
        first, n = np.int64(h.get_dstart(H)[i]), np.int64(h.get_dlen(H)[i])
        dstart[k], dlen[k], dcap[k] = at, n, n
        for e in range(n):
            h.get_dw(F)[at + e] = h.get_dw(H)[first + e]
            h.get_dstab(F)[at + e] = h.get_dstab(H)[first + e]
            h.get_dflag(F)[at + e] = h.get_dflag(H)[first + e]
            h.get_dsrc(F)[at + e] = new_of[h.get_dsrc(H)[first + e]]
        at += n
    F[h.DPOOL_USED] = at
