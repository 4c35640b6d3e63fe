"""A model of a continuous world, one step ahead, and what is imagined with it many steps ahead.

What follows is told by lines (one for all actions and one for each) and by resonances with places
where lines alone were wrong: y = w0 + w f + exp(-|f - c|^2 / 2 width^2) w_c (radial basis
functions: Broomhead and Lowe 1988). Where no lived step with the same action resonates, nothing is
known.
"""

from collections import namedtuple
from math import factorial

import numpy as np

from growgraph.kernels._jit import helper, inlined, kernel, reducer
from growgraph.kernels._near import distances
from growgraph.kernels._simd import bare

OPEN, UNKNOWN, ENDED = 0, 1, 2  # how an imagined way goes on
ROUND = 1.5  # size of the circle an angle is felt as
_FAR = -9.0  # exponents below it are 0
_E2, _E3, _E4, _E5, _E6, _E7, _E8, _E9, _E10, _E11 = (1 / factorial(n) for n in range(2, 12))


class Model(namedtuple("Model", "scale centres weights unit lived bounds ends goal sizes")):
    """What is believed of a continuous world of c coordinates, felt as f features.

    Attributes
    ----------
    scale : float64 [3, c]
        Whether a coordinate is an angle (0 or 1); of the others mean and size.
    centres : float64 [f, k]
        Places where lines alone were wrong, as features; a column each.
    weights : float64 [actions, c + 1, 1 + f + k]
        For each action, to what changes in a step and to the reward: of 1, the features,
        resonances.
    unit : float64 [c + 1]
        Of these changes.
    lived : float64 [m, f + 1]
        Places lived in, as features, and the action there.
    bounds : float64 [5, c]
        An episode ends where all coordinates of a group lie below the first or above the second;
        nothing is known beyond the next two; the groups, 0 and up, -1: none.
    ends : float64 [0 or 1 + f + f (f + 1) / 2]
        An episode ends where this quadratic form of the features is positive.
    goal : float64 [0 or f + 1]
        Features of a place to be reached, and how near it is near enough.
    sizes : float64 [5]
        Widths of resonance with centres and with what was lived, the least resonance of what is
        known, what a step later is worth less, and by how much the reward at an end is greater.
    """

    __slots__ = ()


@inlined
def borrowed(model):
    """The same model of arrays without their owners: see :func:`bare`."""
    return Model(
        bare(model.scale), bare(model.centres), bare(model.weights), bare(model.unit),
        bare(model.lived), bare(model.bounds), bare(model.ends), bare(model.goal),
        bare(model.sizes),
    )  # fmt: skip


@helper
def feel(scale, x, f):
    """Features of a place; an angle is felt as a point of a circle."""
    k = 0
    for i in range(x.size):
        if scale[0, i] > 0:
            f[k], f[k + 1] = ROUND * np.cos(x[i]), ROUND * np.sin(x[i])
            k += 2
        else:
            f[k] = (x[i] - scale[1, i]) / scale[2, i]
            k += 1


@helper
def _apart(f, places, j):
    """Squared distance from a row of places."""
    total = 0.0
    for i in range(f.size):
        total += (f[i] - places[j, i]) ** 2
    return total


@helper
def _resonate(model, f, t):
    """Resonances of all centres, side by side: exp(z) = exp(z / 16) ** 16 by a series."""
    rate = -0.5 / model.sizes[0] ** 2
    distances(f, model.centres, 0, t.size, t)
    for j in range(t.size):
        z = max(rate * t[j], _FAR) / 16
        e = _E7 + z * (_E8 + z * (_E9 + z * (_E10 + z * _E11)))
        e = 1 + z * (1 + z * (_E2 + z * (_E3 + z * (_E4 + z * (_E5 + z * (_E6 + z * e))))))
        e = e * e
        e = e * e
        e = e * e
        t[j] = e * e if rate * t[j] > _FAR else 0.0


@reducer
def _told(w, f, t):
    """w of 1, features and resonances, added up."""
    d, total, rest = f.size, w[0], 0.0
    for i in range(d):
        total += f[i] * w[1 + i]
    more = w[1 + d :]
    for j in range(t.size):
        rest += t[j] * more[j]
    return total + rest


