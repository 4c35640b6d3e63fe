"""Edges over time, for the player: between units as drawn, and of nodes as told."""

from dataclasses import dataclass

import numpy as np

from growgraph.viz.scene import least_share

NEGATIVE, LATE = 1, 2  # flags of an edge
_FAINTEST = 0.01  # of the strongest link of an answer, at first
_LINKS = 12_000  # between units: so many, or one a unit
_SOURCES = 6_000  # of nodes: so many, or one a node


@dataclass
class Strands:
    """Edges ever made.

    Attributes
    ----------
    source, target : ndarray of int [edges]
        Indices of nodes, or of units.
    birth, gone : ndarray of int [edges]
        The first and last number of events at which they were there.
    weight, size : ndarray of float [edges]
        What the edge has now, or had at birth if it is gone; size is its absolute value, or the sum
        of several.
    late : ndarray of bool [edges]
    """

    source: np.ndarray
    target: np.ndarray
    birth: np.ndarray
    gone: np.ndarray
    weight: np.ndarray
    size: np.ndarray
    late: np.ndarray

    def some(self, chosen):
        """Those of some indices."""
        return Strands(*(values[chosen] for values in self.columns()))

    def columns(self):
        """All arrays in the order of their names above."""
        return (self.source, self.target, self.birth, self.gone, self.weight, self.size, self.late)


def strands_of(graph, history, index, gone):
    """Edges ever made, with the weights of today where there are any.

    Parameters
    ----------
    graph : Graph
    history : History
        With delayed edges.
    index : ndarray of int [ids]
        Of each id's node.
    gone : ndarray of int [edges ever made]

    Returns
    -------
    Strands
    """
    n, today = history.birth.size, graph.edges()
    key = (today["source"] * n + today["target"]) * 2 + (today["delay"] > 0)
    order = np.argsort(key)
    key, weight = np.append(key[order], -1), np.append(today["weight"][order], 0)
    mine = (history.source * n + history.target) * 2 + history.late
    at = np.searchsorted(key[:-1], mine)
    there = (key[at] == mine) & (gone == gone.max(initial=0))
    weight = np.where(there, weight[at], history.weight).astype(np.float64)
    return Strands(
        index[history.source], index[history.target], history.event + 1, gone, weight,
        np.abs(weight), history.late,
    )  # fmt: skip


def held(graph, answer, ids, strands):
    """For each strand its edge's share of an answer; 0 for what is gone."""
    n, today = int(ids.max(initial=0)) + 1, graph.edges()
    key = (today["source"] * n + today["target"]) * 2 + (today["delay"] > 0)
    if key.size == 0:
        return np.zeros(strands.source.size)
    order = np.argsort(key)
    mine = (ids[strands.source] * n + ids[strands.target]) * 2 + strands.late
    at = np.minimum(np.searchsorted(key[order], mine), key.size - 1)
    there = (key[order][at] == mine) & (strands.gone == strands.gone.max(initial=0))
    return np.where(there, answer.edges[order][at], 0.0)


def links(strands, unit, alone, end, whole=False):
    """Edges between units, the strongest first, and the share from which on they are drawn.

    Parameters
    ----------
    strands : Strands
        Between nodes.
    unit : ndarray of int [nodes]
    alone : ndarray of bool [units]
        Units of one node: these may read themselves.
    end : int
        Number of all events.
    whole : bool
        Shares are of the strongest of all links, not of the strongest into the same unit.

    Returns
    -------
    arrays : dict of str to ndarray
    least : float
    """
    u, v = unit[strands.source], unit[strands.target]
    shown = (u != v) | (strands.late & alone[v])
    drawn = strands.some(shown)
    drawn.source, drawn.target = u[shown], v[shown]
    runs = _merged(drawn, alone.size, end)
    if whole:
        share = runs.size / max(runs.size.max(initial=0), 1e-300)
        best = np.argsort(-share, kind="stable")[: max(_LINKS, alone.size)]
        return _arrays("link", runs.some(best), share[best]), _FAINTEST
    share = _shares(runs, alone.size, end)
    least = least_share(share[runs.gone == end], alone.size)
    order = (-runs.size, _ranks(runs.target, share), -share)
    best = np.lexsort(order)[: max(_LINKS, alone.size)]
    return _arrays("link", runs.some(best), share[best]), least


def _merged(strands, n, end):
    """One strand for each time span in which two units are linked."""
    pair = (strands.source * n + strands.target) * 2 + strands.late
    order = np.lexsort((strands.birth, pair))
    s, pair = strands.some(order), pair[order]
    kind = np.cumsum(np.append(False, np.diff(pair) != 0)) if pair.size else pair
    reach = np.maximum.accumulate(s.gone + kind * (end + 2)) - kind * (end + 2)
    new = np.ones(pair.size, bool)
    new[1:] = (kind[1:] != kind[:-1]) | (s.birth[1:] > reach[:-1] + 1)
    run = np.cumsum(new) - 1
    first = np.flatnonzero(new)
    out = s.some(first)
    if first.size:
        out.gone = np.maximum.reduceat(s.gone, first)
        stays = (s.gone == out.gone[run]).astype(np.float64)  # what lasted longest tells the weight
        out.weight = np.bincount(run, s.weight * stays)
        out.size = np.bincount(run, s.size * stays)
    return out


def _shares(strands, n, end):
    """Size of each relative to the strongest into the same target; what is gone is at most 1."""
    best, ever = np.zeros(n), np.zeros(n)
    here = strands.gone == end
    np.maximum.at(best, strands.target[here], strands.size[here])
    np.maximum.at(ever, strands.target, strands.size)
    best = np.where(best > 0, best, ever)[strands.target]
    return np.minimum(strands.size / np.where(best > 0, best, 1), 1)


def sources(strands, n, end):
    """The strongest edges into each node, for telling what it reads."""
    share = _shares(strands, n, end)
    rank = _ranks(strands.target, share)
    held = np.cumsum(np.bincount(rank, minlength=1))
    most = max(int(np.searchsorted(held, max(_SOURCES, n), "right")), 1)
    kept = np.flatnonzero(rank < most)
    kept = kept[np.lexsort((rank[kept], strands.target[kept]))]
    return _arrays("edge", strands.some(kept), share[kept])


def _ranks(target, share):
    """Place of each edge among those into the same target, the strongest first."""
    order = np.lexsort((-share, target))
    first = np.concatenate([[0], np.cumsum(np.bincount(target))])
    rank = np.empty(target.size, np.int64)
    rank[order] = np.arange(target.size) - first[target[order]]
    return rank


def _arrays(name, strands, share):
    flags = NEGATIVE * (strands.weight < 0) + LATE * strands.late
    return {
        f"{name}_source": strands.source,
        f"{name}_target": strands.target,
        f"{name}_birth": strands.birth,
        f"{name}_gone": strands.gone,
        f"{name}_share": np.rint(255 * share).astype(np.uint8),
        f"{name}_flags": flags.astype(np.uint8),
    }
