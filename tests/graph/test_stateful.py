"""Random growing and cutting never departs from a model of Python lists; see machine.py.

CI takes the same examples each time and shows a failing one as it is. GROWGRAPH_EXAMPLES=500 takes
so many new ones and looks for the shortest that fails; GROWGRAPH_STEPS=200 makes each longer than
the usual 40 steps.
"""

import os

from hypothesis import HealthCheck, Phase, settings

from tests.graph.machine import GraphMachine

EXAMPLES = int(os.environ.get("GROWGRAPH_EXAMPLES", "0"))
STEPS = int(os.environ.get("GROWGRAPH_STEPS", "40"))

TestGraph = GraphMachine.TestCase
TestGraph.settings = settings(
    max_examples=EXAMPLES or 60,
    phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
    derandomize=not EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
