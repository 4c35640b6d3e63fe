"""Laws of SimNet in continuous worlds: cuts, files and questions change no bit; errors, limits."""

import pickle
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from growgraph import SimNet, load, save
from growgraph.errors import DataError, FileFormatError, GraphError
from tests.models.material import differences
from tests.models.worlds import Maze, Pole, Valley, life

WORLDS = {"reach": (Valley, 3, 200), "stay": (Pole, 2, 60)}


def stream(kind):
    make, actions, n = WORLDS[kind]
    return life(make(), SimNet(random_state=4), n, actions)


STREAMS = {kind: stream(kind) for kind in WORLDS}


def asked(agent, tmp_path, k):
    """The agent after it was asked something, and came back from somewhere."""
    seen = STREAMS["reach" if agent._form[0] == "2" else "stay"][0][0]
    agent.act(seen), agent.act(seen, explore=True), agent.imagine(seen), agent.explain(seen)
    agent.knowledge(), str(agent.growth_log_)
    if k % 3 == 0:
        save(agent, tmp_path / "agent.npz")
        return load(tmp_path / "agent.npz")
    return pickle.loads(pickle.dumps(agent)) if k % 3 == 1 else SimNet.from_state(agent.to_state())


@pytest.mark.parametrize("kind", WORLDS)
def test_any_cut_with_anything_between_gives_the_same_bits(kind, tmp_path):
    steps, actions = STREAMS[kind], WORLDS[kind][1]
    whole = SimNet(random_state=4).partial_fit(steps, actions)
    agent, cuts = SimNet(random_state=4), [0, 3, len(steps) // 3, len(steps) // 2, len(steps)]
    for k, (a, b) in enumerate(pairwise(cuts)):
        agent = asked(agent.partial_fit(steps[a:b], actions), tmp_path, k)
    assert differences(agent, whole) == []
    assert agent.act(steps[5][0]) == whole.act(steps[5][0])


@pytest.mark.parametrize("kind", WORLDS)
def test_living_on_after_a_file_is_living_on(kind):
    make, _, n = WORLDS[kind]
    env = make()
    agent = SimNet(random_state=2).learn(env, n // 2)
    again = SimNet.from_state(agent.to_state())
    for one in (agent, again):
        one.learn(make(), n // 4)
    assert differences(agent, again) == []
    assert agent.n_samples_seen_ == n // 2 + n // 4


def test_home_is_where_episodes_began():
    steps = [*STREAMS["stay"][:30], *STREAMS["stay"][10:]]  # another begins at the tenth
    agent = SimNet().partial_fit(steps, 2).intend("stay")
    began = [b[0] for a, b in pairwise(steps) if not np.array_equal(a[3], b[0])]
    home = np.mean([steps[0][0], *began], axis=0)
    np.testing.assert_allclose(agent._world.home.place, home, rtol=1e-12)
    assert len(began) == 1


def test_the_oldest_steps_are_forgotten_for_new_ones():
    agent = SimNet(random_state=0, max_bytes=40_000).learn(Valley(), 180)
    rows = agent._world.forward.rows
    assert len(rows) == agent._world.forward.most < 180
    last = STREAMS["reach"][:30]
    forward = agent.partial_fit(last)._world.forward
    assert len(forward.rows) == len(rows)
    where = forward.places(np.array([key for key, *_ in last]))
    np.testing.assert_array_equal(forward.recent(30), where)


@pytest.mark.parametrize("limit", [{"max_nodes": 200}, {"max_bytes": 150_000}, {"max_nodes": 8}])
def test_limits_hold(limit):
    agent = SimNet(random_state=0, **limit).learn(Valley(), 260)
    agent.graph_.check()
    assert agent.graph_.n_nodes <= limit.get("max_nodes", np.inf)
    assert agent.nbytes_ <= limit.get("max_bytes", np.inf)
    assert agent.n_samples_seen_ == 260
    assert (agent.n_refused_ == 260) == (limit.get("max_nodes") == 8)
    assert agent.act(np.array([-0.5, 0.0])) in (0, 1, 2)


# ---- errors -------------------------------------------------------------------------------------
class Broken(Valley):
    """At step 100 something goes wrong."""

    def __init__(self, wrong):
        super().__init__()
        self.wrong, self.count = wrong, 0

    def step(self, action):
        self.count += 1
        seen, reward, *rest = super().step(action)
        if self.count == 100:
            if isinstance(self.wrong, Exception):
                raise self.wrong
            seen = self.wrong
        return seen, reward, *rest


@pytest.mark.parametrize(
    ("wrong", "raised", "message"),
    [
        (ValueError("the motor broke"), RuntimeError, "the motor broke; what was learnt before"),
        (np.array([np.nan, 0.0]), DataError, "observation is NaN"),
        (np.array([np.inf, 0.0]), DataError, "observation must be finite"),
        (np.array([0.1, 0.0, 0.0]), DataError, "form of those before, 2 numbers with fractions, "
         "got 3 numbers"),
        (np.array([1, 2]), DataError, "got 2 x integer"),
        (np.zeros((2, 2)), DataError, "must tell states apart"),
        (3, DataError, "got integer"),
    ],
)  # fmt: skip
def test_a_world_that_fails_is_told_and_what_was_learnt_is_kept(wrong, raised, message):
    agent = SimNet(random_state=0)
    with pytest.raises(raised, match=message):
        agent.learn(Broken(wrong), 200)
    assert agent.n_samples_seen_ == 99
    agent.graph_.check()
    assert agent.learn(Valley(), 20).n_samples_seen_ == 119


def test_spaces_it_cannot_live_in_are_named():
    valley = Valley()
    for shape in ((8, 8, 3), (65,), (0,)):
        valley.observation_space = SimpleNamespace(low=0, high=1, shape=shape, dtype="float32")
        with pytest.raises(DataError, match=r"must be 1 to 64 numbers in all .* that matter"):
            SimNet().learn(valley, 5)


def test_kinds_of_worlds_are_not_mixed():
    agent = SimNet(random_state=0).learn(Valley(), 30)
    with pytest.raises(DataError, match="form of those before"):
        agent.learn(Pole(), 5) if agent._world.n_actions == 2 else agent.partial_fit(
            [(np.zeros(4), 0, 0.0, np.zeros(4), False)])  # fmt: skip
    with pytest.raises(DataError, match="form of those before"):
        agent.partial_fit([(3, 0, 0.0, 4, False)])
    with pytest.raises(DataError, match="round it to the cells of a grid"):
        SimNet().learn(Maze(3), 5).partial_fit([(np.zeros(2), 0, 0.0, np.zeros(2), False)])
    for bad in ("climb", 3, np.zeros(3), (1, 2)):
        with pytest.raises(DataError, match="intention must have the form"):
            agent.intend(bad)
    assert agent.n_samples_seen_ == 30


def test_lists_of_floats_are_places_too():
    steps = [([0.5, 0], 0, 1.0, (0.25, 1.5), False)] * 3
    agent = SimNet().partial_fit(steps, 2)
    assert agent._form == "2 numbers with fractions"
    assert agent.n_samples_seen_ == 3


@pytest.mark.parametrize(
    "name", ["model/weights", "concepts/choice_id", "concepts/values", "forward/trust", "box/last"]
)
def test_a_broken_file_is_refused(name):
    state = SimNet(random_state=4).partial_fit(STREAMS["reach"][:60], 3).to_state()
    state["arrays"][name] = state["arrays"][name][:-1]
    with pytest.raises((GraphError, FileFormatError), match="do not fit"):
        SimNet.from_state(state)


def test_a_file_of_an_earlier_version_is_told_from_a_broken_one():
    agent = SimNet(random_state=4).partial_fit(STREAMS["reach"][:60], 3)
    for name in ("box/last", "actions", None):
        state = agent.to_state()
        del state["plain"]["layout"]
        if name is None:  # it fits: it is read
            assert differences(SimNet.from_state(state), agent) == []
            continue
        held = state["plain" if name == "actions" else "arrays"]
        held[name] = 3 if name == "actions" else held[name][:-1]
        with pytest.raises(GraphError, match="earlier version of growgraph: let it learn anew"):
            SimNet.from_state(state)
