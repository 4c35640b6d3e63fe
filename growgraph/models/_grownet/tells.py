"""What a GrowNet tells of itself: how sure, how strange, why, what for, what it is like."""

from typing import Any

import numpy as np

from growgraph._linalg import one_thread
from growgraph._validation import check_number
from growgraph.models._asked import Asked
from growgraph.models._grownet import errors
from growgraph.models._grownet.unit import WAYS
from growgraph.models._resonet.explain import _item, _why, nobody
from growgraph.models._told import Knowledge
from growgraph.models.base import (
    Expectation,
    Explanation,
    Reflection,
    check_one,
    one_sample,
    two_best,
)

_DOUBT = 0.9  # less confidence is doubt
_NOVEL = 8.0  # times the average distance of what was learnt
_TOLD = 5  # units and columns told


class Telling:
    """What classifier and regressor have in common."""

    _grown: Any
    _answering: Any
    _read_by: Any
    _said: Any
    _known: list

    def _values(self, X):
        """The core and the inputs of rows before the gate."""
        core = self._answering()
        return core, core.sense.values(core.body.graph, self._read_by(core.sense, X))

    def score_samples(self, X):
        """Familiarity of samples: higher = more familiar; about -1 on average of what was learnt.

        It is the negative of the leverage: how far a row's features lie from all that was summed
        up, by the ridge regression's own measure.
        """
        core, values = self._values(X)
        if core.flow is None or (core.flow.n == 0 and not len(core.flow.pending)):
            return np.full(len(values), -1.0)
        with one_thread():
            return -core.leverage(core.features(values).astype(np.float64))

    def explain(self, x):
        """Why this answer, what its units were grown for, what the sample is like.

        Parameters
        ----------
        x : array [columns] or [1, columns], or a table of one row

        Returns
        -------
        Explanation
            ``str()`` in words; ``data`` with answer, novelty, units (those that spoke most, where
            each was born, in what columns' values, from what tension), columns (what the
            linear stem says of each), like (nearest remembered rows), grown (units in all).

        Examples
        --------
        >>> import numpy as np
        >>> from growgraph import GrowNet
        >>> X = np.random.default_rng(0).uniform(-1, 1, (200, 2))
        >>> told = GrowNet().fit(X, X[:, 0] * X[:, 1] > 0).explain([0.5, 0.5])
        >>> told.data["answer"], told.data["grown"] > 0, len(told.data["units"]) > 0
        (True, True, True)
        """
        X = one_sample(x)
        core, values = self._values(X)
        check_one(values)
        data = self._why(X) | {"grown": int(core.body.units.size)}
        asked, against = data.pop("outputs")
        data["novelty"] = float(-self.score_samples(X)[0])
        data["units"], data["columns"] = _spoke(core, values, asked, against)
        data["nearest"] = _nearest(core, values)
        graph = core.body.graph
        of = Asked(self, graph, asked, x=x, inputs=graph.inputs, values=values[0])
        return Explanation(_in_words(data), data, of)

    _why: Any


def _spoke(core, values, asked, against):
    """Units and inputs that moved the answer (against its rival) most."""
    body = core.body
    graph = body.graph
    ids, weights, _ = graph.sources(asked)
    weights = weights.astype(np.float64)
    if against is not None:
        other = dict(zip(*(a.tolist() for a in graph.sources(against)[:2]), strict=True))
        weights = weights - np.array([other[i] for i in ids.tolist()])
        weights = weights / 2
    said = weights * body.activity(values, ids)[0]
    number = {int(u): i for i, u in enumerate(body.units.tolist())}
    order = np.argsort(-np.abs(said), kind="stable")
    units = [_unit(core, number[int(ids[i])], float(said[i]))
             for i in order if int(ids[i]) in number and said[i] != 0][:_TOLD]  # fmt: skip
    columns = [{"column": graph.names.get(int(ids[i]), ""), "spoke": float(said[i])}
               for i in order if int(ids[i]) not in number and said[i] != 0][:_TOLD]  # fmt: skip
    return units, columns


