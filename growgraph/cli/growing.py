"""``growgraph grow``: learn a stream, keep checkpoints, save, score, draw."""

import contextlib
import importlib
import itertools
import shlex
import time
from pathlib import Path

import numpy as np

from growgraph import __version__
from growgraph._files import check_writable
from growgraph.cli import say
from growgraph.cli.places import check_model, model_file, say_suffix
from growgraph.cli.report import Report, score, score_numbers
from growgraph.cli.signals import Signals, Stopped
from growgraph.data import Batch, open_stream
from growgraph.data.columns import refuse_quantity
from growgraph.errors import DataError, FileFormatError
from growgraph.io import load, load_header, save

MODELS = {
    "resonet": ("growgraph.models.resonet", "ResoNet"),
    "grownet": ("growgraph.models.grownet", "GrowNet"),  # of quantities GrowNetRegressor
    "selfcritic": ("growgraph.models.selfcritic", "SelfCriticNet"),
}
_DEFAULTS = {"model": "resonet", "learning": "evidence", "replay": 2000}  # of the command
_WHEN = {
    "simnet": "lives in worlds, not in tables: growgraph.SimNet in Python; here",
    "stack": "comes later, not yet",
}
_SECONDS_A_CALL = 0.2  # how often learning looks up: for Ctrl-C, progress, checkpoints
_FEWEST, _MOST = 16, 8192  # rows a call
_WHOLE = 20_000  # rows up to which GrowNet learns all at once, in any sequence


def quantities(model, task):
    """What becomes of a target that is a quantity, see :class:`growgraph.data.columns.Columns`."""
    if model != "grownet":
        if task == "numbers":
            raise DataError(f"task numbers is not for --model {model}: use --model grownet")
        return "refuse"
    return {None: "allow", "numbers": "only", "classes": "classes"}[task]


