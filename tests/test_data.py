"""What a row becomes depends on the row and those before it, not on blocks, files or resuming."""

import gzip
import io
import math
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


# ---- kinds of columns -----------------------------------------------------------------------
def test_numbers_text_dates_and_missing_cells(tmp_path):
    table = "n,t,d,b,y\n1, red ,2020-01-01,true,a\n,blue,2020-01-02 12:00,NA,b\n-2e3,?,,false,a\n"
    notes = []
    first, *_ = TableStream(write(tmp_path, table), seed=1, note=notes.append).learn()
    assert first.X["n"].dtype == np.float64
    assert rows_of([first]) == {
        0: ({"n": 1.0, "t": "red", "d": 18262.0, "b": "true"}, "a"),
        1: ({"n": "nan", "t": "blue", "d": 18263.5, "b": None}, "b"),
        2: ({"n": -2000.0, "t": None, "d": "nan", "b": "false"}, "a"),
    }
    assert any("'d' is read as dates" in note for note in notes)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_dialects(tmp_path, end, separator, mark):
    lines = ["a,b,y", '1,"u v",p', "2,w,q", ""]
    text = mark + end.join(lines).replace(",", separator)
    assert read(tmp_path, text, seed=1) == {
        0: ({"a": 1.0, "b": "u v"}, "p"),
        1: ({"a": 2.0, "b": "w"}, "q"),
    }


def test_quotes_hold_separators_and_line_breaks(tmp_path):
    text = '"a\nb",y\n"1,5\n6",0\n"say ""x""",1\n'
    assert read(tmp_path, text, seed=1) == {
        0: ({"a\nb": "1,5\n6"}, 0),
        1: ({"a\nb": 'say "x"'}, 1),
    }


def test_text_comes_late_into_numbers(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "SAMPLE", 20)
    text = "a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(40)) + "K1,0\n7,1\n"
    notes = []
    s = TableStream(write(tmp_path, text), seed=4, note=notes.append)
    seen = rows_of(s.learn())
    assert seen[39][0] == {"a": 39.0}
    assert seen[40][0] == {"a": "nan"}
    assert seen[41][0] == {"a": 7.0}
    assert "column 'a' holds text in row 40 (K1): such cells are taken as missing" in notes[-1]
    assert "--categorical a" in notes[-1]
    s.sum_up()
    assert notes[-1] == "column 'a': 1 cell of text was taken as missing in all"
    seen = read(tmp_path, text, seed=4, categorical=["a"])
    assert seen[39][0] == {"a": "39"}
    assert seen[40][0] == {"a": "K1"}


def test_a_column_that_begins_late(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "SAMPLE", 20)
    text = "a,late,y\n" + "".join(f"{i},,{i % 2}\n" for i in range(40)) + "1,x,0\n2,,1\n"
    seen = read(tmp_path, text, seed=4)
    assert seen[39][0] == {"a": 39.0}
    assert seen[40][0] == {"a": 1.0, "late": "x"}
    assert seen[41][0] == {"a": 2.0, "late": None}


@pytest.mark.parametrize(("cell", "kind"), [("5", "numbers"), ("2020-01-01", "dates")])
@pytest.mark.parametrize("block", [1 << 20, 30])
def test_numbers_that_begin_late_are_left_out(tmp_path, monkeypatch, cell, kind, block):
    monkeypatch.setattr(stream, "SAMPLE", 20)
    monkeypatch.setattr(files, "_BLOCK", block)
    text = "a,late,y\n" + "".join(f"{i},,{i % 2}\n" for i in range(40)) + f"1,{cell},0\n" * 9
    notes = []
    s = TableStream(write(tmp_path, text), seed=4, note=notes.append)
    assert {tuple(cells) for cells, _ in rows_of(s.learn()).values()} == {("a",)}
    assert notes[1:] == [
        f"column 'late' has {kind} only from row 40 on: left out; begin with rows that have it"
    ]
    assert {tuple(cells) for cells, _ in rows_of(s.held_out()).values()} <= {("a",)}
    seen = read(tmp_path, text, seed=4, categorical=["late"])
    assert seen[40][0] == {"a": 1.0, "late": cell}


