"""Random numbers as a pure function of (seed, sample index, purpose): splitmix64.

A draw never depends on how many draws came before it, so neither the caller's batches nor a save
and load can change it (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators").
"""

import hashlib
import zlib

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53


def mix(x):
    """The splitmix64 finaliser over an array of uint64."""
    with np.errstate(over="ignore"):
        x = (x ^ (x >> np.uint64(30))) * _MIX1
        x = (x ^ (x >> np.uint64(27))) * _MIX2
        return x ^ (x >> np.uint64(31))


def purpose_code(purpose):
    """A stable integer for a purpose's name."""
    return zlib.crc32(purpose.encode())


def uniform(seed, index, purpose):
    """Uniform numbers in [0, 1) for sample indices.

    Parameters
    ----------
    seed : int
        Any integer.
    index : int or array of int
        Sample indices.
    purpose : str
        What the draw is for: other purposes are independent.

    Returns
    -------
    ndarray of float64, shape of ``index``

    Examples
    --------
    >>> float(uniform(0, 5, "gate")) == float(uniform(0, [4, 5], "gate")[1])
    True
    """
    index = np.asarray(index, dtype=np.int64).astype(np.uint64)
    with np.errstate(over="ignore"):
        key = mix(np.uint64(seed % 2**64) + _GOLDEN * np.uint64(purpose_code(purpose) + 1))
        bits = mix(key + _GOLDEN * (index + np.uint64(1)))
    return (bits >> np.uint64(11)).astype(np.float64) * _TO_UNIT


def generator(seed, purpose):
    """A numpy generator for one purpose, for work that is done once and in one piece."""
    return np.random.default_rng([seed % 2**64, purpose_code(purpose)])


def seed_from(*parts):
    """A seed out of integers and arrays of integers: other parts give another seed."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        values = np.atleast_1d(np.asarray(part, np.int64))
        digest.update(np.append(values.size, values).tobytes())
    return int.from_bytes(digest.digest(), "little")


def seed_of(random_state):
    """An integer seed from None, an int or a numpy generator or RandomState."""
    if random_state is None:
        return 0
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**31))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, (int, np.integer)) and not isinstance(random_state, bool):
        return int(random_state)
    raise TypeError(
        f"random_state must be None, an integer or a numpy generator, got {random_state!r}"
    )
