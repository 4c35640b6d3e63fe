"""Twin of kernels/glimpse.py: patches by slicing, concepts and cells by matrix products."""

import numpy as np

from growgraph.kernels.status import OK


def parts(g, concepts, inputs, images, pad, softening, down, cells, across, w, sheet, Q, T, out):
    place = {g.at(slot).id: i for i, slot in enumerate(inputs)}
    grid, width = across.shape
    W = w.reshape(-1, inputs.size + 1)
    W[:] = 0
    for row, slot in zip(W, concepts):
        row[-1] = g.at(slot).bias
        for source, weight, _ in g.at(slot).edges:
            row[place[source]] = weight
    side = int(np.sqrt(inputs.size))
    for b, image in enumerate(np.maximum(images, 0)):
        rows, columns = image.shape
        sheet[pad : pad + rows, pad : pad + columns] = image / (image.max() or 1)
        patches = np.lib.stride_tricks.sliding_window_view(sheet, (side, side))[:, :width]
        patches = patches.reshape(len(down), width, side * side)
        away = patches - patches.mean(axis=2, keepdims=True)
        norm = 1 / np.sqrt((away**2).sum(axis=2) + softening)
        glimpses = away * norm[:, :, None]
        heard = np.maximum(glimpses @ W[:, :-1].T + W[:, -1], 0)
        T[:] = np.einsum("yxc,yg->gcx", heard, down).reshape(T.shape)
        Q[:-1], Q[-1] = glimpses[-1].T, norm[-1]
        sums = T.reshape(grid, -1, width)[:, : concepts.size] @ across.T
        out[b] = np.sqrt(sums).transpose(0, 2, 1).ravel()
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
