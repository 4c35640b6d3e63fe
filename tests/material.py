"""What tests are made of: seeded numbers and one small graph with everything in it."""

import numpy as np

from growgraph import Graph
from growgraph.kernels import codes


def uniform(*shape, seed=0, low=-1.0, high=1.0):
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32)


def ids(*values):
    return np.array(values, np.int64)


def add_one_of_each_kind(graph, sources):
    """A node of every kind but input; returns their ids by kind."""
    made = {}
    for number, kind in enumerate(sorted(set(codes.KINDS) - {"input"})):
        options = {"match": {"p0": 1.5}, "cosine": {"p0": 2.0, "p1": 0.5}}.get(kind, {})
        act = "exp" if kind in ("match", "cosine") else "tanh"
        weights = uniform(1, len(sources), seed=number) + np.float32(0.1)
        made[kind] = graph.add_node(
            sources, weights, kind=kind, activation=act, bias=0.1 * number - 0.5, **options
        )
    return made


def small_graph(*, record=False):
    """Every kind, a bundle, grown and split and cut blocks, an order that was repaired, delays."""
    graph = Graph()
    x = graph.add_inputs(4)
    if record:
        graph.record()
    bundle = graph.add_nodes(
        5, sources=x, activation="relu", weights=uniform(5, 4, seed=1), bias=uniform(5, seed=2)
    )
    kinds = add_one_of_each_kind(graph, [*x[:2], *bundle[:3]])
    late = graph.add_node(x[2:], uniform(1, 2, seed=3), activation="sigmoid")
    graph.add_edge(late, bundle[1], 0.3)  # goes backwards: late moves up, the bundle is left
    y = graph.add_outputs(2, sources=[*kinds.values(), late], weights=uniform(2, 12, seed=4))
    graph.add_edge(x[3], kinds["sum"], 0.7)
    middle = graph.split_edge(kinds["sum"], y[0], activation="tanh", w_in=0.8, w_out=-0.4)
    graph.connect([y[0], y[1], middle], [late, middle], uniform(2, 3, seed=5), delay=1)
    graph.add_edge(late, late, -0.5, delay=1, recurrent=True)
    graph.remove_node(bundle[4])
    graph.remove_edge(x[0], kinds["median"])
    graph.add_node(weights=1.0)  # reads nothing, is read by nothing
    return graph


def named_graph():
    """The small graph with everything a graph can carry."""
    graph = small_graph()
    graph.names.update({0: "height", 4: "first", 21: "answer"})
    graph.groups = {"all": graph.nodes, "none": np.empty(0, np.int64)}
    graph.set_input_scale([1, 2, 3, 4], 0.5)
    graph.set_nodes([0], bias=1, p0=2, p1=3)
    graph.learn(uniform(20, 4), uniform(20, 2, seed=1), gate=graph.nodes[4:])
    graph._store.dstab[:4] = 2
    graph._inputs = graph._inputs[[2, 0, 3, 1]]
    return graph


def slots(graph, nodes):
    return graph._slots(nodes)


def with_room(graph):
    """The graph with room for the next change."""
    graph._store.reserve(NODE_CAP=8, ID_CAP=8, POOL_CAP=64, SPOOL_CAP=64)
    return graph


def packed(graph):
    """The graph packed, with room for the next change."""
    graph.pack()
    return with_room(graph)


def node_of(graph, kind):
    """The first node of a kind."""
    return next(int(i) for i in graph.nodes if graph.node(i)["kind"] == kind)
