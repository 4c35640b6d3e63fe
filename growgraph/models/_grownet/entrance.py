"""The sense of a GrowNet: columns as scaled inputs, categories and gaps as inputs of their own."""

import numpy as np

from growgraph.models._sights import PlainTable

_REACH = 6.0  # inputs are clipped there, in spreads
_PIECE = 4096  # rows searched at a time for what needs an input


class Entrance(PlainTable):
    """A table's columns, scaled so that all rows known when it settles lie within the clip.

    The spread of a column is its standard deviation, or a sixth of its farthest value where that
    is more: a rare large value then does not lose its place.
    """

    infancy = 256  # rows of a stream that settle the scales

    def _check_width(self):
        """As many columns as there are: nothing is kept for each pair of them in Table."""

    def settle(self, graph, rows):
        """Take centre and spread of the numeric columns from these rows."""
        super().settle(graph, rows)
        with np.errstate(over="ignore", invalid="ignore"):
            far = np.fmax(self.reach[1] - self.centre, self.centre - self.reach[0]) / _REACH
        awake = self.spread > 0
        self.spread[awake] = np.fmax(self.spread, far)[awake]
        self._write_scale(graph)

    def bear_all(self, graph, controller, rows, first=0):
        """Grow the inputs that any of these rows needs, in their sequence; returns how many."""
        count = at = 0
        while at < len(rows):
            stop = min(len(rows), at + _PIECE)
            row = self.unborn(rows, at, stop)
            if row < stop:
                when = {"step": first + row, "sample": first + row}
                count += self.give_birth(graph, controller, rows, row, **when)
                row += 1
            at = row
        return count

    def meet(self, graph, controller, rows, first):
        """The same row after row, each watched before the next, as a stream is; how many inputs."""
        count = at = 0
        while at < len(rows):
            stop = min(len(rows), at + _PIECE)
            row = self.unborn(rows, at, stop)
            if row == at:
                when = {"step": first + at, "sample": first + at}
                count += self.give_birth(graph, controller, rows, at, **when)
                row = max(self.unborn(rows, at, stop), at + 1)
            self.watch(rows[at:row])
            at = row
        return count

    def _new_ground(self, numbers):
        """None while nothing is settled: the scales will take all of it in."""
        if not self.spread.any():
            return np.zeros((2, *numbers.shape), bool)
        return super()._new_ground(numbers)
