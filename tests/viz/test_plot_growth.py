"""plot_growth tells the log's story and agrees with a replay of it."""

import re
from itertools import pairwise

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

import growgraph
from growgraph import Graph, GrowthController, GrowthLog, ResoNet
from growgraph.errors import GraphError
from growgraph.growth import NewNode, Proposal
from growgraph.viz import plot_growth
from growgraph.viz.growth import _births
from growgraph.viz.scene import scene_of
from growgraph.viz.timeline import Story, counted, spread


def figure():
    return Figure(figsize=(10, 6.4))


def grown(steps=12, seed=0):
    """A graph grown by rules, with splits, removals and a delayed edge."""
    rng = np.random.default_rng(seed)
    graph = Graph.layered([3, 2], random_state=0)
    controller = GrowthController()
    graph.record()
    for step in range(1, steps + 1):
        able = np.setdiff1d(graph.nodes, graph.outputs)
        sources = tuple(rng.choice(able, 2, replace=False).tolist())
        new = NewNode(sources, (1.0, -1.0))
        proposal = Proposal(1.0, (new,), ((-1, 3 + step % 2, 0.5),))
        controller.grow(graph, proposal, rule="Insert", cause="test", node=4, step=step)
        if step % 4 == 0:
            split = (int(graph.sources(3)[0][0]), 3, 0.0, 1.0, 1.0, "tanh")
            proposal = Proposal(1.0, split=split)
            controller.grow(graph, proposal, rule="Split", cause="test", node=3, step=step)
    graph.add_edge(4, 3, 0.5, delay=1)
    graph.remove_edge(*graph.edges()[0][["source", "target"]].tolist())
    graph.remove_node(int(graph.nodes[6]))
    graph.prune(0.3)
    return graph


class Model:
    """What pictures know of a model."""

    def __init__(self, graph):
        self.graph_, self.growth_log_ = graph, GrowthLog(graph)


@pytest.mark.parametrize("dark", [False, True])
def test_draws_and_saves(dark, tmp_path):
    fig, before = figure(), dict(matplotlib.rcParams)
    axes = plot_growth(grown(), fig, dark=dark)
    assert len(axes) == 4 + 3
    assert all(ax.figure is fig for ax in axes)
    assert dict(matplotlib.rcParams) == before
    assert plt.get_fignums() == []
    for kind in ("png", "svg"):
        fig.savefig(tmp_path / f"growth.{kind}")
        assert (tmp_path / f"growth.{kind}").stat().st_size > 1000


def test_a_new_figure_is_made_once():
    growgraph.plot_growth(grown())
    assert len(plt.get_fignums()) == 1


def test_model_with_a_record_of_its_accuracy():
    model = Model(grown())
    assert len(plot_growth(model, figure())) == 7
    model.prequential_curve_ = np.array([[0, 0.1], [12, 0.9]])
    axes = plot_growth(model, figure())
    assert len(axes) == 8
    assert axes[-1].lines[0].get_ydata().tolist() == [0.1, 0.9]
    model.prequential_curve_ = np.empty((0, 2))
    assert len(plot_growth(model, figure())) == 7


def test_course_agrees_with_replay():
    graph = grown()
    log = GrowthLog(graph)
    story = Story(graph, log)
    for event in range(len(log) + 1):
        past = log.replay(event)
        assert (story.nodes[event], story.edges[event]) == (past.n_nodes, past.n_edges), event
    assert story.edges[-1] == graph.n_edges


def test_moments_agree_with_replay():
    graph = grown()
    log, scene = GrowthLog(graph), scene_of(graph)
    mark_birth, edge_birth = _births(scene)
    for event in Story(graph, log).moments:
        past = log.replay(event)
        there = np.isin(graph.nodes, past.nodes)
        assert np.array_equal(mark_birth[scene.mark] < event, there)
        held = {(int(e["source"]), int(e["target"])) for e in past.edges()}
        for source, target, birth in zip(scene.source, scene.target, edge_birth):
            pair = int(graph.nodes[source]), int(graph.nodes[target])
            if scene.late[np.flatnonzero((scene.source == source) & (scene.target == target))[0]]:
                continue
            assert (birth < event) == (pair in held)


def test_time_is_the_step_and_moments_are_whole():
    graph = grown()
    story = Story(graph, GrowthLog(graph))
    assert story.unit == "steps"
    assert story.end == 12
    assert story.moments[0] == 0
    assert story.moments[-1] == len(GrowthLog(graph))
    for moment in story.moments[:-1]:
        assert story.time[moment + 1] > story.time[moment]


def test_built_by_hand_from_nothing():
    graph = Graph()
    graph.record()
    graph.add_outputs(1, sources=graph.add_inputs(2))
    axes = plot_growth(graph, figure())
    assert len(axes) == 3
    assert axes[-1].get_xlabel() == "events"


@pytest.mark.parametrize("record_first", [True, False])
def test_nothing_has_happened(record_first):
    graph = Graph() if record_first else Graph.layered([2, 1])
    graph.record()
    fig = figure()
    plot_growth(graph, fig)
    fig.canvas.draw()


def test_many_events_are_quick():
    graph = Graph.layered([20, 5])
    graph.record()
    rng = np.random.default_rng(0)
    for step in range(1, 2001):
        graph.set_cause("tension", rule=f"Rule{step % 11}", step=step, node=20)
        able = 20 if step < 20 else 25 + step - 1
        graph.add_node(np.setdiff1d(rng.integers(0, able, 3), range(20, 25)))
    axes = plot_growth(graph, figure())
    words = [t.get_text() for t in axes[4].texts]
    assert words[words.index("other rules") + 1] == "726"


