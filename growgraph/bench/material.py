"""What rows run on: graphs and the same numbers for the peers."""

import numpy as np

from growgraph._random import generator
from growgraph.graph import Graph
from growgraph.graph.run import _strip_width
from growgraph.graph.store import aligned
from growgraph.kernels import _handle as h
from growgraph.kernels import codes, propagate


def fan_in_sources(n, k, below, seed=0):
    """``k`` distinct sources of each of ``n`` nodes, ascending.

    Parameters
    ----------
    n, k : int
    below : int or integers [n]
        The sources of a node lie in [0, below).

    Returns
    -------
    ndarray of int64 [n, k]

    Examples
    --------
    >>> fan_in_sources(2, 3, 3).tolist()
    [[0, 1, 2], [0, 1, 2]]
    """
    rng = generator(seed, "bench")
    below = np.broadcast_to(np.asarray(below), (n,))
    sources = np.sort((rng.random((n, k)) * below[:, None]).astype(np.int64), axis=1)
    for i in np.flatnonzero((sources[:, 1:] == sources[:, :-1]).any(axis=1)).tolist():
        sources[i] = np.sort(rng.choice(below[i], k, replace=False))
    return sources


class Sheet:
    """One layer, packed: ``n`` linear nodes over ``n_sources`` inputs; the same as plain arrays.

    Parameters
    ----------
    n, n_sources : int
    fan_in : int, optional
        Sources of each node, or
    density : float, optional
        the probability of each edge, or neither: a dense layer that shares one source list.
    """

    def __init__(self, n, n_sources, *, fan_in=None, density=None, seed=0):
        rng = generator(seed, "bench sheet")
        self.shape = (n, n_sources)
        self.graph = Graph()
        inputs = self.graph.add_inputs(n_sources)
        if fan_in is None and density is None:
            self.weights = rng.standard_normal((n, n_sources)).astype(np.float32)
            self.graph.add_outputs(n, sources=inputs, weights=self.weights)
            self.graph.pack()
            self.n_edges = self.weights.size
            return
        if fan_in is not None:
            sources = fan_in_sources(n, fan_in, n_sources, seed)
            count = np.full(n, fan_in)
        else:
            kept = rng.random((n, n_sources)) < density
            sources, count = np.nonzero(kept)[1], kept.sum(axis=1)
        self.indptr = np.concatenate([[0], np.cumsum(count)]).astype(np.int64)
        self.sources = np.ascontiguousarray(sources.ravel(), np.int64)
        self.n_edges = self.sources.size
        scale = np.float32(1 / np.sqrt(max(1, self.n_edges / n)))
        self.weights = rng.standard_normal(self.n_edges).astype(np.float32) * scale
        self.graph.add_outputs(n, sources=self.sources, indptr=self.indptr, weights=self.weights)
        self.graph.pack()  # in running order: the layout that is best for a sweep

    def csr(self):
        """The layer as scipy CSR [n, n_sources], row = target, int32 indices."""
        from scipy import sparse

        index = self.sources.astype(np.int32), self.indptr.astype(np.int32)
        return sparse.csr_array((self.weights, *index), shape=self.shape)


def samples(batch, n, seed=1):
    """Standard normal float32 [batch, n]."""
    return generator(seed, "bench samples").standard_normal((batch, n)).astype(np.float32)


class Strips:
    """A graph's strips, filled once with a batch, and the sweep over them.

    Parameters
    ----------
    graph : Graph
    X : float32 [batch, inputs]
    """

    def __init__(self, graph, X):
        store = graph._store
        self._store, self._graph = store, graph
        self._batch = X.shape[0]
        self.width = _strip_width(store[h.N_SLOTS], self._batch)
        self._before = np.empty((0, self.width), np.float32)
        fed = graph._slots(graph._inputs)
        self.strips = []
        for at in range(0, X.shape[0], self.width):
            V = aligned((store[h.NODE_CAP], self.width))
            part = X[at : at + self.width]
            V[fed, : part.shape[0]] = part.T
            self.strips.append(V)
        order = store.order()
        computed = order[store.kind[order] != codes.INPUT]
        self._first, self._last = int(computed[0]), int(order[-1])

    def __call__(self):
        """Sweep all strips."""
        for V in self.strips:
            propagate.sweep_strip(self._store.H, V, self._before, self._first, self._last)

    def values(self, ids=None):
        """Activities [batch, ids] as the last sweep left them; of the outputs by default."""
        slots = self._graph._slots(self._graph._outputs if ids is None else ids)
        return np.concatenate([V[slots].T for V in self.strips])[: self._batch]