@helper
def _foresee(model, f, action, y, t):
    """What changes in a step, and the reward, in units; t is work space."""
    f, t = bare(f), bare(t)
    _resonate(model, f, t)
    for c in range(y.size):
        y[c] = _told(model.weights[action, c], f, t)


@helper
def _step(model, x, f, action, y, t):
    """Move a place by a step, its features too; the reward."""
    _foresee(model, f, action, y, t)
    for i in range(x.size):
        x[i] += y[i] * model.unit[i]
        if model.scale[0, i] > 0:
            x[i] -= 2 * np.pi * np.floor((x[i] + np.pi) / (2 * np.pi))
    feel(model.scale, x, f)
    return y[x.size] * model.unit[x.size]


@helper
def _known(model, f, action, guess):
    """Which lived step with this action resonates, the guess if it does; -1: none."""
    near = -2 * np.log(model.sizes[2]) * model.sizes[1] ** 2
    if guess >= 0 and _apart(f, model.lived, guess) <= near:
        return guess
    for j in range(model.lived.shape[0]):
        if model.lived[j, f.size] == action and _apart(f, model.lived, j) <= near:
            return j
    return -1


@helper
def _ended(model, x, f):
    """Whether an episode ends at a place."""
    for group in range(x.size):
        beyond, inside = 0, 0
        for i in range(x.size):
            if model.bounds[4, i] == group:
                out = x[i] < model.bounds[0, i] or x[i] > model.bounds[1, i]
                beyond, inside = beyond + (1 if out else 0), inside + (0 if out else 1)
        if beyond > 0 and inside == 0:
            return True
    if model.ends.size == 0:
        return False
    total, k, d = model.ends[0], 1 + f.size, f.size
    for i in range(d):
        total += model.ends[1 + i] * f[i]
        for j in range(i, d):
            total += model.ends[k] * f[i] * f[j]
            k += 1
    return total > 0


@helper
def _arrived(model, f):
    """Whether the place to be reached is near."""
    total, d = 0.0, f.size
    for i in range(d):
        total += (f[i] - model.goal[i]) ** 2
    return total <= model.goal[d] ** 2


@helper
def _beyond(model, x):
    """Whether a place lies where nothing is known."""
    for i in range(x.size):
        if x[i] < model.bounds[2, i] or x[i] > model.bounds[3, i]:
            return True
    return False


@helper
def _onward(model, x, f, action, near, total, worth, y, t):
    """One step more of a way: how it goes on, what is known there, rewards, discount."""
    gamma, near = model.sizes[3], _known(model, f, action, near)
    if near < 0:
        return UNKNOWN, near, total, worth
    reward = _step(model, x, f, action, y, t)
    total += worth * (reward if model.goal.size == 0 else -1.0)
    worth *= gamma
    if model.goal.size > 0 and _arrived(model, f):
        return ENDED, near, total, worth
    if _ended(model, x, f):
        at_end = -gamma / (1 - gamma) if model.goal.size > 0 else model.sizes[4]
        return ENDED, near, total + worth / gamma * at_end, worth
    return UNKNOWN if _beyond(model, x) else OPEN, near, total, worth


@helper
def roll(model, steps, x, f, action, y, t):
    """Let an action last so many steps from x; (how it goes on, rewards, discount of what follows).

    With a goal each step costs 1, and any other end all that can be lost.
    """
    end, near, total, worth = OPEN, -1, 0.0, 1.0
    for _ in range(steps):
        end, near, total, worth = _onward(model, x, f, action, near, total, worth, y, t)
        if end != OPEN:
            break
    return end, total, worth


@helper
def roll_each(model, steps, led, outcome, reward, discount, near, y, t):
    """Each action as by :func:`roll`, from ``led`` [actions, f + c]: features and coordinates.

    They take their steps in turn, so that one is computed while another waits for its sums.
    """
    d = model.centres.shape[0]
    outcome[:], reward[:], discount[:], near[:] = OPEN, 0.0, 1.0, -1
    for _ in range(steps):
        for a in range(outcome.size):
            if outcome[a] == OPEN:
                f, x = led[a, :d], led[a, d:]
                outcome[a], near[a], reward[a], discount[a] = _onward(
                    model, x, f, a, near[a], reward[a], discount[a], y, t
                )


@helper
def _away(model, x, home, off):
    """How far a place is from home, angles the short way."""
    for i in range(x.size):
        off[i] = x[i] - home[i]
        if model.scale[0, i] > 0:
            off[i] -= 2 * np.pi * np.floor((off[i] + np.pi) / (2 * np.pi))


