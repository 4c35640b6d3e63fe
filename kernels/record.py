"""How a model's own answers went, given before it learnt the truth; how strange a sample is."""

import numpy as np

from growgraph.kernels._jit import helper

BINS = 60  # of the margin, 30 a unit
_BINS_PER_UNIT = 30.0
_DECAY = 0.9994  # of the record, per sample
_SCALE_RATE = 0.01
_SCALED = 20  # right answers from which the scale of resonance is one
_NOVELTY_MIX = 0.1


@helper
def track(scale, x):
    """Running [count, mean, variance] with a least rate."""
    scale[0] += 1
    rate = max(1 / scale[0], _SCALE_RATE)
    step = x - scale[1]
    scale[1] += rate * step
    scale[2] = (1 - rate) * (scale[2] + rate * step * step)


@helper
def strangeness(best, scale):
    """How badly the best concept resonates, in units of the record."""
    return (scale[1] - best) / np.sqrt(scale[2] + 1e-12)


@helper
def unclear(reading, unit):
    """Distance of the readout from a clear answer."""
    top = 0
    for c in range(reading.size):
        if reading[c] > reading[top]:
            top = c
    away = 0.0
    for c in range(reading.size):
        clear = 1.0 if c == top else 0.0
        away += (clear - reading[c] / unit) ** 2
    return np.sqrt(away)


@helper
def novelty(strange, scale, use_evidence):
    """Distance of the readout from a clear answer + 0.1 * strangeness (at least -1).

    ``strange``: how the best concept resonates, that distance.
    """
    misfit = strangeness(strange[0], scale)
    if use_evidence == 0:
        return misfit
    return strange[1] + _NOVELTY_MIX * max(misfit, -1.0)


@helper
def remember(right_by, count_by, scales, margin, right, best, strange):
    """Record an answer given before learning: hits by margin, scales of what went right."""
    for b in range(BINS):
        right_by[b] *= _DECAY
        count_by[b] *= _DECAY
    b = min(max(int(margin * _BINS_PER_UNIT), 0), BINS - 1)
    count_by[b] += 1
    if right:
        right_by[b] += 1
        track(scales[0], best)
        if scales[0, 0] >= _SCALED:  # before, strangeness has no unit yet
            track(scales[1], strange)
