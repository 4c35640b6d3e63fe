"""Columns of arrays, DataFrames and dicts in one form: numbers with NaN, or categories as text.

Dates and durations are numbers: seconds, dates those since 1970.
"""

import difflib
import re
from bisect import bisect_left
from collections.abc import Hashable
from decimal import Decimal
from numbers import Real

import numpy as np

from growgraph._validation import dense_rows
from growgraph.errors import DataError

_ALIKE = 0.8  # of two names, from which on one may be meant by the other
_MARK = 2  # letters: a part of a name this short tells columns apart, as x and y do


def as_columns(X):
    """X as a dict of name -> 1-d array, float64 or object (cells as they are).

    Takes arrays (columns ``x0, x1 ...``), DataFrames and dicts of arrays.
    """
    if isinstance(X, dict):
        named = [(str(name), values) for name, values in X.items()]
    elif hasattr(X, "iloc"):
        named = [(str(name), X.iloc[:, i]) for i, name in enumerate(X.columns)]
    else:
        rows = dense_rows(X)
        return {f"x{i}": np.asarray(rows[:, i], np.float64) for i in range(rows.shape[1])}
    if not named:
        raise DataError("X has no columns: give at least one")
    _check_names([name for name, _ in named])
    read = _column if isinstance(X, dict) else _series
    return {name: read(name, values) for name, values in named}


def _check_names(names):
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"X has two columns named {twice!r}: rename one")


def _column(name, values):
    if isinstance(values, np.ma.MaskedArray):  # what is masked is missing
        values, gone = values.data.astype(object), np.ma.getmaskarray(values)
        values[gone] = None
    values = np.asarray(values)
    if values.ndim != 1:
        raise DataError(f"column {name!r} must be one-dimensional, got shape {values.shape}")
    if values.dtype.kind in "fiub":
        return as_numbers(name, values)
    _check_real(name, values)
    return seconds(values) if values.dtype.kind in "mM" else values.astype(object)


def _series(name, column):
    """A DataFrame's column; pandas has its own types for missing cells and for categories."""
    if column.dtype.kind in "fiub":
        return as_numbers(name, column.to_numpy(np.float64, na_value=np.nan))
    if column.dtype.kind in "mM":
        return seconds(column.to_numpy(f"{column.dtype.kind}8[ns]"))
    _check_real(name, column)
    cells = column.to_numpy(object, na_value=None)
    if column.dtype.name != "category":
        return cells
    return np.array([category(name, v) for v in cells], object)  # also if they are numbers


def seconds(times):
    """Dates and durations as float64 seconds; what is no time (NaT) is missing."""
    if times.dtype.kind == "M":
        times = times - np.datetime64(0, "s")
    return times / np.timedelta64(1, "s")


def _check_real(name, values):
    if values.dtype.kind == "c":
        raise DataError(
            f"column {name!r} holds complex numbers: give their parts as two columns of numbers"
        )


def is_categorical(values):
    """True for a column of :func:`as_columns` that holds more than numbers, or nothing at all."""
    if values.dtype != object:
        return False
    held = [v for v in values.tolist() if not is_missing(v)]
    return not held or not all(isinstance(v, Real | Decimal | np.bool_) for v in held)


def as_numbers(name, values):
    """A column as float64; text and infinity are refused by name."""
    values = np.asarray(values)
    if values.dtype == object:
        values = np.array([np.nan if is_missing(v) else v for v in values.tolist()], object)
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"column {name!r} held numbers when learning began and now holds text: {error}"
        ) from error
    except OverflowError as error:
        raise DataError(f"column {name!r} holds an integer beyond 1e308: scale it down") from error
    if np.isinf(numbers).any():
        row = int(np.flatnonzero(np.isinf(numbers))[0])
        raise DataError(f"column {name!r} contains infinity at row {row}: remove or replace it")
    return numbers


def category(name, value):
    """A cell as text, None if it is missing; 1.0 is written as 1, whatever its type."""
    if is_missing(value):
        return None
    if not isinstance(value, Hashable):  # lists, dicts, arrays
        raise DataError(
            f"column {name!r} holds a {type(value).__name__} in one cell: give one text or number "
            "a cell"
        )
    if isinstance(value, (float, np.floating)) and float(value).is_integer():
        return str(int(value))
    return str(value)


def is_missing(value):
    """True for None, NaN, NaT and pandas' NA, of which no comparison says anything."""
    if value is None:
        return True
    try:
        return bool(value != value)
    except TypeError:
        return True
    except ValueError:  # an array
        return False


def listed(names, most=8):
    """Names in a row, the first few of many."""
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


class Rows:
    """Rows of a table as the sense reads them.

    Attributes
    ----------
    numbers : ndarray of float64 [batch, numeric columns]
        NaN where a cell is missing.
    marks : list of (row, (column, category or None for missing))
        By row.
    """

    def __init__(self, numbers, marks):
        self.numbers = numbers
        self.marks = marks

    def __len__(self):
        return self.numbers.shape[0]

    def __getitem__(self, some):
        """A slice of rows."""
        a, b, _ = some.indices(len(self))
        marks = self.marks[self.first_mark(a) : self.first_mark(b)]
        return Rows(self.numbers[a:b], [(row - a, key) for row, key in marks])

    def first_mark(self, row):
        """Place of the first mark of this row or a later one."""
        return bisect_left(self.marks, row, key=lambda mark: mark[0])

    def widened(self, columns):
        """The same rows with so many columns of numbers; the new ones are missing."""
        more = columns - self.numbers.shape[1]
        numbers = np.pad(self.numbers, ((0, 0), (0, more)), constant_values=np.nan)
        return Rows(numbers, self.marks)

    def joined(self, other):
        """These rows and others behind them."""
        marks = self.marks + [(row + len(self), key) for row, key in other.marks]
        return Rows(np.concatenate([self.numbers, other.numbers]), marks)


def meant(unknown, missing):
    """Which missing column may be meant by each unknown one: dict of names.

    Names that differ in their numbers, or in a part of one or two letters, are different columns.

    Examples
    --------
    >>> meant(["Wieght", "accel_y", "x2"], ["weight", "accel_x", "x1"])
    {'Wieght': 'weight'}
    """
    plain = {_plain(name): name for name in missing}
    found = {}
    for name in unknown:
        close = difflib.get_close_matches(_plain(name), plain, 1, _ALIKE)
        if close and not _told_apart(name, plain[close[0]]):
            found[name] = plain[close[0]]
    return found


def _plain(name):
    return re.sub(r"[\W_]+", "", name).casefold() or name


def _told_apart(one, other):
    """True if the names differ in their numbers or in one short part."""
    if re.findall(r"\d+", one) != re.findall(r"\d+", other):
        return True
    parts = [re.findall(r"[^\W_]+", name.casefold()) for name in (one, other)]
    if len(parts[0]) != len(parts[1]):
        return False
    differ = [pair for pair in zip(*parts, strict=True) if pair[0] != pair[1]]
    return bool(differ) and all(max(map(len, pair)) <= _MARK for pair in differ)
