"""Sixteen lanes at once: each operation, the machine code, and CPUs that have less."""

import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

from growgraph.kernels import _handle as h
from growgraph.kernels import _jit, _lanes, _simd, _turn, propagate
from growgraph.kernels._jit import open_helper
from tests.kernels import test_propagate
from tests.kernels.test_propagate import KINDS, every_node, strips, twin
from tests.material import small_graph, uniform

COMPILED = not numba.config.DISABLE_JIT
compiled_only = pytest.mark.skipif(not COMPILED, reason="kernels are not compiled in this mode")


@open_helper
def _lane_by_lane(a, c, index, out):
    x, y = _simd.load(a, 0, 3), _simd.load(a, 1, 5)
    z = _simd.take(c, 2)
    _simd.store(out, 0, 0, _simd.fma(x, y, z))
    _simd.store(out, 1, 0, _simd.plus(x, y))
    _simd.store(out, 2, 0, _simd.less(x, y))
    _simd.store(out, 3, 0, _simd.times(x, y))
    _simd.store(out, 4, 0, _simd.over(x, y))
    _simd.store(out, 5, 0, _simd.where_positive(z, x, y))
    _simd.store(out, 6, 0, _simd.splat(c[0]))
    _simd.store(out, 7, 0, _simd.gather(c, index, 1))
    _simd.put(out[8], 0, z)
    out[9, 0] = _simd.total(x)
    out[9, 1] = _simd.at(c, 7)
    out[9, 2] = _simd.fma(c[0], c[1], c[2])
    _simd.prefetch(a, 10**6, 0)
    _simd.prefetch_at(c, 10**6)


def test_each_operation():
    a, c = uniform(2, 32, seed=1), uniform(40, seed=2)
    c[4] = np.nan  # of the choosing lanes: no number is not positive
    index = np.random.default_rng(3).integers(5, 40, 20).astype(np.uint32)
    out = np.zeros((10, 16), np.float32)
    _lane_by_lane(a, c, index, out)
    x, y, z = a[0, 3:19], a[1, 5:21], c[2:18]
    wanted = [
        x * y + z, x + y, x - y, x * y, x / y, np.where(z > 0, x, y), np.full(16, c[0]),
        c[index[1:17]], z,
    ]  # fmt: skip
    np.testing.assert_allclose(out[:9], wanted, rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(out[9, :3], [x.sum(), c[7], c[0] * c[1] + c[2]], rtol=1e-5)


@open_helper
def _turn_both(X, V, slots, Y):
    _turn.turn_in(X, 2, 1, V, slots, 5)
    _turn.turn_out(Y, 3, 2, V, slots, 4)


def test_blocks_are_turned():
    X, V, Y = uniform(20, 20, seed=1), uniform(30, 24, seed=2), uniform(20, 20, seed=3)
    slots = np.random.default_rng(4).permutation(30)[:18].astype(np.int32)
    wanted_v, wanted_y = V.copy(), Y.copy()
    wanted_v[slots[1:17], 5:21] = X[2:18, 1:17].T
    wanted_y[3:19, 2:18] = wanted_v[slots[2:18], 4:20].T
    _turn_both(X, V, slots, Y)
    np.testing.assert_array_equal(V, wanted_v)
    np.testing.assert_array_equal(Y, wanted_y)


@compiled_only
def test_the_machine_code_multiplies_and_adds_in_vectors():
    """Read from a kernel that is compiled here: those from the cache hold no text."""
    if "+fma" not in _lanes.cpu()[1] and not _lanes.WIDE:
        pytest.skip("this CPU has no fused multiply-add")
    sweep = open_helper(propagate.sweep_strip.py_func)
    graph = small_graph()
    V = np.zeros((graph._store[h.N_SLOTS], 64), np.float32)
    sweep(graph._store.H, V, V[:0], graph._store[h.HEAD], -1)
    (text,) = sweep.inspect_asm().values()
    fused = [line for line in text.splitlines() if "vfmadd" in line and "ps" in line.split()[0]]
    wide = "%zmm" if _lanes.WIDE else "%ymm"
    assert sum(wide in line for line in fused) >= 16, "a tile of a bundle alone has sixteen"


def on_a_lesser_cpu():
    """Forward of every kind and bundles, in the process of :func:`test_lesser_cpu`."""
    print(f"wide={_lanes.WIDE} gathers={_lanes.GATHERS}")
    for kind in KINDS:
        graph = every_node(kind)
        X = uniform(80, 9, seed=3, low=0.2, high=2)
        exact = twin(graph, X)
        for width in (16, 64):
            np.testing.assert_allclose(strips(graph, X, width), exact, rtol=2e-4, atol=2e-5)
    for size in range(1, 14):  # tiles of six and of four, single nodes
        test_propagate.test_bundles_equal_the_twin(size, False)
    test_propagate.test_bundles_equal_the_twin(13, True)
    test_propagate.test_bundles_remember_the_step_before(False)
    for last in range(9):
        test_propagate.test_a_sweep_may_end_inside_a_bundle(last)
    wide = small_graph()
    bundle = wide.add_nodes(9, sources=wide.inputs, weights=uniform(9, 4, seed=5))
    wide.learn(uniform(70, 4), None, gate=bundle)
    X = uniform(70, 4, seed=6)
    np.testing.assert_allclose(strips(wide, X, 64), twin(wide, X), rtol=2e-4, atol=2e-5)
    one = wide.forward(X[0])
    np.testing.assert_allclose(one, strips(wide, X, 64)[0], rtol=1e-4, atol=1e-5)
    print("done")


@compiled_only
@pytest.mark.parametrize(("cpu", "features"), [("haswell", "+avx2,+fma"), ("nehalem", "+sse4.2")])
def test_lesser_cpu(cpu, features, tmp_path):
    """No AVX-512, then not even AVX: other registers, no hardware gather, the same answers."""
    if cpu == "nehalem" and _jit.CHECKED:
        pytest.skip("what is read and written there is the same as on haswell")
    machine = {"NUMBA_CPU_NAME": cpu, "NUMBA_CPU_FEATURES": features}
    child = subprocess.run(
        [sys.executable, "-c", "from tests.kernels import test_simd; test_simd.on_a_lesser_cpu()"],
        env=os.environ | machine | {"GROWGRAPH_CACHE_DIR": str(tmp_path)},
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr[-2000:]
    assert child.stdout.split() == ["wide=False", "gathers=False", "done"]
