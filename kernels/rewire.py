"""Rewiring: a node's in-edges give way to others at once, as when a question is asked anew."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes, order
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels.room import (
    block_room,
    has_room,
    list_room,
    next_epoch,
    own_block,
    record,
    record_birth,
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
def _check_sources(H, node, to, sources):
    """OK if each source lives, is not the node itself and not named twice."""
    mark, epoch = h.get_mark(H), next_epoch(H)
    for i in range(sources.size):
        slot = slot_at(H, sources[i])
        if slot < 0:
            return DEAD_ID
        H[h.ERR_A], H[h.ERR_B] = sources[i], node
        if slot == to:
            return SELF_LOOP
        if mark[slot] == epoch:
            return DUPLICATE
        mark[slot] = epoch
    return OK


@helper
def lay(H, to, sources, weights, bias):
    """Give a slot the in-edges of these ids instead of its own; room and order are the caller's."""
    k, n = sources.size, np.int64(h.get_length(H)[to])
    own_block(H, to, max(k - n, 0))
    w, stab, src, slot_of = h.get_w(H), h.get_stab(H), h.get_src(H), h.get_slot_of(H)
    at, sat = np.int64(h.get_start(H)[to]), np.int64(h.get_sstart(H)[to])
    record(H, codes.OP_REWIRE, h.get_id_of(H)[to], 0, 0, 0, 0)
    record_birth(H, bias, h.get_p0(H)[to], h.get_p1(H)[to])
    for i in range(k):
        src[sat + i], w[at + i], stab[at + i] = slot_of[sources[i]], weights[i], 0
        record_parent(H, sources[i], weights[i])
    for i in range(k, n):  # what nobody owns is 0: equal graphs, equal bytes
        src[sat + i], w[at + i], stab[at + i] = 0, 0, 0
    h.get_length(H)[to] = k
    h.get_bias(H)[to] = bias
    H[h.N_EDGES] += k - n


@kernel(writes=("H",))
def rewire(H, node, sources, weights, bias):
    """Replace the undelayed in-edges and the bias of a node; a cycle is refused.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    node : int64
        Public id.
    sources : int64 [k]
        Public ids; none leaves the node without in-edges.
    weights : float32 [k]
        Birth weights.
    bias : float32

    Returns
    -------
    int64
        OK, or NEED_SPACE, DEAD_ID, BAD_TARGET, SELF_LOOP, DUPLICATE, CYCLE (nothing changed).
    """
    to = slot_at(H, node)
    if to < 0:
        return np.int64(DEAD_ID)
    H[h.ERR_B] = node
    if h.get_kind(H)[to] == codes.INPUT:
        return np.int64(BAD_TARGET)
    status = _check_sources(H, node, to, sources)
    if status != OK:
        return np.int64(status)
    more = max(sources.size - np.int64(h.get_length(H)[to]), 0)
    if not has_room(H, 0, block_room(H, to, more), list_room(H, to, more), 0, sources.size):
        return np.int64(NEED_SPACE)
    slot_of, moves = h.get_slot_of(H), order.no_moves()
    for i in range(sources.size):
        status, moves = order.fix(H, np.int64(slot_of[sources[i]]), to, moves)
        if status != OK:
            H[h.ERR_A], H[h.ERR_B] = sources[i], node
            order.undo(H, moves)
            return np.int64(status)
    lay(H, to, sources, weights, bias)
    return np.int64(OK)
