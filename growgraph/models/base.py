"""What all models share: scikit-learn's door, progress, results of reflecting and explaining."""

from dataclasses import InitVar, dataclass
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_array, column_or_1d, validate_data

from growgraph._validation import check_finite, check_number, check_unmasked
from growgraph.errors import DataError
from growgraph.models import _door
from growgraph.models._asked import Asked
from growgraph.models._columns import known_columns, names_of, some_of, tell_free_text
from growgraph.models._learning import Learning
from growgraph.models._told import Told
from growgraph.senses.columns import meant, seconds

_MOST_TARGET = 1e30  # answers are float32
_ANY_ORDER = (  # scikit-learn has DataFrames refused
    "Give the columns as a dict, dict(X): there their order does not matter, and one that is not "
    "there is missing."
)


@dataclass(frozen=True, repr=False)
class Reflection(Told):
    """What a model says of its answers, one entry a sample.

    Attributes
    ----------
    answer : ndarray
        Labels.
    confidence : ndarray of float64
        Expected share of right answers, from the model's own record.
    novelty : ndarray of float64
        Higher = stranger.
    cause : ndarray of str
        Why the answer may be wrong: "fine", "ambiguous", "contradictory", "novel", or "unknown"
        where the model has nothing to go by.
    like : ndarray [batch, 2]
        The labels whose concepts resonate best: what it is like.
    """

    _SHOWN = ("answer", "confidence", "novelty", "cause", "like")

    answer: np.ndarray
    confidence: np.ndarray
    novelty: np.ndarray
    cause: np.ndarray
    like: np.ndarray


@dataclass(frozen=True, repr=False)
class Expectation(Told):
    """What a regressor says of its answers, one row a sample; of one target all but novelty [n].

    Attributes
    ----------
    answer : ndarray of float64 [samples] or [samples, targets]
        As ``predict`` gives it.
    error : ndarray of float64, as ``answer``
        Expected root mean square error, in units of the target; of several targets the same share
        of each one's spread. NaN where no row was answered yet before it was learnt.
    low, high : ndarray of float64, as ``answer``
        The truth lies between them, of all targets at once, in the share of rows asked for.
        Infinite where too few rows were answered to tell.
    novelty : ndarray of float64 [samples]
        Higher = stranger.
    cause : ndarray of str [samples]
        Why the answer may be wrong: "fine", "novel", or "unknown" where the model has nothing to
        go by.
    """

    _SHOWN = ("answer", "error", "low", "high", "novelty", "cause")

    answer: np.ndarray
    error: np.ndarray
    low: np.ndarray
    high: np.ndarray
    novelty: np.ndarray
    cause: np.ndarray


@dataclass(frozen=True)
class Explanation:
    """Why, what for and what it is like: ``str()`` tells it, ``data`` holds the figures.

    Pictures take it as they take a model (:func:`growgraph.plot`, :func:`growgraph.animate`, all
    of :mod:`growgraph.viz`) and show what took part in this answer; the model must be there still.
    """

    text: str
    data: dict
    asked: InitVar[Asked | None] = None  # no field: what asdict gives can be written as JSON

    def __post_init__(self, asked):
        """Keep what pictures need."""
        object.__setattr__(self, "asked", asked)

    def __str__(self):
        return self.text


