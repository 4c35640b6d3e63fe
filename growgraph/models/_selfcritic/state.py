"""A SelfCriticNet as arrays and plain values, and back."""

import numpy as np

from growgraph.errors import GraphError
from growgraph.models import _saved
from growgraph.models._resonet.state import core_of, core_state
from growgraph.models._selfcritic.guest import Guest, from_params, params_of
from growgraph.models._selfcritic.kept import Kept, numbers_of
from growgraph.models._selfcritic.learner import KEPT, Learner, rooms
from growgraph.senses import Rows


def to_state(model):
    """See :meth:`growgraph.SelfCriticNet.to_state`."""
    learner = model._learner
    state = _saved.with_door(core_state(learner.core), model)
    state["arrays"] |= {k: v.copy() for k, v in learner.statistics().items()}
    marks = {name: getattr(learner, name).to_state()[1] for name in KEPT}
    state["plain"] |= {
        "classes": model.classes_.tolist(), "dtype": model.classes_.dtype.str,
        "arrived": learner.arrived, "grown": list(learner.core.classes), "marks": marks,
        "infant_labels": learner._infant_y or [],
    }  # fmt: skip
    if learner.guest is not None:
        arrays, told = learner.guest.to_state()
        state["arrays"] |= {f"guest/{k}": v for k, v in arrays.items()}
        state["plain"] |= {"guest": told, "holds": [told["class"], *told["plain"].get("holds", ())]}
        state["plain"]["estimator"] = params_of(model.estimator)
    return state


def from_state(cls, state):
    """See :meth:`growgraph.SelfCriticNet.from_state`."""
    arrays, plain = state["arrays"], state["plain"]
    model = _saved.reopened(cls, state)
    model.estimator = from_params(plain.get("estimator"))
    model._learner = _learner(arrays, plain)
    model._learner._infant = model._infant
    if model._infant is not None:
        model._learner._infant_y = plain["infant_labels"]
    dtype = object if plain["dtype"] == "|O" else plain["dtype"]
    model.classes_ = np.array(plain["classes"], dtype)
    return model


def _learner(arrays, plain):
    learner = Learner(plain["options"])
    learner._begin(core_of(arrays, plain, plain["grown"]))
    learner.n = plain["n_samples_seen"]
    learner.arrived, learner.met = list(plain["arrived"]), arrays["met"].copy()
    for name, room in zip(KEPT, rooms(learner.options), strict=True):
        kept = Kept.from_state(room, _saved.part(arrays, name), plain["marks"][name])
        _check(name, kept, learner, plain["n_features_in"])
        setattr(learner, name, kept)
    if "guest" in plain:
        learner.guest = Guest.from_state(_saved.part(arrays, "guest"), plain["guest"])
        if list(learner.guest.model.classes_) != sorted(learner.arrived):
            raise GraphError("the model is broken: T1 and T2 have learnt other classes")
    return learner


def _check(name, kept, learner, columns):
    """Raise unless the rows kept fit together and the model."""
    n, sense = len(kept), learner.core.sense
    table = sense.kind == "table"
    width, dtype = (len(sense.numeric), np.float64) if table else (columns, np.float32)
    fits = kept.index.shape == kept.keys.shape == (n,) and n <= kept.room
    fits &= learner.met.shape == (len(learner.arrived),)
    least, most = (-1, -1) if name == "unlabelled" else (0, len(learner.arrived) - 1)
    if n and fits:
        fits &= kept.rows is not None and isinstance(kept.rows, Rows) == table
    if n and fits:
        numbers = numbers_of(kept.rows)
        fits &= numbers.shape == (n, width) and numbers.dtype == dtype
        fits &= bool(((kept.labels >= least) & (kept.labels <= most)).all())
        fits &= not table or all(0 <= row < n for row, _ in kept.rows.marks)
    if not fits:
        raise GraphError(f"the model is broken: the rows it keeps as {name!r} do not fit it")
