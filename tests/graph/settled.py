"""Graphs that settle, and their energy by its definition."""

import numpy as np
from hypothesis import strategies as st

from growgraph import Graph
from tests.material import uniform
from tests.naive import propagate
from tests.naive.activation import activate
from tests.naive.model import Model
from tests.naive.settle import in_edges, softmax


def net(sizes=(5, 7, 6, 2), *, skip=True, back=0, seed=0, scale=1.0, output="identity",
        acts=("sigmoid", "relu", "tanh")):  # fmt: skip
    """Layers with edges that skip one, and ``back`` edges of all directions; half are delayed."""
    rng = np.random.default_rng(seed)
    graph, layers = Graph(), []
    for k, n in enumerate(sizes):
        if k == 0:
            layers.append(graph.add_inputs(n))
            continue
        read = np.concatenate(layers[-2:]) if skip else layers[-1]
        w = scale * rng.normal(size=(n, read.size)) / np.sqrt(read.size)
        last = k == len(sizes) - 1
        make = graph.add_outputs if last else graph.add_nodes
        act = output if last else acts[(k - 1) % len(acts)]
        layers.append(make(n, sources=read, weights=w, activation=act, bias=rng.normal(size=n) / 3))
    inner = np.concatenate(layers[1:])
    seen = set()
    while len(seen) < back:
        u, v = rng.choice(inner, 2).tolist()
        if (u, v) not in seen:
            seen.add((u, v))
            graph.add_edge(u, v, rng.normal() * scale / 3, delay=1, recurrent=bool(len(seen) % 2))
    return graph


@st.composite
def nets(draw):
    """Any of them: deep or shallow, calm or wild."""
    inner = draw(st.lists(st.integers(1, 6), min_size=0, max_size=4))
    return net(
        (draw(st.integers(1, 4)), *inner, draw(st.integers(1, 3))), skip=draw(st.booleans()),
        back=draw(st.integers(0, 4)) if sum(inner) > 1 else 0, seed=draw(st.integers(0, 10**6)),
        scale=draw(st.sampled_from([0.3, 1.0, 3.0])),
        output=draw(st.sampled_from(["identity", "tanh"])),
        acts=draw(st.permutations(["tanh", "relu", "softplus", "elu", "sin", "gelu", "square"])),
    )  # fmt: skip


def expectations(graph, activities, X):
    """mu of every node [nodes, batch] when nodes have these activities [batch, nodes]."""
    model = Model.of(graph._store)
    column = {int(i): k for k, i in enumerate(graph.nodes)}
    of = {i: activities[:, k].astype(np.float64) for i, k in column.items()}
    given = {int(i): X[:, k] for k, i in enumerate(graph.inputs)}
    mu = np.empty((len(column), len(X)))
    for i, k in column.items():
        node = model.nodes[i]
        terms = [w * of[s] for s, w in in_edges(node)]
        mu[k] = given[i] if i in given else node.bias + np.sum(terms, axis=0)
    return model, mu


def check_state(graph, rest, X, held, *, precision=None, group=False):
    """Activities and tensions belong to each other, and the energy is that of the definition.

    ``held`` maps ids to targets [batch].
    """
    model, mu = expectations(graph, rest.activities, X)
    F = np.zeros(len(X))
    weight = {int(i): (precision or {}).get(int(i), 1.0) for i in graph.nodes}
    row = {int(i): k for k, i in enumerate(graph.nodes)}
    for i, k in row.items():
        node, a, e = model.nodes[i], rest.activities[:, k], rest.tension[:, k]
        if i in held:
            np.testing.assert_allclose(a, held[i], rtol=1e-6)
            if group:
                continue
            answer = activate(node.act, mu[k], node.p0, node.p1)
            np.testing.assert_allclose(e, held[i] - answer, rtol=1e-4, atol=1e-4)
        else:
            x = mu[k] + e
            np.testing.assert_allclose(a, activate(node.act, x, node.p0, node.p1), rtol=1e-4,
                                       atol=1e-4)  # fmt: skip
        F += weight[i] * e.astype(np.float64) ** 2 / 2
    if group:
        ids = list(held)
        p, t = softmax(mu[[row[i] for i in ids]]), np.array([held[i] for i in ids])
        F += weight[ids[0]] * (t * np.log(t / p)).sum(axis=0)
    np.testing.assert_allclose(rest.energy, F, rtol=1e-3, atol=1e-5)


def answers(graph, X):
    """Outputs [batch, outputs] in float64, weights as the store has them."""
    model = Model.of(graph._store)
    V = np.zeros((model.n_slots, len(X)))
    V[graph._slots(graph.inputs)] = X.T
    propagate.sweep(model, V, [])
    return V[graph._slots(graph.outputs)].T


def batch(graph, n=6, seed=1, scale=1.0):
    """Samples and targets."""
    return (
        uniform(n, graph.inputs.size, seed=seed),
        uniform(n, graph.outputs.size, seed=seed + 1, low=-scale, high=scale),
    )
