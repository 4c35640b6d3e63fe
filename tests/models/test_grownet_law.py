"""A GrowNet's laws: cuts, files and questions change no bit; the graph alone answers."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from growgraph import GrowNet, GrowNetRegressor, load, save
from growgraph.graph.check import equal
from growgraph.models._grownet.flow import BLOCK
from tests.models.material import differences, part, table

# not shrunk: an example costs a second
LAW = settings(max_examples=6, deadline=None, derandomize=True, database=None,
               phases=[Phase.generate])  # fmt: skip
PAUSES = st.sampled_from(["", "", "predict", "score_samples", "state", "file", "pickle", "explain"])
N = 6 * BLOCK + 40


def stream(n=N, seed=0):
    """Rows with gaps, categories, a class that comes late; numbers to be learnt beside them."""
    X, _ = table(n, seed)
    a, far = X["a"], np.nan_to_num(X["far"])
    y = np.where(a * np.clip(far, -2, 2) > 0, "same", "other").astype("<U5")
    y[(np.arange(n) > 900) & (a > 1.2)] = "third"
    return X, y, np.stack([a * np.clip(far, -2, 2), a + (X["kind"] == "red")], axis=1)


def cuts(n):
    bounds = st.lists(st.integers(1, n - 1) | st.sampled_from([1, 2, 255, 256, 257]), max_size=6)
    beside = st.lists(st.integers(0, n - 2), max_size=2)
    return st.tuples(bounds, beside, st.lists(PAUSES, min_size=20, max_size=20)).map(
        lambda drawn: (sorted({0, n, *drawn[0], *drawn[1], *(i + 1 for i in drawn[1])}), drawn[2])
    )


def interrupted(model, X, y, cut, tmp_path, first=0):
    """A model that met the rows in pieces."""
    bounds, pauses = cut
    for a, b, pause in zip(bounds, bounds[1:], pauses):
        model.partial_fit(part(X, first + a, first + b), y[first + a : first + b])
        if pause == "state":
            model = type(model).from_state(model.to_state())
        elif pause == "pickle":
            model = pickle.loads(pickle.dumps(model))
        elif pause == "file":
            save(model, tmp_path / "model.npz")
            model = load(tmp_path / "model.npz")
        elif pause:
            getattr(model, pause)(part(X, 0, 1))
    return model


def make(kind, **options):
    return kind(**{"patience": 1, "replay": 300, "pool": 16, **options})


def whole(kind, held={}):  # noqa: B006  one for all examples
    if kind not in held:
        X, y, numbers = stream()
        held[kind] = make(kind).partial_fit(X, y if kind is GrowNet else numbers)
    return held[kind]


@pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])
def test_units_grow_on_the_stream(kind):
    assert whole(kind).n_units_ > 3


@pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])
@LAW
@given(cut=cuts(N))
def test_how_a_stream_is_cut_changes_no_bit(tmp_path_factory, kind, cut):
    X, y, numbers = stream()
    y = y if kind is GrowNet else numbers
    model = interrupted(make(kind), X, y, cut, tmp_path_factory.mktemp("law"))
    assert differences(model, whole(kind)) == []


def gone_on(kind, held={}):  # noqa: B006  one fit for all examples
    """A fitted model, and one that met 600 rows more in one piece."""
    if kind not in held:
        X, y, numbers = stream()
        y = y if kind is GrowNet else numbers
        once = make(kind, nets=1).fit(part(X, 0, 300), y[:300])
        twin = copy.deepcopy(once)
        held[kind] = twin, once.partial_fit(part(X, 300, 900), y[300:900])
    return held[kind]


@pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])
@settings(LAW, max_examples=3)
@given(cut=cuts(600))
def test_a_stream_goes_on_from_a_fit(tmp_path_factory, kind, cut):
    X, y, numbers = stream()
    y = y if kind is GrowNet else numbers
    twin, once = gone_on(kind)
    folder = tmp_path_factory.mktemp("law")
    model = interrupted(copy.deepcopy(twin), X, y, cut, folder, first=300)
    assert differences(model, once) == []
    assert once.n_samples_seen_ == 900


@pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])
@pytest.mark.parametrize("n", [1, 3, 40, 255, 256, 257, 600])
def test_answers_are_those_of_the_state_however_young(kind, n):
    X, y, numbers = stream()
    y = y if kind is GrowNet else numbers
    model = make(kind).partial_fit(part(X, 0, n), y[:n])
    twin = kind.from_state(model.to_state())
    assert twin.predict(X).tobytes() == model.predict(X).tobytes()
    assert model.n_samples_seen_ == twin.n_samples_seen_ == n
    assert twin.nbytes_ == model.nbytes_


def fitted(kind, **options):
    """A fit of more rows than it holds for replay."""
    X, y, numbers = stream(240)
    return make(kind, **{"replay": 150, **options}).fit(X, y if kind is GrowNet else numbers)


def first_fit(kind, nets, held={}):  # noqa: B006  one for all tests, which leave it as it is
    if (kind, nets) not in held:
        held[kind, nets] = fitted(kind, nets=nets)
    return held[kind, nets]


@pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])
@pytest.mark.parametrize("nets", [1, 2])
def test_two_fits_are_equal_and_seeds_differ(kind, nets):
    model = first_fit(kind, nets)
    assert model.n_units_ > 0
    assert differences(fitted(kind, nets=nets), model) == []
    other = fitted(kind, nets=nets, random_state=1)  # its seed is told apart in any case
    assert not equal(other.graph_, model.graph_)


@pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])
def test_the_log_replayed_is_the_structure(kind):
    for model in (first_fit(kind, 1), first_fit(kind, 2), whole(kind)):
        graph, again = model.graph_, model.growth_log_.replay()
        assert again.nodes.tolist() == graph.nodes.tolist()
        assert again.order().tolist() == graph.order().tolist()
        for node in graph.nodes.tolist():
            assert again.sources(node)[0].tolist() == graph.sources(node)[0].tolist()
            born, now = again.node(node), graph.node(node)
            for key in ("kind", "activation", "role", "p0", "p1"):
                assert born[key] == now[key]


@pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])
def test_no_unit_is_edited_after_its_birth(kind):
    X, y, numbers = stream()
    y = y if kind is GrowNet else numbers
    model = make(kind).partial_fit(part(X, 0, 1100), y[:1100])
    units = model._core.body.units.tolist()
    before = [(model.graph_.node(u), *map(bytes, model.graph_.sources(u)[:2])) for u in units]
    assert before
    model.partial_fit(part(X, 1100, N), y[1100:])
    after = [(model.graph_.node(u), *map(bytes, model.graph_.sources(u)[:2])) for u in units]
    assert after == before
    born = model.growth_log_.replay()
    for u in model._core.body.units.tolist():  # the log holds the weights of its birth
        assert born.sources(u)[1].tobytes() == model.graph_.sources(u)[1].tobytes()
        assert {**born.node(u), "name": ""} == {**model.graph_.node(u), "name": ""}


@pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])
@pytest.mark.parametrize("how", ["fit", "stream"])
def test_the_graph_alone_answers(kind, how):
    model = copy.deepcopy(first_fit(kind, 2) if how == "fit" else whole(kind))
    X = stream(240 if how == "fit" else N)[0]
    expected = model.predict(X)
    core = model._core
    rows = core.sense.read(X)
    values = core.sense.values(core.body.graph, rows)
    from growgraph import Graph

    graph = Graph.from_state(core.body.graph.to_state())
    said = graph.forward(values)
    if kind is GrowNet:
        labels = np.array(core.body.task.labels)
        assert (labels[said.argmax(axis=1)] == expected).all()
    else:
        np.testing.assert_array_equal(said.astype(np.float64), expected)
    core.flow = None  # every statistic
    core.body.felt = core.body.place = core.body.events = None
    assert model.predict(X).tobytes() == expected.tobytes()
    assert equal(graph, core.body.graph)


def test_a_frozen_task_answers_bit_for_bit_as_before():
    X, y, _ = stream(700)
    model = make(GrowNet).fit(X, y)
    before, proba = model.predict(X), model.predict_proba(X)
    other = np.where(X["a"] + np.nan_to_num(X["holes"]) > 0.3, 1, 0)
    grown = model.n_units_
    model.freeze().fit(X, other)
    for asked in (lambda m: m.predict(X, task=0), lambda m: m.predict_proba(X, task=0)):
        assert asked(model).tobytes() in (before.tobytes(), proba.tobytes())
    assert (model.predict(X) == other).mean() > 0.9
    assert model.n_units_ >= grown
    assert model.classes_.tolist() == [0, 1]
    model.freeze().partial_fit({**X, "kind": np.full(700, "never", object)}, other)
    twin = pickle.loads(pickle.dumps(model))
    for m in (model, twin, GrowNet.from_state(model.to_state())):
        assert m.predict(X, task=0).tobytes() == before.tobytes()
        assert m.predict_proba(X, task=0).tobytes() == proba.tobytes()


def test_a_frozen_regressor_answers_as_before_and_learns_other_targets():
    X, _, numbers = stream(700)
    model = make(GrowNetRegressor, nets=1).fit(X, numbers)
    before = model.predict(X)
    model.freeze()
    assert model.predict(X).tobytes() == before.tobytes()
    model.partial_fit(part(X, 0, 100), numbers[:100, 0])
    assert model.predict(X).shape == (700,)
    model.partial_fit(part(X, 100, 700), numbers[100:, 0])
    assert model.predict(X, task=0).tobytes() == before.tobytes()
    assert model.score(X, numbers[:, 0]) > 0.5


def test_another_fit_forgets_what_was():
    X, y, _ = stream(240)
    again = make(GrowNet, replay=150).fit(part(X, 100, 200), y[100:200]).fit(X, y)
    assert differences(again, first_fit(GrowNet, 1)) == []
