"""Groves: trees of questions that grow where labels disagree and forget what has passed.

Trees grow in place over a sliding window of samples: a leaf whose labels keep disagreeing imagines
questions and asks the best; a question one side of which nobody comes to any more is pruned; now
and then a node is asked anew.
"""

import numpy as np

from growgraph.kernels import _dice as dice_
from growgraph.kernels._jit import helper, inlined
from growgraph.kernels.question import (
    COUNT,
    FREE,
    HEAD,
    KID,
    LEAF,
    LEAST,
    NEXT,
    ROOTS,
    SHARED_LISTS,
    UNBORN,
    WAIT,
    ask,
    below,
    gather,
    hush,
    let_go,
    link,
    listing,
    rehang,
    speak,
    speak_roots,
    tell,
    unlink,
)
from growgraph.kernels.rehearse import imagine
from growgraph.kernels.room import has_events, has_room
from growgraph.kernels.status import NEED_SPACE

# what the log gives as cause, in the sequence of ``words``
DISAGREE, ANEW, DONE_ASKING, UNUSED, ASLEEP, RETURNED = range(6)
CAUSES = ("labels that disagree", "a question asked anew", "nothing left to ask",
          "a concept unused the longest", "a concept that has passed",
          "a concept that has returned")  # fmt: skip

_PATIENCE = 2  # disagreements before a leaf imagines questions
_REST = 100  # most disagreements waited for after nothing was found
# a node that n samples come to is asked anew once in so many times n visits: roots, others
_ANEW_ROOT, _ANEW_BELOW = 0.5, 8.0
_EDGES = 5  # of a unit
_BUDGET = 750  # units of a grove in use, beyond which nodes must hold more samples to be split
_MOST_LEAST = 64  # samples


@helper
def _sort(values, n):
    """Shell sort of values[:n] (the library's costs a second to compile)."""
    gap = n // 2
    while gap > 0:
        for i in range(gap, n):
            held, j = values[i], i
            while j >= gap and values[j - gap] > held:
                values[j] = values[j - gap]
                j -= gap
            values[j] = held
        gap //= 2


@helper
def _choose(G, g, above, units, m, need):
    """Complete the m units at hand to ``need`` by the lowest free ones above a number.

    Higher ones are left for deeper questions: else the units run out though many are free. Returns
    how many are at hand then; the chosen leave the free list.
    """
    while m < need:
        lowest = np.int64(-1)
        for i in range(G.plan[g, FREE]):
            if G.free[g, i] > above and (lowest < 0 or G.free[g, i] < G.free[g, lowest]):
                lowest = i
        units[m] = G.free[g, lowest]
        m += 1
        G.plan[g, FREE] -= 1
        for k in range(lowest, G.plan[g, FREE]):
            G.free[g, k] = G.free[g, k + 1]
    return m


@helper
def _count_above(G, g, above):
    n = 0
    for i in range(G.plan[g, FREE]):
        n += G.free[g, i] > above
    return n


@helper
def _disagreement(G, samples, n):
    """Share of samples that do not have the commonest label."""
    count, most = np.zeros(G.leaf.shape[2], np.int64), 0
    for i in range(n):
        count[G.labels[samples[i]]] += 1
    for c in range(count.size):
        most = max(most, count[c])
    return 1 - most / max(n, 1)


@helper
def least(G, g, slow):
    """Least samples of a split: more where a grove is large, or large for the trust it has."""
    share = slow * (G.up.shape[1] - G.plan[g, FREE] - G.plan[g, UNBORN]) / _BUDGET
    most = G.plan[g, LEAST] * max(1.0, 4 * share * share if share > 1 else 1.0)
    return min(np.int64(most), np.int64(_MOST_LEAST))


