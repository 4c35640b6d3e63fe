"""What a model knows of itself: confidence never falls with the margin, causes, probabilities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.isotonic import IsotonicRegression

from growgraph.kernels import resonet
from growgraph.kernels.record import BINS
from growgraph.models._record import Record, margins, monotone, probabilities
from tests.models.material import digits, grown

SOME = settings(max_examples=100, deadline=None, derandomize=True, database=None)


@SOME
@given(
    count=arrays(float, 12, elements=st.floats(0, 50)),
    share=arrays(float, 12, elements=st.floats(0, 1)),
)
def test_monotone_is_isotonic_regression(count, share):
    got = monotone(share * count, count)
    assert (np.diff(got) >= -1e-12).all()
    assert (got >= 0).all()
    assert (got <= 1).all()
    filled = count > 0.1  # the rest has next to no weight
    if filled.any():
        values = (share * count + 1e-6) / (count + 2e-6)
        expected = IsotonicRegression().fit(np.arange(12), values, count + 2e-6)
        np.testing.assert_allclose(got[filled], expected.predict(np.flatnonzero(filled)), atol=1e-4)


@SOME
@given(
    scores=arrays(float, (4, 3), elements=st.floats(-1e3, 1e3)),
    confidence=arrays(float, 4, elements=st.floats(0, 1)),
)
def test_probabilities(scores, confidence):
    P = probabilities(scores, confidence)
    np.testing.assert_allclose(P.sum(axis=1), 1)
    assert (P >= 0).all()
    top = P[np.arange(4), scores.argmax(axis=1)]
    assert (top >= P.max(axis=1) - 1e-12).all()
    assert (top >= confidence - 1e-9).all()
    for p, s in zip(P, scores):
        rest = np.delete(np.arange(3), s.argmax())
        assert (p[rest[0]] - p[rest[1]]) * (s[rest[0]] - s[rest[1]]) >= 0


def test_confidence_is_the_share_right_at_such_margins():
    record = Record()
    record.count_by[:] = 1e-9
    record.count_by[[0, 10, 40]] = 100.0
    record.right_by[[0, 10, 40]] = [50.0, 80.0, 100.0]
    told = record.confidence(np.array([0.0, 0.01, 10.5 / 30, 1.4, 50.0, np.inf, np.nan]))
    np.testing.assert_allclose(told[:4], [0.5, 0.5, 0.8, 1.0], atol=1e-3)
    assert told[4] == told[5] >= told[3]
    assert told[6] == pytest.approx(0.5, abs=1e-3)


def test_in_a_block_the_clearer_answer_is_the_surer():
    record = Record()
    record.count_by[:] = record.right_by[:] = 100.0
    told = record.confidence(np.array([-0.5, 0.0, 0.011, 0.012, 0.9, 1.0, 3.0]))
    assert (np.diff(told)[:-1] > 0).all()
    assert told[-1] == pytest.approx(told[-2], abs=1e-12)  # beyond 1 all are as sure
    assert told[0] > 1 - 1e-5  # by a hair only


def test_margins_are_means_of_the_scores_and_the_readouts():
    scores, reading = np.array([[0.1, 0.9, 0.4]]), np.array([[0.5, 0.3, 0.2]])
    assert margins(scores)[0] == pytest.approx(0.5)
    assert margins(scores, reading)[0] == pytest.approx((0.5 - 0.2) / 2)


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
def test_margins_told_are_those_recorded(learning):
    """The record's bins hold the margins that :meth:`reflect` looks them up by."""
    _, _, T, _ = digits()
    core = grown(learning)._core
    core.derive()
    scores, said, L = core.answers(core.sense.read(T))
    pull = core.par[resonet.ALPHA] / (core.concepts.win.max() + 1)
    told = margins(scores, said - pull * L.sum(axis=2) if learning == "evidence" else None)
    held, share = core.record.count_by, np.bincount(
        np.clip(told * 30, 0, BINS - 1).astype(int), minlength=BINS
    ) / len(told)  # fmt: skip
    middle = np.arange(BINS)
    assert abs(middle @ held / held.sum() - middle @ share) < 3  # a tenth of a unit


def test_causes():
    record = Record()
    record.scales[1] = 100, 1.0, 0.04  # novel beyond 1.6
    answer = np.array([0, 0, 0, 0, 0])
    confidence = np.array([0.95, 0.5, 0.5, 0.5, 0.95])
    novelty = np.array([1.0, 1.0, 1.0, 1.0, 1.7])
    like = np.array([[0, 1], [0, 1], [1, 0], [0, 1], [0, 1]])
    votes = np.array([1.0, 0.75, 0.75, 0.25, 1.0])
    told = record.cause(answer, confidence, novelty, like, votes)
    assert told.tolist() == ["fine", "ambiguous", "contradictory", "contradictory", "novel"]


def test_novelty_by_its_formula():
    record = Record()
    record.scales[0] = 50, -2.0, 4.0
    reading = np.array([[0.9, 0.1], [0.2, 0.6]])
    best = np.array([-4.0, 30.0])
    away = np.sqrt([0.1**2 + 0.1**2, 0.2**2 + 0.4**2])
    expected = away + 0.1 * np.array([1.0, -1.0])  # strangeness is 1 and -16: at least -1
    np.testing.assert_allclose(record.novelty(reading, best, True), expected)
    np.testing.assert_allclose(record.novelty(reading, best, False), [1.0, -16.0])


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
def test_novelty_told_is_that_recorded(learning):
    """The record's scale of novelty is that of the novelty :meth:`reflect` tells."""
    _, _, T, t = digits()
    model = grown(learning)
    told = model.reflect(T)
    count, mean, variance = model._core.record.scales[1]
    right = told.novelty[told.answer == t]
    assert count > 1000
    assert abs(right.mean() - mean) < 0.5 * np.sqrt(variance)
    assert 0.5 < right.std() / np.sqrt(variance) < 2


def test_the_record_fades():
    assert grown()._core.record.count_by.sum() == pytest.approx(
        (1 - 0.9994**1295) / (1 - 0.9994), rel=0.01
    )
    assert grown()._core.record.count_by.shape == (BINS,)
