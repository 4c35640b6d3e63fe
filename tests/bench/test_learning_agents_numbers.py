"""Peers in worlds of numbers, where what they should do is known."""

import random
from dataclasses import replace

import numpy as np
import pytest

from growgraph.bench.learning import boxes
from growgraph.bench.learning.agents_bins import Binned
from growgraph.bench.learning.agents_dqn import DISCOUNT, DQN
from growgraph.bench.learning.agents_mpc import MPC, Local
from growgraph.bench.learning.agents_neat import NEAT
from growgraph.bench.learning.boxes import World, lived
from tests.bench.rail import GIVEN, LENGTH, WORLD, Rail, push


@pytest.fixture(autouse=True)
def rails(monkeypatch):
    monkeypatch.setattr(boxes, "made", lambda world: Rail())


def test_the_local_model_is_that_of_the_dynamics():
    model, rng = Local(2, 0), np.random.default_rng(0)
    x, actions = rng.uniform(-1, 1, (300, 2)), rng.integers(2, size=300)
    after = x + np.column_stack([0.1 * (2 * actions - 1), 0.1 * np.sin(2 * x[:, 0])])
    model.fit(x, actions, after)
    assert model(x, actions) == pytest.approx(after, abs=0.01)


def test_shooting_picks_what_ends_sooner():
    agent = push(MPC(GIVEN, 0))
    assert agent.judged()(np.array([[0.6, 0.0], [0.85, 0.0], [0.0, 0.0]]), range(3)).tolist() == [
        1,
        1,
        1,
    ]
    agent.world = replace(WORLD, told=lambda x, push, to: (np.ones(len(x)), to[:, 0] > 0.95))
    assert agent.judged()(np.full((20, 2), [0.88, 0.0]), range(20)).tolist() == [0] * 20


def test_shooting_acts_by_the_rule_it_is_judged_by():
    """Before the first model chance alone decides; each episode goes on with its own plan."""
    agent, place = MPC(GIVEN, 0), np.zeros(2)
    agent.rng = np.random.default_rng((0, 0))
    answers, held = agent.judged(), agent.rng.bit_generator.state
    told = [int(answers(place[None], [7])[0]) for _ in range(30)]
    assert agent.rng.bit_generator.state == held
    assert agent.begun.size == 0
    acted = [agent.act(place) for _ in range(30)]
    assert acted == told
    assert len(set(told)) == 2
    one, other = MPC(GIVEN, 0).judged(), MPC(GIVEN, 0).judged()
    pairs = [
        [list(answers(np.zeros((2, 2)), [3, 7])) for _ in range(20)] for answers in (one, other)
    ]
    assert pairs[0] == pairs[1]
    later = [one(np.zeros((2, 2)), [3, 7])[1] for _ in range(20)]
    assert [int(other(place[None], [7])[0]) for _ in range(20)] == later


def test_a_plan_is_followed_until_a_better_one_is_drawn():
    """Before the first model all are as good: it is played out, and then there is another."""
    agent, place = MPC(GIVEN, 0), np.zeros(2)
    first = agent.act(place)
    plan = agent.begun.tolist()
    assert [agent.act(place) for _ in range(len(plan))] == plan
    assert agent.begun.size == 0
    agent.act(place)
    assert agent.begun.size == len(plan)
    agent.over()
    assert agent.begun.size == 0
    assert first in (0, 1)
    agent = push(MPC(GIVEN, 0))
    agent.begun = np.zeros(40, int)
    assert agent.act(np.array([0.6, 0.0])) == 1  # to the left there is no end


def test_bins_are_even_and_all_apart():
    agent = Binned(GIVEN, 0)
    bins = agent.bins
    centres = (np.arange(bins) + 0.5) / bins
    grid = np.stack(np.meshgrid(4 * centres - 2, 6 * centres - 3), axis=-1).reshape(-1, 2)
    assert sorted(agent.cell(grid).tolist()) == list(range(bins**2))
    assert agent.cell([-9.0, -9.0]) == 0
    assert agent.cell([9.0, 9.0]) == bins**2 - 1


def test_bins_learn_the_way():
    agent = Binned(GIVEN, 0, dreams=20)
    assert lived(WORLD, agent, 0, 3000).steps is not None


def dqn(**options):
    pytest.importorskip("torch")
    return DQN(GIVEN, 0, **options)


def test_the_target_is_what_follows_until_an_end():
    torch, agent = pytest.importorskip("torch"), dqn()
    agent.learn(np.array([0.1, 0.0]), 1, -1.0, np.array([0.2, 0.0]), False)
    agent.learn(np.array([0.9, 0.0]), 1, -3.0, np.array([1.0, 0.0]), True)
    with torch.no_grad():
        for p in agent.net.parameters():
            p.mul_(3)  # the target does not follow at once
        follows = float(agent.target(torch.tensor([[0.2, 0.0]])).max())
    assert agent.goals(np.array([0, 1])).tolist() == pytest.approx([-1 + DISCOUNT * follows, -3])


def test_the_target_follows_in_steps():
    agent = dqn(follow=600, fall=1)
    push(agent, 599)

    def apart():
        pairs = zip(agent.net.parameters(), agent.target.parameters(), strict=True)
        return max(float((a - b).detach().abs().max()) for a, b in pairs)

    assert apart() > 0
    push(agent, 1)
    assert apart() == 0


def test_a_deep_q_network_answers_as_its_net_does():
    torch, agent = pytest.importorskip("torch"), dqn(fall=1)
    before = torch.random.get_rng_state()
    push(agent, 700)
    x = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    with torch.no_grad():
        assert agent.answers(x).tolist() == agent.net(torch.from_numpy(x)).argmax(dim=1).tolist()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_every_step_of_every_genome_counts():
    pytest.importorskip("neat")
    before = random.getstate()
    agent = NEAT(GIVEN, 0, population=6)
    life = lived(World("Rail", 1.0, 5, 0), agent, 0, 6 * LENGTH)
    assert life.lived == 6 * LENGTH
    assert agent.all.generation >= 1  # six episodes, none longer than this
    assert agent.mark >= 1
    assert random.getstate() == before


def test_the_best_genome_answers():
    pytest.importorskip("neat")
    agent = NEAT(GIVEN, 0, population=4)
    nets = []
    for worth in (1.0, 5.0, 3.0):
        nets.append(agent.net)
        agent.learn(None, 0, worth, None, False)
        agent.over()
    assert agent.best == (5.0, nets[1])
    assert agent.mark == 2
    assert agent.net not in nets
