"""One sweep of settling and one back: what nodes expect, their tension, what they are asked.

Node i expects mu_i = bias + sum of w * a over its sources, has x_i = mu_i + e_i and a_i = f(x_i).
Its tension is e_i; the energy of a sample is F = sum of precision_i * e_i^2 / 2. Some nodes are
held at targets t, with e_i = t - f(mu_i), or, in a group, e_i = t - softmax(mu)_i and the
divergence KL(t || softmax(mu)) for their energy. What a node is asked is L_i = -dF/dmu_i.

Every other node has one coordinate. Where it is ``e``, a change reaches all that is behind the node
in one sweep (Goemaere et al. 2025, arXiv:2505.20137). A node that back edges read, an *anchor*, has
``x`` instead: all that back edges carry is then known before a sweep, so that F and its gradient
are exact in any graph.
"""

from collections import namedtuple

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, inlined
from growgraph.kernels._simd import at, fma, load, prefetch, prefetch_at, splat, store
from growgraph.kernels.activation import activate_row, exp, log
from growgraph.kernels.gather import add_block, add_weighted
from growgraph.kernels.slope import needs_sum, times_slope

# what a node is in a settling
FREE = 0  # holds its tension
ANCHOR = 1  # read by a back edge: holds x
TARGET = 2  # held at a value
GROUP = 3  # held at a probability, one of a softmax
GIVEN = 4  # an input that is asked nothing

_ZERO, _ONE = np.float32(0), np.float32(1)
_NEAR_BYTES = 3 << 19  # a strip up to this size is read without asking ahead
_AHEAD = np.uint64(32)  # edges between asking for a row and reading it


Strip = namedtuple("Strip", "V Z E L U D T B")
Strip.__doc__ = """Arrays float32 [N_SLOTS, W]: row = node slot, column = sample.

V: activities. Z: what activations are taken of, where their values do not tell the slope. E:
tensions; of free nodes it is U. L: what nodes are asked. U: coordinates that were accepted last. D:
where they go from there. T: targets, values of inputs that may give way. B: of targets, f(mu); of
anchors, what their readers ask.
"""
Readers = namedtuple("Readers", "slot_at first slot place")
Readers.__doc__ = """Out-edges into SUM nodes by a node's rank in the list, see kernels/push.py.

slot_at: uint32 [N_ALIVE]. first: int64 [N_ALIVE + 1]. slot: uint32 [edges]. place: uint32 or uint64
[edges], of the weight in w.
"""
Course = namedtuple("Course", "energy taken best tried fall fresh along")
Course.__doc__ = """How samples settle, a column each.

energy: float64 [steps, W], of the state accepted last, after each step. taken: int64 [W], steps
until at rest. The others float64 [W]. best: the energy accepted last. tried: that of the state
tried now. fall: sum of precision * D^2, how steeply the energy falls along D. fresh: the same at
the state tried now. along: sum of precision * D * (D at the state tried now).
"""


# ---- what nodes expect --------------------------------------------------------------------------
@inlined
def block(H, i):
    """Fan-in, first place in src and first place in w of node i."""
    return (
        np.uint64(at(h.get_length(H), i)),
        np.uint64(at(h.get_sstart(H), i)),
        np.uint64(at(h.get_start(H), i)),
    )


@helper
def _begin(H, V, M, i):
    """M[i] = bias + what back edges carry, and a MEAN node's sources."""
    row, bias = M[i], h.get_bias(H)[i]
    for j in range(row.size):
        row[j] = bias
    if H[h.N_DELAYED] > 0:
        n, d = np.uint64(h.get_dlen(H)[i]), np.uint64(h.get_dstart(H)[i])
        add_weighted(M, i, h.get_dsrc(H), d, n, h.get_dw(H), d, V)
    if h.get_kind(H)[i] == codes.MEAN:
        n, s, a = block(H, i)
        share = np.empty(n, np.float32)
        for e in range(n):
            share[e] = at(h.get_w(H), a + e) / np.float32(n)
        add_weighted(M, i, h.get_src(H), s, n, share, np.uint64(0), V)


