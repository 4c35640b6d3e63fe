"""Recursive least squares that forgets: the evidence of a stream, read out linearly.

k = A h, Q = g + h.k, B += k (onehot - h B) / Q, A = (A - k k' / Q) / g, with h = [1, x] (Haykin,
"Adaptive filter theory", section 10.3). A is kept symmetric at each step; while it winds up (its
trace above 10 a feature, inputs that do not vary) nothing is forgotten. Where x is longer than A
and B are for, its first ones are heard.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels._jit import helper

_SHARPNESS, _SHARP, _YOUNG = 4.0, 6.0, 500
_WINDING = 10.0


@helper
def sharpness(n):
    """Of the softmax over outputs after n samples: whoever is young is less sure."""
    return _SHARPNESS if n < _YOUNG else _SHARP


@helper
def answer(B, x, n, out):
    """P of each class after n samples: softmax of sharpness (B[0] + x B[1:])."""
    top, total, sharp = -np.inf, 0.0, sharpness(n)
    for c in range(out.size):
        said = B[0, c]
        for j in range(1, B.shape[0]):
            said += x[j - 1] * B[j, c]
        out[c] = sharp * said
        top = max(top, out[c])
    for c in range(out.size):
        out[c] = np.exp(out[c] - top)
        total += out[c]
    for c in range(out.size):
        out[c] /= total


@helper
def learn(A, B, x, label, keep, k):
    """One step; ``keep`` is g, ``k`` work space as long as A."""
    n, trace = k.size, 0.0
    for i in range(n):
        k[i] = A[i, 0]
        for j in range(1, n):
            k[i] += A[i, j] * x[j - 1]
        trace += A[i, i]
    g = keep if trace <= _WINDING * n else 1.0
    Q = g + k[0]
    for j in range(1, n):
        Q += x[j - 1] * k[j]
    for c in range(B.shape[1]):
        missed = (1.0 if c == label else 0.0) - B[0, c]
        for j in range(1, n):
            missed -= x[j - 1] * B[j, c]
        for i in range(n):
            B[i, c] += k[i] * missed / Q
    for i in range(n):
        step = k[i] / Q
        for j in range(i + 1):
            A[i, j] = (A[i, j] - step * k[j]) / g
            A[j, i] = A[i, j]


@helper
def restore(A):
    """Be as plastic as at birth; what was learnt stays."""
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            A[i, j] = 1.0 if i == j else 0.0


@helper
def write(H, slots, B, n):
    """Write the readout on the edges of the class nodes, as it is after n samples."""
    sharp = sharpness(n)
    w, start, bias = h.get_w(H), h.get_start(H), h.get_bias(H)
    for c in range(B.shape[1]):
        at = np.int64(start[slots[c]])
        bias[slots[c]] = np.float32(sharp * B[0, c])
        for j in range(1, B.shape[0]):
            w[at + j - 1] = np.float32(sharp * B[j, c])
