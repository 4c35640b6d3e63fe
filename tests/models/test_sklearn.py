"""scikit-learn's contract: its own checks, and what its tools do with an estimator."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from growgraph import ResoNet
from tests.models.material import SHAPE, differences, digits, part, table


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([ResoNet(), ResoNet(learning="resonance")])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def numbers(n=150, seed=0):
    X = np.random.default_rng(seed).standard_normal((n, 4))
    return X, (X[:, 0] + X[:, 1] > 0).astype(int)


def test_clone_has_the_parameters_and_has_learnt_nothing():
    model = ResoNet(
        random_state=3, max_nodes=900, max_bytes=10**7, patience=4, intention=False,
        learning="resonance", image_shape=SHAPE,
    )  # fmt: skip
    X, y, _, _ = digits()
    twin = clone(model.fit(X[:20], y[:20]))
    assert twin.get_params() == model.get_params()
    assert not hasattr(twin, "classes_")


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
@pytest.mark.parametrize("n", [40, 150])
def test_a_twin_is_equal_and_goes_its_own_way(twin_of, n):
    X, y = table()
    model = ResoNet().fit(part(X, 0, n), y[:n])
    answers = model.predict_proba(X)  # an asked model holds what it derived
    twin = twin_of(model)
    assert differences(twin, model) == []
    before = model.to_state()["arrays"]
    twin.partial_fit(part(X, n, 220), y[n:])
    after = model.to_state()["arrays"]
    assert all(before[name].tobytes() == after[name].tobytes() for name in before)
    np.testing.assert_array_equal(model.predict_proba(X), answers)
    assert model.n_samples_seen_ == n
    model.partial_fit(part(X, n, 220), y[n:])
    assert differences(twin, model) == []


def test_copies_of_an_unfitted_model():
    assert copy.deepcopy(ResoNet(random_state=7)).random_state == 7
    assert pickle.loads(pickle.dumps(ResoNet(random_state=7))).random_state == 7


def test_pipeline_grid_search_and_cross_validation():
    X, y = numbers()
    pipe = make_pipeline(StandardScaler(), ResoNet())
    assert cross_val_score(pipe, X, y, cv=3).mean() > 0.9
    search = GridSearchCV(ResoNet(), {"learning": ["evidence", "resonance"], "patience": [1, 5]},
                          cv=3)  # fmt: skip
    search.fit(X, y)
    assert search.best_score_ > 0.9
    assert search.best_estimator_.n_samples_seen_ == len(X)


@pytest.mark.parametrize(
    "other",
    [
        lambda X: np.asfortranarray(X),
        lambda X: np.repeat(X, 2, axis=1)[:, ::2],
        lambda X: X[::-1].copy()[::-1],
        lambda X: sparse.csr_matrix(X),
        lambda X: sparse.csc_array(X),
        lambda X: X.tolist(),
        lambda X: X.astype(np.float64, order="F"),
        lambda X: _read_only(X),
        lambda X: X.astype(np.int16),
        lambda X: X.astype(object),
    ],
)
@pytest.mark.parametrize("shape", [None, SHAPE])
def test_the_form_of_an_array_changes_no_bit(other, shape):
    X, y, _, _ = digits()
    X, y = X[:90].astype(np.float32), y[:90]  # whole numbers: the same in every dtype
    model = ResoNet(image_shape=shape).fit(X, y)
    twin = ResoNet(image_shape=shape).fit(other(X), y)
    assert differences(twin, model) == []
    assert twin.predict_proba(other(X)).tobytes() == model.predict_proba(X).tobytes()


def _read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


def test_float32_and_float64_of_the_same_numbers_agree():
    X, y = numbers()
    single = X.astype(np.float32)
    a, b = ResoNet().fit(single, y), ResoNet().fit(single.astype(np.float64), y)
    assert differences(a, b) == []


# ---- DataFrames and dicts -----------------------------------------------------------------------
def frame(X):
    return pd.DataFrame(X, columns=["a", "b", "c", "d"])


def answers_of(train, ask, y):
    return ResoNet().fit(train, y).predict_proba(ask)


def test_arrays_frames_and_dicts_of_the_same_numbers_agree():
    X, y = numbers()
    asked = X[:20]
    expected = answers_of(X, asked, y)
    columns = {name: X[:, i] for i, name in enumerate("abcd")}
    for train, ask in (
        (frame(X), frame(asked)),
        (columns, part(columns, 0, 20)),
        (columns, frame(asked)),
        (frame(X), part(columns, 0, 20)),
        (frame(X), {name: columns[name][:20] for name in "dcba"}),
    ):
        np.testing.assert_array_equal(answers_of(train, ask, y), expected)


def test_arrays_and_frames_may_be_mixed_with_the_warning_of_scikit_learn():
    X, y = numbers()
    with pytest.warns(UserWarning, match="fitted without feature names"):
        np.testing.assert_array_equal(answers_of(X, frame(X), y), answers_of(X, X, y))
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        np.testing.assert_array_equal(answers_of(frame(X), X, y), answers_of(X, X, y))


@pytest.mark.parametrize("first", [False, True])
def test_a_missing_cell_may_come_early_or_late(first):
    X, y = numbers()
    gaps = frame(X)
    gaps.iloc[5, 1] = np.nan
    train = [frame(X), gaps]
    model = ResoNet().partial_fit(train[first], y).partial_fit(train[not first], y)
    assert model.score(gaps, y) > 0.9
    assert "b is missing" in model.graph_.names.values()
    assert model.feature_names_in_.tolist() == ["a", "b", "c", "d"]


def test_columns_of_pandas_own_types():
    X, y = numbers()
    whole = pd.array([1, 2, None, 4, 5] * 30, dtype="Int64")
    plain = frame(X).assign(a=np.where(whole.isna(), np.nan, np.asarray(whole.to_numpy(
        np.float64, na_value=0.0))))  # fmt: skip
    own = frame(X).assign(a=whole)
    np.testing.assert_array_equal(answers_of(own, own, y), answers_of(plain, plain, y))
    text = np.array(["u", "v", None, "w", "u"] * 30, object)
    plain = {"a": text, **{n: X[:, i] for i, n in enumerate("bcd", 1)}}
    for dtype in ("string", "category", object):
        own = frame(X).assign(a=pd.Series(text).astype(dtype))
        np.testing.assert_array_equal(answers_of(own, own, y), answers_of(plain, plain, y))


def test_numbers_declared_as_categories_are_categories():
    X, y = numbers()
    model = ResoNet().fit(frame(X).assign(d=pd.Categorical([3, 1, 2] * 50)), y)
    assert {"d = 1", "d = 2", "d = 3"} <= set(model.graph_.names.values())
