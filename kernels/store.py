"""Adding nodes: singly, in bulk, in bundles, on an edge; each told to the event buffer.

Slack CSR: a node's in-edge block is ``w, stab [start : start+length]`` with its sources at
``src [sstart : sstart+length]``; bundles share one source list. A block that outgrows its room
moves to the end of the pool with 1.5 times the room. Each kernel first checks ids and room, then
writes: when it returns anything but OK (or an id), nothing a user can see has changed.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes, order
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels.room import (
    find_edge,
    has_room,
    own_block,
    record,
    record_birth,
    record_parent,
    room_needed,
    slot_at,
)
from growgraph.kernels.status import (
    DEAD_ID,
    DUPLICATE,
    NEED_SPACE,
    NO_EDGE,
    OK,
)


@helper
def _new_slot(H, kind, act, role, bias, p0, p1):
    """Take the next slot and id, with an empty block; the order list is the caller's."""
    slot, node = H[h.N_SLOTS], H[h.NEXT_ID]
    h.get_kind(H)[slot] = kind
    h.get_act(H)[slot] = act
    h.get_role(H)[slot] = role
    h.get_flags(H)[slot] = 0
    h.get_bias(H)[slot] = bias
    h.get_p0(H)[slot] = p0
    h.get_p1(H)[slot] = p1
    h.get_alive(H)[slot] = 1
    h.get_mark(H)[slot] = 0
    h.get_start(H)[slot] = H[h.POOL_USED]
    h.get_sstart(H)[slot] = H[h.SPOOL_USED]
    h.get_length(H)[slot] = 0
    h.get_cap(H)[slot] = 0
    h.get_dstart(H)[slot] = H[h.DPOOL_USED]
    h.get_dlen(H)[slot] = 0
    h.get_dcap(H)[slot] = 0
    h.get_id_of(H)[slot] = node
    h.get_slot_of(H)[node] = slot
    H[h.N_SLOTS] += 1
    H[h.NEXT_ID] += 1
    H[h.N_ALIVE] += 1
    return slot


@helper
def _check_parents(H, parents, limit):
    """OK if all parents are living or about to be born (< limit) and none is named twice."""
    slot_of, mark = h.get_slot_of(H), h.get_mark(H)
    H[h.MARK] += 1
    for i in range(parents.size):
        parent = parents[i]
        if parent < 0 or parent >= limit:
            H[h.ERR_A] = parent
            return DEAD_ID
        if parent >= H[h.NEXT_ID]:  # born in this very call: duplicates are looked for pairwise
            for j in range(i):
                if parents[j] == parent:
                    H[h.ERR_A], H[h.ERR_B] = parent, limit
                    return DUPLICATE
            continue
        slot = slot_of[parent]
        if slot < 0:
            H[h.ERR_A] = parent
            return DEAD_ID
        if mark[slot] == H[h.MARK]:
            H[h.ERR_A], H[h.ERR_B] = parent, limit
            return DUPLICATE
        mark[slot] = H[h.MARK]
    return OK


@helper
def _fill_block(H, slot, parents, weights, latest_before, sibling):
    """Give a new node an exact-fit block at the end of the pools and list it after its parents.

    A node with the same latest parent as its elder ``sibling`` of the same call stands behind
    that sibling, so that siblings stay in the order they were named in (the log holds a node's
    number within its call, for replay). Returns the latest parent.
    """
    slot_of, label = h.get_slot_of(H), h.get_label(H)
    w, stab, src = h.get_w(H), h.get_stab(H), h.get_src(H)
    at, sat = H[h.POOL_USED], H[h.SPOOL_USED]
    latest = np.int64(-1)
    for i in range(parents.size):
        parent = np.int64(slot_of[parents[i]])
        src[sat + i] = parent
        w[at + i] = weights[i]
        stab[at + i] = 0
        if latest < 0 or label[parent] > label[latest]:
            latest = parent
        record_parent(H, parents[i], weights[i])
    h.get_start(H)[slot] = at
    h.get_sstart(H)[slot] = sat
    h.get_length(H)[slot] = parents.size
    h.get_cap(H)[slot] = parents.size
    H[h.POOL_USED] += parents.size
    H[h.SPOOL_USED] += parents.size
    H[h.N_EDGES] += parents.size
    H[h.GROWN] += parents.size
    if latest < 0:
        order.splice(H, slot, H[h.TAIL], 0)
    else:
        order.splice(H, slot, sibling if latest == latest_before else latest, 0)
    return latest


