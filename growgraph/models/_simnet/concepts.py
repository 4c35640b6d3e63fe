"""The inner world of numbers as a graph: the model of what follows, concepts, where choices lead.

Features are inputs, centres match nodes behind them, and an output tells what one action changes of
one coordinate: a forward is the model. A concept is a ``max`` over its choices, a choice a ``sum``
over the concepts it was imagined to lead to (recurrent edges: discount times share), its bias the
reward on the way, its p0 1 where nothing is known of what follows.
"""

import numpy as np

from growgraph.graph import Graph
from growgraph.graph.planning import fixed_point
from growgraph.growth import GrowthController, NewNode, Proposal
from growgraph.growth.proposal import EDGE
from growgraph.kernels import _handle as h
from growgraph.kernels import conceive
from growgraph.models._simnet.counts import Column

STEPS = 4  # an imagined action lasts
_AHEAD = 3, 2, 3  # before acting: steps an action lasts, actions, ways imagined on
_LEAST, _SHARE, _MOST = 0.07, 0.5, 0.28  # spacing; the outer ones times the root of the features
_COARSER, _BLUNT = 1.25, 0.25  # spacing, where there is no more room; to this power its share
_SAME, _LIVED = 0.9, 0.11  # nearer than this (times the least; times the root) is no other concept
_FREE = 3000  # concepts at most, of themselves
_NODE_BYTES, _EDGE_BYTES = 200, 80  # of graph and log, roughly
_TOL = 1e-5  # of values, in units


