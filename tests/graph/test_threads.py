"""Threads: running calls while the graph grows, is cut and packed; a kernel cut short by Ctrl-C."""

import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from growgraph import Graph
from growgraph.graph.savepoint import Savepoint
from growgraph.graph.view import Reading
from growgraph.kernels import _handle as h
from growgraph.kernels import cut
from growgraph.kernels import store as store_kernels
from tests.material import small_graph, uniform

STRESS = """
import sys, threading, time
import numpy as np
from growgraph import Graph

graph = Graph.random_dag(4000, 16, n_inputs=16, n_outputs=3, random_state=0)
X = np.random.default_rng(0).standard_normal((64, 16)).astype(np.float32)
y = graph.outputs
expected, single = graph.forward(X), graph.forward(X[0])
steps = graph.run(X[:6])
graph.reset()
counts, wrong, stop = [0] * 4, [], threading.Event()

def work(number, call, right):
    while not stop.is_set():
        try:
            if not np.array_equal(call(), right):
                wrong.append(f"call {number}: another answer")
        except Exception as error:
            wrong.append(f"call {number}: {error!r}")
        counts[number] += 1

def run():
    graph.reset()
    return graph.run(X[:6])

calls = [(lambda: graph.forward(X, n_threads=1), expected), (lambda: graph.forward(X[0]), single),
         (lambda: graph.forward(X, n_threads=2, outputs=y), expected), (run, steps)]
def change(seed):
    rng, ids = np.random.default_rng(seed), graph.nodes
    new = graph.add_nodes(150, sources=rng.choice(ids, 3, replace=False))
    graph.connect(rng.choice(ids, 5, replace=False), new[:2], random_state=seed)
    graph.split_edge(int(graph.sources(new[0])[0][0]), int(new[0]))
    graph.add_edge(int(new[5]), int(new[3]), delay=1)
    graph.remove_nodes(new[40:])
    if seed % 3 == 0:
        graph.pack()
    if seed % 5 == 0:
        graph.remove_nodes(np.setdiff1d(graph.nodes, ids))

change(0)  # kernels are compiled before the race
threads = [threading.Thread(target=work, args=(i, *c)) for i, c in enumerate(calls)]
for thread in threads:
    thread.start()
first, late = time.monotonic(), 0
while not wrong and (late < 40 or min(counts) < 10) and time.monotonic() < first + 60:
    late += 1
    change(late)
stop.set()
for thread in threads:
    thread.join()
graph.check()
assert not wrong, wrong[:3]
assert min(counts) > 3 and late > 3, (counts, late)
print("ok")
"""


def test_running_while_another_thread_grows_cuts_and_packs():
    """In a process of its own: what goes wrong here is a segmentation fault."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", STRESS], capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, textwrap.shorten(done.stderr[-2000:], 2000)
    assert done.stdout == "ok\n"


def test_a_call_under_way_answers_for_the_graph_it_began_with(monkeypatch):
    """Every kind of change, made between a call's beginning and its kernel."""
    changes = [
        lambda g: g.add_nodes(500, sources=g.inputs),
        lambda g: g.connect([0], [21, 22]) if 0 not in g.sources(21)[0] else g.remove_edge(0, 21),
        lambda g: g.split_edge(0, 4),
        lambda g: g.remove_nodes([5, 6, 22]),
        lambda g: g.prune(0.5),
        lambda g: g.pack(),
        lambda g: g._store.relist(g._store.order()),
        lambda g: g.add_inputs(2),
    ]
    X = uniform(5, 4)
    for change in changes:
        graph = small_graph()
        expected, forward, changed = graph.forward(X), graph._runner.forward, []

        def late(view, *args, graph=graph, forward=forward, change=change, changed=changed):
            change(graph)
            changed.append(graph._store.H is not view.H)
            return forward(view, *args)

        monkeypatch.setattr(graph._runner, "forward", late)
        np.testing.assert_array_equal(graph.forward(X), expected)
        assert changed == [True]
        monkeypatch.undo()
        graph.check()


def test_nothing_is_copied_where_nobody_reads():
    graph = small_graph()
    graph._store.reserve(NODE_CAP=50, ID_CAP=50, POOL_CAP=99, SPOOL_CAP=99, EV_CAP=9, EVP_CAP=9)
    graph.forward(uniform(5, 4))
    graph.forward(uniform(4))
    held = dict(graph._store.arrays)
    graph.add_node([0])
    assert all(graph._store.arrays[name] is array for name, array in held.items())
    assert graph._store.view() is graph._store.view()


