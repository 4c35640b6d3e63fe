"""Every public picture of what is odd: a picture, or one clear error."""

import io
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from growgraph import Graph, GrowNet, ResoNet, ResoNetClusterer, SelfCriticNet
from growgraph.errors import GraphError
from growgraph.viz import (
    LiveGrowth,
    animate,
    plot,
    plot_doubt,
    plot_futures,
    plot_growth,
    plot_rings,
    plot_tension,
)


def empty():
    return Graph()


def empty_recording():
    graph = Graph()
    graph.record()
    return graph


def one_node():
    graph = empty_recording()
    graph.add_inputs(1)
    return graph


def one_output():
    graph = empty_recording()
    graph.add_outputs(1)
    return graph


def all_gone():
    graph = empty_recording()
    x = graph.add_inputs(2)
    node = graph.add_node(x)
    graph.remove_node(node)
    return graph


def model_of_one_row():
    return ResoNet(random_state=0).fit([[1.0]], ["only"])


def drawn(axes):
    """The axes can be saved, whatever they show."""
    first = axes[0] if isinstance(axes, list) else axes
    for kind in ("png", "svg"):
        first.figure.savefig(io.BytesIO(), format=kind)


PICTURES = {
    "plot": plot,
    "plot_growth": plot_growth,
    "plot_rings": plot_rings,
    "plot_tension": plot_tension,
}
NEED_A_LOG = {"plot_growth", "plot_rings", "plot_tension"}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    "make", [empty, empty_recording, one_node, one_output, all_gone, model_of_one_row]
)
@pytest.mark.parametrize("name", PICTURES)
def test_little_or_nothing_is_drawn(name, make, dark):
    thing = make()
    if make is empty and name in NEED_A_LOG:
        with pytest.raises(GraphError, match=r"call graph\.record\(\) before it grows"):
            PICTURES[name](thing, dark=dark)
        assert plt.get_fignums() == []
        return
    drawn(PICTURES[name](thing, dark=dark))


@pytest.mark.parametrize(
    "make", [empty, empty_recording, one_node, one_output, all_gone, model_of_one_row]
)
def test_little_or_nothing_is_played(make):
    assert animate(make())._repr_mimebundle_()["image/png"]


@pytest.mark.parametrize("name", sorted(NEED_A_LOG))
def test_without_a_log_the_error_says_what_to_do(name):
    with pytest.raises(GraphError, match=r"call graph\.record\(\) before it grows"):
        PICTURES[name](Graph.layered([2, 2, 1]))
    assert plt.get_fignums() == []


@pytest.mark.parametrize("name", [*PICTURES, "animate"])
@pytest.mark.parametrize("model", [ResoNet, GrowNet, ResoNetClusterer, SelfCriticNet])
def test_a_model_that_was_not_fitted(name, model):
    with pytest.raises(GraphError, match=r"has no graph yet: call fit or partial_fit first"):
        (PICTURES | {"animate": animate})[name](model())
    assert plt.get_fignums() == []


@pytest.mark.parametrize("thing", [None, 3, "model.npz", np.zeros((3, 3)), ResoNet, {}])
@pytest.mark.parametrize("name", [*PICTURES, "animate"])
def test_what_has_no_graph(name, thing):
    with pytest.raises(TypeError, match="expected a Graph, a GrowthLog or a fitted model"):
        (PICTURES | {"animate": animate})[name](thing)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("felt", [np.nan, np.inf, -np.inf, 0.0])
def test_a_tension_that_is_no_number_or_the_same_everywhere(felt):
    graph = Graph.layered([2, 3, 1])
    drawn(plot(graph, tension=np.full(6, felt)))
    assert animate(graph, tension=np.full(6, felt)).html


@pytest.mark.parametrize("draw", [plot, animate])
@pytest.mark.parametrize("tension", [np.zeros(3), np.zeros((6, 1)), "high", [None, "a"]])
def test_a_tension_of_another_shape_or_kind(draw, tension):
    with pytest.raises(ValueError, match="tension must"):
        draw(Graph.layered([2, 3, 1]), tension=tension)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("place", ["x", 3, plt])
@pytest.mark.parametrize("name", PICTURES)
def test_no_place_to_draw_on(name, place):
    option = "ax" if name in ("plot", "plot_rings") else "figure"
    with pytest.raises(TypeError, match=f"{option} must be .* or None, got {type(place).__name__}"):
        PICTURES[name](one_output(), **{option: place})
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("draw", "wrong", "right"),
    [(plot, "figure", "ax"), (plot_rings, "figure", "ax"), (plot_futures, "figure", "ax"),
     (plot_growth, "ax", "figure"), (plot_tension, "ax", "figure"), (plot_doubt, "ax", "figure")],
)  # fmt: skip
def test_the_right_place_is_named_where_the_other_is_given(draw, wrong, right):
    """And what the error gives as an example is a place that is taken."""
    figure = Figure()
    place = figure.add_subplot() if wrong == "ax" else figure
    with pytest.raises(TypeError, match=f"{draw.__name__} .* give it {right}=") as error:
        draw(Graph(), **{wrong: place})
    examples = re.findall(rf"{right}=((?:plt|figure)\S+(?: \S+\])?)(?:, or|$)", str(error.value))
    assert len(examples) == 2
    graph = Graph()
    graph.record()
    taker = plot if right == "ax" else plot_growth
    for example in examples:
        taker(graph, **{right: eval(example, {"plt": plt, "figure": Figure()})})


@pytest.mark.parametrize("name", ["x.mp4", "x.PNG", "x.gif", "x.pdf"])
def test_a_player_is_a_page(tmp_path, name):
    with pytest.raises(ValueError, match=r"path must end with \.html, got .*savefig\(path\)"):
        animate(one_output()).save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []
    animate(one_output()).save(tmp_path / "x.v2")
    assert (tmp_path / "x.v2").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("thing", [None, 3, "told", Graph(), {"data": {}}])
def test_no_explanation_is_no_doubt(thing):
    with pytest.raises(TypeError, match="told"):
        plot_doubt(thing)
    assert plt.get_fignums() == []


def test_live_growth_of_a_model_that_was_not_fitted():
    with pytest.raises(GraphError, match="call fit or partial_fit first"):
        LiveGrowth().picture(ResoNet())
    with pytest.raises(TypeError, match="expected a Graph"):
        LiveGrowth().picture(3)


@pytest.mark.parametrize("name", PICTURES)
def test_on_a_place_of_ones_own_nothing_else_is_opened(name):
    figure = Figure(figsize=(8, 5))
    place = figure if name in ("plot_growth", "plot_tension") else figure.add_subplot()
    axes = PICTURES[name](model_of_one_row(), **{
        "figure" if place is figure else "ax": place})  # fmt: skip
    first = axes[0] if isinstance(axes, list) else axes
    assert first.figure is figure
    assert plt.get_fignums() == []
