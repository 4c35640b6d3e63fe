"""A wrong file of a stream's learner is refused before its kernels follow what it says."""

import numpy as np
import pytest

from growgraph import ResoNet
from growgraph.kernels import council
from growgraph.kernels import prototype as p
from growgraph.kernels import question as q
from growgraph.models._resonet.council import Council
from tests.models.material import differences, part
from tests.models.test_hostile import _refused, put
from tests.models.test_stream_law import stream


@pytest.fixture(scope="module")
def model():
    X, y = stream()
    return ResoNet(replay=80).fit(X, y)


def ctl(name, value):
    return "ctl", put(getattr(council, name), value)


def plan(column, value):
    return "plan", put((1, column), value)


def asking(a):
    """The place of the first of a grove's units, or nodes, that is no -1."""
    return 1, int(np.flatnonzero(a[1] >= 0)[0])


def inner(value):
    """Change what the first node that asks says is below it."""

    def change(node):
        node = node.copy()
        v = int(np.flatnonzero(node[1, q.KID] >= 0)[-1])
        node[1, q.KID, v] = node[1, q.KID, v] + value if abs(value) < 1000 else value
        return node

    return change


def in_place(row, value):
    """Change what stands at a sample in the middle of its leaf's list."""

    def change(place):
        place = place.copy()
        s = int(np.flatnonzero((place[1, :, 0] >= 0).all(axis=0))[0])
        place[1, row, 0, s] = s if value is None else value
        return place

    return change


def bump(at):
    def change(a):
        a = a.copy()
        a[at(a) if callable(at) else at] += 1
        return a

    return change


SHAPES = ("ctl", "plan", "node", "up", "free", "leaf", "place", "units", "votes", "ring", "labels",
          "concepts", "sums", "traits", "owner", "A", "B", "readouts", "weight", "prior", "past",
          "said", "edge", "counts", "seen", "order", "shares", "tops", "told", "kept",
          "right", "asleep")  # fmt: skip
FLOATS = ("traits", "A", "B", "weight", "prior", "said", "order", "ring")
WRONG = [
    *((name, lambda a: a[..., :-1].copy()) for name in SHAPES),
    *((name, lambda a: a[None].copy()) for name in SHAPES),
    *((name, lambda a: a.astype(np.complex64)) for name in SHAPES),
    *((name, lambda a: a * np.nan) for name in FLOATS),
    *((name, lambda a: a[:-1].copy()) for name in SHAPES),
    ctl("AT", 1), ctl("PART", 1), ctl("PART", 3), ctl("N", 0), ctl("N", 10**9), ctl("BEGAN", -600),
    ctl("CONCEPTS", 10**6), ctl("CONCEPTS", -1), ctl("CONCEPTS", 0), ctl("EPOCH", 10**9),
    ctl("EVENTS", -1), ctl("FULL", 2),
    plan(q.TREES, 17), plan(q.TREES, -1), plan(q.TREES, 0), plan(q.SPAN, 81), plan(q.SPAN, 0),
    plan(q.LEAST, 0), plan(q.FREE, -1), plan(q.FREE, 10**6), plan(q.UNBORN, -4), plan(q.UNBORN, 1),
    ("node", inner(1)), ("node", inner(-1)), ("node", inner(10**6)), ("node", inner(-(10**6))),
    ("node", lambda a: np.where(np.arange(4)[None, :, None] == q.COUNT, -a, a).astype(a.dtype)),
    ("node", lambda a: np.where(np.arange(4)[None, :, None] == q.HEAD, 79, a).astype(a.dtype)),
    ("node", lambda a: np.where(np.arange(4)[None, :, None] == q.HEAD, -1, a).astype(a.dtype)),
    ("node", lambda a: np.where(np.arange(4)[None, :, None] == q.HEAD, 10**6, a).astype(a.dtype)),
    ("node", lambda a: np.where(np.arange(4)[None, :, None] == q.KID, 0, a).astype(a.dtype)),
    ("node", put((1, q.COUNT, 0), 3)), ("node", put((0, q.HEAD, q.ROOTS - 1), 3)),
    ("up", lambda a: a + 10**6), ("up", lambda a: np.zeros_like(a)), ("up", bump(asking)),
    ("up", lambda a: np.full_like(a, -1)),
    ("free", lambda a: a + 10**6), ("free", lambda a: a - 10**6), ("free", np.zeros_like),
    ("leaf", bump((0, 0, 0))), ("leaf", lambda a: a + 1), ("leaf", lambda a: -a),
    ("place", in_place(q.LEAF, 10**6)), ("place", in_place(q.LEAF, -7)),
    ("place", in_place(q.LEAF, -1)), ("place", in_place(q.LEAF, 0)),
    ("place", in_place(q.NEXT, 10**6)), ("place", in_place(q.NEXT, -2)),
    ("place", in_place(q.NEXT, None)), ("place", in_place(q.PREV, None)),
    ("place", in_place(q.PREV, 80)), ("place", in_place(q.PREV, -1)),
    ("place", lambda a: np.zeros_like(a)), ("place", lambda a: np.full_like(a, -1)),
    ("units", lambda a: a + 10**6), ("units", lambda a: a[:, ::-1].copy()),
    ("units", lambda a: a[:, :, ::-1].copy()), ("units", lambda a: np.full_like(a, -1)),
    ("units", np.zeros_like), ("units", lambda a: a[::-1].copy()),
    ("votes", lambda a: a + 10**6), ("votes", lambda a: a[::-1].copy()), ("votes", np.zeros_like),
    ("labels", lambda a: a + 3), ("labels", lambda a: a - 10**6),
    ("labels", lambda a: (a + 1) % 3),
    ("concepts", lambda a: a + 1), ("concepts", lambda a: a[::-1].copy()),
    ("concepts", lambda a: a[:, ::-1].copy()), ("concepts", put((0, 0), -1)),
    ("concepts", put((0, 2), 10**6)), ("concepts", np.zeros_like),
    ("sums", lambda a: a + 10**6), ("sums", lambda a: a[::-1] * 0),
    ("owner", lambda a: a + 3), ("owner", lambda a: a - 1),
    ("traits", put((0, p.WIDTH), 0.0)), ("traits", put((0, p.WIDTH), -1.0)),
    ("readouts", lambda a: a - 10**6), ("readouts", lambda a: a * 0),
    ("prior", np.zeros_like), ("prior", put(council.STEADY, 0.0)),
    ("prior", put(council.RECENT, 0.0)),
    ("weight", np.zeros_like), ("weight", lambda a: -a), ("said", lambda a: a + 2),
    ("past", lambda a: a + 10**9), ("counts", lambda a: -a - 1), ("seen", lambda a: a + 10**9),
    ("shares", lambda a: a + 10**6),
]  # fmt: skip


