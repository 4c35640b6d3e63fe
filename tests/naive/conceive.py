"""Twin of kernels/conceive.py: all distances, one concept after another."""

from itertools import product

import numpy as np

from growgraph.kernels.conceive import MIXED
from growgraph.kernels.foresee import OPEN, UNKNOWN
from tests.naive import foresee


def apart(f, places):
    return ((places - f) ** 2).sum(axis=1)


def nearest(f, felt):
    return np.argsort(apart(f, felt), kind="stable")[:MIXED]


def first(values):
    """Place of the largest; what is larger by 1e-9 or less is not larger."""
    best = 0
    for q, value in enumerate(values):
        if value > values[best] + 1e-9:
            best = q
    return best


def mixture(f, felt, which):
    """Shares: what costs most is moved to what costs least, as far as that helps, 40 times."""
    P, far = felt[which], apart(f, felt[which])
    share = np.zeros(len(which))
    share[0] = 1
    for _ in range(40):
        slope = 0.05 * far + 2 * P @ (share @ P - f)
        best = first(-slope)
        worst = first(np.where(share > 0, slope, -np.inf))
        gap = slope[worst] - slope[best]
        if gap < 1e-6 or best == worst:
            break
        move = min(share[worst], gap / (2 * (((P[best] - P[worst]) ** 2).sum() + 1e-12)))
        share[best] += move
        share[worst] -= move
    share[share < 0.02] = 0
    return share / share.sum()


def sift(felt, near, chosen):
    kept = []
    for k, f in enumerate(felt):
        if len(kept) < len(chosen) and (apart(f, felt[kept]) > near[k] ** 2).all():
            kept.append(k)
    chosen[: len(kept)] = kept
    return len(kept)


def revived(f, near, seen, taken):
    """The nearest concept of before, if it is that near and free."""
    free = [j for j in range(len(seen)) if j not in taken and apart(f, seen[[j]])[0] <= near]
    return min(free, key=lambda j: apart(f, seen[[j]])[0], default=-1)


def expand(
    model, steps, spacing, first, n, there, seen, places, felt, whence, outcome, reward, discount,
    landed,
):  # fmt: skip
    taken = set()
    for i in range(first, n):
        whence[i] = revived(felt[i], 1e-12, seen, taken)
        taken.add(whence[i])
    i, d = first, felt.shape[1]
    while i < n:
        for a in range(outcome.shape[1]):
            x, outcome[i, a], reward[i, a], discount[i, a] = foresee.roll(
                model, steps, places[i], a
            )
            landed[i, a] = [*foresee.feel(model, x), *x]
        able = [a for a in range(outcome.shape[1]) if outcome[i, a] == OPEN]
        far = max([np.linalg.norm(landed[i, a, :d] - landed[i, b, :d]) for a in able for b in able],
                  default=0)  # fmt: skip
        near = np.clip(spacing[1] * far, spacing[0], spacing[2])
        for a in able:
            new = landed[i, a, :d]
            if n < len(places) and apart(new, felt[:n]).min() > near**2:
                old = whence[n] = revived(new, near**2, seen, taken)
                taken.add(old)
                felt[n], places[n] = (new, landed[i, a, d:]) if old < 0 else (seen[old], there[old])
                n += 1
        i += 1
    return n


def mix(felt, outcome, landed, target, share):
    target[:], share[:] = 0, 0
    for i, a in np.argwhere(outcome == OPEN):
        which = nearest(landed[i, a, : felt.shape[1]], felt)
        target[i, a, : len(which)] = which
        share[i, a, : len(which)] = mixture(landed[i, a, : felt.shape[1]], felt, which)
    return 0


def worth_of(f, felt, values):
    which = nearest(f, felt)
    return mixture(f, felt, which) @ values[which]


def judge(model, steps, depth, width, x, across, values, unknown, worth):
    known, felt = 0, across.T
    for first in range(len(worth)):
        ways, sure = [(x, 0.0, 1.0)], [-np.inf]
        for level in range(depth):
            then = []
            for (place, had, left), a in product(ways, range(len(worth)) if level else [first]):
                here, end, total, later = foresee.roll(model, steps, place, a)
                known += level == 0 and end != UNKNOWN
                total, later = had + left * total, left * later
                if end == OPEN:
                    hoped = total + later * worth_of(foresee.feel(model, here), felt, values)
                    then.append((hoped, here, total, later))
                else:
                    sure.append(total + later * unknown * (end == UNKNOWN))
            then.sort(key=lambda way: -way[0])
            worth[first] = max([*sure, *(way[0] for way in then[:1])])
            ways = [way[1:] for way in then[:width]]
            if not ways:
                break
    return known


def lead(g, choices, states, target, share, discount, outcome, reward, dread, lacking):
    count = 0
    for i, a in np.ndindex(choices.shape):
        node, unsure = g.nodes[choices[i, a]], outcome[i, a] == UNKNOWN
        node.bias, node.p0 = dread if unsure else reward[i, a], float(unsure)
        weights = {states[t]: discount[i, a] * s for t, s in zip(target[i, a], share[i, a]) if s}
        for edge in node.late:
            edge[1] = weights.get(edge[0], 0.0)
        there = {edge[0] for edge in node.late}
        for q in np.flatnonzero(share[i, a]):
            if states[target[i, a, q]] not in there:
                lacking[count] = i, a, q
                count += 1
    return count
