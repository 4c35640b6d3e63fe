"""A peer on worlds of numbers: NEAT (Stanley and Miikkulainen 2002) as neat-python has it.

Each genome lives one episode, and its return is its fitness; every step of every genome counts.
Settings are those of the library's examples; of populations of 20, 50 and 150 the one that solved
CartPole on most of the seeds 100-102.
"""

import contextlib
import random
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from growgraph.bench import peers
from growgraph.bench.learning.boxes import Agent

POPULATION = 150
_SETTINGS = """
[NEAT]
fitness_criterion = max
fitness_threshold = 0
no_fitness_termination = true
pop_size = {population}
reset_on_extinction = true
[DefaultGenome]
num_inputs = {inputs}
num_outputs = {outputs}
num_hidden = 0
feed_forward = true
initial_connection = full_direct
compatibility_disjoint_coefficient = 1.0
compatibility_weight_coefficient = 0.5
conn_add_prob = 0.5
conn_delete_prob = 0.5
node_add_prob = 0.2
node_delete_prob = 0.2
single_structural_mutation = false
structural_mutation_surer = default
activation_default = tanh
activation_options = tanh
activation_mutate_rate = 0.0
aggregation_default = sum
aggregation_options = sum
aggregation_mutate_rate = 0.0
enabled_default = true
enabled_mutate_rate = 0.01
enabled_rate_to_true_add = 0.0
enabled_rate_to_false_add = 0.0
"""
_NUMBER = """
{name}_init_mean = {mean}
{name}_init_stdev = {spread}
{name}_init_type = gaussian
{name}_max_value = 30
{name}_min_value = -30
{name}_mutate_power = 0.5
{name}_mutate_rate = {rate}
{name}_replace_rate = {replace}
"""
_REST = """
[DefaultSpeciesSet]
compatibility_threshold = 3.0
[DefaultStagnation]
species_fitness_func = max
max_stagnation = 20
species_elitism = 2
[DefaultReproduction]
elitism = 2
survival_threshold = 0.2
min_species_size = 2
"""


def _config(neat, inputs, outputs, population):
    numbers = "".join(
        _NUMBER.format(name=name, mean=mean, spread=spread, rate=rate, replace=replace)
        for name, mean, spread, rate, replace in (
            ("bias", 0, 1, 0.7, 0.1), ("response", 1, 0, 0, 0), ("weight", 0, 1, 0.8, 0.1),
        )
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "neat")
        path.write_text(
            _SETTINGS.format(inputs=inputs, outputs=outputs, population=population)
            + numbers + _REST, encoding="utf-8",
        )  # fmt: skip
        return neat.Config(
            neat.DefaultGenome, neat.DefaultReproduction, neat.DefaultSpeciesSet,
            neat.DefaultStagnation, str(path),
        )  # fmt: skip


class NEAT(Agent):
    """Genomes act in turn, an episode each; answers are those of the best so far.

    Parameters
    ----------
    given : Given
    seed : int
    population : int
    """

    def __init__(self, given, seed, population=POPULATION):
        self.neat: Any = peers.load("neat-python")
        self.chance = random.Random(seed).getstate()  # the library draws from the module's
        self.config = _config(self.neat, given.n_observed, given.n_actions, population)
        with self._drawing():
            self.all = self.neat.Population(self.config)
        self.best: Any = None
        self.mark: int = 0
        self.total = 0.0
        self.waiting: list = []
        self._next()

    @contextlib.contextmanager
    def _drawing(self):
        before = random.getstate()
        random.setstate(self.chance)
        try:
            yield
        finally:
            self.chance = random.getstate()
            random.setstate(before)

    def _next(self):
        """The next genome's turn; after the last a new generation is bred."""
        if not self.waiting:
            if self.best is not None:
                with self._drawing():
                    self.all.run(lambda genomes, config: None, 1)
            self.waiting = list(self.all.population.values())
        self.genome = self.waiting.pop()
        self.net, self.total = self._grown(self.genome), 0.0

    def _grown(self, genome):
        return self.neat.nn.FeedForwardNetwork.create(genome, self.config)

    def act(self, observation):
        """As the genome whose turn it is."""
        return int(np.argmax(self.net.activate(observation)))

    def learn(self, observation, action, reward, after, ended):
        """A step's reward."""
        self.total += reward

    def over(self):
        """The genome's return is its fitness."""
        self.genome.fitness = self.total
        if self.best is None or self.total >= self.best[0]:
            self.best, self.mark = (self.total, self.net), self.mark + 1
        self._next()

    def answer(self, observation):
        """As the best genome; before there is one, as the first."""
        net = self.net if self.best is None else self.best[1]
        return int(np.argmax(net.activate(observation)))
