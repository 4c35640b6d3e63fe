"""Whether a council that came from a file fits together: its kernels follow every index in it."""

import numpy as np

from growgraph.kernels import codes, council, dormant
from growgraph.kernels import prototype as p
from growgraph.kernels import question as q
from growgraph.models._check import _array, _require, _within

_ASKED = 3  # most edges of a node that asks


def check_council(core):
    """Raise GraphError naming the first thing that does not fit; the core is checked before."""
    C, graph, classes = core.council, core.graph, len(core.classes)
    for name in ("one", *(["answers"] if classes else [])):
        _require(name in graph.groups, f"there is a group {name}")
    _require(graph.groups["one"].size == 1, "one node is always 1")
    _check_numbers(C, core.n, classes)
    _check_voters(C, classes)
    _check_shapes(C, graph.inputs.size, classes, core.options["replay"])
    _check_nodes(C, graph, classes)
    for g in range(council.GROVES if C.labels.size else 0):
        _check_units(C, graph, g)
        tree = _check_trees(C, g)
        if g in (0, C.ctl[council.NEWEST]):
            for k in range(C.plan[g, q.TREES]):
                _check_lists(C, g, k, tree)
        else:
            _check_asleep(C, g, tree)


def _check_numbers(C, n, classes):
    """Counters and what trust remembers."""
    _array("the council's ctl", C.ctl, (council.CTL_SIZE,), np.int64)
    places = {"AT": (0, 0), "PART": (0, 0), "N": (n, n), "BEGAN": (0, n), "EPOCH": (0, n),
              "RIGHT": (0, n), "FAILURES": (0, n), "FAILED": (0, n), "ALARMS": (0, n),
              "LAST_ALARM": (0, n), "CONCEPTS": (0, len(C.owner)), "EVENTS": (1, 1 << 40),
              "FULL": (0, 1), "SOLVES": (0, 1), "SEED": (0, 1 << 62),
              "NEWEST": (1, council.GROVES - 1), "AWAKE": (0, council.GROVES - 1),
              "RETURNS": (0, n), "RETURNED": (0, n), "SINCE": (0, n), "UNTIL": (0, n)}  # fmt: skip
    for name, (low, high) in places.items():
        _within(f"the council's {name}", C.ctl[[getattr(council, name)]], low, high)
    _array("past", C.past, (council.PAST,), np.int64)
    _within("past", C.past, 0, n)
    for name in ("counts", "seen"):
        _array(f"the council's {name}", getattr(C, name), (classes,), np.int64)
        _within(f"the council's {name}", getattr(C, name), 0, n)
    _array("order", C.order, (1,))


def _check_voters(C, classes):
    for name in ("weight", "prior", "said"):
        _array(name, getattr(C, name), (council.VOTERS,))
        _within(name, getattr(C, name), 0, 1)
    _array("edge", C.edge, (council.VOTERS,), np.int64)
    there, votes = C.edge >= 0, C.prior > 0
    _require(np.array_equal(C.edge[there], np.arange(there.sum())), "voters are told one by one")
    _require(there[: council.FRESH + 1].any() and not (votes & ~there).any(), "who votes is there")
    _require(votes[council.EVIDENCE] and votes[council.PROTOTYPES], "evidence and prototypes vote")
    _require(votes[council.RECENT] == votes[council.LASTING], "both readouts vote or none")
    asking = np.zeros(council.GROVES, bool)
    if C.labels.size:
        asking[[0, C.ctl[council.NEWEST]]] = True
        asking[C.ctl[council.AWAKE]] = True
    _require(np.array_equal(votes[council.STEADY :], asking),
             "questions vote if samples are remembered, and those that sleep do not")  # fmt: skip
    _require(np.array_equal(there[: council.STEADY], votes[: council.STEADY]), "all others vote")
    _require((C.weight[votes] > 0).all(), "who votes is trusted a little")
    _require((C.weight[~votes] == 0).all(), "who does not vote is not trusted")
    _array("shares", C.shares, (council.VOTERS, classes), np.int64)
    _array("tops", C.tops, (council.VOTERS, 2), np.int64)
    _check_kept(C, there, classes)


