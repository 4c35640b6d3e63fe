"""Matcher: the exact nearest of many prototypes, quickly, while they grow in number."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from growgraph._linalg import one_thread
from growgraph._validation import as_ids, check_finite, check_number, dense_rows
from growgraph.errors import DataError, GraphError
from growgraph.graph.bounds import Bounds
from growgraph.graph.run import as_samples
from growgraph.graph.store import aligned
from growgraph.kernels import match

_NO_LIMIT = 2**62


class Matcher:
    """The k nearest prototypes of samples by squared Euclidean distance, exact.

    Same answers as comparing with every prototype in float64; most are excluded by a lower bound
    along the principal axes of the prototypes. Where that excludes too little (data without
    principal axes), the bound is computed from all coordinates.

    Parameters
    ----------
    prototypes : array [n, d], finite
        numpy, scipy CSR, DataFrame or nested lists; held as float32, copied.

    Raises
    ------
    DataError
        For NaN, infinity, a wrong shape or no prototype.

    Notes
    -----
    Samples and prototypes are rounded to float32 at the door; distances of these are computed in
    float64 and depend on the sample and the prototype alone, not on the batch. Of equal distances
    the lower index comes first. One thread at a time.

    Lower bound: |u|^2 + |v|^2 - 2 (u.v on the axes) - 2 |rest of u| |rest of v| for u = x - mean,
    v = p - mean (Cauchy-Schwarz), less all that rounding can make. Axes: Halko, Martinsson and
    Tropp (2011), "Finding structure with randomness", algorithm 4.4.

    Examples
    --------
    >>> import growgraph
    >>> matcher = growgraph.Matcher([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    >>> index, distance = matcher.query([[3.0, 3.0]], k=2)
    >>> index, distance
    (array([[1, 0]]), array([[ 1., 18.]]))
    >>> matcher.add([[3.0, 3.0]])
    array([3])
    >>> matcher.query([3.0, 3.0], k=1)
    (array([3]), array([0.]))
    """

    def __init__(self, prototypes: Any) -> None:
        rows = _as_prototypes(prototypes)
        if rows.shape[0] == 0:
            raise DataError("prototypes must hold at least one row, got none")
        self._d = rows.shape[1]
        self._n = 0
        self._P = aligned((0, self._d + -self._d % 16))
        self._bounds: Bounds | None = None
        self._append(rows)

    @property
    def n_prototypes(self) -> int:
        """Number of prototypes."""
        return self._n

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self._d

    @property
    def prototypes(self) -> NDArray[np.float32]:
        """The prototypes [n, d], a copy."""
        return self._P[: self._n, : self._d].copy()

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, slack included."""
        return self._P.nbytes + (0 if self._bounds is None else self._bounds.nbytes)

    def __repr__(self) -> str:
        return f"Matcher({self._n} prototypes, {self._d} features)"

    # ---- growing --------------------------------------------------------------------------------
    def add(self, prototypes: Any) -> NDArray[np.int64]:
        """Add prototypes; the next query knows them.

        Parameters
        ----------
        prototypes : array [more, d] or [d], finite

        Returns
        -------
        ndarray of int64 [more]
            Their indices.

        Raises
        ------
        DataError
            For NaN, infinity or a wrong number of columns; nothing has changed then.
        """
        rows = _as_prototypes(prototypes, self._d)
        first = self._n
        self._append(rows)
        return np.arange(first, self._n)

    def _append(self, rows):
        need = self._n + rows.shape[0]
        if need > self._P.shape[0]:
            room = aligned((max(need, self._n + self._n // 2), self._P.shape[1]))
            room[: self._n] = self._P[: self._n]
            self._P = room
        self._P[self._n : need, : self._d] = rows
        self._n = need

    # ---- asking ---------------------------------------------------------------------------------
    def query(self, X: Any, k: int = 5) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Find the k nearest prototypes of each sample.

        Parameters
        ----------
        X : array [batch, d] or [d], finite
        k : int in [1, n_prototypes], default 5
            Meant to be small: the cost of keeping the k best in order grows with k.

        Returns
        -------
        index : ndarray of int64 [batch, k] or [k]
            Nearest first; of equal ones the lower index first.
        distance : ndarray of float64 [batch, k] or [k]
            Squared distances.

        Raises
        ------
        DataError
            For NaN, infinity or a wrong number of columns.
        ValueError
            If k is not in [1, n_prototypes].
        """
        k = check_number("k", k, 1, self._n, integer=True)
        rows, single = _as_queries(X, self._d)
        index = np.empty((rows.shape[0], k), np.int64)
        distance = np.empty((rows.shape[0], k))
        self._answer(rows, index, distance)
        return (index[0], distance[0]) if single else (index, distance)

    def _answer(self, rows, index, distance):
        bounds = self._prepare()
        done = 0
        while done < rows.shape[0]:
            if done:  # broken off: these samples are not excluded along the axes
                bounds = self._bounds = Bounds(self._P, self._n, self._d, led=False)
            done += self._call(bounds, rows[done:], index[done:], distance[done:])

    def _call(self, bounds, rows, index, distance):
        allowed = 32 + self._n // 32 if bounds.led else _NO_LIMIT // max(1, rows.shape[0])
        return match.nearest(
            rows, self._P, self._n, bounds.F, bounds.G, bounds.B, bounds.ids, bounds.axes,
            bounds.mean, bounds.frame, allowed, distance, index,
        )  # fmt: skip

    def _prepare(self):
        """Bounds of all prototypes: fitted, or enlarged by those that are new."""
        bounds = self._bounds
        if bounds is not None and bounds.n == self._n:
            return bounds
        with one_thread():
            if bounds is not None and bounds.keeps(self._P, self._n):
                return bounds
            bounds = Bounds(self._P, self._n, self._d)
        if bounds.led and not self._worth(bounds):
            bounds = Bounds(self._P, self._n, self._d, led=False)
        self._bounds = bounds
        return bounds

    def _worth(self, bounds):
        """True if the axes exclude enough for some of the prototypes, taken as samples."""
        size = 2 * match.BLOCK
        rows = np.ascontiguousarray(self._P[:: self._n // size][:size, : self._d])
        index, distance = np.empty((size, 6), np.int64), np.empty((size, 6))
        return self._call(bounds, rows, index, distance) == size


def _as_prototypes(prototypes, columns=None):
    """Finite float32 rows."""
    rows = dense_rows(prototypes, "prototypes")
    if rows.ndim == 1 and columns is not None:
        rows = rows[None]
    wanted = "at least 1" if columns is None else columns
    if rows.ndim != 2 or rows.shape[1] == 0 or columns not in (None, rows.shape[1]):
        raise DataError(f"prototypes must be rows of {wanted} columns, got shape {rows.shape}")
    check_finite(rows, "prototypes")
    with np.errstate(over="ignore"):
        held = rows.astype(np.float32, copy=False)
    check_finite(held, "prototypes as float32")
    return held


def _as_queries(X, columns):
    rows = dense_rows(X)
    if rows.shape[-1:] != (columns,) or rows.ndim > 2:
        raise DataError(f"X must have {columns} columns as the prototypes, got shape {rows.shape}")
    return as_samples(rows, columns, None, None)


def nearest_nodes(
    graph: Any, X: Any, k: int = 5, *, nodes: ArrayLike | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Find the match nodes whose prototypes are nearest to each sample.

    Parameters
    ----------
    graph : Graph
    X : array [batch, inputs] or [inputs]
    k : int, default 5
    nodes : ids, optional
        "match" nodes that read the same sources in the same order; all match nodes if not given.

    Returns
    -------
    nodes : ndarray of int64 [batch, k] or [k]
        Ids, nearest first; of equal ones the one named first.
    distance : ndarray of float64 [batch, k] or [k]
        Squared distances of what the sources say from the weights.

    Raises
    ------
    GraphError
        If a node is of another kind or reads other sources.

    Notes
    -----
    The weights are read anew at each call, so the answer is never that of an older graph. To ask
    an unchanged graph many times, build a :class:`Matcher` of the weights once.

    Examples
    --------
    >>> from growgraph import Graph
    >>> from growgraph.graph.matching import nearest_nodes
    >>> g = Graph()
    >>> x = g.add_inputs(2)
    >>> ids = g.add_nodes(2, kind="match", p0=1, sources=x, weights=[[0, 0], [3, 4]])
    >>> nearest_nodes(g, [3.0, 3.0], k=1)
    (array([3]), array([1.]))
    """
    if nodes is None:
        ids = np.array([i for i in graph.nodes if graph.node(i)["kind"] == "match"], np.int64)
    else:
        ids = as_ids("nodes", nodes)
    if ids.size == 0:
        raise GraphError("nodes must name at least one match node, got none")
    sources, _ = _block(graph, ids[0])
    weights = np.empty((ids.size, sources.size), np.float32)
    for row, i in zip(weights, ids, strict=True):
        read, held = _block(graph, i)
        if not np.array_equal(read, sources):
            raise GraphError(f"nodes must read the same sources, {i} reads others than {ids[0]}")
        row[:] = held
    seen = graph.activities(X)[..., np.searchsorted(graph.nodes, sources)]
    index, distance = Matcher(weights).query(seen, k)
    return ids[index], distance


def _block(graph, node):
    """Sources and weights of a match node."""
    kind = graph.node(node)["kind"]
    if kind != "match":
        raise GraphError(f"nodes must be of kind match, {node} is of kind {kind}")
    if graph.delayed_sources(node)[0].size:
        raise GraphError(f"nodes must have no delayed edges, {node} has")
    return graph.sources(node)[:2]
