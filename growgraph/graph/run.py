"""Running a graph: gate for samples, scratch strips, threads, steps through time."""

import os
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np

from growgraph._validation import check_finite, dense_rows
from growgraph.errors import DataError
from growgraph.graph.store import aligned
from growgraph.kernels import _handle as h
from growgraph.kernels import propagate, single

_LANES = 16  # strips are a multiple of one 512-bit register
_WIDE = 64  # columns that one pass over a node's edges computes
_WASTE = 1.2  # 64 columns are computed as quickly as 1.2 times 32
_NEAR_BYTES = 1 << 17  # small graphs take wider strips, to walk the list more seldom
_MOST_BYTES = 1 << 27  # of scratch a thread; beyond it strips get narrow
_THREAD_WORK = 1.5e7  # edges times samples that are worth a thread

_NOTHING = np.empty((0, 1), np.float32)  # a step before that stands for zeros

_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}


def _pool(workers):
    key = (os.getpid(), workers)  # a forked child must not use its parent's threads
    if key not in _pools:
        _pools[key] = ThreadPoolExecutor(workers, thread_name_prefix="growgraph")
    return _pools[key]


class Runner:
    """Scratch memory and forward calls of one graph.

    The scratch is no state: each call writes what it reads and has a strip of its own, so that
    threads may call forward on one graph. ``state`` is: the activities that delayed edges read at
    the next step of :meth:`run`, and nothing else reads.
    """

    def __init__(self):
        self._free = {}  # width -> strips in nobody's hands
        self.state = None  # float32 [ids, batch] by public id, or None

    def _borrow(self, view, width):
        """Scratch [at least slots, width], with room for the slots to come."""
        try:
            held = self._free[width].pop()  # a list's pop and append are atomic
            if held.shape[0] >= view[h.N_SLOTS]:
                return held
        except (KeyError, IndexError):
            self._free.setdefault(width, [])
        return aligned((view[h.NODE_CAP], width))

    def forward(self, view, X, inputs, outputs, last, n_threads=None):
        """Activities [batch, outputs] of slots, by strips; the sweep ends at slot ``last``."""
        batch = X.shape[0]
        Y = np.empty((batch, outputs.size), np.float32)
        if batch == 0:
            return Y
        cuts = _cuts(batch, _n_threads(view, batch, n_threads))
        width = _strip_width(view[h.N_SLOTS], max(np.diff(cuts).tolist()))
        first, nothing = view.first, np.empty((0, width), np.float32)

        def work(part):
            V = self._borrow(view, width)
            propagate.forward_strips(
                view.H, X, inputs, outputs, V, nothing, Y, first, last, cuts[part], cuts[part + 1]
            )
            self._free[width].append(V)

        # this thread works, too; the others are waited for even if it is interrupted
        others = [_pool(len(cuts) - 2).submit(work, part) for part in range(1, len(cuts) - 1)]
        try:
            work(0)
        finally:
            wait(others)
        for other in others:
            other.result()
        return Y

    def forward_one(self, view, x, inputs, outputs):
        """Activities [outputs] of one sample."""
        y, V = np.empty(outputs.size, np.float32), self._borrow(view, 1)
        single.forward_one(view.H, x, inputs, outputs, V, _NOTHING, y, view.first)
        self._free[1].append(V)
        return y

    def run(self, view, X, inputs, outputs):
        """Activities [steps, batch, outputs]; goes on from ``state`` and leaves it behind."""
        steps, batch, _ = X.shape
        Y = np.empty((steps, batch, outputs.size), np.float32)
        shape = (view[h.N_SLOTS], _padded(batch))
        A, B = aligned(shape), aligned(shape)
        if self.state is not None:
            A[:, :batch] = _by_slot(view, self.state)
        propagate.run_steps(view.H, X, inputs, outputs, A, B, Y)
        self.state = _by_id(view, (A if steps % 2 == 0 else B)[:, :batch])
        return Y

    @staticmethod
    def activities(view, X, inputs):
        """The whole strip [slots, batch] of a batch, in an array of its own."""
        batch = X.shape[0]
        V = aligned((view[h.N_SLOTS], batch))
        if batch == 0:
            return V
        nothing = np.empty((0, batch), np.float32)
        none, Y = np.empty(0, np.int32), np.empty((batch, 0), np.float32)
        propagate.forward_strips(view.H, X, inputs, none, V, nothing, Y, view[h.HEAD], -1, 0, batch)
        return V


