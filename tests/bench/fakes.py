"""Rows, results and absent peers for tests."""

import numpy as np
import pytest

from growgraph.bench import peers, rows
from growgraph.bench.clock import Side

TINY = rows.Plan(rounds=2, seconds=1e-4, shrink=200, repeats=1, quick=True)


def hide(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let peers seem not to be installed."""
    seen = peers.version
    monkeypatch.setattr(peers, "version", lambda name: None if name in names else seen(name))


def pair(a=1.0, b=1.0, **options):
    """Two sides with these results."""
    return rows.Pair(
        Side(lambda: a, calls=1), Side(lambda: b, calls=1),
        lambda: (np.array([a]), np.array([b])), **options,
    )  # fmt: skip


def row(prepare, peer="numpy", asked=1.0, **options):
    return rows.Row("some_row", "some work", (rows.Against(peer, asked, prepare),), **options)


def result(name, ratio=2.0, low=1.9, high=2.1, **more):
    """A row of a report."""
    plain = {
        "id": name, "title": f"work of {name}", "ratio": ratio, "low": low, "high": high,
        "peer": "scipy", "asked": 1.5, "sense": "at least", "unit": "x", "met": True,
        "status": "measured", "note": "", "detail": {},
    }  # fmt: skip
    return plain | more


def report(*results):
    """A report as ``growgraph bench kernels --json`` gives it."""
    machine = {
        "cpu": "some processor", "cores": 2, "features": ["avx2"], "python": "3.12.0",
        "blas": "openblas 0.3", "versions": {"scipy": "1.14"}, "date": "2026-01-01 00:00 UTC",
        "missing": ["torch"],
    }  # fmt: skip
    spread = {"median": 100.0, "low": 90.0, "high": 110.0}
    return {
        "rows": list(results), "machine": machine,
        "probes": {"lanes": 16, "fma_gflops": spread, "fma_scaling": spread},
    }  # fmt: skip
