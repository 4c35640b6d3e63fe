"""Figures of learning: tables of README and docs/learning.md from reports stored in benchmarks/.

    python .ci/learning.py refresh [REPORT.json ...]   # none: the tables alone are written anew
    python .ci/learning.py check                       # the pages tell what is stored

A REPORT.json comes from ``growgraph bench learning PROTOCOL --json REPORT.json``; several of one
protocol, of different data, become one. What ``--method`` measured joins the stored report, in
place of the same rows of it. One of the pages has two lines for each protocol,
``<!-- begin: bench learning PROTOCOL -->`` and ``<!-- end: bench learning PROTOCOL -->``, and its
tables between them. ``PROTOCOL, in short`` in both lines shows the verdicts alone.
"""

import copy
import json
import sys
from pathlib import Path

from growgraph.bench.learning import asked, bench, grownet_verdicts, report, selfcritic_floors
from growgraph.bench.learning.results import Results
from growgraph.bench.report import to_json

ROOT = Path(__file__).resolve().parents[1]
STORE = ROOT / "benchmarks"
PAGES = (ROOT / "README.md", ROOT / "docs" / "learning.md")


FORMS = {"": report.markdown, ", in short": report.short}


def marks(shown: str) -> tuple[str, str]:
    """The lines around the tables of a protocol, or around its verdicts alone."""
    return f"<!-- begin: bench learning {shown} -->", f"<!-- end: bench learning {shown} -->"


def stored(folder: Path = STORE) -> dict[str, dict]:
    """The stored report of each protocol."""
    found = {}
    for path in sorted(folder.glob("learning_*.json")):
        found[path.stem.removeprefix("learning_")] = json.loads(path.read_text(encoding="utf-8"))
    return found


def merged(reports: list[dict]) -> dict:
    """Reports of one protocol as one: what they tell of data comes one after the other.

    Raises ValueError for quick runs, different protocols, or data told of twice.
    """
    if len({told["bench"] for told in reports}) != 1:
        raise ValueError("reports to be merged must be of one protocol")
    if any(told["plan"]["quick"] for told in reports):
        raise ValueError("a report is of a quick run: leave --quick away")
    listed = ("cells", "comparisons", "floors", "placement")
    whole = {**reports[0], "curves": {}, "notes": []} | {key: [] for key in listed}
    for told in reports:
        twice = {c["data"] for c in whole["cells"]} & {c["data"] for c in told["cells"]}
        if twice:
            raise ValueError(f"two reports tell of {', '.join(sorted(twice))}: give one of them")
        for key in listed:
            whole[key] += told.get(key, [])
        whole["curves"] |= told["curves"]
        whole["knows"] = whole.get("knows", {}) | told.get("knows", {})
        whole["notes"] += [note for note in told["notes"] if note not in whole["notes"]]
    if whole["bench"] == "learning grownet":  # placement is tested over all data at once
        found = grownet_verdicts.concluded(Results.of(whole["cells"]))
        whole |= json.loads(to_json(found))
    protocol = whole["bench"].removeprefix("learning ")
    if protocol in asked.FLOORS:  # of several data sets the worst counts
        whole["floors"] = asked.floors(protocol, whole["cells"])
    return whole


# ---- rows of a protocol measured apart ----------------------------------------------------------
def joined(whole: dict, rows: dict) -> dict:
    """A report, and what ``--method`` measured: in place of the same rows, beside the others.

    Raises ValueError where others are compared with a row by what no report keeps, and where a row
    comes without seeds or measures that it had.
    """
    protocol = whole["bench"].removeprefix("learning ")
    whole, measured = copy.deepcopy(whole), {(c["data"], c["learner"]) for c in rows["cells"]}
    if rows["plan"]["quick"]:
        raise ValueError("a report is of a quick run: leave --quick away")
    _check_alike(whole["cells"], rows["cells"])
    kept = [c for c in whole["cells"] if (c["data"], c["learner"]) not in measured]
    whole["cells"] = _in_sequence(protocol, kept + rows["cells"])
    whole["knows"] = whole.get("knows", {}) | rows.get("knows", {})
    concluded = bench.compared(protocol, Results.of(whole["cells"]))
    if concluded is not None:
        whole["comparisons"] = json.loads(to_json(concluded))
        if protocol == "selfcritic":
            floors = selfcritic_floors.floors(Results.of(whole["cells"]), whole["headline"])
            whole["floors"] = json.loads(to_json(floors))
    else:
        for one in whole["comparisons"]:
            if measured & {(one["data"], one["ours"]), (one["data"], one["peer"])}:
                raise ValueError(f"{one['ours']} and {one['peer']} are compared block by block: "
                                 f"measure all rows of {one['data']}")  # fmt: skip
    for name, told in rows["curves"].items():
        whole["curves"].setdefault(name, told)["learners"] |= told["learners"]
    _note_of_rows(whole, rows)
    return whole


def _check_alike(before: list[dict], now: list[dict]) -> None:
    """Raise ValueError unless rows that were there have these seeds and measures again, or more."""
    seeds = {(c["data"], c["learner"], c["measure"]): set(c["seeds"]) for c in now}
    rows = {key[:2] for key in seeds}
    for c in before:
        key = (c["data"], c["learner"], c["measure"])
        if key[:2] in rows and not seeds.get(key, set()) >= set(c["seeds"]):
            what = "other seeds" if key in seeds else f"fewer measures, no {c['measure']},"
            raise ValueError(f"{c['learner']} on {c['data']} comes with {what} than is stored: "
                             f"measure all rows of {c['data']}")  # fmt: skip


