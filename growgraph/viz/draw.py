"""plot: a picture of a graph as it is."""

import numpy as np

from growgraph._validation import check_number
from growgraph.viz.answer import opened
from growgraph.viz.canvas import Canvas
from growgraph.viz.history import graph_of
from growgraph.viz.legend import add_caption, add_legend
from growgraph.viz.lit import light
from growgraph.viz.paper import axes_on, drawn_on
from growgraph.viz.scene import scene_of
from growgraph.viz.style import theme


@drawn_on("ax")
def plot(thing, ax=None, *, dark=False, tension=None, share=None, legend=True):
    """Draw a graph: inputs on the left, outputs on the right, each node where it was born.

    Shape tells a node's kind, size how much it is used (absolute weights it is read with), colour
    its role or, if given, its tension. In graphs of more than 150 nodes, nodes that are alike (same
    kind, same depth, and same named group or same sources) are one mark with their number beside
    it. Only the strongest edges are drawn; the line below the picture says which.

    Of an explanation the nodes and edges that took part in that answer are lit, in the colour of
    the tension they felt, and the rest is faded. A node's share of the answer is what comes back to
    it from the node that answered, divided among sources as |weight x activity| is.

    Parameters
    ----------
    thing : Graph, GrowthLog, fitted model, or what its ``explain`` gave
    ax : matplotlib Axes, optional
        Where to draw; a new pyplot figure if not given. Nothing is shown and no global setting
        is changed.
    dark : bool, default False
        On dark ground.
    tension : array [nodes], optional
        A value >= 0 for each of ``graph.nodes``, as :meth:`Graph.tension` gives; NaN: not known.
    share : float in [0, 1], optional
        Draw the edges that reach this share of the strongest edge into the same mark; of an
        explanation light those that hold this share of the answer. By default
        the smallest of some round shares that leaves the picture readable.
    legend : bool, default True

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GraphError
        For a model that was not fitted, or an explanation whose model is gone.
    TypeError
        For anything that has no graph, or an ``ax`` that is none.
    ValueError
        For a tension of another length.

    Examples
    --------
    >>> import growgraph
    >>> g = growgraph.Graph.layered([2, 3, 1], random_state=0)
    >>> ax = growgraph.plot(g, tension=g.tension([[1.0, 0.0]], [[1.0]]))
    >>> ax.figure.savefig("graph.png", dpi=200)  # doctest: +SKIP
    """
    thing, answer = opened(thing)
    graph = graph_of(thing)
    if share is not None:
        share = check_number("share", share, 0, 1)
    if answer is None:
        scene = scene_of(graph, tension, share)
    else:
        felt = answer.tension if tension is None else tension
        scene = light(
            scene_of(graph, felt if np.isfinite(felt).any() else None), graph, answer, share
        )
    look = theme(dark)
    ax = axes_on(ax, look, (8, 4.8))
    canvas = Canvas(ax, scene, look, legend=legend)
    if scene.x.size == 0:
        canvas.say("an empty graph: add_inputs and add_outputs give it its first nodes")
        return ax
    canvas.edges()
    canvas.nodes()
    canvas.words()
    if legend:
        add_legend(canvas)
        add_caption(canvas)
    return ax
