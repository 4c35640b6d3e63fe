"""Imagined futures on matplotlib axes: a tree of one row an action, or paths in the world."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from growgraph.models._simnet.telling import in_words
from growgraph.viz.canvas import DASHED, FONT
from growgraph.viz.labels import shorten, width_of
from growgraph.viz.paper import bare

_EDGE, _GAP = 10.0, 12.0  # points: at the border, between columns
_FORK = 46.0  # points from the state to the names of actions
_STEP = 62.0  # points of a step, at most
_ROOM = 0.42  # of the width at least is for the paths, columns of figures give way
_ROW, _TIGHT = 19.0, 21.0  # points: lower rows have no names of states, no rewards
_NAME = 90.0  # points of a name, at most
_LISTED = 12  # actions at most are told beside a world
_DASHES = ("solid", DASHED, (0, (1, 1.4)), (0, (6, 1.6, 1, 1.6)), (0, (3, 3)), (0, (8, 2)))
_MARKS = {"goal": ("*", 11), "end": ("s", 6), "unknown": ("o", 7), "loop": ("D", 5),
          "horizon": (">", 5)}  # fmt: skip
_ENDS = {"goal": "{}, the goal", "end": "{}, the end", "unknown": "not known", "loop": "{} again",
         "horizon": "{} …"}  # fmt: skip


@dataclass(frozen=True)
class Future:
    """One action: its alternative, and of each step how likely all is so far, and the reward."""

    name: str
    told: Any
    sure: tuple
    rewards: tuple | None
    chosen: bool

    @property
    def states(self):
        """The states of its path."""
        return [state for state, _ in self.told.path]

    @property
    def steps(self):
        """Of the last mark: what is not known is a step beyond the last state."""
        return len(self.told.path) - (self.told.ends != "unknown")


def figures_of(one):
    """What is told of a future, by column."""
    told = one.told
    reward = {} if one.rewards is None else {"reward": f"{sum(one.rewards):+.3g}"}
    sure = "-" if not len(told.path) - 1 else "<1 %" if told.sure < 0.005 else f"{told.sure:.0%}"
    return reward | {
        "likely": sure.replace("%", " %").replace("  ", " "), "worth": f"{told.worth:.3g}",
        "inertia": f"{told.inertia:.3g}",
    }  # fmt: skip


def _name(state, digits=2):
    """What is written of a state: a text bare, numbers short."""
    return state if isinstance(state, str) else in_words(state, digits)


def _end_of(one, most=np.inf):
    """How a path ends, in words."""
    return _ENDS[one.told.ends].format(shorten(_name(one.states[-1]), most, FONT))


def wide_of(one, sure):
    """Width in points of what is so likely."""
    return (0.9 + 3.1 * sure) if one.chosen else (0.6 + 1.6 * sure)


def _end_mark(ax, x, y, one, colour, ground, share=1.0, shift=None):
    """The mark of how a path ends."""
    shape, size = _MARKS[one.told.ends]
    inner = ground if one.told.ends in ("unknown", "loop") else colour
    moved = {} if shift is None else {"transform": shift}
    ax.plot([x], [y], shape, markersize=size * share * (1.2 if one.chosen else 1.0), zorder=4.5,
            markerfacecolor=inner, markeredgewidth=1.3, markeredgecolor=colour,
            **moved)  # fmt: skip


# ---- as a tree ----------------------------------------------------------------------------------
class Tree:
    """One row an action, one column a step; geometry in points."""

    def __init__(self, ax, state, futures, look, legend):
        self.ax, self.state, self.futures, self.look = ax, state, futures, look
        box = ax.get_window_extent()
        self.width, self.height = np.array([box.width, box.height]) * 72 / ax.figure.dpi
        bare(ax, look)
        ax.set_xlim(0, self.width)
        ax.set_ylim(0, self.height)
        self.cells = [figures_of(one) for one in futures] if legend else []
        self._rows()
        self._columns()

    def _rows(self):
        """Heights of the futures, the chosen one on top; of the title and the line below."""
        n, head, foot = max(len(self.futures), 1), 38.0, 26.0
        self.pitch = min((self.height - head - foot) / n, 64.0)
        middle = foot + (self.height - head - foot) / 2
        self.y = middle + self.pitch * ((n - 1) / 2 - np.arange(n))
        self.y0, self.top = middle, self.y[0] + min(self.pitch / 2 + 4, 24.0)
        self.size = float(np.clip(0.62 * self.pitch, 4.0, FONT))

    def _columns(self):
        """Places across: the state, names of actions, steps, figures."""
        named = min(width_of([f"state {_name(self.state)}"], FONT), _NAME)
        names = min(width_of([one.name for one in self.futures], self.size), _NAME)
        self.x0 = _EDGE + max(named / 2, 5.0)
        self.action = self.x0 + _FORK
        self.x1 = self.action + 1.15 * names + 8  # the chosen name is bold
        self.right, self.ends = {}, self.width - _EDGE
        last = [_end_of(one) for one in self.futures]
        self.tail = min(max(width_of(last, self.size), 14.0), _NAME)
        for key in reversed(self.cells[0] if self.cells else ()):
            wide = width_of([key, *(cell[key] for cell in self.cells)], FONT) + _GAP
            if self.ends - wide - self.x1 - self.tail < _ROOM * self.width - self.x1:
                break
            self.right[key] = self.ends
            self.ends -= wide
        steps = max([1, *(one.steps for one in self.futures)])
        across = max(self.ends - self.tail - self.x1, 20.0)
        self.dx = min(across / steps, _STEP)

    def _x(self, i):
        return self.x1 + self.dx * np.asarray(i, float)

    def _say(self, x, y, text, **options):
        options = {"fontsize": FONT, "color": self.look.ink, "ha": "left", "va": "center",
                   "parse_math": False, "zorder": 5} | options  # fmt: skip
        return self.ax.text(x, y, text, **options)

    def draw(self):
        """All of it."""
        title = shorten(f"in state {_name(self.state, 3)}", self.width / 2, FONT + 1)
        self._say(_EDGE, self.height - 12, title, fontsize=FONT + 1)
        if not self.futures:
            text = "this state was never met: nothing can be imagined, any action is as good"
            self._say(self.width / 2, self.y0, text, ha="center", color=self.look.faint)
            return
        for one, y in zip(self.futures[::-1], self.y[::-1], strict=True):  # the chosen one over all
            self._lines(one, y)
            self._marks(one, y)
        for k, (one, y) in enumerate(zip(self.futures, self.y, strict=True)):
            self._words(one, y)
            for key, x in self.right.items():
                self._say(x, y, self.cells[k][key], ha="right", fontsize=self.size,
                          color=self._ink(one))  # fmt: skip
        for key, x in self.right.items():
            self._say(x, self.height - 12, key, ha="right", color=self.look.faint)
        self.ax.scatter([self.x0], [self.y0], s=70, color=self.look.ink, zorder=4)
        below = "width of a line: how likely all it has passed is; short strokes: other outcomes"
        self._say(_EDGE, 10, shorten(below, self.width - 2 * _EDGE, FONT), color=self.look.faint)

    def _ink(self, one):
        return self.look.ink if one.chosen else self.look.faint

    def _colour(self, one):
        return self.look.marks[0] if one.chosen else self.look.faint

    def _lines(self, one, y):
        """From the state to the action, and on from step to step."""
        t = np.linspace(0, 1, 24)
        bend = self.y0 + (y - self.y0) * (3 * t**2 - 2 * t**3)
        solid = {"solid_capstyle": "butt", "zorder": 3 if one.chosen else 2,
                 "color": self._colour(one)}  # fmt: skip
        start = self.x0 + (self.action - 4 - self.x0) * t
        self.ax.plot(start, bend, lw=wide_of(one, 1.0), **solid)
        sure = (1.0, *one.sure)
        for i in range(one.steps):
            a, b = self._x(i) if i else self.x1 - 4, self._x(i + 1)
            known = i < len(one.states) - 1
            self.ax.plot([a, b], [y, y], lw=wide_of(one, sure[i + 1] if known else sure[i]),
                         ls="solid" if known else DASHED, **solid)  # fmt: skip
            lost = 1 - sure[i + 1] / sure[i] if known else 0.0
            if lost > 0.005:
                far = min(0.55 * self.dx, 16.0)
                self.ax.plot([a, a + far], [y, y + 0.3 * min(self.pitch, 24)],
                             lw=wide_of(one, lost * sure[i]), alpha=0.7, **solid)  # fmt: skip

    def _marks(self, one, y):
        """A dot for each state, another mark for the end."""
        small = float(np.clip(0.5 * self.dx, 1.5, 5.0)) * (1 if one.chosen else 0.8)
        between = np.arange(1, one.steps)
        self.ax.scatter(self._x(between), np.full(between.size, y), s=small**2, zorder=4,
                        color=self._colour(one), linewidths=0)  # fmt: skip
        _end_mark(self.ax, self._x(one.steps), y, one, self._colour(one), self.look.ground,
                  min(1.0, self.pitch / 18))  # fmt: skip

    def _words(self, one, y):
        """The action, the states where there is room, rewards that are not the usual one."""
        name = shorten(one.name, _NAME, self.size)
        strong = {"fontweight": "bold"} if one.chosen else {}
        self._say(self.action, y, name, fontsize=self.size, color=self._ink(one), **strong)
        ink = {"color": self._ink(one), "fontsize": self.size - 0.5}
        end = shorten(_end_of(one), self.tail, self.size - 0.5)
        self._say(self._x(one.steps) + 8, y, end, **ink)
        if self.pitch < _ROW:
            return
        below = [(self._x(i), _name(one.states[i])) for i in range(1, one.steps)]
        self._spread(below, y - 5, "top", ink)
        if one.rewards and self.pitch >= _TIGHT:
            usual = Counter(r for f in self.futures for r in f.rewards).most_common(1)[0][0]
            above = [(self._x(i + 1), f"{r:+.3g}") for i, r in enumerate(one.rewards) if r != usual]
            self._spread(above[::-1], y + 5, "bottom", ink)

    def _spread(self, words, y, side, ink):
        """Words over or under a row, those that meet no earlier one."""
        taken: list = []
        for x, word in words:
            short = shorten(word, _NAME, self.size)
            half = width_of([short], self.size) / 2 + 2
            if all(abs(x - at) >= half + other for at, other in taken):
                taken.append((x, half))
                self._say(x, y, short, ha="center", va=side, **ink)


# ---- in the world -------------------------------------------------------------------------------
def draw_in_place(ax, told, futures, where, look, legend):
    """Paths over a map of the world; beside it a line an action."""
    from matplotlib.transforms import ScaledTranslation

    spots, met = where
    if not ax.has_data():
        bare(ax, look)
        ax.set_aspect("equal", adjustable="datalim")
        ax.margins(0.08)
    ax.update_datalim(np.array([*spots.values(), *met.values()]))
    ax.autoscale_view()
    if met:
        ax.scatter(*np.array(list(met.values())).T, s=16, marker="s", linewidths=0, zorder=1,
                   color=look.faint, alpha=0.45)  # fmt: skip
    lines, many = [], len(futures) > len(look.marks)
    for k, one in reversed(list(enumerate(futures))):
        off = 0.0 if one.chosen else (k - len(futures) / 2) * min(2.4, 24 / len(futures)) / 72
        shift = ax.transData + ScaledTranslation(off, off, ax.figure.dpi_scale_trans)
        colour = look.faint if many and not one.chosen else look.marks[k % len(look.marks)]
        line = {"color": colour, "lw": 1.4, "ls": _DASHES[k % len(_DASHES)]} | (
            {"lw": 3.4, "ls": "solid"} if one.chosen else {})  # fmt: skip
        x, y = np.array([spots[state] for state in one.states]).T
        ax.plot(x, y, transform=shift, zorder=3.5 if one.chosen else 3, **line)
        _end_mark(ax, x[-1], y[-1], one, colour, look.ground, shift=shift)
        lines.append((one, line))
    x, y = spots[told.state]
    ax.plot([x], [y], "o", markersize=9, color=look.ink, markeredgecolor=look.ground, zorder=5)
    if not futures:
        text = "this state was never met: nothing can be imagined"
        ax.text(0.5, 0.96, text, transform=ax.transAxes, color=look.faint, fontsize=FONT,
                ha="center", va="top")  # fmt: skip
    elif legend:
        _tell_beside(ax, lines[::-1], look)


def _tell_beside(ax, lines, look):
    """A legend right of the axes: each action, how its path ends, its figures."""
    from matplotlib.lines import Line2D

    handles = []
    for one, line in lines[:_LISTED]:
        steps, end = len(one.states) - 1, _end_of(one, _NAME / 2)
        cells = ", ".join(
            f"{key} {value}" for key, value in figures_of(one).items() if key != "worth"
        )
        label = f"{shorten(one.name, _NAME, FONT)}: {end} after {steps}\n{cells}"
        handles.append(Line2D([], [], label=label, **line))
    if len(lines) > _LISTED:
        handles.append(Line2D([], [], ls="", label=f"and {len(lines) - _LISTED} more"))
    legend = ax.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(1.0, 0.98), fontsize=FONT, frameon=False,
        labelcolor=look.ink, handlelength=2.6, labelspacing=0.8, borderaxespad=0.4,
    )  # fmt: skip
    for text in legend.get_texts():
        text.set_parse_math(False)
