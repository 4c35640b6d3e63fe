"""Tables of more inputs than recursive readouts hear: these hear the first, at a bounded cost."""

import numpy as np
import pytest

from growgraph import ResoNet
from growgraph.kernels import council
from tests.models.groves import check_groves
from tests.models.material import differences, part
from tests.models.test_stream_law import interrupted, of_graph

HEARD = 128


def wide(n=420, seed=0):
    """Three numbers and three columns of 60 categories: more than 128 inputs are born."""
    rng = np.random.default_rng(seed)
    X = {f"n{i}": rng.standard_normal(n) for i in range(3)}
    X |= {f"c{j}": np.array([f"k{v}" for v in rng.integers(0, 60, n)], object) for j in range(3)}
    return X, np.where(X["n0"] > 0, "up", np.where(np.arange(n) > 300, "late", "down"))


@pytest.fixture(scope="module")
def model():
    X, y = wide()
    return ResoNet(replay=60).fit(X, y)


def test_readouts_hear_the_first_inputs(model):
    core, C = model._core, model._core.council
    assert core.graph.inputs.size > HEARD + 40
    assert C.A.shape == (2, HEARD + 1, HEARD + 1)
    assert C.B.shape == (2, HEARD + 1, 3)
    for readout in C.readouts.ravel().tolist():
        sources = core.graph.sources(readout)[0]
        np.testing.assert_array_equal(sources, core.graph.inputs[:HEARD])
    prototype = int(C.concepts[0, 0])
    assert core.graph.sources(prototype)[0].size == core.graph.inputs.size
    assert (C.prior[[council.RECENT, council.LASTING]] > 0).all()


def test_the_graph_says_what_the_council_says(model):
    core = model._answering()
    rows = core.sense.read(wide(seed=1)[0])
    said = core.scores(rows)
    np.testing.assert_allclose(of_graph(core.graph, core, rows, core.answering), said, atol=1e-5)


def test_cuts_and_files_change_no_bit(model, tmp_path):
    X, y = wide()
    bounds = [0, 64, 100, 101, 180, 301, 420]
    cut = bounds, ["state", "file", "", "pickle", "predict", ""]
    assert differences(interrupted(X, y, cut, tmp_path, replay=60), model) == []
    check_groves(model._core)
    model.graph_.check()


@pytest.mark.parametrize("d", [HEARD, HEARD + 1])
def test_a_table_that_is_born_wide_has_no_readouts(d):
    X = np.random.default_rng(0).standard_normal((70, d))
    C = ResoNet(replay=0).fit(X, np.arange(70) % 2)._core.council
    heard = d if d <= HEARD else 0
    assert C.A.shape == (2, heard + 1, heard + 1)
    assert (C.prior[council.LASTING] > 0) == (heard > 0)


def test_readouts_that_hear_what_is_no_input_are_refused(model):
    for heard in (HEARD - 1, HEARD + 1, 300):
        state = model.to_state()
        arrays = state["arrays"]
        arrays["council/A"] = np.tile(np.eye(heard + 1), (2, 1, 1))
        arrays["council/B"] = np.zeros((2, heard + 1, 3))
        arrays["council/asleep"] = np.zeros((council.GROVES, heard + 1, 3))
        with pytest.raises(ValueError, match="readouts h"):
            ResoNet.from_state(state)


def test_a_part_of_a_wide_stream_is_learnt_alone(model):
    X, y = wide()
    core = ResoNet(replay=60).fit(part(X, 0, 90), y[:90])._core
    assert core.council.A.shape[1] == min(core.graph.inputs.size, HEARD) + 1
