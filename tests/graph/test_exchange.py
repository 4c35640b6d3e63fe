"""A graph as GraphML and node-link JSON, and back; files of other programs; odd files.

Random graphs go there and back in machine.py, too.
"""

import contextlib
import json
import os

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growgraph import Graph
from growgraph.errors import CycleError, FileFormatError, GraphError
from tests.graph.machine import EXCHANGES, by_graphml
from tests.material import named_graph, uniform

FILES = sorted(set(EXCHANGES) - {"networkx"})
GRAPHML = '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">{}</graphml>'
DIRECTED = '<graph edgedefault="directed">{}</graph>'
# networkx calls the option "edges" since 3.4, "link" before
SINCE_3_4 = tuple(map(int, nx.__version__.split(".")[:2])) >= (3, 4)
EDGES = {"edges": "edges"} if SINCE_3_4 else {"link": "edges"}


def with_both_edges():
    """Delayed beside undelayed edges between the same nodes, in another sequence."""
    graph = named_graph()
    graph.connect(graph.sources(21)[0][::-1], 21, 2.0, delay=1)
    return graph


# ---- there and back -----------------------------------------------------------------------------
@pytest.mark.parametrize("how", FILES)
@pytest.mark.parametrize("made", [named_graph, with_both_edges, Graph], ids=lambda f: f.__name__)
def test_nothing_is_lost(how, made):
    graph = made()
    twin = EXCHANGES[how](graph)
    twin.check()
    assert twin == graph
    assert int(twin.add_node()) == int(graph.add_node())  # no id is given a second time
    if graph.inputs.size:
        X = uniform(9, 4)
        np.testing.assert_array_equal(twin.forward(X), graph.forward(X))
        np.testing.assert_array_equal(twin.run(X), graph.run(X))


WORDS = st.text(st.characters(codec=None, exclude_categories=()), max_size=8)  # surrogates too
NUMBERS = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("how", FILES)
@settings(deadline=None, derandomize=True, database=None, max_examples=150)
@given(
    names=st.lists(WORDS, min_size=3, max_size=3), group=WORDS,
    values=st.lists(NUMBERS, min_size=6, max_size=6),
    scale=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=2),
)  # fmt: skip
def test_any_name_and_every_bit(how, names, group, values, scale):
    graph = Graph()
    x = graph.add_inputs(1)
    node = graph.add_node(x, values[0], bias=values[1], p0=values[2], p1=values[3])
    y = graph.add_outputs(1, sources=[node], weights=values[4])
    graph.add_edge(y[0], node, values[5], delay=1)
    graph.names = {i: name for i, name in enumerate(names) if name}
    graph.groups = {group: graph.nodes[:2]}
    graph.set_input_scale(*scale)
    assert EXCHANGES[how](graph) == graph


@pytest.mark.parametrize("name", ["\x00", "\r", "\r\n", "\ud800", "\ufffe", " ", "\t\n", "<&\"'>"])
def test_names_that_xml_cannot_hold(name, tmp_path):
    graph = Graph()
    graph.add_inputs(1, [name])
    assert by_graphml(graph).names == {0: name}


def test_another_program_may_change_a_name(tmp_path):
    graph, path = Graph(), tmp_path / "x.graphml"
    graph.add_inputs(1, ["bell \x07"])
    graph.to_graphml(path)
    text = path.read_text(encoding="utf-8")
    assert text.count("bell \ufffd") == 1  # readable there
    path.write_text(text.replace("bell \ufffd", "whistle"), encoding="utf-8")
    assert Graph.from_graphml(path).names == {0: "whistle"}


def test_node_link_data_are_those_of_networkx():
    for graph in (named_graph(), with_both_edges()):
        data = graph.to_node_link()
        theirs = nx.node_link_data(graph.to_networkx(), **EDGES)
        theirs["graph"] = {k: list(v) if k == "input_scale" else v
                           for k, v in theirs["graph"].items()}  # fmt: skip
        assert data == theirs
        assert Graph.from_networkx(nx.node_link_graph(data, **EDGES)) == graph


def test_node_link_files(tmp_path):
    graph, path = named_graph(), tmp_path / "x.json"
    data = graph.to_node_link(path)
    assert json.loads(path.read_text(encoding="utf-8")) == data
    assert Graph.from_node_link(path) == Graph.from_node_link(str(path)) == graph
    assert os.listdir(tmp_path) == ["x.json"]


