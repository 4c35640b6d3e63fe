"""How far a net should grow: rehearsed on held-out folds, then done if it was worth it."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph._random import generator
from growgraph.models._grownet.explaining import HOPE, cannot_tell, explain, is_complete
from growgraph.models._grownet.net import LAST_STEPS, STEPS, STRENGTHS, USUAL, Net, schedule
from growgraph.models._grownet.pruning import retract
from growgraph.models._grownet.rehearsal import ALL, Repertoire, repertoires

_RICH = 2500  # rows from which one fold judges; fewer are judged by up to five
_FOLDS = 5
_PATIENT = 64  # units grown past the best before growth ends
_GROW = 2.0  # standard errors by which growth must be better than none
_OTHER = 1.0  # and by which another repertoire must be better
_FEWER = 1.0  # and by which there must be fewer wrong answers
_NARROW = 8  # units from which only neighbours of the best ridge are looked at
_GENTLE = 0.01  # the most ridge while growing
_OVER, _KEPT = 1.5, 0.75  # units grown, and left, as shares of those planned: as good as all
_CALMER = 0.1  # as much ridge does for nets whose mean answers: that is smooth by itself


@dataclass
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
    repertoire : Repertoire
        What units may be.
    hope : list of Unit or None
        Where held-out rows cannot tell: units of a net that explains all rows.
    """

    units: int
    strength: float
    path: np.ndarray
    nets: list
    held: list
    repertoire: Repertoire = ALL
    hope: Any = None


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
    n = len(X)
    most = min(most, max(4, int(0.4 * n)))
    if n < 4 or not Y.any():
        return Plan(0, USUAL, np.zeros((0, 2)), [], [])
    fold = folds_of(n, labels, options["seed"])
    best: Any = None
    for repertoire in repertoires(X.shape[1] - len(hidden)):
        nets = _nets(X, Y, fold, options, hidden, repertoire)
        patient = _PATIENT if best is None or best[2] else _PATIENT // 2  # nothing helped so far
        looks = rehearse(nets, most, options["pool"], patient, tell=tell)
        at = _best(looks)
        if best is None or _is_better(looks[at], best[1][best[2]]):
            best = nets, looks, at, repertoire
    nets, looks, at, repertoire = best
    held = []
    for k, net in enumerate(nets):
        rows = np.flatnonzero(fold != k % min(_FOLDS, n))
        held.append(np.flatnonzero(fold == k % min(_FOLDS, n)))
        for unit in net.units:
            unit.row = int(rows[unit.row])
    path = np.array([(m, felt.mean()) for m, _, felt, _ in looks])
    found = Plan(looks[at][0], looks[at][1], path, nets, held, repertoire)
    classes = labels is not None
    if classes and (is_complete(X) or cannot_tell(looks[0][3], looks[at][3], labels)):
        found.hope = explain(X, Y, options, most, hidden)
    return found


def _nets(X, Y, fold, options, hidden, repertoire):
    """A net for each fold, on the rows of the others."""
    n, nets = len(X), []
    count = max(min(_FOLDS, n, max(1, math.ceil(_RICH / n))), options["nets"])
    for k in range(count):
        out = fold == k % min(_FOLDS, n)
        rng = generator(options["seed"], f"fold {k}, {repertoire.name}")
        nets.append(Net(X[~out], Y[~out], options, rng, (X[out], Y[out]), None, hidden, repertoire))
    return nets


