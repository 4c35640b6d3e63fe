"""ResoNet as river takes it: one dict a sample, features that come and go, any label.

river is optional (``pip install 'growgraph[river]'``); importing this module does not need it.
"""

from typing import Any

import numpy as np

from growgraph.models.resonet import ResoNet
from growgraph.senses.columns import as_numbers, is_missing

try:
    from river import base as _base
except ImportError:
    _Classifier: Any = object
else:
    _Classifier = _base.Classifier

_YOUNG = 64  # samples kept at first: a feature that comes that early is learnt from the beginning


class RiverResoNet(_Classifier):
    """:class:`growgraph.ResoNet` for tables, as a classifier of river.

    A feature that is missing in a sample is a missing cell, which is a state of its own. One that
    comes among the first 64 samples is learnt as if it had been there from the first; a later one
    is a new column of the model, see :meth:`growgraph.ResoNet.partial_fit`.

    Parameters
    ----------
    learning : {"evidence", "resonance"}, default "evidence"
        As in :class:`growgraph.ResoNet`.
    seed : int, optional
        Of what is dreamt before birth; None is 0.
    max_nodes : int, optional
        Concepts grow no aspects beyond so many nodes.

    Attributes
    ----------
    model : ResoNet or None
        What has been grown: None before the first sample. Its labels are numbers in the sequence
        of arrival, see ``labels``.
    labels : list
        Labels met, in the sequence of their arrival.

    Raises
    ------
    ImportError
        If river is not installed.

    Examples
    --------
    >>> from growgraph.river import RiverResoNet
    >>> model = RiverResoNet(seed=1)  # doctest: +SKIP
    >>> for i in range(80):  # doctest: +SKIP
    ...     model.learn_one({"length": float(i % 2)}, "long" if i % 2 else "short")
    >>> model.predict_one({"length": 1.0})  # doctest: +SKIP
    'long'
    """

    def __init__(self, learning="evidence", seed=None, max_nodes=None):
        if _Classifier is object:
            raise ImportError("RiverResoNet needs river: pip install 'growgraph[river]'")
        self.learning = learning
        self.seed = seed
        self.max_nodes = max_nodes
        self.model: Any = None
        self.labels: list = []
        self._codes: dict = {}
        self._columns: dict = {}  # feature -> (name of its column, whether it holds text)
        self._young: list | None = []
        self._sequence: Any = None  # features in the sequence of the model's columns

    @property
    def _multiclass(self):
        return True

    # ---- learning -------------------------------------------------------------------------------
    def learn_one(self, x, y):
        """Learn one sample.

        Parameters
        ----------
        x : dict
            Feature -> number, bool or text; None and NaN are missing.
        y : label
        """
        if not x or (not self._columns and all(map(is_missing, x.values()))):
            return
        model, columns, young = self.model, self._columns, self._young
        new = [f for f, v in x.items() if not is_missing(v) and f not in columns]
        if new:
            columns = self._placed(x, new)
            if young is not None and len(columns) > len(self._columns):
                model = None  # learnt anew, below, with all columns
        codes = self._codes if y in self._codes else {**self._codes, y: len(self._codes)}
        lesson = [(x, codes[y])]
        if model is None:
            model = ResoNet(
                random_state=self.seed, max_nodes=self.max_nodes, learning=self.learning
            )
            lesson = [*(young or []), *lesson]
        samples, answers = zip(*lesson, strict=True)
        row = self._row(x) if model is self.model and columns is self._columns else None
        if row is None or not model._learn_row(row, np.array(answers)):
            _teach(model, self._table(samples, columns), answers)
        # nothing above has changed this object: a sample that is refused leaves it as it was
        self.model, self._columns = model, columns
        if codes is not self._codes:
            self._codes, self.labels = codes, [*self.labels, y]
        if young is not None:
            young.append((dict(x), codes[y]))
            if len(young) >= _YOUNG:
                self._young = None

    def _placed(self, x, new):
        """Columns once these features have come."""
        columns = dict(self._columns)
        for feature in sorted(new, key=str):  # the sequence in a dict must not matter
            taken, name = {name for name, _ in columns.values()}, str(feature)
            while name in taken:  # 1 and "1" are two features
                name += f" ({type(feature).__name__})"
            columns[feature] = (name, _is_text(x[feature]))
        return columns

    def _row(self, x):
        """X as one row of numbers, the quickest way in; None if a cell is missing or holds text."""
        if self._sequence is None or self._sequence[0] is not self._columns:
            of = {name: f for f, (name, text) in self._columns.items() if not text}
            names = list(self.model._core.sense.columns)
            fits = len(of) == len(self._columns) and set(of) == set(names)
            self._sequence = self._columns, [of[n] for n in names] if fits else None
        if self._sequence[1] is None:
            return None
        try:
            row = np.array([[x[f] for f in self._sequence[1]]], float)
        except (KeyError, TypeError, ValueError):
            return None
        return row if row.ndim == 2 else None

    def _table(self, samples, columns):
        """Samples as columns: what is missing is NaN or None."""
        table: dict[str, np.ndarray] = {}
        for feature, (name, text) in columns.items():
            values = [x.get(feature) for x in samples]
            if text:
                table[name] = np.array(values, object)
            else:
                table[name] = as_numbers(name, [np.nan if v is None else v for v in values])
        return dict(sorted(table.items()))

    # ---- answering ------------------------------------------------------------------------------
    def predict_one(self, x):
        """The best label; None before anything was learnt."""
        if self.model is None:
            return None
        best = self.model._best(self._row(x))
        if best is None:
            return self.labels[int(self.model.predict(self._table((x,), self._columns))[0])]
        return self.labels[int(self.model.classes_[best[0]])]

    def predict_proba_one(self, x):
        """Label -> probability, of all labels met."""
        if self.model is None:
            return {}
        shares = self.model.predict_proba(self._table((x,), self._columns))[0]
        total = float(shares.sum())
        codes = self.model.classes_.tolist()
        return {self.labels[c]: float(p) / total for c, p in zip(codes, shares, strict=True)}


def _is_text(value):
    """Whether a feature whose first value this is holds categories."""
    return not (value is None or isinstance(value, (bool, int, float, np.number, np.bool_)))


def _teach(model, table, codes):
    """Rows through the model's door; the one place that knows which door it is."""
    model.partial_fit(table, np.array(codes))
