"""What follows from a node: those that read it, and those that read these."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels._jit import kernel
from growgraph.kernels.status import OK


@kernel(writes=("out",))
def readers(H, slot, out):
    """Mark a node and all that follow from it over undelayed edges, in one sweep of the order.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    slot : int64
        Of the node.
    out : uint8 [N_SLOTS]
        Zeros; 1 is written for the node and what follows from it.

    Returns
    -------
    int64
        OK.
    """
    nxt, length, sstart, src = (
        h.get_nxt(H), h.get_length(H), h.get_sstart(H), h.get_src(H),
    )  # fmt: skip
    out[slot] = 1
    node = np.int64(nxt[slot])
    while node >= 0:
        first = sstart[node]
        for e in range(first, first + length[node]):
            if out[src[e]] == 1:
                out[node] = 1
                break
        node = np.int64(nxt[node])
    return np.int64(OK)
