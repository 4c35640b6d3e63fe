"""Odd inputs of both learners: learnt sensibly, or refused in words with the model as it was."""

import datetime

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from growgraph import ResoNet, ResoNetClusterer, load, save
from growgraph.errors import FileFormatError
from tests.models.material import SHAPE, differences, digits

X4 = np.random.default_rng(0).standard_normal((80, 4))
Y = np.where(X4[:, 0] > 0, "yes", "no")
TEXT = np.array(["u", "v"] * 40, object)
LEARNERS = pytest.mark.parametrize("kind", [ResoNet, ResoNetClusterer])


def learn(model, X, y=Y):
    return model.partial_fit(X, y) if isinstance(model, ResoNet) else model.partial_fit(X)


def cells(make):
    """A column of 80 cells of any type."""
    column = np.empty(80, object)
    for i in range(80):
        column[i] = make(i)
    return column


def beside(column):
    return {"a": X4[:, 0], "c": column}


def with_gaps(gap):
    return cells(lambda i: gap if i % 7 == 0 else i / 2)


DAYS = pd.date_range("2020-01-01", periods=80)
NUMERIC = [
    with_gaps(None), with_gaps(pd.NA), with_gaps(np.nan), list(with_gaps(None)),
    np.ma.array(np.arange(80) / 2, mask=np.arange(80) % 7 == 0), cells(lambda i: 2**70 + i),
    cells(lambda i: i % 2 == 0), cells(lambda i: np.bool_(i % 2)), X4[:, 0].astype(np.float16),
    DAYS.to_numpy(), np.arange(80).astype("m8[s]"), X4[:, 0].astype(np.longdouble),
    np.arange(80).astype(">i4"), X4[::-1, 0],
]  # fmt: skip
TEXTS = [
    cells(lambda i: pd.NA if i % 7 == 0 else "t"), cells(lambda i: pd.NaT if i % 7 == 0 else "t"),
    cells(lambda i: i if i % 2 else "t"), cells(lambda i: (i % 2, 1)), cells(lambda i: None),
    cells(lambda i: datetime.date(2020, 1, 1 + i % 3)),
]  # fmt: skip


@LEARNERS
@pytest.mark.parametrize("column", NUMERIC)
def test_columns_of_numbers(kind, column):
    _is_learnt(kind, beside(column), text=False)


@LEARNERS
@pytest.mark.parametrize("column", TEXTS)
def test_columns_of_text(kind, column):
    _is_learnt(kind, beside(column), text=True)


FRAMES = [
    (pd.array([None if i % 9 == 0 else i for i in range(80)], "Int64"), False),
    (pd.array([None if i % 9 == 0 else i % 2 == 0 for i in range(80)], "boolean"), False),
    (pd.array(X4[:, 0], "Float64"), False), (pd.array(["a", None] * 40, "string"), True),
    (pd.Categorical([1, 2] * 40), True), (pd.arrays.SparseArray(X4[:, 0]), False),
    (DAYS, False), (DAYS.tz_localize("Asia/Tokyo"), False), (with_gaps(None), False),
    (pd.period_range("2020-01", periods=80, freq="M"), True), (pd.cut(X4[:, 0], 5), True),
]  # fmt: skip


@LEARNERS
@pytest.mark.parametrize(("column", "text"), FRAMES)
def test_columns_of_pandas(kind, column, text):
    _is_learnt(kind, pd.DataFrame({"a": X4[:, 0], "c": column}), text)


def _is_learnt(kind, X, text):
    """Its kind is known, it is asked and saved."""
    model = learn(kind(), X)
    assert model._core.sense.columns == {"a": False, "c": text}
    assert model.predict(X).shape == (80,)
    assert differences(kind.from_state(model.to_state()), model) == []


def test_gaps_of_any_kind_are_the_same():
    models = [ResoNet().fit(beside(with_gaps(gap)), Y) for gap in (None, np.nan, pd.NA)]
    assert differences(models[0], models[1]) == differences(models[0], models[2]) == []


