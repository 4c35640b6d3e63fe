"""Building nodes: checks what is asked, draws weights, calls the store's kernels."""

import numpy as np

from growgraph._random import generator, seed_from, seed_of
from growgraph._validation import as_float32, as_ids, check_choice, check_number
from growgraph.errors import GraphError
from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels import rewire as rewire_kernels
from growgraph.kernels import store as store_kernels

KIND_NAMES = {code: name for name, code in codes.KINDS.items()}
ACTIVATION_NAMES = {code: name for name, code in codes.ACTIVATIONS.items()}
ROLE_NAMES = {code: name for name, code in codes.ROLES.items()}
_LEAST_WIDTH = 1e-12
MOST_NODES = 2**31 - 1  # slots are int32
MOST_STABILITY = 1e30  # far from the end of float32: it grows by learning
_NO_IDS, _ZERO = np.empty(0, np.int64), np.zeros(1, np.float32)  # what most nodes are born with


def add_nodes(
    graph, count, kind, activation, role, sources=None, weights=1.0, bias=0.0, p0=0.0, p1=0.0,
    names=None, random_state=None, indptr=None,
):  # fmt: skip
    """Add ``count`` nodes of one kind; see :meth:`Graph.add_nodes`."""
    if type(count) is not int or count < 1:
        count = check_number("count", count, 1, integer=True)
    if count > MOST_NODES:  # before anything of that size is made
        raise GraphError(f"a graph holds at most {MOST_NODES} nodes; count is {count}")
    kind, act = kind_code(kind), activation_code(activation)
    if (kind == codes.INPUT) != (role == "input"):
        raise ValueError('kind "input" belongs to add_inputs only')
    indptr, parents, shape = _check_sources(sources, indptr, count)
    bias, p0, p1 = _param("bias", bias, count), _param("p0", p0, count), _param("p1", p1, count)
    check_params(kind, act, p0, p1)
    names = _check_names(names, count)
    W = _birth_weights(graph, weights, shape, parents, random_state, indptr).ravel()
    store = graph._store
    with store.changing():
        first = store[h.NEXT_ID]
        try:
            store.call(
                store_kernels.add_nodes, kind, act, codes.ROLES[role], bias, p0, p1, indptr,
                parents, W,
            )  # fmt: skip
        finally:  # Ctrl-C comes when the kernel is done: the lists must know what it did
            ids = np.arange(first, store[h.NEXT_ID])
            if ids.size:
                _list(graph, role, ids, names)
    return ids


def _param(name, values, count):
    """A parameter of new nodes, float32 [count]."""
    if count == 1 and type(values) is float and values == 0.0:
        return _ZERO
    return as_float32(name, values, (count,))


def _check_sources(sources, indptr, count):
    """(indptr, ids, shape of the weights); indptr is empty if all nodes read the same."""
    if sources is None:
        sources = _NO_IDS
    if type(sources) is not np.ndarray:
        sources = _nested(sources)
    if indptr is not None:
        return _check_indptr(indptr, sources, count)
    if getattr(sources, "ndim", 1) != 2:
        parents = as_ids("sources", sources)
        return _NO_IDS, parents, (count, parents.size)
    if sources.shape[0] != count:
        raise GraphError(
            f"sources must be ids for all, or [{count}, k] with a row for each new node, "
            f"got shape {sources.shape}"
        )
    ends = np.arange(count + 1) * sources.shape[1]
    return ends, as_ids("sources", sources.ravel()), sources.shape


def _nested(sources):
    """Rows of ids, given as lists, as one array; anything else as it is."""
    if isinstance(sources, (list, tuple)) and sources and np.ndim(sources[0]) == 1:
        try:
            return np.array(sources)
        except ValueError:
            raise GraphError(
                "sources must be rows of one length, one for each new node; give rows of "
                "different lengths one behind the other, with indptr"
            ) from None
    return sources


def _check_indptr(indptr, sources, count):
    parents, ends = as_ids("sources", sources), as_ids("indptr", indptr)
    good = ends.size == count + 1 and ends[0] == 0 and ends[-1] == parents.size
    if not good or (ends[1:] < ends[:-1]).any():
        raise GraphError(
            f"indptr must be {count + 1} integers that rise from 0 to the number of sources, "
            f"{parents.size}; got {indptr!r}"
        )
    return ends, parents, parents.shape


def _list(graph, role, ids, names):
    """Enter new nodes in the lists of inputs, outputs and names."""
    if role == "input":
        graph._inputs = np.concatenate([graph._inputs, ids])
        if graph._shift is not None:
            graph._shift = np.concatenate([graph._shift, np.zeros(ids.size)])
            graph._scale = np.concatenate([graph._scale, np.ones(ids.size)])
    elif role == "output":
        graph._outputs = np.concatenate([graph._outputs, ids])
    if names:
        graph.names.update(zip(ids.tolist(), names, strict=True))


def kind_code(kind):
    """Code of a kind's name."""
    return _code("kind", kind, codes.KINDS)


