"""A world of numbers whose figures are known, and an agent in it."""

from types import SimpleNamespace

import numpy as np

from growgraph.bench.learning.boxes import Agent, Given, World
from growgraph.models._simnet.actions import actions_of

LENGTH = 12


class Rail:
    """A place on a line that actions move by a tenth; right of 1 it ends. Actions 1 cost 1."""

    spec = SimpleNamespace(max_episode_steps=LENGTH)
    action_space = SimpleNamespace(n=2)
    observation_space = SimpleNamespace(low=np.array([-2.0, -np.inf]), high=np.array([2.0, np.inf]))

    def __init__(self):
        self.taken = []

    def reset(self, seed=None):
        self.x, self.steps, self.seed = 0.0, 0, seed
        return np.array([self.x, 0.0], np.float32), {}

    def step(self, action):
        self.taken.append(action)
        self.x += 0.1 * (2 * action - 1)
        self.steps += 1
        ended = self.x > 0.95
        return np.array([self.x, 0.0]), -1.0 + ended, ended, self.steps == LENGTH, {}


def told(x, push, to):
    over = to[:, 0] > 0.95
    return over - 1.0, over


WORLD = World("Rail", solved=-10.0, every=5, reward=0, most=100, told=told)
GIVEN = Given(2, actions_of(2), np.array([-2.0, -3.0]), np.array([2.0, 3.0]), WORLD)


class Goes(Agent):
    """Right once it has lived so many steps; it forgets after ``until``."""

    def __init__(self, steps, until=10**9):
        self.steps, self.until, self.n, self.overs, self.asked = steps, until, 0, 0, 0

    def act(self, observation):
        return 0

    def learn(self, observation, action, reward, after, ended):
        self.n += 1

    def over(self):
        self.overs += 1

    def answer(self, observation):
        self.asked += 1
        return int(self.steps <= self.n < self.until)


def push(agent, steps=200, seed=0):
    """Steps at random places of the rail."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        x, action = rng.uniform(-1, 0.9), int(rng.integers(2))
        to = x + 0.1 * (2 * action - 1)
        agent.learn(np.array([x, 0.0]), action, -1.0, np.array([to, 0.0]), to > 0.95)
    return agent
