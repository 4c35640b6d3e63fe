"""How far a net should grow: rehearsed on held-out folds, then done if it was worth it."""

import math

import numpy as np

from growgraph._random import generator
from growgraph.models._grownet.net import LAST_STEPS, STEPS, STRENGTHS, USUAL, Net, schedule

_RICH = 2500  # rows from which one fold judges; fewer are judged by up to five
_FOLDS = 5
_PATIENT = 64  # units grown past the best before growth ends
_GROW = 2.0  # standard errors by which growth must be better than none
_HOPE = 1e-5  # ridge of a net that explains every row
_SHUFFLES, _TIMES = 2, 1.1  # shuffles of the labels must need more than so many times as many
_SURE = 0.5  # what no answer may lack of its margin then
_BETTER = 1e-3  # held-out tension must fall by this share to count as better


class Plan:
    """What the rehearsal on folds found.

    Attributes
    ----------
    units : int
        How many to grow; 0: nothing that grows is worth it.
    strength : float
        Of the ridge.
    path : ndarray [looks, 2]
        Units and held-out tension a row, as growth went on.
    nets : list of Net
        The nets that were rehearsed.
    held : list of ndarray
        Rows that each of them has not learnt.
    hope : Net or None
        Where held-out rows cannot tell: a net that explains all rows.
    """

    def __init__(self, units, strength, path, nets, held):
        self.units, self.strength, self.path = units, strength, path
        self.nets, self.held = nets, held
        self.hope = None


def folds_of(n, labels, seed, count=_FOLDS):
    """A fold for each row; classes are dealt out evenly."""
    order = generator(seed, "folds").permutation(n)
    if labels is not None:
        order = order[np.argsort(labels[order], kind="stable")]
    fold = np.empty(n, np.int64)
    fold[order] = np.arange(n) % min(count, n)
    return fold


