"""SelfCriticNet: two models in dialogue, and a critic that learns from where they disagree."""

import contextlib
from typing import Any

import numpy as np

from growgraph.errors import DataError
from growgraph.models import _door
from growgraph.models._columns import with_newcomers
from growgraph.models._selfcritic import state
from growgraph.models._selfcritic.flow import taught
from growgraph.models._selfcritic.judging import Judging
from growgraph.models._selfcritic.learner import Learner
from growgraph.models.base import GrowingClassifier, n_rows


class SelfCriticNet(Judging, GrowingClassifier):
    """A classifier that doubts itself: it says how sure it is, why it may be wrong, and abstains.

    T1 forecasts the answer from the input: a readout, ridge regression solved exactly, or any other
    classifier of growgraph. T2 expects the input from the answer: class concepts. A share of the
    labelled rows is held out, learnt by no node. How the two disagree there, and in cases the model
    makes up of these rows, teaches a critic: a small graph over the tensions.

    Parameters
    ----------
    random_state : None, int or numpy Generator
        Dreams of the retina, landmarks of a table, which rows are held out and remembered.
    max_nodes : int, optional
        Aspects stop growing before ``graph_`` exceeds it. Classes and new inputs grow in any case.
    max_bytes : int, optional
        The same for the bytes of graph and statistics; rows that are kept count beside.
    patience : int, default 2
        Samples of a class for each aspect it may have grown.
    intention : bool, default True
        From 5000 samples on, write evidence of easy samples only now and then (images).
    progress : None, True or callable, default None
        True shows a bar; a callable gets (samples done, samples in all, model).
    image_shape : (int, int), optional
        Rows of X are images of so many rows and columns. Without it X is a table.
    replay : int, default 2000
        Rows that are remembered as they came, an even sample of what was learnt, and as many of
        those without a label. 0: none, and then there is no critic.
    held_out : float in [0, 0.5], default 0.1
        Share of the labelled rows that is held out, from the ninth of each class on; at most 400
        rows are, those of the least draws. They are never learnt. 0: no critic.
    unlabeled : label, optional
        Rows whose ``y`` is this have no label: they are remembered, and each question is answered
        as if they had been learnt with the labels that flow to them from rows like them.
    estimator : ResoNet, GrowNet or another growgraph classifier, optional
        T1. A clone of it learns the same rows: by its ``fit`` what ``fit`` is given, else by its
        ``partial_fit``. T1 and T2 then answer by T1's probabilities times T2's resonances to a
        power, chosen on the rows held out; 0 is one of the choices. None: T1 is the readout.

    Attributes
    ----------
    classes_ : ndarray
        Labels met, sorted.
    graph_ : Graph
        All that is needed to answer; with an ``estimator`` this is T2 alone.
    estimator_ : growgraph classifier or None
        The T1 that answers, if it is another; to be read only. Its ``graph_`` is T1's.
    critic_ : Graph or None
        All that is needed to judge: inputs are the tensions, outputs the log-odds of being right,
        novelty, and a score for each of the causes. None before eight rows are held out, and where
        there is one class only.
    growth_log_ : GrowthLog
        Why each node is there.
    n_samples_seen_, n_held_out_ : int
        Rows met; of them rows that are held out.
    nbytes_ : int
        Bytes of graph and statistics, without the room that arrays keep for growing.
    prequential_accuracy_ : float
        Share of the learnt rows that were answered rightly before they were learnt.

    Notes
    -----
    The critic is a pure function of what was learnt, remembered and held out, and is made when it
    is first asked after learning: a quarter of a second for digits; so ask many rows at once. Rows
    without a label are thought over then, too: two seconds for 4000 images of 28 x 28. Confidence
    is the record of answers given before learning, moved by a logistic regression on the rows held
    out. Causes are told by another on cases made of them: labels flipped, rows blended, rows
    corrupted, a class forgotten, a T1 of few nodes. What life does otherwise than was rehearsed is
    told less well: measured, with generators never rehearsed, by ``growgraph bench learning
    selfcritic``.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from growgraph import SelfCriticNet
    >>> X, y = load_digits(return_X_y=True)
    >>> model = SelfCriticNet(image_shape=(8, 8), random_state=0).fit(X[:1297], y[:1297])
    >>> told = model.reflect(X[1297:])
    >>> right = told.answer == y[1297:]
    >>> bool(told.confidence[right].mean() > told.confidence[~right].mean() + 0.2)
    True
    """

    def __init__(
        self, *, random_state=None, max_nodes=None, max_bytes=None, patience=2, intention=True,
        progress=None, image_shape=None, replay=2000, held_out=0.1, unlabeled=None, estimator=None,
    ):  # fmt: skip
        self.random_state = random_state
        self.max_nodes = max_nodes
        self.max_bytes = max_bytes
        self.patience = patience
        self.intention = intention
        self.progress = progress
        self.image_shape = image_shape
        self.replay = replay
        self.held_out = held_out
        self.unlabeled = unlabeled
        self.estimator = estimator

    classes_: Any
    _learner: Any
    _asked: dict

    # ---- learning -------------------------------------------------------------------------------
    def fit(self, X, y):
        """Learn from scratch, in one pass.

        Parameters
        ----------
        X : array [samples, columns], sparse, DataFrame or dict of columns
            Finite; in DataFrames and dicts, text makes a column categorical and a missing cell is
            a state of its own.
        y : array [samples]
            Labels: numbers or strings; ``unlabeled`` where there is none.

        Returns
        -------
        SelfCriticNet
            Itself.
        """
        return self._learn(X, y, first=True, whole=True)

    def partial_fit(self, X, y, classes=None):
        """Learn more samples; ``classes`` is accepted and not needed.

        Parameters
        ----------
        X, y
            As in :meth:`fit`; X may have new columns, see :meth:`growgraph.ResoNet.partial_fit`.
        classes : ignored

        Returns
        -------
        SelfCriticNet
            Itself.
        """
        return self._learn(X, y, first=not hasattr(self, "n_samples_seen_"))

    def _learn(self, X, y, first, whole=False):
        """Check everything, then learn; a call that is refused leaves the model as it was."""
        with self._unless_refused():
            X = self._rows_to_learn(X, first)
            labels = self._labels(y, n_rows(X))
            blank = self._blank(labels)
            known = [] if first else self.classes_
            classes = _door.merged(known, labels[~blank]) if not blank.all() else known
            if not len(classes):
                raise DataError(
                    f"y holds no label but unlabeled={self.unlabeled!r}: begin with rows of which "
                    "at least one has a label"
                )
            learner = Learner.newborn(self, X) if first else self._learner
            sense = learner.core.sense
            if not first:
                known = sense
                sense, X = with_newcomers(known, X)
                if learner.guest is not None and sense is not known:
                    new = [name for name in sense.columns if name not in known.columns]
                    raise DataError(
                        f"column {new[0]!r} was not there when learning began, and another "
                        "estimator keeps to the first columns: drop it, or learn anew with all"
                    )
            rows = sense.read(X)
        told = [None if b else v for v, b in zip(labels.tolist(), blank.tolist(), strict=True)]
        whole, unsure = whole and learner.guest is not None, first and learner.guest is not None
        with self._unless_refused() if unsure else contextlib.nullcontext():  # T1 may refuse, too
            self._learner, self._asked = learner, {}
            self.n_samples_seen_ = learner.n
            new, young = learner._welcome(sense), learner._is_young()
            if whole:
                learner.guest.waiting = []
            self._learn_on(rows, told, lambda: self._note(classes))
            if whole:
                learner.guest.finish(learner.core.sense)
                self._asked = {}
        learner._tell_unheard(new, young)
        return self

    def _take(self, rows, targets):
        self._learner.learn(rows, targets)

    def _met(self):
        return self._learner.n

    def _note(self, classes):
        """What the estimator tells of the learner."""
        learner = self._learner
        self._infant = learner._infant
        met = len(learner.arrived) == len(classes)
        self.classes_ = classes if met else classes[np.isin(classes, learner.arrived)]

    def _blank(self, labels):
        """Which rows have no label."""
        if self.unlabeled is None:
            return np.zeros(len(labels), bool)
        return np.array([label == self.unlabeled for label in labels.tolist()], bool)

    # ---- what was learnt ------------------------------------------------------------------------
    @property
    def _core(self):
        """The core that learns."""
        return self._learner.core

    def _grown(self):
        """The core that answers."""
        return self._pair()[0]

    def _guest(self):
        """The other T1 that answers; None if it is the core's readout."""
        return self._pair()[1]

    def _pair(self):
        self._check_fitted()
        if "pair" not in self._asked:  # a dict: answering must not change the estimator's __dict__
            learner, unlabelled = self._learner, self._learner.unlabelled
            waits = learner.guest is not None and learner.guest.waiting is not None
            pair = learner.grown(), None if waits else learner.guest  # it has learnt nothing yet
            if len(unlabelled):
                pair = taught(*pair, learner.memory, unlabelled)
            self._asked["pair"] = pair
        return self._asked["pair"]

    def _learning(self):
        """The core whose record and memory of drifts are told."""
        return self._answering()

    @property
    def critic_(self):
        """The graph that judges the answers, None if there is none yet."""
        critic = self._critic()
        return None if critic is None else critic[0].graph

    @property
    def estimator_(self):
        """The T1 that answers, None if it is the readout in ``graph_``."""
        guest = self._guest()
        return None if guest is None else guest.model

    @property
    def n_held_out_(self):
        """Rows that are held out."""
        self._check_fitted()
        return len(self._learner.held)

    @property
    def nbytes_(self):
        """Bytes of the graph and of all statistics, see :meth:`statistics`."""
        held = self._answering().graph._store.to_arrays().values()
        own = sum(a.nbytes for a in (*held, *self.statistics().values()))
        return own + (0 if self._guest() is None else self._learner.guest.model.nbytes_)

    def statistics(self):
        """The arrays that serve further learning and self-knowledge only, by name.

        Returns
        -------
        dict of str to ndarray
            ``held/...``, ``memory/...`` and ``unlabelled/...`` are stored rows. What an
            ``estimator`` keeps, it tells itself.
        """
        return {**self._answering().statistics(), **self._learner.statistics()}

    @property
    def prequential_accuracy_(self):
        """Share of the learnt rows that were answered rightly before they were learnt."""
        if self._guest() is not None:
            return self._learner.guest.model.prequential_accuracy_
        return self._answering().prequential_accuracy

    # ---- files --------------------------------------------------------------------------------
    def to_state(self):
        """The model as arrays and plain values, see :func:`growgraph.save`."""
        self._check_fitted()
        return state.to_state(self)

    @classmethod
    def from_state(cls, held):
        """Rebuild a model; see :meth:`to_state`."""
        return state.from_state(cls, held)
