"""What a report says of the machine."""

import pytest
from llvmlite import binding
from numba.core import config

from growgraph.bench import machine


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch):
    monkeypatch.setattr(config, "CPU_NAME", None)
    monkeypatch.setattr(config, "CPU_FEATURES", None)
    monkeypatch.setattr(config, "ENABLE_AVX", 1)


def test_this_processor_needs_no_word(monkeypatch):
    assert machine.describe()["compiled_for"] is None
    monkeypatch.setattr(config, "CPU_NAME", binding.get_host_cpu_name())
    assert machine.describe()["compiled_for"] is None


def test_another_processor_is_told(monkeypatch):
    monkeypatch.setattr(config, "CPU_NAME", "nocona")
    assert machine.describe()["compiled_for"].startswith("nocona with ")
    monkeypatch.setattr(config, "CPU_FEATURES", "+sse2,-avx")
    assert machine.describe()["compiled_for"] == "nocona with basic features"
    monkeypatch.setattr(config, "CPU_FEATURES", "+avx2,+fma,+amx-tile,+avx512fp16,-avx512f")
    assert machine.describe()["compiled_for"] == "nocona with avx2 fma avx512_fp16 amx_tile"


@pytest.mark.skipif("avx2" not in machine.describe()["features"], reason="needs AVX2")
def test_switched_off_avx_is_told(monkeypatch):
    monkeypatch.setattr(config, "ENABLE_AVX", 0)
    told = machine.describe()["compiled_for"]
    assert told.startswith(f"{binding.get_host_cpu_name()} with ")
    assert "avx" not in told
