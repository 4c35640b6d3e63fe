"""Twin of kernels/pivot.py: what is left of A and c is worked out in full after each choice."""

import numpy as np


def choose(A, c, d, floor, allowed, most, lowest, rows, chosen, gains):
    A, total, sign = A.copy(), 0.0, 1 if lowest else -1
    for s in range(chosen.size):
        left = np.diag(A)
        fit = [j for j in np.flatnonzero(allowed) if left[j] > floor[j]]
        worth = {j: c[j] @ c[j] / left[j] for j in fit}
        j = min(fit, key=lambda j: sign * worth[j], default=None)
        if j is None or total + worth[j] > most:
            return s
        total += worth[j]
        chosen[s], gains[s], allowed[j] = j, worth[j], False
        rows[s] = A[j] / np.sqrt(A[j, j])
        c -= np.outer(A[j], c[j]) / A[j, j]
        A -= np.outer(A[j], A[j]) / A[j, j]
        d[:] = np.diag(A)
    return chosen.size
