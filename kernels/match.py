"""Exact nearest prototypes: a float32 lower bound for all, float64 distances for the few left.

Prototypes stand at *places*, 64 to a group. Row ``g m + i`` of ``F`` holds coordinate i of group g,
so that 64 prototypes lie in four registers and the bounds of four samples are one dense tile. With
c the mean, u = x - c, v = p - c and a few orthonormal axes, |x - p|^2 = |u|^2 + |v|^2 - 2 u.v and

    u.v <= (u on axes).(v on axes) + r s,

r and s what of |u| and |v| the axes leave: the residuals are one coordinate more. ``F`` has the
first axes; ``G`` those after them, read only where the first bound does not tell. Without axes
``F`` has all of v and the bound is tight. Bounds give way by ``slack`` (|u|^2 + |v|^2), more than
rounding can make: no neighbour is lost, and what is returned is computed from x and p alone.
"""

import numpy as np

from growgraph.kernels._jit import helper, kernel, reducer
from growgraph.kernels._scan import add_squares, lowest, nothing, up_to, whole
from growgraph.kernels._simd import bare, fma, load, prefetch, splat, total
from growgraph.kernels._tile import GROUP, bounds, dense, marks

AXES = 64  # coordinates of F, and of G, where there are axes
CHUNK = 2048  # prototypes whose bounds are held at once
BLOCK = 64  # samples at once
_DEPTH = 128  # coordinates of a distance between two looks at its limit
_SEEDS = 32  # most neighbours for which a search begins with the nearest by bound
_SORTED = 64  # most prototypes that are ordered by bound before they are met
_FAR = 1e15  # |u| above which float32 squares are not trusted
_TINY = 1e-30  # more than float32 loses near zero, where |v| is about 1
_INF = np.float32(np.inf)
_ZERO = np.float32(0)


