"""Whatever a world or a caller hands in: a clear error, and all that was known before stays."""

from types import SimpleNamespace

import numpy as np
import pytest

from growgraph import SimNet
from growgraph.errors import DataError, FileFormatError, GraphError
from tests.models.material import differences
from tests.models.worlds import Maze

DISCRETE = SimpleNamespace(n=4, shape=())
BOX = SimpleNamespace(low=0, high=255, shape=(8, 8, 3), dtype=np.dtype("uint8"))  # an image
GOOD = [(0, 1, 0.0, 1, False), (1, 0, 1.0, 2, True)]


class World(Maze):
    """A maze in which something goes wrong at step ``at``."""

    def __init__(self, at=30, **wrong):
        super().__init__(5, seed=1)
        self.at, self.wrong, self.count = at, wrong, 0

    def step(self, action):
        self.count += 1
        after, reward, ended, cut, info = super().step(action)
        if self.count == self.at:
            if "error" in self.wrong:
                raise self.wrong["error"]
            if "result" in self.wrong:
                return self.wrong["result"]
            after = self.wrong.get("observation", after)
            reward = self.wrong.get("reward", reward)
        return after, reward, ended, cut, info


@pytest.mark.parametrize(
    ("wrong", "raised", "message"),
    [
        ({"error": StopIteration()}, RuntimeError, r"raised StopIteration; what was learnt before"),
        ({"error": ValueError("the motor broke")}, RuntimeError, r"step\(\d\) raised ValueError: "
         r"the motor broke; what was learnt before is kept"),
        ({"result": (1, 0.0, False)}, DataError, "env.step must return"),
        ({"result": 7}, DataError, "env.step must return"),
        ({"result": (1, 0.0, {}, False, {})}, DataError, "env.step: terminated must be True or"),
        ({"result": (1, 0.0, False, {}, {})}, DataError, "env.step: truncated must be True or"),
        ({"observation": np.nan}, DataError, "env.step: observation is NaN"),
        ({"observation": np.array([0.0, np.nan])}, DataError, "is NaN"),
        ({"observation": np.array([0.5, 1.5])}, DataError, "round it to the cells of a grid"),
        ({"observation": (1, 2)}, DataError, "must have the form of those before, integer"),
        ({"observation": None}, DataError, "got NoneType"),
        ({"reward": np.nan}, ValueError, "env.step: reward must be finite, got nan"),
        ({"reward": "much"}, TypeError, "env.step: reward must be a number, got 'much'"),
        ({"reward": np.inf}, ValueError, "must be finite"),
    ],
)  # fmt: skip
def test_a_world_that_fails_is_told_and_what_was_learnt_is_kept(wrong, raised, message):
    good = SimNet(random_state=0).learn(World(at=0), 29)
    agent = SimNet(random_state=0)
    with pytest.raises(raised, match=message):
        agent.learn(World(**wrong), 100)
    assert agent.n_samples_seen_ == 29
    assert agent.knowledge()["trials"].sum() == 29
    agent.graph_.check()
    assert agent.plan_ == good.plan_
    agent.learn(World(at=0), 50)
    assert agent.n_samples_seen_ == 79


def test_a_reset_that_fails_is_told():
    maze = Maze(4)
    maze.reset = lambda seed=None: 3
    agent = SimNet()
    with pytest.raises(DataError, match=r"env\.reset must return"):
        agent.learn(maze, 5)
    maze.reset = lambda seed=None: 1 / 0
    with pytest.raises(RuntimeError, match=r"reset\(\) raised ZeroDivisionError"):
        agent.learn(maze, 5)
    assert agent.learn(Maze(4), 5).n_samples_seen_ == 5


@pytest.mark.parametrize(
    ("observations", "actions", "message"),
    [
        (BOX, DISCRETE, "observation_space must be 1 to 64 numbers in all"),
        (None, DISCRETE, "observation_space must be Discrete"),
        (SimpleNamespace(spaces={"a": DISCRETE, "b": 3}), DISCRETE, r"observation_space\['b'\]"),
        (SimpleNamespace(spaces=(3,)), DISCRETE, r"observation_space\[0\] must be Discrete"),
        (DISCRETE, BOX, "action_space must have 1 to 31 numbers"),
        (DISCRETE, None, "action_space must be Discrete"),
        (DISCRETE, SimpleNamespace(n=7, shape=(7,)), "action_space must have 1 to 64 actions"),
    ],
)  # fmt: skip
def test_spaces_it_cannot_live_in_are_named(observations, actions, message):
    maze = Maze(4)
    maze.observation_space, maze.action_space = observations, actions
    agent = SimNet()
    with pytest.raises(DataError, match=message):
        agent.learn(maze, 5)
    assert not hasattr(agent, "_world")


