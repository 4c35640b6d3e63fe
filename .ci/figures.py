"""Figures of the kernels: refresh those in the repository, and guard them.

    python .ci/figures.py refresh RESULTS.json    # README table and benchmarks/ratios.json
    python .ci/figures.py check                   # a few rows against benchmarks/ratios.json

RESULTS.json comes from ``growgraph bench kernels --json RESULTS.json`` with all peers installed.
``check`` needs none of them. It fails where the best of three runs of a row is below 0.7 of the
ratio that was stored on the same model of processor; on other models nothing is known, and it says
so.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

from growgraph.bench import kernels, machine, report, rows

ROOT = Path(__file__).resolve().parents[1]
RATIOS = ROOT / "benchmarks" / "ratios.json"
README = ROOT / "README.md"
BEGIN, END = "<!-- begin: bench kernels -->", "<!-- end: bench kernels -->"

# Against numpy and scipy, quick to prepare, and steady from run to run and from environment to
# environment (hebb_batch_numpy is not: 2.7 to 3.8 on one machine).
GUARDED = (
    "forward_batch_784", "forward_dag", "bundle_784", "bundle_256", "forward_one", "grow_one",
    "grow_forward", "hebb_one", "transpose_batch",
)  # fmt: skip
LEAST = 0.7
RUNS = 3
SECONDS = 60  # no run begins later
PLAN = rows.Plan(seconds=0.01)


# ---- guard --------------------------------------------------------------------------------------
def judge(
    stored: dict[str, float], run: Callable[[str], float], late: Callable[[], bool] = lambda: False
) -> tuple[dict[str, str], bool]:
    """Compare rows with their stored ratios; a row is measured again only while it is too low.

    Parameters
    ----------
    stored : dict of str to float
        Ratio of each row.
    run : callable
        Measures a row.
    late : callable
        Whether the time is up.

    Returns
    -------
    lines : dict of str to str
        What to say of each row.
    passed : bool
        False if a row was below in all of its runs.
    """
    lines, passed = {}, True
    for name, ratio in stored.items():
        found: list[float] = []
        while len(found) < RUNS and (not found or max(found) < LEAST * ratio) and not late():
            found.append(run(name))
        if not found:
            lines[name] = "not measured: no time was left"
            continue
        share = max(found) / ratio
        text = f"{max(found):.4g}x, best of {len(found)}, is {share:.2f} of the stored {ratio:.4g}x"
        if share >= LEAST:
            lines[name] = f"{text}: passed"
        elif len(found) < RUNS:
            lines[name] = f"{text}: not judged, no time was left for {RUNS} runs"
        else:
            lines[name], passed = f"{text}: FAILED, asked are {LEAST:g}", False
    return lines, passed


def measured(name: str) -> float:
    """The ratio of a row now; 0 if its sides disagree or one of them broke, which is said."""
    (row,) = rows.pick(kernels.ROWS, name)
    result = rows.measure(row, PLAN)
    if result.ratio is None:
        print(f"{name}: {result.status}, {result.note}")
    return result.ratio or 0.0


def check(path: Path = RATIOS, run: Callable[[str], float] = measured) -> int:
    """Guard this machine's figures; the exit code."""
    here = machine.model(machine.describe())
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if here not in known:
        print(f"skipped: no ratios are stored for this model of processor, {here}")
        print("known are: " + "; ".join(sorted(known)))
        return 0
    entry, began = known[here], time.monotonic()
    print(f"{here}: ratios of {entry['date']}")
    lines, passed = judge(entry["ratios"], run, lambda: time.monotonic() - began > SECONDS)
    print("\n".join(f"{name}: {line}" for name, line in lines.items()))
    return 0 if passed else 1


# ---- refresh ------------------------------------------------------------------------------------
def refresh(results: dict, path: Path = RATIOS, readme: Path = README) -> None:
    """Store the ratios of the guarded rows under their processor; renew the table of the README.

    Parameters
    ----------
    results : dict
        Of a whole run of ``growgraph bench kernels``: a row that is asked for and has no figure,
        or a quick run, raises ValueError and nothing is written.
    path, readme : Path
        Files to change.
    """
    found = {row["id"]: row for row in results["rows"]}
    gone = [row.id for row in kernels.ROWS if found.get(row.id, {}).get("ratio") is None]
    if gone:
        raise ValueError(f"no figure of {', '.join(gone)}: run all rows, with all peers")
    if results["plan"]["quick"] or results["plan"]["shrink"] != 1:
        raise ValueError("the results are of a quick run: leave --quick away")
    head, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{readme.name} must have the lines {BEGIN} and {END}")
    known = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    known[machine.model(results["machine"])] = {
        "date": results["machine"]["date"],
        "versions": {k: results["machine"]["versions"][k] for k in ("numba", "numpy", "scipy")},
        "ratios": {name: float(f"{found[name]['ratio']:.4g}") for name in GUARDED},
    }
    path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    table = report.markdown(results)
    readme.write_text(f"{head}{BEGIN}\n{table}\n{END}{tail}", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run one of the two commands; the exit code."""
    if arguments == ["check"]:
        return check()
    if len(arguments) == 2 and arguments[0] == "refresh":
        try:
            refresh(report.read(arguments[1]))
        except ValueError as error:  # errors of growgraph are such, too
            print(error, file=sys.stderr)
            return 2
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
