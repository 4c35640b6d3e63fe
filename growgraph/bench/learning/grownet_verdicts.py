"""What the figures of the grownet protocol come to: who won, what was asked, where to grow.

All of it follows from the figures, so that those of several runs can be judged as one.
"""

import math

import numpy as np

from growgraph.bench.learning import tasks
from growgraph.bench.learning.grownet_costs import INSERTION, LINEAR, exponents
from growgraph.bench.learning.results import compare
from growgraph.bench.learning.scores import holm, signed_rank_p

OURS = "growgraph"
RANDOM = "random growth"
NETS = {"growgraph, one net": 1, "growgraph, 5 nets": 5}
_SOLVED_BY_NODES = ("parity-8",)  # both placements solve it: fewer nodes are better


def concluded(results):
    """Verdicts on all figures of a run, or of several.

    Parameters
    ----------
    results : Results

    Returns
    -------
    dict
        ``comparisons``, ``floors`` and ``placement``, see :func:`compare`, :func:`floors` and
        :func:`placed`.
    """
    found = []
    for row in (OURS, *NETS):
        found += compare(results, "accuracy", row) + compare(results, "RMSE", row, higher=False)
    return {"comparisons": found, "floors": floors(results), "placement": placed(results)}


# ---- what is asked ------------------------------------------------------------------------------
def floors(results):
    """What is asked of ours on the tasks that were measured, and whether it is met.

    Returns
    -------
    list of dict
        ``data, ours, measure, value, asked, met``; ``asked`` in words.
    """
    told = [
        told
        for name, task in tasks.TASKS.items()
        for floor in task.floors
        for row in (OURS, *NETS)
        if (told := _judged(results, name, floor, row)) is not None
    ]
    for kind, power in exponents(results).items():
        told.append(_told(INSERTION, OURS, kind, power, f"at most {LINEAR}", power <= LINEAR))
    return told


def _judged(results, name, floor, row):
    values = list(results.seeds(name, row, floor.measure).values())
    theirs = list(results.seeds(name, floor.peer, floor.measure).values()) if floor.peer else []
    if not values or (floor.peer and not theirs):
        return None
    value, limit = float(np.mean(values)), floor.value
    if floor.worst:
        return _told(name, row, floor.measure, value, "each seed", min(values) >= limit)
    if floor.sense == "above":
        limit, words = float(np.mean(theirs)), f"above {floor.peer}"
        return _told(name, row, floor.measure, value, f"{words} ({limit:.3g})", value > limit)
    if floor.sense == "near":
        less = floor.measure == "RMSE"
        error = float(np.std(theirs, ddof=1)) / math.sqrt(len(theirs)) if len(theirs) > 1 else 0.0
        limit = float(np.mean(theirs)) + (error if less else -error)
        words = f"{floor.peer} {'+' if less else '-'} its standard error ({limit:.4g})"
        return _told(name, row, floor.measure, value, words, (value <= limit) if less else
                     (value >= limit))  # fmt: skip
    met = value >= limit if floor.sense == "at least" else value <= limit
    words = f"{floor.sense} {limit}"
    if floor.solved:
        words += ", solved"
        met &= min(results.seeds(name, row, "solved").values(), default=0.0) == 1.0
    return _told(name, row, floor.measure, value, words, met)


def _told(name, row, kind, value, words, met):
    return {"data": name, "ours": row, "measure": kind, "value": value, "asked": words,
            "met": bool(met)}  # fmt: skip


def placed(results):
    """Growth at lasting tension against growth anywhere: Wilcoxon's signed-rank test, Holm.

    Returns
    -------
    list of dict
        As of :func:`compare`; the difference is ours less the other.
    """
    other, found = "growgraph, anywhere", []
    for name in tasks.ABLATED:
        kind = "nodes" if name in _SOLVED_BY_NODES else tasks.TASKS[name].measure
        a, b = results.seeds(name, OURS, kind), results.seeds(name, other, kind)
        common = [seed for seed in a if seed in b]
        if common:
            pairs = np.array([(a[s], b[s]) for s in common])
            found.append(
                {
                    "data": name, "ours": OURS, "peer": other, "measure": kind,
                    "difference": float(np.subtract(*pairs.T).mean()),
                    "p": signed_rank_p(*pairs.T), "pairs": len(pairs),
                }
            )  # fmt: skip
    for one, p in zip(found, holm([f["p"] for f in found]), strict=True):
        better = (one["difference"] > 0) == (one["measure"] == "accuracy")
        one["p"], one["verdict"] = p, "untested" if math.isnan(p) else (
            "even" if p >= 0.05 else "won" if better else "lost")  # fmt: skip
    return found
