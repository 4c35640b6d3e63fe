"""Cases of known cause that no model rehearsed: what a diagnosis is tested on."""

from typing import NamedTuple

import numpy as np

from growgraph.bench.learning.peers import StreamingQDA

CAUSES = ("fine", "novel", "ambiguous", "mislabelled", "corrupted", "beyond capacity")


class Cases(NamedTuple):
    """Rows of one generator; ``label`` is what is doubted, None: the model's own answer."""

    cause: str
    kind: str
    X: np.ndarray
    label: np.ndarray | None


def cases(X, y, X_new, second, shape, rng):
    """Cases of five causes, of two generators each where a cause has two.

    Parameters
    ----------
    X, y : arrays
        Test rows of classes that were learnt.
    X_new : array
        Of classes that were not.
    second : array [rows]
        The likeliest wrong label of each row, as another learner sees it.
    shape : (int, int)
    rng : numpy Generator

    Returns
    -------
    list of Cases
    """
    i, j = _pairs(y, rng)
    over, diagonal = np.maximum(X[i], X[j]), _diagonal(X[i], X[j], shape)
    return [
        Cases("fine", "as it is", X, y),
        Cases("novel", "unseen class", X_new, None),
        Cases("ambiguous", "double exposure", over, y[i]),
        Cases("ambiguous", "cut along the diagonal", diagonal, y[i]),
        Cases("mislabelled", "likeliest wrong label", X, second),
        Cases("corrupted", "salt and pepper", salted(X, rng), y),
        Cases("corrupted", "negative block", blocked(X, shape, rng), y),
    ]


def _pairs(y, rng):
    i, j = rng.integers(0, len(y), (2, len(y)))
    some = y[i] != y[j]
    return i[some], j[some]


def _diagonal(a, b, shape):
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return np.where((rows * shape[1] > columns * shape[0]).ravel(), a, b)


def salted(X, rng, share=0.12):
    """Pixels set to nothing or to the brightest.

    Examples
    --------
    >>> salted(np.full((1, 4), 0.5), np.random.default_rng(0), share=1.0).tolist()
    [[1.0, 0.0, 0.0, 0.0]]
    """
    draw, high = rng.random(X.shape), X.max() if X.max() > 0.5 else 1.0
    return np.where(draw < share / 2, 0.0, np.where(draw < share, max(high, 1.0), X))


def blocked(X, shape, rng, share=0.35):
    """A square of each image turned into its negative."""
    out, side = X.copy().reshape(-1, *shape), int(np.ceil(share * min(shape)))
    for image in out:
        y, x = rng.integers(0, np.array(shape) - side + 1)
        image[y : y + side, x : x + side] = X.max() - image[y : y + side, x : x + side]
    return out.reshape(X.shape)


def likeliest_wrong(X_train, y_train, X, y):
    """The best label but the right one, by discriminants of the training rows."""
    peer = StreamingQDA()
    peer.learn(X_train, y_train)
    told = peer.doubt(X)[0]
    told[np.arange(len(y)), np.searchsorted(peer.classes, y)] = -np.inf
    return np.array(peer.classes)[told.argmax(axis=1)]
