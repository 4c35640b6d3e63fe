"""The only place with numba options: the decorators, the registry of kernels, the disk cache."""

import hashlib
import os
import warnings
from dataclasses import dataclass
from pathlib import Path

import llvmlite
import numba
import numpy as np
from numba import njit
from numba.core.caching import (
    CompileResultCacheImpl,
    FunctionCache,
    IndexDataCacheFile,
    _CacheLocator,
)

# True runs every load and store through a bounds check (slow; a CI mode).
CHECKED = os.environ.get("GROWGRAPH_CHECKED", "0") not in ("", "0")

# Without nnan/ninf, so that NaN stays NaN; without reassoc, so that one summation order per node
# gives the same bits at every strip width.
_OPTIONS = {
    "fastmath": {"nsz", "arcp", "contract", "afn"},
    "error_model": "numpy",
    "nogil": True,
    "boundscheck": CHECKED,
}


@dataclass(frozen=True)
class Kernel:
    """What the registry knows of a kernel: its function and the arguments it writes."""

    name: str
    function: object
    writes: tuple


REGISTRY: dict[str, Kernel] = {}


def _source_key():
    """Hash of all kernel sources: numba misses an edit in an imported file, this does not."""
    made_by = numba.__version__, llvmlite.__version__, np.__version__
    digest = hashlib.sha256(f"checked={CHECKED} {made_by}".encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _cache_root():
    named = os.environ.get("GROWGRAPH_CACHE_DIR") or os.environ.get("NUMBA_CACHE_DIR")
    if named:
        return Path(named)
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "growgraph"
    except RuntimeError:  # no home folder at all
        return None


def _usable(folder):
    """True when files can be written there (tried, because permissions alone do not tell)."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


def _find_cache():
    root = _cache_root()
    folder = root / _source_key() if root is not None else None
    if folder is not None and _usable(folder):
        return folder
    warnings.warn(
        f"kernel cache {folder} cannot be written: kernels are compiled at each start, about 20 s; "
        "set GROWGRAPH_CACHE_DIR to a folder that can be written",
        RuntimeWarning,
        stacklevel=2,
    )
    return None


CACHE_DIR = None if numba.config.DISABLE_JIT else _find_cache()


class _Place(_CacheLocator):
    """Where a kernel's machine code lies: in the folder of these sources, wherever they came from.

    numba's own places hash the path, so that a checkout, an installed wheel and a second
    environment would each compile all over again what is the same to the last byte.
    """

    def __init__(self, function, path):
        self._py_file = path
        self._line = function.__code__.co_firstlineno

    def get_cache_path(self):
        return str(CACHE_DIR)

    def get_source_stamp(self):
        return CACHE_DIR.name

    def get_disambiguator(self):
        return str(self._line)

    @classmethod
    def from_function(cls, function, path):
        return cls(function, path)


class _Form(CompileResultCacheImpl):
    """In our place, whatever NUMBA_CACHE_LOCATOR_CLASSES says of the user's own functions."""

    _locator_classes = (_Place,)

    def __init__(self, function):
        named = getattr(numba.config, "CACHE_LOCATOR_CLASSES", "")
        numba.config.CACHE_LOCATOR_CLASSES = ""
        try:
            super().__init__(function)
        finally:
            numba.config.CACHE_LOCATOR_CLASSES = named


class _File(IndexDataCacheFile):
    """Machine code under the name of what it was compiled for, without an index.

    Two processes that begin at once would both take numba's number 1, and the one's index would
    name the other's machine code, made for other arguments.
    """

    def _name(self, key):
        digest = hashlib.sha256(repr(key).encode()).digest()
        return self._data_name_pattern.format(number=int.from_bytes(digest[:6], "big"))

    def save(self, key, data):
        self._save_data(self._name(key), (key, data))

    def load(self, key):
        try:
            found, data = self._load_data(self._name(key))
        except OSError:
            return None
        return data if found == key else None


class _KernelCache(FunctionCache):
    """numba's cache of one function, in our place, and without a right to stop the user's run."""

    _impl_class = _Form

    def __init__(self, function):
        super().__init__(function)
        self._cache_file = _File(self._cache_path, self._impl.filename_base, CACHE_DIR.name)

    def save_overload(self, sig, data):
        try:
            super().save_overload(sig, data)
        except OSError as error:
            warnings.warn(
                f"kernel cache {CACHE_DIR} could not be written ({error}); "
                "kernels will be compiled again next time; set GROWGRAPH_CACHE_DIR to a "
                "folder with room",
                RuntimeWarning,
                stacklevel=2,
            )


# No door for Python: only kernels call helpers, and a door takes longer to compile than many a
# helper.
_INNER = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

# For sums inside one sample: they may be reordered, so that they become vector instructions.
_SUM_OPTIONS = {**_OPTIONS, "fastmath": _OPTIONS["fastmath"] | {"reassoc"}}


def _compile(function):
    if numba.config.DISABLE_JIT:
        return function
    dispatcher = njit(**_OPTIONS, no_cfunc_wrapper=True)(function)
    if CACHE_DIR is not None:
        dispatcher._cache = _KernelCache(function)
    return dispatcher


def kernel(*, writes=()):
    """Register and compile a kernel; ``writes`` names the arguments it changes."""

    def register(function):
        compiled = _compile(function)
        name = f"{function.__module__.rsplit('.', 1)[-1]}.{function.__name__}"
        REGISTRY[name] = Kernel(name, compiled, tuple(writes))
        return compiled

    return register


def entrance(function):
    """A kernel that is given addresses: nothing of it can be compared by the contract's tests.

    It has tests of its own, and does nothing that a registered kernel does not.
    """
    return _compile(function)


def helper(function):
    """A function only kernels call: compiled with the same options, not registered."""
    if numba.config.DISABLE_JIT:
        return function
    return njit(**_OPTIONS, **_INNER)(function)


def open_helper(function):
    """A helper that Python calls, too. (One without a door, called from Python, is a crash.)"""
    if numba.config.DISABLE_JIT:
        return function
    return njit(**_OPTIONS)(function)


def inlined(function):
    """A helper whose source becomes part of its caller's: handing on arrays costs 5 to 20 ns.

    For what runs once a node or more, or is called in one place only. Each level of helpers is
    compiled, linked and optimised again in the next; this one is not.
    """
    if numba.config.DISABLE_JIT:
        return function
    return njit(**_OPTIONS, inline="always")(function)


def reducer(function):
    """A helper that sums over one sample: its sums may be reordered, never those over samples."""
    if numba.config.DISABLE_JIT:
        return function
    return njit(**_SUM_OPTIONS, **_INNER)(function)
