"""The one door to structure: all of a proposal or nothing, and everything told."""

import numpy as np
import pytest

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.errors import GraphError
from growgraph.growth import NewNode, Proposal


def built():
    """Inputs 0, 1, hidden 2, output 3 with edges 2 -> 3 and 0 -> 3; it records."""
    graph = Graph()
    graph.record()
    x = graph.add_inputs(2, names=["a", "b"])
    hidden = graph.add_node(x)
    graph.add_outputs(1, sources=[hidden, x[0]])
    graph.set_input_scale(1.0, 2.0)
    graph.groups["all"] = graph.nodes
    return graph


NEW = NewNode((0, 1), (1.0, 1.0), name="new")


@pytest.mark.parametrize(
    "proposal",
    [
        Proposal(1.0, (NEW, NewNode((0, 99), (1.0, 1.0)))),
        Proposal(1.0, (NEW, NewNode((0,), (np.inf,)))),
        Proposal(1.0, (NEW, NewNode((0,), (1.0, 2.0)))),
        Proposal(1.0, (NEW, NewNode((0,), (1.0,), kind="match", p0=0.0))),
        Proposal(1.0, (NEW, NewNode((0,), (1.0,), activation="none"))),
        Proposal(1.0, (NEW, NewNode((-2,), (1.0,)))),  # reads itself
        Proposal(1.0, (NEW, NewNode((), (), role="input")), ((-1, -2, 1.0),)),  # an input reads
        Proposal(1.0, (NEW, NewNode((-1,), (1.0,))), ((-2, -1, 1.0),)),  # a cycle
        Proposal(1.0, (NEW,), ((-1, 3, 1.0), (3, 2, 1.0))),  # a cycle after a good edge
        Proposal(1.0, (NEW,), ((-1, 3, 1.0), (0, 3, 1.0))),  # an edge that is there
        Proposal(1.0, (NEW,), ((-5, 3, 1.0),)),
        Proposal(1.0, (NEW,), ((-1, 3, 1.0),), split=(1, 3, 0.0, 1.0, 1.0, "tanh")),
        Proposal(1.0, (NEW,), ((1, 3, 1.0),), split=(0, 3, 0.0, 1.0, 1.0, "clip")),
        Proposal(1.0, (NEW,), ((1, 3, 1.0),), split=(0, 3, np.nan, 1.0, 1.0, "tanh")),
        Proposal(1.0, (NEW,), ((-1, 3, 1.0), (1, 3, 1.0)), remove=((0, 3), (1, 2), (0, 1))),
        Proposal(1.0, edges=((1, 3, 1.0),), remove=((0, 3), (0, 3))),
        Proposal(1.0, split=(0, 3, 0.0, 1.0, 1.0, "tanh"), remove=((0, 3),)),
        Proposal(1.0, edges=((1, 3, 1.0),), remove=((0, 99),)),
    ],
)
def test_a_proposal_that_does_not_fit_leaves_no_trace(proposal):
    graph, controller = built(), GrowthController()
    before = graph.copy()
    table = GrowthLog(graph).table().tobytes()
    with pytest.raises((GraphError, ValueError)):
        controller.grow(graph, proposal, rule="Bad", cause="a test")
    graph.check()
    assert graph == before
    assert GrowthLog(graph).table().tobytes() == table
    assert controller.n_grown_ == 0
    assert graph.add_node([0]) == 4  # the ids were given back
    assert GrowthLog(graph).why(4) == "node 4 (hidden, sum) was built by hand from nodes 0"
    again = GrowthLog(graph).replay()
    assert again.order().tolist() == graph.order().tolist()


def test_a_proposal_with_everything_in_it():
    graph, controller = built(), GrowthController(intention="test")
    proposal = Proposal(
        1.0,
        (NEW, NewNode((-1, 0), (2.0, 3.0), kind="min", bias=0.5), NewNode(role="input")),
        ((-2, 3, 4.0), (-3, -1, 5.0)),
        split=(2, 3, 0.25, 1.0, -1.0, "tanh"),
        remove=((0, 3),),
    )
    born = controller.grow(graph, proposal, rule="All", cause="a test", node=3, step=7)
    graph.check()
    assert born == [4, 5, 6, 7]
    assert graph.names[4] == "new"
    assert graph.inputs.tolist() == [0, 1, 6]
    assert graph.sources(5)[0].tolist() == [4, 0]
    assert sorted(graph.sources(3)[0].tolist()) == [5, 7]
    assert controller.n_grown_ == 4
    table = GrowthLog(graph).table()[4:]
    assert set(table["rule"]) == {"All"}
    assert set(table["intention"]) == {"test"}
    assert table["operation"].tolist() == ["node"] * 3 + ["edge"] * 2 + ["split", "remove edge"]
    after = graph.add_node([0])
    assert "by hand" in GrowthLog(graph).why(after)


def test_the_door_makes_a_graph_record():
    graph = Graph()
    graph.add_inputs(1)
    GrowthController().grow(graph, Proposal(1.0, (NewNode((0,), (1.0,)),)), rule="R", cause="c")
    assert len(GrowthLog(graph)) == 1
