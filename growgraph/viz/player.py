"""animate: how a graph grew, as one page of HTML that asks nothing of the network."""

import base64
import json
import os
from dataclasses import asdict
from importlib.resources import files

import numpy as np

from growgraph._files import replacing
from growgraph._validation import check_number
from growgraph.graph.build import ACTIVATION_NAMES, KIND_NAMES
from growgraph.viz.answer import opened
from growgraph.viz.film import film_of
from growgraph.viz.history import graph_of
from growgraph.viz.style import DARK, KIND_SHAPE, KIND_WORDS, LIGHT

_INTEGERS = (np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32)
_PARTS = ("", "_film", "_draw", "_tell", "_act")  # markup and style, then scripts
_SHADES = 24  # of the scale of tension
_OTHER = (".mp4", ".mov", ".avi", ".webm", ".gif", ".png", ".jpg", ".jpeg", ".webp", ".svg", ".pdf")
_HEIGHT = 560  # pixels of the frame in a notebook


class Player:
    """A page that plays how a graph grew; :func:`animate` makes it.

    Attributes
    ----------
    html : str
        The whole page: script, style and data in one, no address of anything else in it.

    Examples
    --------
    >>> import growgraph
    >>> g = growgraph.Graph()
    >>> g.record()
    >>> y = g.add_outputs(1, sources=g.add_inputs(2))
    >>> player = growgraph.animate(g)
    >>> player
    Player(3 nodes, 3 events)
    >>> player.save("growth.html")  # doctest: +SKIP
    """

    def __init__(self, page, picture, told):
        self.html = page
        self._picture, self._told = picture, told
        self._png = None

    def __repr__(self):
        return f"Player({self._told})"

    def save(self, path):
        """Write the page to a file, whole or not at all.

        Parameters
        ----------
        path : str or path
            Its folder must exist; a name without suffix is taken as it is.

        Raises
        ------
        ValueError
            If its suffix promises a film or a picture.
        OSError
            If it cannot be written.
        """
        suffix = os.path.splitext(os.fspath(path))[1].lower()
        if suffix in _OTHER:
            raise ValueError(
                f"a player is a page, path must end with .html, got {os.fspath(path)!r}; for a "
                "picture: plot(model).figure.savefig(path)"
            )
        with replacing(path) as file:
            file.write(self.html.encode())

    def _repr_mimebundle_(self, include=None, exclude=None):
        """The page in a frame of its own, and beside it the picture of the graph as it is."""
        page = self.html.replace("&", "&amp;").replace("'", "&#39;")  # fewer than the other quotes
        frame = (
            f'<iframe srcdoc=\'{page}\' sandbox="allow-scripts" title="growgraph" '
            f'style="width:100%;height:{_HEIGHT}px;border:0" loading="lazy"></iframe>'
        )
        if self._png is None:
            self._png = base64.b64encode(self._picture()).decode()
        return {"text/html": frame, "image/png": self._png, "text/plain": repr(self)}


