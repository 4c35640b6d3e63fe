"""Activations over all floats against float64: how far they err, and what NaN and infinity give."""

import numba
import numpy as np
import pytest

from growgraph.kernels import codes
from growgraph.kernels.activation import activate, activate_row
from tests.naive import activation as naive

COMPILED = not numba.config.DISABLE_JIT
STEP = 1511 if COMPILED else 4_000_037  # of the 2**32 floats, every so many; both are primes
ZERO = np.float32(0)
TINY = np.finfo(np.float32).tiny
HUGE = np.finfo(np.float32).max
NAMES = sorted(codes.ACTIVATIONS)


def row(name, x, p0=ZERO, p1=ZERO):
    out = np.array(x, np.float32)
    with np.errstate(all="ignore"):
        activate_row(codes.ACTIVATIONS[name], out, p0, p1)
    return out


@pytest.fixture(scope="module")
def floats():
    """Finite floats of both signs and every exponent, subnormal ones included."""
    x = np.arange(0, 2**32, STEP, dtype=np.uint64).astype(np.uint32).view(np.float32)
    near = np.linspace(-100, 100, 4001 if COMPILED else 401, dtype=np.float32)
    return np.concatenate([x[np.isfinite(x)], near])


def absolute_error(name, x):
    return np.abs(row(name, x) - naive.activate(codes.ACTIVATIONS[name], x)).max()


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_absolute_error(name, floats):
    assert absolute_error(name, floats) <= 4e-7


def test_exp_errs_little_wherever_the_result_is_a_normal_number(floats):
    x = floats[(floats > -87.336) & (floats < 88.722)]
    assert x.size > 1000 if COMPILED else x.size > 100
    exact = np.exp(x.astype(np.float64))
    assert np.abs(row("exp", x) / exact - 1).max() <= 4e-7
    np.testing.assert_array_equal(row("exp", [-87.5, -200, -HUGE]), 0)
    np.testing.assert_array_equal(row("exp", [88.73, 200, HUGE]), np.inf)


def test_log_errs_little(floats):
    x = floats[floats > 0]
    exact = np.log(x.astype(np.float64))
    error = np.abs(row("log", x) - exact) / np.maximum(1, np.abs(exact))
    assert error.max() <= 4e-7
    assert np.isnan(row("log", [-1.0, -TINY, -HUGE])).all()


def test_sine_errs_little_and_stays_bounded(floats):
    small = floats[np.abs(floats) < 1e6]
    assert absolute_error("sin", small) <= 4e-7
    assert np.abs(row("sin", floats)).max() <= 1


BENDS = {"elu", "gelu", "softplus", "gauss", "leaky", "hat", "inv", "cube", "square", "clip"}


@pytest.mark.parametrize("name", sorted(BENDS | {"identity", "relu", "abs", "step", "sign"}))
def test_the_others_err_by_rounding(name, floats):
    x = floats[np.abs(floats) < 1e12]
    p0, p1 = np.float32(-0.5), np.float32(2)
    exact = naive.activate(codes.ACTIVATIONS[name], x, p0, p1)
    error = np.abs(row(name, x, p0, p1) - exact)
    fits = np.abs(exact) < HUGE
    assert (error[fits] <= 1e-6 * (1 + np.abs(exact[fits]))).all()


@pytest.mark.parametrize("name", NAMES)
def test_nan_stays_nan(name):
    assert np.isnan(row(name, [np.nan, 1.0, np.nan], ZERO, np.float32(1))[::2]).all()


@pytest.mark.parametrize("name", NAMES)
def test_infinity_and_zero(name):
    x = np.array([np.inf, -np.inf, 0.0, -0.0, TINY, -TINY], np.float32)
    p0, p1 = np.float32(-0.5), np.float32(2)
    exact = naive.activate(codes.ACTIVATIONS[name], x, p0, p1).astype(np.float32)
    np.testing.assert_allclose(row(name, x, p0, p1), exact, rtol=4e-7, atol=4e-7)


@pytest.mark.parametrize("name", NAMES)
def test_one_value_and_a_row_of_them_agree(name):
    p0, p1 = np.float32(-0.5), np.float32(2)
    x = np.linspace(-4, 4, 23, dtype=np.float32)
    code = codes.ACTIVATIONS[name]
    with np.errstate(all="ignore"):
        single = np.array([activate(code, v, p0, p1) for v in x], np.float32)
    np.testing.assert_array_equal(single, row(name, x, p0, p1))


def test_an_error_would_be_seen():
    """The sweep holds the worst places: a tanh by continued fraction errs by 1e-4 and is caught."""
    v = np.linspace(-4.97, 4.97, 2001)
    s = v * v
    fraction = v * (135135 + s * (17325 + s * (378 + s))) / (
        135135 + s * (62370 + s * (3150 + 28 * s))
    )  # fmt: skip
    assert np.abs(fraction - np.tanh(v)).max() > 4e-7
