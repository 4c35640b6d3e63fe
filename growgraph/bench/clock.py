"""Measuring that a busy machine cannot fool: sides in turns, CPU time, median and spread.

Each round measures every side in up to three turns, A B A B A B, and takes the quickest of each:
a host that takes the processor away for some milliseconds charges them to whoever is running, and
may do so in step with the rounds. Whatever slows the machine for longer slows both sides; a ratio
is taken within a round, and the median over rounds.
"""

import gc
import itertools
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

ROUNDS = 9
SECONDS = 0.03  # a side's share of a round
_TURNS = 3
_LEAST_ROUNDS = 3
_MOST_CALLS = 1_000_000


def cpu() -> float:
    """CPU seconds of this process, all threads: what other processes do is not in it."""
    return time.process_time_ns() * 1e-9


def wall() -> float:
    """Seconds by the clock: for work on several threads."""
    return time.perf_counter_ns() * 1e-9


@dataclass(frozen=True)
class Side:
    """What is measured.

    Parameters
    ----------
    call : callable
        Without arguments.
    per : float, default 1
        Units of work a call does; times are given per unit.
    calls : int, optional
        Calls a round; by default as many as fill its time.
    """

    call: Callable[[], object]
    per: float = 1
    calls: int | None = None


@dataclass(frozen=True)
class Spread:
    """Median and quartiles.

    Examples
    --------
    >>> Spread.of([4.0, 1.0, 2.0, 3.0, 5.0])
    Spread(median=3.0, low=2.0, high=4.0)
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values):
        """Of the values of all rounds."""
        low, median, high = np.percentile(values, (25, 50, 75))
        return cls(float(median), float(low), float(high))


def interleave(
    sides: Mapping[str, Side], *, rounds: int = ROUNDS, seconds: float = SECONDS,
    timer: Callable[[], float] = cpu, limit: float = math.inf,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Seconds a unit of work of each side, one value a round.

    Parameters
    ----------
    sides : dict of str to Side
        Measured in this sequence in each turn.
    rounds : int, default 9
    seconds : float
        Least time of a side in a round, for sides that do not say how often they are called.
    timer : callable
        :func:`cpu` or :func:`wall`.
    limit : float
        Seconds by the clock after which no further round begins, once there are three.

    Returns
    -------
    dict of str to ndarray of float64 [rounds]

    Examples
    --------
    >>> times = interleave({"a": Side(lambda: sum(range(9000))), "b": Side(lambda: None)},
    ...                    rounds=3, seconds=0.001)
    >>> bool((times["a"] > times["b"]).all()), times["a"].shape
    (True, (3,))
    """
    calls = {name: side.calls or _fill(side.call, seconds, timer) for name, side in sides.items()}
    times: dict[str, list[float]] = {name: [] for name in sides}
    collects = gc.isenabled()
    gc.collect()
    gc.disable()  # a collection would be charged to whoever happens to run
    try:
        begin = wall()
        for done in range(rounds):
            if done >= _LEAST_ROUNDS and wall() - begin > limit:
                break
            for name, took in _round(sides, calls, timer).items():
                times[name].append(took)
    finally:
        if collects:
            gc.enable()
    return {name: np.array(values) for name, values in times.items()}


def _round(sides, calls, timer):
    """Seconds a unit of each side: the least of its turns."""
    least = dict.fromkeys(sides, np.inf)
    for turn in range(_TURNS):
        for name, side in sides.items():
            n = calls[name] * (turn + 1) // _TURNS - calls[name] * turn // _TURNS
            if n:
                least[name] = min(least[name], _time(side.call, n, timer) / n / side.per)
    return least


def fastest(calls):
    """The quickest of several ways to do one thing, each warmed up and tried three times."""
    calls = list(calls)
    if len(calls) == 1:
        return calls[0]
    times = interleave({str(i): Side(c) for i, c in enumerate(calls)}, rounds=3, seconds=0.005)
    return calls[int(np.argmin([np.median(t) for t in times.values()]))]


def _fill(call, seconds, timer):
    """How many calls take about ``seconds``; the calls that find out warm the side up."""
    call()
    n = 1
    while True:
        took = _time(call, n, timer)
        if took >= seconds / 2 or n >= _MOST_CALLS:
            return max(1, round(n * seconds / max(took, 1e-9)))
        n = int(min(_MOST_CALLS, max(2 * n, n * seconds / max(took, 1e-6))))


def _time(call, n, timer):
    turns = itertools.repeat(None, n)
    begin = timer()
    for _ in turns:
        call()
    return timer() - begin
