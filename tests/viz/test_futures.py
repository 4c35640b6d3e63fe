"""plot_futures draws what an agent imagines: what it says, of what is odd, and cleanly."""

import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from sklearn.exceptions import NotFittedError

from growgraph import Graph, ResoNet, SimNet
from growgraph.viz import plot_futures
from growgraph.viz.futures import _imagined
from tests.viz.test_clean import _SLACK, all_words_are_clear


def corridor(n_actions=2, rooms=6, trials=3):
    """The first action goes on to a reward, the second back, others nowhere."""
    steps = []
    for room in range(rooms):
        end = room == rooms - 1
        steps.append((room, 0, float(end), room + 1, end))
        if n_actions > 1:
            steps.append((room, 1, -0.5, max(room - 1, 0), False))
        steps += [(room, a, 0.0, room, False) for a in range(2, n_actions)]
    return SimNet(random_state=0).partial_fit(steps * trials, n_actions)


def unsure():
    """Three times in four a step is made."""
    steps = [(0, 0, 0.0, 1, False)] * 3 + [(0, 0, 0.0, 0, False), (1, 0, 1.0, 2, True)]
    return SimNet(random_state=0).partial_fit(steps * 5, 2)


def young():
    return SimNet(random_state=0).partial_fit([(0, 0, 0.0, 1, False)], 4)


def long_names():
    steps = [(r"the $\kitchen of an old house", 0, 0.0, "hall", False), ("hall", 0, 1.0, "b", True)]
    return SimNet(random_state=0).partial_fit(steps * 3, 2)


AGENTS = {
    "a corridor": (corridor, 0), "twenty actions": (lambda: corridor(20), 2),
    "one action": (lambda: corridor(1), 0), "thirty steps": (lambda: corridor(2, 40), 0),
    "chance": (unsure, 0), "young": (young, 0), "all unknown": (young, 1),
    "never met": (young, 77), "long names": (long_names, r"the $\kitchen of an old house"),
    "a goal": (lambda: corridor().intend(3), 1), "there": (lambda: corridor().intend(3), 3),
}  # fmt: skip


def place(state):
    return (state, state % 2) if isinstance(state, int) else (len(state), 0)


@pytest.mark.parametrize("where", [None, place], ids=["tree", "world"])
@pytest.mark.parametrize("name", AGENTS)
def test_it_is_drawn_and_clean(name, where):
    make, state = AGENTS[name]
    figure = plot_futures(make(), state, place=where, dark=where is None).figure
    for wide in (800, 1600):
        figure.set_dpi(wide / figure.get_figwidth())
        all_words_are_clear(figure, _SLACK * wide / 800)
    held = io.BytesIO()
    figure.savefig(held, format="svg")
    assert b"<image" not in held.getvalue()
    assert len(held.getvalue()) < 2_000_000


def told(ax):
    return [text.get_text() for text in ax.texts]


def test_the_tree_says_what_is_imagined():
    agent = corridor()
    words = told(plot_futures(agent, 2, actions=["on", "back"]))
    on, back = agent.imagine(2).alternatives
    assert "6, the end" in words
    assert "2 again" in words
    for one in (on, back):
        assert f"{one.worth:.3g}" in words
        assert f"{one.inertia:.3g}" in words
        assert f"{one.sure:.0%}".replace("%", " %") in words
    assert {"3", "4", "5", "+1", "-0.5"} <= set(words)  # states on the way, rewards
    bold = [t.get_text() for t in plt.gcf().axes[0].texts if t.get_fontweight() == "bold"]
    assert bold == ["on"]


def test_a_goal_is_marked_and_rewards_are_left_out():
    words = told(plot_futures(corridor().intend(3), 1))
    assert "3, the goal" in words
    assert "reward" not in words


def test_what_was_never_tried_is_not_known():
    words = told(plot_futures(young(), 1))
    assert words.count("not known") == 4
    assert "this state was never met: nothing can be imagined, any action is as good" in told(
        plot_futures(young(), 77)
    )


