"""Rewiring: a node's in-edges give way to others at once, as when a question is asked anew."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes, order
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels.edges import check_sources
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
    NEED_SPACE,
    OK,
)


@helper
def lay(H, to, sources, weights, k, bias):
    """Give a slot the first k of these source slots; room and order are the caller's."""
    n = np.int64(h.get_length(H)[to])
    own_block(H, to, max(k - n, 0))
    w, stab, src, id_of = h.get_w(H), h.get_stab(H), h.get_src(H), h.get_id_of(H)
    at, sat = np.int64(h.get_start(H)[to]), np.int64(h.get_sstart(H)[to])
    record(H, codes.OP_REWIRE, id_of[to], 0, 0, 0, 0)
    record_birth(H, bias, h.get_p0(H)[to], h.get_p1(H)[to])
    for i in range(k):
        src[sat + i], w[at + i], stab[at + i] = sources[i], weights[i], 0
        record_parent(H, id_of[sources[i]], weights[i])
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
    status = check_sources(H, node, to, sources, next_epoch(H))
    if status != OK:
        return np.int64(status)
    more = max(sources.size - np.int64(h.get_length(H)[to]), 0)
    if not has_room(H, 0, block_room(H, to, more), list_room(H, to, more), 0, sources.size):
        return np.int64(NEED_SPACE)
    slots, moves = np.empty(sources.size, np.int64), order.no_moves()
    for i in range(sources.size):
        slots[i] = h.get_slot_of(H)[sources[i]]
        status, moves = order.fix(H, slots[i], to, moves)
        if status != OK:
            H[h.ERR_A], H[h.ERR_B] = sources[i], node
            order.undo(H, moves)
            return np.int64(status)
    lay(H, to, slots, weights, slots.size, bias)
    return np.int64(OK)


@kernel(writes=("H",))
def rewire_again(H, rows, biases, first, parents, weights):
    """Repeat rewirings of a log, one after another.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written. It does not record.
    rows : int64 [n, EV_WIDTH]
        Events of OP_REWIRE.
    biases : float32 [n]
        What they set.
    first : int64
        Where the pools below begin, in the log's.
    parents : int64 [m]
        Public ids.
    weights : float32 [m]
        Birth weights.

    Returns
    -------
    int64
        OK, or NEED_SPACE (nothing changed), or the status of the first that cannot be repeated.
    """
    room = 2 * (parents.size + rows.shape[0])
    if not has_room(H, 0, room, room, 0, 0):
        return np.int64(NEED_SPACE)
    for i in range(rows.shape[0]):
        a = rows[i, h.EV_OFFSET] - first
        b = a + rows[i, h.EV_COUNT]
        status = rewire(H, rows[i, h.EV_NODE], parents[a:b], weights[a:b], biases[i])
        if status != OK:
            return status
    return np.int64(OK)
