"""``growgraph show``: how a saved model grew, as a page that plays or as a picture."""

import io
import logging
import os
import sys
import webbrowser
from pathlib import Path

from growgraph._files import check_writable, replacing
from growgraph.cli import say
from growgraph.cli.places import MARK, is_growgraph_file
from growgraph.errors import DataError
from growgraph.io import load

_PICTURES = (".png", ".svg", ".pdf")
_HEAD = 2048
_OWN_PAGE = b"<title>growgraph</title>"


def show(model, out=None, dark=False, open_=True):
    """Write the player or a picture of a model; returns the exit code.

    Parameters
    ----------
    model : str
        A file of :func:`growgraph.save`.
    out : str, optional
        Its suffix tells what is written; by default the model's name with ``.html``.
    dark : bool
        On dark ground; else a page follows the viewer's preference.
    open_ : bool
        Open a page in a browser if there is a screen.
    """
    path = _place(model, out)
    thing = load(model)
    if path.suffix.lower() in _PICTURES:
        _draw(thing, path, dark)
        say.line(f"{path} written")
        return 0
    from growgraph.viz import animate

    animate(thing, dark=True if dark else None).save(path)
    if open_ and not has_screen():
        say.line(f"{path} written; no screen here: open it in any browser, or name a picture "
                 f"with --out {path.stem}.png")  # fmt: skip
    elif open_ and not webbrowser.open(path.resolve().as_uri()):
        say.line(f"{path} written; no browser was found: open it yourself")
    else:
        say.line(f"{path} written")
    return 0


def _place(model, out):
    """The file to write, checked before any work is done."""
    path = Path(model).with_suffix(".html") if out is None else Path(out)
    if path.suffix.lower() not in (".html", *_PICTURES):
        raise DataError(f"--out {out}: end its name in .html, .png, .svg or .pdf")
    if path.exists() and path.is_file():
        if path.resolve() == Path(model).resolve() or is_growgraph_file(path):
            raise DataError(f"--out {path} holds a model: name another file, such as growth.html")
        if out is None and not _is_own_page(path):
            raise DataError(f"{path} exists and is no page of growgraph: name a file with --out")
    check_writable(path)
    return path


def _is_own_page(path):
    with open(path, "rb") as file:
        return _OWN_PAGE in file.read(_HEAD)


def has_screen():
    """True if a browser's window could be seen by whoever typed the command.

    Examples
    --------
    >>> has_screen() in (True, False)
    True
    """
    if sys.platform == "win32":
        return True
    if sys.platform == "darwin":
        return "SSH_CONNECTION" not in os.environ
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _draw(thing, path, dark):
    """Write the picture of its growth, or of the graph as it is if it kept no log."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    from growgraph.viz import plot, plot_growth

    figure = Figure(figsize=(10, 6.4))
    FigureCanvasAgg(figure)
    if getattr(thing, "graph_", thing).records:
        plot_growth(thing, figure, dark=dark)
    else:
        plot(thing, figure.add_axes((0, 0, 1, 1)), dark=dark)
    kind = path.suffix.lower()[1:]
    who = {"Software": MARK} if kind == "png" else {"Creator": MARK, "Date": None}
    who = {"Creator": MARK, "CreationDate": None} if kind == "pdf" else who
    content = io.BytesIO()
    figure.savefig(content, format=kind, dpi=150, metadata=who, facecolor=figure.get_facecolor())
    with replacing(path) as file:
        file.write(content.getvalue())
