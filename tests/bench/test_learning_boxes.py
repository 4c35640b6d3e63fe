"""The protocol in worlds of numbers, and its agents, where the figures are known."""

from types import SimpleNamespace

import numpy as np
import pytest

from growgraph.bench import peers as installed
from growgraph.bench.learning import agents_numbers, bench, boxes, report, simnet, worlds
from growgraph.bench.learning.agents_bins import Binned
from growgraph.bench.learning.boxes import Given, Judge, World, lived
from growgraph.bench.learning.plan import Plan
from growgraph.bench.learning.results import Results
from growgraph.models._simnet.actions import actions_of
from tests.bench.rail import GIVEN, LENGTH, WORLD, Goes, Rail
from tests.models.worlds import Valley


@pytest.fixture(autouse=True)
def rails(monkeypatch):
    made = []
    monkeypatch.setattr(boxes, "made", lambda world: made.append(Rail()) or made[-1])
    return made


# ---- the protocol -------------------------------------------------------------------------------
@pytest.mark.parametrize("most", [10, 100])
def test_it_is_solved_at_the_first_evaluation_that_reaches_the_threshold(rails, most):
    life = lived(WORLD, Goes(7), 3, most)
    assert (life.steps, life.kept, life.lived) == (10, 1.0, 10 + 5 * boxes.AGAIN)
    assert len(rails) == 1 + boxes.EPISODES
    assert len(rails[0].taken) == life.lived
    assert [rail.seed for rail in rails[1:]] == [10_000 + k for k in range(boxes.EPISODES)]


def test_what_is_forgotten_is_not_kept():
    assert lived(WORLD, Goes(7, until=20), 3, 100).kept == 1 / boxes.AGAIN


def test_who_does_not_solve_is_given_up():
    agent = Goes(1000)
    life = lived(WORLD, agent, 3, 60)
    assert (life.steps, life.kept, life.lived) == (None, 0.0, 60)
    assert agent.overs == 60 // LENGTH


def test_what_was_seen_stays_where_a_world_writes_into_its_array_again(monkeypatch):
    held, step = np.zeros(2), Rail.step

    def again(self, action):
        held[:], *rest = step(self, action)
        return held, *rest

    monkeypatch.setattr(Rail, "step", again)
    agent = Goes(1000)
    moved: list[float] = []
    agent.learn = lambda x, action, reward, after, ended: moved.append(after[0] - x[0])
    lived(WORLD, agent, 3, 30)
    assert moved == pytest.approx([-0.1] * 30)


@pytest.mark.parametrize(("solved", "good"), [(-9.0, True), (-8.9, False)])
def test_the_mean_return_is_judged(solved, good):
    """Ten steps to the right, the last without cost."""
    world = World("Rail", solved, 5, 0)
    agent = Goes(0)
    assert Judge(world)(agent) == good
    assert agent.asked <= 10 * boxes.EPISODES


def test_no_more_is_played_than_is_needed():
    """Left is -12 an episode: two of them, and three steps of the others, are below -4 of each."""
    agent = Goes(1000)
    assert not Judge(World("Rail", -4.0, 5, 0))(agent)
    assert agent.asked == 2 * LENGTH + 4 * (boxes.EPISODES - 2)


@pytest.mark.parametrize(("bonus", "asked"), [(5.0, 2 * LENGTH + 8 * 18), (0.0, 2 * LENGTH)])
def test_an_end_may_bring_what_no_step_does(bonus, asked):
    """Two episodes are -12 each, and 18 may bring 5 each until they too are below."""
    agent = Goes(1000)
    assert not Judge(World("Rail", -3.6 if bonus else -1.15, 5, 0, bonus))(agent)
    assert agent.asked == asked


def test_who_answers_as_before_is_not_asked_again():
    judge, agent = Judge(WORLD), Goes(0)
    agent.mark = 1
    first, asked = judge(agent), agent.asked
    assert judge(agent) == first
    assert agent.asked == asked
    agent.mark, agent.steps = 2, 1000
    assert judge(agent) != first


