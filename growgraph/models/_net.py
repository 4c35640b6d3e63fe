"""A net that grows on rows: columns, readout, rounds of rehearsal. It may have a body, a graph."""

import math
from typing import Any

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular

from growgraph.models._rehearsal import Rehearsal

STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # of the ridge
USUAL = 1e-3
STEPS = 8  # of resonance at a look
LAST_STEPS = 20
_ROOM = 64


def resonant(said, Y):
    """Targets that ask nothing of an answer right beyond the margin."""
    return np.where(Y > 0, np.maximum(said, 1), np.minimum(said, -1))


def schedule(m, pool):
    """How many units a round inserts and how many it rehearses."""
    k = 1 + m // 10
    return k, max(pool, 2 * k)


class Net:
    """Rows, what is wanted of them, units grown so far and their readout.

    Parameters
    ----------
    X : ndarray [rows, columns]
        What the net begins with: inputs, and units of frozen tasks.
    Y : ndarray [rows, outputs]
        +-1, or numbers of mean 0 and spread 1.
    options : dict
        ``classes`` (bool), ``pool, placement, depth, directions, readout``.
    rng : numpy Generator
    held : (X, Y), optional
        Rows on which growth is judged.
    body : optional
        ``bear(net, unit, answer)`` makes a unit's nodes; ``columns(count)`` reads the youngest.
    hidden : sequence of int
        Which of the columns it begins with are units.
    """

    def __init__(self, X, Y, options, rng, held=None, body=None, hidden=()):
        self.options, self.rehearsal, self.body = options, Rehearsal(options, rng), body
        self.n, self.d = X.shape
        self.Y, self.T, self.units = Y, Y.copy(), []
        self.hidden = np.array(hidden, np.int64)  # places of units among the parents
        self.inputs = np.setdiff1d(np.arange(self.d), self.hidden)
        self.F = _with_room(X)
        self.held: Any = None if held is None else _with_room(held[0])
        self.held_Y: Any = None if held is None else held[1]
        self.spread, self._centre = np.ones(self.d), X.mean(axis=0, dtype=np.float64)
        self.loudest = np.abs(X).max(axis=0)
        M = self.d + 1
        self.G = np.zeros((self.F.shape[1],) * 2)
        self.G[:M, :M] = _cross(self.F[:, :M], self.F[:, :M])
        self.strength = USUAL
        self.done, self.lasted = False, 1
        self.looked: Any = None
        self.beta = np.zeros((M, Y.shape[1]))
        self.said = np.zeros_like(Y)

    # ---- what candidates are drawn from ---------------------------------------------------------
    @property
    def m(self):
        """Units grown."""
        return len(self.units)

    @property
    def size(self):
        """Columns of the readout: the constant 1, what it began with, units."""
        return 1 + self.d + self.m

    @property
    def parents(self):
        """Activities [rows, parents] of all that a unit may read."""
        return self.F[:, 1 : self.size]

    def scaled(self, rows, S):
        """Parents of some rows in spreads: units in those at their birth."""
        picked = self.parents[np.ix_(rows, S)] if np.ndim(rows) else self.parents[rows, S]
        return picked.astype(np.float64) / self.spread[S]

    def centre(self, S):
        """Mean of parents in spreads."""
        return self._centre[S] / self.spread[S]

    # ---- readout --------------------------------------------------------------------------------
    def factor(self, strength):
        """Lower Cholesky factor of F'F + strength * n; the constant 1 goes unpunished."""
        M = self.size
        A = self.G[:M, :M].copy()
        A.flat[M + 1 :: M + 1] += (strength + 1e-9) * self.n
        A[0, 0] *= 1 + 1e-12
        return cholesky(A, lower=True, overwrite_a=True, check_finite=False)

    def _solve(self, L, T):
        return cho_solve((L, True), _cross(self.F[:, : self.size], T), check_finite=False)

    def _say(self, F, beta):
        return F[:, : len(beta)] @ beta.astype(F.dtype)

    def readout(self, strength, steps, L=None):
        """Weights and answers: ridge regression, for classes on resonant targets.

        Each step solves for the targets that the answers before it leave (majorisation of the
        squared hinge), carried on by Nesterov's momentum.
        """
        L = self.factor(strength) if L is None else L
        beta = self._solve(L, self.T)
        said = self._say(self.F, beta)
        if not self.options["classes"]:
            return beta, said
        before, t = said, 1.0
        for i in range(steps):
            more = (1 + math.sqrt(1 + 4 * t * t)) / 2
            ahead = said + self.F.dtype.type((t - 1) / more) * (said - before) if i else said
            beta = self._solve(L, resonant(ahead, self.Y))
            before, said, t = said, self._say(self.F, beta), more
        return beta, said

    def refresh(self, strength, steps):
        """Solve the readout anew, or, where the old one is kept, for the new units alone."""
        self.strength = strength
        self.L = self.factor(strength)
        if self.options["readout"] == "append" and self.m:
            self._append(strength)
        else:
            self.beta, self.said = self.readout(strength, steps, self.L)
        self.T = resonant(self.said, self.Y) if self.options["classes"] else self.Y

    def _append(self, strength):
        """Weights for what has none yet, solved for the tension that is left; all others stay."""
        old, M = len(self.beta), self.size
        if old == M:
            return
        F = self.F[:, old:M]
        A = self.G[old:M, old:M].copy()
        A.flat[:: M - old + 1] += strength * self.n
        more = np.linalg.solve(A, _cross(F, self.T - self.said))
        self.beta = np.vstack([self.beta, more])
        self.said = self.said + F @ more.astype(F.dtype)

    # ---- growth ---------------------------------------------------------------------------------
    def round(self, k, pool, where=None):
        """Rehearse ``pool`` candidates and insert the best ``k`` together."""
        R = self.T - self.said
        energy = float(np.einsum("ij,ij->", R, R, dtype=np.float64))
        if energy < 1e-9 * R.size:
            self.done = True
            return
        units, K = self.rehearsal.candidates(self, R, pool, where)
        chosen, gains = self._choose(K, R, k)
        if not chosen:
            self.done = True
            return
        for j, gain in zip(chosen, gains, strict=True):
            units[j].gain = gain / energy
            self.rehearsal.won[units[j].way] += 1
        self.insert([units[j] for j in chosen], K[:, chosen], R)

    def _choose(self, K, R, k):
        """The k columns that together take most: pivoted orthogonal least squares."""
        F, P = self.F[:, : self.size], K.shape[1]
        V = solve_triangular(self.L, _cross(F, K), lower=True, check_finite=False)
        A = _cross(K, K)
        inertia = (self.strength + 1e-9) * self.n
        size = np.diag(A).copy()
        A = A - V.T @ V
        A.flat[:: P + 1] += inertia
        c, d = _cross(K, R), np.diag(A).copy()
        mean = K.mean(axis=0, dtype=np.float64)
        live = size - self.n * mean**2 > 1e-7 * self.n
        floor = np.maximum(1e-4 * (size - self.n * mean**2) + inertia, 1e-12)
        chosen, gains, rows = [], [], np.zeros((0, P))
        for _ in range(min(k, P)):
            able = live & (d > floor)
            score = np.where(able, (c**2).sum(axis=1) / np.where(able, d, 1), -1)
            j = int(score.argmax())
            if score[j] <= 1e-12:
                break
            row = (A[j] - rows[:, j] @ rows) / math.sqrt(d[j])
            c = c - np.outer(row, c[j] / math.sqrt(d[j]))
            d = d - row**2
            rows, live[j] = np.vstack([rows, row]), False
            chosen.append(j)
            gains.append(float(score[j]))
        return chosen, gains

    def insert(self, units, K, R):
        first = self.size
        self._make_room(len(units))
        if self.body is not None:
            for unit in units:
                self.body.bear(self, unit, self.answer(R[unit.row]))
            K = self.body.columns(len(units))
        for i, unit in enumerate(units):
            self.F[:, first + i] = K[:, i]
            if self.held is not None:
                self.held[:, first + i] = unit.column(self.held[:, 1:first])
        self.units += units
        self.hidden = np.append(self.hidden, np.arange(first - 1, first - 1 + len(units)))
        K = self.F[:, first : self.size]
        self.spread = np.append(self.spread, K.std(axis=0, dtype=np.float64) + 1e-12)
        self._centre = np.append(self._centre, K.mean(axis=0, dtype=np.float64))
        self.loudest = np.append(self.loudest, np.abs(K).max(axis=0))
        new = _cross(self.F[:, : self.size], K)
        self.G[: self.size, first : self.size] = new
        self.G[first : self.size, : self.size] = new.T

    def answer(self, r):
        """The output a place asks for: the class that is too quiet there, the target most amiss."""
        return int((r if self.options["classes"] else np.abs(r)).argmax())

    def _make_room(self, more):
        if self.size + more > self.F.shape[1]:
            room = int(1.6 * (self.size + more))
            self.F, self.G = _wider(self.F, room), _wider(_wider(self.G, room).T, room).T
            if self.held is not None:
                self.held = _wider(self.held, room)

    def answers_held(self, m, strength):
        """What the net with its first ``m`` units says of the rows held out."""
        M = 1 + self.d + m
        A = self.G[:M, :M].copy()
        A.flat[M + 1 :: M + 1] += (strength + 1e-9) * self.n
        A[0, 0] *= 1 + 1e-12
        L = cholesky(A, lower=True, overwrite_a=True, check_finite=False)
        T = self.Y
        for _ in range(STEPS if self.options["classes"] else 1):
            beta = cho_solve((L, True), _cross(self.F[:, :M], T), check_finite=False)
            T = resonant(self._say(self.F, beta), self.Y)
        return self._say(self.held, beta)

    # ---- judging --------------------------------------------------------------------------------
    def look(self):
        """Held-out tension of each row for every strength: dict strength -> ndarray [held rows]."""
        out = {}
        for strength in STRENGTHS:
            kept = self.options["readout"] == "append"
            beta = self.beta if kept else self.readout(strength, STEPS)[0]
            said = self._say(self.held, beta)
            T = resonant(said, self.held_Y) if self.options["classes"] else self.held_Y
            out[strength] = ((T - said) ** 2).sum(axis=1, dtype=np.float64)
        return out


def _with_room(X):
    F = np.empty((len(X), X.shape[1] + 1 + _ROOM), X.dtype, order="F")
    F[:, 0], F[:, 1 : X.shape[1] + 1] = 1, X
    return F


def _wider(A, room):
    out = np.zeros((A.shape[0], room), A.dtype, order="F")
    out[:, : A.shape[1]] = A
    return out


def _cross(A, B, rows=4096):
    """A'B in float64, row block after row block."""
    out = np.zeros((A.shape[1], B.shape[1]))
    for a in range(0, len(A), rows):
        part = slice(a, a + rows)
        out += A[part].astype(np.float64).T @ B[part].astype(np.float64)
    return out
