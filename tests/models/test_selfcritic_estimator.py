"""SelfCriticNet with another classifier as T1: the contract, laws, files, what it tells."""

import functools
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression

from growgraph import GrowNet, GrowNetRegressor, ResoNet, SelfCriticNet, load, save
from growgraph.errors import DataError, FileFormatError, GraphError
from growgraph.models._selfcritic import guest
from growgraph.models._selfcritic.rehearsal import CAUSES
from tests.models.material import SHAPE, differences, digits, part, table
from tests.models.test_selfcritic import moons

KINDS = {
    "resonance": lambda: ResoNet(random_state=2, image_shape=SHAPE, learning="resonance"),
    "grown": lambda: GrowNet(random_state=2, pool=16),
}


def make(kind, **options):
    return SelfCriticNet(
        random_state=3, image_shape=SHAPE, held_out=0.3, estimator=KINDS[kind](), **options
    )


@functools.cache
def taught(kind):
    """A model of digits that has never met a class; to be read only."""
    X, y, _, _ = digits()
    keep = (y != 3)[:700]
    return make(kind).fit(X[:700][keep], y[:700][keep])


def rows_learnt(model, n):
    """Places of the rows that T1 was given."""
    return np.setdiff1d(np.arange(n), model._learner.held.index)


# ---- the contract -------------------------------------------------------------------------------
def test_parameters_are_scikit_learns():
    T1 = GrowNet(pool=16)
    model = SelfCriticNet(estimator=T1)
    assert model.get_params()["estimator"] is T1
    assert model.get_params()["estimator__pool"] == 16
    model.set_params(estimator__pool=8)
    assert T1.pool == 8
    other = clone(model)
    assert other.estimator is not T1
    assert other.estimator.get_params() == T1.get_params()
    X, y = moons()
    model.fit(X, y)
    assert model.estimator is T1
    assert not hasattr(T1, "n_samples_seen_")  # a clone of it was taught
    assert model.estimator_.pool == 8
    assert SelfCriticNet().fit(X, y).estimator_ is None


@pytest.mark.parametrize(
    ("estimator", "what"),
    [(LogisticRegression(), "LogisticRegression"), (GrowNet, "the class GrowNet"), ("it", "'it'"),
     (GrowNetRegressor(), "GrowNetRegressor")],
)  # fmt: skip
def test_what_is_no_classifier_of_ours_is_refused(estimator, what):
    model = SelfCriticNet(estimator=estimator)
    with pytest.raises(TypeError, match=f"estimator must be a growgraph classifier.*got {what}"):
        model.fit(np.eye(4), [0, 1, 0, 1])
    assert not hasattr(model, "n_samples_seen_")


@pytest.mark.parametrize("first", [True, False])
def test_what_t1_refuses_changes_nothing(first):
    """T1 would take these rows for a table of another width than images of 8 x 8."""
    X, y, _, _ = digits()
    model = SelfCriticNet(image_shape=SHAPE, estimator=ResoNet(image_shape=(4, 4)))
    with pytest.raises(ValueError, match="image"):
        model.fit(X[:50], y[:50]) if first else model.partial_fit(X[:50], y[:50])
    assert not hasattr(model, "n_samples_seen_")


# ---- what T1 learns, and what is answered -------------------------------------------------------
@pytest.mark.parametrize("kind", list(KINDS))
def test_t1_learns_all_rows_but_those_held_out(kind):
    X, y, _, _ = digits()
    whole = make(kind).fit(X[:300], y[:300])
    rows = rows_learnt(whole, 300)
    assert 8 < whole.n_held_out_ == 300 - len(rows)
    assert differences(whole.estimator_, KINDS[kind]().fit(X[rows], y[rows])) == []
    stream = make(kind).partial_fit(X[:300], y[:300])
    assert differences(stream.estimator_, KINDS[kind]().partial_fit(X[rows], y[rows])) == []
    assert whole.prequential_accuracy_ == whole.estimator_.prequential_accuracy_
    assert whole.nbytes_ > whole.estimator_.nbytes_ > 0


def test_fit_gives_t1_all_pieces_at_once():
    X, y, _, _ = digits()
    model = make("resonance").fit(X[:1100], y[:1100])  # more than is learnt between two looks
    assert model.estimator_.n_samples_seen_ == 1100 - model.n_held_out_


def test_where_a_weak_t1_is_rehearsed_t2_keeps_its_word():
    model, X = taught("grown"), digits()[2]
    heard, core = model._hear(X[:40]), model._grown()
    weak = heard.forecast(core, np.random.default_rng(0).normal(0, 0.3, heard.reading.shape))
    added, still = (np.log(h.scores / h.reading) for h in (heard, weak))
    np.testing.assert_allclose(
        still - still.mean(axis=1, keepdims=True), added - added.mean(axis=1, keepdims=True),
        atol=1e-6,
    )  # fmt: skip
    np.testing.assert_allclose(weak.scores.sum(axis=1), 1)
    np.testing.assert_allclose(weak.sure, weak.scores.max(axis=1))
    without = heard.without(core, 2)
    np.testing.assert_allclose(without.scores.sum(axis=1), 1)


