"""What follows in a continuous world: steps remembered, and the model that is fitted to them."""

from typing import Any

import numpy as np

from growgraph.kernels import foresee
from growgraph.kernels.foresee import ROUND, Model
from growgraph.models._simnet.actions import codes_of
from growgraph.models._simnet.ending import ends_of

MEMORY = 3000  # steps remembered; then the oldest is forgotten for each new one
GAMMA = 0.99
_WIDTH, _NEARBY = 1.0, 0.55  # of resonance with centres, with places lived in, times the root of
# the number of features
_MET = 0.55  # a lived place is another where none with its action resonates so much
_KNOWN = 0.22  # nothing is known where none resonates so much
_TENSE, _CENTRE = 0.01, 0.93  # error that lasts, in units; resonance of centres that is enough
_BENT = 0.03  # error of half of the steps before the first centre is born
_CENTRES, _OWN_CENTRES = 300, 64  # at most; with weights of their own for each action
_RIDGE, _OWN = 1e-4, 0.01  # of lines, a hundred steps; of lines that are an action's own
_SMOOTH, _RARE, _JITTER = 1e-5, 100.0, 1e-4  # of resonances; so much more of own ones; and each
_WEAK = 0.3  # how far apart two values of a counted part are felt, over root 2
_CALM = 0.15  # features are scaled anew when a size has changed by more than this share
_BIRTHS = 3  # rounds of growth at a fit


