"""plot_rings tells births in sequence, what they serve and what caused them."""

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

from growgraph import Graph, GrowthLog
from growgraph.errors import GraphError
from growgraph.viz import plot_rings
from growgraph.viz.rings import rings_of
from growgraph.viz.style import DARK, LIGHT
from tests.viz.films import HOSTILE, crowded, grown


def axes(width=7.6, height=5.6):
    return Figure(figsize=(width, height)).add_axes((0, 0, 1, 1))


def aimed(aims=14, each=3):
    """A graph with a birth or more for each of many aims, the first aims most."""
    graph = Graph()
    x = graph.add_inputs(2)
    graph.record()
    for a in range(aims):
        graph.set_cause("misfit", rule="Aspect", intention=f"know {a}", step=a + 1, node=int(x[0]))
        graph.add_nodes(each + aims - a, sources=x)
    return graph


def test_births_agree_with_the_log():
    graph = grown()
    log = GrowthLog(graph)
    rings = rings_of(graph, log)
    table = log.table()
    assert sorted(rings.node) == sorted(
        table["node"][np.isin(table["operation"], ["node", "split"])]
    )
    births = [log.birth(int(node)) for node in rings.node]
    assert births == sorted(births)
    assert (np.diff(rings.radius) > 0).all()
    assert rings.radius[-1] == pytest.approx(1)
    for k, (node, event) in enumerate(zip(rings.node, births)):
        assert rings.conflict[k] == (table["cause_node"][event] >= 0)
        assert rings.removed[k] == (node not in graph.nodes)
        assert rings.aims[rings.sector[k]] == (table["intention"][event] or "built by hand")
        assert rings.clock[k] == table["step"][event]
        read = log.parents(event)[0] if table["operation"][event] == "node" else ()
        older = [int(np.flatnonzero(rings.node == p)[0]) for p in read if p in rings.node[:k]]
        if table["operation"][event] == "node":
            assert rings.path[k] == max(older, default=-1)
        felt = np.flatnonzero(rings.node == table["cause_node"][event])
        assert rings.felt[k] == (felt[0] if felt.size else -1)


def test_each_birth_lies_in_its_sector_and_none_on_another():
    rings = rings_of(aimed(), GrowthLog(aimed()))
    for k, s in enumerate(rings.sector):
        assert rings.edges[s] < rings.angle[k] < rings.edges[s + 1]
    wide = np.diff(rings.edges)
    assert wide.sum() == pytest.approx(1)
    assert (np.diff(wide[:11]) < 0).all()  # the more births the wider
    x, y = (
        rings.radius * np.cos(6.283185 * rings.angle),
        rings.radius * np.sin(6.283185 * rings.angle),
    )
    apart = np.hypot(x[:, None] - x, y[:, None] - y) + 9 * np.eye(x.size)
    assert apart.min() > 0.01


def test_the_rarest_aims_share_a_sector():
    rings = rings_of(aimed(14), GrowthLog(aimed(14)))
    assert rings.aims == [f"know {a}" for a in range(11)] + ["other aims"]
    assert (rings.sector == 11).sum() == 6 + 5 + 4
    assert len(rings_of(aimed(12), GrowthLog(aimed(12))).aims) == 12


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("make", [grown, crowded, aimed], ids=lambda f: f.__name__)
def test_draws_and_saves(make, dark, tmp_path):
    ax, before = axes(), dict(matplotlib.rcParams)
    assert plot_rings(make(), ax, dark=dark) is ax
    assert dict(matplotlib.rcParams) == before
    assert plt.get_fignums() == []
    for kind in ("png", "svg", "pdf"):
        ax.figure.savefig(tmp_path / f"rings.{kind}")
        assert (tmp_path / f"rings.{kind}").stat().st_size > 1000
    assert ax.get_facecolor() == matplotlib.colors.to_rgba((DARK if dark else LIGHT).ground)


