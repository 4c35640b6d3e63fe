"""Whether a core that came from a file fits together: compiled code indexes by its arrays."""

import numpy as np

from growgraph.errors import GraphError
from growgraph.growth import GrowthLog
from growgraph.kernels import codes, record, resonet
from growgraph.senses.arrivals import CELLS, SCALED

_UNBOUND = [resonet.RESONANT, resonet.GATE_FROM, resonet.NOISE_FROM]  # inf there means never


def check_core(core):
    """Raise GraphError naming the first thing that does not fit; the graph is checked before."""
    _check_groups(core)
    if core.sense.kind == "retina":
        _check_patches(core)
    else:
        _check_columns(core.sense, core.graph)
    _check_concepts(core.concepts, len(core.classes), core.graph.groups["parts"].size)
    _check_own(core)
    _check_sums(core)
    _check_nodes(core)  # by the sizes checked until here
    _check_pending(core)


def _require(holds, what):
    if not holds:
        raise GraphError(f"the model is broken: it should hold that {what}")


def _array(name, array, shape, dtype=np.float64, finite=True):
    """Raise unless the array is of just this shape and type, and finite."""
    _require(
        isinstance(array, np.ndarray) and array.dtype == dtype and array.shape == shape,
        f"{name} is {np.dtype(dtype)} of shape {shape}",
    )
    _require(not finite or np.isfinite(array).all(), f"{name} is finite")


def _within(name, array, low, high=np.inf):
    _require(((array >= low) & (array <= high)).all(), f"{name} lies in {low} .. {high}")


def _check_groups(core):
    groups = core.graph.groups
    for name in ("parts", "evidence", *(f"concept/{label}" for label in core.classes)):
        _require(name in groups, f"there is a group {name}")
    _require(all(g.ndim == 1 for g in groups.values()), "groups are lists of ids")
    parts, evidence = groups["parts"], groups["evidence"]
    _require(np.array_equal(evidence[: parts.size], parts), "the evidence begins with the parts")
    classes = groups.get("classes", np.empty(0, np.int64))  # born with the first class
    _require(np.array_equal(classes, core.concepts.outputs), "the group classes is the outputs")


def _check_patches(core):
    """The retina's kernel computes what relu nodes over the pixels of a patch would."""
    sizes, groups, store = core.sense.sizes, core.graph.groups, core.graph._store
    _require("patch" in groups and "patch_in" in groups, "there are patch concepts")
    _require(groups["patch_in"].size == sizes["patch"] ** 2, "a patch has its pixels")
    parts = sizes["grid"] ** 2 * groups["patch"].size
    _require(groups["parts"].size == parts, "there is a part for each cell and patch concept")
    slots = core.graph._slots(groups["patch"], "patch")
    plain = (store.kind[slots] == codes.SUM) & (store.act[slots] == codes.ACTIVATIONS["relu"])
    _require(plain.all(), "patch concepts are relu nodes")


def _check_columns(sense, graph):
    """A table's kernel finds the scale, the reach and the input of each column by its place."""
    d, born, knots = len(sense.numeric), graph.groups.get("born", np.empty(0)), sense.knots
    for name, shape in (("centre", (d,)), ("spread", (d,)), ("stir", (d, 2)), ("reach", (2, d))):
        _array(name, getattr(sense, name), shape, finite=False)  # nan: nothing was shown yet
    _array("met", sense.met, (d,), np.bool_)
    _within("spread", sense.spread, 0)
    inputs = np.concatenate([graph.groups["parts"], born])
    _require(np.array_equal(graph.inputs, inputs), "the inputs are the parts and what was born")
    _require((graph.groups["parts"].size, born.size) == (sense.early, len(sense.born)),
             "each column and each born input has its node")  # fmt: skip
    _array("cells", sense.cells, (d - sense.early, CELLS), finite=False)
    asleep = [n for n, s in zip(sense.numeric, sense.spread, strict=True) if not s]
    _require(not any((name, SCALED) in sense.born for name in asleep), "what is scaled has a scale")
    _require(graph._shift is not None, "inputs have a shift and scale")
    _array("knots", knots, (len(knots), 4))
    _require((knots[:, :2] % 1 == 0).all() and (knots[:, 3] != 0).all(), "new ground has a width")
    _within("the inputs of new ground", knots[:, 0], 0, born.size - 1)
    _within("the columns of new ground", knots[:, 1], 0, d - 1)


