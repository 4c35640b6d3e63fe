"""The growth protocol: what each part of ResoNet is worth, and whether growth answers what it met.

Rows of a data set are learnt once, by the whole net and by nets that lack a part. Images also bring
a class that comes late, contradictory and shuffled labels, and tension that is led astray.
"""

import numpy as np

from growgraph._random import generator
from growgraph.bench import peers as installed
from growgraph.bench.learning import growth_learners, growth_settled, material, ours, streams
from growgraph.bench.learning.results import Results
from growgraph.errors import DataError

KNOWN = ("digits", "MNIST-5k", "wine", "breast_cancer", "Agrawal", *growth_settled.DATA)
STREAM = "Agrawal"
BLOCK = 100
LATE = 10  # samples of a late class within which it must have nodes of its own
CONTRADICTED = 0.2  # of the rows
_MNIST_SHUFFLES = 2


def run(plan, only=None, tell=None):
    """All data sets; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    names, results = pick(only), Results()
    if plan.quick and only is None:
        names = [name for name in names if name in plan.data]
    for name in names:
        if name in growth_settled.DATA:
            growth_settled.measure(results, plan, name)
            if tell is not None:
                tell(f"{name}: {results.mean(name, growth_settled.OURS, 'accuracy'):.4f}")
            continue
        missing = "river" if name == STREAM else material.DATA[name].needs
        if missing and not installed.is_here(missing):
            results.note(f"{name} left out: {missing} is not installed")
            continue
        with installed.one_thread(), installed.quiet():
            _stream(results, plan, name) if name == STREAM else _data_set(results, plan, name)
        if tell is not None:
            tell(f"{name}: {results.mean(name, growth_learners.FULL, 'accuracy'):.4f}")
    for text in _NOTES:
        results.note(text)
    return {"headline": growth_learners.FULL, "results": results, "comparisons": []}


_NOTES = (
    f"growth frozen: by max_nodes after {growth_learners.FREEZE_AT} rows, of smaller data sets "
    "after a third of them; prenatal only: max_nodes=1, so classes have prototypes and no aspects",
    "order gap: accuracy in random order less that of one class after another; written: share of "
    "the samples that were written into the readout's evidence",
    f"late class: its accuracy after {LATE} of its samples, and how many of them came before it "
    "had nodes and aspects of its own",
    f"contradicted: {CONTRADICTED:.0%} of the rows come twice, once with a wrong label; accuracy "
    "on test rows and on the consistent ones of those learnt",
    "shuffled: labels say nothing of the rows",
    "moved: each image comes five times, four of them moved by a pixel; the intention gate, which "
    "acts from the 5000th row on, against intention=False",
    "same places: share of the aspects that were born to the same class at the same sample as in "
    "the whole net without a readout",
    growth_settled.NOTE,
)


def pick(only):
    """Names of the data sets in ``only``, all known ones if it is None.

    Examples
    --------
    >>> pick("wine, digits")
    ['wine', 'digits']
    """
    return material.pick(only, KNOWN)


def _data_set(results, plan, name):
    shape = material.DATA[name].shape
    shuffles = 1 if plan.quick else _MNIST_SHUFFLES if name == "MNIST-5k" else plan.shuffles
    for seed in range(plan.seeds[0], plan.seeds[0] + shuffles):
        X, y, X_test, y_test = material.split(name, seed, plan.rows)
        order = material.by_class(y, seed)
        found = growth_learners.of_tables() if shape is None else growth_learners.of_images(shape)
        models = {}
        for one in found:
            models[one.name] = model = taught(one.make(seed, X, y), X, y)
            ordered = taught(one.make(seed, X[order], y[order]), X[order], y[order])
            accuracy, late = (_share(m, X_test, y_test) for m in (model, ordered))
            _keep(results, name, one.name, seed, model, accuracy)
            results.add(name, one.name, "order gap", seed, accuracy - late)
            if model.model.learning == "evidence":
                results.add(name, one.name, "written in order", seed, _written(ordered))
        if shape is not None:
            _places(results, name, seed, models)
            _gate(results, f"{name}, moved", seed, shape, X, y, X_test, y_test)
            for learning in ("evidence", "resonance"):
                told = _trials(shape, learning, seed, X, y, X_test, y_test)
                row = growth_learners.FULL + ", no readout" * (learning == "resonance")
                for measure, value in told.items():
                    results.add(f"{name}, trials", row, measure, seed, value)


def _stream(results, plan, name):
    """Asked and taught in blocks: what is answered before a block is learnt counts."""
    for seed in plan.seeds:
        stream = streams.load(name, seed, plan.length).head(plan.most)
        for one in growth_learners.of_tables():
            model, right = one.make(seed, stream.X, stream.y), 0
            for a in range(0, len(stream.y), BLOCK):
                rows, labels = stream.X[a : a + BLOCK], stream.y[a : a + BLOCK]
                right += int((model.predict(rows) == labels).sum()) if a else 0
                model.learn(rows, labels)
            _keep(results, name, one.name, seed, model, right / len(stream.y))


def taught(model, X, y):
    """The model after it has learnt all rows."""
    for a in range(0, len(y), BLOCK):
        model.learn(X[a : a + BLOCK], y[a : a + BLOCK])
    return model


def _share(model, X, y):
    return float((model.predict(X) == y).mean())


def _written(model):
    return model.model.n_written_ / model.model.n_samples_seen_


def _keep(results, data, learner, seed, model, accuracy):
    results.add(data, learner, "accuracy", seed, accuracy)
    results.add(data, learner, "nodes", seed, model.model.graph_.n_nodes)
    results.add(data, learner, "MB", seed, model.nbytes() * 1e-6)
    if model.model.learning == "evidence":
        results.add(data, learner, "written", seed, _written(model))


# ---- where growth happened ----------------------------------------------------------------------
def births(model):
    """Which aspects were born: a set of (sample, class) that the log tells.

    Parameters
    ----------
    model : ResoNet
    """
    told = model.growth_log_.table()
    told = told[told["rule"] == "Aspect"]
    return set(zip(told["sample"].tolist(), told["intention"].tolist(), strict=True))


def _places(results, name, seed, models):
    whole = births(models[f"{growth_learners.FULL}, no readout"].model)
    for row in ("no readout, tension shuffled", "no readout, growth frozen"):
        other = births(models[f"{growth_learners.FULL}, {row}"].model)
        share = len(whole & other) / max(len(whole | other), 1)
        results.add(name, f"{growth_learners.FULL}, {row}", "same places", seed, share)


# ---- the gate -----------------------------------------------------------------------------------
def moved(X, y, shape):
    """Images as they are, and moved by one pixel up, down, left and right; what leaves comes back.

    Parameters
    ----------
    X : array [images, pixels]
    y : array [images]
    shape : (int, int)
        Rows and columns of an image.

    Returns
    -------
    arrays [5 images, pixels], [5 images]

    Examples
    --------
    >>> moved(np.arange(4).reshape(1, 4), np.array([7]), (2, 2))[0].tolist()
    [[0, 1, 2, 3], [2, 3, 0, 1], [2, 3, 0, 1], [1, 0, 3, 2], [1, 0, 3, 2]]
    """
    images = np.asarray(X).reshape(-1, *shape)
    ways = (-1, 1), (1, 1), (-1, 2), (1, 2)
    there = [images, *(np.roll(images, step, axis) for step, axis in ways)]
    return np.concatenate(there).reshape(-1, shape[0] * shape[1]), np.tile(y, 5)


def _gate(results, name, seed, shape, X, y, X_test, y_test):
    """What the gate saves in writes, and what that costs, in random order and class by class."""
    rows, labels = moved(X, y, shape)
    orders = {
        "": generator(seed, "moved").permutation(len(labels)),
        " in order": material.by_class(labels, seed),
    }
    for gate in (True, False):
        row = growth_learners.FULL + ", intention False" * (not gate)
        for order, places in orders.items():
            model = ours.Grown(random_state=seed, image_shape=shape, intention=gate)
            taught(model, rows[places], labels[places])
            results.add(name, row, f"accuracy{order}", seed, _share(model, X_test, y_test))
            results.add(name, row, f"written{order}", seed, _written(model))


# ---- trials -------------------------------------------------------------------------------------
def _trials(shape, learning, seed, X, y, X_test, y_test):
    """A late class, contradictory labels, shuffled labels."""

    def model():
        return ours.Grown(random_state=seed, image_shape=shape, learning=learning)

    rng = generator(seed, "growth trials")
    return (
        late_class(model(), X, y, X_test, y_test, int(rng.choice(np.unique(y))))
        | contradicted(model(), rng, X, y, X_test, y_test)
        | shuffled(model(), rng, X, y, X_test, y_test)
    )


def late_class(model, X, y, X_test, y_test, label):
    """Nine classes are learnt, then samples of the tenth, one by one.

    Parameters
    ----------
    model
        With ``learn``, ``predict`` and the ResoNet ``model``.
    X, y, X_test, y_test : arrays
    label : int
        The class that comes late.

    Returns
    -------
    dict of str to float
        Its accuracy after ``LATE`` samples, that of the others, and how many samples came before
        it had a node and an aspect of its own (``LATE`` + 1 if it had none by then).
    """
    late = y == label
    taught(model, X[~late], y[~late])
    found = {"late class: own node after": LATE + 1.0, "late class: own aspect after": LATE + 1.0}
    for i, at in enumerate(np.flatnonzero(late)[:LATE], 1):
        model.learn(X[at : at + 1], y[at : at + 1])
        own = model.model.growth_log_.table()
        own = own[own["intention"] == f"know {label}"]
        for measure, rule in zip(found, ("NewClass", "Aspect"), strict=True):
            if (own["rule"] == rule).any():
                found[measure] = min(found[measure], float(i))
    new = y_test == label
    found["late class: accuracy"] = _share(model, X_test[new], y_test[new])
    found["the others: accuracy"] = _share(model, X_test[~new], y_test[~new])
    return found


def contradicted(model, rng, X, y, X_test, y_test):
    """Some rows come twice, with the right and with a wrong label; the others come once.

    Parameters
    ----------
    model
        With ``learn`` and ``predict`` and the ResoNet ``model``.
    rng : numpy Generator
    X, y, X_test, y_test : arrays

    Returns
    -------
    dict of str to float
        Accuracy on test rows and on the consistent ones of those learnt.
    """
    twice = rng.random(len(y)) < CONTRADICTED
    classes = np.unique(y)
    step = rng.integers(1, len(classes), int(twice.sum()))
    wrong = classes[(np.searchsorted(classes, y[twice]) + step) % len(classes)]
    rows, labels = np.concatenate([X, X[twice]]), np.concatenate([y, wrong])
    order = rng.permutation(len(labels))
    taught(model, rows[order], labels[order])
    return {
        "contradicted: accuracy": _share(model, X_test, y_test),
        "contradicted: consistent rows": _share(model, X[~twice], y[~twice]),
    }


def shuffled(model, rng, X, y, X_test, y_test):
    """Labels say nothing of the rows: what is answered, and how sure of it the model is.

    Parameters
    ----------
    model, rng, X, y, X_test, y_test
        As for :func:`contradicted`.

    Returns
    -------
    dict of str to float
        Accuracy on test rows, mean confidence, and the accuracy of chance.
    """
    taught(model, X, rng.permutation(y))
    told = model.model.reflect(X_test)
    return {
        "shuffled: accuracy": float((told.answer == y_test).mean()),
        "shuffled: confidence": float(told.confidence.mean()),
        "shuffled: chance": float(np.bincount(y_test).max() / len(y_test)),
    }


def check(only):
    """Raise for unknown names, or where the stream alone is asked for and river is missing."""
    if pick(only) == [STREAM] and not installed.is_here("river"):
        raise DataError("the stream is river's: pip install 'growgraph[bench]'")
