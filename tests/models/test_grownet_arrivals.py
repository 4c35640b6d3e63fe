"""Columns that come when a GrowNet has learnt: they grow inputs, say nothing of the past, tell."""

import itertools

import numpy as np
import pandas as pd
import pytest

from growgraph import GrowNet, GrowNetRegressor, load, save
from growgraph.errors import DataError
from growgraph.models._grownet.flow import BLOCK
from growgraph.senses.arrivals import BENT, CELLS, SCALED, THERE
from tests.models.material import differences, part
from tests.models.test_arrivals import stream

N, CAME = 4 * BLOCK + 50, 2 * BLOCK + 30
BOTH = pytest.mark.parametrize("kind", [GrowNet, GrowNetRegressor])


def data(kind, came=CAME, n=N):
    """Two columns, from ``came`` on two more, and what is wanted."""
    X, late, y = stream(n, came)
    return X, X | late, y if kind is GrowNet else X["b"] + np.where(y == "yes", 1.0, -1.0)


def taught(kind, came, cuts=(), path=None):
    """A model that met the stream in pieces, was stored between them if ``path``."""
    X, both, y = data(kind, came)
    model = kind(pool=8, patience=1, replay=200, nets=1)
    for first, end in itertools.pairwise(sorted({0, came, N, *cuts})):
        rows = part(both if first >= came else X, first, end)
        model.partial_fit(rows, y[first:end])
        if path:
            save(model, path / "m.npz")
            model = load(path / "m.npz")
    return model


@BOTH
@pytest.mark.parametrize("came", [100, CAME])
def test_how_a_stream_is_cut_or_stopped_is_nothing(kind, came, tmp_path):
    """Among others where the first 256 rows are not whole, and their scales not settled."""
    whole = taught(kind, came)
    cuts = (60, came + 3, came + 45, came + 46, 3 * BLOCK, N - 7)
    assert differences(taught(kind, came, cuts, tmp_path), whole) == []
    born = {what for name, what in whole._core.sense.born if name == "new"}
    assert {THERE, SCALED, BENT} <= born
    whole.graph_.check()


@BOTH
def test_rows_without_the_column_are_answered_as_before(kind):
    """At the birth of its inputs; what is learnt later may change them."""
    X, both, y = data(kind)
    model = kind(pool=8, patience=1).partial_fit(part(X, 0, CAME), y[:CAME])
    before = model._said(X)[0]
    core = model._core
    model._welcome(core.sense.with_columns({"new": False, "kind": True}))
    rows = core.sense.read(part(both, CAME + 40, CAME + 80))
    core.body.take_in(core.sense.meet(core.body.graph, core.body.controller, rows, CAME))
    assert {("new", what) for what in (THERE, SCALED, BENT)} < core.sense.born.keys()
    values = core.sense.values(core.body.graph, core.sense.read(X))
    np.testing.assert_array_equal(core.body.activity(values, core.body.task.outputs), before)


@BOTH
def test_a_column_that_decides_is_learnt(kind):
    X, both, y = data(kind, 400, 2000)
    model = kind().partial_fit(part(X, 0, 400), y[:400])
    model.partial_fit(pd.DataFrame(part(both, 400, 1700)), y[400:1700])
    asked = np.arange(2000) >= 1700
    asked &= ~np.isnan(both["new"])
    told = model.score({name: v[asked] for name, v in both.items()}, y[asked])
    assert told > (0.9 if kind is GrowNet else 0.6)
    assert told > model.score({name: v[asked] for name, v in X.items()}, y[asked]) + 0.2


@BOTH
def test_another_task_may_have_columns_of_its_own(kind):
    """Fitted whole, its rows are met in turn: the first cells tell the scale."""
    X, both, y = data(kind)
    model = kind(pool=8, nets=1).fit(part(X, 0, 90), y[:90]).freeze()
    held, before = model.to_state(), model.predict(X, task=0)
    rows = part(both, CAME + 40, CAME + 140)
    with pytest.raises((ValueError, TypeError)):
        model.fit(rows, [*y[:99], None])
    assert differences(kind.from_state(held), model) == []
    model.fit(rows, y[CAME + 40 : CAME + 140])
    np.testing.assert_array_equal(model.predict(both, task=0), before)
    sense, cells = model._core.sense, rows["new"][~np.isnan(rows["new"])][:CELLS]
    place = sense.numeric.index("new")
    assert (sense.centre[place], sense.spread[place]) == pytest.approx((cells.mean(), cells.std()))


def test_what_is_not_learnt_so():
    X, both, y = data(GrowNet)
    array = np.column_stack(list(X.values()))
    with pytest.raises(DataError, match="began with an array, whose columns have no names"):
        GrowNet(pool=8).fit(array[:90], y[:90]).partial_fit(X | {"c": X["a"]}, y)
    model = GrowNet(pool=8).fit(part(X, 0, 90), y[:90])
    with pytest.warns(UserWarning, match="column 'new' was not learnt and is ignored"):
        model.predict({name: both[name] for name in ("a", "b", "new")})
    many, model._core.sense.most = {f"c{i}": X["a"] for i in range(5)}, 9
    with pytest.warns(UserWarning, match="no room left for c3, c4: not learnt"):
        model.partial_fit(part(X | many, 0, 40), y[:40])
