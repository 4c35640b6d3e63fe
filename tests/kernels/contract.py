"""What every registered kernel must keep, as functions that raise AssertionError when it does not.

:func:`run` takes fresh arguments of a case and gives what came of them; the others compare. Kernels
are asked in three forms: compiled, the same source as plain Python, and the slow twin.
"""

import contextlib
import copy
import importlib
import inspect
import pkgutil
import re
from dataclasses import dataclass

import numpy as np

import growgraph.kernels
from growgraph.graph.store import Store
from growgraph.kernels import _handle as h
from growgraph.kernels import status
from tests.naive.model import TOLERANCE, Model

# Stacks and epochs: work space of the structural kernels, no content.
WORK_SPACE = ("mark", "path")


def kernel_modules():
    """All modules of growgraph.kernels, imported, so that the registry is complete."""
    names = sorted(info.name for info in pkgutil.iter_modules(growgraph.kernels.__path__))
    return [importlib.import_module(f"growgraph.kernels.{name}") for name in names]


@dataclass
class Outcome:
    """What a call returned and its arguments before and after, by name."""

    code: int
    before: dict
    after: dict


def stores_in(values):
    """Arguments with each Graph replaced by its Store."""
    return {name: getattr(value, "_store", value) for name, value in values.items()}


def bare(values):
    """Arguments as a kernel takes them: the handle for a store."""
    return {k: v.H if isinstance(v, Store) else v for k, v in values.items()}


def of_each(function, value):
    """A named tuple of what the function makes of each of its arrays."""
    return type(value)(*map(function, value))


def copied(value):
    if isinstance(value, tuple):
        return of_each(copied, value)
    return value.copy() if isinstance(value, (Store, np.ndarray)) else value


def clone(values):
    return {name: copied(value) for name, value in values.items()}


def run(function, case):
    """Call a kernel on fresh arguments of a case."""
    with np.errstate(all="ignore"):  # a case may run kernels, too
        values = stores_in(case.make())
    before = clone(values)
    with np.errstate(all="ignore"):
        code = function(**bare(values))
    return Outcome(int(code), before, values)


@contextlib.contextmanager
def uncompiled():
    """Within, all kernels and helpers are the Python functions they were compiled from."""
    compiled = [
        (module, name, value)
        for module in kernel_modules()
        for name, value in vars(module).items()
        if hasattr(value, "py_func")
    ]
    for module, name, value in compiled:
        setattr(module, name, value.py_func)
    try:
        yield
    finally:
        for module, name, value in compiled:
            setattr(module, name, value)


# ---- documentation ------------------------------------------------------------------------------
def documented(function):
    """Argument names with an entry ``name : type`` under Parameters."""
    doc = inspect.getdoc(function) or ""
    section = re.search(r"^Parameters\n-+\n(.*?)(?:^\w+\n-+\n|\Z)", doc, re.M | re.S)
    entries = re.findall(r"^(\w[\w, ]*) : \S", section[1], re.M) if section else []
    return {name.strip() for entry in entries for name in entry.split(",")}


def arguments(kernel):
    """Names in the sequence of the kernel, which is its twin's too."""
    return list(inspect.signature(python_of(kernel)).parameters)


def python_of(kernel):
    return getattr(kernel.function, "py_func", kernel.function)


def check_documented(kernel):
    python, names = python_of(kernel), set(arguments(kernel))
    assert documented(python) == names, f"{kernel.name} documents {documented(python)}"
    assert set(kernel.writes) <= names, f"{kernel.name} writes what it does not take"
    assert inspect.getdoc(python).splitlines()[0].endswith(".")


# ---- what is written ----------------------------------------------------------------------------
def changed(before, after):
    """True unless two arguments are the same bits."""
    if isinstance(before, Store):
        counters = slice(0, h.N_COUNTERS)
        same = np.array_equal(before.H[counters], after.H[counters])
        return not same or any(changed(before.arrays[n], after.arrays[n]) for n in h.ARRAYS)
    if isinstance(before, np.ndarray):
        return before.tobytes() != after.tobytes()
    if isinstance(before, tuple):
        return any(map(changed, before, after))
    return before != after


def check_writes(kernel, outcome):
    """Only declared arguments changed; a refusal changes nothing a user can see."""
    for name, before in outcome.before.items():
        after = outcome.after[name]
        if name not in kernel.writes:
            assert not changed(before, after), f"{kernel.name} changed {name}"
        elif outcome.code < 0:
            check_nothing_seen(kernel, before, after)


