"""How results are printed: as tables."""

import numpy as np

_MOST = 12  # rows


class Told:
    """A dataclass of arrays, one entry a sample each; ``_SHOWN`` names those that are printed.

    Of many samples the middle is left out.
    """

    _SHOWN: tuple = ()

    def __repr__(self):
        columns = {name: getattr(self, name) for name in self._SHOWN}
        n = len(columns[self._SHOWN[0]])
        ends = np.r_[: _MOST // 2, n - _MOST // 2 : n] if n > _MOST else np.arange(n)
        table = [("", *columns)]
        table += [(str(i), *(_cell(v[i]) for v in columns.values())) for i in ends.tolist()]
        wide = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(c.rjust(w) for c, w in zip(row, wide, strict=True)) for row in table]
        if n > _MOST:
            lines.insert(1 + _MOST // 2, "...")
        head = f"{type(self).__name__} of {n:,} sample{'s' if n != 1 else ''}"
        return "\n".join([head, *(line.rstrip() for line in lines)])


def _cell(value):
    """A value, or a row of values, as short text."""
    if isinstance(value, np.ndarray):
        return ", ".join(_cell(v) for v in value)
    if isinstance(value, float | np.floating):
        value = float(value)
        plain = value == 0 or 0.001 <= abs(value) < 10_000
        return f"{value:.3f}" if plain else f"{value:.4g}"
    return str(value)


class Knowledge(np.ndarray):
    """A structured array, one row a class, that prints as a table with the names of its columns."""

    def __getitem__(self, key):
        """A column as a plain array, a row or some rows as they are."""
        found = super().__getitem__(key)
        plain = isinstance(found, np.ndarray) and found.dtype.names is None
        return found.view(np.ndarray) if plain else found

    def __str__(self):
        names = self.dtype.names or ()
        lines = [list(names)] + [
            [_figure(row[name]) for name in names] for row in np.atleast_1d(self)
        ]
        wide = [max(len(line[i]) for line in lines) for i in range(len(names))]
        return "\n".join(
            "  ".join(text.rjust(n) for text, n in zip(line, wide, strict=True)) for line in lines
        )

    __repr__ = __str__


def _figure(value):
    """A cell of the table in words."""
    return f"{value:.3f}" if isinstance(value, (float, np.floating)) else str(value)
