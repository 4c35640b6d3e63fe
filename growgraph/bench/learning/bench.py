"""Runs a protocol and tells which peers are missing."""

import importlib

from growgraph.bench import machine
from growgraph.bench import peers as installed
from growgraph.bench.learning import material, report, streams, tasks
from growgraph.errors import DataError

# protocol -> the peers it takes; those of numpy, scipy and scikit-learn are always there
PEERS: dict[str, tuple[str, ...]] = {
    "stream": ("river",),
    "long": ("river",),
    "returns": ("river",),
    "memory": ("river",),
    "onepass": ("torch", "river", "artlib", "mlxtend"),
    "folds": (),
    "selfknow": ("torch", "mlxtend"),
    "simulate": ("mlxtend",),
    "selfcritic": ("mlxtend", "river"),
    "cluster": ("artlib", "minisom", "mlxtend"),
    "grownet": ("mlxtend",),
    "growth": ("mlxtend", "river"),
    "simnet": ("gymnasium",),
}

_OF_STREAMS = ("stream", "long", "returns", "memory")


def check(name, only=None):
    """Raise before minutes are spent: for unknown names, or where what holds the data is missing.

    Parameters
    ----------
    name : str
        A protocol.
    only : str, optional
        As in :func:`run`.

    Examples
    --------
    >>> check("onepass", "wine")
    """
    if name in _OF_STREAMS:
        streams.pick(only, getattr(_protocol(name), "KNOWN", None))
        if not installed.is_here("river"):
            raise DataError("the streams are river's: pip install 'growgraph[bench]'")
    elif name in ("growth", "simnet"):
        _protocol(name).check(only)
    elif name == "grownet":
        tasks.pick(only)
    else:
        material.pick(only, _protocol(name).KNOWN)


def _protocol(name):
    return importlib.import_module(f"growgraph.bench.learning.{name}")


def run(name, plan, only=None, tell=None):
    """The report of one protocol.

    Parameters
    ----------
    name : str
        A key of ``PEERS``.
    plan : Plan
    only : str, optional
        Streams or data sets, with commas between.
    tell : callable, optional
        Gets a line of text as each of them is done.

    Returns
    -------
    dict
        Plain values; see :func:`growgraph.bench.learning.report.plain`.
    """
    found = _protocol(name).run(plan, only, tell)
    facts = machine.describe()
    here = [peer for peer in PEERS[name] if installed.is_here(peer)]
    facts["versions"] |= {peer: installed.version(peer) for peer in here}
    facts["missing"] = [peer for peer in PEERS[name] if not installed.is_here(peer)]
    return report.plain(name, plan, found, facts)
