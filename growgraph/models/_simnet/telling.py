"""What SimNet tells: imagined futures with their inertia, why it acts so, what it knows."""

from dataclasses import dataclass, field

import numpy as np

from growgraph.growth import GrowthLog
from growgraph.models._asked import Asked
from growgraph.models._simnet import living
from growgraph.models._simnet.world import TIE
from growgraph.models._told import Knowledge
from growgraph.models.base import Explanation


@dataclass(frozen=True)
class Alternative:
    """One imagined future.

    Attributes
    ----------
    action : int, float or tuple
        Its first, as the environment calls it.
    worth : float
        What is expected of it.
    inertia : float
        What is hoped for less what is expected, with credit for what might still be found: how much
        would have to change for the best to come true.
    nats : float
        Ontological inertia, of the path alone and not of rewards: the surprise of each step, -ln
        p(outcome), and ln(states + 1) for a state that would have to grow. It is told and not acted
        by: what the less likely outcomes bring would not count.
    sure : float in [0, 1]
        Probability of all outcomes on the path.
    path : tuple of (state, action)
        Each state imagined and what is done there; the last has action None.
    ends : str
        "goal", "end", "unknown", "loop" or "horizon".
    """

    action: int
    worth: float
    inertia: float
    nats: float
    sure: float
    path: tuple = field(repr=False)
    ends: str


@dataclass(frozen=True)
class Imagination:
    """Alternatives in a state, the one it takes first; ``str()`` tells them.

    Attributes
    ----------
    state : int, str or tuple
    hope : float
        The most that can be hoped for.
    alternatives : tuple of Alternative
    """

    state: object
    hope: float
    alternatives: tuple

    def __str__(self):
        lines = [f"in state {in_words(self.state)}, hoping for {self.hope:.4g}"]
        if not self.alternatives:
            lines.append("  nothing can be imagined here yet: any action is as good")
        for one in self.alternatives:
            shown = [in_words(state) for state, _ in one.path[:8]]
            more = f" ... ({len(one.path) - 8} more)" if len(one.path) > 8 else ""
            lines.append(
                f"  action {one.action}: worth {one.worth:.4g}, inertia {one.inertia:.4g}, "
                f"{one.nats:.3g} nats: {' -> '.join(shown)}{more} [{one.ends}]"
            )
        return "\n".join(lines)


def in_words(state, digits=3):
    """A state as text: of numbers with fractions so many digits each.

    Examples
    --------
    >>> in_words((0.0011821624357, -0.25, 3.0)), in_words((1, 2)), in_words("hall")
    ('(0.00118, -0.25, 3)', '(1, 2)', "'hall'")
    """
    if isinstance(state, tuple) and any(isinstance(v, float) for v in state):
        return f"({', '.join(f'{v:.{digits}g}' for v in state)})"
    return repr(state)


def imagine(world, key, horizon, curious, actions):
    """See :meth:`growgraph.SimNet.imagine`."""
    choices = world.choices(key)
    if choices is None:
        return Imagination(key, world.hope, ())
    worth = world.values if curious else world.known()
    of, draw = _keys_of(world), living.draw(world)
    acted, told = actions.tell(world.best(key, curious, draw)), []
    for action, choice in enumerate(choices.tolist()):
        path, nats, sure, ends = _followed(world, of, key, action, horizon, curious, draw)
        told.append(Alternative(
            actions.tell(action), float(worth[choice]), world.hope - float(world.values[choice]),
            nats, sure, shown(path, actions), ends,
        ))  # fmt: skip
    told.sort(key=lambda one: (one.action != acted, -one.worth, one.inertia, one.action))
    return Imagination(key, world.hope, tuple(told))


def shown(path, actions):
    """A path with its actions as the environment calls them."""
    return tuple((state, None if a is None else actions.tell(a)) for state, a in path)


def _keys_of(world):
    """The state or end that a node stands for: node -> (key, whether it is an end)."""
    ids = world.state_id.all.tolist()
    of = {node: (key, False) for node, key in zip(ids, world.keys, strict=True)}
    return of | {node: (key, True) for key, node in world.end_id.items()}


def _followed(world, of, key, action, horizon, curious, draw):
    """The likeliest path of an action, then of those it would act: (path, nats, likely, how)."""
    path, nats, sure, met = [], 0.0, 1.0, {key}
    for _ in range(horizon):
        path.append((key, action))
        to, p, nu = expected(world, int(world.choices(key)[action]))
        if to is None:
            return path, nats + np.log(len(world.keys) + 1), sure, "unknown"
        nats, sure = nats - float(np.log((1 - nu) * p)), sure * (1 - nu) * p
        key, end = of[to]
        if end or key == world.goal:
            path.append((key, None))
            return path, nats, sure, "goal" if key == world.goal else "end"
        if key in met:
            path.append((key, None))
            return path, nats, sure, "loop"
        met.add(key)
        action = world.best(key, curious, draw)
    path.append((key, None))
    return path, nats, sure, "horizon"


