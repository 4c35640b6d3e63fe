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
        room, kept = self._room(nbytes), self.places
        if not room:
            self.felt = forward.feel(self.places)
            return False
        if len(kept) < room // 2:
            self.coarse = np.maximum(self.coarse / _COARSER, 1.0)
        else:
            kept = kept[:0]
        while True:
            begun, seen = self._begun(forward, kept, lived, room)
            places, felt, whence, *led = self._expanded(forward, 0, begun, seen, room)
            if len(felt) < room or room < 10:
                break
            self.coarse = self.coarse * _COARSER
        self._renew(whence, places, felt, when)
        self._wire(led, dread, when)
        return True

    def imagine_on(self, forward, lived, dread, when, nbytes):
        """Concepts for places lived in that have none so near, and what follows; all others stay.

        As :meth:`imagine`, of the same model. Returns their ids and those of their choices; none
        if there was no room or no such place.
        """
        there, room, seen = len(self.places), self._room(nbytes), forward.feel(lived)
        own = _LIVED * self.coarse[0] * forward.root
        apart = ((seen[:, None] - self.felt) ** 2).sum(axis=2).min(axis=1, initial=np.inf)
        lived, seen = lived[apart > own * own], seen[apart > own * own]
        chosen = np.zeros(max(room - there, 0), np.int64)
        chosen = chosen[: conceive.sift(seen, np.full(len(seen), own), chosen)]
        if not chosen.size:
            return self.state_id[:0]
        begun, seen = np.vstack([self.places, lived[chosen]]), np.vstack([self.felt, seen[chosen]])
        places, felt, whence, *led = self._expanded(forward, there, begun, seen, room)
        self._renew(whence, places, felt, when, "hope stands still, and no concept is near")
        self._wire([of[there:] for of in led], dread, when, there)
        return np.append(self.choice_id[there:].ravel(), self.state_id[there:])

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

    def _begun(self, forward, kept, lived, room):
        """Places and features to begin with: those kept, those lived that are none of them."""
        outer, n = forward.root * self.coarse[0], len(kept)
        first = np.vstack([kept, lived])
        seen, near = forward.feel(first), np.full(len(first), _LIVED * outer)
        near[:n] = _SAME * _LEAST * outer
        chosen = np.zeros(room, np.int64)
        chosen = chosen[: conceive.sift(seen, near, chosen)]
        return first[chosen], seen[chosen]

    def _expanded(self, forward, first, begun, seen, room):
        """(places, features, whence, outcome, reward, discount, landed) of all concepts.

        From those before the first nothing is imagined: they are what they were.
        """
        model, many, n, coarse = forward.model, self.n_actions, len(begun), self.coarse[0]
        outer, d, c = forward.root * coarse, seen.shape[1], begun.shape[1]
        spacing = np.array([_LEAST * outer, _SHARE * coarse**_BLUNT, _MOST * outer])
        places, felt = np.zeros((room, c)), np.zeros((room, d))
        places[:n], felt[:n] = begun, seen
        whence, outcome = np.zeros(room, np.int64), np.zeros((room, many), np.int64)
        whence[:first] = np.arange(first)
        reward, discount = np.zeros((2, room, many))
        landed = np.zeros((room, many, d + c))
        before = self.places[:0] if first else self.places  # the first ones are taken
        n = conceive.expand(
            model, STEPS, spacing, first, n, before, forward.feel(before), places, felt, whence,
            outcome, reward, discount, landed,
        )  # fmt: skip
        return [a[:n].copy() for a in (places, felt, whence, outcome, reward, discount, landed)]

    def _renew(self, whence, places, felt, when, cause="imagined, and no concept is near"):
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
            born = np.array(self._grow(nodes, cause, when))
            states[new], choices[new] = born[fresh * many :], born[: fresh * many].reshape(-1, many)
        self.state_id, self.choice_id, self.places, self.felt = states, choices, places, felt

    def _wire(self, led, dread, when, first=0):
        """Let each choice, from those of the first concept on, lead where it was imagined to."""
        outcome, reward, discount, landed = led
        choices, (n, many) = self.choice_id[first:], outcome.shape
        size = n, many, conceive.MIXED
        target, share = np.zeros(size, np.int64), np.zeros(size)
        conceive.mix(self.felt, outcome, landed, target, share)
        lacking = np.zeros((target.size, 3), np.int64)
        count = conceive.lead(
            self.graph._store.H, choices, self.state_id, target, share, discount, outcome,
            reward, float(dread), lacking,
        )  # fmt: skip
        if count:
            i, a, q = lacking[:count].T
            weights = discount[i, a] * share[i, a, q]
            edges = np.empty(count, EDGE)
            edges["source"], edges["target"] = self.state_id[target[i, a, q]], choices[i, a]
            edges["weight"] = weights
            self._grow((), "an action imagined to lead there", when, recurrent=edges)

    # ---- planning -------------------------------------------------------------------------------
    def plan(self, hope, unit, changed=None):
        """What concepts are hoped to be worth; ``changed``: ids that are new, by default all."""
        self._values.append(np.zeros(self.graph._store[h.NEXT_ID] - len(self._values)))
        changed = self._planned() if changed is None else changed
        fixed_point(self.graph, self.values, changed=changed, hope=hope, tol=_TOL * unit)

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

    def judged(self, forward, place, values, unknown, ahead=_AHEAD):
        """What each action is worth at a place."""
        worth = np.zeros(self.n_actions)
        conceive.judge(
            forward.model, *ahead, place, self._across(), values[self.state_id],
            float(unknown), worth,
        )  # fmt: skip
        return worth
