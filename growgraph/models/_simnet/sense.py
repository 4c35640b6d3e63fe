"""What SimNet perceives: observations as states that can be told apart, spaces as it knows them."""

import numbers

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import DataError

_MOST_REWARD = 1e30  # for ever it is 1000 times as much, and biases are float32


def key_of(observation, name="observation"):
    """An observation as a value that can be compared, hashed and written to a file.

    Integers and text stay what they are; arrays of integers, tuples and dicts become tuples.

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
        return tuple((str(k), key_of(v, f"{name}[{k!r}]")) for k, v in items)
    if isinstance(observation, (tuple, list)):
        return tuple(key_of(v, f"{name}[{i}]") for i, v in enumerate(observation))
    if isinstance(observation, np.ndarray) and observation.dtype.kind in "iub":
        return thawed(observation.astype(np.int64).tolist())
    if isinstance(observation, (float, np.ndarray, np.floating)):
        _refuse_numbers(observation, name)
    raise DataError(
        f"{name} must be an integer, text, or an array, tuple or dict of them, got "
        f"{type(observation).__name__}: name states by numbers or words"
    )


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


def form_of(key):
    """What observations of one world have in common: type and shape, as text."""
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
        raise DataError(
            f"{name} must have the form of those before, {form}, got {own} ({key!r}): one SimNet "
            "learns one kind of observation"
        )
    return own


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
    """Raise unless its observations are ones that :func:`key_of` tells apart."""
    parts = getattr(space, "spaces", None)
    if isinstance(parts, dict):
        for key, part in parts.items():
            check_space(part, f"{name}[{key!r}]")
    elif isinstance(parts, (tuple, list)):
        for i, part in enumerate(parts):
            check_space(part, f"{name}[{i}]")
    elif not (hasattr(space, "n") or hasattr(space, "nvec")):
        raise DataError(
            f"{name} must be Discrete, MultiDiscrete, MultiBinary, or a Dict or Tuple of these, "
            f"got {space!r}: give observations as cells of a grid (whole numbers)"
        )


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
