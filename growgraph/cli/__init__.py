"""The command ``growgraph``: grow a network on data, and ask a saved one.

Every mistake of a user ends in one line on standard error that names the fix, and exit code 2;
what the machine cannot do (a full disk, too little memory) in exit code 1; Ctrl-C in 130,
SIGTERM in 143.
"""

import sys
import warnings
from typing import Annotated, Literal

import typer

from growgraph import __version__
from growgraph.cli import bench
from growgraph.cli.say import failure, line
from growgraph.cli.signals import Stopped
from growgraph.errors import DataError, FileFormatError, GraphError

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Grow a neural network that is a sparse graph, and ask it what it has learnt.",
)
app.add_typer(bench.app, name="bench")

Data = Annotated[
    str, typer.Argument(help="digits, a .csv or .parquet file, a folder of them, or - (CSV)")
]
Model = Annotated[str, typer.Argument(help="A model file that grow has written")]
Target = Annotated[
    str | None, typer.Option(help="Column of labels [default: target, label, class, y or the last]")
]
Encoding = Annotated[
    str | None, typer.Option(help="Of a CSV file, such as latin1 [default: utf-8]")
]
Categorical = Annotated[
    list[str] | None, typer.Option(help="Column of numbers to take as text (repeatable)")
]
ImageShape = Annotated[
    str | None, typer.Option(help="Columns are pixels of images: rows x columns, such as 28x28")
]
Holdout = Annotated[
    Literal["random", "tail"] | None,
    typer.Option(help="Rows never learnt: a random tenth or the last tenth [default: random]"),
]
Learning = Annotated[
    Literal["evidence", "resonance"], typer.Option(help="With or without a readout")
]
Replay = Annotated[
    int, typer.Option(min=0, max=100_000, help="Rows of a table kept for questions; 0: none")
]
Task = Annotated[
    Literal["classes", "numbers"] | None,
    typer.Option(help="What the target holds, for grownet [default: as it looks]"),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where the same command was stopped")]
Onto = Annotated[
    str | None,
    typer.Option(help="A model that learns the data as well, new columns too; --out is another"),
]
Checkpoint = Annotated[float, typer.Option(min=0, help="Seconds between checkpoints (OUT.part)")]


@app.command()
def grow(
    data: Data = "digits",
    target: Target = None,
    drop: Annotated[list[str] | None, typer.Option(help="Column to leave out (repeatable)")] = None,
    categorical: Categorical = None,
    encoding: Encoding = None,
    image_shape: ImageShape = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Read only so many rows")] = None,
    holdout: Holdout = None,
    model: Annotated[
        str, typer.Option(help="What grows: resonet, grownet or selfcritic")
    ] = "resonet",
    task: Task = None,
    learning: Learning = "evidence",
    replay: Replay = 2000,
    out: Annotated[str | None, typer.Option(help="Model file [default: named as the data]")] = None,
    seed: Annotated[int, typer.Option(help="Of everything random")] = 0,
    json: Annotated[bool, typer.Option("--json", help="One JSON line on standard output")] = False,
    resume: Resume = False,
    onto: Onto = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress, no notes")] = False,
    checkpoint: Checkpoint = 30.0,
) -> int:
    """Grow a network on data in one pass and save it with a picture of its growth."""
    from growgraph.cli.growing import Grow, quantities
    from growgraph.data import read_shape

    return Grow(
        data,
        {
            "target": target,
            "drop": tuple(drop or ()),
            "categorical": tuple(categorical or ()),
            "encoding": encoding,
            "image_shape": None if image_shape is None else read_shape(image_shape),
            "limit": limit,
            "holdout": holdout,
            "seed": seed,
            "quantities": quantities(model, task),
        },
        model=model,
        learning=learning,
        replay=replay,
        out=out,
        as_json=json,
        resume=resume,
        onto=onto,
        quiet=quiet,
        checkpoint=checkpoint,
    ).run()


@app.command()
def info(model: Model) -> int:
    """Show what a saved model is and what it knows."""
    from growgraph.cli.ask import info

    return info(model)


@app.command()
def predict(
    model: Model,
    data: Data,
    out: Annotated[str | None, typer.Option(help="CSV file [default: standard output]")] = None,
    target: Target = None,
    encoding: Encoding = None,
) -> int:
    """Answer each row of data: answer, confidence, novelty (higher = stranger), cause of doubt."""
    from growgraph.cli.ask import predict

    return predict(model, data, out, target, encoding)


@app.command()
def explain(
    model: Model,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[data]", help="As grow takes it [default: what was learnt]"),
    ] = None,
    row: Annotated[
        int | None,
        typer.Argument(metavar="row", min=0, help="Row of the data, counted from 0"),
    ] = None,
    target: Target = None,
    encoding: Encoding = None,
) -> int:
    """Tell why a row gets its answer, what for and what it is like."""
    from growgraph.cli.ask import explain

    if data is None:
        raise DataError(f"name a row, counted from 0: explain {model} ROW or {model} DATA ROW")
    if row is not None:
        return explain(model, data, row, encoding, target)
    if not data.isdecimal():
        raise DataError(f"name a row after {data}, a whole number from 0")
    return explain(model, None, int(data), encoding, target)


@app.command()
def show(
    model: Model,
    out: Annotated[
        str | None, typer.Option(help=".html, .png, .svg or .pdf [default: the model's, .html]")
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="On dark ground")] = False,
    open_: Annotated[bool, typer.Option("--open/--no-open", help="Open the page")] = True,
) -> int:
    """Write how a model grew: a page that plays it, opened in a browser, or a picture."""
    from growgraph.cli.show import show

    return show(model, out, dark, open_)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"growgraph {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version")
    ] = False,
) -> None:
    pass


def main(argv=None):
    """Run the command.

    Parameters
    ----------
    argv : list of str, optional
        Arguments; those of the process by default.

    Returns
    -------
    int
        Exit code: 0 done, 1 the machine could not, 2 the user must change something, 130 or 143
        stopped.

    Examples
    --------
    >>> main(["--version"])  # doctest: +ELLIPSIS
    growgraph ...
    0
    """
    with warnings.catch_warnings():
        warnings.showwarning = _as_note
        try:
            return int(app(argv, prog_name="growgraph", standalone_mode=False) or 0)
        except (KeyboardInterrupt, typer.Abort):
            line("stopped")
            return 130
        except Stopped as stop:
            line("stopped")
            return stop.code
        except (DataError, FileFormatError, GraphError) as error:
            return failure(error, 2)
        except MemoryError:
            return failure("out of memory: read fewer rows (--limit) or columns (--drop)", 1)
        except OSError as error:
            mistake = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)
            return failure(error, 2 if isinstance(error, mistake) else 1)
        except Exception as error:
            if not hasattr(error, "format_message"):  # a usage error of the command line
                raise
            text = error.format_message().rstrip(".")  # none when the help was shown
            if "\n" in text:  # it is the help
                print(text, file=sys.stderr)
                return 2
            asked = getattr(getattr(error, "ctx", None), "command_path", "growgraph")
            return failure(f"{text} (see {asked} --help)", 2) if text else 2


def _as_note(message, category, *_):
    if not issubclass(category, DeprecationWarning | PendingDeprecationWarning):
        line(f"note: {message}")


if __name__ == "__main__":
    sys.exit(main())
