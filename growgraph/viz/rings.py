"""plot_rings: births as the rings of a tree, in the sectors of what they serve."""

import textwrap
from dataclasses import dataclass

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.viz import labels
from growgraph.viz.answer import opened
from growgraph.viz.canvas import FONT
from growgraph.viz.history import deaths, graph_of, history_of, log_of
from growgraph.viz.lit import FADED
from growgraph.viz.paper import axes_on, drawn_on
from growgraph.viz.style import theme
from growgraph.viz.timeline import time_of

_SECTORS = 12  # more aims than this: the rarest share one
_PITH = 0.12  # radius of the middle, which is empty
_GOLDEN = 0.6180339887498949
_RINGS = 4
_WIDE = 150.0  # points of the legend
_LETTERS, _LINES = 17, 3  # of the name of a sector
_NARROWEST = 0.03  # of a turn
_CLOSE, _ASIDE = 0.05, 14.0  # names of narrower sectors may stand farther out by so many points


@dataclass
class Rings:
    """Births in sequence; arrays have one entry a birth.

    Attributes
    ----------
    node : ndarray of int
    radius, angle : ndarray of float
        Radius in (0, 1], angle clockwise from the top in turns.
    sector : ndarray of int
        Index into ``aims``.
    edges : ndarray of float [aims + 1]
        Angles at which sectors begin and end; the more births the wider.
    conflict : ndarray of bool
        The log names a node where tension was felt.
    removed : ndarray of bool
    path, felt : ndarray of int
        Index of the birth of the youngest node it read at birth, and of the node where tension
        was felt; -1 if that is not in the picture.
    clock : ndarray of int
        Time of each birth.
    aims : list of str
    unit : str
        What the clock counts.
    took_part : ndarray of bool, optional
        Of an answer that is shown; the others are faded.
    told : str
        What answer that is.
    """

    node: np.ndarray
    radius: np.ndarray
    angle: np.ndarray
    sector: np.ndarray
    edges: np.ndarray
    conflict: np.ndarray
    removed: np.ndarray
    path: np.ndarray
    felt: np.ndarray
    clock: np.ndarray
    aims: list
    unit: str
    took_part: np.ndarray | None = None
    told: str = ""


@drawn_on("ax")
def plot_rings(thing, ax=None, *, dark=False, legend=True):
    """Draw births as growth rings: the first in the middle, in the sector of what they serve.

    A node's distance from the middle is its place in the sequence of births, so that each ring
    holds as many births as its area; its sector is the aim the log gives. Circles (blue) grew along
    the path of growth, each joined with the youngest node it read at birth; diamonds (vermilion)
    answered a conflict, joined by a dashed line with the node where tension was felt. So it is seen
    at a glance what grew most, when, and why. Of an explanation the nodes that took part in that
    answer stand out.

    Parameters
    ----------
    thing : Graph, GrowthLog, fitted model, or what its ``explain`` gave
        With a growth log.
    ax : matplotlib Axes, optional
        Where to draw; a new pyplot figure if not given. Nothing is shown and no global setting
        is changed.
    dark : bool, default False
        On dark ground.
    legend : bool, default True

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GraphError
        For a graph without a log or a model that was not fitted.
    TypeError
        For anything that has no graph, or an ``ax`` that is none.

    Notes
    -----
    More than 12 aims: the rarest share a sector, "other aims". Nodes removed since are hollow.

    Examples
    --------
    >>> import growgraph
    >>> from growgraph.viz import plot_rings
    >>> g = growgraph.Graph()
    >>> y = g.add_outputs(1, sources=g.add_inputs(2))
    >>> controller = growgraph.GrowthController(random_state=0)
    >>> X, t = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> for _ in range(60):
    ...     _ = g.learn(X, t, rule="delta", lr=0.5)
    ...     _ = controller.step(g, X, t)
    >>> ax = plot_rings(g)
    >>> ax.figure.savefig("rings.svg")  # doctest: +SKIP
    """
    thing, answer = opened(thing)
    graph, log, look = graph_of(thing), log_of(thing), theme(dark)
    rings = rings_of(graph, log)
    if answer is not None:
        rings.took_part = np.isin(rings.node, graph.nodes[answer.nodes > answer.least])
        rings.told = answer.text
    ax = axes_on(ax, look, (7.6, 5.6))
    disc = _Disc(ax, rings, look, legend)
    if rings.node.size == 0:
        ax.text(0, 0, "no birth in the log", ha="center", va="center", fontsize=FONT + 1,
                color=look.faint)  # fmt: skip
        return ax
    disc.ground()
    disc.lines()
    disc.marks()
    disc.words()
    if legend:
        disc.legend()
    return ax


