"""Rows kept as they came: those held out, those remembered, those that had no label."""

from typing import Any

import numpy as np

from growgraph.senses import Rows


def taken(rows, places):
    """Rows at places in rising order; of a table with their marks.

    Parameters
    ----------
    rows : ndarray [batch, columns] or Rows
    places : ndarray of int64
    """
    if not isinstance(rows, Rows):
        return rows[places]
    to = {int(place): i for i, place in enumerate(places)}
    marks = [(to[row], key) for row, key in rows.marks if row in to]
    return Rows(rows.numbers[places], marks)


def joined(rows, others):
    """Rows and others behind them."""
    if isinstance(rows, Rows):
        return rows.joined(others)
    return np.concatenate([rows, others])


def numbers_of(rows):
    """The numbers of rows, [batch, columns]: brightness, or a table's numeric columns."""
    return rows.numbers if isinstance(rows, Rows) else rows


def with_numbers(rows, numbers):
    """The same rows with other numbers."""
    return Rows(numbers, list(rows.marks)) if isinstance(rows, Rows) else numbers


class Kept:
    """At most ``room`` rows: those of the least keys, in the sequence in which they came.

    A key is a pure function of seed and sample counter, so that no cut of a stream changes what is
    kept: an even sample of all that was offered (Efraimidis and Spirakis 2006).

    Attributes
    ----------
    rows : ndarray of float32 [rows, columns], Rows or None
    labels : ndarray of int64
        Numbers of classes in the sequence of their arrival; -1 without a label.
    index : ndarray of int64
        Sample counters.
    keys : ndarray of float64
    """

    ARRAYS = ("labels", "index", "keys")

    def __init__(self, room):
        self.room = room
        self.rows: Any = None
        self.labels, self.index = np.empty(0, np.int64), np.empty(0, np.int64)
        self.keys = np.empty(0)

    def __len__(self):
        return self.labels.size

    def as_read(self):
        """The rows as a sense reads them; they are kept in float32."""
        return self.rows if isinstance(self.rows, Rows) else self.rows.astype(np.float64)

    def add(self, rows, labels, index, keys):
        """Offer rows; what does not fit is let go."""
        if not self.room or not len(labels):
            return
        if not isinstance(rows, Rows):
            rows = rows.astype(np.float32)
        self.rows = rows if self.rows is None else joined(self.rows, rows)
        self.labels = np.append(self.labels, labels)
        self.index, self.keys = np.append(self.index, index), np.append(self.keys, keys)
        if len(self) > self.room:
            some = np.sort(np.lexsort([self.index, self.keys])[: self.room])
            self.rows = taken(self.rows, some)
            self.labels, self.index = self.labels[some], self.index[some]
            self.keys = self.keys[some]

    def widen(self, columns):
        """So many columns of numbers: in the rows kept until now the new ones are missing."""
        if self.rows is not None:
            self.rows = self.rows.widened(columns)

    # ---- files --------------------------------------------------------------------------------
    def to_state(self):
        """Arrays, and the marks of a table's rows."""
        arrays = {k: getattr(self, k).copy() for k in self.ARRAYS}
        if self.rows is None:
            return arrays, None
        arrays["numbers"] = numbers_of(self.rows).copy()
        marks = self.rows.marks if isinstance(self.rows, Rows) else None
        return arrays, None if marks is None else [[row, *key] for row, key in marks]

    @classmethod
    def from_state(cls, room, arrays, marks):
        """Rebuild; see :meth:`to_state`."""
        kept = cls(room)
        for name in cls.ARRAYS:
            setattr(kept, name, arrays[name].copy())
        if "numbers" in arrays:
            kept.rows = arrays["numbers"].copy()
            if marks is not None:
                found = [(row, (name, value)) for row, name, value in marks]
                kept.rows = Rows(kept.rows, found)
        return kept
