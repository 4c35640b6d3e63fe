"""Checkers of the repository's frame: who may import whom, what stands only in one place.

Each checker takes the root of a tree and returns its violations as ``path:line: message``, so
that the tests can run it on the repository and on small trees with a planted violation.
"""

import ast
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

# Imports go to a line above, never to the same or a lower one. `growgraph/__init__.py` is the
# door: it may name everything and nothing inside may import through it.
ORDER = (
    {"kernels", "errors"},
    {"_validation", "_random", "_linalg", "_files", "_progress"},
    {"graph"},
    {"growth"},
    {"senses", "principles"},
    {"models"},
    {"io", "viz", "data", "bench", "river"},
    {"cli"},
    {"__main__"},
)
LEVEL = {unit: level for level, units in enumerate(ORDER) for unit in units}

# What a model shares with another: its base class and private helpers, never another model.
SHARED_BY_MODELS = ("base", "_")

KERNEL_IMPORTS = {"__future__", "collections", "ctypes", "llvmlite", "math", "numba", "numpy"}
COMPILERS = {"cfunc", "guvectorize", "jit", "jit_module", "njit", "stencil", "vectorize"}
NUMBA_OPTIONS = {"boundscheck", "error_model", "fastmath", "forceobj", "nogil", "nopython"}

# Writers of structure on Graph; the growth controller is the only door to them.
WRITERS = {
    "add_edge",
    "add_edges",
    "add_inputs",
    "add_node",
    "add_nodes",
    "add_outputs",
    "connect",
}

MAX_LINES = 400
# Split so that this file does not name what it forbids.
PRIVATE_PLACES = ("/" + "work/", ".." + "/shared", "." + "library")
NOT_SOURCE = {"__pycache__", "build", "dist", "venv"}