def test_errors_say_what_to_do():
    with pytest.raises(GraphError, match=r"call graph\.record\(\) before it grows"):
        plot_growth(Graph.layered([2, 1]))
    with pytest.raises(TypeError, match="got str"):
        plot_growth("model")
    assert plt.get_fignums() == []


def texts(axes):
    return [t.get_text() for ax in axes for t in ax.texts]


def legend_of(axes):
    return next([t.get_text() for t in ax.get_legend().get_texts()] for ax in axes
                if ax.get_legend())  # fmt: skip


def test_one_row_has_whole_samples_and_no_accuracy():
    model = ResoNet(random_state=0).fit([[1.0, 2.0]], ["a"])
    fig = figure()
    axes = plot_growth(model, fig)
    fig.canvas.draw()
    assert [t.get_text() for t in fig.texts][1:] == ["", "nodes", "edges"]
    assert [t for t in axes[-1].get_xticks() if 0 <= t <= 1] == [0, 1]
    assert "after 1 sample" in fig.texts[0].get_text()
    assert not fig.texts[0].get_text().endswith("samples")
    assert [t for t in texts(axes) if t.startswith("b   1 sample: ")]


def box_of(letter):
    """Where a letter stands, without the line that leads to its moment."""
    letter.get_window_extent()  # puts it in place
    return Text.get_window_extent(letter)


@pytest.mark.parametrize("early", [True, False])
def test_growth_keeps_its_letters_apart(early):
    X = np.random.default_rng(0).normal(size=(400, 2))
    if early:  # all that there is to know is seen at once
        X = np.tile([[-1.0, 0.0], [1.0, 1.0]], (200, 1))
    model = ResoNet(random_state=0).fit(X, np.where(X[:, 0] > 0, "p", "n"))
    fig = figure()
    axes = plot_growth(model, fig)
    fig.canvas.draw()
    letters = [t for ax in axes for t in ax.texts if t.get_text() in set("abcd")]
    assert len(letters) >= 3
    assert early == any(t.arrow_patch is not None for t in letters)
    boxes = sorted(map(box_of, letters), key=lambda b: b.x0)
    assert all(a.x1 < b.x0 for a, b in pairwise(boxes))


@pytest.mark.parametrize(
    ("x", "wanted"),
    [
        ([0.0, 0.0, 0.0], [0, 10, 20]),
        ([0.0, 50.0, 100.0], [0, 50, 100]),
        ([0.0, 100.0, 100.0], [0, 90, 100]),
        ([99.0, 99.5, 100.0], [80, 90, 100]),
    ],
)
def test_spread(x, wanted):
    np.testing.assert_allclose(spread(np.array(x), 10.0, 100.0), wanted)


def test_counted():
    assert counted(1, "samples") == "1 sample"
    assert counted(1200, "steps") == "1,200 steps"


def test_a_sample_counts_before_what_it_caused():
    X = np.arange(12.0)[:, None]
    model = ResoNet(random_state=0).fit(X, ["a", "b", "c"] * 4)
    story = Story(model.graph_, model.growth_log_, 12)
    classes = story.time[1:][story.rule == "NewClass"]
    assert sorted(set(classes.tolist())) == [1, 2, 3]
    assert story.end == 12


def test_the_legend_tells_lines_and_piles():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(100, 2))
    model = ResoNet(random_state=0).fit(X, X[:, 0] > 0)
    told = legend_of(plot_growth(model, figure()))
    for words in ("weight > 0", "weight < 0", "wider: larger share", "pile: alike nodes"):
        assert words in told
    axes = plot_growth(model, Figure(figsize=(16, 9)))  # in a small one there may be no room
    assert any(re.fullmatch(r"×\d+", text) for text in texts(axes))
    assert "pile: alike nodes" not in legend_of(plot_growth(grown(), figure()))


def test_what_comes_and_goes_at_one_time_leaves_no_spike():
    graph = Graph()
    graph.record()
    inputs = graph.add_inputs(2)
    graph.set_cause("a trial", rule="Trial", step=1)
    nodes = graph.add_nodes(30, sources=inputs)
    for node in nodes[1:].tolist():
        graph.remove_node(node)
    axes = plot_growth(graph, figure())
    (course,) = axes[-2].lines[:1]
    assert max(course.get_ydata()) == 3


def test_a_folded_log_tells_the_whole_story():
    """A class that came late is seen in the lanes, although what folded it away came after."""
    graph = Graph()
    graph.record()
    x = graph.add_inputs(2)
    for step, label in ((10, "early"), (40, "late")):
        graph.set_cause("a label never met", rule="NewClass", sample=step, step=step)
        graph.add_outputs(1, sources=x, names=[label])
    asked = int(graph.add_node(x))
    for step in range(50, 90):
        graph.set_cause("a question asked anew", rule="Questions", sample=step, step=step)
        graph.rewire(asked, x[step % 2 :][:1])
    whole, log = Story(graph, GrowthLog(graph)), GrowthLog(graph)
    log.fold(5)
    story = Story(graph, log)
    assert log.n_elders == 5
    assert story.time[: log.n_elders + 1].tolist() == whole.time[: log.n_elders + 1].tolist()
    assert story.nodes[: log.n_elders + 1].tolist() == whole.nodes[: log.n_elders + 1].tolist()
    assert story.edges[-1] == whole.edges[-1] == 5
    axes = plot_growth(graph, figure())
    (lane,) = [c for c in axes[4].collections if len(c.get_offsets()) == 2]
    assert lane.get_offsets()[:, 0].tolist() == [11, 41]
    assert axes[-1].get_xlabel().endswith("shaded, up to 41: only births, 40 events were folded")
