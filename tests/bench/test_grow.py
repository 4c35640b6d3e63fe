"""Cost against size: every cost at every size, with slopes that mean something."""

import json

import pytest

from growgraph.bench import grow, grow_report, picture, report
from tests.bench.fakes import TINY


@pytest.fixture(scope="module")
def found():
    told = []
    out = grow.run(10_000, TINY, told.append)
    assert [row["edges"] for row in told] == [10_000]
    return json.loads(report.to_json(out))


def test_every_cost_is_there(found):
    (row,) = found["sizes"]
    assert row.keys() == {"edges", "seconds", *grow.COSTS}
    for key in grow.COSTS:
        assert 0 < row[key]["low"] <= row[key]["median"] <= row[key]["high"]
    assert 8 < row["bytes"]["median"] < 40
    assert found["slopes"] == {}  # one size has none


def test_sizes():
    assert grow.sizes(10_000_000) == [10_000, 100_000, 1_000_000, 10_000_000]
    assert grow.sizes(99_999) == [10_000]


def fake(row, edges, factor):
    spread = {k: {q: v * factor for q, v in row[k].items()} for k in grow.COSTS}
    return {**row, **spread, "edges": edges}


def test_slopes_tables_and_picture(found):
    """Costs that double with ten times the edges: exponent log10(2), plus 1 if per edge."""
    (row,) = found["sizes"]
    sizes = [row, fake(row, 100_000, 2), fake(row, 1_000_000, 4)]
    several = found | {"sizes": sizes, "slopes": grow.slopes(sizes)}
    assert several["slopes"]["grow_one"] == pytest.approx(0.301, abs=1e-3)
    assert several["slopes"]["insert"] == pytest.approx(1.301, abs=1e-3)
    table, markdown = grow_report.table(several), grow_report.markdown(several)
    assert table.splitlines()[0].split() == ["cost", "1e4", "1e5", "1e6", "slope"]
    assert markdown.splitlines()[1] == "|---|---|---|---|---|"
    for title, _, _ in grow.COSTS.values():
        assert title in table
        assert title in markdown
    assert grow_report.line(row).startswith("10,000 edges: insert ")
    for drawn in (picture.draw_grow(several), picture.draw_grow(found)):
        assert drawn.startswith(b"\x89PNG")
