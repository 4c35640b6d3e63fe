"""How far a regressor's answers lie from the truth: from rows it answered before it learnt them.

A task's record, which of classes counts right answers by margin, of numbers counts rows by error:
``count_by`` the rows of each bin of how far the farthest target was off, ``right_by`` the sum of
their mean squared errors. All errors are in spreads of the targets.
"""

import numpy as np

from growgraph.kernels.record import BINS

_A_DECADE = 12  # bins: each ends 1.21 times as far as the one before
_LEAST = -4.0  # decades: where the first ends


def hear(record, said, Y):
    """Note how rows [batch, targets] were answered, in spreads, before they were learnt."""
    off = np.abs(said - Y).astype(np.float64)
    place = np.ceil((np.log10(np.maximum(off.max(axis=1), 1e-300)) - _LEAST) * _A_DECADE)
    place = np.clip(place, 0, BINS - 1).astype(np.int64)
    np.add.at(record.count_by, place, 1)
    np.add.at(record.right_by, place, (off**2).mean(axis=1))


def usual(record):
    """Root mean square of the errors of all targets; NaN before there are any."""
    n = record.count_by.sum()
    return float(np.sqrt(record.right_by.sum() / n)) if n else float("nan")


def within(record, share):
    """The error of the farthest target that a share of rows, and of one row more, keeps below.

    Split conformal prediction (Lei et al. 2018); inside a bin errors are taken as evenly spread
    over its decades. NaN before there are any rows, inf where they are too few for such a share or
    it lies in the last bin.
    """
    reached = np.cumsum(record.count_by)
    if not reached[-1]:
        return float("nan")
    wanted = np.ceil(share * (reached[-1] + 1) - 1e-9)
    b = int(np.searchsorted(reached, wanted))
    if b >= BINS - 1:
        return float("inf")
    before = reached[b - 1] if b else 0.0
    part = (wanted - before) / (reached[b] - before)
    return float(10 ** (_LEAST + (b - 1 + part) / _A_DECADE))


def widening(leverage, features, n):
    """How much farther off a row of such leverage lies than the average one.

    The variance of a ridge regression's answer, noise included, is proportional to 1 + the row's
    share in its own fit; that is, of n rows, on average features / n.
    """
    usual_share = features / max(n, 1.0)
    return np.sqrt((1 + np.maximum(leverage, 0) * usual_share) / (1 + usual_share))
