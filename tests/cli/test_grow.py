"""What a run of grow gives, and what it says on the way."""

import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import growgraph
from growgraph import __version__
from growgraph.cli import growing, report, say
from growgraph.models.resonet import ResoNet
from tests.cli.material import table


# ---- what a run gives -----------------------------------------------------------------------
def test_digits(run, here):
    code, out, err = run("grow", "digits", "--limit", 300)
    assert code == 0, err
    assert (here / "digits.npz").exists()
    assert (here / "digits.png").exists()
    assert re.search(r"^prequential accuracy +0\.\d+", out)
    for name in ("held-out accuracy", "samples", "nodes", "edges", "growth events", "memory"):
        assert re.search(rf"^{name} +\S", out, re.M), name
    model = growgraph.load("digits.npz")
    assert (model.n_samples_seen_, model.image_shape) == (300, (8, 8))
    assert sorted(p.name for p in here.iterdir()) == ["digits.npz", "digits.png"]


KEYS = "accuracy prequential_accuracy samples nodes edges drifts growth_events seconds model "
KEYS += "picture target classes"


def test_json_is_one_line_and_true(run, rows):
    code, out, err = run("grow", rows, "--json", "--seed", 3)
    assert code == 0, err
    (line,) = out.splitlines()
    values = json.loads(line)
    assert list(values) == KEYS.split()
    model = growgraph.load("t.npz")
    assert values["samples"] == model.n_samples_seen_
    assert values["nodes"] == model.graph_.n_nodes
    assert values["edges"] == model.graph_.n_edges
    assert values["growth_events"] == model.growth_log_.end
    assert values["prequential_accuracy"] == model.prequential_accuracy_
    assert (values["model"], values["picture"]) == ("t.npz", "t.png")
    assert (values["target"], values["classes"]) == ("kind", 3)
    stream = growing.open_stream(rows, seed=3)
    seen = sum(len(b) for b in stream.learn())
    held = list(stream.held_out())
    assert values["samples"] == seen
    right = sum((model.predict(b.X) == b.y).sum() for b in held)
    assert values["accuracy"] == right / sum(len(b) for b in held)
    assert values["accuracy"] > 0.6


def test_the_same_as_the_estimator(run, rows):
    assert run("grow", rows, "--learning", "resonance")[0] == 0
    model = ResoNet(random_state=0, learning="resonance")
    for batch in growing.open_stream(rows).learn():
        for i in range(0, len(batch), 7):
            piece = batch.piece(i, i + 7)
            model.partial_fit(piece.X, piece.y)
    saved = growgraph.load("t.npz")
    assert saved.graph_ == model.graph_


def test_quiet_says_nothing(run, rows):
    assert run("grow", rows, "--quiet") == (0, "", "")
    code, out, err = run("grow", rows, "--quiet", "--json")
    assert (code, len(out.splitlines()), err) == (0, 1, "")


def test_a_failing_picture_loses_nothing(run, rows, monkeypatch):
    def fail(model, path):
        raise RuntimeError("no ink")

    monkeypatch.setattr(report, "draw_growth", fail)
    code, out, err = run("grow", rows, "--json")
    assert code == 0
    assert "no picture (RuntimeError: no ink)" in err
    assert json.loads(out)["picture"] is None
    assert growgraph.load("t.npz").n_samples_seen_ > 300


def test_the_real_picture(run, rows, monkeypatch):
    monkeypatch.undo()
    os.chdir(rows.parent)
    model = ResoNet().fit(np.eye(4), [0, 1, 0, 1])
    report.draw_growth(model, rows.parent / "x.png")
    assert (rows.parent / "x.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("source", ["stdin", "folder", "parquet", "gzip"])
def test_sources_give_the_same_model(run, rows, monkeypatch, source):
    import gzip
    import io as std_io

    import pyarrow.csv
    import pyarrow.parquet

    assert run("grow", rows, "--out", "a.npz", "--quiet")[0] == 0
    text = rows.read_text()
    if source == "stdin":
        monkeypatch.setattr("sys.stdin", std_io.TextIOWrapper(std_io.BytesIO(text.encode())))
        data = "-"
    elif source == "folder":
        data = Path("d")
        data.mkdir()
        lines = text.splitlines(keepends=True)
        (data / "1.csv").write_text("".join(lines[:100]))
        (data / "2.csv").write_text("".join([lines[0], *lines[100:]]))
    elif source == "gzip":
        data = Path("t.csv.gz")
        data.write_bytes(gzip.compress(text.encode()))
    else:
        data = Path("t.parquet")
        options = pyarrow.csv.ConvertOptions(strings_can_be_null=True)
        read = pyarrow.csv.read_csv(rows, convert_options=options)
        pyarrow.parquet.write_table(read, data, row_group_size=37)
    code, out, err = run("grow", data, "--out", "b.npz", "--json")
    assert code == 0, err
    a, b = growgraph.load("a.npz"), growgraph.load("b.npz")
    assert a.graph_ == b.graph_
    assert json.loads(out)["accuracy"] is not None


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("a,y\n1,2\n", 1),
        ("a,y\n" + "1,0\n2,0\n" * 50, 1),
        ("a,flat,y\n" + "1,5,0\n2,5,1\n" * 50, 2),
        (table(300, end="0.1,0.2,0.3,mauve,k9\n" * 5), 4),
    ],
    ids=["one row", "one class", "constant column", "late category and class"],
)
def test_small_and_odd_data_are_learnt(run, here, text, classes):
    (here / "t.csv").write_text(text)
    code, out, err = run("grow", "t.csv", "--json", "--seed", 1)
    assert code == 0, err
    assert json.loads(out)["samples"] > 0
    assert len(growgraph.load("t.npz").classes_) == classes


def test_rows_without_a_label_are_told(run, here):
    (here / "t.csv").write_text(table(100) + "1,2,3,red,\n" * 7)
    assert re.search(r"without a label +7 ", run("grow", "t.csv")[1])


# ---- progress and help --------------------------------------------------------------------------


def test_version_and_help(run):
    assert run("--version") == (0, f"growgraph {__version__}\n", "")
    code, out, _ = run("grow", "--help")
    assert code == 0
    assert "--resume" in out


def test_progress_without_a_terminal_is_lines(capsys, monkeypatch):
    monkeypatch.setattr(say, "_LINES", 0.0)
    model = ResoNet().fit(np.eye(4), [0, 1, 0, 1])
    progress = say.Progress(quiet=False)
    progress.step(4, lambda: 10, model)
    progress.close()
    err = capsys.readouterr().err
    assert re.search(r"growgraph: 4 of about 10 samples, accuracy \S+, \d+ nodes, \d+ edges", err)


def test_progress_on_a_terminal_is_a_bar(capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(say, "_REDRAW", 0.0)
    model = ResoNet().fit(np.eye(4), [0, 1, 0, 1])
    progress = say.Progress(quiet=False)
    progress.step(4, lambda: 10, model)
    progress.close()
    err = capsys.readouterr().err
    assert "accuracy" in err
    assert "samples/s" in err


def test_compiling_is_said_once_and_not_in_the_rate(capsys, monkeypatch):
    import numba

    progress = say.Progress(quiet=False)
    before = progress._start
    for _ in range(2):
        with progress.compiling():
            numba.njit(lambda x: x + 1)(3)
    err = capsys.readouterr().err
    assert err == "growgraph: compiling kernels (once, up to a minute)\n"
    assert progress._start > before
    silent = say.Progress(quiet=True)
    with silent.compiling():
        numba.njit(lambda x: x + 1)(3)
    assert capsys.readouterr().err == ""
