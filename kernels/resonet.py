"""One pass of ResoNet over samples: expect, remember how it went, write, ask for growth.

All that depends on time depends on the sample counter, and each sample is taken alone, so it does
not matter how a caller cuts the stream. Where structure must grow or a readout must be solved the
kernel returns, the controller acts, and the kernel is entered again at the next sample.
"""

import numpy as np

from growgraph.kernels import concept, evidence, intention
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels.record import novelty, remember, unclear

# why the kernel returned
DONE, NEW_CLASS, GROW, SOLVE, TELL = 0, 1, 2, 4, 8

# places in ``ctl`` (int64)
AT, N, NEXT_SOLVE, WHY, RIGHT, HELD, WRITTEN = range(7)
CTL_SIZE = 7
# places in ``par`` (float64): settings that do not change while learning, then running values
(
    ALPHA,  # weight of a sample's mean resonance in the score
    USE_EVIDENCE,  # 1: the score has a readout
    KAPPA,  # height of the targets; margins are told in this unit
    RESONANT,  # samples before targets are own expectation + surprise, not one-hot; inf: never
    CONTEXT,  # cosine of recent to all label counts from which targets are resonant
    MOST,  # most aspects a window
    PATIENCE,  # samples of a class per aspect
    MISFIT,  # least unexplained share of the energy that makes a concept grow
    GATE_FROM,  # samples from which the intention gate is open; inf: never
    GATE_MARGIN,
    GATE_LOW,
    ROOM,  # 1: growth is allowed
    MASS,  # samples written into A, B, and those not believed
    OFTEN,  # a class solves the gate when seen 1, 2, 4 ... OFTEN times
    COUNCIL,  # 1: others vote, too, and a council answers and keeps the record
    NOISE_FROM,  # samples of a class from which its labels may be doubted; inf: never
    NOISE_MARGIN,  # margins of a label up to which it is doubted
) = range(17)
PAR_SIZE = 17
_RECENT = 0.9889  # per-sample decay of recent label counts: .7 ** (2 / 64)


@helper
def _sum(values):
    """Sum of a few values (the library's costs seconds to compile)."""
    total = 0.0
    for value in values:
        total += value
    return total


@helper
def _top_two(score):
    """Index of the best score and its distance to the second."""
    top = 0
    for c in range(1, score.size):
        if score[c] > score[top]:
            top = c
    second = -np.inf
    for c in range(score.size):
        if c != top and score[c] > second:
            second = score[c]
    return top, score[top] - second


@helper
def _usual(par, recent, counts):
    """Whether the classes come as they always came."""
    dot = a = b = 0.0
    for i in range(counts.size):
        dot += recent[i] * counts[i]
        a += recent[i] * recent[i]
        b += counts[i] * np.float64(counts[i])
    return dot >= par[CONTEXT] * np.sqrt(a * b)


@helper
def _targets(par, n, reading, recent, counts, c, out):
    """Target of each class: one-hot, or resonant where the context is as usual."""
    unit = par[KAPPA]
    if n < par[RESONANT] or counts.size < 2 or not _usual(par, recent, counts):
        for i in range(out.size):
            out[i] = 0.0
        out[c] = unit
        return
    evidence.softmax(reading, out)
    for i in range(out.size):
        out[i] = reading[i] - unit * out[i]
    out[c] += unit


@helper
def _margin_of(reading, c):
    best = -np.inf
    for i in range(reading.size):
        if i != c and reading[i] > best:
            best = reading[i]
    return reading[c] - best


@helper
def _doubts(par, tally, c, counts, recent, reading, said):
    """Whether the label of a sample is not believed."""
    if par[NOISE_FROM] == np.inf or counts[c] == 0:
        return False
    margin = _margin_of(reading if par[USE_EVIDENCE] else said, c)
    against = intention.in_a_row(tally, c, margin <= par[NOISE_MARGIN])
    return against and counts[c] >= par[NOISE_FROM] and _usual(par, recent, counts)


@helper
def _intends(par, n, margin, draw):
    """Whether a sample that is believed is written."""
    if n < par[GATE_FROM]:
        return True
    return intention.intends(margin, par[GATE_MARGIN], draw, par[GATE_LOW])


@helper
def _power_of_two(n):
    return (n & (n - 1)) == 0


@helper
def _parts(win):
    """How many parts the windows look at, at least 1."""
    parts = 1
    for w in range(win.shape[0]):
        for i in range(win.shape[1]):
            parts = max(parts, win[w, i] + 1)
    return parts


@helper
def _score(par, counts, total, reading, parts, score):
    """Score of each class: its readout and its mean resonance a part; -inf if never seen."""
    weight = par[ALPHA] / parts
    for c in range(score.size):
        score[c] = -np.inf
        if counts[c] > 0:
            score[c] = reading[c] + (weight * total[c] if weight != 0 else 0.0)