@pytest.mark.parametrize("kind", list(KINDS))
def test_it_answers_in_dialogue(kind):
    model, (_, _, X, y) = taught(kind), digits()
    told = model.reflect(X)
    seen = y != 3
    T1 = model.estimator_.predict_proba(X)
    assert (told.answer[seen] == y[seen]).mean() > (model.classes_[T1.argmax(1)] == y)[
        seen
    ].mean() - 0.01
    weight = model._dialogue()
    total = model._hear(X)[0:].windows.sum(axis=2)
    said = np.log(np.maximum(T1, 1e-6)) + weight * total
    assert (model.classes_[said.argmax(axis=1)] == told.answer).all()
    np.testing.assert_array_equal(model.predict(X), told.answer)
    P = model.predict_proba(X)
    np.testing.assert_allclose(P.sum(axis=1), 1)
    assert (model.classes_[P.argmax(axis=1)] == told.answer).all()
    assert (model.imagine(X[:9]).answer[:, 0] == told.answer[:9]).all()


@pytest.mark.parametrize("kind", list(KINDS))
def test_it_knows_itself(kind):
    from growgraph.bench.learning.scores import auroc

    model, (_, _, X, y) = taught(kind), digits()
    told, seen = model.reflect(X), y != 3
    assert auroc(told.novelty, ~seen) > 0.95
    assert auroc(-told.confidence[seen], told.answer[seen] != y[seen]) > 0.9
    wrong = np.where(y[seen] == 0, 1, 0)
    assert (model.reflect(X[seen], wrong).cause == "mislabelled").mean() > 0.85
    assert (told.cause[seen] == "fine").mean() > 0.75
    assert (model.reflect(16 - X[seen]).cause != "fine").mean() > 0.9


def test_t2_is_silent_where_rows_held_out_say_so():
    rng = np.random.default_rng(0)
    total, labels = rng.normal(0, 5, (60, 3)), rng.integers(0, 3, 60)
    reading = np.full((60, 3), 0.05)
    reading[np.arange(60), labels] = 0.9
    assert guest.dialogue_weight(reading, total, labels) == 0
    assert guest.dialogue_weight(np.full((60, 3), 1 / 3), 9 * np.eye(3)[labels], labels) > 0
    assert guest.dialogue_weight(reading, np.zeros((60, 3)), labels) == 0


@pytest.mark.parametrize("kind", list(KINDS))
def test_rows_without_a_label_teach_t1(kind):
    X, y, X_test, y_test = digits()
    told = np.where(np.arange(500) < 40, y[:500], -1)
    alone = make(kind).fit(X[:40], y[:40]).score(X_test, y_test)
    model = make(kind, unlabeled=-1).fit(X[:500], told)
    assert model.score(X_test, y_test) > alone + 0.03
    assert model.estimator_.n_samples_seen_ == 500 - model.n_held_out_
    assert model._learner.guest.model.n_samples_seen_ == 40 - model.n_held_out_


# ---- laws ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("images", [True, False])
def test_cuts_files_and_questions_change_no_bit(kind, images, tmp_path):
    X, y = digits()[:2] if images else table()
    X, y = part(X, 0, 200), y[:200]
    shape = SHAPE if images else None

    def newborn():
        T1 = KINDS[kind]().set_params(**({} if kind == "grown" else {"image_shape": shape}))
        return SelfCriticNet(random_state=3, image_shape=shape, held_out=0.3, estimator=T1)

    whole, pieces, at = newborn().partial_fit(X, y), newborn(), 0
    for b, pause in ((1, ""), (63, "file"), (64, "ask"), (130, "pickle"), (200, "state")):
        pieces.partial_fit(part(X, at, b), y[at:b])
        at = b
        if pause == "file":
            save(pieces, tmp_path / "m.npz")
            pieces = load(tmp_path / "m.npz")
        elif pause == "pickle":
            pieces = pickle.loads(pickle.dumps(pieces))
        elif pause == "state":
            pieces = SelfCriticNet.from_state(pieces.to_state())
        elif pause:
            pieces.reflect(part(X, 0, 9)), pieces.explain(part(X, 0, 1))
    assert differences(pieces, whole) == []
    assert pieces.estimator.get_params() == whole.estimator.get_params()
    a, b = (m.reflect(X) for m in (pieces, whole))
    for name in ("answer", "confidence", "novelty", "causes"):
        assert getattr(a, name).tobytes() == getattr(b, name).tobytes()


