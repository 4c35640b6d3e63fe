"""A graph as a networkx graph and back."""

import numpy as np

from growgraph._validation import as_ids, check_choice, check_number
from growgraph.errors import GraphError
from growgraph.graph.build import MOST_STABILITY
from growgraph.graph.convert import add_delayed, edge_table
from growgraph.kernels import _handle as h
from growgraph.kernels import codes

_PLAUSIBLE = 2**24  # so many ids may have been given out, however few nodes are left (4 bytes each)


def to_networkx(graph):
    """A DiGraph whose nodes and edges carry all values as attributes.

    Nodes have ``kind, activation, role, bias, p0, p1, name``, edges ``weight, stability, delay,
    recurrent`` and their ``place`` among the edges of their target. A delayed edge beside an
    undelayed one between the same nodes needs a MultiDiGraph, which is what is returned then.
    Graph attributes hold ``inputs``, ``outputs``, ``order``, ``groups`` and ``input_scale``: with
    them :meth:`Graph.from_networkx` rebuilds an equal graph.
    """
    import networkx as nx

    table = edge_table(graph)
    pairs = table[["source", "target"]]
    multi = np.unique(pairs).size < pairs.size
    net = nx.MultiDiGraph() if multi else nx.DiGraph()
    order = graph.order().tolist()
    net.graph.update(
        inputs=graph._inputs.tolist(),
        outputs=graph._outputs.tolist(),
        order=order,
        groups={k: v.tolist() for k, v in graph.groups.items()},
        next_id=graph._store[h.NEXT_ID],
    )
    if graph._shift is not None:
        net.graph["input_scale"] = (graph._shift.tolist(), graph._scale.tolist())
    for node in order:
        net.add_node(node, **graph.node(node))
    place, block = 0, None
    for u, v, weight, stability, delay, recurrent in table.tolist():
        place = place + 1 if (v, delay) == block else 0
        block = (v, delay)
        net.add_edge(u, v, weight=weight, stability=stability, delay=delay, recurrent=recurrent,
                     place=place)  # fmt: skip
    return net


def from_networkx(cls, net):
    """A Graph from a networkx graph.

    Parameters
    ----------
    net : networkx.DiGraph or MultiDiGraph
        Node attributes ``kind, activation, bias, p0, p1, name, role`` and edge attributes
        ``weight, stability, delay, recurrent, place`` are read where they are there. Without
        ``role``, nodes without in-edges are inputs and other nodes that no other reads outputs.
        Ids of a graph that growgraph wrote are kept if all nodes still have ids it gave out;
        else the nodes get new ids, and what they are called there becomes their name.

    Returns
    -------
    Graph

    Raises
    ------
    GraphError
        For an undirected graph or a cycle of undelayed edges.
    ValueError
        For an unknown role, kind or activation, values that are no numbers, a delay beyond 1.
    """
    if not net.is_directed():
        raise GraphError("net must be directed: use networkx.DiGraph(net)")
    graph = cls()
    ours = _is_ours(net)
    id_of = _add_nodes(graph, net, ours)
    for node in id_of:
        _add_edges(graph, net, node, id_of)
    if ours:
        _restore(graph, net.graph)
    return graph


def _is_ours(net):
    """True if the nodes are ids that growgraph gave out; those of a stranger may be anything."""
    next_id = net.graph.get("next_id")
    if type(next_id) is not int or next_id > max(_PLAUSIBLE, 64 * len(net)):
        return False
    return all(type(node) is int and 0 <= node < next_id for node in net)


def _role(net, node, data):
    if "role" in data:
        return check_choice("role", data["role"], tuple(codes.ROLES))
    if not net.in_degree(node):
        return "input"
    read_by_others = net.out_degree(node) > net.number_of_edges(node, node)
    return "hidden" if read_by_others else "output"


def _skip_ids(graph, node):
    """Let ``node`` be the next id: those before it count as removed."""
    store = graph._store
    if node == store[h.NEXT_ID]:
        return
    with store.changing():
        store.reserve(ID_CAP=node + 1 - store[h.NEXT_ID])
        store.slot_of[store[h.NEXT_ID] : node] = -1
        store[h.NEXT_ID] = node


