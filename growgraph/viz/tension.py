"""plot_tension: where tension lasted and growth answered it, and when more growth was too much."""

import numpy as np

from growgraph._validation import check_finite, dense_rows
from growgraph.models.base import Explanation
from growgraph.viz.answer import opened
from growgraph.viz.canvas import FONT
from growgraph.viz.history import graph_of, log_of
from growgraph.viz.paper import drawn_on, figure_on
from growgraph.viz.style import theme
from growgraph.viz.tensionmap import draw_map

_NUMBERED = 60  # up to so many places of birth have their number
_GRID = 200  # points a side at which answers are asked
_ROWS = 2000  # at most so many rows are drawn
_TENSE = ("lasting tension", "lasting misfit", "nothing resonated")  # causes: it was tense there
_CAUSES = 6  # that are told of other growth
_NUMBER = 1.35 * FONT  # points that a number takes
_WIDTH = 4.0  # inches of a panel


@drawn_on("figure")
def plot_tension(thing, X=None, y=None, figure=None, *, dark=False):
    """Draw where growth happened and what it did to tension; of an explanation, its tension map.

    Up to three panels. *Where*: the model's answers over its one or two columns, the rows, and the
    places at which units were born, numbered in sequence and coloured by the tension felt there.
    *Tension*: what was felt at each of these places before the birth, at once after it, and in the
    end; this is read from the growth log alone. *Held out*: the tension of rows that were not
    learnt, as units were tried out one after the other, and how many of them were kept.

    *The tension map of an input*, of what ``explain`` of a ResoNet or SelfCriticNet gave: where the
    image differs from what the answer (and its rival) expects there, or the columns of a table, the
    tensest on top: a bar from what the answer expects to what was met.

    Parameters
    ----------
    thing : Graph, GrowthLog, fitted model, or what its ``explain`` gave
        With a growth log.
    X : array [rows, 1 or 2], optional
        The rows as they were learnt, in their sequence: the log names places of birth by row. Of a
        model with more columns, and without X, there is no first panel.
    y : array [rows], optional
        Their targets.
    figure : matplotlib Figure or SubFigure, optional
        An empty one to draw on; a new pyplot figure if not given. Nothing is shown and no global
        setting is changed.
    dark : bool, default False
        On dark ground.

    Returns
    -------
    list of matplotlib Axes
        In the sequence above; the figure is ``axes[0].figure``.

    Raises
    ------
    GraphError
        For a graph without a log or a model that was not fitted.
    TypeError
        For anything that has no graph, an explanation of a model that expects nothing of its
        inputs, or a ``figure`` that is none.
    ValueError
        For rows other than those that were learnt.

    Examples
    --------
    >>> import growgraph
    >>> from growgraph.viz import plot_tension
    >>> g = growgraph.Graph()
    >>> y = g.add_outputs(1, sources=g.add_inputs(2))
    >>> controller = growgraph.GrowthController(random_state=0)
    >>> X, t = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> for _ in range(60):
    ...     _ = g.learn(X, t, rule="delta", lr=0.5)
    ...     _ = controller.step(g, X, t)
    >>> (axes,) = plot_tension(g)
    >>> axes.get_xlabel()
    'units in the sequence of their birth'
    """
    if isinstance(thing, Explanation):
        if X is not None or y is not None:
            raise ValueError("give X and y with a model; an explanation has its own row")
        return draw_map(thing, opened(thing)[0], figure, theme(dark), dark)
    graph_of(thing)
    births, look = births_of(log_of(thing)), theme(dark)
    rows = None if X is None else _rows(thing, X, births)
    y = None if y is None else _targets(y, rows)
    curve = np.asarray(getattr(thing, "growth_curve_", ()), np.float64)
    panels = [_draw_course]
    panels = panels if rows is None else [_draw_where, *panels]
    panels = panels if len(curve) < 2 else [*panels, _draw_held_out]
    figure = figure_on(figure, look, (_WIDTH * len(panels), 0.9 * _WIDTH))
    shades = _Shades(births["tension"], look)
    axes = []
    for i, panel in enumerate(panels):
        left, wide = (i + 0.15) / len(panels), 0.74 / len(panels)
        ax = figure.add_axes((left, 0.16, wide, 0.7))
        _quiet(ax, look)
        panel(ax, thing, births, rows, y, curve, shades)
        axes.append(ax)
    return axes


