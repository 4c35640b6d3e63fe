"""Twin of kernels/push.py: from the model's own edges, every node computed."""

import numpy as np

from growgraph.kernels import codes
from growgraph.kernels.status import OK
from tests.naive.activation import activate
from tests.naive.propagate import value

UNKNOWN = (np.inf, -np.inf)


def quiet_range(node):
    """Least and most sum with which a node is 0 whatever its parameters."""
    if node.kind not in (codes.SUM, codes.INPUT) or node.act == codes.CLIP:
        return UNKNOWN
    if node.act in (codes.RELU, codes.STEP):
        return (-np.inf, 0.0 if node.act == codes.RELU else -1e-45)
    return (0.0, 0.0) if activate(node.act, 0.0) == 0 else UNKNOWN


def out_edges(g):
    """(target, place) for each edge into a SUM node, by the rank of its source."""
    rank, edges = {i: r for r, i in enumerate(g.order)}, [[] for _ in g.order]
    for target, node in enumerate(g.in_order()):
        for at, source in enumerate(node.sources if node.kind == codes.SUM else ()):
            edges[rank[source]].append((target, node.start + at))
    return edges


def rank_nodes(g, slot_at, rank_of, quiet, out_start):
    for rank, node in enumerate(g.in_order()):
        slot_at[rank], rank_of[node.slot] = node.slot, rank
        quiet[:, rank] = quiet_range(node)
    sizes = [len(edges) for edges in out_edges(g)]
    out_start[:] = np.cumsum([*sizes, 0])
    return OK


def list_readers(g, slot_at, rank_of, out_start, out_target, out_place):
    edges = out_edges(g)
    out_start[:] = np.cumsum([0, *map(len, edges)])
    for at, (target, place) in enumerate(edge for of_one in edges for edge in of_one):
        out_target[at], out_place[at] = target, place
    return OK


def forward_sparse(
    g, ranks, x, outputs, end, slot_at, quiet, out_start, out_target, out_place, total, V, y
):
    given = dict(zip(ranks.tolist(), x.tolist()))
    V[:] = 0
    for rank, node in enumerate(g.in_order()):
        total[rank] = given.get(rank, 0.0) if node.kind == codes.INPUT else node.bias
        for source, weight, _ in node.edges if node.kind == codes.SUM else ():
            total[rank] += weight * V[g.nodes[source].slot, 0]
        if rank < end:
            V[node.slot] = total[rank]  # an input's value is read from there
            V[node.slot] = value(g, node, V, [])
    y[:] = V[outputs, 0]
    return OK
