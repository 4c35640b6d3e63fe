"""Where held-out rows cannot tell: a net that explains every row, if chance would need more."""

import math

import numpy as np

from growgraph._random import generator
from growgraph.models._grownet.net import STEPS, Net, schedule
from growgraph.models._grownet.rehearsal import ALL, PLACES, repertoires

HOPE = 1e-5  # ridge of a net that explains every row
_MOST = 128  # units it may have
_STEPS = 3
_RICHER = 2  # as many candidates as elsewhere
_DOUBT = 0.8  # no answer may lack more of its margin: all are right


def cannot_tell(stem, grown, labels):
    """True where the stem says no more of held-out rows than the most frequent class does.

    And where growth did not halve the errors, either.
    """
    wrong = stem if grown.mean() > stem.mean() / 2 else grown
    chance = 1 - np.bincount(labels).max() / labels.size
    return wrong.mean() >= chance - math.sqrt(chance * (1 - chance) / labels.size)


def explain(X, Y, options, most, hidden):
    """Units of a net grown on all rows, if few leave no doubt of any of them; else None.

    Parity is such a task: no row says anything of its neighbours. Where all combinations of the
    columns' values are there, nothing is left to be foretold. Elsewhere it must be told from
    chance: not one of many shuffles of the labels may be explained by a quarter more units.

    Parameters
    ----------
    X, Y, options, hidden
        See :class:`Net`.
    most : int
        Units there is room for.
    """
    most = min(most, _MOST)
    for repertoire in (ALL, PLACES):
        if repertoire not in repertoires(X.shape[1] - len(hidden)):
            continue
        net = _grown(X, Y, options, most, hidden, "hope", repertoire)
        if net is None:
            continue
        if is_complete(X) or not _is_chance(X, Y, options, hidden, net):
            return net.units
    return None


def _is_chance(X, Y, options, hidden, net):
    """True if a net as large explains the labels in another order, too."""
    n, m = len(X), net.m
    enough = m + m // 4 + (1 if m > 4 and n >= 64 else 0)
    for i in range(min(19, max(3, 2000 // n))):
        order = generator(options["seed"], f"shuffle {i}").permutation(n)
        chance = f"chance {i}"
        if _grown(X, Y[order], options, enough, hidden, chance, net.rehearsal.repertoire):
            return True
    return False


def is_complete(X):
    """True if all combinations of the values of the columns are among the rows."""
    cells = 1
    for column in X.T:
        cells *= np.unique(column).size
        if cells > len(X):
            return False
    return len(np.unique(X, axis=0)) == cells


def _grown(X, Y, options, most, hidden, purpose, repertoire):
    """A net of at most so many units that leaves no doubt of any row; None if it needs more."""
    rng = generator(options["seed"], f"{purpose}, {repertoire.name}")
    net = Net(X, Y, options, rng, hidden=hidden, repertoire=repertoire)
    net.refresh(HOPE, STEPS)
    pool = _RICHER * options["pool"] if options["pool"] > 1 else 1
    while net.m < most and not net.done:
        k, count = schedule(net.m, pool, net.many)
        net.round(min(k, most - net.m), count)
        net.refresh(HOPE, _STEPS)
        if np.abs(net.T - net.said).max() < _DOUBT:
            return net if net.m else None
    return None
