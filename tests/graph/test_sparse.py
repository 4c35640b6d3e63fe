"""One sparse sample: as forward, whatever the graph went through and whoever changes it."""

import copy
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, precondition, run_state_machine_as_test
from scipy import sparse as sp

from growgraph import Graph
from growgraph.errors import DataError, GraphError, UnknownNodeError
from growgraph.graph import sparse
from growgraph.graph.sparse import forward_sparse, mirror_of
from growgraph.kernels import _handle as h
from growgraph.kernels import push
from tests.graph.machine import GraphMachine
from tests.graph.test_stateful import EXAMPLES
from tests.kernels.contract import check_close
from tests.material import packed, small_graph, uniform
from tests.naive import propagate as naive
from tests.naive.model import Model

COLUMNS, X = np.array([3, 1]), np.array([0.5, -1.25], np.float32)


# ---- the same answer ----------------------------------------------------------------------------
def test_small_graph_in_all_its_forms():
    for graph in (small_graph(), packed(small_graph())):
        expected = graph.forward(X, inputs=graph.inputs[COLUMNS])
        check_close("outputs", forward_sparse(graph, COLUMNS, X), expected)
        every = graph.forward(X, inputs=graph.inputs[COLUMNS], outputs=graph.nodes)
        check_close("all", forward_sparse(graph, COLUMNS, X, outputs=graph.nodes), every)
        for node in graph.nodes:  # the sweep ends at the node asked for
            one = forward_sparse(graph, COLUMNS, X, outputs=node)
            check_close("one", one, every[graph.nodes == node])


@pytest.mark.parametrize("form", ["list", "uint8", "float64", "strided", "frozen", "unsorted"])
def test_forms_of_input(form):
    graph = small_graph()
    frozen = X.copy()
    frozen.flags.writeable = False
    made = {
        "list": lambda: (COLUMNS.tolist(), X.tolist()),
        "uint8": lambda: (COLUMNS.astype(np.uint8), X),
        "float64": lambda: (COLUMNS, X.astype(np.float64)),
        "strided": lambda: (np.repeat(COLUMNS, 2)[::2], np.repeat(X, 2)[::2]),
        "frozen": lambda: (COLUMNS, frozen),
        "unsorted": lambda: (COLUMNS[::-1], X[::-1]),
    }
    expected = forward_sparse(graph, COLUMNS, X)
    np.testing.assert_array_equal(forward_sparse(graph, *made[form]()), expected)


@pytest.mark.parametrize("form", [sp.csr_array, sp.csr_matrix, sp.csc_array, sp.coo_matrix])
def test_sparse_rows(form):
    graph, dense = small_graph(), np.array([[0, -1.25, 0, 0.5]], np.float32)
    row = form(dense)
    check_close("row", forward_sparse(graph, row), graph.forward(dense[0]))
    np.testing.assert_array_equal(row.toarray(), dense)
    check_close("int", forward_sparse(graph, form(np.array([[0, 2, 0, 1]]))),
                graph.forward([0, 2, 0, 1]))  # fmt: skip
    check_close("empty", forward_sparse(graph, form((1, 4))), graph.forward(np.zeros(4)))


def test_a_row_that_names_a_column_twice_holds_the_sum():
    graph = small_graph()
    row = sp.csr_array((np.array([1.0, 0.5, 0.0]), np.array([2, 2, 1]), np.array([0, 3])), (1, 4))
    check_close("row", forward_sparse(graph, row), graph.forward([0, 0, 1.5, 0]))
    assert row.data.tolist() == [1.0, 0.5, 0.0]
    flat = sp.coo_array((np.array([1.0, 0.5]), (np.array([2, 2]),)), shape=(4,))
    check_close("flat", forward_sparse(graph, flat), graph.forward([0, 0, 1.5, 0]))


def test_input_is_not_changed():
    columns, x = COLUMNS.copy(), X.astype(np.float64)
    graph = small_graph()
    graph.set_input_scale(1.0, 2.0)
    forward_sparse(graph, columns, x)
    np.testing.assert_array_equal(columns, COLUMNS)
    np.testing.assert_array_equal(x, X)


