"""What a row becomes does not depend on blocks, files or resuming."""

import gzip
import io
import os
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growgraph.data import DigitsStream, TableStream, files, open_stream, stream
from growgraph.errors import DataError
from tests.data.material import TABLE, noted, read, refused, rows_of, write


def test_parquet(tmp_path):
    table = pa.table(
        {
            "i": pa.array([1, None, 3], pa.int32()),
            "f": pa.array([0.5, 1.5, None], pa.float32()),
            "s": ["u", None, "v"],
            "c": pa.array(["p", "q", "p"]).dictionary_encode(),
            "b": [True, False, None],
            "d": pa.array([0, 86400, None], pa.timestamp("s")),
            "e": pa.array([1, 2, 3], pa.decimal128(5, 2)),
            "n": pa.nulls(3),
            "y": pa.array(["k", "l", "k"]),
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    assert rows_of(TableStream(tmp_path / "t.parquet", seed=1).learn()) == {
        0: ({"i": 1.0, "f": 0.5, "s": "u", "c": "p", "b": "true", "d": 0.0, "e": 1.0}, "k"),
        1: ({"i": "nan", "f": 1.5, "s": None, "c": "q", "b": "false", "d": 86400.0, "e": 2.0}, "l"),
        2: ({"i": 3.0, "f": "nan", "s": "v", "c": "p", "b": None, "d": "nan", "e": 3.0}, "k"),
    }
    pq.write_table(pa.table({"l": [[1], [2]], "y": [0, 1]}), tmp_path / "u.parquet")
    with pytest.raises(DataError, match="--drop l"):
        list(TableStream(tmp_path / "u.parquet").learn())


def test_the_row_index_of_pandas_is_left_out(tmp_path):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "y": [0, 1, 0]})
    frame[frame.a != 2].to_parquet(tmp_path / "t.parquet")
    notes, seen, _ = noted(tmp_path / "t.parquet", seed=1)
    assert seen == {0: ({"a": 1.0}, 0), 1: ({"a": 3.0}, 0)}
    frame.set_index(pd.Index([5, 9, 7], name="id")).to_parquet(tmp_path / "t.parquet")
    notes, seen, _ = noted(tmp_path / "t.parquet", seed=1)
    assert notes == ["column 'id' is pandas' row index: left out"]
    assert seen[1] == ({"a": 2.0}, 1)
    notes, seen, _ = noted(tmp_path / "t.parquet", seed=1, categorical=["id"])
    assert seen[1] == ({"a": 2.0, "id": "9"}, 1)


def test_a_folder_is_read_by_name_and_columns_by_name(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    write(folder, "b,y,a\n5,1,6\n", "2.csv")
    write(folder, "a,b,y\n1,2,0\n3,4,1\n", "1.csv")
    write(folder, "a,y\n7,0\n", "3.csv")
    pq.write_table(pa.table({"a": [8], "new": ["x"], "y": [1]}), folder / "4.parquet")
    write(folder, "no data", ".hidden.csv")
    write(folder, "no data", "README.md")
    seen = rows_of(TableStream(folder, seed=1).learn())
    assert seen == {
        0: ({"a": 1.0, "b": 2.0}, 0),
        1: ({"a": 3.0, "b": 4.0}, 1),
        2: ({"a": 6.0, "b": 5.0}, 1),
        3: ({"a": 7.0, "b": "nan"}, 0),
        4: ({"a": 8.0, "b": "nan", "new": "x"}, 1),
    }
    write(folder, "a,b\n1,2\n", "5.csv")
    with pytest.raises(DataError, match=r"target 'y' is no column of .*5\.csv"):
        list(TableStream(folder).learn())


@pytest.mark.parametrize("encoding", ["latin1", "cp1252", "utf-16", "utf-8"])
@pytest.mark.parametrize("block", [1 << 20, 50])
def test_encodings(tmp_path, monkeypatch, encoding, block):
    text = "größe,y\n" + "".join(f"{'éü'[i % 2] * 9},{i % 3}\n" for i in range(5000))
    expected = read(tmp_path, text)
    monkeypatch.setattr(files, "_BLOCK", block)
    path = write(tmp_path, text.encode(encoding))
    assert read(tmp_path, text.encode(encoding), encoding=encoding) == expected
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode(encoding))))
    pipe = open_stream("-", encoding=encoding)
    assert rows_of(pipe.learn()) == expected
    assert len(rows_of(pipe.held_out())) == 5000 - len(expected)
    tail = TableStream(path, holdout="tail", encoding=encoding)
    assert list(rows_of(tail.learn())) == list(range(4500))


def test_wrong_encodings(tmp_path):
    assert "is not ascii text: name" in refused(tmp_path, "a,y\né,1\n", encoding="ascii")
    assert "encoding 'klingon' is unknown" in refused(tmp_path, "a,y\n1,1\n", encoding="klingon")
    assert "--encoding latin1" in refused(tmp_path, "a,y\né,1\n".encode("latin1"))


def test_gzip(tmp_path):
    write(tmp_path, gzip.compress(TABLE.encode()), "t.csv.gz")
    assert len(rows_of(TableStream(tmp_path / "t.csv.gz").learn())) > 800


# ---- blocks and resuming change nothing -----------------------------------------------------
CELL = st.sampled_from(
    ["", "NA", "1", "-2.5", "7 ", "red", "blue", "2020-01-01", 'q"x', "u,v", "a\nb"]
)


def as_csv(rows):
    def quoted(cell):
        return '"' + cell.replace('"', '""') + '"' if set(cell) & set('",\n') else cell

    return "".join(",".join(map(quoted, row)) + "\n" for row in rows)


