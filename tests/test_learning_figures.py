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
    learning.refresh([], tmp_path, pages)
    assert page.read_text() == text


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


# ---- rows measured apart -------------------------------------------------------------------------
def with_peer(rows, protocol="folds", methods=()):
    """A report of wine: accuracies of three seeds for each row."""
    cells = [{"data": "wine", "learner": who, "measure": "accuracy", "mean": sum(v) / 3, "sd": 0.1,
              "seeds": {str(i): value for i, value in enumerate(v)}}
             for who, v in rows.items()]  # fmt: skip
    plan = {"quick": False, "methods": list(methods)}
    return told() | {"bench": f"learning {protocol}", "cells": cells, "plan": plan}


OLD, NEW = (0.5, 0.6, 0.75), (0.8, 0.9, 0.95)


def test_rows_measured_apart_join_what_is_stored(pages, tmp_path):
    pages[1].write_text("{}\n{}\n".format(*learning.marks("onepass")))
    ours, silent = "growgraph as a table", "growgraph as a table, resonance"
    learning.refresh([with_peer({ours: OLD, "SLDA": NEW}, "onepass")], tmp_path, pages)
    learning.refresh(
        [with_peer({silent: OLD}, "onepass", ["g*"]), with_peer({ours: NEW}, "onepass", ["x"])],
        tmp_path, pages,
    )  # fmt: skip
    whole = learning.stored(tmp_path)["onepass"]
    assert [c["learner"] for c in whole["cells"]] == [ours, silent, "SLDA"]
    assert whole["cells"][0]["seeds"]["0"] == NEW[0]
    (compared,) = whole["comparisons"]  # judged anew: before, ours was behind
    assert (compared["ours"], compared["peer"], compared["difference"]) == (ours, "SLDA", 0)
    assert "measured apart on None: wine: `g*`, `x`" in whole["notes"]
    assert learning.differing(tmp_path, pages) == []
    again = with_peer({silent: NEW}, "onepass", ["g*"])
    learning.refresh([again | {"machine": again["machine"] | {"date": "later"}}], tmp_path, pages)
    told_of = [note for note in learning.stored(tmp_path)["onepass"]["notes"] if "apart" in note]
    assert told_of == ["measured apart on None: wine: `x`", "measured apart on later: wine: `g*`"]


@pytest.mark.skipif(importlib.util.find_spec("river") is None, reason="needs river")
def test_rows_of_streams_join_if_nothing_was_compared_with_them():
    """Streams are compared block by block, and no report keeps the blocks of all seeds."""
    comparison = {"data": "SEA", "ours": "growgraph", "peer": "ARF", "measure": "accuracy",
                  "difference": 0.1, "p": 0.2, "verdict": "even"}  # fmt: skip
    whole = with_peer({"growgraph": OLD, "ARF": OLD}, "long") | {"comparisons": [comparison]}
    rows = with_peer({"growgraph replay 0": NEW}, "long", ["*0"])
    again = with_peer({"ARF": NEW}, "long", ["ARF"])
    for cell in [cell for part in (whole, rows, again) for cell in part["cells"]]:
        cell["data"] = "SEA"
    whole["knows"], rows["knows"] = {"ours": ""}, {"another": "the way"}
    both = learning.joined(whole, rows)
    assert both["knows"] == {"ours": "", "another": "the way"}
    assert [c["learner"] for c in both["cells"]] == ["growgraph", "growgraph replay 0", "ARF"]
    assert both["comparisons"] == [comparison]
    assert len(whole["cells"]) == 2
    with pytest.raises(ValueError, match="block by block: measure all rows of SEA"):
        learning.joined(whole, again)
    with pytest.raises(ValueError, match="quick run"):
        learning.joined(whole, rows | {"plan": {"quick": True}})


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


def test_rows_come_with_the_seeds_and_measures_they_had():
    whole = with_peer({"growgraph as a table": OLD}, "onepass")
    fewer = with_peer({"growgraph as a table": OLD[:2]}, "onepass", ["*"])
    with pytest.raises(ValueError, match="comes with other seeds than is stored: measure all rows"):
        learning.joined(whole, fewer)
    more = with_peer({"growgraph as a table": (*OLD, 0.9)}, "onepass", ["*"])
    assert len(learning.joined(whole, more)["cells"][0]["seeds"]) == 4
    with pytest.raises(ValueError, match="comes with other seeds than is stored"):
        learning.joined(more | {"plan": whole["plan"]}, whole)
    other = with_peer({"growgraph as a table": OLD}, "onepass", ["*"])
    for cell in other["cells"]:
        cell["measure"] = "another"
    with pytest.raises(ValueError, match="comes with fewer measures, no accuracy, than is stored"):
        learning.joined(whole, other)


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
