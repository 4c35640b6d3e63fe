"""plot: a picture of a graph as it is."""

import numpy as np

from growgraph._validation import check_number
from growgraph.kernels import codes
from growgraph.viz import labels
from growgraph.viz.frame import Frame
from growgraph.viz.history import graph_of
from growgraph.viz.key import caption, key
from growgraph.viz.scene import scene_of
from growgraph.viz.style import KIND_SHAPE, SHAPE_SIZE, theme

_FONT = 8.0
_LARGEST, _SMALLEST = 15.0, 1.6  # diameters of marks in points
_CURVE = np.linspace(0, 1, 20)


def plot(thing, ax=None, *, dark=False, tension=None, share=None, legend=True):
    """Draw a graph: inputs on the left, outputs on the right, each node where it was born.

    Shape tells a node's kind, size how much it is used (absolute weights it is read with), colour
    its role or, if given, its tension. In graphs of more than 150 nodes, nodes that are alike (same
    kind, same depth, and same named group or same sources) are one mark with their number beside
    it. Only the strongest edges are drawn; the line below the picture says which.

    Parameters
    ----------
    thing : Graph, GrowthLog or fitted model
    ax : matplotlib Axes, optional
        Where to draw; a new pyplot figure if not given. Nothing is shown and no global setting
        is changed.
    dark : bool, default False
        On dark ground.
    tension : array [nodes], optional
        A value >= 0 for each of ``graph.nodes``, as :meth:`Graph.tension` gives; NaN: not known.
    share : float in [0, 1], optional
        Draw the edges that reach this share of the strongest edge into the same mark. By default
        the smallest of some round shares that leaves the picture readable.
    legend : bool, default True

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GraphError
        For a model that was not fitted.
    ValueError
        For a tension of another length.

    Examples
    --------
    >>> import growgraph
    >>> g = growgraph.Graph.layered([2, 3, 1], random_state=0)
    >>> ax = growgraph.plot(g, tension=g.tension([[1.0, 0.0]], [[1.0]]))
    >>> ax.figure.savefig("graph.png", dpi=200)  # doctest: +SKIP
    """
    graph = graph_of(thing)
    if share is not None:
        share = check_number("share", share, 0, 1)
    scene = scene_of(graph, tension, share)
    look = theme(dark)
    ax = _new_axes(look) if ax is None else ax
    frame = Frame(ax, scene, look, legend=legend)
    if scene.x.size == 0:
        frame.say("an empty graph: add_inputs and add_outputs give it its first nodes")
        return ax
    diameter = diameters(frame, scene)
    edges(ax, frame, scene, look)
    colours = node_colours(scene, look)
    nodes(ax, frame, scene, look, diameter, colours)
    words(ax, frame, scene, look, diameter)
    if legend:
        key(ax, frame, scene, look)
        caption(ax, frame, scene, look)
    return ax


def _new_axes(look):
    """Axes that fill a new pyplot figure."""
    import matplotlib.pyplot as plt

    figure = plt.figure(figsize=(8, 4.8), facecolor=look.ground)
    return figure.add_axes((0, 0, 1, 1))


# ---- nodes ----------------------------------------------------------------------------------
def diameters(frame, scene):
    """Diameter of each mark in points: what its column has room for, by use and number."""
    column = np.unique(frame.column, return_inverse=True)[1]
    room = np.full(scene.x.size, np.inf)
    order = np.lexsort((frame.y, column))
    same = column[order][1:] == column[order][:-1]
    gap = np.where(same, np.diff(frame.y[order]), np.inf)
    room[order[1:]] = gap
    room[order[:-1]] = np.minimum(room[order[:-1]], gap)
    least = np.full(column.max() + 1, np.inf)
    np.minimum.at(least, column, room)
    most = np.clip(0.8 * least[column], _SMALLEST, min(_LARGEST, max(0.7 * frame.step, 3)))
    top = np.quantile(scene.use, 0.95) or 1.0
    used = np.sqrt(np.clip(scene.use / top, 0, 1))
    used = np.where(scene.role == codes.ROLE_OUTPUT, 1.0, used)
    many = np.minimum(1 + 0.12 * np.log2(scene.count), 1.8)
    return np.minimum(most * (0.55 + 0.45 * used) * many, 1.25 * most)


def node_colours(scene, look):
    """RGBA of each mark by tension, or by role and kind; NaN tension is no colour."""
    from matplotlib import colormaps
    from matplotlib.colors import to_rgba_array

    if scene.tension is None:
        return to_rgba_array(look.node_colours(scene.kind, scene.role))
    known = np.isfinite(scene.tension)
    high = scene.tension[known].max() if known.any() else 0
    share = np.where(known, scene.tension, 0) / (high if high > 0 else 1)
    colours = colormaps[look.tension](look.span[0] + (look.span[1] - look.span[0]) * share)
    colours[~known] = to_rgba_array(look.ground)
    return colours


def nodes(ax, frame, scene, look, diameter, colours):
    """Scatter the marks by shape; a crowd looks like a pile of cards."""
    from matplotlib.transforms import ScaledTranslation

    shape = np.array([KIND_SHAPE[k] for k in scene.kind.tolist()])
    lines = np.where(diameter > 5, 0.7, 0.25)
    ring = np.where(np.isnan(scene.tension), look.faint, look.ink) if scene.tension is not None \
        else np.full(shape.size, look.ground)  # fmt: skip
    for marker in np.unique(shape):
        mine = np.flatnonzero(shape == marker)
        mine = mine[np.argsort(-diameter[mine], kind="stable")]
        piles = mine[scene.count[mine] > 1]
        for chosen, off in ((piles, 3.0), (piles, 1.5), (mine, 0.0)):
            move = ScaledTranslation(off / 72, off / 72, ax.figure.dpi_scale_trans)
            ax.scatter(
                scene_x(frame, chosen), frame.v[chosen],
                s=(diameter[chosen] * SHAPE_SIZE[marker]) ** 2, c=colours[chosen], marker=marker,
                linewidths=lines[chosen], edgecolors=ring[chosen], zorder=3 - off / 10,
                transform=move + ax.transData if off == 0 else ax.transData + move,
            )  # fmt: skip


def scene_x(frame, chosen):
    """Data x of marks."""
    return frame.u[chosen]
