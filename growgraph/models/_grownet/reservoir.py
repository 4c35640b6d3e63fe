"""A memory of a stream: as many rows of each class as have room, drawn evenly over its past."""

import numpy as np

from growgraph._random import uniform

_TINY = 2.0**-54


class Reservoir:
    """At most so many rows, the same number of each class as far as there are any.

    Each sample has a key, a pure function of seed and counter; of each class the least keys are
    kept (Efraimidis and Spirakis 2006). So neither the cutting of the stream nor the sequence in
    which classes come changes what is kept. The share of a class only ever falls.

    Parameters
    ----------
    columns : int
        Width of a row.
    targets : int
        Values a row that are to be expected, kept beside it; 0 for classes.
    rows : int
        Room; a class keeps at least one row, however many there are.
    seed : int
        Any integer.
    forget : float
        What a sample counts for falls by this factor with each later one; in (0, 1].
    dtype : dtype
        Of the rows.

    Attributes
    ----------
    X, Y, labels, index : ndarray
        The rows in the sequence in which they came, their targets, classes and counters.
    tense : ndarray of float64
        Tension of each row that lasts, see :meth:`feel`.
    seen : ndarray of float64
        Samples of each class so far, or what they count for.

    Examples
    --------
    >>> import numpy as np
    >>> memory = Reservoir(1, rows=4)
    >>> memory.add(np.arange(99.0)[:, None], labels=np.arange(99) % 3 % 2, first=0)
    >>> memory.labels.tolist().count(0), memory.labels.tolist().count(1)
    (2, 2)
    >>> memory.weights().sum()
    np.float64(99.0)
    """

    ARRAYS = ("X", "Y", "labels", "index", "keys", "tense", "seen", "counts", "passed")

    def __init__(self, columns, targets=0, *, rows=2000, seed=0, forget=1.0, dtype=np.float32):
        self.rows, self.seed, self.forget = int(rows), int(seed), float(forget)
        self.X, self.Y = np.zeros((0, columns), dtype), np.zeros((0, targets))
        self.labels, self.index = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.keys, self.tense = np.zeros(0), np.zeros(0)
        self.seen, self.counts = np.zeros(0), np.zeros(0, np.int64)
        self.passed = np.zeros(0)  # the least key of each class that is not kept
        self.last = -1

    def __len__(self):
        """Rows kept."""
        return len(self.X)

    @property
    def whole(self):
        """True if every sample is kept and counts for 1."""
        return self.forget == 1 and len(self) == self.counts.sum()

    def _keys_of(self, index):
        """-log of a uniform number by what the sample counts for, as a logarithm."""
        u = uniform(self.seed, index, "replay")
        return np.log(-np.log(np.maximum(u, _TINY))) + index * np.log(self.forget)

    def add(self, X, *, first, labels=None, Y=None):
        """Samples with counters first, first + 1 and so on; call it once a block, it copies.

        Parameters
        ----------
        X : array, shape (samples, columns)
            Rows.
        first : int
            Counter of the first of them.
        labels : array of int, shape (samples,), optional
            Classes from 0 on; all are of one class if not given.
        Y : array of float, shape (samples, targets), optional
            Targets, if the memory was made for any.
        """
        n = len(X)
        labels = np.zeros(n, np.int64) if labels is None else np.asarray(labels, np.int64)
        index = first + np.arange(n, dtype=np.int64)
        self._count(labels)
        new = {"X": np.asarray(X, self.X.dtype), "labels": labels, "index": index}
        new["Y"] = np.zeros((n, 0)) if Y is None else np.asarray(Y, np.float64)
        new["keys"], new["tense"] = self._keys_of(index), np.zeros(n)
        for name, values in new.items():
            setattr(self, name, np.concatenate([getattr(self, name), values]))
        self.last = int(index[-1]) if n else self.last
        self._keep(self._chosen())

    def _count(self, labels):
        """Samples of each class; one after another where they fade, so that no cut is seen."""
        more = max(0, int(labels.max(initial=-1)) + 1 - self.seen.size)
        self.counts = np.pad(self.counts, (0, more))
        self.seen = np.pad(self.seen, (0, more))
        self.passed = np.pad(self.passed, (0, more), constant_values=np.inf)
        self.counts += np.bincount(labels, minlength=self.counts.size)
        if self.forget == 1:
            self.seen = self.counts.astype(np.float64)
            return
        for label in labels.tolist():
            self.seen *= self.forget
            self.seen[label] += 1

    def _share(self):
        """Rows a class may keep: the most that fits when classes with fewer keep all."""
        room, share = self.rows, 0
        for place, count in enumerate(np.sort(self.counts).tolist()):
            share = room // (self.counts.size - place)
            if count > share:
                break
            room -= count
            share = count
        return max(share, 1)

    def _chosen(self):
        """Places of the rows to keep, ascending."""
        share, places = self._share(), []
        for label in range(self.counts.size):
            here = np.flatnonzero(self.labels == label)
            if here.size > share:
                here = here[np.argsort(self.keys[here], kind="stable")]
                self.passed[label] = min(self.passed[label], self.keys[here[share]])
                here = here[:share]
            places.append(here)
        return np.sort(np.concatenate(places)) if places else np.zeros(0, np.int64)

    def _keep(self, places):
        if len(places) < len(self.X):
            for name in ("X", "Y", "labels", "index", "keys", "tense"):
                setattr(self, name, getattr(self, name)[places])

    def weights(self):
        """How many samples each row stands for: those of its class add up to ``seen``.

        Where samples fade, a row counts by its age over the chance it had to be kept.
        """
        weight = np.ones(len(self))
        if self.forget < 1:
            age = self.ages()
            count = age * np.log(self.forget)
            chance = self.passed[self.labels] - self.last * np.log(self.forget) + count
            weight = np.exp(count) / -np.expm1(-np.exp(np.minimum(chance, 50)))
        total = np.bincount(self.labels, weight, minlength=self.seen.size)
        return weight * (self.seen / np.maximum(total, 1e-300))[self.labels]

    def ages(self):
        """Samples that came after each row."""
        return self.last - self.index

    def feel(self, tension, patience):
        """What each row feels now; what lasts follows it, a share 1 / patience at a time."""
        self.tense = self.tense + (tension - self.tense) / patience

    def near(self, places, count):
        """The rows [places, count] nearest to each place; columns that it lacks do not count."""
        X, at = self.X[:, : places.shape[1]].astype(np.float64), places.astype(np.float64)
        far = (X**2).sum(axis=1) - 2 * at @ X.T
        return np.argsort(far, axis=1, kind="stable")[:, :count]

    def widen(self, columns, value=0.0):
        """So many more columns, in which all rows have one value."""
        self.X = np.pad(self.X, ((0, 0), (0, columns)), constant_values=value)

    def to_arrays(self):
        """All there is, by name."""
        scalars = np.array([self.rows, self.seed, self.last])
        arrays = {name: getattr(self, name) for name in self.ARRAYS}
        return arrays | {"scalars": scalars, "forget": np.array(self.forget)}

    @classmethod
    def from_arrays(cls, arrays):
        """The inverse of :meth:`to_arrays`."""
        rows, seed, last = np.asarray(arrays["scalars"]).tolist()
        self = cls(0, rows=rows, seed=seed, forget=float(arrays["forget"]))
        for name in cls.ARRAYS:
            setattr(self, name, np.array(arrays[name]))
        self.last = last
        return self
