"""Knots against a fit for each of them: ties, few samples, copies, far scales, many targets."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growgraph.models._grownet.scoring import KINDS, best_knots
from tests.naive import knot as naive

draws = st.fixed_dictionaries(
    {
        "n": st.integers(1, 30),
        "C": st.integers(1, 3),
        "seed": st.integers(0, 10**6),
        "values": st.sampled_from([1, 2, 3, 7, 10**6]),  # so many different z: ties
        "scale": st.sampled_from([1e-30, 1e-3, 1.0, 1e30]),
        "shift": st.sampled_from([0.0, -1.0, 1e3]),
        "lift": st.sampled_from([0.0, 1e6]),  # of the residual, which has no mean then
        "weighted": st.booleans(),
        "gated": st.booleans(),
        "least": st.integers(1, 4),
    }
)


def problem(n, C, seed, values, scale, shift, lift, weighted, **_):
    rng = np.random.default_rng(seed)
    z = (rng.integers(0, values, n) / values + shift) * scale
    R = rng.standard_normal((n, C)) + np.outer(rng.integers(0, 2, n), np.ones(C)) + lift
    return z.astype(np.float32)[None], R, rng.uniform(0.1, 3, n) if weighted else None


def gates_of(n, seed, gated, **_):
    """Some of them 0, some negative; or none."""
    gates = np.random.default_rng(seed).integers(-3, 6, (1, n)).astype(np.float32)
    return gates if gated else None


@settings(max_examples=150, deadline=None)
@given(draws)
def test_the_best_knot_is_the_best_of_all_fits(drawn):
    Z, R, p = problem(**drawn)
    gates = gates_of(**drawn)
    knots, scores = best_knots(Z, R, gates=gates, least=drawn["least"], weight=p)
    g = 1.0 if gates is None else gates[0].astype(float)
    weight = np.ones(len(R)) if p is None else p
    z = Z[0].astype(np.float64)
    level = (weight[:, None] * (R - np.average(R, 0, weight)) ** 2).sum()
    close = 1e-8 * level + 1e-6 * (drawn["lift"] > 0)
    for kind, t, score in zip(KINDS, knots[0], scores[0]):
        every = [
            naive.drop(g * naive.shape(kind, z, t), R, weight)
            for t in naive.knots_of(kind, z, drawn["least"])
        ]
        if score == -1 and every:  # a constant, as |z - t| of two values, or 0
            assert max(every) < close
            continue
        if not every:
            assert (score, t) == (-1, 0)
            continue
        assert score == pytest.approx(max(every), rel=1e-6, abs=close)
        own = naive.drop(g * naive.shape(kind, z, t), R, weight)
        assert own == pytest.approx(score, rel=1e-6, abs=close)


@settings(max_examples=40, deadline=None)
@given(draws)
def test_enough_samples_are_on_either_side(drawn):
    Z, R, p = problem(**drawn)
    knots, scores = best_knots(Z, R, least=drawn["least"], weight=p)
    z = Z[0]
    for kind, t, score in zip(KINDS, knots[0].astype(np.float32), scores[0]):
        below = (z < t).sum() if kind in ("left", "abs") else (z <= t).sum()
        above = (z >= t).sum() if kind == "left" else (z > t).sum()
        assert score == -1 or min(below, above) >= drawn["least"]


def test_what_was_planted_is_found():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((4, 200)).astype(np.float32)
    v = np.sort(z, axis=1).astype(np.float64)
    planted = [v[0, 50], v[1, 90], (v[2, 120] + v[2, 121]) / 2, v[3, 70]]
    for k, kind in enumerate(KINDS):
        R = 3 - 2 * naive.shape(kind, z[k].astype(float), planted[k])[:, None]
        knots, scores = best_knots(z, R)
        assert np.unravel_index(scores.argmax(), scores.shape) == (k, k)
        assert knots[k, k] == pytest.approx(planted[k])
        assert scores[k, k] == pytest.approx(((R - R.mean()) ** 2).sum(), rel=1e-9)


@pytest.mark.parametrize("low", [1.0, np.nextafter(np.float32(1), np.float32(2))])
def test_neighbours_in_float32_are_told_apart(low):
    """Half of their sum is rounded to the one or to the other."""
    low = np.float32(low)
    high = np.nextafter(low, np.float32(2))
    z = np.repeat(np.array([low, high]), 5)[None]
    R = np.repeat([0.0, 1.0], 5)[:, None]
    knots, scores = best_knots(z, R)
    assert ((z[0] > np.float32(knots[0, 2])) == (R[:, 0] > 0)).all()
    assert scores[0, 2] == pytest.approx(2.5)


def test_a_far_cluster_is_seen_in_full():
    """Prefix sums of z and z^2 lose all digits here."""
    z = np.r_[np.linspace(0, 1, 50), 1e6 + np.linspace(0, 2, 50)].astype(np.float32)
    R = naive.shape("right", z.astype(float), float(z[80]))[:, None]
    knots, scores = best_knots(z[None], R)
    assert knots[0, 0] == z[80]
    assert scores[0, 0] == pytest.approx(((R - R.mean()) ** 2).sum(), rel=1e-10)


def test_a_weight_is_so_many_copies():
    Z, R, _ = problem(25, 2, 3, 10**6, 1.0, 0.0, 0.0, False)
    times = np.random.default_rng(1).integers(1, 4, 25)
    copies = np.repeat(np.arange(25), times)
    knots, scores = best_knots(Z, R, least=1, weight=times)
    again = best_knots(Z[:, copies], R[copies], least=1)
    np.testing.assert_allclose(scores, again[1], rtol=1e-10)
    np.testing.assert_array_equal(knots, again[0])


def test_values_that_rounding_alone_tells_apart_are_one():
    """Chains of them, too; the knots are those of values that tie."""
    rng = np.random.default_rng(0)
    own = rng.integers(0, 6, (2, 60)).astype(np.float32)
    near = own + rng.integers(0, 4, (2, 60)) * np.float32(1e-6)
    R = rng.standard_normal((60, 2))
    slack = np.full(2, 2e-6)
    knots, scores = best_knots(near, R, slack=slack)
    expected = best_knots(own, R)
    np.testing.assert_allclose(knots, expected[0], atol=4e-6)
    np.testing.assert_allclose(scores, expected[1], rtol=1e-5)
    assert (best_knots(near, R)[1] > scores + 1e-3).any()
    assert (best_knots(near, R, slack=0 * slack)[1] == best_knots(near, R)[1]).all()
