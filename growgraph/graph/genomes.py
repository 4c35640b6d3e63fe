"""A genome of neat-python as a graph."""

import graphlib

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import GraphError

_MOST = float(np.finfo(np.float32).max)
_SELU = 1.0507009873554804934193349852946
_SELU_ALPHA = 1.6732632423543772848170429916717

# Activation of neat-python -> how the first node of a gene computes: factor of its argument,
# activation, p0, p1.
_HEADS: dict[str, tuple[float, str, float, float]] = {
    "sigmoid": (5.0, "sigmoid", 0, 0),
    "tanh": (2.5, "tanh", 0, 0),
    "sin": (5.0, "clip", -60, 60),
    "gauss": (5.0**0.5, "gauss", 0, 0),
    "relu": (1.0, "relu", 0, 0),
    "elu": (1.0, "elu", 0, 0),
    "lelu": (1.0, "identity", 0, 0),
    "selu": (1.0, "identity", 0, 0),
    "softplus": (5.0, "softplus", 0, 0),
    "identity": (1.0, "identity", 0, 0),
    "clamped": (1.0, "clip", -1, 1),
    "inv": (1.0, "inv", 0, 0),
    "log": (1.0, "clip", 1e-7, _MOST),
    "exp": (1.0, "clip", -60, 60),
    "abs": (1.0, "abs", 0, 0),
    "hat": (1.0, "hat", 0, 0),
    "square": (1.0, "square", 0, 0),
    "cube": (1.0, "cube", 0, 0),
}
# Where one node is not enough, a last one: weighted parts (None is the first node itself, a name
# is that activation of it), activation, p0, p1.
_TAILS = {
    "sin": (((1.0, None),), "sin", 0, 0),
    "softplus": (((0.2, None),), "clip", 0, 12),  # neat-python clamps the argument at 60
    "log": (((1.0, None),), "log", 0, 0),
    "exp": (((1.0, None),), "exp", 0, 0),
    "lelu": (((0.005, None), (0.995, "relu")), "identity", 0, 0),
    "selu": (
        ((_SELU * _SELU_ALPHA, "elu"), (_SELU * (1 - _SELU_ALPHA), "relu")), "identity", 0, 0
    ),
}  # fmt: skip
_KINDS = ("sum", "product", "max", "min", "maxabs", "median", "mean")
_OPPOSITE = {"max": "min", "min": "max"}


