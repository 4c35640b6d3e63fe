"""How a row is measured: equal results first, the right peer, one verdict."""

import math

import numpy as np
import pytest

from growgraph.bench import rows
from growgraph.bench.clock import Side
from growgraph.errors import DataError
from tests.bench.fakes import TINY, hide, pair, row


def timed(ours, peer, **options):
    """A pair whose sides take these times by a clock of their own."""
    now = [0.0]

    def side(seconds):
        def call():
            now[0] += seconds

        return Side(call, calls=1)

    return rows.Pair(side(ours), side(peer), lambda: (1, 1), timer=lambda: now[0], **options)


def test_the_figure_is_the_peers_time_over_ours():
    result = rows.measure(row(lambda plan: timed(2.0, 7.0), asked=3.5), TINY)
    assert (result.ratio, result.low, result.high) == (3.5, 3.5, 3.5)
    assert (result.peer, result.met, result.status) == ("numpy", True, "measured")
    assert (result.detail["ours_seconds"], result.detail["peer_seconds"]) == (2.0, 7.0)


def test_what_a_pair_finds_out_and_notes():
    def finish(times):
        return {"longest": max(times["peer"]), "asked_here": 9.0}

    result = rows.measure(row(lambda plan: timed(1.0, 4.0, finish=finish, note="so")), TINY)
    assert (result.detail["longest"], result.met, result.note) == (4.0, False, "so")


@pytest.mark.parametrize(
    ("sense", "asked", "met"),
    [
        (rows.AT_LEAST, 2.0, True), (rows.AT_LEAST, 2.1, False), (rows.AT_MOST, 2.0, True),
        (rows.AT_MOST, 1.9, False), (rows.AT_LEAST, None, None),
    ],
)  # fmt: skip
def test_verdict(sense, asked, met):
    made = row(lambda plan: rows.Figure([1.0, 2.0, 3.0]), asked=asked, sense=sense)
    assert rows.measure(made, TINY).met is met


def test_what_a_machine_allows_replaces_what_is_asked():
    made = row(lambda plan: rows.Figure([1.0], {"asked_here": 0.9}), asked=1.8)
    result = rows.measure(made, TINY)
    assert (result.asked, result.met) == (1.8, True)


def test_no_verdict_where_the_machine_could_not_show_it():
    made = row(lambda plan: rows.Figure([1.0], {"asked_here": 0.4, "unsure": "busy"}), asked=1.8)
    result = rows.measure(made, TINY)
    assert result.met is None
    assert "busy" in result.note


@pytest.mark.parametrize("theirs", [1.01, math.nan])
def test_sides_that_disagree_are_not_timed(theirs):
    def never():
        raise AssertionError("timed")

    made = pair(1.0, theirs)
    made.ours = made.peer = Side(never)
    result = rows.measure(row(lambda plan: made), TINY)
    assert (result.status, result.ratio, result.met) == ("failed", None, None)
    assert "differ" in result.note


def test_difference_is_relative_and_that_of_the_worst_part():
    big = np.array([1000.0, 1.0])
    assert rows._difference(big, big + np.array([1, 0])) == pytest.approx(1 / 1001)
    assert rows._difference((big, big), (big, big * 1.5)) == pytest.approx(1 / 3)
    assert rows._difference(big, big[:1]) == math.inf
    with pytest.raises(ValueError, match="argument"):
        rows._difference((big,), (big, big))


def stand_ins():
    def against(peer, asked):
        return rows.Against(peer, asked, lambda plan: rows.Figure([asked], {"used": peer}))

    three = against("torch", 3.0), against("networkx", 6.0), against("numpy", 9.0)
    return rows.Row("r", "work", three)


def test_the_next_peer_stands_in_with_its_own_figure(monkeypatch):
    hide(monkeypatch, "torch")
    result = rows.measure(stand_ins(), TINY)
    assert (result.peer, result.asked, result.detail["used"]) == ("networkx", 6.0, "networkx")
    assert result.note == "torch is not installed: networkx stands in"
    hide(monkeypatch, "torch", "networkx")
    assert rows.measure(stand_ins(), TINY).note.startswith("torch is not installed, networkx is")


def test_without_any_peer_the_row_says_who_is_missing(monkeypatch):
    hide(monkeypatch, "torch", "networkx", "numpy")
    result = rows.measure(stand_ins(), TINY)
    assert (result.status, result.ratio, result.peer, result.asked) == ("skipped", None, "torch", 3)
    for name in ("torch", "networkx", "numpy"):
        assert f"{name} is not installed" in result.note


def test_a_peer_that_cannot_be_imported_is_passed_over():
    def broken(plan):
        raise ImportError("its library is not found")

    made = rows.Row(
        "r", "work",
        (rows.Against("scipy", 1.0, broken),
         rows.Against("numpy", 1.0, lambda plan: rows.Figure([2.0]))),
    )  # fmt: skip
    result = rows.measure(made, TINY)
    assert (result.peer, result.ratio) == ("numpy", 2.0)
    assert "scipy cannot be imported (its library is not found)" in result.note


def test_a_row_that_fails_or_is_not_built_costs_its_own_line_only():
    def fails(plan):
        raise RuntimeError("planted\nmore")

    def not_built(plan):
        raise rows.NotBuilt("comes later")

    failed, skipped = (rows.measure(row(p), TINY) for p in (fails, not_built))
    assert (failed.status, failed.note) == ("failed", "RuntimeError: planted")
    assert (skipped.status, skipped.note) == ("skipped", "comes later")


def test_probes_beside_a_row_become_shares():
    made = pair(work={"edges": 10, "flops": 4.0})
    made.timer = iter(np.arange(1000) * 2.0).__next__  # each reading is 2 s after the last
    made.beside = {
        "read_rows": Side(lambda: None, per=20, calls=1), "fma": Side(lambda: None, per=8, calls=1),
    }  # fmt: skip
    detail = rows.measure(row(lambda plan: made), TINY).detail
    assert detail["share_of_read_rows"] == pytest.approx(0.5)
    assert detail["share_of_fma"] == pytest.approx(0.5)
    assert detail["ours_gflops"] == pytest.approx(2e-9)


def test_a_slow_row_gets_fewer_rounds():
    made, plan = timed(1.0, 2.0), rows.Plan(rounds=7, seconds=1e-4, limit=0.0)
    assert rows.measure(row(lambda _: made), plan).detail["rounds"] == 3
    assert rows.measure(row(lambda _: made), rows.Plan(rounds=7)).detail["rounds"] == 7


# ---- choosing rows ------------------------------------------------------------------------------
def some(*ids, **options):
    return [rows.Row(i, i, (), **options) for i in ids]


def test_pick():
    known = some("a", "b") + some("c", heavy=True)
    assert [r.id for r in rows.pick(known, None)] == ["a", "b", "c"]
    assert [r.id for r in rows.pick(known, None, quick=True)] == ["a", "b"]
    assert [r.id for r in rows.pick(known, " c, a", quick=True)] == ["a", "c"]


@pytest.mark.parametrize("only", ["a,nobody", ",", ""])
def test_pick_refuses_and_lists_the_rows(only):
    with pytest.raises(DataError, match=r"the rows are\na, b"):
        rows.pick(some("a", "b"), only)
