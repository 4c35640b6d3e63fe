"""Pictures of a graph and of its growth."""

from growgraph.viz.doubt import plot_doubt
from growgraph.viz.draw import plot
from growgraph.viz.futures import plot_futures
from growgraph.viz.growth import plot_growth
from growgraph.viz.live import LiveGrowth
from growgraph.viz.player import Player, animate
from growgraph.viz.rings import plot_rings
from growgraph.viz.tension import plot_tension

__all__ = [
    "LiveGrowth",
    "Player",
    "animate",
    "plot",
    "plot_doubt",
    "plot_futures",
    "plot_growth",
    "plot_rings",
    "plot_tension",
]
