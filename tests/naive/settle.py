"""Twin of kernels/settle.py: node by node, edge by edge, by the definitions of the energy."""

import numpy as np

from growgraph.kernels import codes
from growgraph.kernels.settle import ANCHOR, FREE, GIVEN, GROUP, TARGET
from growgraph.kernels.status import OK
from tests.naive.activation import activate

CURVED = (
    codes.GELU, codes.SIN, codes.GAUSS, codes.ABS, codes.SQUARE, codes.CUBE, codes.HAT,
)  # fmt: skip


def slope(code, x, p0=0.0, p1=0.0):
    """f'(x), derived by hand; 0 or the left side's at a kink, as it happens to be in the kernel."""
    x = np.asarray(x, np.float64)
    root = np.sqrt(2 / np.pi)
    with np.errstate(all="ignore"):
        s, t = 1 / (1 + np.exp(-x)), np.tanh(root * (x + 0.044715 * x**3))
        gelu = (1 + t) / 2 + x / 2 * (1 - t**2) * root * (1 + 3 * 0.044715 * x**2)
        return {
            codes.IDENTITY: np.ones_like(x), codes.RELU: 1.0 * (x > 0),
            codes.LEAKY: np.where(x >= 0, 1, 0.01), codes.ELU: np.where(x >= 0, 1, np.exp(x)),
            codes.GELU: gelu, codes.SOFTPLUS: s, codes.TANH: 1 / np.cosh(x) ** 2,
            codes.SIGMOID: s * (1 - s), codes.SIN: np.cos(x), codes.GAUSS: -2 * x * np.exp(-x * x),
            codes.ABS: np.sign(x), codes.SQUARE: 2 * x, codes.CUBE: 3 * x**2,
            codes.HAT: np.where(np.abs(x) < 1, np.where(x < 0, 1.0, -1.0), 0.0),
            codes.EXP: np.exp(x), codes.LOG: 1 / x, codes.INV: np.where(x == 0, 0, -1 / x**2),
            codes.CLIP: 1.0 * ((x > p0) & (x < p1)),
        }[code]  # fmt: skip


def in_edges(node):
    """(source, weight) of all in-edges, a mean's weights divided."""
    share = len(node.edges) if node.kind == codes.MEAN else 1
    yield from ((source, weight / share) for source, weight, _ in node.edges)
    yield from ((source, weight) for source, weight, *_ in node.late)


