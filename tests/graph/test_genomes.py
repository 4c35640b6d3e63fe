"""A neat-python genome as a graph: the answers of neat-python's own networks to 1e-5."""

import numpy as np
import pytest

pytest.importorskip("neat")

from growgraph import Graph
from growgraph.errors import GraphError
from tests.graph.neat_runs import (
    ACTIVATIONS,
    AGGREGATIONS,
    answers,
    config,
    genome_of,
    mutated,
    network,
    shaken,
)
from tests.material import uniform

BOTH = pytest.mark.parametrize("feed_forward", [True, False], ids=["forward", "recurrent"])


def of_graph(graph, X, feed_forward):
    return graph.forward(X) if feed_forward else graph.run(X)


def compare_random_genomes(made, seeds, mutations, inputs=3, steps=6):
    """Shares of genomes within 1e-5 of neat-python, and within what their steepness allows.

    A steep genome multiplies the rounding of its own numbers to float32: how much is measured by
    neat-python on the genome with such roundings, and allowed on top.
    """
    close, allowed = [], []
    for seed in seeds:
        genome, rng = mutated(made, seed, mutations), np.random.default_rng(seed)
        X = uniform(steps, inputs, seed=seed, low=-2, high=2)
        twins = [genome, *(shaken(genome, rng) for _ in range(6))]
        expected, *others = (answers(network(twin, made), X, 1e18) for twin in twins)
        if expected is None or any(other is None for other in others):
            continue  # near the end of float32
        graph = Graph.from_neat(genome, made)
        graph.check()
        moved = np.max([np.abs(other - expected) for other in others], axis=0)
        error = np.abs(of_graph(graph, X, made.genome_config.feed_forward) - expected)
        least = 1e-5 * np.maximum(1, np.abs(expected))
        close.append((error <= least).all())
        allowed.append((error <= least + 30 * moved).all())
    assert len(close) > 0.6 * len(seeds)
    return np.mean(close), np.mean(allowed)


@BOTH
@pytest.mark.parametrize("mutations", [0, 3, 12, 40])
def test_random_genomes(feed_forward, mutations):
    made = config(
        feed_forward=feed_forward, activations=[a for a in ACTIVATIONS if a not in ("inv", "log")]
    )
    close, allowed = compare_random_genomes(made, range(60), mutations)
    assert close > 0.9
    assert allowed == 1


@BOTH
def test_random_genomes_with_poles(feed_forward):
    """Reading a value near 0 through inv or log turns its absolute error into a relative one."""
    close, allowed = compare_random_genomes(config(feed_forward=feed_forward), range(100), 20)
    assert close > 0.9
    assert allowed > 0.95


@BOTH
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_random_genomes_of_one_aggregation(feed_forward, aggregation):
    gentle = ("tanh", "sigmoid", "relu", "identity", "gauss", "hat", "clamped")
    made = config(feed_forward=feed_forward, activations=gentle, aggregations=(aggregation,))
    close, allowed = compare_random_genomes(made, range(30), 25)
    assert close > 0.9
    assert allowed == 1


@BOTH
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_random_genomes_of_one_activation(feed_forward, activation):
    made = config(feed_forward=feed_forward, activations=(activation,), outputs=1)
    assert compare_random_genomes(made, range(20), 6)[1] == 1


def test_the_comparison_can_fail():
    made = config()
    genome = mutated(made, 3, 12)
    graph = Graph.from_neat(genome, made)
    X = uniform(6, 3)
    expected = answers(network(genome, made), X)
    for node in graph.nodes[3:].tolist():
        changed = graph.copy()
        changed.set_nodes([node], bias=graph.node(node)["bias"] + 0.01)
        if np.abs(changed.forward(X) - expected).max() > 1e-4:
            return
    pytest.fail("no change of any node is seen")


# ---- each gene, over its whole range ------------------------------------------------------------
WIDE = np.concatenate([np.linspace(-70, 70, 281), np.geomspace(1e-9, 1, 10), [0.0, -1e-8]])


@BOTH
@pytest.mark.parametrize("response", [1.0, -0.5])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_each_activation(activation, response, feed_forward):
    made = config(inputs=1, outputs=1, feed_forward=feed_forward)
    genome = genome_of({0: (activation, "sum", 0.0, response)}, {(-1, 0): 1.0})
    X = WIDE.astype(np.float32)[:, None]
    found = of_graph(Graph.from_neat(genome, made), X, feed_forward)
    expected = answers(network(genome, made), X)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


