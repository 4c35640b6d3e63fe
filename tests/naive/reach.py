"""Twin of kernels/reach.py: a node follows from another if that is among its ancestors."""

from growgraph.kernels.status import OK
from tests.naive.order import ancestors


def readers(g, slot, out):
    """Mark by slot what has the node of ``slot`` among its ancestors."""
    node = next(node.id for node in g.in_order() if node.slot == slot)
    for other in g.in_order():
        if node in ancestors(g, other.id):
            out[other.slot] = 1
    return OK
