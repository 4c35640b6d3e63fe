"""Senses: from what users have (images, tables) to the inputs of a graph."""

from growgraph.senses.columns import Rows
from growgraph.senses.retina import Retina
from growgraph.senses.table import Table

__all__ = ["Retina", "Rows", "Table"]
