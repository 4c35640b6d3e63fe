"""Forward: activities along the order list, many samples side by side.

A strip is ``V [N_SLOTS, W]``: row = node slot, column = sample. A sweep walks the list from
``first`` to ``last`` and computes each node's row from the rows of its sources: delayed edges
first, then the block in its own sequence, one fma per edge and column, then bias, then the
activation. That one sequence per node is why every strip width, thread count and cut of a batch
gives the same bits.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels.activation import activate, activate_row
from growgraph.kernels.status import OK

_ZERO = np.float32(0)


@helper
def _add_weighted(row, src, w, V):
    """row += sum of w * V[src], edge after edge; four edges a pass over the row."""
    n4 = src.size - src.size % 4
    for e in range(0, n4, 4):
        x0, x1, x2, x3 = V[src[e]], V[src[e + 1]], V[src[e + 2]], V[src[e + 3]]
        w0, w1, w2, w3 = w[e], w[e + 1], w[e + 2], w[e + 3]
        for j in range(row.size):
            row[j] = w3 * x3[j] + (w2 * x2[j] + (w1 * x1[j] + (w0 * x0[j] + row[j])))
    for e in range(n4, src.size):
        x0, w0 = V[src[e]], w[e]
        for j in range(row.size):
            row[j] = w0 * x0[j] + row[j]


@helper
def _match(row, src, w, V, scale):
    """row += -|x - w|^2 * scale."""
    for e in range(src.size):
        x, weight = V[src[e]], w[e]
        for j in range(row.size):
            d = x[j] - weight
            row[j] -= scale * d * d


@helper
def _cosine(row, src, w, V, sharpness, floor):
    """row += sharpness * (w.x / sqrt(|x|^2 + floor) - 1)."""
    dot, norm = np.empty(row.size, np.float32), np.empty(row.size, np.float32)
    for j in range(row.size):
        dot[j], norm[j] = _ZERO, floor
    for e in range(src.size):
        x, weight = V[src[e]], w[e]
        for j in range(row.size):
            dot[j] = weight * x[j] + dot[j]
            norm[j] = x[j] * x[j] + norm[j]
    for j in range(row.size):
        # in float64, because vector code would take an estimate of 1/sqrt that single columns lack
        length = np.sqrt(np.float64(norm[j]))
        cosine = np.float32(np.float64(dot[j]) / length) if norm[j] > _ZERO else _ZERO
        row[j] += sharpness * (cosine - np.float32(1))


@helper
def _median(row, src, w, V):
    """row += median of w * V[src]."""
    values = np.empty(src.size, np.float32)
    for j in range(row.size):
        for e in range(src.size):
            value, at = w[e] * V[src[e], j], e
            while at > 0 and values[at - 1] > value:  # insertion: fan-ins of medians are small
                values[at] = values[at - 1]
                at -= 1
            values[at] = value
        middle = src.size // 2
        if src.size % 2:
            row[j] += values[middle]
        else:
            row[j] += np.float32(0.5) * (values[middle - 1] + values[middle])


@helper
def _select(row, kind, src, w, V):
    """row += the largest, smallest, largest-magnitude w * V[src], or their product."""
    best = np.empty(row.size, np.float32)
    for j in range(row.size):
        best[j] = w[0] * V[src[0], j]
    for e in range(1, src.size):
        x, weight = V[src[e]], w[e]
        for j in range(row.size):
            value, held = weight * x[j], best[j]
            if kind == codes.PRODUCT:
                best[j] = held * value
            elif held != held:
                continue
            elif value != value:
                best[j] = value
            elif kind == codes.MAX:
                best[j] = max(held, value)
            elif kind == codes.MIN:
                best[j] = min(held, value)
            else:
                best[j] = value if abs(value) > abs(held) else held
    for j in range(row.size):
        row[j] += best[j]


@helper
def gather(row, kind, src, w, p0, p1, V):
    """row += what a node of this kind gathers from its block (gates: from all but the first)."""
    if kind == codes.SUM:
        _add_weighted(row, src, w, V)
    elif kind == codes.GATE or kind == codes.QUESTION:
        if src.size > 1:
            _add_weighted(row, src[1:], w[1:], V)
    elif src.size == 0:
        return
    elif kind == codes.MEAN:
        # weights are divided, not the sum, so that delayed edges and bias are not
        share = np.empty(src.size, np.float32)
        for e in range(src.size):
            share[e] = w[e] / np.float32(src.size)
        _add_weighted(row, src, share, V)
    elif kind == codes.MATCH:
        _match(row, src, w, V, np.float32(0.5) / (p0 * p0))
    elif kind == codes.COSINE:
        _cosine(row, src, w, V, p0, p1)
    elif kind == codes.MEDIAN:
        _median(row, src, w, V)
    else:
        _select(row, kind, src, w, V)


@helper
def finish(row, kind, act, src, w, p0, p1, V):
    """Turn a row of gathered values into activities: activation, then the gate."""
    if kind == codes.QUESTION:
        activate_row(codes.SIGN, row, p0, p1)
    else:
        activate_row(act, row, p0, p1)
    if (kind == codes.GATE or kind == codes.QUESTION) and src.size > 0:
        x, weight = V[src[0]], w[0]
        for j in range(row.size):
            row[j] *= weight * x[j]


@helper
def sweep(H, V, P, first, last):
    """Compute the rows of V from slot ``first`` to slot ``last`` of the list (-1: to its end).

    P holds the previous step's activities; with no rows it stands for zeros.
    """
    start, sstart, length = h.get_start(H), h.get_sstart(H), h.get_length(H)
    dstart, dlen, dsrc, dw = h.get_dstart(H), h.get_dlen(H), h.get_dsrc(H), h.get_dw(H)
    kind, act, nxt = h.get_kind(H), h.get_act(H), h.get_nxt(H)
    bias, p0, p1 = h.get_bias(H), h.get_p0(H), h.get_p1(H)
    w, src = h.get_w(H), h.get_src(H)
    node = np.int64(first)
    while node >= 0:
        i = np.uint64(node)
        row = V[i]
        n = np.int64(length[i])
        a, s = start[i], sstart[i]
        sources, weights = src[s : s + n], w[a : a + n]
        if kind[i] != codes.INPUT:
            for j in range(row.size):
                row[j] = bias[i]
            if dlen[i] > 0 and P.shape[0] > 0:
                d = dstart[i]
                _add_weighted(row, dsrc[d : d + dlen[i]], dw[d : d + dlen[i]], P)
            gather(row, kind[i], sources, weights, p0[i], p1[i], V)
        finish(row, kind[i], act[i], sources, weights, p0[i], p1[i], V)
        if node == last:
            return
        node = np.int64(nxt[i])


@kernel(writes=("V", "Y"))
def forward_strips(H, X, inputs, outputs, V, P, Y, first, last, row0, row1):
    """Activities of ``outputs`` for the samples row0 .. row1, a strip of W at a time.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    X : float32 [batch, n_given]
        Values of the first ``n_given`` input nodes; the others are 0.
    inputs, outputs : int32 [n_inputs], [n_outputs]
        Slots.
    V : float32 [N_SLOTS, W]
        Scratch, written.
    P : float32 [N_SLOTS, W] or [0, W]
        Previous activities (the same for each strip), or none.
    Y : float32 [batch, n_outputs]
        Result, written in rows row0 .. row1.
    first, last : int64
        Slots between which the list is swept; last = -1: to the end.
    row0, row1 : int64
        Range of samples.

    Returns
    -------
    int64
        OK.
    """
    width = V.shape[1]
    for b in range(row0, row1, width):
        count = min(width, row1 - b)
        for i in range(inputs.size):
            row = V[np.uint64(inputs[i])]
            given = count if i < X.shape[1] else 0
            for j in range(given):
                row[j] = X[b + j, i]
            for j in range(given, width):
                row[j] = _ZERO
        sweep(H, V, P, first, last)
        for o in range(outputs.size):
            row = V[np.uint64(outputs[o])]
            for j in range(count):
                Y[b + j, o] = row[j]
    return OK


@kernel(writes=("A", "B", "Y"))
def run_steps(H, X, inputs, outputs, A, B, Y):
    """Step through time: delayed edges read the step before; A and B take turns.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    X : float32 [steps, batch, n_inputs]
        Values of the input nodes.
    inputs, outputs : int32 [n_inputs], [n_outputs]
        Slots.
    A : float32 [N_SLOTS, batch]
        State before the first step; written.
    B : float32 [N_SLOTS, batch]
        Written. After an even number of steps the state is in A, else in B.
    Y : float32 [steps, batch, n_outputs]
        Result, written.

    Returns
    -------
    int64
        OK.
    """
    for t in range(X.shape[0]):
        previous, current = (A, B) if t % 2 == 0 else (B, A)
        for i in range(inputs.size):
            row = current[np.uint64(inputs[i])]
            for j in range(row.size):
                row[j] = X[t, j, i]
        sweep(H, current, previous, H[h.HEAD], -1)
        for o in range(outputs.size):
            row = current[np.uint64(outputs[o])]
            for j in range(row.size):
                Y[t, j, o] = row[j]
    return OK


@helper
def _dot(src, w, v):
    """Sum of w * v[src] in four interleaved partial sums."""
    a = b = c = d = _ZERO
    n4 = src.size - src.size % 4
    for e in range(0, n4, 4):
        a += w[e] * v[src[e]]
        b += w[e + 1] * v[src[e + 1]]
        c += w[e + 2] * v[src[e + 2]]
        d += w[e + 3] * v[src[e + 3]]
    for e in range(n4, src.size):
        a += w[e] * v[src[e]]
    return (a + b) + (c + d)


@kernel(writes=("V", "y"))
def forward_one(H, x, inputs, outputs, V, P, y):
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

    Returns
    -------
    int64
        OK.
    """
    start, sstart, length = h.get_start(H), h.get_sstart(H), h.get_length(H)
    dlen, kind, act, nxt = h.get_dlen(H), h.get_kind(H), h.get_act(H), h.get_nxt(H)
    bias, p0, p1, w, src = h.get_bias(H), h.get_p0(H), h.get_p1(H), h.get_w(H), h.get_src(H)
    for i in range(inputs.size):
        V[np.uint64(inputs[i]), 0] = x[i]
    v = V[:, 0]
    node = H[h.HEAD]
    while node >= 0:
        i = np.uint64(node)
        if kind[i] == codes.SUM and dlen[i] == 0:
            n, s, a = np.int64(length[i]), sstart[i], start[i]
            value = bias[i] + _dot(src[s : s + n], w[a : a + n], v)
            v[i] = activate(act[i], value, p0[i], p1[i])
        else:
            sweep(H, V, P, node, node)
        node = np.int64(nxt[i])
    for o in range(outputs.size):
        y[o] = v[np.uint64(outputs[o])]
    return OK
