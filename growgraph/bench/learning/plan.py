"""How thoroughly a run measures."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

# chosen apart from the seeds any setting was tried on
SEEDS = (101, 102, 103)


@dataclass(frozen=True)
class Plan:
    """Seeds and sizes of a run.

    Parameters
    ----------
    seeds : tuple of int
        Of streams, shuffles and learners; slow peers get the first.
    length : int, default 8000
        Of generated streams.
    most : int
        Samples taken of any stream.
    rows : int, optional
        Training rows taken of a data set, all by default.
    shuffles : int, default 5
        Of the small data sets.
    quick : bool, default False
    streams, data, tasks : tuple of str
        What a quick run takes.
    left_out : tuple of str
        Learners it leaves out.
    methods : tuple of str
        Learners that alone are measured, ``*`` for any text; all of them if it is empty.
    """

    seeds: tuple[int, ...] = SEEDS
    length: int = 8000
    most: int = 10**9
    rows: int | None = None
    shuffles: int = 5
    quick: bool = False
    streams: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    tasks: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()

    def takes(self, name):
        """Whether a learner is measured.

        Examples
        --------
        >>> Plan(methods=("growgraph*",)).takes("growgraph, none wakes"), QUICK.takes("SRP")
        (True, False)
        """
        if self.methods:
            return any(fnmatchcase(name, one) for one in self.methods)
        return name not in self.left_out


QUICK = Plan(
    seeds=SEEDS[:1], length=2000, most=1000, rows=1000, shuffles=1, quick=True,
    streams=("Phishing", "SEA", "Agrawal", "AgrawalReturns"),
    data=("digits", "wine", "moons"),
    tasks=("parity-4", "spirals", "friedman1", "wine"),
    left_out=(
        "leveraging bagging", "SRP", "ARF, replay 2000", "AMF, replay 2000", "kNN, window 2000",
    ),
)  # fmt: skip
