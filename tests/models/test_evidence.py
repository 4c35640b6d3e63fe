"""The readout is the fixed point of a local relaxation, which is ridge regression."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from growgraph.models._evidence import Evidence
from growgraph.senses import retina, table

SETTINGS = {"ridge": 0.01, "ridge_n": 10.0, "ridge_power": 1.0, "ridge_cap": np.inf}


def learnt(n=60, features=12, settings=SETTINGS):
    """Sums of n samples, and the samples."""
    rng = np.random.default_rng(0)
    X, T = rng.standard_normal((n, features)), np.eye(3)[rng.integers(0, 3, n)]
    evidence = Evidence(features, settings)
    for _ in range(3):
        evidence.add_class()
    evidence.A += np.tril(X.T @ X)
    evidence.B += X.T @ T
    return evidence, X, T


def inertia(evidence, n, cap=np.inf):
    s = evidence.settings
    strength = s["ridge"] + min((s["ridge_n"] / n) ** s["ridge_power"], cap)
    return strength * np.trace(evidence.A) / len(evidence.A)


def relaxed(A, B, inertia, sweeps):
    """One node after another takes the weight its neighbours leave to it."""
    W = np.zeros_like(B)
    for _ in range(sweeps):
        for i in range(len(A)):
            others = A[i] @ W - A[i, i] * W[i]
            W[i] = (B[i] - others) / (A[i, i] + inertia)
    return W


@pytest.mark.parametrize("n", [60, 5])
def test_solving_is_where_relaxing_ends(n):
    evidence, X, _ = learnt()
    A = X.T @ X
    W = relaxed(A, evidence.B, inertia(evidence, n), 400)
    np.testing.assert_allclose(evidence.solve(n), W, rtol=1e-8, atol=1e-10)
    early = relaxed(A, evidence.B, inertia(evidence, n), 1)
    assert np.abs(early - W).max() > 1e-3


def test_solving_is_ridge_regression():
    evidence, X, T = learnt()
    ridge = Ridge(alpha=inertia(evidence, 60), fit_intercept=False).fit(X, T)
    np.testing.assert_allclose(evidence.solve(60), ridge.coef_.T, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("settings", [retina.SETTINGS, table.SETTINGS])
@pytest.mark.parametrize("n", [1, 60, 5000])
def test_inertia_of_the_senses(settings, n):
    evidence, X, T = learnt(settings=settings)
    alpha = inertia(evidence, n)
    expected = np.linalg.solve(X.T @ X + alpha * np.eye(12), X.T @ T)
    np.testing.assert_allclose(evidence.solve(n), expected, rtol=1e-6, atol=1e-9)
    alpha = inertia(evidence, n, settings["ridge_cap"])
    expected = np.linalg.solve(X.T @ X + alpha * np.eye(12), X.T @ T)
    np.testing.assert_allclose(evidence.answer(n), expected, rtol=1e-6, atol=1e-9)


def test_what_is_born_late_has_a_past_of_zeros():
    evidence, X, T = learnt()
    before = evidence.solve(60)
    evidence.add_class()
    assert (evidence.solve(60)[:, 3] == 0).all()
    evidence.add_feature()
    assert evidence.A.shape == (13, 13)
    assert (evidence.B[12] == 0).all()
    alpha = inertia(evidence, 60)
    expected = np.linalg.solve(X.T @ X + alpha * np.eye(12), X.T @ T)
    np.testing.assert_allclose(evidence.solve(60)[:12, :3], expected, rtol=1e-8)
    assert (evidence.solve(60)[12] == 0).all()
    assert before.shape == (12, 3)


def test_nothing_learnt_yet():
    evidence = Evidence(4, SETTINGS)
    evidence.add_class()
    assert (evidence.solve(0) == 0).all()


def test_times_of_solving_grow_by_their_ratio():
    n, times = 0, []
    while n < 1000:
        n = Evidence.next_solve(n)
        times.append(n)
    assert times[:6] == [4, 5, 6, 8, 10, 12]
    assert times[6:] == [int(np.ceil(1.2 * n)) for n in times[5:-1]]
