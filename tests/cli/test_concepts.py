"""The command asked about a clusterer's file, which was learnt from Python."""

import csv
import re

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

import growgraph
from growgraph import ResoNetClusterer
from growgraph.data.digits import load_digits

WORDS = np.array(["red", "green", "blue"], object)


@pytest.fixture
def grown(run, tmp_path):
    """A model of a table, saved as m.npz, its columns and t.csv: they, a label, unknown ones."""
    rng = np.random.default_rng(0)
    group = rng.integers(3, size=300)
    X = {"size": group * 9 + rng.normal(size=300), "colour": WORDS[group]}
    model = ResoNetClusterer().fit(X)
    growgraph.save(model, tmp_path / "m.npz")
    with open(tmp_path / "t.csv", "w") as file:
        file.write("colour,kind,size,other\n")
        for size, colour, kind in zip(X["size"].tolist(), X["colour"], group, strict=True):
            file.write(f"{colour},{'' if size < -1 else kind},{size!r},7\n")
    return model, X, group


def test_predict(run, grown):
    model, X, _ = grown
    code, out, err = run("predict", "m.npz", "t.csv")
    assert code == 0, err
    rows = list(csv.DictReader(out.splitlines()))
    assert list(rows[0]) == ["concept", "familiarity", "name"]
    assert [int(row["concept"]) for row in rows] == model.predict(X).tolist()
    familiar = [float(row["familiarity"]) for row in rows]
    np.testing.assert_allclose(familiar, model.score_samples(X), rtol=1e-5)
    names = model.knowledge()["name"]
    assert [row["name"] for row in rows] == names[model.predict(X)].tolist()
    assert err.splitlines()[-1] == "growgraph: 300 rows answered"


def test_agreement_with_labels(run, grown):
    """Of a wrong cut, and without the rows that have no label."""
    model, X, group = grown
    model.set_params(n_clusters=7)
    growgraph.save(model, "m.npz")
    code, _, err = run("predict", "m.npz", "t.csv", "--target", "kind", "--out", "p.csv")
    assert code == 0, err
    there = X["size"] >= -1
    index = adjusted_rand_score(group[there], model.predict(X)[there])
    assert 0.1 < index < 0.99
    assert f"adjusted Rand index {index:.4f} on {there.sum()} with a label: p.csv" in err


@pytest.mark.parametrize("n_rows", [1, 2])
def test_agreement_where_there_is_nothing_to_tell_apart(run, grown, n_rows):
    with open("u.csv", "w") as file:
        file.write("size,colour,kind\n" + "0,red,a\n" * n_rows)
    code, _, err = run("predict", "m.npz", "u.csv", "--target", "kind")
    assert code == 0
    assert f"adjusted Rand index 1.0000 on {n_rows} with a label" in err


def test_explain_and_info(run, grown):
    model, X, _ = grown
    code, out, err = run("explain", "m.npz", "t.csv", 5)
    assert code == 0, err
    one = {name: column[5:6] for name, column in X.items()}
    assert out.strip() == str(model.explain(one))
    code, out, _ = run("info", "m.npz")
    assert code == 0
    assert re.search(r"^kind +ResoNetClusterer", out, re.M)
    assert "concept 0" in out


def test_a_table_that_lacks_what_was_learnt(run, grown):
    with open("u.csv", "w") as file:
        file.write("q,r\n1,2\n")
    code, out, err = run("predict", "m.npz", "u.csv")
    assert (code, out) == (2, "")
    assert "it needs size, colour" in err
    code, out, err = run("predict", "m.npz", "digits")
    assert (code, out) == (2, "")
    assert "digits does not fit the model" in err


def test_columns_of_an_array_are_named_by_number(run):
    X = np.random.default_rng(0).normal(size=(80, 2))
    model = ResoNetClusterer(n_clusters=2).fit(X)
    assert model.columns_ == {"x0": False, "x1": False}
    growgraph.save(model, "m.npz")
    np.savetxt("t.csv", X, delimiter=",", header="x0,x1", comments="", fmt="%.17g")
    code, out, err = run("predict", "m.npz", "t.csv")
    assert code == 0, err
    answers = [int(row["concept"]) for row in csv.DictReader(out.splitlines())]
    assert answers == model.predict(X).tolist()


def test_digits(run):
    X, _ = load_digits()
    model = ResoNetClusterer(image_shape=(8, 8)).fit(X[:300])
    assert model.columns_ is None
    growgraph.save(model, "m.npz")
    code, out, err = run("predict", "m.npz", "digits")
    assert code == 0, err
    assert len(out.splitlines()) == 1 + len(X)
    assert float(re.search(r"index (\S+) on 1,797 with a label", err).group(1)) > 0.5
    assert run("explain", "m.npz", "digits", 3)[0] == 0
    with open("u.csv", "w") as file:
        file.write("a,b\n1,2\n")
    code, out, err = run("predict", "m.npz", "u.csv")
    assert (code, out) == (2, "")
    assert "needs 64 columns of pixels" in err


def test_grow_says_where_a_clusterer_learns(run):
    code, _, err = run("grow", "digits", "--model", "clusterer")
    assert code == 2
    assert "ResoNetClusterer" in err
