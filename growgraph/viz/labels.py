"""Putting words beside marks: never over a mark, never over each other, else left out."""

import numpy as np

_WIDE = 0.58  # mean width of a letter in units of the font size
_HIGH = 1.25


def place(words, x, y, radius, width, height, size, prefer):
    """Find room for words beside marks.

    Parameters
    ----------
    words : list of str
        "" for none; earlier ones choose first where ``prefer`` is equal.
    x, y, radius : ndarray of float [marks]
        In points, y upwards.
    width, height : float
        Of the whole picture, in points.
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
        wide, high = _WIDE * size * len(words[i]), _HIGH * size
        for side in dict.fromkeys([prefer[i], "right", "below", "above", "left"]):
            px, py = _anchor(x[i], y[i], radius[i] + 2.5, side)
            box = _box(px, py, wide, high, side)
            inside = box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height
            if inside and not _hits(box, boxes) and not _hits(box, placed):
                placed = np.vstack([placed, box])
                found.append((int(i), px, py, side))
                break
    return found


def width_of(words, size):
    """Width in points of the longest of some words."""
    return _WIDE * size * max((len(w) for w in words), default=0)


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