def activation_code(activation):
    """Code of an activation's name."""
    return _code("activation", activation, codes.ACTIVATIONS)


def _code(name, value, table):
    if type(value) is str and value in table:
        return table[value]
    return table[check_choice(name, value, tuple(table))]


def check_params(kind, act, p0, p1):
    """Raise unless the parameters suit the nodes; all are arrays, or one code for all."""
    match, cosine, clip = kind == codes.MATCH, kind == codes.COSINE, act == codes.CLIP
    affected = match | cosine | clip
    if affected is False or not np.any(affected):
        return
    if (match & ~(p0 >= _LEAST_WIDTH)).any():
        raise ValueError(
            f'p0, the width of kind "match", must be > 0, at least {_LEAST_WIDTH} (its square '
            f"must not vanish in float32), got {p0.min()}"
        )
    if (cosine & ~(p1 >= 0)).any():
        raise ValueError(f'p1, the floor of kind "cosine", must be >= 0, got {p1.min()}')
    if (clip & ~(p0 < p1)).any():
        raise ValueError('activation "clip" needs bounds p0 < p1: give p0= and p1=')
    if np.any(clip & (match | cosine)):
        raise ValueError('activation "clip" does not go with "match" or "cosine": both use p0, p1')


def _check_names(names, count):
    if names is None:
        return []
    names = [names] if isinstance(names, str) else list(names)
    if len(names) != count or not all(isinstance(n, str) for n in names):
        raise ValueError(f"names must be {count} strings, got {names!r}")
    return names


def seed_for(graph, random_state, *groups):
    """The caller's seed, else one of this graph and these nodes: no two calls draw the same.

    What a graph holds and which nodes are named is all that goes in, so that the same calls build
    the same graph.
    """
    if random_state is not None:
        return seed_of(random_state)
    s = graph._store
    return seed_from(s[h.NEXT_ID], s[h.N_EDGES], s[h.N_DELAYED], *groups)


def _birth_weights(graph, weights, shape, parents, random_state, indptr):
    """Given weights broadcast to ``shape``, or N(0, 1 / number of parents) for "normal"."""
    if isinstance(weights, str):
        check_choice("weights", weights, ("normal",))
        fan_in = shape[-1]
        if len(shape) == 1:
            fan_in = np.repeat(np.diff(indptr), np.diff(indptr))
        return draw_normal(seed_for(graph, random_state, parents), shape, fan_in)
    return as_float32("weights", weights, shape)


def draw_normal(seed, shape, fan_in):
    """N(0, 1/fan_in), float32."""
    draws = generator(seed, "weights").standard_normal(shape)
    return (draws / np.sqrt(np.maximum(fan_in, 1))).astype(np.float32)


def without(graph, ids):
    """What inputs, scales, outputs and groups will be without some nodes, for :func:`forget`."""
    keep = ~np.isin(graph._inputs, ids)
    lists = {
        "_inputs": graph._inputs[keep],
        "_shift": None if graph._shift is None else graph._shift[keep],
        "_scale": None if graph._scale is None else graph._scale[keep],
        "_outputs": graph._outputs[~np.isin(graph._outputs, ids)],
    }
    groups = {k: as_ids(f"group {k!r}", members) for k, members in graph.groups.items()}
    return lists, {k: members[~np.isin(members, ids)] for k, members in groups.items()}


def forget(graph, ids, lists, groups):
    """Drop removed nodes from the lists of inputs, outputs, names and groups."""
    graph.__dict__.update(lists)
    graph.groups.update(groups)
    for node in ids.tolist():
        graph.names.pop(node, None)


def split_edge(graph, source, target, kind, activation, bias, w_in, w_out):
    """Put a node on an edge; see :meth:`Graph.split_edge`."""
    if w_out is None:
        there = graph.sources(target)
        place = np.flatnonzero(there[0] == graph._one_id("source", source))
        w_out = there[1][place[0]] if place.size else 0.0
    kind, act = kind_code(kind), activation_code(activation)
    if kind in (codes.INPUT, codes.MATCH, codes.COSINE) or act == codes.CLIP:
        raise ValueError("split_edge makes nodes without p0 and p1: use add_node and add_edge")
    values = [as_float32(n, v, ())[()] for n, v in
              (("bias", bias), ("w_in", w_in), ("w_out", w_out))]  # fmt: skip
    u, v = graph._one_id("source", source), graph._one_id("target", target)
    return graph._store.call(store_kernels.split_edge, u, v, kind, act, *values)


def rewire(graph, node, sources, weights, bias):
    """Give a node other in-edges; see :meth:`Graph.rewire`."""
    node, ids = graph._one_id("node", node), as_ids("sources", sources)
    if bias is None:
        bias = graph._store.bias[graph._slot(node)]
    values = as_float32("weights", weights, ids.shape), as_float32("bias", bias, ())[()]
    graph._store.call(rewire_kernels.rewire, node, ids, *values)


