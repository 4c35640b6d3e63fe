"""plot_futures: what an agent imagines of each action, as a tree or in the world itself."""

import numpy as np

from growgraph._validation import check_number
from growgraph.viz.futures_draw import Future, Tree, draw_in_place
from growgraph.viz.paper import axes_on, drawn_on
from growgraph.viz.style import theme

_WIDE, _HIGH = 8.0, 4.8  # inches of a new figure; a tree is as high as it has actions
_SIDE = 0.36  # of a new figure in a world: the figures of each action


@drawn_on("ax")
def plot_futures(
    agent, observation, ax=None, *, horizon=30, explore=False, place=None, actions=None,
    dark=False, legend=True,
):  # fmt: skip
    """Draw the futures an agent plays out before it acts: of each action what is expected.

    The action it would take is strong and first, the others are faint. A line is as wide as all it
    has passed is likely, short strokes that leave it are other outcomes. A path ends at a star (the
    goal), a square (the episode ends), a hollow circle (nobody knows what follows), a diamond (a
    state that it passed before) or a triangle (not followed further).

    Parameters
    ----------
    agent : SimNet
    observation
        As in :meth:`growgraph.SimNet.imagine`.
    ax : matplotlib Axes, optional
        Where to draw; a new pyplot figure if not given. Nothing is shown and no global setting is
        changed.
    horizon : int, default 30
        At most so many steps, >= 1.
    explore : bool, default False
        Draw what curiosity would do.
    place : callable, optional
        State -> (x, y). The futures are drawn in the world: on what ``ax`` holds already, or on the
        states that were met.
    actions : sequence of str, optional
        Names of the actions, in the sequence of their numbers.
    dark : bool, default False
        On dark ground.
    legend : bool, default True
        Tell the figures of each action: reward, probability of the path, worth and inertia. They
        give way where it is narrow.

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    TypeError
        For an agent that is no SimNet, a place that cannot be called, what is no axes.
    NotFittedError
        If it has not lived yet.
    ValueError
        For a horizon below 1, fewer names than actions, a place that is no pair of finite numbers.

    Examples
    --------
    >>> from growgraph import SimNet
    >>> from growgraph.viz import plot_futures
    >>> steps = [(0, 0, 0.0, 1, False), (1, 0, 1.0, 2, True), (0, 1, 0.0, 0, False)]
    >>> axes = plot_futures(SimNet(random_state=0).partial_fit(steps * 3, 2), 0)
    >>> [text.get_text() for text in axes.texts][:1]
    ['in state 0']
    """
    told, futures = _imagined(agent, observation, horizon, bool(explore), actions)
    if place is not None and not callable(place):
        raise TypeError(f"place must be a function of a state, got {type(place).__name__}")
    look = theme(dark)
    if place is not None:
        spots = _spots(place, {s for one in futures for s in one.states} | {told.state})
        met = _spots(place, agent.plan_)
    ax = _place_on(ax, look, len(futures), place is not None and legend)
    if place is None:
        Tree(ax, told.state, futures, look, legend).draw()
    else:
        met = {} if ax.has_data() else met  # a world is drawn already
        draw_in_place(ax, told, futures, (spots, met), look, legend)
    return ax


# ---- what is imagined ---------------------------------------------------------------------------
def _imagined(agent, observation, horizon, explore, actions):
    """The state as imagined, and the futures, the chosen one first."""
    from growgraph.models.simnet import SimNet

    if not isinstance(agent, SimNet):
        raise TypeError(f"agent must be a SimNet, got {type(agent).__name__}")
    horizon = check_number("horizon", horizon, 1, integer=True)
    told = agent.imagine(observation, horizon, explore=explore)
    if not told.alternatives:
        return told, []
    number = agent._actions.number
    if actions is not None and len(actions) < len(told.alternatives):
        raise ValueError(
            f"actions must name {len(told.alternatives)} actions, got {len(actions)} names"
        )
    most = max(len(a.path) for a in told.alternatives)
    sure: dict[int, list] = {a.action: [] for a in told.alternatives}
    for h in range(1, most + 1):  # a shorter horizon cuts the same paths
        for one in agent.imagine(observation, h, explore=explore).alternatives:
            sure[one.action].append(one.sure)
    rewards = _rewards_of(agent, told.alternatives, number)
    found = [
        Future(
            str(one.action if actions is None else actions[number(one.action)]), one,
            tuple(sure[one.action][: len(one.path) - 1]), rewards and rewards[one.action],
            one is told.alternatives[0],
        )
        for one in told.alternatives
    ]  # fmt: skip
    return told, sorted(found, key=lambda one: not one.chosen)


def _rewards_of(agent, alternatives, number):
    """Rewards expected on each path, read off the graph; None where none belong to its states."""
    graph, rewards = agent.graph_, {}
    node = {name: i for i, name in graph.names.items()}
    if agent.intention is not None or f"state {alternatives[0].path[0][0]}" not in node:
        return None
    for one in alternatives:
        choices = [graph.sources(node[f"state {s}"])[0][number(a)] for s, a in one.path
                   if a is not None]  # fmt: skip
        choices = choices[: len(choices) - (one.ends == "unknown")]
        rewards[one.action] = tuple(float(graph.node(c)["bias"]) for c in choices)
    return rewards


def _spots(place, states):
    """State -> (x, y), checked."""
    spots = {}
    for state in states:
        try:
            spots[state] = np.array(place(state), np.float64)
        except (TypeError, ValueError):
            spots[state] = np.empty(0)
        if spots[state].shape != (2,) or not np.isfinite(spots[state]).all():
            raise ValueError(
                f"place({state!r}) must be two finite numbers (x, y), got {place(state)!r}"
            )
    return spots


def _place_on(ax, look, n, beside):
    """The axes given, or new ones; a tree is as high as it has actions."""
    high = _HIGH if beside else float(np.clip(1.2 + 0.42 * n, 2.2, 9.6))
    new = axes_on(ax, look, (_WIDE, high))
    if ax is None and beside:
        new.set_position((0, 0, 1 - _SIDE, 1))
    return new
