"""Twin of models/_grownet/ridge_readout.py and _resonant.py: everything is fitted anew, densely."""

import numpy as np


def fit(F, T, ridge, p=None):
    """The ridge readout by least squares on stacked rows, and its objective."""
    p = np.ones(len(F)) if p is None else p
    root = np.sqrt(p)[:, None]
    D = np.vstack([F * root, np.diag(np.sqrt(ridge))])
    Y = np.vstack([T * root, np.zeros((len(ridge), T.shape[1]))])
    beta = np.linalg.lstsq(D, Y, rcond=None)[0]
    return beta, ((Y - D @ beta) ** 2).sum()


def hinge(F, signs, ridge, beta, p=None):
    """Squared hinge loss plus the ridge."""
    left = np.maximum(1 - signs * (F @ beta), 0)
    p = np.ones(len(F)) if p is None else p
    return (p[:, None] * left**2).sum() + (ridge[:, None] * beta**2).sum()


def least_hinge(F, signs, ridge, p=None):
    """The least of the loss, by a quasi-Newton method from 0."""
    from scipy.optimize import minimize

    p = np.ones(len(F)) if p is None else p
    shape = F.shape[1], signs.shape[1]

    def loss(flat):
        beta = flat.reshape(shape)
        R = signs * np.maximum(1 - signs * (F @ beta), 0)
        slope = -2 * F.T @ (p[:, None] * R) + 2 * ridge[:, None] * beta
        return hinge(F, signs, ridge, beta, p), slope.ravel()

    options = {"maxiter": 5000, "maxfun": 20000, "ftol": 1e-15, "gtol": 1e-10}
    start = np.zeros(shape).ravel()
    return minimize(loss, start, jac=True, method="L-BFGS-B", options=options).fun


def cheapest(F, T, ridge, keep):
    """Columns in the sequence of removal by fitting without each, and their costs."""
    here, order, costs = list(range(F.shape[1])), [], []
    while any(not keep[j] for j in here):
        whole = fit(F[:, here], T, ridge[here])[1]
        without = {}
        for j in here:
            if not keep[j]:
                rest = [i for i in here if i != j]
                without[j] = fit(F[:, rest], T, ridge[rest])[1] - whole
        j = min(without, key=without.get)
        here.remove(j)
        order.append(j)
        costs.append(without[j])
    return order, costs