TABLES = st.integers(1, 4).flatmap(
    lambda n: st.lists(
        st.tuples(*[CELL] * n, st.sampled_from(["k", "l", "m", ""])), min_size=1, max_size=60
    )
)


def all_of(path, options, **more):
    """Learnt rows, held-out rows, schema, number of rows; or the error."""
    s = TableStream(path, **options, **more)
    try:
        learnt = rows_of(s.learn())
    except DataError as error:
        return str(error), None, None, None
    return learnt, rows_of(s.held_out()), s.schema(), s.n_rows


@settings(max_examples=80, deadline=None)
@given(rows=TABLES, block=st.integers(1, 200), sample=st.integers(1, 40), data=st.data())
def test_blocks_and_resuming_change_nothing(rows, block, sample, data):
    names = [f"c{i}" for i in range(len(rows[0]) - 1)] + ["y"]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        path = write(folder, as_csv([names, *rows]))
        patch.setattr(stream, "SAMPLE", sample)
        options = {"seed": 9, "categorical": ["y"]}
        learnt, held, schema, n = all_of(path, options)
        patch.setattr(files, "_BLOCK", block)
        assert all_of(path, options) == (learnt, held, schema, n)
        if schema is None:
            return
        start = data.draw(st.integers(1, len(rows)))
        parts = Path(folder) / "parts"
        parts.mkdir()
        write(parts, as_csv([names, *rows[:start]]), "1.csv")
        write(parts, as_csv([names, *rows[start:]]), "2.csv")
        assert all_of(parts, options) == (learnt, held, schema, n)
        later = TableStream(path, schema=schema, **options)
        assert rows_of(later.learn(start)) == {r: v for r, v in learnt.items() if r >= start}
        assert (rows_of(later.held_out()), later.schema(), later.n_rows) == (held, schema, n)


def test_memory_stays_small(tmp_path):
    path = tmp_path / "big.csv"
    row = ",".join(["1.2345"] * 10)
    with open(path, "w") as file:
        file.write(",".join(f"x{i}" for i in range(10)) + ",y\n")
        for i in range(50):
            file.write("".join(f"{row},{j % 3}\n" for j in range(i, i + 1000)))
    before = pa.total_allocated_bytes()
    most, n = 0, 0
    for batch in TableStream(path).learn():
        n += len(batch)
        most = max(most, pa.total_allocated_bytes() - before)
    assert n > 40_000
    assert most < 20e6


# ---- asking a saved model -------------------------------------------------------------------
def test_every_row_by_a_known_schema(tmp_path):
    s = TableStream(write(tmp_path, "a,t,y\n1,u,0\n2,v,1\n"), seed=1)
    list(s.learn())
    write(tmp_path, "t,extra,a\nw,9,K\nu,8,3\n", "new.csv")
    batches = list(TableStream(tmp_path / "new.csv", schema=s.schema()).every())
    assert rows_of(batches) == {
        0: ({"t": "w", "a": "nan"}, None),
        1: ({"t": "u", "a": 3.0}, None),
    }
    write(tmp_path, "y,a\n1,5\n,6\nx,7\n", "new.csv")
    batches = list(TableStream(tmp_path / "new.csv", schema=s.schema()).every())
    assert [label for _, label in rows_of(batches).values()] == [1, None, None]
    write(tmp_path, "q,y\n1,5\n", "new.csv")
    with pytest.raises(DataError, match="none of the columns the model has learnt: it needs a, t"):
        list(TableStream(tmp_path / "new.csv", schema=s.schema()).every())


def test_what_the_data_lack_is_said(tmp_path):
    s = TableStream(write(tmp_path, "a,b,c,y\n1,2,3,0\n2,3,4,1\n"), seed=1)
    list(s.learn())
    notes = []
    write(tmp_path, "a,c\n1,3\n", "new.csv")
    asked = TableStream(tmp_path / "new.csv", schema=s.schema(), note=notes.append)
    list(asked.every())
    list(asked.every())
    assert notes == [f"{tmp_path}/new.csv lacks column 'b': taken as missing in every row"]
    asked = TableStream(tmp_path / "new.csv", schema=s.schema(), target="aa")
    with pytest.raises(DataError, match=r"target 'aa' is no column .* did you mean 'a'"):
        list(asked.every())


# ---- digits ---------------------------------------------------------------------------------
def test_digits():
    s = DigitsStream(seed=2)
    learnt = np.vstack([batch.X for batch in s.learn()])
    held = np.vstack([batch.X for batch in s.held_out()])
    everything = np.vstack([batch.X for batch in s.every()])
    assert (len(learnt), len(held), s.expected_rows()) == (1297, 500, 1297)
    both = np.vstack([learnt, held])
    assert np.array_equal(np.sort(both.sum(axis=1)), np.sort(everything.sum(axis=1)))
    rest = np.vstack([batch.X for batch in s.learn(1000)])
    assert np.array_equal(rest, learnt[1000:])
    assert not np.array_equal(next(DigitsStream(seed=3).learn()).X, learnt[:256])
    assert sum(len(b) for b in DigitsStream(limit=10).learn()) == 10
    assert DigitsStream(limit=10).identity() != DigitsStream(limit=20).identity()
    with pytest.raises(DataError, match="does not apply to digits"):
        open_stream("digits", target="x")
    with pytest.raises(DataError, match="last 500"):
        open_stream("digits", holdout="random")


@pytest.mark.skipif(os.name == "nt", reason="permissions")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(tmp_path):
    path = write(tmp_path, "a,y\n1,2\n")
    path.chmod(0)
    with pytest.raises(PermissionError, match="could not be read"):
        list(TableStream(path).learn())
