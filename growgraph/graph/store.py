"""The owner of a graph's arrays: allocates, enlarges, calls kernels, turns status into errors."""

import numpy as np

from growgraph.errors import CycleError, GraphError, UnknownNodeError
from growgraph.kernels import _handle as h
from growgraph.kernels import cut, order, status

_PAD = 64  # pool entries that a prefetch may read past the end
_WANT = {
    "NODE_CAP": ("N_SLOTS", "WANT_NODES", 1),
    "ID_CAP": ("NEXT_ID", "WANT_NODES", 1),
    "POOL_CAP": ("POOL_USED", "WANT_POOL", 1),
    "SPOOL_CAP": ("SPOOL_USED", "WANT_SPOOL", 1),
    "DPOOL_CAP": ("DPOOL_USED", "WANT_DPOOL", 1),
    "EV_CAP": ("EV_USED", "WANT_EV", h.EV_WIDTH),
    "EVP_CAP": ("EVP_USED", "WANT_EVP", 1),
}
_CAPS = ("NODE_CAP", "ID_CAP", "POOL_CAP", "SPOOL_CAP", "DPOOL_CAP", "EV_CAP", "EVP_CAP")
# what a file holds of each array: as many entries as this counter says
_COUNTED = {
    "NODE_CAP": h.N_SLOTS,
    "ID_CAP": h.NEXT_ID,
    "POOL_CAP": h.POOL_USED,
    "SPOOL_CAP": h.SPOOL_USED,
    "DPOOL_CAP": h.DPOOL_USED,
    "EVP_CAP": h.EVP_USED,
    "CTX_CAP": h.CTX_CAP,
}
_TRANSIENT = ("mark", "scratch", "via")
_MAX_NODES = 2**31 - 1  # slots are int32


