"""Learners of the growth protocol: ours whole, and ours without one of its parts."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph._random import generator
from growgraph.bench.learning import ours
from growgraph.kernels import resonet

FREEZE_AT = 500  # rows; of smaller data sets the first third
FULL = "growgraph"


@dataclass(frozen=True)
class Learner:
    """A row: ``make`` (seed, rows X, y in their sequence) -> a model."""

    name: str
    make: Callable[[int, Any, Any], Any]


class ReadoutAlone(ours.Grown):
    """Answers by the readout without the voices of the class concepts (images).

    The readout of images does not depend on the concepts, so it is that of a net without any.
    """

    def predict(self, X):
        """The class of which the readout says most."""
        core = self.model._answering()
        _, said, resonance = core.answers(core.sense.read(self.model._rows(
            X, first=False, table=False)))  # fmt: skip
        pull = core.par[resonet.ALPHA] / (core.concepts.win.max() + 1)
        alone = said - pull * resonance.sum(axis=2)
        return np.array(core.classes)[alone.argmax(axis=1)]


class TensionShuffled(ours.Grown):
    """Each lasting misfit is answered at another class than the one that felt it (images).

    Nothing but the place is changed: the tension is felt as always, and an aspect is born for it.
    """

    def __init__(self, seed, **options):
        super().__init__(**options)
        self.rng = generator(seed, "tension led astray")

    def learn(self, X, y):
        """Learn rows; the first makes the core whose growth is led astray."""
        if not hasattr(self.model, "n_samples_seen_"):
            super().learn(X[:1], y[:1])
            self._lead_astray()
            X, y = X[1:], y[1:]
        if len(X):
            super().learn(X, y)

    def _lead_astray(self):
        core = self.model._core
        grow = core._add_aspects

        def elsewhere(c):
            met = core.concepts.counts > 1  # of others there is nothing yet to be explained
            free = np.flatnonzero((core.concepts.k < core.most) & met)
            free = free[free != c]
            if free.size:
                grow(int(self.rng.choice(free)))

        core._add_aspects = elsewhere


def frozen_at(n_rows):
    """Rows after which growth is frozen.

    Examples
    --------
    >>> frozen_at(4000), frozen_at(133)
    (500, 44)
    """
    return min(FREEZE_AT, n_rows // 3)


def _grown(**options):
    return lambda seed, X, y: ours.Grown(random_state=seed, **options)


def _frozen(**options):
    """Growth stops by ``max_nodes``: at what a first model has after the first rows."""

    def make(seed, X, y):
        first, n = ours.Grown(random_state=seed, **options), frozen_at(len(y))
        first.learn(X[:n], y[:n])
        return ours.Grown(random_state=seed, max_nodes=first.model.graph_.n_nodes, **options)

    return make


def of_images(shape):
    """Rows of a data set of images."""
    same: dict[str, Any] = {"image_shape": shape}
    return [
        Learner(FULL, _grown(**same)),
        Learner(f"{FULL}, growth frozen", _frozen(**same)),
        Learner(f"{FULL}, prenatal only", _grown(max_nodes=1, **same)),
        Learner(f"{FULL}, no readout", _grown(learning="resonance", **same)),
        Learner(f"{FULL}, no readout, growth frozen", _frozen(learning="resonance", **same)),
        Learner(f"{FULL}, no readout, prenatal only",
                _grown(learning="resonance", max_nodes=1, **same)),
        Learner(f"{FULL}, no readout, tension shuffled", lambda seed, X, y: TensionShuffled(
            seed, random_state=seed, learning="resonance", **same)),
        Learner(f"{FULL}, no concepts",
                lambda seed, X, y: ReadoutAlone(random_state=seed, **same)),
        Learner(f"{FULL}, intention False", _grown(intention=False, **same)),
    ]  # fmt: skip


def of_tables():
    """Rows of a table or a stream."""
    return [
        Learner(FULL, _grown()),
        Learner(f"{FULL}, growth frozen", _frozen()),
        Learner(f"{FULL}, prenatal only", _grown(max_nodes=1)),
        Learner(f"{FULL}, no readout", _grown(learning="resonance")),
        Learner(f"{FULL}, replay 0", _grown(replay=0)),
        Learner(f"{FULL}, no readout, replay 0", _grown(learning="resonance", replay=0)),
    ]
