"""Knots: where along a projection a newborn would explain most of the residual.

For every knot t between two values of z the drop of sum p |r|^2 when 1 and h are fitted to it,
|cov(r, h)|^2 / (N2 - N1^2 / N), N = sum p, N1 = sum p h, N2 = sum p h^2: the search of Friedman
1991 ("Multivariate adaptive regression splines", 3.9) for one new term, h = g phi(z - t) with a
gate g. A pass moves the knot from value to value; each move adds what is not negative to N2, so
that nothing cancels.
"""

import numpy as np

from growgraph.kernels._jit import helper, inlined, kernel
from growgraph.kernels.status import OK

RIGHT, LEFT, STEP, ABS = 0, 1, 2, 3  # relu(z - t), relu(t - z), 1[z > t], |z - t|
KINDS = 4
_ALIKE = 1e-9  # |z - t| of less relative variance is a constant to float32


@helper
def _centre(R, p, out):
    """out = R less its weighted mean; returns the sum of weights."""
    whole = 0.0
    for i in range(p.size):
        whole += p[i]
    for c in range(R.shape[1]):
        mean = 0.0
        for i in range(p.size):
            mean += p[i] * R[i, c]
        mean /= whole
        for i in range(p.size):
            out[i, c] = R[i, c] - mean
    return whole


@helper
def _sort(z, order, gates, k, R, p, value, r, weight):
    """Values in [0, 1], p g r, p g and p g^2 in ascending order of z; z's least and its span."""
    n = z.size
    low = np.float64(z[order[0]])
    span = np.float64(z[order[n - 1]]) - low
    scale = 1 / span if span > 0 else 0.0
    for i in range(n):
        s = order[i]
        g = np.float64(gates[k, s]) if gates.shape[0] > 0 else 1.0
        value[i] = (np.float64(z[s]) - low) * scale
        weight[i, 0], weight[i, 1] = p[s] * g, p[s] * g * g
        for c in range(r.shape[1]):
            r[i, c] = p[s] * g * R[s, c]
    return low, span


@inlined
def _offer(score, place, kind, scores, places):
    """Keep the best knot of a kind, the first of equals."""
    if score > scores[kind]:
        scores[kind], places[kind] = score, place


@inlined
def _square(v):
    total = 0.0
    for c in range(v.size):
        total += v[c] * v[c]
    return total


@helper
def _from_above(value, r, weight, whole, least, s0, s1, scores, places):
    """relu(z - t) and 1[z > t]: t sinks from value to value, what it passed is active.

    s: sums of p g r, m of p g, q of p g^2; 0: of 1, 1: of h, 2: of h^2.
    """
    n, m0, m1, q0, q1, q2 = value.size, 0.0, 0.0, 0.0, 0.0, 0.0
    s0[:] = 0.0
    s1[:] = 0.0
    for i in range(n - 1, 0, -1):
        m0 += weight[i, 0]
        q0 += weight[i, 1]
        step = value[i] - value[i - 1]
        for c in range(s0.size):
            s0[c] += r[i, c]
            s1[c] += step * s0[c]
        q2 += step * (2 * q1 + step * q0)
        q1 += step * q0
        m1 += step * m0
        if step > 0 and n - i >= least and i >= least:
            spread = q0 - m0 * m0 / whole
            if spread > _ALIKE * q0:
                _offer(_square(s0) / spread, i - 1, STEP, scores, places)
            spread = q2 - m1 * m1 / whole
            if spread > _ALIKE * q2:
                _offer(_square(s1) / spread, i - 1, RIGHT, scores, places)


@helper
def _moments(value, r, weight, level, tilt):
    """Sums of p g, p g^2, p g z; mean and squares of z about it with weights p g^2.

    ``level`` and ``tilt`` get the sums of p g r and p g r z.
    """
    m0 = m1 = q0 = q1 = q2 = 0.0
    level[:] = 0.0
    tilt[:] = 0.0
    for i in range(value.size):
        m0 += weight[i, 0]
        q0 += weight[i, 1]
        m1 += weight[i, 0] * value[i]
        q1 += weight[i, 1] * value[i]
        for c in range(level.size):
            level[c] += r[i, c]
            tilt[c] += r[i, c] * value[i]
    mean = q1 / q0 if q0 > 0 else 0.0
    for i in range(value.size):
        q2 += weight[i, 1] * (value[i] - mean) ** 2
    return m0, m1, q0, mean, q2


