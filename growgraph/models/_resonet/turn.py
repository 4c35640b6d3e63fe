"""What would turn an answer: the smallest change found after which the model says the rival."""

import numpy as np

from growgraph.models._resonet.imagine import Frame, own_units, parts_of
from growgraph.senses.categories import OTHER
from growgraph.senses.columns import Rows

_STEPS = 16  # values tried on either side of a number
_HALVINGS = 12
_MOST_COLUMNS = 24  # tried alone: those that differ most from what the rival expects
_TOGETHER = 8  # columns changed at once, at most
_CATEGORY = 1.0  # a change of category counts as one spread


def turn(core, rows, answer, rival):
    """The smallest change found that makes the rival win, confirmed by the model; None if none.

    Parameters
    ----------
    core : Core
    rows
        One sample as the sense reads it.
    answer, rival : int
        Numbers of classes in the sequence of arrival.

    Returns
    -------
    dict or None
        ``changes``: a list of columns with the values they ``had`` and would have to have (``to``),
        or of windows with the ``share`` of the way to what the rival expects there;
        ``size``: how far, in spreads of the columns, or the share of the whole way.
    """
    way = _Columns if core.sense.kind == "table" else _Windows
    return way(core, rows, answer, rival).smallest()


class _Columns:
    """Changes of a table's row. A change is a dict column -> value; None: the cell is missing."""

    def __init__(self, core, rows, answer, rival):
        self.core, self.rows, self.rival = core, rows, rival
        sense = self.sense = core.sense
        F, missing = parts_of(core, rows)
        self.expected = own_units(core, Frame(core, rival).settle(F, missing)[0][0])
        self.now: dict = {
            name: float(v) for name, v in zip(sense.numeric, rows.numbers[0], strict=True)
        }
        self.now |= {name: None for name, v in self.now.items() if np.isnan(v)}
        for _, (name, value) in rows.marks:
            self.now[name] = value
        self.met: dict = {name: [] for name in sense.columns if name not in sense.numeric}
        for name, value in sense.born:
            if name in self.met and value != OTHER:
                self.met[name].append(value)

    def wins(self, changes):
        """Whether the rival is the answer after each change; and by how much it leads."""
        if not changes:
            return np.zeros(0, bool), np.zeros(0)
        sense, marks = self.sense, []
        numbers = np.repeat(self.rows.numbers, len(changes), axis=0)
        for row, change in enumerate(changes):
            for name, value in (self.now | change).items():
                if name in sense.numeric:
                    numbers[row, sense.numeric.index(name)] = np.nan if value is None else value
                if name not in (sense.late if value is None else sense.numeric):
                    marks.append((row, (name, value)))
        scores = self.core.scores(Rows(numbers, marks))
        others = np.delete(scores, self.rival, axis=1).max(axis=1)
        return scores[:, self.rival] > others, scores[:, self.rival] - others

    def size(self, change):
        """How far a change goes, in spreads."""
        total = 0.0
        for name, value in change.items():
            if name in self.sense.numeric and self.now[name] is not None:
                spread = self.sense.spread[self.sense.numeric.index(name)]
                total += abs(value - self.now[name]) / spread
            else:
                total += _CATEGORY
        return total

    def alone(self):
        """Changes of one column."""
        changes, sense = [], self.sense
        late = [name for i, name in sense.latecomers() if sense.spread[i] > 0]
        for name in self._differing() + late:
            i = sense.numeric.index(name)
            low, high = sense.reach[0, i], sense.reach[1, i]
            x = self.now[name]
            if x is None:
                changes += [{name: float(v)} for v in np.linspace(low, high, 2 * _STEPS)]
            else:
                low, high = min(low, x), max(high, x)
                share = np.arange(1, _STEPS + 1) / _STEPS
                changes += [{name: float(x + s * (end - x))} for end in (low, high) for s in share]
        for name, values in self.met.items():
            changes += [{name: v} for v in values if v != self.now.get(name)]
        return [change for change in changes if self.size(change) > 0]

    def _differing(self):
        """Numeric columns that are awake, those first that the rival expects to be otherwise.

        Concepts expect nothing of columns that came late.
        """
        early = self.sense.numeric[: self.sense.early]
        spread = self.sense.spread[: len(early)]
        x = np.array([np.inf if self.now[n] is None else self.now[n] for n in early])
        far = np.abs(self.expected - x) / np.where(spread > 0, spread, np.inf)
        order = np.argsort(-far, kind="stable")[:_MOST_COLUMNS]
        return [early[i] for i in order.tolist() if spread[i] > 0]

    def together(self):
        """Changes of ever more columns, each time the one more that helps the rival most."""
        change: dict = {}
        offers = [{n: float(self.expected[self.sense.numeric.index(n)])} for n in self._differing()]
        offers += [{n: v} for n, values in self.met.items() for v in values]
        offers = [offer for offer in offers if self.size(offer) > 0]
        while offers and len(change) < _TOGETHER:
            won, lead = self.wins([change | offer for offer in offers])
            best = int(np.argmax(lead))
            change = change | offers[best]
            if won[best]:
                return [change]
            offers = [offer for offer in offers if not offer.keys() & change.keys()]
        return []

    def smallest(self):
        """The smallest change of one column, else of several, as little of the way as will do."""
        for changes in (self.alone(), self.together()):
            won, _ = self.wins(changes)
            winning = [change for change, w in zip(changes, won, strict=True) if w]
            if winning:
                return self._told(self._shortened(min(winning, key=self.size)))
        return None

    def _shortened(self, change):
        """The least share of the way at which the rival still wins, by halving."""
        low, high, best = 0.0, 1.0, change
        for _ in range(_HALVINGS):
            share = (low + high) / 2
            tried = {name: self._part(name, value, share) for name, value in change.items()}
            if self.wins([tried])[0][0]:
                high, best = share, tried
            else:
                low = share
        return best

    def _part(self, name, value, share):
        """So much of the way from what a column has to a value; a category goes all the way."""
        if name not in self.sense.numeric or self.now[name] is None or value is None:
            return value
        return self.now[name] + share * (value - self.now[name])

    def _told(self, change):
        changes = [{"column": n, "had": self.now.get(n), "to": v} for n, v in change.items()]
        return {"changes": changes, "size": float(self.size(change))}


