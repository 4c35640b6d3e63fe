"""The way to a few nodes of a large graph: what leads to them, in running order."""

from typing import Any

import numpy as np

from growgraph.graph.run import as_samples
from growgraph.graph.store import aligned
from growgraph.kernels import _handle as h
from growgraph.kernels import single


def leading_to(graph: Any, slots: np.ndarray) -> np.ndarray:
    """Slots (int32) of these nodes and of all they depend on, in running order."""
    store = graph._store
    wanted, queue = set(), slots.tolist()
    while queue:
        slot = queue.pop()
        if slot not in wanted:
            wanted.add(slot)
            a, n = int(store.sstart[slot]), int(store.length[slot])
            queue += store.src[a : a + n].tolist()
    found = np.array(sorted(wanted), np.int32)
    return found[np.argsort(store.label[found], kind="stable")]


class Way:
    """Computes a few nodes of a graph, sample after sample, and no others than lead to them.

    A forward sweeps all that stands before the nodes asked for; where they are few among
    thousands this is quicker. It holds as long as the in-edges of what leads to the nodes stay and
    the graph is not packed; weights may change. Delayed edges are not read.

    Parameters
    ----------
    graph : Graph
    nodes : ids
    columns : ndarray of int64 [nodes]
        Where each stands in a row of the result.
    """

    def __init__(self, graph, nodes, columns):
        outputs = graph._slots(nodes)
        #: What kernels are told: slots of inputs, of the nodes on the way, of outputs; columns.
        self.told = (
            graph._slots(graph.inputs), leading_to(graph, outputs), outputs,
            np.ascontiguousarray(columns, np.int64),
        )  # fmt: skip

    def values(self, graph, X, out):
        """Write the nodes' activities for samples [batch, inputs] into ``out``, float32."""
        rows, _ = as_samples(X, self.told[0].size, graph._shift, graph._scale)
        V = aligned((int(graph._store[h.N_SLOTS]), 1))  # a call's own: threads may ask at once
        single.visit(graph._store.H, rows, *self.told, V, out)
