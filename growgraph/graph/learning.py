"""Tension and local learning on any graph.

What a node *expects*:

- a node with a target expects the target;
- a ``match`` or ``cosine`` node expects to meet its prototype: the value it has then, which is
  1 under "exp" and 0 under "identity" if its bias is 0;
- any other node expects what its readers need of it. Its expected change is the least one that
  serves its additive readers, e = sum(w * e_reader) / (1 + sum(w^2)), sent back over the same
  edges, reader by reader. No derivative is taken and nothing is trained by it: it tells where the
  graph is tense;
- a node with neither expects nothing and has no tension.
"""

import numpy as np

from growgraph._validation import as_ids, check_choice, check_number, dense_rows
from growgraph.errors import DataError, GraphError
from growgraph.kernels import _handle as h
from growgraph.kernels import codes, hebb, transpose
from growgraph.kernels.activation import activate

RULES = ("resonance", "delta")
_PROTOTYPES = (codes.MATCH, codes.COSINE)


def missing(graph, X, targets=None):
    """Activities V and what is missing E = expected - observed, both [slots, batch].

    Also returns the slots that have an expectation of their own.
    """
    rows, _ = graph._samples(X)
    if rows.shape[0] == 0:
        raise DataError(f"X must hold at least one sample, got shape {np.shape(X)}")
    store = graph._store
    V = graph._runner.activities(store, rows, graph._slots(graph._inputs))
    E = np.zeros_like(V)
    own = np.zeros(V.shape[0], np.uint8)
    kind = store.kind[: V.shape[0]]
    for slot in np.flatnonzero(np.isin(kind, _PROTOTYPES) & (store.alive[: V.shape[0]] == 1)):
        best = activate(store.act[slot], store.bias[slot], store.p0[slot], store.p1[slot])
        E[slot] = best - V[slot]
        own[slot] = 1
    if targets is not None:
        T = _as_targets(graph, targets, rows.shape[0])
        slots = graph._slots(graph._outputs)
        E[slots] = T.T - V[slots]
        own[slots] = 1
    transpose.send_back(store.H, E, own, np.zeros(V.shape[0], np.float32))
    _check_strips(store, V, E)
    return V, E, own


def _check_strips(store, V, E):
    """Raise if a living node's activity or expectation is no finite number."""
    slots = store.order()
    for strip, what in ((V, "answers with"), (E, "is expected to change by")):
        bad = ~np.isfinite(strip[slots]).all(axis=1)
        if bad.any():
            node = store.id_of[slots[np.argmax(bad)]]
            raise DataError(f"node {node} {what} infinity or NaN: scale X down")


def _as_targets(graph, targets, batch):
    with np.errstate(over="ignore"):
        T = dense_rows(targets, "targets").astype(np.float32)
    if T.ndim == 1:
        T = T[:, None] if graph._outputs.size == 1 else T[None]
    if T.shape != (batch, graph._outputs.size):
        raise DataError(
            f"targets must have shape [{batch}, {graph._outputs.size}] (samples, outputs), "
            f"got {np.shape(targets)}"
        )
    if not np.isfinite(T).all():
        raise DataError("targets must be finite")
    return T


def tension(graph, X, targets=None, per_sample=False):
    """|expected - observed| at every node.

    Parameters
    ----------
    graph : Graph
    X : array [batch, inputs]
    targets : array [batch, outputs] or [batch], optional
        What the outputs should be.
    per_sample : bool, default False
        One row a sample instead of the mean over samples.

    Returns
    -------
    ndarray of float32 [nodes] or [batch, nodes]
        Columns as in ``graph.nodes``.

    Examples
    --------
    >>> from growgraph import Graph
    >>> g = Graph.from_edges(1, [(0, 1, 2.0)])
    >>> g.tension([[1.0]], [[5.0]])
    array([1.2, 3. ], dtype=float32)
    """
    _, E, _ = missing(graph, X, targets)
    table = np.abs(E[graph._slots(graph.nodes)].T)
    return table if per_sample else table.mean(axis=0)


