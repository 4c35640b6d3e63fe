"""What all models share: scikit-learn's door, progress, results of reflecting and explaining."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from growgraph.errors import DataError


@dataclass(frozen=True)
class Reflection:
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
        Why the answer may be wrong: "fine", "ambiguous", "contradictory", "novel" or "unknown".
    like : ndarray [batch, 2]
        The labels whose concepts resonate best: what it is like.
    """

    answer: np.ndarray
    confidence: np.ndarray
    novelty: np.ndarray
    cause: np.ndarray
    like: np.ndarray


@dataclass(frozen=True)
class Explanation:
    """Why, what for and what it is like: ``str()`` tells it, ``data`` holds the figures."""

    text: str
    data: dict

    def __str__(self):
        return self.text


class GrowingClassifier(ClassifierMixin, BaseEstimator):
    """A scikit-learn classifier that holds a growing graph."""

    def _rows(self, X, *, first):
        """X checked: an array [batch, columns], or a table of columns where it has text in it."""
        if is_table(X):
            return X
        array = validate_data(self, X, reset=first, accept_sparse=True, dtype=np.float64)
        return array.toarray() if issparse(array) else array

    @staticmethod
    def _labels(y, n):
        """Labels as a one-dimensional array of n numbers or strings."""
        if y is None:
            raise ValueError("requires y to be passed, but the target y is None")
        labels = column_or_1d(y, warn=True)
        if labels.shape[0] != n:
            raise ValueError(f"X has {n} rows but y has {labels.shape[0]} labels")
        if labels.dtype.kind == "f" and not np.isfinite(labels).all():
            raise ValueError("Input y contains NaN or infinity: every row needs a label")
        if labels.dtype == object and any(v is None or v != v for v in labels):
            raise ValueError("y contains missing labels: every row needs a label")
        check_classification_targets(labels)
        return labels

    def _check_fitted(self):
        check_is_fitted(self, "n_samples_seen_")

    def __sklearn_tags__(self):
        """Tags: sparse input is taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def is_table(X):
    """True for dicts of columns, and DataFrames with text or missing cells."""
    if isinstance(X, dict):
        return not issparse(X)  # scipy's dok matrices are dicts
    if not (hasattr(X, "columns") and hasattr(X, "dtypes")):
        return False
    kinds = {np.asarray(X[name].to_numpy()).dtype.kind for name in X.columns}
    return bool(kinds - set("fiub")) or bool(X.isna().to_numpy().any())


def n_rows(X):
    """Number of rows of an array or table."""
    if is_table(X) and isinstance(X, dict):
        sizes = {len(v) for v in X.values()}
        if len(sizes) != 1:
            raise DataError(f"the columns of X must be equally long, got lengths {sorted(sizes)}")
        return sizes.pop()
    return len(X) if not hasattr(X, "shape") else X.shape[0]
