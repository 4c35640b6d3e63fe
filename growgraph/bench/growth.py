"""Rows on growing a graph: node by node, what that costs the forward after it, and memory."""

import numpy as np

from growgraph._random import generator
from growgraph.bench.clock import Side, Spread, interleave
from growgraph.bench.insertion import EDGES, FAN_IN, Plant
from growgraph.bench.material import Strips, fan_in_sources, samples
from growgraph.bench.rows import AT_MOST, OURSELVES, Against, Figure, Pair, Plan, Row
from growgraph.graph import Graph

_NODES_A_ROUND = 100
_BATCH = 64


# ---- node by node -------------------------------------------------------------------------------
class _Grown:
    """A graph that grows by one node a call, and scipy's matrix with one node more.

    The check that comes before the timing makes the pools half as large again; the rounds do not
    use that up, so what a call pays for room (below 1 µs if spread over all calls) is not in it.
    """

    def __init__(self, plan):
        self.plant = plant = Plant(plan.of(EDGES, least=640))
        self.graph = plant.build()
        self.graph.pack()
        rng = generator(0, "bench growing")
        self.parents = np.sort(rng.choice(plant.n_nodes, FAN_IN, replace=False))
        self.weights = samples(1, FAN_IN)[0] / np.float32(np.sqrt(FAN_IN))
        self.parts = plant.csr_parts()
        self.matrix = self.rebuilt_before()
        self.x = samples(1, plant.n_inputs)[0]

    def rebuilt_before(self):
        """The CSR of scipy of the graph as it is at first."""
        from scipy import sparse

        n = self.plant.n_nodes
        return sparse.coo_array((self.parts[0], self.parts[1:]), shape=(n, n)).tocsr()

    def grow(self):
        """One node more, by the public call."""
        return self.graph.add_node(self.parents, self.weights, activation="tanh")

    def rebuild(self):
        """The CSR of scipy with one node more, built of its list of edges."""
        from scipy import sparse

        n = self.plant.n_nodes
        data = np.concatenate([self.parts[0], self.weights])
        row = np.concatenate([self.parts[1], np.full(FAN_IN, n, np.int32)])
        column = np.concatenate([self.parts[2], self.parents.astype(np.int32)])
        return sparse.coo_array((data, (row, column)), shape=(n + 1, n + 1)).tocsr()

    def append(self):
        """The same by the cheapest way there is: a last row behind the three arrays of the CSR."""
        from scipy import sparse

        A, n = self.matrix, self.plant.n_nodes
        parts = (
            np.concatenate([A.data, self.weights]),
            np.concatenate([A.indices, self.parents.astype(np.int32)]),
            np.append(A.indptr, A.indptr[-1:] + FAN_IN),
        )
        return sparse.csr_array(parts, shape=(n + 1, n + 1))

    def same(self, theirs):
        """The node that was grown last, here and there: its sources and weights."""
        sources, weights, _ = self.graph.sources(self.grow())
        A = theirs()
        row = slice(A.indptr[-2], A.indptr[-1])
        rank, there = np.argsort(sources), np.argsort(A.indices[row])
        return (
            (sources[rank], weights[rank], self.graph.n_nodes),
            (A.indices[row][there], A.data[row][there], A.shape[0]),
        )


def _grow_one_against(way):
    def prepare(plan: Plan) -> Pair:
        grown = _Grown(plan)
        theirs = getattr(grown, way)
        return Pair(
            Side(grown.grow, calls=_NODES_A_ROUND), Side(theirs), lambda: grown.same(theirs),
            work={"edges": grown.plant.n_edges},
        )  # fmt: skip

    return prepare


def _grow_forward_against(way):
    """One node, then one sample through the whole graph; scipy multiplies its matrix once."""

    def prepare(plan: Plan) -> Pair:
        grown = _Grown(plan)
        theirs = getattr(grown, way)
        graph, last = grown.graph, [np.empty(0, np.int64)]
        v = samples(1, grown.plant.n_nodes + 1)[0]

        def ours():
            last[0] = np.array([grown.grow()])
            return graph.forward(grown.x, outputs=last[0])

        return Pair(
            Side(ours), Side(lambda: theirs() @ v), lambda: grown.same(theirs),
            work={"edges": grown.plant.n_edges},
        )  # fmt: skip

    return prepare


