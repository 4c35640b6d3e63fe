"""Long streams, returning concepts, memory, folds, and what was asked: known figures on toys."""

import importlib.util
from types import SimpleNamespace

import numpy as np
import pytest

from growgraph.bench.learning import (
    asked,
    bench,
    folds,
    long,
    memory,
    report,
    returns,
    stream,
    stream_learners,
    streams,
)  # fmt: skip
from growgraph.bench.learning.plan import QUICK, Plan
from growgraph.bench.learning.streams import Stream
from growgraph.kernels import council, dormant

needs_river = pytest.mark.skipif(importlib.util.find_spec("river") is None, reason="needs river")


def blobs(n, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    return rng.standard_normal((n, 3)) + 2 * y[:, None], y


def test_calls_of_many_rows_count_as_row_by_row():
    X, y = blobs(600)
    toy = Stream(X, y, ["a", "b", "c"])
    rows = [
        stream_learners.Learner("one by one", lambda d, s: stream_learners.Row(s), "array"),
        stream_learners.in_calls()[0],
    ]
    one, many = stream.prequential(rows, toy, 0, block=200).values()
    assert one[2].nbytes() == many[2].nbytes()
    blocks = [r[0].reshape(3, 200).sum(axis=1) for r in (one, many)]
    assert blocks[0][1:].tolist() == blocks[1][1:].tolist()  # young tables count their rows late
    assert many[0].sum() == stream_learners.Row._right(many[2])


def test_long_has_the_slow_peers_only_where_they_are_named(monkeypatch):
    seen = {}

    def measured(plan, names, learners_of, tell):
        seen.update({name: learners_of(name) for name in names})
        seen["length"] = plan.length
        return {"results": SimpleNamespace(note=lambda text: None), "curves": {"SEA": 1}}

    monkeypatch.setattr(stream, "measured", measured)
    made = [stream_learners.Learner(n, None, "dict")
            for n in ("ARF", "HAT", "SRP", "logistic regression")]  # fmt: skip
    monkeypatch.setattr(stream_learners, "of_river", lambda: made)
    assert long.run(Plan())["curves"] == {}
    assert seen["length"] == 50_000
    names = {name: [one.name for one in seen[name]] for name in long.KNOWN}
    both = [f"growgraph{more}" for more in ("", " resonance", " replay 0", " resonance, replay 0")]
    assert names["SEA"] == [*both, "recursive ridge", "ARF", "logistic regression"]
    assert names["LED"] == [*both, "recursive ridge", "logistic regression"]
    long.run(QUICK, "SEA")
    assert seen["length"] == QUICK.length


def test_stays_are_those_of_one_concept():
    assert returns.stays("STAGGER", 8000) == [(2000, 6000)]
    assert returns.stays("SEA", 8000) == []


def test_before_and_after_a_return(monkeypatch):
    right = np.ones(4000, bool)
    right[2000:2100] = False  # the first hundred after one of the two returns
    monkeypatch.setattr(stream, "prequential", lambda rows, *_: {
        one.name: (right, None, None) for one in rows})  # fmt: skip
    monkeypatch.setattr(streams, "load", lambda *_: None)
    monkeypatch.setattr(stream_learners, "of_river", lambda: [])
    results = returns.run(Plan(seeds=(101,), length=4000), "Mixed")["results"]
    told = [results.mean("Mixed", "growgraph", m) for m in returns.MEASURES]
    assert told == [1.0, 0.5, 1.0]


def test_who_sleeps_does_not_wake_where_waking_is_off():
    model = returns.Wakeless(0)
    X, y = blobs(80)
    for i in range(80):
        model.learn_one(X[i : i + 1], int(y[i]))
    felt = model.model._core.council
    felt.kept[2, dormant.USED] = 5  # as if a concept had gone to sleep at the fifth row
    model.learn_one(X[:1], int(y[0]))
    assert felt.kept[2, dormant.USED] == felt.ctl[council.N] - 1  # as the row before that came


def test_memory_tells_of_ten_points(monkeypatch):
    monkeypatch.setattr(memory, "STAY", 250)
    monkeypatch.setattr(memory, "CALL", 50)

    def few(name, seed, total):
        for start in range(0, total, memory.STAY):
            X, y = blobs(memory.STAY, start)
            yield X, y.tolist()

    monkeypatch.setattr(memory, "rows_of", few)
    plan = Plan(seeds=(101,), length=1000, quick=True, methods=("growgraph*replay 0",))
    results = memory.run(plan, "LED")["results"]
    assert {who for _, who, _ in results.values} == {
        "growgraph replay 0", "growgraph resonance, replay 0"}  # fmt: skip
    points = [m for _, who, m in results.values if who == "growgraph replay 0" and "MB" in m]
    assert points == [f"MB at {share} %" for share in range(10, 101, 10)]
    assert results.mean("LED", "growgraph replay 0", "MB at 100 %") > 0.1
    assert results.mean("LED", "growgraph replay 0", "accuracy") > 0.9
    assert report.number(2.345, points[0]) == report.number(2.345, "MB")
    assert report.less_is_better(points[0])


@needs_river
def test_memory_lets_concepts_take_turns(monkeypatch):
    monkeypatch.setattr(memory, "STAY", 30)
    parts = list(memory.rows_of("Agrawal", 1, 160))
    assert [len(y) for _, y in parts] == [30] * 5 + [10]
    first, again = parts[0], parts[4]
    assert first[0].shape == again[0].shape == (30, 9)
    assert (first[0] != again[0]).any()


def test_folds_learn_in_three_sequences():
    results = folds.run(Plan(seeds=(101,), quick=True), "wine")["results"]
    rows = {who for _, who, _ in results.values}
    assert len(rows) == 13  # of images six less: they know no replay
    assert len(bench.rows_of("folds", "digits")) == 7
    assert all(len(results.seeds("wine", who, "accuracy")) == 5 for who in rows)
    assert results.mean("wine", "growgraph, rows shuffled", "accuracy") > 0.95
    y = np.array([2, 0, 1, 0])
    assert y[folds.sequence(y, folds.REVERSED, 0)].tolist() == [2, 1, 0, 0]


# ---- what was asked -----------------------------------------------------------------------------
def cell(data, learner, measure, mean):
    return {"data": data, "learner": learner, "measure": measure, "mean": mean}


def test_the_worst_data_set_counts():
    cells = [cell("digits", "growgraph as images", "unseen", 0.99),
             cell("MNIST-5k", "growgraph as images", "unseen", 0.94)]  # fmt: skip
    (told,) = asked.floors("selfknow", cells)
    assert told["data"] == "MNIST-5k, worst of 2"
    assert (told["value"], told["asked"], told["met"]) == (0.94, "at least 0.95", False)


def test_costs_are_differences_and_need_both_figures():
    told = asked.floors("returns", [cell("Mixed", "growgraph", "before", 0.98)])
    assert told == []
    cells = [cell("Mixed", "growgraph", "before", 0.98),
             cell("Mixed", "growgraph", "100-600 after", 0.96)]  # fmt: skip
    (told,) = asked.floors("returns", cells)
    assert told["value"] == pytest.approx(0.02)
    assert not told["met"]


def test_streams_led_are_counted():
    cells = []
    for at, name in enumerate(asked._FIRST):
        cells += [cell(name, "growgraph replay 2000", "accuracy", 0.95),
                  cell(name, "ARF", "accuracy", 0.96 if at < 2 else 0.9)]  # fmt: skip
    told = asked.floors("stream", cells)[-1]
    assert (told["value"], told["met"]) == (5.0, False)


def test_what_was_asked_stands_in_the_report(monkeypatch):
    found = bench.run("folds", Plan(seeds=(101,), quick=True), "wine")
    assert found["floors"] == []  # a quick run does not measure what was asked
    found["floors"] = asked.floors("cluster", [cell("digits", "growgraph", "ARI", 0.8)])
    assert "| digits | ARI | growgraph | .800 | at least 0.85 | missed |" in report.markdown(found)


def test_rows_that_are_kept_are_fitted_when_asked():
    from growgraph.bench.learning.peers import Stored

    class Mean:
        def fit(self, X, y):
            self.rows = len(X)
            return self

        def predict(self, X):
            return np.full(len(X), self.rows)

    model = Stored(Mean)
    model.learn(np.zeros((3, 1)), np.zeros(3))
    assert model.predict(np.zeros((1, 1))).tolist() == [3]
    model.learn(np.zeros((4, 1)), np.zeros(4))
    assert model.predict(np.zeros((1, 1))).tolist() == [7]


# ---- answers by simulation ----------------------------------------------------------------------
def test_ways_to_answer():
    from growgraph.bench.learning import material, simulate

    X, y, X_test, y_test = material.split("digits", 0, rows=600)
    silent, _ = simulate.answers(0, X, y, X_test[:200], (8, 8), simulate.SILENT_WAYS,
                                 learning="resonance")  # fmt: skip
    told, model = simulate.answers(0, X, y, X_test[:200], (8, 8))
    assert (silent[simulate.SILENT] != told[simulate.PLAIN]).any()
    assert set(told) == set(simulate.WAYS)
    assert all((answer == y_test[:200]).mean() > 0.9 for answer in told.values())
    imagined = model.imagine(X_test[:5], rivals=10)
    least = imagined.answer[np.arange(5), imagined.inertia.argmin(axis=1)]
    assert told[simulate.INERTIA][:5].tolist() == least.tolist()


def test_subspaces_of_full_rank_explain_their_own_rows(monkeypatch):
    from growgraph.bench.learning import simulate

    rng = np.random.default_rng(0)
    planes = [rng.standard_normal((2, 6)) for _ in range(2)]
    y = np.repeat([0, 1], 40)
    X = np.array([rng.standard_normal(2) @ planes[c] for c in y])
    monkeypatch.setattr(simulate, "_parts", lambda model, rows: rows)
    monkeypatch.setattr(simulate, "_windows", lambda model: [np.arange(3), np.arange(3, 6)])
    monkeypatch.setattr(simulate, "_rank", lambda model: 2)
    model = SimpleNamespace(classes_=np.array([0, 1]))
    for way in (simulate.by_class_subspaces, simulate.by_local_subspaces):
        assert (way(model, X[::2], y[::2], X[1::2], None) == y[1::2]).all()
