"""Knowing what it knows: floors on digits, abstaining, empty rows, what is printed."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from growgraph import ResoNet
from growgraph.models._record import Record
from tests.models.material import SHAPE, digits, grown, table
from tests.models.test_explain import petals

SHUFFLES = range(20, 24)  # not those that settings were chosen on


@pytest.fixture(scope="module")
def judged():
    """Confidence, novelty and rightness on held-out digits of a few shuffles."""
    told = []
    for seed in SHUFFLES:
        X, y, T, t = digits(seed)
        seen = ResoNet(image_shape=SHAPE).fit(X, y).reflect(T)
        told.append((seen.confidence, seen.novelty, seen.answer == t))
    return [np.concatenate(column) for column in zip(*told)]


def test_errors_are_those_least_sure(judged):
    confidence, novelty, right = judged
    assert roc_auc_score(~right, -confidence) >= 0.97
    assert roc_auc_score(~right, novelty) >= 0.95


def test_confidence_is_the_share_of_right_answers(judged):
    confidence, _, right = judged
    bins = np.minimum((confidence * 15).astype(int), 14)
    gaps = [abs((confidence - right)[bins == b].sum()) for b in range(15)]
    assert sum(gaps) / len(right) <= 0.01


@pytest.mark.parametrize("pair", [(0, 1), (8, 9)])
def test_classes_never_seen_are_strange(pair):
    X, y, T, t = digits(20)
    keep, unseen = ~np.isin(y, pair), np.isin(t, pair)
    model = ResoNet(image_shape=SHAPE).fit(X[keep], y[keep])
    told = model.reflect(T)
    assert roc_auc_score(unseen, told.novelty) >= 0.95
    np.testing.assert_array_equal(model.score_samples(T), -told.novelty)
    assert (told.cause[unseen] == "novel").mean() > 10 * (told.cause[~unseen] == "novel").mean()
    assert told.confidence[unseen].mean() < 0.7


def test_noise_is_stranger_than_any_digit():
    _, _, T, _ = digits()
    rng = np.random.default_rng(0)
    noise, shuffled = rng.uniform(0, T.max(), T.shape), rng.permuted(T, axis=1)
    known = grown().reflect(T)
    for strange in (noise, shuffled):
        told = grown().reflect(strange)
        novelty = np.concatenate([known.novelty, told.novelty])
        assert roc_auc_score(np.arange(1000) >= 500, novelty) >= 0.999
        assert told.confidence.mean() < 0.2


def overlapping(n, seed):
    """Eight classes in pairs that overlap ever less, so that the accuracies truly differ."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 8, n)
    apart = np.array([0.6, 1.3, 2.2, 4.0])[y // 2]
    X = rng.normal(size=(n, 3))
    X[:, 0] += np.where(y % 2 == 0, -0.5, 0.5) * apart
    X[:, 1] += 9.0 * (y // 2)
    return X, y


@pytest.mark.parametrize("seed", range(3))
def test_the_classes_it_finds_hard_are_hard(seed):
    model = ResoNet(random_state=0).fit(*overlapping(1500, seed))
    T, t = overlapping(4000, 100 + seed)
    answer, known = model.predict(T), model.knowledge()
    held = [(answer[t == c] == c).mean() for c in known["label"]]
    assert max(held) - min(held) > 0.2
    assert spearmanr(known["accuracy"], held)[0] >= 0.7


# ---- the record ---------------------------------------------------------------------------------
def test_confidence_falls_for_strangers_only():
    record = Record()
    record.scales[1] = 100, 1.0, 0.04
    told = record.familiarity(np.array([-9.0, 1.0, 1.69, 1.71, 3.0]))
    np.testing.assert_array_equal(told[:3], 1)
    assert 1 > told[3] > told[4]
    assert told[4] == pytest.approx((1 + 3.5**2) / 101)


# ---- abstaining ---------------------------------------------------------------------------------
def test_it_abstains_on_a_share_of_the_rows():
    _, _, T, t = digits()
    model = grown()
    told, answer = model.reflect(T), model.predict_or_abstain(T)
    assert answer.mask.sum() == 50
    assert told.confidence[answer.mask].max() <= told.confidence[~answer.mask].min()
    np.testing.assert_array_equal(answer.data, model.predict(T))
    right = answer.data == t
    assert right[~answer.mask].mean() > right.mean()
    assert model.predict_or_abstain(T, share=0).mask.sum() == 0
    assert model.predict_or_abstain(T, share=1).mask.all()
    assert model.predict_or_abstain(T[:9], share=0.5).mask.sum() == 4  # at most
    assert model.predict_or_abstain(T[:10], share=0.3).mask.sum() == 3


def test_among_equals_it_abstains_on_the_strangest():
    _, _, T, _ = digits()
    told = grown().reflect(T)
    top = T[told.confidence == told.confidence.max()]
    assert len(top) > 5
    answer = grown().predict_or_abstain(top, share=0.4)
    novelty = grown().reflect(top).novelty
    assert novelty[answer.mask].min() >= novelty[~answer.mask].max()


def test_a_threshold_judges_each_row_for_itself():
    X, y = table()
    model = ResoNet().fit(X, y)
    answer = model.predict_or_abstain(X, threshold=0.9)
    np.testing.assert_array_equal(answer.mask, model.reflect(X).confidence < 0.9)
    assert 0 < answer.mask.sum() < len(y)
    assert answer.compressed().tolist() == model.predict(X)[~answer.mask].tolist()
    assert set(answer.filled("?").tolist()) == {*model.classes_.tolist(), "?"}
    whole = model.predict_or_abstain(X, threshold=0)
    assert whole.mask.shape == (len(y),)
    assert not whole.mask.any()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"share": 1.1}, r"share must be in \[0, 1\], got 1.1"),
        ({"threshold": -0.5}, r"threshold must be in \[0, 1\], got -0.5"),
        ({"share": 0.1, "threshold": 0.5}, "give share or threshold, not both"),
    ],
)
def test_what_cannot_be_abstained_from_is_refused(options, says):
    with pytest.raises(ValueError, match=says):
        grown().predict_or_abstain(digits()[2][:3], **options)


