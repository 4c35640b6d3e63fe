"""GrowNet and GrowNetRegressor: the contract, what they grow and decline, what they tell."""

import copy

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from growgraph import GrowNet, GrowNetRegressor, load, save
from growgraph.errors import DataError, FileFormatError, GraphError
from growgraph.models._grownet.unit import Unit

BOTH = pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([GrowNet(pool=16), GrowNetRegressor(pool=16, nets=1),
                          GrowNetRegressor(pool=16, nets=2, readout="append")])  # fmt: skip
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


def square(n=300, seed=0):
    """Two columns whose product tells; a class and a number."""
    X = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int), X[:, 0] * X[:, 1]


def taught(kind, held={}, **options):  # noqa: B006  one fit for all who ask for the same
    """A copy of a fitted model, and its rows."""
    X, y, z = square()
    if (asked := (kind, *sorted(options.items()))) not in held:
        held[asked] = kind(**{"pool": 16, **options}).fit(X, y if kind is GrowNet else z)
    return copy.deepcopy(held[asked]), X


# ---- what grows, and what is told of it ---------------------------------------------------------
def test_every_unit_has_a_cause_a_tension_and_an_outcome():
    model, _ = taught(GrowNet, nets=2)
    log = model.growth_log_.table()
    units = model._core.body.units
    born = log[np.isin(log["node"], units) & (log["operation"] == "node")]
    assert len(born) == model.n_units_ > 0
    assert set(born["cause"]) == {"lasting tension"}
    assert set(born["rule"]) == {"Rehearsal"}
    assert set(born["intention"]) <= {"answer 0", "answer 1"}
    assert np.isin(born["cause_node"], model.graph_.outputs).all()
    assert (born["tension"] > 0).all()
    for column in ("after", "realised"):
        assert np.isfinite(born[column]).all()
    assert (born["paid_off"] >= 0).all()
    assert born["paid_off"].mean() > 0.5
    assert ((born["sample"] >= 0) & (born["sample"] < 300)).all()


def test_intention_off_writes_no_aim():
    model, _ = taught(GrowNet, intention=False)
    log = model.growth_log_.table()
    assert set(log["intention"][log["rule"] == "Rehearsal"]) == {"answer"}
    taken_back = log[log["rule"] == "Retraction"]
    assert set(taken_back["intention"]) <= {""}


@BOTH
def test_a_stream_grows_where_tension_lasts(kind):
    X, y, z = square(3000)
    model = kind(patience=2).partial_fit(X, y if kind is GrowNet else z)
    assert model.n_units_ > 0
    log = model.growth_log_.table()
    born = log[log["rule"] == "Rehearsal"]
    assert (born["lasted"] == 2).all()
    assert (born["step"] % 256 == 0).all()
    assert (born["step"] >= 3 * 256).all()
    assert model.score(X, y if kind is GrowNet else z) > 0.9
    patient = kind(patience=20).partial_fit(X, y if kind is GrowNet else z)
    assert patient.n_units_ == 0
    assert kind(patience=2, replay=0).partial_fit(X, y if kind is GrowNet else z).n_units_ == 0


def test_a_class_met_late_grows_its_output_at_its_first_sample():
    X, y, _ = square(1000)
    model = GrowNet().partial_fit(X[:600], y[:600])
    assert model.classes_.tolist() == [0, 1]
    y[600:][X[600:, 0] > 0.5] = 7
    X[y == 7, 0] += 2
    for n in range(600, 700):
        model.partial_fit(X[n : n + 1], y[n : n + 1])
        assert model.classes_.tolist() == sorted(set(y[: n + 1].tolist()))
    log = model.growth_log_.table()
    born = log[(log["rule"] == "NewOutput") & (log["operation"] == "node")]
    assert born["sample"].tolist()[-1] == int(np.flatnonzero(y == 7)[0])
    model.partial_fit(X[700:], y[700:])
    late = y[700:] == 7
    assert model.score(X[700:][late], y[700:][late]) > 0.8


def test_forgetting_follows_a_drift():
    X, y, _ = square(6000)
    side = (X[:, 0] > 0).astype(int)
    y = np.where(np.arange(6000) < 4000, side, 1 - side)
    keeps = GrowNet().partial_fit(X, y)
    forgets = GrowNet(forget=0.998).partial_fit(X, y)
    assert forgets.score(X[5000:], y[5000:]) > 0.9 > keeps.score(X[5000:], y[5000:])


