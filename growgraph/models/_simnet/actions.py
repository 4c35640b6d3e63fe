"""What SimNet can do: actions that are counted, or some of a box, and what they are called."""

import itertools
import numbers
from typing import Any

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import DataError

_LEVELS = {1: 5, 2: 3, 3: 3}  # of a lattice, by its dimensions; beyond these one at a time
_MOST = 64  # choices
_NAME = "env.action_space"


class Actions:
    """Choices, numbered from 0.

    Parameters
    ----------
    n : int
    start : int
        What an environment calls the first, where they are counted.
    values : float64 [n, d], optional
        What it calls them where they are arrays.
    bounds : float64 [2, d], optional
        Least and greatest of a box.
    shape : sequence of int
    dtype : str
        Of the arrays.

    Attributes
    ----------
    codes : float64 [n, m]
        What a model reads of a choice: which it is, or how far it pushes.
    """

    def __init__(self, n, start=0, values=None, bounds=None, shape=(), dtype="int64"):
        self.n, self.start, self.shape, self.dtype = int(n), int(start), tuple(shape), str(dtype)
        self.values: Any = None if values is None else np.array(values, np.float64)
        self.bounds: Any = None if bounds is None else np.array(bounds, np.float64)
        self.pushes = np.zeros((self.n, 0)) if bounds is None else self._pushed(self.values)
        self.codes = np.eye(self.n) if bounds is None else codes_of(self.pushes)

    def _pushed(self, values):
        """Values of a box as shares of what it allows, -1 to 1."""
        low, high = self.bounds
        return (values - (low + high) / 2) / np.where(high > low, (high - low) / 2, 1.0)

    def call(self, choice):
        """What an environment calls a choice: an int, or an array."""
        if self.values is None:
            return choice + self.start
        return self.values[choice].astype(self.dtype).reshape(self.shape)

    def tell(self, choice):
        """The same as a value that can be compared: an int, a float or a tuple."""
        if self.values is None:
            return choice + self.start
        told = self.values[choice].astype(self.dtype).tolist()
        return told[0] if self.shape in ((), (1,)) else tuple(told)

    def number(self, told):
        """The choice that :meth:`tell` told."""
        if self.values is None:
            return told - self.start
        return next(choice for choice in range(self.n) if self.tell(choice) == told)

    def read(self, action, name="action"):
        """(choice, push) of what an environment calls an action: the nearest choice of a box."""
        if self.values is None:
            if isinstance(action, np.ndarray) and action.size == 1:
                action = action.item()
            last = self.start + self.n - 1
            choice = check_number(name, action, self.start, last, integer=True) - self.start
            return choice, self.pushes[choice]
        values = self._array(action, name)
        if self.bounds is None:
            found = np.flatnonzero((self.values == values).all(axis=1))
            if not found.size:
                raise ValueError(f"{name} must be an action of {self}, got {action!r}")
            return int(found[0]), self.pushes[found[0]]
        low, high = self.bounds
        if not ((low - 1e-6 <= values) & (values <= high + 1e-6)).all():
            raise ValueError(
                f"{name} must be in [{low.tolist()}, {high.tolist()}], got {action!r}: clip it"
            )
        push = self._pushed(values)
        return int(((self.pushes - push) ** 2).sum(axis=1).argmin()), push

    def _array(self, action, name):
        try:
            values = np.asarray(action, np.float64)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name} must be an array of numbers, got {action!r}") from error
        if values.shape != self.shape and values.size != self.values.shape[1]:
            raise DataError(f"{name} must have the shape {self.shape}, got {values.shape}")
        if not np.isfinite(values).all():
            raise ValueError(f"{name} must be finite, got {action!r}")
        return values.ravel()

    def __str__(self):
        if self.values is None:
            return f"{self.n} actions from {self.start} on"
        low, high = self.values.min(axis=0).tolist(), self.values.max(axis=0).tolist()
        return (
            f"{self.n} actions, arrays of the shape {self.shape} and {self.dtype} from {low} to "
            f"{high}"
        )

    def __eq__(self, other):
        return isinstance(other, Actions) and self.to_plain() == other.to_plain()

    __hash__ = None  # type: ignore[assignment]

    # ---- files ----------------------------------------------------------------------------------
    def to_plain(self):
        """As lists."""
        held = [None if a is None else a.tolist() for a in (self.values, self.bounds)]
        return [self.n, self.start, *held, list(self.shape), self.dtype]


