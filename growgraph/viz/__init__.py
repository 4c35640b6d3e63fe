"""Pictures of a graph and of its growth."""

from growgraph.viz.draw import plot

__all__ = ["plot"]
