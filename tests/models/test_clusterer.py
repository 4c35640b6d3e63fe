"""What ResoNetClusterer finds without labels, and that its graph alone answers."""

import numpy as np
import pytest
from sklearn.datasets import load_wine, make_blobs, make_moons
from sklearn.metrics import adjusted_rand_score, roc_auc_score

from growgraph import Graph, ResoNetClusterer, load, save
from growgraph.data.digits import load_digits
from growgraph.graph.check import same_structure
from growgraph.models._clusterer import micro as _micro
from growgraph.senses import Table
from tests.models.material import SHAPE, differences, part, table


def dendrogram_purity(linkage, leaf, y):
    """Mean purity of the smallest subtree that holds both, over all pairs of samples of a class."""
    n = len(linkage) + 1
    held = np.zeros((2 * n - 1, y.max() + 1))
    np.add.at(held, (leaf, y), 1)
    pairs, pure = 0.0, 0.0
    for i in range(n):
        together = (held[i] * (held[i] - 1) / 2).sum()
        pairs += together
        pure += (held[i] ** 2 * (held[i] - 1) / 2).sum() / max(held[i].sum(), 1)
    for row, (a, b) in enumerate(linkage[:, :2].astype(int)):
        meet = held[a] * held[b]
        whole = held[n + row] = held[a] + held[b]
        pairs += meet.sum()
        pure += (meet * whole).sum() / max(whole.sum(), 1)
    return pure / pairs


def test_dendrogram_purity_by_hand():
    linkage = np.array([[0, 1, 0.1, 2], [2, 3, 0.2, 3.0]])
    assert dendrogram_purity(linkage, np.array([0, 1, 2]), np.array([0, 0, 1])) == 1
    worst = dendrogram_purity(linkage, np.array([0, 1, 2]), np.array([0, 1, 0]))
    assert worst == pytest.approx(2 / 3)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits()
    return ResoNetClusterer(image_shape=SHAPE).fit(X), X, y


@pytest.fixture(scope="module")
def blobs():
    X, y = make_blobs(400, centers=[[0, 0], [9, 0], [0, 9]], random_state=3)
    return ResoNetClusterer().fit(X), X, y


def nearest_micro(model, X):
    core = model._core
    return core.heard(model.graph_, core.sense.read(X), core.ids).argmax(axis=1)


def test_digits_in_five_orders():
    """Settings were chosen on other orders (100 to 102, 200 to 319), MNIST-5k, and tables."""
    X, y = load_digits()
    found, pure = [], []
    for seed in range(5):
        rows = np.random.default_rng(seed).permutation(len(X))
        model = ResoNetClusterer(image_shape=SHAPE).fit(X[rows])
        found.append(adjusted_rand_score(y[rows], model.labels_))
        pure.append(dendrogram_purity(model.hierarchy_, nearest_micro(model, X[rows]), y[rows]))
        assert 10 <= model.n_clusters_ <= 14
    assert np.mean(found) >= 0.85
    assert np.mean(pure) >= 0.88


@pytest.mark.parametrize(("seed", "n"), [(294, 1797), (410, 900), (419, 900)])
def test_one_digit_that_stands_apart_is_not_all_there_is(seed, n):
    """In these orders the zeros coincide with the rest ten times less than the rest falls apart."""
    X, y = load_digits()
    rows = np.random.default_rng(seed).permutation(len(X))[:n]
    model = ResoNetClusterer(image_shape=SHAPE).fit(X[rows])
    height = model.hierarchy_[:, 2]
    assert height[-1] > 10 * height[-2]
    assert 8 <= model.n_clusters_ <= 14
    assert adjusted_rand_score(y[rows], model.labels_) > 0.7


@pytest.mark.parametrize("seed", range(3))
def test_moons_are_two(seed):
    X, y = make_moons(800, noise=0.06, random_state=seed)
    assert adjusted_rand_score(y, ResoNetClusterer().fit_predict(X)) > 0.99


def test_wine():
    X, y = load_wine(return_X_y=True)
    rows = np.random.default_rng(0).permutation(len(X))
    assert adjusted_rand_score(y[rows], ResoNetClusterer().fit_predict(X[rows])) > 0.75


def test_blobs(blobs):
    model, X, y = blobs
    assert model.n_clusters_ == 3
    assert adjusted_rand_score(y, model.labels_) == 1
    np.testing.assert_array_equal(model.labels_, model.predict(X))
    assert model.labels_.dtype == np.int64


def test_as_many_as_asked(digits):
    model, X, _ = digits
    twin = ResoNetClusterer.from_state(model.to_state())
    for k in (1, 4, 10, 10**6):
        twin.set_params(n_clusters=k)
        assert twin.n_clusters_ == min(k, len(model._core.ids)) == twin.transform(X[:3]).shape[1]
    np.testing.assert_array_equal(
        twin.set_params(n_clusters=6).predict(X),
        ResoNetClusterer(image_shape=SHAPE, n_clusters=6).fit_predict(X),
    )
    assert differences(twin.set_params(n_clusters=None), model) == []


