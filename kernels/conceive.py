"""Concepts of a continuous world that are imagined from one another, and how they hang together.

A concept is a place. From each one every action is imagined for some steps; where that leads to
what no concept is near, one is born there. How near is near is told by what can be done: by how far
apart the actions lead. A place between concepts is a mixture of those around it, of the place
itself (a projection on their convex hull; Wolfe 1976), so that what is worth something linear in
the place is mixed without error.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels._near import beside, closest, nearest
from growgraph.kernels.foresee import OPEN, UNKNOWN, borrowed, feel, roll, roll_each
from growgraph.kernels.room import late_count

MIXED = 10  # concepts a place is a mixture of, at most
_NEAR = 0.05  # what distance costs in a mixture: of equals the nearest
_ROUNDS = 40
_SAME = 1e-9  # slopes so near are equal, whatever the last digits: then the nearest is taken
_LEAST = 0.02  # smaller shares are none
_EQUAL = 1e-12  # squared distance of one place


@helper
def _mix(across, which, apart, k, share, gap, slope):
    """Shares of k places whose mixture is the nearest there is: moved from worst to best.

    ``apart`` are their squared distances from what is mixed; gap [MIXED, MIXED] is work space, then
    those from each other, and ``slope`` what a share costs: all that a mixture depends on.
    """
    gap[:] = 0.0
    for i in range(across.shape[0]):
        for q in range(k):
            slope[q] = across[i, which[q]]
        for p in range(k):
            row = gap[p]
            for q in range(k):
                off = slope[p] - slope[q]
                row[q] += off * off
    share[:] = 0.0
    share[0] = 1.0
    for q in range(k):
        slope[q] = (1 + _NEAR) * apart[q] - gap[0, q]
    for _ in range(_ROUNDS):
        best, worst, low, high = -1, -1, 1e300, -1e300
        for q in range(k):
            less = slope[q] + _SAME < low
            low, best = slope[q] if less else low, q if less else best
            held = slope[q] if share[q] > 0 else -1e300
            more = held > high + _SAME
            high, worst = held if more else high, q if more else worst
        if high - low < 1e-6 or best == worst:
            break
        move = min(share[worst], (high - low) / (2 * gap[best, worst] + 2e-12))
        share[best] += move
        share[worst] -= move
        up, down = gap[worst], gap[best]
        for q in range(k):
            slope[q] += move * (up[q] - down[q])
    total = 0.0
    for q in range(k):
        share[q] = share[q] if share[q] >= _LEAST else 0.0
        total += share[q]
    for q in range(k):
        share[q] /= total


@helper
def _spacing(landed, outcome, i, d, spacing):
    """Squared distance at which a concept is another: by how far apart the actions of i lead."""
    far = 0.0
    for a in range(outcome.shape[1]):
        for b in range(a):
            if outcome[i, a] == OPEN and outcome[i, b] == OPEN:
                t = 0.0
                for q in range(d):
                    t += (landed[i, a, q] - landed[i, b, q]) ** 2
                far = max(far, t)
    near = min(max(spacing[0], spacing[1] * np.sqrt(far)), spacing[2])
    return near * near


@helper
def _across(places, n):
    """The coordinates of the first n places side by side, in room for all."""
    out = np.empty((places.shape[1], places.shape[0]))
    for j in range(n):
        for i in range(places.shape[1]):
            out[i, j] = places[j, i]
    return out


@kernel(writes=("chosen",))
def sift(felt, near, chosen):
    """Choose places, the first first, that are not too near to one chosen before.

    Parameters
    ----------
    felt : float64 [k, f]
        Features of places.
    near : float64 [k]
        At this distance or less a place is no other.
    chosen : int64 [room]
        Out: rows, as many as there is room for.

    Returns
    -------
    int64
        How many.
    """
    n = 0
    for k in range(felt.shape[0]):
        free = n < chosen.size
        for j in range(n):
            t = 0.0
            for i in range(felt.shape[1]):
                t += (felt[k, i] - felt[chosen[j], i]) ** 2
            if t <= near[k] * near[k]:
                free = False
                break
        if free:
            chosen[n] = k
            n += 1
    return np.int64(n)


@kernel(writes=("places", "felt", "whence", "outcome", "reward", "discount", "landed"))
def expand(
    model, steps, spacing, first, n, there, seen, places, felt, whence, outcome, reward, discount,
    landed,
):  # fmt: skip
    """Imagine every action from each concept, those included that are born on the way.

    Parameters
    ----------
    model : Model
    steps : int64
        An action lasts so many steps.
    spacing : float64 [3]
        A concept is born where none is nearer than the second times the distance between where two
        actions lead; that at least the first and at most the last.
    first : int64
        Of the concepts before this one nothing is imagined or written.
    n : int64
        Concepts to begin with.
    there : float64 [m, c]
        Coordinates of concepts of before; where one is near enough it comes back.
    seen : float64 [m, f]
        Their features.
    places : float64 [room, c]
        Coordinates of concepts; in: the first n rows.
    felt : float64 [room, f]
        Their features.
    whence : int64 [room]
        Out: which concept of before each one is, -1: none.
    outcome : int64 [room, actions]
        Out: OPEN, UNKNOWN or ENDED.
    reward, discount : float64 [room, actions]
        Out: rewards on the way, what is worth less after it.
    landed : float64 [room, actions, f + c]
        Out: where it led, features and coordinates.

    Returns
    -------
    int64
        How many concepts there are now; none is born beyond the room.
    """
    model = borrowed(model)
    d, c = felt.shape[1], places.shape[1]
    f, y, last_near = np.empty(d), np.empty(c + 1), np.empty(outcome.shape[1], np.int64)
    work = np.empty(model.centres.shape[1])
    before, now = _across(seen, seen.shape[0]), _across(felt, n)
    t, by = np.empty(max(seen.shape[0], felt.shape[0])), np.zeros(outcome.shape[1], np.int64)
    many, last = seen.shape[0], -1
    for i in range(first, n):
        f[:], whence[i] = felt[i], -1
        same = beside(f, before, many, _EQUAL, t, min(last + 1, many - 1)) if many > 0 else many
        if same < many:  # most keep their sequence
            whence[i], before[0, same], last = same, np.inf, same  # taken
    i, count = first, n
    while i < count:
        for a in range(outcome.shape[1]):
            landed[i, a, :d], landed[i, a, d:] = felt[i], places[i]
        roll_each(model, steps, landed[i], outcome[i], reward[i], discount[i], last_near, y, work)
        near = _spacing(landed, outcome, i, d, spacing)
        for a in range(outcome.shape[1]):
            if outcome[i, a] == OPEN and count < places.shape[0]:
                f[:] = landed[i, a, :d]
                by[a] = beside(f, now, count, near, t, by[a])
                if by[a] == count:
                    old = closest(f, before, near, t)
                    whence[count] = old
                    if old >= 0:
                        felt[count], places[count], before[0, old] = seen[old], there[old], np.inf
                    else:
                        felt[count], places[count] = f, landed[i, a, d:]
                    now[:, count] = felt[count]
                    count += 1
        i += 1
    return np.int64(count)


@kernel(writes=("target", "share"))
def mix(felt, outcome, landed, target, share):
    """The concepts that imagined actions lead to, as mixtures.

    Parameters
    ----------
    felt : float64 [n, f]
        Features of concepts.
    outcome : int64 [n, actions]
        Those that are OPEN lead somewhere.
    landed : float64 [n, actions, f + c]
        Where, features first.
    target : int64 [n, actions, MIXED]
        Out: concepts.
    share : float64 [n, actions, MIXED]
        Out: their shares, 0 where there are fewer.

    Returns
    -------
    int64
        0.
    """
    d, n = felt.shape[1], felt.shape[0]
    f, which, apart, mixed = np.empty(d), np.arange(MIXED), np.empty(MIXED), np.empty(MIXED)
    across, t, gap, slope = _across(felt, n), np.empty(n), np.empty((MIXED, MIXED)), np.empty(MIXED)
    for i in range(outcome.shape[0]):
        for a in range(outcome.shape[1]):
            target[i, a], share[i, a] = 0, 0.0
            if outcome[i, a] == OPEN:
                f[:] = landed[i, a, :d]
                k = nearest(f, across, n, which, apart, t)
                _mix(across, which, apart, k, mixed, gap, slope)
                target[i, a, :k], share[i, a, :k] = which[:k], mixed[:k]
    return np.int64(0)


@helper
def _worth(f, across, values, which, apart, share, gap, slope, t):
    """What a place is worth: mixed of those around it; all behind ``values`` is work space."""
    total, k = 0.0, nearest(f, across, values.size, which, apart, t)
    _mix(across, which, apart, k, share, gap, slope)
    for q in range(k):
        total += share[q] * values[which[q]]
    return total


@helper
def _best(hoped, n):
    """Place of the largest of the first n, the first of equals."""
    best = 0
    for k in range(1, n):
        if hoped[k] > hoped[best]:
            best = k
    return best


@kernel(writes=("worth",))
def judge(model, steps, depth, width, x, across, values, unknown, worth):
    """What each action is worth at a place: imagined on, then by the concepts that leads to.

    After an action others follow; of all that is imagined so far only the most promising is
    imagined on (beam search), and what was found last is what counts.

    Parameters
    ----------
    model : Model
    steps, depth, width : int64
        Each action lasts so many steps, so many follow one another, so many ways are imagined on.
    x : float64 [c]
        The place.
    across : float64 [f, n]
        Features of concepts, a column each.
    values : float64 [n]
        What they are worth.
    unknown : float64
        What is worth what nothing is known of.
    worth : float64 [actions]
        Out.

    Returns
    -------
    int64
        How many of the actions lead to what is known.
    """
    model = borrowed(model)
    d, c, known, many = across.shape[0], x.size, 0, worth.size
    f, here, y, work = np.empty(d), np.empty(c), np.empty(c + 1), np.empty(model.centres.shape[1])
    which, apart, share = np.arange(MIXED), np.empty(MIXED), np.empty(MIXED)
    gap, slope, t = np.empty((MIXED, MIXED)), np.empty(MIXED), np.empty(values.size)
    at, then = np.empty((width, c)), np.empty((width * many, c))  # places now and one action on
    had, left, hoped = np.empty((2, width)), np.empty((2, width * many)), np.empty(width * many)
    for first in range(many):
        at[0], had[0, 0], had[1, 0], n = x, 0.0, 1.0, 1
        sure = -np.inf  # of a way that has come to its end
        for level in range(depth):
            count = 0
            for k in range(n):
                for a in range(many):
                    if level > 0 or a == first:
                        here[:] = at[k]
                        feel(model.scale, here, f)
                        end, reward, later = roll(model, steps, here, f, a, y, work)
                        total, later = had[0, k] + had[1, k] * reward, had[1, k] * later
                        if level == 0:
                            known += 0 if end == UNKNOWN else 1
                        if end == OPEN:
                            then[count], left[0, count], left[1, count] = here, total, later
                            if level > 0 or depth == 1:
                                total += later * _worth(
                                    f, across, values, which, apart, share, gap, slope, t
                                )  # fmt: skip
                            hoped[count] = total
                            count += 1
                        else:
                            sure = max(sure, total + (later * unknown if end == UNKNOWN else 0.0))
            worth[first] = sure if count == 0 else max(sure, hoped[_best(hoped, count)])
            n = min(width, count)
            for k in range(n):
                b = _best(hoped, count)
                at[k], had[0, k], had[1, k] = then[b], left[0, b], left[1, b]
                hoped[b] = -np.inf
            if n == 0:
                break
    return np.int64(known)


@kernel(writes=("H", "lacking"))
def lead(H, choices, states, target, share, discount, outcome, reward, dread, lacking):
    """Write where choices lead into the graph, as far as it has the edges; tell which it lacks.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; weights, bias and p0 of the choices are written.
    choices : int64 [n, actions]
        Ids; each has delayed edges only.
    states : int64 [n]
        Ids of the concepts.
    target : int64 [n, actions, MIXED]
        Numbers of the concepts a choice leads to.
    share : float64 [n, actions, MIXED]
        Their shares.
    discount : float64 [n, actions]
        The weight of an edge is discount times share, that of others of the choice 0.
    outcome : int64 [n, actions]
        UNKNOWN: p0 = 1, the bias is ``dread``.
    reward : float64 [n, actions]
        The bias of the others, with p0 = 0.
    dread : float64
        As said.
    lacking : int64 [n * actions * MIXED, 3]
        Out: concept, action and place in ``target`` of edges that are not there.

    Returns
    -------
    int64
        How many.
    """
    slot_of, bias, p0 = h.get_slot_of(H), h.get_bias(H), h.get_p0(H)
    dw, dsrc, count = h.get_dw(H), h.get_dsrc(H), 0
    for i in range(choices.shape[0]):
        for a in range(choices.shape[1]):
            slot = np.int64(slot_of[choices[i, a]])
            k = late_count(H, slot)
            first = np.int64(h.get_dstart(H)[slot]) if k > 0 else np.int64(0)
            dw[first : first + k] = 0
            bias[slot] = dread if outcome[i, a] == UNKNOWN else reward[i, a]
            p0[slot] = 1 if outcome[i, a] == UNKNOWN else 0
            for q in range(target.shape[2]):
                if share[i, a, q] > 0:
                    source, found = np.int64(slot_of[states[target[i, a, q]]]), False
                    for e in range(first, first + k):
                        if np.int64(dsrc[e]) == source:
                            dw[e], found = discount[i, a] * share[i, a, q], True
                    if not found:
                        lacking[count, 0], lacking[count, 1], lacking[count, 2] = i, a, q
                        count += 1
    return np.int64(count)
