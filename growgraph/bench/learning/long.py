"""The stream protocol on streams of 50,000 samples, with the strongest of the quicker peers."""

from dataclasses import replace

from growgraph.bench.learning import stream, stream_learners, streams

LENGTH = 50_000
# the two or three strongest peers at 8000 samples that take less than two minutes a stream
PEERS = {
    "SEA": ("recursive ridge", "ARF", "logistic regression"),
    "Agrawal": ("recursive ridge", "ARF", "leveraging bagging"),
    "RBFDrift": ("recursive ridge", "kNN, window 1000"),
    "LED": ("recursive ridge", "logistic regression"),
    "Mixed": ("ARF", "HAT"),
    "Sine": ("ARF", "HAT"),
    "Hyperplane": ("HAT", "Gaussian NB", "logistic regression"),
}
KNOWN = tuple(PEERS)


def _learners_of(name):
    peers = stream_learners.of_numpy() + stream_learners.of_river()
    return stream_learners.in_calls() + [one for one in peers if one.name in PEERS[name]]


def methods(name):
    """Names of the rows of a stream."""
    return [one.name for one in _learners_of(name)]


def run(plan, only=None, tell=None):
    """All streams; a dict for JSON. See :func:`growgraph.bench.learning.bench.run`."""
    names = streams.pick(only, KNOWN)
    if plan.quick and only is None:
        names = [name for name in names if name in plan.streams]
    if not plan.quick:
        plan = replace(plan, length=LENGTH, seeds=plan.seeds[:1])
    found = stream.measured(plan, names, _learners_of, tell)
    found["results"].note("one seed")
    found["results"].note(
        "peers: of each stream the two or three strongest at 8000 samples that take less "
        "than two minutes; random patches (SRP), second on Agrawal and first on LED, take longer"
    )
    found["results"].note(
        f"ours is learnt in calls of {stream_learners.Row.CALL} rows and tells how many it "
        "answered rightly before it learnt them; the peers are asked and taught sample by sample, "
        "so speeds are not of the same work"
    )
    return found | {"curves": {}}
