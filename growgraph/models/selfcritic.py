"""SelfCriticNet: two models in dialogue, and a critic that learns from where they disagree."""

from typing import Any

import numpy as np

from growgraph.errors import DataError
from growgraph.models import _door
from growgraph.models._record import probabilities
from growgraph.models._selfcritic import state
from growgraph.models._selfcritic.flow import taught
from growgraph.models._selfcritic.judging import AsRead, Judging
from growgraph.models._selfcritic.learner import Learner, checked
from growgraph.models.base import GrowingClassifier, n_rows


class SelfCriticNet(Judging, GrowingClassifier):
    """A classifier that doubts itself: it says how sure it is, why it may be wrong, and abstains.

    Two models in one graph: T1 forecasts the answer from the input (a readout, ridge regression
    solved exactly), T2 expects the input from the answer (class concepts). A share of the labelled
    rows is held out, learnt by no node. How the two disagree there, and in cases the model makes up
    of these rows, teaches a critic: a small graph over the tensions.

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

    Attributes
    ----------
    classes_ : ndarray
        Labels met, sorted.
    graph_ : Graph
        All that is needed to answer.
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
        self, random_state=None, max_nodes=None, max_bytes=None, patience=2, intention=True,
        progress=None, image_shape=None, replay=2000, held_out=0.1, unlabeled=None,
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
        return self._learn(X, y, first=True)

    def partial_fit(self, X, y, classes=None):
        """Learn more samples; ``classes`` is accepted and not needed.

        Parameters
        ----------
        X, y
            As in :meth:`fit`.
        classes : ignored

        Returns
        -------
        SelfCriticNet
            Itself.
        """
        return self._learn(X, y, first=not hasattr(self, "n_samples_seen_"))

    def _learn(self, X, y, first):
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
            learner = self._learner if not first else Learner.newborn(
                checked(self), self.image_shape, X)  # fmt: skip
            rows = learner.core.sense.read(X)
        if first:
            self._learner, self.n_samples_seen_ = learner, 0
        with _door.telling(self.progress, len(rows)) as tell:
            for a, b in _door.spans(len(rows), self.progress):
                with _door.undisturbed():
                    self._asked = {}
                    try:
                        learner.learn(rows[a:b], labels[a:b].tolist(), blank[a:b])
                    finally:  # even when interrupted: what has been learnt, no more
                        self.n_samples_seen_, self._infant = learner.n, learner._infant
                        met = len(learner.arrived) == len(classes)
                        self.classes_ = (
                            classes if met else classes[np.isin(classes, learner.arrived)]
                        )
                tell(b, self)
        return self

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
        self._check_fitted()
        if "core" not in self._asked:  # a dict: answering must not change the estimator's __dict__
            core, unlabelled = self._learner.grown(), self._learner.unlabelled
            if len(unlabelled):
                core = taught(core, self._learner.memory, unlabelled)
            self._asked["core"] = core
        return self._asked["core"]

    def _learning(self):
        """The core whose record and memory of drifts are told."""
        return self._answering()

    @property
    def critic_(self):
        """The graph that judges the answers, None if there is none yet."""
        critic = self._critic()
        return None if critic is None else critic[0].graph

    @property
    def n_held_out_(self):
        """Rows that are held out."""
        self._check_fitted()
        return len(self._learner.held)

    @property
    def nbytes_(self):
        """Bytes of the graph and of all statistics, see :meth:`statistics`."""
        held = self._answering().graph._store.to_arrays().values()
        return sum(a.nbytes for a in (*held, *self.statistics().values()))

    def statistics(self):
        """The arrays that serve further learning and self-knowledge only, by name.

        Returns
        -------
        dict of str to ndarray
            ``held/...``, ``memory/...`` and ``unlabelled/...`` are stored rows.
        """
        return {**self._answering().statistics(), **self._learner.statistics()}

    @property
    def prequential_accuracy_(self):
        """Share of the learnt rows that were answered rightly before they were learnt."""
        return self._answering().prequential_accuracy

    # ---- answering ------------------------------------------------------------------------------
    def _read(self, X):
        core = self._grown()
        if isinstance(X, AsRead):
            return core, X.rows
        return core, self._read_by(core.sense, X)

    def _order(self, core):
        """Numbers, in the sequence of arrival, of the sorted classes."""
        place = {label: c for c, label in enumerate(core.classes)}
        return np.array([place[label] for label in self.classes_.tolist()])

    def predict(self, X):
        """The best class of each sample; it never abstains, see :meth:`predict_or_abstain`.

        Parameters
        ----------
        X : array [samples, columns], sparse, DataFrame or dict of columns

        Returns
        -------
        ndarray [samples]
        """
        best = self._scores(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X):
        """Probability of each class.

        The best class gets the confidence that :meth:`reflect` tells, or, if that is less, just
        enough to stay the best; the others share the rest by the softmax of their scores.
        """
        heard, _, confidence, *_ = self._judge(X)
        scores = heard.scores
        if self._grown().council is not None:
            scores = np.log(np.maximum(scores, 1e-300))
        return probabilities(scores, confidence)

    # ---- files --------------------------------------------------------------------------------
    def to_state(self):
        """The model as arrays and plain values, see :func:`growgraph.save`."""
        self._check_fitted()
        return state.to_state(self)

    @classmethod
    def from_state(cls, held):
        """Rebuild a model; see :meth:`to_state`."""
        return state.from_state(cls, held)
