"""Sides are measured in turns, and a ratio is that of one round."""

import gc

import numpy as np
import pytest

from growgraph.bench.clock import Side, Spread, cpu, fastest, interleave, wall


class Clock:
    """A timer that only moves when a side says so."""

    def __init__(self):
        self.now, self.calls = 0.0, []

    def __call__(self):
        return self.now

    def side(self, name, seconds, **options):
        def call():
            self.calls.append(name)
            self.now += seconds

        return Side(call, **options)


def test_sides_take_turns():
    clock = Clock()
    sides = {"a": clock.side("a", 1.0, calls=6), "b": clock.side("b", 3.0, calls=3)}
    interleave(sides, rounds=2, timer=clock)
    assert "".join(clock.calls) == "aabaabaab" * 2


def test_every_call_asked_for_is_made():
    clock = Clock()
    sides = {"a": clock.side("a", 1.0, calls=1), "b": clock.side("b", 1.0, calls=5)}
    interleave(sides, rounds=4, timer=clock)
    assert (clock.calls.count("a"), clock.calls.count("b")) == (4, 20)


def test_times_are_those_of_a_unit_of_work():
    clock = Clock()
    sides = {"a": clock.side("a", 8.0, calls=3, per=4), "b": clock.side("b", 0.5)}
    times = interleave(sides, rounds=9, seconds=2.0, timer=clock)
    assert times["a"].tolist() == [2.0] * 9
    assert times["b"].tolist() == [0.5] * 9


def test_a_side_is_called_until_its_share_of_the_round_is_filled():
    clock = Clock()
    interleave({"a": clock.side("a", 0.125)}, rounds=1, seconds=8.0, timer=clock)
    warm = len(clock.calls) - 64
    assert 0 < warm < 80  # those that found out how many it takes


def test_a_slow_moment_costs_one_round_not_the_median():
    clock = Clock()
    slow = iter([1.0, 1.0, 50.0, 1.0, 1.0])

    def call():
        clock.now += next(slow)

    times = interleave({"a": Side(call, calls=1)}, rounds=5, timer=clock)["a"]
    assert times.max() == 50.0
    assert Spread.of(times) == Spread(1.0, 1.0, 1.0)


def test_a_burst_within_a_round_costs_one_turn():
    clock = Clock()
    slow = iter([9.0, 1.0, 2.0] * 2)

    def call():
        clock.now += next(slow)

    times = interleave({"a": Side(call, calls=3)}, rounds=2, timer=clock)["a"]
    assert times.tolist() == [1.0, 1.0]


def test_quartiles():
    assert Spread.of(np.arange(1, 10)) == Spread(median=5.0, low=3.0, high=7.0)


@pytest.mark.parametrize("on", [True, False])
def test_garbage_collection_is_as_before_whatever_happens(on):
    def fail():
        assert not gc.isenabled()
        raise ValueError("planted")

    (gc.enable if on else gc.disable)()
    try:
        with pytest.raises(ValueError, match="planted"):
            interleave({"a": Side(fail, calls=1)}, rounds=1)
        assert gc.isenabled() == on
    finally:
        gc.enable()


def test_fastest_takes_the_quicker_way():
    slow, quick = lambda: sum(range(20_000)), lambda: None
    assert fastest([slow, quick]) is quick
    assert fastest([slow]) is slow


def test_timers_count_seconds():
    for timer in (cpu, wall):
        before = timer()
        sum(range(200_000))
        assert 0 < timer() - before < 10
