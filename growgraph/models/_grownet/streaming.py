"""How a GrowNet learns a stream: block after block, growing where tension lasts."""

from typing import Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from growgraph._linalg import one_thread
from growgraph._random import generator, uniform
from growgraph.models._grownet.flow import BLOCK
from growgraph.models._grownet.growing import choose, rehearse
from growgraph.models._grownet.history import impute
from growgraph.models._grownet.net import STRENGTHS, Net
from growgraph.models._grownet.resonant import tension

_FEWEST = 128  # remembered rows from which a stream may grow
_JUDGES = 0.25  # of the remembered rows: they do not take part in growing
_BURST = 64  # units a stream grows at once, at most
_PATIENT = 6


class Streaming:
    """The part of :class:`growgraph.models._grownet.learner.Learner` that learns in blocks."""

    options: dict
    body: Any  # these are the learner's
    sense: Any
    flow: Any
    classes: Any
    features: Any
    signs: Any
    hidden: Any
    remembered: Any
    begin_task: Any
    unfinished: Any
    n: Any
    n_grown: int
    _numbers: Any = None

    def take(self, rows, y, flat=True):
        """Learn rows in their sequence; inputs and outputs are born with their row."""
        at = 0
        if not self.unfinished:
            self.begin_task([] if self.classes else names_of(y), flat)
        while at < len(rows):
            stop = min(len(rows), at + BLOCK - self.n % BLOCK)
            first = self.sense.unborn(rows, at, stop)
            if first == at:
                self._bear_inputs(rows, at)
                first = max(self.sense.unborn(rows, at, stop), at + 1)
            self._keep(rows[at:first], y[at:first])
            at = first
            if self.n % BLOCK == 0:
                with one_thread():
                    self._end_block()

    def _bear_inputs(self, rows, at):
        body, flow = self.body, self.flow
        when = {"step": body.n, "sample": body.n}
        count = self.sense.give_birth(body.graph, body.controller, rows, at, **when)
        body.take_in(count)
        flow.add_features(count)
        blank = self.sense.blank()[-count:]
        flow.pending = np.hstack([flow.pending, np.tile(blank, (len(flow.pending), 1))])

    def _keep(self, rows, y):
        """Rows of a block that is not whole yet; a class that was never met grows its output."""
        body, flow = self.body, self.flow
        self.sense.watch(rows)
        flow.pending = np.vstack([flow.pending, self.sense.values(body.graph, rows)])
        if self.classes:
            for i, label in enumerate(y.tolist()):
                if label not in self._number():
                    body.add_output(label, "a label never met", body.n + i)
                    flow.add_output()
                flow.pending_group = np.append(flow.pending_group, self._number()[label])
            flow.pending_wanted = np.empty((len(flow.pending), 0))
        else:
            flow.pending_group = np.zeros(len(flow.pending), np.int64)
            flow.pending_wanted = np.vstack([flow.pending_wanted, y])
        body.n += len(rows)

    def _number(self):
        """Number of each class met."""
        labels = self.body.task.labels
        if self._numbers is None or self._numbers[0] is not labels:
            self._numbers = labels, {label: i for i, label in enumerate(labels)}
        return self._numbers[1]

    def _block(self):
        """Features and targets of the rows that wait for their block to be whole."""
        flow = self.flow
        F = self.features(flow.pending).astype(np.float64)
        if self.classes:
            return F, self.signs(flow.pending_group)
        centre, spread = self._scales()
        return F, (flow.pending_wanted - centre) / spread

    def _scales(self):
        """Centre and spread of the targets: of the first block, until that is whole of its rows."""
        task = self.body.task
        if self.classes or task.spread.size:
            return task.centre, task.spread
        return scales_of(self.flow.pending_wanted)

    def _end_block(self):
        body, flow = self.body, self.flow
        body.task.centre, body.task.spread = self._scales()
        F, Y = self._block()
        Z = body.activity(flow.pending, body.graph.inputs)
        first = self.n - len(F)
        if flow.n:
            said = F @ flow.beta
            flow.remember(said, flow.pending_group, Y, first, self.classes)
            R = tension(said, Y) if self.classes else Y - said
            flow.feel(Z, R)
        T = flow.targets(F, Y, self.classes)
        flow.fade(self.options["forget"] ** len(F))
        begun = flow.n > 0
        flow.add(F, T)
        flow.counts = flow.counts + np.bincount(flow.pending_group, minlength=flow.counts.size)
        wanted = np.empty((len(F), 0)) if self.classes else Y
        flow.recall(Z, flow.pending_group, wanted, first)
        if not begun:
            flow.settle_regions(Z)
            flow.strength = loo_strength(F, Y)
        flow.pending, flow.pending_group = flow.pending[:0], flow.pending_group[:0]
        flow.pending_wanted = flow.pending_wanted[:0]
        flow.solve()
        if self.sense.sleeps:
            self.sense.wake(body.graph)
        self._tell()
        self._grow_on_stream()

    def _tell(self):
        """Tell the log what came of growth ``patience`` blocks ago."""
        body, due = self.body, self.options["patience"] * BLOCK
        mine = body.task_of == len(body.tasks) - 1
        new = np.flatnonzero(mine & np.isnan(body.felt[:, 2]))
        if new.size and self.n - int(body.steps[new[0]]) >= due:
            new = new[body.steps[new] == body.steps[new[0]]]
            felt = self.flow.heat[self.flow.region(body.place[new]), 0]
            body.settle(np.sqrt(felt * body.task.outputs.size), int(new[0]))

    def _grow_on_stream(self):
        """Where tension lasts, rehearse on the memory; what its judges like is born."""
        flow, body, options = self.flow, self.body, self.options
        lasting = flow.lasting(options["patience"] * (1 + flow.refused))
        if lasting.size == 0 or len(flow.memory.X) < _FEWEST:
            return
        room = min(_BURST, body.room())
        Z = flow.memory.X
        values = self.remembered(Z)
        F = self.features(values).astype(np.float64)
        Y = self.signs(flow.memory.labels) if self.classes else flow.memory.Y
        judge = uniform(options["seed"], flow.memory.index, "judge") < _JUDGES
        where = np.isin(flow.region(Z), lasting)[~judge].astype(np.float64)
        flow.calm()
        if room < 1 or not where.any() or not judge.any():
            return
        self.n_grown += 1
        rng = generator(options["seed"], f"burst {self.n_grown}")
        X, hidden = F[:, 1:], self.hidden
        net = Net(X[~judge], Y[~judge], options, rng, held=(X[judge], Y[judge]), hidden=hidden)
        net.lasted = options["patience"]
        looks = rehearse([net], room, options["pool"], _PATIENT, where)
        units, flow.strength = choose(looks)
        flow.refused = min(flow.refused + 1, 3) if units == 0 else 0
        if units:
            self._bear(net, net.units[:units], values, F, Y, np.flatnonzero(~judge))
        flow.solve()

    def _bear(self, net, units, values, F, Y, rows):
        """Grow units on the stream, with the past they would have had."""
        body, flow = self.body, self.flow
        since, felt = body.units.size, np.sqrt(flow.heat[:, 0] * Y.shape[1])
        region = flow.region(flow.memory.X)
        for unit in units:
            unit.row = int(rows[unit.row])
            unit.tension = float(felt[region[unit.row]])
        body.start(values, flow.memory.index)
        R = Y - F @ flow.beta
        for unit in units:
            body.bear(net, unit, net.answer(R[unit.row]))
        K = body.columns(len(units)).astype(np.float64)
        body.end()
        weight = flow.memory.weights()
        T = flow.targets(F, Y, self.classes)
        whole = flow.memory.whole
        flow.add_units(*impute(flow.G, flow.B, F, K, T, weight, whole=whole))
        flow.solve()
        said = np.hstack([F, K]) @ flow.beta
        left = tension(said, Y) if self.classes else Y - said
        for i, unit in enumerate(units):
            here = left[region == region[unit.row]]
            body.told(since + i, float(np.sqrt((here**2).sum(axis=1).mean())))

    def readout(self):
        """The readout that answers: of whole blocks and of the rows that wait."""
        flow = self.flow
        if not len(flow.pending):
            return flow.beta
        F, Y = self._block()
        T = flow.targets(F, Y, self.classes)
        strength = flow.strength if flow.n else loo_strength(F, Y)
        return flow.solved(flow.G + F.T @ F, flow.B + F.T @ T, flow.n + len(F), strength)


