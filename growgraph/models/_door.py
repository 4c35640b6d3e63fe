"""Checks and small services at a model's door."""

import contextlib
import signal
import threading

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import DataError
from growgraph.models.base import kinds_of, one_kind

# without signal's own wrappers, which turn numbers into words: 10 us a block
_handler_of = getattr(signal.getsignal, "__wrapped__", signal.getsignal)
_handle = getattr(signal.signal, "__wrapped__", signal.signal)
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


def one_row(X, columns):
    """X as kernels take it if it is one row of so many float64; else None."""
    if type(X) is not np.ndarray or X.dtype != np.float64 or X.shape != (1, columns):
        return None
    return X if X.flags.carray else X.copy()


def one_label(y, known):
    """The label as Python's if y is an array of one, of the type known; else None."""
    if type(y) is np.ndarray and y.shape == (1,) and y.dtype == known.dtype:
        return y.item() if y.dtype.kind in "iuU" else None
    return None


def spans(total):
    """Bounds of the pieces between which progress is told and Ctrl-C is heard."""
    return [(a, min(a + _PIECE, total)) for a in range(0, total, _PIECE)]


class undisturbed:
    """Ctrl-C waits until the block is done, so that a piece is learnt wholly or not at all."""

    def __enter__(self):
        self._before = None  # signals reach the main thread only
        if threading.get_ident() == threading.main_thread().ident:
            before = _handler_of(signal.SIGINT)
            if callable(before):  # not ignored, and set from Python
                self._before = before
                self._heard: list[tuple] = []
                _handle(signal.SIGINT, lambda *call: self._heard.append(call))

    def __exit__(self, *exc):
        if self._before is not None:
            _handle(signal.SIGINT, self._before)
            if exc[0] is None and self._heard:
                self._before(*self._heard[0])


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
