"""Imagining questions before one is asked: the subtree that would part some samples best.

Questions are drawn between two samples of different label (after extremely randomised trees,
Geurts, Ernst, Wehenkel 2006) and judged by what they tell of the labels, in nats.
"""

import numpy as np

from growgraph.kernels import _dice as dice_
from growgraph.kernels._jit import helper, inlined

_GAIN, _SMALL = 2.0, 64  # nats a question must bring where fewer samples are
_LARGE = 200  # samples of a node for which twice as many questions are imagined
_LOOKED_AT = 128  # samples of a large node that judge a question
_PAIRS = 0.33  # share of questions that read two inputs
_STEEP = np.float32(1e6)  # ... unless one of them all but decides
_XLOGX = np.array([0.0, *(i * np.log(i) for i in range(1, 2 * _LOOKED_AT + 2))])


@inlined
def _pair(G, samples, lo, hi, dice):
    """Two places of different label among samples[lo:hi]; the first is -1 if there are none."""
    a = np.int64(samples[lo + dice_.below(dice, hi - lo)])
    for _ in range(8):
        b = np.int64(samples[lo + dice_.below(dice, hi - lo)])
        if G.labels[b] != G.labels[a]:
            return a, b
    first = dice_.below(dice, hi - lo)
    for i in range(hi - lo):
        b = np.int64(samples[lo + (first + i) % (hi - lo)])
        if G.labels[b] != G.labels[a]:
            return a, b
    return np.int64(-1), np.int64(-1)


@inlined
def _draw(G, samples, lo, hi, dice):
    """One question that tells two samples apart: inputs j, j2 (-1: none), omega, bias."""
    none = (np.int64(-1), np.int64(-1), np.float32(0), np.float32(0))
    a, b = _pair(G, samples, lo, hi, dice)
    d, j = G.ring.shape[0], np.int64(-1)
    if a < 0 or d == 0:
        return none
    for _ in range(6):
        i = dice_.below(dice, d)
        if G.ring[i, a] != G.ring[i, b]:
            j = i
            break
    if j < 0:
        return none
    j2, omega = np.int64(-1), np.float32(0)
    if d > 1 and dice_.unit(dice) < _PAIRS:
        i = dice_.below(dice, d)
        other, one = G.ring[i, a] - G.ring[i, b], G.ring[j, a] - G.ring[j, b]
        if i != j and other != 0 and abs(other) < _STEEP * abs(one):
            j2, omega = i, np.float32(other / one)
    low, high = G.ring[j, a], G.ring[j, b]
    if j2 >= 0:
        low, high = low + omega * G.ring[j2, a], high + omega * G.ring[j2, b]
    if low > high:
        low, high = high, low
    edge = np.float32(low + dice_.unit(dice) * (high - low))
    if not low < high:
        return none
    return j, j2, omega, -min(edge, high)


@inlined
def _yes_of(G, j, j2, omega, bias, s):
    """The answer of a sample in the ring, summed as the node sums it."""
    value = bias + G.ring[j, s]
    if j2 >= 0:
        value += omega * G.ring[j2, s]
    return value > 0


@inlined
def _count(G, heard, a, b, ask):
    """How many of the places heard[a:b] say yes; without branches, many at a time."""
    j, j2, omega, bias = ask
    one, yes = G.ring[j], np.int64(0)
    if j2 < 0:
        for i in range(a, b):
            yes += bias + one[heard[i]] > 0
        return yes
    other = G.ring[j2]
    for i in range(a, b):
        yes += bias + one[heard[i]] + omega * other[heard[i]] > 0
    return yes


@inlined
def _gain(G, heard, ask, whole, yes):
    """Nats that a question tells of the labels of ``heard``, which holds whole[c] of class c."""
    n = m = np.int64(0)
    for c in range(whole.size):
        yes[c] = _count(G, heard, n, n + whole[c], ask)
        n += whole[c]
        m += yes[c]
    told = _XLOGX[n] - _XLOGX[m] - _XLOGX[n - m]
    for c in range(whole.size):
        told += _XLOGX[yes[c]] + _XLOGX[whole[c] - yes[c]] - _XLOGX[whole[c]]
    return told