def loo_strength(F, Y):
    """The ridge with the least error on rows left out, one at a time (exact)."""
    G, B, n, M = F.T @ F, F.T @ Y, len(F), F.shape[1]
    errors = []
    for strength in STRENGTHS:
        A = G.copy()
        A.flat[M + 1 :: M + 1] += (strength + 1e-9) * n
        A[0, 0] *= 1 + 1e-12
        L = cholesky(A, lower=True, check_finite=False)
        V = solve_triangular(L, F.T, lower=True, check_finite=False)
        R = Y - V.T @ (solve_triangular(L, B, lower=True, check_finite=False))
        left = 1 - np.minimum((V**2).sum(axis=0), 1 - 1e-9)
        errors.append(float(((R / left[:, None]) ** 2).mean()))
    return STRENGTHS[int(np.argmin(errors))]


def scales_of(y):
    """Centre and spread of numbers [rows, targets], however large; a constant has spread 1."""
    centre = y.mean(axis=0)
    away = np.abs(y - centre)
    unit = np.maximum(away.max(axis=0), 1e-300)
    spread = unit * np.sqrt(((away / unit) ** 2).mean(axis=0))
    return centre, np.where(spread > 1e-14 * np.abs(centre) + 1e-300, spread, 1.0)


def names_of(y):
    """Names of targets that are numbers."""
    return ["answer"] if y.shape[1] == 1 else [f"answer {i}" for i in range(y.shape[1])]
