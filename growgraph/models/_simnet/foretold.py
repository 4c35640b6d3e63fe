"""A future followed step by step in a continuous world."""

import numpy as np

from growgraph.kernels.foresee import OPEN, UNKNOWN, trace
from growgraph.models._simnet.staying import plans_of, played


def follow(world, key, action, horizon, curious):
    """The path of an action, then of the best ones: (list of (place, action), how it goes on)."""
    forward = world.forward
    place, path = forward.places(key[None])[0], []
    plan = _plan(world, place, action) if world.home is not None else [action]
    for step in range(horizon):
        planned = int(plan[step]) if step < len(plan) else -1
        action = planned if planned >= 0 else _next(world, place, curious)
        path.append((place, action))
        place, end = after(world, place, action)
        if end == UNKNOWN:
            return path, "unknown"
        if end != OPEN:
            return [*path, (place, None)], "goal" if _arrived(forward, place) else "end"
    return [*path, (place, None)], "horizon"


def _arrived(forward, place):
    """Whether a place is the goal, if there is one: an episode may end elsewhere, too."""
    goal = forward.model.goal
    if not goal.size:
        return False
    return bool(((forward.feel(place[None])[0] - goal[:-1]) ** 2).sum() <= goal[-1] ** 2)


def after(world, place, action):
    """Where a step leads, and how it goes on; to stay, all is thought to be known."""
    place = place.copy()
    end = trace(world.forward.model, place, action, world.home is None)
    return place, int(end)


def _next(world, place, curious):
    numbers = world.forward.numbers(place)
    return int(np.argmax(world.worth(numbers, curious)))


def _plan(world, place, action):
    """The cheapest plan that begins with an action."""
    plans = plans_of(world.n_actions, world.options["seed"], world.n)
    plans = plans[plans[:, 0] == action]
    return plans[played(world.forward, world.home, place, plans).argmin()]
