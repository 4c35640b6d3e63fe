"""Building by the public calls: what they make, and that a refused one leaves no trace."""

import networkx as nx
import numpy as np
import pytest

from growgraph import Graph
from growgraph.errors import CycleError, GraphError, UnknownNodeError
from growgraph.graph import ACTIVATIONS, KINDS
from growgraph.kernels import _handle as h
from tests.material import node_of, small_graph, uniform
from tests.naive.model import Model

NAN = float("nan")


# ---- whole graphs -------------------------------------------------------------------------------
def test_layered():
    graph = Graph.layered([3, 5, 4, 2], activation="relu", random_state=7)
    graph.check()
    assert (graph.n_nodes, graph.n_edges) == (14, 3 * 5 + 5 * 4 + 4 * 2)
    kinds = [graph.node(i)["activation"] for i in graph.nodes]
    assert kinds == ["identity"] * 3 + ["relu"] * 9 + ["identity"] * 2
    X = uniform(6, 3)
    V = X.astype(np.float64)
    for layer, depth in ((range(3, 8), 0), (range(8, 12), 1), (range(12, 14), 2)):
        W = np.array([graph.sources(i)[1] for i in layer], np.float64)
        V = V @ W.T if depth == 2 else np.maximum(V @ W.T, 0)
    np.testing.assert_allclose(graph.forward(X), V, atol=1e-5)
    assert graph == Graph.layered([3, 5, 4, 2], activation="relu", random_state=7)
    assert graph != Graph.layered([3, 5, 4, 2], activation="relu", random_state=8)


def test_layered_weights_keep_the_scale():
    graph = Graph.layered([400, 400], random_state=0)
    assert np.std([graph.sources(i)[1] for i in graph.outputs]) == pytest.approx(0.05, rel=0.02)


def test_random_dag():
    graph = Graph.random_dag(300, 8, n_inputs=3, n_outputs=5, random_state=1)
    graph.check()
    fan_ins = [graph.sources(i)[0].size for i in graph.nodes]
    assert fan_ins == [0] * 3 + [min(8, i) for i in range(3, 300)]
    assert graph.outputs.tolist() == list(range(295, 300))
    net = nx.DiGraph(graph.to_networkx())
    assert nx.is_directed_acyclic_graph(net)
    assert graph == Graph.random_dag(300, 8, n_inputs=3, n_outputs=5, random_state=1)


def test_from_edges():
    graph = Graph.from_edges(2, [(0, 2, 0.5), (1, 2, 2.0), (2, 3, -1.0)], activation="square")
    assert (graph.inputs.tolist(), graph.outputs.tolist()) == ([0, 1], [3])
    np.testing.assert_array_equal(graph.forward([[2, 3]]), [[-49]])
    assert Graph.from_edges(2, [], n_outputs=2).n_nodes == 4


# ---- nodes --------------------------------------------------------------------------------------
def test_nodes_hold_what_they_were_given():
    graph = Graph()
    x = graph.add_inputs(2, names=["a", "b"], activation="abs")
    y = graph.add_nodes(2, kind="match", activation="exp", sources=x, weights=[[1, 2], [3, 4]],
                        bias=[5, 6], p0=[7, 8], p1=9, names=["c", "d"])  # fmt: skip
    assert graph.node(y[1]) == {
        "kind": "match", "activation": "exp", "role": "hidden", "bias": 6, "p0": 8, "p1": 9,
        "name": "d",
    }  # fmt: skip
    assert graph.node(x[0])["activation"] == "abs"
    sources, weights, stability = graph.sources(y[1])
    assert (sources.tolist(), weights.tolist(), stability.tolist()) == ([0, 1], [3, 4], [0, 0])
    assert graph.names == {0: "a", 1: "b", 2: "c", 3: "d"}
    assert 3 in graph
    assert 4 not in graph
    assert "a" not in graph
    assert (len(graph), repr(graph)) == (4, "Graph(4 nodes: 2 inputs, 0 outputs; 4 edges)")


def test_every_kind_and_activation_has_a_name():
    graph = Graph()
    x = graph.add_inputs(2)
    for kind in KINDS:
        for activation in ACTIVATIONS:
            if kind != "input" and (activation != "clip" or kind not in ("match", "cosine")):
                node = graph.add_node(x, kind=kind, activation=activation, p0=1, p1=2)
                assert graph.node(node)["kind"] == kind
                assert graph.node(node)["activation"] == activation
    graph.check()


