"""A peer on worlds of numbers: a deep Q-network (Mnih and others 2015), of torch.

Two hidden layers, Adam, Huber's loss, replay, a target network that follows in steps. Settings are
the best of three on seeds 100-101 on CartPole: rates of .001 and .0005, targets renewed each 500
and 250 steps, exploring that falls in 5000 and 2000.
"""

from typing import Any

import numpy as np

from growgraph.bench import peers
from growgraph.bench.learning.boxes import Agent

HIDDEN, RATE, DISCOUNT, BATCH = 64, 1e-3, 0.99, 64
MEMORY, FIRST, EVERY, FOLLOW = 30_000, 500, 1, 500  # steps: kept, before learning, between, target
LEAST, FALL = 0.04, 5_000  # exploring falls to this in so many steps
SETTINGS = (
    f"DQN: {HIDDEN}-{HIDDEN}, Adam {RATE}, batches of {BATCH} from {MEMORY} steps each step after "
    f"{FIRST}, target renewed each {FOLLOW}, exploring from 1 to {LEAST:.0%} in {FALL} steps"
)


class DQN(Agent):
    """A network of values of actions.

    Parameters
    ----------
    given : Given
    seed : int
    """

    def __init__(self, given, seed, rate=RATE, follow=FOLLOW, fall=FALL):
        self.torch: Any = peers.load("torch")
        self.rng, self.n_actions = np.random.default_rng(seed), given.n_actions
        self.follow, self.fall, self.n = follow, fall, 0
        held = self.torch.random.get_rng_state()
        self.torch.manual_seed(seed)
        self.net, self.target = self._net(given), self._net(given)
        self.torch.random.set_rng_state(held)
        self.target.load_state_dict(self.net.state_dict())
        self.adam = self.torch.optim.Adam(self.net.parameters(), lr=rate)
        self.seen, self.then = np.zeros((2, MEMORY, given.n_observed), np.float32)
        self.action = np.zeros(MEMORY, np.int64)
        self.reward, self.on = np.zeros((2, MEMORY), np.float32)
        self._layers: list | None = None

    def _net(self, given):
        nn = self.torch.nn
        return nn.Sequential(
            nn.Linear(given.n_observed, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU(),
            nn.Linear(HIDDEN, given.n_actions),
        )  # fmt: skip

    def act(self, observation):
        """Greedy but for a share that falls."""
        if self.rng.random() < max(LEAST, 1 - (1 - LEAST) * self.n / self.fall):
            return int(self.rng.integers(self.n_actions))
        return self.answer(observation)

    def learn(self, observation, action, reward, after, ended):
        """Remember a step, and learn a batch of those remembered."""
        k = self.n % MEMORY
        self.seen[k], self.then[k], self.action[k] = observation, after, action
        self.reward[k], self.on[k] = reward, not ended
        self.n += 1
        if self.n >= FIRST and self.n % EVERY == 0:
            self._improve(self.rng.integers(min(self.n, MEMORY), size=BATCH))
        if self.n % self.follow == 0:
            self.target.load_state_dict(self.net.state_dict())

    def goals(self, rows):
        """What values of steps remembered should be: reward, and what the target says follows."""
        torch = self.torch
        with torch.no_grad():
            follows = self.target(torch.from_numpy(self.then[rows])).max(dim=1).values
        return torch.from_numpy(self.reward[rows]) + (
            DISCOUNT * torch.from_numpy(self.on[rows]) * follows
        )

    def _improve(self, rows):
        torch = self.torch
        told = self.net(torch.from_numpy(self.seen[rows]))
        told = told.gather(1, torch.from_numpy(self.action[rows])[:, None])[:, 0]
        loss = torch.nn.functional.smooth_l1_loss(told, self.goals(rows))
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        self._layers = None

    def answer(self, observation):
        """The best action."""
        return int(self.answers(np.asarray(observation)[None])[0])

    def answers(self, observations):
        """The best actions; numpy is quicker here than torch."""
        if self._layers is None:
            self._layers = [p.detach().numpy() for p in self.net.parameters()]
        x = np.asarray(observations, np.float32)
        W1, b1, W2, b2, W3, b3 = self._layers
        x = np.maximum(np.maximum(x @ W1.T + b1, 0) @ W2.T + b2, 0)
        return (x @ W3.T + b3).argmax(axis=1)
