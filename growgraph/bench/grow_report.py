"""The results of ``growgraph bench grow`` as a table for the terminal and as Markdown."""

from growgraph.bench.grow import COSTS
from growgraph.bench.report import columns, machine_lines, number


def line(row):
    """One size as a line of text, for when it comes in."""
    costs = ", ".join(f"{key} {number(row[key]['median'])} {COSTS[key][1]}" for key in COSTS)
    return f"{row['edges']:,} edges: {costs}"


def _rows(report):
    for key, (title, unit, _) in COSTS.items():
        values = [number(row[key]["median"]) for row in report["sizes"]]
        slope = report["slopes"].get(key)
        yield (f"{title}, {unit}", *values, "" if slope is None else f"{slope:.2f}")


def _head(report):
    return ("cost", *(f"{row['edges']:.0e}".replace("+0", "") for row in report["sizes"]), "slope")


def table(report):
    """The whole report for a terminal."""
    note = "slope: exponent of the total cost over edges; 1 is proportional, 0 independent"
    lines = machine_lines(report)
    return "\n\n".join([columns(list(_rows(report)), _head(report)), note, "\n".join(lines)])


def markdown(report):
    """The report as a Markdown table with the machine below it."""
    head = _head(report)
    lines = ["| " + " | ".join(row) + " |" for row in (head, *_rows(report))]
    lines.insert(1, "|" + "---|" * len(head))
    return "\n".join([*lines, "", *(f"{text}  " for text in machine_lines(report))]).rstrip()
