"""Cascade correlation (Fahlman and Lebiere 1990): hidden units added one by one, then frozen.

A pool of candidate units, each reading all inputs and all units before it, is trained by quickprop
(Fahlman 1988) to vary with what is left of the error; the best joins, and the output weights are
trained anew. Pool and growth factor are the authors'; of eight sets of rates and stopping
thresholds the one that needed few units on two spirals and parity 8 and 10 was taken, which favours
it there.
"""

import numpy as np

from growgraph._random import generator

POOL = 8
EPOCHS = 2000  # most of a phase
PATIENCE = 25
GROWTH = 2.0  # quickprop's largest ratio of successive steps
_OUTPUT_RATE, _UNIT_RATE = 3.0, 1.0
_OUTPUT_CHANGE, _UNIT_CHANGE = 0.001, 0.002  # a smaller change for `PATIENCE` epochs is none
_FLAT = 0.1  # added to a sigmoid's slope, so that saturated outputs still learn
_DECAY = 1e-4
_HELD_OUT = 0.2
_IN_VAIN = 10  # units added without a gain on held-out rows


class Quickprop:
    """Steps towards more of what ``uphill`` is the gradient of."""

    def __init__(self, shape, rate):
        self.rate, self.step, self.before = rate, np.zeros(shape), np.zeros(shape)

    def next(self, uphill):
        """The step to take, by a parabola through the last two slopes."""
        shrink = GROWTH / (1 + GROWTH)
        onward = uphill * self.step > 0
        steep = np.where(self.step > 0, uphill > shrink * self.before,
                         uphill < shrink * self.before)  # fmt: skip
        apart = self.before - uphill
        parabola = self.step * np.divide(uphill, apart, out=np.zeros_like(apart), where=apart != 0)
        step = np.where(onward & steep, GROWTH * self.step, parabola)
        step = step + np.where(onward | (self.step == 0), self.rate * uphill, 0.0)
        self.step, self.before = step, uphill
        return step


