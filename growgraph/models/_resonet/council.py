"""The voters of a stream as nodes of one graph, and the few numbers learning keeps beside them."""

from typing import Any

import numpy as np

from growgraph.growth import GrowthLog
from growgraph.growth.proposal import NewNode, Proposal
from growgraph.kernels import _handle as h
from growgraph.kernels import council, dormant, grove, prototype, question

_STEADY_SPAN = 500  # samples that the steady grove remembers; the fresh one: up to ``replay``
_TREES, _LEAST = (6, 10), (2, 8)
_MOST_PROTOTYPES, _MOST_ENTRIES = 400, 1 << 16
_EVIDENCE_FIRST = 0.9  # trust that it begins with: small tables end before trust has learnt
_WIDE = 128  # inputs that recursive readouts hear at most: beyond they cost more than they tell
_CHUNK = 16  # units born at once, or a quarter of those there are
_NO_CAUSE = np.array([0, -1, 0, -1, 0, 0, 0, -1])  # of the log's context
_EVENTS = 6_000  # in the log, then the older half is folded
_WASTE = 1.0  # fragmentation from which the graph is packed
NAMES = ("evidence", "prototypes", "recent readout", "lasting readout", "steady questions",
         "fresh questions",
         *(f"other questions {i}" for i in range(2, council.GROVES)))  # fmt: skip
_BORN = council.FRESH + 1  # voters that are there from birth; other groves are grown when needed


