"""How a GrowNet learns a stream: block after block, growing where tension lasts."""

import math
from typing import Any

import numpy as np
from scipy.linalg import cholesky, solve_triangular

from growgraph._linalg import one_thread
from growgraph._random import generator, uniform
from growgraph.models._grownet.flow import BLOCK
from growgraph.models._grownet.growing import choose, rehearse
from growgraph.models._grownet.history import impute
from growgraph.models._grownet.net import FEW, STRENGTHS, Net
from growgraph.models._grownet.resonant import tension

_FEWEST = 128  # remembered rows from which a stream may grow
_JUDGES = 0.25  # of the remembered rows: they do not take part in growing
_BURST, _ROUND = 256, 128  # units a stream grows at once with many columns, and without a look
_POOL = 512  # candidates of such a round
_FEW = 64  # units grown at once in tables, at most
_CLEAR = 2.0  # standard errors by which a round must be better than none
_PATIENT = 6
_REST = 0.01  # tension below this is none
_NEAR = 16  # remembered rows that tell the tension of a place
_FINE = 2e5  # numbers up to which a burst is rehearsed in float64


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
        first, begun = self.n - len(F), flow.n > 0
        if begun:
            flow.remember(F @ flow.beta, flow.pending_group, Y, first, self.classes)
        flow.fade(self.options["forget"] ** len(F))
        flow.add(F, Y)
        flow.counts = flow.counts + np.bincount(flow.pending_group, minlength=flow.counts.size)
        wanted = np.empty((len(F), 0)) if self.classes else Y
        flow.recall(Z, flow.pending_group, wanted, first)
        if not begun:
            flow.strength = loo_strength(F, Y)
        flow.pending, flow.pending_group = flow.pending[:0], flow.pending_group[:0]
        flow.pending_wanted = flow.pending_wanted[:0]
        if self.sense.sleeps:
            self.sense.wake(body.graph)
        if not len(flow.memory):
            flow.solve()
            return
        values = self.remembered(flow.memory.X)
        F = self.features(values).astype(np.float64)
        Y = self.signs(flow.memory.labels) if self.classes else flow.memory.Y
        self._solve(F, Y)
        flow.memory.feel(self._tension(F, Y), self.options["patience"])
        self._tell()
        self._grow_on_stream(values, F, Y)

    def _solve(self, F, Y):
        """The readout of all blocks; remembered rows resonate, with the weight the sums give."""
        flow = self.flow
        weight = self.options["forget"] ** flow.memory.ages()
        flow.solve((F, Y, weight) if self.classes else None)

    def _tension(self, F, Y):
        """What the readout leaves of each row."""
        said = F @ self.flow.beta
        return np.linalg.norm(tension(said, Y) if self.classes else Y - said, axis=1)

    def _tell(self):
        """Tell the log what came of growth ``patience`` blocks ago."""
        body, due, memory = self.body, self.options["patience"] * BLOCK, self.flow.memory
        mine = body.task_of == len(body.tasks) - 1
        new = np.flatnonzero(mine & np.isnan(body.felt[:, 2]))
        if new.size and self.n - int(body.steps[new[0]]) >= due:
            new = new[body.steps[new] == body.steps[new[0]]]
            near = memory.near(body.place[new], _NEAR)
            body.settle(memory.tense[near].mean(axis=1), int(new[0]))

    def _grow_on_stream(self, values, F, Y):
        """Where tension lasts, rehearse on the memory; what its judges like is born."""
        flow, body, options, memory = self.flow, self.body, self.options, self.flow.memory
        room, patience = body.room(), options["patience"]
        judge = uniform(options["seed"], memory.index, "judge") < _JUDGES
        lasts = (memory.ages() >= patience * BLOCK) & (memory.tense > _REST)
        where = np.where(lasts, memory.tense, 0.0)[~judge]
        early = self.n < flow.rest or len(memory) < _FEWEST
        if early or room < 1 or not where.any() or not judge.any():
            return
        self.n_grown += 1
        rng = generator(options["seed"], f"burst {self.n_grown}")
        X = F[:, 1:].astype(np.float64 if F.size < _FINE else np.float32)
        T = Y.astype(X.dtype)
        held = X[judge], T[judge]
        net = Net(X[~judge], T[~judge], options, rng, held=held, hidden=self.hidden)
        net.lasted = patience
        units, flow.strength = self._trial(net, room, where)
        flow.refused = 0 if units else min(flow.refused + 1, 3)
        flow.rest = self.n + flow.refused * patience * BLOCK
        if units:
            self._bear(net, net.units[:units], values, F, Y, np.flatnonzero(~judge))
        else:
            self._solve(F, Y)

    def _trial(self, net, room, where):
        """How many units the judges like, and their ridge.

        Tables: unit after unit. Many columns: many at once, for as long as it is clearly better:
        weak units do together what none does alone.
        """
        if not net.rehearsal.many:
            room = min(_FEW, room)
            return choose(rehearse([net], room, self.options["pool"], _PATIENT, where))
        room = min(_BURST, room)
        at = int(np.abs(np.log(np.array(STRENGTHS) / self.flow.strength)).argmin())
        near = STRENGTHS[max(at - 1, 0) : at + 2]
        net.refresh(self.flow.strength, FEW)
        best = self._look(net, near)
        while net.m < room and not net.done:
            before = net.m
            net.round(min(_ROUND, room - net.m), _POOL, where)
            if net.m == before:
                break
            new = self._look(net, near)
            gain = best[2] - new[2]
            if gain.mean() <= _CLEAR * gain.std() / math.sqrt(gain.size):
                break
            best = new
        return best[:2]

    def _look(self, net, strengths):
        """Units, the ridge its judges like best, and the tension of each of them."""
        seen = net.look(strengths)
        best = min(strengths, key=lambda s: seen[s][0].mean())
        net.refresh(best, FEW)
        return net.m, best, seen[best][0]

    def _bear(self, net, units, values, F, Y, rows):
        """Grow units on the stream, with the past they would have had."""
        body, flow, memory = self.body, self.flow, self.flow.memory
        since = body.units.size
        for unit in units:
            unit.row = int(rows[unit.row])
        near = memory.near(memory.X[[unit.row for unit in units]], _NEAR)
        for unit, felt in zip(units, memory.tense[near].mean(axis=1).tolist(), strict=True):
            unit.tension = felt
        body.start(values, memory.index)
        R = Y - F @ flow.beta
        for unit in units:
            body.bear(net, unit, net.answer(R[unit.row]))
        K = body.columns(len(units)).astype(np.float64)
        body.end()
        flow.add_units(*impute(flow.G, flow.B, F, K, Y, memory.weights(), whole=memory.whole))
        F = np.hstack([F, K])
        self._solve(F, Y)
        left = self._tension(F, Y)[near].mean(axis=1)
        for i, after in enumerate(left.tolist()):
            body.told(since + i, after)

    def readout(self):
        """The readout that answers: of whole blocks and of the rows that wait."""
        flow = self.flow
        if not len(flow.pending):
            return flow.beta
        F, Y = self._block()
        strength = flow.strength if flow.n else loo_strength(F, Y)
        return flow.solved(strength, F, Y)[0]


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
