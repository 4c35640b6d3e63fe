"""What is drawn of a graph: marks (nodes, or many alike as one) and the strongest edges."""

from dataclasses import dataclass

import numpy as np

from growgraph.kernels import codes
from growgraph.viz import layout
from growgraph.viz.history import History, history_of

ALL_SHOWN = 150  # up to so many nodes each gets its own mark
_COLUMN = 60  # in a column
_ALIKE = 8  # more nodes than this with the same sources and kind become one mark
_GROUPED = 2  # the same within a named group
_OUTPUTS = 30
_MARKS = 400  # more marks than this are put into cells: columns and rows of them
_CELLS = ((48, 24), (32, 18), (20, 14), (14, 10))
_SHARES = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)


@dataclass
class Scene:
    """Marks and edges to draw; mark arrays have one entry a mark.

    Attributes
    ----------
    ids : ndarray of int64 [nodes]
    mark : ndarray of int64 [nodes]
        The mark that shows each node.
    x, y : ndarray of float
    count : ndarray of int
        Nodes a mark stands for.
    crowd : ndarray of bool
        It stands for alike nodes that belong together, not for a neighbourhood.
    kind, role : ndarray of uint8
    use : ndarray of float
        Mean over its nodes of the absolute weights they are read with.
    tension : ndarray of float or None
    names : list of str
    source, target : ndarray of int [drawn edges]
        Marks.
    weight : ndarray of float [drawn edges]
        Summed over the edges between the same marks.
    share : ndarray of float [drawn edges]
        Relative to the strongest into the same mark.
    late : ndarray of bool [drawn edges]
        Delayed.
    n_edges : int
        Of the graph.
    least : float
        Share below which edges are left out.
    history : History
    part : ndarray of float [marks], optional
        Of a scene of one answer: how much of it each mark holds, 0 where it is faded.
    edge_part : ndarray of float [drawn edges], optional
        The same of edges.
    told : str
        What answer that is.
    """

    ids: np.ndarray
    mark: np.ndarray
    x: np.ndarray
    y: np.ndarray
    count: np.ndarray
    crowd: np.ndarray
    kind: np.ndarray
    role: np.ndarray
    use: np.ndarray
    tension: np.ndarray | None
    names: list
    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    share: np.ndarray
    late: np.ndarray
    n_edges: int
    least: float
    history: History
    part: np.ndarray | None = None
    edge_part: np.ndarray | None = None
    told: str = ""


def scene_of(graph, tension=None, share=None, most=ALL_SHOWN):
    """Lay a graph out and choose what is drawn; see :class:`Scene`.

    In graphs of more than ``most`` nodes, or with too full a column, alike ones are one mark.
    """
    ids, store = graph.nodes, graph._store
    slots = graph._slots(ids)
    kind, role = store.kind[slots], store.role[slots]
    history = history_of(graph)
    x = layout.columns(history)
    unit = np.arange(x.size)
    full = np.unique(x[ids], return_counts=True)[1].max(initial=0)
    single = ids.size <= most and full <= _COLUMN
    unit[ids] = ids if single else alike(graph, ids, slots, x[ids])
    y = layout.rows(x, unit, history)[ids]
    x, mark = x[ids], np.unique(unit[ids], return_inverse=True)[1]
    crowd = (np.bincount(mark) > 1)[mark]
    if ids.size and mark.max() >= _MARKS:
        for cells in _CELLS:  # the finest that leave few enough
            x_of, mark_of = _cells(cells, mark, crowd, x, y, kind, role)
            if mark_of.max() < _MARKS:
                break
        x, mark = x_of, mark_of
    first = np.unique(mark, return_index=True)[1]
    count = np.bincount(mark)
    edges = graph.edges()
    place = np.zeros(unit.size, np.int64)
    place[ids] = np.arange(ids.size)
    source, target = place[edges["source"]], place[edges["target"]]
    size = np.abs(edges["weight"]).astype(np.float64)
    use = np.bincount(mark, np.bincount(source, size, minlength=ids.size)) / count
    u, v, weight, relative, late, least = _strongest(
        mark[source], mark[target], edges, share, first.size
    )
    return Scene(
        ids, mark, x[first], np.bincount(mark, y) / count, count, crowd[first], kind[first],
        role[first], use, mean_tension(tension, mark, ids), names_of(graph, ids, mark, crowd),
        u, v, weight, relative, late, edges.size, least, history,
    )  # fmt: skip


# ---- marks ----------------------------------------------------------------------------------
def alike(graph, ids, slots, x):
    """For each node the id that stands for it: its own, or the eldest of a crowd of alike ones."""
    store = graph._store
    group = groups_of(graph, ids)
    sources = np.where(group >= 0, 0, _fingerprints(store, slots))
    parts = (store.kind[slots], store.act[slots], store.role[slots], x, group, sources)
    key = _joint(*parts)
    count = np.bincount(key)[key]
    limit = np.where(store.role[slots] == codes.ROLE_OUTPUT, _OUTPUTS,
                     np.where(group >= 0, _GROUPED, _ALIKE))  # fmt: skip
    eldest = np.unique(key, return_index=True)[1]
    return np.where(count > limit, ids[eldest[key]], ids)


