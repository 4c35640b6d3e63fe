"""A hidden unit before its birth: what it would read and say, and the nodes it would be."""

from dataclasses import dataclass

import numpy as np

from growgraph.growth.proposal import NewNode

WAYS = ("axis", "pair", "proto", "local", "sibling", "match")


@dataclass
class Unit:
    """A candidate: figures only, no node yet.

    Attributes
    ----------
    sources : ndarray of int64
        Places among the parents: the columns a net begins with, then its own units.
    weights : ndarray of float64
        Direction over the sources; of a "match" the place it resonates at.
    shape : {"right", "left", "step", "abs", "match"}
        relu(z - knot), relu(knot - z), z > knot, |z - knot|, exp(-|x - weights|^2 / width).
    knot, most, width : float
        ``most`` is its birth range: beyond it the unit never goes, wherever it is asked; inf
        where the clipped inputs are bound enough.
    gate : int
        Place of a parent whose activity, as a share of its greatest, it is multiplied by; -1: none.
    share : float
        1 / the greatest activity of that parent.
    way : str
        How its direction was found.
    row : int
        The row it was drawn at.
    tension, gain : float
        Felt at that row, and the share of all tension that a rehearsal took away.
    """

    sources: np.ndarray
    weights: np.ndarray
    shape: str = "right"
    knot: float = 0.0
    most: float = np.inf
    width: float = 1.0
    gate: int = -1
    share: float = 1.0
    way: str = ""
    row: int = -1
    tension: float = np.nan
    gain: float = 0.0

    @property
    def code(self):
        """Number of its way."""
        return WAYS.index(self.way)

    def bend(self, z):
        """Activities for projections z."""
        if self.shape == "step":
            return (z > self.knot).astype(z.dtype)
        if self.shape == "left":
            return np.clip(self.knot - z, 0, self.most)
        away = z - self.knot
        return np.clip(np.abs(away) if self.shape == "abs" else away, 0, self.most)

    def column(self, parents):
        """Activities for rows of all parents, as they are rehearsed."""
        seen = parents[:, self.sources]
        if self.shape == "match":
            gap = seen - self.weights.astype(seen.dtype)
            return np.exp(np.einsum("ij,ij->i", gap, gap) / -self.width)
        h = self.bend(seen @ self.weights.astype(seen.dtype))
        return h if self.gate < 0 else h * (self.share * parents[:, self.gate])

    def nodes(self, ids):
        """What is to be born, the unit last; ``ids`` are those of the parents."""
        sources = tuple(ids[self.sources].tolist())
        if self.shape == "match":
            return (NewNode(sources, tuple(self.weights.tolist()), kind="match", activation="exp",
                            p0=float(np.sqrt(self.width / 2))),)  # fmt: skip
        sign, kind = (-1.0 if self.shape == "left" else 1.0), "sum"
        w, bias = tuple((sign * self.weights).tolist()), -sign * self.knot
        before: tuple = ()
        gate = (int(ids[self.gate]),) if self.gate >= 0 else ()
        if self.shape == "abs":
            before = (NewNode(sources, w, activation="abs", bias=bias),)
            if self.most == np.inf and not gate:
                return before
            sources, w, bias = (-1,), (1.0,), 0.0
        if gate:
            kind, sources, w = "gate", (*gate, *sources), (self.share, *w)
        if self.shape == "step":
            return (NewNode(sources, w, kind=kind, activation="step", bias=bias),)
        return (*before, NewNode(sources, w, kind=kind, activation="clip", p1=self.most, bias=bias))
