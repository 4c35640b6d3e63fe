"""Results as tables for the terminal, as Markdown for a README, as plain values for JSON."""

import math

import numpy as np

from growgraph.bench.learning import asked
from growgraph.bench.report import columns, machine_lines

# measures of which less is better
_LESS = {"ECE", "AURC x1000", "risk at 10 %", "explain, ms", "order gap", "MB", "nodes", "edges",
         "CPU s", "ms", "steps", "recovery", "ms a step"}  # fmt: skip
_PLAIN = {"samples/s", "samples/s, last", "MB", "explain, ms", "k", "nodes", "edges", "CPU s",
          "RMSE", "ms", "alarms", "returns", "ahead of all peers", "steps", "recovery",
          "ms a step"}  # fmt: skip
_NO_SPREAD = _PLAIN - {"nodes", "RMSE", "steps", "recovery"}


def plain(bench, plan, found, machine):
    """A run as plain values.

    Parameters
    ----------
    bench : str
        A protocol.
    plan : Plan
    found : dict
        ``headline, results, comparisons``, of streams also ``curves``, of grownet ``floors`` and
        ``placement``; of the others what was asked is looked up; of agents ``knows``.
    machine : dict
        Of :func:`growgraph.bench.machine.describe`.
    """
    cells = found["results"].cells()
    return {
        "bench": f"learning {bench}",
        "headline": found["headline"],
        "cells": cells,
        "comparisons": found["comparisons"],
        "curves": found.get("curves", {}),
        "floors": found.get("floors", [] if plan.quick else asked.floors(bench, cells)),
        "placement": found.get("placement", []),
        "knows": found.get("knows", {}),  # learner -> what it is told beforehand, in words
        "notes": found["results"].notes,
        "plan": {
            "quick": plan.quick,
            "seeds": list(plan.seeds),
            "shuffles": plan.shuffles,
            "methods": list(plan.methods),
        },
        "machine": machine,
    }


def number(value, measure):
    """A figure as its measure is read: shares with three decimals, others with three digits.

    Examples
    --------
    >>> number(0.98765, "accuracy"), number(1234.5, "samples/s"), number(float("nan"), "ECE")
    ('.988', '1,234', '-')
    >>> number(0.03987, "RMSE")
    '0.0399'
    """
    if value is None or not math.isfinite(value):
        return "-"
    if _kind(measure) not in _PLAIN:
        text = f"{value:.3f}"
        return text.replace("0.", ".", 1) if abs(value) < 1 else text
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def less_is_better(measure):
    """Whether a measure is a cost."""
    return _kind(measure) in _LESS or measure.startswith("RMSE")


def _kind(measure):
    """A measure taken at several points is of one kind: MB at 10 %."""
    return measure.partition(" at ")[0] if measure.startswith("MB at ") else measure


def order(report, key):
    """Names under ``key`` in the sequence of the cells."""
    return list(dict.fromkeys(cell[key] for cell in report["cells"]))


def grids(report):
    """The tables of a report: (title, learners, columns, {(learner, column): cell}), ours first.

    Streams and clusterings have one table a measure, data sets side by side; the other
    protocols one a data set, measures side by side.
    """
    by_measure = report["bench"].split()[1] in ("stream", "long", "cluster", "folds")
    titles, sides = ("measure", "data") if by_measure else ("data", "measure")
    for title in order(report, titles):
        cells = [c for c in report["cells"] if c[titles] == title]
        named = dict.fromkeys(c["learner"] for c in cells)
        learners = sorted(named, key=lambda name: not name.startswith("growgraph"))
        yield (
            title, learners, list(dict.fromkeys(c[sides] for c in cells)),
            {(c["learner"], c[sides]): c for c in cells},
        )  # fmt: skip


def _text(cell, spread=True, agents=False):
    """Mean and deviation of seeds, the mean alone where there is one seed; "" without a cell."""
    if cell is None:
        return ""
    if agents and cell["measure"] in _BY_SEED:
        return _BY_SEED[cell["measure"]](list(cell["seeds"].values()))
    text = number(cell["mean"], cell["measure"])
    if spread and cell["sd"] is not None and _kind(cell["measure"]) not in _NO_SPREAD:
        text += f" ±{number(cell['sd'], cell['measure'])}"
    return text


def quartiles(values):
    """Median and quartiles.

    Examples
    --------
    >>> quartiles([50, 70, 60, 2000])
    '65 [57.5-552]'
    """
    low, middle, high = (number(v, "steps") for v in np.percentile(list(values), [25, 50, 75]))
    return f"{middle} [{low}-{high}]"


def _solved(values):
    return f"{sum(values):.0f}/{len(values)}"


# of agents: some are given up, so a mean says little
_BY_SEED = {"steps": quartiles, "recovery": quartiles, "solved": _solved}
_KNOWS = ("is told",)