class CascadeCorrelation:
    """A cascade for classes or for one real target.

    Parameters
    ----------
    classify : bool, default True
    most : int, default 60
        Units.
    stop : {"solved", "held out"}
        Until all training rows are right, or until units no longer help on a fifth of the rows,
        of which nothing is learnt but when to stop.
    random_state : int

    Attributes
    ----------
    units : list of ndarray
        Weights of each hidden unit: bias, inputs, earlier units.

    Examples
    --------
    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> model = CascadeCorrelation(random_state=0).fit(X, [0, 1, 1, 0])
    >>> model.predict(X).tolist(), len(model.units)
    ([0, 1, 1, 0], 1)
    """

    def __init__(self, classify=True, most=60, stop="solved", random_state=0):
        self.classify, self.most, self.stop = classify, most, stop
        self.random_state = random_state

    def fit(self, X, y):
        """Grow until solved, until nothing helps, or up to ``most`` units."""
        X, y = np.asarray(X, np.float64), np.asarray(y)
        self._rng = generator(self.random_state, "cascade")
        self.mean, self.scale = X.mean(axis=0), np.maximum(X.std(axis=0), 1e-9)
        goal = self._goals(y)
        held = np.zeros(len(y), bool)
        if self.stop == "held out":
            held[self._rng.permutation(len(y))[: int(_HELD_OUT * len(y))]] = True
        self.units: list = []
        F = self._features(X)
        self.W = np.zeros((F.shape[1], goal.shape[1]))
        best, vain = np.inf, 0
        while True:
            self._train_outputs(F[~held], goal[~held])
            wrong = self._wrong(F, goal, held if held.any() else ~held)
            if wrong < best:
                best, vain, kept = wrong, 0, (list(self.units), self.W.copy())
            else:
                vain += 1
            enough = best == 0 if not held.any() else vain == _IN_VAIN
            if enough or len(self.units) == self.most:
                break
            left = self._answers(F[~held]) - goal[~held]
            self.units.append(self._candidate(F[~held], left))
            F = np.column_stack([F, _unit(F @ self.units[-1])])
            self.W = np.vstack([self.W, self._towards(F[~held, -1], left)])
        self.units, self.W = kept
        return self

    def predict(self, X):
        """Classes, or values."""
        out = self._answers(self._features(np.asarray(X, np.float64)))
        if not self.classify:
            return out[:, 0] * self.spread + self.middle
        best = out.argmax(axis=1) if out.shape[1] > 1 else (out[:, 0] > 0).astype(int)
        return self.classes[best]

    @property
    def n_edges(self):
        """Weights, biases among them."""
        return sum(w.size for w in self.units) + self.W.size

    def _goals(self, y):
        """Targets of the outputs: -.5 and .5 for classes, otherwise values of deviation 1."""
        if not self.classify:
            self.middle, self.spread = float(y.mean()), max(float(y.std()), 1e-12)
            return ((y - self.middle) / self.spread)[:, None]
        self.classes, place = np.unique(y, return_inverse=True)
        if len(self.classes) == 2:
            return place[:, None] - 0.5
        return (place[:, None] == np.arange(len(self.classes))) - 0.5

    def _features(self, X):
        F = np.column_stack([np.ones(len(X)), (X - self.mean) / self.scale])
        for weights in self.units:
            F = np.column_stack([F, _unit(F @ weights)])
        return F

    def _answers(self, F):
        return _unit(F @ self.W) if self.classify else F @ self.W

    def _wrong(self, F, goal, rows):
        out = self._answers(F[rows])
        if not self.classify:
            return float(((out - goal[rows]) ** 2).mean())
        if goal.shape[1] == 1:
            return float(((out > 0) != (goal[rows] > 0)).mean())
        return float((out.argmax(axis=1) != goal[rows].argmax(axis=1)).mean())

    def _train_outputs(self, F, goal):
        """Output weights, until the error stands still; of linear outputs in one step."""
        if not self.classify:
            A = F.T @ F + _DECAY * len(F) * np.eye(F.shape[1])
            self.W = np.linalg.solve(A, F.T @ goal)
            return
        steps, last, still = Quickprop(self.W.shape, _OUTPUT_RATE / len(F)), np.inf, 0
        least, kept = np.inf, self.W
        for _ in range(EPOCHS):
            out = self._answers(F)
            error = goal - out
            now = float((error**2).sum())
            if now < least:  # quickprop may overshoot
                least, kept = now, self.W.copy()
            still = still + 1 if abs(last - now) < _OUTPUT_CHANGE * last else 0
            last = now
            if still == PATIENCE:
                break
            slope = 0.25 - out * out + _FLAT
            self.W = self.W + steps.next(F.T @ (error * slope) - _DECAY * self.W)
        self.W = kept

    def _candidate(self, F, left):
        """The weights of the unit that varies most with what is left."""
        W = self._rng.uniform(-1, 1, (F.shape[1], POOL))
        left = left - left.mean(axis=0)
        power = max(float((left**2).sum()), 1e-12)
        steps, last, still = Quickprop(W.shape, _UNIT_RATE / (len(F) * power)), 0.0, 0
        for _ in range(EPOCHS):
            h = _unit(F @ W)
            covariance = left.T @ (h - h.mean(axis=0))
            score = np.abs(covariance).sum(axis=0)
            now = float(score.max())
            still = still + 1 if abs(now - last) < _UNIT_CHANGE * last else 0
            last = now
            if still == PATIENCE:
                break
            W = W + steps.next(F.T @ ((left @ np.sign(covariance)) * (0.25 - h * h)))
        h = _unit(F @ W)
        score = np.abs(left.T @ (h - h.mean(axis=0))).sum(axis=0)
        return W[:, int(score.argmax())]

    @staticmethod
    def _towards(h, left):
        """First output weights of a new unit: against what it varies with."""
        return -np.sign((h - h.mean()) @ left)[None, :]


def _unit(z):
    """A sigmoid from -.5 to .5."""
    return 0.5 * np.tanh(0.5 * z)
