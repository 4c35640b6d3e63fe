"""The folds protocol: one pass in three sequences, on parts of small data sets, five times over."""

import numpy as np

from growgraph._random import generator
from growgraph.bench import peers as installed
from growgraph.bench.learning import material, ours
from growgraph.bench.learning.onepass_learners import logistic
from growgraph.bench.learning.results import Results

KNOWN = ("digits", "wine", "breast_cancer")
FOLDS, ROUNDS = 5, 5
SHUFFLED, ORDERED, REVERSED = "rows shuffled", "one class after another", "classes reversed"
LOGISTIC = "logistic regression, standardised, all rows"


def learners(shape):
    """Rows of ours: what they are asked to be, and the sequence of what they learn."""
    same = {} if shape is None else {"image_shape": shape}
    return {
        f"{ours.label(**options)}, {kind}": (same | options, kind)
        for options in ours.VARIANTS
        if shape is None or "replay" not in options
        for kind in (SHUFFLED, ORDERED, REVERSED)
    }


def methods(name):
    """Names of the rows of a data set."""
    return [*learners(material.DATA[name].shape), LOGISTIC]


def sequence(y, kind, seed):
    """Places of the rows as they are learnt.

    Examples
    --------
    >>> sequence(np.array([1, 0, 1, 0]), REVERSED, 0).tolist()
    [0, 2, 1, 3]
    """
    if kind == SHUFFLED:
        return generator(seed, "folds").permutation(len(y))
    return np.argsort(y if kind == ORDERED else -y, kind="stable")


def run(plan, only=None, tell=None):
    """All data sets; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    results = Results()
    for name in material.chosen(plan, only, KNOWN, results):
        for turn in range(1 if plan.quick else ROUNDS):
            with installed.one_thread(), installed.quiet():
                _round(results, plan, name, plan.seeds[0] + turn)
        if tell is not None:
            tell(f"{name}: {results.mean(name, f'{ours.NAME}, {SHUFFLED}', 'accuracy'):.4f}")
    results.note(
        f"mean over {FOLDS} folds of {1 if plan.quick else ROUNDS} shuffles; folds share rows, so "
        "nothing is tested; ± is over all folds"
    )
    results.note(ours.NO_REPLAY)
    return {"headline": f"{ours.NAME}, {SHUFFLED}", "results": results, "comparisons": []}


def _round(results, plan, name, seed):
    from sklearn.model_selection import StratifiedKFold
    from sklearn.preprocessing import StandardScaler

    data = material.DATA[name]
    X, y = data.load()
    for fold, (train, test) in enumerate(StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
                                         .split(X, y)):  # fmt: skip
        key = FOLDS * seed + fold
        for row, (options, kind) in learners(data.shape).items():
            if not plan.takes(row):
                continue
            model = ours.Grown(random_state=seed, **options)
            order = train[sequence(y[train], kind, key)]
            model.learn(X[order], y[order])
            results.add(name, row, "accuracy", key, (model.predict(X[test]) == y[test]).mean())
        if not plan.takes(LOGISTIC):
            continue
        scale = StandardScaler().fit(X[train])
        peer = logistic().fit(scale.transform(X[train]), y[train])
        right = peer.predict(scale.transform(X[test])) == y[test]
        results.add(name, LOGISTIC, "accuracy", key, right.mean())
