"""Peers trained by gradients: a perceptron of one hidden layer, a small convolutional network.

Batches of 8 and 32 and rates of .0003, .001, .003 and .01 were tried on the last quarter of the
training rows, as ``peers.py`` says; each has the best pair of its own.
"""

from typing import Any

import numpy as np

from growgraph.bench import peers
from growgraph.bench.learning.peers import Peer

BATCH = 8
HIDDEN = 256
RATE = 1e-2
_CONVOLVING_RATE = 3e-3
_MOST_CLASSES = 10


def perceptron(seed):
    """256 relu nodes, Adam at .01, batches of 8: torch's if it is installed, else sklearn's."""
    return Network(seed) if peers.is_here("torch") else SklearnPerceptron(seed)


class SklearnPerceptron(Peer):
    """scikit-learn's MLPClassifier; it must be told the classes in advance: 0 to 9."""

    def __init__(self, seed=0):
        super().__init__(seed)
        from sklearn.neural_network import MLPClassifier

        self.model = MLPClassifier((HIDDEN,), learning_rate_init=RATE, random_state=seed)

    def learn(self, X, y):
        """One step for each 8 rows."""
        self._meet(y)
        classes = np.arange(_MOST_CLASSES)
        for a in range(0, len(X), BATCH):
            self.model.partial_fit(X[a : a + BATCH], y[a : a + BATCH], classes=classes)

    def doubt(self, X):
        """Logarithm of the probabilities, and the negative of the largest."""
        scores = np.log(np.maximum(self.model.predict_proba(X)[:, self.classes], 1e-12))
        return scores, -scores.max(axis=1)

    def nbytes(self):
        """Weights and Adam's two moments of each, float64."""
        return 3 * sum(w.nbytes for w in (*self.model.coefs_, *self.model.intercepts_))


class Network(Peer):
    """A torch network on one thread, one Adam step for each 8 rows.

    Parameters
    ----------
    seed : int
    shape : (int, int), optional
        Of images: convolutions instead of one hidden layer.
    """

    def __init__(self, seed=0, shape=None):
        super().__init__(seed)
        self.torch, self.shape = peers.load("torch"), shape
        self.net: Any = None

    def _grow(self, columns):
        torch, nn = self.torch, self.torch.nn
        torch.manual_seed(self.seed)
        if self.shape is None:
            layers = [nn.Linear(columns, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, _MOST_CLASSES)]
        else:
            pools = 2 if min(self.shape) > 12 else 1
            left = [side // 2**pools for side in self.shape]
            layers = [
                nn.Unflatten(1, (1, *self.shape)), nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(),
                nn.MaxPool2d(2), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(),
                *([nn.MaxPool2d(2)] if pools == 2 else []), nn.Flatten(),
                nn.Linear(32 * left[0] * left[1], _MOST_CLASSES),
            ]  # fmt: skip
        self.net = nn.Sequential(*layers)
        rate = RATE if self.shape is None else _CONVOLVING_RATE
        self.steps = torch.optim.Adam(self.net.parameters(), lr=rate)

    def learn(self, X, y):
        """One step for each 8 rows."""
        self._meet(y)
        torch = self.torch
        if self.net is None:
            self._grow(X.shape[1])
        rows = torch.from_numpy(np.ascontiguousarray(X, np.float32))
        labels = torch.from_numpy(np.asarray(y, np.int64))
        for a in range(0, len(X), BATCH):
            self.steps.zero_grad()
            loss = torch.nn.functional.cross_entropy(
                self.net(rows[a : a + BATCH]), labels[a : a + BATCH]
            )
            loss.backward()
            self.steps.step()

    def doubt(self, X):
        """Logits of the classes met, and the negative of the largest."""
        with self.torch.no_grad():
            rows = self.torch.from_numpy(np.ascontiguousarray(X, np.float32))
            scores = self.net(rows).numpy().astype(np.float64)[:, self.classes]
        return scores, -scores.max(axis=1)

    def nbytes(self):
        """Weights and Adam's two moments of each."""
        return 3 * sum(p.numel() * p.element_size() for p in self.net.parameters())
