"""What people give and how they are told: one row in many forms, names, parameters, room."""

import dataclasses
import json
import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

from growgraph import (
    GrowNet,
    GrowNetRegressor,
    ResoNet,
    ResoNetClusterer,
    SelfCriticNet,
    load,
    save,
)
from growgraph.senses.columns import meant

N = 300
MODELS = [GrowNet, GrowNetRegressor, ResoNet, ResoNetClusterer, SelfCriticNet]


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    return pd.DataFrame({"a": rng.normal(size=N), "b": rng.normal(size=N)})


@pytest.fixture(scope="module")
def mixed(frame):
    return frame.assign(c=np.where(frame.a > 0.3, "x", "y"))


def target(frame):
    return (frame.a > 0).to_numpy().astype(int)


@pytest.mark.parametrize("model", MODELS)
def test_one_row_in_many_forms(model, frame):
    net = model().fit(frame, target(frame))
    told = str(net.explain(frame.iloc[[7]]))
    row = frame.iloc[7]
    for form in (row, dict(row), {"b": row["b"], "a": row["a"]}, {n: [v] for n, v in row.items()}):
        assert str(net.explain(form)) == told


@pytest.mark.parametrize("model", MODELS)
def test_what_is_told_can_be_written_down_and_holds_no_array_alive(model, frame):
    X = frame.to_numpy().copy()
    told = model().fit(X, target(frame)).explain(X[3])
    if model is not SelfCriticNet:  # whose data hold a picture
        assert json.loads(json.dumps(dataclasses.asdict(told)))["text"] == str(told)
    assert np.asarray(getattr(told.asked.x, "base", None) or 0).size < X.size
    again = pickle.loads(pickle.dumps(told))
    assert str(again) == str(told)


def test_a_sample_that_is_overwritten_is_explained_as_it_was(frame):
    net = ResoNet().fit(frame.to_numpy(), target(frame))
    row = frame.to_numpy()[3].copy()
    told = net.explain(row)
    row[:] = 99
    assert told.asked.x.tolist() == frame.to_numpy()[3].tolist()


@pytest.mark.parametrize("model", [ResoNet, SelfCriticNet])
def test_one_row_of_numbers_and_text(model, mixed):
    net = model().fit(mixed, target(mixed))
    assert str(net.explain(mixed.iloc[7])) == str(net.explain(mixed.iloc[[7]]))


def test_one_row_with_a_date(frame):
    dated = frame.assign(when=pd.date_range("2025-01-01", periods=N, freq="h"))
    net = ResoNet().fit(dated, target(frame))
    told = str(net.explain(dated.iloc[[7]]))
    assert str(net.explain(dated.iloc[7])) == told
    assert str(net.explain(dict(dated.iloc[7]))) == told


def test_a_row_of_an_image_with_names():
    rng = np.random.default_rng(0)
    pixels = pd.DataFrame(rng.uniform(size=(80, 64)), columns=[f"pixel {i}" for i in range(64)])
    net = ResoNet(image_shape=(8, 8)).fit(pixels, np.arange(80) % 2)
    assert str(net.explain(pixels.iloc[3])) == str(net.explain(pixels.iloc[[3]]))


@pytest.mark.parametrize("change", [lambda X: X[["b", "a"]], lambda X: X[["b"]]])
def test_a_frame_in_another_order_names_the_way_out(frame, change):
    net = ResoNet().fit(frame, target(frame))
    with pytest.raises(ValueError, match=r"Give the columns as a dict, dict\(X\)"):
        net.predict(change(frame))
    assert net.predict(dict(change(frame))).shape == (N,)


def test_numbered_columns_cannot_grow(frame):
    numbered = frame.set_axis([0, 1], axis=1)
    net = ResoNet().fit(numbered, target(frame))
    with pytest.raises(ValueError, match=r"begin with names that are text, X\.columns = "):
        net.partial_fit(numbered.assign(**{"2": 1.0}).set_axis([0, 1, 2], axis=1), target(frame))
    assert net.n_samples_seen_ == N