def _unit(core, i, spoke):
    """What is known of a unit: where it was born, and from what tension."""
    body = core.body
    node = int(body.units[i])
    before, after, later, gain = body.felt[i].tolist()
    place = body.place[i]
    born = {}
    for j in np.argsort(-np.abs(place), kind="stable")[:3].tolist():
        name = body.graph.names.get(int(body.graph.inputs[j]), f"input {j}")
        born[name] = float(core.remembered(place[None])[0, j])
    return {"node": node, "name": body.graph.names.get(node, ""), "spoke": spoke, "born_at": born,
            "sample": int(body.rows[i]), "tension": before, "after": after, "later": later,
            "gain": gain, "way": WAYS[int(body.ways[i])],
            "why": _why(body.graph, node)}  # fmt: skip


def _nearest(core, values, most=3):
    """Remembered rows nearest to this one: sample counter, target, distance in spreads."""
    memory = core.flow.memory
    if not len(memory.X):
        return []
    z = core.body.activity(values, core.body.graph.inputs)[0]
    gap = np.pad(memory.X, ((0, 0), (0, z.size - memory.X.shape[1]))) - z
    far = np.sqrt((gap.astype(np.float64) ** 2).sum(axis=1))
    task, found = core.body.task, []
    for i in np.argsort(far, kind="stable")[:most].tolist():
        if task.classes:
            was = _item(task.labels[int(memory.labels[i])])
        else:
            was = (memory.Y[i] * task.spread + task.centre).tolist()
            was = was[0] if task.flat else was
        found.append({"sample": int(memory.index[i]), "target": was, "distance": float(far[i])})
    return found


def _in_words(data):
    """An explanation as a few sentences: why, what for, what it is like."""
    head = f"answer {_short(data['answer'])}"
    if "confidence" in data:
        head += f" (confidence {data['confidence']:.2f}, {data['cause']})"
    lines, loud = [head], [*data["units"], *data["columns"]]
    loud = sorted(loud, key=lambda one: -abs(one["spoke"]))[:4]
    says = ", ".join(f"{one.get('name') or one.get('column')} {one['spoke']:+.2f}" for one in loud)
    lines.append(f"why: {says or 'nothing in this row speaks for or against it'}")
    if data["grown"] == 0:
        lines.append("what for: the linear stem suffices: nothing grown")
    elif not data["units"]:
        lines.append("what for: none of the units grown speaks here: the linear stem answers")
    for unit in data["units"][:2]:
        where = ", ".join(f"{name} = {value:.4g}" for name, value in unit["born_at"].items())
        now = "" if np.isnan(unit["later"]) else f", later {unit['later']:.2g}"
        lines.append(
            f"what for: {unit['name']} was born at {where} (sample {unit['sample']}), where "
            f"tension was {unit['tension']:.2g}{now}"
        )
    like = ", ".join(f"sample {r['sample']} ({_short(r['target'])}, {r['distance']:.2g} away)"
                     for r in data["nearest"])  # fmt: skip
    lines.append(f"what it is like: {like or 'no rows are remembered'}")
    return "\n".join(lines)


def _short(value):
    return f"{value:.6g}" if isinstance(value, float) else str(value)


