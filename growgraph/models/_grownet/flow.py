"""What serves further learning of a GrowNet's task: sums, the memory, the record of its answers.

Time is the sample counter. Blocks end at multiples of 256 samples; nothing moves between two ends
but inputs and outputs that are born with the row that needs them.
"""

import math

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, cholesky, solve_triangular

from growgraph.kernels import record as bins
from growgraph.models._grownet import errors
from growgraph.models._grownet.net import USUAL
from growgraph.models._grownet.reservoir import Reservoir
from growgraph.models._grownet.scoring import cross

BLOCK = 256
_PER_UNIT = 30.0  # bins of the record a unit of margin
_STEPS = 5  # of resonance at the end of a block
_FAR = 2.0  # no answer is let go farther beyond its margin


class Flow:
    """Statistics of the task under way.

    Parameters
    ----------
    width, inputs, outputs : int
        Features of the readout, inputs among them, outputs.
    wanted : int
        Targets that are numbers; 0: classes.
    record : Record
        Of the task.
    options : dict
        ``replay, seed, forget``: see :class:`growgraph.GrowNet`.
    """

    ARRAYS = ("G", "B", "beta", "slack", "counts", "tally", "pending", "pending_group",
              "pending_wanted", "trace")  # fmt: skip

    def __init__(self, width, inputs, outputs, wanted, record, options):
        self.G, self.B = np.zeros((1 + width,) * 2), np.zeros((1 + width, outputs))
        self.beta = np.zeros((1 + width, outputs))
        self.slack = np.zeros((1 + width, outputs))  # F'(T - Y) of rows that resonate
        self.n = 0.0  # rows that the sums stand for
        self.strength = USUAL  # of the ridge
        self.refused, self.rest = 0, 0  # bursts in vain, one after another; none before sample rest
        replay, seed, forget = (options[name] for name in ("replay", "seed", "forget"))
        self.replay = replay
        self.memory = Reservoir(inputs, wanted, rows=replay, seed=seed, forget=forget)
        self.record = record
        self.counts = np.zeros(outputs, np.int64)  # rows met of each class
        self.tally = np.zeros((outputs, 3), np.int64)  # right, last seen, answered before learnt
        self.trace = np.zeros(3)  # answered, of them right (or squared error), squared spread
        self.pending = np.empty((0, inputs))  # values before the gate
        self.pending_group = np.empty(0, np.int64)
        self.pending_wanted = np.empty((0, wanted))

    # ---- growing wider --------------------------------------------------------------------------
    def add_features(self, count):
        """Inputs that were 0 until now: their past is 0, exactly."""
        self.G = np.pad(self.G, (0, count))
        for name in ("B", "beta", "slack"):
            setattr(self, name, np.pad(getattr(self, name), ((0, count), (0, 0))))

    def add_output(self):
        """A class that was never met: all until now was something else."""
        self.B = np.column_stack([self.B, -self.G[:, 0]])
        self.beta = np.column_stack([self.beta, -np.eye(len(self.beta), 1)])
        self.slack = np.pad(self.slack, ((0, 0), (0, 1)))
        self.counts = np.append(self.counts, 0)
        self.tally = np.vstack([self.tally, [0, 0, 0]])

    def add_units(self, G12, G22, B2):
        """Newborns with their past."""
        self.G = np.block([[self.G, G12], [G12.T, G22]])
        self.B = np.vstack([self.B, B2])
        self.beta = np.vstack([self.beta, np.zeros_like(B2)])
        self.slack = np.vstack([self.slack, np.zeros_like(B2)])

    # ---- sums -----------------------------------------------------------------------------------
    def fade(self, factor):
        """Forget a share of all that was summed up."""
        self.G *= factor
        self.B *= factor
        self.slack *= factor
        self.n *= factor

    def add(self, F, Y):
        """Rows of features [rows, 1 + width] and what is wanted of them."""
        self.G += cross(F, F)
        self.B += cross(F, Y)
        self.n += len(F)

    def solved(self, strength, F=None, Y=None, rows=None):
        """Ridge regression from the sums, and from rows F, Y beside them; 1 goes unpunished.

        ``rows``, features, signs and weights of rows that are part of the sums, resonate: answers
        right beyond the margin are let go there. Returns the readout and what that adds to B.
        """
        G, B, slack, n = self.G, self.B, self.slack, self.n
        if F is not None:
            G, B, n = G + F.T @ F, B + F.T @ Y, n + len(F)
        M = len(G)
        for more in (1, 10, 1000, 1e6):
            A = G.copy()
            A.flat[M + 1 :: M + 1] += (strength * more + 1e-9) * max(n, 1)
            A[0, 0] += 1e-9 * max(n, 1)
            try:
                factor = cho_factor(A, lower=True, overwrite_a=True, check_finite=False)
            except LinAlgError:  # rounding went deeper than the ridge
                continue
            beta = cho_solve(factor, B + slack, check_finite=False)
            return (beta, slack) if rows is None else _resonate(factor, B, beta, *rows)
        return np.zeros_like(B), slack

    def solve(self, rows=None):
        """The readout of all blocks that are whole."""
        self.beta, self.slack = self.solved(self.strength, rows=rows)

    def recall(self, Z, group, wanted, first):
        """Remember some of the rows first, first + 1 ... of the stream; call it once a block."""
        if not self.replay:
            return
        memory, more = self.memory, Z.shape[1] - self.memory.X.shape[1]
        if more:
            memory.widen(more)
        if wanted.shape[1]:
            memory.add(Z, first=first, Y=wanted)
        else:
            memory.add(Z, first=first, labels=group)

    # ---- the record -----------------------------------------------------------------------------
    def remember(self, said, group, Y, first, classes):
        """Note how the rows of a block were answered before they are learnt."""
        if not classes:
            wrong = ((said - Y) ** 2).sum(axis=1)
            self.trace += len(said), wrong.sum(), (Y**2).sum()
            errors.hear(self.record, said, Y)
            return
        right = said.argmax(axis=1) == group
        self.trace += len(said), right.sum(), 0
        np.add.at(self.tally[:, 0], group, right)
        np.add.at(self.tally[:, 2], group, 1)
        np.maximum.at(self.tally[:, 1], group, first + np.arange(len(said)))
        self.hear(said, right)

    def hear(self, said, right):
        """Count right answers by their margin."""
        if said.shape[1] < 2:
            return
        ordered = np.sort(said, axis=1)
        place = np.clip((ordered[:, -1] - ordered[:, -2]) * _PER_UNIT, 0, bins.BINS - 1)
        np.add.at(self.record.count_by, place.astype(np.int64), 1)
        np.add.at(self.record.right_by, place.astype(np.int64), right)

    # ---- how strange ----------------------------------------------------------------------------
    @staticmethod
    def leverage(F, G, n):
        """How far features lie from all that was summed up; about 1 on the average row."""
        M, n = len(G), max(n, 1.0)
        A = G.copy()
        A.flat[M + 1 :: M + 1] += 0.01 * n
        A[0, 0] += 1e-9 * n
        L = cholesky(A, lower=True, check_finite=False)
        V = solve_triangular(L, F.T, lower=True, check_finite=False)
        return n * (V**2).sum(axis=0) / max(np.trace(np.linalg.solve(A, G)), 1e-12)


def _resonate(factor, B, beta, F, Y, weight):
    """Steps of resonance, as ``Net.solved`` takes them, of rows that are part of the sums.

    The other rows keep the targets Y: the loss is squared hinge on the rows, squared error beside
    them, and a step is one of majorisation for both. Stale targets are no substitute: B would be
    one of targets that no readout has, and the past imputed to newborns one of others.
    """
    last = ahead = beta
    t, weight = 1.0, weight[:, None]
    slack = np.zeros_like(B)
    for _ in range(_STEPS):
        beyond = np.clip(Y * (F @ ahead) - 1, 0, _FAR)
        slack = cross(F, weight * (Y * beyond))
        beta = cho_solve(factor, B + slack, check_finite=False)
        t, old = (1 + math.sqrt(1 + 4 * t * t)) / 2, t
        ahead, last = beta + (old - 1) / t * (beta - last), beta
    return beta, slack
