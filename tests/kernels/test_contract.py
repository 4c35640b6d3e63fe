"""One test for every kernel in the registry; how to add a case stands in tests/cases.py."""

import inspect

import numpy as np
import pytest

from growgraph.kernels import status
from growgraph.kernels._jit import REGISTRY, Kernel
from tests import (  # noqa: F401  they register their cases
    cases_box,
    cases_cluster,
    cases_council,
    cases_dormant,
    cases_growing,
    cases_match,
    cases_plan,
    cases_push,
    cases_resonet,
    cases_settle,
    cases_structure,
)
from tests.cases import CASES, Case
from tests.kernels import contract

contract.kernel_modules()
ALL = [case for name in sorted(CASES) for case in CASES[name]]
STRUCTURAL = [case for case in ALL if "H" in REGISTRY[case.kernel].writes]
COMPILED = all(hasattr(kernel.function, "py_func") for kernel in REGISTRY.values())
needs_compiler = pytest.mark.skipif(not COMPILED, reason="NUMBA_DISABLE_JIT is set")

each_case = pytest.mark.parametrize("case", ALL, ids=lambda case: case.id)
each_kernel = pytest.mark.parametrize("name", sorted(REGISTRY))


@each_kernel
def test_kernel_has_a_case_that_succeeds(name):
    assert any(case.status is None for case in CASES.get(name, ()))


def test_every_case_has_a_kernel():
    assert CASES.keys() == REGISTRY.keys()


@each_kernel
def test_every_argument_is_documented(name):
    contract.check_documented(REGISTRY[name])


@each_case
def test_equals_its_twin(case):
    kernel = REGISTRY[case.kernel]
    outcome = contract.run(kernel.function, case)
    contract.check_status(case, outcome)
    contract.check_writes(kernel, outcome)
    contract.check_twin(kernel, outcome)


@needs_compiler
@each_case
def test_equals_its_source_uncompiled(case):
    kernel = REGISTRY[case.kernel]
    compiled = contract.run(kernel.function, case)
    made = contract.stores_in(case.make())
    fixed = Case(case.kernel, lambda: made, case.status)
    with contract.uncompiled():
        python = contract.run(kernel.function.py_func, fixed)
    contract.check_same_run(kernel, compiled, python)


@needs_compiler
@each_case
def test_second_call_compiles_nothing(case):
    contract.check_compiled_once(REGISTRY[case.kernel], case)


@pytest.mark.parametrize("case", STRUCTURAL, ids=lambda case: case.id)
def test_asks_for_room(case):
    if case.status is None:
        contract.check_room(REGISTRY[case.kernel], case)


# ---- each check can fail ------------------------------------------------------------------------
def plain(x, out):
    """out = 2 x.

    Parameters
    ----------
    x, out : float32 [n]
        In and out.
    """
    out[:] = 2 * x
    return status.OK


def undocumented(x, out):
    """out = 2 x."""
    return plain(x, out)


def writes_more(x, out):
    plain(x, out)
    x[0] += 1
    return status.OK


def forgets_the_rest(x, out):
    plain(x[:-1], out[:-1])
    return status.OK


def refuses(x, out):
    plain(x, out)
    return status.CYCLE


CASE = Case("plain.double", lambda: {"x": np.ones(3, np.float32), "out": np.zeros(3)}, None)


class Compiling:
    """A dispatcher that compiles anew at each call."""

    def __init__(self):
        self.signatures = []

    def __call__(self, x, out):
        self.signatures.append(0)
        return plain(x, out)


def outcome_of(function):
    kernel = Kernel("plain.double", function, ("out",))
    return kernel, contract.run(function, CASE)


@pytest.fixture(autouse=True)
def twin(monkeypatch, request):
    if "planted" in request.node.name:
        monkeypatch.setattr(contract, "twin_of", lambda name: plain)


def test_lawful_kernel_passes_planted():
    kernel, outcome = outcome_of(plain)
    contract.check_documented(kernel)
    contract.check_status(CASE, outcome)
    contract.check_writes(kernel, outcome)
    contract.check_twin(kernel, outcome)
    contract.check_same_run(kernel, outcome, outcome_of(plain)[1])


def test_planted_lack_of_documentation_is_caught():
    with pytest.raises(AssertionError, match="documents"):
        contract.check_documented(Kernel("plain.double", undocumented, ("out",)))


def test_planted_write_is_caught():
    with pytest.raises(AssertionError, match="changed x"):
        contract.check_writes(*outcome_of(writes_more))


def test_planted_gap_is_caught():
    with pytest.raises(AssertionError, match="out: "):
        contract.check_twin(*outcome_of(forgets_the_rest))
    with pytest.raises(AssertionError, match="out: "):
        contract.check_same_run(*outcome_of(forgets_the_rest), outcome_of(plain)[1])


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan, 2.0001])
def test_planted_value_is_caught(value):
    contract.check_close("same", [value, 1], [value, 1])
    for other in (2.0, np.inf, -np.inf, np.nan):
        if not np.array_equal(value, other, equal_nan=True):
            with pytest.raises(AssertionError, match="out: "):
                contract.check_close("out", [value], [other])
            with pytest.raises(AssertionError, match="out: "):
                contract.check_close("out", [other], [value])


def test_planted_status_is_caught():
    with pytest.raises(AssertionError, match="gave status -2"):
        contract.check_status(CASE, outcome_of(refuses)[1])


def test_planted_compilation_is_caught():
    with pytest.raises(AssertionError, match="compiled again"):
        contract.check_compiled_once(Kernel("plain.double", Compiling(), ("out",)), CASE)


def test_planted_kernel_without_a_case_is_seen(monkeypatch):
    monkeypatch.setitem(REGISTRY, "plain.double", Kernel("plain.double", plain, ("out",)))
    with pytest.raises(AssertionError):
        test_every_case_has_a_kernel()
    with pytest.raises(AssertionError):
        inspect.unwrap(test_kernel_has_a_case_that_succeeds)("plain.double")
