"""One row of numbers in a call of its own: the shortest way in changes no bit and breaks no law."""

import contextlib
import copy
import pickle
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from growgraph import ResoNet
from growgraph.errors import DataError
from growgraph.kernels import council, resonet
from growgraph.models._resonet.single import Single
from tests.models.material import differences
from tests.models.test_hostile import put

LAW = settings(max_examples=8, deadline=None, derandomize=True, database=None,
               phases=[Phase.generate])  # fmt: skip
N = 230


def stream(seed=0):
    """A column that sleeps and wakes, one that never does, new ground, a late class, a turn."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((N, 5)).round(2)
    X[:140, 2], X[:, 3] = 1.5, 4.0
    X[170::9, 0] += 40
    y = np.where((X[:, 0] * X[:, 1] > 0) ^ (np.arange(N) >= 150), 1, 0)
    y[120:][X[120:, 1] > 1] = 2
    return X, y


@pytest.fixture
def taken(monkeypatch):
    """How many rows were learnt and asked by the shortest way."""
    count = {"learn": 0, "ask": 0}
    for name in count:
        whole = getattr(Single, name)

        def counted(*args, name=name, whole=whole):
            out = whole(*args)
            count[name] += out is not None and out is not False
            return out

        monkeypatch.setattr(Single, name, counted)
    return count


FORMS = (
    lambda row: row,
    np.asfortranarray,
    lambda row: np.repeat(row, 2, axis=0)[::2],
    lambda row: row.astype(np.float32),
    lambda row: row.tolist(),
)


@LAW
@given(
    seed=st.integers(0, 5), replay=st.sampled_from([0, 5, 40, 200]),
    learning=st.sampled_from(["evidence", "resonance"]),
    long=st.sets(st.integers(0, N - 1), max_size=4),
)  # fmt: skip
def test_row_by_row_is_the_same_bits(seed, replay, learning, long):
    X, y = stream(seed)
    model, whole = (ResoNet(replay=replay, learning=learning) for _ in range(2))
    whole.partial_fit(X, y)
    at = 0
    while at < N:
        stop = min(at + (7 if at in long else 1), N)
        model.partial_fit(X[at:stop], y[at:stop])
        at = stop
    assert differences(model, whole) == []


@pytest.mark.parametrize("label", [np.atleast_1d, lambda c: [int(c)]])
def test_most_rows_take_the_shortest_way(taken, label):
    X, y = stream()
    model = ResoNet().partial_fit(X[:64], y[:64])
    for i in range(64, N):
        model.predict(X[i : i + 1])
        model.partial_fit(X[i : i + 1], label(y[i]))
    assert taken["learn"] > 140
    assert taken["ask"] > 140
    assert model.n_samples_seen_ == N


@pytest.mark.parametrize("form", FORMS)
def test_a_row_in_any_form_is_answered_as_among_others(form):
    X, y = stream()
    model, Z = ResoNet().fit(X, y), X.astype(np.float32).astype(np.float64)
    answers = model.predict(Z)
    assert [model.predict(form(row[None]))[0] for row in Z] == answers.tolist()


def test_memory_that_is_read_only_is_taken():
    X, y = stream()
    model = ResoNet().fit(X[:100], y[:100])
    X.flags.writeable = False
    model.partial_fit(X[100:101], y[100:101])
    assert model.n_samples_seen_ == 101


@pytest.mark.parametrize("bad", [np.nan, np.inf, 2e306])
def test_what_is_refused_changes_nothing(bad):
    X, y = stream()
    model, twin = ResoNet().fit(X[:100], y[:100]), ResoNet().fit(X[:100], y[:100])
    row = X[100:101].copy()
    row[0, 1] = bad
    for call in (lambda: model.partial_fit(row, y[:1]), lambda: model.predict(row)):
        with pytest.raises((DataError, ValueError)):
            call()
    assert differences(model, twin) == []


def test_text_among_numbers_of_classes_is_refused():
    X, y = stream()
    model = ResoNet().fit(X[:100], y[:100])
    with pytest.raises(DataError, match="y must hold labels of one kind"):
        model.partial_fit(X[:1], np.array(["0"]))
    assert model.n_samples_seen_ == 100


@pytest.fixture
def heard():
    """Ctrl-C is heard: pytest's worker processes ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize("where", [(resonet, "learn"), (council, "learn")])
def test_ctrl_c_in_the_middle_of_a_row_waits_until_it_is_learnt(monkeypatch, where):
    X, y = stream()
    model, twin = ResoNet().fit(X[:100], y[:100]), ResoNet().fit(X[:101], y[:101])
    module, name = where
    whole = getattr(module, name)

    def disturbed(*args):
        out = whole(*args)
        signal.raise_signal(signal.SIGINT)
        return out

    with monkeypatch.context() as patch:
        patch.setattr(module, name, disturbed)
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(X[100:101], y[100:101])
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert model.n_samples_seen_ == 101
    assert differences(model, twin) == []


def test_threads_may_ask_row_by_row():
    X, y = stream()
    model = ResoNet().fit(X, y)
    wanted = model.predict(X).tolist()
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda i: model.predict(X[i % N : i % N + 1])[0], range(4 * N)))
    assert told == 4 * wanted


def test_a_model_that_broke_off_is_refused_here_too():
    X, y = stream()
    model = ResoNet().fit(X[:100], y[:100])
    model._core.council.ctl[council.N] += 1
    with pytest.raises(RuntimeError, match="broke off"):
        model.partial_fit(X[100:101], y[100:101])


