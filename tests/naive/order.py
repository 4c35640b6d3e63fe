"""Twin of kernels/order.py: the order is a list of ids, moved about by list operations."""

from growgraph.kernels import codes
from growgraph.kernels.status import CYCLE, OK


def ancestors(g, node_id):
    """All ids from which ``node_id`` can be reached, itself included, by depth-first search."""
    seen, stack = set(), [node_id]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += g.nodes[node].sources
    return seen


def fix(g, u, v):
    """Let ids u -> v go forward: move u's ancestors that stand behind v to just before it."""
    if g.rank(u) < g.rank(v):
        return OK
    above = ancestors(g, u)
    if v in above:
        return CYCLE
    moved = [i for i in g.order[g.rank(v) :] if i in above]
    g.order = [i for i in g.order if i not in moved]
    at = g.rank(v)
    g.order[at:at] = moved
    return OK


def listing(g, out):
    """Slots in list order."""
    out[:] = [node.slot for node in g.in_order()]
    return OK


def skip_inputs(g):
    """Slot of the first node that is computed, else of the last."""
    slots = [-1]
    for node in g.in_order():
        slots.append(node.slot)
        if node.kind != codes.INPUT or node.act != codes.IDENTITY:
            break
    return slots[-1]
