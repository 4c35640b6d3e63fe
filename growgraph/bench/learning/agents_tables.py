"""Peers of SimNet on worlds of few states, of numpy alone: learners of values, and planners.

All are given the numbers of states and actions, and nothing of rewards and of what leads where.
Settings were chosen by median steps on seeds 100-103 (UCB-VI: 100-105) on FrozenLake 4x4, plain and
slippery, and but for PSRL CliffWalking, for Dyna-Q also FrozenLake 8x8. Dyna-Q: values that begin
at 1 or 0 (0 never solved 8x8), rate .1, .5 and 1, 20 and 50 dreams. Q-learning: values at 1 or 0,
rate .1 and .5. UCB-VI: a bonus of .02, .05, .2 and 1. PSRL: a belief of .1 and 1, a spread of .02
and .1.
"""

import numpy as np

from growgraph.models._simnet import rewards
from growgraph.models._simnet.counts import Counts

EPSILON, RATE, DREAMS, HOPE = 0.1, 0.5, 50, 1.0
NEAR, FAR = 0.99, 0.999  # discounts of learners of values, of planners
TOL, _SWEEPS = 1e-4, 200
_OUTCOMES = 24
_BONUS, _BELIEF, _SPREAD = 0.02, 0.1, 0.02
_NO_WAY = -200.0  # what was not tried enough is worth this when an answer is asked


class QLearning:
    """Watkins (1989); ``dreams``: so many remembered steps are lived again a step (Sutton 1990)."""

    def __init__(self, n_states, n_actions, seed, dreams=0, rate=RATE, hope=HOPE):
        self.rng, self.dreams, self.rate = np.random.default_rng(seed), dreams, rate
        self.Q = np.full((n_states, n_actions), hope)
        self.last: dict[tuple, tuple] = {}
        self.met: list[tuple] = []

    def act(self, state):
        """Greedy but for one in ten, ties at random."""
        if self.rng.random() < EPSILON:
            return int(self.rng.integers(self.Q.shape[1]))
        row = self.Q[state]
        return int(self.rng.choice(np.flatnonzero(row == row.max())))

    def learn(self, state, action, reward, after, ended):
        """One step lived, some dreamt."""
        self._update(state, action, reward, after, ended)
        if self.dreams:
            if (state, action) not in self.last:
                self.met.append((state, action))
            self.last[state, action] = reward, after, ended
            for i in self.rng.integers(len(self.met), size=self.dreams).tolist():
                self._update(*self.met[i], *self.last[self.met[i]])

    def _update(self, state, action, reward, after, ended):
        goal = reward + (0 if ended else NEAR * self.Q[after].max())
        self.Q[state, action] += self.rate * (goal - self.Q[state, action])

    def intend(self, goal):
        """What is remembered is given the goal's rewards and lived again; without it, nothing."""
        if not self.dreams:
            return
        for pair, (_, after, ended) in self.last.items():
            self.last[pair] = float(after == goal), after, ended or after == goal
        for _ in range(_SWEEPS):
            for pair in self.met:
                self._update(*pair, *self.last[pair])

    def policy(self):
        """The best action of each state."""
        return self.Q.argmax(axis=1)


class RMax:
    """Brafman and Tennenholtz (2002): pairs tried less than m times are worth the most possible.

    The largest reward is learnt as SimNet learns it.
    """

    bonus = 0.0

    def __init__(self, n_states, n_actions, seed, m=1):
        self.rng, self.m = np.random.default_rng(seed), m
        shape = n_states, n_actions, _OUTCOMES
        self.count, self.reward, self.on = np.zeros((3, *shape))
        self.to = np.full(shape, -1)
        self.bounds = Counts()
        self.V = np.ones(n_states)
        self.stale = True

    def act(self, state):
        """Greedy, ties at random."""
        hope = self.bounds.hope
        if self.stale:
            self.V = self._planned(self.V, hope, self.bonus)
            self.stale = False
        row = self._worth(self.V, hope, self.bonus, state)
        return int(self.rng.choice(np.flatnonzero(row >= row.max() - TOL)))

    def learn(self, state, action, reward, after, ended):
        """Count; plan when a pair becomes known or hope changes."""
        hope = self.bounds.hope
        rewards.note(self.bounds.rewards, reward, ended)
        at, pair = 2 * after + ended, (state, action)
        place = np.flatnonzero(self.to[pair] == at)
        k = int(place[0]) if place.size else int((self.to[pair] >= 0).sum())
        self.to[pair][k], self.on[pair][k] = at, not ended
        self.count[pair][k] += 1
        self.reward[pair][k] += (reward - self.reward[pair][k]) / self.count[pair][k]
        self.stale |= self._tells(int(self.count[pair].sum())) or hope != self.bounds.hope

    def intend(self, goal):
        """What was met is given the goal's rewards; what else ended goes on to end, for nothing."""
        there = self.to // 2 == goal
        self.reward, self.on = there.astype(float), self.on * ~there
        self.to = np.where(there, 2 * goal + 1, self.to)
        self.stale = True

    def _tells(self, n):
        """Whether the n-th trial of a pair is a cause to plan."""
        return n == self.m

    def _worth(self, V, unknown, bonus=0.0, state=slice(None)):
        count, to = self.count[state], np.maximum(self.to[state], 0) // 2
        n = count.sum(axis=-1)
        Q = (count * (self.reward[state] + FAR * self.on[state] * V[to])).sum(axis=-1)
        Q /= np.maximum(n, 1)
        if bonus:
            size = self.bounds.rewards[3] or 1.0
            Q = np.minimum(Q + bonus * size / np.sqrt(np.maximum(n, 1)), unknown)
        return np.where(n >= self.m, Q, unknown)

    def _planned(self, V, unknown, bonus=0.0):
        for _ in range(_SWEEPS):
            new = self._worth(V, unknown, bonus).max(axis=1)
            moved = np.abs(new - V).max()
            V = new
            if moved < TOL * max(1.0, abs(self.bounds.hope)):
                break
        return V

    def policy(self):
        """As well as is known: what was not tried m times is feared."""
        V = self._planned(np.full(len(self.V), max(self.bounds.dread, _NO_WAY)), _NO_WAY)
        return self._worth(V, _NO_WAY).argmax(axis=1)