# ---- edges --------------------------------------------------------------------------------------
def groups():
    graph = Graph()
    return graph, graph.add_inputs(30), graph.add_nodes(20)


def test_connect_all_pairs():
    graph, x, y = groups()
    W = uniform(20, 30)
    graph.connect(x, y, W)
    np.testing.assert_array_equal([graph.sources(i)[1] for i in y], W)
    graph.connect(x[:3], y[0], 2.0, delay=1, recurrent=True)
    sources, weights, flags = graph.delayed_sources(y[0])
    assert (sources.tolist(), weights.tolist(), flags.tolist()) == ([0, 1, 2], [2] * 3, [1] * 3)


def test_connect_some():
    graph, x, y = groups()
    graph.connect(x, y[:10], fan_in=4, weights="normal", random_state=0)
    assert [graph.sources(i)[0].size for i in y[:10]] == [4] * 10
    graph.connect(x, y[10:], density=0.5, random_state=0)
    assert 100 < graph.n_edges - 40 < 200
    before = graph.copy()
    graph.connect([], y)
    graph.connect(x, [])
    graph.connect(x, [], fan_in=2)
    graph.connect([], [], pairs=True)
    assert graph == before


def test_connect_pairs_of_one_target_keep_their_sequence():
    graph, x, y = groups()
    graph.connect(x[[5, 1, 3, 9]], y[[0, 1, 0, 1]], [1, 2, 3, 4], pairs=True)
    assert [a.tolist() for a in graph.sources(y[0])[:2]] == [[5, 3], [1, 3]]
    assert [a.tolist() for a in graph.sources(y[1])[:2]] == [[1, 9], [2, 4]]


def test_split_with_defaults_computes_what_it_did():
    graph, X = small_graph(), uniform(9, 4)
    before = graph.forward(X)
    for u, v in graph.edges()[["source", "target"]][:40:4].tolist():
        new = graph.split_edge(u, v)
        assert graph.sources(new)[0].tolist() == [u]
        assert new in graph.sources(v)[0]
    graph.check()
    np.testing.assert_allclose(graph.forward(X), before, atol=1e-5)


def test_setting_values():
    graph = small_graph()
    node = int(graph.outputs[0])
    source = int(graph.sources(node)[0][1])
    graph.set_weight(source, node, 9)
    assert graph.sources(node)[1][1] == 9
    graph.set_weights(node, 0.5)
    assert set(graph.sources(node)[1].tolist()) == {0.5}
    graph.set_nodes([4, 5], bias=[1, 2], p0=3)
    assert [graph.node(i)["bias"] for i in (4, 5)] == [1, 2]
    assert [graph.node(i)["p0"] for i in (4, 5)] == [3, 3]


# ---- refusals -----------------------------------------------------------------------------------
# In small_graph 0-3 are inputs, 4-7 hidden, 8 is removed, 21 and 22 are outputs.
OUT = 21


def g_match(graph):
    return node_of(graph, "match")


