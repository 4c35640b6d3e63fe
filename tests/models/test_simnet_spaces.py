"""SimNet senses what a space says: parts that are counted, numbers, or both; it acts in boxes."""

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from growgraph import SimNet, viz
from growgraph.errors import DataError
from growgraph.models._simnet.actions import actions_of
from growgraph.models._simnet.spaces import counted, numbers_of, parts_of, size
from tests.models.material import differences
from tests.models.worlds import Maze, Pole, Valley


def counts(n, start=0):
    return SimpleNamespace(n=n, start=start, shape=())


def box(low=-1.0, high=1.0, shape=(1,), dtype="float32"):
    return SimpleNamespace(low=low, high=high, shape=shape, dtype=dtype)


def named(kind):
    """A space of which nothing but its type is known."""
    return type(kind, (), {})()


GRID = SimpleNamespace(nvec=np.array([3, 2]), shape=(2,))
BITS = SimpleNamespace(n=2, shape=(2,))


class Gears(Valley):
    """The valley, told in parts: three regions, and two gears, one of which turns the pushes."""

    def __init__(self, pushed=False):
        super().__init__()
        self.observation_space = SimpleNamespace(spaces={
            "car": SimpleNamespace(spaces=(box(-2.0, shape=()), box(shape=(1, 1)))),
            "gear": counts(2, start=1), "region": counts(3),
        })  # fmt: skip
        if pushed:
            self.action_space = box(-2.0, 2.0, (1, 1))

    def _seen(self, seen):
        car = np.float32(seen[0]), seen[1:].reshape(1, 1)
        region = int(np.searchsorted([-0.7, -0.2], seen[0]))
        return {"region": region, "car": car, "gear": np.int64(self.gear)}

    def reset(self, seed=None):
        seen, info = super().reset(seed)
        self.gear = int(self.rng.integers(1, 3))
        return self._seen(seen), info

    def step(self, action):
        if isinstance(action, np.ndarray):
            assert action.shape == (1, 1)
            assert action.dtype == np.float32
            action = 1 + float(action[0, 0]) / 2
        action = 2 - action if self.gear == 2 else action
        seen, *rest = super().step(action)
        return self._seen(seen), *rest


CLIMBED = SimNet(random_state=1).learn(Gears(pushed=True), 1400)


def lived(env, n):
    """Transitions of an agent that learns as it lives."""
    agent, steps = SimNet(random_state=4), []
    seen = env.reset(seed=0)[0]
    spaces = env.action_space, env.observation_space
    rng = np.random.default_rng(1)
    for k in range(n):
        action = rng.uniform(-2, 2, (1, 1)) if k < 60 else agent.act(seen, explore=True)
        after, reward, ended, cut, _ = env.step(np.float32(action))
        steps.append((seen, action, reward, after, ended))
        agent.partial_fit(steps[-1:], *spaces)
        seen = env.reset()[0] if ended or cut else after
    return steps


def test_numbers_and_counted_parts_together_are_sensed_and_pushes_spread_over_a_box():
    assert CLIMBED.score(Gears(pushed=True), 10, seed=5) > -130
    assert CLIMBED._world.forward.counted.tolist() == [False, False, True, True, True, True]
    seen = Gears(pushed=True).reset(seed=3)[0]
    action = CLIMBED.act(seen)
    assert (action.shape, action.dtype) == ((1, 1), np.float32)
    futures = CLIMBED.imagine(seen, 150).alternatives
    assert sorted(one.action for one in futures) == [(-2.0,), (-1.0,), (0.0,), (1.0,), (2.0,)]
    assert futures[0].action == tuple(action.ravel().tolist())
    for told in (CLIMBED.explain(seen), CLIMBED.knowledge(), CLIMBED.plan_):
        assert str(told)


def test_the_laws_hold_with_parts_and_pushes():
    env = Gears(pushed=True)
    steps, spaces = lived(env, 130), (env.action_space, env.observation_space)
    whole = SimNet(random_state=4).partial_fit(steps, *spaces)
    agent = SimNet(random_state=4)
    for a, b in pairwise([0, 3, 50, 99, 130]):
        agent = SimNet.from_state(agent.partial_fit(steps[a:b], *spaces).to_state())
    assert differences(agent, whole) == []
    for one in (agent, whole):
        one.intend(steps[7][0]).learn(Gears(pushed=True), 30)
    assert differences(agent, whole) == []
    assert SimNet.from_state(agent.to_state()).partial_fit(steps[:9]).n_samples_seen_ == 169


