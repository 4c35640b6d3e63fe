"""How marks and their names are put, and how well each class is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from sklearn.datasets import load_digits

import growgraph
from growgraph import ResoNet, ResoNetClusterer
from growgraph.viz import plot_growth
from growgraph.viz.canvas import _APART, _apart, _backing
from growgraph.viz.classes import Classes, classes_of, draw_classes
from growgraph.viz.labels import shorten, width_of
from growgraph.viz.style import LIGHT


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_marks_of_a_column_have_room(heights):
    before = np.sort(heights)
    after, least = _apart(before), _APART / before.size
    assert (np.diff(after) >= least - 1e-9).all()
    assert after.min() >= least / 2 - 1e-9
    assert after.max() <= 1 - least / 2 + 1e-9


def test_marks_with_room_stay():
    even = (np.arange(7) + 0.5) / 7
    np.testing.assert_allclose(_apart(even), even)


@pytest.mark.parametrize(("side", "ends"), [("right", (-6, 10)), ("left", (0, 16)),
                                            ("below", (0, 10))])  # fmt: skip
def test_no_end_of_an_edge_shows_between_a_name_and_its_mark(side, ends):
    x = _backing(side, 0, 0, 10, 8, 8).vertices[:, 0]
    assert (x.min(), x.max()) == pytest.approx(ends, abs=0.7)


@given(st.text(st.characters(categories=("L", "N"), max_codepoint=0x24F), max_size=60))
def test_a_name_is_cut_to_its_room(word):
    short = shorten(word, 60, 8)
    assert short == word or (short.endswith("…") and word.startswith(short[:-1].rstrip()))
    assert width_of([short], 8) <= 60
    if width_of([word], 8) <= 60:
        assert short == word


def test_every_output_has_its_name():
    X, _ = load_digits(return_X_y=True)
    model = ResoNetClusterer(random_state=0).fit(X[:300])
    told = [text.get_text() for text in growgraph.plot(model).texts]
    assert all(any(word.startswith(f"concept {c}") for word in told)
               for c in model.knowledge()["label"].tolist())  # fmt: skip


# ---- classes ------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def model():
    X, y = load_digits(return_X_y=True)
    return ResoNet(image_shape=(8, 8), random_state=0).fit(X[:400], y[:400])


def test_the_picture_of_growth_names_the_hardest_class(model):
    figure = Figure(figsize=(10, 6.4))
    axes = plot_growth(model, figure)
    table = model.knowledge()
    worst = table[int(np.argmin(table["accuracy"]))]
    told = figure.texts[0].get_text()
    assert f"hardest class: {worst['label']} (its accuracy" in told
    assert f", most often taken for {worst['rival']})" in told
    assert f"accuracy {worst['accuracy']:.3f}" in told
    rows = [text.get_text() for text in axes[-1].texts]
    assert rows[0] == str(worst["label"])
    assert sorted(rows[::2]) == [str(c) for c in range(10)]  # all ten have a row
    shares = [float(share) for share in rows[1::2]]
    assert shares == pytest.approx(sorted(table["accuracy"].tolist()), abs=5e-4)


def test_of_many_classes_the_hardest_have_a_row():
    classes = Classes([f"c{i}" for i in range(40)], np.linspace(0.2, 0.9, 40), [""] * 40)
    figure = Figure(figsize=(10, 6.4))
    words = [t.get_text() for t in draw_classes(figure, classes, LIGHT, 0.83, 0.3).texts]
    shown = [word for word in words if word.startswith("c")]
    assert shown == classes.names[: len(shown)]
    assert f"{40 - len(shown)} more are easier" in words
    assert classes.hardest() == "hardest class: c0 (its accuracy 0.200)"


def test_what_tells_no_accuracy_of_classes_has_no_rows(model):
    assert classes_of(model.graph_) is None
    assert classes_of(ResoNetClusterer(random_state=0).fit([[0.0], [1.0]] * 9)) is None
    assert classes_of(ResoNet(random_state=0).fit([[1.0]], ["only"])) is None


def test_classes_that_are_answered_alike_have_no_hardest():
    assert Classes(["a", "b"], np.array([0.5, 0.5]), ["b", "a"]).hardest() == ""


@pytest.mark.parametrize(
    ("names", "accuracy", "told"),
    [
        ("ab", [0.0, 0.5], "hardest class: a (its accuracy 0, most often taken for z)"),
        ("abc", [0.25, 0.25, 0.5], "hardest classes: a and b (accuracy 0.250)"),
        ("abcd", [0.0, 0.0, 0.0, 0.5], "hardest classes: a, b and c (accuracy 0)"),
        ("abcdef", [0.0] * 5 + [1.0], "hardest classes: a, b and 3 more (accuracy 0)"),
    ],
)
def test_none_is_the_hardest_among_equals(names, accuracy, told):
    classes = Classes(list(names), np.array(accuracy), ["z"] * len(names))
    assert classes.hardest() == told
    axes = draw_classes(Figure(), classes, LIGHT, 0.8, 0.9)
    diamonds = [line for line in axes.lines if line.get_marker() == "D"]
    assert len(diamonds) == accuracy.count(min(accuracy))


@pytest.mark.parametrize(("last", "told"), [(0.5, "are not harder"), (0.6, "are easier")])
def test_what_is_left_out_is_not_called_easier_than_it_is(last, told):
    classes = Classes(list("abcdefghij"), np.append(np.full(8, 0.5), [last] * 2), [""] * 10)
    figure = Figure(figsize=(6.4, 4.8))
    high = 117 / (72 * 4.8)  # room for eight rows and what is left out
    (word,) = [t.get_text() for t in draw_classes(figure, classes, LIGHT, 0.8, high).texts
               if " more " in t.get_text()]  # fmt: skip
    assert word.endswith(told)
