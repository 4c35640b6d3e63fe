"""What a growth rule reads and what it may propose. Rules change nothing."""

from dataclasses import dataclass, field

import numpy as np

from growgraph.graph import Graph


@dataclass(frozen=True)
class NewNode:
    """A node to be born.

    Attributes
    ----------
    sources : sequence of int
        Ids; -1, -2 ... name earlier new nodes of the same proposal.
    weights : sequence of float
    kind, activation : str
    bias, p0, p1 : float
    role : {"hidden", "output", "input"}
    name : str
    """

    sources: tuple = ()
    weights: tuple = ()
    kind: str = "sum"
    activation: str = "identity"
    bias: float = 0.0
    p0: float = 0.0
    p1: float = 0.0
    role: str = "hidden"
    name: str = ""


@dataclass(frozen=True)
class Proposal:
    """One possible change of structure.

    Attributes
    ----------
    gain : float
        Share in [0, 1] of the tension's energy that a rehearsal on the present samples took away.
    nodes : tuple of NewNode
        Born in this sequence.
    edges : tuple of (source, target, weight)
        Made after the nodes; negative ids name new nodes, -1 the first.
    split : tuple (source, target, bias, w_in, w_out, activation), optional
        An edge to put a node on.
    remove : tuple of (source, target)
        Edges to remove.
    text : str
        What it does, in words.
    """

    gain: float
    nodes: tuple = ()
    edges: tuple = ()
    split: tuple | None = None
    remove: tuple = ()
    text: str = ""

    @property
    def n_nodes(self):
        """How many nodes it adds."""
        return len(self.nodes) + (self.split is not None)


@dataclass(frozen=True)
class Situation:
    """What a rule may read: a graph that is tense at a node, and the samples it is tense on.

    Attributes
    ----------
    graph : Graph
        To be read only.
    node : int
        Where tension lasts.
    activity : ndarray of float32 [batch, ids]
        Activities by id (0 for ids that do not live).
    missing : ndarray of float32 [batch]
        Expected minus observed at the node.
    rng : numpy Generator
        For this step of this controller.
    """

    graph: Graph
    node: int
    activity: np.ndarray
    missing: np.ndarray
    rng: np.random.Generator = field(repr=False)

    def adds(self):
        """True if the node adds its sources up: only there a rehearsed gain holds."""
        return self.graph.node(self.node)["kind"] == "sum"

    def sources(self):
        """Ids of the node's sources."""
        return self.graph.sources(self.node)[0]

    def candidates(self):
        """Ids the node could read without a cycle, in running order: all that do not read it."""
        graph, store = self.graph, self.graph._store
        order = store.order()
        place = int(np.flatnonzero(order == graph._slot(self.node))[0])
        reads = np.zeros(order.max() + 1, bool)  # the node and all that follow from it
        reads[order[place]] = True
        for v in order[place + 1 :].tolist():
            first = int(store.sstart[v])
            reads[v] = reads[store.src[first : first + int(store.length[v])]].any()
        able = store.id_of[order[~reads[order]]]
        return able[~np.isin(able, graph.outputs)]


class Rule:
    """A growth rule: reads a situation and proposes.

    A rule of one's own overrides :meth:`propose`; its class name goes into the log.
    """

    def propose(self, situation):
        """Proposals for a tense node.

        Parameters
        ----------
        situation : Situation

        Returns
        -------
        list of Proposal
        """
        raise NotImplementedError

    @property
    def name(self):
        """How the log calls it."""
        return type(self).__name__
