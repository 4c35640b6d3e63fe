"""Twin of kernels/store.py: nodes are born, bundles are nothing special, an edge is split."""

from growgraph.kernels import codes
from growgraph.kernels.status import DEAD_ID, DUPLICATE, NO_EDGE


def _check_parents(g, parents, limit):
    """The first of the parents that is dead or named twice decides the status."""
    seen = set()
    for parent in parents:
        if not (parent in g.nodes or g.next_id <= parent < limit):
            return DEAD_ID
        if parent in seen:
            return DUPLICATE
        seen.add(parent)
    return 0


def _place(g, node, parents, weights, elder):
    """Give a new node its edges and list it behind its latest parent and its elder.

    ``elder`` is the id of the node born just before in the same call, or None.
    """
    node.edges = [[int(p), float(w), 0.0] for p, w in zip(parents, weights)]
    latest = max((int(p) for p in parents), key=g.rank, default=None)
    if latest is None:
        g.order.append(node.id)
    else:
        behind = max(g.rank(latest), -1 if elder is None else g.rank(elder))
        g.order.insert(behind + 1, node.id)
    return node.id


def add_nodes(g, kind, act, role, bias, p0, p1, indptr, parents, weights):
    n, k = len(bias), len(parents)
    if len(indptr) == 0:
        born = [(parents, weights[i * k : (i + 1) * k]) for i in range(n)]
    else:
        groups = [slice(indptr[i], indptr[i + 1]) for i in range(n)]
        born = [(parents[group], weights[group]) for group in groups]
    for i, (sources, _) in enumerate(born):
        status = _check_parents(g, sources, g.next_id + (i if len(indptr) else 0))
        if status:
            return status
    first, elder = g.next_id, None
    for i, (sources, values) in enumerate(born):
        node = g.new_node(kind, act, role, bias[i], p0[i], p1[i])
        birth = (bias[i], p0[i], p1[i])
        g.record(codes.OP_NODE, node.id, kind, act, role, i, birth, zip(sources, values))
        elder = _place(g, node, sources, values, elder)
    return first


def split_edge(g, source, target, kind, act, bias, w_in, w_out):
    if source not in g.nodes or target not in g.nodes:
        return DEAD_ID
    edges = g.nodes[target].edges
    if source not in g.nodes[target].sources:
        return NO_EDGE
    at = g.nodes[target].sources.index(source)
    node = g.new_node(kind, act, codes.ROLE_HIDDEN, bias, 0, 0)
    born = ((target, w_out), (source, w_in))
    g.record(codes.OP_SPLIT, node.id, source, target, kind, act, (bias, 0, 0), born)
    _place(g, node, [source], [w_in], None)
    edges[at] = [node.id, float(w_out), 0.0]
    return node.id
