"""What the player shows: nodes, units, edges, events and moments as flat arrays, and words.

Time is the number of events done. A node or edge is there at time t if birth <= t <= gone: birth is
0 for what is older than the log, gone is the number of all events for what is still there. A unit
is what has a place of its own: a node, or many alike nodes. A moment is a time between what
different causes did; the last one is after all samples seen.
"""

import numpy as np

from growgraph.growth import GrowthLog
from growgraph.kernels import _handle as h
from growgraph.kernels import codes
from growgraph.viz import layout, strands
from growgraph.viz.history import NEVER, base_of, deaths, graph_of, history_of
from growgraph.viz.scene import ALL_SHOWN, alike, groups_of, mean_tension, names_of
from growgraph.viz.timeline import time_of

_NEAR = 1 / 60  # columns nearer than this share of the width get equal steps
_FINE = 8192  # more units than this need more than 16 bits for their places
_CONCEPT, _INPUT, _OUTPUT = 1, 2, 3  # tones; 0: hidden
_WORDS = {"rule": h.CTX_RULE, "cause": h.CTX_CAUSE, "aim": h.CTX_INTENTION}
_NUMBERS = {"cause_node": h.CTX_NODE, "lasted": h.CTX_LASTED, "paid": h.CTX_PAID}
_FELT = {"felt": h.CTXF_TENSION, "after": h.CTXF_AFTER, "later": h.CTXF_REALISED}


def film_of(thing, tension=None, answer=None):
    """All that the player needs of a graph, a log or a model.

    Parameters
    ----------
    thing : Graph, GrowthLog or fitted model
    tension : ndarray of float [nodes], optional
        As ``graph.nodes``; NaN: not known.
    answer : Answer, optional
        Its share of nodes and links is shown instead of the share of all.

    Returns
    -------
    arrays : dict of str to ndarray
    words : dict
        As JSON holds it.
    """
    graph = graph_of(thing)
    log = GrowthLog(graph) if graph.records else None
    history = history_of(graph, delayed=True)
    end = 0 if log is None else len(log) + log.n_elders
    n = history.birth.size
    died = (np.zeros(n, int), np.zeros(history.source.size, int)) if log is None else (
        deaths(graph, history))  # fmt: skip
    ids = np.flatnonzero(history.birth != NEVER)
    index = np.zeros(n, np.int64)
    index[ids] = np.arange(ids.size)
    nodes = {"node": ids, "birth": history.birth[ids] + 1, "gone": died[0][ids]}
    nodes |= _kinds(graph, log, ids) | _present(graph, ids, index, tension)
    units, unit_names = _units(graph, history, ids)
    edges = strands.strands_of(graph, history, index, died[1])
    alone = np.bincount(units["unit"], minlength=units["x"].size) == 1
    if answer is not None:
        part = np.zeros(ids.size)
        part[index[graph.nodes]] = answer.nodes
        nodes["part"] = _part(np.bincount(units["unit"], part)[units["unit"]])
        edges.size = strands.held(graph, answer, ids, edges)
    drawn, least = strands.links(edges, units["unit"], alone, end, whole=answer is not None)
    events, told = _events(graph, log)
    arrays = nodes | units | drawn | events
    if not alone.all():  # else links are the edges of nodes
        arrays |= strands.sources(edges, ids.size, end)
    moments, unit_of_time = _moments(thing, log, history, end)
    arrays |= moments
    spans = {"nodes": (nodes["birth"], nodes["gone"]), "edges": (edges.birth, edges.gone)}
    arrays |= {f"n_{name}": _there(*span, moments["moment"]) for name, span in spans.items()}
    words = {
        "answer": None if answer is None else answer.text,
        "names": {str(i): name for i, name in graph.names.items()},
        "units": unit_names,
        "groups": list(graph.groups),
        "knows": _knowledge(thing),
        "least": least,
        "time": unit_of_time,
        "folded": 0 if log is None else log.folded,
        "elders": 0 if log is None else log.n_elders,
        "log": log is not None,
    }
    return arrays, words | told


