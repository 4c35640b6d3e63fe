"""A continuous inner world: what is lived in numbers, modelled, imagined, and acted upon.

It has the verbs of :class:`growgraph.models._simnet.world.World`. To reach something it plans among
concepts; to stay where it is it plays out plans.
"""

import numpy as np

from growgraph._linalg import one_thread
from growgraph._random import uniform
from growgraph.graph.planning import fingerprint
from growgraph.models._simnet import rewards
from growgraph.models._simnet.concepts import STEPS, Concepts
from growgraph.models._simnet.forward import GAMMA, MEMORY, Forward
from growgraph.models._simnet.staying import Home, plans_of, played
from growgraph.models._simnet.world import among_best

FIRST = {"stay": 8, "reach": 40}  # steps at random before the first model
_HELD = 4  # to reach something, so many of them do the same
_WRONG = {"stay": 0.02, "reach": 0.5}  # an error in units that is a surprise
_ENOUGH = 20  # surprises before all is planned anew; fewer while little was lived
_WORK = 30_000  # comparisons of places that planning anew is worth, a step
_PRODUCTS = 40  # products of a fit that take as long as a comparison of places
_REST = 10  # steps lived by a plan at least, where little surprises
_STILL = 10  # steps on which hope does not rise, before it is planned on
_NEAR = 0.15  # a goal, in features, times the root of their number
BOX_TIE = 1e-9
_FEW = 20  # steps that a memory must hold
_NOT_YET = np.array([-np.inf, 0.0, _STILL])