def test_of_a_box_of_actions_some_are_taken(monkeypatch):
    """Pushes of -1, -.5, 0, .5 and 1: SimNet and its peers choose among the same."""
    space = SimpleNamespace(low=np.array([-1.0]), high=np.array([1.0]), shape=(1,), dtype=float)
    monkeypatch.setattr(Rail, "action_space", space)
    taken = []
    monkeypatch.setattr(Rail, "step", lambda self, a: taken.append(a) or (
        np.array([0.5 * a[0], 0.0]), -1.0, len(taken) % 7 == 0, False, {}))  # fmt: skip
    for make in (agents_numbers.Ours, Binned):
        given = Given.of(WORLD)
        agent = make(given, 0)
        assert lived(World("Rail", 1, 100, 0), agent, 0, 99).lived == 99
        assert {float(a[0]) for a in taken} == {-1.0, -0.5, 0.0, 0.5, 1.0}
        taken.clear()


def test_ranges_that_are_not_told():
    given = Given.of(WORLD)
    assert (given.low.tolist(), given.high.tolist()) == ([-2.0, -3.0], [2.0, 3.0])


STARTS = {  # states of which an end is near
    "CartPole": [[2.38, 1.0, 0, 0], [0, 0, -0.2, -1.0], [0, 0, 0, 0]],
    "MountainCar": [[0.48, 0.05], [0.3, 0.01], [-0.5, 0]],
    "Acrobot": [[2.5, 0.1, 1, 1], [3.0, -1.5, 0, 0], [0, 0, 0, 0]],
    "MountainCarContinuous": [[0.44, 0.05], [0.3, 0.01], [-0.5, 0]],
    "Pendulum": [[3.0, 0.5], [0.1, 0.0], [-2.0, 4.0]],
}


@pytest.mark.parametrize("name", STARTS)
def test_rewards_and_ends_are_told_as_they_are(name):
    """As the environment has them, step by step."""
    pytest.importorskip("gymnasium")
    world, rng, ends = boxes.WORLDS[name], np.random.default_rng(0), 0
    env = worlds.made(world)
    actions, inner = actions_of(env.action_space), env.unwrapped
    for start in STARTS[name] * 4:
        env.reset(seed=0)
        inner.state = np.array(start)
        seen = inner._get_obs() if hasattr(inner, "_get_obs") else inner.state
        for _ in range(15):
            push = actions.call(int(rng.integers(actions.n)))
            after, reward, ended, _, _ = env.step(push)
            (due,), (over,) = world.told(seen[None], np.ravel(push)[None], after[None])
            assert (due, over) == (pytest.approx(reward, abs=1e-4), ended)
            ends, seen = ends + ended, after
            if ended:
                break
    assert (ends > 3) == (name != "Pendulum")


# ---- ours without one of its parts --------------------------------------------------------------
def valley(agent, steps=160, reward=-1.0, env=None):
    """A life on the rail, or in another world, episode after episode."""
    rail = Rail() if env is None else env
    x = rail.reset(seed=0)[0]
    for _ in range(steps):
        action = agent.act(np.asarray(x, np.float64))
        after, cost, ended, cut, _ = rail.step(action)
        agent.learn(np.asarray(x, np.float64), action, reward or cost, after, ended)
        x = rail.reset()[0] if ended or cut else after
    return agent.agent._world


def test_nothing_grows_after_the_first_model_where_growth_is_ablated():
    given, grown = Given(2, actions_of(3), -np.ones(2), np.ones(2), WORLD), []
    for name in (agents_numbers.OURS, f"{agents_numbers.OURS}, no growth"):
        agents = [agents_numbers.ROWS[name].make(given, 0) for _ in range(2)]
        first, later = (valley(a, n, env=Valley()) for a, n in zip(agents, (41, 160), strict=True))
        assert first.n_plans == 1 < later.n_plans
        grown.append(later.graph.n_nodes - first.graph.n_nodes)
    ours, frozen = grown
    assert frozen <= 0 < ours


def test_without_growth_it_goes_on_learning():
    world = valley(agents_numbers.ROWS[f"{agents_numbers.OURS}, no growth"].make(GIVEN, 0), 60, 1.0)
    assert world.staying
    assert world.forward.n == 60
    assert world.n_refused == 0


