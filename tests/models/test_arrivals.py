"""A column that comes when others have been learnt: its past is missing, and it is learnt from."""

import functools
import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growgraph import ResoNet, ResoNetClusterer, load, save
from growgraph.errors import DataError
from growgraph.graph.check import same_structure
from growgraph.senses.arrivals import BENT, CELLS, SCALED, THERE
from tests.models.material import differences, part

N, CAME = 260, 130


def stream(n=N, came=CAME, seed=0):
    """Two columns, from ``came`` on two more that decide; every third cell of these is missing.

    The numbers come 30 rows after the words, in the same tables.
    """
    rng = np.random.default_rng(seed)
    a, b, new = rng.standard_normal((3, n))
    kind = rng.choice(["u", "v"], n).astype(object)
    late = np.arange(n) >= came
    y = np.where(np.where(late, 3 * new + (kind == "u"), a) > 0, "yes", "no")
    new, gone = 40 + 5 * new, np.arange(n) % 3 == 1
    new[gone | (np.arange(n) < came + 30)], kind[gone] = np.nan, None
    return {"a": a, "b": b}, {"new": new, "kind": kind}, y


def taught(kind, X, late, y, cuts=(), *, came=CAME, saved=False, shape=dict):
    """A model that was shown the first columns, and all of them from row ``came`` on."""
    model, n = kind(), len(y)
    edges = sorted({0, came, n, *cuts})
    for first, end in itertools.pairwise(edges):
        rows = shape(part(X | (late if first >= came else {}), first, end))
        if kind is ResoNetClusterer:
            model.partial_fit(rows)
        else:
            model.partial_fit(rows, y[first:end])
        model = kind.from_state(model.to_state()) if saved else model
    return model


@functools.cache
def learner():
    return taught(ResoNet, *stream())


# ---- laws -----------------------------------------------------------------------------------
@given(st.integers(1, N - 1), st.lists(st.integers(1, N - 1), max_size=5), st.booleans())
@settings(max_examples=12, deadline=None)
def test_how_a_stream_is_cut_or_stopped_is_nothing(came, cuts, saved):
    X, late, y = stream(came=came)
    whole = taught(ResoNet, X, late, y, came=came)
    assert differences(taught(ResoNet, X, late, y, cuts, came=came, saved=saved), whole) == []


@pytest.mark.parametrize("came", [20, CAME])
def test_the_same_for_concepts_without_labels(came):
    X, late, y = stream(came=came)
    whole = taught(ResoNetClusterer, X, late, y, came=came)
    other = taught(ResoNetClusterer, X, late, y, (5, 70, came + 3), came=came, saved=True)
    assert differences(other, whole) == []


def test_one_row_at_a_time():
    """By the shortest way, which takes rows of numbers as soon as the scale is known."""
    X, late, y = stream()
    late = {"new": np.where(np.isnan(late["new"]), 40.0, late["new"])}
    late["new"][-9] = 1000.0  # new ground
    whole = taught(ResoNet, X, late, y)
    model, quick = taught(ResoNet, part(X, 0, CAME), {}, y[:CAME]), 0
    for i in range(CAME, N):
        row = part(X | late, i, i + 1)
        took = model._learn_row(np.array([[v[0] for v in row.values()]]), y[i : i + 1])
        quick += took
        if not took:
            model.partial_fit(row, y[i : i + 1])
    assert differences(model, whole) == []
    assert quick > 60
    asked = part(X | late, 200, 201)
    best = model._best(np.array([[v[0] for v in asked.values()]]))
    assert model.classes_[best] == whole.predict(asked)


def test_what_its_inputs_say():
    """There, z and max(z, 0) of a number; 0 of a missing cell, and of a row without the column."""
    X, _, _ = stream()
    core = learner()._core
    sense, cells = core.sense, np.array([np.nan, 30.0, 40.0, 55.0])
    z = (cells - sense.centre[2]) / sense.spread[2]
    expected = np.nan_to_num([~np.isnan(cells), z, np.maximum(z, 0)])
    node = {core.graph.names[int(i)]: int(i) for i in core.graph.inputs}
    asked = [node["new is there"], node["new"], node[f"new {BENT}"]]
    for table, wanted in (({"new": cells}, expected), ({}, 0 * expected)):
        rows = sense.read(part(X, 0, 4) | table)
        said = core.graph.forward(sense.values(core.graph, rows), outputs=asked)
        np.testing.assert_allclose(said.T, wanted, rtol=1e-6)