def test_a_value_of_zero_changes_nothing():
    graph = small_graph()
    for zero in (0.0, -0.0, 1e-50):
        got = forward_sparse(graph, [3, 1, 0], [*X, zero])
        np.testing.assert_array_equal(got, forward_sparse(graph, COLUMNS, X))
    nothing = graph.forward(np.zeros(4))
    check_close("nothing", forward_sparse(graph, [], []), nothing)
    check_close("zeros", forward_sparse(graph, [0, 1, 2, 3], [0, -0.0, 0, 0]), nothing)


def test_inputs_that_are_not_zero_at_zero():
    graph = Graph()
    x = graph.add_inputs(3, activation="sigmoid")
    graph.add_outputs(1, sources=[*x, graph.add_node(x, activation="step", bias=-0.0)])
    graph.set_nodes(x, bias=5.0)  # which inputs do not read
    expected = graph.forward([0.0, 2.0, 0.0])
    check_close("sigmoid", forward_sparse(graph, [1], [2.0]), expected)


# ---- scale --------------------------------------------------------------------------------------
def test_scale_as_in_forward():
    """Inputs that are not named stand at their shift; a sparse row is a whole sample."""
    graph = small_graph()
    graph.set_input_scale([1e9, 0.5, 0, -2], [2, 0.1, 1, 3])
    values = np.array([1e9 + 0.25, 0.5])
    expected = graph.forward(values, inputs=graph.inputs[[0, 2]])
    check_close("named", forward_sparse(graph, [0, 2], values), expected)
    assert forward_sparse(graph, [0], [1e9])[0] == forward_sparse(graph, [], [])[0]
    row = sp.csr_array(np.array([[0, 1.5, 0, -1.0]]))
    check_close("row", forward_sparse(graph, row), graph.forward(row.toarray()[0]))
    graph.set_input_scale(0, 2)
    check_close("no shift", forward_sparse(graph, row), graph.forward(row.toarray()[0]))


# ---- what is refused ----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("call", "error", "pieces"),
    [
        (lambda g: forward_sparse(g, [4], [1]), DataError, ["columns", "0 .. 3", "got 4"]),
        (lambda g: forward_sparse(g, [2, -1], [1, 1]), DataError, ["columns", "0 .. 3", "-1"]),
        (lambda g: forward_sparse(g, np.uint64([2**64 - 1]), [1]), DataError, ["18446744073709"]),
        (lambda g: forward_sparse(g, [1, 2, 1], [1, 1, 1]), DataError, ["once", "got 1 twice"]),
        (lambda g: forward_sparse(g, [0.0], [1]), DataError, ["columns", "numbers", "0.0"]),
        (lambda g: forward_sparse(g, [True], [1]), DataError, ["columns", "numbers"]),
        (lambda g: forward_sparse(g, [[1]], [1]), DataError, ["columns", "one-dimensional"]),
        (lambda g: forward_sparse(g, 1, [1]), DataError, ["columns", "one-dimensional"]),
        (lambda g: forward_sparse(g, "a", [1]), DataError, ["columns", "'a'"]),
        (lambda g: forward_sparse(g, [0, 1], [1]), DataError, ["values", "2 columns", "(1,)"]),
        (lambda g: forward_sparse(g, [0], [[1]]), DataError, ["values", "1 columns", "(1, 1)"]),
        (lambda g: forward_sparse(g, [0], 1.0), DataError, ["values", "()"]),
        (lambda g: forward_sparse(g, [0]), DataError, ["values must be given"]),
        (lambda g: forward_sparse(g, [0], [np.nan]), DataError, ["values", "NaN"]),
        (lambda g: forward_sparse(g, [0], np.float32([np.inf])), DataError, ["values", "infinity"]),
        (lambda g: forward_sparse(g, [0], [1e39]), DataError, ["values as float32"]),
        (lambda g: forward_sparse(g, [0], ["1"]), ValueError, ["values", "text '1'"]),
        (lambda g: forward_sparse(g, [0], [1j]), ValueError, ["values", "Complex"]),
        (lambda g: forward_sparse(g, sp.csr_array((1, 4)), [1]), DataError, ["values", "not be"]),
        (lambda g: forward_sparse(g, sp.csr_array((2, 4))), DataError, ["(2, 4)", "X[[i]]"]),
        (lambda g: forward_sparse(g, sp.csr_array((1, 3))), DataError, ["4 columns", "(1, 3)"]),
        (
            lambda g: forward_sparse(g, sp.csr_array(np.array([[0, np.nan, 0, 0]]))),
            DataError,
            ["values", "NaN"],
        ),
        (lambda g: forward_sparse(g, [0], [1], outputs=[]), GraphError, ["outputs", "one node"]),
        (lambda g: forward_sparse(g, [0], [1], outputs=[99]), UnknownNodeError, ["99"]),
        (lambda g: forward_sparse(Graph(), [], []), GraphError, ["add_outputs"]),
    ],
)
def test_what_cannot_run_is_refused(call, error, pieces):
    with pytest.raises(error) as caught:
        call(small_graph())
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


