"""What a figure was measured on: processor, versions, date."""

import contextlib
import datetime
import os
import platform
from pathlib import Path

from growgraph import __version__
from growgraph.bench import peers

_FEATURES = ("avx2", "fma", "avx512f", "avx512_fp16", "amx_tile", "neon", "asimd", "sve")


def describe() -> dict:
    """The machine as plain values for a JSON file.

    Examples
    --------
    >>> sorted(describe())
    ['blas', 'cores', 'cpu', 'date', 'features', 'load', 'os', 'python', 'versions']
    """
    import llvmlite
    import numba

    facts = _cpuinfo()
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    return {
        "cpu": _cpu_name(facts),
        "cores": os.cpu_count() or 1,
        "features": [name for name in _FEATURES if name in flags],
        "os": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "blas": _blas(),
        "versions": {
            "growgraph": __version__,
            "numba": numba.__version__,
            "llvmlite": llvmlite.__version__,
            **peers.installed(),
        },
        "load": _load(),
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def model(machine: dict) -> str:
    """The processor as far as ratios depend on it: many models share one name.

    Parameters
    ----------
    machine : dict
        Of :func:`describe`.

    Examples
    --------
    >>> model({"cpu": "Some Processor (6-85-7)", "features": ["avx2", "fma"]})
    'Some Processor (6-85-7) avx2 fma'
    """
    return " ".join([machine["cpu"], *machine["features"]])


def _cpuinfo():
    """Facts of the first core where the system tells them in a file."""
    facts: dict[str, str] = {}
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if not line.strip():
                break
            name, _, value = line.partition(":")
            facts[name.strip()] = value.strip()
    return facts


def _cpu_name(facts):
    """The model as its maker names it; virtual machines may leave numbers only."""
    name = facts.get("model name") or platform.processor() or platform.machine()
    numbers = [facts.get(k) for k in ("cpu family", "model", "stepping")]
    return f"{name} ({'-'.join(filter(None, numbers))})" if any(numbers) else name


def _blas():
    from threadpoolctl import threadpool_info

    libraries = {
        f"{i['internal_api']} {i.get('version') or ''}".strip()
        for i in threadpool_info()
        if i["user_api"] == "blas"
    }
    return ", ".join(sorted(libraries))


def _load():
    """Work waiting on the machine in the last minute, None where it is not told."""
    with contextlib.suppress(OSError, AttributeError):
        return round(os.getloadavg()[0], 2)
    return None
