"""The disc on which growth rings are drawn: rings, lines, marks, and names around it."""

import textwrap

import numpy as np

from growgraph.viz import labels
from growgraph.viz.canvas import FONT
from growgraph.viz.lit import FADED
from growgraph.viz.paper import bare

PITH = 0.12  # radius of the middle, which is empty
_RINGS = 4
_WIDE, _BESIDE = 150.0, 145.0  # points of the legend where it is beside the disc
_OFF = 3.0  # points between a name and the disc
_LINE = 1.3 * FONT  # points between what is written on two rings
_LETTERS, _LINES = 17, 3  # of the name of a sector
_CLOSE, _ASIDE = 0.05, 14.0  # names of narrower sectors may stand farther out by so many points


class Disc:
    """Axes on which rings are drawn: the disc has radius 1, everything else lies around it."""

    def __init__(self, ax, rings, look, legend):
        self.ax, self.rings, self.look = ax, rings, look
        self.wide, self.high = bare(ax, look)
        self.beside = legend and self.wide >= self.high + 0.5 * _WIDE
        self.under = under = 96 if legend and not self.beside else 0
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
            x, y = self._at(np.array([PITH, 1.03]), edge)
            self.ax.add_collection(LineCollection([np.column_stack([x, y])], colors=look.faint,
                                                  linewidths=0.4, alpha=0.5, zorder=0))  # fmt: skip
        most = min(_RINGS, rings.node.size)
        outer = np.inf
        for k in range(most, 0, -1):
            at = rings.node.size * k // most - 1
            radius = rings.radius[at]
            self.ax.add_patch(Circle((0, 0), radius, fill=False, edgecolor=look.faint,
                                     linewidth=0.5, alpha=0.55, zorder=0))  # fmt: skip
            later = rings.node.size * (k + 1) // most - 1
            if k < most and rings.clock[at] == rings.clock[later]:
                continue
            if (outer - radius) * self.radius < _LINE:
                continue
            outer = radius
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
        """Names of the sectors around the disc, those of most births first; some have no room."""
        taken, turns = self._taken(), self._middles()
        for i in np.argsort(-np.bincount(self.rings.sector), kind="stable").tolist():
            name = self.names[i]
            for place in self._places(turns[i]):
                box = self._box(name, *place)
                if self._clear(box) and not any(_meet(box, other) for other in taken):
                    taken.append(box)
                    x, y, side, edge = place
                    self.ax.text(x, y, "\n".join(name), ha=side, va=edge, fontsize=FONT, zorder=6,
                                 color=self.look.ink, linespacing=1.25)  # fmt: skip
                    break

    def _taken(self):
        """Boxes of what is written on the rim and of the legend, in points from the middle."""
        (left, right), (low, high) = (self.radius * np.array(a.get_view_interval())
                                      for a in (self.ax.xaxis, self.ax.yaxis))  # fmt: skip
        legend = (left, low, right, low + self.under)
        if self.beside:
            legend = (right - _WIDE, high - _BESIDE, right, high)
        return [(-40.0, self.radius - 6, 40.0, self.radius + 6), legend]

    def _places(self, turn):
        """Where a name may stand: near the disc first, level with its sector or out of its way."""
        for off in np.arange(8.0, 8 + 3 * _ASIDE, 4):
            x, y = self._at(1 + off / self.radius, turn)
            side = "center" if abs(x) < 0.25 else "left" if x > 0 else "right"
            for edge in ("center", "bottom" if y > 0 else "top")[int(abs(y) >= 0.9) :]:
                yield x, y, side, edge

    def _clear(self, box):
        """Whether a box is off the disc and inside the axes."""
        corner = np.clip(0, box[:2], box[2:])  # the nearest to the middle
        far = self.radius * np.abs(np.array([self.ax.get_xlim(), self.ax.get_ylim()]))
        inside = (far[:, 0] >= -np.array(box[:2])).all() and (far[:, 1] >= box[2:]).all()
        return inside and np.hypot(*corner) >= self.radius + _OFF

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
        told = labels.shorten(rings.told.split(",")[0], _WIDE - 40, FONT)
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
            (rings.told, told, "", path, path, ""),
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
    """Whether two boxes overlap or are nearer than a point."""
    return a[0] < b[2] + 1 and b[0] < a[2] + 1 and a[1] < b[3] + 1 and b[1] < a[3] + 1