def plan(X, Y, labels, options, most, hidden=(), tell=lambda m: None):
    """Grow nets on folds for as long as held-out tension falls; nothing is written.

    Parameters
    ----------
    X, Y : ndarray
        See :class:`Net`.
    labels : ndarray of int, optional
        Classes of the rows.
    options : dict
        Of :class:`Net`, and ``seed, nets``.
    most : int
        Units there is room for.
    hidden : sequence of int
        Which columns are units of frozen tasks.
    tell : callable
        Gets the number of units rehearsed so far.

    Returns
    -------
    Plan
    """
    n, seed = len(X), options["seed"]
    most = min(most, max(4, int(0.4 * n)))
    if n < 4 or not Y.any():
        return Plan(0, USUAL, np.zeros((0, 2)), [], [])
    fold = folds_of(n, labels, seed)
    count = max(min(_FOLDS, n, max(1, math.ceil(_RICH / n))), options["nets"])
    nets, held = [], []
    for k in range(count):
        out = fold == k % min(_FOLDS, n)
        rng = generator(seed, f"fold {k}")
        nets.append(Net(X[~out], Y[~out], options, rng, held=(X[out], Y[out]), hidden=hidden))
        held.append((np.flatnonzero(~out), np.flatnonzero(out)))
    looks = rehearse(nets, most, options["pool"], tell=tell)
    units, strength = choose(looks)
    for net, (rows, _) in zip(nets, held, strict=True):
        for unit in net.units:
            unit.row = int(rows[unit.row])
    path = np.array([(m, felt.mean()) for m, _, felt, _ in looks])
    found = Plan(units, strength, path, nets, [out for _, out in held])
    if labels is not None and _cannot_tell(looks[0][3], labels):
        found.hope = _hope(X, Y, options, min(most, n // 3), hidden)
    return found


def _cannot_tell(wrong, labels):
    """True where the stem says no more of held-out rows than the most frequent class."""
    chance = 1 - np.bincount(labels).max() / labels.size
    return wrong.mean() >= chance - math.sqrt(chance * (1 - chance) / labels.size)


def _hope(X, Y, options, most, hidden):
    """A net grown on all rows, if few units leave no doubt of any of them; else None.

    Parity is such a task: no row says anything of its neighbours. Where all combinations of the
    columns' values are there, nothing is left to be foretold. Elsewhere it must be told from
    chance: the same labels in another order need more units.
    """
    net = _explaining(X, Y, options, most, hidden, "hope")
    if net is None or _is_complete(X):
        return net
    enough = math.ceil(_TIMES * net.m) + 2
    for i in range(_SHUFFLES):
        order = generator(options["seed"], f"shuffle {i}").permutation(len(Y))
        if _explaining(X, Y[order], options, enough, hidden, f"chance {i}") is not None:
            return None
    return net


def _is_complete(X):
    """True if all combinations of the values of the columns are among the rows."""
    cells = 1
    for column in X.T:
        cells *= np.unique(column).size
        if cells > len(X):
            return False
    return len(np.unique(X, axis=0)) == cells


def _explaining(X, Y, options, most, hidden, purpose):
    """A net of at most so many units that leaves no doubt of any row; None if it needs more."""
    net = Net(X, Y, options, generator(options["seed"], purpose), hidden=hidden)
    net.refresh(_HOPE, STEPS)
    while net.m < most and not net.done:
        k, pool = schedule(net.m, options["pool"], net.times)
        net.round(min(k, most - net.m), pool)
        net.refresh(_HOPE, 3)
        if np.abs(net.T - net.said).max() < _SURE:
            return net if net.m else None
    return None


def rehearse(nets, most, pool, patient=_PATIENT, where=None, tell=lambda m: None):
    """Grow nets side by side for as long as the tension of the rows they hold out falls.

    Returns
    -------
    list of (units, strength, tension of each row held out, errors of each)
    """
    looks: list = []
    best, best_m, m, next_look = math.inf, 0, 0, 0
    strengths: tuple = STRENGTHS
    for net in nets:
        net.refresh(net.ridge.strength, STEPS)
    while True:
        if m >= next_look:
            felt = _look(nets, strengths)
            strength = min(felt, key=lambda s: felt[s][0].mean())
            looks.append((m, strength, *felt[strength]))
            tension = float(felt[strength][0].mean())
            if tension < best * (1 - _BETTER):
                best, best_m = tension, m
            big = nets[0].rehearsal.many
            next_look = min(m + 1 + (4 + m // 4 if big else m // 15), max(most, m + 1))
            if big:  # a look costs much: only neighbours of what was best
                at = STRENGTHS.index(strength)
                strengths = STRENGTHS[max(at - 1, 0) : at + 2]
            for net in nets:
                if not net.done:
                    net.refresh(strength, 2)
        if m >= most or m > 1.5 * best_m + patient or all(net.done for net in nets):
            return looks
        k, count = schedule(m, pool, nets[0].times)
        k = min(k, most - m)
        for net in nets:
            if not net.done:
                net.round(k, count, where)
        m += k
        tell(m)


def _look(nets, strengths):
    """Held-out tension and errors of all rows for every strength; who is done looks once."""
    for net in nets:
        if not net.done or net.looked is None or not set(strengths) <= set(net.looked):
            net.looked = net.look(strengths)
    return {
        s: tuple(np.concatenate([net.looked[s][i] for net in nets]) for i in (0, 1))
        for s in strengths
    }


def choose(looks):
    """Units and ridge where held-out tension is least, or none unless growth is clearly better.

    The least of the curve smoothed over its neighbours. Clearly: by two standard errors of the
    difference row by row, and without more wrong answers.
    """
    curve = np.array([felt.mean() for _, _, felt, _ in looks])
    smooth = np.convolve(np.concatenate([curve[:1], curve, curve[-1:]]), [0.25, 0.5, 0.25], "valid")
    best = int(smooth.argmin())
    gain, fewer = (looks[0][i] - looks[best][i] for i in (2, 3))
    error = gain.std() / math.sqrt(gain.size)
    if gain.mean() <= _GROW * error or fewer.mean() < 0:
        best = 0
    return looks[best][:2]


def grow(X, Y, options, planned, body, hidden=()):
    """Grow as planned, on all rows, in the body's graph.

    Returns
    -------
    beta : ndarray [1 + columns + units, outputs]
    said : ndarray [rows, outputs]
        The answers.
    """
    if planned.hope is not None:
        net = _again(X, Y, options, _HOPE, planned.hope.units, body, hidden)
        return _last(net, options, _HOPE)
    if options["nets"] > 1 and planned.units:
        return _colony(X, Y, options, planned, body, hidden)
    if len(planned.nets) == 1:  # rows are many: what was rehearsed on most of them is born
        some = planned.nets[0].units[: planned.units]
        net = _again(X, Y, options, planned.strength, some, body, hidden)
        return _last(net, options, planned.strength)
    rng = generator(options["seed"], "net")
    net = Net(X, Y, options, rng, body=body, hidden=hidden)
    net.refresh(planned.strength, STEPS)
    while net.m < planned.units and not net.done:
        k, pool = schedule(net.m, options["pool"], net.times)
        before = net.m
        net.round(min(k, planned.units - net.m), pool)
        body.feel(net, before)
    return _last(net, options, planned.strength)


def _last(net, options, strength):
    """The readout that answers."""
    if options["readout"] == "append":
        return net.beta, net.said
    return net.solved(strength, LAST_STEPS)


def _again(X, Y, options, strength, units, body, hidden):
    """Units that were rehearsed, born one after another in the body's graph."""
    net = Net(X, Y, options, generator(options["seed"], "again"), body=body, hidden=hidden)
    body.begin(net)
    net.refresh(strength, STEPS)
    left = list(units)
    while left:
        k, before = schedule(net.m, 1, 1)[0], net.m
        net.insert(left[:k], None, net.T - net.said)
        body.feel(net, before)
        left = left[k:]
    return net


def _colony(X, Y, options, planned, body, hidden):
    """The nets of the folds, cut back to as many units, in one graph: their mean answers."""
    d = X.shape[1]
    parts, said = [], np.zeros(Y.shape)
    for rehearsed in planned.nets[: options["nets"]]:
        some = rehearsed.units[: planned.units]
        net = _again(X, Y, options, planned.strength, some, body, hidden)
        beta, told = _last(net, options, planned.strength)
        parts.append(beta)
        said += told
    share = 1 / len(parts)
    stem = sum(beta[: 1 + d] for beta in parts) * share
    return np.vstack([stem, *(beta[1 + d :] * share for beta in parts)]), said * share