def animate(thing, *, tension=None, share=None, dark=None, title=None):
    """Make a page that plays how a graph grew: time, zoom, search, and why each node is there.

    Old nodes never move: each stands where it was born. Alike nodes of graphs of more than 150
    are one mark, opened by a click; where more than 2000 marks are in view, neighbours are one
    until it is zoomed in. A node tells its kind, what it reads, which rule made it, when and why,
    what tension was felt there, and what the model knows of it.

    Parameters
    ----------
    thing : Graph, GrowthLog, fitted model, or what its ``explain`` gave
        Without a growth log the graph is shown as it is. Of an explanation the nodes and links that
        took part in that answer are lit, and the rest is faded.
    tension : array [nodes], optional
        A value >= 0 for each of ``graph.nodes``, as :meth:`Graph.tension` gives; NaN: not known.
    share : float in [0, 1], optional
        Draw the edges that reach this share of the strongest edge into the same mark at first. By
        default the smallest of some round shares that leaves the picture readable; the page has
        a control for it.
    dark : bool, optional
        On dark or light ground; by default as the viewer prefers. The page has a switch.
    title : str, optional
        By default the model's class.

    Returns
    -------
    Player
        Shown in Jupyter and VS Code as it is; ``save(path)`` writes the page.

    Raises
    ------
    GraphError
        For a model that was not fitted.
    TypeError
        For anything that has no graph.
    ValueError
        For a tension of another length, or a share beyond its range.

    Notes
    -----
    At most 12,000 links between marks (or one a mark) and 6,000 sources of nodes (or one a node)
    are written, the strongest; the page says how many sources a node has in all.

    Examples
    --------
    >>> import growgraph
    >>> g = growgraph.Graph.layered([2, 3, 1], random_state=0)
    >>> player = growgraph.animate(g)
    >>> "src=" in player.html or "href=" in player.html
    False
    """
    told_of, (thing, answer) = thing, opened(thing)
    graph = graph_of(thing)
    share = None if share is None else check_number("share", share, 0, 1)
    if answer is not None and tension is None and np.isfinite(answer.tension).any():
        tension = answer.tension
    arrays, words = film_of(thing, tension, answer)
    name = type(thing if hasattr(thing, "graph_") else graph).__name__
    words |= {
        "title": str(title or (name if answer is None else f"{name}: {answer.text}")),
        "kinds": {str(k): [KIND_NAMES[k], KIND_WORDS[k], KIND_SHAPE[k]] for k in KIND_NAMES},
        "acts": {str(k): act for k, act in ACTIVATION_NAMES.items()},
        "themes": {"light": _colours(LIGHT), "dark": _colours(DARK)},
        "dark": None if dark is None else bool(dark),
    }
    words["least"] = words["least"] if share is None else share
    page = _page({"arrays": {k: pack(v) for k, v in arrays.items()}, "words": words})
    events = len(arrays["rule"])
    told = f"{graph.n_nodes:,} nodes, " + (f"{events:,} events" if words["log"] else "no log")
    pictured = graph if answer is None else told_of
    return Player(page, lambda: _picture(pictured, tension, share, bool(dark)), told)


def _page(film):
    """The template with the film in it; no name can end the script it stands in."""
    text = json.dumps(film, separators=(",", ":"), allow_nan=False)
    text = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    folder = files("growgraph.viz")
    page, *scripts = (folder.joinpath(f"player{part}.html").read_text("utf-8") for part in _PARTS)
    return page.replace("<!-- SCRIPTS -->", "".join(scripts)).replace('"FILM"', text)


def pack(values):
    """An array as JSON holds it: the narrowest type, base64; one value for all if they are equal.

    Parameters
    ----------
    values : ndarray [n]
        Integers beyond 32 bits become float64, other floats float32.

    Returns
    -------
    dict
        ``t``: type, ``n``: length, and ``v``: the value of all (None: NaN), or ``b``: base64.
    """
    kind: type = np.float32
    if values.dtype.kind != "f":
        low, high = (values.min(), values.max()) if values.size else (0, 0)
        fits = (t for t in _INTEGERS if np.iinfo(t).min <= low and high <= np.iinfo(t).max)
        kind = next(fits, np.float64)
    values = np.ascontiguousarray(values, np.dtype(kind).newbyteorder("<"))
    out = {"t": values.dtype.str[1:], "n": values.size}
    if values.size and np.isnan(values).all():
        return out | {"v": None}
    if values.size and (values == values[0]).all() and np.isfinite(values[0]):
        return out | {"v": values[0].item()}
    return out | {"b": base64.b64encode(values.tobytes()).decode()}


def _colours(look):
    """Colours of a ground as the page takes them, with the scale of tension from calm to tense."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    shades = colormaps[look.tension](np.linspace(look.span[0], look.span[1], _SHADES))
    return asdict(look) | {"shades": [to_hex(shade) for shade in shades]}


def _picture(graph, tension, share, dark):
    """The graph as it is, as PNG."""
    from matplotlib.figure import Figure

    from growgraph.viz.draw import plot
    from growgraph.viz.png import png_of

    figure = Figure(figsize=(8, 4.8), facecolor=(DARK if dark else LIGHT).ground)
    plot(graph, figure.add_axes((0, 0, 1, 1)), dark=dark, tension=tension, share=share)
    return png_of(figure, dpi=92)