def feed_an_output(graph, count):
    graph.connect(graph.add_nodes(count, bias=3.0)[-1:], graph.outputs)


CHANGES = {
    "growth within the room": lambda g: feed_an_output(g, 1),
    "growth beyond the room": lambda g: feed_an_output(g, 500),
    "the first of the order": lambda g: g.remove_node(g.order()[0]),
    "values": lambda g: g.set_nodes(g.outputs, bias=9.0),
    "packing": lambda g: (g.pack(), g.set_nodes(g.outputs, bias=9.0)),
    "outputs": lambda g: setattr(g, "_outputs", g._outputs[::-1]),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_next_call_sees_the_change(what):
    graph = small_graph()
    graph.forward(uniform(5, 4))
    CHANGES[what](graph)
    X = uniform(5, graph.inputs.size)
    made_anew = Graph.from_state(graph.to_state())
    np.testing.assert_array_equal(graph.forward(X), made_anew.forward(X))
    np.testing.assert_array_equal(graph.forward(X[0]), made_anew.forward(X[0]))
    np.testing.assert_array_equal(graph.activities(X), made_anew.activities(X))


def test_another_order_is_seen():
    graph = Graph()
    graph.add_nodes(3, bias=[1.0, 2.0, 3.0])
    graph.forward(np.empty((2, 0)), outputs=[2])
    graph._store.relist(graph._store.order()[::-1])
    assert graph.forward(np.empty((1, 0)), outputs=[0, 1, 2]).tolist() == [[1, 2, 3]]


def test_a_proposal_taken_back_leaves_those_who_read_alone():
    graph = small_graph()
    point = Savepoint(graph, [21])
    graph.connect(graph.add_nodes(3, sources=[0]), [21])
    with Reading(graph) as now:
        arrays = {n: a for n, a in now.view.arrays.items() if h.ARRAYS[n][2] != "CTX_CAP"}
        was = {name: array.copy() for name, array in arrays.items()}
        point.restore()
        for name, array in arrays.items():
            np.testing.assert_array_equal(array, was[name])
    graph.check()
    assert graph == small_graph()


def test_two_threads_that_grow_take_turns():
    graph = Graph()
    x = graph.add_inputs(3)

    def grow():
        for _ in range(200):
            graph.add_nodes(2, sources=x)
            graph.add_outputs(1, sources=x[:2])

    threads = [threading.Thread(target=grow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    graph.check()
    assert (graph.n_nodes, graph.outputs.size) == (3 + 4 * 200 * 3, 800)


# ---- Ctrl-C -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("owner", "kernel", "call"),
    [
        (store_kernels, "add_nodes", lambda g: g.add_inputs(2, ["a", "b"])),
        (store_kernels, "add_nodes", lambda g: g.add_outputs(1, sources=[4], names=["c"])),
        (store_kernels, "add_nodes", lambda g: g.add_outputs(3, sources=[4, 5])),
        (cut, "remove_nodes", lambda g: g.remove_nodes([0, 5, 21])),
    ],
)
def test_an_interrupt_right_after_the_kernel_leaves_a_whole_graph(monkeypatch, owner, kernel, call):
    """Python delivers Ctrl-C when a long kernel returns: the change is done, the lists are not."""
    graph, compiled = small_graph(), getattr(owner, kernel)
    graph.groups["some"], graph.names = np.array([0, 5, 7]), {5: "five", 6: "six"}
    graph.set_input_scale(1.0, 2.0)
    whole = graph.copy()
    call(whole)

    def interrupted(*args):
        compiled(*args)
        raise KeyboardInterrupt

    graph._store.reserve(NODE_CAP=99, ID_CAP=99, POOL_CAP=999, SPOOL_CAP=999)
    monkeypatch.setattr(owner, kernel, interrupted)
    with pytest.raises(KeyboardInterrupt):
        call(graph)
    monkeypatch.undo()
    graph.check()
    assert graph == whole


def test_groups_that_are_none_are_refused_before_anything_is_removed():
    graph = Graph.layered([2, 1])
    graph.groups["a"] = [0, 1]  # a list will do
    graph.remove_node(1)
    assert graph.groups["a"].tolist() == [0]
    graph.groups["b"] = ["x"]
    with pytest.raises(ValueError, match="group 'b' must be integer node ids"):
        graph.remove_node(0)
    assert (graph.n_nodes, graph.inputs.tolist()) == (2, [0])
