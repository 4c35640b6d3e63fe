"""A wrong model file is refused in one line before compiled code reads by it."""

import copy

import numpy as np
import pytest
from sklearn.datasets import load_iris

from growgraph import GrowthLog, ResoNet, io
from growgraph.errors import FileFormatError
from growgraph.kernels import _handle as h
from tests.models.material import differences, grown


@pytest.fixture(scope="module")
def model():
    X, y = load_iris(return_X_y=True)
    rows = np.random.default_rng(0).permutation(150)[:100]
    return ResoNet().fit(X[rows], y[rows])


class Forged:
    """Anything with a state can be saved, so a file with a valid seal can say anything."""

    def __init__(self, state):
        self.state = state

    def to_state(self):
        return self.state


Forged.__name__ = "ResoNet"


def put(at, value):
    def change(a):
        a = a.copy()
        a[at] = value
        return a

    return change


WRONG = [
    ("concepts/win", lambda a: a + 10**9),
    ("concepts/win", lambda a: a - 10**9),
    ("concepts/win", lambda a: a.astype(np.int32)),
    ("concepts/win", lambda a: a.ravel()),
    ("concepts/win", lambda a: a[:, :-1]),
    ("concepts/floor", lambda a: a[:0]),
    ("concepts/prototypes", lambda a: a + 10**6),
    ("concepts/prototypes", lambda a: a[:-1]),
    ("concepts/prototypes", lambda a: np.zeros_like(a)),
    ("concepts/resonances", lambda a: a - 10**6),
    ("concepts/outputs", lambda a: a + 10**6),
    ("concepts/outputs", lambda a: a[::-1].copy()),
    ("concepts/aspects", lambda a: a + 10**6),
    ("concepts/aspects", lambda a: a[:, :, :1]),
    ("concepts/aspects", put((0, 0, 0), 0)),
    ("concepts/k", lambda a: a + 10**7),
    ("concepts/k", lambda a: a - 10**7),
    ("concepts/counts", lambda a: -a - 1),
    ("concepts/size", lambda a: a[:1]),
    ("concepts/R", lambda a: a * np.nan),
    ("concepts/met", lambda a: a.astype(np.float32)),
    ("concepts/pending", lambda a: np.full((1, 5), 10.0**9)),
    ("concepts/pending", lambda a: np.array([[0, 1, 0, 10.0**9, 0]])),
    ("evidence/A", lambda a: np.zeros((1, 1))),
    ("evidence/A", put(0, np.nan)),
    ("evidence/A", lambda a: a.astype(np.float64)),
    ("evidence/lost", lambda a: a[:-1]),
    ("evidence/held", lambda a: a[:-1]),
    ("evidence/held", lambda a: a[:, :-1].copy()),
    ("ctl", put(5, 32)),
    ("evidence/B", lambda a: a[:, :-1]),
    ("evidence/W", lambda a: a[:-1]),
    ("record/right_by", lambda a: a[:3]),
    ("record/count_by", lambda a: a[:3]),
    ("record/scales", lambda a: a.T.copy()),
    ("ctl", lambda a: a - 10**9),
    ("ctl", lambda a: a[:1]),
    ("par", lambda a: a * np.nan),
    ("par", lambda a: a[:-1]),
    ("par", lambda a: a + 10**6),
    ("recent", lambda a: a[:-1]),
    ("tally", lambda a: a[:-1]),
    ("curve", lambda a: a.ravel()),
    ("graph/group/parts", lambda a: a[:1]),
    ("graph/group/evidence", lambda a: a[:-1]),
    ("graph/group/classes", lambda a: a[:-1]),
    ("graph/nxt", lambda a: a + 10**6),
]


@pytest.mark.parametrize(("name", "change"), WRONG)
def test_a_wrong_array_is_refused(model, name, change, tmp_path):
    state = model.to_state()
    state["arrays"][name] = change(state["arrays"][name])
    with pytest.raises(ValueError, match=r"^[^\n]+$"):  # GraphError is one
        ResoNet.from_state(state)
    _refused(state, tmp_path)


def _refused(state, tmp_path):
    io.save(Forged(state), tmp_path / "model.npz")
    with pytest.raises(FileFormatError) as caught:
        io.load(tmp_path / "model.npz")
    assert "\n" not in str(caught.value)


PATCHES = [
    ("graph/group/patch_in", lambda a: a[:-1]),
    ("graph/group/patch_in", lambda a: np.resize(a, 40)),
    ("graph/group/patch", lambda a: a[:-1]),
    ("graph/group/patch", lambda a: a + 10**6),
    ("graph/act", lambda a: np.zeros_like(a)),
]


@pytest.mark.parametrize(("name", "change"), PATCHES)
def test_a_wrong_retina_is_refused(name, change, tmp_path):
    state = grown().to_state()
    state["arrays"][name] = change(state["arrays"][name])
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        ResoNet.from_state(state)
    _refused(state, tmp_path)


@pytest.mark.parametrize(
    ("column", "value"),
    [(h.EV_OP, 99), (h.EV_NODE, 10**6), (h.EV_A, 77), (h.EV_FLAG, 9),
     (h.EV_CTX + h.CTX_RULE, 9999), (h.EV_CTX + h.CTX_CAUSE, -1)],
)  # fmt: skip
def test_births_of_no_nodes_are_refused(model, tmp_path, column, value):
    """Those a folded log goes on telling."""
    folded = copy.deepcopy(model)
    GrowthLog(folded._core.graph).fold(20)
    assert differences(ResoNet.from_state(folded.to_state()), folded) == []
    state = folded.to_state()
    (name,) = (n for n in state["arrays"] if n.endswith("base/elders"))
    state["arrays"][name] = put((3, column), value)(state["arrays"][name])
    _refused(state, tmp_path)
    state["arrays"][name] = np.repeat(folded.to_state()["arrays"][name], 2, axis=0)
    _refused(state, tmp_path)
    state = folded.to_state()
    del state["arrays"][f"{name}_felt"]
    _refused(state, tmp_path)


def test_a_missing_array_is_refused(model, tmp_path):
    for name in ("concepts/k", "evidence/B", "record/scales", "ctl", "graph/group/parts"):
        state = model.to_state()
        del state["arrays"][name]
        _refused(state, tmp_path)


def test_a_class_more_or_less_is_refused(model, tmp_path):
    for arrived in ([], model._core.classes[:-1], [*model._core.classes, 9]):
        state = model.to_state()
        state["plain"]["arrived"] = arrived
        _refused(state, tmp_path)


def test_what_was_learnt_passes(model, tmp_path):
    io.save(model, tmp_path / "model.npz")
    assert differences(io.load(tmp_path / "model.npz"), model) == []


def test_an_infant_passes(tmp_path):
    X, y = load_iris(return_X_y=True)
    infant = ResoNet().partial_fit(X[:20], y[:20])
    io.save(infant, tmp_path / "model.npz")
    assert differences(io.load(tmp_path / "model.npz"), infant) == []


def test_a_table_of_categories_alone_passes():
    X = {"kind": np.array(["a", "b"] * 40, object)}
    model = ResoNet().partial_fit(X, np.array([0, 1] * 40))
    assert differences(ResoNet.from_state(model.to_state()), model) == []
