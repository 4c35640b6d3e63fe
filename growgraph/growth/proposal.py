"""What a growth rule reads and what it may propose. Rules change nothing."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from growgraph.graph import Graph
from growgraph.kernels import _handle as h
from growgraph.kernels import codes, reach

# Shares that differ by less are equal: what is grown must not hang on a processor's BLAS.
ROUNDING = 1e-9

EDGE = np.dtype([("source", np.int64), ("target", np.int64), ("weight", np.float64)])


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
    recurrent : tuple of (source, target, weight), or array of ``EDGE``
        Edges that may close a loop, made after those: ``settle`` and planning read them in place.
        Thousands are best told as an array.
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
    recurrent: tuple = ()
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
    strip : ndarray of float32 [slots, batch]
        Activities as the graph's store holds them; rules ask :meth:`activity`.
    missing : ndarray of float32 [batch]
        Expected minus observed at the node.
    rng : numpy Generator
        For this step of this controller.
    """

    graph: Graph
    node: int
    strip: np.ndarray = field(repr=False)
    missing: np.ndarray = field(repr=False)
    rng: np.random.Generator = field(repr=False)

    def activity(self, ids):
        """Activities of nodes on the samples.

        Parameters
        ----------
        ids : ids

        Returns
        -------
        ndarray of float32 [batch, ids]
        """
        return np.ascontiguousarray(self.strip[self.graph._slots(ids, "ids")].T)

    def adds(self):
        """True if the node adds its sources up, so that gains can be rehearsed there.

        They are exact where its activation is "identity". Behind another they are approximate:
        what is missing is rehearsed as if it were added to the answer itself. What growth really
        brought is measured and told by the log (``after``, ``realised``).
        """
        return self.graph.node(self.node)["kind"] == "sum"

    def sources(self):
        """Ids of the node's sources."""
        return self.graph.sources(self.node)[0]

    def candidates(self):
        """Ids the node could read without a cycle, in running order: all that do not read it.

        Outputs are left out.
        """
        return self._candidates

    @cached_property
    def _candidates(self):
        store = self.graph._store
        follows = np.zeros(store[h.N_SLOTS], np.uint8)
        reach.readers(store.H, self.graph._slot(self.node), follows)
        order = store.order()
        able = (follows[order] == 0) & (store.role[order] != codes.ROLE_OUTPUT)
        ids = store.ids(order[able])
        ids.flags.writeable = False  # all rules of a step read this one array
        return ids


class Rule:
    """A growth rule: reads a situation and proposes.

    A rule of one's own overrides :meth:`propose`; its class name goes into the log.

    Attributes
    ----------
    adds_nodes : bool
        False if no proposal of the rule adds a node: it is then asked when the controller's
        budget is used up, too.
    """

    adds_nodes = True

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
