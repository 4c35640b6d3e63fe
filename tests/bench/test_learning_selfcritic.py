"""The protocol of doubt on toys whose figures are known."""

import numpy as np
import pytest

from growgraph.bench.learning import bench, causes, picture, report, selfcritic
from growgraph.bench.learning import selfcritic_floors as asked
from growgraph.bench.learning.plan import Plan
from growgraph.bench.learning.results import Results

SHAPE = (8, 8)


def test_the_curve_of_risks():
    right = np.array([True, True, False, True])
    sure = np.array([0.9, 0.8, 0.7, 0.6])
    assert selfcritic.risk_curve(sure, right) == pytest.approx(1e3 * (1 / 3 + 1 / 4) / 4)
    assert selfcritic.risk_curve(-sure, right) == pytest.approx(1e3 * (1 / 2 + 1 / 3 + 1 / 4) / 4)


def test_errors_among_the_doubtful():
    y, answer, sure = np.ones(20, int), np.ones(20, int), np.linspace(0.1, 0.9, 20)
    answer[[0, 5]] = 0
    told = selfcritic.of_errors(answer, sure, y)
    assert told["removed at 10 %"] == 0.5
    assert told["accuracy"] == 0.9
    assert told["errors"] == pytest.approx((18 + 14 - 1 + 0) / 36, abs=0.06)
    assert "removed at 10 %" not in selfcritic.of_errors(y, sure, y)


def test_cases_are_what_they_are_called():
    rng = np.random.default_rng(0)
    X, y = rng.random((60, 64)), np.arange(60) % 3
    made = causes.cases(X, y, X[:5], (y + 1) % 3, SHAPE, rng)
    assert {case.cause for case in made} == set(causes.CAUSES) - {"beyond capacity"}
    kinds = {case.kind: case for case in made}
    assert (kinds["likeliest wrong label"].label != y).all()
    changed = kinds["salt and pepper"].X != X
    assert 0.09 < changed.mean() < 0.15
    block = (kinds["negative block"].X != X).reshape(-1, *SHAPE)
    assert (block.any(axis=2).sum(axis=1) == 3).all()
    assert (block.any(axis=1).sum(axis=1) == 3).all()
    over = kinds["double exposure"].X
    assert (over.mean(axis=1) > X.mean() + 0.05).all()
    assert kinds["unseen class"].label is None


def test_the_likeliest_wrong_label_is_the_nearest_class():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 50)
    X = np.array([[0.0, 0], [1, 0], [5, 0]])[y] + rng.normal(0, 0.3, (150, 2))
    wrong = causes.likeliest_wrong(X, y, X, y)
    assert (wrong[y == 0] == 1).mean() > 0.9
    assert (wrong != y).all()


def test_mahalanobis_is_the_distance_to_the_nearest_mean():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 1, (200, 2)), rng.normal(8, 1, (200, 2))])
    peer = selfcritic.Mahalanobis()
    peer.learn(X, np.repeat([0, 1], 200))
    told, away = peer.doubt(np.array([[0.0, 0], [8, 8], [0, 8]]))
    assert told.argmax(axis=1)[:2].tolist() == [0, 1]
    assert away[2] > 10 * away[:2].max()
    S = peer._pooled()
    S = 0.99 * S + 0.01 * (np.trace(S) / 2) * np.eye(2)
    z = np.array([0.0, 8]) - peer.moments[0][1]
    other = np.array([0.0, 8]) - peer.moments[1][1]
    least = min(v @ np.linalg.solve(S, v) for v in (z, other))
    assert away[2] == pytest.approx(least)


def test_nets_are_taught_all_their_rows_and_agree_on_a_mean():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200, 3))
    peer = selfcritic.Nets(0, 2)
    for a in (0, 100):
        peer.learn(X[a : a + 100], (X[a : a + 100, 0] > 0).astype(int))
    told, novelty = peer.doubt(X)
    assert len(peer.nets) == 2
    assert (told.argmax(axis=1) == (X[:, 0] > 0)).mean() > 0.9
    np.testing.assert_allclose(np.exp(told).sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(novelty, -told.max(axis=1))


def test_what_is_asked_and_whether_it_is_met():
    results = Results()
    for data, learner, measure, value in (
        ("digits", "growgraph", "unseen", 0.98), ("digits", "growgraph", "ECE", 0.016),
        ("wine", "growgraph", "errors", 0.9), ("wine", asked.ENSEMBLE, "errors", 0.91),
        ("breast_cancer", "growgraph", "errors", 0.9),
        ("MNIST-5k", "growgraph, 100 labels, the rest without", "accuracy", 0.95),
        ("digits", "growgraph", "AURC x1000", 0.1), ("digits", asked.ENSEMBLE, "AURC x1000", 0.2),
    ):  # fmt: skip
        results.add(data, learner, measure, 0, value)
    told = {
        (f["data"], f["measure"]): (f["met"], f["asked"])
        for f in asked.floors(results, "growgraph")
    }
    assert told == {
        ("digits", "unseen"): (True, "at least 0.98"),
        ("digits", "ECE"): (False, "at most 0.015"),
        ("digits", "AURC x1000"): (True, f"at most 0.2 ({asked.ENSEMBLE})"),
        ("wine", "errors"): (False, f"at least 0.91 ({asked.ENSEMBLE})"),
        ("MNIST-5k", "accuracy"): (True, "at least 0.9"),
    }


def test_other_t1_are_measured_where_they_can_be():
    few, many, table = (selfcritic.learners(shape) for shape in (SHAPE, (28, 28), None))
    other = f"{selfcritic.OURS}, T1 GrowNet"
    assert other in few
    assert other in table
    assert other not in many
    assert few[other](3).model.estimator.random_state == 3


def test_the_whole_of_ours(monkeypatch):
    only, other = selfcritic.learners, f"{selfcritic.OURS}, T1 without a readout"
    monkeypatch.setattr(
        selfcritic, "learners", lambda shape: {k: only(shape)[k] for k in (selfcritic.OURS, other)}
    )
    plan = Plan(seeds=(7,), rows=500, shuffles=1, quick=True, data=("digits", "wine"))
    told = bench.run("selfcritic", plan, "digits,wine")
    cells = {(c["data"], c["measure"]): c["mean"] for c in told["cells"]}  # T1 without a readout
    assert cells["digits", "unseen"] > 0.9
    assert cells["digits", "causes"] > 0.5
    assert cells["wine", "accuracy"] > 0.9
    assert cells["digits", "explain, ms"] > 0
    assert {(f["data"], f["measure"]) for f in told["floors"]} > {("digits", "novel")}
    assert "causes" in report.table(told)
    assert picture.draw(told)[:4] == b"\x89PNG"
