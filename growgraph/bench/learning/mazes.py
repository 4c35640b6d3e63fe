"""Mazes with walls that can be closed: worlds that need nothing installed."""

from types import SimpleNamespace

import numpy as np

MOVES = np.array([[0, -1], [1, 0], [0, 1], [-1, 0]])  # left, down, right, up


class Maze:
    """A maze of n x n cells, numbered row by row, with walls that can be closed.

    Reward 1 and the end at the goal; an episode is cut off after ``limit`` steps.

    Parameters
    ----------
    n : int
    seed : int
    braid : float
        Share of the inner walls of a tree-like maze that are torn down.
    limit : int

    Examples
    --------
    >>> maze = Maze(4, seed=1)
    >>> maze.shortest()
    12
    """

    def __init__(self, n=12, *, seed=0, braid=0.25, limit=10_000):
        self.n, self.limit, self.start, self.goal = n, limit, 0, n * n - 1
        self.observation_space = SimpleNamespace(n=n * n, shape=())
        self.action_space = SimpleNamespace(n=4, shape=())
        rng = np.random.default_rng(seed)
        self.open = np.zeros((n * n, 4), bool)
        seen, path = {0}, [0]
        while path:
            ways = [a for a in range(4) if self._beside(path[-1], a) not in {*seen, None}]
            if not ways:
                path.pop()
                continue
            way = int(rng.choice(ways))
            to = self._beside(path[-1], way)
            self.set_wall(path[-1], way, closed=False)
            seen.add(to)
            path.append(to)
        for cell in range(n * n):
            for way in (1, 2):
                if self._beside(cell, way) is not None and rng.random() < braid:
                    self.set_wall(cell, way, closed=False)
        self.cell = self.steps = 0

    def _beside(self, cell, way):
        row, column = np.array(divmod(cell, self.n)) + MOVES[way]
        inside = 0 <= row < self.n and 0 <= column < self.n
        return int(row * self.n + column) if inside else None

    def set_wall(self, cell, way, *, closed=True):
        """Close or open the wall between a cell and the one beside it."""
        self.open[cell, way] = self.open[self._beside(cell, way), (way + 2) % 4] = not closed

    def distances(self, to):
        """Steps to a cell from each; inf where there is no way."""
        away = np.full(self.n**2, np.inf)
        away[to], edge = 0, [to]
        while edge:
            cell = edge.pop(0)
            for way in np.flatnonzero(self.open[cell]):
                beside = self._beside(cell, way)
                if away[beside] == np.inf:
                    away[beside] = away[cell] + 1
                    edge.append(beside)
        return away

    def shortest(self, start=None, goal=None):
        """Steps of the shortest way."""
        return int(self.distances(self.goal if goal is None else goal)[start or self.start])

    def close_on_the_way(self):
        """Close the wall nearest to the middle of a shortest way that leaves another.

        Returns
        -------
        int
            The cell before it.
        """
        cell, away = self.start, self.distances(self.goal)
        route = []
        while cell != self.goal:
            way = next(w for w in range(4) if self.open[cell, w]
                       and away[self._beside(cell, w)] < away[cell])  # fmt: skip
            route.append((cell, way))
            cell = self._beside(cell, way)
        middle = len(route) / 2
        for _, (cell, way) in sorted(enumerate(route), key=lambda i: abs(i[0] - middle)):
            self.set_wall(cell, way)
            if np.isfinite(self.distances(self.goal)[self.start]):
                return cell
            self.set_wall(cell, way, closed=False)
        raise AssertionError("every wall would close the maze: take another seed")

    def reset(self, seed=None):
        """To the start."""
        self.cell, self.steps = self.start, 0
        return self.cell, {}

    def step(self, action):
        """Go left, down, right or up, or against a wall."""
        if self.open[self.cell, action]:
            self.cell = self._beside(self.cell, action)
        self.steps += 1
        ended = self.cell == self.goal
        return self.cell, float(ended), ended, self.steps >= self.limit, {}
