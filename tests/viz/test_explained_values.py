"""Figures in the pictures of an answer: the tension maps, what is lit and how."""

import itertools

import numpy as np
import pytest
from matplotlib.figure import Figure

from growgraph import Graph, GrowthLog, ResoNet
from growgraph.models._asked import Asked
from growgraph.models.base import Explanation
from growgraph.viz import plot, plot_tension, tensionmap
from growgraph.viz.answer import opened
from growgraph.viz.history import BORN_BEFORE, history_of
from growgraph.viz.lit import light
from growgraph.viz.scene import scene_of
from tests.viz.test_explained import IMAGES, LABELS, Holder, Y, corridor, tangle


def test_maps_of_an_image_are_the_gap_to_each_answer(monkeypatch):
    model = ResoNet(image_shape=(8, 8), random_state=0).fit(IMAGES, LABELS)
    told = model.explain(IMAGES[3])
    names = told.data["answer"], told.data["rival"]
    core, rows = model._read(IMAGES[3:4])
    pairs = {name: tensionmap._expected(core, rows, name)[:2] for name in names}
    drawn = plot_tension(told, figure=Figure((8, 4)))
    grid = core.sense.sizes["grid"]
    for ax, name in zip(drawn[1:], names, strict=True):
        met, expected = pairs[name]
        wanted = ((met - expected) ** 2).reshape(grid, grid, -1).sum(axis=2)
        np.testing.assert_allclose(ax.images[0].get_array(), wanted)
        assert ax.get_title() == f"tense if it is {name}: {wanted.sum():.3g}"
    assert not np.allclose(drawn[1].images[0].get_array(), drawn[2].images[0].get_array())


def test_the_tensest_of_many_columns_are_drawn():
    wide = np.random.default_rng(1).normal(size=(120, 30))
    wide[:, 3] = np.where(Y, 2.0, -2.0)
    model = ResoNet(random_state=0).fit(wide, Y)
    told = model.explain(wide[9])
    core, rows = model._read(wide[9:10])
    met, expected, _ = tensionmap._expected(core, rows, told.data["answer"])
    (ax,) = plot_tension(told, figure=Figure((8, 6)))
    gaps = [abs(bar.get_width()) for bar in ax.patches]
    assert gaps == pytest.approx(np.sort(np.abs(met - expected))[::-1][: len(gaps)].tolist())
    assert len(gaps) < 30


def asked_of(graph, x, row, node):
    told = Asked(HOLDERS.setdefault(id(graph), Holder(graph)), graph, node, inputs=x, values=row)
    return opened(Explanation("", {"answer": "so"}, told))[1]


HOLDERS: dict = {}  # an explanation holds its model by a weak reference


def test_edges_are_lit_by_their_share_and_drawn_with_their_sign():
    graph, x = tangle(0)
    answer = asked_of(graph, x, np.random.default_rng(50).normal(size=4), int(graph.outputs[0]))
    for share in (0.0, 0.05, 0.2):
        scene = light(scene_of(graph, None), graph, answer, share)
        lit = scene.edge_part > 0
        assert lit.sum() == (answer.edges[answer.edges > 0] >= share).sum()
        signs = {(int(e["source"]), int(e["target"])): np.sign(e["weight"]) for e in graph.edges()}
        place = {int(mark): node for mark, node in zip(scene.mark, scene.ids.tolist(), strict=True)}
        for u, v, w in zip(scene.source[lit], scene.target[lit], scene.weight[lit], strict=True):
            assert np.sign(w) == signs[place[int(u)], place[int(v)]]
    assert (answer.edges >= 0.2).sum() < (answer.edges > 0).sum()


def test_tension_is_that_of_the_sample():
    graph = Graph()
    x = graph.add_inputs(2)
    near, far = (
        graph.add_node(x, weights=w, kind="match", p0=0.5) for w in ([0.4, 0.1], [2.0, -3.0])
    )
    graph.add_outputs(1, sources=[near, far], weights=[1.0, 1.0])
    row = np.array([0.4, -0.2])
    answer = asked_of(graph, x, row, int(graph.outputs[0]))
    wanted = graph.tension(row[None])
    felt = dict(zip(graph.nodes.tolist(), answer.tension.tolist(), strict=True))
    assert felt[far] > felt[near] > 0
    there = np.isfinite(answer.tension)
    np.testing.assert_array_equal(answer.tension[there], wanted[there])


def test_an_imagined_future_fades_as_it_becomes_less_likely():
    agent = corridor()
    told = agent.explain(0)
    parts = opened(told)[1].nodes
    world = agent._world
    way = [state for state, _ in told.data["path"][:-1]]
    at = [parts[np.searchsorted(agent.graph_.nodes, world.state_id.all[world.place[k]])]
          for k in way]  # fmt: skip
    assert at[0] == 1
    assert all(b < a for a, b in itertools.pairwise(at))


def test_edges_folded_away_are_no_older_than_their_nodes():
    graph = Graph()
    graph.record()
    x = graph.add_inputs(2)
    first = graph.add_node(x)
    second = graph.add_node([*x, first])
    graph.add_outputs(1, sources=[second])
    GrowthLog(graph).fold(0)
    history = history_of(graph)
    born = history.birth
    assert (born != BORN_BEFORE).all()
    assert (history.event == np.maximum(born[history.source], born[history.target])).all()
    assert (history.event >= born[history.target]).all()


def test_pictures_of_an_agent_are_not_too_full():
    """Its many choices are one mark; what comes a step later arches, lit or not, in the picture."""
    agent = corridor()
    for row in range(5, 40):
        agent.partial_fit([(row, 0, 0.0, row + 1, False)], 2)
    scene = scene_of(agent.graph_, None)
    assert scene.x.size < agent.graph_.n_nodes
    told = agent.explain(0)
    lit = light(scene, agent.graph_, opened(told)[1])
    assert lit.late[lit.edge_part > 0].any()
    for thing in (agent, told):
        ax = plot(thing, Figure((8, 5)).add_subplot())
        low, high = ax.get_ylim()
        for lines in ax.collections:
            paths = (
                [path.vertices for path in lines.get_paths()]
                if hasattr(lines, "get_segments")
                else []
            )
            for points in paths:
                assert points[:, 1].min() > low
                assert points[:, 1].max() < high
