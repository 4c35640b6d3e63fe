"""Adding edges: one target or many, undelayed (order kept, cycles refused) or delayed."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes, order
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels.room import (
    block_room,
    has_events,
    has_room,
    late_count,
    late_room,
    list_room,
    next_epoch,
    own_block,
    record,
    record_parent,
    slot_at,
)
from growgraph.kernels.status import (
    BAD_TARGET,
    DEAD_ID,
    DUPLICATE,
    NEED_SPACE,
    OK,
    SELF_LOOP,
)


@helper
def _check_new_sources(H, target, to, sources):
    """OK if each source lives, is not the target, not there yet and not named twice."""
    mark, src, epoch = h.get_mark(H), h.get_src(H), next_epoch(H)
    first = np.int64(h.get_sstart(H)[to])
    for e in range(first, first + h.get_length(H)[to]):
        mark[src[e]] = epoch
    return check_sources(H, target, to, sources, epoch)


@helper
def check_sources(H, target, to, sources, epoch):
    """OK if each source lives, is not the target, not marked with ``epoch`` and not named twice."""
    mark = h.get_mark(H)
    for i in range(sources.size):
        slot = slot_at(H, sources[i])
        if slot < 0:
            return DEAD_ID
        H[h.ERR_A], H[h.ERR_B] = sources[i], target
        if slot == to:
            return SELF_LOOP
        if mark[slot] == epoch:
            return DUPLICATE
        mark[slot] = epoch
    return OK


@helper
def _append(H, target, sources, weights, moves):
    """:func:`add_edges`, but for the order: a refusal leaves its ``moves`` for the caller."""
    to = slot_at(H, target)
    if to < 0:
        return DEAD_ID, moves
    H[h.ERR_B] = target
    if h.get_kind(H)[to] == codes.INPUT:
        return BAD_TARGET, moves
    status = _check_new_sources(H, target, to, sources)
    if status != OK:
        return status, moves
    k = sources.size
    if not has_room(H, 0, block_room(H, to, k), list_room(H, to, k), 0, k):
        return NEED_SPACE, moves
    slot_of = h.get_slot_of(H)
    for i in range(k):
        status, moves = order.fix(H, np.int64(slot_of[sources[i]]), to, moves)
        if status != OK:
            H[h.ERR_A], H[h.ERR_B] = sources[i], target
            return status, moves
    own_block(H, to, k)
    w, stab, src, length = h.get_w(H), h.get_stab(H), h.get_src(H), h.get_length(H)
    at = np.int64(h.get_start(H)[to]) + length[to]
    sat = np.int64(h.get_sstart(H)[to]) + length[to]
    record(H, codes.OP_EDGE, target, 0, 0, -1, 0)
    for i in range(k):
        src[sat + i] = slot_of[sources[i]]
        w[at + i] = weights[i]
        stab[at + i] = 0
        record_parent(H, sources[i], weights[i])
    length[to] += k
    H[h.N_EDGES] += k
    return OK, moves


@kernel(writes=("H",))
def add_edges(H, target, sources, weights):
    """Append edges to one node's block, keeping the order; a cycle is refused.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    target : int64
        Public id that receives the edges.
    sources : int64 [k]
        Public ids.
    weights : float32 [k]
        Birth weights.

    Returns
    -------
    int64
        OK, or NEED_SPACE, DEAD_ID, BAD_TARGET, SELF_LOOP, DUPLICATE, CYCLE (nothing changed).
    """
    status, moves = _append(H, target, sources, weights, order.no_moves())
    if status != OK:
        order.undo(H, moves)
    return np.int64(status)


@kernel(writes=("H",))
def add_delayed(H, target, sources, weights, flag):
    """Append edges that read the previous step; they need no order and may close loops.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    target : int64
        Public id that receives the edges.
    sources : int64 [k]
        Public ids; the target itself is allowed.
    weights : float32 [k]
        Birth weights.
    flag : int64
        DELAYED or RECURRENT.

    Returns
    -------
    int64
        OK, or NEED_SPACE, DEAD_ID, BAD_TARGET, DUPLICATE (nothing changed).
    """
    to = slot_at(H, target)
    if to < 0:
        return np.int64(DEAD_ID)
    H[h.ERR_B] = target
    if h.get_kind(H)[to] == codes.INPUT:
        return np.int64(BAD_TARGET)
    n, k = late_count(H, to), sources.size
    status = _check_late_sources(H, target, to, sources, n)
    if status != OK:
        return np.int64(status)
    room = late_room(H, to, k)
    if not has_room(H, 0, 0, 0, room, k):
        return np.int64(NEED_SPACE)
    if room > 0:
        _move_late(H, to, n, room)
    record(H, codes.OP_EDGE, target, 0, 0, flag, 0)
    for i in range(k):
        at = np.int64(h.get_dstart(H)[to]) + n + i
        h.get_dsrc(H)[at] = h.get_slot_of(H)[sources[i]]
        h.get_dw(H)[at] = weights[i]
        h.get_dstab(H)[at] = 0
        h.get_dflag(H)[at] = flag
        h.get_dlen(H)[to] += 1
        record_parent(H, sources[i], weights[i])
    H[h.N_DELAYED] += k
    return np.int64(OK)


@helper
def _check_late_sources(H, target, to, sources, n):
    """OK if each source lives, is not among the n delayed ones there and not named twice."""
    mark, epoch = h.get_mark(H), next_epoch(H)
    for i in range(n):
        mark[h.get_dsrc(H)[h.get_dstart(H)[to] + i]] = epoch
    for i in range(sources.size):
        slot = slot_at(H, sources[i])
        if slot < 0:
            return DEAD_ID
        if mark[slot] == epoch:
            H[h.ERR_A], H[h.ERR_B] = sources[i], target
            return DUPLICATE
        mark[slot] = epoch
    return OK


@helper
def _move_late(H, to, n, room):
    """Move the n delayed edges of a node to the end of their pool, with more room."""
    dw, dstab, dsrc, dflag = h.get_dw(H), h.get_dstab(H), h.get_dsrc(H), h.get_dflag(H)
    old, at = np.int64(h.get_dstart(H)[to]), H[h.DPOOL_USED]
    for i in range(n):
        dsrc[at + i], dflag[at + i] = dsrc[old + i], dflag[old + i]
        dw[at + i], dstab[at + i] = dw[old + i], dstab[old + i]
    h.get_dstart(H)[to], h.get_dcap(H)[to] = at, room
    H[h.DPOOL_USED] += room


@helper
def _heads(H, targets):
    """What a bulk call may change of its targets and of the pools: to be put back if refused."""
    held = np.zeros((targets.size + 1, 4), np.int64)
    for g in range(targets.size):
        slot = slot_at(H, targets[g])
        if slot >= 0:
            held[g, 0], held[g, 1] = h.get_start(H)[slot], h.get_sstart(H)[slot]
            held[g, 2], held[g, 3] = h.get_cap(H)[slot], h.get_flags(H)[slot]
    held[-1, 0], held[-1, 1], held[-1, 2] = H[h.POOL_USED], H[h.SPOOL_USED], H[h.GROWN]
    return held


@helper
def _undo_tails(H, targets, indptr, n, held):
    """Take back what the first n groups of a bulk call appended: blocks stand where they stood."""
    start, sstart, length = h.get_start(H), h.get_sstart(H), h.get_length(H)
    w, stab, src = h.get_w(H), h.get_stab(H), h.get_src(H)
    for g in range(n):
        count, slot = indptr[g + 1] - indptr[g], h.get_slot_of(H)[targets[g]]
        length[slot] -= count
        H[h.N_EDGES] -= count
        old, at, k = held[g, 0], np.int64(start[slot]), np.int64(length[slot])
        for i in range(k if at != old else 0):
            w[old + i], stab[old + i] = w[at + i], stab[at + i]
        if sstart[slot] == held[g, 1]:
            for i in range(count):
                w[at + k + i], stab[at + k + i], src[held[g, 1] + k + i] = 0, 0, 0
        start[slot], sstart[slot] = old, held[g, 1]
        h.get_cap(H)[slot], h.get_flags(H)[slot] = held[g, 2], held[g, 3]
    for i in range(held[-1, 0], H[h.POOL_USED]):
        w[i], stab[i] = 0, 0
    H[h.POOL_USED], H[h.SPOOL_USED], H[h.GROWN] = held[-1, 0], held[-1, 1], held[-1, 2]


@helper
def _undo_late(H, targets, indptr, n, held, used):
    """:func:`_undo_tails` of delayed edges; ``held`` is first place and room of each block."""
    for g in range(n):
        count, slot = indptr[g + 1] - indptr[g], h.get_slot_of(H)[targets[g]]
        if count > 0:
            h.get_dlen(H)[slot] -= count
            H[h.N_DELAYED] -= count
            first = np.int64(h.get_dstart(H)[slot]) + h.get_dlen(H)[slot]
            for e in range(first, first + count):
                h.get_dsrc(H)[e], h.get_dw(H)[e], h.get_dflag(H)[e] = 0, 0, 0
            h.get_dstart(H)[slot], h.get_dcap(H)[slot] = held[g, 0], held[g, 1]
    H[h.DPOOL_USED] = used


@kernel(writes=("H",))
def add_edge_groups(H, targets, indptr, sources, weights):
    """:func:`add_edges` for many targets; all or nothing.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    targets : int64 [n]
        Public ids, each once.
    indptr : int64 [n + 1]
        Target i receives ``sources[indptr[i]:indptr[i+1]]``.
    sources : int64 [m]
        Public ids.
    weights : float32 [m]
        Birth weights.

    Returns
    -------
    int64
        OK, or the status of the first target that failed (nothing changed).
    """
    if not _has_room_for_all(H, targets, indptr):
        return np.int64(NEED_SPACE)
    events, payload, moves = H[h.EV_USED], H[h.EVP_USED], order.no_moves()
    held = _heads(H, targets)
    for g in range(targets.size):
        a, b = indptr[g], indptr[g + 1]
        status, moves = _append(H, targets[g], sources[a:b], weights[a:b], moves)
        if status != OK:
            _undo_tails(H, targets, indptr, g, held)
            order.undo(H, moves)
            H[h.EV_USED], H[h.EVP_USED] = events, payload
            return np.int64(status)
    return np.int64(OK)


@helper
def _has_room_for_all(H, targets, indptr):
    """Ask for the room of all groups before the order is touched.

    A call that was undone and repeated would leave other labels than one that had room at once.
    """
    room, lists = np.int64(0), np.int64(0)
    for g in range(targets.size):
        to, k = slot_at(H, targets[g]), indptr[g + 1] - indptr[g]
        if to >= 0:
            room += block_room(H, to, k)
            lists += list_room(H, to, k)
    enough = has_room(H, 0, room, lists, 0, indptr[-1] - indptr[0])
    return has_events(H, targets.size) and enough


@helper
def _has_late_room_for_all(H, targets, indptr):
    """Ask for the room of all groups at once: room for each of them alone is not room for all."""
    room = np.int64(0)
    for g in range(targets.size):
        to = slot_at(H, targets[g])
        if to >= 0:
            room += late_room(H, to, indptr[g + 1] - indptr[g])
    enough = has_room(H, 0, 0, 0, room, indptr[-1] - indptr[0])
    return has_events(H, targets.size) and enough


@kernel(writes=("H",))
def add_delayed_groups(H, targets, indptr, sources, weights, flag):
    """:func:`add_delayed` for many targets; all or nothing.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    targets : int64 [n]
        Public ids, each once.
    indptr : int64 [n + 1]
        Target i receives ``sources[indptr[i]:indptr[i+1]]``.
    sources : int64 [m]
        Public ids.
    weights : float32 [m]
        Birth weights.
    flag : int64
        DELAYED or RECURRENT.

    Returns
    -------
    int64
        OK, or the status of the first target that failed (nothing changed).
    """
    if not _has_late_room_for_all(H, targets, indptr):
        return np.int64(NEED_SPACE)
    events, payload, used = H[h.EV_USED], H[h.EVP_USED], H[h.DPOOL_USED]
    held = np.zeros((targets.size, 2), np.int64)
    for g in range(targets.size if H[h.DNODE_CAP] > 0 else 0):
        slot = slot_at(H, targets[g])
        if slot >= 0:
            held[g, 0], held[g, 1] = h.get_dstart(H)[slot], h.get_dcap(H)[slot]
    for g in range(targets.size):
        a, b = indptr[g], indptr[g + 1]
        status = add_delayed(H, targets[g], sources[a:b], weights[a:b], flag)
        if status != OK:
            _undo_late(H, targets, indptr, g, held, used)
            H[h.EV_USED], H[h.EVP_USED] = events, payload
            return status
    return np.int64(OK)