def test_frames_are_as_dicts():
    X, late, y = stream()
    frames = taught(ResoNet, X, late, y, shape=pd.DataFrame)
    assert differences(frames, learner()) == []
    asked = part(X | late, 200, 230)
    turned = pd.DataFrame(asked)[["new", "a", "kind", "b"]]  # the new ones stand where they like
    np.testing.assert_array_equal(frames.predict_proba(turned), frames.predict_proba(asked))
    np.testing.assert_array_equal(frames.predict_proba(pd.DataFrame(part(X, 0, 9))),
                                  frames.predict_proba(part(X, 0, 9)))  # fmt: skip


def test_the_log_says_which_column_and_why_and_replays():
    model = learner()
    graph, log = model.graph_, model.growth_log_
    graph.check()
    assert same_structure(log.replay(), graph)
    name = {graph.names[int(i)]: int(i) for i in graph.inputs}
    assert {"new is there", "new", f"new {BENT}", "kind = u", "kind = v"} <= name.keys()
    assert "new column" in log.why(name["new is there"])
    assert "new column" in log.why(name["kind = u"]) + log.why(name["kind = v"])
    assert "the scale of a new column is known" in log.why(name["new"])


def test_files(tmp_path):
    model = learner()
    save(model, tmp_path / "m.npz")
    assert differences(load(tmp_path / "m.npz"), model) == []
    assert model.columns_ == {"a": False, "b": False, "new": False, "kind": True}


def test_a_column_of_nothing_but_gaps_is_none():
    X, _, y = stream()
    gaps = {"new": np.full(N, np.nan), "kind": np.full(N, None)}
    assert differences(taught(ResoNet, X, gaps, y), ResoNet().partial_fit(X, y)) == []


# ---- what was learnt stays ------------------------------------------------------------------
@pytest.mark.parametrize("n", [300, 700])
def test_rows_without_the_column_are_answered_as_before(n):
    """To the bit by the evidence, where its readout is the gate's; nearly so by the council."""
    X, _, y = stream(n, came=n)
    model = ResoNet().partial_fit(X, y)
    before, evidence = model.predict_proba(X), model._core.answers(model._core.sense.read(X))[1]
    core = model._core
    core.sense = core.sense.with_columns({"new": False, "kind": True})
    rows = core.sense.read({k: v[:1] for k, v in X.items()} | {"new": [1.0], "kind": ["u"]})
    core._grow_inputs(rows, 0)
    core.sense.cells[0] = np.arange(CELLS)
    core._grow_inputs(rows, 0)  # the scale is known
    assert {("new", what) for what in (THERE, SCALED, BENT)} < core.sense.born.keys()
    core.settle()
    model._asked = {}
    later = core.answers(core.sense.read(X))[1]
    if n > core.evidence.settings["exact"]:
        np.testing.assert_array_equal(later, evidence)
    else:  # ridge is told in units of the mean feature, and features that were 0 count
        assert np.abs(later - evidence).max() < 0.01
    assert np.abs(model.predict_proba(X) - before).max() < 0.1
    assert (model.predict(X) == model.classes_[before.argmax(axis=1)]).mean() > 0.99


def test_a_missing_cell_of_it_is_no_column():
    X, _, _ = stream()
    model, gaps = learner(), {"new": np.full(N, np.nan), "kind": np.full(N, None)}
    np.testing.assert_array_equal(model.predict_proba(X | gaps), model.predict_proba(X))
    assert set(model.reflect(X).cause) & {"unknown"} == set()


# ---- accuracy -------------------------------------------------------------------------------
def deciding(seed, n=1000, came=400):
    """From row 400 on a new column decides, alone or with another."""
    rng = np.random.default_rng(seed)
    a, b, z = rng.standard_normal((3, n))
    pull = 2 * z if seed % 2 else 2.5 * z * a
    y = np.where(np.where(np.arange(n) >= came, pull, a) + 0.5 * b > 0, "p", "q")
    return {"a": a, "b": b}, {"new": 7 + 3 * z}, y


def test_it_is_learnt_as_by_a_model_that_always_had_it():
    late, known, without = [], [], []
    for seed in range(4):
        X, new, y = deciding(seed)
        gaps = {"new": np.where(np.arange(1000) < 400, np.nan, new["new"])}
        asked, right = part(X | new, 800, 1000), y[800:]
        late.append(taught(ResoNet, part(X, 0, 800), part(new, 0, 800), y[:800], came=400)
                    .score(asked, right))  # fmt: skip
        known.append(ResoNet().fit(part(X | gaps, 0, 800), y[:800]).score(asked, right))
        without.append(ResoNet().fit(part(X, 0, 800), y[:800]).score(part(X, 800, 1000), right))
    assert np.mean(late) > np.mean(known) - 0.02
    assert np.mean(late) > np.mean(without) + 0.2


