"""Random growing and cutting never departs from a model of Python lists; see machine.py."""

from hypothesis import HealthCheck, settings

from tests.graph.machine import GraphMachine

TestGraph = GraphMachine.TestCase
TestGraph.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    database=None,
)
