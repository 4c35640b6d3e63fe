"""Forward of one sample: along the whole list, or on the way to a few nodes."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import inlined, kernel
from growgraph.kernels._lanes import GATHERS
from growgraph.kernels._simd import at, bare, fma, gather, prefetch_at, splat, take, total
from growgraph.kernels.activation import activate
from growgraph.kernels.propagate import compute
from growgraph.kernels.status import OK

_ZERO = np.float32(0)
_AHEAD = np.uint64(128)  # entries of the pools that are asked for before they are read


@inlined
def _dot(src, s, n, w, a, v):
    """Sum of w * v over a block: sixteen partial sums where gathers pay, then four, then one."""
    p = q = r = t = _ZERO
    e, four, sixteen = np.uint64(0), np.uint64(4), np.uint64(16)
    if GATHERS and n >= sixteen:
        sums = splat(_ZERO)
        while e + sixteen <= n:
            prefetch_at(w, a + e + _AHEAD)
            prefetch_at(src, s + e + _AHEAD)
            sums = fma(take(w, a + e), gather(v, src, s + e), sums)
            e += sixteen
        p = total(sums)
    while e + four <= n:
        p = fma(at(w, a + e), at(v, at(src, s + e)), p)
        q = fma(at(w, a + e + 1), at(v, at(src, s + e + 1)), q)
        r = fma(at(w, a + e + 2), at(v, at(src, s + e + 2)), r)
        t = fma(at(w, a + e + 3), at(v, at(src, s + e + 3)), t)
        e += four
    while e < n:
        p = fma(at(w, a + e), at(v, at(src, s + e)), p)
        e += np.uint64(1)
    return (p + q) + (r + t)


@inlined
def compute_one(H, V, v, P, i, late):
    """Compute node i of v, the one column of V."""
    kind, act = at(h.get_kind(H), i), at(h.get_act(H), i)
    if kind == codes.SUM and not late:
        n, s = np.uint64(at(h.get_length(H), i)), np.uint64(at(h.get_sstart(H), i))
        a = np.uint64(at(h.get_start(H), i))
        value = at(h.get_bias(H), i) + _dot(h.get_src(H), s, n, h.get_w(H), a, v)
        if act != codes.IDENTITY:
            value = activate(act, value, at(h.get_p0(H), i), at(h.get_p1(H), i))
        v[i] = value
    elif kind != codes.INPUT or act != codes.IDENTITY:
        compute(H, V, P, i)


@inlined
def sweep_one(H, V, v, P, first):
    """Compute v, the one column of V, along the list from slot ``first``."""
    nxt, late = h.get_nxt(H), H[h.N_DELAYED] > 0 and P.shape[0] > 0
    node = np.int64(first)
    while node >= 0:
        i = np.uint64(node)
        compute_one(H, V, v, P, i, late)
        node = np.int64(at(nxt, i))


@kernel(writes=("V", "y"))
def forward_one(H, x, inputs, outputs, V, P, y, first):
    """One sample, walking the list; agrees with the strips to 1e-5, not bit for bit.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    x : float32 [n_inputs]
        Values of the input nodes.
    inputs, outputs : int32 [n_inputs], [n_outputs]
        Slots.
    V : float32 [N_SLOTS, 1]
        Scratch, written.
    P : float32 [N_SLOTS, 1] or [0, 1]
        Previous activities, or none.
    y : float32 [n_outputs]
        Result, written.
    first : int64
        Slot from which the list is swept.

    Returns
    -------
    int64
        OK.
    """
    H, V, P = bare(H), bare(V), bare(P)
    v = V.reshape(V.size)
    for i in range(inputs.size):
        v[np.uint64(inputs[i])] = x[i]
    sweep_one(H, V, v, P, first)
    for o in range(outputs.size):
        y[o] = v[np.uint64(outputs[o])]
    return OK


@kernel(writes=("V", "Y"))
def visit(H, X, inputs, nodes, outputs, columns, V, Y):
    """Activities of a few nodes, sample after sample, computing no others than lead to them.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    X : float32 [batch, n_inputs]
        Values of the input nodes.
    inputs : int32 [n_inputs]
        Slots.
    nodes : int32 [n_nodes]
        Slots in running order: all that lead to the outputs, these included.
    outputs : int32 [n_outputs]
        Slots.
    columns : int64 [n_outputs]
        Where each output stands in a row of Y.
    V : float32 [N_SLOTS, 1]
        Scratch, written.
    Y : float32 [batch, width]
        Result, written in ``columns``.

    Returns
    -------
    int64
        OK.
    """
    H, V, X, Y = bare(H), bare(V), bare(X), bare(Y)
    v = V.reshape(V.size)
    for b in range(X.shape[0]):
        for i in range(inputs.size):
            v[np.uint64(inputs[i])] = X[b, i]
        for k in range(nodes.size):
            compute_one(H, V, v, V[:0], np.uint64(nodes[k]), False)
        for o in range(outputs.size):
            Y[b, columns[o]] = v[np.uint64(outputs[o])]
    return OK
