"""Odd data that are learnt, not refused; labels of every kind; a fit that is interrupted."""

import sys

import numpy as np
import pytest

from growgraph import GrowNet, ResoNet, ResoNetClusterer, SelfCriticNet
from growgraph.errors import DataError
from tests.models.material import SHAPE, differences, digits, grown, part, table

X4 = np.random.default_rng(0).standard_normal((80, 4))
Y = np.where(X4[:, 0] > 0, "yes", "no")


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
@pytest.mark.parametrize("shape", [None, SHAPE])
@pytest.mark.parametrize("n", [1, 2, 70])
def test_one_class(n, shape, learning):
    X, _, T, _ = digits()
    model = ResoNet(image_shape=shape, learning=learning).fit(X[:n], ["only"] * n)
    assert set(model.predict(T[:9])) == {"only"}
    np.testing.assert_array_equal(model.predict_proba(T[:9]), np.ones((9, 1)))
    told = model.reflect(T[:9])
    assert np.isfinite(told.novelty).all()
    assert (told.confidence == 1).all()
    assert "answer only" in str(model.explain(T[0]))


@pytest.mark.parametrize("shape", [None, SHAPE])
def test_one_sample_of_each_of_two_classes(shape):
    X, y, _, _ = digits()
    two = [int(np.flatnonzero(y == c)[0]) for c in (0, 1)]
    model = ResoNet(image_shape=shape).fit(X[two], y[two])
    np.testing.assert_array_equal(model.predict(X[two]), [0, 1])
    assert np.isfinite(model.predict_proba(X)).all()


@pytest.mark.parametrize("shape", [None, SHAPE])
def test_samples_that_are_all_the_same(shape):
    X = np.full((70, 64), 3.0)
    model = ResoNet(image_shape=shape).fit(X, [0, 1] * 35)
    assert np.isfinite(model.predict_proba(X)).all()
    assert np.isfinite(model.reflect(X + 1).novelty).all()


def test_blank_images():
    X, y, T, t = digits()
    model = ResoNet(image_shape=SHAPE).fit(np.vstack([np.zeros((5, 64)), X]), [*[0] * 5, *y])
    assert model.score(T, t) > 0.97
    assert np.isfinite(model.predict_proba(np.zeros((1, 64)))).all()


@pytest.mark.parametrize("scale", [1e-200, 1e-30, 1e30, 1e200])
@pytest.mark.parametrize("shift", [0.0, 1e9])
def test_units_of_a_table_do_not_matter(scale, shift):
    X, y = scale * (X4 + shift), Y
    model = ResoNet().fit(X, y)
    assert model.score(X, y) > 0.9


def test_units_of_an_image_do_not_matter():
    X, y, T, _ = digits()
    model = ResoNet(image_shape=SHAPE).fit(X[:200], y[:200])
    bright = ResoNet(image_shape=SHAPE).fit(X[:200] * 2.0**40, y[:200])
    np.testing.assert_array_equal(bright.predict_proba(T * 0.25), model.predict_proba(T))


def test_a_value_far_outside_is_answered():
    model = ResoNet().fit(X4, Y)
    assert model.predict([[1e300, 0, 0, 0], [-1e300, 0, 0, 0]]).tolist() == ["yes", "no"]


def test_a_table_of_categories_alone():
    X = {"kind": np.array(["u", "v", "w", None] * 30, object)}
    y = [0, 1, 2, 1] * 30
    model = ResoNet().fit(X, y)
    assert model.score(X, y) == 1
    assert model.prequential_accuracy_ > 0.9
    with pytest.raises(DataError, match="reads numeric columns and X has none: use learning="):
        ResoNet(learning="resonance").fit(X, y)
    assert model.predict({"kind": np.array(["never"], object)}).shape == (1,)
    assert np.isfinite(model.reflect(X).novelty).all()
    assert str(model.explain(part(X, 0, 1))).startswith("answer 0")


def test_a_column_left_out_later_is_missing():
    X, y = table()
    model = ResoNet().fit(X, y)
    fewer = {k: v for k, v in X.items() if k != "kind"}
    without = {**X, "kind": np.full(len(y), None)}
    np.testing.assert_array_equal(model.predict_proba(fewer), model.predict_proba(without))


