"""Predictive coding on any graph: tensions settle, then each edge changes by what its ends show.

Each sample takes steps of its own down the gradient of its energy, preconditioned by precision
(:mod:`growgraph.kernels._tension` says of what), of the length after Barzilai and Borwein (1988). A
step after which the energy is higher is taken back and a shorter one tried, so that it never rises.
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, kernel
from growgraph.kernels._lanes import LANES
from growgraph.kernels._simd import at, bare
from growgraph.kernels._tension import (
    ANCHOR,
    FREE,
    GIVEN,
    GROUP,
    TARGET,
    Course,
    Readers,
    Strip,
    account,
    block,
    expect,
)
from growgraph.kernels.activation import activate_row
from growgraph.kernels.hebb import _coincide, _coincide_64
from growgraph.kernels.propagate import _fill
from growgraph.kernels.status import OK

__all__ = [
    "ANCHOR", "FREE", "GIVEN", "GROUP", "TARGET", "Course", "Readers", "Strip", "change",
    "settle_strip",
]  # fmt: skip

_ZERO, _ONE = np.float32(0), np.float32(1)
_SHORTER, _HALF, _LONGER = np.float32(0.1), np.float32(0.5), np.float32(10)
_NOISE = 1e-7  # of the energy: a fall that sums of float32 do not tell from rounding


@helper
def _give(H, X, inputs, targets, held, row0, count, strip, part):
    """V of inputs and held nodes, T of what is wanted; the last sample again in columns left."""
    V, T = strip.V, strip.T
    _fill(X, row0, count, inputs, V)
    _fill(targets, row0, count, held, T)
    for k in range(inputs.size + held.size):
        within = k < inputs.size
        i = np.uint64(inputs[k] if within else held[k - inputs.size])
        given, other = (V[i], T[i]) if within else (T[i], V[i])
        for j in range(count, given.size):
            given[j] = given[count - 1]
        if part[i] != GIVEN:
            for j in range(given.size):
                other[j] = given[j]
        else:
            act = np.int64(h.get_act(H)[i])
            activate_row(act, given, h.get_p0(H)[i], h.get_p1(H)[i])


@helper
def _judge(course, accepted, count, begun):
    """Accept the samples whose energy did not rise."""
    for j in range(count):
        good = not begun or course.tried[j] <= course.best[j]
        accepted[j] = _ONE if good else _ZERO
        if good:
            course.best[j] = course.tried[j]


@helper
def _shorter(course, length, j):
    """The step to the lowest point of a parabola through what was found; 0 if none is in sight."""
    fall = course.fall[j] * length
    share = np.float32(0.5 * fall / (course.tried[j] - course.best[j] + fall))
    share = min(max(share, _SHORTER), _HALF) if share == share else _SHORTER
    return length * share if fall > _NOISE * course.best[j] else _ZERO


@helper
def _choose(course, step, accepted, count, tol, begun):
    """Each sample's next step, 0 at rest; returns how many are not at rest."""
    moving = 0
    for j in range(count):
        length = step[j]
        if accepted[j] == _ZERO:
            step[j] = _shorter(course, length, j)
        elif course.fresh[j] <= tol * tol * 2 * course.best[j]:
            step[j] = _ZERO
        elif not begun:  # the lowest point, were the energy the square of one answer
            step[j] = np.float32(2 * course.best[j] / (2 * course.best[j] + course.fresh[j]))
        elif length > _ZERO:
            bend = course.fall[j] - course.along[j]
            longer = np.float32(course.fall[j] / bend) if bend > 0 else _LONGER
            step[j] = length * min(max(longer, _SHORTER), _LONGER)
        if accepted[j] > _ZERO:
            course.fall[j] = course.fresh[j]
        moving += 1 if step[j] > _ZERO else 0
    return moving


@helper
def _begin_anchors(H, strip, part, precision, anchors, group, step, course, count, sweeps):
    """Before the first step an anchor is what is expected of it, sweep after sweep, from 0."""
    U, D = strip.U, strip.D
    for k in range(anchors.size):
        i = np.uint64(anchors[k])
        for j in range(U.shape[1]):
            U[i, j], D[i, j] = _ZERO, _ZERO
    for _ in range(sweeps if anchors.size > 0 else 0):
        expect(H, strip, part, precision, anchors, group, step, course.tried, count, False)
        for k in range(anchors.size):
            i = np.uint64(anchors[k])
            for j in range(U.shape[1]):
                U[i, j] = strip.Z[i, j] - strip.E[i, j]


