"""All checks of what users hand in: one place, one voice (parameter, value, fix)."""

from math import isfinite

import numpy as np

from growgraph.errors import DataError, GraphError

_FEW = 64
_MOST = float(np.finfo(np.float32).max)


def check_choice(name, value, choices):
    """Raise unless ``value`` is one of ``choices``; returns it."""
    if value not in choices:
        known = ", ".join(repr(c) for c in choices)
        raise ValueError(f"{name} must be one of {known}, got {value!r}")
    return value


def check_number(name, value, low=None, high=None, *, integer=False):
    """Raise unless ``value`` is a finite number in [low, high]; returns it as int or float."""
    kind = (int, np.integer) if integer else (int, float, np.integer, np.floating)
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, kind):
        wanted = "an integer" if integer else "a number"
        raise TypeError(f"{name} must be {wanted}, got {value!r}")
    try:
        finite = isfinite(value)
    except OverflowError:  # an integer beyond float64
        finite = False
    if not finite:
        raise ValueError(f"{name} must be finite, got {value!r}")
    if (low is not None and value < low) or (high is not None and value > high):
        bounds = f"in [{'-inf' if low is None else low}, {'inf' if high is None else high}]"
        raise ValueError(f"{name} must be {bounds}, got {value!r}")
    return int(value) if integer else float(value)


def as_ids(name, nodes):
    """Node ids as a contiguous int64 array; a single id becomes an array of one."""
    if type(nodes) is np.ndarray and nodes.dtype == np.int64 and nodes.ndim == 1:
        if nodes.flags.carray:
            return nodes
    elif type(nodes) is int and -(2**63) <= nodes < 2**63:
        return np.array([nodes], np.int64)
    try:
        ids = np.asarray(nodes)
        if ids.dtype == np.int64 and ids.ndim == 1 and ids.flags.carray:
            return ids
        ids = np.atleast_1d(ids)
    except (TypeError, ValueError) as error:
        raise GraphError(f"{name} must be node ids, got {nodes!r}") from error
    if ids.size == 0:
        return np.empty(0, np.int64)
    if ids.ndim != 1 or ids.dtype.kind not in "iu":
        raise GraphError(f"{name} must be integer node ids, got {nodes!r}")
    # read-only memory is another type to the compiler: a kernel of its own
    return np.require(ids, np.int64, ["C", "ALIGNED", "WRITEABLE"])


def check_distinct(name, ids):
    """Raise if an id is named twice."""
    if ids.size > 1:
        rank = np.sort(ids)
        if (rank[1:] == rank[:-1]).any():
            raise GraphError(f"{name} must name each node once, got {ids.tolist()!r}")


def as_float64(name, values, shape):
    """Finite float64 values broadcast to ``shape``, contiguous."""
    try:
        held = np.asarray(values)
        if held.dtype.kind == "c" or _holds_text(held):
            raise TypeError(f"numpy would convert {held.dtype}")
        array = np.array(np.broadcast_to(held.astype(np.float64), shape), order="C")
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"{name} must be numbers of shape {tuple(shape)}, got {_shape_or_value(values)}"
        ) from error
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite numbers, got {_first_bad(array)}")
    return array


def _holds_text(array):
    """True for arrays of text, which numpy would read as numbers."""
    if array.dtype.kind == "O":
        return any(isinstance(value, (str, bytes)) for value in array.flat)
    return array.dtype.kind in "US"


def as_float32(name, values, shape):
    """Finite float32 values broadcast to ``shape``, contiguous; perhaps ``values`` themselves."""
    if type(values) is float or type(values) is int:
        if -_MOST <= values <= _MOST:
            return np.full(shape, values, np.float32)
    elif type(values) is np.ndarray and values.dtype == np.float32:
        fits = values.shape == shape or (1, *values.shape) == shape
        if fits and values.flags.carray and _is_finite(values):
            return values.reshape(shape)
    elif type(values) is list or type(values) is tuple:
        held = _floats_of(values)
        if held is not None and (held.shape == shape or (1, *held.shape) == shape):
            return held.astype(np.float32).reshape(shape)
    array = as_float64(name, values, shape)
    with np.errstate(over="ignore"):
        out = array.astype(np.float32)
    if not np.isfinite(out).all():
        worst = array.flat[np.argmax(np.abs(array))]
        raise ValueError(f"{name} must be numbers that float32 holds (below 3.4e38), got {worst}")
    return out


def _floats_of(values):
    """Python floats in a list or tuple that float32 holds, as an array; None if they are not."""
    if len(values) > _FEW or not all(
        type(value) is float and -_MOST <= value <= _MOST for value in values
    ):
        return None
    return np.array(values, np.float64)


def _is_finite(values):
    """True if all are finite; a few numbers are quicker summed up in Python than asked by numpy."""
    flat = values.ravel()
    if flat.size <= _FEW:
        return isfinite(sum(flat.tolist()))  # of float32 in float64: no sum of a few overflows
    return bool(np.isfinite(flat).all())


def _shape_or_value(values):
    shape = getattr(values, "shape", None)
    return f"shape {shape}" if shape else repr(values)


def _first_bad(array):
    place = np.argwhere(~np.isfinite(array))[0]
    return f"{array[tuple(place)]} at {tuple(int(i) for i in place)}"


def dense_rows(X, name="X"):
    """Rows of numbers as a float64 or float32 array [rows, columns] (no copy if it is one).

    Takes numpy arrays, scipy sparse matrices, DataFrames and nested lists.
    """
    if type(X) is np.ndarray and X.dtype in (np.float32, np.float64):
        return X
    if hasattr(X, "toarray"):
        X = X.toarray()
    elif hasattr(X, "to_numpy"):
        X = X.to_numpy()
    array = np.asarray(X)
    if array.dtype.kind == "c":
        raise ValueError(f"{name}: Complex data not supported, got dtype {array.dtype}")
    if array.dtype.kind not in "fiub":
        array = _numbers_of_objects(array, name)
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    return array


def _numbers_of_objects(array, name):
    if _holds_text(array):
        text = next(v for v in array.ravel().tolist() if isinstance(v, (str, bytes)))
        raise ValueError(f"{name} must hold numbers, got the text {text!r}: convert it first")
    try:
        return array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must hold numbers, got {_example(array)}: {error}") from error


def _example(array):
    return repr(array.flat[0]) if array.size else f"dtype {array.dtype}"


def check_finite(array, name="X", *, table=False):
    """Raise on NaN or infinity, naming the first; of a ``table`` say where a cell may be empty."""
    if not np.isfinite(array).all():
        row = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        missing = np.isnan(array[row])
        fix = "remove the row or fill the value in"
        if missing and table:
            fix = (
                "remove the row, fill the value in, or give the data as a file or DataFrame, where "
                "an empty cell is a state of its own"
            )
        raise DataError(f"{name} contains {'NaN' if missing else 'infinity'} at {row}: {fix}")


def check_unmasked(name, array):
    """Raise where a masked array hides a value: numpy would hand on what stands behind the mask."""
    if isinstance(array, np.ma.MaskedArray) and np.ma.getmaskarray(array).any():
        place = tuple(int(i) for i in np.argwhere(np.ma.getmaskarray(array))[0])
        raise DataError(
            f"{name} is masked at {place if len(place) > 1 else place[0]}: drop the row, or give "
            "columns as a dict, where a masked cell is a missing one"
        )
