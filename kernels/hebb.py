"""Local learning on the edges of any graph: gated, with stability.

An edge sees its source's activity, its target's signal and itself, nothing else.
Stability s: d = what is asked of the edge; w += rate * gate * d / (1 + s);
s <- s + 1 if d agrees with w in sign (repetition consolidates), else s / 2 (contradiction frees).
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, inlined, kernel
from growgraph.kernels._lanes import LANES
from growgraph.kernels._simd import (
    at,
    bare,
    fma,
    gather,
    less,
    load,
    over,
    plus,
    prefetch_at,
    put,
    splat,
    take,
    times,
    total,
    where_positive,
)
from growgraph.kernels.activation import activate
from growgraph.kernels.status import OK

_AHEAD = np.uint64(256)  # edges between asking for them and changing them
_ZERO, _HALF, _ONE = np.float32(0), np.float32(0.5), np.float32(1)


@inlined
def _coincide(V, S, i, source):
    """Sum over samples of V[source] * S[i]."""
    width, c = np.uint64(V.shape[1]), np.uint64(0)
    sums, more = splat(_ZERO), splat(_ZERO)
    while c + 32 <= width:
        sums = fma(load(V, source, c), load(S, i, c), sums)
        more = fma(load(V, source, c + 16), load(S, i, c + 16), more)
        c += np.uint64(32)
    if c + 16 <= width:
        sums = fma(load(V, source, c), load(S, i, c), sums)
        c += np.uint64(16)
    met = total(plus(sums, more))
    for j in range(c, width):
        met = fma(V[source, j], S[i, j], met)
    return met


@inlined
def _move(w, stab, p, asked, share, keep, step):
    """Sixteen edges from p: d = share * asked - keep * w; each by its own d and stability."""
    before, s = take(w, p), take(stab, p)
    d = less(times(asked, splat(share)), times(splat(keep), before))
    put(w, p, fma(over(splat(step), plus(s, splat(_ONE))), d, before))
    grown, freed = plus(s, splat(_ONE)), times(s, splat(_HALF))
    put(stab, p, where_positive(times(d, before), grown, freed))


@inlined
def _move_one(w, stab, p, asked, share, keep, step):
    """:func:`_move` for one edge."""
    d = share * asked - keep * w[p]
    agrees = d * w[p] > 0
    w[p] += step / (_ONE + stab[p]) * d
    stab[p] = stab[p] + _ONE if agrees else stab[p] * _HALF


@inlined
def _coincide_64(V, S, i, src, p, met):
    """met[k] = sum over 64 samples of V[src[p + k]] * S[i], for sixteen k."""
    zero = np.uint64(0)
    x0, x1, x2, x3 = (
        load(S, i, zero), load(S, i, zero + 16), load(S, i, zero + 32), load(S, i, zero + 48),
    )  # fmt: skip
    for k in range(np.uint64(LANES)):
        u = np.uint64(at(src, p + k))
        even = fma(load(V, u, zero + 32), x2, times(load(V, u, zero), x0))
        odd = fma(load(V, u, zero + 48), x3, times(load(V, u, zero + 16), x1))
        met[k] = total(plus(even, odd))


@helper
def _resonate_block(H, V, S, i, share, keep, step, met):
    """Let the edges of node i learn, sixteen at a time; ``met`` is room for as many sums."""
    w, stab, src = h.get_w(H), h.get_stab(H), h.get_src(H)
    n, a, s = (
        np.uint64(h.get_length(H)[i]),
        np.uint64(h.get_start(H)[i]),
        np.uint64(h.get_sstart(H)[i]),
    )
    e, sixteen, width = np.uint64(0), np.uint64(LANES), V.shape[1]
    v = V.reshape(V.size)
    while e + sixteen <= n:
        if width == 1:
            prefetch_at(w, a + e + _AHEAD)
            prefetch_at(stab, a + e + _AHEAD)
            prefetch_at(src, s + e + _AHEAD)
            asked = times(gather(v, src, s + e), splat(S[i, 0]))
        else:
            if width == 64:
                _coincide_64(V, S, i, src, s + e, met)
            else:
                for k in range(sixteen):
                    met[k] = _coincide(V, S, i, np.uint64(at(src, s + e + k)))
            asked = take(met, 0)
        _move(w, stab, a + e, asked, share, keep, step)
        e += sixteen
    while e < n:
        u = np.uint64(at(src, s + e))
        asked_one = at(v, u) * S[i, 0] if width == 1 else _coincide(V, S, i, u)
        _move_one(w, stab, a + e, asked_one, share, keep, step)
        e += np.uint64(1)


@kernel(writes=("H",))
def resonate(H, V, S, gate, rate, decay):
    """Gated Hebb over a strip: d = mean over samples of pre * post - decay * w, with stability.

    A prototype (MATCH, COSINE) moves by d = mean of post * (pre - w): decay is its resonance.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; w and stab of gated nodes are written.
    V : float32 [N_SLOTS, W]
        Activities (pre), column = sample.
    S : float32 [N_SLOTS, W]
        Signal of each target (post): what it was expected to be.
    gate : float32 [N_SLOTS]
        0 leaves a node's edges alone.
    rate, decay : float32

    Returns
    -------
    int64
        OK.
    """
    H, V, S, gate = bare(H), bare(V), bare(S), bare(gate)
    kind, nxt = h.get_kind(H), h.get_nxt(H)
    share = np.float32(1) / np.float32(V.shape[1])
    met = np.empty(LANES, np.float32)
    node = H[h.HEAD]
    while node >= 0:
        i = np.uint64(node)
        if gate[i] != 0 and kind[i] != codes.INPUT:
            keep = decay
            if kind[i] == codes.MATCH or kind[i] == codes.COSINE:
                keep = np.float32(0)
                for j in range(V.shape[1]):
                    keep += S[i, j]
                keep *= share
            _resonate_block(H, V, S, i, share, keep, rate * gate[i], bare(met))
        node = np.int64(nxt[i])
    return OK


@helper
def _answer(H, i, V, j):
    """What SUM node i makes of column j of its sources, and 1 + |x|^2."""
    a, s, n = h.get_start(H)[i], h.get_sstart(H)[i], np.int64(h.get_length(H)[i])
    w, src = h.get_w(H), h.get_src(H)
    value, size = h.get_bias(H)[i], np.float32(1)
    for e in range(n):
        x = V[src[s + e], j]
        value += w[a + e] * x
        size += x * x
    return activate(h.get_act(H)[i], value, h.get_p0(H)[i], h.get_p1(H)[i]), size


@kernel(writes=("H",))
def follow(H, V, T, gate, rate):
    """Normalised least mean squares: each gated node moves its own edges towards its expectation.

    w += rate * gate * (T - answer) * x / (1 + |x|^2), bias likewise, sample after sample, the
    answer being that of the weights as they then are (Widrow and Hoff 1960; normalised: Nagumo and
    Noda 1967). Only undelayed edges of SUM nodes; no derivative of the activation is taken.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; w and bias of gated nodes are written.
    V : float32 [N_SLOTS, W]
        Activities of the sources, column = sample.
    T : float32 [N_SLOTS, W]
        What each node is expected to be.
    gate : float32 [N_SLOTS]
        0 leaves a node alone.
    rate : float32

    Returns
    -------
    int64
        OK.
    """
    start, sstart, length = h.get_start(H), h.get_sstart(H), h.get_length(H)
    kind, nxt, bias = h.get_kind(H), h.get_nxt(H), h.get_bias(H)
    w, src = h.get_w(H), h.get_src(H)
    node = H[h.HEAD]
    while node >= 0:
        i = np.uint64(node)
        if gate[i] != 0 and kind[i] == codes.SUM:
            for j in range(V.shape[1]):
                answer, size = _answer(H, i, V, j)
                step = rate * gate[i] * (T[i, j] - answer) / size
                for e in range(length[i]):
                    w[start[i] + e] += step * V[src[sstart[i] + e], j]
                bias[i] += step
        node = np.int64(nxt[i])
    return OK
