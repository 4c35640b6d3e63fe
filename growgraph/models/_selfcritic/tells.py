"""What a SelfCriticNet says of one answer: in words, as data and as a picture."""

from dataclasses import dataclass

import numpy as np

from growgraph.models._resonet.explain import asked_of, in_words, why
from growgraph.models._selfcritic.rehearsal import CAUSES
from growgraph.models._selfcritic.tensions import NAMES, expectation, rivals
from growgraph.models.base import Explanation, Reflection

_CASES = 5  # remembered rows that are named
_LOUD = 2.0  # spreads from which a tension is told
_TOLD = 3  # of these


@dataclass(frozen=True, repr=False)
class Diagnosis(Reflection):
    """A Reflection whose cause comes with the probability of each.

    Attributes
    ----------
    causes : ndarray of float64 [batch, 6]
        Of "fine", "novel", "ambiguous", "mislabelled", "corrupted", "beyond capacity"; NaN where
        there is no critic yet.
    """

    causes: np.ndarray


def explain(model, read, y, turn):
    """See :meth:`growgraph.SelfCriticNet.explain`."""
    core, rows = model._read(read)
    heard, T, confidence, novelty, causes, away = model._judge(read, y)
    seen = model._told(heard, confidence, novelty, causes)
    windows = heard.windows[0][np.argsort(model._order(core))]
    data = why(core, rows, seen, heard.scores[0], model.classes_, turn, windows)
    guest = model._guest()
    if guest is not None:
        data |= guest.account(core.sense, rows)
    data["causes"] = dict(zip(CAUSES, causes[0].tolist(), strict=True))
    data |= {"tensions": [], "cases": [], "picture": None}
    critic = model._critic()
    if critic is not None:
        judge, memory = critic
        near = np.argsort(away[0], kind="stable")[:_CASES]
        data["cases"] = [_item(v) for v in model.classes_[memory.labels[near]]]
        data["tensions"] = _tensions(T[0], judge)
        data["picture"] = _picture(heard, memory, away)
    told = _words(data, None if y is None else y[0])
    return Explanation(told, data, asked_of(model, core, rows, None, data["answer"]))


def _item(value):
    return value.item() if hasattr(value, "item") else value


def _tensions(T, critic):
    """Each tension in spreads from its usual value, the largest first."""
    z = (T - critic.usual) / critic.spread
    told = [{"tension": name, "value": float(v), "deviation": float(d)}
            for name, v, d in zip(NAMES, T, z, strict=True)]  # fmt: skip
    return sorted(told, key=lambda t: -t["deviation"])


def _picture(heard, memory, away):
    """What was seen and expected, and the tension at each point."""
    answer = heard.scores.argmax(axis=1)
    rival = rivals(heard.windows.sum(axis=2), answer)
    shape = memory.shape or (1, heard.seen.shape[1])
    seen = heard.seen[0]
    expected, other = (expectation(memory, away, c)[0] for c in (answer, rival))
    return {
        "seen": seen.reshape(shape), "expected": expected.reshape(shape),
        "rival": other.reshape(shape), "tension": (seen - expected).reshape(shape),
    }  # fmt: skip


def _words(data, label):
    """The explanation in sentences."""
    lines = in_words(data).split("\n")
    if data["picture"] is not None:
        likely = sorted(data["causes"].items(), key=lambda c: -c[1])[:2]
        told = ", ".join(f"{name} {share:.0%}" for name, share in likely if share >= 0.005)
        doubted = "" if label is None else f" against the label {label}"
        loud = [f"{t['tension']} ({t['deviation']:+.1f} sd)"
                for t in data["tensions"][:_TOLD] if t["deviation"] >= _LOUD]  # fmt: skip
        because = f"; what is unusual: {', '.join(loud)}" if loud else "; nothing is unusual"
        lines.insert(1, f"what may be wrong{doubted}: {told}{because}")
        cases = ", ".join(map(str, data["cases"]))
        lines.append(f"nearest cases remembered: {cases}")
    return "\n".join(lines)
