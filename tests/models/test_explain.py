"""Reflections, explanations and knowledge: figures that are true, words that tell them."""

import numpy as np
import pytest

from growgraph import ResoNet
from growgraph.models._resonet.explain import in_words
from tests.models.material import SHAPE, digits, grown, part, table

LEARNING = pytest.mark.parametrize("learning", ["evidence", "resonance"])


@LEARNING
def test_reflection(learning):
    _, _, T, _ = digits()
    model = grown(learning)
    told = model.reflect(T[:50])
    np.testing.assert_array_equal(told.answer, model.predict(T[:50]))
    np.testing.assert_array_equal(told.confidence, np.clip(told.confidence, 0, 1))
    assert set(told.cause) <= {"fine", "ambiguous", "contradictory", "novel"}
    assert told.like.shape == (50, 2)
    assert np.isin(told.like, model.classes_).all()
    assert (told.like[:, 0] != told.like[:, 1]).all()
    assert (told.like[:, 0] == told.answer).mean() > 0.9
    P = model.predict_proba(T[:50])
    np.testing.assert_allclose(P.max(axis=1), np.maximum(told.confidence, P.max(axis=1)))


@LEARNING
def test_an_explanation_of_an_image(learning):
    _, _, T, _ = digits()
    model = grown(learning)
    answers = model.reflect(T)
    unsure = int(np.argmin(answers.confidence))
    for i in (0, unsure):
        told = model.explain(T[i])
        data = told.data
        assert data["answer"] == answers.answer[i]
        assert data["confidence"] == pytest.approx(answers.confidence[i])
        assert data["cause"] == answers.cause[i]
        scores = model.decision_function(T[i : i + 1])[0]
        first, second = np.argsort(-scores)[:2]
        assert (data["answer"], data["rival"]) == (first, second)
        assert data["margin"] == pytest.approx(scores[first] - scores[second])
        names = ["top left", "top right", "bottom left", "bottom right"]
        assert [w["window"] for w in data["windows"]] == names
        text = str(told)
        assert text.startswith(f"answer {first} (confidence {answers.confidence[i]:.2f}")
        for question in ("why: ", "what for: ", "what it is like: "):
            assert question in text
        dissent = [w for w in data["windows"] if w["says"] != data["answer"]]
        assert ("against it: " in text) == bool(dissent)
    assert "grown by NewClass" in text


@LEARNING
def test_what_the_nodes_said_adds_up_to_the_score(learning):
    _, _, T, _ = digits()
    model = grown(learning)
    data = model.explain(T[0]).data
    graph, core = model.graph_, model._core
    output = next(i for i in graph.outputs.tolist() if graph.names[i] == str(data["answer"]))
    ids, weights, _ = graph.sources(output)
    values = core.sense.values(graph, T[:1])
    x = graph.forward(values, inputs=graph.groups["parts"], outputs=ids)[0]
    loudest = [i for i in np.argsort(-np.abs(weights * x))[:5] if weights[i] * x[i] != 0]
    assert len(loudest) >= 4
    assert [n["node"] for n in data["nodes"]] == ids[loudest].tolist()
    np.testing.assert_allclose([n["spoke"] for n in data["nodes"]], (weights * x)[loudest])
    score = (weights * x).sum() + graph.node(output)["bias"]
    assert score == pytest.approx(model.decision_function(T[:1])[0].max(), abs=1e-4)


def test_an_explanation_of_a_row_of_a_table():
    X, y = table()
    model = ResoNet().fit(X, y)
    told = model.explain(part(X, 5, 6))
    assert told.data["answer"] == model.predict(part(X, 5, 6))[0]
    assert any(n["name"] for n in told.data["nodes"])
    with pytest.raises(ValueError, match="x must be one sample, got 2: explain them one by one"):
        model.explain(part(X, 5, 7))


def petals():
    """Rows of two numbers, a category and a label; some cells are missing."""
    rng = np.random.default_rng(0)
    y = np.array(["rose", "lily", "daisy"])[rng.integers(0, 3, 200)]
    wide = np.select([y == "rose", y == "lily"], [5.0, 1.0], 3.0) + rng.normal(0, 0.3, 200)
    wide[::17] = np.nan
    hue = np.where(y == "daisy", "white", "red").astype(object)
    return {"wide": wide, "noise": rng.normal(size=200), "hue": hue}, y


