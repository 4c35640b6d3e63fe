"""The adapter to river: its own checks, features that come and go, any label."""

import pickle

import numpy as np
import pytest

from growgraph import river as adapter
from growgraph.errors import DataError
from tests.models.material import differences

try:
    import river
except ImportError:
    river = None

needs_river = pytest.mark.skipif(river is None, reason="needs river")


def checks():
    if river is None:
        return []
    from river.checks import yield_checks

    return list(yield_checks(adapter.RiverResoNet()))


@needs_river
@pytest.mark.parametrize("check", checks(), ids=lambda check: check.__name__)
def test_rivers_own_checks(check):
    check(adapter.RiverResoNet(seed=1))


def test_without_river_the_fix_is_named(monkeypatch):
    monkeypatch.setattr(adapter, "_Classifier", object)
    with pytest.raises(ImportError, match=r"growgraph\[river\]"):
        adapter.RiverResoNet()


def samples(n, seed=0, late=0):
    """Two noisy features; ``signal``, which tells the class, comes at sample ``late``."""
    rng = np.random.default_rng(seed)
    for i in range(n):
        y = int(rng.random() < 0.5)
        x = {"noise": rng.standard_normal()}
        if i >= late:
            x["signal"] = 2.0 * y - 1 + 0.3 * rng.standard_normal()
        yield x, ("no", "yes")[y]


def taught(stream, **options):
    model = adapter.RiverResoNet(**options)
    for x, y in stream:
        model.learn_one(x, y)
    return model


def share_right(model, stream):
    return np.mean([model.predict_one(x) == y for x, y in stream])


@needs_river
@pytest.mark.parametrize("late", [0, 10, 200])
def test_a_feature_that_comes_later_is_learnt(late):
    model = taught(samples(500, late=late))
    assert share_right(model, samples(100, seed=1)) > 0.9


@needs_river
def test_text_that_comes_later_is_learnt():
    def told(n):
        for i, (x, y) in enumerate(samples(n, late=n)):
            yield x | ({"word": f"{y}!", 7: None} if i > 150 else {}), y

    model = taught(told(300))
    assert share_right(model, list(told(400))[300:]) == 1
    assert set(model.model.columns_) == {"noise", "word"}


@needs_river
def test_the_sequence_in_which_late_features_stand_is_nothing():
    def stream(turn):
        for i, (x, y) in enumerate(samples(200)):
            new = {"a": float(i % 5), "b": float(i % 3)} if i > 100 else {}
            yield {**x, **(dict(reversed(new.items())) if turn else new)}, y

    one, other = taught(stream(False)), taught(stream(True))
    assert one.predict_proba_one({"a": 4.0}) == other.predict_proba_one({"a": 4.0})


@needs_river
def test_early_comers_cost_nothing():
    """What comes among the first samples is learnt as if it had been missing from the start."""
    a = taught(samples(100, late=30))
    b = taught(({"signal": np.nan, **x}, y) for x, y in samples(100, late=30))
    for x, _ in samples(20, seed=2):
        assert a.predict_proba_one(x) == b.predict_proba_one(x)


@needs_river
def test_missing_features_are_missing_cells():
    model = taught(samples(200))
    assert model.predict_one({}) in ("no", "yes")
    assert model.predict_proba_one({"noise": 0.1}) == model.predict_proba_one(
        {"noise": 0.1, "signal": None}
    )


@needs_river
def test_text_is_a_category():
    rng = np.random.default_rng(0)
    colours = rng.choice(["red", "green"], 200)
    model = taught(({"colour": c, "size": 1.0}, c == "red") for c in colours.tolist())
    assert model.predict_one({"colour": "red", "size": 1.0}) is True
    assert model.predict_one({"colour": "green", "size": 1.0}) is False


@needs_river
def test_labels_of_any_kind_come_back_as_they_were():
    model = taught(({"a": float(i % 3)}, (1, "two", ("three", 3))[i % 3]) for i in range(120))
    assert [model.predict_one({"a": a}) for a in (0.0, 1.0, 2.0)] == [1, "two", ("three", 3)]
    assert set(model.predict_proba_one({"a": 0.0})) == {1, "two", ("three", 3)}


@needs_river
@pytest.mark.parametrize(
    "bad", [{"noise": np.inf, "signal": 0.0}, {"noise": "text", "signal": 0.0}]
)
@pytest.mark.parametrize("n", [30, 100])
def test_what_is_refused_changes_nothing(bad, n):
    model = taught(samples(n))
    before = pickle.dumps(model)
    with pytest.raises(DataError):
        model.learn_one({**bad, "new": 1.0}, "another")
    assert pickle.dumps(model) == before


@needs_river
def test_first_samples_are_kept_no_longer_than_needed():
    model = taught(samples(63))
    assert len(model._young) == 63
    model.learn_one({"noise": 0.0}, "no")
    assert model._young is None


@needs_river
def test_same_as_the_model_beneath():
    """One by one through dicts is the same as one call with columns."""
    from growgraph import ResoNet

    stream = list(samples(150))
    model = taught(stream)
    table = {k: np.array([x[k] for x, _ in stream]) for k in ("noise", "signal")}
    codes = np.array([model.labels.index(y) for _, y in stream])
    plain = ResoNet().partial_fit(table, codes)
    for x, _ in samples(20, seed=3):
        row = {k: np.array([v]) for k, v in x.items()}
        assert list(model.predict_proba_one(x).values()) == pytest.approx(
            plain.predict_proba(row)[0].tolist()
        )


@needs_river
def test_in_a_pipeline_of_river():
    from river import compose, evaluate, metrics

    model = compose.Select("signal") | adapter.RiverResoNet()
    score = evaluate.progressive_val_score(samples(150), model, metrics.Accuracy())
    assert score.get() > 0.8


@needs_river
@pytest.mark.parametrize("late", [0, 200])
def test_the_shortest_way_answers_as_the_other(monkeypatch, late):
    """Numbers take the shortest way into the model, gaps and what is new the other."""
    rows = list(samples(260, late=late))
    rows[230][0].pop("noise")
    quick, taken = adapter.RiverResoNet(seed=1), 0
    for x, y in rows:
        taken += quick.model is not None and quick._row(x) is not None
        quick.predict_one(x)
        quick.learn_one(x, y)
    monkeypatch.setattr(adapter.RiverResoNet, "_row", lambda self, x: None)
    slow = taught(rows, seed=1)
    assert taken > 150
    assert differences(quick.model, slow.model) == []
    asked = [x for x, _ in samples(40, seed=1)]
    assert [quick.predict_one(x) for x in asked] == [slow.predict_one(x) for x in asked]
