"""Cases: for every kernel at least one set of arguments, small, on graphs that were grown and cut.

To add one for the kernel ``update`` of kernels/concept.py::

    @case("concept.update")
    def concept_is_updated():
        return {"H": small_graph(), "x": uniform(4), "rate": np.float32(0.1)}

The keys are the kernel's arguments. A Graph or a Store stands for its handle. The case is compared
with the twin of the same name in the file of the same name, here ``update`` in
tests/naive/concept.py, which has the same arguments and gives the same status: it writes into the
same arrays, but has float64 for float32 and a :class:`tests.naive.model.Model` for a handle.
A case that must be refused names its status: ``@case("edges.add_edges", CYCLE)``. That is all:
tests/kernels/test_contract.py finds the kernel by the registry and the case by the name.

Here stand the cases of the numerical kernels; those that change structure, and those of larger
ideas, have files of their own, tests/cases_*.py.
"""

from dataclasses import dataclass

import numpy as np

from growgraph import Graph
from growgraph.graph.store import aligned
from growgraph.graph.way import leading_to
from growgraph.kernels import _handle as h
from growgraph.kernels import evidence, table
from tests.material import ids, packed, slots, small_graph, uniform

CASES = {}


@dataclass(frozen=True)
class Case:
    """A function that makes fresh arguments, and the status the kernel must give (None: >= 0)."""

    kernel: str
    make: object
    status: int | None

    @property
    def id(self):
        return f"{self.kernel}-{self.make.__name__}"


def case(kernel, status=None):
    """Register the decorated function as a case of a kernel."""

    def register(make):
        CASES.setdefault(kernel, []).append(Case(kernel, make, status))
        return make

    return register


# ---- propagate --------------------------------------------------------------------------------
def strips(graph, width, rows, *, previous=False, stop=False, row0=0):
    """Arguments of forward_strips; ``stop``: the sweep ends at the first output."""
    n, n_in = graph._store[h.N_SLOTS], graph.inputs.size
    wanted = slots(graph, graph.outputs[:1] if stop else graph.outputs)
    V, P = aligned((n, width)), aligned((n if previous else 0, width))
    P[:] = uniform(*P.shape, seed=2)
    return {
        "H": graph,
        "X": uniform(rows, n_in, low=-2, high=2),
        "inputs": slots(graph, graph.inputs),
        "outputs": wanted,
        "V": V,
        "P": P,
        "Y": np.zeros((rows, wanted.size), np.float32),
        "first": graph._store[h.HEAD],
        "last": int(wanted[0]) if stop else -1,
        "row0": row0,
        "row1": rows,
    }


@case("propagate.forward_strips")
def strips_with_a_rest():
    return strips(small_graph(), 16, 37)


@case("propagate.forward_strips")
def wide_strip_after_packing():
    return strips(packed(small_graph()), 64, 64, previous=True)


@case("propagate.forward_strips")
def part_of_the_list_and_of_the_rows():
    return strips(small_graph(), 16, 40, stop=True, row0=16)


@case("propagate.forward_strips")
def some_inputs_are_given():
    made = strips(small_graph(), 16, 20)
    return {**made, "X": made["X"][:, :2].copy()}


@case("propagate.sweep_strip")
def a_strip_that_is_filled():
    made = strips(small_graph(), 48, 48, previous=True)
    made["V"][made["inputs"]] = made["X"].T
    return {k: made[k] for k in ("H", "V", "P", "first", "last")}


@case("propagate.run_steps")
def five_steps():
    graph = small_graph()
    n = graph._store[h.N_SLOTS]
    A, B = aligned((n, 3)), aligned((n, 3))
    A[:] = uniform(n, 3, seed=7)
    return {
        "H": graph,
        "X": uniform(5, 3, 4),
        "inputs": slots(graph, graph.inputs),
        "outputs": slots(graph, graph.outputs),
        "A": A,
        "B": B,
        "Y": np.zeros((5, 3, 2), np.float32),
    }


@case("single.forward_one")
def one_sample():
    made = strips(small_graph(), 1, 1, previous=True)
    x, y = made["X"][0].copy(), np.zeros(2, np.float32)
    return {k: made[k] for k in ("H", "inputs", "outputs", "V", "P", "first")} | {"x": x, "y": y}


