"""The agents in worlds of numbers: SimNet, SimNet without one of its parts, and its peers."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from growgraph.bench.learning import agents_dqn, agents_neat
from growgraph.bench.learning.agents import OURS
from growgraph.bench.learning.agents_bins import Binned
from growgraph.bench.learning.agents_box import LQR
from growgraph.bench.learning.agents_mpc import MPC, NEAR
from growgraph.bench.learning.boxes import Agent
from growgraph.models._simnet.box import Box
from growgraph.models._simnet.sense import of_numbers
from growgraph.models._simnet.staying import Home, played
from growgraph.models.simnet import SimNet


# ---- ours ---------------------------------------------------------------------------------------
class Ours(Agent):
    """A SimNet with the verbs of the peers."""

    def __init__(self, given, seed, world=Box):
        self.agent = SimNet(random_state=seed)
        options = {"seed": seed, "max_nodes": None, "max_bytes": None, "patience": 5}
        self.actions, self.agent._parts = given.actions, None
        self.agent._actions = given.actions
        self.agent._world = world(given.actions, options, given.n_observed)
        self.agent._form = of_numbers(given.n_observed)

    def act(self, observation):
        """With curiosity."""
        return self.actions.read(self.agent.act(observation, explore=True))[0]

    def answer(self, observation):
        """Without curiosity."""
        return self.actions.read(self.agent.act(observation))[0]

    def learn(self, observation, action, reward, after, ended):
        """One step."""
        self.agent.partial_fit([(observation, self.actions.call(action), reward, after, ended)])


class _NoGrowth(Box):
    """Nothing grows after the first model of what follows; it goes on learning."""

    def _fits(self):
        return True

    def renew(self):
        super().renew()
        if self.options["max_nodes"] is None:
            self.options = {**self.options, "max_nodes": self.graph.n_nodes}
            self.concepts.options = self.options


class _OneStep(Box):
    """No future is played out: what one action leads to, and no more."""

    def worth(self, key, curious):
        if self.home is None:
            nothing, values = np.zeros_like(self.concepts.values), self.concepts.values
            self.concepts.take_values(nothing)
            self._told = {"known": nothing}
            worth = super().worth(key, curious)
            self.concepts.take_values(values)
            self._told = {}
            return worth
        place, each = self.forward.places(key[None])[0], np.arange(self.n_actions)[:, None]
        here = Home(self.home.place, self.home.weight, np.zeros_like(self.home.tail))
        return -played(self.forward, here, place, each)


class _NoInertia(Box):
    """Hope counts for nothing, nor how far it is from home: ends and what is known alone do."""

    def worth(self, key, curious):
        return super().worth(key, False)

    def renew(self):
        super().renew()
        if self.home is not None:
            none = np.zeros_like(self.home.weight)
            self.home = Home(self.home.place, none, np.diag(none))


class _NoGate(Box):
    """Each step plans all anew."""

    def live(self, key, action, reward, after, end, push=()):
        before = self.n_plans
        expected = super().live(key, action, reward, after, end, push)
        if self.forward.model is not None and self.n_plans == before:
            self.renew()
        return expected


# ---- all ----------------------------------------------------------------------------------------
class Row(NamedTuple):
    """A row of the table.

    Attributes
    ----------
    make : callable
        (given, seed) -> Agent.
    knows : str
        What it is told beside the numbers of observations and actions.
    peer : str or None
        What must be installed.
    most : int or None
        Steps after which it is given up, if these are fewer than the world's.
    """

    make: Any
    knows: str = ""
    peer: str | None = None
    most: int | None = None


_SOON, _SOONER = 2000, 1000  # steps after which agents that plan are given up
_TOLD = "rewards and ends, as functions"
ROWS = {
    OURS: Row(Ours, most=_SOON),
    f"{OURS}, no growth": Row(partial(Ours, world=_NoGrowth), most=_SOON),
    f"{OURS}, no simulation": Row(partial(Ours, world=_OneStep), most=_SOON),
    f"{OURS}, no inertia": Row(partial(Ours, world=_NoInertia), most=_SOON),
    f"{OURS}, no gate": Row(partial(Ours, world=_NoGate), most=_SOON),
    "least squares, LQR": Row(
        lambda given, seed: LQR(given.n_observed, given.n_actions, seed, given.world.home),
        "dynamics are linear; where to stay",
        most=_SOON,
    ),
    "random-shooting MPC": Row(MPC, _TOLD, most=_SOONER),
    f"random-shooting MPC, {NEAR} steps": Row(partial(MPC, horizon=NEAR), _TOLD, most=_SOONER),
    "Dyna-Q, bins": Row(partial(Binned, dreams=20), "ranges of numbers"),
    "Q-learning, bins": Row(Binned, "ranges of numbers"),
    "DQN": Row(agents_dqn.DQN, peer="torch"),
    "NEAT": Row(agents_neat.NEAT, peer="neat-python"),
}


def rows_in(world):
    """The rows that make sense in a world.

    Examples
    --------
    >>> from growgraph.bench.learning.boxes import WORLDS
    >>> set(rows_in(WORLDS["Pendulum"])) - set(rows_in(WORLDS["Acrobot"]))
    {'least squares, LQR'}
    """
    out = dict(ROWS)
    if world.home is None:
        del out["least squares, LQR"]
    if world.told is None:
        out = {name: row for name, row in out.items() if row.knows != _TOLD}
    return out