def test_environments_side_by_side_are_refused():
    maze = Maze(4)
    maze.num_envs = 1
    agent = SimNet().learn(Maze(4), 30)
    for ask in (lambda: SimNet().learn(maze, 5), lambda: agent.score(maze, 1)):
        with pytest.raises(DataError, match="must be one environment, got 1 side by side"):
            ask()


def test_a_score_is_of_the_actions_that_were_learnt():
    agent, maze = SimNet().learn(Maze(4), 30), Maze(4)
    maze.action_space = SimpleNamespace(n=4, start=1, shape=())
    with pytest.raises(DataError, match="4 actions from 0 on, as before, got 4 actions from 1 on"):
        agent.score(maze, 1)


@pytest.mark.parametrize("done", [True, np.True_, 1, 1.0, np.array([True])])
def test_an_end_may_be_told_as_a_number(done):
    agent = SimNet().partial_fit([(0, 0, 1.0, 1, done)], 1)
    assert list(agent._world.end_id) == [1]


def test_who_is_told_of_progress_may_save():
    saved = []
    agent = SimNet(random_state=0)
    agent.learn(Maze(4), 7, progress=lambda *told: saved.append(told[2].to_state()))
    assert saved[0]["plain"]["form"] == agent._form == "integer"
    assert differences(SimNet.from_state(saved[-1]), agent) == []


@pytest.mark.parametrize(
    ("steps", "raised", "message"),
    [
        ([(0, 1, 0.0, 1)], DataError, r"transitions\[0\] must be \(observation, action"),
        ([GOOD[0], 5], DataError, r"transitions\[1\] must be"),
        ([(0, 2, 0.0, 1, False)], ValueError, r"transitions\[0\]: action must be in \[0, 1\]"),
        ([(0, 0.5, 0.0, 1, False)], TypeError, "action must be an integer"),
        ([(0, True, 0.0, 1, False)], TypeError, "action must be an integer, got True"),
        ([(0, 1, np.nan, 1, False)], ValueError, "reward must be finite"),
        ([(0, 1, 0.0, np.nan, False)], DataError, "next observation is NaN"),
        ([(0, 1, 0.0, "a", False)], DataError, "next observation must have the form"),
        ([(np.array([1, 2]), 1, 0.0, np.array([1, 2, 3]), False)], DataError, "2 x integer, got 3"),
        ([(0, 1, 0.0, 1, "False")], DataError, r"\[0\]: done must be True or False, got 'False'"),
        ([(0, 1, 0.0, 1, np.nan)], DataError, "done must be True or False, got nan"),
        ([(b"a", 1, 0.0, b"b", False)], DataError, "got bytes: name states by numbers or words"),
    ],
)  # fmt: skip
def test_a_refused_call_changes_nothing(steps, raised, message):
    fresh, agent = SimNet(), SimNet().partial_fit(GOOD, actions=2)
    before = SimNet().partial_fit(GOOD, actions=2)
    with pytest.raises(raised, match=message):
        fresh.partial_fit(steps, actions=2)
    assert not hasattr(fresh, "_world")
    with pytest.raises((DataError, ValueError, TypeError)):
        agent.partial_fit([*GOOD, *steps])
    assert differences(agent, before) == []


def test_the_number_of_actions_is_one_and_must_be_told():
    with pytest.raises(ValueError, match="actions must be the number of actions at the first"):
        SimNet().partial_fit(GOOD)
    agent = SimNet().partial_fit(GOOD, actions=2)
    with pytest.raises(DataError, match="there must be 2 actions from 0 on, as before, got 3"):
        agent.partial_fit(GOOD, actions=3)
    with pytest.raises(DataError, match="got 4 actions from 0 on"):
        agent.learn(Maze(4), 5)


@pytest.mark.parametrize(
    ("options", "raised", "message"),
    [
        ({"patience": 0}, ValueError, "patience must be in"),
        ({"max_nodes": -1}, ValueError, "max_nodes must be in"),
        ({"random_state": "a"}, TypeError, "random_state must be"),
        ({"intention": 0.5}, DataError, "intention must tell states apart"),
    ],
)
def test_parameters_are_checked_before_anything_is_learnt(options, raised, message):
    agent = SimNet(**options)
    with pytest.raises(raised, match=message):
        agent.partial_fit(GOOD, actions=2)
    assert not hasattr(agent, "_world")


