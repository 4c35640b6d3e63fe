"""GrowNet: error is a push to grow. A net of units born where tension lasts, never edited."""

from typing import Any

import numpy as np

from growgraph.errors import DataError
from growgraph.models import _door
from growgraph.models._grownet.grown import Growing
from growgraph.models._grownet.tells import TellingClasses, TellingNumbers
from growgraph.models._record import probabilities
from growgraph.models.base import GrowingClassifier, GrowingRegressor


class GrowNet(Growing, TellingClasses, GrowingClassifier):
    """Classifier that grows units where its errors last, for as long as that helps.

    ``fit`` rehearses growth on held-out folds and grows as many units as were worth it, perhaps
    none: then the linear stem suffices. ``partial_fit`` learns a stream; how it is cut
    into calls changes nothing, bit for bit. No unit is edited after its birth: only the readout is.

    Parameters
    ----------
    random_state : None, int or numpy Generator, default None
        Seed; None is 0.
    max_nodes : int, optional
        No unit grows beyond so many nodes; inputs and classes always do.
    max_bytes : int, optional
        The same for the bytes of the graph.
    patience : int, default 3
        Stream: blocks of 256 samples that tension of a region must last before units are rehearsed.
    intention : bool, default True
        Write into the log which answer each unit was grown for.
    progress : None, True or callable, default None
        True shows a bar; a callable gets (samples done, samples in all, model).
    nets : int from 1 to 5, default 1
        ``fit``: so many nets side by side in the graph, each grown on other rows; they answer
        by their mean.
    pool : int, default 64
        Candidates that are rehearsed before one is born.
    replay : int, default 2000
        Stream: rows that are remembered for rehearsals, the same number of each class. 0: nothing
        is remembered and nothing grows.
    forget : float in [0.5, 1], default 1
        Stream: what a sample counts fades by this factor with each one that follows.
    readout : {"refit", "append"}, default "refit"
        ``fit``: "append" keeps old weights of the readout as well and solves for new units only.
    placement : {"tension", "anywhere"}, default "tension"
        Where candidates are drawn.
    directions : {"data", "random"}, default "data"
        How they look: along differences in the data, or anyhow.
    depth : bool, default True
        Whether units may read, and be gated by, other units.

    Attributes
    ----------
    classes_ : ndarray
        Labels met, sorted.
    graph_ : Graph
        All that is needed to answer.
    growth_log_ : GrowthLog
        Why each node is there.
    n_units_ : int
    growth_curve_ : ndarray [looks, 2]
    n_samples_seen_, nbytes_ : int
    prequential_accuracy_ : float
        Share of rows answered rightly that had not been learnt: held-out folds of ``fit``, whole
        blocks of a stream.

    Notes
    -----
    Candidates are rehearsed as in cascade correlation (Fahlman and Lebiere 1990) and chosen by
    orthogonal least squares (Chen, Cowan and Grant 1991) among the knots of each direction
    (Friedman 1991). The readout is ridge regression on resonant targets, which ask nothing of an
    answer right beyond the margin: the squared hinge, by majorisation. No derivative passes through
    a unit.

    Examples
    --------
    >>> import numpy as np
    >>> from growgraph import GrowNet
    >>> X = np.random.default_rng(0).uniform(-1, 1, (300, 2))
    >>> y = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")
    >>> model = GrowNet().fit(X[:200], y[:200])
    >>> bool(model.score(X[200:], y[200:]) > 0.9), bool(model.n_units_ > 0)
    (True, True)
    """

    _classes_learnt = True
    _flat = True
    classes_: Any

    def __init__(
        self, *, random_state=None, max_nodes=None, max_bytes=None, patience=3, intention=True,
        progress=None, nets=1, pool=64, replay=2000, forget=1.0, readout="refit",
        placement="tension", directions="data", depth=True,
    ):  # fmt: skip
        self.random_state = random_state
        self.max_nodes = max_nodes
        self.max_bytes = max_bytes
        self.patience = patience
        self.intention = intention
        self.progress = progress
        self.nets = nets
        self.pool = pool
        self.replay = replay
        self.forget = forget
        self.readout = readout
        self.placement = placement
        self.directions = directions
        self.depth = depth

    def fit(self, X, y):
        """Learn from scratch, or, after :meth:`freeze`, another task.

        Parameters
        ----------
        X : array [samples, columns], sparse, DataFrame or dict of columns
            Finite; in DataFrames and dicts, text makes a column categorical and a missing cell is
            a state of its own.
        y : array [samples]
            Labels: numbers or strings.

        Returns
        -------
        GrowNet
            Itself.
        """
        return self._learn(X, y, first=True, whole=True)

    def partial_fit(self, X, y, classes=None):
        """Learn more samples; ``classes`` is accepted and not needed.

        Parameters
        ----------
        X, y
            As in :meth:`fit`. A DataFrame or dict may have columns that were not there before: they
            grow inputs of their own, for which rows without them say nothing. The first 16
            cells of a column of numbers tell its scale; it is heard from then on.
        classes : ignored

        Returns
        -------
        GrowNet
            Itself.
        """
        return self._learn(X, y, first=not hasattr(self, "n_samples_seen_"), whole=False)

    def _targets(self, y, n, onward):
        labels = self._labels(y, n)
        self._will_know = _door.merged(self._known[-1] if onward else [], labels)
        return labels

    def _set_known(self):
        """Classes met, sorted, of each task."""
        core = self._core
        met = list(core.body.task.labels) if core.body.tasks else []
        if self._infant_y is not None:
            met = [*met, *self._infant_y.tolist()]
        known = self._will_know
        tasks = max(len(core.body.tasks), 1)
        self._known = [*self._known[: tasks - 1], known[np.isin(known, met)]]
        self.classes_ = self._known[-1]

    def _scores(self, X, task=None):
        """Scores of the sorted classes of a task."""
        said, t = self._said(X, task)
        place = {label: i for i, label in enumerate(self._grown().body.tasks[t].labels)}
        return said[:, [place[label] for label in self._known[t].tolist()]], t

    def decision_function(self, X, task=None):
        """Scores [samples, classes], or [samples] of the second class if there are two."""
        scores, _ = self._scores(X, task)
        return (scores[:, 1] - scores[:, 0]) / 2 if scores.shape[1] == 2 else scores

    def predict(self, X, task=None):
        """The best class of each sample; it never abstains, see :meth:`predict_or_abstain`.

        Parameters
        ----------
        X
            As in :meth:`fit`.
        task : int, optional
            Number of a task, see :meth:`freeze`; the last one if not given.

        Returns
        -------
        ndarray [samples]
        """
        scores, t = self._scores(X, task)
        return self._known[t][scores.argmax(axis=1)]

    def predict_proba(self, X, task=None):
        """Probability of each class: the confidence of the best one, as the record has it."""
        scores, t = self._scores(X, task)
        return probabilities(2 * scores, self._confidence(X, scores, t))


