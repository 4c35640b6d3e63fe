"""What takes structure away or gives it another shape: removing, pruning, rewiring, packing."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from growgraph._validation import as_ids, check_choice, check_distinct, check_number
from growgraph.errors import GraphError
from growgraph.graph import build
from growgraph.kernels import _handle as h
from growgraph.kernels import cut


class Cutting:
    """The cutting part of :class:`growgraph.Graph`; not made by users."""

    _store: Any
    _one_id: Any
    delayed_sources: Any
    fragmentation: Any

    def rewire(
        self, node: int, sources: ArrayLike, weights: ArrayLike = 1.0, *, bias: float | None = None
    ) -> None:
        """Give a node other in-edges instead of those it has; who reads it is not touched.

        Parameters
        ----------
        node : int
            Id of a hidden or output node; its edges from the step before stay.
        sources : ids
            None leaves it without in-edges.
        weights : float or array [sources], default 1
        bias : float, optional
            The bias it has if not given.

        Raises
        ------
        CycleError
            If an edge would close a cycle; the message names it.
        GraphError
            For an input, a source that does not live, or one named twice. Nothing is changed.

        Examples
        --------
        >>> from growgraph import Graph
        >>> g = Graph()
        >>> x = g.add_inputs(3)
        >>> y = g.add_outputs(1, sources=x[:2])
        >>> g.rewire(y[0], [2], [5.0])
        >>> g.forward([[1.0, 2.0, 3.0]])
        array([[15.]], dtype=float32)
        """
        build.rewire(self, node, sources, weights, bias)

    def remove_edge(self, source: int, target: int, *, delay: int = 0) -> None:
        """Remove one edge; raises GraphError if it is not there."""
        u, v = self._one_id("source", source), self._one_id("target", target)
        late = int(check_choice("delay", delay, (0, 1)))
        try:
            self._store.call(cut.remove_edge, u, v, late)
        except GraphError as error:
            if late or type(error) is not GraphError or u not in self.delayed_sources(v)[0]:
                raise
            raise GraphError(
                f"there is no edge {u} -> {v} within a step, but one that reads the step before: "
                "remove it with delay=1"
            ) from None

    def remove_node(self, node: int) -> None:
        """Remove a node with all its edges."""
        self.remove_nodes(self._one_id("node", node))

    def remove_nodes(self, nodes: ArrayLike) -> None:
        """Remove nodes with all their edges in one pass; a gate then opens to its next source."""
        ids, store = as_ids("nodes", nodes), self._store
        check_distinct("nodes", ids)
        with store.changing():
            left, living = build.without(self, ids), store[h.N_ALIVE]
            try:
                store.call(cut.remove_nodes, ids)
            finally:  # Ctrl-C comes when the kernel is done: the lists must know what it did
                if store[h.N_ALIVE] != living:
                    build.forget(self, ids, *left)

    def prune(self, threshold: float) -> int:
        """Remove edges of |weight| < threshold from nodes that sum or average; returns how many."""
        threshold = check_number("threshold", threshold, 0)
        return self._store.call(cut.prune, np.float32(threshold))

    def pack(self, *, above: float = 0.0) -> bool:
        """Lay the store out afresh in running order; ids stay valid, answers stay the same bits.

        Parameters
        ----------
        above : float >= 0, default 0
            Pack only if :attr:`fragmentation` is at least this: 0.1 is worth its price.

        Returns
        -------
        bool
            True if it was packed.
        """
        if self.fragmentation < check_number("above", above, 0):
            return False
        self._store.pack()
        return True