def test_a_digit_never_seen_is_strange():
    X, y = load_digits()
    model = ResoNetClusterer(image_shape=SHAPE).fit(X[(y != 0)][:1000])
    rest = np.r_[X[y != 0][1000:], X[y == 0]]
    strange = np.r_[np.zeros(np.count_nonzero(y != 0) - 1000), np.ones(np.count_nonzero(y == 0))]
    assert roc_auc_score(strange, -model.score_samples(rest)) > 0.9


# ---- the graph is what was learnt ---------------------------------------------------------------
def test_the_graph_alone_answers(digits, tmp_path):
    """Only the graph and the sense's description are left of the model."""
    model, X, _ = digits
    save(model.graph_, tmp_path / "graph.npz")
    graph = load(tmp_path / "graph.npz")
    sense = type(model._core.sense).from_state(*model._core.sense.to_state())
    values = sense.values(graph, X)
    scores = graph.forward(values, inputs=graph.groups["parts"])
    np.testing.assert_array_equal(graph.outputs, graph.groups["concepts"])
    np.testing.assert_array_equal(scores.argmax(axis=1), model.predict(X))
    np.testing.assert_array_equal(scores, model.transform(X))


@pytest.mark.parametrize("n", [40, 220])
def test_the_graph_alone_answers_for_tables(n):
    X, _ = table()
    model = ResoNetClusterer().fit(part(X, 0, n))
    core = model._answering().core
    graph = Graph.from_state(model.graph_.to_state())
    sense = type(core.sense).from_state(*core.sense.to_state())
    assert isinstance(sense, Table)
    scores = graph.forward(sense.values(graph, sense.read(X)))
    np.testing.assert_array_equal(scores, model.transform(X))


def test_without_statistics_the_model_answers_the_same(digits):
    model, X, _ = digits
    twin = ResoNetClusterer.from_state(model.to_state())
    answers = twin.predict(X)
    for name in twin._core.statistics():
        if name != "ids":  # where in the graph the micro-concepts are
            getattr(twin._core, name)[...] = 0
    np.testing.assert_array_equal(twin.predict(X), answers)


def test_replaying_the_log_gives_the_same_structure(digits, blobs):
    X, _ = table()
    for model in (digits[0], blobs[0], ResoNetClusterer().fit(X)):
        assert same_structure(model.growth_log_.replay(), model.graph_)


def test_micro_concepts_are_the_means_of_their_samples(blobs):
    model, X, _ = blobs
    core = model._core
    z = core.features(core.sense.read(X)).astype(np.float64)
    W = core.prototypes()
    np.testing.assert_allclose(core.counts @ W / len(X), z.mean(axis=0), atol=1e-5)
    assert core.counts.sum() == len(X) == model.n_samples_seen_
    for node, count in zip(core.ids[:9].tolist(), core.counts[:9]):
        assert (model.graph_.sources(node)[2] == count).all()
        assert model.graph_.node(node)["kind"] == "match"


def test_an_input_born_late_was_0_until_then():
    X, _ = table()
    model = ResoNetClusterer().fit(X)
    core = model._core
    late = core.graph.groups["born"].size
    assert late > 5
    z = core.features(core.sense.read(X)).astype(np.float64)[:, -late:]
    W = core.prototypes()[:, -late:]
    np.testing.assert_allclose(core.counts @ W / len(z), z.mean(axis=0), atol=1e-6)


