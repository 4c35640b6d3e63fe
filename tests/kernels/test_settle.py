"""Slopes against differences; what the cases of settle_strip must contain to be worth comparing."""

import numpy as np
import pytest

from growgraph.kernels import codes
from growgraph.kernels.settle import FREE, settle_strip
from growgraph.kernels.slope import slope
from tests import cases_settle
from tests.kernels import contract
from tests.kernels.contract import check_close
from tests.naive import settle as naive
from tests.naive.activation import activate

FLAT = {codes.STEP, codes.SIGN}
SMOOTH = sorted(set(codes.ACTIVATIONS.values()) - FLAT)


def points(code):
    """Arguments away from the kinks at -2, -1, 0, 1 and, of "log", from what it does not take."""
    x = np.linspace(-4, 4, 81) + 0.013
    return x[x > 0] if code == codes.LOG else x


@pytest.mark.parametrize("code", SMOOTH)
def test_slope_is_the_derivative(code):
    x, d = points(code), 1e-6
    y = [activate(code, x + s, -2.0, 1.0) for s in (-d, 0, d)]
    exact = (y[2] - y[0]) / (2 * d)
    p0, p1 = np.float32(-2), np.float32(1)
    got = [slope(code, a, b, p0, p1) for a, b in zip(x.astype(np.float32), y[1].astype(np.float32))]
    np.testing.assert_allclose(got, exact, atol=2e-5, rtol=2e-5)
    np.testing.assert_allclose(naive.slope(code, x, -2.0, 1.0), exact, atol=1e-8, rtol=1e-7)


@pytest.mark.parametrize("x", [1e13, -1e13, 88.0, -88.0])
def test_slope_far_out_is_a_number(x):
    for code in sorted(set(SMOOTH) - {codes.LOG}):
        with np.errstate(over="ignore"):
            y = np.float32(activate(code, x, -1.0, 1.0))
        assert not np.isnan(slope(code, np.float32(x), y, np.float32(-1), np.float32(1))), code


@pytest.mark.parametrize("code", sorted(FLAT))
def test_flat_activations_have_no_slope(code):
    assert slope(code, np.float32(0.5), np.float32(1), np.float32(0), np.float32(0)) == 0


def outcome(case):
    values = contract.stores_in(case())
    settle_strip(**contract.bare(values))
    return values


def test_the_case_takes_steps_back_to_its_last():
    course, n = outcome(cases_settle.steps_that_are_taken_back)["course"], 30
    kept = course.energy[1:, :n] == course.energy[:-1, :n]
    assert kept[0].any()
    assert kept[-1].any()
    assert not kept.all()
    back = course.best[:n]
    check_close("the state is the accepted one", course.tried[:n], back)


def test_columns_without_a_sample_ask_nothing():
    for case in (cases_settle.back_edges_and_means, cases_settle.a_choice_and_inputs_that_give_way):
        made = outcome(case)
        strip, count = made["strip"], made["count"]
        asked = strip.L[made["held"]], strip.L[made["anchors"]]
        assert count < strip.V.shape[1]
        assert not any(rows[:, count:].any() for rows in asked)
        assert all(rows[:, :count].any() for rows in asked if rows.size)


def test_no_step_is_taken_at_rest():
    made = outcome(cases_settle.all_rest_before_the_steps_are_over)
    assert made["course"].taken[:5].tolist() == [1] * 5
    assert not made["course"].energy.any()
    assert (made["part"] == FREE).any()
