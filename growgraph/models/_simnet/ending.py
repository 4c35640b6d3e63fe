"""Where episodes end: beyond bounds of coordinates, or beyond a plane of their products."""

import numpy as np

from growgraph.kernels import margin
from growgraph.kernels.foresee import ROUND

_MARGIN = 0.25  # of the range lived in, beyond it
_EXPLAINED = 0.9  # of ends, by the range of what did not end
_SOFT, _PASSES = 1e3, 300
_KEPT = 0.5  # of the distance to the plane, where a coordinate is left out
_FEW = 8  # coordinates that may be left out one by one
_SPARSER, _SMALL = 6, 1e-6  # rounds of weighing terms anew; what the least weighs, of the largest
# cos(a - b), cos(a + b), sin(a + b), sin(a - b) of cos cos, sin sin, sin cos, cos sin
_SUMS = (1, 1, 0, 0), (1, -1, 0, 0), (0, 0, 1, 1), (0, 0, 1, -1)
_DOUBLED = (1, -1, 0, 0), (0, 0, 0, 0), (0, 0, 2, 0), (0, 0, 0, 0)


def ends_of(forward, before, after, ended, model):
    """(bounds, quadratic form) of where episodes end and where nothing is known."""
    alive, over = np.vstack([before, after[~ended]]), after[ended]
    low, high = alive.min(axis=0), alive.max(axis=0)
    margin, free = _MARGIN * (high - low), forward.scale[0] > 0
    known = [np.where(free, -np.inf, low - margin), np.where(free, np.inf, high + margin)]
    none = [np.full(low.size, -np.inf), np.full(low.size, np.inf)]
    bounds, ends = np.array([*none, *known, np.full(low.size, -1.0)]), np.zeros(0)
    if len(over):
        below, above = over < np.where(free, -np.inf, low), over > np.where(free, np.inf, high)
        if (below | above).any(axis=1).mean() >= _EXPLAINED and not free.any():
            least = np.where(below, over, -np.inf).max(axis=0)
            most = np.where(above, over, np.inf).min(axis=0)
            bounds[:2] = (low + least) / 2, (high + most) / 2
            bounds[4] = _groups(below | above)
        else:
            ends = _form(forward, before, over, model)
    return bounds, ends


def _groups(beyond):
    """Coordinates [c] in groups that explain ends [ends, c], the fewest: those that tell as much.

    While several coordinates explain the same ends, all of them must be beyond.
    """
    group, left = np.full(beyond.shape[1], -1.0), np.ones(len(beyond), bool)
    for number in range(beyond.shape[1]):
        told = (beyond & left[:, None]).sum(axis=0)
        if not told.max():
            break
        best = beyond[:, told.argmax()] & left
        alike = ((beyond & left[:, None]) == best[:, None]).all(axis=0) & (group < 0)
        group[alike] = number
        left &= ~best
    return group


def _form(forward, alive, over, model):
    """A quadratic form of features, positive where episodes ended, of the fewest coordinates.

    A coordinate is left out while the plane keeps half its distance from what it divides. Of the
    rest as few terms as can be (weights that cost the less the larger they are). What still tells
    all ends from all else by half that distance stays as it is.
    """
    felt = np.vstack([forward.feel(alive), forward.feel(over)])
    i, j = np.triu_indices(felt.shape[1])
    X = np.column_stack([np.ones(len(felt)), felt, felt[:, i] * felt[:, j]])
    sign, many = np.repeat([-1.0, 1.0], [len(alive), len(over)]), alive.shape[1]
    if model is not None and model.ends.size and (sign * (X @ model.ends)).min() >= _KEPT:
        return model.ends
    terms, uses = _terms(forward.scale[0] > 0)
    X = X @ terms
    left = list(range(many))
    best, far = _plane(X, sign, np.ones(X.shape[1]))
    while far > 0 and len(left) > 1 and many <= _FEW:
        without = [np.setdiff1d(left, gone) for gone in left]
        tried = [_plane(X, sign, 1.0 - uses[np.setdiff1d(np.arange(many), rest)].any(axis=0))
                 for rest in without]  # fmt: skip
        k = int(np.argmax([f for _, f in tried]))
        if tried[k][1] < _KEPT * far:
            break
        left, (best, far) = without[k].tolist(), tried[k]
    for _ in range(_SPARSER if far > 0 else 0):
        best, _ = _plane(X, sign, np.where(best == 0, 0.0, np.maximum(_least(best), best**2)))
    return terms @ best


def _least(weights):
    """Below this a weight costs no more."""
    return _SMALL * np.max(weights**2)


def _terms(angle):
    """Terms of ends as combinations of products of features, and which coordinates each uses.

    Angles add up: cosines and sines of sums and differences stand for products of those of two.
    """
    first = np.cumsum([0, *(1 + angle)])[:-1]
    owner = np.repeat(np.arange(angle.size), 1 + angle)
    d = owner.size
    i, j = np.triu_indices(d)
    at = np.zeros((d, d), np.int64)
    at[i, j] = at[j, i] = 1 + d + np.arange(i.size)
    terms = np.eye(1 + d + i.size)
    for a in np.flatnonzero(angle):
        for b in range(a, angle.size):
            if angle[b]:
                (c, s), (u, v) = first[[a, a]] + [0, 1], first[[b, b]] + [0, 1]
                products = [at[c, u], at[s, v], at[s, u], at[c, v]]
                terms[:, products] = 0
                for k, parts in enumerate(_SUMS if a < b else _DOUBLED):
                    for row, size in zip(products, parts, strict=True):
                        terms[row, products[k]] += size / ROUND**2
    uses = np.array([[False, *(owner == c), *((owner[i] == c) | (owner[j] == c))]
                     for c in range(angle.size)])  # fmt: skip
    return terms, uses


def _plane(X, sign, size):
    """(weights, distance of the nearest point from the plane; below 0 if it is on the wrong side).

    Both sides cost the same, a weight the less the larger its size; 0: it is left out.
    """
    used = size > 0
    root = np.sqrt(size[used] / size.max())
    some, w = np.ascontiguousarray(X[:, used] * root), np.zeros(root.size)
    many = np.where(sign > 0, (sign > 0).sum(), (sign < 0).sum())
    margin.separate(some, sign, _SOFT * len(X) / many, _PASSES, w, np.zeros(len(X)))
    out = np.zeros(X.shape[1])
    out[used] = w * root
    length = float(np.sqrt(w @ w))
    return out, float((sign * (some @ w)).min()) / length if length > 0 else -1.0