class TellingClasses:
    """What a classifier tells."""

    _scores: Any
    _known: Any
    _answering: Any
    _grown: Any
    score_samples: Any
    classes_: Any

    @property
    def prequential_accuracy_(self):
        """Share of rows answered rightly that had not been learnt; NaN before there are any."""
        flow = self._grown().flow
        return float(flow.trace[1] / flow.trace[0]) if flow.trace[0] else float("nan")

    def _expected(self):
        """How many rows were answered before they were learnt, and how many of them wrongly."""
        answered, right, _ = self._grown().flow.trace.tolist()
        return answered, answered - right

    def _confidence(self, X, scores, t):
        """Share of right answers the record has for such margins."""
        if scores.shape[1] == 1:
            return np.ones(len(scores))
        ordered = np.sort(scores, axis=1)
        return self._answering().body.tasks[t].record.confidence(ordered[:, -1] - ordered[:, -2])

    def reflect(self, X):
        """Answer, confidence, novelty, cause and what it is like.

        Parameters
        ----------
        X
            As in :meth:`predict`.

        Returns
        -------
        Reflection
            The cause is "novel" where the row lies far from all that was learnt, "ambiguous" where
            such margins often went wrong, else "fine".

        Examples
        --------
        >>> import numpy as np
        >>> from growgraph import GrowNet
        >>> X = np.array([[0.0], [0.1], [1.0], [1.1]] * 20)
        >>> GrowNet().fit(X, [0, 0, 1, 1] * 20).reflect([[0.05]]).answer
        array([0])
        """
        scores, t = self._scores(X)
        confidence = self._confidence(X, scores, t)
        novelty = -self.score_samples(X)
        like = two_best(scores)
        cause = np.full(len(scores), "fine", dtype="<U13")
        cause[confidence < _DOUBT] = "ambiguous"
        cause[novelty > _NOVEL] = "novel"
        answer = self._known[t][like[:, 0]]
        return Reflection(answer, confidence, novelty, cause, self._known[t][like])

    def _why(self, X):
        """Answer and rival of one row, and the outputs that say so."""
        scores, t = self._scores(X)
        seen, core = self.reflect(X), self._answering()
        order = np.argsort(-scores[0], kind="stable")
        task, known = core.body.tasks[t], self._known[t]
        node = [task.outputs[task.labels.index(known[c])] for c in order[:2]]
        two = len(node) > 1
        return {
            "answer": _item(seen.answer[0]), "confidence": float(seen.confidence[0]),
            "cause": str(seen.cause[0]), "like": [_item(v) for v in seen.like[0]],
            "rival": _item(known[order[1]]) if two else None,
            "margin": float(scores[0, order[0]] - scores[0, order[1]]) / 2 if two else None,
            "outputs": (int(node[0]), int(node[1]) if two else None),
        }  # fmt: skip

    def knowledge(self):
        """What the model knows of each class of the last task.

        Returns
        -------
        Knowledge
            A structured array that prints as a table, one row a class: ``label, samples, accuracy``
            (on rows not learnt), ``last_seen, units`` (grown for it), ``rival`` (the class whose
            readout is most like its own).
        """
        core = self._answering()
        body, flow, task = core.body, core.flow, core.body.task
        label = self.classes_.dtype
        table = np.zeros(len(self.classes_), [
            ("label", label), ("samples", int), ("accuracy", float), ("last_seen", int),
            ("units", int), ("rival", label),
        ])  # fmt: skip
        counts = flow.counts + np.bincount(flow.pending_group, minlength=flow.counts.size)
        units = core.units_for()
        W = np.array([body.graph.weights(int(o)) for o in task.outputs], np.float64)
        for row, known in zip(table, self.classes_.tolist(), strict=True):
            c = task.labels.index(known)
            away = ((W - W[c]) ** 2).sum(axis=1)
            away[c] = np.inf
            rival = task.labels[int(away.argmin())] if len(away) > 1 else nobody(label)
            row["label"], row["samples"] = known, counts[c]
            row["accuracy"] = flow.tally[c, 0] / flow.tally[c, 2] if flow.tally[c, 2] else np.nan
            row["last_seen"], row["units"] = flow.tally[c, 1], units[c]
            row["rival"] = known if rival is None and label.kind != "said" else rival
        return table.view(Knowledge)


