"""The Python examples in README.md run, and print what the text beside them says."""

import re
from pathlib import Path

import numpy as np
import pytest

README = Path(__file__).resolve().parents[1] / "README.md"

pytestmark = pytest.mark.skipif(not README.is_file(), reason="needs README.md")

BLOCKS = (
    re.findall(r"^```python\n(.*?)^```", README.read_text(encoding="utf-8"), re.M | re.S)
    if README.is_file()
    else []
)


def run(block, monkeypatch, tmp_path):
    """Names a block leaves behind; it runs in an empty folder."""
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(block, "README.md", "exec"), names)
    return names


def block_with(text):
    (found,) = (block for block in BLOCKS if text in block)
    return found


def test_all_are_tested():
    assert len(BLOCKS) == 9


def test_xor(monkeypatch, tmp_path, capsys):
    run(block_with("GrowthController(random_state=0)"), monkeypatch, tmp_path)
    out = capsys.readouterr().out
    assert re.findall(r"-?\d+\.?\d*", out.splitlines()[0]) == ["0.", "1.", "1.", "0."]
    assert "grown by InsertNode" in out


def test_settled_growth(monkeypatch, tmp_path, capsys):
    run(block_with("InsertRehearsed("), monkeypatch, tmp_path)
    nodes, right = capsys.readouterr().out.split()
    assert 9 < int(nodes) <= 13
    assert float(right) > 0.95


def test_critic(monkeypatch, tmp_path):
    names = run(block_with("SelfCriticNet("), monkeypatch, tmp_path)
    told, y = names["told"], names["y"][1297:]
    assert (told.answer == y).mean() > 0.95
    assert told.confidence[told.answer == y].mean() > 0.9


def test_classifier(monkeypatch, tmp_path, capsys):
    names = run(block_with("ResoNet(image_shape"), monkeypatch, tmp_path)
    assert float(capsys.readouterr().out.split()[0]) > 0.98
    assert (tmp_path / "my_digits.npz").is_file()
    assert names["model"].n_samples_seen_ == 1297


def test_stream(monkeypatch, tmp_path, capsys):
    model = run(block_with("n_drifts_"), monkeypatch, tmp_path)["model"]
    assert model.prequential_accuracy_ > 0.85
    assert model.n_drifts_ >= 1
    assert 1500 < model.last_drift_ < 1700
    assert capsys.readouterr().out.splitlines()[1] == "['low']"


def test_growing_on_error(monkeypatch, tmp_path, capsys):
    names = run(block_with("GrowNetRegressor"), monkeypatch, tmp_path)
    assert float(capsys.readouterr().out.split()[0]) > 0.95
    assert names["model"].n_units_ > 0
    assert names["line"].n_units_ == 0


def test_agent(monkeypatch, tmp_path, capsys):
    names = run(block_with("SimNet("), monkeypatch, tmp_path)
    out = capsys.readouterr().out
    score, action, told = out.splitlines()[:3]
    assert score == "1.0"
    assert action in ("1", "2")  # down or right: both begin a shortest way
    assert told.startswith("in state 0")
    assert "inertia" in out
    assert "reach 7" in out
    assert names["agent"].n_samples_seen_ == 800


def test_graphs_from_elsewhere(monkeypatch, tmp_path, capsys):
    names = run(block_with("from_sklearn("), monkeypatch, tmp_path)
    assert float(capsys.readouterr().out.split()[0]) < 1e-5
    x = np.zeros(4, np.float32)
    x[2:] = 1.4, 0.2
    graph = names["graph"]
    np.testing.assert_allclose(names["ask"](x), graph.forward(x), rtol=1e-6)
    np.testing.assert_allclose(graph.forward_sparse([2, 3], [1.4, 0.2]), graph.forward(x), 1e-5)


def test_watching(monkeypatch, tmp_path, capsys):
    names = run(block_with("LiveGrowth()"), monkeypatch, tmp_path)
    told = capsys.readouterr().err
    assert f"{names['watched'].graph_.n_nodes:,}" in told
    assert "newest: node" in told


def test_pictures_are_there_and_small():
    text = README.read_text(encoding="utf-8")
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+\.png)\)", text)
    pictures += re.findall(r'<img src="([^"]+\.png)"', text)
    assert len(pictures) >= 5
    for name in pictures:
        path = README.parent / name
        assert 1000 < path.stat().st_size < 150_000, name


def test_what_the_text_names_is_there():
    from growgraph import Graph

    for name in re.findall(r"`(?:Graph|graph)\.(\w+)", README.read_text(encoding="utf-8")):
        assert hasattr(Graph, name), name
