"""The readout of a growing network: ridge regression to which columns are appended exactly."""

import math
import warnings
from dataclasses import dataclass

import numpy as np

from growgraph._linalg import one_thread
from growgraph.kernels import pivot
from growgraph.models._grownet.scoring import cross

_SOUND = 1e-10  # less than this share of a column that no elder explains is rounding
_HELP = 1e-12  # first help for a matrix that is not positive definite, of its mean diagonal


@dataclass(frozen=True)
class Candidates:
    """Columns K beside the elders F, with what the elders explain of them taken out.

    Attributes
    ----------
    G12, G22, B2 : ndarray
        F'K, K'K and K'T.
    penalty : ndarray
        Of each, relative.
    V, S, c : ndarray
        L^-1 F'K; K'K + Lambda - V'V; K'T less what the solved readout says of it.
    """

    G12: np.ndarray
    G22: np.ndarray
    B2: np.ndarray
    penalty: np.ndarray
    V: np.ndarray
    S: np.ndarray
    c: np.ndarray

    @property
    def size(self):
        """Squared lengths of the columns."""
        return np.diag(self.G22)


class RidgeReadout:
    """The minimum of sum |T - F beta|^2 + strength n sum_j penalty_j |beta_j|^2 as F grows.

    Sums and factor are float64: G = F'F, B = F'T, L L' = G + Lambda; F itself is not kept.

    Parameters
    ----------
    strength : float
        lambda, at least 0.

    Attributes
    ----------
    beta : ndarray of float64, shape (columns, targets)
        The readout as it was last solved or set.
    n : float
        Samples, or the sum of their weights.
    jitter : float
        What had to be added to the diagonal because rounding took more than lambda; 0 unless a
        RuntimeWarning told of it.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.arange(4.0)[:, None]
    >>> F, T = np.hstack([np.ones((4, 1)), x]), 2 * x + 1
    >>> readout = RidgeReadout(0.0)
    >>> readout.start(F, T)
    >>> readout.beta.ravel().round(6)
    array([1., 2.])
    >>> K = np.abs(x - 1)
    >>> new = readout.reduce(cross(F, K), cross(K, K), cross(K, T))
    >>> readout.choose(new, 1, least=0)[1].round(6)  # nothing is left to explain
    array([0.])
    """

    def __init__(self, strength=1e-3):
        self.strength = float(strength)
        self.n, self.jitter, self._fresh = 0.0, 0.0, False
        self.G = np.zeros((0, 0), order="F")
        self.B = self.beta = self.y = np.zeros((0, 0))  # y = L^-1 B
        self.L = self.G
        self.penalty = np.zeros(0)

    @property
    def inertia(self):
        """Lambda, the diagonal, with what jitter there is."""
        return self._inertia_of(self.penalty)

    def _inertia_of(self, penalty):
        return self.strength * self.n * penalty + self.jitter

    # ---- rows -----------------------------------------------------------------------------------
    def start(self, F, T, *, free=1, penalty=None, weight=None):
        """Sums of the first rows, solved; the first ``free`` columns carry no penalty.

        Parameters
        ----------
        F, T : array, shapes (samples, columns) and (samples, targets)
            Features and targets.
        free : int
            Columns without a penalty, unless ``penalty`` is given.
        penalty : array of float, shape (columns,), optional
            Of each column, relative to ``strength``.
        weight : array of float, shape (samples,), optional
            1 if not given.
        """
        m = F.shape[1]
        self.penalty = np.ones(m) if penalty is None else np.array(penalty, np.float64)
        if penalty is None:
            self.penalty[:free] = 0
        self.G, self.B, self.n = np.zeros((m, m), order="F"), np.zeros((m, T.shape[1])), 0.0
        self.beta, self.jitter = np.zeros((m, T.shape[1])), 0.0
        self.add(F, T, weight=weight)
        self.solve()

    def add(self, F, T, *, weight=None):
        """More rows; the readout stays as it is until it is solved."""
        self.G += cross(F, F, weight=weight)
        self.B += cross(F, T, weight=weight)
        self.n += len(F) if weight is None else math.fsum(weight)
        self._fresh = False

    # ---- targets --------------------------------------------------------------------------------
    def retarget(self, B):
        """Other targets: F'T in place of B; the readout stays as it is until it is solved."""
        self.B = np.array(B, np.float64)
        if self._fresh:
            with one_thread():
                self.y = _forward(self.L, self.B)

    def restrain(self, strength):
        """Another lambda; the readout stays as it is until it is solved."""
        self._fresh = self._fresh and strength == self.strength
        self.strength = float(strength)

    # ---- solving --------------------------------------------------------------------------------
    def factorise(self):
        """L and L^-1 B, if rows or columns have changed since."""
        if self._fresh:
            return
        from scipy.linalg import lapack

        self.jitter, mean = 0.0, max(float(np.mean(np.diag(self.G))), 1e-300)
        with one_thread():
            while True:
                A = self.G.copy(order="F")
                A.flat[:: len(A) + 1] += self.inertia
                L, info = lapack.dpotrf(A, lower=1, overwrite_a=1)
                if info == 0:
                    break
                self.jitter = 10 * self.jitter or _HELP * mean
            self.L, self.y, self._fresh = L, _forward(L, self.B), True
        if self.jitter:
            warnings.warn(
                f"the readout's columns are all but dependent: {self.jitter:.3g} was added to "
                "their squares; a larger ridge avoids it",
                RuntimeWarning,
                stacklevel=3,
            )

    def solve(self):
        """The readout, an ndarray of float64, shape (columns, targets)."""
        self.factorise()
        with one_thread():
            self.beta = _backward(self.L, self.y)
        return self.beta

    def back(self, v):
        """(G + Lambda)^-1 v; the caller has factorised."""
        return _backward(self.L, _forward(self.L, v))

    # ---- growth ---------------------------------------------------------------------------------
    def reduce(self, G12, G22, B2, penalty=1.0):
        """Take out of candidates what the elders explain, O(m^2 P).

        Parameters
        ----------
        G12, G22, B2 : array of float64, shapes (columns, P), (P, P) and (P, targets)
            F'K, K'K and K'T, see :func:`cross`; T are the targets that ``B`` was made of.
        penalty : float or array of float
            Of the candidates, relative to ``strength``.

        Returns
        -------
        Candidates
        """
        self.factorise()
        penalty = np.broadcast_to(np.asarray(penalty, np.float64), len(G22)).copy()
        with one_thread():
            V = _forward(self.L, G12)
            S = G22 - V.T @ V
            c = B2 - V.T @ self.y
        S.flat[:: len(S) + 1] += self._inertia_of(penalty)
        return Candidates(np.asarray(G12), np.asarray(G22), np.asarray(B2), penalty, V, S, c)

    def choose(self, candidates, k, *, least=1e-4):
        """The k candidates that lower the objective most, each beside those chosen before it.

        Parameters
        ----------
        candidates : Candidates
            What :meth:`reduce` gave.
        k : int
            How many at most.
        least : float
            A candidate is passed over when elders and chosen ones leave less than this share of
            its squared length beyond what they would leave of a copy of one of them. Its length
            is measured about its mean if the first column carries no penalty, a constant.

        Returns
        -------
        chosen : ndarray of int64
            Their places.
        gains : ndarray of float64
            How far the objective falls by each.
        """
        S = np.ascontiguousarray(candidates.S)
        P = len(S)
        k = min(k, P)
        chosen, gains = np.empty(k, np.int64), np.empty(k)
        c = np.array(candidates.c, order="C")
        a, ridge = self._about_mean(candidates), self._inertia_of(candidates.penalty)
        copy = ridge + a * ridge / np.maximum(a + ridge, 1e-300)  # d of a copy of an elder
        n = pivot.choose(S, c, np.diag(S).copy(), copy + least * a, np.ones(P, np.bool_), np.inf,
                         False, np.empty((k, P)), chosen, gains)  # fmt: skip
        return chosen[:n], gains[:n]

    def _about_mean(self, candidates):
        """Squared lengths of candidates, about their means if there is a constant among F."""
        size = candidates.size.copy()
        if len(self.G) and self.penalty[0] == 0 and self.G[0, 0] > 0:
            size -= candidates.G12[0] ** 2 / self.G[0, 0]
        return np.maximum(size, 0)

    def append(self, candidates, chosen):
        """Give candidates a place behind the elders and solve, O(m^2 k); nothing is factorised.

        Returns
        -------
        ndarray of bool
            Which of ``chosen`` were taken: a column that elders and those before it explain up to
            rounding is not.
        """
        chosen = np.asarray(chosen, np.int64)
        S, size = candidates.S[np.ix_(chosen, chosen)], candidates.size[chosen]
        L22, taken = _sound_factor(S, size)
        new = chosen[taken]
        V, G12 = candidates.V[:, new], candidates.G12[:, new]
        G22 = candidates.G22[np.ix_(new, new)]
        with one_thread():
            y2 = _forward(L22, candidates.c[new])
        self.G = _bordered(self.G, G12, G12.T, G22)
        self.L = _bordered(self.L, np.zeros_like(V), V.T, L22)
        self.B = np.vstack([self.B, candidates.B2[new]])
        self.y = np.vstack([self.y, y2])
        self.penalty = np.append(self.penalty, candidates.penalty[new])
        self.solve()
        return taken

    # ---- cutting --------------------------------------------------------------------------------
    def prune_order(self, keep, *, count=None):
        """In which sequence columns would be removed, always the cheapest, and what each costs.

        Parameters
        ----------
        keep : array of bool, shape (columns,)
            Columns that stay.
        count : int, optional
            How many at most.

        Returns
        -------
        order : ndarray of int64
            Columns.
        costs : ndarray of float64
            How far the least objective rises by each, exactly. Nothing is removed yet.
        """
        from scipy.linalg import lapack

        self.factorise()
        with one_thread():
            P, _ = lapack.dpotri(self.L, lower=1)
            beta = _backward(self.L, self.y)
        P = np.ascontiguousarray(np.tril(P) + np.tril(P, -1).T)
        free = ~np.asarray(keep, np.bool_)
        k = int(free.sum()) if count is None else min(count, int(free.sum()))
        order, costs, rows = np.empty(k, np.int64), np.empty(k), np.empty((k, len(P)))
        n = pivot.choose(P, np.ascontiguousarray(beta), np.diag(P).copy(), np.zeros(len(P)), free,
                         np.inf, True, rows, order, costs)  # fmt: skip
        return order[:n], costs[:n]

    def drop(self, columns):
        """Remove columns for good and solve without them."""
        self.G = np.asfortranarray(np.delete(np.delete(self.G, columns, 0), columns, 1))
        self.B, self.beta = (np.delete(a, columns, 0) for a in (self.B, self.beta))
        self.penalty = np.delete(self.penalty, columns)
        self._fresh = False
        self.solve()


