"""Distances from one place to many whose coordinates stand side by side: a row a coordinate."""

from growgraph.kernels._jit import helper
from growgraph.kernels._simd import bare

_BLOCK = 256  # places looked at together


@helper
def distances(f, across, first, last, t):
    """t[j] = squared distance from f to column j, from the first to before the last.

    Added up in order, four a turn.
    """
    t, d, n, i = bare(t)[first:last], f.size, last - first, 0
    for j in range(n):
        t[j] = 0.0
    while i + 3 < d:
        a, b, c, e = f[i], f[i + 1], f[i + 2], f[i + 3]
        p, q = bare(across[i])[first:last], bare(across[i + 1])[first:last]
        r, s = bare(across[i + 2])[first:last], bare(across[i + 3])[first:last]
        for j in range(n):
            u, v, w, z = a - p[j], b - q[j], c - r[j], e - s[j]
            t[j] = (((t[j] + u * u) + v * v) + w * w) + z * z
        i += 4
    while i + 1 < d:
        a, b = f[i], f[i + 1]
        p, q = bare(across[i])[first:last], bare(across[i + 1])[first:last]
        for j in range(n):
            u, v = a - p[j], b - q[j]
            t[j] = (t[j] + u * u) + v * v
        i += 2
    if i < d:
        a, p = f[i], bare(across[i])[first:last]
        for j in range(n):
            u = a - p[j]
            t[j] += u * u


@helper
def count_within(t, first, last, limit):
    """How many are no more than that, from the first to before the last."""
    t, count = bare(t)[first:last], 0
    for j in range(last - first):
        count += 1 if t[j] <= limit else 0
    return count


@helper
def beside(f, across, n, near, t, guess):
    """Any place of the first n that is so near, n if there is none; a guess says where to begin."""
    apart = 0.0
    for i in range(f.size):
        off = f[i] - across[i, guess]
        apart += off * off
    if apart <= near:
        return guess
    blocks = -(-n // _BLOCK)
    for k in range(blocks):
        first = (guess // _BLOCK + k) % blocks * _BLOCK
        last = min(first + _BLOCK, n)
        distances(f, across, first, last, t)
        if count_within(t, first, last, near) > 0:
            for j in range(first, last):
                if t[j] <= near:
                    return j
    return n


@helper
def closest(f, across, near, t):
    """The closest of all places, the last of equals, if it is so near, else -1."""
    n = across.shape[1]
    distances(f, across, 0, n, t)
    best, j, left = -1, 0, count_within(t, 0, n, near)
    while left > 0:
        if t[j] <= near:
            best, near, left = j, t[j], count_within(t, j + 1, n, t[j])
        j += 1
    return best


@helper
def nearest(f, across, n, which, apart, t):
    """The nearest of the first n places, the nearest first, the first of equals; how many.

    ``which`` holds as many different places already: none further away than these is looked at,
    and the nearer to f they are, the faster it is.
    """
    distances(f, across, 0, n, t)
    t, k, most, limit = bare(t), 0, min(which.size, n), 0.0
    for q in range(most):
        limit = max(limit, t[which[q]])
    for j in range(n):
        if t[j] <= limit and (k < most or t[j] < limit):
            p = k if k < most else most - 1
            while p > 0 and apart[p - 1] > t[j]:
                apart[p], which[p] = apart[p - 1], which[p - 1]
                p -= 1
            apart[p], which[p] = t[j], j
            k += 1 if k < most else 0
            limit = apart[most - 1] if k == most else limit
    return k
