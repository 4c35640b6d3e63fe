"""What cannot be learnt is refused in one clear line, with the model as it was."""

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from growgraph import ResoNet
from tests.models.material import SHAPE, differences, digits, part

X4 = np.random.default_rng(0).standard_normal((80, 4))
Y = np.where(X4[:, 0] > 0, "yes", "no")


def spoilt(value, at=(5, 2)):
    X = X4.copy()
    X[at] = value
    return X


def texts():
    X = X4.astype(object)
    X[3, 1] = "seven"
    return X


# Each case is X, y and what the refusal says.
ARRAYS = [
    (spoilt(np.nan), Y, r"X contains NaN at \(5, 2\): remove the row, fill the value in, or give"),
    (spoilt(np.inf), Y, r"X contains infinity at \(5, 2\): remove the row or fill the value in$"),
    (spoilt(-np.inf), Y, r"X contains infinity at \(5, 2\)"),
    (X4[:0], Y[:0], r"Found array with 0 sample\(s\)"),
    (X4[0], Y[:1], "Expected 2D array, got 1D array"),
    (texts(), Y, r"X must hold numbers \(could not convert string to float: 'seven'\): give text"),
    (X4 + 1j, Y, "Complex data not supported"),
    (X4, Y[:-1], "X has 80 rows but y has 79 labels"),
    (X4, np.stack([Y, Y], 1), r"y should be a 1d array, got an array of shape \(80, 2\)"),
    (X4, None, "requires y to be passed"),
    (X4, np.where(Y == "yes", 1.0, np.nan), r"y contains missing labels .* drop those rows"),
    (X4, np.where(Y == "yes", "a", None), r"y contains missing labels .* drop those rows"),
    (X4, [pd.NA if v == "yes" else "a" for v in Y], r"y contains missing labels"),
    (X4, np.array([1, "a"] * 40, object), "one kind that can be ordered, got numbers and strings"),
    (X4, np.array([(1,), "a"] * 40, object), "got strings and tuple: make them all strings"),
    (X4, np.ma.array(X4[:, 0] > 0, mask=X4[:, 1] > 1), r"y is masked at \d+: drop the row"),
]
ARRAYS_LATER = [
    (X4[:, :3], Y, "X has 3 features, but ResoNet is expecting 4 features"),
    (X4, np.arange(80) // 8, "one kind that can be ordered, got numbers and strings: make them"),
]
COLUMNS = {"a": X4[:, 0], "b": np.array(["u", "v"] * 40, object)}
TABLES = [
    ({"a": spoilt(np.inf)[:, 2], "b": COLUMNS["b"]}, Y, "column 'a' contains infinity at row 5"),
    ({"a": X4[:, 0], "b": COLUMNS["b"][:5]}, Y, r"equally long, got lengths \[5, 80\]"),
    ({"a": X4[:0, 0], "b": COLUMNS["b"][:0]}, Y[:0], "X holds no samples"),
    ({}, [], "X holds no samples"),
    ({"a": X4, "b": COLUMNS["b"]}, Y, r"column 'a' must be one-dimensional, got shape \(80, 4\)"),
    (pd.DataFrame(np.ones((80, 2)), columns=["a", "a"]), Y, "unique column names.*'a' 2 times"),
]  # fmt: skip
TABLES_LATER = [
    ({"a": COLUMNS["a"], "B": COLUMNS["b"]}, Y, r"'B' is new and 'b' is missing: did you mean 'b'"),
    ({"a": np.array(["x"] * 80), "b": COLUMNS["b"]}, Y, "column 'a' held numbers .* holds text"),
    (pd.DataFrame(COLUMNS)[["b", "a"]], Y, "must be in the same order"),
    (pd.DataFrame(COLUMNS)[["a"]], Y, "feature names should match"),
]
PIXELS = digits()[0][:80]
IMAGES = [
    (X4, Y, r"X has 4 columns but image_shape=\(8, 8\) needs 64|X has 4 features"),
    (-PIXELS, Y, r"X contains -\d+ at \(0, \d\), but images are brightness from 0"),
    ({"a": X4[:, 0]}, Y, "X must be an array of numbers, one row an image, got a dict"),
    (pd.DataFrame(np.where(PIXELS > 0, PIXELS, np.nan)), Y,  # images have no empty cells
     r"X contains NaN at \(0, 0\): remove the row or fill the value in$"),
]  # fmt: skip
FRESH = [*((c, None) for c in ARRAYS + TABLES), *((c, SHAPE) for c in IMAGES)]
LATER = [
    *((X4, c, None) for c in ARRAYS + ARRAYS_LATER),
    *((COLUMNS, c, None) for c in TABLES + TABLES_LATER),
    *((PIXELS, c, SHAPE) for c in IMAGES),
]


@pytest.mark.parametrize(("case", "shape"), FRESH)
def test_refused_by_a_new_model(case, shape):
    X, y, message = case
    for call in ("fit", "partial_fit"):
        model = ResoNet(image_shape=shape)
        before = dict(model.__dict__)
        with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
            getattr(model, call)(X, y)
        assert model.__dict__ == before


@pytest.mark.parametrize("learnt", [30, 70])
@pytest.mark.parametrize(("good", "case", "shape"), LATER)
def test_refused_with_the_model_as_it_was(good, case, shape, learnt):
    X, y, message = case
    model = ResoNet(image_shape=shape).fit(part(good, 0, learnt), Y[:learnt])
    held, twin = dict(model.__dict__), ResoNet.from_state(model.to_state())
    with pytest.raises((ValueError, TypeError), match=f"(?s){message}"):
        model.partial_fit(X, y)
    assert model.__dict__.keys() == held.keys()
    assert all(model.__dict__[name] is held[name] for name in held)
    assert differences(model, twin) == []
    model.partial_fit(part(good, learnt, 80), Y[learnt:])
    assert model.n_samples_seen_ == 80


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning": "magic"}, "learning must be one of 'evidence', 'resonance', got 'magic'"),
        ({"patience": 0}, r"patience must be in \[1, inf\], got 0"),
        ({"max_nodes": 0}, r"max_nodes must be in \[1, inf\], got 0"),
        ({"max_bytes": 1.5}, "max_bytes must be an integer, got 1.5"),
        ({"image_shape": 8}, "image_shape must be two integers from 4 to 512.*got 8"),
        ({"image_shape": (3, 8)}, r"image_shape must be two integers from 4 to 512.*got \(3, 8\)"),
        ({"image_shape": (8, 9)}, r"X has 64 columns but image_shape=\(8, 9\) needs 72"),
        ({"random_state": "seed"}, "random_state must be None, an integer or a numpy generator"),
    ],
)
def test_bad_options_are_refused_when_learning_begins(options, message):
    X, y, _, _ = digits()
    model = ResoNet(**options)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(X[:20], y[:20])
    assert not hasattr(model, "classes_")
    fitted = ResoNet(image_shape=SHAPE).fit(X[:20], y[:20])
    twin = ResoNet.from_state(fitted.to_state())
    fitted.set_params(**options)
    with pytest.raises((ValueError, TypeError), match=message):
        fitted.fit(X[:20], y[:20])
    fitted.set_params(**ResoNet(image_shape=SHAPE).get_params())
    assert differences(fitted, twin) == []


ASKING = ["predict", "predict_proba", "decision_function", "reflect", "score_samples"]


@pytest.mark.parametrize("ask", ASKING)
def test_asking_refuses_too(ask):
    ask = getattr(ResoNet().fit(X4, Y), ask)
    for X, _, message in [*ARRAYS[:7], ARRAYS_LATER[0]]:
        with pytest.raises(ValueError, match=message):
            ask(X)


@pytest.mark.parametrize("ask", [*ASKING, "explain", "knowledge"])
def test_asking_before_learning(ask):
    with pytest.raises(NotFittedError):
        getattr(ResoNet(), ask)(*(() if ask == "knowledge" else (X4,)))
    with pytest.raises(NotFittedError):
        _ = ResoNet().graph_
