"""Small worlds SimNet is tested in; none needs an installed environment."""

from types import SimpleNamespace

import numpy as np

from growgraph.bench.learning.mazes import Maze

__all__ = ["Maze", "Pole", "Slippery", "Valley", "life", "trip"]


class Slippery(Maze):
    """The same, but every third step or so goes another way."""

    def reset(self, seed=None):
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        return super().reset()

    def step(self, action):
        return super().step(int(self.rng.integers(4)) if self.rng.random() < 0.4 else action)


def trip(agent, maze, goal=None, most=5000):
    """Steps to the goal acted as well as is known, learning nothing; ``most`` if never."""
    cell, _ = maze.reset()
    goal = maze.goal if goal is None else goal
    for step in range(most):
        if cell == goal:
            return step
        cell = maze.step(agent.act(cell))[0]
    return most


def life(env, agent, steps, actions=4):
    """Transitions of an agent that learns them one by one, as tuples."""
    lived, cell = [], env.reset(seed=0)[0]
    for _ in range(steps):
        action = agent.act(cell, explore=True) if hasattr(agent, "_world") else 0
        after, reward, ended, cut, _ = env.step(action)
        lived.append((cell, action, reward, after, ended))
        agent.partial_fit(lived[-1:], actions)
        cell = env.reset()[0] if ended or cut else after
    return lived


class Valley:
    """A car too weak for the hill (Moore 1990): rock to gain speed; -1 a step, 200 at most."""

    def __init__(self):
        low, high = np.array([-1.2, -0.07]), np.array([0.6, 0.07])
        self.observation_space = SimpleNamespace(low=low, high=high, shape=(2,), dtype="float64")
        self.action_space = SimpleNamespace(n=3, shape=())

    def reset(self, seed=None):
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.x, self.v, self.t = self.rng.uniform(-0.6, -0.4), 0.0, 0
        return np.array([self.x, self.v]), {}

    def step(self, action):
        self.v = np.clip(self.v + 0.001 * (action - 1) - 0.0025 * np.cos(3 * self.x), -0.07, 0.07)
        self.x = np.clip(self.x + self.v, -1.2, 0.6)
        self.v = 0.0 if self.x == -1.2 and self.v < 0 else self.v
        self.t += 1
        return np.array([self.x, self.v]), -1.0, bool(self.x >= 0.5), self.t >= 200, {}


class Pole:
    """A pole to be balanced on a cart, in lines: 1 a step, the end if it leans or the cart leaves.

    ``circle``: the lean is told as cosine and sine.
    """

    def __init__(self, circle=False, most=300):
        self.circle, self.most = circle, most
        shape = (5,) if circle else (4,)
        self.observation_space = SimpleNamespace(low=-np.ones(shape), shape=shape, dtype="float64")
        self.action_space = SimpleNamespace(n=2, shape=())

    def reset(self, seed=None):
        if seed is not None:
            self.rng = np.random.default_rng(seed)
        self.s, self.t = self.rng.uniform(-0.05, 0.05, 4), 0
        return self._seen(), {}

    def _seen(self):
        x, v, a, w = self.s
        return np.array([np.cos(a), np.sin(a), x, v, w] if self.circle else [x, v, a, w])

    def step(self, action):
        x, v, a, w = self.s
        push = 10.0 if action else -10.0
        turn = 15.8 * a - 1.46 * push
        self.s = np.array([x + 0.02 * v, v + 0.02 * (0.98 * push - 0.7 * a), a + 0.02 * w,
                           w + 0.02 * turn])  # fmt: skip
        self.t += 1
        fell = bool(abs(self.s[0]) > 2.4 or abs(self.s[2]) > 0.21)
        return self._seen(), 1.0, fell, self.t >= self.most, {}
