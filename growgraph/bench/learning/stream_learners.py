"""Learners of the stream protocol: one sample is asked, then learnt."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph._random import generator
from growgraph.bench.learning import ours
from growgraph.bench.learning.ridge import RecursiveRidge

RING = 2000  # samples our default keeps


@dataclass(frozen=True)
class Learner:
    """A row of the table.

    Parameters
    ----------
    name : str
    make : callable
        (number of columns, seed) -> a model.
    door : {"array", "vector", "dict", "call"}
        What its methods take: an array of one row, a vector, or a dict as river does; "call":
        ``turn`` takes many rows at once.
    slow : bool, default False
        Gets one seed.
    """

    name: str
    make: Callable[[int, int], Any]
    door: str
    slow: bool = False


class Row:
    """A ResoNet asked and taught row by row; ``turn``: in calls of ``CALL`` rows."""

    CALL = 50

    def __init__(self, seed, **options):
        self.model = ours.ResoNet(random_state=seed, **options)
        self.met = False

    def predict_one(self, x):
        """The best class, -1 before anything was learnt."""
        return int(self.model.predict(x)[0]) if self.met else -1

    def learn_one(self, x, label):
        """Learn a row."""
        self._learn(x, [label])

    def turn(self, X, y):
        """Learn rows; of each call, how many were answered rightly before they were learnt.

        Any calls give the same model; it tells of itself how many were right, not which.
        """
        right = np.zeros(len(y), bool)
        for a in range(0, len(y), self.CALL):
            before = self._right() if self.met else 0
            self._learn(X[a : a + self.CALL], y[a : a + self.CALL])
            right[a : a + self._right() - before] = True
        return right

    def _learn(self, X, y):
        self.model.partial_fit(X, y)
        self.met = True

    def _right(self):
        return round(self.model.prequential_accuracy_ * self.model.n_samples_seen_)

    def nbytes(self):
        """As the model states it."""
        return self.model.nbytes_


class Replayed:
    """A river model that learns each sample and one drawn from the last 2000: our sample budget."""

    def __init__(self, model, seed):
        self.model, self.ring, self.n = model, [], 0
        self.rng = generator(seed, "replay")

    def predict_one(self, x):
        """As the model."""
        return self.model.predict_one(x)

    def learn_one(self, x, label):
        """The sample, then one of the ring."""
        self.model.learn_one(x, label)
        if self.ring:
            self.model.learn_one(*self.ring[int(self.rng.integers(len(self.ring)))])
        if len(self.ring) < RING:
            self.ring.append((x, label))
        else:
            self.ring[self.n % RING] = (x, label)
        self.n += 1


def of_ours():
    """Rows of ours; the first is the headline."""
    variants: list[dict] = [{}, {"learning": "resonance"}]
    if ours.knows("replay"):
        variants = [{"replay": RING}, {"replay": 0}, {"learning": "resonance", "replay": RING},
                    {"learning": "resonance", "replay": 0}]  # fmt: skip
    return [Learner(ours.label(**v), _maker(v), "array") for v in variants]


def in_calls():
    """Ours, as it comes first, learnt in calls of many rows."""
    return [Learner(ours.label(**v), _maker(v), "call") for v in ours.VARIANTS]


def _maker(options):
    return lambda d, seed: Row(seed, **options)


def of_numpy():
    """Peers that need nothing."""
    return [Learner("recursive ridge", lambda d, seed: RecursiveRidge(d, seed), "vector")]


def of_river():
    """Peers of river in their default settings, ten models where there are several."""
    from river import (
        ensemble,
        forest,
        linear_model,
        multiclass,
        naive_bayes,
        neighbors,
        preprocessing,
        tree,
    )

    def kept(window):
        engine = neighbors.LazySearch(window_size=window)
        return preprocessing.StandardScaler() | neighbors.KNNClassifier(engine=engine)

    def logistic(d, seed):
        one = multiclass.OneVsRestClassifier(linear_model.LogisticRegression())
        return preprocessing.StandardScaler() | one

    def bagging(d, seed):
        return ensemble.LeveragingBaggingClassifier(
            tree.HoeffdingTreeClassifier(), n_models=10, seed=seed
        )

    def forests(d, seed):
        return forest.ARFClassifier(seed=seed)

    def mondrian(d, seed):
        return forest.AMFClassifier(seed=seed)

    return [
        Learner("ARF", forests, "dict", slow=True),
        Learner("ARF, replay 2000", lambda d, s: Replayed(forests(d, s), s), "dict", slow=True),
        Learner("AMF", mondrian, "dict", slow=True),
        Learner("AMF, replay 2000", lambda d, s: Replayed(mondrian(d, s), s), "dict", slow=True),
        Learner("HAT", lambda d, s: tree.HoeffdingAdaptiveTreeClassifier(seed=s), "dict"),
        Learner("leveraging bagging", bagging, "dict", slow=True),
        Learner("SRP", lambda d, s: ensemble.SRPClassifier(seed=s), "dict", slow=True),
        Learner("kNN, window 1000", lambda d, s: kept(1000), "dict", slow=True),
        Learner("kNN, window 2000", lambda d, s: kept(RING), "dict", slow=True),
        Learner("Gaussian NB", lambda d, s: naive_bayes.GaussianNB(), "dict"),
        Learner("logistic regression", logistic, "dict"),
    ]