@pytest.mark.parametrize("labels", [
    np.array([True, False]), np.array([-1, 7]), np.array([0.0, 2.0]), np.array(["a", "bcd"]),
    np.array(["classes", "a/b"], object), np.array([3, 5], object), np.array([1, 2], np.uint8),
])  # fmt: skip
def test_kinds_of_labels(labels):
    y = labels[(X4[:, 0] > 0).astype(int)]
    model = ResoNet().fit(X4, y)
    assert set(model.predict(X4).tolist()) == set(labels.tolist())
    assert model.score(X4, y.astype(model.classes_.dtype)) > 0.9
    twin = ResoNet.from_state(model.to_state())
    assert twin.classes_.dtype == model.classes_.dtype
    assert model.knowledge()["label"].tolist() == sorted(labels.tolist())


def test_labels_may_grow_longer_and_wider():
    model = ResoNet().partial_fit(X4, np.where(Y == "yes", "a", "b"))
    model.partial_fit(X4 + 9, np.where(Y == "yes", "a", "longer"))
    assert model.classes_.tolist() == ["a", "b", "longer"]
    assert "longer" in model.predict(X4 + 9)
    model = ResoNet().partial_fit(X4, (Y == "yes").astype(int)).partial_fit(X4, [1.0] * 80)
    assert model.classes_.tolist() == [0, 1]


# ---- interruption -------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [None, SHAPE])
def test_an_interrupted_fit_leaves_what_was_learnt(shape):
    X, y, T, _ = digits()
    by_class = np.argsort(y, kind="stable")
    X, y = X[by_class], y[by_class]

    def stop(done, total, model):
        if done >= 1024:
            raise KeyboardInterrupt

    model = ResoNet(image_shape=shape, progress=stop)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    assert model.n_samples_seen_ == 1024
    twin = ResoNet(image_shape=shape, progress=stop).set_params(progress=None)
    twin.fit(X[:1024], y[:1024])
    assert [d for d in differences(model, twin) if d != "params"] == []
    assert model.classes_.tolist() == sorted(set(y[:1024].tolist()))
    np.testing.assert_array_equal(model.predict_proba(T), twin.predict_proba(T))
    model.set_params(progress=None).partial_fit(X[1024:], y[1024:])
    assert differences(model, twin.partial_fit(X[1024:], y[1024:])) == []


@pytest.mark.parametrize("kind", [ResoNet, ResoNetClusterer, GrowNet, SelfCriticNet])
@pytest.mark.parametrize("learnt", [False, True])
def test_a_bar_that_cannot_be_loaded_leaves_the_model_as_it_was(kind, learnt, monkeypatch):
    """Loading it takes long, so that Ctrl-C may come in between as well."""
    model = kind()
    if learnt:
        model.partial_fit(X4, Y)
        said = model.predict(X4)
    before = {name: v for name, v in vars(model).items() if name != "progress"}
    model.set_params(progress=True)
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "tqdm.auto", None)
        with pytest.raises(ImportError):
            model.fit(X4[:70, :3], Y[:70])
    model.set_params(progress=None)
    assert {name: v for name, v in vars(model).items() if name != "progress"} == before
    assert not learnt or np.array_equal(model.predict(X4), said)
    model.partial_fit(X4, Y)
    assert model.n_samples_seen_ == (160 if learnt else 80)


@pytest.mark.parametrize("at", [1, 5, 40, 90])
def test_an_interruption_while_it_grows_leaves_a_model_that_answers_and_learns(monkeypatch, at):
    from growgraph.models._resonet.core import Core

    X, y = table()
    calls = []
    plain = Core._add_aspects

    def interrupted(self, c):
        calls.append(c)
        if len(calls) == at:
            raise KeyboardInterrupt
        plain(self, c)

    monkeypatch.setattr(Core, "_add_aspects", interrupted)
    model = ResoNet().fit(part(X, 0, 10), y[:10])
    try:
        model.partial_fit(part(X, 10, 220), y[10:])
    except KeyboardInterrupt:
        monkeypatch.setattr(Core, "_add_aspects", plain)
    assert model.n_samples_seen_ <= 220
    assert model.predict(X).shape == (220,)
    model.graph_.check()
    model.partial_fit(X, y)
    assert model.score(X, y) > 0.7


def test_the_grown_model_is_still_as_it_was():
    """The tests above read one model together: none may have changed it."""
    X, y, _, _ = digits()
    assert differences(grown(), ResoNet(image_shape=SHAPE).fit(X, y)) == []
