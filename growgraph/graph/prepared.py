"""One sample at a time through arrays that were made ready before."""

import numpy as np

from growgraph.errors import DataError, GraphError
from growgraph.graph.store import aligned
from growgraph.kernels import _handle as h
from growgraph.kernels import call
from growgraph.kernels.call import forward_ready


class Prepared:
    """A graph as a function of one sample; made by :meth:`growgraph.Graph.prepared`.

    For loops that ask one sample after another, a controller in its environment say: a tenth of
    the cost of ``graph.forward(x)`` for small graphs. It follows its graph: what is grown, cut or
    learnt is seen by the next call.

    Write the sample into :attr:`x` and call without an argument, or give it to the call. What a
    call returns is :attr:`y`: the next call writes over it. Both stay the same arrays while the
    graph has as many inputs and outputs.

    Notes
    -----
    NaN in x is not refused: it spreads to what reads it. One thread at a time, and none that
    changes the graph meanwhile.

    Examples
    --------
    >>> from growgraph import Graph
    >>> ask = Graph.from_edges(2, [(0, 2, 1.0), (1, 2, 2.0)]).prepared()
    >>> ask([3.0, 4.0])
    array([11.], dtype=float32)
    """

    def __init__(self, graph):
        self._graph, self._view = graph, None
        self._x = self._y = np.empty(0, np.float32)
        self._follow()

    @property
    def x(self):
        """The sample that a call without an argument runs; float32 [inputs], to be written into."""
        return self._x

    @property
    def y(self):
        """What the last call returned; float32 [outputs]."""
        return self._y

    def __reduce__(self):
        return Prepared, (self._graph,)  # a copy has memory, and addresses, of its own

    def _follow(self):
        """Take the graph's present arrays, inputs and outputs into use."""
        graph, store = self._graph, self._graph._store
        with store.lock:
            view = store.view()
            inputs, outputs = graph._inputs, graph._outputs
            if outputs.size == 0:
                raise GraphError("graph has no output nodes: add_outputs first")
            fed, (asked, _) = view.fed(inputs), view.asked(outputs)
        if self._x.size != fed.size:  # else what a user holds of it stays in use
            self._x = np.zeros(fed.size, np.float32)
        if self._y.size != asked.size:
            self._y = np.zeros(asked.size, np.float32)
        V = aligned((view[h.N_SLOTS], 1))
        self._held = view, fed, asked, V  # what the addresses below lead to
        C = np.zeros(call.CALL_SIZE, np.int64)
        C[: h.HANDLE_SIZE] = view.H
        C[[call.N_X, call.N_Y, call.N_V]] = self._x.size, self._y.size, V.size
        C[call.BEGIN] = view.first
        for at, array in (
            (call.X_AT, self._x),
            (call.Y_AT, self._y),
            (call.V_AT, V),
            (call.INPUTS_AT, fed),
            (call.OUTPUTS_AT, asked),
        ):
            C[at] = array.ctypes.data
        self._C, self._view = C, view

    def __call__(self, x=None):
        """Run one sample.

        Parameters
        ----------
        x : sequence of float [inputs], optional
            If not given, what stands in :attr:`x`.

        Returns
        -------
        ndarray of float32 [outputs]
            :attr:`y`: copy what you keep.

        Raises
        ------
        DataError
            If x has another length.
        """
        graph = self._graph
        if graph._store._view is not self._view:  # structure has changed, the outputs perhaps
            self._follow()
        if x is not None:
            if len(x) != self._x.size:
                raise DataError(f"x must hold {self._x.size} values, one per input, got {len(x)}")
            self._x[:] = x
        if graph._shift is None:
            forward_ready(self._C)
        else:
            self._scaled(self._x if x is None else x)
        return self._y

    def _scaled(self, x):
        """With the inputs' own shift and scale, in float64: big offsets lose no digits."""
        given = self._x.copy()
        self._x[:] = (np.asarray(x, np.float64) - self._graph._shift) * self._graph._scale
        forward_ready(self._C)
        self._x[:] = given
