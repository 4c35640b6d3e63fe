"""What SimNet perceives: observations as states that can be told apart, spaces as it knows them."""

import numbers
from typing import Any

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import DataError

STAY, REACH = "stay", "reach"  # intentions in words, in a world of numbers
_FRACTIONS = "with fractions"
_MOST_NUMBERS = 64
_MOST_REWARD = 1e30  # for ever it is 1000 times as much, and biases are float32


def key_of(observation, name="observation", whole=True):
    """An observation as a value that can be compared, hashed and written to a file.

    Integers and text stay what they are; arrays of integers, tuples and dicts become tuples. An
    array or list of numbers with fractions is a place in a continuous world: an array of float64.

    Examples
    --------
    >>> key_of({"b": np.int64(3), "a": np.array([1, 0])})
    (('a', (1, 0)), ('b', 3))
    """
    if isinstance(observation, str):
        return str(observation)
    if isinstance(observation, (numbers.Integral, np.bool_)):
        return int(observation)
    if isinstance(observation, dict):
        items = sorted(observation.items(), key=lambda item: str(item[0]))
        return tuple((str(k), key_of(v, f"{name}[{k!r}]", False)) for k, v in items)
    if whole and is_place(observation):
        return _place(np.asarray(observation), name)
    if isinstance(observation, (tuple, list)):
        return tuple(key_of(v, f"{name}[{i}]", False) for i, v in enumerate(observation))
    if isinstance(observation, np.ndarray) and observation.dtype.kind in "iub":
        return thawed(observation.astype(np.int64).tolist())
    if isinstance(observation, (float, np.ndarray, np.floating)):
        _refuse_numbers(observation, name)
    raise DataError(
        f"{name} must be an integer, text, or an array, tuple or dict of them, got "
        f"{type(observation).__name__}: name states by numbers or words"
    )


def is_place(observation):
    """Whether an observation is a list of numbers with fractions."""
    if isinstance(observation, np.ndarray):
        return observation.dtype.kind == "f" and observation.ndim == 1
    parts = observation if isinstance(observation, (tuple, list)) else ()
    real = [isinstance(v, (numbers.Real, np.bool_)) for v in parts]
    return bool(real) and all(real) and any(isinstance(v, (float, np.floating)) for v in parts)


def _place(values, name):
    if np.isnan(values).any():
        raise DataError(f"{name} is NaN: {values.tolist()!r}; the world must say where it is")
    if not np.isfinite(values).all() or np.abs(values).max(initial=0) > _MOST_REWARD:
        raise DataError(f"{name} must be finite, and below 1e30, got {values.tolist()!r}")
    if not 1 <= values.size <= _MOST_NUMBERS:
        raise DataError(f"{name} must be 1 to {_MOST_NUMBERS} numbers, got {values.size}")
    return values.astype(np.float64)


def _refuse_numbers(observation, name):
    values = np.asarray(observation)
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise DataError(f"{name} is NaN: {values.tolist()!r}; the world must say where it is")
    raise DataError(
        f"{name} must tell states apart by whole numbers or text, got {values.dtype} "
        f"{values.tolist()!r}: round it to the cells of a grid"
    )


def thawed(value):
    """Lists, as files hold them, as tuples."""
    return tuple(thawed(v) for v in value) if isinstance(value, list) else value


def of_numbers(n):
    """The form of places of so many numbers."""
    return f"{n} {'number' if n == 1 else 'numbers'} {_FRACTIONS}"


def form_of(key):
    """What observations of one world have in common: type and shape, as text."""
    if isinstance(key, np.ndarray):
        return of_numbers(key.size)
    if isinstance(key, tuple):
        forms = [form_of(part) for part in key]
        if len(set(forms)) == 1 and len(forms) > 1:
            return f"{len(forms)} x {forms[0]}"
        return f"({', '.join(forms)})"
    return "text" if isinstance(key, str) else "integer"


def check_form(key, form, name="observation"):
    """Raise unless a key has the form that others had; None: there were none."""
    own = form_of(key)
    if form is not None and own != form:
        hint = "one SimNet learns one kind of observation"
        if isinstance(key, np.ndarray) and _FRACTIONS not in form:
            hint = "round it to the cells of a grid, or use another SimNet"
        raise DataError(
            f"{name} must have the form of those before, {form}, got {own} ({key!r}): {hint}"
        )
    return own


def check_goal(goal, form, name="intention"):
    """A goal as a key; None and, in a world of numbers, words stay what they are."""
    if goal is None:
        return None
    key = key_of(goal, name)
    words = form is not None and _FRACTIONS in form and isinstance(key, str)
    if not (words and key in (STAY, REACH)):
        check_form(key, form, name)
    return key


def same(a, b):
    """Whether two goals are one."""
    if a is None or b is None:
        return a is b
    return form_of(a) == form_of(b) and bool(np.all(a == b))


# ---- spaces -------------------------------------------------------------------------------------
def actions_of(env):
    """Number of actions and the number of the first, of an environment's action space."""
    space = getattr(env, "action_space", None)
    n = getattr(space, "n", None)
    if not isinstance(n, numbers.Integral) or getattr(space, "shape", ()) not in ((), None):
        raise DataError(
            f"env.action_space must be Discrete(n), got {space!r}: list the actions that matter "
            "and let env.step take their number"
        )
    return int(n), int(getattr(space, "start", 0))


def check_space(space, name="env.observation_space"):
    """The size of a Box of numbers, None for others; raises unless they can be told apart."""
    shape: Any = getattr(space, "shape", None)
    flat = name == "env.observation_space" and hasattr(space, "low") and shape and len(shape) == 1
    if flat and np.dtype(space.dtype).kind == "f" and 1 <= shape[0] <= _MOST_NUMBERS:
        return int(shape[0])
    parts = getattr(space, "spaces", None)
    if isinstance(parts, dict):
        for key, part in parts.items():
            check_space(part, f"{name}[{key!r}]")
    elif isinstance(parts, (tuple, list)):
        for i, part in enumerate(parts):
            check_space(part, f"{name}[{i}]")
    elif not (hasattr(space, "n") or hasattr(space, "nvec")):
        raise DataError(
            f"{name} must be Discrete, MultiDiscrete, MultiBinary, or a Dict or Tuple of these, or "
            f"a Box of 1 to {_MOST_NUMBERS} floats, got {space!r}: give observations as cells of a "
            "grid (whole numbers), or as one list of floats"
        )
    return None


def checked_reward(reward, name="reward"):
    """A reward as a float; raises for NaN, infinity and what is no number."""
    if isinstance(reward, np.ndarray) and reward.size == 1:
        reward = reward.item()
    if isinstance(reward, (bool, np.bool_)):
        return float(reward)
    return check_number(name, reward, -_MOST_REWARD, _MOST_REWARD)


def checked_action(action, start, n, name="action"):
    """An action as a number from 0."""
    if isinstance(action, np.ndarray) and action.size == 1:
        action = action.item()
    return check_number(name, action, start, start + n - 1, integer=True) - start
