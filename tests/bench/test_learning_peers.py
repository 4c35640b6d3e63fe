"""Peers of ``bench learning`` against the libraries or formulas they stand for."""

import numpy as np
import pytest

from growgraph.bench import peers as installed
from growgraph.bench.learning import material, networks, onepass_learners, peers, ridge


@pytest.fixture(scope="module")
def wine():
    X, y, X_test, y_test = material.split("wine", 0)
    mean, sd = X.mean(axis=0), X.std(axis=0)
    return (X - mean) / sd, y, (X_test - mean) / sd, y_test


EXACT = [peers.StreamingQDA, peers.SLDA, peers.ClassSubspaces, peers.Neighbours]


@pytest.mark.parametrize("maker", [*EXACT, ridge.RandomRidge])
def test_cuts_and_order_are_nothing_to_exact_statistics(maker, wine):
    X, y, X_test, y_test = wine
    whole, cut = maker(), maker()
    whole.learn(X, y)
    order = material.by_class(y, 2) if maker is not ridge.RandomRidge else np.arange(len(y))
    for a in range(0, len(y), 30):
        cut.learn(X[order[a : a + 30]], y[order[a : a + 30]])
    if maker is ridge.RandomRidge:  # its scale is that of the first block
        whole = maker()
        whole.learn(X[:30], y[:30])
        whole.learn(X[30:], y[30:])
    assert (whole.predict(X_test) == cut.predict(X_test)).all()
    assert (whole.predict(X_test) == y_test).mean() > 0.85
    assert whole.nbytes() > 0


def test_moments_are_those_of_numpy(wine):
    X, y, *_ = wine
    model = peers.ClassMoments()
    for a in range(0, len(y), 7):
        model.learn(X[a : a + 7], y[a : a + 7])
    for label, (n, mean, scatter) in model.moments.items():
        rows = X[y == label]
        assert int(n) == len(rows)
        assert mean == pytest.approx(rows.mean(axis=0))
        assert scatter / len(rows) == pytest.approx(np.cov(rows.T, bias=True))


def test_neighbours_are_sklearns(wine):
    from sklearn.neighbors import KNeighborsClassifier

    X, y, X_test, _ = wine
    model = peers.Neighbours()
    model.learn(X, y)
    theirs = KNeighborsClassifier(3).fit(X, y)
    assert (model.predict(X_test) == theirs.predict(X_test)).mean() > 0.95  # ties aside
    assert model.doubt(X_test)[1] == pytest.approx(theirs.kneighbors(X_test)[0].mean(1), rel=1e-3)


def test_recursive_ridge_is_ridge_where_nothing_is_forgotten():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3)), rng.integers(0, 2, 60)
    model = ridge.RecursiveRidge(3, forget=1.0, features=5)
    H = []
    for x, label in zip(X, y.tolist()):
        H.append(model._h(x))
        model.learn_one(x, label)
    H = np.array(H)
    expected = np.linalg.solve(np.eye(H.shape[1]) + H.T @ H, H.T @ np.eye(2)[y])
    assert np.allclose(model.B, expected)


def test_recursive_ridge_before_the_first_sample():
    assert ridge.RecursiveRidge(2).predict_one(np.zeros(2)) == -1


def test_patch_ridge_reads_digits():
    X, y, X_test, y_test = material.split("digits", 0, rows=400)
    model = ridge.PatchRidge((8, 8), filters=40)
    model.learn(X[:100], y[:100])
    model.learn(X[100:], y[100:])
    assert (model.predict(X_test) == y_test).mean() > 0.85


def test_perceptron_without_torch(monkeypatch):
    monkeypatch.setattr(installed, "version", lambda name: None)
    model = networks.perceptron(0)
    assert isinstance(model, networks.SklearnPerceptron)
    X, y, X_test, y_test = material.split("digits", 0)
    model.learn(X, y)
    assert (model.predict(X_test) == y_test).mean() > 0.7
    assert model.nbytes() == 3 * 8 * (64 * 256 + 256 + 256 * 10 + 10)


@pytest.mark.skipif(not installed.is_here("torch"), reason="needs torch")
@pytest.mark.parametrize("shape", [None, (8, 8)])
def test_networks_learn(shape):
    X, y, X_test, y_test = material.split("digits", 0)
    model = networks.Network(0, shape)
    for _ in range(3):
        model.learn(X, y)
    assert (model.predict(X_test) == y_test).mean() > 0.7


class Recorder:
    def __init__(self):
        self.X, self.y = [], []

    def learn(self, X, y):
        self.X.append(X)
        self.y.append(y)

    def predict(self, X):
        return X[:, 0]


def test_scale_comes_of_the_first_rows_and_loses_none():
    X = np.random.default_rng(0).random((150, 2)) * 50
    scaled = onepass_learners.Scaled(Recorder())
    for a in range(0, 150, 30):
        scaled.learn(X[a : a + 30], np.arange(150)[a : a + 30])
    seen = np.vstack(scaled.peer.X)
    assert seen.shape == X.shape
    assert np.concatenate(scaled.peer.y).tolist() == list(range(150))
    assert seen == pytest.approx((X - X[:90].mean(axis=0)) / X[:90].std(axis=0))


def test_labels_are_made_wrong_at_the_rate_that_is_asked():
    y = np.arange(10).repeat(300)
    wrong = material.noisy(y, 0.2, seed=1)
    assert np.mean(wrong != y) == pytest.approx(0.2, abs=0.02)
    assert len(np.unique((wrong - y)[wrong != y] % 10)) == 9
    paired = material.noisy(y, 0.2, seed=1, pairs=True)
    assert np.unique((paired - y)[paired != y] % 10).tolist() == [1]


def test_class_order_turns_with_the_seed():
    y = np.array([2, 0, 1, 0, 2])
    assert y[material.by_class(y, 0)].tolist() == [0, 0, 1, 2, 2]
    assert y[material.by_class(y, 2)].tolist() == [2, 2, 0, 0, 1]
