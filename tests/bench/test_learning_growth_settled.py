"""The protocol of growth from settled tension: its task, its controls, and a small run."""

import numpy as np
import pytest

from growgraph.bench.learning import bench, growth_settled, report
from growgraph.bench.learning.growth_settled import OURS, Anywhere, Task
from growgraph.bench.learning.plan import Plan
from growgraph.growth import InsertRehearsed


def small(columns=8):
    """Signs of which one output is a parity."""
    rng = np.random.default_rng(0)
    X = rng.choice([-1.0, 1.0], (300, columns))
    Y = np.column_stack([X[:, 0] * X[:, 1], X[:, 2]])
    return Task(X, Y, X, Y, 2, 0.3, "squared", lambda said, Y: float((np.sign(said) == Y).mean()))


def test_modules_ask_for_majorities_and_parities():
    X, Y = growth_settled.modules(200, np.random.default_rng(0))
    assert set(np.unique(X)) == set(np.unique(Y)) == {-1.0, 1.0}
    np.testing.assert_array_equal(Y[:, 1], np.where((X[:, 5:10] > 0).sum(axis=1) > 2, 1, -1))
    np.testing.assert_array_equal(Y[:, 5], X[:, 17] * X[:, 18] * X[:, 19])


def test_nets_that_have_all_at_once_are_as_large_as_those_that_grow():
    task, rng = small(), np.random.default_rng(0)
    fixed, none = (growth_settled.straight(task, rng, n) for n in (5, 0))
    assert none.n_edges == 8 * 2
    assert fixed.n_nodes == none.n_nodes + 5
    assert fixed.n_edges == none.n_edges + 5 * (task.fan_in + 1)
    dense = growth_settled.straight(task, rng, 5, dense=True)
    assert dense.n_edges == none.n_edges + 5 * (8 + 2)


def test_any_place_is_not_the_tense_one():
    """Noise stays tense, what is linear is never so; and yet nodes are placed there."""
    task = small()
    task.Y[:, 0] = np.random.default_rng(1).choice([-1.0, 1.0], 300)

    def served(kind):
        options = {"settle": {"steps": 8}, "patience": 1, "budget": 8, "random_state": 0,
                   "min_gain": 0.0}  # fmt: skip
        graph = growth_settled.learnt(task, 0, kind([InsertRehearsed(fan_in=2)], **options), 60)
        hidden = np.setdiff1d(graph.nodes, [*graph.inputs, *graph.outputs])
        assert hidden.size == 8
        return [int(np.isin(graph.sources(o)[0], hidden).sum()) for o in graph.outputs]

    tense, anywhere = served(growth_settled.GrowthController), served(Anywhere)
    assert tense[0] > 0
    assert tense[1] == 0
    assert anywhere[1] > 0


def test_all_learners_see_the_same_and_end_within_the_budget(monkeypatch):
    monkeypatch.setattr(growth_settled, "EPOCHS", 12)
    monkeypatch.setattr(growth_settled, "task_of", lambda name, seed: small())
    told = bench.run("growth", Plan(seeds=(5,), quick=True), "modules")
    cells = {(c["learner"], c["measure"]): c["mean"] for c in told["cells"]}
    names = {learner for learner, _ in cells}
    assert len(names) == 10
    for name in names:
        assert cells[name, "nodes"] <= 8 + 2 + growth_settled.NODES
    assert cells[OURS, "accuracy"] >= cells["nothing grown", "accuracy"]
    assert cells["same nodes, dense", "edges"] > cells["same size from the start", "edges"]
    assert "modules" in report.table(told)
    with pytest.raises(ValueError, match="no data set"):
        bench.check("growth", "modulus")