def _add_nodes(graph, net, ours):
    """Add the nodes without edges; returns name -> id."""
    id_of = {}
    for node in sorted(net) if ours else net:
        data = net.nodes[node]
        if ours:
            _skip_ids(graph, node)
        name = str(data.get("name") or ("" if ours else node))
        names = [name] if name else None
        values = {k: data[k] for k in ("bias", "p0", "p1") if k in data}
        activation, role = data.get("activation", "identity"), _role(net, node, data)
        if role == "input":
            bias = values.pop("bias", 0.0)
            new = graph.add_inputs(1, names, activation=activation, **values)
            graph.set_nodes(new, bias=bias)
        else:
            add = graph.add_outputs if role == "output" else graph.add_nodes
            kind = data.get("kind", "sum")
            new = add(1, kind=kind, activation=activation, names=names, **values)
        id_of[node] = int(new[0])
    return id_of


def _add_edges(graph, net, node, id_of):
    """Add the in-edges of a node by ``place``, else in the sequence networkx holds them in."""
    held = [(id_of[source], _edge(data)) for source, _, data in net.in_edges(node, data=True)]
    held.sort(key=lambda edge: edge[1]["place"])
    plain = [edge for edge in held if not edge[1]["delay"]]
    target = id_of[node]
    if plain:
        graph.connect([s for s, _ in plain], target, [[d["weight"] for _, d in plain]])
        first = int(graph._store.start[graph._slot(target)])
        graph._store.stab[first : first + len(plain)] = [d["stability"] for _, d in plain]
    for source, data in held:
        if data["delay"]:
            values = (data[k] for k in ("weight", "recurrent", "stability"))
            add_delayed(graph, source, target, *values)


def _edge(data):
    """The attributes of an edge, checked, with defaults for those that are not there."""
    recurrent = check_choice("recurrent", data.get("recurrent", 0), (0, 1))
    return {
        "weight": data.get("weight", 1.0),
        "recurrent": recurrent,
        "delay": check_choice("delay", data.get("delay", 0), (0, 1)) or recurrent,
        "stability": check_number("stability", data.get("stability", 0.0), 0, MOST_STABILITY),
        "place": check_number("place", data.get("place", 0)),
    }


def _restore(graph, made):
    """What only a graph that growgraph wrote knows, as far as it still fits what is there."""
    if made["next_id"] > graph._store[h.NEXT_ID]:
        _skip_ids(graph, made["next_id"])
    for name, ids in _dict_of(made.get("groups", {})).items():
        ids = as_ids(f"group {name!r}", ids)
        graph.groups[name] = ids[np.isin(ids, graph.nodes)]
    inputs, outputs, order = (as_ids(k, made.get(k, ())) for k in ("inputs", "outputs", "order"))
    if np.array_equal(np.sort(inputs), np.sort(graph._inputs)):
        graph._inputs = inputs.copy()
        if "input_scale" in made:
            graph.set_input_scale(*_pair(made["input_scale"]))
    if np.array_equal(np.sort(outputs), np.sort(graph._outputs)):
        graph._outputs = outputs.copy()
    if np.array_equal(np.sort(order), graph.nodes) and _goes_forward(graph, order):
        graph._store.relist(graph._slots(order))


def _dict_of(groups):
    if not isinstance(groups, dict):
        raise GraphError(f"groups must be a dict of name to ids, got {groups!r:.60}")
    return groups


def _pair(scale):
    if not isinstance(scale, (tuple, list)) or len(scale) != 2:
        raise GraphError(f"input_scale must be shift and scale, got {scale!r:.60}")
    return scale


def _goes_forward(graph, order):
    """True if each undelayed edge leads to a later node of the sequence."""
    place = np.empty(graph._store[h.NEXT_ID], np.int64)
    place[order] = np.arange(order.size)
    table = edge_table(graph)
    table = table[table["delay"] == 0]
    return bool((place[table["source"]] < place[table["target"]]).all())
