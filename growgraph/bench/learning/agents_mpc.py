"""A peer of SimNet on worlds of numbers: plans drawn at random, played out in a learnt local model.

Settings were chosen by the returns of six episodes after 300 and 1000 steps on one other seed on
CartPole and MountainCar: 60 and 100 plans of 25 to 120 steps, which never reached the goal of
MountainCar; what a plan may leave of the range lived in; whether the best plans vote.
"""

import numpy as np

from growgraph.bench.learning.boxes import Agent

_PLANS, _HORIZON = 60, 50
_HOLDS = (1, 2, 4, 8, 16)  # steps that the actions of a plan last
_CENTRES, _WIDTH, _RIDGE = 30, 0.5, 1e-4
_FIRST, _EVERY = 50, 25  # random steps before the first model; steps between fits
_MARGIN = 1.0  # of the range lived in, beyond it: there a plan stays at the rim


class Local:
    """What an action changes: a line of each action, and resonances at places lived in.

    Parameters
    ----------
    n_actions : int
    seed : int
    """

    def __init__(self, n_actions, seed):
        self.n_actions, self.rng = n_actions, np.random.default_rng(seed)

    def fit(self, before, actions, after):
        """Ridge regression on steps [n, numbers]."""
        self.mean, self.size = before.mean(axis=0), before.std(axis=0) + 1e-9
        low, high = before.min(axis=0), before.max(axis=0)
        self.low, self.high = low - _MARGIN * (high - low), high + _MARGIN * (high - low)
        chosen = self.rng.choice(len(before), min(_CENTRES, len(before)), replace=False)
        self.centres = ((before[chosen] - self.mean) / self.size).astype(np.float32)
        self.unit = (after - before).std(axis=0) + 1e-9
        X = self._features(before, actions).astype(np.float64)
        gram = X.T @ X + _RIDGE * len(X) * np.eye(X.shape[1])
        self.weights = np.linalg.solve(gram, X.T @ ((after - before) / self.unit))

    def _features(self, x, actions):
        z = ((x - self.mean) / self.size).astype(np.float32)
        apart = (z**2).sum(axis=1)[:, None] + (self.centres**2).sum(axis=1) - 2 * z @ self.centres.T
        near = np.exp(apart * np.float32(-0.5 / (_WIDTH**2 * z.shape[1])))
        own = np.zeros((len(x), self.n_actions, 1 + z.shape[1]), np.float32)
        own[np.arange(len(x)), actions, 0] = 1
        own[np.arange(len(x)), actions, 1:] = z
        return np.hstack([own.reshape(len(x), -1), near])

    def __call__(self, x, actions):
        """Where actions [n] lead from observations [n, numbers]."""
        moved = self._features(x, actions) @ self.weights.astype(np.float32) * self.unit
        return np.clip(x + moved, self.low, self.high)


class MPC(Agent):
    """Random shooting: of plans drawn at random the best is begun, and all is planned anew.

    It is told rewards and ends as functions of observations; what follows it learns.

    Parameters
    ----------
    given : Given
    seed : int
    """

    def __init__(self, given, seed):
        self.rng, self.n_actions, self.world = (
            np.random.default_rng(seed),
            given.n_actions,
            given.world,
        )
        self.model, self.fitted = Local(given.n_actions, seed), False
        self.steps: list[tuple] = []
        self.followed: list[int] = []

    def act(self, observation):
        """The best plan's first action; where all are as good, one is followed for a while."""
        if not self.followed:
            plans, worth = self._shot(np.asarray(observation)[None])
            best = int(worth[0].argmax())
            alike = worth[0].max() == worth[0].min()
            self.followed = plans[0, best, : _HOLDS[-1] if alike else 1].tolist()
        return int(self.followed.pop(0))

    def over(self):
        """No plan is followed into another episode."""
        self.followed = []

    def learn(self, observation, action, reward, after, ended):
        """Remember; now and then the model is fitted to all that was lived."""
        self.steps.append((observation, action, after))
        n = len(self.steps)
        if n >= _FIRST and n % _EVERY == 0:
            before, actions, after = (np.array(part) for part in zip(*self.steps, strict=True))
            self.model.fit(before, actions, after)
            self.fitted = True

    def answer(self, observation):
        """As :meth:`answers`."""
        return int(self.answers(np.asarray(observation)[None])[0])

    def answers(self, observations):
        """First actions of the best plans, plans of their own for each observation."""
        plans, worth = self._shot(observations)
        return plans[np.arange(len(plans)), worth.argmax(axis=1), 0]

    def _shot(self, observations):
        """Plans [n, plans, horizon] and what they are worth; before the first model, nothing."""
        n = len(observations)
        plans = self._plans(n * _PLANS)
        worth = np.zeros(len(plans))
        if self.fitted:
            worth = self._played(np.repeat(observations, _PLANS, axis=0), plans)
        return plans.reshape(n, _PLANS, -1), worth.reshape(n, _PLANS)

    def _plans(self, count):
        """Actions [count, horizon]; a plan's actions last 1 to 16 steps."""
        drawn = self.rng.integers(self.n_actions, size=(count, _HORIZON))
        hold = self.rng.choice(_HOLDS, size=count)
        return drawn[np.arange(count)[:, None], np.arange(_HORIZON) // hold[:, None]]

    def _played(self, places, plans):
        """The sum of rewards of each plan, until its end."""
        total, open_ = np.zeros(len(places)), np.arange(len(places))
        for step in range(plans.shape[1]):
            places = self.model(places, plans[open_, step])
            over = self.world.told(places)
            total[open_] += np.where(over, self.world.reward, self.world.each)
            places, open_ = places[~over], open_[~over]
            if not open_.size:
                break
        return total
