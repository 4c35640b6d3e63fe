"""A newborn's past: exact where it can be, never impossible, and good enough to learn by."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from growgraph.models._grownet.history import impute
from growgraph.models._grownet.reservoir import Reservoir
from growgraph.models._grownet.ridge_readout import RidgeReadout


def past(n=200, m=5, k=3, kept=40, seed=0):
    """Elders, newborns, targets of all samples; places of those remembered and their weights."""
    rng = np.random.default_rng(seed)
    F = np.hstack([np.ones((n, 1)), rng.standard_normal((n, m - 1))])
    K = np.abs(F[:, 1:2] + rng.standard_normal((n, k)))
    T = rng.standard_normal((n, 2)) + K[:, :1]
    return F, K, T, rng.permutation(n)[:kept], np.full(kept, n / kept)


def test_what_elders_explain_has_its_whole_past():
    F, _, T, kept, weight = past()
    K = F @ np.random.default_rng(1).standard_normal((5, 3))
    G12, G22, B2 = impute(F.T @ F, F.T @ T, F[kept], K[kept], T[kept], weight, ridge=1e-10)
    np.testing.assert_allclose(G12, F.T @ K, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(G22, K.T @ K, rtol=1e-6)
    np.testing.assert_allclose(B2, K.T @ T, rtol=1e-6, atol=1e-6)


def test_a_memory_of_everything_is_the_past():
    F, K, T, _, _ = past()
    sums = F.T @ F, F.T @ T
    for whole, rtol in ((True, 1e-12), (False, 1e-2)):
        G12, G22, B2 = impute(*sums, F, K, T, np.ones(200), whole=whole)
        np.testing.assert_allclose(G12, F.T @ K, rtol=rtol, atol=rtol * 200)
        np.testing.assert_allclose(G22, K.T @ K, rtol=rtol, atol=rtol * 200)
        np.testing.assert_allclose(B2, K.T @ T, rtol=rtol, atol=rtol * 200)


@settings(max_examples=80, deadline=None)
@given(
    st.integers(1, 8),  # rows kept: fewer than columns, too
    st.integers(0, 999),
    st.sampled_from([1e-9, 1e-3, 1.0]),
    st.sampled_from([1e-3, 1.0, 1e3]),  # scale of newborns
    st.booleans(),
)
def test_the_sums_are_those_of_some_past(kept, seed, ridge, scale, dependent):
    F, K, T, places, weight = past(n=12, m=6, kept=kept, seed=seed)
    if dependent:
        F[:, 3] = F[:, 2]
    G = F.T @ F
    G12, G22, _ = impute(G, F.T @ T, F[places], scale * K[places], T[places], weight, ridge=ridge)
    s = np.r_[np.ones(6), np.full(3, 1 / scale)]
    whole = np.block([[G, G12], [G12.T, G22]]) * s * s[:, None]
    assert np.linalg.eigvalsh(whole)[0] > -1e-9 * np.trace(whole)


# ---- the reservoir ------------------------------------------------------------------------------
def stream(n, classes, seed, sorted_=False):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    return rng.standard_normal((n, 2)).astype(np.float32), np.sort(labels) if sorted_ else labels


def fed(X, labels, cuts, saved=False, **options):
    memory = Reservoir(2, 1, **options)
    for first, last in zip([0, *cuts], [*cuts, len(X)]):
        rows = slice(first, last)
        memory.add(X[rows], first=first, labels=labels[rows], Y=X[rows, :1])
        if saved:
            memory = Reservoir.from_arrays({k: v.copy() for k, v in memory.to_arrays().items()})
    return memory


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60),
    st.integers(1, 4),
    st.integers(0, 99),
    st.integers(4, 30),
    st.booleans(),
    st.sampled_from([1.0, 0.9]),
    st.data(),
)
def test_no_cut_of_the_stream_is_seen(n, classes, seed, rows, in_order, forget, data):
    X, labels = stream(n, classes, seed, in_order)
    cuts = sorted(data.draw(st.sets(st.integers(0, n), max_size=8)))
    options = {"rows": rows, "seed": seed, "forget": forget}
    once, cut = fed(X, labels, [], **options), fed(X, labels, cuts, saved=True, **options)
    for name in ("X", "Y", "labels", "index", "keys", "seen", "counts"):
        assert getattr(once, name).tobytes() == getattr(cut, name).tobytes(), name
    assert once.weights().tobytes() == cut.weights().tobytes()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 60), st.integers(1, 5), st.integers(0, 99), st.integers(5, 70))
def test_classes_have_the_same_room(n, classes, seed, rows):
    X, labels = stream(n, classes, seed)
    memory = fed(X, labels, [], rows=rows, seed=seed)
    assert len(memory) <= rows
    assert memory.whole == (n <= rows)
    kept = np.bincount(memory.labels, minlength=memory.counts.size)
    short = kept < memory.counts
    assert kept[short].max(initial=0) == kept[short].min(initial=rows) or not short.any()
    assert (kept[~short] <= kept[short].min(initial=rows)).all()
    if short.any():  # a row more for each of them would not fit
        assert len(memory) + short.sum() > rows
    assert (np.diff(memory.index) > 0).all()
    np.testing.assert_array_equal(memory.X, X[memory.index])
    np.testing.assert_array_equal(memory.labels, labels[memory.index])
    total = np.bincount(memory.labels, memory.weights(), minlength=memory.counts.size)
    np.testing.assert_allclose(total, memory.counts)


def test_every_sample_has_the_same_chance():
    X = np.zeros((200, 2), np.float32)
    times = np.zeros(200)
    for seed in range(400):
        times[fed(X, np.zeros(200, int), [50], rows=40, seed=seed).index] += 1
    assert times.mean() == 80
    assert abs(times[:100].mean() - 80) < 3 * 8 / 10  # binomial: standard deviation 8
    assert 5 < times.std() < 11


def test_samples_that_fade_give_way_and_are_weighed_by_what_they_count_for():
    n, forget = 400, 0.99
    X = np.arange(n, dtype=np.float32)[:, None] * np.ones(2, np.float32)
    ages = np.zeros(n)
    for seed in range(200):
        memory = fed(X, np.zeros(n, int), [100, 300], rows=50, seed=seed, forget=forget)
        ages[memory.index] += memory.weights() / 200
    expected = forget ** np.arange(n - 1, -1, -1)
    assert ages[-100:].sum() == pytest.approx(expected[-100:].sum(), rel=0.05)
    assert ages[:200].sum() == pytest.approx(expected[:200].sum(), rel=0.15)
    assert memory.seen[0] == pytest.approx(expected.sum())


def test_columns_are_added():
    X, labels = stream(20, 2, 0)
    memory = fed(X, labels, [], rows=6)
    memory.widen(1, 0.5)
    memory.add(np.ones((1, 3)), first=20, labels=[0], Y=[[1]])
    assert memory.X.shape == (len(memory), 3)
    assert (memory.X[memory.index < 20, 2] == 0.5).all()


# ---- what it is for -----------------------------------------------------------------------------
def grown_class_by_class(past_of, seed):
    """Digits, one class after another, 20 nodes a block; accuracy on what was held out."""
    D = load_digits()
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(D.target))
    train, test = order[:1200], order[1200:]
    train = train[np.argsort(D.target[train], kind="stable")]
    X, y = D.data / 16 - 0.5, D.target
    nodes = []

    def features(X):
        hidden = [np.abs(X @ w + b)[:, None] for w, b in nodes]
        return np.hstack([np.ones((len(X), 1)), X, *hidden])

    memory, readout = Reservoir(64, rows=300, dtype=np.float64), RidgeReadout(1e-3)
    for first in range(0, 1200, 128):
        block = train[first : first + 128]
        F, T = features(X[block]), 2 * np.eye(10)[y[block]] - 1
        (readout.add if first else readout.start)(F, T)
        memory.add(X[block], first=first, labels=y[block])
        pairs = X[rng.choice(block, 20)], memory.X[rng.integers(0, len(memory), 20)]
        F = features(memory.X)
        for a, b in zip(*pairs):
            w = 2 * (b - a) / ((b - a) @ (b - a) + 1e-6)
            nodes.append((w, -w @ (a + b) / 2))
        K, T = features(memory.X)[:, F.shape[1] :], 2 * np.eye(10)[memory.labels] - 1
        new = readout.reduce(*past_of(readout, F, K, T, memory))
        assert readout.append(new, np.arange(20)).all()
    assert readout.jitter == 0
    return ((features(X[test]) @ readout.beta).argmax(1) == y[test]).mean()


def imputed(readout, F, K, T, memory):
    return impute(readout.G, readout.B, F, K, T, memory.weights(), whole=memory.whole)


def silent(readout, F, K, T, memory):
    return np.zeros((F.shape[1], 20)), np.zeros((20, 20)), np.zeros((20, 10))


def test_classes_that_came_first_are_not_forgotten():
    assert np.mean([grown_class_by_class(imputed, seed) for seed in range(2)]) > 0.96
    assert grown_class_by_class(silent, 0) < 0.5
