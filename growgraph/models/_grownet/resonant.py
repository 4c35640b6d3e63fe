"""Resonant targets: an answer that is right beyond the margin carries no tension."""

import numpy as np


def targets(out, signs):
    """max(out, 1) where the sign is +1, min(out, -1) where it is -1.

    Parameters
    ----------
    out, signs : array of float, shape (samples, classes)
        Answers; +1 for the class of the sample, -1 for the others.

    Examples
    --------
    >>> import numpy as np
    >>> targets(np.array([[0.5, -3.0]]), np.array([[1.0, -1.0]]))
    array([[ 1., -3.]])
    """
    return out + tension(out, signs)


def tension(out, signs):
    """Targets less answers: what is missing to the margin, with its sign."""
    left = signs * out
    np.subtract(1, left, out=left)
    np.maximum(left, 0, out=left)
    left *= signs
    return left
