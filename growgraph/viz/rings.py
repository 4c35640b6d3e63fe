"""plot_rings: births as the rings of a tree, in the sectors of what they serve."""

from dataclasses import dataclass

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.viz.answer import opened
from growgraph.viz.canvas import FONT
from growgraph.viz.disc import PITH, Disc
from growgraph.viz.history import deaths, graph_of, history_of, log_of
from growgraph.viz.paper import axes_on, drawn_on
from growgraph.viz.style import theme
from growgraph.viz.timeline import time_of

_SECTORS = 12  # more aims than this: the rarest share one
_GOLDEN = 0.6180339887498949
_NARROWEST = 0.03  # of a turn


@dataclass
class Rings:
    """Births in sequence; arrays have one entry a birth.

    Attributes
    ----------
    node : ndarray of int
    radius, angle : ndarray of float
        Radius in (0, 1], angle clockwise from the top in turns.
    sector : ndarray of int
        Index into ``aims``.
    edges : ndarray of float [aims + 1]
        Angles at which sectors begin and end; the more births the wider.
    conflict : ndarray of bool
        The log names a node where tension was felt.
    removed : ndarray of bool
    path, felt : ndarray of int
        Index of the birth of the youngest node it read at birth, and of the node where tension
        was felt; -1 if that is not in the picture.
    clock : ndarray of int
        Time of each birth.
    aims : list of str
    unit : str
        What the clock counts.
    took_part : ndarray of bool, optional
        Of an answer that is shown; the others are faded.
    told : str
        What answer that is.
    """

    node: np.ndarray
    radius: np.ndarray
    angle: np.ndarray
    sector: np.ndarray
    edges: np.ndarray
    conflict: np.ndarray
    removed: np.ndarray
    path: np.ndarray
    felt: np.ndarray
    clock: np.ndarray
    aims: list
    unit: str
    took_part: np.ndarray | None = None
    told: str = ""


@drawn_on("ax")
def plot_rings(thing, ax=None, *, dark=False, legend=True):
    """Draw births as growth rings: the first in the middle, in the sector of what they serve.

    A node's distance from the middle is its place in the sequence of births, so that each ring
    holds as many births as its area; its sector is the aim the log gives. Circles (blue) grew along
    the path of growth, each joined with the youngest node it read at birth; diamonds (vermilion)
    answered a conflict, joined by a dashed line with the node where tension was felt. So it is seen
    at a glance what grew most, when, and why. Of an explanation the nodes that took part in that
    answer stand out.

    Parameters
    ----------
    thing : Graph, GrowthLog, fitted model, or what its ``explain`` gave
        With a growth log.
    ax : matplotlib Axes, optional
        Where to draw; a new pyplot figure if not given. Nothing is shown and no global setting
        is changed.
    dark : bool, default False
        On dark ground.
    legend : bool, default True

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    GraphError
        For a graph without a log or a model that was not fitted.
    TypeError
        For anything that has no graph, or an ``ax`` that is none.

    Notes
    -----
    More than 12 aims: the rarest share a sector, "other aims". Nodes removed since are hollow.
    Names of sectors that have no room are left out, those of the fewest births first.

    Examples
    --------
    >>> import growgraph
    >>> from growgraph.viz import plot_rings
    >>> g = growgraph.Graph()
    >>> y = g.add_outputs(1, sources=g.add_inputs(2))
    >>> controller = growgraph.GrowthController(random_state=0)
    >>> X, t = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> for _ in range(60):
    ...     _ = g.learn(X, t, rule="delta", lr=0.5)
    ...     _ = controller.step(g, X, t)
    >>> ax = plot_rings(g)
    >>> ax.figure.savefig("rings.svg")  # doctest: +SKIP
    """
    thing, answer = opened(thing)
    graph, log, look = graph_of(thing), log_of(thing), theme(dark)
    rings = rings_of(graph, log)
    if answer is not None:
        rings.took_part = np.isin(rings.node, graph.nodes[answer.nodes > answer.least])
        rings.told = answer.text
    ax = axes_on(ax, look, (7.6, 5.6))
    disc = Disc(ax, rings, look, legend)
    if rings.node.size == 0:
        ax.text(0, 0, "no birth in the log", ha="center", va="center", fontsize=FONT + 1,
                color=look.faint)  # fmt: skip
        return ax
    disc.ground()
    disc.lines()
    disc.marks()
    disc.words()
    if legend:
        disc.legend()
    return ax


def rings_of(graph, log):
    """Read :class:`Rings` off a log."""
    history, rows = history_of(graph), log._told()[0]
    born = np.flatnonzero(history.birth >= 0)
    born = born[np.lexsort((born, history.birth[born]))]
    event = history.birth[born]
    place = np.full(history.birth.size + 1, -1)  # the last: of node -1
    place[born] = np.arange(born.size)
    sector, aims = _sectors(graph, rows[event, h.EV_CTX + h.CTX_INTENTION])
    cause = rows[event, h.EV_CTX + h.CTX_NODE]
    cause = np.where((cause >= 0) & (cause < history.birth.size), cause, -1)
    clock, unit = time_of(*(rows[:, h.EV_CTX + c] for c in (h.CTX_SAMPLE, h.CTX_STEP)))
    edges = _edges(sector, len(aims))
    share = (np.arange(born.size) + 1) / max(born.size, 1)
    return Rings(
        born, np.sqrt(PITH**2 + (1 - PITH**2) * share), _angles(sector, edges), sector, edges,
        cause >= 0, deaths(graph, history)[0][born] < len(rows), _youngest(history, born, place),
        place[cause], clock[event + 1], aims, unit,
    )  # fmt: skip


def _sectors(graph, words):
    """Sector of each birth and what the sectors are called, in the sequence they appeared."""
    held, first, sector, count = np.unique(
        words, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.argsort(first)
    rare = np.argsort(-count, kind="stable")[_SECTORS - 1 if held.size > _SECTORS else held.size :]
    kept = [i for i in order if i not in rare]
    number = np.full(held.size, len(kept))
    number[kept] = np.arange(len(kept))
    aims = [graph._words[held[i]] or "built by hand" for i in kept]
    return number[sector], aims + (["other aims"] if len(rare) else [])


def _edges(sector, n):
    """Borders of the sectors: width as the square root of how many births there are."""
    wide = np.sqrt(np.bincount(sector, minlength=n))
    wide = np.maximum(wide / max(wide.sum(), 1), _NARROWEST)
    return np.concatenate([[0], np.cumsum(wide / max(wide.sum(), 1e-9))])


def _angles(sector, edges):
    """Angles that fill each sector evenly up to any moment."""
    n = edges.size - 1
    order = np.argsort(sector, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(sector, minlength=n))])
    rank = np.empty(sector.size, np.int64)
    rank[order] = np.arange(sector.size) - first[sector[order]]
    inside = 0.06 + 0.88 * ((rank + 0.5) * _GOLDEN % 1)
    return edges[sector] + inside * np.diff(edges)[sector]


def _youngest(history, born, place):
    """For each birth the place of the youngest node it read at birth, -1 for none."""
    mine = (history.event == history.birth[history.target]) & (history.event >= 0)
    youngest = np.full(history.birth.size, -1)
    np.maximum.at(youngest, history.target[mine], place[history.source[mine]])
    found = youngest[born]
    return np.where(found < np.arange(born.size), found, -1)
