"""The owner of a graph's arrays: allocates, enlarges, calls kernels, turns status into errors."""

import threading

import numpy as np

from growgraph.errors import CycleError, GraphError
from growgraph.graph.view import View, listed, unknown
from growgraph.kernels import _handle as h
from growgraph.kernels import cut, order, status

_PAD = 64  # pool entries that a prefetch may read past the end
# capacity: the counter of entries in use, the counter of what a call wants, entries a row
_WANT = {
    "NODE_CAP": ("N_SLOTS", "WANT_NODES", 1),
    "ID_CAP": ("NEXT_ID", "WANT_NODES", 1),
    "POOL_CAP": ("POOL_USED", "WANT_POOL", 1),
    "SPOOL_CAP": ("SPOOL_USED", "WANT_SPOOL", 1),
    "DPOOL_CAP": ("DPOOL_USED", "WANT_DPOOL", 1),
    "EV_CAP": ("EV_USED", "WANT_EV", h.EV_WIDTH),
    "EVP_CAP": ("EVP_USED", "WANT_EVP", 1),
    "PATH_CAP": ("PATH_USED", "WANT_PATH", 1),
}
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
_TRANSIENT = ("mark", "path")
_ONCE_INT64 = ("start", "sstart", "dstart", "id_of")  # in files of older versions
_UNREAD = ("EV_CAP", "EVP_CAP", "CTX_CAP", "PATH_CAP")  # what no running call reads
_GOVERNED = {
    cap: [name for name, (_, _, c) in h.ARRAYS.items() if c == cap]
    for cap in (*_WANT, "DNODE_CAP", "CTX_CAP")
}
# slots and ids are int32, places in the pools uint32
_MOST = {
    "NODE_CAP": (2**31 - 1, "nodes, removed ones included until pack()"),
    "ID_CAP": (2**31 - 1, "nodes, removed ones included: ids are never reused"),
    "POOL_CAP": (2**32 - 1, "weights, with the room its blocks have"),
    "SPOOL_CAP": (2**32 - 1, "sources, with the room its blocks have"),
    "DPOOL_CAP": (2**32 - 1, "delayed edges, with the room their blocks have"),
}


