"""Imagined futures: a graph of choices and states settles to what each of them is worth.

A choice is a SUM over the states it can lead to, a state the MAX over its choices: Bellman's
equation (1957), as propagation to a fixed point. Only what depends on something that changed is
computed again, in the sequence in which it fell due (asynchronous value iteration; Bertsekas 1982).
"""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.kernels._jit import helper, inlined, kernel
from growgraph.kernels._simd import at, bare
from growgraph.kernels.room import late_count
from growgraph.kernels.status import OK

NU_N, NU_D = 24, 12  # rows and columns of nu: trials and outcomes beyond count as the last


@helper
def _count_readers(H, first):
    """first[i + 1] = edges that read the node in slot i, of both stores."""
    nxt, length, sstart, src = h.get_nxt(H), h.get_length(H), h.get_sstart(H), h.get_src(H)
    dsrc, node = h.get_dsrc(H), H[h.HEAD]
    while node >= 0:
        s = np.int64(sstart[node])
        for e in range(s, s + length[node]):
            first[np.int64(src[e]) + 1] += 1
        n = late_count(H, node)
        d = np.int64(h.get_dstart(H)[node]) if n > 0 else np.int64(0)
        for e in range(d, d + n):
            first[np.int64(dsrc[e]) + 1] += 1
        node = np.int64(nxt[node])


@helper
def _list_readers(H, first, reader):
    """The readers of slot i, at reader[first[i]] to reader[first[i + 1]]."""
    nxt, length, sstart, src = h.get_nxt(H), h.get_length(H), h.get_sstart(H), h.get_src(H)
    dsrc, node, place = h.get_dsrc(H), H[h.HEAD], first.copy()
    while node >= 0:
        s = np.int64(sstart[node])
        for e in range(s, s + length[node]):
            reader[place[src[e]]] = node
            place[src[e]] += 1
        n = late_count(H, node)
        d = np.int64(h.get_dstart(H)[node]) if n > 0 else np.int64(0)
        for e in range(d, d + n):
            reader[place[dsrc[e]]] = node
            place[dsrc[e]] += 1
        node = np.int64(nxt[node])


@inlined
def _gathered(kind, w, src, a, s, n, V):
    """Sum, or largest or smallest of w * V[source]; 0 of no sources."""
    total, e = 0.0, np.uint64(0)
    while e < n:
        term = np.float64(at(w, a + e)) * at(V, np.uint64(at(src, s + e)))
        if kind == codes.SUM:
            total += term
        elif e == 0 or (term > total) == (kind == codes.MAX):
            total = term
        e += np.uint64(1)
    return total


