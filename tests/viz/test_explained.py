"""Pictures of one answer: what took part is lit, by shares counted path by path."""

import copy
import pickle

import numpy as np
import pytest
from matplotlib.figure import Figure

from growgraph import (
    Graph,
    GrowNet,
    GrowNetRegressor,
    ResoNet,
    ResoNetClusterer,
    SelfCriticNet,
    SimNet,
)
from growgraph.errors import DataError, GraphError
from growgraph.models._asked import Asked
from growgraph.models.base import Explanation
from growgraph.viz import animate, plot, plot_growth, plot_rings, plot_tension
from growgraph.viz.answer import opened
from tests.naive.share import through
from tests.viz.films import read

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, (120, 3))
Y = X[:, 0] * X[:, 1] > 0
IMAGES = np.repeat(np.eye(64)[[9, 22, 35]] + np.eye(64)[[10, 23, 43]], 12, axis=0)
IMAGES = IMAGES + RNG.uniform(0, 0.2, IMAGES.shape)
LABELS = np.repeat([0, 1, 2], 12)


class Holder:
    """As a model: it has a graph."""

    def __init__(self, graph):
        self.graph_ = graph


def tangle(seed):
    """Sums, a node that chooses and a product, every later node reading some before it."""
    rng, graph = np.random.default_rng(seed), Graph()
    x = graph.add_inputs(4)
    chooses = ("max", "min", "maxabs", "median")[seed % 4]
    for kind in ("sum", chooses, "sum", "product", "sum"):
        old = rng.choice(graph.nodes, 3, replace=False)
        graph.add_node(old, weights=rng.normal(size=3), kind=kind)
    graph.add_outputs(1, sources=graph.nodes[-4:], weights=rng.normal(size=4))
    return graph, x


@pytest.mark.parametrize("seed", range(8))
def test_shares_are_those_of_all_paths(seed):
    graph, x = tangle(seed)
    model, row = Holder(graph), np.random.default_rng(seed + 50).normal(size=4)
    node = int(graph.outputs[0])
    asked = Asked(model, graph, node, inputs=x, values=row)
    _, answer = opened(Explanation("", {"answer": "so"}, asked))
    values = graph.forward(row[None], outputs=graph.nodes)[0]
    value = dict(zip(graph.nodes.tolist(), values.tolist(), strict=True))
    sources, kind = {}, {n: graph.node(n)["kind"] for n in graph.nodes.tolist()}
    for edge in graph.edges():
        listed = sources.setdefault(int(edge["target"]), [])
        listed.append((int(edge["source"]), float(edge["weight"])))
    wanted = through(sources, value, kind, node)
    found = dict(zip(graph.nodes.tolist(), answer.nodes.tolist(), strict=True))
    assert found == pytest.approx({n: wanted.get(n, 0.0) for n in found}, abs=1e-6)
    into = [answer.edges[graph.edges()["target"] == n].sum() for n in graph.nodes]
    reads = np.isin(graph.nodes, list(sources))
    assert np.array(into)[reads] == pytest.approx(answer.nodes[reads], abs=1e-6)


def corridor():
    """An agent that has lived in five rooms in a row, the last of which is worth something."""
    agent, room = SimNet(random_state=0), 0
    for _ in range(60):
        action = agent.act(room, explore=True) if room else 1
        after = min(room + 1, 4) if action else max(room - 1, 0)
        agent.partial_fit([(room, action, float(after == 4), after, after == 4)], 2)
        room = 0 if after == 4 else after
    return agent


def test_an_imagined_future_is_lit():
    agent = corridor()
    told = agent.explain(0)
    _, answer = opened(told)
    lit = agent.graph_.nodes[answer.nodes > 0]
    assert lit.size >= 2 * (len(told.data["path"]) - 1)
    assert answer.edges.max() > 0
    for draw in (plot, plot_rings):
        draw(told, Figure((8, 5)).add_subplot()).figure.canvas.draw()
    plot_growth(told, Figure((10, 6.4)))
    assert read(animate(told).html)[1]["answer"] == "the future imagined in state 0"
    with pytest.raises(TypeError, match="a SimNet expects nothing of its inputs"):
        plot_tension(told)
    plot(agent.explain(99), Figure((8, 5)).add_subplot())  # never met: nothing is lit


