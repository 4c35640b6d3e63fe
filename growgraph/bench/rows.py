"""Rows of the benchmark: permanent ids, what is asked, how a row is measured."""

import math
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from growgraph.bench import clock, peers
from growgraph.bench.clock import Side, Spread, interleave
from growgraph.errors import DataError

AT_LEAST, AT_MOST = "at least", "at most"
OURSELVES = "growgraph"  # the peer of rows that compare two ways of our own
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Plan:
    """How thoroughly a run measures.

    Parameters
    ----------
    rounds : int, default 9
    seconds : float
        A side's share of a round.
    shrink : int, default 1
        Sizes are divided by it: for tests, never for figures.
    repeats : int, default 3
        Fresh processes for a start that costs seconds.
    quick : bool, default False
        Take a tenth of the size where a peer needs seconds a call.
    limit : float
        Seconds after which a slow row begins no further round, once it has three.
    """

    rounds: int = clock.ROUNDS
    seconds: float = clock.SECONDS
    shrink: int = 1
    repeats: int = 3
    quick: bool = False
    limit: float = math.inf

    def of(self, size: int, least: int = 64) -> int:
        """A size of a row under this plan."""
        return size if self.shrink == 1 else max(least, size // self.shrink)


QUICK = Plan(seconds=0.004, repeats=1, quick=True, limit=0.7)


@dataclass
class Pair:
    """Two sides that compute the same; the figure is the peer's time over ours.

    Parameters
    ----------
    ours, peer : Side
    same : callable
        Gives the results of both: arrays, or tuples of arrays that are compared one by one.
    beside : dict of str to Side
        Probes measured in the same rounds.
    work : dict
        Facts of a unit of work, such as ``flops`` and ``bytes``; they end up in the detail.
    timer : callable
        Of :mod:`growgraph.bench.clock`.
    finish : callable, optional
        Turns the times of all sides into more detail; ``asked_here`` in it replaces what is
        asked, ``unsure`` says why no verdict is possible.
    note : str
        For the reader of the table.
    """

    ours: Side
    peer: Side
    same: Callable[[], tuple[Any, Any]]
    beside: dict[str, Side] = field(default_factory=dict)
    work: dict[str, Any] = field(default_factory=dict)
    timer: Callable[[], float] = clock.cpu
    finish: Callable[[dict], dict] | None = None
    note: str = ""


@dataclass(frozen=True)
class Figure:
    """A figure that is no comparison of times: bytes, seconds."""

    values: Any
    detail: dict[str, Any] = field(default_factory=dict)


class NotBuilt(Exception):
    """The row cannot be measured by this version; the text says what it waits for."""


@dataclass(frozen=True)
class Against:
    """A peer of a row, the figure asked against it, and what prepares both sides."""

    peer: str  # a name in peers.PEERS, OURSELVES, or "" where nothing is compared
    asked: float | None
    prepare: Callable[[Plan], Pair | Figure]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Parameters
    ----------
    id : str
        Permanent.
    title : str
    against : tuple of Against
        In sequence of preference: the first that is installed is measured. What is asked against
        a stand-in is as hard to reach as against the first, where both were measured.
    sense : {"at least", "at most"}
    unit : str
        Of the figure; "x" for ratios.
    heavy : bool, default False
        Left out of a quick run.
    """

    id: str
    title: str
    against: tuple[Against, ...]
    sense: str = AT_LEAST
    unit: str = "x"
    heavy: bool = False


@dataclass
class Result:
    """A measured line; ``note`` says why there is no figure if there is none."""

    id: str
    title: str
    ratio: float | None
    low: float | None
    high: float | None
    peer: str
    asked: float | None
    sense: str = AT_LEAST
    unit: str = "x"
    met: bool | None = None
    status: str = "measured"  # or "skipped", "failed"
    note: str = ""
    detail: dict[str, Any] = field(default_factory=dict)


def measure(row: Row, plan: Plan) -> Result:
    """Measure a row against the first of its peers that is there.

    A row that cannot be measured costs its own line only: the note says why.
    """
    result = Result(row.id, row.title, None, None, None, "", None, row.sense, row.unit)
    gone = []
    for against in row.against:
        result.peer, result.asked = against.peer, against.asked
        if against.peer not in ("", OURSELVES) and not peers.is_here(against.peer):
            gone.append(f"{against.peer} is not installed")
            continue
        try:
            _figure(result, against.prepare(plan), plan)
        except NotBuilt as error:
            return _without(result, "skipped", str(error))
        except ImportError as error:
            gone.append(f"{against.peer} cannot be imported ({_first_line(error)})")
            continue
        except Exception as error:
            return _without(result, "failed", f"{type(error).__name__}: {_first_line(error)}")
        if gone:
            stands_in = f"{', '.join(gone)}: {against.peer} stands in"
            result.note = "; ".join(filter(None, (stands_in, result.note)))
        return result
    result.peer, result.asked = row.against[0].peer, row.against[0].asked
    return _without(result, "skipped", ", ".join(gone))


def _first_line(error):
    return (str(error).strip().splitlines() or [""])[0][:200]


def _figure(result, prepared, plan):
    """Fill in the figure of what a row has prepared."""
    if isinstance(prepared, Figure):
        values, result.detail = prepared.values, dict(prepared.detail)
    else:
        with peers.one_thread():
            difference = _difference(*prepared.same())
            if not difference <= TOLERANCE:  # NaN fails too
                text = f"both sides differ by {difference:.2g}, allowed {TOLERANCE:g}: not timed"
                _without(result, "failed", text)
                return
            result.note = prepared.note
            values = _time(prepared, plan, result.detail)
        result.detail["difference"] = difference
    spread = Spread.of(np.atleast_1d(values))
    result.ratio, result.low, result.high = spread.median, spread.low, spread.high
    result.detail["rounds"] = int(np.size(values))
    asked = result.detail.get("asked_here", result.asked)
    if "unsure" in result.detail:
        result.note = f"cannot be judged here: {result.detail['unsure']}"
    elif asked is not None:
        result.met = spread.median >= asked if result.sense == AT_LEAST else spread.median <= asked


def _time(pair, plan, detail):
    """The ratio of each round; puts times and shares of the probes into ``detail``."""
    sides = {"ours": pair.ours, "peer": pair.peer, **pair.beside}
    times = interleave(
        sides, rounds=plan.rounds, seconds=plan.seconds, timer=pair.timer, limit=plan.limit
    )
    detail.update(pair.work)
    for name, seconds in times.items():
        detail[f"{name}_seconds"] = float(np.median(seconds))
    if "flops" in pair.work:
        for name in ("ours", "peer"):
            detail[f"{name}_gflops"] = pair.work["flops"] / detail[f"{name}_seconds"] * 1e-9
    if "read_rows" in times:  # per edge, as the probe counts
        share = times["read_rows"] * pair.work["edges"] / times["ours"]
        detail["share_of_read_rows"] = float(np.median(share))
    if "read_narrow" in times:  # a pass for each strip of 16 columns of a batch of 64
        share = 4 * times["read_narrow"] * pair.work["edges"] / times["ours"]
        detail["share_of_read_narrow"] = float(np.median(share))
    if "fma" in times:
        share = times["fma"] * pair.work["flops"] / times["ours"]
        detail["share_of_fma"] = float(np.median(share))
    if pair.finish is not None:
        detail.update(pair.finish(times))
    return times["peer"] / times["ours"]


def _difference(ours, theirs):
    """Largest difference relative to the largest value, the worst part; infinite in shape."""
    if isinstance(ours, tuple):
        return max(_difference(a, b) for a, b in zip(ours, theirs, strict=True))
    a, b = np.asarray(ours, np.float64), np.asarray(theirs, np.float64)
    if a.shape != b.shape:
        return math.inf
    if a.size == 0:
        return 0.0
    return float(np.abs(a - b).max() / max(np.abs(b).max(), 1e-30))


def _without(result, status, note):
    result.status, result.note = status, note
    return result


def pick(rows: Iterable[Row], only: str | None, quick: bool = False) -> list[Row]:
    """The rows named in ``only`` (ids with commas between), all if it is None.

    Raises
    ------
    DataError
        For an unknown id; the message lists the known ones.
    """
    rows = list(rows)
    if only is None:
        return [row for row in rows if not (quick and row.heavy)]
    wanted = [name.strip() for name in only.split(",") if name.strip()]
    known = [row.id for row in rows]
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        what = f"{', '.join(unknown)} is no row" if unknown else "names no row"
        raise DataError(f"--only {what}: the rows are\n{_wrapped(known)}")
    return [row for row in rows if row.id in wanted]


def left_out(rows: Iterable[Row], picked: Iterable[Row]) -> list[str]:
    """Ids of the heavy rows that are not among those picked."""
    chosen = {row.id for row in picked}
    return [row.id for row in rows if row.heavy and row.id not in chosen]


def _wrapped(ids):
    """Ids with commas between, over lines a terminal holds."""
    return textwrap.fill(", ".join(ids), 78, break_on_hyphens=False)
