"""The exact nearest prototypes: bit for bit those of the slow twin, on data made to be hard."""

import copy
import pickle
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from growgraph import Graph, Matcher
from growgraph.errors import DataError, GraphError
from growgraph.graph import bounds as bounds_module
from growgraph.graph.matching import nearest_nodes
from growgraph.kernels import match
from tests.naive import match as naive

seeds = st.integers(0, 2**32 - 1)
# what float32 holds, from the smallest numbers there are to the largest
scales = st.sampled_from([1.0, 1e-44, 1e-30, 1e-5, 1e5, 1e18, 1e37])


def check_exact(matcher, P, X, k):
    index, distance = matcher.query(X, k)
    wanted, far = naive.search(np.asarray(X, np.float32), np.asarray(P, np.float32), k)
    assert index.dtype == np.int64
    assert distance.dtype == np.float64
    np.testing.assert_array_equal(index, wanted)
    np.testing.assert_array_equal(distance, far)


def plane(rng, n, d, noise=0.01):
    """Rows near a space of six dimensions: bounds along axes exclude most of them."""
    made = rng.normal(size=(n, 6)) @ rng.normal(size=(6, d)) + noise * rng.normal(size=(n, d))
    return made.astype(np.float32)


def among(rng, P, count, noise=0.05):
    rows = P[rng.integers(0, P.shape[0], count)]
    return (rows + noise * rng.normal(size=rows.shape)).astype(np.float32)


# ---- any data -----------------------------------------------------------------------------------
@settings(deadline=None, max_examples=150)
@given(seeds, st.integers(1, 150), st.integers(1, 100), st.integers(0, 7), scales, st.data())
def test_few_columns_or_prototypes(seed, n, d, batch, scale, data):
    rng = np.random.default_rng(seed)
    kind = data.draw(st.sampled_from(["normal", "integers", "twice", "constant", "mixed"]))
    P = rng.normal(size=(n, d))
    if kind == "integers":  # ties in plenty
        P = rng.integers(-1, 2, (n, d)).astype(float)
    elif kind == "twice":
        P = P[rng.integers(0, n, n)]
    elif kind == "constant":
        P[:] = P[0]
    elif kind == "mixed":
        P *= 10.0 ** rng.integers(-20, 1, (n, 1))
    X = P[rng.integers(0, n, batch)] + rng.choice([0, 0, 1e-7, 1], (batch, d))
    P, X = (P * scale / 8).astype(np.float32), (X * scale / 8).astype(np.float32)
    check_exact(Matcher(P), P, X, data.draw(st.integers(1, n)))


