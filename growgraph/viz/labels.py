"""Putting words beside marks: never over a mark, never over each other, else left out."""

import numpy as np

_HIGH = 1.2  # of a line, in units of the font size


def place(words, x, y, radius, room, size, prefer):
    """Find room for words beside marks.

    Parameters
    ----------
    words : list of str
        "" for none; earlier ones choose first where ``prefer`` is equal.
    x, y, radius : ndarray of float [marks]
        In points, y upwards.
    room : tuple of float
        Left, right, bottom and top of where words may stand, in points.
    size : float
        Font size in points.
    prefer : list of str
        The side to try first, by mark: "left", "right", "below" or "above".

    Returns
    -------
    list of (index, x, y, side)
        Where the word's edge (left, right) or middle (below, above) stands.
    """
    boxes = np.column_stack([x - radius, y - radius, x + radius, y + radius])
    placed, found = np.empty((0, 4)), []
    for i in np.flatnonzero([bool(w) for w in words]):
        wide, high = width_of([words[i]], size), _HIGH * size
        for side in dict.fromkeys([prefer[i], "right", "below", "above", "left"]):
            px, py = _anchor(x[i], y[i], radius[i] + 2.5, side)
            box = _box(px, py, wide, high, side)
            across = room[0] <= box[0] and box[2] <= room[1]
            inside = across and room[2] <= box[1] and box[3] <= room[3]
            if inside and not _hits(box, boxes) and not _hits(box, placed):
                placed = np.vstack([placed, box])
                found.append((int(i), px, py, side))
                break
    return found


def shorten(word, wide, size):
    """A word, cut with an ellipsis if it is wider than so many points."""
    if not word or width_of([word], size) <= wide:
        return word
    n = len(word) - 1
    while n > 1 and width_of([word[:n] + "…"], size) > wide:
        n -= 1
    return word[:n].rstrip() + "…"


def width_of(words, size):
    """Width in points of the longest of some words, in matplotlib's present font."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(size=size)
    widths = [text_to_path.get_text_width_height_descent(w, font, False)[0] for w in words if w]
    return max(widths, default=0.0)


def _anchor(x, y, off, side):
    dx, dy = {"left": (-off, 0), "right": (off, 0), "below": (0, -off), "above": (0, off)}[side]
    return x + dx, y + dy


def _box(x, y, wide, high, side):
    if side in ("left", "right"):
        left = x - wide if side == "left" else x
        return np.array([left, y - high / 2, left + wide, y + high / 2])
    low = y - high if side == "below" else y
    return np.array([x - wide / 2, low, x + wide / 2, low + high])


def _hits(box, others):
    return bool(
        (
            (box[0] < others[:, 2])
            & (box[2] > others[:, 0])
            & (box[1] < others[:, 3])
            & (box[3] > others[:, 1])
        ).any()
    )
