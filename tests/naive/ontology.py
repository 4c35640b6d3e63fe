"""Twin of growgraph/models/_clusterer/ontology.py: every pair compared at every step."""

import numpy as np


def likeness(W, k=8):
    """Neighbours and weights, from all distances."""
    W = np.asarray(W, np.float64)
    D = ((W[:, None] - W) ** 2).sum(axis=2)
    np.fill_diagonal(D, np.inf)
    index = np.argsort(D, axis=1, kind="stable")[:, : min(k, len(W) - 1)]
    near = np.take_along_axis(D, index, axis=1)
    scale = np.sqrt(near[:, -1])
    return index, np.exp(-np.minimum(2 * near / (scale[:, None] * scale[index]), 30))


def coincidence(index, weight, counts):
    """d (P + P^2 + P^3 + P^4) by dense powers, sum 1."""
    n = len(index)
    A = np.zeros((n, n))
    np.put_along_axis(A, index, weight * counts[:, None], axis=1)
    A = A + A.T
    d = A.sum(axis=1)
    P = A / d[:, None]
    out = d[:, None] * sum(np.linalg.matrix_power(P, i) for i in (1, 2, 3, 4))
    return (out + out.T) / out.sum() / 2


def hierarchy(shares):
    """Each step merges the pair of the greatest ratio of all; [(ratio, set, set)]."""
    groups = [frozenset([i]) for i in range(len(shares))]
    merges = []
    while len(groups) > 1:
        pairs = [(ratio(shares, a, b), i, j) for i, a in enumerate(groups)
                 for j, b in enumerate(groups[:i])]  # fmt: skip
        r, i, j = max(pairs)
        a, b = groups[i], groups[j]
        groups = [g for g in groups if g not in (a, b)] + [a | b]
        merges.append((r, a, b))
    return merges


def ratio(shares, a, b):
    """Coincidence of two sets of leaves by chance."""
    a, b = sorted(a), sorted(b)
    mass = shares.sum(axis=1)
    return shares[np.ix_(a, b)].sum() / (mass[a].sum() * mass[b].sum())


def modularity(shares, groups):
    """Sum over groups of p_aa - p_a^2 (Newman and Girvan 2004)."""
    mass = shares.sum(axis=1)
    return sum(shares[np.ix_(g, g)].sum() - mass[g].sum() ** 2 for g in map(sorted, groups))