@settings(deadline=None, max_examples=40)
@given(seeds, st.integers(256, 700), st.integers(97, 330), scales, st.integers(1, 40))
def test_along_axes(seed, n, d, scale, k):
    rng = np.random.default_rng(seed)
    P = plane(rng, n, d) * np.float32(scale / 64)
    P[n // 2 :: 3] = P[: P[n // 2 :: 3].shape[0]]  # twice
    near = P[1:40:4]
    P[2 : 2 + near.shape[0]] = np.nextafter(near, np.float32(np.inf))  # a last digit apart
    X = among(rng, P, 9, 0.02 * scale / 64)
    X[:3] = P[:3]
    matcher = Matcher(P)
    check_exact(matcher, P, X, k)


@pytest.mark.parametrize("n", [2047, 2048, 2049, 4200])
@pytest.mark.parametrize("d", [7, 130, 300])
def test_many_prototypes(n, d):
    """Several chunks, groups that are not full, one and two levels of axes, sorted prototypes."""
    rng = np.random.default_rng(n + d)
    P = plane(rng, n, d)
    P = P[np.argsort(P[:, 0])]
    matcher = Matcher(P)
    check_exact(matcher, P, among(rng, P, 70), 5)
    assert matcher._bounds.led == (d > 96)


@pytest.mark.parametrize("offset", [0, 1e3, 1e6, 3e38])
def test_an_offset_that_all_share(offset):
    rng = np.random.default_rng(3)
    P = plane(rng, 400, 120)
    X = among(rng, P, 8)
    P, X = P + np.float32(offset), X + np.float32(offset)
    check_exact(Matcher(P), P, X, 5)


def test_all_alike():
    P = np.full((3000, 120), 0.1, np.float32)
    matcher = Matcher(P)
    check_exact(matcher, P, np.array([[0.1] * 120, [7.0] * 120], np.float32), 5)
    assert (matcher.query(P[:2], 3)[0] == [0, 1, 2]).all()


@pytest.mark.parametrize("size", [1e4, 1e10, 1e19, 3e38])
def test_samples_far_from_all(size):
    rng = np.random.default_rng(5)
    P = plane(rng, 500, 130)
    X = (rng.normal(size=(70, 130)).clip(-1, 1) * size).astype(np.float32)
    X[::3] = among(rng, P, X[::3].shape[0])
    check_exact(Matcher(P), P, X, 5)


def test_samples_unlike_the_prototypes_are_not_led():
    """They stand across the plane, where the axes see nothing."""
    rng = np.random.default_rng(6)
    P = plane(rng, 1500, 200, noise=0.3)
    matcher = Matcher(P)
    check_exact(matcher, P, among(rng, P, 100), 5)
    assert matcher._bounds.led
    span = np.linalg.svd(P, full_matrices=False)[2][:6]
    X = 1e4 * rng.normal(size=(200, 200))
    X = (X - X @ span.T @ span).astype(np.float32)
    check_exact(matcher, P, X, 5)
    assert not matcher._bounds.led
    check_exact(matcher, P, among(rng, P, 100), 5)


def test_data_without_axes_is_not_led():
    rng = np.random.default_rng(7)
    P = rng.normal(size=(600, 300)).astype(np.float32)
    matcher = Matcher(P)
    check_exact(matcher, P, rng.normal(size=(9, 300)).astype(np.float32), 5)
    assert not matcher._bounds.led


def test_a_bound_that_excludes_too_much_is_seen():
    rng = np.random.default_rng(8)
    P = plane(rng, 600, 120)
    X, matcher = among(rng, P, 50), Matcher(P)
    check_exact(matcher, P, X, 5)
    matcher._bounds.B *= 1.5
    with pytest.raises(AssertionError):
        check_exact(matcher, P, X, 5)


# ---- the law of the batch -----------------------------------------------------------------------
@settings(deadline=None, max_examples=20)
@given(seeds, st.lists(st.integers(0, 150), max_size=4))
def test_answers_do_not_depend_on_the_batch(seed, cuts):
    rng = np.random.default_rng(seed)
    P = plane(rng, 700, 110)
    X = among(rng, P, 150)
    X[::7] = 20 * rng.normal(size=X[::7].shape)
    index, distance = Matcher(P).query(X, 4)
    matcher, edges = Matcher(P), [0, *sorted(cuts), 150]
    parts = [matcher.query(X[a:b], 4) for a, b in pairwise(edges)]
    assert np.concatenate([i for i, _ in parts]).tobytes() == index.tobytes()
    assert np.concatenate([d for _, d in parts]).tobytes() == distance.tobytes()


# ---- growing ------------------------------------------------------------------------------------
@settings(deadline=None, max_examples=25)
@given(seeds, st.sampled_from([5, 120]), st.data())
def test_grown_is_exact_at_every_step(seed, d, data):
    rng = np.random.default_rng(seed)
    P = plane(rng, data.draw(st.sampled_from([1, 60, 300])), d)
    matcher = Matcher(P)
    for _ in range(data.draw(st.integers(1, 8))):
        more = plane(rng, data.draw(st.sampled_from([0, 1, 1, 7, 64, 200])), d)
        more *= np.float32(data.draw(st.sampled_from([1, 1, 1, 1e-3, 1e9])))
        index = matcher.add(more)
        assert index.tolist() == list(range(P.shape[0], P.shape[0] + more.shape[0]))
        P = np.concatenate([P, more])
        if data.draw(st.booleans()):
            X = among(rng, P, 3)
            X[1:2] = P[-1]
            check_exact(matcher, P, X, min(P.shape[0], 5))
    assert matcher.n_prototypes == P.shape[0]
    np.testing.assert_array_equal(matcher.prototypes, P)


def test_axes_are_kept_until_it_grew_by_half():
    rng = np.random.default_rng(9)
    P = plane(rng, 600, 120)
    matcher = Matcher(P[:400])
    matcher.query(P[:1])
    first = matcher._bounds
    matcher.add(P[400:500])
    matcher.query(P[:1])
    assert matcher._bounds is first
    matcher.add(P[500:])
    matcher.query(P[:1])
    assert matcher._bounds is not first


def test_copies_are_independent():
    rng = np.random.default_rng(10)
    P = plane(rng, 300, 120)
    matcher = Matcher(P)
    matcher.query(P[:1])
    for twin in (copy.deepcopy(matcher), pickle.loads(pickle.dumps(matcher))):
        matcher.add(P[:1])
        check_exact(twin, P, among(rng, P, 5), 3)


def test_prototypes_are_copied():
    P = np.ones((2, 3), np.float32)
    matcher = Matcher(P)
    P[:] = 5
    assert (matcher.prototypes == 1).all()
    assert matcher.nbytes >= matcher.prototypes.nbytes


# ---- the door -----------------------------------------------------------------------------------
def test_forms_of_samples():
    P = np.arange(12.0).reshape(4, 3)
    matcher = Matcher(P.tolist())
    index, distance = matcher.query(P[2], k=2)
    assert index.shape == distance.shape == (2,)
    for X in (P, P.tolist(), sparse.csr_array(P), P.astype(np.int64), np.asfortranarray(P)):
        assert matcher.query(X, 1)[0].ravel().tolist() == [0, 1, 2, 3]
    index, distance = matcher.query(np.empty((0, 3)), 2)
    assert index.shape == distance.shape == (0, 2)
    assert "4 prototypes" in repr(matcher)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e39])
