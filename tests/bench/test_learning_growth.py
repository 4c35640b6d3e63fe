"""The growth protocol: late classes, labels that contradict or say nothing, tension led astray."""

import numpy as np
import pytest

from growgraph.bench import peers as installed
from growgraph.bench.learning import bench, growth, growth_learners, material, ours, picture, report
from growgraph.bench.learning.plan import Plan
from growgraph.bench.learning.results import Results

PLAN = Plan(seeds=(101,), rows=120, shuffles=1, quick=True)
SHAPE = (8, 8)


@pytest.fixture(scope="module")
def digits():
    return material.split("digits", 101, 800)


def model(learning="evidence"):
    return ours.Grown(random_state=0, image_shape=SHAPE, learning=learning)


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
@pytest.mark.parametrize("label", [3, 8])
def test_a_late_class_soon_has_nodes_of_its_own(digits, learning, label):
    told = growth.late_class(model(learning), *digits, label)
    assert told["late class: own node after"] == 1
    assert told["late class: own aspect after"] <= growth.LATE
    assert told["late class: accuracy"] > 0.35  # of ten samples; chance is .1, untold it is 0
    assert told["the others: accuracy"] > 0.95


def test_a_class_without_nodes_of_its_own_is_told(digits):
    class Deaf(ours.Grown):
        def learn(self, X, y):
            if len(X) > 1:
                super().learn(X, y)

    told = growth.late_class(Deaf(image_shape=SHAPE), *digits, 3)
    assert told["late class: own node after"] == growth.LATE + 1
    assert told["late class: accuracy"] == 0


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
def test_consistent_patterns_survive_contradictory_ones(digits, learning):
    told = growth.contradicted(model(learning), np.random.default_rng(0), *digits)
    assert told["contradicted: accuracy"] > 0.95
    assert told["contradicted: consistent rows"] > 0.97


@pytest.mark.parametrize("learning", ["evidence", "resonance"])
def test_shuffled_labels_leave_no_trace(digits, learning):
    told = growth.shuffled(model(learning), np.random.default_rng(0), *digits)
    assert told["shuffled: accuracy"] < 0.2
    assert told["shuffled: confidence"] < 0.2  # it knows nothing and says so


def test_tension_led_astray_changes_where_growth_happens(digits):
    X, y, _, _ = digits
    whole, again = (growth.taught(model("resonance"), X, y) for _ in range(2))
    astray = growth_learners.TensionShuffled(0, image_shape=SHAPE, learning="resonance")
    growth.taught(astray, X, y)
    born = growth.births(whole.model)
    assert born == growth.births(again.model)
    assert len(born) > 50
    other = growth.births(astray.model)
    assert len(other) > 50
    assert len(born & other) < 0.2 * len(born)
    places = [np.sort(m.model.knowledge()["aspects"]).tolist() for m in (whole, astray)]
    assert places[0] != places[1]


def test_frozen_growth_stops_where_it_was(digits):
    X, y, _, _ = digits
    order = material.by_class(y, 0)
    rows = {one.name: one for one in growth_learners.of_images(SHAPE)}
    nodes = {}
    for name in ("growgraph", "growgraph, growth frozen", "growgraph, prenatal only"):
        told = growth.taught(rows[name].make(0, X[order], y[order]), X[order], y[order])
        nodes[name] = told.model.graph_.n_nodes
    assert nodes["growgraph, prenatal only"] < nodes["growgraph, growth frozen"]
    assert nodes["growgraph, growth frozen"] < nodes["growgraph"]


def test_answers_by_the_readout_alone_are_those_without_voices(digits):
    X, y, X_test, y_test = digits
    alone = growth.taught(growth_learners.ReadoutAlone(random_state=0, image_shape=SHAPE), X, y)
    core = alone.model._answering()
    graph = core.graph.copy()
    heard = core.concepts.resonances.shape[1]
    for output in core.concepts.outputs.tolist():
        weights = graph.weights(output).copy()
        weights[:heard] = 0
        graph.set_weights(output, weights)
    values = core.sense.values(graph, core.sense.read(X_test))
    said = graph.forward(values, inputs=core.sense.inputs(graph), outputs=core.concepts.outputs)
    same = np.array(core.classes)[said.argmax(axis=1)] == alone.predict(X_test)
    assert same.mean() > 0.995  # rounding decides the closest
    assert (alone.predict(X_test) == y_test).mean() > 0.9


def test_growth_of_wine_and_its_picture():
    found = bench.run("growth", PLAN, "wine")
    told = {(c["learner"], c["measure"]): c["mean"] for c in found["cells"]}
    assert told["growgraph", "accuracy"] > 0.8
    assert told["growgraph", "nodes"] > told["growgraph, prenatal only", "nodes"]
    assert told["growgraph", "written"] == 1
    assert ("growgraph, no readout", "written") not in told
    assert picture.draw(found).startswith(b"\x89PNG")
    assert "| wine | accuracy |" in report.markdown(found)


def test_growth_refuses_and_leaves_out_what_is_not_there(monkeypatch):
    monkeypatch.setattr(installed, "version", lambda name: None)
    with pytest.raises(ValueError, match="nobody is no data set"):
        bench.check("growth", "nobody")
    with pytest.raises(ValueError, match="pip install"):
        bench.check("growth", growth.STREAM)
    found = bench.run("growth", PLAN, f"wine,{growth.STREAM}")
    assert f"{growth.STREAM} left out: river is not installed" in found["notes"]


def test_the_gate_saves_writes_only_with_intention(digits):
    X, y, X_test, y_test = digits
    twice = np.tile(np.arange(len(y)), 2)  # the gate acts from the 5000th row on
    results = Results()
    growth._gate(results, "moved", 101, SHAPE, X[twice], y[twice], X_test, y_test)
    told = {(c["learner"], c["measure"]): c["mean"] for c in results.cells()}
    assert len(told) == 8
    assert told["growgraph, intention False", "written"] == 1
    assert told["growgraph, intention False", "written in order"] == 1
    assert told["growgraph", "written"] < 0.98
    assert told["growgraph", "written"] < told["growgraph", "written in order"]
    assert min(value for (_, what), value in told.items() if "accuracy" in what) > 0.9


def test_moved_images_are_whole():
    images = np.arange(18).reshape(2, 9)
    rows, labels = growth.moved(images, np.array([4, 5]), (3, 3))
    assert labels.tolist() == [4, 5] * 5
    assert (np.sort(rows, axis=1) == np.sort(np.tile(images, (5, 1)), axis=1)).all()
    assert len(np.unique(rows, axis=0)) == 10
