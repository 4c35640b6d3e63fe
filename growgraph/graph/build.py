"""Building: checks what is asked, draws weights, calls the store's kernels."""

import numpy as np

from growgraph._random import generator, seed_from, seed_of
from growgraph._validation import as_float32, as_ids, check_choice, check_number
from growgraph.errors import GraphError
from growgraph.kernels import _handle as h
from growgraph.kernels import codes, edges
from growgraph.kernels import store as store_kernels

KIND_NAMES = {code: name for name, code in codes.KINDS.items()}
ACTIVATION_NAMES = {code: name for name, code in codes.ACTIVATIONS.items()}
ROLE_NAMES = {code: name for name, code in codes.ROLES.items()}
_LEAST_WIDTH = 1e-12


def add_nodes(
    graph, count, kind, activation, role, sources=None, weights=1.0, bias=0.0, p0=0.0, p1=0.0,
    names=None, random_state=None,
):  # fmt: skip
    """Add ``count`` nodes of one kind; see :meth:`Graph.add_nodes`."""
    count = check_number("count", count, 1, integer=True)
    kind, act = kind_code(kind), activation_code(activation)
    if (kind == codes.INPUT) != (role == "input"):
        raise ValueError('kind "input" belongs to add_inputs only')
    parents = as_ids("sources", () if sources is None else sources)
    params = [as_float32(n, v, (count,)) for n, v in (("bias", bias), ("p0", p0), ("p1", p1))]
    check_params(kind, act, params[1], params[2])
    names = _check_names(names, count)
    W = _birth_weights(graph, weights, (count, parents.size), parents, random_state)
    store = graph._store
    head = (kind, act, codes.ROLES[role], *params)
    with store.changing():
        first = store[h.NEXT_ID]
        try:
            if parents.size and count > 1:
                store.call(store_kernels.add_bundle, *head, parents, W)
            else:
                indptr = np.arange(count + 1) * parents.size
                store.call(store_kernels.add_nodes, *head, indptr, parents, W.ravel())
        finally:  # Ctrl-C comes when the kernel is done: the lists must know what it did
            ids = np.arange(first, store[h.NEXT_ID])
            if ids.size:
                _list(graph, role, ids, names)
    return ids


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
    return codes.KINDS[check_choice("kind", kind, tuple(codes.KINDS))]


def activation_code(activation):
    """Code of an activation's name."""
    return codes.ACTIVATIONS[check_choice("activation", activation, tuple(codes.ACTIVATIONS))]


def check_params(kind, act, p0, p1):
    """Raise unless the parameters suit the nodes; all are arrays, or one code for all."""
    match, cosine, clip = kind == codes.MATCH, kind == codes.COSINE, act == codes.CLIP
    if not np.any(match | cosine | clip):
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


def _seed(graph, random_state, *groups):
    """The caller's seed, else one of this graph and these nodes: no two calls draw the same.

    What a graph holds and which nodes are named is all that goes in, so that the same calls build
    the same graph.
    """
    if random_state is not None:
        return seed_of(random_state)
    s = graph._store
    return seed_from(s[h.NEXT_ID], s[h.N_EDGES], s[h.N_DELAYED], *groups)


def _birth_weights(graph, weights, shape, parents, random_state):
    """Given weights broadcast to ``shape``, or N(0, 1 / number of parents) for "normal"."""
    if isinstance(weights, str):
        check_choice("weights", weights, ("normal",))
        return draw_normal(_seed(graph, random_state, parents), shape, parents.size)
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


# ---- edges ----------------------------------------------------------------------------------
def connect(
    graph, sources, targets, weights, density, fan_in, pairs, delay, recurrent, random_state
):
    """Connect groups of nodes; see :meth:`Graph.connect`."""
    check_choice("delay", delay, (0, 1))
    u, v = as_ids("sources", sources), as_ids("targets", targets)
    density, fan_in = _check_selection(u, density, fan_in, pairs)
    graph._slots(u, "sources")
    graph._slots(v, "targets")
    drawn = isinstance(weights, str) or density is not None or fan_in is not None
    seed = _seed(graph, random_state, u, v) if drawn else 0
    S, T, W = _edge_list(u, v, weights, density, fan_in, pairs, seed)
    indptr, ids, S, W = by_target(S, T, W)
    if delay or recurrent:
        flag = codes.RECURRENT if recurrent else codes.DELAYED
        graph._store.call(edges.add_delayed_groups, ids, indptr, S, W, flag)
    else:
        graph._store.call(edges.add_edge_groups, ids, indptr, S, W)


def _check_selection(u, density, fan_in, pairs):
    """Density and fan_in as numbers, or None; raises if more than one selection is asked for."""
    if sum((density is not None, fan_in is not None, bool(pairs))) > 1:
        raise ValueError("give one of density, fan_in and pairs=True, not several")
    if density is not None:
        density = check_number("density", density, 0, 1)
        if density == 0:
            raise ValueError("density must be > 0, got 0: it would make no edge")
    if fan_in is not None:
        fan_in = check_number("fan_in", fan_in, 1, u.size, integer=True)
    return density, fan_in


def _edge_list(u, v, weights, density, fan_in, pairs, seed):
    """The edges asked for as flat arrays (sources, targets, weights)."""
    if pairs and u.size != v.size:
        raise GraphError(f"pairs needs as many sources as targets, got {u.size} and {v.size}")
    given = (v.size, u.size)  # the shape in which weights are given
    if pairs:
        S, T, given = u, v, u.shape
    elif fan_in is not None:
        rng = generator(seed, "connect")
        picked = [rng.choice(u.size, fan_in, replace=False) for _ in range(v.size)]
        S, T = u[np.array(picked, np.int64)].ravel(), np.repeat(v, fan_in)
        given = S.shape
    else:
        S, T = np.tile(u, v.size), np.repeat(v, u.size)
    kept = None if density is None else generator(seed, "connect").random(S.size) < density
    if not isinstance(weights, str):
        W = as_float32("weights", weights, given).ravel()
        return (S, T, W) if kept is None else (S[kept], T[kept], W[kept])
    check_choice("weights", weights, ("normal",))
    if kept is not None:
        S, T = S[kept], T[kept]
    _, target, count = np.unique(T, return_inverse=True, return_counts=True)
    return S, T, draw_normal(seed, T.shape, count[target])


def by_target(S, T, W):
    """Sort edges by target, keeping the sequence within one: (indptr, targets, S, W)."""
    if T.size and np.ptp(T) == 0:
        return np.array([0, T.size]), T[:1].copy(), np.ascontiguousarray(S), W
    rank = np.argsort(T, kind="stable")
    ids, first = np.unique(T[rank], return_index=True)
    indptr = np.append(first, T.size).astype(np.int64)
    return indptr, ids, np.ascontiguousarray(S[rank]), np.ascontiguousarray(W[rank])


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