def test_one_that_tells_nothing_costs_nothing_to_speak_of():
    found = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        a, b, noise = rng.standard_normal((3, 1000))
        X, y = {"a": a, "b": b}, np.where(a + 0.5 * b > 0, "p", "q")
        late = taught(ResoNet, part(X, 0, 800), {"noise": noise[:800]}, y[:800], came=400)
        plain = ResoNet().fit(part(X, 0, 800), y[:800])
        asked = part(X, 800, 1000)
        found.append(late.score(asked | {"noise": noise[800:]}, y[800:])
                     - plain.score(asked, y[800:]))  # fmt: skip
    assert np.mean(found) > -0.02


# ---- limits ---------------------------------------------------------------------------------
def test_the_scale_is_that_of_its_first_cells():
    _, late, _ = stream()
    sense, shown = learner()._core.sense, late["new"][CAME:]
    shown = shown[~np.isnan(shown)][:CELLS]
    place = sense.numeric.index("new")
    assert sense.centre[place] == pytest.approx(shown.mean(), rel=1e-12)
    assert sense.spread[place] == pytest.approx(shown.std(), rel=1e-12)


def test_one_that_does_not_vary_is_only_there():
    X, _, y = stream()
    same = np.full(N, 3.0)
    model = taught(ResoNet, X, {"same": same}, y)
    born = {what for name, what in model._core.sense.born if name == "same"}
    assert born == {THERE}
    varied = np.where(np.arange(N) < 200, same, np.arange(N) % 5)
    model = taught(ResoNet, X, {"same": varied}, y, (150, 201, 203))
    assert ("same", SCALED) in model._core.sense.born
    assert differences(model, taught(ResoNet, X, {"same": varied}, y)) == []


@pytest.mark.parametrize("limit", [{"max_nodes": 400}, {"max_bytes": 400_000}])
def test_there_is_room_for_so_many(limit):
    X, _, y = stream()
    many = {f"c{i}": np.random.default_rng(i).standard_normal(N) for i in range(60)}
    model = ResoNet(**limit).partial_fit(part(X, 0, CAME), y[:CAME])
    room = model._core.sense.most // 3
    with pytest.warns(UserWarning, match=f"no room left for c{room}, c{room + 1}.*: not learnt"):
        model.partial_fit(part(X | many, CAME, N), y[CAME:])
    assert len(model._core.sense.born) == 3 * room < 180
    assert model.predict(X | many).shape == (N,)


# ---- by name --------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [dict, pd.DataFrame])
def test_asking_tells_of_what_it_leaves_out(shape):
    X, late, y = stream()
    model = ResoNet().fit(shape(X), y)
    with pytest.warns(
        UserWarning, match=r"column 'extra' was not learnt and is ignored \(known: a"
    ):
        told = model.predict_proba(shape(X | {"extra": late["new"]}))
    np.testing.assert_array_equal(told, model.predict_proba(X))


def test_slips_of_the_pen():
    X, _, y = stream()
    X = {"length 1": X["a"], "width": X["b"]}
    slip = {"Length_1": X["length 1"], "width": X["width"]}
    other = {"length 2": X["length 1"], "width": X["width"]}
    model = ResoNet().fit(X, y)
    twin = ResoNet.from_state(model.to_state())
    with pytest.raises(
        DataError, match="'Length_1' is new and 'length 1' is missing: did you mean"
    ):
        model.partial_fit(slip, y)
    with pytest.raises(ValueError, match=r"unseen at fit time(?s:.)*Did you mean 'length 1' by"):
        ResoNet().fit(pd.DataFrame(X), y).partial_fit(pd.DataFrame(slip), y)
    assert differences(model, twin) == []
    with pytest.warns(UserWarning, match="'Length_1' was not learnt .* did you mean 'length 1'"):
        model.predict(slip)
    assert "length 2" in model.partial_fit(other, y).columns_


def test_what_is_not_learnt_so():
    X, late, y = stream()
    array = np.column_stack(list(X.values()))
    with pytest.raises(DataError, match="began with an array, whose columns have no names"):
        ResoNet().fit(array, y).partial_fit({"x0": X["a"], "x1": X["b"], "new": late["new"]}, y)
    model = ResoNet().fit(X, y).partial_fit(X | late, y)
    with pytest.raises(DataError, match="column 'new' held numbers when learning began"):
        model.partial_fit(X | {"new": np.full(N, "text")}, y)
    with (
        pytest.raises(DataError, match="X has no column that was learnt"),
        pytest.warns(UserWarning, match="'what' was not learnt"),
    ):
        model.predict({"what": X["a"]})
    with (
        pytest.raises(ValueError, match="3 features, but ResoNet is expecting 2"),
        pytest.warns(UserWarning, match="valid feature names"),
    ):
        model.predict(np.column_stack([array, X["a"]]))
    with pytest.warns(UserWarning, match="valid feature names"):  # those of the first table
        np.testing.assert_array_equal(model.predict_proba(array), model.predict_proba(X))