def codes_of(pushes):
    """What a model reads of pushes [n, d]: them, and what both sides cost: [n, 2 d]."""
    return np.hstack([pushes, pushes**2])


def actions_of(space, name=_NAME):
    """The actions of a space, or of their number."""
    if isinstance(space, numbers.Integral) and not isinstance(space, (bool, np.bool_)):
        return Actions(check_number(name, space, 1, integer=True))
    shape: Any = getattr(space, "shape", None)
    n = getattr(space, "n", None)
    if isinstance(n, numbers.Integral) and shape in ((), None):
        return Actions(n, getattr(space, "start", 0))
    if hasattr(space, "nvec"):
        return _product(np.asarray(space.nvec), getattr(space, "start", 0), space, name)
    if n is not None and shape:  # MultiBinary
        return _product(np.full(shape, 2), 0, space, name)
    if hasattr(space, "low") and hasattr(space, "high") and shape is not None:
        return _lattice(space, tuple(shape), name)
    raise DataError(
        f"{name} must be Discrete(n), MultiDiscrete, MultiBinary or a bounded Box, got {space!r}: "
        "list the actions that matter and let env.step take their number"
    )


def _product(many, start, space, name):
    """All actions of a product of counted ones."""
    if many.size == 0 or np.prod(many, dtype=float) > _MOST:
        raise DataError(
            f"{name} must have 1 to {_MOST} actions in all, got {space!r}: list those that matter "
            "and let env.step take their number"
        )
    first = np.broadcast_to(start, many.shape).ravel()
    values = list(itertools.product(*map(range, many.ravel().tolist())))
    dtype = str(np.dtype(getattr(space, "dtype", None) or np.int64))
    return Actions(len(values), 0, np.array(values) + first, None, many.shape, dtype)


def _lattice(space, shape, name):
    """Actions spread evenly over a box: all together if few, else one dimension at a time."""
    dtype, d = np.dtype(getattr(space, "dtype", "float64")), int(np.prod(shape))
    low, high = (np.broadcast_to(np.asarray(b, np.float64), shape).ravel()
                 for b in (space.low, space.high))  # fmt: skip
    most = 1e30 if dtype.kind == "f" else 2.0**53  # beyond it floats step over whole numbers
    if not (np.isfinite([low, high]).all() and np.abs([low, high]).max(initial=0) < most):
        raise DataError(
            f"{name} must be bounded, got {space!r}: wrap it so that actions are in [-1, 1] "
            "(gymnasium.wrappers.RescaleAction, or clip in env.step)"
        )
    if not 1 <= d <= _MOST // 2 - 1:
        raise DataError(f"{name} must have 1 to {_MOST // 2 - 1} numbers, got {space!r}")
    levels = [np.unique(np.linspace(a, b, _LEVELS.get(d, 3)).astype(dtype)).astype(np.float64)
              for a, b in zip(low, high, strict=True)]  # fmt: skip
    if d in _LEVELS:
        values = np.array(list(itertools.product(*levels)))
    else:
        rest = np.array([one[one.size // 2] for one in levels])
        values = rest[None]
        for i, one in enumerate(levels):
            for value in one[one != rest[i]]:
                values = np.vstack([values, rest])
                values[-1, i] = value
    return Actions(len(values), 0, values, np.array([low, high]), shape, dtype.name)
