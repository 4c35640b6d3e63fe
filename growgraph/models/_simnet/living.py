"""Living in an environment: act, see what follows, learn; and acting without learning."""

from growgraph._random import uniform
from growgraph.errors import DataError
from growgraph.models import _door
from growgraph.models._simnet.actions import actions_of
from growgraph.models._simnet.sense import check_form, checked_end, checked_reward, key_of

_MOST_STEPS = 100_000  # of an episode of a score, where the environment never ends one


class Env:
    """An environment as SimNet meets it: what it gives is checked, what it raises is told.

    Parameters
    ----------
    env
        With ``reset(seed=)`` and ``step(action)`` as Gymnasium has them.
    actions : Actions
    form : str or None
        Of its observations, where some are known.
    parts : list or None
        The same, of its space.
    """

    def __init__(self, env, actions, form, parts):
        self._env, self._actions, self.form, self._parts = env, actions, form, parts

    def reset(self, seed=None):
        """The key of the first observation of an episode."""
        try:
            got = self._env.reset() if seed is None else self._env.reset(seed=seed)
        except Exception as error:
            raise RuntimeError(_raised("reset()", error)) from error
        if not isinstance(got, tuple) or len(got) != 2:
            raise DataError(f"env.reset must return (observation, info), got {got!r}")
        return self._key(got[0], "env.reset: observation")

    def step(self, action):
        """(key of what follows, reward, whether it ended, whether it was cut off)."""
        try:
            got = self._env.step(self._actions.call(action))
        except Exception as error:
            raise RuntimeError(_raised(f"step({self._actions.tell(action)})", error)) from error
        if not isinstance(got, tuple) or len(got) != 5:
            raise DataError(
                "env.step must return (observation, reward, terminated, truncated, info), got "
                f"{got!r}"
            )
        key = self._key(got[0], "env.step: observation")
        reward = checked_reward(got[1], "env.step: reward")
        ended, cut = (checked_end(got[i], f"env.step: {name}")
                      for i, name in ((2, "terminated"), (3, "truncated")))  # fmt: skip
        return key, reward, ended, cut

    def push(self, action):
        """An action as shares of what a box allows."""
        return self._actions.pushes[action]

    def _key(self, observation, name):
        key = key_of(observation, name, self._parts)
        self.form = check_form(key, self.form, name)
        return key


def _raised(call, error):
    what = f"{type(error).__name__}: {error}".removesuffix(": ")
    return f"env.{call} raised {what}; what was learnt before is kept, call learn again to go on"


def actions_in(env):
    """The actions of one environment."""
    lives = all(callable(getattr(env, name, None)) for name in ("reset", "step"))
    if not lives or isinstance(env, type):
        which = f"gymnasium.make({env!r})" if isinstance(env, str) else "one that is made"
        raise TypeError(
            "env must be an environment, with reset, step and two spaces, got "
            f"{env!r}: give {which}"
        )
    many = getattr(env, "num_envs", None)
    if many is not None:
        raise DataError(
            f"env must be one environment, got {many} side by side ({type(env).__name__}): learn "
            "in one of them, made by gymnasium.make"
        )
    return actions_of(getattr(env, "action_space", None))


def check_actions(actions, known):
    """Raise unless actions are those that were learnt."""
    if actions != known:
        raise DataError(
            f"there must be {known}, as before, got {actions}: make another SimNet for another "
            "world"
        )


def draw(world):
    """A number in [0, 1) that decides between equals: of the seed and the steps lived alone."""
    return float(uniform(world.options["seed"], world.n, "tie"))


def reset_seed(world):
    """For the first reset of a call."""
    return int(float(uniform(world.options["seed"], world.n, "reset")) * 2**31)


def live(world, env, steps, key, tell):
    """Learn for so many steps from a place on, None: the last episode is over; where it is then."""
    key = env.reset() if key is None else key
    for done in range(1, steps + 1):
        with _door.undisturbed():
            world.see(key)
        action = world.best(key, True, draw(world))
        after, reward, ended, cut = env.step(action)
        with _door.undisturbed():
            world.live(key, action, reward, after, ended, env.push(action))
        tell(done)
        over = ended or cut
        key = after if not over else env.reset() if done < steps else None
    return key


def episode(world, env, seed):
    """The sum of rewards of one episode, acted as well as is known; nothing is learnt."""
    key, total = env.reset(seed), 0.0
    for _ in range(_MOST_STEPS):
        key, reward, ended, cut = env.step(world.best(key, False, draw(world)))
        total += reward
        if ended or cut:
            return total
    raise RuntimeError(
        f"an episode of env did not end within {_MOST_STEPS} steps: wrap it in a time limit"
    )