class TellingNumbers:
    """What a regressor tells."""

    _said: Any
    _grown: Any
    _answering: Any
    score_samples: Any

    @property
    def prequential_r2_(self):
        """Share of variance explained on rows not learnt; NaN before there are any."""
        flow = self._grown().flow
        return float(1 - flow.trace[1] / flow.trace[2]) if flow.trace[2] else float("nan")

    def _expected(self):
        """The spread of the targets answered before they were learnt, and the squared error."""
        _, missed, spread = self._grown().flow.trace.tolist()
        return spread, missed

    def reflect(self, X, share=0.9):
        """Answer, expected error, the interval the truth lies in, novelty and cause.

        Parameters
        ----------
        X
            As in :meth:`predict`.
        share : float in [0.5, 0.99], default 0.9
            Of rows whose truth is to lie in the interval.

        Returns
        -------
        Expectation
            Errors are those of rows that were answered before they were learnt (held-out folds of
            ``fit``, whole blocks of a stream); they are larger where a row is stranger, as the
            variance of ridge regression is. Beyond that the same is expected of all rows. The cause
            is "novel" where the row lies far from all that was learnt.

        References
        ----------
        Lei, G'Sell, Rinaldo, Tibshirani and Wasserman (2018), Distribution-free predictive
        inference for regression, section 2.2.

        Examples
        --------
        >>> import numpy as np
        >>> from growgraph import GrowNetRegressor
        >>> rng = np.random.default_rng(0)
        >>> X = rng.uniform(-1, 1, (300, 1))
        >>> y = 2 * X[:, 0] + rng.normal(0, 0.5, 300)
        >>> told = GrowNetRegressor(nets=1).fit(X[:200], y[:200]).reflect(X[200:])
        >>> inside = (told.low <= y[200:]) & (y[200:] <= told.high)
        >>> bool(inside.mean() > 0.8), bool((abs(told.error - 0.5) < 0.1).all())
        (True, True)
        """
        share = check_number("share", share, 0.5, 0.99)
        said, t = self._said(X)
        core, novelty = self._answering(), -self.score_samples(X)
        task, flow = core.body.tasks[t], core.flow
        known = 0 if flow is None else flow.n + len(flow.pending)
        wide = errors.widening(novelty, 1 + core.body.features.size, known)[:, None]
        spread = task.spread if task.spread.size else np.ones(said.shape[1])
        error = wide * spread * errors.usual(task.record)
        reach = wide * spread * errors.within(task.record, share)
        cause = np.where(novelty > _NOVEL, "novel", "fine")
        cause = np.where(np.isnan(error[:, 0]), "unknown", cause)
        answer, error, low, high = (
            a[:, 0] if task.flat else a for a in (said, error, said - reach, said + reach)
        )
        return Expectation(answer, error, low, high, novelty, cause)

    def _why(self, X):
        """Answer of one row, and the output that says so: of several the farthest from its mean."""
        said, t = self._said(X)
        task = self._answering().body.tasks[t]
        far = np.abs(said[0] - task.centre) / task.spread if task.spread.size else np.abs(said[0])
        answer = float(said[0, 0]) if task.flat else [float(v) for v in said[0]]
        return {"answer": answer, "target": task.labels[int(far.argmax())],
                "outputs": (int(task.outputs[int(far.argmax())]), None)}  # fmt: skip

    def knowledge(self):
        """What the model knows of each target of the last task.

        Returns
        -------
        Knowledge
            A structured array that prints as a table, one row a target: ``label, samples, centre,
            spread, units`` (grown for it).
        """
        core = self._answering()
        task, units = core.body.task, core.units_for()
        table = np.zeros(task.outputs.size, [
            ("label", f"U{max(map(len, task.labels))}"), ("samples", int), ("centre", float),
            ("spread", float), ("units", int),
        ])  # fmt: skip
        for c, row in enumerate(table):
            row["label"], row["samples"], row["units"] = task.labels[c], core.n, units[c]
            if task.spread.size:
                row["centre"], row["spread"] = task.centre[c], task.spread[c]
        return table.view(Knowledge)