def _check_concepts(c, classes, parts):
    _require(c.win.ndim == 2, "win is [windows, width]")
    windows, width = c.win.shape
    room = max(c.most, 1)
    _array("win", c.win, (windows, width), np.int64)
    _within("win", c.win, 0, parts - 1)
    _array("floor", c.floor, (windows,))
    for name in ("prototypes", "resonances"):
        _array(name, getattr(c, name), (classes, windows), np.int64)
    for name in ("outputs", "k", "counts"):
        _array(name, getattr(c, name), (classes,), np.int64)
    _array("aspects", c.aspects, (classes, windows, room), np.int64)
    _array("size", c.size, (classes, windows, room))
    for name in ("R", "met"):
        _array(name, getattr(c, name), (classes, windows))
    _within("k", c.k, 0, c.most)
    for name in ("floor", "counts", "size", "R", "met"):
        _within(name, getattr(c, name), 0)


def _check_nodes(core):
    """Concept nodes live and have as many in-edges as the kernels read and write."""
    c, features = core.concepts, core.n_features - 1
    windows, width = c.win.shape
    here = np.arange(c.aspects.shape[2]) < c.k[:, None, None]
    here = np.broadcast_to(here, c.aspects.shape)
    _require((c.aspects[~here] == -1).all(), "aspects not born yet are -1")
    links = 1 + np.repeat(c.k, windows)
    heard = features + (windows if core.par[resonet.ALPHA] else 0)
    for name, ids, fan_in in (
        ("prototypes", c.prototypes.ravel(), width), ("aspects", c.aspects[here], width),
        ("resonances", c.resonances.ravel(), links), ("outputs", c.outputs, heard),
    ):  # fmt: skip
        slots = core.graph._slots(ids, name)  # raises for an id that does not live
        _require(np.unique(ids).size == ids.size, f"{name} are distinct")
        _require((core.graph._store.length[slots] == fan_in).all(), f"{name} have their in-edges")


def _check_sums(core):
    e, r, classes = core.evidence, core.record, len(core.classes)
    features = core.evident
    _array("B", e.B, (features, classes))
    _require(e.fits(features), f"A, held and W are for {features} features")
    _array("A", e.A, e.A.shape, np.float32)
    _array("lost", e.lost, e.lost.shape, np.float32)
    _array("held", e.held, e.held.shape, np.float32)
    _within("the number held", core.ctl[[resonet.HELD]], 0, len(e.held) - 1)
    _array("W", e.W, (features, classes))
    _array("right_by", r.right_by, (record.BINS,))
    _array("count_by", r.count_by, (record.BINS,))
    _array("scales", r.scales, (2, 3), finite=False)  # nan where no column is a number


def _check_own(core):
    classes = len(core.classes)
    _array("ctl", core.ctl, (resonet.CTL_SIZE,), np.int64)
    _within("ctl", core.ctl, 0)
    _require(core.par.shape == (resonet.PAR_SIZE,), f"par has {resonet.PAR_SIZE} values")
    _array("par", np.delete(core.par, _UNBOUND), (resonet.PAR_SIZE - len(_UNBOUND),))
    _require(not np.isnan(core.par).any(), "par is not nan")
    _require(core.par[resonet.MOST] == core.concepts.most, "par agrees on the most aspects")
    _array("recent", core.recent, (classes,))
    _array("tally", core.tally, (classes, 3), np.int64)
    _array("curve", core.curve, (len(core.curve), 2), np.int64)


def _check_pending(core):
    pending = core.concepts.pending
    _array("pending", pending, (len(pending), 5))
    _within("the class of pending", pending[:, 0], 0, len(core.classes) - 1)
    _require((pending[:, :4] % 1 == 0).all(), "pending counts in whole numbers")
    _within("the events of pending", pending[:, 2], 0, pending[:, 3])
    _within("the events of pending", pending[:, 3], 0, GrowthLog(core.graph).end)
