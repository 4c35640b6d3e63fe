"""The learner inside ResoNetClusterer: one graph whose micro-concepts grow where nothing fits."""

import numpy as np

from growgraph.errors import GraphError
from growgraph.graph import Graph
from growgraph.growth import GrowthController, GrowthLog
from growgraph.growth.proposal import NewNode, Proposal
from growgraph.kernels import cluster
from growgraph.models import _saved

_ROWS = 4096  # encoded at a time
_WAKE_EVERY = 64
_NODE_BYTES, _EDGE_BYTES = 480, 24  # with their events in the log, at most
ARRAYS = ("ids", "counts", "seen", "felt", "events", "ctl", "par")


class Micro:
    """Micro-concepts: match nodes over all a sense offers, grown and moved one sample at a time.

    Parameters
    ----------
    sense : UnitRetina or PlainTable
    options : dict
        ``seed, growth_rate, max_concepts, max_nodes, max_bytes``.
    """

    def __init__(self, sense, options):
        self.sense, self.options = sense, options
        self.graph = Graph()
        self.graph.record()
        self.controller = GrowthController([], intention="see")
        sense.grow(self.graph, self.controller)
        self.ids = np.empty(0, np.int64)
        self.counts, self.seen = np.empty(0, np.int64), np.empty(0, np.int64)
        self.felt = np.empty(0)  # the gap that founded each
        self.events = np.empty(0, np.int64)  # of their births
        self.ctl = np.zeros(cluster.CTL_SIZE, np.int64)
        self.par = np.zeros(cluster.PAR_SIZE)
        self.par[cluster.RATE] = options["growth_rate"]
        self.par[cluster.MOST] = options["max_concepts"]
        self.par[cluster.ROOM] = 1

    @property
    def n(self):
        """Samples seen."""
        return int(self.ctl[cluster.N])

    # ---- learning -------------------------------------------------------------------------------
    def learn(self, rows):
        """Learn rows in their sequence; growth of inputs first, where a row needs it."""
        at, table = 0, self.sense.kind == "table"
        while at < len(rows):
            stop = min(len(rows), at + _ROWS)
            if table:
                if self.sense.sleeps:
                    stop = min(stop, at + _WAKE_EVERY - self.n % _WAKE_EVERY)
                first = self.sense.unborn(rows, at, stop)
                if first == at:
                    self._grow_inputs(rows, at)
                    first = max(self.sense.unborn(rows, at, stop), at + 1)
                stop = first
                self.sense.watch(rows[at:stop])
            self._learn_run(rows[at:stop])
            at = stop
            if table and self.sense.sleeps and self.n % _WAKE_EVERY == 0:
                self.sense.wake(self.graph)

    def _grow_inputs(self, rows, at):
        """New inputs, which every micro-concept hears from now on: until now they were 0."""
        graph, when = self.graph, {"step": self.n, "sample": self.n}
        count = self.sense.give_birth(graph, self.controller, rows, at, **when)
        born = graph.groups["born"]
        new = born[born.size - count :].tolist()  # none, where a scale came to nothing
        edges = tuple((u, v, 0.0) for v in self.ids.tolist() for u in new)
        if edges:
            self.controller.grow(graph, Proposal(1.0, edges=edges), rule="Sense",
                                 cause="a new input", **when)  # fmt: skip

    def _learn_run(self, rows):
        """Learn rows between which no input grows."""
        X = self.features(rows)
        self.ctl[cluster.AT] = 0
        while True:
            why = cluster.learn(
                self.graph._store.H, X, self.graph._slots(self.ids), self.ctl, self.par,
                self.counts, self.seen,
            )  # fmt: skip
            if why == cluster.DONE:
                self.ctl[cluster.AT] = 0  # nothing of how the calls were cut
                return
            if why == cluster.GROW:
                self._found(X[self.ctl[cluster.AT] - 1])
            else:
                self._tell(int(self.ctl[cluster.WINNER]))

    def _found(self, x):
        """A micro-concept where the sample just seen lies."""
        graph, gap = self.graph, float(self.par[cluster.FELT])
        winner = int(self.ctl[cluster.WINNER])
        node = NewNode(
            tuple(self.sources().tolist()), tuple(x.tolist()), kind="match", p0=1.0,
            name=f"micro {self.ids.size}",
        )  # fmt: skip
        born = self.controller.grow(
            graph, Proposal(1.0, (node,), text="a concept of what nothing resonated with"),
            rule="Vigilance", cause="nothing resonated",
            node=int(self.ids[winner]) if winner >= 0 else -1,
            tension=gap if np.isfinite(gap) else np.nan, step=self.n, sample=self.n - 1,
            intention="know what there is",
        )  # fmt: skip
        graph.set_stability(born, 1.0)
        self.ids = np.append(self.ids, born)
        self.counts, self.seen = np.append(self.counts, 1), np.append(self.seen, self.n - 1)
        self.felt = np.append(self.felt, gap)
        self.events = np.append(self.events, GrowthLog(graph).end - 1)
        if not self._has_room():
            self.par[cluster.ROOM] = 0

    def _tell(self, c):
        """Write into the log what gap is left where a micro-concept has met its second sample."""
        gap, event = float(self.par[cluster.FELT]), int(self.events[c])
        self.controller.tell(
            self.graph, event, event + 1, realised=gap, paid_off=gap < self.felt[c]
        )

    def _has_room(self):
        """True if one node more keeps within ``max_nodes`` and ``max_bytes``."""
        most = self.options["max_nodes"]
        if most is not None and self.graph.n_nodes >= most:
            return False
        most = self.options["max_bytes"]
        if most is None:
            return True
        return self.nbytes() + _NODE_BYTES + _EDGE_BYTES * self.sources().size <= most

    # ---- activities -----------------------------------------------------------------------------
    def sources(self):
        """Ids of the inputs that every micro-concept hears."""
        groups = self.graph.groups
        return np.concatenate([groups["parts"], groups.get("born", np.empty(0, np.int64))])

    def features(self, rows):
        """What these inputs say, float32 [batch, sources]."""
        return self.heard(self.graph, rows, self.sources())

    def heard(self, graph, rows, nodes):
        """Activities of nodes of a graph with these inputs, [batch, nodes]."""
        values = self.sense.values(graph, rows)
        return graph.forward(values, inputs=self.sense.inputs(graph), outputs=nodes)

    def prototypes(self):
        """Weights of the micro-concepts, float32 [micro-concepts, sources]."""
        return np.array([self.graph.weights(i) for i in self.ids.tolist()], np.float32)

    # ---- files --------------------------------------------------------------------------------
    def statistics(self):
        """The arrays that serve only further learning, by name."""
        return {name: getattr(self, name) for name in ARRAYS}

    def nbytes(self, graph=None):
        """Bytes of a graph, its own if not given, and of the statistics."""
        held = (self.graph if graph is None else graph)._store.to_arrays().values()
        return sum(a.nbytes for a in (*held, *self.statistics().values()))

    def to_state(self):
        """Arrays and plain values."""
        held = {f"micro/{k}": v for k, v in self.statistics().items()}
        return _saved.packed(self, self.sense, self.options, held)

    @classmethod
    def from_state(cls, arrays, plain, senses):
        """Rebuild; see :meth:`to_state`."""
        core = object.__new__(cls)
        core.options = plain["options"]
        sense = _saved.part(arrays, "sense")
        core.sense = senses[plain["kind"]].from_state(sense, plain["sense"])
        _saved.unpack(core, arrays, plain)
        for name in ARRAYS:
            setattr(core, name, arrays[f"micro/{name}"].copy())
        core._check()
        return core

    def _check(self):
        """Raise GraphError unless the arrays fit the graph: compiled code indexes by them."""
        n, groups = self.ids.size, self.graph.groups
        _require("parts" in groups, "there is a group parts")
        for name in ARRAYS:
            array = getattr(self, name)
            size = {"ctl": cluster.CTL_SIZE, "par": cluster.PAR_SIZE}.get(name, n)
            dtype = np.dtype(np.float64 if name in ("felt", "par") else np.int64)
            fits = array.dtype == dtype and array.shape == (size,)
            _require(fits, f"{name} is {dtype} of shape ({size},)")
        slots = self.graph._slots(self.ids, "ids")  # raises for an id that does not live
        _require(np.unique(self.ids).size == n, "ids are distinct")
        heard = self.graph._store.length[slots] == self.sources().size
        _require(bool(heard.all()), "every micro-concept hears all sources")
        _require(bool((self.counts > 0).all()), "every micro-concept has a sample")
        _require(bool((self.ctl >= -1).all()) and int(self.counts.sum()) == self.n,
                 "the samples of the micro-concepts are those seen")  # fmt: skip
        _require(bool(((self.events >= 0) & (self.events < GrowthLog(self.graph).end)).all()),
                 "events are of the log")  # fmt: skip
        _require(not np.isnan(self.par).any(), "par is not nan")


def _require(holds, what):
    if not holds:
        raise GraphError(f"the model is broken: it should hold that {what}")
