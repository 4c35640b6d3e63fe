"""What the one pass is told of its sense and options."""

import numpy as np

from growgraph._validation import check_choice, check_number
from growgraph.kernels import resonet
from growgraph.models import _door

_MISFIT = 0.01  # a concept that explains all but this share of what it meets is at rest
_PATIENCE = 2  # samples of a class per aspect
_CONTEXT = 0.8
_OFTEN = 64  # a class solves the gate when seen 1, 2, 4 ... so many times
_GATE = {"from": 5000, "margin": 0.5, "low": 0.3}
_MOST_REPLAY = 100_000
_NOISE = {"from": 30, "evidence": -0.3, "resonance": -0.2}  # samples of a class, margins


def options_of(model):
    """Options of a core, checked.

    Parameters
    ----------
    model : ResoNet
    """
    check_choice("learning", model.learning, ("evidence", "resonance"))
    check_choice("noise_band", model.noise_band, (False, True))
    if model.noise_band and model.image_shape is None:
        raise ValueError(
            "noise_band=True is for images and X is a table: give image_shape, or noise_band=False"
        )
    return {
        **_door.limits(model),
        "learning": model.learning,
        "intention": bool(model.intention),
        "noise_band": bool(model.noise_band),
        "patience": check_number("patience", model.patience, 1, integer=True),
        "replay": check_number("replay", model.replay, 0, _MOST_REPLAY, integer=True),
    }


def settings_of(sense, options, most):
    """Settings of the pass, in the places that the kernel reads.

    Parameters
    ----------
    sense : Retina or Table
    options : dict
        Of the core.
    most : int
        Aspects a window at most.

    Returns
    -------
    ndarray of float64 [PAR_SIZE]
    """
    s, par = sense.settings, np.zeros(resonet.PAR_SIZE)
    evidence = options["learning"] == "evidence"
    par[resonet.USE_EVIDENCE] = evidence
    par[resonet.ALPHA] = s["alpha"] if evidence else 1.0
    par[resonet.KAPPA] = s["kappa"]
    par[resonet.RESONANT] = s["resonant"]
    par[resonet.CONTEXT] = _CONTEXT
    par[resonet.MOST] = most
    par[resonet.PATIENCE] = options["patience"] or _PATIENCE
    par[resonet.MISFIT] = _MISFIT
    gate = options["intention"] and np.isinf(s["resonant"])
    par[resonet.GATE_FROM] = _GATE["from"] if gate else np.inf
    par[resonet.GATE_MARGIN], par[resonet.GATE_LOW] = _GATE["margin"], _GATE["low"]
    par[resonet.NOISE_FROM] = _NOISE["from"] if options["noise_band"] else np.inf
    par[resonet.NOISE_MARGIN] = _NOISE[options["learning"]]
    par[resonet.OFTEN] = s.get("often", _OFTEN)
    par[resonet.ROOM] = 1
    par[resonet.COUNCIL] = sense.kind == "table"
    return par
