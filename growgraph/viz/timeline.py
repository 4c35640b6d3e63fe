"""The course of growth as the log tells it, and rows of it over time."""

import numpy as np

from growgraph.viz import labels
from growgraph.viz.canvas import FONT
from growgraph.viz.history import deaths, history_of
from growgraph.viz.sheet import MOMENTS, ROW_GAP

LETTERS = "abcd"
_GAP = 7.2  # points, at least, between the rows and what stands at the right
_APART = 11.0  # points between the letters of moments


class Story:
    """The course of growth: time, nodes and edges after each event, and the moments to show.

    Attributes
    ----------
    time : ndarray [events + 1]
        Of the state before the first event and after each.
    nodes, edges : ndarray of int [events + 1]
    rule : ndarray of str [events]
        "" for what was built by hand.
    unit : str
        What time counts.
    moments : list of int
        Numbers of events after which the graph is shown.
    folded, elders : int
        How many events were folded away, and how many births are told of them: the first events.
    """

    def __init__(self, graph, log, n_samples=None):
        table = log.table(elders=True)
        n = len(table)
        history = history_of(graph, delayed=True)
        gone_nodes, gone_edges = deaths(graph, history)
        born = history.birth[history.birth >= -1]
        self.nodes = _running(born, gone_nodes[history.birth >= -1], n)
        self.edges = _running(history.event, gone_edges, n)
        self.rule = table["rule"]
        self.folded, self.elders = log.folded, log.n_elders
        self.time, self.unit = time_of(table["sample"], table["step"])
        self.end = max(int(self.time[-1]), 1)
        if self.unit == "samples":
            self.end = max(self.end, n_samples or 0)
        self.prelude = history.prelude
        self.show(MOMENTS)
        self.took_part = None  # events of the births of the nodes of one answer

    def answered(self, birth):
        """Nodes born at these events took part in the answer that is shown."""
        self.took_part = np.unique(birth[birth >= 0])

    def show(self, most):
        """Choose moments: the beginning, the end, and between them equal shares of the growth."""
        first = self.prelude
        if first == 0 and self.nodes[0] == 0 and self.nodes.size > 1:
            first = 1
        size = (self.nodes + self.edges / max(self.edges.max(), 1) / 10)[first:]
        wanted = np.linspace(size[0], size[-1], most)[1:-1]
        whole = np.append(np.diff(self.time[first:]) > 0, True)  # not amid what one cause did
        inner = [first + int(np.argmax(whole & (size >= w))) for w in wanted]
        self.moments = sorted({first, *inner, self.nodes.size - 1})


def _running(born, gone, n):
    """How many there are before the first event and after each of n."""
    change = np.bincount(born + 1, minlength=n + 1)[: n + 1]
    lost = np.bincount(gone + 1, minlength=n + 2)[: n + 1]
    return np.cumsum(change - lost)


def counted(n, things):
    """A number and what it counts, one of them in the singular."""
    return f"{n:,} {things[:-1] if n == 1 else things}"


def time_of(sample, step):
    """Time of the state before the first event and after each, and its unit."""
    if (sample >= 0).any():
        time, unit = sample + 1, "samples"  # seen, the one that was the cause among them
    elif (step > 0).any():
        time, unit = step, "steps"
    else:
        return np.arange(step.size + 1), "events"
    return np.concatenate([[0], np.maximum.accumulate(time)]), unit


# ---- timeline ---------------------------------------------------------------------------------
def draw_timeline(figure, sheet, story, curve, look):
    """Rows over time: events in a lane for each rule, nodes, edges and accuracy."""
    from matplotlib.ticker import MaxNLocator

    names = ["nodes", "edges"] + ([] if curve is None else ["accuracy"])
    lanes = _lanes(story, sheet.most_lanes())
    middle = sheet.high - sheet.lanes(len(lanes)) * (sheet.high - sheet.low)
    rows = [_row(figure, sheet, look, middle, sheet.high, "")] if lanes else []
    tall = (middle - sheet.low) / len(names)
    for i, name in enumerate(names):
        rows.append(_row(figure, sheet, look, middle - (i + 1) * tall, middle - i * tall, name))
        rows[-1].locator_params(axis="y", nbins=2, integer=name != "accuracy")
    for ax in rows[1:]:
        ax.sharex(rows[0])
    for ax in rows[:-1]:
        ax.tick_params(labelbottom=False)
    if lanes:
        _draw_lanes(rows[0], sheet, lanes, story, look)
    for ax, values in zip(rows[-len(names) :], (story.nodes, story.edges), strict=False):
        _draw_course(ax, story, values, look)
    if curve is not None:
        rows[-1].plot(curve[:, 0], curve[:, 1], color=look.ink, linewidth=1.2)
        rows[-1].set_ylim(min(0.5, curve[:, 1].min()), 1.02)
    _mark_moments(rows, story, look)
    rows[0].set_xlim(-0.012 * story.end, 1.012 * story.end)
    rows[0].xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    if story.folded and lanes:
        since = int(story.time[story.elders])
        rows[0].axvspan(rows[0].get_xlim()[0], since, color=look.faint, alpha=0.12, linewidth=0)
    told = _time_told(story, (sheet.right - sheet.left) * sheet.wide)
    rows[-1].set_xlabel(told, fontsize=FONT, color=look.ink)
    return rows


