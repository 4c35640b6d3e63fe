"""``growgraph grow --onto``: a model learns other data as well, with columns it did not have."""

import numpy as np
import pytest

from growgraph import io
from growgraph.cli import growing
from growgraph.data import open_stream
from growgraph.errors import DataError
from tests.cli.material import refused, table
from tests.cli.test_resume import interrupt_after
from tests.models.material import differences


@pytest.fixture
def wider(here):
    """The data of another day: one column more, which decides, another missing."""
    lines = [line.split(",") for line in table(400, seed=1).splitlines()]
    z = np.random.default_rng(1).normal(size=400).round(3)
    rows = [[a, c, str(x), colour, "k2" if x > 0 else "k0"]
            for (a, _, c, colour, _), x in zip(lines[1:], z, strict=True)]  # fmt: skip
    text = "\n".join(map(",".join, [["a", "c", "late", "colour", "kind"], *rows]))
    (here / "more.csv").write_text(text + "\n")
    return here / "more.csv"


def test_other_data_with_a_new_column(run, model, wider):
    before = io.load(model)
    code, _, err = run("grow", wider, "--onto", model)
    assert code == 0, err
    n = before.n_samples_seen_
    assert f"t.npz has learnt {n} samples and goes on" in err
    assert "column 'late' is new in row 0: it grows inputs" in err
    both = io.load("more.npz")
    assert list(both.columns_) == ["a", "b", "c", "colour", "late"]
    stream = open_stream(str(wider), schema=io.load_extra(model)["run"]["schema"])
    for batch in stream.learn():
        before.partial_fit({**batch.X, "b": np.full(len(batch), np.nan)}, batch.y)
    assert differences(before, both) == []
    rows = list(stream.held_out())
    right = np.concatenate([both.predict(batch.X) == batch.y for batch in rows])
    assert right.mean() > 0.8
    assert run("predict", "more.npz", wider)[0] == 0


def test_stopped_and_gone_on_with(run, model, wider, monkeypatch):
    monkeypatch.setattr(growing, "_MOST", 64)
    monkeypatch.setattr(growing, "_SECONDS_A_CALL", 1e9)
    assert run("grow", wider, "--onto", model, "--quiet", "--out", "whole.npz")[0] == 0
    with monkeypatch.context() as patch:
        interrupt_after(patch, 3)
        assert run("grow", wider, "--onto", model)[0] == 130
    refused(run("grow", wider, "--resume"), "needs the same onto")
    code, _, err = run("grow", wider, "--onto", model, "--resume")
    assert code == 0, err
    assert differences(io.load("more.npz"), io.load("whole.npz")) == []


def test_what_is_no_model_of_a_table(run, rows, here):
    refused(run("grow", rows, "--onto", rows), "t.csv")
    assert run("grow", "digits", "--limit", 20, "--quiet")[0] == 0
    refused(run("grow", rows, "--onto", "digits.npz"), "has learnt the digits: name a model of a")


def test_what_would_be_another_model(run, model, wider):
    refused(run("grow", wider, "--onto", model, "--model", "grownet"), "--model grownet is not")
    refused(run("grow", wider, "--onto", model, "--replay", 7), "--replay 7 is not")
    refused(run("grow", wider, "--onto", model, "--target", "c"), "--target c is not")
    refused(run("grow", wider, "--onto", model, "--categorical", "a"), "--categorical a has been")
    refused(run("grow", wider, "--onto", model, "--out", model), "give another --out")


def test_what_was_learnt_before_is_told(run, model, wider):
    name = io.load_header(model)["extra"]["run"]["job"]["name"]
    _, out, err = run("grow", wider, "--onto", model)
    n = io.load(model).n_samples_seen_
    assert f"{n:,} before, of {name}" in out, err
    both = io.load("more.npz").n_samples_seen_
    assert f"then learnt; of all {both:,}, old and new" in out
    assert f"{name}, then {wider}" in run("info", "more.npz")[1]


def test_a_quantity_is_refused_by_what_answers_with_classes(run, here):
    lines = [f"{i % 7},{i % 2}" for i in range(200)]
    (here / "few.csv").write_text("a,y\n" + "\n".join(lines) + "\n")
    (here / "many.csv").write_text("a,y\n" + "\n".join(f"{i % 7},{i}" for i in range(200)) + "\n")
    assert run("grow", "few.csv", "--quiet")[0] == 0
    refused(run("grow", "many.csv", "--onto", "few.npz"), "looks like a quantity")
    assert not (here / "many.npz").exists()


def test_many_classes_that_are_known_are_no_quantity(run, here):
    """More classes than half the rows of the other file."""
    lines = [f"{i % 7},{i % 90}" for i in range(900)]
    (here / "known.csv").write_text("a,y\n" + "\n".join(lines) + "\n")
    (here / "again.csv").write_text("a,y\n" + "\n".join(lines[:130]) + "\n")
    assert run("grow", "known.csv", "--quiet")[0] == 0
    code, _, err = run("grow", "again.csv", "--onto", "known.npz", "--quiet")
    assert code == 0, err


def test_a_slip_of_the_pen_is_refused_as_in_python(run, model, rows, here):
    head, *lines = rows.read_text().splitlines()
    slip = here / "slip.csv"
    slip.write_text("\n".join([head.replace("colour", "colours"), *lines]) + "\n")
    refused(run("grow", slip, "--onto", model), "'colours' is new and 'colour' is missing")
    assert not (here / "slip.npz").exists()
    batch = next(open_stream(str(slip), target="kind").learn())
    with pytest.raises(DataError, match="'colours' is new and 'colour' is missing"):
        io.load(model).partial_fit(batch.X, batch.y)
    assert run("grow", slip, "--onto", model, "--drop", "colours", "--quiet")[0] == 0


def test_a_slip_of_the_pen_is_said(run, model, rows, here):
    head, *lines = rows.read_text().splitlines()
    (here / "long.csv").write_text("\n".join([head.replace("colour", "colours"), *lines]) + "\n")
    _, _, err = run("predict", model, here / "long.csv")
    assert "'colour' (is it 'colours'?)" in err
    (here / "slip.csv").write_text(
        "\n".join([head + ",extra", *(f"{line},1" for line in lines)]) + "\n"
    )
    _, _, err = run("predict", model, here / "slip.csv")
    assert "not learnt, and ignored: 'extra'" in err
