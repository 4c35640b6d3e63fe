"""Where a command may write: never over what it reads, never over a file of somebody else."""

import contextlib
import os
import sys
from pathlib import Path

from growgraph.cli import say
from growgraph.data.files import is_parquet, is_text
from growgraph.errors import DataError, FileFormatError
from growgraph.io import load_header

MARK = "growgraph"  # the software that a picture names as its author
_HEAD = 4096


def model_file(out, default):
    """The path of the model that ``--out`` stands for; a name without suffix gets one."""
    path = Path(out or default)
    if path.suffix == ".png":
        raise DataError(f"--out {out} is to be the model's file: name it {path.stem}.npz")
    if path.suffix or path.is_dir():
        return path
    return path.with_name(path.name + ".npz")


def check_model(out, data, paths):
    """Refuse a model's file if it, its checkpoint or its picture would destroy a file.

    Parameters
    ----------
    out : Path
    data : str
        As on the command line.
    paths : sequence of Path
        The files of the data.

    Returns
    -------
    bool
        Whether a model is there already and will be replaced.
    """
    part, picture = out.with_name(out.name + ".part"), out.with_suffix(".png")
    for path in (out, part, picture):
        _spare_data(out, path, data, paths, "another.npz")
    for path in (out, part):
        if _holds_something(path) and not is_growgraph_file(path):
            what = "it" if path == out else f"its checkpoint {path}"
            raise DataError(
                f"--out {out}: {what} exists and is no growgraph file: name another file with "
                "--out, or move that one away"
            )
    replaced = _holds_something(out)
    if not replaced and _holds_something(picture) and not _is_own_picture(picture):
        raise DataError(
            f"--out {out}: its picture {picture} exists and is not of growgraph: name another "
            "file with --out, or move that one away"
        )
    return replaced


def check_answers(out, model, data, paths):
    """Refuse a file of answers that is the model or the data, or another model."""
    if out is None:
        return
    path = Path(out)
    _spare_data(path, path, data, paths, "answers.csv")
    if _same(path, Path(model)):
        raise DataError(f"--out {out} is the model: name another file, such as answers.csv")
    if _holds_something(path) and is_growgraph_file(path):
        raise DataError(f"--out {out} holds a model: name another file, such as answers.csv")


def is_growgraph_file(path):
    """True for a whole file of :func:`growgraph.save`."""
    try:
        load_header(path)
    except FileFormatError:
        return False
    return True


def _spare_data(out, path, data, paths, other):
    what = "" if path == out else f": {path}, which is written beside it,"
    if any(_same(path, one) for one in paths) or (data == "-" and _is_standard_input(path)):
        raise DataError(f"--out {out}{what} is the data: name another file, such as {other}")
    inside = data not in ("-", "digits") and _same(path.parent, Path(data))
    if inside and (is_text(path) or is_parquet(path)):
        raise DataError(
            f"--out {out}{what} lies in the folder of the data and would become data: name a file "
            "elsewhere"
        )


def _same(a, b):
    if a.resolve() == b.resolve():
        return True
    try:
        return a.samefile(b)
    except OSError:
        return False


def _is_standard_input(path):
    with contextlib.suppress(OSError, ValueError, AttributeError):
        return os.path.samestat(path.stat(), os.fstat(sys.stdin.fileno()))
    return False


def _holds_something(path):
    return path.is_file() and path.stat().st_size > 0


def _is_own_picture(path):
    with open(path, "rb") as file:
        return MARK.encode() in file.read(_HEAD)


def say_suffix(out, path):
    """Say which suffix was added to the name of a model."""
    if out is not None and Path(out).name != path.name:
        say.line(f"--out {out} has no suffix: the model is {path}")
