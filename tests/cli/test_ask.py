"""info, predict and explain: what a model's file is asked."""

import csv
import re
from pathlib import Path

import numpy as np
import pytest

import growgraph
from growgraph.cli import growing
from tests.cli.material import files_of, refused


def test_info(run, model):
    code, out, _ = run("info", model)
    assert code == 0
    assert re.search(r"^kind +ResoNet +growgraph", out, re.M)
    assert re.search(r"^ *label +samples +accuracy", out, re.M)
    assert re.search(r"^ *k1 +\d+", out, re.M)
    growgraph.save(growgraph.load(model).graph_, "graph.npz")
    assert re.search(r"^kind +Graph", run("info", "graph.npz")[1], re.M)
    refused(run("predict", "graph.npz", "t.csv"), "holds a Graph: name the file of a model")


@pytest.mark.parametrize("label", ["k", "1", "1.5"])
def test_info_without_a_rival(run, here, label):
    (here / "t.csv").write_text("a,y\n" + f"1,{label}\n2,{label}\n" * 9)
    assert run("grow", "t.csv", "--quiet")[0] == 0
    assert run("info", "t.npz")[1].splitlines()[-1].split()[-1] == "-"


def test_predict(run, model, rows, here):
    code, out, err = run("predict", model, rows, "--out", "p.csv")
    assert (code, out) == (0, "")
    accuracy = float(re.search(r"accuracy (\S+) on 400 with a label", err).group(1))
    answers = list(csv.DictReader(Path("p.csv").read_text().splitlines()))
    assert list(answers[0]) == ["answer", "confidence", "novelty", "cause"]
    labels = [row["kind"] for row in csv.DictReader(rows.read_text().splitlines())]
    right = [a["answer"] == label for a, label in zip(answers, labels)]
    assert accuracy == pytest.approx(np.mean(right), abs=1e-4)
    assert all(0 <= float(a["confidence"]) <= 1 for a in answers)
    assert all(np.isfinite(float(a["novelty"])) for a in answers)
    causes = growgraph.load(model).reflect(next(growing.open_stream(rows).every()).X).cause
    assert [a["cause"] for a in answers] == causes.tolist()
    assert "fine" in causes
    # without the target, in another order, with columns it never saw
    lines = [line.split(",") for line in rows.read_text().splitlines()]
    (here / "u.csv").write_text(
        "\n".join(f"{r[3]},{r[0]},9,{r[2]},{r[1]}" for r in lines[1:]).join(
            ["colour,a,extra,c,b\n", "\n"]
        )
    )
    code, out, err = run("predict", model, "u.csv")
    assert code == 0
    assert "accuracy" not in err
    assert out == Path("p.csv").read_text()


def test_predict_leaves_nothing_half_written(run, model, here):
    Path("p.csv").write_text("old")
    (here / "bad.csv").write_text("a,b,c,colour\n1,2,3,red\ninf,1,1,red\n")
    refused(run("predict", model, "bad.csv", "--out", "p.csv"), "inf in row 1")
    assert Path("p.csv").read_text() == "old"
    (here / "bad.csv").write_text("q,r\n1,2\n")
    result = run("predict", model, "bad.csv")
    refused(result, "it needs a, b, c, colour")
    assert result[1] == ""


def test_predict_destroys_no_file(run, model, rows, here):
    assert run("grow", rows, "--quiet", "--out", "other.npz")[0] == 0
    before = files_of(here)
    refused(run("predict", model, rows, "--out", rows), f"--out {rows} is the data: name another")
    refused(run("predict", model, rows, "--out", model), "is the model")
    refused(run("predict", model, rows, "--out", "other.npz"), "holds a model")
    refused(run("predict", model, here, "--out", "new.csv"), "lies in the folder of the data")
    assert files_of(here) == before


def test_predict_says_what_it_lacks(run, model, here):
    (here / "u.csv").write_text("a,b,colour\n" + "1,2,red\n" * 30 + "x,2,red\n")
    code, out, err = run("predict", model, "u.csv")
    assert (code, len(out.splitlines())) == (0, 32)
    assert "growgraph: u.csv lacks column 'c': taken as missing in every row" in err
    assert "column 'a' holds text in row 30 (x): such cells are taken as missing" in err
    assert "'a': 1 cell of text was taken as missing in all" in err
    (here / "l.csv").write_bytes("a,b,c,colour\n1,2,3,é\n".encode("latin1"))
    refused(run("predict", model, "l.csv"), "--encoding latin1")
    assert run("predict", model, "l.csv", "--encoding", "latin1")[0] == 0
    assert run("explain", model, "l.csv", 0, "--encoding", "latin1")[0] == 0
    for target in ("knd", "kind"):
        code, out, err = run("predict", model, "u.csv", "--target", target)
        assert (code, out) == (2, "")
        assert f"target '{target}' is no column of u.csv" in err


def test_explain(run, model, rows):
    code, out, _ = run("explain", model, rows, 5)
    assert code == 0
    for part in ("answer k", "why", "what for", "like", "the data says: k"):
        assert part in out
    refused(run("explain", model, rows, 400), "row must be in [0, 399]", "got 400")
    refused(run("explain", model, rows, "x"), "Invalid value for 'row'")


def test_explain_a_row_of_what_was_learnt(run, model, rows):
    assert run("explain", model, 5) == run("explain", model, rows, 5)
    refused(run("explain", model, "x"), "name a row after x")
    refused(run("explain", model), "name a row, counted from 0: explain", "DATA ROW")
    refused(run("explain", model, 400), "row must be in [0, 399]")
    rows.write_text(rows.read_text() + "1,2,3,red,k1\n")
    code, _, err = run("explain", model, 5)
    assert code == 0
    assert f"{rows} has changed since {model} was grown" in err
    rows.unlink()
    refused(run("explain", model, 5), "which is not here", f"explain {model} DATA ROW")
    growgraph.save(growgraph.load(model), "bare.npz")
    refused(run("explain", "bare.npz", 5), "does not tell what it was grown on")


def test_ask_about_digits(run, here):
    assert run("grow", "digits", "--limit", 300, "--quiet")[0] == 0
    assert "the data says: 0" in run("explain", "digits.npz", "digits", 0)[1]
    assert run("explain", "digits.npz", 0) == run("explain", "digits.npz", "digits", 0)
    (here / "u.csv").write_text("a,y\n1,0\n2,1\n")
    refused(run("predict", "digits.npz", "u.csv"), "u.csv does not fit", "grown on the digits")
    assert run("grow", "u.csv", "--quiet")[0] == 0
    refused(run("explain", "u.npz", "digits", 0), "digits does not fit", "grown on a table")
    _, out, err = run("predict", "digits.npz", "digits")
    assert len(out.splitlines()) == 1798
    assert float(re.search(r"accuracy (\S+) on", err).group(1)) > 0.9
