"""Twin of kernels/resonet.py: sample by sample, as the rules are written down, in vectors."""

import numpy as np

from growgraph.kernels import record
from growgraph.kernels import resonet as places
from tests.naive import concept, evidence

DECAY, RECENT, RATE, SCALED = 0.9994, 0.9889, 0.01, 20


def learn(
    g, X, y, draws, win, prototypes, aspects, floor, W, due, ctl, par, k, counts, size, R, met, A,
    lost, held, B, recent, tally, right_by, count_by, scales, newborn, answers,
    said, strange,
):  # fmt: skip
    p = par[: places.PAR_SIZE]
    readout = bool(p[places.USE_EVIDENCE])
    while ctl[places.AT] < len(X):
        i = int(ctl[places.AT])
        c, x = int(y[i]), X[i]
        if c >= len(k):
            return _leave(ctl, places.NEW_CLASS)
        seen = counts > 0
        L = np.zeros((1, len(k), len(win)))
        delta = noise(counts, k, R, floor, win.shape[1])
        concept.resonances(g, x[None], win, prototypes, aspects, k, size, delta, L)
        total = np.where(seen, L[0].sum(axis=1), -np.inf)
        reading = x @ W if readout else np.zeros(len(k))
        score = np.where(seen, reading + p[places.ALPHA] * total / (win.max() + 1), -np.inf)
        said[i], strange[i] = score, (total.max(), unclear(p, reading))
        margin = reading[c] - np.delete(reading, c).max(initial=-np.inf)
        against = margin if readout else score[c] - np.delete(score, c).max(initial=-np.inf)
        doubted = seen[c] and doubts(p, tally, c, recent, counts, against)
        if not p[places.COUNCIL]:
            own = right_by, count_by, scales
            answers[i] = _answer(p, seen, strange[i], reading, score, c, doubted, *own)
            ctl[places.RIGHT] += answers[i] >= 0 and answers[i] == c
            tally[c, 0] += answers[i] == c
        tally[c, 1] = ctl[places.N]
        counts[c] += 1
        recent *= RECENT
        recent[c] += 1
        left = 0.0
        if counts[c] > 1 and not doubted:
            block = (prototypes[c], aspects[c], int(k[c]), size[c], R[c], met[c])
            for w in range(len(win)):
                newborn[w] = write(g, x[win[w]], w, int(counts[c]), *block)
                left += np.linalg.norm(newborn[w]) / 0.2
        easy = margin >= p[places.GATE_MARGIN] and draws[i] >= p[places.GATE_LOW]
        p[places.MASS] += readout and doubted
        if readout and not doubted and not (ctl[places.N] >= p[places.GATE_FROM] and easy):
            target = targets(p, int(ctl[places.N]), reading, recent, counts, c)
            B += np.outer(x, target)
            held[ctl[places.HELD], : x.size] = x
            ctl[places.HELD] = (ctl[places.HELD] + 1) % len(held)
            if ctl[places.HELD] == 0:
                evidence.add_block(A, lost, held)
            p[places.MASS] += 1
            ctl[places.WRITTEN] += 1
        ctl[places.N] += 1
        ctl[places.AT] += 1
        why = _wish(p, ctl, int(counts[c]), int(due[c]), int(k[c]), R[c], met[c], left)
        if why:
            return _leave(ctl, why)
    return _leave(ctl, places.DONE)


def ask(g, X, win, prototypes, aspects, floor, W, par, k, counts, size, R, said):
    for i, x in enumerate(X):
        seen, L = counts > 0, np.zeros((1, len(k), len(win)))
        delta = noise(counts, k, R, floor, win.shape[1])
        concept.resonances(g, x[None], win, prototypes, aspects, k, size, delta, L)
        total = L[0].sum(axis=1)
        reading = x @ W if par[places.USE_EVIDENCE] else np.zeros(len(k))
        score = reading + par[places.ALPHA] * total / (win.max() + 1)
        said[i] = np.where(seen, score, -np.inf)
    return places.DONE


def doubts(p, tally, c, recent, counts, against):
    """A label is not believed from some samples of its class on, but not a ninth in a row.

    Nor is it doubted where classes come otherwise than they used to.
    """
    if np.isinf(p[places.NOISE_FROM]):
        return False
    row = int(against <= p[places.NOISE_MARGIN]) * (int(tally[c, 2]) + 1)
    tally[c, 2] = min(row, 9)
    usual = alike(recent, counts) >= p[places.CONTEXT]
    return counts[c] >= p[places.NOISE_FROM] and 0 < row < 9 and usual


def alike(recent, counts):
    return recent @ counts / (np.linalg.norm(recent) * np.linalg.norm(counts))


def _leave(ctl, why):
    ctl[places.WHY] = why
    return why


