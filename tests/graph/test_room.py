"""A call that asks for room asks for all of it: it is repeated once, whatever the graph holds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growgraph import Graph
from growgraph.graph.store import Store
from growgraph.kernels import _handle as h
from growgraph.kernels import edges, status


def counted(kernel, calls):
    """The kernel, each call of it noted; given up at the third (it would ask for ever)."""

    def call(*args):
        calls.append(1)
        assert len(calls) < 3
        return kernel(*args)

    return call


@settings(max_examples=60, deadline=None)
@given(
    held=st.lists(st.integers(0, 20), min_size=1, max_size=30),
    extra=st.integers(1, 3),
    late=st.booleans(),
    recorded=st.booleans(),
)
def test_groups_of_edges_ask_once_for_what_all_of_them_need(held, extra, late, recorded):
    graph = Graph()
    if recorded:
        graph.record()
    x = graph.add_inputs(23)
    targets = graph.add_outputs(len(held), sources=[])
    late_or_not = {"delay": 1} if late else {}
    for target, many in zip(targets, held, strict=True):
        if many:
            graph.connect(x[:many], [target], weights=0.5, **late_or_not)
    twin, calls = graph.copy(), []
    with pytest.MonkeyPatch.context() as patch:
        name = "add_delayed_groups" if late else "add_edge_groups"
        patch.setattr(edges, name, counted(getattr(edges, name), calls))
        graph.connect(x[20 : 20 + extra], targets, weights=0.25, **late_or_not)
    for target in targets:
        twin.connect(x[20 : 20 + extra], [target], weights=0.25, **late_or_not)
    graph.check()
    assert graph == twin
    assert graph.n_edges == sum(held) + extra * len(held)


def test_many_blocks_of_delayed_edges_may_move_in_one_call():
    """Room for each of them was there, room for all was not, and it was asked for ever."""
    graph = Graph()
    x = graph.add_inputs(21)
    outputs = graph.add_outputs(30, sources=[])
    graph.connect(x[:20], outputs, delay=1, weights=1.0)
    graph.connect(x[20:], outputs, delay=1, weights=1.0)
    assert graph.n_edges == 630
    graph.check()


def test_a_kernel_that_asks_for_what_there_is_is_told_so():
    store = Store()

    def greedy(H):
        H[h.WANT_POOL] = 1
        return np.int64(status.NEED_SPACE)

    store.reserve(POOL_CAP=10)
    with pytest.raises(AssertionError, match="asks for room that there is"):
        store.call(greedy)
