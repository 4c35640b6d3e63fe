"""SimNet in discrete worlds: it finds, plans, finds again; what it says of it is so."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from growgraph import SimNet, plot, plot_growth
from growgraph.kernels import codes
from growgraph.models._simnet.counts import ALPHAS, Counts
from tests.models.worlds import Maze, Slippery, life, trip
from tests.naive import plan as naive
from tests.naive.model import Model

EARTH = [(0, 1, 0.0, 1, False), (1, 1, 1.0, 2, True)]


def lived(steps=900, seed=0, **options):
    maze = Maze(6, seed=seed)
    return SimNet(random_state=seed, **options).learn(maze, steps), maze


# ---- acting -------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", range(4))
def test_it_finds_the_shortest_way(seed):
    agent, maze = lived(seed=seed)
    assert trip(agent, maze) == maze.shortest()


@pytest.mark.parametrize("seed", range(3))
def test_another_goal_needs_no_experience(seed):
    agent, maze = lived(seed=seed)
    before = agent.n_samples_seen_
    for goal in range(1, 35, 5):
        agent.intend(goal)
        assert trip(agent, maze, goal) == maze.shortest(goal=goal)
    assert agent.n_samples_seen_ == before
    assert trip(agent.intend(None), maze) == maze.shortest()


def test_a_goal_never_met_is_looked_for():
    maze = Maze(6, seed=5)
    goal = int(np.argmax(np.where(np.arange(36) == maze.goal, -1, maze.distances(0))))
    agent = SimNet(intention=goal, random_state=0).learn(maze, 900)
    assert trip(agent, maze, goal) == maze.shortest(goal=goal)


@pytest.mark.parametrize("seed", range(4))
def test_a_wall_that_closes_is_noticed_once(seed):
    agent, maze = lived(seed=seed)
    wall = maze.close_on_the_way()
    agent.learn(maze, 400)
    assert trip(agent, maze) == maze.shortest()
    blocked = [agent._world.block(int(i)) for i in agent._world.choices(wall)]
    given_up = [b for b in blocked if b.size == 2]
    assert given_up
    assert all((b == 0).sum() == 1 for b in given_up)


def test_what_was_given_up_and_returns_is_chance():
    agent = SimNet().partial_fit([(0, 0, 0.0, 1, False), (1, 0, 0.0, 0, False)] * 30, actions=1)
    for after, counts in ((2, [0, 1]), (2, [0, 2]), (1, [1, 2]), (3, [1, 2, 1])):
        agent.partial_fit([(0, 0, 0.0, after, False)])
        assert agent._world.block(int(agent._world.choices(0)[0])).tolist() == counts


def test_slips_are_counted_not_taken_for_changes():
    env = Slippery(4, seed=1)
    agent = SimNet(random_state=0).learn(env, 3000)
    blocks = [agent._world.block(int(i)) for i in agent._world.choice_id.all]
    assert max(b.size for b in blocks) >= 3
    assert np.mean([(b == 0).any() for b in blocks]) < 0.1
    assert agent.score(env, 50, seed=3) == 1.0


def test_costs_are_kept_small():
    class Toll(Maze):
        def step(self, action):
            after, _, ended, cut, info = super().step(action)
            return after, -1.0, ended, cut, info

    maze = Toll(5, seed=2, limit=200)
    agent = SimNet(random_state=1).learn(maze, 1200)
    assert agent.score(maze, 1) == -maze.shortest()


# ---- what things are worth ----------------------------------------------------------------------
@pytest.mark.parametrize("world", [Maze(4, seed=3), Slippery(4, seed=3)])
@pytest.mark.parametrize("curious", [False, True])
def test_worth_is_that_of_plain_value_iteration(world, curious):
    agent = SimNet(random_state=0).learn(world, 700)
    inner = agent._world
    inner.plan()
    g = Model.of(inner.graph._store)
    expected = np.zeros(g.n_slots)
    naive.fixed_point(g, expected, None, curious, inner.hope, 0, 0)
    slots = inner.graph._store.slot_of[: inner.values.size]
    found = inner.values if curious else inner.known()
    assert np.abs(found - expected[slots]).max() < 2e-4


def test_the_graph_holds_what_was_counted():
    world = Slippery(4, seed=3)
    agent = SimNet(random_state=0)
    steps = life(world, agent, 400)
    agent._world.plan()
    graph, alpha = agent.graph_, agent._world.counts.alpha
    for key in agent._world.keys:
        for action, choice in enumerate(agent._world.choices(key).tolist()):
            led = [(after, end) for a, b, _, after, end in steps if (a, b) == (key, action)]
            targets, weights, flags = graph.delayed_sources(choice)
            assert (flags == codes.RECURRENT).all()
            kinds = list(dict.fromkeys(led))
            names = [f"{'end' if end else 'state'} {after}" for after, end in kinds]
            assert [graph.names[i] for i in targets.tolist()] == names
            d, n = len(kinds), len(led)
            even = alpha if d > 1 else 0
            for kind, weight in zip(kinds, weights):
                p = (led.count(kind) + even / d) / (n + even)
                assert weight == pytest.approx(0.999 * p, rel=1e-6)


def test_rewards_that_vary_are_expected_as_their_mean():
    steps = [(0, 0, reward, 1, end) for reward, end in ((1.0, False), (7.0, True))] * 2
    agent = SimNet().partial_fit([*steps, (0, 0, 4.0, 1, False)], actions=1)
    assert agent._world.counts.reward.all.tolist() == [2.0, 7.0]


def test_the_shape_is_that_under_which_least_surprises():
    even, uneven = Counts(), Counts()
    for n in range(2, 40):
        even.note_shape(n // 2, n, 2)
        uneven.note_shape(n - 1, n, 2)
    assert (uneven.alpha, even.alpha) == (ALPHAS[0], ALPHAS[-1])


def test_a_choice_never_made_is_worth_the_hope():
    agent = SimNet().partial_fit(EARTH, actions=3)
    world = agent._world
    assert world.hope == 1.0
    assert world.values[world.choices(0)][[0, 2]].tolist() == [1.0, 1.0]
    assert agent.act(0, explore=True) != 1
    assert agent.act(0) == 1


@pytest.mark.parametrize(
    ("rewards", "hope"),
    [
        ([(0, False)], 1.0), ([(-1, False)], 0.0), ([(-1, False), (20, True)], 20.0),
        ([(2, False)], 2000.0), ([(-3, True)], 0.0), ([(0.5, False), (9, True)], 500.0),
    ],
)  # fmt: skip
def test_hope_is_the_most_that_was_met(rewards, hope):
    steps = [(0, 0, r, 1, end) for r, end in rewards]
    assert SimNet().partial_fit(steps, actions=2)._world.hope == pytest.approx(hope)


@pytest.mark.parametrize("fall", [-10.0, -1e5, -1e30])
def test_what_is_far_worse_makes_no_equals(fall):
    """A choice never made is feared for the worst that was met anywhere."""
    steps = [(0, 0, -1.0, 9, True), (0, 1, -3.0, 9, True)] * 20 + [(5, 0, fall, 9, True)]
    for seed in range(8):
        assert SimNet(random_state=seed).partial_fit(steps, 3).act(0) == 0


# ---- telling ------------------------------------------------------------------------------------
def test_imagined_futures_come_true():
    agent, maze = lived()
    told = agent.imagine(0)
    assert [one.action for one in told.alternatives[:1]] == [agent.act(0)]
    best = told.alternatives[0]
    assert best.ends == "end"
    assert len(best.path) == maze.shortest() + 1
    cell, _ = maze.reset()
    for state, action in best.path[:-1]:
        assert cell == state
        cell = maze.step(action)[0]
    assert best.path[-1] == (cell, None)
    worth = [one.worth for one in told.alternatives]
    assert worth == sorted(worth, reverse=True)
    assert -np.log(best.sure) == pytest.approx(best.nats)
    assert str(told).count("action") == 4


def test_imagined_futures_may_end_in_the_unknown_and_at_the_horizon():
    steps = [(i, 0, float(i == 8), i + 1, False) for i in range(9)]
    agent = SimNet().partial_fit(steps, actions=2)
    far, unknown = agent.imagine(0, horizon=3).alternatives
    if far.action:
        far, unknown = unknown, far
    assert (far.ends, [s for s, _ in far.path]) == ("horizon", [0, 1, 2, 3])
    assert unknown.ends == "unknown"
    assert unknown.nats == pytest.approx(np.log(len(agent._world.keys) + 1))
    assert agent.imagine(77).alternatives == ()


def test_explanation_has_cause_aim_and_rival():
    agent, maze = lived()
    told = agent.intend(7).explain(0)
    assert told.data["action"] == agent.act(0)
    assert told.data["ends"] == "goal"
    assert len(told.data["path"]) == maze.shortest(goal=7) + 1
    for words in ("reach 7", "would be chosen if", "because of a state never met"):
        assert words in str(told)
    assert "never met" in str(agent.explain(99))


def test_knowledge_has_a_row_a_state():
    agent, _ = lived()
    table = agent.knowledge()
    assert table["trials"].sum() == agent.n_samples_seen_
    assert table["state"].tolist() == [str(key) for key in agent._world.keys]
    assert (table["surprise"] >= 0).all()
    assert agent.plan_.keys() == set(agent._world.keys)
    assert all(agent.plan_[key] == agent.act(key) for key in agent.plan_)


def test_the_log_says_what_growth_was_for_and_whether_it_paid_off():
    agent, _ = lived()
    table = agent.growth_log_.table()
    grown = table[table["cause"] == "an outcome never met"]
    assert set(table["rule"]) == {"Concept", "Path"}
    assert set(table["intention"]) == {"find rewards"}
    told = grown[grown["paid_off"] >= 0]
    assert 20 < len(told) < len(grown)
    assert (told["paid_off"] == 1).all()
    assert (told["realised"] < told["tension"]).all()
    assert np.isnan(grown["realised"][grown["paid_off"] < 0]).all()


def test_pictures_can_be_drawn():
    agent, _ = lived()
    for draw in (plot, plot_growth):
        figure = draw(agent)
        assert figure is not None


def test_progress_is_told(capsys):
    told = []
    agent = SimNet(progress=lambda done, total, agent: told.append((done, total)))
    agent.learn(Maze(3), 3).partial_fit([(0, 1, 0.0, 0, False)])
    assert told == [(1, 3), (2, 3), (3, 3), (1, 1)]
    agent.learn(Maze(3), 30, progress=True)
    assert "states" in capsys.readouterr().err


# ---- limits -------------------------------------------------------------------------------------
@pytest.mark.parametrize("limit", [{"max_nodes": 60}, {"max_bytes": 12_000}])
def test_limits_hold_and_what_is_known_stays(limit):
    agent, _ = lived(**limit)
    agent.graph_.check()
    assert agent.n_refused_ > 0
    assert agent.n_samples_seen_ == 900
    if "max_nodes" in limit:
        assert agent.graph_.n_nodes <= 60
    assert agent.nbytes_ <= limit.get("max_bytes", np.inf)
    assert agent.knowledge()["trials"].sum() == 900 - agent.n_refused_


def test_it_is_an_estimator_that_has_not_lived():
    agent = clone(SimNet(intention=3, patience=2))
    assert agent.get_params()["intention"] == 3
    for ask in (lambda a: a.act(0), lambda a: a.graph_, lambda a: a.to_state()):
        with pytest.raises(NotFittedError, match="call learn or partial_fit first"):
            ask(agent)


# ---- what pays for ever -------------------------------------------------------------------------
def test_a_loop_of_rewards_is_worth_all_that_it_pays():
    """One a step for ever is worth 1000; it takes thousands of sweeps until that is known."""
    stays = [(0, 0, 1.0, 1, False), (1, 0, 1.0, 1, False), (1, 1, 1.0, 1, False)]
    agent = SimNet(random_state=0)
    for _ in range(200):
        agent.partial_fit([*stays, (0, 1, 500.0, 2, True)], 2)
    assert agent.act(0) == 0
    worth = {one.action: one.worth for one in agent.imagine(0).alternatives}
    assert worth[0] == pytest.approx(1000, rel=1e-4)


@pytest.mark.parametrize("size", [1e-6, 1.0, 1e6])
def test_the_size_of_rewards_does_not_matter(size):
    for seed in range(5):
        agent = SimNet(random_state=seed)
        for _ in range(30):
            agent.partial_fit([(0, 0, 0.0, 1, True), (0, 1, size, 2, True)], 2)
        assert agent.act(0) == 1


@pytest.mark.parametrize("reward", [1e31, -1e36, 1e306])
def test_rewards_that_no_number_could_hold_are_refused(reward):
    agent = SimNet(random_state=0).partial_fit([(0, 0, 1.0, 1, False)], 2)
    with pytest.raises(ValueError, match="reward"):
        agent.partial_fit([(1, 0, reward, 0, False)], 2)
    assert agent.act(1) in (0, 1)


@pytest.mark.parametrize("seed", range(6))
def test_among_equals_it_tells_of_what_it_does(seed):
    steps = [(0, 0, 1.0, 1, True), (0, 1, 1.0, 1, True), (0, 2, 0.0, 2, True)] * 4
    agent = SimNet(random_state=seed).partial_fit(steps, 3)
    acted, told = agent.act(0), agent.explain(0)
    assert agent.imagine(0).alternatives[0].action == told.data["action"] == acted
    assert f"Action {1 - acted} is as good." in str(told)
    assert agent.imagine(0, explore=True).alternatives[0].action == agent.act(0, explore=True)


def test_a_goal_that_ended_the_episode_is_explained():
    agent = SimNet().partial_fit([(0, 0, 0.0, 1, False), (1, 0, 0.0, 2, True)] * 5, actions=1)
    told = agent.intend(2).explain(0)
    assert told.data["path"][-1] == (2, None)
    plot(told)
