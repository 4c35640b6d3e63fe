"""The order is kept at a price that does not grow with the graph."""

import numba
import numpy as np
import pytest

from growgraph import Graph
from growgraph.kernels import _handle as h
from growgraph.kernels import order

N = 4000 if not numba.config.DISABLE_JIT else 300
# ORDER_WORK of a birth, on average: c * log2(n) by the analysis of the labels, and 1 if a gap
# is left. A call that touches an eighth of all nodes is nearly a rebuild: it happens each time the
# labels around a place have run out, a few times for each doubling.
AMORTISED = 2
MANY = N // 8


def chain(graph, rng):
    node = graph.add_inputs(1)[0]
    for _ in range(N):
        node = yield graph.add_node([node])


def star(graph, rng):
    """Always behind the same parent, in front of all its elders: the hardest for labels."""
    root = graph.add_inputs(1)
    for _ in range(N):
        yield graph.add_node(root)


def splits(graph, rng):
    """Always the edge into the same target."""
    root = graph.add_inputs(1)[0]
    end = graph.add_outputs(1, sources=[root])[0]
    for _ in range(N):
        root = yield graph.split_edge(root, end)


def front(graph, rng):
    """Always the edge out of the same source."""
    root = graph.add_inputs(1)[0]
    end = graph.add_outputs(1, sources=[root])[0]
    for _ in range(N):
        end = yield graph.split_edge(root, end)


def anywhere(graph, rng):
    graph.add_inputs(4)
    for n in range(4, N):
        yield graph.add_node(np.unique(rng.integers(0, n, 3)))


def work_per_call(grow):
    graph = Graph()
    births, work = grow(graph, np.random.default_rng(0)), []
    before, node = 0, next(births)
    for _ in range(N):
        now = graph._store[h.ORDER_WORK]
        work.append(now - before)
        before = now
        try:
            node = births.send(node)
        except StopIteration:
            break
    graph.check()
    return graph, np.array(work[1:])


def assert_cheap(work):
    assert work.mean() <= AMORTISED * np.log2(N)
    assert (work > MANY).sum() <= 3 * np.log2(N), f"{(work > MANY).sum()} calls touched > {MANY}"
    assert np.median(work) <= 2


@pytest.mark.parametrize("grow", [chain, star, splits, front, anywhere])
def test_birth_is_cheap(grow):
    graph, work = work_per_call(grow)
    assert work.size >= N - 6
    assert_cheap(work)
    before = graph._store[h.ORDER_WORK]
    graph.forward(np.ones((3, graph.inputs.size)), outputs=graph.nodes[-1:])
    graph.forward(np.ones(graph.inputs.size), outputs=graph.nodes[-1:])
    assert graph._store[h.ORDER_WORK] == before


def test_forward_edges_cost_nothing_and_backward_ones_what_they_move():
    graph = Graph()
    x = graph.add_inputs(N)
    y = graph.add_outputs(2, sources=x[-1:])
    before = graph._store[h.ORDER_WORK]
    graph.connect(x[:100], y)
    assert graph._store[h.ORDER_WORK] == before
    late = graph.add_node(graph.add_inputs(1))
    before = graph._store[h.ORDER_WORK]
    graph.add_edge(late, y[0])
    assert 0 < graph._store[h.ORDER_WORK] - before <= 8


def test_relabelling_everything_would_be_seen():
    """With gaps that hold no newcomer each birth relabels all, and the bounds are broken."""
    graph = Graph()
    root = graph.add_inputs(1)
    work = []
    for _ in range(200):
        before = graph._store[h.ORDER_WORK]
        slots = graph._store.order()
        graph._store.label[slots] = (1 << 61) + np.arange(slots.size)
        graph.add_node(root)
        work.append(graph._store[h.ORDER_WORK] - before)
    graph.check()
    with pytest.raises(AssertionError):
        assert_cheap(np.array(work))


@pytest.mark.parametrize("first", [0, 1, 5, (1 << 62) - 4])
def test_labels_run_out_at_neither_end(first):
    graph = Graph()
    head, *others = graph.add_nodes(4).tolist()
    store = graph._store
    store.label[store.order()] = first + np.arange(4)
    tail = graph.add_inputs(1)[0]
    graph.check()
    for node in (*others, tail):
        graph.add_edge(node, head)
        graph.add_node([tail])
        graph.check()
    assert store.label[store.order()].max() < 1 << 62


def test_sorting_by_label():
    rng = np.random.default_rng(1)
    for n in range(1, 40):
        label = rng.permutation(100).astype(np.int64)
        held = rng.permutation(100)[:n].astype(np.int32)
        expected = held[np.argsort(label[held])]
        sort = getattr(order._sort_by_label, "py_func", order._sort_by_label)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(order, "_sift", getattr(order._sift, "py_func", order._sift))
            sort(held, label, n)
        np.testing.assert_array_equal(held, expected)