def test_a_cell_where_a_column_is_wanted_is_told_plainly(frame):
    net = ResoNet().fit(frame, target(frame))
    with pytest.raises(ValueError, match=r"got 0\.5: for one row give \{'a': \[0\.5\]\}"):
        net.predict({"a": np.float64(0.5), "b": [1.0]})


@pytest.mark.parametrize("model", MODELS)
def test_parameters_have_names(model):
    with pytest.raises(TypeError, match="positional"):
        model(8, 8)


@pytest.mark.parametrize("model", MODELS)
def test_progress_is_told_or_refused(model, frame):
    net = model(progress="yes")
    with pytest.raises(ValueError, match=r"progress must be None, True or a function .*got 'yes'"):
        net.fit(frame, target(frame))
    assert not hasattr(net, "n_samples_seen_")


@pytest.mark.parametrize(
    ("unknown", "missing", "same"),
    [
        ("Wieght", "weight", True),
        ("petal length", "petal_length", True),
        ("temprature_x", "temperature_x", True),
        ("accel_y", "accel_x", False),
        ("x2", "x1", False),
        ("Lat", "lat", True),
    ],
)
def test_slips_and_names_of_their_own(unknown, missing, same):
    assert meant([unknown], [missing]) == ({unknown: missing} if same else {})


# ---- room -----------------------------------------------------------------------------------
def rows_of_text(columns, n, kinds):
    rng = np.random.default_rng(0)
    return {f"t{i}": rng.integers(0, kinds, n).astype(str) for i in range(columns)}


def told(model, *batches):
    """The warnings of learning batches."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for X in batches:
            y = () if isinstance(model, ResoNetClusterer) else (np.arange(len(X["t0"])) % 2,)
            model.partial_fit(X, *y)
    return [str(w.message) for w in heard]


@pytest.mark.parametrize("model", [ResoNet, ResoNetClusterer, SelfCriticNet])
def test_categories_without_room_are_told_once(model, tmp_path):
    net = model(max_nodes=1000)
    X = rows_of_text(8, 400, 50)
    first = told(net, X)
    assert sum("further categories share one input" in text for text in first) == 1
    assert sum("new categories and columns are ignored" in text for text in first) == 1
    assert told(net, X) == []
    save(net, tmp_path / "net.npz")
    assert told(load(tmp_path / "net.npz"), X) == []
    late = told(net, X | {"late": np.arange(400.0), "word": np.full(400, "w")})
    assert len(late) == 1
    assert "no room left for late, word: not learnt" in late[0]


def test_columns_that_come_while_it_is_young_are_told_of_later():
    net = ResoNet(max_nodes=300)
    few = {"t0": np.array(["a", "b"] * 5)}
    more = {f"n{i}": np.arange(10.0) for i in range(40)}
    assert told(net, few, few | more) == []
    (text,) = told(net, {"t0": np.array(["a", "b"] * 40)})
    assert "n39" not in text  # of many only the first are named
    assert "and 8 more: not learnt" in text


def test_enough_room_is_not_told_of():
    assert told(ResoNet(), rows_of_text(3, 300, 20)) == []


@pytest.mark.parametrize("cell", ["2024-01-01T00:00:{:03d}", "A{}"])
def test_another_text_in_nearly_every_row_is_told(cell):
    X = {"when": np.array([cell.format(i) for i in range(200)], object), "size": np.arange(200.0)}
    y = np.arange(200) % 2
    with pytest.warns(UserWarning, match="column 'when' holds another text in nearly every row"):
        ResoNet().fit(pd.DataFrame(X), y)
    few = X | {"when": X["when"][np.arange(200) // 2 * 2]}  # each twice: a kind of rows
    meant = pd.DataFrame(X).astype({"when": "category"})
    for quiet in (few, meant, {name: cells[:90] for name, cells in X.items()}):
        ResoNet().partial_fit(quiet, y[: len(quiet if quiet is meant else quiet["size"])])


def test_rows_that_are_dicts_are_refused_with_a_way_out():
    rows = [{"a": 1.0, "b": 2.0}, {"a": 2.0, "b": 1.0}]
    with pytest.raises(TypeError, match=r"of dicts make pandas\.DataFrame\(X\)"):
        ResoNet().fit(rows, [0, 1])