def test_tables_with_gaps_and_categories_reach_t1_as_they_are():
    X, y = table(300)
    model = SelfCriticNet(held_out=0.2, estimator=GrowNet(pool=16)).fit(X, y)
    rows = rows_learnt(model, 300)
    twin = GrowNet(pool=16).fit({k: v[rows] for k, v in X.items()}, y[rows])
    assert differences(model.estimator_, twin) == []
    told = model.reflect(X, y)
    assert np.isfinite(told.causes).all()
    assert model.score(X, y) > 0.85
    other, numbers = SelfCriticNet(estimator=ResoNet()), np.random.default_rng(0).random((90, 3))
    other.fit(numbers, numbers[:, 0] > 0.5)
    assert not hasattr(other.estimator_, "feature_names_in_")


def test_columns_that_come_late_are_refused():
    """Another T1 keeps to the columns it began with."""
    X, y = table(150)
    model = SelfCriticNet(held_out=0.2, estimator=GrowNet(pool=16)).partial_fit(X, y)
    state = model.to_state()
    with pytest.raises(DataError, match="column 'new' was not there when learning began"):
        model.partial_fit({**X, "new": np.arange(150.0)}, y)
    assert model.n_samples_seen_ == 150
    assert differences(model, SelfCriticNet.from_state(state)) == []


def test_a_broken_or_foreign_file_is_refused(tmp_path):
    state = taught("grown").to_state()
    plain = {**state["plain"], "guest": {**state["plain"]["guest"], "class": "Stranger"}}
    with pytest.raises(GraphError, match="its T1 is a 'Stranger', which is not known"):
        SelfCriticNet.from_state({**state, "plain": plain})
    X, y, _, _ = digits()
    other = make("resonance").fit(X[:60], y[:60] % 3).to_state()
    arrays = {k: v for k, v in state["arrays"].items() if not k.startswith("guest/")}
    arrays |= {k: v for k, v in other["arrays"].items() if k.startswith("guest/")}
    plain = {**state["plain"], "guest": other["plain"]["guest"]}
    with pytest.raises(GraphError, match="T1 and T2 have learnt other classes"):
        SelfCriticNet.from_state({"arrays": arrays, "plain": plain})

    class Mine(ResoNet):
        """Nobody else knows it."""

    model = SelfCriticNet(estimator=Mine()).fit(*moons())
    with pytest.raises(TypeError, match="thing holds a Mine, which has no file form"):
        save(model, tmp_path / "m.npz")
    with pytest.raises((FileFormatError, FileNotFoundError)):
        load(tmp_path / "m.npz")


# ---- telling ------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", list(KINDS))
def test_explain_lets_t1_speak(kind):
    model, (_, _, X, _) = taught(kind), digits()
    told = model.explain(X[0])
    data, own = told.data, model.estimator_.explain(X[0]).data
    assert data["estimator"].keys() == own.keys()
    assert data["answer"] == model.predict(X[:1])[0]
    nodes = set(model.estimator_.graph_.nodes.tolist())
    assert data["nodes"]
    assert {n["node"] for n in data["nodes"]} <= nodes
    assert set(data["causes"]) == set(CAUSES)
    assert "why: " in str(told)
    with pytest.raises(ValueError, match="turn=True looks into the readout of the default T1"):
        model.explain(X[0], turn=True)


def test_before_rows_are_held_out_t1_answers_alone():
    X, y, _, _ = digits()
    model = SelfCriticNet(image_shape=SHAPE, held_out=0, estimator=KINDS["resonance"]()).fit(
        X[:200], y[:200])  # fmt: skip
    told = model.reflect(X[:50])
    assert model.critic_ is None
    np.testing.assert_array_equal(told.answer, model.estimator_.predict(X[:50]))
    np.testing.assert_allclose(
        told.confidence, model.estimator_.reflect(X[:50]).confidence, atol=1e-5
    )
    with pytest.raises(DataError, match="never learnt"):
        model.reflect(X[:1], [77])


# ---- watched, and refused -----------------------------------------------------------------------
@pytest.mark.parametrize("progress", [True, print])
def test_another_t1_may_be_watched(progress, capsys):
    X, y = moons(400)
    watched = SelfCriticNet(
        random_state=0, estimator=GrowNet(random_state=0, pool=16), progress=progress
    ).fit(X, y)
    alone = SelfCriticNet(random_state=0, estimator=GrowNet(random_state=0, pool=16)).fit(X, y)
    assert watched.predict_proba(X).tobytes() == alone.predict_proba(X).tobytes()


def test_a_new_column_is_refused_before_anything_is_learnt():
    X, y = moons(200)
    columns = {"a": X[:, 0], "b": X[:, 1]}
    model = SelfCriticNet(random_state=0, estimator=GrowNet(random_state=0, pool=16)).partial_fit(
        columns, y
    )
    before = pickle.dumps(model.to_state())
    for new in (np.array(["u", "v"] * 100, object), np.arange(200.0)):
        with pytest.raises(DataError, match="'kind' was not there when learning began"):
            model.partial_fit(columns | {"kind": new}, y)
    assert pickle.dumps(model.to_state()) == before
    assert model.predict(columns).shape == (200,)
