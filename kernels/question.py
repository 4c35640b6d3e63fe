"""Question nodes: a unit asks, its two nodes answer; on the graph's own edges.

A tree parts the inputs by questions. One question is a unit of two nodes: *yes*, a gate that hands
on its parent's activity if b + sum w x > 0, and *no*, parent minus yes. Each is 1 for the samples
that come to it, else 0. Leaves speak through their edges to the voter's class nodes.

Nodes of a tree are numbered: node k < ROOTS is the root of tree k, unit u has the nodes
ROOTS + 2u (yes) and ROOTS + 2u + 1 (no). A unit stands behind its parent's in the running order
because its number is higher.
"""

from collections import namedtuple

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels._jit import helper, inlined
from growgraph.kernels.rewire import lay

# The state of all groves (one grove a voter; 0 is the steady one). ``inputs`` are the slots of the
# inputs, ``column`` the column a slot stands for, ``one`` the slot of the node that is always 1,
# ``slots`` those of each unit's yes and no, ``votes`` those of the class nodes. ``up`` is the node
# above a unit (-1: the unit is free), ``free`` lists the units that ask nothing. ``leaf`` are label
# counts of leaves; ``ring`` the samples remembered, input by input, ``labels`` theirs; ``words``
# causes in the graph's list.
Grove = namedtuple(
    "Grove", "plan node up free leaf place slots votes ring labels inputs column one words"
)

ROOTS = 16  # most trees of a grove
# rows of ``node`` [groves, rows, nodes]: the unit below (-1: a leaf), samples in reach, the first
# of a leaf's list (-1: none), disagreements a leaf has waited through
KID, COUNT, HEAD, WAIT = range(4)
NODE_ROWS = 4
# rows of ``place`` [2, rows, trees, ring]: neighbours in a leaf's list, the leaf itself; only the
# steady grove and the one that is fresh list samples
NEXT, PREV, LEAF = range(3)
PLACE_ROWS = 3
# columns of ``plan`` [groves]: trees, samples remembered, least samples of a split, units that are
# free, units that there is room for but no nodes
TREES, SPAN, LEAST, FREE, UNBORN = range(5)
PLAN_SIZE = 5

# Entries of src that laying units may take beside their edges: the first units of two groves may be
# born side by side and share a list, which is copied when either is asked elsewhere.
SHARED_LISTS = 32
PRIOR = 0.5  # samples that a leaf's uniform prior counts for


# ---- where a sample belongs -----------------------------------------------------------------
@inlined
def _says_yes(H, slot, x, G):
    """True if b + sum w x > 0; the first edge is the parent's."""
    at, sat = np.int64(h.get_start(H)[slot]), np.int64(h.get_sstart(H)[slot])
    value = h.get_bias(H)[slot]
    for e in range(1, h.get_length(H)[slot]):
        value += h.get_w(H)[at + e] * x[G.column[h.get_src(H)[sat + e]]]
    return value > 0


@inlined
def below(H, G, g, v, x):
    """The node that a sample at inner node v comes to next."""
    u = np.int64(G.node[g, KID, v])
    return ROOTS + 2 * u + (0 if _says_yes(H, G.slots[g, u, 0], x, G) else 1)


@helper
def answer(H, G, g, x, out):
    """P of each class: the leaves' edges into the class nodes, summed over the trees."""
    w, start, bias = h.get_w(H), h.get_start(H), h.get_bias(H)
    for c in range(out.size):
        out[c] = bias[G.votes[g, c]]
    for k in range(G.plan[g, TREES]):
        v = np.int64(k)
        while G.node[g, KID, v] >= 0:
            v = below(H, G, g, v, x)
        if v >= ROOTS:
            for c in range(out.size):
                out[c] += w[np.int64(start[G.votes[g, c]]) + v - ROOTS]


# ---- what leaves say ------------------------------------------------------------------------
@helper
def speak(H, G, g, v):
    """Write what a leaf says of each class on its edges; a root that is a leaf: on the biases."""
    n, classes = np.float64(G.node[g, COUNT, v]), G.leaf.shape[2]
    share = 1 / ((n + PRIOR) * G.plan[g, TREES])
    w, start = h.get_w(H), h.get_start(H)
    for c in range(classes):
        said = np.float32((G.leaf[g, v, c] + PRIOR / classes) * share)
        if v >= ROOTS:
            w[np.int64(start[G.votes[g, c]]) + v - ROOTS] = said
    if v < ROOTS:
        speak_roots(H, G, g)


@helper
def speak_roots(H, G, g):
    """Biases of the class nodes: what roots say that ask nothing yet."""
    classes, bias = G.leaf.shape[2], h.get_bias(H)
    for c in range(classes):
        said = 0.0
        for k in range(G.plan[g, TREES]):
            if G.node[g, KID, k] < 0:
                said += (G.leaf[g, k, c] + PRIOR / classes) / (G.node[g, COUNT, k] + PRIOR)
        bias[G.votes[g, c]] = np.float32(said / G.plan[g, TREES])


@helper
def speak_all(H, G, g):
    """Write what all leaves say: a class is new."""
    for u in range(G.up.shape[1]):
        for side in range(2 if G.up[g, u] >= 0 else 0):
            if G.node[g, KID, ROOTS + 2 * u + side] < 0:
                speak(H, G, g, ROOTS + 2 * u + side)
    speak_roots(H, G, g)


