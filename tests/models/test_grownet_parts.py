"""Parts of GrowNet on their own: folds, looks, sums of a stream, who judges, what is taken back."""

from types import SimpleNamespace

import numpy as np
import pytest

from growgraph import GrowNetRegressor
from growgraph._random import uniform
from growgraph.models._grownet import explaining, growing, pruning, streaming
from growgraph.models._grownet.flow import BLOCK, Flow
from growgraph.models._grownet.net import STRENGTHS, Net
from growgraph.models._grownet.unit import Unit
from growgraph.models._record import Record
from tests.models.test_grownet_floors import OPTIONS, grown, signs, square
from tests.naive import readout as naive

RNG = np.random.default_rng


# ---- folds and looks ----------------------------------------------------------------------------
def test_folds_have_as_many_rows_of_each_class():
    labels = np.repeat([0, 1, 2], [50, 25, 10])
    fold = growing.folds_of(85, labels, seed=3)
    counts = np.array([np.bincount(labels[fold == k], minlength=3) for k in range(5)])
    assert (counts == [10, 5, 2]).all()
    assert (growing.folds_of(85, labels, seed=4) != fold).any()
    assert np.bincount(growing.folds_of(13, None, 0)).tolist() == [3, 3, 3, 2, 2]


class Steady:
    """A net whose held-out tension falls until it has so many units, then rises."""

    done, looked = False, None

    def __init__(self, turn, many=False):
        self.turn, self.many, self.m = turn, many, 0
        self.ridge, self.asked = SimpleNamespace(strength=1e-3), []

    def refresh(self, strength, steps):
        self.ridge.strength = strength

    def look(self, strengths):
        self.asked.append(tuple(strengths))
        away = abs(self.m - self.turn) / self.turn
        return {s: (np.full(9, away + abs(np.log10(s) + 2)),) * 2 for s in strengths}

    def round(self, k, pool, where):
        self.m += k


@pytest.mark.parametrize(("most", "last"), [(20, 20), (1000, 124)])
def test_growth_is_rehearsed_until_well_beyond_the_best(most, last):
    net = Steady(40)
    looks = growing.rehearse([net], most, pool=8)
    units = [m for m, *_ in looks]
    assert units[:3] == [0, 1, 2]
    assert units[-2] <= 1.5 * min(units, key=lambda m: abs(m - 40)) + 64 or most == 20
    assert units[-1] == net.m >= min(last, most)
    assert {strength for _, strength, *_ in looks} == {1e-2}
    assert set(net.asked[0]) == set(STRENGTHS)
    assert net.asked[-1] == (1e-3, 1e-2, 1e-1)  # neighbours of the best


def test_images_are_looked_at_seldom_and_once_at_the_end():
    units = [m for m, *_ in growing.rehearse([Steady(10**6, many=True)], 1600, pool=8)]
    gaps = np.diff(units)
    assert units[-1] == 1600
    assert len(units) < 12
    assert gaps[-1] > 300  # not a look shortly before the last one


@pytest.fixture(scope="module")
def planned():
    X, y, _ = square(200)
    return X, signs(y), growing.plan(X, signs(y), y, OPTIONS | {"nets": 2}, 60)


def test_units_of_folds_tell_the_row_they_were_drawn_at(planned):
    X, _, plan = planned
    places = 0
    for net, held in zip(plan.nets, plan.held, strict=True):
        assert not np.isin([unit.row for unit in net.units], held).any()
        for unit in net.units:
            if unit.shape == "match":  # it resonates at its row
                np.testing.assert_allclose(unit.weights, X[unit.row, unit.sources])
                places += 1
    assert places > 0


def test_half_as_many_again_are_grown_and_half_of_them_taken_back(planned, monkeypatch):
    X, Y, plan = planned
    asked = []
    monkeypatch.setattr(growing, "_afresh", lambda *a: asked.append(a[4]))
    monkeypatch.setattr(growing, "_answering", lambda net, options, ridge, kept: (ridge, kept))
    one = growing.grow(X, Y, OPTIONS, plan, None, (), room=1000)
    assert asked == [int(np.ceil(1.5 * plan.units))]
    assert one == (plan.strength, int(np.ceil(0.75 * plan.units)))
    kept = growing.grow(X, Y, OPTIONS | {"readout": "append"}, plan, None, (), room=1000)[1]
    assert (asked[1], kept) == (plan.units, plan.units)


def test_nets_of_a_colony_have_a_tenth_of_the_ridge(planned, monkeypatch):
    X, Y, plan = planned
    told = []
    monkeypatch.setattr(growing, "_again", lambda *a: told.append((a[3], len(a[4]))))
    monkeypatch.setattr(growing, "_answering", lambda *a: None)
    monkeypatch.setattr(growing, "_mean", lambda parts, d: parts)
    growing.grow(X, Y, OPTIONS | {"nets": 2}, plan, None, (), room=1000)
    grown = min(int(np.ceil(1.5 * plan.units)), *(net.m for net in plan.nets[:2]))
    assert [ridge for ridge, _ in told] == [max(plan.strength / 10, STRENGTHS[0])] * 2
    assert min(count for _, count in told) == grown


