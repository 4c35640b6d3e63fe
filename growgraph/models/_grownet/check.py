"""Whether a GrowNet's learner that came from a file fits together."""

import numpy as np

from growgraph.kernels import record
from growgraph.models._check import _array, _require, _within


def check_learner(core):
    """Raise GraphError naming the first thing that does not fit; the graph is checked before."""
    body, graph = core.body, core.body.graph
    units, inputs = body.units.size, graph.inputs.size
    for name in ("features", "units", "ways", "rows", "steps", "aims", "task_of"):
        held = getattr(body, name)
        size = held.size if name == "features" else units
        _array(name, held, (size,), np.int64)
    _array("felt", body.felt, (units, 4), finite=False)
    _array("events", body.events, (units, 2), np.int64)
    _array("place", body.place, (units, body.place.shape[-1]), np.float32)
    _require(body.place.shape[1] <= inputs, "places have as many columns as there are inputs")
    expected = np.sort(np.concatenate([graph.inputs, body.units]))
    _require(np.array_equal(np.sort(body.features), expected), "features are inputs and units")
    _require(inputs == core.sense.early + len(core.sense.born), "each column has its input")
    graph._slots(body.features)
    outputs = [t.outputs for t in body.tasks]
    named = np.concatenate(outputs) if outputs else np.empty(0, np.int64)
    _require(np.array_equal(named, graph.outputs), "each task has its outputs")
    for task in body.tasks:
        _check_task(task)
    if body.tasks:
        _within("task_of", body.task_of, 0, len(body.tasks) - 1)
        for output in body.task.outputs.tolist():
            heard = np.sort(graph.sources(output)[0])
            _require(core.frozen or np.array_equal(heard, expected), "outputs hear all features")
    if core.flow is not None:
        _require(bool(body.tasks), "there is a task to learn")
        _check_flow(core, core.flow)


def _check_task(task):
    size = task.outputs.size
    _require(len(task.labels) == size, "each output has its label")
    sizes = (0,) if task.classes else (0, size)
    _require(task.centre.size in sizes and task.spread.size in sizes, "targets have their scales")
    _require((task.spread > 0).all(), "spreads are positive")
    for name in ("right_by", "count_by"):
        _array(name, getattr(task.record, name), (record.BINS,))


def _check_flow(core, flow):
    width, outputs = 1 + core.body.features.size, core.body.task.outputs.size
    _array("G", flow.G, (width, width))
    _array("B", flow.B, (width, outputs))
    _array("beta", flow.beta, (width, outputs))
    _array("slack", flow.slack, (width, outputs))
    rows = len(flow.pending)
    _array("pending", flow.pending, (rows, core.body.graph.inputs.size))
    _array("pending_group", flow.pending_group, (rows,), np.int64)
    wanted = 0 if core.classes else outputs
    _array("pending_wanted", flow.pending_wanted, (rows, wanted))
    _array("counts", flow.counts, (outputs,), np.int64)
    _array("tally", flow.tally, (outputs, 3), np.int64)
    top = outputs - 1 if core.classes else 0
    _within("classes", flow.pending_group, 0, top)
    _check_memory(core, flow.memory, wanted, top)


def _check_memory(core, memory, wanted, top):
    kept, seen = len(memory.X), memory.seen.size
    options = core.options
    _require(
        (memory.rows, memory.seed, memory.forget)
        == (options["replay"], options["seed"], options["forget"]),
        "the memory is as the options say",
    )
    _array("the memory", memory.X, (kept, memory.X.shape[-1]), np.float32)
    for name, kind in (
        ("labels", np.int64),
        ("index", np.int64),
        ("keys", np.float64),
        ("tense", np.float64),
    ):
        _array(name, getattr(memory, name), (kept,), kind)
    _array("seen", memory.seen, (seen,))
    _array("counts of the memory", memory.counts, (seen,), np.int64)
    _array("passed", memory.passed, (seen,), finite=False)
    _array("targets of the memory", memory.Y, (kept, wanted))
    _within("classes of the memory", memory.labels, 0, min(top, seen - 1))
    _require(memory.X.shape[1] <= core.body.graph.inputs.size, "remembered rows are not wider")
