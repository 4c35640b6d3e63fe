"""Evidence: coincidences of nodes with classes, the sums from which the readout is solved.

A += h h', B += h t'. W = (A + lambda I)^-1 B is the fixed point of the local relaxation
w_ic = (b_ic - sum_{j != i} A_ij w_jc) / (A_ii + lambda), node after node: ridge regression.
"""

import numpy as np

from growgraph.kernels._jit import helper


@helper
def add_coincidence(A, B, x, target):
    """A += x x' (lower triangle), B += x target', in float64, in the sequence of the samples."""
    for i in range(x.size):
        xi = np.float64(x[i])
        if xi == 0:
            continue
        row = A[i]
        for j in range(i + 1):
            row[j] += xi * np.float64(x[j])
        for c in range(target.size):
            B[i, c] += xi * target[c]


@helper
def read_out(W, x, out):
    """out = W' x."""
    for c in range(out.size):
        out[c] = 0.0
    for i in range(x.size):
        xi = np.float64(x[i])
        if xi != 0:
            for c in range(out.size):
                out[c] += xi * W[i, c]


@helper
def softmax(s, out):
    """out = exp(s - max s), normalised."""
    top = s[0]
    for c in range(1, s.size):
        top = max(top, s[c])
    total = 0.0
    for c in range(s.size):
        out[c] = np.exp(s[c] - top)
        total += out[c]
    for c in range(s.size):
        out[c] /= total