def test_what_is_ablated_does_not_count():
    made = {name: valley(agents_numbers.ROWS[f"{agents_numbers.OURS}{name}"].make(GIVEN, 0))
            for name in ("", ", no simulation", ", no inertia", ", no gate")}  # fmt: skip
    key = np.array([0.5, 0.0])
    whole = {curious: made[""].worth(key, curious) for curious in (False, True)}
    assert whole[False][1] > whole[False][0]
    world = made[", no inertia"]
    np.testing.assert_array_equal(world.worth(key, True), world.worth(key, False))
    assert made[", no gate"].n_plans == 160 - 39 > made[""].n_plans
    key = np.array([0.3, 0.0])  # six steps do not end it, and all cost the same
    one = made[", no simulation"].worth(key, False)
    assert one[0] == pytest.approx(one[1], 1e-4)
    assert made[""].worth(key, False)[1] > made[""].worth(key, False)[0]
    made[", no simulation"].notice()  # as before each act
    np.testing.assert_array_equal(made[", no simulation"].worth(key, False), one)


def test_to_stay_what_is_ablated_does_not_count():
    place = np.array([0.5, 0.0])
    for name in ("", ", no simulation", ", no inertia"):
        world = valley(agents_numbers.ROWS[f"{agents_numbers.OURS}{name}"].make(GIVEN, 0), 60, 1.0)
        assert world.staying
        worth = world.worth(place, False)
        if name == ", no inertia":
            assert worth.max() == 0  # there are plans that never end, and none is better
        else:
            assert worth[0] > worth[1]
        if name == ", no simulation":
            assert worth == pytest.approx(
                [-((0.5 + move) ** 2) * world.home.weight[0] - 0.01 for move in (-0.1, 0.1)], 0.1
            )


# ---- a run --------------------------------------------------------------------------------------
def ran(monkeypatch, *rows, solved=-10.0):
    world = World("Rail", solved, 5, 0, most=40)
    monkeypatch.setattr(boxes, "WORLDS", {"Rail": world})
    monkeypatch.setattr(simnet, "KNOWN", ("Rail",))
    told: list[str] = []
    found = bench.run("simnet", Plan(quick=True, methods=rows), "Rail", told.append)
    return found, told


@pytest.mark.parametrize(("name", "limit"), [("growgraph, no gate", 40), ("Q-learning, bins", 20)])
def test_who_does_not_solve_is_given_the_limit(name, limit, monkeypatch):
    """A peer that is given up sooner is counted with what it lived, ours with the world's."""
    row = agents_numbers.Row(lambda given, seed: Goes(1000), most=20)
    monkeypatch.setitem(agents_numbers.ROWS, name, row)
    found, _ = ran(monkeypatch, name)
    steps, solved = ({tuple(c["seeds"].values()) for c in found["cells"] if c["measure"] == m}
                     for m in ("steps", "solved"))  # fmt: skip
    assert (steps, solved) == ({(limit, limit)}, {(0.0, 0.0)})
    knows = simnet.KNOWS[name] or "nothing"
    for shown in (report.table(found), report.markdown(found)):
        (line,) = (x for x in shown.splitlines() if name in x and knows in x)
        assert f"{limit} [{limit}-{limit}]" in line
        assert "0/2" in line


def test_rows_of_what_is_not_installed_are_left_out(monkeypatch):
    monkeypatch.setattr(installed, "is_here", lambda name: False)
    found, told = ran(monkeypatch, "NEAT", "Q-learning, bins")
    assert {c["learner"] for c in found["cells"]} == {"Q-learning, bins"}
    assert told[1] == "Rail, NEAT: left out, what it needs is not installed"
    assert "neat-python" in found["machine"]["missing"]


def test_ours_is_compared_by_steps():
    results = Results()
    for seed in range(5):
        results.add("Rail", "growgraph", "steps", seed, 10 + seed % 2)
        results.add("Rail", "DQN", "steps", seed, 50 + seed)
        results.add("Rail", "random-shooting MPC", "steps", seed, 5)
        results.add("Rail", "random-shooting MPC", "solved", seed, seed < 4)
    (one,) = simnet.compared(results)
    assert (one["peer"], one["verdict"]) == ("DQN", "won")
    results.add("Rail", "random-shooting MPC", "solved", 4, True)
    assert [one["verdict"] for one in simnet.compared(results)] == ["won", "lost"]
