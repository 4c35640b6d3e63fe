"""Worlds of numbers for agents: how long they take to solve them.

Evaluations cost no steps: the mean return of what an agent answers without exploring, in episodes
whose starts are always the same.
"""

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
        The largest of a step, at least 0: more than it no step of an episode brings but the last.
    bonus : float
        The largest that an end brings beside it.
    most : int
        Steps after which an agent is given up.
    told : callable or None
        (observations [n, d], what the environment was called with [n, m], observations after it)
        -> (rewards [n], whether an episode ended there [n]): for agents that are told the rewards.
        None: they are left out.
    home : tuple of float or None
        What a regulator is told to hold: an observation, or () for where episodes begin. None: it
        is left out.
    """

    env: Any
    solved: float
    every: int
    reward: float
    bonus: float = 0
    most: int = 30_000
    told: Callable | None = None
    home: tuple | None = None


def made(world):
    """The environment."""
    return world.env() if callable(world.env) else worlds.made(world)


def _cart_pole(x, push, to):
    return np.ones(len(x)), (np.abs(to[:, 0]) > 2.4) | (np.abs(to[:, 2]) > 12 * np.pi / 180)


def _mountain_car(x, push, to):
    return np.full(len(x), -1.0), (to[:, 0] >= 0.5) & (to[:, 1] >= 0)


def _acrobot(x, push, to):
    """Until the tip is above the line: -cos(a) - cos(a + b) > 1."""
    up = -to[:, 0] - (to[:, 0] * to[:, 2] - to[:, 1] * to[:, 3]) > 1
    return up - 1.0, up


def _continuous_car(x, push, to):
    there = (to[:, 0] >= 0.45) & (to[:, 1] >= 0)
    return 100.0 * there - 0.1 * push[:, 0] ** 2, there


def _pendulum(x, push, to):
    angle = np.arctan2(x[:, 1], x[:, 0])
    cost = angle**2 + 0.1 * x[:, 2] ** 2 + 0.001 * push[:, 0] ** 2
    return -cost, np.zeros(len(x), bool)


WORLDS = {
    "CartPole": World("CartPole", 475, 25, 1, told=_cart_pole, home=()),
    "MountainCar": World("MountainCar", -110, 50, 0, told=_mountain_car, home=(0.5, 0)),
    "Acrobot": World("Acrobot", -100, 50, 0, told=_acrobot),
    "MountainCarContinuous": World(
        "MountainCarContinuous", 90, 50, 0, 100, told=_continuous_car, home=(0.45, 0)
    ),
    "Pendulum": World("Pendulum", -200, 50, 0, told=_pendulum, home=(1, 0, 0)),
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

    def judged(self):
        """Of one evaluation: (observations [n, numbers], numbers of their episodes) -> choices."""
        return lambda observations, episodes: self.answers(observations)


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

        It is told as soon as that cannot be any more, by the largest rewards of the world.
        """
        if agent.mark is None or self._last is None or self._last[0] != agent.mark:
            self._last = agent.mark, self._good(agent)
        return self._last[1]

    def _good(self, agent):
        returns = np.zeros(EPISODES)
        left = np.full(EPISODES, self.limit)  # steps that may still come
        answers = agent.judged()
        for episodes in (range(_FIRST), range(_FIRST, EPISODES)):
            if not self._played(answers, list(episodes), returns, left):
                return False
        return True

    def _played(self, answers, episodes, returns, left):
        """Episodes side by side; False as soon as there is no hope."""
        seen = {k: self.envs[k].reset(seed=_STARTS + k)[0] for k in episodes}
        while seen:
            actions = answers(np.array(list(seen.values()), np.float64), list(seen))
            for k, action in zip(list(seen), actions, strict=True):
                seen[k], reward, ended, cut, _ = self.envs[k].step(self.call(int(action)))
                returns[k] += reward
                left[k] -= 1
                if ended or cut:
                    left[k] = 0
                    del seen[k]
            hoped = left * self.world.reward + (left > 0) * self.world.bonus
            if (returns + hoped).mean() < self.world.solved:
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
    call, timed = actions_of(env.action_space).call, worlds.Timed(agent)
    state = np.array(env.reset(seed=seed)[0], np.float64)  # its own: some write into theirs again
    while checked < AGAIN and (life.steps is not None or timed.lived < most):
        action = timed.act(state)
        after, reward, ended, cut, _ = env.step(call(int(action)))
        after = np.array(after, np.float64)
        timed.learn(state, action, float(reward), after, bool(ended))
        if ended or cut:
            timed.over()
            after = np.array(env.reset()[0], np.float64)
        state = after
        if timed.lived % world.every == 0:
            good = judge(agent)
            if life.steps is not None:
                checked, life.kept = checked + 1, life.kept + good / AGAIN
            elif good:
                life.steps = timed.lived
    life.lived, life.seconds = timed.lived, timed.seconds
    return life
