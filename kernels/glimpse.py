"""Glimpses: the patches of an image, centred and normalised, and their pooling into parts."""

import numpy as np

from growgraph.kernels._jit import kernel
from growgraph.kernels.status import OK

_BLANK = 1e-300  # an image no brighter than this is blank


@kernel(writes=("out",))
def cut(images, patch, pad, softening, out):
    """All patches of images divided by their maximum: (p - mean) / sqrt(|p - mean|^2 + softening).

    Parameters
    ----------
    images : float64 [batch, rows, columns]
        Not negative; a blank image stays 0.
    patch, pad : int64
        Side of a patch, zeros added around an image.
    softening : float64
    out : float32 [batch, places, patch * patch]
        Written.

    Returns
    -------
    int64
        OK.
    """
    rows, columns = images.shape[1], images.shape[2]
    across = columns + 2 * pad - patch + 1
    p = np.empty(patch * patch)
    for b in range(images.shape[0]):
        image = images[b]
        top = 0.0
        for y in range(rows):
            for x in range(columns):
                top = max(top, image[y, x])
        scale = 1 / top if top > _BLANK else 0.0
        for place in range(out.shape[1]):
            y0, x0 = place // across - pad, place % across - pad
            mean = 0.0
            for i in range(patch * patch):
                y, x = y0 + i // patch, x0 + i % patch
                inside = 0 <= y and y < rows and 0 <= x and x < columns
                p[i] = image[y, x] * scale if inside else 0.0
                mean += p[i]
            mean /= p.size
            energy = softening
            for i in range(p.size):
                p[i] -= mean
                energy += p[i] * p[i]
            norm = 1 / np.sqrt(energy)
            for i in range(p.size):
                out[b, place, i] = p[i] * norm
    return OK


@kernel(writes=("out",))
def pool(S, down, across, out):
    """Parts: square root of the bilinear sum of patch activities over a grid of cells.

    Parameters
    ----------
    S : float32 [batch, places, concepts]
        Activities of the patch concepts, not negative; places row by row.
    down, across : float64 [rows of places, grid], [columns of places, grid]
        Bilinear weights.
    out : float32 [batch, grid * grid * concepts]
        Written; cell by cell.

    Returns
    -------
    int64
        OK.
    """
    grid, concepts = down.shape[1], S.shape[2]
    held = np.empty(grid * grid * concepts)
    for b in range(S.shape[0]):
        held[:] = 0.0
        for place in range(S.shape[1]):
            y, x = place // across.shape[0], place % across.shape[0]
            for gy in range(grid):
                for gx in range(grid):
                    weight = down[y, gy] * across[x, gx]
                    if weight != 0:
                        at = (gy * grid + gx) * concepts
                        for c in range(concepts):
                            held[at + c] += weight * S[b, place, c]
        for i in range(held.size):
            out[b, i] = np.sqrt(held[i])
    return OK


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
