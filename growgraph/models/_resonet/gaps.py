"""Rows of a table with cells as never met: how much of the answer hangs on them."""

import numpy as np

from growgraph.models._resonet.imagine import own_units
from growgraph.senses.columns import Rows

_WORLDS = 16  # ways in which the cells are filled
_PIECE = 256  # rows filled at a time


def unmet(core, rows):
    """Cells as never met in learning: a category, a gap in a column that had none, a far number.

    Returns
    -------
    list of (row, (column, category, None for missing, or number))
        By row. A gap in a column that is not known at all is none. A number is far where it is new
        ground: the scale ends at six spreads, so that concepts do not see how far.
    """
    sense = core.sense
    if sense.kind != "table":
        return []
    met = [
        (row, key)
        for row, key in rows.marks
        if (key[1] is not None or key[0] in sense.columns) and sense.is_new(key)
    ]
    far = np.argwhere(sense.beyond(rows.numbers)).tolist()
    if not far:
        return met
    met += [(row, (sense.numeric[i], float(rows.numbers[row, i]))) for row, i in far]
    return sorted(met, key=lambda cell: cell[0])


def share_unmet(core, rows, cells):
    """Share of each row's columns whose cell was never met."""
    if not cells:
        return np.zeros(len(rows))
    count = np.bincount([row for row, _ in cells], minlength=len(rows))
    return np.minimum(count / max(len(core.sense.columns), 1), 1.0)


def steadiness(core, rows, cells, answer):
    """Share of ways to fill cells never met in which the answer stays.

    In each a number is the mean of a class, drawn as often as the class was met, and a text is one
    of those its column has shown. An answer that the other cells give alone is steady in all.

    Parameters
    ----------
    core : Core
    rows : Rows
    cells : list
        Of :func:`unmet`.
    answer : ndarray of int64 [batch]
        Numbers of classes in the sequence of arrival.

    Returns
    -------
    ndarray of float64 [batch]
    """
    out = np.ones(len(rows))
    met = sorted({row for row, _ in cells})
    for first in range(0, len(met), _PIECE):
        some = met[first : first + _PIECE]
        here = {row: i for i, row in enumerate(some)}
        mine = [(here[row], key) for row, key in cells if row in here]
        marks = [(here[row], key) for row, key in rows.marks if row in here]
        filled = _filled(core, rows.numbers[some], marks, mine)
        said = core.scores(filled).argmax(axis=1).reshape(len(some), _WORLDS)
        out[some] = (said == answer[some][:, None]).mean(axis=1)
    return out


def _filled(core, numbers, marks, cells):
    """Each row in all worlds, one after the other."""
    sense, means = core.sense, _means(core)
    shown: dict = {name: [] for name in sense.columns}
    for name, value in sense.born:
        if value is not None and sense.columns.get(name):
            shown[name].append(value)
    numbers, unknown = np.repeat(numbers, _WORLDS, axis=0), set(cells)
    for row, (name, value) in cells:
        if isinstance(value, float):
            i = sense.numeric.index(name)
            worlds = means[:, i] if i < sense.early else sense.centre[i]
            numbers[row * _WORLDS : (row + 1) * _WORLDS, i] = worlds
    out = []
    for row, key in marks:
        name = key[0]
        for world in range(_WORLDS):
            at = row * _WORLDS + world
            if (row, key) not in unknown:
                out.append((at, key))
            elif sense.columns.get(name) is False:
                i = sense.numeric.index(name)
                numbers[at, i] = means[world, i]
            elif shown.get(name):
                out.append((at, (name, shown[name][world % len(shown[name])])))
    return Rows(numbers, sorted(out, key=lambda mark: mark[0]))


def _means(core):
    """Means of the numeric columns, [worlds, columns]: of classes as often as they were met."""
    concepts, d = core.concepts, core.sense.early
    counts = np.cumsum(concepts.counts)
    drawn = np.searchsorted(counts, (np.arange(_WORLDS) + 0.5) / _WORLDS * counts[-1])
    parts = [core.graph.weights(p)[:d] for p in concepts.prototypes[:, 0].tolist()]
    return own_units(core, np.array(parts, np.float64).reshape(len(parts), d))[drawn]
