"""What SimNet tells of a continuous world: imagined futures, why it acts so, what it knows."""

import numpy as np

from growgraph.growth import GrowthLog
from growgraph.models._asked import Asked
from growgraph.models._resonet.explain import Knowledge
from growgraph.models._simnet import living
from growgraph.models._simnet.box import BOX_TIE
from growgraph.models._simnet.foretold import follow
from growgraph.models._simnet.telling import Alternative, Imagination, beside, in_words, shown
from growgraph.models.base import Explanation


def _state(world, place):
    """A place as numbers that can be read."""
    return tuple(round(float(v), 6) for v in world.forward.numbers(place))


def imagine(world, key, horizon, curious, actions):
    """See :meth:`growgraph.SimNet.imagine`."""
    worth = world.worth(key, curious)
    state = tuple(float(v) for v in key)
    if worth is None:
        return Imagination(state, world.hope, ())
    best = worth.max() if world.home is not None else world.hope
    hoped = worth if curious else world.worth(key, True)
    told = []
    for action in range(world.n_actions):
        path, ends = follow(world, key, action, horizon, curious)
        known = 0.0 if ends == "unknown" else 1.0
        nats = float(np.log(len(world.concepts.state_id) + 2)) if ends == "unknown" else 0.0
        told.append(Alternative(
            actions.tell(action), float(worth[action]), float(best - hoped[action]), nats, known,
            shown([(_state(world, p), a) for p, a in path], actions), ends,
        ))  # fmt: skip
    acted = actions.tell(world.best(key, curious, living.draw(world)))
    told.sort(key=lambda one: (one.action != acted, -one.worth, one.inertia, one.action))
    return Imagination(state, float(best), tuple(told))


def explain(model, world, key, actions):
    """See :meth:`growgraph.SimNet.explain`."""
    told = imagine(world, key, 100, False, actions)
    if not told.alternatives:
        at = in_words(told.state)
        text = f"too little was lived to imagine anything at {at}: any action is as good"
        asked = Asked(model, world.graph, -1, parts={})
        return Explanation(text, {"state": told.state, "met": False}, asked)
    best, rest = told.alternatives[0], told.alternatives[1:]
    rival = rest[0] if rest else None
    node = _nearest(world, key)
    why = GrowthLog(world.graph).why(node)
    data = {
        "state": told.state, "met": True, "action": best.action, "worth": best.worth,
        "inertia": best.inertia, "error": world.forward.error, "sure": best.sure,
        "ends": best.ends, "path": best.path, "intention": world.aim,
        "rival": rival and rival.action, "margin": rival and best.worth - rival.worth,
        "grown_because": why,
    }  # fmt: skip
    lines = [
        f"action {best.action} at {in_words(told.state)}: worth {best.worth:.4g}; the path "
        f"imagined has {len(best.path) - 1} steps ({best.ends}), and a step is foreseen to "
        f"{world.forward.error:.1%} of its usual size.",
        f"It serves the intention to {world.aim}.",
    ]
    if rival is not None:
        lines.append(beside(best, rival, BOX_TIE))
    asked = Asked(model, world.graph, node, parts={node: 1.0})
    return Explanation("\n".join([*lines, why]), data, asked)


def _nearest(world, key):
    """The node of the nearest concept, or of the model where there is none."""
    concepts = world.concepts
    if not len(concepts.state_id) or world.home is not None:
        return int(concepts.output_id[0])
    felt = world.forward.feel(world.forward.places(key[None]))[0]
    near = int(((concepts.felt - felt) ** 2).sum(axis=1).argmin())
    return int(concepts.state_id[near])


def knowledge(world):
    """See :meth:`growgraph.SimNet.knowledge`: a row a concept."""
    concepts, forward = world.concepts, world.forward
    n = len(concepts.state_id) if world.home is None else 0
    names = [str(_state(world, place)) for place in concepts.places[:n]]
    table = np.zeros(n, [
        ("state", f"U{max([1, *map(len, names)])}"), ("trials", int), ("untried", int),
        ("outcomes", int), ("surprise", float), ("worth", float), ("curiosity", float),
    ])  # fmt: skip
    if not n:
        return table.view(Knowledge)
    lived = forward.feel(forward.places(forward.rows[:, : forward.n_numbers]))
    nearest = [((concepts.felt - one) ** 2).sum(axis=1).argmin() for one in lived]
    table["state"], table["surprise"] = names, forward.error
    table["trials"] = np.bincount(nearest, minlength=n)
    known = world.known()
    for row, state, ids in zip(table, concepts.state_id, concepts.choice_id, strict=True):
        unsure = np.array([world.graph.node(i)["p0"] for i in ids.tolist()])
        row["untried"], row["curiosity"] = int((unsure > 0).sum()), unsure.max()
        row["outcomes"] = sum(
            int(np.count_nonzero(world.graph.delayed_sources(i)[1])) for i in ids.tolist()
        )
        row["worth"] = known[state]
    return table.view(Knowledge)


def plan(world, actions, draw):
    """The best action at each concept."""
    if world.home is not None or world.forward.model is None:
        return {}
    numbers = [world.forward.numbers(place) for place in world.concepts.places]
    return {tuple(n.tolist()): actions.tell(world.best(n, False, draw)) for n in numbers}
