"""Another classifier as T1: it is taught, asked and kept beside the core, whose concepts are T2."""

import copy
from typing import Any

import numpy as np
from sklearn.base import clone

from growgraph.errors import GraphError
from growgraph.models import _saved
from growgraph.models._selfcritic.kept import joined, numbers_of
from growgraph.models.base import GrowingClassifier

_WEIGHTS = (0.0, 0.125, 0.25, 0.5, 1.0, 2.0, 4.0)  # of T2's word, in its usual margins
_FLOOR = 1e-6  # of a probability: one certain mistake must not silence T1


def checked(estimator, named):
    """A guest that has learnt nothing, None for None; TypeError for what can be none."""
    if estimator is None:
        return None
    if not isinstance(estimator, GrowingClassifier):
        what = f"the class {estimator.__name__}" if isinstance(estimator, type) else repr(estimator)
        raise TypeError(
            f"estimator must be a growgraph classifier such as GrowNet(), or None, got {what}"
        )
    return Guest(clone(estimator), named)


def seen(sense, rows, named):
    """Rows as the user gave them: an array, or, if columns have names, a dict of columns."""
    if not named:
        return np.asarray(numbers_of(rows), np.float64)
    table = {name: np.full(len(rows), None, object) for name in sense.columns}
    for name, values in zip(sense.numeric, rows.numbers.T, strict=True):
        table[name] = values
    for row, (name, value) in rows.marks:
        if name not in sense.numeric:
            table[name][row] = value
    return table


class Guest:
    """T1 as SelfCriticNet holds it.

    Parameters
    ----------
    model : growgraph classifier
        Its own, not the user's.
    named : bool
        Whether the rows are a table whose columns have names.

    Attributes
    ----------
    waiting : list or None
        What ``fit`` will learn at once; None: rows are learnt as they come.
    """

    def __init__(self, model, named):
        self.model, self.named = model, named
        self.waiting: Any = None

    def learn(self, sense, rows, labels):
        """Learn rows, or let them wait for :meth:`finish`."""
        if self.waiting is not None:
            self.waiting.append((rows, labels))
        else:
            self.model.partial_fit(seen(sense, rows, self.named), np.array(labels))

    def finish(self, sense):
        """Learn at once what waited."""
        parts, self.waiting = self.waiting, None
        rows, labels = parts[0]
        for others, more in parts[1:]:
            rows, labels = joined(rows, others), labels + more
        self.model.fit(seen(sense, rows, self.named), np.array(labels))

    def forecast(self, sense, rows):
        """Probabilities [batch, sorted classes], none of them 0."""
        said = np.maximum(self.model.predict_proba(seen(sense, rows, self.named)), _FLOOR)
        return said / said.sum(axis=1, keepdims=True)

    def account(self, sense, rows):
        """Its own explanation of a row, and its nodes that spoke most."""
        x = seen(sense, rows, self.named)
        told = self.model.explain(x if isinstance(x, dict) else x[0]).data
        keys = "node", "name", "spoke"
        nodes = [{k: one[k] for k in keys} for one in told.get("nodes", told.get("units", []))]
        return {"nodes": nodes, "columns": [], "estimator": told}

    def twin(self):
        """One that can learn on without this one knowing."""
        return copy.deepcopy(self)

    # ---- files --------------------------------------------------------------------------------
    def to_state(self):
        """Arrays and plain values."""
        state = self.model.to_state()
        return state["arrays"], {
            "class": type(self.model).__name__, "named": self.named, "plain": state["plain"],
        }  # fmt: skip

    @classmethod
    def from_state(cls, arrays, plain):
        """Rebuild; see :meth:`to_state`."""
        model = kind_of(plain).from_state({"arrays": arrays, "plain": plain["plain"]})
        return cls(model, plain["named"])


def kind_of(plain):
    """The class that :meth:`Guest.to_state` named: whoever loads a file has imported it."""
    for kind in GrowingClassifier.__subclasses__():
        if kind.__name__ == plain["class"]:
            return kind
    raise GraphError(f"the model is broken: its T1 is a {plain['class']!r}, which is not known")


def params_of(estimator):
    """An estimator's parameters as :func:`from_params` takes them; None for None."""
    if estimator is None:
        return None
    given = estimator.get_params(deep=False)
    held = params_of(given.get("estimator"))
    return {"class": type(estimator).__name__, "params": _saved.plain_params(given), "holds": held}


def from_params(plain):
    """An estimator with these parameters that has learnt nothing."""
    if plain is None:
        return None
    params, held = _saved.as_given(plain["params"]), from_params(plain.get("holds"))
    return kind_of(plain)(**params | ({} if held is None else {"estimator": held}))


def dialogue_weight(reading, total, labels):
    """How much T2 is to be heard beside T1: the weight under which rows held out are likeliest.

    Parameters
    ----------
    reading : ndarray of float64 [rows, classes]
        T1's probabilities.
    total : ndarray of float64 [rows, classes]
        T2's log-resonances.
    labels : ndarray of int64 [rows]
        Places of the classes.

    Returns
    -------
    float
        Of T2's log-resonance beside T1's log-probability; 0: T1 answers alone.

    Examples
    --------
    >>> unsure, clear = np.full((4, 2), 0.5), np.array([[0.0, -1.0]] * 4)
    >>> dialogue_weight(unsure, clear, np.zeros(4, int))
    4.0
    >>> dialogue_weight(unsure, clear, np.ones(4, int))
    0.0
    """
    ordered = np.sort(total, axis=1)
    unit = np.median(ordered[:, -1] - ordered[:, -2])
    weights = [w / unit if unit > 0 else 0.0 for w in _WEIGHTS]
    right = np.arange(len(labels)), labels
    told = [np.log(np.maximum(spoken(reading, total, w)[right], _FLOOR)).sum() for w in weights]
    return float(weights[int(np.argmax(told))])


def spoken(reading, total, weight):
    """Probabilities of T1 and T2 in dialogue, [batch, classes]."""
    said = np.log(reading) + weight * total
    said = np.exp(said - said.max(axis=1, keepdims=True))
    return said / said.sum(axis=1, keepdims=True)