@BOTH
@pytest.mark.parametrize("response", [1.0, -1.5, 0.0])
@pytest.mark.parametrize("fan_in", [1, 2, 3, 4])
@pytest.mark.parametrize("aggregation", AGGREGATIONS)
def test_each_aggregation(aggregation, fan_in, response, feed_forward):
    """Also of nodes: a recurrent gene reads inputs of now and nodes of the step before."""
    made = config(inputs=4, outputs=2, feed_forward=feed_forward)
    weights = dict(zip([(-1, 0), (2, 0), (-3, 0), (3, 0)][:fan_in], [1.0, -2.0, 0.5, 1.5]))
    inner = {2: ("tanh", "sum", 0.1, 1.0), 3: ("clamped", "sum", -0.2, 2.0)}
    head = {0: ("tanh", aggregation, 0.25, response), 1: ("identity", "sum", 0.0, 1.0)}
    links = {**weights, (-2, 2): 0.7, (-4, 3): 0.4, (2, 1): 1.0}
    genome = genome_of(head | inner, links)
    X = uniform(50, 4, low=-2, high=2)
    found = of_graph(Graph.from_neat(genome, made), X, feed_forward)
    np.testing.assert_allclose(found, answers(network(genome, made), X), atol=1e-5)


# ---- what neat-python does with odd genomes -----------------------------------------------------
ODD_GENOMES = {
    "output without connections": ({0: ("tanh", "sum", 0.3, 2.0)}, {}),
    "empty product": ({0: ("identity", "product", 0.3, 2.0)}, {}),
    "empty mean": ({0: ("exp", "mean", 0.3, 2.0)}, {}),
    "only disabled": ({0: ("softplus", "max", 0.3, 2.0)}, {(-1, 0): None}),
    "hidden without inputs": (
        {0: ("identity", "min", 0.0, 1.0), 5: ("sigmoid", "sum", 0.4, 1.0)},
        {(-1, 0): 1.0, (5, 0): 1.0},
    ),
    "hidden product without inputs": (
        {0: ("identity", "product", 0.0, 1.0), 5: ("identity", "product", 0.4, 3.0)},
        {(-1, 0): 1.0, (5, 0): 1.0},
    ),
    "zero response and weight": (
        {0: ("identity", "max", 0.5, 0.0), 5: ("abs", "sum", 0.4, 3.0)},
        {(-1, 0): 0.0, (5, 0): -1.0, (-2, 5): 1.0},
    ),
}


@BOTH
@pytest.mark.parametrize("name", ODD_GENOMES)
def test_odd_genomes(name, feed_forward):
    made = config(inputs=2, outputs=1, feed_forward=feed_forward)
    genome = genome_of(*ODD_GENOMES[name])
    X = uniform(5, 2)
    graph = Graph.from_neat(genome, made)
    expected = answers(network(genome, made), X)
    np.testing.assert_allclose(of_graph(graph, X, feed_forward), expected, atol=1e-5)


def test_what_no_output_needs_is_left_out():
    nodes = {k: ("tanh", "sum", 0.1 * k, 1.0) for k in range(7)}
    nodes[6] = ("made up", "odd", None, "x")  # not read, so not asked about
    links = {(-1, 2): 1.0, (2, 0): 1.0, (-1, 3): 1.0, (2, 4): 1.0, (4, 5): 1.0, (6, 5): 1.0,
             (3, 1): None, (5, 0): None}  # fmt: skip
    made = config(inputs=2, outputs=2)
    graph = Graph.from_neat(genome_of(nodes, links), made)
    assert sorted(graph.names.values()) == ["-1", "-2", "0", "1", "2"]
    assert [graph.names[i] for i in graph.inputs.tolist()] == ["-1", "-2"]
    assert [graph.names[i] for i in graph.outputs.tolist()] == ["0", "1"]
    assert graph.n_edges == 2


def test_outputs_keep_their_sequence_and_may_be_read():
    made = config(inputs=1, outputs=3)
    nodes = {k: ("identity", "sum", float(k), 1.0) for k in range(3)}
    genome = genome_of(nodes, {(-1, 2): 1.0, (2, 1): 1.0, (1, 0): 1.0})
    graph = Graph.from_neat(genome, made)
    np.testing.assert_array_equal(graph.forward([10.0]), [13, 13, 12])
    assert [graph.names[i] for i in graph.outputs.tolist()] == ["0", "1", "2"]


def test_loops_and_steps():
    made = config(inputs=1, outputs=1, feed_forward=False)
    nodes = {0: ("tanh", "sum", 0.1, 1.0), 1: ("softplus", "max", -0.2, 0.7),
             2: ("selu", "product", 0.2, -1.0)}  # fmt: skip
    links = {(0, 0): 0.5, (1, 0): 1.0, (2, 0): -0.3, (-1, 1): 1.0, (1, 1): 0.4, (2, 1): 0.6,
             (0, 2): 0.9, (1, 2): 1.1, (-1, 2): 1.0}  # fmt: skip
    genome = genome_of(nodes, links)
    graph, own = Graph.from_neat(genome, made), network(genome, made)
    X = uniform(30, 1)
    for part in (X[:7], X[7:8], X[8:]):  # a call goes on where the last one stopped
        np.testing.assert_allclose(graph.run(part), answers(own, part), atol=1e-5)
    graph.reset(), own.reset()
    np.testing.assert_allclose(graph.run(X), answers(own, X), atol=1e-5)