def test_the_legend_counts_both_kinds():
    graph = crowded()
    words = [t.get_text() for t in plot_rings(graph, axes()).get_legend().get_texts()]
    rings = rings_of(graph, GrowthLog(graph))
    assert f"born along the way: {(~rings.conflict).sum()}" in words
    assert f"born of a tension: {rings.conflict.sum()}" in words
    assert "removed since: 1" in words
    assert plot_rings(graph, axes(), legend=False).get_legend() is None


@pytest.mark.parametrize("size", [(8, 5.6), (16, 9), (4, 4), (3, 6)])
def test_nothing_is_cut_and_no_names_overlap(size):
    ax = plot_rings(aimed(), axes(*size))
    ax.figure.canvas.draw()
    whole = ax.get_window_extent()
    boxes = [text.get_window_extent() for text in ax.texts]
    for box in boxes:
        assert whole.x0 <= box.x0
        assert box.x1 <= whole.x1
        assert whole.y0 <= box.y0
        assert box.y1 <= whole.y1
    names = [b for t, b in zip(ax.texts, boxes) if "node" in t.get_text()]
    if size[0] >= 8:
        for i, box in enumerate(names):
            assert not any(box.overlaps(other) for other in names[:i])


def test_circles_stay_circles():
    for size in ((8, 5), (5, 8)):
        ax = plot_rings(grown(), axes(*size))
        box = ax.get_window_extent()
        x, y = np.diff(ax.get_xlim())[0], np.diff(ax.get_ylim())[0]
        assert box.width / x == pytest.approx(box.height / y)


@pytest.mark.filterwarnings("ignore:Glyph")  # of the font that happens to be installed
def test_odd_graphs():
    empty = Graph()
    empty.record()
    ax = plot_rings(empty, axes())
    assert [t.get_text() for t in ax.texts] == ["no birth in the log"]
    one = Graph()
    one.record()
    one.add_inputs(1)
    plot_rings(one, axes()).figure.canvas.draw()
    folded = grown()
    GrowthLog(folded).fold(6)
    plot_rings(folded, axes()).figure.canvas.draw()
    odd = Graph()
    odd.record()
    for name in HOSTILE:
        if "\ud800" not in name:
            odd.set_cause(name, rule="r", intention=name + "$x^{$")
            odd.add_inputs(1)
    plot_rings(odd, axes()).figure.canvas.draw()
    with pytest.raises(GraphError, match="record"):
        plot_rings(Graph.layered([2, 1]), axes())
    with pytest.raises(TypeError, match="got int"):
        plot_rings(3, axes())


@pytest.mark.parametrize("size", [(7.6, 5.6), (5, 3.5), (4, 6)], ids=str)
def test_names_lie_on_no_mark_on_no_name_and_are_not_cut(size):
    graph = aimed(aims=4)
    for aim in ("answer as the stream answers", *(f"see {k}" for k in range(7))):
        graph.set_cause("misfit", rule="Answer", intention=aim, step=99)
        graph.add_nodes(9 if aim[:3] == "see" else 300, sources=graph.inputs)
    ax = plot_rings(graph, axes(*size))
    ax.figure.canvas.draw()
    names = [t for t in ax.texts if t.get_text().endswith("nodes")]
    assert len(names) == 12 if size == (7.6, 5.6) else len(names) > 5
    assert any(t.get_text().startswith("answer") for t in names)  # it has the most births
    radius = ax.transData.transform([[0, 0], [0, 1]])
    middle, radius = radius[0], radius[1, 1] - radius[0, 1]
    boxes = [t.get_window_extent() for t in ax.texts]
    for text, box in zip(ax.texts, boxes):
        assert 0 <= box.x0 < box.x1 <= ax.figure.bbox.width, text
        assert 0 <= box.y0 < box.y1 <= ax.figure.bbox.height, text
        near = np.clip(middle, box.min, box.max)
        assert text not in names or np.hypot(*(near - middle)) > radius, text
    for k, box in enumerate(boxes):
        assert box.count_overlaps(boxes[k + 1 :]) == 0, ax.texts[k]
