"""Worlds for agents: how long they take to solve them, told by exact evaluation of their policy.

Evaluations cost no steps: the greedy policy's mean return is computed from the world's own tables.
"""

import time
from dataclasses import dataclass, field

import numpy as np

from growgraph.bench.learning.mazes import Maze

IN_A_ROW = 5
MAZE, MOVED = "changing maze", "moved goal"
_CELLS, _BRAID = 12, 0.25
_NEAR = 1.15  # a trip of so many shortest ways, and a step, is good; two in a row are solved


@dataclass(frozen=True)
class World:
    """A world of Gymnasium's toy texts.

    Attributes
    ----------
    env : str
        Its id without the version.
    options : dict
    solved : float
        Mean return that counts as solved, if ``IN_A_ROW`` evaluations reach it.
    every : int
        Steps between evaluations.
    horizon : int
        Steps of an episode in the evaluation.
    most : int
        Steps after which an agent is given up.
    """

    env: str
    solved: float
    every: int
    horizon: int
    most: int
    options: dict = field(default_factory=dict)


_SURE, _LARGE = {"is_slippery": False}, {"map_name": "8x8"}
WORLDS = {
    "FrozenLake 4x4": World("FrozenLake", 0.99, 10, 100, 3000, _SURE),
    "FrozenLake 8x8": World("FrozenLake", 0.99, 20, 200, 6000, _SURE | _LARGE),
    "FrozenLake 4x4 slippery": World("FrozenLake", 0.70, 50, 100, 10_000),
    "FrozenLake 8x8 slippery": World("FrozenLake", 0.85, 100, 200, 20_000, _LARGE),
    "CliffWalking": World("CliffWalking", -13.5, 10, 200, 3000),
    "Taxi": World("Taxi", 7.5, 50, 200, 8000),
}


class Timed:
    """An agent whose acting and learning is timed, in CPU seconds: worlds and evaluations are not.

    Parameters
    ----------
    agent
    """

    def __init__(self, agent):
        self.agent, self.seconds, self.lived = agent, 0.0, 0

    def _timed(self, call, *given):
        begun = time.process_time()
        found = call(*given)
        self.seconds += time.process_time() - begun
        return found

    def act(self, state):
        """As the agent."""
        return self._timed(self.agent.act, state)

    def learn(self, *step):
        """One step."""
        self._timed(self.agent.learn, *step)
        self.lived += 1

    def over(self):
        """An episode came to its end, or was cut off."""
        self._timed(self.agent.over)

    def intend(self, goal):
        """Another goal."""
        self._timed(self.agent.intend, goal)

    def policy(self):
        """As the agent; asked by evaluations, so it is not timed."""
        return self.agent.policy()


def made(world):
    """The environment in its newest version."""
    import gymnasium

    versions = [s.version or 0 for s in gymnasium.registry.values() if s.name == world.env]
    options = {"disable_env_checker": True} | getattr(world, "options", {})
    return gymnasium.make(f"{world.env}-v{max(versions)}", **options)


class Judge:
    """Mean return of a policy in an environment that tells its tables, in a finite horizon.

    Parameters
    ----------
    env
        With ``unwrapped.P`` and ``unwrapped.initial_state_distrib``.
    horizon : int
    """

    def __init__(self, env, horizon):
        tables, self.start = env.unwrapped.P, env.unwrapped.initial_state_distrib
        self.horizon, n, a = horizon, len(tables), len(tables[0])
        most = max(len(tables[s][x]) for s in range(n) for x in range(a))
        self.p, self.r, self.on = np.zeros((3, n, a, most))
        self.to = np.zeros((n, a, most), np.int64)
        for s in range(n):
            for x in range(a):
                for k, (p, to, r, end) in enumerate(tables[s][x]):
                    self.p[s, x, k], self.to[s, x, k] = p, to
                    self.r[s, x, k], self.on[s, x, k] = r, not end

    def __call__(self, policy):
        """The mean return; ``policy``: an action of each state."""
        at = np.arange(len(policy)), policy
        p, to, r, on = self.p[at], self.to[at], self.r[at], self.on[at]
        gain, stay, worth = (p * r).sum(axis=1), p * on, np.zeros(len(policy))
        for _ in range(self.horizon):
            worth = gain + (stay * worth[to]).sum(axis=1)
        return float(self.start @ worth)


def steps_to_solve(world, agent, seed, most):
    """Steps until the first of ``IN_A_ROW`` good evaluations; None if it was given up."""
    env = made(world)
    judge, good = Judge(env, world.horizon), 0
    state = env.reset(seed=seed)[0]
    for step in range(1, most + 1):
        action = agent.act(state)
        after, reward, ended, cut, _ = env.step(action)
        agent.learn(state, action, float(reward), after, bool(ended))
        state = env.reset()[0] if ended or cut else after
        if step % world.every == 0:
            good = good + 1 if judge(agent.policy()) >= world.solved else 0
            if good == IN_A_ROW:
                return step - (IN_A_ROW - 1) * world.every
    return None


def trips(agent, maze, most):
    """Steps until two trips in a row are near the shortest; None if it was given up."""
    state, length, good = maze.reset()[0], 0, 0
    enough = _NEAR * maze.shortest() + 1
    for step in range(1, most + 1):
        action = agent.act(state)
        after, reward, ended, cut, _ = maze.step(action)
        agent.learn(state, action, reward, after, ended)
        state, length = after, length + 1
        if ended or cut:
            good = good + 1 if ended and length <= enough else 0
            state, length = maze.reset()[0], 0
            if good == 2:
                return step
    return None


def in_a_maze(agent, seed, most):
    """Steps to learn a maze, and steps to recover once a wall on the way has closed."""
    maze = Maze(_CELLS, seed=seed, braid=_BRAID)
    learnt = trips(agent, maze, most)
    if learnt is None:
        return None, None
    maze.close_on_the_way()
    return learnt, trips(agent, maze, most)


def with_a_goal_moved(agent, seed, most):
    """Steps to find the way to another corner, once a maze is learnt; None if it never is."""
    maze = Maze(_CELLS, seed=seed, braid=_BRAID)
    if trips(agent, maze, most) is None:
        return None
    maze.goal = _CELLS - 1
    agent.intend(maze.goal)
    return trips(agent, maze, most)
