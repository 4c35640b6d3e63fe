"""SimNet in continuous worlds: it balances, climbs, plans in a graph that grows, and says so."""

from types import SimpleNamespace

import numpy as np
import pytest

from growgraph import Graph, SimNet, viz
from growgraph.graph.check import same_structure
from growgraph.graph.planning import fixed_point
from growgraph.growth import GrowthController, NewNode, Proposal, door
from growgraph.kernels.foresee import ENDED
from growgraph.models._simnet import box, boxtelling, ending, forward, staying
from growgraph.models._simnet.foretold import after
from tests.models.worlds import Pole, Valley
from tests.naive import plan as naive
from tests.naive.model import Model

CLIMBED = SimNet(random_state=3).learn(Valley(), 600)


def test_it_climbs_out_of_the_valley():
    assert CLIMBED._world.aim == "find rewards"
    assert CLIMBED.score(Valley(), 10, seed=5) > -125
    assert CLIMBED.n_plans_ < 60


@pytest.mark.parametrize("circle", [False, True])
def test_it_balances(circle):
    agent = SimNet(random_state=0).learn(Pole(circle), 75)
    assert agent._world.aim == "stay"
    assert agent._world.forward.circles.tolist() == ([0] if circle else [])
    assert agent.score(Pole(circle), 5, seed=7) == 300


def test_an_intention_may_be_said():
    agent = SimNet("reach", random_state=1).learn(Pole(), 60)
    assert not agent._world.staying
    assert agent._world.n_states > 0
    assert agent.intend("stay")._world.staying
    assert agent.act(np.zeros(4)) in (0, 1)
    assert SimNet("stay").learn(Valley(), 30)._world.home is not None


def test_equals_are_told_as_equals():
    agent = SimNet([0.5, 0.07], random_state=0).learn(Valley(), 40)
    far = agent.imagine(np.array([0.5, 0.05]))
    assert far.alternatives[0].worth == far.alternatives[1].worth
    assert f"Action {far.alternatives[1].action} is as good." in str(agent.explain(far.state))
    assert "at (0.5, 0.05): worth" in str(agent.explain(far.state))


def test_another_goal_needs_no_experience():
    agent = SimNet.from_state(CLIMBED.to_state()).intend(np.array([-1.0, 0.0]))
    env = Valley()
    seen, _ = env.reset(seed=1)
    way = agent.imagine(seen, 150).alternatives[0]
    assert way.ends == "goal"
    reached = False
    for _ in range(150):
        seen = env.step(agent.act(seen))[0]
        reached |= bool(seen[0] < -0.9)
    assert reached
    assert agent.n_samples_seen_ == 600
    assert agent.intend(None).score(Valley(), 5, seed=5) > -125


def test_an_end_that_is_not_the_goal_is_told_as_an_end():
    agent = SimNet.from_state(CLIMBED.to_state()).intend(np.array([-1.0, 0.0]))
    rows = agent._world.forward.rows
    here, action = np.split(rows[rows[:, 4] == 1][-1, :3], [2])  # where an episode ended once
    (future,) = [one for one in agent.imagine(here).alternatives if one.action == action]
    assert (future.ends, future.path[-1][0][0] > 0.49) == ("end", True)
    back = agent.imagine(np.array([-0.5, 0.0]), 150).alternatives[0]
    assert back.ends == "goal"
    assert back.path[-1][0][0] < -0.8


def test_an_end_expected_that_does_not_come_plans_anew():
    agent = SimNet.from_state(CLIMBED.to_state())
    rows = agent._world.forward.rows
    agent.intend(None)  # fitted, no surprise is left
    for ended in [False] * box.STEPS + [True]:
        row = rows[rows[:, 4] == ended][-1]
        before = agent.n_plans_
        agent.partial_fit([(row[:2], int(row[2]), -1.0, row[-2:], False)])
        assert agent.n_plans_ == before + ended


