"""What a model tells of its growth: outcomes in the log, the limit of the log."""

import re

import numpy as np
import pytest

from growgraph import GrowthController, ResoNet
from growgraph.errors import GraphError
from growgraph.graph.check import same_structure
from growgraph.models import _saved
from growgraph.models._resonet import core as _core
from tests.models.material import SHAPE, differences, digits


def aspects(model):
    """The log's births of aspects, one row a growth of a class."""
    told = model.growth_log_.table()
    told = told[(told["rule"] == "Aspect") & (told["operation"] == "node")]
    first = np.unique(told[["cause_node", "step"]], return_index=True)[1]
    return told[np.sort(first)]


@pytest.mark.parametrize("patience", [1, 2, 5])
def test_what_became_of_an_aspect_is_told_after_patience_samples_of_its_class(patience):
    X, y, _, _ = digits()
    model, shares = ResoNet(image_shape=SHAPE, patience=patience), {}
    for i in range(120):  # one sample at a time: the share after each is seen from outside
        model.partial_fit(X[i : i + 1], y[i : i + 1])
        concepts = model._core.concepts
        c = model._core.classes.index(y[i])
        count = int(concepts.counts[c])
        if count > 1:
            shares[int(concepts.outputs[c]), count] = np.float32(concepts.unexplained(c))
    awaited = {(int(concepts.outputs[int(c)]), int(n)) for c, n in concepts.pending[:, :2]}
    told = aspects(model)
    due = told["lasted"] + patience
    known = [(int(c), int(n)) in shares for c, n in zip(told["cause_node"], due)]
    assert 10 < sum(known) <= len(told)
    for row, when, there in zip(told, due, known):
        if not there:
            assert (int(row["cause_node"]), int(when)) in awaited
            assert np.isnan(row["realised"])
            assert row["paid_off"] == -1
            continue
        assert row["tension"] == shares[int(row["cause_node"]), int(row["lasted"])]
        assert row["realised"] == shares[int(row["cause_node"]), int(when)]
        assert row["paid_off"] == (row["realised"] < row["tension"])
    assert np.isnan(told["after"]).all()  # a share of many samples is not there at once
    assert set(model.growth_log_.table()["paid_off"]) <= {-1, 0, 1}


def test_outcomes_do_not_depend_on_how_the_stream_is_cut_or_kept():
    X, y, _, _ = digits()
    whole = ResoNet(image_shape=SHAPE, patience=3).fit(X[:90], y[:90])
    model = ResoNet(image_shape=SHAPE, patience=3)
    for a, b in zip([0, 20, 33, 34, 60], [20, 33, 34, 60, 90]):
        model.partial_fit(X[a:b], y[a:b])
        model = ResoNet.from_state(model.to_state())
    assert len(whole._core.concepts.pending) > 0  # the cut falls where outcomes are awaited
    assert differences(model, whole) == []


@pytest.fixture
def short_log(monkeypatch):
    """Models whose log holds 60 events."""
    for module in (_core, _saved):
        monkeypatch.setattr(
            module, "GrowthController", lambda *a, **o: GrowthController(*a, log_limit=60, **o)
        )


def test_a_model_keeps_its_log_within_the_limit(short_log):
    X, y, _, _ = digits()
    model = ResoNet(image_shape=SHAPE).fit(X[:90], y[:90])
    log = model.growth_log_
    assert log.folded > 0
    assert len(log) <= 60
    assert same_structure(log.replay(), model.graph_)
    elder = int(model.graph_.groups["classes"][0])
    assert re.search(r"was grown by NewClass from \d+ nodes because of a label", log.why(elder))
    with pytest.raises(GraphError, match="older events were folded away"):
        log.birth(elder)
    told = [str(model.explain(x)) for x in X[:30]]
    assert not any("folded away" in text for text in told)
    pieces = ResoNet(image_shape=SHAPE)
    for a, b in zip([0, 20, 21, 60], [20, 21, 60, 90]):
        pieces.partial_fit(X[a:b], y[a:b])
        pieces = ResoNet.from_state(pieces.to_state())
    assert differences(pieces, model) == []
