"""Checks and small services at a model's door."""

import contextlib
import signal
import threading

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import DataError
from growgraph.models.base import kinds_of, one_kind

_PIECE = 1024  # rows learnt between two looks at progress and Ctrl-C


def merged(known, labels):
    """Sorted labels of old and new; raises if they cannot be put in order."""
    if len(known):
        if labels.dtype == known.dtype and labels.size == 1 and labels[0] in known:
            return known  # one row at a time: nothing new
        kinds = kinds_of(known) | kinds_of(labels)
        if len(kinds) > 1:  # numpy would make strings of the numbers
            raise DataError(one_kind(kinds))
        both = np.concatenate([known, labels])
        if both.dtype.kind == "f" and "f" not in (labels.dtype.kind, known.dtype.kind):
            raise DataError(
                f"y holds {labels.dtype} and learning began with {known.dtype}, which no integer "
                f"type holds together: give labels as {known.dtype}"
            )
        labels = both
    return np.unique(labels)


def spans(total):
    """Bounds of the pieces between which progress is told and Ctrl-C is heard."""
    return [(a, min(a + _PIECE, total)) for a in range(0, total, _PIECE)]


@contextlib.contextmanager
def undisturbed():
    """Ctrl-C waits until the block is done, so that a piece is learnt wholly or not at all."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    before, heard = signal.getsignal(signal.SIGINT), []
    if not callable(before):  # ignored, or not set from Python
        yield
        return
    signal.signal(signal.SIGINT, lambda *call: heard.append(call))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if heard:
        before(*heard[0])


@contextlib.contextmanager
def telling(progress, total):
    """A function (samples done, model) that tells progress as the parameter asks for it."""
    if callable(progress):
        yield lambda done, model: progress(done, total, model)
    elif progress:
        from tqdm.auto import tqdm

        def tell(done, model):
            bar.update(done - bar.n)
            bar.set_postfix(model._figures())

        with tqdm(total=total, unit=" samples", mininterval=0.5) as bar:
            yield tell
    else:
        yield lambda done, model: None


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
