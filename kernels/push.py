"""Event-driven forward of one sample: active nodes push their values to those that read them.

``single.forward_one`` reads every edge. Where few nodes are active it is cheaper to start from
these: the out-mirror lists for each node the edges it feeds, so that only edges of active nodes
are touched. It names the place of an edge in the store's ``w`` and holds no weights of its own:
what is learnt between two calls is seen by the next.

The mirror is numbered by rank, a node's place in the order list, and holds for one structure of the
store. Only edges into SUM nodes are in it; nodes of other kinds pull as they always do.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels._simd import at, bare, fma
from growgraph.kernels.activation import activate
from growgraph.kernels.propagate import sweep
from growgraph.kernels.status import OK

_ZERO = np.float32(0)
_ONE = np.uint64(1)
_BLOCK = np.uint64(16)  # ranks that are passed over at once if all are silent
_INF = np.float32(np.inf)
_BELOW_ZERO = np.float32(-1e-45)  # the largest number below 0


@helper
def silence(kind, act):
    """(least, most): a node whose sum lies between them is exactly 0; least > most: never known."""
    if kind != codes.SUM and kind != codes.INPUT:
        return _INF, -_INF
    if act == codes.RELU:
        return -_INF, _ZERO
    if act == codes.STEP:
        return -_INF, _BELOW_ZERO
    if (
        act == codes.SIGMOID or act == codes.SOFTPLUS or act == codes.GAUSS or act == codes.HAT
        or act == codes.EXP or act == codes.LOG or act == codes.SIGN or act == codes.CLIP
    ):  # fmt: skip
        return _INF, -_INF  # not 0 at 0, or not for all parameters
    return _ZERO, _ZERO


@kernel(writes=("slot_at", "rank_of", "quiet", "out_start"))
def rank_nodes(H, slot_at, rank_of, quiet, out_start):
    """out_start[r] = edges into SUM nodes from nodes of rank 0 to r: where r's out-edges end.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    slot_at : uint32 [N_ALIVE]
        Slot of each rank, written.
    rank_of : uint32 [N_SLOTS]
        Rank of each living slot, written.
    quiet : float32 [2, N_ALIVE]
        Least and most sum with which the node is 0 for certain, written.
    out_start : int64 [N_ALIVE + 1]
        In: zeros. Out: as said; the last is the number of edges.

    Returns
    -------
    int64
        OK.
    """
    slot_at, rank_of, out_start = bare(slot_at), bare(rank_of), bare(out_start)
    nxt, kind, act = h.get_nxt(H), h.get_kind(H), h.get_act(H)
    length, sstart, src = h.get_length(H), h.get_sstart(H), h.get_src(H)
    node, rank = H[h.HEAD], np.uint64(0)
    while node >= 0:
        i = np.uint64(node)
        slot_at[rank], rank_of[i] = i, rank
        quiet[0, rank], quiet[1, rank] = silence(kind[i], act[i])
        if kind[i] == codes.SUM:
            s = np.uint64(sstart[i])
            for e in range(s, s + np.uint64(length[i])):
                out_start[at(rank_of, at(src, e))] += 1  # a source has its rank already
        rank += _ONE
        node = np.int64(nxt[i])
    for r in range(rank):
        out_start[r + _ONE] += out_start[r]
    return OK


@kernel(writes=("out_start", "out_target", "out_place"))
def list_readers(H, slot_at, rank_of, out_start, out_target, out_place):
    """The out-edges of rank r, ascending by target: entries out_start[r] to out_start[r + 1].

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    slot_at : uint32 [N_ALIVE]
        Slot of each rank.
    rank_of : uint32 [N_SLOTS]
        Rank of each living slot.
    out_start : int64 [N_ALIVE + 1]
        In: where each rank's edges end. Out: where they begin.
    out_target : uint32 [edges]
        Rank of the node that reads, written.
    out_place : uint32 or uint64 [edges]
        Where the edge lies in the store's w, written.

    Returns
    -------
    int64
        OK.
    """
    slot_at, rank_of, out_start = bare(slot_at), bare(rank_of), bare(out_start)
    out_target, out_place = bare(out_target), bare(out_place)
    kind, length, start = h.get_kind(H), h.get_length(H), h.get_start(H)
    sstart, src = h.get_sstart(H), h.get_src(H)
    rank = np.uint64(slot_at.size)
    while rank > 0:  # from the back, as each source's edges are filled from their end
        rank -= _ONE
        i = np.uint64(slot_at[rank])
        if kind[i] != codes.SUM:
            continue
        a, s = np.uint64(start[i]), np.uint64(sstart[i])
        for e in range(np.uint64(length[i])):
            source = at(rank_of, at(src, s + e))
            out_start[source] -= 1
            to = np.uint64(out_start[source])
            out_target[to], out_place[to] = rank, a + e
    return OK


@helper
def _all_silent(total, least, most, first, end):
    """True if the sums from ``first`` to ``end`` make zeros, all of them; a NaN does not."""
    n = np.uint64(0)
    for r in range(first, end):  # one vector comparison; the end is a variable or it is unrolled
        n += np.uint64((at(total, r) >= at(least, r)) & (at(total, r) <= at(most, r)))
    return n == end - first


@kernel(writes=("total", "V", "y"))
def forward_sparse(
    H, ranks, x, outputs, end, slot_at, quiet, out_start, out_target, out_place, total, V, y
):
    """One sample, pushed: total[target] = bias + sum of w * value over the active sources.

    The ranks are passed in order. A sum in the quiet range of its node makes exactly 0 and is
    passed over, sixteen at once where possible; any other value goes out to the node's readers.
    Agrees with single.forward_one to 1e-5: the terms are the same, their sequence is not.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    ranks : uint32 [n_given]
        Of the inputs that have a value; the others are 0.
    x : float32 [n_given]
        Their values.
    outputs : int32 [n_outputs]
        Slots.
    end : int64
        The first rank that is not computed; all outputs stand before it.
    slot_at : uint32 [N_ALIVE]
        From rank_nodes.
    quiet : float32 [2, N_ALIVE]
        From rank_nodes.
    out_start : int64 [N_ALIVE + 1]
        From list_readers.
    out_target : uint32 [edges]
        From list_readers.
    out_place : uint32 or uint64 [edges]
        From list_readers.
    total : float32 [N_ALIVE]
        Scratch, written.
    V : float32 [N_SLOTS, 1]
        Scratch, written: activities by slot.
    y : float32 [n_outputs]
        Result, written.

    Returns
    -------
    int64
        OK.
    """
    H, slot_at, total, V = bare(H), bare(slot_at), bare(total), bare(V)
    out_start, out_target, out_place = bare(out_start), bare(out_target), bare(out_place)
    least, most, nothing = bare(quiet[0]), bare(quiet[1]), bare(V[:0])
    kind, act, bias, w = h.get_kind(H), h.get_act(H), h.get_bias(H), h.get_w(H)
    p0, p1, n = h.get_p0(H), h.get_p1(H), np.uint64(end)
    V[:] = _ZERO
    for r in range(np.uint64(slot_at.size)):
        i = at(slot_at, r)
        total[r] = _ZERO if at(kind, i) == codes.INPUT else at(bias, i)
    for k in range(ranks.size):
        total[ranks[k]] = x[k]
    for first in range(np.uint64(0), n, _BLOCK):
        behind = min(first + _BLOCK, n)
        if _all_silent(total, least, most, first, behind):
            continue
        for r in range(first, behind):
            value = at(total, r)
            if value >= at(least, r) and value <= at(most, r):
                continue
            i = np.uint64(at(slot_at, r))
            if at(kind, i) == codes.SUM or at(kind, i) == codes.INPUT:
                V[i, 0] = activate(at(act, i), value, at(p0, i), at(p1, i))
            else:
                sweep(H, V, nothing, np.int64(i), np.int64(i))
            value = V[i, 0]
            if value != _ZERO:
                for e in range(np.uint64(at(out_start, r)), np.uint64(at(out_start, r + _ONE))):
                    t = at(out_target, e)
                    total[t] = fma(at(w, at(out_place, e)), value, at(total, t))
    for o in range(outputs.size):
        y[o] = V[np.uint64(outputs[o]), 0]
    return OK
