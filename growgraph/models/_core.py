"""The learner inside ResoNet: one graph, its sense, concepts, evidence and record of itself."""

import numpy as np

from growgraph._random import uniform
from growgraph.graph import Graph
from growgraph.growth import GrowthController
from growgraph.kernels import resonet
from growgraph.models._check import check_core
from growgraph.models._concepts import Concepts
from growgraph.models._evidence import Evidence
from growgraph.models._record import Record

_OWN = ("recent", "tally", "curve", "ctl", "par")  # statistics the core itself keeps
_WAKE_EVERY = 64
_MOST_ROWS = 4096  # of a table, encoded at a time
_MISFIT = 0.01  # a concept that explains all but this share of what it meets is at rest
_PATIENCE = 2  # samples of a class per aspect
_CONTEXT = 0.8
_NODE_BYTES, _EDGE_BYTES = 480, 24  # with their events in the log, at most
_GATE = {"from": 5000, "margin": 0.5, "low": 0.3}


class Core:
    """All that a ResoNet has learnt and what serves further learning.

    Parameters
    ----------
    sense : Retina or Table
    options : dict
        ``learning, seed, intention, patience, max_nodes, max_bytes``.
    """

    def __init__(self, sense, options):
        self.sense, self.options = sense, options
        self.graph = Graph()
        self.graph.record()
        self.controller = GrowthController([], intention="see")
        sense.grow(self.graph, self.controller)
        self.prenatal = self.graph.groups["evidence"].size
        self.concepts = Concepts(
            sense.windows(self.graph), sense.floor(self.graph), sense.settings["most"],
            sense.window_names(self.graph),
        )  # fmt: skip
        self.evidence = Evidence(self.prenatal + 1, sense.settings)
        self.record = Record()
        self.classes = []  # labels in the sequence of their arrival
        self.recent = np.empty(0)
        self.tally = np.empty((0, 2), np.int64)  # right before learnt, last seen
        self.curve = np.empty((0, 2), np.int64)  # samples seen, of them answered rightly
        self.ctl = np.zeros(resonet.CTL_SIZE, np.int64)
        self.ctl[resonet.NEXT_SOLVE] = Evidence.next_solve(0)
        self.par = self._settings()
        self._derived = -1  # sample count the graph's derived values belong to

    def _settings(self):
        s, par = self.sense.settings, np.zeros(resonet.PAR_SIZE)
        evidence = self.options["learning"] == "evidence"
        par[resonet.USE_EVIDENCE] = evidence
        par[resonet.ALPHA] = s["alpha"] if evidence else 1.0
        par[resonet.KAPPA] = s["kappa"]
        par[resonet.RESONANT] = s["resonant"]
        par[resonet.CONTEXT] = _CONTEXT
        par[resonet.MOST] = self.concepts.most
        par[resonet.PATIENCE] = self.options["patience"] or _PATIENCE
        par[resonet.MISFIT] = _MISFIT
        gate = self.options["intention"] and np.isinf(s["resonant"])
        par[resonet.GATE_FROM] = _GATE["from"] if gate else np.inf
        par[resonet.GATE_MARGIN], par[resonet.GATE_LOW] = _GATE["margin"], _GATE["low"]
        par[resonet.ROOM] = 1
        return par

    @property
    def n(self):
        """Samples seen."""
        return int(self.ctl[resonet.N])

    @property
    def use_evidence(self):
        """True if the score has a readout."""
        return bool(self.par[resonet.USE_EVIDENCE])

    @property
    def prequential_accuracy(self):
        """Share of samples answered rightly before they were learnt."""
        return float(self.ctl[resonet.RIGHT]) / max(self.n, 1)

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
        for _ in range(count):
            self.evidence.add_feature()

    def _learn_run(self, rows, labels):
        """Learn rows between which no input grows."""
        if hasattr(self.sense, "watch"):
            self.sense.watch(rows)
        X = self.features(rows)
        number = {label: c for c, label in enumerate(self.classes)}
        y = np.array([number.get(label, -1) for label in labels], np.int64)
        y[y < 0] = np.iinfo(np.int64).max  # not met yet: the kernel stops there
        draws = uniform(self.options["seed"], self.n + np.arange(len(X)), "gate")
        answers = np.empty(len(X), np.int64)
        self.ctl[resonet.AT] = 0
        while True:
            why = self._enter(X, y, draws, answers)
            if why == resonet.DONE:
                self.ctl[[resonet.AT, resonet.WHY]] = 0  # nothing of how the calls were cut
                return
            at = int(self.ctl[resonet.AT])
            if why == resonet.NEW_CLASS:
                self._add_class(labels[at], X[at])
                y[at:][[label == labels[at] for label in labels[at:]]] = len(self.classes) - 1
            if why & resonet.TELL:  # before it grows again
                self.concepts.tell_outcomes(self.graph, self.controller, int(y[at - 1]))
            if why & resonet.GROW:
                self._add_aspects(int(y[at - 1]))
            if why & resonet.SOLVE:
                self._take_stock()

    def _take_stock(self):
        """Solve the gate's readout; now and then note how many answers were right so far."""
        if self.use_evidence:
            self.evidence.W = self.evidence.solve(self.n)
        if self.n >= self.ctl[resonet.NEXT_SOLVE]:
            self.ctl[resonet.NEXT_SOLVE] = Evidence.next_solve(self.n)
            self.curve = np.vstack([self.curve, (self.n, self.ctl[resonet.RIGHT])])

    def _enter(self, X, y, draws, answers):
        c, e, r = self.concepts, self.evidence, self.record
        fits = X.shape[1] == len(e.A) == len(e.B) and len(c.k) == len(self.classes) == e.W.shape[1]
        if not fits:  # the kernel would write out of bounds
            raise RuntimeError(
                "the model broke off while it grew: load it from a file, or fit anew"
            )
        prototypes, aspects = c.slots(self.graph)
        return int(
            resonet.learn(
                self.graph._store.H, X, y, draws, c.win, prototypes, aspects, c.floor, e.W,
                c.due(), self.ctl, self.par, c.k, c.counts, c.size, c.R, c.met, e.A, e.B,
                self.recent, self.tally, r.right_by, r.count_by, r.scales, c.newborn, answers,
            )
        )  # fmt: skip

    def _add_class(self, label, x):
        """A label never met: a class node with its concept; the old classes keep their weight."""
        mass = self.par[resonet.MASS]
        if 0 < mass < self.n:  # the gate left easy samples out: what was written stands for all
            self.evidence.A *= self.n / mass
            self.evidence.B *= self.n / mass
            self.par[resonet.MASS] = self.n
        alpha = self.par[resonet.ALPHA]
        self.concepts.add_class(self.graph, self.controller, label, x, alpha, self.n)
        self.evidence.add_class()
        self.recent = np.append(self.recent, 0.0)
        self.tally = np.vstack([self.tally, np.zeros(2, np.int64)])
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
        most = self.options["max_nodes"]
        if most is not None and self.graph.n_nodes + nodes > most:
            return False
        most = self.options["max_bytes"]
        if most is None:
            return True
        edges = nodes * (width + 2 * (k + 3))  # a resonance node's block may move
        return self.nbytes() + nodes * _NODE_BYTES + edges * _EDGE_BYTES <= most

    # ---- activities -----------------------------------------------------------------------------
    def features(self, rows):
        """Activities of the evidence nodes: prenatal ones, the constant 1, born inputs."""
        graph, sense = self.graph, self.sense
        born = graph.groups.get("born", np.empty(0, np.int64))
        nodes = np.concatenate([graph.groups["evidence"], born])
        values = sense.values(graph, rows)
        H = graph.forward(values, inputs=sense.inputs(graph), outputs=nodes)
        X = np.empty((len(H), self.prenatal + 1 + born.size), np.float32)
        X[:, : self.prenatal], X[:, self.prenatal] = H[:, : self.prenatal], 1
        X[:, self.prenatal + 1 :] = H[:, self.prenatal :]
        return X

    def scores(self, rows):
        """Scores [batch, classes in the sequence of arrival]: the graph's outputs, nothing else."""
        values = self.sense.values(self.graph, rows)
        outputs = self.graph.groups["classes"]
        return self.graph.forward(values, inputs=self.sense.inputs(self.graph), outputs=outputs)

    def resonances(self, rows):
        """Log-resonance [batch, classes, windows]: the graph's resonance nodes."""
        return self.answers(rows)[1]

    def answers(self, rows):
        """:meth:`scores` and :meth:`resonances` by one forward."""
        graph, nodes = self.graph, self.concepts.resonances
        outputs = np.concatenate([graph.groups["classes"], nodes.ravel()])
        values = self.sense.values(graph, rows)
        out = graph.forward(values, inputs=self.sense.inputs(graph), outputs=outputs)
        scores, L = out[:, : len(nodes)], out[:, len(nodes) :]
        return scores, L.reshape(len(out), *nodes.shape).astype(np.float64)

    # ---- writing what is derived ----------------------------------------------------------------
    def derive(self):
        """Write readout and concept coefficients into the graph, if samples came since."""
        if self._derived == self.n:
            return
        self.concepts.derive(self.graph)
        W = self.evidence.answer(self.n) if self.use_evidence else np.zeros_like(self.evidence.W)
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
        out.update({k: getattr(self, k) for k in _OWN})
        return out

    def to_state(self):
        """Arrays and plain values; what is derived is written first."""
        self.derive()
        graph, (sense, plain) = self.graph.to_state(), self.sense.to_state()
        arrays = {f"graph/{k}": v for k, v in graph["arrays"].items()}
        arrays.update({k: v.copy() for k, v in self.statistics().items()})
        arrays.update({f"sense/{k}": v.copy() for k, v in sense.items()})
        return {
            "arrays": arrays,
            "plain": {
                "graph": graph["plain"], "sense": plain, "kind": self.sense.kind,
                "options": self.options, "n_grown": self.controller.n_grown_,
            },
        }  # fmt: skip

    @classmethod
    def from_state(cls, arrays, plain, classes, senses):
        """Rebuild; see :meth:`to_state`."""

        def part(name):
            n = len(name) + 1
            return {k[n:]: v for k, v in arrays.items() if k.startswith(f"{name}/")}

        core = object.__new__(cls)
        core.options = plain["options"]
        core.sense = senses[plain["kind"]].from_state(part("sense"), plain["sense"])
        core.graph = Graph.from_state({"arrays": part("graph"), "plain": plain["graph"]})
        core.graph.check()  # before anything walks it: compiled code trusts its arrays
        core.controller = GrowthController([], intention="see")
        core.controller.n_grown_ = plain["n_grown"]
        core.prenatal = core.graph.groups["evidence"].size
        most = core.sense.settings["most"]
        places = core.sense.window_names(core.graph)
        core.concepts = Concepts(arrays["concepts/win"], arrays["concepts/floor"], most, places)
        core.evidence, core.record = Evidence(1, core.sense.settings), Record()
        for name, held in (("concepts", core.concepts), ("evidence", core.evidence),
                           ("record", core.record)):  # fmt: skip
            for key in held.ARRAYS:  # a file may name these, no other attribute
                setattr(held, key, arrays[f"{name}/{key}"].copy())
        for name in _OWN:
            setattr(core, name, arrays[name].copy())
        core.classes = list(classes)
        check_core(core)
        core._derived = core.n
        return core
