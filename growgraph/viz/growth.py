"""plot_growth: how a graph came to be, from its growth log."""

import numpy as np

from growgraph.viz.canvas import FONT, Canvas
from growgraph.viz.history import deaths, graph_of, history_of, log_of
from growgraph.viz.legend import kind_handles
from growgraph.viz.scene import scene_of
from growgraph.viz.style import theme

_MOMENTS = 4
_SHAPES = ("o", "D", "^", "s", "v", "P")
_RIGHT = 0.83  # legends stand right of this
_NEW = "#e69f00"


def plot_growth(thing, figure=None, *, dark=False):
    """Draw how a graph grew: moments of it above a timeline of nodes, edges and accuracy.

    The moments are drawn on the final layout, so that nothing moves; what is new since the moment
    before is ringed. Marks on the timeline are events by rule.

    Parameters
    ----------
    thing : Graph, GrowthLog or fitted model
        With a growth log: a model, or a graph that recorded. If it has ``prequential_curve_``, an
        array of [samples, accuracy], this is drawn too.
    figure : matplotlib Figure or SubFigure, optional
        An empty one to draw on, 10 x 6 inches or near; a new pyplot figure if not given. Nothing is
        shown and no global setting is changed.
    dark : bool, default False
        On dark ground.

    Returns
    -------
    list of matplotlib Axes
        Up to four moments, then nodes, edges and, if known, accuracy. The figure is
        ``axes[0].figure``.

    Raises
    ------
    GraphError
        For a graph without a log or a model that was not fitted.
    TypeError
        For anything that has no graph.

    Notes
    -----
    Nodes that were removed count in the timeline and are not drawn in the moments.

    Examples
    --------
    >>> import growgraph
    >>> g = growgraph.Graph()
    >>> y = g.add_outputs(1, sources=g.add_inputs(2))
    >>> controller = growgraph.GrowthController(random_state=0)
    >>> X, t = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> for _ in range(60):
    ...     _ = g.learn(X, t, rule="delta", lr=0.5)
    ...     _ = controller.step(g, X, t)
    >>> axes = growgraph.plot_growth(g)
    >>> len(axes)
    4
    """
    graph, log, look = graph_of(thing), log_of(thing), theme(dark)
    curve = getattr(thing, "prequential_curve_", None)
    curve = None if curve is None or len(curve) == 0 else np.asarray(curve, dtype=np.float64)
    story = Story(graph, log, getattr(thing, "n_samples_seen_", None))
    figure = _new_figure(look) if figure is None else figure
    figure.set_facecolor(look.ground)
    scene = scene_of(graph)
    top = _draw_moments(figure, story, scene, look)
    rows = _draw_timeline(figure, story, curve, look)
    return top + rows


