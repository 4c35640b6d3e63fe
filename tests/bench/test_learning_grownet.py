"""The grownet protocol: tasks, peers and verdicts on toys whose figures are known."""

from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest

from growgraph.bench import peers as installed
from growgraph.bench.learning import (
    cascade,
    grownet,
    grownet_costs,
    grownet_peers,
    grownet_verdicts,
    picture,
    report,
    scores,
    tasks,
)  # fmt: skip
from growgraph.bench.learning.plan import Plan
from growgraph.bench.learning.results import Results
from growgraph.errors import DataError

PLAN = Plan(seeds=(101,), shuffles=1, quick=True, tasks=("parity-4", "sinc"))


# ---- cascade correlation ------------------------------------------------------------------------
def test_quickprop_jumps_to_the_top_of_a_parabola():
    steps, w = cascade.Quickprop((1,), 0.1), np.zeros(1)
    for _ in range(4):  # a step by rate, one longer, one past the top, and back onto it
        w = w + steps.next(-2 * (w - 0.5))
    assert w == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_cascade_solves_xor_with_one_unit(seed):
    X, y = tasks.parity(2)
    model = cascade.CascadeCorrelation(random_state=seed).fit(X, y)
    assert model.predict(X).tolist() == y.tolist()
    assert len(model.units) == 1
    assert model.n_edges == 3 + 4


@pytest.mark.parametrize("seed", range(3))
def test_cascade_solves_the_two_spirals(seed):
    """Fahlman and Lebiere report 12 to 19 units, 15.2 in the mean of 100 runs."""
    X, y, X_test, y_test = tasks.TASKS["spirals"].make(seed, 0)
    model = cascade.CascadeCorrelation(random_state=seed).fit(X, y)
    assert (model.predict(X) == y).all()
    assert 8 <= len(model.units) <= 22
    assert (model.predict(X_test) == y_test).mean() > 0.75


def test_cascade_stops_where_units_do_not_help():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((300, 3))
    y = X @ [1.0, 2.0, 3.0] + 0.5 * rng.standard_normal(300)
    model = cascade.CascadeCorrelation(classify=False, stop="held out").fit(X, y)
    assert len(model.units) <= 2
    assert np.corrcoef(model.predict(X), y)[0, 1] > 0.95


def test_cascade_learns_several_classes_and_their_labels():
    X = np.repeat(np.eye(3), 20, axis=0) + 0.1 * np.random.default_rng(0).standard_normal((60, 3))
    y = np.repeat(["a", "b", "c"], 20)
    model = cascade.CascadeCorrelation(stop="held out").fit(X, y)
    assert (model.predict(X) == y).mean() > 0.95


# ---- tasks --------------------------------------------------------------------------------------
def test_spirals_are_those_of_the_benchmark():
    X, y, X_test, y_test = tasks.TASKS["spirals"].make(1, 0)
    assert (len(y), len(y_test)) == (194, 192)
    assert np.allclose(X[:97], -X[97:])
    assert np.hypot(*X[96]) == pytest.approx(0.5)
    gap = np.linalg.norm(X_test[:, None] - X[None], axis=2)
    assert (y[gap.argmin(axis=1)] == y_test).all()  # what lies between is its neighbours' kind


@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_parts_hold_each_row_once(name):
    task = tasks.TASKS[name]
    parts = [task.make(101 + turn, turn) for turn in range(tasks.FOLDS)]
    rows = np.vstack([part[2] for part in parts])
    whole = np.vstack([parts[0][0], parts[0][2]])
    assert len(np.unique(rows, axis=0)) == len(np.unique(whole, axis=0)) == len(whole)


FUNCTIONS = {
    "friedman1": lambda X: (
        10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + X[:, 3:5] @ [10, 5]
    ),
    "sinc": lambda X: np.sin(X[:, 0]) / X[:, 0],
    "discontinuity": lambda X: 0.5 * np.sin(3 * np.pi * X[:, 0]) + 1.5 * (X[:, 0] > 0.3),
}


@pytest.mark.parametrize(
    ("name", "noise"), [("friedman1", 1.0), ("sinc", 0.1), ("discontinuity", 0.1)]
)
def test_functions_are_taught_with_noise_and_asked_without(name, noise):
    X, y, X_test, y_test = tasks.TASKS[name].make(101, 0)
    assert np.std(y - FUNCTIONS[name](X)) == pytest.approx(noise, rel=0.1)
    assert y_test == pytest.approx(FUNCTIONS[name](X_test))
    assert not np.array_equal(tasks.TASKS[name].make(102, 0)[1], y)


