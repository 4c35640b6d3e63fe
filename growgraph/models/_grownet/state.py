"""A GrowNet as arrays and plain values, and back."""

import numpy as np

from growgraph.graph import Graph
from growgraph.growth import GrowthController
from growgraph.models import _door
from growgraph.models._grownet.body import Body, Task
from growgraph.models._grownet.check import check_learner
from growgraph.models._grownet.entrance import Entrance
from growgraph.models._grownet.flow import Flow
from growgraph.models._grownet.learner import Learner
from growgraph.models._grownet.reservoir import Reservoir
from growgraph.models._record import Record
from growgraph.senses import Rows

_FLOW_PLAIN = ("n", "strength", "refused")


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
    graph, (sense, plain) = core.body.graph.to_state(), core.sense.to_state()
    arrays = {f"graph/{k}": v for k, v in graph["arrays"].items()}
    arrays.update({k: v.copy() for k, v in statistics(core).items()})
    arrays.update({f"sense/{k}": v.copy() for k, v in sense.items()})
    arrays.update({f"body/{k}": getattr(core.body, k).copy() for k in Body.ARRAYS})
    tasks = [
        {"outputs": t.outputs.tolist(), "labels": [_plain(v) for v in t.labels],
         "classes": t.classes, "centre": t.centre.tolist(), "spread": t.spread.tolist(),
         "flat": t.flat}
        for t in core.body.tasks
    ]  # fmt: skip
    flow = core.flow
    return {
        "arrays": arrays,
        "plain": {
            "graph": graph["plain"], "sense": plain, "options": core.options, "tasks": tasks,
            "n": core.body.n, "n_grown": core.body.controller.n_grown_, "bursts": core.n_grown,
            "settled": core.settled, "frozen": core.frozen,
            "flow": None if flow is None else {k: getattr(flow, k) for k in _FLOW_PLAIN},
        },
    }  # fmt: skip


def core_of(state):
    """Rebuild a core; see :func:`core_state`."""
    arrays, plain = state["arrays"], state["plain"]

    def part(name):
        n = len(name) + 1
        return {k[n:]: v for k, v in arrays.items() if k.startswith(f"{name}/")}

    core = object.__new__(Learner)
    core.options = dict(plain["options"])
    core.sense = Entrance.from_state(part("sense"), plain["sense"])
    body = core.body = object.__new__(Body)
    body.sense, body.options = core.sense, core.options
    body.graph = Graph.from_state({"arrays": part("graph"), "plain": plain["graph"]})
    body.graph.check()  # before anything walks it: compiled code trusts its arrays
    body.controller = GrowthController([], intention="see")
    body.controller.n_grown_ = plain["n_grown"]
    for name in Body.ARRAYS:
        setattr(body, name, arrays[f"body/{name}"].copy())
    body.n, body.tasks = plain["n"], []
    for i, told in enumerate(plain["tasks"]):
        body.tasks.append(_task(told, part(f"task{i}")))
    core.flow = None
    if plain["flow"] is not None:
        core.flow = _flow(core, part("flow"), part("memory"), plain["flow"])
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
    state, infant = core_state(model._core), model._infant
    classes = model._core.classes
    if infant is not None:
        state["arrays"]["infant/numbers"] = infant.numbers
        if not classes:
            state["arrays"]["infant/y"] = model._infant_y
    known = [[k.tolist(), k.dtype.str] for k in model._known] if classes else model._known
    state["plain"] |= {
        "params": _door.plain_params(model.get_params(deep=False)),
        "n_samples_seen": model.n_samples_seen_, "n_features_in": model.n_features_in_,
        "known": known, "flat": model._flat,
        "infant_y": model._infant_y.tolist() if infant is not None and classes else None,
        "infant_marks": None if infant is None else [[r, *k] for r, k in infant.marks],
        "feature_names": getattr(model, "feature_names_in_", np.empty(0)).tolist(),
    }  # fmt: skip
    return state


def from_state(cls, state):
    """See :meth:`growgraph.GrowNet.from_state`."""
    arrays, plain = state["arrays"], state["plain"]
    model = cls(**plain["params"])
    model._core = core_of(state)
    if model._core.classes != cls._classes_learnt:
        raise ValueError("the file holds a model of another kind")
    model._infant = model._infant_y = None
    if plain["infant_marks"] is not None:
        marks = [(row, (name, value)) for row, name, value in plain["infant_marks"]]
        model._infant = Rows(arrays["infant/numbers"].copy(), marks)
    model._known = plain["known"]
    if cls._classes_learnt:
        model._known = [np.array(v, object if d == "|O" else d) for v, d in plain["known"]]
        model.classes_ = model._known[-1]
    if model._infant is not None and cls._classes_learnt:
        model._infant_y = np.array(plain["infant_y"], model._known[-1].dtype)
    elif model._infant is not None:
        model._infant_y = arrays["infant/y"].copy()
    model._flat, model._asked = plain["flat"], {}
    model.n_samples_seen_, model.n_features_in_ = plain["n_samples_seen"], plain["n_features_in"]
    if plain["feature_names"]:
        model.feature_names_in_ = np.array(plain["feature_names"], object)
    return model


def _plain(value):
    return value.item() if hasattr(value, "item") else value
