"""Peers of the grownet protocol: what solves such tasks elsewhere, tuned before it is measured.

Each has a small grid; the setting of the best cross-validated score on training rows that are not
measured (toys: a draw of another seed; tables: the training rows of the first part, which favours
the peers on the other parts) is then used for all seeds. Where training rows are all there are
(parity), what solves them best is taken.
"""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph._random import generator
from growgraph.bench.learning.cascade import CascadeCorrelation

_CUTS = 3
_MANY = 2000  # rows from which a perceptron is trained by Adam, and one cut is enough


def grid(**values):
    """All settings of some values.

    Examples
    --------
    >>> grid(a=[1, 2], b=[3])
    [{'a': 1, 'b': 3}, {'a': 2, 'b': 3}]
    """
    return [dict(zip(values, one, strict=True)) for one in itertools.product(*values.values())]


@dataclass(frozen=True)
class Peer:
    """A peer.

    Parameters
    ----------
    name : str
    make : callable
        (task, seed, **setting) -> an estimator.
    settings : callable
        task -> list of settings.
    most : int, default 10
        Seeds.
    left_out : tuple of str
        Tasks on which it takes too long.
    """

    name: str
    make: Callable[..., Any]
    settings: Callable[[Any], list[dict]]
    most: int = 10
    left_out: tuple[str, ...] = ()


def _scaled(task, model):
    """Columns of deviation 1 (those of images share one scale), targets, too."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    scale = FunctionTransformer(_unit_images) if task.images else StandardScaler()
    model = make_pipeline(scale, model)
    if task.classify:
        return model
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def _unit_images(X):
    """Pixels from 0 to 1."""
    return X / (16.0 if X.shape[1] == 64 else 1.0)  # MNIST comes so already


# ---- the peers ----------------------------------------------------------------------------------
def _perceptron(task, seed, hidden=(32,), activation="relu", alpha=1e-3, rows=0):
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    solver = {"solver": "lbfgs", "max_iter": 500} if rows < _MANY else {
        "solver": "adam", "max_iter": 40}  # fmt: skip
    kind = MLPClassifier if task.classify else MLPRegressor
    return _scaled(task, kind(hidden_layer_sizes=hidden, activation=activation, alpha=alpha,
                              random_state=seed, **solver))  # fmt: skip


def _perceptron_settings(task):
    if task.images:
        return grid(hidden=[(256,)], alpha=[1e-4, 1e-1, 1.0])
    if task.classify and not task.stored:
        return grid(hidden=[(32,), (128,), (64, 64)], activation=["relu", "tanh"],
                    alpha=[1e-3, 1e-1])  # fmt: skip
    return grid(hidden=[(64,), (64, 64)], activation=["relu", "tanh"], alpha=[0.03, 0.3, 3.0])


def _boosting(task, seed, **setting):
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if task.classify else HistGradientBoostingRegressor
    return kind(early_stopping=False, random_state=seed, **setting)


def _boosting_settings(task):
    if task.images:
        return grid(learning_rate=[0.1], max_iter=[100])
    return grid(learning_rate=[0.05, 0.1], max_iter=[400], max_leaf_nodes=[3, 6, 31],
                min_samples_leaf=[10])  # fmt: skip


class KernelRidge:
    """Kernel ridge regression with a Gaussian kernel around the mean."""

    def __init__(self, alpha=1.0, gamma=1.0):
        from sklearn.kernel_ridge import KernelRidge as Theirs

        self.model = Theirs(alpha=alpha, gamma=gamma, kernel="rbf")

    def fit(self, X, y):
        """As scikit-learn's, which has no constant."""
        self.scale, self.shift = np.maximum(X.std(axis=0), 1e-12), X.mean(axis=0)
        self.mean, self.spread = y.mean(), y.std()
        self.model.fit((X - self.shift) / self.scale, (y - self.mean) / self.spread)
        return self

    def predict(self, X):
        """Values."""
        return self.model.predict((X - self.shift) / self.scale) * self.spread + self.mean