def test_dates_are_seconds():
    X = {"when": DAYS.to_numpy()}
    seconds = {"when": (DAYS - pd.Timestamp(0)).total_seconds().to_numpy()}
    late = np.where(np.arange(80) < 40, "old", "new")
    model = ResoNet().fit(X, late)
    assert differences(model, ResoNet().fit(seconds, late)) == []
    frame = ResoNet().fit(pd.DataFrame(X), late)
    np.testing.assert_array_equal(frame.predict_proba(pd.DataFrame(X)), model.predict_proba(X))
    assert model.predict({"when": np.array([np.datetime64("NaT")])}).shape == (1,)


# ---- refused --------------------------------------------------------------------------------
FRESH = [
    (X4.reshape(20, 2, 8), "Found array with dim 3"),
    (np.float64(3), "got scalar array"),
    ([[1, 2], [3]], "inhomogeneous shape"),
    (None, "got scalar array"),
    (X4 * 1j, "Complex data"),
    (np.zeros(80, [("a", float)]), "got 1D array"),
    (np.empty((80, 0)), r"0 feature\(s\)"),
    (pd.DataFrame(index=range(80)), "X has no columns: give at least one"),
    (pd.DataFrame({"a": []}), "X holds no samples"),
    (sparse.csr_matrix(X4 * 1j), "Complex data"),
    (pd.DataFrame(X4, columns=["a", 1, "b", 2]), "string names"),
    ({1: X4[:, 0], "1": X4[:, 1]}, "X has two columns named '1': rename one"),
    ({"a": set(range(80))}, r"column 'a' must be one-dimensional, got shape \(\)"),
    (beside(X4[:, 0] * 1j), "column 'c' holds complex numbers: give their parts"),
    (pd.DataFrame({"c": X4[:, 0] * 1j}), "column 'c' holds complex numbers: give their parts"),
    (beside(cells(lambda i: [i])), "column 'c' holds a list in one cell: give one text or number"),
    (beside(cells(lambda i: np.arange(2))), "column 'c' holds a ndarray in one cell"),
    (beside(cells(lambda i: {"q": i})), "column 'c' holds a dict in one cell"),
    (beside(cells(lambda i: 10**400)), "column 'c' holds an integer beyond 1e308: scale it down"),
    (beside(np.where(X4[:, 0] > 0, np.inf, 1)), "column 'c' contains infinity at row"),
    (
        {"a": 3.0},
        r"column 'a' must hold one cell a row, got 3.0: for one row give \{'a': \[3.0\]\}",
    ),
    ({"a": "text"}, "column 'a' must hold one cell a row, got 'text'"),
    (np.full((80, 4), 10**400, object), "X holds an integer beyond 1e308: scale its column down"),
    (np.ma.array(X4, mask=X4 > 2), r"X is masked at \(\d+, \d\): drop the row, or give columns as"),
    (np.where(X4 > 2, np.datetime64("NaT"), np.datetime64("2020", "s")), "X contains NaN at"),
    (np.full((80, 4), 1e307), "contains .* at row 0: at most 1e.306 fits; scale the column down"),
]
FRAME = pd.DataFrame({"a": X4[:, 0], "b": TEXT})
LATER = [
    (FRAME, FRAME.rename(columns={"a": "z"}), "unseen at fit time:\n- z"),
    (FRAME, FRAME[["a"]], "yet now missing:\n- b"), (FRAME, FRAME[["b", "a"]], "the same order"),
    (FRAME, pd.concat([FRAME, FRAME], axis=1), "unique column names"),
    (FRAME, FRAME.assign(a="t"), "column 'a' held numbers when learning began and now holds text"),
    (FRAME, {"a": X4[:, 0] * 1j, "b": TEXT}, "column 'a' holds complex numbers"),
    (FRAME, {"a": X4[:, 0], "B ": TEXT}, "'B ' is new and 'b' is missing: did you mean 'b'"),
    (FRAME, {"a": 3.0, "b": "u"}, r"one cell a row, got 3.0: for one row give \{'a': \[3.0\]\}"),
    (FRAME, {"a": X4[:, 0], "b": cells(lambda i: [i])}, "column 'b' holds a list in one cell"),
    (FRAME, FRAME.assign(q=cells(lambda i: [i])), "column 'q' holds a list in one cell"),
    (FRAME, {"a": X4[:, 0], "b": TEXT, "q": X4[:, 0] * 1j}, "column 'q' holds complex numbers"),
    (FRAME, FRAME.assign(q=np.inf), "column 'q' contains infinity at row 0"),
    (X4, {**{f"x{i}": X4[:, i] for i in range(4)}, "q": TEXT}, "began with an array, whose"),
    (X4, X4[:, :3], "expecting 4 features"), (FRAME, FRAME[:0], "X holds no samples"),
    (X4, sparse.csr_matrix(X4[:, :2]), "expecting 4 features"),
]  # fmt: skip


