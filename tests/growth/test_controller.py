"""The controller grows where tension lasts, when it lasts, and not otherwise."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.errors import DataError, GraphError
from growgraph.growth import (
    InsertNode,
    InsertPath,
    NewNode,
    Proposal,
    PruneWeak,
    Rule,
    SplitEdge,
)
from growgraph.kernels import _handle as h
from tests.growth.tasks import Offer, flat_graph, learn_and_grow, pair, samples, steps


@pytest.mark.parametrize(
    ("tensions", "grew"),
    [
        ([1.0] * 4, [3]),  # it must last for `patience` steps after the first
        ([1.0] * 3, []),
        ([1.0, 0.95, 0.93, 0.91], [3]),  # a fall by less than a tenth is no progress
        ([1.0, 0.95, 0.9, 0.89, 0.8, 0.7, 0.65], []),  # learning makes progress
        ([1.0, 0.9, 0.8, 0.8, 0.8, 0.8], [5]),  # until it does not
        ([0.5, 1.0, 0.04, 0.5, 1.0, 1.0], []),  # once at rest: patience begins anew
        ([0.04] * 9, []),
        ([0.5, 0.6, 0.7, 0.8], [3]),
        ([1.0] * 8, [3, 7]),  # a node that has grown gets new patience
    ],
)
def test_patience(tensions, grew):
    controller = GrowthController([Offer(pair(0.5))], patience=3)
    assert steps(controller, flat_graph(), tensions) == grew


def test_a_longer_patience_grows_later():
    graphs = [flat_graph() for _ in range(2)]
    for patience, graph in zip((2, 6), graphs):
        controller = GrowthController([Offer(pair(0.5))], patience=patience)
        assert steps(controller, graph, [1.0] * 8)[0] == patience


@pytest.mark.parametrize("budget", [0, 1, 2])
def test_budget(budget):
    graph = flat_graph()
    controller = GrowthController([Offer(pair(0.5))], patience=1, budget=budget)
    steps(controller, graph, [1.0] * 20)
    assert graph.n_nodes == 3 + budget
    assert controller.n_grown_ == budget


def test_budget_counts_all_nodes_of_a_proposal():
    two = Proposal(0.9, (NewNode((0,), (1.0,)), NewNode((-1,), (1.0,))), ((-2, 2, 1.0),))
    graph = flat_graph()
    steps(GrowthController([Offer(two, pair(0.1))], patience=1, budget=3), graph, [1.0] * 20)
    assert graph.n_nodes == 6  # the pair of nodes once, then the single node


@pytest.mark.parametrize(("gain", "grows"), [(0.049, False), (0.05, True)])
def test_least_gain(gain, grows):
    graph = flat_graph()
    assert bool(steps(GrowthController([Offer(pair(gain))]), graph, [1.0] * 6)) == grows


def test_threshold():
    for threshold, grows in ((0.3, True), (0.31, False)):
        controller = GrowthController([Offer(pair(0.5))], threshold=threshold)
        assert bool(steps(controller, flat_graph(), [0.3001] * 6)) == grows


def test_the_largest_gain_of_all_rules_is_taken_and_its_rule_told():
    class Better(Offer):
        pass

    graph = flat_graph()
    rules = [Offer(pair(0.2), pair(0.3)), Better(pair(0.1), pair(0.7, (0,)))]
    steps(GrowthController(rules), graph, [1.0] * 6)
    assert graph.sources(3)[0].tolist() == [0]
    assert GrowthLog(graph).table()["rule"].tolist() == ["Better", "Better"]


@pytest.mark.parametrize(("more", "taken"), [(-1e-10, 0), (0, 0), (1e-10, 0), (1e-7, 1)])
def test_of_equal_gains_the_first_rule_is_taken_whatever_the_rounding(more, taken):
    graph = flat_graph()
    rules = [Offer(pair(0.5, (0,))), Offer(pair(0.5 + more, (1,)))]
    steps(GrowthController(rules), graph, [1.0] * 6)
    assert graph.sources(3)[0].tolist() == [taken]


@pytest.mark.parametrize(("first", "second"), [(1.0, 0.6), (0.6, 1.0)])
def test_the_tensest_node_is_answered_first(first, second):
    graph = Graph()
    graph.add_outputs(2, sources=graph.add_inputs(2), weights=0.0)

    class Answer(Offer):
        def propose(self, situation):
            return [pair(0.5, target=situation.node)]

    controller = GrowthController([Answer()], patience=2)
    targets = np.array([[first, second], [-first, -second]])
    while not controller.step(graph, [[0, 1], [1, 0]], targets):
        pass
    assert GrowthLog(graph).table()["cause_node"][0] == (2 if first > second else 3)


def two_outputs():
    """Node 3 learns the sum of its inputs; node 4 must learn a bend, which it cannot."""
    graph = Graph()
    x = graph.add_inputs(2)
    graph.add_outputs(2, sources=x, weights=0.0)
    X = samples(60, 2)
    return graph, X, np.stack([X.sum(axis=1), np.abs(X[:, 0])], axis=1)


def test_growth_happens_at_the_tense_node():
    graph, X, T = two_outputs()
    learn_and_grow(graph, GrowthController(random_state=0, patience=3), X, T, 60, lr=0.5)
    log = GrowthLog(graph).table()
    assert set(log["cause_node"]) == {3}
    born = log["node"][log["operation"] == "node"]
    assert born.size > 0
    assert not np.isin(born, graph.sources(2)[0]).any()
    assert np.isin(born, graph.sources(3)[0]).all()
    assert graph.tension(X, T).max() < 0.05 < 0.25 < log["tension"][0]


def test_growth_follows_the_tension_when_it_is_moved():
    """The same graph and samples, the outputs' tension exchanged: it grows at the other."""
    graph, X, T = two_outputs()
    learn_and_grow(graph, GrowthController(random_state=0, patience=3), X, T[:, ::-1], 60, lr=0.5)
    assert set(GrowthLog(graph).table()["cause_node"]) == {2}