MODELS = {
    "table": lambda: (ResoNet(random_state=0).fit(X, Y), X[5]),
    "images": lambda: (ResoNet(image_shape=(8, 8), random_state=0).fit(IMAGES, LABELS), IMAGES[3]),
    "net": lambda: (GrowNet(random_state=0).fit(X, Y), X[5]),
    "numbers": lambda: (GrowNetRegressor(nets=1, random_state=0).fit(X, X[:, 0]), X[5]),
    "critic": lambda: (SelfCriticNet(random_state=0).fit(X, Y), X[5]),
    "concepts": lambda: (ResoNetClusterer(random_state=0).fit(X), X[5]),
}


@pytest.fixture(scope="module", params=MODELS)
def explained(request):
    model, x = MODELS[request.param]()
    return model, model.explain(x), request.param


def test_each_picture_takes_an_explanation(explained):
    model, told, name = explained
    _, answer = opened(told)
    graph = model.graph_
    assert answer.nodes.max() == pytest.approx(1)
    ax = plot(told, Figure((8, 5)).add_subplot())
    words = [text.get_text() for text in ax.texts]
    assert any("the answer" in word and "lit" in word for word in words)
    figure = Figure((10, 6.4))
    axes = plot_growth(told, figure)
    assert "took part in the answer" in figure.texts[0].get_text()
    lanes = next(a for a in axes if any(t.get_text() == "took part" for t in a.texts))
    assert len(lanes.collections) >= 2
    rings = plot_rings(told, Figure((8, 5)).add_subplot())
    legend = [text.get_text() for text in rings.get_legend().get_texts()]
    assert "faded: took no part in" in legend
    player = animate(told)
    arrays, page = read(player.html)
    assert page["answer"].startswith("the answer")
    assert page["title"].startswith(f"{type(model).__name__}: the answer")
    lit = arrays["node"][arrays["part"] > 0]
    took = graph.nodes[answer.nodes > 0]
    assert set(took.tolist()) <= set(lit.tolist())
    assert (arrays["part"] == 0).any() == (len(lit) < graph.n_nodes)
    for image in (ax, figure.axes[0], rings):
        image.figure.canvas.draw()
    if name in ("table", "images"):
        assert plot_tension(told, figure=Figure((8, 4)))
    elif name == "critic":
        assert len(plot_tension(told, figure=Figure((8, 4)))) == 4
    else:
        with pytest.raises(TypeError, match="expects nothing of its inputs"):
            plot_tension(told)


def test_a_file_or_a_new_fit_breaks_the_thread(explained):
    model, told, _ = explained
    again = pickle.loads(pickle.dumps(told))
    assert str(again) == str(told)
    assert len(pickle.dumps(told)) < 30_000
    for draw in (plot, plot_growth, plot_rings, plot_tension, animate):
        with pytest.raises(GraphError, match=r"call explain\(\) again"):
            draw(again)
    assert copy.deepcopy(told).asked.graph is model.graph_


def test_learning_since_is_told():
    model = ResoNet(random_state=0).partial_fit(X[:80], Y[:80], classes=[False, True])
    told = model.explain(X[100])
    before = opened(told)[1].text
    model.partial_fit(X[80:], ~Y[80:])
    ax = plot(told, Figure((8, 5)).add_subplot())
    assert "learnt since" not in before
    assert any("the model has learnt since" in text.get_text() for text in ax.texts)
    del model
    import gc

    gc.collect()
    with pytest.raises(GraphError, match="its model is gone"):
        plot(told)


def test_bars_go_from_what_is_expected_to_what_was_met():
    model = ResoNet(random_state=0).fit(X, Y)
    told = model.explain(X[7])
    (ax,) = plot_tension(told, figure=Figure((8, 4)))
    imagined = model.imagine(X[7:8], rivals=1)
    away = np.abs(imagined.expected[0, 0] - imagined.seen[0])
    spread = model._core.sense.spread[:3]
    wide = np.sort([abs(bar.get_width()) for bar in ax.patches])
    assert wide == pytest.approx(np.sort(away / spread), rel=1e-5)
    assert imagined.answer[0, 0] == told.data["answer"]
    words = " ".join(text.get_text() for text in ax.texts)
    assert all(f"→ {value:.4g}" in words for value in X[7])


def test_what_makes_no_sense_is_said():
    model = ResoNet(random_state=0).fit(X, Y)
    with pytest.raises(ValueError, match="an explanation has its own row"):
        plot_tension(model.explain(X[0]), X)
    young = SelfCriticNet(random_state=0).fit(X[:6], Y[:6])
    with pytest.raises(DataError, match="told has no picture"):
        plot_tension(young.explain(X[0]))
    with pytest.raises(GraphError, match="does not know its graph"):
        plot(Explanation("by hand", {}))
