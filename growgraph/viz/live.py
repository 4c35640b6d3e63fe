"""LiveGrowth: a picture of a model that is drawn again while it learns."""

import math
import shutil
import sys
import time

from growgraph._progress import Course, in_words
from growgraph._validation import check_number
from growgraph.viz.canvas import FONT
from growgraph.viz.draw import plot
from growgraph.viz.history import graph_of
from growgraph.viz.png import png_of
from growgraph.viz.style import theme

_SHARE = 4.0  # a drawing that took t seconds is followed by 4 t of learning at least
_SPARKS = "▁▂▃▄▅▆▇█"
_NAMES = ("accuracy", "R2", "tension", "micro-concepts", "states", "plans", "nodes", "edges")
_SIZE = (9.0, 3.6)  # inches
_DPI = 100


class LiveGrowth:
    """Watch a model grow while it learns: hand it over as ``progress``.

    In a notebook a picture: the graph as it is, beside it the course of accuracy, tension, nodes
    and edges. In a terminal the same figures as sparklines, and why the newest node was grown;
    where there is no terminal (a log file) these lines once, at the end.

    Parameters
    ----------
    every : float in [0.5, 3600], default 0.5
        Seconds between two drawings at least. A slow drawing is followed by four times its own
        duration of learning, so that watching takes a fifth of the time at most.
    dark : bool, default False
        On dark ground.
    file : text stream, optional
        Where the lines go outside of notebooks; standard error if not given.

    Attributes
    ----------
    course : growgraph._progress.Course
        The figures of each look, one every 256 samples or more; of a SimNet one a step.
    n_drawn : int

    Notes
    -----
    Looking changes nothing: the model is, to the last bit, the one that learns unwatched. In a
    notebook each call of ``fit`` or ``partial_fit`` gets a picture of its own.

    Examples
    --------
    >>> import io
    >>> from growgraph import ResoNet
    >>> from growgraph.viz import LiveGrowth
    >>> live = LiveGrowth(file=io.StringIO())
    >>> X = [[i / 600] for i in range(600)]
    >>> model = ResoNet(progress=live).fit(X, [x > 0.5 for (x,) in X])
    >>> [look["samples"] for look in live.course.looks]
    [256, 512, 600]
    """

    def __init__(self, every=0.5, *, dark=False, file=None):
        self.every = check_number("every", every, 0.5, 3600)
        self.dark, self.file = bool(dark), file
        self._begin()

    def _begin(self):
        self.course, self.n_drawn = Course(), 0
        self._next, self._done, self._shown, self._height = 0.0, 0, None, 0
        self._over = False  # the call of fit has come to its end

    def __call__(self, done, total, model):
        """Look at the model, and draw if it is time.

        Parameters
        ----------
        done, total : int
            Samples learnt, and in all, of this call of ``fit``.
        model : estimator
        """
        if done <= self._done or self._over:  # another call of fit
            self._begin()
        self._done, self._over = done, done >= total
        self.course.look(done, model)
        start, last = time.monotonic(), done >= total
        if start < self._next and not last:
            return
        self._draw(done, total, model, last)
        self.n_drawn += 1
        end = time.monotonic()
        self._next = end + max(self.every - (end - start), _SHARE * (end - start))

    def _draw(self, done, total, model, last):
        shell = _notebook() if self.file is None else None
        if shell is not None:
            self._show_picture(done, total, model)
            return
        file = sys.stderr if self.file is None else self.file
        moving = file.isatty()
        if moving or last:
            lines = self._lines(done, total, model)
            back = f"\x1b[{self._height}A\x1b[J" if moving and self._height else ""
            file.write(back + "\n".join(lines) + "\n")
            file.flush()
            self._height = len(lines)

    # ---- in a notebook --------------------------------------------------------------------------
    def _show_picture(self, done, total, model):
        """The picture in the place of the one before."""
        from IPython.display import Image, display

        image = Image(data=self.picture(model, done, total), width=int(_SIZE[0] * 96))
        if self._shown is None:
            self._shown = display(image, display_id=True)
        else:
            self._shown.update(image)

    def picture(self, model, done=None, total=None):
        """The graph and its course as it is shown in a notebook.

        Parameters
        ----------
        model : fitted model
        done, total : int, optional
            For the headline.

        Returns
        -------
        bytes
            Of a PNG file.

        Raises
        ------
        GraphError
            For a model that was not fitted.
        """
        from matplotlib.figure import Figure

        graph_of(model)
        look = theme(self.dark)
        figure = Figure(figsize=_SIZE, facecolor=look.ground)
        figure.text(0.012, 0.965, self._headline(model, done, total), fontsize=FONT + 2,
                    color=look.ink, va="top")  # fmt: skip
        plot(model, figure.add_axes((0.0, 0.0, 0.6, 0.9)), dark=self.dark, legend=False)
        _draw_course(figure, self.course.looks, look)
        return png_of(figure, _DPI)

    def _headline(self, model, done, total):
        name = type(model).__name__
        if done is None:
            return name
        return (
            f"{name}: {done:,} of {total:,} samples"
            if done < total
            else f"{name}: {done:,} samples"
        )

    # ---- in a terminal --------------------------------------------------------------------------
    def _lines(self, done, total, model):
        looks = self.course.looks
        wide = max(20, min(60, shutil.get_terminal_size().columns - 32))
        lines = [self._headline(model, done, total)]
        for name in _names(looks):
            values = [look.get(name, math.nan) for look in looks]
            last = in_words({name: values[-1]}).replace(name, "").strip()
            lines.append(f"  {name:<14} {last:>10}  {sparkline(values, wide)}")
        return [*lines, *_newest(model)]


