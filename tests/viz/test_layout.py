"""Places: old nodes never move, none share a place, columns follow depth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.growth import NewNode, Proposal
from growgraph.viz.layout import Column, depths, positions
from tests.naive.cross import crossing
from tests.viz.films import grown

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "output", "split", "path", "remove", "by hand"]),
        st.integers(0, 2**32 - 1),
    ),
    max_size=25,
)


def grow(graph, controller, what, rng, step):
    """One change of the graph by rule, by hand or by removal."""
    order = graph.order()
    able = order[~np.isin(order, graph.outputs)]
    sources = tuple(rng.choice(able, min(3, able.size), replace=False).tolist())
    weights = (1.0,) * len(sources)
    if what == "remove":
        hidden = np.setdiff1d(graph.nodes, np.union1d(graph.inputs, graph.outputs))
        if hidden.size:
            graph.remove_node(int(rng.choice(hidden)))
        return
    if what == "by hand":
        graph.add_node(sources)
        return
    target = int(rng.choice(graph.outputs))
    if what == "insert":
        proposal = Proposal(1.0, (NewNode(sources, weights),), ((-1, target, 1.0),))
    elif what == "output":
        proposal = Proposal(1.0, (NewNode(sources, weights, role="output"),))
    else:
        read = graph.sources(target)[0]
        fresh = np.setdiff1d(able, read)
        if what == "split" and read.size:
            split = (int(rng.choice(read)), target, 0.0, 1.0, 1.0, "tanh")
            proposal = Proposal(1.0, split=split)
        elif what == "path" and fresh.size:
            proposal = Proposal(1.0, edges=((int(rng.choice(fresh)), target, 1.0),))
        else:
            return
    controller.grow(graph, proposal, rule=what, cause="test", node=target, step=step)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.booleans())
def test_old_nodes_never_move(steps, built_by_hand):
    graph = Graph()
    if not built_by_hand:
        graph.record()
    graph.add_outputs(2, sources=graph.add_nodes(3, sources=graph.add_inputs(4)))
    graph.record()
    controller = GrowthController()
    before = dict(zip(*map(np.ndarray.tolist, positions(graph)), strict=True))
    for step, (what, seed) in enumerate(steps, 1):
        grow(graph, controller, what, np.random.default_rng(seed), step)
        ids, xy = positions(graph)
        after = dict(zip(ids.tolist(), xy.tolist(), strict=True))
        if built_by_hand or has_grown(graph):
            moved = [node for node, place in before.items() if after.get(node, place) != place]
            assert not moved
        assert len({tuple(place) for place in after.values()}) == len(after)
        assert ((xy[:, 1] > 0) & (xy[:, 1] < 1)).all()
        before = after


def has_grown(graph):
    """True once time has begun: until then a graph built from nothing is spread anew."""
    return (GrowthLog(graph).table()["step"] > 0).any()


def test_depth_is_the_longest_path():
    graph = Graph.random_dag(200, 3, random_state=0)
    edges = graph.edges()
    depth = depths(200, edges["source"], edges["target"])
    for node in graph.order():
        sources = graph.sources(node)[0]
        assert depth[node] == (depth[sources].max() + 1 if sources.size else 0)


def test_columns_of_layers():
    graph = Graph.layered([3, 4, 2])
    xy = positions(graph)[1]
    assert xy[:, 0].tolist() == [0] * 3 + [1] * 4 + [2] * 2
    for x in (0, 1, 2):
        y = np.sort(xy[xy[:, 0] == x, 1])
        assert np.diff(y) == pytest.approx(1 / y.size)


def test_a_grown_node_stands_between_its_sources_and_its_reader():
    graph = Graph.layered([2, 1])
    graph.record()
    insert = Proposal(1.0, (NewNode((0, 1), (1.0, 1.0)),), ((-1, 2, 1.0),))
    controller = GrowthController()
    for step in range(1, 30):
        controller.grow(graph, insert, rule="r", cause="c", node=2, step=step)
    ids, xy = positions(graph)
    assert set(xy[ids > 2, 0]) == {0.5}
    assert xy[ids == 2, 0] == 1


@given(st.integers(0, 40), st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=150))
def test_a_column_gives_each_place_once(n, wanted):
    column = Column(n)
    held = [(2 * i + 1) / (2 * n) for i in range(n)]
    places = held + [column.take_next() if w is None else column.take(w) for w in wanted]
    assert len(set(places)) == len(places)
    assert all(0 < p < 1 for p in places)
    assert len(column.taken) <= 0.7 * (column.size - 1) + 1


def test_a_column_gives_the_nearest_free_place():
    column = Column(0)
    assert [column.take(0.5) for _ in range(3)] == [8 / 16, 7 / 16, 9 / 16]
    assert [column.take_next() for _ in range(3)] == [1 / 16, 2 / 16, 3 / 16]


def test_few_lines_cross():
    """Of six grown graphs; by places alone it was .127, a spring layout (all move) has .058."""
    found = []
    for seed in range(6):
        graph = grown(40, seed)
        ids, xy = positions(graph)
        edges = graph.edges()
        edges = edges[edges["delay"] == 0]
        pairs = list(zip(edges["source"].tolist(), edges["target"].tolist(), strict=True))
        found.append(crossing(dict(zip(ids.tolist(), xy.tolist(), strict=True)), pairs))
    assert np.mean(found) <= 0.077
