"""The command on tables of pixels, and what it says of a clusterer."""

import csv
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import growgraph
from growgraph import ResoNet
from growgraph.cli import growing
from growgraph.data import open_stream
from growgraph.data.digits import load_digits
from tests.cli.material import refused

ROOT = Path(__file__).resolve().parents[2]
NAMES = [f"p{i}" for i in range(64)]  # sorted by name they would be in another order


@pytest.fixture
def pixels(run, tmp_path):
    """150 digits as t.csv: a column a pixel, and the label first."""
    X, y = load_digits()
    write(tmp_path / "t.csv", X[:150], y[:150])
    return X[:150], y[:150]


def write(path, X, y, names=NAMES, label="kind"):
    with open(path, "w") as file:
        file.write(",".join([label, *names]) + "\n")
        for row, one in zip(X.tolist(), y, strict=True):
            file.write(",".join([str(one), *(f"{v:g}" for v in row)]) + "\n")


def test_a_table_of_pixels_is_learnt_as_images(run, pixels):
    X, _ = pixels
    code, _, err = run("grow", "t.csv", "--target", "kind", "--image-shape", "8x8")
    assert code == 0, err
    model = growgraph.load("t.npz")
    assert (model.image_shape, model._core.sense.kind) == ((8, 8), "retina")
    twin = ResoNet(random_state=0, image_shape=(8, 8))
    for batch in open_stream("t.csv", target="kind").learn():
        twin.partial_fit(X[batch.rows], batch.y)
    assert twin.graph_ == model.graph_
    code, out, err = run("predict", "t.npz", "t.csv")
    assert code == 0, err
    told = [int(row["answer"]) for row in csv.DictReader(out.splitlines())]
    assert told == model.predict(X).tolist()
    code, out, err = run("explain", "t.npz", "t.csv", 3)
    assert (code, out.splitlines()[0]) == (0, str(model.explain(X[3])).splitlines()[0])


def test_parquet_gives_the_same(run, pixels):
    from pyarrow import csv as read
    from pyarrow import parquet

    parquet.write_table(read.read_csv("t.csv"), "t.parquet")
    for name in ("t.csv", "t.parquet"):
        done = run("grow", name, "--target", "kind", "--image-shape", "8x8", "--out", f"{name}.npz")
        assert done[0] == 0, done[2]
    one, other = growgraph.load("t.csv.npz"), growgraph.load("t.parquet.npz")
    assert one.graph_ == other.graph_


@pytest.mark.parametrize("text", ["28", "8x", "x8", "8x8x8", "3x8", "8x513", "-8x8", "eight", ""])
def test_a_shape_that_is_none(run, pixels, text):
    refused(run("grow", "t.csv", f"--image-shape={text}"), repr(text), "such as 28x28")


def test_columns_that_do_not_fit(run, pixels):
    X, y = pixels
    ask = ("grow", "t.csv", "--target", "kind", "--image-shape")
    told = run(*ask, "8x9")
    refused(told, "needs 72 columns of pixels, and t.csv has 64 beside the target 'kind'")
    refused(told, "which would be 8x8", "--drop")
    refused(run(*ask, "8x8", "--drop", "p3"), "has 63", "p0, p1, p2, p4, p5 ...")
    refused(run(*ask, "8x8", "--categorical", "p9"), "'p9' holds text", "--drop p9")
    with open("u.csv", "w") as file:
        file.write("day,q,kind\n2020-01-01,1,a\n2020-01-02,2,b\n")
    refused(run("grow", "u.csv", "--image-shape", "4x4"), "'day' holds dates", "--drop day")
    write("w.csv", X, y)
    text = Path("w.csv").read_text().replace("\n0,", "\n0,,", 1).replace(",0\n", "\n", 1)
    Path("w.csv").write_text(text)
    refused(run("grow", "w.csv", "--target", "kind", "--image-shape", "8x8"),
            "column 'p0' has no number in row 0", "fill the cell")  # fmt: skip
    refused(run("grow", "digits", "--image-shape", "8x8"), "image_shape does not apply to digits")


def test_asked_about_data_without_the_pixels(run, pixels):
    X, y = pixels
    assert run("grow", "t.csv", "--target", "kind", "--image-shape", "8x8")[0] == 0
    write("u.csv", X[:, :60], y, NAMES[:60])
    refused(run("predict", "t.npz", "u.csv"), "u.csv lacks 4 of the 64 columns of pixels (p60, p61")
    order = np.random.default_rng(0).permutation(64)
    write("v.csv", X[:, order], y, [NAMES[i] for i in order])  # names tell, not places
    assert run("predict", "t.npz", "v.csv")[1] == run("predict", "t.npz", "t.csv")[1]


def test_the_shape_is_part_of_the_job(run, pixels, monkeypatch):
    ask = ("grow", "t.csv", "--target", "kind")
    assert run(*ask, "--image-shape", "8x8", "--out", "whole.npz")[0] == 0
    monkeypatch.setattr(growing, "_MOST", 16)

    def cut(model, piece, take=growing.Grow._take):
        take(grow, model, piece)
        raise growing.Stopped(signal.SIGINT)

    grow = growing.Grow(
        "t.csv", {"target": "kind", "image_shape": (8, 8), "seed": 0, "limit": None},
        model="resonet", learning="evidence", replay=2000, out="whole2.npz", as_json=False,
        resume=False, quiet=True, checkpoint=0,
    )  # fmt: skip
    monkeypatch.setattr(grow, "_take", cut)
    assert grow.run() == 130
    ask = (*ask, "--resume", "--out", "whole2.npz")
    refused(run(*ask), "resume needs the same image_shape as whole2.npz.part: [8, 8], got None")
    refused(run(*ask, "--image-shape", "4x16"), "image_shape", "[8, 8], got [4, 16]")
    code, _, err = run(*ask, "--image-shape", "8x8")
    assert code == 0, err
    assert "going on from" in err
    assert growgraph.load("whole.npz").graph_ == growgraph.load("whole2.npz").graph_


# ---- a clusterer ----------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["t.csv", "it's $5.csv", "digits"])
def test_what_to_type_for_a_clusterer_works(run, pixels, tmp_path, name):
    more = [] if name == "digits" else ["--target", "kind", "--drop", "p0"]
    if name not in ("t.csv", "digits"):
        (tmp_path / "t.csv").rename(name)
    code, _, err = run("grow", name, *more, "--model", "clusterer", "--out", "c.npz")
    assert code == 2
    found = re.search(r"which grow does not: type (python -c .+) and then (growgraph .+)$", err)
    first, then = (shlex.split(text) for text in found.groups())
    here = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, *first[1:]], check=True, timeout=300, env=here)
    model = growgraph.load("c.npz")
    assert model.n_samples_seen_ == (1797 if name == "digits" else 150)
    if more:
        assert list(model.columns_) == NAMES[1:]
    code, out, err = run(*then[1:])
    assert code == 0, err
    assert out.startswith("concept,familiarity,name\n")


def test_a_clusterer_of_images_or_of_a_pipe(run, pixels):
    refused(run("grow", "t.csv", "--image-shape", "8x8", "--model", "clusterer"),
            "ResoNetClusterer(image_shape=(8, 8))", "image_shape=(8, 8)).every()")  # fmt: skip
    refused(run("grow", "-", "--model", "clusterer"), "standard input: write the data to a file")