def test_files_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "x.graphml"
    path.write_text("before", encoding="utf-8")

    def breaks(net, file, **_):
        file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(nx, "write_graphml_xml", breaks)
    with pytest.raises(KeyboardInterrupt):
        named_graph().to_graphml(path)
    assert path.read_text(encoding="utf-8") == "before"
    assert os.listdir(tmp_path) == ["x.graphml"]
    for write in (Graph().to_graphml, Graph().to_node_link):
        with pytest.raises(FileNotFoundError, match="create it first"):
            write(tmp_path / "none" / "x")


# ---- files of other programs --------------------------------------------------------------------
def test_graphml_of_networkx(tmp_path):
    net = nx.DiGraph()
    net.add_edge("x", "h", weight=2.0)
    net.add_edge("y", "h", weight=np.float32(0.1), extra=True)
    net.add_edge("h", "out", weight=3)
    net.nodes["h"].update(activation="square", bias=1)
    nx.write_graphml(net, tmp_path / "x.graphml")
    graph = Graph.from_graphml(tmp_path / "x.graphml")
    assert graph.names == {0: "x", 1: "h", 2: "y", 3: "out"}
    np.testing.assert_allclose(graph.forward([[1.0, 10.0]]), [[48]], rtol=1e-6)


IGRAPH = """
<key id="g_made" for="graph" attr.name="made" attr.type="string"/>
<key id="v_name" for="node" attr.name="name" attr.type="double"/>
<key id="v_bias" for="node" attr.name="bias" attr.type="double"/>
<key id="e_weight" for="edge" attr.name="weight" attr.type="double"/>
<key id="e_recurrent" for="edge" attr.name="recurrent" attr.type="boolean"/>
<graph id="G" edgedefault="directed">
  <data key="g_made">2026</data>
  <node id="n0"><data key="v_name">7</data><data key="v_bias">0</data></node>
  <node id="n1"><data key="v_name">8.5</data><data key="v_bias">0.5</data></node>
  <edge source="n0" target="n1"><data key="e_weight">2</data>
    <data key="e_recurrent">false</data></edge>
  <edge source="n1" target="n1"><data key="e_weight">3</data>
    <data key="e_recurrent">true</data></edge>
</graph>
"""
GEPHI = """
<key id="label" for="node" attr.name="label" attr.type="string"/>
<key id="weight" for="edge" attr.name="weight" attr.type="string"><default>1.5</default></key>
<key id="delay" for="edge" attr.name="delay" attr.type="string"/>
<key id="edgeid" for="edge" attr.name="Edge Id" attr.type="string"/>
<key id="r" for="node" attr.name="r" attr.type="integer"/>
<graph edgedefault="directed">
  <node id="0.0"><data key="label">in</data><data key="r">153</data></node>
  <node id="out"><data key="label"></data></node>
  <edge id="e1" source="0.0" target="out"/>
  <edge id="e2" source="out" target="out"><data key="weight"> 0.25 </data>
    <data key="delay">1</data></edge>
</graph>
"""


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "x.graphml"
    path.write_text(GRAPHML.format(text), encoding=encoding)
    return path


def test_graphml_as_igraph_writes_it(tmp_path):
    graph = Graph.from_graphml(written(tmp_path, IGRAPH))
    assert graph.names == {0: "7.0", 1: "8.5"}
    np.testing.assert_array_equal(graph.run([[1], [1]]), [[2.5], [10]])
    assert graph.delayed_sources(1)[2] == [1]


def test_graphml_of_igraph_itself(tmp_path):
    igraph = pytest.importorskip("igraph")
    net = igraph.Graph(directed=True, edges=[(0, 2), (1, 2)])
    net.vs["name"], net.es["weight"] = ["a", "b", "c"], [0.5, -2.0]
    net.write_graphml(str(tmp_path / "x.graphml"))
    graph = Graph.from_graphml(tmp_path / "x.graphml")
    assert sorted(graph.names.values()) == ["a", "b", "c"]
    np.testing.assert_array_equal(graph.forward([[1, 1]]), [[-1.5]])


def test_igraph_reads_and_returns_ours(tmp_path):
    igraph = pytest.importorskip("igraph")
    graph = Graph.layered([2, 3, 1], random_state=0)
    graph.names = {i: f"node {i}" for i in graph.nodes.tolist()}
    graph.to_graphml(tmp_path / "x.graphml")
    net = igraph.Graph.Read_GraphML(str(tmp_path / "x.graphml"))
    assert (net.vcount(), net.ecount()) == (6, 9)
    net.write_graphml(str(tmp_path / "y.graphml"))
    twin = Graph.from_graphml(tmp_path / "y.graphml")
    X = uniform(5, 2)
    np.testing.assert_array_equal(twin.forward(X), graph.forward(X))


