"""What pictures know of growth: births and deaths read off the log, whatever was grown and cut."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from growgraph import Graph, GrowthLog
from growgraph.graph.check import same_structure
from growgraph.viz.history import deaths, history_of
from tests.graph.machine import GraphMachine
from tests.viz.films import grown


class Seen(GraphMachine):
    """The random history of the graph's own tests; what has not died is what is there."""

    @initialize(grown=st.booleans())
    def start(self, grown):
        super().start(grown, True)

    def alive(self, delayed):
        """Edges that have no death, as sorted pairs."""
        history = history_of(self.graph, delayed=delayed)
        _, ends = deaths(self.graph, history)
        there = ends == history.context.size
        return sorted(zip(history.source[there].tolist(), history.target[there].tolist()))

    @invariant()
    def edges_alive_are_the_edges(self):
        edges = self.graph.edges()
        for delayed in (False, True):
            wanted = edges[edges["delay"] <= delayed]
            pairs = sorted(zip(wanted["source"].tolist(), wanted["target"].tolist()))
            assert self.alive(delayed) == pairs

    @rule(keep=st.integers(0, 30))
    def fold(self, keep):
        n, log = len(self.model.events), GrowthLog(self.graph)
        log.fold(keep)
        self.model.events = self.model.events[n - len(log) :]
        assert same_structure(log.replay(), self.graph)


TestSeen = Seen.TestCase
TestSeen.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


def test_a_rewired_node_loses_its_edges_and_keeps_the_late_ones():
    graph = Graph()
    graph.record()
    x = graph.add_inputs(3)
    y = int(graph.add_outputs(1, sources=x[:2])[0])
    graph.add_edge(int(x[0]), y, delay=1)
    graph.rewire(y, x[1:])
    history = history_of(graph, delayed=True)
    _, ends = deaths(graph, history)
    there = ends == len(GrowthLog(graph))
    found = set(zip(history.source[there].tolist(), history.late[there].tolist()))
    assert found == {(1, False), (2, False), (0, True)}
    assert np.flatnonzero(~there).size == 2


def test_weights_at_birth_are_those_of_a_replay():
    graph = grown()
    history, log = history_of(graph, delayed=True), GrowthLog(graph)
    assert -1.5 in history.weight
    for k, event in enumerate(history.event.tolist()):
        edges = log.replay(event + 1).edges()
        found = (edges["source"] == history.source[k]) & (edges["target"] == history.target[k])
        found &= (edges["delay"] > 0) == history.late[k]
        assert edges["weight"][found].tolist() == [history.weight[k]], k