# ---- samples ----------------------------------------------------------------------------------
@helper
def _aligned(rows, columns):
    """An unset float32 matrix whose first row starts on a cache line."""
    base = np.empty(rows * columns + 16, np.float32)
    first = (-base.ctypes.data // 4) % 16
    return base[first : first + rows * columns].reshape(rows, columns)


@reducer
def _energy(u):
    """|u|^2 in float64."""
    e = 0.0
    for i in range(u.size):
        e += np.float64(u[i]) * np.float64(u[i])
    return e


@helper
def _enter(X, first, n, mean, scale, Z, U, energy):
    """Z = x, padded; U = (x - mean) * scale and energy = |u|^2, -1 where float32 cannot hold it."""
    d = np.uint64(mean.size)
    for q in range(n):
        x, z, u = X[first + q], Z[q], U[q]
        for i in range(d):
            z[i] = x[i]
            u[i] = np.float32((np.float64(x[i]) - mean[i]) * scale)
        energy[q] = _energy(u)
        if not energy[q] < _FAR * _FAR:
            energy[q] = -1.0
            u[:] = _ZERO


@helper
def _project(U, n, axes, slack, energy, S, Q, R):
    """Q and R: coordinates on the first and on the later axes, each block with its residual.

    A residual is rounded up. A block of R ends with what it leaves and what the block before left:
    the latter stands in G with the other sign, since it is bounded anew.
    """
    d, flat, levels = U.shape[1], U.reshape(-1), R.shape[1] // AXES
    S[:n, : (levels + 1) * GROUP] = _ZERO
    for level in range(levels + 1):
        dense(axes, level * d, d, flat, n, S, level * GROUP)
    for q in range(n):
        size = max(energy[q], 0.0)
        Q[q] = S[q, :AXES]
        left = size - _energy(Q[q])
        residual = np.float32(np.sqrt(max(left, 0.0) + 2 * slack * size))
        Q[q, AXES - 1] = residual
        for first in range(0, levels * AXES, AXES):
            end = first + AXES
            R[q, first:end] = S[q, first + AXES : end + AXES]
            left -= _energy(R[q, first:end])
            R[q, end - 1] = residual
            residual = np.float32(np.sqrt(max(left, 0.0) + 2 * slack * size))
            R[q, end - 2] = residual


# ---- one sample among the prototypes of a chunk -----------------------------------------------
@helper
def _distance(X, q, P, i, most):
    """|X[q] - P[i]|^2 in float64 by two times eight sums; ends early above ``most``."""
    n, j = np.uint64(P.shape[1]), np.uint64(0)
    a, b, d = nothing(), nothing(), 0.0
    while j < n:
        end = min(n, j + np.uint64(_DEPTH))
        while j < end:
            a = add_squares(a, X, q, P, i, j)
            b = add_squares(b, X, q, P, i, j + np.uint64(8))
            j += np.uint64(16)
        d = whole(a) + whole(b)
        if d > most:
            break
    return d


@helper
def _insert(D, N, d, i):
    """Put (d, i) into the sorted row if it stands before the last."""
    j = D.size - 1
    if d > D[j] or (d == D[j] and i > N[j]):
        return
    while j > 0 and (D[j - 1] > d or (D[j - 1] == d and N[j - 1] > i)):
        D[j], N[j] = D[j - 1], N[j - 1]
        j -= 1
    D[j], N[j] = d, i


@helper
def _limit(worst, scale, slack, energy):
    """The most a bound S may be: (worst - |u|^2) / 2, rounded up; all are let through if far."""
    if energy < 0:
        return _INF
    value = 0.5 * (worst * scale * scale - (1 - slack) * energy)
    return np.float32(value + 2e-7 * abs(value) + _TINY)


@helper
def _seed(S, q, n, least, where):
    """The smallest of the first n entries of row q, by insertion; in S they become infinite."""
    k = least.size
    least[:] = _INF
    for j0 in range(0, n, 16):
        bits = up_to(S, q, j0, least[k - 1])
        while bits:
            j = j0 + np.int64(lowest(bits))
            bits &= bits - np.uint64(1)
            i, s = k - 1, S[q, j]
            if s < least[i] and j < n:
                while i > 0 and least[i - 1] > s:
                    least[i], where[i] = least[i - 1], where[i - 1]
                    i -= 1
                least[i], where[i] = s, j
    for i in range(k):
        S[q, where[i]] = _INF


@helper
def _collect(low, q, n, found):
    """found[:count] = the columns below n whose bounds are low enough."""
    count = 0
    for g in range((n + GROUP - 1) // GROUP):
        bits = low[q, g]
        while bits:
            found[count] = g * GROUP + np.int64(lowest(bits))
            count += found[count] < n
            bits &= bits - np.uint64(1)
    return count


@helper
def _refine(G, R, q, c, S, place, found, count, limit):
    """Keep of found[:count] what the axes from c do not exclude; the new bounds go to S."""
    kept, zero = 0, splat(_ZERO)
    r0, r1, r2, r3 = load(R, q, c), load(R, q, c + 16), load(R, q, c + 32), load(R, q, c + 48)
    for k in range(count):
        j = found[k]
        g, ahead = place + j, place + found[min(k + 8, count - 1)]
        prefetch(G, ahead, c)
        prefetch(G, ahead, c + 16)
        prefetch(G, ahead, c + 32)
        prefetch(G, ahead, c + 48)
        v = fma(r0, load(G, g, c), fma(r1, load(G, g, c + 16), zero))
        w = fma(r2, load(G, g, c + 32), fma(r3, load(G, g, c + 48), zero))
        S[q, j] += total(v) + total(w)
        found[kept] = j
        kept += not S[q, j] > limit
    return kept


@helper
def _sort(S, q, found, count):
    """Order found[:count] by their bounds."""
    for c in range(1, count):
        j, i = found[c], c
        while i > 0 and S[q, found[i - 1]] > S[q, j]:
            found[i] = found[i - 1]
            i -= 1
        found[i] = j


@helper
def _meet(S, q, place, P, ids, X, energy, scale, slack, found, count, D, N):
    """Distances of found[:count], as long as the bound does not exclude them; how many."""
    k, met = D.size, 0
    limit = _limit(D[k - 1], scale, slack, energy)
    for c in range(count):
        if S[q, found[c]] > limit:
            continue
        if c + 1 < count:
            after = ids[place + found[c + 1]]
            for j in range(0, min(P.shape[1], 320), 16):
                prefetch(P, after, j)
        met += 1
        i = ids[place + found[c]]
        _insert(D, N, _distance(X, q, P, i, D[k - 1]), i)
        limit = _limit(D[k - 1], scale, slack, energy)
    return met


@helper
def _begin(S, q, there, P, ids, X, least, where, D, N):
    """Meet the prototypes of the first chunk with the least bounds."""
    _seed(S, q, there, least, where)
    for i in range(least.size):
        j = ids[where[i]]
        _insert(D, N, _distance(X, q, P, j, np.inf), j)


@helper
def _search(
    S, q, place, there, low, limit, P, G, R, ids, X, energy, frame, least, where, found, D, N
):  # fmt: skip
    """Meet what the bounds of one chunk leave of its prototypes; what it took, in distances."""
    k, led, scale, slack = D.size, G.shape[0] > 0, frame[0], frame[1]
    if place == 0 and k <= min(_SEEDS, there) and energy >= 0:
        _begin(S, q, there, P, ids, X, least, where, D, N)
        limit = _limit(D[k - 1], scale, slack, energy)
        for j in range(0, there, GROUP):
            low[q, j // GROUP] = marks(S, q, j, limit)
    count = _collect(low, q, there, found)
    work = count // 8
    if led and energy >= 0:
        for c in range(0, G.shape[1], AXES):
            count = _refine(G, R, q, c, S, place, found, count, limit)
        if count <= _SORTED:
            _sort(S, q, found, count)
    return work + _meet(S, q, place, P, ids, X, energy, scale, slack, found, count, D, N)


@helper
def _answer(
    X, P, n, F, G, B, ids, axes, mean, frame, allowed, D, N,
    S, Z, U, Q, R, low, found, limits, energy, least, where,
):  # fmt: skip
    """What nearest does, with its scratch: our caller owns it, so that nothing is counted here."""
    P, F, G, B, D, N, ids = bare(P), bare(F), bare(G), bare(B), bare(D), bare(N), bare(ids)
    S, Z, U, Q, R, low, found = bare(S), bare(Z), bare(U), bare(Q), bare(R), bare(low), bare(found)
    k, m, led = D.shape[1], F.shape[0] // B.shape[0], G.shape[0] > 0
    scale, slack = frame[0], frame[1]
    D[:], N[:], Z[:] = np.inf, n, _ZERO
    work = 0
    for first in range(0, X.shape[0], BLOCK):
        samples = min(BLOCK, X.shape[0] - first)
        _enter(X, first, samples, mean, scale, Z, U, energy)
        if led:
            _project(U, samples, axes, slack, energy, S, Q, R)
        flat = (Q if led else U).reshape(-1)
        for place in range(0, n, CHUNK):
            there = min(CHUNK, n - place)
            for q in range(samples):
                limits[q] = _limit(D[first + q, k - 1], scale, slack, energy[q])
            for j in range(0, there, GROUP):
                bounds(F, (place + j) // GROUP, m, flat, samples, B, S, j, limits, low)
            for q in range(samples):
                work += _search(
                    S, q, place, there, low, limits[q], P, G, R, ids, Z, energy[q], frame, least,
                    where, found, D[first + q], N[first + q],
                )  # fmt: skip
        if work > allowed * (first + samples):
            return first + samples
    return X.shape[0]


@kernel(writes=("D", "N"))
def nearest(X, P, n, F, G, B, ids, axes, mean, frame, allowed, D, N):
    """D, N = the k least of |x - p|^2 and their prototypes; ties go to the lower index.

    Parameters
    ----------
    X : float32 [batch, d]
        Samples, finite.
    P : float32 [at least n, d and more]
        Prototypes; columns to a multiple of 16 are 0.
    n : int64
        Prototypes in use, at least k.
    F : float32 [groups * m, 64]
        Row g m + i: coordinate i, with the other sign, of the 64 prototypes of group g.
    G : float32 [at least n or 0, 64 * levels]
        Later coordinates by place, with the other sign; a block of 64 ends with the residual and
        with that of the block before, which has its own sign. No rows: there are no axes.
    B : float32 [groups, 64]
        |v|^2 (1 - slack) / 2, rounded down; infinite where there is no prototype.
    ids : int64 [at least n]
        Prototype that stands at a place.
    axes : float32 [(1 + levels) * d, 64]
        Columns: the axes, orthonormal, 63 at first and 62 a level; the rest are 0.
    mean : float64 [d]
        c.
    frame : float64 [2]
        Factor of u and v, a power of two for which |v| is about 1; slack.
    allowed : int64
        Distances a sample may take, on average, before the search is broken off.
    D : float64 [batch, k]
        Written: distances, ascending.
    N : int64 [batch, k]
        Written: rows of P.

    Returns
    -------
    int64
        Samples answered: all, or fewer where the bounds exclude too little.
    """
    size, k = min(BLOCK, X.shape[0]), min(_SEEDS, D.shape[1])
    S, Z, U = _aligned(size, CHUNK), _aligned(size, P.shape[1]), _aligned(size, mean.size)
    Q, R = _aligned(size, AXES), _aligned(size, G.shape[1])
    low, found = np.empty((size, CHUNK // GROUP), np.uint64), np.empty(CHUNK, np.int64)
    limits, energy = np.empty(size, np.float32), np.empty(size)
    least, where = np.empty(k, np.float32), np.empty(k, np.int64)
    return _answer(
        X, P, n, F, G, B, ids, axes, mean, frame, allowed, D, N,
        S, Z, U, Q, R, low, found, limits, energy, least, where,
    )  # fmt: skip
