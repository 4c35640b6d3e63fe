"""What took part in one answer: how much of it each node and each edge holds."""

from dataclasses import dataclass

import numpy as np

from growgraph.errors import DataError, GraphError
from growgraph.kernels import codes
from growgraph.models.base import Explanation

_CHOOSE = (codes.MAX, codes.MIN, codes.MAXABS, codes.MEDIAN)  # one source alone is the answer
_LEAST = (0.0, 1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1)  # round shares of an answer
_SHOWN = 150  # up to so many edges are lit


@dataclass
class Answer:
    """What took part in one answer of a graph.

    Attributes
    ----------
    nodes : ndarray of float64 [nodes]
        Share of the answer that came through each of ``graph.nodes``; 1 at the node that answered.
    edges : ndarray of float64 [edges]
        The same of each of ``graph.edges()``.
    tension : ndarray of float64 [nodes]
        |expected - met| at each node that took part, NaN elsewhere and where nothing is expected.
    least : float
        Edges that hold less are not lit: the smallest round share with which few enough are.
    text : str
        What the picture is of, in a few words.
    """

    nodes: np.ndarray
    edges: np.ndarray
    tension: np.ndarray
    least: float
    text: str


def opened(thing):
    """(model, Answer) of an explanation; anything else comes back as it is, with None.

    Raises
    ------
    GraphError
        If the model that explained is not there any more.
    """
    if not isinstance(thing, Explanation):
        return thing, None
    asked = getattr(thing, "asked", None)  # an InitVar, which type checkers do not see
    model, graph = (None, None) if asked is None else (asked.model, asked.graph)
    if model is None or graph is None or model.graph_ is not graph:
        raise GraphError(
            "this explanation does not know its graph any more (it came from a file, or its model "
            "is gone or was fitted anew): call explain() again"
        )
    return model, answer_of(graph, asked, thing.data)


def answer_of(graph, asked, data):
    """Read :class:`Answer` off a graph, as it would answer now."""
    ids, edges = graph.nodes, graph.edges()
    if asked.parts is not None:
        return _imagined(ids, edges, asked, data)
    V = graph.forward(asked.values[None], inputs=asked.inputs, outputs=ids)[0].astype(np.float64)
    place = np.zeros(int(ids.max(initial=0)) + 1, np.int64)
    place[ids] = np.arange(ids.size)
    kind = graph._store.kind[graph._slots(ids)]
    nodes, held = shares(place[edges["source"]], place[edges["target"]], edges["weight"],
                         edges["delay"] > 0, V, kind, place[asked.node])  # fmt: skip
    tension = np.where(nodes > 0, _felt(graph, asked), np.nan)
    since, said = asked.since(graph), data["answer"]
    said = f"{said:.4g}" if isinstance(said, float) else said
    text = f"what speaks for {said} now; {since}" if since else f"the answer {said}"
    return Answer(nodes, held, tension, _least(held), text)


def _imagined(ids, edges, asked, data):
    """Of an imagined future: the nodes on the way and the edges between them."""
    nodes = np.zeros(ids.size)
    known = {node: part for node, part in asked.parts.items() if node in set(ids.tolist())}
    nodes[np.searchsorted(ids, list(known))] = list(known.values())
    ends = (nodes[np.searchsorted(ids, edges[end])] for end in ("source", "target"))
    held = np.minimum(*ends)
    text = f"the future imagined in state {data['state']!r}"
    return Answer(nodes, held, np.full(ids.size, np.nan), 0.0, text)


def shares(source, target, weight, late, V, kind, node):
    """Share of an answer that each node and each edge holds.

    Going back from the node that answered, a node's share is divided among its sources as
    |weight x activity| is; nodes that choose (max, min, median) hand all to the source chosen,
    products equal parts. What comes from a bias, or from the step before, stays where it is.

    Parameters
    ----------
    source, target : ndarray of int [edges]
        Places of nodes; edges of one target follow each other, sources' targets come before.
    weight : ndarray of float [edges]
    late : ndarray of bool [edges]
    V : ndarray of float [nodes]
        Activities.
    kind : ndarray of uint8 [nodes]
    node : int
        Place of the node that answered.

    Returns
    -------
    nodes : ndarray of float64 [nodes]
    edges : ndarray of float64 [edges]

    References
    ----------
    Bach et al. (2015), "On pixel-wise explanations": relevance divided by absolute contributions.
    """
    nodes, edges = np.zeros(V.size), np.zeros(source.size)
    nodes[node] = 1.0
    undelayed = np.flatnonzero(~late)
    ends = np.append(np.flatnonzero(np.diff(target[undelayed])) + 1, undelayed.size)
    first = np.append(0, ends[:-1])
    for a, b in zip(first[::-1].tolist(), ends[::-1].tolist(), strict=True):
        mine = undelayed[a:b]
        if mine.size == 0 or nodes[target[mine[0]]] == 0:
            continue
        to = target[mine[0]]
        part = np.abs(weight[mine] * V[source[mine]])
        if kind[to] in _CHOOSE:
            chosen = np.argmin(np.abs(weight[mine] * V[source[mine]] - V[to]))
            part = (np.arange(mine.size) == chosen).astype(np.float64)
        elif kind[to] == codes.PRODUCT:
            part = np.ones(mine.size)
        total = part.sum()
        edges[mine] = nodes[to] * part / total if total > 0 else 0.0
        np.add.at(nodes, source[mine], edges[mine])
    return nodes, edges


def _least(held):
    """The smallest round share with which not too many edges are lit."""
    return next((least for least in _LEAST if (held > least).sum() <= _SHOWN), _LEAST[-1])


def _felt(graph, asked):
    """Tension of each node for the sample, NaN where the graph expects nothing."""
    rows = np.zeros((1, graph.inputs.size))
    rows[0, np.isin(graph.inputs, asked.inputs)] = asked.values[np.argsort(asked.inputs)]
    try:
        tension = graph.tension(rows).astype(np.float64)
    except DataError:  # an activity that is no number
        return np.full(graph.nodes.size, np.nan)
    return np.where(tension > 0, tension, np.nan)
