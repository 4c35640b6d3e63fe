"""The graph under a GrowNet: inputs, units, outputs of each task, and how each came to be."""

from dataclasses import dataclass, field, replace

import numpy as np

from growgraph.graph import Graph
from growgraph.growth import GrowthController, GrowthLog
from growgraph.growth.proposal import NewNode, Proposal
from growgraph.kernels import _handle as h
from growgraph.models._record import Record

_INTENT = "answer {}"
RELIEF = 0.1  # a fall of tension by this share is told as paid off
_NODE_BYTES, _EDGE_BYTES = 480, 24  # with their events in the log, at most


@dataclass
class Task:
    """One readout: its outputs, and what they stand for.

    Attributes
    ----------
    outputs : ndarray of int64
        Ids, in the sequence of their birth.
    labels : list
        Classes, or names of targets.
    classes : bool
    centre, spread : ndarray of float64 [outputs]
        Of targets that are numbers; answers are told in their own units.
    flat : bool
        Whether a single target was given as a column of its own.
    """

    outputs: np.ndarray
    labels: list
    classes: bool
    centre: np.ndarray = field(default_factory=lambda: np.empty(0))
    spread: np.ndarray = field(default_factory=lambda: np.empty(0))
    flat: bool = True
    record: Record = field(default_factory=Record)  # of answers given before they were learnt