def check_nothing_seen(kernel, before, after):
    found = Model.of(before).differences(Model.of(after), tolerance=0)
    assert not found, f"{kernel.name} refused and changed: {found}"
    assert not changed(before.label, after.label), f"{kernel.name} refused and changed labels"


# ---- values -------------------------------------------------------------------------------------
def check_close(name, a, b):
    """Within the tolerance, or the same infinity, or NaN both."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    with np.errstate(invalid="ignore"):
        near = np.abs(a - b) <= TOLERANCE * (1 + np.abs(b))
    near &= np.isfinite(b)  # else anything finite would be near infinity
    bad = ~(near | (a == b) | (np.isnan(a) & np.isnan(b)))
    assert not bad.any(), f"{name}: {a[bad][:3]} for {b[bad][:3]} at {np.argwhere(bad)[:3]}"


def check_near(name, a, b):
    """:func:`check_close` of an array, or of each in a named tuple."""
    if isinstance(a, tuple):
        for field, x, y in zip(a._fields, a, b, strict=True):
            check_close(f"{name}.{field}", x, y)
    else:
        check_close(name, a, b)


def check_same_run(kernel, a, b):
    """Two forms of one source: same status, same counters, integers same, floats close."""
    assert a.code == b.code
    for name in kernel.writes:
        x, y = a.after[name], b.after[name]
        if not isinstance(x, Store):
            check_near(name, x, y)
            continue
        counters = dict(zip(h.COUNTERS, zip(x.H.tolist(), y.H.tolist())))
        assert not {k: v for k, v in counters.items() if v[0] != v[1]}
        for array in h.ARRAYS:
            check_close(f"{name}.{array}", x.arrays[array], y.arrays[array])


def twin_of(kernel_name):
    stem, name = kernel_name.split(".")
    return getattr(importlib.import_module(f"tests.naive.{stem}"), name)


def for_twin(value):
    """A model for a store, float64 for float32."""
    if isinstance(value, tuple):
        return of_each(for_twin, value)
    if isinstance(value, Store):
        return Model.of(value)
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype == np.float32:
        return value.astype(np.float64)
    return copy.copy(value)


def check_twin(kernel, outcome):
    """The twin gives the same status and writes the same into the same arguments."""
    values = {name: for_twin(value) for name, value in outcome.before.items()}
    code = twin_of(kernel.name)(*(values[name] for name in arguments(kernel)))
    assert outcome.code == code
    for name in kernel.writes:
        got, expected = outcome.after[name], values[name]
        if isinstance(got, Store):
            found = Model.of(got).differences(expected)
            assert not found, f"{kernel.name} and its twin disagree: {found}"
        else:
            check_near(f"{kernel.name} {name}", got, expected)


def check_status(case, outcome):
    wanted = "at least 0" if case.status is None else case.status
    good = outcome.code >= 0 if case.status is None else outcome.code == case.status
    assert good, f"{case.id} gave status {outcome.code}, wanted {wanted}"


def check_compiled_once(kernel, case):
    """A second call with fresh arguments finds its machine code."""
    run(kernel.function, case)
    before = len(kernel.function.signatures)
    run(kernel.function, case)
    assert len(kernel.function.signatures) == before, f"{kernel.name} was compiled again"


# ---- room ---------------------------------------------------------------------------------------
def without_room(store):
    """A copy whose arrays are exactly full, so that whatever needs room must ask for it."""
    arrays = store.to_arrays()
    tight = Store.from_arrays({k: v.copy() for k, v in arrays.items()})
    assert tight[h.POOL_CAP] == max(1, tight[h.POOL_USED])
    return tight


def check_room(kernel, case):
    """In a full store the kernel asks for space, changes nothing, and works once it has it."""
    with np.errstate(all="ignore"):
        values = stores_in(case.make())
        values["H"] = without_room(values["H"])
        before = clone(values)
        code = int(kernel.function(**bare(values)))
        if code == status.NEED_SPACE:
            check_nothing_seen(kernel, before["H"], values["H"])
            rest = [values[name] for name in arguments(kernel)[1:]]
            code = values["H"].call(kernel.function, *rest)
    check_twin(kernel, Outcome(code, before, values))
