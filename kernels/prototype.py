"""Prototypes of a stream: each with a width, strength and plasticity of its own.

A prototype is a ``match`` node whose weights are where it stands and whose p0 is its width; behind
it stand the logarithm of a Student kernel and its exponential. The prototype of the true class that
answers loudest moves towards the sample if it resonates; if none does, or the answer was wrong, one
is born, or takes the place of the weakest.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels._jit import helper

# columns of ``traits`` [prototypes]: ln strength and the sample it is from, squared width,
# plasticity; then the direction its surprises pointed to
STRENGTH, SINCE, WIDTH, PLASTIC, MEMORY = range(5)
FADING = float(np.log(0.997))  # of ln strength, per sample

_VIGILANCE = 4.0  # in squared widths
_BIRTH_WIDTH, _BIRTH_PLASTIC = 0.15, 0.15
_LEAST_WIDTH = 1e-3
_LEAST_PLASTIC, _MOST_PLASTIC = 0.03, 0.5
_WIDTH_RATE = 0.05
_NEAR, _MOST_RATE = 3.0, 0.9  # a sample near the centre tells more of where that is
_FLOOR = 1e-6  # of each class beside the loudest prototype
_DEAF = 30.0  # nats below the loudest: not heard


@helper
def loudness(H, x, slots, traits, n, since, distance, out):
    """Log Student kernel of each prototype and its squared distance a dimension.

    L = ln N - (2 + d)/2 ln(1 + |x - mu|^2 / (2 s^2)) - d/2 ln s^2, N faded since it was written.
    """
    d, start, w, bias = x.size, h.get_start(H), h.get_w(H), h.get_bias(H)
    for i in range(n):
        at, total = np.int64(start[slots[i, 0]]), 0.0
        for j in range(d):
            away = np.float64(x[j]) - w[at + j]
            total += away * away
        distance[i] = total / max(d, 1)
        faded = bias[slots[i, 2]] + since * FADING  # as it stands in the graph: no logarithm more
        out[i] = faded - 0.5 * (2 + d) * np.log(1 + 0.5 * total / traits[i, WIDTH])


@helper
def answer(loud, owner, n, out):
    """P of each class: a floor and the sum of its prototypes, the loudest being 1."""
    top, total = -np.inf, 0.0
    for i in range(n):
        top = max(top, loud[i])
    for c in range(out.size):
        out[c] = _FLOOR
    for i in range(n):
        if loud[i] > top - _DEAF:
            out[owner[i]] += np.exp(loud[i] - top)
    for c in range(out.size):
        total += out[c]
    for c in range(out.size):
        out[c] /= total


@helper
def winner(loud, owner, n, c):
    """The loudest prototype of class c, -1 if it has none."""
    best = -1
    for i in range(n):
        if owner[i] == c and (best < 0 or loud[i] > loud[best]):
            best = i
    return best


@helper
def weakest(traits, n, t):
    """The prototype of least strength at sample t."""
    least = 0
    for i in range(1, n):
        mine = traits[i, STRENGTH] - traits[i, SINCE] * FADING
        if mine < traits[least, STRENGTH] - traits[least, SINCE] * FADING:
            least = i
    return least


@helper
def resonates(traits, distance, i):
    """True if prototype i (-1: none) is near enough to learn."""
    return i >= 0 and distance[i] < _VIGILANCE * traits[i, WIDTH]


@helper
def _surprise(x, w, at, memory):
    """Length of x - mu and its cosine with the remembered direction."""
    a = b = dot = 0.0
    for j in range(x.size):
        away = np.float64(x[j]) - w[at + j]
        a += away * away
        b += memory[j] * memory[j]
        dot += away * memory[j]
    length = np.sqrt(a)
    return length, dot / (length * np.sqrt(b)) if a > 0 and b > 0 else 0.0


@helper
def move(H, x, slots, traits, i, distance, t):
    """Let prototype i learn x: surprises that keep pointing the same way make it more plastic."""
    d, w, at = x.size, h.get_w(H), np.int64(h.get_start(H)[slots[i, 0]])
    memory = traits[i, MEMORY:]
    length, cosine = _surprise(x, w, at, memory)
    n = np.exp(traits[i, STRENGTH] + (t - traits[i, SINCE]) * FADING) + 1
    plastic = traits[i, PLASTIC] * np.exp(0.5 * cosine)
    plastic = min(_MOST_PLASTIC, max(_LEAST_PLASTIC, plastic))
    width = traits[i, WIDTH]
    near = min(_NEAR, (2 + d) / (2 + distance * d / width))
    rate = min(_MOST_RATE, max(1 / n, plastic) * near)
    for j in range(d):
        away = np.float64(x[j]) - w[at + j]
        memory[j] = 0.5 * memory[j] + (0.5 * away / length if length > 0 else 0.0)
        w[at + j] = np.float32(w[at + j] + rate * away)
    spread = min(distance, _VIGILANCE * width) - width
    traits[i, WIDTH] = max(_LEAST_WIDTH, width + max(1 / n, _WIDTH_RATE) * spread)
    traits[i, STRENGTH], traits[i, SINCE], traits[i, PLASTIC] = np.log(n), t, plastic


@helper
def place(H, x, slots, traits, owner, i, c, t):
    """Let prototype i begin anew at x, for class c."""
    w, at = h.get_w(H), np.int64(h.get_start(H)[slots[i, 0]])
    for j in range(x.size):
        w[at + j] = x[j]
    traits[i, :] = 0
    traits[i, SINCE], traits[i, WIDTH], traits[i, PLASTIC] = t, _BIRTH_WIDTH, _BIRTH_PLASTIC
    owner[i] = c


@helper
def write(H, slots, sums, traits, owner, i, epoch):
    """Write width, strength (as it was at sample ``epoch``) and class of prototype i."""
    d = traits.shape[1] - MEMORY
    width = traits[i, WIDTH]
    h.get_p0(H)[slots[i, 0]] = np.float32(np.sqrt(width))
    strength = traits[i, STRENGTH] + (epoch - traits[i, SINCE]) * FADING
    h.get_bias(H)[slots[i, 2]] = np.float32(strength - 0.5 * d * np.log(width))
    w, start = h.get_w(H), h.get_start(H)
    for c in range(sums.size):
        w[np.int64(start[sums[c]]) + i] = np.float32(1 if owner[i] == c else 0)


@helper
def renew(H, slots, sums, traits, owner, n, epoch):
    """Write all strengths for another epoch, so that they stay small."""
    for i in range(n):
        write(H, slots, sums, traits, owner, i, epoch)
