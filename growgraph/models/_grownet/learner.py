"""The learner inside a GrowNet: a body, the statistics of the task under way, fit and stream."""

from typing import Any

import numpy as np

from growgraph._linalg import one_thread
from growgraph.models._grownet.body import Body
from growgraph.models._grownet.flow import Flow
from growgraph.models._grownet.growing import grow, plan
from growgraph.models._grownet.resonant import targets
from growgraph.models._grownet.scoring import cross
from growgraph.models._grownet.streaming import Streaming, names_of, scales_of

_FINE = 2e5  # numbers up to which rehearsals are computed in float64


class Learner(Streaming):
    """All that a GrowNet has learnt and what serves further learning.

    Parameters
    ----------
    sense : Entrance
        That has seen nothing.
    options : dict
        Checked parameters of :class:`growgraph.GrowNet`, with ``seed`` and ``classes``.
    """

    def __init__(self, sense, options):
        self.options, self.sense = options, sense
        self.body = Body(sense, options)
        self.flow: Any = None
        self.settled = self.frozen = False
        self.path = np.zeros((0, 2))  # units and held-out tension of the last fit
        self.n_grown = 0  # stream: bursts of growth tried
        self._derived = None

    # ---- what both ways of learning share -------------------------------------------------------
    @property
    def n(self):
        """Samples seen."""
        return self.body.n

    @property
    def classes(self):
        """True if targets are classes."""
        return self.options["classes"]

    def raise_on(self, rows, y, flat=True):
        """Take the scales of the columns from the first rows of a stream, then learn them."""
        count = self.sense.bear_all(self.body.graph, self.body.controller, rows)
        if count:
            self.body.take_in(count)
        self.sense.settle(self.body.graph, rows)
        self.settled = True
        self.take(rows, y, flat)

    def begin_task(self, labels, flat=True):
        """Outputs of a task's own; statistics of the one before are dropped, its answers stay."""
        self.body.begin_task(labels, self.classes, flat)
        self.flow = self._flow(0 if self.classes else len(labels))
        self.frozen = False

    def _flow(self, wanted):
        inputs, outputs = self.body.graph.inputs.size, self.body.task.outputs.size
        record = self.body.task.record
        return Flow(self.body.features.size, inputs, outputs, wanted, record, self.options)

    @property
    def unfinished(self):
        """True while there is a task to go on with."""
        return self.flow is not None and not self.frozen

    def signs(self, group):
        """+1 for the class of each row, -1 for the others."""
        Y = -np.ones((len(group), self.body.task.outputs.size))
        Y[np.arange(len(group)), group] = 1
        return Y

    def features(self, values):
        """Features of the readout [rows, 1 + features] for values before the gate."""
        F = np.ones((len(values), 1 + self.body.features.size), np.float32)
        F[:, 1:] = self.body.activity(values, self.body.features)
        return F

    @property
    def hidden(self):
        """Places of units among the features."""
        return np.flatnonzero(np.isin(self.body.features, self.body.units))

    def remembered(self, Z):
        """Values before the gate of inputs as the memory keeps them."""
        graph, wide = self.body.graph, self.body.graph.inputs.size
        scale = np.ones(wide) if graph._scale is None else graph._scale
        shift = np.zeros(wide) if graph._shift is None else graph._shift
        Z = np.pad(Z, ((0, 0), (0, wide - Z.shape[1]))).astype(np.float64)
        return np.where(scale != 0, Z / np.where(scale != 0, scale, 1) + shift, shift)

    # ---- fit ------------------------------------------------------------------------------------
    def fit(self, rows, y, flat=True, tell=lambda m: None):
        """Learn a task from rows that are all at hand: rehearse on folds, then grow."""
        body, sense, first = self.body, self.sense, self.n
        if self.settled:
            count = sense.meet(body.graph, body.controller, rows, first)
            sense.wake(body.graph)
        else:
            count = sense.bear_all(body.graph, body.controller, rows, first)
            sense.settle(body.graph, rows)
            self.settled = True
        body.features = np.append(
            body.features, body.graph.inputs[body.graph.inputs.size - count :]
        )
        labels = list(dict.fromkeys(y.tolist())) if self.classes else names_of(y)
        self.begin_task(labels, flat)
        Y, group, wanted = self._wanted(y)
        values = sense.values(body.graph, rows)
        with one_thread():
            self._fit(values, Y, group, wanted, tell)
        body.n = first + len(rows)

    def _wanted(self, y):
        """Targets as a net takes them, class of each row, numbers as the memory keeps them."""
        if self.classes:
            number = {label: i for i, label in enumerate(self.body.task.labels)}
            group = np.array([number[label] for label in y.tolist()], np.int64)
            return self.signs(group), group, np.empty((len(y), 0))
        task = self.body.task
        task.centre, task.spread = scales_of(y)
        Y = (y - task.centre) / task.spread
        return Y, np.zeros(len(y), np.int64), Y

    def _fit(self, values, Y, group, wanted, tell):
        body, flow, options = self.body, self.flow, self.options
        hidden, since = self.hidden, body.units.size
        X = body.activity(values, body.features)
        kind = np.float64 if X.size < _FINE else np.float32
        X, Y = X.astype(kind), Y.astype(kind)
        labels = group if self.classes else None
        room = body.room() // options["nets"]
        planned = plan(X, Y, labels, options, room, hidden, tell)
        self.path = planned.path
        body.start(values, body.n + np.arange(len(X)))
        beta, said = grow(X, Y, options, planned, body, hidden, room)
        body.end()
        self._judge(planned, group, Y)
        T = targets(said, Y) if self.classes else Y
        R = T - said
        at = body.rows[since:] - body.n
        body.settle(np.linalg.norm(R[at], axis=1), since)
        more = 1 + body.features.size - len(flow.G)
        flow.add_features(more)
        F = self.features(values)
        flow.add(F, Y)
        flow.slack = cross(F, (T - Y).astype(np.float64))
        flow.strength, flow.beta = planned.strength, beta.astype(np.float64)
        flow.counts = np.bincount(group, minlength=flow.counts.size)
        Z = body.activity(values, body.graph.inputs)
        flow.recall(Z, group, wanted, body.n)
        body.write(flow.beta, body.task.centre, body.task.spread)
        self._derived = body.n + len(X)

    def _judge(self, planned, group, Y):
        """What the rehearsal said of rows it had not learnt is the record of the model."""
        flow, first = self.flow, self.n
        heard = np.zeros(len(group), bool)
        for net, rows in zip(planned.nets, planned.held, strict=True):
            new = ~heard[rows]
            heard[rows] = True
            said = net.answers_held(min(planned.units, net.m), planned.strength)
            said, rows = said[new].astype(np.float64), rows[new]
            flow.remember(said, group[rows], Y[rows], first, self.classes)
        if self.classes:
            np.maximum.at(flow.tally[:, 1], group, first + np.arange(len(group)))

    # ---- answering ------------------------------------------------------------------------------
    def derive(self):
        """Write the readout of all that was learnt into the graph."""
        flow = self.flow
        if self.frozen or self._derived == self.n or flow is None:
            return
        with one_thread():
            self.body.write(self.readout(), *self._scales())
        self._derived = self.n

    # ---- telling --------------------------------------------------------------------------------
    def leverage(self, F):
        """How far features [rows, 1 + features] lie from all that was learnt, see Flow."""
        flow = self.flow
        if not len(flow.pending):
            return flow.leverage(F, flow.G, flow.n)
        own = self.features(flow.pending).astype(np.float64)
        return flow.leverage(F, flow.G + own.T @ own, flow.n + len(own))

    def units_for(self):
        """How many units of the task under way were grown for each output."""
        body = self.body
        own = np.zeros(body.task.outputs.size, np.int64)
        place = {int(o): c for c, o in enumerate(body.task.outputs.tolist())}
        mine = body.task_of == len(body.tasks) - 1
        for output in body.aims[mine].tolist():
            if output in place:
                own[place[output]] += 1
        return own
