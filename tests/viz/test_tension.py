"""plot_tension draws what the log says of births, and what the model says of itself."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.errors import GraphError
from growgraph.growth import NewNode, Proposal
from growgraph.viz import plot_tension
from growgraph.viz.tension import births_of

X = np.random.default_rng(0).uniform(-1, 1, (40, 2))
Y = np.where(X[:, 0] > 0, "right", "left")
ROWS, BEFORE, AFTER, END = (3, 17, 3), (0.9, 0.5, 0.25), (0.4, 0.6, 0.2), (0.1, 0.2, 0.3)


def grown(columns=2):
    """A graph with three units; the second is two nodes, and something else grew between."""
    graph, controller = Graph(), GrowthController()
    x = graph.add_inputs(columns)
    out = int(graph.add_outputs(1, sources=x)[0])
    graph.record()
    for i, row in enumerate(ROWS):
        fold = (NewNode(tuple(x.tolist()), (1.0,) * columns, activation="abs"),) if i == 1 else ()
        sources = (-1,) if fold else tuple(x.tolist())
        unit = NewNode(sources, (1.0,) * len(sources), activation="clip", p1=2.0)
        nodes = (*fold, unit)
        first = GrowthLog(graph).end
        controller.grow(
            graph, Proposal(0.5, nodes, ((-len(nodes), out, 0.1),)), rule="Rehearsal",
            cause="lasting tension", node=out, tension=BEFORE[i], sample=row,
        )  # fmt: skip
        told = {"after": AFTER[i], "realised": END[i], "paid_off": END[i] < 0.9 * BEFORE[i]}
        controller.tell(graph, first, GrowthLog(graph).end, **told)
        other = Proposal(0.0, (NewNode(tuple(x.tolist()), (0.0,) * columns),))
        controller.grow(graph, other, rule="Other", cause="a whim", tension=9.0, sample=1)
    return graph


class Model:
    """What the picture knows of a classifier."""

    nets = 1
    classes_ = np.array(["left", "right"])
    growth_curve_ = np.array([(0, 0.8), (2, 0.5), (3, 0.4), (6, 0.6)])

    def __init__(self, columns=2):
        self.graph_ = grown(columns)

    def predict(self, rows):
        return self.classes_[(rows[:, 0] > 0).astype(int)]


class Numbers(Model):
    classes_ = None

    def predict(self, rows):
        return 2 * rows[:, 0]


def dots(ax):
    """Places and tension of the births drawn."""
    (found,) = [c for c in ax.collections if c.get_array() is not None and c.get_zorder() == 4]
    return np.asarray(found.get_offsets()), np.asarray(found.get_array())


def words(ax):
    return [text.get_text() for text in ax.texts]


def test_a_birth_is_the_last_node_of_a_unit():
    graph = grown()
    births = births_of(GrowthLog(graph))
    assert births["sample"].tolist() == list(ROWS)
    assert births["tension"] == pytest.approx(BEFORE)
    assert [graph.node(int(n))["activation"] for n in births["node"]] == ["clip"] * 3


@pytest.mark.parametrize("folded", [0, 4, 99])
def test_what_was_folded_away_is_told_still(folded):
    graph = grown()
    whole = births_of(GrowthLog(graph)).tolist()
    GrowthLog(graph).fold(folded)
    found = births_of(GrowthLog(graph)).tolist()
    assert [row[:2] + row[3:4] + row[5:] for row in found] == [
        row[:2] + row[3:4] + row[5:] for row in whole
    ]


def test_births_stand_where_the_log_says():
    where, course, held = plot_tension(Model(), X, Y)
    places, tension = dots(where)
    over = [2, 0, 1]  # those with a number lie on top
    assert places == pytest.approx(X[np.array(ROWS)[over]])
    assert tension == pytest.approx(np.array(BEFORE)[over])
    assert words(where) == ["1", "2"]  # no number on another: the third stands on the first
    places, _ = dots(course)
    assert places == pytest.approx(np.column_stack([[1, 2, 3], BEFORE]))
    lines = {line.get_label(): line for line in course.lines}
    assert lines["at once after"].get_ydata() == pytest.approx(AFTER)
    assert lines["in the end"].get_ydata() == pytest.approx(END)
    assert course.get_title(loc="left") == "tension where they were born; it fell for good at 67%"
    assert course.get_ylim()[1] > 0.9
    assert held.lines[0].get_ydata() == pytest.approx([0.8, 0.5, 0.4, 0.6])


def test_the_point_it_was_cut_back_to():
    *_, held = plot_tension(Model(), X, Y)
    assert held.lines[1].get_xydata()[0] == pytest.approx([3, 0.4])
    assert words(held) == ["3 kept"]
    model = Model()
    model.nets = 3
    *_, held = plot_tension(model)
    assert held.lines[1].get_xydata()[0] == pytest.approx([1, 0.65])
    model = Model()
    model.graph_.remove_node(int(births_of(GrowthLog(model.graph_))["node"][-1]))
    *_, held = plot_tension(model)
    assert words(held) == ["2 kept"]  # what was taken back is not kept


def test_the_answers_are_those_of_the_model():
    where = plot_tension(Model(), X, Y)[0]
    (image,) = where.images
    left, right = image.get_array()[:, 0], image.get_array()[:, -1]
    assert set(left.tolist()) == {0}
    assert set(right.tolist()) == {1}
    where = plot_tension(Numbers(), X, 2 * X[:, 0])[0]
    values = where.images[0].get_array()
    assert values[0, -1] > values[0, 0]
    assert values[0, 0] == pytest.approx(values[-1, 0])


def test_one_column_is_drawn_as_a_curve():
    where = plot_tension(Numbers(1), X[:, :1], 2 * X[:, 0], dark=True)[0]
    places, _ = dots(where)
    x = X[np.array(ROWS)[[2, 0, 1]], 0]  # those with a number lie on top
    assert places == pytest.approx(np.column_stack([x, 2 * x]))
    curve = where.lines[-1].get_xydata()
    assert curve[:, 1] == pytest.approx(2 * curve[:, 0])


def test_of_many_columns_and_of_a_bare_graph_the_rest_is_drawn():
    graph = grown()
    assert len(plot_tension(graph)) == len(plot_tension(GrowthLog(graph), X)) == 1
    assert len(plot_tension(Model(), np.zeros((40, 3)))) == 2


def test_nothing_grew():
    class Still(Model):
        def __init__(self):
            self.graph_ = Graph()
            self.graph_.record()
            self.graph_.add_inputs(2)

    where, course, held = plot_tension(Still(), X, Y)
    assert where.get_title(loc="left") == "nothing grew"
    assert course.get_title(loc="left") == "nothing grew where tension was felt"
    assert words(held) == ["0 kept"]
    assert len(where.images) == 1


def test_a_figure_of_ones_own_is_used_and_nothing_is_shown():
    figure = Figure(figsize=(12, 4))
    axes = plot_tension(Model(), X, Y, figure)
    assert axes[0].figure is figure
    assert plt.get_fignums() == []
    figure.canvas.draw()


@pytest.mark.parametrize(
    ("rows", "targets", "error", "part"),
    [
        (X[:10], None, ValueError, "born at row 17"),
        (X, Y[:5], ValueError, "one target for each of 40 rows"),
        ([["a", "b"]], None, ValueError, "must hold numbers"),
        (X[:, 0], None, ValueError, "two dimensions"),
        (np.full((40, 2), np.nan), None, ValueError, "NaN"),
    ],
)
def test_bad_rows_are_refused(rows, targets, error, part):
    with pytest.raises(error, match=part):
        plot_tension(Model(), rows, targets)
    assert plt.get_fignums() == []


def test_a_graph_without_a_log_is_refused():
    with pytest.raises(GraphError, match="record"):
        plot_tension(Graph.layered([2, 1]))
    with pytest.raises(TypeError, match="int"):
        plot_tension(3)
