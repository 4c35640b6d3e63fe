"""plot_growth: how a graph came to be, from its growth log."""

import numpy as np

from growgraph.kernels import codes
from growgraph.viz import labels
from growgraph.viz.answer import opened
from growgraph.viz.canvas import FONT, SHORT, Canvas
from growgraph.viz.classes import classes_of, draw_classes
from growgraph.viz.history import graph_of, log_of
from growgraph.viz.legend import kind_handles, line_handles
from growgraph.viz.lit import light
from growgraph.viz.paper import drawn_on, figure_on
from growgraph.viz.scene import scene_of
from growgraph.viz.sheet import sheet_of
from growgraph.viz.style import theme
from growgraph.viz.timeline import LETTERS, Story, counted, draw_timeline

_NUMBERED = 12  # up to so many piles each has its number
_ALL_SHOWN = 60  # a moment is small: up to so many nodes each gets its own mark


@drawn_on("figure")
def plot_growth(thing, figure=None, *, dark=False):
    """Draw how a graph grew: moments of it above a timeline of nodes, edges and accuracy.

    The moments are drawn on the final layout, so that nothing moves; what is new since the moment
    before is ringed. Strokes on the timeline are events, a lane for each rule. Of a classifier the
    headline names the hardest class, or those that are equally hard; beside the timeline stands
    how well each class is known. Of an explanation the moments are lit by that answer, and the
    first lane has the births of the nodes that took part. What has no room in a small figure is
    put shorter or left out.

    Parameters
    ----------
    thing : Graph, GrowthLog, fitted model, or what its ``explain`` gave
        With a growth log: a model, or a graph that recorded. If it has ``prequential_curve_``, an
        array of [samples, accuracy], this is drawn too; if it has ``knowledge()`` with columns
        label and accuracy, so are the classes.
    figure : matplotlib Figure or SubFigure, optional
        An empty one to draw on, best of 10 x 6.4 inches and at least of 6 x 4.5; a new pyplot
        figure if not given. Nothing is shown and no global setting is changed.
    dark : bool, default False
        On dark ground.

    Returns
    -------
    list of matplotlib Axes
        Up to four moments (fewer in a narrow figure), then events (if a rule acted), nodes, edges
        and, if known, accuracy and the classes. The figure is ``axes[0].figure``.

    Raises
    ------
    GraphError
        For a graph without a log or a model that was not fitted.
    TypeError
        For anything that has no graph, or a ``figure`` that is none.

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
    >>> len(axes)  # before and after, events, nodes, edges
    5
    """
    thing, answer = opened(thing)
    graph, log, look = graph_of(thing), log_of(thing), theme(dark)
    curve = getattr(thing, "prequential_curve_", None)
    curve = None if curve is None or len(curve) < 2 else np.asarray(curve, dtype=np.float64)
    story = Story(graph, log, getattr(thing, "n_samples_seen_", None))
    classes = classes_of(thing)
    headline = _headline(thing, story, classes)
    if answer is not None:
        headline = f"what took part in {answer.text}; the rest is faded"
    figure = figure_on(figure, look, (10, 6.4))
    scene = scene_of(graph, most=_ALL_SHOWN)
    if answer is not None:
        scene = light(scene, graph, answer)
        story.answered(scene.history.birth[graph.nodes[answer.nodes > answer.least]])
    handles = _handles(scene, look, len(story.moments))
    sheet = sheet_of(figure, headline, [handle.get_label() for handle in handles])
    story.show(sheet.moments)
    figure.text(0.012, 0.972, sheet.head, fontsize=FONT + 2, color=look.ink, va="top",
                parse_math=False)  # fmt: skip
    axes = _draw_moments(figure, sheet, story, scene, look)
    _add_legend(axes[-1], sheet, handles, look)
    axes += draw_timeline(figure, sheet, story, curve, look)
    if classes is None:
        return axes
    high = axes[-len(("nodes", "edges")) - (curve is not None)].get_position().y1
    return [*axes, draw_classes(figure, classes, look, sheet.right, high)]


def _headline(thing, story, classes):
    name = type(thing if hasattr(thing, "graph_") else graph_of(thing)).__name__
    text = f"{name}: {counted(story.nodes[-1], 'nodes')} and {counted(story.edges[-1], 'edges')}"
    text += "" if story.unit == "events" else f" after {counted(story.end, story.unit)}"
    hardest = "" if classes is None else classes.hardest()
    return text + (f"; {hardest}" if hardest else "")


