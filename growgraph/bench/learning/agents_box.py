"""Peers of SimNet on worlds of continuous observations, of numpy and scipy alone."""

import numpy as np
from scipy.linalg import solve_discrete_are

from growgraph.bench.learning.boxes import Agent

_RIDGE, _COST = 1e-3, 0.01
_FIRST = 8  # random actions before the first plan


class LQR(Agent):
    """Online least squares and a linear regulator: stay where episodes begin, or somewhere else.

    It is told that dynamics are linear, that actions are pushes of even steps from one side to the
    other, and where to stay; of rewards it is told nothing, and learns nothing of them.

    Parameters
    ----------
    n_observed : int
        Numbers of an observation.
    n_actions : int
    seed : int
    home : sequence of float
        An observation; if it is empty, where episodes begin, their mean.
    """

    def __init__(self, n_observed, n_actions, seed, home=()):
        self.rng, self.n_actions = np.random.default_rng(seed), n_actions
        self.push = np.linspace(-1, 1, n_actions)
        size = n_observed + 2  # observation, push, 1
        self.A, self.B = _RIDGE * np.eye(size), np.zeros((size, n_observed))
        self.low, self.high = np.full(n_observed, np.inf), np.full(n_observed, -np.inf)
        self.begun, self.n, self.told = 0, 0, len(home) > 0
        self.home = np.array(home, np.float64) if self.told else np.zeros(n_observed)
        self.fresh, self.gain = True, None

    def act(self, observation):
        """The push nearest to the regulator's, at first any."""
        self._begin(observation)
        if self.n < _FIRST:
            return int(self.rng.integers(self.n_actions))
        return self.answer(observation)

    def answer(self, observation):
        """The push nearest to the regulator's; nothing is learnt."""
        if self.gain is None:
            self.gain = self._regulator()
        wanted = -self.gain @ (np.asarray(observation, np.float64) - self.home)
        return int(np.abs(self.push - wanted).argmin())

    def learn(self, observation, action, reward, after, ended):
        """Least squares of what follows; an end counts for nothing."""
        x, to = np.asarray(observation, np.float64), np.asarray(after, np.float64)
        self.low, self.high = np.minimum(self.low, x), np.maximum(self.high, x)
        row = np.concatenate([x, [self.push[action], 1.0]])
        self.A += np.outer(row, row)
        self.B += np.outer(row, to - x)
        self.n += 1
        self.gain = None

    def over(self):
        """Another episode begins."""
        self.fresh = True

    def _begin(self, observation):
        if self.fresh and not self.told:
            self.begun += 1
            self.home = self.home + (np.asarray(observation) - self.home) / self.begun
            self.fresh = False

    def _regulator(self):
        """Gain [observed] of the Riccati fixed point; 0 where there is none."""
        d = self.home.size
        model = np.linalg.solve(self.A, self.B).T
        F, G = np.eye(d) + model[:, :d], model[:, d : d + 1]
        half = np.maximum((self.high - self.low) / 2, 1e-3)
        try:
            P = solve_discrete_are(F, G, np.diag(1 / half**2), np.array([[_COST]]))
        except (np.linalg.LinAlgError, ValueError):
            return np.zeros(d)
        return np.ravel(np.linalg.solve(_COST + G.T @ P @ G, G.T @ P @ F))
