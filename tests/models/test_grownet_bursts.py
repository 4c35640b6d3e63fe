"""Bursts of growth on a stream, step by step: who is asked, when the log is told, for what."""

from types import SimpleNamespace

import numpy as np
import pytest

from growgraph import GrowNet
from growgraph.models._grownet import streaming
from growgraph.models._grownet.flow import BLOCK


def stub(**parts):
    learner = streaming.Streaming()
    for name, value in parts.items():
        setattr(learner, name, value)
    return learner


class Waning:
    """A net of many columns: its first round helps, the second by less than two standard errors."""

    done, rehearsal = False, SimpleNamespace(many=True)

    def __init__(self, second):
        self.m, self.falls = 0, [0, 5, 5 + second]
        self.noise = np.random.default_rng(0).standard_normal(100)

    def refresh(self, strength, steps):
        pass

    def round(self, k, pool, where):
        self.m += k

    def look(self, strengths):
        done = self.m // streaming._ROUND
        felt = 10 - self.falls[done] + (self.noise - self.noise.mean()) * (done == 2)
        return {s: (np.zeros(100) + felt + abs(np.log10(s) + 3),) for s in strengths}


@pytest.mark.parametrize(("second", "rounds"), [(0.15, 1), (0.3, 2)])
def test_many_units_at_once_have_to_be_clearly_better(second, rounds):
    learner = stub(flow=SimpleNamespace(strength=1e-3))
    units, strength = learner._trial(Waning(second), 2 * streaming._ROUND, None)
    assert (units, strength) == (rounds * streaming._ROUND, 1e-3)


@pytest.mark.parametrize(("blocks", "told"), [(2, []), (3, [1]), (4, [1])])
def test_the_log_is_told_what_came_of_a_burst_when_patience_is_over(blocks, told):
    settled = []
    body = SimpleNamespace(
        task_of=np.zeros(3, np.int64), tasks=[None], felt=np.full((3, 4), np.nan), n=0,
        steps=np.array([0, 2, 2]) * BLOCK, place=np.zeros((3, 1)),
        settle=lambda tension, since: settled.append((since, tension.tolist())),
    )  # fmt: skip
    body.felt[0] = 0  # told before
    memory = SimpleNamespace(near=lambda place, count: np.array([[0, 1], [1, 2]]),
                             tense=np.array([1.0, 3.0, 5.0]))  # fmt: skip
    flow = SimpleNamespace(memory=memory)
    stub_type = type("At", (streaming.Streaming,), {"n": (2 + blocks) * BLOCK})
    learner = stub_type()
    learner.body, learner.flow, learner.options = body, flow, {"patience": 3}
    learner._tell()
    assert settled == [(1, [2.0, 4.0])] * len(told)


def test_remembered_rows_weigh_what_the_sums_give_them():
    asked = []
    memory = SimpleNamespace(ages=lambda: np.array([0, 10, 100]))
    flow = SimpleNamespace(memory=memory, solve=asked.append)
    learner = stub(flow=flow, options={"forget": 0.9}, classes=True)
    learner._solve("F", "Y")
    ((F, Y, weight),) = asked
    assert (F, Y) == ("F", "Y")
    np.testing.assert_allclose(weight, [1, 0.9**10, 0.9**100])
    learner.classes = False
    learner._solve("F", "Y")
    assert asked[1] is None  # numbers have no margin


def test_units_grow_for_the_class_that_is_too_quiet_where_they_are_born():
    X = np.random.default_rng(0).uniform(-1, 1, (6 * BLOCK, 2))
    y = np.where(X[:, 0] * X[:, 1] > 0, "same", "other")
    body = GrowNet(patience=1, pool=16).partial_fit(X, y)._core.body
    label = dict(zip(body.task.outputs.tolist(), body.task.labels, strict=True))
    aims = np.array([label[output] for output in body.aims.tolist()])
    assert len(aims) > 3
    assert (aims == y[body.rows]).mean() > 0.9
