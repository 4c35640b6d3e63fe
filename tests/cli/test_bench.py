"""``growgraph bench``: what it prints and writes, and how it refuses."""

import json

import pytest

from growgraph.bench import kernels, report, rows
from growgraph.bench.material import Strips
from tests.bench.fakes import TINY, hide
from tests.cli.material import refused

QUICK_ROWS = "forward_batch_784,bytes_per_edge"


@pytest.fixture
def run(run, monkeypatch):
    """Run ``growgraph bench`` at tiny sizes; returns (exit code, stdout, stderr)."""
    monkeypatch.setattr(rows, "QUICK", TINY)
    return lambda *arguments: run("bench", *arguments)


def test_table(run):
    code, out, err = run("kernels", "--quick", "--only", QUICK_ROWS)
    assert code == 0, err
    assert [line.split()[0] for line in out.splitlines()[:3]] == ["row", *QUICK_ROWS.split(",")]
    assert "Python" in out


@pytest.mark.parametrize("arguments", [("--json",), ("--json", "-"), ("--json", "--quick")])
def test_json_alone_on_standard_output(run, arguments):
    code, out, err = run("kernels", "--quick", "--only", "bytes_per_edge", *arguments)
    assert code == 0, err
    found = json.loads(out)
    assert [r["id"] for r in found["rows"]] == ["bytes_per_edge"]
    assert found["machine"]["cpu"]
    assert "bytes_per_edge" in err  # the table goes to standard error


def test_files_and_comparison(run, tmp_path):
    options = ("kernels", "--quick", "--only", QUICK_ROWS)
    code, out, err = run(*options, "--json", "old.json", "--plot", "p.png")
    assert code == 0, err
    assert out.startswith("row ")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads((tmp_path / "old.json").read_text())
    assert {r["id"] for r in found["rows"]} == set(QUICK_ROWS.split(","))
    code, out, err = run(*options, "--compare", "old.json", "--markdown")
    assert code == 0, err
    assert out.startswith("| row | work |")
    assert "within the spread" in out
    code, out, err = run("kernels", "--quick", "--only", "bytes_per_edge", "--compare", "old.json")
    assert code == 0, err
    assert "not measured now" not in out


def test_missing_peers_are_named(run, monkeypatch):
    hide(monkeypatch, "neat-python", "networkx")
    code, out, err = run("kernels", "--quick", "--only", "forward_small")
    assert code == 1
    assert "neat-python is not installed, networkx is not installed" in out
    assert "skipped" in out
    why = "nothing was measured: forward_small: neat-python is not installed"
    assert err.splitlines()[-1].startswith(f"growgraph: {why}")
    code, out, err = run("kernels", "--quick", "--only", "forward_small,bytes_per_edge")
    assert (code, err) == (0, "")


def test_a_row_that_failed_gives_exit_code_1(run, monkeypatch):
    monkeypatch.setattr(Strips, "__call__", lambda self: None)
    code, out, _ = run("kernels", "--quick", "--only", QUICK_ROWS)
    assert code == 1
    assert "both sides differ" in out


def test_grow(run, tmp_path):
    options = ("grow", "--quick", "--largest", 10_000)
    code, out, err = run(*options, "--json", "g.json", "--plot", "g.png")
    assert code == 0, err
    assert out.startswith("cost ")
    assert json.loads((tmp_path / "g.json").read_text())["sizes"][0]["edges"] == 10_000
    assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")
    assert run(*options, "--markdown")[1].startswith("| cost |")


def never(*_):
    raise AssertionError("measured before the mistake was found")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("--compare", "none.json"), ("--compare none.json", "cannot be read")),
        (("--compare", "bad.json"), ("bad.json", "--json")),
        (("--plot", "p.pdf"), ("p.pdf", "p.png")),
        (("--plot", "nowhere/p.png"), ("nowhere",)),
        (("--json", "nowhere/r.json"), ("nowhere",)),
        (("--fast",), ("--fast",)),
    ],
)
def test_mistakes_are_found_before_anything_is_measured(
    run, tmp_path, monkeypatch, arguments, parts
):
    (tmp_path / "bad.json").write_text("no JSON")
    monkeypatch.setattr(kernels, "run", never)
    refused(run("kernels", *arguments), *parts)