def test_what_is_not_finite_is_refused(bad):
    matcher = Matcher(np.eye(3))
    rows = np.eye(3)
    rows[1, 2] = bad
    for call in (Matcher, matcher.add, lambda X: matcher.query(X, 1)):
        with pytest.raises(DataError, match=r"\(1, 2\)"):
            call(rows)
    assert matcher.n_prototypes == 3
    assert matcher.query(np.eye(3), 1)[0].ravel().tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "rows", [np.empty((0, 3)), np.empty((3, 0)), np.ones(3), np.ones((1, 1, 1))]
)
def test_what_are_no_prototypes_is_refused(rows):
    with pytest.raises(DataError, match="prototypes must"):
        Matcher(rows)


def test_wrong_columns_are_refused():
    matcher = Matcher(np.eye(3))
    for rows in (np.ones((2, 4)), np.ones(4), np.float64(3)):
        with pytest.raises(DataError, match="3 columns"):
            matcher.query(rows, 1)
        with pytest.raises(DataError, match="of 3 columns"):
            matcher.add(rows)


@pytest.mark.parametrize("k", [0, 4, -1])
def test_k_out_of_range_is_refused(k):
    with pytest.raises(ValueError, match=r"k must be in \[1, 3\]"):
        Matcher(np.eye(3)).query(np.eye(3), k)


def test_k_that_is_no_integer_is_refused():
    with pytest.raises(TypeError, match="k must be an integer"):
        Matcher(np.eye(3)).query(np.eye(3), 1.5)


# ---- match nodes of a graph -------------------------------------------------------------------
def test_nodes_by_resonance():
    rng = np.random.default_rng(11)
    graph = Graph()
    x = graph.add_inputs(4)
    graph.add_outputs(1, sources=x)
    nodes = graph.add_nodes(
        9, kind="match", activation="exp", p0=1, sources=x, weights=rng.normal(size=(9, 4))
    )
    X = rng.normal(size=(6, 4)).astype(np.float32)
    found, distance = nearest_nodes(graph, X, 9)
    resonance = graph.forward(X, outputs=nodes)
    for row, (ids, values) in enumerate(zip(found, resonance)):
        by_node = dict(zip(nodes.tolist(), values))
        assert np.diff([by_node[i] for i in ids.tolist()]).max() <= 1e-6
        assert (np.diff(distance[row]) >= 0).all()
    for source, value in zip(x.tolist(), X[0].tolist()):
        graph.set_weight(source, int(found[0, 8]), value)  # the farthest becomes the nearest
    again, _ = nearest_nodes(graph, X[0], 9)
    weights = {i: graph.sources(i)[1] for i in nodes.tolist()}
    by_weights = sorted(weights, key=lambda i: ((weights[i] - X[0]).astype(float) ** 2).sum())
    assert again.tolist() == by_weights
    assert again[0] == found[0, 8]
    some, _ = nearest_nodes(graph, X[0], 2, nodes=nodes[3:5])
    assert set(some.tolist()) == set(nodes[3:5].tolist())


def test_nodes_that_cannot_be_compared_are_refused():
    graph = Graph()
    x = graph.add_inputs(3)
    a = graph.add_node(x, [1, 2, 3], kind="match", p0=1)
    b = graph.add_node(x[:2], [1, 2], kind="match", p0=1)
    with pytest.raises(GraphError, match="same sources"):
        nearest_nodes(graph, [1.0, 2.0, 3.0], 1)
    with pytest.raises(GraphError, match="of kind match"):
        nearest_nodes(graph, [1.0, 2.0, 3.0], 1, nodes=[a, x[0]])
    with pytest.raises(GraphError, match="at least one"):
        nearest_nodes(graph, [1.0, 2.0, 3.0], 1, nodes=[])
    assert nearest_nodes(graph, [1.0, 2.0, 3.0], 1, nodes=[b])[0].tolist() == [b]


def test_group_and_blocks_fit_the_kernel():
    assert match.CHUNK % bounds_module.GROUP == 0
    assert match.CHUNK >= 3 * bounds_module.GROUP  # the coordinates on the axes stand there, too
