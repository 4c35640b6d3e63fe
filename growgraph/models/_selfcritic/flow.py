"""Label flow: rows without a label take the one that comes to them from rows like them."""

import numpy as np

from growgraph._linalg import one_thread
from growgraph.models._resonet.state import core_of, core_state

_NEAR, _FLOW, _ROUNDS = 10, 0.98, 40
_PIECE = 512  # rows whose distances are held at a time


def flowed(parts, labels, classes):
    """Labels of all rows, by diffusion over their nearest neighbours (Zhou et al. 2004).

    Parameters
    ----------
    parts : ndarray of float64 [rows, parts]
    labels : ndarray of int64 [rows]
        Numbers of classes, -1 where there is none.
    classes : int

    Returns
    -------
    ndarray of int64 [rows]
        Those that were given stay.
    """
    from scipy.sparse import csr_array, diags_array

    n = len(parts)
    k = min(_NEAR, n - 1)
    if k < 1:
        return labels
    near, d = _neighbours(parts, k)
    w = np.exp(-d / (d.mean() + 1e-12))
    A = csr_array((w.ravel(), near.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))
    A = A + A.T
    scale = diags_array(1 / np.sqrt(A.sum(axis=1) + 1e-12))
    S = scale @ A @ scale
    Y = np.zeros((n, classes))
    told = np.flatnonzero(labels >= 0)
    Y[told, labels[told]] = 1
    Y /= np.maximum(Y.sum(axis=0), 1)  # classes count alike, however many labels they have
    F = Y
    for _ in range(_ROUNDS):
        F = _FLOW * (S @ F) + (1 - _FLOW) * Y
    out = F.argmax(axis=1)
    out[told] = labels[told]
    return out


def _neighbours(parts, k):
    """Places and squared distances of the k nearest other rows."""
    square = (parts * parts).sum(axis=1)
    near, away = np.empty((len(parts), k), np.int64), np.empty((len(parts), k))
    with one_thread():
        for a in range(0, len(parts), _PIECE):
            some = slice(a, a + _PIECE)
            d = square[some, None] + square - 2 * parts[some] @ parts.T
            d[np.arange(len(d)), a + np.arange(len(d))] = np.inf
            near[some] = np.sort(np.argpartition(d, k - 1, axis=1)[:, :k], axis=1)
            away[some] = np.maximum(np.take_along_axis(d, near[some], 1), 0)
    return near, away


def taught(core, guest, memory, unlabelled):
    """Copies of core and guest that have learnt the rows without a label as if they had one.

    First those that flow to them over memory (T2 teaches T1), then the answers of the copies so
    taught (T1 teaches T2). Core and guest themselves learn none of it: with every row that is met
    the labels are thought over.

    Parameters
    ----------
    core : Core
    guest : Guest or None
    memory, unlabelled : Kept
    """
    some = [k for k in (memory, unlabelled) if len(k)]
    rows = [k.as_read() for k in some]
    parts = [core.inputs_of(core.features(r)).astype(np.float64) for r in rows]
    labels = np.concatenate([k.labels for k in some])
    guess = flowed(np.concatenate(parts), labels, len(core.classes))[-len(unlabelled) :]
    for last in (False, True):
        state = core_state(core)
        twin = core_of(state["arrays"], state["plain"], core.classes)
        told = [core.classes[c] for c in guess.tolist()]
        twin.learn(rows[-1], told)
        other = None if guest is None else guest.twin()
        if other is not None:
            other.learn(core.sense, rows[-1], told)
        if not last:
            guess = _answers(twin, other, rows[-1])
    return twin, other


def _answers(core, guest, rows):
    """Numbers of the classes that T1 answers with."""
    if guest is None:
        return core.scores(rows).argmax(axis=1)
    number = np.argsort(np.array(core.classes), kind="stable")
    return number[guest.forecast(core.sense, rows).argmax(axis=1)]
