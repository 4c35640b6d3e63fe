"""Twin of kernels/edges.py: edges are appended to lists; a failed call puts everything back."""

from growgraph.kernels import codes
from growgraph.kernels.status import BAD_TARGET, CYCLE, DEAD_ID, DUPLICATE, OK, SELF_LOOP
from tests.naive.order import fix


def _refusal(g, target, sources, held, self_allowed):
    """The status with which sources cannot be added to a target that already holds some."""
    if target not in g.nodes:
        return DEAD_ID
    if g.nodes[target].kind == codes.INPUT:
        return BAD_TARGET
    seen = set(held(g.nodes[target]))
    for source in sources:
        if source not in g.nodes:
            return DEAD_ID
        if source == target and not self_allowed:
            return SELF_LOOP
        if source in seen:
            return DUPLICATE
        seen.add(source)
    return OK


def add_edges(g, target, sources, weights):
    status = _refusal(g, target, sources, lambda node: node.sources, False)
    if status != OK:
        return status
    before = list(g.order)
    for source in sources:
        if fix(g, source, target) != OK:
            g.order = before
            return CYCLE
    g.record(codes.OP_EDGE, target, flag=-1, parents=zip(sources, weights))
    g.nodes[target].edges += [[int(s), float(w), 0.0] for s, w in zip(sources, weights)]
    return OK


def add_delayed(g, target, sources, weights, flag):
    status = _refusal(g, target, sources, lambda node: node.late_sources, True)
    if status != OK:
        return status
    g.record(codes.OP_EDGE, target, flag=flag, parents=zip(sources, weights))
    g.nodes[target].late += [[int(s), float(w), 0.0, int(flag)] for s, w in zip(sources, weights)]
    return OK


def _groups(g, add, targets, indptr, sources, weights, *more):
    order, events = list(g.order), list(g.events)
    held = {i: (list(node.edges), list(node.late)) for i, node in g.nodes.items()}
    for i, target in enumerate(targets):
        part = slice(indptr[i], indptr[i + 1])
        status = add(g, int(target), sources[part], weights[part], *more)
        if status != OK:
            g.order, g.events = order, events
            for node in g.nodes.values():
                node.edges, node.late = held[node.id]
            return status
    return OK


def add_edge_groups(g, targets, indptr, sources, weights):
    return _groups(g, add_edges, targets, indptr, sources, weights)


def add_delayed_groups(g, targets, indptr, sources, weights, flag):
    return _groups(g, add_delayed, targets, indptr, sources, weights, flag)