def _padded(columns):
    """A few columns more, so that all are computed sixteen at once; single ones stay alone."""
    return columns if columns == 1 else -(-columns // _LANES) * _LANES


def _strip_width(slots, rows):
    """Columns of a strip for so many samples a thread."""
    if rows <= _LANES:
        return _LANES
    half, whole = (-(-rows // w) * w for w in (_WIDE // 2, _WIDE))
    width = _WIDE if whole <= _WASTE * half else _WIDE // 2
    while width < rows and slots * width * 8 <= _NEAR_BYTES:
        width *= 2
    return width if slots * width * 4 <= _MOST_BYTES else _LANES


def _n_threads(view, batch, n_threads):
    """As many as are asked for; else so many that each has work for a millisecond or so."""
    if n_threads is not None:
        return n_threads
    worth = int(view[h.N_EDGES] * batch / _THREAD_WORK)
    return max(1, min(_n_cpus(), worth))


def _n_cpus():
    """CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _cuts(batch, threads):
    """Bounds of each thread's rows, as equal as whole registers allow."""
    registers = -(-batch // _LANES)
    threads = max(1, min(threads, registers))
    return [min(batch, registers * t // threads * _LANES) for t in range(threads + 1)]


def _by_id(view, V):
    out = np.zeros((view[h.NEXT_ID], V.shape[1]), np.float32)
    slots = view.order()
    out[view.arrays["id_of"][slots]] = V[slots]
    return out


def _by_slot(view, state):
    out = np.zeros((view[h.N_SLOTS], state.shape[1]), np.float32)
    slots = view.order()
    ids = view.arrays["id_of"][slots]
    known = ids < state.shape[0]  # nodes born since the state was taken start at 0
    out[slots[known]] = state[ids[known]]
    return out


def as_one(X, n_inputs):
    """X itself if it is one sample of finite float32 as a kernel takes it, else None."""
    if type(X) is not np.ndarray or X.shape != (n_inputs,) or X.dtype != np.float32:
        return None
    return X if X.flags.carray and np.isfinite(X).all() else None


def as_samples(X, n_inputs, shift, scale, name="X"):
    """Samples [batch, n_inputs] in contiguous float32; one sample becomes a batch of one.

    Returns the array and whether it was a single sample.
    """
    rows = dense_rows(X, name)
    single = rows.ndim == 1
    if single:
        rows = rows[None]
    if rows.ndim != 2 or rows.shape[1] != n_inputs:
        raise DataError(
            f"{name} must have {n_inputs} columns, one per input node, got shape {rows.shape}"
        )
    return _to_float32(rows, shift, scale, name), single


def as_sequence(X, n_inputs, shift, scale):
    """A sequence [steps, batch, n_inputs] in contiguous float32, and whether batch was given."""
    rows = dense_rows(X, "sequence")
    single = rows.ndim == 2
    if single:
        rows = rows[:, None]
    if rows.ndim != 3 or rows.shape[2] != n_inputs:
        raise DataError(
            f"sequence must have shape [steps, {n_inputs}] or [steps, batch, {n_inputs}], "
            f"got {np.shape(X)}"
        )
    return _to_float32(rows, shift, scale, "sequence"), single


def _to_float32(rows, shift, scale, name):
    """The inputs' own affine map in float64, then float32: big offsets lose no digits."""
    check_finite(rows, name)
    if shift is None and rows.dtype == np.float32 and rows.flags.carray:
        return rows
    with np.errstate(over="ignore"):
        if shift is not None:
            rows = (rows - shift) * scale
        # read-only or misaligned memory is another type to the compiler: a kernel of its own
        out = np.require(rows, np.float32, ["C", "ALIGNED", "WRITEABLE"])
    if out.dtype != rows.dtype:
        check_finite(out, f"{name} as float32")
    return out
