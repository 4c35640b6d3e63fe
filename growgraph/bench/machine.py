"""What a figure was measured on: processor, versions, date."""

import contextlib
import datetime
import os
import platform
from pathlib import Path
from typing import Any

from growgraph import __version__
from growgraph.bench import peers

_FEATURES = ("avx2", "fma", "avx512f", "avx512_fp16", "amx_tile", "neon", "asimd", "sve")


def describe() -> dict:
    """The machine as plain values for a JSON file.

    Examples
    --------
    >>> sorted(describe())
    ['blas', 'compiled_for', 'cores', 'cpu', 'date', 'features', 'load', 'os', 'python', 'versions']
    """
    import llvmlite
    import numba

    facts = _cpuinfo()
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    return {
        "cpu": _cpu_name(facts),
        "cores": os.cpu_count() or 1,
        "features": [name for name in _FEATURES if name in flags],
        "compiled_for": _compiled_for(),
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


def _compiled_for():
    """The processor numba is told to compile for, None where it is this one."""
    from llvmlite import binding
    from numba.core import codegen, config

    told: Any = config  # its names are made as it is read
    host, here = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
    name = host if told.CPU_NAME is None else told.CPU_NAME
    features = codegen.get_host_cpu_features() if told.CPU_FEATURES is None else told.CPU_FEATURES
    there = _switched_on(features)
    if name == host and there == _switched_on(here):
        return None
    shown = [f for f in _FEATURES if f.replace("_", "") in {t.replace("-", "") for t in there}]
    return f"{name} with {' '.join(shown) or 'basic features'}"


def _switched_on(features):
    """Names of the features that a text for LLVM such as "+fma,-avx2" switches on."""
    return {part[1:] for part in features.split(",") if part.startswith("+")}


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
