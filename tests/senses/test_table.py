"""The table's sense: scales of the first rows, inputs born of gaps, categories and new ground."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growgraph import Graph, GrowthController, GrowthLog
from growgraph.errors import DataError
from growgraph.senses import Table, categories, columns
from growgraph.senses import table as source
from tests.models.material import part, table


class Born:
    """A table's sense with its graph, and the little a model does with it."""

    def __init__(self, X, seed=0):
        self.sense, self.graph = Table(Table.columns_of(X), seed), Graph()
        self.controller = GrowthController()
        self.sense.grow(self.graph, self.controller)

    def settle(self, X):
        self.sense.settle(self.graph, self.sense.read(X))
        return self

    def meet(self, X, every=10**9):
        """Let the inputs be born that rows need, at most ``every`` rows a call."""
        rows, at = self.sense.read(X), 0
        while at < len(rows):
            stop = min(len(rows), at + every)
            first = self.sense.unborn(rows, at, stop)
            if first == at:
                self.sense.give_birth(self.graph, self.controller, rows, at, step=at, sample=at)
                first = self.sense.unborn(rows, at, stop)
                assert first > at
            self.sense.watch(rows[at:first])
            at = first
        return self

    def seen(self, X):
        """Activities of the inputs by name."""
        values = self.sense.values(self.graph, self.sense.read(X))
        Z = self.graph.forward(values, outputs=self.graph.inputs)
        return {self.graph.names[n]: Z[:, i] for i, n in enumerate(self.graph.inputs.tolist())}

    def graph_log(self):
        """Causes of the born inputs, the oldest first."""
        log, born = GrowthLog(self.graph).table(), self.graph.groups["born"].tolist()
        pairs = zip(log["node"].tolist(), log["cause"], log["operation"], strict=True)
        causes = {node: cause for node, cause, operation in pairs if operation == "node"}
        return [causes[node] for node in born]


def test_numbers_enter_in_units_of_the_first_rows_and_are_clipped():
    x = np.random.default_rng(0).normal(1e6, 3, 64)
    born = Born({"a": x}).settle({"a": x})
    asked = np.array([x.mean(), x.mean() + 2 * x.std(), 2e6, -1e300])
    np.testing.assert_allclose(born.seen({"a": asked})["a"], [0, 2, 6, -6], atol=1e-5)


def test_a_missing_cell_is_0_and_an_input_of_its_own_from_its_first_appearance_on():
    x = np.arange(64.0)
    born = Born({"a": x}).settle({"a": x})
    gap = {"a": np.array([np.nan, 31.5])}
    assert list(born.seen(gap)) == ["a"]
    np.testing.assert_array_equal(born.seen(gap)["a"], [0, 0])
    born.meet(gap)
    np.testing.assert_array_equal(born.seen(gap)["a is missing"], [1, 0])
    assert (born.graph.groups["born"] == born.graph.inputs[-1:]).all()


def test_categories_are_inputs_of_their_own():
    born = Born({"k": np.array(["u"], object)})
    X = {"k": np.array(["u", "v", None, "u", 3, "3"], object)}
    seen = born.meet(X).seen(X)
    assert list(seen) == ["k = u", "k = v", "k is missing", "k = 3"]
    np.testing.assert_array_equal(seen["k = u"], [1, 0, 0, 1, 0, 0])
    np.testing.assert_array_equal(seen["k = 3"], [0, 0, 0, 0, 1, 1])
    never = born.seen({"k": np.array(["never"], object)})
    assert not any(values.any() for values in never.values())


def test_a_column_of_very_many_categories_shares_an_input_in_the_end():
    X = {"k": np.array([f"c{i}" for i in range(100)], object)}
    seen = Born(X).meet(X).seen(X)
    assert len(seen) == categories.MOST_CATEGORIES + 1
    assert seen["k = (other)"].sum() == 100 - categories.MOST_CATEGORIES
    assert (sum(seen.values()) == 1).all()


def test_a_column_sleeps_until_it_varies():
    X = {"a": np.full(64, 7.0), "b": np.arange(64.0)}
    born = Born(X).settle(X)
    assert born.sense.sleeps
    assert (born.seen(X)["a"] == 0).all()
    later = {"a": 7 + np.arange(10.0), "b": np.zeros(10)}
    born.meet(later)
    assert (born.seen(later)["a"] == 0).all()
    born.sense.wake(born.graph)
    assert not born.sense.sleeps
    np.testing.assert_allclose(born.seen(later)["a"], np.arange(10) / np.sqrt(28.5), rtol=1e-5)


