"""A peer of SimNet on worlds of numbers: plans drawn at random, played out in a learnt local model.

Settings were chosen by returns of a few episodes within 1000 steps on one other seed on CartPole,
MountainCar and Pendulum: 60, 100 and 200 plans of 25 to 120 steps, 30 and 100 centres of two
widths, what a plan may leave of the range lived in, whether the best plans vote. No horizon is best
in all worlds, so there are two rows.
"""

import numpy as np

from growgraph.bench.learning.boxes import Agent

_PLANS, FAR, NEAR = 60, 50, 25  # plans, steps of a plan in the two rows
_HOLDS = (1, 2, 4, 8, 16)  # steps that the actions of a plan last
_CENTRES, _WIDTH, _RIDGE = 30, 0.5, 1e-4
_FIRST, _EVERY = 50, 25  # random steps before the first model; steps between fits
_MARGIN = 1.0  # of the range lived in, beyond it: there a plan stays at the rim
_NONE = np.zeros(0, np.int64)  # no plan


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

    It is told rewards and ends as functions of steps; what follows it learns.

    Parameters
    ----------
    given : Given
    seed : int
    horizon : int
        Steps of a plan.
    """

    def __init__(self, given, seed, horizon=FAR):
        self.horizon = horizon
        self.seed, self.rng, self.world = seed, np.random.default_rng(seed), given.world
        self.n_actions = given.n_actions
        self.pushes = np.array([np.ravel(given.actions.call(a)) for a in range(given.n_actions)])
        self.model, self.fitted = Local(given.n_actions, seed), False
        self.steps: list[tuple] = []
        self.begun = _NONE

    def act(self, observation):
        """As when it is judged."""
        observations = np.asarray(observation)[None]
        (action,), (self.begun,) = self._shot(observations, [self.begun], self.rng)
        return int(action)

    def over(self):
        """No plan is followed into another episode."""
        self.begun = _NONE

    def learn(self, observation, action, reward, after, ended):
        """Remember; now and then the model is fitted to all that was lived."""
        self.steps.append((observation, action, after))
        n = len(self.steps)
        if n >= _FIRST and n % _EVERY == 0:
            before, actions, after = (np.array(part) for part in zip(*self.steps, strict=True))
            self.model.fit(before, actions, after)
            self.fitted = True

    def judged(self):
        """First actions of the best plans; each episode has its own, and chance is apart."""
        rng = np.random.default_rng((self.seed, len(self.steps)))
        begun: dict[int, np.ndarray] = {}

        def answers(observations, episodes):
            held = [begun.get(k, _NONE) for k in episodes]
            actions, rest = self._shot(observations, held, rng)
            begun.update(zip(episodes, rest, strict=True))
            return actions

        return answers

    def _shot(self, observations, begun, rng):
        """First actions [n] of the best plans, and what is left of these.

        A plan that was begun is one of those drawn until it is played out, and is the best where
        others are as good.
        """
        n = len(observations)
        plans = self._plans(n * _PLANS, rng).reshape(n, _PLANS, -1)
        for drawn, held in zip(plans[:, 0], begun, strict=True):
            if held.size:
                drawn[: held.size], drawn[held.size :] = held, held[-1]
        worth = np.zeros((n, _PLANS))
        if self.fitted:
            worth = self._played(
                np.repeat(observations, _PLANS, axis=0), plans.reshape(n * _PLANS, -1)
            ).reshape(n, _PLANS)
        best = worth.argmax(axis=1)
        rest = [
            plans[k, i, 1 : held.size if held.size and not i else None]
            for k, (i, held) in enumerate(zip(best.tolist(), begun, strict=True))
        ]
        return plans[np.arange(n), best, 0], rest

    def _plans(self, count, rng):
        """Actions [count, horizon]; a plan's actions last 1 to 16 steps."""
        drawn = rng.integers(self.n_actions, size=(count, self.horizon))
        hold = rng.choice(_HOLDS, size=count)
        return drawn[np.arange(count)[:, None], np.arange(self.horizon) // hold[:, None]]

    def _played(self, places, plans):
        """The sum of rewards of each plan, until its end."""
        total, open_ = np.zeros(len(places)), np.arange(len(places))
        for step in range(plans.shape[1]):
            actions = plans[open_, step]
            to = self.model(places, actions)
            reward, over = self.world.told(places, self.pushes[actions], to)
            total[open_] += reward
            places, open_ = to[~over], open_[~over]
            if not open_.size:
                break
        return total
