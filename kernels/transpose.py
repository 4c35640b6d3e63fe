"""What nodes need of their sources, sent back over their own in-edges: a scatter over the store."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, inlined, kernel
from growgraph.kernels._simd import at, bare, fma, load, prefetch, splat, store
from growgraph.kernels.status import OK

_ZERO, _ONE = np.float32(0), np.float32(1)
_NEAR_BYTES = 3 << 19  # a strip up to this size is read without asking ahead
_AHEAD = np.uint64(32)  # edges between asking for a row and changing it


@inlined
def _ahead(src, p):
    """The source of an edge that is met soon: the list is walked backwards."""
    return at(src, p - min(p, _AHEAD))


@inlined
def _send_64(E, norm, i, c, src, s, n, w, a, share, far):
    """64 columns from c."""
    x0, x1, x2, x3 = load(E, i, c), load(E, i, c + 16), load(E, i, c + 32), load(E, i, c + 48)
    for e in range(n):
        if far:
            soon = _ahead(src, s + e)
            prefetch(E, soon, c)
            prefetch(E, soon, c + 16)
            prefetch(E, soon, c + 32)
            prefetch(E, soon, c + 48)
        u, weight = np.uint64(at(src, s + e)), at(w, a + e) * share
        if norm[u] >= _ZERO:
            if c == 0:
                norm[u] += weight * weight
            spread = splat(weight)
            store(E, u, c, fma(spread, x0, load(E, u, c)))
            store(E, u, c + 16, fma(spread, x1, load(E, u, c + 16)))
            store(E, u, c + 32, fma(spread, x2, load(E, u, c + 32)))
            store(E, u, c + 48, fma(spread, x3, load(E, u, c + 48)))


@inlined
def _send_16(E, norm, i, c, src, s, n, w, a, share, far):
    """16 columns from c."""
    x = load(E, i, c)
    for e in range(n):
        if far:
            prefetch(E, _ahead(src, s + e), c)
        u, weight = np.uint64(at(src, s + e)), at(w, a + e) * share
        if norm[u] >= _ZERO:
            if c == 0:
                norm[u] += weight * weight
            store(E, u, c, fma(splat(weight), x, load(E, u, c)))


@inlined
def _send_1(E, norm, i, c, src, s, n, w, a, share):
    """Column c."""
    for e in range(n):
        u, weight = np.uint64(at(src, s + e)), at(w, a + e) * share
        if norm[u] >= _ZERO:
            if c == 0:
                norm[u] += weight * weight
            E[u, c] = fma(weight, E[i, c], E[u, c])


@helper
def _send(E, norm, i, src, s, n, w, a, share):
    """E[j] += share * w * E[i], norm[j] += (share * w)^2 for sources j of norm[j] >= 0."""
    width, c = np.uint64(E.shape[1]), np.uint64(0)
    far = E.size * 4 > _NEAR_BYTES
    while c + 64 <= width:
        _send_64(E, norm, i, c, src, s, n, w, a, share, far)
        c += np.uint64(64)
    while c + 16 <= width:
        _send_16(E, norm, i, c, src, s, n, w, a, share, far)
        c += np.uint64(16)
    while c < width:
        _send_1(E, norm, i, c, src, s, n, w, a, share)
        c += np.uint64(1)


@kernel(writes=("E", "norm"))
def send_back(H, E, own, norm):
    """E[j] = sum of w * E[reader] / (1 + sum of w^2) for nodes without an own expectation.

    It is the least change d of a node that serves its readers, at the least of
    sum (E[reader] - w d)^2 + d^2: a node read by tiny weights is not blamed for much.
    The list is walked backwards, so a node's readers are done before it. Only additive readers
    (SUM, and MEAN with w / fan-in) send; no derivative is taken.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    E : float32 [N_SLOTS, W]
        In: expected - observed of nodes with ``own``, else 0. Out: of all nodes.
    own : uint8 [N_SLOTS]
        1 where E is given.
    norm : float32 [N_SLOTS]
        In: zeros. Out: the sum of squared weights to readers that miss something.

    Returns
    -------
    int64
        OK.
    """
    H, E, own, norm = bare(H), bare(E), bare(own), bare(norm)
    start, sstart, length = h.get_start(H), h.get_sstart(H), h.get_length(H)
    kind, prv, w, src = h.get_kind(H), h.get_prv(H), h.get_w(H), h.get_src(H)
    for i in range(np.uint64(H[h.N_SLOTS])):
        norm[i] = -_ONE if own[i] != 0 else norm[i]  # of those nothing is asked
    node = H[h.TAIL]
    while node >= 0:
        i = np.uint64(node)
        if norm[i] > 0:
            share, error = _ONE / (_ONE + norm[i]), E[i]
            for j in range(error.size):
                error[j] *= share
        if norm[i] != 0 and (kind[i] == codes.SUM or kind[i] == codes.MEAN):
            n, a, s = np.uint64(length[i]), np.uint64(start[i]), np.uint64(sstart[i])
            share = _ONE / np.float32(n) if kind[i] == codes.MEAN else _ONE
            _send(E, norm, i, src, s, n, w, a, share)
        node = np.int64(prv[i])
    for i in range(np.uint64(H[h.N_SLOTS])):
        norm[i] = max(norm[i], _ZERO)
    return OK
