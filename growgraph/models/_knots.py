"""Where along a direction a unit should bend: every knot of every shape, scored exactly."""

import numpy as np

SHAPES = ("right", "left", "step")


def best_knot(z, R, gate=None, least=3):
    """The shape and knot that would take most from the residual.

    Parameters
    ----------
    z : ndarray of float64 [n]
        Projections on a direction.
    R : ndarray of float64 [n, C]
        Residuals of mean 0.
    gate : ndarray of float64 [n], optional
        Activity the unit is multiplied by.
    least : int
        Samples on either side of a knot.

    Returns
    -------
    shape : str
    knot : float
    gain : float
        Drop of the squared residual, |cov|^2 / var; 0 if there is no knot.
    """
    order = np.argsort(z, kind="stable")
    z, R, n = z[order], R[order], z.size
    g = np.ones(n) if gate is None else gate[order]
    gR, gg, zz = g[:, None] * R, g * g, z * z
    S0, S1 = np.cumsum(gR, axis=0), np.cumsum(gR * z[:, None], axis=0)
    one, line = np.cumsum(g), np.cumsum(g * z)
    n0, n1, n2 = np.cumsum(gg), np.cumsum(gg * z), np.cumsum(gg * zz)
    t = (z[:-1] + z[1:]) / 2
    here = slice(0, n - 1)
    T, left, right = t[:, None], {}, {}
    left["c"] = T * S0[here] - S1[here]
    left["m"] = t * one[here] - line[here]
    left["q"] = n2[here] - 2 * t * n1[here] + t * t * n0[here]
    up0, up1 = S0[-1] - S0[here], S1[-1] - S1[here]
    right["c"] = up1 - T * up0
    right["m"] = (line[-1] - line[here]) - t * (one[-1] - one[here])
    right["q"] = (n2[-1] - n2[here]) - 2 * t * (n1[-1] - n1[here]) + t * t * (n0[-1] - n0[here])
    step = {"c": up0, "m": one[-1] - one[here], "q": n0[-1] - n0[here]}
    there = np.arange(1, n)
    able = (z[1:] - z[:-1] > 1e-9) & (there >= least) & (n - there >= least)
    best = ("right", 0.0, 0.0)
    for shape, s in zip(SHAPES, (right, left, step), strict=True):
        size = s["q"] - s["m"] ** 2 / n
        good = able & (size > 1e-9)
        if good.any():
            score = np.where(good, (s["c"] ** 2).sum(axis=1) / np.where(good, size, 1), -1)
            i = int(score.argmax())
            if score[i] > best[2]:
                best = (shape, float(t[i]), float(score[i]))
    return best
