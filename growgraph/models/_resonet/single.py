"""One row of numbers at a time: what does not change between births is looked up once."""

import numpy as np

from growgraph.kernels import _handle as h
from growgraph.kernels import council, resonet, table
from growgraph.senses.arrivals import SCALED

_WAKE_EVERY = 64


class Single:
    """A core of a table as a function of one row of numbers without gaps.

    It says and learns what the core does for rows of many, bit for bit; it only spares looking up
    where everything is. It holds until a class, an input or an aspect is born, the gate is solved
    or the graph is packed.

    Parameters
    ----------
    core : Core
        With a council.
    """

    def __init__(self, core):
        c, e, r, graph = core.concepts, core.evidence, core.record, core.graph
        self._key = core.graph._store.arrays["slot_of"], e.W, c.pending, len(core.classes)
        self._born = graph.groups["born"].size
        self.number = {label: i for i, label in enumerate(core.classes)}
        self._way = core.way().told
        self._size = 1, core.n_features
        self._one = core.prenatal
        prototypes, aspects = c.slots(graph)
        self._ask = c.win, prototypes, aspects, c.floor
        self._grown = core.par, c.k, c.counts, c.size, c.R
        self._learn = (c.win, prototypes, aspects, c.floor, e.W, c.due(), core.ctl, core.par, c.k,
                       c.counts, c.size, c.R, c.met, e.A, e.lost, e.held, e.B, core.recent,
                       core.tally, r.right_by, r.count_by, r.scales, c.newborn)  # fmt: skip
        self._record = council.Record(core.tally, r.right_by, r.count_by, r.scales)
        self.columns = len(core.sense.numeric)
        self.fits = core.fits(self._size[1]) and self.columns == len(core.sense.columns)
        self._late = self._beside(core.sense) if self.columns > core.sense.early else None

    def _beside(self, sense):
        """Columns of numbers side by side, those that came late too: sequence, its inverse, knots.

        The kernel takes the first inputs for the columns of numbers.
        """
        places = [sense.place_of(name, SCALED) for _, name in sense.latecomers()]
        if None in places:
            self.fits = False  # its scale is told by the next rows
            return None
        d, size = self.columns, self._way[0].size
        sequence = np.array([*range(sense.early), *places], np.int64)
        sequence = np.append(sequence, np.setdiff1d(np.arange(size), sequence))
        back = np.argsort(sequence)
        knots = sense.knots.copy()
        knots[:, 0] = back[sense.early + knots[:, 0].astype(np.int64)] - d
        self._way = self._way[0][sequence], *self._way[1:]
        return sequence, back, knots

    def holds(self, core):
        """True if nothing was born or solved since."""
        where, W, pending, classes = self._key
        return (
            where is core.graph._store.arrays["slot_of"]
            and W is core.evidence.W
            and pending is core.concepts.pending
            and classes == len(core.classes)
            and self.columns == len(core.sense.numeric)
            and self._born == core.graph.groups["born"].size
        )

    def _look(self, core, X):
        """What the row is (PLAIN, WIDER, ODD), features and inputs; arrays of this call alone."""
        sense, graph = core.sense, core.graph
        features, seen = np.empty(self._size, np.float32), np.empty((1, self._way[0].size),
                                                                    np.float32)  # fmt: skip
        features[0, self._one] = 1
        H = graph._store.H
        V = np.empty((int(H[h.N_SLOTS]), 1), np.float32)
        shift, scale, knots = graph._shift, graph._scale, sense.knots
        if self._late is not None:
            sequence, back, knots = self._late
            shift, scale = shift[sequence], scale[sequence]
        what = table.look(H, X, sense.centre, sense.spread, sense.reach, knots, shift, scale,
                          *self._way, V, features, seen)  # fmt: skip
        return what, features, seen if self._late is None else seen[:, back]

    def ask(self, core, X):
        """P of each class [1, classes]; None if the row must be looked at closely."""
        what, features, seen = self._look(core, X)
        if what == table.ODD:
            return None
        said = np.empty((1, self._key[3]))
        resonet.ask(core.graph._store.H, features, *self._ask, core.readout(), *self._grown, said)
        return core.council.answer(core.graph, seen, said)

    def learn(self, core, X, label):
        """Learn a row; False, and nothing is changed, if it must be looked at closely."""
        what, features, seen = self._look(core, X)
        if what == table.ODD or core.council.ctl[council.N] != core.n:
            return False
        sense, c = core.sense, self.number[label]
        if what == table.WIDER:
            sense.widen(X)
        asleep = sense.sleeps
        if asleep:
            sense.stir_by(X[0].tolist())
        y, answers = np.array([c], np.int64), np.empty(1, np.int64)
        said, strange = np.empty((1, self._key[3])), np.empty((1, 2))
        core.ctl[resonet.AT] = 0
        why = resonet.learn(core.graph._store.H, features, y, np.zeros(1), *self._learn, answers,
                            said, strange)  # fmt: skip
        core.council.learn(core.graph, core.controller, seen, y, said, strange, self._record,
                           answers, core._has_nodes)  # fmt: skip
        core.grow(why, c)
        core.ctl[resonet.AT] = core.ctl[resonet.WHY] = 0
        if asleep and core.n % _WAKE_EVERY == 0:
            sense.wake(core.graph)
        return True
