"""A regressor's expected error and interval: from rows it answered before it learnt them."""

import numpy as np
import pytest

from growgraph import GrowNetRegressor
from growgraph.models._grownet import errors
from growgraph.models._record import Record

SMALL = {"nets": 1, "pool": 16}
NOISE = np.array([0.5, 20.0])  # of two targets


def material(rng, n, targets=2):
    X = rng.uniform(-1, 1, (n, 3))
    Y = X[:, :targets] * 4 * NOISE[:targets] + rng.normal(0, 1, (n, targets)) * NOISE[:targets]
    return X, Y


@pytest.fixture(scope="module")
def fitted():
    return GrowNetRegressor(**SMALL).fit(*material(np.random.default_rng(0), 600))


# ---- the record ---------------------------------------------------------------------------------
@pytest.mark.parametrize("share", [0.5, 0.75, 0.9, 0.99])
@pytest.mark.parametrize("n", [100, 333, 2000])
def test_the_reach_is_the_quantile_to_a_bin(n, share):
    rng = np.random.default_rng(n)
    said, Y = rng.normal(size=(n, 2)), rng.normal(size=(n, 2)) * 2
    record = Record()
    for a in range(0, n, 64):
        errors.hear(record, said[a : a + 64], Y[a : a + 64])
    far = np.sort(np.abs(said - Y).max(axis=1))
    wanted = far[int(np.ceil(share * (n + 1))) - 1]
    assert errors.within(record, share) == pytest.approx(wanted, rel=10 ** (1 / 12) - 1)
    assert errors.usual(record) == pytest.approx(np.sqrt(((said - Y) ** 2).mean()))


def test_too_few_rows_tell_nothing_of_a_large_share():
    record = Record()
    assert np.isnan(errors.within(record, 0.9))
    assert np.isnan(errors.usual(record))
    errors.hear(record, np.zeros((8, 1)), np.full((8, 1), 0.1))
    assert errors.within(record, 0.9) == np.inf  # nine tenths of 9 rows are all of them
    errors.hear(record, np.zeros((1, 1)), np.full((1, 1), 0.1))
    assert errors.within(record, 0.9) == pytest.approx(0.1)


@pytest.mark.parametrize("far", [0.0, 1e-30, 1e-4, 1.0, 1e30])
def test_errors_of_all_sizes_have_a_bin(far):
    record = Record()
    errors.hear(record, np.zeros((200, 1)), np.full((200, 1), far))
    assert record.count_by.sum() == 200
    assert errors.within(record, 1.0) == np.inf
    assert errors.within(record, 0.9) >= far / 10 ** (1 / 12)
    assert errors.usual(record) == pytest.approx(far)


def test_a_row_like_the_average_is_widened_by_nothing():
    assert errors.widening(np.array([1.0]), 7, 100)[0] == 1
    assert errors.widening(np.array([50.0]), 7, 100)[0] == pytest.approx(np.sqrt(4.5 / 1.07))


# ---- what a model tells -------------------------------------------------------------------------
def test_error_and_interval_hold_for_rows_never_seen(fitted):
    X, Y = material(np.random.default_rng(1), 2000)
    told = fitted.reflect(X)
    assert told.error.mean(axis=0) == pytest.approx(NOISE, rel=0.1)
    inside = ((told.low <= Y) & (told.high >= Y)).all(axis=1).mean()
    assert 0.87 < inside < 0.95
    half = fitted.reflect(X, share=0.5)
    inside = ((half.low <= Y) & (half.high >= Y)).all(axis=1).mean()
    assert 0.45 < inside < 0.58


def test_errors_are_not_those_of_rows_that_were_learnt():
    """Targets are noise: what was learnt of them is no help with others."""
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(80, 40)), rng.normal(size=80)
    model = GrowNetRegressor(**SMALL).fit(X, y)
    assert model.reflect(X).error.min() > 0.9 * y.std()


def test_answer_and_shapes_are_those_of_predict(fitted):
    X, Y = material(np.random.default_rng(3), 300)
    told = fitted.reflect(X[:5])
    assert (told.answer == fitted.predict(X[:5])).all()
    assert told.low.shape == told.high.shape == told.error.shape == (5, 2)
    flat = GrowNetRegressor(**SMALL).fit(X, Y[:, 0])
    told = flat.reflect(X[:5])
    assert (told.answer == flat.predict(X[:5])).all()
    assert told.low.shape == told.error.shape == told.novelty.shape == told.cause.shape == (5,)


def test_a_stranger_row_is_novel_and_its_interval_wider(fitted):
    near, far = fitted.reflect(np.zeros((1, 3))), fitted.reflect(np.full((1, 3), 4.0))
    assert (near.cause[0], far.cause[0]) == ("fine", "novel")
    assert far.novelty[0] > near.novelty[0]
    assert (far.high - far.low > near.high - near.low).all()
    assert (far.error > near.error).all()


def test_a_young_stream_knows_nothing_of_its_errors():
    X, Y = material(np.random.default_rng(4), 1100)
    model = GrowNetRegressor(**SMALL).partial_fit(X[:100], Y[:100])
    told = model.reflect(X[:3])
    assert np.isnan(told.error).all()
    assert np.isnan(told.low).all()
    assert (told.cause == "unknown").all()
    model.partial_fit(X[100:], Y[100:])
    told = model.reflect(X[:3])
    assert told.error.mean(axis=0) == pytest.approx(NOISE, rel=0.3)
    assert (told.cause == "fine").all()


def test_a_saved_model_tells_the_same(fitted):
    X, _ = material(np.random.default_rng(5), 20)
    told, again = (m.reflect(X) for m in (fitted, type(fitted).from_state(fitted.to_state())))
    for name in ("answer", "error", "low", "high", "novelty", "cause"):
        assert (getattr(told, name) == getattr(again, name)).all(), name


@pytest.mark.parametrize("share", [0.4, 1.0, "much"])
def test_a_bad_share_is_refused(fitted, share):
    with pytest.raises((TypeError, ValueError), match="share must be"):
        fitted.reflect(np.zeros((1, 3)), share=share)