def expected(world, choice):
    """(node it most likely leads to, its probability, probability of one never met); None: none."""
    graph, counts = world.graph, world.counts
    block = world.block(choice)
    n, d = float(block.sum()), int(np.count_nonzero(block))
    if d == 0:
        return None, 0.0, 1.0
    best = int(block.argmax())
    alpha = counts.alpha if d > 1 else 0.0
    p = (float(block[best]) + alpha / d) / (n + alpha)
    return int(graph.delayed_sources(choice)[0][best]), p, counts.gain(int(n), d)


def explain(model, world, key, actions):
    """See :meth:`growgraph.SimNet.explain`."""
    told = imagine(world, key, 100, False, actions)
    if not told.alternatives:
        text = f"state {key!r} was never met: nothing can be imagined, any action is as good"
        asked = Asked(model, world.graph, -1, parts={})
        return Explanation(text, {"state": key, "met": False}, asked)
    best, rest = told.alternatives[0], told.alternatives[1:]
    rival = rest[0] if rest else None
    choice = int(world.choices(key)[actions.number(best.action)])
    trials = int(world.block(choice).sum())
    node = int(world.state_id.all[world.place[key]])
    data = {
        "state": key, "met": True, "action": best.action, "worth": best.worth,
        "inertia": best.inertia, "trials": trials, "sure": best.sure, "ends": best.ends,
        "path": best.path, "intention": world.aim, "rival": rival and rival.action,
        "margin": None if rival is None else best.worth - rival.worth,
        "grown_because": GrowthLog(world.graph).why(node),
    }  # fmt: skip
    lines = [
        f"action {best.action} in state {key!r}: worth {best.worth:.4g}; it was made {trials} "
        f"times here, and the path imagined is {best.sure:.0%} likely ({best.ends} after "
        f"{len(best.path) - 1} steps).",
        f"It serves the intention to {world.aim}.",
    ]
    if rival is not None:
        lines.append(beside(best, rival, TIE))
    asked = Asked(model, world.graph, choice, parts=_on_the_way(world, best, actions))
    return Explanation("\n".join([*lines, data["grown_because"]]), data, asked)


def beside(best, rival, tie):
    """What a rival lacks, as a sentence; as good is what lacks less than ``tie`` of the best."""
    margin = best.worth - rival.worth
    alike = margin <= tie * abs(best.worth)
    what = "is as good" if alike else f"would be chosen if it were worth {margin:.4g} more"
    return f"Action {rival.action} {what}."


def _on_the_way(world, future, actions):
    """States, ends and choices of an imagined future, and how likely it comes to each."""
    sure = 1.0
    parts: dict[int, float] = {}
    for key, action in future.path:
        ended = action is None and (future.ends == "end" or key not in world.place)
        node = world.end_id[key] if ended else int(world.state_id.all[world.place[key]])
        parts[node] = max(sure, parts.get(node, 0.0))
        if action is not None:
            choice = int(world.choices(key)[actions.number(action)])
            parts[choice] = max(sure, parts.get(choice, 0.0))
            _, p, nu = expected(world, choice)
            sure *= (1 - nu) * p
    return parts


def knowledge(world):
    """See :meth:`growgraph.SimNet.knowledge`."""
    n, a = len(world.keys), world.n_actions
    known, choices = world.known(), world.choice_id.all.reshape(n, a)
    table = np.zeros(n, [
        ("state", f"U{max([1, *(len(str(key)) for key in world.keys)])}"), ("trials", int),
        ("untried", int), ("outcomes", int), ("surprise", float), ("worth", float),
        ("curiosity", float),
    ])  # fmt: skip
    for row, key, ids in zip(table, world.keys, choices.tolist(), strict=True):
        blocks = [world.block(i) for i in ids]
        row["state"], row["trials"] = str(key), int(sum(b.sum() for b in blocks))
        row["untried"] = sum(not b.any() for b in blocks)
        row["outcomes"] = sum(int(np.count_nonzero(b)) for b in blocks)
        told = [expected(world, i) for i in ids]
        felt = [-np.log((1 - nu) * p) for to, p, nu in told if to is not None]
        row["surprise"] = np.mean(felt) if felt else np.nan
        row["curiosity"] = max(nu for *_, nu in told)
        row["worth"] = known[ids].max()
    return table.view(Knowledge)