# ---- whole graphs ---------------------------------------------------------------------------
def layered(cls, sizes, *, activation="tanh", output="identity", random_state=None):
    """Dense layers.

    Parameters
    ----------
    sizes : sequence of int, at least two
        Inputs, hidden layers, outputs.
    activation, output : str
        Of hidden and of output nodes.
    random_state : None, int or numpy Generator

    Returns
    -------
    Graph

    Examples
    --------
    >>> from growgraph import Graph
    >>> Graph.layered([4, 8, 2])
    Graph(14 nodes: 4 inputs, 2 outputs; 48 edges)
    """
    if len(sizes) < 2:
        raise ValueError(f"sizes must name at least inputs and outputs, got {sizes!r}")
    seed = seed_of(random_state)
    graph = cls()
    layer = graph.add_inputs(sizes[0])
    for depth, size in enumerate(sizes[1:], 1):
        last = depth == len(sizes) - 1
        add = graph.add_outputs if last else graph.add_nodes
        layer = add(size, activation=output if last else activation, sources=layer,
                    weights="normal", random_state=seed + depth)  # fmt: skip
    return graph


def random_dag(
    cls, n_nodes, fan_in, *, n_inputs=None, n_outputs=1, activation="tanh", random_state=None
):
    """A random acyclic graph: each node reads ``fan_in`` of the nodes before it.

    Parameters
    ----------
    n_nodes : int
        All nodes, inputs and outputs included.
    fan_in : int
        In-edges a node; fewer where fewer nodes stand before it.
    n_inputs : int, optional
        ``fan_in`` if not given.
    n_outputs : int, default 1
        The last nodes.
    activation : str, default "tanh"
    random_state : None, int or numpy Generator

    Returns
    -------
    Graph

    Examples
    --------
    >>> from growgraph import Graph
    >>> Graph.random_dag(100, 8, random_state=0)
    Graph(100 nodes: 8 inputs, 1 outputs; 736 edges)
    """
    fan_in = check_number("fan_in", fan_in, 1, integer=True)
    n_inputs = check_number("n_inputs", fan_in if n_inputs is None else n_inputs, 1, integer=True)
    n_outputs = check_number("n_outputs", n_outputs, 0, integer=True)
    n_nodes = check_number("n_nodes", n_nodes, n_inputs + n_outputs, integer=True)
    rng = generator(seed_of(random_state), "random_dag")
    act = activation_code(activation)
    graph = cls()
    graph.add_inputs(n_inputs)
    for role, begin, end in (
        ("hidden", n_inputs, n_nodes - n_outputs),
        ("output", n_nodes - n_outputs, n_nodes),
    ):
        before = np.arange(begin, end)
        k = np.minimum(fan_in, before)
        parents = np.concatenate(
            [_distinct(rng, b, n) for b, n in zip(before.tolist(), k.tolist(), strict=True)]
            or [np.empty(0, np.int64)]
        )
        weights = rng.standard_normal(parents.size) / np.sqrt(np.repeat(k, k))
        zero = np.zeros(before.size, np.float32)
        graph._store.call(
            store_kernels.add_nodes, codes.SUM, act, codes.ROLES[role], zero, zero, zero,
            np.concatenate([[0], np.cumsum(k)]), parents, weights.astype(np.float32),
        )  # fmt: skip
    graph._outputs = np.arange(n_nodes - n_outputs, n_nodes)
    return graph


def _distinct(rng, below, count):
    """``count`` distinct integers below ``below``, in random sequence."""
    if count * 4 >= below:
        return rng.permutation(below)[:count]
    picked = np.unique(rng.integers(0, below, count))
    while picked.size < count:
        picked = np.unique(np.append(picked, rng.integers(0, below, count - picked.size)))
    return rng.permutation(picked)


def from_edges(cls, n_inputs, edges, *, n_outputs=1, activation="identity"):
    """A graph from triples: nodes are 0 .. the largest id named, inputs first, outputs last.

    Parameters
    ----------
    n_inputs : int
    edges : iterable of (source, target, weight) or array [m, 3]
    n_outputs : int, default 1
    activation : str, default "identity"
        Of hidden nodes; outputs are linear.

    Returns
    -------
    Graph

    Examples
    --------
    >>> from growgraph import Graph
    >>> Graph.from_edges(2, [(0, 2, 1.0), (1, 2, -1.0)]).forward([[3.0, 1.0]])
    array([[2.]], dtype=float32)
    """
    table = np.array([tuple(e) for e in edges], dtype=np.float64).reshape(-1, 3)
    with np.errstate(invalid="ignore"):
        ids = table[:, :2].astype(np.int64)
    if (ids != table[:, :2]).any() or (ids < 0).any():
        raise GraphError("edges must name nodes by integers >= 0")
    total = max(int(ids.max()) + 1 if ids.size else 0, n_inputs + n_outputs)
    graph = cls()
    graph.add_inputs(n_inputs)
    if total > n_inputs + n_outputs:
        graph.add_nodes(total - n_inputs - n_outputs, activation=activation)
    graph.add_outputs(n_outputs)
    graph.connect(ids[:, 0], ids[:, 1], table[:, 2], pairs=True)
    return graph
