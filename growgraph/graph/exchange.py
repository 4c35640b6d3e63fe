"""A graph as GraphML and as node-link JSON, for other programs, and back.

Both hold what :func:`growgraph.graph.networks.to_networkx` holds; GraphML is written and parsed by
networkx. GraphML has no lists, so what belongs to the whole graph is text in JSON there.
"""

import json
import re
from io import BytesIO
from pathlib import Path
from xml.parsers import expat

from growgraph._files import replacing
from growgraph.errors import FileFormatError, GraphError
from growgraph.graph.networks import from_networkx, to_networkx

_LISTS = ("inputs", "outputs", "order", "groups", "input_scale")
_NODE_NUMBERS = ("bias", "p0", "p1")
_EDGE_NUMBERS = ("weight", "stability", "delay", "recurrent", "place")
# What XML 1.0 cannot hold, and the carriage return, which its readers turn into a line feed.
_NOT_XML = re.compile("[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ID = re.compile("0|[1-9][0-9]{0,17}")


# ---- GraphML --------------------------------------------------------------------------------
def to_graphml(graph, path):
    """Write GraphML, which Gephi, yEd, igraph, networkx and others read.

    Parameters
    ----------
    graph : Graph
    path : str or path
        The file to write, by custom ``*.graphml``; it is replaced in one step or not at all.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is untouched.

    Notes
    -----
    Everything but the growth log is written, weights to the last bit; for large graphs and for
    graphs that record, :func:`growgraph.save` is smaller and quicker. A name with characters that
    XML forbids is written readable, and exactly in a second attribute ``name_json``.

    Examples
    --------
    >>> import os, tempfile
    >>> from growgraph import Graph
    >>> path = os.path.join(tempfile.mkdtemp(), "graph.graphml")
    >>> graph = Graph.layered([2, 3, 1])
    >>> graph.to_graphml(path)
    >>> Graph.from_graphml(path) == graph
    True
    """
    import networkx as nx

    net = to_networkx(graph)
    for name in _LISTS:
        if name in net.graph:
            net.graph[name] = json.dumps(net.graph[name])
    for _, data in net.nodes(data=True):
        name = data.pop("name")
        if name:
            data["name"] = _NOT_XML.sub("\ufffd", name)
            if data["name"] != name:
                data["name_json"] = json.dumps(name)
    with replacing(path) as file:
        nx.write_graphml_xml(net, file, named_key_ids=True)


def from_graphml(cls, path):
    """Read GraphML, written by :func:`to_graphml` or by another program.

    Parameters
    ----------
    path : str or path
        A directed graph. Node and edge attributes are read as in
        :func:`growgraph.graph.networks.from_networkx`, numbers also where they are stored as text;
        defaults of the file count; ``label`` stands for a missing ``name``.

    Returns
    -------
    Graph

    Raises
    ------
    FileFormatError
        If the file is no GraphML or has a document type, which could define entities.
    GraphError, ValueError
        For a graph that is not directed, a cycle of undelayed edges or odd attributes.
    OSError
        If the file cannot be read.

    Examples
    --------
    See :func:`to_graphml`.
    """
    net = _parsed(path, _content(path))
    for name in _LISTS:
        if isinstance(net.graph.get(name), str):
            net.graph[name] = _json(f"attribute {name!r} of the graph in {path}", net.graph[name])
    _fill_defaults(net)
    for _, data in net.nodes(data=True):
        _restore_name(data)
    _read_numbers(net)
    return from_networkx(cls, net)


def _content(path):
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"path {path} is a folder: name the file in it")
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"path {path} does not exist") from error
    except OSError as error:
        raise type(error)(f"path {path} could not be read ({error.strerror})") from error


def _parsed(path, content):
    """The networkx graph of a GraphML file; whatever is wrong with it is a FileFormatError."""
    import networkx as nx

    try:
        _refuse_doctype(path, content)
        return nx.read_graphml(BytesIO(content), node_type=_as_id)
    except FileFormatError:
        raise
    except Exception as error:  # whatever odd text makes of the parser and of networkx
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FileFormatError(f"{path} is no GraphML that can be read ({reason})") from error


class _RootReached(Exception):
    """No error: the way out of the parser."""


def _refuse_doctype(path, content):
    """Parse up to the first element; a document type, where entities are defined, stands before."""

    def doctype(*_):
        raise FileFormatError(
            f"{path} has a document type, which may define entities of any size: "
            "remove its <!DOCTYPE ...>"
        )

    def root(*_):
        raise _RootReached

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler, parser.StartElementHandler = doctype, root
    try:
        parser.Parse(content, True)
    except _RootReached:
        return


def _as_id(text):
    """Ids that growgraph may have given out as numbers, all else as it is."""
    return int(text) if text and _ID.fullmatch(text) else text


def _fill_defaults(net):
    """Give nodes and edges the defaults of the file where they have no value of their own."""
    for kind, held in (("node_default", net.nodes), ("edge_default", net.edges)):
        defaults = net.graph.get(kind)
        if defaults:
            for *_, data in held(data=True):
                data.update({k: v for k, v in defaults.items() if k not in data})


def _restore_name(data):
    """The name exactly as it was, unless another program has changed it."""
    exact = data.pop("name_json", None)
    if exact is not None:
        name = _json("name_json", exact)
        if isinstance(name, str) and _NOT_XML.sub("\ufffd", name) == data.get("name"):
            data["name"] = name
    if not data.get("name") and data.get("label"):
        data["name"] = data["label"]


