"""What a ResoNet expects to see if an answer were right, and how much that would ask to change."""

from dataclasses import dataclass

import numpy as np

from growgraph.models._told import Told

_SETTLE = 100  # turns in which missing cells take what the concept expects of them, at most
_STILL = 1e-9


@dataclass(frozen=True, repr=False)
class Imagination(Told):
    """What a model expects to see for each sample and rival answer.

    Attributes
    ----------
    answer : ndarray [batch, rivals]
        Labels, the likeliest first.
    expected : ndarray of float64 [batch, rivals, columns]
        The sample as the answer's concept would have it. Of a table its numeric columns (those of
        the first table: concepts know no others), in their own units; of images the parts the
        retina sees, as differences from those of dreams.
    seen : ndarray of float64 [batch, columns]
        The sample itself in the same terms; NaN where a cell is missing.
    tension : ndarray of float64 [batch, rivals]
        What the concept leaves unexplained: squared distance of sample and expectation, summed over
        windows, a column counted in units of its spread.
    inertia : ndarray of float64 [batch, rivals]
        What stands against the answer, in nats: how far the sample lies from the concept, each
        direction weighted by how little the concept has varied there, times s / (1 + s) for a
        concept written s times, which would itself give way by 1 / (1 + s).
    columns : tuple of str
        Names of the columns of ``expected``.
    """

    _SHOWN = ("answer", "tension", "inertia")

    answer: np.ndarray
    expected: np.ndarray
    seen: np.ndarray
    tension: np.ndarray
    inertia: np.ndarray
    columns: tuple


class Frame:
    """One class concept as an orthonormal frame in each window.

    Parameters
    ----------
    core : Core
    c : int
        Number of the class in the sequence of arrival.
    """

    def __init__(self, core, c):
        concepts, graph, k = core.concepts, core.graph, int(core.concepts.k[c])
        self.win, self.delta, self.count = concepts.win, concepts.noise(), int(concepts.counts[c])
        self.means, self.directions, self.lengths = [], [], []
        for w in range(len(self.win)):
            self.means.append(graph.weights(concepts.prototypes[c, w]).astype(np.float64))
            rows = [graph.weights(node) for node in concepts.aspects[c, w, :k]]
            V = np.array(rows, np.float64).reshape(k, self.win.shape[1])
            self.directions.append(np.linalg.qr(V.T)[0])
            self.lengths.append(np.maximum(np.sqrt(concepts.size[c, w, :k]), self.delta[w]))

    def expect(self, F):
        """Expectation mu + Q Q'(f - mu) of parts F; where windows overlap, their mean.

        Parameters
        ----------
        F : ndarray of float64 [batch, parts]

        Returns
        -------
        expected : ndarray of float64 [batch, parts]
        tension, inertia : ndarray of float64 [batch]
            See :class:`Imagination`.
        """
        total, times = np.zeros(F.shape), np.zeros(F.shape[1])
        tension, inertia = np.zeros(len(F)), np.zeros(len(F))
        for w, window in enumerate(self.win):
            z = F[:, window] - self.means[w]
            a = z @ self.directions[w]
            reach = a @ self.directions[w].T
            left = ((z - reach) ** 2).sum(axis=1)
            total[:, window] += self.means[w] + reach
            times[window] += 1
            tension += left
            inertia += 0.5 * ((a * a / self.lengths[w]).sum(axis=1) + left / self.delta[w])
        return total / np.maximum(times, 1), tension, inertia * self.count / (1 + self.count)

    def settle(self, F, missing):
        """:meth:`expect` with missing cells at what the concept expects there: a fixed point."""
        expected, tension, inertia = self.expect(F)
        for _ in range(_SETTLE if missing.any() else 0):
            step = np.where(missing, expected - F, 0)
            F = F + step
            expected, tension, inertia = self.expect(F)
            if np.abs(step).max() < _STILL:
                break
        return expected, tension, inertia


def parts_of(core, rows):
    """Parts [batch, parts] as concepts read them, and which cells are missing."""
    F = core.features(rows)[:, : core.graph.groups["parts"].size].astype(np.float64)
    if core.sense.kind != "table":
        return F, np.zeros(F.shape, bool)
    return F, np.isnan(rows.numbers[:, : core.sense.early])


def own_units(core, parts):
    """Parts in the units of the caller: a table's columns, an image's parts as they are."""
    if core.sense.kind != "table":
        return parts
    d = core.sense.early
    return core.sense.centre[:d] + parts * core.sense.spread[:d]


def imagine(core, rows, scores, classes, order, rivals):
    """See :meth:`growgraph.ResoNet.imagine`.

    Parameters
    ----------
    core : Core
    rows
        As its sense reads them.
    scores : ndarray of float64 [batch, sorted classes]
    classes : ndarray
        Sorted labels.
    order : ndarray of int64
        Their numbers in the sequence of arrival.
    rivals : int
    """
    best = np.argsort(-scores, axis=1, kind="stable")[:, :rivals]
    F, missing = parts_of(core, rows)
    expected = np.empty((*best.shape, F.shape[1]))
    tension, inertia = np.empty(best.shape), np.empty(best.shape)
    for place, c in enumerate(order.tolist()):
        row, rival = np.nonzero(best == place)
        if row.size:
            told = Frame(core, c).settle(F[row], missing[row])
            expected[row, rival], tension[row, rival], inertia[row, rival] = told
    table, d = core.sense.kind == "table", F.shape[1]
    parts = core.graph.groups["parts"].tolist()
    return Imagination(
        answer=classes[best], expected=own_units(core, expected),
        seen=rows.numbers[:, :d].copy() if table else F, tension=tension, inertia=inertia,
        columns=tuple(core.sense.numeric[:d] if table else (core.graph.names[i] for i in parts)),
    )  # fmt: skip