@helper
def hush(H, G, g, v):
    """A node that is no leaf any more says nothing."""
    w, start = h.get_w(H), h.get_start(H)
    for c in range(G.leaf.shape[2]):
        G.leaf[g, v, c] = 0
        if v >= ROOTS:
            w[np.int64(start[G.votes[g, c]]) + v - ROOTS] = 0


# ---- the lists of samples -------------------------------------------------------------------
@inlined
def listing(g):
    """The row of ``place`` that belongs to grove g."""
    return min(g, 1)


@inlined
def link(G, g, k, v, s):
    """Enter ring place s in the list of leaf v."""
    row, first = listing(g), G.node[g, HEAD, v]
    G.place[row, NEXT, k, s], G.place[row, PREV, k, s], G.place[row, LEAF, k, s] = first, -1, v
    if first >= 0:
        G.place[row, PREV, k, first] = s
    G.node[g, HEAD, v] = s


@inlined
def unlink(G, g, k, s):
    """Take ring place s out of its leaf's list."""
    row = listing(g)
    after, before = G.place[row, NEXT, k, s], G.place[row, PREV, k, s]
    if after >= 0:
        G.place[row, PREV, k, after] = before
    if before >= 0:
        G.place[row, NEXT, k, before] = after
    else:
        G.node[g, HEAD, G.place[row, LEAF, k, s]] = after
    G.place[row, LEAF, k, s] = -1


@helper
def gather(G, g, k, v, samples, units):
    """Ring places and units below v; returns how many of each."""
    stack = np.empty(G.node.shape[2], np.int32)
    stack[0] = v
    top, n, m = 1, 0, 0
    while top > 0:
        top -= 1
        at = np.int64(stack[top])
        u = np.int64(G.node[g, KID, at])
        if u >= 0:
            units[m] = u
            m += 1
            stack[top], stack[top + 1] = ROOTS + 2 * u, ROOTS + 2 * u + 1
            top += 2
        else:
            s = np.int64(G.node[g, HEAD, at])
            while s >= 0:
                samples[n] = s
                n += 1
                s = np.int64(G.place[listing(g), NEXT, k, s])
    return n, m


# ---- laying them ----------------------------------------------------------------------------
@helper
def let_go(H, G, g, u):
    """A unit asks nothing any more: its edges go, it may be asked again."""
    none, zero = np.empty(0, np.int64), np.empty(0, np.float32)
    lay(H, np.int64(G.slots[g, u, 0]), none, zero, 0, np.float32(0))
    lay(H, np.int64(G.slots[g, u, 1]), none, zero, 0, np.float32(0))
    G.up[g, u] = -1
    for side in range(2):
        v = ROOTS + 2 * u + side
        G.node[g, KID, v], G.node[g, COUNT, v], G.node[g, HEAD, v], G.node[g, WAIT, v] = (
            -1,
            0,
            -1,
            0,
        )
    G.free[g, G.plan[g, FREE]] = u
    G.plan[g, FREE] += 1


@helper
def ask(H, G, g, v, u, j, j2, omega, bias):
    """Lay unit u below node v: yes asks, no is the rest."""
    if v < ROOTS:
        parent = np.int64(G.one[0])
    else:
        parent = np.int64(G.slots[g, (v - ROOTS) // 2, (v - ROOTS) % 2])
    yes, no = np.int64(G.slots[g, u, 0]), np.int64(G.slots[g, u, 1])
    sources, weights = np.empty(3, np.int64), np.ones(3, np.float32)
    sources[0], sources[1] = parent, G.inputs[j]
    if j2 >= 0:
        sources[2], weights[2] = G.inputs[j2], omega
    lay(H, yes, sources, weights, 3 if j2 >= 0 else 2, bias)
    sources[1], weights[1] = yes, -1
    lay(H, no, sources, weights, 2, np.float32(0))
    G.node[g, KID, v], G.up[g, u] = u, v


@helper
def tell(H, G, g, v, why, tension, lasted):
    """Put the cause of what follows into the store's context."""
    ctx, ctxf = h.get_ctx(H), h.get_ctxf(H)
    at = G.votes[g, 0] if v < ROOTS else G.slots[g, (v - ROOTS) // 2, (v - ROOTS) % 2]
    ctx[h.CTX_CAUSE], ctx[h.CTX_LASTED] = G.words[why], lasted
    ctx[h.CTX_NODE] = h.get_id_of(H)[at]
    ctxf[h.CTXF_TENSION] = np.float32(tension)


@helper
def rehang(H, G, g, v, u):
    """Let the nodes of unit u read node v as their parent, all else as it is."""
    parent = np.int64(G.one[0] if v < ROOTS else G.slots[g, (v - ROOTS) // 2, (v - ROOTS) % 2])
    sources, weights = np.empty(3, np.int64), np.empty(3, np.float32)
    for side in range(2):
        to = np.int64(G.slots[g, u, side])
        n = np.int64(h.get_length(H)[to])
        at, sat = np.int64(h.get_start(H)[to]), np.int64(h.get_sstart(H)[to])
        for e in range(n):
            sources[e], weights[e] = h.get_src(H)[sat + e], h.get_w(H)[at + e]
        sources[0] = parent
        lay(H, to, sources, weights, n, h.get_bias(H)[to])
