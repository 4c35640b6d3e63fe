"""``growgraph bench``: kernel speed, cost of growing, and learning against other libraries."""

import enum
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
import typer.core

from growgraph._files import check_writable, replacing
from growgraph.cli import say
from growgraph.errors import DataError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Measure kernels and learning against others, growing against size.",
)


class _JsonToStandardOutput(typer.core.TyperCommand):
    """Lets ``--json`` stand alone: it then means ``--json -``."""

    def parse_args(self, ctx, args):
        """Give a lone --json its file."""
        full = []
        for at, argument in enumerate(args):
            full.append(argument)
            lone = at + 1 == len(args) or (args[at + 1] != "-" and args[at + 1].startswith("-"))
            if argument == "--json" and lone:
                full.append("-")
        return super().parse_args(ctx, full)


Json = Annotated[
    str | None,
    typer.Option("--json", metavar="[FILE|-]", help="Write the results as JSON [alone: -]"),
]
Plot = Annotated[str | None, typer.Option(help="Draw the results", metavar="FILE.png")]
Quick = Annotated[bool, typer.Option("--quick", help="A first impression in a minute")]


@app.command(cls=_JsonToStandardOutput)
def kernels(
    json: Json = None,
    compare: Annotated[
        str | None, typer.Option(help="Set against older results", metavar="OLD.json")
    ] = None,
    quick: Quick = False,
    plot: Plot = None,
    only: Annotated[str | None, typer.Option(help="Only these rows", metavar="ID[,ID]")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table as Markdown")] = False,
) -> int:
    """Compare compiled kernels with numpy, scipy and whatever else is installed.

    The exit code is 1 if a row failed (its sides disagreed or one of them broke) or if no row
    could be measured.
    """
    from growgraph.bench import kernels as bench
    from growgraph.bench import picture, report, rows

    try:
        picked = rows.pick(bench.ROWS, only, quick)
    except DataError as error:
        print(f"growgraph: {error}", file=sys.stderr)  # lines of ids, which a note would join
        return 2
    old = report.read(compare) if compare is not None else None
    _check_files(json, plot)
    tell = None if not sys.stderr.isatty() else lambda result: say.line(report.line(vars(result)))
    results = bench.run(picked, rows.QUICK if quick else rows.Plan(), tell)
    if quick and only is None:
        results["left_out"] = rows.left_out(bench.ROWS, picked)
    _keep(report.to_json(results), json)
    text = report.markdown(results) if markdown else report.table(results)
    if old is not None:
        if only is not None:
            old["rows"] = [row for row in old["rows"] if row["id"] in {one.id for one in picked}]
        text += "\n\n" + report.compare(results, old)
    _show(text, json)
    if plot is not None:
        _write(plot, picture.draw_kernels(results))
    return _exit_code(results["rows"])


def _exit_code(results):
    """1 where a row failed, or where none was measured: then the reasons are told."""
    if not any(row["status"] == "measured" for row in results):
        reasons = "; ".join(f"{row['id']}: {row['note']}" for row in results)
        return say.failure(f"nothing was measured: {reasons}", 1)
    return 1 if any(row["status"] == "failed" for row in results) else 0


@app.command(cls=_JsonToStandardOutput)
def grow(
    json: Json = None,
    largest: Annotated[
        int | None,
        typer.Option(min=10_000, help="Most edges [default: 10,000,000; quick: 1,000,000]"),
    ] = None,
    quick: Quick = False,
    plot: Plot = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The table as Markdown")] = False,
) -> int:
    """Measure insertion, growth, forward and memory for 1e4 to 1e7 edges."""
    from growgraph.bench import grow as bench
    from growgraph.bench import grow_report, picture, report, rows

    _check_files(json, plot)
    most = largest or (1_000_000 if quick else bench.LARGEST)
    tell = None if not sys.stderr.isatty() else lambda row: say.line(grow_report.line(row))
    results = bench.run(most, rows.QUICK if quick else rows.Plan(), tell)
    _keep(report.to_json(results), json)
    _show(grow_report.markdown(results) if markdown else grow_report.table(results), json)
    if plot is not None:
        _write(plot, picture.draw_grow(results))
    return 0


class Protocol(enum.StrEnum):
    """What ``bench learning`` measures."""

    STREAM = "stream"
    LONG = "long"
    RETURNS = "returns"
    MEMORY = "memory"
    ONEPASS = "onepass"
    FOLDS = "folds"
    SELFKNOW = "selfknow"
    SIMULATE = "simulate"
    SELFCRITIC = "selfcritic"
    CLUSTER = "cluster"
    GROWNET = "grownet"
    GROWTH = "growth"
    SIMNET = "simnet"


@app.command(cls=_JsonToStandardOutput)
def learning(
    protocol: Annotated[Protocol, typer.Argument(help="What is measured")],
    json: Json = None,
    quick: Quick = False,
    plot: Plot = None,
    only: Annotated[
        str | None,
        typer.Option(help="Only these streams, data or ablations", metavar="NAME[,NAME]"),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="Only this row (* is any text); may be given again", metavar="ROW"),
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="The tables as Markdown")] = False,
) -> int:
    """Compare what is learnt with what a user would take instead.

    stream: one sample after another, asked and then learnt, while concepts change. long: the same
    over 50,000 samples. returns: concepts that come back. memory: bytes over 1,000,000 rows, ours
    alone. onepass: each row once, in random order and class by class. folds: the same on five folds
    of small data sets. selfknow: unknown classes, errors, calibration. simulate: answers by least
    inertia. selfcritic: self-knowledge of SelfCriticNet against ensembles and distances, and why it
    may be wrong. cluster: concepts without labels. grownet: parity, spirals, functions and tables
    against what is trained, boosted or grown at random; --only pool (or placement, depth,
    directions, readout) ablates one thing, stream teaches in rounds, cost times insertions. growth:
    ResoNet without one of its parts, late classes, contradictory and shuffled labels. simnet: steps
    until a world of states or of numbers is solved, and to recover when it changes. --method
    'growgraph*' measures ours alone (not of grownet, growth). Whole runs take from minutes to an
    hour, of simnet some.
    """
    from growgraph.bench import report
    from growgraph.bench.learning import bench, picture, plan
    from growgraph.bench.learning import report as tables

    _check_files(json, plot)
    thorough = replace(plan.QUICK if quick else plan.Plan(), methods=tuple(method or ()))
    bench.check(protocol.value, only, thorough.methods)
    tell = None if not sys.stderr.isatty() else say.line
    results = bench.run(protocol.value, thorough, only, tell)
    _keep(report.to_json(results), json)
    _show(tables.markdown(results) if markdown else tables.table(results), json)
    if plot is not None:
        _write(plot, picture.draw(results))
    return 0


def _check_files(json, plot):
    """Refuse files that cannot be written before minutes are spent."""
    if plot is not None and Path(plot).suffix.lower() != ".png":
        raise DataError(f"--plot {plot} is to be a PNG picture: name it {Path(plot).stem}.png")
    for path in (json, plot):
        if path not in (None, "-"):
            check_writable(path)


def _show(text, json):
    """Print the table: where standard output holds the JSON, to standard error."""
    print(text, file=sys.stderr if json == "-" else sys.stdout)


def _keep(content, json):
    """Hand the JSON over to where it was asked for, before anything else can fail."""
    if json == "-":
        print(content, end="", flush=True)
    elif json is not None:
        _write(json, content.encode())


def _write(path, content):
    with replacing(path) as file:
        file.write(content)