class Grow:
    """One run of ``growgraph grow``.

    While it learns, ``OUT.part`` is the checkpoint: model, number of rows read, kinds of the
    columns. A run with ``resume`` goes on from it. How a stream is cut changes nothing, so the
    file at the end is, byte for byte, that of a run that was never stopped, and checkpoints may
    follow the clock.

    Parameters
    ----------
    data : str
        See :func:`growgraph.data.open_stream`.
    options : dict
        Of the same function.
    model, learning, replay, out, as_json, resume, quiet, checkpoint, onto
        As on the command line.
    """

    def __init__(
        self, data, options, *, model, learning, replay, out, as_json, resume, quiet, checkpoint,
        onto=None,
    ):  # fmt: skip
        self._onto, held = onto, None
        self._before: list[str] = []  # names of the data that --onto has learnt
        if onto is not None:
            held, run = _held_by(onto)
            self._before = [*run.get("before", ()), run["job"]["name"]]
            _check_same(onto, run["job"], model=model, learning=learning, replay=replay)
            asked, target = options.get("target"), run["schema"]["target"]
            if asked not in (None, target):
                raise DataError(
                    f"--target {asked} is not what --onto {onto} answers, {target!r}: "
                    "leave it out, or grow another model"
                )
            model, learning, replay = (run["job"][k] for k in _DEFAULTS)
            schema = _known_from_the_beginning(onto, run["schema"], options.get("categorical", ()))
            options = {**options, "schema": schema}
        if model not in MODELS:
            if model == "clusterer":
                raise DataError(_clusterer(data, out, options))
            when = _WHEN.get(model, "is unknown")
            raise DataError(f"model {model!r} {when}: use --model {' or '.join(MODELS)}")
        if model != "resonet" and learning != "evidence":
            raise DataError(
                f"learning {learning} is of --model resonet: leave it out, or leave out {model}"
            )
        if resume and data == "-":
            raise DataError(
                "resume needs data that can be read again, got standard input: write it to a file"
            )
        self.out = model_file(out, _default_out(data))
        self.part = self.out.with_name(self.out.name + ".part")
        if onto is not None and self.out.resolve() == Path(onto).resolve():
            raise DataError(f"--out {self.out} is the model of --onto: give another --out")
        options = {**options, "late": model != "grownet"}
        self.stream = open_stream(data, note=None if quiet else say.line, **options)
        self._replaced = check_model(self.out, data, self.stream.paths)
        if not quiet:
            say_suffix(out, self.out)
        self._job = {
            **self.stream.identity(),
            "image_shape": list(options["image_shape"]) if options.get("image_shape") else None,
            "model": model,
            "learning": learning,
            "replay": replay,
            "seed": options["seed"],
            "onto": held,
        }
        self._data = str(data)
        self._as_json, self._resume, self._quiet = as_json, resume, quiet
        self._every = checkpoint
        self._whole = False  # the model is saved under its own name
        self._learnt = self._row = 0  # samples learnt; first row that was not read yet
        self._size = _FEWEST * 4
        self._seed, self._replay = options["seed"], replay
        self._open_stream = lambda schema: open_stream(
            data, note=None if quiet else say.line, **{**options, "schema": schema}
        )

    def run(self):
        """Learn, save, score, draw, report; returns the exit code."""
        check_writable(self.out)
        self._model = self._begin()
        with Signals() as signals:
            try:
                self._learn(signals)
                with signals.busy():
                    self._finish(self._model)
            except Stopped as stop:
                return self._stop(self._model, stop)
            model = self._model
            try:
                report = Report(model, self.stream, self._learnt, self.out)
                report.replaced, report.before = self._replaced, self._before
                ask = score_numbers if report.is_numbers else score
                report.held_out = ask(model, self.stream)
                self._sum_up(model)
                report.draw()
            except Stopped as stop:
                say.line(f"stopped while scoring; the model is whole: {self.out}")
                return stop.code
        report.show(as_json=self._as_json, quiet=self._quiet)
        return 0

    def _sum_up(self, model):
        """Say what is odd about the data."""
        self.stream.sum_up()
        if self._learnt == 1:
            self._note("note: only one row was learnt: nothing can be told apart yet")
        elif hasattr(model, "classes_") and len(model.classes_) == 1:
            self._note(
                f"note: target {self.stream.target!r} has only one class, {model.classes_[0]}: "
                "every answer will be it; --target names another column"
            )

    # ---- beginning, or going on --------------------------------------------------------------
    def _begin(self):
        if self._resume:
            path = next((p for p in (self.part, self.out) if p.exists()), None)
            if path is not None:
                return self._go_on(path)
            self._note(f"there is no checkpoint {self.part} yet: beginning with the first row")
        elif self.part.exists():
            self._note(f"beginning anew; --resume would have gone on from {self.part}")
        if self._onto is None:
            return None
        model = load(self._onto)
        self._note(f"{self._onto} has learnt {model.n_samples_seen_:,} samples and goes on")
        return model

    def _newborn(self, batch):
        """A model that has learnt nothing; what the target holds tells of which kind."""
        where, name = MODELS[self._job["model"]]
        options = {"random_state": self._seed, "replay": self._replay}
        if name == "ResoNet":
            options |= {"learning": self._job["learning"], "image_shape": self.stream.image_shape}
        elif name == "SelfCriticNet":
            options["image_shape"] = self.stream.image_shape
        elif batch.y.dtype.kind == "f":
            name = "GrowNetRegressor"
        return getattr(importlib.import_module(where), name)(**options)

    def _go_on(self, path):
        header = load_header(path)
        run = header["extra"].get("run")
        if run is None:
            raise FileFormatError(f"{path} is not of a run of grow: leave out --resume")
        now = {**self._job, "growgraph": __version__}
        before = {**run["job"], "growgraph": header["growgraph"]}
        for key in now:
            if now[key] != before.get(key):
                raise DataError(_difference(path, key, before.get(key), now[key]))
        model = load(path)
        self._replaced = False  # it is gone on with
        self._row, self._learnt = run["row"], run["learnt"]
        if "digits" not in run["schema"]:
            self.stream = self._open_stream(run["schema"])
        self._note(f"going on from {path}: {self._learnt:,} samples are learnt")
        return model

    # ---- learning ----------------------------------------------------------------------------
    def _learn(self, signals):
        progress = say.Progress(self._quiet, self._learnt)
        saved = time.monotonic()
        batches = iter(self.stream.learn(self._row))
        if self._model is None and self._job["model"] == "grownet":
            batches = self._learn_whole(batches, progress)
        try:
            for batch in batches:
                if self._model is None:
                    self._model = self._newborn(batch)
                elif self._onto and not self._row and batch.y.dtype.kind == "i":
                    new = batch.y[~np.isin(batch.y, self._model.classes_)]
                    refuse_quantity(
                        self.stream.target,
                        new,
                        f"--onto {self._onto} answers with classes, of which these are none",
                    )
                model, first = self._model, 0
                while first < len(batch):
                    piece = batch.piece(first, first + self._size)
                    first += len(piece)
                    with signals.busy(), progress.compiling():
                        self._take(model, piece)
                    progress.step(self._learnt, self.stream.expected_rows, model)
                    if time.monotonic() - saved >= self._every and self.stream.rereadable:
                        with signals.busy():
                            self._save(model, self.part)
                        saved = time.monotonic()
        finally:
            progress.close()

    def _learn_whole(self, batches, progress):
        """Learn a table that is not large in one piece; of another give the batches back."""
        held, n = [], 0
        for batch in batches:
            held.append(batch)
            n += len(batch)
            if n > _WHOLE:
                return itertools.chain(held, batches)
        whole = joined(held)
        self._note(f"{n:,} rows: all are learnt at once; of more than {_WHOLE:,} a stream is made")
        model = self._newborn(whole)
        with progress.compiling():
            model.fit(whole.X, whole.y)
        self._model, self._learnt, self._row = model, n, int(whole.rows[-1]) + 1
        return iter(())

    def _take(self, model, piece):
        """Learn a piece; its size follows the clock, which the model does not notice."""
        start = time.perf_counter()
        model.partial_fit(piece.X, piece.y)
        self._learnt += len(piece)
        self._row = int(piece.rows[-1]) + 1
        took = max(time.perf_counter() - start, 1e-6)
        wanted = min(len(piece) * _SECONDS_A_CALL / took, 4 * self._size)
        self._size = int(min(max(wanted, _FEWEST), _MOST))

    def _save(self, model, path):
        run = {
            "job": self._job,
            "data": self._data,
            "before": self._before,
            "row": self._row,
            "learnt": self._learnt,
            "schema": self.stream.schema(),
        }
        save(model, path, extra={"run": run})

    def _finish(self, model):
        self._row = max(self._row, self.stream.n_rows)
        self._save(model, self.out)
        self._whole = True
        with contextlib.suppress(FileNotFoundError):
            self.part.unlink()

    def _stop(self, model, stop):
        """Leave a checkpoint; one more signal does not cut it, see :class:`Signals`."""
        if self._whole:
            say.line(f"stopped before scoring; the model is whole: {self.out}")
            return stop.code
        if self._learnt == 0 or model is None:
            say.line("stopped before anything was learnt")
            return stop.code
        self._save(model, self.part)
        how = "the same command with --resume goes on"
        if not self.stream.rereadable:
            how = "it can be loaded, but standard input cannot be read again"
        say.line(f"stopped after {self._learnt:,} samples, saved as {self.part}: {how}")
        return stop.code

    def _note(self, text):
        if not self._quiet:
            say.line(text)


