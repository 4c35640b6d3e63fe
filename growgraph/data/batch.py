"""A batch of rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class Batch:
    """Some rows of a stream.

    Attributes
    ----------
    X : ndarray of float64 [rows, columns], or dict of name -> 1-d ndarray
        In a dict float64 columns hold numbers (NaN: a missing cell), object columns hold text
        (None: a missing cell).
    y : ndarray of int64 or object [rows], or None
        Labels; None when the data has none.
    rows : ndarray of int64 [rows]
        Index of each row in the stream, counted from 0.
    """

    X: Any
    y: np.ndarray | None
    rows: np.ndarray

    def __len__(self):
        return self.rows.size

    def piece(self, first, end):
        """Rows ``first`` to ``end`` as a batch of views."""
        at = slice(first, end)
        X = {k: v[at] for k, v in self.X.items()} if isinstance(self.X, dict) else self.X[at]
        return Batch(X, None if self.y is None else self.y[at], self.rows[at])
