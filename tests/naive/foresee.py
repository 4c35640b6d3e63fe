"""Twin of kernels/foresee.py: one step after another, by the definitions."""

import numpy as np

from growgraph.kernels.foresee import ENDED, OPEN, ROUND, UNKNOWN


def wrapped(angle):
    return (angle + np.pi) % (2 * np.pi) - np.pi


def feel(model, x):
    out = []
    for angle, mean, size, value in zip(*model.scale, x):
        if angle:
            out += [ROUND * np.cos(value), ROUND * np.sin(value)]
        else:
            out.append((value - mean) / size)
    return np.array(out)


def resonance(f, c, width):
    return np.exp(-((f - c) ** 2).sum() / (2 * width**2))


def step(model, x, action):
    """(place after it, reward)."""
    f = feel(model, x)
    near = [resonance(f, c, model.sizes[0]) for c in model.centres.T]
    near = [r if r > np.exp(-9.0) else 0.0 for r in near]
    told = model.weights[action] @ np.array([1, *f, *near]) * model.unit
    after = x + told[:-1]
    return np.where(model.scale[0] > 0, wrapped(after), after), told[-1]


def ended(model, x):
    low, high, _, _, group = model.bounds
    out = (x < low) | (x > high)
    if any(out[group == g].all() for g in set(group) - {-1}):
        return True
    if not model.ends.size:
        return False
    f = feel(model, x)
    i, j = np.triu_indices(f.size)
    return model.ends @ np.concatenate([[1], f, f[i] * f[j]]) > 0


def roll(model, steps, x, action):
    """(place, how it goes on, rewards, discount)."""
    gamma, total = model.sizes[3], 0.0
    for t in range(steps):
        f = feel(model, x)
        lived = [c[:-1] for c in model.lived if c[-1] == action]
        if not lived or max(resonance(f, c, model.sizes[1]) for c in lived) < model.sizes[2]:
            return x, UNKNOWN, total, gamma**t
        x, reward = step(model, x, action)
        total += gamma**t * (-1 if model.goal.size else reward)
        if model.goal.size:
            away = np.sqrt(((feel(model, x) - model.goal[:-1]) ** 2).sum())
            if away <= model.goal[-1]:
                return x, ENDED, total, gamma ** (t + 1)
        if ended(model, x):
            more = -gamma / (1 - gamma) if model.goal.size else model.sizes[4]
            return x, ENDED, total + gamma**t * more, gamma ** (t + 1)
        if ((x < model.bounds[2]) | (x > model.bounds[3])).any():
            return x, UNKNOWN, total, gamma ** (t + 1)
    return x, OPEN, total, gamma**steps


def away(model, x, home):
    return np.where(model.scale[0] > 0, wrapped(x - home), x - home)


def homewards(model, x, home, tail):
    off = [away(model, step(model, x, a)[0], home) for a in range(len(model.weights))]
    return int(np.argmin([z @ tail @ z for z in off]))


def play(model, x, plans, home, weight, tail, costs):
    for k, plan in enumerate(plans):
        here, cost = x, 0.0
        for t, action in enumerate(plan):
            if action < 0:
                action = homewards(model, here, home, tail)
            here, _ = step(model, here, action)
            if ended(model, here):
                cost += 100 * (len(plan) - t)
                break
            off = away(model, here, home)
            cost += (weight * off**2).sum()
        else:
            cost += off @ tail @ off
        costs[k] = cost
    return 0


def trace(model, x, action, careful):
    if careful:
        x[:], end, *_ = roll(model, 1, x, action)
        return end
    x[:] = step(model, x, action)[0]
    return ENDED if ended(model, x) else OPEN


def compare(model, x, action, after, felt):
    led, _ = step(model, x, action)
    felt[0] = np.abs(away(model, after, led) / model.unit[:-1]).max()
    lived = [c[:-1] for c in model.lived if c[-1] == action]
    near = max([resonance(feel(model, x), c, model.sizes[1]) for c in lived], default=0)
    felt[1:] = near >= model.sizes[2], ended(model, after)
    return 0