def _part(share):
    """Shares of an answer as whole numbers: ten-thousandths, at least 1 where there is any."""
    return np.where(share > 0, np.maximum(np.rint(1e4 * share), 1), 0).astype(np.uint32)


def _there(birth, gone, times):
    """How many there were at some times."""
    return np.searchsorted(np.sort(birth), times, "right") - np.searchsorted(np.sort(gone), times)


# ---- nodes ------------------------------------------------------------------------------------
def _kinds(graph, log, ids):
    """Kind, activation and role of each node; of the removed ones the log and its base know."""
    out = np.zeros((3, int(graph._store[h.NEXT_ID])), np.uint8)
    _read_kinds(graph, out)
    gone = ids[~np.isin(ids, graph.nodes)]
    if gone.size:
        held = np.zeros_like(out)
        _read_kinds(base_of(graph), held)
        rows = log._told()[0]
        for op, columns in ((codes.OP_NODE, (h.EV_A, h.EV_B, h.EV_FLAG)),
                            (codes.OP_SPLIT, (h.EV_FLAG, h.EV_CODE))):  # fmt: skip
            born = rows[rows[:, h.EV_OP] == op]
            held[:, born[:, h.EV_NODE]] = codes.ROLE_HIDDEN
            for row, column in enumerate(columns):
                held[row, born[:, h.EV_NODE]] = born[:, column]
        out[:, gone] = held[:, gone]
    tone = np.zeros(ids.size, np.uint8)
    kind, act, role = out[:, ids]
    tone[np.isin(kind, (codes.MATCH, codes.COSINE))] = _CONCEPT
    tone[role == codes.ROLE_INPUT] = _INPUT
    tone[role == codes.ROLE_OUTPUT] = _OUTPUT
    return {"kind": kind, "act": act, "tone": tone}


def _read_kinds(graph, out):
    slots = graph._slots(graph.nodes)
    store = graph._store
    out[:, graph.nodes] = store.kind[slots], store.act[slots], store.role[slots]


def _present(graph, ids, index, tension):
    """What is known of the nodes that are there now: group, number of sources, use, tension."""
    now = index[graph.nodes]
    edges = graph.edges()
    out = {"group": np.zeros(ids.size, np.int64), "tension": np.full(ids.size, np.nan)}
    out["group"][now] = groups_of(graph, graph.nodes) + 1
    out["reads"] = np.bincount(index[edges["target"]], minlength=ids.size)
    use = np.bincount(index[edges["source"]], np.abs(edges["weight"]), minlength=ids.size)
    top = np.quantile(use, 0.95) if ids.size else 0
    used = np.sqrt(np.clip(use / (top if top > 0 else 1), 0, 1))
    out["use"] = np.rint(255 * used).astype(np.uint8)
    if tension is not None:
        each = mean_tension(tension, np.arange(now.size), graph.nodes)
        out["tension"][now] = np.where(np.isfinite(each), np.abs(each), np.nan)
    return out


def _units(graph, history, ids):
    """Unit of each node, place of each unit from 0 to 1 (y downwards), names of crowds."""
    still = history.undelayed()
    x = layout.columns(still)
    stands = np.arange(x.size)
    now = graph.nodes
    if now.size > ALL_SHOWN:
        stands[now] = alike(graph, now, graph._slots(now), x[now])
    y = layout.rows(x, stands, still)[ids]
    first, unit = np.unique(stands[ids], return_index=True, return_inverse=True)[1:]
    places = {"unit": unit, "x": _across(x[ids][first]), "y": _down(y[first], x[ids][first])}
    fine = np.uint16 if first.size <= _FINE else np.uint32
    for axis in "xy":
        places[axis] = np.rint(places[axis] * np.iinfo(fine).max).astype(fine)
    return places, _unit_names(graph, now, np.searchsorted(ids, now), unit)


