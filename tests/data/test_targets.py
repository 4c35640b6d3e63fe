"""Which column is the target, what it may hold, and which rows are held out."""

import gzip
import io

import pytest

from growgraph.data import TableStream, open_stream, stream
from growgraph.errors import DataError
from tests.data.material import TABLE, read, refused, rows_of, write


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