def expected(g, node, V, T):
    """mu of a node."""
    if node.kind == codes.INPUT:
        return T[node.slot].copy()
    mu = np.full(V.shape[1], node.bias)
    for source, weight in in_edges(node):
        mu += weight * V[g.nodes[source].slot]
    return mu


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def expect(g, s, part, precision, step, count, begun):
    """Fill the strip at the coordinates U + step * D; returns the energies."""
    live, F = np.arange(s.V.shape[1]) < count, np.zeros(s.V.shape[1])
    for node in g.nodes.values():
        if part[node.slot] == ANCHOR:
            s.E[node.slot] = s.U[node.slot] + step * s.D[node.slot]
            s.V[node.slot] = activate(node.act, s.E[node.slot], node.p0, node.p1)
    for node in g.in_order():
        i, role = node.slot, part[node.slot]
        if role == GIVEN:
            continue
        mu = expected(g, node, s.V, s.T)
        if role == FREE:
            e = s.U[i] + step * s.D[i] if begun else 0 * mu
            if node.act in CURVED:
                s.Z[i] = mu + e
            s.V[i] = activate(node.act, mu + e, node.p0, node.p1)
        elif role == ANCHOR:
            s.Z[i] = s.E[i]
            e = s.E[i] = np.where(live, s.Z[i] - mu, 0)
        else:
            s.Z[i] = mu
            if role == GROUP:
                continue
            s.B[i] = activate(node.act, mu, node.p0, node.p1)
            e = s.E[i] = np.where(live, s.T[i] - s.B[i], 0)
        F += precision[i] * e**2 / 2
    group = np.flatnonzero(part == GROUP)
    if group.size:
        p, t = softmax(s.Z[group]), s.T[group]
        s.E[group] = np.where(live, t - p, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            divergence = np.where(t > 0, t * np.log(t / p), 0).sum(axis=0)
        F += np.where(live, precision[group[0]] * divergence, 0)
    return F


def wanted(g, node, s, part):
    """What the readers of a node ask of it, before its slope."""
    out = np.zeros(s.V.shape[1])
    for reader in g.nodes.values():
        if part[reader.slot] != GIVEN:
            for source, weight in in_edges(reader):
                if source == node.id:
                    out += weight * s.L[reader.slot]
    return out


def account(g, s, part, precision, step, accepted, begun, goes_on):
    """L of all nodes, U and D; returns how steep the fall is here, and along the old D."""
    fresh, along = np.zeros(s.V.shape[1]), np.zeros(s.V.shape[1])

    def turn(i, b, e, held):
        toward = b / precision[i] - e
        fresh[:] += precision[i] * toward**2
        along[:] += precision[i] * toward * s.D[i]
        s.D[i] = np.where(accepted, toward, s.D[i])
        s.U[i] = np.where(accepted, held, s.U[i])

    for node in reversed(g.in_order()):
        i, role = node.slot, part[node.slot]
        if role == FREE:
            x = s.Z[i] if node.act in CURVED else inverse(g, node, s, begun, step)
            s.L[i] = wanted(g, node, s, part) * slope(node.act, x, node.p0, node.p1)
            if goes_on:
                e = s.U[i] + step * s.D[i] if begun else 0 * s.L[i]
                turn(i, s.L[i], e, e)
        elif role == TARGET:
            s.L[i] = precision[i] * s.E[i] * slope(node.act, s.Z[i], node.p0, node.p1)
        elif role != GIVEN:
            s.L[i] = precision[i] * s.E[i]
    for node in g.nodes.values():
        i = node.slot
        if part[i] == ANCHOR:
            s.B[i] = wanted(g, node, s, part) * slope(node.act, s.Z[i], node.p0, node.p1)
            turn(i, s.B[i], s.E[i], s.Z[i])
    return fresh, along


def inverse(g, node, s, begun, step):
    """x of a free node again: mu of its sources' activities, and its tension."""
    e = s.U[node.slot] + step * s.D[node.slot] if begun else 0
    return expected(g, node, s.V, s.T) + e


def give(g, X, inputs, targets, held, row0, count, s, part):
    columns = row0 + np.minimum(np.arange(s.V.shape[1]), count - 1)
    for slot, values in zip(inputs, X[columns].T):
        node = g.at(slot)
        if part[slot] == GIVEN:
            s.V[slot] = activate(node.act, values, node.p0, node.p1)
        else:
            s.V[slot] = s.T[slot] = values
    s.T[held] = s.V[held] = targets[columns].T


def next_steps(course, step, accepted, fresh, along, tol, begun):
    """Each column's next step, 0 at rest."""
    out = np.zeros_like(step)
    for j in range(step.size):
        if not accepted[j]:
            fall = course.fall[j] * step[j]
            share = 0.5 * fall / (course.tried[j] - course.best[j] + fall)
            out[j] = step[j] * min(max(share, 0.1), 0.5)
            out[j] *= fall > 1e-7 * course.best[j]
            continue
        if fresh[j] > tol**2 * 2 * course.best[j]:
            bend = course.fall[j] - along[j]
            longer = course.fall[j] / bend if bend > 0 else 10
            first = 2 * course.best[j] / (2 * course.best[j] + fresh[j])
            out[j] = step[j] * min(max(longer, 0.1), 10) if begun else first
        course.fall[j] = fresh[j]
    return out


def settle_strip(
    g, X, inputs, targets, held, row0, count, s, part, precision, readers, anchors, group,
    steps, sweeps, tol, mixed, course,
):  # fmt: skip
    width = s.V.shape[1]
    step, none = np.zeros(width), np.zeros(width)
    give(g, X, inputs, targets, held, row0, count, s, part)
    s.U[anchors] = s.D[anchors] = 0
    for _ in range(sweeps if anchors.size else 0):
        expect(g, s, part, precision, none, count, False)
        s.U[anchors] = s.Z[anchors] - s.E[anchors]
    for array in (course.best, course.taken, course.fall, course.fresh, course.along):
        array[:] = 0
    accepted, k = np.ones(width, bool), 0
    while k < steps and (k == 0 or step[:count].any()):
        course.taken[:count] += (step[:count] > 0) | (k == 0)
        course.tried[:] = expect(g, s, part, precision, step, count, k > 0)
        accepted[:count] = (course.tried <= course.best)[:count] | (k == 0)
        np.copyto(course.best[:count], course.tried[:count], where=accepted[:count])
        found = account(g, s, part, precision, step, accepted, k > 0, steps > 1)
        course.fresh[:], course.along[:] = found
        step[:count] = next_steps(course, step[:count], accepted, *found, tol, k > 0)
        course.energy[k:] = course.best
        k += 1
    if not accepted.all():
        course.tried[:] = expect(g, s, part, precision, none, count, True)
        found = account(g, s, part, precision, none, np.ones(width, bool), True, True)
        course.fresh[:], course.along[:] = found
    return OK


def change(g, V, L, gate, dw, dlate, dbias):
    for node in g.nodes.values():
        if node.kind == codes.INPUT:
            continue
        i = node.slot
        share = gate[i] / (len(node.edges) if node.kind == codes.MEAN else 1)
        for k, (source, *_) in enumerate(node.edges):
            dw[node.start + k] += share * (L[i] * V[g.nodes[source].slot]).sum()
        for k, (source, *_) in enumerate(node.late):
            dlate[node.late_start + k] += gate[i] * (L[i] * V[g.nodes[source].slot]).sum()
        dbias[i] += gate[i] * L[i].sum()
    return OK
