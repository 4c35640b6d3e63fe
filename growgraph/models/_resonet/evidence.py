"""Evidence: the sums a readout is solved from, and when it is solved."""

import math

import numpy as np

from growgraph._linalg import one_thread
from growgraph.kernels import evidence
from growgraph.kernels._lanes import LANES

_SOLVE_FROM = 4
# unless a sense has its own
_USUAL = {"solve_ratio": 1.2, "gate_type": np.float64, "compensated": True}


class Evidence:
    """Statistics A = sum h h', B = sum h t', and the gate's readout W.

    A is kept as the tiles of 16 by 16 on and below its diagonal, in float32; the samples of the
    block of 32 that is not whole yet are ``held`` until it is. ``lost`` is what rounding took.

    Parameters
    ----------
    features : int
        Length of h.
    settings : dict
        ``ridge, ridge_n, ridge_power, ridge_cap`` of the sense: lambda = ridge +
        min(cap, (ridge_n / n)^power), in units of the mean diagonal of A. ``solve_ratio``: how
        much n must have grown before the gate is solved again; ``gate_type``: in which precision;
        ``compensated``: what rounding takes from A is kept (else a few digits go in a million
        equal samples).
    """

    ARRAYS = ("A", "lost", "held", "B", "W")

    def __init__(self, features, settings):
        self.settings = _USUAL | settings
        self.A = np.zeros(_entries(features), np.float32)
        self.lost = np.zeros(self.A.size if self.settings["compensated"] else 0, np.float32)
        self.held = np.zeros((evidence.BLOCK, _padded(features)), np.float32)
        self.B = np.zeros((features, 0))
        self.W = np.zeros((features, 0))

    def add_class(self):
        """A class that has not been seen yet: its past is 0."""
        self.B, self.W = (np.pad(m, ((0, 0), (0, 1))) for m in (self.B, self.W))

    def add_feature(self):
        """A node that was 0 until now: its past is 0, exactly."""
        self.B, self.W = (np.pad(m, ((0, 1), (0, 0))) for m in (self.B, self.W))
        size = len(self.B)
        more = _entries(size) - self.A.size
        self.lost = np.pad(self.lost, (0, more if self.lost.size else 0))
        self.A = np.pad(self.A, (0, more))
        self.held = np.pad(self.held, ((0, 0), (0, _padded(size) - self.held.shape[1])))

    def weigh(self, factor):
        """What was written stands for so many times as much."""
        self.A *= np.float32(factor)
        self.lost *= np.float32(factor)
        self.held *= np.float32(math.sqrt(factor))
        self.B *= factor

    def fits(self, features):
        """True if all arrays are for so many features."""
        return (
            self.A.size == _entries(features)
            and self.lost.size == (self.A.size if self.settings["compensated"] else 0)
            and self.held.shape == (evidence.BLOCK, _padded(features))
            and len(self.B) == len(self.W) == features
        )

    def coincidences(self, held, dtype=np.float64):
        """A with the first ``held`` samples held: [features, features], on and below the diagonal.

        The samples stay held: asking must not move the bounds of blocks.
        """
        A, size = self.A, len(self.B)
        if held:
            A, rows = A.copy(), self.held.copy()
            rows[held:] = 0
            evidence.add_block(A, self.lost.copy(), rows)
        out, at = np.zeros((size, size), dtype), 0
        for first in range(0, size, LANES):
            width = first + LANES
            tiles = A[at : at + LANES * width].reshape(LANES, width)
            out[first:width, :width] = tiles[: size - first, :size]
            at += LANES * width
        return out

    def solve(self, n, held, cap=None, dtype=np.float64):
        """(A + lambda I)^-1 B by Cholesky, in one thread so that the bits do not depend on it.

        ``held``: how many samples are held; ``cap``: of the part of lambda that falls with n.
        """
        from scipy.linalg import lapack

        single = np.dtype(dtype) == np.float32
        factored = lapack.spotrf if single else lapack.dpotrf  # what cho_factor and cho_solve call:
        solved = lapack.spotrs if single else lapack.dpotrs  # a small table solves at many rows
        s = self.settings
        M = self.coincidences(held, dtype)
        strength = min(
            (s["ridge_n"] / max(n, 1)) ** s["ridge_power"], np.inf if cap is None else cap
        )
        inertia = (s["ridge"] + strength) * np.trace(M, dtype=np.float64) / len(M) + 1e-12
        with one_thread():
            while True:
                M.flat[:: len(M) + 1] += dtype(inertia)
                # the lower half read by columns is the upper half: nothing is copied
                factor, failed = factored(M.T, lower=0, clean=0, overwrite_a=1)
                if not failed:
                    break
                M, inertia = self.coincidences(held, dtype), 4 * inertia  # rounding went too deep
            W = solved(factor, self.B.astype(dtype), lower=0)[0]
        return np.ascontiguousarray(W, np.float64)

    def solve_gate(self, n, held):
        """The gate's readout, as precisely as the sense asks for."""
        self.W = self.solve(n, held, dtype=self.settings["gate_type"])

    def answer(self, n, held):
        """The readout for answering: a pure function of the present sums.

        From ``exact`` samples on it is the gate's, which has left out the newest of them.
        """
        if n > self.settings.get("exact", np.inf):
            return self.W
        return self.solve(n, held, self.settings["ridge_cap"])

    def next_solve(self, n):
        """The sample count at which the gate is solved again."""
        return max(_SOLVE_FROM, math.ceil(n * self.settings["solve_ratio"]))


def _padded(features):
    """Features in whole tiles."""
    return -(-features // LANES) * LANES


def _entries(features):
    """Entries of the tiles on and below the diagonal."""
    tiles = _padded(features) // LANES
    return tiles * (tiles + 1) // 2 * LANES * LANES
