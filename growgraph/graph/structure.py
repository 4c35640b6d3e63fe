"""What a graph holds and how it is built: nodes, edges, names, values."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from growgraph.errors import GraphError
from growgraph.graph import build, connect, convert
from growgraph.graph.cutting import Cutting
from growgraph.graph.recorder import Recorder
from growgraph.graph.run import Runner
from growgraph.graph.store import Store
from growgraph.graph.values import Values
from growgraph.kernels import _handle as h

Ids = NDArray[np.int64]


class Structure(Values, Cutting, Recorder):
    """The building half of :class:`growgraph.Graph`; not made by users."""

    def __init__(self) -> None:
        self._store = Store()
        self._runner = Runner()
        self._inputs = np.empty(0, np.int64)
        self._outputs = np.empty(0, np.int64)
        self._shift: Any = None  # float64 per input, or None: values enter as they are
        self._scale: Any = None
        self._base: dict[str, Any] | None = None  # state of the graph when it began to record
        self._words = [""]  # causes, rules and intentions named in the log
        #: Names of nodes, id -> str.
        self.names: dict[int, str] = {}
        #: Named groups of nodes, name -> ids.
        self.groups: dict[str, Ids] = {}

    # ---- what is there --------------------------------------------------------------------------
    @property
    def inputs(self) -> Ids:
        """Ids of the input nodes, in the sequence in which :meth:`forward` takes columns."""
        return self._inputs.copy()

    @property
    def outputs(self) -> Ids:
        """Ids of the output nodes, in the sequence in which :meth:`forward` gives columns."""
        return self._outputs.copy()

    @property
    def nodes(self) -> Ids:
        """Ids of all living nodes, ascending."""
        return np.flatnonzero(self._store.slot_of[: self._store[h.NEXT_ID]] >= 0)

    @property
    def n_nodes(self) -> int:
        """Number of living nodes."""
        return self._store[h.N_ALIVE]

    @property
    def n_edges(self) -> int:
        """Number of edges, delayed ones included."""
        return self._store[h.N_EDGES] + self._store[h.N_DELAYED]

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays, slack included."""
        return self._store.nbytes

    @property
    def fragmentation(self) -> float:
        """Edges out of running order, and entries that hold no edge, per edge: pack above .1.

        Out of order are edges of nodes that were put before others, and of blocks that moved. The
        graph never packs by itself: a call that grows must not cost a pass over all nodes.
        """
        store = self._store
        held = store[h.POOL_USED] + store[h.DPOOL_USED]
        waste = held - store[h.N_EDGES] - store[h.N_DELAYED]
        return (store[h.GROWN] + waste) / max(self.n_edges, 1)

    def __len__(self) -> int:
        return self.n_nodes

    def __contains__(self, node: object) -> bool:
        try:
            return bool(self._slots(node, "node").size)
        except GraphError:
            return False

    def __repr__(self) -> str:
        return (
            f"Graph({self.n_nodes} nodes: {self._inputs.size} inputs, {self._outputs.size} "
            f"outputs; {self.n_edges} edges)"
        )

    def order(self) -> Ids:
        """Ids in the order in which a forward visits them: each after its sources."""
        return self._store.ids(self._store.order())

    def sources(self, node: int) -> tuple[Ids, NDArray[np.float32], NDArray[np.float32]]:
        """Ids, weights and stabilities of a node's undelayed in-edges, in block order."""
        s, v = self._store, self._slot(node)
        a, b, n = int(s.start[v]), int(s.sstart[v]), int(s.length[v])
        return s.ids(s.src[b : b + n]), s.w[a : a + n].copy(), s.stab[a : a + n].copy()

    def delayed_sources(self, node: int) -> tuple[Ids, NDArray[np.float32], NDArray[np.uint8]]:
        """Ids, weights and flags (0 delayed, 1 recurrent) of edges from the step before."""
        s, v = self._store, self._slot(node)
        a, n = int(s.dstart[v]), int(s.dlen[v])
        return s.ids(s.dsrc[a : a + n]), s.dw[a : a + n].copy(), s.dflag[a : a + n].copy()

    def node(self, node: int) -> dict[str, Any]:
        """What a node is: kind, activation, role, bias, p0, p1, name."""
        s, v = self._store, self._slot(node)
        return {
            "kind": build.KIND_NAMES[s.kind[v]],
            "activation": build.ACTIVATION_NAMES[s.act[v]],
            "role": build.ROLE_NAMES[s.role[v]],
            "bias": float(s.bias[v]),
            "p0": float(s.p0[v]),
            "p1": float(s.p1[v]),
            "name": self.names.get(int(node), ""),
        }

    def edges(self) -> NDArray[Any]:
        """All edges as a structured array: source, target, weight, stability, delay, recurrent."""
        return convert.edge_table(self)

    # ---- building -------------------------------------------------------------------------------
    def add_inputs(
        self, count: int, names: Sequence[str] | None = None, *, activation: str = "identity",
        p0: ArrayLike = 0.0, p1: ArrayLike = 0.0,
    ) -> Ids:  # fmt: skip
        """Add input nodes.

        Parameters
        ----------
        count : int, >= 1
        names : sequence of str, optional
            One name each.
        activation : str, default "identity"
            Applied to the values that enter, see ``ACTIVATIONS``.
        p0, p1 : float or array [count]
            Bounds of "clip".

        Returns
        -------
        ndarray of int64 [count]
            The new ids.

        Raises
        ------
        ValueError
            If ``count`` is below 1, the activation is unknown or the names do not match.

        Examples
        --------
        >>> from growgraph import Graph
        >>> Graph().add_inputs(2, names=["height", "weight"])
        array([0, 1])
        """
        return build.add_nodes(self, count, "input", activation, "input", p0=p0, p1=p1, names=names)

    def add_nodes(
        self, count: int, *, kind: str = "sum", activation: str = "identity",
        sources: ArrayLike | None = None, weights: ArrayLike = 1.0, bias: ArrayLike = 0.0,
        p0: ArrayLike = 0.0, p1: ArrayLike = 0.0, names: Sequence[str] | None = None,
        random_state: Any = None, indptr: ArrayLike | None = None,
    ) -> Ids:  # fmt: skip
        """Add hidden nodes, with or without edges.

        Parameters
        ----------
        count : int, >= 1
        kind : str, default "sum"
            How a node gathers its sources, see ``KINDS``.
        activation : str, default "identity"
            See ``ACTIVATIONS``.
        sources : ids, or array [count, k], optional
            Each new node gets an edge from each of them, or from those in its row. Nodes that
            follow each other and read the same store their source list once. A row may name
            nodes of this call that come before it; their ids go on from the last one given.
        weights : float, "normal" or array, default 1
            Broadcastable to [count, sources]. "normal" draws N(0, 1/fan-in).
        bias, p0, p1 : float or array [count]
            p0 is the width of "match" (1e-12 or more) and the sharpness of "cosine", p1 the floor
            of "cosine"; both are the bounds of activation "clip".
        names : sequence of str, optional
        random_state : None, int or numpy Generator
            None: what the graph holds decides, so that each call draws other numbers and the same
            calls build the same graph. An integer gives the same numbers at each call.
        indptr : array of int [count + 1], optional
            New node i reads ``sources[indptr[i]:indptr[i+1]]``; there is one weight an edge.

        Returns
        -------
        ndarray of int64 [count]
            The new ids.

        Raises
        ------
        ValueError
            For an unknown kind or activation or values that are no finite numbers.
        UnknownNodeError
            For a source that does not live.
        GraphError
            For rows or ``indptr`` that do not fit, or a source named twice.

        Examples
        --------
        >>> from growgraph import Graph
        >>> g = Graph()
        >>> g.add_nodes(2, sources=g.add_inputs(3), activation="tanh", weights="normal")
        array([3, 4])
        >>> g.add_nodes(2, sources=[[0, 3], [4, 5]], weights=[[1.0, 2.0], [3.0, 4.0]])
        array([5, 6])
        """
        return build.add_nodes(
            self, count, kind, activation, "hidden", sources=sources, weights=weights, bias=bias,
            p0=p0, p1=p1, names=names, random_state=random_state, indptr=indptr,
        )  # fmt: skip

    def add_outputs(
        self, count: int, *, kind: str = "sum", activation: str = "identity",
        sources: ArrayLike | None = None, weights: ArrayLike = 1.0, bias: ArrayLike = 0.0,
        p0: ArrayLike = 0.0, p1: ArrayLike = 0.0, names: Sequence[str] | None = None,
        random_state: Any = None, indptr: ArrayLike | None = None,
    ) -> Ids:  # fmt: skip
        """Add output nodes; the arguments are those of :meth:`add_nodes`."""
        return build.add_nodes(
            self, count, kind, activation, "output", sources=sources, weights=weights, bias=bias,
            p0=p0, p1=p1, names=names, random_state=random_state, indptr=indptr,
        )  # fmt: skip

    def add_node(
        self, sources: ArrayLike | None = None, weights: ArrayLike = 1.0, **options: Any
    ) -> int:
        """Add one hidden node and return its id; the arguments are those of :meth:`add_nodes`."""
        return int(self.add_nodes(1, sources=sources, weights=weights, **options)[0])

    def add_edge(
        self, source: int, target: int, weight: float = 1.0, *, delay: int = 0,
        recurrent: bool = False,
    ) -> None:  # fmt: skip
        """Add one edge.

        Parameters
        ----------
        source, target : int
            Ids.
        weight : float, default 1
        delay : {0, 1}, default 0
            1: the edge carries the activity of the step before and may close loops.
        recurrent : bool, default False
            A delayed edge that settling reads in place.

        Raises
        ------
        CycleError
            If an undelayed edge would close a cycle; the message names it.
        GraphError
            For a second edge between the same nodes, an input as target, a dead id.
        """
        u, v = self._one_id("source", source), self._one_id("target", target)
        self.connect(u, v, weight, delay=delay, recurrent=recurrent, pairs=True)

    def connect(
        self, sources: ArrayLike, targets: ArrayLike, weights: ArrayLike = 1.0, *,
        density: float | None = None, fan_in: int | None = None, pairs: bool = False,
        delay: int = 0, recurrent: bool = False, random_state: Any = None,
    ) -> None:  # fmt: skip
        """Connect two groups of nodes.

        Parameters
        ----------
        sources, targets : ids
        weights : float, "normal" or array
            For all pairs [targets, sources], also with ``density``; else one an edge. "normal"
            draws N(0, 1/k) for a target that gets k edges in this call.
        density : float in (0, 1], optional
            Keep each possible edge with this probability.
        fan_in : int, optional
            Each target gets so many sources, drawn without replacement.
        pairs : bool, default False
            Connect sources[i] to targets[i] only. Give one of density, fan_in and pairs.
        delay : {0, 1}, default 0
        recurrent : bool, default False
        random_state : None, int or numpy Generator
            As in :meth:`add_nodes`; the nodes named count too.

        Raises
        ------
        CycleError, GraphError, ValueError
            As :meth:`add_edge`; no edge is added.
        """
        connect.connect(self, sources, targets, weights, density, fan_in, pairs, delay, recurrent,
                        random_state)  # fmt: skip

    def split_edge(
        self, source: int, target: int, *, kind: str = "sum", activation: str = "identity",
        bias: float = 0.0, w_in: float = 1.0, w_out: float | None = None,
    ) -> int:  # fmt: skip
        """Put a new hidden node on an edge, in its place: source -> new -> target.

        Parameters
        ----------
        source, target : int
            Ids of an undelayed edge.
        kind, activation : str
            Of the new node.
        bias, w_in : float
            Bias of the new node and weight source -> new.
        w_out : float, optional
            Weight new -> target; the old weight if not given, so that with the defaults the
            graph computes what it did.

        Returns
        -------
        int
            The new id.
        """
        return build.split_edge(self, source, target, kind, activation, bias, w_in, w_out)
