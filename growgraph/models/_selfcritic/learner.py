"""The learner inside SelfCriticNet: ResoNet's core, and the rows that are kept beside it."""

from bisect import insort
from types import SimpleNamespace

import numpy as np

from growgraph._random import uniform
from growgraph._validation import check_number
from growgraph.models import _door
from growgraph.models._learning import Learning
from growgraph.models._resonet.core import Core
from growgraph.models._resonet.settings import options_of
from growgraph.models._selfcritic import guest
from growgraph.models._selfcritic.kept import Kept, taken
from growgraph.models.base import is_table
from growgraph.senses import Retina, Table

HELD_MOST = 400  # rows held out at most: a longer stream gives up a smaller share
_LEARNT_FIRST = 8  # samples of a class, before one may be held out
KEPT = ("held", "memory", "unlabelled")


def checked(model):
    """Options of a learner, checked.

    Parameters
    ----------
    model : SelfCriticNet
    """
    plain = SimpleNamespace(**model.get_params(deep=False), learning="evidence", noise_band=False)
    options = options_of(plain)
    options["held_out"] = check_number("held_out", model.held_out, 0, 0.5)
    return options


class Learner(Learning):
    """What a SelfCriticNet has learnt, and what it keeps without having learnt it.

    Parameters
    ----------
    options : dict
        Of :func:`checked`.

    Attributes
    ----------
    core : Core
        T1, a readout from the sense, and T2, class concepts, in one graph.
    held : Kept
        Labelled rows that no node has learnt: they tell how far the model can be trusted.
    memory : Kept
        An even sample of the rows that were learnt.
    unlabelled : Kept
        An even sample of the rows that had no label.
    guest : Guest or None
        Another T1, which learns the rows the core learns; None: the core's readout is T1.
    """

    def __init__(self, options):
        self.options = options
        self.n = 0  # rows met, of whatever kind
        self.arrived = []  # labels in the sequence of their arrival
        self.met = np.empty(0, np.int64)  # labelled samples of each
        self.held, self.memory, self.unlabelled = (Kept(room) for room in rooms(options))
        self.guest = None

    @classmethod
    def newborn(cls, model, X):
        """A learner with checked options, for images or for a table with the columns of X."""
        options, image_shape = checked(model), model.image_shape
        learner = cls(options)
        learner.guest = guest.checked(model.estimator, is_table(X))
        learner._begin(_door.newborn(X, image_shape, options, Core, Table, Retina))
        return learner

    @property
    def core(self):
        """T1 and T2, without what a young table was shown."""
        return self._core

    # ---- learning -------------------------------------------------------------------------------
    def learn(self, rows, labels):
        """Learn labelled rows but those held out; keep some.

        Parameters
        ----------
        rows : ndarray or Rows
        labels : list
            None where a row has no label.
        """
        blank = np.array([label is None for label in labels])
        index = self.n + np.arange(len(rows))
        numbers, draws, apart = self._sorted_out(labels, index, blank)
        seed = self.options["seed"]
        keys = uniform(seed, index, "memory")
        for kept, some, key in (
            (self.held, apart, draws), (self.memory, ~blank & ~apart, keys),
            (self.unlabelled, blank, keys),
        ):  # fmt: skip
            places = np.flatnonzero(some)
            kept.add(taken(rows, places), numbers[places], index[places], key[places])
        learnt = np.flatnonzero(~blank & ~apart)
        if learnt.size:
            rows_learnt, told = taken(rows, learnt), [labels[i] for i in learnt.tolist()]
            self._take(rows_learnt, told)
            if self.guest is not None:
                self.guest.learn(self.core.sense, rows_learnt, told)
        self.n += len(rows)

    def _sorted_out(self, labels, index, blank):
        """Numbers of the classes, draws, and which rows are held out: each row for itself."""
        number = {label: c for c, label in enumerate(self.arrived)}
        numbers, apart = np.full(len(labels), -1, np.int64), np.zeros(len(labels), bool)
        draws = uniform(self.options["seed"], index, "held out")
        share, bars, met = self.options["held_out"], sorted(self.held.keys), self.met.tolist()
        for i in np.flatnonzero(~blank).tolist():
            c = number.setdefault(labels[i], len(number))
            if c == len(met):
                self.arrived.append(labels[i])
                met.append(0)
            numbers[i] = c
            bar = min(share, bars[-1]) if len(bars) >= self.held.room else share
            if draws[i] < bar and met[c] >= _LEARNT_FIRST:
                apart[i] = True
                insort(bars, draws[i])
                del bars[self.held.room :]
            met[c] += 1
        self.met = np.array(met, np.int64)
        return numbers, draws, apart

    def _welcome(self, sense):
        """Go on with a sense that knows more columns, which all rows kept until now miss."""
        if sense is self._core.sense:
            return []
        with _door.undisturbed():  # all that is kept widens together
            new = super()._welcome(sense)
            for name in KEPT:
                getattr(self, name).widen(len(sense.numeric))
        return new

    @staticmethod
    def _teach(core, rows, labels):
        core.learn(rows, labels)

    def grown(self):
        """The core as it is; of a young table one that has learnt what was kept until now."""
        return self._core if self._infant is None else self._grown_up()

    # ---- size -----------------------------------------------------------------------------------
    def statistics(self):
        """Arrays that serve further learning and self-knowledge only, beside the core's own."""
        out = {"met": self.met}
        for name in KEPT:
            arrays, _ = getattr(self, name).to_state()
            out |= {f"{name}/{k}": v for k, v in arrays.items()}
        if self._infant is not None:
            out["infant/numbers"] = self._infant.numbers
        return out


def rooms(options):
    """Rows that are held out, remembered and kept without a label, at most."""
    return HELD_MOST, options["replay"], options["replay"]
