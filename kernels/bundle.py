"""Four nodes that read the same sources: one dense block, as a matrix product has it.

Each row of sources is loaded once for four nodes. With AVX-512 a tile is 4 nodes by 64 columns:
16 registers of sums, which keep both multiply-add units busy. Elsewhere it is 4 by 16, which
with AVX2 is 8 registers and does not spill. Each node's sum takes the steps it takes alone.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, inlined
from growgraph.kernels._lanes import WIDE
from growgraph.kernels._simd import at, fma, load, splat, store


@inlined
def _load_64(V, i, c):
    return load(V, i, c), load(V, i, c + 16), load(V, i, c + 32), load(V, i, c + 48)


@inlined
def _store_64(V, i, c, v):
    store(V, i, c, v[0])
    store(V, i, c + 16, v[1])
    store(V, i, c + 32, v[2])
    store(V, i, c + 48, v[3])


@inlined
def _fma_64(weight, x, v):
    return (
        fma(weight, x[0], v[0]),
        fma(weight, x[1], v[1]),
        fma(weight, x[2], v[2]),
        fma(weight, x[3], v[3]),
    )


@inlined
def _tile_64(V, rows, c, src, s, n, w, a):
    """Four rows, 64 columns from c."""
    i0, i1, i2, i3 = rows
    a0, a1, a2, a3 = a
    p, q, r, t = _load_64(V, i0, c), _load_64(V, i1, c), _load_64(V, i2, c), _load_64(V, i3, c)
    for e in range(n):
        x = _load_64(V, at(src, s + e), c)
        p = _fma_64(splat(at(w, a0 + e)), x, p)
        q = _fma_64(splat(at(w, a1 + e)), x, q)
        r = _fma_64(splat(at(w, a2 + e)), x, r)
        t = _fma_64(splat(at(w, a3 + e)), x, t)
    _store_64(V, i0, c, p)
    _store_64(V, i1, c, q)
    _store_64(V, i2, c, r)
    _store_64(V, i3, c, t)


@inlined
def _tile_16(V, rows, c, src, s, n, w, a):
    """Four rows, 16 columns from c."""
    i0, i1, i2, i3 = rows
    a0, a1, a2, a3 = a
    p, q, r, t = load(V, i0, c), load(V, i1, c), load(V, i2, c), load(V, i3, c)
    for e in range(n):
        x = load(V, at(src, s + e), c)
        p = fma(splat(at(w, a0 + e)), x, p)
        q = fma(splat(at(w, a1 + e)), x, q)
        r = fma(splat(at(w, a2 + e)), x, r)
        t = fma(splat(at(w, a3 + e)), x, t)
    store(V, i0, c, p)
    store(V, i1, c, q)
    store(V, i2, c, r)
    store(V, i3, c, t)


@helper
def add_four(V, rows, src, s, n, w, a, bias, fresh):
    """Rows = bias + sum of w * x over their shared sources; the width is a multiple of 16.

    Without ``fresh`` what is in the rows stands for the bias.
    """
    width, c = np.uint64(V.shape[1]), np.uint64(0)
    if fresh:
        for i in rows:
            for j in range(np.uint64(0), width, np.uint64(16)):
                store(V, i, j, splat(at(bias, i)))
    if WIDE:
        while c + 64 <= width:
            _tile_64(V, rows, c, src, s, n, w, a)
            c += np.uint64(64)
    while c + 16 <= width:
        _tile_16(V, rows, c, src, s, n, w, a)
        c += np.uint64(16)


@inlined
def is_follower(H, i, node):
    """True if ``node`` (-1: none) can be computed beside SUM node i of its bundle."""
    if node < 0:
        return False
    j = np.uint64(node)
    return (
        h.get_sstart(H)[j] == h.get_sstart(H)[i]
        and h.get_length(H)[j] == h.get_length(H)[i]
        and h.get_kind(H)[j] == codes.SUM
        and h.get_flags(H)[j] & codes.SHARED != 0
    )
