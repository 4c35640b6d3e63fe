"""SelfCriticNet: the contract, self-knowledge, causes, rows without labels, what it tells."""

import copy
import functools

import numpy as np
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from growgraph import SelfCriticNet, load, save
from growgraph.bench.learning import causes as unrehearsed
from growgraph.bench.learning.scores import auroc, calibration_error
from growgraph.errors import DataError, GraphError
from growgraph.models._selfcritic.critic import cause_weights, reflective_weights
from growgraph.models._selfcritic.flow import flowed
from growgraph.models._selfcritic.rehearsal import CAUSES
from growgraph.models._selfcritic.tensions import NAMES
from tests.models.material import SHAPE, differences, digits, table

PAIR = (3, 8)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks([SelfCriticNet()])
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)


@functools.cache
def taught(pair=PAIR):
    """A model of digits that has never met two of the classes; to be read only."""
    X, y, _, _ = digits()
    keep = ~np.isin(y, pair)
    return SelfCriticNet(random_state=0, image_shape=SHAPE).fit(X[keep], y[keep])


@functools.cache
def asked(pair=PAIR):
    _, _, X, y = digits()
    return X, y, ~np.isin(y, pair), taught(pair).reflect(X)


# ---- self-knowledge -----------------------------------------------------------------------------
def test_it_knows_what_it_does_not_know():
    X, y, known, told = asked()
    right = told.answer[known] == y[known]
    assert right.mean() > 0.98
    assert auroc(told.novelty, ~known) > 0.97
    assert auroc(-told.confidence[known], ~right) > 0.95
    assert calibration_error(told.confidence[known], right) < 0.02
    rng = np.random.default_rng(0)
    for strange in (rng.random(X.shape), rng.permuted(X, axis=1)):
        novelty = np.concatenate([told.novelty[known], taught().reflect(strange).novelty])
        assert auroc(novelty, np.arange(len(novelty)) >= known.sum()) > 0.99


def test_abstaining_leaves_few_errors():
    X, y, known, told = asked()
    answer = taught().predict_or_abstain(X[known], share=0.1)
    assert answer.mask.sum() == int(0.1 * known.sum())
    wrong = told.answer[known] != y[known]
    assert wrong.any()
    assert (wrong & ~answer.mask).sum() <= 0.3 * wrong.sum()
    sure = taught().predict_or_abstain(X[known], threshold=0.9)
    assert (sure.mask == (told.confidence[known] < 0.9)).all()


@pytest.mark.parametrize("cause", ["fine", "novel", "ambiguous", "mislabelled", "corrupted"])
def test_causes_that_were_never_rehearsed_so(cause):
    X, y, known, _ = asked()
    X_train, y_train, _, _ = digits()
    keep = ~np.isin(y_train, PAIR)
    wrong = unrehearsed.likeliest_wrong(X_train[keep], y_train[keep], X[known], y[known])
    made = unrehearsed.cases(X[known], y[known], X[~known], wrong, SHAPE, np.random.default_rng(0))
    for case in (c for c in made if c.cause == cause):
        told = taught().reflect(case.X, case.label)
        np.testing.assert_allclose(told.causes.sum(axis=1), 1)
        assert (told.cause == np.array(CAUSES)[told.causes.argmax(axis=1)]).all()
        share = {c: float((told.cause == c).mean()) for c in CAUSES}
        assert max(share, key=lambda c: share[c]) == cause, (case.kind, share)


def test_without_a_label_none_is_wrong():
    *_, told = asked()
    assert (told.cause == "mislabelled").mean() < 0.02
    X, y, known, _ = asked()
    wrong = np.where(y[known] == 0, 1, 0)
    assert (taught().reflect(X[known], wrong).cause == "mislabelled").mean() > 0.9


# ---- before there is a critic -------------------------------------------------------------------
@pytest.mark.parametrize("options", [{"held_out": 0}, {"replay": 0}, {}])
def test_without_rows_to_judge_by_the_record_speaks(options):
    X, y, _, _ = digits()
    model = SelfCriticNet(image_shape=SHAPE, **options).fit(X[:60], y[:60])
    told = model.reflect(X[:5])
    assert model.critic_ is None
    assert told.cause.tolist() == ["unknown"] * 5
    assert np.isnan(told.causes).all()
    assert ((told.confidence >= 0) & (told.confidence <= 1)).all()
    data = model.explain(X[0]).data
    assert data["picture"] is None
    assert data["answer"] == told.answer[0]


def test_one_class_is_no_riddle():
    model = SelfCriticNet(held_out=0.5).fit(np.random.default_rng(0).random((90, 2)), ["a"] * 90)
    assert model.n_held_out_ > 8
    assert model.critic_ is None
    assert model.predict([[0.5, 0.5]]).tolist() == ["a"]
    assert model.predict_proba([[0.5, 0.5]]).tolist() == [[1.0]]


def test_two_classes_have_no_novel_one_rehearsed():
    X = np.random.default_rng(0).standard_normal((300, 3))
    model = SelfCriticNet(held_out=0.3).fit(X, (X[:, 0] > 0).astype(int))
    told = model.reflect(X)
    assert (told.causes[:, CAUSES.index("novel")] < 1e-9).all()
    assert "fine" in told.cause