def rings_of(graph, log):
    """Read :class:`Rings` off a log."""
    history, rows = history_of(graph), log._told()[0]
    born = np.flatnonzero(history.birth >= 0)
    born = born[np.lexsort((born, history.birth[born]))]
    event = history.birth[born]
    place = np.full(history.birth.size + 1, -1)  # the last: of node -1
    place[born] = np.arange(born.size)
    sector, aims = _sectors(graph, rows[event, h.EV_CTX + h.CTX_INTENTION])
    cause = rows[event, h.EV_CTX + h.CTX_NODE]
    cause = np.where((cause >= 0) & (cause < history.birth.size), cause, -1)
    clock, unit = time_of(*(rows[:, h.EV_CTX + c] for c in (h.CTX_SAMPLE, h.CTX_STEP)))
    edges = _edges(sector, len(aims))
    share = (np.arange(born.size) + 1) / max(born.size, 1)
    return Rings(
        born, np.sqrt(_PITH**2 + (1 - _PITH**2) * share), _angles(sector, edges), sector, edges,
        cause >= 0, deaths(graph, history)[0][born] < len(rows), _youngest(history, born, place),
        place[cause], clock[event + 1], aims, unit,
    )  # fmt: skip


def _sectors(graph, words):
    """Sector of each birth and what the sectors are called, in the sequence they appeared."""
    held, first, sector, count = np.unique(
        words, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    rare = np.argsort(-count, kind="stable")[_SECTORS - 1 if held.size > _SECTORS else held.size :]
    kept = [i for i in order if i not in rare]
    number = np.full(held.size, len(kept))
    number[kept] = np.arange(len(kept))
    aims = [graph._words[held[i]] or "built by hand" for i in kept]
    return number[sector], aims + (["other aims"] if len(rare) else [])


def _edges(sector, n):
    """Borders of the sectors: width as the square root of how many births there are."""
    wide = np.sqrt(np.bincount(sector, minlength=n))
    wide = np.maximum(wide / max(wide.sum(), 1), _NARROWEST)
    return np.concatenate([[0], np.cumsum(wide / max(wide.sum(), 1e-9))])


def _angles(sector, edges):
    """Angles that fill each sector evenly up to any moment."""
    n = edges.size - 1
    order = np.argsort(sector, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(sector, minlength=n))])
    rank = np.empty(sector.size, np.int64)
    rank[order] = np.arange(sector.size) - first[sector[order]]
    inside = 0.06 + 0.88 * ((rank + 0.5) * _GOLDEN % 1)
    return edges[sector] + inside * np.diff(edges)[sector]


def _youngest(history, born, place):
    """For each birth the place of the youngest node it read at birth, -1 for none."""
    mine = (history.event == history.birth[history.target]) & (history.event >= 0)
    youngest = np.full(history.birth.size, -1)
    np.maximum.at(youngest, history.target[mine], place[history.source[mine]])
    found = youngest[born]
    return np.where(found < np.arange(born.size), found, -1)