def test_hope_that_stands_still_is_planned_on(monkeypatch):
    monkeypatch.setattr(box, "_WORK", 1)  # planning anew is dear
    agent, env, on, anew = SimNet(random_state=3), Valley(), 0, 0
    world, seen = agent.learn(env, 100)._world, env.reset(seed=5)[0]
    for _ in range(100):
        model, plans, there = world.forward.model, world.n_plans, world.concepts.state_id
        action = agent.act(seen, explore=True)
        after, *rest, cut, _ = env.step(action)
        agent.partial_fit([(seen, action, rest[0], after, rest[1])])
        seen = env.reset()[0] if rest[1] or cut else after
        assert world.risen[1] < world.risen[2]
        if world.n_plans > plans and world.forward.model is model:
            on += 1
            np.testing.assert_array_equal(world.concepts.state_id[: len(there)], there)
            assert world.n_states > len(there)
            assert world.risen.tolist() == [-np.inf, 0, box._STILL]
            full = world.concepts.values.copy()
            fixed_point(agent.graph_, full, changed=world.concepts._planned(), hope=world.hope)
            np.testing.assert_allclose(world.concepts.values, full, atol=1e-3 * world.unit)
        else:
            anew += world.n_plans > plans
    assert on > 2
    assert anew > 2
    agent.graph_.check()


def test_where_all_lived_in_is_a_concept_it_is_planned_anew_and_less_and_less_often(monkeypatch):
    monkeypatch.setattr(box, "_WORK", 1)  # a surprise alone is no reason
    agent, env = SimNet.from_state(CLIMBED.to_state()).intend(None), Valley()
    world, seen, plans = agent._world, env.reset(seed=1)[0], []
    for step in range(160):  # it swings where it began
        model, before = world.forward.model, agent.n_plans_
        after = env.step(1)[0]
        agent.partial_fit([(seen, 1, -1.0, after, False)])
        seen = after
        if world.forward.model is not model:
            plans.append(step)
            assert agent.n_plans_ == before + 1
            assert world.risen[2] == box._STILL * 2 ** len(plans)
    assert 2 < len(plans) < 7
    assert (np.diff(plans) >= box._STILL * 2 ** np.arange(1, len(plans))).all()
    agent.partial_fit([(env.reset(seed=2)[0], 1, -1.0, env.step(1)[0], False)])
    assert world.risen[2] == box._STILL  # another episode


def test_an_end_missed_just_after_a_plan_is_no_reason_for_another():
    agent = SimNet.from_state(CLIMBED.to_state()).intend(None)
    row = agent._world.forward.rows[agent._world.forward.rows[:, 4] == 1][-1]
    step = row[:2], int(row[2]), -1.0, row[-2:], False
    agent._world.forward.surprise = lambda *_: (0.0, True, True)
    plans = []
    for _ in range(box.STEPS + 2):
        agent.partial_fit([step])
        plans.append(agent.n_plans_)
    assert plans == [CLIMBED.n_plans_ + 1] * (box.STEPS) + [CLIMBED.n_plans_ + 2] * 2


def test_an_episode_begins_where_the_last_one_ended():
    again = [(np.zeros(1), 0, 1.0, np.zeros(1), end) for end in (True, True, False, False)]
    assert SimNet().partial_fit(again, 1)._world.starts.tolist() == [0.0, 3.0]


# ---- the graph ----------------------------------------------------------------------------------
def test_a_forward_of_the_graph_is_the_model():
    world = CLIMBED._world
    felt = world.forward.feel(np.array([[-0.5, 0.01], [0.2, -0.03]]))
    told = CLIMBED.graph_.forward(felt).reshape(2, 3, 3)
    for action in range(3):
        expected = world.forward.foreseen(felt, [action, action])
        np.testing.assert_allclose(told[:, action], expected, atol=2e-3)


def test_concepts_that_are_changed_in_the_graph_answer_otherwise():
    agent = SimNet.from_state(CLIMBED.to_state())
    places = [np.array([x, 0.0]) for x in np.linspace(-0.9, 0.0, 10)]
    was, ids = [agent.act(place) for place in places], agent._world.concepts.choice_id
    assert len(set(was)) > 1
    agent.graph_.set_nodes(ids.ravel(), bias=np.random.default_rng(0).normal(size=ids.size) * 50)
    assert [agent.act(place) for place in places] != was