def from_neat(cls, genome, config):
    """A Graph that answers as the network of a neat-python genome does.

    Parameters
    ----------
    genome : neat.DefaultGenome
    config : neat.Config
        What the genome was made with. If ``config.genome_config.feed_forward`` is true,
        ``graph.forward`` answers as ``neat.nn.FeedForwardNetwork``; if not, ``graph.run`` steps
        as ``neat.nn.RecurrentNetwork`` does: nodes read inputs of this step and each other's
        values of the step before.

    Returns
    -------
    Graph
        Nodes are named by the keys of their genes. Disabled connections and nodes that no output
        needs are left out. An activation that Graph has no single node for takes two to four;
        the last of them holds the gene's value and its name.

    Raises
    ------
    TypeError
        If ``genome`` or ``config`` is none of neat-python's.
    GraphError
        If a gene has an activation or aggregation of the user's own or needs a node that is not
        there, or connections close a cycle in a feed-forward genome; the message names the genes.
    ValueError
        For a number of a gene that float32 does not hold.

    Notes
    -----
    Made for neat-python 2.0, whose odd cases are kept: a feed-forward node without connections
    still answers activation(bias), a recurrent one stays 0. float32 keeps about seven digits at
    each node; ``inv`` and ``log`` near 0 and long chains of steep nodes multiply the rounding.

    References
    ----------
    Stanley, K. O. and Miikkulainen, R. (2002). Evolving neural networks through augmenting
    topologies. Evolutionary Computation 10(2), 99-127.

    Examples
    --------
    >>> import neat
    >>> from types import SimpleNamespace
    >>> from growgraph import Graph
    >>> genome = neat.DefaultGenome(1)
    >>> genome.nodes[0] = node = neat.genes.DefaultNodeGene(0)
    >>> node.bias, node.response, node.activation, node.aggregation = 0.5, 2.0, "relu", "sum"
    >>> genome.connections[-1, 0] = link = neat.genes.DefaultConnectionGene((-1, 0), innovation=1)
    >>> link.weight, link.enabled = 3.0, True
    >>> settings = SimpleNamespace(  # use the Config of your own run instead
    ...     input_keys=[-1], output_keys=[0], feed_forward=True,
    ...     activation_defs=neat.activations.ActivationFunctionSet(),
    ...     aggregation_function_defs=neat.aggregations.AggregationFunctionSet())
    >>> Graph.from_neat(genome, settings).forward([[1.0], [-1.0]])
    array([[6.5],
           [0. ]], dtype=float32)
    """
    settings = _check_types(genome, config)
    inputs, outputs = list(settings.input_keys), list(settings.output_keys)
    reads = _needed_connections(genome, inputs, outputs)
    recurrent = not settings.feed_forward
    genes = {key: genome.nodes[key] for key in (reads if recurrent else _sorted(reads))}
    if recurrent:  # neat-python never computes these, so they stay 0
        genes = {key: gene if reads[key] else None for key, gene in genes.items()}
    heads = {key: _head(key, gene, reads[key], settings) for key, gene in genes.items()}
    return _built(cls, inputs, outputs, reads, genes, heads, recurrent)


def _check_types(genome, config):
    """The part of the configuration that says how genomes are read."""
    settings = getattr(config, "genome_config", config)
    asked = ("input_keys", "output_keys", "feed_forward", "activation_defs",
             "aggregation_function_defs")  # fmt: skip
    if not all(hasattr(settings, name) for name in asked):
        raise TypeError(f"config must be a neat.Config, got {type(config).__name__}")
    if not all(isinstance(getattr(genome, name, None), dict) for name in ("nodes", "connections")):
        raise TypeError(f"genome must be a neat.DefaultGenome, got {type(genome).__name__}")
    return settings


def _needed_connections(genome, inputs, outputs):
    """(source, weight) of the enabled connections into each node that an output needs, by key."""
    into: dict = {}
    for gene in genome.connections.values():
        if gene.enabled:
            source, target = gene.key
            into.setdefault(target, []).append((source, gene.weight))
    given, reads, waiting = set(inputs), {}, list(reversed(outputs))
    while waiting:
        key = waiting.pop()
        if key in reads or key in given:
            continue
        if key not in genome.nodes:
            raise GraphError(f"genome has no node gene {key}, which an output needs")
        reads[key] = into.get(key, [])
        waiting += [source for source, _ in reversed(reads[key])]
    return reads


def _sorted(reads):
    """Keys, each after those it reads."""
    edges = {key: [s for s, _ in links if s in reads] for key, links in reads.items()}
    try:
        return list(graphlib.TopologicalSorter(edges).static_order())
    except graphlib.CycleError as error:
        cycle = " -> ".join(map(str, error.args[1]))
        raise GraphError(
            f"connection genes close the cycle {cycle}, but config says feed_forward: set "
            "config.genome_config.feed_forward = False to read it as a recurrent network"
        ) from None