def _check_kept(C, there, classes):
    """Of concepts that sleep there is a grove, and what hindcasts need."""
    n, groves = int(C.ctl[council.N]), council.GROVES
    readers = C.asleep.shape[1] if C.asleep.ndim == 3 else 0
    _array("told", C.told, (dormant.LOOKED,))
    _array("right", C.right, (groves,))
    _within("right", C.right, 0, 1)
    _array("kept", C.kept, (groves, dormant.KEPT_SIZE), np.int64)
    _within("kept", C.kept, -1, n)
    d = C.B.shape[1] if C.B.ndim == 3 and C.prior[council.LASTING] > 0 else 0
    _array("asleep", C.asleep, (groves, readers, classes))
    _require(readers == d, "readouts sleep if they vote")
    sleeps = C.kept[:, dormant.USED] >= 0
    ring = there[council.STEADY :].copy()
    ring[[0, C.ctl[council.NEWEST]]] = False
    _require(not (sleeps & ~ring).any(), "what sleeps has nodes, and is not the fresh grove")
    _require(C.ctl[council.AWAKE] == 0 or sleeps[C.ctl[council.AWAKE]], "who is awake has slept")


def _heard(C):
    """Inputs that the readouts hear: the first ones."""
    return max(C.A.shape[-1] - 1, 0) if C.A.ndim else 0


def _check_shapes(C, d, classes, replay):
    trees, size = C.place.shape[2] if C.place.ndim == 4 else 0, C.labels.size
    _require(size == replay, f"{replay} samples are remembered")
    asked = C.up.shape[1] if C.up.ndim == 2 else 0
    nodes, most, voted = q.ROOTS + 2 * asked, len(C.owner), classes if size else 0
    read, groves = classes if C.prior[council.RECENT] > 0 else 0, council.GROVES
    heard = _heard(C)
    _require(heard <= d, "readouts hear inputs")
    for name, shape, dtype in (
        ("plan", (groves, q.PLAN_SIZE), np.int64), ("up", (groves, asked), np.int32),
        ("node", (groves, q.NODE_ROWS, nodes), np.int32), ("free", (groves, asked), np.int32),
        ("leaf", (groves, nodes, classes), np.int32), ("labels", (size,), np.int32),
        ("place", (2, q.PLACE_ROWS, trees, size), np.int32), ("ring", (d, size), np.float32),
        ("units", (groves, asked, 2), np.int64), ("votes", (groves, voted), np.int64),
        ("concepts", (most, 4), np.int64), ("sums", (classes,), np.int64),
        ("traits", (most, p.MEMORY + d), np.float64), ("owner", (most,), np.int32),
        ("A", (2, heard + 1, heard + 1), np.float64), ("B", (2, heard + 1, classes), np.float64),
        ("readouts", (2, read), np.int64),
    ):  # fmt: skip
        _array(f"the council's {name}", getattr(C, name), shape, dtype)
    _require(most > 0, "there is room for a prototype")
    _within("labels", C.labels, 0, max(classes - 1, 0))
    _within("owner", C.owner, 0, max(classes - 1, 0))
    _within("the widths of prototypes", C.traits[: C.ctl[council.CONCEPTS], p.WIDTH], 1e-4)
    _within("the number of trees", C.plan[:, q.TREES], 1, min(q.ROOTS, trees) if size else q.ROOTS)
    _within("what a grove remembers", C.plan[:, q.SPAN], min(size, 1), size)
    _within("the least samples of a split", C.plan[:, q.LEAST], 1)