@pytest.mark.parametrize("options", [{"placement": "anywhere"}, {"directions": "random"},
                                     {"depth": False}, {"pool": 1}, {"readout": "append"},
                                     {"nets": 3}])  # fmt: skip
@BOTH
def test_options_change_what_grows(kind, options):
    plain, X = taught(kind, nets=1)
    other, _ = taught(kind, **{"nets": 1, **options})
    assert other.predict(X).tobytes() != plain.predict(X).tobytes() or (
        other.n_units_ != plain.n_units_
    )
    assert np.isfinite(other._said(X)[0]).all()


def test_flat_units_read_inputs_alone():
    model, _ = taught(GrowNet, depth=False)
    graph, body = model.graph_, model._core.body
    folds = set(graph.nodes.tolist()) - {*graph.inputs.tolist(), *graph.outputs.tolist(),
                                         *body.units.tolist()}  # fmt: skip
    for unit in body.units.tolist():
        assert set(graph.sources(unit)[0].tolist()) <= {*graph.inputs.tolist(), *folds}


@BOTH
@pytest.mark.parametrize("limit", [6, 10])
def test_max_nodes(kind, limit):
    free, _ = taught(kind, nets=1)
    bound, _ = taught(kind, nets=1, max_nodes=limit)
    assert bound.graph_.n_nodes <= limit < free.graph_.n_nodes
    assert taught(kind, nets=1, max_bytes=1000)[0].n_units_ == 0


# ---- units and their nodes say the same ---------------------------------------------------------
@pytest.mark.parametrize("shape", ["right", "left", "step", "abs", "match"])
@pytest.mark.parametrize("gate", [-1, 2])
def test_a_unit_is_what_was_rehearsed(shape, gate):
    from growgraph import Graph, GrowthController
    from growgraph.growth.proposal import Proposal

    if shape == "match" and gate >= 0:
        pytest.skip("round places are not gated")
    X = np.random.default_rng(0).standard_normal((500, 3)).astype(np.float32)
    X[:, 2] = np.abs(X[:, 2])
    unit = Unit(np.array([1, 0]), np.array([0.7, -1.2]), shape, 0.3, 1.1, 2.0, gate, 0.5)
    graph = Graph()
    ids = graph.add_inputs(3)
    born = GrowthController([]).grow(graph, Proposal(1.0, unit.nodes(ids)), rule="", cause="")
    said = graph.forward(X, outputs=born[-1:])[:, 0]
    np.testing.assert_allclose(said, unit.column(X), atol=2e-6)