def test_plans_beyond_all_numbers_are_the_worst_and_no_error():
    class Wild(Pole):
        def step(self, action):
            seen, *rest = super().step(action)
            self.s = self.s * 1e8
            return np.clip(seen, -1e29, 1e29), *rest[:1], False, self.t >= 3, {}

    agent = SimNet("stay", random_state=0).learn(Wild(), 60)
    worth = agent._world.worth(np.zeros(4) + 0.01, True)
    assert np.isfinite(worth).all()
    assert np.isfinite([one.inertia for one in agent.imagine(np.ones(4)).alternatives]).all()


@pytest.mark.parametrize("curious", [False, True])
def test_worth_is_that_of_plain_value_iteration(curious):
    world = SimNet(random_state=3).learn(Valley(), 120)._world
    ids = np.append(world.concepts.choice_id.ravel(), world.concepts.state_id)
    g = Model.of(world.graph._store)
    planned = {int(world.graph._store.slot_of[i]) for i in ids}
    expected, before = np.full(g.n_slots, world.dread), None
    nodes = [node for node in g.in_slot_order() if node.slot in planned]
    for _ in range(400):
        before = expected.copy()
        for node in nodes:
            expected[node.slot] = naive.worth(g, node, before, curious, world.hope)
    found = world.concepts.values if curious else world.known()
    slots = world.graph._store.slot_of[ids]
    np.testing.assert_allclose(found[ids], expected[slots], atol=0.1)


def test_it_grows_concepts_and_centres_and_says_why():
    table = CLIMBED.growth_log_.table()
    causes = set(table["cause"])
    assert causes == {
        "a world of numbers", "tension that lasts", "imagined, and no concept is near",
        "an action imagined to lead there", "nothing leads there any more",
        "hope stands still, and no concept is near",
    }  # fmt: skip
    tense = table[table["cause"] == "tension that lasts"]
    assert (tense["tension"] >= forward._TENSE).all()
    assert len(CLIMBED._world.concepts.centre_id) > 10
    assert same_structure(CLIMBED.growth_log_.replay(), CLIMBED.graph_)
    CLIMBED.graph_.check()


def test_lines_are_enough_where_nothing_bends():
    agent = SimNet(random_state=2).learn(Pole(), 75)
    assert len(agent._world.concepts.centre_id) == 0
    assert agent._world.forward.error < 0.01


@pytest.mark.parametrize("many", [3, 70])
def test_nodes_alike_are_born_in_one_call_as_one_by_one(many, monkeypatch):
    def grown(bound):
        monkeypatch.setattr(door, "_MANY", bound)
        graph = Graph()
        controller = GrowthController([])
        choices = [NewNode(bias=k / 7, p0=0.5) for k in range(2 * many)]
        tops = [NewNode((-2 * k - 1, -2 * k - 2), (1.0, 0.5), "max") for k in range(many)]
        chain = [NewNode((-3 * many - k,), (1.0,)) for k in range(many)]
        born = controller.grow(graph, Proposal(1.0, (*choices, *tops, *chain)), rule="r", cause="c")
        return graph, born

    one, many_ = grown(10**9), grown(2)
    assert one[0] == many_[0]
    assert one[1] == many_[1]


def test_features_keep_their_scale_while_what_was_lived_is_as_wide():
    felt = forward.Forward(2, SimpleNamespace(n=1, codes=np.eye(1), pushes=np.zeros((1, 0))))
    lived = np.random.default_rng(0).normal(size=(50, 2))
    felt._measure(lived)
    first = felt.scale
    felt._measure(lived * [1.1, 0.9])
    assert felt.scale is first
    felt._measure(lived * [1.0, 1.3])
    np.testing.assert_allclose(felt.scale[2], first[2] * [1.0, 1.3])


# ---- ends, resonance ----------------------------------------------------------------------------
def test_ends_are_told_by_the_fewest_coordinates():
    both = np.array([[True, True, False], [False, True, False]])
    assert ending._groups(both).tolist() == [-1, 0, -1]
    assert ending._groups(both[:1]).tolist() == [0, 0, -1]
    apart = np.array([[True, False, False], [False, False, True]])
    assert ending._groups(apart).tolist() == [0, -1, 1]


