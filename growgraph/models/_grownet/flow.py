"""What serves further learning of a GrowNet's task: sums, memory, regions where tension lasts.

Time is the sample counter. Blocks end at multiples of 256 samples; nothing moves between two ends
but inputs and outputs that are born with the row that needs them.
"""

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve, cholesky, solve_triangular

from growgraph.kernels import record as bins
from growgraph.models._grownet.net import USUAL
from growgraph.models._grownet.reservoir import Reservoir
from growgraph.models._grownet.resonant import targets
from growgraph.models._grownet.scoring import cross

BLOCK = 256
_PER_UNIT = 30.0  # bins of the record a unit of margin
_REGIONS = 16
_FADE = 0.7  # of a region's tension from block to block
_FEW = 8  # rows that tell a region's tension in a block
_REST = 1e-4  # below it there is none
_FAR = 3.0  # targets ask for no more than an answer this far beyond


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

    ARRAYS = ("G", "B", "beta", "anchors", "heat", "counts", "tally", "pending",
              "pending_group", "pending_wanted", "trace")  # fmt: skip

    def __init__(self, width, inputs, outputs, wanted, record, options):
        self.G, self.B = np.zeros((1 + width,) * 2), np.zeros((1 + width, outputs))
        self.beta = np.zeros((1 + width, outputs))
        self.n = 0.0  # rows that the sums stand for
        self.strength, self.refused = USUAL, 0  # of the ridge; bursts in vain, one after another
        replay, seed, forget = (options[name] for name in ("replay", "seed", "forget"))
        self.replay = replay
        self.memory = Reservoir(inputs, wanted, rows=replay, seed=seed, forget=forget)
        self.record = record
        self.anchors = np.empty((0, inputs), np.float32)
        self.heat = np.zeros((_REGIONS, 3))  # tension, the least since growth, blocks it lasts
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
        self.B, self.beta = (np.pad(a, ((0, count), (0, 0))) for a in (self.B, self.beta))

    def add_output(self):
        """A class that was never met: all until now was something else."""
        self.B = np.column_stack([self.B, -self.G[:, 0]])
        self.beta = np.column_stack([self.beta, -np.eye(len(self.beta), 1)])
        self.counts = np.append(self.counts, 0)
        self.tally = np.vstack([self.tally, [0, 0, 0]])

    def add_units(self, G12, G22, B2):
        """Newborns with their past."""
        self.G = np.block([[self.G, G12], [G12.T, G22]])
        self.B = np.vstack([self.B, B2])
        self.beta = np.vstack([self.beta, np.zeros_like(B2)])

    # ---- sums -----------------------------------------------------------------------------------
    def fade(self, factor):
        """Forget a share of all that was summed up."""
        self.G *= factor
        self.B *= factor
        self.n *= factor

    def add(self, F, T):
        """Rows of features [rows, 1 + width] and their targets."""
        self.G += cross(F, F)
        self.B += cross(F, T)
        self.n += len(F)

    def targets(self, F, Y, classes):
        """What is wanted of rows: an answer right beyond the margin need not change."""
        if not classes or not self.beta.any():
            return Y
        return np.clip(targets(F @ self.beta, Y), -_FAR, _FAR)

    def solved(self, G, B, n, strength):
        """Ridge regression from sums; the constant 1 goes unpunished."""
        M = len(G)
        for more in (1, 10, 1000, 1e6):
            A = G.copy()
            A.flat[M + 1 :: M + 1] += (strength * more + 1e-9) * max(n, 1)
            A[0, 0] += 1e-9 * max(n, 1)
            try:
                return cho_solve(cho_factor(A, lower=True, check_finite=False), B)
            except LinAlgError:  # rounding went deeper than the ridge
                continue
        return np.zeros_like(B)

    def solve(self):
        """The readout of all blocks that are whole."""
        self.beta = self.solved(self.G, self.B, self.n, self.strength)

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

    # ---- tension that lasts ---------------------------------------------------------------------
    def settle_regions(self, Z):
        """Take the anchors of the regions from the rows of the first block."""
        step = max(1, len(Z) // _REGIONS)
        self.anchors = np.unique(Z[::step][:_REGIONS], axis=0)

    def region(self, Z):
        """The nearest anchor of each row; inputs born since do not count."""
        A = self.anchors.astype(np.float64)
        Z = Z[:, : A.shape[1]].astype(np.float64)
        far = (A**2).sum(axis=1) - 2 * Z @ A.T
        return far.argmin(axis=1)

    def feel(self, Z, R):
        """Follow the tension of each region through a block."""
        where, felt = self.region(Z), (R**2).mean(axis=1)
        for r in range(len(self.anchors)):
            here = felt[where == r]
            if here.size < _FEW:
                continue
            tension, least, lasted = self.heat[r]
            new = float(here.mean())
            tension = new if tension == 0 else _FADE * tension + (1 - _FADE) * new
            if least == 0 or tension < 0.9 * least:
                least, lasted = tension, 0
            else:
                lasted = lasted + 1 if tension > _REST else 0
            self.heat[r] = tension, least, lasted

    def lasting(self, patience):
        """Regions whose tension has not fallen for so many blocks."""
        return np.flatnonzero(self.heat[:, 2] >= patience)

    def calm(self):
        """New patience for all."""
        self.heat[:, 1], self.heat[:, 2] = self.heat[:, 0], 0

    # ---- the record -----------------------------------------------------------------------------
    def remember(self, said, group, Y, first, classes):
        """Note how the rows of a block were answered before they are learnt."""
        if not classes:
            wrong = ((said - Y) ** 2).sum(axis=1)
            self.trace += len(said), wrong.sum(), (Y**2).sum()
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
