"""The protocol of agents: steps until a world is solved, the same for all.

Evaluations cost no steps; an agent that does not solve a world is given its limit. Before the
first seed a life is lived that is not counted, so that what is loaded once is not timed.
"""

from growgraph.bench import peers as installed
from growgraph.bench.learning import agents, agents_dqn, agents_numbers, boxes, worlds
from growgraph.bench.learning.agents import OURS
from growgraph.bench.learning.report import quartiles
from growgraph.bench.learning.results import Results, compare
from growgraph.errors import DataError

SEEDS = range(501, 511)  # apart from those any setting was tried on (100-115)
_BEFORE = 500  # seed of the life that is not counted
_MOST_IN_A_MAZE = 30_000
_WARM, _SHORT = 1000, 100  # steps of the life that is not counted; in a quick run
_MAZES = (worlds.MAZE, worlds.MOVED)

KNOWN = (*worlds.WORLDS, *_MAZES, *boxes.WORLDS)
KNOWS = agents.KNOWS | {name: row.knows for name, row in agents_numbers.ROWS.items()}
_NOTES = (
    "steps: median [quartiles] over seeds; solved: of how many seeds, within the limit",
    "ms a step: CPU of acting and learning alone, without the world and evaluations; a life of "
    f"another seed, {_WARM} steps at most, is lived before, so that all is loaded",
    "worlds of states: the first of five exact evaluations in a row that reach the threshold; in "
    "mazes the second of two trips in a row near the shortest",
    f"{worlds.MOVED}: steps after it was moved; who keeps a model is told the new one, and no more",
    f"worlds of numbers: the first evaluation ({boxes.EPISODES} episodes, always of the same "
    f"starts) that reaches the threshold; kept: share of the {boxes.AGAIN} next ones that do too",
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
    if set(names) - set(_MAZES) and not installed.is_here("gymnasium"):
        raise DataError(
            "these worlds are Gymnasium's: pip install 'growgraph[gym]', or take --only "
            f"'{', '.join(_MAZES)}'"
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
        seeds, warm = (SEEDS[:2], _SHORT) if plan.quick else (SEEDS, _WARM)
        with installed.one_thread(), installed.quiet():
            for learner in filter(plan.takes, methods(name)):
                measured = _lived if name in boxes.WORLDS else _solved
                measured(results, name, learner, seeds, warm)
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


def _lived(results, name, learner, seeds, warm):
    """A row of a world of numbers; none if what it needs is missing."""
    world = boxes.WORLDS[name]
    row, given = agents_numbers.rows_in(world)[learner], boxes.Given.of(world)
    if row.peer is not None and not installed.is_here(row.peer):
        return
    most = min(world.most, row.most or world.most)
    boxes.lived(world, row.make(given, _BEFORE), _BEFORE, min(most, warm))
    for seed in seeds:
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


def _solved(results, name, learner, seeds, warm):
    """A row of a world of states."""
    most = _MOST_IN_A_MAZE if name in _MAZES else worlds.WORLDS[name].most
    _one(name, learner, _BEFORE, min(most, warm))
    for seed in seeds:
        steps, recovery, agent = _one(name, learner, seed, most)
        if name == worlds.MAZE:
            results.add(name, learner, "recovery", seed, most if recovery is None else recovery)
        results.add(name, learner, "steps", seed, most if steps is None else steps)
        results.add(name, learner, "solved", seed, steps is not None)
        results.add(name, learner, "ms a step", seed, 1e3 * agent.seconds / agent.lived)


def _one(name, learner, seed, most):
    """Steps to solve a world of states, to recover, and the agent, timed."""
    make = agents.LEARNERS[learner]
    if name in _MAZES:
        agent = worlds.Timed(make(144, 4, seed))
        if name == worlds.MOVED:
            return worlds.with_a_goal_moved(agent, seed, most), None, agent
        steps, recovery = worlds.in_a_maze(agent, seed, most)
        return steps, recovery, agent
    world = worlds.WORLDS[name]
    env = worlds.made(world)
    agent = worlds.Timed(make(int(env.observation_space.n), int(env.action_space.n), seed))
    return worlds.steps_to_solve(world, agent, seed, most), None, agent


def _in_words(results, name, learner):
    """A line of a row."""
    steps, solved = (results.seeds(name, learner, what) for what in ("steps", "solved"))
    if not steps:
        return f"{name}, {learner}: left out, what it needs is not installed"
    return f"{name}, {learner}: {quartiles(steps.values())}, {int(sum(solved.values()))} solved"
