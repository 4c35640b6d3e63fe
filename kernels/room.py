"""What every structural kernel needs: ids to slots, room checks, the event record, block room."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper

LAST_EPOCH = 2**31 - 1  # of the mark array, int32


@helper
def slot_at(H, node):
    """Slot of a public id, -1 if there is none; the id is noted in H[ERR_A]."""
    if node < 0 or node >= H[h.NEXT_ID]:
        H[h.ERR_A] = node
        return -1
    slot = np.int64(h.get_slot_of(H)[node])
    if slot < 0:
        H[h.ERR_A] = node
    return slot


@helper
def has_room(H, nodes, pool, spool, dpool, parents):
    """Check room for so many nodes, pool entries and (when recording) one event a node."""
    events = max(nodes, 1) if H[h.RECORD] else 0
    held = parents if H[h.RECORD] else 0
    H[h.WANT_NODES] = nodes
    H[h.WANT_POOL] = pool
    H[h.WANT_SPOOL] = spool
    H[h.WANT_DPOOL] = dpool
    H[h.WANT_EV] = events
    H[h.WANT_EVP] = held
    H[h.WANT_PATH] = 0
    return (
        H[h.N_SLOTS] + nodes <= H[h.NODE_CAP]
        and H[h.NEXT_ID] + nodes <= H[h.ID_CAP]
        and H[h.POOL_USED] + pool <= H[h.POOL_CAP]
        and H[h.SPOOL_USED] + spool <= H[h.SPOOL_CAP]
        and H[h.DPOOL_USED] + dpool <= H[h.DPOOL_CAP]
        and (dpool == 0 or H[h.DNODE_CAP] > 0)
        and (H[h.EV_USED] + events) * h.EV_WIDTH <= H[h.EV_CAP]
        and H[h.EVP_USED] + held <= H[h.EVP_CAP]
    )


@helper
def has_events(H, events):
    """Check room for so many events, when recording; asked after :func:`has_room`.

    At least one, as there: a call repeated for want of room must ask for what was wanted.
    """
    H[h.WANT_EV] = max(events, 1) * H[h.RECORD]
    return (H[h.EV_USED] + H[h.WANT_EV]) * h.EV_WIDTH <= H[h.EV_CAP]


@helper
def record(H, op, node, a, b, flag, code):
    """Append an event with the context's cause; its payload starts where the pools end now."""
    if not H[h.RECORD]:
        return
    ev, evf, ctx, ctxf = h.get_ev(H), h.get_evf(H), h.get_ctx(H), h.get_ctxf(H)
    at = H[h.EV_USED] * h.EV_WIDTH
    ev[at + h.EV_OP] = op
    ev[at + h.EV_NODE] = node
    ev[at + h.EV_A] = a
    ev[at + h.EV_B] = b
    ev[at + h.EV_OFFSET] = H[h.EVP_USED]
    ev[at + h.EV_COUNT] = 0
    ev[at + h.EV_FLAG] = flag
    ev[at + h.EV_CODE] = code
    evf[at : at + h.EVF_CTX] = 0
    for i in range(h.CTX_WIDTH):
        ev[at + h.EV_CTX + i] = ctx[i]
        evf[at + h.EVF_CTX + i] = ctxf[i]
    H[h.EV_USED] += 1


@helper
def record_parent(H, parent, weight):
    """Append a parent and its birth weight to the payload of the last event."""
    if not H[h.RECORD]:
        return
    at = H[h.EVP_USED]
    h.get_evp_id(H)[at] = parent
    h.get_evp_w(H)[at] = weight
    H[h.EVP_USED] += 1
    h.get_ev(H)[(H[h.EV_USED] - 1) * h.EV_WIDTH + h.EV_COUNT] += 1