def rehearse(nets, most, pool, patient=_PATIENT, where=None, tell=lambda m: None):
    """Grow nets side by side for as long as the tension of the rows they hold out falls.

    Returns
    -------
    list of (units, strength, tension of each row held out, errors of each)
    """
    looks: list = []
    best_m, m, next_look = 0, 0, 0
    strengths: tuple = STRENGTHS
    big = nets[0].many
    for net in nets:
        net.refresh(net.ridge.strength, STEPS)
    while True:
        if m >= next_look:
            felt = _look(nets, strengths)
            strength = min(felt, key=lambda s: felt[s][0].mean())
            looks.append((m, strength, *felt[strength]))
            best_m = looks[int(_smooth(looks).argmin())][0]
            ahead = 16 + m // 2 if big else 1 + m // 15
            next_look = m + ahead if m + ahead + (ahead // 2 if big else 0) <= most else most
            if big or m >= _NARROW:  # a look costs much: only neighbours of what was best
                at = STRENGTHS.index(strength)
                strengths = STRENGTHS[max(at - 1, 0) : at + 2]
            if m >= most or m > (1.25 if big else 1.5) * best_m + patient:
                return looks
            for net in nets:
                if not net.done:
                    net.refresh(min(strength, _GENTLE), 2)
        if all(net.done for net in nets):
            return looks
        k, count = schedule(m, pool, big)
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
    difference row by row and, of classes, by one of the wrong answers.
    """
    return looks[_best(looks)][:2]


def _smooth(looks):
    """Mean held-out tension of each look, smoothed over its neighbours."""
    curve = np.array([felt.mean() for _, _, felt, _ in looks])
    return np.convolve(np.concatenate([curve[:1], curve, curve[-1:]]), [0.25, 0.5, 0.25], "valid")


def _best(looks):
    best = int(_smooth(looks).argmin())
    sure = _errors(looks[0][2] - looks[best][2]) > _GROW
    return best if sure and _errors(looks[0][3] - looks[best][3]) > _FEWER else 0


def _is_better(look, than):
    return _errors(than[2] - look[2]) > _OTHER


def _errors(gain):
    """A mean in its standard errors."""
    return float(gain.mean() / max(gain.std() / math.sqrt(gain.size), 1e-300))


def grow(X, Y, options, planned, body, hidden, room):
    """Grow as planned, on all rows, in the body's graph; ``room``: most units of a net.

    Of few columns more than planned are grown, then those that are worth least are taken back.

    Returns
    -------
    beta : ndarray [1 + columns + units, outputs]
    said : ndarray [rows, outputs]
        The answers.
    """
    if planned.hope is not None:
        net = _again(X, Y, options, HOPE, planned.hope, body, hidden)
        return _answering(net, options, HOPE, net.m)
    strength, units, kept = planned.strength, planned.units, planned.units
    if planned.nets and not planned.nets[0].many and options["readout"] != "append":
        units, kept = min(math.ceil(_OVER * units), room), math.ceil(_KEPT * units)
    if options["nets"] > 1 and units:
        strength = max(strength * _CALMER, STRENGTHS[0])
        born = [net.units[:units] for net in planned.nets[: options["nets"]]]
        nets = (_again(X, Y, options, strength, some, body, hidden) for some in born)
        return _mean([_answering(net, options, strength, kept) for net in nets], X.shape[1])
    if len(planned.nets) == 1:  # rows are many: what was rehearsed on most of them is born
        some = planned.nets[0].units[:units]
        net = _again(X, Y, options, strength, some, body, hidden)
    else:
        net = _afresh(X, Y, options, planned, units, body, hidden)
    return _answering(net, options, strength, kept)


def _afresh(X, Y, options, planned, units, body, hidden):
    """So many units, rehearsed on all rows."""
    rng = generator(options["seed"], "net")
    net = Net(X, Y, options, rng, None, body, hidden, planned.repertoire)
    net.refresh(min(planned.strength, _GENTLE), STEPS)
    while net.m < units and not net.done:
        k, pool = schedule(net.m, options["pool"], net.many)
        before = net.m
        net.round(min(k, units - net.m), pool)
        body.feel(net, before)
    return net


def _again(X, Y, options, strength, units, body, hidden):
    """Units that were rehearsed, born one after another in the body's graph."""
    net = Net(X, Y, options, generator(options["seed"], "again"), body=body, hidden=hidden)
    body.begin(net)
    net.refresh(strength, STEPS)
    left = list(units)
    while left:
        k, before = schedule(net.m, 1, net.many)[0], net.m
        k *= 2 if net.many else 1  # they are chosen already: fewer rounds cost less
        net.insert(left[:k], None, net.T - net.said)
        body.feel(net, before)
        left = left[k:]
    return net


def _answering(net, options, strength, kept):
    """The readout that answers, and what it says, once no more than so many units are left."""
    if net.m > kept:
        retract(net, strength, kept, "taken back: others do nearly as well")
    if options["readout"] == "append":
        return net.beta, net.said
    return net.solved(strength, LAST_STEPS)


def _mean(parts, d):
    """The readouts of nets over the same ``d`` columns as one that answers by their mean."""
    share = 1 / len(parts)
    stem = sum(beta[: 1 + d] for beta, _ in parts) * share
    beta = np.vstack([stem, *(beta[1 + d :] * share for beta, _ in parts)])
    return beta, sum(said for _, said in parts) * share
