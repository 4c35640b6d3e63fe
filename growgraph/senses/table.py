"""The sense for tables: columns of numbers and categories -> scaled inputs, bends, landmarks.

A numeric column is an input that enters as z = clip((x - centre) / spread, -6, 6). Both
are those of the first 64 rows (labels unseen) and stay: a statistic that moves would make old
evidence mean something else. A column that has not varied yet sleeps at z = 0 and wakes at the next
multiple of 64 rows after it does. A missing cell is z = 0 and, from its first appearance on, an
input of its own; so is each category: 0 until then, so that its history is exact. Categories
beyond 64 of a column, or what all columns have room for (:mod:`.categories`), share the input
"(other)" of their column; where there is no room for that either, they are ignored. Columns that
come later, numbers or categories, grow inputs of their own (:mod:`.arrivals`). New
ground, a value far outside all a column has shown, grows an input that is 0 up to the old edge.
Beside z the readout hears |z| and landmarks, relu nodes of random directions drawn before any data
(random features, Rahimi and Recht 2008).
"""

import numpy as np

from growgraph._random import generator
from growgraph.errors import DataError
from growgraph.growth.proposal import NewNode, Proposal
from growgraph.kernels.table import HUGE, NEW_GROUND
from growgraph.senses.arrivals import BENT, SCALED, THERE, Arrivals, within
from growgraph.senses.categories import MOST_INPUTS
from growgraph.senses.columns import Rows, as_columns, as_numbers, category, is_categorical, listed

_CLIP = 6.0
_LANDMARKS = 128
_GAIN = 0.6  # linear evidence is cheaper than bent: the ridge sees smaller landmarks
_MOST_BENDS = 256  # wider tables go without |z|
_MOST_EVIDENCE = 4096
_MOST_KNOTS = 4  # inputs of new ground, on either side of a column

# chosen on validation tables (ARCHITECTURE.md, "ResoNet")
SETTINGS = {"kappa": 5.0, "resonant": 64.0, "alpha": 1.0, "ridge": 3e-4, "ridge_n": 120.0,
            "ridge_power": 2.0, "ridge_cap": 0.5, "most": 8, "solve_ratio": 1.02,
            "exact": 500}  # fmt: skip

_ARRAYS = ("centre", "spread", "met", "stir", "reach", "knots", "cells")


