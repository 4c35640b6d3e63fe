"""The stream protocol: what is asked when, where the concept switches."""

import numpy as np
import pytest

from growgraph.bench.learning import stream, stream_learners, streams
from growgraph.bench.learning.plan import Plan
from growgraph.bench.learning.streams import Stream


class Memory:
    """Answers with the label of the last sample, and writes down what it is asked."""

    def __init__(self):
        self.calls, self.last = [], None

    @staticmethod
    def number(x):
        return x["a"] if isinstance(x, dict) else float(np.ravel(x)[0])

    def predict_one(self, x):
        self.calls.append(("ask", self.number(x)))
        return self.last

    def learn_one(self, x, label):
        self.calls.append(("learn", self.number(x), label))
        self.last = label

    def nbytes(self):
        return 2e6


def toy(labels=(0, 0, 1, 1, 0)):
    X = np.arange(float(len(labels)))[:, None]
    return Stream(X, np.array(labels), ["a"], switches=(2,), returns=(4,))


def learner(name="memory", door="array", slow=False):
    return stream_learners.Learner(name, lambda d, seed: Memory(), door, slow)


def test_each_sample_is_asked_before_it_is_learnt():
    right, times, model = stream.prequential([learner()], toy(), seed=0, block=2)["memory"]
    assert right.tolist() == [False, True, False, True, False]
    assert len(times) == 3
    wanted = [("ask", 0), ("learn", 0, 0), ("ask", 1), ("learn", 1, 0)]
    assert [tuple(c) for c in model.calls[:4]] == wanted


def test_the_first_sample_counts_as_wrong():
    knowing = learner()
    object.__setattr__(knowing, "make", lambda d, seed: _told(Memory()))
    right, _, _ = stream.prequential([knowing], toy(), seed=0)["memory"]
    assert not right[0]


def _told(model):
    model.last = 0
    return model


def test_doors(monkeypatch):
    seen = {}

    class Looks(Memory):
        def __init__(self, door):
            super().__init__()
            self.door = door

        def predict_one(self, x):
            seen[self.door] = x

        def learn_one(self, x, label):
            pass

    made = [stream_learners.Learner(d, lambda n, seed, d=d: Looks(d), d) for d in ("array", "dict")]
    stream.prequential(made, toy(), seed=0)
    assert seen["array"].tolist() == [[4.0]]
    assert seen["dict"] == {"a": 4.0}


def test_blocks_are_means_of_the_answers():
    right = np.arange(600) % 2 == 0
    assert stream._by_block(right).tolist() == [0.5, 0.5]


def test_head_keeps_the_switches_that_are_left():
    cut = toy().head(3)
    assert (cut.switches, cut.returns, len(cut.y)) == ((2,), (), 3)


def test_labels_are_numbered_by_arrival():
    assert streams._by_arrival(np.array(["b", "a", "b", "c"])).tolist() == [0, 1, 0, 2]


def run(monkeypatch, names=("toy",), plan=None, tell=None):
    """The whole protocol on toys, without river."""
    source = streams.Source(None, held_out=True)
    monkeypatch.setattr(streams, "SOURCES", dict.fromkeys(names, source))
    monkeypatch.setattr(streams, "load", lambda name, seed, length: toy((0, 1) * 500))
    mine = learner("growgraph")
    monkeypatch.setattr(stream_learners, "of_ours", lambda: [mine])
    monkeypatch.setattr(stream_learners, "of_numpy", lambda: [learner("peer")])
    monkeypatch.setattr(stream_learners, "of_river", lambda: [learner("forest", "dict", True)])
    return stream.run(plan or Plan(), tell=tell)


def test_slow_peers_get_one_seed_and_that_is_said(monkeypatch):
    found = run(monkeypatch)
    results = found["results"]
    assert len(results.seeds("toy", "growgraph", "accuracy")) == 3
    assert len(results.seeds("toy", "forest", "accuracy")) == 1
    assert any("one seed for the slow: forest; 3 for" in note for note in results.notes)
    pairs = {c["peer"]: c["pairs"] for c in found["comparisons"]}
    assert pairs == {"peer": 12, "forest": 4}  # blocks of 250 of 1000 samples, common seeds
    assert results.mean("toy", "growgraph", "MB") == 2
    assert results.mean("toy", "growgraph", "first 100 after return") == 0


def test_rows_asked_for_are_measured_alone(monkeypatch):
    told = []
    found = run(monkeypatch, plan=Plan(methods=("peer",)), tell=told.append)
    assert {who for _, who, _ in found["results"].values} == {"peer"}
    assert (found["headline"], found["comparisons"]) == ("growgraph", [])
    assert told == ["toy: best peer peer 0.0000"]
    nothing = run(monkeypatch, plan=Plan(methods=("nobody",)))
    assert not nothing["results"].values


def test_what_was_never_tuned_on_is_named(monkeypatch):
    assert any("chosen on toy" in note for note in run(monkeypatch)["results"].notes)


def test_replay_learns_each_sample_and_one_kept():
    model = stream_learners.Replayed(Memory(), seed=0)
    for i in range(5):
        model.learn_one([float(i)], i)
    learnt = [call[1:] for call in model.model.calls]
    assert learnt[0] == (0.0, 0)
    assert len(learnt) == 9
    assert all(x < i + 1 and x == label for i, (x, label) in enumerate(learnt[2::2]))


# ---- river's streams ----------------------------------------------------------------------------
def test_drift_lies_at_the_quarters():
    pytest.importorskip("river")
    sea = streams.load("SEA", 5, length=400)
    assert sea.switches == (100, 200, 300)
    assert sea.returns == ()
    back = streams.load("AgrawalReturns", 5, length=400)
    assert back.returns == (200, 300)
    assert streams.load("Waveform", 5, length=400).switches == ()


def test_each_part_obeys_its_concept():
    pytest.importorskip("river")
    from river.datasets import synth

    sine = streams.load("Sine", 5, length=80)
    for part in range(4):
        maker = synth.Sine(classification_function=part, seed=5 + 10 * part)
        expected = [list(x.values()) for x, _ in maker.take(20)]
        assert sine.X[20 * part : 20 * (part + 1)].tolist() == expected


def test_files_come_in_their_sequence_or_shuffled():
    pytest.importorskip("river")
    a, b, c = (streams.load("Phishing", seed) for seed in (0, 1, 1))
    assert a.X.shape == (1250, 9)
    assert (b.X == c.X).all()
    assert (a.X != b.X).any()
    assert sorted(a.X.sum(axis=1)) == pytest.approx(sorted(b.X.sum(axis=1)))
    assert next(iter(a.dicts())) == dict(zip(a.columns, a.X[0]))


def test_unknown_streams_are_refused():
    with pytest.raises(ValueError, match="nobody is no stream"):
        streams.pick("SEA,nobody")
