"""The controller grows where tension lasts, when it lasts, and not otherwise."""

import gc
import tracemalloc
import weakref

import numpy as np
import pytest

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.errors import DataError, GraphError
from growgraph.graph.check import same_structure
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
from tests.growth.tasks import XOR, Offer, learn_and_grow, pair, samples, xor_graph


def flat_graph():
    """Answers 0 whatever comes in, so that the target is the tension."""
    graph = Graph()
    graph.add_outputs(1, sources=graph.add_inputs(2), weights=0.0)
    return graph


def steps(controller, graph, tensions):
    """One step for each wanted tension of node 2; the numbers of the steps in which it grew."""
    grew = []
    for number, tension in enumerate(tensions):
        events = len(GrowthLog(graph)) if graph.records else 0
        controller.step(graph, [[0, 1], [1, 0]], [tension, -tension])
        if len(GrowthLog(graph)) != events:
            grew.append(number)
    return grew


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


# ---- causes and outcomes ------------------------------------------------------------------------
def test_a_recorded_cause_can_be_recomputed_from_the_state_before():
    X, T = XOR
    graph, controller = xor_graph(), GrowthController(random_state=0)
    for _ in range(40):
        graph.learn(X, T, rule="delta", lr=0.5)
        before = graph.copy()
        if born := controller.step(graph, X, T):
            event = GrowthLog(graph).table()[GrowthLog(graph).birth(born[0])]
            node = int(np.flatnonzero(before.nodes == event["cause_node"])[0])
            assert before.tension(X, T)[node] == event["tension"]
            assert graph.tension(X, T)[graph.nodes == event["cause_node"]] == event["after"]
            return
    pytest.fail("it did not grow")


def test_a_recorded_cause_can_be_recomputed_from_the_log_alone():
    """Without learning between, replay up to the event is the state before it."""
    X, T = XOR
    graph, controller = xor_graph(3), GrowthController(random_state=0)
    grew = [n for n in range(40) if controller.step(graph, X, T)]
    log = GrowthLog(graph)
    told = log.table()
    assert grew
    for event in np.flatnonzero(told["operation"] == "node"):
        before = log.replay(int(event))
        felt = before.tension(X, T)[before.nodes == told["cause_node"][event]]
        assert felt == told["tension"][event]
        assert told["lasted"][event] == 5


def test_the_outcome_is_told_after_patience():
    X, T = XOR
    graph, controller = xor_graph(), GrowthController(random_state=0, patience=4)
    while not controller.step(graph.learn(X, T, rule="delta", lr=1.0), X, T):
        pass
    for step in range(1, 5):
        told = GrowthLog(graph).table()
        assert np.isnan(told["realised"]).all()
        assert (told["paid_off"] == -1).all()
        felt = graph.learn(X, T, rule="delta", lr=1.0).tension(X, T)[graph.nodes == 2]
        controller.step(graph, X, T)
        assert step < 5
    told = GrowthLog(graph).table()
    assert (told["realised"] == felt).all()
    assert (told["paid_off"] == 1).all()
    assert (told["realised"] < 0.9 * told["tension"]).all()


def test_growth_that_does_not_pay_off_is_told_so():
    graph = flat_graph()
    steps(GrowthController([Offer(pair(0.5, ()))], patience=2, budget=1), graph, [1.0] * 6)
    assert GrowthLog(graph).table()["paid_off"].tolist() == [0, 0]


def test_outcomes_reach_the_right_events_when_the_log_was_folded():
    graph = flat_graph()
    graph.record()
    for _ in range(5):
        graph.add_node([0])
    controller = GrowthController([Offer(pair(0.5))], patience=2, budget=1)
    steps(controller, graph, [1.0] * 3)
    log = GrowthLog(graph)
    log.fold(4)  # two older events stay
    assert log.table()["rule"].tolist() == ["", "", "Offer", "Offer"]
    steps(controller, graph, [1.0] * 3)
    assert log.table()["paid_off"].tolist() == [-1, -1, 0, 0]
    steps(GrowthController([Offer(pair(0.5))], patience=2, budget=1), graph, [1.0] * 3)
    log.fold(0)
    steps(controller, graph, [1.0] * 4)
    assert len(log) == 0


@pytest.mark.parametrize("activation", ["identity", "tanh", "sigmoid", "relu"])
def test_the_tension_after_growth_is_measured_whatever_the_activation(activation):
    X, T = XOR
    graph = Graph()
    graph.add_outputs(1, sources=graph.add_inputs(2), activation=activation, weights=0.3)
    controller = GrowthController(random_state=0, patience=2)
    for _ in range(30):
        if controller.step(graph, X, T):
            told = GrowthLog(graph).table()[-1]
            assert told["after"] == graph.tension(X, T)[graph.nodes == 2][0]
            assert told["after"] != told["tension"]
            return
    pytest.fail("it did not grow")


# ---- the limit of the log -----------------------------------------------------------------------
@pytest.mark.parametrize("limit", [1, 4, 7, 19])
def test_the_log_keeps_within_its_limit_and_no_outcome_is_lost(limit):
    graph, whole = flat_graph(), flat_graph()
    for grown, most in ((graph, limit), (whole, None)):
        controller = GrowthController([Offer(pair(0.5))], patience=3, log_limit=most)
        for _ in range(40):
            steps(controller, grown, [1.0])
            log = GrowthLog(grown)
            assert most is None or len(log) <= max(most, 4)  # this growth's and what is awaited
            assert same_structure(log.replay(), grown)
    log = GrowthLog(graph)
    assert log.folded > 0
    assert log.end == len(GrowthLog(whole)) == 20
    tail = GrowthLog(whole).table()[log.folded :]
    names = [name for name in tail.dtype.names if name != "intention"]
    for name in names:
        assert log.table()[name].tobytes() == tail[name].astype(log.table()[name].dtype).tobytes()
    newest = log.birth(graph.nodes[-1])
    assert (log.table()["paid_off"][:newest] == 0).all()
    with pytest.raises(GraphError, match="older events were folded away"):
        log.why(3)
    assert graph == whole


def test_a_fold_spares_older_growth_whose_outcome_is_awaited():
    """Two nodes grow one step after the other, before the outcome of the first is told."""
    graph = Graph()
    graph.add_outputs(2, sources=graph.add_inputs(2), weights=0.0)
    rules = [Offer(pair(0.5, target=2)), Offer(pair(0.5, target=3))]
    controller = GrowthController([], patience=3, log_limit=1)
    for step in range(7):
        controller.rules = rules[step % 2 :][:1]
        controller.step(graph, [[0, 1], [1, 0]], [[2.0, -1.0], [-2.0, 1.0]])
        assert same_structure(GrowthLog(graph).replay(), graph)
    log = GrowthLog(graph)
    assert (log.folded, len(log)) == (0, 4)  # grown in steps 3 and 4
    assert log.table()["cause_node"].tolist() == [2, 2, 3, 3]
    assert log.table()["paid_off"].tolist() == [0, 0, -1, -1]


def test_the_door_folds_too():
    graph, controller = flat_graph(), GrowthController(log_limit=10)
    for _ in range(100):
        controller.grow(graph, pair(1.0), rule="R", cause="c")
    assert 5 <= len(GrowthLog(graph)) <= 10
    assert GrowthLog(graph).end == 200
    assert same_structure(GrowthLog(graph).replay(), graph)
    assert GrowthController().log_limit == 100_000