def _joint(*columns):
    """One number for each combination of the columns' values."""
    key = np.zeros(columns[0].size, np.int64)
    for column in columns:
        values, place = np.unique(column, return_inverse=True)
        key = np.unique(key * values.size + place, return_inverse=True)[1]
    return key


def groups_of(graph, ids):
    """Index of each node's smallest named group, -1 for none."""
    group = np.full(ids.size, -1)
    members = list(graph.groups.values())
    for index in sorted(range(len(members)), key=lambda i: (-members[i].size, -i)):
        group[np.searchsorted(ids, members[index])] = index
    return group


def _fingerprints(store, slots):
    """A number for each node's set of sources: the same for the same set."""
    length = store.length[slots].astype(np.int64)
    rng = np.random.Generator(np.random.PCG64(0))
    code = rng.random(store.alive.size)
    first = store.sstart[slots]
    # nodes of a bundle share one list: add each list up once
    _, at, back = np.unique(first * (length.max() + 1) + length, return_index=True,
                            return_inverse=True)  # fmt: skip
    n = length[at]
    place = np.arange(n.sum()) + np.repeat(first[at] - np.cumsum(n) + n, n)
    sums = np.bincount(np.repeat(np.arange(at.size), n), code[store.src[place]],
                       minlength=at.size)  # fmt: skip
    return np.round(sums, 6)[back]


def _cells(cells, mark, crowd, x, y, kind, role):
    """Put marks of one neighbourhood and kind into one; returns new x and marks of the nodes."""
    across, down = cells
    columns = np.unique(x, return_inverse=True)[1]
    span = columns.max() + 1
    column = columns * min(across, span) // span
    row = np.minimum((y * down).astype(np.int64), down - 1)
    key = ((column * down + row) * 16 + kind) * 4 + role
    key = np.where(crowd, -1 - mark, key)  # crowds stay as they are
    return column.astype(np.float64), np.unique(key, return_inverse=True)[1]


def mean_tension(tension, mark, ids):
    """Checked tension of the nodes, meant over each mark; NaN where none is known."""
    if tension is None:
        return None
    try:
        values = np.asarray(tension, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"tension must be numbers, got {tension!r}") from error
    if values.shape != ids.shape:
        raise ValueError(
            f"tension must have one value a node, shape {ids.shape} as graph.nodes, "
            f"got shape {values.shape}; graph.tension(X, targets) gives it"
        )
    known = np.isfinite(values)
    n = np.bincount(mark, known)
    total = np.bincount(mark, np.where(known, values, 0))
    return np.where(n > 0, total / np.maximum(n, 1), np.nan)


def names_of(graph, ids, mark, crowd):
    """What is written beside each mark."""
    count = np.bincount(mark)
    names = [""] * count.size
    group_names = [*graph.groups, ""]
    groups = groups_of(graph, ids)
    alone = count[mark] == 1
    few = count.size <= 30
    for place in np.flatnonzero(alone) if few else ():
        names[mark[place]] = str(ids[place])
    for node, name in graph.names.items():
        at = int(np.searchsorted(ids, node))
        if alone[at]:
            names[mark[at]] = name
    first = np.unique(mark, return_index=True)[1]
    crowds = np.flatnonzero(crowd[first])
    times = np.bincount(groups[first[crowds]] + 1, minlength=len(group_names))
    for m in crowds.tolist():
        group = int(groups[first[m]])
        text = group_names[group]
        if group >= 0 and times[group + 1] > 1:  # several crowds of one group: tell them apart
            text = _common(graph, ids[mark == m]) or text
        names[m] = f"{text} ×{count[m]}".strip()
    return names


def _common(graph, ids):
    """What the names of some nodes have in common at their beginning, numbers left out."""
    first, last = (graph.names.get(int(i), "") for i in (ids[0], ids[-1]))
    n = next((n for n, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]),
             min(len(first), len(last)))  # fmt: skip
    return first[:n].rstrip("0123456789 ,") if n > 2 else ""


# ---- edges ----------------------------------------------------------------------------------
def _strongest(u, v, edges, share, n):
    """Edges between marks, summed, down to a share of the strongest into the same mark."""
    key = (u * n + v) * 2 + edges["delay"]
    pairs, back = np.unique(key, return_inverse=True)
    weight = np.bincount(back, edges["weight"], minlength=pairs.size)
    size = np.bincount(back, np.abs(edges["weight"]), minlength=pairs.size)
    late = (pairs % 2).astype(bool)
    source, target = pairs // 2 // n, pairs // 2 % n
    inner = (source == target) & ~late
    best = np.zeros(n)
    np.maximum.at(best, target[~inner], size[~inner])
    relative = np.where(inner, -1, size / np.where(best[target] > 0, best[target], 1))
    least = least_share(relative, n) if share is None else share
    budget = max(600, 3 * n) if share is None else relative.size
    kept = np.flatnonzero(relative >= least)
    kept = kept[np.lexsort((-size[kept], -relative[kept]))][:budget][::-1]  # the strongest on top
    return source[kept], target[kept], weight[kept], relative[kept], late[kept], least


def least_share(relative, n):
    """The smallest round share at which not too many edges are left."""
    budget = max(400, 3 * n // 2)
    for least in _SHARES:
        if (relative >= least).sum() <= budget:
            break
    return least
