"""The growth rules that come with growgraph: insert a node, split an edge, add a path, prune."""

from typing import Any, ClassVar

import numpy as np

from growgraph._validation import check_choice, check_number
from growgraph.growth.proposal import ROUNDING, NewNode, Proposal, Rule

_PARALLEL = 0.1  # a feature of which less than this share is new is learnt too slowly


def rehearse(basis, features, wanted):
    """How much of ``wanted`` each feature would explain beside ``basis``.

    Parameters
    ----------
    basis : ndarray [batch, k]
        What the node reads already (a constant is added).
    features : ndarray [batch, m]
        Activities of candidate nodes.
    wanted : ndarray [batch]
        What is missing at the node.

    Returns
    -------
    gain : ndarray [m]
        Share of the energy of ``wanted`` that goes: (wanted . h)^2 / |h|^2 / |wanted|^2 with h the
        part of the feature that is new (orthogonal least squares, Chen, Cowan and Grant 1991).
    ease : ndarray [m]
        Share of each feature that is new: the more, the quicker local learning finds its weight.
    weight : ndarray [m]
        Birth weight of each feature: wanted . feature / |feature|^2, which lowers what is missing
        even before the node's other edges have adapted.
    """
    q = _orthonormal(np.hstack([np.ones((wanted.size, 1)), basis]).astype(np.float64))
    h = features - q @ (q.T @ features)
    size = (h * h).sum(axis=0)
    new = size > _PARALLEL * np.maximum((features * features).sum(axis=0), 1e-12)
    gain = np.where(new, (wanted @ h) ** 2 / np.where(new, size, 1), 0)
    whole = (features * features).sum(axis=0)
    weight = (wanted @ features) / np.maximum(whole, 1e-12)
    return gain / max(float(wanted @ wanted), 1e-30), size / np.maximum(whole, 1e-12), weight


def _orthonormal(basis):
    """Orthonormal columns that span those of ``basis``, whatever their scales and doubles."""
    size = np.linalg.norm(basis, axis=0)
    q, s, _ = np.linalg.svd(basis[:, size > 0] / size[size > 0], full_matrices=False)
    return q[:, s > 1e-6 * s[0]]


def best_of(basis, features, wanted):
    """The easiest to learn among the features whose gain is within 2 % of the largest.

    Of equally easy ones (the task is symmetrical) the one that relieves most at birth, of those the
    first. Shares are compared up to the rounding of such sums, which differs by processor.

    Parameters
    ----------
    basis, features, wanted
        As of :func:`rehearse`.

    Returns
    -------
    best : int
    gain, weight : float
        Its share and its birth weight.
    """
    gain, ease, weight = rehearse(basis, features, wanted)
    relief = weight * (wanted @ features) / max(float(wanted @ wanted), 1e-30)
    able = gain >= 0.98 * gain.max()
    for share in (ease, relief):
        able &= share >= share[able].max(initial=-np.inf) - ROUNDING
    best = int(np.argmax(able))
    return best, float(gain[best]), float(weight[best])


