"""Results as a table for the terminal, as Markdown for a README, and against older results."""

import json
import math
from pathlib import Path

from growgraph.bench.rows import AT_LEAST
from growgraph.errors import DataError

_KEYS = {"id", "ratio", "low", "high", "peer", "asked"}


def number(value):
    """Three digits for a reader.

    Examples
    --------
    >>> number(0.4567), number(12.345), number(1234.5), number(None)
    ('0.46', '12.3', '1,234', '-')
    """
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{1 if abs(value) >= 10 else 2}f}"


def figure(row, key="ratio"):
    """A value of a row with its unit."""
    if row.get(key) is None:
        return "-"
    unit = row.get("unit", "x")
    return number(row[key]) + (unit if unit == "x" else f" {unit}")


def spread(row):
    """Lower and upper quartile of a row."""
    return "" if row["ratio"] is None else f"{number(row['low'])}-{number(row['high'])}"


def asked(row):
    """What is asked of a row, and what that means on this machine."""
    if row["asked"] is None:
        return ""
    sign = "≥" if row.get("sense", AT_LEAST) == AT_LEAST else "≤"
    here = (row.get("detail") or {}).get("asked_here", row["asked"])
    told = here != row["asked"] and row.get("met") is not None
    other = f" (here {number(here)})" if told else ""
    return f"{sign} {figure(row, 'asked')}{other}"


def verdict(row):
    """One word."""
    if row["ratio"] is None:
        return row.get("status", "-")
    if "unsure" in (row.get("detail") or {}):
        return "unsure"
    return {True: "met", False: "missed"}.get(row.get("met"), "")


_ROOFS = (
    ("share_of_read_narrow", "row read (strips of 16)"),
    ("share_of_read_rows", "row read"),
    ("share_of_fma", "fma peak"),
)


def roof(row):
    """Share of what a probe reaches beside the row."""
    for key, what in _ROOFS:
        if key in (row.get("detail") or {}):
            return f"{row['detail'][key]:.0%} {what}"
    return ""


_HEAD = ("row", "figure", "quartiles", "asked", "", "against", "roof")


def cells(row):
    """The cells of a row's line."""
    return (row["id"], figure(row), spread(row), asked(row), verdict(row), row["peer"], roof(row))


def line(row):
    """One result as a line of text, for when it comes in.

    Examples
    --------
    >>> line({"id": "a", "ratio": 2.0, "low": 1.9, "high": 2.1, "peer": "scipy", "asked": 1.5,
    ...       "met": True})
    'a: 2.00x (1.90-2.10), asked ≥ 1.50x: met, against scipy'
    """
    if row["ratio"] is None:
        return f"{row['id']}: {row['status']}, {row['note']}"
    wish = f", asked {asked(row)}: {verdict(row)}" if row["asked"] is not None else ""
    against = f", against {row['peer']}" if row["peer"] else ""
    return f"{row['id']}: {figure(row)} ({spread(row)}){wish}{against}"


def columns(rows, head):
    """Text columns under a head."""
    table = [head, *rows]
    widths = [max(len(str(r[i])) for r in table) for i in range(len(head))]
    text = ["  ".join(f"{c:<{w}}" for c, w in zip(r, widths, strict=True)).rstrip() for r in table]
    return "\n".join(text)


def table(report):
    """The whole report for a terminal."""
    parts = [columns([cells(row) for row in report["rows"]], _HEAD)]
    if notes := _notes(report["rows"]):
        parts.append("\n".join(notes))
    parts.append("\n".join(machine_lines(report)))
    return "\n\n".join(parts)


def _notes(rows):
    return [f"{row['id']}: {row['note']}" for row in rows if row.get("note")]


def machine_lines(report):
    """Machine, versions and what is missing, one line each."""
    machine, probes = report["machine"], report.get("probes") or {}
    versions = ", ".join(f"{k} {v}" for k, v in machine.get("versions", {}).items())
    lines = [
        f"{machine.get('cpu')}, {machine.get('cores')} cores "
        f"({', '.join(machine.get('features', []))}), Python {machine.get('python')}, "
        f"{machine.get('blas')}, {machine.get('date')}",
        versions,
    ]
    if machine.get("compiled_for"):
        lines.insert(1, f"compiled for {machine['compiled_for']}, not for this processor")
    if "fma_gflops" in probes:
        lines.append(
            f"fma peak of one thread {number(probes['fma_gflops']['median'])} GF/s; "
            f"two threads do {number(probes['fma_scaling']['median'])} times as much"
        )
    if machine.get("missing"):
        lines.append(f"not installed: {', '.join(machine['missing'])}")
    if report.get("left_out"):
        lines.append(f"left out of a quick run: {', '.join(report['left_out'])}")
    return lines


