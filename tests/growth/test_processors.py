"""What is grown is the same whichever kernels the BLAS picks for the processor."""

import os
import platform
import subprocess
import sys

import pytest

GROW = """
from itertools import product
import numpy as np
from threadpoolctl import threadpool_info
from growgraph import Graph, GrowthController, GrowthLog
from growgraph.growth import InsertNode, InsertPath, SplitEdge

print([one["architecture"] for one in threadpool_info() if one["user_api"] == "blas"])

def grow(X, wanted, rules, weights="normal"):
    for seed in range(6):
        graph = Graph()
        x = graph.add_inputs(X.shape[1])
        graph.add_outputs(1, sources=x, weights=weights, random_state=seed)
        controller = GrowthController(rules, random_state=seed)
        for _ in range(40):
            controller.step(graph.learn(X, wanted, rule="delta", lr=0.5), X, wanted)
        told = GrowthLog(graph).table()
        print(told[["step", "operation", "node", "rule", "n_parents"]].tolist())
        print([graph.sources(int(node))[0].tolist() for node in graph.nodes])
        print(np.round(told["after"], 3).tolist())

bits = np.array(list(product((0, 1), repeat=2)), float)
grid, cube = (np.array(list(product((-1, 0, 1), repeat=n)), float) for n in (2, 3))
grow(bits, bits.sum(axis=1) % 2, None)
grow(grid, np.abs(grid).sum(axis=1), [InsertNode(), SplitEdge("abs")])
grow(cube, np.abs(cube).sum(axis=1), [SplitEdge("abs"), InsertPath()], 0.25)
turned = np.random.default_rng(0).standard_normal(12)
turned = np.stack([np.roll(turned, j) for j in range(12)])
turned = np.vstack([turned, -turned])
grow(turned, np.repeat([0.37, -0.37], 12), [InsertNode(fan_in=8)], 0.0)
"""


def grown(core):
    """Which kernels OpenBLAS takes where it is told ``core``, and what is grown with them."""
    told = subprocess.run(
        [sys.executable, "-c", GROW], env=os.environ | {"OPENBLAS_CORETYPE": core},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    cores, _, rest = told.stdout.partition("\n")
    return cores, rest


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="names of x86 kernels"
)
def test_a_symmetrical_task_grows_the_same_whichever_kernels_the_blas_takes():
    """Many nodes and edges are equally good there but for the last bits of their shares."""
    (cores, first), (others, second) = grown("Prescott"), grown("Nehalem")  # old enough for all
    if cores == others:
        pytest.skip(f"no BLAS that takes the kernels it is told: {cores}")
    assert "InsertNode" in first
    assert "SplitEdge" in first
    assert second == first
