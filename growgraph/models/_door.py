"""Checks and small services at a model's door."""

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import DataError

_PROGRESS_ROWS = 1024


def merged(known, labels):
    """Sorted labels of old and new; raises if they cannot be put in order."""
    try:
        return np.unique(np.concatenate([known, labels]) if len(known) else labels)
    except TypeError as error:
        kinds = sorted({type(v).__name__ for v in [*np.asarray(known).tolist(), *labels.tolist()]})
        raise DataError(
            f"y must hold labels of one kind that can be ordered, got {' and '.join(kinds)}: make "
            "them all strings or all numbers"
        ) from error


def spans(total, progress):
    """Bounds of the pieces between which progress is told."""
    step = _PROGRESS_ROWS if progress else max(total, 1)
    return [(a, min(a + step, total)) for a in range(0, total, step)]


def bar(total):
    from tqdm.auto import tqdm

    return tqdm(total=total, unit=" samples", mininterval=0.5)


def optional(name, value):
    return None if value is None else check_number(name, value, 1, integer=True)


def checked_shape(shape):
    try:
        rows, columns = shape
        return tuple(check_number("image_shape", s, 4, 512, integer=True) for s in (rows, columns))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"image_shape must be two integers from 4 to 512, rows and columns, got {shape!r}"
        ) from error


def plain_params(params):
    """Constructor parameters as JSON holds them; what cannot be saved becomes None."""
    plain = {}
    for name, value in params.items():
        if isinstance(value, (np.integer, np.floating, np.bool_)):
            value = value.item()
        if isinstance(value, tuple):
            value = [int(v) for v in value]
        plain[name] = value if isinstance(value, (int, float, str, bool, list)) else None
    return plain
