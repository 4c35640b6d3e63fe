"""CPU of a SimNet's decisions with all planning, a step, until it solves a world of numbers.

Four evaluations more are lived after it.

    python .ci/decisions.py WORLD SEED [SEED ...]

A decision is: acting, imagining concepts and mixtures, propagating what they are worth, and judging
actions. Fits of the model, births and what is written into the graph are told beside it.
"""

import sys
import time
from collections import Counter

import numpy as np

from growgraph.bench.learning import agents_numbers, boxes, worlds
from growgraph.bench.learning.agents import OURS
from growgraph.kernels import conceive
from growgraph.models._simnet.concepts import Concepts

DECIDING = {"act", "_expanded", "mix", "plan", "judged", "known"}
spent: Counter[str] = Counter()
inner: list[float] = []  # seconds within calls that are timed themselves
paused = [False]


def timed(owner, name):
    """Count the seconds of a function, without those of others within it."""
    call = getattr(owner, name)

    def counted(*args, **options):
        if paused[0]:
            return call(*args, **options)
        begun = time.process_time()
        inner.append(0.0)
        try:
            return call(*args, **options)
        finally:
            took = time.process_time() - begun
            spent[name] += took - inner.pop()
            if inner:
                inner[-1] += took

    setattr(owner, name, counted)


def main(name, seeds):
    """One line a seed, and the mean."""
    world = boxes.WORLDS[name]
    given, row, means = boxes.Given.of(world), agents_numbers.ROWS[OURS], []
    parts = [(Concepts, what) for what in ("_expanded", "plan", "judged", "known")]
    for part in [(worlds.Timed, "act"), (worlds.Timed, "learn"), (conceive, "mix"), *parts]:
        timed(*part)
    judge = boxes.Judge.__call__

    def unseen(self, agent):
        paused[0] = True
        try:
            return judge(self, agent)
        finally:
            paused[0] = False

    boxes.Judge.__call__ = unseen  # type: ignore[method-assign]
    boxes.lived(world, row.make(given, 500), 500, 1000)  # so that all is loaded
    for seed in seeds:
        spent.clear()
        life = boxes.lived(world, row.make(given, seed), seed, row.most)
        ms = {what: 1e3 * seconds / life.lived for what, seconds in spent.items()}
        means.append(sum(ms[what] for what in ms if what in DECIDING))
        rest = sum(ms.values()) - means[-1]
        print(
            f"{name}, seed {seed}: solved after {life.steps}; deciding {means[-1]:.3f} ms a step, "
            f"learning and telling the graph {rest:.3f}"
        )
    print(f"mean {np.mean(means):.3f}, median {np.median(means):.3f} ms")


if __name__ == "__main__":
    main(sys.argv[1], [int(seed) for seed in sys.argv[2:]])
