"""Rows that a stream remembers: a class-balanced sample that no cut of the stream changes."""

import numpy as np

from growgraph._random import uniform


class Memory:
    """The rows with the lowest draws of each class.

    Parameters
    ----------
    most : int
        Rows kept in all; scarce classes keep theirs, the others share what is left.
    """

    ARRAYS = ("X", "group", "wanted", "index", "draw", "seen")

    def __init__(self, most, wide, outputs):
        self.most = most
        self.X = np.empty((0, wide), np.float32)  # inputs, scaled
        self.group = np.empty(0, np.int64)  # class; 0 where targets are numbers
        self.wanted = np.empty((0, outputs))  # numbers, scaled; empty for classes
        self.index = np.empty(0, np.int64)
        self.draw = np.empty(0)
        self.seen = np.zeros(0)  # rows met of each class, forgotten ones less

    def add(self, seed, X, group, wanted, first, fade=1.0):
        """Rows first, first + 1 ... of the stream; call it once a block."""
        index = np.arange(first, first + len(X))
        self.X = np.vstack([_wide(self.X, X.shape[1]), X])
        self.group = np.append(self.group, group)
        self.wanted = np.vstack([self.wanted, wanted])
        self.index = np.append(self.index, index)
        draw = uniform(seed, index, "memory")
        # an older row must win against ever more; logs, because fade^n leaves the numbers
        older = -np.log(np.maximum(draw, 1e-300))
        self.draw = np.append(self.draw * fade ** len(X), older)
        classes = max(int(self.group.max(initial=-1)) + 1, self.seen.size)
        met = np.bincount(group, minlength=classes).astype(np.float64)
        self.seen = np.pad(self.seen, (0, classes - self.seen.size)) * fade ** len(X) + met
        self._thin()

    def _thin(self):
        """Keep the highest draws of each class within its share."""
        counts = np.bincount(self.group)
        share = _share(counts, self.most)
        order = np.lexsort([self.index, -self.draw, self.group])
        rank = np.arange(order.size) - np.repeat(np.cumsum(counts) - counts, counts)
        keep = np.sort(order[rank < share[self.group[order]]])
        for name in ("X", "group", "wanted", "index", "draw"):
            setattr(self, name, getattr(self, name)[keep])

    def weights(self):
        """For how many rows each one stands."""
        kept = np.bincount(self.group, minlength=self.seen.size)
        return (self.seen / np.maximum(kept, 1))[self.group]


def _wide(A, width):
    return np.pad(A, ((0, 0), (0, width - A.shape[1])))


def _share(counts, most):
    """Rows of each class: equal shares, and what scarce classes leave goes to the others."""
    share, left, open_ = np.zeros(counts.size, np.int64), most, counts > 0
    while open_.any():
        equal = left // int(open_.sum())
        scarce = open_ & (counts <= equal)
        if not scarce.any():
            share[open_] = equal
            break
        share[scarce] = counts[scarce]
        left -= int(counts[scarce].sum())
        open_ &= ~scarce
    return share


def impute(G, B, F, K, weight, T, inertia):
    """The past of newborns: what they would have summed up, as far as the elders tell.

    On the remembered rows each newborn is what its elders say of it and a rest; the past of the
    first is in the sums, that of the rest stands in the memory.

    Parameters
    ----------
    G, B : ndarray [M, M], [M, C]
        Sums of the elders.
    F, K : ndarray [rows, M], [rows, k]
        Elders and newborns on the memory.
    weight : ndarray [rows]
    T : ndarray [rows, C]
    inertia : float
        Of the ridge.

    Returns
    -------
    G12 [M, k], G22 [k, k], B2 [k, C]
        Whole sums stay positive definite.
    """
    W = F.T * weight
    A = W @ F
    A.flat[:: len(A) + 1] += inertia
    told = np.linalg.solve(A, W @ K)
    rest = K - F @ told
    G12 = G @ told
    G22 = told.T @ G12 + (rest.T * weight) @ rest
    return G12, (G22 + G22.T) / 2, told.T @ B + (rest.T * weight) @ T
