"""ResoNet on tables: as good as logistic regression in one pass, and its graph alone answers."""

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from growgraph import Graph, ResoNet
from growgraph.graph.check import same_structure
from tests.models.beside import batch_resonances
from tests.models.material import part, table


@pytest.mark.parametrize("load", [load_wine, load_breast_cancer])
def test_not_below_logistic_regression_by_more_than_a_standard_error(load):
    X, y = load(return_X_y=True)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    ours = cross_val_score(ResoNet(), X, y, cv=folds)
    logistic = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    theirs = cross_val_score(logistic, X, y, cv=folds)
    error = (theirs - ours).std(ddof=1) / np.sqrt(5)
    assert ours.mean() >= theirs.mean() - max(error, theirs.std(ddof=1) / np.sqrt(5))


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
@pytest.mark.parametrize("n", [50, 220])
def test_the_graph_alone_answers(n, learning):
    X, y = table()
    model = ResoNet(learning=learning).fit(part(X, 0, n), y[:n])
    graph = Graph.from_state(model.graph_.to_state())
    core = model._answering()
    described = type(core.sense).from_state(*core.sense.to_state())
    scores = graph.forward(described.values(graph, described.read(X)))
    names = np.array([graph.names[i] for i in graph.outputs.tolist()])
    np.testing.assert_array_equal(names[scores.argmax(axis=1)], model.predict(X))


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
def test_resonance_nodes_agree_with_the_kernel(learning):
    X, y = table()
    core = ResoNet(learning=learning).fit(X, y)._answering()
    rows = core.sense.read(X)
    told, computed = core.resonances(rows), batch_resonances(core, core.features(rows))
    np.testing.assert_allclose(told, computed, rtol=1e-4, atol=1e-3)


def test_the_log_replayed_is_the_structure():
    X, y = table()
    model = ResoNet().fit(X, y)
    assert same_structure(model.growth_log_.replay(), model.graph_)
    model.graph_.check()


def test_what_is_asked_in_infancy_is_not_what_is_learnt():
    """A young model answers with scales of the rows so far; grown up it has those of 64."""
    X, y = table()
    young = ResoNet().fit(part(X, 0, 40), y[:40])
    assert young.graph_.n_nodes > 0
    young.partial_fit(part(X, 40, 220), y[40:])
    np.testing.assert_array_equal(young._core.sense.centre[0], X["a"][:64].mean())


def test_the_curve_of_the_record():
    X, y = table()
    model = ResoNet()
    for n in (10, 64, 220):
        model.fit(part(X, 0, n), y[:n])
        curve = model.prequential_curve_
        assert curve[-1].tolist() == [n, model.prequential_accuracy_]
        assert (np.diff(curve[:, 0]) >= 0).all()
        assert ((curve[:, 1] >= 0) & (curve[:, 1] <= 1)).all()


def test_noise_is_novel():
    rng = np.random.default_rng(0)
    X, y = load_wine(return_X_y=True)
    model = ResoNet().fit(X, y)
    noise = X.mean(0) + 6 * X.std(0) * rng.standard_normal((100, X.shape[1]))
    assert np.median(model.score_samples(noise)) < np.quantile(model.score_samples(X), 0.02)