class InsertNode(Rule):
    """Insert a hinge node below the tense node, along the direction that explains most.

    Directions are drawn from the samples: between a tense sample and the one that differs most in
    what it misses (the steepest slope of tension), away from the mean, and at random. Each is
    rehearsed at several knots, ``relu(+-(w.x - t))``; the best is proposed.

    Parameters
    ----------
    pool : int, default 32
        Directions rehearsed.
    fan_in : int, default 32
        In-edges of the new node.
    knots : int, default 8
        Thresholds a direction.

    References
    ----------
    Friedman (1991), "Multivariate adaptive regression splines", section 3 (knots); Fahlman and
    Lebiere (1990), "The cascade-correlation learning architecture" (rehearsal before insertion).
    """

    def __init__(self, pool=32, fan_in=32, knots=8):
        self.pool = check_number("pool", pool, 1, integer=True)
        self.fan_in = check_number("fan_in", fan_in, 1, integer=True)
        self.knots = check_number("knots", knots, 1, integer=True)

    def propose(self, situation):
        """See :meth:`Rule.propose`."""
        parents = self._parents(situation)
        if parents.size == 0 or not situation.adds():
            return []
        X = situation.activity(parents).astype(np.float64)
        spread = X.std(axis=0)
        moving = spread > 0
        parents, X = parents[moving], X[:, moving]
        if parents.size == 0:
            return []
        W = self._directions(X, spread[moving], situation)
        Z = X @ W
        T = np.quantile(Z, (np.arange(self.knots) + 0.5) / self.knots, axis=0)
        T = np.vstack([T, self._between(Z)])
        H = np.concatenate(
            [np.maximum(Z[None] - T[:, None], 0), np.maximum(T[:, None] - Z[None], 0)]
        )
        flat = H.transpose(1, 0, 2).reshape(Z.shape[0], -1)
        basis = situation.activity(situation.sources())
        best, gain, weight = best_of(basis, flat, situation.missing.astype(np.float64))
        side_knot, direction = divmod(best, W.shape[1])
        side, knot = divmod(side_knot, T.shape[0])
        sign = 1.0 if side == 0 else -1.0
        loud = 1 / max(np.sqrt((flat[:, best] ** 2).mean()), 1e-9)  # a relu scales with its input
        node = NewNode(
            sources=tuple(parents.tolist()),
            weights=tuple((sign * loud * W[:, direction]).tolist()),
            activation="relu",
            bias=float(-sign * loud * T[knot, direction]),
        )
        edge = (-1, situation.node, weight / loud)
        return [Proposal(gain, (node,), (edge,), text="a hinge node below the tension")]

    def _parents(self, situation):
        """The inputs and the node's hidden sources; the most different ones if there are many."""
        able = situation.candidates()
        graph = situation.graph
        ids = able[np.isin(able, np.union1d(graph.inputs, situation.sources()))]
        if ids.size <= self.fan_in:
            return ids
        X, missing = situation.activity(ids).astype(np.float64), situation.missing
        asked = np.abs((X - X.mean(axis=0)).T @ missing) / (X.std(axis=0) + 1e-9)
        asked = np.round(asked / max(asked.max(), 1e-30), 9)  # equals are equal, the first are read
        return ids[np.sort(np.argsort(-asked, kind="stable")[: self.fan_in])]

    def _directions(self, X, spread, situation):
        """Unit-spread directions [parents, pool]."""
        rng, r = situation.rng, situation.missing.astype(np.float64)
        n, d = X.shape
        share = np.abs(r) / np.abs(r).sum() if np.abs(r).sum() > 0 else None
        a = rng.choice(n, self.pool, p=share)
        W = rng.standard_normal((self.pool, d)) / spread
        for i in range(self.pool):
            if i % 3 == 0:
                partner = rng.choice(n, min(n, 8), p=share)
                D = X[partner] - X[a[i]]
                slope = (r[partner] - r[a[i]]) ** 2 / ((D * D).sum(axis=1) + 1e-6)
                step = D[int(np.argmax(slope))]
            elif i % 3 == 1:
                step = X[a[i]] - X.mean(axis=0)
            else:
                continue
            if (step * step).sum() > 0:
                W[i] = step / spread**2
        scale = (X @ W.T).std(axis=0)
        return (W / np.where(scale > 0, scale, 1)[:, None]).T

    @staticmethod
    def _between(Z):
        """The middle of the widest gap of each direction: where two groups part."""
        ordered = np.sort(Z, axis=0)
        gap = np.argmax(np.diff(ordered, axis=0), axis=0) if Z.shape[0] > 1 else 0
        columns = np.arange(Z.shape[1])
        after = np.minimum(gap + 1, Z.shape[0] - 1)
        return 0.5 * (ordered[gap, columns] + ordered[after, columns])[None]


