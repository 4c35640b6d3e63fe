"""A graph as state, edge table, networkx, scipy and subgraph, and back."""

import pickle

import networkx as nx
import numpy as np
import pytest
from scipy import sparse

from growgraph import Graph
from growgraph.errors import CycleError, GraphError, UnknownNodeError
from tests.material import named_graph, uniform


# ---- state --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "there_and_back",
    [
        lambda g: Graph.from_state(g.to_state()),
        lambda g: pickle.loads(pickle.dumps(g)),
        lambda g: g.copy(),
    ],
    ids=["state", "pickle", "copy"],
)
def test_nothing_is_lost(there_and_back):
    graph = named_graph()
    graph.run(uniform(3, 4))
    twin = there_and_back(graph)
    twin.check()
    assert twin == graph
    X = uniform(9, 4)
    np.testing.assert_array_equal(twin.forward(X), graph.forward(X))
    np.testing.assert_array_equal(twin.run(X), graph.run(X))
    for g in (twin, graph):  # what comes next is the same too, labels and slack included
        g.split_edge(0, 4)
        g.add_edge(int(g.add_node([0])), 4)
    assert twin == graph
    assert (twin._store.label[: len(twin)] == graph._store.label[: len(graph)]).all()


def test_a_state_is_of_its_moment():
    graph = named_graph()
    before, state = graph.copy(), graph.to_state()
    graph.learn(uniform(5, 4), uniform(5, 2))
    graph.names[5] = "later"
    graph.groups["all"][0] = 1
    assert Graph.from_state(state) == before


def test_a_state_shares_no_memory_with_the_graph():
    graph = named_graph()
    graph.run(uniform(3, 4))
    graph.record()
    state = graph.to_state()
    twin = Graph.from_state(state)
    alive = [*arrays_of(graph), *arrays_of(twin)]
    for name, array in state["arrays"].items():
        assert not any(np.shares_memory(array, held) for held in alive), name
        array.fill(1)
    state["plain"]["base"]["names"]["4"] = "changed"
    assert twin == graph
    assert twin._base["plain"] == graph._base["plain"]
    assert twin._base["plain"]["names"]["4"] != "changed"


def arrays_of(graph):
    lists = (graph._inputs, graph._outputs, graph._shift, graph._scale, graph._runner.state)
    base = graph._base["arrays"].values()
    return [*graph._store.arrays.values(), *lists, *graph.groups.values(), *base]


def clipped():
    graph = Graph()
    x = graph.add_inputs(2, activation="clip", p0=[-1, -2], p1=[1, 3])
    graph.set_nodes(x, bias=0.25)
    graph.add_outputs(1, sources=x)
    return graph


def test_inputs_keep_their_parameters():
    graph, X = clipped(), uniform(20, 2, low=-5, high=5)
    assert Graph.from_networkx(graph.to_networkx()) == graph
    part = graph.subgraph(graph.nodes)
    np.testing.assert_array_equal(part.forward(X), graph.forward(X))
    assert part.node(1) == graph.node(1) | {"name": "1"}


# ---- edge table ---------------------------------------------------------------------------------
def test_edge_table_holds_every_edge():
    graph = named_graph()
    table = graph.edges()
    assert table.size == graph.n_edges
    rank = {node: at for at, node in enumerate(graph.order().tolist())}
    for delay in (0, 1):
        part = table[table["delay"] == delay]
        targets = [rank[t] for t in part["target"].tolist()]
        assert targets == sorted(targets)
        for node in graph.nodes.tolist():
            mine = part[part["target"] == node]
            held = graph.delayed_sources(node) if delay else graph.sources(node)
            names = ("source", "weight", "recurrent" if delay else "stability")
            for values, name in zip(held, names):
                np.testing.assert_array_equal(mine[name], values)
    assert (table["stability"][table["delay"] == 1] == 2).any()


# ---- networkx -----------------------------------------------------------------------------------
@pytest.mark.parametrize("multi", [False, True])
def test_networkx_and_back(multi):
    graph = named_graph()
    if multi:  # delayed beside undelayed, in another sequence
        graph.connect(graph.sources(21)[0][::-1], 21, 2.0, delay=1)
    net = graph.to_networkx()
    assert isinstance(net, nx.MultiDiGraph) == multi
    twin = Graph.from_networkx(net)
    twin.check()
    assert twin == graph
    np.testing.assert_array_equal(twin.forward(uniform(9, 4)), graph.forward(uniform(9, 4)))
    assert int(twin.add_node()) == int(graph.add_node())  # no id is given a second time


