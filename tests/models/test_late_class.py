"""A label that comes late: what was known before is not forgotten for it."""

import numpy as np
import pytest

from growgraph import ResoNet


def lived(seed, replay):
    rng = np.random.default_rng(seed)
    X, T = rng.normal(size=(2000, 4)), rng.normal(size=(500, 4))
    model = ResoNet(random_state=seed, replay=replay).fit(X, sides(X))
    return model, T, rng


def sides(X):
    return np.where(X[:, 0] > 0, "a", "b")


@pytest.mark.parametrize("replay", [0, 2000])
@pytest.mark.parametrize("rows", [15, 30, 49])
def test_some_dozens_of_rows_of_a_new_label_are_no_other_world(rows, replay):
    """They lie where all others lie, one after the other: as a shop's first lost parcels may."""
    model, T, rng = lived(1, replay)
    before = model.score(T, sides(T))
    model.partial_fit(rng.normal(size=(rows, 4)), ["lost"] * rows)
    assert model.n_drifts_ == 0
    assert model.score(T, sides(T)) > before - 0.01
    assert model.knowledge()["samples"].tolist()[-1] == rows


def test_a_new_label_with_a_place_of_its_own_is_known_soon():
    model, T, rng = lived(2, 2000)
    model.partial_fit(rng.normal(size=(10, 4)) + 4, ["far"] * 10)
    assert (model.predict(rng.normal(size=(200, 4)) + 4) == "far").mean() > 0.95
    assert model.score(T, sides(T)) > 0.98


def test_labels_that_change_places_are_another_world():
    """Nothing new has come: what was known is wrong now, and that is felt."""
    model, T, rng = lived(3, 2000)
    X = rng.normal(size=(600, 4))
    model.partial_fit(X, np.where(X[:, 0] > 0, "b", "a"))
    assert model.n_drifts_ >= 1
    assert model.score(T, sides(T)) < 0.2
