"""How far a net should grow: rehearsed on held-out folds, then done if it was worth it."""

import math

import numpy as np

from growgraph._random import generator
from growgraph.models._net import LAST_STEPS, STEPS, STRENGTHS, USUAL, Net, schedule

_RICH = 2500  # rows from which one fold judges; fewer are judged by up to five
_FOLDS = 5
_PATIENT = 24  # units grown past the best before growth ends
_GROW, _RETRACT = 1.0, 0.5  # standard errors
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
    """

    def __init__(self, units, strength, path, nets, held):
        self.units, self.strength, self.path = units, strength, path
        self.nets, self.held = nets, held


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
    path = np.array([(m, felt.mean()) for m, _, felt in looks])
    return Plan(units, strength, path, nets, [out for _, out in held])


def rehearse(nets, most, pool, patient=_PATIENT, where=None, tell=lambda m: None):
    """Grow nets side by side for as long as the tension of the rows they hold out falls.

    Returns
    -------
    list of (units, strength, tension of each row held out)
    """
    looks: list = []
    best, best_m, m, next_look = math.inf, 0, 0, 0
    for net in nets:
        net.refresh(net.strength, STEPS)
    while True:
        if m >= next_look:
            felt = _look(nets)
            strength = min(felt, key=lambda s: felt[s].mean())
            looks.append((m, strength, felt[strength]))
            tension = float(felt[strength].mean())
            if tension < best * (1 - _BETTER):
                best, best_m = tension, m
            next_look = m + 1 + m // 15
            for net in nets:
                if not net.done:
                    net.refresh(strength, 2)
        if m >= most or m > 1.5 * best_m + patient or all(net.done for net in nets):
            return looks
        k, count = schedule(m, pool)
        k = min(k, most - m)
        for net in nets:
            if not net.done:
                net.round(k, count, where)
                net.refresh(net.strength, 1)
        m += k
        tell(m)


def _look(nets):
    """Held-out tension of all rows for every strength; a net that is done says what it said."""
    for net in nets:
        if not net.done or net.looked is None:
            net.looked = net.look()
    return {s: np.concatenate([net.looked[s] for net in nets]) for s in STRENGTHS}


def choose(looks):
    """The fewest units that are as good as the best; none unless growth is clearly better.

    Clearly: by a standard error of the difference, row by row; as good: within half of one.
    """
    best = int(np.argmin([felt.mean() for _, _, felt in looks]))
    for i, (m, strength, felt) in enumerate(looks[: best + 1]):
        worse = felt - looks[best][2]
        error = worse.std() / math.sqrt(worse.size)
        if worse.mean() <= (_GROW if i == 0 else _RETRACT) * error:
            return m, strength
    return looks[best][:2]


def grow(X, Y, options, planned, body, hidden=()):
    """Grow as planned, on all rows, in the body's graph.

    Returns
    -------
    beta : ndarray [1 + columns + units, outputs]
    said : ndarray [rows, outputs]
        The answers.
    """
    if options["nets"] > 1 and planned.units:
        return _colony(X, Y, options, planned, body, hidden)
    net = Net(X, Y, options, generator(options["seed"], "net"), body=body, hidden=hidden)
    net.refresh(planned.strength, STEPS)
    while net.m < planned.units and not net.done:
        k, pool = schedule(net.m, options["pool"])
        before = net.m
        net.round(min(k, planned.units - net.m), pool)
        net.refresh(planned.strength, 1)
        if net.m > before:
            body.feel(net, before)
    return _last(net, options, planned.strength)


def _last(net, options, strength):
    """The readout that answers."""
    if options["readout"] == "append":
        return net.beta, net.said
    return net.readout(strength, LAST_STEPS)


def _colony(X, Y, options, planned, body, hidden):
    """The nets of the folds, cut back to as many units, in one graph: their mean answers."""
    d = X.shape[1]
    parts, said = [], np.zeros(Y.shape)
    for rehearsed in planned.nets[: options["nets"]]:
        net = Net(X, Y, options, generator(options["seed"], "colony"), body=body,
                  hidden=hidden)  # fmt: skip
        body.begin(net)
        net.refresh(planned.strength, STEPS)
        left = rehearsed.units[: planned.units]
        while left:
            k = schedule(net.m, 1)[0]
            R = net.T - net.said
            net.insert(left[:k], None, R)
            net.refresh(planned.strength, 1)
            body.feel(net, net.m - len(left[:k]))
            left = left[k:]
        beta, said = _last(net, options, planned.strength)
        parts.append(beta)
        said += said
    share = 1 / len(parts)
    stem = sum(beta[: 1 + d] for beta in parts) * share
    return np.vstack([stem, *(beta[1 + d :] * share for beta in parts)]), said * share
