"""Evidence: coincidences of nodes with classes, the sums from which the readout is solved.

A += h h', B += h t'. W = (A + lambda I)^-1 B is the fixed point of the local relaxation
w_ic = (b_ic - sum_{j != i} A_ij w_jc) / (A_ii + lambda), node after node: ridge regression.

A is symmetric: of its tiles of 16 by 16 those on and below the diagonal are kept, in float32, row
of tiles after row of tiles. BLOCK samples are held and added together, so that A is read, written
and rounded once for all of them. A sample's place in its block is counted from the first sample.
"""

import numpy as np

from growgraph.kernels._jit import helper, inlined, kernel
from growgraph.kernels._lanes import LANES, WIDE
from growgraph.kernels._simd import at, bare, fma, less, load, plus, put, splat, take
from growgraph.kernels.status import OK

BLOCK = 32
_ZERO = np.float32(0)


@inlined
def _add_16(A, lost, k, v):
    """A += v; what rounding takes away is kept in ``lost`` and added next time (Kahan 1965)."""
    before = take(A, k)
    if lost.size:
        v = plus(v, take(lost, k))
        after = plus(before, v)
        put(lost, k, less(v, less(after, before)))
    else:
        after = plus(before, v)
    put(A, k, after)


@inlined
def _tile_32(A, lost, k, width, held, i, c):
    """Four rows of A from row i, 32 columns from c; row i begins at A[k]."""
    p0 = p1 = q0 = q1 = r0 = r1 = t0 = t1 = splat(_ZERO)
    for s in range(BLOCK):
        x0, x1, row = load(held, s, c), load(held, s, c + LANES), held[s]
        x = splat(at(row, i))
        p0, p1 = fma(x, x0, p0), fma(x, x1, p1)
        x = splat(at(row, i + 1))
        q0, q1 = fma(x, x0, q0), fma(x, x1, q1)
        x = splat(at(row, i + 2))
        r0, r1 = fma(x, x0, r0), fma(x, x1, r1)
        x = splat(at(row, i + 3))
        t0, t1 = fma(x, x0, t0), fma(x, x1, t1)
    _add_four(A, lost, k + c, width, p0, q0, r0, t0)
    _add_four(A, lost, k + c + LANES, width, p1, q1, r1, t1)


@inlined
def _tile_16(A, lost, k, width, held, i, c):
    """The same for 16 columns: what is left, and what AVX2 has registers for."""
    p = q = r = t = splat(_ZERO)
    for s in range(BLOCK):
        x, row = load(held, s, c), held[s]
        p, q = fma(splat(at(row, i)), x, p), fma(splat(at(row, i + 1)), x, q)
        r, t = fma(splat(at(row, i + 2)), x, r), fma(splat(at(row, i + 3)), x, t)
    _add_four(A, lost, k + c, width, p, q, r, t)


@helper
def _add_four(A, lost, k, width, p, q, r, t):
    _add_16(A, lost, k, p)
    _add_16(A, lost, k + width, q)
    _add_16(A, lost, k + 2 * width, r)
    _add_16(A, lost, k + 3 * width, t)


@kernel(writes=("A", "lost"))
def add_block(A, lost, held):
    """A += sum over the held samples of h h', each sum in their sequence.

    Parameters
    ----------
    A : float32 [tiles * 256]
        Tiles on and below the diagonal, row of tiles after row of tiles; a row of them is stored
        row by row.
    lost : float32 [tiles * 256 or 0]
        What rounding took from A so far, or nothing if that is not kept.
    held : float32 [BLOCK, features, rounded up to a multiple of 16]
        Samples; what is behind the features is 0.

    Returns
    -------
    int64
        OK.
    """
    A, lost, held = bare(A), bare(lost), bare(held)
    k = 0
    for first in range(0, held.shape[1], LANES):
        width = first + LANES
        for i in range(first, width, 4):
            c = 0
            if WIDE:
                while c + 2 * LANES <= width:
                    _tile_32(A, lost, k, width, held, i, c)
                    c += 2 * LANES
            while c < width:
                _tile_16(A, lost, k, width, held, i, c)
                c += LANES
            k += 4 * width
    return np.int64(OK)


@helper
def hold(held, place, x):
    """Sample x becomes one of those held."""
    for i in range(x.size):
        held[place, i] = x[i]


@helper
def add_targets(B, x, target):
    """B += x target', in float64, in the sequence of the samples."""
    for i in range(x.size):
        xi = np.float64(x[i])
        if xi != 0:
            for c in range(target.size):
                B[i, c] += xi * target[c]


@helper
def read_out(W, x, out):
    """out = W' x."""
    for c in range(out.size):
        out[c] = 0.0
    for i in range(x.size):
        xi = np.float64(x[i])
        if xi != 0:
            for c in range(out.size):
                out[c] += xi * W[i, c]


@helper
def softmax(s, out):
    """out = exp(s - max s), normalised."""
    top = s[0]
    for c in range(1, s.size):
        top = max(top, s[c])
    total = 0.0
    for c in range(s.size):
        out[c] = np.exp(s[c] - top)
        total += out[c]
    for c in range(s.size):
        out[c] /= total
