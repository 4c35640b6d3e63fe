"""Local learning on the edges of any graph: gated, with stability.

An edge sees its source's activity, its target's signal and itself, nothing else.
Stability s: d = what is asked of the edge; w += rate * gate * d / (1 + s);
s <- s + 1 if d agrees with w in sign (repetition consolidates), else s / 2 (contradiction frees).
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import kernel
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


@kernel(writes=("H",))
def follow(H, V, E, gate, rate):
    """Normalised least mean squares: each gated node moves its own edges towards its expectation.

    w += rate * gate * e * x / (1 + |x|^2), bias likewise, sample after sample
    (Widrow and Hoff 1960; normalised: Nagumo and Noda 1967). Only SUM nodes.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; w and bias of gated nodes are written.
    V : float32 [N_SLOTS, W]
        Activities, column = sample.
    E : float32 [N_SLOTS, W]
        Expected minus observed for each node; it is updated nowhere, so within a strip a node
        corrects e by what its own earlier samples of this strip have changed.
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
        n = np.int64(length[i])
        if gate[i] != 0 and kind[i] == codes.SUM:
            a, s = start[i], sstart[i]
            born = w[a : a + n].copy()
            born_bias = bias[i]
            for j in range(V.shape[1]):
                moved, size = bias[i] - born_bias, np.float32(1)
                for e in range(n):
                    x = V[src[s + e], j]
                    moved += (w[a + e] - born[e]) * x
                    size += x * x
                step = rate * gate[i] * (E[i, j] - moved) / size
                for e in range(n):
                    w[a + e] += step * V[src[s + e], j]
                bias[i] += step
        node = np.int64(nxt[i])
    return OK