def test_each_step_is_as_likely_as_the_agent_says():
    agent = unsure()
    _, futures = _imagined(agent, 0, 30, False, None)
    first = futures[0]
    assert first.chosen
    assert first.told.action == agent.act(0)
    assert first.sure[-1] == first.told.sure
    assert len(first.sure) == len(first.rewards) == len(first.states) - 1 == 2
    assert 0.3 < first.sure[0] < 0.76
    assert first.sure[1] < first.sure[0]
    assert first.rewards == pytest.approx((0.0, 1.0))


@pytest.mark.parametrize("horizon", [1, 2, 30])
def test_no_path_is_longer_than_the_horizon(horizon):
    words = told(plot_futures(corridor(), 0, horizon=horizon))
    assert ("6, the end" in words) == (horizon == 30)
    assert (f"{horizon} …" in words) == (horizon < 30)


def test_the_chosen_is_the_one_it_takes_among_equals():
    steps = [(0, 0, 1.0, 1, True), (0, 1, 1.0, 1, True)] * 4
    for seed in range(6):
        agent = SimNet(random_state=seed).partial_fit(steps, 2)
        _, futures = _imagined(agent, 0, 9, False, None)
        assert [one.chosen for one in futures] == [True, False]
        assert futures[0].told.action == agent.act(0)


def test_in_a_world_of_ones_own_the_paths_lie_where_it_says():
    ax = Figure(figsize=(4, 4)).add_subplot()
    ax.imshow(np.zeros((3, 7)))
    limits = ax.get_xlim(), ax.get_ylim()
    assert plot_futures(corridor(), 1, ax, place=lambda s: (s, 1), legend=False) is ax
    assert (ax.get_xlim(), ax.get_ylim()) == limits
    best = max(ax.lines, key=lambda line: line.get_linewidth())
    np.testing.assert_array_equal(best.get_xdata(), [1, 2, 3, 4, 5, 6])
    assert ax.get_legend() is None
    assert plt.get_fignums() == []


def test_a_small_place_is_drawn_too():
    figure = Figure(figsize=(2, 1.2))
    plot_futures(corridor(6), 0, figure.add_subplot(), legend=True)
    figure.savefig(io.BytesIO(), format="png")


@pytest.mark.parametrize("thing", [None, 3, SimNet, Graph(), {}, ResoNet()])
def test_what_is_no_agent(thing):
    with pytest.raises(TypeError, match="agent must be a SimNet, got"):
        plot_futures(thing, 0)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"horizon": 0}, ValueError, "horizon"), ({"place": 3}, TypeError, "place must be a"),
        ({"place": lambda s: s}, ValueError, r"place\(.\) must be two finite numbers"),
        ({"place": lambda s: (0, np.nan)}, ValueError, "two finite numbers"),
        ({"ax": 3}, TypeError, "ax must be matplotlib Axes"),
        ({"actions": ["on"]}, ValueError, "actions must name 2 actions, got 1"),
    ],
)  # fmt: skip
def test_bad_options(options, error, words):
    with pytest.raises(error, match=words):
        plot_futures(corridor(), 0, **options)
    assert plt.get_fignums() == []


def test_before_it_has_lived():
    with pytest.raises(NotFittedError, match="has not lived yet"):
        plot_futures(SimNet(), 0)
    assert plt.get_fignums() == []


def test_numbers_are_short_enough_to_be_read():
    seen = np.array([0.123456, -0.5])
    agent = SimNet(random_state=0).partial_fit([(seen, 0, 0.0, seen, False)], 1)
    assert told(plot_futures(agent, seen))[0] == "in state (0.123, -0.5)"
    falls = [(0, 0, -100.0, 1, False), (1, 0, -1.0, 2, False), (2, 0, -1.0, 3, True)]
    assert "-100" in told(plot_futures(SimNet(random_state=0).partial_fit(falls * 3, 1), 0))
