"""Tables for the command to learn, and what a refusal looks like."""

import numpy as np


def table(n, seed=0, end=""):
    """A CSV text with numbers, missing cells, text and three classes."""
    rng = np.random.default_rng(seed)
    x, words = rng.normal(size=(n, 3)).round(3), np.array(["red", "green", "blue"])
    y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0.5)
    lines = ["a,b,c,colour,kind"]
    for i in range(n):
        cells = [*map(str, x[i]), words[(y[i] + (rng.random() < 0.2)) % 3], f"k{y[i]}"]
        if rng.random() < 0.1:
            cells[rng.integers(4)] = ""
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n" + end


def refused(result, *parts, code=2):
    assert result[0] == code
    lines = result[2].splitlines()
    assert lines[-1].startswith("growgraph: ")
    for part in parts:
        assert part in lines[-1]
    assert "Traceback" not in result[2]


def files_of(folder):
    return {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
