"""The council of a stream: voters that expect, trust that follows who was right, an alarm at drift.

Each voter gives P of every class; the answer is their mean weighted by trust, which is learnt by
fixed share (Herbster and Warmuth 1998): w_k <- w_k (.98 P_k(y) + .02/C)^eta, normalised, then a
small share is handed back. Where the answers keep failing more often than before, the alarm says
that another concept has begun: voters that look far back then forget.

The kernel takes each sample alone and in parts; where a node must be born it returns, and is
entered again at that part of that sample.
"""

from collections import namedtuple

import numpy as np

from growgraph.kernels import _dice as dice_
from growgraph.kernels import _handle as h
from growgraph.kernels import dormant, grove, prototype, question, recursive, trust
from growgraph.kernels._jit import helper, inlined, kernel
from growgraph.kernels._simd import bare
from growgraph.kernels.status import NEED_SPACE
from growgraph.kernels.trust import (  # noqa: F401  others know them as the council's
    ALARMS,
    AT,
    AWAKE,
    BEGAN,
    CAUSE,
    CONCEPTS,
    CTL_SIZE,
    EPOCH,
    EVENTS,
    EVIDENCE,
    FAILED,
    FAILURES,
    FRESH,
    FULL,
    GONE,
    GONE_RECENT,
    GROVE,
    GROVES,
    LAST_ALARM,
    LASTING,
    NEWEST,
    NODE,
    PART,
    PAST,
    PROTOTYPES,
    RECENT,
    RETURNED,
    RETURNS,
    RIGHT,
    SEED,
    SINCE,
    SOLVES,
    STEADY,
    TREE,
    UNTIL,
    VOTERS,
    WANT,
    N,
    Record,
    Trust,
)

# why the kernel returned
DONE, CONCEPT, UNITS, FOLD, VOTER = range(5)
_KEEP_RECENT, _KEEP_LASTING = 0.997, 0.9999
_FIRST_TREES = 10  # samples from which trees grow
_RENEW = 16384  # samples after which strengths are written for another epoch
# parts of a sample
_ANSWER, _BIRTH, _TURN, _TREES, _REGROW = range(5)

Prototypes = namedtuple("Prototypes", "slots sums traits owner")
Readouts = namedtuple("Readouts", "A B slots")


@inlined
def unowned(G, C, L, T, D, R):
    """The same without owners, whom the caller keeps alive: handing them on counts nothing."""
    return (
        question.Grove(bare(G.plan), bare(G.node), bare(G.up), bare(G.free), bare(G.leaf),
                       bare(G.place), bare(G.slots), bare(G.votes), bare(G.ring), bare(G.labels),
                       bare(G.inputs), bare(G.column), bare(G.one), bare(G.words)),
        Prototypes(bare(C.slots), bare(C.sums), bare(C.traits), bare(C.owner)),
        Readouts(bare(L.A), bare(L.B), bare(L.slots)),
        Trust(bare(T.weight), bare(T.prior), bare(T.said), bare(T.edge), bare(T.outputs),
              bare(T.past), bare(T.counts), bare(T.seen), bare(T.order)),
        dormant.Dormant(bare(D.told), bare(D.B), bare(D.right), bare(D.kept)),
        Record(bare(R.tally), bare(R.right_by), bare(R.count_by), bare(R.scales)),
    )  # fmt: skip


@helper
def _learn_prototype(H, ctl, x, C, P, loud, away, label):
    """Let a prototype move; True if one must be born."""
    n, t = ctl[CONCEPTS], ctl[N]
    best = prototype.winner(loud, C.owner, n, label)
    moved = prototype.resonates(C.traits, away, best)
    if moved:
        prototype.move(H, x, C.slots, C.traits, best, away[best], t)
        prototype.write(H, C.slots, C.sums, C.traits, C.owner, best, ctl[EPOCH])
    return not moved or trust.top(P) != label


