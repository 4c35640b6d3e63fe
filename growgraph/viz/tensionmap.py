"""The tension map of an input: where what was met is not what the answer expects."""

import numpy as np

from growgraph.models._resonet.imagine import Frame, own_units, parts_of
from growgraph.models.base import one_sample
from growgraph.viz import labels
from growgraph.viz.canvas import FONT
from growgraph.viz.doubt import plot_doubt
from growgraph.viz.paper import figure_on

_MOST = 14  # columns drawn, the tensest
_PANEL = 2.4  # inches
_ROW = 0.3  # inches of a column
_NAME = 110.0  # points for its name


def draw_map(told, model, figure, look, dark):
    """Draw the tension map of an explanation; returns its axes.

    Raises
    ------
    TypeError
        For an explanation of a model that expects nothing of its inputs.
    """
    if "picture" in told.data:
        return plot_doubt(told, figure, dark=dark)
    core = getattr(model, "_core", None)
    if not hasattr(core, "concepts") or not hasattr(core, "sense"):
        raise TypeError(
            f"a {type(model).__name__} expects nothing of its inputs, so there is no tension map: "
            "plot(explanation) shows what took part in the answer"
        )
    core, rows = model._read(one_sample(told.asked.x))
    core.derive()
    if core.sense.kind == "table":
        return _draw_columns(told, core, rows, figure, look)
    return _draw_image(told, core, rows, figure, look)


def _expected(core, rows, label):
    """Parts as met, and as the class of a label expects them, [parts] each."""
    F, missing = parts_of(core, rows)
    place = [c.item() if hasattr(c, "item") else c for c in core.classes].index(label)
    return F[0], Frame(core, place).settle(F, missing)[0][0], missing[0]


# ---- images -----------------------------------------------------------------------------------
def _draw_image(told, core, rows, figure, look):
    """The image, and how far each place is from what the answer and its rival expect there."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    names = [told.data["answer"], told.data["rival"]]
    names = names[: 1 if names[1] is None else 2]
    maps = []
    for name in names:
        met, expected, _ = _expected(core, rows, name)
        grid = core.sense.sizes["grid"]
        maps.append(((met - expected) ** 2).reshape(grid, grid, -1).sum(axis=2))
    figure = figure_on(figure, look, (_PANEL * (1 + len(maps)) + 0.6, _PANEL + 0.6))
    image = np.asarray(told.asked.x, np.float64).reshape(core.sense.image_shape)
    part = colormaps[look.tension](np.linspace(look.span[0], look.span[1], 64))
    shades, top = LinearSegmentedColormap.from_list("tension", part), max(m.max() for m in maps)
    drawn = list(np.ravel(figure.subplots(1, 1 + len(maps), gridspec_kw={
        "left": 0.02, "right": 0.9, "bottom": 0.06, "top": 0.82, "wspace": 0.08})))  # fmt: skip
    drawn[0].imshow(image, cmap="gray" if look.ground != "#ffffff" else "gray_r")
    down, across = image.shape
    for ax, felt in zip(drawn[1:], maps, strict=True):
        held = ax.imshow(felt, cmap=shades, vmin=0, vmax=top or 1, interpolation="nearest",
                         extent=(-0.5, across - 0.5, down - 0.5, -0.5))  # fmt: skip
        ax.contour(image, levels=[0.5 * image.max()], colors=look.ground, linewidths=1.2)
    titles = ["seen", *(f"tense if it is {name}: {m.sum():.3g}"
                        for name, m in zip(names, maps, strict=True))]  # fmt: skip
    for ax, title in zip(drawn, titles, strict=True):
        ax.set_title(title, fontsize=FONT + 1, color=look.ink, parse_math=False)
        ax.set_xticks([])
        ax.set_yticks([])
        for spine in ax.spines.values():
            spine.set_color(look.faint)
    bar = drawn[-1].inset_axes((1.05, 0.0, 0.06, 1.0))
    figure.colorbar(held, cax=bar)
    bar.tick_params(labelsize=FONT - 1, colors=look.ink, length=2)
    bar.set_xlabel("tension", fontsize=FONT, color=look.ink)
    _head(figure, told, look)
    return drawn


# ---- tables -----------------------------------------------------------------------------------
def _draw_columns(told, core, rows, figure, look):
    """A bar for each column from what the answer expects to what was met, in spreads."""
    sense, answer = core.sense, told.data["answer"]
    met, expected, missing = _expected(core, rows, answer)
    order = np.argsort(-np.abs(np.where(missing, 0, met - expected)), kind="stable")[:_MOST]
    figure = figure_on(figure, look, (7.2, 1.3 + _ROW * max(order.size, 3)))
    tall = figure.bbox.height / figure.dpi
    ax = figure.add_axes((0.24, 0.62 / tall, 0.56, 1 - 1.12 / tall))
    ax.set_facecolor(look.ground)
    place = np.arange(order.size)
    e, m = expected[order], np.where(missing[order], np.nan, met[order])
    ax.barh(place, m - e, left=e, height=0.36, color=look.marks[1], alpha=0.55, zorder=2)
    ax.plot(e, place, "D", color=look.marks[0], markersize=5, zorder=3, linestyle="",
            label=f"expected of {answer}")  # fmt: skip
    ax.plot(m, place, "o", color=look.ink, markersize=5, zorder=4, linestyle="", label="met")
    meant, seen = own_units(core, expected[None])[0], rows.numbers[0]
    for row, i in enumerate(order.tolist()):
        name = labels.shorten(sense.numeric[i], _NAME, FONT)
        there = "missing" if missing[i] else f"{seen[i]:.4g}"
        for text, x, off, ha in ((name, 0, -6, "right"),
                                 (f"{meant[i]:.4g} → {there}", 1, 6, "left")):  # fmt: skip
            ax.annotate(text, (x, row), (off, 0), xycoords=("axes fraction", "data"), ha=ha,
                        textcoords="offset points", va="center", fontsize=FONT, color=look.ink,
                        annotation_clip=False, parse_math=False)  # fmt: skip
    ax.axvline(0, color=look.faint, linewidth=0.6, zorder=1)
    ax.set_ylim(max(order.size, 1) - 0.4, -0.6)
    ax.set_yticks([])
    low, high = (f(np.append(e, m[np.isfinite(m)]), initial=0) for f in (np.min, np.max))
    ax.set_xlim(low - 0.05 * (high - low) - 1e-9, high + 0.05 * (high - low) + 1e-9)
    ax.tick_params(labelsize=FONT, colors=look.faint, length=2.5)
    for side, spine in ax.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(look.faint)
    left_out = met.size - order.size
    more = f"; {left_out:,} columns less tense are left out" if left_out else ""
    ax.set_xlabel(f"spreads from the usual value (0){more}", fontsize=FONT, color=look.ink)
    ax.legend(fontsize=FONT, frameon=False, labelcolor=look.ink, ncols=2, loc="lower left",
              bbox_to_anchor=(-0.02, 1.0), borderpad=0.1, handletextpad=0.2)  # fmt: skip
    _head(figure, told, look)
    return [ax]


def _head(figure, told, look):
    data = told.data
    text = f"{data['answer']} (confidence {data['confidence']:.2f}, {data['cause']})"
    since = told.asked.since(told.asked.graph)
    text += f"; {since}" if since else ""
    figure.suptitle(text, color=look.ink, fontsize=FONT + 2, y=0.985, parse_math=False)
