"""Twin of kernels/propagate.py: each kind by its own formula, in float64."""

import numpy as np

from growgraph.kernels import codes
from growgraph.kernels.status import OK
from tests.naive.activation import activate

GATES = (codes.GATE, codes.QUESTION)


def _median(terms):
    return np.median(terms, axis=0)


def _maxabs(terms):
    largest = np.abs(terms).argmax(axis=0)
    return np.take_along_axis(terms, largest[None], axis=0)[0]


OF_TERMS = {
    codes.SUM: lambda terms: terms.sum(axis=0),
    codes.MEAN: lambda terms: terms.mean(axis=0),
    codes.MEDIAN: _median,
    codes.MAX: lambda terms: terms.max(axis=0),
    codes.MIN: lambda terms: terms.min(axis=0),
    codes.PRODUCT: lambda terms: terms.prod(axis=0),
    codes.MAXABS: _maxabs,
}


def gather(node, x, w):
    """What a node of fan-in > 0 gathers from sources x [fan_in, W] over weights w [fan_in, 1]."""
    if node.kind in GATES:
        return (w[1:] * x[1:]).sum(axis=0)
    if node.kind == codes.MATCH:
        return -((x - w) ** 2).sum(axis=0) / (2 * node.p0**2)
    if node.kind == codes.COSINE:
        norm = np.sqrt((x**2).sum(axis=0) + node.p1)
        cosine = np.divide((w * x).sum(axis=0), norm, out=np.zeros_like(norm), where=norm > 0)
        return node.p0 * (cosine - 1)
    return OF_TERMS[node.kind](w * x)


def value(g, node, V, P):
    """Activity of one node from the rows of its sources."""
    if node.kind == codes.INPUT:
        return activate(node.act, V[node.slot], node.p0, node.p1)
    total = np.full(V.shape[1], node.bias)
    if len(P):
        for source, weight, *_ in node.late:
            total = total + weight * P[g.nodes[source].slot]
    slots = [g.nodes[source].slot for source in node.sources]
    x, w = V[slots], np.array([edge[1] for edge in node.edges])[:, None]
    if slots:
        total = total + gather(node, x, w)
    act = codes.SIGN if node.kind == codes.QUESTION else node.act
    out = activate(act, total, node.p0, node.p1)
    return out * (w[0] * x[0]) if node.kind in GATES and slots else out


def sweep(g, V, P, first=None, last=-1):
    """Rows of V from slot ``first`` to slot ``last`` of the order."""
    begun = first is None
    for node in g.in_order():
        begun = begun or node.slot == first
        if begun:
            V[node.slot] = value(g, node, V, P)
        if node.slot == last:
            return


def sweep_strip(g, V, P, first, last):
    sweep(g, V, P, first, last)
    return OK


def forward_strips(g, X, inputs, outputs, V, P, Y, first, last, row0, row1):
    width = V.shape[1]
    for b in range(row0, row1, width):
        rows = X[b : min(b + width, row1)]
        V[inputs] = 0
        V[inputs[: X.shape[1]], : len(rows)] = rows.T
        sweep(g, V, P, first, last)
        Y[b : b + len(rows)] = V[outputs, : len(rows)].T
    return OK


def run_steps(g, X, inputs, outputs, A, B, Y):
    for t, rows in enumerate(X):
        previous, current = (A, B) if t % 2 == 0 else (B, A)
        current[inputs] = rows.T
        sweep(g, current, previous)
        Y[t] = current[outputs].T
    return OK
