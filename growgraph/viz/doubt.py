"""plot_doubt: what was seen, where it is tense, and what the two rival answers expect."""

import numpy as np

from growgraph.errors import DataError
from growgraph.viz.paper import drawn_on, figure_on
from growgraph.viz.style import theme

_PANELS = ("seen", "tension", "expected", "rival")
_WIDTH = 2.2  # inches of a panel


@drawn_on("figure")
def plot_doubt(told, figure=None, *, dark=False):
    """Draw an explanation: the tension map over the input, beside the two rival expectations.

    Parameters
    ----------
    told : Explanation
        Of :meth:`growgraph.SelfCriticNet.explain`. An image is drawn as one, a row of a table as
        a strip of its scaled inputs.
    figure : matplotlib Figure or SubFigure, optional
        An empty one to draw on; a new pyplot figure if not given. Nothing is shown and no global
        setting is changed.
    dark : bool, default False
        On dark ground.

    Returns
    -------
    list of matplotlib Axes
        What was seen; the tension there (red: more than the answer expects, blue: less); what is
        expected of the answer; what is expected of its rival.

    Raises
    ------
    TypeError
        For anything else.
    DataError
        For an explanation without a picture: the model that gave it had no critic yet.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from growgraph import SelfCriticNet
    >>> from growgraph.viz import plot_doubt
    >>> X, y = load_digits(return_X_y=True)
    >>> model = SelfCriticNet(image_shape=(8, 8), random_state=0).fit(X[:500], y[:500])
    >>> [axes.get_title() for axes in plot_doubt(model.explain(X[500]))][:2]
    ['seen', 'tension']
    """
    if not isinstance(getattr(told, "data", None), dict):
        raise TypeError(f"told must be what explain() gave, got {type(told).__name__}")
    picture = told.data.get("picture")
    if picture is None:
        raise DataError(
            "told has no picture: it must be of a SelfCriticNet that holds eight rows out or more"
        )
    look, data = theme(dark), told.data
    figure = figure_on(figure, look, (4 * _WIDTH, _WIDTH + 0.85))
    names = ("seen", "tension", f"expected of {data['answer']}", f"expected of {data['rival']}")
    high = max(float(np.abs(picture[name]).max()) for name in ("seen", "expected", "rival"))
    room = {"left": 0.015, "right": 0.985, "bottom": 0.09, "top": 0.81, "wspace": 0.07}
    drawn = list(np.ravel(figure.subplots(1, len(_PANELS), gridspec_kw=room)))
    ink, sides = "gray" if dark else "gray_r", _two_sided(look, dark)
    for axes, key, name in zip(drawn, _PANELS, names, strict=True):
        low = -high if key == "tension" or picture["seen"].min() < 0 else 0
        axes.imshow(picture[key], cmap=sides if low < 0 else ink, vmin=low, vmax=high,
                    aspect="equal" if len(picture[key]) > 1 else "auto")  # fmt: skip
        if low < 0:
            less, more = ("less", "more than expected") if key == "tension" else ("low", "high")
            axes.set_xlabel(f"blue: {less}, red: {more}", color=look.faint, fontsize=8)
        axes.set_title(name, color=look.ink, fontsize=9, parse_math=False)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_color(look.faint)
    likely = sorted(data["causes"].items(), key=lambda cause: -cause[1])[:2]
    words = ", ".join(f"{cause} {share:.0%}" for cause, share in likely)
    figure.suptitle(
        f"{data['answer']} (confidence {data['confidence']:.2f}): {words}", color=look.ink,
        fontsize=11, y=0.975, parse_math=False,
    )  # fmt: skip
    return drawn


def _two_sided(look, dark):
    """Blue below zero, red above it, and zero is the ground."""
    from matplotlib import colormaps
    from matplotlib.colors import LinearSegmentedColormap

    if not dark:
        return colormaps["RdBu_r"]
    ends = ("#9fd0ff", look.marks[0], look.ground, look.output, "#ffc9b5")
    return LinearSegmentedColormap.from_list("doubt", ends)
