"""Kinds of columns: numbers, text, dates, missing cells, and what comes late."""

import io

import numpy as np
import pytest

from growgraph.data import TableStream, files, stream
from tests.data.material import noted, read, rows_of, write


def test_numbers_text_dates_and_missing_cells(tmp_path):
    table = "n,t,d,b,y\n1, red ,2020-01-01,true,a\n,blue,2020-01-02 12:00,NA,b\n-2e3,?,,false,a\n"
    notes = []
    first, *_ = TableStream(write(tmp_path, table), seed=1, note=notes.append).learn()
    assert first.X["n"].dtype == np.float64
    assert rows_of([first]) == {
        0: ({"n": 1.0, "t": "red", "d": 18262.0 * 86400, "b": "true"}, "a"),
        1: ({"n": "nan", "t": "blue", "d": 18263.5 * 86400, "b": None}, "b"),
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
@pytest.mark.parametrize("late", [True, False])
def test_numbers_that_begin_late(tmp_path, monkeypatch, cell, kind, block, late):
    """They are learnt from there on, or left out for a model that takes none."""
    monkeypatch.setattr(stream, "SAMPLE", 20)
    monkeypatch.setattr(files, "_BLOCK", block)
    text = "a,late,y\n" + "".join(f"{i % 9},,{i % 2}\n" for i in range(40)) + f"1,{cell},0\n" * 9
    notes = []
    s = TableStream(write(tmp_path, text), seed=4, note=notes.append, late=late)
    seen = {row: tuple(cells) for row, (cells, _) in rows_of(s.learn()).items()}
    assert seen == {row: ("a", "late") if late and row >= 40 else ("a",) for row in seen}
    said = f"has {kind} only from row 40 on: left out; begin with rows that have it"
    assert notes[1:] == [f"column 'late' {'is new in row 40: it grows inputs' if late else said}"]
    held = {tuple(cells) for cells, _ in rows_of(s.held_out()).values()}
    assert held <= {("a", "late")[: 1 + late]}
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
    text = "a;b;y\n" + "".join(f"{i},5;{i % 7};{i % 2}\n" for i in range(50))
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


def test_a_column_that_numbers_the_rows_is_said(tmp_path):
    text = "id,a,y\n" + "".join(f"{i},{i * i % 7},{i % 2}\n" for i in range(200))
    notes = []
    batch = next(TableStream(write(tmp_path, text), note=notes.append).learn())
    assert list(batch.X) == ["id", "a"]
    assert "column 'id' counts the rows: it is learnt (--drop id leaves it out)" in notes
    few = "".join(text.splitlines(True)[:20])
    for other in (text.replace("\n7,", "\n8,"), text.replace("\n7,", "\n,"), few):
        notes.clear()
        next(TableStream(write(tmp_path, other), note=notes.append).learn())
        assert not any("counts the rows" in note for note in notes)
