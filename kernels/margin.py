"""The plane between two kinds of points that is furthest from both.

Support vectors with squared losses, found one point after another in the dual: min |w|^2 / 2 + sum
of C max(0, 1 - s w x)^2 (Hsieh et al. 2008).
"""

import numpy as np

from growgraph.kernels._jit import kernel

_TOL = 1e-3  # of slopes


@kernel(writes=("w", "alpha"))
def separate(X, sign, cost, passes, w, alpha):
    """Turn a plane until every point is on its side, as far from it as can be.

    Parameters
    ----------
    X : float64 [n, d]
        Points.
    sign : float64 [n]
        Their sides, 1 or -1.
    cost : float64 [n]
        Of a point on the wrong side, > 0.
    passes : int64
        Over all points, at most.
    w : float64 [d]
        In: the sum of alpha sign x. Out: the plane; w x > 0 on the side of 1.
    alpha : float64 [n]
        In and out: how much each point holds the plane.

    Returns
    -------
    int64
        Passes made.
    """
    n, d = X.shape
    size = np.zeros(n)
    for i in range(n):
        for j in range(d):
            size[i] += X[i, j] * X[i, j]
    for turn in range(passes):
        worst = 0.0
        for i in range(n):
            told, soft = 0.0, 0.5 / cost[i]
            for j in range(d):
                told += w[j] * X[i, j]
            slope = sign[i] * told - 1 + soft * alpha[i]
            worst = max(worst, abs(slope) if alpha[i] > 0 else -slope)
            new = max(alpha[i] - slope / (size[i] + soft), 0.0)
            if new != alpha[i]:
                move = (new - alpha[i]) * sign[i]
                for j in range(d):
                    w[j] += move * X[i, j]
                alpha[i] = new
        if worst <= _TOL:
            return np.int64(turn + 1)
    return np.int64(passes)
