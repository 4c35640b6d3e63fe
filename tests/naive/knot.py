"""Twin of kernels/knot.py: every knot by a least-squares fit of its own."""

import numpy as np

from growgraph.kernels.status import OK

KINDS = ("right", "left", "step", "abs")


def shape(kind, z, t):
    """The newborn's output for a knot."""
    return {
        "right": np.maximum(z - t, 0),
        "left": np.maximum(t - z, 0),
        "step": (z > t) * 1.0,
        "abs": np.abs(z - t),
    }[kind]


def drop(h, R, p):
    """How much sum p |r|^2 falls when 1 and h are fitted rather than 1."""
    h = h / (np.abs(h).max() or 1.0)
    ones = np.ones_like(h)
    left = []
    for columns in ([ones], [ones, h]):
        D = np.stack(columns, 1) * np.sqrt(p)[:, None]
        T = R * np.sqrt(p)[:, None]
        left.append(((T - D @ np.linalg.lstsq(D, T, rcond=None)[0]) ** 2).sum())
    return left[0] - left[1]


def knots_of(kind, z, least):
    """All knots that leave enough samples on either side."""
    values = np.unique(z)
    for i, t in enumerate(values):
        if kind == "step":
            if i + 1 == len(values):
                continue
            t = (t + values[i + 1]) / 2
        below = (z < t).sum() if kind in ("left", "abs") else (z <= t).sum()
        above = (z >= t).sum() if kind == "left" else (z > t).sum()
        if min(below, above) >= least:
            yield t


def scan(Z, order, gates, R, p, least, knots, scores):
    for k, column in np.ndindex(len(Z), 4):
        knots[k, column], scores[k, column] = 0, -1
        for t in knots_of(KINDS[column], Z[k], least):
            h = shape(KINDS[column], Z[k], t) * (gates[k] if len(gates) else 1)
            score = drop(h, R, p)
            if score > scores[k, column]:
                knots[k, column], scores[k, column] = t, score
    return OK
