"""Pictures of a learning report: ours among the peers, and how it went over time."""

import numpy as np

from growgraph.bench.learning.report import less_is_better
from growgraph.bench.picture import _BLUE, _FAINT, _INK, _figure, _plain_axes, _png

# peers in the sequence of the table: marks and colours that stay apart (Okabe and Ito)
_COLOURS = ("#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5195", "#a0a8b0")
_MARKS = "s^Dv<>Pp*h"
_OURS = (("o", _BLUE), ("X", "#1d4e89"), ("d", "#4aa3df"), ("8", "#274060"), ("H", "#6fb1e0"),
         ("p", "#8fa9c4"), ("*", _BLUE), ("P", "#1d4e89"), ("v", "#4aa3df"))  # fmt: skip
_MARGIN = 0.03  # beyond the inner nine tenths of the figures: what lies farther out is written
_TIMES = "RMSE, times ours"
_SHOWN = {
    "stream": ("accuracy", "samples/s"),
    "long": ("accuracy", "samples/s"),
    "returns": ("before", "0-100 after", "100-600 after"),
    "memory": ("MB at 10 %", "MB at 100 %", "accuracy"),
    "simulate": ("accuracy",),
    "folds": ("accuracy",),
    "onepass": ("accuracy", "order gap", "samples/s"),
    "selfknow": ("unseen", "errors", "ECE"),
    "selfcritic": ("unseen", "errors", "AURC x1000", "causes"),
    "cluster": ("ARI", "purity", "samples/s"),
    "growth": ("accuracy", "order gap", "nodes"),
    "grownet": ("accuracy", _TIMES, "nodes", "CPU s", "ms"),
    "simnet": ("steps", "recovery", "ms a step"),
}
_LOG = ("samples/s", "nodes", "CPU s", "steps", "recovery", "ms a step")
_CURVES = 4  # streams drawn over time
_PEERS_DRAWN = 3


def draw(report: dict) -> bytes:
    """A report of :func:`growgraph.bench.learning.bench.run` as PNG.

    Parameters
    ----------
    report : dict
    """
    kind = report["bench"].split()[1]
    if kind == "grownet":
        report = _times_ours(report)
    data = list(dict.fromkeys(c["data"] for c in report["cells"]))
    learners = list(dict.fromkeys(c["learner"] for c in report["cells"]))
    measures = [m for m in _SHOWN[kind] if any(c["measure"] == m for c in report["cells"])]
    curves = _moving(report)[:_CURVES]
    rows = 2 if curves else 1
    step = 0.06 * len(learners) + 0.25
    height = max(3.0, step * len(data) + 1.2)
    drawn = _figure(4.2 * max(len(measures), len(curves), 2), height + 3.2 * (rows - 1))
    upper, *lower = drawn.subfigures(rows, 1, height_ratios=[height, 3.2][:rows], squeeze=False)[
        :, 0
    ]
    styles = _styles(learners)
    for axes, measure in zip(
        np.atleast_1d(upper.subplots(1, len(measures))), measures, strict=True
    ):
        some = data if kind != "grownet" else _data_with(report, measure)
        _dots(axes, report, measure, some, styles)
        if measure != measures[0] and some == data:
            axes.tick_params(labelleft=False)
    handles, labels = _handles(upper.axes[0], styles)
    if lower:
        panels = np.atleast_1d(lower[0].subplots(1, len(curves), sharey=True))
        for axes, name in zip(panels, curves, strict=True):
            _curve(axes, report, name, styles)
        panels[0].set_ylabel("share right, block by block")
    drawn.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=8)
    drawn.suptitle(f"growgraph bench {report['bench']}", fontsize=10, color=_INK)
    return _png(drawn)


def _data_with(report, measure):
    """Data that have a measure: the grownet protocol has classes and functions side by side."""
    return list(dict.fromkeys(c["data"] for c in report["cells"] if c["measure"] == measure))


def _times_ours(report):
    """The report with errors in units of the headline's: functions differ in their scale.

    The cost of insertions, of which learners are rows and nodes, is drawn only where it is alone.
    """
    unit = {c["data"]: c["mean"] for c in report["cells"]
            if c["measure"] == "RMSE" and c["learner"] == report["headline"]}  # fmt: skip
    cells = [
        c if c["measure"] != "RMSE" else {
            **c, "measure": _TIMES, "mean": c["mean"] / unit[c["data"]],
            "sd": c["sd"] and c["sd"] / unit[c["data"]],
        }
        for c in report["cells"] if c["measure"] != "RMSE" or unit.get(c["data"])
    ]  # fmt: skip
    return {**report, "cells": [c for c in cells if c["measure"] != "ms"] or cells}