@helper
def _bear_prototype(H, ctl, x, C, label):
    """Let a prototype begin at x; False if its node is not there yet."""
    n, t = ctl[CONCEPTS], ctl[N]
    i = n
    if n == C.traits.shape[0]:
        i = prototype.weakest(C.traits, n, t)
    elif C.slots[n, 0] < 0 and ctl[FULL]:
        if n == 0:
            return True
        i = prototype.weakest(C.traits, n, t)
    elif C.slots[n, 0] < 0:
        return False
    else:
        ctl[CONCEPTS] += 1
    prototype.place(H, x, C.slots, C.traits, C.owner, i, label, t)
    prototype.write(H, C.slots, C.sums, C.traits, C.owner, i, ctl[EPOCH])
    return True


@helper
def _span(ctl, G, g):
    """Samples that a grove remembers now: the fresh one only those of the present concept."""
    span = G.plan[g, question.SPAN]
    if g > 0:
        span = min(span, max(ctl[N] + 1 - ctl[BEGAN], _FIRST_TREES))
    return span


@helper
def _let_pass(H, ctl, G, x, label):
    """Put the sample into the ring; keep the labels of those that the groves forget."""
    size = G.labels.size
    for g in range(2 if size > 0 else 0):  # all but the steady one remember as many
        old = ctl[N] - G.plan[g, question.SPAN]
        ctl[GONE + g] = G.labels[old % size] if old >= 0 else -1
    s = ctl[N] % size if size > 0 else np.int64(0)
    if size > 0:
        G.labels[s] = label
    for j in range(x.size if size > 0 else 0):
        G.ring[j, s] = x[j]


@helper
def _learn_tree(H, ctl, G, T, x, g, k, dice):
    """Forget, let the sample arrive; returns the node to be asked anew (-1: none) and why."""
    size, n = G.labels.size, ctl[N]
    old = n - G.plan[g, question.SPAN]
    if old >= 0:
        grove.forget(H, G, g, k, old % size, ctl[GONE + question.listing(g)])
    dice_.shake(dice, ctl[SEED], n, g * question.ROOTS + k)
    if G.node[g, question.COUNT, k] > 0 and not trust.heeds(ctl, T, g, k):
        return np.int64(-1), grove.DISAGREE
    if G.node[g, question.COUNT, k] > 0:
        return grove.arrive(H, G, g, k, x, n % size, trust.slow(T, g), dice)
    first = n + 1 - min(_span(ctl, G, g), n + 1)
    if n + 1 < _FIRST_TREES:
        return np.int64(-1), grove.DISAGREE
    for t in range(first, n + 1):
        question.link(G, g, k, np.int64(k), t % size)
        G.leaf[g, k, G.labels[t % size]] += 1
    G.node[g, question.COUNT, k] = n + 1 - first
    question.speak(H, G, g, np.int64(k))
    return np.int64(k), grove.DISAGREE


@helper
def _learn_trees(H, ctl, G, T, x, dice):
    """All trees from where ctl says; 0, or NEED_SPACE, or UNITS (to be entered again)."""
    while ctl[GROVE] < GROVES:
        g, k = ctl[GROVE], ctl[TREE]
        here = T.prior[STEADY + g] > 0 and (g == 0 or g == ctl[NEWEST])
        if here and k < G.plan[g, question.TREES]:
            if ctl[PART] == _TREES:
                if not grove.has_room_to_prune(H):
                    return np.int64(NEED_SPACE)
                v, why = _learn_tree(H, ctl, G, T, x, g, k, dice)
                ctl[NODE], ctl[CAUSE] = v, why
                ctl[PART] = _REGROW
            if ctl[NODE] >= 0:
                dice_.shake(dice, ctl[SEED] + 1, ctl[N], g * question.ROOTS + k)
                missing = grove.regrow(H, G, g, k, ctl[NODE], ctl[CAUSE], trust.slow(T, g), dice)
                if missing == NEED_SPACE:
                    return np.int64(NEED_SPACE)
                if missing > 0 and not ctl[FULL]:
                    ctl[WANT] = missing
                    return np.int64(UNITS)
                if missing > 0:
                    grove.wait_longer(G, g, ctl[NODE])
            ctl[PART] = _TREES
            ctl[TREE] += 1
        else:
            ctl[GROVE] += 1
            ctl[TREE] = 0
    return np.int64(0)


