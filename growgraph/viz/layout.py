"""Stable slots: where a node stands is decided at its birth, so old nodes never move.

x is a node's depth when it was born: one more than its deepest source, or halfway to the node it
was grown for if that stands behind its sources already. y is the nearest free place of its column
to the node it was grown for, else to its deepest sources; what only reads crowds of inputs, which
pull nowhere, is put below the one before it. A column's places are the multiples of 1/size; when
70 % are taken, size doubles and every old y is still a place.
"""

import numpy as np

from growgraph.kernels import codes
from growgraph.viz.history import NEVER, history_of

_FIRST_SIZE = 16
_FULL = 0.7
_NEAREST = 1e-12  # between columns; a picture gives near ones equal steps
_SWEEPS = 2
_TRIED = 16  # free places of a column, by the lines they would cross
_COUNTED, _PAIRS = 1200, 12_000  # lines there at most, and pairs of a new line and one there


def positions(graph):
    """Places of all living nodes.

    Parameters
    ----------
    graph : Graph

    Returns
    -------
    ids : ndarray of int64 [nodes]
        As ``graph.nodes``.
    xy : ndarray of float64 [nodes, 2]
        x in steps of depth from 0, y in (0, 1) from the first node downwards. While a recording
        graph grows, the places of its nodes stay as they are.

    Examples
    --------
    >>> from growgraph import Graph
    >>> g = Graph()
    >>> y = g.add_outputs(1, sources=g.add_inputs(2))
    >>> g.record()
    >>> new = g.split_edge(0, 2)
    >>> positions(g)[1].tolist()
    [[0.0, 0.25], [0.0, 0.75], [1.0, 0.5], [0.5, 0.5]]
    """
    history = history_of(graph)
    x = columns(history)
    y = rows(x, np.arange(x.size), history)
    ids = graph.nodes
    return ids, np.column_stack([x[ids], y[ids]])


def columns(history):
    """Column of every id, see :func:`positions`; ids that never were stand at 0."""
    first = history.birth < history.prelude
    old = first[history.source] & first[history.target] & (history.event < history.prelude)
    source, target = history.source[old], history.target[old]
    x = depths(history.birth.size, source, target).astype(np.float64)
    ends = first & (history.role == codes.ROLE_OUTPUT)
    ends[source] = False  # an output that is read stands where its depth is
    if ends.any():
        x[ends] = max(x[first].max(), 1.0)
    last = x[ends].max() if ends.any() else 1.0
    late = _in_birth_order(history)
    parents, readers = _family(history)
    for node in late:
        x[node] = _birth_column(x, node, parents, readers, history.role[node], last)
        if history.role[node] == codes.ROLE_OUTPUT:
            last = max(last, x[node])
    return x


def _birth_column(x, node, parents, readers, role, last):
    if role == codes.ROLE_INPUT:
        return 0.0
    mine = parents.of(node)
    before = x[mine].max() if mine.size else 0.0
    if role == codes.ROLE_OUTPUT:
        return max(last, before + 1)
    mine = readers.of(node)
    after = x[mine].min() if mine.size else np.inf
    if before + _NEAREST < after < before + 2:
        return (before + after) / 2
    return before + 1


def _in_birth_order(history):
    late = np.flatnonzero(history.birth >= history.prelude)
    return late[np.argsort(history.birth[late], kind="stable")]


class _Lists:
    """Lists of values by key, in compressed rows."""

    def __init__(self, key, value, size):
        self._value = value[np.argsort(key, kind="stable")]
        self._first = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=size))])

    def of(self, key):
        return self._value[self._first[key] : self._first[key + 1]]


def _family(history):
    """Older sources and older readers that each grown node was born with, as two lists."""
    made = history.event >= history.prelude
    u, v = history.source[made], history.target[made]
    context = history.context[history.event[made]]
    birth = np.append(history.context, [-1, -1])[history.birth]  # born before the log, or never
    older_source = history.birth[u] < history.birth[v]
    inward = older_source & (context == birth[v])
    outward = ~older_source & (context == birth[u])
    size = history.birth.size
    return _Lists(v[inward], u[inward], size), _Lists(u[outward], v[outward], size)