def test_lines_of_pushes_hold_between_those_that_were_tried():
    """A model that reads how far an action pushes knows of pushes it never made."""
    rng, steps = np.random.default_rng(0), []
    for _ in range(60):
        x, u = rng.normal(size=2), rng.choice([-1.0, 1.0])
        steps.append((x, np.array([u]), 0.0, x + np.array([0.1 * u, 0.0]), False))
    forward = SimNet("reach").partial_fit(steps, box())._world.forward
    felt = forward.feel(np.zeros((5, 2)))
    told = forward.foreseen(felt, np.arange(5))[:, 0] * forward.model.unit[0]
    np.testing.assert_allclose(told, [-0.1, -0.05, 0, 0.05, 0.1], atol=0.01)


@pytest.mark.parametrize(
    ("space", "action"),
    [(GRID, np.array([2, 1])), (BITS, np.array([0, 1])), (box(shape=(2,)), np.zeros(2))],
)
def test_states_with_pushes(space, action):
    """Where observations are counted, actions may be arrays all the same."""
    steps = [(0, action, 0.0, 1, False), (1, action, 1.0, 2, True)] * 3
    agent = SimNet(random_state=0).partial_fit(steps, space)
    assert agent.plan_[0] == tuple(action.tolist())
    np.testing.assert_array_equal(agent.act(1), action)
    assert agent.imagine(0).alternatives[0].ends == "end"
    assert "worth 1" in str(agent.explain(1))
    assert SimNet.from_state(agent.to_state()).plan_ == agent.plan_


# ---- spaces -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("space", "observation", "expected"),
    [
        (box(shape=(2, 2)), np.arange(4).reshape(2, 2), [0, 1, 2, 3]),
        (box(shape=()), np.float32(0.5), [0.5]),
        (box(shape=(2,), dtype="uint8"), np.array([3, 4], np.uint8), [3, 4]),
        (SimpleNamespace(spaces={"b": box(), "a": counts(3, start=5)}),
         {"a": np.int64(7), "b": [0.5]}, [0, 0, 1, 0.5]),
        (SimpleNamespace(spaces=(counts(2), box(shape=(2,)))), (1, [0.5, 2]), [1, 0.5, 2]),
        (SimpleNamespace(spaces=(GRID, BITS, box())), ([2, 0], np.array([0, 1]), [0.5]),
         [0, 0, 1, 0, 0, 1, 0.5]),
        (SimpleNamespace(spaces={"a": SimpleNamespace(spaces=()), "b": box()}),
         {"a": (), "b": [0.5]}, [0.5]),
    ],
)  # fmt: skip
def test_observations_become_numbers(space, observation, expected):
    parts = parts_of(space)
    assert numbers_of(observation, parts).tolist() == expected
    assert size(parts) == len(counted(parts)) == len(expected)


def test_what_is_counted_alone_is_a_state():
    text = named("Text")
    for space in (counts(3), GRID, BITS, text, SimpleNamespace(spaces={"a": GRID, "b": text})):
        assert parts_of(space) is None
    maze = Maze(3)
    maze.observation_space = SimpleNamespace(spaces={"cell": counts(9), "wind": BITS})
    reset, step = maze.reset, maze.step
    maze.reset = lambda seed=None: ({"cell": reset()[0], "wind": np.zeros(2, np.int8)}, {})
    maze.step = lambda a: ({"cell": (s := step(a))[0], "wind": np.zeros(2, np.int8)}, *s[1:])
    agent = SimNet(random_state=0).learn(maze, 150)
    assert agent.score(maze, 2) == 1
    assert agent._world.keys[0] == (("cell", 0), ("wind", (0, 0)))


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (named("Graph"), "must not be a Graph, got .*: give what matters"),
        (named("Sequence"), "must not be a Sequence"),
        (SimpleNamespace(spaces={"a": named("OneOf")}), r"\['a'\] must not be a OneOf"),
        (SimpleNamespace(spaces=(box(), named("Text"))), "must not hold Text beside numbers"),
        (SimpleNamespace(spaces=(box(), counts(64))), "must be 1 to 64 numbers in all .* got 65"),
        (box(shape=(84, 84, 3)), "of an image: positions, or a coarse grid"),
        (named("Other"), "must be Discrete, MultiDiscrete, MultiBinary, Text, a Box"),
    ],
)
def test_spaces_it_cannot_sense_are_refused(space, message):
    with pytest.raises(DataError, match=message):
        parts_of(space)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"gear": 3}, r"\['gear'\] must be in \[1, 2\], got 3"),
        ({"gear": 1.5}, r"\['gear'\] must be a whole number"),
        ({"gear": np.inf}, r"\['gear'\] must be a whole number"),
        ({"region": "left"}, r"\['region'\] must be numbers, got 'left'"),
        ({"car": (0.1, np.zeros((1, 2)))}, r"\['car'\]\[1\] must have the shape \(1, 1\)"),
        ({"car": (np.nan, np.zeros((1, 1)))}, "is NaN"),
        ({"car": 3}, r"\['car'\] must be a tuple of 2 parts"),
        ({"more": 3}, "must be a dict of"),
    ],
)
def test_observations_without_their_parts_are_refused(wrong, message):
    seen = Gears().reset(seed=1)[0] | wrong
    for ask in (CLIMBED.act, CLIMBED.intend, CLIMBED.imagine):
        with pytest.raises((DataError, ValueError), match=message):
            ask(seen)


