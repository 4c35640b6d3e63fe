"""Slopes of the activations, from what comes out wherever that tells; a kink takes one side."""

import numpy as np

from growgraph.kernels import codes
from growgraph.kernels._jit import helper, open_helper
from growgraph.kernels.activation import exp, sigmoid, sin

_ZERO, _ONE, _TWO, _THREE = np.float32(0), np.float32(1), np.float32(2), np.float32(3)
_LEAK = np.float32(0.01)
_QUARTER = np.float32(1.5707964)  # a cosine is a sine, a quarter turn ahead
_GELU, _CUBIC = np.float32(0.7978845608), np.float32(0.044715)


@helper
def needs_sum(code):
    """True if f(x) does not tell the slope: x must be kept."""
    return (
        code == codes.GELU or code == codes.SIN or code == codes.GAUSS or code == codes.ABS
        or code == codes.SQUARE or code == codes.CUBE or code == codes.HAT
    )  # fmt: skip


@open_helper
def slope(code, x, y, p0, p1):
    """f'(x) of activation ``code`` with y = f(x); x is read only where it must be kept.

    "step" and "sign" have none: 0.
    """
    if code == codes.IDENTITY:
        return _ONE
    if code == codes.RELU:
        return _ONE if y > _ZERO else _ZERO
    if code == codes.LEAKY:
        return _ONE if y >= _ZERO else _LEAK
    if code == codes.ELU:
        return _ONE if y >= _ZERO else y + _ONE
    if code == codes.GELU:
        if abs(x) > np.float32(10):  # where infinity would give inf * 0
            return _ONE if x > _ZERO else _ZERO
        inner = _GELU * (x + _CUBIC * x * x * x)
        gate = sigmoid(inner + inner)
        turn = _TWO * _GELU * (_ONE + _THREE * _CUBIC * x * x)
        return gate + x * gate * (_ONE - gate) * turn
    if code == codes.SOFTPLUS:
        return _ONE - exp(-y)
    if code == codes.TANH:
        return _ONE - y * y
    if code == codes.SIGMOID:
        return y * (_ONE - y)
    if code == codes.SIN:
        return sin(x + _QUARTER)
    if code == codes.GAUSS:
        return -_TWO * x * y
    if code == codes.ABS:
        return _ONE if x > _ZERO else (-_ONE if x < _ZERO else _ZERO)
    if code == codes.SQUARE:
        return x + x
    if code == codes.CUBE:
        return _THREE * x * x
    if code == codes.HAT:
        inside = x > -_ONE and x < _ONE
        return (_ONE if x < _ZERO else -_ONE) if inside else _ZERO
    if code == codes.EXP:
        return y
    if code == codes.LOG:
        return exp(-y)
    if code == codes.INV:
        return -y * y
    if code == codes.CLIP:
        return _ONE if y > p0 and y < p1 else _ZERO
    return _ZERO


# As in activate_row: a loop of its own where its vector form pays.
@helper
def times_slope(code, row, x, y, p0, p1):
    """row *= f'(x), with y = f(x)."""
    if code == codes.IDENTITY:
        return
    if code == codes.RELU:
        for j in range(row.size):
            row[j] = row[j] if y[j] > _ZERO else _ZERO
    elif code == codes.TANH:
        for j in range(row.size):
            row[j] *= _ONE - y[j] * y[j]
    elif code == codes.SIGMOID:
        for j in range(row.size):
            row[j] *= y[j] * (_ONE - y[j])
    else:
        for j in range(row.size):
            row[j] *= slope(code, x[j], y[j], p0, p1)
