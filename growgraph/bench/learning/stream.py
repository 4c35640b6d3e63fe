"""The stream protocol: batch 1, predict then learn, classes unknown in advance, drift."""

import pickle

import numpy as np

from growgraph.bench import clock, peers
from growgraph.bench.learning import stream_learners, streams
from growgraph.bench.learning.results import Results, compare

BLOCK = 250  # samples a learner does in its turn; also the pairs of the paired test
AFTER = 100  # samples after a concept's return


def prequential(learners, stream, seed, block=BLOCK):
    """Ask and teach each learner sample by sample, in turns of a block.

    Parameters
    ----------
    learners : list of Learner
    stream : Stream
    seed : int
    block : int, default 250

    Returns
    -------
    dict of str to (ndarray of bool [samples], ndarray of float64 [blocks], model)
        Which answers were right, given before the sample was learnt; CPU seconds a sample.

    Notes
    -----
    The first sample is counted wrong: nobody can know a class before there is one.
    """
    doors: dict = {"vector": stream.X}
    if any(learner.door == "array" for learner in learners):
        doors["array"] = [stream.X[i : i + 1] for i in range(len(stream.y))]
    if any(learner.door == "dict" for learner in learners):
        doors["dict"] = stream.dicts()
    labels = stream.y.tolist()
    models = {one.name: one.make(stream.X.shape[1], seed) for one in learners}
    right = {name: np.zeros(len(labels), bool) for name in models}
    times: dict[str, list[float]] = {name: [] for name in models}
    with peers.one_thread(), peers.quiet():
        for a in range(0, len(labels), block):
            b = min(a + block, len(labels))
            for one in learners:
                begin = clock.cpu()
                if one.door == "call":
                    right[one.name][a:b] = models[one.name].turn(stream.X[a:b], labels[a:b])
                else:
                    _turn(models[one.name], doors[one.door], labels, right[one.name], a, b)
                times[one.name].append((clock.cpu() - begin) / (b - a))
    return {name: (right[name], np.array(times[name]), models[name]) for name in models}


def _turn(model, rows, labels, right, a, b):
    for i in range(a, b):
        right[i] = model.predict_one(rows[i]) == labels[i]
        model.learn_one(rows[i], labels[i])
    right[0] = False


def size_of(model):
    """Bytes of a model: as it states them, or of its pickle."""
    if hasattr(model, "nbytes"):
        return float(model.nbytes())
    try:
        return float(len(pickle.dumps(model)))
    except Exception:  # lambdas and the like inside a peer
        return float("nan")


def run(plan, only=None, tell=None):
    """All streams; a dict for JSON.

    Parameters
    ----------
    plan : Plan
    only : str, optional
        Names of streams, with commas between.
    tell : callable, optional
        Gets a line of text where a stream is done.
    """
    names = streams.pick(only)
    if plan.quick and only is None:
        names = [n for n in names if n in plan.streams]
    everybody = _everybody()
    return measured(plan, names, lambda name: everybody, tell)


def _everybody():
    return stream_learners.of_ours() + stream_learners.of_numpy() + stream_learners.of_river()


def methods(name):
    """Names of the rows of a stream."""
    return [one.name for one in _everybody()]


def measured(plan, names, learners_of, tell=None):
    """Streams with the learners that each of them has; a dict for JSON.

    Parameters
    ----------
    plan : Plan
    names : list of str
    learners_of : callable
        Name of a stream -> list of Learner; the first is the headline.
    tell : callable, optional
        As for :func:`run`.
    """
    results = Results()
    curves: dict = {}
    slow: dict[str, bool] = {}
    headline = ""
    for name in names:
        everybody = learners_of(name)
        headline = everybody[0].name
        everybody = [one for one in everybody if plan.takes(one.name)]
        if not everybody:  # of the methods asked for this stream has none
            continue
        for seed in plan.seeds:
            first = seed == plan.seeds[0]
            learners = [one for one in everybody if first or not one.slow]
            place = seed - plan.seeds[0] if streams.SOURCES[name].stored else seed
            stream = streams.load(name, place, plan.length).head(plan.most)
            found = prequential(learners, stream, seed)
            _keep(results, name, seed, stream, found)
            if first:
                curves[name] = {
                    "switches": list(stream.switches), "block": BLOCK,
                    "learners": {n: _by_block(f[0]).tolist() for n, f in found.items()},
                }  # fmt: skip
        slow |= {one.name: True for one in everybody if one.slow}
        if tell is not None:
            tell(_line(results, name, everybody))
    _remark(results, plan, names, slow)
    found = compare(results, "accuracy", headline, pairs=_block_pairs(results))
    return {"headline": headline, "results": results, "comparisons": found, "curves": curves}


def _remark(results, plan, names, slow):
    """What the reader must know."""
    if slow and len(plan.seeds) > 1:
        results.note(f"one seed for the slow: {', '.join(slow)}; {len(plan.seeds)} for the others")
    results.note(
        f"paired tests on blocks of {BLOCK} samples of common seeds, corrected by Holm within a "
        "stream: they speak of these streams, not of others"
    )
    apart = [name for name in names if streams.SOURCES[name].held_out]
    if apart:
        results.note(f"no setting of ours was chosen on {', '.join(apart)}")
    told = [name for name in names if not streams.SOURCES[name].held_out]
    if told:
        results.note(
            f"settings of ours were chosen on other draws of {', '.join(told)}; of those that are "
            "bundled there is only one"
        )


def _keep(results, name, seed, stream, found):
    for learner, (right, times, model) in found.items():
        results.add(name, learner, "accuracy", seed, right.mean())
        results.add(name, learner, "samples/s", seed, 1 / max(float(np.median(times)), 1e-9))
        results.add(name, learner, "MB", seed, size_of(model) * 1e-6)
        results.blocks.setdefault((name, learner), {})[seed] = _by_block(right)
        if stream.returns:
            back = [right[s : s + AFTER].mean() for s in stream.returns]
            results.add(name, learner, f"first {AFTER} after return", seed, np.mean(back))


def _by_block(right):
    whole = len(right) // BLOCK * BLOCK or len(right)
    return right[:whole].reshape(-1, min(BLOCK, whole)).mean(axis=1)


def _block_pairs(results):
    def pairs(data, ours, peer):
        a, b = results.blocks[data, ours], results.blocks[data, peer]
        common = [seed for seed in a if seed in b]
        return tuple(np.concatenate([some[s] for s in common]) for some in (a, b))

    return pairs


def _line(results, name, learners):
    rated = [(results.mean(name, one.name, "accuracy"), one.name) for one in learners]
    ours = [pair for pair in rated if pair[1].startswith("growgraph")]
    best = max((pair for pair in rated if pair not in ours), default=None)
    told = ([ours[0]] if ours else []) + ([(best[0], f"best peer {best[1]}")] if best else [])
    return f"{name}: " + ", ".join(f"{who} {value:.4f}" for value, who in told)