def _check_nodes(C, graph, classes):
    """Nodes that the kernels write live and have the edges that are written."""
    d, n, voters = graph.inputs.size, int(C.ctl[council.CONCEPTS]), int((C.edge >= 0).sum())
    born = (C.units[:, :, 0] >= 0).sum(axis=1)
    _require((C.concepts[n:] == -1).all(), "prototypes not born yet are -1")
    wanted = [("one", graph.groups["one"], 0), ("prototypes", C.concepts[:n, 0], d),
              ("logarithms", C.concepts[:n, 1], 1), ("strengths", C.concepts[:n, 2], 1),
              ("kernels of prototypes", C.concepts[:n, 3], 2), ("sums", C.sums, n),
              ("readouts", C.readouts.ravel(), _heard(C))]  # fmt: skip
    groves = np.flatnonzero(C.edge[council.STEADY :] >= 0).tolist()
    wanted += [(f"votes of grove {g}", C.votes[g], 2 * born[g]) for g in groves]
    _require(not np.delete(born, groves).any(), "who has no voter asks nothing")
    if classes:
        _require(graph.groups["answers"].shape == (classes,), "there is an answer for each class")
        wanted.append(("answers", graph.groups["answers"], voters))
    for name, ids, fan_in in wanted:
        slots = graph._slots(ids, name)  # raises for an id that does not live
        _require(np.unique(ids).size == ids.size, f"{name} are distinct")
        _require((graph._store.length[slots] == fan_in).all(), f"{name} have their in-edges")
    match = graph._store.kind[graph._slots(C.concepts[:n, 0])] == codes.MATCH
    _require(match.all(), "prototypes are match nodes")
    graph._slots(C.shares[C.edge >= 0].ravel(), "shares")
    for c in range(classes):
        heard = graph.sources(int(graph.groups["answers"][c]))[0]
        _require(np.array_equal(heard, C.shares[C.edge >= 0, c]), "answers hear all voters")


def _check_units(C, graph, g):
    """Units live, one behind the other in the running order, and read no more than a question."""
    s, born = graph._store, int((C.units[g, :, 0] >= 0).sum())
    _require((C.units[g, :born] >= 0).all() and (C.units[g, born:] == -1).all(),
             "units are born in their sequence")  # fmt: skip
    _require(C.plan[g, q.UNBORN] == C.up.shape[1] - born, "UNBORN counts the units not born")
    slots = graph._slots(C.units[g, :born].ravel(), "units")
    votes = graph._slots(C.votes[g][C.votes[g] >= 0])
    inputs = graph._slots(graph.inputs)
    sequence = s.label[slots]
    _require((sequence[1:] > sequence[:-1]).all(), "units stand in their sequence")
    early = s.label[np.append(inputs, graph._slots(graph.groups["one"]))].max()
    late = s.label[votes].min(initial=1 << 62)
    _require(((early < sequence) & (sequence < late)).all(), "units stand where they are read")
    shared = s.cap[slots][s.flags[slots] & codes.SHARED != 0]
    _require(shared.sum() <= q.SHARED_LISTS, "units share no lists but the first")
    yes, no = slots[::2], slots[1::2]
    gates = (s.kind[yes] == codes.GATE) & (s.act[yes] == codes.STEP)
    _require(gates.all() and (s.kind[no] == codes.SUM).all(), "a unit is a gate and a sum")
    _require((s.length[slots] <= _ASKED).all(), "units read a question at most")
    asks = C.up[g, :born] >= 0
    _require((s.length[yes[asks]] >= 2).all() and (s.length[no[asks]] == 2).all(),
             "units that ask have their edges")  # fmt: skip
    column = np.zeros(len(s.kind), bool)
    column[inputs] = True
    for e in range(1, _ASKED):
        here = yes[asks & (s.length[yes] > e)]
        _require(column[s.src[s.sstart[here].astype(np.int64) + e]].all(), "units ask inputs")
    free = C.free[g, : max(int(C.plan[g, q.FREE]), 0)]
    _require(C.plan[g, q.FREE] == (~asks).sum() == free.size, "FREE counts the units that are free")
    _require(np.array_equal(np.sort(free), np.flatnonzero(~asks)), "free lists the units that are")
    _within("free", C.free[g], -1, born - 1)
    _require((C.up[g, born:] == -1).all(), "units not born ask nothing")


