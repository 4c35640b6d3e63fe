"""Twin of kernels/glimpse.py: patches by slicing, pooling by a matrix."""

import numpy as np

from growgraph.kernels.status import OK


def cut(images, patch, pad, softening, out):
    for b, image in enumerate(images):
        padded = np.pad(image / (image.max() or 1), pad)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (patch, patch))
        patches = windows.reshape(-1, patch * patch)
        away = patches - patches.mean(axis=1, keepdims=True)
        out[b] = away / np.sqrt((away**2).sum(axis=1, keepdims=True) + softening)
    return OK


def pool(S, down, across, out):
    grid = S.reshape(S.shape[0], down.shape[0], across.shape[0], S.shape[2])
    cells = np.einsum("byxc,yg,xh->bghc", grid, down, across)
    out[:] = np.sqrt(cells).reshape(out.shape)
    return OK


def seek(glimpses, spots, concepts, vigilance, least, state):
    while state[0] < len(spots):
        p = glimpses[spots[state[0]]]
        state[0] += 1
        away = p - p.mean()
        size = np.linalg.norm(away)
        if size < least:
            continue
        known = concepts[: state[1]] @ (away / size)
        if known.max(initial=-1.0) < vigilance:
            concepts[state[1]] = away / size
            state[1] += 1
            return 1
    return OK
