"""Checks and small services at a model's door."""

import contextlib
import signal
import sys
import threading
import time

import numpy as np

from growgraph._progress import Course, in_words
from growgraph._random import seed_of
from growgraph._validation import check_number
from growgraph.errors import DataError
from growgraph.senses.categories import most_inputs

# what signal itself calls, without its wrappers that turn numbers into words: 8 us a block
_raw = sys.modules.get("_signal", signal)
_handler_of, _handle = _raw.getsignal, _raw.signal
_PIECE = 1024  # rows learnt between two times that Ctrl-C is heard
_TOLD = 256  # the same where progress is told: short enough to be watched
_REDRAW = 0.5  # seconds between two states of the bar


def kinds_of(labels):
    """Which of "numbers", "strings" or other types an array of labels holds."""
    if labels.dtype.kind in "biuf":
        return {"numbers"}
    if labels.dtype.kind == "U":
        return {"strings"}
    types = {type(v) for v in labels.tolist()}
    return {"numbers" if issubclass(t, (bool, int, float, np.number)) else
            "strings" if issubclass(t, str) else t.__name__ for t in types}  # fmt: skip


def one_kind(kinds):
    """The message for labels that cannot be put in order."""
    return (
        f"y must hold labels of one kind that can be ordered, got {' and '.join(sorted(kinds))}: "
        "make them all strings or all numbers"
    )


def merged(known, labels):
    """Sorted labels of old and new; raises if they cannot be put in order."""
    if len(known) and labels.dtype == known.dtype and labels.size == 1 and labels[0] in known:
        return known  # one row at a time: nothing new
    kinds = kinds_of(labels)
    if kinds - {"numbers", "strings"}:  # of which a file could not tell
        raise DataError(
            f"y must hold numbers or strings, got {' and '.join(sorted(kinds))}: make them strings"
        )
    if len(known):
        kinds |= kinds_of(known)
        if len(kinds) > 1:  # numpy would make strings of the numbers
            raise DataError(one_kind(kinds))
        both = np.concatenate([known, labels])
        if both.dtype.kind == "f" and both.tolist() != [*known.tolist(), *labels.tolist()]:
            raise DataError(
                f"y holds {labels.dtype} and learning began with {known.dtype}, and there are "
                f"integers too large for floats: give labels as {known.dtype}"
            )
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
    """The label as Python's if y is an array or list of one, of the type known; else None."""
    if type(y) is list and len(y) == 1 and type(y[0]) is int:
        return y[0] if known.dtype == np.int64 else None
    if type(y) is np.ndarray and y.shape == (1,) and y.dtype == known.dtype:
        return y.item() if y.dtype.kind in "iuU" else None
    return None


def spans(total, progress):
    """Bounds of the pieces between which progress is told and Ctrl-C is heard."""
    piece = _TOLD if progress else _PIECE
    return [(a, min(a + piece, total)) for a in range(0, total, piece)]


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


def check_progress(progress):
    """Raise unless progress can be told so."""
    if not (progress is None or isinstance(progress, (bool, int)) or callable(progress)):
        raise ValueError(
            f"progress must be None, True or a function of (samples done, samples in all, model), "
            f"got {progress!r}"
        )
    if progress and not callable(progress):
        _bar()  # loaded before anything changes: it may fail, and Ctrl-C may come meanwhile


def _bar():
    from tqdm.auto import tqdm

    return tqdm


@contextlib.contextmanager
def telling(progress, total):
    """A function (samples done, model) that tells progress as the parameter asks for it."""
    check_progress(progress)
    if callable(progress):
        yield lambda done, model: progress(done, total, model)
    elif progress:
        course, told = Course(), time.monotonic()

        def tell(done, model):
            nonlocal told
            now = time.monotonic()
            if done < total and now - told < _REDRAW:
                return
            told = now
            bar.set_postfix_str(in_words(course.look(done, model)), refresh=False)
            bar.update(done - bar.n)

        with _bar()(total=total, unit=" samples", mininterval=0) as bar:
            yield tell
    else:
        yield lambda done, model: None


def limits(model):
    """Seed and limits of growth, checked, as options of a core."""
    return {
        "seed": seed_of(model.random_state),
        "max_nodes": optional("max_nodes", model.max_nodes),
        "max_bytes": optional("max_bytes", model.max_bytes),
    }


def newborn(X, image_shape, options, core, table, retina):
    """A core that has seen nothing, with the sense that X asks for.

    Parameters
    ----------
    X : array, DataFrame or dict of columns
    image_shape : (int, int) or None
        None: X is a table.
    options : dict
        Checked, with those of :func:`limits`.
    core, table, retina : type
        Of the core and of its senses.
    """
    if image_shape is None:
        most = most_inputs(options["max_nodes"], options["max_bytes"])
        return core(table(table.columns_of(X), options["seed"], most), options)
    return core(retina(checked_shape(image_shape), options["seed"]), options)


def optional(name, value):
    """A number of 1 or more, or None."""
    return None if value is None else check_number(name, value, 1, integer=True)


def checked_shape(shape):
    try:
        rows, columns = shape
        return tuple(check_number("image_shape", s, 4, 512, integer=True) for s in (rows, columns))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"image_shape must be two integers from 4 to 512, rows and columns, got {shape!r}"
        ) from error
