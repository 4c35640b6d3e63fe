"""Recurrent edges through the door of growth: they close loops, and leave no trace if refused."""

import numpy as np
import pytest

from growgraph import GrowthController, GrowthLog
from growgraph.errors import GraphError
from growgraph.graph.check import same_structure
from growgraph.growth import NewNode, Proposal
from growgraph.growth.proposal import EDGE
from growgraph.kernels import _handle as h
from tests.growth.test_door import bits, tangled

NEW = NewNode((0, 1), (1.0, 1.0), name="new")


def looped(delayed):
    """Node 6 is read by 2 and, if ``delayed``, the first of four edges of node 3's late block."""
    graph = tangled()
    if delayed:
        graph.connect([6, 2], 3, [[0.5, 0.25]], recurrent=True)
        graph.connect([6], [2], [[0.5]], delay=1)
    graph.record()
    return graph


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("told", [tuple, lambda edges: np.array(edges, EDGE)])
def test_loops_may_be_closed(told, delayed):
    graph = looped(delayed)
    edges = told([(-1, -1, 0.5), (-1, 3, 2.0), (5, 3, 1.0)])
    proposal = Proposal(1.0, (NEW,), recurrent=edges)
    (born,) = GrowthController().grow(graph, proposal, rule="Loop", cause="a test")
    graph.check()
    assert graph.delayed_sources(born)[0].tolist() == [born]
    assert graph.delayed_sources(3)[0].tolist()[-2:] == [born, 5]
    assert graph.delayed_sources(3)[1].tolist()[-2:] == [2, 1]
    assert (graph.delayed_sources(3)[2] == 1).all()
    assert same_structure(GrowthLog(graph).replay(), graph)


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize(
    "bad", [(-1, 99, 1.0), (-1, 3, 2.0), (-1, 0, 1.0), (-1, 3, np.inf), (-2, 3, 1.0), (0.5, 3, 1.0)]
)
def test_a_bad_one_leaves_no_trace(bad, delayed):
    graph, controller = looped(delayed), GrowthController()
    was, before = bits(graph), graph.copy()
    more = tuple((i, 3, 1.0) for i in (0, 1, 4, 5))
    with pytest.raises((GraphError, ValueError)):
        controller.grow(
            graph, Proposal(1.0, (NEW,), recurrent=(*more, (-1, 3, 1.0), bad)), rule="Bad", cause=""
        )
    graph.check()
    assert bits(graph) == was
    assert graph == before


@pytest.mark.parametrize("delayed", [False, True])
@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
@pytest.mark.parametrize("sources", [(0,), (0, 1, 4, 5)])
def test_whatever_breaks_after_them_leaves_no_trace(monkeypatch, delayed, error, sources):
    """Whether node 3's late block has room for them or moves."""
    graph, controller = looped(delayed), GrowthController()
    if delayed:
        graph.connect([5], [3], [[1.0]], recurrent=True)
        sources = tuple(s for s in sources if s != 5)
    was, whole = bits(graph), type(graph).connect

    def breaks(self, *args, **options):
        whole(self, *args, **options)
        raise error

    monkeypatch.setattr(type(graph), "connect", breaks)
    proposal = Proposal(1.0, (NEW,), recurrent=((-1, 3, 1.0), *((s, 3, 1.0) for s in sources)))
    with pytest.raises(error):
        controller.grow(graph, proposal, rule="Bad", cause="a test")
    monkeypatch.undo()
    graph.check()
    assert bits(graph) == was
    store = graph._store
    for name in ("dw", "dstab", "dsrc", "dflag"):
        assert not store.arrays[name][store[h.DPOOL_USED] :].any()
    controller.grow(graph, proposal, rule="Good", cause="a test")
    graph.check()
    assert same_structure(GrowthLog(graph).replay(), graph)
