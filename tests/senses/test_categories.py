"""Room for categories: so many inputs of their own, the rest share one a column or are ignored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growgraph import ResoNet, ResoNetClusterer
from growgraph.senses import Table, categories
from tests.models.material import differences
from tests.senses.test_table import Born


def words(columns, rows, kinds, seed=0):
    """Columns of text, each of so many kinds of words."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(kinds, size=(columns, rows))
    return {f"c{i}": np.array([f"w{v}" for v in row], object) for i, row in enumerate(drawn)}


def narrow(X, most):
    """A sense with room for so many inputs of categories."""
    born = Born(X)
    born.sense.most, born.sense._kept = most, min(len(X), most // 2)
    return born


def test_categories_without_room_share_an_input_of_their_column():
    X = words(4, 200, 50)
    born = narrow(X, 20).meet(X)
    names = list(born.seen(X))
    assert len(names) == 20
    assert sum(name.endswith("(other)") for name in names) == 4
    seen = born.seen(X)
    for i in range(4):
        of_column = sum(values for name, values in seen.items() if name.startswith(f"c{i} = "))
        assert (of_column == 1).all()  # each cell says something, once


def test_what_has_no_room_at_all_is_ignored_and_the_log_says_so():
    X = words(10, 50, 40)
    born = narrow(X, 4).meet(X)
    assert len(born.seen(X)) == 4
    log = born.graph_log()
    assert log[-1] == "the last category or gap with room for an input: later ones are ignored"
    assert sum("ignored" in cause for cause in log) == 1
    assert not born.sense.is_new(("c9", "never"))  # of what is ignored nothing can be told
    gap = {**X, "c9": np.full(50, None)}
    born.meet(gap)
    assert len(born.seen(gap)) == 4


def test_the_log_tells_why_categories_share_an_input():
    X = words(4, 200, 50)
    causes = narrow(X, 20).meet(X).graph_log()
    assert causes.count("new category") == 16
    assert causes.count("a category without room for an input of its own") == 3  # and the last one


def test_gaps_and_new_ground_of_numbers_take_no_room():
    X = {"k": np.array(["u", "v"] * 32, object), "a": np.linspace(0, 1, 64)}
    born = narrow(X, 2).settle(X).meet(X)
    born.meet({"k": ["u", "u"], "a": np.array([np.nan, 9.0])})
    assert {"a is missing", "a above 1"} <= set(born.seen(X))


@given(st.integers(1, 10**9), st.integers(0, 10**12))
@settings(deadline=None, max_examples=200)
def test_room_follows_the_limits(max_nodes, max_bytes):
    most = categories.most_inputs(max_nodes, max_bytes)
    assert categories.MOST_CATEGORIES <= most <= categories.MOST_INPUTS
    if most > categories.MOST_CATEGORIES:
        assert most <= max_nodes // 4
        assert most * (most * categories._PAIR_BYTES + categories._INPUT_BYTES) <= max_bytes / 4
    assert categories.most_inputs(2 * max_nodes, 2 * max_bytes) >= most


@pytest.mark.filterwarnings("ignore:no room left")
@pytest.mark.parametrize("limit", [{"max_nodes": 400}, {"max_bytes": 5_000_000}, {}])
def test_models_keep_to_it(limit, monkeypatch):
    monkeypatch.setattr(categories, "MOST_INPUTS", 150)
    most = categories.most_inputs(**limit)
    assert (most < 150) == bool(limit)
    X = words(30, 90, 40)
    y = np.arange(90) % 3
    model = ResoNet(replay=50, **limit).fit(X, y)
    assert len(model._core.sense.born) == most
    assert model.classes_.tolist() == [0, 1, 2]
    twin = ResoNet.from_state(model.to_state())
    more, labels = words(30, 20, 60, seed=1), np.append(np.arange(19) % 3, 7)
    for one in (twin, model):
        one.partial_fit(more, labels)
    assert differences(twin, model) == []
    assert model.classes_.tolist() == [0, 1, 2, 7]  # a class is always grown
    assert len(model._core.sense.born) == most
    clusterer = ResoNetClusterer(**limit).fit(X)
    assert len(clusterer._core.sense.born) == most


@pytest.mark.filterwarnings("ignore:no room left")
@pytest.mark.parametrize("cut", [1, 7, 33])
def test_cuts_do_not_matter_when_room_runs_out(cut, monkeypatch):
    monkeypatch.setattr(categories, "MOST_INPUTS", 64)
    X, y = words(8, 100, 30), np.arange(100) % 2
    whole, pieces = ResoNet(replay=20).fit(X, y), ResoNet(replay=20)
    for a in range(0, 100, cut):
        pieces.partial_fit({k: v[a : a + cut] for k, v in X.items()}, y[a : a + cut])
    assert differences(pieces, whole) == []


def test_few_categories_have_what_they_had():
    """Tables within the room are as they were when there was no limit to all together."""
    X = words(6, 64, 5)
    assert Born(X).sense.most == Table(Table.columns_of(X), 0).most == categories.MOST_INPUTS
    free, tight = Born(X), narrow(X, 6 * 5 + 6)
    assert list(free.meet(X).seen(X)) == list(tight.meet(X).seen(X))
