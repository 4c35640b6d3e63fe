"""Adding edges: one target or many, undelayed (order kept, cycles refused) or delayed."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes, order
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels.room import (
    has_events,
    has_room,
    own_block,
    record,
    record_parent,
    room_after,
    room_needed,
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
    mark, sstart, length, src = h.get_mark(H), h.get_sstart(H), h.get_length(H), h.get_src(H)
    H[h.MARK] += 1
    for e in range(sstart[to], sstart[to] + length[to]):
        mark[src[e]] = H[h.MARK]
    for i in range(sources.size):
        slot = slot_at(H, sources[i])
        if slot < 0:
            return DEAD_ID
        H[h.ERR_A], H[h.ERR_B] = sources[i], target
        if slot == to:
            return SELF_LOOP
        if mark[slot] == H[h.MARK]:
            return DUPLICATE
        mark[slot] = H[h.MARK]
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
    room = room_needed(H, to, sources.size)
    if not has_room(H, 0, room, room, 0, sources.size):
        return NEED_SPACE, moves
    slot_of = h.get_slot_of(H)
    for i in range(sources.size):
        status, moves = order.fix(H, np.int64(slot_of[sources[i]]), to, moves)
        if status != OK:
            H[h.ERR_A], H[h.ERR_B] = sources[i], target
            return status, moves
    own_block(H, to, sources.size)
    start, sstart, length = h.get_start(H), h.get_sstart(H), h.get_length(H)
    w, stab, src = h.get_w(H), h.get_stab(H), h.get_src(H)
    record(H, codes.OP_EDGE, target, 0, 0, -1, 0)
    for i in range(sources.size):
        at = length[to]
        src[sstart[to] + at] = slot_of[sources[i]]
        w[start[to] + at] = weights[i]
        stab[start[to] + at] = 0
        length[to] = at + 1
        record_parent(H, sources[i], weights[i])
    H[h.N_EDGES] += sources.size
    H[h.GROWN] += sources.size
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
    dstart, dlen, dcap, dsrc = h.get_dstart(H), h.get_dlen(H), h.get_dcap(H), h.get_dsrc(H)
    dw, dstab, dflag, mark = h.get_dw(H), h.get_dstab(H), h.get_dflag(H), h.get_mark(H)
    H[h.MARK] += 1
    for e in range(dstart[to], dstart[to] + dlen[to]):
        mark[dsrc[e]] = H[h.MARK]
    for i in range(sources.size):
        slot = slot_at(H, sources[i])
        if slot < 0:
            return np.int64(DEAD_ID)
        if mark[slot] == H[h.MARK]:
            H[h.ERR_A], H[h.ERR_B] = sources[i], target
            return np.int64(DUPLICATE)
        mark[slot] = H[h.MARK]
    n, k = np.int64(dlen[to]), sources.size
    room = room_after(n, k) if n + k > dcap[to] else np.int64(0)
    if not has_room(H, 0, 0, 0, room, k):
        return np.int64(NEED_SPACE)
    if room > 0:
        at = H[h.DPOOL_USED]
        for i in range(n):
            dsrc[at + i] = dsrc[dstart[to] + i]
            dw[at + i] = dw[dstart[to] + i]
            dstab[at + i] = dstab[dstart[to] + i]
            dflag[at + i] = dflag[dstart[to] + i]
        dstart[to], dcap[to] = at, room
        H[h.DPOOL_USED] += room
    record(H, codes.OP_EDGE, target, 0, 0, flag, 0)
    for i in range(k):
        at = dstart[to] + dlen[to]
        dsrc[at] = h.get_slot_of(H)[sources[i]]
        dw[at] = weights[i]
        dstab[at] = 0
        dflag[at] = flag
        dlen[to] += 1
        record_parent(H, sources[i], weights[i])
    H[h.N_DELAYED] += k
    return np.int64(OK)


@helper
def _undo_tails(H, targets, indptr, n, delayed):
    """Take back what the first n groups of a bulk call appended."""
    held = h.get_dlen(H) if delayed else h.get_length(H)
    for g in range(n):
        count = indptr[g + 1] - indptr[g]
        held[h.get_slot_of(H)[targets[g]]] -= count
        if delayed:
            H[h.N_DELAYED] -= count
        else:
            H[h.N_EDGES] -= count
            H[h.GROWN] -= count


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
    for g in range(targets.size):
        a, b = indptr[g], indptr[g + 1]
        status, moves = _append(H, targets[g], sources[a:b], weights[a:b], moves)
        if status != OK:
            _undo_tails(H, targets, indptr, g, False)
            order.undo(H, moves)
            H[h.EV_USED], H[h.EVP_USED] = events, payload
            return np.int64(status)
    return np.int64(OK)


@helper
def _has_room_for_all(H, targets, indptr):
    """Ask for the room of all groups before the order is touched.

    A call that was undone and repeated would leave other labels than one that had room at once.
    """
    room = np.int64(0)
    for g in range(targets.size):
        to = slot_at(H, targets[g])
        if to >= 0:
            room += room_needed(H, to, indptr[g + 1] - indptr[g])
    enough = has_room(H, 0, room, room, 0, indptr[-1] - indptr[0])
    return has_events(H, targets.size) and enough


@helper
def _want_rest(H, indptr, g):
    """Ask for room for all groups at once, so that a bulk call is repeated only a few times."""
    rest = (indptr[-1] - indptr[0]) * 2 + 4 * (indptr.size - 1)
    H[h.WANT_POOL] += rest
    H[h.WANT_SPOOL] += rest
    H[h.WANT_DPOOL] += rest
    H[h.WANT_EV] += indptr.size * H[h.RECORD]
    H[h.WANT_EVP] += (indptr[-1] - indptr[0]) * H[h.RECORD]


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
    events, payload = H[h.EV_USED], H[h.EVP_USED]
    for g in range(targets.size):
        a, b = indptr[g], indptr[g + 1]
        status = add_delayed(H, targets[g], sources[a:b], weights[a:b], flag)
        if status != OK:
            _undo_tails(H, targets, indptr, g, True)
            H[h.EV_USED], H[h.EVP_USED] = events, payload
            _want_rest(H, indptr, g)
            return status
    return np.int64(OK)
