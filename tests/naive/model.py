"""A graph as Python lists and dicts: the oracle of structure.

A model stands where a kernel takes its handle. The twins of the structural kernels change it, the
twins of the numerical ones read it. :meth:`Model.of` reads a model off a store's arrays, and
:meth:`Model.differences` says in which words two of them disagree.
"""

from dataclasses import dataclass, field

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes

TOLERANCE = 1e-5
BIRTHS = (codes.OP_NODE, codes.OP_SPLIT, codes.OP_REWIRE)


@dataclass
class Node:
    """One node; ``edges`` hold [source, weight, stability], ``late`` also a flag."""

    id: int
    slot: int
    kind: int
    act: int
    role: int
    bias: float
    p0: float
    p1: float
    edges: list = field(default_factory=list)
    late: list = field(default_factory=list)
    start: int = field(default=0, compare=False)  # of its block in w, where it was read off a store
    late_start: int = field(default=0, compare=False)  # the same in dw

    @property
    def sources(self):
        return [edge[0] for edge in self.edges]

    @property
    def late_sources(self):
        return [edge[0] for edge in self.late]


@dataclass
class Model:
    """Nodes by id, the order as a list of ids, and the log as a list of events."""

    nodes: dict = field(default_factory=dict)
    order: list = field(default_factory=list)
    next_id: int = 0
    n_slots: int = 0
    recording: bool = False
    events: list = field(default_factory=list)

    @classmethod
    def of(cls, store):
        """Read a model off the arrays of a store."""
        model = cls(
            next_id=store[h.NEXT_ID], n_slots=store[h.N_SLOTS], recording=bool(store[h.RECORD])
        )
        slot = store[h.HEAD]
        while slot >= 0:
            node = _node(store, slot)
            model.nodes[node.id] = node
            model.order.append(node.id)
            slot = int(store.nxt[slot])
        model.events = [_event(store, i) for i in range(store[h.EV_USED])]
        return model

    def at(self, slot):
        """The living node in a slot."""
        return next(node for node in self.nodes.values() if node.slot == slot)

    def in_slot_order(self):
        return sorted(self.nodes.values(), key=lambda node: node.slot)

    def in_order(self):
        return [self.nodes[i] for i in self.order]

    def rank(self, node_id):
        return self.order.index(node_id)

    def new_node(self, kind, act, role, bias, p0, p1):
        """A node with the next id in the next slot, not yet in the order."""
        values = (float(bias), float(p0), float(p1))
        node = Node(self.next_id, self.n_slots, int(kind), int(act), int(role), *values)
        self.nodes[node.id] = node
        self.next_id += 1
        self.n_slots += 1
        return node

    def record(self, op, node, a=0, b=0, flag=0, code=0, birth=None, parents=()):
        """Append an event as a plain tuple."""
        if self.recording:
            head = tuple(int(v) for v in (op, node, a, b, flag, code))
            values = None if birth is None else tuple(float(v) for v in birth)
            pairs = tuple((int(p), float(w)) for p, w in parents)
            self.events.append((*head, values, pairs))

    def differences(self, other, *, slots=True, tolerance=TOLERANCE):
        """What two models disagree in, as text; empty if in nothing."""
        found = []
        names = ("next_id", "order", "recording", "n_slots") if slots else ("next_id", "order")
        for name in names:
            a, b = getattr(self, name), getattr(other, name)
            if a != b:
                found.append(f"{name}: {a} != {b}")
        for i in sorted(self.nodes.keys() & other.nodes.keys()):
            found += _node_differences(self.nodes[i], other.nodes[i], slots, tolerance)
        for i, (a, b) in enumerate(zip(self.events, other.events)):
            if not _same_event(a, b, tolerance):
                found.append(f"event {i}: {a} != {b}")
        if len(self.events) != len(other.events):
            found.append(f"{len(self.events)} events != {len(other.events)}")
        return found


def _node_differences(a, b, slots, tolerance):
    found = []
    for name in ("kind", "act", "role", *(("slot",) if slots else ())):
        if getattr(a, name) != getattr(b, name):
            found.append(f"node {a.id} {name}: {getattr(a, name)} != {getattr(b, name)}")
    for name in ("edges", "late"):
        x, y = getattr(a, name), getattr(b, name)
        if [(e[0], *e[3:]) for e in x] != [(e[0], *e[3:]) for e in y]:
            found.append(f"node {a.id} {name}: {x} != {y}")
            continue
        if not _close([e[1:3] for e in x], [e[1:3] for e in y], tolerance):
            found.append(f"node {a.id} {name} values: {x} != {y}")
    if not _close([a.bias, a.p0, a.p1], [b.bias, b.p0, b.p1], tolerance):
        found.append(f"node {a.id} values: {a} != {b}")
    return found


def _same_event(a, b, tolerance):
    """The same in all that is counted, near in birth values and weights."""
    (*head, birth, pairs), (*other, values, others) = a, b
    if head != other or (birth is None) != (values is None):
        return False
    if [p for p, _ in pairs] != [p for p, _ in others]:
        return False
    floats = [*(birth or ()), *(w for _, w in pairs)]
    return _close(floats, [*(values or ()), *(w for _, w in others)], tolerance)


def _close(a, b, tolerance):
    a, b = np.array(a, np.float64), np.array(b, np.float64)
    return bool((np.abs(a - b) <= tolerance * (1 + np.abs(b))).all())


def _node(store, slot):
    values = (float(store.arrays[name][slot]) for name in ("bias", "p0", "p1"))
    code = (int(store.arrays[name][slot]) for name in ("kind", "act", "role"))
    node = Node(int(store.id_of[slot]), int(slot), *code, *values)
    a, s = int(store.start[slot]), int(store.sstart[slot])
    node.start = a
    for i in range(int(store.length[slot])):
        source = int(store.id_of[store.src[s + i]])
        node.edges.append([source, float(store.w[a + i]), float(store.stab[a + i])])
    d = node.late_start = int(store.dstart[slot])
    for i in range(d, d + int(store.dlen[slot])):
        source = int(store.id_of[store.dsrc[i]])
        values = (float(store.dw[i]), float(store.dstab[i]), int(store.dflag[i]))
        node.late.append([source, *values])
    return node


def _event(store, i):
    row = store.ev[i * h.EV_WIDTH : (i + 1) * h.EV_WIDTH].tolist()
    floats = store.evf[i * h.EV_WIDTH : (i + 1) * h.EV_WIDTH].tolist()
    head = tuple(row[c] for c in (h.EV_OP, h.EV_NODE, h.EV_A, h.EV_B, h.EV_FLAG, h.EV_CODE))
    birth = tuple(floats[c] for c in (h.EVF_BIAS, h.EVF_P0, h.EVF_P1))
    a, n = row[h.EV_OFFSET], row[h.EV_COUNT]
    parents = zip(store.evp_id[a : a + n].tolist(), store.evp_w[a : a + n].tolist())
    return (*head, birth if row[h.EV_OP] in BIRTHS else None, tuple(parents))
