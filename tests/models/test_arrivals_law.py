"""A column that comes late, in a net that doubts itself and in calls that are stopped."""

import os
import signal

import numpy as np
import pytest

from growgraph import ResoNet, SelfCriticNet
from growgraph.models._resonet.turn import _Columns
from growgraph.models._selfcritic.kept import Kept
from growgraph.senses.columns import Rows, is_missing
from tests.models.material import differences, part
from tests.models.test_arrivals import CAME, stream, taught


@pytest.mark.parametrize("came", [20, CAME])
def test_cuts_and_files_are_nothing_to_a_net_that_doubts(came):
    X, late, y = stream(came=came)
    whole = taught(SelfCriticNet, X, late, y, came=came)
    other = taught(SelfCriticNet, X, late, y, (5, 70, came + 3), came=came, saved=True)
    assert differences(other, whole) == []
    asked = part(X | late, 200, 260)
    said, again = whole.reflect(asked), other.reflect(asked)
    for name in ("confidence", "novelty", "causes"):
        assert getattr(said, name).tobytes() == getattr(again, name).tobytes()
    assert str(whole.explain(part(asked, 3, 4))) == str(other.explain(part(asked, 3, 4)))


@pytest.mark.parametrize("kind", [ResoNet, SelfCriticNet])
def test_what_would_turn_an_answer_may_be_a_late_column(kind):
    X, late, y = stream()
    model = taught(kind, X, late, y)
    row = {"a": [0.1], "b": [0.2], "new": [41.0], "kind": ["u"]}
    options = {"turn": True} if kind is SelfCriticNet else {}
    data = model.explain(row, **options).data
    assert {entry["column"] for entry in data["columns"]} >= {"new", "kind"}
    changes = data["turn"]["changes"]
    assert {change["column"] for change in changes} & {"new", "kind"}
    turned = row | {change["column"]: [change["to"]] for change in changes}
    assert model.predict(turned)[0] != model.predict(row)[0]


def test_a_late_column_speaks_against_its_being_missing():
    """Its usual value is none: it is what it was to all rows before it came."""
    X, late, y = stream()
    model = taught(ResoNet, X, late, y)
    whole = {"a": [0.1], "b": [0.2], "new": [47.0], "kind": ["u"]}
    data = model.explain(whole).data
    sign = 1 if data["answer"] == "yes" else -1
    told = {entry["column"]: entry["spoke"] for entry in data["columns"]}
    for name, none in (("new", np.nan), ("kind", None)):
        without = sign * model.decision_function(whole | {name: [none]})[0]
        assert told[name] == pytest.approx(data["margin"] - without, abs=1e-4)
        assert abs(told[name]) > 0.01


def test_what_is_tried_to_turn_an_answer_reads_as_such_a_row(monkeypatch):
    X, late, y = stream()
    X["a"][::7] = np.nan
    model = taught(ResoNet, X, late, y)
    core, tried = model._core, []
    monkeypatch.setattr(core, "scores", lambda rows: tried.append(rows) or np.zeros((1, 2)))
    missing = {name: 0 for name in ("a", "new", "kind")}
    for row in range(200, 220):
        rows = core.sense.read(part(X | late, row, row + 1))
        _Columns(core, rows, 0, 1).wins([{}])
        np.testing.assert_array_equal(tried[-1].numbers, rows.numbers)
        assert sorted(tried[-1].marks, key=str) == sorted(rows.marks, key=str)
        for name in missing:
            missing[name] += is_missing((X | late)[name][row])
    assert min(missing.values()) > 0


@pytest.mark.parametrize(
    ("came", "owner", "method"), [(20, Rows, "widened"), (CAME, Kept, "widen")]
)
def test_a_call_stopped_while_the_column_is_welcomed(monkeypatch, came, owner, method):
    """Ctrl-C while rows kept until now widen: all of them do, and nothing is learnt yet."""
    X, late, y = stream(came=came)
    model = SelfCriticNet().partial_fit(part(X, 0, came), y[:came])
    widen, stopped = getattr(owner, method), []

    def interrupted(self, columns):
        stopped.append(columns)
        os.kill(os.getpid(), signal.SIGINT)
        return widen(self, columns)

    rows, labels = part(X | late, came, len(y)), y[came:]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored
    with monkeypatch.context() as patch:
        patch.setattr(owner, method, interrupted)
        with pytest.raises(KeyboardInterrupt):
            model.partial_fit(rows, labels)
    signal.signal(signal.SIGINT, before)
    assert stopped
    assert model.n_samples_seen_ == came
    model.partial_fit(rows, labels)
    assert differences(model, taught(SelfCriticNet, X, late, y, came=came)) == []
