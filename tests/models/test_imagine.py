"""Imagined answers by their formulas, and what the model says must change for the rival to win."""

import numpy as np
import pytest

from growgraph import ResoNet
from growgraph.models._resonet.imagine import Frame, parts_of
from tests.models.material import SHAPE, digits, grown, part, table
from tests.models.test_explain import petals


def by_formula(core, c, f):
    """Expectation, tension and inertia of one sample, window by window, in plain numpy."""
    graph, concepts, k = core.graph, core.concepts, int(core.concepts.k[c])
    delta, total, times = concepts.noise(), np.zeros(f.size), np.zeros(f.size)
    tension = inertia = 0.0
    for w, window in enumerate(concepts.win):
        mean = graph.weights(concepts.prototypes[c, w]).astype(float)
        z, basis, lengths = f[window] - mean, [], []
        for j in range(k):  # Gram and Schmidt
            v = graph.weights(concepts.aspects[c, w, j]).astype(float)
            lengths.append(max(np.linalg.norm(v), delta[w]))
            for q in basis:
                v = v - (v @ q) * q
            basis.append(v / np.linalg.norm(v))
        along = sum(((z @ q) * q for q in basis), np.zeros(window.size))
        total[window] += mean + along
        times[window] += 1
        rest = ((z - along) ** 2).sum()
        tension += rest
        inertia += 0.5 * (sum((z @ q) ** 2 / n for q, n in zip(basis, lengths)) + rest / delta[w])
    s = graph.sources(int(concepts.prototypes[c, 0]))[2][0]  # so often it was written
    return total / times, tension, inertia * s / (1 + s)


def test_what_is_imagined_by_its_formulas():
    _, _, T, _ = digits()
    model, some = grown(), T[[0, 7, 33]]
    told, core = model.imagine(some, rivals=3), grown()._core
    scores = model.decision_function(some)
    np.testing.assert_array_equal(told.answer, np.argsort(-scores, axis=1)[:, :3])
    F = core.features(some)[:, : told.seen.shape[1]]
    np.testing.assert_allclose(told.seen, F, atol=1e-6)
    for i, labels in enumerate(told.answer.tolist()):
        for j, label in enumerate(labels):
            expected, tension, inertia = by_formula(core, core.classes.index(label), F[i] * 1.0)
            np.testing.assert_allclose(told.expected[i, j], expected, atol=1e-5)
            assert told.tension[i, j] == pytest.approx(tension, rel=1e-4)
            assert told.inertia[i, j] == pytest.approx(inertia, rel=1e-3)


def test_the_right_answer_asks_least_to_change():
    _, _, T, t = digits()
    told = grown().imagine(T, rivals=10)
    least = told.answer[np.arange(len(T)), told.inertia.argmin(axis=1)]
    assert (least == t).mean() > 0.97
    assert told.answer.shape == (500, 10)
    assert told.columns[0] == "cell 0,0 patch 0"
    assert len(told.columns) == told.expected.shape[2]


def test_a_table_is_imagined_in_its_own_units():
    rng = np.random.default_rng(0)
    size = rng.uniform(100, 200, 300)
    kind = np.where(rng.random(300) < 0.5, "tall", "wide")
    X = {"height": np.where(kind == "tall", 3, 1) * size + rng.normal(0, 1, 300), "size": size}
    model = ResoNet(random_state=0).fit(X, kind)
    told = model.imagine({"height": [450.0], "size": [150.0]})
    assert told.columns == ("height", "size")
    assert told.answer.tolist() == [["tall", "wide"]]
    np.testing.assert_array_equal(told.seen, [[450.0, 150.0]])
    (height, _), _ = told.expected[0]
    assert height == pytest.approx(450, abs=25)
    assert told.inertia[0, 0] < told.inertia[0, 1]


def test_a_missing_cell_takes_what_the_concept_expects():
    X, y = petals()
    model = ResoNet(random_state=0).fit(X, y)
    row = {"wide": [np.nan], "noise": [0.3], "hue": ["red"]}
    told = model.imagine(row, rivals=3)
    assert np.isnan(told.seen[0, 0])
    wide = dict(zip(told.answer[0].tolist(), told.expected[0, :, 0].tolist()))
    for label, usual in {"rose": 5.0, "lily": 1.0, "daisy": 3.0}.items():
        assert wide[label] == pytest.approx(usual, abs=0.5)
    core, rows = model._read(row)
    F, missing = parts_of(core, rows)
    for c in range(3):  # a fixed point: filled in, it is expected as it is, whatever else is seen
        frame = Frame(core, c)
        expected = frame.settle(F, missing)[0]
        np.testing.assert_allclose(frame.expect(np.where(missing, expected, F))[0], expected)
    everything = {"wide": [np.nan], "noise": [np.nan], "hue": [None]}
    np.testing.assert_allclose(model.imagine(everything, rivals=3).tension, 0, atol=1e-12)


