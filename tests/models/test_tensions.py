"""Tensions against plain loops; what is heard by who has forgotten a class or has another T1."""

from types import SimpleNamespace

import numpy as np
import pytest

from growgraph.kernels import resonet
from growgraph.models._record import Record
from growgraph.models._selfcritic.kept import joined, numbers_of, taken, with_numbers
from growgraph.models._selfcritic.rehearsal import blends, corrupted
from growgraph.models._selfcritic.tensions import NAMES, Heard, Memory, expectation, tensions
from growgraph.senses import Rows
from tests.naive import tensions as naive

CLASSES, WINDOWS = 4, 3


def memory(shape=(4, 5), rows=30, seed=0):
    rng = np.random.default_rng(seed)
    made = object.__new__(Memory)
    made.shape, made.labels = shape, rng.integers(0, CLASSES, rows)
    made._hold(rng.standard_normal((rows, 7)), rng.random((rows, 20)))
    made.mean = made.seen.mean(axis=0)
    made.axes = np.linalg.qr(rng.standard_normal((20, 6)))[0]
    return made


def heard(n=25, seed=1, classes=CLASSES):
    rng = np.random.default_rng(seed)
    return Heard(
        rng.standard_normal((n, classes)), rng.standard_normal((n, classes)),
        5 * rng.standard_normal((n, classes, WINDOWS)), rng.random(n), rng.standard_normal(n),
        rng.standard_normal((n, 7)).astype(np.float32), rng.random((n, 20)),
    )  # fmt: skip


def one_by_one(said, kept, given=None):
    rows = []
    for i in range(len(said.scores)):
        sample = [
            v[i].tolist()
            for k, v in said.__dict__.items()
            if isinstance(v, np.ndarray) and k != "strange"
        ]
        rows.append(naive.tensions(*sample, kept, None if given is None else int(given[i])))
    return np.array(rows)


@pytest.mark.parametrize("shape", [(4, 5), None])
@pytest.mark.parametrize("doubted", [False, True])
def test_as_in_plain_loops(shape, doubted):
    said, kept = heard(), memory(shape)
    given = np.arange(25) % CLASSES if doubted else None
    told = tensions(said, kept, given)
    expected = one_by_one(said, kept, given)
    for j, name in enumerate(NAMES):
        np.testing.assert_allclose(told[:, j], expected[:, j], rtol=1e-6, atol=1e-7, err_msg=name)


def test_of_one_class_and_of_few_remembered_rows():
    said, kept = heard(classes=1), memory(rows=3)
    kept.labels[:] = 0
    np.testing.assert_allclose(tensions(said, kept), one_by_one(said, kept), rtol=1e-6, atol=1e-7)


def test_a_class_without_rows_is_expected_to_be_as_all():
    kept = memory()
    kept.labels[kept.labels == 2] = 1
    said = heard(3)
    E = expectation(kept, kept.away(said.parts), np.array([2, 2, 1]))
    np.testing.assert_array_equal(E[:2], [kept.mean] * 2)
    assert (E[2] != kept.mean).any()


def core(council=None):
    par = np.zeros(resonet.PAR_SIZE)
    par[resonet.KAPPA] = 5.0
    return SimpleNamespace(council=council, record=Record(), par=par)


def test_who_has_never_met_a_class_does_not_hear_of_it():
    said, kept = heard(), memory()
    twin, less = said.without(core(), 1), kept.without(1)
    keep = [0, 2, 3]
    for name in ("scores", "reading", "windows"):
        np.testing.assert_array_equal(getattr(twin, name), getattr(said, name)[:, keep])
    assert len(less) == (kept.labels != 1).sum()
    assert np.array(keep)[less.labels].tolist() == kept.labels[kept.labels != 1].tolist()
    np.testing.assert_array_equal(less.parts, kept.parts[kept.labels != 1])
    probabilities = said.without(core(council="six voters"), 1).scores
    assert probabilities.shape == (25, 3)


def test_another_t1_changes_the_answer_and_what_the_record_says():
    said = heard()
    other = -said.reading
    weak = said.forecast(core(), other)
    np.testing.assert_allclose(weak.scores - weak.reading, said.scores - said.reading)
    np.testing.assert_array_equal(weak.windows, said.windows)
    voted = said.forecast(core(council="six voters"), other).scores
    np.testing.assert_allclose(voted.sum(axis=1), 1)
    assert (voted.argmax(axis=1) == other.argmax(axis=1)).all()


# ---- rehearsed rows -----------------------------------------------------------------------------
def rows_of_a_table():
    numbers = np.arange(12.0).reshape(6, 2)
    return Rows(numbers, [(1, ("c", "red")), (3, ("c", None)), (3, ("d", "x")), (5, ("c", "blue"))])


def test_rows_are_taken_with_their_marks():
    some = taken(rows_of_a_table(), np.array([1, 3, 4]))
    assert some.numbers.tolist() == [[2, 3], [6, 7], [8, 9]]
    assert some.marks == [(0, ("c", "red")), (1, ("c", None)), (1, ("d", "x"))]
    both = joined(some, rows_of_a_table()[:2])
    assert len(both) == 5
    assert both.marks[-1] == (4, ("c", "red"))
    assert with_numbers(some, np.zeros((3, 2))).marks == some.marks


@pytest.mark.parametrize("shape", [(4, 5), None])
def test_blends_are_of_two_classes_and_have_a_label_of_them(shape):
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 3
    rows = np.eye(3)[labels] @ np.array([[1.0] * 20, [10.0] * 20, [100.0] * 20])
    rows = rows if shape else Rows(rows, [])
    mixed, halves = blends(rows, labels, shape, rng)
    for (made, label), kinds in ((mixed, False), (halves, True)):
        numbers = numbers_of(made)
        assert numbers.shape[1] == 20
        for row, c in zip(numbers, label.tolist(), strict=True):
            found = set(np.unique(row).tolist())
            assert (found <= {1.0, 10.0, 100.0}) == kinds
            if kinds:
                assert 10.0**c in found
                assert len(found) == 2


def test_what_is_called_corrupted_has_changed():
    rng = np.random.default_rng(0)
    X = rng.random((60, 64))
    some, damaged = corrupted(X, (8, 8), rng)
    assert damaged.min() >= 0
    assert damaged.max() <= X.max()
    away = ((damaged - X[some]) ** 2).sum(axis=1)
    assert (away > 0.03 * ((X - X.mean(axis=0)) ** 2).sum(axis=1).mean()).all()
    blank = np.zeros((5, 64))
    assert corrupted(blank, (8, 8), rng)[0].size == 0
    holes = Rows(np.where(rng.random((60, 4)) < 0.2, np.nan, rng.random((60, 4))), [])
    some, damaged = corrupted(holes, None, rng)
    assert some.size > 30
