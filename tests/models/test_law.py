"""Time is the sample counter: how a stream is cut, saved and asked in between changes no bit."""

import pickle

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from growgraph import ResoNet, load, save
from growgraph.kernels import resonet
from growgraph.models._resonet import settings as _settings
from tests.models.material import SHAPE, differences, digits, part, table

# not shrunk: an example costs half a second
LAW = settings(max_examples=12, deadline=None, derandomize=True, database=None,
               phases=[Phase.generate])  # fmt: skip
PAUSES = st.sampled_from(["", "", "predict", "reflect", "state", "file", "pickle", "explain"])


def cuts(n):
    """Bounds of the calls with what happens after each; single samples are likely."""
    bounds = st.lists(st.integers(1, n - 1) | st.sampled_from([1, 2, 63, 64, 65]), max_size=9)
    beside = st.lists(st.integers(0, n - 2), max_size=2)
    return st.tuples(bounds, beside, st.lists(PAUSES, min_size=25, max_size=25)).map(
        lambda drawn: (sorted({0, n, *drawn[0], *drawn[1], *(i + 1 for i in drawn[1])}), drawn[2])
    )


def interrupted(make, X, y, cut, tmp_path):
    """A model that met the rows in pieces."""
    (bounds, pauses), model = cut, make()
    for a, b, pause in zip(bounds, bounds[1:], pauses):
        model.partial_fit(part(X, a, b), y[a:b])
        if pause == "state":
            model = ResoNet.from_state(model.to_state())
        elif pause == "pickle":
            model = pickle.loads(pickle.dumps(model))
        elif pause == "file":
            save(model, tmp_path / "model.npz")
            model = load(tmp_path / "model.npz")
        elif pause:
            getattr(model, pause)(part(X, 0, 1))
    return model


def whole(make, X, y, held={}):  # noqa: B006  one fit for all examples
    key = (repr(make()), len(y), _settings._GATE["from"])
    if key not in held:
        held[key] = make().fit(X, y)
    return held[key]


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
@LAW
@given(cut=cuts(220))
def test_tables_with_gaps_and_categories(tmp_path_factory, learning, cut):
    X, y = table()

    def make():
        return ResoNet(learning=learning)

    model = interrupted(make, X, y, cut, tmp_path_factory.mktemp("law"))
    assert differences(model, whole(make, X, y)) == []


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
@LAW
@given(cut=cuts(100))
def test_images(tmp_path_factory, learning, cut):
    X, y, _, _ = digits()

    def make():
        return ResoNet(image_shape=SHAPE, learning=learning)

    model = interrupted(make, X[:100], y[:100], cut, tmp_path_factory.mktemp("law"))
    assert differences(model, whole(make, X[:100], y[:100])) == []


@settings(LAW, max_examples=6)
@given(cut=cuts(100))
def test_images_while_the_intention_gate_is_open(tmp_path_factory, cut):
    X, y, _, _ = digits()
    late = np.argsort((y[:100] == 3) * 60 + np.arange(100) // 2, kind="stable")
    X, y = X[:100][late], y[:100][late]  # a class the gate has not seen comes after half of them

    def make(**options):
        return ResoNet(image_shape=SHAPE, random_state=1, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_settings._GATE, "from", 30)
        model = interrupted(make, X, y, cut, tmp_path_factory.mktemp("law"))
        assert differences(model, whole(make, X, y)) == []
    assert "evidence/A" in differences(model, whole(lambda: make(intention=False), X, y))


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
@settings(LAW, max_examples=6)
@given(cut=cuts(160))
def test_images_of_which_labels_are_doubted(tmp_path_factory, learning, cut):
    X, y, _, _ = digits()
    X, y = X[:160], np.where(np.arange(160) % 3, y[:160], 0)

    def make(noise_band=True):
        return ResoNet(image_shape=SHAPE, learning=learning, noise_band=noise_band)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(_settings._NOISE, "from", 4)
        model = interrupted(make, X, y, cut, tmp_path_factory.mktemp("law"))
        assert differences(model, whole(make, X, y)) == []
    assert "concepts/R" in differences(model, whole(lambda: make(False), X, y))


@pytest.mark.parametrize("limit", [{"max_nodes": 760}, {"max_bytes": 1_850_000}])
@settings(LAW, max_examples=3)
@given(cut=cuts(100))
def test_limits_bite_at_the_same_sample(tmp_path_factory, limit, cut):
    X, y, _, _ = digits()

    def make():
        return ResoNet(image_shape=SHAPE, **limit)

    model = interrupted(make, X[:100], y[:100], cut, tmp_path_factory.mktemp("law"))
    once = whole(make, X[:100], y[:100])
    assert differences(model, once) == []
    assert once._core.par[resonet.ROOM] == 0  # it bites


def test_fit_forgets_what_was():
    X, y = table()
    once = ResoNet().fit(X, y)
    again = ResoNet().fit(part(X, 100, 220), y[100:]).fit(X, y)
    assert differences(again, once) == []
    assert differences(ResoNet().fit(part(X, 0, 219), y[:219]), once) != []


@pytest.mark.parametrize("n", [1, 30, 63, 64, 65, 128, 220])
def test_answers_are_those_of_the_state_however_young(n):
    X, y = table()
    model = ResoNet().fit(part(X, 0, n), y[:n])
    twin = ResoNet.from_state(model.to_state())
    assert twin.predict_proba(X).tobytes() == model.predict_proba(X).tobytes()
    assert model.n_samples_seen_ == twin.n_samples_seen_ == n
    assert model.knowledge()["samples"].sum() == n


@pytest.mark.parametrize("progress", [True, print])
def test_telling_progress_changes_nothing(progress, capsys):
    X, y, T, _ = digits()
    quiet = ResoNet(image_shape=SHAPE).fit(X, y)
    told = ResoNet(image_shape=SHAPE, progress=progress).fit(X, y)
    assert differences(told, quiet) in ([], ["params"])
    assert told.predict_proba(T).tobytes() == quiet.predict_proba(T).tobytes()


def test_the_answers_of_a_callback_are_those_of_the_moment():
    X, y, T, _ = digits()
    heard = []

    def listen(done, total, model):
        heard.append((done, total, model.n_samples_seen_, model.predict_proba(T)))

    ResoNet(image_shape=SHAPE, progress=listen).fit(X, y)
    at = [256, 512, 768, 1024, 1280, 1297]
    assert [h[:3] for h in heard] == [(done, 1297, done) for done in at]
    for done, _, _, answered in heard:
        alone = ResoNet(image_shape=SHAPE).fit(X[:done], y[:done])
        assert answered.tobytes() == alone.predict_proba(T).tobytes()
