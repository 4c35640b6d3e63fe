"""A point to come back to while a proposal is carried out: all of it is done, or nothing.

Nothing is copied but what a proposal can touch: counters, the order list, the blocks of the nodes
named, and the lists that Python keeps. Blocks that move leave their old place to nobody, so that
they can be put back where they stood.
"""

import numpy as np

from growgraph._validation import as_ids
from growgraph.kernels import _handle as h

_LISTED = ("nxt", "prv", "label", "flags")  # flags: whose source list a new node came to share
_HEADS = ("start", "sstart", "length", "cap")
_LATE_HEADS = ("dstart", "dlen", "dcap")
_LATE = ("dw", "dstab", "dsrc", "dflag")
_KEPT = (h.MARK, h.ORDER_WORK)  # epochs and work done never go back
_LISTS = ("_inputs", "_outputs", "_shift", "_scale")


class Savepoint:
    """The state of a graph before nodes and edges are added, undelayed ones split or removed.

    Parameters
    ----------
    graph : Graph
    targets : ids
        The nodes whose undelayed in-edges may change. Nodes themselves may only be added.
    late : ids
        The nodes to which delayed edges may be added.
    """

    def __init__(self, graph, targets=(), late=()):
        store, slots = graph._store, np.unique(graph._slots(as_ids("targets", targets)))
        self._graph, self._slots = graph, slots
        self._counters = store.H[: h.EVP_USED + 1].copy()
        n = store[h.N_SLOTS]
        self._listed = {name: store.arrays[name][:n].copy() for name in _LISTED}
        self._heads = {name: store.arrays[name][slots] for name in _HEADS}
        self._blocks = [self._block(store, slot) for slot in slots.tolist()]
        self._late = np.unique(graph._slots(as_ids("late", late)))
        if store[h.DNODE_CAP]:
            self._late_heads = {n: getattr(store, n)[self._late] for n in _LATE_HEADS}
        else:  # no edge has a delay
            self._late_heads = dict.fromkeys(_LATE_HEADS, np.zeros(self._late.size, np.int64))
        self._context = store.ctx.copy(), store.ctxf.copy()
        self._lists = {name: getattr(graph, name) for name in _LISTS}
        self._base, self._n_words = graph._base, len(graph._words)

    @staticmethod
    def _block(store, slot):
        a, b, room = int(store.start[slot]), int(store.sstart[slot]), int(store.cap[slot])
        return [
            (name, at, store.arrays[name][at : at + room].copy())
            for name, at in (("w", a), ("stab", a), ("src", b))
        ]

    def restore(self):
        """Let the graph be what it was, its log, ids, slots and words included."""
        graph, store = self._graph, self._graph._store
        with store.changing():  # written in place: whoever reads keeps what there was
            n, first = int(self._counters[h.N_SLOTS]), int(self._counters[h.NEXT_ID])
            for node in range(first, store[h.NEXT_ID]):
                graph.names.pop(node, None)
            store.slot_of[first : store[h.NEXT_ID]] = -1
            store.alive[n : store[h.N_SLOTS]] = 0
            for name, was in self._listed.items():
                store.arrays[name][:n] = was
            for name, was in self._heads.items():
                store.arrays[name][self._slots] = was
            for name, at, was in (part for block in self._blocks for part in block):
                store.arrays[name][at : at + was.size] = was
            self._restore_late(store, n)
            kept = [store[counter] for counter in _KEPT]
            store.H[: self._counters.size] = self._counters
            for counter, value in zip(_KEPT, kept, strict=True):
                store[counter] = value
            store.ctx[:], store.ctxf[:] = self._context
            for name, was in self._lists.items():
                setattr(graph, name, was)
            graph._base = self._base
            del graph._words[self._n_words :]

    def _restore_late(self, store, n):
        """Delayed blocks were only appended to, or moved: their old places hold what they held."""
        if store[h.DNODE_CAP] == 0:
            return
        for name, was in self._late_heads.items():
            store.arrays[name][self._late] = was
            store.arrays[name][n : store[h.N_SLOTS]] = 0
        used = int(self._counters[h.DPOOL_USED])
        heads = zip(*(self._late_heads[name].tolist() for name in _LATE_HEADS), strict=True)
        for at, length, room in heads:
            for name in _LATE:
                store.arrays[name][at + length : at + room] = 0
        for name in _LATE:
            store.arrays[name][used : store[h.DPOOL_USED]] = 0
