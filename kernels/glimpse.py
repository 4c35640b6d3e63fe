"""Glimpses: what patch concepts make of every place of an image, pooled into parts.

A row of places is cut, matched and pooled while it is in the first cache, sixteen columns as one
value. Each image is taken alone, so its parts do not depend on what else is in the batch.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels._jit import helper, inlined, kernel
from growgraph.kernels._lanes import LANES, WIDE
from growgraph.kernels._simd import (
    at,
    bare,
    fma,
    less,
    load,
    plus,
    splat,
    store,
    times,
    total,
    where_positive,
)
from growgraph.kernels.status import OK

_BLANK = 1e-300  # an image no brighter than this is blank
TILE = 4  # concepts matched side by side
_ONE, _ZERO = np.float32(1), np.float32(0)


@inlined
def _tap_of(inputs, source, guess):
    """Place of a source among the inputs, most likely ``guess``; -1 if it is none of them."""
    if guess < inputs.size and inputs[guess] == source:
        return guess
    for i in range(inputs.size):
        if inputs[i] == source:
            return i
    return -1


@inlined
def _learnt(H, concepts, inputs, w):
    """Weights and, behind them, the bias of each concept as they stand in the graph; 0 beyond."""
    start, sstart, length = h.get_start(H), h.get_sstart(H), h.get_length(H)
    weights, src, bias, taps = h.get_w(H), h.get_src(H), h.get_bias(H), inputs.size
    for i in range(w.size):
        w[i] = _ZERO
    for k in range(concepts.size):
        slot, first = concepts[k], k * (taps + 1)
        w[first + taps] = bias[slot]
        for e in range(length[slot]):
            tap = _tap_of(inputs, src[sstart[slot] + e], e)
            if tap >= 0:
                w[first + tap] += weights[start[slot] + e]


@inlined
def _lay(images, b, pad, sheet):
    """An image divided by its maximum, on the zeros of ``sheet``."""
    top = 0.0
    for y in range(images.shape[1]):
        for x in range(images.shape[2]):
            pixel = images[b, y, x]
            top = pixel if pixel > top else top
    scale = 1 / top if top > _BLANK else 0.0
    for y in range(images.shape[1]):
        for x in range(images.shape[2]):
            pixel = images[b, y, x]
            sheet[pad + y, pad + x] = pixel * scale if pixel > 0 else 0.0


@inlined
def _cut(sheet, y, patch, softening, Q):
    """Q[tap] = (p - mean) / sqrt(|p - mean|^2 + softening) of the places of row y, side by side.

    The last row of Q is scratch.
    """
    taps = patch * patch
    share = splat(_ONE / np.float32(taps))
    for c in range(0, Q.shape[1], LANES):
        mean = splat(_ZERO)
        for dy in range(patch):
            for dx in range(patch):
                mean = plus(mean, load(sheet, y + dy, c + dx))
        mean = times(mean, share)
        energy, tap = splat(softening), 0
        for dy in range(patch):
            for dx in range(patch):
                away = less(load(sheet, y + dy, c + dx), mean)
                energy = fma(away, away, energy)
                store(Q, tap, c, away)
                tap += 1
        store(Q, taps, c, energy)
    for x in range(Q.shape[1]):
        Q[taps, x] = _ONE / np.sqrt(Q[taps, x])
    for tap in range(taps):
        for c in range(0, Q.shape[1], LANES):
            store(Q, tap, c, times(load(Q, tap, c), load(Q, taps, c)))


@inlined
def _four(k, width):
    """Where the weights of concepts k .. k + 3 begin."""
    first = k * width
    return first, first + width, first + 2 * width, first + 3 * width


@inlined
def _rectified(v):
    return where_positive(v, v, splat(_ZERO))


@inlined
def _add_32(T, i, c, weight, v):
    store(T, i, c, fma(weight, v[0], load(T, i, c)))
    store(T, i, c + LANES, fma(weight, v[1], load(T, i, c + LANES)))


@inlined
def _match_32(Q, c, w, k, cells, down, y, T, step):
    """Four concepts at 32 places of row y, added to the rows of T of the cells they lie in."""
    taps = Q.shape[0] - 1
    w0, w1, w2, w3 = _four(k, taps + 1)
    p0 = p1 = splat(at(w, w0 + taps))
    q0 = q1 = splat(at(w, w1 + taps))
    r0 = r1 = splat(at(w, w2 + taps))
    t0 = t1 = splat(at(w, w3 + taps))
    for tap in range(taps):
        x0, x1 = load(Q, tap, c), load(Q, tap, c + LANES)
        weight = splat(at(w, w0 + tap))
        p0, p1 = fma(weight, x0, p0), fma(weight, x1, p1)
        weight = splat(at(w, w1 + tap))
        q0, q1 = fma(weight, x0, q0), fma(weight, x1, q1)
        weight = splat(at(w, w2 + tap))
        r0, r1 = fma(weight, x0, r0), fma(weight, x1, r1)
        weight = splat(at(w, w3 + tap))
        t0, t1 = fma(weight, x0, t0), fma(weight, x1, t1)
    p, q = (_rectified(p0), _rectified(p1)), (_rectified(q0), _rectified(q1))
    r, t = (_rectified(r0), _rectified(r1)), (_rectified(t0), _rectified(t1))
    for g in range(cells[y, 0], cells[y, 1]):
        weight, row = splat(down[y, g]), g * step + k
        _add_32(T, row, c, weight, p)
        _add_32(T, row + 1, c, weight, q)
        _add_32(T, row + 2, c, weight, r)
        _add_32(T, row + 3, c, weight, t)


@inlined
def _match_16(Q, c, w, k, cells, down, y, T, step):
    """The same at 16 places: what is left, and what AVX2 has registers for."""
    taps = Q.shape[0] - 1
    w0, w1, w2, w3 = _four(k, taps + 1)
    p, q = splat(at(w, w0 + taps)), splat(at(w, w1 + taps))
    r, t = splat(at(w, w2 + taps)), splat(at(w, w3 + taps))
    for tap in range(taps):
        x = load(Q, tap, c)
        p, q = fma(splat(at(w, w0 + tap)), x, p), fma(splat(at(w, w1 + tap)), x, q)
        r, t = fma(splat(at(w, w2 + tap)), x, r), fma(splat(at(w, w3 + tap)), x, t)
    p, q, r, t = _rectified(p), _rectified(q), _rectified(r), _rectified(t)
    for g in range(cells[y, 0], cells[y, 1]):
        weight, row = splat(down[y, g]), g * step + k
        store(T, row, c, fma(weight, p, load(T, row, c)))
        store(T, row + 1, c, fma(weight, q, load(T, row + 1, c)))
        store(T, row + 2, c, fma(weight, r, load(T, row + 2, c)))
        store(T, row + 3, c, fma(weight, t, load(T, row + 3, c)))


@helper
def _match(Q, w, cells, down, y, T, step):
    """All concepts at all places of row y."""
    width = Q.shape[1]
    for k in range(0, step, TILE):
        c = 0
        if WIDE:
            while c + 2 * LANES <= width:
                _match_32(Q, c, w, k, cells, down, y, T, step)
                c += 2 * LANES
        while c < width:
            _match_16(Q, c, w, k, cells, down, y, T, step)
            c += LANES


@inlined
def _gather(T, across, concepts, step, b, out):
    """Square roots of the sums over the columns of each cell; columns of no place weigh 0."""
    grid = across.shape[0]
    for g in range(grid):
        for k in range(concepts):
            for column in range(grid):
                v = splat(_ZERO)
                for c in range(0, T.shape[1], LANES):
                    v = fma(load(T, g * step + k, c), load(across, column, c), v)
                out[b, (g * grid + column) * concepts + k] = np.sqrt(total(v))


@inlined
def _empty(T):
    for i in range(T.shape[0]):
        for c in range(0, T.shape[1], LANES):
            store(T, i, c, splat(_ZERO))


@kernel(writes=("w", "sheet", "Q", "T", "out"))
def parts(H, concepts, inputs, images, pad, softening, down, cells, across, w, sheet, Q, T, out):
    """Parts: sqrt(sum over places of their share in a cell * relu(bias + w . q)).

    q = (p - mean) / sqrt(|p - mean|^2 + softening), p a patch of the image divided by its maximum;
    w and bias are read from the graph, where each concept is a relu node over the inputs.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    concepts : int32 [concepts]
        Slots.
    inputs : int32 [patch * patch]
        Slots of the pixels of a patch, row by row.
    images : float64 [batch, rows, columns]
        What is negative counts as 0; a blank image stays 0.
    pad : int64
        Zeros added around an image.
    softening : float32
    down : float32 [rows of places, grid]
        Share of a row in the cells.
    cells : int64 [rows of places, 2]
        From which cell to which a row has a share.
    across : float32 [grid, width]
        Share of a column in the cells; width is the columns of places up to a multiple of 16, and
        those of no place have none.
    w : float32 [concepts up to a multiple of TILE * (patch * patch + 1)]
        Scratch.
    sheet : float32 [rows + 2 * pad, at least width + patch - 1]
        Scratch, 0.
    Q : float32 [patch * patch + 1, width]
        Scratch.
    T : float32 [grid * concepts up to a multiple of TILE, width]
        Scratch.
    out : float32 [batch, grid * grid * concepts]
        Written; cell by cell.

    Returns
    -------
    int64
        OK.
    """
    sheet, Q, T, w, cells, down = bare(sheet), bare(Q), bare(T), bare(w), bare(cells), bare(down)
    patch = sheet.shape[0] - down.shape[0] + 1
    step = w.size // (inputs.size + 1)
    _learnt(H, concepts, inputs, w)
    for b in range(images.shape[0]):
        _lay(images, b, pad, sheet)
        _empty(T)
        for y in range(down.shape[0]):
            _cut(sheet, y, patch, softening, Q)
            _match(Q, w, cells, down, y, T, step)
        _gather(T, across, concepts.size, step, b, out)
    return np.int64(OK)


@kernel(writes=("concepts", "state"))
def seek(glimpses, spots, concepts, vigilance, least, state):
    """Look at glimpses until one resonates with no concept: r = max w.q < vigilance.

    Parameters
    ----------
    glimpses : float64 [places, width]
        Raw patches of one image.
    spots : int64 [looks]
        Places looked at, in sequence.
    concepts : float64 [room, width]
        The concepts so far, unit vectors; a new one is written behind them.
    vigilance, least : float64
        Least resonance that is known; least length of p - mean that is looked at.
    state : int64 [2]
        The next look and the number of concepts; written.

    Returns
    -------
    int64
        1 if a concept was found (it is the last), else 0.
    """
    width = glimpses.shape[1]
    q = np.empty(width)
    while state[0] < spots.size:
        p = glimpses[spots[state[0]]]
        state[0] += 1
        mean = p.sum() / width
        energy = 0.0
        for i in range(width):
            q[i] = p[i] - mean
            energy += q[i] * q[i]
        size = np.sqrt(energy)
        if size < least:
            continue
        known = -1.0
        for c in range(state[1]):
            r = 0.0
            for i in range(width):
                r += concepts[c, i] * q[i]
            known = max(known, r / size)
        if known < vigilance:
            for i in range(width):
                concepts[state[1], i] = q[i] / size
            state[1] += 1
            return np.int64(1)
    return np.int64(OK)
