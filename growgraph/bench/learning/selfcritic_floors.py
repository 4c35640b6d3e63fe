"""What is asked of SelfCriticNet, and whether it is met."""

import math
from typing import NamedTuple

ENSEMBLE = "ensemble of 5 MLPs"


class Floor(NamedTuple):
    """A figure asked of ours.

    Attributes
    ----------
    data, measure : str
    at_most : bool
        Else it is at least ``value``.
    value : float
        Of which a peer, if named, has its own.
    peer, row : str
        Whose figure is the bound; what is added to the name of ours.
    """

    data: str
    measure: str
    value: float = math.nan
    at_most: bool = False
    peer: str = ""
    row: str = ""


FLOORS = (
    Floor("digits", "unseen", 0.98),
    Floor("digits", "errors", 0.97),
    Floor("digits", "AURC x1000", at_most=True, peer=ENSEMBLE),
    Floor("digits", "ECE", 0.015, at_most=True),
    Floor("digits", "noise", 0.97),
    Floor("digits", "permuted", 0.97),
    Floor("digits", "removed at 10 %", 0.7),
    Floor("digits", "causes", 0.8),
    Floor("digits", "novel", 0.6),
    Floor("digits", "explain, ms", 5.0, at_most=True),
    Floor("MNIST-5k", "accuracy", 0.9, row=", 100 labels, the rest without"),
    Floor("wine", "errors", peer=ENSEMBLE),
    Floor("breast_cancer", "errors", peer=ENSEMBLE),
    Floor("ImageSegments", "errors", peer=ENSEMBLE),
)


def floors(results, ours):
    """What is asked of the data sets that were measured.

    Parameters
    ----------
    results : Results
    ours : str

    Returns
    -------
    list of dict
        ``data, ours, measure, value, asked, met``; ``asked`` in words.
    """
    told = []
    for floor in FLOORS:
        row = ours + floor.row
        value = results.mean(floor.data, row, floor.measure)
        bound = floor.value
        if floor.peer:
            bound = results.mean(floor.data, floor.peer, floor.measure)
        if math.isnan(value) or math.isnan(bound):
            continue
        words = f"{'at most' if floor.at_most else 'at least'} {bound:.3g}"
        words += f" ({floor.peer})" if floor.peer else ""
        met = value <= bound if floor.at_most else value >= bound
        told.append({"data": floor.data, "ours": row, "measure": floor.measure, "value": value,
                     "asked": words, "met": bool(met)})  # fmt: skip
    return told
