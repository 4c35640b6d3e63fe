"""Observation spaces as SimNet knows them: which are states, and how others become numbers.

Where all parts are counted an observation is a state. Where any is a number, all of them are a
place: numbers as they are, a counted part as one number for each value, 1 for the one it has and 0
for the others (one number, 0 or 1, where there are two).
"""

from typing import Any

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import DataError

MOST = 64  # numbers of an observation
_NAME = "env.observation_space"
_REFUSED = {
    "Graph": "give what matters of the graph as numbers, or name its states",
    "Sequence": "give the last parts, or what matters of them, as a Box of one size",
    "OneOf": "give all parts in a Dict, with one that says which counts",
}


def parts_of(space, name=_NAME):
    """How observations of a space become numbers, as lists; None: they are states.

    Raises
    ------
    DataError
        For a space that is neither.
    """
    parts = _parts(space, name)
    if "numbers" not in _kinds(parts):
        return None
    if "text" in _kinds(parts):
        raise DataError(
            f"{name} must not hold Text beside numbers, got {space!r}: number the texts, as "
            "Discrete(n)"
        )
    return _fitting(parts, name)


def _fitting(parts, name):
    if not 1 <= size(parts) <= MOST:
        raise DataError(
            f"{name} must be 1 to {MOST} numbers in all (one for each value of a Discrete beside "
            f"them), got {size(parts)}: give the few that matter (of an image: positions, or a "
            "coarse grid as MultiDiscrete)"
        )
    return parts


def _parts(space, name):
    inner: Any = getattr(space, "spaces", None)
    kind, shape = type(space).__name__, getattr(space, "shape", None)
    if kind in _REFUSED:
        raise DataError(f"{name} must not be a {kind}, got {space!r}: {_REFUSED[kind]}")
    if isinstance(inner, dict):
        items = sorted(inner.items(), key=lambda item: str(item[0]))
        return ["dict", [[key, _parts(part, f"{name}[{key!r}]")] for key, part in items]]
    if isinstance(inner, (tuple, list)):
        return ["tuple", [_parts(part, f"{name}[{i}]") for i, part in enumerate(inner)]]
    if hasattr(space, "nvec"):
        many = np.asarray(space.nvec)
        start = np.broadcast_to(getattr(space, "start", 0), many.shape)
        return ["counted", list(many.shape), many.ravel().tolist(), start.ravel().tolist()]
    if hasattr(space, "n"):
        if shape in ((), None):
            return ["counted", [], [int(space.n)], [int(getattr(space, "start", 0))]]
        return ["counted", list(shape), [2] * int(np.prod(shape)), [0] * int(np.prod(shape))]
    if hasattr(space, "low") and shape is not None:
        whole = np.dtype(getattr(space, "dtype", float)).kind != "f"
        return ["numbers", [int(n) for n in shape], *["whole"] * whole]
    if kind == "Text":
        return ["text"]
    raise DataError(
        f"{name} must be Discrete, MultiDiscrete, MultiBinary, Text, a Box of 1 to {MOST} numbers, "
        f"or a Dict or Tuple of these, got {space!r}: give observations as cells of a grid (whole "
        "numbers), or as one list of floats"
    )


def _kinds(parts):
    if parts[0] == "dict":
        return set().union(*(_kinds(part) for _, part in parts[1]))
    return set().union(*map(_kinds, parts[1])) if parts[0] == "tuple" else {parts[0]}


def is_flat(parts):
    """Whether observations are one list of numbers with fractions."""
    return parts[0] == "numbers" and len(parts[1]) == 1 and parts[2:] == []


def parts_seen(observation, name="observation"):
    """The parts of an observation whose space is not known; None: a state, or a list of numbers.

    Raises
    ------
    DataError
        If whole numbers or text stand beside fractions: which others there are is not known.
    """
    parts = _seen(observation)
    kinds = _kinds(parts)
    if "numbers" not in kinds or is_flat(parts):
        return None
    if "state" in kinds:
        raise DataError(
            f"{name} holds whole numbers or text beside numbers with fractions, got "
            f"{observation!r}: say observations=env.observation_space, so that it is known which "
            "others there are"
        )
    return _fitting(parts, name)