class Table(Arrivals):
    """The sense of :class:`growgraph.ResoNet` for tables.

    Parameters
    ----------
    columns : dict of str to bool
        Name of each column and whether it holds categories.
    seed : int
    most : int, optional
        Inputs that all columns of categories together may grow, see :func:`most_inputs`.
    """

    kind = "table"
    infancy = 64  # rows that settle the scales

    def __init__(self, columns, seed, most=MOST_INPUTS):
        super().__init__(columns, most)
        self.seed = seed
        self.settings = dict(SETTINGS)
        self._check_width()

    def anew(self):
        """A sense of the same columns that has seen nothing."""
        sense = type(self)(self.first, self.seed, self.most)
        return sense.with_columns({name: self.columns[name] for name in self.late})

    def _check_width(self):
        """Raise if there are more columns than the evidence of them fits."""
        d = len(self.numeric)
        if 2 * d + _LANDMARKS > _MOST_EVIDENCE:
            raise DataError(
                f"X has {d} numeric columns; at most {(_MOST_EVIDENCE - _LANDMARKS) // 2} fit: "
                "leave columns out, or give images as image_shape="
            )

    # ---- birth ----------------------------------------------------------------------------------
    def grow(self, graph, controller):
        """Grow the nodes that need no data: inputs, |z|, landmarks."""
        z = self._grow_inputs(graph, controller, self.numeric[: self.early])
        graph.groups["parts"] = z
        graph.groups["bends"] = self._grow_bends(graph, controller, z)
        graph.groups["landmarks"] = self._grow_landmarks(graph, controller, z)
        graph.groups["born"] = np.empty(0, np.int64)
        graph.groups["evidence"] = np.concatenate(
            [z, graph.groups["bends"], graph.groups["landmarks"]]
        )
        self._write_scale(graph)

    @staticmethod
    def _grow_inputs(graph, controller, names, cause="birth", low=-_CLIP, **when):
        nodes = tuple(
            NewNode(role="input", kind="input", activation="clip", p0=low, p1=_CLIP, name=name)
            for name in names
        )
        ids = controller.grow(graph, Proposal(1.0, nodes), rule="Sense", cause=cause,
                              intention="see", **when)  # fmt: skip
        return np.array(ids, np.int64)

    @staticmethod
    def _grow_bends(graph, controller, z):
        if z.size > _MOST_BENDS:
            return np.empty(0, np.int64)
        nodes = tuple(
            NewNode((int(i),), (1.0,), activation="abs", name=f"|{graph.names[int(i)]}|") for i in z
        )
        ids = controller.grow(graph, Proposal(1.0, nodes), rule="Sense", cause="birth",
                              intention="see")  # fmt: skip
        return np.array(ids, np.int64)

    def _grow_landmarks(self, graph, controller, z):
        rng = generator(self.seed, "landmark")
        bias = (_GAIN * rng.standard_normal(_LANDMARKS)).tolist()
        W = _GAIN * rng.standard_normal((z.size, _LANDMARKS)) / np.sqrt(max(z.size, 1))
        nodes = tuple(
            NewNode(tuple(z.tolist()), tuple(W[:, j].tolist()), activation="relu", bias=bias[j],
                    name=f"landmark {j}")
            for j in range(_LANDMARKS)
        )  # fmt: skip
        ids = controller.grow(graph, Proposal(1.0, nodes), rule="Dream", cause="dream",
                              intention="see")  # fmt: skip
        return np.array(ids, np.int64)

    # ---- reading --------------------------------------------------------------------------------
    @staticmethod
    def columns_of(X):
        """Names of the columns of X and whether each holds categories."""
        table = as_columns(X)
        return {name: is_categorical(values) for name, values in table.items()}

    def read(self, X):
        """X in the form this sense works on, see :class:`Rows`.

        Columns are known by their names; those of arrays, which scikit-learn has counted, by their
        place among those of the first table.
        """
        if (
            type(X) is np.ndarray
            and X.dtype == np.float64
            and X.shape[1] == len(self.numeric) == (len(self.columns))
        ):  # nothing to be sorted out
            self._check_size(X)
            marks = [(row, (self.numeric[i], None)) for row, i in np.argwhere(np.isnan(X)).tolist()]
            return Rows(X.copy(), marks)
        table = as_columns(X)
        first = self.first
        if not isinstance(X, dict) and not hasattr(X, "iloc") and len(table) == len(first):
            table = dict(zip(first, table.values(), strict=True))
        batch = len(next(iter(table.values()))) if table else 0
        numbers = np.full((batch, len(self.numeric)), np.nan)
        marks = []
        for name, values in table.items():
            text = self.columns.get(name)
            if is_categorical(values) if text is None else text:
                cells = [(i, (name, category(name, v))) for i, v in enumerate(values)]
                late = name in self.late  # of which no cell says that it is missing
                marks += [cell for cell in cells if cell[1][1] is not None] if late else cells
            elif name in self.columns:
                numbers[:, self.numeric.index(name)] = as_numbers(name, values)
            else:
                raise DataError(
                    f"column {name!r} was not there when learning began: drop it, or learn anew "
                    f"with all columns (known: {listed(self.columns)})"
                )
        self._check_size(numbers)
        for row, column in np.argwhere(np.isnan(numbers[:, : self.early])).tolist():
            marks.append((row, (self.numeric[column], None)))
        for name, categorical in first.items():
            if categorical and name not in table:
                marks += [(i, (name, None)) for i in range(batch)]
        return Rows(numbers, sorted(marks, key=lambda m: m[0]))

    def _check_size(self, numbers):
        """Raise where the sums over a column would leave the numbers of float64."""
        huge = np.argwhere(np.abs(numbers) > HUGE)
        if huge.size:
            row, column = huge[0].tolist()
            raise DataError(
                f"column {self.numeric[column]!r} contains {numbers[row, column]:g} at row {row}: "
                f"at most {HUGE:g} fits; scale the column down"
            )

    # ---- growing inputs -------------------------------------------------------------------------
    def unborn(self, rows, start, stop):
        """First row in start .. stop with a cell that needs an input not yet born, else stop."""
        for i in range(rows.first_mark(start), rows.first_mark(stop)):
            row, key = rows.marks[i]
            if self.is_new(key):
                stop = row
                break
        new = self._new_ground(rows.numbers[start:stop]).any(axis=(0, 2))
        if self.late:
            new |= self._arrivals(rows.numbers[start:stop]).any(axis=1)
        return start + int(new.argmax()) if new.any() else stop

    def _new_ground(self, numbers):
        """Which values lie far below, far above all before them: bool [2, rows, columns]."""
        if not self.beyond(numbers).any():
            return np.zeros((2, *numbers.shape), bool)
        low, high = self.reach
        awake = (self.spread > 0) & (NEW_GROUND * (high - low) > 0)
        low = np.fmin.accumulate(np.vstack([low, numbers[:-1]]))
        high = np.fmax.accumulate(np.vstack([high, numbers[:-1]]))
        far = NEW_GROUND * (high - low)
        side, column = (self.knots[:, 3] > 0).astype(np.int64), self.knots[:, 1].astype(np.int64)
        grown = np.zeros((2, numbers.shape[1]))
        grown[1, self.early :] -= self.spread[self.early :] > 0  # the bend is no new ground
        np.add.at(grown, (side, column), 1)
        grown = grown[:, None]
        outside = np.stack([low - numbers > far, numbers - high > far])
        return outside & awake & (grown < _MOST_KNOTS)

    def give_birth(self, graph, controller, rows, row, **when):
        """Grow the inputs a row needs; returns how many."""
        count = 0
        for i in range(rows.first_mark(row), rows.first_mark(row + 1)):
            if self.is_new(rows.marks[i][1]):
                name, value = key = self._key(rows.marks[i][1])
                text = f"{name} is missing" if value is None else f"{name} = {value}"
                when["cause"] = self._why_born(key)
                self._grow_born(graph, controller, key, text, **when)
                count += 1
        numbers = rows.numbers[row : row + 1]
        for j in np.flatnonzero(self._arrivals(numbers)).tolist():
            if self._arrivals(numbers)[0, j]:  # the ones before may have taken the room
                count += self._grow_late(graph, controller, self.early + j, when)
        for side, _, i in np.argwhere(self._new_ground(numbers)).tolist():
            self._grow_knot(graph, controller, side, i, rows.numbers[row, i], when)
            count += 1
        return count

    def _grow_late(self, graph, controller, i, when):
        """What a column of numbers that came late grows next; returns how many inputs."""
        name, cause = self.numeric[i], "the scale of a new column is known"
        if (name, THERE) not in self.born:
            when = {**when, "cause": "new column", "low": 0.0, "bent": False}
            self._grow_born(graph, controller, (name, THERE), f"{name} is there", **when)
            return 1
        self._take_scale(i, self.cells[i - self.early])
        if not self.spread[i]:
            return 0
        self._grow_born(graph, controller, (name, SCALED), name, **{**when, "cause": cause})
        bend = [len(self.born), i, self.centre[i], self.spread[i]]
        self.knots = np.vstack([self.knots, bend])
        when = {**when, "cause": cause, "low": 0.0, "bent": False}
        self._grow_born(graph, controller, (name, BENT), f"{name} {BENT}", **when)
        return 2

    def _grow_knot(self, graph, controller, side, i, x, when):
        """An input that is 0 wherever column i has been so far, and 1 at its new value x."""
        name, edge = self.numeric[i], self.reach[side, i]
        beyond = "above" if side else "below"
        self.knots = np.vstack([self.knots, [len(self.born), i, edge, x - edge]])
        self.reach[side, i] = x
        when = {**when, "cause": "new ground", "low": 0.0}
        key = (name, f"{beyond} {float(edge)!r}")
        self._grow_born(graph, controller, key, f"{name} {beyond} {edge:.4g}", **when)

    def _grow_born(self, graph, controller, key, text, cause, low=-_CLIP, bent=True, **when):
        """An input; ``bent``: landmarks read it, too."""
        rng = generator(self.seed, f"landmark of {key[0]}={key[1]}")
        new = self._grow_inputs(graph, controller, [text], cause=cause, low=low, **when)
        marks = graph.groups["landmarks"][: None if bent else 0]
        wide = len(self.columns) - len(self.late)
        w = _GAIN * rng.standard_normal(marks.size) / np.sqrt(max(wide, 1))
        edges = tuple((int(new[0]), int(m), float(x)) for m, x in zip(marks, w, strict=True))
        classes = graph.groups.get("classes", np.empty(0, np.int64))
        edges += tuple((int(new[0]), int(c), 0.0) for c in classes)
        controller.grow(graph, Proposal(1.0, edges=edges), rule="Sense", cause=cause,
                        intention="see", **when)  # fmt: skip
        self._enrol(key)
        graph.groups["born"] = np.append(graph.groups["born"], new)
        self._write_scale(graph)

    # ---- scales ---------------------------------------------------------------------------------
    def settle(self, graph, rows):
        """Take centre and spread of the numeric columns from these rows."""
        for i in range(self.early):
            values = rows.numbers[:, i]
            values = values[~np.isnan(values)]
            if values.size:
                self._take_scale(i, values)
        self.widen(rows.numbers)
        self._write_scale(graph)

    def widen(self, numbers):
        """Follow what the columns have shown."""
        with np.errstate(invalid="ignore"):
            inside = (numbers >= self.reach[0]) & (numbers <= self.reach[1])
        if inside.all():
            return
        low, high = (np.vstack([reach, numbers]) for reach in self.reach)
        self.reach = np.stack([np.fmin.reduce(low), np.fmax.reduce(high)])

    @property
    def sleeps(self):
        """True while a column has not varied yet."""
        return not self.spread[: self.early].all()

    def watch(self, rows):
        """Follow the columns, row after row, so that cuts do not matter."""
        self.widen(rows.numbers)
        self._gather(rows.numbers)
        for i in np.flatnonzero(self.spread[: self.early] == 0):
            values = rows.numbers[:, i]
            values = values[~np.isnan(values)]
            if values.size and not self.met[i]:
                self.met[i], self.centre[i] = True, values[0]
            steps = np.concatenate([[self.stir[i, 1]], (values - self.centre[i]) ** 2])
            self.stir[i] += values.size, 0
            self.stir[i, 1] = np.cumsum(steps)[-1]

    def stir_by(self, x):
        """The same of one row without gaps, for the columns that sleep."""
        for i in np.flatnonzero(self.spread[: self.early] == 0).tolist():
            if not self.met[i]:
                self.met[i], self.centre[i] = True, x[i]
            away = x[i] - self.centre[i]
            self.stir[i, 0] += 1
            self.stir[i, 1] += away * away

    def wake(self, graph):
        """Give a spread to the sleeping columns that have varied since the last call."""
        for i in np.flatnonzero(self.spread[: self.early] == 0):
            if self.stir[i, 0]:
                self._stretch(i, np.sqrt(self.stir[i, 1] / self.stir[i, 0]))
        self.stir[:] = 0
        self._write_scale(graph)

    def _write_scale(self, graph):
        scale, width = np.ones(graph.inputs.size), len(self.numeric)
        narrow = np.divide(1, self.spread, out=np.zeros(width), where=self.spread > 0)
        scale[: self.early] = narrow[: self.early]
        for i, name in self.latecomers():
            place = self.place_of(name, SCALED)
            if place is not None:
                scale[place] = narrow[i]
        scale[self.early + self.knots[:, 0].astype(np.int64)] = 1 / self.knots[:, 3]
        graph.set_input_scale(self.blank(), scale)

    # ---- what it offers -------------------------------------------------------------------------
    def windows(self, graph):
        """One window: all numeric columns."""
        return np.arange(self.early)[None]

    def window_names(self, graph):
        """The window, in words."""
        return ["the columns"]

    def floor(self, graph):
        """Energy of z before there are data: 1 a column."""
        return np.array([float(max(self.early, 1))])

    def inputs(self, graph):
        """The inputs that :meth:`values` stands for."""
        return graph.inputs

    def values(self, graph, rows):
        """Values of all inputs for rows, [batch, inputs]."""
        d, numbers = self.early, rows.numbers
        out = np.zeros((len(rows), d + len(self.born)))
        awake = self.spread[:d] > 0  # who sleeps says 0, whatever its centre is by now
        out[:, :d] = np.where(awake, within(numbers[:, :d], self.centre[:d], self.spread[:d]), 0)
        for row, key in rows.marks:
            place = self.born.get(self._key(key))
            if place is not None:
                out[row, d + place] = 1
        self._fill_late(out, numbers)
        for place, i, edge, width in self.knots.tolist():
            out[:, d + int(place)] = within(numbers[:, int(i)], edge, abs(width))
        return out

    # ---- files --------------------------------------------------------------------------------
    def to_state(self):
        """Arrays and plain values."""
        arrays = {k: getattr(self, k) for k in _ARRAYS}
        born = [[name, value] for name, value in self.born]
        plain = {"columns": self.columns, "seed": self.seed, "most": self.most, "born": born}
        return arrays, plain | {"late": list(self.late)}

    @classmethod
    def from_state(cls, arrays, plain):
        """Rebuild; see :meth:`to_state`."""
        columns, late = plain["columns"], plain.get("late", [])
        first = {name: text for name, text in columns.items() if name not in late}
        sense = cls(first, plain["seed"], plain.get("most", MOST_INPUTS))
        sense = sense.with_columns({name: columns[name] for name in late})
        for name in _ARRAYS:
            setattr(sense, name, ({"cells": sense.cells} | arrays)[name].copy())
        for name, value in plain["born"]:
            sense._enrol((name, value))
        sense.untold.clear()  # it was told before
        return sense
