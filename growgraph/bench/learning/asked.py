"""What was asked of ours before it was built, protocol by protocol, and whether it is met.

The figures asked are those of the design: of a prototype less .003 on streams, and round floors
elsewhere. What is asked on the tasks of GrowNet stands in ``tasks.py``.
"""

from dataclasses import dataclass

LEAST, MOST = "at least", "at most"


@dataclass(frozen=True)
class Asked:
    """A floor.

    Parameters
    ----------
    data : tuple of str
        Of several data sets the worst counts.
    ours : str
        The row of ours that has to reach it.
    measure : str
    sense : {"at least", "at most"}
    value : float
    less : str, default ""
        A measure that is taken off.
    """

    data: tuple[str, ...]
    ours: str
    measure: str
    sense: str
    value: float
    less: str = ""


_IMAGES, _TABLE = "growgraph as images", "growgraph as a table"
_SILENT, _BANDED = f"{_IMAGES}, resonance", f"{_IMAGES}, noise_band"
_BOTH = ("digits", "MNIST-5k")
_ROW = "growgraph replay 2000"
_SHORT = {  # the prototype's share of right answers
    "ImageSegments": 0.9615, "Phishing": 0.917, "Bananas": 0.894, "SEA": 0.875, "RBFDrift": 0.9135,
    "Agrawal": 0.930, "LED": 0.744, "Hyperplane": 0.925, "Waveform": 0.832,
}  # fmt: skip
_LONG = {
    "SEA": 0.884, "Agrawal": 0.9465, "RBFDrift": 0.9265, "LED": 0.760, "Mixed": 0.976,
    "Sine": 0.973, "Hyperplane": 0.925,
}  # fmt: skip
_BELOW = 0.003
_NARROW = tuple(name for name in _SHORT if name not in ("LED", "Waveform"))  # 20 columns at most
_FIRST = tuple(_SHORT)[:7]


def _as_the_prototype(figures, ours):
    return tuple(
        Asked((name,), ours, "accuracy", LEAST, round(figure - _BELOW, 4))
        for name, figure in figures.items()
    )


FLOORS = {
    "onepass": (
        Asked(("digits",), _IMAGES, "accuracy", LEAST, 0.990),
        Asked(("digits",), _IMAGES, "order gap", MOST, 0.003),
        Asked(("MNIST-5k",), _IMAGES, "accuracy", LEAST, 0.983),
        Asked(("MNIST-5k",), _SILENT, "accuracy", LEAST, 0.983),
        Asked(("MNIST-5k",), _IMAGES, "samples/s", LEAST, 5000.0),
        Asked(_BOTH, _IMAGES, "MB", MOST, 4.0),
        Asked(_BOTH, _IMAGES, "accuracy", MOST, 0.003, less="20% wrong"),
        Asked(_BOTH, _BANDED, "accuracy", MOST, 0.003, less="20% wrong"),
        Asked(("digits",), _TABLE, "order gap", MOST, 0.005),
        Asked(("wine",), _TABLE, "order gap", MOST, 0.005),
    ),
    "folds": (
        Asked(("digits",), "growgraph, rows shuffled", "accuracy", LEAST, 0.990),
        Asked(("digits",), "growgraph, one class after another", "accuracy", LEAST, 0.990),
    ),
    "selfknow": (
        Asked(_BOTH, _IMAGES, "unseen", LEAST, 0.95),
        Asked(("digits",), _IMAGES, "errors", LEAST, 0.97),
        Asked(("MNIST-5k",), _IMAGES, "errors", LEAST, 0.97),
        Asked(_BOTH, _IMAGES, "ECE", MOST, 0.01),
        Asked(_BOTH, _IMAGES, "knowledge", LEAST, 0.70),
    ),
    "simulate": (
        Asked(("digits",), _IMAGES, "errors", LEAST, 0.97),
        Asked(("MNIST-5k",), _IMAGES, "errors", LEAST, 0.97),
        Asked(_BOTH, _IMAGES, "ECE", MOST, 0.01),
    ),
    "cluster": (
        Asked(("digits",), "growgraph", "ARI", LEAST, 0.85),
        Asked(("digits",), "growgraph", "purity", LEAST, 0.88),
    ),
    "stream": (
        *_as_the_prototype(_SHORT, _ROW),
        Asked(_NARROW, _ROW, "samples/s", LEAST, 5000.0),
        Asked(tuple(_SHORT), _ROW, "MB", MOST, 5.0),
    ),
    "long": (
        *_as_the_prototype(_LONG, "growgraph"),
        Asked(tuple(_LONG), "growgraph", "MB", MOST, 5.0),
    ),
    "returns": tuple(
        Asked((name,), "growgraph", "before", MOST, 0.01, less="100-600 after")
        for name in ("AgrawalReturns", "Mixed", "SEAReturns")
    ),
    "memory": (
        Asked(("Agrawal",), "growgraph", "MB at 100 %", MOST, 5.0),
        Asked(("LED",), "growgraph", "MB at 100 %", MOST, 5.0),
    ),
}  # fmt: skip
LED_BY = 6  # of the first seven streams the prototype was to lead on


