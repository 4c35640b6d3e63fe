"""Which columns a table has, of which kind, and from which row on."""

import numpy as np

from growgraph.data import cells
from growgraph.data.files import SEPARATOR
from growgraph.errors import DataError
from growgraph.senses.columns import meant

_MANY_CLASSES = 20
_COUNTED = 20  # rows at least, before a column is said to number them
_STRIDE = 1.5  # and its step is less, on average


class Columns:
    """The columns of a table as they become known.

    A column's kind is decided by the first rows (a fixed number, whatever the blocks of the file
    are). A column without a cell there is decided by its first cell, said, and grows inputs from
    that row on. Text in a column of numbers is taken as missing, counted and said. So what a row
    becomes is the same wherever blocks end and wherever reading is resumed.

    Parameters
    ----------
    target : str or None
        Name of the column of labels.
    categorical : collection of str
        Columns to take as text although they look like numbers.
    note : callable
        Takes a line about what was decided.
    quantities : {"refuse", "allow", "only", "classes"}
        What becomes of a target that is a quantity: an error, numbers to be learnt, or classes;
        "only": any column of numbers is one.
    late : bool
        Whether the model takes columns of numbers that begin late; if not, they are left out.
    """

    def __init__(
        self, target, categorical=(), note=lambda line: None, quantities="refuse", late=True
    ):
        self.target = target
        self.categorical = frozenset(categorical)
        self.note = note
        self.quantities, self.late = quantities, late
        self.label = None  # "int", "text", or "number": a quantity
        self.strays = {}  # name of a column of numbers -> cells of text met in it
        self._commas = set()  # names of columns whose decimal commas were told
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
    def from_json(cls, state, note=lambda line: None, late=True):
        """Rebuild from :meth:`to_json`."""
        columns = cls(state["target"], state["categorical"], note, late=late)
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
            comma = all(_commas(block) for block in blocks if name in block.schema.names)
            kind = self._kind(name, parts, comma=comma)
            if kind is not None:
                self.kinds[name] = [kind, 0]
                self._say(name, kind, parts, comma)
        if not any(kind != "skip" for kind, _ in self.kinds.values()):
            raise DataError(
                f"no column is left to learn from beside the target {self.target!r}: check "
                "--target and --drop"
            )

    def _kind(self, name, parts, **options):
        parts = [cells.plain(part) for part in parts]
        natural = {cells.natural_kind(part, name) for part in parts}
        if name in self.categorical:
            return "text"
        if natural == {"number"} or natural == {"date"}:
            return natural.pop()
        if "text" in natural or {"number", "date"} <= natural:
            return "text"
        return cells.text_kind(_strings(parts), **options)

    def _say(self, name, kind, parts, comma):
        if kind == "date":
            self.note(f"column {name!r} is read as dates: seconds since 1970")
        if kind == "number" and _counts(parts, comma):
            self.note(
                f"column {name!r} counts the rows: it is learnt (--drop {name} leaves it out)"
            )
        if kind not in ("skip", "text") or name in self.categorical:
            return
        what = "another text in nearly every row" if kind == "skip" else None
        if all(cells.natural_kind(cells.plain(part), name) is None for part in parts):
            values, left = cells.as_floats(_strings(parts), "number", comma=comma)
            numbers, words = int((~np.isnan(values)).sum()), cells.count_text(left)
            if numbers >= max(1, words):
                word = next(cell for cell in left if cell is not None)
                what = f"numbers and text ({numbers:,} and {words:,} cells, such as {word!s:.40})"
        if kind == "skip":
            self.note(
                f"column {name!r} holds {what}: left out (--categorical {name} keeps it as text)"
            )
        elif what:
            self.note(f"column {name!r} holds {what}: taken as text")

    def _decide_label(self, parts):
        if self.target in self.categorical:
            self.label = "text"
            return
        kind = self._kind(self.target, parts, share=1.0) or "text"
        self.label = "text"
        if self.quantities == "only":
            if kind != "number":
                raise DataError(
                    f"target {self.target!r} holds {'text' if kind == 'skip' else kind}, no "
                    "numbers: leave out --task numbers, or name another column with --target"
                )
            self.label = "number"
            return
        if kind == "skip":
            raise DataError(
                f"target {self.target!r} holds another text in nearly every row: name the column "
                "of the classes with --target"
            )
        if kind == "number":
            values = np.concatenate([cells.as_floats(cells.plain(p), kind)[0] for p in parts])
            self._decide_number(values[~np.isnan(values)])

    def _decide_number(self, values):
        """Whether numbers are classes or a quantity."""
        whole, quantity = _looks_like_a_quantity(values)
        self.label = "int" if whole.all() else "text"
        if quantity and self.quantities == "classes":
            return
        if quantity and self.quantities == "allow":
            self.label = "number"
            self.note(
                f"target {self.target!r} looks like a quantity: its numbers are learnt "
                "(--task classes learns classes)"
            )
        elif quantity:
            refuse_quantity(
                self.target, values, f"GrowNetRegressor (--model grownet) is for these; "
                f"--categorical {self.target} learns classes"
            )  # fmt: skip

    # ---- rows -------------------------------------------------------------------------------
    def labels(self, block, rows, *, strict=True):
        """Labels of a block, and which rows have one; (None, None) without the target column.

        Returns
        -------
        labels : ndarray of int64, float64 or object
        there : ndarray of bool
        """
        if self.target is None or self.target not in block.schema.names:
            return None, None
        array = cells.plain(block.column(self.target))
        if self.label == "number":
            return self._quantities(array, rows, strict)
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

    def _quantities(self, array, rows, strict):
        """Targets that are numbers, and which rows have one."""
        values, left = cells.as_floats(array, "number")
        if left is not None and strict:
            bad = np.array([cell is not None for cell in left])
            if bad.any():
                at = int(np.flatnonzero(bad)[0])
                raise DataError(
                    f"target {self.target!r} holds {left[at]!s:.40} in row {rows[at]} but numbers "
                    f"before: --categorical {self.target} takes every value as text"
                )
        _refuse_infinity(self.target, values, rows)
        there = ~np.isnan(values)
        return np.where(there, values, 0.0), there

    def read(self, block, rows, *, grow, learning=False):
        """A block's columns but the target, as a dict of name -> 1-d array.

        Parameters
        ----------
        block : pyarrow.RecordBatch
        rows : ndarray of int64
            Index of each row in the stream.
        grow : bool
            Whether columns that are met for the first time are added to :attr:`kinds`; if not,
            they are left out.
        learning : bool
            Whether a model learns the rows. Then columns of numbers known from the beginning are
            there in every row.
        """
        out = {}
        for name in block.schema.names:
            if name == self.target:
                continue
            array = cells.plain(block.column(name))
            if name not in self.kinds and grow:
                self._meet(name, array, block, rows, learning=learning)
            kind = self.kinds.get(name, ("skip", 0))[0]
            if kind == "text":
                out[name] = cells.as_text(array)
            elif kind != "skip":
                comma = kind == "number" and self._comma(name, array, block, rows)
                out[name], left = cells.as_floats(array, kind, comma=comma)
                _refuse_infinity(name, out[name], rows)
                self._stray(name, left, rows)
        if learning:
            for name, (kind, first) in self.kinds.items():
                if kind in ("number", "date") and first == 0 and name not in out:
                    out[name] = np.full(rows.size, np.nan)
        return out

    def _meet(self, name, array, block, rows, *, learning):
        """Decide the kind of a column by its first cell, if it has one here."""
        kind = cells.natural_kind(array, name)
        if kind is None:
            words = cells.as_text(array)
            there = [word is not None for word in words]
            first = int(np.argmax(there)) if any(there) else -1
            one, comma = array[first : first + 1], _commas(block)
            kind = cells.text_kind(one, free_text=False, comma=comma) or "text"
        else:
            first = int(np.argmax(array.is_valid().to_numpy(zero_copy_only=False)))
            first = first if array[first].is_valid else -1
        if first >= 0:
            kind = "text" if name in self.categorical else kind
            left = learning and kind != "text" and not self.late
            self.kinds[name] = ["skip" if left else kind, int(rows[first])]
            if left:
                self.note(
                    f"column {name!r} has {kind}s only from row {rows[first]:,} on: left out; "
                    "begin with rows that have it"
                )
            elif learning:
                gone = [known for known in self.kinds if known not in block.schema.names]
                slip = meant([name], gone).get(name)
                hint = f" (did you mean {slip!r}, which is missing there?)" if slip else ""
                self.note(f"column {name!r} is new in row {rows[first]:,}: it grows inputs{hint}")

    def _stray(self, name, left, rows):
        """Count the text in a column of numbers, and say so when it is first met."""
        count = cells.count_text(left)
        if not count:
            return
        if name not in self.strays:
            first = next(i for i, cell in enumerate(left) if cell is not None)
            self.note(
                f"column {name!r} holds text in row {rows[first]} ({left[first]!s:.40}): such "
                f"cells are taken as missing (grow --categorical {name} takes the column as text)"
            )
        self.strays[name] = self.strays.get(name, 0) + count

    def sum_up(self):
        """Say how many cells of text were met in columns of numbers."""
        for name, count in self.strays.items():
            cells_ = "cell of text was" if count == 1 else "cells of text were"
            self.note(f"column {name!r}: {count:,} {cells_} taken as missing in all")

    def _comma(self, name, array, block, rows):
        """Whether a block's file may have decimal commas; says so when one is first met."""
        if not _commas(block):
            return False
        if name not in self._commas:
            at = cells.decimal_comma(array)
            if at is not None:
                self._commas.add(name)
                cell = array[at].as_py().strip()
                self.note(
                    f"column {name!r} has decimal commas: {cell} in row {rows[at]} is read as "
                    f"{cell.replace(',', '.')}"
                )
        return True

    def cuts(self, rows):
        """Places in ``rows`` at which a column is met for the first time."""
        firsts = [first for _, first in self.kinds.values()]
        places = np.unique(np.searchsorted(rows, firsts))
        return places[(places > 0) & (places < rows.size)].tolist()

    def known(self, row):
        """Names of the columns that are known in a row."""
        return {name for name, (_, first) in self.kinds.items() if first <= row}


