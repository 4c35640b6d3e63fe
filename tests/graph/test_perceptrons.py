"""A scikit-learn perceptron as a graph: its own answers to 1e-5."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from growgraph import Graph
from growgraph.errors import GraphError
from tests.material import uniform

ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
LAYERS = ((), (1,), (7,), (16, 5), (4, 4, 4))
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def scores(mlp, X):
    """What the estimator has before its last activation, in float64."""
    held = np.asarray(X, np.float64)
    hidden = {"identity": lambda z: z, "logistic": lambda z: 1 / (1 + np.exp(-z)),
              "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0)}[mlp.activation]  # fmt: skip
    for depth, (coefs, bias) in enumerate(zip(mlp.coefs_, mlp.intercepts_)):
        held = (held if depth == 0 else hidden(held)) @ coefs + bias
    return held


def agrees(found, expected):
    expected = np.asarray(expected).reshape(found.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def classes(n, seed, dtype=np.float64):
    X, y = make_classification(
        80, 6, n_informative=5, n_redundant=0, n_classes=n, n_clusters_per_class=1,
        random_state=seed,
    )  # fmt: skip
    return X.astype(dtype), np.array(["ant", "bee", "cow", "dog"])[y]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("n", [2, 4])
def test_classifiers(n, activation, layers, dtype):
    X, y = classes(n, seed=len(layers), dtype=dtype)
    mlp = MLPClassifier(layers, activation=activation, max_iter=40, random_state=n).fit(X, y)
    graph = Graph.from_sklearn(mlp)
    graph.check()
    assert mlp.coefs_[0].dtype == dtype
    found = graph.forward(X)
    agrees(found, mlp.predict_proba(X))
    assert (mlp.classes_[found.argmax(axis=1)] == mlp.predict(X)).all()
    assert [graph.names[i] for i in graph.outputs.tolist()] == mlp.classes_.tolist()
    linear = Graph.from_sklearn(mlp, scores=True)
    agrees(linear.forward(X), scores(mlp, X))
    assert [linear.names[i] for i in linear.outputs.tolist()] == mlp.classes_.tolist()[n == 2 :]


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("layers", LAYERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_regressors(activation, layers, seed):
    X = uniform(60, 5, seed=seed)
    Y = np.stack([X[:, 0] * 3, np.sin(X[:, 1])], axis=1)[:, : 1 + seed % 2]
    mlp = MLPRegressor(
        hidden_layer_sizes=layers, activation=activation, max_iter=30, random_state=seed
    )
    mlp.fit(X, Y if seed % 2 else Y[:, 0])
    for graph in (Graph.from_sklearn(mlp), Graph.from_sklearn(mlp, scores=True)):
        agrees(graph.forward(X), mlp.predict(X))
        assert graph.names == {}


def test_several_labels_at_once():
    X, Y = make_multilabel_classification(80, 6, n_classes=3, random_state=0)
    mlp = MLPClassifier((8,), max_iter=60, random_state=0).fit(X / 20, Y)
    graph = Graph.from_sklearn(mlp)
    agrees(graph.forward(X / 20), mlp.predict_proba(X / 20))
    assert [graph.names[i] for i in graph.outputs.tolist()] == ["0", "1", "2"]
    agrees(Graph.from_sklearn(mlp, scores=True).forward(X / 20), scores(mlp, X / 20))


def test_counts_are_exp():
    X = uniform(60, 4)
    try:
        mlp = MLPRegressor(hidden_layer_sizes=(6,), loss="poisson", max_iter=40, random_state=0)
    except TypeError:
        pytest.skip("this scikit-learn has no Poisson loss")
    mlp.fit(X, np.exp(X[:, 0]))
    agrees(Graph.from_sklearn(mlp).forward(X), mlp.predict(X))
    agrees(Graph.from_sklearn(mlp, scores=True).forward(X), scores(mlp, X))


def test_partial_fit_and_only_one_class():
    X, y = classes(3, 0)
    mlp = MLPClassifier((5,), random_state=0)
    for _ in range(3):
        mlp.partial_fit(X, y, classes=["ant", "bee", "cow"])
        agrees(Graph.from_sklearn(mlp).forward(X), mlp.predict_proba(X))
    mlp = MLPClassifier((5,), random_state=0, max_iter=3).fit(X, ["same"] * 80)
    graph = Graph.from_sklearn(mlp)
    agrees(graph.forward(X), mlp.predict_proba(X))
    assert graph.names == {}  # two columns, one class: sklearn has no name for the first
    assert Graph.from_sklearn(mlp, scores=True).forward(X).shape == (80, 1)


def test_large_scores_do_not_overflow():
    X, y = classes(4, 0)
    mlp = MLPClassifier((6,), random_state=0, max_iter=40).fit(X, y)
    for size in (30, 1e3, 1e10, 1e35):
        mlp.coefs_[-1] *= size / abs(scores(mlp, X)).max()
        mlp.intercepts_[-1] *= 0
        found = Graph.from_sklearn(mlp).forward(X)
        np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
        best = np.sort(scores(mlp, X), axis=1)
        told_apart = best[:, -1] - best[:, -2] > 1e-5 * size  # by float32
        assert told_apart.sum() > 70
        agrees(found[told_apart], mlp.predict_proba(X)[told_apart])


def test_names_of_columns_and_layers():
    pd = pytest.importorskip("pandas")
    X, y = classes(3, 0)
    frame = pd.DataFrame(X, columns=[*"abcde", "a long one"])
    mlp = MLPClassifier((5, 4), random_state=0, max_iter=5).fit(frame, y)
    graph = Graph.from_sklearn(mlp)
    assert [graph.names[i] for i in graph.inputs.tolist()] == frame.columns.tolist()
    assert all(type(name) is str for name in graph.names.values())
    sizes = {name: ids.size for name, ids in graph.groups.items()}
    assert sizes == {"layer 1": 5, "layer 2": 4, "scores": 3}
    agrees(graph.forward(frame), mlp.predict_proba(frame))
    np.testing.assert_allclose(
        graph.forward(X, outputs=graph.groups["scores"]), scores(mlp, X), atol=1e-5
    )


def test_layers_share_their_source_list():
    mlp = MLPRegressor(hidden_layer_sizes=(50,), max_iter=2, random_state=0).fit(
        uniform(9, 40), uniform(9)
    )
    graph = Graph.from_sklearn(mlp)
    assert graph.n_edges == 40 * 50 + 50
    assert np.unique(graph._store.sstart[graph._slots(graph.groups["layer 1"])]).size == 1


@pytest.mark.parametrize("form", [sparse.csr_array, sparse.coo_matrix, sparse.csc_matrix])
@pytest.mark.parametrize("n", [2, 4])
def test_sparse_weights_stay_sparse(form, n):
    X, y = classes(n, 1)
    mlp = MLPClassifier((9, 7), max_iter=30, random_state=0).fit(X, y)
    for coefs in mlp.coefs_:
        coefs[np.abs(coefs) < 0.3] = 0
    expected, dense = mlp.predict_proba(X), Graph.from_sklearn(mlp)
    mlp.coefs_ = [form(coefs) for coefs in mlp.coefs_]
    graph = Graph.from_sklearn(mlp)
    graph.check()
    agrees(graph.forward(X), expected)
    assert graph.n_edges < 0.8 * dense.n_edges
    agrees(Graph.from_sklearn(mlp, scores=True).forward(X)[:, 0], scores(mlp, X)[:, 0])


def test_the_graph_is_the_users_own():
    """It learns, grows and is cut like any other."""
    mlp = MLPRegressor(hidden_layer_sizes=(5,), max_iter=5, random_state=0).fit(
        uniform(20, 3), uniform(20)
    )
    before = [coefs.copy() for coefs in mlp.coefs_]
    graph = Graph.from_sklearn(mlp)
    graph.learn(uniform(20, 3), uniform(20, seed=1), rule="delta")
    graph.split_edge(graph.inputs[0], graph.groups["layer 1"][0])
    graph.remove_node(graph.groups["layer 1"][1])
    graph.check()
    for coefs, held in zip(mlp.coefs_, before):
        np.testing.assert_array_equal(coefs, held)


# ---- what is refused ----------------------------------------------------------------------------
def fitted():
    return MLPRegressor(hidden_layer_sizes=(3,), max_iter=2, random_state=0).fit(
        uniform(9, 2), uniform(9)
    )


def changed(**values):
    mlp = fitted()
    mlp.__dict__.update(values)
    return mlp


@pytest.mark.parametrize(
    ("make", "error", "pieces"),
    [
        (lambda: MLPClassifier(), NotFittedError, ["MLPClassifier", "not fitted yet", "fit"]),
        (lambda: make_pipeline(StandardScaler(), fitted()), TypeError,
         ["Pipeline", "pipeline[-1]", "transform", "set_input_scale"]),
        (lambda: GridSearchCV(fitted(), {}), TypeError, ["GridSearchCV", "best_estimator_"]),
        (lambda: StandardScaler(), TypeError, ["MLPClassifier or MLPRegressor", "StandardScaler"]),
        (lambda: MLPRegressor, TypeError, ["fitted MLPClassifier or MLPRegressor", "ABCMeta"]),
        (lambda: None, TypeError, ["NoneType"]),
        (lambda: changed(activation="gelu"), GraphError, ["mlp.activation", "relu", "'gelu'"]),
        (lambda: changed(out_activation_="x"), GraphError, ["mlp.out_activation_", "'x'"]),
        (lambda: changed(coefs_=[np.full((2, 3), np.nan), np.ones((3, 1))]), ValueError,
         ["weights", "finite"]),
        (lambda: changed(coefs_=[np.full((2, 3), 1e39), np.ones((3, 1))]), ValueError,
         ["weights", "float32"]),
        (lambda: changed(coefs_=[np.ones((4, 3)), np.ones((3, 1))]), ValueError, ["(3, 4)"]),
        (lambda: changed(coefs_=[sparse.csr_array(np.ones((4, 3))), np.ones((3, 1))]), GraphError,
         ["coefs_", "(2, 3)", "(4, 3)"]),
    ],
)  # fmt: skip
def test_what_is_no_fitted_perceptron(make, error, pieces):
    with pytest.raises(error) as caught:
        Graph.from_sklearn(make())
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


def test_a_scaler_moves_into_the_graph():
    """What the message about pipelines says is true."""
    X, y = classes(3, 2)
    X = X * [1, 10, 100, 1, 1, 1] + [0, 1e4, 0, 5, 0, 0]
    model = make_pipeline(StandardScaler(), MLPClassifier((6,), max_iter=40, random_state=0))
    model.fit(X, y)
    graph, scaler = Graph.from_sklearn(model[-1]), model[0]
    agrees(graph.forward(model[:-1].transform(X)), model.predict_proba(X))
    graph.set_input_scale(scaler.mean_, 1 / scaler.scale_)
    agrees(graph.forward(X), model.predict_proba(X))