def test_graphml_as_gephi_writes_it(tmp_path):
    graph = Graph.from_graphml(written(tmp_path, GEPHI))
    assert graph.names == {0: "in", 1: "out"}
    np.testing.assert_array_equal(graph.run([[1], [1]]), [[1.5], [1.875]])


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_graphml_in_other_encodings(encoding, tmp_path):
    assert Graph.from_graphml(written(tmp_path, GEPHI, encoding)).n_edges == 2


def test_node_link_of_d3():
    graph = Graph.from_node_link(
        {
            "nodes": [{"name": "a"}, {"label": "b", "bias": "0.5"}, {}],
            "links": [
                {"source": 0, "target": 1, "weight": "2"},
                {"source": 1, "target": 2},
                {"source": 1, "target": 1, "delay": "1", "recurrent": "False"},
            ],
        }
    )
    assert graph.names == {0: "a", 1: "b", 2: "2"}
    np.testing.assert_array_equal(graph.run([[1], [1]]), [[2.5], [5]])


def test_node_link_of_networkx_with_tuples():
    nodes, links = [{"id": [0, 0]}, {"id": [0, 1]}], [{"source": [0, 0], "target": [0, 1]}]
    data = {"directed": True, "multigraph": False, "graph": {}, "nodes": nodes, "links": links}
    assert Graph.from_node_link(data).names == {0: "(0, 0)", 1: "(0, 1)"}


# ---- odd files ----------------------------------------------------------------------------------
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
KEY = '<key id="w" for="edge" attr.name="weight" attr.type="{}"/>'
EDGE = '<node id="a"/><node id="b"/><edge source="a" target="b"><data key="w">{}</data></edge>'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("before", ["", '<?xml version="1.0"?>', "<!-- x --><?a b?>\n"])
@pytest.mark.parametrize("doctype", [LAUGHS, '<!DOCTYPE graphml SYSTEM "http://localhost/x.dtd">'])
def test_document_types_are_refused(doctype, before, encoding, tmp_path):
    path = tmp_path / "x.graphml"
    text = before + doctype + GRAPHML.format(DIRECTED.format('<node id="&b;"/>'))
    path.write_text(text, encoding=encoding)
    with pytest.raises(FileFormatError, match=r"document type.*remove its <!DOCTYPE"):
        Graph.from_graphml(path)


NOT_READABLE = [
    (b"", "no element found"),
    (b"\x00\xff", "syntax error"),
    (b"<graphml>", "no element found"),
    (b"<x>&b;</x>", "undefined entity"),
    (b"<x/>", "not successfully read as graphml"),
    (b"PK\x03\x04", "not well-formed"),
    ("<a>" * 3000, "no element found"),
    (GRAPHML.format(DIRECTED.format("<hyperedge/>")), "hyperedge"),
    (GRAPHML.format(DIRECTED.format('<node id="a"><data key="k"/></node>')), "no key k"),
    (GRAPHML.format(KEY.format("double") + DIRECTED.format(EDGE.format("one"))), "'one'"),
    (GRAPHML.format(KEY.format("odd") + DIRECTED.format(EDGE.format("1"))), "odd"),
    (GRAPHML.format(KEY.format("int") + DIRECTED.format(EDGE.format("9" * 5000))), "digits"),
    (GRAPHML.format(DIRECTED.format('<edge directed="false" source="a" target="b"/>')), "false"),
]


@pytest.mark.parametrize(("content", "reason"), NOT_READABLE)
def test_files_that_are_no_graphml(content, reason, tmp_path):
    path = tmp_path / "x.graphml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(FileFormatError) as caught:
        Graph.from_graphml(path)
    assert str(path) in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def graph_attribute(name, value):
    keys = "".join(
        f'<key id="{k}" for="graph" attr.name="{k}" attr.type="{t}"/>'
        for k, t in (("next_id", "int"), (name, "string"))
    )
    data = f'<data key="next_id">2</data><data key="{name}">{value}</data>'
    return keys + DIRECTED.format(f'{data}<node id="0"/><node id="1"/>')