# ---- telling ------------------------------------------------------------------------------------
def test_explain_answers_in_words_data_and_picture():
    X, *_ = asked()
    told = taught().explain(X[0])
    data, text = told.data, str(told)
    assert {"causes", "tensions", "cases", "picture", "answer", "like", "windows"} <= data.keys()
    assert sum(data["causes"].values()) == pytest.approx(1)
    assert sorted(t["tension"] for t in data["tensions"]) == sorted(NAMES)
    assert [t["deviation"] for t in data["tensions"]] == sorted(
        (t["deviation"] for t in data["tensions"]), reverse=True
    )
    picture = data["picture"]
    np.testing.assert_array_equal(picture["seen"], X[0].reshape(SHAPE))
    np.testing.assert_allclose(picture["tension"], picture["seen"] - picture["expected"])
    kin = {label for label in data["cases"]}
    assert data["answer"] in kin
    for part in (
        "why: ",
        "what for: ",
        "what it is like: ",
        "what may be wrong: ",
        "nearest cases",
    ):
        assert part in text
    assert "what would turn it" not in text
    assert "what would turn it" in str(taught().explain(X[0], turn=True))


def test_explain_doubts_a_label():
    X, y, known, _ = asked()
    i = int(np.flatnonzero(known)[0])
    other = int((y[i] + 1) % 3)
    told = taught().explain(X[i], y=other)
    assert told.data["cause"] == "mislabelled"
    assert f"against the label {other}" in str(told)


def test_expectations_are_of_the_classes_they_are_said_of():
    X, *_ = asked()
    for x in X[:5]:
        data = taught().explain(x).data
        pictures = np.array([data["picture"]["expected"].ravel(), data["picture"]["rival"].ravel()])
        answers = taught().predict(np.maximum(pictures, 0))
        assert answers[0] == data["answer"]
        assert answers[1] != data["answer"]


def test_knowledge_and_imagination_are_those_of_the_core():
    X, *_ = asked()
    assert taught().knowledge()["label"].tolist() == taught().classes_.tolist()
    assert taught().imagine(X[:2]).answer.shape == (2, 2)


# ---- tables -------------------------------------------------------------------------------------
def test_a_table_with_gaps_and_categories():
    X, y = table(600)
    model = SelfCriticNet(held_out=0.2).fit(X, y)
    told = model.reflect(X, y)
    assert model.critic_ is not None
    assert np.isfinite(told.causes).all()
    assert (told.answer == y).mean() > 0.8
    data = model.explain({k: v[:1] for k, v in X.items()}).data
    assert data["picture"]["seen"].shape == data["picture"]["rival"].shape
    assert data["columns"]


@pytest.mark.parametrize("columns", ["categories", "gaps", "constant"])
def test_odd_tables_are_rehearsed_too(columns):
    rng = np.random.default_rng(0)
    kind, hollow = rng.integers(0, 3, 200), rng.standard_normal(200)
    hollow[20:] = np.nan
    X = {
        "categories": {"kind": np.array(["a", "b", "c"], object)[kind]},
        "gaps": {"kind": kind.astype(float), "hollow": hollow},
        "constant": {"kind": kind.astype(float), "same": np.ones(200)},
    }[columns]
    model = SelfCriticNet(held_out=0.3).fit(X, kind)
    told = model.reflect(X)
    assert model.critic_ is not None
    assert np.isfinite(told.causes).all()
    assert np.isfinite(told.novelty).all()
    assert (told.answer == kind).mean() > 0.9


# ---- rows without a label -----------------------------------------------------------------------
def moons(n=400, seed=0):
    rng = np.random.default_rng(seed)
    t, side = rng.uniform(0, np.pi, n), np.arange(n) % 2
    X = np.column_stack([np.cos(t) + side, np.where(side, 0.5 - np.sin(t), np.sin(t))])
    return X + rng.normal(0, 0.08, X.shape), side


def test_rows_without_a_label_teach():
    X, y = moons()
    z = np.where(np.arange(400) < 8, y, -1)
    alone = SelfCriticNet(random_state=0).fit(X[:8], y[:8]).score(X, y)
    model = SelfCriticNet(random_state=0, unlabeled=-1).fit(X, z)
    assert model.classes_.tolist() == [0, 1]
    assert model.score(X, y) > max(alone + 0.05, 0.95)
    assert len(model._learner._infant_y) == 8  # what was thought of them is not learnt for good
    assert model.n_samples_seen_ == 400


def test_minus_one_is_a_label_unless_it_is_said_to_be_none():
    X, y = moons()
    model = SelfCriticNet().fit(X, 2 * y - 1)
    assert model.classes_.tolist() == [-1, 1]
    assert model.score(X, 2 * y - 1) > 0.9


