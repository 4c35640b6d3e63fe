"""Cases of kernels/match.py; how a case is made stands in tests/cases.py."""

import numpy as np

from growgraph import Matcher
from tests.cases import case
from tests.material import uniform


def search(P, X, k, *, led):
    """Arguments of nearest; ``led``: bounds are to run along axes."""
    matcher = Matcher(P)
    matcher.query(X[:1], k)
    bounds = matcher._bounds
    assert bounds.led == led
    made = {name: getattr(bounds, name) for name in ("F", "G", "B", "ids", "axes", "mean", "frame")}
    shape = X.shape[0], k
    return {"X": X, "P": matcher._P, "n": matcher.n_prototypes, **made, "allowed": 10**6,
            "D": np.zeros(shape), "N": np.zeros(shape, np.int64)}  # fmt: skip


@case("match.nearest")
def few_columns():
    return search(uniform(70, 19, seed=1), uniform(6, 19, seed=2), 3, led=False)


@case("match.nearest")
def along_axes():
    """Prototypes near a plane, some twice; a sample far from all is compared with each."""
    P = uniform(300, 6, seed=1) @ uniform(6, 100, seed=2) + np.float32(0.01) * uniform(300, 100)
    P[290:] = P[:10]
    X = P[5:300:50] + np.float32(0.02) * uniform(6, 100, seed=4)
    X[3] = 1e30
    return search(P, X, 4, led=True)