REFUSED = [
    (lambda g: g.add_inputs(0), ValueError, ["count", "[1, inf]", "0"]),
    (lambda g: g.add_inputs(1.5), TypeError, ["count", "an integer", "1.5"]),
    (lambda g: g.add_inputs(2, names=["a"]), ValueError, ["names", "2 strings", "['a']"]),
    (lambda g: g.add_inputs(1, activation="x"), ValueError, ["activation", "'tanh'", "'x'"]),
    (lambda g: g.add_inputs(1, activation="clip"), ValueError, ["clip", "p0 < p1"]),
    (lambda g: g.add_nodes(1, kind="x"), ValueError, ["kind", "'sum'", "'x'"]),
    (lambda g: g.add_nodes(1, kind="input"), ValueError, ["input", "add_inputs"]),
    (lambda g: g.add_nodes(1, kind="match"), ValueError, ["p0", "match", "> 0", "0.0"]),
    (lambda g: g.add_node(p0=1, p1=-1, kind="cosine"), ValueError, ["p1", "cosine", ">= 0", "-1"]),
    (lambda g: g.add_nodes(1, activation="clip", p0=2, p1=1), ValueError, ["clip", "p0 < p1"]),
    (lambda g: g.add_nodes(1, sources=[8]), UnknownNodeError, ["8 was removed", "graph.nodes"]),
    (lambda g: g.add_nodes(2, sources=[99]), UnknownNodeError, ["99 does not exist"]),
    (lambda g: g.add_nodes(1, sources=[-1]), UnknownNodeError, ["-1 does not exist"]),
    (lambda g: g.add_nodes(1, sources=["a"]), GraphError, ["sources", "node ids", "'a'"]),
    (lambda g: g.add_nodes(1, sources=[0.5]), GraphError, ["sources", "integer", "0.5"]),
    (lambda g: g.add_nodes(2, sources=[0, 0]), GraphError, ["0 ->", "named twice", "set_weight"]),
    (lambda g: g.add_nodes(1, sources=[0], weights=NAN), ValueError, ["weights", "finite", "nan"]),
    (lambda g: g.add_nodes(1, sources=[0], weights=1e39), ValueError, ["weights", "1e+39"]),
    (lambda g: g.add_nodes(1, sources=[0], weights=[1, 2]), ValueError, ["weights", "(1, 1)"]),
    (lambda g: g.add_nodes(1, sources=[0], weights="big"), ValueError, ["weights", "'normal'"]),
    (lambda g: g.add_nodes(2, bias=[1, 2, 3]), ValueError, ["bias", "(2,)", "[1, 2, 3]"]),
    (lambda g: g.add_nodes(1, bias=np.inf), ValueError, ["bias", "finite", "inf"]),
    (lambda g: g.add_nodes(1, random_state="x", weights="normal"), TypeError, ["random_state"]),
    (lambda g: g.add_edge(4, 0), GraphError, ["0 is an input", "hidden or output"]),
    (lambda g: g.add_edge(0, 4), GraphError, ["0 -> 4", "already", "set_weight"]),
    (lambda g: g.add_edge(5, 5), GraphError, ["5 -> 5", "delay=1"]),
    (lambda g: g.add_edge(OUT, 4), CycleError, [f"{OUT} -> 4", "cycle 4 -> ", "delay=1"]),
    (lambda g: g.add_edge(8, 4), UnknownNodeError, ["8 was removed"]),
    (lambda g: g.add_edge(0, 8), UnknownNodeError, ["8 was removed"]),
    (lambda g: g.add_edge([0, 1], 5), GraphError, ["source", "one node id", "[0, 1]"]),
    (lambda g: g.add_edge(0, 21, NAN), ValueError, ["weights", "finite"]),
    (lambda g: g.add_edge(0, 21, delay=2), ValueError, ["delay", "0, 1", "2"]),
    (lambda g: g.add_edge(0, 3, delay=1), GraphError, ["3 is an input"]),
    (lambda g: g.connect([7, 7, 22], [5, 6, 22], pairs=True), GraphError, ["22 -> 22"]),
    (lambda g: g.connect([0, 22], [5, 4], pairs=True), CycleError, ["22 -> 4"]),
    (lambda g: g.connect([0], [21, 22, 3]), GraphError, ["3 is an input"]),
    (lambda g: g.connect([0], [5, 6, 3], delay=1), GraphError, ["3 is an input"]),
    (lambda g: g.connect([0, 0], [21]), GraphError, ["0 -> 21", "named twice"]),
    (lambda g: g.connect([0], [1, 2], pairs=True), GraphError, ["pairs", "1 and 2"]),
    (lambda g: g.connect([0], [5], density=0.5, fan_in=1), ValueError, ["density, fan_in"]),
    (lambda g: g.connect([0], [5], density=0.5, pairs=True), ValueError, ["density, fan_in"]),
    (lambda g: g.connect([0], [5], fan_in=1, pairs=True), ValueError, ["pairs=True", "one of"]),
    (lambda g: g.connect([0], [5], density=0), ValueError, ["density", "> 0", "got 0"]),
    (lambda g: g.connect([0], [5], density=2), ValueError, ["density", "[0, 1]", "2"]),
    (lambda g: g.connect([0], [5], fan_in=2), ValueError, ["fan_in", "[1, 1]", "2"]),
    (lambda g: g.split_edge(4, 0), GraphError, ["no edge 4 -> 0"]),
    (lambda g: g.split_edge(0, 8), UnknownNodeError, ["8 was removed"]),
    (lambda g: g.split_edge(0, 4, kind="match"), ValueError, ["split_edge", "add_node"]),
    (lambda g: g.split_edge(0, 4, w_in=NAN), ValueError, ["w_in", "finite"]),
    (lambda g: g.remove_edge(4, 0), GraphError, ["no edge 4 -> 0"]),
    (lambda g: g.remove_edge(0, 4, delay=1), GraphError, ["no edge 0 -> 4"]),
    (lambda g: g.remove_edge(21, 20), GraphError, ["21 -> 20", "step before", "delay=1"]),
    (lambda g: g.remove_node(8), UnknownNodeError, ["8 was removed"]),
    (lambda g: g.remove_nodes([4, 5, 4]), GraphError, ["nodes", "once", "[4, 5, 4]"]),
    (lambda g: g.remove_nodes([4, 99]), UnknownNodeError, ["99 does not exist"]),
    (lambda g: g.prune(-1), ValueError, ["threshold", "[0, inf]", "-1"]),
    (lambda g: g.prune(NAN), ValueError, ["threshold", "finite", "nan"]),
    (lambda g: g.set_weight(4, 0, 1), GraphError, ["no edge 4 -> 0"]),
    (lambda g: g.set_weight(0, 4, NAN), ValueError, ["weight", "finite"]),
    (lambda g: g.set_weights(4, [1, 2]), ValueError, ["weights", "(4,)", "[1, 2]"]),
    (lambda g: g.set_nodes([4, 5], bias=[1, 2, 3]), ValueError, ["bias", "(2,)"]),
    (lambda g: g.set_nodes([4], bias=1, p0=NAN), ValueError, ["p0", "finite"]),
    (lambda g: g.set_nodes(g.nodes, p0=0), ValueError, ["p0", "match", "> 0"]),
    (lambda g: g.set_nodes([4, 5, 4], bias=[1, 2, 3]), GraphError, ["nodes", "once", "[4, 5, 4]"]),
    (
        lambda g: g.add_node(kind="match", p0=1e-13),
        ValueError,
        ["p0", "match", "1e-12", "got 9.99"],
    ),
    (lambda g: g.set_nodes([g_match(g)], p0=1e-20), ValueError, ["p0", "match", "1e-12"]),
    (lambda g: g.add_node(bias="0.5"), ValueError, ["bias", "numbers", "'0.5'"]),
    (lambda g: g.add_node([0], weights=[["1"]]), ValueError, ["weights", "numbers", "'1'"]),
    (lambda g: g.set_weight(0, 4, np.array("2")), ValueError, ["weight", "numbers"]),
    (lambda g: g.set_nodes([4], bias=1j), ValueError, ["bias", "numbers", "1j"]),
    (lambda g: g.set_nodes([99], bias=1), UnknownNodeError, ["99 does not exist"]),
    (lambda g: g.set_input_scale([1, 2], 1), ValueError, ["shift", "(4,)", "[1, 2]"]),
    (lambda g: g.set_input_scale(0, NAN), ValueError, ["scale", "finite", "nan"]),
    (lambda g: g.node([0, 1]), GraphError, ["node", "one id", "[0, 1]"]),
    (lambda g: g.sources(8), UnknownNodeError, ["8 was removed"]),
]


