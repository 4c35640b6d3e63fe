"""SimNet's laws: cuts, files and questions change no bit; the graph alone answers."""

import copy
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from growgraph import Graph, SimNet, load, save
from growgraph.graph import planning
from growgraph.graph.check import same_structure
from growgraph.graph.planning import fixed_point
from growgraph.models._simnet import world as inner
from growgraph.models._simnet.awaited import Awaited
from growgraph.models._simnet.counts import Counts
from tests.models.material import differences
from tests.models.worlds import Maze, Slippery, Valley, life

LAW = settings(max_examples=25, deadline=None, derandomize=True, database=None,
               phases=[Phase.generate])  # fmt: skip
PAUSES = st.sampled_from(["", "", "act", "tell", "score", "state", "file", "pickle", "copy"])
N = 600


def stream(kind=Slippery, n=N):
    """What an agent lived through; half of the mazes' time a wall is closed."""
    env = kind(4, seed=2)
    agent = SimNet(random_state=4)
    steps = life(env, agent, n // 2)
    if kind is Maze:
        env.close_on_the_way()
    return steps + life(env, agent, n - n // 2)


STREAMS = {kind: stream(kind) for kind in (Maze, Slippery)}


def asked(agent, pause, tmp_path):
    """The agent after it was asked something or came back from somewhere."""
    if pause == "act":
        agent.act(0), agent.act(3, explore=True), agent.act(99, explore=True)
    elif pause == "tell":
        agent.imagine(0), agent.explain(0), agent.knowledge(), str(agent.growth_log_), agent.plan_
    elif pause == "score":
        agent.score(Maze(4, seed=2, limit=20), 2)
    elif pause == "state":
        return SimNet.from_state(agent.to_state())
    elif pause == "file":
        save(agent, tmp_path / "agent.npz")
        return load(tmp_path / "agent.npz")
    elif pause == "pickle":
        return pickle.loads(pickle.dumps(agent))
    elif pause == "copy":
        return copy.deepcopy(agent)
    return agent


@pytest.mark.parametrize("kind", [Maze, Slippery])
def test_any_cut_with_anything_between_gives_the_same_bits(kind, tmp_path_factory):
    steps, folder = STREAMS[kind], tmp_path_factory.mktemp("agents")
    whole = SimNet(random_state=4).partial_fit(steps, actions=4)

    @given(
        st.lists(st.integers(1, N - 1), max_size=5),
        st.lists(PAUSES, min_size=7, max_size=7),
    )
    @LAW
    def law(bounds, pauses):
        bounds = sorted({0, N, *bounds})
        agent = SimNet(random_state=4)
        for a, b, pause in zip(bounds, bounds[1:], pauses):
            agent = asked(agent.partial_fit(steps[a:b], actions=4), pause, folder)
        assert differences(agent, whole) == []

    law()


@pytest.mark.parametrize("kind", [Maze, Slippery])
def test_equal_lives_are_equal_files(kind, tmp_path):
    for name in ("a", "b"):
        save(SimNet(random_state=7).learn(kind(5, seed=1), 300), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("make", [lambda: Maze(5), Valley])
def test_a_state_that_was_taken_stays_what_it_was(make):
    agent = SimNet(random_state=7).learn(make(), 50)
    taken, twin, known = agent.to_state(), copy.deepcopy(agent), agent._world.n_states
    assert agent.learn(make(), 200)._world.n_states > known
    again = SimNet.from_state(taken)
    assert differences(again, twin) == []
    assert differences(again.learn(make(), 200), agent) == []
    assert differences(SimNet.from_state(taken), twin) == []


def test_another_seed_lives_another_life():
    one, two = (SimNet(random_state=s).learn(Maze(5, seed=1), 40) for s in (1, 2))
    assert one.graph_ != two.graph_


@pytest.mark.parametrize("kind", [Maze, Slippery])
def test_the_log_replayed_is_the_same_structure(kind):
    agent = SimNet(random_state=4).partial_fit(STREAMS[kind], actions=4)
    agent.graph_.check()
    assert same_structure(agent.growth_log_.replay(), agent.graph_)


@pytest.mark.parametrize("kind", [Maze, Slippery])
@pytest.mark.parametrize("goal", [None, 9])
def test_the_graph_alone_answers(kind, goal, tmp_path):
    agent = SimNet(random_state=4, intention=goal).partial_fit(STREAMS[kind], actions=4)
    keys, choices = agent._world.keys, agent._world.choice_id.all.reshape(-1, 4).copy()
    wanted = [agent.act(key) for key in keys]
    save(agent.graph_, tmp_path / "graph.npz")
    graph = load(tmp_path / "graph.npz")
    assert type(graph) is Graph
    values = np.zeros(choices.max() + 40)
    fixed_point(graph, values, tol=1e-6)
    best = values[choices]
    answers = best[np.arange(len(keys)), wanted]
    assert (answers >= best.max(axis=1) - 1e-4).all()


def test_a_graph_that_is_changed_answers_otherwise():
    agent = SimNet(random_state=4).partial_fit(STREAMS[Maze], actions=4)
    for key in agent._world.keys:
        was, other = agent.act(key), copy.deepcopy(agent)
        wanted = (was + 1) % 4
        choice = other._world.choices(key)[wanted]
        other.graph_.set_nodes([choice], bias=50.0)
        assert other.act(key) == other.plan_[key] == wanted
        assert other.imagine(key).alternatives[0].action == wanted
        sources = other.graph_.delayed_sources(choice)[0]
        if sources.size:
            other.graph_.set_nodes([choice], bias=-50.0)
            assert other.act(key) != wanted


def test_a_forward_again_and_again_is_the_same_plan():
    """The kernel and the engine read one graph: ``run`` steps to the same fixed point."""
    agent = SimNet(random_state=4).partial_fit(STREAMS[Slippery], actions=4)
    inner_world, known = agent._world, agent._world.known()
    graph = agent.graph_.copy()
    graph.add_outputs(len(inner_world.keys), sources=inner_world.state_id.all,
                      weights=np.eye(len(inner_world.keys)))  # fmt: skip
    settled = graph.run(np.zeros((3000, 0)))[-1]
    np.testing.assert_allclose(settled, known[inner_world.state_id.all], atol=2e-4)


@pytest.mark.parametrize("kind", [Maze, Slippery])
def test_a_plan_from_where_it_was_is_the_plan_from_nowhere(kind):
    world = SimNet(random_state=4).partial_fit(STREAMS[kind], actions=4)._world
    world.plan()
    warm = world.values.copy()
    for start in (0.0, 5.0):
        values = np.full(warm.size, start)
        for _ in range(50):
            fixed_point(world.graph, values, hope=world.hope, tol=1e-9)
        np.testing.assert_allclose(values, warm, atol=2e-4)


def test_packing_the_graph_changes_nothing_that_is_said():
    agent = SimNet(random_state=4).partial_fit(STREAMS[Slippery][:300], actions=4)
    packed = copy.deepcopy(agent)
    packed.graph_.pack()
    for some in (agent, packed):
        some.partial_fit(STREAMS[Slippery][300:])
        some.graph_.check()
    assert packed.imagine(0) == agent.imagine(0)
    assert packed.plan_ == agent.plan_


def test_wanting_and_giving_up_leaves_no_trace():
    agent = SimNet(random_state=4).partial_fit(STREAMS[Maze], actions=4)
    agent._world.plan()
    before = agent.to_state()
    agent.intend(7).intend(2).intend(None)
    after = agent.to_state()
    assert after["plain"].pop("n_plans") == before["plain"].pop("n_plans") + 3
    values = [state["arrays"].pop("world/values") for state in (before, after)]
    held = [SimpleNamespace(to_state=lambda state=state: state) for state in (before, after)]
    assert differences(*held) == []
    np.testing.assert_allclose(*values, atol=2e-4)


def test_most_steps_of_a_known_world_need_no_new_plan():
    agent = SimNet(random_state=0).learn(Maze(6, seed=0), 900)
    before = agent.n_plans_
    agent.learn(Maze(6, seed=0), 300)
    assert agent.n_plans_ - before < 30


def test_growth_pays_off_if_its_choice_surprises_less():
    told = []
    log = SimpleNamespace(tell=lambda graph, *events, **what: told.append((*events, what)))
    awaited = Awaited(patience=2)
    for choice, surprises in ((5, (0.5, 1.0)), (6, (0.5, 2.5)), (7, (0.1,))):
        awaited.expect(choice, choice, choice + 3, 1.0)
        for surprise in surprises:
            awaited.hear(choice, surprise, log, None)
    assert told == [
        (5, 8, {"realised": 0.75, "paid_off": True}), (6, 9, {"realised": 1.5, "paid_off": False}),
    ]  # fmt: skip
    awaited.hear(5, 9.0, log, None)  # told once
    assert len(told) == 2


def test_a_plan_that_was_cut_off_goes_on(monkeypatch):
    agent = SimNet(random_state=4).partial_fit(STREAMS[Maze], actions=4)
    usual = STREAMS[Maze][-1:] * 3
    agent.partial_fit(usual)
    before = agent.n_plans_
    monkeypatch.setattr(planning, "_SWEEPS", 0)
    agent.partial_fit(usual)
    assert agent.n_plans_ == before + 2  # what was due at the first stayed due
    agent = SimNet.from_state(agent.to_state())
    monkeypatch.undo()
    agent.partial_fit(usual)
    assert agent.n_plans_ == before + 3
    warm = agent._world.values.copy()
    agent._world.plan()
    np.testing.assert_allclose(agent._world.values, warm, atol=2e-4)


def test_nothing_is_worth_more_than_is_hoped_for(monkeypatch):
    """Without structural gain nothing leaks: what loops took from a wrong value would stay."""
    monkeypatch.setattr(Counts, "gain", lambda self, n, d: 1e-12)
    monkeypatch.setattr(Counts, "nu", np.zeros((24, 12)))
    beyond = []
    agent = SimNet(
        random_state=4,
        progress=lambda done, total, agent: beyond.append(agent._world.values.max()
                                                          - agent._world.hope),
    ).learn(Maze(4, seed=1), 300)  # fmt: skip
    assert agent._world.counts.rewards[1] == 1.0
    assert max(beyond) <= 1e-6


def test_without_what_was_changed_the_plan_is_stale(monkeypatch):
    """The gate's local plan matters: without it the agent runs in circles."""

    def lives():
        return SimNet(random_state=0).learn(Maze(6, seed=0), 600)._world.counts.rewards[1]

    assert lives() == 1.0
    whole = inner.World.plan
    monkeypatch.setattr(
        inner.World, "plan", lambda self, changed=None: changed or whole(self, changed)
    )
    assert lives() == -np.inf
