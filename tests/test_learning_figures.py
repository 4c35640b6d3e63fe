"""The tables of learning in README and docs/learning.md are those of the stored reports."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / ".ci" / "learning.py"

pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="needs the .ci folder")

if SCRIPT.is_file():
    spec = importlib.util.spec_from_file_location("learning", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    learning = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(learning)


def told(data="wine", accuracy=0.9, quick=False):
    cell = {"data": data, "learner": "growgraph", "measure": "accuracy", "mean": accuracy,
            "sd": None, "seeds": {"1": accuracy}}  # fmt: skip
    return {
        "bench": "learning growth", "headline": "growgraph", "cells": [cell], "comparisons": [],
        "curves": {}, "floors": [], "placement": [], "notes": ["a note"],
        "plan": {"quick": quick},
        "machine": {"cpu": "some processor", "versions": {}, "missing": []},
    }  # fmt: skip


@pytest.fixture
def pages(tmp_path):
    (tmp_path / "README.md").write_text("nothing of learning\n")
    path = tmp_path / "learning.md"
    path.write_text("above\n{}\nold\n{}\nbelow\n".format(*learning.marks("growth")))
    return tmp_path / "README.md", path


def test_the_pages_tell_what_is_stored():
    assert learning.differing() == []


def test_what_is_asked_comes_from_all_reports():
    asked = {"data": "wine", "ours": "growgraph", "measure": "errors", "value": 0.9,
             "asked": "at least .8", "met": True}  # fmt: skip
    reports = [told() | {"floors": [asked]}, told("digits"), told("moons") | {"floors": [asked]}]
    assert learning.merged(reports)["floors"] == [asked, asked]
    assert reports[0]["floors"] == [asked]


def test_refresh(pages, tmp_path):
    readme, page = pages
    assert learning.differing(tmp_path, pages) == ["growth"]  # shown, and nothing is stored
    learning.refresh([told(), told("digits", 0.95)], tmp_path, pages)
    text = page.read_text()
    assert readme.read_text() == "nothing of learning\n"
    assert text.startswith("above\n")
    assert text.endswith("\nbelow\n")
    assert "old" not in text
    assert "| **growgraph** | .900 |" in text
    assert "| **growgraph** | .950 |" in text
    assert text.count("a note") == 1
    assert learning.differing(tmp_path, pages) == []
    page.write_text(text.replace(".900", ".990"))
    assert learning.differing(tmp_path, pages) == ["growth"]


def test_what_was_asked_is_judged_on_all_reports(pages, tmp_path):
    pages[1].write_text("{}\n{}\n".format(*learning.marks("selfknow")))
    both = []
    for data, value in (("digits", 0.99), ("MNIST-5k", 0.9)):
        one = told(data, value) | {"bench": "learning selfknow"}
        one["cells"][0] |= {"measure": "unseen", "learner": "growgraph as images"}
        both.append(one)
    learning.refresh(both, tmp_path, pages)
    text = pages[1].read_text()
    assert "| MNIST-5k, worst of 2 | unseen | growgraph as images | .900 | at least 0.95 |" in text
    assert "missed" in text


def test_in_short(pages, tmp_path):
    begin, end = learning.marks("growth, in short")
    pages[0].write_text(f"above\n{begin}\n{end}\nbelow\n")
    comparison = {"data": "wine", "measure": "accuracy", "ours": "growgraph", "peer": "growgraph",
                  "difference": 0.1, "p": 0.2, "verdict": "even"}  # fmt: skip
    learning.refresh([told() | {"comparisons": [comparison]}], tmp_path, pages)
    text = pages[0].read_text()
    assert "| wine | accuracy | growgraph | .900 |" in text
    assert "1 even" in text
    assert "a note" not in text
    assert learning.differing(tmp_path, pages) == []
    pages[0].write_text(text.replace("1 even", "1 won"))
    assert learning.differing(tmp_path, pages) == ["growth"]
    pages[0].write_text(f"above\n{begin}\nbelow\n")
    with pytest.raises(ValueError, match=r"has no .*end"):
        learning.refresh([told()], tmp_path, pages)


def test_placement_is_tested_over_the_data_of_all_reports():
    """Holm's correction needs all of them: p of one alone is half as much."""

    def report_of(data):
        cells = [
            {"data": data, "learner": learner, "measure": "accuracy", "mean": 0, "sd": None,
             "seeds": {str(seed): base + 0.01 * seed * (1 + base) for seed in range(8)}}
            for learner, base in (("growgraph", 0.5), ("growgraph, anywhere", 0.4))
        ]  # fmt: skip
        return told() | {"bench": "learning grownet", "cells": cells}

    one, two = (learning.merged([report_of(name) for name in names])["placement"]
                for names in (("digits",), ("digits", "spirals")))  # fmt: skip
    assert [p["data"] for p in two] == ["spirals", "digits"]
    assert [p["p"] for p in two] == pytest.approx([2 * one[0]["p"]] * 2)
    assert learning.merged([report_of("digits")])["floors"][0]["data"] == "digits"


@pytest.mark.parametrize(
    ("reports", "says"),
    [
        ([told(quick=True)], "quick run"),
        ([told(), told()], "two reports tell of wine"),
        ([told() | {"bench": "learning cluster"}], "must have the lines .*learning cluster"),
    ],
)
def test_a_mistake_changes_nothing(pages, tmp_path, reports, says):
    before = learning.read(pages)
    with pytest.raises(ValueError, match=says):
        learning.refresh(reports, tmp_path, pages)
    assert learning.read(pages) == before
    assert learning.stored(tmp_path) == {}
