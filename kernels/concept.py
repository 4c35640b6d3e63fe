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
from growgraph.kernels._jit import helper, kernel, open_helper, reducer
from growgraph.kernels.status import OK

_BIRTH = 0.2  # a newborn aspect has length _BIRTH * sqrt(e) * |u|
_MEMORY = 0.01  # least rate of the running residual
_FLOOR = 1e-6  # least noise variance a dimension


@reducer
def _dot(a, b):
    total = 0.0
    for i in range(a.size):
        total += np.float64(a[i]) * np.float64(b[i])
    return total


@reducer
def _dot32(a, b):
    total = np.float32(0)
    for i in range(a.size):
        total += a[i] * b[i]
    return np.float64(total)


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
        residual = total / told if told > 0 else floor[w] / width
        delta[w] = max(1.5 * residual, _FLOOR)


@helper
def _away(f, win, w, prototype, u):
    """u = f[window w] - mu."""
    for i in range(u.size):
        u[i] = f[win[w, i]] - prototype[i]


@helper
def resonance(H, f, win, prototypes, aspects, k, size, delta, out):
    """out[w] = log-resonance of one class with a sample in each window.

    -1/2 [ sum a_j^2 / l_j + (|u|^2 - sum a_j^2) / delta + sum ln l_j + (d - k) ln delta ],
    u = f - mu, a_j = u.v_j / |v_j|, l_j = max(|v_j|, delta); ``size`` holds |v_j|^2.
    """
    start, weights = h.get_start(H), h.get_w(H)
    d = win.shape[1]
    u = np.empty(d, np.float32)
    for w in range(out.size):
        at = start[prototypes[w]]
        _away(f, win, w, weights[at : at + d], u)
        value = _dot32(u, u) / delta[w] + (d - k) * np.log(delta[w])
        for j in range(k):
            at = start[aspects[w, j]]
            s = size[w, j]
            length = max(np.sqrt(s), delta[w])
            a = _dot32(u, weights[at : at + d])
            value += a * a / s * (1 / length - 1 / delta[w]) + np.log(length)
        out[w] = -0.5 * value


@helper
def _write(weights, stability, at, d, u, pull):
    """Move a block by (pull * u - w) / (1 + s) and consolidate it; returns |w|^2."""
    s = stability[at]
    rate = np.float32(1 / (1 + s))
    for i in range(at, at + d):
        weights[i] += rate * (np.float32(pull) * np.float32(u[i - at]) - weights[i])
        stability[i] = s + np.float32(1)
    return _dot(weights[at : at + d], weights[at : at + d])


@helper
def _settle(weights, start, aspects, size, w, j, d):
    """Make aspect j of window w orthogonal to its elders, keeping its length."""
    at = start[aspects[w, j]]
    v = weights[at : at + d]
    before = size[w, j]
    for i in range(j):
        other = start[aspects[w, i]]
        elder = weights[other : other + d]
        share = np.float32(_dot(v, elder) / size[w, i])
        for m in range(d):
            v[m] -= share * elder[m]
    after = _dot(v, v)
    scale = np.float32(np.sqrt(before / (after + 1e-300)))
    for m in range(d):
        v[m] *= scale
    size[w, j] = _dot(v, v)


@helper
def write(H, f, win, prototypes, aspects, n, k, size, R, met, newborn):
    """Let one class concept learn its n-th sample (n >= 2); newborn[w] = the aspect it would grow.

    R[w] and met[w], running means of the unexplained and of the whole energy |f - mu|^2, follow.
    Returns what of this sample's energy stayed unexplained, over all windows.
    """
    start, weights, stability = h.get_start(H), h.get_w(H), h.get_stab(H)
    d = win.shape[1]
    u = np.empty(d)
    left = 0.0
    for w in range(R.size):
        at = start[prototypes[w]]
        mean = weights[at : at + d]
        _away(f, win, w, mean, u)
        rate = np.float32(1 / (1 + stability[at]))
        for i in range(d):
            mean[i] += rate * np.float32(u[i])
            stability[at + i] += np.float32(1)
        whole = _dot(u, u)
        for j in range(k):
            at = start[aspects[w, j]]
            v = weights[at : at + d]
            pull = _dot(u, v) / np.sqrt(size[w, j])
            size[w, j] = _write(weights, stability, at, d, u, pull)
            share = _dot(u, v) / size[w, j]
            for i in range(d):
                u[i] -= share * np.float64(v[i])
        e = _dot(u, u)
        left += e
        follow = max(1.0 / (n - 1), _MEMORY)
        R[w] += follow * (e - R[w])
        met[w] += follow * (whole - met[w])
        for i in range(d):
            newborn[w, i] = np.float32(_BIRTH * np.sqrt(e) * u[i])
        if k > 0:
            _settle(weights, start, aspects, size, w, n % k, d)
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
    for b in range(F.shape[0]):
        for c in range(k.size):
            resonance(H, F[b], win, prototypes[c], aspects[c], k[c], size[c], delta, L[b, c])
    return OK
