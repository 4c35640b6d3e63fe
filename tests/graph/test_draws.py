"""Weights and edges drawn at random: the scale, the seed, no two calls alike."""

import numpy as np
import pytest

from growgraph import Graph


def spread(graph):
    return graph.edges()["weight"].std()


@pytest.mark.parametrize(
    ("options", "fan_in"),
    [({}, 400), ({"density": 0.1}, 40), ({"fan_in": 16}, 16), ({"delay": 1}, 400)],
)
def test_normal_weights_have_the_scale_of_the_real_fan_in(options, fan_in):
    graph = Graph()
    x, y = graph.add_inputs(400), graph.add_outputs(150)
    graph.connect(x, y, "normal", random_state=3, **options)
    assert spread(graph) == pytest.approx(fan_in**-0.5, rel=0.05)


def test_normal_weights_of_pairs():
    graph = Graph()
    x, y = graph.add_inputs(100), graph.add_outputs(100)
    graph.connect(np.repeat(x, 100), np.tile(y, 100), "normal", pairs=True)
    assert spread(graph) == pytest.approx(0.1, rel=0.05)
    single = Graph()
    x, y = single.add_inputs(3000), single.add_outputs(3000)
    single.connect(x, y, "normal", pairs=True)
    assert spread(single) == pytest.approx(1, rel=0.05)


def test_each_target_has_a_scale_of_its_own():
    graph = Graph()
    x, y = graph.add_inputs(2000), graph.add_outputs(2)
    targets = np.repeat(y, [1000, 10])
    many = [graph.copy() for _ in range(40)]
    for seed, g in enumerate(many):
        g.connect(x[:1010], targets, "normal", pairs=True, random_state=seed)
    few = np.concatenate([g.sources(y[1])[1] for g in many])
    assert np.std([g.sources(y[0])[1] for g in many]) == pytest.approx(1000**-0.5, rel=0.05)
    assert few.std() == pytest.approx(10**-0.5, rel=0.15)


def grow(graph, **state):
    """Weights of four calls of each kind."""
    x = graph.add_inputs(6)
    drawn = [graph.weights(graph.add_node(x, "normal", **state)) for _ in range(2)]
    drawn += [graph.weights(i) for i in graph.add_nodes(2, sources=x, weights="normal", **state)]
    y = graph.add_outputs(4)
    graph.connect(x[:3], y[:1], "normal", **state)
    graph.connect(x[3:], y[:1], "normal", **state)
    drawn += [graph.weights(y[0])[:3], graph.weights(y[0])[3:]]
    graph.connect(x, y[1:2], "normal", **state)
    graph.connect(x, y[2:3], "normal", **state)
    return [*drawn, graph.weights(y[1]), graph.weights(y[2])]


def repeats(drawn):
    return sum(
        np.array_equal(a, b) for i, a in enumerate(drawn) for b in drawn[:i] if a.size == b.size
    )


def test_no_two_calls_draw_the_same():
    assert repeats(grow(Graph())) == 0
    assert repeats(grow(Graph(), random_state=np.random.default_rng(0))) == 0


def test_other_nodes_draw_other_numbers():
    graph = Graph()
    x, y = graph.add_inputs(6), graph.add_outputs(2)
    drawn = []
    for sources, target in ((x[:3], y[0]), (x[3:], y[0]), (x[:3], y[1])):
        graph.connect(sources, target, "normal")
        drawn.append(graph.weights(target))
        for source in sources:  # the same number of nodes and edges at each call
            graph.remove_edge(source, target)
    assert repeats(drawn) == 0


def test_the_same_calls_build_the_same_graph():
    a, b = Graph(), Graph()
    for x, y in zip(grow(a), grow(b)):
        np.testing.assert_array_equal(x, y)
    assert a == b
    twin = Graph.from_state(a.to_state())
    assert twin.add_node(a.inputs, "normal") == a.add_node(a.inputs, "normal")
    assert twin == a


def test_a_seed_is_taken_as_it_is():
    graph = Graph()
    x = graph.add_inputs(5)
    a, b, c = (graph.weights(graph.add_node(x, "normal", random_state=s)) for s in (7, 7, 8))
    np.testing.assert_array_equal(a, b)
    assert not np.array_equal(a, c)
    expected = Graph()
    expected.add_inputs(5)
    expected.add_nodes(9)
    late = expected.add_node(range(5), "normal", random_state=7)
    np.testing.assert_array_equal(expected.weights(late), a)


def test_edges_are_drawn_anew_too():
    graph = Graph()
    x = graph.add_inputs(40)
    y = graph.add_outputs(4)
    for node in y[:2]:
        graph.connect(x, node, fan_in=20)
    for node in y[2:]:
        graph.connect(x, node, density=0.5)
    chosen = [set(graph.sources(i)[0].tolist()) for i in y]
    assert chosen[0] != chosen[1]
    assert chosen[2] != chosen[3]


def test_given_weights_belong_to_their_pair_at_any_density():
    graph = Graph()
    x, y = graph.add_inputs(8), graph.add_outputs(6)
    W = np.arange(48).reshape(6, 8)
    graph.connect(x, y, W, density=0.5, random_state=1)
    for u, v, w in graph.edges()[["source", "target", "weight"]].tolist():
        assert w == W[v - 8, u]
    assert 10 < graph.n_edges < 38
