"""Rebuilding a graph from its log: every event is done again, with its birth values."""

import numpy as np

from growgraph.graph import Graph
from growgraph.kernels import _handle as h
from growgraph.kernels import codes, cut, edges, rewire, store


def replay(log, upto=None):
    """Rebuild structure and birth values from a log.

    Parameters
    ----------
    log : GrowthLog
    upto : int, optional
        Stop after so many events.

    Returns
    -------
    Graph
        With the same ids, kinds, order and edges in block order. Weights are those at birth.
    """
    graph = Graph.from_state(log._graph._base)
    rows, floats = log._rows()[:upto], log._floats()[:upto]
    event = 0
    rewires = rows[:, h.EV_OP] == codes.OP_REWIRE
    others = np.append(np.flatnonzero(~rewires), rows.shape[0])
    while event < rows.shape[0]:
        if rewires[event]:  # the many of a grove, in one go
            stop = int(others[np.searchsorted(others, event)])
            _rewire(graph, log, rows[event:stop], floats[event:stop, h.EVF_BIAS])
            event = stop
        else:
            event += _redo(graph, log, rows, floats, event)
    return graph


def _rewire(graph, log, rows, biases):
    """Repeat rewirings that follow each other."""
    first, last = int(rows[0, h.EV_OFFSET]), int(rows[-1, h.EV_OFFSET] + rows[-1, h.EV_COUNT])
    s = log._graph._store
    parents, weights = s.evp_id[first:last].copy(), s.evp_w[first:last].copy()
    graph._store.call(
        rewire.rewire_again, np.ascontiguousarray(rows), np.ascontiguousarray(biases), first,
        parents, weights,
    )  # fmt: skip


def goes_on(row):
    """True if an event is not the first of the call that made it."""
    op = row[h.EV_OP]
    later_birth = op == codes.OP_NODE and row[h.EV_CODE] > 0
    return later_birth or (op == codes.OP_REMOVE_NODE and row[h.EV_B] > 0)


def _redo(graph, log, rows, floats, event):
    """Repeat one event, or all of one call's births or removals; returns how many it was."""
    row, store_ = rows[event], graph._store
    op, node = int(row[h.EV_OP]), int(row[h.EV_NODE])
    if op in (codes.OP_NODE, codes.OP_REMOVE_NODE):
        stop = event + 1
        while stop < len(rows) and goes_on(rows[stop]):
            stop += 1
        if op == codes.OP_NODE:
            _bear(graph, log, floats, range(event, stop))
        else:
            graph.remove_nodes(rows[event:stop, h.EV_NODE].copy())
        return stop - event
    parents, weights = log.parents(event)
    a, b, flag = int(row[h.EV_A]), int(row[h.EV_B]), int(row[h.EV_FLAG])
    if op == codes.OP_EDGE and flag < 0:
        store_.call(edges.add_edges, node, parents, weights)
    elif op == codes.OP_EDGE:
        store_.call(edges.add_delayed, node, parents, weights, flag)
    elif op == codes.OP_SPLIT:
        code, bias = int(row[h.EV_CODE]), floats[event, h.EVF_BIAS]
        store_.call(store.split_edge, a, b, flag, code, bias, weights[1], weights[0])
    elif op == codes.OP_REMOVE_EDGE:
        store_.call(cut.remove_edge, a, node, flag)
    else:
        for source in parents:
            store_.call(cut.remove_edge, int(source), node, 0)
    return 1


def _bear(graph, log, floats, events):
    """Repeat the births of one call, siblings in one go: their order depends on it."""
    row = log._rows()[events[0]]
    kind, act, role = (int(row[c]) for c in (h.EV_A, h.EV_B, h.EV_FLAG))
    held = [log.parents(event) for event in events]
    indptr = np.cumsum([0, *(ids.size for ids, _ in held)])
    parents, weights = (np.concatenate(part) for part in zip(*held, strict=True))
    birth = [floats[events[0] : events[-1] + 1, c].copy() for c in range(h.EVF_P1 + 1)]
    first = graph._store.call(store.add_nodes, kind, act, role, *birth, indptr, parents, weights)
    born = np.arange(first, first + len(events))
    if role == codes.ROLE_INPUT:
        graph._inputs = np.append(graph._inputs, born)
        if graph._shift is not None:
            graph._shift = np.append(graph._shift, np.zeros(born.size))
            graph._scale = np.append(graph._scale, np.ones(born.size))
    elif role == codes.ROLE_OUTPUT:
        graph._outputs = np.append(graph._outputs, born)
