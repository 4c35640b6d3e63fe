"""The learner inside ResoNet: one graph, its sense, concepts, evidence and record of itself."""

from typing import Any

import numpy as np

from growgraph._random import uniform
from growgraph.graph import Graph
from growgraph.graph.way import Way
from growgraph.growth import GrowthController
from growgraph.kernels import council, resonet
from growgraph.models._record import Record
from growgraph.models._resonet.concepts import Concepts
from growgraph.models._resonet.council import Council
from growgraph.models._resonet.evidence import Evidence
from growgraph.models._resonet.settings import settings_of
from growgraph.models._resonet.single import Single

OWN = ("recent", "tally", "curve", "ctl", "par")  # statistics the core itself keeps
_WAKE_EVERY = 64
_MOST_ROWS = 4096  # of a table, encoded at a time
_NODE_BYTES, _EDGE_BYTES = 480, 20  # with their events in the log, at most


class Core:
    """All that a ResoNet has learnt and what serves further learning.

    Parameters
    ----------
    sense : Retina or Table
    options : dict
        ``learning, seed, intention, noise_band, patience, max_nodes, max_bytes``.
    """

    def __init__(self, sense, options):
        self.sense, self.options = sense, options
        self.graph = Graph()
        self.graph.record()
        self.controller = GrowthController([], intention="see")
        sense.grow(self.graph, self.controller)
        self.prenatal = self.graph.groups["evidence"].size
        self.concepts = Concepts(
            sense.windows(self.graph), sense.floor(self.graph), self.most,
            sense.window_names(self.graph),
        )  # fmt: skip
        self.evidence = Evidence(self.evident, sense.settings)
        self.record = Record()
        self.classes = []  # labels in the sequence of their arrival
        self.recent = np.empty(0)
        self.tally = np.empty((0, 3), np.int64)  # right before learnt, last seen, in doubt
        self.curve = np.empty((0, 2), np.int64)  # samples seen, of them answered rightly
        self.ctl = np.zeros(resonet.CTL_SIZE, np.int64)
        self.ctl[resonet.NEXT_SOLVE] = self.evidence.next_solve(0)
        self.par = settings_of(sense, options, self.concepts.most)
        self._derived = -1  # sample count the graph's derived values belong to
        self._W = self._ways = self._single = None
        self.sequence = None, None  # the sorted classes, and their places in ``classes``
        self.council: Any = None  # tables have one
        if sense.kind == "table":
            solves = options["learning"] == "evidence"
            self.council = Council(
                self.graph, self.controller, options["seed"], options["replay"], solves
            )

    @property
    def most(self):
        """Aspects a window at most: ``alone`` where there is no readout beside the concepts."""
        s = self.sense.settings
        return s["most"] if self.options["learning"] == "evidence" else s.get("alone", s["most"])

    @property
    def n(self):
        """Samples seen."""
        return int(self.ctl[resonet.N])

    @property
    def n_features(self):
        """Length of h: prenatal nodes, the constant 1, born inputs."""
        return self.prenatal + 1 + self.graph.groups.get("born", np.empty(0)).size

    @property
    def evident(self):
        """Features of which coincidences are kept: all, or none without a readout."""
        return self.n_features if self.options["learning"] == "evidence" else 0

    @property
    def held(self):
        """Samples of the block of evidence that is not whole yet."""
        return int(self.ctl[resonet.HELD])

    @property
    def use_evidence(self):
        """True if the score has a readout."""
        return bool(self.par[resonet.USE_EVIDENCE])

    @property
    def prequential_accuracy(self):
        """Share of samples answered rightly before they were learnt."""
        return self.right / max(self.n, 1)

    @property
    def right(self):
        """Samples answered rightly before they were learnt."""
        if self.council is not None:
            return int(self.council.ctl[council.RIGHT])
        return int(self.ctl[resonet.RIGHT])

    @property
    def unit(self):
        """What margins are told in."""
        if self.council is not None or not self.use_evidence:
            return 1.0
        return float(self.par[resonet.KAPPA])

    @property
    def answering(self):
        """Nodes of the classes that answer."""
        return self.graph.groups["classes" if self.council is None else "answers"]

    # ---- learning -------------------------------------------------------------------------------
    def learn(self, rows, labels):
        """Learn rows in their sequence; growth of inputs first, where a row needs it."""
        at, grows_inputs = 0, hasattr(self.sense, "unborn")
        while at < len(rows):
            stop = len(rows)
            if grows_inputs:
                stop = min(stop, at + _MOST_ROWS)
                if self.sense.sleeps:
                    stop = min(stop, at + _WAKE_EVERY - self.n % _WAKE_EVERY)
                first = self.sense.unborn(rows, at, stop)
                if first == at:
                    self._grow_inputs(rows, at)
                    first = max(self.sense.unborn(rows, at, stop), at + 1)
                stop = first
            self._learn_run(rows[at:stop], labels[at:stop])
            at = stop
            if grows_inputs and self.sense.sleeps and self.n % _WAKE_EVERY == 0:
                self.sense.wake(self.graph)

    def _grow_inputs(self, rows, at):
        count = self.sense.give_birth(
            self.graph, self.controller, rows, at, step=self.n, sample=self.n
        )
        for i in range(count):
            if self.use_evidence:
                self.evidence.add_feature()
            self.council.add_input(self.graph, self.controller, count - i)

    def _learn_run(self, rows, labels):
        """Learn rows between which no input grows."""
        if hasattr(self.sense, "watch"):
            self.sense.watch(rows)
        X = self.features(rows)
        number = {label: c for c, label in enumerate(self.classes)}
        unmet = np.iinfo(np.int64).max  # the kernel stops there
        y = np.array([number.get(label, unmet) for label in labels], np.int64)
        draws = np.zeros(len(X))
        if np.isfinite(self.par[resonet.GATE_FROM]):
            draws = uniform(self.options["seed"], self.n + np.arange(len(X)), "gate")
        answers = np.empty(len(X), np.int64)
        self.ctl[resonet.AT] = heard = 0
        while True:
            said = np.empty((len(X), len(self.classes)))
            strange = np.empty((len(X), 2))
            why = self._enter(X, y, draws, answers, said, strange)
            if self.council is not None and self.ctl[resonet.AT] > heard:
                some = slice(heard, int(self.ctl[resonet.AT]))
                self._hear(X[some], y[some], said[some], strange[some], answers[some])
                heard = some.stop
            if why == resonet.DONE:
                self.ctl[[resonet.AT, resonet.WHY]] = 0  # nothing of how the calls were cut
                return
            at = int(self.ctl[resonet.AT])
            if why == resonet.NEW_CLASS:
                self._add_class(labels[at], X[at])
                y[at:][[label == labels[at] for label in labels[at:]]] = len(self.classes) - 1
            else:
                self.grow(why, int(y[at - 1]))

    def single(self, columns):
        """The shortest way for a row of so many numbers; None without one, or before a class."""
        held = self._single  # threads may ask at once
        if held is None or not held.holds(self):
            if self.council is None or not self.classes:
                return None
            self._single = held = Single(self)
        return held if held.fits and held.columns == columns else None

    def grow(self, why, c):
        """Do what the kernel asked for after a sample of class c."""
        if why & resonet.TELL:  # before it grows again
            self.concepts.tell_outcomes(self.graph, self.controller, c)
        if why & resonet.GROW:
            self._add_aspects(c)
        if why & resonet.SOLVE:
            self._take_stock()

    def _hear(self, X, y, said, strange, answers):
        """Let the council answer and learn what the evidence has just learnt."""
        record = council.Record(
            self.tally, self.record.right_by, self.record.count_by, self.record.scales
        )
        self.council.learn(
            self.graph, self.controller, self.inputs_of(X), y, said, strange, record, answers,
            self._has_nodes,
        )  # fmt: skip

    def inputs_of(self, X):
        """Of the activities of the evidence nodes those of the graph's inputs."""
        d = self.graph.groups["parts"].size
        return np.concatenate([X[:, :d], X[:, self.prenatal + 1 :]], axis=1)

    def _take_stock(self):
        """Solve the gate's readout; now and then note how many answers were right so far."""
        if self.use_evidence:
            self.evidence.solve_gate(self.n, self.held)
        if self.n >= self.ctl[resonet.NEXT_SOLVE]:
            self.ctl[resonet.NEXT_SOLVE] = self.evidence.next_solve(self.n)
            self.curve = np.vstack([self.curve, (self.n, self.right)])

    def _enter(self, X, y, draws, answers, said, strange):
        c, e, r = self.concepts, self.evidence, self.record
        if not self.fits(X.shape[1]):  # the kernel would write out of bounds
            raise RuntimeError(
                "the model broke off while it grew: load it from a file, or fit anew"
            )
        prototypes, aspects = c.slots(self.graph)
        return int(
            resonet.learn(
                self.graph._store.H, X, y, draws, c.win, prototypes, aspects, c.floor, e.W,
                c.due(), self.ctl, self.par, c.k, c.counts, c.size, c.R, c.met, e.A, e.lost,
                e.held, e.B, self.recent, self.tally, r.right_by, r.count_by, r.scales, c.newborn,
                answers, said, strange,
            )
        )  # fmt: skip

    def fits(self, features):
        """True if all that the kernels are given is for so many features and these classes."""
        c, e = self.concepts, self.evidence
        fits = features == self.n_features and e.fits(self.evident)
        fits = fits and len(c.k) == len(self.classes) == e.W.shape[1]
        return fits and (self.council is None or self.council.ctl[council.N] == self.n)

    def _add_class(self, label, x):
        """A label never met: a class node with its concept; the old classes keep their weight."""
        mass = self.par[resonet.MASS]
        if 0 < mass < self.n:  # the gate left easy samples out: what was written stands for all
            self.evidence.weigh(self.n / mass)
            self.par[resonet.MASS] = self.n
        alpha = self.par[resonet.ALPHA]
        role = "output" if self.council is None else "hidden"
        self.concepts.add_class(self.graph, self.controller, label, x, alpha, self.n, role)
        self.evidence.add_class()
        if self.council is not None:
            self.council.add_class(
                self.graph, self.controller, label, int(self.concepts.outputs[-1])
            )
        self.recent = np.append(self.recent, 0.0)
        self.tally = np.vstack([self.tally, np.zeros(3, np.int64)])
        self.classes.append(label)

    def _add_aspects(self, c):
        if self._has_room(int(self.concepts.k[c])):
            self.concepts.add_aspects(
                self.graph, self.controller, c, self.classes[c], self.n,
                int(self.par[resonet.PATIENCE]),
            )  # fmt: skip
        else:
            self.par[resonet.ROOM] = 0

    def _has_room(self, k):
        """True if one aspect more in each window keeps within ``max_nodes`` and ``max_bytes``."""
        nodes, width = self.concepts.win.shape
        edges = nodes * (width + 2 * (k + 3))  # a resonance node's block may move
        return self._has_nodes(nodes, edges)

    def _has_nodes(self, nodes, edges):
        """True if so many nodes and edges more keep within ``max_nodes`` and ``max_bytes``."""
        most = self.options["max_nodes"]
        if most is not None and self.graph.n_nodes + nodes > most:
            return False
        most = self.options["max_bytes"]
        if most is None:
            return True
        return self.nbytes() + nodes * _NODE_BYTES + edges * _EDGE_BYTES <= most

    # ---- activities -----------------------------------------------------------------------------
    def features(self, rows):
        """Activities of the evidence nodes: prenatal ones, the constant 1, born inputs."""
        graph, sense = self.graph, self.sense
        born = graph.groups.get("born", np.empty(0, np.int64))
        values = sense.values(graph, rows)
        X = np.empty((len(values), self.prenatal + 1 + born.size), np.float32)
        X[:, self.prenatal] = 1
        if self.council is None:
            nodes = np.concatenate([graph.groups["evidence"], born])
            H = graph.forward(values, inputs=sense.inputs(graph), outputs=nodes)
            X[:, : self.prenatal], X[:, self.prenatal + 1 :] = np.split(H, [self.prenatal], axis=1)
            return X
        self.way().values(graph, values, X)  # of thousands of nodes these few
        return X

    def way(self):
        """The way to the nodes that evidence needs, found anew when the graph was packed."""
        graph = self.graph
        born = graph.groups["born"]
        key = graph._store.arrays["slot_of"], born.size
        if self._ways is None or self._ways[0] is not key[0] or self._ways[1] != key[1]:
            nodes = np.concatenate([graph.groups["evidence"], born])
            columns = np.delete(np.arange(self.prenatal + 1 + born.size), self.prenatal)
            self._ways = (*key, Way(graph, nodes, columns))
        return self._ways[2]

    def settle(self):
        """Nothing has been derived or looked up yet, but what a file holds is derived."""
        self._derived, self._W, self._ways, self._single = self.n, None, None, None
        self.sequence = None, None

    def scores(self, rows):
        """Scores [batch, classes in the sequence of arrival]; a council's are probabilities."""
        if self.council is None:
            self.derive()
            return self.answers(rows)[0]
        X = self.features(rows)
        return self.council.answer(self.graph, self.inputs_of(X), self._ask(X))

    def _ask(self, X):
        """Scores by the evidence alone: what the graph's nodes say when they are derived."""
        c = self.concepts
        prototypes, aspects = c.slots(self.graph)
        said = np.empty((len(X), len(self.classes)))
        resonet.ask(self.graph._store.H, X, c.win, prototypes, aspects, c.floor, self.readout(),
                    self.par, c.k, c.counts, c.size, c.R, said)  # fmt: skip
        return said

    def readout(self):
        """The readout that answers, solved once for the samples learnt so far."""
        held = self._W  # one tuple: threads may ask at once
        if held is None or held[0] != self.n:
            W = np.zeros((self.n_features, len(self.classes)))
            if self.use_evidence:
                W = self.evidence.answer(self.n, self.held)
            self._W = held = self.n, W
        return held[1]

    def resonances(self, rows):
        """Log-resonance [batch, classes, windows]: the graph's resonance nodes."""
        return self.answers(rows)[2]

    def answers(self, rows):
        """:meth:`scores`, those of the evidence alone, and :meth:`resonances`.

        A council asks only the questions that a sample comes to; what it says is what the graph's
        output nodes say.
        """
        graph, nodes = self.graph, self.concepts.resonances
        outputs = np.concatenate([graph.groups["classes"], nodes.ravel()])
        values = self.sense.values(graph, rows)
        out = graph.forward(values, inputs=self.sense.inputs(graph), outputs=outputs)
        said, L = out[:, : len(nodes)].astype(np.float64), out[:, len(nodes) :]
        L = L.reshape(len(out), *nodes.shape).astype(np.float64)
        return said if self.council is None else self.scores(rows), said, L

    # ---- writing what is derived ----------------------------------------------------------------
    def derive(self):
        """Write readout and concept coefficients into the graph, if samples came since."""
        if self._derived == self.n:
            return
        self.concepts.derive(self.graph)
        W = self.readout()
        pull = self.par[resonet.ALPHA] / (self.concepts.win.max(initial=0) + 1)
        heard = self.concepts.win.shape[0] if self.par[resonet.ALPHA] else 0
        for c, output in enumerate(self.concepts.outputs.tolist()):
            nodes = np.delete(W[:, c], self.prenatal)
            self.graph.set_weights(output, np.concatenate([np.full(heard, pull), nodes]))
            self.graph.set_nodes(output, bias=W[self.prenatal, c])
        self._derived = self.n

    def nbytes(self):
        """Bytes of the graph and of the statistics, without the room arrays keep for growing.

        It depends on what was learnt alone, not on when the model was saved and loaded.
        """
        held = self.graph._store.to_arrays().values()
        return sum(a.nbytes for a in (*held, *self.statistics().values()))

    # ---- files --------------------------------------------------------------------------------
    def statistics(self):
        """The arrays that serve only further learning, by name."""
        c, e, r = self.concepts, self.evidence, self.record
        out = {f"concepts/{k}": getattr(c, k) for k in c.ARRAYS}
        out.update({f"evidence/{k}": getattr(e, k) for k in e.ARRAYS})
        out.update({f"record/{k}": getattr(r, k) for k in r.ARRAYS})
        out.update({k: getattr(self, k) for k in OWN})
        if self.council is not None:
            out.update({f"council/{k}": getattr(self.council, k) for k in Council.ARRAYS})
        return out
