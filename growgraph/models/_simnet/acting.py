"""What a SimNet does with its inner world: act, imagine, explain, tell what it knows."""

import warnings
from typing import Any

from sklearn.exceptions import NotFittedError

from growgraph._validation import check_number
from growgraph.growth import GrowthLog
from growgraph.models._simnet import boxtelling, living, telling
from growgraph.models._simnet.box import Box
from growgraph.models._simnet.sense import check_form, key_of


class Acting:
    """The part of :class:`growgraph.SimNet` that learns nothing."""

    _world: Any
    _actions: Any
    _stands: Any
    _form: Any  # of observations, None before the first
    _parts: Any  # of observations, where numbers are made of them

    # ---- acting ---------------------------------------------------------------------------------
    def act(self, observation, *, explore=False):
        """The action of least inertia; nothing is learnt or changed.

        Parameters
        ----------
        observation
            As in learning.
        explore : bool, default False
            True: as while learning, with curiosity. False: as well as is known.

        Returns
        -------
        int, or ndarray of the shape and dtype of the action space where that is a box
            In a state never met any action, decided by ``random_state``; without ``explore`` a
            warning tells.
        """
        world, key = self._asked(observation)
        if not (explore or isinstance(world, Box) or world.met(key)):
            warnings.warn(
                f"observation {observation!r} was never met in {world.n} steps: any action is as "
                "good; learn there, or say explore=True",
                stacklevel=2,
            )
        return self._actions.call(world.best(key, bool(explore), living.draw(world)))

    def score(self, env, episodes=20, seed=0):
        """Mean sum of rewards of episodes acted as well as is known; nothing is learnt.

        Parameters
        ----------
        env
            As in :meth:`learn`.
        episodes : int, >= 1
        seed : int
            Of the first reset; each later episode has the next.

        Returns
        -------
        float
        """
        episodes = check_number("episodes", episodes, 1, integer=True)
        seed = check_number("seed", seed, 0, 2**32 - 1 - episodes, integer=True)
        world = self._answering()
        living.check_actions(living.actions_in(env), self._actions)
        met = living.Env(env, self._actions, self._form, self._parts)
        if self._stands is not None and self._stands[0] is env:
            self._stands = None
        return sum(living.episode(world, met, seed + i) for i in range(episodes)) / episodes

    def _asked(self, observation):
        world, key = self._answering(), key_of(observation, parts=self._parts)
        check_form(key, self._form)
        return world, key

    def _answering(self):
        """The inner world, as its graph is now."""
        world = self._lived()
        world.notice()
        return world

    def _lived(self):
        """The inner world; raises if there is none yet."""
        if not hasattr(self, "_world"):
            raise NotFittedError("this SimNet has not lived yet: call learn or partial_fit first")
        return self._world

    # ---- telling --------------------------------------------------------------------------------
    def imagine(self, observation, horizon=50, *, explore=False):
        """Play out each action: what is expected to follow, and its inertia.

        Parameters
        ----------
        observation
            As in learning.
        horizon : int, >= 1
            At most so many steps.
        explore : bool, default False
            Follow the choices of curiosity.

        Returns
        -------
        Imagination
            ``alternatives``, the best first, each with worth, inertia, path; ``str()`` tells them.
            There are none in a state never met.
        """
        horizon = check_number("horizon", horizon, 1, integer=True)
        world, key = self._asked(observation)
        return _teller(world).imagine(world, key, horizon, bool(explore), self._actions)

    def explain(self, observation):
        """Why this action: what is expected, how sure, and what would have to change.

        Returns
        -------
        Explanation
            ``str()`` tells it, ``data`` holds the figures.
        """
        world, key = self._asked(observation)
        return _teller(world).explain(self, world, key, self._actions)

    def knowledge(self):
        """What is known of each state.

        Returns
        -------
        Knowledge
            A structured array that prints as a table, one row a state: ``state, trials, untried``
            (choices), ``outcomes, surprise`` (nats of the likeliest outcome, mean of the choices
            made), ``worth, curiosity`` (the largest chance of what was never met). In a world of
            numbers a row a concept; none while the intention is to stay: plans need none then.
        """
        world = self._answering()
        return _teller(world).knowledge(world)

    @property
    def plan_(self):
        """The best action of each state met, or concept; empty while it stays among numbers."""
        world = self._answering()
        draw = living.draw(world)
        if isinstance(world, Box):
            return boxtelling.plan(world, self._actions, draw)
        return {key: self._actions.tell(world.best(key, False, draw)) for key in world.keys}

    @property
    def graph_(self):
        """The inner world."""
        return self._lived().graph

    @property
    def growth_log_(self):
        """Why each node is there."""
        return GrowthLog(self.graph_)

    @property
    def n_samples_seen_(self):
        """Steps lived."""
        return self._lived().n

    @property
    def n_refused_(self):
        """Steps there was no room for."""
        return self._lived().n_refused

    @property
    def n_plans_(self):
        """How often it planned: all anew, or in a world of numbers what was new."""
        return self._lived().n_plans

    @property
    def nbytes_(self):
        """Bytes of graph, log and statistics, without the room that arrays keep for growing."""
        return self._lived().nbytes

    def statistics(self):
        """The arrays that serve further learning and telling only, by name."""
        return self._lived().statistics()

    def _figures(self):
        """What a progress bar shows beside the steps."""
        world = self._lived()
        return {"states": world.n_states, "plans": world.n_plans}


def _teller(world):
    """The functions that tell of a world of numbers, or of states."""
    return boxtelling if isinstance(world, Box) else telling
