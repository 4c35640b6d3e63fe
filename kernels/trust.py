"""Trust in the voters of a council, what it has answered, and the alarm when that fails.

Trust is learnt by fixed share (Herbster and Warmuth 1998). Here, too, is what stands where in the
numbers that a council keeps.
"""

from collections import namedtuple

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import record
from growgraph.kernels._jit import helper, inlined

# voters: the last ones are groves, the steady one and a ring of those that are fresh in turn
EVIDENCE, PROTOTYPES, RECENT, LASTING, STEADY, FRESH = range(6)
GROVES = 6
VOTERS = STEADY + GROVES
# places in ``ctl``
(
    AT,  # row of the batch
    N,  # samples seen
    PART,  # of the sample under way
    GROVE, TREE, NODE, CAUSE,  # where a tree waits for units
    WANT,  # how many units are missing
    BEGAN,  # sample at which the present concept began
    FAILED,  # errors before it
    FAILURES,  # errors so far
    ALARMS, LAST_ALARM,
    CONCEPTS,  # prototypes born
    EPOCH,  # sample for which strengths are written
    GONE, GONE_RECENT,  # labels that the two groves forget
    RIGHT,
    SEED,
    EVENTS,  # most events in the log before it is folded
    FULL,  # 1: no node may be born any more
    SOLVES,  # 1: the evidence has a readout
    NEWEST,  # the grove that is fresh
    AWAKE,  # the grove of a concept that returned, 0: none
    RETURNS,  # how many concepts returned so far
    RETURNED, SINCE, UNTIL,  # when the last one did, and between which samples it was learnt
) = range(28)  # fmt: skip
CTL_SIZE = 28

PAST = 512  # numbers of errors remembered
_SHARE, _RATE = 0.003, 0.3  # of trust: handed back, learnt
_DOUBT = 0.02
_HORIZONS = (30, 60, 120, 240)
_CALM, _ALARM = 100, 4.0
_UNTRUSTED, _SLOW = 0.02, 3.0  # a grove of less trust is asked anew so many times more seldom
_SETTLED, _SELDOM = 2000, 8  # in a concept of so many samples its trees learn one of so many
# a class is young below so many samples, once there were so many of all, of which it is a 20th
_YOUNG, _LATE, _RARE = 50, 500, 20
ORDERED, _ORDERED_TRUST = 25.0, 0.95  # samples missed of a class; trust in evidence then

# ``prior`` is 0 for who does not vote; ``edge`` the place of a voter among the edges of an output
# node (-1: it has no nodes)
Trust = namedtuple("Trust", "weight prior said edge outputs past counts seen order")
Record = namedtuple("Record", "tally right_by count_by scales")


@helper
def evidence(said, out):
    """P of each class by its score: softmax; classes never seen have 0, unless none was."""
    top, total = -np.inf, 0.0
    for c in range(out.size):
        top = max(top, said[c])
    for c in range(out.size):
        out[c] = np.exp(said[c] - top) if top > -np.inf else 1.0
        total += out[c]
    for c in range(out.size):
        out[c] /= total


@helper
def mix(T, P, out):
    """The answer: the mean of the voters by trust."""
    for c in range(out.size):
        out[c] = 0.0
        for k in range(VOTERS):
            if T.prior[k] > 0:
                out[c] += T.said[k] * P[k, c]


@helper
def learn(T, P, label):
    """Fixed share: w_k <- w_k (.98 P_k(y) + .02/C)^eta, normalised, a small part handed back."""
    total, whole, classes = 0.0, 0.0, P.shape[1]
    for k in range(VOTERS):
        if T.prior[k] > 0:
            T.weight[k] *= believed(P[k, label], classes) ** _RATE
            total += T.weight[k]
            whole += T.prior[k]
    for k in range(VOTERS):
        if T.prior[k] > 0:
            T.weight[k] = (1 - _SHARE) * T.weight[k] / total + _SHARE * T.prior[k] / whole


@inlined
def believed(p, classes):
    """P of a class, with a little doubt."""
    return (1 - _DOUBT) * p + _DOUBT / classes


@helper
def hand_over(T, k, share):
    """Voter k gets this share of all trust, the others what is left; 0: it does not vote now."""
    rest = max(1 - T.weight[k], 1e-300)
    for i in range(VOTERS):
        T.weight[i] *= (1 - share) / rest
    T.weight[k] = share