def markdown(report):
    """The report as a Markdown table, notes and the machine below it."""
    rows = [
        f"| `{row['id']}` | {row['title']} | {row['peer'] or '-'} | "
        f"{figure(row)} ({spread(row)}) | "
        f"{asked(row) or '-'} | {verdict(row)} |"
        for row in report["rows"]
        if row["ratio"] is not None
    ]
    head = ["| row | work | against | measured (quartiles) | asked | |", "|" + 6 * "---|"]
    below = [*_notes(report["rows"]), *machine_lines(report)]
    return "\n".join([*head, *rows, "", *(f"{line}  " for line in below)]).rstrip()


# ---- files and older results --------------------------------------------------------------------
def to_json(report):
    """A report as JSON text; what is no finite number becomes null."""
    return json.dumps(_plain(report), indent=1, ensure_ascii=False) + "\n"


def _plain(value):
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "item"):  # a numpy scalar
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read(path):
    """A report from a file of ``--json``.

    Raises
    ------
    DataError
        If the file cannot be read or is no such report.
    """
    try:
        report = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"--compare {path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"--compare {path} is no JSON: name a file that --json has written"
        ) from error
    if wrong := _wrong(report):
        raise DataError(f"--compare {path} has {wrong}: name a file that --json has written")
    return report


def _wrong(report):
    """What makes plain values no report that can be compared, None if they are one."""
    rows = report.get("rows") if isinstance(report, dict) else None
    if not isinstance(rows, list):
        return "no rows"
    for at, row in enumerate(rows):
        if not isinstance(row, dict) or not row.keys() >= _KEYS:
            return f"no rows of a report (rows[{at}])"
        texts = all(_is_text(row.get(key, "")) for key in ("id", "peer", "unit", "sense"))
        figures = [row[key] for key in ("ratio", "low", "high")]
        missing = figures[0] is None and all(f is None or _is_number(f) for f in figures)
        if not texts or not (missing or all(map(_is_number, figures))):
            return f"a row without id, peer or figures (rows[{at}])"
    for part, known in _ABOUT.items():
        about = report.get(part) or {}
        if not isinstance(about, dict):
            return f"no {part}, but {str(about)[:40]!r}"
        for key, is_fit in known.items():
            if about.get(key) is not None and not is_fit(about[key]):
                return f"a {part} with {key} {str(about[key])[:40]!r}"
    return None


def _is_text(value):
    return isinstance(value, str) and value.isprintable()


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def _is_flag(value):
    return isinstance(value, bool)


# what the comparison tells of two reports
_ABOUT = {
    "machine": {"cpu": _is_text, "cores": _is_number, "compiled_for": _is_text},
    "plan": {"quick": _is_flag, "shrink": _is_number},
}


def compare(report, old):
    """Rows of two reports side by side; a change counts where the quartiles do not overlap."""
    before = {row["id"]: row for row in old["rows"]}
    lines = []
    for row in report["rows"]:
        then = before.pop(row["id"], None)
        if then is None or then["ratio"] is None or row["ratio"] is None:
            lines.append((row["id"], figure(then) if then else "-", figure(row), "", ""))
            continue
        change = row["ratio"] / then["ratio"] if then["ratio"] else math.nan
        lines.append(
            (row["id"], f"{figure(then)} ({spread(then)})", f"{figure(row)} ({spread(row)})",
             f"{number(change)} times", _better(row, then))
        )  # fmt: skip
    text = columns(lines, ("row", "before", "now", "change", ""))
    notes = [
        f"{name} differs: {was or '-'} before, {now or '-'} now: no fair comparison"
        for name, was, now in (
            *(told for part in _ABOUT for told in _told(old, report, part, _ABOUT[part])),
        )
        if was != now
    ]
    if before:
        notes.append(f"not measured now: {', '.join(before)}")
    return "\n\n".join([text, "\n".join(notes)] if notes else [text])


def _told(old, new, part, keys):
    """What two reports say of themselves under the same names."""
    before, now = old.get(part) or {}, new.get(part) or {}
    return [(key, before.get(key), now.get(key)) for key in keys]


def _better(row, then):
    if then.get("peer") != row["peer"]:
        return f"another peer: {then.get('peer')} before"
    if row["low"] <= then["high"] and then["low"] <= row["high"]:
        return "within the spread"
    rises = row["ratio"] > then["ratio"]
    return "better" if rises == (row.get("sense", AT_LEAST) == AT_LEAST) else "worse"