@helper
def record_birth(H, bias, p0, p1):
    """Write the birth values of the last event's node."""
    if not H[h.RECORD]:
        return
    evf = h.get_evf(H)
    at = (H[h.EV_USED] - 1) * h.EV_WIDTH
    evf[at + h.EVF_BIAS] = bias
    evf[at + h.EVF_P0] = p0
    evf[at + h.EVF_P1] = p1


@helper
def own_block(H, slot, extra):
    """Make room for ``extra`` more edges in a block whose source list nobody shares.

    Pools have been checked. A shared list is copied; weights move only if they need more room.
    """
    start, sstart, cap = h.get_start(H), h.get_sstart(H), h.get_cap(H)
    flags = h.get_flags(H)
    n, room = np.int64(h.get_length(H)[slot]), block_room(H, slot, extra)
    if list_room(H, slot, extra) == 0:
        return
    if room > 0:
        w, stab, old, at = h.get_w(H), h.get_stab(H), np.int64(start[slot]), H[h.POOL_USED]
        for i in range(n):
            w[at + i], stab[at + i] = w[old + i], stab[old + i]
            w[old + i], stab[old + i] = 0, 0  # what nobody owns is 0: equal graphs, equal bytes
        for i in range(n, room):
            w[at + i], stab[at + i] = 0, 0
        H[h.GROWN] += n
        H[h.POOL_USED] += room
        start[slot], cap[slot] = at, room
    src, old, at = h.get_src(H), np.int64(sstart[slot]), H[h.SPOOL_USED]
    for i in range(n):
        src[at + i] = src[old + i]
    for i in range(n, cap[slot]):
        src[at + i] = 0
    sstart[slot] = at
    flags[slot] &= ~np.uint8(codes.SHARED)
    H[h.SPOOL_USED] += cap[slot]


@helper
def room_after(n, extra):
    """Room of a block that moves: 1.5 times what it must hold; the first edges fit exactly."""
    return (n + extra) * 3 // 2 + 2 if n > 0 else np.int64(extra)


@helper
def block_room(H, slot, extra):
    """Entries of w and stab that :func:`own_block` takes: none if the block has room."""
    n = np.int64(h.get_length(H)[slot])
    return room_after(n, extra) if n + extra > h.get_cap(H)[slot] else np.int64(0)


@helper
def list_room(H, slot, extra):
    """Entries of src that :func:`own_block` takes: a new list if the block moves or shares."""
    room = block_room(H, slot, extra)
    if room == 0 and h.get_flags(H)[slot] & codes.SHARED:
        return np.int64(h.get_cap(H)[slot])
    return room


@helper
def next_epoch(H):
    """A value that no entry of mark has."""
    if H[h.MARK] >= LAST_EPOCH:
        mark = h.get_mark(H)
        for i in range(mark.size):  # slots to come were marked, too
            mark[i] = 0
        H[h.MARK] = 0
    H[h.MARK] += 1
    return H[h.MARK]


@helper
def find_edge(H, u, v):
    """Place of source slot u in v's block, -1 if it is not there."""
    sstart, src = h.get_sstart(H)[v], h.get_src(H)
    for i in range(h.get_length(H)[v]):
        if src[sstart + i] == u:
            return i
    return -1


@helper
def find_delayed(H, u, v):
    """Place of source slot u in v's delayed block, -1 if it is not there."""
    dsrc = h.get_dsrc(H)
    for i in range(late_count(H, v)):
        if dsrc[h.get_dstart(H)[v] + i] == u:
            return i
    return -1


@helper
def late_count(H, slot):
    """Number of a node's delayed edges; their arrays are there only if the graph has any."""
    return np.int64(h.get_dlen(H)[slot]) if H[h.DNODE_CAP] > 0 else np.int64(0)


@helper
def late_room(H, slot, extra):
    """Entries of the pool of delayed edges that a block takes to hold so many more."""
    n = late_count(H, slot)
    cap = np.int64(h.get_dcap(H)[slot]) if H[h.DNODE_CAP] > 0 else np.int64(0)
    return room_after(n, extra) if n + extra > cap else np.int64(0)
