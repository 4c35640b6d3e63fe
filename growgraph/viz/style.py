"""Shapes and colours: told apart in grey and by colour-blind eyes, on light and dark ground."""

from dataclasses import dataclass

import numpy as np

from growgraph.graph import KINDS
from growgraph.kernels import codes

# shape and words of each kind of node
_SHAPES = {
    "input": ("s", "input"),
    "sum": ("o", "sum"),
    "mean": ("v", "mean, median"),
    "median": ("v", "mean, median"),
    "max": ("^", "max, min"),
    "min": ("^", "max, min"),
    "maxabs": ("^", "max, min"),
    "product": ("X", "product"),
    "gate": ("D", "gate, question"),
    "question": ("D", "gate, question"),
    "match": ("h", "concept (match)"),
    "cosine": ("h", "concept (match)"),
}
KIND_SHAPE = {KINDS[name]: shape for name, (shape, _) in _SHAPES.items()}
KIND_WORDS = {KINDS[name]: words for name, (_, words) in _SHAPES.items()}
# markers of equal nominal size look unequal: factors on the diameter
SHAPE_SIZE = {"s": 0.86, "D": 0.82, "h": 1.12, "X": 1.0, "^": 1.05, "v": 1.05, "o": 1.0}


@dataclass(frozen=True)
class Theme:
    """Colours of one ground."""

    ground: str
    ink: str
    faint: str
    input: str
    hidden: str
    concept: str
    output: str
    excite: str
    inhibit: str
    new: str  # the ring of what was just born
    tension: str  # name of the colour map, calm nodes near the ground
    span: tuple  # the part of the map that is used
    marks: tuple  # for rules and causes

    def node_colours(self, kind, role):
        """Colour of each node by its role and kind."""
        colours = np.full(kind.size, self.hidden, dtype="U9")
        colours[np.isin(kind, (codes.MATCH, codes.COSINE))] = self.concept
        colours[role == codes.ROLE_INPUT] = self.input
        colours[role == codes.ROLE_OUTPUT] = self.output
        return colours


LIGHT = Theme(
    ground="#ffffff", ink="#1d2733", faint="#66717e", input="#8a96a3", hidden="#2a6fb8",
    concept="#c68600", output="#b5341c", excite="#5f88b8", inhibit="#d07038", new="#00a878",
    tension="magma_r", span=(0.08, 0.92),
    marks=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9"),
)  # fmt: skip
DARK = Theme(
    ground="#12161c", ink="#dfe5ec", faint="#98a4b1", input="#8e9aa8", hidden="#5aa5ee",
    concept="#f4c64f", output="#ff8a66", excite="#5f83ab", inhibit="#cf7440", new="#40e0b0",
    tension="magma", span=(0.25, 0.98),
    marks=("#4aa8f0", "#ff8a3d", "#2fd0a0", "#f0b0d8", "#f7e27a", "#9a5cf0"),
)  # fmt: skip


def theme(dark):
    """The theme of a ground."""
    return DARK if dark else LIGHT