@dataclass(frozen=True)
class Module:
    """A parsed source file: its place on disk and its dotted name once installed."""

    path: Path
    shown: str
    name: str
    tree: ast.Module

    @property
    def unit(self) -> str:
        """The part of the import order it belongs to; empty for the door."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 else ""

    def at(self, node: ast.AST, message: str) -> str:
        return f"{self.shown}:{getattr(node, 'lineno', 1)}: {message}"


def modules(root: Path, *folders: str) -> Iterator[Module]:
    """The modules below ``root/<folder>``; a folder that does not exist yet has none."""
    for folder in folders or ("growgraph", "kernels"):
        for path in sorted((root / folder).rglob("*.py")):
            shown = path.relative_to(root)
            parts = shown.with_suffix("").parts
            if parts[0] == "kernels":
                parts = ("growgraph", *parts)
            if parts[-1] == "__init__":
                parts = parts[:-1]
            tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
            yield Module(path, shown.as_posix(), ".".join(parts), tree)


def imports(module: Module) -> Iterator[tuple[ast.AST, str]]:
    """Every import, at the top or inside a function, as (statement, full dotted target).

    ``from a.b import c`` gives ``a.b.c``: whether c is a module or a name in one, its prefix
    tells where it lives.
    """
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node, alias.name
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(module, node)
            for alias in node.names:
                yield node, f"{base}.{alias.name}"


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = module.name.split(".")
    climbs = node.level - (module.path.name == "__init__.py")
    package = package[: len(package) - climbs]
    return ".".join([*package, *([node.module] if node.module else [])])


def import_order(root: Path) -> list[str]:
    """Imports inside the package go downwards only."""
    found = []
    for module in modules(root):
        if not module.unit:
            continue
        if module.unit not in LEVEL:
            found.append(f"{module.shown}:1: {module.unit} has no place in the import order")
            continue
        for node, target in imports(module):
            message = _import_violation(module, target.split("."))
            if message:
                found.append(module.at(node, message))
    return found


def _import_violation(module: Module, target: list[str]) -> str:
    if target[0] == "kernels":
        return "imports kernels; its name is growgraph.kernels"
    if target[0] != "growgraph":
        return ""
    unit = target[1] if len(target) > 1 else ""
    if unit not in LEVEL:
        dunder = unit.startswith("__")  # growgraph.__version__ is everyone's
        return "" if dunder else f"imports {'.'.join(target)} through the package's door"
    if unit == module.unit:
        return _sibling_model_violation(module, target) if unit == "models" else ""
    if LEVEL[unit] < LEVEL[module.unit]:
        return ""
    side = "its sibling" if LEVEL[unit] == LEVEL[module.unit] else "upwards to"
    return f"{module.unit} imports {side} {unit}"


def _sibling_model_violation(module: Module, target: list[str]) -> str:
    own = module.name.split(".")[2:3]
    other = target[2] if len(target) > 2 else ""
    if not own or other == own[0] or other.startswith(SHARED_BY_MODELS):
        return ""  # models/__init__.py collects the names, so it may import every model
    return f"model {own[0]} imports model {other}"


def kernel_imports(root: Path) -> list[str]:
    """Kernels know numpy, numba, named tuples and themselves; _jit.py, which sets them up, more."""
    found = []
    for module in modules(root, "kernels"):
        allowed = set(KERNEL_IMPORTS)
        if module.path.name == "_jit.py":
            allowed |= sys.stdlib_module_names
        for node, target in imports(module):
            own = target.startswith("growgraph.kernels.")
            if not own and target.split(".")[0] not in allowed:
                found.append(module.at(node, f"a kernel imports {target}"))
    return found


def numba_options(root: Path) -> list[str]:
    """Compilers and their options appear only in kernels/_jit.py."""
    found = []
    for module in modules(root):
        if module.shown == "kernels/_jit.py":
            continue
        numba_names = {"numba"}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Import):
                numba_names |= {a.asname for a in node.names if a.name == "numba" and a.asname}
        for node in ast.walk(module.tree):
            found += [
                module.at(node, f"{name} belongs in kernels/_jit.py")
                for name in _numba_names_used(node, numba_names)
            ]
    return found


def _numba_names_used(node: ast.AST, numba_names: set[str]) -> list[str]:
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "numba":
        return [alias.name for alias in node.names if alias.name in COMPILERS]
    if isinstance(node, ast.Attribute) and node.attr in COMPILERS:
        is_numba = isinstance(node.value, ast.Name) and node.value.id in numba_names
        return [node.attr] if is_numba else []
    if isinstance(node, ast.Call):
        return [kw.arg for kw in node.keywords if kw.arg in NUMBA_OPTIONS]
    return []


def growth_door(root: Path) -> list[str]:
    """Models and principles change structure only through the growth controller."""
    found = []
    for module in modules(root, "growgraph/models", "growgraph/principles"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Attribute) and node.attr in WRITERS:
                found.append(module.at(node, f".{node.attr} bypasses the growth controller"))
        for node, target in imports(module):
            if f"{target}.".startswith("growgraph.kernels.store."):
                found.append(module.at(node, "kernels.store bypasses the growth controller"))
    return found


def closed_helpers(root: Path) -> list[str]:
    """Python calls no helper that was compiled without a door for it: that is a crash."""
    closed = {
        (module.path.stem, node.name)
        for module in modules(root, "kernels")
        for node in module.tree.body
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
        if isinstance(mark, ast.Name) and mark.id in ("helper", "reducer")
    }
    found = []
    for module in modules(root, "growgraph"):
        for node, target in imports(module):
            if tuple(target.split(".")[-2:]) in closed and "growgraph.kernels." in target:
                found.append(module.at(node, f"{target} has no door for Python"))
        for node in ast.walk(module.tree):
            named = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            if named and (node.value.id, node.attr) in closed:
                name = f"{node.value.id}.{node.attr}"
                found.append(module.at(node, f"{name} has no door for Python"))
    return found


def file_length(root: Path) -> list[str]:
    """No source file, and no test, is longer than a reader can hold."""
    return [
        f"{module.shown}:{lines}: {lines} lines, at most {MAX_LINES}"
        for module in modules(root, "growgraph", "kernels", "tests", ".ci")
        if (lines := len(module.path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    ]


def packages_listed(root: Path) -> list[str]:
    """pyproject.toml lists exactly the package folders on disk; setuptools takes no others."""
    with (root / "pyproject.toml").open("rb") as file:
        tool = tomllib.load(file)["tool"]["setuptools"]
    listed = set(tool["packages"])
    on_disk = _package_folders(root)
    found = [f"package {name} does not exist" for name in listed - on_disk.keys()]
    for name, folder in on_disk.items():
        if not (folder / "__init__.py").is_file():
            found.append(f"package {name} has no __init__.py")
        elif name not in listed:
            found.append(f"package {name} is not listed")
    return [f"pyproject.toml:1: {message}" for message in sorted(found)]


def _package_folders(root: Path) -> dict[str, Path]:
    """Each folder that holds source, by the dotted name it is installed under."""
    folders = {}
    for module in modules(root):
        parts = module.path.parent.relative_to(root).parts
        parts = ("growgraph", *parts) if parts[0] == "kernels" else parts
        folders[".".join(parts)] = module.path.parent
    return folders


def private_places(root: Path) -> list[str]:
    """No text file names a place that exists on one machine only."""
    found = []
    for path in _text_candidates(root):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue  # not text
        for number, line in enumerate(lines, start=1):
            found += [
                f"{path.relative_to(root).as_posix()}:{number}: names {place}"
                for place in PRIVATE_PLACES
                if place in line
            ]
    return found


def _text_candidates(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            hidden = path.name.startswith(".") and path.name not in (".ci", ".github")
            generated = path.name in NOT_SOURCE or path.suffix == ".egg-info"
            if not hidden and not generated and not path.is_symlink():
                yield from _text_candidates(path)
        elif path.is_file():
            yield path


CHECKERS: tuple[Callable[[Path], list[str]], ...] = (
    import_order,
    kernel_imports,
    numba_options,
    growth_door,
    closed_helpers,
    file_length,
    packages_listed,
    private_places,
)