# ---- the mirror ---------------------------------------------------------------------------------
def test_the_mirror_lives_as_long_as_the_structure():
    graph = small_graph()
    graph.forward(uniform(4))
    view = graph._store.view()
    assert view.mirror is None  # only sparse samples pay for it
    forward_sparse(graph, COLUMNS, X)
    mirror = view.mirror
    assert mirror.nbytes > 0
    forward_sparse(graph, [0], [1.0])
    graph.set_nodes(graph.outputs, bias=3.0)
    graph.set_weights(graph.outputs[0], graph.weights(graph.outputs[0]) + 1)
    forward_sparse(graph, [0], [1.0])
    assert graph._store.view().mirror is mirror
    assert len(mirror._free) == 1
    graph.add_edge(0, graph.outputs[0], 0.5)
    assert graph._store.view().mirror is None
    every = graph.forward(X, inputs=graph.inputs[COLUMNS])
    check_close("after", forward_sparse(graph, COLUMNS, X), every)


def test_what_is_learnt_is_seen():
    """Weights, biases and parameters, among them those that wake a node or put it to sleep."""
    graph = Graph()
    x = graph.add_inputs(3)
    a = graph.add_node(x, [1.0, 0.0, 0.0], activation="relu", bias=-2.0)
    b = graph.add_node(x[:1], activation="clip", p0=0.0, p1=1.0)
    y = graph.add_outputs(1, sources=[a, b])
    changes = [
        lambda: graph.set_nodes(a, bias=0.5),
        lambda: graph.set_weight(1, a, 4.0),
        lambda: graph.set_nodes(b, p0=0.25),
        lambda: graph.set_nodes(a, bias=-9.0),
        lambda: graph.set_nodes(y, bias=0.125),
        lambda: graph.learn([[1.0, 2.0, 0.0]], [[3.0]], rule="delta"),
    ]
    before = None
    for change in changes:
        change()
        got = forward_sparse(graph, [1], [2.0])
        check_close("learnt", got, graph.forward([0.0, 2.0, 0.0]))
        assert got != before
        before = got


def test_a_mirror_that_is_not_whole_is_not_seen(monkeypatch):
    graph, seen = small_graph(), []
    view, fill = graph._store.view(), push.list_readers
    monkeypatch.setattr(push, "list_readers", lambda *a: (seen.append(view.mirror), fill(*a))[1])
    forward_sparse(graph, COLUMNS, X)
    assert seen == [None]
    assert view.mirror is not None


