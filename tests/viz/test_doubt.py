"""plot_doubt draws what an explanation says of the input and of the rival expectations."""

import functools

import numpy as np
import pytest
from matplotlib.figure import Figure

from growgraph import SelfCriticNet
from growgraph.errors import DataError
from growgraph.viz import plot_doubt
from tests.models.material import SHAPE, digits


@functools.cache
def model():
    X, y, _, _ = digits()
    return SelfCriticNet(image_shape=SHAPE, held_out=0.3).fit(X[:200], y[:200])


def test_the_panels_hold_the_picture():
    told = model().explain(digits()[0][200])
    axes = plot_doubt(told)
    picture = told.data["picture"]
    for drawn, name in zip(axes, ("seen", "tension", "expected", "rival"), strict=True):
        np.testing.assert_array_equal(drawn.images[0].get_array(), picture[name])
    titles = [drawn.get_title() for drawn in axes]
    assert titles[2:] == [f"expected of {told.data['answer']}", f"expected of {told.data['rival']}"]
    low, high = axes[1].images[0].get_clim()
    assert low == -high  # no tension is white
    assert f"{told.data['confidence']:.2f}" in axes[0].figure.get_suptitle()


def test_on_a_figure_of_ones_own_a_row_of_a_table():
    X = np.random.default_rng(0).normal(size=(200, 3))
    told = SelfCriticNet(held_out=0.3).fit(X, X[:, 0] > 0).explain(X[0])
    figure = Figure()
    axes = plot_doubt(told, figure, dark=True)
    assert axes[0].figure is figure
    assert axes[0].images[0].get_array().shape == (1, 3)


def test_what_has_no_picture_is_refused():
    with pytest.raises(TypeError, match="told must be what explain"):
        plot_doubt(3)
    young = SelfCriticNet(held_out=0).fit([[0.0], [1.0]] * 10, [0, 1] * 10)
    with pytest.raises(DataError, match="told has no picture"):
        plot_doubt(young.explain([0.0]))
