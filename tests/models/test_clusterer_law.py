"""Time is the sample counter for the clusterer, too; files, copies, scikit-learn's contract."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks

from growgraph import ResoNetClusterer, io, load, save
from growgraph.data.digits import load_digits
from growgraph.errors import FileFormatError
from tests.models.material import SHAPE, differences, part, table

LAW = settings(max_examples=15, deadline=None, derandomize=True, database=None,
               phases=[Phase.generate])  # fmt: skip
PAUSES = st.sampled_from(["", "", "predict", "state", "file", "pickle", "knowledge", "explain"])


def cuts(n):
    """Bounds of the calls with what happens after each; single samples are likely."""
    bounds = st.lists(st.integers(1, n - 1) | st.sampled_from([1, 2, 63, 64, 65]), max_size=9)
    beside = st.lists(st.integers(0, n - 2), max_size=2)
    return st.tuples(bounds, beside, st.lists(PAUSES, min_size=25, max_size=25)).map(
        lambda drawn: (sorted({0, n, *drawn[0], *drawn[1], *(i + 1 for i in drawn[1])}), drawn[2])
    )


def interrupted(model, X, cut, tmp_path):
    """A model that met the rows in pieces."""
    bounds, pauses = cut
    for a, b, pause in zip(bounds, bounds[1:], pauses):
        model.partial_fit(part(X, a, b))
        if pause == "state":
            model = ResoNetClusterer.from_state(model.to_state())
        elif pause == "pickle":
            model = pickle.loads(pickle.dumps(model))
        elif pause == "file":
            save(model, tmp_path / "model.npz")
            model = load(tmp_path / "model.npz")
        elif pause == "knowledge":
            model.knowledge()
        elif pause:
            getattr(model, pause)(part(X, 0, 1))
    return model


def streams():
    return {
        "table": (table()[0], {}),
        "images": (load_digits()[0][:220], {"image_shape": SHAPE}),
        "full": (np.random.default_rng(1).random((220, 3)), {"max_concepts": 40}),
        "nodes": (table()[0], {"max_nodes": 70}),
        "bytes": (load_digits()[0][:220], {"image_shape": SHAPE, "max_bytes": 700_000}),
        "repeated": (np.random.default_rng(1).integers(0, 3, (220, 2)).astype(float), {}),
    }


@pytest.mark.parametrize("name", list(streams()))
@LAW
@given(cut=cuts(220))
def test_how_a_stream_is_cut_changes_no_bit(tmp_path_factory, name, cut):
    X, options = streams()[name]
    model = interrupted(ResoNetClusterer(**options), X, cut, tmp_path_factory.mktemp("law"))
    once = whole(name)
    assert differences(model, once) == []
    assert model.transform(X).tobytes() == once.transform(X).tobytes()
    assert model.hierarchy_.tobytes() == once.hierarchy_.tobytes()


def whole(name, held={}):  # noqa: B006  one model for all examples
    if name not in held:
        X, options = streams()[name]
        held[name] = ResoNetClusterer(**options).partial_fit(X)
    return held[name]


def test_limits_bite():
    free = {name: len(whole(name)._core.ids) for name in streams()}
    assert free["full"] <= 40
    assert free["nodes"] < free["table"]
    assert free["bytes"] < free["images"]


@pytest.mark.parametrize("n", [1, 30, 63, 64, 65, 220])
def test_fit_is_partial_fit_with_labels(n, tmp_path):
    X = part(table()[0], 0, n)
    model = ResoNetClusterer().fit(part(table()[0], 3, 90)).fit(X)
    assert differences(model, ResoNetClusterer().partial_fit(X)) == ["labels"]
    assert model.labels_.tobytes() == model.predict(X).tobytes()
    save(model, tmp_path / "model.npz")
    back = load(tmp_path / "model.npz")
    assert differences(back, model) == []
    np.testing.assert_array_equal(back.labels_, model.labels_)
    assert not hasattr(model.partial_fit(X), "labels_")
    assert model.n_samples_seen_ == 2 * n


def test_the_seed_is_of_dreams_alone():
    X = load_digits()[0][:100]
    a, b = (ResoNetClusterer(random_state=s, image_shape=SHAPE).fit(X) for s in (0, 1))
    assert differences(a, b) != []
    assert differences(ResoNetClusterer(random_state=1, image_shape=SHAPE).fit(X), b) == []


@pytest.mark.parametrize("progress", [True, print])
def test_telling_progress_changes_nothing(progress, capsys):
    X = np.random.default_rng(0).random((1500, 2))
    told = ResoNetClusterer(progress=progress).partial_fit(X)
    assert differences(told, ResoNetClusterer().partial_fit(X)) in ([], ["params"])
    heard = capsys.readouterr()
    assert "1500" in heard.out + heard.err


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_twin_goes_its_own_way(twin_of):
    X, _ = table()
    model = ResoNetClusterer().partial_fit(part(X, 0, 150))
    answers = model.predict(X)
    twin = twin_of(model).partial_fit(part(X, 150, 220))
    np.testing.assert_array_equal(model.predict(X), answers)
    assert differences(model.partial_fit(part(X, 150, 220)), twin) == []


# ---- scikit-learn -------------------------------------------------------------------------------
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([ResoNetClusterer(), ResoNetClusterer(n_clusters=3, growth_rate=0.3)])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_checks_that_are_not_of_the_legacy():
    assert check_estimator(ResoNetClusterer(), legacy=False, on_fail="raise")


def test_clone_pipeline_and_names_of_columns():
    X = np.random.default_rng(0).random((120, 3))
    model = ResoNetClusterer(
        random_state=3, max_nodes=900, max_bytes=10**7, n_clusters=4, growth_rate=0.5,
        max_concepts=77,
    ).fit(X)  # fmt: skip
    assert clone(model).get_params() == model.get_params()
    assert model.get_feature_names_out().tolist() == [f"resonetclusterer{i}" for i in range(4)]
    pipe = make_pipeline(StandardScaler(), ResoNetClusterer(n_clusters=4))
    assert pipe.fit_transform(X).shape == (120, 4)
    assert set(pipe.fit_predict(X)) == {0, 1, 2, 3}


@pytest.mark.parametrize("other", [
    np.asfortranarray, sparse.csr_matrix, np.ndarray.tolist, lambda X: X.astype(object),
    lambda X: pd.DataFrame(X).rename(columns=str), lambda X: np.repeat(X, 2, axis=1)[:, ::2],
])  # fmt: skip
def test_the_form_of_an_array_changes_no_bit(other):
    X = np.random.default_rng(0).integers(0, 9, (100, 3)).astype(float)
    model, twin = ResoNetClusterer().fit(X), ResoNetClusterer().fit(other(X))
    found = set(differences(twin, model))
    assert found <= {"feature_names", "sense", "graph"}  # columns may have names
    assert twin.transform(other(X)).tobytes() == model.transform(X).tobytes()


def test_a_call_that_is_refused_changes_nothing():
    X = np.random.default_rng(0).random((100, 3))
    model = ResoNetClusterer().fit(X)
    before = pickle.dumps(model.to_state())
    for wrong in (X[:, :2], np.full((4, 3), np.nan), np.full((4, 3), np.inf), X[:0], "text"):
        with pytest.raises(ValueError):  # noqa: PT011  whose words are scikit-learn's
            model.partial_fit(wrong)
    assert pickle.dumps(model.to_state()) == before


# ---- wrong files --------------------------------------------------------------------------------
class Forged:
    """Anything with a state can be saved, so a file with a valid seal can say anything."""

    def __init__(self, state):
        self.state = state

    def to_state(self):
        return self.state


Forged.__name__ = "ResoNetClusterer"

WRONG = [
    ("ids", lambda a: a + 10**6), ("ids", lambda a: a[::-1] * 0), ("ids", lambda a: a[:-1]),
    ("ids", lambda a: a.astype(np.int32)), ("ids", lambda a: a - 2), ("counts", lambda a: -a),
    ("counts", lambda a: a * 0), ("counts", lambda a: a[:, None]), ("seen", lambda a: a[:-1]),
    ("felt", lambda a: a.astype(np.float32)), ("events", lambda a: a + 10**6),
    ("events", lambda a: -a - 1), ("ctl", lambda a: a[:-1]), ("ctl", lambda a: a - 10),
    ("par", lambda a: a * np.nan), ("par", lambda a: a[:-1]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_a_wrong_file_is_refused(number, tmp_path):
    name, change = WRONG[number]
    state = whole("table").to_state()
    state["arrays"][f"micro/{name}"] = change(state["arrays"][f"micro/{name}"])
    io.save(Forged(state), tmp_path / "model.npz")
    with pytest.raises(FileFormatError, match="damaged"):
        load(tmp_path / "model.npz")
