"""Cases of kernels/knot.py and pivot.py; how a case is made stands in tests/cases.py."""

import numpy as np

from tests.cases import case
from tests.material import uniform


def projections(Z, R, p=None, least=3, gates=None):
    P, n = Z.shape
    gates = np.zeros((0, n), np.float32) if gates is None else gates
    return {"Z": Z, "order": np.argsort(Z, axis=1), "gates": gates, "R": R.astype(np.float64),
            "p": np.ones(n) if p is None else p.astype(np.float64), "least": least,
            "knots": np.ones((P, 4)), "scores": np.ones((P, 4))}  # fmt: skip


@case("knot.scan")
def one_residual():
    return projections(uniform(5, 40, seed=1), uniform(40, 1, seed=2))


@case("knot.scan")
def several_residuals_with_weights_and_ties():
    Z = np.round(4 * uniform(4, 30, seed=3)) / np.float32(4)
    Z[3] = 1.5
    return projections(Z, 5 + uniform(30, 3, seed=4), uniform(30, seed=5, low=0.1), least=2)


@case("knot.scan")
def with_gates():
    return projections(uniform(5, 40, seed=1), uniform(40, 2, seed=2), gates=uniform(5, 40, seed=3))


@case("knot.scan")
def too_few_samples():
    return projections(uniform(2, 1, seed=6), uniform(1, 2, seed=7), least=1)


def products(P, k, **options):
    K, R = uniform(50, P, seed=8).astype(np.float64), uniform(50, 2, seed=9).astype(np.float64)
    K[:, 4] = K[:, 1] + 1e-4 * K[:, 4]  # a near copy: not both
    A = K.T @ K + 1e-9 * np.eye(P)
    given = {"A": A, "c": K.T @ R, "d": np.diag(A).copy(), "floor": 1e-4 * np.diag(A),
             "allowed": np.ones(P, bool), "most": np.inf, "lowest": False,
             "rows": np.zeros((k, P)),
             "chosen": np.zeros(k, np.int64), "gains": np.zeros(k)}  # fmt: skip
    return given | options


@case("pivot.choose")
def more_than_there_are():
    return products(7, 7)


@case("pivot.choose")
def the_cheapest_first():
    allowed = np.ones(7, bool)
    allowed[2] = False
    return products(7, 5, lowest=True, floor=np.zeros(7), allowed=allowed)


@case("pivot.choose")
def as_long_as_it_is_cheap():
    return products(7, 6, lowest=True, floor=np.zeros(7), most=1.0)
