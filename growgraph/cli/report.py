"""The end of a run: score on held-out rows, picture, table and JSON line."""

import io
import json
import logging
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from growgraph._files import replacing
from growgraph.cli import say
from growgraph.cli.places import MARK

_ROWS = 4096
_ON_FOLDS = "rows answered by nets that had not learnt them"


def score(model, stream):
    """Right answers and number of the rows that were never learnt.

    Returns
    -------
    right, n : int
    """
    right = n = 0
    for batch in stream.held_out():
        for first in range(0, len(batch), _ROWS):
            piece = batch.piece(first, first + _ROWS)
            right += count_right(model.predict(piece.X), piece.y)
            n += len(piece)
    return right, n


def score_numbers(model, stream):
    """Root mean squared error, share of variance explained, and number of the rows held out."""
    told, y = [], []
    for batch in stream.held_out():
        for first in range(0, len(batch), _ROWS):
            piece = batch.piece(first, first + _ROWS)
            told.append(model.predict(piece.X))
            y.append(piece.y)
    if not y:
        return math.nan, math.nan, 0
    wanted = np.concatenate(y).astype(np.float64)
    wrong = float(((np.concatenate(told) - wanted) ** 2).mean())
    spread = float(wanted.var())
    return math.sqrt(wrong), 1 - wrong / spread if spread else math.nan, wanted.size


def count_right(answers, labels):
    """Number of equal entries; labels of another kind count as wrong."""
    return int((np.asarray(answers, object) == np.asarray(labels, object)).sum())


class Report:
    """What a run has come to.

    Parameters
    ----------
    model : estimator
    stream : DigitsStream or TableStream
    learnt : int
        Samples learnt, in all parts of a resumed run.
    out : Path
        The model's file.
    """

    def __init__(self, model, stream, learnt, out):
        self.model, self.stream, self.learnt, self.out = model, stream, learnt, out
        self.held_out: Any = (0, 0)
        self.picture = None
        self.replaced = False
        self.before: list[str] = []  # names of the data that the model had learnt already

    def draw(self):
        """Draw the growth beside the model; a picture that fails costs a note only."""
        path = self.out.with_suffix(".png")
        try:
            draw_growth(self.model, path)
        except Exception as error:  # whatever fails here, the model is saved and stays
            say.line(f"note: no picture ({type(error).__name__}: {error})")
        else:
            self.picture = path

    def show(self, *, as_json, quiet):
        """Print the table, and the JSON line last."""
        graph, n = self.model.graph_, self.held_out[-1]
        told, values = self._numbers() if self.is_numbers else self._classes()
        seconds = time.process_time()
        skipped = self.stream.skipped(self.learnt, n)
        rows = [
            *told,
            ("samples", f"{self.learnt:,}", f"target {self.stream.target}{self._earlier()}"),
            ("without a label", f"{skipped:,}" if skipped else None, "rows left out"),
            *self._grown(),
            ("nodes", f"{graph.n_nodes:,}", ""),
            ("edges", f"{graph.n_edges:,}", ""),
            grown(self.model),
            ("memory", memory(self.model.nbytes_), "graph and statistics"),
            ("CPU", f"{seconds:.1f} s", ""),
            ("model", self.out, "replaced" if self.replaced else ""),
            ("picture", self.picture, ""),
        ]  # fmt: skip
        if not quiet:
            say.table(rows, sys.stderr if as_json else sys.stdout)
        if as_json:
            values = {
                **values,
                "samples": self.learnt,
                "nodes": int(graph.n_nodes),
                "edges": int(graph.n_edges),
                "drifts": getattr(self.model, "n_drifts_", 0),
                "growth_events": self.model.growth_log_.end,
                "seconds": round(seconds, 3),
                "model": str(self.out),
                "picture": None if self.picture is None else str(self.picture),
                "target": self.stream.target,
            }
            if not self.is_numbers:
                values["classes"] = len(self.model.classes_)
            print(json.dumps(values), flush=True)

    @property
    def is_numbers(self):
        """True for a model of quantities."""
        return not hasattr(self.model, "classes_")

    @property
    def at_once(self):
        """True for a model that was shown all rows at once, so that it answered none in turn."""
        return len(getattr(self.model, "growth_curve_", ())) > 0

    def _classes(self):
        """Rows and JSON values of a classifier."""
        model, n = self.model, self.held_out[1]
        accuracy = self.held_out[0] / n if n else None
        before = float(model.prequential_accuracy_)
        name, how = "prequential accuracy", f"each sample answered, then learnt{self._since()}"
        if self.at_once:
            name, how = "accuracy on folds", _ON_FOLDS
        rows = [
            (name, f"{before:.4f}", how),
            ("held-out accuracy", None if accuracy is None else f"{accuracy:.4f}",
             f"{n:,} samples, never learnt"),
            ("classes", f"{len(model.classes_):,}", ""),
        ]  # fmt: skip
        return rows, {
            "accuracy": accuracy,
            "prequential_accuracy": before if math.isfinite(before) else None,
        }

    def _numbers(self):
        """Rows and JSON values of a regressor."""
        error, explained, n = self.held_out
        before = float(self.model.prequential_r2_)
        name, how = "prequential R2", f"share of variance explained, before learnt{self._since()}"
        if self.at_once:
            name, how = "R2 on folds", _ON_FOLDS
        rows = [
            (name, f"{before:.4f}", how),
            ("held-out R2", f"{explained:.4f}" if n else None, f"{n:,} samples, never learnt"),
            ("held-out RMSE", f"{error:.6g}" if n else None, "in units of the target"),
        ]
        told = {"rmse": error, "r2": explained, "prequential_r2": before}
        return rows, {k: v if math.isfinite(v) else None for k, v in told.items()}

    def _since(self):
        """Of which samples a figure tells that the model keeps over all that it has met."""
        return f"; of all {self.model.n_samples_seen_:,}, old and new" if self.before else ""

    def _earlier(self):
        """What was learnt before, of which the figures of the model tell as well."""
        n = self.model.n_samples_seen_ - self.learnt
        return f"; {n:,} before, of {', '.join(self.before)}" if self.before else ""

    def _grown(self):
        """Rows of what a kind of model alone can tell."""
        model, rows = self.model, []
        if getattr(model, "n_drifts_", 0):
            rows.append(("drifts", f"{model.n_drifts_:,}",
                         f"felt; the last after {model.last_drift_:,} samples"))  # fmt: skip
        if hasattr(model, "n_units_"):
            what = "" if model.n_units_ else "the linear stem suffices: nothing grown"
            rows.append(("units", f"{model.n_units_:,}", what))
        return rows


def grown(model):
    """A row: how many changes of structure there were ever, and how many the log still holds."""
    log = model.growth_log_
    held = f"the log holds the last {len(log):,}; older ones are folded" if log.folded else ""
    return "growth events", f"{log.end:,}", held


def memory(n):
    """Bytes for a reader."""
    return f"{n / 1e6:.1f} MB" if n >= 1e5 else f"{n / 1e3:.1f} kB"


def draw_growth(model, path):
    """Write the growth picture of a model as PNG, whole or not at all."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    import matplotlib

    matplotlib.use("Agg")
    from growgraph.viz import plot_growth

    shown = plot_growth(model)
    shown = shown if hasattr(shown, "savefig") else np.ravel(shown)[0]
    figure = getattr(shown, "figure", None) or shown
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=150, metadata={"Software": MARK})
    with replacing(Path(path)) as file:
        file.write(content.getvalue())
