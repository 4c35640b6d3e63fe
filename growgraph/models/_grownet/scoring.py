"""Products and scores of candidate nodes: what a newborn would explain, before it is one."""

import numpy as np

from growgraph._linalg import one_thread
from growgraph.kernels import knot

KINDS = ("right", "left", "step", "abs")
"""relu(z - t), relu(t - z), 1[z > t], abs(z - t): the columns of :func:`best_knots`."""

_ROWS = 4096  # rows that are float64 at a time
_MUCH, _BLOCK = 2**25, 512  # multiplications from which float32 is summed over so many rows


def best_knots(Z, R, *, gates=None, least=3, weight=None, slack=None):
    """Where along each projection a node of each kind would explain most of the residual.

    Parameters
    ----------
    Z : array of float32, shape (projections, samples)
        One projection a row, finite.
    R : array of float, shape (samples, targets)
        Residuals; their mean is taken off.
    gates : array of float32, shape (projections, samples), optional
        What each node's output is multiplied by.
    least : int
        Samples there must be on either side of a knot.
    weight : array of float, shape (samples,), optional
        More than 0; 1 if not given.
    slack : array of float, shape (projections,), optional
        Neighbours that differ by no more are one value: rounding alone tells them apart.

    Returns
    -------
    knots, scores : ndarray of float64, shape (projections, 4)
        A column for each of ``KINDS``. The score is the drop of the weighted sum of squares when
        1 and the node are fitted to R; -1 where there is no knot. Elders are left out: where R is
        orthogonal to them it is a lower bound of the drop beside them.

    Examples
    --------
    >>> import numpy as np
    >>> z = np.arange(10.0)[None]
    >>> knots, scores = best_knots(z, np.maximum(z.T - 4, 0))
    >>> float(knots[0, 0]), KINDS[int(scores.argmax())]
    (4.0, 'right')
    """
    Z = np.ascontiguousarray(Z, np.float32)
    R = np.ascontiguousarray(R, np.float64)
    p = np.ones(len(R)) if weight is None else np.ascontiguousarray(weight, np.float64)
    gates = Z[:0] if gates is None else np.ascontiguousarray(gates, np.float32)
    knots, scores = np.empty((2, len(Z), knot.KINDS))
    order = np.argsort(Z, axis=1)
    if slack is not None:
        Z = _merged(Z, order, slack)
    knot.scan(Z, order, gates, R, p, max(1, int(least)), knots, scores)
    return knots, scores


def _merged(Z, order, slack):
    """Each value, or the least of those that it is one with."""
    at = order + np.arange(0, Z.size, Z.shape[1])[:, None]
    ordered, merged = Z.ravel()[at], np.empty(Z.size, Z.dtype)
    least = np.ones(Z.shape, bool)
    least[:, 1:] = np.diff(ordered, axis=1) > np.asarray(slack)[:, None]
    first = np.flatnonzero(least)
    merged[at.ravel()] = np.repeat(ordered.ravel()[first], np.diff(first, append=Z.size))
    return merged.reshape(Z.shape)


def gap_above(z, t, slack):
    """The middle of the first gap wider than ``slack`` that ends above ``t``; NaN: there is none.

    Examples
    --------
    >>> z = np.array([3.0, 1.0, 1.1, 1.2, 5.0])
    >>> gap_above(z, 1.05, 0.5), gap_above(z, 3.0, 0.5), gap_above(z, 4.0, 2.5)
    (2.1, 4.0, nan)
    """
    over = z > t
    above, below = z[over], z[~over]
    if above.size and below.size:
        low, high = float(below.max()), float(above.min())
        if high - low > slack:  # nearly always
            return (low + high) / 2
    ends = np.append(np.sort(below)[-1:], np.sort(above))
    wide = np.flatnonzero(np.diff(ends) > slack)
    return float(ends[wide[0] : wide[0] + 2].mean(dtype=np.float64)) if wide.size else np.nan


def cross(F, K, *, weight=None):
    """F' diag(weight) K in float64, without a float64 copy of more than a few thousand rows.

    Large products of float32 are float32 over 512 rows, which loses 3e-7 of sqrt(F'F K'K) at most.

    Parameters
    ----------
    F, K : array, shapes (samples, a) and (samples, b)
        Any float type.
    weight : array of float, shape (samples,), optional
        1 if not given.

    Returns
    -------
    ndarray of float64, shape (a, b), columns together

    Examples
    --------
    >>> cross(np.eye(2, dtype=np.float32), np.ones((2, 1)), weight=[1, 3]).ravel()
    array([1., 3.])
    """
    total = np.zeros((F.shape[1], K.shape[1]), order="F")
    single = F.dtype == K.dtype == np.float32 and len(F) * total.size > _MUCH
    dtype, block = (np.float32, _BLOCK) if single else (np.float64, _ROWS)
    with one_thread():
        for first in range(0, len(F), block):
            rows = slice(first, first + block)
            left = np.asarray(F[rows], dtype)
            if weight is not None:
                right = K[rows] * np.asarray(weight[rows], dtype)[:, None]
            else:  # of the same array, so that only one triangle is worked out
                right = left if K is F else np.asarray(K[rows], dtype)
            total += left.T @ right
    return total