@helper
def _clear(par, reading, score, top, margin):
    """The margin the record is kept by: half of the score's and half of the readout's.

    Concepts move a score by little more than they can tell where the readout hesitates.
    """
    if par[USE_EVIDENCE] == 0:
        return margin
    best = -np.inf
    for c in range(reading.size):
        if c != top and score[c] > -np.inf:
            best = max(best, reading[c])
    return 0.5 * (margin + reading[top] - best)


@helper
def _judge(par, ctl, score, reading, strange, c, doubted, right_by, count_by, scales):
    """Answer before learning and record how right it was; returns the answer, -1 if none.

    A label that is not believed tells the record of confidence nothing.
    """
    known = 0
    for other in range(score.size):
        known += score[other] > -np.inf
    if known == 0:
        return -1
    top, margin = _top_two(score)
    ctl[RIGHT] += top == c
    if known > 1 and not doubted:
        unit = par[KAPPA] if par[USE_EVIDENCE] else 1.0
        strangely = novelty(strange, scales[0], par[USE_EVIDENCE])
        clear = _clear(par, reading, score, top, margin) / unit
        remember(right_by, count_by, scales, clear, top == c, strange[0], strangely)
    return top


@helper
def _feel(par, total, reading, out):
    """How the best concept resonates, and how unclear the readout is."""
    out[0] = total[0]
    for other in range(1, total.size):
        out[0] = max(out[0], total[other])
    out[1] = unclear(reading, par[KAPPA])


@helper
def _wish(par, ctl, count, due, k, R, met, left):
    """What must be done before the next sample: grow where misfit lasts, tell or solve when due.

    Misfit lasts if the mean so far and the sample just learnt, of which ``left`` is unexplained,
    both say so: the mean remembers what was before the aspects of today.
    """
    why = TELL if count == due else DONE
    if par[ROOM] != 0 and k < par[MOST] and k * par[PATIENCE] < count:
        if min(left, _sum(R)) > par[MISFIT] * _sum(met):
            why |= GROW
    if ctl[N] >= ctl[NEXT_SOLVE] or (
        par[USE_EVIDENCE] and count <= par[OFTEN] and _power_of_two(count)
    ):
        why |= SOLVE
    return why


@helper
def _write(ctl, par, A, lost, held, B, x, target):
    """Add a sample to the evidence."""
    evidence.add_targets(B, x, target)
    evidence.hold(held, ctl[HELD], x)
    ctl[HELD] += 1
    ctl[WRITTEN] += 1
    if ctl[HELD] == evidence.BLOCK:
        evidence.add_block(A, lost, held)
        ctl[HELD] = 0
    par[MASS] += 1


