"""Adding nodes: singly, in bulk, on an edge; each told to the event buffer.

Slack CSR: a node's in-edge block is ``w, stab [start : start+length]`` with its sources at
``src [sstart : sstart+length]``. Nodes that read the same share one list (flag SHARED): four such
nodes that follow each other in the order are a dense block, and cost 4 bytes an edge less. A block
that outgrows its room moves to the end of the pool with 1.5 times the room. Each kernel first
checks ids and room, then writes: when it returns anything but OK (or an id), nothing a user can
see has changed.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes, order
from growgraph.kernels._jit import helper, inlined, kernel
from growgraph.kernels._simd import bare
from growgraph.kernels.room import (
    block_room,
    find_edge,
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
    DEAD_ID,
    DUPLICATE,
    NEED_SPACE,
    NO_EDGE,
    OK,
)


@inlined
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
    if H[h.DNODE_CAP] > 0:
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
def _seek_parents(H, parents, limit, at):
    """Write the slots of parents to src[at:], where no list is yet.

    OK if all are living or about to be born in this call (id < limit) and none is named twice.
    """
    slot_of, mark, epoch, next_id = h.get_slot_of(H), h.get_mark(H), next_epoch(H), H[h.NEXT_ID]
    into = h.get_src(H)[at : at + parents.size]
    for i in range(np.uint64(parents.size)):
        parent = parents[i]
        if parent < 0 or parent >= limit:
            H[h.ERR_A] = parent
            return DEAD_ID
        if parent < next_id:
            slot = np.int64(slot_of[np.uint64(parent)])
        else:
            slot = H[h.N_SLOTS] + (parent - next_id)
        if slot < 0:
            H[h.ERR_A] = parent
            return DEAD_ID
        if mark[np.uint64(slot)] == epoch:
            H[h.ERR_A], H[h.ERR_B] = parent, limit
            return DUPLICATE
        mark[np.uint64(slot)] = epoch
        into[i] = slot
    return OK


@inlined
def _part(indptr, parents, i):
    """Where the parents of node i begin and end."""
    if indptr.size == 0:
        return np.int64(0), np.int64(parents.size)
    return indptr[i], indptr[i + 1]


@inlined
def _as_elder(indptr, parents, i):
    """True if node i of a call reads just what the one before it reads."""
    if i == 0 or indptr.size == 0:
        return i > 0
    a, b, c = indptr[i - 1], indptr[i], indptr[i + 1]
    if c - b != b - a:
        return False
    for j in range(b - a):
        if parents[a + j] != parents[b + j]:
            return False
    return True


@helper
def _latest(H, at, n):
    """The slot of src[at:at+n] that stands last in the order, -1 for none."""
    label, bound, latest = h.get_label(H), np.int64(-1), np.uint64(0)
    sources = h.get_src(H)[at : at + n]
    for i in range(np.uint64(n)):
        source = np.uint64(sources[i])
        if label[source] > bound:
            latest, bound = source, label[source]
    return np.int64(latest) if bound >= 0 else np.int64(-1)


@helper
def _fill_pool(H, weights):
    """Write the weights of new blocks, which fit exactly, behind those that are there."""
    at, n = H[h.POOL_USED], np.uint64(weights.size)
    w, stab = h.get_w(H)[at : at + weights.size], h.get_stab(H)[at : at + weights.size]
    for i in range(n):
        w[i] = weights[i]
    for i in range(n):
        stab[i] = 0


@inlined
def _give_block(H, slot, list_at, n):
    """Give a new node the next block of the pool, which holds its weights, and its source list."""
    at = H[h.POOL_USED]
    h.get_start(H)[slot], h.get_sstart(H)[slot] = at, list_at
    h.get_length(H)[slot], h.get_cap(H)[slot] = n, n
    H[h.POOL_USED] += n
    H[h.N_EDGES] += n


@inlined
def _list_behind(H, slot, before):
    """Enter a new node in the order list behind ``before``, at its end for -1."""
    if before < 0:
        before = H[h.TAIL]
    elif before != H[h.TAIL]:
        H[h.GROWN] += h.get_length(H)[slot]
    order.splice(H, slot, before, 0)


@inlined
def _later(H, elder, latest):
    """Of two slots that may be -1 the one that stands later; -1 (the end) without a parent."""
    if elder < 0 or latest < 0:
        return latest
    return elder if h.get_label(H)[elder] > h.get_label(H)[latest] else latest


@helper
def _share_with_next(H, slot):
    """Give the source list just written back if the next node in the order reads the same."""
    sstart, length, flags, src = h.get_sstart(H), h.get_length(H), h.get_flags(H), h.get_src(H)
    n, other = np.int64(length[slot]), np.int64(h.get_nxt(H)[slot])
    if other < 0 or n == 0 or length[other] != n:
        return
    a, b = np.int64(sstart[slot]), np.int64(sstart[other])
    for i in range(n):
        if src[a + i] != src[b + i]:
            return
    sstart[slot] = b
    flags[slot] |= np.uint8(codes.SHARED)
    flags[other] |= np.uint8(codes.SHARED)
    H[h.SPOOL_USED] -= n


@kernel(writes=("H",))
def add_nodes(H, kind, act, role, bias, p0, p1, indptr, parents, weights):
    """Append n nodes of one kind; one that reads what its elder reads shares its source list.

    A node stands behind its latest parent and behind its elder of the same call, so that siblings
    stay in the order they were named in: their blocks are then read in the order they lie in, and
    replay needs no more than a node's number within its call, which the log holds. A node added
    alone may share the list of the node it comes to stand before.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the store behind it is written.
    kind, act, role : int64
        Codes of :mod:`growgraph.kernels.codes`.
    bias, p0, p1 : float32 [n]
        Parameters of each node.
    indptr : int64 [n + 1] or [0]
        Node i has the parents ``parents[indptr[i]:indptr[i+1]]``; empty: each has them all.
    parents : int64 [m]
        Public ids; node i may name earlier nodes of the same call, whose ids run on from
        ``H[NEXT_ID]``.
    weights : float32 [m], or [n m] without indptr
        Birth weights, node after node.

    Returns
    -------
    int64
        The id of the first new node, or NEED_SPACE, DEAD_ID, DUPLICATE (nothing changed).
    """
    indptr, parents, weights = bare(indptr), bare(parents), bare(weights)
    n, first, lists = bias.size, H[h.NEXT_ID], np.int64(0)
    for i in range(n):
        a, b = _part(indptr, parents, i)
        lists += np.int64(0) if _as_elder(indptr, parents, i) else b - a
    if not has_room(H, n, weights.size, lists, 0, weights.size):
        return np.int64(NEED_SPACE)
    list_at = H[h.SPOOL_USED]
    for i in range(n):
        if not _as_elder(indptr, parents, i):
            a, b = _part(indptr, parents, i)
            status = _seek_parents(H, parents[a:b], first + i, list_at)
            if status != OK:
                return np.int64(status)
            list_at += b - a
    _fill_pool(H, weights)
    at, list_at, latest, elder = np.int64(0), H[h.SPOOL_USED], np.int64(-1), np.int64(-1)
    for i in range(n):
        slot = _new_slot(H, kind, act, role, bias[i], p0[i], p1[i])
        record(H, codes.OP_NODE, first + i, kind, act, role, i)
        record_birth(H, bias[i], p0[i], p1[i])
        a, b = _part(indptr, parents, i)
        if not _as_elder(indptr, parents, i):
            list_at = H[h.SPOOL_USED]
            H[h.SPOOL_USED] += b - a
            latest = _latest(H, list_at, b - a)
        elif b > a:
            h.get_flags(H)[elder] |= np.uint8(codes.SHARED)
            h.get_flags(H)[slot] |= np.uint8(codes.SHARED)
        _give_block(H, slot, list_at, b - a)
        for e in range(b - a if H[h.RECORD] else 0):
            record_parent(H, parents[a + e], weights[at + e])
        _list_behind(H, slot, _later(H, elder, latest))
        elder, at = slot, at + b - a
    if n == 1:
        _share_with_next(H, elder)
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
    if not has_room(H, 1, block_room(H, v, 0) + 1, list_room(H, v, 0) + 1, 0, 2):
        return np.int64(NEED_SPACE)
    own_block(H, v, 0)
    node = H[h.NEXT_ID]
    slot = _new_slot(H, kind, act, codes.ROLE_HIDDEN, bias, np.float32(0), np.float32(0))
    record(H, codes.OP_SPLIT, node, source, target, kind, act)
    record_birth(H, bias, np.float32(0), np.float32(0))
    record_parent(H, target, w_out)
    record_parent(H, source, w_in)
    h.get_src(H)[H[h.SPOOL_USED]] = u
    h.get_w(H)[H[h.POOL_USED]], h.get_stab(H)[H[h.POOL_USED]] = w_in, 0
    _give_block(H, slot, H[h.SPOOL_USED], 1)
    H[h.SPOOL_USED] += 1
    _list_behind(H, slot, u)
    h.get_src(H)[h.get_sstart(H)[v] + at] = slot
    h.get_w(H)[h.get_start(H)[v] + at] = w_out
    h.get_stab(H)[h.get_start(H)[v] + at] = 0
    return node