def test_a_column_of_the_second_file_is_known_from_the_beginning(tmp_path):
    write(tmp_path, "a,y\n1,0\n", "1.csv")
    write(tmp_path, "a,b,y\n2,3,1\n", "2.csv")
    assert rows_of(TableStream(tmp_path, seed=1).learn()) == {
        0: ({"a": 1.0, "b": "nan"}, 0),
        1: ({"a": 2.0, "b": 3.0}, 1),
    }


def test_free_text_is_left_out_and_said(tmp_path):
    text = "id,a,y\n" + "".join(f"n{i},{i},{i % 2}\n" for i in range(200))
    notes = []
    batch = next(TableStream(write(tmp_path, text), note=notes.append).learn())
    assert list(batch.X) == ["a"]
    assert any("'id' holds another text in nearly every row: left out" in n for n in notes)
    batch = next(TableStream(tmp_path / "t.csv", categorical=["id"]).learn())
    assert batch.X["id"][3].startswith("n")


def test_a_nameless_row_index_is_left_out(tmp_path):
    assert read(tmp_path, ",a,y\n0,5,1\n", seed=1) == {0: ({"a": 5.0}, 1)}


def noted(path, **options):
    """Notes and rows of a whole table."""
    notes = []
    s = TableStream(path, note=notes.append, **options)
    seen = rows_of(s.learn()) | rows_of(s.held_out())
    s.sum_up()
    return [note for note in notes if "the target is" not in note], seen, s


def test_a_bad_cell_in_the_sample_is_missing_and_said(tmp_path):
    cells = [f"{i}.5" for i in range(200)]
    cells[7] = "n.d."
    cells[150] = "n.d."
    path = write(tmp_path, "a,y\n" + "".join(f"{c},{i % 2}\n" for i, c in enumerate(cells)))
    notes, seen, s = noted(path, seed=2)
    assert (seen[6][0], seen[7][0]) == ({"a": 6.5}, {"a": "nan"})
    assert len(notes) == 2
    assert "'a' holds text in row 7 (n.d.): such cells are taken as missing" in notes[0]
    assert "--categorical a" in notes[0]
    assert notes[1] == "column 'a': 2 cells of text were taken as missing in all"
    told = []
    again = TableStream(path, schema=s.schema(), note=told.append)
    assert rows_of(again.every())[7][0] == {"a": "nan"}
    again.sum_up()
    assert told == notes


@pytest.mark.parametrize(
    ("bad", "part"),
    [(4, "holds text in row 0"), (30, "numbers and text (153 and 27 cells, such as t0): left out")],
)
def test_numbers_with_text_are_told_truly(tmp_path, bad, part):
    text = "b,a,y\n" + "".join(f"1,{'t' * (i < bad)}{i},{i % 2}\n" for i in range(200))
    notes, seen, _ = noted(write(tmp_path, text), seed=2)
    assert part in notes[0]
    assert not any("another text" in note for note in notes)
    assert ("a" in seen[0][0]) == (bad == 4)


@pytest.mark.parametrize("separator", [";", "\t", "|"])
@pytest.mark.parametrize("block", [1 << 20, 40])
def test_decimal_commas(tmp_path, monkeypatch, separator, block):
    monkeypatch.setattr(files, "_BLOCK", block)
    monkeypatch.setattr(stream, "SAMPLE", 20)
    text = "a;b;y\n" + "".join(f"{i},5;{i};{i % 2}\n" for i in range(50))
    text += "-1,25;7,5;0\n x;1.5;1\n"
    path = write(tmp_path, text.replace(";", separator))
    notes, seen, _ = noted(path, seed=3)
    assert seen[1][0] == {"a": 1.5, "b": 1.0}
    assert (seen[50][0], seen[51][0]) == ({"a": -1.25, "b": 7.5}, {"a": "nan", "b": 1.5})
    assert "column 'a' has decimal commas: 0,5 in row 0 is read as 0.5" in notes[0]
    assert "column 'b' has decimal commas: 7,5 in row 50 is read as 7.5" in notes
    assert sum("commas" in note for note in notes) == 2


def test_commas_in_quotes_are_no_decimals(tmp_path):
    seen = read(tmp_path, 'a,y\n"1,5",0\n"2,5",1\n', seed=1)
    assert seen[0][0] == {"a": "1,5"}


def test_decimal_commas_through_a_pipe(tmp_path, monkeypatch):
    text = "a;y\n" + "".join(f"{i},5;{i % 2}\n" for i in range(50))
    expected = noted(write(tmp_path, text))
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert noted("-")[:2] == expected[:2]


