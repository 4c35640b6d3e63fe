"""Candidates for growth: where tension is, in directions in which it changes most. Writes nothing.

A place is a row drawn as often as it is tense. From there a direction is taken: a single column,
the way to the row across which tension changes most, away from the mean, the slope of a
local ridge fit of the tension, the direction of a sibling at another knot; or a round place.
"""

from typing import Any

import numpy as np

from growgraph.models._knots import best_knot
from growgraph.models._unit import WAYS, Unit

_PARTNERS = 8
_FULL = 0.5  # share of directions over all columns; the others read 2 to 4
_DEPTH = 0.35  # share of candidates that read units
_GATED = 0.25
_WIDTHS = (0.01, 0.03, 0.1, 0.2, 0.4, 0.8, 2.0, 8.0)  # quantiles of distance; above 1: multiples
_SCANNED = 1024  # rows a knot is looked for on
_LOCAL = 1000


class Rehearsal:
    """Draws candidates for a net, see :class:`growgraph.models._net.Net`.

    Parameters
    ----------
    options : dict
        ``placement, depth, directions``: see :class:`growgraph.GrowNet`.
    rng : numpy Generator
    """

    def __init__(self, options, rng):
        self.rng = rng
        self.tense, self.deep = options["placement"] == "tension", options["depth"]
        self.random = options["directions"] == "random"
        self.won, self.drawn = dict.fromkeys(WAYS, 1.0), dict.fromkeys(WAYS, 1.0)

    def candidates(self, net, R, count, where=None):
        """``count`` units with their shape and knot, and their columns [rows, count].

        ``where`` are rows at which tension lasts; all if not given.
        """
        rng, n = self.rng, len(R)
        size = np.sqrt(np.einsum("ij,ij->i", R, R)) + 1e-12
        odds = size if self.tense else np.ones(n)
        share = np.cumsum(odds if where is None else odds * where)
        rows = self._pick(share, count)
        partners = self._pick(share, count * _PARTNERS).reshape(count, _PARTNERS)
        odds = np.array([(self.won[w] + 0.5) / (self.drawn[w] + 2) for w in WAYS])
        odds = 0.5 * odds / odds.sum() + 0.5 / len(WAYS)
        ways = [WAYS[i] for i in rng.choice(len(WAYS), count, p=odds)]
        units = [
            self._direction(net, R, way, row, other)
            for way, row, other in zip(ways, rows.tolist(), partners, strict=True)
        ]
        for unit in units:
            unit.tension = float(size[unit.row])
            self.drawn[unit.way] += 1
        return units, self._columns(net, R, units)

    def _pick(self, share, count):
        at = np.searchsorted(share, self.rng.random(count) * share[-1])
        return np.minimum(at, share.size - 1)

    # ---- directions -----------------------------------------------------------------------------
    def _sources(self, net, way):
        """Places of the parents that a unit would read: columns, and sometimes units."""
        rng, columns, units = self.rng, net.inputs, net.hidden
        d, m = columns.size, units.size
        hidden = self.deep and m > 0 and way != "match" and rng.random() < _DEPTH
        if d == 0 or (way == "axis" and hidden):
            return units[rng.integers(m, size=1)]
        if way == "axis":
            return columns[rng.integers(d, size=1)]
        S = columns
        if d > 1 and rng.random() >= _FULL:
            S = np.sort(rng.choice(columns, min(d, 2 + int(rng.integers(3))), replace=False))
        if hidden and d + m > 1:
            S = S if rng.random() < 0.5 else S[: 1 + S.size // 2]
            more = rng.choice(units, min(m, 1 + int(rng.integers(2))), replace=False)
            S = np.concatenate([S, np.sort(more)])
        return S

    def _direction(self, net, R, way, row, partners):
        rng = self.rng
        if way == "sibling":
            elders = [u for u in net.units if u.shape != "match"]
            if elders:
                elder = elders[int(rng.integers(len(elders)))]
                unit = Unit(elder.sources, elder.weights, way=way, row=row)
                return self._gated(net, unit)
            way = "axis"
        S = self._sources(net, way)
        unit = Unit(S, np.ones(S.size), way=way, row=row)
        here = net.scaled(row, S)
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
            unit.weights = self._local(net, R, row, S, here)
        elif way == "match":
            return self._match(net, unit, here)
        if not unit.weights.any():
            unit.weights = np.ones(S.size)
        unit.weights = unit.weights / net.spread[S]
        return self._gated(net, unit)

    def _gated(self, net, unit):
        """Sometimes the unit is multiplied by another one that it does not read."""
        if self.deep and net.hidden.size and self.rng.random() < _GATED:
            gate = int(self.rng.choice(net.hidden))
            if gate not in unit.sources and net.loudest[gate] > 0:
                unit.gate, unit.share = gate, 1 / float(net.loudest[gate])
        return unit

    def _local(self, net, R, row, S, here):
        """The slope of the tension around a row, by a ridge fit over its nearest rows."""
        rng, n = self.rng, len(R)
        rows = np.arange(n) if n <= _LOCAL else np.sort(rng.choice(n, _LOCAL, replace=False))
        B = net.scaled(rows, S)
        least = 3 * min(S.size, 200) // 2 + 2
        near = min(rows.size, max(least, int(rows.size * rng.choice([0.05, 0.1, 0.2, 0.4]))))
        at = np.argpartition(((B - here) ** 2).sum(axis=1), near - 1)[:near]
        felt = R[rows[at]] @ (R[row] / (np.linalg.norm(R[row]) + 1e-12))
        B = B[at] - B[at].mean(axis=0)
        Q = B.T @ B
        Q.flat[:: S.size + 1] += 0.01 * near + 0.1 * np.trace(Q) / S.size
        return np.linalg.solve(Q, B.T @ (felt - felt.mean()))

    def _match(self, net, unit, here):
        """A round place at the row, as wide as a quantile of the distances to other rows."""
        n, S = net.n, unit.sources
        rows = self.rng.integers(n, size=min(n, 128))
        far = ((net.scaled(rows, S) - here) ** 2).sum(axis=1)
        q = _WIDTHS[int(self.rng.integers(len(_WIDTHS)))]
        unit.shape, unit.weights = "match", here
        unit.width = float(np.quantile(far, q) if q < 1 else far.max() * q) + 1e-6
        return unit

    # ---- knots ----------------------------------------------------------------------------------
    def _columns(self, net, R, units):
        """Bend the units where that takes most from the tension; their columns [rows, units]."""
        n = net.n
        rows: Any = slice(None)
        if n > _SCANNED:
            rows = np.sort(self.rng.choice(n, _SCANNED, replace=False))
        felt = R[rows].astype(np.float64)
        felt = felt - felt.mean(axis=0)
        least = max(1, min(3, len(felt) // 20))
        out = np.empty((n, len(units)), net.F.dtype, order="F")
        for i, unit in enumerate(units):
            if unit.shape == "match":
                out[:, i] = unit.column(net.parents)
                continue
            z = net.parents[:, unit.sources] @ unit.weights.astype(net.F.dtype)
            spread = float(z.std()) + 1e-12
            unit.weights, z = unit.weights / spread, (z / spread).astype(np.float64)
            gate = None if unit.gate < 0 else unit.share * net.parents[:, unit.gate]
            scanned = None if gate is None else gate[rows].astype(np.float64)
            unit.shape, unit.knot, _ = best_knot(z[rows], felt, scanned, least)
            h = unit.bend(z)
            unit.most = float(h.max())
            out[:, i] = h if gate is None else h * gate
        return out
