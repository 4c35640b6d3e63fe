"""Tables written, read and told of."""

import math
from pathlib import Path

import pytest

from growgraph.data import TableStream
from growgraph.errors import DataError

TABLE = "a,y\n" + "".join(f"{i},{i % 3}\n" for i in range(1000))


def write(folder, text, name="t.csv"):
    path = Path(folder) / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def rows_of(batches):
    """Row index -> (cells by column, label), with NaN told apart from nothing."""
    out = {}
    for batch in batches:
        for i, row in enumerate(batch.rows.tolist()):
            cells = {
                name: "nan" if isinstance(v[i], float) and math.isnan(v[i]) else v[i]
                for name, v in batch.X.items()
            }
            assert row not in out
            out[row] = (cells, None if batch.y is None else batch.y[i])
    return out


def read(folder, text, **options):
    return rows_of(TableStream(write(folder, text), **options).learn())


def noted(path, **options):
    """Notes and rows of a whole table."""
    notes = []
    s = TableStream(path, note=notes.append, **options)
    seen = rows_of(s.learn()) | rows_of(s.held_out())
    s.sum_up()
    return [note for note in notes if "the target is" not in note], seen, s


def refused(folder, text, name="t.csv", **options):
    path = write(folder, text, name)
    with pytest.raises(DataError) as caught:
        list(TableStream(path, **options).learn())
    message = str(caught.value)
    assert "\n" not in message
    return message
