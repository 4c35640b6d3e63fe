"""The critic: a small graph over the tensions that says how sure, how strange and why.

It is a pure function of what was learnt, remembered and held out: made when asked, never kept.
"""

import numpy as np

from growgraph._linalg import one_thread
from growgraph.graph import Graph
from growgraph.growth import GrowthController
from growgraph.growth.proposal import NewNode, Proposal
from growgraph.models._selfcritic.rehearsal import CAUSES, rehearse
from growgraph.models._selfcritic.tensions import AT, NAMES, tensions

FEWEST = 8  # rows held out, below which nothing is said of them
STRANGE = "novelty by the record"
DOUBTS = ("margin of the answer", "margin of T2")
DETECTORS = (
    STRANGE, "T2 did not expect this", "neighbours are far", "residual", "off the manifold",
)  # fmt: skip
_MOST, _MOST_DOUBT = 6.0, 4.0  # spreads that a tension counts for, at most
_FLAT, _PEAK = -3.0, 40.0  # of a detector
_RIDGE = 100.0  # of the causes
# log-odds: T1 has learnt of a forgotten class that it is none of the others, of a new one nothing
_UNMET = 0.25
_PRIOR = {"bias": (0.0, 0.5), "record": (1.0, 20.0), "doubt": (-0.2, 30.0)}  # mean, precision
_HAIR = 1e-9


class Critic:
    """What a model that knows its rows held out says of any answer.

    Parameters
    ----------
    hear : callable
        Rows -> Heard.
    core : Core
    memory : Memory
    rows, labels
        Held out; labels are places of the sorted classes.
    rng : numpy Generator

    Attributes
    ----------
    graph : Graph
        Inputs are the tensions; outputs the log-odds of being right, novelty, and a score for each
        of the causes.
    """

    def __init__(self, hear, core, memory, rows, labels, rng):
        self.graph, self._grower = Graph(), GrowthController([], intention="know oneself")
        self.graph.record()
        heard = hear(rows)
        T = _with_novelty(tensions(heard, memory), heard)
        self.usual = np.median(T[:, : len(NAMES)], axis=0)
        self.spread = T[:, : len(NAMES)].std(axis=0) + 1e-3
        right = heard.scores.argmax(axis=1) == labels
        names = (*NAMES, STRANGE)
        inputs = tuple(NewNode(role="input", kind="input", name=name) for name in names)
        self._tensions = dict(zip(names, self._grow(inputs, "birth"), strict=True))
        self.asked = [self._doubt(T, right), self._strangeness(T)]
        rehearsed, causes = rehearse(hear, core, memory, rows, labels, rng)
        self.asked += self._diagnosis(rehearsed, causes)

    def _grow(self, nodes, cause, tension=np.nan):
        return self._grower.grow(
            self.graph, Proposal(1.0, tuple(nodes)), rule="Reflection", cause=cause, tension=tension
        )

    def _bent(self, names, middle, spread, low, high, what):
        """Nodes that hear one tension each, in spreads from its usual value."""
        nodes = [
            NewNode((self._tensions[name],), (1 / s,), bias=-m / s, activation="clip", p0=low,
                    p1=high, name=f"{name}, {what}")
            for name, m, s in zip(names, middle.tolist(), spread.tolist(), strict=True)
        ]  # fmt: skip
        return self._grow(nodes, "the scale of rows held out")

    def _doubt(self, T, right):
        """The reflective node: the record's log-odds, moved as far as rows held out can tell."""
        some = T[:, [AT[name] for name in DOUBTS]]
        middle, spread = np.median(some, axis=0), some.std(axis=0) + _HAIR
        z = np.clip((some - middle) / spread, -_MOST_DOUBT, _MOST_DOUBT)
        w = reflective_weights(np.column_stack([np.ones(len(T)), -T[:, 0], z]), right)
        heard = self._bent(DOUBTS, middle, spread, -_MOST_DOUBT, _MOST_DOUBT, "doubted")
        sources = (self._tensions[NAMES[0]], *heard)
        node = NewNode(sources, (-w[1], *w[2:]), bias=w[0], role="output", name="right")
        return self._grow([node], "answers held out", float(1 - right.mean()))[0]

    def _strangeness(self, T):
        """The sum of detectors, each in units of what is unusual among rows held out."""
        names = (*NAMES, STRANGE)
        some = T[:, [names.index(name) for name in DETECTORS]]
        middle, high = np.median(some, axis=0), np.quantile(some, 0.9, axis=0)
        unit = np.maximum(high - middle, 1e-6 + 1e-3 * np.abs(middle))
        heard = self._bent(DETECTORS, middle, unit, _FLAT, _PEAK, "unusual")
        node = NewNode(tuple(heard), (1.0,) * len(heard), role="output", name="novelty")
        return self._grow([node], "the scale of rows held out")[0]

    def _diagnosis(self, T, causes):
        """A node for each cause, a logistic regression on tensions and their squares."""
        middle, spread = np.median(T[causes == 0], axis=0), T.std(axis=0) + _HAIR
        z = np.clip((T - middle) / spread, -_MOST, _MOST)
        W, bias, missed = cause_weights(np.hstack([z, z * z]), causes)
        bias[CAUSES.index("novel")] += _UNMET
        heard = self._bent(NAMES, middle, spread, -_MOST, _MOST, "as a sign")
        square = [NewNode((h,), (1.0,), activation="square", name=f"{name}, squared")
                  for h, name in zip(heard, NAMES, strict=True)]  # fmt: skip
        heard = (*heard, *self._grow(square, "rehearsed causes"))
        nodes = [
            NewNode(heard, tuple(w), bias=b, role="output", name=cause)
            for w, b, cause in zip(W.tolist(), bias.tolist(), CAUSES, strict=True)
        ]
        return self._grow(nodes, "rehearsed causes", missed)

    def judge(self, T, strange):
        """Confidence, novelty and probabilities of the causes for tensions.

        Parameters
        ----------
        T : ndarray of float64 [batch, ``NAMES``]
        strange : ndarray of float64 [batch]
        """
        values = np.column_stack([T, strange])
        out = self.graph.forward(values, outputs=self.asked).astype(np.float64)
        e = np.exp(out[:, 2:] - out[:, 2:].max(axis=1, keepdims=True))
        return 1 / (1 + np.exp(-out[:, 0])), out[:, 1], e / e.sum(axis=1, keepdims=True)


