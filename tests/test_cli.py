"""The command: what it writes, what it says, and that nothing stops it from being resumed."""

import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import growgraph
from growgraph import __version__, io
from growgraph.cli import growing, main, places, report, say
from growgraph.cli.signals import Stopped
from growgraph.data import stream
from growgraph.models.resonet import ResoNet

ROOT = Path(__file__).resolve().parents[1]


def table(n, seed=0, end=""):
    """A CSV text with numbers, missing cells, text and three classes."""
    rng = np.random.default_rng(seed)
    x, words = rng.normal(size=(n, 3)).round(3), np.array(["red", "green", "blue"])
    y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0.5)
    lines = ["a,b,c,colour,kind"]
    for i in range(n):
        cells = [*map(str, x[i]), words[(y[i] + (rng.random() < 0.2)) % 3], f"k{y[i]}"]
        if rng.random() < 0.1:
            cells[rng.integers(4)] = ""
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n" + end


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder; pictures, which have tests of their own, are left out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "draw_growth", lambda model, path: path.write_bytes(b"PNG"))
    return tmp_path


@pytest.fixture
def run(here, capsys):
    """Run the command in this process; returns (exit code, stdout, stderr)."""

    def call(*arguments):
        code = main([str(a) for a in arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def rows(here):
    (here / "t.csv").write_text(table(400))
    return here / "t.csv"


def refused(result, *parts, code=2):
    assert result[0] == code
    lines = result[2].splitlines()
    assert lines[-1].startswith("growgraph: ")
    for part in parts:
        assert part in lines[-1]
    assert "Traceback" not in result[2]


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
    assert values["growth_events"] == len(model.growth_log_)
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


# ---- what is refused ------------------------------------------------------------------------
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


def files_of(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}


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


# ---- stopping and going on ------------------------------------------------------------------
class Killed(BaseException):
    """Stands for kill -9: nothing catches it."""


def grow_whole(run, rows, *options):
    assert run("grow", rows, "--quiet", "--out", "whole.npz", *options)[0] == 0
    return Path("whole.npz").read_bytes()


def same_but_for_the_name(whole, path):
    return whole == Path(path).read_bytes()


@pytest.mark.parametrize("where", ["partial_fit", "save"])
def test_killed_at_each_step_and_resumed(run, rows, monkeypatch, where):
    monkeypatch.setattr(growing, "_MOST", 64)
    whole = grow_whole(run, rows)
    owner = ResoNet if where == "partial_fit" else growing
    real, calls = getattr(owner, where), [0]

    def mortal(*args, **kwargs):
        calls[0] += 1
        if calls[0] % 3 == 0:
            raise Killed
        return real(*args, **kwargs)

    monkeypatch.setattr(owner, where, mortal)
    deaths = 0
    while True:
        try:
            result = run("grow", rows, "--quiet", "--checkpoint", 0, "--resume")
        except Killed:
            deaths += 1
            assert deaths < 50
        else:
            break
    assert result[0] == 0, result[2]
    assert deaths > 1
    assert same_but_for_the_name(whole, "t.npz")
    assert not Path("t.npz.part").exists()


def test_resume_after_the_end_changes_nothing(run, rows):
    assert run("grow", rows)[0] == 0
    whole = Path("t.npz").read_bytes()
    code, out, err = run("grow", rows, "--resume", "--json")
    assert code == 0
    assert "going on from t.npz" in err
    assert Path("t.npz").read_bytes() == whole
    assert json.loads(out)["samples"] == growgraph.load("t.npz").n_samples_seen_


def test_resume_without_a_checkpoint_begins(run, rows):
    code, _, err = run("grow", rows, "--resume")
    assert code == 0
    assert "no checkpoint t.npz.part yet: beginning with the first row" in err


def test_resume_needs_the_same_command(run, rows):
    assert run("grow", rows, "--quiet")[0] == 0
    for options, name in [
        (["--seed", 1], "seed"),
        (["--learning", "resonance"], "learning"),
        (["--limit", 20], "limit"),
        (["--target", "colour"], "target"),
        (["--drop", "b"], "drop"),
        (["--holdout", "tail"], "holdout"),
    ]:
        result = run("grow", rows, "--resume", *options)
        refused(result, f"resume needs the same {name} as t.npz", "leave out --resume")
    rows.write_text(table(401))
    refused(run("grow", rows, "--resume"), "files have changed")
    growgraph.save(ResoNet().fit([[0.0]], [1]), "t.npz")
    refused(run("grow", rows, "--resume"), "not of a run of grow")


def interrupt_after(monkeypatch, calls, signum=signal.SIGINT):
    real, left = ResoNet.partial_fit, [calls]

    def learn(self, X, y):
        left[0] -= 1
        if left[0] == 0:
            signal.raise_signal(signum)
        return real(self, X, y)

    monkeypatch.setattr(ResoNet, "partial_fit", learn)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_keeps_a_checkpoint(run, rows, monkeypatch, signum, code):
    monkeypatch.setattr(growing, "_MOST", 64)
    monkeypatch.setattr(growing, "_SECONDS_A_CALL", 1e9)  # calls of 64 rows on a busy machine, too
    whole = grow_whole(run, rows)
    with monkeypatch.context() as patch:
        interrupt_after(patch, 2, signum)
        result = run("grow", rows)
        refused(result, "t.npz.part: the same command with --resume goes on", code=code)
    assert io.load_extra("t.npz.part")["run"]["learnt"] == 128
    assert run("grow", rows, "--resume")[0] == 0
    assert same_but_for_the_name(whole, "t.npz")
    assert not Path("t.npz.part").exists()


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_in_the_last_save_loses_nothing(run, rows, monkeypatch, signum, code):
    whole = grow_whole(run, rows)
    real = growing.save

    def save(*args, **kwargs):
        signal.raise_signal(signum)
        real(*args, **kwargs)

    monkeypatch.setattr(growing, "save", save)
    refused(run("grow", rows, "--quiet"), "the model is whole: t.npz", code=code)
    assert same_but_for_the_name(whole, "t.npz")
    assert not Path("t.png").exists()
    interrupt_after(monkeypatch, 1, signum)  # and once more while the checkpoint is saved
    result = run("grow", rows, "--quiet", "--out", "u.npz")
    refused(result, "u.npz.part: the same command with --resume goes on", code=code)
    assert Path("u.npz.part").exists()


def test_ctrl_c_while_scoring_or_drawing(run, rows, monkeypatch):
    def stop(*_):
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(report, "draw_growth", stop)
    refused(run("grow", rows, "--quiet"), "the model is whole: t.npz", code=143)
    monkeypatch.setattr(growing.Grow, "run", lambda self: (_ for _ in ()).throw(Stopped(2)))
    assert run("grow", rows) == (130, "", "growgraph: stopped\n")


def test_numbers_in_a_later_file_do_not_end_the_run(run, here, monkeypatch):
    folder = here / "data"
    folder.mkdir()
    lines = table(200).splitlines()
    (folder / "1.csv").write_text("\n".join(lines))
    more = [lines[0].replace("a,", "a,late,"), *(x.replace(",", ",5,", 1) for x in lines[1:])]
    (folder / "2.csv").write_text("\n".join(more))
    assert run("grow", "data", "--quiet", "--out", "m.npz")[0] == 0
    monkeypatch.setattr(stream, "SAMPLE", 100)
    code, _, err = run("grow", "data", "--out", "m.npz", "--seed", 1)
    assert code == 0, err
    assert err.count("column 'late' has numbers only from row 20") == 1
    assert run("predict", "m.npz", "data")[0] == 0


def test_beginning_anew_is_said(run, rows):
    Path("t.npz.part").write_bytes(b"")
    assert "--resume would have gone on" in run("grow", rows)[2]
    Path("t.npz.part").write_bytes(b"")
    refused(run("grow", rows, "--resume"), "t.npz.part is no growgraph file")


def command(*arguments):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"}
    return subprocess.Popen(
        [sys.executable, "-m", "growgraph", *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(path, process):
    while not path.exists() and process.poll() is None:
        time.sleep(0.005)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_kill_9_and_resume_is_as_never_stopped(run, here):
    data = here / "big.csv"
    data.write_text(table(30_000))
    whole = grow_whole(run, data)
    part, draw = here / "big.npz.part", random.Random(1)
    for _ in range(3):
        process = command("grow", data, "--checkpoint", 0, "--resume", "--out", here / "big.npz")
        wait_for(part, process)
        time.sleep(draw.uniform(0, 0.3))
        process.kill()
        process.communicate()
    process = command("grow", data, "--checkpoint", 0, "--resume", "--out", here / "big.npz")
    err = process.communicate()[1]
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert same_but_for_the_name(whole, here / "big.npz")


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_from_outside_while_waiting_for_a_pipe(here):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "growgraph", "grow", "-"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    process.stdin.write(table(50))
    process.stdin.flush()
    time.sleep(4)
    process.send_signal(signal.SIGINT)
    err = process.communicate()[1]
    assert process.returncode == 130, err
    assert "Traceback" not in err


# ---- asking ---------------------------------------------------------------------------------
@pytest.fixture
def model(run, rows):
    assert run("grow", rows, "--quiet")[0] == 0
    return Path("t.npz")


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
    assert list(answers[0]) == ["answer", "probability", "novelty", "cause"]
    labels = [row["kind"] for row in csv.DictReader(rows.read_text().splitlines())]
    right = [a["answer"] == label for a, label in zip(answers, labels)]
    assert accuracy == pytest.approx(np.mean(right), abs=1e-4)
    assert all(0 <= float(a["probability"]) <= 1 for a in answers)
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


def test_ask_about_digits(run, here):
    assert run("grow", "digits", "--limit", 300, "--quiet")[0] == 0
    assert "the data says: 0" in run("explain", "digits.npz", "digits", 0)[1]
    (here / "u.csv").write_text("a,y\n1,0\n2,1\n")
    refused(run("predict", "digits.npz", "u.csv"), "u.csv does not fit", "grown on the digits")
    assert run("grow", "u.csv", "--quiet")[0] == 0
    refused(run("explain", "u.npz", "digits", 0), "digits does not fit", "grown on a table")
    _, out, err = run("predict", "digits.npz", "digits")
    assert len(out.splitlines()) == 1798
    assert float(re.search(r"accuracy (\S+) on", err).group(1)) > 0.9


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
    assert err == "growgraph: compiling kernels (once, about 20 s)\n"
    assert progress._start > before
    silent = say.Progress(quiet=True)
    with silent.compiling():
        numba.njit(lambda x: x + 1)(3)
    assert capsys.readouterr().err == ""
