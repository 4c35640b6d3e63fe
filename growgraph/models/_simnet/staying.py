"""To stay: plans are played out in the model, and a fixed point tells what comes after them."""

import numpy as np

from growgraph._random import uniform
from growgraph.kernels.foresee import play

PLANS, STEPS, _HELD = 64, 30, 3
_EFFORT = 0.01  # what acting costs
_DOUBLINGS = 40
_MOST_COST = 1e300  # a plan that leaves what numbers hold costs no more


class Home:
    """Where to stay, and what it costs to be elsewhere.

    Attributes
    ----------
    place : float64 [c]
        The mean place where episodes began.
    weight : float64 [c]
        Of squared deviations: 1 where half the range lived in is crossed.
    tail : float64 [c, c]
        Cost of all that follows, of a deviation.
    """

    def __init__(self, place, weight, tail):
        self.place, self.weight, self.tail = place, weight, tail

    @classmethod
    def of(cls, forward, starts):
        """Made of a model and the mean observation where episodes began."""
        n = forward.n_numbers
        lived = np.vstack([forward.rows[:, :n], forward.rows[:, -n:]])
        span = np.ptp(forward.places(lived), axis=0) / 2
        place = forward.places(starts[None])[0]
        weight = 1 / np.maximum(span, 1e-9 * (1 + np.abs(place))) ** 2
        A, B = _lines(forward, place)
        return cls(place, weight, _tail(A, B, weight))


def _lines(forward, place):
    """The model near a place, a matrix, and how far each action leads from the mean of all."""
    c, many = place.size, forward.n_actions
    size = np.where(forward.scale[0] > 0, 1e-3, 1e-3 * forward.scale[2])
    around = np.vstack([place, place + np.diag(size), place - np.diag(size)])
    felt, unit = forward.feel(around), forward.model.unit[:-1]
    led = np.array([forward.foreseen(felt, np.full(len(felt), a))[:, :-1] for a in range(many)])
    led = around + led * unit
    mean = led.mean(axis=0)
    return ((mean[1 : 1 + c] - mean[1 + c :]) / (2 * size[:, None])).T, (led[:, 0] - mean[0]).T


def _tail(A, B, weight):
    """Fixed point of Riccati's equation, by doubling (Anderson 1978); the weights if none."""
    H, G, one = np.diag(weight), B @ B.T / _EFFORT, np.eye(len(weight))
    for _ in range(_DOUBLINGS):
        try:
            W = np.linalg.solve(one + G @ H, np.hstack([A, G]))
        except np.linalg.LinAlgError:
            return np.diag(weight)
        A1, G1 = W[:, : len(A)], W[:, len(A) :]
        before = H
        H, G, A = H + A.T @ H @ A1, G + A @ G1 @ A.T, A @ A1
        H, G = (H + H.T) / 2, (G + G.T) / 2
        if not np.isfinite(H).all() or np.abs(H).max() > 1e9 * weight.max():
            return np.diag(weight)
        if np.abs(H - before).max() <= 1e-9 * np.abs(H).max():
            break
    return H


def plans_of(n_actions, seed, n):
    """So many plans, an action a step: one for ever, one and then homewards (-1), at random."""
    count = PLANS * (STEPS // _HELD)
    drawn = uniform(seed, np.arange(count) + n * count, "plans").reshape(PLANS, -1)
    plans = np.repeat((drawn * n_actions).astype(np.int64), _HELD, axis=1)
    each = np.arange(n_actions)[:, None]
    home = np.hstack([each, np.full((n_actions, STEPS - 1), -1)])
    return np.vstack([np.repeat(each, STEPS, axis=1), home, plans])


def played(forward, home, place, plans):
    """What each plan costs at a place."""
    costs = np.empty(len(plans))
    play(forward.model, place, plans, home.place, home.weight, home.tail, costs)
    return np.fmin(costs, _MOST_COST)  # of NaN, too
