"""Tensions: where T1's forecast, T2's expectation and memory do not agree.

T1 forecasts the answer from the input (the readout), T2 expects the input from the answer (class
concepts), memory tells what rows like this one were. Each tension grows with the trouble it tells
of; each sample is a row of ``NAMES``.
"""

from dataclasses import dataclass, replace

import numpy as np

from growgraph._linalg import one_thread
from growgraph.kernels import resonet
from growgraph.models._record import margins

NAMES = (
    "doubt by the record", "margin of the answer", "margin of T1", "margin of T2",
    "T1 has no clear answer", "T2 did not expect this", "neighbours against the answer",
    "neighbours are far", "windows against the answer", "windows differ", "residual",
    "a blend explains it", "the blend is even", "residual has peaks", "residual is rough",
    "sample is rough", "label against the answer", "T1 against the label", "T2 against the label",
    "neighbours against the label", "off the manifold", "one window is strange",
)  # fmt: skip
AT = {name: i for i, name in enumerate(NAMES)}
_VOTES, _KIN = 10, 5  # neighbours that vote; rows of a class that make its expectation
_TOP = 20  # of the residual a 1/20 are its peaks
_TINY = 1e-9
_SURE = 1e-4  # the record's confidence is heard from this to 1 - this


class Memory:
    """The rows a model remembers, seen through its nodes as they are now.

    Parameters
    ----------
    core : Core
    kept : Kept
    place : ndarray of int64
        Place among the sorted classes of each class in the sequence of arrival.

    Attributes
    ----------
    place : ndarray of int64 [classes]
    labels : ndarray of int64 [rows]
        Places of sorted classes.
    parts, square : ndarray of float64 [rows, parts], [rows]
    seen : ndarray of float64 [rows, columns]
        Pictures; of a table its scaled inputs.
    mean, axes : ndarray of float64 [columns], [columns, directions]
        The manifold: mean and first third of the principal directions of ``seen``.
    """

    def __init__(self, core, kept, place):
        self.shape = core.sense.image_shape if core.sense.kind == "retina" else None
        self.place, self.labels = place, place[kept.labels]
        rows = kept.as_read()
        parts = core.inputs_of(core.features(rows))
        seen = parts if self.shape is None else rows
        self._hold(parts.astype(np.float64), np.asarray(seen, np.float64))
        self.mean = self.seen.mean(axis=0)
        away = self.seen - self.mean
        with one_thread():
            self.axes = np.linalg.eigh(away.T @ away)[1][:, -max(away.shape[1] // 3, 1) :]

    def _hold(self, parts, seen):
        self.parts, self.seen = parts, seen
        self.square = (parts * parts).sum(axis=1)

    def __len__(self):
        return len(self.labels)

    def without(self, c):
        """The same for who has never met the class at place c."""
        twin, keep = object.__new__(Memory), self.labels != c
        twin.__dict__.update(self.__dict__)
        twin.labels = self.labels[keep] - (self.labels[keep] > c)
        twin._hold(self.parts[keep], self.seen[keep])
        return twin

    def away(self, parts):
        """Squared distance of parts from each row, [batch, rows]."""
        parts = parts.astype(np.float64)
        with one_thread():
            cross = parts @ self.parts.T
        return np.maximum((parts * parts).sum(axis=1)[:, None] + self.square - 2 * cross, 0)


@dataclass(frozen=True)
class Heard:
    """What T1, T2 and the core's record say of some rows; classes are sorted.

    Attributes
    ----------
    scores, reading : ndarray of float64 [batch, classes]
        The answer's scores and T1's alone, in units of a clear answer; probabilities of a council.
    windows : ndarray of float64 [batch, classes, windows]
        Log-resonance of T2's concepts.
    sure, strange : ndarray of float64 [batch]
        Confidence and novelty by the record.
    parts : ndarray of float32 [batch, parts]
    seen : ndarray of float64 [batch, columns]
        See :class:`Memory`.
    guest : bool, default False
        T1 is another classifier: scores and reading are probabilities that mean what they say.
    """

    scores: np.ndarray
    reading: np.ndarray
    windows: np.ndarray
    sure: np.ndarray
    strange: np.ndarray
    parts: np.ndarray
    seen: np.ndarray
    guest: bool = False

    def __getitem__(self, some):
        told = {k: v if k == "guest" else v[some] for k, v in self.__dict__.items()}
        return Heard(**told)

    def spoken_by(self, core, reading, scores):
        """The same with another classifier as T1, and what it and T2 answer in dialogue."""
        return replace(self, reading=reading, scores=scores, guest=True).recorded(core)

    def without(self, core, c):
        """The same said by who has never met the class at place c."""
        keep = np.arange(self.scores.shape[1]) != c
        scores = self.scores[:, keep]
        if self.guest or core.council is not None:
            scores = scores / np.maximum(scores.sum(axis=1, keepdims=True), _TINY)
        return replace(
            self, scores=scores, reading=self.reading[:, keep], windows=self.windows[:, keep]
        ).recorded(core)

    def forecast(self, core, reading):
        """The same with another T1, which says ``reading``."""
        scores = self.scores - self.reading + reading
        if self.guest or core.council is not None:
            scores = np.exp(core.par[resonet.KAPPA] * (reading - reading.max(axis=1)[:, None]))
            scores /= scores.sum(axis=1, keepdims=True)
        if self.guest:  # what T2 had added stays
            reading = np.maximum(scores, _TINY)
            scores = reading * self.scores / self.reading
            scores /= scores.sum(axis=1, keepdims=True)
        return replace(self, scores=scores, reading=reading).recorded(core)

    def recorded(self, core):
        """The same with confidence and novelty as the record has them for these scores."""
        own, best = core.record, self.windows.sum(axis=2).max(axis=1)
        strange = own.novelty(self.reading, best, True)
        if self.guest:
            return replace(self, sure=self.scores.max(axis=1), strange=strange)
        said = margins(self.scores, self.reading if core.council is None else None)
        sure = own.confidence(said) * own.familiarity(strange)
        return replace(self, sure=sure, strange=strange)


def logit(p):
    """Log-odds of probabilities, not beyond those of 1e-4 and 1 - 1e-4."""
    p = np.clip(p, _SURE, 1 - _SURE)
    return np.log(p / (1 - p))


def tensions(heard, memory, given=None, away=None):
    """Tensions [batch, ``NAMES``] of what was heard.

    Parameters
    ----------
    heard : Heard
    memory : Memory
    given : ndarray of int64 [batch], optional
        Places of the labels that are doubted; the answers themselves if there are none.
    away : ndarray of float64 [batch, rows], optional
        Of :meth:`Memory.away`, if it is known already.
    """
    answer = heard.scores.argmax(axis=1)
    given = answer if given is None else given
    total = heard.windows.sum(axis=2)
    T, rows = np.zeros((len(answer), len(NAMES))), np.arange(len(answer))
    T[:, 0] = -logit(heard.sure)
    T[:, 1] = -_gap(heard.scores, answer)
    T[:, 2] = -_gap(heard.reading, answer)
    T[:, 3] = -_root(_gap(total, answer))
    clear = np.eye(heard.reading.shape[1])[heard.reading.argmax(axis=1)]
    T[:, 4] = np.sqrt(((clear - heard.reading) ** 2).sum(axis=1))
    T[:, 5] = -_root(total.max(axis=1))
    T[:, 8:10] = _windows(heard.windows, answer)
    T[:, 16] = heard.scores[rows, answer] - heard.scores[rows, given]
    T[:, 17] = -_gap(heard.reading, given)
    T[:, 18] = -_root(_gap(total, given))
    best = heard.windows.max(axis=1)
    T[:, 21] = -_root(best.min(axis=1) - np.median(best, axis=1))
    away = memory.away(heard.parts) if away is None else away
    votes, T[:, 7] = _neighbours(away, memory.labels, total.shape[1])
    T[:, 6], T[:, 19] = -votes[rows, answer], -votes[rows, given]
    T[:, 10:16] = _residual(heard, memory, away, answer, rivals(total, answer))
    T[:, 20] = _off_manifold(heard.seen, memory)
    return T


def rivals(total, answer):
    """The class other than the answer that resonates best; the answer itself if it is alone."""
    order = np.argsort(-total, axis=1, kind="stable")[:, :2]
    return np.where(order[:, 0] != answer, order[:, 0], order[:, -1])


def _gap(values, c):
    """values[c] minus the best other, in each row; 0 if there is none."""
    if values.shape[1] == 1:
        return np.zeros(len(values))
    rows, others = np.arange(len(values)), values.copy()
    others[rows, c] = -np.inf
    return values[rows, c] - others.max(axis=1)


def _root(x):
    return np.sign(x) * np.sqrt(np.abs(x))


def _windows(windows, answer):
    """Share of windows that say something else; how much the answer's misfit differs there."""
    own = windows[np.arange(len(answer)), answer]
    against = (windows.argmax(axis=1) != answer[:, None]).mean(axis=1)
    return np.column_stack([against, np.log1p(own.std(axis=1))])


def _nearest(away, k):
    """Places of the k least in each row."""
    k = min(k, away.shape[1])
    return np.argpartition(away, k - 1, axis=1)[:, :k]


def _neighbours(away, labels, classes):
    """Votes [batch, classes] of the nearest rows, nearer ones more; log of their distance."""
    near = _nearest(away, _VOTES)
    d = np.take_along_axis(away, near, 1)
    votes = np.zeros((len(away), classes))
    rows = np.arange(len(away))[:, None]
    np.add.at(votes, (rows, labels[near]), 1 / (d + d.mean(axis=1, keepdims=True) + _TINY))
    votes /= votes.sum(axis=1, keepdims=True)
    return votes, 0.5 * np.log(np.sort(d, axis=1)[:, :_KIN].mean(axis=1) + _TINY)


def expectation(memory, away, c):
    """What is expected to be seen if c were right: the mean of the nearest rows of that class."""
    out = np.tile(memory.mean, (len(c), 1))
    for one in np.unique(c).tolist():
        rows, kin = np.flatnonzero(c == one), np.flatnonzero(memory.labels == one)
        if kin.size:
            near = _nearest(away[np.ix_(rows, kin)], _KIN)
            out[rows] = memory.seen[kin[near]].mean(axis=1)
    return out


def _residual(heard, memory, away, answer, rival):
    """What expectations leave unexplained: its size, whether a blend of two has less, its shape."""
    first, second = (expectation(memory, away, c) for c in (answer, rival))
    left, step = heard.seen - first, first - second
    share = np.clip(-(left * step).sum(axis=1) / ((step**2).sum(axis=1) + _TINY), 0, 1)
    both = left + share[:, None] * step
    size, other = (left**2).sum(axis=1), ((left + step) ** 2).sum(axis=1)
    energy = np.sort(both**2, axis=1)
    total = energy.sum(axis=1)
    top = max(energy.shape[1] // _TOP, 1)
    out = np.zeros((len(left), 6))
    out[:, 0] = 0.5 * np.log(size + _TINY)
    out[:, 1] = 1 - total / (np.minimum(size, other) + _TINY)
    out[:, 2] = np.minimum(share, 1 - share)
    out[:, 3] = np.log((energy[:, -top:].sum(axis=1) + _TINY) / (total + _TINY))
    if memory.shape is not None:
        out[:, 4] = _roughness(both, memory.shape)
        out[:, 5] = _roughness(heard.seen, memory.shape)
    return out


def _roughness(images, shape):
    """Log of the energy of differences between neighbours against that of the image."""
    energy = (images**2).sum(axis=1)
    images = images.reshape(-1, *shape)
    steps = sum((np.diff(images, axis=a) ** 2).sum(axis=(1, 2)) for a in (1, 2))
    return np.log((steps + _TINY) / (energy + _TINY))


def _off_manifold(seen, memory):
    """Log of what the principal directions of memory leave of a sample."""
    away = seen - memory.mean
    with one_thread():
        along = away @ memory.axes
    left = (away**2).sum(axis=1) - (along**2).sum(axis=1)
    return 0.5 * np.log(np.maximum(left, 0) + _TINY)
