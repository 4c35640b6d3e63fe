"""The protocol of concepts that return: answers before one went, just after it came, and later."""

import numpy as np

from growgraph.bench.learning import ours, stream, stream_learners, streams
from growgraph.bench.learning.results import Results, compare
from growgraph.kernels import council, dormant

KNOWN = ("AgrawalReturns", "Mixed", "SEAReturns")
BEFORE, SOON, LATER = 500, 100, 600  # samples
MEASURES = ("before", f"0-{SOON} after", f"{SOON}-{LATER} after")
PEERS = ("ARF",)


class Wakeless(stream_learners.Row):
    """Ours, where concepts fall asleep as always and none ever wakes."""

    CALL = 1  # before each row

    def _learn(self, X, y):
        """Learn a row; who sleeps is taken for one that has just gone, which does not return."""
        if self.met and self.model._core.council is not None:
            felt = self.model._core.council
            asleep = felt.kept[:, dormant.USED] >= 0
            felt.kept[asleep, dormant.USED] = felt.ctl[council.N]
        super()._learn(X, y)


def learners():
    """Ours, ours without waking, and adaptive random forests, the strongest peer of Mixed."""
    wakeless = f"{ours.NAME}, none wakes"
    return [
        *stream_learners.in_calls(),
        stream_learners.Learner(wakeless, lambda d, seed: Wakeless(seed), "call"),
        *(one for one in stream_learners.of_river() if one.name in PEERS),
    ]


def methods(name):
    """Names of the rows of a stream."""
    return [one.name for one in learners()]


def stays(name, length):
    """Of each return: the last sample before the concept went, and the first since it is back.

    Parameters
    ----------
    name : str
        A key of ``streams.SOURCES``.
    length : int
        Of the stream.

    Returns
    -------
    list of (int, int)

    Examples
    --------
    >>> stays("Mixed", 400)
    [(100, 200), (200, 300)]
    """
    concepts = streams.SOURCES[name].concepts
    size, found = length // len(concepts), []
    for part, concept in enumerate(concepts):
        before = [p for p in range(part) if concepts[p] == concept]
        if before and before[-1] != part - 1:
            found.append((size * (before[-1] + 1), size * part))
    return found


def run(plan, only=None, tell=None):
    """All streams; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    names, results = streams.pick(only, KNOWN), Results()
    if plan.quick and only is None:
        names = [name for name in names if name in plan.streams]
    rows = [one for one in learners() if plan.takes(one.name)]
    for name in names:
        for seed in plan.seeds:
            told = stream.prequential(rows, streams.load(name, seed, plan.length), seed)
            for one in rows:
                _keep(results, name, one.name, seed, told[one.name], stays(name, plan.length))
        if tell is not None:
            tell(f"{name}: {rows[0].name} " + ", ".join(
                f"{m} {results.mean(name, rows[0].name, m):.3f}" for m in MEASURES))  # fmt: skip
    results.note(
        f"before: the last {BEFORE} samples before a concept went; a mean over its returns "
        "(two a stream) and seeds"
    )
    results.note(
        "ours tells of itself how many of a call it answered rightly before it learnt them"
    )
    results.note("none wakes: concepts fall asleep as always, but what sleeps is never asked again")
    results.note("paired t tests over seeds, corrected by Holm within a stream")
    return {"headline": ours.NAME, "results": results, "comparisons": compared(results)}


def compared(results):
    """Ours against the peers in the first rows after a return."""
    return compare(results, MEASURES[1], ours.NAME)


def _keep(results, name, learner, seed, told, visits):
    right, _, model = told
    for measure, (a, b) in zip(MEASURES, ((-BEFORE, 0), (0, SOON), (SOON, LATER)), strict=True):
        begin = [went if b == 0 else back for went, back in visits]
        shares = [right[t + a : t + b].mean() for t in begin]
        results.add(name, learner, measure, seed, np.mean(shares))
    if isinstance(model, stream_learners.Row):
        results.add(name, learner, "alarms", seed, model.model.n_drifts_)
        results.add(name, learner, "returns", seed, model.model.n_returns_)
