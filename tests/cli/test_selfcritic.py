"""The command with --model selfcritic."""

import json

import numpy as np

from growgraph import SelfCriticNet, load


def test_digits_are_learnt_judged_and_explained(run, tmp_path):
    code, out, _ = run("grow", "digits", "--model", "selfcritic", "--json", "--quiet")
    assert code == 0
    assert json.loads(out)["accuracy"] > 0.95
    model = load(tmp_path / "digits.npz")
    assert type(model) is SelfCriticNet
    assert model.image_shape == (8, 8)
    assert model.n_held_out_ > 50
    code, out, _ = run("info", "digits.npz")
    assert "SelfCriticNet" in out


def test_rows_of_a_table_get_a_cause(run, tmp_path):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2)).round(3)
    lines = ["a,b,y", *(f"{a},{b},{'yes' if a + b > 0 else 'no'}" for a, b in X)]
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    assert run("grow", "t.csv", "--model", "selfcritic", "--quiet")[0] == 0
    code, out, _ = run("predict", "t.npz", "t.csv")
    assert code == 0
    assert out.splitlines()[0] == "answer,confidence,novelty,cause"
    assert sum(line.endswith(",fine") for line in out.splitlines()) > 150
    code, out, _ = run("explain", "t.npz", "t.csv", 3)
    assert "what may be wrong: " in out


def test_learning_is_not_for_it(run, tmp_path):
    code, _, err = run("grow", "digits", "--model", "selfcritic", "--learning", "resonance")
    assert code == 2
    assert "leave it out, or leave out selfcritic" in err