class _Disc:
    """Axes on which rings are drawn: the disc has radius 1, everything else lies around it."""

    def __init__(self, ax, rings, look, legend):
        self.ax, self.rings, self.look = ax, rings, look
        box = ax.get_window_extent()
        self.wide, self.high = np.array([box.width, box.height]) * 72 / ax.figure.dpi
        ax.set_facecolor(look.ground)
        ax.set_xticks([])
        ax.set_yticks([])
        for spine in ax.spines.values():
            spine.set_visible(False)
        self.beside = legend and self.wide >= self.high + 0.5 * _WIDE
        under = 96 if legend and not self.beside else 0
        self.names = [self._name(i) for i in range(len(rings.aims))]
        across = self.wide - (_WIDE if self.beside else 0)
        low, left = self._fit(across, self.high - under)
        bottom = (under + (self.high - under) / 2) / low
        ax.set_xlim(-left / low, (self.wide - left) / low)
        ax.set_ylim(-bottom, self.high / low - bottom)
        self.radius = low

    def _fit(self, across, high):
        """The largest radius with which all names have room, and the place of the middle."""
        aside = np.sin(2 * np.pi * self._middles())
        words = np.array([labels.width_of(name, FONT) for name in self.names]) + 16
        lines = max((len(name) for name in self.names), default=0)
        near = _ASIDE * (np.diff(self.rings.edges).min(initial=1) < _CLOSE)
        low, most = 20.0, max((high - 2 * (lines * 12.5 + 8 + near)) / 2, 20.0)
        left = across / 2
        for radius in np.linspace(low, most, 60):
            reach = radius * np.abs(aside) + np.where(np.abs(aside) < 0.25, words / 2, words)
            ends = [max(radius, reach[side].max(initial=0)) + 4 for side in (aside < 0, aside >= 0)]
            if sum(ends) <= across:
                low, left = radius, ends[0] + (across - sum(ends)) / 2
        return low, left

    def _middles(self):
        """Angles of the names: the middles of the sectors, below if there is one."""
        edges = self.rings.edges
        return (edges[:-1] + edges[1:]) / 2

    def _name(self, i):
        aim, n = self.rings.aims[i].replace("$", r"\$"), int((self.rings.sector == i).sum())
        lines = textwrap.wrap(aim, _LETTERS, max_lines=_LINES, placeholder=" …") or [""]
        return [*lines, f"{n:,} node" + ("" if n == 1 else "s")]

    def _at(self, radius, angle):
        turn = 2 * np.pi * np.asarray(angle)
        return radius * np.sin(turn), radius * np.cos(turn)

    def ground(self):
        """Borders of the sectors, and rings with the time at which growth came to them."""
        from matplotlib.collections import LineCollection
        from matplotlib.patches import Circle

        rings, look = self.rings, self.look
        for edge in rings.edges[:-1] if rings.edges.size > 2 else ():
            x, y = self._at(np.array([_PITH, 1.03]), edge)
            self.ax.add_collection(LineCollection([np.column_stack([x, y])], colors=look.faint,
                                                  linewidths=0.4, alpha=0.5, zorder=0))  # fmt: skip
        most = min(_RINGS, rings.node.size)
        for k in range(1, most + 1):
            at = rings.node.size * k // most - 1
            radius = rings.radius[at]
            self.ax.add_patch(Circle((0, 0), radius, fill=False, edgecolor=look.faint,
                                     linewidth=0.5, alpha=0.55, zorder=0))  # fmt: skip
            later = rings.node.size * (k + 1) // most - 1
            if k < most and rings.clock[at] == rings.clock[later]:
                continue
            word = f"{rings.clock[at]:,}" if k < most else f"{rings.unit[:-1]} {rings.clock[at]:,}"
            self.ax.text(*self._at(radius, 0), word, fontsize=FONT - 1.5, color=look.ink, zorder=6,
                         ha="center", va="center",
                         bbox={"facecolor": look.ground, "edgecolor": "none", "alpha": 0.8,
                               "boxstyle": "round,pad=0.1"})  # fmt: skip

    def lines(self):
        """From each birth to the node it came from and to the one where tension was felt."""
        from matplotlib.collections import LineCollection

        rings, look = self.rings, self.look
        xy = np.column_stack(self._at(rings.radius, rings.angle))
        faint = float(np.clip(9 / np.sqrt(rings.node.size), 0.12, 0.6))
        for to, colour, style in ((rings.path, look.marks[0], "solid"),
                                  (rings.felt, look.marks[1], (0, (3, 2)))):  # fmt: skip
            mine = np.flatnonzero((to >= 0) & self._shown())
            self.ax.add_collection(LineCollection(
                list(np.stack([xy[mine], xy[to[mine]]], axis=1)), colors=colour, linewidths=0.6,
                alpha=faint, linestyles=style, zorder=1))  # fmt: skip

    def _shown(self):
        """Births that are not faded."""
        rings = self.rings
        return np.ones(rings.node.size, bool) if rings.took_part is None else rings.took_part

    def marks(self):
        """One mark a birth, hollow if it was removed."""
        rings, look, shown = self.rings, self.look, self._shown()
        x, y = self._at(rings.radius, rings.angle)
        apart = self.radius * np.sqrt(3.14 / rings.node.size)  # points a birth has for itself
        size = float(np.clip(0.5 * apart, 1.6, 9))
        for conflict, marker, colour in ((False, "o", look.marks[0]), (True, "D", look.marks[1])):
            for removed, lit in ((False, False), (True, False), (False, True), (True, True)):
                mine = (rings.conflict == conflict) & (rings.removed == removed) & (shown == lit)
                fill = look.ground if removed else colour
                self.ax.scatter(x[mine], y[mine], s=(size * (0.85 if conflict else 1)) ** 2,
                                marker=marker, c=fill, zorder=2 + lit, alpha=1 if lit else FADED,
                                linewidths=min(0.15 * size, 0.8),
                                edgecolors=colour if removed else look.ground)  # fmt: skip

    def words(self):
        """Names of the sectors around the disc."""
        taken = [(-40.0, self.radius - 6, 40.0, self.radius + 6)]  # what is written on the rim
        for name, turn in zip(self.names, self._middles(), strict=True):
            for off in np.arange(8.0, 8 + 3 * _ASIDE, 4):  # out of the way of those before it
                x, y = self._at(1 + off / self.radius, turn)
                side = "center" if abs(x) < 0.25 else "left" if x > 0 else "right"
                edge = "center" if abs(y) < 0.9 else "bottom" if y > 0 else "top"
                box = self._box(name, x, y, side, edge)
                if not any(_meet(box, other) for other in taken):
                    break
            taken.append(box)
            self.ax.text(x, y, "\n".join(name), ha=side, va=edge, fontsize=FONT, zorder=6,
                         color=self.look.ink, linespacing=1.25)  # fmt: skip

    def _box(self, name, x, y, side, edge):
        """Left, bottom, right and top of a name, in points from the middle."""
        wide, high = labels.width_of(name, FONT), 1.25 * FONT * len(name)
        left = self.radius * x - wide * {"left": 0, "center": 0.5, "right": 1}[side]
        low = self.radius * y - high * {"bottom": 0, "center": 0.5, "top": 1}[edge]
        return left, low, left + wide, low + high

    def legend(self):
        """What marks and lines mean."""
        from matplotlib.lines import Line2D

        rings, look = self.rings, self.look
        path, conflict = look.marks[:2]
        n = int(rings.conflict.sum())
        rest, gone = rings.node.size - n, int(rings.removed.sum())
        dashed = (0, (3, 2))
        entries: list[tuple] = [
            (rest, f"born along the way: {rest:,}", "o", path, path, ""),
            (n, f"born of a tension: {n:,}", "D", conflict, conflict, ""),
            (gone, f"removed since: {gone:,}", "o", look.faint, "none", ""),
            ((rings.path >= 0).any(), "to the youngest node", "", path, path, "-"),
            ((rings.path >= 0).any(), "it read at birth", "", path, path, ""),
            ((rings.felt >= 0).any(), "to the node that", "", conflict, conflict, dashed),
            ((rings.felt >= 0).any(), "was tense", "", conflict, conflict, ""),
            (True, "middle: born first", "", path, path, ""),
            (True, f"rim: born last ({n + rest:,})", "", path, path, ""),
            (rings.told, "faded: took no part in", "", path, path, ""),
            (
                rings.told,
                labels.shorten(rings.told.split(",")[0], _WIDE - 40, FONT),
                "",
                path,
                path,
                "",
            ),
        ]
        handles = [
            Line2D([], [], label=text, marker=marker, color=colour, markerfacecolor=face,
                   linestyle=style, markersize=5, lw=1.2)
            for there, text, marker, colour, face, style in entries if there
        ]  # fmt: skip
        spot = {"loc": "upper right", "bbox_to_anchor": (1, 1)} if self.beside else {
            "loc": "lower center", "bbox_to_anchor": (0.5, 0),
            "ncols": 1 + (self.wide > 260)}  # fmt: skip
        self.ax.legend(handles=handles, fontsize=FONT, frameon=False, labelcolor=look.ink,
                       handlelength=1.8, handletextpad=0.6, labelspacing=0.55, borderpad=0.6,
                       alignment="left", **spot)  # fmt: skip


def _meet(a, b):
    """Whether two boxes overlap."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
