"""What a ResoNet says of itself: the figures behind an answer, in words, and what it knows."""

import re

import numpy as np

from growgraph.errors import GraphError
from growgraph.growth import GrowthLog
from growgraph.models._asked import Asked
from growgraph.models._resonet.gaps import unmet
from growgraph.models._resonet.turn import turn
from growgraph.models._told import Knowledge
from growgraph.senses.arrivals import THERE


def has_met(sense, key):
    """Whether a category (or missing cell) of a table was met in learning."""
    return sense._key(key) in sense.born


def silent(core, rows):
    """Which rows say nothing: all cells missing, or of categories never met.

    In a table of a single column a missing cell that was met in learning does say something.
    """
    if core.sense.kind != "table":
        return np.zeros(len(rows), bool)
    sense = core.sense
    heard = np.ones(len(sense.numeric), bool)
    for i, name in sense.latecomers():
        heard[i] = sense.place_of(name, THERE) is not None
    spoke = (~np.isnan(rows.numbers[:, heard])).any(axis=1)
    for row, key in rows.marks:
        if key[1] is not None or len(sense.columns) == 1:
            spoke[row] |= has_met(sense, key)
    return ~spoke


def knowledge(core, classes, order):
    """One row a class, see :meth:`growgraph.ResoNet.knowledge`.

    The only class has no rival: it is "", None or NaN where labels are text, objects or floats;
    integers have no such value, there it is the class itself.
    """
    concepts = core.concepts
    means = np.array(
        [[core.graph.weights(p) for p in row] for row in concepts.prototypes.tolist()]
    ).reshape(len(core.classes), -1)
    label = classes.dtype
    table = np.zeros(len(core.classes), [
        ("label", label), ("samples", int), ("accuracy", float), ("last_seen", int),
        ("aspects", int), ("stability", float), ("rival", label),
    ])  # fmt: skip
    for row, c in zip(table, order, strict=True):
        away = ((means - means[c]) ** 2).sum(axis=1)
        away[c] = np.inf
        rival = core.classes[int(np.argmin(away))] if len(away) > 1 else nobody(label)
        stability = core.graph.sources(concepts.prototypes[c, 0])[2]
        samples = int(concepts.counts[c])
        row["label"] = core.classes[c]
        row["rival"] = core.classes[c] if rival is None and label.kind != "O" else rival
        row["samples"], row["accuracy"] = samples, core.tally[c, 0] / samples
        row["last_seen"], row["aspects"] = core.tally[c, 1], concepts.k[c]
        row["stability"] = stability[0] if stability.size else 0.0
    return table.view(Knowledge)


def nobody(label):
    """The value of a label's dtype that says "none"; None where there is no such value."""
    return {"U": "", "S": b"", "f": np.nan}.get(label.kind)


def why(core, rows, seen, scores, classes, turned=True, resonances=None):
    """The figures behind an answer: windows that agree or not, nodes that spoke, the rival.

    ``turned``: what would make the rival win is looked for, too; it takes half of the time.
    ``resonances``: [classes in the sequence of arrival, windows], if they are known already.
    """
    answer = seen.answer[0]
    order = np.argsort(-scores, kind="stable")
    rival = classes[order[1]] if len(classes) > 1 else None
    place = {label: c for c, label in enumerate(core.classes)}
    a = place[classes[order[0]].item() if hasattr(classes[order[0]], "item") else answer]
    L = core.resonances(rows)[0] if resonances is None else resonances
    names = core.sense.window_names(core.graph)
    windows = []
    for w, name in enumerate(names):
        best = core.classes[int(np.argmax(L[:, w]))]
        other = None if rival is None else float(L[place[_item(rival)], w])
        windows.append({"window": name, "says": best, "answer": float(L[a, w]), "rival": other})
    a_rival = None if rival is None else place[_item(rival)]
    return {
        "answer": _item(answer), "confidence": float(seen.confidence[0]),
        "novelty": float(seen.novelty[0]), "cause": str(seen.cause[0]),
        "like": [_item(v) for v in seen.like[0]], "rival": None if rival is None else _item(rival),
        "margin": float(scores[order[0]] - scores[order[1]]) if len(classes) > 1 else None,
        "windows": windows, "nodes": _loudest(core, rows, a),
        "columns": _columns(core, rows, a, a_rival) if core.sense.kind == "table" else [],
        "unmet": [{"column": name, "value": value} for _, (name, value) in unmet(core, rows)],
        "silent": bool(silent(core, rows)[0]),
        "grown_because": _why(core.graph, int(core.concepts.outputs[a])),
        **({"turn": None if a_rival is None else turn(core, rows, a, a_rival)} if turned else {}),
    }  # fmt: skip


def asked_of(model, core, rows, x, answer):
    """What pictures of an explanation need: the sample on the inputs, who answered."""
    graph, place = core.graph, [_item(label) for label in core.classes].index(answer)
    return Asked(model, graph, core.answering[place], x=x, inputs=core.sense.inputs(graph),
                 values=core.sense.values(graph, rows)[0])  # fmt: skip


def _why(graph, node):
    """Why a node was grown, or that its event was folded away (see ``log_limit``)."""
    try:
        return GrowthLog(graph).why(node)
    except GraphError as error:
        return str(error)


def _item(value):
    return value.item() if hasattr(value, "item") else value


def _loudest(core, rows, c, most=5):
    """The sources of the answer's node that moved it most: id, name, share of the score."""
    output = int(core.concepts.outputs[c])
    ids, weights, _ = core.graph.sources(output)
    values = core.sense.values(core.graph, rows)
    x = core.graph.forward(values, inputs=core.sense.inputs(core.graph), outputs=ids)[0]
    spoke = weights * x
    top = np.argsort(-np.abs(spoke), kind="stable")[:most]
    return [
        {"node": int(ids[i]), "name": core.graph.names.get(int(ids[i]), ""),
         "spoke": float(spoke[i])}
        for i in top if spoke[i] != 0
    ]  # fmt: skip


