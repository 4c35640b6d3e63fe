"""What a model knows of itself: only from answers it gave before it learnt the truth."""

import numpy as np

from growgraph.kernels import record

_PER_UNIT = 30.0
_NOVEL = 3.0  # novel: beyond mean + 3 sd of what went right
_STRANGER = 3.5  # so many sd, and confidence begins to fall: in the tail much is right still
_DOUBT = 0.9  # less confidence is doubt
_HAIR = 1e-6  # of confidence: the order of answers between which the record tells no difference


class Record:
    """Prequential record: hits by margin, and the scales of resonance and novelty when right."""

    ARRAYS = ("right_by", "count_by", "scales")

    def __init__(self):
        self.right_by = np.zeros(record.BINS)
        self.count_by = np.zeros(record.BINS)
        self.scales = np.zeros((2, 3))

    def confidence(self, margin):
        """Share of right answers among those given with such a margin (never falling with it).

        Where the record tells no difference, the clearer answer is the surer by a hair.

        Parameters
        ----------
        margin : ndarray of float64 [batch]
            As :func:`margins` tells it, in the unit of the record.
        """
        margin = np.nan_to_num(margin, posinf=1e9, neginf=-1e9)
        place = np.clip(margin * _PER_UNIT, 0, record.BINS - 1).astype(np.int64)
        clear = (np.clip(margin, -1, 1) + 1) / 2
        return (1 - _HAIR) * monotone(self.right_by, self.count_by)[place] + _HAIR * clear

    def novelty(self, reading, best, use_evidence):
        """Higher = stranger: distance from a clear answer + .1 * misfit of the best concept."""
        count, mean, variance = self.scales[0]
        strange = (mean - best) / np.sqrt(variance + 1e-12) if count else np.zeros(len(best))
        if not use_evidence:
            return strange
        clear = np.eye(reading.shape[1])[reading.argmax(axis=1)]
        away = np.sqrt(((clear - reading) ** 2).sum(axis=1))
        return away + 0.1 * np.maximum(strange, -1)

    def familiarity(self, novelty):
        """Factor of confidence: 1 up to 3.5 sd, then falling as 1 / z^2.

        Cantelli's bound: at most 1 / (1 + z^2) of the samples that went right lie z standard
        deviations above the mean; it is scaled to be 1 where the fall begins.
        """
        z = self.deviation(novelty)
        return np.minimum(1, (1 + _STRANGER**2) / (1 + z * z))

    def strange(self, novelty, share):
        """Novelty of rows of whose columns a ``share`` was never met so: beyond "novel", always."""
        count, mean, variance = self.scales[1]
        if count < 2:
            return novelty + share
        return np.maximum(novelty, mean) + _NOVEL * (1 + share) * np.sqrt(variance + 1e-12)

    def deviation(self, novelty):
        """Novelty in standard deviations above the mean of what went right, at least 0."""
        count, mean, variance = self.scales[1]
        if count < 2:
            return np.zeros(len(novelty))
        return np.maximum(novelty - mean, 0) / np.sqrt(variance + 1e-12)

    def cause(self, answer, confidence, novelty, like, votes):
        """Why an answer may be wrong: "novel", "contradictory", "ambiguous", or "fine"."""
        cause = np.full(len(answer), "fine", dtype="<U13")
        doubt = confidence < _DOUBT
        cause[doubt] = "ambiguous"
        cause[doubt & ((like[:, 0] != answer) | (votes < 0.5))] = "contradictory"
        cause[self.deviation(novelty) > _NOVEL] = "novel"
        return cause


def margins(scores, reading=None):
    """Distance of the best score from the next, or the mean of it and of the same in ``reading``.

    Parameters
    ----------
    scores, reading : ndarray of float64 [batch, classes], of two classes or more
        In the unit of the record; ``reading``: what the readout alone says.

    Examples
    --------
    >>> margins(np.array([[0.9, 0.1]]), np.array([[0.3, 0.5]])).round(2).tolist()
    [0.3]
    """
    rows, top = np.arange(len(scores)), scores.argmax(axis=1)
    told = np.zeros(len(scores))
    both = [scores] if reading is None else [scores, reading]
    for some in both:
        others = some.copy()
        others[rows, top] = -np.inf
        told += (some[rows, top] - others.max(axis=1)) / len(both)
    return told


def monotone(right, count):
    """Share right in each bin, never falling (pool adjacent violators, Ayer et al. 1955).

    Examples
    --------
    >>> monotone(np.array([1.0, 0.0, 4.0]), np.array([2.0, 2.0, 4.0])).round(2).tolist()
    [0.25, 0.25, 1.0]
    """
    blocks = []
    for r, c in zip((right + 1e-6).tolist(), (count + 2e-6).tolist(), strict=True):
        blocks.append([r, c, 1])
        while len(blocks) > 1 and blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]:
            r, c, m = blocks.pop()
            blocks[-1] = [blocks[-1][0] + r, blocks[-1][1] + c, blocks[-1][2] + m]
    return np.concatenate([np.full(m, r / c) for r, c, m in blocks])


def probabilities(scores, confidence):
    """The best class gets ``confidence``, the others share the rest by the softmax of scores.

    Parameters
    ----------
    scores : ndarray of float64 [batch, classes]
    confidence : ndarray of float64 [batch]

    Returns
    -------
    ndarray of float64 [batch, classes]
        The class of the best score has the largest probability.
    """
    n, m = scores.shape
    if m == 1:
        return np.ones((n, 1))
    top = scores.argmax(axis=1)
    rest = np.exp(scores - scores.max(axis=1, keepdims=True))
    rest[np.arange(n), top] = 0
    rest /= np.maximum(rest.sum(axis=1, keepdims=True), 1e-300)
    least = rest.max(axis=1) / (1 + rest.max(axis=1))  # the best class stays the best
    sure = np.clip(np.maximum(confidence, least + 1e-9), 0, 1)
    out = rest * (1 - sure)[:, None]
    out[np.arange(n), top] = sure
    return out / out.sum(axis=1, keepdims=True)