def test_questions_are_checked():
    agent = SimNet().partial_fit(GOOD, actions=2)
    before = SimNet().partial_fit(GOOD, actions=2)
    for ask in (agent.act, agent.imagine, agent.explain, agent.intend):
        for bad in ("a", 0.5, np.nan, (1, 2)):
            with pytest.raises(DataError):
                ask(bad)
    with pytest.raises(ValueError, match="horizon must be in"):
        agent.imagine(0, 0)
    with pytest.raises(ValueError, match="steps must be in"):
        agent.learn(Maze(4), -1)
    assert differences(agent, before) == []


def test_an_episode_that_never_ends_is_told():
    maze = Maze(4, limit=10**9)
    maze.goal = -1
    with pytest.raises(RuntimeError, match="did not end within"):
        SimNet().learn(maze, 50).score(maze, 1)


@pytest.mark.parametrize(
    ("observations", "form"),
    [
        ([3, np.int64(4), True], "integer"),
        (["kitchen", np.str_("hall"), "cellar"], "text"),
        ([np.array([1, 2]), (1, 3), [2, 2]], "2 x integer"),
        ([{"a": 1, "b": "x"}, {"b": "y", "a": 2}, {"a": np.int8(1), "b": "y"}], None),
        ([np.zeros((2, 2), np.uint8), np.ones((2, 2), bool), np.eye(2, dtype=int)],
         "2 x 2 x integer"),
    ],
)  # fmt: skip
def test_states_of_many_kinds_survive_a_file(observations, form):
    a, b, c = observations
    agent = SimNet().partial_fit([(a, 0, 0.0, b, False), (b, 1, 1.0, c, True)] * 3, actions=2)
    again = SimNet.from_state(agent.to_state())
    assert differences(agent, again) == []
    for observation in (a, b):
        assert again.imagine(observation) == agent.imagine(observation)
    assert form is None or agent._form == form
    again.intend(c)
    assert again.imagine(b).alternatives[0].ends == "goal"


@pytest.mark.parametrize("name", ["counts/first", "counts/follow", "world/choices", "world/values"])
def test_a_broken_file_is_refused(name):
    state = SimNet().partial_fit(GOOD, actions=2).to_state()
    state["arrays"][name] = state["arrays"][name][:-1]
    with pytest.raises((GraphError, FileFormatError), match="do not fit"):
        SimNet.from_state(state)


@pytest.mark.parametrize("env", [None, "Maze-v0", Maze])
def test_what_is_no_environment_is_told(env):
    with pytest.raises(TypeError, match="env must be an environment, with reset, step and two"):
        SimNet().learn(env, 5)


@pytest.mark.parametrize("word", ["stay", "reach"])
def test_words_of_worlds_of_numbers_are_refused_among_states_before_anything_is_learnt(word):
    agent = SimNet(word)
    with pytest.raises(DataError, match="for worlds of numbers; give the state to be reached"):
        agent.learn(Maze(4), 5)
    assert agent.n_samples_seen_ == 0
    assert agent.set_params(intention=None).learn(Maze(4), 5).n_samples_seen_ == 5
    with pytest.raises(DataError, match="for worlds of numbers"):
        agent.intend(word)
    fresh = SimNet(word)
    with pytest.raises(DataError, match="for worlds of numbers"):
        fresh.partial_fit(GOOD, actions=2)
    assert not hasattr(fresh, "_world")
    rooms = [(word, 0, 0.0, "hall", False)]  # where states are texts it is one of them
    assert SimNet(word).partial_fit(rooms, actions=1).act(word) == 0


def test_whole_numbers_beyond_int64_stay_apart():
    seen = [np.array([n], np.uint64) for n in (2**64 - 1, 2**63)]
    agent = SimNet().partial_fit([(seen[0], 0, 0.0, seen[1], False)], actions=1)
    assert agent._world.keys == [(2**64 - 1,), (2**63,)]
    flags = [np.array([False, True]), np.array([0, 1])]
    assert SimNet().partial_fit([(flags[0], 0, 0.0, flags[1], False)], 1)._world.n_states == 1


def test_where_nothing_can_be_imagined_it_is_said():
    told = SimNet().partial_fit(GOOD, actions=2).imagine(7)
    assert told.alternatives == ()
    assert "nothing can be imagined here yet" in str(told)