def test_rows_are_imagined_one_by_one():
    X, y = table()
    model = ResoNet().fit(X, y)
    whole = model.imagine(X)
    assert whole.answer.dtype == model.classes_.dtype
    for i in (0, 57, 219):
        one = model.imagine(part(X, i, i + 1))
        np.testing.assert_allclose(one.expected[0], whole.expected[i], rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(one.inertia[0], whole.inertia[i], rtol=1e-5)


@pytest.mark.parametrize("rivals", [0, 1.5, True, None])
def test_rivals_are_a_count(rivals):
    with pytest.raises((ValueError, TypeError), match="rivals must be"):
        grown().imagine(digits()[2][:2], rivals=rivals)


def test_imagining_changes_nothing():
    X, y = table()
    model, other = ResoNet().fit(part(X, 0, 150), y[:150]), ResoNet().fit(part(X, 0, 150), y[:150])
    model.imagine(X), model.explain(part(X, 3, 4)), model.predict_or_abstain(X)
    a, b = (m.partial_fit(part(X, 150, 220), y[150:]).decision_function(X) for m in (model, other))
    np.testing.assert_array_equal(a, b)


# ---- what would turn the answer -----------------------------------------------------------------
def changed(X, row, changes):
    """Row ``row`` of a dict of columns with the changes made."""
    x = {name: values[row : row + 1].copy() for name, values in X.items()}
    for change in changes:
        x[change["column"]][:] = change["to"]
    return x


@pytest.mark.parametrize("row", range(0, 200, 9))
def test_the_model_asked_again_says_the_rival(row):
    X, y = petals()
    model = ResoNet(random_state=0).fit(X, y)
    told = model.explain(part(X, row, row + 1)).data
    assert told["turn"] is not None
    changes = told["turn"]["changes"]
    assert model.predict(changed(X, row, changes))[0] == told["rival"] != told["answer"]
    for change in changes:
        np.testing.assert_equal(change["had"], None if change["column"] == "wide" and
                                np.isnan(X["wide"][row]) else X[change["column"]][row])  # fmt: skip
    numbers = [c for c in changes if isinstance(c["to"], float) and c["had"] is not None]
    if numbers and len(numbers) == len(changes):  # a bit less does not do
        less = [c | {"to": c["had"] + 0.99 * (c["to"] - c["had"])} for c in numbers]
        assert model.predict(changed(X, row, less))[0] != told["rival"]


def test_the_smallest_change_of_a_known_boundary():
    rng = np.random.default_rng(0)
    X = {"wide": rng.uniform(-1, 1, 600), "long": 10 * rng.uniform(-1, 1, 600)}
    y = np.where(X["wide"] + 0.02 * X["long"] > 0, "up", "down")
    model = ResoNet(random_state=0).fit(X, y)
    turn = model.explain({"wide": [0.3], "long": [0.0]}).data["turn"]
    assert [c["column"] for c in turn["changes"]] == ["wide"]  # long alone cannot do it
    assert turn["changes"][0]["to"] == pytest.approx(0, abs=0.12)
    spread = X["wide"][:64].std()
    assert turn["size"] == pytest.approx(abs(turn["changes"][0]["to"] - 0.3) / spread, rel=1e-6)


def test_of_two_columns_that_would_do_the_nearer_is_told():
    rng = np.random.default_rng(2)
    X = {"a": rng.uniform(-1, 1, 600), "b": rng.uniform(-1, 1, 600)}
    model = ResoNet(random_state=0).fit(X, (X["a"] + 2 * X["b"] > 0).astype(int))
    x = {"a": np.array([0.5]), "b": np.array([0.0])}
    assert model.predict(x | {"a": [-0.9]})[0] == model.predict(x | {"b": [-0.9]})[0] == 0
    (change,) = model.explain(x).data["turn"]["changes"]
    assert change["column"] == "b"
    assert change["to"] == pytest.approx(-0.25, abs=0.1)


def test_an_answer_that_takes_two_columns_to_turn():
    rng = np.random.default_rng(1)
    X = {"a": rng.uniform(-1, 1, 800), "b": rng.uniform(-1, 1, 800), "c": rng.uniform(-1, 1, 800)}
    y = (X["a"] + X["b"] + X["c"] > 0).astype(int)
    model = ResoNet(random_state=0).fit(X, y)
    x = {name: np.array([0.9]) for name in X}
    turn = model.explain(x).data["turn"]
    assert len(turn["changes"]) >= 2
    assert model.predict(changed(x, 0, turn["changes"]))[0] == 0


def test_an_image_is_turned_by_windows():
    _, _, T, _ = digits()
    model, core = grown(), grown()._core
    for i in (0, 3, int(np.argmin(model.reflect(T).confidence))):
        told = model.explain(T[i]).data
        share, rival = told["turn"]["changes"][0]["share"], core.classes.index(told["rival"])
        names = core.sense.window_names(core.graph)
        windows = [names.index(c["window"]) for c in told["turn"]["changes"]]
        F = core.features(T[i : i + 1])[:, : core.graph.groups["parts"].size] * 1.0
        step = (Frame(core, rival).expect(F)[0] - F)[0]
        values, places = (
            core.sense.values(core.graph, T[i : i + 1]),
            np.unique(core.concepts.win[windows]),
        )
        values[0, places] += share * step[places]
        said = core.graph.forward(values, inputs=core.graph.groups["parts"], outputs=core.answering)
        assert core.classes[int(said[0].argmax())] == told["rival"]
        assert 0 < share <= 1
        text = str(model.explain(T[i]))
        assert f"{share:.0%} of the way to what {told['rival']} expects there makes it" in text


def test_a_turn_in_words():
    X, y = petals()
    model = ResoNet(random_state=0).fit(X, y)
    text = str(model.explain({"wide": [5.1], "noise": [0.0], "hue": ["red"]}))
    assert "what would turn it: hue = white instead of red makes it daisy" in text
    alone = ResoNet(random_state=0).fit(X, ["rose"] * 200)
    assert "turn it" not in str(alone.explain(part(X, 0, 1)))
    assert alone.imagine(part(X, 0, 1)).answer.tolist() == [["rose"]]


def test_images_and_concepts_alone_are_imagined_too():
    X, y, T, _ = digits()
    model = ResoNet(image_shape=SHAPE, learning="resonance").fit(X[:300], y[:300])
    assert model.imagine(T[:3]).inertia.shape == (3, 2)
    assert model.explain(T[0]).data["turn"]["changes"]
