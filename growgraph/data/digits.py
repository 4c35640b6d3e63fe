"""The bundled digits: 1797 images of 8 by 8 pixels in a seeded shuffle."""

import numpy as np

from growgraph import _random
from growgraph._validation import check_number
from growgraph.data.batch import Batch
from growgraph.errors import DataError

HELD_OUT = 500
_BLOCK = 256


class DigitsStream:
    """scikit-learn's digits as a stream.

    Parameters
    ----------
    seed : int, default 0
        Of the shuffle.
    limit : int, optional
        Learn only so many of the images that are not held out.
    holdout : {"tail"}, optional
        The last 500 of the shuffle are held out, always.
    **options
        ``target``, ``drop``, ``categorical`` and ``image_shape`` must be empty: the digits have
        none of these, or their own.

    Examples
    --------
    >>> batch = next(DigitsStream(seed=1).learn())
    >>> batch.X.shape, batch.y.dtype.kind
    ((256, 64), 'i')
    """

    name = "digits"
    target = "digit"
    image_shape = (8, 8)
    rereadable = True
    paths = ()
    n_rows = 0

    def __init__(self, *, seed=0, limit=None, holdout=None, **options):
        for key in ("target", "drop", "categorical", "encoding", "image_shape"):
            if options.get(key):
                raise DataError(
                    f"{key} does not apply to digits, got {options[key]!r}: leave it out"
                )
        if options.get("quantities") == "only":
            raise DataError("task numbers does not apply to digits: leave it out")
        if holdout not in (None, "tail"):
            raise DataError(
                f"holdout of digits is the last 500 of the shuffle, got {holdout!r}: leave it out"
            )
        self.limit = limit if limit is None else check_number("limit", limit, 1, integer=True)
        self.seed = seed

    def _read(self, rows, start=0):
        X, y = load_digits()
        for first in range(start, rows.size, _BLOCK):
            at = np.arange(first, min(first + _BLOCK, rows.size))
            yield Batch(X[rows[at]], y[rows[at]], at)

    def _shuffle(self):
        return _random.generator(self.seed, "digits").permutation(1797)

    def learn(self, start=0):
        """Batches to learn from, beginning with row ``start`` of the stream."""
        yield from self._read(self._shuffle()[:-HELD_OUT][: self.limit], start)

    def held_out(self):
        """Batches that are never learnt."""
        yield from self._read(self._shuffle()[-HELD_OUT:])

    def every(self):
        """All 1797 images, in scikit-learn's order."""
        yield from self._read(np.arange(1797))

    def sum_up(self):
        """Nothing is to be said of the images."""

    def expected_rows(self):
        """Number of rows that :meth:`learn` yields."""
        return min(self.limit or 1797, 1797 - HELD_OUT)

    def identity(self):
        """What must be the same for a run to be resumed."""
        return {"name": self.name, "limit": self.limit}

    def schema(self):
        """What a saved model must remember to read the same kind of data again."""
        return {"digits": True}

    def skipped(self, learnt, held_out):
        """Number of rows without a label."""
        return 0


def load_digits():
    """Images as float64 [1797, 64], labels as int64 [1797]."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X, y.astype(np.int64)
