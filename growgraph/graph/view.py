"""What a running call reads: the arrays of one moment, kept alive and left alone."""

import numpy as np

from growgraph.errors import UnknownNodeError
from growgraph.kernels import _handle as h
from growgraph.kernels import order


def unknown(node, next_id):
    """The error for an id that is not there."""
    state = "was removed" if 0 <= node < next_id else "does not exist"
    return UnknownNodeError(f"node {node} {state}; living ids are in graph.nodes")


def find_slots(slot_of, next_id, ids):
    """Slots (int32) of ids (int64); raises for the first that is not there."""
    try:
        slots = slot_of[:next_id][ids]
    except IndexError:
        slots = None
    if slots is None or (slots.size and (slots | ids).min() < 0):
        inside = (ids >= 0) & (ids < next_id)
        slots = np.where(inside, slot_of[np.where(inside, ids, 0)], -1)
        raise unknown(int(ids[np.argmax(slots < 0)]), next_id)
    return slots


class View:
    """A store's arrays as they stand, with a handle of their own.

    A store keeps one view until its structure changes, and calls share it. A change of structure
    first moves the store to fresh arrays if somebody reads the old ones (:meth:`Store.changing`),
    so that no reader is waited for or sees half a change. Values (weights, biases) are shared: they
    may change under a reader.
    """

    def __init__(self, store):
        self.H = store.H.copy()
        self.arrays = dict(store.arrays)  # keeps the memory that H points to
        self.users = set()  # calls that are reading now
        self.mirror = None  # out-edges, once a sparse sample asked for them
        self.readers = None  # the same by slot, once a settling asked for them
        self._inputs = self._outputs = None  # the lists whose slots are known
        self._fed = self._asked = None
        self._last = -1
        self._first: int | None = None

    def __getitem__(self, counter):
        return int(self.H[counter])

    def slots(self, ids):
        """Slots (int32) of ids (int64), checked."""
        return find_slots(self.arrays["slot_of"], self[h.NEXT_ID], ids)

    def fed(self, inputs):
        """Slots of the graph's inputs, looked up once."""
        if self._inputs is not inputs:
            self._fed, self._inputs = self.slots(inputs), inputs
        return self._fed

    def asked(self, outputs):
        """Slots of the graph's outputs and the last of them, looked up once."""
        if self._outputs is not outputs:
            self._asked = self.slots(outputs)
            self._last, self._outputs = self.last_of(self._asked), outputs
        return self._asked, self._last

    def last_of(self, slots):
        """The slot that stands last in the order, -1 for none: the sweep may end there."""
        return int(slots[np.argmax(self.arrays["label"][slots])]) if slots.size else -1

    @property
    def first(self):
        """The first slot of the list that is not an input as it is given; a sweep starts there."""
        if self._first is None:
            self._first = int(order.skip_inputs(self.H))
        return self._first

    def order(self):
        """Slots in list order, int64."""
        return listed(self.H)


def listed(H):
    """Slots in list order, int64, of the store behind a handle."""
    slots = np.empty(int(H[h.N_ALIVE]), np.int64)
    order.listing(H, slots)
    return slots


class Reading:
    """One call's hold on a view, with the lists and scales of that moment; ``with`` frees it."""

    __slots__ = ("asked", "fed", "inputs", "last", "scale", "shift", "view")

    def __init__(self, graph):
        store = graph._store
        with store.lock:
            self.view = view = store.view()
            self.inputs, self.shift, self.scale = graph._inputs, graph._shift, graph._scale
            self.fed = view.fed(graph._inputs)
            self.asked, self.last = view.asked(graph._outputs)
            # a hold that is never freed (Ctrl-C at the wrong moment) costs one copy of the store
            view.users.add(self)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.view.users.discard(self)
