"""What all models keep in a file, and how they come back: graph, sense, kept rows, parameters."""

import numpy as np

from growgraph.graph import Graph
from growgraph.growth import GrowthController
from growgraph.growth.elders import check_elders
from growgraph.senses import Rows


# ---- a core -------------------------------------------------------------------------------------
def packed(holder, sense, options, statistics):
    """A core as arrays and plain values.

    Parameters
    ----------
    holder
        What has the ``graph`` and the ``controller``.
    sense
        With ``kind`` and ``to_state``.
    options : dict
    statistics : dict of str to ndarray
        What serves only further learning and telling; copied.
    """
    graph, (told, plain) = holder.graph.to_state(), sense.to_state()
    arrays = {f"graph/{k}": v for k, v in graph["arrays"].items()}
    arrays.update({k: v.copy() for k, v in statistics.items()})
    arrays.update({f"sense/{k}": np.asarray(v).copy() for k, v in told.items()})
    return {
        "arrays": arrays,
        "plain": {
            "graph": graph["plain"], "sense": plain, "kind": sense.kind, "options": options,
            "n_grown": holder.controller.n_grown_,
        },
    }  # fmt: skip


def part(arrays, name):
    """The arrays whose names begin with ``name/``, without it."""
    n = len(name) + 1
    return {k[n:]: v for k, v in arrays.items() if k.startswith(f"{name}/")}


def unpack(holder, arrays, plain):
    """Give back the graph, checked, and the controller that :func:`packed` was told of."""
    holder.graph = Graph.from_state({"arrays": part(arrays, "graph"), "plain": plain["graph"]})
    holder.graph.check()  # before anything walks it: compiled code trusts its arrays
    check_elders(holder.graph)
    holder.controller = GrowthController([], intention="see")
    holder.controller.n_grown_ = plain["n_grown"]


# ---- the door -----------------------------------------------------------------------------------
def with_door(state, model):
    """The state of a core with what the estimator holds besides: targets of kept rows excepted."""
    infant = model._infant
    if infant is not None:
        state["arrays"]["infant/numbers"] = infant.numbers
    state["plain"] |= {
        "params": plain_params(model.get_params(deep=False)),
        "n_samples_seen": model.n_samples_seen_, "n_features_in": model.n_features_in_,
        "infant_marks": None if infant is None else [[r, *k] for r, k in infant.marks],
        "feature_names": getattr(model, "feature_names_in_", np.empty(0)).tolist(),
    }  # fmt: skip
    return state


def reopened(cls, state):
    """An estimator as :func:`with_door` was shown it; its core is still to be set."""
    arrays, plain = state["arrays"], state["plain"]
    model = cls(**as_given(plain["params"]))
    model._infant = model._infant_y = None
    model._asked = {}
    if plain["infant_marks"] is not None:
        marks = [(row, (name, value)) for row, name, value in plain["infant_marks"]]
        model._infant = Rows(arrays["infant/numbers"].copy(), marks)
    model.n_samples_seen_, model.n_features_in_ = plain["n_samples_seen"], plain["n_features_in"]
    if plain["feature_names"]:
        model.feature_names_in_ = np.array(plain["feature_names"], object)
    return model


def as_given(params):
    """Constructor parameters from :func:`plain_params`: JSON knows no tuples."""
    shape = params.get("image_shape")
    return params if shape is None else params | {"image_shape": tuple(shape)}


def plain_params(params):
    """Constructor parameters as JSON holds them; what cannot be saved becomes None."""
    plain = {}
    for name, value in params.items():
        if isinstance(value, (np.integer, np.floating, np.bool_)):
            value = value.item()
        if isinstance(value, tuple):
            value = [int(v) for v in value]
        plain[name] = value if isinstance(value, (int, float, str, bool, list)) else None
    return plain
