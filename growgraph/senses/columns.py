"""Columns of arrays, DataFrames and dicts in one form: numbers with NaN, or categories as text."""

from bisect import bisect_left

import numpy as np

from growgraph._validation import dense_rows
from growgraph.errors import DataError


def as_columns(X):
    """X as a dict of name -> 1-d array, float64 or object (categories).

    Takes arrays (columns ``x0, x1 ...``), DataFrames and dicts of arrays.
    """
    if isinstance(X, dict):
        return {str(name): _column(name, values) for name, values in X.items()}
    if hasattr(X, "iloc"):
        names = [str(name) for name in X.columns]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise DataError(f"X has two columns named {twice!r}: rename one")
        return {name: _series(name, X.iloc[:, i]) for i, name in enumerate(names)}
    rows = dense_rows(X)
    return {f"x{i}": np.asarray(rows[:, i], np.float64) for i in range(rows.shape[1])}


def _column(name, values):
    values = np.asarray(values)
    if values.ndim != 1:
        raise DataError(f"column {name!r} must be one-dimensional, got shape {values.shape}")
    if values.dtype.kind in "fiub":
        return as_numbers(name, values)
    return values.astype(object)


def _series(name, column):
    """A DataFrame's column; pandas has its own types for missing cells and for categories."""
    if column.dtype.kind in "fiub":
        return as_numbers(name, column.to_numpy(np.float64, na_value=np.nan))
    return column.to_numpy(object, na_value=None)


def as_numbers(name, values):
    """A column as float64; text and infinity are refused by name."""
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"column {name!r} held numbers when learning began and now holds text: {error}"
        ) from error
    if np.isinf(numbers).any():
        row = int(np.flatnonzero(np.isinf(numbers))[0])
        raise DataError(f"column {name!r} contains infinity at row {row}: remove or replace it")
    return numbers


def category(value):
    """A category as text, None if the cell is missing; 1.0 is written as 1, whatever its type."""
    if value is None or value != value:
        return None
    whole = isinstance(value, (float, np.floating)) and float(value).is_integer()
    return str(int(value)) if whole else str(value)


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

    def joined(self, other):
        """These rows and others behind them."""
        marks = self.marks + [(row + len(self), key) for row, key in other.marks]
        return Rows(np.concatenate([self.numbers, other.numbers]), marks)
