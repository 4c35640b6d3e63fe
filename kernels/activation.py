"""Activation functions in float32: polynomials, because a call of libm costs 20 to 70 times more.

Errors against float64 over all floats: tanh and sigmoid <= 4e-7 absolute, exp 4e-7 relative, log
4e-7 (absolute or relative, the larger), sin 4e-7 absolute below 1e6. NaN stays NaN.
"""

import numpy as np

from growgraph.kernels import codes
from growgraph.kernels._jit import helper, open_helper

_LOG2E = np.float32(1.44269504)
_LN2_HIGH = np.float32(0.693145751953125)
_LN2_LOW = np.float32(1.428606765330187e-06)
_ONE = np.float32(1)
_HALF = np.float32(0.5)
_ZERO = np.float32(0)
_BIG = np.float32(3.4028235e38)
_TANH_END = np.float32(7.95)  # beyond it is 1 to 2.5e-7
_TANH_P = (
    np.float32(0.99999999834628),
    np.float32(0.131262398324909),
    np.float32(0.00315150478520034),
    np.float32(1.16659476044589e-05),
    np.float32(-2.24197222547197e-08),
    np.float32(6.4238208608968e-11),
    np.float32(-1.17426074602142e-13),
)
_TANH_Q = (
    np.float32(0.464595714544507),
    np.float32(0.0246834391703934),
    np.float32(0.000261614981178444),
)
_EXP_MAX = np.float32(88.72283)  # exp of more is inf in float32
_EXP_MIN = np.float32(-87.33654)  # exp of less is below the normal numbers: 0
_TINY = np.float32(1.17549435e-38)  # the smallest normal number
_INF = np.float32(np.inf)
_PI = 3.141592653589793
_PI_REST = 1.2246467991473532e-16  # what float64 leaves of pi
_LEAK = np.float32(0.01)


@helper
def exp(x):
    """e**x: 2**k times a polynomial of degree 6 on [-ln2/2, ln2/2]."""
    t = min(max(x, _EXP_MIN), _EXP_MAX)
    k = np.float32(np.floor(t * _LOG2E + _HALF))
    r = t - k * _LN2_HIGH - k * _LN2_LOW
    p = np.float32(1 / 120) + r * np.float32(1 / 720)
    p = _ONE + r * (_ONE + r * (_HALF + r * (np.float32(1 / 6) + r * (np.float32(1 / 24) + r * p))))
    # two steps, because 2**128 is no float32
    half = np.int32(k) // np.int32(2)
    rest = np.int32(k) - half
    p *= np.int32((half + np.int32(127)) << np.int32(23)).view(np.float32)
    p *= np.int32((rest + np.int32(127)) << np.int32(23)).view(np.float32)
    p = _INF if x > _EXP_MAX else p
    p = _ZERO if x < _EXP_MIN else p
    return p if x == x else x


@helper
def log(x):
    """Natural logarithm: exponent * ln2 + series of (m-1)/(m+1) for m in [0.7, 1.42)."""
    subnormal = x < _TINY
    bits = np.float32(x * np.float32(8388608) if subnormal else x).view(np.int32)
    e = (bits >> np.int32(23)) - np.int32(150 if subnormal else 127)
    m = np.int32((bits & np.int32(0x7FFFFF)) | np.int32(0x3F800000)).view(np.float32)
    big = m > np.float32(1.41421356)
    m = m * _HALF if big else m
    k = np.float32(e + np.int32(1) if big else e)
    s = (m - _ONE) / (m + _ONE)
    q = s * s
    p = np.float32(2 / 7) + q * np.float32(2 / 9)
    p = s * (np.float32(2) + q * (np.float32(2 / 3) + q * (np.float32(2 / 5) + q * p)))
    y = k * _LN2_LOW + p + k * _LN2_HIGH
    y = -_INF if x == _ZERO else y
    y = np.float32(np.nan) if x < _ZERO else y
    return y if x < _INF else x  # inf and NaN are their own logarithm


