"""Forward: activities along the order list, many samples side by side.

A strip is ``V [N_SLOTS, W]``: row = node slot, column = sample. A sweep walks the list from
``first`` to ``last`` and computes each node's row from the rows of its sources: bias, delayed
edges, then the block in its own sequence, one fma per edge and column, then the activation. That
one sequence per node is why every strip width, bundle, thread count and cut of a batch gives the
same bits.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, inlined, kernel
from growgraph.kernels._lanes import WIDE
from growgraph.kernels._simd import at, bare
from growgraph.kernels._turn import turn_in, turn_out
from growgraph.kernels.activation import activate_row
from growgraph.kernels.bundle import MOST_ROWS, add_four, add_six, is_follower
from growgraph.kernels.gather import add_block, add_weighted, gather_other
from growgraph.kernels.status import OK

_ZERO = np.float32(0)
_NEAR_BYTES = 3 << 19  # a strip up to this size is near enough to be read without asking ahead


@helper
def _begin(H, V, P, i):
    """Row i = bias + what its delayed edges carry from P; with no rows P stands for zeros."""
    row, bias = V[i], h.get_bias(H)[i]
    for j in range(row.size):
        row[j] = bias
    if H[h.N_DELAYED] > 0 and P.shape[0] > 0:
        n, d = np.uint64(h.get_dlen(H)[i]), np.uint64(h.get_dstart(H)[i])
        add_weighted(V, i, h.get_dsrc(H), d, n, h.get_dw(H), d, P)


@helper
def _activate(H, V, i):
    """Turn a row of gathered values into activities: activation, then the gate."""
    kind, row = h.get_kind(H)[i], V[i]
    gated = kind == codes.GATE or kind == codes.QUESTION
    act = codes.SIGN if kind == codes.QUESTION else np.int64(h.get_act(H)[i])
    activate_row(act, row, h.get_p0(H)[i], h.get_p1(H)[i])
    if gated and h.get_length(H)[i] > 0:
        x = V[at(h.get_src(H), h.get_sstart(H)[i])]
        weight = at(h.get_w(H), h.get_start(H)[i])
        for j in range(row.size):
            row[j] *= weight * x[j]


@inlined
def _finish(H, V, i):
    """:func:`_activate` where there is something to do."""
    if at(h.get_act(H), i) != codes.IDENTITY or at(h.get_kind(H), i) >= codes.GATE:
        _activate(H, V, i)


@helper
def compute(H, V, P, i):
    """Row i from the rows of its sources, whatever node it is."""
    kind = h.get_kind(H)[i]
    if kind != codes.INPUT:
        _begin(H, V, P, i)
        if kind == codes.SUM:
            n, s, a = _block(H, i)
            add_weighted(V, i, h.get_src(H), s, n, h.get_w(H), a, V)
        else:
            gather_other(H, V, i)
    _finish(H, V, i)


@inlined
def _block(H, i):
    """Fan-in, first place in src and first place in w of node i."""
    return (
        np.uint64(at(h.get_length(H), i)),
        np.uint64(at(h.get_sstart(H), i)),
        np.uint64(at(h.get_start(H), i)),
    )


@helper
def _sum_up(H, V, P, node, last, tiles, late, end):
    """Compute SUM nodes one by one from ``node``; returns the first that is none, -1 when done.

    With ``tiles`` those of a bundle count as none; with ``late`` delayed edges are read from P.
    """
    kind, flags, nxt, bias = h.get_kind(H), h.get_flags(H), h.get_nxt(H), h.get_bias(H)
    src, w = h.get_src(H), h.get_w(H)
    while node >= 0:
        i = np.uint64(node)
        if at(kind, i) == codes.SUM and not (tiles and at(flags, i) & codes.SHARED != 0):
            if late:
                _begin(H, V, P, i)
            n, s, a = _block(H, i)
            add_block(V, i, src, s, n, w, a, V, not late, at(bias, i), end)
        elif at(kind, i) != codes.INPUT:
            return node
        _finish(H, V, i)
        node = np.int64(-1) if node == last else np.int64(at(nxt, i))
    return node


@helper
def _find_mates(H, node, mates):
    """How many are computed at once, node and its next of a bundle: 0, 4 or as many as fit.

    Their slots are put in ``mates``.
    """
    nxt, i = h.get_nxt(H), np.uint64(node)
    if h.get_flags(H)[i] & codes.SHARED == 0 or h.get_kind(H)[i] != codes.SUM:
        return 0
    mates[0] = node
    for k in range(mates.size - 1):
        mate = np.int64(nxt[mates[k]])
        if not is_follower(H, i, mate):
            return 4 if k >= 3 else 0
        mates[k + 1] = mate
    return mates.size


@inlined
def _places(start, mates):
    """Slots of four nodes and their first places in w."""
    i = (np.uint64(mates[0]), np.uint64(mates[1]), np.uint64(mates[2]), np.uint64(mates[3]))
    return i, (
        np.uint64(start[i[0]]),
        np.uint64(start[i[1]]),
        np.uint64(start[i[2]]),
        np.uint64(start[i[3]]),
    )


@inlined
def _compute_bundle(H, V, P, mates, count, fresh):
    """Rows of the first ``count`` of mates; with ``fresh`` no delayed edge is read."""
    start, src, w, bias = h.get_start(H), h.get_src(H), h.get_w(H), h.get_bias(H)
    n, s, _ = _block(H, np.uint64(mates[0]))
    rows, a = _places(start, mates)
    if not fresh:
        for k in range(count):
            _begin(H, V, P, np.uint64(mates[k]))
    if WIDE:
        add_four(V, rows, src, s, n, w, a, bias, fresh)
    elif count == 4:
        add_four(V, rows, src, s, n, w, a, bias, fresh)
    else:
        i, j = np.uint64(mates[4]), np.uint64(mates[5])
        six = (rows[0], rows[1], rows[2], rows[3], i, j)
        b = (a[0], a[1], a[2], a[3], np.uint64(start[i]), np.uint64(start[j]))
        add_six(V, six, src, s, n, w, b, bias, fresh)
    for k in range(count):
        _finish(H, V, np.uint64(mates[k]))


@inlined
def sweep(H, V, P, first, last):
    """Compute the rows of V from slot ``first`` to slot ``last`` of the list (-1: to its end).

    P holds the previous step's activities; with no rows it stands for zeros. A bundle may take
    rows behind ``last`` along, whose sources are the same.
    """
    nxt, width = h.get_nxt(H), V.shape[1]
    tiles = width % 16 == 0
    mates = np.empty(MOST_ROWS if width & (width - 1) == 0 else 4, np.int64)
    late = H[h.N_DELAYED] > 0 and P.shape[0] > 0
    end = np.uint64(H[h.SPOOL_USED] - 1) if V.size * 4 > _NEAR_BYTES else np.uint64(0)
    node = np.int64(first)
    while node >= 0:
        node = _sum_up(H, V, P, node, last, tiles, late, end)
        if node < 0:
            return
        count = _find_mates(H, node, mates) if tiles else 0
        if count > 0:
            _compute_bundle(H, V, P, mates, count, not late)
            for k in range(count - 1):
                if last == mates[k]:
                    return
            node = mates[count - 1]
        else:
            compute(H, V, P, np.uint64(node))
        node = np.int64(-1) if node == last else np.int64(nxt[np.uint64(node)])


@kernel(writes=("V",))
def sweep_strip(H, V, P, first, last):
    """Compute the rows of one strip whose input rows are filled.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    V : float32 [N_SLOTS, W]
        Rows of inputs given; all rows that are swept are written.
    P : float32 [N_SLOTS, W] or [0, W]
        Previous activities, or none.
    first, last : int64
        Slots between which the list is swept; last = -1: to the end.

    Returns
    -------
    int64
        OK.
    """
    sweep(bare(H), bare(V), bare(P), first, last)
    return OK


@helper
def _fill(X, b, count, inputs, V):
    """Rows of inputs from the samples b .. b + count; 0 where there are no more of either."""
    width, n, given = V.shape[1], inputs.size, X.shape[1]
    whole_rows, whole_inputs = count - count % 16, given - given % 16
    for j in range(0, whole_rows, 16):
        for i in range(0, whole_inputs, 16):
            turn_in(X, b + j, i, V, inputs, j)
    for i in range(n):
        row = V[np.uint64(inputs[i])]
        first = whole_rows if i < whole_inputs else 0
        last = count if i < given else 0
        for j in range(first, last):
            row[j] = X[b + j, i]
        for j in range(max(first, last), width):
            row[j] = _ZERO


@helper
def _read(Y, b, count, outputs, V):
    """Samples b .. b + count of the rows of outputs."""
    n = outputs.size
    whole_rows, whole_outputs = count - count % 16, n - n % 16
    for j in range(0, whole_rows, 16):
        for o in range(0, whole_outputs, 16):
            turn_out(Y, b + j, o, V, outputs, j)
    for o in range(n):
        row = V[np.uint64(outputs[o])]
        for j in range(whole_rows if o < whole_outputs else 0, count):
            Y[b + j, o] = row[j]


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
    H, X, V, P, Y = bare(H), bare(X), bare(V), bare(P), bare(Y)
    inputs, outputs = bare(inputs), bare(outputs)
    width = V.shape[1]
    for b in range(row0, row1, width):
        count = min(width, row1 - b)
        _fill(X, b, count, inputs, V)
        sweep(H, V, P, first, last)
        _read(Y, b, count, outputs, V)
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
    A : float32 [N_SLOTS, W]
        State before the first step, W >= batch; written.
    B : float32 [N_SLOTS, W]
        Written. After an even number of steps the state is in A, else in B.
    Y : float32 [steps, batch, n_outputs]
        Result, written.

    Returns
    -------
    int64
        OK.
    """
    H, X, A, B, Y = bare(H), bare(X), bare(A), bare(B), bare(Y)
    inputs, outputs = bare(inputs), bare(outputs)
    for t in range(X.shape[0]):
        previous, current = (A, B) if t % 2 == 0 else (B, A)
        _fill(X[t], 0, X.shape[1], inputs, current)
        sweep(H, current, previous, H[h.HEAD], -1)
        _read(Y[t], 0, X.shape[1], outputs, current)
    return OK