@kernel(writes=("V",))
def fixed_point(H, V, changed, curious, hope, tol, most):
    """V[i] = bias + gathered w * V[source], propagated from the nodes that changed.

    If ``curious``, a SUM node is worth (1 - p0) of this and p0 of ``hope``: p0 is the probability
    that it leads to what the graph does not know yet.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; nodes are inputs or of kind SUM, MAX or MIN under "identity". Delayed edges are
        read in place and summed, as a forward sums them.
    V : float64 [N_SLOTS]
        In: where to begin; inputs stand. Out: the fixed point of all that depends on ``changed``.
    changed : int32 [k]
        Slots of the nodes that are due at first, each once: all, or those whose edges, bias or p0
        changed since V was a fixed point.
    curious : bool
        Whether p0 counts.
    hope : float64
        The most that is hoped for.
    tol : float64
        A change of more than this makes the readers due.
    most : int64
        So many nodes are computed at most.

    Returns
    -------
    int64
        How many nodes are still due: 0 if it has settled.
    """
    V = bare(V)
    kind, bias, p0 = h.get_kind(H), h.get_bias(H), h.get_p0(H)
    length, start, sstart = h.get_length(H), h.get_start(H), h.get_sstart(H)
    w, src, dw, dsrc = h.get_w(H), h.get_src(H), h.get_dw(H), h.get_dsrc(H)
    late = H[h.N_DELAYED] > 0
    first = np.zeros(H[h.N_SLOTS] + 1, np.int64)
    _count_readers(H, first)
    for i in range(first.size - 1):
        first[i + 1] += first[i]
    reader = np.empty(first[-1], np.int32)
    _list_readers(H, first, reader)
    room = max(H[h.N_SLOTS], 1)
    queue, due = np.empty(room, np.int32), np.zeros(room, np.uint8)
    count, head, done = 0, 0, 0
    for k in range(changed.size):
        if kind[changed[k]] != codes.INPUT:
            queue[count], due[changed[k]] = changed[k], 1
            count += 1
    tail = count if count < room else 0
    while count > 0 and done < most:
        node = queue[head]
        i = np.uint64(node)
        head, count, due[i] = (head + 1 if head + 1 < room else 0), count - 1, 0
        value = np.float64(bias[i]) + _gathered(
            kind[i], w, src, np.uint64(start[i]), np.uint64(sstart[i]), np.uint64(length[i]), V
        )
        if late and h.get_dlen(H)[i] > 0:
            d = np.uint64(h.get_dstart(H)[i])
            n = np.uint64(h.get_dlen(H)[i])
            value += _gathered(codes.SUM, dw, dsrc, d, d, n, V)
        if curious and kind[i] == codes.SUM:
            value += np.float64(p0[i]) * (hope - value)
        change = abs(value - V[i])
        V[i] = value
        done += 1
        if change > tol:
            for r in range(first[i], first[i + np.uint64(1)]):
                j = reader[r]
                if due[j] == 0:
                    due[j], queue[tail] = 1, j
                    tail, count = (tail + 1 if tail + 1 < room else 0), count + 1
    return np.int64(count)


@kernel(writes=("H",))
def expect(H, choices, first, follow, reward, nu, alpha, gamma, dread, wanted):
    """w[k] = gamma p[k], bias = sum of p[k] r[k]; p[k] = (c[k] + alpha / d) / (n + alpha).

    c[k] is how often a choice led to its k-th state: the stability of that edge. n is their sum
    and d how many are not 0; p = 1 for d = 1, and outcomes with c = 0 are not expected any more. A
    choice's p0 is nu[n, d]; one that was never made is worth ``dread`` and has p0 = 1.

    Parameters
    ----------
    H : int64 [HANDLE_SIZE]
        Handle; the nodes named have delayed edges only. Their weights, bias and p0 are written.
    choices : int64 [k]
        Ids of the nodes to be written.
    first : int64 [k]
        Of each, the place of its first outcome in ``follow`` and ``reward``; -1: none.
    follow : int64 [outcomes]
        Place of the next outcome of the same choice, in the sequence of its edges.
    reward : float64 [outcomes]
        Mean reward of each.
    nu : float64 [NU_N, NU_D]
        Probability that a choice made n times with d outcomes leads to one never met.
    alpha : float64
        How even outcomes are thought to be, > 0.
    gamma : float64
        What a step later is worth less.
    dread : float64
        As said.
    wanted : bool
        False: rewards are no matter, bias = 0.

    Returns
    -------
    int64
        OK.
    """
    slot_of, bias, p0 = h.get_slot_of(H), h.get_bias(H), h.get_p0(H)
    dw, dstab = h.get_dw(H), h.get_dstab(H)
    for c in range(choices.size):
        i = np.int64(slot_of[choices[c]])
        k = late_count(H, i)
        a = np.int64(h.get_dstart(H)[i]) if k > 0 else np.int64(0)
        n, d = 0.0, 0
        for e in range(a, a + k):
            n += np.float64(dstab[e])
            d += 1 if dstab[e] > 0 else 0
        if d == 0:
            bias[i], p0[i] = (dread if wanted else 0.0), 1.0
            continue
        even = alpha if d > 1 else 0.0
        met, o = 0.0, first[c]
        for e in range(a, a + k):
            p = (np.float64(dstab[e]) + even / d) / (n + even) if dstab[e] > 0 else 0.0
            dw[e] = gamma * p
            met += p * reward[o]
            o = follow[o]
        bias[i] = met if wanted else 0.0
        p0[i] = nu[min(np.int64(n), NU_N - 1), min(d, NU_D - 1)]
    return np.int64(OK)