def _commas(block):
    """True for a block of a CSV file whose cells are not parted by commas."""
    return (block.schema.metadata or {}).get(SEPARATOR, b",") != b","


def _strings(parts):
    import pyarrow as pa

    return pa.chunked_array([cells.plain(part).cast(pa.string()) for part in parts])


def _refuse_infinity(name, values, rows):
    bad = np.isinf(values)
    if bad.any():
        at = int(np.flatnonzero(bad)[0])
        raise DataError(
            f"column {name!r} holds {values[at]} in row {rows[at]} (rows count from 0): write a "
            "finite number or leave the cell empty"
        )


def _counts(parts, comma):
    """Whether a column does nothing but number the rows, of which some are held out."""
    values, left = cells.as_floats(_strings(parts), "number", comma=comma)
    if left is not None or len(values) < _COUNTED or (values != np.floor(values)).any():
        return False  # a cell is missing, where they are NaN
    steps = np.diff(values)
    return bool((steps > 0).all() and steps.mean() < _STRIDE)


def _looks_like_a_quantity(values):
    """Which numbers are whole, and whether there are too many different ones to be classes."""
    whole = (values == np.floor(values)) & np.isfinite(values)
    distinct = np.unique(values).size
    if whole.all():
        return whole, values.size >= 100 and distinct > values.size / 2
    return whole, distinct > (values.size / 2 if 10 <= values.size < 40 else _MANY_CLASSES)


def refuse_quantity(target, values, hint):
    """Raise if a target's numbers look like a quantity, not like classes."""
    whole, quantity = _looks_like_a_quantity(values)
    if quantity:
        example = values[0] if whole.all() else values[~whole][0]
        raise DataError(
            f"target {target!r} looks like a quantity, not like classes ({np.unique(values).size} "
            f"different numbers in {values.size} rows, such as {example:.6g}): {hint}"
        )