def test_parts_that_no_space_tells_are_asked_for():
    seen = {"at": np.array([0.5, 1.0]), "mode": 3}
    with pytest.raises(DataError, match=r"say observations=env\.observation_space"):
        SimNet().partial_fit([(seen, 0, 0.0, seen, False)], 2)
    del seen["mode"]
    agent = SimNet().partial_fit([(seen, 0, 0.0, seen, False)] * 3, 2)
    assert agent.n_samples_seen_ == 3
    one = {"at": 0.5, "speed": np.float32(1.0)}
    assert SimNet().partial_fit([(one, 0, 0.0, one, False)], 2)._form == "2 numbers with fractions"
    with pytest.raises(DataError, match=r"is NaN: \{'at': nan"):
        SimNet().partial_fit([(one | {"at": np.nan}, 0, 0.0, one, False)], 2)
    with pytest.raises(DataError, match="observations must have the parts of those before"):
        agent.partial_fit([(seen, 0, 0.0, seen, False)], 2, box(shape=(2,)))
    with pytest.raises(DataError, match="must be a dict of"):
        agent.partial_fit([(np.zeros(2), 0, 0.0, np.zeros(2), False)])
    with pytest.raises(DataError, match="form of those before, 4 numbers with fractions, got 5"):
        SimNet().learn(Pole(), 9).learn(Pole(circle=True), 9)


def test_whole_numbers_are_numbers_where_the_space_is_a_box():
    rng, space = np.random.default_rng(0), box(0, 9, (2,), "uint8")
    seen = rng.integers(0, 9, (60, 2)).astype(np.uint8)
    whole, fractions = (
        SimNet("reach", random_state=0).partial_fit(
            [(a, i % 2, 0.0, b, False) for i, (a, b) in enumerate(pairwise(rows))], 2, space)
        for rows in (seen, seen.astype(float))
    )  # fmt: skip
    assert differences(whole, fractions) == []
    assert whole.act([3, 4]) == whole.act(np.array([3, 4])) == whole.act([3.0, 4.0])
    assert whole.intend(seen[3])._world.goal.tolist() == seen[3].tolist()
    valley = Valley()
    valley.observation_space = space
    reset, step = valley.reset, valley.step
    valley.reset = lambda seed=None: (np.zeros(2, np.uint8), reset(seed)[1])
    valley.step = lambda a: (np.ones(2, np.uint8), *step(a)[1:])
    assert SimNet().learn(valley, 3).n_samples_seen_ == 3


def test_a_goal_in_parts_is_no_list_of_numbers():
    space, seen = SimpleNamespace(spaces=(box(shape=()), counts(2, start=1))), (0.5, 2)
    agent = SimNet().partial_fit([(seen, 0, 0.0, seen, False)], 2, space)
    assert agent.intend(seen)._world.goal.tolist() == [0.5, 1.0]
    assert agent.intend(np.array([0.5, 1.0]))._world.goal.tolist() == [0.5, 1.0]


@pytest.mark.parametrize("seen", [3, "left", np.zeros(3), (1, 2, 3)])
def test_what_is_not_of_the_space_told_is_refused_and_nothing_learnt(seen):
    agent = SimNet()
    with pytest.raises(DataError, match=r"must have the form .* 2 numbers with fractions, got"):
        agent.partial_fit([(seen, 0, 0.0, seen, False)], 2, box(shape=(2,)))
    with pytest.raises(DataError, match="observations must be the space of what was seen"):
        agent.partial_fit([(np.zeros(3), 0, 0.0, np.zeros(3), False)], 2, counts(3))
    with pytest.raises(DataError, match="intention must be a state"):
        agent.set_params(intention=[0.5]).partial_fit([(3, 0, 0.0, 3, False)], 2)
    assert not hasattr(agent, "_world")