@inlined
def _be_free(v, u, d, step, weight, tried):
    """x = mu + e, with e = U + step * D; mu stands in V."""
    for j in range(v.size):
        t = fma(step[j], d[j], u[j])
        v[j] += t
        tried[j] += np.float64(weight * t) * np.float64(t)


@inlined
def _be_anchor(z, e, weight, tried, count):
    """e = x - mu; x stands in E."""
    for j in range(z.size):
        x = e[j]
        t = x - z[j] if j < count else _ZERO
        e[j], z[j] = t, x
        tried[j] += np.float64(weight * t) * np.float64(t)


@helper
def _be_target(act, p0, p1, z, e, t, y, weight, tried, count):
    """e = t - f(mu)."""
    for j in range(z.size):
        y[j], e[j] = z[j], _ZERO
    activate_row(act, y, p0, p1)
    for j in range(count):
        e[j] = t[j] - y[j]
        tried[j] += np.float64(weight * e[j]) * np.float64(e[j])


@helper
def _be_group(Z, E, T, group, weight, tried, count):
    """e = t - softmax(mu); twice the divergence is added to ``tried``."""
    for j in range(count):
        most, total, lost = -np.float32(np.inf), _ZERO, np.float64(0)
        for k in range(group.size):
            most = max(most, Z[np.uint64(group[k]), j])
        for k in range(group.size):
            i = np.uint64(group[k])
            E[i, j] = exp(Z[i, j] - most)
            total += E[i, j]
        reach = most + log(total)
        for k in range(group.size):
            i = np.uint64(group[k])
            t = T[i, j]
            if t > _ZERO:
                lost += np.float64(t) * np.float64(log(t) - (Z[i, j] - reach))
            E[i, j] = t - E[i, j] / total
        tried[j] += 2.0 * np.float64(weight) * (lost if not lost < 0 else 0.0)
    for k in range(group.size):
        for j in range(count, E.shape[1]):
            E[np.uint64(group[k]), j] = _ZERO


@helper
def _place_anchors(H, V, E, U, D, anchors, step):
    """x = U + step * D, into E for now, and V = f(x): back edges read it."""
    for k in range(anchors.size):
        i = np.uint64(anchors[k])
        v, e, u, d = V[i], E[i], U[i], D[i]
        for j in range(v.size):
            e[j] = fma(step[j], d[j], u[j])
            v[j] = e[j]
        activate_row(np.int64(h.get_act(H)[i]), v, h.get_p0(H)[i], h.get_p1(H)[i])


@helper
def expect(H, strip, part, precision, anchors, group, step, tried, count, begun):
    """Sweep the list at the coordinates U + step * D; ``tried`` becomes their energy.

    Before the first step, free nodes have no tension.
    """
    V, Z, E = strip.V, strip.Z, strip.E
    src, w, bias, act = h.get_src(H), h.get_w(H), h.get_bias(H), h.get_act(H)
    kind, nxt, late = h.get_kind(H), h.get_nxt(H), H[h.N_DELAYED] > 0
    p0, p1 = h.get_p0(H), h.get_p1(H)
    end = np.uint64(H[h.SPOOL_USED] - 1) if V.size * 4 > _NEAR_BYTES else np.uint64(0)
    for j in range(tried.size):
        tried[j] = 0
    _place_anchors(H, V, E, strip.U, strip.D, anchors, step)
    node = H[h.HEAD]
    while node >= 0:
        i = np.uint64(node)
        if at(part, i) != GIVEN:
            M = V if at(part, i) == FREE else Z
            plain = not late and at(kind, i) == codes.SUM
            if at(kind, i) == codes.INPUT:
                M[i] = strip.T[i]
            elif not plain:
                _begin(H, V, M, i)
            if at(kind, i) == codes.SUM:
                n, s, a = block(H, i)
                add_block(M, i, src, s, n, w, a, V, plain, at(bias, i), end)
            code = np.int64(at(act, i))
            if at(part, i) == FREE:
                if begun:
                    _be_free(V[i], strip.U[i], strip.D[i], step, precision[i], tried)
                if needs_sum(code):
                    Z[i] = V[i]
                if code != codes.IDENTITY:
                    activate_row(code, V[i], p0[i], p1[i])
            elif at(part, i) == ANCHOR:
                _be_anchor(Z[i], E[i], precision[i], tried, count)
            elif at(part, i) == TARGET:
                _be_target(
                    code, p0[i], p1[i],
                    Z[i], E[i], strip.T[i], strip.B[i], precision[i], tried, count,
                )  # fmt: skip
        node = np.int64(at(nxt, i))
    if group.size > 0:
        _be_group(Z, E, strip.T, group, precision[np.uint64(group[0])], tried, count)
    for j in range(tried.size):
        tried[j] *= 0.5


