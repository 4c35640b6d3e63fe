"""Concepts that return: what was learnt of one sleeps until answers show that it is back.

At an alarm the grove of the concept that has passed goes to sleep with all its questions, where the
concept lasted long enough, and another grove of the ring becomes the fresh one. A sleeping grove
keeps its nodes, but no trust and no lists of samples. At the alarm and a few times after it, all
that sleep are asked about the last samples (hindcast); who would have answered clearly better than
was answered, and no worse than when it fell asleep, wakes: it votes, its leaves go on counting.
"""

from collections import namedtuple

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import grove, question, trust
from growgraph.kernels._jit import helper, inlined
from growgraph.kernels.rewire import lay
from growgraph.kernels.room import has_events, has_room

# What is kept of concepts. ``told`` [LOOKED] is the logarithm of what the last answers gave their
# labels, ``B`` [GROVES, 1 + heard, classes] a lasting readout, ``right`` [GROVES] the share of
# right answers; ``kept`` [GROVES, 3]:
Dormant = namedtuple("Dormant", "told B right kept")
USED, FIRST, LAST = range(3)  # when it was of use last (-1: nothing sleeps here); its samples
KEPT_SIZE = 3

LOOKED = 60  # most samples of a hindcast
_OLD = 300  # samples after which a concept is worth keeping
_AGAIN = (0, 15, 30, 60, 90)  # samples after an alarm at which hindcasts are made
_BETTER = 3.0  # nats by which who wakes must have been better
_TRUSTED = 0.6  # trust that it wakes with
_MOST = 2**30  # samples that a tree counts: more is no news, and no more fit
_TRIED, _UNTRUSTED = 200, 0.02  # samples after the alarm from which it must have so much trust


@helper
def note(ctl, D, q, label):
    """Remember what an answer gave its label."""
    D.told[ctl[trust.N] % LOOKED] = np.log(trust.believed(q[label], q.size))


@helper
def note_passed(ctl, D, began, usual):
    """Note of the concept that an alarm has ended when it was there and how often it was right.

    ``usual`` is how often it was wrong, or -1 if there was no alarm.
    """
    g = ctl[trust.NEWEST]
    if usual >= 0:
        D.right[g], D.kept[g, FIRST], D.kept[g, LAST] = 1 - usual, began, ctl[trust.BEGAN]


@inlined
def alarmed(ctl):
    """True if the sample under way has raised an alarm."""
    return ctl[trust.LAST_ALARM] == ctl[trust.N] + 1


@helper
def due(ctl):
    """True if something may fall asleep or wake at this sample."""
    since, looks = ctl[trust.N] + 1 - ctl[trust.LAST_ALARM], False
    for after in _AGAIN:
        looks = looks or since == after
    return looks and ctl[trust.ALARMS] > 0


@helper
def has_room_to_turn(H, G, T):
    """Room to let all units of a grove go, and to tell of what falls asleep and wakes."""
    units = 0
    for g in range(1, G.up.shape[0]):
        units = max(units, G.up.shape[1] - G.plan[g, question.FREE] - G.plan[g, question.UNBORN])
    outputs = T.outputs.size
    edges = trust.VOTERS * outputs
    room = has_room(H, 0, 0, question.SHARED_LISTS + edges, 0, 2 * edges)
    return has_events(H, 2 * (units + outputs)) and room


# ---- looking back ---------------------------------------------------------------------------
@helper
def _hindcast(H, ctl, G, D, g, first, x, p):
    """How grove g would have answered since a sample: nats it was better, and how often right."""
    n, better, hits = ctl[trust.N], 0.0, 0
    for t in range(first, n + 1):
        s = t % G.labels.size
        for j in range(x.size):
            x[j] = G.ring[j, s]
        question.answer(H, G, g, x, p)
        label = np.int64(G.labels[s])
        better += np.log(trust.believed(p[label], p.size)) - D.told[t % LOOKED]
        hits += trust.top(p) == label
    return better, hits


@helper
def _look(H, ctl, G, D):
    """The sleeping grove that should wake, 0 if none should, and by how much it was better."""
    n, found, most = ctl[trust.N], np.int64(0), _BETTER
    since = ctl[trust.BEGAN] if alarmed(ctl) else ctl[trust.LAST_ALARM]
    m = min(n + 1 - since, LOOKED, G.labels.size)
    x, p = np.empty(G.ring.shape[0], np.float32), np.empty(G.leaf.shape[2])
    for g in range(1, D.right.size):
        if D.kept[g, USED] < 0 or D.kept[g, USED] == n:  # who has just gone does not return
            continue
        better, hits = _hindcast(H, ctl, G, D, g, n + 1 - m, x, p)
        usual = min(D.right[g], 0.99)
        least = m * usual - 2 * np.sqrt(m * usual * (1 - usual)) - 0.5
        if better > most and hits >= least:
            found, most = np.int64(g), better
    return found, most / max(m, 1)


# ---- falling asleep -------------------------------------------------------------------------
@helper
def _longest_unused(D, spared):
    """Of the groves that sleep but one the one of use the longest ago, 0 if there is none."""
    found = 0
    for g in range(1, D.right.size):
        older = found == 0 or D.kept[g, USED] < D.kept[found, USED]
        if D.kept[g, USED] >= 0 and g != spared and older:
            found = g
    return np.int64(found)


@helper
def _spare(ctl, T, D):
    """A grove that is neither fresh nor asleep, and whether it has nodes; 0 if there is none."""
    for g in range(1, trust.GROVES):
        if g != ctl[trust.NEWEST] and D.kept[g, USED] < 0:
            return np.int64(g), T.edge[trust.STEADY + g] >= 0
    return np.int64(0), False