@helper
def _from_below(value, r, weight, whole, least, s0, s1, level, tilt, scores, places):
    """relu(t - z) and |z - t| = z - t + 2 relu(t - z): t climbs; sums as in _from_above."""
    n, m0, m1, q0, q1, q2 = value.size, 0.0, 0.0, 0.0, 0.0, 0.0
    all_0, all_1, square_0, mean, square_2 = _moments(value, r, weight, level, tilt)
    s0[:] = 0.0
    s1[:] = 0.0
    begin = 0  # the first place that has the value of this one
    for i in range(n - 1):
        step = value[i + 1] - value[i]
        enough = step > 0 and n - 1 - i >= least
        if enough and begin >= least:
            t = value[i]
            centre = all_1 - t * all_0 + 2 * m1
            most = square_2 + square_0 * (t - mean) ** 2
            spread, covered = most - centre * centre / whole, 0.0
            for c in range(s0.size):
                covered += (tilt[c] - t * level[c] + 2 * s1[c]) ** 2
            if spread > _ALIKE * most:
                _offer(covered / spread, i, ABS, scores, places)
        if step > 0:
            begin = i + 1
        m0 += weight[i, 0]
        q0 += weight[i, 1]
        for c in range(s0.size):
            s0[c] += r[i, c]
            s1[c] += step * s0[c]
        q2 += step * (2 * q1 + step * q0)
        q1 += step * q0
        m1 += step * m0
        if enough and i + 1 >= least:
            spread = q2 - m1 * m1 / whole
            if spread > _ALIKE * q2:
                _offer(_square(s1) / spread, i + 1, LEFT, scores, places)


@inlined
def _between(low, span, value, i):
    """Halfway to the next value; z > t must hold for that one in float32."""
    t = np.float32(low + span * (0.5 * value[i] + 0.5 * value[i + 1]))
    return np.float64(t) if t < np.float32(low + span * value[i + 1]) else low + span * value[i]


@kernel(writes=("knots", "scores"))
def scan(Z, order, gates, R, p, least, knots, scores):
    """Best knot of each kind along each projection, by the drop cov^2 / (N2 - N1^2 / N).

    Parameters
    ----------
    Z : float32 [P, n]
        Projections, finite.
    order : int64 [P, n]
        What sorts each of them.
    gates : float32 [P, n] or [0, n]
        What each node's output is multiplied by; none: 1.
    R : float64 [n, C]
        Residuals; their mean is taken off.
    p : float64 [n]
        Weights of the samples, more than 0.
    least : int64
        Samples there must be on either side of a knot, at least 1.
    knots : float64 [P, 4]
        Written: t of relu(z - t), relu(t - z), 1[z > t], abs(z - t); values of z, but halfway
        between two for 1[z > t].
    scores : float64 [P, 4]
        Written: the drop; -1, with knot 0, where there is no such knot.

    Returns
    -------
    int64
        OK.
    """
    n, C = R.shape
    centred, r = np.empty((n, C)), np.empty((n, C))
    value, weight = np.empty(n), np.empty((n, 2))
    s0, s1, level, tilt = np.empty(C), np.empty(C), np.empty(C), np.empty(C)
    places = np.empty(KINDS, np.int64)
    knots[:] = 0.0
    scores[:] = -1.0
    if n < 2:
        return OK
    whole = _centre(R, p, centred)
    for k in range(Z.shape[0]):
        low, span = _sort(Z[k], order[k], gates, k, centred, p, value, r, weight)
        best = scores[k]
        _from_above(value, r, weight, whole, least, s0, s1, best, places)
        _from_below(value, r, weight, whole, least, s0, s1, level, tilt, best, places)
        for kind in range(KINDS):
            if best[kind] >= 0:
                i = places[kind]
                if kind == STEP:
                    knots[k, kind] = _between(low, span, value, i)
                else:
                    knots[k, kind] = np.float64(Z[k, order[k, i]])
    return OK
