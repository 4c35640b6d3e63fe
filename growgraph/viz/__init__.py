"""Pictures of a graph and of its growth."""

from growgraph.viz.draw import plot
from growgraph.viz.growth import plot_growth
from growgraph.viz.tension import plot_tension

__all__ = ["plot", "plot_growth", "plot_tension"]
