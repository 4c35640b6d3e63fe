"""What is drawn on: axes or a figure of the caller's, or a new one."""

from functools import wraps

_HOW = {  # what a picture is drawn on, why, and how one gets it
    "ax": ("is one panel: give it ax=, matplotlib Axes, not figure=",
           "ax=figure.add_subplot(), or ax=plt.subplots()[1]"),
    "figure": ("may be several panels: give it figure=, a matplotlib Figure or SubFigure, not ax=",
               "figure=plt.figure(), or figure=figure.subfigures(1, 2)[0]"),
}  # fmt: skip


def drawn_on(place):
    """Let a picture drawn on ``ax`` (or ``figure``) say so when it is given the other."""
    (other,) = {"ax", "figure"} - {place}

    def clear(draw):
        @wraps(draw)
        def call(*args, **options):
            if other in options:
                why, example = _HOW[place]
                raise TypeError(f"{draw.__name__} {why}; for example {example}")
            return draw(*args, **options)

        return call

    return clear


def axes_on(ax, look, size):
    """The axes given, or new ones that fill a pyplot figure of so many inches.

    Raises
    ------
    TypeError
        For anything but Axes and None.
    """
    from matplotlib.axes import Axes

    if ax is None:
        import matplotlib.pyplot as plt

        return plt.figure(figsize=size, facecolor=look.ground).add_axes((0, 0, 1, 1))
    if not isinstance(ax, Axes):
        raise TypeError(
            f"ax must be matplotlib Axes or None, got {type(ax).__name__}; for example "
            f"{_HOW['ax'][1]}"
        )
    return ax


def figure_on(figure, look, size):
    """The figure given, or a new pyplot figure of so many inches; its ground is the theme's.

    Raises
    ------
    TypeError
        For anything but a Figure, a SubFigure and None.
    """
    from matplotlib.figure import FigureBase

    if figure is None:
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=size)
    if not isinstance(figure, FigureBase):
        raise TypeError(
            f"figure must be a matplotlib Figure or SubFigure or None, got "
            f"{type(figure).__name__}; for example {_HOW['figure'][1]}"
        )
    figure.set_facecolor(look.ground)
    return figure


def bare(ax, look):
    """Take ticks and frame off axes; their width and height in points."""
    ax.set_facecolor(look.ground)
    ax.set_xticks([])
    ax.set_yticks([])
    for spine in ax.spines.values():
        spine.set_visible(False)
    box = ax.get_window_extent()
    return box.width * 72 / ax.figure.dpi, box.height * 72 / ax.figure.dpi
