"""What a ResoNet says of itself: the figures behind an answer, in words, and what it knows."""

import numpy as np

from growgraph.errors import GraphError
from growgraph.growth import GrowthLog


def knowledge(core, classes, order):
    """One row a class, see :meth:`growgraph.ResoNet.knowledge`."""
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
        rival = int(np.argmin(away)) if len(away) > 1 else c
        stability = core.graph.sources(concepts.prototypes[c, 0])[2]
        samples = int(concepts.counts[c])
        row["label"], row["rival"] = core.classes[c], core.classes[rival]
        row["samples"], row["accuracy"] = samples, core.tally[c, 0] / samples
        row["last_seen"], row["aspects"] = core.tally[c, 1], concepts.k[c]
        row["stability"] = stability[0] if stability.size else 0.0
    return table


def why(core, rows, seen, scores, classes):
    """The figures behind an answer: windows that agree or not, nodes that spoke, the rival."""
    answer = seen.answer[0]
    order = np.argsort(-scores, kind="stable")
    rival = classes[order[1]] if len(classes) > 1 else None
    place = {label: c for c, label in enumerate(core.classes)}
    a = place[classes[order[0]].item() if hasattr(classes[order[0]], "item") else answer]
    L = core.resonances(rows)[0]
    names = core.sense.window_names(core.graph)
    windows = []
    for w, name in enumerate(names):
        best = core.classes[int(np.argmax(L[:, w]))]
        other = None if rival is None else float(L[place[_item(rival)], w])
        windows.append({"window": name, "says": best, "answer": float(L[a, w]), "rival": other})
    return {
        "answer": _item(answer), "confidence": float(seen.confidence[0]),
        "novelty": float(seen.novelty[0]), "cause": str(seen.cause[0]),
        "like": [_item(v) for v in seen.like[0]], "rival": None if rival is None else _item(rival),
        "margin": float(scores[order[0]] - scores[order[1]]) if len(classes) > 1 else None,
        "windows": windows, "nodes": _loudest(core, rows, a),
        "grown_because": _why(core.graph, int(core.concepts.outputs[a])),
    }  # fmt: skip


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


def in_words(data):
    """An explanation as a few sentences: why, what for, what it is like."""
    lines = [f"answer {data['answer']} (confidence {data['confidence']:.2f}, {data['cause']})"]
    spoke = ", ".join(f"{n['name'] or n['node']} {n['spoke']:+.2f}" for n in data["nodes"][:3])
    lines.append(f"why: the nodes that spoke most: {spoke}")
    dissent = [f"{w['window']} says {w['says']}" for w in data["windows"]
               if w["says"] != data["answer"]]  # fmt: skip
    if dissent:
        lines.append("against it: " + "; ".join(dissent))
    lines.append(f"what for: {data['grown_because']}")
    like = " and ".join(str(v) for v in dict.fromkeys(data["like"]))
    rival = f"; nearest rival {data['rival']}" if data["rival"] is not None else ""
    lines.append(f"what it is like: {like}{rival}")
    return "\n".join(lines)