def learn(graph, X, targets=None, rule="resonance", lr=0.1, gate=None, decay=1.0):
    """Change the edges of gated nodes, each by what stands at its two ends.

    Parameters
    ----------
    graph : Graph
    X : array [batch, inputs]
    targets : array [batch, outputs] or [batch], optional
    rule : {"resonance", "delta"}, default "resonance"
        "resonance": gated Hebb with stability. An edge moves towards the coincidence of its
        source with what its target is expected to be, d = <pre * post> - decay * w (a prototype:
        d = <post * (pre - w)>); w += lr * gate * d / (1 + s). Agreement raises its stability s by
        1, contradiction halves it.
        "delta": normalised least mean squares, w += lr * gate * (expected - observed) * pre /
        (1 + |pre|^2), bias likewise, sample after sample; for "sum" nodes with targets. What the
        sources are is taken from before the call.
    lr : float in (0, 1], default 0.1
    gate : ids or dict of id to float, optional
        Whose in-edges may change, and how strongly. By default the outputs if there are targets,
        else all nodes but the inputs.
    decay : float >= 0, default 1
        Of rule "resonance".

    Returns
    -------
    Graph
        The graph itself. Delayed edges do not learn.

    Raises
    ------
    DataError
        If an activity or a new weight is no finite number; nothing has changed then.
    GraphError
        For rule "delta" on a node without a target or of another kind than "sum".

    References
    ----------
    Widrow and Hoff (1960), "Adaptive switching circuits"; Nagumo and Noda (1967).

    Examples
    --------
    >>> from growgraph import Graph
    >>> g = Graph.layered([1, 1])
    >>> for _ in range(50):
    ...     _ = g.learn([[0.0], [1.0]], [1.0, 3.0], rule="delta", lr=0.5)
    >>> g.forward([[0.5]]).round(2)
    array([[2.]], dtype=float32)
    """
    check_choice("rule", rule, RULES)
    lr = check_number("lr", lr, 0, 1)
    decay = check_number("decay", decay, 0)
    V, E, own = missing(graph, X, targets)
    strength = _gate(graph, gate, V.shape[0], targets is not None)
    if rule == "delta":
        _check_delta(graph._store, strength, own)
        _keep_finite(graph._store, hebb.follow, V, V + E, strength, np.float32(lr))
    else:
        S = V + np.where(own[:, None] == 1, E, 0).astype(np.float32)
        prototype = np.isin(graph._store.kind[: V.shape[0]], _PROTOTYPES)
        S[prototype] = V[prototype]  # a prototype moves as far as it resonates
        rates = np.float32(lr), np.float32(decay)
        _keep_finite(graph._store, hebb.resonate, V, S, strength, *rates)
    return graph


def _check_delta(store, strength, own):
    gated = np.flatnonzero(strength)
    for slot in gated[(own[gated] == 0) | (store.kind[gated] != codes.SUM)]:
        need = "has no target: give targets=" if own[slot] == 0 else 'is not of kind "sum"'
        raise GraphError(f'rule "delta" cannot change gated node {store.id_of[slot]}: it {need}')


def _keep_finite(store, kernel, *args):
    """Call a learning kernel; take everything back if a weight or bias became no number."""
    used = store[h.POOL_USED], store[h.N_SLOTS]
    arrays = (store.w[: used[0]], store.stab[: used[0]], store.bias[: used[1]])
    held = [a.copy() for a in arrays]
    kernel(store.H, *args)
    if not all(np.isfinite(a).all() for a in arrays):
        for array, before in zip(arrays, held, strict=True):
            array[:] = before
        raise DataError("learning made a weight infinite: scale X down or lower lr")


def _gate(graph, gate, n_slots, has_targets):
    """Strength of each slot, float32."""
    strength = np.zeros(n_slots, np.float32)
    if gate is None:
        ids = graph._outputs if has_targets else np.setdiff1d(graph.nodes, graph._inputs)
        strength[graph._slots(ids)] = 1
    elif isinstance(gate, dict):
        slots = graph._slots(list(gate), "gate")
        strength[slots] = [check_number("gate", v, 0, 1) for v in gate.values()]
    else:
        strength[graph._slots(as_ids("gate", gate), "gate")] = 1
    return strength
