"""A graph as other things: state, edge table, networkx, scipy.sparse, subgraph."""

import numpy as np

from growgraph.errors import GraphError
from growgraph.graph.store import Store
from growgraph.kernels import _handle as h
from growgraph.kernels import codes

EDGE_DTYPE = np.dtype(
    [
        ("source", np.int64),
        ("target", np.int64),
        ("weight", np.float32),
        ("stability", np.float32),
        ("delay", np.uint8),
        ("recurrent", np.uint8),
    ]
)


def edge_table(graph):
    """All edges, target by target in order, undelayed before delayed; dtype EDGE_DTYPE."""
    store = graph._store
    order = store.order()
    plain = _entries(store.start, store.sstart, store.length, order)
    late = _entries(store.dstart, store.dstart, store.dlen, order)
    table = np.zeros(plain[0].size + late[0].size, EDGE_DTYPE)
    n = plain[0].size
    for part, (target, at, sat), names in (
        (table[:n], plain, ("src", "w", "stab")),
        (table[n:], late, ("dsrc", "dw", "dstab")),
    ):
        part["target"] = store.id_of[target]
        part["source"] = store.id_of[store.arrays[names[0]][sat]]
        part["weight"] = store.arrays[names[1]][at]
        part["stability"] = store.arrays[names[2]][at]
    table[n:]["delay"] = 1
    table[n:]["recurrent"] = store.dflag[late[1]]
    return table


def _entries(first, sfirst, length, order):
    """Target slot and pool places of all edges in list order."""
    n = length[order].astype(np.int64)
    target = np.repeat(order, n)
    within = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    return target, np.repeat(first[order], n) + within, np.repeat(sfirst[order], n) + within


# ---- state ----------------------------------------------------------------------------------
def to_state(graph):
    """Arrays and plain values that :func:`from_state` rebuilds the same graph from."""
    arrays = graph._store.to_arrays()
    arrays["inputs"], arrays["outputs"] = graph._inputs, graph._outputs
    if graph._shift is not None:
        arrays["shift"], arrays["scale"] = graph._shift, graph._scale
    if graph._runner.state is not None:
        arrays["state"] = graph._runner.state
    for name, members in graph.groups.items():
        arrays[f"group/{name}"] = members
    plain = {"names": {str(k): v for k, v in graph.names.items()}}
    log = getattr(graph, "_log", None)
    if log is not None:
        plain["log"], base = log.to_state()
        arrays.update({f"log/{k}": v for k, v in base.items()})
    return {"arrays": arrays, "plain": plain}


def from_state(cls, state):
    """Rebuild a graph; see :func:`to_state`."""
    arrays, plain = state["arrays"], state["plain"]
    graph = cls()
    graph._store = Store.from_arrays(arrays)
    graph._inputs, graph._outputs = arrays["inputs"].copy(), arrays["outputs"].copy()
    if "shift" in arrays:
        graph._shift, graph._scale = arrays["shift"].copy(), arrays["scale"].copy()
    if "state" in arrays:
        graph._runner.state = arrays["state"].copy()
    graph.groups = {
        k.removeprefix("group/"): v.copy() for k, v in arrays.items() if k.startswith("group/")
    }
    graph.names = {int(k): v for k, v in plain["names"].items()}
    if "log" in plain:
        graph.restore_log(
            plain["log"], {k.removeprefix("log/"): v for k, v in arrays.items() if "log/" in k}
        )
    return graph


# ---- subgraph -------------------------------------------------------------------------------
def subgraph(graph, nodes):
    """The nodes and the edges among them, as a new graph with new ids.

    Edges from other nodes are left out. The old id of a node without a name becomes its name.
    """
    order = graph.order()
    wanted = np.unique(graph.nodes[np.isin(graph.nodes, nodes)])
    if wanted.size != np.unique(nodes).size:
        graph._slots(nodes)
    new = type(graph)()
    new_of = {}
    for node in order[np.isin(order, wanted)].tolist():
        new_of[node] = _copy_node(graph, new, node, graph.names.get(node, str(node)))
    for node, twin in new_of.items():
        _copy_edges(graph, new, node, twin, new_of)
    return new


