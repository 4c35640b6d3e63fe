"""neat-python genomes for tests: a configuration from a string, mutation from a seed."""

import copy
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest

neat = pytest.importorskip("neat")

ACTIVATIONS = (
    "sigmoid", "tanh", "sin", "gauss", "relu", "elu", "lelu", "selu", "softplus", "identity",
    "clamped", "inv", "log", "exp", "abs", "hat", "square", "cube",
)  # fmt: skip
AGGREGATIONS = ("sum", "product", "max", "min", "maxabs", "median", "mean")

SETTINGS = """
[NEAT]
fitness_criterion = max
fitness_threshold = 1
no_fitness_termination = true
pop_size = 2
reset_on_extinction = false

[DefaultGenome]
num_inputs = {inputs}
num_outputs = {outputs}
num_hidden = 2
feed_forward = {feed_forward}
initial_connection = partial_direct 0.6
compatibility_disjoint_coefficient = 1.0
compatibility_weight_coefficient = 0.5
conn_add_prob = 0.6
conn_delete_prob = 0.15
node_add_prob = 0.4
node_delete_prob = 0.1
single_structural_mutation = false
structural_mutation_surer = default
activation_default = random
activation_options = {activations}
activation_mutate_rate = 0.1
aggregation_default = random
aggregation_options = {aggregations}
aggregation_mutate_rate = 0.1
enabled_default = true
enabled_mutate_rate = 0.05
enabled_rate_to_true_add = 0.0
enabled_rate_to_false_add = 0.0
"""
NUMBERS = """
{name}_init_mean = {mean}
{name}_init_stdev = {spread}
{name}_init_type = gaussian
{name}_max_value = 30
{name}_min_value = {least}
{name}_mutate_power = 0.5
{name}_mutate_rate = {rate}
{name}_replace_rate = 0.05
"""
REST = """
[DefaultSpeciesSet]
compatibility_threshold = 3.0

[DefaultStagnation]
species_fitness_func = max
max_stagnation = 20
species_elitism = 0

[DefaultReproduction]
elitism = 0
survival_threshold = 0.2
min_species_size = 1
"""


def config(
    *, inputs=3, outputs=2, feed_forward=True, activations=ACTIVATIONS, aggregations=AGGREGATIONS
):
    """A neat.Config with an innovation tracker, as a population would have given it."""
    text = SETTINGS.format(
        inputs=inputs, outputs=outputs, feed_forward=feed_forward,
        activations=" ".join(activations), aggregations=" ".join(aggregations),
    )  # fmt: skip
    for name, mean, spread in (("bias", 0, 1), ("response", 1, 0.7), ("weight", 0, 1)):
        text += NUMBERS.format(name=name, mean=mean, spread=spread, least=-30, rate=0.3)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "config.ini")
        path.write_text(text + REST, encoding="utf-8")
        made = neat.Config(
            neat.DefaultGenome, neat.DefaultReproduction, neat.DefaultSpeciesSet,
            neat.DefaultStagnation, str(path),
        )  # fmt: skip
    made.genome_config.innovation_tracker = neat.innovation.InnovationTracker()
    return made


def mutated(made, seed, mutations):
    """A genome after so many random mutations; neat-python draws from Python's own generator."""
    state = random.getstate()
    random.seed(seed)
    try:
        made.genome_config.node_indexer = None
        genome = neat.DefaultGenome(seed)
        genome.configure_new(made.genome_config)
        for _ in range(mutations):
            genome.mutate(made.genome_config)
    finally:
        random.setstate(state)
    return genome


def genome_of(nodes, links):
    """A genome of {key: (activation, aggregation, bias, response)} and {(source, target): weight}.

    A weight of None makes a disabled connection.
    """
    genome = neat.DefaultGenome(0)
    for key, values in nodes.items():
        genome.nodes[key] = gene = neat.genes.DefaultNodeGene(key)
        gene.activation, gene.aggregation, gene.bias, gene.response = values
    for number, (key, weight) in enumerate(links.items()):
        genome.connections[key] = link = neat.genes.DefaultConnectionGene(key, innovation=number)
        link.weight, link.enabled = weight or 0.0, weight is not None
    return genome


def network(genome, made):
    """neat-python's own network."""
    nets = neat.nn.RecurrentNetwork, neat.nn.FeedForwardNetwork
    return nets[made.genome_config.feed_forward].create(genome, made)


def shaken(genome, rng):
    """The genome with each number changed by a rounding error of float32."""
    twin = copy.deepcopy(genome)
    for gene in twin.nodes.values():
        gene.bias *= 1 + rng.uniform(-1, 1) * 6e-8
        gene.response *= 1 + rng.uniform(-1, 1) * 6e-8
    for gene in twin.connections.values():
        gene.weight *= 1 + rng.uniform(-1, 1) * 6e-8
    return twin


def answers(network, X, most=np.inf):
    """Outputs row by row; None if the magnitude of some node's value exceeds ``most``."""
    rows = []
    for row in X.tolist():
        try:
            rows.append(network.activate(row))
        except OverflowError:
            return None
        held = network.values if isinstance(network.values, list) else [network.values]
        if not all(abs(value) <= most for values in held for value in values.values()):
            return None
    return np.array(rows)