class Concepts:
    """The graph, and where its concepts are.

    Parameters
    ----------
    n_actions : int
    options : dict
        ``max_nodes``, ``max_bytes``.

    Attributes
    ----------
    graph : Graph
    feature_id, centre_id, output_id : int64
        Nodes of the model.
    places : float64 [n, c]
        Coordinates of concepts.
    state_id, choice_id : int64 [n], [n, n_actions]
    felt : float64 [n, f]
    """

    ARRAYS = (
        "feature_id", "centre_id", "output_id", "places", "state_id", "choice_id", "felt",
        "coarse",
    )  # fmt: skip

    def __init__(self, n_actions, options):
        self.n_actions, self.options = n_actions, options
        self.graph = Graph()
        self.graph.record()
        self.controller = GrowthController([])
        self.feature_id, self.centre_id, self.output_id = np.zeros((3, 0), np.int64)
        self.places, self.felt = np.zeros((2, 0, 0))
        self.state_id, self.choice_id = np.zeros(0, np.int64), np.zeros((0, n_actions), np.int64)
        self.coarse = np.ones(1)
        self._values = Column(dtype=np.float64)
        self._side = np.zeros((0, 0)), self.felt

    @property
    def values(self):
        """What is hoped for, by id."""
        return self._values.all

    def take_values(self, values):
        """Take back what was saved."""
        self._values = Column(values, np.float64)

    def _grow(self, nodes, cause, when, edges=(), recurrent=(), tension=np.nan):
        n, intention = when
        rule = "Concept" if nodes else "Path"
        return self.controller.grow(
            self.graph, Proposal(1.0, tuple(nodes), tuple(edges), recurrent), rule=rule,
            cause=cause, tension=tension, step=n, sample=n, intention=intention,
        )  # fmt: skip

    # ---- the model ------------------------------------------------------------------------------
    def believe(self, forward, grown, when):
        """Let the graph's forward be the model; centres that grew are born."""
        model, many = forward.model, self.n_actions
        if not self.feature_id.size:
            d, c = model.centres.shape[0], model.unit.size
            inputs = [NewNode(role="input", name=f"feature {i}") for i in range(d)]
            reads = tuple(-k for k in range(1, d + 1))
            outs = [NewNode(reads, (0.0,) * d, role="output", name=f"{what} by {a}")
                    for a in range(many) for what in [*(f"change {i}" for i in range(c - 1)),
                                                      "reward"]]  # fmt: skip
            born = self._grow([*inputs, *outs], "a world of numbers", when)
            self.feature_id, self.output_id = np.array(born[:d]), np.array(born[d:])
        features = tuple(self.feature_id.tolist())
        if grown:
            k, least = len(grown), min(tension for _, tension in grown)
            new = NewNode(features, (0.0,) * len(features), "match", "exp", p0=1.0)
            edges = [(-i, o, 0.0) for i in range(1, k + 1) for o in self.output_id.tolist()]
            born = self._grow([new] * k, "tension that lasts", when, edges, tension=least)
            self.centre_id = np.append(self.centre_id, born)
        self._write(model)

    def _write(self, model):
        k = model.centres.shape[1]
        for node, centre in zip(self.centre_id.tolist(), model.centres.T, strict=True):
            self.graph.set_weights(node, centre)
        if k:
            self.graph.set_nodes(self.centre_id, p0=np.full(k, model.sizes[0]))
        lines = model.weights.reshape(self.output_id.size, -1)
        self.graph.set_nodes(self.output_id, bias=lines[:, 0])
        for node, line in zip(self.output_id.tolist(), lines[:, 1:], strict=True):
            self.graph.set_weights(node, line)

    # ---- concepts -------------------------------------------------------------------------------
    def imagine(self, forward, lived, dread, when, nbytes):
        """Concepts anew, where they are needed: those there are, those lived, those imagined.

        Parameters
        ----------
        forward : Forward
        lived : float64 [k, c]
            Places lived in.
        dread : float
            What is worth what nothing is known of.
        when : (int, str)
            Steps lived, intention.
        nbytes : int
            Bytes in use.

        Returns
        -------
        bool
            False if there was no room: then all stays as it was.
        """
        model = forward.model
        if self.places.shape[1] != model.scale.shape[1]:
            self.places = np.zeros((0, model.scale.shape[1]))
        root, room = forward.root, self._room(nbytes)
        if not room:
            self.felt = forward.feel(self.places)
            return False
        if len(self.places) < room // 3:
            self.coarse = np.maximum(self.coarse / _COARSER, 1.0)
        while True:
            outer = root * self.coarse[0]
            spacing = np.array([_LEAST * outer, _SHARE * self.coarse[0] ** _BLUNT, _MOST * outer])
            places, felt, whence, *led = self._expanded(forward, spacing, lived, room)
            if len(felt) < room or room < 10:
                break
            self.coarse = self.coarse * _COARSER
        self._renew(whence, places, felt, when)
        self._wire(led, dread, when)
        return True

    def centres_left(self, nbytes):
        """Centres there is room for: a quarter of the nodes, an eighth of the bytes left."""
        most, bytes_, left = self.options["max_nodes"], self.options["max_bytes"], _FREE
        if most is not None:
            left = min(left, most // 4 - self.centre_id.size, most - self.graph.n_nodes)
        if bytes_ is not None:
            cost = _NODE_BYTES + _EDGE_BYTES * (self.output_id.size + self.feature_id.size + 20)
            left = min(left, (bytes_ - nbytes) // 8 // cost)
        return max(left, 0)

    def _room(self, nbytes):
        """Concepts there is room for, those there are included."""
        size, there = self.n_actions + 1, self.state_id.size
        most, bytes_, room = self.options["max_nodes"], self.options["max_bytes"], _FREE
        if most is not None:
            room = min(room, (most - self.graph.n_nodes) // size + there)
        if bytes_ is not None:
            anew = size * (_NODE_BYTES + conceive.MIXED * _EDGE_BYTES)
            left = bytes_ - nbytes - there * anew  # all of them may be born again, edges too
            room = min(room, there + left // anew) if left > 0 else 0
        return max(room, 0)

    def _expanded(self, forward, spacing, lived, room):
        """(places, features, whence, outcome, reward, discount, landed) of all concepts."""
        model, many, c = forward.model, self.n_actions, lived.shape[1]
        own, chosen = _LIVED * self.coarse[0] * forward.root, np.zeros(room, np.int64)
        kept = self.places if len(self.places) < room // 3 else self.places[:0]
        first = np.vstack([kept, lived])
        seen, near = (
            forward.feel(first),
            np.repeat([_SAME * spacing[0], own], [len(kept), len(lived)]),
        )
        n = conceive.sift(seen, near, chosen)
        places, felt = np.zeros((room, c)), np.zeros((room, seen.shape[1]))
        places[:n], felt[:n] = first[chosen[:n]], seen[chosen[:n]]
        whence, outcome = np.zeros(room, np.int64), np.zeros((room, many), np.int64)
        reward, discount = np.zeros((2, room, many))
        landed = np.zeros((room, many, seen.shape[1] + c))
        n = conceive.expand(
            model, STEPS, spacing, n, self.places, forward.feel(self.places), places, felt, whence,
            outcome, reward, discount, landed,
        )  # fmt: skip
        return [a[:n].copy() for a in (places, felt, whence, outcome, reward, discount, landed)]

    def _renew(self, whence, places, felt, when):
        """Remove concepts that are not needed any more, bear those that are new."""
        many, new = self.n_actions, whence < 0
        gone = np.setdiff1d(np.arange(len(self.state_id)), whence)
        if gone.size:
            ids = np.append(self.state_id[gone], self.choice_id[gone].ravel())
            self.graph.set_cause("nothing leads there any more", rule="Retraction", step=when[0])
            self.graph.remove_nodes(ids)
            self.graph.set_cause("")
        states, choices = np.zeros(new.size, np.int64), np.zeros((new.size, many), np.int64)
        states[~new], choices[~new] = self.state_id[whence[~new]], self.choice_id[whence[~new]]
        fresh = int(new.sum())
        if fresh:
            reads = -np.arange(1, fresh * many + 1).reshape(fresh, many)
            nodes = [NewNode()] * (fresh * many)
            nodes += [NewNode(tuple(row), (1.0,) * many, kind="max") for row in reads.tolist()]
            born = np.array(self._grow(nodes, "imagined, and no concept is near", when))
            states[new], choices[new] = born[fresh * many :], born[: fresh * many].reshape(-1, many)
        self.state_id, self.choice_id, self.places, self.felt = states, choices, places, felt

    def _wire(self, led, dread, when):
        """Let each choice lead where it was imagined to."""
        outcome, reward, discount, landed = led
        n, many = outcome.shape
        size = n, many, conceive.MIXED
        target, share = np.zeros(size, np.int64), np.zeros(size)
        conceive.mix(self.felt, outcome, landed, target, share)
        lacking = np.zeros((target.size, 3), np.int64)
        count = conceive.lead(
            self.graph._store.H, self.choice_id, self.state_id, target, share, discount, outcome,
            reward, float(dread), lacking,
        )  # fmt: skip
        if count:
            i, a, q = lacking[:count].T
            weights = discount[i, a] * share[i, a, q]
            edges = np.empty(count, EDGE)
            edges["source"], edges["target"] = self.state_id[target[i, a, q]], self.choice_id[i, a]
            edges["weight"] = weights
            self._grow((), "an action imagined to lead there", when, recurrent=edges)

    # ---- planning -------------------------------------------------------------------------------
    def plan(self, hope, unit):
        """What concepts are hoped to be worth; whether that settled."""
        self._values.append(np.zeros(self.graph._store[h.NEXT_ID] - len(self._values)))
        return fixed_point(
            self.graph, self.values, changed=self._planned(), hope=hope, tol=_TOL * unit
        )

    def known(self, dread, unit):
        """What all is worth without curiosity, by id: from the worst up."""
        values = np.full(len(self._values), float(dread))
        fixed_point(self.graph, values, changed=self._planned(), tol=_TOL * unit)
        return values

    def _across(self):
        """Features of concepts side by side, [f, n]."""
        side, of = self._side
        if of is not self.felt:
            self._side = side, _ = np.ascontiguousarray(self.felt.T), self.felt
        return side

    def _planned(self):
        return np.append(self.choice_id.ravel(), self.state_id)

    def judged(self, forward, place, values, unknown):
        """What each action is worth at a place."""
        worth = np.zeros(self.n_actions)
        conceive.judge(
            forward.model, *_AHEAD, place, self._across(), values[self.state_id],
            float(unknown), worth,
        )  # fmt: skip
        return worth