@pytest.mark.parametrize(("call", "error", "pieces"), REFUSED)
def test_a_refused_call_says_why_and_leaves_no_trace(call, error, pieces):
    graph = small_graph(record=True)
    before, model = graph.copy(), Model.of(graph._store)
    with pytest.raises(error) as caught:
        call(graph)
    assert type(caught.value) is error
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)
    assert graph == before
    assert not Model.of(graph._store).differences(model, tolerance=0)  # events included
    slots = before._store.order()
    np.testing.assert_array_equal(graph._store.label[slots], before._store.label[slots])
    assert graph.names == before.names
    graph.check()


@pytest.mark.parametrize(
    ("call", "pieces"),
    [
        (lambda: Graph.layered([3]), ["sizes", "[3]"]),
        (lambda: Graph.layered([3, 0]), ["count", "0"]),
        (lambda: Graph.random_dag(5, 0), ["fan_in", "0"]),
        (lambda: Graph.random_dag(5, 8), ["n_nodes", "[9, inf]", "5"]),
        (lambda: Graph.random_dag(9, 2, n_outputs=-1), ["n_outputs", "-1"]),
        (lambda: Graph.from_edges(1, [(0, 1.5, 1)]), ["edges", "integers"]),
        (lambda: Graph.from_edges(1, [(0, NAN, 1)]), ["edges", "integers"]),
        (lambda: Graph.from_edges(1, [(0, -1, 1)]), ["edges", "integers >= 0"]),
        (lambda: Graph.from_edges(1, [(0, 1, NAN)]), ["weights", "finite"]),
        (lambda: Graph.from_edges(1, [(1, 2, 1), (2, 1, 1)]), ["cycle"]),
        (lambda: Graph.from_edges(0, [(1, 2, 1)]), ["count", "0"]),
    ],
)
def test_a_graph_that_cannot_be_made(call, pieces):
    with pytest.raises(ValueError, match=r".") as caught:
        call()
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