def births_of(log):
    """Units that were born where tension was felt, in sequence, from the growth log alone.

    Parameters
    ----------
    log : GrowthLog

    Returns
    -------
    structured array
        Rows of ``log.table(elders=True)``: the last node of each unit.
    """
    table = log.table(elders=True)
    born = np.isin(table["operation"], ("node", "split")) & np.isin(table["cause"], _TENSE)
    table = table[born & np.isfinite(table["tension"])]
    new = np.ones(len(table), bool)
    same = ["step", "sample", "cause_node", "rule", "tension"]  # of the nodes of one unit
    new[:-1] = np.any([table[name][1:] != table[name][:-1] for name in same], axis=0)
    return table[new]


def _rows(thing, X, births):
    """Checked rows; None where they have too many columns to be drawn."""
    X = dense_rows(X)
    if X.ndim != 2:
        raise ValueError(f"X must have two dimensions, rows and columns, not the shape {X.shape}")
    check_finite(X)
    if births["sample"].max(initial=-1) >= len(X):
        raise ValueError(
            f"X has {len(X)} rows, but a unit was born at row {births['sample'].max()}: give the "
            "rows that were learnt, all and in their sequence"
        )
    return X if X.shape[1] <= 2 and hasattr(thing, "predict") else None


def _targets(y, rows):
    y = np.asarray(y)
    if rows is not None and y.shape != (len(rows),):
        raise ValueError(
            f"y must have one target for each of {len(rows)} rows, not the shape {y.shape}"
        )
    return y


def _quiet(ax, look):
    """Axes without a frame at the top and the right."""
    ax.set_facecolor(look.ground)
    ax.tick_params(labelsize=FONT, colors=look.faint, length=2.5)
    for side, spine in ax.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(look.faint)
        spine.set_linewidth(0.6)


class _Shades:
    """Colours of tension, the same in all panels."""

    def __init__(self, tension, look):
        from matplotlib import colormaps
        from matplotlib.colors import LinearSegmentedColormap

        part = colormaps[look.tension](np.linspace(look.span[0], look.span[1], 64))
        self.look, self.top = look, max(float(tension.max(initial=0.0)), 1e-12)
        self.map = LinearSegmentedColormap.from_list("tension", part)

    def dots(self, ax, x, y, tension, size):
        """Marks of births."""
        return ax.scatter(
            x, y, s=size, c=tension, cmap=self.map, vmin=0, vmax=self.top, zorder=4,
            edgecolors=self.look.ground, linewidths=0.7,
        )  # fmt: skip

    def ink(self, tension):
        """What is read on such a colour."""
        red, green, blue, _ = self.map(tension / self.top)
        return "#ffffff" if 0.3 * red + 0.59 * green + 0.11 * blue < 0.55 else "#1d2733"


# ---- where --------------------------------------------------------------------------------------
def _draw_where(ax, thing, births, X, y, curve, shades):
    """Answers, rows, and places of birth."""
    look = shades.look
    shown = np.linspace(0, len(X) - 1, min(len(X), _ROWS)).astype(int)
    if X.shape[1] == 1:
        heights = _draw_line(ax, thing, X, y, shown, look)
    else:
        _draw_surface(ax, thing, X, y, shown, look)
        heights = X[:, 1]
        ax.set_ylabel("second column", fontsize=FONT, color=look.ink)
    ax.set_xlabel("first column" if X.shape[1] == 2 else "the column", fontsize=FONT,
                  color=look.ink)  # fmt: skip
    places, tension = births["sample"], births["tension"]
    few = len(births) <= _NUMBERED
    dots = shades.dots(ax, X[places, 0], heights[places], tension, 95 if few else 24)
    told = _readable(ax, dots.get_offsets()) if few else []
    over = np.argsort(np.isin(np.arange(len(births)), told), kind="stable")  # the numbered on top
    dots.set_offsets(dots.get_offsets()[over])
    dots.set_array(tension[over])
    for i in told:
        row = places[i]
        ax.text(X[row, 0], heights[row], str(i + 1), fontsize=FONT - 1.5, ha="center", va="center",
                color=shades.ink(tension[i]), zorder=5, clip_on=True)  # fmt: skip
    what = "numbered by birth" if few else f"{len(births):,} births"
    _title(ax, f"where units were born, {what}" if len(births) else "nothing grew", look)
    if len(births):
        _colour_bar(ax, dots, look)


