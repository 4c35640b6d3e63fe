"""Twin of kernels/cut.py: entries leave lists, nodes leave the dict, packing renumbers slots."""

import copy

from growgraph.kernels import codes
from growgraph.kernels.status import DEAD_ID, NO_EDGE, OK


def _drop(node, entries, at):
    """The last entry takes the place of the one that goes; a gate's block moves up instead."""
    keeps_sequence = node.kind in (codes.GATE, codes.QUESTION) and entries is node.edges
    if not keeps_sequence:
        entries[at] = entries[-1]
        at = len(entries) - 1
    del entries[at]


def remove_edge(g, source, target, delayed):
    if source not in g.nodes or target not in g.nodes:
        return DEAD_ID
    node = g.nodes[target]
    entries, sources = (node.late, node.late_sources) if delayed else (node.edges, node.sources)
    if source not in sources:
        return NO_EDGE
    g.record(codes.OP_REMOVE_EDGE, target, source, 0, delayed)
    _drop(node, entries, sources.index(source))
    return OK


def remove_nodes(g, nodes):
    doomed = [int(i) for i in nodes]
    if len(set(doomed)) < len(doomed) or any(i not in g.nodes for i in doomed):
        return DEAD_ID
    for i, node_id in enumerate(doomed):
        g.record(codes.OP_REMOVE_NODE, node_id, len(doomed), i)
        g.order.remove(node_id)
        del g.nodes[node_id]
    for node in g.nodes.values():
        for entries in (node.edges, node.late):
            for at in reversed(range(len(entries))):
                if entries[at][0] in doomed:
                    _drop(node, entries, at)
    return OK


def prune(g, threshold):
    removed = 0
    for node in g.in_slot_order():
        weak = []
        if node.kind in (codes.SUM, codes.MEAN):
            for at in reversed(range(len(node.edges))):
                if abs(node.edges[at][1]) < threshold:
                    weak.append((node.edges[at][0], node.edges[at][1]))
                    _drop(node, node.edges, at)
        if weak:
            g.record(codes.OP_PRUNE, node.id, parents=weak)
            removed += len(weak)
    return removed


def pack(g, f):
    """Model f becomes g with slots in list order; ids and events of f stay its own."""
    f.nodes, f.order = copy.deepcopy(g.nodes), list(g.order)
    for slot, node in enumerate(f.in_order()):
        node.slot = slot
    f.n_slots = len(f.order)
    return OK
