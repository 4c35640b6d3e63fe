"""What the command refuses, and that a refusal destroys nothing."""

import os
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

from growgraph.cli import places, report
from growgraph.models.resonet import ResoNet
from tests.cli.material import files_of, refused, table


def test_mistakes_are_one_line(run, rows, here):
    refused(run("grow", "nope.csv"), "nope.csv does not exist: give digits, a file, a folder or -")
    refused(run("grow", rows, "--target", "knd"), "target 'knd' is no column", "'kind'")
    refused(run("grow", rows, "--model", "stack"), "'stack' comes later, not yet")
    refused(run("grow", rows, "--model", "x"), "'x' is unknown", "resonet")
    refused(run("grow", rows, "--holdout", "x"), "--holdout")
    refused(run("grow", rows, "--limit", "0"), "--limit")
    refused(run("grow", rows, "--nope"), "--nope")
    refused(run("grow", rows, "--out", here), "is a folder")
    refused(run("grow", rows, "--out", "no/x.npz"), "does not exist: create it first")
    refused(run("grow", rows, "--out", "x.png"), "name it x.npz")
    refused(run("grow", "digits", "--target", "x"), "does not apply to digits")
    refused(run("grow", "-", "--resume"), "resume", "standard input")
    refused(run("grow", "-", "--holdout", "tail"), "holdout must be random for standard input")
    refused(run("info", "t.csv"), "no growgraph file")
    refused(run("info", "nope.npz"), "does not exist")
    refused(run("predict", "t.csv", rows), "no growgraph file")
    refused(run("swim"), "swim")
    assert sorted(p.name for p in here.iterdir()) == ["t.csv"]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (b"", "is empty"),
        (b"a,y\n1,2\n3\n", "1 cells for 2 names"),
        (b"a,y\ninf,2\n", "holds inf in row 0"),
        (b"a,y\n\xe9,2\n", "not UTF-8"),
        (b"a,p\n" + b"".join(b"1,%d.5\n" % i for i in range(50)), "GrowNetRegressor"),
    ],
    ids=["empty", "ragged", "inf", "latin-1", "float target"],
)
def test_bad_data(run, here, text, part):
    (here / "t.csv").write_bytes(text)
    refused(run("grow", "t.csv"), part)
    assert not (here / "t.npz").exists()


def test_bad_rows_late_keep_what_was_learnt(run, here):
    (here / "t.csv").write_text(table(400) + "inf,1,2,red,k1\n")
    refused(run("grow", "t.csv", "--checkpoint", 0, "--seed", 1), "holds inf in row 400")


def test_a_full_disk(run, rows, monkeypatch):
    assert run("grow", rows, "--quiet")[0] == 0
    old = Path("t.npz").read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(
        run("grow", rows, "--seed", 5), "could not be written (No space left on device)", code=1
    )
    assert Path("t.npz").read_bytes() == old
    assert not list(Path().glob(".*"))


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 64 kB."""
    place = tmp_path / "tiny"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        mounted = False
    if not mounted:
        pytest.skip("cannot mount a file system here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full(run, here, tiny_disk):
    refused(run("grow", "digits", "--limit", 50, "--out", tiny_disk / "d.npz"), "No space", code=1)
    assert list(tiny_disk.iterdir()) == []


def test_grow_destroys_no_file(run, rows, here):
    (here / "d").mkdir()
    (here / "d" / "1.csv").write_text(table(30))
    (here / "link.npz").symlink_to(rows)
    (here / "notes.md").write_text("mine")
    np.savez(here / "arrays.npz", a=np.arange(3))
    (here / "photo.png").write_bytes(b"PNG of mine")
    (here / "w.npz.part").write_text("mine")
    before = files_of(here)
    for data, out, *parts in [
        (rows, rows, "is the data: name another file, such as another.npz"),
        (rows, here / "d" / ".." / "t.csv", "is the data"),
        (rows, "link.npz", "link.npz is the data"),
        ("d", "d/1.csv", "is the data"),
        ("d", "d/2.csv", "lies in the folder of the data"),
        (rows, "notes.md", "--out notes.md", "exists and is no growgraph file: name another"),
        (rows, "arrays.npz", "no growgraph file"),
        (rows, "photo.npz", "its picture photo.png exists and is not of growgraph"),
        (rows, "w.npz", "its checkpoint w.npz.part exists and is no growgraph file"),
    ]:
        refused(run("grow", data, "--out", out), "--out", *parts)
        assert files_of(here) == before
    (here / "t.npz").write_text("mine")
    refused(run("grow", rows), "--out t.npz", "no growgraph file")
    assert (here / "t.npz").read_text() == "mine"


def test_a_model_may_be_replaced_and_it_is_said(run, rows, here):
    (here / "t.npz").touch()
    (here / "t.png").write_bytes(b"\x89PNG growgraph")
    assert not re.search(r"^model +t.npz +replaced", run("grow", rows)[1], re.M)
    assert re.search(r"^model +t.npz +replaced", run("grow", rows, "--seed", 1)[1], re.M)
    assert not re.search("replaced", run("grow", rows, "--seed", 1, "--resume")[1])


def test_a_picture_names_its_author(run, rows, here, monkeypatch):
    monkeypatch.undo()
    os.chdir(here)
    model = ResoNet().fit(np.eye(4), [0, 1, 0, 1])
    report.draw_growth(model, here / "x.png")
    assert places.check_model(here / "x.npz", str(rows), [rows]) is False


def test_a_name_without_suffix_gets_one(run, rows, here):
    code, _, err = run("grow", rows, "--out", "m")
    assert code == 0
    assert "--out m has no suffix: the model is m.npz" in err
    assert (here / "m.npz").exists()
    assert not (here / "m").exists()


def test_odd_data_are_noted(run, here):
    (here / "t.csv").write_text("a,y\n" + "1,k\n2,k\n" * 50)
    assert "target 'y' has only one class, k: every answer" in run("grow", "t.csv")[2]
    (here / "t.csv").write_text("a,y\n1,2\n")
    assert "only one row was learnt" in run("grow", "t.csv")[2]
    (here / "t.csv").write_text("a,y\n" + "".join(f"{i},{i % 2}\n" for i in range(99)) + "K,1\n")
    err = run("grow", "t.csv", "--seed", 1)[2]
    assert "note" not in err
    assert "1 cell of text was taken as missing in all" in err
    assert run("grow", "t.csv", "--quiet") == (0, "", "")


def test_the_right_help_is_named(run, rows):
    refused(run("grow", rows, "--nope"), "(see growgraph grow --help)")
    refused(run("swim"), "(see growgraph --help)")
    assert "<bool>" not in run("grow", "--help")[1]
    assert "named as the data" in run("grow", "--help")[1]


def test_an_agent_does_not_grow_from_a_table(run, rows):
    refused(run("grow", rows, "--model", "simnet"), "lives in worlds, not in tables")