@helper
def _turn(H, ctl, x, label, G, L, T, D, k):
    """What an alarm changes, who wakes, readouts; DONE, NEED_SPACE or VOTER (nothing changed)."""
    asks, alarmed = G.labels.size > 0, dormant.alarmed(ctl)
    if asks and dormant.due(ctl) and not dormant.has_room_to_turn(H, G, T):
        return np.int64(NEED_SPACE)
    if asks and alarmed and not dormant.turn(H, ctl, G, L, T, D):
        return np.int64(VOTER)
    if alarmed:  # another concept has begun
        recursive.restore(L.A[1])
    if asks:
        dormant.tend(H, ctl, G, L, T, D, x, label)
    for i in range(2):
        if T.prior[RECENT + i] > 0:
            keep = _KEEP_LASTING if i else _KEEP_RECENT
            recursive.learn(L.A[i], L.B[i], x, label, keep, k)
            recursive.write(H, L.slots[i], L.B[i], ctl[N] + 1)
    trust.weigh(T)
    trust.write(H, T)
    return np.int64(DONE)


@kernel(writes=("H", "ctl", "G", "C", "L", "T", "D", "R", "answers"))
def learn(H, X, y, said, strange, ctl, G, C, L, T, D, R, answers):
    """Answer and learn rows ctl[AT] .. in their sequence until something must grow.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the edges of all voters are written.
    X : float32 [batch, inputs]
        Activities of the inputs.
    y : int64 [batch]
        Class numbers.
    said : float64 [batch, classes]
        Score of each class by the evidence, before it was learnt; -inf: never seen.
    strange : float64 [batch, 2]
        Resonance of the best concept and how unclear the readout was, before it was learnt.
    ctl : int64 [CTL_SIZE]
        Where it stands.
    G : Grove
        Trees of questions: STEADY's, then a ring of groves of which ctl[NEWEST] is fresh.
    C : Prototypes
        ``slots`` [most, 4] of match node, logarithm, strength and kernel (-1: not born),
        ``sums`` [classes], ``traits`` [most, MEMORY + inputs], ``owner`` [most].
    L : Readouts
        ``A`` [2, 1 + heard, 1 + heard], ``B`` [2, 1 + heard, classes], ``slots`` [2, classes]; of
        the inputs the first ones are heard.
    T : Trust
        ``weight``, ``prior`` (0: it does not vote), ``said``, ``edge`` [VOTERS], ``outputs``,
        ``counts``, ``seen`` [classes], ``past`` [PAST] numbers of errors, ``order`` [1].
    D : Dormant
        What is kept of concepts that have passed.
    R : Record
        ``tally`` [classes, 2], ``right_by``, ``count_by`` [BINS], ``scales`` [2, 3].
    answers : int64 [batch]
        The answer given to each row before it was learnt.

    Returns
    -------
    int64
        DONE, CONCEPT (a prototype must be born), UNITS (ctl[WANT] units are missing in grove
        ctl[GROVE]), FOLD (the log is full), VOTER (a grove of the ring must be born), or
        NEED_SPACE.
    """
    G, C, L, T, D, R = unowned(G, C, L, T, D, R)
    X, said, strange, ctl, answers = bare(X), bare(said), bare(strange), bare(ctl), bare(answers)
    classes = said.shape[1]
    P, q = np.empty((VOTERS, classes)), np.empty(classes)
    loud, away = np.empty(C.owner.size), np.empty(C.owner.size)
    k, dice = np.empty(L.A.shape[1]), np.empty(1, np.uint64)
    while ctl[AT] < X.shape[0]:
        i = ctl[AT]
        x, label = X[i], y[i]
        ctx = h.get_ctx(H)  # whoever bore nodes in between wrote into it
        ctx[h.CTX_STEP], ctx[h.CTX_SAMPLE] = ctl[N], ctl[N]
        if ctl[PART] == _ANSWER:
            if not dormant.has_room_to_turn(H, G, T):
                return np.int64(NEED_SPACE)
            _ask_all(H, ctl, x, said[i], G, C, L, T, loud, away, P)
            trust.mix(T, P, q)
            answers[i] = trust.remember(ctl, R, T, q, label, strange[i])
            dormant.note(ctl, D, q, label)
            young = trust.is_young(ctl, T, label)
            ctl[FAILURES] += not young and answers[i] != label
            T.past[(ctl[N] + 1) % PAST] = ctl[FAILURES]
            if not young and T.counts[label] > 0 and T.order[0] <= trust.ORDERED:
                trust.learn(T, P, label)
            trust.feel_order(ctl, T, label)
            dormant.note_passed(ctl, D, ctl[BEGAN], trust.alarm(ctl, T))
            ctl[PART] = _TURN
            if T.prior[PROTOTYPES] > 0:
                if _learn_prototype(H, ctl, x, C, P[PROTOTYPES], loud, away, label):
                    ctl[PART] = _BIRTH
            _let_pass(H, ctl, G, x, label)
            ctl[GROVE], ctl[TREE] = 0, 0
        if ctl[PART] == _BIRTH:
            if not _bear_prototype(H, ctl, x, C, label):
                return np.int64(CONCEPT)
            ctl[PART] = _TURN
        if ctl[PART] == _TURN:
            status = _turn(H, ctl, x, label, G, L, T, D, k)
            if status != DONE:
                return status
            ctl[PART] = _TREES
        status = _learn_trees(H, ctl, G, T, x, dice)
        if status != 0:
            return status
        ctl[PART] = _ANSWER
        ctl[N] += 1
        ctl[AT] = i + 1
        if ctl[N] - ctl[EPOCH] >= _RENEW:
            ctl[EPOCH] = ctl[N]
            prototype.renew(H, C.slots, C.sums, C.traits, C.owner, ctl[CONCEPTS], ctl[EPOCH])
        if H[h.EV_USED] > ctl[EVENTS]:
            return np.int64(FOLD)
    return np.int64(DONE)