# ---- rows that say nothing ----------------------------------------------------------------------
@pytest.mark.parametrize("hue", [None, "purple"])
def test_an_empty_row_is_answered_with_what_is_usual(hue):
    X, y = petals()
    model = ResoNet(random_state=0).fit(X, y)
    row = {"wide": [np.nan], "noise": [np.nan], "hue": [hue]}
    told, data = model.reflect(row), model.explain(row).data
    assert told.confidence[0] <= (y == told.answer[0]).mean()
    assert told.cause[0] == data["cause"] == "unknown"
    assert data["silent"]
    text = str(model.explain(row))
    assert "why: nothing is known of this row" in text
    assert ("never met before: hue = purple" in text) == (hue == "purple")
    assert model.predict_proba(row).max() < 0.55
    one_known = {"wide": [5.0], "noise": [np.nan], "hue": [None]}
    assert model.reflect(one_known).cause[0] != "unknown"


def test_an_empty_row_of_an_array_that_had_no_gaps():
    rng = np.random.default_rng(0)
    X = {"a": rng.normal(size=300), "b": rng.normal(size=300)}
    y = (X["a"] > 0).astype(int)
    model = ResoNet().fit(X, y)
    told = model.reflect({"a": [np.nan, 2.0], "b": [np.nan, np.nan]})
    assert told.cause[0] == "unknown"
    assert told.confidence[0] <= max(y.mean(), 1 - y.mean())
    assert told.confidence[1] > 0.8


def test_a_gap_that_was_learnt_says_something():
    a = np.where(np.arange(200) % 2 == 0, np.nan, 1.0 + np.arange(200) / 200)
    model = ResoNet().fit({"a": a}, np.where(np.isnan(a), "gap", "number"))
    told = model.reflect({"a": [np.nan]})
    assert told.answer[0] == "gap"
    assert told.confidence[0] > 0.9
    assert told.cause[0] != "unknown"


def test_a_category_never_met_is_named():
    X, y = petals()
    told = (
        ResoNet(random_state=0).fit(X, y).explain({"wide": [1.0], "noise": [0.1], "hue": ["blue"]})
    )
    assert told.data["unmet"] == [{"column": "hue", "value": "blue"}]
    assert "never met before: hue = blue" in str(told)
    assert not told.data["silent"]


# ---- knowledge, printed -------------------------------------------------------------------------
def test_knowledge_prints_as_a_table():
    X, y = petals()
    known = ResoNet(random_state=0).fit(X, y).knowledge()
    lines = str(known).splitlines()
    assert lines == repr(known).splitlines()
    assert lines[0].split() == list(known.dtype.names)
    assert len({len(line) for line in lines}) == 1
    assert [line.split()[0] for line in lines[1:]] == ["daisy", "lily", "rose"]
    assert f"{known['accuracy'][1]:.3f}" in lines[2]
    assert type(known["accuracy"]) is np.ndarray
    assert str(known[:1]).splitlines()[1:] == [str(known[:1]).splitlines()[1]]
    assert known[known["label"] == "rose"]["samples"].tolist() == [int((y == "rose").sum())]


# ---- printed ------------------------------------------------------------------------------------
def test_what_is_told_prints_as_a_table():
    X, y, T, _ = digits()
    model = ResoNet(image_shape=SHAPE).fit(X, y)
    told = model.reflect(T)
    head, names, *rows = repr(told).splitlines()
    assert head == f"Reflection of {len(T)} samples"
    assert names.split() == ["answer", "confidence", "novelty", "cause", "like"]
    assert len(rows) == 13  # twelve and a gap
    first, last = rows[0].split(), rows[-1].split()
    assert first[:2] == ["0", str(told.answer[0])]
    assert float(first[2]) == pytest.approx(told.confidence[0], abs=5e-4)
    assert last[:2] == [str(len(T) - 1), str(told.answer[-1])]
    assert last[4:] == [told.cause[-1], f"{told.like[-1, 0]},", str(told.like[-1, 1])]
    assert len(repr(model.imagine(T[:3])).splitlines()) == 5
    assert repr(model.reflect(T[:1])).startswith("Reflection of 1 sample\n")