class Council:
    """Voters, their nodes, and trust.

    Parameters
    ----------
    graph : Graph
        With its inputs; nodes are grown by ``controller``.
    controller : GrowthController
    seed : int
    replay : int
        Samples remembered; 0: no questions are asked.
    solves : bool
        True: readouts vote, too.
    """

    ARRAYS = (
        "ctl", "plan", "node", "up", "free", "leaf", "place", "units", "votes", "ring", "labels",
        "concepts", "sums", "traits", "owner", "A", "B", "readouts", "weight", "prior", "past",
        "said", "edge", "counts", "seen", "order", "shares", "tops", "told", "kept", "right",
        "asleep",
    )  # fmt: skip

    def __init__(self, graph, controller, seed, replay, solves):
        d = graph.inputs.size
        self.ctl = np.zeros(council.CTL_SIZE, np.int64)
        self.ctl[council.SEED], self.ctl[council.EVENTS] = seed % 2**62, _EVENTS
        self.ctl[council.SOLVES], self.ctl[council.NEWEST] = solves, 1
        self._settle_groves(d, replay)
        most = max(32, min(_MOST_PROTOTYPES, _MOST_ENTRIES // max(d, 1)))
        self.concepts = np.full((most, 4), -1, np.int64)  # match, logarithm, strength, share
        self.sums, self.owner = np.empty(0, np.int64), np.zeros(most, np.int32)
        self.traits = np.zeros((most, prototype.MEMORY + d))
        reads = solves and d <= _WIDE
        heard = d * reads
        self.A, self.B = np.tile(np.eye(heard + 1), (2, 1, 1)), np.zeros((2, heard + 1, 0))
        self.readouts = np.empty((2, 0), np.int64)
        wanted = [True, True, reads, reads, replay > 0, replay > 0]
        votes = np.array(wanted + [False] * (council.VOTERS - _BORN))
        self.prior = votes / votes.sum()
        self.edge = np.where(votes, np.cumsum(votes) - 1, -1)
        self.weight = np.where(self.prior > 0, (1 - _EVIDENCE_FIRST) / (votes.sum() - 1), 0.0)
        self.weight[council.EVIDENCE] = _EVIDENCE_FIRST
        self.said, self.order = self.weight.copy(), np.zeros(1)
        self.past = np.zeros(council.PAST, np.int64)
        self.counts, self.seen = np.empty(0, np.int64), np.empty(0, np.int64)
        self.shares = np.empty((council.VOTERS, 0), np.int64)  # P nodes
        self.tops = np.full((council.VOTERS, 2), -1, np.int64)  # largest and 1 / sum of a softmax
        self.told, self.right = np.zeros(dormant.LOOKED), np.zeros(council.GROVES)
        self.kept = np.tile([-1, 0, 0], (council.GROVES, 1))
        self.asleep = np.zeros((council.GROVES, d + 1 if self.prior[council.LASTING] else 0, 0))
        self._held: Any = None  # what :meth:`state` gives, and since which structure
        graph.groups["one"] = self._grow(graph, controller, [NewNode(bias=1.0, name="always 1")],
                                         "birth", 0)  # fmt: skip

    def _settle_groves(self, d, replay):
        groves = council.GROVES
        self.plan = np.zeros((groves, question.PLAN_SIZE), np.int64)
        columns = [question.TREES, question.LEAST, question.SPAN]
        self.plan[0, columns] = _TREES[0], _LEAST[0], min(_STEADY_SPAN, replay)
        self.plan[1:, columns] = _TREES[1], _LEAST[1], replay
        trees = max(_TREES) if replay else 0
        self.node = np.full((groves, question.NODE_ROWS, question.ROOTS), -1, np.int32)
        self.node[:, [question.COUNT, question.WAIT]] = 0
        self.up, self.free = np.empty((groves, 0), np.int32), np.empty((groves, 0), np.int32)
        self.leaf = np.zeros((groves, question.ROOTS, 0), np.int32)
        self.place = np.full((2, question.PLACE_ROWS, trees, replay), -1, np.int32)
        self.units = np.full((groves, 0, 2), -1, np.int64)
        self.votes = np.empty((groves, 0), np.int64)
        self.ring, self.labels = np.zeros((d, replay), np.float32), np.zeros(replay, np.int32)

    # ---- growth ---------------------------------------------------------------------------------
    @staticmethod
    def _grow(graph, controller, nodes, cause, n, *, edges=(), rule="Council", **more):
        born = controller.grow(
            graph, Proposal(1.0, tuple(nodes), tuple(edges)), rule=rule, cause=cause,
            intention="answer as the stream answers", step=n, sample=n if n else -1, **more,
        )  # fmt: skip
        return np.array(born, np.int64)

    @property
    def voters(self):
        """Numbers of the voters that have nodes."""
        return np.flatnonzero(self.edge >= 0)

    def add_class(self, graph, controller, name, heard):
        """Grow the nodes of a new class; ``heard`` is the node of its evidence."""
        n = int(self.ctl[council.N])
        shares = np.full(council.VOTERS, -1, np.int64)
        for k in self.voters.tolist():
            loud = self._loud(graph, controller, k, name, heard)
            if k >= council.STEADY:
                shares[k] = loud
                continue
            shares[k] = self._share(graph, controller, k, name, loud)
        self.shares = np.column_stack([self.shares, shares])
        voters = tuple(shares[self.voters].tolist())
        output = NewNode(voters, (0.0,) * len(voters), role="output", name=str(name))
        ids = self._grow(graph, controller, [output], "a label never met", n)
        graph.groups["answers"] = np.append(graph.groups.get("answers", np.empty(0, np.int64)), ids)
        self.leaf = np.concatenate(
            [self.leaf, np.zeros((*self.leaf.shape[:2], 1), np.int32)], axis=2
        )
        self.B = np.concatenate([self.B, np.zeros((*self.B.shape[:2], 1))], axis=2)
        self.asleep = np.concatenate([self.asleep, np.zeros((*self.asleep.shape[:2], 1))], axis=2)
        self.counts, self.seen = np.append(self.counts, 0), np.append(self.seen, n)
        self._welcome(graph)

    def _welcome(self, graph):
        """Nodes that are new say what the kernels say."""
        self._held = None
        G, _, _, T, _ = self.state(graph)
        with graph._store.changing():
            council.welcome(graph._store.H, G, T)

    def _loud(self, graph, controller, k, name, heard):
        """The node that says how loud voter k is for a class, before shares are made of it."""
        n, inputs = int(self.ctl[council.N]), tuple(graph.inputs.tolist())
        cause, who = "a label never met", f"{name} by {NAMES[k]}"
        if k == council.EVIDENCE:
            return heard
        if k == council.PROTOTYPES:
            sources = self.concepts[self.concepts[:, 3] >= 0, 3]
            node = NewNode(tuple(sources.tolist()), (0.0,) * sources.size, bias=1e-6, name=who)
            self.sums = np.append(self.sums, self._grow(graph, controller, [node], cause, n))
            return int(self.sums[-1])
        if k in (council.RECENT, council.LASTING):
            heard = inputs[: self.A.shape[1] - 1]
            node = NewNode(heard, (0.0,) * len(heard), name=who)
            ids = self._grow(graph, controller, [node], cause, n)
            self.readouts = self._beside(self.readouts, k - council.RECENT, ids[0])
            return int(ids[0])
        sources = self.units[k - council.STEADY]
        sources = sources[sources >= 0]
        node = NewNode(tuple(sources.tolist()), (0.0,) * sources.size, name=who)
        ids = self._grow(graph, controller, [node], cause, n)
        self.votes = self._beside(self.votes, k - council.STEADY, ids[0])
        return int(ids[0])

    @staticmethod
    def _beside(held, row, node):
        """``held`` [rows, classes] with a node in the column of the new class."""
        if row == 0:
            held = np.column_stack([held, np.full(len(held), -1, np.int64)])
        held[row, -1] = node
        return held

    def _share(self, graph, controller, k, name, loud):
        """Nodes that make a share of what a voter says of a class."""
        n, cause = int(self.ctl[council.N]), "a label never met"
        summed = k == council.PROTOTYPES  # is positive as it is
        if self.tops[k, 1] < 0:
            nodes = [NewNode(kind="max", name=f"loudest of {NAMES[k]}"),
                     NewNode(activation="inv", name=f"1 / sum of {NAMES[k]}")]  # fmt: skip
            self.tops[k] = self._grow(graph, controller, nodes, "birth", n)
        top, whole = self.tops[k].tolist()
        if summed:
            nodes = [NewNode((loud, whole), (1.0, 1.0), kind="product")]
            edges = [(loud, whole, 1.0)]
        else:
            nodes = [NewNode((loud, top), (1.0, -1.0), activation="exp"),
                     NewNode((-1, whole), (1.0, 1.0), kind="product")]  # fmt: skip
            edges = [(loud, top, 1.0), (-1, whole, 1.0)]
        ids = self._grow(graph, controller, nodes, cause, n, edges=edges)
        graph.names[int(ids[-1])] = f"share of {name} by {NAMES[k]}"
        return int(ids[-1])

    def bear_concept(self, graph, controller, x):
        """A prototype: where it stands, how loud it is, and its part in the sum of its class."""
        n, i, inputs = int(self.ctl[council.N]), int(self.ctl[council.CONCEPTS]), graph.inputs
        top = int(self.tops[council.PROTOTYPES, 0])
        nodes = [
            NewNode(tuple(inputs.tolist()), tuple(x.tolist()), kind="match", p0=1.0,
                    name=f"prototype {i}"),
            NewNode((-1,), (-1.0,), activation="log", bias=1.0),
            NewNode((-2,), (-0.5 * (2 + inputs.size),)),
            NewNode((-3, top), (1.0, -1.0), activation="exp"),
        ]  # fmt: skip
        edges = [(-3, top, 1.0), *((-4, int(s), 0.0) for s in self.sums)]
        self.concepts[i] = self._grow(graph, controller, nodes, "nothing resonated", n, edges=edges,
                                      rule="Prototype")  # fmt: skip
        self._held[1][1].slots[i] = graph._slots(self.concepts[i])  # others stay where they are

    def bear_voter(self, graph, controller):
        """Nodes of another grove: the one that was fresh goes to sleep with all it knows."""
        n = int(self.ctl[council.N])
        k = int(np.flatnonzero(self.edge[council.STEADY :] < 0)[0]) + council.STEADY
        outputs = graph.groups["answers"].tolist()
        nodes = [NewNode(name=f"{graph.names[out]} by {NAMES[k]}") for out in outputs]
        edges = [(-1 - c, out, 0.0) for c, out in enumerate(outputs)]
        ids = self._grow(graph, controller, nodes, grove.CAUSES[grove.ASLEEP], n, edges=edges,
                         rule="Dormant")  # fmt: skip
        self.shares[k] = self.votes[k - council.STEADY] = ids
        self.edge[k] = self.edge.max() + 1
        self._welcome(graph)

    def _wanted(self, why, d):
        """Nodes and edges that the next birth takes."""
        classes = self.counts.size
        if why == council.CONCEPT:
            return 4, d + 5 + classes
        if why == council.VOTER:
            return classes, classes * council.VOTERS  # blocks of the answers move
        count = self._n_units()
        return 2 * count, count * (5 + 2 * classes)

    def _n_units(self):
        """Units to be born at once."""
        there = int((self.units[self.ctl[council.GROVE], :, 0] >= 0).sum())
        return max(int(self.ctl[council.WANT]), _CHUNK, there // 4)

    def bear_units(self, graph, controller):
        """Nodes for questions that are to be asked; they read nothing of worth yet."""
        g, n = int(self.ctl[council.GROVE]), int(self.ctl[council.N])
        there = int((self.units[g, :, 0] >= 0).sum())
        count = self._n_units()
        inputs = graph.inputs[:2].tolist()
        last = int(self.units[g, there - 1, 1]) if there else int(graph.groups["one"][0])
        # neighbours read another sequence: they would share a list, which has no room to change
        read, silent = ((last, *inputs), (*inputs, last)), (0.0,) * (1 + len(inputs))
        yes = [NewNode(read[i % 2], silent, kind="gate", activation="step") for i in range(count)]
        no = [NewNode((last, -i - 1), (0.0, 0.0)) for i in range(count)]
        # born in two calls: siblings stand in the sequence they are named in, no behind its yes
        numbered = [-1 - i - side * count for i in range(count) for side in range(2)]
        edges = [(node, v, 0.0) for v in self.votes[g].tolist() for node in numbered]
        ids = self._grow(graph, controller, yes + no, "more to ask than there are nodes", n,
                         edges=edges, rule="Questions", node=int(self.votes[g, 0]))  # fmt: skip
        self._widen(max(self.up.shape[1], there + count))
        self.units[g, there : there + count] = ids.reshape(2, count).T
        free = int(self.plan[g, question.FREE])
        # the lowest is taken first: it may stand above the others
        self.free[g, free : free + count] = np.arange(there + count - 1, there - 1, -1)
        self.plan[g, question.FREE] += count
        self.plan[:, question.UNBORN] = (self.units[:, :, 0] < 0).sum(axis=1)
        self._held = None

    def _widen(self, size):
        """Room for so many units in each grove."""
        more = size - self.up.shape[1]

        def longer(array, axis, extra, value):
            pad = [(0, 0)] * array.ndim
            pad[axis] = (0, extra)
            return np.pad(array, pad, constant_values=value)

        self.node = longer(self.node, 2, 2 * more, -1)
        fresh = self.node[:, :, self.node.shape[2] - 2 * more :]
        fresh[:, [question.COUNT, question.WAIT]] = 0
        self.up, self.free = longer(self.up, 1, more, -1), longer(self.free, 1, more, -1)
        self.leaf = longer(self.leaf, 1, 2 * more, 0)
        self.units = longer(self.units, 1, more, -1)

    def add_input(self, graph, controller, before_last):
        """An input that was 0 until now: voters read it, with weight 0; readouts the first 128.

        ``before_last``: 1 for the last of the graph's inputs, 2 for the one before ...
        """
        new, d = int(graph.inputs[-before_last]), self.ring.shape[0]
        heard = bool(self.prior[council.LASTING]) and self.A.shape[1] <= _WIDE
        readouts = self.readouts.ravel() if heard else ()
        readers = [v for v in (*self.concepts[:, 0], *readouts) if v >= 0]
        if readers:
            self._grow(graph, controller, (), "new input", int(self.ctl[council.N]),
                       edges=[(new, int(v), 0.0) for v in readers])  # fmt: skip
        self._widen_concepts(graph, d + 1)
        self.ring = np.pad(self.ring, ((0, 1), (0, 0)))
        self.traits = np.pad(self.traits, ((0, 0), (0, 1)))
        if heard:
            self.A = np.pad(self.A, ((0, 0), (0, 1), (0, 1)))
            self.A[:, -1, -1] = 1.0
            self.B = np.pad(self.B, ((0, 0), (0, 1), (0, 0)))
            self.asleep = np.pad(self.asleep, ((0, 0), (0, 1), (0, 0)))
        self._held = None

    def _widen_concepts(self, graph, d):
        """Prototypes of d inputs: the exponent of their kernel, the volume in their strength."""
        for i in range(int(self.ctl[council.CONCEPTS])):
            _, _, strength, _ = self.concepts[i].tolist()
            loud, since, width = self.traits[i, : prototype.PLASTIC].tolist()
            loud += (int(self.ctl[council.EPOCH]) - since) * prototype.FADING
            graph.set_weights(strength, [-0.5 * (2 + d)])
            graph.set_nodes(strength, bias=loud - 0.5 * d * np.log(width))

    # ---- what the kernels need ------------------------------------------------------------------
    def state(self, graph):
        """Named tuples of arrays; slots of ids are looked up when the graph was packed or grew."""
        where = graph._store.arrays["slot_of"]
        held = self._held
        if held is None or held[0] is not where:  # what was born here forgets them, too
            self._held = held = (where, self._state(graph), self._context(graph))
        return held[1]

    def _state(self, graph):
        (units, votes, concepts, sums, readouts, outputs, inputs, column, one,
         words) = self._slots(graph)  # fmt: skip
        return (
            question.Grove(self.plan, self.node, self.up, self.free, self.leaf, self.place, units,
                           votes, self.ring, self.labels, inputs, column, one, words),
            council.Prototypes(concepts, sums, self.traits, self.owner),
            council.Readouts(self.A, self.B, readouts),
            council.Trust(self.weight, self.prior, self.said, self.edge, outputs, self.past,
                          self.counts, self.seen, self.order),
            dormant.Dormant(self.told, self.asleep, self.right, self.kept),
        )  # fmt: skip

    def _slots(self, graph):
        def slots(ids):
            out = np.full(ids.shape, -1, np.int32)
            out[ids >= 0] = graph._slots(ids[ids >= 0])
            return out

        inputs = slots(graph.inputs)
        column = np.zeros(int(inputs.max(initial=0)) + 1, np.int32)
        column[inputs] = np.arange(inputs.size)
        words = np.array([graph._word(cause) for cause in grove.CAUSES], np.int64)
        return (
            slots(self.units), slots(self.votes), slots(self.concepts), slots(self.sums),
            slots(self.readouts), slots(graph.groups.get("answers", np.empty(0, np.int64))), inputs,
            column, slots(graph.groups["one"]), words,
        )  # fmt: skip

    # ---- learning and answering -----------------------------------------------------------------
    def learn(self, graph, controller, X, y, said, strange, record, answers, has_room):
        """Answer, then learn rows; what must be born on the way is grown by the controller.

        ``has_room(nodes, edges)`` says whether so many more are allowed.
        """
        self.ctl[council.AT] = 0
        while True:
            state, ctx = self.state(graph), graph._store.arrays["ctx"]
            ctx[:] = self._held[2]
            why = graph._store.call(
                council.learn, X, y, said, strange, self.ctl, *state, record, answers
            )
            ctx[:], graph._store.arrays["ctxf"][:] = _NO_CAUSE, np.nan
            if why == council.DONE:
                self.ctl[council.AT] = 0
                return
            if why == council.FOLD:
                GrowthLog(graph).fold(_EVENTS // 2)
            elif not has_room(*self._wanted(why, X.shape[1])):
                self.ctl[council.FULL] = 1
            elif why == council.CONCEPT:
                self.bear_concept(graph, controller, X[self.ctl[council.AT]])
            elif why == council.VOTER:
                self.bear_voter(graph, controller)
            else:
                self.bear_units(graph, controller)
            graph.pack(above=_WASTE)  # only where nodes are born: not where calls are cut

    @staticmethod
    def _context(graph):
        """What the log gives beside the cause, which the kernel itself writes."""
        ctx = _NO_CAUSE.copy()
        ctx[h.CTX_RULE] = graph._word("Questions")
        ctx[h.CTX_INTENTION] = graph._word("answer as the stream answers")
        return ctx

    def answer(self, graph, X, said):
        """P of each class [batch, classes]."""
        G, C, L, T, _ = self.state(graph)
        out = np.empty(said.shape)
        council.answer(graph._store.H, X, said, self.ctl, G, C, L, T, out)
        return out

    # ---- files ----------------------------------------------------------------------------------
    @classmethod
    def from_arrays(cls, arrays):
        """A council of the arrays named in ``ARRAYS``; whether they fit is not looked at here."""
        self = object.__new__(cls)
        for name in cls.ARRAYS:
            setattr(self, name, arrays[name].copy())
        self._held = None
        return self