@kernel(writes=("strip", "course"))
def settle_strip(
    H, X, inputs, targets, held, row0, count, strip, part, precision, readers, anchors, group,
    steps, sweeps, tol, mixed, course,
):  # fmt: skip
    """The samples row0 .. row0 + count settle: coordinates += step * D, D = -dF/d() / precision.

    A step is a sweep through the list and one back. At the end the strip holds the state that was
    accepted last and what is asked there; columns without a sample are computed along and ask
    nothing.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; nodes that are no input are of kind SUM or MEAN.
    X : float32 [batch, n_inputs]
        Values of the inputs; of those with part FREE or ANCHOR what is expected of them.
    inputs : int32 [n_inputs]
        Slots.
    targets : float32 [batch, n_held]
        What parts TARGET and GROUP are held at.
    held : int32 [n_held]
        Their slots.
    row0 : int64
        The first sample.
    count : int64
        How many: at least 1, at most W.
    strip : Strip of float32 [N_SLOTS, W]
        Written; W is a multiple of 16.
    part : uint8 [N_SLOTS]
        FREE, ANCHOR, TARGET, GROUP or GIVEN.
    precision : float32 [N_SLOTS]
        Greater than 0; the same within the group.
    readers : Readers
        From kernels/push.py.
    anchors : int32 [n_anchors]
        Slots of part ANCHOR: all that back edges read and that is not held.
    group : int32 [n_group]
        Slots of part GROUP.
    steps : int64
        At most so many, at least 1.
    sweeps : int64
        So often anchors take what is expected of them, before the first step.
    tol : float64
        A sample is at rest when sum of precision * D^2 <= tol^2 * 2 F.
    mixed : bool
        True if there are MEAN nodes.
    course : Course
        Written.

    Returns
    -------
    int64
        OK.
    """
    H, X, targets = bare(H), bare(X), bare(targets)
    part, precision = bare(part), bare(precision)
    strip = Strip(
        bare(strip.V), bare(strip.Z), bare(strip.E), bare(strip.L),
        bare(strip.U), bare(strip.D), bare(strip.T), bare(strip.B),
    )  # fmt: skip
    readers = Readers(
        bare(readers.slot_at), bare(readers.first), bare(readers.slot), bare(readers.place)
    )
    room = np.zeros((2, strip.V.shape[1]), np.float32)
    step, accepted = bare(room[0]), bare(room[1])
    best, energy, taken = course.best, course.energy, course.taken
    _give(H, X, bare(inputs), targets, bare(held), row0, count, strip, part)
    _begin_anchors(H, strip, part, precision, anchors, group, step, course, count, sweeps)
    moving, k = 1, 0
    for j in range(step.size):
        best[j], taken[j], course.fall[j], accepted[j] = 0, 0, 0, _ONE
    while k < steps and moving > 0:
        begun = k > 0
        for j in range(count):
            taken[j] += 1 if step[j] > _ZERO or not begun else 0
        expect(H, strip, part, precision, anchors, group, step, course.tried, count, begun)
        _judge(course, accepted, count, begun)
        account(
            H, strip, part, precision, readers, anchors, step, accepted, course, mixed, begun,
            steps > 1,
        )  # fmt: skip
        moving = _choose(course, step, accepted, count, tol, begun)
        energy[k] = best
        k += 1
    for later in range(k, steps):
        energy[later] = best
    undone = 0
    for j in range(step.size):
        undone += 1 if accepted[j] == _ZERO else 0
        step[j], accepted[j] = _ZERO, _ONE
    if undone > 0:  # the strip holds states that were tried in vain
        expect(H, strip, part, precision, anchors, group, step, course.tried, count, True)
        account(
            H, strip, part, precision, readers, anchors, step, accepted, course, mixed, True, True
        )
    return OK


@helper
def _add_coincidences(V, L, i, src, s, n, share, change, a, met):
    """change[a : a + n] += share * sum over samples of L[i] * V[source]."""
    e, sixteen = np.uint64(0), np.uint64(LANES)
    if V.shape[1] == 64:
        while e + sixteen <= n:
            _coincide_64(V, L, i, src, s + e, met)
            for k in range(sixteen):
                change[a + e + k] += share * met[k]
            e += sixteen
    while e < n:
        change[a + e] += share * _coincide(V, L, i, np.uint64(at(src, s + e)))
        e += np.uint64(1)


@kernel(writes=("dw", "dlate", "dbias"))
def change(H, V, L, gate, dw, dlate, dbias):
    """dw += gate * sum over samples of L[target] * V[source], for every edge; dbias of L[target].

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle.
    V : float32 [N_SLOTS, W]
        Activities.
    L : float32 [N_SLOTS, W]
        What nodes are asked; 0 in columns that are no sample.
    gate : float32 [N_SLOTS]
        0 leaves a node's edges alone.
    dw : float32 [POOL_USED]
        Of undelayed edges, by place in w; written.
    dlate : float32 [DPOOL_USED]
        Of the others, by place in dw; written.
    dbias : float32 [N_SLOTS]
        Written.

    Returns
    -------
    int64
        OK.
    """
    H, V, L, gate = bare(H), bare(V), bare(L), bare(gate)
    dw, dlate, dbias, met = bare(dw), bare(dlate), bare(dbias), bare(np.empty(LANES, np.float32))
    kind, nxt, src, late = h.get_kind(H), h.get_nxt(H), h.get_src(H), H[h.N_DELAYED] > 0
    node = H[h.HEAD]
    while node >= 0:
        i = np.uint64(node)
        if at(kind, i) != codes.INPUT and gate[i] != _ZERO:
            n, s, a = block(H, i)
            share = gate[i] / np.float32(n) if at(kind, i) == codes.MEAN else gate[i]
            _add_coincidences(V, L, i, src, s, n, share, dw, a, met)
            if late:
                n, d = np.uint64(h.get_dlen(H)[i]), np.uint64(h.get_dstart(H)[i])
                _add_coincidences(V, L, i, h.get_dsrc(H), d, n, gate[i], dlate, d, met)
            total, row = _ZERO, L[i]
            for j in range(row.size):
                total += row[j]
            dbias[i] += gate[i] * total
        node = np.int64(at(nxt, i))
    return OK