@LEARNERS
@pytest.mark.parametrize(("X", "message"), FRESH)
def test_refused_by_a_new_model(kind, X, message):
    model = kind()
    before = dict(model.__dict__)
    with pytest.raises((ValueError, TypeError), match=message):
        learn(model, X)
    assert model.__dict__ == before


@LEARNERS
@pytest.mark.parametrize(("good", "X", "message"), LATER)
def test_refused_with_the_model_as_it_was(kind, good, X, message):
    model = learn(kind(), good[:70], Y[:70])
    held, twin = dict(model.__dict__), kind.from_state(model.to_state())
    with pytest.raises((ValueError, TypeError), match=message):
        learn(model, X)
    assert model.__dict__.keys() == held.keys()
    assert all(model.__dict__[name] is held[name] for name in held)
    assert differences(model, twin) == []


@LEARNERS
@pytest.mark.parametrize("odd", [
    np.ones((9, 81)), np.ones((9, 8, 8)), -np.ones((9, 64)), np.full((9, 64), np.nan),
    np.full((9, 64), "a", object),
])  # fmt: skip
def test_odd_images_leave_the_model_as_it_was(kind, odd):
    pixels = digits()[0][:40]
    model = learn(kind(image_shape=SHAPE), pixels, Y[:40])
    twin = kind.from_state(model.to_state())
    with pytest.raises(ValueError, match=r"X has|dim 3|X contains|X must hold"):
        learn(model, odd, Y[:9])
    assert differences(model, twin) == []


@pytest.mark.parametrize(
    ("first", "then", "message"),
    [
        (None, np.array(["2020", "2021"] * 40, "M8[Y]"), "numbers or strings, got date: make them"),
        (np.array([2**53, 2**53 + 1] * 40), np.ones(80), "integers too large for floats: give"),
        (np.array([1, 2] * 40), np.array([2**63, 1] * 40, np.uint64), "no integer type holds"),
        (Y, np.array([b"a", b"b"] * 40), "bytes is not supported"),
        (Y, np.array([1j, 2] * 40), "Complex data not supported"),
        (Y, cells(lambda i: 10**30), "Unknown label type"),
        (Y, np.eye(80), "1d array"),
    ],
)
def test_odd_labels_are_refused(first, then, message):
    model = ResoNet()
    if first is not None:
        model.fit(X4, first)
    before = dict(model.__dict__)
    with pytest.raises((ValueError, TypeError), match=message):
        model.partial_fit(X4, then)
    assert model.__dict__.keys() == before.keys()
    assert all(model.__dict__[name] is before[name] for name in before)


# ---- much, and broken -----------------------------------------------------------------------
@LEARNERS
def test_a_hundred_thousand_categories(kind):
    n = 100_000
    column = np.array([f"k{i}" for i in range(n)], object)
    model = kind(**({"replay": 0} if kind is ResoNet else {"max_concepts": 40}))
    with pytest.warns(UserWarning, match="column 'b' holds another text in nearly every row"):
        learn(model, {"a": np.arange(n) % 7.0, "b": column}, Y[np.arange(n) % 80])
    assert model.graph_.inputs.size <= 1 + 65
    assert model.n_samples_seen_ == n


@LEARNERS
def test_a_file_with_more_arrays_or_fewer_bytes(kind, tmp_path):
    model = learn(kind(), FRAME[:70], Y[:70])
    model.predict(FRAME)
    path = tmp_path / "model.npz"
    save(model, path)
    assert differences(load(path), model) == []
    whole = path.read_bytes()
    for size in (0, 1, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(FileFormatError):
            load(path)
    state = model.to_state()
    state["arrays"]["council/more"] = state["arrays"]["graph/more"] = np.ones(3)
    assert differences(kind.from_state(state), model) == []
