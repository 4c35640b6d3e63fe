"""Rows on starting: threads, and a fresh process up to its first prediction."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from growgraph.bench import probes
from growgraph.bench.clock import Side, wall
from growgraph.bench.material import Sheet, samples
from growgraph.bench.rows import AT_MOST, OURSELVES, Against, Figure, NotBuilt, Pair, Plan, Row
from growgraph.errors import DataError

_SHARE = 0.9  # of what the probe gains: 1.8 where two threads do twice the work
_LEAST_GAIN = 1.2  # below it there is no second core to be had, and nothing can be said

_CHILD = """
import time
import numpy as np
from growgraph import Graph
graph = Graph.layered([16, 32, 4], random_state=0)
graph.forward(np.ones((64, 16), np.float32))
print(time.process_time())
"""


def _first_prediction(cache=None):
    """CPU seconds of a fresh process from its start to the end of its first prediction.

    ``cache`` is the folder of its kernel cache, by default the one that is in use here.
    """
    here = str(Path(__file__).parents[2])  # where growgraph lies, installed or not
    path = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH")]))
    env = os.environ | {"PYTHONPATH": path}
    if cache is not None:
        env["GROWGRAPH_CACHE_DIR"] = str(cache)
    done = subprocess.run(
        [sys.executable, "-c", _CHILD], env=env, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise DataError(f"a fresh process failed: {done.stderr.strip().splitlines()[-1:]}")
    return float(done.stdout)


def _cold(plan: Plan) -> Figure:
    values = []
    for _ in range(plan.repeats):
        with tempfile.TemporaryDirectory() as cache:
            values.append(_first_prediction(cache))
    return Figure(values)


def _cached(plan: Plan) -> Figure:
    _first_prediction()  # fills the cache
    return Figure([_first_prediction() for _ in range(3 * plan.repeats)])


def _two_threads(plan: Plan) -> Pair:
    """One thread's time over two threads', with the probe's own gain in the same rounds."""
    if (os.cpu_count() or 1) < 2:
        raise NotBuilt("this machine has one core")
    n = plan.of(10_000)
    sheet = Sheet(n, n, fan_in=32)
    X = samples(plan.of(512), n)
    forward = sheet.graph.forward
    flops = 2.0 * sheet.n_edges * X.shape[0]

    def finish(times):
        spread = probes.gain(times)
        gain = spread.median
        found = {"probe_gain": gain, "asked_here": min(1.8, _SHARE * gain),
                 "probe_gain_quartiles": [spread.low, spread.high]}  # fmt: skip
        if gain < _LEAST_GAIN:
            found["unsure"] = f"two threads of the probe did {gain:.2f} times the work of one"
        return found

    return Pair(
        Side(lambda: forward(X, n_threads=2)), Side(lambda: forward(X, n_threads=1)),
        lambda: (forward(X, n_threads=2), forward(X, n_threads=1)),
        beside=probes.gain_sides(),
        work={"edges": sheet.n_edges, "batch": X.shape[0], "flops": flops},
        timer=wall, finish=finish,
    )  # fmt: skip


ROWS = (
    Row("threads_2", "two threads against one, batch 512, 1e4 nodes, fan-in 32",
        (Against(OURSELVES, 1.8, _two_threads),)),
    Row("cold_start", "CPU to the first prediction, empty kernel cache",
        (Against("", 10, _cold),), sense=AT_MOST, unit="s", heavy=True),
    Row("cold_start_cached", "CPU to the first prediction, kernels cached",
        (Against("", 1, _cached),), sense=AT_MOST, unit="s"),
)  # fmt: skip