def _check_trees(C, g):
    """Each unit stands where its parent says; returns the tree of each node, -1 for none."""
    kid, count, head, _ = C.node[g].astype(np.int64)
    up, trees = C.up[g].astype(np.int64), int(C.plan[g, q.TREES])
    _within("kid", kid, -1, up.size - 1)
    _within("up", up, -1, kid.size - 1)
    _within("count", count, 0)
    asked, inner = np.flatnonzero(up >= 0), np.flatnonzero(kid >= 0)
    _require((kid[up[asked]] == asked).all(), "a unit's parent knows it")
    _require((up[kid[inner]] == inner).all(), "a unit knows its parent")
    below = up[asked] >= q.ROOTS
    higher = asked > (up[asked] - q.ROOTS) // 2
    _require(higher[below].all(), "a unit's number is above its parent's")
    tree = np.full(kid.size, -1)
    tree[:trees] = np.arange(trees)
    for u in asked.tolist():  # parents first
        tree[q.ROOTS + 2 * u : q.ROOTS + 2 * u + 2] = tree[up[u]]
    _require((tree[inner] >= 0).all(), "what asks hangs on a root")
    _require((kid[tree < 0] == -1).all() and (head[tree < 0] == -1).all(),
             "what hangs on no root is empty")  # fmt: skip
    sides = q.ROOTS + 2 * kid[inner]
    _require((count[inner] == count[sides] + count[sides + 1]).all(), "nodes count what is below")
    _require((head[inner] == -1).all(), "a node that asks lists nobody")
    return tree


def _check_lists(C, g, k, tree):
    """Leaves list just the samples of the window that know them."""
    size, n, classes = C.labels.size, int(C.ctl[council.N]), C.leaf.shape[2]
    after, before, leaf = C.place[min(g, 1), :, k].astype(np.int64)
    kid, count, head, _ = C.node[g].astype(np.int64)
    _within("next", after, -1, size - 1)
    _within("prev", before, -1, size - 1)
    _within("leaf of a sample", leaf, -1, kid.size - 1)
    _within("head", head, -1, size - 1)
    here = np.flatnonzero(leaf >= 0)
    span = min(int(C.plan[g, q.SPAN]), n)
    _require(np.isin(here, np.arange(n - span, n) % size).all(), "only the last are remembered")
    _require((tree[leaf[here]] == k).all() and (kid[leaf[here]] == -1).all(),
             "samples are in leaves of their tree")  # fmt: skip
    follow, first = here[after[here] >= 0], here[before[here] == -1]
    _require((leaf[after[follow]] == leaf[follow]).all(), "a list stays in its leaf")
    _require((before[after[follow]] == follow).all(), "lists are linked both ways")
    _require((head[leaf[first]] == first).all(), "a list begins at its head")
    later = here[before[here] >= 0]
    _require((after[before[later]] == later).all(), "lists are linked both ways")
    leaves = np.flatnonzero((tree == k) & (kid == -1))
    filled = leaves[head[leaves] >= 0]
    _require((leaf[head[filled]] == filled).all(), "a list begins at its head")
    _require((before[head[filled]] == -1).all(), "a list begins at its head")
    jump = np.append(np.where(leaf >= 0, after, -1), -1)  # the last entry stands for -1
    for _ in range(size.bit_length()):
        jump = jump[jump]
    _require((jump[:-1] == -1).all(), "lists end")
    there = np.bincount(leaf[here], minlength=kid.size)
    _require((there[leaves] == count[leaves]).all(), "leaves count their samples")
    labels = np.zeros((kid.size, classes), np.int64)
    np.add.at(labels, (leaf[here], C.labels[here]), 1)
    mine = tree == k
    _require((labels[mine] == C.leaf[g, mine]).all(), "leaves count their labels")


def _check_asleep(C, g, tree):
    """A grove that sleeps lists nobody; its leaves count labels."""
    kid, count, head, _ = C.node[g].astype(np.int64)
    _require((head == -1).all(), "who sleeps lists nobody")
    leaves = (tree >= 0) & (kid == -1)
    _within("labels of those that sleep", C.leaf[g], 0)
    _require((C.leaf[g].sum(axis=1) == np.where(leaves, count, 0)).all(), "leaves count labels")
