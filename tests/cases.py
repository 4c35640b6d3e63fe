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

Here stand the cases of the numerical kernels; those that change structure have a file of their
own, tests/cases_structure.py.
"""

from dataclasses import dataclass

import numpy as np

from growgraph import Graph
from growgraph.graph.store import aligned
from growgraph.graph.way import leading_to
from growgraph.kernels import _handle as h
from growgraph.kernels import evidence, intention, resonet, table
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


# ---- resonet ------------------------------------------------------------------------------------
def a_pass(n=24, *, counts=(70, 80, 90), ctl=(0, 240, 10**6, 0, 200, 20, 200), due=(-1, -1, -1),
           lost=0, **settings):  # fmt: skip
    """Arguments of a pass: two windows, three classes with no, one and two aspects."""
    made = concepts_of_two_classes()
    graph, k = made["H"], np.array([0, 1, 2])
    X = np.hstack([uniform(n, 5, seed=11), np.ones((n, 1), np.float32), uniform(n, 2, seed=12)])
    values = {"ALPHA": 0.5, "USE_EVIDENCE": 1, "KAPPA": 2.0, "RESONANT": 1e9, "CONTEXT": 0.8,
              "MOST": 3, "PATIENCE": 2, "MISFIT": 0.01, "GATE_FROM": 1e9, "GATE_MARGIN": 0.5,
              "GATE_LOW": 0.3, "ROOM": 0, "MASS": 200, "OFTEN": 64,
              "NOISE_FROM": np.inf, "NOISE_MARGIN": -0.1} | settings  # fmt: skip
    for slot in (*made["prototypes"].ravel(), *made["aspects"].ravel()):
        graph.set_stability(int(graph._store.id_of[slot]), 5.0)
    par = np.zeros(resonet.PAR_SIZE)
    for name, value in values.items():
        par[getattr(resonet, name)] = value
    past = {"floor": 3.0, "R": 0.7, "met": 2.0, "B": 0.5, "recent": 4.0}
    shapes = {"floor": (2,), "R": (3, 2), "met": (3, 2), "B": (8, 3), "recent": (3,)}
    arrays = {name: top * uniform(*shape, seed=20, low=0.3).astype(np.float64)
              for (name, top), shape in zip(past.items(), shapes.values())}  # fmt: skip
    held = np.zeros((evidence.BLOCK, 16), np.float32)
    held[:, :8] = uniform(evidence.BLOCK, 8, seed=31)
    return {
        "H": graph, "X": X, "y": np.arange(n) * 7 % 5 % 3, "win": made["win"], "par": par,
        "draws": uniform(n, low=0).astype(np.float64), "prototypes": made["prototypes"],
        "aspects": made["aspects"], "W": uniform(8, 3, seed=13).astype(np.float64), "k": k,
        "due": np.array(due), "ctl": np.array(ctl), "counts": np.array(counts),
        "size": made["size"],
        "tally": np.tile([9, 9, 0], (3, 1)),
        "right_by": np.full(60, 2.0), "count_by": np.full(60, 3.0),
        "scales": np.array([[18, -2.0, 4.0], [9, 1.0, 0.5]]), "answers": np.zeros(n, np.int64),
        "newborn": np.zeros((2, 3), np.float32), "A": uniform(256, seed=30, low=0.3), "held": held,
        "lost": np.zeros(lost, np.float32), "said": np.zeros((n, 3)), "strange": np.zeros((n, 2)),
        **arrays,
    }  # fmt: skip


@case("resonet.learn")
def a_pass_in_which_nothing_is_due():
    return a_pass()


@case("resonet.learn", resonet.DONE)
def resonant_targets_behind_an_open_gate():
    return a_pass(lost=256, RESONANT=245, GATE_FROM=250)


@case("resonet.learn", resonet.DONE)
def a_pass_of_concepts_alone():
    return a_pass(USE_EVIDENCE=0, ALPHA=1.0)


@case("resonet.learn", resonet.DONE)
def labels_are_doubted():
    """One class is too young for it, and another has been contradicted long enough."""
    made = a_pass(NOISE_FROM=76)
    made["tally"][2, 2] = intention.MOST_DOUBTS - 1
    return made


@case("resonet.learn", resonet.DONE)
def labels_are_doubted_by_concepts_alone():
    return a_pass(NOISE_FROM=70, NOISE_MARGIN=0.2, USE_EVIDENCE=0, ALPHA=1.0)


@case("resonet.learn", resonet.DONE)
def a_pass_of_which_a_council_answers():
    return a_pass(COUNCIL=1)


def asked(**settings):
    """Arguments of resonet.ask: those of a pass that it needs."""
    made = a_pass(6, counts=(70, 80, 0), **settings)
    names = ("H", "X", "win", "prototypes", "aspects", "floor", "W", "par", "k", "counts", "size",
             "R", "said")  # fmt: skip
    return {name: made[name] for name in names}


@case("resonet.ask")
def scores_of_rows_that_are_not_learnt():
    return asked()


@case("resonet.ask")
def scores_of_concepts_alone():
    return asked(USE_EVIDENCE=0, ALPHA=1.0)


@case("resonet.learn", resonet.GROW)
def misfit_lasts():
    return a_pass(ROOM=1, MISFIT=0.3)


@case("resonet.learn", resonet.SOLVE)
def a_readout_is_due():
    return a_pass(ctl=(2, 240, 244, 0, 200, 31, 200))


@case("resonet.learn", resonet.TELL)
def an_outcome_is_due():
    return a_pass(due=(73, -1, 80))


@case("resonet.learn", resonet.GROW + resonet.SOLVE)
def a_class_is_met_for_the_second_time():
    return a_pass(counts=(1, 80, 0), ROOM=1)


@case("resonet.learn", resonet.SOLVE)
def the_first_sample_of_all():
    return a_pass(counts=(0, 0, 0), ctl=(0, 0, 4, 0, 0, 0, 0))


@case("resonet.learn", resonet.NEW_CLASS)
def a_label_never_met():
    return a_pass() | {"y": np.array([0, 1, 3, 2] * 6)}


@case("resonet.learn", resonet.DONE)
def misfit_was_but_is_no_more():
    """The running mean remembers misfit, samples at the prototype itself have none."""
    made = a_pass(6, ROOM=1, MISFIT=0.3)
    made["y"][:] = 2
    means = [made["H"].sources(int(made["H"]._store.id_of[s]))[1] for s in made["prototypes"][2]]
    for window, mean in zip(made["win"], means):
        made["X"][:, window] = mean
    return made
