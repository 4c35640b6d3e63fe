"""The one door to structure: all of a proposal or nothing, and everything told."""

import copy
import pickle

import numpy as np
import pytest

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.errors import GraphError
from growgraph.graph.check import same_structure
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
        Proposal(1.0, (NEW,), ((-1, 3, 1.0),), remove=((0.0, 3),)),
        Proposal(1.0, (NEW,), ((1.5, 3, 1.0),)),
        Proposal(1.0, (NEW,), ((-1, 3, 1.0),), split=(0, 3.0, 0.0, 1.0, 1.0, "tanh")),
        Proposal(1.0, (NEW,), ((-1, 3, 1.0),), split=(0, 3, 0.0, 1.0)),
        Proposal(1.0, (NEW,), ((-1, 3, 1.0),), split=(0, 3, 0.0, 1e39, 1.0, "tanh")),
        Proposal(1.0, (NEW, NewNode((0.5,), (1.0,)))),
        Proposal(1.0, (NEW, NewNode((0,), (1.0,), name=5))),
        Proposal(1.0, (NEW, NewNode((0,), (1.0,), role="input"))),
        Proposal(1.0, (NEW, NewNode((0,), (1.0,), role="outptu"))),
        Proposal(1.0, (NEW,), ((-1, 3, "heavy"),)),
        Proposal(1.0, (NEW,), ((-1, 3, 1.0),), remove=((0, -1),)),
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


def bits(graph):
    """All that a graph is, bit for bit: its log, words, ids, slots and labels, too."""
    state = graph.to_state()
    arrays = {k: (v.dtype, v.shape, v.tobytes()) for k, v in state["arrays"].items()}
    return arrays, state["plain"]


def tangled():
    """Inputs 0, 1; bundle 2-4; node 5 above them in no way; output 6 that reads all but 5."""
    graph = Graph()
    x = graph.add_inputs(2, names=["a", "b"])
    graph.set_input_scale(1.0, 2.0)
    bundle = graph.add_nodes(3, sources=x, weights=[[1, 2], [3, 4], [5, 6]])
    graph.add_node([0], activation="tanh")
    graph.add_outputs(1, sources=bundle)
    graph.set_stability(6, 2.0)
    return graph


# a node, an edge that moves node 5 in the order, one into a bundle, a split, removals: all at once
EVERYTHING = Proposal(
    1.0,
    (NEW, NewNode(role="input"), NewNode((-1,), (2.0,), role="output", name="out")),
    ((-1, 6, 4.0), (5, 2, 1.0), (-2, 4, 0.5)),
    split=(1, 3, 0.25, 1.0, -1.0, "tanh"),
    remove=((2, 6), (0, 2), (0, 4)),
)
CALLS = ["set_cause", "add_nodes", "add_inputs", "add_outputs", "connect", "split_edge",
         "remove_edge"]  # fmt: skip


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("records", [False, True])
def test_whatever_breaks_in_between_leaves_no_trace(monkeypatch, records, call, after, error):
    graph, controller = tangled(), GrowthController(intention="a word")
    if records:
        graph.record()
        graph.set_cause("by me", node=3)
    before, was = graph.copy(), bits(graph)
    whole, calls = getattr(Graph, call), []

    def breaks(self, *args, **options):
        calls.append(call)
        last = len(calls) == (3 if call == "remove_edge" else 1)
        if last and not after:
            raise error
        done = whole(self, *args, **options)
        if last:
            raise error
        return done

    monkeypatch.setattr(Graph, call, breaks)
    with pytest.raises(error):
        controller.grow(graph, EVERYTHING, rule="new word", cause="another", node=3)
    monkeypatch.undo()
    graph.check()
    assert graph == before
    assert bits(graph) == was
    assert graph.records == records
    assert controller.n_grown_ == 0
    born = controller.grow(graph, EVERYTHING, rule="new word", cause="another")
    assert born == [7, 8, 9, 10]
    graph.check()
    assert same_structure(GrowthLog(graph).replay(), graph)


def test_failed_proposals_do_not_pile_up():
    graph, controller = tangled(), GrowthController()
    graph.record()
    size, was = graph.nbytes, bits(graph)
    doomed = Proposal(1.0, EVERYTHING.nodes, EVERYTHING.edges, remove=((0, 6),))
    for number in range(2000):
        with pytest.raises(GraphError, match="no edge 0 -> 6"):
            controller.grow(graph, doomed, rule="Bad", cause=f"try {number}")
    assert bits(graph) == was
    assert graph.nbytes < 2 * size + 20_000


def test_no_public_call_takes_ids_back():
    assert not hasattr(Graph, "undo_births")


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


def test_a_controller_is_the_door_to_one_graph():
    proposal = Proposal(1.0, (NewNode((0,), (1.0,)),))
    graph, controller = built(), GrowthController()
    controller.grow(graph, proposal, rule="R", cause="c")
    controller.grow(graph, proposal, rule="R", cause="c")
    other = graph.copy()
    was = bits(other)
    with pytest.raises(GraphError, match="make a GrowthController for each graph"):
        controller.grow(other, proposal, rule="R", cause="c")
    assert bits(other) == was
    pickle.loads(pickle.dumps(controller)).grow(other, proposal, rule="R", cause="c")
    copy.deepcopy(controller).grow(other, proposal, rule="R", cause="c")


def test_a_cause_may_be_anything_that_has_a_name():
    graph = built()
    GrowthController(intention=3).grow(
        graph, Proposal(1.0, (NewNode((0,), (1.0,)),)), rule=5, cause=7, intention=9
    )
    told = GrowthLog(graph).table()[-1]
    assert told[["rule", "cause", "intention"]].tolist() == ("5", "7", "9")
