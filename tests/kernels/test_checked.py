"""The three ways to run kernels: with bounds checked, uncompiled, and compiled but once each."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A graph whose first edge reads a slot that no strip has.
PLANTED = """
from growgraph import Graph
graph = Graph.layered([3, 2, 1])
if {plant}:
    graph._store.src[0] = 2**31
print(graph.forward([[1, 2, 3]] * 3, n_threads=1).shape)
"""

# Every door of the graph, with the types users hand in.
EVERYDAY = """
import pickle
import numpy as np
from growgraph import Graph
from growgraph.kernels._jit import REGISTRY
rng = np.random.default_rng(0)
g = Graph.random_dag(40, 4)
frozen = rng.normal(size=(70, 4)).astype(np.float32)
frozen.flags.writeable = False
askew = np.frombuffer(b"x" + frozen.tobytes(), np.uint8)[1:].view(np.float32).reshape(70, 4)
for X in (frozen, askew, frozen.astype(float), np.asfortranarray(frozen), frozen[::2],
          frozen[:, ::-1], frozen.tolist(), [[1, 2, 3, 4]], [[True] * 4]):
    g.forward(X); g.forward(X[0]); g.activities(X); g.run(X); g.reset(); g.tension(X)
    g.learn(X); g.learn(X, X[:][0][0] * np.ones((len(X), 1)), rule="delta")
    g.settle(X); g.settle(X, np.asfortranarray(np.ones((len(X), 1))), learn=1e-3, gate=[39])
g.add_edge(np.int32(0), np.uint16(39)); g.add_edge(39, 38, delay=1)
g.add_edge(1, 39, np.float64(2))
g.connect([2, 3], [37, 38], rng.normal(size=(2, 2)), delay=1)
g.add_nodes(3, sources=range(3)); g.add_nodes(3); g.add_node(np.uint8([1, 2]), kind="max")
g.split_edge(*g.edges()[["source", "target"]][5].tolist(), w_in=np.float32(1), bias=1)
u, v = g.edges()[["source", "target"]][7].tolist()
g.remove_edge(np.int64(u), v); g.remove_nodes(range(10, 13)); g.remove_node(np.int32(20))
g.prune(0.1); g.prune(np.float32(0.2)); g.pack(); g.run(np.ones((2, 3, 4), np.float32))
pickle.loads(pickle.dumps(g)).forward(frozen, outputs=[21], inputs=[0, 1, 2, 3], n_threads=2)
Graph.from_networkx(g.to_networkx()).pack()
s = Graph.from_scipy(g.to_scipy())
s.forward(np.ones((20, s.inputs.size)))
counts = {name: len(kernel.function.signatures) for name, kernel in REGISTRY.items()}
print({name: count for name, count in counts.items() if count > 1})
"""


def python(code, **environment):
    """Run code in a fresh interpreter, in the checkout, with variables set."""
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True,
        env={**os.environ, "NUMBA_DISABLE_JIT": "0", **environment},
    )  # fmt: skip


@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="asks the compiler")
class TestCompiled:
    def test_checked_mode_catches_an_index_out_of_range(self):
        run = python(PLANTED.format(plant=True), GROWGRAPH_CHECKED="1")
        assert run.returncode == 1
        assert "IndexError" in run.stderr

    def test_checked_mode_lets_a_sound_graph_run(self):
        run = python(PLANTED.format(plant=False), GROWGRAPH_CHECKED="1")
        assert run.stdout == "(3, 1)\n", run.stderr

    def test_no_everyday_call_compiles_a_kernel_twice(self):
        run = python(EVERYDAY)
        assert run.stdout == "{}\n", run.stdout + run.stderr


def test_uncompiled_python_catches_it_too():
    run = python(PLANTED.format(plant=True), NUMBA_DISABLE_JIT="1")
    assert run.returncode == 1
    assert "IndexError" in run.stderr


def test_uncompiled_gives_the_same_answer():
    code = "from growgraph import Graph; print(*Graph.layered([3, 2, 1]).forward([[1, 2, 3]])[0])"
    a, b = python(code, NUMBA_DISABLE_JIT="1"), python(code)
    assert float(a.stdout) == pytest.approx(float(b.stdout), abs=1e-5)