def test_flow_is_diffusion_over_the_nearest():
    rng = np.random.default_rng(0)
    X = np.concatenate([rng.normal(0, 0.1, (30, 2)), rng.normal(2, 0.1, (50, 2))])
    labels = np.full(80, -1)
    labels[[0, 1, 2, 30]] = [0, 0, 0, 1]  # three times as many of one class
    out = flowed(X, labels, 2)
    assert out.tolist() == [0] * 30 + [1] * 50
    assert labels[3] == -1
    labels[5] = 1
    assert flowed(X, labels, 2)[5] == 1  # what was given stays


# ---- the small regressions ----------------------------------------------------------------------
def test_few_rows_leave_the_record_its_word():
    A = np.column_stack([np.ones(4), np.full(4, 3.0), np.zeros((4, 2))])
    w = reflective_weights(A, np.ones(4, bool))
    assert w[1] == pytest.approx(1, abs=0.05)
    many = np.repeat(A, 500, axis=0)
    wrong = np.arange(2000) % 2 == 0
    w = reflective_weights(many, wrong)
    assert abs(many[0] @ w) < 0.2  # half are right, whatever the record says


def test_reflective_weights_are_the_most_likely():
    rng = np.random.default_rng(0)
    A = np.column_stack([np.ones(300), rng.normal(2, 1, 300), rng.standard_normal((300, 2))])
    right = rng.random(300) < 1 / (1 + np.exp(-A @ [0.3, 0.8, -1, 0.2]))

    def loss(w):
        prior = 0.5 * (np.array([0.5, 20, 30, 30]) * (w - [0, 1, -0.2, -0.2]) ** 2).sum()
        return np.logaddexp(0, np.where(right, -1, 1) * (A @ w)).sum() + prior

    w = reflective_weights(A, right)
    for step in 1e-3 * np.eye(4):
        assert loss(w) < min(loss(w + step), loss(w - step))


def test_causes_not_rehearsed_are_never_told():
    rng = np.random.default_rng(0)
    Z = rng.standard_normal((60, 4))
    W, bias, missed = cause_weights(Z, np.where(Z[:, 0] > 0, 4, 0))
    said = (Z @ W.T + bias).argmax(axis=1)
    assert set(said.tolist()) == {0, 4}
    assert missed < 0.2
    assert cause_weights(Z, np.zeros(60, int))[2] == 0


# ---- bad input ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"held_out": 0.9}, ValueError, r"held_out must be in \[0, 0.5\], got 0.9"),
        ({"held_out": "some"}, TypeError, "held_out must be a number"),
        ({"replay": -1}, ValueError, "replay must be in"),
        ({"image_shape": 8}, ValueError, "image_shape must be two integers"),
        ({"max_nodes": 0}, ValueError, "max_nodes must be in"),
        ({"unlabeled": 0}, DataError, "y holds no label but unlabeled=0"),
    ],
)
def test_bad_options_are_named(options, error, message):
    model = SelfCriticNet(**options)
    with pytest.raises(error, match=message):
        model.fit(np.eye(4), [0] * 4)
    assert not hasattr(model, "n_samples_seen_")


def test_a_refused_call_changes_nothing():
    X, y, _, _ = digits()
    model = SelfCriticNet(image_shape=SHAPE, unlabeled=-1).fit(X[:100], y[:100])
    before = copy.deepcopy(model)
    for rows, labels in ((X[:3, :9], y[:3]), (X[:3], y[:2]), (-X[:3], y[:3]), (X[:3], ["a"] * 3)):
        with pytest.raises(ValueError, match=r"X |y "):
            model.partial_fit(rows, labels)
    assert differences(model, before) == []
    with pytest.raises(DataError, match="y contains 77, which was never learnt"):
        model.reflect(X[:2], [1, 77])
    with pytest.raises(ValueError, match="x must be one sample, got 2"):
        model.explain(X[:2])
    with pytest.raises(ValueError, match="X has 2 rows but y has 1 labels"):
        model.reflect(X[:2], [1])


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("held/labels", lambda a: a + 100),
        ("memory/numbers", lambda a: a[:, :5]),
        ("memory/keys", lambda a: a[:-1]),
        ("met", lambda a: a[:-1]),
    ],
)
def test_a_broken_file_is_refused(name, change):
    X, y, _, _ = digits()
    model = SelfCriticNet(image_shape=SHAPE, held_out=0.3).fit(X[:150], y[:150])
    state = model.to_state()
    state["arrays"][name] = change(state["arrays"][name])
    with pytest.raises(GraphError, match="the model is broken"):
        SelfCriticNet.from_state(state)


def test_strings_files_and_threads(tmp_path):
    X, y, _, _ = digits()
    names = np.array(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight",
                      "nine"])[y]  # fmt: skip
    model = SelfCriticNet(image_shape=SHAPE).fit(X[:300], names[:300])
    save(model, tmp_path / "m.npz")
    twin = load(tmp_path / "m.npz")
    assert differences(model, twin) == []
    for name in ("answer", "confidence", "novelty", "cause", "like", "causes"):
        a, b = (getattr(m.reflect(X[300:340]), name) for m in (model, twin))
        assert a.tobytes() == b.tobytes()
    assert model.get_params() == twin.get_params()
