"""One sparse sample at a time: the out-mirror of a view, and the door to the kernel that pushes."""

import numpy as np

from growgraph._validation import dense_rows
from growgraph.errors import DataError
from growgraph.graph.run import as_one, as_samples
from growgraph.graph.store import aligned
from growgraph.graph.view import Reading
from growgraph.kernels import _handle as h
from growgraph.kernels import push

_PLACES = 2**32  # places in a pool that uint32 can name


class Mirror:
    """Who reads whom: the out-edges of all nodes of one view, 8 bytes an edge and 24 a node.

    Nothing changes after it is made, but for scratch in nobody's hands: calls of several threads
    share it.
    """

    __slots__ = ("_free", "out_place", "out_start", "out_target", "quiet", "rank_of", "slot_at")

    def __init__(self, view):
        n = view[h.N_ALIVE]
        self.slot_at = np.empty(n, np.uint32)
        self.rank_of = np.zeros(view[h.N_SLOTS], np.uint32)
        self.quiet = np.empty((2, n), np.float32)
        self.out_start = np.zeros(n + 1, np.int64)
        push.rank_nodes(view.H, self.slot_at, self.rank_of, self.quiet, self.out_start)
        n_edges = int(self.out_start[-1])
        self.out_target = np.empty(n_edges, np.uint32)
        wide = view[h.POOL_USED] > _PLACES
        self.out_place = np.empty(n_edges, np.uint64 if wide else np.uint32)
        push.list_readers(
            view.H, self.slot_at, self.rank_of, self.out_start, self.out_target, self.out_place
        )
        self._free = []

    @property
    def nbytes(self):
        """Bytes of all arrays, scratch not counted."""
        names = (name for name in self.__slots__ if name != "_free")
        return sum(getattr(self, name).nbytes for name in names)

    def forward(self, view, fed, x, outputs, last):
        """Activities [outputs] of slots, with values x at the slots ``fed``; ends at ``last``."""
        try:
            total, V = self._free.pop()  # a list's pop and append are atomic
        except IndexError:
            total, V = aligned((self.slot_at.size,)), aligned((self.rank_of.size, 1))
        y = np.empty(outputs.size, np.float32)
        push.forward_sparse(
            view.H, self.rank_of[fed], x, outputs, int(self.rank_of[last]) + 1, self.slot_at,
            self.quiet, self.out_start, self.out_target, self.out_place, total, V, y,
        )  # fmt: skip
        self._free.append((total, V))
        return y


def mirror_of(view):
    """The mirror of a view, made at the first call; two threads may both make it."""
    mirror = view.mirror
    if mirror is None:
        mirror = view.mirror = Mirror(view)  # seen by others when it is whole
    return mirror


def forward_sparse(graph, columns, values=None, outputs=None):
    """Run one sample of which few values are not 0; see :meth:`Graph.forward_sparse`.

    Parameters
    ----------
    graph : Graph
    columns : int array [k] or sparse row [1, inputs]
        Which inputs have a value, as columns of :meth:`Graph.forward`'s X, each once; or the whole
        sample as one row of a scipy sparse matrix.
    values : array [k]
        Their values, finite; not given with a sparse row.
    outputs : ids, optional
        Nodes whose activity is returned; all outputs if not given.

    Returns
    -------
    ndarray of float32 [outputs]

    Raises
    ------
    DataError
        For a column that does not exist or is named twice, and for values that are NaN, infinite
        or of another number.

    Examples
    --------
    >>> from growgraph import Graph
    >>> g = Graph.from_edges(1000, [(7, 1000, 0.5), (8, 1000, 1.0)])
    >>> forward_sparse(g, [7], [4.0])
    array([2.], dtype=float32)
    """
    with Reading(graph) as now:
        wanted, last = graph._wanted(now, outputs)
        if hasattr(columns, "tocsr"):
            if values is not None:
                raise DataError("values must not be given where columns is a sparse row with both")
            columns, values = _of_row(now, columns)
        elif values is None:
            raise DataError("values must be given, one for each of columns")
        fed, x = _checked(now, columns, values)
        return mirror_of(now.view).forward(now.view, fed, x, wanted, last)


def _of_row(now, row):
    """Columns and values of a sparse row; what it does not store is 0 before scaling."""
    n = now.fed.size
    if row.shape not in ((1, n), (n,)):
        raise DataError(
            f"columns must be one sparse row of {n} columns, one per input node, got shape "
            f"{row.shape}: take a row of a matrix as X[[i]]"
        )
    row = row.reshape((1, n)).tocsr()
    if now.shift is not None and now.shift.any():
        return np.arange(n), row.toarray()[0]
    if not row.has_canonical_format:
        row = row.copy()  # the user's stays as it is
        row.sum_duplicates()
    return row.indices, row.data


def _checked(now, columns, values):
    """Slots and float32 values of a sample that was checked."""
    columns = _as_columns(columns, now.fed.size)
    if now.shift is None:
        x = as_one(values, columns.size)
        if x is not None:
            return now.fed[columns], x
        shift = scale = None
    else:
        shift, scale = now.shift[columns], now.scale[columns]
    values = dense_rows(values, "values")
    if values.shape != columns.shape:
        raise DataError(
            f"values must hold one number for each of the {columns.size} columns, got shape "
            f"{values.shape}"
        )
    rows, _ = as_samples(values, columns.size, shift, scale, "values")
    return now.fed[columns], rows[0]


def _as_columns(columns, n):
    """Checked column numbers, int64."""
    held = np.asarray(columns)
    if held.shape == (0,):
        return np.empty(0, np.int64)
    if held.ndim != 1 or held.dtype.kind not in "iu":
        raise DataError(f"columns must be column numbers, one-dimensional, got {columns!r}")
    rank = held if (held[1:] > held[:-1]).all() else np.sort(held)
    for wrong in (rank[0], rank[-1]):
        if not 0 <= wrong < n:
            raise DataError(f"columns must be in 0 .. {n - 1}, one per input node, got {wrong}")
    twice = rank[1:][rank[1:] == rank[:-1]]
    if twice.size:
        raise DataError(f"columns must name each column once, got {twice[0]} twice")
    return held.astype(np.int64)