def test_the_cycle_is_named():
    graph = Graph.from_edges(1, [(0, 1, 1), (1, 2, 1), (2, 3, 1)])
    with pytest.raises(CycleError) as caught:
        graph.add_edge(3, 1)
    assert caught.value.cycle == [1, 2, 3, 1]
    assert "1 -> 2 -> 3 -> 1" in str(caught.value)


# ---- nodes with sources of their own ----------------------------------------------------------
ROWS = [[0, 1], [2, 0], [2, 0], [4, 3]]  # two read the same, the last reads its elders


def test_each_new_node_may_have_sources_of_its_own():
    weights = np.arange(8).reshape(4, 2)
    by_rows, by_ends, one_by_one = Graph(), Graph(), Graph()
    for graph in (by_rows, by_ends, one_by_one):
        graph.add_inputs(3)
    by_rows.add_nodes(4, sources=ROWS, weights=weights, activation="tanh")
    by_ends.add_nodes(
        4, sources=np.ravel(ROWS), indptr=[0, 2, 4, 6, 8], weights=weights.ravel(),
        activation="tanh",
    )  # fmt: skip
    for row, w in zip(ROWS, weights, strict=True):
        one_by_one.add_node(row, w, activation="tanh")
    assert by_rows == by_ends
    for graph in (by_rows, one_by_one):
        graph.check()
        for i, row in enumerate(ROWS):
            sources, w, _ = graph.sources(3 + i)
            assert sources.tolist() == row
            assert w.tolist() == weights[i].tolist()
    assert by_rows._store[h.SPOOL_USED] == 6  # one list for two


def test_rows_of_different_lengths_and_of_none():
    graph = Graph()
    graph.add_inputs(4)
    made = graph.add_nodes(
        3, sources=[0, 1, 2, 3], indptr=[0, 3, 3, 4], weights="normal", random_state=0
    )
    assert [graph.sources(i)[0].tolist() for i in made] == [[0, 1, 2], [], [3]]
    outputs = graph.add_outputs(2, sources=made[[0, 2]][:, None])
    assert [graph.sources(i)[0].tolist() for i in outputs] == [[4], [6]]
    graph.check()


@pytest.mark.parametrize(
    ("options", "error", "pieces"),
    [
        ({"sources": [[0, 1], [1, 2]]}, GraphError, ["sources", "[3, k]", "(2, 2)"]),
        ({"sources": [[0, 1], [1], [2]]}, GraphError, ["rows of one length", "indptr"]),
        ({"sources": [[0.5], [1], [2]]}, GraphError, ["sources", "integer"]),
        ({"sources": [0, 1], "indptr": [0, 1, 2]}, GraphError, ["indptr", "4 integers"]),
        ({"sources": [0, 1], "indptr": [0, 2, 1, 2]}, GraphError, ["indptr", "rise"]),
        ({"sources": [0, 1], "indptr": [0, 1, 1, 1]}, GraphError, ["indptr", "sources, 2"]),
        ({"indptr": [1, 1, 1, 1]}, GraphError, ["indptr", "sources, 0"]),
        ({"sources": [0, 1, 1, 1], "indptr": [0, 2, 2, 4]}, GraphError, ["1 -> 5", "twice"]),
        ({"sources": [[0], [4], [1]]}, GraphError, ["node 4"]),
        ({"sources": [[0], [1], [2]], "weights": [1, 2]}, ValueError, ["weights", "(3, 1)"]),
    ],
)
def test_rows_that_do_not_fit_are_refused(options, error, pieces):
    graph = Graph()
    graph.add_inputs(3)
    before = graph.copy()
    with pytest.raises(error) as caught:
        graph.add_nodes(3, **options)
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)
    assert graph == before