def _kernel(task, seed, gamma=1.0, **setting):
    if not task.classify:
        return KernelRidge(gamma=gamma, **setting)
    from sklearn.svm import SVC

    return _scaled(task, SVC(gamma=gamma, **setting))


def _kernel_settings(task):
    if not task.classify:
        return grid(alpha=[1e-4, 1e-3, 1e-2, 0.1, 1.0],
                    gamma=[0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0])  # fmt: skip
    if task.images:
        return grid(C=[3.0, 10.0], gamma=["scale"])
    return grid(C=[1.0, 10.0, 100.0, 1000.0], gamma=[0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0])


def _linear(task, seed, strength=1.0):
    from sklearn.linear_model import LogisticRegression, Ridge

    model = (
        LogisticRegression(C=1 / strength, max_iter=2000) if task.classify
        else Ridge(alpha=strength)
    )  # fmt: skip
    return _scaled(task, model)


def _linear_settings(task):
    return grid(strength=[1.0, 10.0] if task.images else [0.01, 0.1, 1.0, 10.0, 100.0])


def _cascade(task, seed, **setting):
    return CascadeCorrelation(task.classify, random_state=seed, **setting)


def _cascade_settings(task):
    exact = not task.stored and task.classify  # without noise: to the last row
    return [{"stop": "solved"}] if exact else [{"stop": "held out"}]


PEERS = (
    Peer("MLP", _perceptron, _perceptron_settings),
    Peer("gradient boosting", _boosting, _boosting_settings, left_out=("MNIST-5k",)),
    Peer("kernel", _kernel, _kernel_settings),
    Peer("linear", _linear, _linear_settings),
    Peer("cascade correlation", _cascade, _cascade_settings, left_out=("MNIST-5k",)),
)


# ---- tuning -------------------------------------------------------------------------------------
def estimator(peer, task, seed, setting, rows):
    """A peer ready to be fitted to so many rows."""
    if peer.make is _perceptron:
        setting = {**setting, "rows": rows}
    return peer.make(task, seed, **setting)


def error(task, model, X, y):
    """Share of wrong answers, or root of the mean squared error.

    Parameters
    ----------
    task : Task
    model
        With ``predict``.
    X, y : arrays
    """
    answer = model.predict(X)
    if task.classify:
        return float((answer != y).mean())
    return float(np.sqrt(((answer - y) ** 2).mean()))


def tuned(peer, task, X, y, seed, most=None):
    """The best of a peer's settings.

    Parameters
    ----------
    peer : Peer
    task : Task
    X, y : arrays
        Training rows.
    seed : int
    most : int, optional
        Settings tried, drawn from all; all by default.

    Returns
    -------
    dict
    """
    from sklearn.model_selection import KFold, StratifiedKFold

    settings = peer.settings(task)
    drawn = generator(seed, f"settings {peer.name}").permutation(len(settings))[:most]
    settings = [settings[i] for i in sorted(drawn)]
    if len(settings) == 1:
        return settings[0]
    cuts = (StratifiedKFold if task.classify else KFold)(_CUTS, shuffle=True, random_state=seed)
    parts = [(slice(None), slice(None))] if task.whole else list(cuts.split(X, y))
    parts = parts[:1] if len(y) >= _MANY else parts

    def missed(setting):
        wrong = [
            error(task, estimator(peer, task, seed, setting, len(y)).fit(X[a], y[a]), X[b], y[b])
            for a, b in parts
        ]
        return float(np.mean(wrong))

    return min(settings, key=missed)


def size(model):
    """Hidden nodes and edges of what is a network, (None, None) of others.

    Examples
    --------
    >>> size(object())
    (None, None)
    """
    if isinstance(model, CascadeCorrelation):
        return len(model.units), model.n_edges
    inner = getattr(model, "regressor_", model)
    inner = inner[-1] if hasattr(inner, "steps") else inner
    if not hasattr(inner, "coefs_"):
        return None, None
    nodes = sum(len(b) for b in inner.intercepts_[:-1])
    return nodes, sum(w.size for w in inner.coefs_) + sum(b.size for b in inner.intercepts_)
