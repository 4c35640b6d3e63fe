"""Peers on worlds of continuous observations."""

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

from growgraph.bench.learning.agents_box import LQR

F, G = np.array([[1.0, 0.1], [0.2, 1.0]]), np.array([0.0, 0.1])  # it falls over


def after(x, action):
    return F @ x + G * (2 * action - 1)


def lived(seed=0, steps=400):
    agent, rng = LQR(2, 2, seed), np.random.default_rng(seed)
    x, lengths, length = rng.normal(0, 0.02, 2), [], 0
    for _ in range(steps):
        action = agent.act(x)
        to = after(x, action)
        ended = bool(np.abs(to).max() > 1)
        agent.learn(x, action, 1.0, to, ended)
        length += 1
        x = to
        if ended:
            lengths.append(length)
            x, length = rng.normal(0, 0.02, 2), 0
    return agent, [*lengths, length]


def test_the_regulator_is_that_of_the_dynamics():
    agent, _ = lived()
    half = (agent.high - agent.low) / 2
    P = solve_discrete_are(F, G[:, None], np.diag(1 / half**2), [[0.01]])
    gain = (G @ P @ F) / (0.01 + G @ P @ G)
    agent.answer(np.zeros(2))
    assert agent.gain == pytest.approx(gain, rel=0.02)


@pytest.mark.parametrize("seed", range(3))
def test_it_stays(seed):
    assert lived(seed)[1][-1] > 300


def test_answers_learn_nothing():
    agent, _ = lived(steps=50)
    held = agent.A.copy(), agent.home.copy(), agent.n
    agent.answer(np.ones(2))
    for one, other in zip(held, (agent.A, agent.home, agent.n), strict=True):
        np.testing.assert_array_equal(one, other)


def test_before_anything_was_met_it_pushes_at_random():
    assert {LQR(2, 3, seed).act([0.0, 0.0]) for seed in range(20)} == {0, 1, 2}


def test_it_stays_where_it_is_told_to():
    agent, x, late = LQR(2, 5, 0, (0.3, 0.0)), np.zeros(2), []
    for step in range(200):
        action = agent.act(x)
        to = x + np.array([0.1 * x[1], 0.1 * agent.push[action] - 0.05 * x[1]])
        agent.learn(x, action, 1.0, to, False)
        x = to
        late += [x[0]] if step >= 150 else []
    assert agent.home.tolist() == [0.3, 0.0]
    assert np.abs(np.array(late) - 0.3).max() < 0.1
