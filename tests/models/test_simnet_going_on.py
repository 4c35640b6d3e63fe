"""SimNet goes on where the world stands, says what it never met, and hopes where all is costs."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from growgraph import SimNet
from growgraph.models._simnet import rewards
from tests.models.material import differences
from tests.models.worlds import Maze, Pole, Valley


@pytest.mark.parametrize(("make", "cuts"), [(Maze, (3, 40, 60)), (Pole, (7, 30, 20))])
def test_two_calls_in_one_world_are_one(make, cuts):
    env = make(4, limit=25) if make is Maze else make()
    whole = SimNet(random_state=1).learn(env, sum(cuts))
    agent, env = SimNet(random_state=1), make(4, limit=25) if make is Maze else make()
    for n in cuts:
        agent.learn(env, n, reset=False)
    assert differences(agent, whole) == []


def test_it_begins_anew_where_it_must():
    def resets(agent, env, **how):
        before, count = env.reset, []
        env.reset = lambda seed=None: (count.append(seed), before(seed))[1]
        agent.learn(env, 2, **{"reset": False} | how)
        env.reset = before
        return len(count)

    env = Maze(4)
    agent = SimNet(random_state=0).learn(env, 5)
    assert resets(agent, env) == 0
    assert resets(agent, env, seed=3) == resets(agent, env, reset=True) == 1
    assert resets(agent, Maze(4)) == resets(agent, env) == 1  # another object, and back again
    agent.score(env, 1)
    assert resets(agent, env) == 1
    assert resets(pickle.loads(pickle.dumps(agent)), env) == 1
    step, env.step = env.step, lambda action: 1 / 0
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        agent.learn(env, 5)
    env.step = step
    assert resets(agent, env) == 1


def test_each_call_has_a_reset_of_its_own():
    def seeds(random_state):
        env, seen = Maze(4), []
        reset, env.reset = env.reset, lambda seed=None: (seen.append(seed), reset(seed))[1]
        agent = SimNet(random_state=random_state)
        for _ in range(3):
            agent.learn(env, 2)
        return seen

    assert len({*seeds(0), *seeds(1)}) == 6
    assert seeds(0) == seeds(0)


def test_a_state_seen_before_the_world_failed_can_be_asked_about():
    agent = SimNet(random_state=0).learn(Maze(4), 60)
    assert agent.act(0) == agent.plan_[0]
    env = Maze(4)
    env.reset, env.step = lambda seed=None: (77, {}), lambda action: 1 / 0
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        agent.learn(env, 1)
    assert agent.act(77) in range(4)
    assert agent.plan_.keys() >= {0, 77}


def test_what_was_never_met_is_told():
    agent = SimNet(random_state=0).learn(Maze(3), 60)
    with pytest.warns(UserWarning, match="goal 99 was never met in 60 steps"):
        agent.intend(99)
    assert agent.intention == 99
    with pytest.warns(UserWarning, match="observation 98 was never met in 60 steps"):
        agent.act(98)
    assert agent.act(98, explore=True) in range(4)
    agent.intend(8).intend(None)
    far = SimNet(random_state=0).learn(Valley(), 60)
    far.intend(np.array([-0.5, 0.0]))
    with pytest.warns(UserWarning, match="was never met in 60 steps"):
        far.intend(np.array([30.0, 0.0]))


# ---- costs, and a reward at the end -------------------------------------------------------------
class Hill(Valley):
    """Nothing is free but to stand still, and what is on the hill makes up for it."""

    def __init__(self):
        super().__init__()
        self.action_space = SimpleNamespace(low=-1.0, high=1.0, shape=(1,), dtype="float32")

    def step(self, action):
        seen, _, ended, _, info = super().step(1 + float(action[0]))
        return seen, 100.0 * ended - 0.1 * float(action[0]) ** 2, ended, self.t >= 600, info


def test_it_gives_up_doing_nothing():
    agent = SimNet(random_state=1).learn(Hill(), 600)
    assert agent.score(Hill(), 10, seed=5) > 90
    told = agent.imagine(np.array([-0.5, 0.0]), 200).alternatives[0]
    assert told.ends == "end"
    assert agent._world.forward.model.sizes[4] == pytest.approx(100, abs=0.2)
    assert agent._world.hope == pytest.approx(100, abs=0.2)


@pytest.mark.parametrize(
    ("met", "hope"),
    [
        ([], 1),
        ([(0, False)], 1),
        ([(-2, False)], 0),
        ([(-2, False), (0, False)], 20),
        ([(-2, False), (0, False), (-3, True)], 30),
        ([(-2, False), (0, False), (5, True)], 5),
        ([(3, False)], 30),
    ],
)
def test_hope(met, hope):
    bounds = rewards.none_met()
    for reward, end in met:
        rewards.note(bounds, reward, end)
    assert rewards.hoped(bounds, 0.9) == pytest.approx(hope)