def _forward(L, B):
    """L^-1 B."""
    from scipy.linalg import blas

    return blas.dtrsm(1.0, L, B, lower=1) if B.size else np.zeros(B.shape)


def _backward(L, y):
    """L'^-1 y."""
    from scipy.linalg import blas

    return blas.dtrsm(1.0, L, y, lower=1, trans_a=1) if y.size else np.zeros(y.shape)


def _bordered(A, right, below, corner):
    """[[A, right], [below, corner]], columns together."""
    m, k = len(A), len(corner)
    out = np.empty((m + k, m + k), order="F")
    out[:m, :m], out[:m, m:], out[m:, :m], out[m:, m:] = A, right, below, corner
    return out


def _sound_factor(S, size):
    """The Cholesky factor of S less its unsound columns, and which of them are sound."""
    from scipy.linalg import lapack

    with one_thread():
        L, info = lapack.dpotrf(S, lower=1, clean=1)
    if info == 0 and (np.diag(L) ** 2 > _SOUND * size).all():
        return L, np.ones(len(S), np.bool_)
    L, taken, k = np.zeros(S.shape), np.zeros(len(S), np.bool_), 0
    for j in range(len(S)):
        row = np.zeros(k)
        for i, other in enumerate(np.flatnonzero(taken)):
            row[i] = (S[j, other] - row[:i] @ L[i, :i]) / L[i, i]
        left = S[j, j] - row @ row
        if left > _SOUND * size[j]:
            L[k, :k], L[k, k], taken[j] = row, math.sqrt(left), True
            k += 1
    return np.asfortranarray(L[:k, :k]), taken
