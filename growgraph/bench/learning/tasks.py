"""Tasks of the grownet protocol: toys drawn anew for each seed, tables cut into parts.

What is asked of ours on them is here, too. Targets of test rows of made-up functions are clean.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph._random import generator
from growgraph.bench.learning import material
from growgraph.errors import DataError

ROWS, TEST_ROWS = 500, 4000
FOLDS = 5


@dataclass(frozen=True)
class Floor:
    """What is asked of a task.

    Parameters
    ----------
    measure : str
    sense : {"at least", "at most", "above", "near"}
        "above": more than ``peer``; "near": not worse than ``peer`` by more than its standard
        error.
    value : float, optional
    peer : str, optional
    worst : bool, default False
        Each seed has to reach it, not the mean.
    solved : bool, default False
        It counts only where all seeds are solved: few nodes that answer wrongly are no feat.
    """

    measure: str
    sense: str
    value: float | None = None
    peer: str | None = None
    worst: bool = False
    solved: bool = False


@dataclass(frozen=True)
class Task:
    """A task.

    Parameters
    ----------
    make : callable
        (seed, turn) -> X, y, X_test, y_test; a table's turn is its part.
    classify : bool, default True
    turns : int, default 10
        Seeds, or parts.
    whole : bool, default False
        The training rows are all there are: peers are tuned on them.
    fixed : bool, default False
        All seeds have the same rows.
    stored : bool, default False
        A table, not drawn.
    images : bool, default False
        Columns share one scale.
    floors : tuple of Floor
    """

    make: Callable[[int, int], Any]
    classify: bool = True
    turns: int = 10
    whole: bool = False
    fixed: bool = False
    stored: bool = False
    images: bool = False
    floors: tuple[Floor, ...] = ()

    @property
    def measure(self):
        """The main measure."""
        return "accuracy" if self.classify else "RMSE"


# ---- toys ---------------------------------------------------------------------------------------
def parity(bits):
    """All patterns of so many bits and whether their sum is odd.

    Examples
    --------
    >>> X, y = parity(2)
    >>> X.tolist(), y.tolist()
    ([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0, 1, 1, 0])
    """
    X = ((np.arange(2**bits)[:, None] >> np.arange(bits)) & 1).astype(np.float64)
    return X, X.sum(axis=1).astype(np.int64) % 2


def spirals(at):
    """Points of the two spirals of the CMU benchmark: 0 to 96 are its own, halves lie in between.

    Examples
    --------
    >>> X, y = spirals(np.arange(97))
    >>> X.shape, X[0].tolist(), int(y.sum())
    ((194, 2), [0.0, 6.5], 97)
    """
    radius, angle = 6.5 * (104 - at) / 104, at * np.pi / 16
    one = np.column_stack([radius * np.sin(angle), radius * np.cos(angle)])
    return np.vstack([one, -one]), np.repeat([1, 0], len(at))


def _two_spirals(seed, turn):
    steps = np.arange(97)
    return (*spirals(steps), *spirals(steps[:-1] + 0.5))


def _all_patterns(bits):
    def make(seed, turn):
        return (*parity(bits), *parity(bits))

    return make


def _checkerboard(rng, n):
    X = rng.uniform(0, 4, (n, 2))
    return X, np.floor(X).sum(axis=1).astype(np.int64) % 2


def _rings(rng, n):
    """Four rings of equal breadth, of two classes in turns; as many points in each."""
    radius, angle = rng.uniform(0, 4, n), rng.uniform(0, 2 * np.pi, n)
    X = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return X, np.floor(radius).astype(np.int64) % 2


def _drawn(draw, name, n=1000):
    """Classes without noise; test rows are drawn apart."""

    def make(seed, turn):
        rng = generator(seed, f"task {name}")
        return (*draw(rng, n), *draw(rng, TEST_ROWS))

    return make


def _friedman(number, noise):
    def make(seed, turn):
        from sklearn import datasets

        draw = getattr(datasets, f"make_friedman{number}")
        columns = {"n_features": 10} if number == 1 else {}
        X, y = draw(n_samples=ROWS, noise=noise, random_state=seed, **columns)
        return X, y, *draw(n_samples=TEST_ROWS, noise=0.0, random_state=seed + 50_000, **columns)

    return make


def _jump(x):
    """A wave with a jump of 1.5 at .3."""
    return 0.5 * np.sin(3 * np.pi * x) + 1.5 * (x > 0.3)


def _curve(f, low, high, noise, name):
    """A function of one column, drawn evenly; test rows lie on a grid."""

    def make(seed, turn):
        rng = generator(seed, f"task {name}")
        x, grid = rng.uniform(low, high, ROWS), np.linspace(low, high, TEST_ROWS)
        return x[:, None], f(x) + noise * rng.standard_normal(ROWS), grid[:, None], f(grid)

    return make


# ---- tables -------------------------------------------------------------------------------------
def _folds(name):
    def make(seed, turn):
        from sklearn import datasets, model_selection

        X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        kind = model_selection.KFold if name == "diabetes" else model_selection.StratifiedKFold
        parts = list(kind(FOLDS, shuffle=True, random_state=seed - turn).split(X, y))
        train, test = parts[turn]
        return X[train], y[train], X[test], y[test]

    return make


def _mnist(seed, turn):
    return material.split("MNIST-5k", seed)


def _parity_task(bits):
    floors = (
        Floor("solved", "at least", 1.0, worst=True),
        Floor("nodes", "at most", bits + 1, solved=True),
    )
    return Task(_all_patterns(bits), turns=20, whole=True, fixed=True, floors=floors)


_SPIRAL_FLOORS = (
    Floor("solved", "at least", 1.0, worst=True), Floor("accuracy", "at least", 0.98),
    Floor("nodes", "at most", 60, solved=True),
)  # fmt: skip
_BOARD_FLOORS = (
    Floor("accuracy", "at least", 0.945), Floor("accuracy", "above", peer="random growth"),
)  # fmt: skip
_MNIST_FLOORS = (Floor("accuracy", "at least", 0.96), Floor("CPU s", "at most", 10.0))


def _table(name, floor, **options):
    return Task(_folds(name), turns=FOLDS, stored=True, floors=(floor,), **options)


TASKS = {
    **{f"parity-{bits}": _parity_task(bits) for bits in (4, 6, 8, 10, 12)},
    "spirals": Task(_two_spirals, turns=20, fixed=True, floors=_SPIRAL_FLOORS),
    "checkerboard": Task(_drawn(_checkerboard, "checkerboard"), floors=_BOARD_FLOORS),
    "rings": Task(_drawn(_rings, "rings")),
    "friedman1": Task(
        _friedman(1, 1.0), classify=False, floors=(Floor("RMSE", "at most", 0.6),)
    ),
    "friedman2": Task(_friedman(2, 125.0), classify=False),
    "friedman3": Task(
        _friedman(3, 0.1), classify=False, floors=(Floor("RMSE", "at most", 0.042),)
    ),
    "discontinuity": Task(_curve(_jump, -1, 1, 0.1, "discontinuity"), classify=False),
    "sinc": Task(_curve(lambda x: np.sinc(x / np.pi), -10, 10, 0.1, "sinc"), classify=False),
    "diabetes": _table("diabetes", Floor("RMSE", "near", peer="linear"), classify=False),
    "wine": _table("wine", Floor("accuracy", "near", peer="linear")),
    "breast_cancer": _table("breast_cancer", Floor("accuracy", "near", peer="linear")),
    "digits": _table("digits", Floor("accuracy", "at least", 0.987), images=True),
    "MNIST-5k": Task(_mnist, turns=3, stored=True, images=True, floors=_MNIST_FLOORS),
}  # fmt: skip

# what --only takes beside tasks: each ablates one thing on the tasks named below (or on those of
# them that are named beside it), teaches in rounds, or times insertions
ABLATIONS = ("pool", "placement", "depth", "directions", "readout")
ABLATED = ("parity-8", "spirals", "checkerboard", "friedman1", "digits")
STREAMED = ("digits", "MNIST-5k")
EXTRAS = (*ABLATIONS, "stream", "cost")


def pick(only):
    """Names of tasks, and of extras, in ``only`` (with commas between); all if it is None.

    Examples
    --------
    >>> pick("sinc, pool")
    (['sinc'], ['pool'])
    """
    if only is None:
        return list(TASKS), list(EXTRAS)
    names = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in names if name not in TASKS and name not in EXTRAS]
    if unknown or not names:
        what = f"{', '.join(unknown)} is no task" if unknown else "names no task"
        raise DataError(
            f"--only {what}: the tasks are {', '.join(TASKS)}; ablations of some of them are "
            f"{', '.join(ABLATIONS)}; stream teaches in rounds, cost times insertions"
        )
    return [n for n in names if n in TASKS], [n for n in names if n in EXTRAS]
