"""What rewards there are: bounds of those met, float64 [4].

The greatest met at no end, the greatest at an end, the least, the greatest size.
"""

import numpy as np


def none_met():
    """Bounds before any reward."""
    return np.array([-np.inf, -np.inf, np.inf, 0.0])


def note(bounds, reward, end):
    """Let bounds know a reward."""
    bounds[int(end)] = max(bounds[int(end)], reward)
    bounds[2] = min(bounds[2], reward)
    bounds[3] = max(bounds[3], abs(reward))


def hoped(bounds, gamma):
    """The most that can be hoped for: 1 until a reward is met, then the largest met for ever.

    At an end it is had once, before it again and again; no reward above 0 is worse than none. While
    nothing was met but costs, and that they can be spared, it is that what follows makes up for
    them: else to do nothing would be the best.
    """
    live, end, _, size = bounds.tolist()
    if live == 0 and end <= 0 < size:
        return size / (1 - gamma)
    return 1.0 if size == 0 else max(0.0, end, live / (1 - gamma))


def feared(bounds, gamma):
    """The least that can be feared: the worst reward met, for ever."""
    return min(0.0, float(bounds[2])) / (1 - gamma)
