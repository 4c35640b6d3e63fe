"""A ResoNet as arrays and plain values, and back."""

from typing import Any

import numpy as np

from growgraph.graph import Graph
from growgraph.growth import GrowthController
from growgraph.models import _door
from growgraph.models._check import check_core
from growgraph.models._record import Record
from growgraph.models._resonet.check_council import check_council
from growgraph.models._resonet.concepts import Concepts
from growgraph.models._resonet.core import OWN, Core
from growgraph.models._resonet.council import Council
from growgraph.models._resonet.evidence import Evidence
from growgraph.senses import Retina, Rows, Table

_SENSES: dict[str, Any] = {"retina": Retina, "table": Table}


def to_state(model):
    """See :meth:`growgraph.ResoNet.to_state`."""
    state, infant = core_state(model._core), model._infant
    if infant is not None:
        state["arrays"]["infant/numbers"] = infant.numbers
    state["plain"] |= {
        "params": _door.plain_params(model.get_params(deep=False)),
        "n_samples_seen": model.n_samples_seen_, "n_features_in": model.n_features_in_,
        "classes": model.classes_.tolist(), "arrived": model._core.classes,
        "dtype": model.classes_.dtype.str, "infant_labels": model._infant_labels,
        "infant_marks": None if infant is None else [[r, *k] for r, k in infant.marks],
        "feature_names": getattr(model, "feature_names_in_", np.empty(0)).tolist(),
    }  # fmt: skip
    return state


def from_state(cls, state):
    """See :meth:`growgraph.ResoNet.from_state`."""
    arrays, plain = state["arrays"], state["plain"]
    params = dict(plain["params"])
    if params["image_shape"] is not None:
        params["image_shape"] = tuple(params["image_shape"])
    model = cls(**params)
    model._core = core_of(arrays, plain, plain["arrived"])
    model._infant, model._infant_labels = None, plain["infant_labels"]
    if plain["infant_marks"] is not None:
        marks = [(row, (name, value)) for row, name, value in plain["infant_marks"]]
        model._infant = Rows(arrays["infant/numbers"].copy(), marks)
    dtype = object if plain["dtype"] == "|O" else plain["dtype"]
    model.classes_ = np.array(plain["classes"], dtype)
    model.n_samples_seen_, model._asked = plain["n_samples_seen"], {}
    model.n_features_in_ = plain["n_features_in"]
    if plain["feature_names"]:
        model.feature_names_in_ = np.array(plain["feature_names"], object)
    return model


def core_state(core):
    """A core as arrays and plain values; what is derived is written first."""
    core.derive()
    graph, (sense, plain) = core.graph.to_state(), core.sense.to_state()
    arrays = {f"graph/{k}": v for k, v in graph["arrays"].items()}
    arrays.update({k: v.copy() for k, v in core.statistics().items()})
    arrays.update({f"sense/{k}": v.copy() for k, v in sense.items()})
    return {
        "arrays": arrays,
        "plain": {
            "graph": graph["plain"], "sense": plain, "kind": core.sense.kind,
            "options": core.options, "n_grown": core.controller.n_grown_,
        },
    }  # fmt: skip


def core_of(arrays, plain, classes):
    """Rebuild a core; see :func:`core_state`."""

    def part(name):
        n = len(name) + 1
        return {k[n:]: v for k, v in arrays.items() if k.startswith(f"{name}/")}

    core = object.__new__(Core)
    core.options = plain["options"]
    core.sense = _SENSES[plain["kind"]].from_state(part("sense"), plain["sense"])
    core.graph = Graph.from_state({"arrays": part("graph"), "plain": plain["graph"]})
    core.graph.check()  # before anything walks it: compiled code trusts its arrays
    core.controller = GrowthController([], intention="see")
    core.controller.n_grown_ = plain["n_grown"]
    core.prenatal = core.graph.groups["evidence"].size
    places = core.sense.window_names(core.graph)
    core.concepts = Concepts(arrays["concepts/win"], arrays["concepts/floor"], core.most, places)
    core.evidence, core.record = Evidence(0, core.sense.settings), Record()
    for name, held in (("concepts", core.concepts), ("evidence", core.evidence),
                       ("record", core.record)):  # fmt: skip
        for key in held.ARRAYS:  # a file may name these, no other attribute
            setattr(held, key, arrays[f"{name}/{key}"].copy())
    for name in OWN:
        setattr(core, name, arrays[name].copy())
    core.classes = list(classes)
    core.council = Council.from_arrays(part("council")) if plain["kind"] == "table" else None
    check_core(core)
    if core.council is not None:
        check_council(core)
    core.settle()
    return core