@helper
def _form(off, tail):
    """The quadratic form."""
    total = 0.0
    for i in range(off.size):
        for j in range(off.size):
            total += off[i] * tail[i, j] * off[j]
    return total


@helper
def _homewards(model, x, home, tail, off, there, f, y, t):
    """The action after which the tail is least; ``there``, f, y, off are work space."""
    best, least = 0, 1e300
    for a in range(model.weights.shape[0]):
        there[:] = x
        feel(model.scale, there, f)
        _step(model, there, f, a, y, t)
        _away(model, there, home, off)
        cost = _form(off, tail)
        if cost < least:
            best, least = a, cost
    return best


@kernel(writes=("costs",))
def play(model, x, plans, home, weight, tail, costs):
    """What each of some plans costs: deviation from home, 100 for each step not lived, the tail.

    Parameters
    ----------
    model : Model
    x : float64 [c]
        Where the plans begin.
    plans : int64 [k, steps]
        An action a step; -1: the one after which the tail is least.
    home : float64 [c]
        Where to stay.
    weight : float64 [c]
        Of squared deviations.
    tail : float64 [c, c]
        Quadratic form of the deviation after the last step: what is still to come.
    costs : float64 [k]
        Out.

    Returns
    -------
    int64
        0.
    """
    model = borrowed(model)
    c, steps = x.size, plans.shape[1]
    f = np.empty(c + np.int64(model.scale[0].sum()))
    here, y, off, there = np.empty(c), np.empty(c + 1), np.empty(c), np.empty(c)
    work = np.empty(model.centres.shape[1])
    for k in range(plans.shape[0]):
        here[:] = x
        feel(model.scale, here, f)
        cost, t, alive = 0.0, 0, True
        while t < steps and alive:
            action = plans[k, t]
            if action < 0:
                action = _homewards(model, here, home, tail, off, there, f, y, work)
                feel(model.scale, here, f)
            _step(model, here, f, action, y, work)
            alive = not _ended(model, here, f)
            _away(model, here, home, off)
            for i in range(c):
                cost += weight[i] * off[i] * off[i] if alive else 0.0
            cost += 0.0 if alive else 100.0 * (steps - t)
            t += 1
        costs[k] = cost + (_form(off, tail) if alive else 0.0)
    return np.int64(0)


@kernel(writes=("x",))
def trace(model, x, action, careful):
    """Imagine one step.

    Parameters
    ----------
    model : Model
    x : float64 [c]
        In: a place. Out: where the action leads.
    action : int64
    careful : bool
        False: what is not known is imagined, too.

    Returns
    -------
    int64
        OPEN, UNKNOWN (then x stays if the action is not known there) or ENDED.
    """
    f, y = np.empty(x.size + np.int64(model.scale[0].sum())), np.empty(x.size + 1)
    t = np.empty(model.centres.shape[1])
    feel(model.scale, x, f)
    if careful:
        end, _, _ = roll(model, 1, x, f, action, y, t)
        return np.int64(end)
    _step(model, x, f, action, y, t)
    return np.int64(ENDED if _ended(model, x, f) else OPEN)


@kernel(writes=("felt",))
def compare(model, x, action, after, felt):
    """How a step that was lived differs from what was imagined.

    Parameters
    ----------
    model : Model
    x : float64 [c]
        Where it began.
    action : int64
    after : float64 [c]
        Where it led.
    felt : float64 [3]
        Out: the largest error, in units; whether something was known where it began, 0 or 1;
        whether an episode is thought to end where it led.

    Returns
    -------
    int64
        0.
    """
    f, y, off = np.empty(x.size + np.int64(model.scale[0].sum())), np.empty(x.size + 1), x.copy()
    feel(model.scale, x, f)
    felt[1] = 1.0 if _known(model, f, action, -1) >= 0 else 0.0
    _foresee(model, f, action, y, np.empty(model.centres.shape[1]))
    _away(model, after, x, off)
    felt[0] = 0.0
    for i in range(x.size):
        felt[0] = max(felt[0], abs(off[i] / model.unit[i] - y[i]))
    feel(model.scale, after, f)
    felt[2] = 1.0 if _ended(model, after, f) else 0.0
    return np.int64(0)
