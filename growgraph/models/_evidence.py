"""Evidence: the sums a readout is solved from, and when it is solved."""

import math

import numpy as np

from growgraph._linalg import one_thread

_SOLVE_FROM = 4
_SOLVE_RATIO = 1.2


class Evidence:
    """Statistics A = sum h h' (lower triangle), B = sum h t', and the gate's readout W.

    Parameters
    ----------
    features : int
        Length of h.
    settings : dict
        ``ridge, ridge_n, ridge_power, ridge_cap`` of the sense: lambda = ridge +
        min(cap, (ridge_n / n)^power), in units of the mean diagonal of A.
    """

    ARRAYS = ("A", "B", "W")

    def __init__(self, features, settings):
        self.settings = settings
        self.A = np.zeros((features, features))
        self.B = np.zeros((features, 0))
        self.W = np.zeros((features, 0))

    def add_class(self):
        """A class that has not been seen yet: its past is 0."""
        self.B, self.W = (np.pad(m, ((0, 0), (0, 1))) for m in (self.B, self.W))

    def add_feature(self):
        """A node that was 0 until now: its past is 0, exactly."""
        self.A = np.pad(self.A, (0, 1))
        self.B, self.W = (np.pad(m, ((0, 1), (0, 0))) for m in (self.B, self.W))

    def solve(self, n, cap=None):
        """(A + lambda I)^-1 B by Cholesky, in one thread so that the bits do not depend on it."""
        from scipy.linalg import cho_factor, cho_solve

        s = self.settings
        size = len(self.A)
        strength = min(
            (s["ridge_n"] / max(n, 1)) ** s["ridge_power"], np.inf if cap is None else cap
        )
        inertia = (s["ridge"] + strength) * np.trace(self.A) / size + 1e-12
        M = self.A.copy()
        M.flat[:: size + 1] += inertia
        with one_thread():
            return np.ascontiguousarray(cho_solve(cho_factor(M, lower=True), self.B))

    def answer(self, n):
        """The readout for answering: a pure function of the present sums."""
        return self.solve(n, self.settings["ridge_cap"])

    @staticmethod
    def next_solve(n):
        """The sample count at which the gate is solved again."""
        return max(_SOLVE_FROM, math.ceil(n * _SOLVE_RATIO))