def _read_numbers(net):
    """Turn text into numbers where numbers belong: many programs store all attributes as text."""
    for node, data in net.nodes(data=True):
        for name in _NODE_NUMBERS:
            if isinstance(data.get(name), str):
                data[name] = _number(f"{name} of node {node!r}", data[name])
    for source, target, data in net.edges(data=True):
        for name in _EDGE_NUMBERS:
            if isinstance(data.get(name), str):
                data[name] = _number(f"{name} of edge {source!r} -> {target!r}", data[name])


def _number(name, text):
    try:
        return float({"true": "1", "false": "0"}.get(text.strip().lower(), text))
    except ValueError:
        raise ValueError(f"{name} must be a number, got {text!r}") from None


def _json(name, text):
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = str(error).splitlines()[0]
        raise FileFormatError(f"{name} is no JSON that can be read ({reason})") from error


# ---- node-link JSON -------------------------------------------------------------------------
def to_node_link(graph, path=None):
    """The graph as plain dicts and lists, as networkx's ``node_link_data`` makes them.

    Parameters
    ----------
    graph : Graph
    path : str or path, optional
        A JSON file to write it to, too; it is replaced in one step or not at all.

    Returns
    -------
    dict
        ``directed``, ``multigraph``, ``graph`` (what belongs to the whole graph), ``nodes`` (each
        with ``id``) and ``edges`` (each with ``source`` and ``target``, with ``key`` in a
        multigraph). D3 and others call the last ``links``.

    Raises
    ------
    OSError
        If the file cannot be written; what was there before is untouched.

    Examples
    --------
    >>> import json
    >>> from growgraph import Graph
    >>> graph = Graph.from_edges(1, [(0, 1, 2.5)])
    >>> data = graph.to_node_link()
    >>> data["edges"][0]["source"], data["edges"][0]["target"], data["edges"][0]["weight"]
    (0, 1, 2.5)
    >>> Graph.from_node_link(json.loads(json.dumps(data))) == graph
    True
    """
    net = to_networkx(graph)
    multi = net.is_multigraph()
    edges = net.edges(keys=True, data=True) if multi else net.edges(data=True)
    data = {
        "directed": True,
        "multigraph": multi,
        "graph": {k: list(v) if k == "input_scale" else v for k, v in net.graph.items()},
        "nodes": [{"id": node, **values} for node, values in net.nodes(data=True)],
        "edges": [
            {"source": u, "target": v, **({"key": key[0]} if key else {}), **values}
            for u, v, *key, values in edges
        ],
    }
    if path is not None:
        with replacing(path) as file:
            file.write(json.dumps(data, allow_nan=False).encode())
    return data


def from_node_link(cls, data):
    """Read what :func:`to_node_link` makes, or node-link data of another program.

    Parameters
    ----------
    data : dict, or str or path of a JSON file
        ``nodes`` and ``edges`` (or ``links``), read as in :func:`from_graphml`. A node without
        ``id`` goes by its place among the nodes, as in D3.

    Returns
    -------
    Graph

    Raises
    ------
    FileFormatError
        If the file holds no JSON.
    GraphError, ValueError
        For data of another form, a graph that is not directed, an edge to a node that is not
        there, a cycle of undelayed edges or odd attributes.
    OSError
        If the file cannot be read.

    Examples
    --------
    >>> from growgraph import Graph
    >>> links = [{"source": "x", "target": "y", "weight": 3}]
    >>> graph = Graph.from_node_link({"nodes": [{"id": "x"}, {"id": "y"}], "links": links})
    >>> graph.forward([[2.0]])
    array([[6.]], dtype=float32)
    """
    import networkx as nx

    if not isinstance(data, dict):
        data = _json(str(data), _content(data))
    nodes, edges, whole = _parts(data)
    net = nx.MultiDiGraph()
    net.graph.update(whole)
    for place, values in enumerate(nodes):
        node = _key("id", values.get("id", place))
        if node in net:
            raise GraphError(f"nodes must have an id each, but {node!r} is there twice")
        net.add_nodes_from([(node, {k: v for k, v in values.items() if k != "id"})])
    for values in edges:
        ends = [_key(end, values.get(end)) for end in ("source", "target")]
        missing = [end for end in ends if end not in net]
        if missing:
            raise GraphError(f"edge {ends[0]!r} -> {ends[1]!r} names no node: {missing[0]!r}")
        net.add_edges_from([(*ends, None, dict(values))])
    for _, values in net.nodes(data=True):
        _restore_name(values)
    _read_numbers(net)
    return from_networkx(cls, net)


def _parts(data):
    """Nodes, edges and what belongs to the whole graph, checked for their form."""
    if not isinstance(data, dict):
        raise GraphError(f"data must be a dict with nodes and edges, got {type(data).__name__}")
    if data.get("directed", True) is not True:
        raise GraphError('data["directed"] must be true: edges lead from source to target')
    found = {"nodes": data.get("nodes"), "edges": data.get("edges", data.get("links"))}
    for name, items in found.items():
        if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
            raise GraphError(f"data[{name!r}] must be a list of dicts, got {items!r:.60}")
    whole = data.get("graph", {})
    if not isinstance(whole, dict):
        raise GraphError(f'data["graph"] must be a dict, got {whole!r:.60}')
    return found["nodes"], found["edges"], whole


def _key(name, value):
    """What a node is called: JSON makes lists of tuples."""
    value = tuple(value) if isinstance(value, list) else value
    try:
        hash(value)
    except TypeError:
        raise GraphError(f"{name} must be a number or a string, got {value!r:.60}") from None
    return value
