"""The protocol of agents: steps until a discrete world is solved, the same for all.

Evaluations are exact and cost no steps; an agent that does not solve a world is given its limit.
"""

import time

import numpy as np

from growgraph.bench import peers as installed
from growgraph.bench.learning import worlds
from growgraph.bench.learning.agents import KNOWS, LEARNERS, OURS, SETTINGS
from growgraph.bench.learning.results import Results, compare
from growgraph.errors import DataError

SEEDS = range(501, 511)  # apart from those any setting was tried on (100-115)
_MOST_IN_A_MAZE = 30_000


def check(only):
    """Raise for unknown names, or where what holds the worlds is missing."""
    names = worlds.pick(only)
    if names != [worlds.MAZE] and not installed.is_here("gymnasium"):
        raise DataError(
            "these worlds are Gymnasium's: pip install 'growgraph[gym]', or take --only "
            f"'{worlds.MAZE}'"
        )


def run(plan, only=None, tell=None):
    """All worlds; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    names, results = worlds.pick(only), Results()
    if plan.quick and only is None:
        names = names[:2]
    for name in names:
        with installed.one_thread(), installed.quiet():
            for learner, make in LEARNERS.items():
                for seed in SEEDS[:2] if plan.quick else SEEDS:
                    _measure(results, name, learner, make, seed)
                results.note(_in_words(results, name, learner))
        if tell is not None:
            tell(f"{name}: {np.median(list(results.seeds(name, OURS, 'steps').values())):.0f}")
    results.note(SETTINGS)
    return {
        "headline": OURS, "results": results, "knows": KNOWS,
        "comparisons": compare(results, "steps", OURS, higher=False),
    }  # fmt: skip


def _measure(results, name, learner, make, seed):
    """Steps, whether it was solved, and the time a step took, evaluations included."""
    begun = time.process_time()
    if name == worlds.MAZE:
        most, agent = _MOST_IN_A_MAZE, make(144, 4, seed)
        steps, again = worlds.in_a_maze(agent, seed, most)
        results.add(name, learner, "recovery", seed, most if again is None else again)
    else:
        world = worlds.WORLDS[name]
        env, most = worlds.made(world), world.most
        agent = make(int(env.observation_space.n), int(env.action_space.n), seed)
        steps = worlds.steps_to_solve(world, agent, seed)
    lived = (most if steps is None else steps) or 1
    results.add(name, learner, "steps", seed, lived)
    results.add(name, learner, "solved", seed, steps is not None)
    results.add(name, learner, "ms a step", seed, 1e3 * (time.process_time() - begun) / lived)


def _in_words(results, name, learner):
    """Median and quartiles."""
    values = list(results.seeds(name, learner, "steps").values())
    low, middle, high = np.percentile(values, [25, 50, 75])
    solved = int(sum(results.seeds(name, learner, "solved").values()))
    return f"{name}, {learner}: {middle:.0f} [{low:.0f}-{high:.0f}], {solved}/{len(values)} solved"
