"""Raw tables: the blocks of CSV and Parquet files, folders and standard input."""

import collections
import csv
import gzip
import hashlib
import itertools
import os
import re
import sys
from pathlib import Path

from growgraph.data.encoding import check_encoding, recoded
from growgraph.data.header import LONGEST, record_end, refuse_endless
from growgraph.errors import DataError

# Cells that say "nothing here".
MISSING = ("", "NA", "N/A", "n/a", "#N/A", "NaN", "nan", "-nan", "null", "NULL", "?")
SEPARATOR = b"separator"  # in the metadata of a block of a CSV file
_TEXT = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz")
_PARQUET = (".parquet", ".pq")
_BLOCK = 1 << 20  # of a CSV file, in bytes
_HEAD = 1 << 16
_ROWS = 8192  # of a Parquet block


def _all(names, source, index=()):
    return names


def is_text(path):
    """True for a file that is read as CSV."""
    return path.name.lower().endswith(_TEXT)


def is_parquet(path):
    """True for a file that is read as Parquet."""
    return path.name.lower().endswith(_PARQUET)


class Files:
    """CSV and Parquet files, one after the other.

    Parameters
    ----------
    source : str or path
        A file, or a folder whose files are taken in the order of their names.
    """

    rereadable = True

    def __init__(self, source, encoding=None):
        self.encoding = check_encoding(encoding)
        self.paths = find_files(Path(source))
        self._seen = [0, 0]  # bytes, rows: for an estimate of how many rows there are

    def blocks(self, select):
        """Yield pyarrow record batches; CSV cells are strings, a missing cell is null.

        Parameters
        ----------
        select : callable
            Takes the names of a file's columns, the file and the names among them that are
            pandas' row index; returns the names to read.
        """
        done = rows = 0
        for path in self.paths:
            for block, read in file_blocks(path, select, self.encoding):
                rows += block.num_rows
                self._seen = [done + read, rows]
                yield block
            done += path.stat().st_size

    def count(self):
        """Number of rows, counted by reading what must be read."""
        return sum(count_rows(path, self.encoding) for path in self.paths)

    def estimate(self):
        """Number of rows as far as can be told now, or None."""
        done, rows = self._seen
        if all(is_parquet(path) for path in self.paths):
            return self.count()
        size = sum(path.stat().st_size for path in self.paths)
        return int(rows * max(1.0, size / done)) if done else None

    def identity(self):
        """Names, sizes and a digest of both ends of each file."""
        return [_file_identity(path) for path in self.paths]


class Standard:
    """A CSV file on standard input, which can be read once."""

    rereadable = False
    paths = ()

    def __init__(self, encoding=None):
        self.encoding = check_encoding(encoding)

    def blocks(self, select):
        """As :meth:`Files.blocks`."""
        name = "standard input"
        for block, _ in csv_blocks(recoded(sys.stdin.buffer, self.encoding, name), name, select):
            yield block

    def estimate(self):
        """Nothing is known of a pipe."""
        return None

    def identity(self):
        """Nothing is known of a pipe."""
        return None


def find_files(path):
    """The files that a path stands for.

    Raises
    ------
    DataError
        If there are none, or the file is of a kind that growgraph does not read.
    """
    kinds = ", ".join((*_TEXT, *_PARQUET))
    if path.is_dir():
        found = sorted(
            p
            for p in path.iterdir()
            if p.is_file() and not p.name.startswith(".") and (is_text(p) or is_parquet(p))
        )
        if not found:
            raise DataError(f"folder {path} holds no data: growgraph reads {kinds}")
        return found
    if not path.exists():
        raise FileNotFoundError(f"{path} does not exist: give digits, a file, a folder or -")
    if not (is_text(path) or is_parquet(path)):
        raise DataError(f"{path} is of an unknown kind: growgraph reads {kinds}")
    return [path]


def _file_identity(path):
    size = path.stat().st_size
    with open(path, "rb") as file:
        ends = file.read(1 << 16)
        file.seek(max(0, size - (1 << 16)))
        ends += file.read()
    return [path.name, size, hashlib.sha256(ends).hexdigest()[:16]]


