"""Runs a protocol and tells which peers are missing."""

import importlib
from fnmatch import fnmatchcase

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
    "simnet": ("gymnasium", "torch", "neat-python"),
}

_OF_STREAMS = ("stream", "long", "returns", "memory")
_WHOLE = ("grownet", "growth")  # rows are measured all or none


def check(name, only=None, methods=()):
    """Raise before minutes are spent: for unknown names, or where what holds the data is missing.

    Parameters
    ----------
    name : str
        A protocol.
    only : str, optional
        As in :func:`run`.
    methods : tuple of str, default ()
        As in ``Plan``.

    Examples
    --------
    >>> check("onepass", "wine", ("nearest*",))
    """
    if name in _OF_STREAMS:
        data = streams.pick(only, getattr(_protocol(name), "KNOWN", None))
        if not installed.is_here("river"):
            raise DataError("the streams are river's: pip install 'growgraph[bench]'")
    elif name in ("growth", "simnet"):
        data = _protocol(name).check(only)
    elif name == "grownet":
        tasks.pick(only)
    else:
        data = material.pick(only, _protocol(name).KNOWN)
    if methods:
        _check_methods(name, methods, data if name not in _WHOLE else ())


def _check_methods(name, methods, data):
    if name in _WHOLE:
        raise DataError(
            f"--method is not for {name}, whose rows are measured together: leave it out"
        )
    known = tuple(dict.fromkeys(row for one in data for row in rows_of(name, one)))
    for one in methods:
        if not any(fnmatchcase(row, one) for row in known):
            raise DataError(f"--method {one!r} is no row of {name}: they are {'; '.join(known)}")


def rows_of(name, data):
    """Names of the learners that a protocol has on a data set, in the sequence of its table.

    Examples
    --------
    >>> rows_of("folds", "wine")[-1]
    'logistic regression, standardised, all rows'
    """
    return [] if name in _WHOLE else _protocol(name).methods(data)


def compared(name, results):
    """What a protocol concludes from its figures; None where it needs more than they tell."""
    conclude = getattr(_protocol(name), "compared", None)
    return None if conclude is None else conclude(results)


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
