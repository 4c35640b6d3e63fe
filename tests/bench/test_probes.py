"""The probes do the work they are charged for."""

import numpy as np
import pytest

from growgraph.bench import probes


@pytest.mark.parametrize("width", [probes.ROW, probes.NARROW])
@pytest.mark.parametrize("far", [False, True])
def test_row_probe_reads_the_rows_named(width, far, monkeypatch):
    monkeypatch.setattr(probes, "_NEAR_BYTES", 0 if far else 1 << 20)
    rng = np.random.default_rng(0)
    sources = rng.integers(0, 50, 300)
    side = probes.read_rows(sources, 50, width)
    assert side.per == 300
    assert side.call() == (sources + 1).sum()  # row i holds i + 1


def test_row_probe_refuses_rows_that_are_not_there():
    for sources in ([0, 5], []):
        with pytest.raises(ValueError, match="rows below 5"):
            probes.read_rows(np.array(sources, np.int64), 5)


@pytest.mark.parametrize("lanes", [4, 8, 16])
def test_probes_do_what_they_are_charged_for_at_every_register_size(lanes):
    loops = {f.name: str(f) for f in probes._module(lanes).functions}
    vector = f"<{lanes} x float>"
    assert loops["fma_chain"].count(f"call {vector}") == probes._CHAINS
    for width, far in probes._READERS:
        loop = loops[probes._reader_name(width, far)]
        assert loop.count(f"load {vector}") == width // lanes
        assert loop.count("call void") == (width // 16 if far else 0)


def test_fma_probe_computes_its_chain():
    _, lanes, chain, _ = probes._functions()
    # p <- p * a + a from p = i + 1, twice, at a = 1/2: (i + 1) / 4 + 3/4
    expected = sum((i + 1) / 4 + 0.75 for i in range(probes._CHAINS))
    assert chain(2, 0.5) == pytest.approx(expected)
    assert probes.fma(1e6).per == pytest.approx(1e6, rel=0.01)
    assert lanes in (4, 8, 16)


def test_two_threads_share_the_work():
    assert probes.fma_on_two_threads(1e6).per == pytest.approx(1e6, rel=0.01)


def test_the_gain_of_two_threads_is_told_by_long_work():
    sides = probes.gain_sides()
    assert sorted(sides) == ["probe_one", "probe_two"]
    for side in sides.values():
        assert side.per >= 2.99e9
        assert side.calls == 3


def test_work_grows_with_the_speed_of_the_machine(monkeypatch):
    for took, work in ((3e8 / 1e12, 2e10), (3e8 / 1e10, 3e9)):  # 1000 GF/s, 10 GF/s
        probes._gain_flops.cache_clear()
        monkeypatch.setattr(probes, "_seconds", lambda call, took=took: took)
        assert probes._gain_flops() == pytest.approx(work, rel=0.01)
    probes._gain_flops.cache_clear()


def test_measure():
    known = {"median": 1.9, "low": 1.8, "high": 2.0}
    assert probes.measure(rounds=2, scaling=known)["fma_scaling"] == known
    found = probes.measure(rounds=3)
    assert sorted(found) == ["fma_gflops", "fma_scaling", "lanes"]
    for key in ("fma_gflops", "fma_scaling"):
        assert 0 < found[key]["low"] <= found[key]["median"] <= found[key]["high"]
