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


def methods(name):
    """Names of the rows of a stream."""
    return [ours.label(**options) for options in ours.VARIANTS]


def run(plan, only=None, tell=None):
    """All streams; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    names, results = streams.pick(only, KNOWN), Results()
    total = plan.length if plan.quick else ROWS
    if plan.quick and only is None:
        names = names[:1]
    for name in names:
        with installed.one_thread():
            _stream(results, plan, name, total, tell)
    results.note(
        f"one seed; {total:,} rows, learnt in calls of {CALL}; another concept begins every "
        f"{STAY:,} rows, the first again after the last"
    )
    results.note("MB: what nbytes_ states, graph and statistics, after a share of the rows")
    results.note("accuracy: asked before learnt; samples/s, last: of the last tenth of the rows")
    return {"headline": ours.NAME, "results": results, "comparisons": []}


def _stream(results, plan, name, total, tell):
    seed = plan.seeds[0]
    models = {ours.label(**options): ours.ResoNet(random_state=seed, **options)
              for options in ours.VARIANTS if plan.takes(ours.label(**options))}  # fmt: skip
    spent: dict[str, list[float]] = {who: [] for who in models}  # a value a call
    seen, step = 0, total // POINTS
    for X, y in rows_of(name, seed, total):
        for a in range(0, len(y), CALL):
            for who, model in models.items():
                begin = clock.cpu()
                model.partial_fit(X[a : a + CALL], y[a : a + CALL])
                spent[who].append(clock.cpu() - begin)
            seen += len(y[a : a + CALL])
            if seen % step == 0:
                _point(results, name, seed, models, f"MB at {100 * seen // total} %")
                if tell is not None:
                    sizes = (f"{who} {m.nbytes_ * 1e-6:.2f} MB" for who, m in models.items())
                    tell(f"{name}, {seen:,} rows: {', '.join(sizes)}")
    for who, model in models.items():
        _end(results, name, who, seed, model, total, spent[who])


def _point(results, name, seed, models, measure):
    for who, model in models.items():
        results.add(name, who, measure, seed, model.nbytes_ * 1e-6)


def _end(results, name, who, seed, model, total, spent):
    late = spent[-max(1, len(spent) // POINTS) :]
    rate = total / len(spent)  # rows a call
    found = {
        "accuracy": model.prequential_accuracy_, "nodes": model.graph_.n_nodes,
        "alarms": model.n_drifts_, "returns": model.n_returns_,
        "samples/s": total / max(sum(spent), 1e-9),
        "samples/s, last": rate * len(late) / max(sum(late), 1e-9),
    }  # fmt: skip
    for measure, value in found.items():
        results.add(name, who, measure, seed, value)
