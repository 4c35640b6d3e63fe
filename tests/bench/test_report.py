"""Tables, Markdown, JSON and the comparison with older results."""

import json

import pytest

from growgraph.bench import picture, report
from growgraph.errors import DataError
from tests.bench.fakes import report as made
from tests.bench.fakes import result

SKIPPED = {"ratio": None, "low": None, "high": None, "met": None, "status": "skipped"}


def test_table_shows_figure_spread_verdict_and_who_is_missing():
    text = report.table(
        made(
            result("good"),
            result("bad", ratio=1.25, low=1.2, high=1.3, met=False),
            result("small", unit="B/edge", sense="at most", ratio=12.0, asked=14, peer=""),
            result("none", note="torch is not installed", **SKIPPED),
            result("unsure", met=None, detail={"asked_here": 0.4, "unsure": "busy"}),
            result("here", detail={"asked_here": 0.9, "share_of_read_rows": 0.934}),
        )
    )
    lines = {line.split()[0]: line for line in text.splitlines() if line}
    assert lines["good"].split() == ["good", "2.00x", "1.90-2.10", "≥", "1.50x", "met", "scipy"]
    assert lines["bad"].split()[1:6] == ["1.25x", "1.20-1.30", "≥", "1.50x", "missed"]
    assert "12.0 B/edge" in lines["small"]
    assert "≤ 14.0 B/edge" in lines["small"]
    assert "none: torch is not installed" in text
    assert lines["none"].split()[1] in ("-", "torch")
    assert "≥ 1.50x (here 0.90)" in lines["here"]
    assert "93% row read" in lines["here"]
    assert lines["unsure"].split()[1:6] == ["2.00x", "1.90-2.10", "≥", "1.50x", "unsure"]
    assert "not installed: torch" in text
    assert "some processor, 2 cores" in text


def test_markdown_is_a_table_with_the_machine():
    text = report.markdown(made(result("a"), result("b", note="so it is", **SKIPPED)))
    lines = text.splitlines()
    assert lines[0].count("|") == lines[1].count("|") == lines[2].count("|") == 7
    assert lines[2] == "| `a` | work of a | scipy | 2.00x (1.90-2.10) | ≥ 1.50x | met |"
    assert "work of b" not in text
    assert "b: so it is  " in lines
    assert "some processor" in text


def test_json_has_no_nan():
    text = report.to_json(made(result("a", detail={"x": float("nan"), "y": (1, float("inf"))})))
    detail = json.loads(text, parse_constant=pytest.fail)["rows"][0]["detail"]
    assert detail == {"x": None, "y": [1, None]}


def test_read_what_was_written(tmp_path):
    path = tmp_path / "old.json"
    path.write_text(report.to_json(made(result("a"))), encoding="utf-8")
    assert report.read(path) == made(result("a"))


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (None, "cannot be read"),
        ("{", "is no JSON"),
        ("[1]", "has no rows"),
        ('{"rows": [{"id": "a"}]}', "has no rows"),
        ('{"rows": [7]}', r"has no rows of a report \(rows\[0\]\)"),
        ("[" * 100_000, "is no JSON"),
        *(
            (json.dumps({"rows": [result("b"), result("a") | wrong]}), r"rows\[1\]")
            for wrong in (
                {"ratio": "fast"},
                {"low": None},
                {"high": None},
                {"ratio": True},
                {"id": ["a"]},
                {"id": None},
                {"peer": 3},
                {"unit": None},
                {"sense": {}},
                {"high": 10**400},
                {"ratio": float("nan")},
                {"id": "\ud800"},
            )
        ),
        *(
            (json.dumps(made(result("a")) | wrong), part)
            for wrong, part in (
                ({"machine": 3}, "has no machine"),
                ({"plan": ["quick"]}, "has no plan"),
                ({"machine": {"cpu": 3}}, "machine with cpu"),
                ({"machine": {"cores": "two"}}, "machine with cores"),
                ({"machine": {"compiled_for": []}}, "machine with compiled_for"),
                ({"plan": {"quick": "no"}}, "plan with quick"),
            )
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_unreadable_old_results(tmp_path, content, part):
    path = tmp_path / "old.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError, match=part) as caught:
        report.read(path)
    assert "old.json" in str(caught.value)
    assert "\n" not in str(caught.value)


def compared(now, then):
    lines = report.compare(made(now), made(then)).splitlines()
    return next(line for line in lines if line.startswith(now["id"]))


def test_compare():
    slower, faster = result("a", 1.0, 0.9, 1.1), result("a", 4.0, 3.9, 4.1)
    assert compared(faster, result("a")).endswith("2.00 times  better")
    assert compared(slower, result("a")).endswith("0.50 times  worse")
    assert compared(result("a", 2.15, 2.05, 2.2), result("a")).endswith("within the spread")
    less = {"sense": "at most"}
    assert compared(slower | less, result("a", **less)).endswith("better")
    assert "another peer: torch before" in compared(result("a"), result("a", peer="torch"))
    assert compared(result("a"), result("b")).split() == ["a", "-", "2.00x"]


def test_compare_says_what_makes_it_unfair():
    other = made(result("a"), result("gone"))
    other["machine"]["cpu"] = "another processor"
    text = report.compare(made(result("a"), result("b")), other)
    assert "cpu differs: another processor before, some processor now" in text
    assert "not measured now: gone" in text
    lesser = made(result("a"))
    lesser["machine"]["compiled_for"] = "nocona"
    assert "compiled_for differs: - before, nocona now" in report.compare(lesser, made(result("a")))
    assert "compiled for nocona" in report.table(lesser)
    quick = made(result("a")) | {"plan": {"quick": True}}
    assert "quick differs: - before, True now" in report.compare(quick, made(result("a")))


def test_picture_shows_a_row_that_cannot_be_judged(monkeypatch):
    drawn = []
    monkeypatch.setattr(picture, "_draw_figures", lambda axes, rows: drawn.extend(rows))
    unsure = result("unsure", met=None, detail={"unsure": "busy", "asked_here": 0.9})
    picture.draw_kernels(made(result("a"), unsure, result("not_asked", met=None)))
    assert [row["id"] for row in drawn] == ["a", "unsure"]


def test_picture_draws_what_there_is():
    d = {"flops": 100.0, "bytes": 200.0, "ours_gflops": 50.0, "peer_gflops": 20.0}
    full = made(
        result("forward_batch_784", detail=d | {"read_rows_seconds": 2e-9}),
        result("forward_batch_1e5", detail=d, met=False),
        result("slow", ratio=0.1, low=0.05, high=0.2, sense="at most"),
        result("unsure", met=None, detail={"unsure": "busy"}),
        result("none", **SKIPPED),
    )
    bare = made(result("a"))
    bare["probes"] = {}
    for drawn in (picture.draw_kernels(full), picture.draw_kernels(bare)):
        assert drawn.startswith(b"\x89PNG")
        assert len(drawn) > 10_000