@case("single.visit")
def the_way_to_a_few_nodes():
    graph = small_graph()
    wanted = slots(graph, graph.nodes[[5, 3]])
    V = aligned((graph._store[h.N_SLOTS], 1))
    return {
        "H": graph,
        "X": uniform(4, graph.inputs.size, seed=5),
        "inputs": slots(graph, graph.inputs),
        "nodes": leading_to(graph, wanted),
        "outputs": wanted,
        "columns": np.array([2, 0]),
        "V": V,
        "Y": np.zeros((4, 3), np.float32),
    }


def row_of_numbers(*x):
    """Three columns, one of which sleeps, new ground above the first, and a category."""
    graph = Graph()
    graph.add_inputs(5, activation="clip", p0=-6.0, p1=6.0)
    w = np.arange(1.0, 6.0)
    hidden = [graph.add_node(graph.inputs, sign * w, activation="relu") for sign in (0.5, -1)]
    wanted, d = slots(graph, [*graph.inputs, *hidden]), 3
    return {
        "H": graph, "X": np.array([x]), "centre": np.array([1.0, 0.0, -2.0]),
        "spread": np.array([0.5, 0.0, 4.0]),
        "reach": np.array([[-1.0, 0.0, -8.0], [3.0, 0.0, 9.0]]),
        "knots": np.array([[1.0, 0.0, 2.0, 0.5]]),
        "shift": np.array([1.0, 0, -2, 0, 2]), "scale": np.array([2.0, 0, 0.25, 1, 2]),
        "inputs": slots(graph, graph.inputs), "nodes": leading_to(graph, wanted),
        "outputs": wanted, "columns": np.array([0, 1, 2, 6, 7, 3, 4]),
        "V": aligned((graph._store[h.N_SLOTS], 1)),
        "features": np.ones((1, 8), np.float32), "seen": np.zeros((1, d + 2), np.float32),
    }  # fmt: skip


@case("table.look")
def a_row_inside_of_what_was_shown():
    return row_of_numbers(2.4, 0.0, 5.0)


@case("table.look", table.WIDER)
def a_row_a_little_outside():
    return row_of_numbers(3.5, 7.0, -9.0)


@case("table.look", table.ODD)
def a_row_on_new_ground():
    return row_of_numbers(2.4, 0.0, 18.0)


@case("table.look", table.ODD)
def a_row_with_a_gap():
    return row_of_numbers(np.nan, 0.0, 5.0)


@case("table.look", table.ODD)
def a_row_beyond_all_numbers():
    return row_of_numbers(2.4, -2e306, 5.0)


# ---- transpose, hebb --------------------------------------------------------------------------
def signals(graph, width):
    """Two strips over all slots, as activities and as what is expected."""
    n = graph._store[h.N_SLOTS]
    V, S = aligned((n, width)), aligned((n, width))
    V[:], S[:] = uniform(n, width, seed=8), uniform(n, width, seed=9)
    return V, S


@case("transpose.send_back")
def errors_of_the_outputs():
    graph = small_graph()
    average = graph.add_node(graph.inputs, 0.5, kind="mean")
    graph.add_edge(average, graph.outputs[0], 0.9)
    E, _ = signals(graph, 5)
    own = np.zeros(E.shape[0], np.uint8)
    own[slots(graph, [*graph.outputs, 6])] = 1
    E[own == 0] = 0
    return {"H": graph, "E": E, "own": own, "norm": np.zeros(own.size, np.float32)}


def gated(graph):
    """Half open for some, open for others, shut for the rest."""
    gate = np.zeros(graph._store[h.N_SLOTS], np.float32)
    gate[slots(graph, graph.nodes[::2])] = 1
    gate[slots(graph, graph.nodes[::3])] = 0.5
    return gate


@case("hebb.resonate")
def resonate_through_a_gate():
    graph = small_graph()
    graph._store.stab[: graph._store[h.POOL_USED]] = uniform(graph._store[h.POOL_USED], low=0)
    V, S = signals(graph, 7)
    rates = {"rate": np.float32(0.3), "decay": np.float32(0.9)}
    return {"H": graph, "V": V, "S": S, "gate": gated(graph), **rates}


@case("hebb.follow")
def follow_through_a_gate():
    graph = small_graph()
    V, T = signals(graph, 7)
    return {"H": graph, "V": V, "T": T, "gate": gated(graph), "rate": np.float32(0.3)}


