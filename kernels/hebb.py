"""Local learning on the edges of any graph: gated, with stability.

An edge sees its source's activity, its target's signal and itself, nothing else.
Stability s: d = what is asked of the edge; w += rate * gate * d / (1 + s);
s <- s + 1 if d agrees with w in sign (repetition consolidates), else s / 2 (contradiction frees).
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels.activation import activate
from growgraph.kernels.status import OK


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
    start, sstart, length = h.get_start(H), h.get_sstart(H), h.get_length(H)
    kind, nxt = h.get_kind(H), h.get_nxt(H)
    w, stab, src = h.get_w(H), h.get_stab(H), h.get_src(H)
    share = np.float32(1) / np.float32(V.shape[1])
    node = H[h.HEAD]
    while node >= 0:
        i = np.uint64(node)
        strength = gate[i]
        if strength != 0 and kind[i] != codes.INPUT:
            signal = S[i]
            prototype = kind[i] == codes.MATCH or kind[i] == codes.COSINE
            for e in range(length[i]):
                at, pre = start[i] + e, V[src[sstart[i] + e]]
                met, heard = np.float32(0), np.float32(0)
                for j in range(signal.size):
                    met += pre[j] * signal[j]
                    heard += signal[j]
                keep = heard * share if prototype else decay
                d = met * share - keep * w[at]
                agrees = d * w[at] > 0
                w[at] += rate * strength * d / (np.float32(1) + stab[at])
                stab[at] = stab[at] + np.float32(1) if agrees else stab[at] * np.float32(0.5)
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
