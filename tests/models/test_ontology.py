"""Likeness, hierarchy and the number of concepts against slow twins and plain definitions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, fcluster, is_valid_linkage

from growgraph.models._clusterer import ontology
from tests.naive import ontology as naive

SLOW = settings(max_examples=30, deadline=None, derandomize=True, database=None)


def points(n, d=3, seed=0):
    return np.random.default_rng(seed).standard_normal((n, d)).astype(np.float32)


def shares_of(n, seed=0):
    index, weight = ontology.likeness(points(n, seed=seed))
    counts = np.random.default_rng(seed + 1).integers(1, 9, n)
    return ontology.coincidence(index, weight, counts)


@pytest.mark.parametrize("n", [2, 3, 9, 10, 60])
def test_likeness_is_that_of_all_distances(n):
    W = points(n, seed=n)
    index, weight = ontology.likeness(W)
    expected, values = naive.likeness(W)
    np.testing.assert_array_equal(index, expected)
    np.testing.assert_allclose(weight, values, rtol=1e-9)


def test_likeness_where_many_stand_at_one_place():
    W = np.zeros((30, 2), np.float32)
    W[-1] = 5
    index, weight = ontology.likeness(W)
    assert not (index == np.arange(30)[:, None]).any()
    np.testing.assert_array_equal(weight[:-1], 1.0)
    assert np.isfinite(ontology.hierarchy(ontology.coincidence(index, weight, np.ones(30)))).all()


def test_likeness_of_one():
    assert ontology.likeness(points(1))[0].shape == (1, 0)


@pytest.mark.parametrize("n", [2, 5, 40])
def test_coincidence_spreads_along_likeness(n):
    index, weight = ontology.likeness(points(n, seed=n))
    counts = np.arange(1, n + 1)
    shares = ontology.coincidence(index, weight, counts)
    np.testing.assert_allclose(shares, naive.coincidence(index, weight, counts), atol=1e-15)
    np.testing.assert_array_equal(shares, shares.T)


def leaves(Z):
    """The two sets of leaves of each merge."""
    n = len(Z) + 1
    held = [frozenset([i]) for i in range(n)]
    for a, b, _, size in Z.tolist():
        held.append(held[int(a)] | held[int(b)])
        assert len(held[-1]) == size
    return [frozenset([held[int(a)], held[int(b)]]) for a, b in Z[:, :2]]


@pytest.mark.parametrize("n", [2, 3, 17, 40])
def test_the_chain_merges_what_the_greedy_search_merges(n):
    shares = shares_of(n, seed=n)
    Z = ontology.hierarchy(shares)
    merges = naive.hierarchy(shares)
    assert is_valid_linkage(Z)
    assert set(leaves(Z)) == {frozenset([a, b]) for _, a, b in merges}
    expected = sorted(1 / (r + 1e-9) for r, _, _ in merges)
    np.testing.assert_allclose(Z[:, 2], expected, rtol=1e-6)


def test_a_linkage_that_scipy_reads():
    shares = shares_of(25)
    Z = ontology.hierarchy(shares)
    assert (np.diff(Z[:, 2]) >= 0).all()
    assert cophenet(Z).size == 300
    for k in (1, 2, 6, 25):
        labels, names = ontology.cut(Z, k)
        assert len(names) == k
        theirs = fcluster(Z, k, "maxclust")
        pairs = set(zip(labels.tolist(), theirs.tolist()))
        assert len(pairs) == k == len(set(labels.tolist()))
        first = [int(np.argmax(labels == c)) for c in range(k)]
        assert first == sorted(first)  # numbered by their first leaves


@SLOW
@given(n=st.integers(2, 30), seed=st.integers(0, 99))
def test_where_coincidence_is_chance_modularity_is_greatest(n, seed):
    shares = shares_of(n, seed)
    Z = ontology.hierarchy(shares)
    worth = []
    for k in range(1, n + 1):
        labels, _ = ontology.cut(Z, k)
        worth.append(naive.modularity(shares, [np.flatnonzero(labels == c) for c in range(k)]))
    at_chance = int((Z[:, 2] > 1).sum()) + 1
    assert worth[at_chance - 1] == pytest.approx(max(worth), abs=1e-12)


def with_heights(*heights):
    """A linkage that merges in rounds of pairs: no concept is much greater than the others."""
    waiting, Z = list(range(len(heights) + 1)), np.ones((len(heights), 4))
    for row, height in enumerate(heights):
        Z[row, :3] = waiting.pop(0), waiting.pop(0), height
        waiting.append(len(heights) + 1 + row)
    return Z


def found(heights, counts=None):
    Z = with_heights(*heights)
    return ontology.n_found(Z, np.ones(len(Z) + 1) if counts is None else counts)


@pytest.mark.parametrize(
    ("heights", "k"),
    [
        ((0.2, 0.5, 0.9), 1),
        ((0.2, 0.5, 1.1, 3.0), 3),
        ((0.2, 0.5, 1.1, 5.6), 2),  # it breaks off: what lies below chance counts for nothing
        ((0.5, 1.1, 5.4), 3),  # less than five times less is no break
        ((0.01, 0.2, 0.5, 0.6), 1),  # a leap above chance is none
        ((0.2, 2.5, 30.0, 400.0), 4),  # the finest break
        ((0.5, 2.0, 9.0, 40.0, 400.0), 5),  # ten times less, but 40 ** 1.7 is 530
        ((0.5, 2.0, 9.0, 40.0, 540.0), 2),
        ((0.5, 2.0, 9.0, 44.0, 1e9), 2),  # nothing coincides across it
        ((), 1),
    ],
)
def test_the_number_of_concepts(heights, k):
    assert found(heights) == k


def test_a_break_that_leaves_one_great_concept_has_to_be_clear():
    even, uneven = [3, 3, 3, 3], [8, 6, 1, 1]
    for last in (21.0, 199.0):
        assert found((0.5, 2.0, last), even) == 2
        assert found((0.5, 2.0, last), uneven) == 3
    assert found((0.5, 2.0, 201.0), uneven) == 2
    assert found((0.5, 0.6, 4.0), uneven) == 2  # modularity asks for no shares


@pytest.mark.parametrize("n", [2, 7, 30])
def test_the_greatest_concept_after_each_merge(n):
    counts = np.random.default_rng(n).integers(1, 20, n)
    Z = ontology.hierarchy(shares_of(n, seed=n))
    expected = [
        np.bincount(ontology.cut(Z, k)[0], counts).max() / counts.sum() for k in range(n - 1, 0, -1)
    ]
    np.testing.assert_allclose(ontology._greatest(Z, counts), expected)
