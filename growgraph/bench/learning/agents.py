"""Agents to compare SimNet with, of numpy alone, and SimNet without one of its parts.

All are given the number of states and actions, what R-max must know of rewards is said there.
"""

from functools import partial
from typing import Any

import numpy as np

from growgraph.bench.learning.nats import least_surprising
from growgraph.models._simnet.counts import Counts
from growgraph.models._simnet.world import World
from growgraph.models.simnet import SimNet

EPSILON, RATE, DREAMS = 0.1, 0.5, 20
_NEAR, _FAR = 0.99, 0.999  # discounts of learners of values, of planners
_OUTCOMES = 24
_TOL, _SWEEPS = 1e-4, 200


class QLearning:
    """Watkins (1989); ``dreams``: so many remembered steps are lived again a step (Sutton 1990)."""

    def __init__(self, n_states, n_actions, seed, dreams=0, rate=RATE):
        self.rng, self.dreams, self.rate = np.random.default_rng(seed), dreams, rate
        self.Q = np.ones((n_states, n_actions))  # hope, as the others have it
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
        goal = reward + (0 if ended else _NEAR * self.Q[after].max())
        self.Q[state, action] += self.rate * (goal - self.Q[state, action])

    def policy(self):
        """The best action of each state."""
        return self.Q.argmax(axis=1)


class RMax:
    """Brafman and Tennenholtz (2002): pairs tried less than m times are worth the most possible.

    The largest reward is learnt as SimNet learns it.
    """

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
        if self.stale:
            self.V = self._planned(self.V, self.bounds.hope)
            self.stale = False
        row = self._worth(self.V, self.bounds.hope, state)
        return int(self.rng.choice(np.flatnonzero(row >= row.max() - _TOL)))

    def learn(self, state, action, reward, after, ended):
        """Count; plan when a pair becomes known or hope changes."""
        hope = self.bounds.hope
        self.bounds.note_reward(reward, ended)
        at, pair = 2 * after + ended, (state, action)
        place = np.flatnonzero(self.to[pair] == at)
        k = int(place[0]) if place.size else int((self.to[pair] >= 0).sum())
        self.to[pair][k], self.on[pair][k] = at, not ended
        self.count[pair][k] += 1
        self.reward[pair][k] += (reward - self.reward[pair][k]) / self.count[pair][k]
        n = self.count[pair].sum()
        self.stale |= n == self.m or hope != self.bounds.hope

    def _worth(self, V, unknown, state=slice(None)):
        count, to = self.count[state], np.maximum(self.to[state], 0) // 2
        n = count.sum(axis=-1)
        Q = (count * (self.reward[state] + _FAR * self.on[state] * V[to])).sum(axis=-1)
        return np.where(n >= self.m, Q / np.maximum(n, 1), unknown)

    def _planned(self, V, unknown):
        for _ in range(_SWEEPS):
            new = self._worth(V, unknown).max(axis=1)
            moved = np.abs(new - V).max()
            V = new
            if moved < _TOL * max(1.0, abs(self.bounds.hope)):
                break
        return V

    def policy(self):
        """As well as is known: what was not tried m times is feared."""
        V = self._planned(np.full(len(self.V), max(self.bounds.dread, -200.0)), -200.0)
        return self._worth(V, -200.0).argmax(axis=1)


# ---- ours ---------------------------------------------------------------------------------------
class Ours:
    """A SimNet with the verbs of the peers."""

    def __init__(self, n_states, n_actions, seed, world=World):
        self.n_states, self.n_actions = n_states, n_actions
        self.agent = SimNet(random_state=seed)
        options = {"seed": seed, "max_nodes": None, "max_bytes": None, "patience": 5}
        self.agent._world = world(n_actions, options)
        self.agent._start, self.agent._form = 0, None

    def act(self, state):
        """With curiosity."""
        return self.agent.act(state, explore=True)

    def learn(self, state, action, reward, after, ended):
        """One step."""
        self.agent.partial_fit([(state, action, reward, after, ended)])

    def policy(self):
        """Without curiosity; the first action in states never met."""
        best = np.zeros(self.n_states, np.int64)
        for state, action in self.agent.plan_.items():
            best[state] = action
        return best


class ByNats(Ours):
    """It learns as SimNet does, and answers by the path that surprises least."""

    def policy(self):
        """The first action where no way to the best end is known."""
        best = np.zeros(self.n_states, np.int64)
        for state, action in least_surprising(self.agent._world).items():
            best[state] = action
        return best


class _PlansAlways(World):
    """Each step plans all anew."""

    def plan(self, changed=None):
        super().plan()


class _NoShape(Counts):
    """Outcomes are as likely as they were frequent."""

    @property
    def alpha(self):
        return 1e-9


class _WithoutShape(World):
    def __init__(self, n_actions, options):
        super().__init__(n_actions, options)
        self.counts = _NoShape()


class _NoGain(Counts):
    """No choice that was made leads to what was never met."""

    @property
    def nu(self):
        return super().nu * 0

    def gain(self, n, d):
        return 1e-12


class _WithoutGain(World):
    def __init__(self, n_actions, options):
        super().__init__(n_actions, options)
        self.counts = _NoGain()


OURS = "growgraph"
LEARNERS: dict[str, Any] = {  # (states, actions, seed) -> agent
    OURS: Ours,
    f"{OURS}, least nats": ByNats,
    f"{OURS}, no gate": partial(Ours, world=_PlansAlways),
    f"{OURS}, no shape": partial(Ours, world=_WithoutShape),
    f"{OURS}, no structural gain": partial(Ours, world=_WithoutGain),
    "R-max, m = 1": RMax,
    "R-max, m = 5": partial(RMax, m=5),
    "R-max, m = 20": partial(RMax, m=20),
    "Dyna-Q": partial(QLearning, dreams=DREAMS),
    "Q-learning": QLearning,
}
KNOWS = (
    "all know the numbers of states and actions; none knows rewards, goals or dynamics; one "
    f"setting each, not tuned: exploring {EPSILON:.0%}, rate {RATE}, {DREAMS} dreams a step"
)