class GrowingModel(Learning, BaseEstimator):
    """A scikit-learn estimator that holds a growing graph."""

    image_shape: Any  # of models that see images

    def _rows(self, X, *, first, table, learns=False):
        """X checked: an array [batch, columns], or, if ``table``, a DataFrame or dict of columns.

        Sets (``first``) or compares the number of columns and their names as scikit-learn does.
        Of columns with names that the first table did not have, see :func:`known_columns`.
        """
        if learns:
            _door.check_progress(self.progress)
        if isinstance(X, dict) and not issparse(X):
            if not table:
                raise DataError("X must be an array of numbers, one row an image, got a dict")
            _check_rows(X)
            if first:
                self.feature_names_in_ = np.array([str(name) for name in X], object)
                self.n_features_in_ = len(X)
                return X
            return known_columns(self._core.sense, X, learns, hasattr(self, "feature_names_in_"))
        if table and is_table(X):
            if not first and hasattr(self, "feature_names_in_"):
                X = self._named(X, learns)
            else:
                self._check_unnamed(X, first)
                X = X if first else X.set_axis(list(self._core.sense.first), axis=1)
            _check_rows(X)
            return X
        return self._array(X, first, table)

    def _named(self, X, learns):
        """A DataFrame with all columns of the first table, and perhaps later or unknown ones."""
        sense, first = self._core.sense, set(self.feature_names_in_)
        shown = some_of(X, first.__contains__)
        if len(names_of(shown)) < len(first):
            shown = some_of(X, lambda name: name in first or not sense.knows(name))
        try:
            validate_data(self, shown, reset=False, skip_check_array=True)
        except ValueError as error:
            slips = meant(names_of(shown), first.difference(names_of(shown)))
            hint = ", ".join(f"{known!r} by {name!r}" for name, known in slips.items())
            raise DataError(f"{error}{f'Did you mean {hint}?' if hint else _ANY_ORDER}") from error
        return known_columns(sense, X, learns)

    def _check_unnamed(self, X, first):
        """Set or compare the names of a DataFrame, which may be numbers: these are no names."""
        try:
            validate_data(self, X, reset=first, skip_check_array=True)
        except ValueError as error:
            if first or len(names_of(X)) <= self.n_features_in_:
                raise
            raise DataError(
                f"{error} Its columns were numbered when learning began, and new ones are known by "
                "their names: begin with names that are text, X.columns = X.columns.astype(str)"
            ) from error

    def _rows_to_learn(self, X, first):
        """X checked, as images or as a table: ``image_shape`` says which, once and for all."""
        pictures = self.image_shape is not None if first else self._core.sense.kind == "retina"
        rows = self._rows(X, first=first, table=not pictures, learns=True)
        if first and not pictures and is_table(X):
            tell_free_text(X)
        return rows

    def _array(self, X, first, table):
        """X as a dense array of finite numbers, one row a sample."""
        if not first and self._is_ready(X):
            return X
        check_unmasked("X", X)
        if getattr(X, "dtype", np.dtype(object)).kind in "mM" and not hasattr(X, "iloc"):
            X = seconds(np.asarray(X))
        try:
            array = validate_data(self, X, reset=first, accept_sparse=True, dtype=np.float64,
                                  ensure_all_finite=False)  # fmt: skip
        except ValueError as error:
            if "convert string" not in str(error):
                raise
            raise DataError(
                f"X must hold numbers ({error}): give text columns as a DataFrame or a dict"
            ) from error
        except TypeError as error:
            if "not 'dict'" not in str(error):
                raise
            raise TypeError(f"X: {error}; of dicts make pandas.DataFrame(X)") from error
        except OverflowError as error:
            raise DataError("X holds an integer beyond 1e308: scale its column down") from error
        array = array.toarray() if issparse(array) else array
        check_finite(array, table=table)
        return array

    def _is_ready(self, X):
        """True for what the checks would give back as it is: they cost more than one sample."""
        return (
            type(X) is np.ndarray
            and X.ndim == 2
            and X.dtype == np.float64
            and X.shape[1] == self.n_features_in_
            and X.shape[0] > 0
            and not hasattr(self, "feature_names_in_")
            and bool(np.isfinite(X).all())
        )

    def __sklearn_tags__(self):
        """Tags: sparse input is taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class GrowingClassifier(ClassifierMixin, GrowingModel):
    """A scikit-learn classifier that holds a growing graph."""

    @staticmethod
    def _labels(y, n):
        """Labels as a one-dimensional array of n numbers or strings."""
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        if type(y) is np.ndarray and y.shape == (n,) and y.dtype.kind in "iuU":
            return y  # as the checks would give it back
        check_unmasked("y", y)
        labels = column_or_1d(y, warn=True)
        if labels.shape[0] != n:
            raise ValueError(f"X has {n} rows but y has {labels.shape[0]} labels")
        missing = labels.dtype.kind == "f" and not np.isfinite(labels).all()
        if labels.dtype == object:
            missing = any(v is None or not _equals_itself(v) for v in labels)
        if missing:
            raise DataError("y contains missing labels (NaN, infinity, None): drop those rows")
        kinds = _door.kinds_of(labels)
        if len(kinds) > 1:
            raise DataError(_door.one_kind(kinds))
        if labels.dtype == object and kinds == {"numbers"}:
            labels = np.array(labels.tolist())
        check_classification_targets(labels)
        return labels

    def predict_or_abstain(self, X, share=None, threshold=None):
        """The best class of each sample, masked where the model is least sure.

        Parameters
        ----------
        X
            As in :meth:`predict`.
        share : float in [0, 1], default 0.1 unless ``threshold`` is given
            Of the rows given, the share at most that is abstained from: the least confident, among
            equals the strangest.
        threshold : float in [0, 1], optional
            Instead: abstain wherever confidence is below it, each row for itself.

        Returns
        -------
        numpy masked array [samples]
            ``.mask`` says where it abstains, ``.compressed()`` are the answers given,
            ``.filled(value)`` puts a label of your own in the gaps, ``.data`` holds all answers.

        Examples
        --------
        >>> from growgraph import ResoNet
        >>> X = [[i / 100] for i in range(100)]
        >>> y = ["low" if x < 0.5 else "high" for (x,) in X]
        >>> answer = ResoNet().fit(X, y).predict_or_abstain([[0.1], [0.5], [0.9]], share=0.4)
        >>> print(answer)
        ['low' -- 'high']
        >>> answer.filled("?").tolist()
        ['low', '?', 'high']
        """
        if share is not None and threshold is not None:
            raise ValueError(
                f"give share or threshold, not both, got share={share!r}, threshold={threshold!r}"
            )
        if threshold is None:
            share = check_number("share", 0.1 if share is None else share, 0, 1)
        else:
            threshold = check_number("threshold", threshold, 0, 1)
        told = self.reflect(X)
        if threshold is not None:
            unsure = told.confidence < threshold
        else:
            least = np.lexsort([-told.novelty, told.confidence])
            unsure = np.zeros(len(least), bool)
            unsure[least[: int(share * len(least) + 1e-9)]] = True
        return np.ma.MaskedArray(told.answer, mask=unsure)

    def _figures(self):
        """What progress shows of the answers given so far."""
        return {"accuracy": self.prequential_accuracy_}

    def _expected(self):
        """How many rows were answered before they were learnt, and how many of them wrongly."""
        n = self.n_samples_seen_
        return n, n * (1 - self.prequential_accuracy_)


class GrowingRegressor(RegressorMixin, GrowingModel):
    """A scikit-learn regressor, of one target or several, that holds a growing graph."""

    @staticmethod
    def _numbers(y, n):
        """Targets as float64 [n, targets], and whether they were given as one column."""
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        check_unmasked("y", y)
        values = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        if values.ndim > 2 or values.ndim == 0:
            raise ValueError(f"y must be [rows] or [rows, targets], got shape {values.shape}")
        if len(values) != n:
            raise ValueError(f"X has {n} rows but y has {len(values)} targets")
        huge = np.abs(values).max(initial=0)
        if huge > _MOST_TARGET:
            raise DataError(
                f"y contains {huge:g}, at most {_MOST_TARGET:g} fits: give it in a larger unit"
            )
        return values.reshape(n, -1), values.ndim == 1

    def __sklearn_tags__(self):
        """Tags: several targets are taken."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _figures(self):
        """What progress shows of the answers given so far."""
        return {"R2": self.prequential_r2_}