# ---- answers and what is told -------------------------------------------------------------------
def test_probabilities_and_confidence():
    model, X = taught(GrowNet)
    proba = model.predict_proba(X)
    assert (proba >= 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert (model.classes_[proba.argmax(axis=1)] == model.predict(X)).all()
    seen = model.reflect(X)
    assert (seen.answer == model.predict(X)).all()
    assert set(seen.cause) <= {"fine", "ambiguous", "novel"}
    far = model.reflect([[50.0, -80.0]])
    assert far.cause[0] == "novel"
    assert far.novelty[0] > seen.novelty.max()
    assert 0.9 < model.prequential_accuracy_ <= 1
    masked = model.predict_or_abstain(X, share=0.1)
    assert masked.mask.sum() == 30


@BOTH
def test_novelty_is_about_one_on_average(kind):
    model, X = taught(kind, nets=1)
    assert 0.5 < -model.score_samples(X).mean() < 1.5


def test_an_explanation_names_units_where_they_were_born_and_nearest_rows():
    model, X = taught(GrowNet)
    told = model.explain(X[3])
    unit = told.data["units"][0]
    assert unit["node"] in model._core.body.units
    assert set(unit["born_at"]) == {"x0", "x1"}
    row = X[unit["sample"]]
    for place, name in enumerate(("x0", "x1")):
        assert unit["born_at"][name] == pytest.approx(row[place], abs=1e-5)
    assert unit["tension"] > 0
    assert told.data["nearest"][0]["sample"] == 3
    assert told.data["nearest"][0]["distance"] < 1e-5
    parts = [*told.data["units"], *told.data["columns"]]
    assert told.data["margin"] > 0
    assert len(parts) >= 3
    assert "was born at" in str(told)
    assert "lasting tension" in unit["why"]


def test_what_units_and_columns_say_adds_up_to_the_answer():
    X, _, z = square(100)
    model = GrowNetRegressor(nets=1, pool=16, max_nodes=6).fit(X, z)
    told = model.explain(X[0]).data
    parts = sum(one["spoke"] for one in (*told["units"], *told["columns"]))
    bias = model.graph_.node(int(model.graph_.outputs[0]))["bias"]
    assert parts + bias == pytest.approx(told["answer"], abs=1e-5)


@BOTH
def test_knowledge(kind):
    model, _ = taught(kind)
    table = model.knowledge()
    assert table["units"].sum() == model.n_units_
    if kind is GrowNet:
        assert table["samples"].sum() == 300
        assert (table["accuracy"] > 0.85).all()
        assert table["rival"].tolist() == [1, 0]
    assert "units" in str(table)


def test_growth_curve_falls():
    model, _ = taught(GrowNet)
    curve = model.growth_curve_
    assert curve[0, 0] == 0
    assert curve[:, 1].min() < 0.6 * curve[0, 1]


# ---- several targets, tables, forms of input ----------------------------------------------------
def test_several_targets():
    X, _, z = square()
    both = np.stack([1000 + 50 * z, -z], axis=1)
    model = GrowNetRegressor().fit(X, both)
    assert model.predict(X).shape == (300, 2)
    assert model.score(X, both) > 0.95
    assert model.knowledge()["label"].tolist() == ["answer 0", "answer 1"]
    with pytest.raises(DataError, match="y has 1 targets but learning began with 2"):
        model.partial_fit(X, z)


def test_tables_with_text_gaps_and_numbers():
    X, y, z = square(600)
    kind = np.where(np.arange(600) % 3, "red", "blue").astype(object)
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "kind": kind})
    frame.loc[::17, "a"] = np.nan
    frame.loc[::19, "kind"] = None
    label = np.where((y == 1) ^ (kind == "red"), "yes", "no")
    model = GrowNet().fit(frame[:400], label[:400])
    assert model.score(frame[400:], label[400:]) > 0.85
    names = model.graph_.names.values()
    assert {"kind = red", "kind is missing", "a is missing"} <= set(names)
    asked = frame[:2].assign(kind="never met")
    assert model.predict(asked).shape == (2,)
    regressor = GrowNetRegressor(nets=1).fit(frame[:400], (z + (kind == "red"))[:400])
    assert regressor.score(frame[400:], (z + (kind == "red"))[400:]) > 0.7


@pytest.mark.parametrize("form", [sparse.csr_matrix, np.asfortranarray, lambda X: X.tolist()])
def test_the_form_of_an_array_changes_nothing(form):
    (a, X), y = taught(GrowNet), square()[1]
    b = GrowNet(pool=16).fit(form(X), y)
    assert a.predict_proba(X).tobytes() == b.predict_proba(form(X)).tobytes()


def test_scales_do_not_matter():
    X, y, z = square()
    plain, _ = taught(GrowNet)
    wide = GrowNet(pool=16).fit(X * [1e9, 1e-9] + [1e12, 0], y)
    assert wide.score(X * [1e9, 1e-9] + [1e12, 0], y) == pytest.approx(plain.score(X, y), abs=0.05)
    model = GrowNetRegressor(nets=1, pool=16).fit(X, 1e12 * z)
    assert model.score(X, 1e12 * z) > 0.95


@BOTH
@pytest.mark.parametrize("X", [[[1.0, 2.0]], [[1.0, 1.0]] * 5, np.ones((40, 3)),
                               np.random.default_rng(0).standard_normal((8, 60))])  # fmt: skip
def test_few_rows_constant_columns_and_more_columns_than_rows(kind, X):
    X = np.asarray(X)
    y = np.arange(len(X)) % 2
    model = kind().fit(X, y)
    assert np.isfinite(model._said(X)[0]).all()
    assert model.predict(X).shape == (len(X),)
    same = kind().fit(X, np.zeros(len(X), int))
    np.testing.assert_allclose(same.predict(X).astype(float), 0, atol=1e-6)
    assert same.n_units_ == 0
    same.partial_fit(X, y)
    assert len(same.explain(X[0]).data["nearest"]) > 0


# ---- what is refused ----------------------------------------------------------------------------
BAD = [
    ("random_state", "x", TypeError), ("max_nodes", 0, ValueError), ("max_bytes", -1, ValueError),
    ("patience", 0, ValueError), ("patience", 1.5, TypeError), ("nets", 0, ValueError),
    ("nets", 6, ValueError), ("pool", 0, ValueError), ("pool", "many", TypeError),
    ("replay", -1, ValueError), ("replay", 10**6, ValueError), ("forget", 0.1, ValueError),
    ("forget", 1.1, ValueError), ("forget", float("nan"), ValueError),
    ("readout", "some", ValueError), ("placement", "here", ValueError),
    ("directions", "up", ValueError), ("depth", "deep", ValueError),
]  # fmt: skip