def depths(n, source, target):
    """Longest path from a node without sources, level by level (Kahn 1962).

    Parameters
    ----------
    n : int
        Number of nodes.
    source, target : ndarray of int [edges]
        Without cycles.

    Returns
    -------
    ndarray of int64 [n]
    """
    depth = np.zeros(n, np.int64)
    waiting = np.bincount(target, minlength=n)
    first = np.concatenate([[0], np.cumsum(np.bincount(source, minlength=n))])
    by_source = target[np.argsort(source, kind="stable")]
    level, front = 0, np.flatnonzero(waiting == 0)
    while front.size:
        depth[front] = level
        count = first[front + 1] - first[front]
        place = np.arange(count.sum()) + np.repeat(first[front] - np.cumsum(count) + count, count)
        reached, times = np.unique(by_source[place], return_counts=True)
        waiting[reached] -= times
        level, front = level + 1, reached[waiting[reached] == 0]
    return depth


def rows(x, unit, history):
    """Height of every id: of its unit, if several nodes are drawn as one.

    Parameters
    ----------
    x : ndarray of float [ids]
        From :func:`columns`.
    unit : ndarray of int [ids]
        Which unit a node belongs to; the nodes of one have the same x.
    history : History

    Returns
    -------
    ndarray of float64 [ids]
    """
    n = int(unit.max()) + 1 if unit.size else 0
    birth, first = np.full(n, np.iinfo(np.int64).max), np.full(n, -1)
    real = np.flatnonzero(history.birth != NEVER)
    np.minimum.at(birth, unit[real], history.birth[real])
    sequence = real[np.lexsort((real, history.birth[real]))][::-1]
    first[unit[sequence]] = sequence  # the eldest is written last
    column = x[first]
    y = np.full(n, 0.5)
    old = np.flatnonzero((birth < history.prelude) & (first >= 0))
    held = _spread(y, old, column, unit, history)
    late = np.flatnonzero((birth >= history.prelude) & (first >= 0))
    parents, readers = _family(history)
    crowd = np.bincount(unit, minlength=n) > 1
    hub = crowd & (column == 0)
    drawn = _Drawn(column, y, *_older(old, unit, history))
    for u in late[np.argsort(birth[late], kind="stable")]:
        ends = np.unique(unit[np.concatenate([readers.of(first[u]), parents.of(first[u])])])
        kin = unit[readers.of(first[u])]
        if kin.size == 0:
            kin = _deepest(unit[parents.of(first[u])], hub, column)
        stand = held.setdefault(column[u], Column(0))
        if kin.size == 0:
            y[u] = stand.take_next()
        elif not crowd[u] and not crowd[ends].any() and drawn.can_count(ends):
            free = stand.free(y[kin].mean(), _TRIED)
            y[u] = stand.take(free[int(np.argmin(drawn.crossed(u, free, ends)))])
        else:
            y[u] = stand.take(y[kin].mean())
        drawn.add(u, ends)
    return y[unit]


def _older(old, unit, history):
    """Edges between the units that were there at first."""
    made = history.event < history.prelude
    u, v = unit[history.source[made]], unit[history.target[made]]
    inside = np.isin(u, old) & np.isin(v, old) & (u != v)
    return u[inside], v[inside]


class _Drawn:
    """Edges placed so far, as straight lines, to count what a new node's would cross.

    Counting ends where it would cost much: large graphs are drawn by places alone. What is decided
    for a node depends on what was there at its birth, so it stays.
    """

    def __init__(self, column, y, source, target):
        self._column, self._y = column, y
        self._ends = [np.stack([source, target])]
        self._n, self._lines = source.size, None

    def can_count(self, ends):
        """Whether there are few enough pairs of lines."""
        return self._n <= _COUNTED and self._n * ends.size <= _PAIRS

    def add(self, unit, ends):
        """From now on a unit's edges are there, too."""
        self._n += ends.size
        if self._n <= _COUNTED:
            self._ends.append(np.stack([np.full(ends.size, unit), ends]))
            self._lines = None

    def crossed(self, unit, heights, ends):
        """How many lines those from a unit, at each of some heights, to others would cross."""
        if self._lines is None:
            self._lines = np.concatenate(self._ends, axis=1)
        a, b = self._lines
        ax, ay, bx, by = self._column[a], self._y[a], self._column[b], self._y[b]
        px, py = self._column[unit], heights[:, None]
        total = np.zeros(heights.size, np.int64)
        for end in ends.tolist():
            qx, qy = self._column[end], self._y[end]
            beside = (np.minimum(ax, bx) < max(px, qx)) & (np.maximum(ax, bx) > min(px, qx))
            met = np.flatnonzero(beside & (a != end) & (b != end))
            cx, cy, dx, dy = ax[met], ay[met], bx[met], by[met]
            left = (qx - px) * (cy - py) - (qy - py) * (cx - px)
            right = (qx - px) * (dy - py) - (qy - py) * (dx - px)
            near = (dx - cx) * (py - cy) - (dy - cy) * (px - cx)
            far = (dx - cx) * (qy - cy) - (dy - cy) * (qx - cx)
            total += ((left * right < 0) & (near * far < 0)).sum(axis=1)
        return total


