"""Planning on a graph: what each node is worth when all that follows from it is."""

import zlib

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import plan

_SWEEPS = 200  # at most as many computations as so many sweeps over all nodes


def fingerprint(graph):
    """Of the biases and weights that plans are made of: another one where they were changed."""
    store = graph._store
    with store.lock:
        held = (store.bias, h.N_SLOTS), (store.w, h.POOL_USED), (store.dw, h.DPOOL_USED)
        return tuple(zlib.crc32(values[: store[used]]) for values, used in held)


def fixed_point(graph, values, *, changed=None, hope=None, tol=1e-6):
    """Let a graph of sums, maxima and minima settle to value = bias + gathered w * value.

    Parameters
    ----------
    graph : Graph
        Its nodes are inputs or of kind "sum", "max" or "min" under "identity"; delayed and
        recurrent edges are read in place.
    values : float64 [ids handed out]
        By id, where to begin; the result is written here.
    changed : ids, optional
        Nodes whose edges, bias or p0 changed since ``values`` was the fixed point; by default all.
    hope : float, optional
        If given, a sum is worth (1 - p0) of its value and p0 of this.
    tol : float
        A change of more than this is handed on.

    Returns
    -------
    bool
        False if it did not settle within 200 sweeps.
    """
    store = graph._store
    with store.lock:
        ids = store.id_of[: store[h.N_SLOTS]]
        V = values[ids]
        due = store.order() if changed is None else np.unique(graph._slots(changed))
        most = _SWEEPS * max(ids.size, 1)
        left = plan.fixed_point(
            store.H, V, due.astype(np.int32), hope is not None, float(hope or 0), float(tol), most
        )
        values[ids] = V
    return left == 0
