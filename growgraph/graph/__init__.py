"""The Graph and what it is made of."""

from growgraph.graph.graph import Graph
from growgraph.kernels.codes import ACTIVATIONS, KINDS

__all__ = ["ACTIVATIONS", "KINDS", "Graph"]