def _deepest(units, hub, column):
    """Of some units the deepest, each once; crowds of inputs do not count."""
    units = np.unique(units[~hub[units]])
    return units[column[units] == column[units].max()] if units.size else units


def _spread(y, old, column, unit, history):
    """Spread the units that were there at first evenly; returns the columns with what is taken."""
    there = np.zeros(y.size, bool)
    there[old] = True
    made = history.event < history.prelude
    u, v = unit[history.source[made]], unit[history.target[made]]
    inside = there[u] & there[v] & (u != v)
    u, v = u[inside], v[inside]
    order = old[np.lexsort((old, column[old]))]
    stands = np.split(order, np.flatnonzero(np.diff(column[order])) + 1) if order.size else []
    for members in stands:
        y[members] = _even(members.size)
    for sweep in range(_SWEEPS):
        near, far = (v, u) if sweep % 2 == 0 else (u, v)
        _barycentre(y, stands[1:], near, far, forward=sweep % 2 == 0)
    if _SWEEPS % 2 == 0:
        _barycentre(y, stands[1:], v, u, forward=True)
    return {column[members[0]]: Column(members.size) for members in stands}


def _even(n):
    return (np.arange(n) + 0.5) / n


def _barycentre(y, stands, near, far, *, forward):
    """Sort each column by the mean y of the neighbours on one side (Sugiyama et al. 1981)."""
    order = np.argsort(near, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(near, minlength=y.size))])
    far = far[order]
    for members in stands if forward else stands[::-1]:
        count = first[members + 1] - first[members]
        place = np.arange(count.sum()) + np.repeat(first[members] - np.cumsum(count) + count, count)
        total = np.bincount(
            np.repeat(np.arange(members.size), count), y[far[place]], minlength=members.size
        )
        wanted = np.where(count > 0, total / np.maximum(count, 1), y[members])
        y[members[np.lexsort((y[members], np.round(wanted, 9)))]] = _even(members.size)


class Column:
    """Places of one column: multiples of 1/size between 0 and 1; nodes keep theirs for ever.

    Parameters
    ----------
    n : int
        Nodes that stand there from the first, evenly spread.
    """

    def __init__(self, n):
        self.size = 2 * n if n else _FIRST_SIZE
        self.taken = list(range(1, 2 * n, 2))
        while self.size < _FIRST_SIZE:
            self._double()
        self._link()
        self._latest = 0.0  # where take_next has come to

    def _double(self):
        self.size, self.taken = 2 * self.size, [2 * place for place in self.taken]

    def _link(self):
        self._up = {j: j + 1 for j in self.taken}
        self._down = {j: j - 1 for j in self.taken}

    def _make_room(self):
        if len(self.taken) >= _FULL * (self.size - 1):
            self._double()
            self._link()

    def _hold(self, place):
        self.taken.append(place)
        self._up[place], self._down[place] = place + 1, place - 1
        return place / self.size

    def take_next(self):
        """Take the first free place after the one this method gave before and return it."""
        self._make_room()
        place = _free(self._up, int(self._latest * self.size) + 1)
        if place >= self.size:
            place = _free(self._up, 1)
        self._latest = place / self.size
        return self._hold(place)

    def free(self, wanted, n):
        """Up to n free places, the nearest to ``wanted`` first."""
        self._make_room()
        at = np.setdiff1d(np.arange(1, self.size), self.taken) / self.size
        return at[np.argsort(np.abs(at - wanted), kind="stable")][:n]

    def take(self, wanted):
        """Take the free place nearest to ``wanted`` in [0, 1] and return it."""
        self._make_room()
        at = min(max(round(wanted * self.size), 1), self.size - 1)
        up, down = _free(self._up, at), _free(self._down, at)
        inside_up, inside_down = up < self.size, down > 0
        nearer_up = up - at < at - down or (up - at == at - down and len(self.taken) % 2 == 0)
        return self._hold(up if inside_up and (nearer_up or not inside_down) else down)


def _free(link, at):
    """Follow links of taken places to the first free one, shortening the way (union-find)."""
    end = at
    while end in link:
        end = link[end]
    while at in link and link[at] != end:
        link[at], at = end, link[at]
    return end
