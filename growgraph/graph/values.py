"""Ids to slots, and the values of nodes and edges: weights, stability, parameters, input scales."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from growgraph._validation import (
    as_float32,
    as_float64,
    as_ids,
    check_distinct,
    check_number,
)
from growgraph.errors import GraphError
from growgraph.graph import build
from growgraph.graph.view import find_slots
from growgraph.kernels import _handle as h


class Values:
    """The value part of :class:`growgraph.Graph`; not made by users."""

    _store: Any
    _inputs: NDArray[np.int64]
    sources: Any

    def _slots(self, nodes, name="nodes"):
        """Internal slots (int32) of ids, checked."""
        store = self._store
        return find_slots(store.arrays["slot_of"], store[h.NEXT_ID], as_ids(name, nodes))

    def _slot(self, node):
        slots = self._slots(node, "node")
        if slots.size != 1:
            raise GraphError(f"node must be one id, got {node!r}")
        return int(slots[0])

    def _one_id(self, name, node):
        ids = as_ids(name, node)
        if ids.size != 1:
            raise GraphError(f"{name} must be one node id, got {node!r}")
        return int(ids[0])

    def set_weights(self, node: int, weights: ArrayLike) -> None:
        """Set the weights of a node's undelayed in-edges, in the order :meth:`sources` gives."""
        s = self._store
        with s.lock:
            v = self._slot(node)
            a, n = int(s.start[v]), int(s.length[v])
            s.w[a : a + n] = as_float32("weights", weights, (n,))

    def set_weight(self, source: int, target: int, weight: float) -> None:
        """Set the weight of one undelayed edge."""
        s = self._store
        with s.lock:
            place = np.flatnonzero(self.sources(target)[0] == self._one_id("source", source))
            if place.size == 0:
                raise GraphError(f"there is no edge {source} -> {target}")
            at = int(s.start[self._slot(target)]) + int(place[0])
            s.w[at] = as_float32("weight", weight, ())

    def weights(self, node: int) -> NDArray[np.float32]:
        """Weights of a node's undelayed in-edges, in the order :meth:`sources` gives."""
        s, v = self._store, self._slot(node)
        a = int(s.start[v])
        return s.w[a : a + int(s.length[v])].copy()

    def set_stability(self, nodes: ArrayLike, stability: float) -> None:
        """Set the stability of all undelayed in-edges of nodes."""
        value = check_number("stability", stability, 0, build.MOST_STABILITY)
        s = self._store
        with s.lock:
            for v in self._slots(nodes).tolist():
                a = int(s.start[v])
                s.stab[a : a + int(s.length[v])] = value

    def set_nodes(
        self, nodes: ArrayLike, *, bias: ArrayLike | None = None, p0: ArrayLike | None = None,
        p1: ArrayLike | None = None,
    ) -> None:  # fmt: skip
        """Set parameters of nodes, each named once; each value is a number or one a node."""
        ids, store = as_ids("nodes", nodes), self._store
        check_distinct("nodes", ids)
        values = {"bias": bias, "p0": p0, "p1": p1}
        ready = {k: as_float32(k, v, ids.shape) for k, v in values.items() if v is not None}
        with store.lock:
            slots = self._slots(ids)
            build.check_params(
                store.kind[slots], store.act[slots],
                ready.get("p0", store.p0[slots]), ready.get("p1", store.p1[slots]),
            )  # fmt: skip
            for name, value in ready.items():
                store.arrays[name][slots] = value

    def set_input_scale(self, shift: ArrayLike, scale: ArrayLike) -> None:
        """Let values enter as (value - shift) * scale, computed in float64.

        Parameters
        ----------
        shift, scale : float or array [inputs]
            A column's mean and 1/spread: large offsets then lose no digits in float32.
        """
        with self._store.lock:
            shape = self._inputs.shape
            self._shift, self._scale = (
                as_float64("shift", shift, shape), as_float64("scale", scale, shape),
            )  # fmt: skip
