"""The log replayed gives the graph it tells of, whatever was grown and cut."""

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from growgraph import Graph, GrowthLog
from growgraph.graph.check import same_structure
from growgraph.growth import replay
from tests.graph.machine import GraphMachine
from tests.material import small_graph


class Recorded(GraphMachine):
    """The random history of the graph's own tests, recorded, folded and replayed all along."""

    @initialize(grown=st.booleans())
    def start(self, grown):
        super().start(grown, True)

    @property
    def log(self):
        return GrowthLog(self.graph)

    @invariant()
    def replay_gives_the_same_structure(self):
        again = self.log.replay()
        again.check()
        assert same_structure(again, self.graph)

    @rule(keep=st.integers(0, 30))
    def fold(self, keep):
        before, folded = self.log.replay(), self.log.folded
        n = len(self.log)
        self.log.fold(keep)
        kept = len(self.log)
        assert min(keep, n) <= kept <= n
        assert self.log.folded == folded + n - kept
        self.model.events = self.model.events[n - kept :]
        assert self.log.replay() == before  # birth values, too

    @rule(share=st.floats(0, 1))
    def a_part_of_it_is_a_lawful_graph(self, share):
        self.log.replay(int(share * len(self.log))).check()


TestRecorded = Recorded.TestCase
TestRecorded.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)


def test_replay_has_the_birth_values():
    graph = small_graph(record=True)
    before = graph.copy()
    graph.learn(np.ones((2, 4)), gate=graph.nodes[4:], lr=0.5)
    graph.set_nodes(graph.outputs, bias=3.0)
    again = replay(GrowthLog(graph))
    assert again != graph
    again.names, again.groups = dict(before.names), dict(before.groups)
    assert again == before


@pytest.mark.parametrize("name", ["pack", "copy", "state"])
def test_the_log_outlives(name):
    graph = small_graph(record=True)
    count, why = len(GrowthLog(graph)), GrowthLog(graph).why(graph.outputs[0])
    if name == "pack":
        graph.pack()
    elif name == "copy":
        graph = graph.copy()
    else:
        graph = Graph.from_state(graph.to_state())
    log = GrowthLog(graph)
    assert (len(log), log.why(graph.outputs[0])) == (count, why)
    assert same_structure(log.replay(), graph)


def test_siblings_stand_in_the_order_of_their_call():
    graph = Graph()
    graph.record()
    x = graph.add_inputs(2)
    together = graph.add_nodes(3, sources=x)
    one_by_one = [graph.add_node(x) for _ in range(3)]
    order = GrowthLog(graph).replay().order().tolist()
    assert order == graph.order().tolist() == [0, 1, *one_by_one[::-1], *together]


def test_replay_upto_is_the_graph_of_then():
    graph, then = Graph(), []
    graph.record()
    x = graph.add_inputs(2)
    for count in (1, 3, 2):
        graph.add_nodes(count, sources=x, weights=0.5)
        then.append((len(GrowthLog(graph)), graph.copy()))
    graph.remove_nodes([3, 4])
    for events, was in then:
        assert GrowthLog(graph).replay(events) == was


def test_inputs_born_after_the_scale_was_set_are_replayed():
    graph = Graph()
    graph.add_inputs(1)
    graph.set_input_scale(1.0, 2.0)
    graph.record()
    graph.add_inputs(2)
    again = GrowthLog(graph).replay()
    again.check()
    assert again == graph


def test_fold_never_parts_what_one_call_did():
    graph = Graph()
    graph.record()
    x = graph.add_inputs(2)
    born = graph.add_nodes(4, sources=x)
    graph.remove_nodes(born[:3])
    log = GrowthLog(graph)
    log.fold(1)  # the last of three removals: all three are kept
    assert len(log) == 3
    assert same_structure(log.replay(), graph)
    log.fold(0)
    assert len(log) == 0
    assert log.folded == 9
    assert same_structure(log.replay(), graph)


def test_fold_counts_what_it_keeps():
    graph = small_graph(record=True)
    with pytest.raises(ValueError, match=r"keep must be in \[0, inf\], got -1"):
        GrowthLog(graph).fold(-1)
