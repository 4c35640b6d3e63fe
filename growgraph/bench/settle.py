"""Rows on settling: one step and the learning from it, which is a gradient step, in both ways."""

from itertools import pairwise

import numpy as np

from growgraph._random import generator
from growgraph.bench import peers
from growgraph.bench.clock import Side
from growgraph.bench.material import fan_in_sources, samples
from growgraph.bench.rows import Against, Pair, Plan, Row
from growgraph.graph import Graph

_BATCH, _RATE = 64, 0.1
_SIZES = (784, 256, 128, 10)
_DENSITY = 0.05


def _layers(plan):
    """Sparse layers of tanh nodes, packed."""
    rng, graph = generator(0, "bench settle"), Graph()
    sizes = [plan.of(n, 10) for n in _SIZES]
    nodes = graph.add_inputs(sizes[0])
    for k, n in enumerate(sizes[1:], start=1):
        last = k == len(sizes) - 1
        made = graph.add_outputs(n) if last else graph.add_nodes(n, activation="tanh")
        fan_in = max(1, round(_DENSITY * nodes.size))
        source = fan_in_sources(n, fan_in, nodes.size, seed=k).ravel()
        weights = rng.standard_normal(source.size) / np.sqrt(fan_in)
        graph.connect(nodes[source], np.repeat(made, fan_in), weights, pairs=True)
        nodes = made
    graph.pack()
    return graph


def _dag(plan):
    """One output: of several, some would read another, that is its target."""
    n, n_inputs = plan.of(10_000, 300), plan.of(100, 40)
    return Graph.random_dag(n, 32, n_inputs=n_inputs, random_state=0)


class _Task:
    """A graph with samples, and the same as a matrix of weights and the levels of its nodes."""

    def __init__(self, graph):
        from scipy import sparse

        self.graph = graph
        self.X = samples(_BATCH, graph.inputs.size, seed=5)
        self.Y = samples(_BATCH, graph.outputs.size, seed=6)
        W = sparse.csr_array(graph.to_scipy(), dtype=np.float32)
        W.sort_indices()
        self.W, level = W, np.zeros(W.shape[0], np.int64)
        for i in graph.order():  # rows are ids, as nothing was removed
            read = W.indices[W.indptr[i] : W.indptr[i + 1]]
            level[i] = 1 + level[read].max() if read.size else 0
        self.levels = [np.flatnonzero(level == k) for k in range(1, level.max() + 1)]
        self.bias = np.array([graph.node(i)["bias"] for i in graph.nodes], np.float32)[:, None]
        self.bent = np.array([graph.node(i)["activation"] == "tanh" for i in graph.nodes])
        self.start = W.data.copy(), self.bias.copy()

    def ours(self):
        """One step and learning, by the public call."""
        self.graph.settle(self.X, self.Y, steps=1, learn=_RATE)

    def pair(self, theirs, state, **options):
        """Both sides; ``state`` gives the peer's weights, in the matrix's sequence, and biases."""

        def same():
            for _ in range(10):  # changes that weights of float32 tell well from rounding
                self.ours(), theirs()
            W = self.graph.to_scipy()
            W.sort_indices()
            mine = W.data, [self.graph.node(i)["bias"] for i in self.graph.nodes]
            weights, biases = (v.ravel() for v in self.start)
            return tuple(
                ((np.ravel(w) - weights) / _RATE, (np.ravel(b) - biases) / _RATE)
                for w, b in (mine, state())
            )

        work = {"edges": self.W.nnz, "flops": 6.0 * self.W.nnz * _BATCH}
        return Pair(Side(self.ours), Side(theirs), same, work=work, **options)


def _against_scipy(task):
    """Backpropagation level by level with CSR matrices, which share one array of weights."""
    from scipy import sparse

    W, V = task.W, np.zeros((task.W.shape[0], _BATCH), np.float32)
    inputs, outputs = task.graph.inputs, task.graph.outputs
    V[inputs], L, Y = task.X.T, np.zeros_like(V), np.ascontiguousarray(task.Y.T)
    steps, target = [], np.repeat(np.arange(W.shape[0]), np.diff(W.indptr))
    for rows in task.levels:
        place = np.concatenate([np.arange(W.indptr[i], W.indptr[i + 1]) for i in rows])
        ends = np.concatenate([[0], np.cumsum(np.diff(W.indptr)[rows])])
        read, column = np.unique(W.indices[place], return_inverse=True)
        A = sparse.csr_array((W.data[place], column, ends), (rows.size, read.size))
        steps.append((rows, read, place, A, task.bent[rows][:, None]))
    data, bias = W.data.copy(), task.bias.copy()

    def theirs():
        for rows, read, place, A, bent in steps:
            A.data[:] = data[place]
            sums = A @ V[read] + bias[rows]
            V[rows] = np.where(bent, np.tanh(sums), sums)
        L[:] = 0
        L[outputs] = Y - V[outputs]
        for rows, read, _, A, bent in reversed(steps):
            L[rows] *= np.where(bent, 1 - V[rows] ** 2, 1)
            L[read] += A.T @ L[rows]
        change = np.empty_like(data)
        for a in range(0, data.size, 4096):  # rows that fit into the cache
            b = slice(a, a + 4096)
            change[b] = np.einsum("eb,eb->e", L[target[b]], V[W.indices[b]])
        data[:] += np.float32(_RATE / _BATCH) * change
        inner = np.setdiff1d(np.arange(W.shape[0]), inputs)
        bias[inner] += np.float32(_RATE) * L[inner].mean(axis=1, keepdims=True)

    return task.pair(theirs, lambda: (data, bias))


def _layers_against_torch(plan: Plan) -> Pair:
    """Autograd through dense layers, whose gradients are masked: its quickest way at this size."""
    torch = peers.load("torch")
    task = _Task(_layers(plan))
    cuts = [task.graph.inputs, *task.levels]
    layers = []
    for below, rows in pairwise(cuts):
        dense = task.W[rows][:, below].toarray()
        weight = torch.tensor(dense, requires_grad=True)
        bias = torch.tensor(task.bias[rows, 0], requires_grad=True)
        layers.append((weight, bias, torch.tensor((dense != 0).astype(np.float32))))
    x, y = torch.from_numpy(task.X), torch.from_numpy(task.Y)

    def theirs():
        a = x
        for weight, bias, _ in layers[:-1]:
            a = torch.tanh(torch.nn.functional.linear(a, weight, bias))
        a = torch.nn.functional.linear(a, layers[-1][0], layers[-1][1])
        (((y - a) ** 2).sum() / (2 * _BATCH)).backward()
        with torch.no_grad():
            for weight, bias, mask in layers:
                weight -= _RATE * weight.grad * mask
                bias -= _RATE * bias.grad
                weight.grad = bias.grad = None

    def state():
        weights = np.concatenate(
            [weight.detach().numpy()[mask.numpy() > 0] for weight, _, mask in layers]
        )
        biases = [np.zeros(cuts[0].size), *(bias.detach().numpy() for _, bias, _ in layers)]
        return weights, np.concatenate(biases)

    return task.pair(theirs, state)


_WHAT = "settling in one step and learning, batch 64"
ROWS = (
    Row("settle_layers", f"{_WHAT}, 784-256-128-10 at 5 %",
        (Against("torch", 3, _layers_against_torch),
         Against("scipy", 3, lambda plan: _against_scipy(_Task(_layers(plan)))))),
    Row("settle_dag", f"{_WHAT}, random DAG, 1e4 nodes, fan-in 32",
        (Against("scipy", 3, lambda plan: _against_scipy(_Task(_dag(plan)))),)),
)  # fmt: skip