class Store:
    """Arrays, counters and the handle of one graph.

    Whoever changes structure holds ``lock`` through :meth:`changing`; a call that reads takes a
    :meth:`view` under it and lets go.

    Parameters
    ----------
    caps : dict of str to int, optional
        First capacities, by counter name (``"NODE_CAP"`` ...).
    """

    def __init__(self, caps=None):
        self.H = np.zeros(h.HANDLE_SIZE, np.int64)
        self.arrays = {}
        self.lock = threading.RLock()
        self._view = None  # the view of the present structure, once somebody asked for it
        self.H[h.CTX_CAP] = h.CTX_WIDTH
        self[h.HEAD] = self[h.TAIL] = -1
        caps = caps or {}
        for name, (_, _, width) in _WANT.items():
            self[h.COUNTERS[name]] = max(width, caps.get(name, 8))
        self[h.DNODE_CAP] = caps.get("DNODE_CAP", 0)
        for name in h.ARRAYS:
            self.arrays[name] = self._sized(name, self._size(name))
        self._point()

    def __getitem__(self, counter):
        return int(self.H[counter])

    def __setitem__(self, counter, value):
        self.H[counter] = value

    def __getattr__(self, name):
        try:
            array = self.__dict__["arrays"][name]
        except KeyError:
            raise AttributeError(name) from None
        if array.size == 0 and h.ARRAYS[name][2] == "DNODE_CAP":  # no edge has a delay
            return np.broadcast_to(np.zeros(1, array.dtype), self[h.NODE_CAP])
        return array

    # ---- memory ---------------------------------------------------------------------------------
    def _size(self, name):
        """Entries of an array: the capacity that governs it."""
        return self[h.COUNTERS[h.ARRAYS[name][2]]]

    def _sized(self, name, size):
        """A fresh array of ``size`` with the content of the present one, padded for prefetching."""
        base = np.zeros(size + _PAD, h.DTYPES[h.ARRAYS[name][1]])
        old = self.arrays.get(name)
        if old is not None:
            base[: min(old.size, size)] = old[:size]
        return base[:size]

    def _point(self):
        """Write the arrays' addresses into the handle."""
        for name, (where, _, _) in h.ARRAYS.items():
            self.H[where] = self.arrays[name].ctypes.data

    def view(self):
        """The arrays as they stand; ask under ``lock`` and sign in as a user before letting go."""
        if self._view is None:
            self._view = View(self)
        return self._view

    def changing(self):
        """``with`` it, hold the lock to change structure; who is reading keeps what there was."""
        return self

    def __enter__(self):
        self.lock.acquire()
        try:
            if self._view is not None and self._view.users:
                read = [n for n, (_, _, cap) in h.ARRAYS.items() if cap not in _UNREAD]
                self._adopt({name: self._sized(name, self._size(name)) for name in read})
            self._view = None
        except BaseException:
            self.lock.release()
            raise

    def __exit__(self, *exc):
        self.lock.release()

    @staticmethod
    def _enlarged(need, have):
        """Size of an array that is to hold ``need``: a call that asks for much gets just that."""
        return max(need, have + have // 2, 64)

    def reserve(self, **more):
        """Make room for so many more entries, by capacity name (``NODE_CAP=10``); what grew."""
        grown = {}
        for cap, extra in more.items():
            used, _, width = _WANT[cap]
            need, have = (self[h.COUNTERS[used]] + extra) * width, self[h.COUNTERS[cap]]
            if need > have:
                most, of = _MOST.get(cap, (2**62, ""))
                if need > most:
                    raise GraphError(f"a graph holds at most {most} {of}; this call needs {need}")
                size = min(self._enlarged(need, have), most)
                grown[cap] = size + -size % width  # whole rows of events
        if self[h.DNODE_CAP] or more.get("DPOOL_CAP"):
            size = grown.get("NODE_CAP", self[h.NODE_CAP])
            if size > self[h.DNODE_CAP]:
                grown["DNODE_CAP"] = size
        if grown:
            with self.changing():
                fresh = {n: self._sized(n, grown[cap]) for cap in grown for n in _GOVERNED[cap]}
                self._adopt(fresh, grown)
        return grown

    def _adopt(self, fresh, caps=()):
        """Take fresh arrays, and capacities, into use in one step that Ctrl-C cannot part."""
        H = self.H.copy()
        for cap in caps:
            H[h.COUNTERS[cap]] = caps[cap]
        for name, array in fresh.items():
            H[h.ARRAYS[name][0]] = array.ctypes.data
        arrays = self.arrays | fresh
        held, self.arrays = self.arrays, arrays  # no call from here on: nothing can interrupt
        self.H[:] = H
        del held  # what H pointed to lived until now

    def call(self, kernel, *args):
        """Call a structural kernel; enlarge and repeat while it asks for space; raise on errors."""
        with self.changing():
            while True:
                code = int(kernel(self.H, *args))
                if code >= 0:
                    return code
                if code != status.NEED_SPACE:
                    self._raise(code)
                want = {cap: self[h.COUNTERS[want]] for cap, (_, want, _) in _WANT.items()}
                if not self.reserve(**want):  # it would ask for ever
                    raise AssertionError(f"{kernel} asks for room that there is: {want}")

    def _raise(self, code):
        a, b = self[h.ERR_A], self[h.ERR_B]
        if code == status.DEAD_ID:
            raise unknown(a, self[h.NEXT_ID])
        if code == status.CYCLE:
            cycle = [*self.id_of[self.path[: self[h.ERR_N]]].tolist(), b]
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
        with self.lock:
            twin.H, twin.arrays = self.H.copy(), self.arrays
            twin.arrays = {name: twin._sized(name, a.size) for name, a in self.arrays.items()}
        twin.lock, twin._view = threading.RLock(), None
        twin._point()
        return twin

    def pack(self):
        """Renumber the slots in list order, drop what is dead and wasted, make blocks exact."""
        with self.lock:  # readers keep the old arrays: nothing they read is written
            fresh = self._packed()
            self._view = None
            self.arrays, self.H = fresh.arrays, fresh.H

    def _packed(self):
        fresh = Store(
            {
                "NODE_CAP": self[h.N_ALIVE],
                "DNODE_CAP": max(1, self[h.N_ALIVE]) if self[h.N_DELAYED] else 0,
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
        if fresh[h.SPOOL_USED] < fresh[h.SPOOL_CAP]:  # bundles share: give back the rest
            fresh[h.SPOOL_CAP] = max(1, fresh[h.SPOOL_USED])
            fresh.arrays["src"] = fresh._sized("src", fresh[h.SPOOL_CAP])
        fresh._point()
        return fresh

    @property
    def nbytes(self):
        """Bytes of all arrays, slack included."""
        return sum(a.nbytes for a in self.arrays.values()) + self.H.nbytes

    def ids(self, slots):
        """Public ids of slots, int64."""
        return self.id_of[slots].astype(np.int64)

    def order(self):
        """Slots in list order, int64."""
        with self.lock:
            return listed(self.H)

    def relist(self, slots):
        """Give the order list this sequence of all living slots, with fresh labels."""
        n = slots.size
        with self.changing():
            self.nxt[slots[:-1]], self.prv[slots[1:]] = slots[1:], slots[:-1]
            self.label[slots] = (np.arange(n, dtype=np.int64) + 1) * order.GAP
            if n:
                self.nxt[slots[-1]] = self.prv[slots[0]] = -1
                self[h.HEAD], self[h.TAIL] = int(slots[0]), int(slots[-1])

    # ---- state for files ------------------------------------------------------------------------
    def to_arrays(self):
        """The store as named arrays (views): block order, bundles, labels, slack as they are."""
        counters = self.H[: h.EVP_USED + 1].copy()
        counters[[h.MARK, h.ORDER_WORK]] = 0  # epochs and work done are no content
        out = {"counters": counters}
        for name, size in _used(self.H).items():
            out[name] = self.arrays[name][:size]
        return out

    @classmethod
    def from_arrays(cls, arrays):
        """Rebuild a store from :meth:`to_arrays`; arrays that contradict each other are refused."""
        counters = arrays["counters"]
        if counters.dtype != np.int64 or counters.shape != (h.EVP_USED + 1,):
            raise GraphError(f"counters must be {h.EVP_USED + 1} int64, got {counters.shape}")
        H = np.append(counters, np.zeros(h.HANDLE_SIZE - counters.size, np.int64))
        H[h.CTX_CAP] = h.CTX_WIDTH
        # before anything of the sizes named is allocated
        taken = {name: _fitting(name, arrays[name], size) for name, size in _used(H).items()}
        caps = {cap: int(counters[used]) for cap, used in _COUNTED.items() if cap != "CTX_CAP"}
        caps["EV_CAP"] = int(counters[h.EV_USED]) * h.EV_WIDTH
        if counters[h.DPOOL_USED]:
            caps["DNODE_CAP"] = max(1, caps["NODE_CAP"])
        store = cls(caps)
        store.H[: counters.size] = counters
        for name, array in taken.items():
            store.arrays[name][: array.size] = array
        return store


def _used(H):
    """How many entries of each array a file holds, by name."""
    used = {cap: int(H[counter]) for cap, counter in _COUNTED.items()}
    used["EV_CAP"] = int(H[h.EV_USED]) * h.EV_WIDTH
    used["DNODE_CAP"] = used["NODE_CAP"] if used["DPOOL_CAP"] else 0
    return {name: used[cap] for name, (_, _, cap) in h.ARRAYS.items() if name not in _TRANSIENT}


def _fitting(name, array, size):
    """An array of a file, as the store holds it: ``size`` entries of its type.

    Older files have int64 for what is narrower now, and heads of delayed blocks in any case.
    """
    _, code, cap = h.ARRAYS[name]
    dtype = np.dtype(h.DTYPES[code])
    if cap == "DNODE_CAP" and size == 0:
        return array[:0]
    older = name in _ONCE_INT64 and array.dtype == np.int64
    if array.shape != (size,) or not (older or array.dtype == dtype):
        raise GraphError(
            f"array {name} must hold {size} {dtype} as the counters say, "
            f"got shape {array.shape} of {array.dtype}"
        )
    most = int(np.iinfo(str(dtype)).max) if older else 0
    if older and size and (array.min() < 0 or array.max() > most):
        raise GraphError(
            f"array {name} must hold integers from 0 to {most}, got {array.min()} to {array.max()}"
        )
    return array


def aligned(shape):
    """A float32 array whose first row starts on a cache line."""
    size = int(np.prod(shape))
    base = np.zeros(size + 16, np.float32)
    first = (-base.ctypes.data // 4) % 16
    return base[first : first + size].reshape(shape)
