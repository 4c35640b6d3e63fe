"""Predictive coding on any graph: see :func:`settle`."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from growgraph._validation import as_float32, as_ids, check_choice, check_distinct, check_number
from growgraph.errors import DataError, GraphError
from growgraph.graph.learning import _as_targets, _gate
from growgraph.graph.run import _padded
from growgraph.graph.sparse import mirror_of
from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels import settle as kernel

LOSSES = ("squared", "cross_entropy")
_WIDTH = 64  # columns of a strip: as many as one pass over a node's edges computes
# by kind and by activation: whether such a node can settle
_SETTLES = np.isin(np.arange(len(codes.KINDS)), (codes.INPUT, codes.SUM, codes.MEAN))
_SLOPES = ~np.isin(np.arange(len(codes.ACTIVATIONS)), (codes.STEP, codes.SIGN))


@dataclass(frozen=True)
class Settled:
    """What samples have settled to.

    Parameters
    ----------
    energy : float64 [batch]
        Of each sample at the end.
    course : float64 [steps, batch]
        The same after each step; no column ever rises.
    steps : int64 [batch]
        Steps each sample took until it was at rest, or all.
    nodes : int64 [n]
        Ids of the columns that follow.
    activities : float32 [batch, n]
    tension : float32 [batch, n]
        What a node is beyond what its sources make one expect; of a node held at a target, the
        target less the answer.
    asked : float32 [batch, n]
        What a node's readers ask of it times its slope: minus the derivative of the energy by its
        sum. At rest it is precision * tension.
    """

    energy: NDArray[np.float64]
    course: NDArray[np.float64]
    steps: NDArray[np.int64]
    nodes: NDArray[np.int64]
    activities: NDArray[np.float32]
    tension: NDArray[np.float32]
    asked: NDArray[np.float32]


def settle(
    graph, X, targets=None, *, steps=16, tol=1e-2, precision=1.0, loss="squared", free=(),
    sweeps=3, learn=None, gate=None, nodes=None,
):  # fmt: skip
    """Let activities settle between what is given and what is wanted, and learn from it.

    Every node expects mu = bias + sum of w * activity of its sources; its tension is x - mu, its
    activity f(x). Settling lowers a sample's energy, the sum of precision * tension**2 / 2, and
    never raises it: predictive coding (Rao and Ballard 1999; Whittington and Bogacz 2017).

    Parameters
    ----------
    graph : Graph
        Nodes of kind "sum" and "mean"; any activation but "step" and "sign". Delayed and recurrent
        edges carry the activity that their source settles to: X is there for as long as it takes.
    X : array [batch, inputs]
        What inputs are held at.
    targets : array [batch, outputs] or [batch], or dict of id to [batch], optional
        What the outputs, or the nodes named, are held at. Readers of a node held read the target.
    steps : int >= 1, default 16
        At most so many, each of them one sweep through the graph and one back.
    tol : float >= 0, default 1e-2
        A sample rests when the step it would take, in its tensions, is below ``tol`` of these.
    precision : float, or dict of id to float, default 1
        How much a node's tension weighs; with a dict, 1 for the others.
    loss : {"squared", "cross_entropy"}, default "squared"
        "squared": a node held has tension target - f(mu).
        "cross_entropy": the nodes held are one choice, targets are probabilities, tension is
        target - softmax(mu), and precision * KL(target || softmax(mu)) counts in the energy.
    free : ids of inputs, optional
        Inputs that may give way, too: X is what is expected of them.
    sweeps : int >= 0, default 3
        If there are back edges: so many sweeps before the first step, each reading the one before.
    learn : float > 0, optional
        Rate of learning: w += rate * mean over samples of asked * activity of the source, at the
        end, the bias likewise, delayed and recurrent edges too. It is local: an edge sees its two
        ends.
    gate : ids or dict of id to float in [0, 1], optional
        Whose in-edges and bias may learn; all nodes if not given.
    nodes : ids, optional
        Nodes whose activities and tensions are returned: by default all, with ``learn`` none.

    Returns
    -------
    Settled

    Raises
    ------
    GraphError
        For a node of another kind, without a slope, or that cannot be held.
    DataError
        For samples or targets that do not fit, and if an energy or a new weight is no finite
        number. Nothing has changed then.

    Notes
    -----
    With ``steps=1`` hidden nodes have no tension yet, and ``asked`` is minus the gradient of the
    loss by each node's sum: on a graph without back edges, in which no node held is read, ``learn``
    is then plain gradient descent, the same numbers as backpropagation (Song et al. 2020 reach them
    by another road). It learns fastest per second. With more steps learning is *prospective* (Song
    et al. 2024): edges change towards activities that are already better, which disturbs less what
    was learnt before.

    A step follows the true gradient, which needs the slopes of activations (Goemaere et al. 2025);
    its length is every sample's own. A sample's result does not depend, to the bit, on the others
    in X; what is learnt does, as it is their mean.

    With back edges, ``steps=1`` counts what they carry as given; the more steps, the more of a
    change in the loop is asked of its nodes.

    References
    ----------
    Rao and Ballard (1999), "Predictive coding in the visual cortex"; Whittington and Bogacz
    (2017), "An approximation of the error backpropagation algorithm in a predictive coding network
    with local Hebbian synaptic plasticity"; Song et al. (2020), "Can the brain do backpropagation?
    Exact implementation of backpropagation in predictive coding networks"; Song et al. (2024),
    "Inferring neural activity before plasticity"; Goemaere et al. (2025), arXiv:2505.20137;
    Barzilai and Borwein (1988), "Two-point step size gradient methods".

    Examples
    --------
    >>> from growgraph import Graph
    >>> g = Graph.from_edges(1, [(0, 1, 1.0), (1, 2, 1.0)])
    >>> rest = g.settle([[1.0]], [[4.0]], tol=1e-6)
    >>> rest.activities.round(3), rest.tension.round(3)
    (array([[1. , 2.5, 4. ]], dtype=float32), array([[0. , 1.5, 1.5]], dtype=float32))
    """
    task = _Task(graph, X, targets, precision, loss, free, gate if learn is not None else ())
    steps = check_number("steps", steps, 1, integer=True)
    sweeps = check_number("sweeps", sweeps, 0, integer=True)
    tol = check_number("tol", tol, 0)
    if learn is not None and not check_number("learn", learn, 0) > 0:
        raise ValueError(f"learn must be above 0, got {learn!r}")
    if nodes is None:
        ids = graph.nodes if learn is None else np.empty(0, np.int64)
    else:
        ids = as_ids("nodes", nodes)
    settled = task.run(steps, sweeps, tol, ids, learn is not None)
    if learn is not None:
        task.learn(float(learn))
    return settled


def unsettled(graph, X, targets, options):
    """Activities V as they are answered and tensions E that settling leaves, [slots, batch].

    Also returns the slots that have a tension: all that settle. ``options`` are those of
    :func:`settle`.
    """
    left = settle(graph, X, targets, nodes=graph.nodes, **options)
    store = graph._store
    V = graph._runner.activities(store, graph._samples(X)[0], graph._slots(graph._inputs))
    E, own, slots = np.zeros_like(V), np.zeros(V.shape[0], np.uint8), graph._slots(left.nodes)
    E[slots] = left.tension.T
    own[slots] = store.kind[slots] != codes.INPUT
    return V, E, own


class _Task:
    """A checked call: samples, what each slot is in it, and the changes it has found."""

    def __init__(self, graph, X, targets, precision, loss, free, gate):
        self.graph, self.store = graph, graph._store
        self.view = self.store.view()
        self.readers = readers_of(self.view)
        n = self.n = self.store[h.N_SLOTS]
        self.rows, _ = graph._samples(X)
        if self.rows.shape[0] == 0:
            raise DataError(f"X must hold at least one sample, got shape {np.shape(X)}")
        check_choice("loss", loss, LOSSES)
        self.inputs = graph._slots(graph._inputs)
        self.part = np.zeros(n, np.uint8)
        self.part[self.inputs] = kernel.GIVEN
        self.part[self._free(free)] = kernel.FREE
        self.held, self.targets = self._targets(targets)
        self.part[self.held] = kernel.TARGET if loss == "squared" else kernel.GROUP
        self.precision = self._precision(precision)
        self.group = np.flatnonzero(self.part == kernel.GROUP).astype(np.int32)
        if loss == "cross_entropy":
            self._check_group()
        self.anchors = self._anchors()
        self._check_kinds()
        self.gate = np.ones(n, np.float32) if gate is None else _gate(graph, gate, n, True)

    def _free(self, free):
        ids = as_ids("free", free)
        slots = self.graph._slots(ids, "free")
        bad = self.store.kind[slots] != codes.INPUT
        if bad.any():
            raise GraphError(
                f"free must name inputs, got node {ids[np.argmax(bad)]}: other nodes are free "
                "unless they have a target"
            )
        return slots

    def _targets(self, targets):
        """Slots that are held and their values [batch, held]."""
        graph, batch = self.graph, self.rows.shape[0]
        if targets is None:
            return np.empty(0, np.int32), np.empty((batch, 0), np.float32)
        if not isinstance(targets, dict):
            T = _as_targets(graph, targets, batch)
            return graph._slots(graph._outputs), np.ascontiguousarray(T)
        ids = as_ids("targets", list(targets))
        check_distinct("targets", ids)
        slots = graph._slots(ids, "targets")
        bad = self.store.kind[slots] == codes.INPUT
        if bad.any():
            raise GraphError(f"targets must not name inputs, got {ids[np.argmax(bad)]}: give X")
        values = [as_float32(f"targets[{i}]", v, (batch,)) for i, v in targets.items()]
        return slots, np.array(values, np.float32).reshape(slots.size, batch).T.copy()

    def _precision(self, precision):
        if not isinstance(precision, dict):
            value = check_number("precision", precision, 1e-6, 1e6)
            return np.full(self.n, value, np.float32)
        out = np.ones(self.n, np.float32)
        slots = self.graph._slots(as_ids("precision", list(precision)), "precision")
        out[slots] = [check_number("precision", v, 1e-6, 1e6) for v in precision.values()]
        return out

    def _check_group(self):
        store = self.store
        if self.group.size < 2:
            raise GraphError('loss "cross_entropy" needs targets for at least two nodes')
        bent = self.group[store.act[self.group] != codes.IDENTITY]
        if bent.size:
            raise GraphError(
                f'loss "cross_entropy" takes its own softmax: node {store.id_of[bent[0]]} must '
                'have activation "identity"'
            )
        if np.ptp(self.precision[self.group]) > 0:
            raise GraphError('loss "cross_entropy" needs one precision for all nodes with a target')
        total = self.targets.sum(axis=1)
        if (self.targets < 0).any() or (np.abs(total - 1) > 1e-3).any():
            raise DataError(
                'targets must be probabilities that sum to 1 for loss "cross_entropy": one row a '
                "sample, such as numpy.eye(n_classes)[y]"
            )

    def _anchors(self):
        """Slots that back edges read and that may move; from now on anchors."""
        store, read = self.store, np.zeros(self.n, bool)
        if store[h.N_DELAYED]:
            for slot in np.flatnonzero(store.dlen[: self.n] * store.alive[: self.n]):
                d = int(store.dstart[slot])
                read[store.dsrc[d : d + int(store.dlen[slot])]] = True
        anchors = np.flatnonzero(read & (self.part == kernel.FREE)).astype(np.int32)
        self.part[anchors] = kernel.ANCHOR
        return anchors

    def _check_kinds(self):
        store, order = self.store, self.readers.slot_at
        kind, act = store.kind[order], store.act[order]
        settles = _SETTLES[kind]
        if not settles.all():
            slot = order[np.argmin(settles)]
            raise GraphError(
                f'node {store.id_of[slot]} is of kind "{_name(codes.KINDS, store.kind[slot])}": '
                'only "sum" and "mean" nodes can settle'
            )
        slopes = _SLOPES[act] | (self.part[order] == kernel.GIVEN)
        if not slopes.all():
            slot = order[np.argmin(slopes)]
            name = _name(codes.ACTIVATIONS, store.act[slot])
            raise GraphError(
                f'node {store.id_of[slot]} has activation "{name}", which has no slope: take '
                '"tanh" or "sigmoid" instead'
            )
        self.mixed = bool((kind == codes.MEAN).any())

    # ---- strips ---------------------------------------------------------------------------------
    def run(self, steps, sweeps, tol, ids, learns):
        """Settle strip by strip, in the sequence of the samples."""
        batch, store, runner = self.rows.shape[0], self.store, self.graph._runner
        slots = self.graph._slots(ids, "nodes")
        table = np.zeros((3, batch, ids.size), np.float32)
        course, taken = np.empty((steps, batch)), np.empty(batch, np.int64)
        width = min(_WIDTH, max(16, _padded(batch)))
        strip = kernel.Strip(*(runner._borrow(self.view, width) for _ in kernel.Strip._fields))
        counters = (h.POOL_USED, h.DPOOL_USED, h.N_SLOTS) if learns else ()
        self.changes = [np.zeros(store[counter], np.float32) for counter in counters]
        for b in range(0, batch, width):
            count, rows = min(width, batch - b), slice(b, b + width)
            found = kernel.Course(
                np.empty((steps, width)), np.empty(width, np.int64), *np.empty((5, width))
            )
            kernel.settle_strip(
                store.H, self.rows, self.inputs, self.targets, self.held, b, count, strip,
                self.part, self.precision, self.readers, self.anchors, self.group, steps, sweeps,
                tol, self.mixed, found,
            )  # fmt: skip
            course[:, rows], taken[rows] = found.energy[:, :count], found.taken[:count]
            if ids.size:
                self._read(strip, slots, count, steps, table[:, rows])
            if learns:
                kernel.change(store.H, strip.V, strip.L, self.gate, *self.changes)
        runner._free[width].extend(strip)
        self._check_finite(course[-1])
        return Settled(course[-1], course, taken, ids, *table)

    def _read(self, strip, slots, count, steps, table):
        """Activities, tensions and what is asked [3, count, slots]."""
        part = self.part[slots]
        tension = np.where((part == kernel.FREE)[:, None], strip.U[slots], strip.E[slots])
        tension[(part == kernel.GIVEN) | ((part == kernel.FREE) & (steps == 1))] = 0
        asked = np.where((part == kernel.GIVEN)[:, None], 0, strip.L[slots])
        for out, rows in zip(table, (strip.V[slots], tension, asked), strict=True):
            out[:] = rows[:, :count].T

    @staticmethod
    def _check_finite(energy):
        bad = ~np.isfinite(energy)
        if bad.any():
            raise DataError(
                f"the energy of sample {np.argmax(bad)} is infinite or NaN: scale X or targets down"
            )

    def learn(self, rate):
        """Take the changes into the graph, all or none."""
        store, share = self.store, np.float32(rate / self.rows.shape[0])
        values = store.w, store.dw, store.bias
        with np.errstate(over="ignore", invalid="ignore"):
            for change, before in zip(self.changes, values, strict=True):
                change *= share
                change += before[: change.size]
        if not all(np.isfinite(change).all() for change in self.changes):
            raise DataError("learning made a weight infinite: scale X down or lower learn")
        for change, before in zip(self.changes, values, strict=True):
            before[: change.size] = change


def readers_of(view):
    """Who reads whom, by slot; made at the first call after a change of structure."""
    if view.readers is None:
        mirror = mirror_of(view)
        slot = mirror.slot_at[mirror.out_target]
        view.readers = kernel.Readers(mirror.slot_at, mirror.out_start, slot, mirror.out_place)
    return view.readers


def _name(table, code):
    return next(name for name, held in table.items() if held == code)
