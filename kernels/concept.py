"""Class concepts: a prototype and aspects per class and window, learnt in place on graph edges.

A *prototype* node (MATCH) holds the mean mu as edge weights, an *aspect* node (SUM, "square") a
direction v whose length is the variance along it. The rule is that of :mod:`hebb`: an edge moves by
d / (1 + s), and s, its stability, grows by 1 at each write. For the aspects d = a u - v with
u what the older aspects left unexplained and a = u.v / |v|: candid covariance-free incremental
principal components (Weng, Zhang and Hwang 2003), here without amnesia.
Plain such vectors are not orthogonal enough to be summed over (91 % on digits): at each write one
aspect is made orthogonal to its elders, keeping its length.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels._jit import helper, inlined, kernel, open_helper, reducer
from growgraph.kernels._lanes import LANES
from growgraph.kernels._simd import at, fma, less, put, splat, take, times, total
from growgraph.kernels.status import OK

_BIRTH = 0.2  # a newborn aspect has length _BIRTH * sqrt(e) * |u|
_MEMORY = 0.01  # least rate of the running residual
_FLOOR = 1e-6  # least noise variance a dimension
_FEW = 8  # lengths whose product stays within float64
_ONE, _ZERO = np.float32(1), np.float32(0)


# ---- blocks of edges: d entries of an array from a place on, sixteen at once --------------------
@helper
def _dot(a, i, b, j, d):
    """a[i : i + d] . b[j : j + d]."""
    v, m = splat(_ZERO), 0
    while m + LANES <= d:
        v = fma(take(a, i + m), take(b, j + m), v)
        m += LANES
    s = total(v)
    while m < d:
        s = fma(at(a, i + m), at(b, j + m), s)
        m += 1
    return s


@inlined
def _dot_four(weights, i, u, d):
    """The four blocks at i . u."""
    i0, i1, i2, i3 = i
    p = q = r = t = splat(_ZERO)
    m = 0
    while m + LANES <= d:
        x = take(u, m)
        p, q = fma(take(weights, i0 + m), x, p), fma(take(weights, i1 + m), x, q)
        r, t = fma(take(weights, i2 + m), x, r), fma(take(weights, i3 + m), x, t)
        m += LANES
    s0, s1, s2, s3 = total(p), total(q), total(r), total(t)
    while m < d:
        x = at(u, m)
        s0, s1 = fma(at(weights, i0 + m), x, s0), fma(at(weights, i1 + m), x, s1)
        s2, s3 = fma(at(weights, i2 + m), x, s2), fma(at(weights, i3 + m), x, s3)
        m += 1
    return s0, s1, s2, s3


@inlined
def _away(seen, weights, i, u):
    """u = seen - mu, mu the block at i; returns |u|^2."""
    d, m = u.size, 0
    while m + LANES <= d:
        put(u, m, less(take(seen, m), take(weights, i + m)))
        m += LANES
    while m < d:
        u[m] = seen[m] - weights[i + m]
        m += 1
    return _dot(u, 0, u, 0, d)


@helper
def _leave(a, i, b, j, share, d):
    """a[i : i + d] -= share * b[j : j + d]."""
    v, m = splat(-share), 0
    while m + LANES <= d:
        put(a, i + m, fma(v, take(b, j + m), take(a, i + m)))
        m += LANES
    while m < d:
        a[i + m] = fma(-share, at(b, j + m), at(a, i + m))
        m += 1


@inlined
def _consolidate(stability, i, d):
    """All edges of a block have been written as often: one more time."""
    s, m = stability[i] + _ONE, 0
    v = splat(s)
    while m + LANES <= d:
        put(stability, i + m, v)
        m += LANES
    while m < d:
        stability[i + m] = s
        m += 1


@inlined
def _move(weights, i, u, pull, rate):
    """w += rate * (pull * u - w) of a block; returns |w|^2 and w . u."""
    d, m = u.size, 0
    step, factor = splat(rate), splat(pull)
    size = along = splat(_ZERO)
    while m + LANES <= d:
        x, v = take(u, m), take(weights, i + m)
        v = fma(step, less(times(factor, x), v), v)
        put(weights, i + m, v)
        size, along = fma(v, v, size), fma(v, x, along)
        m += LANES
    s, a = total(size), total(along)
    while m < d:
        x, v = at(u, m), at(weights, i + m)
        v = fma(rate, pull * x - v, v)
        weights[i + m] = v
        s, a = fma(v, v, s), fma(v, x, a)
        m += 1
    return s, a


@open_helper
def noise(count, k, R, floor, width, delta):
    """delta[w] = 1.5 * mean over classes of R[c, w] / (width - k[c]), at least 1e-6.

    Classes seen twice or more speak; before there is one, the dreamt ``floor`` does.
    """
    for w in range(delta.size):
        total, told = 0.0, 0
        for c in range(count.size):
            if count[c] >= 2:
                total += R[c, w] / max(width - k[c], 1)
                told += 1
        residual = total / told if told > 0 else floor[w] / max(width, 1)
        delta[w] = max(1.5 * residual, _FLOOR)


@inlined
def look(f, win, seen):
    """seen[w] = the parts of window w."""
    for w in range(win.shape[0]):
        for i in range(win.shape[1]):
            seen[w, i] = f[win[w, i]]


@reducer
def _spread(a, size, k, delta):
    """Sum over aspects of a^2 / |v|^2 (1 / l - 1 / delta) + ln l, l = max(|v|, delta)."""
    value = 0.0
    for first in range(0, k, _FEW):
        product = 1.0
        for j in range(first, min(k, first + _FEW)):
            length = max(np.sqrt(size[j]), delta)
            value += a[j] * a[j] / size[j] * (1 / length - 1 / delta)
            product *= length
        value += np.log(product)
    return value


@helper
def resonance(H, seen, prototypes, aspects, k, size, delta, u, a, out):
    """out[w] = log-resonance of one class with a sample in each window.

    -1/2 [ sum a_j^2 / l_j + (|u|^2 - sum a_j^2) / delta + sum ln l_j + (d - k) ln delta ],
    u = f - mu, a_j = u.v_j / |v_j|, l_j = max(|v_j|, delta); ``size`` holds |v_j|^2. u and a are
    scratch.
    """
    start, weights = h.get_start(H), h.get_w(H)
    d = u.size
    for w in range(out.size):
        energy = _away(seen[w], weights, np.int64(start[prototypes[w]]), u)
        slots, j = aspects[w], 0
        while j + 4 <= k:
            four = (np.int64(start[slots[j]]), np.int64(start[slots[j + 1]]),
                    np.int64(start[slots[j + 2]]), np.int64(start[slots[j + 3]]))  # fmt: skip
            a[j], a[j + 1], a[j + 2], a[j + 3] = _dot_four(weights, four, u, d)
            j += 4
        while j < k:
            a[j] = _dot(weights, np.int64(start[slots[j]]), u, 0, d)
            j += 1
        value = energy / delta[w] + (d - k) * np.log(delta[w])
        out[w] = -0.5 * (value + _spread(a, size[w], k, delta[w]))


@inlined
def _settle(weights, start, slots, size, j, d):
    """Make aspect j of a window orthogonal to its elders, keeping its length."""
    i = np.int64(start[slots[j]])
    before = size[j]
    for elder in range(j):
        other = np.int64(start[slots[elder]])
        share = np.float32(_dot(weights, i, weights, other, d) / size[elder])
        _leave(weights, i, weights, other, share, d)
    after = np.float64(_dot(weights, i, weights, i, d))
    scale = np.float32(np.sqrt(before / (after + 1e-300)))
    for m in range(i, i + d):
        weights[m] *= scale
    size[j] = _dot(weights, i, weights, i, d)


@helper
def write(H, seen, prototypes, aspects, n, k, size, R, met, newborn, u):
    """Let one class concept learn its n-th sample (n >= 2); newborn[w] = the aspect it would grow.

    R[w] and met[w], running means of the unexplained and of the whole energy |f - mu|^2, follow.
    Returns what of this sample's energy stayed unexplained, over all windows. u is scratch.
    """
    start, weights, stability = h.get_start(H), h.get_w(H), h.get_stab(H)
    d, left, follow = u.size, 0.0, max(1.0 / (n - 1), _MEMORY)
    for w in range(R.size):
        i = np.int64(start[prototypes[w]])
        whole = _away(seen[w], weights, i, u)
        _leave(weights, i, u, 0, -_ONE / (_ONE + stability[i]), d)
        _consolidate(stability, i, d)
        for j in range(k):
            i = np.int64(start[aspects[w, j]])
            pull = np.float32(_dot(u, 0, weights, i, d) / np.sqrt(size[w, j]))
            size[w, j], along = _move(weights, i, u, pull, _ONE / (_ONE + stability[i]))
            _consolidate(stability, i, d)
            _leave(u, 0, weights, i, np.float32(along / size[w, j]), d)
        e = np.float64(_dot(u, 0, u, 0, d))
        left += e
        R[w] += follow * (e - R[w])
        met[w] += follow * (whole - met[w])
        for m in range(d):
            newborn[w, m] = np.float32(_BIRTH * np.sqrt(e) * u[m])
        if k > 0:
            _settle(weights, start, aspects[w], size[w], n % k, d)
    return left


@kernel(writes=("L",))
def resonances(H, F, win, prototypes, aspects, k, size, delta, L):
    """Log-resonance of samples with all classes, window by window.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    F : float32 [batch, parts]
        Parts of each sample.
    win : int64 [windows, width]
        Which parts a window reads.
    prototypes : int32 [classes, windows]
        Slots.
    aspects : int32 [classes, windows, most]
        Slots, the first k[c] of each row in use.
    k : int64 [classes]
        Aspects a window.
    size : float64 [classes, windows, most]
        Squared lengths of the aspects.
    delta : float64 [windows]
        Noise variance a dimension.
    L : float64 [batch, classes, windows]
        Written.

    Returns
    -------
    int64
        OK.
    """
    seen = np.empty(win.shape, np.float32)
    u, a = np.empty(win.shape[1], np.float32), np.empty(size.shape[2])
    for b in range(F.shape[0]):
        look(F[b], win, seen)
        for c in range(k.size):
            resonance(H, seen, prototypes[c], aspects[c], k[c], size[c], delta, u, a, L[b, c])
    return OK
