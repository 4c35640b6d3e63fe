"""Twin of kernels/cluster.py: sample by sample, every distance to the end."""

import math

import numpy as np

from growgraph.kernels import cluster as places


def learn(g, X, nodes, ctl, par, counts, seen):
    while ctl[places.AT] < len(X):
        x = X[ctl[places.AT]]
        away = [((weights(g, slot) - x) ** 2).sum() for slot in nodes]
        winner = int(np.argmin(away)) if away else -1
        gap = par[places.FELT] = 0.5 * away[winner] if away else np.inf
        founds = _founds(par, int(ctl[places.N]), len(nodes), gap)
        ctl[places.AT] += 1
        ctl[places.N] += 1
        ctl[places.WINNER] = winner
        if founds or winner < 0:
            return places.GROW
        counts[winner] += 1
        seen[winner] = ctl[places.N] - 1
        for edge, value in zip(g.at(nodes[winner]).edges, x):
            edge[1] += (value - edge[1]) / counts[winner]
            edge[2] += 1
        if counts[winner] == 2:
            return places.TELL
    return places.DONE


def weights(g, slot):
    return np.array([edge[1] for edge in g.at(slot).edges])


def _founds(par, n, concepts, gap):
    if not par[places.ROOM] or concepts >= par[places.MOST] or gap == 0:
        return False
    if n < places.INFANCY:
        if n:
            par[places.VIGILANCE] += (gap - par[places.VIGILANCE]) / n
        return True
    if par[places.VIGILANCE] == 0:
        par[places.VIGILANCE] = gap
        return True
    founds = gap > par[places.VIGILANCE]
    rate = par[places.RATE] * (1 - concepts / par[places.MOST])
    par[places.VIGILANCE] *= math.exp(0.02 * ((1 - rate) if founds else -rate))
    return founds
