"""Answers by simulation, the answer that has least against it, beside plainer ones.

What ``imagine`` expects of each class is a subspace of parts
with a variance for each direction; its peers are subspaces of the same rank on the same parts.
"""

import numpy as np

from growgraph.bench import peers as installed
from growgraph.bench.learning import material, ours, scores
from growgraph.bench.learning.results import Results, compare
from growgraph.models._resonet.imagine import parts_of

KNOWN = ("digits", "MNIST-5k")
SHUFFLES = 5
SHIFTS = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))


def as_it_answers(model, X, y, X_test, shape):
    """Its own answer, of evidence or of resonance."""
    return model.predict(X_test)


def by_inertia(model, X, y, X_test, shape):
    """The answer of least inertia."""
    told = model.imagine(X_test, rivals=len(model.classes_))
    return told.answer[np.arange(len(X_test)), told.inertia.argmin(axis=1)]


def by_shifted_copies(model, X, y, X_test, shape):
    """The mean probability over the image and four copies of it moved by a pixel."""
    total = sum(model.predict_proba(moved(X_test, shape, *shift)) for shift in SHIFTS)
    return model.classes_[total.argmax(axis=1)]


def moved(X, shape, down, right):
    """Images moved by whole pixels; what leaves is lost, what comes in is 0.

    Examples
    --------
    >>> moved(np.array([[1, 2, 3, 4]]), (2, 2), 0, 1).tolist()
    [[0, 1, 0, 3]]
    """
    images = np.pad(X.reshape(-1, *shape), ((0, 0), (1, 1), (1, 1)))
    rows, columns = shape
    cut = images[:, 1 - down : 1 - down + rows, 1 - right : 1 - right + columns]
    return cut.reshape(len(X), -1)


def by_class_subspaces(model, X, y, X_test, shape):
    """Least distance to the mean and first principal directions of a class, over the windows."""
    F, T = _parts(model, X), _parts(model, X_test)
    far = np.zeros((len(T), len(model.classes_)))
    for c, label in enumerate(model.classes_):
        for window in _windows(model):
            rows = F[y == label][:, window]
            mean = rows.mean(axis=0)
            z = T[:, window] - mean
            V = np.linalg.svd(rows - mean, full_matrices=False)[2][: _rank(model)]
            far[:, c] += (z * z).sum(axis=1) - ((z @ V.T) ** 2).sum(axis=1)
    return model.classes_[far.argmin(axis=1)]


def by_local_subspaces(model, X, y, X_test, shape):
    """Least distance to the plane through the nearest rows of a class (Laaksonen 1997)."""
    F, T = _parts(model, X), _parts(model, X_test)
    far = np.zeros((len(T), len(model.classes_)))
    for c, label in enumerate(model.classes_):
        rows = F[y == label]
        near = _nearest(rows, T, min(_rank(model) + 1, len(rows)))
        for i, x in enumerate(T):
            first, *others = rows[near[i]]
            Q = np.linalg.qr((np.array(others) - first).T)[0]
            z = x - first
            far[i, c] = z @ z - ((z @ Q) ** 2).sum()
    return model.classes_[far.argmin(axis=1)]


def _parts(model, X):
    return parts_of(model._core, model._core.sense.read(model._rows(X, first=False, table=False)))[
        0
    ]


def _windows(model):
    return model._core.concepts.win


def _rank(model):
    """Aspects of the class that has most."""
    return int(model._core.concepts.k.max())


def _nearest(rows, T, k):
    squared = (rows * rows).sum(axis=1) - 2 * T @ rows.T
    return np.argsort(squared, axis=1)[:, :k]


PLAIN = "growgraph as images"
INERTIA = f"{PLAIN}, least inertia"
WAYS = {  # row -> how it is answered
    PLAIN: as_it_answers,
    INERTIA: by_inertia,
    "growgraph as images, five shifted copies": by_shifted_copies,
    "subspaces of classes, same parts and rank": by_class_subspaces,
    "local subspaces, same parts and rank": by_local_subspaces,
}
SILENT = f"{PLAIN}, resonance"
SILENT_WAYS = {SILENT: as_it_answers, f"{SILENT}, least inertia": by_inertia}


def methods(name):
    """Names of the rows of a data set."""
    return [*WAYS, *SILENT_WAYS]


def answers(seed, X, y, X_test, shape, ways=WAYS, **options):
    """What each way answers, all from the parts of one model; and the model.

    Parameters
    ----------
    seed : int
    X, y : arrays
        Training rows.
    X_test : array
    shape : (int, int)
    ways : dict of str to callable
    **options
        Of the model.

    Returns
    -------
    dict of str to ndarray, ResoNet
    """
    grown = ours.Grown(random_state=seed, image_shape=shape, **options)
    grown.learn(X, y)
    return {name: way(grown.model, X, y, X_test, shape) for name, way in ways.items()}, grown.model


def run(plan, only=None, tell=None):
    """All data sets; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    results = Results()
    for name in material.chosen(plan, only, KNOWN, results):
        for turn in range(1 if plan.quick else SHUFFLES):
            with installed.one_thread():
                _shuffle(results, plan, name, plan.seeds[0] + turn)
        if tell is not None:
            tell(f"{name}: " + ", ".join(
                f"{way} {results.mean(name, way, 'accuracy'):.4f}"
                for way in methods(name) if plan.takes(way)))  # fmt: skip
    results.note(
        "all ways answer from the parts of one model, those of resonance from another without a "
        "readout; rank: that of the largest concept"
    )
    results.note(ours.NO_REPLAY)
    results.note(
        "errors, ECE: AUROC and calibration of confidence with all classes learnt; errors where a "
        "shuffle has any"
    )
    results.note("paired t tests over shuffles, corrected by Holm within a data set")
    return {"headline": PLAIN, "results": results, "comparisons": compared(results)}


def compared(results):
    """Answers of the model, then those of least inertia, against the plainer ways."""
    return compare(results, "accuracy", PLAIN) + compare(results, "accuracy", INERTIA)


def _shuffle(results, plan, name, seed):
    X, y, X_test, y_test = material.split(name, seed, plan.rows)
    shape = material.DATA[name].shape
    for plain, ways, options in ((PLAIN, WAYS, {}), (SILENT, SILENT_WAYS, ours.VARIANTS[1])):
        ways = {way: answer for way, answer in ways.items() if plan.takes(way)}
        if not ways:
            continue
        told, model = answers(seed, X, y, X_test, shape, ways, **options)
        for way, answer in told.items():
            results.add(name, way, "accuracy", seed, (answer == y_test).mean())
        if plain in ways:
            seen = model.reflect(X_test)
            right = seen.answer == y_test
            if not right.all():
                results.add(name, plain, "errors", seed, scores.auroc(-seen.confidence, ~right))
            results.add(name, plain, "ECE", seed, scores.calibration_error(seen.confidence, right))
