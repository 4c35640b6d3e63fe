"""Graph: nodes and weighted edges in arrays, always ordered, ready to run, learn and grow."""

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from growgraph._validation import as_ids, check_number
from growgraph.errors import GraphError
from growgraph.graph import (
    build,
    check,
    convert,
    exchange,
    genomes,
    learning,
    networks,
    perceptrons,
    settling,
    sparse,
)
from growgraph.graph.prepared import Prepared
from growgraph.graph.run import Runner, as_one, as_samples, as_sequence
from growgraph.graph.structure import Structure
from growgraph.graph.view import Reading
from growgraph.kernels import _handle as h


class Graph(Structure):
    """A directed graph of computing nodes that runs, learns locally and grows.

    Nodes are named by integer ids that stay valid for ever. Undelayed edges never close a cycle:
    an order is kept while the graph changes, so running needs no sorting. A call that fails
    changes nothing.

    Examples
    --------
    >>> import growgraph
    >>> g = growgraph.Graph()
    >>> x = g.add_inputs(2)
    >>> h = g.add_nodes(3, activation="relu", sources=x, weights=[[1, 1], [1, -1], [-1, 1]])
    >>> y = g.add_outputs(1, sources=h)
    >>> g.forward([[1.0, 2.0]])
    array([[4.]], dtype=float32)

    Notes
    -----
    Threads may call :meth:`forward`, :meth:`forward_sparse` and :meth:`activities` on one graph
    while another grows, cuts or packs it: each call answers for the graph as it was when the call
    began. One thread at a time may call :meth:`run`, which remembers. Calls that change the graph
    take turns, :meth:`learn` and :meth:`tension` among them; weights that change during a forward
    may be read before or after. Everything else belongs to one thread.

    Arrays: slack compressed sparse rows by target, float32 weights, float32 stability, an order
    list after Bender et al. (2002) and Pearce and Kelly (2006). See ``ARCHITECTURE.md``.
    """

    # ---- running --------------------------------------------------------------------------------
    def forward(
        self, X: Any, *, inputs: ArrayLike | None = None, outputs: ArrayLike | None = None,
        n_threads: int | None = None,
    ) -> NDArray[np.float32]:  # fmt: skip
        """Run samples through the graph.

        Parameters
        ----------
        X : array [batch, inputs] or [inputs]
            numpy, scipy CSR or DataFrame, finite.
        inputs : ids, optional
            The columns of X stand for these inputs. The others are 0 after scaling: an input with
            a scale of its own (:meth:`set_input_scale`) stands at its shift.
        outputs : ids, optional
            Nodes whose activity is returned; all outputs if not given. The sweep ends at the
            last of them.
        n_threads : int, optional
            By default decided by the amount of work; the bits do not depend on it.

        Returns
        -------
        ndarray of float32 [batch, outputs] or [outputs]

        Raises
        ------
        DataError
            For NaN, infinity or a wrong number of columns.

        Notes
        -----
        There is no step before: what delayed edges carry is 0. Only :meth:`run` remembers.
        """
        if n_threads is not None:
            n_threads = check_number("n_threads", n_threads, 1, integer=True)
        with Reading(self) as now:
            wanted, last = self._wanted(now, outputs)
            if inputs is None:
                if now.shift is None:
                    one = as_one(X, now.fed.size)
                    if one is not None:
                        return self._runner.forward_one(now.view, one, now.fed, wanted)
                rows, single = as_samples(X, now.fed.size, now.shift, now.scale)
                fed = now.fed
            else:
                rows, fed, single = self._some_inputs(now, X, inputs, last)
            if single:
                one = np.zeros(fed.size, np.float32)
                one[: rows.shape[1]] = rows[0]
                return self._runner.forward_one(now.view, one, fed, wanted)
            return self._runner.forward(now.view, rows, fed, wanted, last, n_threads)

    __call__ = forward

    def forward_sparse(
        self, columns: Any, values: Any = None, *, outputs: ArrayLike | None = None
    ) -> NDArray[np.float32]:  # fmt: skip
        """Run one sample of which few values are not 0, at the cost of its active nodes.

        As :meth:`forward` to 1e-5; see :func:`growgraph.graph.sparse.forward_sparse`. The first
        call after a change of structure lists all out-edges (8 bytes and 8 to 24 ns an edge): for
        many samples between two changes, and nets in which about 5 % of the nodes are active.
        """
        return sparse.forward_sparse(self, columns, values, outputs)

    def prepared(self) -> Prepared:
        """The graph as a quick function of one sample, see :class:`~.prepared.Prepared`."""
        return Prepared(self)

    @staticmethod
    def _wanted(now, outputs):
        """Slots of the nodes asked for and the last of them."""
        if outputs is None:
            if now.asked.size == 0:
                raise GraphError("graph has no output nodes: add_outputs first, or name outputs=")
            return now.asked, now.last
        slots = now.view.slots(as_ids("outputs", outputs))
        if slots.size == 0:
            raise GraphError(f"outputs must name at least one node, got {outputs!r}")
        return slots, now.view.last_of(slots)

    def _samples(self, X):
        """Checked float32 rows over all inputs, and whether it was a single sample."""
        return as_samples(X, self._inputs.size, self._shift, self._scale)

    @staticmethod
    def _some_inputs(now, X, inputs, last):
        """Checked rows over the inputs named, slots of these and of others that matter, single."""
        ids = as_ids("inputs", inputs)
        rank, named = np.argsort(now.inputs), np.zeros(now.inputs.size, bool)
        at = np.searchsorted(now.inputs, ids, sorter=rank)
        column = rank.take(at, mode="clip") if rank.size else rank
        named[column] = True
        if named.sum() != ids.size or (now.inputs[column] != ids).any():
            raise GraphError(f"inputs must be ids of input nodes, each once, got {inputs!r}")
        shift, scale = now.shift, now.scale
        if shift is not None:
            shift, scale = shift[column], scale[column]
            if not shift.any() and (scale == 1).all():
                shift = scale = None
        rows, single = as_samples(X, ids.size, shift, scale)
        others = now.fed[~named]
        label = now.view.arrays["label"]
        others = others[label[others] <= label[last]]  # the sweep ends before the rest
        return rows, np.concatenate([now.fed[column], others]), single

    def activities(self, X: Any) -> NDArray[np.float32]:
        """Activity of every living node, [batch, nodes], columns as in :attr:`nodes`.

        As in :meth:`forward` there is no step before.
        """
        with Reading(self) as now:
            rows, single = as_samples(X, now.fed.size, now.shift, now.scale)
            V = self._runner.activities(now.view, rows, now.fed)
            slot_of = now.view.arrays["slot_of"][: now.view[h.NEXT_ID]]
            out = V[slot_of[slot_of >= 0]].T.copy()
        return out[0] if single else out

    def run(self, sequence: Any) -> NDArray[np.float32]:
        """Step through time; delayed edges read the step before.

        Parameters
        ----------
        sequence : array [steps, inputs] or [steps, batch, inputs]

        Returns
        -------
        ndarray of float32 [steps, outputs] or [steps, batch, outputs]

        Notes
        -----
        A following call goes on where this one stopped; :meth:`reset` starts anew. No other call
        reads or changes the activities that are remembered.
        """
        with Reading(self) as now:
            X, single = as_sequence(sequence, now.fed.size, now.shift, now.scale)
            state = self._runner.state
            if state is not None and state.shape[1] != X.shape[1]:
                raise GraphError(
                    f"sequence has batch {X.shape[1]} but the run under way has {state.shape[1]}: "
                    "call reset() first"
                )
            Y = self._runner.run(now.view, X, now.fed, now.asked)
        return Y[:, 0] if single else Y

    def reset(self) -> None:
        """Forget the activities of the step before."""
        self._runner.state = None

    # ---- learning -------------------------------------------------------------------------------
    def tension(
        self, X: Any, targets: Any = None, *, per_sample: bool = False
    ) -> NDArray[np.float32]:
        """|expected - observed| at every node, see :func:`growgraph.graph.learning.tension`."""
        with self._store.lock:
            return learning.tension(self, X, targets, per_sample)

    def learn(
        self, X: Any, targets: Any = None, *, rule: str = "resonance", lr: float = 0.1,
        gate: Any = None, decay: float = 1.0,
    ) -> Self:  # fmt: skip
        """Learn locally, see :func:`growgraph.graph.learning.learn`."""
        with self._store.lock:
            return learning.learn(self, X, targets, rule, lr, gate, decay)

    def settle(self, X: Any, targets: Any = None, **options: Any) -> settling.Settled:
        """Predictive coding, see :func:`growgraph.graph.settling.settle`."""
        with self._store.lock:
            return settling.settle(self, X, targets, **options)

    # ---- the whole graph ------------------------------------------------------------------------
    def check(self) -> None:
        """Verify every invariant; raises GraphError naming the first that is broken."""
        check.check(self)

    def copy(self) -> Self:
        """An independent graph with the same content."""
        twin = object.__new__(type(self))
        with self._store.lock:
            twin.__dict__.update(self.__dict__)
            twin._store = self._store.copy()
        twin._runner = Runner()
        state = self._runner.state
        twin._runner.state = None if state is None else state.copy()
        twin.names, twin._words = dict(self.names), list(self._words)
        twin.groups = {k: v.copy() for k, v in self.groups.items()}
        twin._shift = None if self._shift is None else self._shift.copy()
        twin._scale = None if self._scale is None else self._scale.copy()
        return twin

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Self:
        return self.copy()

    def __eq__(self, other: object) -> bool:
        return check.equal(self, other) if isinstance(other, Graph) else NotImplemented

    __hash__ = None  # type: ignore[assignment]

    def __getstate__(self):
        return self.to_state()

    def __setstate__(self, state):
        self.__dict__.update(Graph.from_state(state).__dict__)

    def to_state(self) -> dict[str, Any]:
        """The graph as a dict of arrays and plain values, block order and labels as they are."""
        with self._store.lock:
            return convert.to_state(self)

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild a graph from :meth:`to_state`."""
        return convert.from_state(cls, state)

    def subgraph(self, nodes: ArrayLike) -> Self:
        """A new graph of these nodes and the edges among them; ids are kept in ``names``."""
        return convert.subgraph(self, nodes)

    def to_networkx(self) -> Any:
        """A networkx.DiGraph with all node and edge attributes."""
        return networks.to_networkx(self)

    @classmethod
    def from_networkx(cls, graph: Any) -> Self:
        """A Graph from a networkx.DiGraph, see :func:`growgraph.graph.networks.from_networkx`."""
        return networks.from_networkx(cls, graph)

    def to_graphml(self, path: Any) -> None:
        """Write GraphML, see :func:`growgraph.graph.exchange.to_graphml`."""
        exchange.to_graphml(self, path)

    @classmethod
    def from_graphml(cls, path: Any) -> Self:
        """Read GraphML, see :func:`growgraph.graph.exchange.from_graphml`."""
        return exchange.from_graphml(cls, path)

    def to_node_link(self, path: Any = None) -> dict[str, Any]:
        """Node-link JSON, see :func:`growgraph.graph.exchange.to_node_link`."""
        return exchange.to_node_link(self, path)

    @classmethod
    def from_node_link(cls, data: Any) -> Self:
        """Read node-link JSON, see :func:`growgraph.graph.exchange.from_node_link`."""
        return exchange.from_node_link(cls, data)

    @classmethod
    def from_sklearn(cls, mlp: Any, *, scores: bool = False) -> Self:
        """A fitted scikit-learn MLP, see :func:`growgraph.graph.perceptrons.from_sklearn`."""
        return perceptrons.from_sklearn(cls, mlp, scores=scores)

    @classmethod
    def from_neat(cls, genome: Any, config: Any) -> Self:
        """A neat-python genome, see :func:`growgraph.graph.genomes.from_neat`."""
        return genomes.from_neat(cls, genome, config)

    def to_scipy(self) -> Any:
        """Undelayed weights as a scipy.sparse CSR array [nodes, nodes]: row = target."""
        return convert.to_scipy(self)

    @classmethod
    def from_scipy(cls, matrix: Any, **options: Any) -> Self:
        """A Graph from a square sparse matrix, row = target."""
        return convert.from_scipy(cls, matrix, **options)

    @classmethod
    def layered(cls, sizes: Any, **options: Any) -> Self:
        """Dense layers, see :func:`growgraph.graph.build.layered`."""
        return build.layered(cls, sizes, **options)

    @classmethod
    def random_dag(cls, n_nodes: int, fan_in: int, **options: Any) -> Self:
        """A random acyclic graph, see :func:`growgraph.graph.build.random_dag`."""
        return build.random_dag(cls, n_nodes, fan_in, **options)

    @classmethod
    def from_edges(cls, n_inputs: int, edges: Any, **options: Any) -> Self:
        """A graph from (source, target, weight) triples."""
        return build.from_edges(cls, n_inputs, edges, **options)
