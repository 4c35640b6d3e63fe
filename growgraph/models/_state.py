"""A ResoNet as arrays and plain values, and back."""

import numpy as np

from growgraph.models import _door
from growgraph.models._core import Core
from growgraph.senses import Retina, Rows, Table

_SENSES = {"retina": Retina, "table": Table}


def to_state(model):
    """See :meth:`growgraph.ResoNet.to_state`."""
    state, infant = model._core.to_state(), model._infant
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
    model._core = Core.from_state(arrays, plain, plain["arrived"], _SENSES)
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