def _in_sequence(protocol: str, cells: list[dict]) -> list[dict]:
    """Cells in the sequence of the protocol's rows, data as they come."""
    data = list(dict.fromkeys(c["data"] for c in cells))
    place = {(name, row): i for name in data for i, row in enumerate(bench.rows_of(protocol, name))}
    last = len(place)
    return sorted(cells, key=lambda c: (data.index(c["data"]),
                                        place.get((c["data"], c["learner"]), last)))  # fmt: skip


_APART = "measured apart on "


def _of_rows(told: set) -> str:
    """Rows by data, as one line."""
    by: dict[str, list] = {}
    for data, row in sorted(told):
        by.setdefault(data, []).append(row)
    return "; ".join(f"{data}: `{'`, `'.join(names)}`" for data, names in by.items())


def _note_of_rows(whole: dict, rows: dict) -> None:
    """Say what is of another run, a line a day; what was said of the same rows before is over."""
    now = {(c["data"], row) for c in rows["cells"] for row in rows["plan"]["methods"]}
    others, days = [], {}
    for note in whole["notes"]:
        if note.startswith(_APART):
            day, of = note.removeprefix(_APART).split(": ", 1)
            told = {tuple(one.split(": ", 1)) for one in of.split("; ")}
            days[day] = {(data, row) for data, names in told for row in names[1:-1].split("`, `")}
        else:
            others.append(note)
    days = {day: kept for day, told in days.items() if (kept := told - now)}
    day = str(rows["machine"].get("date")).split()[0]
    days[day] = days.get(day, set()) | now
    apart = [_APART + f"{day}: {_of_rows(told)}" for day, told in sorted(days.items())]
    whole["notes"] = others + [n for n in rows["notes"] if n not in others] + apart
    here, there = whole["machine"], rows["machine"]
    here["versions"] = there["versions"] | here["versions"]
    here["missing"] = [peer for peer in here["missing"] if peer not in there["versions"]]


# ---- the pages ----------------------------------------------------------------------------------
def written(texts: list[str], protocol: str, told: dict) -> list[str]:
    """The pages' texts with what is shown of a protocol renewed; ValueError if no page has it."""
    if not any(mark in "".join(texts) for mark in marks(protocol)):
        raise ValueError("one of the pages must have the lines {} and {}".format(*marks(protocol)))
    for form, tables in FORMS.items():
        texts = [_renewed(text, *marks(protocol + form), tables(told)) for text in texts]
    return texts


def _renewed(text: str, begin: str, end: str, tables: str) -> str:
    head, first, rest = text.partition(begin)
    _, last, tail = rest.partition(end)
    if first and not last:
        raise ValueError(f"{begin} has no {end} below it")
    return f"{head}{begin}\n{tables}\n{end}{tail}" if first else text


def read(pages: tuple[Path, ...]) -> list[str]:
    """The texts of the pages."""
    return [page.read_text(encoding="utf-8") for page in pages]


def refresh(reports: list[dict], folder: Path = STORE, pages: tuple[Path, ...] = PAGES) -> None:
    """Store reports and renew the pages; a mistake in one of them changes nothing.

    Without a report all tables are renewed from what is stored.
    """
    texts, files = read(pages), {}
    if not reports:
        for protocol, told in stored(folder).items():
            texts = written(texts, protocol, told)
    for kind in dict.fromkeys(told["bench"] for told in reports):
        protocol = kind.removeprefix("learning ")
        told = _whole([one for one in reports if one["bench"] == kind], folder)
        texts = written(texts, protocol, told)
        files[folder / f"learning_{protocol}.json"] = json.dumps(told, indent=1) + "\n"
    for path, content in [*files.items(), *zip(pages, texts, strict=True)]:
        path.write_text(content, encoding="utf-8")


def _whole(reports: list[dict], folder: Path) -> dict:
    """Reports of one protocol as one; single rows join the others, or else what is stored."""
    apart = [told for told in reports if told["plan"].get("methods")]
    whole = [told for told in reports if told not in apart]
    if not whole:
        path = folder / f"learning_{reports[0]['bench'].removeprefix('learning ')}.json"
        whole = [json.loads(path.read_text(encoding="utf-8"))]
    told = merged(whole)
    for rows in apart:
        told = joined(told, rows)
    return merged([told])


def differing(folder: Path = STORE, pages: tuple[Path, ...] = PAGES) -> list[str]:
    """Protocols whose tables are not what the stored report tells."""
    texts, told = read(pages), stored(folder)
    whole = "".join(texts)
    wrong = [name for name, found in told.items()
             if marks(name)[0] not in whole or written(texts, name, found) != texts]  # fmt: skip
    begun = whole.split("<!-- begin: bench learning ")[1:]
    shown = [part.partition(" -->")[0].removesuffix(", in short") for part in begun]
    return wrong + [name for name in shown if name not in told]


def main(arguments: list[str]) -> int:
    """Run one of the two commands; the exit code."""
    try:
        if arguments == ["check"]:
            wrong = differing()
            print(f"not as stored: {', '.join(wrong)}" if wrong else "the pages are as stored")
            return 1 if wrong else 0
        if arguments and arguments[0] == "refresh":
            refresh([json.loads(Path(a).read_text(encoding="utf-8")) for a in arguments[1:]])
            return 0
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
