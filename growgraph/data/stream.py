"""A table as a stream of batches: what to learn, what to hold out."""

import difflib
import tempfile
from pathlib import Path

import numpy as np

from growgraph import _random
from growgraph._validation import check_choice, check_number
from growgraph.data.batch import Batch
from growgraph.data.columns import Columns
from growgraph.data.files import Files, Standard
from growgraph.errors import DataError

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

    Raises
    ------
    DataError
        For a table that cannot be read as asked: parameter, value and fix in one line.
    """

    image_shape = None

    def __init__(
        self,
        source,
        *,
        target=None,
        drop=(),
        categorical=(),
        limit=None,
        holdout="random",
        seed=0,
        schema=None,
        note=None,
    ):
        self.name = str(source)
        self._files = Standard() if self.name == "-" else Files(source)
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
        self._target = target
        self._columns = None if schema is None else Columns.from_json(schema, self._note)
        if self._columns is not None and target is not None:
            self._columns.target = target
        self._tail = None
        self._spool = None
        self.n_rows = 0

    @property
    def target(self):
        """Name of the column of labels, once known."""
        return self._target if self._columns is None else self._columns.target

    # ---- the rows ---------------------------------------------------------------------------
    def _blocks(self, start=0):
        """Yield (record batch, row index of each row), within the limit, from a row on."""
        first = 0
        for block in self._files.blocks(self._drop):
            if self._columns is None:
                self._columns = Columns(self._find_target(block), self._categorical, self._note)
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
            raise DataError(f"{self._shown()} holds column names but no rows")

    def _shown(self):
        return "standard input" if self.name == "-" else self.name

    def _find_target(self, block):
        names = block.schema.names
        for option, wanted in (("drop", self._drop), ("categorical", self._categorical)):
            gone = set() if option == "categorical" else set(names)
            for name in wanted:
                if option == "categorical" and name not in names:
                    raise _unknown_column(option, name, names)
                gone.discard(name)
        if self._target is not None:
            if self._target not in names:
                raise _unknown_column("target", self._target, names)
            return self._target
        if not names:
            raise DataError(f"{self._shown()} has no column left: check --drop")
        known = {name.lower(): name for name in reversed(names)}
        target = next((known[t] for t in _TARGETS if t in known), names[-1])
        why = "by its name" if target.lower() in _TARGETS else "the last column"
        self._note(f"target is {target!r} ({why}); --target names another")
        return target

    def _held(self, rows):
        """Which rows are held out; the first never is."""
        if self._holdout == "random":
            return (_random.uniform(self._seed, rows, "holdout") < 0.1) & (rows > 0)
        if self._tail is None:
            n = self._files.count()
            n = n if self._limit is None else min(n, self._limit)
            self._tail = n - (max(1, n // 10) if n > 1 else 0)
        return rows >= self._tail

    def learn(self, start=0):
        """Yield batches of the rows that are not held out, from row ``start`` of the stream on.

        Examples
        --------
        >>> import os, tempfile
        >>> path = os.path.join(tempfile.mkdtemp(), "t.csv")
        >>> with open(path, "w") as file:
        ...     _ = file.write("size,colour,kind\\n1,red,a\\n,blue,b\\n3,red,a\\n")
        >>> batch = next(TableStream(path, seed=1).learn())
        >>> batch.X["size"], batch.X["colour"], batch.y
        (array([ 1., nan,  3.]), array(['red', 'blue', 'red'], dtype=object), array(['a', 'b', 'a'], dtype=object))
        """
        decided = self._columns is not None and self._columns.label is not None
        sample, size, learnt = [], 0, 0
        for block, rows in self._unheld(start):
            if not decided:
                sample.append((block, rows))
                size += block.num_rows
                if size < SAMPLE:
                    continue
                self._decide(sample)
                decided = True
            for some in sample or [(block, rows)]:
                for batch in self._batches(*some):
                    learnt += len(batch)
                    yield batch
            sample = []
        if sample:
            self._decide(sample)
            for some in sample:
                for batch in self._batches(*some):
                    learnt += len(batch)
                    yield batch
        if learnt == 0 and start == 0:
            raise DataError(
                f"target {self.target!r} is empty in all {self.n_rows} rows: name another column "
                "with --target"
            )
