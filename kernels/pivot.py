"""Choosing one after another by what is left when the chosen ones are known: pivoted Cholesky.

Columns with products A = K'K + Lambda (elders taken out) and c = K'R lower a ridge objective by
|c_j|^2 / d_j, d = diag(A); once j is chosen the others keep d - row^2, c - row c_j / sqrt(d_j),
row = (A_j - rows_j' rows) / sqrt(d_j): orthogonal least squares (Chen, Billings, Luo 1989). With
A = P = (H'H + Lambda)^-1 and c = beta the least of the same quotients names the column whose
removal costs least, in the same steps: the surgeon of Hassibi and Stork (1993), here exact.
"""

import numpy as np

from growgraph.kernels._jit import helper, inlined, kernel


@inlined
def _square(c, j):
    total = 0.0
    for i in range(c.shape[1]):
        total += c[j, i] * c[j, i]
    return total


@helper
def _best(d, c, floor, allowed, lowest):
    """Which allowed column is next, -1 if none is, and its quotient; the first of equals."""
    place, most = np.int64(-1), 0.0
    for j in range(d.size):
        if allowed[j] and d[j] > floor[j]:
            quotient = _square(c, j) / d[j]
            if place < 0 or (quotient < most if lowest else quotient > most):
                place, most = np.int64(j), quotient
    return place, most


@helper
def _take_out(A, rows, s, j, d, c):
    """Row s of the factor, that of column j, and what it leaves of d and c."""
    row, root = rows[s], np.sqrt(d[j])
    for i in range(row.size):
        row[i] = A[j, i]
    for e in range(s):
        elder, share = rows[e], rows[e, j]
        for i in range(row.size):
            row[i] -= share * elder[i]
    for i in range(row.size):
        row[i] /= root
    for i in range(row.size):
        d[i] -= row[i] * row[i]
    for q in range(c.shape[1]):
        share = c[j, q] / root
        for i in range(row.size):
            c[i, q] -= row[i] * share


@kernel(writes=("c", "d", "allowed", "rows", "chosen", "gains"))
def choose(A, c, d, floor, allowed, most, lowest, rows, chosen, gains):
    """Columns in the sequence of the greatest, or least, |c_j|^2 / d_j of what is left of them.

    Parameters
    ----------
    A : float64 [P, P]
        Products of the columns, symmetric.
    c : float64 [P, C]
        Products with the residual. Written: what the chosen ones leave of them.
    d : float64 [P]
        Diagonal of A. Written: what the chosen ones leave of it.
    floor : float64 [P]
        A column is passed over while d is not above it; at least 0.
    allowed : bool [P]
        Which may be chosen. Written: False for those that were.
    most : float64
        It ends before gains, least first, would sum to more; inf: never.
    lowest : bool
        The least quotient is taken first, else the greatest.
    rows : float64 [k, P]
        Written: rows of the factor of A, that of the first chosen first.
    chosen : int64 [k]
        Written: places of the chosen ones.
    gains : float64 [k]
        Written: their quotients.

    Returns
    -------
    int64
        How many were chosen, at most k.
    """
    total = 0.0
    for s in range(chosen.size):
        j, gain = _best(d, c, floor, allowed, lowest)
        total += max(gain, 0.0)
        if j < 0 or total > most:
            return np.int64(s)
        chosen[s], gains[s] = j, gain
        allowed[j] = False
        _take_out(A, rows, s, j, d, c)
    return np.int64(chosen.size)