def test_an_unknown_row_lists_the_rows_in_lines_that_can_be_read(run, monkeypatch):
    monkeypatch.setattr(kernels, "run", never)
    code, out, err = run("kernels", "--only", "nobody,bytes_per_edge")
    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert lines[0] == "growgraph: --only nobody is no row: the rows are"
    assert max(map(len, lines)) <= 80
    assert ", ".join(row.id for row in kernels.ROWS) == " ".join(lines[1:])


def test_results_are_kept_when_the_comparison_breaks(run, tmp_path, monkeypatch):
    options = ("kernels", "--quick", "--only", "bytes_per_edge")
    assert run(*options, "--json", "old.json")[0] == 0

    def broken(*_):
        raise ValueError("planted")

    monkeypatch.setattr(report, "compare", broken)
    with pytest.raises(ValueError, match="planted"):
        run(*options, "--json", "new.json", "--compare", "old.json")
    found = json.loads((tmp_path / "new.json").read_text())
    assert [row["id"] for row in found["rows"]] == ["bytes_per_edge"]


def test_a_quick_run_says_what_it_left_out(run, monkeypatch):
    picked = [row for row in kernels.ROWS if row.id in ("bytes_per_edge", "hebb_batch_numpy")]
    monkeypatch.setattr(kernels, "ROWS", picked)
    code, out, _ = run("kernels", "--quick")
    assert code == 0
    assert "left out of a quick run: hebb_batch_numpy" in out
    assert "left out" not in run("kernels", "--quick", "--only", "bytes_per_edge")[1]


def test_grow_refuses_too_small_a_size(run):
    refused(run("grow", "--largest", 10), "10")


def test_help_names_all(run):
    code, out, _ = run("--help")
    assert code == 0
    assert "kernels" in out
    assert "grow" in out
    assert "learning" in out


# ---- learning -----------------------------------------------------------------------------------
@pytest.fixture
def tiny(monkeypatch):
    """A quick run of seconds."""
    from growgraph.bench.learning import plan

    small = plan.Plan(seeds=(101,), rows=80, shuffles=1, quick=True, data=("moons",))
    monkeypatch.setattr(plan, "QUICK", small)


def test_learning(run, tmp_path, tiny):
    options = ("learning", "cluster", "--quick")
    code, out, err = run(*options, "--json", "l.json", "--plot", "l.png")
    assert code == 0, err
    assert out.startswith("ARI")
    found = json.loads((tmp_path / "l.json").read_text())
    assert found["bench"] == "learning cluster"
    assert {cell["data"] for cell in found["cells"]} == {"moons"}
    assert (tmp_path / "l.png").read_bytes().startswith(b"\x89PNG")
    assert run(*options, "--markdown")[1].startswith("| ARI | moons |")


def test_learning_of_single_rows(run, tmp_path, tiny):
    options = ("learning", "cluster", "--quick", "--method", "Mini*", "--method", "HDBSCAN*")
    code, _, err = run(*options, "--json", "l.json")
    assert code == 0, err
    found = json.loads((tmp_path / "l.json").read_text())
    rows = {cell["learner"] for cell in found["cells"]} - {"MiniSom, k given"}
    assert rows - {"MiniSom and Ward, k given"} == {"MiniBatchKMeans, k given", "HDBSCAN, all rows"}
    assert found["plan"]["methods"] == ["Mini*", "HDBSCAN*"]


def test_learning_json_alone(run, tiny):
    code, out, err = run("learning", "cluster", "--quick", "--json")
    assert code == 0, err
    assert json.loads(out)["machine"]["cpu"]
    assert "ARI" in err


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (("everything",), ("everything", "stream")),
        (("cluster", "--only", "nobody"), ("nobody is no data set", "moons")),
        (("stream", "--only", "nobody"), ("nobody is no stream", "SEA")),
        (("onepass", "--only", "moons"), ("moons is no data set",)),
        (("grownet", "--only", "moons"), ("moons is no task", "spirals", "placement")),
        (("growth", "--method", "growgraph"), ("--method is not for growth",)),
        (("folds", "--method", "nobody"), ("'nobody' is no row of folds", "classes reversed")),
        (("onepass", "--only", "wine", "--method", "ARF"), ("'ARF' is no row", "SLDA")),
        (("cluster", "--plot", "p.pdf"), ("p.png",)),
        (("cluster", "--json", "nowhere/r.json"), ("nowhere",)),
    ],
)
def test_learning_finds_mistakes_before_it_measures(run, monkeypatch, arguments, parts):
    from growgraph.bench.learning import bench

    monkeypatch.setattr(bench, "run", never)
    refused(run("learning", *arguments), *parts)