def _with_novelty(T, heard):
    return np.column_stack([T, heard.strange])


def reflective_weights(A, right):
    """Logistic regression that stays at what the record says unless rows held out deny it.

    Parameters
    ----------
    A : ndarray of float64 [rows, 2 + doubts]
        1, the record's log-odds, doubts.
    right : ndarray of bool [rows]

    Returns
    -------
    ndarray of float64
        The most likely weights under a normal prior (MacKay 1992), by Newton's method.
    """
    kinds = ["bias", "record"] + ["doubt"] * (A.shape[1] - 2)
    mean, precision = np.array([_PRIOR[kind] for kind in kinds]).T
    w = mean.copy()
    with one_thread():
        for _ in range(50):
            p = 1 / (1 + np.exp(-A @ w))
            slope = A.T @ (right - p) - precision * (w - mean)
            curve = (A * (p * (1 - p))[:, None]).T @ A + np.diag(precision)
            step = np.clip(np.linalg.solve(curve, slope), -2, 2)
            w = w + step
            if np.abs(step).max() < 1e-8:
                break
    return w


def cause_weights(Z, causes):
    """Weights, biases and share missed of a logistic regression over rehearsed causes.

    Causes count alike however often they were rehearsed; one that was not is never told.
    """
    from sklearn.linear_model import LogisticRegression

    W, bias = np.zeros((len(CAUSES), Z.shape[1])), np.full(len(CAUSES), -50.0)
    half = Z.shape[1] // 2
    scale = np.where(np.arange(Z.shape[1]) < half, 1.0, 0.5)  # squares are larger
    told = np.unique(causes)
    if told.size == 1:
        bias[told] = 0.0
        return W, bias, 0.0
    model = LogisticRegression(C=1 / _RIDGE, class_weight="balanced", max_iter=3000)
    with one_thread():
        model.fit(Z * scale, causes)
    rows = model.coef_ if told.size > 2 else np.vstack([-model.coef_, model.coef_]) / 2
    shift = model.intercept_ if told.size > 2 else np.r_[-1.0, 1.0] * model.intercept_ / 2
    W[told], bias[told] = rows * scale, shift
    return W, bias, float((model.predict(Z * scale) != causes).mean())
