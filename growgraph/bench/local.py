"""Rows on local learning: Hebb with stability, and what readers need sent back to their sources."""

import numpy as np

from growgraph.bench import peers
from growgraph.bench.clock import Side
from growgraph.bench.material import Sheet, samples
from growgraph.bench.rows import Against, Pair, Plan, Row
from growgraph.graph.store import aligned
from growgraph.kernels import _handle as h
from growgraph.kernels import hebb, transpose

_NODES, _BATCH = 31_250, 64
_RATE, _DECAY = np.float32(1e-3), np.float32(0.5)


class _Learning:
    """A sheet whose targets learn from a strip, and the same numbers for the peers."""

    def __init__(self, plan, width):
        n = plan.of(_NODES)
        self.sheet = sheet = Sheet(n, n, fan_in=32)
        store = sheet.graph._store
        self.store, self.width = store, width
        self.V, self.S = aligned((store[h.NODE_CAP], width)), aligned((store[h.NODE_CAP], width))
        self.inputs = sheet.graph._slots(sheet.graph.inputs)
        self.outputs = sheet.graph._slots(sheet.graph.outputs)
        self.x, self.y = samples(width, n, seed=2).T.copy(), samples(width, n, seed=3).T.copy()
        self.V[self.inputs], self.S[self.outputs] = self.x, self.y
        self.gate = np.zeros(store[h.NODE_CAP], np.float32)
        self.gate[self.outputs] = 1
        # the peers' own weights and stabilities, [n, 32]
        self.w = sheet.weights.reshape(n, 32).copy()
        self.s = np.zeros_like(self.w)
        self.sources = sheet.sources.reshape(n, 32)

    def ours(self):
        """One step of the rule in our kernel."""
        hebb.resonate(self.store.H, self.V, self.S, self.gate, _RATE, _DECAY)

    def pair(self, theirs, state, **options):
        """Both sides; ``state`` gives the peer's weights and stabilities."""

        def same():
            for _ in range(3):
                self.ours(), theirs()
            first = self.store.start[self.outputs]
            places = (first[:, None] + np.arange(self.w.shape[1])).ravel()
            mine, others = (self.store.w[places], self.store.stab[places]), state()
            moved = [(w.ravel() - self.sheet.weights) / _RATE for w in (mine[0], others[0])]
            return (moved[0], mine[1]), (moved[1], others[1].ravel())

        work = {"edges": self.sheet.n_edges, "flops": 2.0 * self.sheet.n_edges * self.width}
        return Pair(Side(self.ours), Side(theirs), same, work=work, **options)

    def change(self, d):
        """The rule on the peer's arrays, given the coincidences: d is overwritten."""
        d -= _DECAY * self.w
        agrees = d * self.w > 0
        self.w += _RATE * d / (1 + self.s)
        self.s = np.where(agrees, self.s + 1, self.s * np.float32(0.5))


def _hebb_one_against_numpy(plan: Plan) -> Pair:
    learning = _Learning(plan, 1)
    x, post = learning.x[:, 0].copy(), learning.y[:, :1].copy()
    sources = learning.sources.astype(np.int32)

    def theirs():
        learning.change(x[sources] * post)

    return learning.pair(theirs, lambda: (learning.w, learning.s))


def _hebb_batch_against_numpy(plan: Plan) -> Pair:
    learning = _Learning(plan, _BATCH)
    x, y, sources = learning.x, learning.y[:, :, None] / np.float32(_BATCH), learning.sources
    met = np.empty_like(learning.w)

    def theirs():
        for a in range(0, met.shape[0], 64):  # 64 nodes' rows fit into the cache
            met[a : a + 64] = (x[sources[a : a + 64]] @ y[a : a + 64])[:, :, 0]
        learning.change(met.copy())

    return learning.pair(theirs, lambda: (learning.w, learning.s))


def _hebb_batch_against_torch(plan: Plan) -> Pair:
    torch = peers.load("torch")
    learning = _Learning(plan, _BATCH)
    x, y = torch.from_numpy(learning.x), torch.from_numpy(learning.y)
    A = learning.sheet.csr()
    index = torch.from_numpy(A.indptr), torch.from_numpy(A.indices)
    state = {"w": torch.from_numpy(A.data.copy()), "s": torch.zeros(A.nnz)}
    options = {"size": A.shape, "check_invariants": False}
    with peers.quiet():
        torch.sparse_csr_tensor(*index, state["w"], **options)
    xt = x.T  # a view: the rows stay where they are

    def theirs():
        w, s = state["w"], state["s"]
        W = torch.sparse_csr_tensor(*index, w, **options)
        d = torch.sparse.sampled_addmm(W, y, xt, beta=-float(_DECAY), alpha=1 / _BATCH).values()
        agrees = d * w > 0
        state["w"] = w + float(_RATE) * d / (1 + s)
        state["s"] = torch.where(agrees, s + 1, s * 0.5)

    return learning.pair(theirs, lambda: (state["w"].numpy(), state["s"].numpy()))


def _transpose_against_scipy(plan: Plan) -> Pair:
    n = plan.of(_NODES)
    sheet = Sheet(n, n, fan_in=32)
    store = sheet.graph._store
    E, own = aligned((store[h.NODE_CAP], _BATCH)), np.zeros(store[h.NODE_CAP], np.uint8)
    inputs, outputs = (
        sheet.graph._slots(sheet.graph.inputs),
        sheet.graph._slots(sheet.graph.outputs),
    )
    Y = np.ascontiguousarray(samples(_BATCH, n, seed=4).T)
    E[outputs], own[outputs] = Y, 1
    norm = np.zeros(store[h.NODE_CAP], np.float32)
    back = sheet.csr().T  # the same arrays, read the other way, as ours are
    share = 1 / (1 + (sheet.csr() ** 2).sum(axis=0).astype(np.float32))[:, None]

    def ours():
        E[inputs], norm[inputs] = 0, 0
        transpose.send_back(store.H, E, own, norm)

    def theirs():
        out = back @ Y
        out *= share
        return out

    def same():
        ours()
        return E[inputs], theirs()

    work = {"edges": sheet.n_edges, "flops": 2.0 * sheet.n_edges * _BATCH}
    return Pair(Side(ours), Side(theirs), same, work=work)


_HEBB = "Hebb with stability, 1e6 edges, fan-in 32"
ROWS = (
    Row("hebb_one", f"{_HEBB}, one sample", (Against("numpy", 9, _hebb_one_against_numpy),)),
    Row("hebb_batch", f"{_HEBB}, batch 64",
        (Against("torch", 1.7, _hebb_batch_against_torch),
         Against("numpy", 2.2, _hebb_batch_against_numpy))),
    Row("hebb_batch_numpy", f"{_HEBB}, batch 64",
        (Against("numpy", None, _hebb_batch_against_numpy),), heavy=True),
    Row("transpose_batch", "sent back over the same edges, batch 64, 1e6 edges",
        (Against("scipy", 2, _transpose_against_scipy),)),
)  # fmt: skip
