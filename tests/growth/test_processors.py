"""What is grown is the same whichever kernels the BLAS picks for the processor."""

import os
import subprocess
import sys

import pytest

GROW = """
import numpy as np
from growgraph import Graph, GrowthController, GrowthLog
from growgraph.growth import InsertNode, InsertPath, SplitEdge

X, wanted = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
for rules in None, [InsertPath(), SplitEdge(), InsertNode(pool=8, knots=3)]:
    for seed in range(10):
        graph = Graph()
        x = graph.add_inputs(2)
        graph.add_outputs(1, sources=x, weights="normal", random_state=seed)
        controller = GrowthController(rules, random_state=seed)
        for _ in range(30):
            controller.step(graph.learn(X, wanted, rule="delta", lr=1.0), X, wanted)
        told = GrowthLog(graph).table()
        print(told[["step", "operation", "node", "rule"]].tolist())
        print((np.round(graph.forward(X).ravel(), 2) + 0.0).tolist())
"""


def grown(core):
    """What the script prints where OpenBLAS takes the kernels of ``core``."""
    told = subprocess.run(
        [sys.executable, "-c", GROW], env=os.environ | {"OPENBLAS_CORETYPE": core},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    return told.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="names of OpenBLAS's x86 kernels")
def test_a_symmetrical_task_grows_the_same_whichever_kernels_the_blas_takes():
    """XOR has dozens of nodes that are equally good but for the last bits of their shares."""
    first = grown("Prescott")
    assert first.count("\n") == 40
    assert grown("Haswell") == first