def test_a_colony_answers_by_its_mean():
    a, b = RNG(0).standard_normal((2, 4, 1))  # 1, two columns, one unit
    said = np.array([[1.0], [3.0]])
    beta, mean = growing._mean([(a, said), (b, 3 * said)], 2)
    np.testing.assert_allclose(beta[:3], (a[:3] + b[:3]) / 2)
    np.testing.assert_allclose(beta[3:], [a[3] / 2, b[3] / 2])
    np.testing.assert_allclose(mean, 2 * said)


def test_another_repertoire_has_to_be_better_by_a_standard_error():
    felt = RNG(0).uniform(0.5, 1.5, 400)
    error = felt.std() / np.sqrt(felt.size)
    look, gain = (0, 0.1, felt, felt), RNG(1).permutation(felt) - felt.mean()
    for times, better in ((0.7, False), (1.3, True), (-1.3, False)):
        other = (0, 0.1, felt - gain - times * error, felt)
        assert growing._is_better(other, look) is better


# ---- where held-out rows cannot tell ------------------------------------------------------------
def test_all_combinations_must_be_there():
    X = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1, 2)], float)
    assert explaining.is_complete(X)
    assert explaining.is_complete(np.vstack([X, X[:3]]))
    assert not explaining.is_complete(X[1:])
    assert not explaining.is_complete(np.vstack([X[1:], X[1:3]]))
    assert not explaining.is_complete(RNG(0).uniform(size=(12, 2)))


def test_a_net_that_explains_leaves_no_doubt_of_any_row():
    X, y, _ = square(60)
    Y = signs(y)
    net = explaining._grown(X, Y, OPTIONS, 60, (), "test", explaining.ALL)
    assert 0 < net.m < 60
    assert (net.said * Y).min() > 1 - explaining._DOUBT
    assert explaining._grown(X, Y, OPTIONS, 1, (), "test", explaining.ALL) is None
    fresh = signs(RNG(0).integers(2, size=60))
    assert explaining._is_chance(
        X, fresh, OPTIONS, (), SimpleNamespace(m=58, rehearsal=net.rehearsal)
    )
    assert not explaining._is_chance(
        X, Y, OPTIONS, (), SimpleNamespace(m=2, rehearsal=net.rehearsal)
    )


# ---- taking back --------------------------------------------------------------------------------
def test_the_unit_that_costs_least_is_taken_back_first():
    X, y, _ = square(120)
    net = grown(Net(X, signs(y), OPTIONS | {"depth": False}, RNG(0)), 8)
    F, T, ridge = net.F[:, : net.size], net.T.copy(), net.readout(1e-3)
    costs = []
    for j in range(net.m):
        left = np.delete(np.arange(net.size), 1 + net.d + j)
        costs.append(naive.fit(F[:, left], T, ridge.inertia[left], None)[1])
    knots = [unit.knot for unit in net.units]
    pruning.retract(net, 1e-3, net.m - 1, "spared")
    assert [unit.knot for unit in net.units] == np.delete(knots, np.argmin(costs)).tolist()


def test_a_unit_that_gates_another_is_read():
    reader = Unit(np.array([0, 3]), np.ones(2), gate=4)  # of two columns
    net = SimpleNamespace(m=5, d=2, units=[*[Unit(np.array([1]), np.ones(1))] * 4, reader])
    assert pruning._unread(net, []).tolist() == [0, 3, 4]
    assert pruning._unread(net, [4]).tolist() == [0, 1, 2, 3]


# ---- sums of a stream ---------------------------------------------------------------------------
def flow_of(F, Y, **options):
    flow = Flow(F.shape[1] - 1, F.shape[1] - 1, Y.shape[1], 0, Record(),
                {"replay": 10, "seed": 0, "forget": 1.0} | options)  # fmt: skip
    flow.add(F, Y)
    return flow


def rows(n=40, columns=3, classes=2, seed=0):
    rng = RNG(seed)
    F = np.hstack([np.ones((n, 1)), rng.standard_normal((n, columns))])
    return F, signs(rng.integers(classes, size=n))


def test_what_fades_counts_as_fewer_rows():
    F, Y = rows()
    flow, half = flow_of(F, Y), flow_of(F, Y)
    half.slack += 1.0
    half.fade(0.5)
    assert half.n == flow.n / 2 == 20
    for name in ("G", "B"):
        np.testing.assert_allclose(getattr(half, name), getattr(flow, name) / 2)
    np.testing.assert_allclose(half.slack, 0.5)
    half.slack[:] = 0
    np.testing.assert_allclose(half.solved(0.1)[0], flow.solved(0.1)[0])


