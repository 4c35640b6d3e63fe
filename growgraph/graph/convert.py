"""A graph as other things: state, edge table, scipy.sparse, subgraph."""

import copy

import numpy as np

from growgraph._validation import as_ids, check_number
from growgraph.errors import GraphError
from growgraph.graph.store import Store

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
    plain, late = entries(store, order), entries(store, order, late=True)
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


def entries(store, order, late=False):
    """All edges of nodes in a sequence: target slots, places of weights, places of sources."""
    heads = ("dstart", "dstart", "dlen") if late else ("start", "sstart", "length")
    first, sfirst, length = (getattr(store, name) for name in heads)
    n = length[order].astype(np.int64)
    target = np.repeat(order, n)
    within = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n)
    return target, np.repeat(first[order], n) + within, np.repeat(sfirst[order], n) + within


# ---- state ----------------------------------------------------------------------------------
def to_state(graph):
    """Arrays and plain values that :func:`from_state` rebuilds the same graph from."""
    arrays = dict(graph._store.to_arrays())
    arrays["inputs"], arrays["outputs"] = graph._inputs, graph._outputs
    if graph._shift is not None:
        arrays["shift"], arrays["scale"] = graph._shift, graph._scale
    if graph._runner.state is not None:
        arrays["state"] = graph._runner.state
    for name, members in graph.groups.items():
        arrays[f"group/{name}"] = as_ids(f"group {name!r}", members)
    plain = {"names": {str(k): v for k, v in graph.names.items()}, "words": list(graph._words)}
    if graph._base is not None:
        arrays.update({f"base/{k}": v for k, v in graph._base["arrays"].items()})
        plain["base"] = copy.deepcopy(graph._base["plain"])
    # of its moment: what happens to the graph or to the state is not seen in the other
    return {"arrays": {k: v.copy() for k, v in arrays.items()}, "plain": plain}


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
    graph._words = list(plain["words"])
    if "base" in plain:
        base = {
            k.removeprefix("base/"): v.copy() for k, v in arrays.items() if k.startswith("base/")
        }
        graph._base = {"arrays": base, "plain": copy.deepcopy(plain["base"])}
    return graph


# ---- subgraph -------------------------------------------------------------------------------
def subgraph(graph, nodes):
    """The nodes and the edges among them, as a new graph with new ids.

    Edges from other nodes are left out. The old id of a node without a name becomes its name.
    Inputs and outputs keep their sequence and their scales, groups what is left of them.
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
    new._inputs, new._outputs = (
        np.array([new_of[i] for i in ids.tolist() if i in new_of], np.int64)
        for ids in (graph._inputs, graph._outputs)
    )
    if graph._shift is not None:
        kept = np.isin(graph._inputs, wanted)
        new.set_input_scale(graph._shift[kept], graph._scale[kept])
    for name, members in graph.groups.items():
        new.groups[name] = np.array([new_of[i] for i in members.tolist() if i in new_of], np.int64)
    return new


def _copy_node(graph, new, node, name):
    """A node of the same kind and values, without edges; returns its new id."""
    is_ = graph.node(node)
    options = {k: is_[k] for k in ("activation", "p0", "p1")}
    if is_["role"] == "input":
        twin = new.add_inputs(1, [name], **options)
        new.set_nodes(twin, bias=is_["bias"])  # an input has no use for it, but it is there
    else:
        add = new.add_outputs if is_["role"] == "output" else new.add_nodes
        twin = add(1, names=[name], kind=is_["kind"], bias=is_["bias"], **options)
    return int(twin[0])


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
    first = int(graph._store.dstart[graph._slot(node)])
    for at, (s, w, flag) in enumerate(zip(*graph.delayed_sources(node), strict=True)):
        if int(s) in new_of:
            add_delayed(new, new_of[int(s)], twin, w, flag, graph._store.dstab[first + at])


def add_delayed(graph, source, target, weight, flag, stability):
    """Add one edge that reads the step before, with its stability."""
    graph.add_edge(source, target, weight, delay=1, recurrent=bool(flag))
    v = graph._slot(target)
    graph._store.dstab[int(graph._store.dstart[v]) + int(graph._store.dlen[v]) - 1] = stability


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
    if n_outputs is not None:
        n_outputs = check_number("n_outputs", n_outputs, 0, n, integer=True)
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