def _seen(observation, within=False):
    if isinstance(observation, dict):
        items = sorted(observation.items(), key=lambda item: str(item[0]))
        return ["dict", [[key, _seen(part, True)] for key, part in items]]
    if isinstance(observation, (tuple, list)):
        if _is_list(observation):
            return ["numbers", [len(observation)]]
        return ["tuple", [_seen(part, True) for part in observation]]
    values = np.asarray(observation)
    fractions = values.dtype.kind == "f" and (within or values.ndim > 0)
    return ["numbers", list(values.shape)] if fractions else ["state"]


def _is_list(observation):
    plain = all(np.ndim(part) == 0 and not isinstance(part, (str, dict)) for part in observation)
    return plain and any(isinstance(part, (float, np.floating)) for part in observation)


def size(parts):
    """How many numbers an observation becomes."""
    if parts[0] == "dict":
        return sum(size(part) for _, part in parts[1])
    if parts[0] == "tuple":
        return sum(map(size, parts[1]))
    if parts[0] == "numbers":
        return int(np.prod(parts[1]))
    return sum(1 if n <= 2 else n for n in parts[2])


def counted(parts):
    """Which of the numbers tell a counted part; None: no parts are known."""
    if parts is None:
        return None
    if parts[0] == "dict":
        return [one for _, part in parts[1] for one in counted(part)]
    if parts[0] == "tuple":
        return [one for part in parts[1] for one in counted(part)]
    return [parts[0] == "counted"] * size(parts)


def numbers_of(observation, parts, name="observation"):
    """An observation as numbers, float64 [size]; raises unless it has these parts."""
    kind = parts[0]
    if kind == "dict":
        keys = [key for key, _ in parts[1]]
        if not isinstance(observation, dict) or set(observation) != set(keys):
            got = sorted(map(str, observation)) if isinstance(observation, dict) else observation
            raise DataError(f"{name} must be a dict of {keys}, got {got!r}")
        held = [(observation[key], part, f"{name}[{key!r}]") for key, part in parts[1]]
    elif kind == "tuple":
        if not isinstance(observation, (tuple, list)) or len(observation) != len(parts[1]):
            raise DataError(f"{name} must be a tuple of {len(parts[1])} parts, got {observation!r}")
        held = [(observation[i], part, f"{name}[{i}]") for i, part in enumerate(parts[1])]
    else:
        return _array(observation, parts, name)
    return np.concatenate([np.zeros(0), *(numbers_of(*one) for one in held)])


def _array(observation, parts, name):
    try:
        values = np.asarray(observation)
    except ValueError:
        values = np.zeros(0, object)
    if values.dtype.kind not in "fiub":
        raise DataError(f"{name} must be numbers, got {observation!r}")
    if values.size != np.prod(parts[1]) or (values.ndim and list(values.shape) != parts[1]):
        raise DataError(
            f"{name} must have the shape {tuple(parts[1])} of the space, as before, got "
            f"{values.shape}: one SimNet learns one kind of observation"
        )
    values = values.ravel().astype(np.float64)
    if parts[0] == "numbers":
        return values
    held = zip(values.tolist(), parts[2], parts[3], strict=True)
    return np.concatenate([np.zeros(0), *(_one_of(*one, name) for one in held)])


def _one_of(value, many, start, name):
    """A counted part: 1 for the value it has, 0 for the others."""
    choice = value - start
    if not np.isfinite(value) or choice != np.floor(choice):
        raise DataError(f"{name} must be a whole number, got {value!r}")
    choice = check_number(name, int(value), start, start + many - 1, integer=True) - start
    return np.array([float(choice)]) if many <= 2 else (np.arange(many) == choice) * 1.0