class Box:
    """Steps lived in numbers, and what is made of them.

    Parameters
    ----------
    actions : Actions
    options : dict
        ``seed``, ``max_nodes``, ``max_bytes``.
    n_numbers : int
    counted : list of bool, optional
        Which of the numbers tell a counted part.

    Attributes
    ----------
    forward : Forward
    concepts : Concepts
    home : Home or None
    goal : "reach", "stay", ndarray or None
        What is intended; None: as rewards say.
    rewards : float64 [4]
        Largest within an episode and at its end, least, largest absolute.
    risen : float64 [3]
        Highest hope since the last plan or the episode's first step; steps since it rose; after
        how many it stands still.
    n, planned : int
        Steps lived; how many when all was last planned anew.
    """

    ARRAYS = ("rewards", "starts", "last", "risen")

    def __init__(self, actions, options, n_numbers, counted=None):
        self.n_actions, self.options = actions.n, options
        most, bytes_ = MEMORY, options["max_bytes"]
        if bytes_ is not None:
            most = min(most, bytes_ // 4 // (8 * (2 * n_numbers + 4 + actions.pushes.shape[1])))
        self.forward = Forward(n_numbers, actions, max(most, 1), counted)
        self.concepts = Concepts(actions.n, options)
        self.home, self.goal = None, None
        self.rewards = rewards.none_met()
        self.starts = np.zeros(n_numbers + 1)  # their sum and number
        self.last = np.full(n_numbers, np.nan)  # where the last step led, NaN after an end
        self.risen = _NOT_YET.copy()
        self.n = self.n_refused = self.n_plans = self.planned = self.surprises = 0
        self._told = {}

    @property
    def graph(self):
        return self.concepts.graph

    @property
    def controller(self):
        return self.concepts.controller

    @property
    def n_states(self):
        """Concepts there are."""
        return len(self.concepts.state_id)

    # ---- what is intended -----------------------------------------------------------------------
    @property
    def staying(self):
        """Whether to stay: intended, or each step lived was rewarded."""
        if isinstance(self.goal, str):
            return self.goal == "stay"
        return self.goal is None and self.rewards[3] > 0 and bool(self.rewards[2] > 0)

    @property
    def aim(self):
        """The intention in words."""
        if isinstance(self.goal, np.ndarray):
            return f"reach {np.round(self.goal, 4).tolist()}"
        return "stay" if self.staying else "find rewards"

    @property
    def hope(self):
        """The most that can be reached."""
        given = isinstance(self.goal, np.ndarray)
        return 0.0 if given else rewards.hoped(self.rewards, GAMMA)

    @property
    def dread(self):
        """The least that can be reached."""
        given = isinstance(self.goal, np.ndarray)
        return -1 / (1 - GAMMA) if given else rewards.feared(self.rewards, GAMMA)

    @property
    def unit(self):
        return max(self.hope, -self.dread)

    def intend(self, goal):
        """Another goal, without new experience."""
        self.goal = goal
        if self.forward.model is not None:
            self.renew()

    def met(self, key):
        """Whether it lies within what was lived, or nothing was yet; words need no meeting."""
        rows, n = self.forward.rows, self.forward.n_numbers
        if not isinstance(key, np.ndarray) or not len(rows):
            return True
        lived = self.forward.places(np.vstack([rows[:, :n], rows[:, -n:]]))
        low, high = lived.min(axis=0), lived.max(axis=0)
        place = self.forward.places(key[None])[0]
        return bool(((place >= low - (high - low)) & (place <= high + (high - low))).all())

    # ---- learning -------------------------------------------------------------------------------
    def see(self, key):
        """Nothing is made of a place before something was done there."""

    def live(self, key, action, reward, after, end, push=()):
        """Learn one step, of an action or of a push near it; False if that called for a plan."""
        self._told = {}
        if not self._fits():
            self.n, self.n_refused = self.n + 1, self.n_refused + 1
            return True
        if not np.array_equal(self.last, key):
            self.starts += np.append(key, 1.0)
            self.risen = _NOT_YET.copy()
        self.last = np.full(key.size, np.nan) if end else after.copy()
        was, bounds = self.staying, self.rewards.copy()
        rewards.note(self.rewards, reward, end)
        wrong, known, astray = self._felt(key, action, after, end)
        self.forward.remember(key, action, reward, after, end, push)
        self.n += 1
        self.surprises += wrong or not known
        still = self._stands_still(after, end)
        due = self.forward.model is None or self.surprises >= min(_ENOUGH, 1 + self.n // 10)
        due |= astray or was != self.staying or not np.array_equal(bounds, self.rewards)
        cheap, refused = not due and self._affordable(), self.n_refused
        if self.n >= FIRST["stay" if self.staying else "reach"] and (due or cheap):
            self.renew()
            if cheap:
                self.n_refused = refused  # it was not what was lived that found no room
        elif still:
            self._plan_on()
        return not (wrong or due or cheap or still)

    def _fits(self):
        """Whether there is room for the nodes of a model and some steps."""
        most, numbers = self.options["max_nodes"], self.forward.n_numbers
        nodes = 2 * numbers + self.n_actions * (numbers + 1)
        return self.forward.most >= _FEW and (most is None or nodes <= most)

    def _felt(self, key, action, after, end):
        """Whether a step was a surprise, was known, came to an end or to none that was foreseen.

        An end that stays away counts once what was planned last could have been done.
        """
        if self.forward.model is None:
            return False, True, end
        error, known, ended = self.forward.surprise(key, action, after)
        wrong = error > _WRONG["stay" if self.staying else "reach"]
        missed = ended and not self.staying and self.n >= self.planned + STEPS
        return wrong, known or self.staying, end or missed

    def _stands_still(self, place, end):
        """Whether hope has not risen for long, surprised or not.

        What a plan promises it keeps step by step; where it does not, the mixtures it is made of
        are too coarse there, and no surprise would ever tell.
        """
        if end or self.forward.model is None or self.home is not None or not self.n_states:
            return False
        hoped = self.concepts.judged(
            self.forward, self.forward.places(place[None])[0], self.concepts.values, self.hope,
            (STEPS, 1, 1),
        ).max()  # fmt: skip
        self.risen[1] += 1
        if hoped > self.risen[0] + BOX_TIE * self.unit:
            self.risen[:2] = hoped, 0
        return bool(self.risen[1] >= self.risen[2])

    def _affordable(self):
        """Whether something surprised, and a plan anew is cheap for the steps since the last one.

        It compares each choice of each concept with all concepts, and fits the model: in a small
        world that is afforded after few steps, in a large one hardly before surprises add up.
        """
        if self.staying or not self.surprises:
            return False
        work = self.n_actions * self.n_states**2 + self.forward.work / _PRODUCTS
        return self.n - self.planned >= max(_REST, work / _WORK)

    def _plan_on(self):
        """Let places lived in lately be concepts, too; plan all anew where they are already."""
        lived, when = self.forward.recent(2 * _STILL), (self.n, self.aim)
        new = self.concepts.imagine_on(self.forward, lived, self.dread, when, self.nbytes)
        if not new.size:  # it may be of no help: the next time after twice as long
            long = 2 * self.risen[2]
            self.renew()
            self.risen[2] = long
            return
        self.risen = _NOT_YET.copy()
        self.n_plans += 1
        self.concepts.plan(self.hope, self.unit, new)

    def renew(self):
        """Fit the model, and plan all anew."""
        with one_thread():  # sums of several threads depend on how many there are
            self._renew()

    def _renew(self):
        goal = self.goal[None] if isinstance(self.goal, np.ndarray) else None
        if goal is not None and self.forward.model is not None:
            goal = self.forward.places(goal)
        when = self.n, self.aim
        room = self.concepts.centres_left(self.nbytes)
        grown = self.forward.fit(None if goal is None else goal[0], _NEAR, room)
        self.concepts.believe(self.forward, grown, when)
        self.surprises, self._told, self.risen = 0, {}, _NOT_YET.copy()
        self.n_plans, self.planned = self.n_plans + 1, self.n
        self.home = None
        if self.staying:
            self.home = Home.of(self.forward, self.starts[:-1] / self.starts[-1])
            return
        lived = self.forward.recent(self.forward.n)
        if not self.concepts.imagine(self.forward, lived, self.dread, when, self.nbytes):
            self.n_refused += 1
        self.concepts.plan(self.hope, self.unit)

    # ---- choosing -------------------------------------------------------------------------------
    def known(self):
        """What all is worth without curiosity, by id."""
        if "known" not in self._told:
            values = self.concepts.known(self.dread, self.unit)
            self._told = {"known": values, "of": fingerprint(self.graph)}
            return values
        return self._told["known"]

    def notice(self):
        """Drop what is derived of a graph that somebody has changed since."""
        told = self._told
        if told and told["of"] != fingerprint(self.graph):
            self._told = {}

    def worth(self, key, curious):
        """What each action is worth at an observation; None: nothing is known yet."""
        if self.forward.model is None:
            return None
        place = self.forward.places(key[None])[0]
        if self.home is not None:
            plans = plans_of(self.n_actions, self.options["seed"], self.n)
            costs = played(self.forward, self.home, place, plans)
            return np.array([-costs[plans[:, 0] == a].min() for a in range(self.n_actions)])
        if not self.n_states:
            return None
        values = self.concepts.values if curious else self.known()
        return self.concepts.judged(
            self.forward, place, values, self.hope if curious else self.dread
        )

    def best(self, key, curious, draw):
        """The action of least inertia, among equals by ``draw`` in [0, 1)."""
        worth = self.worth(key, curious)
        if worth is None:
            turn = self.n if self.staying else self.n // _HELD
            return int(uniform(self.options["seed"], turn, "first") * self.n_actions)
        return among_best(worth, BOX_TIE, draw)

    @property
    def nbytes(self):
        """Bytes of the graph, its log and the statistics, without room for growing."""
        held = sum(a.nbytes for a in self.graph._store.to_arrays().values())
        return held + sum(a.nbytes for a in self.statistics().values())

    def statistics(self):
        """What serves only further learning, acting and telling, by name."""
        out = {f"forward/{name}": getattr(self.forward, name) for name in Forward.ARRAYS}
        out |= {f"concepts/{name}": getattr(self.concepts, name) for name in Concepts.ARRAYS}
        out |= {f"box/{name}": getattr(self, name) for name in self.ARRAYS}
        out["concepts/values"] = self.concepts.values
        if self.forward.model is not None:
            held = self.forward.model._asdict()
            out |= {f"model/{name}": a for name, a in held.items() if name != "scale"}
        if self.home is not None:
            home = self.home
            out |= {"home/place": home.place, "home/weight": home.weight, "home/tail": home.tail}
        return out