def test_rows_that_wait_count_as_those_of_the_sums():
    F, Y = rows(60)
    flow = flow_of(F[:40], Y[:40])
    beta, _ = flow.solved(0.01, F[40:], Y[40:])
    ridge = np.r_[0, np.full(3, (0.01 + 1e-9) * 60)]
    np.testing.assert_allclose(beta, naive.fit(F, Y, ridge, None)[0], rtol=1e-6)


def test_a_class_met_late_was_wrong_until_then():
    F, Y = rows()
    flow = flow_of(F, Y)
    flow.add_output()
    late = flow_of(F, np.column_stack([Y, -np.ones(len(F))]))
    np.testing.assert_allclose(flow.B, late.B)
    np.testing.assert_allclose(F @ flow.beta[:, 2], -1)
    assert flow.counts.tolist() == [0, 0, 0]
    assert flow.tally.shape == (3, 3)


def test_answers_are_counted_before_they_are_learnt():
    F, Y = rows(4)
    flow = flow_of(F, Y)
    said = np.array([[1.0, -1.0], [-1.0, 1.0], [0.2, 0.1], [0.0, 0.9]])
    flow.remember(said, np.array([0, 0, 0, 1]), Y, 100, True)
    assert flow.trace.tolist() == [4, 3, 0]
    assert flow.tally.tolist() == [[2, 102, 3], [1, 103, 1]]  # right, last seen, answered
    assert flow.record.count_by.sum() == 4
    assert flow.record.right_by.sum() == 3
    place = int(0.1 * 30)  # a margin of .1
    assert flow.record.count_by[place] == flow.record.right_by[place] == 1


def test_leverage_is_one_on_the_average_row():
    F, Y = rows(80)
    flow = flow_of(F, Y)
    assert flow.leverage(F, flow.G, flow.n).mean() == pytest.approx(1, rel=0.02)
    far = F.copy()
    far[:, 1:] *= 10
    assert flow.leverage(far, flow.G, flow.n).mean() > 30


def test_nothing_is_remembered_without_replay():
    F, Y = rows()
    for replay, kept in ((0, 0), (10, 10)):
        flow = flow_of(F, Y, replay=replay)
        flow.recall(F[:, 1:].astype(np.float32), Y.argmax(axis=1) * 0, np.empty((40, 0)), 0)
        assert len(flow.memory) == kept


# ---- growth on a stream -------------------------------------------------------------------------
def test_the_ridge_with_the_least_error_on_rows_left_out():
    F, _ = rows(30, 6)
    Y = F @ RNG(1).standard_normal((7, 2)) + 2 * RNG(2).standard_normal((30, 2))
    errors = []
    for strength in STRENGTHS:
        ridge, left = np.r_[0, np.full(6, (strength + 1e-9) * 30)], []
        for i in range(30):
            other = np.arange(30) != i
            beta = naive.fit(F[other], Y[other], ridge, None)[0]
            left.append(((Y[i] - F[i] @ beta) ** 2).mean())
        errors.append(np.mean(left))
    assert streaming.loo_strength(F, Y) == STRENGTHS[int(np.argmin(errors))]
    assert streaming.loo_strength(F, F[:, 1:3]) == STRENGTHS[0]


def test_scales_and_names_of_targets():
    y = np.array([[1.0, 5.0, 1e300], [3.0, 5.0, -1e300]])
    centre, spread = streaming.scales_of(y)
    assert centre.tolist() == [2, 5, 0]
    assert spread.tolist() == [1, 1, 1e300]
    assert streaming.names_of(y[:, :1]) == ["answer"]
    assert streaming.names_of(y) == ["answer 0", "answer 1", "answer 2"]


@pytest.mark.parametrize("patience", [1, 3])
def test_units_are_born_at_rows_that_last_and_do_not_judge(patience):
    X = RNG(0).uniform(-1, 1, (8 * BLOCK, 2))
    model = GrowNetRegressor(patience=patience, pool=16, random_state=5)
    body = model.partial_fit(X, np.abs(X[:, 0]) + np.abs(X[:, 1]))._core.body
    assert len(body.rows) > 3
    assert (body.steps - body.rows >= patience * BLOCK).all()
    assert (body.steps % BLOCK == 0).all()
    assert (uniform(5, body.rows, "judge") >= 0.25).all()
    assert np.isfinite(body.felt[body.steps + patience * BLOCK <= 8 * BLOCK, 2]).all()


def test_after_growth_in_vain_a_stream_rests_longer():
    X = RNG(0).standard_normal((40 * BLOCK, 2))
    model = GrowNetRegressor(patience=1, pool=4).partial_fit(
        X, X[:, 0] + RNG(1).normal(size=len(X))
    )
    assert model.n_units_ == 0
    assert 8 <= model._core.n_grown <= 14  # after the first: one block's rest, two, then three
    assert model._core.flow.refused == 3
