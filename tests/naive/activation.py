"""Twin of kernels/activation.py: the textbook formulas in float64."""

import numpy as np
from scipy.special import expit

from growgraph.kernels import codes

FORMULAS = {
    codes.IDENTITY: lambda x: x,
    codes.RELU: lambda x: np.maximum(x, 0),
    codes.LEAKY: lambda x: np.where(x >= 0, x, 0.01 * x),
    codes.ELU: lambda x: np.where(x >= 0, x, np.expm1(x)),
    codes.GELU: lambda x: np.where(x == -np.inf, 0, gelu(x)),
    codes.SOFTPLUS: lambda x: np.logaddexp(0, x),
    codes.TANH: np.tanh,
    codes.SIGMOID: expit,
    codes.SIN: np.sin,
    codes.GAUSS: lambda x: np.exp(-x * x),
    codes.ABS: np.abs,
    codes.SQUARE: np.square,
    codes.CUBE: lambda x: x**3,
    codes.STEP: lambda x: np.where(np.isnan(x), x, x >= 0),
    codes.HAT: lambda x: np.maximum(1 - np.abs(x), 0),
    codes.EXP: np.exp,
    codes.LOG: np.log,
    codes.INV: lambda x: np.where(x == 0, 0, 1 / x),
    codes.SIGN: lambda x: np.where(np.isnan(x), x, np.where(x >= 0, 1, -1)),
}


def gelu(x):
    """Its tanh form (Hendrycks and Gimpel 2016)."""
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


def activate(code, x, p0=0.0, p1=0.0):
    """Values through activation ``code``; p0 and p1 are the bounds of "clip"."""
    x = np.asarray(x, np.float64)
    with np.errstate(all="ignore"):
        return np.clip(x, p0, p1) if code == codes.CLIP else FORMULAS[code](x)
