"""A discrete inner world: the graph of states and choices that grows as they are met.

A state is a ``max`` over its choices, a choice a ``sum`` over the states it led to, an end a sum of
nothing. Edges from states to choices are recurrent; their stability is how often, their weight how
likely (times the discount), a choice's bias the reward expected and its p0 how likely it leads to
what was never met.
"""

from math import log

import numpy as np

from growgraph.graph import Graph
from growgraph.graph.planning import fingerprint, fixed_point
from growgraph.growth import GrowthController, NewNode, Proposal
from growgraph.kernels import plan
from growgraph.models._simnet import rewards
from growgraph.models._simnet.awaited import Awaited
from growgraph.models._simnet.counts import GAMMA, Column, Counts

_TOL = 1e-6  # of values, in the unit of the hope
TIE = 1e-5
_NODE_BYTES, _EDGE_BYTES = 200, 80  # of graph, log and statistics, roughly


def among_best(worth, tie, draw):
    """The largest of some worths, among equals by ``draw``: what is far worse makes none equal."""
    equals = np.flatnonzero(worth >= worth.max() - tie * abs(worth.max()))
    return int(equals[int(draw * equals.size)])


class World:
    """States, choices and outcomes met, as a graph, and what they are worth.

    Parameters
    ----------
    n_actions : int
    options : dict
        ``seed``, ``max_nodes``, ``max_bytes``, ``patience``.

    Attributes
    ----------
    graph : Graph
    counts : Counts
    keys : list
        States met, in sequence.
    state_id : Column of int64 [states]
    choice_id : Column of int64 [states * n_actions]
        Choice a of state s is at s * n_actions + a.
    end_id : dict of key to int
    goal : key or None
        What is to be reached; None: rewards are sought.
    values : ndarray of float64, by id
        What is hoped for: planned with curiosity.
    n : int
        Steps lived.
    """

    def __init__(self, n_actions, options):
        self.n_actions, self.options = n_actions, options
        self.graph = Graph()
        self.graph.record()
        self.controller = GrowthController([])
        self.counts = Counts()
        self.keys, self.place, self.end_id = [], {}, {}
        self.state_id, self.choice_id = Column(), Column()
        # (choice, node it led to) -> (place of the outcome, place of the edge)
        self.paths: dict[tuple[int, int], tuple[int, int]] = {}
        self.awaited = Awaited(options["patience"])
        self.goal = None
        self._values = Column(dtype=np.float64)
        self.n = self.n_refused = self.n_plans = 0
        self.settled = True  # whether the last plan came to its end
        self._told = {}  # what is derived when asked: never saved, dropped by each step

    @property
    def values(self):
        return self._values.all

    @property
    def n_states(self):
        return len(self.keys)

    # ---- growing --------------------------------------------------------------------------------
    def _grow(self, nodes, recurrent, cause, node=-1, tension=np.nan):
        """Through the one door; ids of the new nodes."""
        born = self.controller.grow(
            self.graph, Proposal(1.0, tuple(nodes), recurrent=tuple(recurrent)),
            rule="Concept" if nodes else "Path", cause=cause, node=node, tension=tension,
            step=self.n, sample=self.n, intention=self.aim,
        )  # fmt: skip
        return born

    def _newborn(self, key, end):
        """The nodes of a state, itself the last, or of an end."""
        if end:
            return [NewNode(name=f"end {key}")]
        many = range(1, self.n_actions + 1)
        choices = [NewNode(bias=self.dread, p0=1.0) for _ in many]
        ids, ones = tuple(-k for k in many), (1.0,) * self.n_actions
        return [*choices, NewNode(ids, ones, kind="max", name=f"state {key}")]

    def _enter(self, key, end, born):
        """Take the nodes of a new state or end into the lists."""
        # an end is worth nothing from its birth: what loops once took from it goes away slowly
        self._values.append(np.full(len(born), 0.0 if end else self.hope))
        if end:
            self.end_id[key] = born[-1]
        else:
            self.place[key] = len(self.keys)
            self.keys.append(key)
            self.state_id.append(born[-1])
            self.choice_id.append(born[:-1])
            self.counts.first.append(np.full(self.n_actions, -1))
        if self.goal is not None and key == self.goal:
            self._want(born[-1], True)

    def _has_room(self, nodes):
        """Whether so many nodes with an edge each stay within the limits."""
        graph, most, bytes_ = self.graph, self.options["max_nodes"], self.options["max_bytes"]
        if most is not None and graph.n_nodes + nodes > most:
            return False
        more = nodes * _NODE_BYTES + _EDGE_BYTES
        return bytes_ is None or self.nbytes + more <= bytes_

    @property
    def nbytes(self):
        """Bytes of the graph, its log and the statistics, without room for growing."""
        held = sum(a.nbytes for a in self.graph._store.to_arrays().values())
        return held + sum(a.nbytes for a in self.statistics().values())

    def statistics(self):
        """What serves only further learning and telling, by name."""
        counts = self.counts
        out = {f"counts/{name}": getattr(counts, name) for name in counts.ARRAYS}
        out |= {f"counts/{name}": getattr(counts, name).all for name in counts.COLUMNS}
        return out | {
            "world/states": self.state_id.all, "world/choices": self.choice_id.all,
            "world/values": self.values,
        }  # fmt: skip

    # ---- learning -------------------------------------------------------------------------------
    def see(self, key):
        """Number of a state, which grows if it was never met; -1 if there is no room."""
        if key not in self.place:
            if not self._has_room(self.n_actions + 1):
                return -1
            self._enter(key, False, self._grow(self._newborn(key, False), (), "a state never met"))
            self._told = {}
        return self.place[key]

    def live(self, key, action, reward, after, end, push=()):
        """Learn one step; True if it was as expected (the intention was realised).

        Parameters
        ----------
        key, after : key
            The states before and after.
        action : int
        reward : float
        end : bool
            Whether the episode ended there.
        push : ndarray, optional
            Not felt: an action is the choice it is nearest to.
        """
        self._told = {}
        bounds = self.hope, self.dread
        state = self.see(key)
        if state < 0 or not self._fits(state * self.n_actions + action, after, end):
            self.n, self.n_refused = self.n + 1, self.n_refused + 1
            return True
        rewards.note(self.counts.rewards, reward, end)
        expected = self._count(state, action, reward, after, end) and bounds == (
            self.hope, self.dread)  # fmt: skip
        self.n += 1
        local = expected and self.settled
        self.plan([self.choice_id.all[state * self.n_actions + action]] if local else None)
        return expected

    def _fits(self, row, after, end):
        """Whether an outcome is known, or there is room for its edge and what it leads to."""
        target = self._node_of(after, end)
        if (int(self.choice_id.all[row]), target) in self.paths:
            return True
        return self._has_room(0 if target >= 0 else 1 if end else self.n_actions + 1)

    def _count(self, state, action, reward, after, end):
        """Count an outcome, growing it if it is new; False if there is something to plan anew."""
        row = state * self.n_actions + action
        choice = int(self.choice_id.all[row])
        block, counts = self.block(choice), self.counts
        n, d = float(block.sum()), int(np.count_nonzero(block))
        target = self._node_of(after, end)
        path = self.paths.get((choice, target))
        before = 0.0 if path is None else float(block[path[1]])  # 0 as well if it was given up
        surprise = self._surprise(before, n, d)
        self.awaited.hear(choice, surprise, self.controller, self.graph)
        changed = counts.note_trial(int(n), d, before == 0)
        if path is None:
            path = self._grow_path(row, choice, target, after, end, reward, surprise)
            block = self.block(choice)
            if changed:
                block[:] = 0  # what always came is remembered, and not expected any more
        elif d > 1 and before > 0:
            counts.note_shape(before, n, d)
        place, edge = path
        mean = counts.reward.all
        shift = (reward - mean[place]) / (before + 1)
        mean[place] += shift
        block[edge] += 1
        self._write(np.array([choice]), np.array([counts.first.all[row]]))
        return before > 0 and d == 1 and abs(shift) <= _TOL * self.unit

    def _node_of(self, key, end):
        """The node of a state or of an end, -1 if it was never met."""
        if end:
            return self.end_id.get(key, -1)
        place = self.place.get(key, -1)
        return place if place < 0 else int(self.state_id.all[place])

    def _surprise(self, count, n, d):
        """Nats of an outcome that came ``count`` of n times, with d that are expected.

        A new one must also be found: among the states, or as one more.
        """
        gain = 1.0 if d == 0 else self.counts.gain(int(n), d)
        if count == 0:
            return log(len(self.keys) + 1) - log(gain)
        alpha = self.counts.alpha if d > 1 else 0.0
        return -log((1 - gain) * (count + alpha / d) / (n + alpha))

    def block(self, choice):
        """How often each outcome of a choice came: a view of the graph's stabilities."""
        store = self.graph._store
        slot = store.slot_of[choice]
        n, at = int(store.dlen[slot]), int(store.dstart[slot])
        return store.dstab[at : at + n]

    def _grow_path(self, row, choice, target, after, end, reward, surprise):
        """An outcome never met: an edge, and what it leads to if that is new, too."""
        last = -1
        place = int(self.counts.first.all[row])
        while place >= 0:
            last, place = place, int(self.counts.follow.all[place])
        nodes = self._newborn(after, end) if target < 0 else []
        source = -len(nodes) if nodes else target
        edge, first = len(self.block(choice)), self.awaited.now(self.graph)
        born = self._grow(nodes, [(source, choice, 0.0)], "an outcome never met", choice, surprise)
        self.awaited.expect(choice, first, self.awaited.now(self.graph), surprise)
        if born:
            self._enter(after, end, born)
        path = self.counts.note_outcome(row, last, reward), edge
        self.paths[choice, born[-1] if born else target] = path
        return path

    @property
    def aim(self):
        """The intention in words."""
        return "find rewards" if self.goal is None else f"reach {self.goal!r}"

    # ---- planning -------------------------------------------------------------------------------
    @property
    def hope(self):
        """The most that can be reached."""
        return self.counts.hope if self.goal is None else 1.0

    @property
    def dread(self):
        """The least that can be reached."""
        return self.counts.dread if self.goal is None else 0.0

    @property
    def unit(self):
        """The size of what can be reached: what is small is small beside it."""
        return max(self.hope, -self.dread)

    def _write(self, choices, first):
        """Write what choices are expected to lead to into the graph."""
        counts = self.counts
        plan.expect(
            self.graph._store.H, choices, first, counts.follow.all, counts.reward.all, counts.nu,
            counts.alpha, GAMMA, self.dread, self.goal is None,
        )  # fmt: skip

    def plan(self, changed=None):
        """What all is worth now, from what it was: all choices anew, or where they changed."""
        if changed is None:
            self._write(self.choice_id.all, self.counts.first.all)
            self.n_plans += 1
        tol = _TOL * self.unit
        self.settled = fixed_point(
            self.graph, self.values, changed=changed, hope=self.hope, tol=tol
        )
        self._told = {}

    def known(self):
        """What all is worth without curiosity, by id: of the graph alone, from the worst up."""
        if "known" not in self._told:
            values = np.full(self.values.size, self.dread)
            tol = _TOL * (1 - GAMMA) * self.unit  # what is handed on adds up
            while not fixed_point(self.graph, values, tol=tol):
                pass  # discount makes it end: a loop of rewards climbs by 1 - GAMMA a sweep
            self._told = {"known": values, "of": fingerprint(self.graph)}
            return values
        return self._told["known"]

    def notice(self):
        """Drop what is derived of a graph that somebody has changed since."""
        told = self._told
        if told and told["of"] != fingerprint(self.graph):
            self._told = {}

    def intend(self, key):
        """Another goal, without new experience; None: rewards."""
        for node in self._nodes_of(self.goal):
            self._want(node, False)
        self.goal = key
        for node in self._nodes_of(key):
            self._want(node, True)
        if self.keys:
            self.plan()

    def met(self, key):
        """Whether a state or an end was met; None, for rewards, needs no meeting."""
        return key is None or key in self.place or key in self.end_id

    def _nodes_of(self, key):
        """Nodes that stand for a state, within an episode and at its end."""
        if key is None:
            return []
        found = [int(self.state_id.all[self.place[key]])] if key in self.place else []
        return found + ([self.end_id[key]] if key in self.end_id else [])

    def _want(self, node, wanted):
        """Let a state be worth 1, whatever follows; or what follows from it, as any other."""
        n = self.graph.sources(node)[0].size
        self.graph.set_nodes([node], bias=float(wanted))
        self.graph.set_weights(node, np.full(n, float(not wanted)))

    # ---- choosing -------------------------------------------------------------------------------
    def choices(self, key):
        """Ids of the choices of a state, None if it was never met."""
        if key not in self.place:
            return None
        a = self.place[key] * self.n_actions
        return self.choice_id.all[a : a + self.n_actions]

    def best(self, key, curious, draw):
        """The choice of least inertia, among equals by ``draw`` in [0, 1)."""
        choices = self.choices(key)
        if choices is None:
            return int(draw * self.n_actions)
        return among_best((self.values if curious else self.known())[choices], TIE, draw)
