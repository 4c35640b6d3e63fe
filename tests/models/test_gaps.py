"""Cells of a kind never met while learning: the model says so, and how much hangs on them."""

import numpy as np
import pytest

import growgraph
from growgraph import ResoNet
from growgraph.models._record import Record
from growgraph.models._resonet import gaps as _gaps

HUES = np.array(["red", "green", "blue"], object)


def told_by(rows=400, seed=0):
    """A number that tells two classes, one that tells nothing, a text that tells a third."""
    rng = np.random.default_rng(seed)
    y = rng.integers(3, size=rows)
    size = np.where(y == 0, -2.0, 2.0) + rng.normal(0, 0.4, rows)
    return {"size": size, "noise": rng.normal(size=rows), "hue": HUES[(y == 2) * 1]}, y


@pytest.fixture(scope="module")
def model():
    return ResoNet(random_state=0).fit(*told_by())


def ask(model, **row):
    return model.reflect({name: np.array([value], object if name == "hue" else float)
                          for name, value in row.items()})  # fmt: skip


WHOLE = {"size": -2.0, "noise": 0.1, "hue": "red"}


def test_a_row_without_gaps_is_fine(model):
    told = ask(model, **WHOLE)
    assert (told.answer[0], told.cause[0]) == (0, "fine")
    assert told.confidence[0] > 0.95


@pytest.mark.parametrize("cell", [{"noise": np.nan}, {"size": np.nan}, {"hue": None},
                                  {"hue": "violet"}])  # fmt: skip
def test_a_cell_never_met_is_novel_and_named(model, cell):
    whole, told = ask(model, **WHOLE), ask(model, **WHOLE | cell)
    assert told.cause[0] == "novel"
    assert told.novelty[0] > whole.novelty[0]
    assert told.confidence[0] <= whole.confidence[0]
    ((name, value),) = cell.items()
    row = {k: np.array([v], object) if k == "hue" else [v] for k, v in (WHOLE | cell).items()}
    why = model.explain(row)
    value = None if value != value else value
    assert why.data["unmet"] == [{"column": name, "value": value}]
    missing = f"never met before: {name} is missing"
    assert (f"never met before: hue = {value}" if value else missing) in str(why)


def test_confidence_falls_by_what_hangs_on_the_cell(model):
    """Much without the number that tells, hardly without the one that does not."""
    whole = ask(model, **WHOLE).confidence[0]
    assert ask(model, **WHOLE | {"noise": np.nan}).confidence[0] > 0.9 * whole
    assert ask(model, **WHOLE | {"size": np.nan}).confidence[0] < 0.87 * whole
    assert ask(model, **WHOLE | {"size": np.nan, "noise": np.nan}).confidence[0] < 0.87 * whole


def test_more_cells_are_stranger(model):
    rows = [{}, {"noise": np.nan}, {"noise": np.nan, "size": np.nan}]
    strange = [ask(model, **WHOLE | row).novelty[0] for row in rows]
    assert strange[0] < strange[1] < strange[2]


def test_confidence_is_as_often_right_as_it_says():
    """Over held-out rows whose telling cell is gone, the first time ever."""
    model, (X, y) = ResoNet(random_state=0).fit(*told_by(600)), told_by(600, seed=1)
    X["size"] = np.full(600, np.nan)
    told = model.reflect(X)
    right = (told.answer == y).mean()
    assert right < 0.85
    assert abs(told.confidence.mean() - right) < 0.04
    assert (told.cause == "novel").all()


def test_rows_without_gaps_keep_every_bit_beside_rows_with(model):
    X, _ = told_by(50, seed=2)
    whole = model.reflect(X)
    X["size"][::3] = np.nan
    X["hue"][1::9] = "violet"
    X["hue"][4::9] = None
    told = model.reflect(X)
    same = ~np.isnan(X["size"]) & np.isin(X["hue"], HUES)
    assert 0 < same.sum() < 50
    for one, other in zip(vars(told).values(), vars(whole).values(), strict=True):
        np.testing.assert_array_equal(one[same], other[same])
    assert (told.cause[~same] == "novel").all()


@pytest.mark.parametrize("piece", [1, 7])
def test_cuts_do_not_matter(model, piece, monkeypatch):
    monkeypatch.setattr(_gaps, "_PIECE", 5)
    X, _ = told_by(30, seed=3)
    X["noise"][::2] = np.nan
    X["size"][::3] = np.nan
    X["hue"][::5] = "violet"
    whole, proba = model.reflect(X), model.predict_proba(X)
    for a in range(0, 30, piece):
        some = {k: v[a : a + piece] for k, v in X.items()}
        told = model.reflect(some)
        for one, other in zip(vars(told).values(), vars(whole).values(), strict=True):
            np.testing.assert_array_equal(one, other[a : a + piece])
        np.testing.assert_array_equal(model.predict_proba(some), proba[a : a + piece])


