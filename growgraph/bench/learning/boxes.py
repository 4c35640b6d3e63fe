"""Worlds of numbers for agents: how long they take to solve them.

Evaluations cost no steps: the mean return of what an agent answers without exploring, in episodes
whose starts are always the same.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph.bench.learning import worlds
from growgraph.models._simnet.actions import Actions, actions_of

EPISODES, _FIRST = 20, 2  # of an evaluation; those played before all the others
_STARTS = 10_000  # seed of the first of them
AGAIN = 4  # evaluations after the first that reached the threshold
_ENDLESS = 3.0  # told of numbers whose range the world does not tell


@dataclass(frozen=True)
class World:
    """A world whose observations are numbers; of a box of actions some are taken, and counted.

    Attributes
    ----------
    env : str or callable
        Its id in Gymnasium without the version, or what makes it.
    solved : float
        Mean return that counts as solved.
    every : int
        Steps between evaluations.
    reward : float
        The largest of a step.
    most : int
        Steps after which an agent is given up.
    told : callable or None
        Observations [n, d] -> whether an episode ended there: for agents that are told the rewards,
        ``reward`` at each end, and ``each`` elsewhere. None: they are left out.
    each : float
        More than 0 where the goal is to stay.
    """

    env: Any
    solved: float
    every: int
    reward: float
    each: float = 0
    most: int = 30_000
    told: Callable | None = None

    @property
    def stays(self):
        """Whether the goal is to stay where episodes begin."""
        return self.each > 0


def made(world):
    """The environment."""
    return world.env() if callable(world.env) else worlds.made(world)


def _fallen(x):
    return (np.abs(x[:, 0]) > 2.4) | (np.abs(x[:, 2]) > 12 * np.pi / 180)


def _up(x):
    """The tip is above the line: -cos(a) - cos(a + b) > 1."""
    return -x[:, 0] - (x[:, 0] * x[:, 2] - x[:, 1] * x[:, 3]) > 1


WORLDS = {
    "CartPole": World("CartPole", 475, 25, 1, 1, told=_fallen),
    "MountainCar": World("MountainCar", -110, 50, 0, -1, told=lambda x: x[:, 0] >= 0.5),
    "Acrobot": World("Acrobot", -100, 50, 0, -1, told=_up),
    "MountainCarContinuous": World("MountainCarContinuous", 90, 50, 100),
    "Pendulum": World("Pendulum", -200, 50, 0),
}


@dataclass(frozen=True)
class Given:
    """What may be told to an agent beforehand; the column "is told" says what each takes.

    Attributes
    ----------
    n_observed : int
    actions : Actions
        What its choices are called in the environment.
    low, high : float64 [n_observed]
        Where numbers range; -3 and 3 where the world does not tell.
    world : World
    """

    n_observed: int
    actions: Actions
    low: np.ndarray
    high: np.ndarray
    world: World

    @property
    def n_actions(self):
        """Choices there are."""
        return self.actions.n

    @classmethod
    def of(cls, world):
        """Of the spaces of its environment."""
        env = made(world)
        low, high = (np.asarray(side, np.float64) for side in
                     (env.observation_space.low, env.observation_space.high))  # fmt: skip
        known = np.maximum(np.abs(low), np.abs(high)) < 1e6
        return cls(
            low.size, actions_of(env.action_space), np.where(known, low, -_ENDLESS),
            np.where(known, high, _ENDLESS), world,
        )  # fmt: skip


class Agent:
    """What the protocol asks of an agent."""

    mark: int | None = None  # it answers as before while this is the same; None: perhaps not

    def act(self, observation):
        """The choice, from 0, while it learns."""
        raise NotImplementedError

    def learn(self, observation, action, reward, after, ended):
        """One step."""
        raise NotImplementedError

    def over(self):
        """An episode came to its end, or was cut off."""

    def answer(self, observation):
        """The choice as well as is known; nothing is learnt."""
        raise NotImplementedError

    def answers(self, observations):
        """Choices [n] for observations [n, numbers] of as many episodes."""
        return [self.answer(observation) for observation in observations]


class Judge:
    """The mean return of an agent's answers, always from the same starts.

    Parameters
    ----------
    world : World
    """

    def __init__(self, world):
        self.world = world
        self.envs = [made(world) for _ in range(EPISODES)]
        self.call = actions_of(self.envs[0].action_space).call
        self.limit = self.envs[0].spec.max_episode_steps
        self._last = None

    def __call__(self, agent):
        """Whether the mean return reaches the threshold.

        It is told as soon as that cannot be any more: no step brings more than the world's largest
        reward.
        """
        if agent.mark is None or self._last is None or self._last[0] != agent.mark:
            self._last = agent.mark, self._good(agent)
        return self._last[1]

    def _good(self, agent):
        returns = np.zeros(EPISODES)
        left = np.full(EPISODES, self.limit)  # steps that may still come
        for episodes in (range(_FIRST), range(_FIRST, EPISODES)):
            if not self._played(agent, list(episodes), returns, left):
                return False
        return True

    def _played(self, agent, episodes, returns, left):
        """Episodes side by side; False as soon as there is no hope."""
        seen = {k: self.envs[k].reset(seed=_STARTS + k)[0] for k in episodes}
        while seen:
            actions = agent.answers(np.array(list(seen.values()), np.float64))
            for k, action in zip(list(seen), actions, strict=True):
                seen[k], reward, ended, cut, _ = self.envs[k].step(self.call(int(action)))
                returns[k] += reward
                left[k] -= 1
                if ended or cut:
                    left[k] = 0
                    del seen[k]
            if (returns + left * self.world.reward).mean() < self.world.solved:
                return False
        return True


@dataclass
class Life:
    """How an agent fared.

    Attributes
    ----------
    steps : int or None
        Until the first evaluation that reached the threshold; None if it was given up.
    kept : float
        Share of the ``AGAIN`` next evaluations that reached it too.
    lived : int
    seconds : float
        CPU time of acting and learning, without evaluations.
    """

    steps: int | None = None
    kept: float = 0.0
    lived: int = 0
    seconds: float = 0.0


def lived(world, agent, seed, most):
    """The life of an agent in a world, at most so many steps before it is given up."""
    env, judge, life, checked = made(world), Judge(world), Life(), 0
    call = actions_of(env.action_space).call
    state = np.array(env.reset(seed=seed)[0], np.float64)  # its own: some write into theirs again
    while checked < AGAIN and (life.steps is not None or life.lived < most):
        begun = time.process_time()
        action = agent.act(state)
        life.seconds += time.process_time() - begun
        after, reward, ended, cut, _ = env.step(call(int(action)))
        after = np.array(after, np.float64)
        begun = time.process_time()
        agent.learn(state, action, float(reward), after, bool(ended))
        if ended or cut:
            agent.over()
            after = np.array(env.reset()[0], np.float64)
        life.seconds += time.process_time() - begun
        state, life.lived = after, life.lived + 1
        if life.lived % world.every == 0:
            good = judge(agent)
            if life.steps is not None:
                checked, life.kept = checked + 1, life.kept + good / AGAIN
            elif good:
                life.steps = life.lived
    return life