# ---- what nodes are asked -----------------------------------------------------------------------
@inlined
def _ask_64(M, i, c, L, slot, place, first, last, w, new, far):
    r0 = r1 = r2 = r3 = splat(_ZERO)
    if not new:
        r0, r1, r2, r3 = load(M, i, c), load(M, i, c + 16), load(M, i, c + 32), load(M, i, c + 48)
    for e in range(first, last):
        if far:
            soon = e - min(e, _AHEAD)  # the walk goes backwards
            ahead = at(slot, soon)
            prefetch_at(w, at(place, soon))
            prefetch(L, ahead, c)
            prefetch(L, ahead, c + 16)
            prefetch(L, ahead, c + 32)
            prefetch(L, ahead, c + 48)
        k, weight = np.uint64(at(slot, e)), splat(at(w, at(place, e)))
        r0 = fma(weight, load(L, k, c), r0)
        r1 = fma(weight, load(L, k, c + 16), r1)
        r2 = fma(weight, load(L, k, c + 32), r2)
        r3 = fma(weight, load(L, k, c + 48), r3)
    store(M, i, c, r0)
    store(M, i, c + 16, r1)
    store(M, i, c + 32, r2)
    store(M, i, c + 48, r3)


@inlined
def _ask(M, i, L, slot, place, first, last, w, new, far):
    """M[i] = sum of w * L[reader]; without ``new`` it is added to what is there."""
    width, c = np.uint64(L.shape[1]), np.uint64(0)
    while c + 64 <= width:
        _ask_64(M, i, c, L, slot, place, first, last, w, new, far)
        c += np.uint64(64)
    while c < width:
        r = splat(_ZERO)
        if not new:
            r = load(M, i, c)
        for e in range(first, last):
            r = fma(splat(at(w, at(place, e))), load(L, np.uint64(at(slot, e)), c), r)
        store(M, i, c, r)
        c += np.uint64(16)


@helper
def _send(L, B, part, i, src, s, n, w, a, share, only):
    """What node i asks of sources whose readers do not list it: anchors ``only``, or all."""
    for e in range(n):
        u, weight = np.uint64(at(src, s + e)), splat(at(w, a + e) * share)
        for c in range(np.uint64(0), np.uint64(L.shape[1]), np.uint64(16)):
            if at(part, u) == ANCHOR:
                store(B, u, c, fma(weight, load(L, i, c), load(B, u, c)))
            elif at(part, u) == FREE and not only:
                store(L, u, c, fma(weight, load(L, i, c), load(L, u, c)))


@inlined
def _turn_free(b, d, u, step, weight, accepted, course, begun):
    """D = b / precision - e and U = e = U + step * D, where the state is accepted."""
    fresh, along, share = course.fresh, course.along, _ONE / weight
    for j in range(u.size):
        e = fma(step[j], d[j], u[j]) if begun else _ZERO
        toward = fma(share, b[j], -e)
        fresh[j] += np.float64(weight * toward) * np.float64(toward)
        along[j] += np.float64(weight * toward) * np.float64(d[j])
        d[j] = toward if accepted[j] > _ZERO else d[j]
        u[j] = e if accepted[j] > _ZERO else u[j]