def test_boards_and_rings_have_two_classes():
    for name in ("checkerboard", "rings"):
        X, y, X_test, _ = tasks.TASKS[name].make(101, 0)
        assert (len(y), set(y.tolist())) == (1000, {0, 1})
        assert not np.isin(X_test, X).any()


def test_pick_knows_tasks_and_ablations():
    assert tasks.pick("wine,depth") == (["wine"], ["depth"])
    assert tasks.pick(None) == (list(tasks.TASKS), list(tasks.EXTRAS))
    assert {*tasks.ABLATED, *tasks.STREAMED} <= tasks.TASKS.keys()
    assert set(grownet.ABLATIONS) == set(tasks.ABLATIONS)
    with pytest.raises(DataError, match="moon is no task"):
        tasks.pick("wine,moon")


# ---- peers --------------------------------------------------------------------------------------
class Constant:
    """Answers with a value it was set to; remembers what it was taught."""

    taught: ClassVar[list] = []

    def __init__(self, value):
        self.value = value

    def fit(self, X, y):
        self.taught.append(len(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.value)


def test_the_best_setting_is_taken():
    def make(task, seed, value):
        return Constant(value)

    peer = grownet_peers.Peer("x", make, lambda task: grownet_peers.grid(value=[0, 1, 2]))
    X, y = np.zeros((60, 1)), np.repeat([0, 1, 2], [20, 31, 9])
    Constant.taught = []
    task = tasks.TASKS["wine"]
    assert grownet_peers.tuned(peer, task, X, y, 0) == {"value": 1}
    assert Constant.taught == [40] * 9
    Constant.taught = []
    whole = tasks.TASKS["parity-4"]
    assert grownet_peers.tuned(peer, whole, X, y, 0) == {"value": 1}
    assert Constant.taught == [60] * 3


@pytest.mark.parametrize("name", ["spirals", "sinc", "wine"])
def test_peers_learn_a_task(name):
    task = tasks.TASKS[name]
    X, y, X_test, y_test = task.make(101, 0)
    plain = Constant(y.mean() if not task.classify else np.bincount(y).argmax())
    least = grownet_peers.error(task, plain, X_test, y_test)
    for peer in grownet_peers.PEERS:
        setting = peer.settings(task)[0]
        if peer.name == "kernel":
            setting = grownet_peers.tuned(peer, task, X, y, 1)
        with installed.quiet():
            model = grownet_peers.estimator(peer, task, 0, setting, len(y)).fit(X, y)
        wrong = grownet_peers.error(task, model, X_test, y_test)
        assert wrong < 1.05 * least if peer.name == "linear" else wrong < 0.8 * least, peer.name


def test_size_of_a_perceptron():
    task = tasks.TASKS["sinc"]
    X, y, *_ = task.make(101, 0)
    model = grownet_peers.estimator(grownet_peers.PEERS[0], task, 0, {"hidden": (8,)}, 500)
    with installed.quiet():
        model.fit(X, y)
    assert grownet_peers.size(model) == (8, 8 + 8 + 8 + 1)


# ---- the protocol -------------------------------------------------------------------------------
class Fake:
    """Knows parity and every curve by heart; grows as many units as it is told candidates."""

    asked: ClassVar[list] = []

    def __init__(self, random_state=None, pool=32, placement="tension", directions="data",
                 depth=True, readout="refit", nets=1):  # fmt: skip
        self.pool, self.placement = pool, placement
        self.asked.append((random_state, pool, placement, directions, depth, readout, nets))

    def fit(self, X, y):
        self.graph_ = SimpleNamespace(
            n_edges=7, n_nodes=self.pool + 3, inputs=np.arange(2), outputs=np.arange(1)
        )
        return self

    def predict(self, X):
        if X.shape[1] == 1:
            return np.sinc(X[:, 0] / np.pi)
        return X.sum(axis=1).astype(int) % 2


@pytest.fixture
def fakes(monkeypatch):
    Fake.asked = []
    door = SimpleNamespace(GrowNet=Fake, GrowNetRegressor=Fake)
    monkeypatch.setattr(grownet, "importlib", SimpleNamespace(import_module=lambda name: door))
    few = (grownet_peers.Peer("nought", lambda task, seed: Constant(0), lambda task: [{}], most=1),)
    monkeypatch.setattr(grownet_peers, "PEERS", few)


def test_a_run_measures_all_rows(fakes):
    found = grownet.run(PLAN)
    results = found["results"]
    assert results.mean("parity-4", "growgraph", "accuracy") == 1
    assert results.mean("parity-4", "growgraph", "solved") == 1
    assert results.mean("parity-4", "nought", "accuracy") == 0.5
    assert results.mean("parity-4", "random growth", "nodes") == 1
    assert results.mean("sinc", "growgraph, 5 nets", "RMSE") == pytest.approx(0)
    assert results.mean("parity-4", "growgraph", "edges") == 7
    assert (101, 1, "anywhere", "random", True, "refit", 1) in Fake.asked
    assert len(results.seeds("parity-8", "growgraph, anywhere", "nodes")) == 3
    told = {(f["data"], f["ours"], f["measure"]): f["met"] for f in found["floors"]}
    assert told["parity-4", "growgraph", "solved"]
    assert not told["parity-4", "growgraph", "nodes"]


def test_one_ablation_is_one_name(fakes):
    results = grownet.run(PLAN, "depth")["results"]
    assert {key[1] for key in results.values} == {"growgraph", "growgraph, flat"}
    assert {a[4] for a in Fake.asked} == {True, False}


def test_an_ablation_does_not_measure_the_default_again(fakes):
    found = grownet.run(Plan(seeds=(101,), shuffles=1, quick=True), "parity-8,readout")
    plain = [a for a in Fake.asked if a[:2] == (101, 32) and a[5:] == ("refit", 1)]
    assert len(plain) == 1  # as a task; of those named beside it the ablation takes no other
    assert {key[0] for key in found["results"].values} == {"parity-8"}


def test_a_stream_is_taught_in_rounds_class_by_class_too(fakes, monkeypatch):
    taught = []
    monkeypatch.setattr(Fake, "partial_fit", lambda model, X, y: taught.append(y), raising=False)
    monkeypatch.setattr(Fake, "graph_", SimpleNamespace(n_edges=7, n_nodes=3, inputs=[0],
                                                        outputs=[0]), raising=False)  # fmt: skip
    results = grownet.run(PLAN, "digits,stream")["results"]
    assert {key[1] for key in results.values} >= {
        "growgraph, in rounds", "growgraph, class by class"
    }  # fmt: skip
    n = sum(len(y) for y in taught) // 2
    first, second = np.split(np.concatenate(taught), 2)
    assert n == len(tasks.TASKS["digits"].make(101, 0)[1])
    assert {len(y) for y in taught[: n // 128]} == {128}
    assert sorted(first) == sorted(second)
    assert (np.diff(second) != 0).sum() == 9
    assert (np.diff(first) != 0).sum() > 100


def test_the_power_of_a_cost():
    results = Results()
    for n in (1000, 2000, 4000, 8000):
        results.add("an insertion", f"{n:,} rows, 50 nodes", "ms", 0, 0.5 * n**0.9)
    for m in (50, 100, 200, 400):
        results.add("an insertion", f"2,000 rows, {m} nodes", "ms", 0, 2.0 * m**1.5)
    powers = grownet_costs.exponents(results)
    assert powers["power in nodes"] == pytest.approx(1.5)
    told = {f["measure"]: f["met"] for f in grownet_verdicts.floors(results)}
    assert told == {"power in rows": True, "power in nodes": False}
    assert grownet_costs.exponents(Results()) == {}


def test_insertions_are_timed():
    results = grownet.run(PLAN, "cost")["results"]
    for row in ("1,000 rows, 50 nodes", "2,000 rows, 50 nodes", "2,000 rows, 100 nodes"):
        assert 0 < results.mean("an insertion", row, "ms") < 1000


def judged(floor, values):
    results = Results()
    for (row, measure), told in values.items():
        for seed, value in enumerate(told):
            results.add("t", row, measure, seed, value)
    return grownet_verdicts._judged(results, "t", floor, "growgraph")


@pytest.mark.parametrize(
    ("floor", "own", "theirs", "met"),
    [
        (tasks.Floor("RMSE", "at most", 0.6), [0.5, 0.6], [], True),
        (tasks.Floor("RMSE", "at most", 0.6), [0.6, 0.7], [], False),
        (tasks.Floor("accuracy", "at least", 0.9), [0.86, 0.95], [], True),
        (tasks.Floor("solved", "at least", 1.0, worst=True), [1, 1, 0], [], False),
        (tasks.Floor("accuracy", "above", peer="p"), [0.9], [0.9], False),
        (tasks.Floor("accuracy", "above", peer="p"), [0.91], [0.9], True),
        # standard error of 1, 3 is 1
        (tasks.Floor("RMSE", "near", peer="p"), [2.9], [1, 3], True),
        (tasks.Floor("RMSE", "near", peer="p"), [3.1], [1, 3], False),
        (tasks.Floor("accuracy", "near", peer="p"), [1.1], [1, 3], True),
        (tasks.Floor("accuracy", "near", peer="p"), [0.9], [1, 3], False),
    ],
)
def test_what_is_asked(floor, own, theirs, met):
    values = {("growgraph", floor.measure): own}
    values |= {("p", floor.measure): theirs} if theirs else {}
    told = judged(floor, values)
    assert told["met"] is met
    assert told["value"] == pytest.approx(np.mean(own))


@pytest.mark.parametrize(("solved", "met"), [([1, 1], True), ([1, 0], False)])
def test_few_nodes_that_answer_wrongly_are_no_feat(solved, met):
    floor = tasks.Floor("nodes", "at most", 5, solved=True)
    told = judged(floor, {("growgraph", "nodes"): [3, 5], ("growgraph", "solved"): solved})
    assert (told["met"], told["asked"]) == (met, "at most 5, solved")


def test_what_was_not_measured_is_not_judged():
    floor = tasks.Floor("accuracy", "above", peer="p")
    assert judged(floor, {("growgraph", "accuracy"): [1.0]}) is None


def test_placement_is_tested_with_the_right_sign():
    results = Results()
    for seed in range(8):
        for row, less in (("growgraph", 1), ("growgraph, anywhere", 0)):
            results.add("parity-8", row, "nodes", seed, 10 + seed - 2 * less)
            results.add("friedman1", row, "RMSE", seed, 0.5 + 0.1 * less * (1 + seed))
            results.add("digits", row, "accuracy", seed, 0.9)
    told = {t["data"]: t for t in grownet_verdicts.placed(results)}
    assert told["parity-8"]["verdict"] == "won"
    assert told["friedman1"]["verdict"] == "lost"
    assert told["digits"]["verdict"] == "even"
    assert told["parity-8"]["p"] == pytest.approx(3 * 2 / 2**8)
    assert told["parity-8"]["difference"] == -2


def test_signed_ranks_of_few_pairs_are_no_test():
    assert np.isnan(scores.signed_rank_p([1, 2, 3, 4, 5], [0, 0, 0, 0, 0]))
    assert scores.signed_rank_p([1] * 6, [1] * 6) == 1


def some_report():
    cells = [
        {"data": data, "learner": learner, "measure": measure, "mean": mean, "sd": 0.01,
         "seeds": {"1": mean}}
        for data, kind in (("spirals", "accuracy"), ("sinc", "RMSE"))
        for learner, value in (("growgraph", 0.5), ("MLP", 0.25))
        for measure, mean in ((kind, value), ("nodes", 0), ("CPU s", 0.1))
    ]  # fmt: skip
    floor = {"data": "spirals", "ours": "growgraph", "measure": "accuracy", "value": 0.5,
             "asked": "at least 0.98", "met": False}  # fmt: skip
    placed = {"data": "spirals", "measure": "accuracy", "difference": 0.03, "p": 0.2, "pairs": 20,
              "verdict": "even"}  # fmt: skip
    return {
        "bench": "learning grownet", "headline": "growgraph", "cells": cells, "comparisons": [],
        "notes": [], "curves": {}, "floors": [floor], "placement": [placed],
        "machine": {"cpu": "some processor", "versions": {}, "missing": []},
    }  # fmt: skip


def test_tables_tell_what_is_missed():
    lines = [" ".join(line.split()) for line in report.table(some_report()).splitlines()]
    assert "spirals accuracy growgraph .500 at least 0.98 missed" in lines
    assert "spirals accuracy +0.030 .200 20 even" in lines
    text = report.markdown(some_report())
    assert "| spirals | accuracy | growgraph | .500 | at least 0.98 | missed |" in text
    assert "| spirals | accuracy | +0.030 | .200 | 20 | even |" in text


def test_errors_are_drawn_in_units_of_ours():
    told = picture._times_ours(some_report())
    means = {c["learner"]: c["mean"] for c in told["cells"] if c["measure"].startswith("RMSE,")}
    assert means == {"growgraph": 1.0, "MLP": 0.5}
    assert picture.draw(some_report()).startswith(b"\x89PNG")
