"""The clustering protocol: concepts without labels, one pass where a learner can."""

import importlib
import time

import numpy as np

from growgraph._random import generator
from growgraph.bench import peers as installed
from growgraph.bench.learning import material, scores
from growgraph.bench.learning.results import Results, compare

KNOWN = ("digits", "MNIST-5k", "wine", "moons", "blobs")
SCALED = ("wine",)  # columns to mean 0 and deviation 1, for everybody
MOST = 4000
_WARM = 100
OURS = "growgraph"


class NotHere(Exception):
    """A row that this version cannot measure; the text says why."""


# ---- ours ---------------------------------------------------------------------------------------
def grown(X, k, shape, seed):
    """ResoNetClusterer, k unknown: clusters, merges, and the leaf of each row."""
    try:
        maker = importlib.import_module("growgraph").ResoNetClusterer
    except (AttributeError, ImportError) as error:
        raise NotHere("ResoNetClusterer is not in this version") from error
    options = {"random_state": seed}
    if shape is not None:
        options["image_shape"] = shape
    model = maker(**options)
    found = np.asarray(model.fit_predict(X))
    merges = np.asarray(model.hierarchy_)[:, :2].astype(np.int64)
    # with as many clusters as there are leaves, the cluster of a row is its leaf
    leaf = np.asarray(maker(n_clusters=len(merges) + 1, **options).fit_predict(X))
    return found, (merges, leaf)


# ---- peers --------------------------------------------------------------------------------------
def mini_batch(X, k, shape, seed):
    """MiniBatchKMeans, told k; one pass in batches of 256."""
    from sklearn.cluster import MiniBatchKMeans

    model = MiniBatchKMeans(k, batch_size=256, n_init=3, random_state=seed)
    for a in range(0, len(X), 256):
        if a == 0 or len(X) - a >= k:
            model.partial_fit(X[a : a + 256])
    return model.predict(X), None


def ward(X, k, shape, seed):
    """Ward's method on all rows, told k."""
    from sklearn.cluster import AgglomerativeClustering

    model = AgglomerativeClustering(k, linkage="ward", compute_full_tree=True).fit(X)
    return model.labels_, (model.children_, np.arange(len(X)))


def hdbscan(X, k, shape, seed):
    """HDBSCAN of scikit-learn on all rows; what it calls noise is a cluster of its own."""
    from sklearn.cluster import HDBSCAN

    return HDBSCAN(min_cluster_size=10, copy=True).fit_predict(X), None


def fuzzy_art(X, k, shape, seed):
    """Fuzzy ART on complement-coded rows between their extremes, vigilance .6."""
    artlib = installed.load("artlib")
    low, span = X.min(axis=0), np.maximum(np.ptp(X, axis=0), 1e-9)
    unit = (X - low) / span
    model = artlib.FuzzyART(rho=0.6, alpha=1e-3, beta=1.0)
    model.partial_fit(np.hstack([unit, 1 - unit]))
    return np.asarray(model.labels_), None


def dual_vigilance(X, k, shape, seed):
    """Dual vigilance ART on hyperspheres, vigilances .8 and .6.

    Of three pairs, and of boxes and hyperspheres, the best mean ARI of wine, moons, blobs and
    digits in one order.
    """
    artlib = installed.load("artlib")
    low, span = X.min(axis=0), np.maximum(np.ptp(X, axis=0), 1e-9)
    radius = np.sqrt(X.shape[1]) / 2
    base = artlib.HypersphereART(rho=0.8, alpha=1e-3, beta=1.0, r_hat=radius)
    model = artlib.DualVigilanceART(base, rho_lower_bound=0.6)
    model.partial_fit((X - low) / span)
    return np.asarray(model.labels_), None


def map_of_k(X, k, shape, seed):
    """MiniSom, a row of k nodes, one pass."""
    som = installed.load("minisom").MiniSom(1, k, X.shape[1], sigma=0.5, learning_rate=0.5,
                                            random_seed=seed)  # fmt: skip
    som.random_weights_init(X)
    som.train(X, len(X))
    return np.array([som.winner(x)[1] for x in X]), None