@pytest.mark.parametrize("row", [3, 17, 44])
def test_columns_speak_for_the_margin_they_bring(row):
    X, y = petals()
    model = ResoNet(random_state=0).fit(X, y)
    x = {name: values[row : row + 1].copy() for name, values in X.items()}
    data = model.explain(x).data
    assert {c["column"] for c in data["columns"]} == {"wide", "noise", "hue"}
    pair = [model.classes_.tolist().index(data[k]) for k in ("answer", "rival")]
    first, second = model.decision_function(x)[0][pair]
    assert data["margin"] == pytest.approx(first - second)
    told = {c["column"]: c for c in data["columns"]}
    assert told["hue"]["value"] == X["hue"][row]
    if not np.isnan(X["wide"][row]):
        centre = np.nanmean(X["wide"][:64])
        x["wide"][:] = centre  # the usual value
        first, second = model.decision_function(x)[0][pair]
        assert told["wide"]["spoke"] == pytest.approx(data["margin"] - first + second, abs=1e-4)
        away = (X["wide"][row] - centre) / np.nanstd(X["wide"][:64])
        assert told["wide"]["deviation"] == pytest.approx(away, rel=1e-3)
    else:
        assert told["wide"]["value"] is None
    spoke = [abs(c["spoke"]) for c in data["columns"]]
    assert spoke == sorted(spoke, reverse=True)


def test_a_table_is_explained_in_columns_and_values():
    X, y = petals()
    model = ResoNet(random_state=0).fit(X, y)
    row = int(np.flatnonzero((y == "rose") & ~np.isnan(X["wide"]))[0])
    text = str(model.explain({name: values[row : row + 1] for name, values in X.items()}))
    assert f"why: wide = {X['wide'][row]:.6g} (+" in text
    assert " sd) speaks for rose by " in text
    for jargon in ("landmark", "|wide|", "from nodes", " more ", "nearest rival"):
        assert jargon not in text
    missing = {"wide": [np.nan], "noise": [0.1], "hue": ["white"]}
    assert "hue = white speaks for daisy" in str(model.explain(missing))


def test_a_rival_the_sample_is_not_like_is_named():
    told = {"answer": 1, "confidence": 0.5, "cause": "novel", "nodes": [], "columns": [],
            "windows": [{"window": "the columns", "says": 2}], "rival": 3, "like": [1, 2],
            "unmet": [], "silent": False, "turn": None,
            "grown_because": "node 9 grew from nodes 1, 2 and 5 more because of y"}  # fmt: skip
    text = in_words(told)
    assert "what it is like: 1, then 2; nearest rival 3" in text
    assert "against it: of all concepts that of 2 resonates most" in text
    assert "what for: node 9 grew because of y" in text
    assert "nearest rival" not in in_words(told | {"rival": 2})


@pytest.mark.parametrize(
    ("label", "rival"), [("a", ""), (7, 7), (0.5, np.nan)], ids=["text", "integer", "float"]
)
def test_the_only_class_has_no_rival(label, rival):
    X = np.arange(5.0)[:, None]
    try:
        model = ResoNet(random_state=0).fit(X, [label] * 5)
    except ValueError:
        pytest.skip("labels of this kind are refused")
    np.testing.assert_equal(model.knowledge()["rival"].tolist(), [rival])
    assert f"{label} is the only class known" in str(model.explain(X[0]))


@LEARNING
def test_knowledge(learning):
    X, y, _, _ = digits()
    model = ResoNet(image_shape=SHAPE, learning=learning).fit(X[:400], y[:400])
    known = model.knowledge()
    assert known["label"].tolist() == list(range(10))
    np.testing.assert_array_equal(known["samples"], np.bincount(y[:400]))
    last = [int(np.flatnonzero(y[:400] == c)[-1]) for c in range(10)]
    np.testing.assert_array_equal(known["last_seen"], last)
    right = (known["accuracy"] * known["samples"]).sum() / 400
    assert right == pytest.approx(model.prequential_accuracy_)
    np.testing.assert_array_equal(known["stability"], known["samples"])
    np.testing.assert_array_equal(known["aspects"], 12)
    assert (known["rival"] != known["label"]).all()
    means = np.array([X[:400][y[:400] == c].mean(0) for c in range(10)])
    away = ((means[:, None] - means) ** 2).sum(2) + np.diag(np.full(10, np.inf))
    assert (away.argmin(1) == known["rival"]).mean() >= 0.6  # nearest as pixels, too


def test_knowledge_of_labels_that_are_words():
    X, y = table()
    known = ResoNet().fit(X, y).knowledge()
    assert known["label"].tolist() == ["big", "none", "small"]
    assert known["samples"].tolist() == [int((y == c).sum()) for c in known["label"]]


def test_asking_changes_nothing_an_estimator_shows():
    _, _, T, _ = digits()
    model = ResoNet(image_shape=SHAPE).fit(*digits()[:2])
    before = dict(model.__dict__)
    model.predict(T), model.reflect(T), model.explain(T[0]), model.knowledge()
    assert model.__dict__.keys() == before.keys()
    assert all(model.__dict__[k] is v for k, v in before.items())