def _new_figure(look):
    import matplotlib.pyplot as plt

    return plt.figure(figsize=(10, 6), facecolor=look.ground)


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
    """

    def __init__(self, graph, log, n_samples=None):
        table, n = log.table(), len(log)
        history = history_of(graph, delayed=True)
        gone_nodes, gone_edges = deaths(graph, history)
        born = history.birth[history.birth >= -1]
        self.nodes = _running(born, gone_nodes[history.birth >= -1], n)
        self.edges = _running(history.event, gone_edges, n)
        self.rule = table["rule"]
        self.time, self.unit = _time_of(table)
        self.end = max(self.time[-1], n_samples or 0) if self.unit == "samples" else self.time[-1]
        self.moments = self._choose_moments(history.prelude)

    def _choose_moments(self, prelude):
        """The beginning, the end, and between them equal shares of the growth."""
        first = prelude
        if first == 0 and self.nodes[0] == 0 and self.nodes.size > 1:
            first = 1
        size = (self.nodes + self.edges / max(self.edges.max(), 1) / 10)[first:]
        wanted = np.linspace(size[0], size[-1], _MOMENTS)
        inner = [first + int(np.argmax(size >= w)) for w in wanted[1:-1]]
        return sorted({first, *inner, self.nodes.size - 1})


def _running(born, gone, n):
    """How many there are before the first event and after each of n."""
    change = np.bincount(born + 1, minlength=n + 1)[: n + 1]
    lost = np.bincount(gone + 1, minlength=n + 2)[: n + 1]
    return np.cumsum(change - lost)


def _time_of(table):
    """Time of the state before the first event and after each, and its unit."""
    if table.size and (table["sample"] >= 0).any():
        time, unit = table["step"], "samples"
    elif table.size and (table["step"] > 0).any():
        time, unit = table["step"], "steps"
    else:
        return np.arange(table.size + 1), "events"
    return np.concatenate([[0], np.maximum.accumulate(time)]), unit


# ---- moments ----------------------------------------------------------------------------------
def _draw_moments(figure, story, scene, look):
    """One small picture for each moment."""
    mark_birth, edge_birth = _births(scene)
    wide = _RIGHT / _MOMENTS
    first = (_MOMENTS - len(story.moments)) / 2 * wide  # fewer stand in the middle
    axes, before = [], None
    for i, moment in enumerate(story.moments):
        ax = figure.add_axes((0.01 + first + i * wide, 0.46, wide - 0.015, 0.42))
        canvas = Canvas(ax, scene, look, legend=False, named=False)
        shown = mark_birth < moment
        new = shown & (mark_birth >= before) if before is not None else np.zeros_like(shown)
        canvas.diameter *= 0.5 + 0.5 * _present(scene, moment)
        canvas.edges(edge_birth < moment)
        canvas.nodes(shown, np.where(new, _NEW, look.ground), np.where(new, 1.4, 0.5))
        canvas.say(_title(story, moment, "abcd"[i]), 0.5, 1.02, va="bottom", color=look.ink)
        axes.append(ax)
        before = moment
    canvas.ax.legend(
        handles=kind_handles(canvas) + _new_handle(look, len(story.moments)), loc="upper left",
        bbox_to_anchor=(_RIGHT + 0.005, 0.93), bbox_transform=figure.transFigure, fontsize=FONT,
        frameon=False, labelcolor=look.ink, handletextpad=0.4, borderpad=0,
    )  # fmt: skip
    return axes


def _births(scene):
    """Events at which each mark and each drawn edge was there first."""
    history, n = scene.history, scene.x.size
    mark_birth = np.full(n, np.iinfo(np.int64).max)
    np.minimum.at(mark_birth, scene.mark, history.birth[scene.ids])
    mark_of = np.full(history.birth.size, -1)
    mark_of[scene.ids] = scene.mark
    u, v = mark_of[history.source], mark_of[history.target]
    there = (u >= 0) & (v >= 0)
    pair, event = u[there] * n + v[there], history.event[there]
    order = np.lexsort((event, pair))
    pair, event = pair[order], event[order]
    drawn = scene.source * n + scene.target
    at = np.minimum(np.searchsorted(pair, drawn), max(pair.size - 1, 0))
    both = np.maximum(mark_birth[scene.source], mark_birth[scene.target])
    if pair.size == 0:
        return mark_birth, both
    return mark_birth, np.where(pair[at] == drawn, event[at], both)


def _present(scene, moment):
    """Share of each mark's nodes that were there."""
    there = scene.history.birth[scene.ids] < moment
    return np.bincount(scene.mark, there) / scene.count


def _title(story, moment, letter):
    return f"{letter}   {story.time[moment]:,} {story.unit}: {story.nodes[moment]:,} nodes"


def _new_handle(look, moments):
    from matplotlib.lines import Line2D

    ring = {"marker": "o", "markerfacecolor": "none", "markeredgecolor": _NEW, "markersize": 7}
    return [Line2D([], [], linestyle="", label="new", **ring)] if moments > 1 else []