class Forward:
    """Steps lived, as numbers, and the model of them.

    Attributes
    ----------
    rows : float64 [steps, 2 * numbers + 3 + pushes]
        Observation, action, how it pushed, reward, whether it ended, next observation.
    trust : float64 [steps]
        1, less for a step that contradicts the others.
    circles : int64
        Places of the first of two numbers that are cosine and sine of an angle.
    scale : float64 [3, coordinates]
    centres : float64 [k, coordinates]
        Grown where tension lasted.
    model : Model or None
    error : float
        Median, in units.
    """

    ARRAYS = ("rows", "trust", "circles", "scale", "centres")

    def __init__(self, n_numbers, actions, most=MEMORY, counted=None):
        self.n_numbers, self.n_actions, self.n, self.most = n_numbers, actions.n, 0, most
        self.codes, pushes = actions.codes, actions.pushes.shape[1]
        self.counted = np.zeros(n_numbers, bool) if counted is None else np.array(counted)
        self.rows, self.trust = np.zeros((0, 2 * n_numbers + 3 + pushes)), np.zeros(0)
        self.circles, self.scale = np.zeros(0, np.int64), np.zeros((3, 0))
        self.centres = np.zeros((0, n_numbers))
        self.model: Any = None
        self.error = 0.0

    def remember(self, before, action, reward, after, end, push=()):
        """One more step."""
        row = np.concatenate([before, [action, *push, reward, end], after])
        if len(self.rows) < self.most:
            self.rows, self.trust = np.vstack([self.rows, row]), np.append(self.trust, 1.0)
        else:
            self.rows[self.n % self.most], self.trust[self.n % self.most] = row, 1.0
        self.n += 1

    def recent(self, count):
        """Places where the last so many steps began."""
        count = min(count, len(self.rows))
        at = np.arange(self.n - count, self.n) % self.most
        return self.places(self.rows[at, : self.n_numbers])

    # ---- senses ---------------------------------------------------------------------------------
    def places(self, numbers):
        """Coordinates of observations [n, numbers]: an angle for its cosine and sine."""
        gone = self.circles + 1
        out = np.delete(numbers, gone, axis=1)
        for circle in self.circles.tolist():
            at = circle - int((gone < circle).sum())
            out[:, at] = np.arctan2(numbers[:, circle + 1], numbers[:, circle])
        return out

    @property
    def root(self):
        """Of the number of features that are no counted part: resonances are as wide."""
        return np.sqrt(max(self.n_numbers - self.counted.sum(), 1))

    @property
    def work(self):
        """What fitting costs: the products of one solution of its least squares."""
        d, k = self.scale.shape[1] + int(self.scale[0].sum()), len(self.centres)
        return len(self.rows) * self._size(d, k, self.codes.shape[1]) ** 2

    @staticmethod
    def _size(d, k, codes):
        """Weights of all lines and resonances, of ``d`` features and ``k`` centres."""
        return 1 + d + k + codes * (1 + d + min(_OWN_CENTRES, k))

    def feel(self, places):
        """Features of coordinates [n, c]."""
        angle, mean, size = self.scale
        columns = []
        for i in range(places.shape[1]):
            if angle[i]:
                columns += [ROUND * np.cos(places[:, i]), ROUND * np.sin(places[:, i])]
            else:
                columns.append((places[:, i] - mean[i]) / size[i])
        return np.stack(columns, axis=1)

    def numbers(self, place):
        """The observation at a place."""
        out = []
        for angle, value in zip(self.scale[0], place, strict=True):
            out += [np.cos(value), np.sin(value)] if angle else [value]
        return np.array(out)

    def shift(self, before, after):
        """How places differ, angles the short way."""
        moved = after - before
        turn = (moved + np.pi) % (2 * np.pi) - np.pi
        return np.where(self.scale[0] > 0, turn, moved)

    def _find_circles(self):
        """Pairs of neighbouring numbers that are always on the unit circle, and move on it."""
        n = self.n_numbers
        seen = np.vstack([self.rows[:, :n], self.rows[:, -n:]])
        found, i = [], 0
        while i < n - 1:
            u, v = seen[:, i], seen[:, i + 1]
            turns = min(u.std(), v.std()) > 1e-3 and np.abs(u * v).max() > 1e-3
            if turns and np.abs(u * u + v * v - 1).max() < 1e-3:
                found.append(i)
                i += 1
            i += 1
        self.circles = np.array(found, np.int64)

    def _measure(self, before):
        """Scale features anew where what was lived has become much wider or narrower."""
        first = self.scale.shape[1] == 0
        angle = np.zeros(before.shape[1])
        angle[self.circles - np.arange(self.circles.size)] = 1
        mean = np.where(angle > 0, 0.0, before.mean(axis=0))
        size = np.where(angle > 0, 1.0, before.std(axis=0) + 1e-9 * (1 + np.abs(mean)))
        size[np.delete(self.counted, self.circles + 1)] = 1 / _WEAK
        if first or (np.abs(np.log(size / self.scale[2])) > _CALM).any():
            self.scale = np.stack([angle, mean, size])

    # ---- fitting --------------------------------------------------------------------------------
    def fit(self, goal, near, room):
        """Fit the model to what is remembered; centres are added where tension lasts.

        Parameters
        ----------
        goal : ndarray or None
            Coordinates of a place to be reached.
        near : float
            How near is near enough, in features, times the root of their number.
        room : int
            Centres that may grow.

        Returns
        -------
        list of (place, tension)
            Centres that grew.
        """
        n, fresh = self.n_numbers, self.model is None
        if fresh:
            self._find_circles()
            self.centres = np.zeros((0, n - self.circles.size))
        before, after = self.places(self.rows[:, :n]), self.places(self.rows[:, -n:])
        action, reward = self.rows[:, n].astype(np.int64), self.rows[:, -n - 2]
        ended, code = self.rows[:, -n - 1] > 0, self._coded(action, self.rows[:, n + 1 : -n - 2])
        self._measure(before)
        felt = self.feel(before)
        at_end = reward[ended].mean() - reward[~ended].mean() if 0 < ended.sum() < len(ended) else 0
        change = np.column_stack([self.shift(before, after), reward - at_end * ended])
        unit = change.std(axis=0) + 1e-9
        unit[-1] = max(unit[-1], 1e-3 * np.abs(change[:, -1]).max() + 1e-9)
        width, near_by = (size * self.root for size in (_WIDTH, _NEARBY))
        weights, grown = self._explain(before, felt, code, change / unit, width, room)
        bounds, ends = ends_of(self, before, after, ended, self.model)
        wanted = np.zeros(0)
        if goal is not None:
            wanted = np.append(self.feel(goal[None])[0], near * self.root)
        self.model = Model(
            self.scale, np.ascontiguousarray(self.feel(self.centres).T), weights, unit,
            self._lived(felt, action, near_by), bounds, ends, wanted,
            np.array([width, near_by, _KNOWN, GAMMA, at_end]),
        )  # fmt: skip
        return grown

    def _explain(self, before, felt, code, target, width, room):
        """Weights of the model, and the centres that grew on the way."""
        grown: list[tuple] = []
        for rest in range(_BIRTHS - 1, -1, -1):
            weights, error = self._solved(felt, code, target, width)
            left = min(room - len(grown), _CENTRES - len(self.centres))
            born = self._tensest(felt, error, width)[: max(left, 0)] if rest else []
            self.centres = np.vstack([self.centres, before[born]])
            grown += [(before[k], float(error[k])) for k in born]
            if not born and rest < _BIRTHS - 1:
                break  # twice at least: trust is of the solution before
        self.error = float(np.median(error))
        return self._by_action(weights, felt.shape[1], len(self.centres)), grown

    def _coded(self, action, push):
        """What the model reads of actions [n], pushed [n, p]."""
        return codes_of(push) if push.shape[1] else self.codes[action]

    def _by_action(self, weights, d, k):
        """Weights of codes as weights of each action, float64 [actions, c + 1, 1 + d + k]."""
        shared, many = weights[: 1 + d + k], len(self.codes)
        own = weights[1 + d + k :].reshape(self.codes.shape[1], -1)
        out = np.repeat(shared[None], many, axis=0)
        own = (self.codes @ own).reshape(many, -1, weights.shape[1])
        out[:, : own.shape[1]] += own
        return np.ascontiguousarray(out.transpose(0, 2, 1))

    def _solved(self, felt, code, target, width):
        """Least squares; what contradicts the rest is trusted less the next time."""
        centres = self.feel(self.centres)
        X = self._design(felt, code, centres, width)
        ridge = self._ridge(felt, code.shape[1], centres, width)
        root = np.sqrt(self.trust)[:, None]
        weighted = root * X
        weights = np.linalg.solve(weighted.T @ weighted + ridge, weighted.T @ (root * target))
        error = np.sqrt(((X @ weights - target)[:, :-1] ** 2).sum(axis=1))
        self.trust = 1 / (1 + (error / max(6 * np.median(error), 0.01)) ** 4)
        return weights, error

    def _design(self, felt, code, centres, width):
        """Lines and resonances, and for each action lines and the first resonances once more."""
        near = np.column_stack([np.ones(len(felt)), felt, resonances(felt, centres, width)])
        own = near[:, : 1 + felt.shape[1] + min(_OWN_CENTRES, len(centres))]
        return np.hstack([near, *[own * one[:, None] for one in code.T]])

    def _ridge(self, felt, codes, centres, width):
        """What weights cost: of resonances the size of what they add up to, more of an own one."""
        (n, d), k = felt.shape, len(centres)
        m = min(_OWN_CENTRES, k)
        alike = resonances(centres, centres, width) + _JITTER * np.eye(k)
        size = self._size(d, k, codes)
        out = np.zeros((size, size))
        out[np.diag_indices(1 + d)] = _RIDGE * n / 100
        out[0, 0] = _JITTER * _SMOOTH  # the mean costs nothing
        out[1 + d : 1 + d + k, 1 + d : 1 + d + k] = _SMOOTH * alike
        for at in range(1 + d + k, size, 1 + d + m):
            lines, rest = range(at, at + 1 + d), slice(at + 1 + d, at + 1 + d + m)
            out[lines, lines] = _OWN
            out[rest, rest] = _RARE * _SMOOTH * alike[:m, :m]
        return out

    def _tensest(self, felt, error, width):
        """Rows where error lasts and no centre resonates, the worst first."""
        if not len(self.centres) and np.median(error) < _BENT:
            return []  # lines are enough for most, and few steps would bend it anyhow
        most = max(10, len(felt) // 8)
        near = resonances(felt, self.feel(self.centres), width).max(axis=1, initial=0)
        born: list[int] = []
        for k in np.argsort(-error, kind="stable").tolist():
            if error[k] < _TENSE or len(born) == most:
                break
            if near[k] < _CENTRE:
                born.append(k)
                near = np.maximum(near, resonances(felt, felt[k : k + 1], width)[:, 0])
        return born

    def _lived(self, felt, action, width):
        """Places lived in with their actions, without those that resonate."""
        kept = []
        for a in range(self.n_actions):
            some = felt[action == a]
            near = np.zeros(len(some))
            for k in range(len(some)):
                if near[k] < _MET:
                    kept.append(np.append(some[k], a))
                    near = np.maximum(near, resonances(some, some[k : k + 1], width)[:, 0])
        return np.array(kept).reshape(-1, felt.shape[1] + 1)

    # ---- one step -------------------------------------------------------------------------------
    def foreseen(self, felt, actions):
        """What changes in a step from features [n, f], in units, and the reward."""
        model = self.model
        near = resonances(felt, model.centres.T, model.sizes[0])
        told = np.column_stack([np.ones(len(felt)), felt, near])
        return np.einsum("nj,ncj->nc", told, model.weights[np.asarray(actions)])

    def surprise(self, before, action, after):
        """(largest error in units, whether it was known there, whether an end was expected)."""
        here, there = self.places(np.array([before, after]))
        felt = np.zeros(3)
        foresee.compare(self.model, here, action, there, felt)
        return float(felt[0]), bool(felt[1]), bool(felt[2])


def resonances(felt, centres, width):
    """exp(-|f - c|^2 / 2 width^2), float64 [places, centres]."""
    apart = (felt**2).sum(axis=1)[:, None] + (centres**2).sum(axis=1) - 2 * felt @ centres.T
    return np.exp(-0.5 * np.maximum(apart, 0) / width**2)
