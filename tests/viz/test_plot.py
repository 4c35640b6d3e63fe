"""plot draws every graph, on any axes, and leaves no trace elsewhere."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import growgraph
from growgraph import Graph
from growgraph.errors import GraphError
from growgraph.viz import plot
from growgraph.viz.canvas import Canvas
from growgraph.viz.scene import scene_of
from growgraph.viz.style import DARK, LIGHT


def axes(width=8, height=4.8):
    return Figure(figsize=(width, height)).add_axes((0, 0, 1, 1))


def many_kinds():
    """One node of each kind, a delayed edge, a loop, names."""
    graph = Graph()
    x = graph.add_inputs(3, names=["height", "weight", "age"])
    kinds = [k for k in growgraph.graph.KINDS if k != "input"]
    hidden = [graph.add_node(x, kind=k, p0=1.0) for k in kinds]
    y = graph.add_outputs(2, sources=hidden, weights="normal", random_state=0)
    graph.add_edge(int(y[0]), hidden[0], -1.0, delay=1)
    graph.add_edge(hidden[1], hidden[1], 0.5, delay=1)
    return graph


def grouped(classes=4):
    """A graph like a model's: many alike nodes in named groups."""
    graph = Graph()
    parts = graph.add_inputs(120)
    graph.groups["parts"] = parts
    for c in range(classes):
        aspects = graph.add_nodes(12, sources=parts, weights="normal", random_state=c)
        center = graph.add_node(parts, kind="match", activation="exp", p0=1.0)
        graph.add_outputs(1, sources=[center, *aspects], names=[f"class {c}"])
        graph.groups[f"concept/{c}"] = np.array([center, *aspects])
    return graph


GRAPHS = {
    "empty": Graph,
    "one node": lambda: Graph.layered([1, 1]).subgraph([0]),
    "no edges": lambda: Graph.from_edges(2, []),
    "kinds": many_kinds,
    "layers": lambda: Graph.layered([64, 32, 10], random_state=0),
    "random": lambda: Graph.random_dag(300, 5, random_state=0),
    "groups": grouped,
    "large": lambda: Graph.random_dag(5000, 4, random_state=0),
}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", GRAPHS)
def test_draws_and_saves(name, dark, tmp_path):
    ax = axes()
    before = dict(matplotlib.rcParams)
    assert plot(GRAPHS[name](), ax, dark=dark) is ax
    assert dict(matplotlib.rcParams) == before
    assert plt.get_fignums() == []
    for kind in ("png", "svg"):
        file = tmp_path / f"graph.{kind}"
        ax.figure.savefig(file)
        assert file.stat().st_size > 1000
    assert (ax.get_legend() is None) == (name == "empty")


def test_a_new_figure_is_made_once():
    ax = growgraph.plot(many_kinds())
    assert isinstance(ax, Axes)
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize(("width", "height"), [(2, 2), (3, 6), (16, 3)])
def test_any_size(width, height):
    ax = axes(width, height)
    plot(many_kinds(), ax)
    ax.figure.canvas.draw()


def test_a_subplot_among_others():
    figure = Figure(figsize=(9, 6), layout="constrained")
    grid = figure.subplots(2, 2)
    plot(many_kinds(), grid[0, 0])
    plot(many_kinds(), grid[1, 1], legend=False)
    figure.canvas.draw()
    assert grid[1, 1].get_legend() is None


# ---- what is drawn --------------------------------------------------------------------------
def test_alike_nodes_are_one_mark():
    scene = scene_of(grouped())
    assert scene.ids.size == 176
    assert scene.x.size == 1 + 4 * 3
    assert sorted(n for n in scene.names if n.startswith("concept")) == [
        f"concept/{c} ×12" for c in range(4)
    ]
    assert "parts ×120" in scene.names
    assert scene.count.sum() == scene.ids.size


def test_small_graphs_show_each_node():
    scene = scene_of(Graph.layered([60, 60, 30]))
    assert scene.x.size == 150
    assert not scene.crowd.any()


def test_bundles_without_groups_are_one_mark():
    scene = scene_of(Graph.layered([100, 50, 10]))
    assert sorted(scene.count.tolist()) == [1] * 10 + [50, 100]


def test_large_graphs_have_few_marks():
    scene = scene_of(Graph.random_dag(5000, 4, random_state=0))
    assert scene.x.size < 1500
    assert scene.count.sum() == 5000
    assert scene.source.size <= 3 * scene.x.size


def test_share_leaves_out_weak_edges():
    graph = Graph.from_edges(3, [(0, 3, 1.0), (1, 3, 0.4), (2, 3, -0.6)])
    assert scene_of(graph).source.size == 3
    assert scene_of(graph, share=0.5).share.tolist() == pytest.approx([0.6, 1.0])
    ax = plot(graph, axes(), share=0.5)
    assert any("at least 50%" in text.get_text() for text in ax.texts)


def test_tension_colours_nodes_and_nan_is_hollow():
    graph = Graph.layered([2, 1])
    scene = scene_of(graph, [0.0, np.nan, 4.0])
    canvas = Canvas(axes(), scene, LIGHT)
    colours = canvas.colours()
    assert colours[1].tolist() == [1, 1, 1, 1]
    assert colours[0].mean() > colours[2].mean()  # calm nodes near the ground
    dark = Canvas(axes(), scene, DARK).colours()
    assert dark[0].mean() < dark[2].mean()
    for tension in ([np.nan] * 3, [0.0] * 3):
        plot(graph, axes(), tension=tension).figure.canvas.draw()


def test_words_stand_over_nothing():
    ax = axes()
    plot(grouped(), ax)
    ax.figure.canvas.draw()
    renderer = FigureCanvasAgg(ax.figure).get_renderer()
    words = [t for t in ax.texts if "×" in t.get_text() or "class" in t.get_text()]
    boxes = [t.get_window_extent(renderer) for t in words]
    assert len(boxes) == 1 + 4 * 3 - 4  # a match node alone in its concept has no name
    scene = scene_of(grouped())
    canvas = Canvas(axes(), scene, LIGHT)
    centres = np.column_stack([canvas.px, canvas.py]) * ax.figure.dpi / 72
    for i, box in enumerate(boxes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert not any(box.contains(*centre) for centre in centres)
        assert not any(box.overlaps(other) for other in boxes[:i])


def test_marks_differ_in_grey():
    """Colours of roles differ in lightness from the ground, kinds by shape."""
    for look in (LIGHT, DARK):
        ground, *marks = (
            np.dot(matplotlib.colors.to_rgb(c), (0.2126, 0.7152, 0.0722))
            for c in (look.ground, look.input, look.hidden, look.concept, look.output)
        )
        assert all(abs(m - ground) > 0.25 for m in marks)


# ---- errors ---------------------------------------------------------------------------------
class Unfitted:
    def fit(self):
        """Nothing."""


@pytest.mark.parametrize(
    ("thing", "error", "message"),
    [
        (Unfitted(), GraphError, "Unfitted has no graph yet: call fit"),
        (Graph, TypeError, "a fitted model with graph_, got type"),
        ([1, 2], TypeError, "got list"),
        (None, TypeError, "got NoneType"),
    ],
)
def test_unknown_things(thing, error, message):
    with pytest.raises(error, match=message):
        plot(thing)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tension": [1.0]}, "tension must have one value a node"),
        ({"tension": ["a", "b", "c"]}, "tension must be numbers"),
        ({"share": 2}, "share must be in"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(ValueError, match=message):
        plot(Graph.layered([2, 1]), **options)
    assert plt.get_fignums() == []