class SplitEdge(Rule):
    """Put a node on the in-edge of the tense node whose bend would explain most.

    Parameters
    ----------
    activation : {"relu", "tanh", "abs", "square"}, default "tanh"
        Of the new node.
    """

    _SHAPES: ClassVar[dict[str, Any]] = {
        "relu": lambda z: np.maximum(z, 0),
        "tanh": np.tanh,
        "abs": np.abs,
        "square": np.square,
    }
    _SLOPES = (1.0, 3.0)  # of tanh, in units of the source's spread

    def __init__(self, activation="tanh"):
        self.activation = check_choice("activation", activation, tuple(self._SHAPES))

    def propose(self, situation):
        """See :meth:`Rule.propose`."""
        ids, weights, _ = situation.graph.sources(situation.node)
        if ids.size == 0 or not situation.adds():
            return []
        X = situation.activity(ids).astype(np.float64)
        missing = situation.missing.astype(np.float64)
        asked, energy = missing + X @ weights, max(float(missing @ missing), 1e-30)
        spread, straight = np.maximum(X.std(axis=0), 1e-9), _left(X, asked)
        best = (-np.inf, -1, 0.0, 0.0, 0.0)
        for i in range(ids.size):
            others = np.delete(X, i, axis=1)
            before = asked - _fitted(others, asked)
            for slope in self._SLOPES if self.activation == "tanh" else (1.0,):
                w_in = slope / spread[i]
                bias = -w_in * X[:, i].mean()
                bent = self._SHAPES[self.activation](w_in * X[:, i] + bias)
                gain = (straight - _left(np.column_stack([others, bent]), asked)) / energy
                if gain > best[0] + ROUNDING:
                    w_out = float(before @ bent) / max(float(bent @ bent), 1e-12)
                    best = (gain, int(ids[i]), float(bias), float(w_in), w_out)
        gain, source, bias, w_in, w_out = best
        split = (source, situation.node, bias, w_in, w_out, self.activation)
        if gain <= ROUNDING:
            return []  # the bend would only make it worse
        return [Proposal(float(gain), split=split, text="a bend on an edge")]


def _fitted(basis, wanted):
    """Least-squares fit of ``wanted`` by ``basis`` and a constant."""
    q = _orthonormal(np.hstack([np.ones((wanted.size, 1)), basis]))
    return q @ (q.T @ wanted)


def _left(basis, wanted):
    """Energy that such a fit leaves."""
    return float(((wanted - _fitted(basis, wanted)) ** 2).sum())


class InsertPath(Rule):
    """Give the tense node an edge from the node it does not read yet that would explain most."""

    adds_nodes = False

    def propose(self, situation):
        """See :meth:`Rule.propose`."""
        ids = np.setdiff1d(situation.candidates(), situation.sources())
        if ids.size == 0 or not situation.adds():
            return []
        basis = situation.activity(situation.sources())
        features, missing = situation.activity(ids), situation.missing
        best, gain, weight = best_of(basis, features.astype(np.float64), missing.astype(np.float64))
        edge = (int(ids[best]), situation.node, weight)
        return [Proposal(gain, edges=(edge,), text="a path from what it did not read")]


class PruneWeak(Rule):
    """Propose to remove in-edges of the tense node that move it by next to nothing.

    Parameters
    ----------
    share : float in (0, 1), default 0.001
        An edge is weak if w^2 var(source) is below this share of the sum over all in-edges.
    """

    adds_nodes = False

    def __init__(self, share=0.001):
        self.share = check_number("share", share, 0, 1)

    def propose(self, situation):
        """See :meth:`Rule.propose`."""
        ids, weights, _ = situation.graph.sources(situation.node)
        if ids.size < 2 or not situation.adds():
            return []
        moved = weights**2 * situation.activity(ids).var(axis=0)
        weak = ids[moved < self.share * moved.sum()]
        if weak.size == 0:
            return []
        doomed = tuple((int(s), situation.node) for s in weak)
        return [Proposal(0.0, remove=doomed, text="edges that move nothing")]
