"""growgraph show: the page and pictures of a saved model, with and without a screen."""

import webbrowser

import pytest

import growgraph
from growgraph import Graph
from tests.viz.films import grown, read

HEADS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


@pytest.fixture
def opened(monkeypatch):
    """Addresses that would have been opened; there is no screen unless a test says so."""
    seen = []
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(webbrowser, "open", lambda address: seen.append(address) or True)
    return seen


@pytest.fixture
def run(run, opened):
    """Run ``growgraph show`` beside net.npz, a grown graph, and bare.npz, one without a log."""
    growgraph.save(grown(), "net.npz")
    growgraph.save(Graph.layered([2, 2]), "bare.npz")

    def call(*arguments):
        code, _, err = run("show", *arguments)
        return code, err

    return call


def test_without_a_screen_it_writes_the_page_and_says_what_to_do(run, tmp_path, opened):
    code, err = run("net.npz")
    assert code == 0
    assert "no screen here: open it in any browser" in err
    assert "--out net.png" in err
    assert (tmp_path / "net.html").read_text("utf-8") == growgraph.animate(grown()).html
    assert opened == []


def test_with_a_screen_it_opens_the_page(run, tmp_path, opened, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    assert run("net.npz")[0] == 0
    assert opened == [(tmp_path / "net.html").as_uri()]
    assert run("net.npz", "--no-open", "--out", "a b.html", "--dark")[0] == 0
    assert len(opened) == 1
    assert read((tmp_path / "a b.html").read_text("utf-8"))[1]["dark"] is True
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    assert "no browser was found" in run("net.npz")[1]


@pytest.mark.parametrize("kind", HEADS)
@pytest.mark.parametrize("name", ["net", "bare"])
def test_pictures(run, tmp_path, opened, kind, name, monkeypatch):
    monkeypatch.setenv("DISPLAY", ":0")
    out = tmp_path / f"growth{kind}"
    for dark in ([], ["--dark"]):
        code, err = run(f"{name}.npz", "--out", out, *dark)
        assert code == 0, err
        assert out.read_bytes().startswith(HEADS[kind])
    assert opened == []
    twin = tmp_path / f"twin{kind}"
    assert run(f"{name}.npz", "--out", twin, "--dark")[0] == 0
    if kind != ".svg":  # matplotlib draws ids of an SVG at random
        assert twin.read_bytes() == out.read_bytes()


def test_mistakes_change_nothing(run, tmp_path):
    (tmp_path / "mine.html").write_text("my page")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for arguments, part in (
        (("net.npz", "--out", "net.gif"), "end its name in .html, .png, .svg or .pdf"),
        (("net.npz", "--out", "net"), "end its name in"),
        (("missing.npz",), "missing.npz"),
        (("mine.html",), "mine.html"),
        (("net.npz", "--out", "no/where.html"), "no"),
    ):
        code, err = run(*arguments)
        assert (code, len(err.splitlines())) == (2, 1), err
        assert part in err
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_no_file_of_somebody_else_is_replaced_unasked(run, tmp_path):
    (tmp_path / "net.html").write_text("my page")
    code, err = run("net.npz")
    assert code == 2
    assert "no page of growgraph: name a file with --out" in err
    assert (tmp_path / "net.html").read_text() == "my page"
    (tmp_path / "model.html").write_bytes((tmp_path / "bare.npz").read_bytes())
    assert "holds a model" in run("net.npz", "--out", "model.html")[1]
    assert run("net.npz", "--out", "net.html")[0] == 0  # asked for by name
    assert run("net.npz")[0] == 0
