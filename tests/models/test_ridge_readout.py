"""The readout against dense refits: appended, asked what a newborn would bring, cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growgraph.models._grownet.net import Net
from growgraph.models._grownet.resonant import targets, tension
from growgraph.models._grownet.ridge_readout import RidgeReadout
from growgraph.models._grownet.scoring import cross
from tests.naive import readout as naive

LAMBDA = 1e-2


def rows(n=60, m=6, P=8, C=2, seed=0):
    """Features with a bias, candidates, targets; some of each depend on others."""
    rng = np.random.default_rng(seed)
    F = np.hstack([np.ones((n, 1)), rng.standard_normal((n, m - 1))])
    K = np.maximum(rng.standard_normal((n, P)) + 0.5 * F[:, -1:], 0)
    T = F @ rng.standard_normal((m, C)) + K @ rng.standard_normal((P, C))
    return F, K, T + 0.1 * rng.standard_normal((n, C))


def started(F, T, strength=LAMBDA, **options):
    readout = RidgeReadout(strength)
    readout.start(F, T, **options)
    return readout


def reduced(readout, F, K, T, p=None, penalty=1.0):
    products = cross(F, K, weight=p), cross(K, K, weight=p), cross(K, T, weight=p)
    return readout.reduce(*products, penalty)


def alone(readout, F, K, T, p=None):
    """How far the objective falls by each candidate, were it the only one; copies, too."""
    columns = (K[:, j : j + 1] for j in range(K.shape[1]))
    gains = (readout.choose(reduced(readout, F, k, T, p), 1, least=-1e9)[1] for k in columns)
    return np.array([gain.sum() for gain in gains])


def assert_is_a_refit(readout, F, T, p=None):
    beta, _ = naive.fit(F, T, readout.inertia, p)
    np.testing.assert_allclose(readout.beta, beta, rtol=1e-8, atol=1e-9)
    G = cross(F, F, weight=p) + np.diag(readout.inertia)
    np.testing.assert_allclose(np.tril(readout.L) @ np.tril(readout.L).T, G, rtol=1e-9, atol=1e-9)


problem = st.tuples(
    st.integers(3, 40), st.integers(1, 6), st.integers(1, 7), st.integers(1, 3), st.integers(0, 99)
)


@settings(max_examples=60, deadline=None)
@given(problem, st.booleans(), st.sampled_from([1e-4, 1e-2, 3.0]))
def test_gains_are_what_a_refit_gains(sizes, weighted, strength):
    n, m, P, C, seed = sizes
    F, K, T = rows(n, m, P, C, seed)
    p = np.random.default_rng(seed).uniform(0.1, 2, n) if weighted else None
    readout = started(F, T, strength, weight=p)
    assert readout.n == pytest.approx(n if p is None else p.sum())
    gains = alone(readout, F, K, T, p)
    before = naive.fit(F, T, readout.inertia, p)[1]
    for j in range(P):
        ridge = np.append(readout.inertia, strength * readout.n)
        after = naive.fit(np.hstack([F, K[:, j : j + 1]]), T, ridge, p)[1]
        assert gains[j] == pytest.approx(before - after, rel=1e-8, abs=1e-10 * before)


def test_gains_are_exact_for_a_readout_that_is_not_solved():
    F, K, T = rows()
    readout = started(F, T)
    readout.retarget(cross(F, T + 1.0))
    new = reduced(readout, F, K, T + 1.0)
    solved = started(F, T + 1.0)
    expected = alone(solved, F, K, T + 1.0)
    np.testing.assert_allclose(alone(readout, F, K, T + 1.0), expected, rtol=1e-9)
    residual = K.T @ (T + 1.0 - F @ solved.beta)
    np.testing.assert_allclose(new.c, residual, rtol=1e-9, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(problem, st.booleans())
def test_chosen_together_they_bring_the_sum_of_their_gains(sizes, weighted):
    n, m, P, C, seed = sizes
    F, K, T = rows(n, m, P, C, seed)
    p = np.random.default_rng(seed).uniform(0.1, 2, n) if weighted else None
    readout = started(F, T, weight=p)
    new = reduced(readout, F, K, T, p)
    before = naive.fit(F, T, readout.inertia, p)[1]
    each, (chosen, gains) = alone(readout, F, K, T, p), readout.choose(new, P, least=0)
    assert len(set(chosen.tolist())) == len(chosen)
    taken = readout.append(new, chosen)
    assert taken.all()
    whole = np.hstack([F, K[:, chosen]])
    assert_is_a_refit(readout, whole, T, p)
    after = naive.fit(whole, T, readout.inertia, p)[1]
    assert gains.sum() == pytest.approx(before - after, rel=1e-8, abs=1e-10 * before)
    np.testing.assert_allclose(gains[:1], each[chosen].max(initial=0, keepdims=True)[: len(gains)])


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_a_copy_of_an_elder_or_of_a_chosen_one_is_passed_over(scale):
    F, K, T = rows()
    F, K = np.hstack([F, K[:, :1]]), scale * K
    K[:, 3], K[:, 5] = 2 * K[:, 2], 0
    readout = started(F, T, 1e-3, penalty=np.r_[0, np.ones(6)])
    new = reduced(readout, F, K, T, penalty=scale**2)
    chosen, gains = readout.choose(new, 8)
    assert set(chosen) == {1, 2, 4, 6, 7} or set(chosen) == {1, 3, 4, 6, 7}
    assert (gains > 0).all()


def test_a_newborn_is_measured_about_its_mean():
    F, K, T = rows()
    readout = started(F, T)
    expected = readout.choose(reduced(readout, F, K, T), 8)
    far = readout.choose(reduced(readout, F, K + 1e3, T), 8)
    np.testing.assert_array_equal(expected[0], far[0])
    np.testing.assert_allclose(expected[1], far[1], rtol=1e-4)


def test_appending_twice_is_appending_once():
    F, K, T = rows()
    once, twice = started(F, T), started(F, T)
    once.append(reduced(once, F, K, T), np.arange(5))
    twice.append(reduced(twice, F, K, T), [0, 1])
    twice.append(reduced(twice, np.hstack([F, K[:, :2]]), K, T), [2, 3, 4])
    np.testing.assert_allclose(once.beta, twice.beta, rtol=1e-10)
    assert_is_a_refit(twice, np.hstack([F, K[:, :5]]), T)


@pytest.mark.parametrize("copied", [0.0, 3e-6])
def test_what_rounding_cannot_tell_from_elders_is_refused(copied):
    F, K, T = rows()
    K[:, 1], K[:, 4] = F[:, 1] + F[:, 2], K[:, 0]
    K[:, [1, 4]] += copied * np.random.default_rng(1).standard_normal((60, 2))
    readout = started(F, T, 0.0)
    taken = readout.append(reduced(readout, F, K, T), np.arange(6))
    assert taken.tolist() == [True, False, True, True, False, True]
    beta = np.linalg.lstsq(np.hstack([F, K[:, [0, 2, 3, 5]]]), T, rcond=None)[0]
    np.testing.assert_allclose(readout.beta, beta, rtol=1e-7, atol=1e-9)
    assert readout.jitter == 0


def test_help_for_a_singular_matrix_is_told():
    F, _, T = rows()
    with pytest.warns(RuntimeWarning, match="all but dependent"):
        readout = started(np.hstack([F, -F]), T, 0.0)
    assert readout.jitter > 0
    np.testing.assert_allclose(np.hstack([F, -F]) @ readout.beta, F @ np.linalg.lstsq(F, T)[0],
                               atol=1e-4)  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
def test_removal_costs_what_refits_say(seed):
    F, K, T = rows(seed=seed)
    whole, keep = np.hstack([F, K]), np.arange(14) < 2
    readout = started(whole, T)
    before = readout.beta.copy()
    order, costs = readout.prune_order(keep)
    expected = naive.cheapest(whole, T, readout.inertia, keep)
    assert order.tolist() == expected[0]
    np.testing.assert_allclose(costs, expected[1], rtol=1e-7)
    assert readout.prune_order(keep, count=2)[0].tolist() == order[:2].tolist()
    np.testing.assert_array_equal(readout.beta, before)
    readout.drop(order[:4])
    assert_is_a_refit(readout, np.delete(whole, order[:4], 1), T)


def test_rows_are_added():
    F, _, T = rows()
    readout = started(F[:40], T[:40])
    readout.add(F[40:], T[40:])
    readout.solve()
    assert readout.n == 60
    assert_is_a_refit(readout, F, T)


def test_lambda_can_be_changed():
    F, _, T = rows()
    readout = started(F, T, 0.3)
    readout.restrain(LAMBDA)
    readout.solve()
    np.testing.assert_array_equal(readout.beta, started(F, T).beta)


def test_products_do_not_depend_on_where_rows_are_cut():
    rng = np.random.default_rng(0)
    F, K = (rng.standard_normal((9000, k)).astype(np.float32) for k in (3, 2))
    p = rng.uniform(size=9000)
    np.testing.assert_allclose(cross(F, K), F.astype(float).T @ K.astype(float), rtol=1e-12)
    expected = (F * p[:, None]).T @ K.astype(float)
    np.testing.assert_allclose(cross(F, K, weight=p), expected, rtol=1e-12)
    assert cross(F, F).flags.f_contiguous


@pytest.mark.parametrize("weighted", [False, True])
def test_large_products_lose_little(weighted):
    rng = np.random.default_rng(0)
    F, K = (2 + rng.standard_normal((3000, k)).astype(np.float32) for k in (120, 100))
    p = rng.uniform(size=3000) if weighted else None
    exact = cross(F.astype(float), K.astype(float), weight=p)
    size = np.sqrt(np.outer((F.astype(float) ** 2).sum(0), (K.astype(float) ** 2).sum(0)))
    off = np.abs(cross(F, K, weight=p) - exact) / size
    assert 0 < off.max() < 5e-7


# ---- resonant targets ---------------------------------------------------------------------------
def classes(n=120, m=8, C=3, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, m - 1))
    label = (X[:, :C] + 0.7 * rng.standard_normal((n, C))).argmax(1)
    signs = np.where(np.arange(C) == label[:, None], 1.0, -1.0)
    return np.hstack([np.ones((n, 1)), X]).astype(dtype), signs.astype(dtype)


def test_targets_are_where_an_answer_would_be_enough():
    out, signs = (
        np.array([[0.5, 2.0, -3.0], [-0.5, 1.5, 0.0]]),
        np.array([[1, 1, -1], [-1, -1, 1.0]]),
    )
    np.testing.assert_array_equal(targets(out, signs), [[1, 2, -3], [-1, -1, 1]])
    np.testing.assert_array_equal(tension(out, signs), [[0.5, 0, 0], [-0.5, -2.5, 1]])


@pytest.mark.parametrize("seed", range(3))
def test_resonating_ends_at_the_least_squared_hinge(seed):
    F, signs = classes(seed=seed)
    options = {"classes": True, "readout": "refit", "placement": "tension", "directions": "data",
               "depth": True}  # fmt: skip
    net = Net(F[:, 1:], signs, options, np.random.default_rng(seed))
    net.refresh(1e-2, 1)
    beta, said = net.solved(1e-2, 300)
    np.testing.assert_allclose(said, F @ beta)
    inertia = net.readout(1e-2).inertia
    least = naive.least_hinge(F, signs, inertia)
    assert naive.hinge(F, signs, inertia, beta) == pytest.approx(least, rel=1e-7)
    few, _ = net.solved(1e-2, 1)
    assert naive.hinge(F, signs, inertia, few) > 1.001 * least
