"""Checks and small services at a model's door."""

import contextlib

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import DataError
from growgraph.models.base import kinds_of, one_kind

_PROGRESS_ROWS = 1024


def merged(known, labels):
    """Sorted labels of old and new; raises if they cannot be put in order."""
    if len(known):
        kinds = kinds_of(known) | kinds_of(labels)
        if len(kinds) > 1:  # numpy would make strings of the numbers
            raise DataError(one_kind(kinds))
        labels = np.concatenate([known, labels])
    return np.unique(labels)


def spans(total, progress):
    """Bounds of the pieces between which progress is told."""
    step = _PROGRESS_ROWS if progress else max(total, 1)
    return [(a, min(a + step, total)) for a in range(0, total, step)]


@contextlib.contextmanager
def telling(progress, total):
    """A function (samples done, model) that tells progress as the parameter asks for it."""
    if callable(progress):
        yield lambda done, model: progress(done, total, model)
    elif progress:
        from tqdm.auto import tqdm

        def tell(done, model):
            bar.update(done - bar.n)
            bar.set_postfix(accuracy=f"{model.prequential_accuracy_:.3f}",
                            nodes=model.graph_.n_nodes)  # fmt: skip

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
