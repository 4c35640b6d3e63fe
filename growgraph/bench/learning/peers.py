"""Peers of a few lines of numpy: exact moments of each class, neighbours.

Each has ``learn(X, y)`` for any number of rows, ``predict(X)`` and ``nbytes()``; those that know
how sure they are have ``doubt(X)``: scores [samples, classes in sorted order] and novelty.

Settings are the same for every data set. Where several were tried (here and in ``ridge.py``, three
to five values each) the best mean on the last quarter of the training rows of digits, MNIST-5k,
wine and breast_cancer was taken, in one shuffle that the protocols do not use.
"""

import pickle
from typing import Any

import numpy as np


class Peer:
    """What the learners of this file share.

    Attributes
    ----------
    classes : list
        Labels met, sorted.
    """

    def __init__(self, seed=0):
        self.seed = seed
        self.classes: list = []

    def _meet(self, y):
        self.classes = sorted({*self.classes, *np.asarray(y).tolist()})

    def doubt(self, X):
        """Scores and novelty."""
        raise NotImplementedError

    def predict(self, X):
        """The best class of each row."""
        return np.array(self.classes)[self.doubt(X)[0].argmax(axis=1)]

    def nbytes(self):
        """Bytes of all arrays held."""
        held = [*vars(self).values()]
        for value in list(held):
            if isinstance(value, dict):
                held += [a for v in value.values() for a in (v if isinstance(v, tuple) else (v,))]
        return sum(a.nbytes for a in held if isinstance(a, np.ndarray))


# ---- exact moments of each class ----------------------------------------------------------------
class ClassMoments(Peer):
    """Count, mean and scatter of each class, exact in any order."""

    def __init__(self, seed=0):
        super().__init__(seed)
        self.moments: dict = {}  # label -> (n, mean, scatter)
        self.fitted: Any = None

    def learn(self, X, y):
        """Merge the moments of new rows (Chan, Golub and LeVeque 1983)."""
        self._meet(y)
        self.fitted = None
        for label in set(np.asarray(y).tolist()):
            rows = np.asarray(X, np.float64)[np.asarray(y) == label]
            n, mean, scatter = len(rows), rows.mean(axis=0), None
            away = rows - mean
            scatter = away.T @ away
            if label in self.moments:
                m, old, S = self.moments[label]
                step = mean - old
                scatter += S + np.outer(step, step) * (float(n) * float(m) / (n + float(m)))
                mean, n = old + step * (n / (n + float(m))), n + int(m)
            self.moments[label] = (np.array(n), mean, scatter)

    def _pooled(self):
        n = sum(int(m[0]) for m in self.moments.values())
        return sum(m[2] for m in self.moments.values()) / max(n, 1)

    def nbytes(self):
        """Bytes of the moments; what is derived for answering is not counted."""
        return sum(a.nbytes for m in self.moments.values() for a in m)


class StreamingQDA(ClassMoments):
    """Quadratic discriminants; each covariance is drawn to the pooled one and to a ball."""

    POOLED, BALL = 20.0, 0.2

    def _fit(self):
        pooled = self._pooled()
        d = len(pooled)
        pooled = pooled + self.BALL * (np.trace(pooled) / d + 1e-9) * np.eye(d)
        self.fitted = []
        total = sum(int(m[0]) for m in self.moments.values())
        for label in self.classes:
            n, mean, scatter = self.moments[label]
            cov = (scatter + self.POOLED * pooled) / (int(n) + self.POOLED)
            cov[np.diag_indices(d)] += 0.1 * self.BALL * np.trace(cov) / d + 1e-9
            L = np.linalg.cholesky(cov)
            self.fitted.append((mean, L, 2 * np.log(np.diag(L)).sum(), np.log(int(n) / total)))

    def doubt(self, X):
        """Log-posterior (up to a constant) and -log p(x)."""
        from scipy.linalg import solve_triangular

        if self.fitted is None:
            self._fit()
        scores = np.empty((len(X), len(self.classes)))
        for c, (mean, L, logdet, prior) in enumerate(self.fitted):
            z = solve_triangular(L, (X - mean).T, lower=True)
            scores[:, c] = prior - 0.5 * ((z * z).sum(axis=0) + logdet)
        best = scores.max(axis=1)
        return scores, -(best + np.log(np.exp(scores - best[:, None]).sum(axis=1)))


