"""A working folder, the command in this process, and a model it has made."""

from pathlib import Path

import pytest

from growgraph.cli import main, report
from tests.cli.material import table


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder; pictures, which have tests of their own, are left out."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(report, "draw_growth", lambda model, path: path.write_bytes(b"PNG"))
    return tmp_path


@pytest.fixture
def run(here, capsys):
    """Run the command in this process; returns (exit code, stdout, stderr)."""

    def call(*arguments):
        code = main([str(a) for a in arguments])
        return code, *capsys.readouterr()

    return call


@pytest.fixture
def rows(here):
    (here / "t.csv").write_text(table(400))
    return here / "t.csv"


@pytest.fixture
def model(run, rows):
    assert run("grow", rows, "--quiet")[0] == 0
    return Path("t.npz")