@inlined
def _turn_anchor(b, e, x, d, u, weight, accepted, course):
    """D = b / precision - e and U = x, where the state is accepted."""
    fresh, along, share = course.fresh, course.along, _ONE / weight
    for j in range(u.size):
        toward = fma(share, b[j], -e[j])
        fresh[j] += np.float64(weight * toward) * np.float64(toward)
        along[j] += np.float64(weight * toward) * np.float64(d[j])
        d[j] = toward if accepted[j] > _ZERO else d[j]
        u[j] = x[j] if accepted[j] > _ZERO else u[j]


@helper
def _clear(L, B, part, slot_at):
    """Rows to which is added."""
    for r in range(slot_at.size):
        i = np.uint64(slot_at[r])
        if part[i] == FREE:
            L[i] = _ZERO
        elif part[i] == ANCHOR:
            B[i] = _ZERO


@helper
def _ask_anchors(H, strip, part, precision, slot_at, anchors, accepted, course):
    """What back edges ask, and the anchors' own step."""
    V, Z, E, L, B = strip.V, strip.Z, strip.E, strip.L, strip.B
    for r in range(np.uint64(slot_at.size)):
        i = np.uint64(slot_at[r])
        n, d = np.uint64(h.get_dlen(H)[i]), np.uint64(h.get_dstart(H)[i])
        _send(L, B, part, i, h.get_dsrc(H), d, n, h.get_dw(H), d, _ONE, True)
    for k in range(anchors.size):
        i = np.uint64(anchors[k])
        act, p0, p1 = np.int64(h.get_act(H)[i]), h.get_p0(H)[i], h.get_p1(H)[i]
        times_slope(act, B[i], Z[i], V[i], p0, p1)
        _turn_anchor(B[i], E[i], Z[i], strip.D[i], strip.U[i], precision[i], accepted, course)


@helper
def account(
    H, strip, part, precision, readers, anchors, step, accepted, course, mixed, begun, goes_on
):
    """Walk the list backwards: L of all nodes; U and D, if it ``goes_on``, where accepted."""
    V, Z, E, L, B = strip.V, strip.Z, strip.E, strip.L, strip.B
    w, act, kind, slot, place = h.get_w(H), h.get_act(H), h.get_kind(H), readers.slot, readers.place
    p0, p1, far = h.get_p0(H), h.get_p1(H), L.size * 4 > _NEAR_BYTES
    for j in range(accepted.size):
        course.fresh[j], course.along[j] = 0, 0
    if mixed:
        _clear(L, B, part, readers.slot_at)
    rank = np.uint64(readers.slot_at.size)
    while rank > 0:
        rank -= np.uint64(1)
        i = np.uint64(at(readers.slot_at, rank))
        asked = at(part, i) == FREE or at(part, i) == ANCHOR
        if asked:
            M = L if at(part, i) == FREE else B
            first = np.uint64(at(readers.first, rank))
            last = np.uint64(at(readers.first, rank + np.uint64(1)))
            _ask(M, i, L, slot, place, first, last, w, not mixed, far)
        if at(part, i) == FREE:
            times_slope(np.int64(act[i]), L[i], Z[i], V[i], p0[i], p1[i])
            if goes_on:
                D, U = strip.D[i], strip.U[i]
                _turn_free(L[i], D, U, step, precision[i], accepted, course, begun)
        elif at(part, i) != GIVEN:
            for j in range(L.shape[1]):
                L[i, j] = precision[i] * E[i, j]
            if at(part, i) == TARGET:
                times_slope(np.int64(act[i]), L[i], Z[i], B[i], p0[i], p1[i])
        if at(kind, i) == codes.MEAN:
            n, s, a = block(H, i)
            share = _ONE / np.float32(n)
            _send(L, B, part, i, h.get_src(H), s, n, w, a, share, False)
    if anchors.size > 0:
        _ask_anchors(H, strip, part, precision, readers.slot_at, anchors, accepted, course)
