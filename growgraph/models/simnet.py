"""SimNet: an agent that grows an inner world and plays out futures in it before it acts."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator

from growgraph._validation import check_number
from growgraph.errors import DataError
from growgraph.models import _door
from growgraph.models._simnet import living, spaces, state
from growgraph.models._simnet.acting import Acting
from growgraph.models._simnet.actions import actions_of
from growgraph.models._simnet.box import Box
from growgraph.models._simnet.sense import (
    check_form,
    check_goal,
    checked_end,
    checked_reward,
    key_of,
    of_numbers,
    same,
)
from growgraph.models._simnet.world import World


class SimNet(Acting, BaseEstimator):
    """An agent for few trials, in worlds of states or of numbers; another goal at any time.

    It grows a graph of what it has met: states, their choices, where these led. Before it acts it
    plans in that graph to a fixed point: each choice is worth what is known to follow and, with the
    probability that something never met follows, the most that can be hoped for. It takes the
    choice of least inertia, which is hope less worth.

    Where observations are numbers, or hold some (a Box), concepts are places: they grow where an
    action is imagined to lead to and none is near, behind a model of what follows that grows where
    its tension lasts. To stay, it plays out plans in that model.

    Parameters
    ----------
    intention : observation, "reach", "stay" or None
        The state to be reached. None: find rewards; in a world of numbers where each step lived is
        rewarded, stay where episodes begin. The words say it there. See :meth:`intend`.
    random_state : None, int or numpy Generator
        Decides between equals, and seeds the environment's first reset.
    max_nodes : int, optional
        What would need more nodes than this is not learnt; ``n_refused_`` counts it.
    max_bytes : int, optional
        The same for the bytes of graph and statistics.
    patience : int, default 5
        After so many more trials of a choice that grew, the log is told whether it paid off.
    progress : None, True or callable, default None
        True shows a bar; a callable gets (steps done, steps in all, agent).

    Attributes
    ----------
    graph_ : Graph
        The inner world: a state is the ``max`` over its choices, a choice the ``sum`` over where it
        led (recurrent edges; weight: probability times discount, stability: how often), its bias
        the reward expected, its p0 how likely something never met follows. All answers come from
        it; of numbers, one step is foreseen by a copy of its model in float64, made at each fit.
    growth_log_ : GrowthLog
        Why each node and path is there, and whether it paid off.
    plan_ : dict
        The best action of each state met, or concept; empty while it stays among numbers.
    n_samples_seen_, n_refused_, n_plans_ : int
        Steps lived; how often there was no room for what they taught; how often it planned.
    nbytes_ : int
        Bytes of graph, log and statistics, without the room that arrays keep for growing.

    Notes
    -----
    The optimism is that of R-max (Brafman and Tennenholtz 2002) where a choice was never made;
    where it was, the chance that it leads to what was never met is counted over all choices, so
    that the agent learns by itself whether its world is deterministic. Worth is Bellman's, with
    discount .999. If what always followed fails to where hardly any choice ever varied, the world
    has changed: what followed before is no longer expected.

    Only after a surprise all is planned anew; else what the step changed is propagated. In a world
    of numbers an end plans anew, or up to twenty surprises (fewer while little was lived), or one
    and enough steps since the last plan to be worth another. Hope that has not risen for ten steps
    is a surprise there, too: the plan is too coarse. Then the places lived in lately become
    concepts, and all others stay; where they are concepts already, all is planned anew, and if
    nothing else plans before, the next time in an episode only after twice as many steps.

    In a world of numbers what was never met is where no lived step resonates; the discount is .99.
    Counted parts beside numbers are felt weakly: what is known holds in all of them until it does
    not. How far an action of a box pushes is read as a number, so that what is learnt of some
    pushes holds between them. Two neighbouring numbers on a circle are an angle. The model is a
    ridge regression on lines and resonances over the last 3000 steps, in which what contradicts the
    rest counts less; a place between concepts is a mixture of them; a plan's end is worth Riccati's
    fixed point.

    Examples
    --------
    A corridor of five rooms, by hand; the last holds a reward:

    >>> from growgraph import SimNet
    >>> agent, room = SimNet(random_state=0), 0
    >>> for _ in range(60):
    ...     action = agent.act(room, explore=True) if room else 1
    ...     after = min(room + 1, 4) if action else max(room - 1, 0)
    ...     agent = agent.partial_fit([(room, action, float(after == 4), after, after == 4)], 2)
    ...     room = 0 if after == 4 else after
    >>> [agent.act(room) for room in range(4)]
    [1, 1, 1, 1]
    >>> agent.intend(0).act(3)
    0
    """

    def __init__(
        self, intention=None, random_state=None, max_nodes=None, max_bytes=None, patience=5,
        progress=None,
    ):  # fmt: skip
        self.intention = intention
        self.random_state = random_state
        self.max_nodes = max_nodes
        self.max_bytes = max_bytes
        self.patience = patience
        self.progress = progress

    # ---- learning -------------------------------------------------------------------------------
    _stands = None  # the environment last lived in and where it is, None: its episode is over

    def learn(self, env, steps, *, progress=None, seed=None, reset=True):
        """Live in an environment for so many steps, episode after episode, and learn.

        Parameters
        ----------
        env : gymnasium.Env, or anything with ``reset``, ``step`` and the two spaces
            Observations Discrete, MultiDiscrete, MultiBinary, Text, Box, or a Dict or Tuple of
            these: where no part is a Box they are states, else 1 to 64 numbers in all (one for each
            value of a counted part). Actions Discrete, MultiDiscrete, MultiBinary, or a bounded
            Box, of which it tries some, spread evenly. A step cut off (``truncated``) is no end:
            nothing is concluded from it.
        steps : int, >= 0
        progress : as the parameter of the class, optional
            In place of it.
        seed : int, optional
            Of a reset with which this call begins; by default made of ``random_state`` and the
            steps lived.
        reset : bool, default True
            Begin with a reset. False: where the last call left the same environment object, go on
            from there, so that two calls are one of as many steps. Nobody else may have moved it in
            between (:meth:`score` is known): what follows would be learnt of where it was left. A
            copy, or an agent from a file, knows of no environment and begins with a reset.

        Returns
        -------
        SimNet
            Itself. A later call goes on, in this environment or in another with the same spaces.

        Raises
        ------
        TypeError
            For what is no environment.
        DataError
            For spaces or observations it cannot tell apart, before anything is learnt of them.
        RuntimeError
            If the environment raises; what was learnt before is kept.
        """
        steps = check_number("steps", steps, 0, integer=True)
        if seed is not None:
            seed = check_number("seed", seed, 0, 2**32 - 1, integer=True)
        actions = living.actions_in(env)
        parts = spaces.parts_of(getattr(env, "observation_space", None))
        world = self._ready(actions, parts)
        met = living.Env(env, actions, self._form, self._parts)
        with _door.telling(self.progress if progress is None else progress, steps) as tell:

            def told(done):  # who is told may ask, or save
                self._form = met.form if world.n_states else self._form
                tell(done, self)

            if steps:
                stands, self._stands = self._stands, None  # what raises leaves it anywhere
                try:
                    if reset or seed is not None or stands is None or stands[0] is not env:
                        key = met.reset(living.reset_seed(world) if seed is None else seed)
                        check_goal(self.intention, met.form, self._parts)  # known only now
                    else:
                        key = stands[1]
                    key = living.live(world, met, steps, key, told)
                    self._stands = env, key
                finally:
                    self._form = met.form if world.n_states else self._form
        return self

    def partial_fit(self, transitions, actions=None, observations=None):
        """Learn steps that were lived elsewhere.

        Parameters
        ----------
        transitions : sequence of (observation, action, reward, next observation, done)
            Observations are integers, text, or arrays, tuples or dicts of them; or numbers with
            fractions, in arrays, lists, tuples or dicts; ``done``: the episode ended there (and was
            not merely cut off). Learnt in this sequence.
        actions : int or action space, optional
            Number of actions, numbered from 0, or the space they are of, as in :meth:`learn`;
            needed at the first call.
        observations : observation space, optional
            As in :meth:`learn`; needed at the first call where whole numbers stand beside
            fractions.

        Returns
        -------
        SimNet
            Itself.

        Raises
        ------
        DataError, ValueError, TypeError
            If a transition cannot be read; then none of the call is learnt.
        """
        if actions is None and not hasattr(self, "_world"):
            raise ValueError("actions must be the number of actions at the first call, got None")
        doings = self._actions if actions is None else actions_of(actions, "actions")
        parts = None if observations is None else spaces.parts_of(observations, "observations")
        transitions = list(transitions)
        states = observations is not None and parts is None
        read, form, parts = self._read(transitions, doings, parts)
        if states and parts is not None:
            raise DataError(f"observations must be the space of what was seen, got {observations}")
        world = self._ready(doings, parts, form)
        with _door.telling(self.progress, len(read)) as tell:
            for done, step in enumerate(read, 1):
                with _door.undisturbed():
                    world.live(*step)
                    self._form = form
                tell(done, self)
        return self

    def _read(self, transitions, actions, parts):
        """Transitions, checked, the form of their observations, and their parts."""
        read, form = [], getattr(self, "_form", None)
        held = getattr(self, "_parts", None) if form or parts is None else _nested(parts)
        form = of_numbers(spaces.size(parts)) if parts and form is None else form
        for i, step in enumerate(transitions):
            name = f"transitions[{i}]"
            try:
                observation, action, reward, after, done = step
            except (TypeError, ValueError) as error:
                raise DataError(
                    f"{name} must be (observation, action, reward, next observation, done), got "
                    f"{step!r}"
                ) from error
            pair = []
            for part, which in ((observation, "observation"), (after, "next observation")):
                if form is None and parts is None:
                    held = spaces.parts_seen(part, f"{name}: {which}")
                pair.append(key_of(part, f"{name}: {which}", held))
                form = check_form(pair[-1], form, f"{name}: {which}")
            choice, push = actions.read(action, f"{name}: action")
            reward = checked_reward(reward, f"{name}: reward")
            done = checked_end(done, f"{name}: done")
            read.append((pair[0], choice, reward, pair[1], done, push))
        if parts is None and read and isinstance(read[0][0], np.ndarray):
            parts = held or ["numbers", [read[0][0].size]]
        return read, form, parts

    def _ready(self, actions, parts=None, seen=None):
        """The world, as it is or newborn, with the intention that is set."""
        numbers = spaces.size(parts) if parts else None
        if not hasattr(self, "_world") or (numbers and self._form is None):
            options = _door.limits(self) | {
                "patience": check_number("patience", self.patience, 1, integer=True)
            }
            form = of_numbers(numbers) if numbers else None
            goal = check_goal(self.intention, form, _nested(parts))
            if not numbers and isinstance(goal, np.ndarray):  # whatever states look like
                raise DataError(
                    f"intention must be a state, as observations are, got {self.intention!r}"
                )
            check_goal(self.intention, form or seen, _nested(parts))
            world = Box(actions, options, numbers, spaces.counted(parts)) if numbers else (
                World(actions.n, options))  # fmt: skip
            self._world, self._actions, self._form = world, actions, form
            self._parts, world.goal = _nested(parts), goal
        world = self._world
        living.check_actions(actions, self._actions)
        if numbers and _nested(parts) != self._parts:
            raise DataError(
                f"observations must have the parts of those before, {self._parts or self._form}, "
                f"got {parts}: make another SimNet for another world"
            )
        goal = self._goal(self.intention)
        if not same(goal, world.goal):
            world.intend(goal)
        return world

    def intend(self, goal):
        """Another goal, without new experience.

        Parameters
        ----------
        goal : observation, or None
            The state to be reached; None: find rewards. "reach" or "stay" in a world of numbers. Of
            one never met a warning tells, and it is looked for.

        Returns
        -------
        SimNet
            Itself.
        """
        if hasattr(self, "_world"):
            key = self._goal(goal)
            if not self._world.met(key):
                warnings.warn(
                    f"goal {goal!r} was never met in {self._world.n} steps: it is looked for where "
                    "nothing is known; the states met are the keys of plan_",
                    stacklevel=2,
                )
            self._world.intend(key)
        self.intention = goal
        return self

    def _goal(self, goal):
        return check_goal(goal, self._form, self._parts)

    # ---- files ----------------------------------------------------------------------------------
    def __getstate__(self):
        return {k: v for k, v in super().__getstate__().items() if k != "_stands"}

    def to_state(self):
        """The agent as arrays and plain values, see :func:`growgraph.save`."""
        self._lived()
        return state.to_state(self)

    @classmethod
    def from_state(cls, held):
        """Rebuild an agent; see :meth:`to_state`."""
        return state.from_state(cls, held)


def _nested(parts):
    """Parts; None where observations are one list of numbers, which need no putting together."""
    return None if parts is None or spaces.is_flat(parts) else parts
