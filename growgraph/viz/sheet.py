"""Where things stand in a picture of growth: as at 10 x 6.4 inches, in smaller ones tighter."""

from dataclasses import dataclass

import numpy as np

from growgraph.viz import labels
from growgraph.viz.canvas import FONT

MOMENTS = 4
_PANEL = 74.0  # points: narrower moments are fewer
_ASIDE = 0.17  # of the width for what stands at the right
_NAMES = 0.115  # of the width for the names of rows, and at least so many points
_NAMES_LEAST = 68.0
_LOW, _HIGH = 0.07, 0.455  # of the height: where rows over time begin and end
_LOW_LEAST, _ROWS_LEAST = 25.5, 162.0  # points
_HIGHEST = 0.53
_TOP, _TALL = 0.88, 0.38  # of the height: moments
_TITLE = FONT + 3.0  # points of the line above a moment
_HEAD, _HEAD_TOP = FONT + 2, 0.972
_HEAD_LINE, _HEAD_LINES = 1.4 * _HEAD, 3
_ENTRY = 12.4  # points of a line of the legend
_LANES, _LANE = 8, 8.0  # at most so many; points of one, at least
ROW_GAP = 0.028  # of the height, between rows over time


@dataclass
class Sheet:
    """Places of a figure in shares of its width and height.

    Attributes
    ----------
    wide, tall : float
        Points.
    head : str
        The headline, in as many lines as it takes.
    left, right : float
        Where rows over time begin and end; what stands at the right begins there.
    low, high : float
        Where they begin and end upwards.
    bottom, top : float
        Of the moments.
    moments : int
        How many of them have room.
    """

    wide: float
    tall: float
    head: str
    left: float
    right: float
    low: float
    high: float
    bottom: float
    top: float
    moments: int

    def column(self):
        """Width of a moment."""
        return self.right / self.moments

    def entries(self, n):
        """Of n lines of a legend how many have room beside the moments, and the space between."""
        room = (self.top - self.high - 0.01) * self.tall
        spacing = 0.5 if n * _ENTRY <= room else 0.2
        return max(int(room / (_ENTRY - (0.5 - spacing) * FONT)), 1), spacing

    def lanes(self, n):
        """Share of the rows that n lanes take."""
        least = ((n + 0.2) * _LANE + ROW_GAP * self.tall) / ((self.high - self.low) * self.tall)
        return min(max(min(0.12 + 0.05 * n, 0.45), least), 0.5) if n else 0.0

    def most_lanes(self):
        """How many lanes have room."""
        room = (0.5 * (self.high - self.low) - ROW_GAP) * self.tall
        return int(np.clip(room / _LANE - 0.2, 2, _LANES))

    def titles(self, forms):
        """Of several ways to say the same of each moment, the first of which all have room."""
        room = self.column() * self.wide - 5
        for words in forms:
            if labels.width_of(words, FONT) <= room:
                return words
        return [labels.shorten(word, room, FONT) for word in forms[-1]]


def sheet_of(figure, headline, legend):
    """Share a figure out.

    Parameters
    ----------
    figure : Figure or SubFigure
    headline : str
    legend : list of str
        What is written beside the moments.

    Returns
    -------
    Sheet
    """
    wide, tall = np.array([figure.bbox.width, figure.bbox.height]) * 72 / figure.dpi
    head = lines_of(headline, 0.976 * wide)
    aside = max(_ASIDE * wide, _ASIDE * 720, labels.width_of(legend, FONT) + 0.01 * wide + 30)
    right = max(1 - aside / wide, 0.4)
    low = min(max(_LOW, _LOW_LEAST / tall), 0.2)
    high = min(max(_HIGH, low + _ROWS_LEAST / tall), _HIGHEST)
    top = 1 - ((1 - _HEAD_TOP) * tall + len(head) * _HEAD_LINE + _TITLE) / tall
    moments = int(np.clip(right * wide / _PANEL, 2, MOMENTS))
    return Sheet(
        wide, tall, "\n".join(head), min(max(_NAMES, _NAMES_LEAST / wide), 0.3), right, low, high,
        high + (_TOP - _TALL - _HIGH), min(_TOP, top), moments,
    )  # fmt: skip


def lines_of(headline, room):
    """A headline in lines of so many points: parted where a new thought begins, else at words."""
    if labels.width_of([headline], _HEAD) <= room:
        return [headline]
    lines: list[str] = []
    for thought in headline.split("; "):
        line = ""
        for word in thought.split(" "):
            longer = f"{line} {word}".strip()
            if line and labels.width_of([longer], _HEAD) > room:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    if len(lines) > _HEAD_LINES:
        lines = [*lines[: _HEAD_LINES - 1], " ".join(lines[_HEAD_LINES - 1 :])]
    return [labels.shorten(line, room, _HEAD) for line in lines]
