"""``growgraph bench kernels``: all rows, in the sequence of the table."""

from collections.abc import Callable, Iterable

from growgraph.bench import (
    forward,
    growth,
    insertion,
    local,
    machine,
    match,
    probes,
    settle,
    start,
)
from growgraph.bench.rows import Plan, Result, Row, measure

ROWS: tuple[Row, ...] = (
    *forward.ROWS, *insertion.ROWS, *growth.ROWS, *local.ROWS, *settle.ROWS, *match.ROWS,
    *start.ROWS,
)  # fmt: skip


def run(
    rows: Iterable[Row] = ROWS, plan: Plan | None = None,
    tell: Callable[[Result], None] | None = None,
) -> dict:  # fmt: skip
    """Measure rows.

    Parameters
    ----------
    rows : iterable of Row
    plan : Plan, optional
    tell : callable, optional
        Called with each result as soon as it is there.

    Returns
    -------
    dict
        ``rows`` (one dict each), ``plan``, ``machine``, ``probes``: plain values.
    """
    plan = plan or Plan()
    results = []
    for row in rows:
        result = measure(row, plan)
        results.append(vars(result))
        if tell is not None:
            tell(result)
    return {
        "rows": results,
        "plan": vars(plan),
        "machine": machine.describe() | {"missing": machine.peers.missing()},
        "probes": probes.measure(plan.rounds, _scaling(results)),
    }


def _scaling(results):
    """What a second thread adds, where a row has measured it."""
    for row in results:
        if "probe_gain" in row["detail"]:
            low, high = row["detail"]["probe_gain_quartiles"]
            return {"median": row["detail"]["probe_gain"], "low": low, "high": high}
    return None
