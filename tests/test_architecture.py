"""The frame holds on the repository, and each checker catches a violation planted on purpose."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import architecture as arch

ROOT = Path(__file__).resolve().parents[1]

# Libraries that cost time to import and that not every use needs.
HEAVY = {"matplotlib", "networkx", "pandas", "pyarrow", "sklearn", "typer"}

PYPROJECT = """
[tool.setuptools]
packages = ["growgraph", "growgraph.graph", "growgraph.kernels", "growgraph.models"]
"""
ONE_TOO_MANY = PYPROJECT.replace('["growgraph"', '["growgraph.gone", "growgraph"')

# A small tree in which every import is allowed; each plant below adds or replaces one file.
LAWFUL = {
    "pyproject.toml": PYPROJECT,
    "growgraph/__init__.py": "from growgraph.models import Net\n",
    "growgraph/__main__.py": "from growgraph.cli import main\n",
    "growgraph/errors.py": "class Oops(ValueError): ...\n",
    "growgraph/_validation.py": "from .errors import Oops\n",
    "growgraph/graph/__init__.py": "from .graph import Graph\n",
    "growgraph/graph/graph.py": "from ..kernels import store\nfrom growgraph import _validation\n",
    "growgraph/models/__init__.py": "from .net import Net\nfrom . import base, other\n",
    "growgraph/models/_helper.py": "",
    "growgraph/models/base.py": "import sklearn.base\nfrom growgraph.graph import Graph\n",
    "growgraph/models/net.py": "from . import _helper\nfrom .base import Base\n",
    "growgraph/models/other.py": "def f(controller):\n    controller.grow()\n",
    "growgraph/io.py": "from growgraph import __version__\nfrom growgraph.models import base\n",
    "growgraph/cli.py": "def main():\n    from growgraph import io, models\n",
    "kernels/__init__.py": "",
    "kernels/_jit.py": "import hashlib\nfrom numba import njit\nf = njit(fastmath=True)\n",
    "kernels/store.py": "import math\nimport numpy\nfrom . import _jit\nfrom ._jit import f\n",
    "kernels/inner.py": "from ._jit import helper\n@helper\ndef f(): ...\n",
}

PLANTS = [
    # (checker, file, content, part of the violation)
    (arch.import_order, "growgraph/errors.py", "import growgraph.graph", "errors imports upwards"),
    (arch.import_order, "growgraph/graph/x.py", "from ..models import base", "upwards to models"),
    (
        arch.import_order,
        "growgraph/graph/x.py",
        "from ..models.net import Net",
        "upwards to models",
    ),
    (arch.import_order, "growgraph/graph/x.py", "def f():\n    from .. import io", "x.py:2: "),
    (arch.import_order, "growgraph/graph/__init__.py", "from .. import cli", "upwards to cli"),
    (arch.import_order, "kernels/match.py", "import growgraph.errors", "its sibling errors"),
    (arch.import_order, "kernels/match.py", "from ..graph import Graph", "upwards to graph"),
    (arch.import_order, "growgraph/_random.py", "from . import _validation", "its sibling _valid"),
    (arch.import_order, "growgraph/data.py", "from growgraph import io", "its sibling io"),
    (arch.import_order, "growgraph/cli.py", "import growgraph.__main__", "upwards to __main__"),
    (arch.import_order, "growgraph/models/x.py", "from .net import Net", "imports model net"),
    (arch.import_order, "growgraph/models/x.py", "from . import net", "imports model net"),
    (arch.import_order, "growgraph/models/_x.py", "from growgraph.models import Net", "model Net"),
    (arch.import_order, "growgraph/models/x.py", "import growgraph.models.net", "model net"),
    (arch.import_order, "growgraph/io.py", "from growgraph import Graph", "package's door"),
    (arch.import_order, "growgraph/io.py", "import growgraph", "package's door"),
    (arch.import_order, "growgraph/io.py", "import kernels.match", "its name is growgraph.kernels"),
    (arch.import_order, "growgraph/util.py", "", "util has no place"),
    (arch.kernel_imports, "kernels/match.py", "import scipy.linalg", "imports scipy.linalg"),
    (arch.kernel_imports, "kernels/match.py", "import os", "imports os"),
    (arch.kernel_imports, "kernels/match.py", "from .. import errors", "growgraph.errors"),
    (arch.kernel_imports, "kernels/_jit.py", "import sklearn", "imports sklearn"),
    (arch.numba_options, "kernels/match.py", "from numba import njit", "njit belongs"),
    (arch.numba_options, "kernels/match.py", "from numba import jit as k", "jit belongs"),
    (
        arch.numba_options,
        "kernels/match.py",
        "import numba\n@numba.jit\ndef f(): ...",
        "jit belongs",
    ),
    (arch.numba_options, "growgraph/graph/x.py", "import numba as nb\nnb.njit(f)", "njit belongs"),
    (arch.numba_options, "kernels/match.py", "kernel(fastmath=True)", "fastmath belongs"),
    (arch.growth_door, "growgraph/models/x.py", "graph.add_node(1)", ".add_node bypasses"),
    (
        arch.growth_door,
        "growgraph/models/x.py",
        "grow = self.graph_.add_edges",
        ".add_edges bypasses",
    ),
    (arch.growth_door, "growgraph/principles/x.py", "g.connect(1, 2)", ".connect bypasses"),
    (arch.growth_door, "growgraph/models/x.py", "from ..kernels import store", "kernels.store"),
    (arch.growth_door, "growgraph/models/x.py", "from ..kernels.store import a", "kernels.store"),
    (
        arch.closed_helpers,
        "growgraph/graph/x.py",
        "from ..kernels import inner\ninner.f()",
        "inner.f has no door",
    ),
    (
        arch.closed_helpers,
        "growgraph/graph/x.py",
        "from growgraph.kernels.inner import f",
        "inner.f has no door",
    ),
    (arch.file_length, "kernels/match.py", "x = 1\n" * 401, "401 lines, at most 400"),
    (arch.file_length, "tests/test_match.py", "x = 1\n" * 401, "401 lines, at most 400"),
    (arch.packages_listed, "growgraph/viz/__init__.py", "", "growgraph.viz is not listed"),
    (arch.packages_listed, "growgraph/viz/draw.py", "", "growgraph.viz has no __init__.py"),
    (arch.packages_listed, "pyproject.toml", ONE_TOO_MANY, "growgraph.gone does not exist"),
    *(
        (arch.private_places, file, f"see {place}x", f"{file}:1: names {place}")
        for place in arch.PRIVATE_PLACES
        for file in ("README.md", ".ci/run", "notebooks/01.ipynb")
    ),
]


def write_tree(root: Path, files: dict[str, str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return root


@pytest.mark.parametrize("checker", arch.CHECKERS, ids=lambda c: c.__name__)
def test_repository(checker):
    found = checker(ROOT)
    assert not found, "\n".join(["", *found])


@pytest.mark.parametrize("checker", arch.CHECKERS, ids=lambda c: c.__name__)
def test_lawful_tree_passes(checker, tmp_path):
    assert checker(write_tree(tmp_path, LAWFUL)) == []


@pytest.mark.parametrize("checker", arch.CHECKERS, ids=lambda c: c.__name__)
def test_every_checker_has_a_plant(checker):
    assert any(checker is plant[0] for plant in PLANTS)


@pytest.mark.parametrize(
    ("checker", "file", "content", "message"),
    PLANTS,
    ids=[f"{plant[0].__name__}-{number}" for number, plant in enumerate(PLANTS)],
)
def test_planted_violation_is_caught(checker, file, content, message, tmp_path):
    found = checker(write_tree(tmp_path, LAWFUL | {file: content}))
    assert len(found) == 1
    assert message in found[0]


def test_generated_and_binary_files_are_not_read(tmp_path):
    place = arch.PRIVATE_PLACES[0]
    write_tree(tmp_path, {".venv/a.py": place, "build/a.py": place, "x.egg-info/a": place})
    (tmp_path / "model.npz").write_bytes(b"\xff\xfe\x00" + place.encode())
    assert arch.private_places(tmp_path) == []


def test_the_checkers_see_the_source():
    """A wrong root would find no files and let everything pass."""
    seen = {module.name for module in arch.modules(ROOT)}
    assert {"growgraph", "growgraph.kernels", "growgraph.kernels._jit"} <= seen


def heavy_modules_after(statement: str) -> set[str]:
    """Names in HEAVY that a fresh interpreter has loaded after ``statement``."""
    code = f"{statement}\nimport sys\nprint(*(m for m in {sorted(HEAVY)} if m in sys.modules))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return set(run.stdout.split())


@pytest.mark.parametrize("statement", ["import growgraph", "from growgraph import Graph"])
def test_import_stays_light(statement):
    assert heavy_modules_after(statement) == set()


def test_heavy_import_is_noticed():
    assert "networkx" in heavy_modules_after("import networkx")
