"""A fitted multi-layer perceptron of scikit-learn as a graph."""

import numpy as np

from growgraph.errors import GraphError

_HIDDEN = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
_OUTPUT = {"identity": "identity", "logistic": "sigmoid", "exp": "exp", "softmax": "softmax"}


def from_sklearn(cls, mlp, *, scores=False):
    """A Graph that answers as a fitted MLPClassifier or MLPRegressor does.

    Parameters
    ----------
    mlp : sklearn.neural_network.MLPClassifier or MLPRegressor
        Fitted, by ``fit`` or ``partial_fit``. Weight matrices that were made scipy sparse stay
        sparse: only their entries become edges.
    scores : bool, default False
        False: ``graph.forward(X)`` is ``mlp.predict_proba(X)``, a column for each class, or
        ``mlp.predict(X)`` of a regressor. True: the outputs are linear, what the estimator has
        before softmax, logistic or exp; one column for two classes. Such a graph is smaller and
        its outputs can be taught by :meth:`Graph.learn`.

    Returns
    -------
    Graph
        Inputs are named by ``feature_names_in_`` and outputs by ``classes_`` where there are any;
        the hidden layers are the groups ``"layer 1"``, ``"layer 2"`` and so on.

    Raises
    ------
    TypeError
        For anything but these two estimators.
    sklearn.exceptions.NotFittedError
        If it has not been fitted.
    ValueError
        For weights that float32 does not hold, as after a fit that diverged.

    Notes
    -----
    Weights become float32, which keeps seven digits: answers agree to 1e-5 where the sums on the
    way stay below about 100, as with scaled columns. Softmax is built of nodes that take the
    largest score off first (kind ``max``), so that large scores do not overflow.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from growgraph import Graph
    >>> X, y = load_iris(return_X_y=True)
    >>> mlp = MLPClassifier([8], solver="lbfgs", max_iter=50, tol=1, random_state=0).fit(X, y)
    >>> graph = Graph.from_sklearn(mlp)
    >>> bool(abs(graph.forward(X) - mlp.predict_proba(X)).max() < 1e-5)
    True
    """
    hidden, output = _check_estimator(mlp)
    graph = cls()
    names = getattr(mlp, "feature_names_in_", None)
    layer = graph.add_inputs(mlp.n_features_in_, None if names is None else _texts(names))
    *below, (coefs, bias) = zip(mlp.coefs_, mlp.intercepts_, strict=True)
    for depth, (inner_coefs, inner_bias) in enumerate(below, 1):
        layer = _add_layer(
            graph, graph.add_nodes, layer, inner_coefs, inner_bias, activation=hidden
        )
        graph.groups[f"layer {depth}"] = layer
    _add_answer(graph, layer, coefs, bias, "identity" if scores else output, _classes(mlp))
    return graph


def _check_estimator(mlp):
    """Names of the activations of hidden and of output nodes, after all checks of the type."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import Pipeline
    from sklearn.utils.validation import check_is_fitted

    if isinstance(mlp, Pipeline):
        raise TypeError(
            "mlp must be an MLPClassifier or MLPRegressor, got a Pipeline: give its last step, "
            "pipeline[-1], and run pipeline[:-1].transform(X) through the graph (a StandardScaler "
            "can move in: graph.set_input_scale(scaler.mean_, 1 / scaler.scale_))"
        )
    if not isinstance(mlp, (MLPClassifier, MLPRegressor)):
        raise TypeError(
            f"mlp must be a fitted MLPClassifier or MLPRegressor, got {type(mlp).__name__} "
            "(of a search give best_estimator_)"
        )
    check_is_fitted(mlp, "coefs_")
    return (
        _known("activation", mlp.activation, _HIDDEN),
        _known("out_activation_", mlp.out_activation_, _OUTPUT),
    )


def _known(name, value, table):
    if value not in table:
        raise GraphError(f"mlp.{name} must be one of {', '.join(table)}, got {value!r}")
    return table[value]


def _texts(values):
    return [str(value) for value in values]


def _classes(mlp):
    """What the columns of the answer stand for; none for a regressor."""
    return _texts(getattr(mlp, "classes_", ()))


def _add_layer(graph, add, sources, coefs, bias, **options):
    """Nodes that read ``coefs`` [sources, nodes]; one shared source list unless it is sparse."""
    from scipy import sparse

    bias = np.asarray(bias)
    if not sparse.issparse(coefs):
        return add(bias.size, sources=sources, weights=coefs.T, bias=bias, **options)
    if coefs.shape != (sources.size, bias.size):
        raise GraphError(
            f"mlp.coefs_ must have shape {(sources.size, bias.size)} here, got {coefs.shape}"
        )
    layer = add(bias.size, bias=bias, **options)
    entries = sparse.coo_array(sparse.csr_array(coefs))
    graph.connect(sources[entries.row], layer[entries.col], entries.data, pairs=True)
    return layer


def _add_answer(graph, layer, coefs, bias, activation, classes):
    """The output nodes, whose columns are those of predict_proba or predict."""
    if activation == "softmax":
        scores = _add_layer(graph, graph.add_nodes, layer, coefs, bias)
        _add_softmax(graph, scores, classes)
        return
    if activation == "sigmoid" and bias.size == 1:  # sigmoid(-z) is 1 - sigmoid(z)
        coefs, bias = _both_signs(coefs), np.concatenate([-bias, bias])
    elif classes and bias.size == 1:
        classes = classes[-1:]  # a score speaks for the second class
    names = classes if len(classes) == bias.size else None
    _add_layer(graph, graph.add_outputs, layer, coefs, bias, activation=activation, names=names)


def _both_signs(coefs):
    """The columns -w and w."""
    from scipy import sparse

    stack = sparse.hstack if sparse.issparse(coefs) else np.hstack
    return stack([-coefs, coefs])


def _add_softmax(graph, scores, classes):
    """Output nodes exp(z - max z) / sum exp(z - max z)."""
    top = graph.add_node(scores, kind="max")
    parts = graph.add_nodes(scores.size, activation="exp")
    graph.connect(scores, parts, pairs=True)
    graph.connect(top, parts, -1.0)
    share = graph.add_node(parts, activation="inv")
    answer = graph.add_outputs(scores.size, kind="product", names=classes)
    graph.connect(parts, answer, pairs=True)
    graph.connect(share, answer)
    graph.groups["scores"] = scores