def test_images_are_directions(digits):
    model, X, _ = digits
    core = model._core
    f = core.features(core.sense.read(X))
    np.testing.assert_allclose(np.linalg.norm(f, axis=1), 1, rtol=1e-5)
    alone = core.counts == 1
    np.testing.assert_allclose(np.linalg.norm(core.prototypes()[alone], axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(model.transform(3 * X), model.transform(X), atol=1e-2)


def test_the_log_tells_why_and_what_came_of_it(digits):
    model, _, _ = digits
    told = model.growth_log_.table()
    born = told[told["rule"] == "Vigilance"]
    born = born[born["cause"] == "nothing resonated"]
    core = model._core
    np.testing.assert_array_equal(born["node"], core.ids)
    assert np.isnan(born["tension"][0])  # nothing was known
    assert (born["tension"][1:] > 0).all()
    np.testing.assert_array_equal(born["sample"][1:] + 1, born["step"][1:])
    twice = core.counts > 1
    np.testing.assert_array_equal(born["paid_off"] == -1, ~twice)
    assert (born["realised"][twice] >= 0).all()
    better = born["realised"][twice] < core.felt[twice].astype(np.float32)
    np.testing.assert_array_equal(born["paid_off"][twice] == 1, better)
    assert set(born["cause_node"][1:].tolist()) <= set(core.ids.tolist())
    known = {node: i for i, node in enumerate(core.ids.tolist())}
    assert all(known[c] < known[n] for c, n in born[["cause_node", "node"]][1:].tolist())


# ---- growth -------------------------------------------------------------------------------------
@pytest.mark.parametrize("rate", [0.1, 0.3, 0.6])
def test_the_rate_is_held_whatever_the_unit_of_the_gap(rate):
    X = np.random.default_rng(5).standard_normal((3000, 6))
    grown = [
        ResoNetClusterer(growth_rate=rate, max_concepts=10**6).partial_fit(data)._core.ids.size
        for data in (X, np.hstack([X, X]))
    ]
    np.testing.assert_allclose(np.array(grown) / len(X), rate, rtol=0.1)


def test_growth_slows_down_as_the_room_fills():
    X = np.random.default_rng(5).standard_normal((4000, 6))
    sizes, model = [], ResoNetClusterer(max_concepts=1500)
    for start in range(0, 4000, 1000):
        sizes.append(model.partial_fit(X[start : start + 1000])._core.ids.size)
    steps = np.diff([0, *sizes])
    assert (np.diff(steps) < 0).all()
    assert 1000 < sizes[-1] <= 1500
    assert model.n_clusters_ >= 1


@pytest.mark.parametrize("limit", [{"max_nodes": 60}, {"max_bytes": 40_000}])
def test_limits(limit):
    X = np.random.default_rng(5).standard_normal((500, 6))
    model = ResoNetClusterer(**limit).partial_fit(X)
    core = model._core
    free = ResoNetClusterer().partial_fit(X)._core
    assert 20 < core.ids.size < free.ids.size
    if "max_nodes" in limit:
        assert core.graph.n_nodes == 60
    else:
        assert 0.8 * 40_000 < core.nbytes() <= 40_000
    assert core.counts.sum() == 500


def test_the_first_micro_concept_is_always_grown():
    X = np.random.default_rng(5).standard_normal((100, 2))
    model = ResoNetClusterer(max_nodes=1).fit(X)
    assert model._core.ids.size == 1
    assert (model.labels_ == 0).all()


@pytest.mark.parametrize("n", [1, 2, 63, 64, 200])
def test_repetition_founds_one_concept(n):
    model = ResoNetClusterer().fit(np.ones((n, 3)))
    assert model._answering().core.counts.tolist() == [n]
    assert model.hierarchy_.shape == (0, 4)
    assert model.knowledge()["samples"].tolist() == [n]


def test_a_difference_after_long_repetition_founds_another():
    X = np.zeros((300, 2))
    X[200:] = 4.0
    model = ResoNetClusterer().fit(X)
    assert model._core.ids.size >= 2
    assert len(set(model.labels_[[0, 299]])) == len(set(model.labels_)) <= 2


def test_class_after_class():
    """A stream sorted by what is in it finds the same concepts."""
    X, y = make_blobs(900, centers=[[0, 0], [9, 0], [0, 9]], random_state=3)
    order = np.argsort(y, kind="stable")
    labels = ResoNetClusterer().fit_predict(X[order])
    assert adjusted_rand_score(y[order], labels) > 0.99


def test_blank_images():
    X, _ = load_digits()
    X = np.r_[np.zeros((3, 64)), X[:40]]
    model = ResoNetClusterer(image_shape=SHAPE).fit(X)
    assert np.isfinite(model.transform(X)).all()


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ({"growth_rate": 0}, "growth_rate must be in"),
        ({"growth_rate": 1.5}, "growth_rate must be in"),
        ({"max_concepts": 0}, "max_concepts must be in"),
        ({"n_clusters": 0}, "n_clusters must be in"),
        ({"image_shape": (2, 2)}, "image_shape must be two integers"),
        ({"random_state": "x"}, "random_state must be"),
    ],
)
def test_odd_options_are_refused_and_change_nothing(option, message):
    X = np.random.default_rng(0).random((20, 4))
    model = ResoNetClusterer(**option)
    before = dict(model.__dict__)
    with pytest.raises((ValueError, TypeError), match=message):
        model.fit(X)
    assert model.__dict__ == before


def test_the_bytes_of_the_model(blobs):
    model = blobs[0]
    graph = model.graph_._store.to_arrays().values()
    held = [*graph, *(getattr(model._core, name) for name in _micro.ARRAYS)]
    assert model.nbytes_ == sum(a.nbytes for a in held)
    assert ResoNetClusterer.from_state(model.to_state()).nbytes_ == model.nbytes_


def test_a_scale_that_comes_to_nothing_grows_nothing():
    rng = np.random.default_rng(0)
    X = {"a": rng.normal(size=200), "b": rng.normal(size=200)}
    model = ResoNetClusterer().partial_fit(X)
    model.partial_fit(X | {"c": rng.uniform(1e-310, 1e-308, 200)})
    assert model.n_samples_seen_ == 400
