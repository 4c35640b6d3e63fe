"""Candidates for growth: where tension is, in directions in which it changes most. Writes nothing.

A place is a row drawn as often as it is tense. From there a direction is taken: a single column,
the way to the row across which tension changes most, away from the mean, the slope of a local ridge
fit of the tension, the direction of a sibling at another knot; or a round place. Where
there are many columns (images), only the second is any good, and its knot lies midway.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph.models._grownet.scoring import KINDS, best_knots, gap_above
from growgraph.models._grownet.unit import WAYS, Unit

_MANY = 32  # columns from which single ones say little
_ROUND = 8  # columns up to which round places alone may do
_SOME = 8  # columns that a direction may take in all at once, half of the time
_PARTNERS = 8
_DEPTH = 0.35  # share of candidates that read units
_GATED = 0.25
_WIDTHS = (0.01, 0.03, 0.1, 0.2, 0.4, 0.8, 2.0, 8.0)  # quantiles of distance; above 1: multiples
_SCANNED = 1024  # rows a knot is looked for on
_LOCAL = 1000
_LEAST = 3  # rows on either side of a knot
_ROUNDING = 4e-6  # of the greatest sum: more than float32 may move a row, whose parents were moved
_PER_SOURCE, _SHARE = 2, 0.2  # and so many a source, up to a share of all


@dataclass(frozen=True)
class Repertoire:
    """What candidates may be.

    Attributes
    ----------
    name : str
    ways : tuple of str
        Of ``WAYS``, how directions are found.
    axis, oblique : tuple of bool
        Which of ``KINDS`` units that read one parent, and those that read several, may be.
    """

    name: str
    ways: tuple[str, ...] = WAYS
    axis: tuple[bool, ...] = (True,) * len(KINDS)
    oblique: tuple[bool, ...] = (True,) * len(KINDS)


BENDS = Repertoire("bends", axis=(True, True, True, False), oblique=(True, True, False, False))
ALL = Repertoire("all")
PLACES = Repertoire("places", ("match",))


def repertoires(d):
    """What to rehearse with in turns, the most careful first, for ``d`` columns.

    A knot can be found anywhere along each of very many directions, and steps and |z| there fit
    noise: they have to show that they are worth it.
    """
    if d > _MANY:
        return (ALL,)
    return (BENDS, ALL, PLACES) if d <= _ROUND else (BENDS, ALL)


class Rehearsal:
    """Draws candidates for a net, see :class:`growgraph.models._grownet.net.Net`.

    Parameters
    ----------
    net : Net
    options : dict
        ``placement, depth, directions``: see :class:`growgraph.GrowNet`.
    rng : numpy Generator
    repertoire : Repertoire
    """

    def __init__(self, net, options, rng, repertoire=ALL):
        self.net, self.rng, self.repertoire = net, rng, repertoire
        self.tense = options["placement"] == "tension"
        self.random = options["directions"] == "random"
        d = net.inputs.size
        self.many = d > _MANY
        self.deep = options["depth"] and not self.many
        if self.many:
            self.arms = [("pair", True)]
        else:
            ways = repertoire.ways
            self.arms = [(way, False) for way in ways]
            if d > _SOME:
                self.arms += [(way, True) for way in ways if way not in ("axis", "sibling")]

    def candidates(self, R, count, where=None):
        """``count`` units with their shape and knot, their columns, and which rest on enough rows.

        ``where`` weighs the rows: those at which tension lasts; all if not given.
        """
        rng, n = self.rng, len(R)
        size = np.sqrt(np.einsum("ij,ij->i", R, R)) + 1e-12
        odds = size if self.tense else np.ones(n)
        share = np.cumsum(odds if where is None else odds * where, dtype=np.float64)
        rows = self._pick(share, count)
        partners = self._pick(share, count * _PARTNERS).reshape(count, _PARTNERS)
        arms = rng.integers(len(self.arms), size=count)
        units = [
            self._direction(R, self.arms[arm], row, other)
            for arm, row, other in zip(arms.tolist(), rows.tolist(), partners, strict=True)
        ]
        for unit in units:
            unit.tension = float(size[unit.row])
        return self._columns(R, units)

    def _pick(self, share, count):
        at = np.searchsorted(share, self.rng.random(count) * share[-1])
        return np.minimum(at, share.size - 1)

    # ---- directions -----------------------------------------------------------------------------
    def _sources(self, way, whole):
        """Places of the parents that a unit would read: columns, and sometimes units."""
        rng, columns, units = self.rng, self.net.inputs, self.net.hidden
        d, m = columns.size, units.size
        hidden = self.deep and m > 0 and way != "match" and rng.random() < _DEPTH
        if d == 0 or (way == "axis" and hidden):
            return units[rng.integers(m, size=1)]
        if way == "axis":
            return columns[rng.integers(d, size=1)]
        S = columns  # itself: a net knows it by that
        if d > 1 and not whole and (d > _SOME or rng.random() >= 0.5):
            S = np.sort(rng.choice(columns, min(d, 2 + int(rng.integers(3))), replace=False))
        if hidden:
            S = S if whole or rng.random() < 0.5 else S[: 1 + S.size // 2]
            more = rng.choice(units, min(m, 1 + int(rng.integers(2))), replace=False)
            S = np.concatenate([S, np.sort(more)])
        return S

    def _direction(self, R, arm, row, partners):
        net, rng, (way, whole) = self.net, self.rng, arm
        if way == "sibling":
            elders = [u for u in net.units if u.shape != "match"]
            if elders:
                elder = elders[int(rng.integers(len(elders)))]
                return self._gated(Unit(elder.sources, elder.weights, way=way, row=row))
            way = "axis"
        S = self._sources(way, whole)
        unit = Unit(S, np.ones(S.size), way=way, row=row)
        here = net.scaled(row, S)
        if way == "match":
            return self._match(unit, here)
        if self.random and way != "axis":
            unit.weights = rng.standard_normal(S.size)
        elif way == "pair":
            away = net.scaled(partners, S) - here
            far = (away**2).sum(axis=1)
            slope = ((R[partners] - R[row]) ** 2).sum(axis=1) / (far + 1e-6)
            unit.weights = away[int(np.where(far < 1e-5, -1, slope).argmax())]
        elif way == "proto":
            unit.weights = here - net.centre(S)
        elif way == "local":
            unit.weights = self._local(R, row, S, here)
        if not unit.weights.any():
            unit.weights = np.ones(S.size)
        unit.knot = float(unit.weights @ (here + (0 if self.random else 0.5) * unit.weights))
        unit.weights = unit.weights / net.spread[S]
        return self._gated(unit)

    def _gated(self, unit):
        """Sometimes the unit is multiplied by another one that it does not read."""
        net = self.net
        if self.deep and net.hidden.size and self.rng.random() < _GATED:
            gate = int(self.rng.choice(net.hidden))
            if gate not in unit.sources and net.loudest[gate] > 0:
                unit.gate, unit.share = gate, 1 / float(net.loudest[gate])
        return unit

    def _local(self, R, row, S, here):
        """The slope of the tension around a row, by a ridge fit over its nearest rows."""
        rng, n = self.rng, len(R)
        rows = np.arange(n) if n <= _LOCAL else np.sort(rng.choice(n, _LOCAL, replace=False))
        B = self.net.scaled(rows, S)
        least = 3 * min(S.size, 200) // 2 + 2
        near = min(rows.size, max(least, int(rows.size * rng.choice([0.05, 0.1, 0.2, 0.4]))))
        at = np.argpartition(((B - here) ** 2).sum(axis=1), near - 1)[:near]
        felt = R[rows[at]] @ (R[row] / (np.linalg.norm(R[row]) + 1e-12))
        B = B[at] - B[at].mean(axis=0)
        Q = B.T @ B
        Q.flat[:: S.size + 1] += 0.01 * near + 0.1 * np.trace(Q) / S.size
        return np.linalg.solve(Q, B.T @ (felt - felt.mean()))

    def _match(self, unit, here):
        """A round place at the row, as wide as a quantile of the distances to other rows."""
        net = self.net
        rows = self.rng.integers(net.n, size=min(net.n, 128))
        far = ((net.scaled(rows, unit.sources) - here) ** 2).sum(axis=1)
        q = _WIDTHS[int(self.rng.integers(len(_WIDTHS)))]
        unit.shape, unit.weights = "match", here
        unit.width = float(np.quantile(far, q) if q < 1 else far.max() * q) + 1e-6
        return unit

    # ---- knots ----------------------------------------------------------------------------------
    def _columns(self, R, units):
        """Bend the units where that takes most; their columns [rows, units]; which are sound."""
        net, n = self.net, self.net.n
        K, able = np.empty((n, len(units)), net.F.dtype, order="F"), np.ones(len(units), bool)
        lines = [i for i, unit in enumerate(units) if unit.shape != "match"]
        self._project([units[i] for i in lines], lines, K)
        for i, unit in enumerate(units):
            if unit.shape == "match":
                h = K[:, i] = unit.column(net.parents)
                spread_over = float(h.sum(dtype=np.float64)) ** 2 / max(float(h @ h), 1e-12)
                able[i] = spread_over >= self._least(unit, n)
        spread = K[:, lines].std(axis=0, dtype=np.float64) + 1e-12
        for j, i in enumerate(lines):
            K[:, i] /= K.dtype.type(spread[j])
            units[i].weights = units[i].weights / spread[j]
            units[i].knot /= spread[j]
        if self.many:
            for i in lines:
                units[i].shape = "abs"
        else:
            self._bend(R, units, lines, K, able)
        for i in lines:
            unit, z = units[i], K[:, i].copy()
            unit.most = np.inf
            h = unit.bend(z)
            able[i] &= float(h.max()) > 0
            unit.most = np.inf if self.many else float(h.max())
            K[:, i] = h if unit.gate < 0 else h * (unit.share * net.parents[:, unit.gate])
        return units, K, able

    def _project(self, units, places, K):
        """Projections of the rows, those over all columns in one product."""
        net = self.net
        whole = [j for j, u in enumerate(units) if np.array_equal(u.sources, net.inputs)]
        if whole and np.array_equal(net.inputs, np.arange(net.inputs.size)):
            W = np.stack([units[j].weights for j in whole], axis=1).astype(K.dtype)
            K[:, [places[j] for j in whole]] = net.parents[:, : net.inputs.size] @ W
        else:
            whole = []
        for j in sorted(set(range(len(units))) - set(whole)):
            seen = net.parents[:, units[j].sources]
            K[:, places[j]] = seen @ units[j].weights.astype(K.dtype)

    def _least(self, unit, rows):
        """Rows that a unit must rest on, of so many."""
        least = max(1, min(_LEAST, rows // 20))
        sources = unit.sources.size * _PER_SOURCE * rows / self.net.n
        return max(least, int(min(sources, _SHARE * rows)))

    def _slack(self, unit):
        """How far apart projections of rows must lie that are told apart."""
        return _ROUNDING * float(np.abs(unit.weights) @ self.net.loudest[unit.sources])

    def _kinds(self, unit):
        """Which kinds a unit may be."""
        return self.repertoire.axis if unit.sources.size == 1 else self.repertoire.oblique

    def _bend(self, R, units, lines, K, able):
        """The shape and knot of each direction that take most from the tension."""
        rows: Any = slice(None)
        if self.net.n > _SCANNED:
            rows = np.sort(self.rng.choice(self.net.n, _SCANNED, replace=False))
        felt = R[rows]
        groups: dict = {}
        for i in lines:
            key = (units[i].gate >= 0, self._least(units[i], len(felt)))
            groups.setdefault(key, []).append(i)
        for (gated, least), some in groups.items():
            Z, gates = K[rows][:, some].T, None
            if gated:
                gates = np.stack([units[i].share * self.net.parents[rows, units[i].gate]
                                  for i in some])  # fmt: skip
            slack = np.array([self._slack(units[i]) for i in some])
            knots, scores = best_knots(Z, felt, gates=gates, least=least, slack=slack)
            scores[~np.array([self._kinds(units[i]) for i in some])] = -1
            best = scores.argmax(axis=1)
            for j, i in enumerate(some):
                unit = units[i]
                unit.shape, unit.knot = KINDS[best[j]], float(knots[j, best[j]])
                able[i] = scores[j, best[j]] > 0
                if unit.shape == "step" and able[i]:  # no row may change sides at its birth
                    unit.knot = gap_above(K[:, i], unit.knot, slack[j])
                    able[i] = np.isfinite(unit.knot)
