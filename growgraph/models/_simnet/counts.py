"""What a discrete world has shown: how often a choice led where, for what reward.

Three things are learnt of the world as a whole, from all choices together: how likely an outcome
never met is (structural gain), how even outcomes are (shape), and what rewards there are.
"""

import numpy as np

from growgraph.kernels.plan import NU_D, NU_N
from growgraph.models._simnet import rewards

GAMMA = 0.999
ALPHAS = np.array([0.3, 1.0, 3.0, 10.0, 30.0, 100.0])
_BIRTH = 2.0  # of nu: so many trials on either side before the first
_STEADY = 0.05  # second outcomes rarer than this are a change of the world, not chance


class Column:
    """An array of one dimension that grows at its end."""

    def __init__(self, values=(), dtype=np.int64):
        self._held = np.array(values, dtype)
        self.n = self._held.size

    def __len__(self):
        return self.n

    def append(self, values):
        """Add values at the end."""
        new = np.atleast_1d(values)
        need = self.n + new.size
        if need > self._held.size:
            room = np.zeros(max(16, need + need // 2), self._held.dtype)
            room[: self.n] = self._held[: self.n]
            self._held = room
        self._held[self.n : need] = new
        self.n = need

    @property
    def all(self):
        """A view of what it holds; another one after it grew."""
        return self._held[: self.n]


class Counts:
    """Statistics of choices and outcomes; the numbers of times are the graph's stabilities.

    Attributes
    ----------
    first : Column of int64 [choices]
        Place of the first outcome of each choice, -1: none.
    follow : Column of int64 [outcomes]
        Place of the next outcome of the same choice.
    reward : Column of float64 [outcomes]
        Mean reward.
    trials, news : float64 [NU_N, NU_D]
        Trials made after n trials with d outcomes; of them those that led to one never met.
    score : float64 [6]
        Log probability of what happened under each of ALPHAS, told before it was counted.
    rewards : float64 [4]
        Largest within an episode and at its end, least, and largest absolute.
    """

    ARRAYS = ("trials", "news", "score", "rewards")
    COLUMNS = ("first", "follow", "reward")

    def __init__(self):
        self.first, self.follow = Column(), Column()
        self.reward = Column(dtype=np.float64)
        self.trials, self.news = np.zeros((2, NU_N, NU_D))
        self.score = np.zeros(ALPHAS.size)
        self.rewards = rewards.none_met()

    @property
    def nu(self):
        """Probability that a choice leads to an outcome never met, float64 [NU_N, NU_D]."""
        return (_BIRTH + self.news) / (2 * _BIRTH + self.trials)

    def gain(self, n, d):
        """The same after n trials with d outcomes."""
        cell = min(n, NU_N - 1), min(d, NU_D - 1)
        return (_BIRTH + self.news[cell]) / (2 * _BIRTH + self.trials[cell])

    @property
    def alpha(self):
        """The shape under which what happened was least surprising."""
        return float(ALPHAS[self.score.argmax()])

    @property
    def hope(self):
        """The most that can be hoped for."""
        return rewards.hoped(self.rewards, GAMMA)

    @property
    def dread(self):
        """The least that can be feared."""
        return rewards.feared(self.rewards, GAMMA)

    def note_trial(self, n, d, new):
        """Count a trial made after n trials with d outcomes; returns whether the world changed.

        It did if the one outcome that always came does not, in a world where hardly any choice ever
        brought a second.
        """
        second = (_BIRTH + self.news[:, 1].sum()) / (2 * _BIRTH + self.trials[:, 1].sum())
        changed = new and d == 1 and bool(second < _STEADY)
        if n > 0:
            cell = min(n, NU_N - 1), min(d, NU_D - 1)
            self.trials[cell] += 1
            self.news[cell] += new
        return changed

    def note_shape(self, count, n, d):
        """An outcome met ``count`` of n times before came again; d > 1 outcomes are expected."""
        self.score += np.log((count + ALPHAS / d) / (n + ALPHAS))

    def note_outcome(self, row, last, reward):
        """A first time: one more outcome of choice ``row``, behind its ``last``; its place."""
        place = len(self.follow)
        self.follow.append(-1)
        self.reward.append(reward)
        if last < 0:
            self.first.all[row] = place
        else:
            self.follow.all[last] = place
        return place
