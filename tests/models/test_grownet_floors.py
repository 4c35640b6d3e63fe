"""What GrowNet grows and what it declines to grow: repertoires, folds, chance, units taken back."""

import itertools

import numpy as np
import pytest

from growgraph import Graph, GrowNet, GrowNetRegressor, GrowthController
from growgraph.growth.proposal import Proposal
from growgraph.models._grownet import explaining, growing
from growgraph.models._grownet.net import Net
from growgraph.models._grownet.pruning import renumbered, retract
from growgraph.models._grownet.rehearsal import ALL, BENDS, PLACES, repertoires
from growgraph.models._grownet.unit import Unit

OPTIONS = {"classes": True, "pool": 32, "placement": "tension", "depth": True,
           "directions": "data", "readout": "refit", "seed": 0, "nets": 1}  # fmt: skip


def square(n=300, seed=0):
    """Two columns whose product tells; a class and a number."""
    X = np.random.default_rng(seed).uniform(-1, 1, (n, 2))
    return X, (X[:, 0] * X[:, 1] > 0).astype(int), X[:, 0] * X[:, 1]


def patterns(bits):
    X = np.array(list(itertools.product([0, 1], repeat=bits)), float)
    return X, X.sum(axis=1).astype(int) % 2


def signs(labels):
    return np.where(np.arange(2) == labels[:, None], 1.0, -1.0)


def net_on(X, labels, repertoire=ALL, seed=0):
    return Net(X, signs(labels), OPTIONS, np.random.default_rng(seed), repertoire=repertoire)


def grown(net, units):
    while net.m < units and not net.done:
        net.round(min(2, units - net.m), 32)
    return net


@pytest.mark.parametrize("bits", [2, 3, 4, 6])
def test_parity(bits):
    X, y = patterns(bits)
    if bits == 2:
        X, y = np.tile(X, (8, 1)), np.tile(y, 8)
    model = GrowNet().fit(X, y)
    assert model.score(X, y) == 1
    assert 0 < model.n_units_ <= 2 * bits


def test_a_product_is_learnt_with_few_units():
    X, y, z = square(400)
    model = GrowNet().fit(X[:300], y[:300])
    assert model.score(X[300:], y[300:]) > 0.93
    assert 0 < model.n_units_ < 60
    regressor = GrowNetRegressor(nets=1).fit(X[:300], z[:300])
    assert regressor.score(X[300:], z[300:]) > 0.97


@pytest.mark.parametrize("seed", range(3))
def test_it_declines_to_grow_where_a_line_suffices_and_says_so(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((200, 5))
    line = X @ rng.standard_normal(5)
    model = GrowNetRegressor(random_state=seed).fit(X, line + rng.standard_normal(200))
    assert model.n_units_ == 0
    assert model.graph_.n_nodes == 6
    assert "the linear stem suffices: nothing grown" in str(model.explain(X[0]))
    flipped = (line > 0) ^ (rng.random(200) < 0.2)
    assert GrowNet(random_state=seed).fit(X, flipped).n_units_ == 0


# ---- what candidates may be ---------------------------------------------------------------------
@pytest.mark.parametrize("repertoire", [BENDS, ALL, PLACES])
def test_units_are_of_the_repertoire(repertoire):
    X, y, _ = square()
    units = grown(net_on(X, y, repertoire), 60).units
    kinds = {(unit.sources.size == 1, unit.shape) for unit in units}
    if repertoire is PLACES:
        assert {shape for _, shape in kinds} == {"match"}
    elif repertoire is BENDS:
        assert not kinds & {(False, "step"), (False, "abs"), (True, "abs")}
        assert {(False, "right"), (False, "left")} <= kinds
    else:
        assert {shape for _, shape in kinds} == {"right", "left", "step", "abs", "match"}


def test_many_columns_have_one_repertoire_and_few_begin_with_the_most_careful():
    assert repertoires(784) == (ALL,)
    assert repertoires(20) == (BENDS, ALL)
    assert repertoires(2) == (BENDS, ALL, PLACES)


def looks_of(*steps):
    """Looks at 0, 1, ... units; the same tension and errors of each row but for small noise."""
    noise = np.random.default_rng(0).uniform(-1, 1, (len(steps), 200))
    return [(m, 0.1, felt + 0.2 * noise[m], np.full(200, wrong) + 0.2 * noise[m])
            for m, (felt, wrong) in enumerate(steps)]  # fmt: skip


def test_units_are_chosen_only_where_tension_and_errors_are_less():
    assert growing.choose(looks_of((1, 0.5), (0.5, 0.2), (0.4, 0.1), (0.9, 0.4)))[0] == 2
    assert growing.choose(looks_of((1, 0.5), (0.99, 0.5), (0.99, 0.5)))[0] == 0
    assert growing.choose(looks_of((1, 0.5), (0.5, 0.5), (0.4, 0.6), (0.9, 0.4)))[0] == 0


@pytest.mark.parametrize(("rows", "values"), [(200, 5), (3000, 1024)])
def test_what_is_born_is_what_was_rehearsed_though_rounding_moves_rows(rows, values):
    """Sums of tenths tie, or all but; of many rows, some lie where knots are not looked for."""
    rng = np.random.default_rng(0)
    X = (rng.integers(0, values, (rows, 3)) / 10).astype(np.float32)
    odd = (X[:, :2] > X.mean()).sum(axis=1) % 2
    net = grown(net_on(X, odd ^ (rng.random(rows) < 0.2)), 40)
    assert {"step"} < {unit.shape for unit in net.units}
    graph, controller = Graph(), GrowthController([])
    ids = graph.add_inputs(3)
    for unit in net.units:
        born = controller.grow(graph, Proposal(1.0, unit.nodes(ids)), rule="", cause="")
        ids = np.append(ids, born[-1])
    said = graph.forward(X, outputs=ids[3:])
    np.testing.assert_allclose(said / net.loudest[3:], net.F[:, 4 : net.size] / net.loudest[3:],
                               atol=2e-5)  # fmt: skip


# ---- where held-out rows cannot tell ------------------------------------------------------------
def test_chance_is_told_from_a_rule():
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (60, 2))
    labels = rng.integers(2, size=60)
    assert explaining.explain(X, signs(labels), OPTIONS, 1000, ()) is None
    rule = (X[:, 0] * X[:, 1] > 0).astype(int)
    assert 0 < len(explaining.explain(X, signs(rule), OPTIONS, 1000, ())) < 24


