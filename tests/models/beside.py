"""What a model computes, computed beside its graph."""

import numpy as np

from growgraph.kernels import concept


def batch_resonances(core, X):
    """Log-resonance computed beside the graph, for the test that both agree."""
    prototypes, aspects = core.concepts.slots(core.graph)
    c = core.concepts
    L = np.empty((len(X), len(core.classes), len(c.win)))
    concept.resonances(
        core.graph._store.H, X, c.win, prototypes, aspects, c.k, c.size, c.noise(), L
    )
    return L
