"""Which categories and gaps of a table have an input of their own, and which share one.

A category has its own while its column has fewer than 64 and all columns of categories together
have room; else it shares the input "(other)" of its column. Room is kept for one of these a column,
up to half of all; where it is used up, categories and gaps never met before are ignored.
"""

from collections import Counter
from typing import Any

import numpy as np

MOST_CATEGORIES = 64  # of one column
MOST_INPUTS = 1024  # of all columns of categories: evidence is kept for each pair of inputs
OTHER = "(other)"
_PAIR_BYTES, _INPUT_BYTES = 20, 12_000  # what a pair of inputs costs, and one of them


def most_inputs(max_nodes=None, max_bytes=None):
    """How many inputs all columns of categories together may grow.

    At most 1024, a quarter of ``max_nodes`` and what a quarter of ``max_bytes`` holds; at least 64.

    Examples
    --------
    >>> most_inputs(), most_inputs(max_nodes=1000), most_inputs(max_bytes=10_000_000)
    (1024, 250, 163)
    """
    most = MOST_INPUTS if max_nodes is None else min(MOST_INPUTS, max_nodes // 4)
    if max_bytes is not None:
        root = np.sqrt(_INPUT_BYTES**2 + _PAIR_BYTES * float(max_bytes))
        most = min(most, int((root - _INPUT_BYTES) / (2 * _PAIR_BYTES)))
    return max(most, MOST_CATEGORIES)


class Categories:
    """The born inputs of a table by (column, category), (column, None for missing).

    Parameters
    ----------
    columns : dict of str to bool
        Name of each column and whether it holds categories; a name not in it does.
    most : int
        Inputs that all columns of categories together may grow.
    """

    def __init__(self, columns, most):
        self.columns, self.most = dict(columns), most
        self.born: dict[tuple, Any] = {}  # key -> place among the born inputs
        self._told: Counter[str] = Counter()  # categories that have their own by column
        self._n_told = 0  # inputs of all columns of categories
        self._kept = min(sum(self.columns.values()), most // 2)
        self.untold: list[tuple] = []  # what had no room, and what becomes of it

    def _key(self, key):
        """The key itself, that of all further categories of its column, or None: no room."""
        name, value = key
        if key in self.born or self.columns.get(name) is False:
            return key
        room = self.most - self._n_told
        if value is not None:
            if self._told[name] < MOST_CATEGORIES and room > self._kept:
                return key
            key = name, OTHER
        return key if room > 0 or key in self.born else None

    def is_new(self, key):
        """True for a category or missing cell never met; of what is ignored none can be told."""
        key = self._key(key)
        return key is not None and key not in self.born

    def _enrol(self, key):
        """Give a key the next place among the born inputs."""
        self.born[key] = len(self.born)
        if self.columns.get(key[0]) is not False:
            self._n_told += 1
            self._told[key[0]] += key[1] not in (None, OTHER)
            if key[1] == OTHER and self._told[key[0]] < MOST_CATEGORIES:
                self.untold.append((key[0], "further categories share one input"))
            if self._n_told == self.most:
                self.untold.append(("any column", "new categories and columns are ignored"))

    def _why_born(self, key):
        """The cause of an input of a key, for the log."""
        text = self.columns.get(key[0]) is not False
        if text and self._n_told + 1 >= self.most:
            return "the last category or gap with room for an input: later ones are ignored"
        if key[1] is None:
            return "first missing cell"
        few = key[1] == OTHER and self._told[key[0]] < MOST_CATEGORIES
        return "a category without room for an input of its own" if few else "new category"
