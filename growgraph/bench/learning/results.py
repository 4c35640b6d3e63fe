"""Figures of a run in one form: data, learner, measure, one value a seed; and what follows."""

import math

import numpy as np

from growgraph.bench.learning.scores import holm, paired_p

LEVEL = 0.05


class Results:
    """Values of all seeds.

    Examples
    --------
    >>> results = Results()
    >>> results.add("digits", "ours", "accuracy", 0, 0.98)
    >>> results.add("digits", "ours", "accuracy", 1, 0.96)
    >>> round(results.mean("digits", "ours", "accuracy"), 3)
    0.97
    """

    def __init__(self):
        self.values: dict[tuple[str, str, str], dict[int, float]] = {}
        self.blocks: dict[tuple[str, str], dict] = {}  # streams: accuracy of each block, by seed
        self.notes: list[str] = []

    def add(self, data, learner, measure, seed, value):
        """Keep one value."""
        self.values.setdefault((data, learner, measure), {})[int(seed)] = float(value)

    def note(self, text):
        """Something the reader must know; said once."""
        if text not in self.notes:
            self.notes.append(text)

    def seeds(self, data, learner, measure):
        """Values by seed."""
        return self.values.get((data, learner, measure), {})

    def mean(self, data, learner, measure):
        """Mean over seeds, NaN where there is none."""
        values = list(self.seeds(data, learner, measure).values())
        return float(np.mean(values)) if values else math.nan

    @classmethod
    def of(cls, cells):
        """Those of which :meth:`cells` tells."""
        results = cls()
        for cell in cells:
            for seed, value in cell["seeds"].items():
                results.add(cell["data"], cell["learner"], cell["measure"], seed, value)
        return results

    def cells(self):
        """Plain values for a JSON file: mean, standard deviation and values of each seed."""
        return [
            {
                "data": data, "learner": learner, "measure": measure,
                "mean": float(np.mean(list(v.values()))),
                "sd": float(np.std(list(v.values()), ddof=1)) if len(v) > 1 else None,
                "seeds": {str(seed): value for seed, value in v.items()},
            }
            for (data, learner, measure), v in self.values.items()
        ]  # fmt: skip


def compare(results, measure, ours, higher=True, pairs=None):
    """Ours against every peer on each data set, paired, corrected by Holm within the data set.

    Parameters
    ----------
    results : Results
    measure : str
    ours : str
        The learner that is compared.
    higher : bool, default True
        Whether more is better.
    pairs : callable, optional
        (data, ours, peer) -> two lists of paired values; by default those of common seeds.

    Returns
    -------
    list of dict
        ``data, ours, peer, difference`` (ours less the peer's, of the pairs; of the means where
        there are fewer than three), ``p, pairs, verdict``: "won",
        "lost", "even" (p not below .05) or "untested" (fewer than three pairs).
    """
    found = []
    for data in dict.fromkeys(d for d, learner, m in results.values if m == measure):
        if not results.seeds(data, ours, measure):
            continue
        peers = [
            learner for d, learner, m in results.values
            if d == data and m == measure and not learner.startswith("growgraph")
        ]  # fmt: skip
        told = []
        for peer in peers:
            a, b = (pairs or _by_seed(results, measure))(data, ours, peer)
            difference = results.mean(data, ours, measure) - results.mean(data, peer, measure)
            if len(a) > 2:
                difference = float(np.mean(a) - np.mean(b))
            told.append(
                {
                    "data": data, "ours": ours, "peer": peer, "measure": measure,
                    "difference": difference,
                    "p": paired_p(a, b), "pairs": len(a),
                }
            )  # fmt: skip
        for one, p in zip(told, holm([t["p"] for t in told]), strict=True):
            one["p"], one["verdict"] = p, _verdict(one["difference"], p, higher)
        found += told
    return found


def _by_seed(results, measure):
    def pairs(data, ours, peer):
        a, b = results.seeds(data, ours, measure), results.seeds(data, peer, measure)
        common = [seed for seed in a if seed in b]
        return [a[s] for s in common], [b[s] for s in common]

    return pairs


def _verdict(difference, p, higher):
    if math.isnan(p):
        return "untested"
    if p >= LEVEL:
        return "even"
    return "won" if (difference > 0) == higher else "lost"
