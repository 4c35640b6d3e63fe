"""The one-pass protocol: each training row once, in random order and one class after another."""

import numpy as np

from growgraph.bench import clock
from growgraph.bench import peers as installed
from growgraph.bench.learning import material, onepass_learners, ours
from growgraph.bench.learning.results import Results, compare

BLOCK = 100
STOPS = (100, 1000)
NOISE = (0.1, 0.2, 0.3, 0.4)
KNOWN = ("digits", "MNIST-5k", "wine", "breast_cancer")
_SMALL_SHUFFLES = 10  # of data sets of a few hundred rows
HEADLINE, IMAGES = "growgraph as a table", "growgraph as images"


def one_pass(learners, seed, X, y, X_test, y_test, stops=()):
    """Teach learners the same rows in turns of a block; ask them at the stops and at the end.

    Parameters
    ----------
    learners : list of Learner
    seed : int
    X, y : arrays
        Training rows in their sequence.
    X_test, y_test : arrays
    stops : tuple of int
        Rows after which the test rows are asked, too.

    Returns
    -------
    dict of str to dict
        Of each learner ``accuracy`` (rows learnt -> share), ``seconds`` (CPU seconds a row, median
        over blocks), ``model``.
    """
    models = {one.name: one.make(seed) for one in learners}
    found: dict = {name: {"accuracy": {}, "seconds": [], "model": models[name]} for name in models}
    ends = sorted({*range(BLOCK, len(y), BLOCK), *(s for s in stops if s < len(y)), len(y)})
    with installed.one_thread(), installed.quiet():
        for a, b in zip([0, *ends], ends, strict=False):
            for name, model in models.items():
                begin = clock.cpu()
                model.learn(X[a:b], y[a:b])
                found[name]["seconds"].append((clock.cpu() - begin) / (b - a))
                if b in stops or b == len(y):
                    found[name]["accuracy"][b] = float((model.predict(X_test) == y_test).mean())
    for told in found.values():
        told["seconds"] = float(np.median(told["seconds"]))
    return found


def run(plan, only=None, tell=None):
    """All data sets; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    results = Results()
    for name in material.chosen(plan, only, KNOWN, results):
        _data_set(results, plan, name, tell)
    results.note(ours.NO_REPLAY)
    results.note("paired t tests over shuffles, corrected by Holm within a data set")
    results.note("order gap: accuracy in random order less that of one class after another")
    results.note("label noise: accuracy on clean test rows; 'next': each class taken for the next")
    found = compared(results)
    return {"headline": HEADLINE, "results": results, "comparisons": found}


def compared(results):
    """Of each data set the row without image priors against the peers, then that with them."""
    told = [compare(results, "accuracy", row) for row in (HEADLINE, IMAGES)]
    names = dict.fromkeys(data for data, _, _ in results.values)
    return [c for name in names for some in told for c in some if c["data"] == name]


def methods(name):
    """Names of the rows of a data set."""
    return [one.name for one in _everybody(name, None, None)]


def _everybody(name, X, y):
    shape = material.DATA[name].shape
    peers = onepass_learners.of_peers(shape, name == "digits")
    return onepass_learners.of_ours(shape, X, y) + peers


def _data_set(results, plan, name, tell):
    """All shuffles of a data set."""
    shape = material.DATA[name].shape
    shuffles = 1 if plan.quick else plan.shuffles
    shuffles = shuffles if shape is not None or plan.quick else max(shuffles, _SMALL_SHUFFLES)
    for shuffle in range(shuffles):
        seed = plan.seeds[0] + shuffle
        parts = material.split(name, seed, plan.rows)
        rows = [one for one in _everybody(name, *parts[:2]) if plan.takes(one.name)]
        rows = [one for one in rows if not (plan.quick and one.slow)]
        if not rows:
            return
        _shuffle(results, name, seed, rows, parts, first=shuffle == 0)
        if shape is not None and (shuffle == 0 or name == "digits"):
            _noise(results, name, seed, [one for one in rows if one.noise], parts, plan)
        if tell is not None:
            told = results.mean(name, rows[0].name, "accuracy")
            tell(f"{name}, {shuffle + 1} of {shuffles}: {rows[0].name} {told:.4f}")
    slow = [one.name for one in rows if one.slow]
    if slow and shuffles > 1:
        results.note(f"{name}: one shuffle, no class order for {', '.join(slow)}: too slow")


def _shuffle(results, name, seed, rows, parts, first):
    rows = [one for one in rows if first or not one.slow]
    X, y, X_test, y_test = parts
    random = one_pass(rows, seed, X, y, X_test, y_test, stops=STOPS)
    order = material.by_class(y, seed)
    some = [one for one in rows if not (one.slow or one.stored)]
    ordered = one_pass(some, seed, X[order], y[order], X_test, y_test)
    for one in rows:
        told = random[one.name]
        for stop in STOPS:
            if stop in told["accuracy"]:
                results.add(name, one.name, f"after {stop}", seed, told["accuracy"][stop])
        results.add(name, one.name, "accuracy", seed, told["accuracy"][len(y)])
        if one.name in ordered:
            gap = told["accuracy"][len(y)] - ordered[one.name]["accuracy"][len(y)]
            results.add(name, one.name, "order gap", seed, gap)
        if not one.stored:
            results.add(name, one.name, "samples/s", seed, 1 / max(told["seconds"], 1e-9))
        results.add(name, one.name, "MB", seed, told["model"].nbytes() * 1e-6)


def _noise(results, name, seed, rows, parts, plan):
    X, y, X_test, y_test = parts
    shares = NOISE[1:2] if plan.quick or name != "digits" else NOISE
    for share in shares:
        for pairs in (False, True):
            if pairs and share > 0.3:
                continue  # at .5 nobody could tell the classes apart
            wrong = material.noisy(y, share, seed, pairs)
            told = one_pass(rows, seed, X, wrong, X_test, y_test)
            measure = f"{share:.0%} {'next' if pairs else 'wrong'}"
            for learner, found in told.items():
                results.add(name, learner, measure, seed, found["accuracy"][len(y)])