def _equals_itself(value):
    """False for NaN and for pandas' NA, which equals nothing."""
    try:
        return bool(value == value)
    except (TypeError, ValueError):
        return False


def is_table(X):
    """True for dicts of columns and DataFrames."""
    if isinstance(X, dict):
        return not issparse(X)  # scipy's dok matrices are dicts
    return hasattr(X, "columns") and hasattr(X, "iloc")


def _check_rows(X):
    """Raise unless a table has rows, and all its columns as many."""
    for name, values in X.items() if isinstance(X, dict) else ():
        if _is_cell(values):
            cell = values.item() if isinstance(values, np.generic) else values
            raise DataError(
                f"column {str(name)!r} must hold one cell a row, got {cell!r}: for one row give "
                f"{{{str(name)!r}: [{cell!r}]}}"
            )
    sizes = {len(v) for v in X.values()} if isinstance(X, dict) else {len(X)}
    if len(sizes) > 1:
        raise DataError(f"the columns of X must be equally long, got lengths {sorted(sizes)}")
    if not sizes or 0 in sizes:
        raise DataError("X holds no samples: give at least one row and one column")


def one_sample(x):
    """The sample to be explained as rows: one of one dimension is a row."""
    if isinstance(x, dict) and not issparse(x) and x and all(map(_is_cell, x.values())):
        return {
            name: [getattr(cell, "to_datetime64", lambda c=cell: c)()] for name, cell in x.items()
        }
    if (
        hasattr(x, "to_frame")
        and hasattr(x, "index")
        and all(isinstance(name, str) for name in x.index)
    ):
        return x.to_frame().T.infer_objects()
    return x if is_table(x) or hasattr(x, "toarray") else np.atleast_2d(np.asarray(x))


def _is_cell(value):
    """True for what is one cell, not a column of them."""
    one = isinstance(value, (str, bytes)) or getattr(value, "ndim", 1) == 0
    return one or not hasattr(value, "__len__")


def check_one(rows):
    """Raise unless there is one row to explain."""
    if len(rows) != 1:
        raise ValueError(f"x must be one sample, got {len(rows)}: explain them one by one")


def two_best(scores):
    """Places [rows, 2] of the two best scores; the same twice if there is only one."""
    best = np.argsort(-scores, axis=1, kind="stable")[:, :2]
    return np.repeat(best, 2, axis=1) if best.shape[1] == 1 else best


def n_rows(X):
    """Number of rows of a checked array or table."""
    return len(next(iter(X.values()))) if isinstance(X, dict) else X.shape[0]
