"""``growgraph info``, ``predict`` and ``explain``: questions to a saved model."""

import contextlib
import csv
import io
import math
import os
import sys
from collections import Counter

import numpy as np

from growgraph._files import replacing
from growgraph.cli import say
from growgraph.cli.places import check_answers
from growgraph.cli.report import count_right, grown, memory
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
        (
            "grown on",
            ", then ".join([*run.get("before", ()), job["name"]]) if job else None,
            f"target {(run.get('schema') or {}).get('target', 'digit')}",
        ),
        ("nodes", f"{graph.n_nodes:,}", ""),
        ("edges", f"{graph.n_edges:,}", ""),
        ("file", memory(os.path.getsize(path)), f"sha256 of the arrays {header['sha256'][:16]}"),
    ]
    if hasattr(thing, "classes_"):
        rows[2:2] = [
            ("samples", f"{thing.n_samples_seen_:,}", ""),
            ("classes", f"{len(thing.classes_):,}", ""),
            ("prequential accuracy", f"{thing.prequential_accuracy_:.4f}", ""),
            grown(thing),
            ("memory", memory(thing.nbytes_), "graph and statistics"),
        ]
    elif hasattr(thing, "prequential_r2_"):
        rows[2:2] = [
            ("samples", f"{thing.n_samples_seen_:,}", ""),
            ("prequential R2", f"{thing.prequential_r2_:.4f}", ""),
            grown(thing),
            ("memory", memory(thing.nbytes_), "graph and statistics"),
        ]
    if hasattr(thing, "n_units_"):
        what = "" if thing.n_units_ else "the linear stem suffices: nothing grown"
        rows.append(("units", f"{thing.n_units_:,}", what))
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


def _as_learnt(model, run, target, data):
    """How a stream reads data for a model, as options of :func:`growgraph.data.open_stream`."""
    if run.get("schema"):
        return {"schema": run["schema"], "target": target}
    columns, shape = getattr(model, "columns_", None), getattr(model, "image_shape", None)
    if columns is None:  # saved from Python
        return {"image_shape": None if data == "digits" else shape, "target": target}
    kinds = {name: ["text" if text else "number", 0] for name, text in columns.items()}
    whole = getattr(model, "classes_", np.empty(0, object)).dtype.kind in "iu"
    known: dict = {"target": None, "label": "int" if whole else "text", "categorical": []}
    return {"schema": {**known, "columns": kinds}, "target": target}


def predict(path, data, out, target, encoding=None):
    """Answer all rows of ``data`` as CSV; returns the exit code."""
    model, run = _load(path, can="predict")
    answers = _answers_of(model)
    known = _as_learnt(model, run, target, data)
    stream = open_stream(data, encoding=encoding, note=say.line, **known)
    check_answers(out, path, data, stream.paths)
    n = 0
    with _writer(out) as write:
        for batch in stream.every():
            for first in range(0, len(batch), _ROWS):
                piece = batch.piece(first, first + _ROWS)
                columns = answers.of(piece)
                if n == 0:  # nothing is written unless there is an answer
                    write.writerow(answers.names)
                write.writerows(zip(*columns, strict=True))
                n += len(piece)
    stream.sum_up()
    where = f": {out}" if out else ""
    say.line(f"{n:,} rows answered{answers.sum_up()}{where}")
    return 0


def _answers_of(model):
    """Who tells what a model says of rows."""
    if hasattr(model, "classes_"):
        return _Classes(model)
    return _Numbers(model) if hasattr(model, "prequential_r2_") else _Concepts(model)


class _Numbers:
    """What a regressor says of rows, and how far it is off."""

    names = ("answer", "novelty")

    def __init__(self, model):
        self.model = model
        self.wrong, self.asked = 0.0, 0

    def of(self, piece):
        """Columns of the answers for a piece of a batch."""
        told = self.model.predict(piece.X)
        if piece.y is not None:
            there = np.array([v is not None for v in piece.y.tolist()], bool)
            self.wrong += float(((told[there] - piece.y[there].astype(np.float64)) ** 2).sum())
            self.asked += int(there.sum())
        return _short(told), _short(-self.model.score_samples(piece.X))

    def sum_up(self):
        """The root mean squared error, where there were targets."""
        if not self.asked:
            return ""
        return f", RMSE {math.sqrt(self.wrong / self.asked):.6g} on {self.asked:,} with a target"


class _Classes:
    """What a classifier says of rows, and how often it is right."""

    names = ("answer", "confidence", "novelty", "cause")

    def __init__(self, model):
        self.model = model
        self.right = self.asked = 0

    def of(self, piece):
        """Columns of the answers for a piece of a batch."""
        seen = self.model.reflect(piece.X)
        if piece.y is not None:
            self.right += count_right(seen.answer, piece.y)
            self.asked += sum(label is not None for label in piece.y.tolist())
        return seen.answer.tolist(), _short(seen.confidence), _short(seen.novelty), seen.cause

    def sum_up(self):
        """The share of right answers, where there were labels."""
        if not self.asked:
            return ""
        return f", accuracy {self.right / self.asked:.4f} on {self.asked:,} with a label"


class _Concepts:
    """What a clusterer says of rows, and how well its concepts agree with labels."""

    names = ("concept", "familiarity", "name")

    def __init__(self, model):
        self.model = model
        self.told = model.knowledge()["name"].tolist()
        self.met: Counter = Counter()  # pairs of concept and label: rows may be many

    def of(self, piece):
        """Columns of the answers for a piece of a batch."""
        resonance = self.model.transform(piece.X)
        concepts = resonance.argmax(axis=1).tolist()
        if piece.y is not None:
            self.met.update(zip(concepts, piece.y.tolist(), strict=True))
        return concepts, _short(resonance.max(axis=1)), [self.told[c] for c in concepts]

    def sum_up(self):
        """The adjusted Rand index, where there were labels."""
        met = {pair: n for pair, n in self.met.items() if pair[1] is not None}
        n = sum(met.values())
        if not n:
            return ""
        rows: Counter = Counter()
        columns: Counter = Counter()
        for (concept, label), count in met.items():
            rows[concept] += count
            columns[label] += count
        both, one, other = (sum(math.comb(v, 2) for v in part.values())
                            for part in (met, rows, columns))  # fmt: skip
        chance = one * other / max(math.comb(n, 2), 1)
        most = (one + other) / 2
        index = 1.0 if most == chance else (both - chance) / (most - chance)
        return f", adjusted Rand index {index:.4f} on {n:,} with a label"


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


def explain(path, data, row, encoding=None, target=None):
    """Print the explanation of a row, of what was learnt if no data are named; returns the code."""
    model, run = _load(path, can="explain")
    seed = 0
    if data is None:
        data, job = _learnt_from(path, run), run["job"]
        encoding, seed = encoding or job.get("encoding"), job["seed"]  # digits are shuffled by it
    known = _as_learnt(model, run, target, data)
    stream = open_stream(data, seed=seed, encoding=encoding, note=say.line, **known)
    if data == run.get("data") and stream.identity().get("files") != run["job"].get("files"):
        say.line(f"{data} has changed since {path} was grown")
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


def _learnt_from(path, run):
    """The data that a model was grown on, as it was named then."""
    data = run.get("data")
    if data in (None, "-"):
        raise DataError(f"{path} does not tell what it was grown on: explain {path} DATA ROW")
    if data != "digits" and not os.path.exists(data):
        raise DataError(f"{path} was grown on {data}, which is not here: explain {path} DATA ROW")
    return data
