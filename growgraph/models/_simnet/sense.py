"""What SimNet perceives: observations as states that can be told apart, or as places."""

import numbers

import numpy as np

from growgraph._validation import check_number
from growgraph.errors import DataError
from growgraph.models._simnet.spaces import MOST, numbers_of, size

STAY, REACH = "stay", "reach"  # intentions in words, in a world of numbers
_FRACTIONS = "with fractions"
_MOST_REWARD = 1e30  # for ever it is 1000 times as much, and biases are float32


def key_of(observation, name="observation", parts=None, whole=True):
    """An observation as a value that can be compared, hashed and written to a file.

    Integers and text stay what they are; arrays of integers, tuples and dicts become tuples. An
    array or list of numbers with fractions is a place in a continuous world: an array of float64.
    So is what has ``parts``, see :mod:`growgraph.models._simnet.spaces`.

    Examples
    --------
    >>> key_of({"b": np.int64(3), "a": np.array([1, 0])})
    (('a', (1, 0)), ('b', 3))
    """
    if parts is not None:
        return _place(numbers_of(observation, parts, name), name, observation)
    if isinstance(observation, str):
        return str(observation)
    if isinstance(observation, (numbers.Integral, np.bool_)):
        return int(observation)
    if isinstance(observation, dict):
        items = sorted(observation.items(), key=lambda item: str(item[0]))
        return tuple((str(k), key_of(v, f"{name}[{k!r}]", None, False)) for k, v in items)
    if whole and is_place(observation):
        return _place(np.asarray(observation), name)
    if isinstance(observation, (tuple, list)):
        return tuple(key_of(v, f"{name}[{i}]", None, False) for i, v in enumerate(observation))
    if isinstance(observation, np.ndarray) and observation.dtype.kind in "iub":
        return thawed((observation + 0).tolist())  # bools as integers
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


def _place(values, name, given=None):
    values = np.array(values, np.float64)  # its own: an environment may write into its again
    if not np.isfinite(values).all() or np.abs(values).max(initial=0) > _MOST_REWARD:
        got = values.tolist() if given is None else given
        if np.isnan(values).any():
            raise DataError(f"{name} is NaN: {got!r}; the world must say where it is")
        raise DataError(f"{name} must be finite, and below 1e30, got {got!r}")
    if not 1 <= values.size <= MOST:
        raise DataError(f"{name} must be 1 to {MOST} numbers, got {values.size}")
    return values


def _refuse_numbers(observation, name):
    values = np.asarray(observation)
    if values.dtype.kind == "f" and np.isnan(values).any():
        raise DataError(f"{name} is NaN: {values.tolist()!r}; the world must say where it is")
    raise DataError(
        f"{name} must tell states apart by whole numbers or text, got {values.dtype} "
        f"{values.tolist()!r}: round it to the cells of a grid, or give an array of floats"
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


def check_goal(goal, form, parts=None, name="intention"):
    """A goal as a key; None and, in a world of numbers, words stay what they are."""
    words = form is not None and _FRACTIONS in form and isinstance(goal, str)
    if goal is None or (words and goal in (STAY, REACH)):
        return goal
    array = isinstance(goal, np.ndarray) and is_place(goal)
    told = array and goal.shape == (size(parts),) if parts else True
    key = key_of(goal, name, None if told or isinstance(goal, str) else parts)
    own = form_of(key)
    if form is None or own == form:
        return key
    hint = "give it as observations are, or None for rewards"
    if _FRACTIONS in form and own == "text":
        hint = f"give such numbers, or say {REACH!r} or {STAY!r}"
    elif own == "text" and key in (STAY, REACH):
        hint = "that word is for worlds of numbers; give the state to be reached, or None"
    raise DataError(
        f"{name} must have the form of observations, {form}, got {own} ({key!r}): {hint}"
    )


def same(a, b):
    """Whether two goals are one."""
    if a is None or b is None:
        return a is b
    return form_of(a) == form_of(b) and bool(np.all(a == b))


def checked_end(done, name):
    """Whether an episode is over, as a bool; raises for what is neither true nor false."""
    if isinstance(done, np.ndarray) and done.size == 1:
        done = done.item()
    if isinstance(done, (bool, np.bool_)):
        return bool(done)
    if isinstance(done, numbers.Real) and done in (0, 1):
        return bool(done)
    raise DataError(f"{name} must be True or False, got {done!r}")


def checked_reward(reward, name="reward"):
    """A reward as a float; raises for NaN, infinity and what is no number."""
    if isinstance(reward, np.ndarray) and reward.size == 1:
        reward = reward.item()
    if isinstance(reward, (bool, np.bool_)):
        return float(reward)
    return check_number(name, reward, -_MOST_REWARD, _MOST_REWARD)