class Body:
    """A graph that begins with the inputs of a sense and grows by its controller alone.

    Parameters
    ----------
    sense : Entrance
    options : dict
        ``seed, max_nodes, max_bytes, intention`` and those of :class:`Net`.
    """

    ARRAYS = ("features", "units", "ways", "felt", "events", "rows", "steps", "place",
              "aims", "task_of")  # fmt: skip

    def __init__(self, sense, options):
        self.options = options
        self.graph = Graph()
        self.graph.record()
        self.controller = GrowthController([], intention="see")
        sense.grow(self.graph, self.controller)
        self.features = self.graph.inputs.copy()  # of the readout, in the sequence of their birth
        self.units = np.empty(0, np.int64)
        self.ways = np.empty(0, np.int64)  # how each unit's direction was found
        self.felt = np.empty((0, 4))  # tension where it was born: before, at once, later; gain
        self.events = np.empty((0, 2), np.int64)  # of its birth in the log
        self.rows = np.empty(0, np.int64)  # the sample each was born at
        self.steps = np.empty(0, np.int64)  # how many had been seen then
        self.place = np.empty((0, 0), np.float32)  # its inputs, scaled
        self.aims = np.empty(0, np.int64)  # the output each was grown for
        self.task_of = np.empty(0, np.int64)
        self.tasks: list[Task] = []
        self.n = 0  # samples seen

    # ---- inputs ---------------------------------------------------------------------------------
    def take_in(self, count):
        """New inputs were born: the task under way hears them from now on, at weight 0."""
        new = self.graph.inputs[self.graph.inputs.size - count :]
        self.features = np.append(self.features, new)
        if self.tasks:
            edges = tuple((u, o, 0.0) for u in new.tolist() for o in self.task.outputs.tolist())
            self.controller.grow(self.graph, Proposal(1.0, edges=edges), rule="Sense",
                                 cause="a new input", step=self.n, sample=self.n)  # fmt: skip

    def activity(self, values, ids):
        """Activities of nodes for values of all inputs before the gate."""
        if ids.size == 0:
            return np.empty((len(values), 0), np.float32)
        graph = self.graph
        return graph.forward(values, inputs=graph.inputs, outputs=ids)

    # ---- outputs --------------------------------------------------------------------------------
    @property
    def task(self):
        """The task under way."""
        return self.tasks[-1]

    def begin_task(self, labels, classes, flat=True):
        """A readout of its own; what was grown for others serves it, too."""
        self.tasks.append(Task(np.empty(0, np.int64), [], classes, flat=flat))
        for label in labels:
            self.add_output(label, "a new task" if len(self.tasks) > 1 else "a new target")

    def add_output(self, label, cause, sample=-1):
        """An output for a class or target, which hears all features at weight 0."""
        new = NewNode(tuple(self.features.tolist()), (0.0,) * self.features.size, role="output",
                      name=str(label))  # fmt: skip
        born = self.controller.grow(
            self.graph, Proposal(1.0, (new,)), rule="NewOutput", cause=cause,
            step=self.n if sample < 0 else sample, sample=sample, intention=_INTENT.format(label),
        )  # fmt: skip
        task = self.task
        task.outputs, task.labels = np.append(task.outputs, born), [*task.labels, label]

    def write(self, beta, centre, spread):
        """Write a readout [1 + features, outputs] onto the edges and biases of the outputs.

        ``centre, spread`` of targets that are numbers turn answers into their own units.
        """
        place = {node: i + 1 for i, node in enumerate(self.features.tolist())}
        for c, output in enumerate(self.task.outputs.tolist()):
            rows = [place[u] for u in self.graph.sources(output)[0].tolist()]
            times, plus = (spread[c], centre[c]) if spread.size else (1.0, 0.0)
            self.graph.set_weights(output, beta[rows, c] * times)
            self.graph.set_nodes(output, bias=beta[0, c] * times + plus)

    # ---- units ----------------------------------------------------------------------------------
    def start(self, values, rows):
        """What a net needs of the rows it grows on: values before the gate, sample counters."""
        self._values, self._of = values, rows
        self._base = self.features.copy()
        self._ids = self._base
        self._scaled, self._places = self.activity(values, self.graph.inputs), []

    def begin(self, net):
        """A net that does not read the units of the nets before it."""
        self._ids = self._base

    def end(self):
        """Forget the rows."""
        wide = self.graph.inputs.size
        self.place = np.vstack([_padded(self.place, wide), *self._places])
        del self._values, self._of, self._base, self._ids, self._scaled, self._places

    def room(self):
        """How many units more keep within ``max_nodes`` and ``max_bytes``."""
        most = np.inf
        if self.options["max_nodes"] is not None:
            most = (self.options["max_nodes"] - self.graph.n_nodes) // 2  # a unit has one or two
        if self.options["max_bytes"] is not None:
            held = self.graph._store.to_arrays().values()
            left = self.options["max_bytes"] - sum(a.nbytes for a in held)
            fan = self.graph.inputs.size + self.task.outputs.size
            most = min(most, left / (_NODE_BYTES + _EDGE_BYTES * fan))
        return int(max(0, min(most, 1 << 20)))

    def bear(self, net, unit, answer):
        """Grow a unit's nodes, heard by all outputs at weight 0 until the readout is solved."""
        task, row = self.task, int(self._of[unit.row])
        *folds, last = unit.nodes(self._ids)
        own = self.graph._store[h.NEXT_ID] + len(folds)  # no other one had or will have it
        nodes = (*folds, replace(last, name=f"unit {own}"))
        edges = tuple((-len(nodes), o, 0.0) for o in task.outputs.tolist())
        first = GrowthLog(self.graph).end
        label = task.labels[answer]
        born = self.controller.grow(
            self.graph, Proposal(min(unit.gain, 1.0), nodes, edges), rule="Rehearsal",
            cause="lasting tension", node=int(task.outputs[answer]), tension=unit.tension,
            lasted=net.lasted, step=self.n, sample=row,
            intention=_INTENT.format(label) if self.options["intention"] else "answer",
        )  # fmt: skip
        self._ids = np.append(self._ids, born[-1])
        self.features = np.append(self.features, born[-1])
        self.units = np.append(self.units, born[-1])
        self.ways = np.append(self.ways, unit.code)
        self.felt = np.vstack([self.felt, [unit.tension, np.nan, np.nan, unit.gain]])
        self.events = np.vstack([self.events, [first, GrowthLog(self.graph).end]])
        self.rows, self.steps = np.append(self.rows, row), np.append(self.steps, self.n)
        self.aims = np.append(self.aims, task.outputs[answer])
        self.task_of = np.append(self.task_of, len(self.tasks) - 1)
        self._places.append(self._scaled[unit.row : unit.row + 1])

    def take_back(self, places, cause):
        """Remove units, counted from the last, which no other unit reads."""
        ids = self.units[places]
        folds = [int(u) for unit in ids.tolist() for u in self.graph.sources(unit)[0].tolist()
                 if u not in self.features]  # fmt: skip
        self.graph.set_cause(cause, rule="Retraction", step=self.n)
        self.graph.remove_nodes(np.concatenate([ids, np.array(folds, np.int64)]))
        self.graph.set_cause("")
        self._ids = self._ids[~np.isin(self._ids, ids)]
        self.features = self.features[~np.isin(self.features, ids)]
        gone = {len(self._places) + place for place in places.tolist()}
        self._places = [p for i, p in enumerate(self._places) if i not in gone]
        for name in ("units", "ways", "felt", "events", "rows", "steps", "aims", "task_of"):
            setattr(self, name, np.delete(getattr(self, name), places, axis=0))

    def columns(self, count):
        """Activities of the youngest ``count`` units for the rows, from the graph itself."""
        return self.activity(self._values, self.units[self.units.size - count :])

    def feel(self, net, first):
        """Tell the log the tension at the places of the newborns, at once."""
        R = net.T - net.said
        for unit, i in zip(net.units[first:], range(-(net.m - first), 0), strict=True):
            self.told(self.units.size + i, float(np.linalg.norm(R[unit.row])))

    def told(self, i, after):
        """Tell the log the tension at the place of one unit, at once."""
        self.felt[i, 1] = after
        GrowthController.tell(self.graph, *self.events[i].tolist(), after=after)

    def settle(self, tension, since):
        """Tell the log what is left at the places of units, from the one numbered ``since`` on."""
        for i in range(since, since + len(tension)):
            self.felt[i, 2] = tension[i - since]
            paid = bool(self.felt[i, 2] <= (1 - RELIEF) * self.felt[i, 0])
            GrowthController.tell(self.graph, *self.events[i].tolist(),
                                  realised=self.felt[i, 2], paid_off=paid)  # fmt: skip

    def nbytes(self):
        """Bytes of the graph and of what is kept of its births."""
        held = [*self.graph._store.to_arrays().values()]
        return sum(a.nbytes for a in (*held, *(getattr(self, name) for name in self.ARRAYS)))


def _padded(A, wide):
    return np.pad(A, ((0, 0), (0, wide - A.shape[1])))
