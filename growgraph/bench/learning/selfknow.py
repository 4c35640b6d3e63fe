"""The self-knowledge protocol: whether a learner knows what it does not know.

Eight of ten classes are learnt. The other two, pure noise and pictures with permuted pixels must
be told from the rest, right answers from wrong ones; confidence must be what it says.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph._random import generator
from growgraph.bench import peers as installed
from growgraph.bench.learning import material, ours, peers, ridge, scores
from growgraph.bench.learning.networks import perceptron
from growgraph.bench.learning.results import Results, compare

PAIRS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))
HEADLINE = "growgraph as images"
TAIL = 0.1  # of the training rows: they set a peer's temperature and are not learnt by it
BLOCK = 100
KNOWN = ("digits", "MNIST-5k")
MEASURES = ("unseen", "errors", "noise", "permuted", "ECE", "risk at 10 %", "knowledge")
_TEMPERATURES = np.geomspace(0.02, 50, 40)


@dataclass(frozen=True)
class Learner:
    """A row: how it is made, and how novelty, confidence and answers are read from it."""

    name: str
    make: Callable[[int], Any]


class Reflecting(ours.Grown):
    """Ours: what it says of itself, without any calibration row."""

    calibrates = False

    def judge(self, X):
        """Answer, confidence and novelty of each row."""
        seen = self.model.reflect(X)
        return seen.answer, seen.confidence, -self.model.score_samples(X)


class Calibrated:
    """A peer: confidence by softmax at the temperature that suits the tail best."""

    calibrates = True

    def __init__(self, peer):
        self.peer, self.temperature = peer, 1.0

    def learn(self, X, y):
        """As the peer."""
        self.peer.learn(X, y)

    def calibrate(self, X, y):
        """Choose the temperature of least log-loss, in units of the scores' spread."""
        told = self.peer.doubt(X)[0]
        unit = max(float(np.ptp(told, axis=1).mean()), 1e-9)
        place = np.searchsorted(np.array(self.peer.classes), y)
        losses = [-np.log(softmax(told / (t * unit))[np.arange(len(y)), place] + 1e-12).mean()
                  for t in _TEMPERATURES]  # fmt: skip
        self.temperature = float(_TEMPERATURES[int(np.argmin(losses))]) * unit

    def judge(self, X):
        """Answer, confidence and novelty of each row."""
        told, novelty = self.peer.doubt(X)
        sure = softmax(told / self.temperature).max(axis=1)
        return np.array(self.peer.classes)[told.argmax(axis=1)], sure, novelty


def softmax(values):
    """Rows as probabilities.

    Examples
    --------
    >>> softmax(np.array([[0.0, 0.0]])).tolist()
    [[0.5, 0.5]]
    """
    e = np.exp(values - values.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def learners(shape):
    """The rows of a data set of images."""
    return [
        Learner(HEADLINE, lambda s: Reflecting(random_state=s, image_shape=shape)),
        Learner(f"{HEADLINE}, resonance", lambda s: Reflecting(
            random_state=s, image_shape=shape, learning="resonance")),
        *(Learner(ours.as_a_table(v), _reflecting(v)) for v in ours.VARIANTS),
        Learner("kNN distance", lambda s: Calibrated(peers.Neighbours(s))),
        Learner("streaming QDA, -log p", lambda s: Calibrated(peers.StreamingQDA(s))),
        Learner("ridge residual", lambda s: Calibrated(ridge.RandomRidge(s))),
        Learner("MLP, max logit", lambda s: Calibrated(perceptron(s))),
    ]  # fmt: skip


def _reflecting(options):
    return lambda seed: Reflecting(random_state=seed, **options)


def methods(name):
    """Names of the rows of a data set."""
    return [one.name for one in learners(material.DATA[name].shape)]


def taught(learner, seed, X, y):
    """A learner that has seen the rows once, a peer all but the tail that calibrates it."""
    model = learner.make(seed)
    stop = len(y) - (round(TAIL * len(y)) if model.calibrates else 0)
    for a in range(0, stop, BLOCK):
        model.learn(X[a : min(a + BLOCK, stop)], y[a : min(a + BLOCK, stop)])
    if model.calibrates:
        model.calibrate(X[stop:], y[stop:])
    return model


def measure(model, X, y, known, rng):
    """The figures of one pair of classes held out.

    Parameters
    ----------
    model
        With ``judge``.
    X, y : arrays
        Test rows of all classes, values from 0 to 1.
    known : bool array [rows]
        Rows of classes that were learnt.
    rng : numpy Generator

    Returns
    -------
    dict of str to float
    """
    answer, sure, novelty = model.judge(X)
    right = answer[known] == y[known]
    noise = rng.random((int(known.sum()), X.shape[1]))
    permuted = rng.permuted(X[known], axis=1)
    strange = {"noise": noise, "permuted": permuted}
    found = {
        "unseen": scores.auroc(novelty, ~known),
        "errors": scores.auroc(-sure[known], ~right),
        "ECE": scores.calibration_error(sure[known], right),
        "risk at 10 %": scores.risk_at(sure[known], right),
    }
    for kind, rows in strange.items():
        other = model.judge(rows)[2]
        both = np.concatenate([novelty[known], other])
        found[kind] = scores.auroc(both, np.arange(len(both)) >= known.sum())
    return found


def knowledge_of(model, X, y):
    """Rank correlation of what ours says of each class with the accuracy on test rows."""
    table = model.model.knowledge()
    answer = model.model.predict(X)
    held = [float((answer[y == label] == label).mean()) for label in table["label"]]
    return scores.rank_correlation(table["accuracy"], held)


def run(plan, only=None, tell=None):
    """All data sets; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    results = Results()
    for name in material.chosen(plan, only, KNOWN, results):
        rows = [one for one in learners(material.DATA[name].shape) if plan.takes(one.name)]
        for at, pair in enumerate(PAIRS[: 2 if plan.quick else None]):
            _pair(results, plan, name, rows, at, pair)
        if tell is not None:
            tell(f"{name}: unseen AUROC of {rows[0].name} "
                 f"{results.mean(name, rows[0].name, 'unseen'):.3f}")  # fmt: skip
    results.note("AUROC, mean over pairs of classes held out; paired t tests over pairs, Holm")
    results.note(
        f"a peer's confidence: softmax at a temperature set on the last {TAIL:.0%} of the training "
        "rows, which it does not learn; ours learns all rows and has its own record only"
    )
    results.note("knowledge: rank correlation of a class's accuracy by knowledge() and by the test")
    results.note(ours.NO_REPLAY)
    return {"headline": HEADLINE, "results": results, "comparisons": compared(results)}


def compared(results):
    """Ours with its image priors against the peers."""
    return [
        c for kind in ("unseen", "errors", "ECE")
        for c in compare(results, kind, HEADLINE, higher=kind != "ECE")
    ]  # fmt: skip


def _pair(results, plan, name, rows, at, pair):
    seed = plan.seeds[0] + at
    X, y, X_test, y_test = material.split(name, seed, plan.rows)
    keep, known = ~np.isin(y, pair), ~np.isin(y_test, pair)
    with installed.one_thread(), installed.quiet():
        for one in rows:
            model = taught(one, seed, X[keep], y[keep])
            told = measure(model, X_test, y_test, known, generator(seed, "self-knowledge"))
            if isinstance(model, Reflecting):
                told["knowledge"] = knowledge_of(model, X_test[known], y_test[known])
            for kind in MEASURES:
                if kind in told and not np.isnan(told[kind]):
                    results.add(name, one.name, kind, seed, told[kind])
