"""The owner of a graph's arrays: allocates, enlarges, calls kernels, turns status into errors."""

import contextlib
import threading

import numpy as np

from growgraph.errors import CycleError, GraphError
from growgraph.graph.view import View, listed, unknown
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
_UNREAD = ("EV_CAP", "EVP_CAP", "CTX_CAP")  # what no running call reads
_MAX_NODES = 2**31 - 1  # slots are int32


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
        for name in _CAPS:
            self.H[h.COUNTERS[name]] = max(_WANT[name][2], (caps or {}).get(name, 8))
        for name in h.ARRAYS:
            self.arrays[name] = self._sized(name, self._size(name))
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

    @contextlib.contextmanager
    def changing(self):
        """Hold the lock to change structure; whoever is reading keeps what there was."""
        with self.lock:
            if self._view is not None and self._view.users:
                read = [n for n, (_, _, cap) in h.ARRAYS.items() if cap not in _UNREAD]
                self._adopt({name: self._sized(name, self._size(name)) for name in read})
            self._view = None
            yield

    def reserve(self, **more):
        """Make room for so many more entries, by capacity name (``NODE_CAP=10``)."""
        grown = {}
        for cap, extra in more.items():
            used, _, width = _WANT[cap]
            need = (self[h.COUNTERS[used]] + extra) * width
            have = self[h.COUNTERS[cap]]
            if need > have:
                if cap == "NODE_CAP" and need > _MAX_NODES:
                    raise GraphError(f"a graph holds at most {_MAX_NODES} nodes, asked {need}")
                size = max(need, have + have // 2, 64)
                grown[cap] = size + -size % width  # whole rows of events
        if grown:
            with self.changing():
                governed = {n: cap for n, (_, _, cap) in h.ARRAYS.items() if cap in grown}
                self._adopt({n: self._sized(n, grown[cap]) for n, cap in governed.items()}, grown)

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
                self.reserve(**{cap: self[h.COUNTERS[want]] for cap, (_, want, _) in _WANT.items()})

    def _raise(self, code):
        a, b = self[h.ERR_A], self[h.ERR_B]
        if code == status.DEAD_ID:
            raise unknown(a, self[h.NEXT_ID])
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
        fresh[h.SPOOL_CAP] = max(1, fresh[h.SPOOL_USED])  # bundles share: give back the rest
        fresh.arrays["src"] = fresh._sized("src", fresh[h.SPOOL_CAP])
        fresh._point()
        return fresh

    @property
    def nbytes(self):
        """Bytes of all arrays, slack included."""
        return sum(a.nbytes for a in self.arrays.values()) + self.H.nbytes

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
        for name, size in _used(H).items():  # before anything of the sizes named is allocated
            array, dtype = arrays[name], h.DTYPES[h.ARRAYS[name][1]]
            if array.dtype != dtype or array.shape != (size,):
                raise GraphError(
                    f"array {name} must hold {size} {np.dtype(dtype)} as the counters say, "
                    f"got shape {array.shape} of {array.dtype}"
                )
        caps = {cap: int(counters[used]) for cap, used in _COUNTED.items() if cap != "CTX_CAP"}
        caps["EV_CAP"] = int(counters[h.EV_USED]) * h.EV_WIDTH
        store = cls(caps)
        store.H[: counters.size] = counters
        for name in _used(H):
            store.arrays[name][: arrays[name].size] = arrays[name]
        return store


def _used(H):
    """How many entries of each array a file holds, by name."""
    used = {cap: int(H[counter]) for cap, counter in _COUNTED.items()}
    used["EV_CAP"] = int(H[h.EV_USED]) * h.EV_WIDTH
    return {name: used[cap] for name, (_, _, cap) in h.ARRAYS.items() if name not in _TRANSIENT}


def aligned(shape):
    """A float32 array whose first row starts on a cache line."""
    size = int(np.prod(shape))
    base = np.zeros(size + 16, np.float32)
    first = (-base.ctypes.data // 4) % 16
    return base[first : first + size].reshape(shape)
