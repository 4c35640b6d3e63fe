"""Data and comparisons for the tests of models."""

import functools

import numpy as np

from growgraph import ResoNet
from growgraph._random import generator
from growgraph.data.digits import load_digits

SHAPE = (8, 8)


@functools.cache
def digits(seed=0):
    """Training and held-out images and labels of one seeded shuffle: 1297 and 500."""
    X, y = load_digits()
    rows = generator(seed, "digits").permutation(1797)
    return X[rows[:-500]], y[rows[:-500]], X[rows[-500:]], y[rows[-500:]]


@functools.cache
def grown(learning="evidence"):
    """A model of the digits of shuffle 0, to be read only."""
    X, y, _, _ = digits()
    return ResoNet(image_shape=SHAPE, learning=learning).fit(X, y)


def table(n=220, seed=0):
    """Columns of every sort: numbers, a gap, a late wake, new ground, categories; three classes."""
    rng = np.random.default_rng(seed)
    a, b = rng.standard_normal((2, n))
    late = np.where(np.arange(n) < 150, 3.0, a)  # constant for long
    far = np.where(np.arange(n) % 70 == 69, 50.0 * np.sign(b), b)
    holes = np.where(rng.random(n) < 0.1, np.nan, a + b)
    holes[:90] = a[:90]  # the first cell is missing late
    kind = rng.choice(["red", "green", "blue"], n).astype(object)
    kind[rng.random(n) < 0.1] = None
    kind[120:][rng.random(n - 120) < 0.2] = "late"
    X = {"a": a, "late": late, "far": far, "holes": holes, "kind": kind, "same": np.ones(n)}
    y = np.where(a + (kind == "red") > 0.5, "big", np.where(b > 0, "small", "none"))
    y[:30][y[:30] == "none"] = "small"  # a class that comes late
    return X, y


def part(X, a, b):
    """Rows a to b of an array or a dict of columns."""
    return {k: v[a:b] for k, v in X.items()} if isinstance(X, dict) else X[a:b]


def differences(model, other):
    """Names of what differs between the states of two models, bit for bit."""
    a, b = model.to_state(), other.to_state()
    names = a["arrays"].keys() | b["arrays"].keys()
    found = [n for n in sorted(names) if not _same(a["arrays"].get(n), b["arrays"].get(n))]
    names = a["plain"].keys() | b["plain"].keys()
    return found + [n for n in sorted(names) if a["plain"].get(n) != b["plain"].get(n)]


def _same(a, b):
    if a is None or b is None:
        return False
    return (a.dtype, a.shape) == (b.dtype, b.shape) and a.tobytes() == b.tobytes()