class UCBVI(RMax):
    """Azar, Osband and Munos (2017): values have a bonus that falls with the root of the trials.

    It is ``bonus`` times the largest absolute reward met, over the root of the trials; all is
    planned anew when the trials of a pair have doubled.
    """

    def __init__(self, n_states, n_actions, seed, bonus=_BONUS):
        super().__init__(n_states, n_actions, seed)
        self.bonus = bonus

    def _tells(self, n):
        return n & (n - 1) == 0


class PSRL:
    """Strens (2000), Osband, Russo and Van Roy (2013): act as is best in a world drawn from belief.

    Where a pair leads is Dirichlet, ``belief`` of one trial in all before the first; its mean
    reward is normal about the mean met, ``spread`` wide (in units of the largest absolute reward
    met) after the first trial. A world is drawn at the end of an episode, and after as many steps
    as there are states.
    """

    def __init__(self, n_states, n_actions, seed, belief=_BELIEF, spread=_SPREAD):
        self.rng = np.random.default_rng(seed)
        self.belief, self.spread, self.n_states = belief, spread, n_states
        self.count = np.zeros((n_states, n_actions, n_states + 1))  # the last: the episode ended
        self.reward = np.zeros((n_states, n_actions))
        self.size, self.left = 1.0, 0
        self.met = False
        self.V = self.known = np.zeros(n_states + 1)
        self.best = np.zeros((n_states, n_actions))

    def act(self, state):
        """As is best in the world that was drawn, ties at random."""
        if self.left == 0:
            self._draw()
        self.left -= 1
        row = self.best[state]
        return int(self.rng.choice(np.flatnonzero(row >= row.max() - TOL)))

    def learn(self, state, action, reward, after, ended):
        """Count."""
        if reward:
            self.size = max(self.size, abs(reward)) if self.met else abs(reward)
            self.met = True
        pair = state, action
        self.count[pair][self.n_states if ended else after] += 1
        self.reward[pair] += (reward - self.reward[pair]) / self.count[pair].sum()
        self.left = 0 if ended else self.left

    def intend(self, goal):
        """What was met is given the goal's rewards; what else ended goes on to end, for nothing."""
        there, n = self.count[:, :, goal].copy(), self.count.sum(axis=-1)
        self.reward = there / np.maximum(n, 1)
        self.count[:, :, self.n_states] += there
        self.count[:, :, goal] = self.left = 0

    def _draw(self):
        n = self.count.sum(axis=-1)
        noise = self.rng.standard_normal(n.shape) / np.sqrt(np.maximum(n, 1))
        reward = self.reward + self.spread * self.size * noise
        drawn = self.rng.standard_gamma(self.count + self.belief / self.count.shape[-1])
        total = drawn.sum(axis=-1, keepdims=True)
        drawn = np.where(total > 0, drawn / np.where(total > 0, total, 1), 1 / drawn.shape[-1])
        self.V, self.best = self._planned(self.V, reward, drawn)
        self.left = self.n_states

    def _planned(self, V, reward, p):
        """Values of states and of choices, from those there were."""
        for _ in range(_SWEEPS):
            Q = reward + FAR * (p @ V)
            before, V = V, np.append(Q.max(axis=1), 0.0)
            if np.abs(V - before).max() < TOL * self.size:
                break
        return V, Q

    def policy(self):
        """The best action of each state in the world that is expected."""
        n = self.count.sum(axis=-1, keepdims=True) + self.belief
        expected = (self.count + self.belief / self.count.shape[-1]) / n
        self.known, Q = self._planned(self.known, self.reward, expected)
        return Q.argmax(axis=1)
