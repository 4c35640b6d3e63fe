"""What an insertion costs: rehearsal of a pool, choice, and the readout beside all elders.

A net grows one unit at a time on friedman1; the last insertions are timed, by CPU. Elders and rows
are varied one at a time.
"""

import numpy as np

from growgraph._random import generator
from growgraph.bench import clock

INSERTION = "an insertion"
LINEAR = 1.1  # the most a power of rows or of nodes may be to be called linear
_ROWS, _NODES = (1000, 2000, 4000, 8000), (50, 100, 200, 400)
_FEW, _MANY = _NODES[0], _ROWS[1]  # nodes while rows are varied, rows while nodes are
_TIMED = 20  # insertions
_SEEDS = 3
_POOL = 32


def measure(results, plan, tell=None):
    """Milliseconds of an insertion, for several numbers of rows and of nodes."""
    rows, nodes = (_ROWS[:2], _NODES[:2]) if plan.quick else (_ROWS, _NODES)
    _timed(_ROWS[0], _TIMED, 0)  # warm
    for seed in range(plan.seeds[0], plan.seeds[0] + (1 if plan.quick else _SEEDS)):
        for n in rows:
            results.add(INSERTION, _row(n, _FEW), "ms", seed, _timed(n, _FEW, seed))
        for m in nodes[1:]:
            results.add(INSERTION, _row(_MANY, m), "ms", seed, _timed(_MANY, m, seed))
    results.note(
        f"{INSERTION}: CPU ms a unit, the mean of {_TIMED}, of one net on friedman1 with a pool of "
        f"{_POOL}; its power in rows and in nodes is the slope of the logarithms"
    )
    if tell is not None:
        for kind, power in exponents(results).items():
            tell(f"{INSERTION}: {kind} {power:.2f}")


def _row(rows, nodes):
    return f"{rows:,} rows, {nodes} nodes"


def _timed(rows, nodes, seed):
    """Milliseconds of each of the last insertions up to so many nodes."""
    from sklearn.datasets import make_friedman1

    from growgraph.models._grownet.net import Net

    X, y = make_friedman1(n_samples=rows, noise=1.0, random_state=seed)
    options = {"classes": False, "pool": _POOL, "placement": "tension", "depth": True,
               "directions": "data", "readout": "refit"}  # fmt: skip
    net = Net(X, ((y - y.mean()) / y.std())[:, None], options, generator(seed, "cost"))
    while net.m < nodes - _TIMED:
        net.round(1, _POOL)
    begin = clock.cpu()
    while net.m < nodes:
        net.round(1, _POOL)
    return 1000 * (clock.cpu() - begin) / _TIMED


def exponents(results):
    """The power of rows, and of nodes, with which an insertion's cost grows.

    Returns
    -------
    dict
        Empty where it was not measured.
    """
    varied = {"power in rows": [(n, _row(n, _FEW)) for n in _ROWS],
              "power in nodes": [(m, _row(_MANY, m)) for m in _NODES]}  # fmt: skip
    powers = {}
    for kind, rows in varied.items():
        told = [(size, results.mean(INSERTION, row, "ms")) for size, row in rows]
        told = [pair for pair in told if np.isfinite(pair[1])]
        if len(told) > 1:
            sizes, costs = np.log(told).T
            powers[kind] = float(np.polyfit(sizes, costs, 1)[0])
    return powers
