"""A table as a stream of batches: what to learn, what to hold out."""

import difflib
import itertools
import tempfile
from typing import Any

import numpy as np

from growgraph import _random
from growgraph._validation import check_choice, check_number
from growgraph.data.batch import Batch
from growgraph.data.columns import Columns
from growgraph.data.files import Files, Standard
from growgraph.errors import DataError
from growgraph.senses.columns import meant

SAMPLE = 10_000  # rows that decide the kind of each column
_TARGETS = ("target", "label", "class", "y")
_ROW = "__row__"


class TableStream:
    """Rows of CSV or Parquet files, a folder of them, or standard input.

    Parameters
    ----------
    source : str or path
        See :func:`growgraph.data.open_stream`; ``-`` is standard input.
    target : str, optional
        The column of labels. By default one named target, label, class or y, else the last.
    drop : collection of str
        Columns to leave out.
    categorical : collection of str
        Columns to take as text although they look like numbers.
    encoding : str, optional
        Of CSV files that are not UTF-8, such as latin1.
    limit : int, optional
        Read only so many rows.
    holdout : {"random", "tail"}
        Rows that :meth:`learn` never yields: a random tenth, or the last tenth.
    seed : int, default 0
        Of the random tenth.
    schema : dict, optional
        What :meth:`schema` gave for the data a model has learnt.
    note : callable, optional
        Takes each line about what was decided, such as the target.
    quantities : {"refuse", "allow", "only", "classes"}, default "refuse"
        What becomes of a target that is a quantity, see :class:`Columns`.
    late : bool, default True
        Whether columns of numbers that begin late are learnt, see :class:`Columns`.

    Raises
    ------
    DataError
        For a table that cannot be read as asked: parameter, value and fix in one line.
    """

    image_shape: Any = None  # a plain table

    def __init__(
        self,
        source,
        *,
        target=None,
        drop=(),
        categorical=(),
        encoding=None,
        limit=None,
        holdout="random",
        seed=0,
        schema=None,
        note=None,
        quantities="refuse",
        late=True,
    ):
        self.name = str(source)
        self._files: Any = Standard(encoding) if self.name == "-" else Files(source, encoding)
        self.rereadable = self._files.rereadable
        self._drop, self._categorical = tuple(drop), tuple(categorical)
        self._limit = limit if limit is None else check_number("limit", limit, 1, integer=True)
        self._holdout = check_choice("holdout", holdout, ("random", "tail"))
        if holdout == "tail" and not self.rereadable:
            raise DataError(
                "holdout must be random for standard input, got tail: where its last tenth begins "
                "is known only at its end"
            )
        self._seed = seed
        self._note = note or (lambda line: None)
        self._told: set[str] = set()
        self._target = target
        self._quantities, self._late = quantities, late
        self._columns: Any = None if schema is None else Columns.from_json(schema, self._note, late)
        self._taught = schema is not None  # columns are known that a model has learnt
        if self._columns is not None and target is not None:
            self._columns.target = target
        self._tail: Any = None
        self._spool: Any = None
        self.n_rows = 0  # read so far, whether learnt, held out or without a label

    @property
    def paths(self):
        """The files that are read."""
        return self._files.paths

    @property
    def target(self):
        """Name of the column of labels, once known."""
        return self._target if self._columns is None else self._columns.target

    # ---- what to learn, what to hold out ----------------------------------------------------
    def learn(self, start=0):
        r"""Yield batches of the rows that are not held out, from row ``start`` of the stream on.

        Examples
        --------
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "t.csv")
        >>> with open(path, "w") as file:
        ...     _ = file.write("size,colour,kind\n1,red,a\n,blue,b\n3,red,a\n")
        >>> batch = next(TableStream(path, seed=1).learn())
        >>> batch.X["size"].tolist(), batch.X["colour"].tolist(), batch.y.tolist()
        ([1.0, nan, 3.0], ['red', 'blue', 'red'], ['a', 'b', 'a'])
        """
        learnt = 0
        for block, rows in self._decided(self._not_held(start)):
            for batch in self._batches(block, rows, grow=True):
                learnt += len(batch)
                yield batch
        if learnt == 0 and start == 0:
            raise DataError(
                f"target {self.target!r} is empty in all {self.n_rows} rows: name another column "
                "with --target"
            )

    def held_out(self):
        """Yield batches of the rows that :meth:`learn` left out; call it afterwards."""
        blocks = self._held() if self.rereadable else self._spooled()
        for block, rows in blocks:
            yield from self._batches(block, rows, grow=False)

    def every(self):
        """Yield all rows, those without a label too (``y`` is None or holds None there)."""
        grow = self._columns is None
        blocks = self._blocks(self._select if grow else self._select_asked)
        for block, rows in self._decided(blocks) if grow else blocks:
            X = self._columns.read(block, rows, grow=grow)
            y, there = self._columns.labels(block, rows, strict=False)
            if y is not None:
                y = np.where(there, y.astype(object), None)
            yield Batch(X, y, rows)

    def sum_up(self):
        """Note how many cells of text were taken as missing in columns of numbers."""
        if self._columns is not None:
            self._columns.sum_up()

    # ---- for the run around it --------------------------------------------------------------
    def expected_rows(self):
        """Number of rows that :meth:`learn` will yield as far as can be told now, or None."""
        n = self._files.estimate()
        if self._limit is not None:
            n = self._limit if n is None else min(n, self._limit)
        return n if n is None else max(1, n - n // 10)

    def identity(self):
        """What must be the same for a run to be resumed."""
        return {
            "name": self.name,
            "files": self._files.identity(),
            "encoding": self._files.encoding,
            "target": self._target,
            "drop": sorted(self._drop),
            "categorical": sorted(self._categorical),
            "limit": self._limit,
            "holdout": self._holdout,
            "quantities": self._quantities,
        }

    def schema(self):
        """What a saved model must remember to read the same kind of data again."""
        return None if self._columns is None else self._columns.to_json()

    def skipped(self, learnt, held_out):
        """Number of rows without a label, given how many were learnt and held out."""
        return self.n_rows - learnt - held_out

    # ---- blocks of raw rows -----------------------------------------------------------------
    def _blocks(self, select, start=0):
        """Yield (record batch, row index of each row), within the limit, from a row on."""
        first = 0
        for block in self._files.blocks(select):
            if self._limit is not None:
                block = block.slice(0, max(0, self._limit - first))
            end = first + block.num_rows
            skip = min(max(0, start - first), block.num_rows)
            if block.num_rows > skip:
                yield block.slice(skip), np.arange(first + skip, end)
            first = self.n_rows = end
            if self._limit is not None and first >= self._limit:
                break
        if first == 0:
            raise DataError(f"{self._shown()} has a line of column names but no rows")

    def _is_held(self, rows):
        """Which rows are held out; the first never is, so that one row is learnt."""
        if self._holdout == "random":
            return (_random.uniform(self._seed, rows, "holdout") < 0.1) & (rows > 0)
        if self._tail is None:
            n = self._files.count()
            n = n if self._limit is None else min(n, self._limit)
            self._tail = max(1, n - max(1, n // 10))
        return rows >= self._tail

    def _not_held(self, start):
        for block, rows in self._blocks(self._select, start):
            held = self._is_held(rows)
            if not self.rereadable:
                self._keep(block, rows, held)
            if not held.all():
                yield _rows_of(block, rows, ~held)

    def _held(self):
        for block, rows in self._blocks(self._select_known):
            held = self._is_held(rows)
            if held.any():
                yield _rows_of(block, rows, held)

    def _keep(self, block, rows, held):
        """Write the held-out rows of a pipe to a temporary file."""
        import pyarrow as pa

        block, rows = _rows_of(block, rows, held)
        block = block.append_column(_ROW, pa.array(rows))
        if self._spool is None:
            file = tempfile.TemporaryFile()  # noqa: SIM115 (lives as long as the stream)
            self._spool = (file, pa.ipc.new_stream(file, block.schema))
        self._spool[1].write_batch(block)

    def _spooled(self):
        import pyarrow as pa

        if self._spool is None:
            return
        file, writer = self._spool
        self._spool = None
        with file:
            writer.close()
            file.seek(0)
            for block in pa.ipc.open_stream(file):
                if block.num_rows:
                    yield block.drop_columns([_ROW]), block.column(_ROW).to_numpy()

    # ---- columns ----------------------------------------------------------------------------
    def _select(self, names, source, index=()):
        """Names of the columns to read from a file with these columns."""
        asked = {self._target, *self._categorical, *self._drop}
        index = [name for name in index if name not in asked]
        names = [name for name in names if name not in index]
        for name in index:
            self._tell(f"column {name!r} is pandas' row index: left out")
        if self._columns is None:
            for option, wanted in (("drop", self._drop), ("categorical", self._categorical)):
                for name in wanted:
                    if name not in names:
                        raise _unknown_column(option, name, names, source)
            target = self._find_target([name for name in names if name not in self._drop], source)
            self._columns = Columns(
                target, self._categorical, self._note, self._quantities, self._late
            )
        if self.target not in names:
            raise _unknown_column("target", self.target, names, source)
        if self._taught:
            self._refuse_slips(names, source)
        return [name for name in names if name and name not in self._drop]

    def _refuse_slips(self, names, source):
        """Raise where a new column may be one that was learnt: it would be learnt beside it."""
        kinds = self._columns.kinds
        new = [n for n in names if n not in kinds and n not in (self.target, *self._drop)]
        lost = [n for n, (kind, _) in kinds.items() if kind != "skip" and n not in names]
        for name, known in meant(new, [n for n in lost if n != self.target]).items():
            raise DataError(
                f"{source}: column {name!r} is new and {known!r} is missing: did you mean "
                f"{known!r}? Rename it, or leave it out with --drop {name}; if it is another "
                f"column, give {known!r} too, with empty cells"
            )

    def _tell(self, line):
        """Note a line once."""
        if line not in self._told:
            self._told.add(line)
            self._note(line)

    def _select_asked(self, names, source, index=()):
        """As :meth:`_select_known`, for data that may differ from what was learnt."""
        if self._target is not None and self._target not in names:
            raise _unknown_column("target", self._target, names, source)
        known = self._select_known(names, source)
        kinds = self._columns.kinds
        lost = [n for n, (kind, _) in kinds.items() if kind != "skip" and n not in names]
        lost, slips = [name for name in lost if name != self.target], {}
        if lost:
            more = f" and {len(lost) - 5} more" if len(lost) > 5 else ""
            slips = meant([n for n in names if n not in kinds and n != self.target], lost)
            said = {known: f"{known!r} (is it {name!r}?)" for name, known in slips.items()}
            shown = ", ".join(said.get(n, repr(n)) for n in lost[:5]) + more
            self._tell(
                f"{source} lacks column{'s' * (len(lost) > 1)} {shown}: taken as missing in every "
                "row"
            )
        unheard = [n for n in names if n not in kinds and n not in (self.target, *slips)]
        if unheard:
            more = f" and {len(unheard) - 5} more" if len(unheard) > 5 else ""
            self._tell(
                f"{source}: not learnt, and ignored: {', '.join(map(repr, unheard[:5]))}{more}"
            )
        return known

    def _select_known(self, names, source, index=()):
        kinds = self._columns.kinds
        known = [n for n in names if n == self.target or kinds.get(n, ("skip",))[0] != "skip"]
        if not any(name != self.target for name in known):
            expected = ", ".join(name for name, (kind, _) in kinds.items() if kind != "skip")
            raise DataError(
                f"{source} has none of the columns the model has learnt: it needs {expected:.200}"
            )
        return known

    def _find_target(self, names, source):
        if self._target is not None:
            if self._target not in names:
                raise _unknown_column("target", self._target, names, source)
            return self._target
        if len(names) < 2:
            raise DataError(
                f"{source} has the columns {', '.join(names) or '(none)'}: it needs a target and "
                "at least one column to learn from"
            )
        known = {name.lower(): name for name in reversed(names)}
        target = next((known[name] for name in _TARGETS if name in known), names[-1])
        why = "by its name" if target.lower() in _TARGETS else "the last column"
        self._note(f"the target is {target!r} ({why}); --target names another")
        return target

    def _decided(self, blocks):
        """The same blocks, held back until the kinds of all columns are decided."""
        sample, size = [], 0
        for block, rows in blocks:
            if self._columns.label is not None:
                yield block, rows
                continue
            sample.append((block, rows))
            size += block.num_rows
            if size >= SAMPLE:
                self._decide(sample)
                yield from sample
                sample = []
        if sample:
            self._decide(sample)
            yield from sample

    def _decide(self, sample):
        blocks, left = [], SAMPLE
        for block, _ in sample:
            blocks.append(block.slice(0, left))
            left -= min(left, block.num_rows)
        self._columns.decide(blocks)

    def _batches(self, block, rows, *, grow):
        labels, there = self._columns.labels(block, rows, strict=grow)
        if labels is None:
            raise DataError(f"target {self.target!r} is no column of {self._shown()}: see --target")
        if not there.all():
            (block, rows), labels = _rows_of(block, rows, there), labels[there]
        if rows.size == 0:
            return
        X = self._columns.read(block, rows, grow=grow, learning=grow)
        cuts = [0, *(self._columns.cuts(rows) if grow else ()), rows.size]
        for first, end in itertools.pairwise(cuts):
            known = self._columns.known(rows[first] if grow else np.inf)
            part = {name: values[first:end] for name, values in X.items() if name in known}
            yield Batch(part, labels[first:end], rows[first:end])

    def _shown(self):
        return "standard input" if self.name == "-" else self.name


def _rows_of(block, rows, keep):
    import pyarrow as pa

    return block.filter(pa.array(keep)), rows[keep]


def _unknown_column(option, name, names, source):
    near = difflib.get_close_matches(name, names, 1)
    hint = f": did you mean {near[0]!r}?" if near else f"; it has {', '.join(names):.200}"
    return DataError(f"{option} {name!r} is no column of {source}{hint}")