def file_blocks(path, select=_all, encoding=None):
    """Yield (record batch, bytes read so far) of one file."""
    try:
        if is_parquet(path):
            yield from _parquet_blocks(path, select)
            return
        packed = path.name.lower().endswith(".gz")
        with open(path, "rb") as raw, gzip.open(raw) if packed else raw as file:
            for block, read in csv_blocks(recoded(file, encoding, path), path, select):
                yield block, raw.tell() if packed else read
    except (EOFError, gzip.BadGzipFile) as error:
        raise DataError(f"{path} is no whole gzip file ({error})") from error
    except OSError as error:
        if error.strerror is None:
            raise
        raise type(error)(f"{path} could not be read ({error.strerror})") from error


def count_rows(path, encoding=None):
    """Number of rows of one file."""
    if is_parquet(path):
        return _open_parquet(path).metadata.num_rows
    return sum(block.num_rows for block, _ in file_blocks(path, encoding=encoding))


# ---- Parquet --------------------------------------------------------------------------------
def _open_parquet(path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.ParquetFile(path)
    except pa.ArrowInvalid as error:
        raise DataError(f"{path} is no Parquet file ({_first_line(error)})") from error


def _parquet_blocks(path, select):
    import pyarrow as pa

    file = _open_parquet(path)
    names = check_names(file.schema_arrow.names, path)
    columns = select(names, path, _pandas_index(file.schema_arrow))
    total, rows, size = max(file.metadata.num_rows, 1), 0, path.stat().st_size
    try:
        for block in file.iter_batches(_ROWS, columns=columns, use_threads=False):
            rows += block.num_rows
            yield block, size * rows // total
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"{path} could not be read ({_first_line(error)})") from error


def _pandas_index(schema):
    """Names of the columns that hold the row index of a pandas table."""
    told = (schema.pandas_metadata or {}).get("index_columns", ())
    named = {name for name in told if isinstance(name, str)}
    odd = re.compile(r"__index_level_\d+__")
    return [name for name in schema.names if name in named or odd.fullmatch(name)]


# ---- CSV ------------------------------------------------------------------------------------
def csv_blocks(file, name, select):
    """Yield (record batch of strings, bytes read so far, roughly) of a CSV stream.

    Parameters
    ----------
    file : binary file object
    name : str or path
        For messages.
    select : callable
        See :meth:`Files.blocks`.
    """
    import pyarrow as pa
    import pyarrow.csv as pc

    columns, separator, rest = _read_header(file, name)
    start = rest[: rest.find(b"\n") + 1] or rest
    kept = select(columns, name)
    types = dict.fromkeys(kept, pa.string())
    row, size = 0, max(_BLOCK, 32 * len(start))
    source = _Rest(rest, file)
    try:
        reader = pc.open_csv(
            source,
            pc.ReadOptions(use_threads=False, block_size=size, column_names=columns),
            pc.ParseOptions(delimiter=separator, newlines_in_values=True),
            pc.ConvertOptions(
                column_types=types,
                include_columns=kept,
                null_values=list(MISSING),
                strings_can_be_null=True,
            ),
        )
        for count, block in enumerate(reader, start=1):
            row += block.num_rows
            if source.open_quote and _broken(block):
                raise _quote_error(name, row)
            yield block.replace_schema_metadata({SEPARATOR: separator}), count * size
    except pa.ArrowInvalid as error:
        if "Empty CSV" not in str(error):
            raise _csv_error(str(error), name, row) from error


