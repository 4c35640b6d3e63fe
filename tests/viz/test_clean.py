"""Every picture is clean: no word cut or on another, colours that all eyes tell, small files."""

import io
import itertools

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from sklearn.datasets import load_digits, load_iris

from growgraph import GrowNet, ResoNet, ResoNetClusterer, SelfCriticNet
from growgraph.viz import plot, plot_doubt, plot_growth, plot_rings, plot_tension
from growgraph.viz.style import DARK, LIGHT
from tests.viz.films import crowded, grown

NAMES = ["a class with a very long name", "b", r"$\bad{$"]  # the last is no formula
_SLACK = 1.0  # pixels that two boxes may share: they are higher than their letters


@pytest.fixture(scope="module")
def things():
    """What is drawn, by name."""
    table = load_iris(as_frame=True)
    order = np.random.default_rng(0).permutation(150)
    X, y = table.data.iloc[order], np.array(NAMES)[table.target.to_numpy()[order]]
    flat = X.to_numpy()[:, :2]
    images, digits = (part[:200] for part in load_digits(return_X_y=True))
    return {
        "table": ResoNet(random_state=0).fit(X, y),
        "concepts": ResoNetClusterer(random_state=0).fit(X),
        "units": GrowNet(random_state=0).fit(flat, y),
        "rows": (flat, y),
        "told": SelfCriticNet(random_state=0).fit(X, y).explain(X.iloc[:1]),
        "grown": grown(),
        "crowded": crowded(),
        "images": ResoNet(image_shape=(8, 8), random_state=0).fit(images, digits),
    }


PICTURES = {
    f"{draw.__name__} {name}": (draw, name)
    for draw in (plot, plot_growth, plot_rings)
    for name in ("table", "concepts", "units", "grown", "crowded")
} | {"plot_tension": (plot_tension, "units"), "plot_doubt": (plot_doubt, "told")}


def figure_of(things, picture, dark=False):
    draw, name = PICTURES[picture]
    more = things["rows"] if draw is plot_tension else ()
    axes = draw(things[name], *more, dark=dark)
    return (axes[0] if isinstance(axes, list) else axes).figure


def words_of(figure):
    """Each word that is seen, with its box in pixels."""
    figure.canvas.draw()
    unseen = set()  # ticks beyond the limits
    for ax in figure.findobj(plt.Axes):
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            unseen |= {label for tick in axis.get_major_ticks() + axis.get_minor_ticks()
                       if not low <= tick.get_loc() <= high
                       for label in (tick.label1, tick.label2)}  # fmt: skip
    return [(text.get_text(), Text.get_window_extent(text)) for text in figure.findobj(Text)
            if text.get_visible() and text.get_text().strip() and text not in unseen]  # fmt: skip


@pytest.mark.parametrize("wide", [800, 1600])
@pytest.mark.parametrize("picture", PICTURES)
def test_no_word_is_cut_and_none_is_on_another(things, picture, wide):
    figure = figure_of(things, picture)
    figure.set_dpi(wide / figure.get_figwidth())
    all_words_are_clear(figure, _SLACK * wide / 800)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(8, 5), (6.4, 4.8)], ids=str)
@pytest.mark.parametrize("name", ["images", "table", "crowded"])
def test_growth_on_small_figures(things, name, size, dark):
    figure = plt.figure(figsize=size, dpi=100)
    plot_growth(things[name], figure, dark=dark)
    all_words_are_clear(figure, 1.25 * _SLACK)


def all_words_are_clear(figure, slack):
    words = words_of(figure)
    assert words
    for text, box in words:
        assert min(box.x0, box.y0) >= 0, (text, box)
        assert box.x1 <= figure.bbox.width, (text, box)
        assert box.y1 <= figure.bbox.height, (text, box)
    for (one, a), (other, b) in itertools.combinations(words, 2):
        across, down = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert min(across, down) <= slack, (one, other, across, down)


@pytest.mark.parametrize("picture", PICTURES)
def test_files_of_lines_are_lines(things, picture):
    figure, held = figure_of(things, picture), {}
    for kind in ("svg", "pdf"):
        held[kind] = io.BytesIO()
        figure.savefig(held[kind], format=kind)
        held[kind] = held[kind].getvalue()
        assert 2_000 < len(held[kind]) < 2_000_000
    if PICTURES[picture][0] not in (plot_tension, plot_doubt):  # these hold images
        assert b"<image" not in held["svg"]
        assert b"/Subtype /Image" not in held["pdf"]
    assert b"/Type3" in held["pdf"] or b"/FontFile" in held["pdf"]  # its letters are in it


# ---- colours ------------------------------------------------------------------------------------
EYES = {  # Machado, Oliveira and Fernandes 2009, complete blindness to one of three colours
    "all": np.eye(3),
    "no red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
               [-0.003882, -0.048116, 1.051998]],
    "no green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                 [-0.011820, 0.042940, 0.968881]],
    "no blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def linear(colour):
    c = np.array(to_rgb(colour))
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def seen(colour, eyes):
    """A colour in CIE Lab as some eyes see it."""
    x = XYZ @ np.clip(np.array(EYES[eyes]) @ linear(colour), 0, 1) / XYZ.sum(axis=1)
    f = np.where(x > 0.008856, np.cbrt(x), 7.787 * x + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one, other):
    low, high = sorted(XYZ[1] @ linear(colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("eyes", EYES)
@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_colours_that_mean_different_things_look_different(look, eyes):
    nodes = (look.input, look.hidden, look.concept, look.output)
    rings = [(look.new, node) for node in nodes]
    for group, least in ((itertools.combinations(nodes, 2), 20), (rings, 18),
                         ([(look.excite, look.inhibit)], 40),
                         (itertools.combinations(look.marks, 2), 15)):  # fmt: skip
        for one, other in group:
            apart = np.linalg.norm(seen(one, eyes) - seen(other, eyes))
            assert apart >= least, (one, other, apart)


@pytest.mark.parametrize("look", [LIGHT, DARK], ids=["light", "dark"])
def test_everything_stands_out_from_the_ground(look):
    for colour in (look.input, look.hidden, look.concept, look.output, look.excite, look.inhibit,
                   look.new):  # fmt: skip
        assert contrast(colour, look.ground) >= 3, colour  # WCAG 2.2, 1.4.11
    for colour in (look.ink, look.faint):
        assert contrast(colour, look.ground) >= 4.5, colour  # WCAG 2.2, 1.4.3