def test_the_shortest_way_says_the_same_bits():
    X, y = stream()
    model = ResoNet().fit(X, y)
    core, rows = model._core, model._core.sense.read(X)
    said = np.vstack([core.single(5).ask(core, X[i : i + 1]) for i in range(N)])
    assert said.tobytes() == core.scores(rows).tobytes()


def test_a_row_of_numbers_for_columns_of_text_takes_the_longer_way(taken):
    """Columns named by numbers leave no names to compare: the kernel would read on behind them."""
    pd = pytest.importorskip("pandas")
    X, y = stream()
    table = pd.DataFrame({0: X[:, 0], 1: np.where(X[:, 1] > 0, "7", "8").astype(object)})
    model, twin = (ResoNet().fit(table, y) for _ in range(2))
    rows = np.array([[0.5, 7.0], [0.5, 8.0], [-0.5, 7.0]])
    assert [model.predict(row[None])[0] for row in rows] == model.predict(rows).tolist()
    for row in rows:
        model.partial_fit(row[None], y[:1])
    assert differences(model, twin.partial_fit(rows, y[[0, 0, 0]])) == []
    assert taken == {"learn": 0, "ask": 0}


def test_what_was_cached_is_forgotten_when_the_graph_is_packed():
    X, y = stream()
    model, twin = ResoNet().fit(X[:100], y[:100]), ResoNet().fit(X[:100], y[:100])
    for i in range(100, N):
        if i % 30 == 0:
            model.graph_.pack()
        assert model.predict(X[i : i + 1]) == twin.predict(X[i : i + 1])
        model.partial_fit(X[i : i + 1], y[i : i + 1])
        twin.partial_fit(X[i : i + 1], y[i : i + 1])
    assert model._core.scores(model._core.sense.read(X)).tobytes() == (
        twin._core.scores(twin._core.sense.read(X)).tobytes()
    )


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_learns_for_itself(copied):
    X, y = stream()
    model = ResoNet().fit(X[:100], y[:100])
    model.partial_fit(X[100:101], y[100:101])
    other, twin = copied(model), ResoNet().fit(X[:101], y[:101])
    other.partial_fit(X[101:102], y[101:102])
    assert differences(model, twin) == []
    assert differences(other, twin.partial_fit(X[101:102], y[101:102])) == []


@pytest.mark.parametrize(
    ("name", "change"),
    [("knots", put((0, 0), 10**9)), ("knots", put((0, 1), 10**9)), ("knots", put((0, 0), -9)),
     ("knots", put((0, 1), 0.5)), ("knots", put((0, 3), 0)),
     ("knots", lambda a: a[:, :3].copy()), ("knots", lambda a: a * np.nan),
     *((name, lambda a: a[..., :-1].copy()) for name in ("centre", "spread", "reach", "met")),
     ("stir", lambda a: a[:-1]), ("reach", lambda a: a[:1]), ("spread", lambda a: -1 - a),
     ("centre", lambda a: a.astype(np.float32))],
)  # fmt: skip
def test_a_wrong_sense_is_refused(name, change):
    X, y = stream()
    state = ResoNet().fit(X, y).to_state()
    held = state["arrays"][f"sense/{name}"]
    state["arrays"][f"sense/{name}"] = np.ascontiguousarray(change(held))
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        ResoNet.from_state(state)


@pytest.mark.parametrize("columns", [3, 50])
def test_another_number_of_columns_takes_the_longer_way(taken, columns):
    """It is written beside the arrays: the kernel must not read a row by it."""
    X, y = stream()
    state = ResoNet().fit(X, y).to_state()
    state["plain"]["n_features_in"] = columns
    model = ResoNet.from_state(state)
    for call in (model.predict, lambda row: model.partial_fit(row, y[:1])):
        with contextlib.suppress(DataError):  # there are no fifty
            call(np.ones((1, columns)))
    assert taken == {"learn": 0, "ask": 0}


@pytest.mark.parametrize("every", [1, 3, 7])
def test_answers_of_a_young_table_do_not_depend_on_when_it_was_asked(every):
    """The core that answers goes on from row to row while its scales stay; else it begins anew."""
    X, y = stream(1)
    asked, begun = ResoNet(random_state=1), []
    grown_up = asked._grown_up
    asked._grown_up = lambda: begun.append(1) or grown_up()
    for n in range(1, 66):
        asked.partial_fit(X[n - 1 : n], y[n - 1 : n])
        if n % every == 0:
            asked.predict(X[:1])
            quiet = ResoNet(random_state=1).partial_fit(X[:n], y[:n])
            assert differences(asked.graph_, quiet.graph_) == []
            assert np.array_equal(asked.predict_proba(X), quiet.predict_proba(X))
    assert len(begun) < 20 if every == 1 else begun


def test_a_call_that_breaks_off_leaves_no_half_taught_answers(monkeypatch):
    """What answered before, and was being taught the new rows, is not what answers afterwards."""
    X, y = stream(1)
    model = ResoNet(random_state=1).partial_fit(X[:41], y[:41])
    model.predict(X)
    teach = ResoNet._teach

    def failing(core, rows, labels):
        teach(core, rows[:2], labels[:2])
        raise KeyboardInterrupt

    monkeypatch.setattr(ResoNet, "_teach", staticmethod(failing))
    with pytest.raises(KeyboardInterrupt):
        model.partial_fit(X[41:45], y[41:45])
    monkeypatch.undo()
    n = model.n_samples_seen_
    assert n == 45
    same = ResoNet(random_state=1).partial_fit(X[:n], y[:n])
    assert np.array_equal(model.predict_proba(X), same.predict_proba(X))
