"""The retina: dreamt patch concepts, and parts that are what the equations say."""

import numpy as np
import pytest

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.senses import Retina
from growgraph.senses import retina as source
from tests.models.material import digits

SHAPES = [(8, 8), (5, 9), (4, 4), (14, 13)]


def born(shape=(8, 8), seed=0, held={}):  # noqa: B006  one birth for all tests
    """A retina and the graph it grew, to be read only."""
    if (shape, seed) not in held:
        graph, sense = Graph(), Retina(shape, seed)
        sense.grow(graph, GrowthController())
        held[shape, seed] = sense, graph
    return held[shape, seed]


def images(shape, n=9, seed=0):
    return np.random.default_rng(seed).uniform(0, 5, (n, shape[0] * shape[1]))


def parts_by_hand(sense, graph, X):
    """Patches by slicing, concepts by a matrix product, cells by a bilinear tent."""
    s, (rows, columns) = sense.sizes, sense.image_shape
    W = np.array([graph.sources(i)[1] for i in graph.groups["patch"].tolist()], np.float64)
    out = []
    for image in X.reshape(-1, rows, columns):
        padded = np.pad(image / image.max(), s["pad"])
        tents = [_tent(side - s["patch"] + 1, s["grid"]) for side in padded.shape]
        cells = np.zeros((s["grid"], s["grid"], len(W)))
        for y in range(padded.shape[0] - s["patch"] + 1):
            for x in range(padded.shape[1] - s["patch"] + 1):
                p = padded[y : y + s["patch"], x : x + s["patch"]].ravel()
                p = p - p.mean()
                heard = np.maximum(W @ p / np.sqrt(p @ p + 0.05) - 0.4, 0)
                cells += np.multiply.outer(np.outer(tents[0][y], tents[1][x]), heard)
        out.append(np.sqrt(cells).ravel())
    return np.array(out)


def _tent(places, grid):
    """Share of each place in each cell: 1 - distance to the cell's middle, in cells."""
    at = np.clip((np.arange(places) + 0.5) / places * grid - 0.5, 0, grid - 1)
    return np.maximum(1 - np.abs(at[:, None] - np.arange(grid)), 0)


@pytest.mark.parametrize("shape", SHAPES)
def test_parts_are_what_the_equations_say(shape):
    sense, graph = born(shape)
    X = images(shape)
    expected = parts_by_hand(sense, graph, X)
    np.testing.assert_allclose(sense.values(graph, X), expected, atol=1e-4)


def parts_by_the_graph(sense, graph, X):
    """Every glimpse run through the graph's own forward, then pooled."""
    s, (rows, columns) = sense.sizes, sense.image_shape
    out = []
    for image in X.reshape(-1, rows, columns):
        padded = np.pad(image / image.max(), s["pad"])
        p = np.lib.stride_tricks.sliding_window_view(padded, (s["patch"],) * 2)
        down, across = p.shape[:2]
        p = p.reshape(down * across, -1)
        p = p - p.mean(axis=1, keepdims=True)
        glimpses = p / np.sqrt((p**2).sum(axis=1, keepdims=True) + 0.05)
        heard = graph.forward(glimpses, inputs=graph.groups["patch_in"],
                              outputs=graph.groups["patch"])  # fmt: skip
        heard = heard.reshape(down, across, -1).astype(np.float64)
        cells = np.einsum("yxc,yg,xh->ghc", heard, _tent(down, s["grid"]), _tent(across, s["grid"]))
        out.append(np.sqrt(cells).ravel())
    return np.array(out)


@pytest.mark.parametrize("shape", [*SHAPES, (28, 28), (6, 40)])
def test_parts_are_what_the_graph_makes_of_the_glimpses(shape):
    sense, graph = born(shape)
    X = images(shape, 4)
    heard = parts_by_the_graph(sense, graph, X)
    np.testing.assert_allclose(sense.values(graph, X) ** 2, heard**2, rtol=1e-5, atol=1e-5)


def test_what_is_changed_in_the_graph_is_seen():
    graph, sense = Graph(), Retina((8, 8), 0)
    sense.grow(graph, GrowthController())
    X, concept = images((8, 8), 3), int(graph.groups["patch"][5])
    before = sense.values(graph, X)
    graph.set_weights(concept, -2 * graph.sources(concept)[1])
    graph.set_nodes(concept, bias=0.1)
    after = sense.values(graph, X)
    np.testing.assert_allclose(after**2, parts_by_the_graph(sense, graph, X) ** 2, atol=1e-5)
    assert np.flatnonzero((after != before).any(axis=0)).tolist() == list(
        range(5, after.shape[1], graph.groups["patch"].size)
    )