class Store:
    """Arrays, counters and the handle of one graph.

    Parameters
    ----------
    caps : dict of str to int, optional
        First capacities, by counter name (``"NODE_CAP"`` ...).
    """

    def __init__(self, caps=None):
        self.H = np.zeros(h.HANDLE_SIZE, np.int64)
        self.arrays = {}
        self.H[h.CTX_CAP] = h.CTX_WIDTH
        self[h.HEAD] = self[h.TAIL] = -1
        for name in _CAPS:
            self.H[h.COUNTERS[name]] = max(_WANT[name][2], (caps or {}).get(name, 8))
        for name in h.ARRAYS:
            self._allocate(name)
        self._point()

    def __getitem__(self, counter):
        return int(self.H[counter])

    def __setitem__(self, counter, value):
        self.H[counter] = value

    def __getattr__(self, name):
        try:
            return self.__dict__["arrays"][name]
        except KeyError:
            raise AttributeError(name) from None

    # ---- memory ---------------------------------------------------------------------------------
    def _allocate(self, name):
        """(Re)allocate an array to its capacity, keeping its content, padded for prefetching."""
        _, code, cap = h.ARRAYS[name]
        size = self[h.COUNTERS[cap]]
        base = np.zeros(size + _PAD, h.DTYPES[code])
        old = self.arrays.get(name)
        if old is not None:
            base[: old.size] = old
        self.arrays[name] = base[:size]

    def _point(self):
        """Write the arrays' addresses into the handle."""
        for name, (where, _, _) in h.ARRAYS.items():
            self.H[where] = self.arrays[name].ctypes.data

    def reserve(self, **more):
        """Make room for so many more entries, by capacity name (``NODE_CAP=10``)."""
        grown = []
        for cap, extra in more.items():
            used, _, width = _WANT[cap]
            need = (self[h.COUNTERS[used]] + extra) * width
            have = self[h.COUNTERS[cap]]
            if need > have:
                if cap == "NODE_CAP" and need > _MAX_NODES:
                    raise GraphError(f"a graph holds at most {_MAX_NODES} nodes, asked {need}")
                size = max(need, have + have // 2, 64)
                grown.append((cap, size + -size % width))  # whole rows of events
        if not grown:
            return
        before = {cap: self[h.COUNTERS[cap]] for cap, _ in grown}
        held = dict(self.arrays)
        try:
            for cap, size in grown:
                self.H[h.COUNTERS[cap]] = size
                for name, (_, _, governed) in h.ARRAYS.items():
                    if governed == cap:
                        self._allocate(name)
        except MemoryError:
            self.arrays = held
            for cap, size in before.items():
                self.H[h.COUNTERS[cap]] = size
            raise
        finally:
            self._point()

    def call(self, kernel, *args):
        """Call a structural kernel; enlarge and repeat while it asks for space; raise on errors."""
        while True:
            code = int(kernel(self.H, *args))
            if code >= 0:
                return code
            if code != status.NEED_SPACE:
                self._raise(code)
            self.reserve(**{cap: self[h.COUNTERS[want]] for cap, (_, want, _) in _WANT.items()})

    def _raise(self, code):
        a, b = self[h.ERR_A], self[h.ERR_B]
        if code == status.DEAD_ID:
            state = "was removed" if 0 <= a < self[h.NEXT_ID] else "does not exist"
            raise UnknownNodeError(f"node {a} {state}; living ids are in graph.nodes")
        if code == status.CYCLE:
            path = self.scratch[: self[h.ERR_N]]
            cycle = [int(self.id_of[s]) for s in path] + [b]
            raise CycleError(
                f"edge {a} -> {b} would close the cycle {' -> '.join(map(str, cycle))}; "
                "give it delay=1 to let it read the step before",
                cycle,
            )
        texts = {
            status.DUPLICATE: f"edge {a} -> {b} is there already or is named twice; "
            "change its weight with set_weight",
            status.BAD_TARGET: f"node {b} is an input and takes no edges; "
            "make the target a hidden or output node",
            status.NO_EDGE: f"there is no edge {a} -> {b}",
            status.SELF_LOOP: f"edge {a} -> {b} reads its own value; give it delay=1",
        }
        raise GraphError(texts[code])

    # ---- whole-store work -----------------------------------------------------------------------
    def copy(self):
        """An independent store with the same content and capacities."""
        twin = object.__new__(Store)
        twin.arrays = {}
        twin.H = self.H.copy()
        for name, array in self.arrays.items():
            twin._allocate(name)
            twin.arrays[name][:] = array
        twin._point()
        return twin

    def pack(self):
        """Renumber the slots in list order, drop what is dead and wasted, make blocks exact."""
        fresh = Store(
            {
                "NODE_CAP": self[h.N_ALIVE],
                "ID_CAP": self[h.NEXT_ID],
                "POOL_CAP": self[h.N_EDGES],
                "SPOOL_CAP": self[h.N_EDGES],
                "DPOOL_CAP": self[h.N_DELAYED],
            }
        )
        fresh.slot_of[:] = -1
        fresh[h.NEXT_ID] = self[h.NEXT_ID]
        cut.pack(self.H, fresh.H)
        for name in ("ev", "evf", "evp_id", "evp_w", "ctx", "ctxf"):
            fresh.arrays[name] = self.arrays[name]
        for counter in (h.EV_USED, h.EVP_USED, h.EV_CAP, h.EVP_CAP, h.RECORD, h.ORDER_WORK):
            fresh[counter] = self[counter]
        fresh._shrink("src", "SPOOL_CAP", fresh[h.SPOOL_USED])
        self.arrays, self.H = fresh.arrays, fresh.H
        self._point()

    def _shrink(self, name, cap, size):
        """Give back what an array does not use."""
        self[h.COUNTERS[cap]] = max(1, size)
        kept = self.arrays.pop(name)[: max(1, size)].copy()
        self._allocate(name)
        self.arrays[name][:] = kept

    @property
    def nbytes(self):
        """Bytes of all arrays, slack included."""
        return sum(a.nbytes for a in self.arrays.values()) + self.H.nbytes

    def order(self):
        """Slots in list order, int64."""
        slots = np.empty(self[h.N_ALIVE], np.int64)
        order.listing(self.H, slots)
        return slots

    def relist(self, slots):
        """Give the order list this sequence of all living slots, with fresh labels."""
        n = slots.size
        self.nxt[slots[:-1]], self.prv[slots[1:]] = slots[1:], slots[:-1]
        self.label[slots] = (np.arange(n, dtype=np.int64) + 1) * order.GAP
        if n:
            self.nxt[slots[-1]] = self.prv[slots[0]] = -1
            self[h.HEAD], self[h.TAIL] = int(slots[0]), int(slots[-1])

    # ---- state for files ------------------------------------------------------------------------
    def to_arrays(self):
        """The store as named arrays: block order, bundles, labels, slack as they are."""
        counters = self.H[: h.EVP_USED + 1].copy()
        counters[[h.MARK, h.ORDER_WORK]] = 0  # epochs and work done are no content
        out = {"counters": counters}
        for name, (_, _, cap) in h.ARRAYS.items():
            if name in _TRANSIENT:
                continue
            used = self[h.EV_USED] * h.EV_WIDTH if cap == "EV_CAP" else self[_COUNTED[cap]]
            out[name] = self.arrays[name][:used]
        return out

    @classmethod
    def from_arrays(cls, arrays):
        """Rebuild a store from :meth:`to_arrays`."""
        counters = arrays["counters"]
        caps = {cap: int(counters[used]) for cap, used in _COUNTED.items() if cap != "CTX_CAP"}
        caps["EV_CAP"] = int(counters[h.EV_USED]) * h.EV_WIDTH
        store = cls(caps)
        store.H[: counters.size] = counters
        for name in h.ARRAYS:
            if name not in _TRANSIENT:
                store.arrays[name][: arrays[name].size] = arrays[name]
        return store


def aligned(shape):
    """A float32 array whose first row starts on a cache line."""
    size = int(np.prod(shape))
    base = np.zeros(size + 16, np.float32)
    first = (-base.ctypes.data // 4) % 16
    return base[first : first + size].reshape(shape)
