"""The command with --model grownet: classes and quantities, small tables and streams."""

import json

import numpy as np

from growgraph import GrowNet, GrowNetRegressor, load
from growgraph.cli import growing
from growgraph.cli.signals import Stopped


def write(path, target, n=400):
    """A table of two numbers with gaps and a word, and a target of them."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, n)).round(4)
    word = rng.choice(["red", "blue"], n)
    y = target(a, b, word)
    lines = ["a,b,colour,y"]
    for i in range(n):
        lines.append(f"{'' if i % 40 == 5 else a[i]},{b[i]},{word[i]},{y[i]}")
    path.write_text("\n".join(lines) + "\n")
    return path.name


def quantity(a, b, word):
    return (a * b + (word == "red")).round(4)


def classes(a, b, word):
    return np.where(a * b > 0, "same", "other")


def test_a_quantity_is_learnt_told_and_asked(run, tmp_path):
    name = write(tmp_path / "t.csv", quantity)
    code, out, err = run("grow", name, "--model", "grownet")
    assert code == 0
    assert "looks like a quantity: its numbers are learnt" in err
    assert "held-out RMSE" in out
    assert "held-out R2" in out
    assert "R2 on folds" in out
    assert "answered by nets that had not learnt them" in out
    assert "before learnt" not in out  # all rows were learnt at once
    model = load(tmp_path / "t.npz")
    assert type(model) is GrowNetRegressor
    assert model.n_samples_seen_ < 400
    code, out, err = run("predict", "t.npz", name)
    assert code == 0
    assert out.splitlines()[0] == "answer,novelty"
    assert len(out.splitlines()) == 401
    assert ", RMSE 0." in err
    code, out, _ = run("explain", "t.npz", name, 3)
    assert code == 0
    assert "was born at" in out
    code, out, _ = run("info", "t.npz")
    assert "prequential R2" in out
    assert "GrowNetRegressor" in out


def test_classes_are_learnt_and_the_json_line_tells(run, tmp_path):
    name = write(tmp_path / "t.csv", classes)
    code, out, _ = run("grow", name, "--model", "grownet", "--json", "--quiet")
    told = json.loads(out)
    assert code == 0
    assert told["accuracy"] > 0.85
    assert told["classes"] == 2
    assert type(load(tmp_path / "t.npz")) is GrowNet


def test_what_the_target_holds_can_be_forced(run, tmp_path):
    whole = write(tmp_path / "w.csv", lambda a, b, word: np.round(3 * a).astype(int))
    code, out, _ = run("grow", whole, "--model", "grownet")
    assert (code, "accuracy on folds" in out, "then learnt" in out) == (0, True, False)
    assert type(load(tmp_path / "w.npz")) is GrowNet
    assert run("grow", whole, "--model", "grownet", "--task", "numbers", "--quiet")[0] == 0
    assert type(load(tmp_path / "w.npz")) is GrowNetRegressor
    words = write(tmp_path / "c.csv", classes)
    code, _, err = run("grow", words, "--model", "grownet", "--task", "numbers")
    assert code == 2
    assert "no numbers: leave out --task numbers" in err
    code, _, err = run("grow", whole, "--task", "numbers")
    assert code == 2
    assert "use --model grownet" in err
    code, _, err = run("grow", whole, "--model", "grownet", "--learning", "resonance")
    assert code == 2
    assert "leave it out" in err


def test_a_stream_is_resumed_as_if_never_stopped(run, tmp_path, monkeypatch):
    name = write(tmp_path / "t.csv", quantity, 1500)
    monkeypatch.setattr(growing, "_WHOLE", 100)
    monkeypatch.setattr(growing, "_SECONDS_A_CALL", 1e-9)
    assert run("grow", name, "--model", "grownet", "--out", "once.npz", "--quiet")[0] == 0
    take = growing.Grow._take

    def stop(self, model, piece):
        if self._learnt > 700:
            raise Stopped(2)
        take(self, model, piece)

    monkeypatch.setattr(growing.Grow, "_take", stop)
    command = ("grow", name, "--model", "grownet", "--out", "twice.npz")
    code, _, err = run(*command)
    assert (code, "--resume goes on" in err) == (130, True)
    monkeypatch.setattr(growing.Grow, "_take", take)
    code, out, err = run(*command, "--resume")
    assert (code, "going on from" in err) == (0, True)
    assert ("before learnt" in out, "on folds" in out) == (True, False)
    assert (tmp_path / "twice.npz").read_bytes() == (tmp_path / "once.npz").read_bytes()