# ---- the forward after growth -------------------------------------------------------------------
def grown_by_a_tenth(plant, seed=5):
    """The plant's graph, packed, then a tenth more nodes, one at a time."""
    graph = plant.build()
    graph.pack()
    extra = max(1, plant.n_grown // 10)
    below = np.arange(plant.n_nodes, plant.n_nodes + extra)
    sources = fan_in_sources(extra, FAN_IN, below, seed)
    weights = samples(extra, FAN_IN, seed) / np.float32(np.sqrt(FAN_IN))
    for parents, w in zip(sources, weights, strict=True):
        graph.add_node(parents, w, activation="tanh")
    return graph


def _rebuilt(graph):
    """The same graph built at once, in running order, as if it had never grown.

    Also returns its ids as ids of ``graph``.
    """
    order = graph.order()
    fed = np.isin(order, graph.inputs)
    order = np.concatenate([order[fed], order[~fed]])
    place = np.empty(graph.n_nodes, np.int64)
    place[order] = np.arange(order.size)  # ids of a plant are 0 .. n-1
    parts = [graph.sources(node)[:2] for node in order[fed.sum() :].tolist()]
    twin = Graph()
    twin.add_inputs(int(fed.sum()))
    sources = place[np.stack([s for s, _ in parts])]
    twin.add_nodes(
        len(parts), sources=sources, weights=np.stack([w for _, w in parts]), activation="tanh"
    )
    twin._inputs = place[graph.inputs]  # columns of X in the same sequence
    return twin, order


def _after_growth(ours_packed):
    """The forward of a grown graph against that of a packed one, at three sizes; the worst."""

    def prepare(plan: Plan) -> Figure:
        ratios, detail = {}, {}
        for size in (10_000, 100_000, 1_000_000):
            plant = Plant(plan.of(size, least=640))
            grown = grown_by_a_tenth(plant)
            if ours_packed:
                grown.pack()
                other, order = _rebuilt(grown)
            else:
                other, order = grown.copy(), grown.nodes
                other.pack()
            X = samples(_BATCH, plant.n_inputs)
            ours, theirs = Strips(grown, X), Strips(other, X)
            sides = {"ours": Side(ours), "other": Side(theirs)}
            times = interleave(sides, rounds=plan.rounds, seconds=plan.seconds, limit=plan.limit)
            a, b = ours.values(order), theirs.values(np.arange(order.size))
            if not np.allclose(a, b, rtol=1e-3, atol=1e-4):
                raise ValueError(f"the grown and the other graph differ at {size} edges")
            ratios[size] = times["ours"] / times["other"]
            detail[f"at_{size:.0e}".replace("+0", "")] = vars(Spread.of(ratios[size]))
        worst = max(ratios, key=lambda size: np.median(ratios[size]))
        return Figure(ratios[worst], detail | {"worst_edges": worst})

    return prepare


# ---- memory -------------------------------------------------------------------------------------
def _bytes_per_edge(plan):
    graph = Plant(plan.of(EDGES, least=640)).build()
    loose = graph.nbytes / graph.n_edges
    graph.pack()
    return Figure(
        graph.nbytes / graph.n_edges,
        {"edges": graph.n_edges, "bytes_per_edge_before_pack": loose, "nodes": graph.n_nodes},
    )


_GROW = "one node with 32 in-edges at 1e6 edges"
ROWS = (
    Row("grow_one", f"{_GROW}; scipy rebuilds its CSR",
        (Against("scipy", 1000, _grow_one_against("rebuild")),)),
    Row("grow_one_append", f"{_GROW}; scipy appends a last row",
        (Against("scipy", None, _grow_one_against("append")),)),
    Row("grow_forward", f"{_GROW}, then one sample; scipy rebuilds",
        (Against("scipy", 20, _grow_forward_against("rebuild")),)),
    Row("grow_forward_append", f"{_GROW}, then one sample; scipy appends",
        (Against("scipy", None, _grow_forward_against("append")),), heavy=True),
    Row("forward_after_growth", "batch 64 after a tenth has grown / freshly packed, worst of three",
        (Against(OURSELVES, 1.2, _after_growth(False)),), sense=AT_MOST),
    Row("forward_after_growth_packed", "the same after pack / built at once, worst of three",
        (Against(OURSELVES, 1.15, _after_growth(True)),), sense=AT_MOST),
    Row("bytes_per_edge", "memory of the store, 1e6 edges, fan-in 32, packed",
        (Against("", 14, _bytes_per_edge),), sense=AT_MOST, unit="B/edge"),
)  # fmt: skip
