"""The past of a newborn: what its sums would be, had it been there from the first sample."""

import numpy as np

from growgraph._linalg import one_thread
from growgraph.models._grownet.scoring import cross

_ROUNDING = 1e-12


def impute(G, B, F, K, T, weight, *, ridge=1e-3, whole=False):
    """Sums of newborns over samples that are gone, from the sums of elders and a memory.

    On the memory a newborn is split into what elders explain, F Gamma, and the rest E. The first
    part has a past, G Gamma; the rest has the memory's, times its weights: F'K = G Gamma,
    K'K = Gamma' G Gamma + E'WE, K'T = Gamma' B + E'WT. The border keeps G positive semidefinite
    whatever the memory holds: what elders leave of K'K is E'WE. (With the products of F and E,
    which are not 0 because of the ridge, it is not: they are left out, and that was not worse.)

    Parameters
    ----------
    G, B : array of float64, shapes (columns, columns) and (columns, targets)
        F'F and F'T over all samples.
    F, K, T : array, shapes (rows, columns), (rows, newborns) and (rows, targets)
        Elders, newborns and targets of the memory.
    weight : array of float, shape (rows,)
        How many samples a row stands for.
    ridge : float
        Share of the squares of the elders that is added to them when Gamma is solved.
    whole : bool
        The memory holds all samples: the sums are those of its rows, exactly.

    Returns
    -------
    G12, G22, B2 : ndarray of float64
        F'K, K'K and K'T over all samples, as :meth:`RidgeReadout.reduce` takes them.

    Examples
    --------
    >>> import numpy as np
    >>> F = np.array([[1.0, 0], [1, 1], [1, 2], [1, 3]])
    >>> K = 1 + 2 * F[:, 1:]  # all of it is explained, so half of the rows are enough
    >>> T, half = np.ones((4, 1)), slice(0, 2)
    >>> G12, G22, B2 = impute(F.T @ F, F.T @ T, F[half], K[half], T[half], [2, 2], ridge=1e-9)
    >>> bool(np.allclose(G12, F.T @ K) and np.allclose(G22, K.T @ K) and np.allclose(B2, K.T @ T))
    True
    """
    F, K, T = (np.asarray(a, np.float64) for a in (F, K, T))
    N = cross(F, K, weight=weight)
    if whole:
        return N, cross(K, K, weight=weight), cross(K, T, weight=weight)
    from scipy.linalg import cho_factor, cho_solve

    M = cross(F, F, weight=weight)
    square = np.diag(M)
    M.flat[:: len(M) + 1] += ridge * square + _ROUNDING * max(float(square.mean()), 1e-300)
    with one_thread():
        factor = cho_factor(M, lower=True, overwrite_a=True, check_finite=False)
        gamma = cho_solve(factor, N, check_finite=False)
        G12, E = G @ gamma, K - F @ gamma
        G22 = gamma.T @ G12 + cross(E, E, weight=weight)
        B2 = gamma.T @ B + cross(E, T, weight=weight)
    return G12, (G22 + G22.T) / 2, B2
