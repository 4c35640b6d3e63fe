"""What growth was for and what came of it, and how long the log is kept."""

import numpy as np
import pytest

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.errors import GraphError
from growgraph.graph.check import same_structure
from tests.growth.tasks import XOR, Offer, flat_graph, pair, steps, xor_graph


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
    assert log.why(3).startswith("node 3 (hidden, sum) was grown by Offer from ")
    with pytest.raises(GraphError, match="older events were folded away"):
        log.birth(3)
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