def test_tension_shuffled_over_the_samples_grows_another_node():
    """What is born depends on which samples are tense, not only on where."""
    grown = []
    for seed in (None, 1, 2):
        graph, X, T = two_outputs()
        if seed is not None:
            T[:, 1] = np.random.default_rng(seed).permutation(T[:, 1])
        controller = GrowthController(random_state=0, patience=3, budget=1)
        learn_and_grow(graph, controller, X, T, 20, lr=0.5)
        before = np.abs(T[:, 1] - T[:, 1].mean()).mean()
        left = np.abs(graph.forward(X)[:, 1] - T[:, 1]).mean()
        grown.append((left / before, tuple(graph.sources(4)[1]) if 4 in graph else ()))
    assert grown[0][0] < 0.6 < min(grown[1][0], grown[2][0])
    assert len({weights for _, weights in grown}) == 3


def test_two_runs_are_equal_and_the_seed_matters():
    made = []
    for seed in (0, 0, 1):
        graph, X, T = two_outputs()
        learn_and_grow(graph, GrowthController(random_state=seed, patience=3), X, T, 30)
        made.append(graph)
    assert made[0] == made[1]
    assert GrowthLog(made[0]).table().tobytes() == GrowthLog(made[1]).table().tobytes()
    assert made[0] != made[2]


def test_step_refuses_bad_samples_and_stays_as_it_was():
    graph, controller = flat_graph(), GrowthController()
    before = graph.copy()
    for X, targets in (([[1.0]], [1.0]), ([[1.0, np.nan]], [1.0]), ([[1.0, 2.0]], [[1.0, 2.0]])):
        with pytest.raises(DataError):
            controller.step(graph, X, targets)
    assert graph == before
    assert not graph.records
    assert controller.n_steps_ == 0


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("patience", 0, r"patience must be in \[1, inf\], got 0"),
        ("patience", 2.5, "patience must be an integer, got 2.5"),
        ("budget", -1, r"budget must be in \[0, inf\], got -1"),
        ("log_limit", 0, r"log_limit must be in \[1, inf\], got 0"),
        ("min_gain", 1.5, r"min_gain must be in \[0, 1\], got 1.5"),
        ("threshold", np.nan, "threshold must be finite"),
        ("random_state", "x", "random_state must be None"),
    ],
)
def test_bad_options(option, value, message):
    with pytest.raises((TypeError, ValueError), match=message):
        GrowthController(**{option: value})


# ---- whom it asks, and about which graph ----
class Asked(Rule):
    """Proposes nothing and counts how often it is asked."""

    def __init__(self, adds_nodes=True):
        self.adds_nodes, self.times = adds_nodes, 0

    def propose(self, situation):
        self.times += 1
        return []


def test_a_node_that_nothing_helps_is_asked_again_after_new_patience_only():
    rule = Asked()
    steps(GrowthController([rule], patience=3), flat_graph(), [1.0] * 12)
    assert rule.times == 3  # in steps 3, 7 and 11


def test_when_the_budget_is_used_up_only_rules_that_add_no_nodes_are_asked():
    rules = [Asked(), Asked(adds_nodes=False)]
    steps(GrowthController(rules, patience=1, budget=0), flat_graph(), [1.0] * 4)
    assert [rule.times for rule in rules] == [0, 2]
    assert (InsertPath.adds_nodes, PruneWeak.adds_nodes) == (False, False)
    assert (InsertNode.adds_nodes, SplitEdge.adds_nodes) == (True, True)


def test_what_a_node_felt_waits_while_nobody_can_be_asked():
    rule = Asked()
    controller, graph = GrowthController([rule], patience=3, budget=0), flat_graph()
    steps(controller, graph, [1.0] * 9)
    controller.budget = 1
    steps(controller, graph, [1.0])
    assert rule.times == 1


def test_one_controller_does_not_mix_two_graphs():
    first, other = flat_graph(), flat_graph()
    controller = GrowthController([Offer(pair(0.5))], patience=3)
    steps(controller, first, [1.0] * 2)
    with pytest.raises(GraphError, match="make a GrowthController for each graph"):
        controller.step(other, [[0, 1], [1, 0]], [1.0, -1.0])
    assert not other.records
    assert controller.n_steps_ == 2
    assert steps(controller, first, [1.0] * 2) == [1]


def test_a_controller_keeps_no_graph_alive_and_refuses_its_successor():
    graph, controller = flat_graph(), GrowthController()
    steps(controller, graph, [1.0])
    gone = weakref.ref(graph)
    del graph
    gc.collect()
    assert gone() is None
    with pytest.raises(GraphError, match="not the one this controller grows"):
        steps(controller, flat_graph(), [1.0])


def test_ids_may_be_large():
    """What rules read does not grow with the largest id ever given."""
    graph = flat_graph()
    graph._store.reserve(NODE_CAP=8, ID_CAP=10**7)
    graph._store.slot_of[:][graph._store[h.NEXT_ID] : 10**7] = -1
    graph._store[h.NEXT_ID] = 10**7
    graph.add_node([0])
    graph.record()
    controller = GrowthController([InsertPath()], patience=1, random_state=0)
    tracemalloc.start()
    steps(controller, graph, [1.0] * 2)  # the second step asks the rule
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10**7 * 4  # less than one sample's row of float32 by id would take