@pytest.mark.parametrize("value", [0.1, 1e-300, 1e12, 0.0, -3.3e200])
def test_rounding_is_no_variation(value):
    X = {"a": np.full(64, value) * (1 + 2e-16 * (np.arange(64) % 2))}
    assert Born(X).settle(X).sense.sleeps


def test_new_ground_grows_an_input_that_is_0_up_to_the_old_edge():
    X = {"a": np.linspace(0, 1, 64)}
    born = Born(X).settle(X)
    born.meet({"a": np.array([1.4])})  # less than half the range outside
    assert list(born.seen(X)) == ["a"]
    born.meet({"a": np.array([3.4, -2.0])})
    seen = born.seen({"a": np.array([0.5, 1.4, 2.4, 3.4, 5.4, -2.0, np.nan])})
    np.testing.assert_allclose(seen["a above 1.4"], [0, 0, 0.5, 1, 2, 0, 0], atol=1e-6)
    np.testing.assert_allclose(seen["a below 0"], [0, 0, 0, 0, 0, 1, 0], atol=1e-6)


def test_new_ground_is_found_a_few_times_at_most():
    X = {"a": np.linspace(0, 1, 64)}
    born = Born(X).settle(X)
    born.meet({"a": 10.0 ** np.arange(1, 20)})
    assert sum(name.startswith("a above") for name in born.seen(X)) == source._MOST_KNOTS


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(every=st.integers(1, 80))
def test_inputs_are_born_of_rows_not_of_calls(every):
    X, _ = table()
    first, rest = part(X, 0, 64), part(X, 64, 220)
    whole, cut = (Born(X).settle(first).meet(rest, n) for n in (10**9, every))
    assert cut.graph == whole.graph
    for name, array in cut.sense.to_state()[0].items():
        assert array.tobytes() == whole.sense.to_state()[0][name].tobytes(), name


def test_state():
    X, _ = table()
    born = Born(X).settle(part(X, 0, 64)).meet(part(X, 64, 220))
    before = {k: v.copy() for k, v in born.seen(X).items()}
    born.sense = Table.from_state(*born.sense.to_state())
    after = born.seen(X)
    assert list(after) == list(before)
    assert all((after[k] == before[k]).all() for k in before)


def test_landmarks_hear_what_is_born_as_if_it_had_always_been_there():
    """Weights of a newborn input depend on its name alone, not on when it was born."""
    X = {"a": np.arange(64.0), "k": np.array(["u", "v"] * 32, object)}
    told = []
    for order in ([0, 1], [1, 0]):
        born = Born(X).settle(X)
        born.meet({"a": np.ones(2), "k": X["k"][order]})
        inputs = {born.graph.names[n]: n for n in born.graph.inputs.tolist()}
        mark = int(born.graph.groups["landmarks"][3])
        ids, weights, _ = born.graph.sources(mark)
        told.append(dict(zip(ids.tolist(), weights.tolist())))
        told[-1] = {name: told[-1][n] for name, n in inputs.items()}
    assert told[0] == told[1]


def test_too_many_columns_are_refused():
    with pytest.raises(DataError, match=r"X has 2000 numeric columns; at most 1984 fit"):
        Table({f"x{i}": False for i in range(2000)}, 0)


# ---- columns ------------------------------------------------------------------------------------
def test_columns_of_arrays_have_names_of_their_own():
    assert list(columns.as_columns(np.ones((2, 3)))) == ["x0", "x1", "x2"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2], "f"), ([True, False], "f"), (np.array([1, 2], np.uint8), "f"),
        (["u", "v"], "O"), (np.array(["u", None], object), "O"),
    ],
)  # fmt: skip
def test_kinds_of_columns(values, kind):
    assert columns.as_columns({"a": values})["a"].dtype.kind == kind


def test_rows_are_sliced_and_joined_with_their_marks():
    X, _ = table()
    sense = Table(Table.columns_of(X), 0)
    rows = sense.read(X)
    joined = rows[:70].joined(rows[70:71]).joined(rows[71:])
    np.testing.assert_array_equal(joined.numbers, rows.numbers)
    assert joined.marks == rows.marks
    assert rows[70:90].marks == sense.read(part(X, 70, 90)).marks
    assert len(rows[5:5]) == 0
