"""Live growth: it draws when it is time, shows what is, and changes nothing."""

import io
import math
import re
import sys
from types import SimpleNamespace

import matplotlib.image
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from growgraph import GrowNetRegressor, ResoNet, ResoNetClusterer
from growgraph._progress import Course
from growgraph.errors import GraphError
from growgraph.viz import LiveGrowth, live
from tests.models.material import differences

X = np.random.default_rng(0).normal(size=(1300, 3))
Y = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is told to go on."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(live.time, "monotonic", lambda: clock.now)
    return clock


@pytest.mark.parametrize(
    ("make", "y"),
    [(ResoNet, Y), (GrowNetRegressor, X[:, 0] * X[:, 1]), (ResoNetClusterer, None)],
)
def test_watching_changes_nothing(make, y):
    rows = X if y is not None else X[:300]
    watched = make(random_state=0, progress=LiveGrowth(file=Terminal()))
    alone = make(random_state=0)
    for model in (watched, alone):
        model.partial_fit(rows, y) if y is not None else model.partial_fit(rows)
    assert differences(watched, alone) in ([], ["params"])


def test_at_most_two_drawings_a_second(clock):
    watch = LiveGrowth(file=Terminal())
    model = ResoNet().fit(X[:300], Y[:300])
    for k in range(1, 101):  # a look each 50 ms, 5 s in all
        clock.now += 0.05
        watch(k, 1000, model)
    assert 9 <= watch.n_drawn <= 10
    assert len(watch.course.looks) == 100


def test_a_slow_drawing_is_followed_by_four_times_as_much_learning(clock, monkeypatch):
    monkeypatch.setattr(LiveGrowth, "_draw", lambda *_: setattr(clock, "now", clock.now + 1.0))
    watch = LiveGrowth(file=Terminal())
    model = ResoNet().fit(X[:300], Y[:300])
    for k in range(1, 101):
        clock.now += 0.1  # of learning
        watch(k, 1000, model)
    assert watch.n_drawn == 3  # 10 s of learning: at .1, 4.1 and 8.1


def test_the_last_state_is_always_drawn(clock):
    watch = LiveGrowth(file=Terminal())
    model = ResoNet(progress=watch).fit(X, Y)
    assert watch.n_drawn == 2  # the first and the last
    assert [look["samples"] for look in watch.course.looks] == [256, 512, 768, 1024, 1280, 1300]
    last = watch.course.looks[-1]
    assert last["accuracy"] == model.prequential_accuracy_
    assert (last["nodes"], last["edges"]) == (model.graph_.n_nodes, model.graph_.n_edges)


def test_tension_is_the_share_of_surprises_between_two_looks():
    course, model = Course(), ResoNet(random_state=0)
    right = [0.0]
    for a in range(0, 1200, 300):
        model.partial_fit(X[a : a + 300], Y[a : a + 300])
        figures = course.look(a + 300, model)
        right.append(model.prequential_accuracy_ * (a + 300))
        assert figures["tension"] == pytest.approx(1 - (right[-1] - right[-2]) / 300)
    few = course.look(1250, model.partial_fit(X[1200:1250], Y[1200:1250]))
    assert few["tension"] == figures["tension"]  # fifty rows tell nothing yet


def test_in_a_terminal_the_lines_stand_still():
    file = Terminal()
    ResoNet(progress=LiveGrowth(file=file)).fit(X, Y)
    first, *rest = file.getvalue().split("\x1b[")
    lines = first.splitlines()
    assert lines[0] == "ResoNet: 256 of 1,300 samples"
    assert [line.split()[0] for line in lines[1:5]] == ["accuracy", "tension", "nodes", "edges"]
    assert rest, "it was drawn once only"
    assert rest[0] == f"{len(lines)}A"  # up over all that was written, then cleared
    assert "ResoNet: 1,300 samples" in rest[-1]


def test_a_log_file_has_the_end_only():
    file = io.StringIO()
    model = ResoNet(progress=LiveGrowth(file=file)).fit(X, Y)
    text = file.getvalue()
    assert "\x1b" not in text
    assert text.count("ResoNet:") == 1
    told = re.search(r"newest: node (\d+) ", text)
    assert told is not None
    assert model.growth_log_.why(int(told[1])) in text


def test_a_second_fit_begins_anew():
    watch = LiveGrowth(file=io.StringIO())
    model = ResoNet(progress=watch).fit(X, Y)
    model.partial_fit(X[:300], Y[:300])
    assert [look["samples"] for look in watch.course.looks] == [256, 300]


# ---- in a notebook ------------------------------------------------------------------------------
@pytest.fixture
def notebook(monkeypatch):
    """What is displayed in a notebook: (data, "new" or "again")."""
    shown = []

    class Handle:
        def update(self, image):
            shown.append((image.data, "again"))

    def display(image, display_id):
        assert display_id
        shown.append((image.data, "new"))
        return Handle()

    image = SimpleNamespace(Image=lambda data, width: SimpleNamespace(data=data), display=display)
    shell = SimpleNamespace(kernel=True)
    monkeypatch.setitem(
        sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell, version_info=(9, 0))
    )
    monkeypatch.setitem(sys.modules, "IPython.display", image)
    return shown


@pytest.mark.parametrize("dark", [False, True])
def test_a_notebook_shows_one_picture_that_changes(notebook, dark):
    ResoNet(progress=LiveGrowth(dark=dark)).fit(X, Y)
    assert notebook[0][1] == "new"
    assert {how for _, how in notebook[1:]} == {"again"}
    first, last = (
        matplotlib.image.imread(io.BytesIO(data)) for data in (notebook[0][0], notebook[-1][0])
    )
    assert first.shape == last.shape
    assert (first != last).any()
    assert (last[2, 2, :3].mean() < 0.3) == dark


def test_a_terminal_with_ipython_is_no_notebook(monkeypatch):
    shell = SimpleNamespace()  # as in ipython's own terminal
    monkeypatch.setitem(
        sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell, version_info=(9, 0))
    )
    assert live._notebook() is None


# ---- odd input ----------------------------------------------------------------------------------
def test_refused():
    with pytest.raises(ValueError, match=r"every must be .* got 0.1"):
        LiveGrowth(every=0.1)
    with pytest.raises(GraphError, match="call fit"):
        LiveGrowth().picture(ResoNet())


def test_a_picture_without_any_look():
    data = LiveGrowth().picture(ResoNet().fit(X[:40], Y[:40]))
    assert matplotlib.image.imread(io.BytesIO(data)).ndim == 3


@given(st.lists(st.floats(allow_infinity=False, width=32), max_size=80), st.integers(1, 40))
def test_sparkline(values, wide):
    line = live.sparkline(values, wide)
    assert len(line) == min(len(values), wide)
    if values and math.isfinite(values[-1]):
        assert line[-1] != " "  # the last is always there
    if len(values) <= wide:
        for value, letter in zip(values, line, strict=True):
            assert (letter == " ") == math.isnan(value)
        known = [(v, c) for v, c in zip(values, line, strict=True) if c != " "]
        for value, letter in known:
            assert all(c <= letter for v, c in known if v <= value)
