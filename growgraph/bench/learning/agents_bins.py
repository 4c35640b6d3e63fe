"""Peers on worlds of numbers: agents of few states, on a grid of bins.

Of 8 and 11 bins a number, rates of .2 and .5, values that begin at 0 and 50, no Q-learning solved
CartPole on seed 100.
"""

import numpy as np

from growgraph.bench.learning.agents_tables import QLearning
from growgraph.bench.learning.boxes import Agent

CELLS = 5000  # at most; bins of a number, by how many there are
_FEWEST, _BINS = 3, 20


class Binned(Agent):
    """An agent of few states that senses numbers as bins of even width.

    It is told where numbers range.

    Parameters
    ----------
    given : Given
    seed : int
    dreams : int
        As of :class:`QLearning`.
    rate, hope : float
    """

    def __init__(self, given, seed, dreams=0, rate=0.2, hope=0.0):
        self.low, self.high = given.low, given.high
        self.bins = int(np.clip(CELLS ** (1 / given.n_observed) + 1e-9, _FEWEST, _BINS))
        n_states = self.bins**given.n_observed
        self.agent = QLearning(n_states, given.n_actions, seed, dreams, rate, hope)

    def cell(self, observations):
        """Numbers of the cells of observations [..., numbers]."""
        share = (np.asarray(observations) - self.low) / (self.high - self.low)
        bins = np.clip((share * self.bins).astype(np.int64), 0, self.bins - 1)
        return bins @ self.bins ** np.arange(self.low.size)

    def act(self, observation):
        """As the table says, or any."""
        return self.agent.act(self.cell(observation))

    def learn(self, observation, action, reward, after, ended):
        """One step, of cells."""
        self.agent.learn(int(self.cell(observation)), action, reward, int(self.cell(after)), ended)

    def answers(self, observations):
        """The best of each cell."""
        return self.agent.Q[self.cell(observations)].argmax(axis=1)