# ---- one gene -------------------------------------------------------------------------------
def _head(key, gene, links, settings):
    """Options of the first node of a gene, and the weights of its edges."""
    if gene is None:
        return {"kind": "sum"}, np.empty(0, np.float32)
    _check_own(key, "activation", gene.activation, _HEADS, settings.activation_defs)
    _check_own(key, "aggregation", gene.aggregation, _KINDS, settings.aggregation_function_defs)
    factor, activation, low, high = _HEADS[gene.activation]
    bias, response = (_number(key, name, getattr(gene, name)) for name in ("bias", "response"))
    weights = np.array([_number((s, key), "weight", w) for s, w in links], np.float64)
    kind, scale = gene.aggregation, factor * response
    if not links:  # a product of nothing is 1, all else of nothing is 0
        bias += response * (kind == "product")
        kind = "sum"
    if kind == "product":
        weights[0] *= scale
    else:
        weights *= scale
        kind = _OPPOSITE.get(kind, kind) if scale < 0 else kind
    bias = _number(key, "bias times the factor of the activation", factor * bias)
    for (source, _), weight in zip(links, weights.tolist(), strict=True):
        _number((source, key), "weight times the response", weight)
    head = {"kind": kind, "activation": activation, "bias": bias, "p0": low, "p1": high}
    return head, weights.astype(np.float32)


def _check_own(key, what, name, table, known):
    """Raise unless a gene's function is the one that neat-python has under this name."""
    if name not in table:
        raise GraphError(
            f"node gene {key} has the {what} {name!r}, which Graph cannot compute: "
            f"it knows {', '.join(table)}"
        )
    function = known.get(name)
    if function.__module__.split(".")[0] != "neat" or function.__name__ != f"{name}_{what}":
        raise GraphError(
            f"node gene {key} has the {what} {name!r}, but config has another function "
            f"({function.__module__}.{function.__name__}) under this name than neat-python has"
        )


def _number(key, name, value):
    """A number of a gene, checked to be one that float32 holds."""
    gene = "connection gene" if isinstance(key, tuple) else "node gene"
    return check_number(f"{name} of {gene} {key}", value, -_MOST, _MOST)


# ---- the graph ------------------------------------------------------------------------------
def _built(cls, inputs, outputs, reads, genes, heads, recurrent):
    """Nodes first, edges after: recurrent genes read each other."""
    graph = cls()
    ids = graph.add_inputs(len(inputs), [str(key) for key in inputs]).tolist()
    value_of = dict(zip(inputs, ids, strict=True))  # key -> node that holds the gene's value
    relay_of = _add_relays(graph, reads, heads, value_of) if recurrent else {}
    head_of = {}
    for key, gene in genes.items():
        add = graph.add_outputs if key in outputs else graph.add_nodes
        tail = gene and _TAILS.get(gene.activation)
        head_of[key] = int((graph.add_nodes if tail else add)(1, **heads[key][0])[0])
        value_of[key] = _add_tail(graph, add, head_of[key], *tail) if tail else head_of[key]
        graph.names[value_of[key]] = str(key)
    for key, links in reads.items():
        head, weights = heads[key]
        late = np.array([recurrent and head["kind"] == "sum" and s in reads for s, _ in links])
        ids = [value_of[s] if d else relay_of.get(s, value_of[s])
               for (s, _), d in zip(links, late, strict=True)]  # fmt: skip
        for delay in (0, 1):
            mine = np.flatnonzero(late == delay)
            if mine.size:
                graph.connect(np.array(ids)[mine], head_of[key], weights[None, mine], delay=delay)
    for key, relay in relay_of.items():
        graph.add_edge(value_of[key], relay, delay=1)
    graph._outputs = np.array([value_of[key] for key in outputs], np.int64)
    return graph


def _add_relays(graph, reads, heads, given):
    """Nodes that will hold another's value of the step before, by its key.

    A delayed edge always adds to its target; kinds that select or multiply read through these.
    """
    read = [s for key, links in reads.items() for s, _ in links if heads[key][0]["kind"] != "sum"]
    return {s: graph.add_node() for s in dict.fromkeys(read) if s not in given}


def _add_tail(graph, add, head, parts, activation, p0, p1):
    """The last node of a gene and those between; returns its id."""
    sources = [graph.add_node(head, activation=name) if name else head for _, name in parts]
    weights = [[weight for weight, _ in parts]]
    made = add(1, sources=sources, weights=weights, activation=activation, p0=p0, p1=p1)
    return int(made[0])
