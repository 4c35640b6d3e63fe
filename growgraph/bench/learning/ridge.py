"""Ridge regression on features drawn at random: rows, images, and row by row with forgetting."""

from typing import Any

import numpy as np

from growgraph._random import generator
from growgraph.bench.learning.peers import Peer


class RandomRidge(Peer):
    """Ridge regression on relu of random projections, solved from its sums.

    Parameters
    ----------
    seed : int
    features : int, default 2000
    ridge : float
        In units of the mean square of a feature.
    """

    def __init__(self, seed=0, features=2000, ridge=1e-2):
        super().__init__(seed)
        self.features, self.ridge = features, ridge
        self.A: Any = None
        self.W: Any = None
        self.sums: dict = {}

    def _grow(self, X):
        rng = generator(self.seed, "random ridge")
        self.V = (rng.standard_normal((X.shape[1], self.features)) / np.sqrt(X.shape[1])).astype(
            np.float32
        )
        self.b = (0.5 * rng.standard_normal(self.features)).astype(np.float32)
        self.scale = np.float32(1 / max(float(np.sqrt((X * X).mean())), 1e-9))

    def _hidden(self, X):
        h = np.maximum(np.asarray(X, np.float32) * self.scale @ self.V + self.b, 0)
        return np.hstack([h, np.ones((len(X), 1), np.float32)])

    def learn(self, X, y):
        """Add to the sums."""
        self._meet(y)
        if self.A is None:
            self._grow(np.asarray(X, np.float64))
        H = self._hidden(X)
        if self.A is None:
            self.A = np.zeros((H.shape[1], H.shape[1]), np.float32)
        self.A += H.T @ H
        for label in set(np.asarray(y).tolist()):
            b = H[np.asarray(y) == label].sum(axis=0, dtype=np.float64)
            self.sums[label] = self.sums.get(label, 0) + b
        self.W = None

    def doubt(self, X):
        """Scores of the readout and the distance of the scores from a sure answer."""
        from scipy.linalg import solve

        if self.W is None:
            A = self.A.astype(np.float64)
            A[np.diag_indices(len(A))] += self.ridge * np.trace(A) / len(A)
            B = np.array([self.sums[label] for label in self.classes]).T
            self.W = solve(A, B, assume_a="pos", overwrite_a=True)
        scores = self._hidden(X).astype(np.float64) @ self.W
        sure = np.zeros_like(scores)
        sure[np.arange(len(sure)), scores.argmax(axis=1)] = 1
        return scores, np.sqrt(((sure - scores) ** 2).sum(axis=1))


class PatchRidge(RandomRidge):
    """The same on pooled answers to patches cut from the first block of images."""

    def __init__(self, shape, seed=0, filters=200):
        big = min(shape) > 12
        self.shape, self.filters = shape, filters
        self.size, self.grid = (6, 4) if big else (3, 3)
        super().__init__(seed, filters * self.grid**2)

    def _grow(self, X):
        rng = generator(self.seed, "patch ridge")
        patches = self._patches(X).reshape(-1, self.size**2)
        patches = patches[np.linalg.norm(patches, axis=1) > 0.5]
        chosen = patches[
            rng.choice(len(patches), self.filters, replace=len(patches) < self.filters)
        ]
        self.V = (chosen / np.linalg.norm(chosen, axis=1, keepdims=True)).T.astype(np.float32)

    def _patches(self, X):
        images = np.pad(
            np.asarray(X, np.float32).reshape(-1, *self.shape), ((0, 0), (1, 1), (1, 1))
        )
        cut = np.lib.stride_tricks.sliding_window_view(images, (self.size, self.size), (1, 2))
        cut = cut.reshape(*cut.shape[:3], -1)
        return cut - cut.mean(axis=-1, keepdims=True)

    def _hidden(self, X):
        return np.vstack([self._pooled_parts(X[a : a + 64]) for a in range(0, len(X), 64)])

    def _pooled_parts(self, X):
        p = self._patches(X)
        p = p / np.sqrt((p * p).sum(axis=-1, keepdims=True) + 0.05)
        s = np.maximum(p @ self.V - 0.25, 0)
        rows = np.array_split(np.arange(s.shape[1]), self.grid)
        columns = np.array_split(np.arange(s.shape[2]), self.grid)
        cells = [
            s[:, r[0] : r[-1] + 1, c[0] : c[-1] + 1].mean(axis=(1, 2))
            for r in rows
            for c in columns
        ]
        return np.hstack([np.sqrt(np.hstack(cells)), np.ones((len(X), 1), np.float32)])


class RecursiveRidge:
    """Recursive least squares with forgetting on [1, z, 100 random relu features], row by row.

    Columns are scaled by their running mean and deviation. Forgetting is .997, the best of .9995,
    .999 and .997 in the mean of the first seven streams with seed 1.
    """

    def __init__(self, columns, seed=0, features=100, forget=0.997):
        rng = generator(seed, "recursive ridge")
        V = rng.standard_normal((features, columns))
        self.V = V / np.linalg.norm(V, axis=1, keepdims=True)
        self.b, self.forget = 0.5 * rng.standard_normal(features), forget
        e = 1 + columns + features
        self.A, self.B = np.eye(e), np.zeros((e, 0))
        self.n, self.mean, self.M2 = 0, np.zeros(columns), np.zeros(columns)

    def _h(self, x):
        sd = np.sqrt(self.M2 / max(self.n, 1))
        z = np.clip(np.divide(x - self.mean, sd, out=np.zeros_like(x), where=sd > 1e-9), -6, 6)
        return np.concatenate([[1.0], z, np.maximum(self.V @ z + self.b, 0)])

    def predict_one(self, x):
        """Number of the best class, -1 before anything was learnt."""
        return int((self._h(x) @ self.B).argmax()) if self.B.shape[1] else -1

    def learn_one(self, x, label):
        """One step; a class never met gets a column."""
        if label >= self.B.shape[1]:
            self.B = np.pad(self.B, ((0, 0), (0, label + 1 - self.B.shape[1])))
        h = self._h(x)
        k = self.A @ h
        g = self.forget if np.trace(self.A) < 10 * len(h) else 1.0
        q = g + h @ k
        target = np.zeros(self.B.shape[1])
        target[label] = 1
        self.B += np.outer(k, target - h @ self.B) / q
        self.A = (self.A - np.outer(k, k) / q) / g
        self.n += 1
        step = x - self.mean
        self.mean = self.mean + step / self.n
        self.M2 = self.M2 + step * (x - self.mean)

    def nbytes(self):
        """Bytes of all arrays."""
        return sum(a.nbytes for a in vars(self).values() if isinstance(a, np.ndarray))