# ---- timeline ---------------------------------------------------------------------------------
def _draw_timeline(figure, story, curve, look):
    """Rows of nodes, edges and accuracy over time."""
    names = ["nodes", "edges"] + ([] if curve is None else ["accuracy"])
    low, high = 0.085, 0.41
    tall = (high - low) / len(names)
    axes = []
    for i, name in enumerate(names):
        box = (0.075, high - (i + 1) * tall + 0.012, _RIGHT - 0.095, tall - 0.024)
        ax = figure.add_axes(box, sharex=axes[0] if axes else None)
        _dress(ax, name, look, last=i == len(names) - 1)
        axes.append(ax)
    for ax, values in zip(axes, (story.nodes, story.edges), strict=False):
        time, values = np.append(story.time, story.end), np.append(values, values[-1])
        ax.fill_between(time, values, step="post", color=look.faint, alpha=0.18, linewidth=0)
        ax.plot(time, values, drawstyle="steps-post", color=look.faint, linewidth=1.2)
        ax.set_ylim(0, 1.18 * max(values.max(), 1))
    if curve is not None:
        axes[-1].plot(curve[:, 0], curve[:, 1], color=look.ink, linewidth=1.2)
        axes[-1].set_ylim(min(0.5, curve[:, 1].min()), 1.02)
    _mark_events(figure, axes[0], story, look)
    _mark_moments(axes, story, look)
    span = max(story.end, 1)
    axes[0].set_xlim(-0.012 * span, 1.012 * span)
    words = {"samples": "samples seen", "steps": "steps of the controller"}
    axes[-1].set_xlabel(words.get(story.unit, story.unit), fontsize=FONT, color=look.ink)
    return axes


def _dress(ax, name, look, *, last):
    """Quiet axes."""
    ax.set_facecolor(look.ground)
    ax.set_ylabel(name, fontsize=FONT, color=look.ink, rotation=0, ha="right", va="center")
    ax.tick_params(labelsize=FONT, colors=look.faint, length=2.5, labelbottom=last)
    ax.locator_params(axis="y", nbins=3)
    ax.ticklabel_format(axis="y", style="plain", useOffset=False)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(look.faint)
        spine.set_linewidth(0.6)


def _mark_events(figure, ax, story, look):
    """A mark where a rule changed the graph, the larger the more it did at that time."""
    rules, count = np.unique(story.rule[story.rule != ""], return_counts=True)
    rules = rules[np.argsort(-count, kind="stable")]
    kept = {str(r): str(r) if i < len(_SHAPES) - 1 or rules.size <= len(_SHAPES) else "other rules"
            for i, r in enumerate(rules)}  # fmt: skip
    handles = []
    for name, colour, shape in zip(dict.fromkeys(kept.values()), look.marks, _SHAPES, strict=False):
        mine = np.flatnonzero(np.isin(story.rule, [r for r, k in kept.items() if k == name]))
        time, last = np.unique(story.time[mine + 1][::-1], return_index=True)
        times = np.bincount(np.searchsorted(time, story.time[mine + 1]))
        height = story.nodes[mine[::-1][last] + 1]
        size = 14 + 10 * np.log2(times)
        handles.append(ax.scatter(
            time, height, s=size, marker=shape, color=colour, alpha=0.85, linewidths=0.4,
            edgecolors=look.ground, zorder=3, label=f"{name}: {mine.size:,}", clip_on=False,
        ))  # fmt: skip
    if handles:
        legend = ax.legend(
            handles=handles, loc="upper left", title="events", bbox_to_anchor=(_RIGHT + 0.005, 0.41),
            bbox_transform=figure.transFigure, fontsize=FONT, frameon=False, borderpad=0,
            labelcolor=look.ink, handletextpad=0.4, alignment="left", title_fontsize=FONT,
        )  # fmt: skip
        legend.get_title().set_color(look.ink)
        for handle in legend.legend_handles:
            handle.set_sizes([28])


def _mark_moments(axes, story, look):
    """Thin lines where the moments are, with their letters."""
    for i, moment in enumerate(story.moments):
        for ax in axes:
            ax.axvline(story.time[moment], color=look.faint, linewidth=0.6, linestyle=(0, (2, 2)))
        axes[0].annotate(
            "abcd"[i], (story.time[moment], 1), (2.5, -1), xycoords=("data", "axes fraction"),
            textcoords="offset points", fontsize=FONT, color=look.ink, va="top",
        )  # fmt: skip
