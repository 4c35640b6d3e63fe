"""What the player's page says a node is like."""

import numpy as np
import pytest

from growgraph import Graph
from tests.viz.browser import spot

WEIGHTS = [(1, 2, -1), (2, 4, -2.2), (-1, -2, 1), (1, 0.5, 0), (0, 1, 0)]


def cosine(u, v):
    return float(np.dot(u, v) / np.linalg.norm(u) / np.linalg.norm(v))


def test_those_that_read_the_same_are_told_the_most_alike_first(show):
    graph = Graph()
    inputs = graph.add_inputs(3)
    nodes = [graph.add_node(inputs, weights=w) for w in WEIGHTS]
    graph.add_node(inputs, weights=WEIGHTS[0], kind="max")  # of another kind
    graph.add_outputs(1, sources=nodes)
    page = show(graph)
    page.mouse.click(*spot(page, nodes[0]))
    titles = page.locator("#about h3").all_inner_texts()
    assert titles[-1] == "is most like"
    told = page.locator("#about .kin").last
    wanted = {i: cosine(WEIGHTS[0], w) for i, w in enumerate(WEIGHTS[1:], 1)}
    wanted = sorted((i for i in wanted if wanted[i] >= 0.5), key=lambda i: -wanted[i])
    assert told.locator("button").all_inner_texts() == [f"node {nodes[i]}" for i in wanted]
    seen = [float(bar.get_attribute("title").rpartition(" ")[2]) for bar in
            told.locator(".bar").all()]  # fmt: skip
    assert seen == pytest.approx([cosine(WEIGHTS[0], WEIGHTS[i]) for i in wanted], abs=0.02)
    page.mouse.click(*spot(page, inputs[0]))
    assert "is most like" not in page.locator("#about").inner_text()  # it reads nothing