@kernel(writes=("H",))
def add_nodes(H, kind, act, role, bias, p0, p1, indptr, parents, weights):
    """Append n nodes of one kind, each with its own in-edges.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    kind, act, role : int64
        Codes of :mod:`growgraph.kernels.codes`.
    bias, p0, p1 : float32 [n]
        Parameters of each node.
    indptr : int64 [n + 1]
        Node i has the parents ``parents[indptr[i]:indptr[i+1]]``.
    parents : int64 [m]
        Public ids; node i may name earlier nodes of the same call, whose ids run on from
        ``H[NEXT_ID]``.
    weights : float32 [m]
        Birth weights.

    Returns
    -------
    int64
        The id of the first new node, or NEED_SPACE, DEAD_ID, DUPLICATE (nothing changed).
    """
    n, first = bias.size, H[h.NEXT_ID]
    if not has_room(H, n, parents.size, parents.size, 0, parents.size):
        return np.int64(NEED_SPACE)
    for i in range(n):
        status = _check_parents(H, parents[indptr[i] : indptr[i + 1]], first + i)
        if status != OK:
            return np.int64(status)
    latest, sibling = np.int64(-1), np.int64(-1)
    for i in range(n):
        slot = _new_slot(H, kind, act, role, bias[i], p0[i], p1[i])
        record(H, codes.OP_NODE, first + i, kind, act, role, i)
        record_birth(H, bias[i], p0[i], p1[i])
        a, b = indptr[i], indptr[i + 1]
        latest = _fill_block(H, slot, parents[a:b], weights[a:b], latest, sibling)
        sibling = slot
    return first


@kernel(writes=("H",))
def add_bundle(H, kind, act, role, bias, p0, p1, parents, weights):
    """Append n nodes that share one source list (4 bytes an edge less, one dense block).

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    kind, act, role : int64
        Codes of :mod:`growgraph.kernels.codes`.
    bias, p0, p1 : float32 [n]
        Parameters of each node.
    parents : int64 [k]
        Public ids of the shared sources, k >= 1.
    weights : float32 [n, k]
        Birth weights.

    Returns
    -------
    int64
        The id of the first new node, or NEED_SPACE, DEAD_ID, DUPLICATE (nothing changed).
    """
    n, k, first = bias.size, parents.size, H[h.NEXT_ID]
    # each node writes its list behind the shared one before it gives it back
    if not has_room(H, n, n * k, min(n, 2) * k, 0, n * k):
        return np.int64(NEED_SPACE)
    status = _check_parents(H, parents, first)
    if status != OK:
        return np.int64(status)
    sstart, flags = h.get_sstart(H), h.get_flags(H)
    shared = H[h.SPOOL_USED]
    latest, sibling = np.int64(-1), np.int64(-1)
    for i in range(n):
        slot = _new_slot(H, kind, act, role, bias[i], p0[i], p1[i])
        record(H, codes.OP_NODE, first + i, kind, act, role, i)
        record_birth(H, bias[i], p0[i], p1[i])
        latest = _fill_block(H, slot, parents, weights[i], latest, sibling)
        sibling = slot
        if n > 1:
            flags[slot] |= codes.SHARED
            if i > 0:  # the list just written is the first node's again: give it back
                sstart[slot] = shared
                H[h.SPOOL_USED] -= k
    return first


@kernel(writes=("H",))
def split_edge(H, source, target, kind, act, bias, w_in, w_out):
    """Put a new hidden node on an edge: source -> new -> target, in the edge's place.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    source, target : int64
        Public ids of an existing undelayed edge.
    kind, act : int64
        Codes of the new node.
    bias, w_in, w_out : float32
        Its bias, the weight source -> new and the weight new -> target.

    Returns
    -------
    int64
        The new id, or NEED_SPACE, DEAD_ID, NO_EDGE (nothing changed).
    """
    u, v = slot_at(H, source), slot_at(H, target)
    if u < 0 or v < 0:
        return np.int64(DEAD_ID)
    at = find_edge(H, u, v)
    H[h.ERR_A], H[h.ERR_B] = source, target
    if at < 0:
        return np.int64(NO_EDGE)
    room = room_needed(H, v, 0)
    if not has_room(H, 1, room + 1, room + 1, 0, 2):
        return np.int64(NEED_SPACE)
    own_block(H, v, 0)
    node = H[h.NEXT_ID]
    slot = _new_slot(H, kind, act, codes.ROLE_HIDDEN, bias, np.float32(0), np.float32(0))
    record(H, codes.OP_SPLIT, node, source, target, kind, act)
    record_birth(H, bias, np.float32(0), np.float32(0))
    record_parent(H, target, w_out)
    one, weight = np.empty(1, np.int64), np.empty(1, np.float32)
    one[0], weight[0] = source, w_in
    _fill_block(H, slot, one, weight, np.int64(-1), np.int64(-1))
    h.get_src(H)[h.get_sstart(H)[v] + at] = slot
    h.get_w(H)[h.get_start(H)[v] + at] = w_out
    h.get_stab(H)[h.get_start(H)[v] + at] = 0
    return node