def floors(protocol, cells):
    """What is asked of ours on the data that was measured, and whether it is met.

    Parameters
    ----------
    protocol : str
    cells : list of dict
        Of a report.

    Returns
    -------
    list of dict
        ``data, ours, measure, value, asked, met``; ``asked`` in words. Empty for a protocol of
        which nothing was asked.

    Examples
    --------
    >>> cells = [{"data": "digits", "learner": "growgraph", "measure": "ARI", "mean": 0.9}]
    >>> [(one["asked"], one["met"]) for one in floors("cluster", cells)]
    [('at least 0.85', True)]
    """
    means = {(c["data"], c["learner"], c["measure"]): c["mean"] for c in cells}
    seeds = {(c["data"], c["learner"], c["measure"]): c.get("seeds") or {} for c in cells}
    asked = FLOORS.get(protocol, ())
    found = [told for one in asked if (told := _judged(means, seeds, one)) is not None]
    if protocol == "stream" and all((name, _ROW, "accuracy") in means for name in _FIRST):
        ahead = sum(_leads(means, name) for name in _FIRST)
        found.append(
            _told(f"first {len(_FIRST)} streams", _ROW, "ahead of all peers", float(ahead),
                  f"{LEAST} {LED_BY}", ahead >= LED_BY)
        )  # fmt: skip
    return found


def _judged(means, seeds, one):
    values = {}
    for name in one.data:
        parts = [(name, one.ours, m) for m in (one.measure, one.less) if m]
        if all(part in means for part in parts):
            values[name] = _less(means, seeds, *parts) if one.less else means[parts[0]]
    if not values:
        return None
    worst = (min if one.sense == LEAST else max)(values, key=lambda name: values[name])
    value = values[worst]
    met = value >= one.value if one.sense == LEAST else value <= one.value
    where = f"{worst}, worst of {len(values)}" if len(values) > 1 else worst
    measure = f"{one.measure} less {one.less}" if one.less else one.measure
    return _told(where, one.ours, measure, value, f"{one.sense} {one.value:g}", met)


def _less(means, seeds, whole, part):
    """The mean difference on the seeds that both were measured on."""
    both = seeds[whole].keys() & seeds[part].keys()
    if not both:
        return means[whole] - means[part]
    return sum(seeds[whole][seed] - seeds[part][seed] for seed in both) / len(both)


def _leads(means, name):
    rated = {who: v for (data, who, m), v in means.items() if data == name and m == "accuracy"}
    peers = [v for who, v in rated.items() if not who.startswith("growgraph")]
    return rated[_ROW] > max(peers, default=0.0)


def _told(data, ours, measure, value, asked, met):
    return {"data": data, "ours": ours, "measure": measure, "value": value, "asked": asked,
            "met": bool(met)}  # fmt: skip
