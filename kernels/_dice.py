"""Random numbers inside a kernel: splitmix64 from a state that is a pure function of the sample.

The state is one uint64 in an array; numbers follow each other from it (Steele, Lea, Flood 2014,
"Fast splittable pseudorandom number generators").
"""

import numpy as np

from growgraph.kernels._jit import helper, inlined

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1, _MIX2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_TO_UNIT = 2.0**-53


@inlined
def _mixed(x):
    x = (x ^ (x >> _S30)) * _MIX1
    x = (x ^ (x >> _S27)) * _MIX2
    return x ^ (x >> _S31)


@helper
def shake(dice, seed, sample, purpose):
    """Set the state for one purpose at one sample."""
    key = _mixed(np.uint64(seed) + _GOLDEN * np.uint64(purpose + 1))
    dice[0] = _mixed(key + _GOLDEN * np.uint64(sample + 1))


@inlined
def unit(dice):
    """The next number in [0, 1)."""
    dice[0] += _GOLDEN
    return np.float64(_mixed(dice[0]) >> _S11) * _TO_UNIT


@inlined
def below(dice, n):
    """The next integer in 0 .. n - 1."""
    return np.int64(unit(dice) * n)