# ---- targets --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("header", "found", "why"),
    [
        ("a,b", "b", "the last column"),
        ("Label,b", "Label", "by its name"),
        ("y,target,b", "target", "by its name"),
    ],
)
def test_the_default_target(tmp_path, header, found, why):
    notes = []
    cells = ",".join("1" * len(header.split(",")))
    s = TableStream(write(tmp_path, f"{header}\n{cells}\n"), note=notes.append)
    list(s.learn())
    assert s.target == found
    assert f"the target is {found!r} ({why})" in notes[0]


@pytest.mark.parametrize(
    ("cells", "labels"),
    [
        (["1", "2", "3"], [1, 2, 3]),
        (["1.0", "-2", " 3 "], [1, -2, 3]),
        (["0.5", "1.5", "0.5"], ["0.5", "1.5", "0.5"]),
        (["1", "x", "2"], ["1", "x", "2"]),
        (["true", "false", "true"], ["true", "false", "true"]),
    ],
)
def test_labels(tmp_path, cells, labels):
    table = "a,y\n" + "".join(f"1,{cell}\n" for cell in cells)
    batches = list(TableStream(write(tmp_path, table), seed=1).learn())
    assert [label for batch in batches for label in batch.y.tolist()] == labels


def test_rows_without_a_label_are_skipped_and_counted(tmp_path):
    s = TableStream(write(tmp_path, "a,y\n1,0\n2,\n3,1\n4,NA\n"), seed=1)
    assert list(rows_of(s.learn())) == [0, 2]
    assert s.skipped(2, 0) == 2


def refused(folder, text, name="t.csv", **options):
    path = write(folder, text, name)
    with pytest.raises(DataError) as caught:
        list(TableStream(path, **options).learn())
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "is empty"),
        ("\n \n", "is empty"),
        ("a,y\n", "column names but no rows"),
        ("a,y", "column names but no rows"),
        ("y\n1\n", "at least one column to learn from"),
        ("5.1,3.5,setosa\n4.9,3,setosa\n", "seems to have no column names"),
        ("1,0,1,1\n0,1,1,0\n", "seems to have no column names"),
        ("a,,y\n1,2,3\n", "column 2 has no name"),
        ("a,a,y\n1,2,3\n", "two columns 'a'"),
        ("a,y\n1,2\n3,4,5\n", "row 1 (rows count from 0): 3 cells for 2 names"),
        ("a,y\n1,2\n3\n", "row 1 (rows count from 0): 1 cells for 2 names"),
        ('a,y\n1,"2\n3,4\n', "a quote"),
        ('a,"y\n1,2\n', "in the line of column names is never closed"),
        ('a,"y\n' + "1,2\n" * 600_000, "in the line of column names is never closed"),
        ("a" * 1_200_000, "is longer than 1,048,576 bytes"),
        ("a,y\ninf,2\n", "column 'a' holds inf in row 0"),
        ("a,y\n1,2\n-1e999,2\n", "column 'a' holds -inf in row 1"),
        ("a,y\n1,\n2,\n", "target 'y' is empty in all 2 rows"),
        ("é,y\n1,2\n".encode("latin1"), "not UTF-8 text (in its first line): convert it"),
        ("a,y\né,2\n".encode("latin1"), "not UTF-8 text (row 0): convert it"),
        ("a,y\n1,2\n".encode("utf-16"), "iconv -f utf-16"),
    ],
)
def test_bad_tables(tmp_path, text, part):
    assert part in refused(tmp_path, text, seed=1)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"target": "speceis"}, "did you mean 'species'?"),
        ({"target": "qqq"}, "it has a, species"),
        ({"drop": ["b"]}, "drop 'b' is no column"),
        ({"categorical": ["b"]}, "categorical 'b' is no column"),
        ({"drop": ["a"]}, "at least one column to learn from"),
    ],
)
def test_bad_options(tmp_path, options, part):
    assert part in refused(tmp_path, "a,species\n1,x\n", **options)