# ---- moments ----------------------------------------------------------------------------------
def _draw_moments(figure, sheet, story, scene, look):
    """One small picture for each moment."""
    mark_birth, edge_birth = _births(scene)
    wide = sheet.column()
    first = (sheet.moments - len(story.moments)) / 2 * wide  # fewer stand in the middle
    titles = sheet.titles(_titles(story))
    axes, before = [], None
    for i, moment in enumerate(story.moments):
        ax = figure.add_axes(
            (0.01 + first + i * wide, sheet.bottom, wide - 0.015, sheet.top - sheet.bottom)
        )
        canvas = Canvas(ax, scene, look, legend=False, named=False)
        shown = mark_birth < moment
        new = shown & (mark_birth >= before) if before is not None else np.zeros_like(shown)
        new &= True if scene.part is None else scene.part > 0
        canvas.diameter *= 0.5 + 0.5 * _present(scene, moment)
        canvas.edges(edge_birth < moment)
        ring = np.where(new, np.minimum(1.4, 0.25 * canvas.diameter), 0.4)
        canvas.nodes(shown, np.where(new, look.new, look.ground), ring)
        if scene.x.size:
            canvas.words(_numbers(scene, moment, moment == story.moments[-1]), FONT - 1.5)
        canvas.say(titles[i], 0.5, 1.01, va="bottom", color=look.ink)
        axes.append(ax)
        before = moment
    return axes


def _titles(story):
    """What is written above the moments, at length and shorter."""
    told = [(letter, story.time[m], counted(story.nodes[m], "nodes"))
            for letter, m in zip(LETTERS, story.moments, strict=False)]  # fmt: skip
    return (
        [f"{letter}   {counted(time, story.unit)}: {nodes}" for letter, time, nodes in told],
        [f"{letter}   {time:,}: {nodes}" for letter, time, nodes in told],
        [f"{letter} {time:,}: {nodes}" for letter, time, nodes in told],
        [f"{letter}   {time:,}" for letter, time, _ in told],
    )


def _add_legend(ax, sheet, handles, look):
    """Beside the moments; where the room is short, what is told last is left out."""
    most, spacing = sheet.entries(len(handles))
    ax.legend(
        handles=handles[:most], loc="upper left",
        bbox_to_anchor=(sheet.right + 0.01, sheet.top - 0.005),
        bbox_transform=ax.figure.transSubfigure, fontsize=FONT, frameon=False,
        labelcolor=look.ink, labelspacing=spacing, handlelength=1.7, handletextpad=0.4, borderpad=0,
    )  # fmt: skip


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


def _numbers(scene, moment, last):
    """How many nodes each pile has at a moment, in words; in the ``last`` also names of outputs.

    Where there are many piles, only those whose like there is not again have their number.
    """
    there = np.rint(_present(scene, moment) * scene.count).astype(int)
    told = scene.crowd & (there > 1)
    if scene.crowd.sum() > _NUMBERED:
        alike = np.bincount(scene.count[scene.crowd])
        told &= alike[np.minimum(scene.count, alike.size - 1)] == 1
    words = [f"×{n}" if tell else "" for n, tell in zip(there.tolist(), told.tolist(), strict=True)]
    named = last & (scene.role == codes.ROLE_OUTPUT) & ~told
    for i in np.flatnonzero(named).tolist():
        words[i] = labels.shorten(scene.names[i], SHORT, FONT - 1.5)
    return words


def _handles(scene, look, moments):
    """What marks, rings, lines and piles mean."""
    from matplotlib.lines import Line2D

    lines = line_handles(scene, look)
    notes = ["wider: larger share"] if lines else []
    notes += ["pile: alike nodes"] if scene.crowd.any() else []
    words = [Line2D([], [], linestyle="", label=note) for note in notes]
    return kind_handles(scene, look) + _new_handle(look, moments) + lines + words


def _new_handle(look, moments):
    from matplotlib.lines import Line2D

    ring = Line2D([], [], linestyle="", marker="o", markerfacecolor="none",
                  markeredgecolor=look.new, markersize=7, label="new")  # fmt: skip
    return [ring] if moments > 1 else []