def test_once_learnt_it_is_strange_no_more():
    X, y = told_by()
    X["noise"][::5] = np.nan
    X["hue"][::7] = None
    model = ResoNet(random_state=0).fit(X, y)
    gap = WHOLE | {"noise": np.nan, "hue": None}
    assert ask(model, **gap).cause[0] != "novel"
    assert _gaps.unmet(model._core, model._core.sense.read({k: [v] for k, v in gap.items()})) == []
    assert ask(model, **WHOLE | {"size": np.nan}).cause[0] == "novel"


def test_it_survives_a_file(model, tmp_path):
    growgraph.save(model, tmp_path / "m.npz")
    gap = WHOLE | {"size": np.nan, "hue": "violet"}
    for one, other in zip(vars(ask(model, **gap)).values(),
                          vars(ask(growgraph.load(tmp_path / "m.npz"), **gap)).values(),
                          strict=True):  # fmt: skip
        np.testing.assert_array_equal(one, other)


def test_tables_of_text_alone_and_a_single_class():
    X = {"hue": HUES[np.arange(90) % 3], "form": HUES[np.arange(90) % 2]}
    for y in (np.arange(90) % 3, np.zeros(90, int)):
        model = ResoNet(random_state=0).fit(X, y)
        told = model.reflect({"hue": np.array(["red", "violet"], object),
                              "form": np.array(["violet", "red"], object)})  # fmt: skip
        assert (told.cause == "novel").all()
        assert np.isfinite(told.novelty).all()
        assert ((told.confidence >= 0) & (told.confidence <= 1)).all()
    assert told.confidence[0] == 1


def test_a_column_that_is_not_known_at_all_may_be_empty(model):
    row = {**{k: [v] for k, v in WHOLE.items()}, "more": np.array([None], object)}
    assert model.reflect(row).cause[0] == "fine"
    row["more"] = np.array(["word"], object)
    with pytest.warns(UserWarning, match="column 'more' was not learnt and is ignored"):
        assert model.reflect(row).cause[0] == "fine"


def test_resonance_alone(model):
    alone = ResoNet(random_state=0, learning="resonance").fit(*told_by())
    assert ask(alone, **WHOLE | {"size": np.nan}).cause[0] == "novel"


def test_strangeness_is_beyond_novel_whatever_the_record():
    record = Record()
    assert record.strange(np.array([0.5]), np.array([0.2])) > 0.5
    record.scales[1] = 10, 1.0, 0.04
    shares = np.array([0.01, 0.5, 1.0])
    strange = record.strange(np.array([0.2, 1.0, 3.0]), shares)
    assert (record.deviation(strange) > 3).all()
    assert (np.diff(strange) > 0).all()


# ---- numbers far outside all that was shown ---------------------------------------------------
def counted(late=False):
    """A column that runs on, as a counter does, beside one that decides; scales are of 64 rows."""
    rng = np.random.default_rng(1)
    X = {"count": np.arange(400) / 4.0, "size": rng.normal(size=400)}
    y = (X["size"] > 0).astype(int)
    if not late:
        return ResoNet(random_state=0).fit(X, y)
    first = {name: v[:150] for name, v in X.items() if name == "size"}
    rest = {name: v[150:] for name, v in X.items()}
    return ResoNet(random_state=0).partial_fit(first, y[:150]).partial_fit(rest, y[150:])


@pytest.mark.parametrize("late", [False, True])
def test_a_number_far_outside_is_novel_and_named(late):
    """More than half the range beyond what was shown; the concepts see no further than 6 sd."""
    model, low = counted(late), 37.5 if late else 0.0
    edge = 99.75 + 0.5 * (99.75 - low)
    told = model.reflect({"count": [70.0, edge - 1, edge + 1, 1e9, low - 80], "size": np.ones(5)})
    assert told.cause[2:].tolist() == ["novel"] * 3
    assert told.cause[0] == "fine"
    assert (told.novelty[2:] > told.novelty[:2].max()).all()
    said = model.explain({"count": 1e9, "size": 1.0})
    assert said.data["unmet"] == [{"column": "count", "value": 1e9}]
    assert "count = 1e+09, far outside all it has shown" in str(said)
    assert model.explain({"count": edge - 1, "size": 1.0}).data["unmet"] == []


def test_confidence_is_kept_where_the_far_number_does_not_matter():
    """Filled with what the classes showed, the answer stays; where all hangs on it, it does not."""
    told = counted().reflect({"count": [1e9, 70.0], "size": [2.0, 1e6]})
    assert told.cause.tolist() == ["novel", "novel"]
    assert told.confidence[0] > 0.9 > 0.5 > told.confidence[1]


def test_a_column_that_never_varied_has_no_range():
    model = ResoNet(random_state=0).fit(
        {"a": np.arange(90.0), "b": np.ones(90)}, np.arange(90) > 40
    )
    assert model.explain({"a": [50.0], "b": [9.0]}).data["unmet"] == []
