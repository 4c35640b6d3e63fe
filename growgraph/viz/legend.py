"""The legend, and the line below a picture: what shapes and lines mean, what is left out."""

import numpy as np

from growgraph.kernels import codes
from growgraph.viz.canvas import DASHED, DOTTED, FEW_EDGES, FONT
from growgraph.viz.style import KIND_SHAPE, KIND_WORDS, LIGHT


def add_legend(canvas):
    """One legend beside (in narrow axes below) the marks; with tension a colour bar under it."""
    handles = kind_handles(canvas.scene, canvas.look)
    handles += line_handles(canvas.scene, canvas.look) + _notes(canvas)
    spot = {"loc": "upper right", "bbox_to_anchor": (1, 1)} if canvas.beside else {
        "loc": "lower center", "bbox_to_anchor": (0.5, 14 / canvas.height)}  # fmt: skip
    legend = canvas.ax.legend(
        handles=handles, ncols=canvas.columns, fontsize=FONT, frameon=False,
        labelcolor=canvas.look.ink, handlelength=1.8 if canvas.beside else 1.4, handletextpad=0.6,
        labelspacing=0.55, columnspacing=1.0, borderpad=0.6, alignment="left", **spot,
    )  # fmt: skip
    if canvas.scene.tension is not None and canvas.beside:
        _colour_bar(canvas)
    return legend


def kind_handles(scene, look):
    """One handle for each role and kind, with the number of nodes."""
    from matplotlib.lines import Line2D

    colours = look.node_colours(scene.kind, scene.role)
    entries: dict[tuple, list] = {}
    for kind, role, colour, count in zip(
        scene.kind.tolist(), scene.role.tolist(), colours.tolist(), scene.count.tolist(),
        strict=True,
    ):  # fmt: skip
        words = KIND_WORDS[kind]
        if role == codes.ROLE_OUTPUT:
            words = "output" if words == "sum" else f"output, {words}"
        entry = entries.setdefault((role, words), [KIND_SHAPE[kind], colour, 0])
        entry[2] += count
    grey = scene.tension is not None and scene.part is None
    return [
        Line2D([], [], linestyle="", marker=marker, markersize=7, markeredgecolor=look.ground,
               color=look.faint if grey else colour, label=f"{words}: {count:,}")
        for (_, words), (marker, colour, count) in sorted(entries.items())
    ]  # fmt: skip


def line_handles(scene, look):
    """Handles of the edges that are there."""
    from matplotlib.lines import Line2D

    few = scene.source.size <= FEW_EDGES
    plain = scene.weight[~scene.late]
    found: list[tuple] = []
    if (plain >= 0).any():
        found.append(("weight > 0", look.excite, "solid"))
    if (plain < 0).any():
        found.append(("weight < 0", look.inhibit, DASHED if few else "solid"))
    if scene.late.any():
        found.append(("from the step before", look.excite, DOTTED))
    return [Line2D([], [], color=c, linestyle=s, lw=1.4, label=t) for t, c, s in found]


def _notes(canvas):
    """What size, piles and fading say, where there are any."""
    from matplotlib.lines import Line2D

    scene, notes = canvas.scene, []
    if scene.part is not None:
        notes.append("faded: took no part")
    if scene.crowd.any():
        notes.append("×n: n alike nodes")
    if (scene.count > 1)[~scene.crowd].any():
        notes.append("larger: more nodes")
    elif scene.n_edges:
        notes.append("larger: more used")
    if scene.tension is not None and not canvas.beside:
        notes.append("darker: tenser" if canvas.look is LIGHT else "lighter: tenser")
    return [Line2D([], [], linestyle="", label=note) for note in notes]


def _colour_bar(canvas):
    """A scale of tension at the lower right."""
    from matplotlib import colormaps

    look, ax = canvas.look, canvas.ax
    tall = min(90 / canvas.height, 0.3)
    left, bottom = 1 - 100 / canvas.width, 40 / canvas.height
    scale = ax.inset_axes((left, bottom, 8 / canvas.width, tall))
    shades = colormaps[look.tension](np.linspace(look.span[0], look.span[1], 64))[:, None, :]
    scale.imshow(shades, aspect="auto", origin="lower", extent=(0, 1, 0, 1))
    scale.set_xticks([])
    scale.yaxis.tick_right()
    high = canvas.highest()
    scale.set_yticks([0, 0.5, 1], ["0", f"{high / 4:.2g}", f"{high:.2g}"])  # by square root
    scale.tick_params(labelsize=FONT, colors=look.ink, length=2)
    for spine in scale.spines.values():
        spine.set_visible(False)
    canvas.say("tension", left, bottom + tall + 5 / canvas.height, ha="left", va="bottom",
               color=look.ink)  # fmt: skip
    if canvas.scene.part is None and np.isnan(canvas.scene.tension).any():
        canvas.say("hollow: not known", left, bottom - 6 / canvas.height, ha="left", va="top")


def add_caption(canvas):
    """How many nodes and edges there are, and which are drawn."""
    scene = canvas.scene
    n, marks, drawn = scene.ids.size, scene.x.size, scene.source.size
    text = _count(n, "node") + (f" as {marks:,} marks" if marks < n else "")
    text += f", {_count(scene.n_edges, 'edge')}"
    if scene.part is not None:
        lit = _count(int((scene.edge_part > 0).sum()), "edge")
        text = f"{scene.told}: {_count(int((scene.part > 0).sum()), 'mark')} and {lit} lit"
        text += f", each at least {100 * scene.least:g} % of it" if scene.least else ""
    elif scene.n_edges and scene.least > 0:
        text += "; drawn: the strongest into each mark" if scene.least == 1 else (
            f"; drawn: at least {scene.least:.0%} of the strongest into the same mark")  # fmt: skip
    elif scene.n_edges and drawn == 0:
        text += "; none drawn"
    canvas.say(text, 8 / canvas.width, 4 / canvas.height, ha="left", va="bottom")


def _count(n, word):
    return f"{n:,} {word}" + ("" if n == 1 else "s")