class _Windows:
    """Changes of an image: windows whose parts go some of the way to what the rival expects."""

    def __init__(self, core, rows, answer, rival):
        self.core, self.rival = core, rival
        self.values = core.sense.values(core.graph, rows)
        F, missing = parts_of(core, rows)
        self.step = (Frame(core, rival).settle(F, missing)[0] - F)[0]
        self.win = core.concepts.win

    def wins(self, tried):
        """Whether the rival is the answer after each (windows, share); and by how much it leads."""
        batch = np.repeat(self.values, len(tried), axis=0)
        for row, (windows, share) in zip(batch, tried, strict=True):
            places = np.unique(self.win[list(windows)])
            row[places] += share * self.step[places]
        graph, inputs = self.core.graph, self.core.sense.inputs(self.core.graph)
        scores = graph.forward(batch, inputs=inputs, outputs=self.core.answering)
        others = np.delete(scores, self.rival, axis=1).max(axis=1)
        return scores[:, self.rival] > others, scores[:, self.rival] - others

    def smallest(self):
        """The fewest windows, each time the one more that helps the rival most."""
        windows: tuple = ()
        while len(windows) < len(self.win):
            offers = [(*windows, w) for w in range(len(self.win)) if w not in windows]
            won, lead = self.wins([(offer, 1.0) for offer in offers])
            windows = offers[int(np.argmax(lead))]
            if won[int(np.argmax(lead))]:
                return self._shortened(windows)
        return None

    def _shortened(self, windows):
        low, high = 0.0, 1.0
        for _ in range(_HALVINGS):
            share = (low + high) / 2
            low, high = (low, share) if self.wins([(windows, share)])[0][0] else (share, high)
        names = self.core.sense.window_names(self.core.graph)
        changes = [{"window": names[w], "share": high} for w in sorted(windows)]
        moved = np.unique(self.win[list(windows)])
        whole = float((self.step**2).sum())
        size = high * float(np.sqrt((self.step[moved] ** 2).sum() / max(whole, 1e-300)))
        return {"changes": changes, "size": size}
