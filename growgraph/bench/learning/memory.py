"""The protocol of memory: bytes of a model over a million streamed rows, where concepts change."""

import numpy as np

from growgraph.bench import clock
from growgraph.bench import peers as installed
from growgraph.bench.learning import ours, streams
from growgraph.bench.learning.results import Results

KNOWN = ("Agrawal", "LED")
ROWS, POINTS = 1_000_000, 10
STAY = 25_000  # rows of a concept, then comes the next one; after the last the first again
CALL = 1000  # rows learnt in a call


def rows_of(name, seed, total):
    """Rows and labels of a stream whose concepts take turns, stay by stay.

    Parameters
    ----------
    name : str
        A key of ``streams.SOURCES``.
    seed : int
    total : int
        Rows in all.

    Yields
    ------
    X : ndarray of float64 [rows, columns]
    y : list
    """
    from river.datasets import synth

    source = streams.SOURCES[name]
    for part, start in enumerate(range(0, total, STAY)):
        concept = source.concepts[part % len(source.concepts)]
        some = source.make(synth, concept, seed + 10 * part).take(min(STAY, total - start))
        rows, labels = zip(*((list(x.values()), label) for x, label in some), strict=True)
        yield np.array(rows, np.float64), list(labels)


def run(plan, only=None, tell=None):
    """All streams; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    names, results = streams.pick(only, KNOWN), Results()
    total = plan.length if plan.quick else ROWS
    if plan.quick and only is None:
        names = names[:1]
    for name in names:
        with installed.one_thread():
            _stream(results, name, plan.seeds[0], total, tell)
    results.note(
        f"one seed; learnt in calls of {CALL} rows; another concept begins every {STAY:,} rows, "
        "the first again after the last"
    )
    results.note("MB: what nbytes_ states, graph and statistics; accuracy: asked before learnt")
    return {"headline": ours.NAME, "results": results, "comparisons": []}


def _stream(results, name, seed, total, tell):
    model, seen, took, step = ours.ResoNet(random_state=seed), 0, 0.0, total // POINTS
    for X, y in rows_of(name, seed, total):
        for a in range(0, len(y), CALL):
            begin = clock.cpu()
            model.partial_fit(X[a : a + CALL], y[a : a + CALL])
            took += clock.cpu() - begin
            seen += len(y[a : a + CALL])
            if seen % step == 0:
                _keep(results, name, seed, model, f"after {seen:,} rows", took / step)
                took = 0.0
                if tell is not None:
                    tell(f"{name}: {seen:,} rows, {model.nbytes_ * 1e-6:.2f} MB")


def _keep(results, name, seed, model, point, seconds):
    found = {
        "MB": model.nbytes_ * 1e-6, "nodes": model.graph_.n_nodes, "alarms": model.n_drifts_,
        "returns": model.n_returns_, "accuracy so far": model.prequential_accuracy_,
        "samples/s": 1 / max(seconds, 1e-9),
    }  # fmt: skip
    for measure, value in found.items():
        results.add(name, point, measure, seed, value)