# ---- concept, glimpse -------------------------------------------------------------------------
@case("concept.resonances")
def concepts_of_two_classes():
    """Two windows of three of five parts; classes with no, one and three aspects."""
    graph = Graph()
    parts = graph.add_inputs(5)
    win = np.array([[0, 1, 2], [4, 2, 3]])
    k = np.array([0, 1, 3])
    prototypes, aspects = np.zeros((3, 2), np.int32), np.zeros((3, 2, 3), np.int32)
    size = np.ones((3, 2, 3))
    for c, w in np.ndindex(3, 2):
        made = graph.add_nodes(4, sources=parts[win[w]], weights=uniform(4, 3, seed=3 * c + w))
        prototypes[c, w], *aspects[c, w] = slots(graph, made)
        size[c, w] = [(graph.sources(i)[1].astype(np.float64) ** 2).sum() for i in made[1:]]
    F, delta = uniform(7, 5), np.array([0.2, 0.5])
    lengths = {"k": k, "size": size, "delta": delta, "L": np.zeros((7, 3, 2))}
    return {"H": graph, "F": F, "win": win, "prototypes": prototypes, "aspects": aspects, **lengths}


def glimpsed(shape, pad, concepts, grid, batch=3):
    """Images, patch concepts in a graph (one reads its pixels backwards), and cells of a grid."""
    graph = Graph()
    pixels, side = graph.add_inputs(9), 3
    weights = uniform(concepts, 9, seed=3)
    made = [
        graph.add_nodes(1, sources=pixels[:: -1 if k == 1 else 1], weights=weights[[k]],
                        activation="relu", bias=-0.1 * k)[0]
        for k in range(concepts)
    ]  # fmt: skip
    images = uniform(batch, *shape, low=0, high=9).astype(np.float64)
    images[1] = 0
    images[2, :2] -= 5
    rows, columns = (n + 2 * pad - side + 1 for n in shape)
    width, step = -(-columns // 16) * 16, -(-concepts // 4) * 4
    down, across = uniform(rows, grid, seed=1, low=0), np.zeros((grid, width), np.float32)
    down[0, 1] = down[-1, 0] = 0
    across[:, :columns] = uniform(grid, columns, seed=2, low=0)
    cells = np.array([[0, 1]] + [[0, grid]] * (rows - 2) + [[1, grid]])
    if grid > 2:
        down[0, 2:] = 0
    shapes = {"w": 10 * step, "sheet": (rows + side - 1, width + 16), "Q": (10, width),
              "T": (grid * step, width), "out": (batch, grid * grid * concepts)}  # fmt: skip
    zeros = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    return {"H": graph, "concepts": slots(graph, np.array(made)), "inputs": slots(graph, pixels),
            "images": images, "pad": pad, "softening": np.float32(0.01), "down": down,
            "cells": cells, "across": across, **zeros}  # fmt: skip


@case("glimpse.parts")
def parts_of_small_images():
    return glimpsed((6, 5), 1, 5, 2)


@case("glimpse.parts")
def parts_of_wide_images():
    """Columns for one tile of 32, one of 16 and a few beyond."""
    return glimpsed((4, 50), 0, 4, 3)


# ---- evidence -----------------------------------------------------------------------------------
@case("evidence.add_block")
def coincidences_of_a_block():
    """Three rows of tiles: tiles of 32 columns and of 16."""
    held = uniform(evidence.BLOCK, 48, seed=2)
    return {"A": uniform(6 * 256, seed=1), "lost": np.zeros(0, np.float32), "held": held}


@case("evidence.add_block")
def coincidences_with_what_rounding_took():
    lost = uniform(6 * 256, seed=4) * np.float32(1e-3)
    return coincidences_of_a_block() | {"lost": lost}


def look(glimpses, vigilance, state):
    concepts = np.zeros((4, 6))
    concepts[0] = [1, -1, 0, 0, 0, 0]
    concepts[0] /= np.sqrt(2)
    made = {"glimpses": glimpses, "spots": ids(2, 0, 3, 1), "concepts": concepts}
    return {**made, "vigilance": vigilance, "least": 0.1, "state": ids(*state)}


@case("glimpse.seek")
def a_glimpse_that_is_new():
    glimpses = uniform(4, 6, seed=1).astype(np.float64)
    glimpses[2] = 0.5  # nothing to be seen there
    return look(glimpses, 0.9, [0, 1])


@case("glimpse.seek")
def glimpses_that_are_known():
    return look(uniform(4, 6, seed=1).astype(np.float64), -0.999, [1, 1])
