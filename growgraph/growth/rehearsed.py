"""The growth rule that rehearses wiring: candidates learn what is missing before one is born."""

import numpy as np

from growgraph._validation import check_number
from growgraph.growth.proposal import NewNode, Proposal, Rule
from growgraph.growth.rules import best_of, rehearse

_FEWEST = 8  # samples: half of them teach, half of them judge
_PRUNED_AT = 2 / 3  # of the rehearsal: what is left of it adapts the in-edges that stay
_BETA, _TINY = (0.9, 0.999), 1e-9


class InsertRehearsed(Rule):
    """Insert a tanh node whose in-edges were found by rehearsal, below the tense node.

    Candidates read all nodes that the tense node could read, and climb the correlation of their own
    activity with what is missing there; on the way each is pruned to its strongest in-edges. Half
    of the samples teach them, the gain is what the best takes away on the other half: tension that
    no node can explain grows none. Only a candidate's own slope enters; nothing passes through
    other nodes.

    Parameters
    ----------
    pool : int, default 24
        Candidates.
    fan_in : int, default 3
        In-edges of the new node.
    steps : int, default 120
        Of the climb (Adam; Kingma and Ba 2015).
    rate : float, default 0.05
        Of the climb, on sources scaled to unit spread.

    References
    ----------
    Fahlman and Lebiere (1990), "The cascade-correlation learning architecture", section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from growgraph import Graph, GrowthController
    >>> X = np.random.default_rng(0).choice([-1.0, 1.0], (200, 8))
    >>> t = X[:, 2] * X[:, 5]
    >>> g = Graph()
    >>> y = g.add_outputs(1, sources=g.add_inputs(8))
    >>> controller = GrowthController(
    ...     [InsertRehearsed(fan_in=2)], settle={"steps": 8}, random_state=0, budget=4)
    >>> for _ in range(120):
    ...     _ = g.settle(X, t, learn=0.3)
    ...     _ = controller.step(g, X, t)
    >>> g.sources(g.nodes[-1])[0].tolist(), bool((np.sign(g.forward(X)[:, 0]) == t).mean() > 0.95)
    ([2, 5], True)
    """

    def __init__(self, pool=24, fan_in=3, steps=120, rate=0.05):
        self.pool = check_number("pool", pool, 1, integer=True)
        self.fan_in = check_number("fan_in", fan_in, 1, integer=True)
        self.steps = check_number("steps", steps, 1, integer=True)
        self.rate = check_number("rate", rate, 0, 1)

    def propose(self, situation):
        """See :meth:`Rule.propose`."""
        parents, wanted = situation.candidates(), situation.missing.astype(np.float64)
        if parents.size == 0 or wanted.size < _FEWEST or not situation.adds():
            return []
        X = situation.activity(parents).astype(np.float64)
        middle, spread = X.mean(axis=0), X.std(axis=0)
        moving = spread > 0
        if not moving.any():
            return []
        parents, Z = parents[moving], (X[:, moving] - middle[moving]) / spread[moving]
        taught = np.zeros(wanted.size, bool)  # drawn: samples may come by turns
        taught[situation.rng.permutation(wanted.size)[::2]] = True
        W, bias = self._climb(Z[taught], wanted[taught], situation.rng)
        H = np.tanh(Z @ W + bias)
        basis = situation.activity(situation.sources())
        best, gain, _ = best_of(basis[~taught], H[~taught], wanted[~taught])
        weight = rehearse(basis, H[:, [best]], wanted)[2]
        read = np.flatnonzero(W[:, best])
        w = W[read, best] / spread[moving][read]
        node = NewNode(
            sources=tuple(parents[read].tolist()), weights=tuple(w.tolist()), activation="tanh",
            bias=float(bias[best] - w @ middle[moving][read]),
        )  # fmt: skip
        edge = (-1, situation.node, float(weight[0]))
        return [Proposal(gain, (node,), (edge,), text="a node rehearsed on tension")]

    def _climb(self, Z, wanted, rng):
        """Weights [parents, pool] and biases [pool] of candidates that follow what is wanted."""
        d = Z.shape[1]
        W = rng.standard_normal((d + 1, self.pool)) / np.sqrt(d)
        Z = np.column_stack([Z, np.ones(len(Z))])
        e = wanted - wanted.mean()
        e /= np.sqrt(e @ e) + _TINY
        keep, m, v = np.ones_like(W), np.zeros_like(W), np.zeros_like(W)
        for step in range(1, self.steps + 1):
            if step == int(_PRUNED_AT * self.steps) + 1:
                keep[:d] = _strongest(W[:d], self.fan_in)
            slope = keep * correlation_slope(Z, W * keep, e)
            m += (1 - _BETA[0]) * (slope - m)
            v += (1 - _BETA[1]) * (slope * slope - v)
            size = np.sqrt(v / (1 - _BETA[1] ** step)) + _TINY
            W += self.rate * m / (1 - _BETA[0] ** step) / size
        keep[:d] = _strongest(W[:d] * keep[:d], self.fan_in)  # a rehearsal of one step has not yet
        W *= keep
        return W[:d], W[d]


def correlation_slope(Z, W, e):
    """Slope, by W, of the absolute correlation of tanh(Z W) with e, for each candidate.

    Parameters
    ----------
    Z : ndarray of float64 [samples, sources]
    W : ndarray of float64 [sources, pool]
    e : ndarray of float64 [samples]
        Of mean 0 and length 1.
    """
    H = np.tanh(Z @ W)
    away = H - H.mean(axis=0)
    size = np.sqrt((away * away).sum(axis=0)) + _TINY
    r = (e @ away) / size
    pull = (e[:, None] - away * (r / size)) / size * np.where(r < 0, -1.0, 1.0)
    return Z.T @ (pull * (1 - H * H))


def _strongest(W, fan_in):
    """1 for the in-edges of largest weight of each candidate, 0 for the others."""
    place = np.argsort(-np.abs(W), axis=0, kind="stable")[:fan_in]
    keep = np.zeros_like(W)
    np.put_along_axis(keep, place, 1.0, axis=0)
    return keep