def _time_told(story, room):
    """What time counts, and what of it was folded away, in so many points."""
    words = {"samples": "samples seen", "steps": "steps of the controller"}
    told = words.get(story.unit, story.unit)
    if not story.folded:
        return told
    since = int(story.time[story.elders])
    whole = f"{told}; shaded, up to {since:,}: only births, {story.folded:,} events were folded"
    brief = f"{story.unit}; shaded: only births"
    return whole if labels.width_of([whole], FONT) <= room else labels.shorten(brief, room, FONT)


def _row(figure, sheet, look, low, high, name):
    """Quiet axes with their name at the left."""
    gap = max(0.01, _GAP / sheet.wide)
    wide, tall = sheet.right - sheet.left - gap, high - low - ROW_GAP
    ax = figure.add_axes((sheet.left, low + ROW_GAP / 2, wide, tall))
    ax.set_facecolor(look.ground)
    figure.text(0.012, (low + high) / 2, name, fontsize=FONT, color=look.ink, va="center")
    ax.tick_params(labelsize=FONT, colors=look.faint, length=2.5)
    ax.yaxis.set_major_formatter(lambda value, _: _short(value))
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(look.faint)
        spine.set_linewidth(0.6)
    return ax


def _short(value):
    """A number in few letters: 0.8, 500, 20k, 1.5M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if abs(value) >= 10 * size or (abs(value) >= size and letter == "M"):
            return f"{value / size:g}{letter}"
    return f"{value:g}"


def _lanes(story, most):
    """Rules by first appearance and the events of each; the rarest share a lane if many."""
    rules, first, count = np.unique(story.rule, return_index=True, return_counts=True)
    order = [i for i in np.argsort(first) if rules[i]]
    rare = sorted(order, key=lambda i: -count[i])[most - 1 :] if len(order) > most else []
    lanes = [
        (str(rules[i]), np.flatnonzero(story.rule == rules[i])) for i in order if i not in rare
    ]
    if story.took_part is not None:
        lanes.insert(0, ("took part", story.took_part))
    if rare:
        lanes.append(("other rules", np.flatnonzero(np.isin(story.rule, rules[rare]))))
    return lanes


def _draw_lanes(ax, sheet, lanes, story, look):
    """A stroke for each time at which a rule changed the graph: its name before, how often after.

    The name is as far from the lane as it must be, and has the colour of its strokes beside it.
    """
    wide = sheet.left * sheet.wide - 18
    for i, (name, events) in enumerate(lanes):
        colour, y = look.marks[i % len(look.marks)], len(lanes) - 1 - i
        time = np.unique(story.time[events + 1])
        ax.scatter(time, np.full(time.size, y), marker="|", s=min(55, 600 / len(lanes)),
                   linewidths=1.1, color=colour, alpha=0.9 if time.size < 500 else 0.5)  # fmt: skip
        ax.axhline(y, color=colour, linewidth=0.5, alpha=0.35, zorder=0)
        shown = labels.shorten(name, wide, FONT)
        for text, x, off, ha in ((shown, 0, -6, "right"), (f"{events.size:,}", 1, 6, "left")):
            ax.annotate(
                text, (x, y), (off, 0), xycoords=("axes fraction", "data"),
                textcoords="offset points", fontsize=FONT, color=look.ink, ha=ha, va="center",
                annotation_clip=False, parse_math=False,
            )  # fmt: skip
    ax.set_ylim(-0.6, len(lanes) - 0.4)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)


def _draw_course(ax, story, values, look):
    """How many there are over time: at the end of each, for events of one time are one change."""
    last = np.append(np.diff(story.time) > 0, True)
    time, values = story.time[last], values[last]
    time, values = np.append(time, story.end), np.append(values, values[-1])
    ax.fill_between(time, values, step="post", color=look.faint, alpha=0.18, linewidth=0)
    ax.plot(time, values, drawstyle="steps-post", color=look.faint, linewidth=1.2)
    ax.set_ylim(0, 1.12 * max(values.max(), 1))


def _mark_moments(rows, story, look):
    """Thin lines where the moments are, with their letters on top."""
    times = story.time[story.moments]
    for time in times:
        for ax in rows:
            ax.axvline(time, color=look.ink, linewidth=0.6, linestyle=(0, (2, 2)), zorder=0)
    wide = rows[0].get_window_extent().width * 72 / rows[0].figure.dpi
    x = times * wide / story.end
    moved = spread(x, _APART, wide) - x
    aside = np.abs(moved).max() > 1
    for letter, time, dx in zip(LETTERS, times, moved, strict=False):
        rows[0].annotate(
            letter, (time, 1), (dx, 9 if aside else 2), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=FONT, color=look.ink, ha="center",
            arrowprops={"arrowstyle": "-", "color": look.ink, "linewidth": 0.5, "shrinkA": 0,
                        "shrinkB": 0, "relpos": (0.5, 0)} if aside else None,
        )  # fmt: skip


def spread(x, apart, end):
    """Ascending places moved as little as needed to be ``apart``, from 0 to about ``end``."""
    step = apart * np.arange(x.size)
    right = np.maximum.accumulate(x - step) + step
    most = end - step[::-1]  # the last one stays at the end, those before it give way
    return np.minimum(right, np.maximum(most, step))