@kernel(
    writes=("H", "ctl", "par", "k", "counts", "size", "R", "met", "A", "lost", "held", "B",
            "recent", "tally", "right_by", "count_by", "scales", "newborn", "answers", "said",
            "strange")
)  # fmt: skip
def learn(
    H, X, y, draws, win, prototypes, aspects, floor, W, due, ctl, par, k, counts, size, R, met, A,
    lost, held, B, recent, tally, right_by, count_by, scales, newborn, answers,
    said, strange,
):  # fmt: skip
    """Learn samples ctl[AT] .. in their sequence until something must grow or be solved.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; weights and stability of concept edges are written.
    X : float32 [batch, features]
        Activities of the evidence nodes; the first ones are the parts that concepts read.
    y : int64 [batch]
        Class numbers in the sequence of their arrival.
    draws : float64 [batch]
        Uniform numbers of the intention gate.
    win : int64 [windows, width]
        Parts of each window.
    prototypes : int32 [classes, windows]
        Slots.
    aspects : int32 [classes, windows, most]
        Slots.
    floor : float64 [windows]
        Energy of the dreamt parts, the noise before there is any data.
    W : float64 [features, classes]
        The gate's readout.
    due : int64 [classes]
        Samples of a class at which the outcome of its growth must be told; -1 if none is awaited.
    ctl : int64 [CTL_SIZE]
        AT, N and what else must be kept between calls; WHY tells why it returned.
    par : float64 [PAR_SIZE]
        Settings.
    k, counts : int64 [classes]
        Aspects a window, samples seen.
    size : float64 [classes, windows, most]
        Squared lengths of aspects.
    R, met : float64 [classes, windows]
        Running unexplained and whole energy.
    A : float32 [tiles * 256]
        Coincidences, of whole blocks of samples.
    lost : float32 [tiles * 256 or 0]
        What rounding took from A, if that is kept.
    held : float32 [BLOCK, features, rounded up to a multiple of 16]
        The ctl[HELD] samples of the block that is not whole yet.
    B : float64 [features, classes]
        Coincidences with the targets.
    recent : float64 [classes]
        Decayed label counts.
    tally : int64 [classes, 3]
        Samples answered rightly before they were learnt; when a class was last seen; how many of
        its labels in a row went against what was learnt, if such are doubted.
    right_by, count_by : float64 [BINS]
        Own record by margin.
    scales : float64 [2, 3]
        Scales of resonance and novelty when right.
    newborn : float32 [windows, width]
        With GROW: the aspects to be born to the class of the sample before AT.
    answers : int64 [batch]
        The answer given to each sample before it was learnt, -1 if none.
    said : float64 [batch, classes]
        The score of each class then, -inf if it was never seen.
    strange : float64 [batch, 2]
        How the best concept resonated then, and how unclear the readout was.

    Returns
    -------
    int64
        DONE, NEW_CLASS (nothing learnt of sample AT), or a sum of GROW, SOLVE and TELL (sample
        AT - 1 is learnt).
    """
    n_classes, n_windows = k.size, win.shape[0]
    parts = _parts(win)
    L, delta = np.empty((n_classes, n_windows)), np.empty(n_windows)
    seen = np.empty(win.shape, np.float32)
    u, a = np.empty(win.shape[1], np.float32), np.empty(size.shape[2])
    total, reading, target = np.empty(n_classes), np.zeros(n_classes), np.empty(n_classes)
    while ctl[AT] < X.shape[0]:
        i = ctl[AT]
        c, x = y[i], X[i]
        if c >= n_classes:
            ctl[WHY] = NEW_CLASS
            return np.int64(NEW_CLASS)
        concept.noise(counts, k, R, floor, win.shape[1], delta)
        concept.look(x, win, seen)
        for other in range(n_classes):
            concept.resonance(H, seen, prototypes[other], aspects[other], k[other], size[other],
                              delta, u, a, L[other])  # fmt: skip
            total[other] = _sum(L[other]) if counts[other] > 0 else -np.inf
        if par[USE_EVIDENCE]:
            evidence.read_out(W, x, reading)
        _score(par, counts, total, reading, parts, said[i])
        _feel(par, total, reading, strange[i])
        doubted = _doubts(par, tally, c, counts, recent, reading, said[i])
        if par[COUNCIL] == 0:
            answers[i] = _judge(par, ctl, said[i], reading, strange[i], c, doubted, right_by,
                                count_by, scales)  # fmt: skip
            tally[c, 0] += answers[i] == c
        newcomer = counts[c] == 0
        tally[c, 1] = ctl[N]
        counts[c] += 1
        for other in range(n_classes):
            recent[other] *= _RECENT
        recent[c] += 1
        left = 0.0
        if not (newcomer or doubted):
            left = concept.write(H, seen, prototypes[c], aspects[c], counts[c], k[c], size[c],
                                 R[c], met[c], newborn, u)  # fmt: skip
        if par[USE_EVIDENCE]:
            if doubted:
                par[MASS] += 1
            elif _intends(par, ctl[N], _margin_of(reading, c), draws[i]):
                _targets(par, ctl[N], reading, recent, counts, c, target)
                _write(ctl, par, A, lost, held, B, x, target)
        ctl[N] += 1
        ctl[AT] = i + 1
        ctl[WHY] = _wish(par, ctl, counts[c], due[c], k[c], R[c], met[c], left)
        if ctl[WHY] != DONE:
            return ctl[WHY]
    ctl[WHY] = DONE
    return np.int64(DONE)


@kernel(writes=("said",))
def ask(H, X, win, prototypes, aspects, floor, W, par, k, counts, size, R, said):
    """Score of each class, as :func:`learn` would answer, for rows that are not learnt.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    X : float32 [batch, features]
        Activities of the evidence nodes.
    win : int64 [windows, width]
        Parts of each window.
    prototypes : int32 [classes, windows]
        Slots.
    aspects : int32 [classes, windows, most]
        Slots.
    floor : float64 [windows]
        Energy of the dreamt parts.
    W : float64 [features, classes]
        A readout.
    par : float64 [PAR_SIZE]
        Settings.
    k, counts : int64 [classes]
        Aspects a window, samples seen.
    size : float64 [classes, windows, most]
        Squared lengths of aspects.
    R : float64 [classes, windows]
        Running unexplained energy.
    said : float64 [batch, classes]
        Written; -inf for a class never seen.

    Returns
    -------
    int64
        DONE.
    """
    n_classes = k.size
    L, delta = np.empty(win.shape[0]), np.empty(win.shape[0])
    seen = np.empty(win.shape, np.float32)
    u, a = np.empty(win.shape[1], np.float32), np.empty(size.shape[2])
    total, reading = np.empty(n_classes), np.zeros(n_classes)
    parts = _parts(win)
    concept.noise(counts, k, R, floor, win.shape[1], delta)
    for i in range(X.shape[0]):
        concept.look(X[i], win, seen)
        for c in range(n_classes):
            concept.resonance(H, seen, prototypes[c], aspects[c], k[c], size[c], delta, u, a, L)
            total[c] = _sum(L) if counts[c] > 0 else -np.inf
        if par[USE_EVIDENCE]:
            evidence.read_out(W, X[i], reading)
        _score(par, counts, total, reading, parts, said[i])
    return np.int64(DONE)
