"""Errors in a rule of one's own name the rule and say what to do."""

import numpy as np
import pytest

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.growth import InsertNode, Proposal, Rule
from tests.growth.tasks import pair


class Square(Rule):
    def __init__(self, found):
        self.found = found

    def propose(self, situation):
        return self.found


class Blank(Rule):
    pass


def asked(rule):
    graph = Graph()
    graph.add_outputs(1, sources=graph.add_inputs(2), weights=0.0)
    controller = GrowthController([rule], patience=1)
    for _ in range(2):
        controller.step(graph, [[0, 1], [1, 0]], [1.0, -1.0])
    return graph


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (InsertNode, r"got the class InsertNode: write \[InsertNode\(\)\]"),
        ([InsertNode], r"got the class InsertNode in it: write InsertNode\(\)"),
        (InsertNode(), r"got a single InsertNode: put it into a list, \[rule\]"),
        ("InsertNode", "got 'InsertNode'"),
        (["InsertNode"], "got 'InsertNode' in it"),
        (3, "got 3"),
    ],
)
def test_rules_must_be_a_list_of_rules(rules, said):
    with pytest.raises(TypeError, match=f"^rules must be a list of Rule objects, .*{said}$"):
        GrowthController(rules)


def test_a_tuple_and_a_generator_of_rules_are_lists():
    assert len(GrowthController((InsertNode(),)).rules) == 1
    assert len(GrowthController(InsertNode() for _ in range(2)).rules) == 2
    assert GrowthController([]).rules == []


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (None, "got None"),
        (3, "got 3"),
        ([3], "got 3 in it"),
        (pair(0.5), "got a single Proposal"),
        ([[pair(0.5)]], "got a list in it"),
    ],
)
def test_what_a_rule_returns(found, said):
    with pytest.raises(
        TypeError, match=f"^rule Square.propose must return a list of Proposal, {said}$"
    ):
        asked(Square(found))


def test_a_rule_without_propose():
    with pytest.raises(
        TypeError, match=r"^rule Blank\.propose must return a list of Proposal, but"
    ):
        asked(Blank())


@pytest.mark.parametrize("gain", [9.0, -0.1, np.nan, np.inf, "much", None, True])
def test_gains_are_shares(gain):
    error = ValueError if isinstance(gain, float) else TypeError
    with pytest.raises(error, match=r"^rule Square.propose must give .* in \[0, 1\], .* got "):
        asked(Square([pair(0.5), pair(gain)]))


@pytest.mark.parametrize("found", [(pair(0.5),), iter([pair(0.5)]), [pair(np.float32(1) + 1e-6)]])
def test_good_answers(found):
    graph = asked(Square(found))
    assert "grown by Square" in GrowthLog(graph).why(3)


def test_a_bad_answer_changes_no_graph():
    graph = Graph()
    graph.add_outputs(1, sources=graph.add_inputs(2), weights=0.0)
    controller = GrowthController([Square([Proposal(2.0)])], patience=1)
    controller.step(graph, [[0, 1]], [1.0])
    before = graph.n_nodes, graph.n_edges
    with pytest.raises(ValueError, match="rule Square"):
        controller.step(graph, [[0, 1]], [1.0])
    assert (graph.n_nodes, graph.n_edges) == before
