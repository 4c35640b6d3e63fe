"""The protocol of agents: steps until a world is solved, the same for all.

Evaluations cost no steps; an agent that does not solve a world is given its limit.
"""

import time

from growgraph.bench import peers as installed
from growgraph.bench.learning import agents, agents_dqn, agents_numbers, boxes, worlds
from growgraph.bench.learning.agents import OURS
from growgraph.bench.learning.report import quartiles
from growgraph.bench.learning.results import Results, compare
from growgraph.errors import DataError

SEEDS = range(501, 511)  # apart from those any setting was tried on (100-115)
_MOST_IN_A_MAZE = 30_000


KNOWN = (*worlds.WORLDS, worlds.MAZE, *boxes.WORLDS)
KNOWS = agents.KNOWS | {name: row.knows for name, row in agents_numbers.ROWS.items()}
_NOTES = (
    "steps: median [quartiles] over seeds; solved: of how many seeds, within the limit",
    "worlds of states: the first of five exact evaluations in a row that reach the threshold; ms a "
    "step includes evaluations",
    f"worlds of numbers: the first evaluation ({boxes.EPISODES} episodes, always of the same "
    f"starts) that reaches the threshold; kept: share of the {boxes.AGAIN} next ones that do too; "
    "ms a step is of acting and learning alone",
)


def pick(only):
    """Names of worlds.

    Examples
    --------
    >>> pick("Taxi, CartPole")
    ['Taxi', 'CartPole']
    """
    names = list(KNOWN) if only is None else [name.strip() for name in only.split(",")]
    for name in names:
        if name not in KNOWN:
            raise DataError(f"only must name worlds of {', '.join(KNOWN)}, got {name!r}")
    return names


def check(only):
    """Names of worlds; raises for unknown ones, or where what holds them is missing."""
    names = pick(only)
    if names != [worlds.MAZE] and not installed.is_here("gymnasium"):
        raise DataError(
            "these worlds are Gymnasium's: pip install 'growgraph[gym]', or take --only "
            f"'{worlds.MAZE}'"
        )
    return names


def methods(name):
    """Names of the rows of a world."""
    if name in boxes.WORLDS:
        return list(agents_numbers.rows_in(boxes.WORLDS[name]))
    return list(agents.LEARNERS)


def run(plan, only=None, tell=None):
    """All worlds; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    names, results = pick(only), Results()
    if plan.quick and only is None:
        names = names[:2]
    for name in names:
        seeds = SEEDS[:2] if plan.quick else SEEDS
        with installed.one_thread(), installed.quiet():
            for learner in filter(plan.takes, methods(name)):
                if name in boxes.WORLDS:
                    _lived(results, name, learner, seeds)
                else:
                    for seed in seeds[: agents.FEW.get(learner)]:
                        _measure(results, name, learner, agents.LEARNERS[learner], seed)
                if tell is not None:
                    tell(_in_words(results, name, learner))
    for note in (*_NOTES, *_notes_of(names)):
        results.note(note)
    return {
        "headline": OURS, "results": results, "knows": KNOWS, "comparisons": compared(results),
    }  # fmt: skip


def compared(results):
    """Ours against each peer by steps, but for peers given up before the world's limit."""
    judged = Results()
    for (data, learner, measure), values in results.values.items():
        row = agents_numbers.ROWS.get(learner)
        solved = results.seeds(data, learner, "solved").values()
        if row is None or row.most is None or learner.startswith(OURS) or all(solved):
            judged.values[data, learner, measure] = values
    return compare(judged, "steps", OURS, higher=False)


def _lived(results, name, learner, seeds):
    """A row of a world of numbers; none if what it needs is missing."""
    world = boxes.WORLDS[name]
    row, given = agents_numbers.rows_in(world)[learner], boxes.Given.of(world)
    if row.peer is not None and not installed.is_here(row.peer):
        return
    for seed in list(seeds)[: row.seeds]:
        most = min(world.most, row.most or world.most)
        life = boxes.lived(world, row.make(given, seed), seed, most)
        limit = world.most if learner.startswith(OURS) else most  # a doubt is never for ours
        steps = limit if life.steps is None else life.steps
        results.add(name, learner, "steps", seed, steps)
        results.add(name, learner, "solved", seed, life.steps is not None)
        results.add(name, learner, "kept", seed, life.kept)
        results.add(name, learner, "ms a step", seed, 1e3 * life.seconds / life.lived)


def _notes_of(names):
    """What must be known of the rows of these worlds."""
    if set(names) - set(boxes.WORLDS):
        yield agents.SETTINGS
    for name in names:
        if name in boxes.WORLDS:
            world = boxes.WORLDS[name]
            yield f"{name}: solved at {world.solved:g}, every {world.every} of {world.most} steps"
    if set(names) & set(boxes.WORLDS):
        soon: dict[int | None, list[str]] = {}
        for learner, row in agents_numbers.ROWS.items():
            soon.setdefault(row.most, []).append(learner)
        for most, rows in soon.items():
            if most is not None:
                yield f"given up after {most} steps: {'; '.join(rows)}"
        yield (
            "who is given up sooner is counted with these steps, and not compared; ours with the "
            "world's limit"
        )
        yield agents_dqn.SETTINGS


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
    """A line of a row."""
    steps, solved = (results.seeds(name, learner, what) for what in ("steps", "solved"))
    if not steps:
        return f"{name}, {learner}: left out, what it needs is not installed"
    return f"{name}, {learner}: {quartiles(steps.values())}, {int(sum(solved.values()))} solved"
