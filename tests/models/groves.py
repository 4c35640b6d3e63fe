"""What must hold of the trees of a stream's learner after every sample."""

import numpy as np

from growgraph.kernels import council
from growgraph.kernels import question as q


def check_groves(core):
    """Raise AssertionError naming the first thing about the trees that does not hold."""
    C, graph = core.council, core.graph
    if not C.prior[council.STEADY]:
        return
    for g in range(int((C.edge[council.STEADY :] >= 0).sum())):
        tree_of = {}
        for k in range(int(C.plan[g, q.TREES])):
            _check_tree(core, g, k, tree_of)
        _check_units(C, graph, g, tree_of)
        if _lists(C, g):
            _check_window(C, g)


def _lists(C, g):
    """True if grove g lists samples: all others sleep, or are awake and only count."""
    return g in (0, C.ctl[council.NEWEST])


def _parts(C, g, v):
    """Units of node v and its two nodes, or None."""
    u = int(C.node[g, q.KID, v])
    return None if u < 0 else (u, q.ROOTS + 2 * u, q.ROOTS + 2 * u + 1)


def _check_tree(core, g, k, tree_of):
    """One tree from its root: counts, lists, labels, weights, and where its samples come to."""
    C, graph = core.council, core.graph
    stack, leaves, classes = [k], [], C.counts.size
    while stack:
        v = stack.pop()
        below = _parts(C, g, v)
        if below is None:
            leaves.append(v)
            continue
        u, yes, no = below
        assert C.up[g, u] == v, f"unit {u} knows who is above it"
        assert u not in tree_of, f"unit {u} stands in one place"
        tree_of[u] = k
        if v >= q.ROOTS:
            assert u > (v - q.ROOTS) // 2, "a unit's number is above its parent's"
        counts = C.node[g, q.COUNT, [v, yes, no]]
        assert counts[0] == counts[1] + counts[2], f"node {v} counts what is below it"
        assert counts.min() > 0, "nobody asks a question one side of which is empty"
        assert not C.leaf[g, v].any(), f"node {v} is no leaf and counts no labels"
        assert C.node[g, q.HEAD, v] == -1, f"node {v} is no leaf and lists nobody"
        stack += [no, yes]
    listed = {}
    for v in leaves:
        _check_said(C, graph, g, v)
        here = _listed(C, g, k, v)
        if not _lists(C, g):
            assert not here, "who sleeps lists nobody"
            assert C.leaf[g, v].sum() == C.node[g, q.COUNT, v], f"leaf {v} counts labels"
            continue
        listed.update(dict.fromkeys(here, v))
        assert len(here) == C.node[g, q.COUNT, v], f"leaf {v} counts those it lists"
        labels = np.bincount(C.labels[here], minlength=classes)
        np.testing.assert_array_equal(C.leaf[g, v], labels, f"leaf {v} counts its labels")
    if not _lists(C, g):
        return
    place = C.place[min(g, 1), q.LEAF, k]
    assert {s: int(place[s]) for s in np.flatnonzero(place >= 0)} == listed
    asks = {u: _question(core, g, u) for u in tree_of if tree_of[u] == k}
    for s, v in listed.items():
        came = _route(C, g, k, asks, C.ring[:, s].astype(np.float64))
        assert came == v, f"sample {s} comes to the leaf that lists it"


def _listed(C, g, k, v):
    """Ring places in the list of leaf v."""
    here, s, before = [], int(C.node[g, q.HEAD, v]), -1
    while s >= 0:
        assert C.place[min(g, 1), q.PREV, k, s] == before, "a list is linked both ways"
        assert C.place[min(g, 1), q.LEAF, k, s] == v, "who is listed knows its leaf"
        here.append(s)
        before, s = s, int(C.place[min(g, 1), q.NEXT, k, s])
    return here


def _check_said(C, graph, g, v):
    """The weights of a leaf are (counts + prior) / (n + prior), shared by the trees."""
    if v < q.ROOTS:
        return  # all roots speak together, see below
    u, side = divmod(v - q.ROOTS, 2)
    n, classes = C.leaf[g, v].sum(), C.counts.size
    said = (C.leaf[g, v] + q.PRIOR / classes) / (n + q.PRIOR) / C.plan[g, q.TREES]
    held = [graph.weights(vote)[v - q.ROOTS] for vote in C.votes[g]]
    np.testing.assert_allclose(held, said, rtol=1e-6, err_msg=f"leaf {v} of unit {u}, side {side}")


