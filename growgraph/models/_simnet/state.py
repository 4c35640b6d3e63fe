"""A SimNet as arrays and plain values, and back."""

from growgraph.errors import GraphError
from growgraph.graph import Graph
from growgraph.growth import GrowthController
from growgraph.kernels.plan import NU_D, NU_N
from growgraph.models import _saved
from growgraph.models._simnet import boxstate
from growgraph.models._simnet.actions import Actions
from growgraph.models._simnet.box import Box
from growgraph.models._simnet.counts import ALPHAS, Column
from growgraph.models._simnet.sense import key_of, thawed
from growgraph.models._simnet.world import World


def to_state(model):
    """See :meth:`growgraph.SimNet.to_state`."""
    if isinstance(model._world, Box):
        return boxstate.to_state(model)
    world, params = model._world, dict(model.get_params(deep=False))
    graph = world.graph.to_state()
    arrays = {f"graph/{k}": v for k, v in graph["arrays"].items()}
    arrays |= {k: v.copy() for k, v in world.statistics().items()}
    arrays |= {f"awaited/{k}": v for k, v in world.awaited.to_arrays().items()}
    params.pop("intention")
    goal = None if model.intention is None else key_of(model.intention)
    return {
        "arrays": arrays,
        "plain": {
            "graph": graph["plain"], "options": dict(world.options),
            "n_grown": world.controller.n_grown_,
            "params": _saved.plain_params(params), "intention": goal, "goal": world.goal,
            "keys": list(world.keys), "ends": [[key, node] for key, node in world.end_id.items()],
            "n": world.n, "n_refused": world.n_refused, "n_plans": world.n_plans,
            "settled": world.settled,
            "actions": model._actions.to_plain(), "form": model._form,
        },
    }  # fmt: skip


def from_state(cls, state):
    """See :meth:`growgraph.SimNet.from_state`."""
    arrays, plain = state["arrays"], state["plain"]
    if "numbers" in plain:
        return boxstate.from_state(cls, arrays, plain)
    model = cls(intention=thawed(plain["intention"]), **plain["params"])
    model._actions, model._form = Actions(*plain["actions"]), plain["form"]
    model._parts = None
    model._world = _world(arrays, plain)
    return model


def _world(arrays, plain):
    world = World(plain["actions"][0], plain["options"])
    world.graph = Graph.from_state(
        {"arrays": _saved.part(arrays, "graph"), "plain": plain["graph"]}
    )
    world.graph.check()  # before anything walks it: compiled code trusts its arrays
    world.controller = GrowthController([])
    world.controller.n_grown_ = plain["n_grown"]
    world.goal = thawed(plain["goal"])
    for name in ("n", "n_refused", "n_plans", "settled"):
        setattr(world, name, plain[name])
    world.keys = [thawed(key) for key in plain["keys"]]
    world.place = {key: i for i, key in enumerate(world.keys)}
    world.end_id = {thawed(key): node for key, node in plain["ends"]}
    counts = world.counts
    for name in counts.ARRAYS:
        setattr(counts, name, arrays[f"counts/{name}"].copy())
    for name in counts.COLUMNS:
        setattr(counts, name, _column(arrays[f"counts/{name}"]))
    world.state_id, world.choice_id, world._values = (
        _column(arrays[f"world/{name}"]) for name in ("states", "choices", "values")
    )
    world.awaited.take(arrays["awaited/whole"], arrays["awaited/part"])
    _check(world)
    world.paths = _paths(world)
    return world


def _column(values):
    return Column(values, values.dtype)


def _check(world):
    """Raise unless statistics and graph fit each other."""
    counts, graph = world.counts, world.graph
    n, rows = len(world.keys), len(world.choice_id)
    living = set(graph.nodes.tolist())
    fits = len(world.state_id) == n and rows == n * world.n_actions == len(counts.first)
    fits &= len(counts.follow) == len(counts.reward) and len(world.place) == n
    fits &= counts.trials.shape == counts.news.shape == (NU_N, NU_D)
    fits &= counts.score.shape == ALPHAS.shape and counts.rewards.shape == (4,)
    named = [*world.state_id.all.tolist(), *world.choice_id.all.tolist(), *world.end_id.values()]
    fits &= living.issuperset(named) and len(world.values) > max(living, default=-1)
    if fits:
        fits = all(_chain(counts, row, world.block(int(choice)).size) is not None
                   for row, choice in enumerate(world.choice_id.all))  # fmt: skip
    if not fits:
        raise GraphError("the model is broken: its statistics do not fit its graph")


def _chain(counts, row, size):
    """Places of a choice's outcomes, None if there are not so many."""
    place = int(counts.first.all[row])
    found: list[int] = []
    while 0 <= place < len(counts.follow) and len(found) <= size:
        found.append(place)
        place = int(counts.follow.all[place])
    return found if len(found) == size and place == -1 else None


def _paths(world):
    """Where each outcome of a choice is counted, see :class:`World`."""
    paths = {}
    for row, choice in enumerate(world.choice_id.all.tolist()):
        to = world.graph.delayed_sources(choice)[0].tolist()
        chain = _chain(world.counts, row, len(to))
        for edge, (node, place) in enumerate(zip(to, chain, strict=True)):
            paths[choice, node] = place, edge
    return paths
