"""A prepared call answers as forward does, whatever happens to its graph between two calls."""

import copy
import pickle

import numpy as np
import pytest

from growgraph import Graph
from growgraph.errors import DataError, GraphError
from tests.material import small_graph, uniform


def same(ask, graph, x):
    np.testing.assert_array_equal(ask(x), graph.forward(np.asarray(x, np.float32)))


@pytest.mark.parametrize("seed", range(5))
def test_answers_as_forward(seed):
    graph = small_graph()
    ask = graph.prepared()
    for x in uniform(4, 4, seed=seed, low=-2, high=2):
        same(ask, graph, x)
        same(ask, graph, x.tolist())
        ask.x[:] = -x
        np.testing.assert_array_equal(ask(), graph.forward(-x))


def test_follows_its_graph():
    graph, x = small_graph(), uniform(4, seed=1)
    ask = graph.prepared()
    same(ask, graph, x)
    graph.add_outputs(1, sources=graph.inputs, weights=[[1, 2, 3, 4]], activation="tanh")
    same(ask, graph, x)
    graph.remove_node(int(graph.outputs[0]))
    same(ask, graph, x)
    graph.pack()
    same(ask, graph, x)
    before = ask(x).copy()
    graph.learn(x[None], np.ones((1, graph.outputs.size)), gate=graph.outputs[-1:], rule="delta")
    same(ask, graph, x)
    assert (ask.y != before).any()
    graph.add_inputs(1)
    same(ask, graph, uniform(5, seed=2))


def test_keeps_what_was_written_into_x():
    graph = Graph.from_edges(2, [(0, 2, 1.0), (1, 2, 2.0)])
    ask = graph.prepared()
    ask.x[:] = 3, 4
    graph.set_weight(1, 2, 10.0)
    graph.add_nodes(1)
    assert ask().tolist() == [43.0]
    assert ask.x.tolist() == [3, 4]


def test_inputs_have_their_scale():
    graph = small_graph()
    graph.set_input_scale(np.full(4, 1e9), np.full(4, 0.5))
    ask, x = graph.prepared(), 1e9 + uniform(4, seed=3).astype(np.float64)
    np.testing.assert_array_equal(ask(x), graph.forward(x))


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda a: pickle.loads(pickle.dumps(a))]
)
def test_a_copy_has_memory_of_its_own(copied):
    ask, x = small_graph().prepared(), uniform(4, seed=1)
    twin = copied(ask)
    wanted = ask(x).copy()
    np.testing.assert_array_equal(twin(x), wanted)
    ask(-x)
    np.testing.assert_array_equal(twin.y, wanted)


def test_what_is_held_of_it_stays_in_use():
    graph = Graph.from_edges(2, [(0, 2, 1.0), (1, 2, 2.0)])
    ask = graph.prepared()
    x, y = ask.x, ask.y
    graph.add_nodes(1)
    x[:] = 3, 4
    ask()
    assert y.tolist() == [11.0]
    with pytest.raises(AttributeError):
        ask.x = np.zeros(2, np.float32)  # the kernel would go on reading the old one


def test_nan_spreads_and_is_not_refused():
    assert np.isnan(Graph.from_edges(1, [(0, 1, 1.0)]).prepared()([np.nan])).all()


def test_bad_input():
    graph = Graph.from_edges(2, [(0, 2, 1.0), (1, 2, 2.0)])
    ask = graph.prepared()
    with pytest.raises(DataError, match="x must hold 2 values, one per input, got 1"):
        ask([1.0])
    graph = Graph()
    graph.add_inputs(1)
    with pytest.raises(GraphError, match="no output nodes"):
        graph.prepared()