@helper
def tanh(x):
    """x P(x^2) / Q(x^2), degrees 6 and 3, fitted for the least relative error up to 7.95."""
    v = _TANH_END if x > _TANH_END else x
    v = -_TANH_END if v < -_TANH_END else v
    s = v * v
    p = _TANH_P[5] + s * _TANH_P[6]
    p = _TANH_P[3] + s * (_TANH_P[4] + s * p)
    p = _TANH_P[1] + s * (_TANH_P[2] + s * p)
    p = _TANH_P[0] + s * p
    q = _ONE + s * (_TANH_Q[0] + s * (_TANH_Q[1] + s * _TANH_Q[2]))
    return v * p / q


@helper
def sigmoid(x):
    """1 / (1 + exp(-x)) for x >= 0, else e / (1 + e) with e = exp(x): the far tail stays exact."""
    e = exp(-abs(x))
    y = _ONE / (_ONE + e)
    return y if x >= _ZERO else e * y


@helper
def sin(x):
    """Sine: x - k*pi in float64, then a polynomial of degree 11; past 1e15 just bounded."""
    y = np.float64(x)
    k = np.floor(y / _PI + 0.5)
    r = min(max(y - k * _PI - k * _PI_REST, -1.6), 1.6)
    q = r * r
    p = -1 / 5040 + q * (1 / 362880 - q / 39916800)
    s = r * (1.0 + q * (-1 / 6 + q * (1 / 120 + q * p)))
    odd = k - 2.0 * np.floor(0.5 * k)
    return np.float32(s * (1.0 - 2.0 * odd))


@open_helper
def activate(code, x, p0, p1):
    """One value through activation ``code``; p0 and p1 are the bounds of "clip"."""
    if code == codes.IDENTITY:
        return x
    if code == codes.RELU:
        return max(x, _ZERO) if x == x else x
    if code == codes.LEAKY:
        return x if x >= _ZERO else _LEAK * x
    if code == codes.ELU:
        return x if x >= _ZERO else exp(x) - _ONE
    if code == codes.GELU:
        if x < np.float32(-10):  # where -inf would give inf * 0
            return _ZERO
        inner = np.float32(0.7978845608) * (x + np.float32(0.044715) * x * x * x)
        return x * sigmoid(inner + inner)  # (1 + tanh(z)) / 2 = sigmoid(2 z), exact in its tail
    if code == codes.SOFTPLUS:
        return max(x, _ZERO) + log(_ONE + exp(-abs(x))) if x == x else x
    if code == codes.TANH:
        return tanh(x)
    if code == codes.SIGMOID:
        return sigmoid(x)
    if code == codes.SIN:
        return sin(x)
    if code == codes.GAUSS:
        return exp(-x * x)
    if code == codes.ABS:
        return abs(x)
    if code == codes.SQUARE:
        return x * x
    if code == codes.CUBE:
        return x * x * x
    if code == codes.STEP:
        return x if x != x else (_ONE if x >= _ZERO else _ZERO)
    if code == codes.HAT:
        return max(_ONE - abs(x), _ZERO) if x == x else x
    if code == codes.EXP:
        return exp(x)
    if code == codes.LOG:
        return log(x)
    if code == codes.INV:
        return _ONE / x if x != _ZERO else _ZERO
    if code == codes.CLIP:
        return min(max(x, p0), p1) if x == x else x
    if code == codes.SIGN:
        return x if x != x else (_ONE if x >= _ZERO else -_ONE)
    return x


# The activations whose vector form pays: each gets a loop of its own in activate_row.
@open_helper
def activate_row(code, row, p0, p1):
    """A row of values through activation ``code``, in place."""
    if code == codes.IDENTITY:
        return
    if code == codes.RELU:
        for j in range(row.size):
            row[j] = activate(codes.RELU, row[j], p0, p1)
    elif code == codes.SQUARE:
        for j in range(row.size):
            row[j] *= row[j]
    elif code == codes.EXP:
        for j in range(row.size):
            row[j] = exp(row[j])
    elif code == codes.TANH:
        for j in range(row.size):
            row[j] = tanh(row[j])
    elif code == codes.SIGMOID:
        for j in range(row.size):
            row[j] = sigmoid(row[j])
    else:
        for j in range(row.size):
            row[j] = activate(code, row[j], p0, p1)
