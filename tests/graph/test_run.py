"""Running: right to float64, whoever calls and however often, for values of any offset."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from growgraph import Graph
from growgraph.errors import DataError, GraphError, UnknownNodeError
from growgraph.kernels import _handle as h
from tests.kernels.contract import check_close
from tests.material import packed, small_graph, uniform
from tests.naive import propagate as naive
from tests.naive.model import Model


def twin(graph, X):
    """All rows of the slow twin, by slot."""
    V = np.zeros((graph._store[h.N_SLOTS], X.shape[0]))
    V[graph._slots(graph.inputs)] = X.T
    naive.sweep(Model.of(graph._store), V, [])
    return V


@pytest.fixture(scope="module")
def large():
    return Graph.random_dag(10_000, 32, n_outputs=50, random_state=0)


# ---- forward ------------------------------------------------------------------------------------
def test_large_random_graph_equals_its_twin(large):
    X = uniform(64, 32, low=-2, high=2).astype(np.float64)
    V = twin(large, X)
    check_close("forward", large.forward(X), V[large._slots(large.outputs)].T)
    check_close("activities", large.activities(X), V[large._slots(large.nodes)].T)


@pytest.mark.parametrize("n_threads", [1, 2, 3, 7])
def test_threads_and_batches_change_no_bit(large, n_threads):
    X = uniform(150, 32, seed=1)
    whole = large.forward(X, n_threads=1)
    np.testing.assert_array_equal(large.forward(X, n_threads=n_threads), whole)
    parts = [large.forward(X[a:b], n_threads=n_threads) for a, b in ((0, 1), (1, 90), (90, 150))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    check_close("one sample", large.forward(X[7]), whole[7])


def test_small_graph_in_all_its_forms():
    graph, X = small_graph(), uniform(33, 4, seed=2)
    exact = twin(graph, X)[graph._slots(graph.outputs)].T
    check_close("grown", graph.forward(X), exact)
    np.testing.assert_array_equal(graph(X), graph.forward(X))
    np.testing.assert_array_equal(packed(small_graph()).forward(X), graph.forward(X))
    np.testing.assert_array_equal(graph.activities(X), packed(small_graph()).activities(X))


@pytest.mark.parametrize("form", ["csr", "frame", "list", "fortran", "int", "frozen", "strided"])
def test_forms_of_input(form):
    graph, X = small_graph(), np.arange(12).reshape(3, 4)
    frozen = X.astype(np.float32)
    frozen.flags.writeable = False
    made = {
        "csr": lambda: pytest.importorskip("scipy.sparse").csr_array(X),
        "frame": lambda: pytest.importorskip("pandas").DataFrame(X),
        "list": lambda: X.tolist(),
        "fortran": lambda: np.asfortranarray(X, np.float32),
        "int": lambda: X.astype(np.uint8),
        "frozen": lambda: frozen,
        "strided": lambda: np.repeat(X, 2, axis=1).astype(np.float32)[:, ::2],
    }
    expected = graph.forward(X.astype(np.float64))
    given = made[form]()
    np.testing.assert_array_equal(graph.forward(given), expected)
    if isinstance(given, np.ndarray):
        one = graph.forward(X[1].astype(np.float64))
        np.testing.assert_array_equal(graph.forward(given[1]), one)


def test_input_is_not_changed():
    X = uniform(5, 4)
    before = X.copy()
    small_graph().forward(X)
    np.testing.assert_array_equal(X, before)


def test_named_inputs_and_outputs():
    graph, X = small_graph(), uniform(20, 4, seed=3)
    full = X.copy()
    full[:, [0, 2]] = 0
    part = graph.forward(X[:, [3, 1]], inputs=graph.inputs[[3, 1]])
    np.testing.assert_array_equal(part, graph.forward(full))
    late = graph.add_inputs(1)
    values = graph.forward(X, inputs=graph.inputs[:4], outputs=[graph.inputs[2], late[0]])
    np.testing.assert_array_equal(values, np.stack([X[:, 2], 0 * X[:, 2]], axis=1))
    graph.remove_node(late)
    for node in graph.nodes:  # the sweep ends at the node asked for
        column = np.flatnonzero(graph.nodes == node)
        got = graph.forward(X, outputs=[node])
        np.testing.assert_array_equal(got, graph.activities(X)[:, column])


def test_no_samples():
    graph = small_graph()
    assert graph.forward(np.empty((0, 4))).shape == (0, 2)
    assert graph.activities(np.empty((0, 4))).shape == (0, graph.n_nodes)
    assert graph.run(np.empty((0, 4))).shape == (0, 2)
    graph.reset()
    assert graph.run(np.empty((3, 0, 4))).shape == (3, 0, 2)


@pytest.mark.parametrize(
    ("call", "error", "pieces"),
    [
        (lambda g: g.forward(np.ones((2, 3))), DataError, ["X", "4 columns", "(2, 3)"]),
        (lambda g: g.forward(np.ones((2, 3, 4))), DataError, ["X", "4 columns", "(2, 3, 4)"]),
        (lambda g: g.forward([[1, 2, 3, np.nan]]), DataError, ["X", "NaN", "(0, 3)", "fill"]),
        (lambda g: g.forward([[1, 2, np.inf, 4]]), DataError, ["X", "infinity", "(0, 2)"]),
        (lambda g: g.forward([[1, 2, 3, 1e39]]), DataError, ["X as float32", "(0, 3)"]),
        (lambda g: g.forward(np.array([1, 2, 3, np.nan], "f4")), DataError, ["X", "NaN", "fill"]),
        (lambda g: g.forward(np.array([np.inf, 2, 3, 4], "f4")), DataError, ["X", "infinity"]),
        (lambda g: g.forward(np.ones(3, np.float32)), DataError, ["X", "4 columns", "(1, 3)"]),
        (lambda g: g.forward([["a", 2, 3, 4]]), ValueError, ["X", "numbers", "'a'"]),
        (lambda g: g.forward(np.ones((2, 4)) * 1j), ValueError, ["X", "Complex", "complex128"]),
        (lambda g: g.forward(np.ones((1, 1)), inputs=[6]), GraphError, ["inputs", "[6]"]),
        (lambda g: g.forward(np.ones((1, 2)), inputs=[0, 0]), GraphError, ["inputs", "once"]),
        (lambda g: g.forward(np.ones((1, 4)), outputs=[99]), UnknownNodeError, ["99", "nodes"]),
        (lambda g: g.forward(np.ones((1, 4)), n_threads=0), ValueError, ["n_threads", "0"]),
        (lambda g: g.forward(np.ones(4), n_threads="x"), TypeError, ["n_threads", "'x'"]),
        (lambda g: g.forward(np.ones(4), outputs=[]), GraphError, ["outputs", "one node", "[]"]),
        (lambda g: g.forward(np.ones((1, 1)), inputs=[99]), GraphError, ["inputs", "[99]"]),
        (lambda g: g.forward(np.ones((1, 1)), inputs=[-1]), GraphError, ["inputs", "[-1]"]),
        (lambda g: g.forward([["1", 2, 3, 4]]), ValueError, ["X", "text '1'", "convert"]),
        (lambda g: g.forward(np.array([["1", 2, 3, 4]], object)), ValueError, ["X", "text '1'"]),
        (lambda g: Graph.layered([1, 1]).forward([[1]], inputs=[1]), GraphError, ["inputs", "[1]"]),
        (lambda g: g.run(np.ones((2, 3))), DataError, ["sequence", "[steps, 4]", "(2, 3)"]),
        (lambda g: g.run(np.ones(4)), DataError, ["sequence", "(4,)"]),
        (lambda g: Graph().forward(np.ones((1, 0))), GraphError, ["output", "add_outputs"]),
        (lambda g: Graph().forward([[1]], inputs=[0], outputs=[]), GraphError, ["output"]),
    ],
)
def test_what_cannot_run_is_refused(call, error, pieces):
    with pytest.raises(error) as caught:
        call(small_graph())
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


# ---- scale --------------------------------------------------------------------------------------
def test_large_offsets_keep_their_digits():
    graph = Graph()
    graph.add_outputs(1, sources=graph.add_inputs(2))
    graph.set_input_scale([1e9, 0], [2, 1])
    X = np.array([[1e9 + 1, 0.5], [1e9 - 1, 0.25], [1e9 + 0.125, 0]])
    np.testing.assert_array_equal(graph.forward(X)[:, 0], [2.5, -1.75, 0.25])
    np.testing.assert_array_equal(graph.forward(X[0]), [2.5])
    np.testing.assert_array_equal(graph.run(X)[:, 0], [2.5, -1.75, 0.25])
    np.testing.assert_array_equal(graph.activities(X)[:, 0], [2, -2, 0.25])
    part = graph.forward(X[:, :1], inputs=[0])
    np.testing.assert_array_equal(part[:, 0], [2, -2, 0.25])
    np.testing.assert_array_equal(graph.forward(X[:, 1:], inputs=[1])[:, 0], [0.5, 0.25, 0])
    plain = Graph()
    plain.add_outputs(1, sources=plain.add_inputs(2))
    assert np.ptp(plain.forward(X)) == 0  # what it is good for


def test_a_new_input_enters_as_it_is():
    graph = Graph()
    y = graph.add_outputs(1, sources=graph.add_inputs(1))
    graph.set_input_scale(5, 2)
    graph.add_edge(graph.add_inputs(1)[0], y[0])
    assert graph.forward([6.0, 1.0]) == 3
    graph.remove_node(0)
    assert graph.forward([6.0]) == 6


# ---- steps through time -------------------------------------------------------------------------
def test_steps_at_once_or_one_by_one():
    graph, X = small_graph(), uniform(9, 4, seed=4)
    whole = graph.run(X)
    graph.reset()
    parts = [graph.run(X[a:b]) for a, b in ((0, 1), (1, 2), (2, 6), (6, 9))]
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert np.abs(graph.run(X) - whole).max() > 1e-3  # it went on from where it was
    graph.reset()
    np.testing.assert_array_equal(graph.run(X), whole)


def test_a_batch_of_sequences_is_each_of_them():
    graph, X = small_graph(), uniform(6, 5, 4, seed=5)
    whole = graph.run(X)
    with pytest.raises(GraphError, match=r"batch 3 but the run under way has 5: call reset"):
        graph.run(X[:, :3])
    for i in range(5):
        graph.reset()
        np.testing.assert_array_equal(graph.run(X[:, i]), whole[:, i])


def test_a_delayed_edge_carries_the_step_before():
    graph = Graph()
    x, y = graph.add_inputs(1), graph.add_outputs(1)
    graph.connect(x, y)
    graph.add_edge(y[0], y[0], 0.5, delay=1)
    np.testing.assert_array_equal(graph.run([[1], [0], [0], [1]])[:, 0], [1, 0.5, 0.25, 1.125])
    np.testing.assert_array_equal(graph.copy().run([[0]]), [[0.5625]])


def test_only_run_remembers():
    """All other calls take the step before as zeros and leave what run remembers alone."""
    graph = Graph()
    graph.add_outputs(1, sources=graph.add_inputs(1))
    graph.add_edge(1, 1, 0.5, delay=1)
    X, rows = [[3.0]], [[3.0], [4.0]]
    assert graph.run(X) == 3
    for _ in range(2):
        assert graph.forward(X) == graph.forward(X[0]) == 3
        assert graph.forward(rows).ravel().tolist() == [3, 4]
        assert graph.activities(X).ravel().tolist() == [3, 3]
        assert graph.tension(X, graph.forward(X)).tolist() == [0, 0]
        graph.learn(X, [[3.0]], rule="delta")
    assert graph.run(X) == 4.5


def test_the_run_goes_on_through_growth_and_packing():
    graph, X = small_graph(), uniform(8, 4, seed=6)
    whole = graph.run(X)
    graph.reset()
    first = graph.run(X[:3])
    graph.add_node(graph.inputs)  # read by nobody
    graph.remove_node(graph.add_node(graph.inputs))
    graph.pack()
    twin = Graph.from_state(graph.to_state())
    np.testing.assert_array_equal(np.concatenate([first, graph.run(X[3:])]), whole)
    np.testing.assert_array_equal(twin.run(X[3:]), whole[3:])


# ---- threads ------------------------------------------------------------------------------------
def hammer(jobs, rounds=30):
    """Call the jobs at once, again and again; True where every answer was the first one."""
    expected = [job() for job in jobs]
    barrier = threading.Barrier(len(jobs))

    def work(job, answer):
        barrier.wait()
        return all(np.array_equal(job(), answer) for _ in range(rounds))

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(work, jobs, expected))


def test_threads_on_one_graph():
    graph = Graph.random_dag(2000, 16, random_state=1)
    X = [uniform(64, 16, seed=i) for i in range(4)]
    assert all(hammer([lambda x=x: graph.forward(x) for x in X]))
    assert all(hammer([lambda x=x: graph.forward(x[0]) for x in X]))
    assert all(hammer([lambda x=x: graph.forward(x, n_threads=2) for x in X]))


def test_threads_on_two_graphs():
    graphs = [Graph.random_dag(1000, 16, random_state=i) for i in range(2)]
    X = uniform(64, 16)
    assert all(hammer([lambda g=g: g.forward(X) for g in graphs]))


def test_scratch_does_not_pile_up():
    graph = Graph.random_dag(100, 4)
    for rows in (1, 5, 64, 5, 64):
        graph.forward(np.ones((rows, 4)), n_threads=1)
    assert sum(len(free) for free in graph._runner._free.values()) <= 3
    assert all(len(free) == 1 for free in graph._runner._free.values())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own():
    graph, X = Graph.random_dag(200, 8), uniform(200, 8)
    expected = graph.forward(X, n_threads=2)
    child = os.fork()
    if child == 0:
        signal.alarm(20)  # a child that waits for its parent's threads waits for ever
        same = np.array_equal(graph.forward(X, n_threads=2), expected)
        os._exit(0 if same else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
