"""How well each class is known: a row for each, the hardest on top."""

from dataclasses import dataclass

import numpy as np

from growgraph.viz import labels
from growgraph.viz.canvas import FONT

_ROW = 10.0  # points
_NAME = 44.0  # points for the name of a class
_VALUE = 36.0  # points for its accuracy
_SMALL = FONT - 0.5
_TOLD = 3  # where more are hardest, one less is named


@dataclass
class Classes:
    """Classes that were met, the hardest first.

    Attributes
    ----------
    names : list of str
    accuracy : ndarray of float
        Share of the rows of each that were answered rightly before they were learnt.
    rival : list of str
        What each is taken for most often, "" where that is not known.
    """

    names: list
    accuracy: np.ndarray
    rival: list

    def n_hardest(self):
        """How many share the lowest accuracy; 0 where all do."""
        n = int((self.accuracy == self.accuracy[0]).sum())
        return n if n < self.accuracy.size else 0

    def hardest(self):
        """Which classes are answered worst, in words; "" where all are answered alike."""
        n, value = self.n_hardest(), _figure(self.accuracy[0])
        if n == 0:
            return ""
        if n > 1:
            told = [_brief(name) for name in self.names[:n]]
            if n > _TOLD:
                told[_TOLD - 1 :] = [f"{n - _TOLD + 1:,} more"]
            return f"hardest classes: {', '.join(told[:-1])} and {told[-1]} (accuracy {value})"
        taken = f", most often taken for {_brief(self.rival[0])}" if self.rival[0] else ""
        return f"hardest class: {_brief(self.names[0])} (its accuracy {value}{taken})"


def classes_of(thing):
    """Read :class:`Classes` off what a model knows; None if it tells no accuracy of two or more."""
    table = thing.knowledge() if hasattr(thing, "knowledge") else None
    names = getattr(getattr(table, "dtype", None), "names", None) or ()
    if table is None or "label" not in names or "accuracy" not in names:
        return None
    accuracy = np.asarray(table["accuracy"], np.float64)
    order = np.argsort(accuracy, kind="stable")
    order = order[np.isfinite(accuracy[order])]
    if order.size < 2:
        return None
    rivals = table["rival"][order].tolist() if "rival" in names else [None] * order.size
    return Classes(
        [str(label) for label in table["label"][order].tolist()], accuracy[order],
        ["" if rival is None else str(rival) for rival in rivals],
    )  # fmt: skip


def draw_classes(figure, classes, look, left, high):
    """Accuracy of each class in the lower right corner of a figure; returns the axes."""
    box = figure.bbox
    wide, tall = np.array([box.width, box.height]) * 72 / figure.dpi
    rows = max(int((high * tall - 2.2 * _ROW) / _ROW), 1)
    n = min(classes.accuracy.size, rows)
    n -= n < classes.accuracy.size and n > 1  # room for what is left out
    top = high - 1.2 * _ROW / tall
    start = left + _NAME / wide
    end = max(min(0.95, 1 - _VALUE / wide), start + 0.01)
    ax = figure.add_axes((start, top - n * _ROW / tall, end - start, n * _ROW / tall))
    least = float(classes.accuracy[0])
    floor = least - 0.25 * max(1 - least, 0.02)
    for i in range(n):
        value, worst = classes.accuracy[i], i < classes.n_hardest()
        colour, shape = (look.marks[1], "D") if worst else (look.marks[0], "o")
        ax.plot([floor, value], [i, i], color=colour, linewidth=1.2)
        ax.plot([value], [i], shape, color=colour, markersize=4, clip_on=False)
        _say(ax, labels.shorten(classes.names[i], _NAME - 6, _SMALL), 0, i, -4, look.ink)
        _say(ax, f"{value:.3f}", 1, i, 4, look.ink)
    ax.set_xlim(floor, 1)
    ax.set_ylim(n - 0.5, -0.5)
    ax.axis("off")
    figure.text(left, high, "accuracy by class", fontsize=FONT, color=look.ink, va="top")
    left_out = classes.accuracy.size - n
    if left_out:
        easier = "are easier" if classes.accuracy[n] > classes.accuracy[n - 1] else "are not harder"
        _say(ax, f"{left_out:,} more {easier}", 0, n, -_NAME, look.faint, ha="left")
    return ax


def _figure(accuracy):
    return f"{accuracy:.3f}" if accuracy > 0 else "0"


def _brief(name):
    return name if len(name) <= 20 else name[:19] + "…"


def _say(ax, word, x, row, off, colour, ha=None):
    """A word at an end of a row, so many points off it."""
    ax.annotate(
        word, (x, row), (off, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        ha=ha or ("right" if off < 0 else "left"), va="center", fontsize=_SMALL, color=colour,
        annotation_clip=False, parse_math=False,
    )  # fmt: skip
