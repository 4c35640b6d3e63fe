"""A ResoNet as arrays and plain values, and back."""

from typing import Any

import numpy as np

from growgraph.models import _saved
from growgraph.models._check import check_core
from growgraph.models._record import Record
from growgraph.models._resonet.check_council import check_council
from growgraph.models._resonet.concepts import Concepts
from growgraph.models._resonet.core import OWN, Core
from growgraph.models._resonet.council import Council
from growgraph.models._resonet.evidence import Evidence
from growgraph.senses import Retina, Table

_SENSES: dict[str, Any] = {"retina": Retina, "table": Table}


def to_state(model):
    """See :meth:`growgraph.ResoNet.to_state`."""
    state = _saved.with_door(core_state(model._core), model)
    state["plain"] |= {
        "classes": model.classes_.tolist(), "arrived": model._core.classes,
        "dtype": model.classes_.dtype.str, "infant_labels": model._infant_y or [],
    }  # fmt: skip
    return state


def from_state(cls, state):
    """See :meth:`growgraph.ResoNet.from_state`."""
    arrays, plain = state["arrays"], state["plain"]
    model = _saved.reopened(cls, state)
    model._core = core_of(arrays, plain, plain["arrived"])
    if model._infant is not None:
        model._infant_y = plain["infant_labels"]
    dtype = object if plain["dtype"] == "|O" else plain["dtype"]
    model.classes_ = np.array(plain["classes"], dtype)
    return model


def core_state(core):
    """A core as arrays and plain values; what is derived is written first."""
    core.derive()
    return _saved.packed(core, core.sense, core.options, core.statistics())


def core_of(arrays, plain, classes):
    """Rebuild a core; see :func:`core_state`."""
    core = object.__new__(Core)
    core.options = plain["options"]
    core.sense = _SENSES[plain["kind"]].from_state(_saved.part(arrays, "sense"), plain["sense"])
    _saved.unpack(core, arrays, plain)
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
    core.council = None
    if plain["kind"] == "table":
        core.council = Council.from_arrays(_saved.part(arrays, "council"))
    check_core(core)
    if core.council is not None:
        check_council(core)
    core.settle()
    return core
