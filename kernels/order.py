"""Linked topological order: splice, one-sided repair of an edge that goes backwards, labels.

Labels increase strictly along the list. Splicing takes the midpoint of two labels; where no gap
is left the smallest thin enough range is spread out again (Bender, Cole, Demaine, Farach-Colton,
Zito 2002, "Two simplified algorithms for maintaining order in a list": amortised O(log n)).
A backward edge u -> v is repaired by moving the ancestors of u that stand behind v (Pearce and
Kelly 2006, one-sided; searched over in-edges, so no out-mirror is needed).
``H[ORDER_WORK]`` counts every node touched.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels.room import next_epoch
from growgraph.kernels.status import CYCLE, NEED_SPACE, OK

GAP = 1 << 32
_FEW = 32  # ancestors for which a search has room at first
_TOP = 62  # labels stay below 2**62
_THIN = 1.5  # a range of 2**i labels may hold (2 / _THIN)**i nodes


@helper
def unlink(H, slot):
    """Take a slot out of the list."""
    nxt, prv = h.get_nxt(H), h.get_prv(H)
    before, after = prv[slot], nxt[slot]
    if before >= 0:
        nxt[before] = after
    else:
        H[h.HEAD] = after
    if after >= 0:
        prv[after] = before
    else:
        H[h.TAIL] = before


@helper
def _link(H, slot, before):
    """Put a slot behind ``before`` (-1: in front of all), without a label."""
    nxt, prv = h.get_nxt(H), h.get_prv(H)
    after = H[h.HEAD] if before < 0 else np.int64(nxt[before])
    nxt[slot] = after
    prv[slot] = before
    if before >= 0:
        nxt[before] = slot
    else:
        H[h.HEAD] = slot
    if after >= 0:
        prv[after] = slot
    else:
        H[h.TAIL] = slot


@helper
def _spread(H, slot):
    """Relabel the smallest thin enough range around a listed slot that has its label."""
    nxt, prv, label = h.get_nxt(H), h.get_prv(H), h.get_label(H)
    first = last = np.int64(slot)
    count = 1
    room = 1.0
    for i in range(1, _TOP + 1):
        size = np.int64(1) << i
        low = label[slot] & ~(size - 1)
        while prv[first] >= 0 and label[prv[first]] >= low:
            first = np.int64(prv[first])
            count += 1
        while nxt[last] >= 0 and label[nxt[last]] < low + size:
            last = np.int64(nxt[last])
            count += 1
        room *= 2.0 / _THIN
        # two labels of distance >= 2 per node leave room for the next splice
        if (count < room and size >= 4 * count) or i == _TOP:
            step = size // (count + 1)
            at = low + step
            node = first
            for _ in range(count):
                label[node] = at
                at += step
                node = np.int64(nxt[node])
            H[h.ORDER_WORK] += 2 * count
            return


@helper
def splice(H, slot, before, more):
    """Put an unlisted slot right behind ``before`` (-1: in front of all) and label it.

    ``more`` slots will follow behind it: the gap is shared out evenly among them all.
    """
    nxt, label = h.get_nxt(H), h.get_label(H)
    after = H[h.HEAD] if before < 0 else np.int64(nxt[before])
    if before >= 0 and after >= 0 and label[after] - label[before] < 2:
        _spread(H, before)
    if before < 0 and after >= 0 and label[after] < 2:
        _spread(H, after)
    if before < 0 and after < 0:
        label[slot] = np.int64(1) << (_TOP - 1)
    elif before < 0:
        label[slot] = label[after] - min(GAP, label[after] - label[after] // 2)
    elif after < 0:
        limit = np.int64(1) << _TOP
        if limit - label[before] < 2:
            _spread(H, before)
        label[slot] = label[before] + min(GAP, (limit - label[before]) // 2)
    else:
        label[slot] = label[before] + max((label[after] - label[before]) // (more + 2), 1)
    _link(H, slot, before)
    H[h.ORDER_WORK] += 1


@helper
def _ancestors_behind(H, u, v):
    """Find u and its ancestors that stand behind v, in temporary arrays.

    Returns their number, their slots, and for each the place of the node that led to it. If v is
    among them it is the last, and the number is negative.
    """
    length, sstart, src = h.get_length(H), h.get_sstart(H), h.get_src(H)
    label, mark, epoch = h.get_label(H), h.get_mark(H), next_epoch(H)
    found, via = np.empty(_FEW, np.int32), np.empty(_FEW, np.int32)
    floor = label[v]
    mark[u] = epoch
    found[0], via[0] = u, -1
    count, done = 1, 0
    while done < count:
        node = np.int64(found[done])
        first = np.int64(sstart[node])
        for e in range(first, first + length[node]):
            parent = np.int64(src[e])
            if label[parent] < floor or mark[parent] == epoch:
                continue
            mark[parent] = epoch
            if count == found.size:
                found, via = _larger(found), _larger(via)
            found[count], via[count] = parent, done
            count += 1
            if parent == v:
                return -count, found, via
        done += 1
    H[h.ORDER_WORK] += count
    return count, found, via


@helper
def _larger(held):
    """A copy with room for four times as many."""
    larger = np.empty(4 * held.size, np.int32)
    for i in range(held.size):
        larger[i] = held[i]
    return larger


@helper
def _tell_path(H, found, via, last):
    """Write the way v ... u that the search found into path: CYCLE, or NEED_SPACE for it."""
    n, at = 0, last
    while at >= 0:
        at = np.int64(via[at])
        n += 1
    H[h.ERR_N] = n
    if n > H[h.PATH_CAP]:
        H[h.WANT_PATH] = n
        return NEED_SPACE
    path, at = h.get_path(H), last
    for i in range(n):
        path[i] = found[at]
        at = np.int64(via[at])
    return CYCLE


@helper
def _sort_by_label(slots, label, count):
    """Heapsort of slots[:count] by label (the library's sort costs 1.5 s to compile)."""
    for end in range(count - 1, 0, -1):
        first = (count - 2) // 2 if end == count - 1 else 0
        if end < count - 1:
            slots[0], slots[end + 1] = slots[end + 1], slots[0]
        for top in range(first, -1, -1):
            _sift(slots, label, top, end)
    if count > 1:
        slots[0], slots[1] = slots[1], slots[0]


@helper
def _sift(slots, label, root, end):
    """Let slots[root] sink in the heap slots[:end+1]."""
    while 2 * root + 1 <= end:
        child = 2 * root + 1
        if child < end and label[slots[child]] < label[slots[child + 1]]:
            child += 1
        if label[slots[root]] >= label[slots[child]]:
            return
        slots[root], slots[child] = slots[child], slots[root]
        root = child


@helper
def no_moves():
    """An empty list of moves for :func:`fix`: entry 0 is the place of the next note."""
    moves = np.empty(31, np.int64)
    moves[0] = 1
    return moves


@helper
def fix(H, u, v, moves):
    """Make the order obey an edge u -> v of slots: move what u needs to just before v.

    Returns OK, or CYCLE with the way v ... u in path[:H[ERR_N]] (NEED_SPACE, if it is longer) and
    the order unchanged; and ``moves``, perhaps in a larger array, in which each move is noted for
    :func:`undo`.
    """
    label, prv = h.get_label(H), h.get_prv(H)
    if label[u] < label[v]:
        return OK, moves
    count, found, via = _ancestors_behind(H, u, v)
    if count < 0:
        return _tell_path(H, found, via, -count - 1), moves
    _sort_by_label(found, label, count)
    at = moves[0]
    if at + 3 * count > moves.size:
        larger = np.empty(2 * (at + 3 * count), np.int64)
        for i in range(at):
            larger[i] = moves[i]
        moves = larger
    for i in range(count):
        slot = np.int64(found[i])
        moves[at], moves[at + 1], moves[at + 2] = slot, prv[slot], label[slot]
        at += 3
        unlink(H, slot)
        splice(H, slot, np.int64(prv[v]), count - 1 - i)
    moves[0] = at
    return OK, moves


@helper
def undo(H, moves):
    """Put what :func:`fix` moved back where it stood, last move first.

    Labels are the old ones too, unless a relabelling came between.
    """
    label, nxt = h.get_label(H), h.get_nxt(H)
    for at in range(moves[0] - 3, 0, -3):
        slot, before, old = moves[at], moves[at + 1], moves[at + 2]
        unlink(H, slot)
        after = H[h.HEAD] if before < 0 else np.int64(nxt[before])
        fits = (before < 0 or label[before] < old) and (after < 0 or old < label[after])
        if fits:
            label[slot] = old
            _link(H, slot, before)
        else:
            splice(H, slot, before, 0)


@kernel(writes=("out",))
def listing(H, out):
    """Write the slots in list order.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    out : int64 [N_ALIVE]
        Written.

    Returns
    -------
    int64
        OK.
    """
    nxt, slot = h.get_nxt(H), H[h.HEAD]
    for i in range(out.size):
        out[i] = slot
        slot = np.int64(nxt[slot])
    return OK


@kernel()
def skip_inputs(H):
    """Find the first slot of the list that a sweep computes: no input without an activation.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.

    Returns
    -------
    int64
        The slot, or the last of the list if it is inputs throughout; -1 if the list is empty.
    """
    kind, act, nxt, slot = h.get_kind(H), h.get_act(H), h.get_nxt(H), H[h.HEAD]
    while slot >= 0 and kind[slot] == codes.INPUT and act[slot] == codes.IDENTITY:
        if nxt[slot] < 0:
            return slot
        slot = np.int64(nxt[slot])
    return slot
