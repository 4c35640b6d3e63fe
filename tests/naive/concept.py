"""Twin of kernels/concept.py: a class concept as a Gaussian with a few known directions."""

import numpy as np

from growgraph.kernels.status import OK


def resonance(x, mean, directions, lengths, delta):
    """Log-density of x without its constant; ``lengths``: variance along each direction."""
    u = x - mean
    along = np.array([u @ v / np.linalg.norm(v) for v in directions])
    rest = u @ u - along @ along
    spread = np.maximum(lengths, delta)
    value = (along**2 / spread).sum() + rest / delta + np.log(spread).sum()
    return -0.5 * (value + (x.size - len(directions)) * np.log(delta))


def resonances(g, F, win, prototypes, aspects, k, size, delta, L):
    for b, c, w in np.ndindex(L.shape):
        mean, *directions = (
            np.array([edge[1] for edge in g.at(slot).edges])
            for slot in (prototypes[c, w], *aspects[c, w, : k[c]])
        )
        lengths = np.sqrt(size[c, w, : k[c]])
        L[b, c, w] = resonance(F[b, win[w]], mean, directions, lengths, delta[w])
    return OK