# ---- actions ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("space", "n", "first", "last"),
    [
        (box(-2.0, 2.0), 5, [-2], [2]),
        (box(0.0, np.array([1.0, 3.0]), (2,)), 9, [0, 0], [1, 3]),
        (box(shape=(2, 3)), 13, [0] * 6, [0] * 5 + [1]),
        (box(0, 2, (1,), "int32"), 3, [0], [2]),
        (box(0, 1, (4,), "int32"), 5, [1] * 4, [1, 1, 1, 0]),
        (GRID, 6, [0, 0], [2, 1]),
    ],
)
def test_choices_are_spread_over_a_box(space, n, first, last):
    actions = actions_of(space)
    assert actions.n == n
    assert actions.call(0).ravel().tolist() == first
    assert actions.call(n - 1).ravel().tolist() == last
    assert actions.call(0).shape == space.shape
    for choice in range(n):
        assert actions.read(actions.call(choice))[0] == choice
        assert actions.number(actions.tell(choice)) == choice
        assert actions.codes[choice].tolist() not in actions.codes[:choice].tolist()


@pytest.mark.parametrize(
    ("space", "calls"),
    [
        (counts(3, start=-1), [-1, 0, 1]),
        (SimpleNamespace(nvec=np.array([1, 2]), start=np.array([1, -1]), shape=(2,)),
         [(1, -1), (1, 0)]),
    ],
)  # fmt: skip
def test_actions_may_be_counted_from_anywhere(space, calls):
    steps = [(0, call, float(call == calls[-1]), 1, True) for call in calls] * 3
    agent = SimNet(random_state=0).partial_fit(steps, space)
    assert np.array_equal(agent.act(0), calls[-1])
    assert agent.plan_ == {0: calls[-1]}
    assert {one.action for one in agent.imagine(0).alternatives} == set(calls)
    with pytest.raises(ValueError, match="action must be"):
        agent.partial_fit([(0, np.array(calls[-1]) + 1, 0.0, 1, True)])


@pytest.mark.parametrize(
    ("space", "message"),
    [
        (box(-np.inf), "must be bounded, got .*RescaleAction, or clip"),
        (box(-(2**63), 2**63 - 1, (1,), "int64"), "must be bounded"),
        (box(shape=(40,)), "must have 1 to 31 numbers"),
        (SimpleNamespace(nvec=np.full(4, 9), shape=(4,)), "must have 1 to 64 actions"),
        (named("Text"), r"must be Discrete\(n\), MultiDiscrete, MultiBinary or a bounded Box"),
    ],
)
def test_actions_it_cannot_choose_among_are_refused(space, message):
    with pytest.raises(DataError, match=message):
        actions_of(space)


@pytest.mark.parametrize(
    ("space", "action", "raised", "message"),
    [
        (box(), np.array([1.5]), ValueError, r"must be in \[\[-1.0\], \[1.0\]\], got .*clip it"),
        (box(), np.array([np.nan]), ValueError, "must be finite"),
        (box(), np.zeros(2), DataError, r"must have the shape \(1,\), got \(2,\)"),
        (box(), "left", TypeError, "must be an array of numbers"),
        (GRID, np.array([3, 0]), ValueError, "must be an action of 6 actions, arrays of the shape"),
    ],
)
def test_actions_that_are_none_are_refused(space, action, raised, message):
    with pytest.raises(raised, match=message):
        SimNet().partial_fit([(0, action, 0.0, 1, False)], space)


def test_another_box_of_actions_is_told_apart():
    agent = SimNet().partial_fit([(0, np.zeros(1), 0.0, 1, False)], box())
    for other, told in ((box(high=2.0), r"\[2.0\]"), (box(dtype="float64"), "float64")):
        with pytest.raises(DataError, match=rf"\[1.0\], as before, got 5 actions, .*{told}"):
            agent.partial_fit([], other)


def test_futures_of_pushes_can_be_drawn():
    seen = Gears(pushed=True).reset(seed=3)[0]
    axes = viz.plot_futures(CLIMBED, seen, horizon=5, actions=["full", "back", "none", "on", "up"])
    assert {"full", "up"} <= {text.get_text() for text in axes.texts}


def test_futures_of_many_pushes_have_names_and_rewards_of_their_own():
    """Where one dimension is pushed at a time choices are not in the sequence of their values."""
    space = box(shape=(4,))
    calls = [actions_of(space).call(choice) for choice in range(9)]
    steps = [(0, call, float(choice), 1, True) for choice, call in enumerate(calls)]
    agent = SimNet(random_state=0).partial_fit(steps, space)
    _, futures = viz.futures._imagined(agent, 0, 1, False, [f"push {k}" for k in range(9)])
    assert {one.told.action: (one.name, one.rewards) for one in futures} == {
        tuple(call): (f"push {k}", (k,)) for k, call in enumerate(calls)
    }