def _readable(ax, places):
    """Of some places those whose numbers do not meet: the earlier born have the right of way."""
    ax.get_xlim()  # puts the limits in place
    points = ax.transData.transform(places) * 72 / ax.figure.dpi
    kept: list = []
    for i, point in enumerate(points):
        if all(np.abs(point - points[j]).max() > _NUMBER for j in kept):
            kept.append(i)
    return kept


def _draw_line(ax, thing, X, y, shown, look):
    """Answers along one column; their heights at the rows."""
    grid = np.linspace(X.min(), X.max(), 4 * _GRID)[:, None]
    if y is not None and y.dtype.kind in "fiub":
        ax.plot(X[shown, 0], y[shown], ".", color=look.faint, markersize=3, alpha=0.5)
    ax.plot(grid[:, 0], _numbers(thing, thing.predict(grid)), color=look.hidden, linewidth=1.4)
    return _numbers(thing, thing.predict(X))


def _draw_surface(ax, thing, X, y, shown, look):
    """Answers over two columns: regions of classes, or heights in grey."""
    low, high = X.min(axis=0), X.max(axis=0)
    room = 0.05 * np.maximum(high - low, 1e-12)
    sides = [np.linspace(a, b, _GRID) for a, b in zip(low - room, high + room, strict=True)]
    grid = np.column_stack([side.ravel() for side in np.meshgrid(*sides)])
    answer = _numbers(thing, thing.predict(grid)).reshape(_GRID, _GRID)
    extent = (sides[0][0], sides[0][-1], sides[1][0], sides[1][-1])
    classes = getattr(thing, "classes_", None)
    if classes is None:
        limits = (answer.min(), answer.max())
        ax.imshow(answer, origin="lower", extent=extent, aspect="auto", cmap="Greys", alpha=0.6,
                  vmin=limits[0], vmax=limits[1])  # fmt: skip
        if y is not None:
            ax.scatter(*X[shown].T, s=5, c=y[shown], cmap="Greys", vmin=limits[0],
                       vmax=limits[1])  # fmt: skip
        return
    from matplotlib.colors import ListedColormap

    paint = [look.marks[i % len(look.marks)] for i in range(len(classes))]
    ax.imshow(answer, origin="lower", extent=extent, aspect="auto", cmap=ListedColormap(paint),
              alpha=0.22, vmin=-0.5, vmax=len(classes) - 0.5, interpolation="nearest")  # fmt: skip
    colours = (
        look.faint if y is None else [paint[i % len(paint)] for i in _numbers(thing, y)[shown]]
    )
    ax.scatter(*X[shown].T, s=7, c=colours, linewidths=0, alpha=0.8)


def _numbers(thing, answer):
    """Answers as numbers: places of classes, values."""
    classes = getattr(thing, "classes_", None)
    return np.asarray(answer) if classes is None else np.searchsorted(classes, answer)


def _colour_bar(ax, dots, look):
    """A scale of tension at the right edge."""
    bar = ax.inset_axes((1.03, 0.0, 0.03, 0.35))
    ax.figure.colorbar(dots, cax=bar)
    bar.tick_params(labelsize=FONT - 1, colors=look.ink, length=2)
    bar.set_title("tension", fontsize=FONT - 0.5, color=look.ink, loc="left", pad=7)
    bar.locator_params(nbins=2)
    for spine in bar.spines.values():
        spine.set_visible(False)


