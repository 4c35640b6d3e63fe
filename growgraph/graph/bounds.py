"""What a Matcher prepares so that kernels/match.py can exclude prototypes by a lower bound."""

import numpy as np

from growgraph.graph.store import aligned
from growgraph.kernels._tile import GROUP
from growgraph.kernels.match import AXES

_ROUND = 2.0**-24  # half a unit in the last place of float32
_PLAIN = 96  # up to so many columns the bound takes all of them
_FEW = 4 * GROUP  # below so many prototypes, too
_SAMPLE = 2048  # prototypes the axes are fitted to
_SWEEPS = 4
_ROWS = 4096  # prototypes that are float64 at once
_MOST = 1e6  # largest |v| that still belongs to the scale
_TINY = 1e-30
_REFIT = 1.5  # all is fitted again when there are so many times the prototypes


class Bounds:
    """Prototypes as coordinates on principal axes, laid out for the search.

    Parameters
    ----------
    P : float32 [at least n, at least d]
        Prototypes.
    n, d : int
        Prototypes and columns in use.
    led : bool, optional
        Use axes. By default where there are enough columns and prototypes.
    """

    def __init__(self, P, n, d, led=None):
        self.led = (d > _PLAIN and n >= _FEW) if led is None else led
        self.fitted, self.n, self._d = n, 0, d
        self.mean = _mean(P, n, d)
        size = max(
            np.abs(P[i : min(n, i + _ROWS), :d] - self.mean).max() for i in range(0, n, _ROWS)
        )
        scale = 2.0 ** -np.frexp(size)[1] if size > 0 else 1.0
        levels = (2 if d > 4 * AXES else 1) if self.led else 0
        # how far rounding can move a bound, as a share of |u|^2 + |v|^2: in the sums over d
        # coordinates of up to 14^2 axes, and in those over the axes
        slack = _ROUND * ((14 if self.led else 2) * d + 400)
        self.frame = np.array([scale, slack])
        self.axes = aligned(((1 + levels) * d if self.led else 0, AXES))
        self._m, self._levels = (AXES if self.led else d), levels
        if self.led:
            self._fit(P, n)
        self.ids = np.empty(0, np.int64)
        self.F, self.B = aligned((0, GROUP)), aligned((0, GROUP))
        self.G = aligned((0, AXES * levels))
        self.place(P, n)

    @property
    def nbytes(self):
        """Bytes of all arrays."""
        arrays = (self.F, self.G, self.B, self.ids, self.axes, self.mean)
        return sum(a.nbytes for a in arrays)

    def _fit(self, P, n):
        """Principal axes by subspace iteration from a fixed start, in order of variance."""
        step = -(-n // _SAMPLE)
        V = self._centred(P[:n:step])
        wanted = min(self._d, AXES - 1 + (AXES - 2) * self._levels)
        Y = np.random.default_rng(0).standard_normal((self._d, wanted))
        Y = np.linalg.qr(Y)[0]
        for _ in range(_SWEEPS):
            Y = np.linalg.qr(V.T @ (V @ Y))[0]
        _, turn = np.linalg.eigh((V @ Y).T @ (V @ Y))
        Y = Y @ turn[:, ::-1]
        first = 0
        for level in range(self._levels + 1):
            some = Y[:, first : first + AXES - 1 - (level > 0)]
            self.axes[level * self._d : (level + 1) * self._d, : some.shape[1]] = some
            first += some.shape[1]

    def _centred(self, rows):
        return (rows[:, : self._d] - self.mean) * self.frame[0]

    # ---- placing --------------------------------------------------------------------------------
    def keeps(self, P, n):
        """Take in the prototypes up to n; False if it is time to fit anew."""
        return n < _REFIT * self.fitted and self.place(P, n)

    def place(self, P, n):
        """Give prototypes up to n their places; False if they are too far for this scale."""
        new = np.arange(self.n, n) if self.n else self._strewn(n)
        self._reserve(n)
        for i in range(0, new.size, _ROWS):
            ids = new[i : i + _ROWS]
            V = self._centred(P[ids])
            if np.abs(V).max(initial=0) > _MOST:
                return False
            self._put(self.n + i + np.arange(ids.size), ids, V)
        self.n = n
        return True

    @staticmethod
    def _strewn(n):
        """A fixed mixture, so that prototypes sorted by class do not come class by class."""
        return np.random.default_rng(0).permutation(n)

    def _put(self, places, ids, V):
        energy = (V * V).sum(axis=1)
        scaled = (1 - self.frame[1]) * energy / 2 - _TINY
        low = np.nextafter(scaled.astype(np.float32), np.float32(-np.inf))
        group, lane = places // GROUP, places % GROUP
        F = self.F.reshape(-1, self._m, GROUP)
        self.ids[places], self.B[group, lane] = ids, low
        if not self.led:
            F[group, :, lane] = -V
            return
        d, left, before = self._d, energy.copy(), None
        for level in range(self._levels + 1):
            Z = V @ self.axes[level * d : (level + 1) * d].astype(np.float64)
            left -= (Z * Z).sum(axis=1)
            rest = np.sqrt(np.maximum(left, 0) + 128 * _ROUND * energy)
            if before is None:
                Z[:, AXES - 1] = rest
                F[group, :, lane] = -Z
            else:
                Z[:, AXES - 2], Z[:, AXES - 1] = rest, -before
                self.G[places, (level - 1) * AXES : level * AXES] = -Z
            before = rest

    def _reserve(self, n):
        groups = -(-n // GROUP)
        have = self.B.shape[0]
        if groups <= have:
            return
        groups = max(groups, have + have // 2)
        B = aligned((groups, GROUP))
        B[:have], B[have:] = self.B, np.inf
        F, G = (
            aligned((groups * self._m, GROUP)),
            aligned((groups * GROUP * self.led, self.G.shape[1])),
        )
        F[: self.F.shape[0]], G[: self.G.shape[0]] = self.F, self.G
        ids = np.zeros(groups * GROUP, np.int64)
        ids[: self.ids.size] = self.ids
        self.B, self.F, self.G, self.ids = B, F, G, ids


def _mean(P, n, d):
    total = np.zeros(d)
    for i in range(0, n, _ROWS):
        total += P[i : min(n, i + _ROWS), :d].sum(axis=0, dtype=np.float64)
    return total / n
