"""ResoNet: learning by resonance, in one pass, classes unknown in advance."""

from typing import Any

import numpy as np

from growgraph.errors import DataError
from growgraph.kernels import council, resonet
from growgraph.models import _door
from growgraph.models._columns import with_newcomers
from growgraph.models._resonet import state as _state
from growgraph.models._resonet.core import Core
from growgraph.models._resonet.reflecting import Reflecting
from growgraph.models._resonet.settings import options_of
from growgraph.models.base import GrowingClassifier, n_rows
from growgraph.senses import Retina, Table


class ResoNet(Reflecting, GrowingClassifier):
    """Classifier that grows a graph: each class a concept of prototypes and aspects.

    One pass over the data, in any order; a class may appear at any time and grows its own nodes,
    so it overwrites nothing. How the samples are cut into calls changes nothing, bit for bit.

    Parameters
    ----------
    random_state : None, int or numpy Generator, default None
        Seed of what is dreamt before birth; None is 0.
    max_nodes : int, optional
        Concepts grow no aspects beyond so many nodes; classes and inputs are always grown. Of
        categories there are at most a quarter as many inputs (64 to 1024): one without room shares
        an input with others of its column, or is ignored.
    max_bytes : int, optional
        The same for ``nbytes_``.
    patience : int, default 2
        Samples of a class for each aspect it may have grown.
    intention : bool, default True
        From 5000 samples on, write evidence of easy samples only now and then (images).
    progress : None, True or callable, default None
        True shows a bar; a callable gets (samples done, samples in all, model).
    learning : {"evidence", "resonance"}, default "evidence"
        "resonance": concepts alone answer (of a table: from its numeric columns); nothing is
        solved. "evidence" adds a linear readout of all parts, ridge regression, solved exactly.
    image_shape : (int, int), optional
        Rows of X are images of so many rows and columns. Without it X is a table.
    replay : int, default 2000
        Rows of a table that are remembered as they came, for questions to be asked of them. 0: none
        are remembered, and no questions asked. Images are never kept.
    noise_band : bool, default False
        Where labels of images are wrong: from the 30th sample of a class on, a label is not
        believed that loses by more than .3 of a target's height (.2 a part without a readout) to
        what was learnt; nothing of the sample is written but that it was seen. Labels are believed
        where classes come in an unusual order, and after 8 such of one class in a row.

    Attributes
    ----------
    classes_ : ndarray
        Labels met, sorted.
    graph_ : Graph
        All that is needed to answer.
    growth_log_ : GrowthLog
        Why each node is there.
    n_samples_seen_ : int
    columns_ : dict of str to bool, or None
        Names of a table's columns, those that came later last, and which hold categories; None for
        images. ``feature_names_in_`` and ``n_features_in_`` stay those of the first table.
    n_written_ : int
        Samples written into the readout's evidence; fewer where the intention gate let easy ones
        pass, or labels were not believed.
    nbytes_ : int
        Bytes of graph and statistics, without the room that arrays keep for growing.
    prequential_accuracy_ : float
        Share of samples answered rightly before they were learnt.
    n_drifts_ : int
        How often a table's answers kept failing as they had not before: another concept had begun.
    last_drift_ : int
        Samples seen when that was felt last, 0 if never.
    n_returns_ : int
        How often a concept of before was found to be back; a table keeps the last four that lasted.
    last_return_ : dict or None
        ``after`` how many samples the last of these was found, ``since`` and ``until`` which it had
        been there before.

    Notes
    -----
    Images pass a retina of patch concepts grown from dreams: of smoothed noise, from 12 pixels on
    of strokes, which is a prior of handwriting; places of a grid and windows are priors of images.
    None is in a table, nor in pixels given as one. Poses are not settled, no views are made.
    Tables are scaled by their first 64 rows. Class concepts are streaming principal components
    (Weng, Zhang and Hwang 2003) read out as modified quadratic discriminants (Kimura et al. 1987);
    the readout is ridge regression, for tables on resonant targets: own expectation plus surprise,
    one-pass logistic regression of fixed curvature (Boehning 1992). No derivative passes through a
    hidden node.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from growgraph import ResoNet
    >>> X, y = load_digits(return_X_y=True)
    >>> model = ResoNet(image_shape=(8, 8)).partial_fit(X[:1297], y[:1297])
    >>> bool(model.score(X[1297:], y[1297:]) > 0.95)
    True
    """

    def __init__(
        self, *, random_state=None, max_nodes=None, max_bytes=None, patience=2, intention=True,
        progress=None, learning="evidence", image_shape=None, replay=2000, noise_band=False,
    ):  # fmt: skip
        self.random_state = random_state
        self.max_nodes = max_nodes
        self.max_bytes = max_bytes
        self.patience = patience
        self.intention = intention
        self.progress = progress
        self.learning = learning
        self.image_shape = image_shape
        self.replay = replay
        self.noise_band = noise_band

    # ---- learning -------------------------------------------------------------------------------
    def fit(self, X, y):
        """Learn from scratch, in one pass.

        Parameters
        ----------
        X : array [samples, columns], sparse, DataFrame or dict of columns
            Finite; in DataFrames and dicts, text makes a column categorical and a missing cell is
            a state of its own.
        y : array [samples]
            Labels: numbers or strings.

        Returns
        -------
        ResoNet
            Itself.
        """
        return self._learn(X, y, first=True)

    def partial_fit(self, X, y, classes=None):
        """Learn more samples; ``classes`` is accepted and not needed.

        Parameters
        ----------
        X, y
            As in :meth:`fit`. A DataFrame or dict may have columns that were not there before: each
            grows inputs of its own, for which rows without it, all those before included, say
            nothing. The first 16 cells of a column of numbers tell its scale; it is heard from
            then on. An array must have the columns of the first.
        classes : ignored

        Returns
        -------
        ResoNet
            Itself.

        Raises
        ------
        DataError
            If a new column may be a slip of the pen: its name is like that of one that is missing.

        Examples
        --------
        >>> import numpy as np
        >>> from growgraph import ResoNet
        >>> size, weight = np.random.default_rng(0).uniform(0, 1, (2, 300))
        >>> model = ResoNet().partial_fit({"size": size[:100]}, size[:100] > 0.5)
        >>> both = {"size": size[100:], "weight": weight[100:]}
        >>> _ = model.partial_fit(both, weight[100:] > 0.5)
        >>> model.columns_, bool(model.score(both, weight[100:] > 0.5) > 0.9)
        ({'size': False, 'weight': False}, True)
        """
        return self._learn(X, y, first=not hasattr(self, "n_samples_seen_"))

    classes_: Any

    def _learn(self, X, y, first):
        """Check everything, then learn; a call that is refused leaves the model as it was.

        One that is interrupted has learnt whole pieces, and the model says how many samples.
        """
        if not first and self._learn_row(self._numbers(X), y):
            return self
        with self._unless_refused():
            X = self._rows_to_learn(X, first)
            labels = self._labels(y, n_rows(X))
            classes = _door.merged([] if first else self.classes_, labels)
            core = self._newborn(X) if first else self._core
            sense, X = (core.sense, X) if first else with_newcomers(core.sense, X)
            rows = sense.read(X)
        if first:
            self._begin(core)
        new, young = self._welcome(sense), self._is_young()

        def note():
            known = classes
            if len(self._core.classes) < classes.size:
                met = [*self._core.classes, *(self._infant_y or [])]
                known = classes[np.isin(classes, met)]
            self.classes_ = known

        self._learn_on(rows, labels.tolist(), note)
        self._tell_unheard(new, young)
        return self

    def _numbers(self, X):
        """X if it is one row of numbers without names, as kernels take it; else None."""
        if hasattr(self, "feature_names_in_"):
            return None
        return _door.one_row(X, self.n_features_in_)

    def _learn_row(self, row, y):
        """Learn one row of numbers by the shortest way; False if it takes the other."""
        if row is None or self.progress or self._infant is not None:
            return False
        single, label = self._core.single(row.shape[1]), _door.one_label(y, self.classes_)
        if single is None or label not in single.number:
            return False
        with _door.undisturbed():
            self._asked = {}
            try:
                return single.learn(self._core, row, label)
            finally:
                self.n_samples_seen_ = self._core.n

    def _newborn(self, X):
        """A core that has seen nothing, with checked options."""
        options = options_of(self)
        numbers = self.image_shape is not None or not all(Table.columns_of(X).values())
        if self.learning == "resonance" and not numbers:
            raise DataError(
                "learning='resonance' reads numeric columns and X has none: use learning='evidence'"
            )
        return _door.newborn(X, self.image_shape, options, Core, Table, Retina)

    @staticmethod
    def _teach(core, rows, labels):
        core.learn(rows, labels)

    # ---- what was learnt ------------------------------------------------------------------------
    def _learning(self):
        """The core that learns; of a young table, which has not learnt, the one that answers."""
        self._check_fitted()
        return self._answering() if self._infant is not None else self._core

    @property
    def nbytes_(self):
        """Bytes of the graph and of the statistics that serve further learning.

        The room that arrays keep for growing, at most half as much again, is not counted, nor is
        the graph that the growth log starts from, about as much again; its events are.
        """
        return self._answering().nbytes()

    @property
    def columns_(self):
        """Names of a table's columns, and whether each holds categories."""
        self._check_fitted()
        sense = self._core.sense
        return dict(sense.columns) if sense.kind == "table" else None

    @property
    def n_written_(self):
        """Samples written into the readout's evidence."""
        return int(self._learning().ctl[resonet.WRITTEN])

    @property
    def prequential_accuracy_(self):
        """Share of samples answered rightly before they were learnt."""
        return self._learning().prequential_accuracy

    @property
    def n_drifts_(self):
        """How often it was felt that another concept had begun."""
        felt = self._learning().council
        return 0 if felt is None else int(felt.ctl[council.ALARMS])

    @property
    def last_drift_(self):
        """Samples seen when that was felt last, 0 if never."""
        felt = self._learning().council
        return 0 if felt is None else int(felt.ctl[council.LAST_ALARM])

    @property
    def prequential_curve_(self):
        """How that share rose: rows of (samples seen, share), ever farther apart."""
        core = self._learning()
        points = np.vstack([core.curve, (core.n, core.right)]).astype(np.float64)
        points[:, 1] /= np.maximum(points[:, 0], 1)
        return points

    # ---- answering ------------------------------------------------------------------------------
    def _shortly(self, X):
        """One row of numbers takes fewer steps."""
        return self._best(self._numbers(X)) if hasattr(self, "n_samples_seen_") else None

    def _best(self, row):
        """Place [1] of the best class for one row of numbers; None if it takes the longer way."""
        if row is None:
            return None
        core = self._grown()
        single = core.single(row.shape[1])
        P = None if single is None else single.ask(core, row)
        return None if P is None else P[:, self._order(core)].argmax(axis=1)

    # ---- files --------------------------------------------------------------------------------
    def to_state(self):
        """The model as arrays and plain values, see :func:`growgraph.save`."""
        self._check_fitted()
        return _state.to_state(self)

    @classmethod
    def from_state(cls, state):
        """Rebuild a model; see :meth:`to_state`."""
        return _state.from_state(cls, state)
