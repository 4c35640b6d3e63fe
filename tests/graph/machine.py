"""A graph that hypothesis grows, cuts and copies at random beside the model of Python lists."""

import contextlib
import copy
import itertools
import json
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from growgraph import Graph
from growgraph.errors import CycleError, GraphError
from growgraph.graph.connect import by_target
from growgraph.graph.savepoint import Savepoint
from growgraph.kernels import _handle as h
from growgraph.kernels import codes, status
from tests.material import small_graph
from tests.naive import cut, edges, rewire, store
from tests.naive.model import Model

MOST_NODES = 50
WEIGHTS = st.sampled_from([-2.0, -0.5, 0.0, 0.25, 1.0, 3.0])
KINDS = st.sampled_from(sorted(set(codes.KINDS) - {"input"}))
ACTIVATIONS = st.sampled_from(["identity", "relu", "tanh", "sin"])
PARAMETERS = {"p0": 0.5, "p1": 1.0}
PAIRS = st.lists(st.tuples(st.integers(0, 999), st.integers(0, 999), WEIGHTS), max_size=4)
SOME = st.lists(st.integers(0, 2**20), max_size=4)  # indices into the living nodes, see pick


def by_graphml(graph):
    """The graph after it was a GraphML file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "graph.graphml")
        graph.to_graphml(path)
        return Graph.from_graphml(path)


EXCHANGES = {
    "networkx": lambda graph: Graph.from_networkx(graph.to_networkx()),
    "node-link": lambda graph: Graph.from_node_link(json.loads(json.dumps(graph.to_node_link()))),
    "GraphML": by_graphml,
}


class GraphMachine(RuleBasedStateMachine):
    """Each rule does the same to both; a refused call must leave the graph as it was."""

    @initialize(grown=st.booleans(), recording=st.booleans())
    def start(self, grown, recording):
        self.graph = small_graph(record=recording) if grown else Graph()
        if recording:
            self.graph.record()
        self.model = Model.of(self.graph._store)

    @invariant()
    def graph_and_model_agree(self):
        self.graph.check()
        found = Model.of(self.graph._store).differences(self.model, tolerance=0)
        assert not found, found

    # ---- how the rules work ---------------------------------------------------------------------
    def pick(self, index):
        """A living id; one time in twenty any id, dead or not yet born."""
        if index % 20 == 19 or not self.model.order:
            return index // 20 % (self.model.next_id + 2) - 1
        return self.model.order[index % len(self.model.order)]

    def attempt(self, twin, call, brought=()):
        """Do it to the model, then to the graph; a refusal must leave no trace.

        ``brought`` are the pairs of nodes that the call would join.
        """
        expected = twin(self.model)
        if expected >= 0:
            call()
            return
        before, events = self.graph.copy(), list(self.model.events)
        with pytest.raises(GraphError) as caught:
            call()
        assert self.graph == before
        assert self.model.events == events
        if isinstance(caught.value, CycleError):
            assert expected == status.CYCLE
            self.is_a_cycle(caught.value.cycle, brought)

    def is_a_cycle(self, cycle, brought):
        """A way back to its first node along edges that are there or that the call would bring."""
        assert cycle[0] == cycle[-1]
        missing = {(u, v) for u, v in itertools.pairwise(cycle) if u not in self.sources_of(v)}
        assert missing
        assert missing <= set(brought)

    def sources_of(self, node):
        return self.model.nodes[node].sources

    def answers(self, graph=None):
        X = np.linspace(-1, 1, 3 * self.graph.inputs.size).reshape(3, -1)
        return (self.graph if graph is None else graph).activities(X)

    def replace(self, twin):
        """Go on with an equal graph; what is done to it must not be seen in the old one."""
        assert twin == self.graph
        np.testing.assert_array_equal(self.answers(twin), self.answers())
        if twin.n_nodes:
            twin.set_nodes(twin.nodes, bias=0.125)
            self.graph_and_model_agree()
            twin.set_nodes(twin.nodes, bias=[self.model.nodes[i].bias for i in twin.nodes.tolist()])
        self.graph = twin

    # ---- growth ---------------------------------------------------------------------------------
    @precondition(lambda self: len(self.model.order) < MOST_NODES)
    @rule(count=st.integers(1, 3))
    def add_inputs(self, count):
        zero = np.zeros(count)
        head = (codes.INPUT, codes.IDENTITY, codes.ROLE_INPUT, zero, zero, zero)
        store.add_nodes(self.model, *head, [0] * (count + 1), [], [])
        self.graph.add_inputs(count, [f"x{i}" for i in range(count)])

    @precondition(lambda self: len(self.model.order) < MOST_NODES)
    @rule(
        count=st.integers(1, 3), kind=KINDS, activation=ACTIVATIONS, some=SOME,
        weight=WEIGHTS, output=st.booleans(),
    )  # fmt: skip
    def add_nodes(self, count, kind, activation, some, weight, output):
        sources = [self.pick(i) for i in some]
        weights = weight + np.arange(count * len(sources)).reshape(count, len(sources)) / 4
        role = codes.ROLE_OUTPUT if output else codes.ROLE_HIDDEN
        values = [np.full(count, v) for v in (weight, *PARAMETERS.values())]
        head = (codes.KINDS[kind], codes.ACTIVATIONS[activation], role, *values)
        add = self.graph.add_outputs if output else self.graph.add_nodes
        options = {"kind": kind, "activation": activation, "bias": weight, **PARAMETERS}
        self.attempt(
            lambda g: store.add_nodes(g, *head, [], sources, weights.ravel()),
            lambda: add(count, sources=sources, weights=weights, **options),
        )

    @precondition(lambda self: len(self.model.order) < MOST_NODES)
    @rule(
        rows=st.lists(SOME, min_size=1, max_size=4), kind=KINDS, repeat=st.booleans(),
        own=st.booleans(),
    )  # fmt: skip
    def add_nodes_with_rows(self, rows, kind, repeat, own):
        """Each with sources of its own, at times those of its elder, at times the elder itself."""
        rows = [[self.pick(i) for i in row] for row in rows]
        if repeat:
            rows = [row for row in rows for _ in range(2)]
        if own:
            rows[-1] = [*rows[-1], self.model.next_id + len(rows) - 2]
        indptr = np.cumsum([0, *map(len, rows)])
        sources = [i for row in rows for i in row]
        weights = np.arange(len(sources)) / 4 - 1
        values = [np.full(len(rows), v) for v in (0.0, *PARAMETERS.values())]
        head = (codes.KINDS[kind], codes.RELU, codes.ROLE_HIDDEN, *values)
        options = {"kind": kind, "activation": "relu", **PARAMETERS}
        self.attempt(
            lambda g: store.add_nodes(g, *head, indptr, sources, weights),
            lambda: self.graph.add_nodes(
                len(rows), sources=sources, indptr=indptr, weights=weights, **options
            ),
        )

    @precondition(lambda self: 0 < len(self.model.order) < MOST_NODES)
    @rule(index=st.integers(0, 999), count=st.integers(1, 2))
    def add_nodes_that_read_what_another_reads(self, index, count):
        """Alone it shares the list of the next node, if that is the one; in two they share one."""
        sources = self.model.nodes[self.model.order[index % len(self.model.order)]].sources
        weights = np.ones((count, len(sources)))
        head = (codes.SUM, codes.TANH, codes.ROLE_HIDDEN, *np.zeros((3, count)))
        self.attempt(
            lambda g: store.add_nodes(g, *head, [], sources, weights.ravel()),
            lambda: self.graph.add_nodes(count, sources=sources, activation="tanh"),
        )

    @rule(pairs=PAIRS, reverse=st.none() | st.integers(0, 999))
    def connect(self, pairs, reverse):
        S, T, W = self.picked(pairs)
        if reverse is not None:  # the last edge leads back along one that is there
            u, v, _ = self.some_edge(reverse, "edges")
            S, T, W = np.append(S, v), np.append(T, u), np.append(W, 1.0)
        self.attempt(
            lambda g: edges.add_edge_groups(g, *grouped(S, T, W)),
            lambda: self.graph.connect(S, T, W, pairs=True),
            brought=zip(S.tolist(), T.tolist(), strict=True),
        )

    @rule(pairs=PAIRS, recurrent=st.booleans())
    def connect_with_delay(self, pairs, recurrent):
        S, T, W = self.picked(pairs)
        self.attempt(
            lambda g: edges.add_delayed_groups(g, *grouped(S, T, W), int(recurrent)),
            lambda: self.graph.connect(S, T, W, pairs=True, delay=1, recurrent=recurrent),
        )

    def picked(self, pairs):
        S = np.array([self.pick(s) for s, *_ in pairs], np.int64)
        T = np.array([self.pick(t) for _, t, _ in pairs], np.int64)
        return S, T, np.array([w for *_, w in pairs])

    @precondition(lambda self: len(self.model.order) < MOST_NODES)
    @rule(index=st.integers(0, 999), w_in=WEIGHTS, w_out=st.none() | WEIGHTS)
    def split_edge(self, index, w_in, w_out):
        u, v, weight = self.some_edge(index, "edges")
        known = weight if w_out is None else w_out
        self.attempt(
            lambda g: store.split_edge(g, u, v, codes.SUM, codes.TANH, 0.5, w_in, known),
            lambda: self.graph.split_edge(
                u, v, activation="tanh", bias=0.5, w_in=w_in, w_out=w_out
            ),
        )

    def some_edge(self, index, name):
        """(source, target, weight) of an edge, sometimes of any pair."""
        there = [(e[0], n.id, e[1]) for n in self.model.in_order() for e in getattr(n, name)]
        if index % 10 == 9 or not there:
            u, v = self.pick(index), self.pick(index // 3)
            return u, v, next((w for s, t, w in there if (s, t) == (u, v)), 0.0)
        return there[index % len(there)]

    @precondition(lambda self: self.model.order)
    @rule(index=st.integers(0, 2**20), some=SOME, back=st.booleans(), bias=st.none() | WEIGHTS)
    def rewire(self, index, some, back, bias):
        node, sources = self.pick(index), [self.pick(i) for i in some]
        if back:  # from the end of the order: often a cycle
            sources.append(self.model.order[-1])
        weights = np.arange(len(sources)) / 4 - 1
        known = self.model.nodes[node].bias if node in self.model.nodes else 0.0
        self.attempt(
            lambda g: rewire.rewire(g, node, sources, weights, known if bias is None else bias),
            lambda: self.graph.rewire(node, sources, weights, bias=bias),
            brought=[(s, node) for s in sources],
        )

    # ---- cuts -----------------------------------------------------------------------------------
    @rule(index=st.integers(0, 999), delay=st.sampled_from([0, 1]))
    def remove_edge(self, index, delay):
        u, v, _ = self.some_edge(index, "late" if delay else "edges")
        self.attempt(
            lambda g: cut.remove_edge(g, u, v, delay),
            lambda: self.graph.remove_edge(u, v, delay=delay),
        )

    @rule(some=st.lists(st.integers(0, 999), min_size=1, max_size=5))
    def remove_nodes(self, some):
        nodes = np.array([self.pick(i) for i in some])
        self.attempt(lambda g: cut.remove_nodes(g, nodes), lambda: self.graph.remove_nodes(nodes))

    @rule(threshold=st.sampled_from([0.0, 0.3, 0.6]))
    def prune(self, threshold):
        assert self.graph.prune(threshold) == cut.prune(self.model, threshold)

    @precondition(lambda self: len(self.model.order) < MOST_NODES)
    @rule(count=st.integers(1, 3), some=SOME, again=st.booleans(), pairs=PAIRS)
    def changes_are_undone(self, count, some, again, pairs):
        """Births, of nodes that share an elder's list too, and edges leave no bit behind."""
        before, held = self.graph.copy(), self.content()
        sources = sorted({self.pick(i) for i in some} & self.model.nodes.keys())
        if again and self.model.order:
            sources = self.model.nodes[self.model.order[-1]].sources
        S, T, W = self.picked(pairs)
        point = Savepoint(self.graph, self.graph.nodes)
        self.graph.add_nodes(count, sources=sources)
        with contextlib.suppress(GraphError):
            self.graph.connect(S, T, W, pairs=True)
        point.restore()
        assert self.graph == before
        assert self.content() == held

    def content(self):
        """The bytes a file would hold."""
        return {name: array.tobytes() for name, array in self.graph._store.to_arrays().items()}

    # ---- values, copies -------------------------------------------------------------------------
    @precondition(lambda self: self.model.order)
    @rule(index=st.integers(0, 999), weight=WEIGHTS)
    def set_weights(self, index, weight):
        node = self.model.order[index % len(self.model.order)]
        entries = self.model.nodes[node].edges
        for at, entry in enumerate(entries):
            entry[1] = weight + at
        self.graph.set_weights(node, [weight + at for at in range(len(entries))])

    @rule()
    def pack(self):
        before = self.answers()
        fresh = Model(next_id=self.model.next_id, recording=self.model.recording)
        fresh.events = self.model.events
        cut.pack(self.model, fresh)
        self.model = fresh
        self.graph.pack()
        self.neighbours_share()
        np.testing.assert_array_equal(self.answers(), before)

    def neighbours_share(self):
        """After packing there is one list for neighbours in the order that read the same."""
        s, nodes = self.graph._store, self.model.in_order()
        lists = [list(run) for run, _ in itertools.groupby(node.sources for node in nodes)]
        assert s[h.SPOOL_USED] == sum(map(len, lists))
        assert s[h.POOL_USED] == s[h.N_EDGES]
        assert self.graph.fragmentation == 0

    @rule(how=st.sampled_from(["copy", "deepcopy", "state", "pickle"]))
    def go_on_with_a_twin(self, how):
        made = {
            "copy": lambda: self.graph.copy(),
            "deepcopy": lambda: copy.deepcopy(self.graph),
            "state": lambda: Graph.from_state(self.graph.to_state()),
            "pickle": lambda: pickle.loads(pickle.dumps(self.graph)),
        }
        self.replace(made[how]())

    @rule(how=st.sampled_from(sorted(EXCHANGES)))
    def there_and_back(self, how):
        twin = EXCHANGES[how](self.graph)
        twin.check()
        if self.model.recording:  # these forms hold no log
            assert twin == self.graph
        else:
            self.replace(twin)
            self.model = Model.of(twin._store)


def grouped(S, T, W):
    """Arguments of the twins of the bulk kernels."""
    indptr, targets, sources, weights = by_target(S, T, W)
    return targets, indptr, sources, weights
