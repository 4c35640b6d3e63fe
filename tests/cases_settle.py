"""Cases of the kernels that settle; how to add one stands in tests/cases.py."""

import numpy as np

from growgraph import Graph
from growgraph.graph.settling import readers_of
from growgraph.graph.store import aligned
from growgraph.kernels import _handle as h
from growgraph.kernels import settle
from tests.cases import case
from tests.material import packed, slots, uniform

CURVED = ("gelu", "sin", "gauss", "square", "cube", "softplus", "elu", "leaky")


def tense_graph(*, back=True, mean=True):
    """Skips, a bundle, a split, a repaired order, a hole; back edges and means if wanted."""
    graph = Graph()
    x = graph.add_inputs(4)
    bundle = graph.add_nodes(5, sources=x, weights=uniform(5, 4, seed=1), activation="tanh",
                             bias=uniform(5, seed=2))  # fmt: skip
    curved = [
        graph.add_node([*bundle[:3], x[k % 4]], uniform(1, 4, seed=k + 5), activation=act, bias=0.2)
        for k, act in enumerate(CURVED)
    ]
    late = graph.add_node(x[2:], uniform(1, 2, seed=3), activation="sigmoid")
    graph.add_edge(late, bundle[1], 0.3)  # goes backwards
    average = graph.add_node(
        [*bundle, *curved[:2]], uniform(1, 7, seed=4), kind="mean" if mean else "sum",
        activation="tanh", bias=0.1,
    )  # fmt: skip
    y = graph.add_outputs(3, sources=[*curved, average, late], weights=uniform(3, 10, seed=6) / 2)
    graph.add_edge(x[0], y[1], 0.5)
    graph.split_edge(bundle[0], curved[0], activation="relu", w_in=0.8, w_out=-0.4)
    if back:
        graph.connect([y[0], curved[3], x[1]], [late, average], uniform(2, 3, seed=7) / 2, delay=1)
        graph.add_edge(late, late, -0.5, delay=1, recurrent=True)
        graph.add_edge(average, bundle[2], 0.4, delay=1, recurrent=True)
    graph.remove_node(bundle[4])
    return graph


def strip_of(graph, width):
    """Strips full of what an earlier call may have left."""
    n = graph._store[h.N_SLOTS]
    made = [aligned((n, width)) for _ in settle.Strip._fields]
    for k, array in enumerate(made):
        array[:] = uniform(n, width, seed=20 + k)
    return settle.Strip(*made)


def settled(graph, steps, *, width=16, row0=0, count=13, group=False, held=None, free=(), tol=1e-3,
            scale=1.0):  # fmt: skip
    """Arguments of settle_strip; outputs are held unless ``held`` says which nodes are."""
    n, inputs = graph._store[h.N_SLOTS], slots(graph, graph.inputs)
    held = slots(graph, graph.outputs if held is None else held)
    part = np.zeros(n, np.uint8)
    part[inputs] = settle.GIVEN
    part[slots(graph, np.array(free, np.int64))] = settle.FREE
    part[held] = settle.GROUP if group else settle.TARGET
    read = [s for node in graph.nodes for s in graph.delayed_sources(node)[0]]
    read = slots(graph, np.unique(np.array(read, np.int64)))
    anchors = read[part[read] == settle.FREE]
    part[anchors] = settle.ANCHOR
    targets = uniform(row0 + count, held.size, seed=11, low=-scale, high=scale)
    if group:
        targets = np.exp(targets) / np.exp(targets).sum(axis=1, keepdims=True)
    precision = np.ones(n, np.float32) if group else uniform(n, seed=12, low=0.5, high=2)
    return {
        "H": graph, "X": uniform(row0 + count, inputs.size, seed=10), "inputs": inputs,
        "targets": targets, "held": held, "row0": row0, "count": count,
        "strip": strip_of(graph, width), "part": part, "precision": precision,
        "readers": readers_of(graph._store.view()), "anchors": anchors,
        "group": held if group else np.empty(0, np.int32), "steps": steps, "sweeps": 2, "tol": tol,
        "mixed": any(graph.node(i)["kind"] == "mean" for i in graph.nodes),
        "course": settle.Course(
            np.zeros((steps, width)), np.zeros(width, np.int64), *np.zeros((5, width))
        ),
    }  # fmt: skip


@case("settle.settle_strip")
def one_step_is_a_gradient():
    return settled(tense_graph(back=False, mean=False), 1, width=64, count=64)


@case("settle.settle_strip")
def back_edges_and_means():
    return settled(tense_graph(), 4, row0=2)


@case("settle.settle_strip")
def steps_that_are_taken_back():
    return settled(packed(tense_graph(mean=False)), 3, width=32, count=30, scale=2.0)


@case("settle.settle_strip")
def a_choice_and_inputs_that_give_way():
    graph = tense_graph(back=False)
    return settled(graph, 3, group=True, free=graph.inputs[1:3])


@case("settle.settle_strip")
def inner_nodes_are_held():
    graph = tense_graph()
    held, free = [5, 14, graph.outputs[1]], graph.inputs[:2]
    return settled(graph, 3, held=held, free=free, width=48, count=40)


@case("settle.settle_strip")
def all_rest_before_the_steps_are_over():
    return settled(tense_graph(back=False), 3, held=[], count=5)


def changed(graph, width):
    """Arguments of change."""
    store, n = graph._store, graph._store[h.N_SLOTS]
    V, L = aligned((n, width)), aligned((n, width))
    V[:], L[:] = uniform(n, width, seed=8), uniform(n, width, seed=9)
    gate = uniform(n, seed=3, low=0)
    gate[slots(graph, graph.nodes[::4])] = 0
    return {
        "H": graph, "V": V, "L": L, "gate": gate, "dw": uniform(store[h.POOL_USED], seed=4),
        "dlate": uniform(store[h.DPOOL_USED], seed=5), "dbias": uniform(n, seed=6),
    }  # fmt: skip


@case("settle.change")
def changes_of_a_strip():
    return changed(tense_graph(), 64)


@case("settle.change")
def changes_of_a_narrow_strip():
    return changed(tense_graph(back=False), 16)