def test_networkx_holds_attributes():
    net = named_graph().to_networkx()
    assert net.nodes[21]["name"] == "answer"
    assert net.nodes[21]["role"] == "output"
    edge = net.edges[0, 4]
    assert set(edge) == {"weight", "stability", "delay", "recurrent", "place"}
    assert nx.is_directed_acyclic_graph(
        nx.DiGraph([(u, v) for u, v, d in net.edges(data=True) if not d["delay"]])
    )


def test_a_changed_networkx_graph_still_loads():
    graph = named_graph()
    cut = graph.to_networkx()
    cut.remove_node(0)
    cut.remove_node(21)
    twin = Graph.from_networkx(cut)
    twin.check()
    assert set(twin.nodes.tolist()) == set(graph.nodes.tolist()) - {0, 21}
    turned = graph.to_networkx()
    turned.add_edge(21, 22, weight=1.0)
    turned.graph["order"] = turned.graph["order"][::-1]
    Graph.from_networkx(turned).check()
    letters = nx.relabel_nodes(graph.to_networkx(), str)
    twin = Graph.from_networkx(letters)
    twin.check()
    assert (twin.n_nodes, twin.n_edges) == (graph.n_nodes, graph.n_edges)


@pytest.mark.parametrize(("node", "next_id"), [
    (-5, None), (500, None), (10**9, 10**9 + 1), (0.5, None), (2**70, 2**71), ("x", None),
])  # fmt: skip
def test_ids_that_are_none_of_ours_are_names(node, next_id):
    graph = named_graph()
    net = graph.to_networkx()
    net.add_node(node, role="hidden")
    net.graph["next_id"] = next_id or net.graph["next_id"]
    twin = Graph.from_networkx(net)
    twin.check()
    assert twin.nbytes < 10**5
    assert twin.nodes.tolist() == list(range(len(net)))
    names = set(twin.names.values())
    assert {"height", "answer"} <= names
    assert str(node) in names
    assert (twin.n_edges, twin.inputs.size) == (graph.n_edges, 4)


def test_ids_of_a_graph_that_lost_nearly_all_nodes_are_kept():
    graph = Graph()
    graph.remove_nodes(graph.add_nodes(3000))
    graph.add_outputs(1, sources=graph.add_inputs(1))
    twin = Graph.from_networkx(graph.to_networkx())
    assert twin == graph
    assert twin.add_node() == 3002


def test_any_networkx_graph():
    net = nx.DiGraph([("x", "h"), ("y", "h"), ("h", "out"), ("x", "out")])
    net.edges["x", "h"]["weight"] = 2.0
    net.nodes["h"].update(activation="square", bias=1.0)
    net.nodes["x"]["name"] = "given"
    graph = Graph.from_networkx(net)
    assert sorted(graph.names.values()) == ["given", "h", "out", "y"]
    assert (graph.inputs.size, graph.outputs.size) == (2, 1)
    assert graph.forward([[1.0, 3.0]]) == (2 * 1 + 3 + 1) ** 2 + 1
    loop = nx.DiGraph([(0, 1), (1, 2)])
    loop.add_edge(2, 1, delay=1, weight=0.5)
    assert Graph.from_networkx(loop).n_edges == 3


@pytest.mark.parametrize(
    ("net", "error", "pieces"),
    [
        (nx.Graph([(0, 1)]), GraphError, ["directed", "DiGraph"]),
        (nx.DiGraph([(0, 1), (1, 2), (2, 1)]), CycleError, ["cycle"]),
        (nx.MultiDiGraph([(0, 1), (0, 1)]), GraphError, ["0 -> 1", "named twice"]),
        (nx.DiGraph([(0, 1, {"weight": np.nan})]), ValueError, ["weights", "finite"]),
        (nx.DiGraph([(0, 1, {"delay": 3})]), ValueError, ["delay", "0, 1", "3"]),
        (nx.DiGraph([(0, 1, {"recurrent": 2})]), ValueError, ["recurrent", "0, 1", "2"]),
        (nx.DiGraph([(0, 1, {"stability": -1})]), ValueError, ["stability", "[0, 1e+30]", "-1"]),
        (nx.DiGraph([(0, 1, {"stability": np.nan})]), ValueError, ["stability", "finite"]),
        (nx.DiGraph([(0, 1, {"stability": "1"})]), TypeError, ["stability", "number", "'1'"]),
        (nx.DiGraph([(0, 1, {"place": "x"})]), TypeError, ["place", "number", "'x'"]),
    ],
)
def test_networkx_graphs_that_are_none_of_ours(net, error, pieces):
    with pytest.raises(error) as caught:
        Graph.from_networkx(net)
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


