"""Settling: its energy law, its gradient, its equilibrium, what it promises to the bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from growgraph import Graph
from tests.graph.settled import answers, batch, check_state, net, nets
from tests.material import uniform


def column(graph, node):
    return graph.nodes.tolist().index(node)


def held(graph, Y):
    return dict(zip(graph.outputs.tolist(), Y.T, strict=True))


# ---- the energy law -------------------------------------------------------------------------
@settings(max_examples=60, deadline=None)
@given(graph=nets(), scale=st.sampled_from([0.3, 1.0, 5.0]), steps=st.integers(1, 25),
       weight=st.sampled_from([0.25, 1.0, 4.0]))  # fmt: skip
def test_energy_never_rises(graph, scale, steps, weight):
    X, Y = batch(graph, scale=scale)
    precision = {int(i): weight for i in graph.nodes[::2]}
    rest = graph.settle(X, Y, steps=steps, tol=0, precision=precision)
    assert rest.course.shape == (steps, 6)
    assert (np.diff(rest.course, axis=0) <= 0).all()
    np.testing.assert_array_equal(rest.course[-1], rest.energy)
    if np.abs(rest.activities).max() < 100:  # beyond, chains of exp leave float32 no digits
        check_state(graph, rest, X, held(graph, Y), precision=precision)


@pytest.mark.parametrize("back", [0, 6])
def test_settling_ends_where_nothing_falls_any_more(back):
    """At rest what is asked is the tension, and no small move lowers the energy."""
    graph = net(back=back, acts=("sigmoid", "tanh"))  # no kink, where nothing would be at rest
    X, Y = batch(graph, scale=2.0)
    rest = graph.settle(X, Y, steps=300, tol=1e-4, precision={6: 2.0})
    assert rest.steps.max() < 300
    weight = np.where(graph.nodes == 6, 2.0, 1.0)
    inner = ~np.isin(graph.nodes, graph.inputs)
    np.testing.assert_allclose(rest.asked[:, inner], (weight * rest.tension)[:, inner], atol=2e-3)
    assert np.abs(rest.tension[:, inner]).max() > 0.1
    assert (rest.energy < 0.95 * rest.course[0]).all()
    check_state(graph, rest, X, held(graph, Y), precision={6: 2.0})


def test_a_line_settles_where_algebra_says():
    """x -> a -> y, all linear, weights v and w: the tensions share what is missing."""
    v, w, pa, py = 0.5, 2.0, 3.0, 0.7
    graph = Graph.from_edges(1, [(0, 1, v), (1, 2, w)])
    rest = graph.settle([[1.0]], [[4.0]], precision={1: pa, 2: py}, steps=50, tol=1e-7)
    missing = 4.0 - w * v
    e = missing * py * w / (pa + py * w * w)
    np.testing.assert_allclose(rest.tension[0], [0, e, missing - w * e], rtol=1e-5)
    np.testing.assert_allclose(rest.energy[0], (pa * e**2 + py * (missing - w * e) ** 2) / 2)


# ---- one step is the gradient -----------------------------------------------------------------
def by_differences(graph, X, loss):
    """d loss / d weight of every edge and bias, by differences in float64 of what float32 holds."""
    twin, d, out = graph.copy(), 2.0**-10, []
    store = twin._store
    for slot in store.order():
        a = int(store.start[slot])
        for values, k in [(store.w, a + e) for e in range(int(store.length[slot]))] + [
            (store.bias, slot)
        ]:
            if values is store.bias and slot in twin._slots(twin.inputs):
                continue
            kept, found = values[k], []
            for step in (d, -d):
                values[k] = kept + step
                found.append((float(values[k]), loss(answers(twin, X))))
            values[k] = kept
            (w1, f1), (w0, f0) = found
            out.append((f1 - f0) / (w1 - w0))
    return np.array(out)


def moved(before, after, rate):
    """(after - before) / rate of every edge and bias, in the same sequence."""
    a, b, out = before._store, after._store, []
    for slot in a.order():
        k, n = int(a.start[slot]), int(a.length[slot])
        out += ((b.w[k : k + n] - a.w[k : k + n]) / rate).tolist()
        if slot not in before._slots(before.inputs):
            out.append((b.bias[slot] - a.bias[slot]) / rate)
    return np.array(out)


def squared(Y):
    return lambda A: ((Y - A) ** 2).sum() / 2 / len(Y)


def divergence(T):
    def loss(A):
        p = np.exp(A - A.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        return (T * np.log(T / p)).sum() / len(T)

    return loss


@pytest.mark.parametrize("output", ["identity", "tanh"])
def test_one_step_learns_the_gradient(output):
    graph = net((4, 6, 5, 3), output=output)
    X, Y = batch(graph, 9)
    exact = by_differences(graph, X, squared(Y))
    after = graph.copy()
    after.settle(X, Y, steps=1, learn=0.5)
    np.testing.assert_allclose(moved(graph, after, 0.5), -exact, atol=3e-6)
    assert np.abs(exact).max() > 0.05


def test_one_step_learns_the_gradient_of_a_choice():
    graph = net((4, 6, 5, 3))
    X, T = uniform(9, 4), np.random.default_rng(0).dirichlet(np.ones(3), 9)
    exact = by_differences(graph, X, divergence(T))
    after = graph.copy()
    rest = after.settle(X, T, steps=1, loss="cross_entropy", learn=0.5)
    np.testing.assert_allclose(moved(graph, after, 0.5), -exact, atol=3e-6)
    np.testing.assert_allclose(rest.energy.mean(), divergence(T)(answers(graph, X)), rtol=1e-5)


def test_one_step_is_what_torch_differentiates():
    torch = pytest.importorskip("torch")
    graph = net((4, 6, 5, 3), skip=False)
    X, Y = batch(graph, 9)
    sizes, at, layers = (6, 5, 3), 4, []
    for n in sizes:
        rows = [graph.sources(i)[1] for i in range(at, at + n)]
        bias = [graph.node(i)["bias"] for i in range(at, at + n)]
        layers.append([torch.tensor(np.array(v), dtype=torch.float64) for v in (rows, bias)])
        at += n
    for w, b in layers:
        w.requires_grad_(), b.requires_grad_()
    a, f = torch.tensor(X, dtype=torch.float64), (torch.sigmoid, torch.relu, lambda x: x)
    for (w, b), act in zip(layers, f, strict=True):
        a = act(a @ w.T + b)
    (((torch.tensor(Y) - a) ** 2).sum() / 2 / len(Y)).backward()
    after = graph.copy()
    after.settle(X, Y, steps=1, learn=0.5)
    exact = [torch.cat([w.grad, b.grad[:, None]], 1).ravel().numpy() for w, b in layers]
    np.testing.assert_allclose(moved(graph, after, 0.5), -np.concatenate(exact), atol=1e-6)


def test_more_steps_are_another_rule():
    graph = net()
    X, Y = batch(graph)
    after = [graph.copy() for _ in range(2)]
    for steps, twin in zip((1, 20), after, strict=True):
        twin.settle(X, Y, steps=steps, learn=0.5)
    assert np.abs(moved(graph, after[0], 0.5) - moved(graph, after[1], 0.5)).max() > 0.01


@pytest.mark.parametrize(("back", "steps"), [(0, 1), (5, 12)])
def test_learning_is_local(back, steps):
    """Each edge changes by what is asked of its target times what its source has."""
    graph = net(back=back)
    X, Y = batch(graph)
    rest = graph.settle(X, Y, steps=steps)
    after, late = graph.copy(), 0
    after.settle(X, Y, steps=steps, learn=0.5, gate={7: 0.25, 9: 1.0, 16: 1.0, 18: 0.5})
    for node, gate in ((7, 0.25), (9, 1.0), (16, 1.0), (18, 0.5), (10, 0)):
        asked = rest.asked[:, column(graph, node)] * gate * 0.5
        np.testing.assert_allclose(
            after.node(node)["bias"] - graph.node(node)["bias"], asked.mean(), atol=1e-6
        )
        for sources in ("sources", "delayed_sources"):
            ids, before = getattr(graph, sources)(node)[:2]
            now = getattr(after, sources)(node)[1]
            late += sources == "delayed_sources" and ids.size
            for k, source in enumerate(ids.tolist()):
                due = (asked * rest.activities[:, column(graph, source)]).mean()
                np.testing.assert_allclose(now[k] - before[k], due, atol=1e-6)
    assert (late > 0) == (back > 0)


# ---- back edges ----------------------------------------------------------------------------------
def test_without_targets_a_loop_settles_where_running_ends():
    graph = net(back=5, scale=0.7)
    X = uniform(4, 5)
    rest = graph.settle(X, steps=200, tol=1e-6)
    np.testing.assert_allclose(rest.energy, 0, atol=1e-9)
    run = graph.run(np.repeat(X[None], 200, axis=0))[-1]
    outputs = [column(graph, i) for i in graph.outputs]
    np.testing.assert_allclose(rest.activities[:, outputs], run, atol=1e-4)


def test_settling_finds_rest_where_sweeps_do_not():
    """One node that reads itself by -3 has a point of rest that repeating runs away from."""
    graph = Graph()
    x = graph.add_inputs(1)
    node = graph.add_outputs(1, sources=x)[0]
    graph.add_edge(node, node, -3.0, delay=1, recurrent=True)
    rest = graph.settle([[2.0]], steps=100, tol=1e-6)
    w = graph.sources(node)[1][0]
    assert rest.course[0] > 1
    np.testing.assert_allclose(rest.activities[0, 1], 2 * w / 4, rtol=1e-4)


def test_more_sweeps_begin_nearer_to_rest():
    graph = net(back=5, scale=0.7)
    X = uniform(6, 5)
    first = [graph.settle(X, steps=1, sweeps=n).energy.max() for n in (0, 2, 30)]
    assert first[0] > 1e-2 > first[1] > 1e-6 > 1e-9 > first[2]


# ---- what is held, what is free -----------------------------------------------------------------
def test_any_nodes_can_be_held_and_their_readers_read_the_target():
    graph = net(back=3)
    X, wanted = uniform(6, 5), {7: uniform(6, seed=3), int(graph.outputs[1]): uniform(6, seed=4)}
    rest = graph.settle(X, wanted, steps=20)
    check_state(graph, rest, X, wanted)
    assert (rest.energy < rest.course[0]).all()
    reader = column(graph, int(graph.outputs[0]))
    apart = graph.settle(X, {**wanted, 7: wanted[7] + 1}, steps=1, sweeps=0)
    before = graph.settle(X, wanted, steps=1, sweeps=0)
    assert np.abs(apart.activities[:, reader] - before.activities[:, reader]).min() > 1e-3


def test_a_choice_settles_too():
    graph = net(back=2)
    X, T = uniform(6, 5), np.random.default_rng(0).dirichlet(np.ones(2), 6).astype(np.float32)
    rest = graph.settle(X, T, loss="cross_entropy", precision=2.0, steps=30)
    assert (np.diff(rest.course, axis=0) <= 0).all()
    assert (rest.energy < 0.97 * rest.course[0]).all()
    check_state(graph, rest, X, held(graph, T), group=True,
                precision=dict.fromkeys(graph.nodes.tolist(), 2.0))  # fmt: skip


def test_inputs_that_are_free_give_way_to_what_is_wanted():
    """y = w.x is wanted: the nearest x by precision, as least squares has it."""
    w, X, Y = np.array([1.0, -2.0, 0.5]), uniform(6, 3), uniform(6, 1, seed=2)
    graph = Graph()
    graph.add_outputs(1, sources=graph.add_inputs(3), weights=w[None], bias=0.0)
    rest = graph.settle(X, Y, free=[0, 2], precision={0: 4.0}, steps=100, tol=1e-6)
    loose = np.array([1 / 4.0, 0, 1.0])
    due = loose * w * (Y - X @ w[:, None]) / (1 + (loose * w * w).sum())
    np.testing.assert_allclose(rest.tension[:, :3], due, atol=1e-5)
    np.testing.assert_allclose(rest.activities[:, :3], X + due, atol=1e-5)


def test_one_step_without_back_edges_has_the_activities_of_forward():
    graph = net()
    X, Y = batch(graph, 70)
    rest, inner = graph.settle(X, steps=1), graph.activities(X)
    np.testing.assert_array_equal(rest.activities, inner)
    answer = graph.settle(X, Y, steps=1)
    outputs = [column(graph, i) for i in graph.outputs]
    np.testing.assert_array_equal(answer.tension[:, outputs], Y - inner[:, outputs])
    assert not rest.energy.any()