def map_and_ward(X, k, shape, seed):
    """MiniSom, 10 x 10 nodes, one pass; Ward's method joins the nodes, told k.

    Of 6 x 6 and 10 x 10 nodes and widths of 1 and 2 the best mean ARI of digits, wine, moons and
    blobs in one order.
    """
    from sklearn.cluster import AgglomerativeClustering

    side = 10
    som = installed.load("minisom").MiniSom(side, side, X.shape[1], sigma=1.0, learning_rate=0.5,
                                            random_seed=seed)  # fmt: skip
    som.random_weights_init(X)
    som.train(X, len(X))
    nodes = som.get_weights().reshape(side * side, -1)
    joined = AgglomerativeClustering(k, linkage="ward").fit_predict(nodes)
    return joined[[side * i + j for i, j in map(som.winner, X)]], None


LEARNERS = (  # name, function, what must be installed
    (OURS, grown, ""),
    ("MiniBatchKMeans, k given", mini_batch, ""),
    ("Ward, k given, all rows", ward, ""),
    ("HDBSCAN, all rows", hdbscan, ""),
    ("MiniSom, k given", map_of_k, "minisom"),
    ("MiniSom and Ward, k given", map_and_ward, "minisom"),
    ("fuzzy ART", fuzzy_art, "artlib"),
    ("dual vigilance ART", dual_vigilance, "artlib"),
)
NO_LABELS = (
    "no rows of learning or replay: without labels there is no readout to leave away, and no row "
    "of the past is kept"
)
_SLOW = {"fuzzy ART", "dual vigilance ART"}  # of artlib: not on MNIST


def run(plan, only=None, tell=None):
    """All data sets; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    results = Results()
    for name in material.chosen(plan, only, KNOWN, results):
        for turn in range(plan.shuffles):
            _shuffle(results, plan, name, turn)
        if tell is not None:
            tell(f"{name}: done")
    results.note(NO_LABELS)
    results.note("paired t tests over orders of the rows, corrected by Holm within a data set")
    return {"headline": OURS, "results": results, "comparisons": compared(results)}


def compared(results):
    """Ours against the peers."""
    return compare(results, "ARI", OURS) + compare(results, "purity", OURS)


def methods(name):
    """Names of the rows of a data set."""
    return [learner for learner, _, _ in LEARNERS]


def _shuffle(results, plan, name, turn):
    from sklearn.metrics import adjusted_rand_score

    seed = plan.seeds[0] + turn
    X, y = material.DATA[name].load()
    order = generator(seed, f"cluster {name}").permutation(len(y))[: plan.rows or MOST]
    X, y = np.ascontiguousarray(X[order]), y[order]
    if name in SCALED:
        X = (X - X.mean(axis=0)) / np.maximum(X.std(axis=0), 1e-9)
    k, shape = len(np.unique(y)), material.DATA[name].shape
    for learner, function, needs in LEARNERS:
        if not plan.takes(learner):
            continue
        if needs and not installed.is_here(needs):
            continue
        if learner in _SLOW and name == "MNIST-5k":
            results.note(f"{name}: no {learner}, too slow")
            continue
        with installed.one_thread(), installed.quiet():
            try:
                if turn == 0:  # so that no time to compile is measured
                    function(X[:_WARM], min(k, _WARM), shape, seed)
                begin = time.process_time()
                found, tree = function(X, k, shape, seed)
            except NotHere as missing:
                results.note(f"{learner}: no row, {missing}")
                continue
            took = time.process_time() - begin
        results.add(name, learner, "ARI", seed, adjusted_rand_score(y, found))
        if tree is not None:
            merges, leaf = tree
            purity = scores.dendrogram_purity(merges, leaf, y)
            results.add(name, learner, "purity", seed, purity)
        results.add(name, learner, "k", seed, len(np.unique(found)))
        results.add(name, learner, "samples/s", seed, len(y) / max(took, 1e-9))