def _names(looks):
    """Names of the figures that are known, in the sequence in which they are shown."""
    known = {name for look in looks for name in look}
    return [name for name in _NAMES if name in known]


def sparkline(values, wide):
    """Numbers as a line of blocks, the lowest and the highest as tall as can be.

    Parameters
    ----------
    values : list of float
        NaN is a gap.
    wide : int
        Letters at most; of more numbers each letter shows the last of an equal share.

    Examples
    --------
    >>> sparkline([0, 1, 2, 3, 4, 5, 6, 7], 8)
    '▁▂▃▄▅▆▇█'
    >>> sparkline([3.0, float("nan"), 3.0], 8)
    '▁ ▁'
    """
    n = min(len(values), wide)
    picked = [values[(i + 1) * len(values) // n - 1] for i in range(n)]
    known = [v for v in picked if math.isfinite(v)]
    low = min(known, default=0.0)
    span = max(known, default=0.0) - low
    top = len(_SPARKS) - 1
    return "".join(
        _SPARKS[round((v - low) / span * top) if span > 0 else 0] if math.isfinite(v) else " "
        for v in picked
    )


def _newest(model):
    """Why the youngest node was grown, as a list of one line or none."""
    table = model.growth_log_.table()
    born = table["node"][(table["operation"] == "node") | (table["operation"] == "split")]
    born = born[born >= 0]
    return [f"  newest: {model.growth_log_.why(int(born[-1]))}"] if born.size else []


def _notebook():
    """The notebook's shell; None in a terminal, or where there is no IPython."""
    IPython = sys.modules.get("IPython")
    shell = None if IPython is None else IPython.get_ipython()
    return shell if shell is not None and hasattr(shell, "kernel") else None


def _draw_course(figure, looks, look):
    """A row for each figure over the samples."""
    names = _names(looks)
    low, high, gap = 0.13, 0.87, 0.055
    tall = (high + gap - low) / max(len(names), 1)
    samples = [line["samples"] for line in looks]
    for i, name in enumerate(names):
        ax = figure.add_axes((0.7, high - (i + 1) * tall + gap, 0.28, tall - gap))
        values = [line.get(name, math.nan) for line in looks]
        colour = look.marks[1] if name == "tension" else look.marks[0]
        ax.plot(samples, values, color=colour, linewidth=1.4, marker="." if len(looks) < 3 else "")
        ax.set_facecolor(look.ground)
        ax.margins(y=0.15)
        ax.set_xlim(0, max(samples[-1], 1))
        ax.locator_params(axis="y", nbins=2)
        ax.locator_params(axis="x", nbins=4)
        ax.tick_params(
            labelsize=FONT - 1, colors=look.faint, length=2, labelbottom=i == len(names) - 1
        )
        ax.yaxis.set_major_formatter(lambda v, _: f"{v:,.10g}")
        ax.xaxis.set_major_formatter(lambda v, _: f"{v:,.10g}")
        for side, spine in ax.spines.items():
            spine.set_visible(side in ("left", "bottom"))
            spine.set_color(look.faint)
        ax.text(
            0.01, 1.02, name, transform=ax.transAxes, fontsize=FONT, color=look.ink, va="bottom"
        )
    if names:
        ax.set_xlabel("samples", fontsize=FONT, color=look.ink)