CHANGES = [
    lambda g: g.add_nodes(500, sources=g.inputs),
    lambda g: g.split_edge(0, 4),
    lambda g: g.remove_nodes([5, 6, 22]),
    lambda g: g.prune(0.5),
    lambda g: g.pack(),
    lambda g: g._store.relist(g._store.order()),
    lambda g: g.add_inputs(2),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_call_under_way_answers_for_the_graph_it_began_with(monkeypatch, change):
    """The graph changes between a call's beginning and the making of its mirror, or after that."""
    for known in (False, True):
        graph = small_graph()
        expected = forward_sparse(graph.copy(), COLUMNS, X)
        if known:
            forward_sparse(graph, COLUMNS, X)

        def late(view, graph=graph):
            change(graph)
            assert graph._store.H is not view.H
            return mirror_of(view)

        with monkeypatch.context() as patched:
            patched.setattr(sparse, "mirror_of", late)
            np.testing.assert_array_equal(forward_sparse(graph, COLUMNS, X), expected)
        graph.check()
        everywhere = graph.forward(X, inputs=graph.inputs[COLUMNS])
        check_close("the next", forward_sparse(graph, COLUMNS, X), everywhere)


STRESS = """
import threading, time
import numpy as np
from growgraph import Graph
from growgraph.graph.sparse import forward_sparse

graph = Graph.random_dag(4000, 16, n_inputs=64, n_outputs=3, activation="relu", random_state=0)
columns, x = np.array([3, 60, 11]), np.array([1.0, -2.0, 0.5])
expected, counts, wrong, stop = forward_sparse(graph, columns, x), [0] * 3, [], threading.Event()

def work(number):
    while not stop.is_set():
        try:
            if not np.array_equal(forward_sparse(graph, columns, x), expected):
                wrong.append("another answer")
        except Exception as error:
            wrong.append(repr(error))
        counts[number] += 1

def change(seed):
    rng, ids = np.random.default_rng(seed), graph.nodes
    new = graph.add_nodes(150, sources=rng.choice(ids, 3, replace=False))
    graph.split_edge(int(graph.sources(new[0])[0][0]), int(new[0]))
    graph.add_edge(int(new[5]), int(new[3]), delay=1)
    graph.remove_nodes(new[40:])
    if seed % 3 == 0:
        graph.pack()
    if seed % 5 == 0:
        graph.remove_nodes(np.setdiff1d(graph.nodes, ids))

change(0)  # kernels are compiled before the race
threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
for thread in threads:
    thread.start()
first, late = time.monotonic(), 0
while not wrong and (late < 30 or min(counts) < 10) and time.monotonic() < first + 60:
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


def test_pushing_while_another_thread_grows_cuts_and_packs():
    """In a process of its own: what goes wrong here is a segmentation fault."""
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", STRESS], capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, textwrap.shorten(done.stderr[-2000:], 2000)
    assert done.stdout == "ok\n"


# ---- grown, cut and packed at random ------------------------------------------------------------
SIZE = 2e-6  # of the disturbances: some 30 roundings


def disturbed(model, seed):
    """The model with every weight and bias a little off."""
    rng = np.random.default_rng(seed)
    twin = Model(nodes=copy.deepcopy(model.nodes), order=model.order)
    for node in twin.in_order():
        node.bias += rng.choice([-SIZE, SIZE])
        for edge in node.edges:
            edge[1] *= 1 + rng.choice([-SIZE, SIZE])
    return twin


class PushMachine(GraphMachine):
    """After each step all activities of four sparse samples are those of the slow twin.

    Where a tiny disturbance changes the exact value more than is allowed (a sign that flips, large
    terms that cancel), nothing can be asked of float32.
    """

    asked = compared = active = 0

    @invariant()
    @precondition(lambda self: self.graph.n_nodes)
    def pushed_as_the_twin_says(self):
        graph, rng = self.graph, np.random.default_rng(self.model.next_id)
        n = graph.inputs.size
        samples = [np.sort(rng.permutation(n)[: rng.integers(n + 1)]) for _ in range(4)]
        values = [np.round(rng.normal(size=columns.size) * 4) / 4 for columns in samples]
        V = np.zeros((graph._store[h.N_SLOTS], 4))
        for j, (columns, x) in enumerate(zip(samples, values)):
            V[graph._slots(graph.inputs[columns]), j] = x
        exact = self.swept(self.model, V)
        near = [self.swept(disturbed(self.model, seed), V) for seed in range(3)]
        with np.errstate(invalid="ignore"):
            off = np.max([np.abs(other - exact) for other in near], axis=0)
            firm = off <= 5e-6 * (1 + np.abs(exact))
        got = [forward_sparse(graph, *s, outputs=graph.nodes) for s in zip(samples, values)]
        check_close("pushed", np.transpose(got)[firm], exact[firm])
        PushMachine.asked += firm.size
        PushMachine.compared += firm.sum()
        PushMachine.active += np.count_nonzero(exact[firm])

    def swept(self, model, V):
        """Activities [nodes, samples] of all living nodes."""
        V = V.copy()
        with np.errstate(all="ignore"):
            naive.sweep(model, V, [])
        return V[self.graph._slots(self.graph.nodes)]


def test_push_of_graphs_grown_at_random():
    run_state_machine_as_test(
        PushMachine,
        settings=settings(
            max_examples=EXAMPLES or 25,
            phases=[Phase.generate, Phase.shrink] if EXAMPLES else [Phase.generate],
            derandomize=not EXAMPLES,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert PushMachine.compared > 0.9 * PushMachine.asked
    assert 0.2 * PushMachine.compared < PushMachine.active < 0.95 * PushMachine.compared
