"""A dense tile of bounds: samples times a group of 64 prototypes, which lie in four registers.

With AVX-512 a tile is 4 samples by 64 prototypes, elsewhere 4 by 16. Each sum takes its coordinates
in their sequence, one fma each, in every tile.
"""

import numpy as np

from growgraph.kernels._jit import helper
from growgraph.kernels._lanes import WIDE
from growgraph.kernels._scan import up_to
from growgraph.kernels._simd import at, fma, load, splat, store

GROUP = 64  # prototypes of a group
_DEPTH = 128  # coordinates whose part of a group stays in the first cache


@helper
def _tile(F, row, end, q, x0, m, S, i, j):
    """Four samples, 64 prototypes: S[i .. i + 4, j .. j + 64] += coordinates times F[row : end]."""
    x1, x2, x3 = x0 + m, x0 + m + m, x0 + m + m + m
    i1, i2, i3 = i + np.uint64(1), i + np.uint64(2), i + np.uint64(3)
    p0, p1, p2, p3 = load(S, i, j), load(S, i, j + 16), load(S, i, j + 32), load(S, i, j + 48)
    q0, q1, q2, q3 = load(S, i1, j), load(S, i1, j + 16), load(S, i1, j + 32), load(S, i1, j + 48)
    r0, r1, r2, r3 = load(S, i2, j), load(S, i2, j + 16), load(S, i2, j + 32), load(S, i2, j + 48)
    t0, t1, t2, t3 = load(S, i3, j), load(S, i3, j + 16), load(S, i3, j + 32), load(S, i3, j + 48)
    for e in range(end - row):
        k = row + e
        f0, f1, f2, f3 = load(F, k, 0), load(F, k, 16), load(F, k, 32), load(F, k, 48)
        x = splat(at(q, x0 + e))
        p0, p1, p2, p3 = fma(x, f0, p0), fma(x, f1, p1), fma(x, f2, p2), fma(x, f3, p3)
        x = splat(at(q, x1 + e))
        q0, q1, q2, q3 = fma(x, f0, q0), fma(x, f1, q1), fma(x, f2, q2), fma(x, f3, q3)
        x = splat(at(q, x2 + e))
        r0, r1, r2, r3 = fma(x, f0, r0), fma(x, f1, r1), fma(x, f2, r2), fma(x, f3, r3)
        x = splat(at(q, x3 + e))
        t0, t1, t2, t3 = fma(x, f0, t0), fma(x, f1, t1), fma(x, f2, t2), fma(x, f3, t3)
    _store_64(S, i, j, p0, p1, p2, p3)
    _store_64(S, i1, j, q0, q1, q2, q3)
    _store_64(S, i2, j, r0, r1, r2, r3)
    _store_64(S, i3, j, t0, t1, t2, t3)


@helper
def _store_64(S, i, j, v0, v1, v2, v3):
    store(S, i, j, v0)
    store(S, i, j + 16, v1)
    store(S, i, j + 32, v2)
    store(S, i, j + 48, v3)


@helper
def _narrow_tile(F, row, end, q, x0, m, S, i, j, c):
    """Four samples, 16 prototypes from c: what AVX2 has registers for."""
    x1, x2, x3 = x0 + m, x0 + m + m, x0 + m + m + m
    i1, i2, i3, at_c = i + np.uint64(1), i + np.uint64(2), i + np.uint64(3), j + c
    p, r, s, t = load(S, i, at_c), load(S, i1, at_c), load(S, i2, at_c), load(S, i3, at_c)
    for e in range(end - row):
        f = load(F, row + e, c)
        p, r = fma(splat(at(q, x0 + e)), f, p), fma(splat(at(q, x1 + e)), f, r)
        s, t = fma(splat(at(q, x2 + e)), f, s), fma(splat(at(q, x3 + e)), f, t)
    store(S, i, at_c, p)
    store(S, i1, at_c, r)
    store(S, i2, at_c, s)
    store(S, i3, at_c, t)


@helper
def _line(F, row, end, q, x0, S, i, j):
    """One sample, 64 prototypes."""
    p0, p1, p2, p3 = load(S, i, j), load(S, i, j + 16), load(S, i, j + 32), load(S, i, j + 48)
    for e in range(end - row):
        k, x = row + e, splat(at(q, x0 + e))
        p0, p1 = fma(x, load(F, k, 0), p0), fma(x, load(F, k, 16), p1)
        p2, p3 = fma(x, load(F, k, 32), p2), fma(x, load(F, k, 48), p3)
    _store_64(S, i, j, p0, p1, p2, p3)


@helper
def dense(F, row, m, q, n, S, j):
    """S[:n, j : j + 64] += q [n * m] times the group that begins at F[row]."""
    m, row, j, n = np.uint64(m), np.uint64(row), np.uint64(j), np.uint64(n)
    four, depth = np.uint64(4), np.uint64(_DEPTH)
    done = np.uint64(0)
    while done < m:
        first, end = row + done, row + min(m, done + depth)
        i = np.uint64(0)
        while i + four <= n:
            if WIDE:
                _tile(F, first, end, q, i * m + done, m, S, i, j)
            else:
                for c in range(0, GROUP, 16):
                    _narrow_tile(F, first, end, q, i * m + done, m, S, i, j, np.uint64(c))
            i += four
        while i < n:
            _line(F, first, end, q, i * m + done, S, i, j)
            i += np.uint64(1)
        done += depth


@helper
def bounds(F, g, m, q, n, B, S, j, limits, low):
    """Bounds of group g, to S[:n, j : j + 64]; low[i] has a bit for each up to limits[i]."""
    b0, b1, b2, b3 = load(B, g, 0), load(B, g, 16), load(B, g, 32), load(B, g, 48)
    for i in range(n):
        _store_64(S, i, j, b0, b1, b2, b3)
    dense(F, g * m, m, q, n, S, j)
    for i in range(n):
        low[i, j // GROUP] = marks(S, i, j, limits[i])


@helper
def marks(S, i, j, limit):
    """Bit b is set where S[i, j + b] is not above limit, b = 0 .. 63."""
    bits = up_to(S, i, j, limit) | up_to(S, i, j + 16, limit) << np.uint64(16)
    bits |= up_to(S, i, j + 32, limit) << np.uint64(32)
    return bits | up_to(S, i, j + 48, limit) << np.uint64(48)
