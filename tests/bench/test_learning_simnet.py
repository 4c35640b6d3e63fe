"""The protocol of agents on worlds whose figures are known."""

import time
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from growgraph.bench import peers as installed
from growgraph.bench.learning import (
    agents,
    agents_numbers,
    agents_tables,
    bench,
    boxes,
    picture,
    report,
    simnet,
    worlds,
)
from growgraph.bench.learning.mazes import Maze
from growgraph.bench.learning.plan import QUICK, Plan
from growgraph.errors import DataError
from growgraph.models._simnet.actions import Actions

# a corridor of three: to the right is the goal, to the left a hole; from 1 a step may slip
CORRIDOR = {
    0: {0: [(1.0, 0, -1.0, True)], 1: [(1.0, 1, 0.0, False)]},
    1: {0: [(1.0, 0, 0.0, False)], 1: [(0.8, 2, 1.0, True), (0.2, 1, 0.0, False)]},
    2: {0: [(1.0, 2, 0.0, True)], 1: [(1.0, 2, 0.0, True)]},
}


def tables():
    start = np.array([0.5, 0.5, 0.0])
    return SimpleNamespace(unwrapped=SimpleNamespace(P=CORRIDOR, initial_state_distrib=start))


@pytest.mark.parametrize(
    ("policy", "horizon", "worth"),
    [
        ([1, 1, 0], 1, 0.5 * 0.8), ([1, 1, 0], 2, 0.5 * 0.8 + 0.5 * 0.96), ([0, 1, 0], 1, -0.1),
        ([1, 1, 0], 300, 1.0), ([1, 0, 0], 300, 0.0),
    ],
)  # fmt: skip
def test_the_judge_knows_the_mean_return(policy, horizon, worth):
    assert worlds.Judge(tables(), horizon)(np.array(policy)) == pytest.approx(worth)


EXPLORE_ON = ("Q-learning", "UCB-VI", "PSRL")  # no trip is short for long
BLIND = ("growgraph, no simulation", "growgraph, no inertia")  # they do not see the goal from afar


