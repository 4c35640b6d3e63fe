"""Columns of a table that come when others have been learnt: until then they were missing, exactly.

A column of categories grows an input a category, as any does. A column of numbers grows an input
that says "there is a number" at its first cell; once 16 cells have told their scale, two more: z in
that scale, and what of z is above 0. All are 0 where the column is missing, so that rows without
it, those learnt before included, look to the graph as if the column had never come.
"""

from copy import copy

import numpy as np

from growgraph.kernels.table import FAR, NEW_GROUND
from growgraph.senses.categories import Categories

CELLS = 16  # that tell the scale of a column of numbers
THERE, SCALED, BENT = "there", "scaled", "above its mean"  # inputs of such a column
_SAME = 1e-13  # relative: smaller steps are rounding


class Arrivals(Categories):
    """Born inputs of a table's columns, of those that came later too.

    Parameters
    ----------
    columns : dict of str to bool
        Those of the first table: name, and whether the column holds categories.
    most : int
        Inputs that columns of categories, and those that come later, may grow together.
    """

    def __init__(self, columns, most):
        super().__init__(columns, most)
        self.numeric = [name for name, categorical in columns.items() if not categorical]
        self.early = d = len(self.numeric)  # columns of numbers that the first table had
        self.late: tuple = ()  # names of all columns that came later
        self.centre, self.spread = np.zeros(d), np.zeros(d)  # spread 0: the column sleeps
        self.met = np.zeros(d, bool)
        self.stir = np.zeros((d, 2))  # rows and squared distance from the centre while asleep
        self.reach = np.full((2, d), np.nan)  # least and greatest value shown
        self.knots = np.empty((0, 4))  # place among the born inputs, column, edge, signed width
        self.cells = np.empty((0, CELLS))  # the last of each late column of numbers while asleep

    @property
    def first(self):
        """Columns of the first table, and whether each holds categories."""
        return {name: text for name, text in self.columns.items() if name not in self.late}

    def with_columns(self, found):
        """The same sense once it knows these columns too; this one stays as it is.

        Parameters
        ----------
        found : dict of str to bool
            Names, and whether each holds categories.
        """
        sense, more = copy(self), sum(not text for text in found.values())
        sense.columns = self.columns | found
        sense.numeric = self.numeric + [name for name, text in found.items() if not text]
        sense.late = (*self.late, *found)
        sense.centre, sense.spread = (np.pad(a, (0, more)) for a in (self.centre, self.spread))
        sense.met, sense.stir = np.pad(self.met, (0, more)), np.pad(self.stir, ((0, more), (0, 0)))
        for name, pad in (("reach", ((0, 0), (0, more))), ("cells", ((0, more), (0, 0)))):
            setattr(sense, name, np.pad(getattr(self, name), pad, constant_values=np.nan))
        return sense

    def knows(self, name):
        """True for a column that has inputs, or had a place when learning began."""
        return name in self.columns or any(key[0] == name for key in self.born)

    def latecomers(self):
        """Late columns of numbers: (place among the columns of numbers, name)."""
        return [(i, self.numeric[i]) for i in range(self.early, len(self.numeric))]

    def place_of(self, name, what):
        """Place of an input of a late column of numbers among all inputs, None before its birth."""
        place = self.born.get((name, what))
        return None if place is None else self.early + place

    # ---- births ---------------------------------------------------------------------------------
    def _arrivals(self, numbers):
        """Which cells of late columns of numbers need an input: bool [rows, late columns]."""
        out = np.zeros((len(numbers), len(self.numeric) - self.early), bool)
        for j, (i, name) in enumerate(self.latecomers()):
            there = ~np.isnan(numbers[:, i])
            if (name, THERE) not in self.born:
                out[:, j] = there & (self.most - self._n_told - self._kept >= 3)
            elif (name, SCALED) not in self.born:
                out[there, j] = _told_before(self.cells[j], numbers[there, i])
        return out

    def _why_born(self, key):
        """The cause of an input of a key, for the log."""
        comes = key[0] in self.late and not any(name == key[0] for name, _ in self.born)
        return "new column" if comes else super()._why_born(key)

    def _enrol(self, key):
        super()._enrol(key)
        if key[1] == THERE and self.columns.get(key[0]) is False:
            self._n_told += 3  # room for all its inputs is taken at once

    # ---- scales ---------------------------------------------------------------------------------
    def _gather(self, numbers):
        """Keep the last cells of late columns whose scale is not told yet."""
        for j, (i, _) in enumerate(self.latecomers()):
            if self.spread[i] == 0:
                held = np.append(self.cells[j], numbers[~np.isnan(numbers[:, i]), i])
                self.cells[j] = held[-CELLS:]

    def _take_scale(self, i, values):
        """Centre and spread of a column of numbers are those of these values."""
        self.met[i], self.centre[i] = True, values.mean()
        away = np.abs(values - self.centre[i])
        unit = max(float(away.max()), 1e-300)  # squares of 1e-200 or 1e200 are no numbers
        self._stretch(i, unit * np.sqrt(((away / unit) ** 2).mean()))

    def _stretch(self, i, spread):
        if spread > 1e-14 * abs(self.centre[i]) + 1e-300:  # more than rounding
            self.spread[i] = spread

    def beyond(self, numbers):
        """Which values lie as far outside all their column has shown as new ground does."""
        low, high = self.reach
        far = NEW_GROUND * (high - low)
        with np.errstate(invalid="ignore"):
            outside = (low - numbers > far) | (numbers - high > far)
        return outside & (self.spread > 0) & (far > 0)

    # ---- values ---------------------------------------------------------------------------------
    def _fill_late(self, out, numbers):
        """Values of the inputs of late columns of numbers, before shift and scale."""
        for i, name in self.latecomers():
            x, there = numbers[:, i], self.place_of(name, THERE)
            if there is not None:
                out[:, there] = np.where(np.isnan(x), -1, 0)  # -1 enters as 0, and 0 as 1
            place = self.place_of(name, SCALED)
            if place is not None:
                out[:, place] = within(x, self.centre[i], self.spread[i])

    def blank(self):
        """The value of each input, before the gate, that enters as 0."""
        out = np.zeros(self.early + len(self.born))
        out[: self.early] = np.where(self.spread > 0, self.centre, 0)[: self.early]
        self._fill_late(out[None], np.full((1, len(self.numeric)), np.nan))
        out[self.early + self.knots[:, 0].astype(np.int64)] = self.knots[:, 2]
        return out


def _told_before(cells, values):
    """Before which of these values the last cells have told a scale: bool [values]."""
    line = np.append(cells, values)
    with np.errstate(invalid="ignore"):
        steps = np.abs(np.diff(line)) > _SAME * np.abs(line[1:])
    steps = np.concatenate([[0], np.cumsum(steps)])
    at = CELLS + np.arange(values.size)
    varied = steps[at - 1] > steps[at - CELLS]
    return varied & ~np.isnan(line[at - CELLS])


def within(x, centre, spread):
    """x, where it is missing the centre, never so far away that float32 could not hold it."""
    far = FAR * spread
    return np.clip(np.where(np.isnan(x), centre, x), centre - far, centre + far)
