"""What a node gathers from its sources, many samples side by side.

A strip is ``V [N_SLOTS, W]``: row = node slot, column = sample. Each function adds to row i what
the node's kind makes of the rows ``X[src[s : s + n]]`` and the weights ``w[a : a + n]``, edge after
edge, one fma per edge and column. Columns go by 64, 32 or 16 at once in registers, what is left one
by one; every column takes the same steps, so its bits do not depend on its place or on W.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, inlined
from growgraph.kernels._simd import at, fma, less, load, prefetch, splat, store, times

_ZERO = np.float32(0)
_AHEAD = np.uint64(32)  # edges between asking for a row and reading it


@inlined
def _add_64(V, i, c, src, s, n, w, a, X, fresh, bias, end):
    r0 = r1 = r2 = r3 = splat(bias)
    if not fresh:
        r0, r1, r2, r3 = load(V, i, c), load(V, i, c + 16), load(V, i, c + 32), load(V, i, c + 48)
    for e in range(n):
        if end > 0:
            ahead = at(src, min(s + e + _AHEAD, end))
            prefetch(X, ahead, c)
            prefetch(X, ahead, c + 16)
            prefetch(X, ahead, c + 32)
            prefetch(X, ahead, c + 48)
        x, weight = at(src, s + e), splat(at(w, a + e))
        r0 = fma(weight, load(X, x, c), r0)
        r1 = fma(weight, load(X, x, c + 16), r1)
        r2 = fma(weight, load(X, x, c + 32), r2)
        r3 = fma(weight, load(X, x, c + 48), r3)
    store(V, i, c, r0)
    store(V, i, c + 16, r1)
    store(V, i, c + 32, r2)
    store(V, i, c + 48, r3)


@inlined
def _add_32(V, i, c, src, s, n, w, a, X, fresh, bias, end):
    r0 = r1 = splat(bias)
    if not fresh:
        r0, r1 = load(V, i, c), load(V, i, c + 16)
    for e in range(n):
        if end > 0:
            ahead = at(src, min(s + e + _AHEAD, end))
            prefetch(X, ahead, c)
            prefetch(X, ahead, c + 16)
        x, weight = at(src, s + e), splat(at(w, a + e))
        r0 = fma(weight, load(X, x, c), r0)
        r1 = fma(weight, load(X, x, c + 16), r1)
    store(V, i, c, r0)
    store(V, i, c + 16, r1)


@inlined
def _add_16(V, i, c, src, s, n, w, a, X, fresh, bias, end):
    r = splat(bias)
    if not fresh:
        r = load(V, i, c)
    for e in range(n):
        if end > 0:
            prefetch(X, at(src, min(s + e + _AHEAD, end)), c)
        r = fma(splat(at(w, a + e)), load(X, at(src, s + e), c), r)
    store(V, i, c, r)


@inlined
def _add_1(V, i, j, src, s, n, w, a, X, fresh, bias):
    r = bias if fresh else V[i, j]
    for e in range(n):
        r = fma(at(w, a + e), X[at(src, s + e), j], r)
    V[i, j] = r


@inlined
def add_block(V, i, src, s, n, w, a, X, fresh, bias, end):
    """Row i = bias + sum of w * x; without ``fresh`` what is there stands for the bias.

    ``end`` > 0 is the last entry of src: rows come from far and are asked for ahead, those of
    later nodes' edges among them.
    """
    width, c = np.uint64(V.shape[1]), np.uint64(0)
    while c + 64 <= width:
        _add_64(V, i, c, src, s, n, w, a, X, fresh, bias, end)
        c += np.uint64(64)
    if c + 32 <= width:
        _add_32(V, i, c, src, s, n, w, a, X, fresh, bias, end)
        c += np.uint64(32)
    if c + 16 <= width:
        _add_16(V, i, c, src, s, n, w, a, X, fresh, bias, end)
        c += np.uint64(16)
    for j in range(c, width):
        _add_1(V, i, j, src, s, n, w, a, X, fresh, bias)


@helper
def add_weighted(V, i, src, s, n, w, a, X):
    """Row i += sum of w * x, for the rarer places: shorter code, 16 columns at once."""
    width, c = np.uint64(V.shape[1]), np.uint64(0)
    while c + 16 <= width:
        _add_16(V, i, c, src, s, n, w, a, X, False, _ZERO, np.uint64(0))
        c += np.uint64(16)
    for j in range(c, width):
        _add_1(V, i, j, src, s, n, w, a, X, False, _ZERO)


@helper
def _match(V, i, src, s, n, w, a, scale):
    """Row i -= |x - w|^2 * scale."""
    width, c = np.uint64(V.shape[1]), np.uint64(0)
    less_by = splat(-scale)
    while c + 16 <= width:
        r = load(V, i, c)
        for e in range(n):
            d = less(load(V, at(src, s + e), c), splat(at(w, a + e)))
            r = fma(times(less_by, d), d, r)
        store(V, i, c, r)
        c += np.uint64(16)
    for j in range(c, width):
        r = V[i, j]
        for e in range(n):
            d = V[at(src, s + e), j] - at(w, a + e)
            r = fma(-scale * d, d, r)
        V[i, j] = r


@helper
def _cosine(V, i, src, s, n, w, a, sharpness, floor):
    """Row i += sharpness * (w.x / sqrt(|x|^2 + floor) - 1)."""
    width, c = np.uint64(V.shape[1]), np.uint64(0)
    held = np.empty((2, V.shape[1]), np.float32)  # w.x and |x|^2
    while c + 16 <= width:
        dot, norm = splat(_ZERO), splat(floor)
        for e in range(n):
            x = load(V, at(src, s + e), c)
            dot = fma(splat(at(w, a + e)), x, dot)
            norm = fma(x, x, norm)
        store(held, np.uint64(0), c, dot)
        store(held, np.uint64(1), c, norm)
        c += np.uint64(16)
    for j in range(c, width):
        one, size = _ZERO, floor
        for e in range(n):
            x = V[at(src, s + e), j]
            one = fma(at(w, a + e), x, one)
            size = fma(x, x, size)
        held[0, j], held[1, j] = one, size
    for j in range(width):
        # in float64, because vector code would take an estimate of 1/sqrt that single columns lack
        length = np.sqrt(np.float64(held[1, j]))
        cosine = np.float32(np.float64(held[0, j]) / length) if held[1, j] > _ZERO else _ZERO
        V[i, j] += sharpness * (cosine - np.float32(1))


@helper
def _median(V, i, src, s, n, w, a):
    """Row i += median of w * x."""
    values = np.empty(n, np.float32)
    for j in range(V.shape[1]):
        for e in range(n):
            value, to = at(w, a + e) * V[at(src, s + e), np.uint64(j)], np.int64(e)
            while to > 0 and values[to - 1] > value:  # insertion: fan-ins of medians are small
                values[to] = values[to - 1]
                to -= 1
            values[to] = value
        middle = n // np.uint64(2)
        if n % np.uint64(2):
            V[i, j] += values[middle]
        else:
            V[i, j] += np.float32(0.5) * (values[middle - np.uint64(1)] + values[middle])


@helper
def _select(V, i, kind, src, s, n, w, a):
    """Row i += the largest, smallest, largest-magnitude w * x, or their product."""
    row, best = V[i], np.empty(V.shape[1], np.float32)
    x, weight = V[at(src, s)], at(w, a)
    for j in range(row.size):
        best[j] = weight * x[j]
    for e in range(np.uint64(1), n):
        x, weight = V[at(src, s + e)], at(w, a + e)
        for j in range(row.size):
            value, held = weight * x[j], best[j]
            if kind == codes.PRODUCT:
                best[j] = held * value
            elif held != held:
                continue
            elif value != value:
                best[j] = value
            elif kind == codes.MAX:
                best[j] = max(held, value)
            elif kind == codes.MIN:
                best[j] = min(held, value)
            else:
                best[j] = value if abs(value) > abs(held) else held
    for j in range(row.size):
        row[j] += best[j]


@helper
def _mean(V, i, src, s, n, w, a):
    """Row i += mean of w * x: weights are divided, so that delayed edges and bias are not."""
    share = np.empty(n, np.float32)
    for e in range(n):
        share[e] = at(w, a + e) / np.float32(n)
    add_weighted(V, i, src, s, n, share, np.uint64(0), V)


@helper
def gather_other(H, V, i):
    """Row i += what a node of any kind but SUM gathers (gates: from all sources but the first)."""
    n = np.uint64(h.get_length(H)[i])
    if n == 0:
        return
    kind, p0, p1 = h.get_kind(H)[i], h.get_p0(H)[i], h.get_p1(H)[i]
    src, s = h.get_src(H), np.uint64(h.get_sstart(H)[i])
    w, a = h.get_w(H), np.uint64(h.get_start(H)[i])
    if kind == codes.GATE or kind == codes.QUESTION:
        one = np.uint64(1)
        add_weighted(V, i, src, s + one, n - one, w, a + one, V)
    elif kind == codes.MEAN:
        _mean(V, i, src, s, n, w, a)
    elif kind == codes.MATCH:
        _match(V, i, src, s, n, w, a, np.float32(0.5) / (p0 * p0))
    elif kind == codes.COSINE:
        _cosine(V, i, src, s, n, w, a, p0, p1)
    elif kind == codes.MEDIAN:
        _median(V, i, src, s, n, w, a)
    else:
        _select(V, i, kind, src, s, n, w, a)