@pytest.mark.parametrize("name", ["role", "kind", "activation"])
def test_networkx_attributes_that_are_none_of_ours(name):
    net = nx.DiGraph([(0, 1)])
    net.nodes[1].update({"role": "hidden", name: "odd"})
    with pytest.raises(ValueError, match=f"{name} must be one of .*'odd'"):
        Graph.from_networkx(net)


# ---- scipy --------------------------------------------------------------------------------------
def test_scipy_and_back():
    graph = Graph.random_dag(60, 5, activation="relu", random_state=0)
    matrix = graph.to_scipy()
    assert isinstance(matrix, sparse.csr_array)
    assert matrix.shape == (60, 60)
    assert np.count_nonzero(sparse.triu(matrix).toarray()) == 0  # ids follow the order here
    twin = Graph.from_scipy(matrix, n_outputs=1, activation="relu")
    assert (twin.to_scipy() != matrix).nnz == 0
    X = uniform(7, 5)
    linear = twin.forward(X)  # outputs of from_scipy are linear, those of random_dag are not
    np.testing.assert_allclose(np.maximum(linear, 0), graph.forward(X), atol=1e-5)


def test_scipy_rows_are_living_nodes_and_targets():
    graph = named_graph()
    dense = graph.to_scipy().toarray()
    nodes = graph.nodes
    for row, node in enumerate(nodes):
        sources, weights, _ = graph.sources(node)
        expected = np.zeros(nodes.size, np.float32)
        expected[np.searchsorted(nodes, sources)] = weights
        np.testing.assert_array_equal(dense[row], expected)


def test_from_scipy_finds_inputs_and_outputs():
    matrix = sparse.csr_array([[0, 0, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0], [0, 3, 1, 0]])
    graph = Graph.from_scipy(matrix)
    assert (graph.inputs.tolist(), graph.outputs.tolist()) == ([0, 2], [3])
    np.testing.assert_array_equal(graph.forward([[1, 5]]), [[11]])
    with pytest.raises(GraphError, match=r"square, got shape \(1, 2\)"):
        Graph.from_scipy(sparse.csr_array([[1, 2]]))
    for wrong, error in ((-1, ValueError), (5, ValueError), (1.0, TypeError)):
        with pytest.raises(error, match=f"n_outputs must be .*got {wrong}"):
            Graph.from_scipy(matrix, n_outputs=wrong)
    with pytest.raises(CycleError, match="cycle"):
        Graph.from_scipy(sparse.csr_array([[0, 1], [1, 0]]))


# ---- subgraph -----------------------------------------------------------------------------------
def test_subgraph_of_everything_answers_the_same():
    graph = named_graph()
    twin = graph.subgraph(graph.nodes)
    twin.check()
    X = uniform(9, 4)
    np.testing.assert_array_equal(twin.forward(X), graph.forward(X))
    np.testing.assert_array_equal(twin.run(X), graph.run(X))
    assert (twin.n_nodes, twin.n_edges) == (graph.n_nodes, graph.n_edges)
    assert sorted(twin.edges()["stability"]) == sorted(graph.edges()["stability"])
    assert twin.groups["all"].size == graph.n_nodes


def test_subgraph_of_some():
    graph = named_graph()
    twin = graph.subgraph([0, 2, 4, 6, 21])
    twin.check()
    assert sorted(twin.names.values()) == ["2", "6", "answer", "first", "height"]
    assert [twin.names[i] for i in twin.inputs.tolist()] == ["2", "height"]  # as in the graph
    assert twin._shift.tolist() == [1, 2]  # with the scales of these inputs
    of = {name: i for i, name in twin.names.items()}
    kept = np.isin(graph.sources(4)[0], [0, 2])
    np.testing.assert_array_equal(twin.sources(of["first"])[1], graph.sources(4)[1][kept])
    assert twin.n_edges == 4 + (21 in graph.sources(21)[0])
    with pytest.raises(UnknownNodeError, match="8 was removed"):
        graph.subgraph([0, 8])
    assert graph.subgraph([]).n_nodes == 0
