"""A GrowNet as arrays and plain values, and back."""

import numpy as np

from growgraph.models import _saved
from growgraph.models._grownet.body import Body, Task
from growgraph.models._grownet.check import check_learner
from growgraph.models._grownet.entrance import Entrance
from growgraph.models._grownet.flow import Flow
from growgraph.models._grownet.learner import Learner
from growgraph.models._grownet.reservoir import Reservoir
from growgraph.models._record import Record

_FLOW_PLAIN = ("n", "strength", "refused", "rest")


def statistics(core):
    """The arrays that serve only further learning and telling, by name."""
    out = {"path": core.path}
    for i, task in enumerate(core.body.tasks):
        out.update({f"task{i}/{k}": getattr(task.record, k) for k in Record.ARRAYS})
    if core.flow is not None:
        out.update({f"flow/{k}": getattr(core.flow, k) for k in Flow.ARRAYS})
        out.update({f"memory/{k}": v for k, v in core.flow.memory.to_arrays().items()})
    return out


def core_state(core):
    """A core as arrays and plain values; the readout is written first."""
    core.derive()
    held = statistics(core) | {f"body/{k}": getattr(core.body, k) for k in Body.ARRAYS}
    state = _saved.packed(core.body, core.sense, core.options, held)
    tasks = [
        {"outputs": t.outputs.tolist(), "labels": [_plain(v) for v in t.labels],
         "classes": t.classes, "centre": t.centre.tolist(), "spread": t.spread.tolist(),
         "flat": t.flat}
        for t in core.body.tasks
    ]  # fmt: skip
    flow = core.flow
    state["plain"] |= {
        "tasks": tasks, "n": core.body.n, "bursts": core.n_grown,
        "settled": core.settled, "frozen": core.frozen,
        "flow": None if flow is None else {k: getattr(flow, k) for k in _FLOW_PLAIN},
    }  # fmt: skip
    return state


def core_of(state):
    """Rebuild a core; see :func:`core_state`."""
    arrays, plain = state["arrays"], state["plain"]
    core = object.__new__(Learner)
    core.options = dict(plain["options"])
    core.sense = Entrance.from_state(_saved.part(arrays, "sense"), plain["sense"])
    body = core.body = object.__new__(Body)
    body.options = core.options
    _saved.unpack(body, arrays, plain)
    for name in Body.ARRAYS:
        setattr(body, name, arrays[f"body/{name}"].copy())
    body.n, body.tasks = plain["n"], []
    for i, told in enumerate(plain["tasks"]):
        body.tasks.append(_task(told, _saved.part(arrays, f"task{i}")))
    core.flow = None
    if plain["flow"] is not None:
        flow, memory = (_saved.part(arrays, name) for name in ("flow", "memory"))
        core.flow = _flow(core, flow, memory, plain["flow"])
    core.path, core.n_grown = arrays["path"].copy(), plain["bursts"]
    core.settled, core.frozen, core._derived = plain["settled"], plain["frozen"], plain["n"]
    check_learner(core)
    return core


def _task(told, record):
    task = Task(np.array(told["outputs"], np.int64), list(told["labels"]), told["classes"],
                np.array(told["centre"], np.float64), np.array(told["spread"], np.float64),
                told["flat"])  # fmt: skip
    for name in Record.ARRAYS:
        setattr(task.record, name, record[name].copy())
    return task


def _flow(core, arrays, memory, plain):
    flow = core._flow(arrays["pending_wanted"].shape[1])
    for name in Flow.ARRAYS:
        setattr(flow, name, arrays[name].copy())
    flow.memory = Reservoir.from_arrays(memory)
    for name in _FLOW_PLAIN:
        setattr(flow, name, plain[name])
    return flow


def twin(core):
    """A core of its own that has learnt the same."""
    return core_of(core_state(core))


def to_state(model):
    """See :meth:`growgraph.GrowNet.to_state`."""
    state, infant = _saved.with_door(core_state(model._core), model), model._infant
    classes = model._core.classes
    if infant is not None and not classes:
        state["arrays"]["infant/y"] = model._infant_y
    known = [[k.tolist(), k.dtype.str] for k in model._known] if classes else model._known
    state["plain"] |= {
        "known": known,
        "flat": model._flat,
        "infant_y": model._infant_y.tolist() if infant is not None and classes else None,
    }
    return state


def from_state(cls, state):
    """See :meth:`growgraph.GrowNet.from_state`."""
    arrays, plain = state["arrays"], state["plain"]
    model = _saved.reopened(cls, state)
    model._core = core_of(state)
    if model._core.classes != cls._classes_learnt:
        raise ValueError("the file holds a model of another kind")
    model._known, model._flat = plain["known"], plain["flat"]
    if cls._classes_learnt:
        model._known = [np.array(v, object if d == "|O" else d) for v, d in plain["known"]]
        model.classes_ = model._known[-1]
    if model._infant is not None and cls._classes_learnt:
        model._infant_y = np.array(plain["infant_y"], model._known[-1].dtype)
    elif model._infant is not None:
        model._infant_y = arrays["infant/y"].copy()
    return model


def _plain(value):
    return value.item() if hasattr(value, "item") else value