class SLDA(ClassMoments):
    """Linear discriminants with one running covariance (Hayes and Kanan 2020), shrinkage 0.01."""

    def doubt(self, X):
        """Linear scores and distance to the nearest mean."""
        if self.fitted is None:
            S = self._pooled()
            S = 0.99 * S + 0.01 * (np.trace(S) / len(S) + 1e-9) * np.eye(len(S))
            means = np.array([self.moments[c][1] for c in self.classes])
            W = np.linalg.solve(S, means.T)
            self.fitted = (W, -0.5 * (means.T * W).sum(axis=0))
        scores = X @ self.fitted[0] + self.fitted[1]
        return scores, -scores.max(axis=1)


class ClassSubspaces(ClassMoments):
    """Distance to the mean of each class and its first principal directions: 12, or d / 3."""

    DIRECTIONS = 12

    def doubt(self, X):
        """Negative residuals and the least residual."""
        if self.fitted is None:
            self.fitted = []
            for label in self.classes:
                n, mean, scatter = self.moments[label]
                k = min(self.DIRECTIONS, max(int(n) - 1, 0), len(mean) // 3)
                V = np.linalg.eigh(scatter)[1]
                self.fitted.append((mean, V[:, V.shape[1] - k :]))
        scores = np.empty((len(X), len(self.classes)))
        for c, (mean, V) in enumerate(self.fitted):
            z = X - mean
            scores[:, c] = ((z @ V) ** 2).sum(axis=1) - (z * z).sum(axis=1)
        return scores, -scores.max(axis=1)


# ---- memory -------------------------------------------------------------------------------------
class Neighbours(Peer):
    """The k nearest of all rows stored."""

    def __init__(self, seed=0, k=3):
        super().__init__(seed)
        self.k = k
        self.parts: list = []
        self.X: Any = None
        self.y: Any = None

    def learn(self, X, y):
        """Store the rows."""
        self._meet(y)
        self.parts.append((np.asarray(X, np.float32), np.asarray(y)))
        self.X = None

    def doubt(self, X):
        """Votes, the nearest breaking ties, and the mean distance to the k nearest."""
        if self.X is None:
            self.X = np.vstack([part[0] for part in self.parts])
            self.y = np.concatenate([part[1] for part in self.parts])
            self.parts = [(self.X, self.y)]
        X = np.asarray(X, np.float32)
        k = min(self.k, len(self.X))
        d = (self.X * self.X).sum(axis=1) - 2 * X @ self.X.T
        near = np.argpartition(d, k - 1, axis=1)[:, :k]
        far = np.sqrt(np.maximum(np.take_along_axis(d, near, 1) + (X * X).sum(axis=1)[:, None], 0))
        votes = np.zeros((len(X), len(self.classes)))
        place = np.searchsorted(np.array(self.classes), self.y[near])
        weight = 1 + 1e-3 / (1 + far)
        for j in range(k):
            votes[np.arange(len(X)), place[:, j]] += weight[:, j]
        return votes, far.mean(axis=1)

    def nbytes(self):
        """Bytes of the rows stored."""
        return sum(X.nbytes + y.nbytes for X, y in self.parts)


class Stored:
    """A learner of scikit-learn that takes all rows at once: they are kept until it is asked.

    Parameters
    ----------
    make : callable
        -> an estimator.
    """

    def __init__(self, make):
        self.make, self.rows, self.labels, self.model = make, [], [], None

    def learn(self, X, y):
        """Keep the rows."""
        self.rows.append(np.asarray(X))
        self.labels.append(np.asarray(y))
        self.model = None

    def predict(self, X):
        """The best class of each row, by what is fitted to all rows kept."""
        if self.model is None:
            self.model = self.make().fit(np.vstack(self.rows), np.concatenate(self.labels))
        return self.model.predict(X)

    def nbytes(self):
        """Bytes of the rows and of the pickled estimator."""
        kept = sum(a.nbytes for a in (*self.rows, *self.labels))
        return kept + len(pickle.dumps(self.model))
