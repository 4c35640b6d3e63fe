"""Every example in a docstring is run."""

import doctest
import importlib
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

ROOT = Path(__file__).parents[1]


def modules():
    """Names of all modules, growgraph.kernels.* among them, which lie in a folder of their own."""
    for path in sorted(ROOT.glob("growgraph/**/*.py")) + sorted(ROOT.glob("kernels/*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if not name.endswith("__main__"):
            yield name if name.startswith("growgraph") else f"growgraph.{name}"


@pytest.mark.parametrize("name", list(modules()))
def test_examples(name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # what an example writes is not left in the project
    result = doctest.testmod(importlib.import_module(name))
    plt.close("all")  # examples draw, and other tests count the figures
    assert result.failed == 0


def test_examples_are_found():
    """A walk that finds nothing would pass too."""
    found = [
        test
        for name in ("growgraph.graph.structure", "growgraph.io", "growgraph.growth.controller")
        for test in doctest.DocTestFinder().find(importlib.import_module(name))
        if test.examples
    ]
    assert len(found) >= 5
