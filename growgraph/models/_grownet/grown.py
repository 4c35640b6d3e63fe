"""What GrowNet and GrowNetRegressor share: the door, files, freezing of tasks."""

from typing import Any

import numpy as np

from growgraph._validation import check_choice, check_number
from growgraph.models import _door
from growgraph.models._columns import with_newcomers
from growgraph.models._grownet import state as _net_state
from growgraph.models._grownet.entrance import Entrance
from growgraph.models._grownet.learner import Learner
from growgraph.models._grownet.tells import Telling
from growgraph.models.base import GrowingModel, n_rows

_MOST_REPLAY = 100_000


class Growing(Telling, GrowingModel):
    """What classifier and regressor share."""

    _known: list
    _classes_learnt: bool
    _flat: bool
    _targets: Any  # each kind's own
    _set_known: Any
    random_state: Any
    intention: Any
    patience: Any
    max_nodes: Any
    max_bytes: Any
    progress: Any
    nets: Any
    pool: Any
    replay: Any
    forget: Any
    readout: Any
    placement: Any
    directions: Any
    depth: Any

    # ---- learning -------------------------------------------------------------------------------
    def _options(self):
        """Checked parameters."""
        number = check_number
        return {
            "classes": self._classes_learnt, **_door.limits(self),
            "intention": bool(self.intention),
            "patience": number("patience", self.patience, 1, 10_000, integer=True),
            "nets": number("nets", self.nets, 1, 5, integer=True),
            "pool": number("pool", self.pool, 1, 4096, integer=True),
            "replay": number("replay", self.replay, 0, _MOST_REPLAY, integer=True),
            "forget": number("forget", self.forget, 0.5, 1),
            "readout": check_choice("readout", self.readout, ("refit", "append")),
            "placement": check_choice("placement", self.placement, ("tension", "anywhere")),
            "directions": check_choice("directions", self.directions, ("data", "random")),
            "depth": check_choice("depth", self.depth, (True, False)),
        }  # fmt: skip

    def _learn(self, X, y, first, whole):
        """Check everything, then learn; a call that is refused leaves the model as it was.

        One that is interrupted has learnt whole pieces, and the model says how many samples.
        """
        with self._unless_refused():
            onward = not first or (whole and self._goes_on())
            X = self._rows(X, first=not onward, table=True, learns=True)
            targets = self._targets(y, n_rows(X), onward and not (whole or self._begins_anew()))
            core = self._core if onward else self._newborn(X)
            sense, X = with_newcomers(core.sense, X) if onward else (core.sense, X)
            rows = sense.read(X)
            new = {n: text for n, text in sense.columns.items() if n not in core.sense.columns}
        young = not whole and not core.settled
        if whole:
            with _door.telling(self.progress, len(rows)) as tell:
                self._learn_whole(core, new, rows, targets, tell)
        else:
            if not onward:
                self._begin(core)
                self._known = []
            self._welcome(sense)
            self._learn_on(rows, targets, self._set_known)
        self._tell_unheard(new, young)
        return self

    def _newborn(self, X):
        options = self._options()
        return Learner(Entrance(Entrance.columns_of(X), options["seed"]), options)

    def _goes_on(self):
        """True if a task was frozen: what is fitted next is another one, beside it."""
        return hasattr(self, "n_samples_seen_") and self._core.frozen

    def _begins_anew(self):
        return not hasattr(self, "n_samples_seen_") or self._core.frozen

    def _learn_whole(self, core, new, rows, targets, tell):
        """All rows at once; a call that breaks off leaves the model as it was."""
        if core.body.tasks:
            core = _net_state.twin(core)
            core.sense = core.sense.with_columns(new)
        core.fit(rows, targets, self._flat)
        with _door.undisturbed():
            self._known = self._known if len(core.body.tasks) > 1 else []
            self._core, self._infant, self._infant_y, self._asked = core, None, None, {}
            self.n_samples_seen_ = core.n
            self._set_known()
        tell(len(rows), self)

    def _is_young(self):
        return not self._core.settled

    def _teach(self, core, rows, targets):
        core.take(rows, targets, self._flat)

    def _grown_up(self):
        """A new core whose scales are those of the first rows, which it then learns."""
        core = Learner(self._core.sense.anew(), self._core.options)
        core.raise_on(self._infant, self._infant_y, self._flat)
        return core

    def _settling(self, n):
        """All rows: what is grown on the first depends on each of them."""
        return n

    def freeze(self):
        """Close the task: its answers stay for ever, bit for bit; what is learnt next is another.

        The next ``fit`` or ``partial_fit`` begins a task with outputs of its own. It reads all
        units grown so far and grows its own; ``predict(X, task=0)`` asks the first task.

        Returns
        -------
        GrowNet or GrowNetRegressor
            Itself.

        Examples
        --------
        >>> import numpy as np
        >>> from growgraph import GrowNet
        >>> X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
        >>> model = GrowNet().fit(X, X[:, 0] * X[:, 1] > 0)
        >>> before = model.predict_proba(X)
        >>> _ = model.freeze().fit(X, X[:, 0] > X[:, 1])
        >>> bool((model.predict_proba(X, task=0) == before).all())
        True
        """
        self._check_fitted()
        core = self._grown()
        core.derive()
        self._core, self._infant, self._infant_y = core, None, None
        core.frozen, self._asked = True, {}
        return self

    # ---- what was learnt ------------------------------------------------------------------------
    @property
    def graph_(self):
        """The graph that answers."""
        return self._answering().body.graph

    @property
    def nbytes_(self):
        """Bytes of the graph and of the statistics that serve further learning."""
        core = self._answering()
        held = _net_state.statistics(core).values()
        return core.body.nbytes() + sum(a.nbytes for a in held)

    @property
    def n_units_(self):
        """Hidden units grown; 0: the linear stem suffices."""
        return int(self._grown().body.units.size)

    @property
    def growth_curve_(self):
        """Rows of (units, held-out tension) that the last ``fit`` rehearsed."""
        return self._grown().path.copy()

    # ---- answering ------------------------------------------------------------------------------
    def _said(self, X, task=None):
        """Answers of the outputs of a task, [rows, outputs] float64, and the task's number."""
        core = self._answering()
        t = self._task(core, task)
        values = core.sense.values(core.body.graph, self._read_by(core.sense, X))
        return core.body.activity(values, core.body.tasks[t].outputs).astype(np.float64), t

    @staticmethod
    def _task(core, task):
        """Number of a task; the last one if none is named."""
        last = len(core.body.tasks) - 1
        return last if task is None else check_number("task", task, 0, last, integer=True)

    # ---- files --------------------------------------------------------------------------------
    def to_state(self):
        """The model as arrays and plain values, see :func:`growgraph.save`."""
        self._check_fitted()
        return _net_state.to_state(self)

    @classmethod
    def from_state(cls, state):
        """Rebuild a model; see :meth:`to_state`."""
        return _net_state.from_state(cls, state)