def noise(counts, k, R, floor, width):
    """1.5 times the mean unexplained energy a free dimension, of classes seen twice or more."""
    told = counts >= 2
    mean = (
        (R[told] / np.maximum(width - k[told], 1)[:, None]).mean(0) if told.any() else floor / width
    )
    return np.maximum(1.5 * mean, 1e-6)


def unclear(p, reading):
    """How far the readout is from a clear answer."""
    clear = np.eye(len(reading))[reading.argmax()]
    return np.linalg.norm(clear - reading / p[places.KAPPA])


def _answer(p, seen, strange, reading, score, c, doubted, right_by, count_by, scales):
    """Answer and remember how it went; with one class known nothing can be learnt from it."""
    if not seen.any():
        return -1
    answer = int(score.argmax())
    if seen.sum() > 1 and not doubted:
        readout = bool(p[places.USE_EVIDENCE])
        unit = p[places.KAPPA] if readout else 1.0
        misfit = (scales[0, 1] - strange[0]) / np.sqrt(scales[0, 2] + 1e-12)
        novelty = strange[1] + 0.1 * max(misfit, -1) if readout else misfit
        margin = (score[answer] - np.delete(score, answer).max()) / unit
        if readout:  # half of it, and half of what the readout says alone of the classes met
            rivals = np.delete(np.where(seen, reading, -np.inf), answer)
            margin = (margin + (reading[answer] - rivals.max()) / unit) / 2
        right_by *= DECAY
        count_by *= DECAY
        place = int(np.clip(np.floor(30 * margin), 0, record.BINS - 1))
        count_by[place] += 1
        if answer == c:
            right_by[place] += 1
            follow(scales[0], strange[0])
            if scales[0, 0] >= SCALED:
                follow(scales[1], novelty)
    return answer


def follow(scale, x):
    """Exponentially weighted count, mean and variance; the mean of all while they are few."""
    scale[0] += 1
    rate = max(1 / scale[0], RATE)
    away = x - scale[1]
    scale[1] += rate * away
    scale[2] = (1 - rate) * scale[2] + rate * (1 - rate) * away**2


def write(g, x, w, n, prototypes, aspects, k, size, R, met):
    """Candid covariance-free principal components of one class in one window."""
    mean = g.at(prototypes[w]).edges
    u = x - [edge[1] for edge in mean]
    for edge, away in zip(mean, u):
        edge[1] += away / (1 + edge[2])
        edge[2] += 1
    whole = u @ u
    for j in range(k):
        edges = g.at(aspects[w, j]).edges
        v, age = np.array([edge[1] for edge in edges]), 1 + edges[0][2]
        v = (1 - 1 / age) * v + (u @ v / np.linalg.norm(v)) * u / age
        u = u - (u @ v / (v @ v)) * v
        _set(edges, v, age)
        size[w, j] = v @ v
    rate = max(1 / (n - 1), RATE)
    R[w] += rate * (u @ u - R[w])
    met[w] += rate * (whole - met[w])
    if k:
        _straighten(g, aspects[w], size[w], n % k)
    return 0.2 * np.linalg.norm(u) * u


def _set(edges, v, age):
    for edge, value in zip(edges, v):
        edge[1], edge[2] = float(value), age


def _straighten(g, aspects, size, j):
    """One aspect becomes orthogonal to its elders and keeps its length."""
    held = [np.array([edge[1] for edge in g.at(slot).edges]) for slot in aspects[: j + 1]]
    v = held[j].copy()
    for elder in held[:j]:
        v -= (v @ elder / (elder @ elder)) * elder
    v *= np.linalg.norm(held[j]) / np.linalg.norm(v)
    _set(g.at(aspects[j]).edges, v, g.at(aspects[j]).edges[0][2])
    size[j] = v @ v


def targets(p, n, reading, recent, counts, c):
    """One-hot; expectation + surprise where the classes come as they always came."""
    unit = p[places.KAPPA]
    label = unit * np.eye(len(reading))[c]
    if n < p[places.RESONANT] or len(reading) < 2 or alike(recent, counts) < p[places.CONTEXT]:
        return label
    share = np.exp(reading - reading.max())
    return reading + label - unit * share / share.sum()


def _wish(p, ctl, count, due, k, R, met, left):
    may = p[places.ROOM] and count > 1 and k < p[places.MOST] and k * p[places.PATIENCE] < count
    grow = may and R.sum() > p[places.MISFIT] * met.sum() < left
    often = p[places.USE_EVIDENCE] and count <= p[places.OFTEN] and bin(count).count("1") == 1
    solve = ctl[places.N] >= ctl[places.NEXT_SOLVE] or often
    told = places.TELL * (count == due)
    return told + places.GROW * bool(grow) + places.SOLVE * bool(solve)
