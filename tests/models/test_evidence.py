"""The readout is the fixed point of a local relaxation, which is ridge regression."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from growgraph.kernels import evidence as kernels
from growgraph.models._resonet.evidence import Evidence
from growgraph.senses import retina, table
from tests.naive.evidence import kept

SETTINGS = {"ridge": 0.01, "ridge_n": 10.0, "ridge_power": 1.0, "ridge_cap": np.inf}
HELD = 60 % kernels.BLOCK


def learnt(n=60, features=12, settings=SETTINGS):
    """Sums of n samples with the last ones held, and the samples."""
    rng = np.random.default_rng(0)
    X, T = rng.standard_normal((n, features)).astype(np.float32), np.eye(3)[rng.integers(0, 3, n)]
    evidence = Evidence(features, settings)
    for _ in range(3):
        evidence.add_class()
    add(evidence, X, T, 0)
    return evidence, X.astype(np.float64), T


def add(evidence, X, T, held):
    """Hold samples and add whole blocks, as learning does; how many are held then."""
    evidence.B += X.T.astype(np.float64) @ T
    for x in X:
        evidence.held[held, : x.size] = x
        held += 1
        if held == kernels.BLOCK:
            kernels.add_block(evidence.A, evidence.lost, evidence.held)
            held = 0
    return held


def inertia(evidence, n, cap=np.inf):
    s = evidence.settings
    strength = s["ridge"] + min((s["ridge_n"] / n) ** s["ridge_power"], cap)
    A = evidence.coincidences(HELD)
    return strength * np.trace(A) / len(A)


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
    np.testing.assert_allclose(evidence.solve(n, HELD), W, rtol=1e-5, atol=1e-7)
    early = relaxed(A, evidence.B, inertia(evidence, n), 1)
    assert np.abs(early - W).max() > 1e-3


def test_solving_is_ridge_regression():
    evidence, X, T = learnt()
    ridge = Ridge(alpha=inertia(evidence, 60), fit_intercept=False).fit(X, T)
    np.testing.assert_allclose(evidence.solve(60, HELD), ridge.coef_.T, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("settings", [retina.SETTINGS, table.SETTINGS])
@pytest.mark.parametrize("n", [1, 60, 5000])
def test_inertia_of_the_senses(settings, n):
    evidence, X, T = learnt(settings=settings | {"exact": np.inf})
    alpha = inertia(evidence, n)
    expected = np.linalg.solve(X.T @ X + alpha * np.eye(12), X.T @ T)
    np.testing.assert_allclose(evidence.solve(n, HELD), expected, rtol=1e-5, atol=1e-7)
    alpha = inertia(evidence, n, settings["ridge_cap"])
    expected = np.linalg.solve(X.T @ X + alpha * np.eye(12), X.T @ T)
    np.testing.assert_allclose(evidence.answer(n, HELD), expected, rtol=1e-5, atol=1e-7)


def test_what_is_born_late_has_a_past_of_zeros():
    evidence, X, T = learnt()
    before = evidence.solve(60, HELD)
    evidence.add_class()
    assert (evidence.solve(60, HELD)[:, 3] == 0).all()
    evidence.add_feature()
    assert evidence.coincidences(HELD).shape == (13, 13)
    assert (evidence.B[12] == 0).all()
    alpha = inertia(evidence, 60)
    expected = np.linalg.solve(X.T @ X + alpha * np.eye(12), X.T @ T)
    np.testing.assert_allclose(evidence.solve(60, HELD)[:12, :3], expected, rtol=1e-5)
    assert (evidence.solve(60, HELD)[12] == 0).all()
    assert before.shape == (12, 3)


def test_nothing_learnt_yet():
    evidence = Evidence(4, SETTINGS)
    evidence.add_class()
    assert (evidence.solve(0, 0) == 0).all()


@pytest.mark.parametrize("features", [1, 16, 17, 40])
def test_coincidences_of_whole_blocks_and_of_samples_held(features):
    evidence, X, _ = learnt(70, features)
    before = evidence.A.copy(), evidence.held.copy()
    A = evidence.coincidences(70 % kernels.BLOCK)
    np.testing.assert_allclose(np.tril(A), np.tril(X.T @ X), rtol=1e-5, atol=1e-5)
    whole = X[: 70 // kernels.BLOCK * kernels.BLOCK]
    size = evidence.held.shape[1]
    np.testing.assert_allclose(
        np.tril(kept(evidence.A, size)[:features, :features]), np.tril(whole.T @ whole), atol=1e-4
    )
    assert before[0].tobytes() == evidence.A.tobytes()  # asked, not moved
    assert before[1].tobytes() == evidence.held.tobytes()


def test_features_beyond_a_tile_are_born_where_they_belong():
    evidence, X, _ = learnt(70, 15)
    held = 70 % kernels.BLOCK
    for _ in range(3):
        evidence.add_feature()
    assert evidence.fits(18)
    more = np.random.default_rng(1).standard_normal((40, 18)).astype(np.float32)
    held = add(evidence, more, np.eye(3)[np.zeros(40, int)], held)
    X = np.vstack([np.pad(X, ((0, 0), (0, 3))), more])
    A = np.tril(evidence.coincidences(held))
    np.testing.assert_allclose(A, np.tril(X.T @ X), rtol=1e-5, atol=1e-5)


def test_weight_is_given_to_sums_and_samples_held():
    evidence, _, _ = learnt()
    A, B = evidence.coincidences(HELD), evidence.B.copy()
    evidence.weigh(2.5)
    np.testing.assert_allclose(evidence.coincidences(HELD), 2.5 * A, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(evidence.B, 2.5 * B)


@pytest.mark.parametrize(("compensated", "error"), [(True, 1e-6), (False, 3e-3)])
def test_sums_of_many_equal_samples(compensated, error):
    """Three million samples whose rounding errors all go one way."""
    rng = np.random.default_rng(0)
    X = (rng.standard_normal((kernels.BLOCK, 16)) + 1).astype(np.float32)
    evidence, blocks = Evidence(16, SETTINGS | {"compensated": compensated}), 100_000
    for _ in range(blocks):
        kernels.add_block(evidence.A, evidence.lost, X)
    A, exact = np.tril(evidence.coincidences(0)), blocks * np.tril(X.T.astype(float) @ X)
    off = np.abs(A - exact).max() / np.abs(exact).max()
    assert error / 100 < off < error
    assert np.isfinite(evidence.solve(32 * blocks, 0)).all()


def test_a_matrix_that_rounding_made_indefinite_is_solved_with_more_inertia():
    evidence, _, _ = learnt()
    evidence.A[1] = evidence.A[16] = 2 * max(evidence.A[0], evidence.A[17])
    with pytest.raises(np.linalg.LinAlgError):
        np.linalg.cholesky(_whole(evidence.coincidences(HELD)))
    assert np.isfinite(evidence.solve(60, HELD)).all()


def _whole(A):
    return np.tril(A) + np.tril(A, -1).T


def test_the_gate_in_single_precision_is_close():
    evidence, _, _ = learnt(settings=retina.SETTINGS)
    evidence.solve_gate(60, HELD)
    np.testing.assert_allclose(evidence.W, evidence.solve(60, HELD), rtol=1e-3, atol=1e-5)


def test_times_of_solving_grow_by_their_ratio():
    evidence, n, times = Evidence(4, SETTINGS), 0, []
    while n < 1000:
        n = evidence.next_solve(n)
        times.append(n)
    assert times[:6] == [4, 5, 6, 8, 10, 12]
    assert times[6:] == [int(np.ceil(1.2 * n)) for n in times[5:-1]]


def test_from_many_samples_on_the_gates_readout_answers():
    evidence, _, _ = learnt(settings=table.SETTINGS)
    limit = table.SETTINGS["exact"]
    evidence.solve_gate(limit, HELD)
    evidence.W += 1
    assert np.abs(evidence.answer(limit, HELD) - evidence.W).min() > 0.5
    assert evidence.answer(limit + 1, HELD) is evidence.W