def _clusterer(data, out, options):
    """What to type instead: grow learns with labels and scores answers."""
    if data == "-":
        return "model 'clusterer' cannot learn from standard input: write the data to a file"
    shape = (8, 8) if data == "digits" else options.get("image_shape")
    names = () if data == "digits" else ("target", "drop", "categorical", "encoding", "image_shape")
    asked = "".join(f", {name}={options[name]!r}" for name in names if options.get(name))
    file = str(model_file(out, _default_out(data)))
    code = (
        "import growgraph; from growgraph.data import open_stream; "
        f"m = growgraph.ResoNetClusterer({f'image_shape={shape}' if shape else ''}); "
        f"[m.partial_fit(b.X) for b in open_stream({data!r}{asked}).every()]; "
        f"growgraph.save(m, {file!r})"
    )
    quoted = shlex.quote(code) if set(code) & set('"$`!\\') else f'"{code}"'
    then = f" and then {shlex.join(['growgraph', 'predict', file, data])}"
    if shape and data != "digits":
        then = ""  # its file does not know the names of the pixels
    return (
        "model 'clusterer' learns without labels, which grow does not: type python -c "
        f"{quoted}{then}"
    )


def joined(batches):
    """Batches as one; where a column was not known yet its cells are missing."""
    y, rows = (np.concatenate([getattr(b, name) for b in batches]) for name in ("y", "rows"))
    if not isinstance(batches[0].X, dict):
        return Batch(np.concatenate([b.X for b in batches]), y, rows)
    X = {}
    for name in dict.fromkeys(name for b in batches for name in b.X):
        text = next(b.X[name].dtype == object for b in batches if name in b.X)
        kind, missing = (object, None) if text else (np.float64, np.nan)
        X[name] = np.concatenate(
            [b.X[name] if name in b.X else np.full(len(b), missing, kind) for b in batches]
        )
    return Batch(X, y, rows)


def _held_by(path):
    """Checksum of a model that grow has written, and what its run remembers."""
    header = load_header(path)
    run = header["extra"].get("run")
    if run is None:
        raise FileFormatError(f"--onto {path} is not of a run of grow: name a model it has written")
    if run["schema"] is None or "digits" in run["schema"]:
        raise DataError(f"--onto {path} has learnt the digits: name a model of a table")
    return header["sha256"], run


def _check_same(path, job, **asked):
    """Raise where an option asks for another model than the one that goes on."""
    for key, value in asked.items():
        if value not in (_DEFAULTS[key], job[key]):
            raise DataError(
                f"--{key} {value} is not what --onto {path} was grown with ({job[key]}): "
                "leave it out"
            )


def _known_from_the_beginning(path, schema, categorical):
    """A schema for other data, of which all columns met so far are known in the first row."""
    for name in categorical:
        if schema["columns"].get(name, ["text"])[0] != "text":
            raise DataError(
                f"--categorical {name} has been learnt by --onto {path} as a column of "
                f"{schema['columns'][name][0]}s: leave it out"
            )
    kinds = {name: [kind, 0] for name, (kind, _) in schema["columns"].items()}
    text = sorted({*schema["categorical"], *categorical})
    return {**schema, "columns": kinds, "categorical": text}


def _default_out(data):
    names = {"-": "stdin", "digits": "digits"}
    name = names.get(data) or Path(data).resolve().name
    for suffix in (".gz", ".csv", ".tsv", ".txt", ".parquet", ".pq"):
        name = name.removesuffix(suffix)
    return f"{name or 'model'}.npz"


def _difference(path, key, before, now):
    if key == "files":
        return (
            f"resume needs the same data, but the files have changed since {path} was written: "
            "leave out --resume to begin anew"
        )
    return (
        f"resume needs the same {key} as {path}: {before!r}, got {now!r}; leave out --resume to "
        "begin anew"
    )
