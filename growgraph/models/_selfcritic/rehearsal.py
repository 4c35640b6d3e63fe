"""Rehearsals: cases of which the cause is known because the model made them itself.

From rows held out, which it has not learnt: a label is flipped, two rows are blended or put
together, a row is corrupted, a class is forgotten, T1 is left with a few of its nodes.
"""

import numpy as np

from growgraph._linalg import one_thread
from growgraph.kernels import resonet
from growgraph.models._selfcritic.kept import numbers_of, taken, with_numbers
from growgraph.models._selfcritic.tensions import tensions

CAUSES = ("fine", "novel", "ambiguous", "mislabelled", "corrupted", "beyond capacity")
_TIMES = 2  # each row is flipped, blended, corrupted so often
_FEW = (4, 8, 16, 32)  # nodes of a T1 that is beyond its capacity
_INERTIA = 1e-3  # of its ridge
_CHANGED = 0.03  # of the energy of rows: less is no corruption


def rehearse(hear, core, memory, rows, labels, rng):
    """Tensions and causes (places in ``CAUSES``) of rehearsed cases.

    Parameters
    ----------
    hear : callable
        Rows -> :class:`Heard`.
    core : Core
    memory : Memory
    rows, labels
        Held out; labels are places of the sorted classes, of which there are two or more.
    rng : numpy Generator
    """
    heard, classes = hear(rows), len(core.classes)
    cases = [(0, tensions(heard, memory, labels)), (0, tensions(heard, memory))]
    for _ in range(_TIMES):
        wrong = (labels + rng.integers(1, classes, len(labels))) % classes
        cases.append((3, tensions(heard, memory, wrong)))
        some, damaged = corrupted(rows, memory.shape, rng)
        if some.size:
            cases.append((4, tensions(hear(damaged), memory, labels[some])))
    for joined, first in blends(rows, labels, memory.shape, rng):
        cases.append((2, tensions(hear(joined), memory, first)))
    cases += [(1, case) for case in _forgotten(heard, core, memory, labels)]
    cases += [(5, case) for case in _weakened(heard, core, memory, rows, labels, rng)]
    T = np.concatenate([case for _, case in cases])
    return T, np.concatenate([np.full(len(case), cause) for cause, case in cases])


def blends(rows, labels, shape, rng):
    """Pairs of different classes mixed, and put together of halves; with a label of the larger."""
    numbers = numbers_of(rows)
    for whole in (True, False):
        i, j = rng.integers(0, len(labels), (2, 4 * len(labels)))
        some = np.flatnonzero(labels[i] != labels[j])[: len(labels)]
        some = some[np.argsort(i[some], kind="stable")]
        i, j = i[some], j[some]
        if not i.size or not numbers.shape[1]:
            continue
        share = rng.uniform(0.35, 0.65, (len(i), 1))
        if not whole:
            share = np.array([_half(shape, numbers.shape[1], rng) for _ in i], float)
        mixed = share * numbers[i] + (1 - share) * numbers[j]
        more = share.mean(axis=1) > 0.5
        yield with_numbers(_repeated(rows, i), mixed), np.where(more, labels[i], labels[j])


def _half(shape, columns, rng):
    """Half of an image, cut across or down; half of a table's columns."""
    if shape is None:
        return rng.random(columns) < 0.5
    first = np.arange(columns).reshape(shape) % shape[1] < shape[1] // 2
    if rng.random() < 0.5:
        first = np.arange(columns).reshape(shape) < columns // 2
    return first.ravel() ^ (rng.random() < 0.5)


def _repeated(rows, places):
    """Rows at places in rising order, some more than once."""
    if isinstance(rows, np.ndarray):
        return rows[places]
    parts = [rows[int(i) : int(i) + 1] for i in places]
    out = parts[0]
    for other in parts[1:]:
        out = out.joined(other)
    return out


def corrupted(rows, shape, rng):
    """Rows with noise, stripes (images) or cells of other rows; which rows these are."""
    numbers = np.array(numbers_of(rows), np.float64)
    count = np.maximum((~np.isnan(numbers)).sum(axis=0), 1)
    away = numbers - np.nansum(numbers, axis=0) / count
    spread = np.sqrt(np.nansum(away**2, axis=0) / count)
    if shape is not None:
        spread = numbers.max(initial=0)
    damage = _damaged_image if shape is not None else _damaged_row
    out = np.array([damage(row, numbers, spread, shape, rng) for row in numbers])
    energy = np.nansum(away**2) / len(numbers)
    some = np.flatnonzero(np.nansum((out - numbers) ** 2, axis=1) > _CHANGED * energy)
    return some, with_numbers(taken(rows, some), out[some])


def _damaged_image(row, numbers, high, shape, rng):
    """Noise, a stripe across, a stripe down, or pixels that changed places."""
    image, kind = row.copy().reshape(shape), int(rng.integers(4))
    if kind == 0:
        image += rng.normal(0, rng.uniform(0.15, 0.5) * high, shape)
    elif kind < 3:
        side = shape[kind - 1]
        first = int(rng.integers(side - 1))
        stripe = slice(first, first + max(side // 5, 1))
        image[stripe if kind == 1 else (slice(None), stripe)] = high * rng.integers(2)
    else:
        mask = rng.random(shape) < rng.uniform(0.1, 0.3)
        image[mask] = rng.permutation(image[mask])
    return np.clip(image, 0, high).ravel()


def _damaged_row(row, numbers, spread, shape, rng):
    """Noise, or some cells of other rows."""
    if rng.random() < 0.5:
        return row + rng.normal(0, rng.uniform(0.5, 2), row.shape) * spread
    mask = rng.random(row.shape) < rng.uniform(0.2, 0.5)
    return np.where(mask, rng.permuted(numbers, axis=0)[0], row)


def _forgotten(heard, core, memory, labels):
    """Rows of each class as who has never met it sees them."""
    if len(core.classes) < 3:
        return
    for c in range(len(core.classes)):
        rows, without = np.flatnonzero(labels == c), memory.without(c)
        if rows.size and len(without):
            yield tensions(heard[rows].without(core, c), without)


def _weakened(heard, core, memory, rows, labels, rng):
    """Rows a T1 of few nodes gets wrong."""
    order = np.argsort(memory.place)
    for few in _FEW:
        for _ in range(_TIMES):
            keep = rng.choice(core.prenatal, min(few, core.prenatal), replace=False)
            reading = weak_reading(core, rows, keep)[:, order]
            wrong = np.flatnonzero(reading.argmax(axis=1) != labels)
            if wrong.size:
                weak = heard[wrong].forecast(core, reading[wrong])
                yield tensions(weak, memory, labels[wrong])


def weak_reading(core, rows, keep):
    """What T1 would say if it heard only these nodes, classes in the sequence of arrival.

    Parameters
    ----------
    core : Core
    rows
    keep : ndarray of int64
        Places among the evidence nodes.
    """
    keep = np.append(np.sort(keep), core.prenatal)
    M = core.evidence.coincidences(core.held)[np.ix_(keep, keep)]
    M += np.tril(M, -1).T  # sums are kept on and below the diagonal
    M[np.diag_indices(len(M))] += _INERTIA * np.trace(M) / len(M) + 1e-9
    with one_thread():
        W = np.linalg.solve(M, core.evidence.B[keep])
    return core.features(rows)[:, keep].astype(np.float64) @ W / float(core.par[resonet.KAPPA])
