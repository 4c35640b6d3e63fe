"""Which columns a table has, of which kind, and from which row on."""

import numpy as np

from growgraph.data import cells
from growgraph.errors import DataError

_LATE = " (text)"
_MANY_CLASSES = 20


class Columns:
    """The columns of a table as they become known.

    A column's kind is decided by the first rows (a fixed number, whatever the blocks of the file
    are). A column without a cell there is decided by its first cell. Text in a column of numbers
    becomes a column of its own, ``NAME (text)``, from the row on where it is first met: a new
    category grows an input, it does not stop the run. So what a row becomes is the same wherever
    blocks end and wherever reading is resumed.

    Parameters
    ----------
    target : str or None
        Name of the column of labels.
    categorical : collection of str
        Columns to take as text although they look like numbers.
    note : callable
        Takes a line about what was decided.
    """

    def __init__(self, target, categorical=(), note=lambda line: None):
        self.target = target
        self.categorical = frozenset(categorical)
        self.note = note
        self.label = None  # "int" or "text"
        self.kinds = {}  # name -> [number | date | text | skip, first row]

    # ---- what must be remembered ------------------------------------------------------------
    def to_json(self):
        """The columns as JSON values."""
        return {
            "target": self.target,
            "label": self.label,
            "categorical": sorted(self.categorical),
            "columns": {name: list(kind) for name, kind in self.kinds.items()},
        }

    @classmethod
    def from_json(cls, state, note=lambda line: None):
        """Rebuild from :meth:`to_json`."""
        columns = cls(state["target"], state["categorical"], note)
        columns.label = state["label"]
        columns.kinds = {name: list(kind) for name, kind in state["columns"].items()}
        return columns

    # ---- deciding by a sample ---------------------------------------------------------------
    def decide(self, blocks):
        """Decide kinds by the first rows of a stream.

        Parameters
        ----------
        blocks : list of pyarrow.RecordBatch
        """
        names = list(dict.fromkeys(name for block in blocks for name in block.schema.names))
        for name in names:
            parts = [block.column(name) for block in blocks if name in block.schema.names]
            if name == self.target:
                self._decide_label(parts)
                continue
            kind = self._kind(name, parts)
            if kind is not None:
                self.kinds[name] = [kind, 0]
        for name, kind in self.kinds.items():
            self._say(name, kind[0])
        if not any(kind != "skip" for kind, _ in self.kinds.values()):
            raise DataError(
                f"no column is left to learn from beside the target {self.target!r}: check "
                "--target and --drop"
            )

    def _kind(self, name, parts):
        parts = [cells.plain(part) for part in parts]
        natural = {cells.natural_kind(part, name) for part in parts}
        if name in self.categorical:
            return "text"
        if natural == {"number"} or natural == {"date"}:
            return natural.pop()
        if "text" in natural or {"number", "date"} <= natural:
            return "text"
        import pyarrow as pa

        return cells.text_kind(pa.chunked_array([part.cast(pa.string()) for part in parts]))

    def _say(self, name, kind):
        if kind == "skip":
            self.note(
                f"column {name!r} holds another text in nearly every row: left out "
                f"(--categorical {name} keeps it)"
            )
        elif kind == "date":
            self.note(f"column {name!r} is read as dates: days since 1970")

    def _decide_label(self, parts):
        if self.target in self.categorical:
            self.label = "text"
            return
        kind = self._kind(self.target, parts) or "text"
        self.label = "text"
        if kind == "skip":
            raise DataError(
                f"target {self.target!r} holds another text in nearly every row: name the column "
                "of the classes with --target"
            )
        if kind == "number":
            values = np.concatenate([cells.as_floats(cells.plain(p), kind)[0] for p in parts])
            self._refuse_quantity(values[~np.isnan(values)])

    def _refuse_quantity(self, values):
        whole = (values == np.floor(values)) & np.isfinite(values)
        distinct = np.unique(values).size
        self.label = "int" if whole.all() else "text"
        if whole.all():
            quantity = values.size >= 100 and distinct > values.size / 2
        else:
            quantity = distinct > (values.size / 2 if 10 <= values.size < 40 else _MANY_CLASSES)
        if quantity:
            example = values[0] if whole.all() else values[~whole][0]
            raise DataError(
                f"target {self.target!r} looks like a quantity, not like classes ({distinct} "
                f"different numbers in {values.size} rows, as {example:.6g}): GrowNetRegressor, "
                f"which comes later, is for these; --categorical {self.target} learns classes"
            )

    # ---- rows -------------------------------------------------------------------------------
    def labels(self, block, rows, *, strict=True):
        """Labels of a block, and which rows have one; (None, None) without the target column.

        Returns
        -------
        labels : ndarray of int64 or object
        there : ndarray of bool
        """
        if self.target is None or self.target not in block.schema.names:
            return None, None
        array = cells.plain(block.column(self.target))
        if self.label != "int":
            labels = cells.as_text(array)
            return labels, np.array([label is not None for label in labels], dtype=bool)
        values, left = cells.as_floats(array, "number")
        there = ~np.isnan(values)
        bad = there & ((values != np.floor(values)) | (np.abs(values) > 2.0**53))
        if left is not None:
            bad |= np.array([cell is not None for cell in left])
        if bad.any() and strict:
            at = int(np.flatnonzero(bad)[0])
            cell = values[at] if left is None or left[at] is None else left[at]
            raise DataError(
                f"target {self.target!r} holds {cell!s:.40} in row {rows[at]} but whole numbers "
                f"before: --categorical {self.target} takes every value as text"
            )
        there &= ~bad
        return np.where(there, values, 0).astype(np.int64), there

    def read(self, block, rows, *, grow):
        """A block's columns but the target, as a dict of name -> 1-d array.

        Parameters
        ----------
        block : pyarrow.RecordBatch
        rows : ndarray of int64
            Index of each row in the stream.
        grow : bool
            Whether columns that are met for the first time are added to :attr:`kinds`; if not,
            they are left out.
        """
        out = {}
        for name in block.schema.names:
            if name == self.target:
                continue
            array = cells.plain(block.column(name))
            if name not in self.kinds and grow:
                self._meet(name, array, rows)
            kind = self.kinds.get(name, ("skip", 0))[0]
            if kind == "text":
                out[name] = cells.as_text(array)
            elif kind != "skip":
                out[name], left = cells.as_floats(array, kind)
                _refuse_infinity(name, out[name], rows)
                if name + _LATE not in block.schema.names:
                    self._keep_text(name, left, rows, grow, out)
        return out

    def _meet(self, name, array, rows):
        """Decide the kind of a column by its first cell, if it has one here."""
        kind = cells.natural_kind(array, name)
        if kind is None:
            words = cells.as_text(array)
            there = [word is not None for word in words]
            first = int(np.argmax(there)) if any(there) else -1
            kind = cells.text_kind(array[first : first + 1], free_text=False) or "text"
        else:
            first = int(np.argmax(array.is_valid().to_numpy(zero_copy_only=False)))
            first = first if array[first].is_valid else -1
        if first >= 0:
            kind = "text" if name in self.categorical else kind
            self.kinds[name] = [kind, int(rows[first])]
            self.note(f"column {name!r} is new in row {rows[first]}: it grows inputs")

    def _keep_text(self, name, left, rows, grow, out):
        """Put the text in a column of numbers into a column of its own, once there is any."""
        late = name + _LATE
        if left is not None and late not in self.kinds and grow:
            first = next(i for i, cell in enumerate(left) if cell is not None)
            self.kinds[late] = ["text", int(rows[first])]
            self.note(
                f"column {name!r} holds text in row {rows[first]} ({left[first]!s:.40}): kept as a "
                f"category of its own (--categorical {name} takes the whole column as text)"
            )
        if late in self.kinds:
            out[late] = np.full(len(rows), None) if left is None else left

    def cuts(self, rows):
        """Places in ``rows`` at which a column is met for the first time."""
        firsts = [first for _, first in self.kinds.values()]
        places = np.unique(np.searchsorted(rows, firsts))
        return places[(places > 0) & (places < rows.size)].tolist()

    def known(self, row):
        """Names of the columns that are known in a row."""
        return {name for name, (_, first) in self.kinds.items() if first <= row}


def _refuse_infinity(name, values, rows):
    bad = np.isinf(values)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"column {name!r} holds {values[at]} in row {rows[at]} (rows count from 0): write a "
            "finite number or leave the cell empty"
        )