def test_bad_files(tmp_path):
    assert "no Parquet file" in refused(tmp_path, "a,y\n1,2\n", "t.parquet")
    assert "no whole gzip file" in refused(tmp_path, gzip.compress(b"a,y\n1,2\n")[:-4], "t.csv.gz")
    assert "no whole gzip file" in refused(tmp_path, "a,y\n1,2\n", "t.csv.gz")
    assert "unknown kind" in refused(tmp_path, "a,y\n1,2\n", "t.xlsx")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no data"):
        TableStream(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="does not exist"):
        TableStream(tmp_path / "nope.csv")
    with pytest.raises(ValueError, match="limit must be in"):
        TableStream(write(tmp_path, "a,y\n1,2\n"), limit=0)


def test_quantities_are_for_the_regressor(tmp_path):
    floats = "a,price\n" + "".join(f"1,{i * 1.37:.2f}\n" for i in range(60))
    assert "GrowNetRegressor" in refused(tmp_path, floats)
    whole = "a,price\n" + "".join(f"1,{i * 137}\n" for i in range(300))
    assert "GrowNetRegressor" in refused(tmp_path, whole)
    assert len(read(tmp_path, floats, categorical=["price"])) > 40


def test_free_text_is_no_target(tmp_path):
    text = "a,comment\n" + "".join(f"1,words {i}\n" for i in range(200))
    assert "holds another text in nearly every row" in refused(tmp_path, text)


def test_a_label_of_another_kind_comes_late(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "SAMPLE", 20)
    text = "a,y\n" + "".join(f"1,{i % 3}\n" for i in range(60))
    assert "target 'y' holds 0.5 in row 60" in refused(tmp_path, text + "1,0.5\n", seed=2)
    assert "target 'y' holds x in row 60" in refused(tmp_path, text + "1,x\n", seed=2)


# ---- held out -------------------------------------------------------------------------------
TABLE = "a,y\n" + "".join(f"{i},{i % 3}\n" for i in range(1000))


def test_a_seeded_tenth_is_held_out(tmp_path):
    s = TableStream(write(tmp_path, TABLE), seed=5)
    learnt, held = rows_of(s.learn()), rows_of(s.held_out())
    assert learnt.keys() | held.keys() == set(range(1000))
    assert not learnt.keys() & held.keys()
    assert 60 < len(held) < 140
    assert 0 in learnt
    assert all(held[row] == ({"a": float(row)}, row % 3) for row in held)
    again = TableStream(tmp_path / "t.csv", seed=5)
    assert rows_of(again.learn()).keys() == learnt.keys()
    other = TableStream(tmp_path / "t.csv", seed=6)
    assert rows_of(other.learn()).keys() != learnt.keys()


def test_the_last_tenth_is_held_out(tmp_path):
    s = TableStream(write(tmp_path, TABLE), holdout="tail")
    assert list(rows_of(s.learn())) == list(range(900))
    assert list(rows_of(s.held_out())) == list(range(900, 1000))
    s = TableStream(tmp_path / "t.csv", holdout="tail", limit=50)
    assert list(rows_of(s.learn())) == list(range(45))
    assert list(rows_of(s.held_out())) == list(range(45, 50))


@pytest.mark.parametrize("holdout", ["random", "tail"])
def test_a_single_row_is_learnt(tmp_path, holdout):
    for seed in range(20):
        s = TableStream(write(tmp_path, "a,y\n1,2\n"), holdout=holdout, seed=seed)
        assert len(rows_of(s.learn())) == 1
        assert rows_of(s.held_out()) == {}


def test_held_out_rows_teach_nothing_about_columns(tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "SAMPLE", 50)
    text = "a,y\n" + "".join(f"{i},{i % 3}\n" for i in range(90)) + "K1,0\n" * 10
    s = TableStream(write(tmp_path, text), holdout="tail")
    assert list(next(s.learn()).X) == ["a"]
    list(s.learn())
    assert {tuple(cells) for cells, _ in rows_of(s.held_out()).values()} == {("a",)}


def test_standard_input_equals_a_file(tmp_path, monkeypatch):
    s = TableStream(write(tmp_path, TABLE), seed=3)
    expected = rows_of(s.learn()), rows_of(s.held_out())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(TABLE.encode())))
    pipe = open_stream("-", seed=3)
    assert (rows_of(pipe.learn()), rows_of(pipe.held_out())) == expected
    with pytest.raises(DataError, match="holdout must be random for standard input"):
        open_stream("-", holdout="tail")


# ---- files, folders -------------------------------------------------------------------------
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
        1: ({"i": "nan", "f": 1.5, "s": None, "c": "q", "b": "false", "d": 1.0, "e": 2.0}, "l"),
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