def _styles(learners):
    """Mark and colour of each learner; ours round and blue."""
    ours = [name for name in learners if name.startswith("growgraph")]
    peers = [name for name in learners if not name.startswith("growgraph")]
    styles = {name: _OURS[i % len(_OURS)] for i, name in enumerate(ours)}
    for i, name in enumerate(peers):
        styles[name] = (_MARKS[i % len(_MARKS)], _COLOURS[i % len(_COLOURS)])
    return styles


def _handles(axes, styles):
    found = [
        axes.plot([], [], mark, color=colour, markersize=6)[0] for mark, colour in styles.values()
    ]
    return found, list(styles)


def _dots(axes, report, measure, data, styles):
    """A band a data set, a line a learner in it, ours first; a bar is one deviation of seeds."""
    cells = {(c["data"], c["learner"]): c for c in report["cells"] if c["measure"] == measure}
    low, high = _limits(cells, measure)
    for at, name in enumerate(reversed(data)):
        if at % 2 == 0:
            axes.axhspan(at - 0.5, at + 0.5, color="#f3f5f8", zorder=0, linewidth=0)
        present = [learner for learner in styles if (name, learner) in cells]
        for i, learner in enumerate(present):
            cell, (mark, colour) = cells[name, learner], styles[learner]
            y = at + 0.4 - 0.8 * (i + 0.5) / len(present)
            if not low <= cell["mean"] <= high:
                _write_far(axes, cell["mean"], y, low, high, colour)
                continue
            if cell["sd"]:
                bar = [cell["mean"] - cell["sd"], cell["mean"] + cell["sd"]]
                axes.plot(bar, [y, y], color=colour, linewidth=1.6, alpha=0.5)
            big = learner == report["headline"] or learner.startswith("growgraph")
            axes.plot(cell["mean"], y, mark, color=colour, markersize=6.5 if big else 4.5)
    if measure == "nodes":  # where nothing grew there are none
        axes.set_xscale("symlog", linthresh=1)
    elif measure in _LOG:
        axes.set_xscale("log")
    else:
        axes.set_xlim(low, high)
    axes.set_yticks(range(len(data)), list(reversed(data)))
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(-0.5, len(data) - 0.5)
    axes.set_xlabel(f"{measure}{' (less is better)' if less_is_better(measure) else ''}")
    axes.grid(axis="x", color="#e4e8ec", linewidth=0.8)
    axes.set_axisbelow(True)
    _plain_axes(axes)


def _limits(cells, measure):
    """What an axis shows: on the bad side not the far tenth of the figures, which would take it."""
    values = np.array([cell["mean"] for cell in cells.values()])
    if measure in _LOG or not values.size:
        return -np.inf, np.inf
    low, high = values.min(), values.max()
    if less_is_better(measure):
        high = min(high, np.quantile(values, 0.9) + _MARGIN)
    else:
        low = max(low, np.quantile(values, 0.1) - _MARGIN)
    room = 0.04 * max(high - low, 1e-3)
    return low - room, high + room


def _write_far(axes, value, y, low, high, colour):
    """A figure beyond the axis: its value at the edge."""
    left = value < low
    axes.annotate(
        f"◂ {value:.2f}" if left else f"{value:.2f} ▸", (0.01 if left else 0.99, y),
        xycoords=("axes fraction", "data"), ha="left" if left else "right", va="center",
        fontsize=6.5, color=colour,
    )  # fmt: skip


def _moving(report):
    """Streams whose concept switches, those that do so first."""
    return [name for name, told in report.get("curves", {}).items() if told["switches"]]


def _curve(axes, report, name, styles):
    """Share right in each block: ours and the best peers."""
    told = report["curves"][name]
    rated = sorted(
        (n for n in told["learners"] if not n.startswith("growgraph")),
        key=lambda n: -float(np.mean(told["learners"][n])),
    )
    for switch in told["switches"]:
        axes.axvline(switch, color=_FAINT, linewidth=0.9, linestyle=(0, (4, 3)))
    ours = [report["headline"]] if report["headline"] in told["learners"] else []
    for learner in [*rated[:_PEERS_DRAWN], *ours]:
        share = told["learners"][learner]
        middle = (np.arange(len(share)) + 0.5) * told["block"]
        mark, colour = styles[learner]
        mine = learner in ours
        axes.plot(middle, share, color=colour, marker=mark, markersize=4 if mine else 3,
                  linewidth=2 if mine else 1, zorder=3 if mine else 2)  # fmt: skip
    axes.set_title(name, fontsize=9)
    axes.set_xlabel("samples (dashed: the concept switches)")
    axes.grid(color="#e4e8ec", linewidth=0.8)
    _plain_axes(axes)