def table(report):
    """The whole report for a terminal: a table each, verdicts, notes, the machine."""
    parts, agents = [], bool(report.get("knows"))
    for title, learners, sides, cells in grids(report):
        lines = [
            (name, *(_text(cells.get((name, side)), len(sides) < 7, agents) for side in sides),
             *_known(name, report))
            for name in learners
        ]  # fmt: skip
        parts.append(columns(lines, (title, *sides, *_KNOWS[:agents])))
    if report["comparisons"]:
        parts.append(columns(verdicts(report), _VERDICT_HEAD))
        parts.append(tally(report))
    parts += [columns(lines, head) for head, lines in _asked_and_placed(report)]
    parts.append("\n".join([*report["notes"], *machine_lines(report)]))
    return "\n\n".join(parts)


def markdown(report):
    """The same as Markdown."""
    parts, agents = [], bool(report.get("knows"))
    for title, learners, sides, cells in grids(report):
        head = [title, *sides, *_KNOWS[:agents]]
        lines = [f"| {' | '.join(head)} |", "|" + len(head) * "---|"]
        for name in learners:
            shown = [_text(cells.get((name, side)), True, agents) for side in sides]
            shown += _known(name, report)
            lines.append(f"| {' | '.join([_strong(name, report), *shown])} |")
        parts.append("\n".join(lines))
    if report["comparisons"]:
        parts.append(_marked(_VERDICT_HEAD, verdicts(report)))
        parts.append(tally(report))
    parts += [_marked(head, lines) for head, lines in _asked_and_placed(report)]
    below = [*report["notes"], *machine_lines(report)]
    return "\n\n".join([*parts, "\n".join(f"{line}  " for line in below)]).rstrip()


def short(report):
    """As Markdown: ours against the best peer of each data set, and the tally."""
    return "\n\n".join([_marked(_VERDICT_HEAD, verdicts(report)), tally(report)])


def _marked(head, lines):
    """A Markdown table."""
    rule = "|" + len(head) * "---|"
    return "\n".join([f"| {' | '.join(head)} |", rule, *(f"| {' | '.join(v)} |" for v in lines)])


def _known(name, report):
    """What a learner is told, where the protocol says so."""
    return [report["knows"].get(name) or "nothing"] if report.get("knows") else []


def _strong(name, report):
    return f"**{name}**" if name == report["headline"] else name


# ---- won and lost -------------------------------------------------------------------------------
_VERDICT_HEAD = ("data", "measure", "ours", "", "best peer", "", "difference", "p (Holm)", "")


def verdicts(report):
    """Ours against the best peer of each data set, one line each."""
    cells = {(c["data"], c["learner"], c["measure"]): c for c in report["cells"]}
    lines = []
    keys = ("data", "measure", "ours")
    for group in dict.fromkeys(tuple(c[k] for k in keys) for c in report["comparisons"]):
        data, measure, ours = group
        told = [c for c in report["comparisons"] if tuple(c[k] for k in keys) == group]
        worst = max if less_is_better(measure) else min
        best = worst(told, key=lambda c: _difference(c, measure))
        own, theirs = (cells[data, best[who], measure] for who in ("ours", "peer"))
        lines.append(
            (data, measure, ours, number(own["mean"], measure), best["peer"],
             number(theirs["mean"], measure), _signed(best["difference"]),
             _p(best["p"]), best["verdict"])
        )  # fmt: skip
    return lines


def _difference(comparison, measure):
    value = comparison["difference"]
    if _unknown(value):
        return -math.inf if less_is_better(measure) else math.inf
    return value


def _unknown(value):
    return value is None or math.isnan(value)  # JSON has no NaN


def _signed(value):
    return "-" if _unknown(value) else f"{value:+.3f}"


def _p(p):
    return "-" if _unknown(p) else "<.001" if p < 0.001 else number(p, "p")


def tally(report):
    """How often each of ours was better, worse or neither, over all peers and data sets.

    Examples
    --------
    >>> tally({"headline": "growgraph", "comparisons": [{"verdict": "won"}, {"verdict": "lost"}]})
    'growgraph against each peer on each data set: 1 won, 1 lost'
    """
    counts: dict[str, dict[str, int]] = {}
    for comparison in report["comparisons"]:
        told = counts.setdefault(
            comparison.get("ours", report["headline"]),
            {"won": 0, "lost": 0, "even": 0, "untested": 0},
        )
        told[comparison["verdict"]] += 1
    return "\n".join(
        f"{ours} against each peer on each data set: "
        + ", ".join(f"{n} {verdict}" for verdict, n in told.items() if n)
        for ours, told in counts.items()
    )


# ---- what is asked, and where growth is placed --------------------------------------------------
def _asked_and_placed(report):
    """Heads and lines of what was asked, and of where growth was placed."""
    floors = [
        (f["data"], f["measure"], f["ours"], number(f["value"], f["measure"]), f["asked"],
         "met" if f["met"] else "missed")
        for f in report.get("floors", [])
    ]  # fmt: skip
    if floors:
        yield ("asked of", "measure", "ours", "", "asked", ""), floors
    placed = [
        (p["data"], p["measure"], _signed(p["difference"]), _p(p["p"]), str(p["pairs"]),
         p["verdict"])
        for p in report.get("placement", [])
    ]  # fmt: skip
    if placed:
        yield _PLACED_HEAD, placed


_PLACED_HEAD = (
    "at lasting tension less anywhere", "measure", "difference", "p (Wilcoxon, Holm)", "pairs", "",
)  # fmt: skip
