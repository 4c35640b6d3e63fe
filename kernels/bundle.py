"""Nodes that read the same sources: one dense block, as a matrix product has it.

Each row of sources is loaded once for several nodes. With AVX-512 a tile is 4 nodes by 64 columns:
16 registers of sums, which keep both multiply-add units busy. Elsewhere it is 6 by 16, which with
AVX2 is 12 of 16 registers, and 4 by 16 where there are no six nodes. Each node's sum takes the
steps it takes alone.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, inlined
from growgraph.kernels._lanes import WIDE
from growgraph.kernels._simd import at, fma, load, splat, store, take

MOST_ROWS = 4 if WIDE else 6  # nodes in a tile


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


@inlined
def _tile_six(V, flat, shift, rows, c, src, s, n, w, a):
    """Six rows, 16 columns from c; ``flat`` is V in one dimension, its width 1 << shift.

    To find a row by a shift counts: a multiplication of integers takes the turn of one of sums.
    """
    i0, i1, i2, i3, i4, i5 = rows
    a0, a1, a2, a3, a4, a5 = a
    p, q, r = load(V, i0, c), load(V, i1, c), load(V, i2, c)
    t, u, v = load(V, i3, c), load(V, i4, c), load(V, i5, c)
    for e in range(n):
        x = take(flat, (np.uint64(at(src, s + e)) << shift) + c)
        p = fma(splat(at(w, a0 + e)), x, p)
        q = fma(splat(at(w, a1 + e)), x, q)
        r = fma(splat(at(w, a2 + e)), x, r)
        t = fma(splat(at(w, a3 + e)), x, t)
        u = fma(splat(at(w, a4 + e)), x, u)
        v = fma(splat(at(w, a5 + e)), x, v)
    store(V, i0, c, p)
    store(V, i1, c, q)
    store(V, i2, c, r)
    store(V, i3, c, t)
    store(V, i4, c, u)
    store(V, i5, c, v)


@inlined
def _begin_rows(V, rows, bias):
    for i in rows:
        for j in range(np.uint64(0), np.uint64(V.shape[1]), np.uint64(16)):
            store(V, i, j, splat(at(bias, i)))


@helper
def add_four(V, rows, src, s, n, w, a, bias, fresh):
    """Rows = bias + sum of w * x over their shared sources; the width is a multiple of 16.

    Without ``fresh`` what is in the rows stands for the bias.
    """
    width, c = np.uint64(V.shape[1]), np.uint64(0)
    if fresh:
        _begin_rows(V, rows, bias)
    if WIDE:
        while c + 64 <= width:
            _tile_64(V, rows, c, src, s, n, w, a)
            c += np.uint64(64)
    while c + 16 <= width:
        _tile_16(V, rows, c, src, s, n, w, a)
        c += np.uint64(16)


@helper
def add_six(V, rows, src, s, n, w, a, bias, fresh):
    """:func:`add_four` of six rows; the width is a power of two, 16 or more."""
    if fresh:
        _begin_rows(V, rows, bias)
    flat, width, shift = V.reshape(V.size), np.uint64(V.shape[1]), np.uint64(4)
    while np.uint64(1) << shift < width:
        shift += np.uint64(1)
    for c in range(np.uint64(0), width, np.uint64(16)):
        _tile_six(V, flat, shift, rows, c, src, s, n, w, a)


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