@helper
def wait_longer(G, g, v):
    """A leaf that could ask nothing bears more disagreements before it imagines again."""
    if G.node[g, KID, v] < 0:
        G.node[g, WAIT, v] = -min(G.node[g, COUNT, v] // 2, _REST)


@helper
def regrow(H, G, g, k, v, why, slow, dice):
    """Imagine the subtree at node v afresh from the samples that come to it, and lay it.

    Returns 0, or how many units are missing, or NEED_SPACE (both: nothing changed).
    """
    samples, units = np.empty(G.ring.shape[1], np.int64), np.empty(G.up.shape[1] + 1, np.int64)
    n, m = gather(G, g, k, v, samples, units)
    asked, shape = np.empty((n, 2), np.float32), np.empty((2 * n + 1, 6), np.int64)
    questions, nodes = imagine(G, samples, n, least(G, g, slow), dice, asked, shape)
    above = np.int64(-1) if v < ROOTS else (v - ROOTS) // 2
    missing = questions - m - _count_above(G, g, above)
    if missing > 0:
        return missing
    events = 2 * (questions + m)
    edges = _EDGES * questions
    if not has_room(H, 0, 4 * edges, 4 * edges + SHARED_LISTS, 0, edges):
        has_events(H, events)
        return np.int64(NEED_SPACE)
    if not has_events(H, events):
        return np.int64(NEED_SPACE)
    tension = _disagreement(G, samples, n)
    tell(H, G, g, v, why, tension, max(G.node[g, WAIT, v], 0))
    was_leaf = m == 0
    hush(H, G, g, v)
    for i in range(m):
        for side in range(2):
            hush(H, G, g, ROOTS + 2 * units[i] + side)
    have = _choose(G, g, above, units, m, questions)
    _sort(units, have)
    for i in range(questions, have):  # the last ones are not needed: from the bottom up
        let_go(H, G, g, units[questions + have - 1 - i])
    G.node[g, KID, v], G.node[g, HEAD, v] = -1, -1
    for i in range(nodes):
        code, question = shape[i, 0], shape[i, 3]
        at = v if code < 0 else ROOTS + 2 * units[code // 2] + code % 2
        unit = -1 if question < 0 else units[question]
        _settle(H, G, g, k, at, samples, shape[i], asked, unit)
    if questions == 0 and was_leaf:  # nothing was found
        wait_longer(G, g, v)
    if v < ROOTS:
        speak_roots(H, G, g)
    return np.int64(0)


@helper
def _settle(H, G, g, k, at, samples, told, asked, unit):
    """Let a node of the imagined subtree be real: an inner node asks, a leaf lists its samples."""
    lo, hi, question = told[1], told[2], told[3]
    G.node[g, COUNT, at], G.node[g, WAIT, at], G.node[g, HEAD, at] = hi - lo, 0, -1
    if question >= 0:
        omega, bias = asked[question, 0], asked[question, 1]
        ask(H, G, g, at, unit, told[4], told[5], omega, bias)
        return
    G.node[g, KID, at] = -1
    for i in range(lo, hi):
        link(G, g, k, at, np.int64(samples[i]))
        G.leaf[g, at, G.labels[samples[i]]] += 1
    if at >= ROOTS:
        speak(H, G, g, at)


# ---- forgetting -----------------------------------------------------------------------------
@inlined
def parent_of(G, g, v):
    """The node above node v, -1 for a root."""
    return np.int64(-1) if v < ROOTS else np.int64(G.up[g, (v - ROOTS) // 2])


@helper
def has_room_to_prune(H):
    """Room for a unit that is asked elsewhere (5 edges at most) and one that is let go.

    Asked for tree by tree: what grows in one tree would take what was kept for the next.
    """
    room = has_room(H, 0, 0, SHARED_LISTS, 0, 6)
    return has_events(H, 4) and room


@helper
def forget(H, G, g, k, s, label):
    """Let tree k forget ring place s; a question nobody comes to on one side is pruned.

    The caller has asked for room: two nodes are emptied and one unit is asked elsewhere.
    """
    v = np.int64(G.place[listing(g), LEAF, k, s])
    if v < 0:
        return
    unlink(G, g, k, s)
    G.leaf[g, v, label] -= 1
    at = v
    while at >= 0:
        G.node[g, COUNT, at] -= 1
        at = parent_of(G, g, at)
    if v >= ROOTS and G.node[g, COUNT, v] == 0:
        _prune(H, G, g, k, v)
    else:
        speak(H, G, g, v)


@helper
def _prune(H, G, g, k, v):
    """An empty side goes with its question: what the other side holds moves up."""
    u = (v - ROOTS) // 2
    top, other = np.int64(G.up[g, u]), ROOTS + 2 * u + 1 - (v - ROOTS) % 2
    tell(H, G, g, top, DONE_ASKING, 0.0, 0)
    hush(H, G, g, v)
    kid = np.int64(G.node[g, KID, other])
    G.node[g, KID, top] = kid
    if kid >= 0:
        rehang(H, G, g, top, kid)
        G.up[g, kid] = top
    else:
        s = np.int64(G.node[g, HEAD, other])
        G.node[g, HEAD, top], G.node[g, WAIT, top] = s, G.node[g, WAIT, other]
        while s >= 0:
            G.place[listing(g), LEAF, k, s] = top
            s = np.int64(G.place[listing(g), NEXT, k, s])
        for c in range(G.leaf.shape[2]):
            G.leaf[g, top, c] = G.leaf[g, other, c]
    hush(H, G, g, other)
    let_go(H, G, g, u)
    if kid < 0:
        speak(H, G, g, top)


@helper
def drop(H, G, g, k, why):
    """Let tree k forget all: its root is a leaf without samples. The caller has asked for room."""
    samples, units = np.empty(G.place.shape[3], np.int64), np.empty(G.up.shape[1] + 1, np.int64)
    n, m = gather(G, g, k, np.int64(k), samples, units)
    tell(H, G, g, np.int64(k), why, 0.0, 0)
    for i in range(n):
        G.place[listing(g), LEAF, k, samples[i]] = -1
    hush(H, G, g, np.int64(k))
    for i in range(m):
        for side in range(2):
            hush(H, G, g, ROOTS + 2 * units[i] + side)
    _sort(units, m)
    for i in range(m):
        let_go(H, G, g, units[m - 1 - i])
    G.node[g, KID, k], G.node[g, COUNT, k], G.node[g, HEAD, k], G.node[g, WAIT, k] = -1, 0, -1, 0


# ---- learning -------------------------------------------------------------------------------
@helper
def arrive(H, G, g, k, x, s, slow, dice):
    """Let ring place s come to its leaf in tree k.

    Returns the node that is to be asked anew (-1: none) and why.
    """
    v, anew, label = np.int64(k), np.int64(-1), G.labels[s]
    while True:
        n = G.node[g, COUNT, v] + 1
        G.node[g, COUNT, v] = n
        if G.node[g, KID, v] < 0:
            break
        rarity = slow * (_ANEW_ROOT if v < ROOTS else _ANEW_BELOW)
        if anew < 0 and dice_.unit(dice) * rarity * (n + 1) < 1:
            anew = v
        v = below(H, G, g, v, x)
    link(G, g, k, v, s)
    G.leaf[g, v, label] += 1
    speak(H, G, g, v)
    if anew >= 0:
        return anew, ANEW
    n = G.node[g, COUNT, v]
    if n >= G.plan[g, LEAST] and G.leaf[g, v, label] < n:
        G.node[g, WAIT, v] += 1
        if G.node[g, WAIT, v] >= _PATIENCE:
            return v, DISAGREE
    return np.int64(-1), DISAGREE
