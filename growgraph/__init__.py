"""growgraph: a neural network that is a sparse graph and grows while it learns."""

import importlib
from os.path import abspath, dirname, isdir, join

_root = dirname(dirname(abspath(__file__)))
if not isdir(join(_root, "growgraph", "kernels")):  # a source checkout: kernels/ lies beside us
    __path__.append(_root)

__version__ = "0.1.0"

# Public name -> module that holds it; imported when first asked for, so that
# ``import growgraph`` is quick (PEP 562).
_WHERE = {
    "Graph": "growgraph.graph",
    "GrowNet": "growgraph.models.grownet",
    "GrowNetRegressor": "growgraph.models.grownet",
    "GrowthController": "growgraph.growth",
    "GrowthLog": "growgraph.growth",
    "Matcher": "growgraph.graph.matching",
    "ResoNet": "growgraph.models.resonet",
    "ResoNetClusterer": "growgraph.models.clusterer",
    "SelfCriticNet": "growgraph.models.selfcritic",
    "SimNet": "growgraph.models.simnet",
    "animate": "growgraph.viz",
    "load": "growgraph.io",
    "plot": "growgraph.viz",
    "plot_growth": "growgraph.viz",
    "save": "growgraph.io",
}

_PARTS = ("data", "growth", "viz")  # that the README names in full

__all__ = ["__version__", *_WHERE]


def __getattr__(name):
    if name in _WHERE:
        value = getattr(importlib.import_module(_WHERE[name]), name)
        globals()[name] = value
        return value
    if name in _PARTS:
        return importlib.import_module(f"growgraph.{name}")
    raise AttributeError(f"module 'growgraph' has no attribute {name!r}")


def __dir__():
    return sorted([*__all__, *_PARTS])