@pytest.mark.parametrize(
    "name", [name for name in agents.LEARNERS if name not in EXPLORE_ON + BLIND]
)
def test_every_agent_learns_a_small_maze(name):
    maze = Maze(4, seed=1)
    agent = agents.LEARNERS[name](16, 4, 0)
    steps = worlds.trips(agent, maze, 20_000)
    assert steps is not None
    for _ in range(2000 // steps):
        worlds.trips(agent, maze, steps)
    state, best = maze.reset()[0], agent.policy()
    for _ in range(maze.shortest()):
        state = maze.step(best[state])[0]
    assert state == maze.goal


def test_q_learning_comes_to_the_mean():
    agent, rng = agents.QLearning(3, 2, 0, rate=0.01), np.random.default_rng(0)
    for _ in range(20_000):
        state, action = int(rng.integers(2)), int(rng.integers(2))
        outcomes = CORRIDOR[state][action]
        _, to, r, end = outcomes[int(rng.random() > outcomes[0][0])]
        agent.learn(state, action, r, to, end)
    one = 0.8 / (1 - 0.2 * 0.99)
    assert agent.Q[:2] == pytest.approx(
        np.array([[-1, 0.99 * one], [0.99**2 * one, one]]), abs=0.05
    )
    assert agent.policy()[:2].tolist() == [1, 1]


def test_r_max_plans_what_value_iteration_says():
    agent = agents.RMax(3, 2, 0)
    for state, of in CORRIDOR.items():
        for action, outcomes in of.items():
            for p, to, r, end in outcomes:
                for _ in range(round(10 * p)):
                    agent.learn(state, action, r, to, end)
    V = agent._planned(np.zeros(3), 0.0)
    one = 0.8 / (1 - 0.2 * 0.999)
    assert pytest.approx([0.999 * one, one, 0.0], abs=1e-3) == V
    assert agent.policy()[:2].tolist() == [1, 1]


def all_met(agent, times=10):
    """The corridor, each outcome as often as it is likely."""
    for state, of in CORRIDOR.items():
        for action, outcomes in of.items():
            for p, to, r, end in outcomes:
                for _ in range(round(times * p)):
                    agent.learn(state, action, r, to, end)
    return agent


def test_a_bonus_falls_with_the_root_of_the_trials():
    worth = {}
    for times in (10, 40):
        agent = all_met(agents_tables.UCBVI(3, 2, 0, bonus=0.1), times)
        V = agent._planned(np.zeros(3), agent.bounds.hope)
        worth[times] = agent._worth(V, 9.0, 0.1) - agent._worth(V, 9.0)
        assert agent.policy()[:2].tolist() == [1, 1]
    assert worth[10] == pytest.approx(np.full((3, 2), 0.1 / np.sqrt(10)))
    assert worth[40] == pytest.approx(worth[10] / 2)


def test_worlds_drawn_from_belief_are_about_the_one_that_was_met():
    agent = all_met(agents_tables.PSRL(3, 2, 0), 1000)
    one = 0.8 / (1 - 0.2 * 0.999)
    expected = np.array([[-1, 0.999 * one], [0.999**2 * one, one], [0, 0]])
    drawn = []
    for _ in range(20):
        agent._draw()
        drawn.append(agent.best)
    assert np.mean(drawn, axis=0) == pytest.approx(expected, abs=0.01)
    assert np.std(drawn, axis=0)[1, 1] > 0
    assert agent.policy()[:2].tolist() == [1, 1]


def test_before_anything_was_met_any_action_may_be_drawn():
    assert {agents_tables.PSRL(3, 2, seed).act(0) for seed in range(20)} == {0, 1}


def test_the_least_surprising_path_is_not_the_best():
    """Nine times in ten straight to the goal, else into a hole; or slowly, without danger."""
    agent = agents.ByNats(4, 2, 0)
    for k in range(40):
        falls, stays = k % 10 == 0, k % 4 == 0
        agent.learn(0, 0, 0.0 if falls else 1.0, 3 if falls else 2, True)
        agent.learn(0, 1, 0.0, 1, False)
        agent.learn(1, 1, 0.0 if stays else 1.0, 1 if stays else 2, not stays)
    assert agents.Ours.policy(agent)[:2].tolist() == [1, 1]
    assert agent.policy()[:2].tolist() == [0, 1]


def test_ablations_lack_what_they_name():
    made = {name: make(16, 4, 0) for name, make in agents.LEARNERS.items() if "growgraph" in name}
    worlds.trips(made["growgraph, no structural gain"], Maze(4, seed=1), 300)
    counts = made["growgraph, no structural gain"].agent._world.counts
    assert counts.trials.sum() > 0
    assert not counts.nu.any()
    assert made["growgraph, no shape"].agent._world.counts.alpha < 1e-6
    for name, always in (("growgraph", False), ("growgraph, no gate", True)):
        worlds.trips(made[name], Maze(4, seed=1), 300)
        agent = made[name].agent
        assert (agent.n_plans_ >= agent.n_samples_seen_) == always


def test_without_simulation_one_choice_is_looked_at():
    agent, whole = (
        all_met(agents.LEARNERS["growgraph, no simulation"](3, 2, 0)),
        agents.Ours(3, 2, 0),
    )
    world = agent.agent._world
    one = [world._one(2 * world.place[0] + a, False) for a in range(2)]
    assert one == [-1.0, 0.0]
    assert [world._one(2 * world.place[1] + a, False) for a in range(2)] == pytest.approx([0, 0.8])
    assert agent.policy()[:2].tolist() == [1, 1]
    assert all_met(whole).agent._world.known()[world.choices(0)[1]] > 0.9
    assert world._one(2 * world.place[1], True) > 0  # what was never met may follow


def test_without_inertia_what_may_be_hoped_for_is_not_sought():
    agent = agents.LEARNERS["growgraph, no inertia"](3, 2, 0)
    agent.learn(0, 1, 0.5, 0, False)
    assert {agents.Ours.act(agent, 0) for _ in range(20)} == {1}
    other = agents.Ours(3, 2, 0)
    other.learn(0, 1, 0.5, 0, False)
    assert other.act(0) == 0


GOING = ("growgraph", "growgraph, no inertia", "R-max, m = 1", "R-max, m = 5", "PSRL", "Dyna-Q")


@pytest.mark.parametrize("name", GOING)
def test_who_has_a_model_finds_another_goal_without_having_been_there(name):
    """All of the maze is known, no reward of the new goal was ever met."""
    maze = Maze(4, seed=1)
    agent = agents.LEARNERS[name](16, 4, 0)
    for state in range(15):
        for action in range(4):
            for _ in range(10):
                maze.cell, maze.steps = state, 0
                after, reward, ended, _, _ = maze.step(action)
                agent.learn(state, action, reward, after, ended)
    agent.intend(3)
    best, state = agent.policy(), 0
    for _ in range(maze.shortest(goal=3)):
        maze.cell = state
        state = maze.step(int(best[state]))[0]
    assert state == 3


def test_a_goal_that_is_told_is_an_end_of_what_was_met():
    """To the right of 0 is 1: there it would end now, and be worth 1; trials are as many."""
    for make in (agents.RMax, agents_tables.PSRL, partial(agents.QLearning, dreams=1)):
        agent = all_met(make(3, 2, 0))
        trials = agent.count.sum(axis=-1) if hasattr(agent, "count") else None
        agent.intend(1)
        if trials is None:
            assert agent.last[0, 1] == (1.0, 1, True)
            assert agent.last[0, 0][0] == 0
            assert agent.Q[0, 1] == pytest.approx(1)
            continue
        assert agent.reward[0, 1].max() == 1
        assert agent.reward[0, 0].max() == 0
        assert (agent.count.sum(axis=-1) == trials).all()
        agent.policy()
        agent.learn(0, 1, 1.0, 1, True)
        assert np.count_nonzero(agent.count[0, 1]) == 1
    assert all_met(agents.RMax(3, 2, 0)).reward[0, 0].min() == -1


def test_once_a_goal_is_told_its_worth_is_one():
    agent = all_met(agents.RMax(3, 2, 0))
    agent.intend(1)
    V = agent._planned(np.zeros(3), 0.0)
    assert V[0] == pytest.approx(1)
    other = all_met(agents_tables.PSRL(3, 2, 0), 1000)
    other.intend(1)
    other.policy()
    assert other.known[0] == pytest.approx(1, abs=0.01)


def test_who_has_no_model_is_told_nothing():
    agent = all_met(agents.QLearning(3, 2, 0))
    before = agent.Q.copy()
    agent.intend(1)
    np.testing.assert_array_equal(agent.Q, before)


def test_steps_count_from_where_the_goal_was_moved(monkeypatch):
    monkeypatch.setattr(worlds, "_CELLS", 4)
    agent = worlds.Timed(agents.Ours(16, 4, 0))
    steps = worlds.with_a_goal_moved(agent, 1, 1000)
    away = Maze(4, seed=1, braid=worlds._BRAID).shortest(goal=3)
    assert 2 * away <= steps < agent.lived
    assert agent.agent.agent.intention == 3
    assert worlds.with_a_goal_moved(agents.Ours(16, 4, 0), 1, 5) is None


def test_time_is_of_acting_and_learning_alone():
    """Each takes a hundredth of a second; the world and evaluations would take much more."""

    def spend(seconds):
        begun = time.process_time()
        while time.process_time() - begun < seconds:
            pass

    slow = SimpleNamespace(act=lambda s: spend(0.01), learn=lambda *step: spend(0.01),
                           over=lambda: spend(0.01), policy=lambda: spend(0.1))  # fmt: skip
    timed = worlds.Timed(slow)
    timed.act(0)
    timed.policy()
    timed.learn(0, 0, 0, 0, False)
    timed.over()
    assert timed.lived == 1
    assert 0.03 <= timed.seconds < 0.1


def test_a_life_is_lived_before_time_is_taken(monkeypatch):
    """Of another seed, and no longer than what is timed."""
    lives: list[tuple] = []

    def life(agent, seed, most):
        agent.learn(0, 0, 0.0, 0, False)
        lives.append((seed, most))
        return None, None

    monkeypatch.setattr(worlds, "in_a_maze", life)
    simnet.run(Plan(methods=("R-max, m = 1",)), worlds.MAZE)
    assert lives == [(500, 1000), *((seed, 30_000) for seed in range(501, 511))]
    lives.clear()
    given = boxes.Given(2, Actions(2), np.zeros(2), np.ones(2), boxes.WORLDS["CartPole"])
    monkeypatch.setattr(boxes.Given, "of", lambda world: given)
    monkeypatch.setattr(boxes, "lived", lambda world, agent, seed, most: lives.append(
        (seed, most)) or boxes.Life(lived=1))  # fmt: skip
    simnet.run(Plan(methods=("*MPC",)), "CartPole")
    assert lives == [(500, 1000), *((seed, 1000) for seed in range(501, 511))]


def test_a_run_tells_and_draws(monkeypatch):
    monkeypatch.setattr(worlds, "_CELLS", 5)
    monkeypatch.setattr(simnet, "_MOST_IN_A_MAZE", 1000)
    found = bench.run("simnet", QUICK, worlds.MAZE)
    cells = {(c["learner"], c["measure"]): c for c in found["cells"]}
    assert {learner for learner, _ in cells} == set(agents.LEARNERS)
    steps = {name: cells[name, "steps"]["mean"] for name in agents.LEARNERS}
    assert steps["growgraph"] < steps["Q-learning"]
    assert cells["growgraph", "recovery"]["mean"] < 300
    assert "2/2" in report.table(found)
    assert "growgraph, no gate" in report.table(found)
    assert set(found["knows"]) == {*agents.LEARNERS, *agents_numbers.ROWS}
    for shown in (report.table(found), report.markdown(found)):
        (told,) = {line.rstrip(" |").split("  ")[-1].split("| ")[-1] for line in shown.splitlines()
                   if line.lstrip("| ").startswith("PSRL")}  # fmt: skip
        assert told.strip() == "number of states"
    assert picture.draw(found).startswith(b"\x89PNG")


def test_worlds_are_named(monkeypatch):
    bench.check("simnet", worlds.MAZE)
    with pytest.raises(DataError, match="only must name worlds of FrozenLake 4x4"):
        bench.check("simnet", "Chess")
    bench.check("simnet", worlds.MAZE, ("PSRL", "growgraph*"))
    with pytest.raises(DataError, match="--method 'DQN' is no row of simnet"):
        bench.check("simnet", worlds.MAZE, ("DQN",))
    monkeypatch.setattr(installed, "is_here", lambda name: False)
    bench.check("simnet", worlds.MAZE)
    with pytest.raises(DataError, match=r"pip install 'growgraph\[gym\]'"):
        bench.check("simnet", "Taxi")


def test_a_world_of_gymnasium_is_solved():
    pytest.importorskip("gymnasium")
    world = worlds.WORLDS["FrozenLake 4x4"]
    steps = worlds.steps_to_solve(world, agents.Ours(16, 4, 3), 3, 3000)
    assert 10 <= steps <= 200
    assert worlds.steps_to_solve(world, agents.QLearning(16, 4, 3, rate=0.0), 3, 500) is None


def test_simnet_runs_quick():
    pytest.importorskip("gymnasium")
    found = simnet.run(QUICK, "FrozenLake 4x4")
    assert found["results"].mean("FrozenLake 4x4", "growgraph", "solved") == 1.0
