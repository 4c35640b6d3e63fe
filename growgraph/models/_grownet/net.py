"""A net that grows on rows: columns, readout, rounds of rehearsal. It may have a body, a graph."""

import math
from typing import Any

import numpy as np

from growgraph.models._grownet.pruning import renumbered
from growgraph.models._grownet.rehearsal import ALL, Rehearsal
from growgraph.models._grownet.resonant import targets, tension
from growgraph.models._grownet.ridge_readout import Candidates, RidgeReadout
from growgraph.models._grownet.scoring import cross

STRENGTHS = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0)  # of the ridge
USUAL = 1e-3
STEPS, FEW = 8, 3  # of resonance at a look, in tables and with many columns
LAST_STEPS = 20
_ROUNDING, _COARSE = 1e-9, 3e-5  # least ridge: of products in float64, in float32
_CALM = 0.1  # classes: no answer lacks more than this of its margin
_EMPTY = 8  # rounds without a sound candidate, one after another
_ROOM = 64


def schedule(m, pool, many=False):
    """How many units a round inserts and how many it rehearses, of few columns or of many."""
    k, times = (8 + m // 6, 4) if many else (1 + m // 10, 2)
    return k, max(pool, times * k) if pool > 1 else k


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
    repertoire : Repertoire
        What candidates may be.
    """

    def __init__(self, X, Y, options, rng, held=None, body=None, hidden=(), repertoire=ALL):
        self.options, self.body = options, body
        self.n, self.d = X.shape
        self.Y, self.T = Y, Y.copy()
        self.units: list = []
        self.hidden = np.array(hidden, np.int64)  # places of units among the parents
        self.inputs = np.setdiff1d(np.arange(self.d), self.hidden)
        self.F = _with_room(X)
        self.held: Any = None if held is None else _with_room(held[0])
        self.held_Y: Any = None if held is None else held[1]
        self.spread, self._centre = np.ones(self.d), X.mean(axis=0, dtype=np.float64)
        self.loudest = np.abs(X).max(axis=0)
        whole = self.inputs.size == self.d
        self.rows = np.ascontiguousarray(X) if whole else None
        self.done, self.lasted, self.empty = False, 1, 0
        self.looked: Any = None
        self.rehearsal = Rehearsal(self, options, rng, repertoire)
        self.least = _ROUNDING if not self.many or X.dtype == np.float64 else _COARSE
        self.ridge = RidgeReadout(USUAL + self.least)
        self.ridge.start(self.F[:, : self.size], self.T)
        self.beta, self.said = self.ridge.beta, np.zeros_like(Y)

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

    @property
    def classes(self):
        """True if what is wanted are classes."""
        return self.options["classes"]

    @property
    def many(self):
        """True if single columns say little: images."""
        return self.rehearsal.many

    def scaled(self, rows, S):
        """Parents of some rows in spreads: units in those at their birth."""
        if S is self.inputs and self.rows is not None:  # rows lie together
            return self.rows[rows].astype(np.float64)
        picked = self.parents[np.ix_(rows, S)] if np.ndim(rows) else self.parents[rows, S]
        return picked.astype(np.float64) / self.spread[S]

    def centre(self, S):
        """Mean of parents in spreads; that of a unit is taken as 0."""
        return self._centre[S] / self.spread[S]

    # ---- readout --------------------------------------------------------------------------------
    def _say(self, F, beta):
        return F[:, : len(beta)] @ beta.astype(F.dtype)

    def solved(self, strength, steps, m=None):
        """Weights and answers of the first ``m`` units for a ridge, beside the net's own.

        Ridge regression; for classes on resonant targets: each step solves for what the
        answers before it leave (majorisation of the squared hinge), carried on by momentum.
        """
        betas, said = self._solved([self.readout(strength, m)], steps)
        return betas[0], said

    def _solved(self, ridges, steps):
        """Weights of each readout and the answers of all, side by side: rows are read once."""
        F = self.F[:, : len(ridges[0].G)]
        betas = [ridge.solve() for ridge in ridges]
        if not self.classes and len(ridges) > 1:  # nobody asks what they say
            return betas, None
        said = self._say(F, np.hstack(betas))
        if not self.classes:
            return betas, said
        before, t, Y = said, 1.0, np.tile(self.Y, len(ridges))
        for i in range(steps):
            more = (1 + math.sqrt(1 + 4 * t * t)) / 2
            ahead = said + float((t - 1) / more) * (said - before) if i else said
            pulls = np.split(self.pull(F, targets(ahead, Y)), len(ridges), axis=1)
            betas = [ridge.back(pull) for ridge, pull in zip(ridges, pulls, strict=True)]
            before, said, t = said, self._say(F, np.hstack(betas)), more
        return betas, said

    def readout(self, strength, m=None, pull=None):
        """A readout of the first ``m`` units for a ridge, not solved, beside the net's own."""
        M = self.size if m is None else 1 + self.d + m
        ridge = RidgeReadout(strength + self.least)
        ridge.G, ridge.n = self.ridge.G[:M, :M], self.ridge.n
        ridge.penalty = self.ridge.penalty[:M]
        if pull is None:
            pull = self.pull(self.F[:, :M], self.T if m is None else self.Y)
        ridge.retarget(pull)
        return ridge

    def pull(self, F, T):
        """F'T; of many rows in the precision of the rows."""
        return cross(F, T) if F.dtype == np.float64 else (F.T @ T).astype(np.float64)

    def _cross(self, F, K):
        """F'K; of images in the precision of the rows, which costs half as much."""
        return self.pull(F, K) if self.many else cross(F, K)

    def refresh(self, strength, steps):
        """Solve the readout for another ridge, some steps of resonance on."""
        self.ridge.restrain(strength + self.least)
        if self.options["readout"] == "append" and self.m:
            return
        for _ in range(steps if self.classes else 1):
            self.step()

    def step(self):
        """Solve for the targets of the moment; the answers leave new ones."""
        F = self.F[:, : self.size]
        self.ridge.retarget(self.pull(F, self.T))
        self.beta = self.ridge.solve()
        self.say()

    def say(self):
        """Answers of the readout, and the targets they leave."""
        self.said = self._say(self.F, self.beta)
        self.T = targets(self.said, self.Y) if self.classes else self.Y

    # ---- growth ---------------------------------------------------------------------------------
    def round(self, k, pool, where=None):
        """Rehearse ``pool`` candidates and insert the best ``k`` together."""
        R = self.T - self.said
        energy = float(np.einsum("ij,ij->", R, R, dtype=np.float64))
        if energy < 1e-9 * R.size or (self.classes and np.abs(R).max() < _CALM):
            self.done = True
            return
        units, K, able = self.rehearsal.candidates(R, pool, where)
        F = self.F[:, : self.size]
        self.ridge.retarget(self.pull(F, self.T))
        found = self._beside(F, K, R)
        chosen, gains = self.ridge.choose(_only(found, able), k)
        chosen = np.flatnonzero(able)[chosen]
        if not chosen.size:
            self.empty += 1
            self.done = self.empty >= _EMPTY
            return
        self.empty = 0
        for j, gain in zip(chosen.tolist(), gains.tolist(), strict=True):
            units[j].gain = gain / energy
        if self.body is None:
            self.insert([units[j] for j in chosen], K[:, chosen], R, found, chosen)
        else:
            self.insert([units[j] for j in chosen], None, R)

    def _beside(self, F, K, R):
        """Candidates beside the elders; where the old readout is kept, beside nothing."""
        G22, G12 = self._cross(K, K), self._cross(F, K)
        if self.options["readout"] != "append":
            return self.ridge.reduce(G12, G22, self.pull(K, self.T))
        pull = self.pull(K, R)
        S = G22.copy()
        S.flat[:: len(S) + 1] += self.ridge.strength * self.n
        return Candidates(G12, G22, self.pull(K, self.T), np.ones(len(S)),
                          np.zeros_like(G12), S, pull)  # fmt: skip

    def insert(self, units, K, R, found=None, chosen=None):
        """Give units their columns, nodes if there is a body, and a place in the readout."""
        first = self.size
        self._make_room(len(units))
        if self.body is not None:
            for unit in units:
                self.body.bear(self, unit, self.answer(R[unit.row]))
            K = self.body.columns(len(units)).astype(self.F.dtype)
        F = self.F[:, :first]
        if found is None or self.options["readout"] == "append":
            self.ridge.retarget(self.pull(F, self.T))
            G12, G22 = self._cross(F, K), self._cross(K, K)
            found = self.ridge.reduce(G12, G22, self.pull(K, self.T))
            chosen = np.arange(len(units))
        taken = self.ridge.append(found, chosen)
        if self.body is not None and not taken.all():
            self.body.take_back(np.flatnonzero(~taken) - len(units), "explained by others")
        old = self.beta
        for unit, column, good in zip(units, K.T, taken.tolist(), strict=True):
            if good:
                self._place(unit, column)
        if self.options["readout"] == "append":
            K = self.F[:, first : self.size]
            A = self.ridge.G[first:, first:].copy()
            A.flat[:: len(A) + 1] += self.ridge.strength * self.n
            self.beta = np.vstack([old, np.linalg.solve(A, self.pull(K, R))])
        else:
            self.beta = self.ridge.beta
        self.say()

    def _place(self, unit, column):
        at = self.size
        self.F[:, at] = column
        if self.held is not None:
            self.held[:, at] = unit.column(self.held[:, 1:at])
        self.hidden = np.append(self.hidden, at - 1)
        self.units.append(unit)
        self.spread = np.append(self.spread, column.std(dtype=np.float64) + 1e-12)
        self._centre = np.append(self._centre, 0.0)
        self.loudest = np.append(self.loudest, np.abs(column).max())

    def take_back(self, places, cause):
        """Units at some places, which no other one reads, leave the net and its graph."""
        if self.body is not None:
            self.body.take_back(places - self.m, cause)
        columns = 1 + self.d + places
        self.ridge.drop(columns)
        kept = np.setdiff1d(np.arange(self.size), columns)
        self.units = renumbered(self.units, self.d, places)
        for rows in (self.F, self.held):
            if rows is not None:
                rows[:, : kept.size] = rows[:, kept]
        self.hidden = np.append(self.hidden[self.hidden < self.d], self.d + np.arange(self.m))
        for name in ("spread", "_centre", "loudest"):
            setattr(self, name, np.delete(getattr(self, name), columns - 1))
        self.beta = self.ridge.beta
        self.say()

    def answer(self, r):
        """The output a place asks for: the class that is too quiet there, the target most amiss."""
        return int((r if self.classes else np.abs(r)).argmax())

    def _make_room(self, more):
        if self.size + more > self.F.shape[1]:
            room = int(1.6 * (self.size + more))
            self.F = _wider(self.F, room)
            if self.held is not None:
                self.held = _wider(self.held, room)

    # ---- judging --------------------------------------------------------------------------------
    def look(self, strengths):
        """Held-out tension and errors of each row: dict strength -> (tension, errors)."""
        if self.options["readout"] == "append":
            betas = [self.beta] * len(strengths)
        else:
            pull = self.pull(self.F[:, : self.size], self.T)
            ridges = [self.readout(strength, pull=pull) for strength in strengths]
            betas, _ = self._solved(ridges, FEW if self.many else STEPS)
        said = np.split(self._say(self.held, np.hstack(betas)), len(strengths), axis=1)
        return {s: self._judged(one) for s, one in zip(strengths, said, strict=True)}

    def _judged(self, said):
        if not self.classes:
            loss = ((self.held_Y - said) ** 2).sum(axis=1, dtype=np.float64)
            return loss, loss
        left = tension(said, self.held_Y)
        wrong = said.argmax(axis=1) != self.held_Y.argmax(axis=1)
        return (left**2).sum(axis=1, dtype=np.float64), wrong.astype(np.float64)

    def answers_held(self, m, strength):
        """What the net with its first ``m`` units says of the rows held out."""
        return self._say(self.held, self.solved(strength, STEPS, m)[0])


def _with_room(X):
    F = np.empty((len(X), X.shape[1] + 1 + _ROOM), X.dtype, order="F")
    F[:, 0], F[:, 1 : X.shape[1] + 1] = 1, X
    return F


def _wider(A, room):
    out = np.zeros((A.shape[0], room), A.dtype, order="F")
    out[:, : A.shape[1]] = A
    return out


def _only(found, able):
    """Some of the candidates."""
    return Candidates(found.G12[:, able], found.G22[np.ix_(able, able)], found.B2[able],
                      found.penalty[able], found.V[:, able], found.S[np.ix_(able, able)],
                      found.c[able])  # fmt: skip
