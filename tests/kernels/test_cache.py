"""The disk cache: compiled once for one state of the sources, wherever they are imported from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

import growgraph.kernels
from growgraph.kernels import _jit

ROOT = Path(growgraph.__file__).parent.parent
GROW = "from growgraph import Graph; graph = Graph(); graph.add_inputs(1); print(graph.n_nodes)"

pytestmark = pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT or _jit.CHECKED),
    reason="nothing is compiled, or as without checks: the cache is the same",
)


def grow(tree, cache):
    """Run the smallest of programs with the package of `tree`; the files in its cache after it."""
    child = subprocess.run(
        [sys.executable, "-c", GROW],
        env=os.environ | {"PYTHONPATH": str(tree), "GROWGRAPH_CACHE_DIR": str(cache)},
        cwd=tree, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr[-2000:]
    assert child.stdout.split() == ["1"]
    return {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.is_file()}


def copy(tree):
    shutil.copytree(ROOT / "growgraph", tree / "growgraph")
    shutil.copytree(Path(growgraph.kernels.__file__).parent, tree / "kernels")
    return tree


def test_one_cache_for_all_places(tmp_path):
    """A checkout, a wheel and a second environment hold the same sources: compiled once."""
    cache = tmp_path / "cache"
    first = grow(copy(tmp_path / "here"), cache)
    assert first, "nothing was cached"
    assert grow(copy(tmp_path / "there"), cache) == first


def test_an_edit_anywhere_compiles_again(tmp_path):
    """Also one in a file that the kernel only imports: its machine code holds a copy of that."""
    cache = tmp_path / "cache"
    first = grow(copy(tmp_path / "here"), cache)
    with (tmp_path / "here" / "kernels" / "codes.py").open("a") as file:
        file.write("\n# edited\n")
    after = grow(tmp_path / "here", cache)
    assert len(after) == 2 * len(first)
    assert {path.parent for path in first} < {path.parent for path in after}


def test_a_place_named_for_other_functions_is_not_ours(tmp_path, monkeypatch):
    """numba's own places look at one file only, and one of them stops the import."""
    monkeypatch.setenv("NUMBA_CACHE_LOCATOR_CLASSES", "ZipCacheLocator")
    assert grow(copy(tmp_path / "here"), tmp_path / "cache")


def test_code_for_other_arguments_is_never_taken(tmp_path):
    """Two processes that begin at once both save first: neither may be taken for the other."""
    key, other = ("int64", "cpu"), ("float64", "cpu")
    files = [_jit._File(str(tmp_path), "kernel", "stamp") for _ in range(3)]
    files[0].save(key, "code for int64")
    files[1].save(other, "code for float64")
    assert files[2].load(key) == "code for int64"
    assert files[2].load(other) == "code for float64"
    assert files[2].load(("float32", "cpu")) is None
    (saved,) = {path.name for path in tmp_path.iterdir()} - {files[0]._name(other)}
    os.replace(tmp_path / saved, tmp_path / files[0]._name(("bool", "cpu")))  # a false name
    assert files[2].load(("bool", "cpu")) is None