@helper
def slow(T, g):
    """The intention gate: a grove that is not trusted serves no aim, so it is asked anew less."""
    return _SLOW if T.weight[STEADY + g] < _UNTRUSTED else 1.0


@helper
def heeds(ctl, T, g, k):
    """The same gate: trees without trust, in a concept that lasts, learn by turns."""
    if T.weight[STEADY + g] >= _UNTRUSTED or ctl[N] - ctl[BEGAN] < _SETTLED:
        return True
    return (ctl[N] + k) % _SELDOM == 0


@inlined
def is_young(ctl, T, label):
    """Whether a class has come late and is rare yet: to miss it is no failure of what was known.

    Else some dozens of rows of a new label look like another world, and all that is known is
    forgotten for them.
    """
    count = T.counts[label]
    return count < _YOUNG and ctl[N] >= _LATE and count * _RARE < ctl[N]


@helper
def feel_order(ctl, T, label):
    """Follow whether a class stays away that used to come: then the labels come in an order.

    Where they do, whoever says "as the last ones" looks right, and who remembers must answer. It is
    told by how many samples of the class were to be expected since its last one.
    """
    n = ctl[N]
    T.order[0] = 0.0
    for c in range(T.counts.size):
        missed = np.float64(n - T.seen[c]) / (n + 1)
        T.order[0] = max(T.order[0], T.counts[c] * missed)
    T.counts[label] += 1
    T.seen[label] = n


@helper
def weigh(T):
    """Trust as it counts now: where labels come in runs, evidence has nearly all."""
    for k in range(VOTERS):
        T.said[k] = T.weight[k]
    if T.order[0] > ORDERED and T.prior[EVIDENCE] > 0 and T.weight[EVIDENCE] < _ORDERED_TRUST:
        rest = (1 - _ORDERED_TRUST) / max(1 - T.weight[EVIDENCE], 1e-300)
        for k in range(VOTERS):
            T.said[k] *= rest
        T.said[EVIDENCE] = _ORDERED_TRUST


@helper
def write(H, T):
    """Write trust on the edges of the output nodes."""
    w, start = h.get_w(H), h.get_start(H)
    for c in range(T.outputs.size):
        at = np.int64(start[T.outputs[c]])
        for k in range(VOTERS):
            if T.edge[k] >= 0:
                w[at + T.edge[k]] = np.float32(T.said[k])


@helper
def alarm(ctl, T):
    """Whether answers of late fail more often than those of the present concept did before.

    Returns how often these did, or -1 if there is no alarm.
    """
    n = ctl[N] + 1
    age = n - ctl[BEGAN]
    if age <= _CALM:
        return -1.0
    for w in _HORIZONS:
        if age < 2 * w + 40:
            continue
        before = T.past[(n - w) % PAST]
        late = (ctl[FAILURES] - before) / w
        m = age - w
        usual = (before - ctl[FAILED] + 1) / (m + 2)
        bound = _ALARM * np.sqrt(usual * (1 - usual) * (1 / w + 1 / m)) + 0.5 / w
        if late - usual > bound:
            ctl[BEGAN] = n - w // 2
            ctl[FAILED] = T.past[ctl[BEGAN] % PAST]
            ctl[ALARMS] += 1
            ctl[LAST_ALARM] = n
            return usual
    return -1.0


@helper
def top(P):
    """The first of the greatest."""
    best = 0
    for c in range(1, P.size):
        if P[c] > P[best]:
            best = c
    return best


@helper
def remember(ctl, R, T, q, label, strange):
    """How the answer given before learning went; returns it, -1 while no class was seen.

    A class that this very sample brings has its nodes already, but nobody could have named it.
    """
    best, second, known = -1, 0.0, 0
    for c in range(q.size):
        if T.counts[c] > 0:
            known += 1
            if best < 0 or q[c] > q[best]:
                best = c
    for c in range(q.size):
        if T.counts[c] > 0 and c != best:
            second = max(second, q[c])
    right = best == label
    ctl[RIGHT] += right
    R.tally[label, 0] += right
    if known > 1:
        strangely = record.novelty(strange, R.scales[0], ctl[SOLVES])
        record.remember(R.right_by, R.count_by, R.scales, q[best] - second, right, strange[0],
                         strangely)  # fmt: skip
    return best
