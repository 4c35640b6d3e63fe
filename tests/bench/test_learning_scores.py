"""The measures of ``bench learning`` on toys whose truth is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from growgraph.bench.learning import scores
from growgraph.bench.learning.results import Results, compare


@pytest.mark.parametrize(
    ("score", "positive", "expected"),
    [
        ([1, 2, 3, 4], [0, 0, 1, 1], 1.0),
        ([4, 3, 2, 1], [0, 0, 1, 1], 0.0),
        ([1, 1, 1, 1], [0, 1, 0, 1], 0.5),
        ([1, 3, 2, 4], [0, 0, 1, 1], 0.75),
    ],
)
def test_auroc(score, positive, expected):
    assert scores.auroc(score, positive) == expected


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2, max_size=30))
def test_auroc_counts_pairs(pairs):
    positive = [s for s, p in pairs if p]
    negative = [s for s, p in pairs if not p]
    found = scores.auroc([s for s, _ in pairs], [p for _, p in pairs])
    if not positive or not negative:
        assert math.isnan(found)
        return
    wins = sum((a > b) + 0.5 * (a == b) for a in positive for b in negative)
    assert found == pytest.approx(wins / (len(positive) * len(negative)))


def test_calibration_error():
    right = np.arange(100) < 80
    assert scores.calibration_error(np.full(100, 0.8), right) == pytest.approx(0)
    assert scores.calibration_error(np.full(100, 1.0), right) == pytest.approx(0.2)
    two = np.where(np.arange(100) < 50, 0.2, 0.9)  # half too low by .8, half too high by .3
    assert scores.calibration_error(two, right) == pytest.approx(0.5 * 0.8 + 0.5 * 0.3)


def test_risk_leaves_out_the_least_sure():
    confidence = np.arange(20)
    wrong_where_unsure = confidence >= 2
    assert scores.risk_at(confidence, wrong_where_unsure, 0.1) == 0
    assert scores.risk_at(-confidence, wrong_where_unsure, 0.1) == pytest.approx(2 / 18)


def test_rank_correlation():
    assert scores.rank_correlation([1, 2, 3, 4], [1, 4, 9, 16]) == pytest.approx(1)
    assert scores.rank_correlation([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert math.isnan(scores.rank_correlation([1, 1, 1], [1, 2, 3]))


def test_dendrogram_purity():
    chain = [[0, 1], [4, 2], [5, 3]]
    assert scores.dendrogram_purity(chain, [0, 1, 2, 3], list("aabb")) == pytest.approx(
        (1 + 2 / 4) / 2
    )
    assert scores.dendrogram_purity([], [0, 0, 0, 0], list("aabb")) == pytest.approx(0.5)
    assert scores.dendrogram_purity([[0, 1]], [0, 0, 1, 1], list("aabb")) == 1


def pairwise_purity(children, leaf, labels):
    """Straight from the definition: the smallest branch of each pair of one class."""
    leaves = len(children) + 1
    branch = {i: {s for s, at in enumerate(leaf) if at == i} for i in range(leaves)}
    for at, (a, b) in enumerate(children):
        branch[leaves + at] = branch[a] | branch[b]
    found = []
    for i in range(len(leaf)):
        for j in range(i):
            if labels[i] == labels[j]:
                least = min((b for b in branch.values() if {i, j} <= b), key=len)
                found.append(np.mean([labels[s] == labels[i] for s in least]))
    return np.mean(found)


@given(st.integers(0, 2**32 - 1))
def test_dendrogram_purity_is_a_mean_over_pairs(seed):
    rng = np.random.default_rng(seed)
    leaves = int(rng.integers(1, 6))
    free, children = list(range(leaves)), []
    while len(free) > 1:
        a, b = (free.pop(int(rng.integers(len(free)))) for _ in range(2))
        children.append([a, b])
        free.append(leaves + len(children) - 1)
    leaf, labels = rng.integers(0, leaves, 12), rng.integers(0, 3, 12)
    expected = pairwise_purity(children, leaf.tolist(), labels.tolist())
    assert scores.dendrogram_purity(children, leaf, labels) == pytest.approx(expected)


# ---- paired comparisons -------------------------------------------------------------------------
def test_paired_p_is_scipys():
    from scipy.stats import ttest_rel

    a, b = np.random.default_rng(0).random((2, 9))
    assert scores.paired_p(a, b) == pytest.approx(ttest_rel(a, b).pvalue)
    assert math.isnan(scores.paired_p(a[:2], b[:2]))
    assert scores.paired_p(a + 1, a) == pytest.approx(0)
    assert scores.paired_p(a, a) == 1


def test_holm():
    assert scores.holm([0.01, 0.02, 0.03, 0.005]) == pytest.approx([0.03, 0.04, 0.04, 0.02])
    assert scores.holm([0.9, 0.8]) == [1, 1]
    kept = scores.holm([math.nan, 0.02, 0.01])
    assert math.isnan(kept[0])
    assert kept[1:] == pytest.approx([0.02, 0.02])  # what could not be tested counts for nothing


def filled(ours, peer, other=None):
    results = Results()
    for seed, (a, b) in enumerate(zip(ours, peer)):
        results.add("toy", "growgraph", "accuracy", seed, a)
        results.add("toy", "growgraph resonance", "accuracy", seed, 0)
        results.add("toy", "a peer", "accuracy", seed, b)
    for seed, value in enumerate(other or []):
        results.add("toy", "another", "accuracy", seed, value)
    return results


@pytest.mark.parametrize(("shift", "verdict"), [(0.1, "won"), (-0.1, "lost"), (0.0, "even")])
def test_verdicts(shift, verdict):
    base = np.array([0.7, 0.72, 0.69, 0.71, 0.73])
    jitter = np.array([0.001, -0.001, 0.002, -0.002, 0.0])
    results = filled(base + shift + jitter, base)
    (told,) = compare(results, "accuracy", "growgraph")
    assert (told["peer"], told["verdict"], told["pairs"]) == ("a peer", verdict, 5)
    assert told["difference"] == pytest.approx(shift)
    opposite = {"won": "lost", "lost": "won", "even": "even"}[verdict]
    assert compare(results, "accuracy", "growgraph", higher=False)[0]["verdict"] == opposite


def test_only_common_seeds_are_compared():
    results = filled([0.5, 0.6, 0.7, 0.9], [0.5, 0.6, 0.7, 0.9], other=[0.1, 0.2])
    told = {one["peer"]: one for one in compare(results, "accuracy", "growgraph")}
    assert told["another"]["pairs"] == 2
    assert told["another"]["verdict"] == "untested"
    assert told["another"]["difference"] == pytest.approx(0.675 - 0.15)  # of all seeds
    assert told["a peer"]["p"] == 1
