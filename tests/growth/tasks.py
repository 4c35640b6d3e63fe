"""Small tasks on which a graph is tense, and rules to answer with."""

import numpy as np

from growgraph import Graph, GrowthLog
from growgraph.growth import NewNode, Proposal, Rule

XOR = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]


def xor_graph(seed=0):
    """Two inputs and an output that reads both: too small for XOR."""
    graph = Graph()
    x = graph.add_inputs(2)
    graph.add_outputs(1, sources=x, weights="normal", random_state=seed)
    return graph


def learn_and_grow(graph, controller, X, targets, steps, lr=1.0):
    """The loop of the README; returns what was born in each step."""
    born = []
    for _ in range(steps):
        graph.learn(X, targets, rule="delta", lr=lr)
        born.append(controller.step(graph, X, targets))
    return born


def worst(graph, X, targets):
    """The largest error over samples and outputs."""
    targets = np.reshape(targets, (len(X), -1))
    return float(np.abs(graph.forward(X) - targets).max())


def samples(n, d, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (n, d))


class Offer(Rule):
    """Proposes what it is given."""

    def __init__(self, *proposals):
        self.proposals = list(proposals)

    def propose(self, situation):
        return self.proposals


def pair(gain, sources=(0, 1), target=2):
    """A node that reads two inputs and is read by the target."""
    return Proposal(gain, (NewNode(sources, (1.0,) * len(sources)),), ((-1, target, 0.5),))


def flat_graph():
    """Answers 0 whatever comes in, so that the target is the tension."""
    graph = Graph()
    graph.add_outputs(1, sources=graph.add_inputs(2), weights=0.0)
    return graph


def steps(controller, graph, tensions):
    """One step for each wanted tension of node 2; the numbers of the steps in which it grew."""
    grew = []
    for number, tension in enumerate(tensions):
        events = len(GrowthLog(graph)) if graph.records else 0
        controller.step(graph, [[0, 1], [1, 0]], [tension, -tension])
        if len(GrowthLog(graph)) != events:
            grew.append(number)
    return grew