def test_held_out_rows_tell_where_growth_halves_the_errors():
    labels, chance = np.arange(100) % 2, np.full(100, 0.5)
    assert explaining.cannot_tell(chance, chance, labels)
    assert not explaining.cannot_tell(chance, chance / 3, labels)
    assert not explaining.cannot_tell(chance / 3, chance / 3, labels)


# ---- taking back --------------------------------------------------------------------------------
def test_units_taken_back_leave_a_net_that_says_what_one_without_them_would():
    X, y, _ = square()
    net = grown(net_on(X, y), 30)
    columns = net.F[:, 1 + net.d : net.size].copy()
    units = list(net.units)
    retract(net, 1e-3, 18, "spared")
    assert net.m == 18
    left = [i for i, unit in enumerate(units) if any(unit.row == u.row and unit.knot == u.knot
            and unit.shape == u.shape for u in net.units)]  # fmt: skip
    np.testing.assert_array_equal(net.F[:, 1 + net.d : net.size], columns[:, left])
    for i, unit in enumerate(net.units):
        own = unit.column(net.F[:, 1 : 1 + net.d + i])
        np.testing.assert_allclose(own, net.F[:, 1 + net.d + i], atol=1e-12)
    F = net.F[:, : net.size]
    np.testing.assert_allclose(net.ridge.G, F.T @ F, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(net.hidden, net.d + np.arange(18))
    assert net.spread.size == net.loudest.size == net.d + 18


def test_units_that_others_read_keep_their_place():
    reader = Unit(np.array([0, 3]), np.ones(2), gate=4)
    plain = [Unit(np.array([1]), np.ones(1), row=i) for i in range(4)]
    left = renumbered([*plain, reader], 2, np.array([0, 3]))
    assert [unit.row for unit in left] == [1, 2, -1]
    assert left[-1].sources.tolist() == [0, 2]
    assert left[-1].gate == 3
    assert left[0].gate == -1


def test_a_unit_is_named_after_its_node_so_no_two_are_named_alike():
    X, y, _ = square()
    model = GrowNet(pool=16, nets=3).fit(X, y).freeze()
    model.fit(X, X[:, 0] > X[:, 1] ** 2)
    names, units = model.graph_.names, model._core.body.units.tolist()
    assert [names[unit] for unit in units] == [f"unit {unit}" for unit in units]
    assert {one["name"] for one in model.explain(X[0]).data["units"]} < set(names.values())


def test_what_was_grown_and_taken_back_is_in_the_log():
    X, y, _ = square()
    model = GrowNet(pool=16).fit(X, y)
    log = model.growth_log_.table()
    born = log[(log["rule"] == "Rehearsal") & (log["operation"] == "node")]
    gone = log[log["rule"] == "Retraction"]
    assert model.n_units_ < len(born)
    assert {"taken back: others do nearly as well"} <= set(gone["cause"])
    assert not set(gone["node"]) & set(model._core.body.units.tolist())
