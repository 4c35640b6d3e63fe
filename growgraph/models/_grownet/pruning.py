"""Taking back: units whose removal costs the readout least leave the net and its graph."""

from dataclasses import replace

import numpy as np


def retract(net, strength, count, cause):
    """Take back units until so many are left: always the one that costs least, exactly.

    A unit that others read stays while they do. Targets are those that the net's answers leave.

    Parameters
    ----------
    net : Net
    strength : float
        Of the ridge.
    count : int
        Units that are to be left.
    cause : str
        What the log is told.
    """
    readout, alive = net.readout(strength), np.arange(net.size)
    gone: list[int] = []
    readout.solve()
    alone = all(net.d > max(unit.sources.max(), unit.gate) for unit in net.units)
    while net.m - len(gone) > count:
        spare = np.isin(alive, 1 + net.d + _unread(net, gone))
        most = net.m - len(gone) - count if alone else 1
        order, _ = readout.prune_order(~spare, count=most)
        if not order.size:
            break
        gone += (alive[order] - 1 - net.d).tolist()
        readout.drop(order)
        alive = np.delete(alive, order)
    if gone:
        net.take_back(np.sort(gone), cause)


def _unread(net, gone):
    """Numbers of the units that no other one reads, but for those that are gone."""
    left = set(range(net.m)) - set(gone)
    read = {int(p) - net.d for i in left for p in (*net.units[i].sources, net.units[i].gate)}
    return np.array(sorted(left - read), np.int64)


def renumbered(units, d, gone):
    """Units without those at some places, which none of the others reads.

    Parameters
    ----------
    units : list of Unit
    d : int
        Columns before them among the parents.
    gone : array of int
        Places among the units.

    Returns
    -------
    list of Unit
    """
    kept = np.setdiff1d(np.arange(len(units)), gone)
    place = np.full(1 + d + len(units), -1)  # the last: of no gate
    place[np.append(np.arange(d), d + kept)] = np.arange(d + kept.size)
    return [
        replace(units[i], sources=place[units[i].sources], gate=int(place[units[i].gate]))
        for i in kept.tolist()
    ]
