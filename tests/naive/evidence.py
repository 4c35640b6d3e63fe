"""Twin of kernels/evidence.py: a sum of outer products, entry by entry where it is kept."""

import numpy as np

from growgraph.kernels.status import OK

TILE = 16


def kept(A, size):
    """The entries on and below the diagonal of the tiles [size, size], 0 above."""
    full = np.zeros((size, size))
    for i, j in np.ndindex(size, size):
        full[i, j] = A[_place(i, j)] if j // TILE <= i // TILE else 0
    return full


def _place(i, j):
    """Where entry (i, j) stands: whole rows of tiles are before it, then rows of its own."""
    above, within = divmod(i, TILE)
    return TILE * TILE * above * (above + 1) // 2 + within * TILE * (above + 1) + j


def add_block(A, lost, held):
    total = held.T.astype(np.float64) @ held
    for i, j in np.ndindex(*total.shape):
        if j // TILE <= i // TILE:
            A[_place(i, j)] += total[i, j]
    if lost.size:
        A += lost
        lost[:] = 0  # nothing is lost
    return OK