@pytest.mark.parametrize(
    ("text", "error", "pieces"),
    [
        ('<graph edgedefault="undirected"><node id="a"/></graph>', GraphError, ["directed"]),
        (DIRECTED.format('<edge source="a" target="b"/><edge source="b" target="a"/>'),
         CycleError, ["cycle"]),
        (KEY.format("string") + DIRECTED.format(EDGE.format("one")),
         ValueError, ["weight of edge 'a' -> 'b'", "'one'"]),
        (KEY.format("double") + DIRECTED.format(EDGE.format("nan")), ValueError, ["finite"]),
        (KEY.format("string") + DIRECTED.format(EDGE.format("1e60")), ValueError, ["float32"]),
        (graph_attribute("order", "[1, "), FileFormatError, ["order", "JSON"]),
        (graph_attribute("groups", "[" * 100_000), FileFormatError, ["groups", "JSON"]),
        (graph_attribute("groups", "[1]"), GraphError, ["groups", "[1]"]),
        (graph_attribute("inputs", "{}"), GraphError, ["inputs"]),
        (graph_attribute("outputs", '["a"]'), GraphError, ["outputs"]),
        (graph_attribute("order", "[[0, 1]]"), GraphError, ["order"]),
    ],
)  # fmt: skip
def test_graphml_that_holds_no_graph_of_ours(text, error, pieces, tmp_path):
    with pytest.raises(error) as caught:
        Graph.from_graphml(written(tmp_path, text))
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


def ours(**whole):
    return {"nodes": [{"id": 0, "role": "input"}], "edges": [], "graph": {"next_id": 1, **whole}}


@pytest.mark.parametrize(
    ("data", "error", "pieces"),
    [
        ({}, GraphError, ["nodes", "list", "None"]),
        ({"nodes": [], "edges": {}}, GraphError, ["edges", "list"]),
        ({"nodes": [1], "edges": []}, GraphError, ["nodes", "dicts", "[1]"]),
        ({"nodes": [], "edges": [], "graph": 1}, GraphError, ["graph", "dict"]),
        ({"nodes": [], "edges": [], "directed": False}, GraphError, ["directed"]),
        ({"nodes": [{"id": {}}], "edges": []}, GraphError, ["id", "{}"]),
        ({"nodes": [{"id": [[]]}], "edges": []}, GraphError, ["id", "[]"]),
        ({"nodes": [{"id": 1}, {"id": 1}], "edges": []}, GraphError, ["1", "twice"]),
        ({"nodes": [{}], "edges": [{"source": 0}]}, GraphError, ["names no node", "None"]),
        ({"nodes": [{}], "edges": [{"source": 0, "target": {}}]}, GraphError, ["target", "{}"]),
        ({"nodes": [{}, {}], "edges": [{"source": 0, "target": 1, "weight": None}]},
         ValueError, ["weights", "finite"]),
        ({"nodes": [{}, {}], "edges": [{"source": 0, "target": 1}] * 2}, GraphError, ["twice"]),
        ({"nodes": [{"kind": [1], "role": "output"}], "edges": []}, ValueError, ["kind"]),
        ({"nodes": [{"bias": {}}], "edges": []}, ValueError, ["bias"]),
        (ours(groups=[1]), GraphError, ["groups"]),
        (ours(groups={"a": 0.5}), GraphError, ["group 'a'", "0.5"]),
        (ours(inputs="x"), GraphError, ["inputs", "'x'"]),
        (ours(order={}), GraphError, ["order"]),
        (ours(inputs=[0], input_scale=3), GraphError, ["input_scale", "3"]),
        (ours(inputs=[0], input_scale=["a", 1]), ValueError, ["shift", "a"]),
    ],
)  # fmt: skip
def test_node_link_data_that_hold_no_graph(data, error, pieces):
    with pytest.raises(error) as caught:
        Graph.from_node_link(data)
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


@pytest.mark.parametrize("read", [Graph.from_graphml, Graph.from_node_link])
def test_files_that_are_not_there(read, tmp_path):
    with pytest.raises(FileNotFoundError, match="does not exist"):
        read(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "\xff"])
def test_files_that_are_no_json(text, tmp_path):
    path = tmp_path / "x.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(FileFormatError, match="no JSON"):
        Graph.from_node_link(path)


@settings(deadline=None, derandomize=True, database=None, max_examples=300)
@given(data=st.data())
def test_damaged_files_raise_and_never_crash(data, tmp_path_factory):
    """Cut, swap or change bytes: an error of the kinds promised, or a graph that is whole."""
    path = tmp_path_factory.getbasetemp() / "damaged"
    how = data.draw(st.sampled_from(FILES))
    graph = Graph.layered([2, 2, 1], random_state=0)
    read = Graph.from_graphml if how == "GraphML" else Graph.from_node_link
    (graph.to_graphml if how == "GraphML" else graph.to_node_link)(path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    path.write_bytes(content)
    with contextlib.suppress(ValueError, TypeError):  # GraphError and FileFormatError among them
        read(path).check()
