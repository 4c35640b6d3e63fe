"""How results that have one entry a sample are printed: a table, its middle left out."""

import numpy as np

_MOST = 12  # rows


class Told:
    """A dataclass of arrays, one entry a sample each; ``_SHOWN`` names those that are printed."""

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