@helper
def _empty(H, G, g, why):
    """Let all trees of a grove forget all."""
    for k in range(G.plan[g, question.TREES]):
        grove.drop(H, G, g, k, why)


@helper
def _sleep(ctl, G, L, T, D):
    """The fresh grove lists no samples any more and loses its vote."""
    f = ctl[trust.NEWEST]
    for k in range(G.plan[f, question.TREES]):
        for s in range(G.labels.size):
            G.place[question.listing(f), question.LEAF, k, s] = -1
    for v in range(G.node.shape[2]):
        G.node[f, question.HEAD, v], G.node[f, question.WAIT, v] = -1, 0
    for i in range(D.B.shape[1]):
        for c in range(D.B.shape[2]):
            D.B[f, i, c] = L.B[1, i, c]
    D.kept[f, USED] = ctl[trust.N]


@helper
def _take_over(ctl, T, D, g):
    """Grove g is the fresh one now: it inherits trust and vote."""
    old, new = trust.STEADY + ctl[trust.NEWEST], trust.STEADY + g
    T.weight[new], T.prior[new] = T.weight[old], T.prior[old]
    T.weight[old], T.prior[old] = 0.0, 0.0
    D.kept[g, USED] = -1
    ctl[trust.NEWEST] = g


@helper
def _dismiss(ctl, T):
    """Who was awake votes no more; it sleeps on."""
    k = trust.STEADY + ctl[trust.AWAKE]
    trust.hand_over(T, k, 0.0)
    T.prior[k] = 0.0
    ctl[trust.AWAKE] = 0


@helper
def turn(H, ctl, G, L, T, D):
    """What an alarm changes; False if a voter must be born before (nothing changed)."""
    f, a = ctl[trust.NEWEST], ctl[trust.AWAKE]
    known = a > 0 and T.weight[trust.STEADY + a] >= T.weight[trust.STEADY + f]
    lasted = ctl[trust.N] + 1 - D.kept[f, FIRST] >= _OLD
    g, born = _spare(ctl, T, D)
    if lasted and not known and g > 0 and not born and not ctl[trust.FULL]:
        return False
    if lasted and not known and not born:
        g = _longest_unused(D, _look(H, ctl, G, D)[0])  # who is back does not give way
    if a > 0:  # first: who is awake may be the one that gives way
        _dismiss(ctl, T)
    if known:  # what sleeps anyway is not kept twice
        D.kept[a, USED] = ctl[trust.N]
        _empty(H, G, f, grove.DONE_ASKING)
    elif lasted and g > 0:
        _empty(H, G, g, grove.UNUSED)
        _sleep(ctl, G, L, T, D)
        _take_over(ctl, T, D, g)
    else:
        _empty(H, G, f, grove.DONE_ASKING)
    if ctl[trust.NEWEST] != f:
        _tell(H, G, T, f, grove.ASLEEP, 0.0)
    return True


@helper
def _tell(H, G, T, g, why, tension):
    """Write trust into the answers' edges as a change that the log gives a cause of."""
    trust.weigh(T)
    trust.write(H, T)
    question.tell(H, G, g, np.int64(0), why, tension, 0)
    sources, weights = np.empty(trust.VOTERS, np.int64), np.empty(trust.VOTERS, np.float32)
    for c in range(T.outputs.size):
        to = np.int64(T.outputs[c])
        n = np.int64(h.get_length(H)[to])
        at, sat = np.int64(h.get_start(H)[to]), np.int64(h.get_sstart(H)[to])
        for e in range(n):
            sources[e], weights[e] = h.get_src(H)[sat + e], h.get_w(H)[at + e]
        lay(H, to, sources, weights, n, h.get_bias(H)[to])


# ---- waking ---------------------------------------------------------------------------------
@helper
def _wake(ctl, L, T, D, g):
    """Grove g votes, with most of the trust; the lasting readout is that of its concept."""
    k = trust.STEADY + g
    trust.hand_over(T, k, _TRUSTED)
    T.prior[k] = T.prior[trust.STEADY + ctl[trust.NEWEST]]
    for i in range(D.B.shape[1]):
        for c in range(D.B.shape[2]):
            L.B[1, i, c] = D.B[g, i, c]
    ctl[trust.AWAKE], D.kept[g, USED] = g, ctl[trust.N]
    ctl[trust.RETURNS] += 1
    ctl[trust.RETURNED] = ctl[trust.N] + 1
    ctl[trust.SINCE], ctl[trust.UNTIL] = D.kept[g, FIRST], D.kept[g, LAST]


@helper
def _count(H, G, g, x, label):
    """Let a sample be counted at the leaves of a grove that is awake."""
    for k in range(G.plan[g, question.TREES]):
        v = np.int64(k)
        if G.node[g, question.COUNT, v] >= _MOST:
            continue
        G.node[g, question.COUNT, v] += 1
        while G.node[g, question.KID, v] >= 0:
            v = question.below(H, G, g, v, x)
            G.node[g, question.COUNT, v] += 1
        G.leaf[g, v, label] += 1
        question.speak(H, G, g, v)


@helper
def tend(H, ctl, G, L, T, D, x, label):
    """Let who is awake learn or go; look whether somebody should wake."""
    a = ctl[trust.AWAKE]
    if a > 0:
        _count(H, G, a, x, label)
        late = ctl[trust.N] + 1 - ctl[trust.LAST_ALARM] > _TRIED
        if late and T.weight[trust.STEADY + a] < _UNTRUSTED:
            _dismiss(ctl, T)
    elif due(ctl):
        g, tension = _look(H, ctl, G, D)
        if g > 0:
            _wake(ctl, L, T, D, g)
            _tell(H, G, T, g, grove.RETURNED, tension)
