"""How a model at the door learns: piece by piece, its first rows kept until they settle scales."""

import contextlib
import warnings
from typing import Any, NamedTuple

import numpy as np
from sklearn.utils.validation import check_is_fitted

from growgraph.growth import GrowthLog
from growgraph.models import _door
from growgraph.senses.columns import listed


class AsRead(NamedTuple):
    """Rows that the sense has read already, where X may stand."""

    rows: Any


class Learning:
    """The core behind an estimator: how it is taught, and which one answers.

    A model says what a core does with rows (``_teach``), and, where it differs, when it is young.
    """

    _core: Any
    _infant: Any  # the rows a young table was shown; None once its scales are settled
    _infant_y: Any  # their targets
    _asked: dict  # the core that answers: a dict, because answering must not change __dict__
    progress: Any
    _rows: Any
    _teach: Any
    n_samples_seen_: int

    # ---- learning -------------------------------------------------------------------------------
    @contextlib.contextmanager
    def _unless_refused(self):
        """Whatever is raised inside leaves the estimator as it was."""
        held = dict(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(held)
            raise

    def _begin(self, core):
        """Set out with a core that has seen nothing."""
        self._core, self._infant, self._infant_y, self._asked = core, None, None, {}
        self.n_samples_seen_ = 0

    def _welcome(self, sense):
        """Go on with a sense that knows more columns, whose names are returned.

        Rows kept until now miss them.
        """
        before = self._core.sense
        if sense is before:
            return []
        with _door.undisturbed():  # sense and kept rows widen together
            self._core.sense, self._asked = sense, {}
            if self._infant is not None:
                self._infant = self._infant.widened(len(sense.numeric))
        return [name for name in sense.columns if name not in before.columns]

    def _tell_unheard(self, new, young):
        """Warn of columns for which there was no room: ``new`` ones, all if learning was young."""
        sense = self._core.sense
        if sense.kind != "table" or self._infant is not None:
            return
        late = sense.late if young else new
        out = [name for name in late if not any(key[0] == name for key in sense.born)]
        untold, sense.untold[:] = [*sense.untold, *((name, "not learnt") for name in out)], []
        for what in dict.fromkeys(what for _, what in untold):
            names = listed(name for name, its in untold if its == what)
            warnings.warn(
                f"no room left for {names}: {what} (categories and late columns may have "
                f"{sense.most:,} inputs, fewer the smaller max_nodes and max_bytes)",
                stacklevel=4,
            )

    def _learn_on(self, rows, targets, note=lambda: None):
        """Learn rows; a call that is interrupted has learnt whole pieces, and ``note`` is told."""
        with _door.telling(self.progress, len(rows)) as tell:
            for a, b in _door.spans(len(rows), self.progress):
                with _door.undisturbed():
                    draft, before = self._lay_aside()
                    try:
                        self._take(rows[a:b], _cut(targets, a, b))
                        self._go_on(draft, before)
                    finally:  # even when interrupted: what has been learnt, no more
                        self.n_samples_seen_ = self._met()
                        note()
                tell(b, self)

    def _met(self):
        """Samples met: learnt, or kept while a table is young."""
        return self._core.n + (0 if self._infant is None else len(self._infant))

    def _take(self, rows, targets):
        """Learn rows; a table's first rows are kept until they settle its scales."""
        if self._is_young():
            enough = self._core.sense.infancy
            room = enough - (0 if self._infant is None else len(self._infant))
            young, told = rows[:room], _cut(targets, 0, room)
            if self._infant is not None:
                young, told = self._infant.joined(young), _joined(self._infant_y, told)
            self._infant, self._infant_y = young, told
            rows, targets = rows[room:], _cut(targets, room, len(rows))
            if len(young) == enough:
                self._core = self._grown_up()
                self._infant = self._infant_y = None
        if len(rows):
            self._teach(self._core, rows, targets)

    def _is_young(self):
        return self._core.n < self._core.sense.infancy

    def _grown_up(self):
        """A new core whose scales are those of the first rows, which it then learns."""
        core = self._core
        sense = core.sense.anew()
        fresh = type(core)(sense, core.options)
        sense.settle(fresh.graph, self._infant[: self._settling(len(self._infant))])
        self._teach(fresh, self._infant, self._infant_y)
        return fresh

    def _settling(self, n):
        """How many of a young table's n rows settle the scales of the core that answers.

        Not each row may: a core asked after every row would begin anew as often.
        """
        enough, last = self._core.sense.infancy, 1
        while (more := max(last + 1, last * 5 // 4)) <= n < enough:
            last = more
        return last if n < enough else n

    def _lay_aside(self):
        """The core that answered, None if none did, and of how many rows a table kept."""
        asked, self._asked = self._asked, {}
        draft = asked.pop("core", None)  # a call that is refused does not bring it back
        return draft, 0 if draft is None or self._infant is None else len(self._infant)

    def _go_on(self, draft, before):
        """Let the core that answered before some rows go on to answer after them, if it may."""
        if draft is None or self._infant is None:
            return
        if self._settling(before) == self._settling(len(self._infant)):
            self._teach(draft, self._infant[before:], _cut(self._infant_y, before, None))
            self._asked["core"] = draft

    # ---- what was learnt ------------------------------------------------------------------------
    def _check_fitted(self):
        if not hasattr(self, "n_samples_seen_"):  # the check itself costs as much as a sample
            check_is_fitted(self, "n_samples_seen_")

    def _grown(self):
        """The core that answers; of a young table one that has learnt what was kept until now."""
        self._check_fitted()
        if not self._asked:
            self._asked["core"] = self._core if self._infant is None else self._grown_up()
        return self._asked["core"]

    def _answering(self):
        """The same with all that is derived written into its graph."""
        core = self._grown()
        core.derive()
        return core

    def _read_by(self, sense, X):
        """X, checked, as a sense that has learnt reads it."""
        if isinstance(X, AsRead):
            return X.rows
        return sense.read(self._rows(X, first=False, table=sense.kind == "table"))

    @property
    def graph_(self):
        """The graph that answers."""
        return self._answering().graph

    @property
    def growth_log_(self):
        """Why each node is there."""
        return GrowthLog(self.graph_)

    def __getstate__(self):
        state: Any = super().__getstate__()
        return state | {"_asked": {}} if "_asked" in state else state


def _cut(targets, a, b):
    """Some of the targets; there are none where nothing but rows is learnt."""
    return None if targets is None else targets[a:b]


def _joined(before, new):
    """Targets, a list of labels or an array, one after the other."""
    if isinstance(new, list):
        return before + new
    return None if new is None else np.concatenate([before, new])
