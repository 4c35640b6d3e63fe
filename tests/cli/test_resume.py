"""Nothing stops a run from being resumed, to the byte."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import growgraph
from growgraph import io
from growgraph.cli import growing, report
from growgraph.cli.signals import Stopped
from growgraph.data import stream
from growgraph.models.resonet import ResoNet
from tests.cli.material import refused, table

ROOT = Path(__file__).resolve().parents[2]


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
    assert err.count("column 'late' is new in row 200: it grows inputs") == 1
    assert "late" in io.load("m.npz").columns_
    assert run("predict", "m.npz", "data")[0] == 0
    code, _, err = run("grow", "data", "--out", "g.npz", "--seed", 1, "--model", "grownet")
    assert code == 0, err
    assert err.count("column 'late' has numbers only from row 200") == 1


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
