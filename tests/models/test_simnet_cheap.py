"""When a SimNet in numbers plans anew: sooner than surprises add up, where that costs little."""

import numpy as np
import pytest

from growgraph import SimNet
from growgraph.models._simnet import box
from growgraph.models._simnet.concepts import Concepts
from tests.models.worlds import Pole, Valley

CLIMBED = SimNet(random_state=3).learn(Valley(), 600)


def test_one_surprise_is_enough_where_a_plan_is_cheap_for_the_steps_since(monkeypatch):
    """Small worlds are planned anew soon, large ones once the steps since are worth it."""
    agent = SimNet.from_state(CLIMBED.to_state()).intend(None)
    world, lived = agent._world, agent._world.forward.rows
    work = world.n_actions * world.n_states**2 + world.forward.work / box._PRODUCTS
    quiet = lived[lived[:, 4] == 0][100]
    far = quiet[-2:] + np.array([0.2, 0.0])

    def plans_after(steps, surprised):
        one = SimNet.from_state(agent.to_state())
        for n in range(1, steps + 1):
            after = far if surprised and n == 1 else quiet[-2:]
            one.partial_fit([(quiet[:2], int(quiet[2]), -1.0, after, False)])
            if one.n_plans_ > agent.n_plans_:
                return n
        return None

    monkeypatch.setattr(box, "_STILL", 1000)
    monkeypatch.setattr(box, "_NOT_YET", np.array([-np.inf, 0.0, 1000]))
    agent._world.risen = box._NOT_YET.copy()
    for wait, planned in (1, 10), (10, 10), (15, 15):
        monkeypatch.setattr(box, "_WORK", work / (wait - 0.5))
        assert plans_after(20, True) == planned
        assert plans_after(20, False) is None


def test_a_plan_nobody_had_to_make_refuses_nothing(monkeypatch):
    agent = SimNet.from_state(CLIMBED.to_state()).intend(None)
    world, rows = agent._world, agent._world.forward.rows
    row = rows[rows[:, 4] == 0][100]
    monkeypatch.setattr(Concepts, "imagine", lambda *_: False)  # no room
    monkeypatch.setattr(box, "_WORK", 1e12)
    plans, refused = agent.n_plans_, agent.n_refused_
    for after in [row[-2:] + np.array([0.2, 0.0])] + [row[-2:]] * 9:
        agent.partial_fit([(row[:2], int(row[2]), -1.0, after, False)])
    assert (agent.n_plans_, agent.n_refused_) == (plans + 1, refused)
    world.renew()
    assert agent.n_refused_ == refused + 1


def noisy(n, d):
    """Steps of which each tenth leads nobody knows where."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(d)
    for _ in range(n):
        action, far = int(rng.integers(3)), 3 * rng.random() * (rng.random() < 0.1)
        jump = far * rng.standard_normal(d)
        y = 0.5 * x + 0.3 * (action - 1) + jump
        yield x, action, -1.0, y, False
        x = y


@pytest.mark.parametrize(("d", "room"), [(2, None), (8, 200)])
def test_where_each_tenth_step_surprises_a_plan_is_still_not_dear(d, room, monkeypatch):
    """All cheap plans together cost what the steps are worth, the fit of the model included."""
    agent = SimNet(random_state=0, max_nodes=room).partial_fit(list(noisy(300, d)), 3)
    steps, afforded, cost = list(noisy(600, d))[300:], box.Box._affordable, []

    def noted(world):
        cheap = afforded(world)
        if cheap:
            fit = world.forward.work / box._PRODUCTS
            cost.append(world.n_actions * world.n_states**2 + fit)
        return cheap

    monkeypatch.setattr(box.Box, "_affordable", noted)
    agent.partial_fit(steps)
    assert cost
    # the first may be worth steps of before
    assert sum(cost[1:]) <= len(steps) * box._WORK


def test_to_stay_surprises_must_add_up():
    agent, env = SimNet("stay", random_state=0).learn(Pole(), 75), Pole()
    seen, plans = env.reset(seed=1)[0], agent.n_plans_
    agent.partial_fit([(seen, 0, 1.0, seen + 1.0, False)])
    assert agent._world.surprises == 1
    for _ in range(2 * box._REST):
        action = agent.act(seen)
        after = env.step(action)[0]
        agent.partial_fit([(seen, action, 1.0, after, False)])
        seen = after
    assert agent._world.surprises < 5
    assert agent.n_plans_ == plans
