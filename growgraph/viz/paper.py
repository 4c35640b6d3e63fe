"""What is drawn on: axes or a figure of the caller's, or a new one."""


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
            f"ax must be matplotlib Axes or None, got {type(ax).__name__}: figure.add_subplot() or "
            "plt.subplots()[1] gives some"
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
            f"figure must be a matplotlib Figure or SubFigure or None, got {type(figure).__name__}"
        )
    figure.set_facecolor(look.ground)
    return figure
