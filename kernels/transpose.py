"""What nodes need of their sources, sent back over their own in-edges: a scatter over the store."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import kernel
from growgraph.kernels.status import OK


@kernel(writes=("E", "norm"))
def send_back(H, E, own, norm):
    """E[j] = sum of w * E[reader] / (1 + sum of w^2) for nodes without an own expectation.

    It is the least change d of a node that serves its readers, at the least of
    sum (E[reader] - w d)^2 + d^2: a node read by tiny weights is not blamed for much.
    The list is walked backwards, so a node's readers are done before it. Only additive readers
    (SUM, and MEAN with w / fan-in) send; no derivative is taken.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    E : float32 [N_SLOTS, W]
        In: expected - observed of nodes with ``own``, else 0. Out: of all nodes.
    own : uint8 [N_SLOTS]
        1 where E is given.
    norm : float32 [N_SLOTS]
        In: zeros. Out: the sum of squared weights to readers that miss something.

    Returns
    -------
    int64
        OK.
    """
    start, sstart, length = h.get_start(H), h.get_sstart(H), h.get_length(H)
    kind, prv, w, src = h.get_kind(H), h.get_prv(H), h.get_w(H), h.get_src(H)
    node = H[h.TAIL]
    while node >= 0:
        i = np.uint64(node)
        error = E[i]
        if own[i] == 0 and norm[i] > 0:
            share = np.float32(1) / (np.float32(1) + norm[i])
            for j in range(error.size):
                error[j] *= share
        speaks = own[i] != 0 or norm[i] > 0
        if speaks and (kind[i] == codes.SUM or kind[i] == codes.MEAN):
            mean = np.float32(length[i]) if kind[i] == codes.MEAN else np.float32(1)
            for e in range(length[i]):
                weight, source = w[start[i] + e] / mean, src[sstart[i] + e]
                if own[source] == 0:
                    back = E[source]
                    for j in range(error.size):
                        back[j] = weight * error[j] + back[j]
                    norm[source] += weight * weight
        node = np.int64(prv[i])
    return OK
