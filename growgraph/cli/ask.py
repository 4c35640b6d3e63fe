"""``growgraph info``, ``predict`` and ``explain``: questions to a saved model."""

import contextlib
import csv
import io
import os
import sys

import numpy as np

from growgraph._files import replacing
from growgraph.cli import say
from growgraph.cli.places import check_answers
from growgraph.cli.report import count_right, memory
from growgraph.data import open_stream
from growgraph.errors import DataError
from growgraph.io import load, load_header

_ROWS = 4096
_CLASSES_SHOWN = 30


def _load(path, *, can):
    """A model and the kinds of columns it has learnt (None if it was not grown by the command)."""
    header = load_header(path)
    model = load(path)
    if not hasattr(model, can):
        raise DataError(f"{path} holds a {header['class']}: name the file of a model")
    return model, header["extra"].get("run", {})


def info(path):
    """Print what a file holds; returns the exit code."""
    header = load_header(path)
    thing = load(path)
    graph = getattr(thing, "graph_", thing)
    run = header["extra"].get("run", {})
    job = run.get("job", {})
    rows = [
        ("kind", header["class"], f"growgraph {header['growgraph']}, format {header['format']}"),
        ("grown on", job.get("name"), f"target {(run.get('schema') or {}).get('target', 'digit')}"),
        ("nodes", f"{graph.n_nodes:,}", ""),
        ("edges", f"{graph.n_edges:,}", ""),
        ("file", memory(os.path.getsize(path)), f"sha256 of the arrays {header['sha256'][:16]}"),
    ]
    if hasattr(thing, "classes_"):
        rows[2:2] = [
            ("samples", f"{thing.n_samples_seen_:,}", ""),
            ("classes", f"{len(thing.classes_):,}", ""),
            ("prequential accuracy", f"{thing.prequential_accuracy_:.4f}", ""),
            ("growth events", f"{len(thing.growth_log_):,}", ""),
            ("memory", memory(thing.nbytes_), "graph and statistics"),
        ]
    say.table(rows)
    if hasattr(thing, "knowledge"):
        _print_knowledge(thing.knowledge())
    return 0


def _print_knowledge(table):
    names = table.dtype.names
    rows = [dict(zip(names, row, strict=True)) for row in table[:_CLASSES_SHOWN].tolist()]
    for row in rows:
        if "rival" in row and _is_nobody(row["rival"], row["label"]):
            row["rival"] = "-"
    shown = [names, *([_brief(value) for value in row.values()] for row in rows)]
    widths = [max(len(str(row[i])) for row in shown) for i in range(len(names))]
    print()
    for row in shown:
        print("  ".join(f"{cell!s:>{width}}" for cell, width in zip(row, widths, strict=True)))
    if len(table) > _CLASSES_SHOWN:
        print(f"... and {len(table) - _CLASSES_SHOWN:,} classes more")


def _is_nobody(rival, label):
    """True for what stands for no rival: nothing, NaN, or the class itself."""
    return rival in ("", b"", None, label) or rival != rival


def _brief(value):
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def predict(path, data, out, target, encoding=None):
    """Answer all rows of ``data`` as CSV; returns the exit code."""
    model, run = _load(path, can="predict")
    schema = run.get("schema")
    stream = open_stream(data, target=target, encoding=encoding, schema=schema, note=say.line)
    check_answers(out, path, data, stream.paths)
    right = asked = n = 0
    with _writer(out) as write:
        for batch in stream.every():
            for first in range(0, len(batch), _ROWS):
                piece = batch.piece(first, first + _ROWS)
                seen = model.reflect(piece.X)
                chance = model.predict_proba(piece.X).max(axis=1)
                columns = (seen.answer.tolist(), _short(chance), _short(seen.novelty), seen.cause)
                if n == 0:  # nothing is written unless there is an answer
                    write.writerow(["answer", "probability", "novelty", "cause"])
                write.writerows(zip(*columns, strict=True))
                n += len(piece)
                if piece.y is not None:
                    right += count_right(seen.answer, piece.y)
                    asked += sum(label is not None for label in piece.y.tolist())
    stream.sum_up()
    where = f": {out}" if out else ""
    accuracy = f", accuracy {right / asked:.4f} on {asked:,} with a label" if asked else ""
    say.line(f"{n:,} rows answered{accuracy}{where}")
    return 0


def _short(values):
    return [f"{value:.6g}" for value in values.tolist()]


@contextlib.contextmanager
def _writer(out):
    if out is None:
        yield csv.writer(sys.stdout, lineterminator="\n")
        sys.stdout.flush()
        return
    with replacing(out) as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        yield csv.writer(text, lineterminator="\n")
        text.flush()
        text.detach()


def explain(path, data, row, encoding=None):
    """Print the explanation of one row; returns the exit code."""
    model, run = _load(path, can="explain")
    stream = open_stream(data, encoding=encoding, schema=run.get("schema"), note=say.line)
    n = 0
    for batch in stream.every():
        at = np.flatnonzero(batch.rows == row)
        n += len(batch)
        if at.size:
            one = batch.piece(int(at[0]), int(at[0]) + 1)
            print(model.explain(one.X))
            if one.y is not None and one.y[0] is not None:
                print(f"the data says: {one.y[0]}")
            return 0
    raise DataError(f"row must be in [0, {n - 1}] for {data}, got {row}")
