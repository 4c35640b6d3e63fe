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
    graph, told = Graph.from_state(log._graph._base), _Told(log, upto)
    ops = told.rows[:, h.EV_OP]
    others = np.append(np.flatnonzero(ops != codes.OP_REWIRE), ops.size).tolist()
    event = at = 0
    while event < ops.size:
        if event < others[at]:  # the many of a grove, in one go
            _rewire(graph, told, event, others[at])
            event = others[at]
        else:
            event = _redo(graph, told, event)
            while others[at] < event:
                at += 1
    return graph


class _Told:
    """What a log tells of each event, at hand for thousands of them."""

    def __init__(self, log, upto):
        store = log._graph._store
        self.rows, self._floats = log._rows()[:upto], log._floats()[:upto]
        self.lists = self.rows.tolist()
        self.births = np.ascontiguousarray(self._floats[:, : h.EVF_P1 + 1].T)
        self._ids, self._weights = store.evp_id, store.evp_w

    def parents(self, first, stop):
        """Ids and birth weights of the edges that events first .. stop - 1 made, in one piece."""
        a, b = self.lists[first][h.EV_OFFSET], self.lists[stop - 1][h.EV_OFFSET]
        b += self.lists[stop - 1][h.EV_COUNT]
        return self._ids[a:b], self._weights[a:b]


def _rewire(graph, told, first, stop):
    """Repeat rewirings that follow each other."""
    graph._store.call(
        rewire.rewire_again, np.ascontiguousarray(told.rows[first:stop]),
        told.births[h.EVF_BIAS, first:stop], told.lists[first][h.EV_OFFSET],
        *told.parents(first, stop),
    )  # fmt: skip


def goes_on(row):
    """True if an event is not the first of the call that made it."""
    op = row[h.EV_OP]
    later_birth = op == codes.OP_NODE and row[h.EV_CODE] > 0
    return later_birth or (op == codes.OP_REMOVE_NODE and row[h.EV_B] > 0)


def _together(rows, event):
    """Where a run of delayed edges of one kind ends: its targets ascend, as one call tells them."""
    stop, first = event + 1, rows[event]
    while stop < len(rows) and (
        rows[stop][h.EV_OP] == codes.OP_EDGE
        and rows[stop][h.EV_FLAG] == first[h.EV_FLAG]
        and rows[stop][h.EV_NODE] > rows[stop - 1][h.EV_NODE]
    ):
        stop += 1
    return stop


def _redo(graph, told, event):
    """Repeat one event, or all of one call's births or removals; returns the next."""
    row, store_, stop = told.lists[event], graph._store, event + 1
    op, node = row[h.EV_OP], row[h.EV_NODE]
    if op in (codes.OP_NODE, codes.OP_REMOVE_NODE):
        while stop < len(told.lists) and goes_on(told.lists[stop]):
            stop += 1
        if op == codes.OP_NODE:
            _bear(graph, told, event, stop)
        else:
            graph.remove_nodes(told.rows[event:stop, h.EV_NODE].copy())
        return stop
    a, b, flag = row[h.EV_A], row[h.EV_B], row[h.EV_FLAG]
    if op == codes.OP_EDGE and flag >= 0:
        stop = _together(told.lists, event)
    parents, weights = told.parents(event, stop)
    if op == codes.OP_EDGE and flag < 0:
        store_.call(edges.add_edges, node, parents, weights)
    elif op == codes.OP_EDGE:
        rows = told.rows[event:stop]
        ends = np.append(0, np.cumsum(rows[:, h.EV_COUNT]))
        targets = rows[:, h.EV_NODE].copy()
        store_.call(edges.add_delayed_groups, targets, ends, parents, weights, flag)
    elif op == codes.OP_SPLIT:
        bias = told.births[h.EVF_BIAS, event]
        store_.call(store.split_edge, a, b, flag, row[h.EV_CODE], bias, weights[1], weights[0])
    elif op == codes.OP_REMOVE_EDGE:
        store_.call(cut.remove_edge, a, node, flag)
    else:
        for source in parents:
            store_.call(cut.remove_edge, int(source), node, 0)
    return stop


def _bear(graph, told, event, stop):
    """Repeat the births of one call, siblings in one go: their order depends on it."""
    row = told.lists[event]
    kind, act, role = row[h.EV_A], row[h.EV_B], row[h.EV_FLAG]
    ends = [0]
    for sibling in told.lists[event:stop]:
        ends.append(ends[-1] + sibling[h.EV_COUNT])
    birth = told.births[:, event:stop]
    first = graph._store.call(
        store.add_nodes, kind, act, role, *birth, np.array(ends), *told.parents(event, stop)
    )
    if role == codes.ROLE_HIDDEN:
        return
    born = np.arange(first, first + stop - event)
    if role == codes.ROLE_INPUT:
        graph._inputs = np.append(graph._inputs, born)
        if graph._shift is not None:
            graph._shift = np.append(graph._shift, np.zeros(born.size))
            graph._scale = np.append(graph._scale, np.ones(born.size))
    else:
        graph._outputs = np.append(graph._outputs, born)
