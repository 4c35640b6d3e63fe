"""What ResoNet reaches on the digits, in one pass, and that its graph alone answers."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from growgraph import Graph, ResoNet
from growgraph.graph.check import same_structure
from tests.models.beside import batch_resonances
from tests.models.material import SHAPE, digits, grown

LEARNING = pytest.mark.parametrize("learning", ["evidence", "resonance"])


@LEARNING
def test_accuracy_in_one_pass_in_any_order_of_classes(learning):
    mixed, sorted_ = [], []
    for seed in range(5):
        X, y, T, t = digits(seed)
        mixed.append(ResoNet(image_shape=SHAPE, learning=learning).fit(X, y).score(T, t))
        by_class = np.argsort(y, kind="stable")[:: 1 if seed % 2 else -1]
        model = ResoNet(image_shape=SHAPE, learning=learning).fit(X[by_class], y[by_class])
        sorted_.append(model.score(T, t))
    assert np.mean(mixed) >= 0.990
    assert abs(np.mean(mixed) - np.mean(sorted_)) <= 0.003


@LEARNING
def test_the_graph_alone_answers(learning):
    """Only the graph, the log in it and the sense's description are left of the model."""
    _, _, T, _ = digits()
    model = grown(learning)
    graph = Graph.from_state(model.graph_.to_state())
    described = type(model._core.sense).from_state(*model._core.sense.to_state())
    classes = graph.groups["classes"]
    values = described.values(graph, T)
    scores = graph.forward(values, inputs=graph.groups["parts"], outputs=classes)
    names = np.array([int(graph.names[i]) for i in classes.tolist()])
    np.testing.assert_array_equal(names[scores.argmax(axis=1)], model.predict(T))
    column = np.searchsorted(model.classes_, names)
    np.testing.assert_array_equal(scores, model.decision_function(T)[:, column].astype(np.float32))


@LEARNING
def test_without_statistics_the_model_answers_the_same(learning):
    _, _, T, _ = digits()
    model = ResoNet.from_state(grown(learning).to_state())
    answers = model.predict(T)
    core = model._core
    for name, held in (("evidence", core.evidence), ("concepts", core.concepts)):
        for key in [k for k in core.statistics() if k.startswith(f"{name}/")]:
            array = getattr(held, key.split("/")[1])
            if array.dtype == np.float64:
                array[...] = np.nan
    np.testing.assert_array_equal(model.predict(T), answers)


@LEARNING
def test_resonance_nodes_agree_with_the_kernel(learning):
    _, _, T, _ = digits()
    core = grown(learning)._core
    core.derive()
    told, computed = core.resonances(T), batch_resonances(core, core.features(T))
    assert np.abs(told - computed).max() < 1e-3 * np.abs(computed).max()
    np.testing.assert_array_equal(told.sum(2).argmax(1), computed.sum(2).argmax(1))


@LEARNING
def test_the_log_of_a_grown_model_replayed_is_its_structure(learning):
    model = grown(learning)
    again = model.growth_log_.replay()
    again.check()
    assert same_structure(again, model.graph_)
    model.graph_.check()


def test_the_record_precedes_learning():
    """Labels changed from sample k on change no answer before k."""
    X, y, _, _ = digits()
    for k in (100, 333):
        moved = y.copy()
        moved[k:] = np.random.default_rng(0).permutation(y[k:])
        curves = []
        for labels in (y, moved):
            model = ResoNet(image_shape=SHAPE)
            for a in range(0, 400, 50):
                model.partial_fit(X[a : a + 50], labels[a : a + 50])
                curves.append((a + 50, model._core.ctl[4]))
        one, two = curves[: len(curves) // 2], curves[len(curves) // 2 :]
        upto = k // 50
        assert one[:upto] == two[:upto]
        assert one[-1] != two[-1]


def test_the_record_is_what_the_model_would_have_answered():
    X, y, _, _ = digits()
    model, right = ResoNet(image_shape=SHAPE, learning="resonance"), 0
    model.partial_fit(X[:1], y[:1])
    for i in range(1, 120):
        right += int(model.predict(X[i : i + 1])[0] == y[i])
        model.partial_fit(X[i : i + 1], y[i : i + 1])
        assert model.prequential_accuracy_ == pytest.approx(right / (i + 1))


# ---- reflection ---------------------------------------------------------------------------------
@LEARNING
def test_confidence_is_the_share_of_right_answers(learning):
    seen, right = [], []
    for seed in range(5):
        X, y, T, t = digits(seed)
        told = ResoNet(image_shape=SHAPE, learning=learning).fit(X, y).reflect(T)
        seen.append(told.confidence)
        right.append(told.answer == t)
    seen, right = np.concatenate(seen), np.concatenate(right)
    assert (seen >= 0).all()
    assert (seen <= 1).all()
    place = np.minimum((seen * 10).astype(int), 9)
    off = [abs(seen[place == b].sum() - right[place == b].sum()) for b in range(10)]
    assert sum(off) / len(seen) < 0.03
    assert roc_auc_score(right, seen) > 0.95


@LEARNING
def test_noise_is_novel(learning):
    _, _, T, _ = digits()
    noise = np.random.default_rng(0).uniform(0, 16, (300, 64))
    told = grown(learning).reflect(np.vstack([T, noise]))
    assert roc_auc_score(np.arange(800) >= 500, told.novelty) > 0.95
    assert (told.cause[500:] == "novel").mean() > 0.9
    assert (told.cause[:500] == "novel").mean() < 0.1
    np.testing.assert_array_equal(grown(learning).score_samples(T), -told.novelty[:500])


@LEARNING
@pytest.mark.parametrize("unseen", [(3, 8), (0, 5)])
def test_classes_never_seen_are_novel(learning, unseen):
    X, y, T, t = digits()
    known = ~np.isin(y, unseen)
    model = ResoNet(image_shape=SHAPE, learning=learning).fit(X[known], y[known])
    assert roc_auc_score(np.isin(t, unseen), model.reflect(T).novelty) > 0.95
