"""Labels that go against what was learnt: the noise band of ResoNet."""

import numpy as np
import pytest

from growgraph import ResoNet
from growgraph.bench.learning.material import noisy
from growgraph.kernels import intention, resonet
from growgraph.models._resonet import settings as _settings
from tests.models.material import SHAPE, differences, digits, table

LEARNING = pytest.mark.parametrize("learning", ["evidence", "resonance"])


def images(**options):
    return ResoNet(image_shape=SHAPE, **options)


@LEARNING
def test_of_labels_that_are_wrong_fewer_are_believed(learning):
    gains = []
    for seed in range(3):
        X, y, T, t = digits(seed)
        wrong = noisy(y, 0.4, seed)
        with_, without = (
            images(learning=learning, noise_band=on).fit(X, wrong).score(T, t)
            for on in (True, False)
        )
        gains.append(with_ - without)
    assert np.mean(gains) > 0.01


@LEARNING
def test_right_labels_are_believed(learning):
    X, y, T, t = digits()
    found = images(learning=learning, noise_band=True).fit(X, y).score(T, t)
    assert found >= images(learning=learning).fit(X, y).score(T, t) - 0.004


@LEARNING
def test_a_band_that_is_never_left_changes_nothing(learning, monkeypatch):
    """Without the option no label is doubted; all else that is learnt is the same, bit for bit."""
    X, y, _, _ = digits()
    usual = images(learning=learning).fit(X[:400], y[:400])
    assert usual._core.par[resonet.NOISE_FROM] == np.inf
    assert not usual._core.tally[:, 2].any()
    monkeypatch.setitem(_settings._NOISE, learning, -1e9)
    wide = images(learning=learning, noise_band=True).fit(X[:400], y[:400])
    assert set(differences(usual, wide)) == {"par", "options", "params"}


def test_what_is_not_believed_is_not_written():
    X, y, _, _ = digits()
    wrong = noisy(y, 0.4, 0)
    model = images(noise_band=True).fit(X, wrong)
    assert model.n_samples_seen_ == len(y)
    assert 0.2 * len(y) < len(y) - model.n_written_ < 0.45 * len(y)
    assert images().fit(X, wrong).n_written_ == len(y)


def test_a_class_that_changes_is_believed_after_a_few():
    """Two classes change their names; of each a few labels in a row are doubted, then no more."""
    X, y, _, _ = digits()
    model = images(noise_band=True).fit(X, y)
    two = np.flatnonzero((y == 3) | (y == 8))[:120]
    before = model.n_written_
    model.partial_fit(X[two], 11 - y[two])
    doubted = len(two) - (model.n_written_ - before)
    assert 2 <= doubted <= 4 * intention.MOST_DOUBTS


def test_a_class_that_comes_late_is_learnt():
    X, y, T, t = digits()
    order = np.argsort(y == 4, kind="stable")
    model = images(noise_band=True).fit(X[order], y[order])
    assert model.score(T[t == 4], t[t == 4]) > 0.95


@pytest.mark.parametrize("value", ["yes", None, 2, 0.3])
def test_what_is_no_choice_is_refused(value):
    X, y, _, _ = digits()
    with pytest.raises(ValueError, match="noise_band must be one of False, True, got"):
        images(noise_band=value).fit(X[:9], y[:9])


def test_tables_have_none():
    X, y = table()
    model = ResoNet(noise_band=True)
    with pytest.raises(ValueError, match=r"noise_band=True is for images .* give image_shape"):
        model.fit(X, y)
    assert not hasattr(model, "n_samples_seen_")