def test_the_tail_is_what_following_the_best_line_costs():
    """Against the definition: P = Q + A'P(A - B K), K the best answer to P."""
    A, B = np.array([[1.0, 0.1], [0.2, 1.0]]), np.array([[0.0], [0.1]])
    P, R = staying._tail(A, B, np.array([1.0, 2.0])), staying._EFFORT
    K = np.linalg.solve(R * np.eye(1) + B.T @ P @ B, B.T @ P @ A)
    np.testing.assert_allclose(P, np.diag([1.0, 2.0]) + A.T @ P @ (A - B @ K), rtol=1e-6)
    wild = staying._tail(3 * np.eye(2), np.zeros((2, 1)), np.ones(2))
    np.testing.assert_array_equal(wild, np.eye(2))  # nothing can be done: no tail


# ---- telling ------------------------------------------------------------------------------------
def test_imagined_futures_come_true():
    env = Valley()
    seen, _ = env.reset(seed=11)
    told = CLIMBED.imagine(seen, 200)
    best = told.alternatives[0]
    assert best.action == CLIMBED.act(seen)
    assert best.ends == "end"
    assert len(str(told).splitlines()) == 4
    for state, action in best.path[:30]:
        np.testing.assert_allclose(seen, state, atol=0.03)
        seen = env.step(action)[0]
    assert best.path[-1][0][0] > 0.4


def test_inertia_is_what_is_hoped_for_less_what_curiosity_expects():
    agent, seen = SimNet(random_state=3).learn(Valley(), 120), np.array([-0.5, 0.0])
    known, curious = (agent._world.worth(seen, how) for how in (False, True))
    assert (known != curious).any()
    for one in agent.imagine(seen).alternatives:
        assert one.worth == known[one.action]
        assert one.inertia == agent._world.hope - curious[one.action]


def test_what_it_says_of_itself():
    told = CLIMBED.explain(np.array([-0.5, 0.0]))
    for words in ("worth", "find rewards", "would be chosen if", "was grown by"):
        assert words in str(told)
    table = CLIMBED.knowledge()
    assert len(table) == CLIMBED._world.n_states == len(CLIMBED.plan_)
    assert table["trials"].sum() == 600
    assert (table["worth"] <= 0).all()
    agent = SimNet(random_state=1).learn(Pole(), 75)
    path = agent.imagine(np.zeros(4), 20).alternatives[0]
    assert (path.ends, len(path.path)) == ("horizon", 21)
    assert "stay" in str(agent.explain(np.zeros(4)))
    assert len(agent.knowledge()) == 0
    assert agent.plan_ == {}
    young = SimNet(random_state=1).learn(Pole(), 3)
    assert young.imagine(np.zeros(4)).alternatives == ()
    assert "too little" in str(young.explain(np.zeros(4)))
    assert boxtelling.plan(young._world, 0, 0.5) == {}


def test_its_futures_can_be_drawn():
    assert viz.plot_futures(CLIMBED, np.array([-0.5, 0.0]), horizon=20) is not None


def test_a_step_that_is_imagined_ends_where_episodes_did():
    world = CLIMBED._world
    ended = world.forward.rows[world.forward.rows[:, 4] > 0]
    assert len(ended) > 0
    for row in ended:
        place, how = after(world, row[:2], int(row[2]))
        assert how == ENDED
        assert place[0] > 0.5


def test_ends_at_a_sum_of_angles_are_told_by_it_alone():
    rng = np.random.default_rng(0)
    turn = rng.uniform(-np.pi, np.pi, (300, 2))
    turn = turn[np.abs(np.cos(turn.sum(axis=1)) - 0.7) > 0.1]  # a step leads over the edge
    over = np.cos(turn.sum(axis=1)) > 0.7
    scale = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    places = np.column_stack([turn, rng.normal(size=len(turn))])

    class Felt:
        def __init__(self):
            self.scale = scale

        feel = forward.Forward.feel

    form = ending._form(Felt(), places[~over], places[over], None)
    i, j = np.triu_indices(5)
    assert not form[1 + 4]  # two coordinates tell all
    assert not form[6:][(i == 4) | (j == 4)].any()
    largest = 1 + np.argsort(-np.abs(form[1:]))[:2]
    assert sorted(largest.tolist()) == [8, 13]  # cos cos - sin sin
    np.testing.assert_allclose(
        form[[8, 13]] / -form[0], [1 / 0.7 / 2.25, -1 / 0.7 / 2.25], rtol=0.1
    )
