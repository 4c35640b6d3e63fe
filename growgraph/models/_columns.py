"""Columns of a table by name: those that are known, new ones, and slips of the pen."""

import warnings

import numpy as np

from growgraph.errors import DataError
from growgraph.senses.columns import (
    as_columns,
    category,
    is_categorical,
    is_missing,
    listed,
    meant,
)

_CELLS, _NEW = 100, 0.95  # so many, so large a share of them different: names or dates, no kinds


def names_of(X):
    """Names of the columns of a dict or DataFrame, as text."""
    return [str(name) for name in (X if isinstance(X, dict) else X.columns)]


def some_of(X, wanted):
    """The columns of X of whose names ``wanted(name)`` is true."""
    if isinstance(X, dict):
        return {name: values for name, values in X.items() if wanted(str(name))}
    names = names_of(X)
    places = [i for i, name in enumerate(names) if wanted(name)]
    return X if len(places) == len(names) else X.iloc[:, places]


def known_columns(sense, X, learns, named=True):
    """X as a model that has learnt takes it.

    A column never met is left out, and told of if it has a cell, but where the model ``learns``.
    One that may be a slip of the pen is refused there: it would be learnt beside the one that is
    meant. So is any if learning began with an array, not with columns that were ``named``.
    """
    names = names_of(X)
    unknown = [name for name in names if not sense.knows(name)]
    if not unknown:
        return X
    slips = meant(unknown, [name for name in sense.columns if name not in names])
    if learns:
        if not named:
            raise DataError(
                f"column {unknown[0]!r} was not there when learning began with an array, whose "
                "columns have no names: begin with a DataFrame or a dict of columns"
            )
        for name, known in slips.items():
            raise DataError(
                f"column {name!r} is new and {known!r} is missing: did you mean {known!r}? Rename "
                f"it; if it is another column, give {known!r} too, with empty cells"
            )
        return X
    for name in _filled(X, unknown):
        hint = f": did you mean {slips[name]!r}?" if name in slips else ""
        warnings.warn(
            f"column {name!r} was not learnt and is ignored{hint} (known: {listed(sense.columns)})",
            UserWarning, stacklevel=2,
        )  # fmt: skip
    known = some_of(X, sense.knows)
    if not names_of(known):
        raise DataError(f"X has no column that was learnt (known: {listed(sense.columns)})")
    return known


def with_newcomers(sense, X):
    """The sense once it knows the columns of X that are new and hold a cell; X without others.

    They come in the sequence of their first cells, of a kind that all their cells here tell.
    """
    if not hasattr(X, "columns") and not isinstance(X, dict):
        return sense, X
    if all(map(sense.knows, names_of(X))):
        return sense, X
    new = _filled(X, [name for name in names_of(X) if not sense.knows(name)])
    found = {name: text for name, (_, text) in sorted(new.items(), key=lambda item: item[1][0])}
    sense = sense.with_columns(found) if found else sense
    return sense, some_of(X, sense.knows)


def tell_free_text(X):
    """Warn of columns that are taken as categories though nearly every row has another one.

    A DataFrame's columns of dtype "category" are meant to be.
    """
    if hasattr(X, "dtypes"):
        kinds = {str(name): kind.name for name, kind in X.dtypes.items()}
        if all(kind == "category" for kind in kinds.values()):
            return
        X = some_of(X, lambda name: kinds[name] != "category")
    for name, values in as_columns(X).items():
        if not is_categorical(values):
            continue
        cells = [text for v in values.tolist() if (text := category(name, v)) is not None]
        if len(cells) >= _CELLS and len(set(cells)) >= _NEW * len(cells):
            warnings.warn(
                f"column {name!r} holds another text in nearly every row ({cells[0]:.40} ...), of "
                "which little can be learnt: make numbers of dates (pandas.to_datetime), drop "
                "names and numbers of rows, or give dtype 'category' to keep it silently",
                UserWarning, stacklevel=2,
            )  # fmt: skip


def _filled(X, names):
    """Of these columns those with a cell: name -> (row of the first, whether it is text)."""
    found = {}
    for name, values in as_columns(some_of(X, names.__contains__)).items():
        there = [not is_missing(v) for v in values.tolist()]
        if any(there):
            found[name] = int(np.argmax(there)), is_categorical(values)
    return found