@BOTH
def test_many_nodes(feed_forward):
    """Order, relays and edges of a genome as large as evolution makes them."""
    rng = np.random.default_rng(0)
    keys = [*range(2, 80), 0, 1]
    nodes = {k: ("tanh", AGGREGATIONS[k % 7], 0.1, 0.5) for k in rng.permutation(keys).tolist()}
    links = {}
    for at, key in enumerate(keys):
        before = [*keys[: at if feed_forward else None], -1, -2, -3]
        chosen = rng.choice(before, min(5, len(before)), replace=False).tolist()
        links.update({(s, key): float(rng.normal()) for s in chosen})
    made = config(feed_forward=feed_forward)
    genome = genome_of(nodes, dict(rng.permutation(np.array([*links.items()], object)).tolist()))
    X, graph = uniform(20, 3), Graph.from_neat(genome, made)
    graph.check()
    found = of_graph(graph, X, feed_forward)
    np.testing.assert_allclose(found, answers(network(genome, made), X), atol=1e-5)


def test_the_graph_is_saved_as_any_other(tmp_path):
    made = config()
    graph = Graph.from_neat(mutated(made, 1, 30), made)
    graph.to_graphml(tmp_path / "x.graphml")
    assert Graph.from_graphml(tmp_path / "x.graphml") == graph


# ---- what is refused ----------------------------------------------------------------------------
def one(**changes):
    values = {"activation": "relu", "aggregation": "sum", "bias": 0.0, "response": 1.0, "weight": 1}
    values |= changes
    weight = values.pop("weight")
    return genome_of({0: tuple(values.values())}, {(-1, 0): weight})


@pytest.mark.parametrize(
    ("genome", "pieces"),
    [
        (one(activation="mine"), ["node gene 0", "activation 'mine'", "sigmoid", "cube"]),
        (one(aggregation="ours"), ["node gene 0", "aggregation 'ours'", "median"]),
        (one(bias=np.nan), ["bias of node gene 0", "finite", "nan"]),
        (one(response=1e39), ["response of node gene 0", "1e+39"]),
        (one(weight=np.inf), ["weight of connection gene (-1, 0)", "finite"]),
        (one(weight=1e30, response=1e30), ["weight times the response", "(-1, 0)", "1e+60"]),
        (one(bias=3e38, activation="sigmoid"), ["bias times the factor", "node gene 0"]),
        (genome_of({}, {}), ["no node gene 0"]),
        (genome_of({0: ("relu", "sum", 0.0, 1.0)}, {(7, 0): 1.0}), ["no node gene 7"]),
        (genome_of({k: ("relu", "sum", 0.0, 1.0) for k in (0, 4, 6)},
                   {(4, 6): 1.0, (6, 4): 1.0, (6, 0): 1.0}),
         ["cycle", "4 -> 6", "feed_forward = False"]),
    ],
)  # fmt: skip
def test_genomes_that_are_refused(genome, pieces):
    with pytest.raises(ValueError) as caught:  # noqa: PT011 (the pieces say which)
        Graph.from_neat(genome, config(inputs=1, outputs=1))
    assert all(piece in str(caught.value) for piece in pieces), str(caught.value)


def test_functions_of_the_users_own_are_refused():
    made = config(inputs=1, outputs=1)
    made.genome_config.add_activation("mine", lambda z: z)
    with pytest.raises(GraphError, match="node gene 0 has the activation 'mine'"):
        Graph.from_neat(one(activation="mine"), made)
    made.genome_config.add_activation("tanh", lambda z: z)
    with pytest.raises(GraphError, match=r"gene 0 .* 'tanh', but config has another function"):
        Graph.from_neat(one(activation="tanh"), made)
    made.genome_config.add_aggregation("max", lambda x: x[0])
    with pytest.raises(GraphError, match=r"gene 0 .* 'max', but config has another function"):
        Graph.from_neat(one(aggregation="max"), made)


def test_other_things_than_genomes():
    made = config()
    with pytest.raises(TypeError, match=r"genome must be a neat\.DefaultGenome, got Config"):
        Graph.from_neat(made, made)
    with pytest.raises(TypeError, match=r"config must be a neat\.Config, got DefaultGenome"):
        Graph.from_neat(one(), one())
    assert Graph.from_neat(mutated(made, 0, 3), made.genome_config).inputs.size == 3
