"""Streams of samples whose concept may change: river's data sets and generators as arrays.

Columns come as they are, unscaled. A synthetic stream has 8000 samples, and where its concept
switches it does so at a quarter, a half and three quarters.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph._random import generator
from growgraph.errors import DataError

LENGTH = 8000


@dataclass(frozen=True)
class Stream:
    """Samples in their sequence.

    Attributes
    ----------
    X : ndarray of float64 [samples, columns]
    y : ndarray of int64 [samples]
        Classes numbered in the sequence of their arrival.
    columns : list of str
    switches : tuple of int
        First samples of new concepts.
    returns : tuple of int
        Those of the switches whose concept has been there before.
    """

    X: np.ndarray
    y: np.ndarray
    columns: list[str]
    switches: tuple[int, ...] = ()
    returns: tuple[int, ...] = ()

    def head(self, n):
        """The first n samples."""
        keep = (tuple(s for s in some if s < n) for some in (self.switches, self.returns))
        return Stream(self.X[:n], self.y[:n], self.columns, *keep)

    def dicts(self):
        """The rows as river takes them."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.X.tolist()]


@dataclass(frozen=True)
class Source:
    """How a stream is made.

    Parameters
    ----------
    make : callable
        (river.datasets.synth, part, seed) -> samples of one concept; of data sets that lie in
        river: (river.datasets) -> samples.
    concepts : tuple of int
        The concept of each part.
    held_out : bool, default False
        No setting of ours was chosen on it.
    stored : bool, default False
        A data set of real samples.
    apart : bool, default False
        Only measured where it is named.
    """

    make: Callable[..., Any]
    concepts: tuple[int, ...] = (0,)
    held_out: bool = False
    stored: bool = False
    apart: bool = False


_FOUR = (0, 1, 2, 3)
_LED_SHIFTED = (0, 3, 5, 7)

SOURCES = {
    "ImageSegments": Source(lambda data: data.ImageSegments(), stored=True),
    "Phishing": Source(lambda data: data.Phishing(), stored=True),
    "Bananas": Source(lambda data: data.Bananas(), stored=True),
    "SEA": Source(lambda s, c, seed: s.SEA(variant=c, seed=seed, noise=0.1), _FOUR),
    "RBFDrift": Source(
        lambda s, c, seed: s.RandomRBFDrift(
            seed_model=seed, seed_sample=seed, n_classes=5, n_features=10, n_centroids=50,
            change_speed=0.001, n_drift_centroids=50,
        )
    ),
    "Agrawal": Source(lambda s, c, seed: s.Agrawal(classification_function=c, seed=seed), _FOUR),
    "LED": Source(
        lambda s, c, seed: s.LEDDrift(
            seed=seed, noise_percentage=0.1, irrelevant_features=True,
            n_drift_features=_LED_SHIFTED[c],
        ),
        _FOUR,
    ),
    "Hyperplane": Source(
        lambda s, c, seed: s.Hyperplane(
            seed=seed, n_features=10, n_drift_features=5, mag_change=0.001, noise_percentage=0.05
        )
    ),
    "Mixed": Source(
        lambda s, c, seed: s.Mixed(classification_function=c, seed=seed), (0, 1, 0, 1), True
    ),
    "Sine": Source(lambda s, c, seed: s.Sine(classification_function=c, seed=seed), _FOUR, True),
    "STAGGER": Source(
        lambda s, c, seed: s.STAGGER(classification_function=c, seed=seed), (0, 1, 2, 0)
    ),
    "Waveform": Source(lambda s, c, seed: s.Waveform(seed=seed, has_noise=True), held_out=True),
    "AgrawalReturns": Source(
        lambda s, c, seed: s.Agrawal(classification_function=c, seed=seed), (0, 1, 0, 1), True
    ),
    "SEAReturns": Source(
        lambda s, c, seed: s.SEA(variant=c, seed=seed, noise=0.1), (2, 3, 2, 3), True, apart=True
    ),
}  # fmt: skip


def pick(only, known=None):
    """Names of the streams in ``only`` (with commas between), all known ones if it is None.

    Examples
    --------
    >>> pick("SEA, LED")
    ['SEA', 'LED']
    """
    known = known or [name for name, source in SOURCES.items() if not source.apart]
    if only is None:
        return list(known)
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"{', '.join(unknown)} is no stream" if unknown else "names no stream"
        raise DataError(f"--only {what}: the streams are {', '.join(known)}")
    return names


def load(name: str, seed: int, length: int = LENGTH) -> Stream:
    """A stream; needs river.

    Parameters
    ----------
    name : str
        A key of ``SOURCES``.
    seed : int
        Of the generator; of a data set: 0 is the sequence of its file, others are shuffles.
    length : int, default 8000
        Of generated streams.
    """
    from river import datasets
    from river.datasets import synth

    source = SOURCES[name]
    if source.stored:
        stream = _as_stream(list(source.make(datasets)))
        order = np.arange(len(stream.y))
        if seed:
            order = generator(seed, f"stream {name}").permutation(len(stream.y))
        return Stream(stream.X[order], _by_arrival(stream.y[order]), stream.columns)
    size = length // len(source.concepts)
    rows: list = []
    for part, concept in enumerate(source.concepts):
        rows += source.make(synth, concept, seed + 10 * part).take(size)
    starts = [part * size for part in range(1, len(source.concepts))]
    back = [
        start for part, start in enumerate(starts, 1)
        if source.concepts[part] in source.concepts[:part]
    ]  # fmt: skip
    return _as_stream(rows, tuple(starts), tuple(back))


def _as_stream(rows, switches=(), returns=()):
    columns = [str(name) for name in rows[0][0]]
    X = np.array([[float(v) for v in x.values()] for x, _ in rows])
    y = _by_arrival(np.array([str(label) for _, label in rows]))
    return Stream(X, y, columns, switches, returns)


def _by_arrival(labels):
    """Labels as numbers, those that come first the smallest."""
    names, first, coded = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(names), np.int64)
    rank[np.argsort(first)] = np.arange(len(names))
    return rank[coded]