def _copy_node(graph, new, node, name):
    """A node of the same kind and values, without edges; returns its new id."""
    is_ = graph.node(node)
    options = {k: is_[k] for k in ("kind", "activation", "bias", "p0", "p1")}
    if is_["role"] == "input":
        return int(new.add_inputs(1, [name], activation=is_["activation"])[0])
    add = new.add_outputs if is_["role"] == "output" else new.add_nodes
    return int(add(1, names=[name], **options)[0])


def _copy_edges(graph, new, node, twin, new_of):
    """The edges of ``node`` whose sources were copied too."""
    sources, weights, stability = graph.sources(node)
    kept = [i for i, s in enumerate(sources.tolist()) if s in new_of]
    if kept:
        ids = np.array([new_of[s] for s in sources[kept].tolist()])
        new.connect(ids, twin, weights[kept][None])
        v = new._slot(twin)
        first = int(new._store.start[v])
        new._store.stab[first : first + len(kept)] = stability[kept]
    sources, weights, flags = graph.delayed_sources(node)
    for s, w, flag in zip(sources.tolist(), weights, flags, strict=True):
        if s in new_of:
            new.add_edge(new_of[s], twin, w, delay=1, recurrent=flag == codes.RECURRENT)


# ---- networkx -------------------------------------------------------------------------------
def to_networkx(graph):
    """A DiGraph whose nodes and edges carry all values as attributes.

    Nodes have ``kind, activation, role, bias, p0, p1, name``, edges ``weight, stability, delay,
    recurrent``. A delayed edge beside an undelayed one between the same nodes needs a
    MultiDiGraph, which is what is returned then. Graph attributes hold ``inputs``, ``outputs``,
    ``order``, ``groups`` and ``input_scale``: with them :meth:`Graph.from_networkx` rebuilds an
    equal graph.
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
    for edge in table.tolist():
        u, v, weight, stability, delay, recurrent = edge
        net.add_edge(u, v, weight=weight, stability=stability, delay=delay, recurrent=recurrent)
    return net


def from_networkx(cls, net):
    """A Graph from a networkx graph.

    Parameters
    ----------
    net : networkx.DiGraph or MultiDiGraph
        Node attributes ``kind, activation, bias, p0, p1, name, role`` and edge attributes
        ``weight, stability, delay, recurrent`` are read where they are there. Without ``role``,
        nodes without in-edges are inputs and other nodes without out-edges outputs. Integer
        names of a graph that growgraph wrote are kept as ids; other names become ``names``.

    Returns
    -------
    Graph

    Raises
    ------
    GraphError
        For an undirected graph, a cycle of undelayed edges or an unknown attribute value.
    """
    if not net.is_directed():
        raise GraphError("net must be directed: use networkx.DiGraph(net)")
    graph = cls()
    ours = "next_id" in net.graph
    id_of = _add_networkx_nodes(graph, net, ours)
    for node in id_of:
        _add_networkx_edges(graph, net, node, id_of)
    if ours:
        _restore_networkx(graph, net)
    return graph


def _role(net, node, data):
    plain = [d for *_, d in net.in_edges(node, data=True) if not d.get("delay")]
    if "role" in data:
        return data["role"]
    if not plain and not net.in_degree(node):
        return "input"
    return "hidden" if net.out_degree(node) else "output"


def _add_networkx_nodes(graph, net, ours):
    """Add the nodes without edges; returns name -> id."""
    id_of = {}
    for node in sorted(net) if ours else net:
        data = net.nodes[node]
        name = data.get("name", "" if ours else str(node))
        if ours:  # ids between are dead: hand them out and take them back
            graph._store.reserve(NODE_CAP=1, ID_CAP=node + 1 - graph._store[h.NEXT_ID])
            graph._store.slot_of[graph._store[h.NEXT_ID] : node] = -1
            graph._store[h.NEXT_ID] = node
        role = _role(net, node, data)
        options = {k: data[k] for k in ("activation", "bias", "p0", "p1") if k in data}
        names = [name] if name else None
        if role == "input":
            new = graph.add_inputs(1, names, activation=options.get("activation", "identity"))
        else:
            add = graph.add_outputs if role == "output" else graph.add_nodes
            new = add(1, kind=data.get("kind", "sum"), names=names, **options)
        id_of[node] = int(new[0])
    return id_of


def _add_networkx_edges(graph, net, node, id_of):
    """Add the in-edges of a node in the sequence networkx holds them in."""
    plain, late = [], []
    for source, _, data in net.in_edges(node, data=True):
        (late if data.get("delay") else plain).append((id_of[source], data))
    target = id_of[node]
    if plain:
        graph.connect([s for s, _ in plain], target, [[d.get("weight", 1.0) for _, d in plain]])
        v = graph._slot(target)
        first = int(graph._store.start[v])
        graph._store.stab[first : first + len(plain)] = [d.get("stability", 0) for _, d in plain]
    for source, data in late:
        graph.add_edge(source, target, data.get("weight", 1.0), delay=1,
                       recurrent=bool(data.get("recurrent")))  # fmt: skip
        v = graph._slot(target)
        last = int(graph._store.dstart[v]) + int(graph._store.dlen[v]) - 1
        graph._store.dstab[last] = data.get("stability", 0)


def _restore_networkx(graph, net):
    """What only a graph that growgraph wrote knows: sequences, groups, scales, the order."""
    made = net.graph
    graph._store.reserve(ID_CAP=made["next_id"] - graph._store[h.NEXT_ID])
    graph._store.slot_of[graph._store[h.NEXT_ID] : made["next_id"]] = -1
    graph._store[h.NEXT_ID] = made["next_id"]
    living = set(graph.nodes.tolist())
    for name in ("inputs", "outputs"):
        listed = np.array(made[name], np.int64)
        if set(listed.tolist()) <= living:
            setattr(graph, f"_{name}", listed)
    graph.groups = {k: np.array(v, np.int64) for k, v in made["groups"].items()}
    if "input_scale" in made:
        graph.set_input_scale(*made["input_scale"])
    graph._store.relist(graph._slots(np.array(made["order"], np.int64)))


# ---- scipy ----------------------------------------------------------------------------------
def to_scipy(graph):
    """Undelayed weights as a CSR array [nodes, nodes] over ``graph.nodes``; row = target."""
    from scipy import sparse

    table = edge_table(graph)
    table = table[table["delay"] == 0]
    nodes = graph.nodes
    row, column = (np.searchsorted(nodes, table[k]) for k in ("target", "source"))
    shape = (nodes.size, nodes.size)
    return sparse.coo_array((table["weight"], (row, column)), shape=shape).tocsr()


def from_scipy(cls, matrix, *, n_outputs=None, activation="identity"):
    """A Graph from a square sparse matrix of weights.

    Parameters
    ----------
    matrix : scipy sparse [n, n]
        Row = target. Rows without entries are inputs.
    n_outputs : int, optional
        The last so many nodes are outputs; by default all nodes nobody reads.
    activation : str, default "identity"
        Of hidden nodes; outputs are linear.

    Returns
    -------
    Graph
    """
    from scipy import sparse

    coo = sparse.coo_array(matrix)
    if coo.ndim != 2 or coo.shape[0] != coo.shape[1]:
        raise GraphError(f"matrix must be square, got shape {coo.shape}")
    n = coo.shape[0]
    is_input = np.bincount(coo.row, minlength=n) == 0
    if n_outputs is None:
        is_output = (np.bincount(coo.col, minlength=n) == 0) & ~is_input
    else:
        is_output = (np.arange(n) >= n - n_outputs) & ~is_input
    graph = cls()
    for i in range(n):
        if is_input[i]:
            graph.add_inputs(1)
        elif is_output[i]:
            graph.add_outputs(1)
        else:
            graph.add_nodes(1, activation=activation)
    graph.connect(coo.col.astype(np.int64), coo.row.astype(np.int64), coo.data, pairs=True)
    return graph
