"""``growgraph bench grow``: what building, growing, running and holding a graph costs by size."""

import time
from collections.abc import Callable

import numpy as np

from growgraph.bench import machine, probes
from growgraph.bench.clock import Side, Spread, interleave
from growgraph.bench.growth import grown_by_a_tenth
from growgraph.bench.insertion import FAN_IN, Plant
from growgraph.bench.material import Strips, samples
from growgraph.bench.rows import Plan

SMALLEST, LARGEST = 10_000, 10_000_000
_STEP = 10
_BATCH = 16

# key -> (title, unit of the value, whether the value is already per edge)
COSTS = {
    "insert": ("insertion in bulk", "ns/edge", True),
    "grow_one": ("one node with 32 in-edges", "µs", False),
    "forward": ("one sample, packed", "ns/edge", True),
    "forward_after": ("one sample after a tenth has grown", "ns/edge", True),
    "batch": ("batch 16, a sample, packed", "ns/edge", True),
    "batch_after": ("batch 16, a sample, after a tenth has grown", "ns/edge", True),
    "pack": ("pack", "ns/edge", True),
    "bytes": ("memory, packed", "B/edge", True),
}


def sizes(largest=LARGEST):
    """Numbers of edges from 1e4 to ``largest``, each ten times the one before.

    Examples
    --------
    >>> sizes(1_000_000)
    [10000, 100000, 1000000]
    """
    out = [SMALLEST]
    while out[-1] * _STEP <= largest:
        out.append(out[-1] * _STEP)
    return out


def _measure(n_edges, plan):
    """Costs at one size: key -> Spread."""
    plant = Plant(n_edges)
    rounds = plan.rounds if n_edges < LARGEST else max(3, plan.rounds // 3)
    options = {"rounds": rounds, "seconds": plan.seconds}
    edges, costs = plant.n_edges, {}
    costs["insert"] = interleave({"a": Side(plant.build, per=edges)}, **options)["a"] * 1e9
    packed = plant.build()
    costs["pack"] = interleave({"a": Side(packed.pack, per=edges)}, **options)["a"] * 1e9
    costs["bytes"] = np.array([packed.nbytes / packed.n_edges])
    del packed
    grown = grown_by_a_tenth(plant)
    packed = grown.copy()
    packed.pack()
    edges = grown.n_edges
    x, X = samples(1, plant.n_inputs)[0], samples(_BATCH, plant.n_inputs)
    last = grown.nodes[-1:]
    for graph in (packed, grown):
        graph._outputs = last  # so that a whole sweep is asked for
    one = {
        "forward": Side(lambda: packed.forward(x), per=edges),
        "forward_after": Side(lambda: grown.forward(x), per=edges),
        "batch": Side(Strips(packed, X), per=edges * _BATCH),
        "batch_after": Side(Strips(grown, X), per=edges * _BATCH),
    }
    costs |= {key: t * 1e9 for key, t in interleave(one, **options).items()}
    parents, weights = np.arange(0, plant.n_nodes, plant.n_nodes // FAN_IN)[:FAN_IN], x[:FAN_IN]
    grow = Side(lambda: grown.add_node(parents, weights, activation="tanh"), calls=100)
    costs["grow_one"] = interleave({"a": grow}, **options)["a"] * 1e6
    return {key: Spread.of(costs[key]) for key in COSTS}


def slopes(rows):
    """Exponent of each total cost: 1 is proportional to the edges, 0 independent of them.

    Examples
    --------
    >>> rows = [{"edges": n, **{key: {"median": 2.0} for key in COSTS}} for n in (10, 100, 1000)]
    >>> slopes(rows)["insert"], slopes(rows)["grow_one"]
    (1.0, 0.0)
    """
    if len(rows) < 2:
        return {}
    edges = np.log([row["edges"] for row in rows])
    out = {}
    for key, (_, _, per_edge) in COSTS.items():
        cost = np.log([row[key]["median"] for row in rows]) + (edges if per_edge else 0)
        out[key] = round(float(np.polyfit(edges, cost, 1)[0]), 3) + 0.0
    return out


def run(
    largest: int = LARGEST, plan: Plan | None = None,
    tell: Callable[[dict], None] | None = None,
) -> dict:  # fmt: skip
    """Measure all sizes.

    Parameters
    ----------
    largest : int
        Most edges; 1e7 need about 1 GB.
    plan : Plan, optional
    tell : callable, optional
        Called with each size's row as soon as it is there.

    Returns
    -------
    dict
        ``sizes`` (one dict each: ``edges``, and median, low and high of each cost), ``slopes``,
        ``machine``, ``probes``.
    """
    plan, rows = plan or Plan(), []
    for n_edges in sizes(largest):
        began = time.monotonic()
        costs = {key: vars(spread) for key, spread in _measure(n_edges, plan).items()}
        rows.append({"edges": n_edges, **costs, "seconds": round(time.monotonic() - began, 1)})
        if tell is not None:
            tell(rows[-1])
    return {
        "sizes": rows,
        "slopes": slopes(rows),
        "machine": machine.describe(),
        "probes": probes.measure(plan.rounds),
    }