def _across(x):
    """Columns from 0 to 1; near ones get equal steps."""
    values, column = np.unique(x, return_inverse=True)
    if values.size < 2:
        return np.full(x.size, 0.5)
    if np.diff(values).min() < _NEAR * (values[-1] - values[0]):
        values = np.arange(values.size, dtype=np.float64)
    return ((values - values[0]) / (values[-1] - values[0]))[column]


def _down(y, x):
    """Heights from 0 to 1 with half a place of room above and below."""
    if y.size == 0 or y.min() == y.max():
        return np.full(y.size, 0.5)
    margin = 0.5 * (y.max() - y.min()) / np.unique(x, return_counts=True)[1].max()
    return (y - y.min() + margin) / (y.max() - y.min() + 2 * margin)


def _unit_names(graph, now, at, unit):
    """Names of the units that are crowds, by unit."""
    mark = np.unique(unit[at], return_inverse=True)[1]
    crowd = (np.bincount(mark) > 1)[mark] if mark.size else np.zeros(0, bool)
    if not crowd.any():
        return {}
    names = names_of(graph, now, mark, crowd)
    first = np.unique(mark, return_index=True)[1]
    return {str(unit[at[i]]): names[m].rpartition("×")[0].strip()
            for m, i in enumerate(first.tolist()) if crowd[i]}  # fmt: skip


def _knowledge(thing):
    """What a model knows of what is named in its graph, in words, by the beginning of the name."""
    table = thing.knowledge() if hasattr(thing, "knowledge") else None
    names = getattr(getattr(table, "dtype", None), "names", None)
    if table is None or not names or "label" not in names:
        return {}
    rows = (dict(zip(names, row, strict=True)) for row in table.tolist())
    return {str(row.pop("label")): ", ".join(
        f"{k.replace('_', ' ')} {f'{v:.3g}' if isinstance(v, float) else v}"
        for k, v in row.items()) for row in rows}  # fmt: skip


# ---- events -----------------------------------------------------------------------------------
def _events(graph, log):
    """What is known of each event, and the words that its columns count."""
    rows, felt = np.zeros((0, h.EV_WIDTH), np.int64), np.zeros((0, len(_FELT)), np.float32)
    if log is not None:
        rows, felt = log._told()
    arrays, words = {}, {}
    for name, column in _WORDS.items():
        held, arrays[name] = np.unique(rows[:, h.EV_CTX + column], return_inverse=True)
        words[f"{name}s"] = [graph._words[i] for i in held]
    arrays |= {name: rows[:, h.EV_CTX + column] for name, column in _NUMBERS.items()}
    return arrays | {name: felt[:, c] for name, c in _FELT.items()}, words


def _moments(thing, log, history, end):
    """Times at which the graph is whole, what the clock says then, and how good it was."""
    rows = np.zeros((0, h.EV_WIDTH), np.int64) if log is None else log._told()[0]
    first = history.prelude if history.prelude < end else 0
    turns = np.flatnonzero(np.diff(history.context)) + 1
    moment = np.concatenate([[first], turns[turns > first], [end]])
    moment = np.unique(moment)
    clock, unit = time_of(*(rows[:, h.EV_CTX + c] for c in (h.CTX_SAMPLE, h.CTX_STEP)))
    clock = clock[moment]
    seen = getattr(thing, "n_samples_seen_", None) or 0
    if unit == "samples" and seen > clock[-1]:
        moment, clock = np.append(moment, end), np.append(clock, seen)
    out = {"moment": moment, "clock": clock}
    curve = np.asarray(getattr(thing, "prequential_curve_", ()), np.float64)
    if unit == "samples" and curve.ndim == 2 and len(curve) > 1:
        out["accuracy"] = np.interp(clock, curve[:, 0], curve[:, 1])
    return out, unit