@pytest.mark.parametrize("shape", SHAPES)
def test_patch_concepts_are_unlike_one_another(shape):
    sense, graph = born(shape)
    W = np.array([graph.sources(i)[1] for i in graph.groups["patch"].tolist()], np.float64)
    assert 10 < len(W) <= sense.sizes["budget"]
    np.testing.assert_allclose(np.linalg.norm(W, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(W.sum(axis=1), 0, atol=1e-6)
    alike = np.tril(W @ W.T, -1)
    assert alike.max() < 0.7


def test_landmarks_of_large_images_are_spread():
    sense, graph = born((14, 13))
    windows = sense.windows(graph)
    marks = graph.groups["landmarks"].reshape(len(windows), -1)
    assert marks.shape == (9, sense.sizes["landmarks"])
    for ids, window in zip(marks.tolist(), windows):
        assert graph.sources(ids[0])[0].tolist() == graph.groups["parts"][window].tolist()
        Q = np.array([graph.sources(i)[1] for i in ids], np.float64)
        np.testing.assert_allclose(np.linalg.norm(Q, axis=1), 1, atol=1e-5)
        assert np.tril(Q @ Q.T, -1).max() < 0.999


def test_vigilance_is_relaxed_only_where_too_few_were_found():
    q = np.eye(4)[[0, 0, 1, 1, 2]]
    np.testing.assert_array_equal(source._spread(q, 3), np.eye(4)[:3])
    assert len(source._spread(q, 4)) == 4
    assert len(source._spread(q, 9)) == 5


@pytest.mark.parametrize("shape", SHAPES)
def test_each_image_is_seen_alone(shape):
    sense, graph = born(shape)
    X = images(shape, 70)
    whole = sense.values(graph, X)
    for part in (slice(0, 1), slice(63, 66), slice(1, 70, 3)):
        np.testing.assert_array_equal(sense.values(graph, X[part]), whole[part])


def test_brightness_does_not_matter_and_nothing_is_nothing():
    sense, graph = born()
    X = digits()[0][:20]
    np.testing.assert_array_equal(sense.values(graph, X * 4), sense.values(graph, X))
    assert (sense.values(graph, np.zeros((1, 64))) == 0).all()


def test_windows_cover_the_cells_and_have_names():
    for shape in SHAPES:
        sense, graph = born(shape)
        windows, names = sense.windows(graph), sense.window_names(graph)
        assert len(windows) == len(names) == len(set(names))
        assert np.unique(windows).size == graph.groups["parts"].size
        assert windows.shape[1] == 4 * graph.groups["patch"].size
    sense, graph = born((8, 8))
    top_left = {graph.names[i].split(" patch")[0] for i in
                graph.groups["parts"][sense.windows(graph)[0]].tolist()}  # fmt: skip
    assert top_left == {"cell 0,0", "cell 0,1", "cell 1,0", "cell 1,1"}


def test_a_seed_is_a_retina():
    one, other = born(), born(seed=1)
    again = Graph()
    Retina((8, 8), 0).grow(again, GrowthController())
    assert again == one[1]
    assert other[1] != one[1]


def test_state():
    sense, graph = born((5, 9))
    twin = Retina.from_state(*sense.to_state())
    X = images((5, 9))
    np.testing.assert_array_equal(twin.values(graph, X), sense.values(graph, X))
    np.testing.assert_array_equal(twin.floor(graph), sense.floor(graph))
    assert (sense.floor(graph) > 0).all()


def test_all_was_dreamt_before_any_sample():
    _, graph = born()
    table = GrowthLog(graph).table()
    assert set(table["sample"]) == {-1}
    assert set(table["cause"]) == {"dream", "birth"}


def test_parts_enter_the_graph_around_the_mean_of_the_dreams():
    sense, graph = born()
    dreamt = sense.values(graph, sense._dream().reshape(-1, 64))
    seen = graph.forward(dreamt, inputs=graph.groups["parts"], outputs=graph.groups["parts"])
    np.testing.assert_allclose(seen.mean(axis=0), 0, atol=1e-4)
    energy = (seen.astype(np.float64) ** 2).mean(axis=0)[sense.windows(graph)].sum(axis=1)
    np.testing.assert_allclose(sense.floor(graph), energy, rtol=1e-4)
