"""GrowNet on a stream: what it remembers as tense, where and when it grows, what it keeps."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.datasets import load_digits

from growgraph import GrowNet, GrowNetRegressor
from growgraph.models._grownet.flow import _FAR, BLOCK, Flow
from growgraph.models._grownet.reservoir import Reservoir
from growgraph.models._record import Record


def digits(seed, in_order):
    """1437 rows to learn, by class or as they come, and 360 that are not learnt."""
    data = load_digits()
    order = np.random.default_rng(seed).permutation(len(data.target))
    X, y = data.data[order], data.target[order]
    learn = 360 + (np.argsort(y[360:], kind="stable") if in_order else np.arange(len(y) - 360))
    return X[learn], y[learn], X[:360], y[:360]


@pytest.mark.parametrize("in_order", [False, True])
def test_digits_are_learnt_in_any_order_of_the_classes(in_order):
    told = []
    for seed in range(2):
        X, y, asked, wanted = digits(seed, in_order)
        told.append(GrowNet(random_state=seed).partial_fit(X, y).score(asked, wanted))
    assert np.mean(told) > 0.96


def linear(columns, classes, n=12 * BLOCK):
    rng = np.random.default_rng(columns)
    X = rng.standard_normal((n, columns))
    y = X @ rng.standard_normal((columns, 3)) + 2 * rng.standard_normal((n, 3))
    return X, y.argmax(axis=1) if classes else y[:, 0]


@pytest.mark.parametrize("columns", [6, 40])
@pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])
def test_noise_around_a_line_is_no_reason_to_grow(kind, columns):
    model = kind().partial_fit(*linear(columns, kind is GrowNet))
    assert model._core.n_grown > 0  # it was tried
    assert model.n_units_ == 0


def test_units_are_born_where_tension_lasts():
    X = np.random.default_rng(0).uniform(-1, 1, (10 * BLOCK, 3))
    y = 2 * X[:, 1] + (X[:, 0] > 0) * np.sin(12 * X[:, 1])  # half of it is a line
    model = GrowNetRegressor(patience=2).partial_fit(X, y)
    born = X[model._core.body.rows]
    assert len(born) > 5
    assert (born[:, 0] > 0).mean() > 0.8
    log = model.growth_log_.table()
    log = log[log["rule"] == "Rehearsal"]
    assert set(log["cause"]) == {"lasting tension"}
    assert (log["tension"] > 0).all()


@pytest.mark.parametrize("patience", [1, 3])
def test_lasting_tension_follows_each_row(patience):
    rng = np.random.default_rng(patience)
    memory, expected = Reservoir(1, rows=20), {}
    for first in range(0, 200, 10):
        memory.add(rng.standard_normal((10, 1)), first=first)
        felt = rng.uniform(0, 2, len(memory))
        memory.feel(felt, patience)
        for row, now in zip(memory.index.tolist(), felt.tolist(), strict=True):
            before = expected.get(row, 0.0)
            expected[row] = before + (now - before) / patience
        np.testing.assert_allclose(memory.tense, [expected[row] for row in memory.index.tolist()])
    assert len(memory) == 20


def test_the_nearest_rows():
    memory = Reservoir(2, rows=50)
    X = np.random.default_rng(0).standard_normal((50, 2)).astype(np.float32)
    memory.add(X, first=0)
    for columns in (1, 2):
        places = X[:5, :columns]
        far = ((X[:, None, :columns] - places) ** 2).sum(axis=2)
        for place, near in enumerate(memory.near(places, 3)):
            assert sorted(far[near, place]) == pytest.approx(sorted(far[:, place])[:3])


def hinge(beta, F, Y, resonates, ridge):
    """Squared hinge of the rows that resonate, squared error of the others, ridge.

    Targets reach no more than ``_FAR`` beyond the margin: answers farther off are errors, too.
    """
    said = F @ beta.reshape(F.shape[1], -1)
    lacks = 1 - Y * said
    near = np.maximum(lacks, 0) + np.maximum(-lacks - _FAR, 0)
    left = np.where(resonates[:, None], near, Y - said)
    own = beta.reshape(F.shape[1], -1)[1:]
    return (left**2).sum() + ridge * len(F) * (own**2).sum()


@pytest.mark.parametrize(("kept", "far"), [(40, 1), (300, 1), (300, 12)])
def test_remembered_rows_resonate(kept, far):
    """Far: some rows lie where no answer may follow them."""
    rng = np.random.default_rng(kept)
    F = np.hstack([np.ones((300, 1)), rng.standard_normal((300, 6))])
    F[:15, 1:3] *= far
    Y = np.sign(F[:, 1:3] + 0.3 * rng.standard_normal((300, 2)))
    options = {"replay": 300, "seed": 0, "forget": 1.0}
    flow = Flow(6, 6, 2, 0, Record(), options)
    flow.add(F, Y)
    resonates = np.arange(300) < kept
    loss = lambda beta: hinge(beta.ravel(), F, Y, resonates, flow.strength)  # noqa: E731
    flow.solve()
    plain = loss(flow.beta)
    flow.solve((F[:kept], Y[:kept], np.ones(kept)))
    least = minimize(loss, flow.beta.ravel(), method="L-BFGS-B").fun
    assert least <= loss(flow.beta) < least + 0.05 * (plain - least)
    told = flow.solved(flow.strength)[0]  # what it added to B is kept
    np.testing.assert_allclose(told, flow.beta, rtol=1e-9)


def test_rows_that_faded_resonate_by_what_they_count_for():
    rng = np.random.default_rng(0)
    F = np.hstack([np.ones((100, 1)), rng.standard_normal((100, 4))])
    Y = np.sign(F[:, 1:3] + 0.3 * rng.standard_normal((100, 2)))
    told = []
    for weight in (1.0, 0.5):
        flow = Flow(4, 4, 2, 0, Record(), {"replay": 100, "seed": 0, "forget": 0.9})
        flow.add(F, Y)
        flow.fade(weight)
        flow.solve((F, Y, np.full(100, weight)))
        told.append(flow.beta)
    np.testing.assert_allclose(told[1], told[0], rtol=1e-9)
