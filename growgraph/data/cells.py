"""Cells of one column as numbers, dates or text; what a cell becomes depends on that cell only."""

import datetime
import re

import numpy as np

from growgraph.data.files import MISSING
from growgraph.errors import DataError

_DATE = re.compile(r"\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?")
_COMMA = r"^\s*([+-]?\d+),(\d+)\s*$"  # a number with a decimal comma
_MOST = 0.95  # share of numbers that makes a column of cells of text one of numbers
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICRO = 1e6  # microseconds a second


def is_string(type_):
    """True for the string types of Arrow."""
    import pyarrow.types as t

    return t.is_string(type_) or t.is_large_string(type_) or t.is_string_view(type_)


def plain(array):
    """The array without a dictionary or a null type."""
    import pyarrow as pa
    import pyarrow.types as t

    if t.is_dictionary(array.type):
        array = array.cast(array.type.value_type)
    if t.is_null(array.type):
        array = array.cast(pa.string())
    return array


def natural_kind(array, name):
    """Kind that an array's own type stands for; None when cells of text must tell.

    Raises
    ------
    DataError
        For lists, maps, raw bytes and other cells that are no single value.
    """
    import pyarrow.types as t

    type_ = array.type
    if is_string(type_):
        return None
    if t.is_boolean(type_):
        return "text"
    if t.is_integer(type_) or t.is_floating(type_) or t.is_decimal(type_):
        return "number"
    if t.is_temporal(type_):
        return "date"
    raise DataError(f"column {name!r} holds cells of type {type_}: leave it out with --drop {name}")


def text_kind(array, *, free_text=True, comma=False, share=_MOST):
    """What the strings of a sample look like: number, date, text, skip, or None (no cell).

    ``share`` of the cells must be numbers (dates) for a column of them; ``comma`` allows decimal
    commas.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = array.drop_null()
    if len(cells) == 0:
        return None
    for kind in ("number", "date"):
        values, left = as_floats(cells, kind, comma=comma)
        right, wrong = (~np.isnan(values)).sum(), count_text(left)
        if right + wrong == 0:
            return None
        if right >= share * (right + wrong):
            return kind
    distinct = len(pc.unique(cells)) if free_text else 0
    if isinstance(cells, pa.ChunkedArray):
        cells = cells.combine_chunks()
    many = len(cells) >= 100 and distinct > len(cells) / 2
    return "skip" if many else "text"


def count_text(left):
    """Number of cells of text that :func:`as_floats` has left."""
    return 0 if left is None else int(np.count_nonzero(left != None))  # noqa: E711 (an array)


def decimal_comma(array):
    """Place of the first cell with a decimal comma, or None."""
    import pyarrow.compute as pc

    if not is_string(array.type):
        return None
    found = pc.fill_null(pc.match_substring_regex(array, _COMMA), False)
    place = pc.index(found, True).as_py()
    return None if place < 0 else place


def as_floats(array, kind, *, comma=False):
    """Cells as numbers.

    Parameters
    ----------
    array : pyarrow.Array
        Without dictionary, see :func:`plain`.
    kind : {"number", "date"}
        A date becomes seconds since 1970, as in DataFrames.
    comma : bool
        Whether 1,5 is a number.

    Returns
    -------
    values : ndarray of float64
        NaN where the cell is missing or no number.
    left : ndarray of object or None
        The text of the cells that are neither missing nor a number, None elsewhere; None when
        there is no such cell.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if is_string(array.type):
        if kind == "number":
            if comma:
                array = pc.replace_substring_regex(array, _COMMA, r"\1.\2")
            try:
                return _to_numpy(pc.cast(array, pa.float64())), None
            except pa.ArrowInvalid:
                pass
        return _parse(array, _number if kind == "number" else _date)
    if pa.types.is_temporal(array.type):
        return _seconds(array), None
    if pa.types.is_boolean(array.type):
        array = pc.cast(array, pa.int8())
    return _to_numpy(pc.cast(array, pa.float64(), safe=False)), None


def _to_numpy(array):
    return array.to_numpy(zero_copy_only=False) if hasattr(array, "buffers") else array.to_numpy()


def _parse(array, parse):
    """Numbers by a Python parser, for cells the fast path does not read."""
    values = np.full(len(array), np.nan)
    left = None
    for i, cell in enumerate(array.to_pylist()):
        cell = cell if cell is None else cell.strip()
        if cell is None or cell in MISSING:
            continue
        value = parse(cell)
        if value is None:
            left = np.full(len(array), None) if left is None else left
            left[i] = cell
        else:
            values[i] = value
    return values, left


def _number(cell):
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        return None


def _date(cell):
    if not _DATE.fullmatch(cell):
        return None
    try:
        moment = datetime.datetime.fromisoformat(cell)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return (moment - _EPOCH).total_seconds()


def _seconds(array):
    import pyarrow as pa
    import pyarrow.compute as pc

    t = pa.types
    if t.is_duration(array.type):
        ticks = pc.cast(array, pa.duration("us"), safe=False)
    elif t.is_time(array.type):
        ticks = pc.cast(array, pa.time64("us"), safe=False)
    else:
        ticks = pc.cast(array, pa.timestamp("us", getattr(array.type, "tz", None)), safe=False)
    return _to_numpy(pc.cast(pc.cast(ticks, pa.int64()), pa.float64(), safe=False)) / _MICRO


def as_text(array):
    """Cells as an object array of trimmed str, None where missing."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not is_string(array.type):
        array = pc.cast(array, pa.string())
    coded = pc.utf8_trim_whitespace(array).dictionary_encode()  # one str object for each word
    if isinstance(coded, pa.ChunkedArray):
        coded = coded.combine_chunks()
    words = coded.dictionary.to_pylist()
    table = np.array([*(None if word in MISSING else word for word in words), None], dtype=object)
    return table[pc.fill_null(coded.indices, len(words)).to_numpy(zero_copy_only=False)]