# ---- over growth --------------------------------------------------------------------------------
def _draw_course(ax, thing, births, X, y, curve, shades):
    """Tension at each place of birth: before, at once, in the end."""
    look, n = shades.look, len(births)
    ax.set_xlabel("units in the sequence of their birth", fontsize=FONT, color=look.ink)
    if n == 0:
        _title(ax, "nothing grew where tension was felt", look)
        ax.set_xlabel("")
        ax.set_xticks([])
        ax.set_yticks([])
        told = _other_causes(log_of(thing))
        ax.text(0.5, 0.5, told, fontsize=FONT, color=look.ink, ha="center", va="center",
                transform=ax.transAxes, linespacing=1.4, parse_math=False)  # fmt: skip
        return
    number, before = np.arange(1, n + 1), births["tension"]
    low = np.where(np.isfinite(births["after"]), births["after"], births["realised"])
    ax.vlines(number, low, before, color=look.faint, alpha=0.45, linewidth=1)
    shades.dots(ax, number, before, before, 26 if n <= _NUMBERED else 12)
    ax.plot([], [], "o", color=look.faint, markersize=4, label="before the birth")
    if np.isfinite(births["after"]).any():
        ax.plot(number, births["after"], "_", color=look.ink, markersize=5, label="at once after")
    if np.isfinite(births["realised"]).any():
        ax.plot(number, births["realised"], "x", color=look.hidden, markersize=3.5,
                markeredgewidth=0.9, label="in the end")  # fmt: skip
    felt = np.concatenate([before, births["after"], births["realised"]])
    ax.set_ylim(0, 1.05 * np.nanmax(felt))
    ax.set_xlim(0.4, n + 0.6)
    ax.locator_params(axis="x", integer=True, nbins=6)
    paid = births["paid_off"]
    fell = np.mean(paid[paid >= 0] == 1) if (paid >= 0).any() else 0.0
    told = f"; it fell for good at {fell:.0%}" if (paid >= 0).any() else ""
    _title(ax, f"tension where they were born{told}", look, above=14)
    ax.legend(
        fontsize=FONT - 0.5, frameon=False, labelcolor=look.ink, handletextpad=0.1, ncols=3,
        loc="lower left", bbox_to_anchor=(-0.02, 0.985), borderpad=0.1, columnspacing=0.9,
    )  # fmt: skip


def _other_causes(log):
    """What nodes were born because of, the commonest first, a line each."""
    table = log.table(elders=True)
    born = table["cause"][np.isin(table["operation"], ("node", "split"))]
    causes, count = np.unique(born, return_counts=True)
    order = np.argsort(-count, kind="stable")
    lines = [f"{causes[i] or 'built by hand'}: {count[i]:,}" for i in order]
    more = [f"and {len(lines) - _CAUSES} more"] if len(lines) > _CAUSES else []
    return "\n".join(["causes of the nodes born", *lines[:_CAUSES], *more] if lines else [])


def _draw_held_out(ax, thing, births, X, y, curve, shades):
    """Held-out tension as units are tried out, and what was kept."""
    look = shades.look
    there = np.isin(births["node"], graph_of(thing).nodes)  # others were taken back
    kept = there.sum() / max(getattr(thing, "nets", 1), 1)
    units, held = curve[:, 0], curve[:, 1]
    ax.plot(units, held, color=look.hidden, linewidth=1.4, marker="o", markersize=2.5)
    ax.axvspan(kept, max(units.max(), kept), color=look.faint, alpha=0.12, linewidth=0)
    at = np.interp(kept, units, held)
    ax.plot([kept], [at], "D", color=look.output, markersize=6, zorder=4)
    ax.annotate(
        f"{kept:g} kept", (kept, at), (0, 16), textcoords="offset points", fontsize=FONT,
        color=look.output, ha="left" if kept < 0.7 * units.max() else "right",
    )  # fmt: skip
    low, high = held.min(), held.max()
    ax.set_ylim(low - 0.08 * (high - low) - 1e-12, high + 0.12 * (high - low) + 1e-12)
    ax.set_xlabel("units tried out (shaded: not kept)", fontsize=FONT, color=look.ink)
    _title(ax, "tension of rows held out", look)
    ax.locator_params(axis="x", integer=True, nbins=6)


def _title(ax, words, look, above=6):
    ax.set_title(words, fontsize=FONT + 0.5, color=look.ink, loc="left", pad=above)
