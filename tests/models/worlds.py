"""Small worlds SimNet is tested in; none needs an installed environment."""

import numpy as np

from growgraph.bench.learning.mazes import Maze

__all__ = ["Maze", "Slippery", "life", "trip"]


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
