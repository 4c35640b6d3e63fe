"""Rows on building a graph in bulk from arrays, and the plant that rows on growth build."""

import numpy as np

from growgraph._random import generator
from growgraph.bench import peers
from growgraph.bench.clock import Side, fastest
from growgraph.bench.material import fan_in_sources
from growgraph.bench.rows import Against, Pair, Plan, Row
from growgraph.graph import Graph

FAN_IN = 32
EDGES = 1_000_000


class Plant:
    """The edges of a random acyclic graph as arrays, and what builds it here and elsewhere.

    Parameters
    ----------
    n_edges : int
        Each node reads 32 nodes before it; the first 64 nodes are inputs.
    """

    def __init__(self, n_edges):
        self.n_inputs, self.n_grown = 2 * FAN_IN, n_edges // FAN_IN
        self.n_nodes = self.n_inputs + self.n_grown
        self.sources = fan_in_sources(
            self.n_grown, FAN_IN, np.arange(self.n_inputs, self.n_nodes), seed=3
        )
        rng = generator(0, "bench plant")
        scale = np.float32(1 / np.sqrt(FAN_IN))
        self.weights = rng.standard_normal(self.sources.shape).astype(np.float32) * scale

    @property
    def n_edges(self):
        """Edges there are."""
        return self.sources.size

    def build(self):
        """A Graph from the arrays."""
        graph = Graph()
        graph.add_inputs(self.n_inputs)
        graph.add_nodes(self.n_grown, sources=self.sources, weights=self.weights, activation="tanh")
        return graph

    def tuples(self):
        """(source, target, weight) of each edge, as the graph libraries take them."""
        targets = np.repeat(np.arange(self.n_inputs, self.n_nodes), FAN_IN)
        columns = (self.sources.ravel(), targets, self.weights.ravel())
        return list(zip(*(c.tolist() for c in columns), strict=True))

    def csr_parts(self):
        """data, row, column of the edges as scipy takes them, int32."""
        row = np.repeat(np.arange(self.n_inputs, self.n_nodes, dtype=np.int32), FAN_IN)
        return self.weights.ravel(), row, self.sources.ravel().astype(np.int32)


# ---- in bulk ------------------------------------------------------------------------------------
def _rustworkx(plant, tuples):
    """By whichever of its two ways is quicker."""
    return fastest([_rustworkx_add(plant, tuples)[0], _rustworkx_extend(plant, tuples)]), _in_rx


def _rustworkx_extend(plant, tuples):
    rx = peers.load("rustworkx")

    def build():
        graph = rx.PyDiGraph(**_room(plant))
        graph.extend_from_weighted_edge_list(tuples)  # makes the nodes as well
        return graph

    return build


def _rustworkx_add(plant, tuples):
    rx = peers.load("rustworkx")

    def build():
        graph = rx.PyDiGraph(**_room(plant))
        graph.add_nodes_from(range(plant.n_nodes))
        graph.add_edges_from(tuples)
        return graph

    return build, _in_rx


def _room(plant):
    return {"node_count_hint": plant.n_nodes, "edge_count_hint": plant.n_edges}


def _in_rx(graph):
    return graph.num_nodes(), graph.num_edges(), sum(graph.edges())


def _networkx(plant, tuples):
    nx = peers.load("networkx")

    def build():
        graph = nx.DiGraph()
        graph.add_nodes_from(range(plant.n_nodes))
        graph.add_weighted_edges_from(tuples)
        return graph

    return build, lambda g: (len(g), g.number_of_edges(), g.size(weight="weight"))


def _igraph(plant, tuples):
    ig = peers.load("igraph")
    pairs, weights = [t[:2] for t in tuples], [t[2] for t in tuples]

    def build():
        return ig.Graph(plant.n_nodes, pairs, directed=True, edge_attrs={"weight": weights})

    return build, lambda g: (g.vcount(), g.ecount(), sum(g.es["weight"]))


_LIBRARIES = {
    "rustworkx": _rustworkx,
    "rustworkx add": _rustworkx_add,
    "networkx": _networkx,
    "igraph": _igraph,
}


def _bulk_against(way, slow=False):
    def prepare(plan: Plan) -> Pair:
        size = EDGES // 10 if plan.quick and slow else EDGES
        plant = Plant(plan.of(size, least=640))
        theirs, content = _LIBRARIES[way](plant, plant.tuples())

        def same():
            graph = plant.build()
            weights = graph.edges()["weight"].sum(dtype=np.float64)
            return (graph.n_nodes, graph.n_edges, weights), content(theirs())

        note = f"quick: {size:,} edges only" if size != EDGES else ""
        return Pair(Side(plant.build), Side(theirs), same, work={"edges": plant.n_edges}, note=note)

    return prepare


_BULK = "insertion in bulk, 1e6 edges"
ROWS = (
    Row("insert_bulk", _BULK, (Against("rustworkx", 5, _bulk_against("rustworkx")),
                               Against("igraph", 15, _bulk_against("igraph")))),
    Row("insert_bulk_add", f"{_BULK}; rustworkx by add_nodes_from and add_edges_from",
        (Against("rustworkx", None, _bulk_against("rustworkx add")),), heavy=True),
    Row("insert_bulk_networkx", _BULK,
        (Against("networkx", 100, _bulk_against("networkx", slow=True)),)),
    Row("insert_bulk_igraph", _BULK, (Against("igraph", None, _bulk_against("igraph")),),
        heavy=True),
)  # fmt: skip
