"""Resonant targets: an answer that is right beyond the margin carries no tension."""

import math

import numpy as np

from growgraph._linalg import one_thread


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


def resonate(readout, F, signs, *, steps=15, weight=None, tolerance=0.0):
    """Lower the squared hinge loss plus the ridge, with the factor that is there.

    A step solves for the targets of the last answers (majorise and minimise; Groenen, Nalbantov,
    Bioch 2008), from a point ahead (Nesterov 1983). Where that raises the loss the step is taken
    from the last point instead, which cannot.

    Parameters
    ----------
    readout : RidgeReadout
        Of the rows F. Its ``beta`` is where it begins; ``beta`` and ``B`` are set.
    F : array of float32, shape (samples, columns)
        Features; products with them are float32 and they are not copied.
    signs : array of float32, shape (samples, classes)
        1 for the class of a sample, -1 for the others.
    steps : int
        At most.
    weight : array of float, shape (samples,), optional
        As given to the readout.
    tolerance : float
        It ends when a step lowers the loss by less than this share.

    Returns
    -------
    out : ndarray of float32, shape (samples, classes)
        Answers of the readout.
    losses : list of float
        Sum of squared tension plus the ridge, before the first step and after each.
    """
    readout.factorise()
    with one_thread():
        walk = _Walk(readout, F, signs, weight)
        losses = [walk.loss]
        for _ in range(steps):
            if not walk.step():
                break
            losses.append(walk.loss)
            if losses[-2] - losses[-1] <= tolerance * losses[-2]:
                break
        readout.beta = walk.beta
        readout.retarget(readout.G @ walk.beta + walk.pull(walk.O))
    return walk.O, losses


class _Walk:
    """Where the readout is, its answers, and the point ahead from which the next step is taken."""

    def __init__(self, readout, F, signs, weight):
        self.readout, self.F = readout, F
        self.signs = np.asarray(signs, F.dtype)  # else products would be of the wider type
        self.weight = None if weight is None else np.asarray(weight, F.dtype)[:, None]
        self.ridge = readout.inertia[:, None]
        self.beta = readout.beta
        self.O, self.loss = self._at(self.beta)
        self._stop()

    def _stop(self):
        """No momentum."""
        self.t, self.ahead, self.ahead_O = 1.0, self.beta, self.O

    def _weighed(self, out):
        """Tension, and times the weights."""
        R = tension(out, self.signs)
        return R, R if self.weight is None else self.weight * R

    def pull(self, out):
        """F' weight R of answers, in float64."""
        return (self.F.T @ self._weighed(out)[1]).astype(np.float64)

    def _at(self, beta):
        """Answers and loss."""
        out = self.F @ beta.astype(self.F.dtype)
        R, weighed = self._weighed(out)
        square = np.einsum("nc,nc->c", R, weighed, dtype=np.float64).sum()
        return out, float(square + (self.ridge * beta * beta).sum())

    def _solved(self):
        """The least for the targets of the point ahead; its answers and loss."""
        pull = self.pull(self.ahead_O) - self.ridge * self.ahead
        beta = self.ahead + self.readout.back(pull)
        return beta, *self._at(beta)

    def step(self):
        """One step; False where none lowers the loss."""
        beta, out, loss = self._solved()
        if not loss < self.loss and self.t > 1:
            self._stop()
            beta, out, loss = self._solved()
        if not loss < self.loss:
            return False
        t = (1 + math.sqrt(1 + 4 * self.t * self.t)) / 2
        momentum = (self.t - 1) / t  # a Python float: float32 arrays stay float32
        self.ahead = beta + momentum * (beta - self.beta)
        self.ahead_O = out + momentum * (out - self.O)
        self.beta, self.O, self.loss, self.t = beta, out, loss, t
        return True
