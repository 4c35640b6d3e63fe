"""The guard of the kernels' figures decides rightly; what is refreshed is what was measured."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

from growgraph.bench import kernels, machine
from tests.bench.fakes import report, result

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / ".ci" / "figures.py"

pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="needs the .ci folder")

if SCRIPT.is_file():
    spec = importlib.util.spec_from_file_location("figures", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    figures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(figures)


class Runs:
    """Gives each row its ratios, one a run, and counts them."""

    def __init__(self, **ratios):
        self.ratios = {name: list(values) for name, values in ratios.items()}
        self.calls = []

    def __call__(self, name):
        self.calls.append(name)
        return self.ratios[name].pop(0)


# ---- guard --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("ratios", "n_runs", "passed"),
    [
        ([10.0], 1, True),
        ([7.0], 1, True),  # 0.7 of what is stored is enough
        ([6.9, 7.1], 2, True),  # the best counts
        ([6.0, 5.0, 9.0], 3, True),
        ([6.9, 6.8, 6.9], 3, False),
        ([0.0, 0.0, 0.0], 3, False),  # sides that disagree
    ],
)
def test_the_best_of_three_runs_decides(ratios, n_runs, passed):
    run = Runs(a=ratios)
    lines, found = figures.judge({"a": 10.0}, run)
    assert (len(run.calls), found) == (n_runs, passed)
    assert ("FAILED" in lines["a"]) is not passed


def test_one_bad_row_fails_and_only_it_is_measured_again():
    run = Runs(a=[2.0], b=[1.0, 1.1, 1.2], c=[5.0])
    lines, passed = figures.judge({"a": 2.0, "b": 4.0, "c": 4.0}, run)
    assert not passed
    assert run.calls == ["a", "b", "b", "b", "c"]
    assert [name for name, line in lines.items() if "FAILED" in line] == ["b"]
    assert "1.2x, best of 3, is 0.30 of the stored 4x" in lines["b"]


def test_without_time_nothing_fails():
    run = Runs(a=[2.0, 2.0], b=[])
    lines, passed = figures.judge({"a": 4.0, "b": 4.0}, run, lambda: len(run.calls) >= 2)
    assert passed
    assert "not judged" in lines["a"]
    assert "not measured" in lines["b"]


@pytest.fixture
def stored(tmp_path):
    """A file with ratios of this machine."""
    path = tmp_path / "ratios.json"
    here = machine.model(machine.describe())
    path.write_text(json.dumps({here: {"date": "some day", "ratios": {"a": 2.0}}}))
    return path


@pytest.mark.parametrize(("ratio", "code"), [(1.5, 0), (1.3, 1)])
def test_the_exit_code_on_this_model(stored, capsys, ratio, code):
    assert figures.check(stored, lambda name: ratio) == code
    assert f"a: {ratio:g}x" in capsys.readouterr().out


def never(name):
    raise AssertionError("measured")


def test_another_model_is_skipped_and_named(stored, capsys, monkeypatch):
    monkeypatch.setattr(machine, "_cpu_name", lambda facts: "another processor")
    assert figures.check(stored, never) == 0
    assert "skipped: no ratios are stored for this model of processor, another" in (
        capsys.readouterr().out
    )


def test_the_same_name_with_other_registers_is_another_model(stored, capsys, monkeypatch):
    monkeypatch.setattr(machine, "_FEATURES", ("sse2",))
    assert figures.check(stored, never) == 0
    assert "skipped" in capsys.readouterr().out


def test_a_row_that_broke_counts_as_nothing(capsys, monkeypatch):
    monkeypatch.setattr(figures.rows, "measure", lambda row, plan: broken)
    broken = figures.rows.Result(
        "hebb_one", "", None, None, None, "numpy", 9, status="failed", note="both sides differ"
    )
    assert figures.measured("hebb_one") == 0
    assert "hebb_one: failed, both sides differ" in capsys.readouterr().out


def test_guarded_rows_need_no_optional_peer():
    first = {row.id: row.against[0].peer for row in kernels.ROWS}
    assert {first[name] for name in figures.GUARDED} <= {"numpy", "scipy"}


# ---- refresh ------------------------------------------------------------------------------------
def results(**changes):
    """A run with all rows."""
    found = report(*(result(row.id) | changes.get(row.id, {}) for row in kernels.ROWS))
    found["machine"]["versions"] |= {"numba": "1", "numpy": "2"}
    return found | {"plan": {"quick": False, "shrink": 1}}


@pytest.fixture
def files(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"above\n{figures.BEGIN}\nof last year\n{figures.END}\nbelow\n")
    return tmp_path / "ratios.json", readme


def test_refresh(files):
    path, readme = files
    path.write_text('{"another model": {"ratios": {}}}')
    for ratio in (2.0, 3.0):  # the second replaces the first
        figures.refresh(results(hebb_one={"ratio": ratio}), path, readme)
    known = json.loads(path.read_text())
    assert known.keys() == {"another model", "some processor avx2"}
    assert known["some processor avx2"]["ratios"]["hebb_one"] == 3.0
    assert known["some processor avx2"]["ratios"].keys() == set(figures.GUARDED)
    text = readme.read_text()
    assert text.startswith(f"above\n{figures.BEGIN}\n| row |")
    assert text.endswith(f"{figures.END}\nbelow\n")
    assert "of last year" not in text
    assert text.count("| `hebb_one` |") == 1


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (results(hebb_batch={"ratio": None}), "no figure of hebb_batch"),
        (results() | {"plan": {"quick": True, "shrink": 1}}, "quick"),
    ],
)
def test_half_a_run_refreshes_nothing(files, found, message):
    path, readme = files
    before = readme.read_bytes()
    with pytest.raises(ValueError, match=message):
        figures.refresh(found, path, readme)
    assert readme.read_bytes() == before
    assert not path.exists()


def test_a_readme_without_the_place_is_refused(files):
    path, readme = files
    readme.write_text("nothing\n")
    with pytest.raises(ValueError, match=re.escape(figures.BEGIN)):
        figures.refresh(results(), path, readme)
    assert not path.exists()


@pytest.mark.parametrize("arguments", [[], ["refresh"], ["guess"], ["refresh", "none.json"]])
def test_wrong_arguments(arguments, capsys):
    assert figures.main(arguments) == 2
    assert capsys.readouterr().err


# ---- what is in the repository ------------------------------------------------------------------
def test_the_readme_has_every_row_of_the_benchmark():
    text = figures.README.read_text(encoding="utf-8")
    table = text.partition(figures.BEGIN)[2].partition(figures.END)[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [row.id for row in kernels.ROWS]


def test_the_stored_ratios_are_of_the_guarded_rows():
    known = json.loads(figures.RATIOS.read_text(encoding="utf-8"))
    assert known
    for entry in known.values():
        assert entry["ratios"].keys() == set(figures.GUARDED)
        assert all(ratio > 0 for ratio in entry["ratios"].values())