@inlined
def _hear(G, samples, lo, hi, whole, heard):
    """Put those that judge a question, some 128 to 255 at most, into ``heard``, class by class."""
    step = max(np.int64(1), (hi - lo) // _LOOKED_AT)
    for c in range(whole.size):
        whole[c] = 0
    for i in range(lo, hi, step):
        whole[G.labels[samples[i]]] += 1
    end = np.int64(0)
    for c in range(whole.size):
        end += whole[c]
        whole[c] = end
    for i in range(lo, hi, step):
        c = G.labels[samples[i]]
        whole[c] -= 1
        heard[whole[c]] = samples[i]
    for c in range(whole.size):
        whole[c] = (end if c + 1 == whole.size else whole[c + 1]) - whole[c]


@helper
def _best(G, samples, lo, hi, dice, whole, yes, heard):
    """The best of a few imagined questions and its gain, -1 if there is none."""
    d = G.ring.shape[0]
    _hear(G, samples, lo, hi, whole, heard)
    best = (np.int64(-1), np.int64(-1), np.float32(0), np.float32(0))
    most = -1.0
    tries = max(4, min(d, 6 + d // 3))
    for _ in range(2 * tries if hi - lo >= _LARGE else tries):
        ask = _draw(G, samples, lo, hi, dice)
        if ask[0] >= 0:
            told = _gain(G, heard, ask, whole, yes)
            if told > most:
                best, most = ask, told
    return best, most


@inlined
def _alike(G, samples, lo, hi):
    """True if all have one label."""
    for i in range(lo + 1, hi):
        if G.labels[samples[i]] != G.labels[samples[lo]]:
            return False
    return True


@inlined
def _part(G, samples, lo, hi, ask):
    """Put the samples that say yes first; returns where the others begin."""
    j, j2, omega, bias = ask
    i, end = lo, hi
    while i < end:
        s = np.int64(samples[i])
        if _yes_of(G, j, j2, omega, bias, s):
            i += 1
        else:
            end -= 1
            samples[i], samples[end] = samples[end], s
    return i


@helper
def imagine(G, samples, n, least, dice, asked, shape):
    """Imagine a subtree for samples[:n], which are put in the sequence of its leaves.

    ``asked`` [n, 2] gets omega and bias; ``shape`` [2 n + 1, 6] gets, node after node, its code
    (-1: the top, else 2 * question + side), first and last sample, its question (-1: a leaf), and
    j, j2. Returns the number of questions and of nodes.
    """
    whole, yes = np.empty(G.leaf.shape[2], np.int64), np.empty(G.leaf.shape[2], np.int64)
    heard = np.empty(2 * _LOOKED_AT, np.int64)
    stack = np.empty((n + 2, 3), np.int64)
    stack[0, 0], stack[0, 1], stack[0, 2] = -1, 0, n
    top, questions, nodes = 1, 0, 0
    while top > 0:
        top -= 1
        code, lo, hi = stack[top, 0], stack[top, 1], stack[top, 2]
        shape[nodes, 0], shape[nodes, 1], shape[nodes, 2], shape[nodes, 3] = code, lo, hi, -1
        nodes += 1
        if hi - lo < least or _alike(G, samples, lo, hi):
            continue
        ask, told = _best(G, samples, lo, hi, dice, whole, yes, heard)
        if ask[0] < 0 or (told < _GAIN and hi - lo < _SMALL):
            continue
        middle = _part(G, samples, lo, hi, ask)
        if middle == lo or middle == hi:
            continue
        shape[nodes - 1, 3], shape[nodes - 1, 4], shape[nodes - 1, 5] = questions, ask[0], ask[1]
        asked[questions, 0], asked[questions, 1] = ask[2], ask[3]
        stack[top, 0], stack[top, 1], stack[top, 2] = 2 * questions + 1, middle, hi
        stack[top + 1, 0], stack[top + 1, 1], stack[top + 1, 2] = 2 * questions, lo, middle
        top += 2
        questions += 1
    return questions, nodes
