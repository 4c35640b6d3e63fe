"""Rows on running a graph: batches, whole graphs, dense bundles, one sample."""

import math

import numpy as np

from growgraph._random import generator
from growgraph.bench import peers, probes
from growgraph.bench.clock import Side, fastest
from growgraph.bench.material import Sheet, Strips, samples
from growgraph.bench.rows import Against, Pair, Plan, Row
from growgraph.graph import Graph
from growgraph.graph.convert import entries

_BATCH = 64


# ---- one sparse layer, a batch ------------------------------------------------------------------
def _layer(plan, wide):
    if wide:
        n = plan.of(100_000)
        return Sheet(n, n, fan_in=32)
    return Sheet(plan.of(1000), plan.of(784), density=0.1)


def _scipy(sheet, X):
    A = sheet.csr()
    columns, rows = np.ascontiguousarray(X.T), np.asfortranarray(X.T)
    return fastest([lambda: A @ columns, lambda: A @ rows])


def _torch(sheet, X):
    torch = peers.load("torch")
    A = sheet.csr()
    parts = (torch.from_numpy(a) for a in (A.indptr, A.indices, A.data))
    with peers.quiet():  # it calls this layout a beta at each first use
        A = torch.sparse_csr_tensor(*parts, size=sheet.shape, check_invariants=False)
    columns, rows = torch.from_numpy(np.ascontiguousarray(X.T)), torch.from_numpy(X).T
    return fastest([lambda: A @ columns, lambda: A @ rows])


def _mkl(sheet, X):
    mkl, A = peers.load("mkl"), _as_matrix(sheet.csr())
    mkl.mkl_set_num_threads(1)
    columns = np.ascontiguousarray(X.T)
    out = np.zeros((sheet.shape[0], X.shape[0]), np.float32)
    return lambda: mkl.dot_product_mkl(A, columns, out=out)


def _as_matrix(A):
    from scipy import sparse

    return sparse.csr_matrix(A)


def _graphblas(sheet, X):
    gb = peers.load("graphblas")
    M = gb.io.from_scipy_sparse(sheet.csr())
    D = gb.Matrix.from_dense(np.ascontiguousarray(X.T))
    return lambda: gb.semiring.plus_times(M @ D).new()


_LIBRARIES = {"scipy": _scipy, "torch": _torch, "mkl": _mkl, "graphblas": _graphblas}


def _batch_against(peer, wide=False):
    """What prepares a layer's sweep over a batch of 64 against one library."""

    def prepare(plan: Plan) -> Pair:
        sheet = _layer(plan, wide)
        X = samples(_BATCH, sheet.shape[1])
        ours, theirs = Strips(sheet.graph, X), _LIBRARIES[peer](sheet, X)

        def same():
            ours()
            return ours.values(), _dense(theirs()).T

        beside = {"read_rows": probes.read_rows(sheet.sources, sheet.shape[1])}
        if ours.width == probes.NARROW:
            beside["read_narrow"] = probes.read_rows(sheet.sources, sheet.shape[1], probes.NARROW)
        work = _work(sheet.n_edges, width=ours.width)
        return Pair(Side(ours), Side(theirs), same, beside=beside, work=work)

    return prepare


def _dense(result):
    """What a library gave, as an array."""
    if hasattr(result, "to_dense"):
        result = result.to_dense(fill_value=0) if hasattr(result, "ss") else result.to_dense()
    return np.asarray(result)


def _work(edges, width=_BATCH, batch=_BATCH):
    """Operations of a sweep and what it reads: a row of 64 values, a weight, a source an edge."""
    strips = batch // width
    read = edges * (4.0 * batch + 8 * strips)
    return {"edges": edges, "flops": 2.0 * edges * batch, "bytes": read, "width": width}


def _call_against_scipy(plan):
    sheet = _layer(plan, False)
    X = samples(_BATCH, sheet.shape[1])
    A = sheet.csr()
    return Pair(
        Side(lambda: sheet.graph.forward(X, n_threads=1)), Side(lambda: (A @ X.T).T),
        lambda: (sheet.graph.forward(X), X @ A.toarray().T), work=_work(sheet.n_edges),
    )  # fmt: skip


# ---- a whole graph ------------------------------------------------------------------------------
def _levels(graph):
    """Slots level by level, and each level's CSR over the nodes of the levels before."""
    A = graph.to_scipy()
    depth = np.zeros(graph.n_nodes, np.int64)
    for node in graph.order().tolist():
        sources = A.indices[A.indptr[node] : A.indptr[node + 1]]
        depth[node] = depth[sources].max() + 1 if sources.size else 0
    rank = np.argsort(depth, kind="stable")
    A = A[rank][:, rank].tocsr()
    bounds = np.concatenate([[0], np.cumsum(np.bincount(depth))])
    layers = []
    for a, b in zip(bounds[1:-1].tolist(), bounds[2:].tolist(), strict=True):
        layers.append((a, b, A[a:b, :a].tocsr()))
    return rank, layers


