"""One pass over samples without labels: the nearest concept learns, or one more is asked for.

The gap of a sample is 1/2 min |x - w|^2 over the concepts' prototypes (MATCH nodes, which read the
same sources); for samples of length 1 that is 1 - cosine. A sample whose gap is beyond the
vigilance founds a concept; else the nearest one moves by (x - w) / count. Vigilance is
homeostatic: it rises by e^(s (1 - rate)) where a concept was founded and falls by e^(-s rate) where
none was, so that a share ``rate`` of the samples founds one, whatever their unit; the share falls
as the room fills. Each sample is taken alone, so it does not matter how a caller cuts the stream.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels._simd import at, bare, fma, less, splat, take, total

# why the kernel returned
DONE, GROW, TELL = 0, 1, 2

# places in ``ctl`` (int64)
AT, N, WINNER = range(3)
CTL_SIZE = 3
# places in ``par`` (float64)
(
    RATE,  # share of samples that found a concept while there is room
    MOST,  # room: concepts at most
    ROOM,  # 0: none is founded any more
    VIGILANCE,  # the gap beyond which one is founded
    FELT,  # the gap of the sample before AT, inf if there was no concept
) = range(5)
PAR_SIZE = 5

INFANCY = 30  # samples that all found a concept; the vigilance is the mean of their gaps
_STEP = 0.02  # of the logarithm of the vigilance
_LOOK = 64  # coordinates of a distance between two looks at its limit
_INF = np.float32(np.inf)


@helper
def _away(w, a, x, b, n, limit):
    """|w[a : a + n] - x[b : b + n]|^2, sixteen sums side by side; ends early above ``limit``."""
    i, sixteen = np.uint64(0), np.uint64(16)
    sums = splat(np.float32(0))
    whole = np.float32(0)
    while i + sixteen <= n:
        end = min(n, i + np.uint64(_LOOK))
        while i + sixteen <= end:
            d = less(take(w, a + i), take(x, b + i))
            sums = fma(d, d, sums)
            i += sixteen
        whole = total(sums)
        if whole > limit:
            return whole
    while i < n:
        d = at(w, a + i) - at(x, b + i)
        whole += d * d
        i += np.uint64(1)
    return whole


@helper
def _nearest(w, start, nodes, x, b, n):
    """Index of the nearest prototype and its squared distance; the lower index of equals."""
    best, least = np.int64(-1), _INF
    for c in range(nodes.size):
        d = _away(w, np.uint64(start[nodes[c]]), x, b, n, least)
        if d < least:
            best, least = c, d
    return best, least


@helper
def _founds(par, n, concepts, gap):
    """Whether a sample with such a gap founds a concept; the vigilance follows."""
    if par[ROOM] == 0 or concepts >= par[MOST] or not gap > 0:
        return False
    if n < INFANCY or par[VIGILANCE] == 0:
        if n > 0 and n < INFANCY:
            par[VIGILANCE] += (gap - par[VIGILANCE]) / n
        elif n > 0:  # nothing but repetition so far: the first gap is the measure
            par[VIGILANCE] = gap
        return True
    founds = gap > par[VIGILANCE]
    rate = par[RATE] * (1 - concepts / par[MOST])
    par[VIGILANCE] *= np.exp(_STEP * ((1 - rate) if founds else -rate))
    return founds


@helper
def _write(w, stab, a, x, b, n, count):
    """Move a prototype by (x - w) / count and consolidate it."""
    rate = np.float32(1.0 / count)
    for i in range(n):
        w[a + i] += rate * (x[b + i] - w[a + i])
        stab[a + i] += np.float32(1)


@kernel(writes=("H", "ctl", "par", "counts", "seen"))
def learn(H, X, nodes, ctl, par, counts, seen):
    """Learn samples ctl[AT] .. in their sequence until a concept must be born or told of.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; weights and stability of prototypes are written.
    X : float32 [batch, d]
        Samples as the sources of the prototypes say them.
    nodes : int32 [concepts]
        Slots of the prototypes, each with d undelayed edges.
    ctl : int64 [CTL_SIZE]
        AT, N: samples seen, WINNER: the concept nearest to the sample before AT, -1 if none.
    par : float64 [PAR_SIZE]
        Settings and running values.
    counts, seen : int64 [concepts]
        Samples a concept has learnt; when it learnt the last.

    Returns
    -------
    int64
        DONE; GROW: sample AT - 1 is counted and founds a concept, which the caller bears; TELL:
        the WINNER has learnt sample AT - 1, the first after the one that founded it.
    """
    w, stab, start = h.get_w(H), h.get_stab(H), h.get_start(H)
    n, x = np.uint64(X.shape[1]), bare(X.reshape(X.size))
    while ctl[AT] < X.shape[0]:
        b = np.uint64(ctl[AT]) * n
        best, least = _nearest(w, start, nodes, x, b, n)
        par[FELT] = 0.5 * np.float64(least)
        founds = _founds(par, ctl[N], nodes.size, par[FELT])
        ctl[AT] += 1
        ctl[N] += 1
        ctl[WINNER] = best
        if founds or best < 0:
            return np.int64(GROW)
        counts[best] += 1
        seen[best] = ctl[N] - 1
        _write(w, stab, np.uint64(start[nodes[best]]), x, b, n, counts[best])
        if counts[best] == 2:
            return np.int64(TELL)
    return np.int64(DONE)