@pytest.mark.parametrize(("name", "change"), WRONG)
def test_a_wrong_array_is_refused(model, name, change):
    state = model.to_state()
    held = state["arrays"][f"council/{name}"]
    state["arrays"][f"council/{name}"] = changed = np.ascontiguousarray(change(held))
    if (held.shape, held.dtype) == (changed.shape, changed.dtype):
        assert held.tobytes() != changed.tobytes(), "this case changes nothing"
    with pytest.raises(ValueError, match=r"^[^\n]+$"):  # GraphError is one
        ResoNet.from_state(state)


def test_a_wrong_graph_is_refused(model, tmp_path):
    for name in ("group/one", "group/answers"):
        state = model.to_state()
        state["arrays"][f"graph/{name}"] = state["arrays"][f"graph/{name}"][:0]
        _refused(state, tmp_path)


def test_questions_that_read_no_input_are_refused(model):
    """A gate that reads another node would make the kernel look for a column that is not there."""
    core, broken = model._core, ResoNet.from_state(model.to_state())
    unit = int(core.council.units[1, int(np.flatnonzero(core.council.up[1] >= 0)[0]), 0])
    graph = broken._core.graph
    sources = graph.sources(unit)[0].tolist()
    graph.rewire(unit, [*sources[:1], int(graph.groups["landmarks"][0])], [1.0, 1.0], bias=0.0)
    with pytest.raises(ValueError, match="units ask inputs"):
        ResoNet.from_state(broken.to_state())


def test_a_missing_array_is_refused(model, tmp_path):
    for name in Council.ARRAYS[:6]:
        state = model.to_state()
        del state["arrays"][f"council/{name}"]
        _refused(state, tmp_path)


def test_another_memory_is_refused(model):
    state = model.to_state()
    state["plain"]["options"] = state["plain"]["options"] | {"replay": 81}
    with pytest.raises(ValueError, match="81 samples are remembered"):
        ResoNet.from_state(state)


@pytest.mark.parametrize("params", [{}, {"replay": 0}, {"replay": 1}, {"learning": "resonance"},
                                    {"max_nodes": 400}])  # fmt: skip
@pytest.mark.parametrize("n", [1, 64, 70, 73, 74, 110, 240])
def test_what_was_learnt_passes(params, n):
    X, y = stream()
    model = ResoNet(**params).partial_fit(part(X, 0, n), y[:n])
    assert differences(ResoNet.from_state(model.to_state()), model) == []


def test_a_packed_graph_passes_and_goes_on(model):
    X, y = stream(300)
    packed = ResoNet.from_state(model.to_state())
    packed._core.graph.pack()
    again = ResoNet.from_state(packed.to_state())
    for other in (packed, again, model):
        other = ResoNet.from_state(other.to_state())
        other.partial_fit(part(X, 240, 300), y[240:])
        assert other.predict(X).shape == y.shape