@BOTH
@pytest.mark.parametrize(("name", "value", "error"), BAD)
@pytest.mark.parametrize("how", ["fit", "partial_fit"])
def test_bad_values_are_refused_by_name(kind, name, value, error, how):
    X, y, _ = square(20)
    model = kind(**{name: value})
    with pytest.raises(error, match=name):
        getattr(model, how)(X, y)
    assert not hasattr(model, "n_samples_seen_")


@BOTH
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_refused_call_leaves_the_model_as_it_was(kind, bad):
    model, X = taught(kind)
    before = model.predict(X).tobytes()
    broken = X.copy()
    broken[3, 1] = bad
    y = np.arange(300) % 2
    for call in (model.fit, model.partial_fit):
        with pytest.raises(ValueError, match=r"NaN|infinity"):
            call(broken, y)
    with pytest.raises(ValueError, match="2 features"):
        model.partial_fit(X[:, :1], y)
    with pytest.raises(ValueError, match="one sample"):
        model.explain(X[:2])
    with pytest.raises(ValueError, match="task must be in"):
        model.predict(X, task=3)
    assert model.predict(X).tobytes() == before


def test_targets_that_do_not_fit_are_refused():
    X, _, z = square(30)
    with pytest.raises(DataError, match="y contains 1e\\+40, at most 1e\\+30 fits"):
        GrowNetRegressor().fit(X, z + 1e40)
    with pytest.raises(ValueError, match="y contains NaN"):
        GrowNetRegressor().fit(X, np.where(z > 0, np.nan, z))
    with pytest.raises(TypeError, match="sample_weight"):
        GrowNetRegressor().fit(X, z, sample_weight=np.ones(30))
    with pytest.raises(DataError, match="missing labels"):
        GrowNet().fit(X, np.where(z > 0, np.nan, 1.0))


def test_clone_grid_search_and_cross_validation():
    X, y, _ = square(150)
    model = GrowNet(
        random_state=3, max_nodes=900, max_bytes=10**7, patience=4, intention=False, nets=2, pool=8,
        replay=100, forget=0.99, readout="append", placement="anywhere", directions="random",
        depth=False,
    )  # fmt: skip
    assert clone(model.fit(X, y)).get_params() == model.get_params()
    assert cross_val_score(GrowNet(pool=16), X, y, cv=3).mean() > 0.7
    search = GridSearchCV(GrowNet(pool=8), {"depth": [True, False]}, cv=2).fit(X, y)
    assert search.best_estimator_.n_samples_seen_ == 150


@pytest.mark.parametrize("progress", [True, "callable"])
@BOTH
def test_telling_progress_changes_nothing(kind, progress, capsys):
    heard = []
    call = progress if progress is True else (
        lambda done, total, model: heard.append((done, total, model.n_samples_seen_)))  # fmt: skip
    told, X = taught(kind, progress=call)
    assert told.predict(X).tobytes() == taught(kind)[0].predict(X).tobytes()
    assert heard in ([], [(300, 300, 300)])


@BOTH
def test_a_broken_file_is_refused(kind, tmp_path):
    model, _ = taught(kind)
    state = model.to_state()
    for name, change in (
        ("flow/G", lambda a: a[:-1]), ("body/features", lambda a: a[::-1] + 1),
        ("body/units", lambda a: a[:-1]), ("memory/labels", lambda a: a + 9),
        ("flow/beta", lambda a: a * np.nan),
    ):  # fmt: skip
        arrays = dict(state["arrays"])
        arrays[name] = change(arrays[name])
        with pytest.raises((GraphError, ValueError)):
            kind.from_state({"arrays": arrays, "plain": state["plain"]})
    save(model, tmp_path / "m.npz")
    assert type(load(tmp_path / "m.npz")) is kind
    (tmp_path / "m.npz").write_bytes((tmp_path / "m.npz").read_bytes()[:-40])
    with pytest.raises(FileFormatError):
        load(tmp_path / "m.npz")


@BOTH
def test_a_file_of_an_older_version_is_named_so(kind, tmp_path):
    """Before resonance was worked out anew from the memory there was no slack."""
    model, _ = taught(kind)
    state = model.to_state()
    del state["arrays"]["flow/slack"]
    model.to_state = lambda: state
    save(model, tmp_path / "m.npz")
    with pytest.raises(FileFormatError, match=r"saved by an older growgraph .* needs 'slack'"):
        load(tmp_path / "m.npz")