class GrowNetRegressor(Growing, TellingNumbers, GrowingRegressor):
    """Regressor of one target or several that grows units where its errors last.

    All as in :class:`GrowNet`, but for ``nets``: 5 by default, whose mean is smoother than one.

    Parameters
    ----------
    random_state, max_nodes, max_bytes, patience, intention, progress
        As in :class:`GrowNet`.
    nets : int from 1 to 5, default 5
    pool, replay, forget, readout, placement, directions, depth
        As in :class:`GrowNet`.

    Attributes
    ----------
    graph_, growth_log_, n_units_, growth_curve_, n_samples_seen_, nbytes_
        As in :class:`GrowNet`.
    prequential_r2_ : float
        Share of variance explained on rows that had not been learnt.

    Notes
    -----
    The graph holds float32: targets whose mean is a million times their spread lose digits.

    Examples
    --------
    >>> import numpy as np
    >>> from growgraph import GrowNetRegressor
    >>> X = np.random.default_rng(0).uniform(-3, 3, (300, 1))
    >>> model = GrowNetRegressor(nets=1).fit(X[:200], np.sin(X[:200, 0]))
    >>> bool(model.score(X[200:], np.sin(X[200:, 0])) > 0.98)
    True
    """

    _classes_learnt = False

    def __init__(
        self, *, random_state=None, max_nodes=None, max_bytes=None, patience=3, intention=True,
        progress=None, nets=5, pool=64, replay=2000, forget=1.0, readout="refit",
        placement="tension", directions="data", depth=True,
    ):  # fmt: skip
        self.random_state = random_state
        self.max_nodes = max_nodes
        self.max_bytes = max_bytes
        self.patience = patience
        self.intention = intention
        self.progress = progress
        self.nets = nets
        self.pool = pool
        self.replay = replay
        self.forget = forget
        self.readout = readout
        self.placement = placement
        self.directions = directions
        self.depth = depth

    def fit(self, X, y):
        """Learn from scratch, or, after :meth:`freeze`, another task.

        Parameters
        ----------
        X : array [samples, columns], sparse, DataFrame or dict of columns
            As in :meth:`GrowNet.fit`.
        y : array [samples] or [samples, targets]
            Finite numbers.

        Returns
        -------
        GrowNetRegressor
            Itself.
        """
        return self._learn(X, y, first=True, whole=True)

    def partial_fit(self, X, y):
        """Learn more samples of a stream.

        Parameters
        ----------
        X, y
            As in :meth:`fit`.

        Returns
        -------
        GrowNetRegressor
            Itself.
        """
        return self._learn(X, y, first=not hasattr(self, "n_samples_seen_"), whole=False)

    def _targets(self, y, n, onward):
        values, flat = self._numbers(y, n)
        if onward and values.shape[1] != self._known[-1]:
            raise DataError(
                f"y has {values.shape[1]} targets but learning began with {self._known[-1]}: give "
                "as many, or freeze() first to begin another task"
            )
        self._flat = flat
        self._will_know = values.shape[1]
        return values

    def _set_known(self):
        """Targets of each task."""
        tasks = max(len(self._core.body.tasks), 1)
        self._known = [*self._known[: tasks - 1], self._will_know]

    def predict(self, X, task=None):
        """The targets of each sample.

        Parameters
        ----------
        X
            As in :meth:`fit`.
        task : int, optional
            Number of a task, see :meth:`freeze`; the last one if not given.

        Returns
        -------
        ndarray of float64 [samples] or [samples, targets], as ``y`` was
        """
        said, t = self._said(X, task)
        return said[:, 0] if self._grown().body.tasks[t].flat else said
