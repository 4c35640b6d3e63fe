"""The agents of the protocol: SimNet, SimNet without one of its parts, and its peers."""

from functools import partial
from typing import Any

import numpy as np

from growgraph.bench.learning import agents_tables as tables
from growgraph.bench.learning.agents_tables import QLearning, RMax
from growgraph.bench.learning.nats import least_surprising
from growgraph.models._simnet.actions import Actions
from growgraph.models._simnet.counts import Counts
from growgraph.models._simnet.world import TIE, World
from growgraph.models.simnet import SimNet


# ---- ours ---------------------------------------------------------------------------------------
class Ours:
    """A SimNet with the verbs of the peers."""

    def __init__(self, n_states, n_actions, seed, world=World):
        self.n_states, self.n_actions = n_states, n_actions
        self.agent = SimNet(random_state=seed)
        options = {"seed": seed, "max_nodes": None, "max_bytes": None, "patience": 5}
        self.agent._world = world(n_actions, options)
        self.agent._actions, self.agent._form = Actions(n_actions), None
        self.agent._parts = None

    def act(self, state):
        """With curiosity."""
        return self.agent.act(state, explore=True)

    def learn(self, state, action, reward, after, ended):
        """One step."""
        self.agent.partial_fit([(state, action, reward, after, ended)])

    def intend(self, goal):
        """Another goal."""
        self.agent.intend(goal)

    def policy(self):
        """Without curiosity; the first action in states never met."""
        best = np.zeros(self.n_states, np.int64)
        for state, action in self.agent.plan_.items():
            best[state] = action
        return best


class ByNats(Ours):
    """It learns as SimNet does, and answers by the path that surprises least."""

    def policy(self):
        """The first action where no way to the best end is known."""
        best = np.zeros(self.n_states, np.int64)
        for state, action in least_surprising(self.agent._world).items():
            best[state] = action
        return best


class _PlansAlways(World):
    """Each step plans all anew."""

    def plan(self, changed=None):
        super().plan()


class _NoShape(Counts):
    """Outcomes are as likely as they were frequent."""

    @property
    def alpha(self):
        return 1e-9


class _WithoutShape(World):
    def __init__(self, n_actions, options):
        super().__init__(n_actions, options)
        self.counts = _NoShape()


class _NoGain(Counts):
    """No choice that was made leads to what was never met."""

    @property
    def nu(self):
        return super().nu * 0

    def gain(self, n, d):
        return 1e-12


class _WithoutGain(World):
    def __init__(self, n_actions, options):
        super().__init__(n_actions, options)
        self.counts = _NoGain()


class _OneStep(World):
    """No future is played out: the reward of one choice, and whether it may lead to what is new."""

    def plan(self, changed=None):
        self.n_plans += changed is None

    def best(self, key, curious, draw):
        if key not in self.place:
            return int(draw * self.n_actions)
        first = self.place[key] * self.n_actions
        worth = np.array([self._one(first + a, curious) for a in range(self.n_actions)])
        equals = np.flatnonzero(worth >= worth.max() - TIE * np.abs(worth).max())
        return int(equals[int(draw * equals.size)])

    def _one(self, row, curious):
        counts, block = self.counts, self.block(int(self.choice_id.all[row]))
        total, place = 0.0, int(counts.first.all[row])
        for count in block.tolist():
            total += count * counts.reward.all[place]
            place = int(counts.follow.all[place])
        n, unknown = block.sum(), self.hope if curious else self.dread
        if n == 0:
            return unknown
        news = counts.gain(int(n), np.count_nonzero(block)) if curious else 0.0
        return (1 - news) * total / n + news * unknown


class _Hopeless(World):
    """What may be hoped for counts for nothing: it acts by what is known alone."""

    def best(self, key, curious, draw):
        return super().best(key, False, draw)


OURS = "growgraph"
LEARNERS: dict[str, Any] = {  # (states, actions, seed) -> agent
    OURS: Ours,
    f"{OURS}, least nats": ByNats,
    f"{OURS}, no simulation": partial(Ours, world=_OneStep),
    f"{OURS}, no inertia": partial(Ours, world=_Hopeless),
    f"{OURS}, no gate": partial(Ours, world=_PlansAlways),
    f"{OURS}, no shape": partial(Ours, world=_WithoutShape),
    f"{OURS}, no structural gain": partial(Ours, world=_WithoutGain),
    "R-max, m = 1": RMax,
    "R-max, m = 5": partial(RMax, m=5),
    "R-max, m = 20": partial(RMax, m=20),
    "UCB-VI": tables.UCBVI,
    "PSRL": tables.PSRL,
    "Dyna-Q": partial(QLearning, dreams=tables.DREAMS),
    "Q-learning": QLearning,
}
KNOWS = {  # beside the number of actions
    name: "" if name.startswith(OURS) else "number of states" for name in LEARNERS
}
SETTINGS = (
    "no agent is told rewards, goals or what leads where; one setting each, the best of a few on "
    f"other seeds (see agents_tables.py): exploring {tables.EPSILON:.0%}, rate {tables.RATE}, "
    f"{tables.DREAMS} dreams a step, values that begin at {tables.HOPE:.0f}"
)
