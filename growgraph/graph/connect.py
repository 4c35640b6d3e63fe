"""Connecting groups of nodes: which edges are meant, their weights, in the sequence of targets."""

import numpy as np

from growgraph._random import generator
from growgraph._validation import as_float32, as_ids, check_choice, check_number
from growgraph.errors import GraphError
from growgraph.graph import build
from growgraph.kernels import codes, edges


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
    seed = build.seed_for(graph, random_state, u, v) if drawn else 0
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
    return S, T, build.draw_normal(seed, T.shape, count[target])


def by_target(S, T, W):
    """Sort edges by target, keeping the sequence within one: (indptr, targets, S, W)."""
    if (T[1:] < T[:-1]).any():
        rank = np.argsort(T, kind="stable")
        S, T, W = S[rank], T[rank], W[rank]
    first = np.flatnonzero(np.append(T.size > 0, T[1:] != T[:-1]))
    indptr = np.append(first, T.size)
    return indptr, T[first], np.ascontiguousarray(S), np.ascontiguousarray(W)