def _columns(core, rows, answer, rival):
    """What each column did for the answer against its rival, the strongest first.

    ``spoke`` is by how much the margin falls if the column is at its usual value: a number at its
    centre, no category, nothing missing but columns that came late.
    """
    sense, graph = core.sense, core.graph
    values, usual, d = sense.values(graph, rows), sense.blank(), sense.early
    batch = np.repeat(values, len(sense.columns) + 1, axis=0)  # the last row is as it is
    for i, name in enumerate(sense.columns):
        places = [d + p for p, key in enumerate(sense.born) if key[0] == name]
        places += [sense.numeric.index(name)] if name in sense.numeric[:d] else []
        batch[i, places] = usual[places]
    asked = core.answering[[answer] if rival is None else [answer, rival]]
    scores = graph.forward(batch, inputs=sense.inputs(graph), outputs=asked).astype(np.float64)
    margin = scores[:, 0] - (0 if rival is None else scores[:, 1])
    spoke = (margin[-1] - margin[:-1]) / core.unit
    marked = dict(key for _, key in rows.marks)
    told = [{**_cell(sense, rows, marked, name), "spoke": float(s)}
            for name, s in zip(sense.columns, spoke.tolist(), strict=True)]  # fmt: skip
    return sorted(told, key=lambda c: -abs(c["spoke"]))


def _cell(sense, rows, marked, name):
    """Value of a column (None: missing) and its distance from the usual one in spreads."""
    if name not in sense.numeric:
        return {"column": name, "value": marked.get(name), "deviation": None}
    i = sense.numeric.index(name)
    value, spread = float(rows.numbers[0, i]), float(sense.spread[i])
    if np.isnan(value):
        return {"column": name, "value": None, "deviation": None}
    away = (value - float(sense.centre[i])) / spread if spread > 0 else None
    return {"column": name, "value": value, "deviation": away}


def in_words(data):
    """An explanation as a few sentences: why, what for, what it is like."""
    lines = [f"answer {data['answer']} (confidence {data['confidence']:.2f}, {data['cause']})"]
    lines.append(f"why: {_reasons(data)}")
    new = [_as_new(cell) for cell in data["unmet"]]
    if new:
        lines.append(f"never met before: {', '.join(new)}")
    dissent = [_dissent(w) for w in data["windows"] if w["says"] != data["answer"]]
    if dissent:
        lines.append("against it: " + "; ".join(dissent))
    if data["rival"] is not None and "turn" in data:
        lines.append(f"what would turn it: {_turning(data)}")
    grown = re.sub(r" from nodes [\d, ]*\d(?: and \d+ more)?", "", data["grown_because"])
    lines.append(f"what for: {grown}")
    like = list(dict.fromkeys(data["like"]))
    rival = "" if data["rival"] in [None, *like] else f"; nearest rival {data['rival']}"
    lines.append(f"what it is like: {', then '.join(map(str, like))}{rival}")
    return "\n".join(lines)


def _as_new(cell):
    """A cell never met, in words."""
    value = cell["value"]
    if isinstance(value, float):
        return f"{cell['column']} = {value:.6g}, far outside all it has shown"
    return f"{cell['column']} {'is missing' if value is None else '= ' + value}"


def _dissent(window):
    """What a window says; of a table there is one, in which classes' concepts resonate."""
    if window["window"] == "the columns":
        return f"of all concepts that of {window['says']} resonates most"
    return f"{window['window']} says {window['says']}"


def _reasons(data, most=3):
    """The columns that spoke most, or where there are none the nodes."""
    if data["rival"] is None:
        return f"{data['answer']} is the only class known"
    if data["silent"]:
        return f"nothing is known of this row; {data['answer']} is only what is usual"
    loud = [c for c in data["columns"] if abs(c["spoke"]) >= 0.005][:most]
    if loud:
        return ", ".join(_reason(c, data) for c in loud)
    spoke = ", ".join(f"{n['name'] or n['node']} {n['spoke']:+.2f}" for n in data["nodes"][:most])
    return f"the nodes that spoke most: {spoke}"


def _reason(cell, data):
    """One column in words: its value, how unusual it is, and whom it speaks for."""
    text = f"{cell['column']} = {cell['value']}"
    if cell["value"] is None:
        text = f"{cell['column']} is missing"
    elif isinstance(cell["value"], float):
        text = f"{cell['column']} = {cell['value']:.6g}"
    away = "" if cell["deviation"] is None else f" ({cell['deviation']:+.1f} sd)"
    whom = data["answer"] if cell["spoke"] > 0 else data["rival"]
    return f"{text}{away} speaks for {whom} by {abs(cell['spoke']):.2f}"


def _turning(data):
    """What would make the rival win, in words."""
    if data["turn"] is None:
        return f"nothing was found that would make it {data['rival']}"
    changes = data["turn"]["changes"]
    if "window" in changes[0]:
        where = " and ".join(c["window"] for c in changes)
        how = f"{where} {changes[0]['share']:.0%} of the way to what {data['rival']} expects there"
    else:
        how = " and ".join(_instead(c) for c in changes)
    return f"{how} makes it {data['rival']}"


def _instead(change):
    """One column's change in words."""
    had, to = (
        "missing" if v is None else f"{v:.6g}" if isinstance(v, float) else v
        for v in (change["had"], change["to"])
    )
    return f"{change['column']} = {to} instead of {had}"