def _question(core, g, u):
    """What unit u asks, read off the graph's own nodes: columns, weights, bias."""
    C, graph = core.council, core.graph
    yes, no = C.units[g, u].tolist()
    v = int(C.up[g, u])
    above = int(graph.groups["one"][0] if v < q.ROOTS else
                C.units[g, (v - q.ROOTS) // 2, (v - q.ROOTS) % 2])  # fmt: skip
    sources, weights, _ = graph.sources(yes)
    told = graph.node(yes)
    assert (told["kind"], told["activation"]) == ("gate", "step")
    assert (sources[0], weights[0]) == (above, 1), "yes hands on what is above it"
    rest, signs, _ = graph.sources(no)
    assert (rest.tolist(), signs.tolist()) == ([above, yes], [1, -1]), "no is what is left"
    columns = [graph.inputs.tolist().index(i) for i in sources[1:].tolist()]
    return columns, weights[1:].astype(np.float64), told["bias"]


def _route(C, g, k, asks, x):
    """The leaf of tree k that a sample comes to."""
    v = k
    while _parts(C, g, v) is not None:
        u, yes, no = _parts(C, g, v)
        columns, weights, bias = asks[u]
        v = yes if bias + weights @ x[columns] > 0 else no
    return v


def _check_units(C, graph, g, tree_of):
    """Units that ask nothing are listed as free, once, and say nothing."""
    born = int((C.units[g, :, 0] >= 0).sum())
    assert (C.units[g, :born] >= 0).all()
    assert (C.units[g, born:] == -1).all()
    assert C.plan[g, q.UNBORN] == C.up.shape[1] - born
    free = C.free[g, : C.plan[g, q.FREE]].tolist()
    assert sorted(free + list(tree_of)) == list(range(born)), "a unit is free or asks"
    votes = [graph.weights(vote) for vote in C.votes[g]]
    for u in free:
        assert C.up[g, u] == -1
        for side in range(2):
            v = q.ROOTS + 2 * u + side
            assert C.node[g, :, v].tolist() == [-1, 0, -1, 0]
            assert not any(w[v - q.ROOTS] for w in votes), "who is free says nothing"
            assert not graph.weights(int(C.units[g, u, side])).any(), "who is free reads nothing"
    for u in tree_of:
        for side in range(2):
            v = q.ROOTS + 2 * u + side
            if C.node[g, q.KID, v] >= 0:
                assert not any(w[v - q.ROOTS] for w in votes), "an inner node says nothing"
    _check_roots(C, graph, g)


def _check_roots(C, graph, g):
    """Roots that ask nothing speak through the biases of the class nodes."""
    classes, trees = C.counts.size, int(C.plan[g, q.TREES])
    for c, vote in enumerate(C.votes[g].tolist()):
        roots = [k for k in range(trees) if C.node[g, q.KID, k] < 0]
        said = sum((C.leaf[g, k, c] + q.PRIOR / classes) / (C.node[g, q.COUNT, k] + q.PRIOR)
                   for k in roots) / trees  # fmt: skip
        assert abs(graph.node(vote)["bias"] - said) < 1e-6, f"what roots say of class {c}"


def _check_window(C, g):
    """A tree remembers the last samples, at most as many as it may.

    There is a gap only where trees learnt by turns: then each remembers one of eight at least.
    """
    n, size = int(C.ctl[council.N]), C.labels.size
    span = int(C.plan[g, q.SPAN])
    by_turns = n > 2000
    for k in range(int(C.plan[g, q.TREES])):
        here = C.place[min(g, 1), q.LEAF, k] >= 0
        count = int(here.sum())
        assert count <= min(span, n)
        last = np.arange(max(n - span, 0), n)
        remembered = last[here[last % size]]
        assert remembered.size == count, "only the last samples are remembered"
        since = np.arange(remembered[0] if count else n, n)
        wanted = since[(since + k) % 8 == 0] if by_turns else since
        assert np.isin(wanted, remembered).all(), "the last samples are remembered"
        if n < 10:
            assert count == 0
        elif g == 0:
            assert n - since.size <= max(n - span, 0) + 7 * by_turns