def _dag_against_scipy(plan):
    n = plan.of(10_000, least=200)
    graph = Graph.random_dag(n, 32, n_inputs=min(784, n // 4), random_state=0)
    graph.pack()
    X = samples(_BATCH, graph.inputs.size)
    ours = Strips(graph, X)
    rank, layers = _levels(graph)  # ids of random_dag are 0 .. n-1
    state = np.zeros((n, _BATCH), np.float32)
    place = np.argsort(rank)
    state[place[graph.inputs]] = X.T

    def theirs():
        for a, b, A in layers:
            np.tanh(A @ state[:a], out=state[a:b])

    def same():
        ours(), theirs()
        return ours.values(np.arange(n)), state[place].T

    store = graph._store
    sources = store.src[entries(store, store.order())[2]]
    beside = {"read_rows": probes.read_rows(sources, n)}
    work = _work(graph.n_edges, width=ours.width) | {"levels": len(layers)}
    return Pair(Side(ours), Side(theirs), same, beside=beside, work=work)


# ---- dense bundles ------------------------------------------------------------------------------
def _bundle_against_numpy(n, n_sources):
    def prepare(plan: Plan) -> Pair:
        sheet = Sheet(plan.of(n), plan.of(n_sources))
        X = samples(_BATCH, sheet.shape[1])
        ours, W = Strips(sheet.graph, X), sheet.weights
        columns, Wt = np.ascontiguousarray(X.T), np.ascontiguousarray(W.T)
        Y, Z = np.empty((sheet.shape[0], _BATCH), np.float32), np.empty_like(X @ Wt)
        theirs = fastest([lambda: np.matmul(W, columns, out=Y), lambda: np.matmul(X, Wt, out=Z)])

        def same():
            ours()
            return ours.values(), X @ Wt

        flops = 2.0 * sheet.n_edges * _BATCH
        work = {"edges": sheet.n_edges, "flops": flops, "width": ours.width,
                "bytes": sheet.n_edges / 4 * (4.0 * _BATCH + 16)}  # fmt: skip
        return Pair(Side(ours), Side(theirs), same, beside={"fma": probes.fma(flops)}, work=work)

    return prepare


# ---- one sample ---------------------------------------------------------------------------------
def _one_against_scipy(n):
    def prepare(plan: Plan) -> Pair:
        sheet = Sheet(plan.of(n), plan.of(n), fan_in=32)
        x, A = samples(1, sheet.shape[1])[0], sheet.csr()
        ours, values = one_sample(sheet.graph, x)
        work = {"edges": sheet.n_edges, "flops": 2.0 * sheet.n_edges}
        return Pair(Side(ours), Side(lambda: A @ x), lambda: (values(), A @ x), work=work)

    return prepare


def one_sample(graph, x):
    """The quickest way to run one sample again and again, and what gives its outputs."""
    if not hasattr(graph, "prepared"):
        return (lambda: graph.forward(x)), (lambda: graph.forward(x))
    run = graph.prepared()
    run.x[:] = x

    def values():
        run()
        return np.array(run.y)

    return run, values


class SmallNet:
    """A net of the size evolution finds: 50 nodes, 200 edges; here and in two libraries.

    Parameters
    ----------
    activation : {"tanh", "relu"}
        As neat-python has them: its tanh is tanh(2.5 x).
    """

    def __init__(self, activation="tanh", *, n_inputs=8, n_nodes=50, n_edges=200, n_outputs=4):
        rng = generator(0, "bench small net")
        self.activation, steepness = activation, 2.5 if activation == "tanh" else 1.0
        self.graph = Graph()
        self.inputs = self.graph.add_inputs(n_inputs).tolist()
        self.links: dict[int, tuple[list, list, float]] = {}
        fan_in = np.full(n_nodes - n_inputs, n_edges // (n_nodes - n_inputs))
        fan_in[: n_edges - fan_in.sum()] += 1
        for i, k in enumerate(fan_in.tolist()):
            sources = np.sort(rng.choice(n_inputs + i, k, replace=False))
            weights = rng.standard_normal(k).astype(np.float32)
            bias = float(np.float32(rng.standard_normal()))
            last = i >= fan_in.size - n_outputs
            add = self.graph.add_outputs if last else self.graph.add_nodes
            values = {"weights": weights * np.float32(steepness), "bias": bias * steepness}
            node = int(add(1, sources=sources, activation=activation, **values)[0])
            self.links[node] = (sources.tolist(), weights.tolist(), bias)
        self.outputs = self.graph.outputs.tolist()

    def in_neat(self):
        """A call that runs one sample in neat-python."""
        neat = peers.load("neat-python")
        activate = getattr(neat.activations, f"{self.activation}_activation")
        total = neat.aggregations.sum_aggregation
        evals = [
            (node, activate, total, bias, 1.0, list(zip(sources, weights, strict=True)))
            for node, (sources, weights, bias) in self.links.items()
        ]
        return neat.nn.FeedForwardNetwork(self.inputs, self.outputs, evals).activate

    def in_networkx(self):
        """A call that runs one sample over a networkx graph, as its tutorials do."""
        nx = peers.load("networkx")
        net = nx.DiGraph()
        net.add_nodes_from(self.inputs)
        for node, (sources, weights, bias) in self.links.items():
            net.add_node(node, bias=bias)
            net.add_weighted_edges_from((u, node, w) for u, w in zip(sources, weights, strict=True))
        order, outputs = [n for n in nx.topological_sort(net) if n in self.links], self.outputs
        ways = {"tanh": lambda v: math.tanh(2.5 * v), "relu": lambda v: max(v, 0.0)}
        squash = ways[self.activation]

        def activate(x):
            value = dict(zip(self.inputs, x, strict=True))
            for node in order:
                total = net.nodes[node]["bias"]
                for source, edge in net.pred[node].items():
                    total += value[source] * edge["weight"]
                value[node] = squash(total)
            return [value[node] for node in outputs]

        return activate


def _small_against(way, batch=0, activation="tanh", called=False):
    def prepare(plan: Plan) -> Pair:
        net = SmallNet(activation)
        X = samples(batch or 1, len(net.inputs))
        theirs, lists = getattr(net, way)(), X.tolist()
        if batch and called:
            ours = values = lambda: net.graph.forward(X, n_threads=1)
        elif batch:
            net.graph.pack()
            ours = strips = Strips(net.graph, X)

            def values():
                strips()
                return strips.values()
        else:
            ours, values = one_sample(net.graph, X[0])

        def same():
            return values().reshape(len(X), -1), [theirs(x) for x in lists]

        theirs_one = Side(lambda: theirs(lists[0]))
        return Pair(Side(ours, per=len(X)), theirs_one, same, work={"edges": 200})

    return prepare


def _no_peer(row_id, title, peer, asked, prepare, **options):
    return Row(row_id, title, (Against(peer, asked, prepare),), **options)


_SPARSE = "batch 64, 1000 x 784 at 10 %"
_WIDE = "batch 64, 1e5 nodes, fan-in 32"
ROWS = (
    Row("forward_batch_784", _SPARSE, (Against("scipy", 3.5, _batch_against("scipy")),)),
    Row(
        "forward_batch_784_torch", _SPARSE,
        (Against("torch", 2.5, _batch_against("torch")),
         Against("mkl", 2, _batch_against("mkl"))),
    ),
    _no_peer("forward_batch_784_mkl", _SPARSE, "mkl", None, _batch_against("mkl"), heavy=True),
    _no_peer("forward_batch_784_graphblas", _SPARSE, "graphblas", None,
             _batch_against("graphblas"), heavy=True),
    _no_peer("forward_batch_784_call", f"{_SPARSE}, Graph.forward with its checks", "scipy", None,
             _call_against_scipy, heavy=True),
    Row("forward_batch_1e5", _WIDE, (Against("scipy", 6, _batch_against("scipy", wide=True)),)),
    _no_peer("forward_batch_1e5_torch", _WIDE, "torch", None, _batch_against("torch", wide=True),
             heavy=True),
    _no_peer("forward_batch_1e5_mkl", _WIDE, "mkl", None, _batch_against("mkl", wide=True),
             heavy=True),
    Row("forward_dag", "batch 64, random DAG of 1e4 nodes, fan-in 32, tanh",
        (Against("scipy", 3, _dag_against_scipy),)),
    Row("bundle_784", "batch 64, dense 1000 x 784",
        (Against("numpy", 1.05, _bundle_against_numpy(1000, 784)),)),
    Row("bundle_256", "batch 64, dense 256 x 256",
        (Against("numpy", 1.05, _bundle_against_numpy(256, 256)),)),
    Row("forward_one", "one sample, 31,250 nodes, fan-in 32",
        (Against("scipy", 1.2, _one_against_scipy(31_250)),)),
    Row("forward_one_1e3", "one sample, 1000 nodes, fan-in 32",
        (Against("scipy", None, _one_against_scipy(1000)),)),
    Row("forward_small", "one sample, net of 50 nodes and 200 edges, tanh",
        (Against("neat-python", 50, _small_against("in_neat")),
         Against("networkx", 100, _small_against("in_networkx")))),
    _no_peer("forward_small_relu", "one sample, the same net, relu", "neat-python", None,
             _small_against("in_neat", activation="relu")),
    Row("forward_small_batch", "batch 256, the same net, per sample",
        (Against("neat-python", 1000, _small_against("in_neat", 256)),
         Against("networkx", 2000, _small_against("in_networkx", 256)))),
    _no_peer("forward_small_batch_call", "batch 256, the same net, Graph.forward with its checks",
             "neat-python", None, _small_against("in_neat", 256, called=True)),
)  # fmt: skip