def _read_header(file, name):
    """Column names, the separator, and the bytes already read after the header."""
    head, end, seen = b"", -1, (0, 0, False)
    while end < 0:
        more = file.read(_HEAD)
        head += more
        end, seen = record_end(head, seen)
        if not more or len(head) > LONGEST:
            break
    if not head.strip():
        raise DataError(f"{name} is empty: it needs a line of column names and rows below")
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _encoding_error(name, "utf-16", "")
    if end < 0:
        refuse_endless(head, name)
    line, rest = (head[:end], head[end:]) if end >= 0 else (head, b"")
    try:
        text = line.decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError as error:
        raise _encoding_error(name, "latin1", " (in its first line)") from error
    separator = max(",;\t|", key=text.count) if "," not in text else ","
    cells = next(csv.reader([text], delimiter=separator), [])
    return check_names([cell.strip() for cell in cells], name), separator, rest


def check_names(names, source):
    """Raise unless the column names are there and differ; returns them.

    A nameless first column (pandas' row index) is allowed and left out.
    """
    numbers = [float(c) for c in names if re.fullmatch(r"[+-]?\d+\.?\d*([eE][+-]?\d+)?", c)]
    ascending = all(a < b and a == int(a) for a, b in itertools.pairwise([*numbers, 1e300]))
    if numbers and not ascending:
        shown = ", ".join(names[:4])
        raise DataError(
            f"{source} seems to have no column names: its first line is {shown}: add a line of "
            "names above it"
        )
    counts = collections.Counter(names)
    for place, column in enumerate(names):
        if not column and place:
            raise DataError(f"{source}: column {place + 1} has no name: add it to the first line")
        if counts[column] > 1:
            raise DataError(f"{source} has two columns {column!r}: rename one in its first line")
    return names


def _csv_error(message, name, row):
    """One clear line for what pyarrow says of a block that begins at ``row``."""
    ragged = re.search(r"Row #(\d+): Expected (\d+) columns, got (\d+)", message)
    if ragged:
        at, expected, got = map(int, ragged.groups())
        return DataError(
            f"{name}, row {at - 1} (rows count from 0): {got} cells for {expected} names: mend "
            "that row, or put a cell that holds the separator in quotes"
        )
    if "invalid UTF8" in message:
        told = re.search(r"Row #(\d+)", message)
        place = f"row {int(told.group(1)) - 1}" if told else f"a row after {row}"
        return _encoding_error(name, "latin1", f" ({place})")
    if "straddling" in message:
        return DataError(
            f'{name}, near row {row}: a quote (") is never closed, or the row is longer than '
            f"{_BLOCK:,} bytes: mend that row"
        )
    return DataError(f"{name} could not be read as CSV ({_first_line(message)})")


def _broken(block):
    """True if the last row holds a line break: what an open quote leaves at a file's end."""
    last = block.slice(block.num_rows - 1)
    return any("\n" in (cell or "") for column in last.columns for cell in column.to_pylist())


def _quote_error(name, row):
    return DataError(
        f'{name}, near row {row}: a quote (") is opened and never closed: mend that row'
    )


def _encoding_error(name, encoding, place):
    source = name if isinstance(name, os.PathLike) else "FILE.csv"
    return DataError(
        f"{name} is not UTF-8 text{place}: convert it, for example with "
        f"iconv -f {encoding} -t utf-8 {source} > utf8.csv, or read it with --encoding {encoding}"
    )


def _first_line(error):
    return str(error).splitlines()[0]


class _Rest:
    """A file whose beginning was read already; reads the beginning first."""

    closed = False

    def __init__(self, head, file):
        self._head, self._file = head, file
        self._quotes, self._ended = 0, False

    @property
    def open_quote(self):
        """True at the end of a file with an odd number of quotes."""
        return self._ended and self._quotes % 2 == 1

    def read(self, size=-1):
        if self._head:
            size = len(self._head) if size < 0 else size
            piece, self._head = self._head[:size], self._head[size:]
        else:
            piece = self._file.read(size)
            if 0 <= size < len(piece):  # text recoded may have grown
                piece, self._head = piece[:size], piece[size:]
        self._quotes += piece.count(b'"')
        self._ended = not piece
        return piece

    def readable(self):
        return True

    def writable(self):
        return False

    def seekable(self):
        return False

    def close(self):
        """The owner closes the file."""
