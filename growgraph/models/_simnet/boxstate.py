"""A SimNet of a continuous world as arrays and plain values, and back."""

import numpy as np

from growgraph.errors import GraphError
from growgraph.graph import Graph
from growgraph.kernels import _handle as h
from growgraph.kernels.foresee import Model
from growgraph.models import _saved
from growgraph.models._simnet.actions import Actions
from growgraph.models._simnet.box import Box
from growgraph.models._simnet.sense import check_goal
from growgraph.models._simnet.spaces import counted
from growgraph.models._simnet.staying import Home

_LAYOUT = 2  # of the arrays; files of before have another or none
_PLAIN = ("n", "n_refused", "n_plans", "planned", "surprises")


def to_state(model):
    """See :meth:`growgraph.SimNet.to_state`."""
    world, params = model._world, dict(model.get_params(deep=False))
    graph = world.graph.to_state()
    arrays = {f"graph/{k}": v for k, v in graph["arrays"].items()}
    arrays |= {k: v.copy() for k, v in world.statistics().items()}
    intention = params.pop("intention")
    return {
        "arrays": arrays,
        "plain": {
            "graph": graph["plain"], "options": dict(world.options),
            "n_grown": world.controller.n_grown_,
            "params": _saved.plain_params(params), "numbers": world.forward.n_numbers,
            "intention": _plain(check_goal(intention, model._form, model._parts)),
            "goal": _plain(world.goal), "error": world.forward.error,
            "steps": world.forward.n, "actions": model._actions.to_plain(),
            "form": model._form, "parts": model._parts, "layout": _LAYOUT,
            **{name: getattr(world, name) for name in _PLAIN},
        },
    }  # fmt: skip


def _plain(goal):
    return goal.tolist() if isinstance(goal, np.ndarray) else goal


def _thawed(goal):
    return np.array(goal, np.float64) if isinstance(goal, list) else goal


def from_state(cls, arrays, plain):
    """See :meth:`growgraph.SimNet.from_state`."""
    try:
        return _rebuilt(cls, arrays, plain)
    except (AttributeError, GraphError, LookupError, TypeError, ValueError) as error:
        if plain.get("layout") == _LAYOUT:
            raise
        raise GraphError(
            "the model was saved by an earlier version of growgraph: let it learn anew, or load it "
            "with the version that wrote it"
        ) from error


def _rebuilt(cls, arrays, plain):
    model = cls(intention=_thawed(plain["intention"]), **plain["params"])
    model._actions, model._form = Actions(*plain["actions"]), plain["form"]
    model._parts = plain["parts"]
    world = Box(model._actions, plain["options"], plain["numbers"], counted(model._parts))
    world.goal = _thawed(plain["goal"])
    for name in _PLAIN:
        setattr(world, name, plain[name])
    for owner, part in ((world, "box"), (world.forward, "forward"), (world.concepts, "concepts")):
        for name in owner.ARRAYS:
            setattr(owner, name, arrays[f"{part}/{name}"].copy())
    world.forward.n, world.forward.error = plain["steps"], plain["error"]
    world.concepts.graph = Graph.from_state(
        {"arrays": _saved.part(arrays, "graph"), "plain": plain["graph"]}
    )
    world.graph.check()  # before anything walks it: compiled code trusts its arrays
    world.controller.n_grown_ = plain["n_grown"]
    world.concepts.take_values(arrays["concepts/values"])
    if "model/unit" in arrays:
        held = {n: arrays[f"model/{n}"].copy() for n in Model._fields if n != "scale"}
        world.forward.model = Model(scale=world.forward.scale, **held)
    if "home/place" in arrays:
        world.home = Home(*(arrays[f"home/{n}"].copy() for n in ("place", "weight", "tail")))
    _check(world, model._actions.pushes.shape[1])
    model._world = world
    return model


def _check(world, pushes):
    """Raise unless model, concepts and graph fit each other."""
    forward, concepts = world.forward, world.concepts
    many, n = world.n_actions, forward.n_numbers
    living, size = set(world.graph.nodes.tolist()), len(concepts.state_id)
    fits = forward.rows.shape[1:] == (2 * n + 3 + pushes,) and len(forward.rows) == len(
        forward.trust
    )
    fits &= concepts.choice_id.shape == (size, many)
    fits &= len(concepts.places) == len(concepts.felt) == size
    named = (concepts.feature_id, concepts.centre_id, concepts.output_id, concepts.state_id)
    fits &= all(living.issuperset(ids.tolist()) for ids in named)
    fits &= living.issuperset(concepts.choice_id.ravel().tolist())
    fits &= len(concepts.values) in (0, world.graph._store[h.NEXT_ID]) or world.home is not None
    fits &= len(concepts.values) > max(concepts.state_id, default=-1)
    fits &= world.rewards.shape == (4,) and world.starts.shape == (n + 1,)
    fits &= world.last.shape == (n,) and world.risen.shape == (3,)
    if forward.model is not None:
        fits &= _sized(forward.model, many, concepts)
    if not fits:
        raise GraphError("the model is broken: its statistics do not fit its graph")


def _sized(model, many, concepts):
    """Whether the arrays of a model are as large as each other says."""
    c, d = model.scale.shape[1], concepts.feature_id.size
    k = len(concepts.centre_id)
    return (
        d == c + int(model.scale[0].sum()) and model.centres.shape == (d, k)
        and model.weights.shape == (many, c + 1, 1 + d + k)
        and model.unit.shape == (c + 1,) and model.lived.shape[1:] == (d + 1,)
        and model.bounds.shape == (5, c) and model.sizes.shape == (5,)
        and model.ends.size in (0, 1 + d + d * (d + 1) // 2) and model.goal.size in (0, d + 1)
        and concepts.output_id.size == many * (c + 1)
    )  # fmt: skip