@helper
def _ask_all(H, ctl, x, said, G, C, L, T, loud, away, P):
    """P of all voters."""
    if T.prior[EVIDENCE] > 0:
        trust.evidence(said, P[EVIDENCE])
    if T.prior[PROTOTYPES] > 0:
        n = ctl[CONCEPTS]
        since = ctl[N] - ctl[EPOCH]
        prototype.loudness(H, x, C.slots, C.traits, n, since, away, loud)
        prototype.answer(loud, C.owner, n, P[PROTOTYPES])
    for i in range(2):
        if T.prior[RECENT + i] > 0:
            recursive.answer(L.B[i], x, ctl[N], P[RECENT + i])
    for g in range(GROVES):
        if T.prior[STEADY + g] > 0:
            question.answer(H, G, g, x, P[STEADY + g])


@kernel(writes=("out",))
def answer(H, X, said, ctl, G, C, L, T, out):
    """P of each class, for rows that are not learnt.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    X : float32 [batch, inputs]
        Activities of the inputs.
    said : float64 [batch, classes]
        Score of each class by the evidence.
    ctl : int64 [CTL_SIZE]
        Where learning stands.
    G, C, L, T : Grove, Prototypes, Readouts, Trust
        As in :func:`learn`.
    out : float64 [batch, classes]
        Written.

    Returns
    -------
    int64
        DONE.
    """
    D, R = dormant.Dormant(ctl, ctl, ctl, ctl), Record(ctl, ctl, ctl, ctl)
    G, C, L, T, _, _ = unowned(G, C, L, T, D, R)
    X, said, ctl, out = bare(X), bare(said), bare(ctl), bare(out)
    P = np.empty((VOTERS, said.shape[1]))
    loud, away = np.empty(C.owner.size), np.empty(C.owner.size)
    for i in range(X.shape[0]):
        _ask_all(H, ctl, X[i], said[i], G, C, L, T, loud, away, P)
        trust.mix(T, P, out[i])
    return np.int64(DONE)


@kernel(writes=("H", "G"))
def welcome(H, G, T):
    """Write what all leaves say and the trust on a class that is new.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; edges into the class nodes are written.
    G : Grove
        With the new class.
    T : Trust
        With the new class.

    Returns
    -------
    int64
        DONE.
    """
    for g in range(GROVES):
        if T.edge[STEADY + g] >= 0:
            question.speak_all(H, G, g)
    trust.write(H, T)
    return np.int64(DONE)
