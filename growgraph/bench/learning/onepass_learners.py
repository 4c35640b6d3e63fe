"""Learners of the one-pass protocol: which rows a data set has."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph.bench import peers as installed
from growgraph.bench.learning import ours, peers, ridge
from growgraph.bench.learning.networks import Network, perceptron

FREEZE_AT = 500
NEAR = 9  # neighbours: the best of 3, 5, 9, 15 and 25 on digits' tail with 0 to 40 % wrong labels


@dataclass(frozen=True)
class Learner:
    """A row of the table.

    Parameters
    ----------
    name : str
    make : callable
        seed -> a model with ``learn``, ``predict`` and ``nbytes``.
    slow : bool, default False
        Gets one shuffle, in random order only.
    noise : bool, default False
        Is also taught wrong labels.
    stored : bool, default False
        Takes all rows at once: no class order, and no speed of learning.
    """

    name: str
    make: Callable[[int], Any]
    slow: bool = False
    noise: bool = False
    stored: bool = False


class Scaled:
    """A peer whose columns are scaled by the first 64 rows, as ours scales them."""

    FIRST = 64

    def __init__(self, peer):
        self.peer, self.young, self.mean, self.sd = peer, [], None, None

    def learn(self, X, y):
        """Hold the first rows back until they settle the scale."""
        if self.mean is None:
            self.young.append((X, y))
            if sum(len(part) for part, _ in self.young) >= self.FIRST:
                self._settle()
            return
        self.peer.learn(self._z(X), y)

    def _settle(self):
        X = np.vstack([part for part, _ in self.young])
        self.mean, self.sd = X.mean(axis=0), np.maximum(X.std(axis=0), 1e-9)
        self.peer.learn(self._z(X), np.concatenate([y for _, y in self.young]))
        self.young = []

    def _z(self, X):
        return np.clip((X - self.mean) / self.sd, -6, 6)

    def predict(self, X):
        """As the peer."""
        if self.mean is None:
            self._settle()
        return self.peer.predict(self._z(X))

    def nbytes(self):
        """As the peer."""
        return self.peer.nbytes()


class _Artmap:
    """Fuzzy ARTMAP of artlib on complement-coded images."""

    def __init__(self):
        artlib = installed.load("artlib")
        self.model = artlib.SimpleARTMAP(artlib.FuzzyART(rho=0.8, alpha=1e-3, beta=1.0))

    @staticmethod
    def _coded(X):
        return np.hstack([X, 1 - X])

    def learn(self, X, y):
        self.model.partial_fit(self._coded(X), np.asarray(y, np.int64))

    def predict(self, X):
        return np.asarray(self.model.predict(self._coded(X))).ravel()

    def nbytes(self):
        return sum(w.nbytes for w in self.model.module_a.W)


class _River:
    """A river model taught row by row."""

    def __init__(self, model):
        self.model = model

    def learn(self, X, y):
        for row, label in zip(X.tolist(), np.asarray(y).tolist(), strict=True):
            self.model.learn_one(dict(enumerate(row)), label)

    def predict(self, X):
        return np.array([self.model.predict_one(dict(enumerate(row))) for row in X.tolist()])

    def nbytes(self):
        import pickle

        return len(pickle.dumps(self.model))


def of_ours(shape, X, y):
    """Rows of ours; ``X, y``: the training rows, which tell where growth is frozen."""

    def grown(**options):
        return lambda seed: ours.Grown(random_state=seed, **options)

    tables = [
        Learner(ours.as_a_table(options), grown(**options), noise=True) for options in ours.VARIANTS
    ]
    if shape is None:
        return [*tables, Learner("growgraph as a table, prenatal only", grown(max_nodes=1))]

    def frozen(seed):
        first = ours.Grown(random_state=seed, image_shape=shape)
        first.learn(X[:FREEZE_AT], y[:FREEZE_AT])
        return ours.Grown(
            random_state=seed, image_shape=shape, max_nodes=first.model.graph_.n_nodes
        )

    return [
        *tables,
        Learner("growgraph as images", grown(image_shape=shape), noise=True),
        Learner("growgraph as images, resonance", grown(image_shape=shape, learning="resonance"),
                noise=True),
        Learner("growgraph as images, noise_band", grown(image_shape=shape, noise_band=True),
                noise=True),
        Learner(f"growgraph as images, frozen at {FREEZE_AT}", frozen),
        Learner("growgraph as images, prenatal only", grown(image_shape=shape, max_nodes=1)),
    ]  # fmt: skip


def of_peers(shape, small):
    """Rows of the peers that are installed; ``small``: quick enough for river's forests."""
    wrap = (lambda peer: peer) if shape is not None else Scaled
    features = 2000 if shape is not None else 500
    found = [
        Learner("streaming QDA", lambda s: wrap(peers.StreamingQDA(s)), noise=True),
        Learner("ridge on random relu", lambda s: wrap(ridge.RandomRidge(s, features)), noise=True),
        Learner("class subspaces", lambda s: wrap(peers.ClassSubspaces(s))),
        Learner("SLDA", lambda s: wrap(peers.SLDA(s))),
        Learner("nearest neighbour", lambda s: wrap(peers.Neighbours(s, k=1)), noise=True),
        Learner(f"{NEAR} nearest neighbours", lambda s: wrap(peers.Neighbours(s, k=NEAR)),
                noise=True),
        Learner("MLP, Adam", lambda s: wrap(perceptron(s)), noise=True),
        Learner("logistic regression, all rows", lambda s: wrap(peers.Stored(logistic)),
                noise=True, stored=True),
        Learner("random forest, all rows", lambda s: wrap(peers.Stored(lambda: _trees(s))),
                noise=True, stored=True),
    ]  # fmt: skip
    if shape is not None:
        found.insert(2, Learner("ridge on random patches", lambda s: ridge.PatchRidge(shape, s)))
        if installed.is_here("torch"):
            found.append(Learner("CNN, Adam", lambda s: Network(s, shape)))
        if installed.is_here("artlib"):
            found.append(Learner("fuzzy ARTMAP", lambda s: _Artmap(), slow=True))
    if small and installed.is_here("river"):
        found += [
            Learner("ARF", lambda s: _River(_forest("ARFClassifier", s)), slow=True),
            Learner("AMF", lambda s: _River(_forest("AMFClassifier", s)), slow=True),
        ]
    return found


def logistic():
    """C: 1 of .01, .1, 1 and 10, by a tail of digits with 0 to 40 % of the labels wrong."""
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=500)


def _trees(seed):
    """At least 2 rows a leaf: of 1, 2 and 4, chosen as C was."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(min_samples_leaf=2, random_state=seed)


def _forest(name, seed):
    from river import forest

    return getattr(forest, name)(seed=seed)
